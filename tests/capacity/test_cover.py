import math
from fractions import Fraction

import numpy as np
import pytest

import engine
from engine.capacity import cover
from engine.capacity.margin import max_margin, separable


def probability(N, D):
    """Cover's count over 2^N, exactly."""
    return Fraction(1) if N <= D else Fraction(sum(math.comb(N - 1, k) for k in range(D)), 2 ** (N - 1))


def log2(fraction):
    """log2 of a positive fraction to rounding, however large or small."""
    shift = fraction.numerator.bit_length() - fraction.denominator.bit_length()
    return shift + math.log2(fraction / Fraction(2) ** shift)


@pytest.mark.parametrize("bias", [0, 1])
@pytest.mark.parametrize("D", [1, 2, 3, 10, 57, 300])
def test_against_rational_arithmetic(D, bias):
    for N in sorted({0, 1, 2, D, D + 1, D + 2, 3 * D // 2, 2 * D - 1, 2 * D, 2 * D + 1, 2 * D + 2, 2 * D + 3, 3 * D, 8 * D, 20 * D}):
        found, p = engine.solve("capacity-cover", D=D, N=N, bias=bias), probability(N, D + bias)
        assert found["p_sep"] == pytest.approx(float(p), rel=1e-12)
        assert found["log10_p_sep"] == pytest.approx(log2(p) * math.log10(2), rel=1e-12)
        assert found["log2_count"] == pytest.approx(log2(p) + N, rel=1e-12)
        assert found["log_count"] == pytest.approx((log2(p) + N) * math.log(2), rel=1e-12)
        if p == 1:
            assert math.isnan(found["log10_p_fail"])
        else:
            assert found["log10_p_fail"] == pytest.approx(log2(1 - p) * math.log10(2), rel=1e-12)


@pytest.mark.parametrize(("D", "bias"), [(1, 0), (1, 1), (2, 0), (7, 1), (50, 0), (200, 1)])
def test_levels_against_rational_arithmetic(D, bias):
    for name, p in (("alpha_90", Fraction(9, 10)), ("alpha_50", Fraction(1, 2)), ("alpha_10", Fraction(1, 10))):
        N = max(n for n in range(1, 6 * D + 20) if probability(n, D + bias) >= p)
        here, after = probability(N, D + bias), probability(N + 1, D + bias)
        assert engine.solve("capacity-cover", D=D, bias=bias)[name] == pytest.approx(
            float((N + (here - p) / (here - after)) / D), rel=1e-12
        )


def test_half_at_twice_the_dimension_whatever_the_dimension():
    for D in (1, 10, 1000, 100_000):
        assert engine.solve("capacity-cover", D=D, alpha=2.0)["p_sep"] == 0.5
        assert engine.solve("capacity-cover", D=D, N=2 * D + 2, bias=1)["p_sep"] == 0.5


def test_large_dimensions_keep_their_digits():
    """The binomial recurrence in N, from the middle, over 20 000 steps at D = 100000."""
    D, start, steps = 100_000, 202_000, 20_000
    n = np.arange(start - 1, start - 1 + steps)
    log_terms = np.array([cover.log_binomial_pmf(D - 1, int(m)) for m in n])
    first, last = (engine.solve("capacity-cover", D=D, N=N) for N in (start, start + steps))
    assert first["p_sep"] - last["p_sep"] == pytest.approx(0.5 * np.exp(log_terms).sum(), rel=1e-9)
    assert last["p_gauss"] == pytest.approx(last["p_sep"], rel=0.3)


def test_width_of_the_step():
    for D in (1000, 100_000):
        assert engine.solve("capacity-cover", D=D)["width"] == pytest.approx(2 * 1.2815515655 * math.sqrt(2 / D), rel=3 / math.sqrt(D))


def test_rate_is_the_limit_of_the_exact_logarithm():
    for alpha in (2.5, 4.0, 20.0):
        found = engine.solve("capacity-cover", D=100_000, alpha=alpha)
        assert found["rate"] == pytest.approx(-found["log10_p_sep"] * math.log(10) / 100_000, rel=2e-3)
    assert engine.solve("capacity-cover", alpha=2.0)["rate"] == 0.0


def test_number_of_patterns_overrides_the_load_and_halves_round_up():
    assert engine.solve("capacity-cover", D=50, alpha=1.0, N=170)["alpha"] == 3.4
    assert engine.solve("capacity-cover", D=1, alpha=2.5)["N"] == 3


@pytest.mark.parametrize("bad", [{"alpha": -0.1}, {"D": 0}, {"D": 2.5}, {"N": 10.5}, {"bias": 2}])
def test_refuses(bad):
    with pytest.raises(engine.ParameterError, match=next(iter(bad))):
        engine.solve("capacity-cover", **bad)


def test_max_margin_of_patterns_with_a_known_answer():
    """Two unit vectors at a right angle: the bisector, at distance 1/sqrt 2; then one that closes the hull around the origin."""
    margin, weights = max_margin(np.eye(2))
    assert margin == pytest.approx(1 / math.sqrt(2), rel=1e-12)
    np.testing.assert_allclose(weights, [0.5, 0.5])
    assert not separable(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]))
    assert separable(np.empty((0, 5)))


@pytest.mark.parametrize("bias", [0, 1])
def test_experiment_falls_on_the_count(bias):
    loads = np.array([0.5, 1.5, 1.8, 2.0, 2.2, 2.6, 4.0])
    dots = engine.simulate_along("capacity-cover", "alpha", loads, size=12, trials=400, seed=3, bias=bias)["p_sep"]
    theory = engine.sweep("capacity-cover", {"alpha": loads}, D=12, bias=bias)["p_sep"]
    assert np.all(np.abs(dots.mean - theory) < 4 * dots.sem)


def test_experiment_along_the_number_of_patterns_is_the_one_along_the_load():
    along = engine.simulate_along("capacity-cover", "N", [10, 20, 30], size=10, trials=40, seed=1)["p_sep"]
    np.testing.assert_array_equal(
        along.mean, engine.simulate_along("capacity-cover", "alpha", [1, 2, 3], size=10, trials=40, seed=1)["p_sep"].mean
    )


def test_experiment_uses_the_model_s_dimension_unless_told():
    assert engine.simulate("capacity-cover", D=8, trials=30) == engine.simulate("capacity-cover", size=8, D=90_000, trials=30)


def test_experiment_refuses_what_would_not_fit():
    with pytest.raises(engine.ParameterError, match="size"):
        engine.simulate("capacity-cover", D=90_000)
    with pytest.raises(engine.ParameterError, match="N must be at most"):
        engine.simulate("capacity-cover", N=2_000_000, size=10)

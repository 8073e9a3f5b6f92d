import itertools
import math

import numpy as np
import pytest
from scipy import optimize, special, stats

import engine
from engine.capacity import binary
from engine.capacity.spherical import spherical_capacity

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
EDGES = np.linspace(-12.0, 12.0, 121)
HALF = np.diff(EDGES)[:, None] / 2
T = EDGES[:-1, None] + HALF * (1 + NODES)
DT = HALF * WEIGHTS * stats.norm.pdf(T)


def solve(alpha, kappa=0.0):
    return engine.solve("capacity-binary", alpha=alpha, kappa=kappa)


def reference(alpha, kappa):
    """The saddle by a fixed fine quadrature and scipy's root, from the textbook form of the equations."""

    def parts(qhat):
        eps = np.sum(DT / np.cosh(math.sqrt(qhat) * T) ** 2)
        u = (kappa + math.sqrt(1 - eps) * T) / math.sqrt(eps)
        return eps, u, math.sqrt(2 / math.pi) / special.erfcx(u / math.sqrt(2))

    def residual(qhat):
        eps, _, mills = parts(qhat)
        return alpha / eps * np.sum(DT * mills**2) - qhat

    qhat = optimize.brentq(residual, 1e-6, 60.0, xtol=1e-14, rtol=1e-14)
    eps, u, mills = parts(qhat)
    field = math.sqrt(qhat) * T
    entropy = -0.5 * qhat * eps + np.sum(DT * np.logaddexp(field, -field)) + alpha * np.sum(DT * special.log_ndtr(-u))
    replicon = alpha / eps**2 * np.sum(DT / np.cosh(field) ** 4) * np.sum(DT * (mills * (mills - u)) ** 2)
    return {"q": 1 - eps, "qhat": qhat, "entropy": entropy, "replicon": replicon}


@pytest.mark.parametrize(
    ("alpha", "kappa"), [(0.01, 0.0), (0.5, 0.0), (0.83, 0.0), (1.1, 0.0), (0.3, 0.5), (1.5, -0.5), (20.0, -2.0), (0.05, 2.0)]
)
def test_saddle_by_an_independent_route(alpha, kappa):
    found = solve(alpha, kappa)
    for name, value in reference(alpha, kappa).items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize("kappa", [-2.0, -0.7, 0.0, 0.3, 1.0, 3.0])
def test_thresholds_are_where_they_say(kappa):
    limits = solve(0.0, kappa)
    assert solve(limits["alpha_c"], kappa)["entropy"] == pytest.approx(0.0, abs=1e-9)
    assert solve(limits["alpha_at"], kappa)["replicon"] == pytest.approx(1.0, abs=1e-9)
    assert solve(limits["alpha_ann"], kappa)["entropy_ann"] == pytest.approx(0.0, abs=1e-12)
    assert limits["alpha_c"] < limits["alpha_at"] < limits["alpha_rs_max"]
    assert limits["alpha_c"] < limits["alpha_ann"]
    assert limits["alpha_rs_max"] == pytest.approx(2 / math.pi * spherical_capacity(kappa))
    before, after = solve(limits["alpha_c"] * (1 - 1e-9), kappa), solve(limits["alpha_c"] * (1 + 1e-9), kappa)
    assert (before["phase"], after["phase"]) == ("sat", "unsat")


@pytest.mark.parametrize("kappa", [-2.0, 0.0, 1.0, 3.0])
@pytest.mark.parametrize("distance", [0.5, 1e-2, 1e-5])
def test_entropy_falls_by_the_cost_of_a_pattern(kappa, distance):
    """ds/dalpha = int Dt ln H(u), also next to the end of the saddle, where s is a difference of divergent terms."""
    limit = binary.rs_limit(kappa)
    alpha, h = limit * (1 - distance), limit * distance / 100
    slope = (8 * (solve(alpha + h, kappa)["entropy"] - solve(alpha - h, kappa)["entropy"])
             - solve(alpha + 2 * h, kappa)["entropy"] + solve(alpha - 2 * h, kappa)["entropy"]) / (12 * h)  # fmt: skip
    found = solve(alpha, kappa)
    eps = binary.overlaps(found["qhat"])[1]
    t = np.sort(np.concatenate([np.linspace(-9, 9, 40001), -kappa + math.sqrt(eps) * np.linspace(-9, 60, 40001)]))
    cost = stats.norm.pdf(t) * special.log_ndtr(-(kappa + math.sqrt(found["q"]) * t) / math.sqrt(eps))
    assert slope == pytest.approx(np.sum(np.diff(t) * (cost[1:] + cost[:-1]) / 2), rel=2e-6)


def test_ends_of_the_saddle():
    limit = binary.rs_limit(0.0)
    last, ceased = solve(limit * (1 - 1.01e-9)), solve(limit * (1 - 0.99e-9))
    assert last["q"] == pytest.approx(1.0, abs=1e-8)
    assert last["qhat"] > 1e17
    for name in ("q", "qhat", "entropy", "replicon"):
        assert math.isfinite(last[name])
        assert math.isnan(ceased[name])
    assert ceased["rs_stable"] == 0
    empty = solve(0.0)
    assert (empty["q"], empty["qhat"], empty["replicon"], empty["rs_stable"]) == (0.0, 0.0, 0.0, 1)
    assert empty["entropy"] == math.log(2)
    assert solve(1e-200)["qhat"] == pytest.approx(2e-200 / math.pi)


def test_symmetric_perceptron():
    """-ln 2 / ln Pr(|z| <= kappa)."""
    for kappa in (1e-3, 0.5, 1.0, 3.0):
        assert solve(0.1, kappa)["alpha_sbp"] == pytest.approx(-math.log(2) / math.log(1 - 2 * stats.norm.sf(kappa)), rel=1e-10)
    assert math.isnan(solve(0.1, 0.0)["alpha_sbp"])


@pytest.mark.parametrize("bad", [{"alpha": -0.1}, {"alpha": 501.0}, {"kappa": 3.01}, {"kappa": -2.01}])
def test_refuses(bad):
    with pytest.raises(engine.ParameterError, match=next(iter(bad))):
        engine.solve("capacity-binary", **bad)


@pytest.mark.parametrize("kappa", [0.0, -0.4])
def test_enumeration_against_all_products(kappa):
    xi = np.random.default_rng(5).standard_normal((9, 6))
    weights = np.array(list(itertools.product([-1, 1], repeat=6)))
    stored = weights @ xi.T >= kappa * math.sqrt(6)
    counts, sums = binary.first_violations(xi, kappa)
    for n in range(10):
        good = stored[:, :n].all(axis=1)
        assert counts[n:].sum() == good.sum()
        if n > 0:
            np.testing.assert_array_equal(sums[n:].sum(axis=0), weights[good].sum(axis=0))


def test_experiment_before_and_after_the_first_pattern():
    """Exact at any size: without patterns all weights are left, and the first pattern leaves one of w and -w."""
    dots = engine.simulate_along("capacity-binary", "alpha", [0.0, 1 / 12], size=12, trials=200, seed=1)
    assert dots["entropy"].mean[0] == pytest.approx(math.log(2))
    assert dots["q"].mean[0] == pytest.approx(-1 / (2**12 - 1))
    np.testing.assert_allclose(dots["entropy"].mean[1], 11 / 12 * math.log(2), atol=1e-12)  # w and -w: exactly one of them


def test_experiment_falls_on_the_theory():
    loads = np.array([0.2, 0.3, 0.4])
    dots = engine.simulate_along("capacity-binary", "alpha", loads, size=20, trials=40, seed=4)
    theory = engine.sweep("capacity-binary", {"alpha": loads})
    for name in ("entropy", "q"):
        assert np.all(np.abs(dots[name].mean - theory[name]) < 4 * dots[name].sem), name
        assert np.all(dots[name].sem < 0.02)


def test_experiment_capacity_drifts_down_to_the_theory():
    """<N_max + 1/2>/D ~ 0.83 + O(1/D)."""
    small, large = (engine.simulate("capacity-binary", size=D, trials=n, seed=2)["alpha_c"] for D, n in ((10, 400), (18, 200)))
    assert small.mean == pytest.approx(0.945, abs=4 * small.sem)
    assert large.mean == pytest.approx(0.898, abs=4 * large.sem)
    assert large.mean > 0.8331


def test_experiment_between_integers_and_beyond_the_last_solution():
    curve = np.array([2.0, 1.0, np.nan])
    np.testing.assert_allclose(binary.between_integers(curve, np.array([0.25, 1.0, 1.5, 7.0])), [1.75, 1.0, np.nan, np.nan])
    far = engine.simulate("capacity-binary", alpha=400.0, size=8, trials=3)
    assert math.isnan(far["entropy"].mean)
    assert math.isfinite(far["alpha_c"].mean)


def test_point_of_the_experiment_is_a_point_of_its_curve():
    curve = engine.simulate_along("capacity-binary", "alpha", [0.25, 0.5], size=8, trials=20, seed=9)
    point = engine.simulate("capacity-binary", alpha=0.5, size=8, trials=20, seed=9)
    assert point["q"].mean == curve["q"].mean[1]

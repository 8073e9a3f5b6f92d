import math

import numpy as np
import pytest

import engine
from engine.teacher_student.linear_estimation_orthogonal import orthogonal_matrix

ID = "linear-estimation-orthogonal"
SPARSE = {"prior": "gauss-bernoulli", "sparsity": 0.3}
PRIORS = [SPARSE, {"prior": "rademacher"}, {"prior": "gaussian"}]


def solve(**p):
    return engine.solve(ID, **p)


def spectrum(alpha, delta):
    """Eigenvalues of A^T A / Delta with their weights."""
    return [(1 / delta, alpha), (0.0, 1 - alpha)] if alpha < 1 else [(alpha / delta, 1.0)]


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(("alpha", "delta"), [(0.1, 0.3), (0.6, 0.01), (0.97, 1e-3), (1.0, 0.1), (2.5, 0.5)])
def test_saddle_for_the_spectrum(prior, alpha, delta):
    """v = E 1/(lambda + s) with s = 1/v - qhat, whatever the branch."""
    found = solve(**prior, alpha=alpha, delta=delta)
    for suffix in ("", "_amp", "_informed"):
        v, qhat = found[f"mmse{suffix}"], found[f"qhat{suffix}"]
        if v > 1e-12:
            s = 1 / v - qhat
            assert sum(weight / (eigenvalue + s) for eigenvalue, weight in spectrum(alpha, delta)) == pytest.approx(v, rel=1e-7)
    assert found["mutual_information"] == min(found[f"mutual_information{suffix}"] for suffix in ("_amp", "_informed"))


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(("alpha", "delta"), [(0.3, 0.1), (0.8, 0.02), (1.5, 1.0)])
@pytest.mark.parametrize("matrix", ["orthogonal", "gaussian"])
def test_information_per_signal_to_noise_ratio(prior, alpha, delta, matrix):
    """dI/d(1/Delta) is half the error on Aw per weight: Delta v qhat for any spectrum (Guo, Shamai & Verdú 2005)."""
    point = {**prior, "alpha": alpha, "matrix": matrix}
    h = 1e-3 / delta
    info = [solve(**point, delta=1 / (1 / delta + k * h))["mutual_information"] for k in (-2, -1, 1, 2)]
    found = solve(**point, delta=delta)
    slope = (info[0] - 8 * info[1] + 8 * info[2] - info[3]) / (12 * h)
    assert slope == pytest.approx(0.5 * delta * found["mmse"] * found["qhat"], rel=1e-6, abs=1e-12)


def test_gaussian_matrix_is_the_linear_channel():
    for prior in PRIORS:
        here = solve(**prior, alpha=0.7, delta=0.02, matrix="gaussian", iterations=4)
        there = engine.solve("glm-bayes", **prior, channel="linear", alpha=0.7, delta=0.02, iterations=4)
        for name in (
            "q",
            "mmse",
            "mmse_amp",
            "mmse_informed",
            "qhat",
            "mutual_information",
            "alpha_it",
            "alpha_alg",
            "alpha_inf",
            "mmse_t",
        ):
            assert here[name] == pytest.approx(there[name], rel=1e-10, nan_ok=True), name


def test_orthogonal_rows_need_fewer_measurements():
    for prior in PRIORS[:2]:
        for alpha in (0.2, 0.5, 0.9):
            orthogonal, gaussian = (solve(**prior, alpha=alpha, delta=0.05, matrix=m) for m in ("orthogonal", "gaussian"))
            assert orthogonal["mmse"] < gaussian["mmse"]
            assert orthogonal["mutual_information"] > gaussian["mutual_information"]


def test_thresholds_are_universal_without_noise():
    point = {"prior": "gauss-bernoulli", "sparsity": 0.3}
    limits = [solve(**point, delta=1e-8, matrix=m)["alpha_alg"] for m in ("orthogonal", "gaussian")]
    np.testing.assert_allclose(limits, 0.4802095, rtol=1e-4)


def test_hard_phase():
    point = {"prior": "gauss-bernoulli", "sparsity": 0.2, "delta": 1e-5}
    limits = solve(**point)
    assert limits["alpha_inf"] < limits["alpha_it"] < limits["alpha_alg"] < 1
    before, after = (solve(**point, alpha=limits["alpha_it"] * (1 + k * 1e-6)) for k in (-1, 1))
    assert (before["phase"], after["phase"]) == ("easy", "hard")
    assert after["mutual_information_amp"] == pytest.approx(after["mutual_information"], abs=1e-5)
    assert after["mmse"] < 0.1 * after["mmse_amp"]
    beyond = solve(**point, alpha=limits["alpha_alg"] * (1 + 1e-6))
    assert (beyond["phase"], beyond["mmse"]) == ("easy", beyond["mmse_amp"])


def test_gaussian_weights_in_closed_form():
    for alpha, delta in ((0.3, 0.2), (0.9, 1e-4), (1.0, 0.5)):
        found = solve(prior="gaussian", alpha=alpha, delta=delta)
        assert found["mmse"] == pytest.approx(1 - alpha + alpha * delta / (1 + delta), rel=1e-8)
        assert found["mutual_information"] == pytest.approx(0.5 * alpha * math.log1p(1 / delta), rel=1e-8)
    found = solve(prior="gaussian", alpha=3.0, delta=0.5)
    assert found["mmse"] == pytest.approx(1 / 7, rel=1e-9)
    assert found["mutual_information"] == pytest.approx(0.5 * math.log(7), rel=1e-9)


def test_across_the_square_matrix():
    """alpha(qhat) has a kink at alpha = 1, the states have none."""
    values = [solve(**SPARSE, alpha=alpha, delta=0.05)["mmse"] for alpha in (1 - 1e-7, 1.0, 1 + 1e-7)]
    np.testing.assert_allclose(values, values[1], rtol=1e-6)
    information = [solve(**SPARSE, alpha=alpha, delta=0.05)["mutual_information"] for alpha in (1 - 1e-7, 1.0, 1 + 1e-7)]
    np.testing.assert_allclose(information, information[1], rtol=1e-6)


def test_little_and_much_data():
    few = solve(**SPARSE, alpha=1e-6, delta=0.1)
    assert few["mmse"] == pytest.approx(0.3, rel=1e-5)
    assert few["mutual_information"] == pytest.approx(1e-6 * 0.5 * math.log(1 + 0.3 / 0.1), rel=1e-4)
    binary = solve(prior="rademacher", alpha=1e6, delta=1e-8)
    assert (binary["mmse"], binary["qhat"]) == (0.0, pytest.approx(1e14))
    assert binary["mutual_information"] == pytest.approx(math.log(2))


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("alpha", [0.6, 1.5])
def test_vector_amp_stops_where_the_saddle_is(prior, alpha):
    found = solve(**prior, alpha=alpha, delta=0.05, iterations=500)
    assert found["mmse_t"] == pytest.approx(found["mmse_amp"], rel=1e-9)
    assert solve(**prior, alpha=alpha, delta=0.05, iterations=0)["q_t"] == 0.0


@pytest.mark.parametrize(("N", "D"), [(30, 70), (50, 50), (90, 40)])
def test_matrix(N, D):
    A = orthogonal_matrix(N, D, np.random.default_rng(1))
    assert A.shape == (N, D)
    product = A @ A.T if N <= D else A.T @ A / (N / D)
    np.testing.assert_allclose(product, np.eye(min(N, D)), atol=1e-12)


@pytest.mark.parametrize(
    "point",
    [
        {**SPARSE, "alpha": 0.6, "delta": 0.01},
        {**SPARSE, "alpha": 0.6, "delta": 0.01, "matrix": "gaussian"},
        {"prior": "rademacher", "alpha": 0.7, "delta": 0.3},
        {"prior": "rademacher", "alpha": 1.5, "delta": 0.5},
        {"prior": "gaussian", "alpha": 0.5, "delta": 0.1},
    ],
)
def test_runs_fall_on_state_evolution(point):
    steps = [0, 1, 2, 3, 5, 8]
    dots = engine.simulate_along(ID, "iterations", steps, size=500, trials=10, seed=7, **point)
    theory = engine.sweep(ID, {"iterations": steps}, **point)
    for name in dots:
        assert np.all(np.abs(dots[name].mean - theory[name]) < 4 * dots[name].sem + 2e-3), name
        assert np.all(dots[name].sem < 0.05), name


def test_experiment_refuses_what_it_cannot_do():
    with pytest.raises(engine.ParameterError, match="alpha"):
        engine.simulate(ID, alpha=1e-6, size=100)
    with pytest.raises(engine.ParameterError, match="size"):
        engine.simulate(ID, alpha=1e4, size=1000)

import math

import numpy as np
import pytest
from scipy.special import ndtr

from engine.double_descent.activations import COEFFICIENTS
from engine.double_descent.margin import ROWS, margin_curve
from engine.double_descent.ridge import explained_line
from engine.double_descent.separability import separability_line
from engine.double_descent.spectrum import isotropic
from tests.double_descent.state_evolution import iterate


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def solve(loss, alpha, gamma, lam, delta, activation):
    kappa1, kappastar = COEFFICIENTS[activation]
    gammas, star_sq, blocks = np.array([float(gamma)]), np.array([kappastar**2]), isotropic(np.array([kappa1]))
    rank = min(gamma, 1.0) if kappastar == 0 else gamma
    threshold = rank * separability_line(explained_line(gammas, star_sq, blocks)[1], np.array([float(delta)]))
    point = [np.array([float(value)]) for value in (alpha, gamma, lam, delta, 1.0)]
    table = margin_curve(loss == "hinge", *point, star_sq, blocks, threshold)
    return dict(zip(ROWS, table[: len(ROWS), 0], strict=True)) | {"alpha_sep": threshold[0]}


@pytest.mark.parametrize(
    ("loss", "alpha", "gamma", "lam", "delta", "activation", "rtol"),
    [
        ("logistic", 2, 1.5, 0.01, 0.1, "erf", 1e-8),
        ("logistic", 1, 3, 0.2, 0.0, "linear", 1e-8),
        ("logistic", 0.5, 0.8, 5.0, 0.3, "abs", 1e-8),
        ("hinge", 1.5, 1.1, 5.0, 0.1, "relu", 1e-8),
        ("hinge", 2, 0.7, 0.1, 0.2, "tanh", 2e-5),
    ],
)
def test_against_plain_state_evolution(loss, alpha, gamma, lam, delta, activation, rtol):
    V, q, m = iterate(loss, alpha, gamma, lam, delta, *COEFFICIENTS[activation])
    found = solve(loss, alpha, gamma, lam, delta, activation)
    np.testing.assert_allclose([found["v"], found["q"], found["m"]], [V, q, m], rtol=rtol, atol=1e-12)


def test_every_random_point_has_a_solution():
    rng = np.random.default_rng(5)
    for _ in range(150):
        alpha, gamma = 10 ** rng.uniform(-4, 4, 2)
        lam = 0.0 if rng.random() < 0.3 else 10 ** rng.uniform(-12, 12)
        delta = rng.choice([0.0, 1e-6, rng.uniform(0, 0.5), 0.5])
        found = solve(rng.choice(["logistic", "hinge"]), alpha, gamma, lam, delta, rng.choice(sorted(COEFFICIENTS)))
        assert 0 <= found["gen_error"] <= 0.5 + 1e-15
        assert 0 <= found["train_error"] <= delta + (1 - 2 * delta) * found["gen_error"] + 1e-12


def test_small_ridges_approach_the_hard_margin():
    """The hinge fast, the logistic loss only logarithmically."""
    hard = solve("hinge", 1, 2, 0, 0.1, "relu")
    assert hard["gen_error"] == pytest.approx(0.377797, abs=1e-6)
    assert hard["q"] == pytest.approx(1.256193, abs=1e-6)
    assert hard["alpha_sep"] == pytest.approx(5.29261, abs=1e-5)
    soft = solve("hinge", 1, 2, 1e-9, 0.1, "relu")
    for name in ("gen_error", "q", "m", "w_norm2"):
        assert soft[name] == pytest.approx(hard[name], rel=1e-6)
    assert soft["v"] > 1e6
    logistic = solve("logistic", 1, 2, 0, 0.1, "relu")
    assert (logistic["q"], logistic["m"], logistic["v"]) == (math.inf,) * 3
    assert logistic["gen_error"] == hard["gen_error"]
    assert logistic["margin"] == hard["margin"] == pytest.approx(hard["q"] ** -0.5, rel=1e-12)
    gaps = [hard["gen_error"] - solve("logistic", 1, 2, lam, 0.1, "relu")["gen_error"] for lam in (1e-3, 1e-7, 1e-30)]
    assert gaps[0] > gaps[1] > gaps[2] > 1e-4
    assert gaps[1] == pytest.approx(0.3778 - 0.3748, abs=1e-4)


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_zero_ridge_beyond_separability_is_the_limit_of_small_ones(loss):
    for activation, gamma in (("tanh", 1.0), ("linear", 2.0), ("relu", 0.01)):
        exact, near = (solve(loss, 6.0, gamma, lam, 0.2, activation) for lam in (0.0, 1e-9))
        for name in ("q", "m", "v", "w_norm2", "train_loss", "gen_error", "train_error"):
            assert near[name] == pytest.approx(exact[name], rel=1e-5), name


@pytest.mark.parametrize(("activation", "delta"), [("relu", 0.1), ("abs", 0.0), ("linear", 0.3)])
def test_the_margin_closes_at_the_separability_threshold(activation, delta):
    threshold = solve("hinge", 0.1, 1.2, 1.0, delta, activation)["alpha_sep"]
    margins = [solve("hinge", threshold * (1 - gap), 1.2, 0, delta, activation)["margin"] for gap in (1e-2, 1e-3, 1e-4)]
    np.testing.assert_allclose(np.array(margins[1:]) / margins[:-1], 0.1, rtol=0.02)
    losses = [solve("logistic", threshold * (1 + gap), 1.2, 0, delta, activation)["train_loss"] for gap in (1e-2, 1e-3)]
    assert 0 < losses[1] < losses[0]


def test_random_labels_have_gardner_s_margin():
    for kappa in (0.2, 1.0, 3.0):
        load = 1 / ((1 + kappa**2) * ndtr(kappa) + kappa * density(kappa))
        assert solve("logistic", load * 0.7, 0.7, 0, 0.0, "abs")["margin"] == pytest.approx(kappa, rel=1e-8)


def test_hinge_with_every_sample_inside_the_margin_is_hebb_s_rule():
    """c = 0: w = sum of y u over lam, whatever the noise; q and the angle in closed form."""
    alpha, gamma, lam, delta = 2.0, 1.0, 100.0, 0.1
    kappa1, kappastar = COEFFICIENTS["relu"]
    found = solve("hinge", alpha, gamma, lam, delta, "relu")
    t = (1 - 2 * delta) * math.sqrt(2 / math.pi)
    total = kappa1**2 + kappastar**2
    m = t * alpha * kappa1**2 / lam
    trace_two = kappa1**4 * (1 + gamma) + 2 * kappa1**2 * kappastar**2 + kappastar**4  # mean squared eigenvalue of the covariance
    q = (alpha / gamma * trace_two + alpha**2 / gamma * t * t * kappa1**2 * (kappa1**2 * (1 + gamma) + kappastar**2)) / lam**2
    assert found["m"] == pytest.approx(m, rel=1e-12)
    assert found["q"] == pytest.approx(q, rel=1e-12)
    assert found["v"] == pytest.approx(total / lam, rel=1e-12)

"""Gaussian mixtures against scipy quadrature, closed forms, limits, and fits."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import norm

import engine
from engine import ParameterError
from engine.double_descent.mixture_channel import channel, with_intercept
from engine.double_descent.mixture_separation import separability, tail_mean, tail_square
from engine.numerics.sign_teacher import HINGE, LOGISTIC

ID = "gaussian-mixture"


def proximal(loss, omega, V):
    def objective(u):
        return (np.logaddexp(0, -u) if loss == LOGISTIC else max(0.0, 1 - u)) + (u - omega) ** 2 / (2 * V)

    return minimize_scalar(objective, bounds=(omega - 1, omega + V + 1), method="bounded", options={"xatol": 1e-10}).x


@pytest.mark.parametrize("loss", [LOGISTIC, HINGE])
@pytest.mark.parametrize(("m", "b", "sd", "V"), [(0.7, -0.4, 0.9, 1.3), (2.0, 0.5, 0.1, 0.05), (0.1, 0.0, 3.0, 20.0)])
def test_averages_against_quadrature(loss, m, b, sd, V):
    p = 0.3
    found = channel(loss, m, b, sd, V, p)
    expected = np.zeros(4)
    for weight, y in ((p, 1), (1 - p, -1)):
        mean = m + y * b
        bends = sorted({mean, *((1 - V, 1.0) if loss == HINGE else ())})
        bends = [x for x in bends if abs(x - mean) < 9 * sd]

        def average(function, mean=mean, bends=bends):
            density = norm(mean, sd).pdf
            return quad(lambda t: density(t) * function(t), mean - 9 * sd, mean + 9 * sd, points=bends or None, limit=200)[0]

        def f(x):
            return (proximal(loss, x, V) - x) / V

        expected += weight * np.array(
            [
                average(lambda x: f(x) ** 2),
                average(f),
                y * average(f),
                average(lambda x: np.logaddexp(0, -proximal(loss, x, V)) if loss == LOGISTIC else max(0.0, 1 - proximal(loss, x, V))),
            ]
        )
    np.testing.assert_allclose(found[1:], expected, rtol=2e-5, atol=1e-7)
    h = 1e-5  # c is minus the slope of E f in the mean, as f depends on the field alone
    slope = (channel(loss, m + h, b, sd, V, p)[2] - channel(loss, m - h, b, sd, V, p)[2]) / (2 * h)
    assert found[0] == pytest.approx(-slope, rel=1e-6)


@pytest.mark.parametrize("loss", [LOGISTIC, HINGE])
@pytest.mark.parametrize("start", [0.0, -30.0, 4.0])
def test_the_intercept_balances_the_classes(loss, start):
    b, averages = with_intercept(loss, 0.5, start, 0.8, 0.7, 0.2)
    assert abs(averages[3]) < 1e-12
    assert b == pytest.approx(with_intercept(loss, 0.5, -1.0, 0.8, 0.7, 0.2)[0], rel=1e-10)


@pytest.mark.parametrize("z", [-3.0, 0.0, 0.99, 1.01, 8.0])
def test_tails_against_quadrature(z):
    assert tail_mean(z) == pytest.approx(quad(lambda t: (t - z) * norm.pdf(t), z, z + 40, epsabs=0, epsrel=1e-11, limit=200)[0], rel=1e-9)
    assert tail_square(z) == pytest.approx(
        quad(lambda t: (t - z) ** 2 * norm.pdf(t), z, z + 40, epsabs=0, epsrel=1e-11, limit=200)[0], rel=1e-9
    )


def test_separability_against_a_plain_search():
    s0, p = 0.4, 0.2
    mu, b = np.linspace(0, 0.999, 400)[:, None], np.linspace(-3, 3, 601)[None, :]
    k = np.vectorize(tail_square)
    plain = (1 - mu**2) / (p * k(mu * math.sqrt(s0) + b) + (1 - p) * k(mu * math.sqrt(s0) - b))
    assert separability(s0, p, True) == pytest.approx(plain.max(), rel=1e-4)
    assert separability(s0, p, True) >= plain.max()


def test_square_loss_against_plain_iteration():
    p = {"loss": "square", "alpha": 1.7, "lam": 0.3, "delta": 0.6, "delta2": 2.0, "phi1": 0.35, "prob": 0.2}
    found = engine.solve(ID, **p)
    variances, fractions = np.array([0.6, 2.0]), np.array([0.35, 0.65])
    V, q, m, b = 1.0, 1.0, 0.5, 0.0
    for _ in range(3000):
        means = np.array([m + b, m - b])
        weights = np.array([0.2, 0.8])
        c, t = 1 / (1 + V), weights @ (1 - means) / (1 + V)
        r = (weights @ (1 - means) ** 2 + q) / (1 + V) ** 2
        b += 0.5 * (weights * [1, -1]) @ (1 - means)
        g = 1 / (0.3 + 1.7 * c * variances)
        V = fractions @ (variances * g)
        m = 1.7 * t * fractions @ g
        q = fractions @ (variances * (1.7**2 * t**2 + 1.7 * r * variances) * g**2)
    for name, value in {"v": V, "q": q, "m": m, "b": b, "train_loss": r / 2}.items():
        assert found[name] == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_an_infinite_ridge_is_bayes_optimal_for_equal_clouds(loss):
    found = engine.solve(ID, loss=loss, lam=1e6, alpha=3.0, delta=0.7)
    assert found["gen_error"] == pytest.approx(found["gen_error_bayes"], rel=1e-5)
    assert engine.solve(ID, loss=loss, lam="opt", alpha=3.0, delta=0.7)["gen_error"] == pytest.approx(found["gen_error_bayes"], rel=1e-5)


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_unequal_clouds_have_an_interior_optimum(loss):
    p = {"loss": loss, "prob": 0.2, "alpha": 2.0, "delta": 1.0}
    best = engine.solve(ID, lam="opt", **p)
    assert 1e-6 < best["lam"] < 1e5
    for factor in (0.8, 1.25):
        assert engine.solve(ID, lam=best["lam"] * factor, **p)["gen_error"] >= best["gen_error"] * (1 - 1e-12)
    assert best["gen_error"] < engine.solve(ID, lam=1e6, **p)["gen_error"]


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_limits(loss):
    assert engine.solve(ID, loss=loss, alpha=1e-4)["gen_error"] == pytest.approx(0.5, abs=0.01)
    assert engine.solve(ID, loss=loss, alpha=1e-4, prob=0.2)["gen_error"] == pytest.approx(0.2, abs=0.01)
    many = engine.solve(ID, loss=loss, alpha=1e4, delta=0.5)
    assert many["gen_error"] == pytest.approx(many["gen_error_oracle"], rel=1e-2)
    assert many["gen_error_bayes"] == pytest.approx(norm.cdf(-math.sqrt(1e4 / (0.5 * (1e4 + 0.5)))), rel=1e-10)


@pytest.mark.parametrize("lam", [1e-4, 1.0, 100.0])
def test_two_equal_variances_are_one(lam):
    for loss in ("square", "logistic", "hinge"):
        one, two = (engine.solve(ID, loss=loss, lam=lam, prob=0.4, **more) for more in ({}, {"delta2": 1.0, "phi1": 0.3}))
        for name in one:
            assert two[name] == pytest.approx(one[name], rel=1e-7)


def test_the_collapse_of_the_hinge_is_continuous():
    p = {"loss": "hinge", "prob": 0.3, "delta": 10.0, "lam": 0.01}
    q = [engine.solve(ID, alpha=alpha, **p)["q"] for alpha in (14.0, 14.8, 15.0, 15.049, 15.0499)]
    assert (np.diff(q) < 0).all()
    assert q[-1] < 1e-4 * q[0]
    gone = engine.solve(ID, alpha=15.0501, **p)
    assert (gone["q"], gone["b"], gone["gen_error"]) == (0.0, -1.0, 0.3)
    assert math.isnan(gone["v"])


def test_without_ridge():
    below = engine.solve(ID, loss="square", lam=0.0, alpha=0.5)
    assert (below["train_loss"], below["train_error"], below["v"]) == (0.0, 0.0, math.inf)
    assert below["gen_error"] == pytest.approx(engine.solve(ID, loss="square", lam=1e-6, alpha=0.5)["gen_error"], rel=1e-5)
    for loss in ("logistic", "hinge"):
        exact, near = (engine.solve(ID, loss=loss, lam=lam, alpha=6.0) for lam in (0.0, 1e-6))
        assert exact["gen_error"] == pytest.approx(near["gen_error"], rel=1e-5)
        with pytest.raises(ParameterError, match="separated"):
            engine.solve(ID, loss=loss, lam=0.0, alpha=2.0)
    with pytest.raises(ParameterError, match="interpolation"):
        engine.solve(ID, loss="square", lam=0.0, alpha=1.0)


@pytest.mark.parametrize(
    "p",
    [
        {"loss": "square", "alpha": 2.0, "prob": 0.3},
        {"loss": "logistic", "alpha": 2.0, "prob": 0.5, "delta": 0.5},
        {"loss": "logistic", "alpha": 4.0, "prob": 0.25, "lam": 1.0},
        {"loss": "hinge", "alpha": 1.5, "prob": 0.5, "delta": 0.5, "delta2": 2.0, "phi1": 0.5},
        {"loss": "hinge", "alpha": 3.0, "prob": 0.4, "bias": "zero"},
    ],
    ids=lambda p: f"{p['loss']}-{p['prob']}",
)
def test_fits_lie_on_the_theory(p):
    theory, dots = engine.solve(ID, **p), engine.simulate(ID, size=200, trials=24, seed=1, **p)
    for name in ("gen_error", "train_loss", "train_error", "m", "q"):
        assert abs(dots[name].mean - theory[name]) < 4 * dots[name].sem + 0.02 * abs(theory[name]), name

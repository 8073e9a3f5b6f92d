import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from engine.teacher_student.robust_fit import fit_robust


def sample(N, D, seed=0):
    random = np.random.default_rng(seed)
    U = random.standard_normal((N, D)) / np.sqrt(D)
    return U, U @ random.standard_normal(D) + random.laplace(size=N)


def objective(U, y, loss, huber, penalty, lam, w):
    r = np.abs(y - U @ w)
    losses = {"square": r**2 / 2, "l1": r, "huber": np.where(r <= huber, r**2 / 2, huber * r - huber**2 / 2)}[loss]
    return losses.sum() + {"none": 0.0, "l2": lam / 2 * w @ w, "l1": lam * np.abs(w).sum()}[penalty]


@pytest.mark.parametrize(("N", "D"), [(80, 30), (45, 40)])
def test_least_absolute_deviations_as_a_linear_program(N, D):
    U, y = sample(N, D)
    costs = np.r_[np.zeros(D), np.ones(2 * N)]
    expected = linprog(costs, A_eq=np.c_[U, np.eye(N), -np.eye(N)], b_eq=y, bounds=[(None, None)] * D + [(0, None)] * (2 * N))
    w = fit_robust(U, y, "l1", 1.0, "none", 0.0)
    assert np.abs(y - U @ w).sum() == pytest.approx(expected.fun, rel=1e-8)
    np.testing.assert_allclose(w, expected.x[:D], atol=1e-6)


def test_l1_loss_and_penalty_as_a_linear_program():
    (U, y), lam = sample(30, 50), 0.2
    N, D = U.shape
    costs = np.r_[np.full(2 * D, lam), np.ones(2 * N)]
    expected = linprog(costs, A_eq=np.c_[U, -U, np.eye(N), -np.eye(N)], b_eq=y)
    assert objective(U, y, "l1", 1.0, "l1", lam, fit_robust(U, y, "l1", 1.0, "l1", lam)) == pytest.approx(expected.fun, rel=1e-8)


@pytest.mark.parametrize("penalty", ["none", "l2", "l1"])
@pytest.mark.parametrize(("loss", "huber"), [("square", 1.0), ("huber", 0.3), ("huber", 0.01), ("huber", 1e5)])
def test_stationary(loss, huber, penalty):
    """The pull of the samples balances the penalty: U^T l'(r) = lam w, or within lam, and lam sign(w) where w is not zero."""
    U, y = sample(80, 30, 1)
    lam = 0.0 if penalty == "none" else 0.2 * min(huber, 1.0)
    w = fit_robust(U, y, loss, huber, penalty, lam)
    r = y - U @ w
    pull = U.T @ (r if loss == "square" else np.clip(r, -huber, huber))
    unit = min(huber, 1.0)
    if penalty == "l1":
        alive = np.abs(w) > 1e-5
        np.testing.assert_allclose(pull[alive], lam * np.sign(w[alive]), atol=1e-5 * unit)
        assert np.all(np.abs(pull) < lam + 1e-5 * unit)
        assert alive.any()
    else:
        np.testing.assert_allclose(pull, lam * w, atol=1e-5 * unit)


def test_huber_by_a_general_method():
    U, y = sample(60, 10, 2)
    args = (U, y, "huber", 0.7, "l2", 0.3)
    expected = minimize(lambda w: objective(*args, w), np.zeros(10), method="BFGS", options={"gtol": 1e-8})
    np.testing.assert_allclose(fit_robust(*args), expected.x, atol=1e-5)


def test_noiseless_samples_are_fitted_exactly():
    random = np.random.default_rng(3)
    U, w = random.standard_normal((60, 20)), random.standard_normal(20)
    y = U @ w
    y[:6] += 10.0
    np.testing.assert_allclose(fit_robust(U, y, "l1", 1.0, "none", 0.0), w, atol=1e-6)
    np.testing.assert_allclose(fit_robust(U, U @ w, "l1", 1.0, "none", 0.0), w, atol=1e-5)

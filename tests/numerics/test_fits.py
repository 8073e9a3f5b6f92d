import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.special import expit

from engine.numerics.fits import fit_hard_margin, fit_hinge, fit_logistic, fit_square


def sample(N, P, seed, rank=None, signal=1.0):
    """Features over sqrt(P), with `rank` if given, and noisy labels of a linear teacher."""
    rng = np.random.default_rng(seed)
    U = rng.standard_normal((N, rank or P))
    y = np.sign(signal * U[:, 0] + rng.standard_normal(N))
    if rank:
        U = U @ rng.standard_normal((rank, P)) / np.sqrt(rank)
    return U / np.sqrt(P), y


@pytest.mark.parametrize(("N", "P"), [(30, 50), (50, 30)])
@pytest.mark.parametrize("lam", [10.0, 1e-3, 1e-9])
def test_square_is_the_ridge_minimum(N, P, lam):
    U, y = sample(N, P, 0)
    w = fit_square(U, y, lam)
    np.testing.assert_allclose(U.T @ (U @ w - y) + lam * w, 0, atol=1e-10)


@pytest.mark.parametrize(("N", "P", "rank"), [(30, 50, None), (50, 30, None), (40, 50, 20), (15, 50, 20)])
def test_square_without_ridge_is_the_least_norm_solution(N, P, rank):
    U, y = sample(N, P, 1, rank)
    np.testing.assert_allclose(fit_square(U, y, 0.0), np.linalg.lstsq(U, y, rcond=1e-10)[0], atol=1e-8)


@pytest.mark.parametrize(("N", "P"), [(40, 60), (90, 30)])
@pytest.mark.parametrize("lam", [1e3, 0.1, 1e-6])
def test_logistic_gradient_vanishes(N, P, lam):
    U, y = sample(N, P, 2)
    w = fit_logistic(U, y, lam)
    pull = U.T @ (y * expit(-y * (U @ w)))
    np.testing.assert_allclose(lam * w, pull, rtol=1e-5, atol=1e-7 * np.abs(pull).max())


def test_logistic_without_ridge():
    U, y = sample(200, 20, 3)
    w = fit_logistic(U, y, 0.0)
    np.testing.assert_allclose(U.T @ (y * expit(-y * (U @ w))), 0, atol=1e-7)
    U, y = sample(20, 30, 3)
    assert fit_logistic(U, y, 0.0) is None


@pytest.mark.parametrize(("N", "P", "lam"), [(40, 60, 1.0), (40, 60, 1e-6), (90, 30, 0.01), (90, 30, 100.0)])
def test_hinge_satisfies_its_optimality_conditions(N, P, lam):
    """lam w = sum of a y u with a = 1 inside the margin, 0 outside: solved for a on the margin, it lies between."""
    U, y = sample(N, P, 4)
    w = fit_hinge(U, y, lam)
    z = y * (U @ w)
    on_margin = np.abs(z - 1) < 1e-5
    rest = lam * w - (y[z < 1 - 1e-5, None] * U[z < 1 - 1e-5]).sum(axis=0)
    A = y[on_margin, None] * U[on_margin]
    a = np.linalg.lstsq(A.T, rest, rcond=None)[0] if on_margin.any() else np.zeros(0)
    np.testing.assert_allclose(A.T @ a, rest, atol=1e-4 * lam * np.abs(w).max() + 1e-9)
    assert np.all((a > -1e-6) & (a < 1 + 1e-6))


def test_hinge_without_ridge_is_a_linear_program():
    U, y = sample(120, 20, 5)
    w = fit_hinge(U, y, 0.0)
    A = y[:, None] * U
    cost = np.r_[np.zeros(20), np.ones(120)]
    program = linprog(cost, A_ub=-np.c_[A, np.eye(120)], b_ub=-np.ones(120), bounds=[(None, None)] * 20 + [(0, None)] * 120)
    assert np.maximum(0, 1 - A @ w).sum() == pytest.approx(program.fun, rel=1e-8)
    U, y = sample(20, 30, 5)
    assert fit_hinge(U, y, 0.0) is None


@pytest.mark.parametrize(("N", "P", "rank"), [(30, 40, None), (20, 40, 25)])
def test_hard_margin_against_a_general_solver(N, P, rank):
    U, y = sample(N, P, 6, rank, signal=5.0)
    w, A = fit_hard_margin(U, y), y[:, None] * U
    assert (A @ w).min() == pytest.approx(1.0, abs=1e-8)
    start = np.linalg.pinv(A) @ np.ones(N)
    general = minimize(
        lambda v: v @ v, start, jac=lambda v: 2 * v, method="SLSQP", tol=1e-13, options={"maxiter": 500},
        constraints={"type": "ineq", "fun": lambda v: A @ v - 1, "jac": lambda v: A},
    )  # fmt: skip
    assert w @ w == pytest.approx(general.fun, rel=1e-6)


def test_hard_margin_of_inseparable_labels_does_not_exist():
    U, y = sample(150, 20, 7)
    assert fit_hard_margin(U, y) is None

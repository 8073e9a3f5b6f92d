r"""Empirical risk minimisation on a finite sample: $\min_w\sum_\mu\ell(y^\mu,u^\mu\!\cdot w)+\frac\lambda2\|w\|^2$.

Rows of U (N, P) are the features over $\sqrt P$; y (N,) are real targets or labels $\pm1$. Every routine returns w (P,), the solution of
least norm where there are several, in at most min(N, P) unknowns.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve, qr, svd
from scipy.special import expit

from engine.model import ConvergenceError


def compress(U: np.ndarray, lam: float) -> tuple[np.ndarray, np.ndarray | None]:
    """(A, Q) with U = A Q^T, orthonormal columns of Q (None: the identity) and as few of them as N, without ridge the rank, allows."""
    if lam == 0.0:
        left, values, right = svd(U, full_matrices=False)
        kept = values > 1e-10 * values[0]
        return left[:, kept] * values[kept], right[kept].T
    if U.shape[0] >= U.shape[1]:
        return U, None
    Q, R = qr(U.T, mode="economic")
    return R.T, Q


def fit_square(U: np.ndarray, y: np.ndarray, lam: float) -> np.ndarray:
    """Ridge regression by Cholesky's method, in the smaller of both dimensions; by singular values where the ridge is too small for it."""
    N, P = U.shape
    if lam > 1e-7:
        if N < P:
            return U.T @ cho_solve(cho_factor(U @ U.T + lam * np.eye(N)), y)
        return cho_solve(cho_factor(U.T @ U + lam * np.eye(P)), U.T @ y)
    left, values, right = svd(U, full_matrices=False)
    kept = values > 1e-10 * values[0]
    return right[kept].T @ (values[kept] / (values[kept] ** 2 + lam) * (left[:, kept].T @ y))


def fit_logistic(U: np.ndarray, y: np.ndarray, lam: float) -> np.ndarray | None:
    """Logistic regression by Newton's method with halved steps; None where lam = 0 and the labels are separable."""
    A, Q = compress(y[:, None] * U, lam)
    v = np.zeros(A.shape[1])
    objective = len(y) * np.log(2.0)
    for _ in range(200):
        z = A @ v
        miss = expit(-z)
        gradient = lam * v - A.T @ miss
        hessian = A.T @ (A * (miss * (1.0 - miss))[:, None]) + lam * np.eye(len(v))
        step = -cho_solve(cho_factor(hessian), gradient)
        descent = gradient @ step
        if -descent < 1e-14 * objective:
            return v + step if Q is None else Q @ (v + step)
        size, change = 2.0, A @ step
        reached = np.inf
        while not reached <= objective + 0.1 * size * descent:
            size *= 0.5
            w = v + size * step
            reached = np.logaddexp(0.0, -z - size * change).sum() + 0.5 * lam * (w @ w)
        v, objective = w, reached
        if lam == 0.0 and (A @ v).min() > 0.0:
            return None
    raise ConvergenceError("the logistic fit did not converge")


def fit_hinge(U: np.ndarray, y: np.ndarray, lam: float) -> np.ndarray | None:
    """Soft-margin support vector machine; None where lam = 0 and the labels are separable."""
    A, Q = compress(y[:, None] * U, lam)
    v = _interior_point(A, lam, soft=True)
    return v if Q is None or v is None else Q @ v


def fit_hard_margin(U: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """The w of least norm with y u w >= 1; None where the labels are not separable."""
    A, Q = compress(y[:, None] * U, 0.0)
    v = _interior_point(A, 1.0, soft=False)
    return None if v is None else Q @ v


def _interior_point(A: np.ndarray, ridge: float, soft: bool) -> np.ndarray | None:
    """Least ridge |v|^2/2 + sum(slack), A v + slack >= 1, slack >= 0 (none if not `soft`): predictor and corrector of Mehrotra 1992.

    Dual variables: 0 <= a <= 1 (no upper bound if not soft), with the slacks `low` and `high` of both bounds. None where the minimum is
    not attained: A v > 0 without ridge, or no separating v without slack.
    """
    N = A.shape[0]
    v, a, low, high = np.zeros(A.shape[1]), np.full(N, 0.5), np.ones(N), np.full(N, float(soft))
    room = 1.0 - a if soft else np.full(N, np.inf)  # carried along: close to its bound a has no digits left for it
    weight = np.abs(A).sum(axis=0)
    for _ in range(100):
        pull, excess = A.T @ a - ridge * v, 1.0 + low - high - A @ v
        gap = low @ a + (high @ room if soft else 0.0)
        objective = 0.5 * ridge * (v @ v) + (high.sum() if soft else 0.0)
        if gap < 1e-9 * objective and (np.abs(pull) <= 2e-9 * a.max() * weight).all() and np.abs(excess).max() < 1e-8:
            return v
        if (ridge == 0.0 and (A @ v).min() > 0.0) or (not soft and a.mean() > 1e8):
            return None
        barrier = low / a + high / room
        factor = cho_factor(A.T @ (A / barrier[:, None]) + ridge * np.eye(v.size))
        target, bend_low, bend_high = 0.0, 0.0, 0.0
        for corrector in (False, True):
            pull_low, pull_high = (target - bend_low) / a - low, (target - bend_high) / room - high
            right = excess + pull_low - pull_high
            dv = cho_solve(factor, pull + A.T @ (right / barrier))
            da = (right - A @ dv) / barrier
            dlow, dhigh = pull_low - low / a * da, pull_high + high / room * da
            size = min(1.0, _reach(a, da), _reach(low, dlow))
            if soft:
                size = min(size, _reach(room, -da), _reach(high, dhigh))
            if not corrector:
                ahead = (low + size * dlow) @ (a + size * da) + ((high + size * dhigh) @ (room - size * da) if soft else 0.0)
                target, bend_low, bend_high = (ahead / gap) ** 3 * gap / (2 * N if soft else N), da * dlow, -da * dhigh
        v, a, room, low, high = v + size * dv, a + size * da, room - size * da, low + size * dlow, high + size * dhigh
    raise ConvergenceError("the support vector fit did not converge")


def _reach(x: np.ndarray, dx: np.ndarray) -> float:
    """The largest step along `dx` that leaves x > 0, a little less."""
    falling = dx < 0.0
    return 0.995 * float(np.min(-x[falling] / dx[falling])) if falling.any() else 1.0

"""Gradient descent on two Gaussian clusters by dynamical mean-field theory, logistic loss, full batch (Mignacco et al. 2020), in NumPy.

The march over whole populations with every response kept, scipy's Sobol points; and the closed moments of the square loss.
"""

import numpy as np
from scipy.special import erfc, ndtri
from scipy.stats import qmc


def white_noise(steps: int, samples: int) -> np.ndarray:
    """Mirrored, whitened Gaussians, (steps+1, samples)."""
    half = ndtri(qmc.Sobol(steps + 1, rng=1).random(samples // 2).T)
    half = np.linalg.solve(np.linalg.cholesky(half @ half.T / half.shape[1]), half)
    return np.concatenate([half, -half], axis=1)


def root_row(C: np.ndarray, lower: np.ndarray, t: int) -> None:
    for s in range(t):
        lower[t, s] = (C[t, s] - lower[t, :s] @ lower[s, :s]) / lower[s, s] if lower[s, s] > 0 else 0.0
    rest = C[t, t] - lower[t, :t] @ lower[t, :t]
    lower[t, t] = np.sqrt(rest) if rest > 1e-9 * C[t, t] else 0.0


def advance(t, a, C_g, R_g, m, C, R, alpha, delta, lam, eta) -> None:
    """The weight side, one step."""
    keep, pull, root, n = 1 - eta * lam, eta * alpha, np.sqrt(delta), t + 1
    m[n] = keep * m[t] - pull * (a + root * R_g @ m[:n])
    R[n, :n] = keep * R[t, :n] - pull * root * R_g @ R[:n, :n]
    R[n, t] -= eta * root
    C[n, :n] = keep * C[t, :n] - pull * (a * m[:n] + root * (R[:n, :n] @ C_g + C[:n, :n] @ R_g))
    C[:n, n] = C[n, :n]
    C[n, n] = keep * C[t, n] - pull * (a * m[n] + root * (R[n, :n] @ C_g + R_g @ C[n, :n]))


def observables(m: np.ndarray, C: np.ndarray, train_loss: np.ndarray, delta: float) -> dict[str, np.ndarray]:
    q = np.diag(C)
    return {"m": m, "q": q, "gen_error": 0.5 * erfc(m / np.sqrt(2 * delta * q)), "train_loss": train_loss}


def logistic(steps: np.ndarray, samples=2048, alpha=2.0, delta=0.5, lam=0.1, eta=0.2) -> dict[str, np.ndarray]:
    """Observables at `steps`, m0 = 0, R = 1."""
    T, root = int(steps[-1]), np.sqrt(delta)
    noise = white_noise(T, samples)
    m, loss, C, R = np.zeros(T + 1), np.zeros(T + 1), np.zeros((T + 1, T + 1)), np.zeros((T + 1, T + 1))
    lower, g, D = np.zeros((T + 1, T + 1)), np.zeros((T + 1, samples)), np.zeros((T + 1, T + 1, samples), np.float32)
    C[0, 0] = 1.0
    for t in range(T + 1):
        root_row(C, lower, t)
        h = m[t] + root * (lower[t, : t + 1] @ noise[: t + 1] + R[t, :t] @ g[:t])
        sigma = 1 / (1 + np.exp(h))
        loss[t] = np.logaddexp(0, -h).mean()
        if t == T:
            break
        g[t] = -sigma
        D[t, :t] = np.tensordot(R[t, :t].astype(np.float32), D[:t, :t], 1)
        D[t, t] = 1.0
        D[t, : t + 1] *= root * sigma * (1 - sigma)
        advance(t, g[t].mean(), g[: t + 1] @ g[t] / samples, D[t, : t + 1].mean(axis=1, dtype=float), m, C, R, alpha, delta, lam, eta)
    return {name: values[steps] for name, values in observables(m, C, loss, delta).items()}


def square(steps: np.ndarray, alpha=2.0, delta=0.5, lam=0.1, eta=0.2, **_) -> dict[str, np.ndarray]:
    """Observables at `steps`, m0 = 0, R = 1."""
    T, root = int(steps[-1]), np.sqrt(delta)
    m, loss, C, R = np.zeros(T + 1), np.zeros(T + 1), np.zeros((T + 1, T + 1)), np.zeros((T + 1, T + 1))
    mean, C_g, R_g = np.zeros(T + 1), np.zeros((T + 1, T + 1)), np.zeros((T + 1, T + 1))
    C[0, 0] = 1.0
    for t in range(T + 1):
        bias, row = m[t] - 1, R[t, :t]
        mean[t] = bias + root * row @ mean[:t]
        R_g[t, :t], R_g[t, t] = root * row @ R_g[:t, :t], root
        stein = R_g[:t, :t] @ C[:t, t]
        cross = bias * mean[:t] + root * stein + root * row @ C_g[:t, :t]
        C_g[t, :t] = C_g[:t, t] = cross
        C_g[t, t] = bias * mean[t] + root * (root * C[t, t] + root * row @ stein) + root * row @ cross
        loss[t] = 0.5 * C_g[t, t]
        if t < T:
            advance(t, mean[t], C_g[t, : t + 1], R_g[t, : t + 1], m, C, R, alpha, delta, lam, eta)
    return {name: values[steps] for name, values in observables(m, C, loss, delta).items()}

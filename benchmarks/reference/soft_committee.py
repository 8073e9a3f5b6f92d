"""Online learning of soft committee machines, erf units, first layer: NumPy right-hand side, scipy's DOP853 (Saad & Solla 1995)."""

import numpy as np
from scipy.integrate import solve_ivp


def averages(C: np.ndarray, K: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """I₂[a, b], I₃[i, n, j] and I₄[i, k, j, l] of erf units; i, k are student fields, the others any."""
    diagonal = np.diag(C)
    one = 1 + diagonal
    I2 = 2 / np.pi * np.arcsin(C / np.sqrt(np.outer(one, one)))
    root = np.sqrt(np.outer(one, one) - C**2)
    I3 = 2 / np.pi * (C[None] * one[:K, None, None] - C[:K, :, None] * C[:K, None, :]) / (root[:K, None, :] * one[:K, None, None])
    a, b, c = one[:K, None], one[None, :K], C[:K, :K]
    inverse = np.array([[np.broadcast_to(b, (K, K)), -c], [-c, np.broadcast_to(a, (K, K))]]) / (a * b - c**2)  # [2, 2, i, k]
    u = np.array([np.broadcast_to(C[:K, None, :], (K, K, len(C))), np.broadcast_to(C[None, :K, :], (K, K, len(C)))])  # [2, i, k, c]
    S = C - np.einsum("xikc,xyik,yikd->ikcd", u, inverse, u)
    variance = 1 + np.einsum("ikcc->ikc", S)
    I4 = 4 / np.pi**2 / root[:K, :K, None, None] * np.arcsin(S / np.sqrt(variance[..., :, None] * variance[..., None, :]))
    return I2, I3, I4


def error(C: np.ndarray, s: np.ndarray, K: int) -> float:
    return 0.5 * s @ averages(C, K)[0] @ s


def covariance(Q: np.ndarray, R: np.ndarray) -> np.ndarray:
    return np.block([[Q, R], [R.T, np.eye(R.shape[1])]])


def start(K: int, M: int, q0: float, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """Q and R of the asymmetric start."""
    golden = (np.sqrt(5) - 1) / 2 * (np.arange(K * M) + 1.0) ** 2
    return q0 * np.eye(K), eps * (golden - np.floor(golden)).reshape(K, M)


def trajectory(times, K=2, M=2, eta=0.5, sigma=0.0, q0=0.25, eps=1e-3) -> dict[str, np.ndarray]:
    """Generalisation error at `times`, from the asymmetric start."""
    Q0, R0 = start(K, M, q0, eps)
    upper = np.triu_indices(K)
    s = np.concatenate([-np.ones(K), np.ones(M)])

    def unpack(y):
        Q = np.zeros((K, K))
        Q[upper] = y[: len(upper[0])]
        return Q + np.triu(Q, 1).T, y[len(upper[0]) :].reshape(K, M)

    def slope(t, y):
        C = covariance(*unpack(y))
        _, I3, I4 = averages(C, K)
        drift = I3 @ s
        root = np.sqrt(np.outer(1 + np.diag(C)[:K], 1 + np.diag(C)[:K]) - C[:K, :K] ** 2)
        noise = I4 @ s @ s + sigma**2 * 2 / np.pi / root
        dQ = eta * (drift[:, :K] + drift[:, :K].T) + eta**2 * noise
        return np.concatenate([dQ[upper], (eta * drift[:, K:]).ravel()])

    y0 = np.concatenate([Q0[upper], R0.ravel()])
    path = solve_ivp(slope, (0, times[-1]), y0, "DOP853", times, rtol=1e-10, atol=1e-12)
    return {"gen_error": np.array([error(covariance(*unpack(y)), s, K) for y in path.y.T])}

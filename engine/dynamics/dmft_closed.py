r"""Gradient descent on the square loss, two clusters, batches drawn anew at each step: the moments of the training samples close.

With $e^t=h^t-1$ for $y=c=1$, $g^t=s^te^t$, and $s^t$ independent of the past. No sampling: exact to rounding, $O(T^3)$.
"""

import math

import numpy as np
from numba import njit

from engine.dynamics.dmft_weights import Path, advance


@njit(cache=True, nogil=True)
def residual_moments(problem, t, m, C, R_w, G, C_g, R_g):
    r"""Write row t of $G=E[g^t]$, $C_g$ (symmetric) and $R_g$ from the rows above; returns $E[e^t]$ and $E[(e^t)^2]$.

    $E[g^s\zeta^t]=\sum_{s'\le s}R_g(s,s')C(s',t)$ by Stein's lemma.
    """
    b, root = problem.batch, math.sqrt(problem.delta)
    cross = np.zeros(t)  # E[e^t g^s]
    mean, square, bias = m[t] - 1.0, problem.delta * C[t, t], m[t] - 1.0
    for s in range(t):
        r = root * R_w[t, s]
        mean += r * G[s]
        stein = 0.0
        for i in range(s + 1):
            stein += R_g[s, i] * C[i, t]
            R_g[t, i] += b * r * R_g[s, i]
        cross[s] += bias * G[s] + root * stein
        square += r * root * stein
        for i in range(t):
            cross[i] += r * C_g[s, i]
    R_g[t, t] = b * root
    square += bias * mean
    G[t] = b * mean
    for s in range(t):
        square += root * R_w[t, s] * cross[s]
        C_g[t, s] = C_g[s, t] = b * cross[s]
    C_g[t, t] = b * square
    return mean, square


@njit(cache=True, nogil=True)
def march_closed(problem, steps, m0, variance):
    """m (steps+1,), C, R_w (steps+1, steps+1), E[e] and E[e²] (steps+1,), and how many of the steps+1 were reached."""
    n = steps + 1
    m, kappa, G, mean, square = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    C, R_w, C_g, R_g = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n))
    m[0], C[0, 0] = m0, variance + m0 * m0
    for t in range(n):
        mean[t], square[t] = residual_moments(problem, t, m, C, R_w, G, C_g, R_g)
        if t < steps and not advance(problem, t, G[t], C_g[t], R_g[t], m, kappa, C, R_w):
            return m, C, R_w, mean, square, t + 1
    return m, C, R_w, mean, square, n


def closed_path(problem, steps: int, m0: float, variance: float) -> Path:
    """The exact path; its train_error holds for the full batch, where h is Gaussian (else nan)."""
    from scipy.special import erfc

    m, C, R_w, mean, square, n = march_closed(problem, steps, m0, variance)
    mean, square = mean[:n], square[:n]
    spread = np.sqrt(np.maximum(2.0 * (square - mean**2), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(mean == -1.0, 0.5, 0.5 * erfc((mean + 1.0) / spread))
    return Path(m[:n], C[:n, :n], R_w[:n, :n], error if problem.batch == 1.0 else np.full(n, math.nan), 0.5 * square)

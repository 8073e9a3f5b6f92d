"""Two Gaussian clouds by damped state evolution, averages by the trapezoidal rule (Mignacco et al. 2020)."""

import numpy as np
from scipy.special import expit, ndtr

X = np.linspace(-9, 9, 2001)
WEIGHTS = np.exp(-0.5 * X**2) / np.exp(-0.5 * X**2).sum()
DAMPING, TOLERANCE = 0.5, 1e-10


def square(omega, V):
    return (1 - omega) / (1 + V), np.full_like(omega, -1 / (1 + V))


def logistic(omega, V):
    """f and its derivative; the proximal point by Newton's method."""
    p = np.maximum(omega, 0) + 0.0
    for _ in range(60):
        step = (p - V * expit(-p) - omega) / (1 + V * expit(p) * expit(-p))
        p -= step
        if np.abs(step).max() < 1e-13:
            break
    s = expit(p) * expit(-p)
    return expit(-p), -s / (1 + V * s)


def solve(alpha, lam, delta=1.0, prob=0.5, loss="logistic") -> dict[str, float]:
    f = {"square": square, "logistic": logistic}[loss]
    V, q, m, b = 1.0, 1.0, 0.5, 0.0
    share = np.array([prob, 1 - prob])
    for _ in range(20_000):
        values = [f(m + y * b + np.sqrt(q) * X, V) for y in (1, -1)]
        first, second, slope = (np.array([WEIGHTS @ g(*v) for v in values]) for g in (lambda f, d: f, lambda f, d: f**2, lambda f, d: d))
        c, r, t = -share @ slope, share @ second, share @ first
        denominator = lam + alpha * c * delta
        new = (
            delta / denominator,
            delta * (alpha**2 * t**2 + alpha * r * delta) / denominator**2,
            alpha * t / denominator,
            b + share @ (first * [1, -1]) / c,
        )
        moved = max(abs(a - old) / (1 + abs(a)) for a, old in zip(new, (V, q, m, b), strict=True))
        V, q, m, b = (DAMPING * old + (1 - DAMPING) * a for a, old in zip(new, (V, q, m, b), strict=True))
        if moved < TOLERANCE:
            break
    else:
        raise RuntimeError("state evolution did not converge")
    error = prob * ndtr(-(m + b) / np.sqrt(q)) + (1 - prob) * ndtr(-(m - b) / np.sqrt(q))
    return {"gen_error": error, "m": m, "q": q, "v": V, "b": b}

"""A perceptron trained by convex losses: damped state evolution (Aubin et al. 2020), and what it is compared with.

V = 1 / (λ + α c), m = ρ α t V, q = (ρ α² t² + α r) V², with the channel averages of the sign teacher; the Bayes-optimal student
(Barbier et al. 2019) by quad and brentq; the separability threshold (Candès & Sur 2020) as their minimum over the slope.
"""

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr

from benchmarks.reference import random_features
from benchmarks.reference.gaussian import average

DAMPING, TOLERANCE = 0.3, 1e-11


def solve(alpha, lam, delta=0.0, loss="logistic", rho=1.0) -> dict[str, float]:
    if loss == "square":
        channel = random_features.square("classification", delta, rho)
    else:
        channel = {"logistic": random_features.logistic, "hinge": random_features.hinge}[loss](delta, rho)
    V, q, m = 1.0, 0.5 * rho, 0.1 * rho
    for _ in range(5000):
        c, r, t = channel(V, q, m)
        new_V = 1 / (lam + alpha * c)
        new = (new_V, (rho * (alpha * t) ** 2 + alpha * r) * new_V**2, rho * alpha * t * new_V)
        moved = max(abs(a - b) / abs(a) for a, b in zip(new, (V, q, m), strict=True))
        V, q, m = (DAMPING * b + (1 - DAMPING) * a for a, b in zip(new, (V, q, m), strict=True))
        if moved < TOLERANCE:
            break
    else:
        raise RuntimeError("state evolution did not converge")
    overlap = bayes(alpha, delta)
    return {
        "v": V,
        "q": q,
        "m": m,
        "gen_error": np.arccos(m / np.sqrt(rho * q)) / np.pi,
        "q_bayes": overlap,
        "gen_error_bayes": np.arccos(np.sqrt(overlap)) / np.pi,
        "alpha_sep": separability(delta),
    }


def bayes(alpha: float, delta: float) -> float:
    """Overlap of the Bayes-optimal student: the root of x = q / (1 - q) = α E [(∂Z)² / Z]."""
    signal = 1 - 2 * delta

    def residual(log_x):
        x = np.exp(log_x)
        z = np.sqrt(x / (1 + 2 * x))
        information = signal**2 * (1 + x) / (np.pi * np.sqrt(1 + 2 * x)) * average(lambda t: 1 / (delta + signal * ndtr(z * t)))
        return np.log(alpha * information) - log_x

    x = np.exp(brentq(residual, -20, 20, xtol=1e-12))
    return x / (1 + x)


def separability(delta: float) -> float:
    """1 / min over t of E k(y t |ξ|), k(z) = E (u - z)₊² over a standard normal u; infinite without flips."""
    if delta == 0:
        return np.inf

    def squares(z):
        return (1 + z * z) * ndtr(-z) - z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)

    def needed(t):
        return average(lambda x: (1 - delta) * squares(t * abs(x)) + delta * squares(-t * abs(x)), 0.0)

    return 1 / minimize_scalar(needed, bounds=(0, 10), method="bounded", options={"xatol": 1e-7}).fun

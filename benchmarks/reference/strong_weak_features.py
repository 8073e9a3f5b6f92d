"""Strong and weak features by damped state evolution (d'Ascoli, Gabrié, Sagun & Biroli 2021) over a block resolvent.

With Ω = κ₁² F Σ Fᵀ/D + κ⋆², R = (λ + k Ω)⁻¹, k = (α/γ) c: g = tr R / P, and Fᵀ R F / P = gₛ = g / (1 + k γ κ₁² σₛ g) in block s. Traces
of products, tr ΩRΩR = -d tr ΩR(1+s) / k ds where R(1+s) has (1+s) Ω, are numerical derivatives.
"""

import numpy as np
from scipy.optimize import brentq

from benchmarks.reference.random_features import COEFFICIENTS, DAMPING, TOLERANCE, hinge, logistic, square

STEPS, SLOPE = 1e-3 * np.array([-2, -1, 1, 2]), np.array([1, -8, 8, -1]) / 12e-3


def resolvent(lam, k, gamma, kappa, star, fractions, variances) -> tuple[float, np.ndarray]:
    """g and its value in each block."""
    strengths = k * gamma * kappa**2 * variances

    def balance(log_g):
        g = np.exp(log_g)
        return (lam + k * star) * g + np.sum(fractions * strengths * g / (1 + strengths * g)) / gamma - 1

    g = np.exp(brentq(balance, -80, -np.log(lam + k * star), xtol=1e-14, rtol=1e-14))
    return g, g / (1 + strengths * g)


def solve(
    alpha, gamma, lam, delta=0.0, task="classification", loss="square", activation="relu", rho=1.0, phi1=0.01, rx=100.0, rb=100.0
) -> dict[str, float]:
    kappa, star = COEFFICIENTS[activation]  # at mean input variance 1
    fractions = np.array([phi1, 1 - phi1])
    variances = np.array([rx, 1.0]) / (phi1 * rx + 1 - phi1)
    teacher = np.array([rb, 1.0]) * rho / np.sum(fractions * variances * [rb, 1.0])
    linear, signal = kappa**2 * fractions * variances, alpha * kappa**2 * fractions * variances**2 * teacher
    channel = square(task, delta, rho) if loss == "square" else {"logistic": logistic, "hinge": hinge}[loss](delta, rho)
    V, q, m = 1.0, 0.5 * rho, 0.1 * rho
    for _ in range(20_000):
        c, r, t = channel(V, q, m)
        g, inner = resolvent(lam, alpha / gamma * c, gamma, kappa, star, fractions, variances)
        around = [resolvent(lam, alpha / gamma * c * (1 + s), gamma, kappa, star, fractions, variances) for s in STEPS]
        g_slope, inner_slope = SLOPE @ [g for g, _ in around], SLOPE @ [inner for _, inner in around]
        new = (
            star * g + linear @ inner,
            -(r * (star * g_slope + linear @ inner_slope) + t**2 * (signal @ inner_slope)) / c,
            t * (signal @ inner),
        )
        moved = max(abs(a - b) / abs(a) for a, b in zip(new, (V, q, m), strict=True))
        V, q, m = (DAMPING * b + (1 - DAMPING) * a for a, b in zip(new, (V, q, m), strict=True))
        if moved < TOLERANCE:
            break
    else:
        raise RuntimeError("state evolution did not converge")
    result = {"v": V, "q": q, "m": m}
    if loss == "square":
        result["train_loss"] = channel(V, q, m)[1] / 2
    if task == "regression":
        result["gen_mse"] = rho - 2 * m + q
    else:
        result["gen_error"] = np.arccos(m / np.sqrt(rho * q)) / np.pi
    return result

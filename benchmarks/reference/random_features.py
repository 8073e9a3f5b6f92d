"""Random features by damped state evolution over the Marchenko–Pastur spectrum (Gerace et al. 2020; Loureiro et al. 2021).

With W = F Fᵀ/D, Ω = κ₁² W + κ⋆², R = (λ + (α/γ) c Ω)⁻¹ and channel averages c = -E ∂f, r = E f², t:
V = tr ΩR / P,   m = α κ₁² ρ t tr WR / P,   q = (α/γ) r tr Ω²R² / P + (α²/γ) κ₁² ρ t² tr WΩR² / P.
"""

import numpy as np
from scipy.integrate import quad_vec
from scipy.optimize import brentq
from scipy.special import expit, ndtr

COEFFICIENTS = {  # κ₁, κ⋆²
    "relu": (0.5, 0.25 - 1 / (2 * np.pi)),
    "erf": (2 / np.sqrt(3 * np.pi), 2 / np.pi * np.arcsin(2 / 3) - 4 / (3 * np.pi)),
}
DAMPING, TOLERANCE = 0.5, 1e-10


def spectrum(gamma: float, nodes: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of W and their weights: trapezoidal rule in the angle, exact to rounding, and the atom at zero."""
    angle = np.pi * (np.arange(nodes) + 0.5) / nodes
    values = 1 + gamma + 2 * np.sqrt(gamma) * np.cos(angle)
    weights = 2 * np.sin(angle) ** 2 / values / nodes
    return np.append(values, 0.0), np.append(weights, 1 - weights.sum())


def solve(alpha, gamma, lam, delta=0.0, task="regression", loss="square", activation="relu", rho=1.0) -> dict[str, float]:
    kappa, star = COEFFICIENTS[activation]
    W, weights = spectrum(gamma)
    omega = kappa**2 * W + star
    channel = square(task, delta, rho) if loss == "square" else {"logistic": logistic, "hinge": hinge}[loss](delta, rho)
    V, q, m = 1.0, 0.5 * rho, 0.1 * rho
    for _ in range(20_000):
        c, r, t = channel(V, q, m)
        R = 1 / (lam + alpha / gamma * c * omega)
        new = (
            weights @ (omega * R),
            alpha / gamma * r * (weights @ (omega * R) ** 2) + alpha**2 / gamma * (kappa * t) ** 2 * rho * (weights @ (W * omega * R**2)),
            alpha * kappa**2 * rho * t * (weights @ (W * R)),
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


def square(task, delta, rho):
    signal, power = (1.0, rho + delta) if task == "regression" else ((1 - 2 * delta) * np.sqrt(2 / (np.pi * rho)), 1.0)
    return lambda V, q, m: (1 / (1 + V), (power - 2 * signal * m + q) / (1 + V) ** 2, signal / (1 + V))


def logistic(delta, rho):
    def force(omega, V):
        p = brentq(lambda p: p - omega - V * expit(-p), omega, omega + V + 1e-12, xtol=1e-13)
        slope = expit(p) * expit(-p)
        return expit(-p), -slope / (1 + V * slope)

    return sign_teacher(force, lambda V: (), delta, rho)


def hinge(delta, rho):
    def force(omega, V):
        if omega < 1 - V:
            return 1.0, 0.0
        return ((1 - omega) / V, -1 / V) if omega < 1 else (0.0, 0.0)

    return sign_teacher(force, lambda V: (1 - V, 1.0), delta, rho)


def sign_teacher(force, kinks, delta, rho):
    """The channel of a margin loss whose labels are signs, flipped with probability `delta`."""

    def channel(V, q, m):
        s = np.sqrt(1 - m * m / (rho * q))

        def integrand(xi):
            f, df = force(np.sqrt(q) * xi, V)
            Z = delta + (1 - 2 * delta) * ndtr(m * xi / np.sqrt(q * rho) / s)
            narrow = np.exp(-((xi / s) ** 2) / 2) / s
            return np.array([-2 * Z * df, 2 * Z * f * f, 0.0]) * np.exp(-xi * xi / 2) + np.array(
                [0.0, 0.0, 2 * (1 - 2 * delta) / np.sqrt(2 * np.pi * rho) * f * narrow]
            )

        points = [point / np.sqrt(q) for point in kinks(V)]
        value, _ = quad_vec(integrand, -10, 10, points=points, epsabs=1e-11, epsrel=1e-11, limit=1000)
        return value / np.sqrt(2 * np.pi)

    return channel

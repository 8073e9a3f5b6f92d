"""Gaussian covariates by damped state evolution over the eigenvalues (Loureiro et al. 2021), for the power law.

With R = 1 / (λ + α c ω) and channel averages c = -E ∂f, r = E f², t: V = Σ ωR / P, m = α t Σ φ²R,
q = α² t² Σ ωφ²R² + α r Σ ω²R² / P.
"""

import numpy as np

from benchmarks.reference.random_features import DAMPING, TOLERANCE, hinge, logistic, square


def solve(n, lam=0.1, delta=0.0, P=200, a=1.0, b=1.0, explained=1.0, task="regression", loss="square") -> dict[str, float]:
    k = np.arange(1, P + 1.0)
    omega = k**-a / np.mean(k**-a)
    phi_sq = omega**2 * k**-b
    phi_sq *= explained / np.sum(phi_sq / omega)
    return iterate(omega, phi_sq, 1.0, n / P, lam, delta, task, loss)


def iterate(omega, phi_sq, rho, alpha, lam, delta, task, loss) -> dict[str, float]:
    """Eigenvalues and squared target components, (P,)."""
    channel = square(task, delta, rho) if loss == "square" else {"logistic": logistic, "hinge": hinge}[loss](delta, rho)
    V, q, m = 1.0, 0.5 * rho, 0.1 * rho
    for _ in range(20_000):
        c, r, t = channel(V, q, m)
        R = 1 / (lam + alpha * c * omega)
        new = (
            np.mean(omega * R),
            alpha**2 * t**2 * np.sum(omega * phi_sq * R**2) + alpha * r * np.mean(omega**2 * R**2),
            alpha * t * np.sum(phi_sq * R),
        )
        moved = max(abs(x - y) / abs(x) for x, y in zip(new, (V, q, m), strict=True))
        V, q, m = (DAMPING * y + (1 - DAMPING) * x for x, y in zip(new, (V, q, m), strict=True))
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

r"""Where gradient descent ends: the minimum of a convex loss on a mixture of two Gaussian clusters (Mignacco et al. 2020).

With $\omega=m+\sqrt{\Delta q}\,x$, $x\sim N(0,1)$, and $h$ the proximal point, $h+V\ell'(h)=\omega$:
$V=\Delta/(\lambda+\alpha\Delta\,E[\ell''/(1+V\ell'')])$, $m=-(\alpha V/\Delta)E\,\ell'$, $q-m^2=(\alpha V^2/\Delta)E\,\ell'^2$.
"""

import math

import numpy as np
from numba import njit

from engine.dynamics.dmft_weights import LOGISTIC
from engine.model import ConvergenceError
from engine.numerics.gaussian import cdf, inverse_mills_excess
from engine.numerics.sign_teacher import logistic_prox

STEP = 0.7
"""Of the trapezoidal rule in ω. The prox of the logistic loss is analytic up to |Im ω| = π: the error is exp(-2π²/STEP) ~ 1e-12."""


@njit(cache=True, nogil=True)
def square_hinge_averages(V, m, spread):
    r"""$E[\ell''/(1+V\ell'')]$, $E\,\ell'$, $E\,\ell'^2$: moments of a truncated Gaussian."""
    u = (m - 1.0) / spread
    tail, excess = cdf(-u), inverse_mills_excess(u)
    return tail / (1.0 + V), -spread * tail * excess / (1.0 + V), spread**2 * tail * (1.0 - u * excess) / (1.0 + V) ** 2


@njit(cache=True, nogil=True)
def logistic_averages(V, m, spread):
    r"""$E[\ell''/(1+V\ell'')]$, $E\,\ell'$, $E\,\ell'^2$."""
    half = max(30, min(20_000, math.ceil(9.0 * spread / STEP)))
    total = curvature = first = second = 0.0
    for i in range(-half, half + 1):
        x = 9.0 * i / half
        weight = math.exp(-0.5 * x * x)
        omega = m + spread * x
        h = logistic_prox(omega, V, 1e-15 * (1.0 + abs(omega)))
        slope = -1.0 / (1.0 + math.exp(h)) if h < 700.0 else 0.0
        bend = -slope * (1.0 + slope)
        total += weight
        curvature += weight * bend / (1.0 + V * bend)
        first += weight * slope
        second += weight * slope * slope
    return curvature / total, first / total, second / total


@njit(cache=True, nogil=True)
def saddle_map(loss, alpha, delta, lam, V, m, spread2):
    r"""The right-hand sides of V, m and $q-m^2$, at $V$, $m$ and $q-m^2$ = spread2."""
    spread = math.sqrt(delta * (m * m + spread2))
    averages = logistic_averages(V, m, spread) if loss == LOGISTIC else square_hinge_averages(V, m, spread)
    return (
        delta / (lam + alpha * delta * averages[0]),
        -alpha * V / delta * averages[1],
        alpha * V * V / delta * averages[2],
    )


@njit(cache=True, nogil=True)
def damped_sweeps(loss, alpha, delta, lam, sweeps):
    """V, m and q - m² after so many sweeps, (3,)."""
    V, m, rest = delta / (lam + alpha * delta), 0.5, 0.5
    for _ in range(sweeps):
        new = saddle_map(loss, alpha, delta, lam, V, m, rest)
        V, m, rest = math.sqrt(V * new[0]), 0.5 * (m + new[1]), 0.5 * (rest + new[2])
    return np.array([V, m, rest])


def minimum(loss: int, alpha: float, delta: float, lam: float, sweeps: int) -> tuple[float, float] | None:
    """m and q - m², by Powell's method started from so many damped sweeps; None where it fails."""
    from scipy.optimize import root

    def residual(logs):
        V, m, rest = np.exp(np.clip(logs, -40.0, 40.0))
        return [math.log(max(new, 1e-300)) - log for new, log in zip(saddle_map(loss, alpha, delta, lam, V, m, rest), logs, strict=True)]

    start = np.log(damped_sweeps(loss, alpha, delta, lam, sweeps))
    found = root(residual, start, method="hybr", options={"xtol": 1e-13})
    if np.abs(found.fun).max() > 1e-8:
        return None
    _, m, rest = np.exp(found.x)
    return float(m), float(rest)


def square_minimum(alpha: float, delta: float, lam: float) -> tuple[float, float]:
    """m and q of ridge regression (lam > 0, or alpha > 1)."""
    b = lam + (alpha - 1.0) * delta
    root = math.hypot(b, 2.0 * math.sqrt(lam * delta))
    V = 2.0 * delta / (b + root) if b > 0.0 else (root - b) / (2.0 * lam)  # of lam V² + b V = delta
    gain = alpha * V / (delta * (1.0 + V))
    m = gain / (1.0 + gain)
    pull = alpha * V * V / (delta * (1.0 + V) ** 2)
    return m, (m * m + pull * (1.0 - m) ** 2) / (1.0 - pull * delta)


def end_point(loss: str, kind: int, alpha: float, delta: float, lam: float) -> tuple[float, float]:
    """m and q of the minimum (lam > 0, or square loss and alpha > 1). ConvergenceError where it is not found."""
    if loss == "square":
        return square_minimum(alpha, delta, lam)
    for sweeps in (40, 400, 4000):
        found = minimum(kind, alpha, delta, lam, sweeps)
        if found:
            return found[0], found[0] ** 2 + found[1]
    raise ConvergenceError(f"the minimum of the {loss} loss was not found at alpha={alpha:g}, delta={delta:g}, lam={lam:g}")

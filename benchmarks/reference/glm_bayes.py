"""Bayes-optimal learning and AMP (Barbier et al. 2019): trapezoid sums on dense grids, brentq on the curve α(q̂) = q̂ / F.

Noisy |z| and ReLU: the double integral over ω and y as it stands. Orthogonal rows (Takeda et al. 2006): the same curve.
"""

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit, log_ndtr, ndtr, xlogy
from scipy.stats import norm

X = np.linspace(-12, 12, 4001)
DX = X[1] - X[0]
G = DX * norm.pdf(X)
FIRST, LAST, LAST_DOOR = np.log((1e-4, 500.0, 8.0))  # of q̂; at the edges of a door the sums need v > 0.01


def average(values: np.ndarray) -> np.ndarray:
    """Over a standard normal, along the last axis."""
    return values @ G


def weights(qhat: float, prior: str, rho: float) -> tuple[float, float]:
    """(v, J): error and information of one weight seen through a Gaussian channel of signal-to-noise ratio q̂."""
    if prior == "gaussian" or (prior == "gauss-bernoulli" and rho == 1.0):
        return 1 / (1 + qhat), 0.5 * np.log1p(qhat)
    if prior == "rademacher":
        root = np.sqrt(qhat)
        scale = max(1.0, root)
        v = np.exp(-0.5 * qhat) * DX / scale * np.sum(norm.pdf(X * 4 / scale) / np.cosh(root * X * 4 / scale)) * 4
        field = qhat + root * X
        return v, qhat - average(np.logaddexp(field, -field) - np.log(2))
    t = np.log(rho / (1 - rho)) - 0.5 * np.log1p(qhat) + 0.5 * qhat * X**2
    v = rho * (1 + qhat * average(X**2 * expit(-t))) / (1 + qhat)
    return v, np.nan


def spin_error() -> CubicSpline:
    """Error of a spin against the root of the signal-to-noise ratio."""
    b = np.linspace(0, 25, 2001)
    return CubicSpline(b, [weights(x * x, "rademacher", 1.0)[0] for x in b])


def channel(q: float, v: float, name: str, delta: float, width: float, spin: CubicSpline | None) -> tuple[float, float]:
    """(F, Ψ); Ψ of ±1 labels only."""
    s = np.sqrt(v + delta)
    if name == "linear":
        return 1 / s**2, np.nan
    if name == "sign":
        u = X * s / np.sqrt(s**2 + 2 * q)  # the Gaussian of ω times that of φ²
        F = (
            np.sum(norm.pdf(u * np.sqrt(q) / s) ** 2 * norm.pdf(u) / (ndtr(u * np.sqrt(q) / s) * ndtr(-u * np.sqrt(q) / s)))
            * (u[1] - u[0])
            / s**2
        )
        omega = X * np.sqrt(q) / s
        return F, 2 * average(ndtr(omega) * log_ndtr(omega))
    if name == "door":
        omega = X * np.sqrt(q)
        near, far = (width - omega) / s, (-width - omega) / s
        inside, outside = ndtr(near) - ndtr(far), ndtr(-near) + ndtr(far)
        slope = (norm.pdf(near) - norm.pdf(far)) / s
        both = np.maximum(inside * outside, 1e-300)
        return average(slope**2 / both), average(xlogy(inside, inside) + xlogy(outside, outside))
    if name == "abs" and delta == 0:
        return (1 - (q + v) / v * average(X**2 * spin(np.abs(X) * np.sqrt(q / v)))) / v, np.nan
    if name == "relu" and delta == 0:
        t = X * np.sqrt(q / v)
        return (0.5 + average(np.exp(2 * norm.logpdf(t) - log_ndtr(-t)))) / v, np.nan
    return noisy(q, v, name, delta), np.nan


def panels(edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre nodes and weights, 12 between every two edges."""
    x, w = np.polynomial.legendre.leggauss(12)
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


def noisy(q: float, v: float, name: str, delta: float) -> float:
    """F = E g² of |z| + noise or max(z, 0) + noise."""
    s, noise = np.sqrt(v + delta), np.sqrt(delta)
    omega = np.linspace(-9, 9, 301)[:, None] * np.sqrt(q)
    end = 9 * (s + np.sqrt(q))
    y, dy = panels(np.concatenate([np.linspace(-9, 9, 13) * noise, np.linspace(9 * noise, end, 2 + int(3 * end / s))[1:]]))

    def half(sign):
        """Density of y and z > 0 (for the slope `sign` of the output), and its derivative in ω."""
        centre = sign * omega
        a = (centre * delta + y * v) / (s * np.sqrt(v) * noise)
        density = norm.pdf((y - centre) / s) / s
        return density * ndtr(a), sign * density * ((y - centre) / s**2 * ndtr(a) + norm.pdf(a) * noise / (s * np.sqrt(v)))

    Z, slope = half(1)
    other = half(-1)
    if name == "relu":
        flat = norm.pdf(y / noise) / noise
        other = flat * ndtr(-omega / np.sqrt(v)), -flat * norm.pdf(omega / np.sqrt(v)) / np.sqrt(v)
    Z, slope = Z + other[0], slope + other[1]
    inner = np.where(Z > 1e-250, slope**2 / np.maximum(Z, 1e-250), 0.0) @ dy
    return float(inner @ norm.pdf(omega[:, 0] / np.sqrt(q)) * (omega[1, 0] - omega[0, 0]) / np.sqrt(q))


def curve(
    values, prior="rademacher", channel_="sign", delta=0.0, sparsity=1.0, width=0.6744897501960817, count=400
) -> dict[str, np.ndarray]:
    """Errors of optimum and AMP, and thresholds of problems without noise, at the loads `values`."""
    rho = sparsity if prior == "gauss-bernoulli" else 1.0
    spin = spin_error() if channel_ == "abs" and delta == 0 else None

    def load(y):
        v, _ = weights(np.exp(y), prior, rho)
        return np.exp(y) / channel(rho - v, v, channel_, delta, width, spin)[0]

    y = (
        np.linspace(FIRST, LAST_DOOR if channel_ == "door" else LAST, count)
        if delta == 0
        else np.linspace(np.log(0.05), np.log(100.0), count)
    )
    loads = np.array([load(place) for place in y])
    top = int(np.argmax(loads))
    alg = it = np.nan
    if delta == 0 and 0 <= top < count - 1:
        peak = minimize_scalar(
            lambda place: -load(place), bounds=(y[max(top - 1, 0)], y[top + 1]), method="bounded", options={"xatol": 1e-7}
        )
        alg = -peak.fun
        y, loads = np.append(y[: top + 1 if y[top] < peak.x else top], peak.x), None
        loads = np.array([load(place) for place in y])

    def amp(alpha):
        """(q̂, v) where AMP stops; (∞, 0) beyond the spinodal."""
        above = np.flatnonzero(loads >= alpha)
        if not above.size:
            return np.inf, 0.0
        if above[0] == 0:
            return 0.0, rho
        qhat = np.exp(brentq(lambda place: load(place) - alpha, y[above[0] - 1], y[above[0]], xtol=1e-12))
        return qhat, weights(qhat, prior, rho)[0]

    def advantage(alpha):
        """Free entropy of AMP's state minus that of the perfect one, -ln 2."""
        qhat, v = amp(alpha)
        return alpha * channel(1 - v, v, channel_, delta, width, spin)[1] - weights(qhat, prior, rho)[1] + 0.5 * v * qhat + np.log(2)

    if np.isfinite(alg):
        it = brentq(advantage, 0.5 * alg, alg * (1 - 1e-9), xtol=1e-10) if prior == "rademacher" else {"relu": 2 * rho}.get(channel_, rho)
    stopped = np.array([amp(alpha)[1] for alpha in values])
    best = np.where(np.asarray(values) > it, 0.0, stopped)
    return {"mmse_amp": stopped, "mmse": best, "alpha_it": np.full(len(values), it), "alpha_alg": np.full(len(values), alg)}


def along(values, **parameters) -> dict[str, np.ndarray]:
    """`curve` under the engine's names."""
    return curve(values, channel_=parameters.pop("channel", "sign"), **parameters)


def noisy_along(values, **parameters) -> dict[str, np.ndarray]:
    """Without a hard phase: errors alone."""
    found = curve(values, channel_=parameters.pop("channel"), count=12, **parameters)
    return {"mmse_amp": found["mmse_amp"], "mmse": found["mmse_amp"]}


def orthogonal(values, prior="gauss-bernoulli", sparsity=0.3, delta=0.01) -> dict[str, np.ndarray]:
    """Row-orthogonal measurements without a hard phase: α = q̂ [v + Δ (1 - v q̂)] up to α = 1."""

    def residual(y, alpha):
        qhat = np.exp(y)
        v = weights(qhat, prior, sparsity)[0]
        return qhat * (v + delta * (1 - v * qhat)) - alpha

    qhat = [np.exp(brentq(residual, -20, -np.log(delta), (alpha,), xtol=1e-12)) for alpha in values]
    return {"qhat": np.array(qhat), "mmse": np.array([weights(x, prior, sparsity)[0] for x in qhat])}

"""The self-consistent equations of Gerace et al. 2020, iterated plainly: spectral averages over the Marchenko-Pastur law, no resolvent
eliminated, the channel on a grid of the field. Slow, and independent of the engine."""

import numpy as np
from scipy.special import expit, ndtr

XI = np.linspace(-9.0, 9.0, 4001)
DENSITY = np.exp(-0.5 * XI**2) / np.sqrt(2 * np.pi) * (XI[1] - XI[0])


def marchenko_pastur(gamma):
    """Eigenvalues s and weights (sum 1) of F F^T / D, P x P, P = gamma D; Chebyshev nodes for the bulk."""
    theta = (np.arange(4000) + 0.5) * np.pi / 4000
    low, high = (1 - np.sqrt(gamma)) ** 2, (1 + np.sqrt(gamma)) ** 2
    s = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(theta)
    weight = (0.5 * (high - low) * np.sin(theta)) ** 2 / (2 * np.pi * gamma * s) * np.pi / 4000
    if gamma > 1:
        s, weight = np.append(s, 0.0), np.append(weight, 1 - 1 / gamma)
    return s, weight


def proximal(loss, omega, V):
    """argmin_h loss(h) + (h - omega)^2 / 2V for the label +1."""
    if loss == "hinge":
        return np.where(omega < 1 - V, omega + V, np.maximum(omega, 1.0))
    low, high = omega, omega + V
    for _ in range(70):
        p = 0.5 * (low + high)
        above = p - V * expit(-p) > omega
        low, high = np.where(above, low, p), np.where(above, p, high)
    return 0.5 * (low + high)


def channel(loss, V, q, m, delta, rho):
    """(c, r, t) of a margin loss with a flipped sign teacher."""
    angle = m / np.sqrt(rho * q)
    share = np.sqrt(1 - angle**2)
    omega = np.sqrt(q) * XI
    p = proximal(loss, omega, V)
    f = (p - omega) / V
    Z = delta + (1 - 2 * delta) * ndtr(XI * angle / share)
    if loss == "hinge":  # by parts, since f' jumps
        steep = angle / share
        Z_slope = (1 - 2 * delta) * steep * np.exp(-0.5 * (steep * XI) ** 2) / np.sqrt(2 * np.pi)
        c = -2 * DENSITY @ (f * (XI * Z - Z_slope)) / np.sqrt(q)
    else:
        s = expit(p) * expit(-p)
        c = 2 * DENSITY @ (Z * s / (1 + V * s))
    narrow = np.sqrt(q) * share * XI
    t = (1 - 2 * delta) * np.sqrt(2 / (np.pi * rho)) * DENSITY @ ((proximal(loss, narrow, V) - narrow) / V)
    return c, 2 * DENSITY @ (Z * f**2), t


def iterate(loss, alpha, gamma, lam, delta, kappa1, kappastar, rho=1.0, classify=True):
    """Fixed point (V, q, m) by damped iteration to 1e-10."""
    s, weight = marchenko_pastur(gamma)
    omega = kappa1**2 * s + kappastar**2
    k = alpha / gamma
    V, q, m = 1.0, 0.5, 0.1
    for _ in range(20_000):
        if loss == "square":
            t = ((1 - 2 * delta) * np.sqrt(2 / (np.pi * rho)) if classify else 1.0) / (1 + V)
            residual = (1.0 if classify else rho + delta) - 2 * t * (1 + V) * m + q
            c, r = 1 / (1 + V), residual / (1 + V) ** 2
        else:
            c, r, t = channel(loss, V, q, m, delta, rho)
        inverse = 1 / (lam + k * c * omega)
        new = (
            weight @ (omega * inverse),
            k * r * weight @ (omega * inverse) ** 2 + alpha * k * t**2 * kappa1**2 * rho * weight @ (s * omega * inverse**2),
            alpha * t * kappa1**2 * rho * weight @ (s * inverse),
        )
        if max(abs(a - b) / (abs(a) + 1e-12) for a, b in zip(new, (V, q, m), strict=True)) < 1e-10:
            return new
        V, q, m = (0.5 * (a + b) for a, b in zip(new, (V, q, m), strict=True))
    raise AssertionError("the plain iteration did not converge")

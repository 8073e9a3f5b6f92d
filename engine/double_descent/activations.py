r"""Activations of random features and the coefficients of their Gaussian equivalent.

A feature $\sigma(z)$, $z\sim N(0,v)$, acts like $\kappa_0+\kappa_1z+\kappa_\star\xi$ with an independent standard Gaussian $\xi$:
$\kappa_0=E\sigma$, $\kappa_1=E\,z\sigma/v$, $\kappa_\star^2=E\sigma^2-\kappa_0^2-\kappa_1^2v$ (Goldt et al. 2020, Mei & Montanari 2019).
"""

import math
from functools import lru_cache

import numpy as np
from scipy.special import erf

ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "erf": erf,
    "tanh": np.tanh,
    "sign": np.sign,
    "linear": lambda z: z,
    "abs": np.abs,
}

MEANS = {"relu": 1.0 / math.sqrt(2.0 * math.pi), "abs": math.sqrt(2.0 / math.pi)}
"""kappa_0 at v = 1 where it is not zero; it is proportional to sqrt(v)."""


def _tanh_coefficients(v: float) -> tuple[float, float]:
    """By the trapezoidal rule, which converges exponentially for an analytic integrand: its poles are at i pi / 2 sqrt(v) times odd numbers."""
    step = min(1.0 / 32.0, 0.25 / math.sqrt(v))
    xi = step * np.arange(-math.ceil(12.5 / step), math.ceil(12.5 / step) + 1)
    weight = step * np.exp(-0.5 * xi * xi) / math.sqrt(2.0 * math.pi)
    z = math.sqrt(v) * xi
    kappa1 = float(weight @ (z * np.tanh(z))) / v
    return kappa1, math.sqrt(weight @ (np.tanh(z) - kappa1 * z) ** 2)


def _erf_coefficients(v: float) -> tuple[float, float]:
    """(2/pi) (arcsin s - s), s = 2 v / (1 + 2 v), is kappa_star^2; by its power series where the difference would cancel."""
    s = 2.0 * v / (1.0 + 2.0 * v)
    excess, term = math.asin(s) - s, s
    if s < 0.5:
        excess = 0.0
        for n in range(1, 40):
            term *= (2 * n - 1) / (2 * n) * s * s
            excess += term / (2 * n + 1)
    return 2.0 / math.sqrt(math.pi * (1.0 + 2.0 * v)), math.sqrt(2.0 / math.pi * excess)


@lru_cache(4096)
def coefficients(activation: str, v: float) -> tuple[float, float]:
    """(kappa_1, kappa_star) of one of ACTIVATIONS at preactivations of variance v > 0."""
    if activation == "tanh":
        return _tanh_coefficients(v)
    if activation == "erf":
        return _erf_coefficients(v)
    kappa1, kappastar = {
        "relu": (0.5, math.sqrt(0.25 - 0.5 / math.pi)),
        "sign": (math.sqrt(2.0 / math.pi), math.sqrt(1.0 - 2.0 / math.pi)),
        "linear": (1.0, 0.0),
        "abs": (0.0, math.sqrt(1.0 - 2.0 / math.pi)),
    }[activation]
    return (kappa1 / math.sqrt(v), kappastar) if activation == "sign" else (kappa1, kappastar * math.sqrt(v))


COEFFICIENTS = {name: coefficients(name, 1.0) for name in ACTIVATIONS}
"""(kappa_1, kappa_star) of each activation for inputs of variance 1."""

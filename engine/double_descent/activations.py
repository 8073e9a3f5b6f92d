r"""Activations of random features and the coefficients of their Gaussian equivalent.

A feature $\sigma(z)$, $z\sim N(0,1)$, acts like $\kappa_0+\kappa_1z+\kappa_\star\xi$ with an independent Gaussian $\xi$:
$\kappa_0=E\sigma$, $\kappa_1=E\,z\sigma$, $\kappa_\star^2=E\sigma^2-\kappa_0^2-\kappa_1^2$ (Goldt et al. 2020, Mei & Montanari 2019).
"""

import math

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


def _tanh_coefficients() -> tuple[float, float]:
    """By the trapezoidal rule, which converges exponentially for an analytic integrand."""
    z = np.arange(-400, 401) / 32.0
    weight = np.exp(-0.5 * z * z) / (32.0 * math.sqrt(2.0 * math.pi))
    kappa1 = float(weight @ (z * np.tanh(z)))
    return kappa1, math.sqrt(weight @ (np.tanh(z) - kappa1 * z) ** 2)


COEFFICIENTS = {
    "relu": (0.5, math.sqrt(0.25 - 0.5 / math.pi)),
    "erf": (2.0 / math.sqrt(3.0 * math.pi), math.sqrt(2.0 / math.pi * (math.asin(2.0 / 3.0) - 2.0 / 3.0))),
    "tanh": _tanh_coefficients(),
    "sign": (math.sqrt(2.0 / math.pi), math.sqrt(1.0 - 2.0 / math.pi)),
    "linear": (1.0, 0.0),
    "abs": (0.0, math.sqrt(1.0 - 2.0 / math.pi)),
}
"""(kappa_1, kappa_star) of each activation."""

MEANS = {"relu": 1.0 / math.sqrt(2.0 * math.pi), "abs": math.sqrt(2.0 / math.pi)}
"""kappa_0 where it is not zero."""

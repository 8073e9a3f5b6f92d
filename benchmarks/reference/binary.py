"""The replica-symmetric saddle of binary weights by quad and brentq (Krauth & Mézard 1989), its thresholds by brentq along the saddle."""

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from benchmarks.reference.gaussian import average, log_tail, mills


def sech(x: float) -> float:
    return 1 / np.cosh(x)


def saddle(log_qhat: float, kappa: float) -> tuple[float, float]:
    """(q, α) on the saddle."""
    qhat = np.exp(log_qhat)
    q = average(lambda z: np.tanh(np.sqrt(qhat) * z) ** 2, 0.0)
    return q, qhat * (1 - q) / average(lambda t: mills(field(t, q, kappa)) ** 2, -kappa / np.sqrt(q))


def field(t: float, q: float, kappa: float) -> float:
    return (kappa + np.sqrt(q) * t) / np.sqrt(1 - q)


def entropy(log_qhat: float, kappa: float) -> float:
    q, alpha = saddle(log_qhat, kappa)
    qhat = np.exp(log_qhat)
    binary = average(lambda z: np.logaddexp(np.sqrt(qhat) * z, -np.sqrt(qhat) * z), 0.0)
    return -qhat * (1 - q) / 2 + binary + alpha * average(lambda t: log_tail(field(t, q, kappa)), -kappa / np.sqrt(q))


def replicon(log_qhat: float, kappa: float) -> float:
    q, alpha = saddle(log_qhat, kappa)
    weights = average(lambda z: sech(np.exp(log_qhat / 2) * z) ** 4, 0.0)
    patterns = average(lambda t: (mills(u := field(t, q, kappa)) * (mills(u) - u)) ** 2, -kappa / np.sqrt(q))
    return alpha / (1 - q) ** 2 * weights * patterns


@lru_cache
def thresholds(kappa: float) -> dict[str, float]:
    """Where the entropy vanishes and where the saddle becomes unstable; once per curve over α."""
    zero = brentq(lambda y: entropy(y, kappa), -5, 6, xtol=1e-12)
    unstable = brentq(lambda y: replicon(y, kappa) - 1, -5, 6, xtol=1e-12)
    return {"alpha_c": saddle(zero, kappa)[1], "alpha_at": saddle(unstable, kappa)[1]}


def solve(alpha: float, kappa: float = 0.0) -> dict[str, float]:
    y = brentq(lambda y: saddle(y, kappa)[1] - alpha, -12, 6, xtol=1e-12)
    point = {"q": saddle(y, kappa)[0], "qhat": np.exp(y), "entropy": entropy(y, kappa), "replicon": replicon(y, kappa)}
    return point | thresholds(kappa)

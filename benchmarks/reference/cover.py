"""Cover's counting by scipy.stats.binom."""

from functools import lru_cache

import numpy as np
from scipy.stats import binom


def separable(N: int, D: int) -> float:
    """Probability that N points in D dimensions with random labels are separable."""
    return binom.cdf(D - 1, N - 1, 0.5) if N > D else 1.0


@lru_cache
def level(p: float, D: int) -> float:
    """Load at which the probability is p, once per curve over α: integer bisection, linear interpolation between neighbours."""
    low, high = D, 3 * D + 100
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if separable(middle, D) >= p else (low, middle)
    return (low + (separable(low, D) - p) / (separable(low, D) - separable(high, D))) / D


def solve(alpha: float, D: int) -> dict[str, float]:
    N = int(np.floor(alpha * D + 0.5))
    p = separable(N, D)
    return {
        "p_sep": p,
        "log10_p_sep": np.log10(p),
        "log10_p_fail": binom.logsf(D - 1, N - 1, 0.5) / np.log(10) if N > D else np.nan,
        "alpha_90": level(0.9, D),
        "alpha_50": level(0.5, D),
        "alpha_10": level(0.1, D),
    }

"""Margins of finite samples, shared by the experiments of the chapter."""

import numpy as np
from scipy.optimize import nnls

from engine.model import Estimate

SEPARABLE = 1e-7
"""Patterns are separable when their hull keeps this distance, in units of sqrt(D), from the origin (rounding leaves 1e-15)."""


def max_margin(patterns: np.ndarray) -> tuple[float, np.ndarray]:
    r"""The maximal margin $\kappa=\max_{|w|^2=D}\min_\mu w\cdot\xi^\mu/\sqrt D$ of sign-free patterns `patterns` (N, D), where it is positive.

    It is the distance from the origin to the convex hull of the rows, found by one non-negative least squares:
    $\min_{p\ge0}|\xi^Tp|^2+(\mathbf 1\cdot p-1)^2$. Returns (margin, p): p (N,), summing to 1, is positive on the support vectors, and
    the optimal weights are proportional to $\xi^Tp$. A margin of 0 (to rounding) means that the patterns are not separable.
    """
    count, dimension = patterns.shape
    target = np.zeros(dimension + 1)
    target[-1] = 1.0
    weights, _ = nnls(np.vstack([patterns.T, np.ones(count)]), target)
    weights /= weights.sum()
    return float(np.linalg.norm(patterns.T @ weights)), weights


def separable(patterns: np.ndarray) -> bool:
    """Whether some w has a positive margin on every row of `patterns` (N, D)."""
    count, dimension = patterns.shape
    return count == 0 or max_margin(patterns)[0] > SEPARABLE * np.sqrt(dimension)


def fraction(count, trials: int) -> Estimate:
    """The frequency of `count` out of `trials`, its error from the frequency with half a case added to each side: never zero."""
    count = np.asarray(count, float)
    smooth = (count + 0.5) / (trials + 1.0)
    mean, sem = count / trials, np.sqrt(smooth * (1.0 - smooth) / trials)
    return Estimate(mean, sem) if count.ndim else Estimate(float(mean), float(sem))

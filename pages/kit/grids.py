"""Abscissas that resolve what happens."""

import numpy as np


def around(peak: float, low: float, high: float, points: int, width: float) -> np.ndarray:
    """`points` from low to high, evenly spaced in the logarithm far from `peak` and ever closer within `width` of it."""
    if not low < peak < high:
        return np.geomspace(low, high, points)
    ends = (np.arcsinh(np.log(end / peak) / width) for end in (low, high))
    return np.clip(peak * np.exp(width * np.sinh(np.linspace(*ends, points))), low, high)

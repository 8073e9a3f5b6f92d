"""The ridge that minimises an error known only by its values: a search over log10(lam) that asks for several ridges at a time."""

import math
from collections.abc import Callable

import numpy as np

Errors = Callable[[np.ndarray], np.ndarray]
"""Ridges, in descending order, to their errors; both (points,)."""

RESOLUTION = 1e-12
"""Relative differences of the error below this are taken for rounding."""
STENCIL = np.arange(-2.0, 3.0)


def optimal_ridge(errors: Errors, guess: float = math.nan, reaches: tuple = ((-6, 4), (-12, 12))) -> float:
    """The lam > 0 of least error; 0 or inf where the error falls, or is lowest and level, up to that end; nan where it is level throughout.

    Looks near `guess` (> 0) first, which is safe for an error with one minimum; else on a grid over the first of `reaches` (in log10), or
    the next if that has its least error at an end. The hinge loss may have its minimum in a shallow dip beside a level stretch: it is
    looked for there.
    """
    centre = _descend(errors, math.log10(guess), 0.05) if 0.0 < guess < math.inf else math.nan
    for low, high in reaches:
        if not math.isnan(centre):
            break
        grid = np.linspace(high, low, 10 * (high - low) + 1)
        values = errors(10.0**grid)
        least = values.min()
        tied = values - least <= RESOLUTION * least
        if tied.all():
            return math.nan
        if tied[0] or tied[-1]:
            beside = grid[np.flatnonzero(~tied)[0 if tied[0] else -1]]
            centre = _descend(errors, beside, 0.05)
            if not math.isnan(centre) and errors(np.array([10.0**centre]))[0] >= least * (1.0 - RESOLUTION):
                centre = math.nan
        else:
            centre = _descend(errors, grid[int(np.argmin(values))], 0.05)
    if math.isnan(centre):
        return 0.0 if tied[-1] else math.inf
    for spacing in (0.01, 0.002):
        finer = _descend(errors, centre, spacing)
        centre = centre if math.isnan(finer) else finer
    return 10.0**centre


def _descend(errors: Errors, centre: float, spacing: float) -> float:
    """Log10 of the minimum near `centre`: five points `spacing` decades apart are moved downhill until they enclose it, then the quartic
    through them is made stationary by Newton's method. nan where the minimum is far.
    """
    for _ in range(12):
        e = errors(10.0 ** (centre - spacing * STENCIL))
        best = int(np.argmin(e))
        if 0 < best < 4:
            break
        centre -= spacing * STENCIL[best]
    else:
        return math.nan
    d1 = (e[0] - 8.0 * e[1] + 8.0 * e[3] - e[4]) / 12.0
    d2 = (-e[0] + 16.0 * e[1] - 30.0 * e[2] + 16.0 * e[3] - e[4]) / 12.0
    d3 = (-e[0] + 2.0 * e[1] - 2.0 * e[3] + e[4]) / 2.0
    d4 = e[0] - 4.0 * e[1] + 6.0 * e[2] - 4.0 * e[3] + e[4]
    t = STENCIL[best]
    for _ in range(8):
        curvature = d2 + t * (d3 + 0.5 * t * d4)
        if not curvature > 0.0:
            break
        t = min(max(t - (d1 + t * (d2 + t * (d3 / 2.0 + t * d4 / 6.0))) / curvature, -2.0), 2.0)
    return centre - spacing * t

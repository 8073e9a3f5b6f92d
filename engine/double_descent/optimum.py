"""The ridge that minimises an error, for any loss: a search over log10(lam) that asks for the error at several ridges at a time."""

import math
from collections.abc import Callable

import numpy as np

Errors = Callable[[np.ndarray], np.ndarray]
"""Ridges, in descending order, to their errors; both (points,)."""

RESOLUTION = 1e-12
"""Relative differences of the error below this are taken for rounding."""
STENCIL = np.arange(-2.0, 3.0)


def optimal_ridge(errors: Errors, guess: float = math.nan) -> float:
    """The lam > 0 of least error; 0 or inf where the error falls, or is lowest and level, up to that end; nan where it is level throughout.

    Looks near `guess` (> 0) first, and compares with both ends; else on a grid over [1e-6, 1e4], or [1e-12, 1e12] if that has its least
    error at an end. The hinge loss may have its minimum in a dip beside a level stretch, narrower than the grid: it is looked for there.
    """
    centre = _descend(errors, math.log10(guess)) if 0.0 < guess < math.inf else math.nan
    if not math.isnan(centre):
        ends = errors(np.array([1e4, 10.0**centre, 1e-6]))
        centre = centre if ends[1] == ends.min() else math.nan
    for low, high in ((-6, 4), (-12, 12)):
        if not math.isnan(centre):
            break
        grid = np.linspace(high, low, 10 * (high - low) + 1)
        values = errors(10.0**grid)
        least = values.min()
        tied = values - least <= RESOLUTION * least
        if tied.all():
            return math.nan
        at_end = tied[0] or tied[-1]
        start = grid[np.flatnonzero(~tied)[0 if tied[0] else -1] if at_end else int(np.argmin(values))]
        centre = _descend(errors, start)
        if not at_end and math.isnan(centre):
            centre = start
        elif at_end and not math.isnan(centre) and errors(np.array([10.0**centre]))[0] >= least * (1.0 - RESOLUTION):
            centre = math.nan
    if math.isnan(centre):
        return 0.0 if tied[-1] else math.inf
    return 10.0 ** _stationary(errors, _stationary(errors, centre, 0.05), 0.01)


def _descend(errors: Errors, centre: float) -> float:
    """The point, 0.05 decades apart from `centre` on, that is lower than its neighbours; nan if it is far."""
    for _ in range(12):
        best = int(np.argmin(errors(10.0 ** (centre - 0.05 * STENCIL))))
        centre -= 0.05 * STENCIL[best]
        if 0 < best < 4:
            return centre
    return math.nan


def _stationary(errors: Errors, centre: float, spacing: float) -> float:
    """Where the quartic through five errors, `spacing` decades apart around `centre`, is stationary: Newton's method from the centre."""
    e = errors(10.0 ** (centre - spacing * STENCIL))
    d1 = (e[0] - 8.0 * e[1] + 8.0 * e[3] - e[4]) / 12.0
    d2 = (-e[0] + 16.0 * e[1] - 30.0 * e[2] + 16.0 * e[3] - e[4]) / 12.0
    d3 = (-e[0] + 2.0 * e[1] - 2.0 * e[3] + e[4]) / 2.0
    d4 = e[0] - 4.0 * e[1] + 6.0 * e[2] - 4.0 * e[3] + e[4]
    t = 0.0
    for _ in range(8):
        curvature = d2 + t * (d3 + 0.5 * t * d4)
        if not curvature > 0.0:
            break
        t = min(max(t - (d1 + t * (d2 + t * (d3 / 2.0 + t * d4 / 6.0))) / curvature, -2.0), 2.0)
    return centre - spacing * t

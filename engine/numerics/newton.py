"""Newton's method in three dimensions without passing functions to kernels: the caller evaluates, this proposes where.

search = open_search(start)
while searching(search):
    valid = (write the function at search.point into `values`)
    advance(search, values, valid)
found(search), search.point

A step is halved until the next one, with the same Jacobian, would be shorter: a test that does not mind nearly marginal directions
(Deuflhard 2004). The root is found when that next step is below 1e-9, or when rounding keeps steps below 1e-6 from getting
shorter.
"""

import math
from collections import namedtuple

import numpy as np
from numba import njit

Search = namedtuple("Search", "point base values step following jacobian control")
"""Where to evaluate next, or the root; the newest accepted point and the function there; the step from it; the one after; its Jacobian;
what `point` is for, the fraction of the step taken, the length of the whole step and the number of steps so far."""

DIFFERENCE = 1e-6
"""Of the quotients that make the Jacobian; shorter steps are at the mercy of rounding."""
BASE, TRIAL, FOUND, FAILED = -1, 3, 4, 5  # 0, 1, 2: displaced along this coordinate


@njit(cache=True, nogil=True)
def open_search(start):
    """A search for a root that begins at `start` (3,)."""
    none = np.empty(3)
    return Search(start.copy(), start.copy(), none, none.copy(), none.copy(), np.empty((3, 3)), np.array([BASE, 1.0, math.inf, 0.0]))


@njit(cache=True, nogil=True)
def searching(search):
    """Whether another evaluation is wanted."""
    return search.control[0] < FOUND


@njit(cache=True, nogil=True)
def found(search):
    """Whether `search.point` is a root."""
    return search.control[0] == FOUND


@njit(cache=True, nogil=True)
def newton_step(jacobian, values, step):
    """Write the solution of the 3 x 3 system jacobian step = -values into `step`; returns its largest entry, nan where it is singular."""
    determinant = 0.0
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        step[a] = 0.0
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            cofactor = jacobian[j, b] * jacobian[k, c] - jacobian[j, c] * jacobian[k, b]
            step[a] -= cofactor * values[i]
            determinant += cofactor * jacobian[i, a] / 3.0
    for a in range(3):
        step[a] = step[a] / determinant if determinant != 0.0 else math.nan
    return max(abs(step[0]), abs(step[1]), abs(step[2]))


@njit(cache=True, nogil=True)
def copy(source, target):
    """Write `source` into `target`, both (3,); a loop compiles faster than assigning slices."""
    for i in range(3):
        target[i] = source[i]


@njit(cache=True, nogil=True)
def displace(search, coordinate):
    """Propose the newest accepted point, displaced along one coordinate."""
    copy(search.base, search.point)
    search.point[coordinate] += DIFFERENCE
    search.control[0] = coordinate


@njit(cache=True, nogil=True)
def propose(search, fraction):
    """Propose to take a fraction of the step."""
    for i in range(3):
        search.point[i] = search.base[i] + fraction * search.step[i]
    search.control[0], search.control[1] = TRIAL, fraction


@njit(cache=True, nogil=True)
def advance(search, values, valid):
    """Take in the function at `search.point`, (3,), `valid` unless the point is absurd, and write the next point there."""
    control, base = search.control, search.base
    purpose = int(control[0])
    if purpose == BASE:
        copy(values, search.values)
        if valid:
            displace(search, 0)
        else:
            control[0] = FAILED
    elif purpose < TRIAL:
        for i in range(3):
            search.jacobian[i, purpose] = (values[i] - search.values[i]) / DIFFERENCE
        if purpose + 1 < TRIAL:
            displace(search, purpose + 1)
        else:
            control[2] = newton_step(search.jacobian, search.values, search.step)
            propose(search, min(1.0, 4.0 / control[2]) if control[2] > 0.0 else 1.0)
    else:
        ahead = newton_step(search.jacobian, values, search.following) if valid else math.inf
        if ahead < 1e-9:
            for i in range(3):
                search.point[i] += search.following[i]
            control[0] = FOUND
        elif ahead < control[2] and control[3] < 59.0:
            copy(search.point, base)
            copy(values, search.values)
            control[3] += 1.0
            displace(search, 0)
        elif 0.5 * control[1] > 1e-4 and not ahead < control[2]:
            propose(search, 0.5 * control[1])
        else:
            copy(base, search.point)
            control[0] = FOUND if control[2] < DIFFERENCE else FAILED

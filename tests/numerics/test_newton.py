import math

import numpy as np
from numba import njit

from engine.numerics.newton import advance, found, open_search, searching


@njit
def curve(point, values):
    """Three coupled equations with the root (1, 2, -1)."""
    x, y, z = point
    values[0] = x * x + y - 3.0
    values[1] = math.exp(y - 2.0) + x * z
    values[2] = x + z + 0.1 * (y - 2.0) ** 3
    return x > 0.0


@njit
def root(start):
    values = np.empty(3)
    search, calls = open_search(start), 0
    while searching(search):
        valid = curve(search.point, values)
        advance(search, values, valid)
        calls += 1
    return found(search), search.point, calls


def test_root_is_found_to_rounding():
    for start in ((1.0, 2.0, -1.0), (1.5, 1.0, -0.5), (0.2, 3.0, -4.0), (3.0, 1.0, -2.0), (2.0, 3.0, 1.0)):
        success, point, calls = root(np.array(start))
        assert success
        np.testing.assert_allclose(point, (1.0, 2.0, -1.0), atol=1e-9)
        assert calls < 80


def test_start_is_left_alone():
    start = np.array([1.5, 1.0, -0.5])
    root(start)
    np.testing.assert_array_equal(start, (1.5, 1.0, -0.5))


@njit
def parabola(point, values):
    values[0] = point[0] ** 2 + 1.0
    values[1] = point[1]
    values[2] = point[2]


@njit
def rootless(start):
    values = np.empty(3)
    search = open_search(start)
    while searching(search):
        parabola(search.point, values)
        advance(search, values, True)
    return found(search)


def test_what_has_no_root_fails():
    assert not rootless(np.array([0.7, 1.0, 1.0]))
    assert not rootless(np.zeros(3))


def test_an_absurd_start_fails():
    success, _, calls = root(np.array([-1.0, 0.0, 0.0]))
    assert not success
    assert calls == 1

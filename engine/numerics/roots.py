"""Bracketed root finding without passing functions to kernels: the caller evaluates, this proposes where.

bracket = open_bracket(a, f(a), b, f(b), tolerance)
while not closed(bracket):
    x = proposal(bracket)
    narrow(bracket, x, f(x))
root = best(bracket)
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def open_bracket(a, fa, b, fb, tolerance):
    """State of a search for the root between a and b, where f has opposite signs (or is zero), to an absolute `tolerance` (> 0).

    An array: the newest point and its value, the opposite end, the point before, the next step as a fraction of the bracket, the tolerance.
    """
    return np.array([a, fa, b, fb, a, fa, 0.5, max(tolerance, 4e-16 * max(abs(a), abs(b)))])


@njit(cache=True, nogil=True)
def proposal(bracket):
    """Where to evaluate f next."""
    a, b, fraction = bracket[0], bracket[2], bracket[6]
    return a + fraction * (b - a)


@njit(cache=True, nogil=True)
def narrow(bracket, x, fx):
    """Take in the value f(x): inverse quadratic interpolation where it is safe, bisection otherwise (Chandrupatla 1997)."""
    a, fa, b, fb = bracket[0], bracket[1], bracket[2], bracket[3]
    if (fx > 0.0) == (fa > 0.0):
        c, fc = a, fa
    else:
        c, fc, b, fb = b, fb, a, fa
    a, fa = x, fx
    fraction = 0.5
    if fa != fb and fb != fc and fa != fc:
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        if phi * phi < xi and (1.0 - phi) ** 2 < 1.0 - xi:
            fraction = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    least = min(0.5, 0.5 * bracket[7] / abs(b - a)) if b != a else 0.5
    bracket[0], bracket[1], bracket[2], bracket[3], bracket[4], bracket[5] = a, fa, b, fb, c, fc
    bracket[6] = min(1.0 - least, max(least, fraction))


@njit(cache=True, nogil=True)
def closed(bracket):
    """Whether the root is known to the tolerance, or an end is exactly a root."""
    return abs(bracket[2] - bracket[0]) <= bracket[7] or bracket[1] == 0.0 or bracket[3] == 0.0


@njit(cache=True, nogil=True)
def best(bracket):
    """The end of the bracket with the smaller |f|."""
    return bracket[0] if abs(bracket[1]) <= abs(bracket[3]) else bracket[2]

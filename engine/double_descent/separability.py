"""Labels of a sign teacher, flipped with probability Δ: how many of them Gaussian features can fit."""

import math

import numpy as np
from numba import njit

from engine.numerics.gaussian import cdf, pdf
from engine.numerics.quadrature import graded_edges, panel_rule


@njit(cache=True, nogil=True)
def separability(eta, delta, guess):
    r"""Most samples per feature that Gaussian features separate almost surely, and the $t$ at which it is reached.

    $\max_t1/E[(\xi-t\,yg)_+^2]$, where $yg$ has density $2\varphi(s)[\Delta+(1-2\Delta)\Phi(s\eta)]$: $\eta^2$ is the ratio of the teacher's
    variance inside and outside the span of the features (Candes & Sur 2020). The mean is convex; the two parts of its derivative balance
    at the minimum, found by Newton's method on the logarithm of their ratio, which is concave. `guess` >= 0 starts it.
    """
    if delta == 0.5 or eta == 0.0:
        return 2.0, 0.0
    if delta == 0.0 and eta == math.inf:
        return math.inf, math.inf
    t = guess
    for _ in range(200):
        s, weight = panel_rule(graded_edges(0.0, 9.0, 0.0, 2.0 / max(1.0, t, eta if eta < math.inf else 0.0)), 3.0)
        mean = push = pull = push_slope = pull_slope = 0.0
        for j in range(s.size):
            z = t * s[j]
            density = 2.0 * pdf(s[j]) * weight[j]
            right = density * (delta + (1.0 - 2.0 * delta) * cdf(s[j] * eta))
            wrong = density * (delta + (1.0 - 2.0 * delta) * cdf(-s[j] * eta))
            gauss, tail = pdf(z), cdf(-z)
            mean += right * ((1.0 + z * z) * tail - z * gauss) + wrong * ((1.0 + z * z) * (1.0 - tail) + z * gauss)
            push += right * s[j] * (gauss - z * tail)
            pull += wrong * s[j] * (gauss + z * (1.0 - tail))
            push_slope += right * s[j] * s[j] * tail
            pull_slope += wrong * s[j] * s[j] * (1.0 - tail)
        step = math.log(push / pull) / (pull_slope / pull + push_slope / push)
        if abs(step) <= 1e-8 * t + 1e-9:
            return 1.0 / mean, t
        t = t + step if t + step > 0.0 else 0.25 * t
    return math.nan, t


@njit(cache=True, nogil=True)
def separability_line(eta, delta):
    """`separability` at each of (eta, delta), both (points,), each started from the one before; repeated pairs cost nothing."""
    out = np.empty(eta.size)
    t = 0.0
    for i in range(eta.size):
        if i > 0 and eta[i] == eta[i - 1] and delta[i] == delta[i - 1]:
            out[i] = out[i - 1]
            continue
        out[i], t = separability(eta[i], delta[i], t if t < math.inf else 0.0)
    return out

"""Averages of a margin loss over the fields of two classes, and the intercept that balances them."""

import math

import numpy as np
from numba import njit

from engine.double_descent.mixture_separation import tail_mean
from engine.numerics.gaussian import cdf, pdf, square_integral
from engine.numerics.quadrature import NODES_16, WEIGHTS_16
from engine.numerics.sign_teacher import LOGISTIC, logistic_prox, logistic_rule


@njit(cache=True, nogil=True)
def logistic_class(mean, sd, V):
    r"""$(E f,E f^2,-E f',E\ell)$ of the logistic loss for fields of one class; integrals over prox, in which everything is explicit."""
    edges = np.empty(8)
    for i in range(8):
        edges[i] = logistic_prox(mean + sd * (2.5 * i - 8.75), V, 0.05 * sd)
    nodes, weights = logistic_rule(edges, V)
    first = second = slope = loss = 0.0
    for i in range(nodes.size):
        p = nodes[i]
        decay = math.exp(-abs(p))
        sigma, s = (decay if p > 0.0 else 1.0) / (1.0 + decay), decay / (1.0 + decay) ** 2
        density = weights[i] / sd * pdf((p - V * sigma - mean) / sd)
        mass = density * (1.0 + V * s)
        first += mass * sigma
        second += mass * sigma * sigma
        slope += density * s
        loss += mass * (math.log1p(decay) + max(-p, 0.0))
    return first, second, slope, loss


@njit(cache=True, nogil=True)
def hinge_class(mean, sd, V):
    r"""$(E f,E f^2,-E f',E\ell)$ of the hinge loss, $f=\mathrm{clip}(\frac{1-\omega}V,0,1)$, for fields of one class."""
    inner, outer = (1.0 - V - mean) / sd, (1.0 - mean) / sd
    first = second = cdf(inner)
    if sd > V:
        between = 0.0
        for j in range(16):
            part = 0.5 * (1.0 + NODES_16[j])
            mass = 0.5 * WEIGHTS_16[j] * V / sd * pdf(outer - part * V / sd)
            between += mass
            first += mass * part
            second += mass * part * part
    else:
        between = cdf(-inner) - cdf(-outer) if inner > 0.0 else cdf(outer) - cdf(inner)
        first += sd / V * (outer * between + pdf(outer) - pdf(inner))
        second += (sd / V) ** 2 * square_integral(inner, outer, outer)
    return first, second, between / V, sd * tail_mean(-inner)


@njit(cache=True, nogil=True)
def channel(loss, m, b, sd, V, p):
    """(c, r, t, E y f, loss) averaged over the classes."""
    if loss == LOGISTIC:
        up, down = logistic_class(m + b, sd, V), logistic_class(m - b, sd, V) if b != 0.0 else logistic_class(m, sd, V)
    else:
        up, down = hinge_class(m + b, sd, V), hinge_class(m - b, sd, V)
    return (
        p * up[2] + (1.0 - p) * down[2],
        p * up[1] + (1.0 - p) * down[1],
        p * up[0] + (1.0 - p) * down[0],
        p * up[0] - (1.0 - p) * down[0],
        p * up[3] + (1.0 - p) * down[3],
    )


@njit(cache=True, nogil=True)
def with_intercept(loss, m, b, sd, V, p):
    """b with E y f = 0, and the channel there: Newton's method from b in a bracket that grows; E y f falls with slope c."""
    low, high, reach = -math.inf, math.inf, 0.1
    averages = channel(loss, m, b, sd, V, p)
    for _ in range(200):
        pull = averages[3]
        if pull > 0.0:
            low = b
        else:
            high = b
        step = pull / averages[0] if averages[0] > 0.0 else math.inf
        if abs(step) < 1e-12 * (1.0 + abs(b)) or high - low < 1e-15 * (1.0 + abs(b)):
            break
        ahead = b + step
        if not low < ahead < high or abs(step) > reach:
            if math.isinf(low) or math.isinf(high):
                ahead = b + math.copysign(reach, pull)
                reach *= 2.0
            elif not low < ahead < high:
                ahead = 0.5 * (low + high)
        b = ahead
        averages = channel(loss, m, b, sd, V, p)
    return b, averages

r"""When two Gaussian clouds can be separated by a plane: $\alpha_{sep}=\max_{\mu,b}(1-\mu^2)/[p\,k(\mu\sqrt{s_0}+b)+(1-p)\,k(\mu\sqrt{s_0}-b)]$."""

import math

from numba import njit

from engine.numerics.gaussian import cdf, inverse_mills, inverse_mills_excess, pdf
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal


@njit(cache=True, nogil=True)
def tail_square(z):
    r"""$k(z)=\int_z^\infty Dt\,(t-z)^2=\varphi(z)\,[1-z(A-z)]/A$ with the inverse Mills ratio $A$."""
    if z < 1.0:
        return (1.0 + z * z) * cdf(-z) - z * pdf(z)
    return pdf(z) * (1.0 - z * inverse_mills_excess(z)) / inverse_mills(z)


@njit(cache=True, nogil=True)
def tail_mean(z):
    r"""$-k'(z)/2=\int_z^\infty Dt\,(t-z)=\varphi(z)\,(A-z)/A$."""
    if z < 1.0:
        return pdf(z) - z * cdf(-z)
    return pdf(z) * inverse_mills_excess(z) / inverse_mills(z)


@njit(cache=True, nogil=True)
def least_miss(a, p, shifted):
    r"""$\min_b\,p\,k(a+b)+(1-p)\,k(a-b)$, b = 0 unless `shifted`; convex in b."""
    b = 0.0
    if shifted:
        reach = 1.0
        while max(p, 1.0 - p) * tail_mean(a + reach) > min(p, 1.0 - p) * tail_mean(a - reach):
            reach *= 2.0
        end = math.copysign(reach, p - 0.5)
        bracket = open_bracket(0.0, (2.0 * p - 1.0) * tail_mean(a), end, p * tail_mean(a + end) - (1.0 - p) * tail_mean(a - end), 1e-12)
        while not closed(bracket):
            b = proposal(bracket)
            narrow(bracket, b, p * tail_mean(a + b) - (1.0 - p) * tail_mean(a - b))
        b = best(bracket)
    return p * tail_square(a + b) + (1.0 - p) * tail_square(a - b)


@njit(cache=True, nogil=True)
def separability(s0, p, shifted):
    r"""$\alpha_{sep}$, the maximum over $\mu=\tanh x$ by golden section from the best of a grid in $x\in[0,9]$."""
    root, x_best, top = math.sqrt(s0), 0.0, 0.0
    for i in range(46):
        x = 0.2 * i
        value = 1.0 / (math.cosh(x) ** 2 * least_miss(math.tanh(x) * root, p, shifted))
        if value > top:
            x_best, top = x, value
    low, high, golden = max(x_best - 0.2, 0.0), x_best + 0.2, 0.5 * (math.sqrt(5.0) - 1.0)
    while high - low > 1e-8:
        left, right = high - golden * (high - low), low + golden * (high - low)
        at_left = 1.0 / (math.cosh(left) ** 2 * least_miss(math.tanh(left) * root, p, shifted))
        at_right = 1.0 / (math.cosh(right) ** 2 * least_miss(math.tanh(right) * root, p, shifted))
        top = max(top, at_left, at_right)
        if at_left > at_right:
            high = right
        else:
            low = left
    return top

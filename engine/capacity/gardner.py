r"""What the Gardner volumes of spherical and binary weights share: integrals over $u(t)=(\kappa+\sqrt q\,t)/\sqrt{\epsilon}$, $\epsilon=1-q$.

The integrands bend at $t_*=-\kappa/\sqrt q$ over a width $w=\sqrt{\epsilon/q}$ that vanishes at capacity, and on its right fall only
like powers of $u$: panels grow geometrically from $t_*$ to the end of the interval. $q$ and $\epsilon$ are separate arguments.
"""

import math

import numpy as np
from numba import njit

from engine.numerics.gaussian import LOG_SQRT_2PI, cdf, inverse_mills, inverse_mills_excess, log_H, pdf
from engine.numerics.quadrature import NODES_16, WEIGHTS_16, graded_edges, panel_rule

REACH = 9.0  # the Gaussian measure beyond is 1e-18; so is A(-9)
WIDEST = 3.0


@njit(cache=True, nogil=True)
def square_excess(k):
    r"""$\int_{-\infty}^kDt\,(k-t)^2=(1+k^2)\Phi(k)+k\varphi(k)$, its left tail as $H(u)[1-u(A-u)]$ with $u=-k$."""
    if k < 0.0:
        return cdf(k) * (1.0 + k * inverse_mills_excess(-k))
    return (1.0 + k * k) * cdf(k) + k * pdf(k)


@njit(cache=True, nogil=True)
def spherical_capacity(kappa):
    r"""$\alpha_c(\kappa)=1/\int_{-\infty}^\kappa Dt\,(\kappa-t)^2$ (Gardner 1988)."""
    return 1.0 / square_excess(kappa)


@njit(cache=True, nogil=True)
def gaussian_rule(edges):
    """Nodes t and weights for the integral of Dt over the panels between sorted `edges`; both (nodes,)."""
    t, weights = panel_rule(edges, WIDEST)
    for i in range(t.size):
        weights[i] *= pdf(t[i])
    return t, weights


@njit(cache=True, nogil=True)
def kink_rule(kappa, q, eps):
    """(u(t), weights of Dt), both (nodes,), for integrands that vanish like A(u) on the left of the kink."""
    if q < 1e-3:
        edges = np.array([-REACH, REACH])
    else:
        centre, width = -kappa / math.sqrt(q), math.sqrt(eps / q)
        edges = graded_edges(min(max(-REACH, centre - REACH * width), REACH), REACH, centre, 3.0 * width)
    t, weights = gaussian_rule(edges)
    return (kappa + math.sqrt(q) * t) / math.sqrt(eps), weights


@njit(cache=True, nogil=True)
def mills_square(kappa, q, eps):
    r"""$\int Dt\,A(u)^2$."""
    u, weights = kink_rule(kappa, q, eps)
    total = 0.0
    for i in range(u.size):
        total += weights[i] * inverse_mills(u[i]) ** 2
    return total


@njit(cache=True, nogil=True)
def mills_square_excess(kappa, q, eps):
    r"""$\int Dt\,[A(u)^2-u^2\theta(u)]$: what is left of the above once the part that diverges like $1/\epsilon$ is taken out."""
    u, weights = kink_rule(kappa, q, eps)
    total = 0.0
    for i in range(u.size):
        if u[i] > 0.0:
            excess = inverse_mills_excess(u[i])
            total += weights[i] * excess * (excess + 2.0 * u[i])
        else:
            total += weights[i] * inverse_mills(u[i]) ** 2
    return total


@njit(cache=True, nogil=True)
def phi_mean(kappa, eps):
    r"""$\frac1\epsilon\int_q^1ds\,\Phi(\kappa/\sqrt s)$ for $q$ not close to 0."""
    total = 0.0
    for j in range(NODES_16.size):
        total += 0.5 * WEIGHTS_16[j] * cdf(kappa / math.sqrt(1.0 - 0.5 * eps * (1.0 + NODES_16[j])))
    return total


@njit(cache=True, nogil=True)
def mills_moments(kappa, q, eps):
    r"""$\int Dt\,A$, $\int Dt\,A^2$, $\int Dt\,[A(A-u)]^2$ and $\int Dt\,[\frac12A^2+\ln H]$ (the last without the cancellation for $u>0$)."""
    u, weights = kink_rule(kappa, q, eps)
    mean = square = slope = entropy = 0.0
    for i in range(u.size):
        excess = inverse_mills_excess(u[i])
        mills = inverse_mills(u[i])
        mean += weights[i] * mills
        square += weights[i] * mills * mills
        slope += weights[i] * (mills * excess) ** 2
        if u[i] > 0.0:
            entropy += weights[i] * (0.5 * excess * (excess + 2.0 * u[i]) - LOG_SQRT_2PI - math.log(mills))
        else:
            entropy += weights[i] * (0.5 * mills * mills + log_H(u[i]))
    return mean, square, slope, entropy

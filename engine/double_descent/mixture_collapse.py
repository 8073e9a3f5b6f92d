"""The hinge loss on unequal classes: where it answers with the majority alone, and the exact solution close to there."""

import math

import numpy as np
from numba import njit

from engine.double_descent.mixture_channel import hinge_class
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal


@njit(cache=True, nogil=True)
def sums(variances, fractions, x, power):
    r"""$\sum_b\phi_b\Delta_b^{power}x_b$ over the blocks, all (B,)."""
    total = 0.0
    for i in range(x.size):
        total += fractions[i] * variances[i] ** power * x[i]
    return total


@njit(cache=True, nogil=True)
def majority_edge(u, p):
    r"""$\kappa$ with $p_+\mathbb E\,\mathrm{clip}(\frac{\kappa-\xi}u,0,1)=p_-$: the samples of the larger class push as much as the smaller."""
    target = min(p, 1.0 - p) / max(p, 1.0 - p)
    bracket = open_bracket(-40.0, -target, u + 40.0, 1.0 - target, 1e-14)
    while not closed(bracket):
        kappa = proposal(bracket)
        narrow(bracket, kappa, hinge_class(1.0 - kappa, 1.0, u)[0] - target)
    return best(bracket)


@njit(cache=True, nogil=True)
def reduced_norm(u, alpha, p, variances, fractions, collapsed):
    r"""(residual, $\kappa$, z, C) of the hinge loss where every sample of the smaller class is inside the margin.

    $C=p_+P(\kappa-u<\xi<\kappa)$, $\sum_b\phi_b\Delta_b/(z+\alpha C\Delta_b)=1$ ($z=\lambda V$; if `collapsed` that sum is of weights one), residual
    $u^2\sum_b\phi_b\Delta_b[4\alpha^2p_-^2+\alpha\Delta_b(p_-+p_+\mathbb EF^2)]/(z+\alpha C\Delta_b)^2-1$.
    """
    small, large = min(p, 1.0 - p), max(p, 1.0 - p)
    kappa = majority_edge(u, p)
    _, square, density, _ = hinge_class(1.0 - kappa, 1.0, u)
    C = large * density * u
    weights, z = 1.0 / variances, 0.0  # 1 / (z + alpha C Delta), in units of the sum
    if not collapsed and alpha * C < 1.0:
        rest = 1.0 - alpha * C
        bracket = open_bracket(rest * variances.min(), -1.0, rest * variances.max(), 1.0, 0.0)
        while not closed(bracket):
            z = proposal(bracket)
            for i in range(weights.size):
                weights[i] = 1.0 / (z + alpha * C * variances[i])
            narrow(bracket, z, 1.0 - sums(variances, fractions, weights, 1))
        z = best(bracket)
        for i in range(weights.size):
            weights[i] = 1.0 / (z + alpha * C * variances[i])
    pull, push = 4.0 * (alpha * small) ** 2, alpha * (small + large * square)
    ww = weights * weights
    return u * u * (pull * sums(variances, fractions, ww, 1) + push * sums(variances, fractions, ww, 2)) - 1.0, kappa, z, C


@njit(cache=True, nogil=True)
def reduced_root(alpha, p, variances, fractions, collapsed):
    r"""u, the root of `reduced_norm`."""
    small, mean = min(p, 1.0 - p), sums(variances, fractions, np.ones(variances.size), 1)
    spread = (variances.max() / mean) ** 2
    steepest = spread * (4.0 * (alpha * small) ** 2 * sums(variances, fractions, np.ones(variances.size), -1) + 2.0 * alpha * small)
    flattest = 4.0 * (alpha * small) ** 2 / mean + alpha * small
    low, high = -0.5 * math.log(steepest), -0.5 * math.log(flattest)
    bracket = open_bracket(low, -1.0, high + 1e-12, 1.0, 1e-14)
    while not closed(bracket):
        log_u = proposal(bracket)
        narrow(bracket, log_u, reduced_norm(math.exp(log_u), alpha, p, variances, fractions, collapsed)[0])
    return math.exp(best(bracket))


@njit(cache=True, nogil=True)
def collapses(alpha, p, variances, fractions):
    """Whether the hinge loss with intercept answers with the majority alone."""
    if p == 0.5:
        return False
    return alpha * reduced_norm(reduced_root(alpha, p, variances, fractions, True), alpha, p, variances, fractions, True)[3] >= 1.0


@njit(cache=True, nogil=True)
def near_collapse(alpha, lam, p, variances, fractions, state):
    """Write (ln V, ln q, ln(m/√q), b) of the hinge loss into `state` if every sample of the smaller class is inside the margin."""
    if lam == 0.0 or p == 0.5:
        return False
    u = reduced_root(alpha, p, variances, fractions, False)
    residual, kappa, z, C = reduced_norm(u, alpha, p, variances, fractions, False)
    if not (abs(residual) < 1e-9 and z > 0.0):
        return False
    V = z / lam
    sd, m, small = V / u, 0.0, min(p, 1.0 - p)
    for i in range(variances.size):
        m += 2.0 * alpha * small * fractions[i] * V / (z + alpha * C * variances[i])
    b = 1.0 - m - kappa * sd
    if not 1.0 - V - m + b > 9.0 * sd:
        return False
    state[0], state[1], state[2], state[3] = math.log(V), 2.0 * math.log(sd), math.log(m / sd), math.copysign(b, p - 0.5)
    return True

r"""Fixed points of the committee of infinitely many hidden units: a perceptron's channel at the effective overlap
$\Gamma=\frac2\pi(q_a+\arcsin q_d)$ (Aubin et al. 2018, large K).

`fisher_sign` is $2\Psi'(\Gamma)$ and `entropy_sign` is $\Psi(\Gamma)$; both take $1-\Gamma$ as well, so that it keeps its digits.
"""

import math
from functools import lru_cache
from typing import NamedTuple

from numba import njit

from engine.numerics.roots import best, closed, narrow, open_bracket, proposal
from engine.teacher_student.channels import entropy_sign, fisher_sign
from engine.teacher_student.equilibrium import GOLDEN
from engine.teacher_student.priors import LN_2, RADEMACHER, scalar_field, scalar_information

PLATEAU = 2.0 / math.pi  # the effective overlap of the averaged perceptron, q_a = 1


@njit(cache=True, nogil=True)
def log_early_load(y):
    r"""$\ln\alpha$ at $y=\ln\frac u{1-u}$: $\alpha=\frac\pi2\frac u{1-u}/2\Psi'(\frac{2u}\pi)$."""
    snr = math.exp(y)
    gamma = PLATEAU * snr / (1.0 + snr)
    return y - math.log(PLATEAU * fisher_sign(gamma, 1.0 - gamma, 0.0, 0.0))


@njit(cache=True, nogil=True)
def early(alpha):
    r"""$(u,f)$ at $\alpha=O(1)$, where $q_d=0$, $u=q_a$: $f=\frac12[u+\ln(1-u)]+\alpha\Psi(\frac{2u}\pi)$ per input dimension."""
    if alpha == 0.0:
        return 0.0, 0.0
    target = math.log(alpha)
    ends = [math.log(PLATEAU * fisher_sign(g, 1.0 - g, 0.0, 0.0)) + target for g in (0.0, PLATEAU)]
    low, high = ends[0] - 1e-6, ends[1] + 1e-6  # Psi' grows
    bracket = open_bracket(low, log_early_load(low) - target, high, log_early_load(high) - target, 1e-12)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, log_early_load(y) - target)
    snr = math.exp(best(bracket))
    u = snr / (1.0 + snr)
    return u, 0.5 * (u - math.log1p(snr)) + alpha * entropy_sign(PLATEAU * u, 1.0 - PLATEAU * u, 0.0, 0.0)


@njit(cache=True, nogil=True)
def late_gap(p):
    r"""$1-\Gamma=\frac2\pi(2\arcsin\sqrt{p/2}-p)$ at $q_d=1-p$, $q_a=p$."""
    return PLATEAU * (2.0 * math.asin(math.sqrt(0.5 * p)) - p)


@njit(cache=True, nogil=True)
def late(y):
    r"""$(\tilde\alpha,q_d,1-\Gamma,f)$ of the Gaussian specialized state at $y=\ln\hat q_d$, $q_d+q_a=1$; $f$ per input dimension and unit.

    $\hat q_d=\frac4\pi\tilde\alpha\Psi'(\Gamma)[(1-q_d^2)^{-1/2}-1]$, $f=\frac12[q_d+\ln(1-q_d)]+\tilde\alpha\Psi(\Gamma)$.
    """
    snr = math.exp(y)
    q, p = snr / (1.0 + snr), 1.0 / (1.0 + snr)
    gap = late_gap(p)
    alpha = snr / (PLATEAU * fisher_sign(1.0 - gap, gap, 0.0, 0.0) * (1.0 / math.sqrt(p * (1.0 + q)) - 1.0))
    return alpha, q, gap, 0.5 * (q - math.log1p(snr)) + alpha * entropy_sign(1.0 - gap, gap, 0.0, 0.0)


@njit(cache=True, nogil=True)
def plateau_entropy(alpha):
    r"""$\tilde\alpha\Psi(\frac2\pi)$, the free entropy of the plateau."""
    return alpha * entropy_sign(PLATEAU, 1.0 - PLATEAU, 0.0, 0.0)


class Late(NamedTuple):
    r"""The spinodal, $y=\ln\hat q_d$ and load, and the load where the specialized state wins."""

    y: float
    alpha_spinodal: float
    alpha_it: float


@njit(cache=True, nogil=True)
def spinodal():
    r"""$y=\ln\hat q_d$ at the smallest load of the Gaussian specialized state; golden section."""
    low, high = 0.5, 4.0
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = late(left)[0], late(right)[0]
    while high - low > 1e-7:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = late(left)[0]
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = late(right)[0]
    return 0.5 * (low + high)


@njit(cache=True, nogil=True)
def advantage(y):
    r"""$f_{spec}-f_{plateau}$ along the Gaussian specialized state."""
    alpha, _, _, f = late(y)
    return f - plateau_entropy(alpha)


@lru_cache
def late_thresholds(binary: bool) -> Late:
    r"""Binary weights are either on the plateau or known: no spinodal, $\tilde\alpha_{IT}=\ln2/|\Psi(\frac2\pi)|$."""
    if binary:
        return Late(math.nan, math.nan, -LN_2 / plateau_entropy(1.0))
    y = spinodal()
    high = y + 3.0
    bracket = open_bracket(y, advantage(y), high, advantage(high), 1e-13)
    while not closed(bracket):
        place = proposal(bracket)
        narrow(bracket, place, advantage(place))
    return Late(y, late(y)[0], late(best(bracket))[0])


@njit(cache=True, nogil=True)
def late_state(alpha, y):
    r"""$(q_d,1-\Gamma,f)$ of the stable Gaussian specialized state at a load beyond its spinodal, which lies at $y$."""
    low, at_low = y, math.log(late(y)[0] / alpha)
    if at_low >= 0.0:
        return late(y)[1:]
    high = y + 1.0
    at_high = math.log(late(high)[0] / alpha)
    while at_high < 0.0:
        low, at_low, high = high, at_high, high + 2.0
        at_high = math.log(late(high)[0] / alpha)
    bracket = open_bracket(low, at_low, high, at_high, 1e-13)
    while not closed(bracket):
        place = proposal(bracket)
        narrow(bracket, place, math.log(late(place)[0] / alpha))
    return late(best(bracket))[1:]


def late_potential(q: float, alpha: float, binary: bool) -> float:
    r"""The free entropy at $q_d=q$, $q_a=1-q$, with the $\hat q_d$ that the prior needs for it: its maxima are the stable states."""
    p = 1.0 - q
    gap = late_gap(p)
    labels = alpha * entropy_sign(1.0 - gap, gap, 0.0, 0.0)
    if not binary:
        return labels + 0.5 * (q + math.log(p)) if p > 0.0 else -math.inf
    if p == 0.0:
        return -LN_2
    snr = scalar_field(q, p, RADEMACHER, 1.0) if q > 0.0 else 0.0
    return labels + 0.5 * p * snr - (scalar_information(snr, RADEMACHER, 1.0) if q > 0.0 else 0.0)

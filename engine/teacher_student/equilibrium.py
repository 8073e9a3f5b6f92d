r"""Every fixed point of state evolution at every load from one explicit curve, and the thresholds that are its extrema.

At a fixed point $\hat q$ determines $v=\mathbb E\,\mathrm{var}(w|B)$ through the prior alone, and the channel then tells at which load it is one:
$\alpha(\hat q)=\hat q/F(v)$. Since state evolution is monotone, AMP from $q=0$ ends at the smallest $\hat q$ with
$\alpha(\hat q)\ge\alpha$, and from $q=\mathbb Ew^2$ at the largest with $\alpha(\hat q)\le\alpha$; between a maximum of the curve (`alpha_alg`)
and the minimum behind it (`alpha_inf`) the two differ, and the larger free entropy is the Bayes-optimal state.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from engine.numerics.gaussian import cdf, pdf
from engine.numerics.quadrature import panel_rule
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal
from engine.teacher_student.channels import ABS, DOOR, ORTHOGONAL, RELU, SIGN, entropy, fisher, flip_entropy
from engine.teacher_student.priors import LN_2, RADEMACHER, scalar_information, scalar_overlap

GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)
NOISE = 1e-9  # a relative drop of the curve smaller than this is none
FIRST = math.log(1e-7)
VANISHING = math.log(1e-11)  # below, a state next to q = 0 counts as q = 0


class Setting(NamedTuple):
    """What the curve depends on: the numbers of prior and channel, E w^2, noise, flips, half-width of the door."""

    prior: int
    channel: int
    rho: float
    delta: float
    p: float
    width: float


@njit(cache=True, nogil=True)
def real_output(setting):
    """Whether labels are real numbers (which, without noise, carry infinite information)."""
    return setting.channel != SIGN and setting.channel != DOOR


@njit(cache=True, nogil=True)
def load(y, setting):
    r"""$\alpha(\hat q)$ at $y=\ln\hat q$: $\hat q/F$; for a row-orthogonal matrix $\hat q[v+\Delta(1-v\hat q)]$ up to $\hat q\Delta=1$, then $\hat q\Delta$."""
    qhat = math.exp(y)
    q, v = scalar_overlap(qhat, setting.prior, setting.rho)
    if setting.channel == ORTHOGONAL:
        noise = qhat * setting.delta
        return noise if noise >= 1.0 else qhat * v * (1.0 - noise) + noise
    return qhat / fisher(q, v, setting.channel, setting.delta, setting.p, setting.width)


@njit(cache=True, nogil=True)
def noise_entropy(setting):
    r"""$\mathbb E_z\int dy\,P_{out}\ln P_{out}$, minus the entropy of a label given the teacher (inf without noise on real outputs)."""
    return entropy(setting.rho, 0.0, setting.channel, setting.delta, setting.p, setting.width)


@njit(cache=True, nogil=True)
def orthogonal_information(qhat, v, alpha, setting):
    r"""$\frac1DI(w;y)$ of a row-orthogonal matrix, stationary at fixed points (Takeda, Uda & Kabashima 2006):

    $J+\frac12[\alpha\ln(1+\frac v\Delta-v\hat q)+(1-\alpha)\ln(1-v\hat q)]$ for $\alpha<1$, $J+\frac12v(\frac\alpha\Delta-\hat q)$ beyond.
    """
    prior = scalar_information(qhat, setting.prior, setting.rho)
    if alpha >= 1.0:
        return prior + 0.5 * v * (alpha / setting.delta - qhat)
    return prior + 0.5 * (alpha * math.log1p(v / setting.delta - v * qhat) + (1.0 - alpha) * math.log1p(-v * qhat))


@njit(cache=True, nogil=True)
def free_entropy(qhat, q, v, alpha, setting):
    r"""$\phi=\alpha\Psi-J+\frac12v\hat q$, the branch's $\lim\frac1D\mathbb E\ln Z$ (Barbier et al. 2019, eq. 7)."""
    if setting.channel == ORTHOGONAL:
        return alpha * noise_entropy(setting) - orthogonal_information(qhat, v, alpha, setting)
    prior = scalar_information(qhat, setting.prior, setting.rho)
    return alpha * entropy(q, v, setting.channel, setting.delta, setting.p, setting.width) + 0.5 * v * qhat - prior


@njit(cache=True, nogil=True)
def recovery_line(setting):
    r"""`alpha_wr`: $\alpha(\hat q\to0)=1/(c\rho^2)$ of an even channel, $F\simeq cq$; 0 if $q=0$ is not a fixed point.

    $c=\rho^{-2}\int dy\,\big(\mathbb E_z[P(y|z)(z^2/\rho-1)]\big)^2/\mathbb E_zP(y|z)$ (Mondelli & Montanari 2018).
    """
    rho, delta = setting.rho, setting.delta
    if setting.channel == DOOR:
        k = setting.width / math.sqrt(rho + delta)
        square = (2.0 * (1.0 - 2.0 * setting.p) * k * pdf(k)) ** 2
        outside = 2.0 * (1.0 - 2.0 * setting.p) * cdf(-k)
        return (rho + delta) ** 2 * (setting.p + outside) * (1.0 - setting.p - outside) / (square * rho * rho)
    if setting.channel != ABS:
        return 0.0
    if delta == 0.0:
        return 0.5
    s, noise = math.sqrt(rho + delta), math.sqrt(delta)
    tau = math.sqrt(rho / (rho + delta)) * noise
    edges = np.array([-10.0 * noise, -4.0 * noise, 0.0, 4.0 * noise, max(10.0 * noise, 4.0 * s), max(10.0 * noise, 11.0 * s)])
    y, weights = panel_rule(edges, 2.0 * s)
    total = 0.0
    for i in range(y.size):
        mean = y[i] * rho / (rho + delta)
        mass, edge = cdf(mean / tau), tau * pdf(mean / tau)
        if mass > 0.0:
            excess = ((mean * mean + tau * tau) / rho - 1.0) * mass + mean * edge / rho
            total += weights[i] * 2.0 / s * pdf(y[i] / s) * excess * excess / mass
    return 1.0 / total


@njit(cache=True, nogil=True)
def perfect_load(setting):
    r"""$\alpha(\hat q\to\infty)$: 0 if perfect recovery is always a fixed point, the number of unknowns per informative label of noiseless real
    outputs, inf where recovery is never perfect."""
    if setting.delta > 0.0:
        return math.inf
    if setting.prior == RADEMACHER:
        return 0.0
    if not real_output(setting):
        return math.inf
    return 2.0 * setting.rho if setting.channel == RELU else setting.rho


@njit(cache=True, nogil=True)
def grid(setting, count):
    r"""Values of $y=\ln\hat q$, fine enough to see every extremum of the curve."""
    noise = math.inf if setting.delta == 0.0 else 100.0 / setting.delta
    if setting.prior == RADEMACHER:
        return np.linspace(FIRST, math.log(1200.0 if setting.channel != ORTHOGONAL else max(1200.0, noise)), count)
    last = 1e13 if noise == math.inf else min(max(1e13, noise), 1e40)
    return np.linspace(FIRST, math.log(last), count)


@njit(cache=True, nogil=True)
def extremum(low, high, sign, setting):
    r"""$(y,\alpha)$ at the maximum of sign $\cdot\,\alpha(y)$ between low and high; golden section."""
    a, b = low, high
    left, right = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    at_left, at_right = sign * load(left, setting), sign * load(right, setting)
    while b - a > 2e-5:
        if at_left > at_right:
            b, right, at_right = right, left, at_left
            left = b - GOLDEN * (b - a)
            at_left = sign * load(left, setting)
        else:
            a, left, at_left = left, right, at_right
            right = a + GOLDEN * (b - a)
            at_right = sign * load(right, setting)
    return (left, sign * at_left) if at_left > at_right else (right, sign * at_right)


@njit(cache=True, nogil=True)
def trace(y, start, end, setting):
    r"""The curve on the grid y with its window of coexistence.

    Returns (y, alphas, top, bottom): the grid with the refined maximum (index top) and the minimum behind it (index bottom) inserted; top = -1
    stands for the left end $\hat q=0$, bottom = y.size for the right end $\hat q=\infty$, top = -2 for no window. `start`, `end`: the loads there.
    """
    alphas = np.empty(y.size)
    for i in range(y.size):
        alphas[i] = load(y[i], setting)
    top, bottom, peak, highest, depth = -2, -2, start, -1, 0.0
    for i in range(y.size + 1):
        value = end if i == y.size else alphas[i]
        if value > peak:
            peak, highest = value, i
        elif value < peak * (1.0 - NOISE) and (top != highest or value < depth):
            top, bottom, depth = highest, i, value
    if top == -2:
        return y, alphas, top, bottom
    if top >= 0:
        place, value = extremum(y[max(top - 1, 0)], y[min(top + 1, y.size - 1)], 1.0, setting)
        index = top + (1 if place > y[top] else 0)
        y, alphas = inserted(y, index, place), inserted(alphas, index, value)
        top, bottom = index, bottom + 1
    if bottom < y.size:
        place, value = extremum(y[max(bottom - 1, 0)], y[min(bottom + 1, y.size - 1)], -1.0, setting)
        index = bottom + (1 if place > y[bottom] else 0)
        y, alphas = inserted(y, index, place), inserted(alphas, index, value)
        bottom = index
    return y, alphas, top, bottom


@njit(cache=True, nogil=True)
def inserted(values, index, value):
    """The array with `value` before position `index`."""
    longer = np.empty(values.size + 1)
    longer[:index], longer[index], longer[index + 1 :] = values[:index], value, values[index:]
    return longer


@njit(cache=True, nogil=True)
def crossing(low, at_low, high, at_high, alpha, tolerance, setting):
    r"""$y$ between low and high, where the curve takes the given loads, at which $\alpha(\hat q)=\alpha$."""
    if at_low == alpha:
        return low
    bracket = open_bracket(low, math.log(at_low / alpha), high, math.log(at_high / alpha), tolerance)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, math.log(load(y, setting) / alpha))
    return best(bracket)


@njit(cache=True, nogil=True)
def left_of_grid(first, at_first, alpha, start, tolerance, setting):
    r"""$y$ at which the curve reaches alpha before its first point; -inf for $\hat q=0$."""
    if alpha <= start:
        return -math.inf
    if start > 0.0:
        low = VANISHING
    elif setting.channel == ORTHOGONAL:
        low = math.log(alpha / (setting.rho + setting.delta)) - 1e-6
    else:  # F grows with q
        low = math.log(alpha * fisher(0.0, setting.rho, setting.channel, setting.delta, setting.p, setting.width)) - 1e-6
    at_low = load(low, setting)
    if at_low >= alpha:
        return -math.inf
    return crossing(low, at_low, first, at_first, alpha, tolerance, setting)


@njit(cache=True, nogil=True)
def right_of_grid(last, at_last, alpha, end, tolerance, setting):
    r"""$y$ at which the curve reaches alpha beyond its last point; inf for perfect recovery."""
    if end < math.inf:
        return math.inf
    step = 1.0
    while True:
        high = last + step
        at_high = load(high, setting)
        if at_high >= alpha:
            return crossing(last, at_last, high, at_high, alpha, tolerance, setting)
        last, at_last, step = high, at_high, 2.0 * step


@njit(cache=True, nogil=True)
def uninformed(alpha, y, alphas, start, end, tolerance, setting):
    r"""$y$ of the state that AMP reaches from $q=0^+$: the first on the curve with $\alpha(\hat q)\ge\alpha$."""
    if alpha <= start or alphas[0] >= alpha:
        return left_of_grid(y[0], alphas[0], alpha, start, tolerance, setting)
    for i in range(1, y.size):
        if alphas[i] >= alpha:
            return crossing(y[i - 1], alphas[i - 1], y[i], alphas[i], alpha, tolerance, setting)
    return right_of_grid(y[-1], alphas[-1], alpha, end, tolerance, setting)


@njit(cache=True, nogil=True)
def informed(alpha, y, alphas, start, end, tolerance, setting):
    r"""$y$ of the state reached from $q=\mathbb Ew^2$: the last on the curve with $\alpha(\hat q)\le\alpha$."""
    if end <= alpha:
        return math.inf
    if alphas[-1] <= alpha:
        return right_of_grid(y[-1], alphas[-1], alpha, end, tolerance, setting)
    for i in range(y.size - 2, -1, -1):
        if alphas[i] <= alpha:
            return crossing(y[i], alphas[i], y[i + 1], alphas[i + 1], alpha, tolerance, setting)
    return left_of_grid(y[0], alphas[0], alpha, start, tolerance, setting)


@njit(cache=True, nogil=True)
def state(y, setting):
    r"""$(\hat q,q,v)$ at $y=\ln\hat q$, which may be -inf ($q=0$) or inf (perfect recovery)."""
    if y == -math.inf:
        return 0.0, 0.0, setting.rho
    if y == math.inf:
        return math.inf, setting.rho, 0.0
    qhat = math.exp(y)
    q, v = scalar_overlap(qhat, setting.prior, setting.rho)
    return qhat, q, v


@njit(cache=True, nogil=True)
def branch_entropy(y, alpha, setting):
    r"""$\phi$ of the state at $y=\ln\hat q$; at $\hat q=\infty$ $-H(w)+\alpha\,\Psi(v=0)$ for discrete weights, inf for noiseless real outputs."""
    qhat, q, v = state(y, setting)
    if qhat == math.inf:
        return math.inf if real_output(setting) else -LN_2 + alpha * flip_entropy(setting.p)
    if qhat == 0.0:
        return alpha * entropy(0.0, v, setting.channel, setting.delta, setting.p, setting.width)
    return free_entropy(qhat, q, v, alpha, setting)


@njit(cache=True, nogil=True)
def advantage(alpha, y, alphas, start, end, setting):
    r"""$\phi_{informed}-\phi_{AMP}$, stationary in both states: a coarse root for them is enough."""
    high = branch_entropy(informed(alpha, y, alphas, start, end, 1e-6, setting), alpha, setting)
    return high - branch_entropy(uninformed(alpha, y, alphas, start, end, 1e-6, setting), alpha, setting)


@njit(cache=True, nogil=True)
def thresholds(y, alphas, top, bottom, start, end, setting):
    r"""(alpha_it, alpha_alg, alpha_inf): equal free entropies, the end of the AMP branch and the beginning of the informed one; nan without window."""
    if top == -2:
        return math.nan, math.nan, math.nan
    alg = start if top == -1 else alphas[top]
    lowest = end if bottom == y.size else alphas[bottom]
    if end < math.inf and real_output(setting):
        return end, alg, lowest
    low, high = max(lowest * (1.0 + 1e-12), 1e-9), alg * (1.0 - 1e-12)
    at_low, at_high = advantage(low, y, alphas, start, end, setting), advantage(high, y, alphas, start, end, setting)
    if at_low >= 0.0 or at_high <= 0.0:  # a window so narrow that rounding decides
        return 0.5 * (low + high), alg, lowest
    bracket = open_bracket(low, at_low, high, at_high, 1e-10 * high)
    while not closed(bracket):
        alpha = proposal(bracket)
        narrow(bracket, alpha, advantage(alpha, y, alphas, start, end, setting))
    return best(bracket), alg, lowest


class Curve(NamedTuple):
    """The curve alpha(qhat) of a setting with its ends and its thresholds; nan for those that do not exist."""

    y: np.ndarray
    alphas: np.ndarray
    start: float
    end: float
    alpha_it: float
    alpha_alg: float
    alpha_inf: float


@lru_cache(maxsize=128)
def curve(setting: Setting) -> Curve:
    """The curve of `setting`, remembered: every load shares it."""
    y = grid(setting, 200 if setting.channel in (ABS, RELU) and setting.delta > 0.0 else 400)
    if setting.channel == ORTHOGONAL and y[-1] > -math.log(setting.delta) > y[0]:
        y = np.union1d(y, -math.log(setting.delta))  # alpha(qhat) has a kink where it is 1
    start, end = recovery_line(setting), perfect_load(setting)
    y, alphas, top, bottom = trace(y, start, end, setting)
    return Curve(y, alphas, start, end, *thresholds(y, alphas, top, bottom, start, end, setting))


@njit(cache=True, nogil=True)
def branches(alpha, curve, setting):
    r"""($y$ of the AMP state, $y$ of the informed state, whether the two differ)."""
    amp = uninformed(alpha, curve.y, curve.alphas, curve.start, curve.end, 1e-10, setting)
    if curve.alpha_inf < alpha <= curve.alpha_alg:
        return amp, informed(alpha, curve.y, curve.alphas, curve.start, curve.end, 1e-10, setting), True
    return amp, amp, False

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
from engine.teacher_student.channels import ABS, DOOR, LINEAR, ORTHOGONAL, RELU, SIGN, entropy, fisher, flip_entropy
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


def real_output(setting: Setting) -> bool:
    """Whether labels are real numbers (which, without noise, carry infinite information)."""
    return setting.channel not in (SIGN, DOOR)


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
    r"""$\phi=\alpha\Psi-J+\frac12v\hat q$, the branch's $\lim\frac1D\mathbb E\ln Z$ (Barbier et al. 2019, eq. 7), for $0<\hat q<\infty$.

    Of a row-orthogonal matrix the part that depends on the branch, minus the information.
    """
    if setting.channel == ORTHOGONAL:
        return -orthogonal_information(qhat, v, alpha, setting)
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


def perfect_load(setting: Setting) -> float:
    r"""$\alpha(\hat q\to\infty)$: 0 if perfect recovery is always a fixed point, the number of unknowns per informative label of noiseless real
    outputs, inf where recovery is never perfect."""
    if setting.delta > 0.0:
        return math.inf
    if setting.prior == RADEMACHER:
        return 0.0
    if not real_output(setting):
        return math.inf
    return 2.0 * setting.rho if setting.channel == RELU else setting.rho


def grid(setting: Setting) -> np.ndarray:
    r"""Values of $y=\ln\hat q$, fine enough to see every extremum of the curve; half as many where each is a double integral."""
    count = 200 if setting.channel in (ABS, RELU) and setting.delta > 0.0 else 400
    noise = 100.0 / setting.delta if setting.delta > 1e-38 else 0.0
    if setting.channel == ORTHOGONAL:  # the curve has a kink where qhat delta = 1, at alpha = 1
        last = max(1200.0 if setting.prior == RADEMACHER else 1e13, noise)
        return np.unique(np.append(np.linspace(FIRST, math.log(last), count), max(-math.log(setting.delta), FIRST)))
    return np.linspace(FIRST, math.log(1200.0 if setting.prior == RADEMACHER else max(1e13, noise)), count)


def extremum(low: float, high: float, sign: float, setting: Setting) -> tuple[float, float]:
    r"""$(y,\alpha)$ at the maximum of sign $\cdot\,\alpha(y)$ between low and high; golden section."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = load(left, setting), load(right, setting)
    while high - low > 2e-5:
        if sign * at_left > sign * at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = load(left, setting)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = load(right, setting)
    return (left, at_left) if sign * at_left > sign * at_right else (right, at_right)


def window(alphas: np.ndarray, start: float, end: float) -> tuple[int, int] | None:
    """Indices of the highest maximum that a lower value follows, and of the lowest value behind it; None if the curve only rises.

    Index -1 stands for the left end of the curve, where it is `start`, and len(alphas) for the right end, where it is `end`.
    """
    found, depth = None, 0.0
    peak, highest = start, -1
    for i, value in enumerate([*alphas.tolist(), end]):
        if value > peak:
            peak, highest = value, i
        elif value < peak * (1.0 - NOISE) and (found is None or found[0] != highest or value < depth):
            found, depth = (highest, i), value
    return found


@njit(cache=True, nogil=True)
def fixed_point(alpha, informed, y, alphas, start, end, tolerance, setting):
    r"""$\ln\hat q$ of the first state on the curve (y, alphas) with $\alpha(\hat q)\ge\alpha$, or, `informed`, of the last with $\alpha(\hat q)\le\alpha$.

    -inf stands for $q=0$, inf for perfect recovery.
    """
    last = y.size - 1
    if informed:
        if end <= alpha:
            return math.inf
        i = last
        while i >= 0 and alphas[i] > alpha:
            i -= 1
    else:
        i = -1
        while i < last and alphas[i + 1] < alpha:
            i += 1
    if i == -1 or (alpha <= start and not informed):
        if alpha <= start:
            return -math.inf
        if start > 0.0:
            low = VANISHING
        else:  # F grows with q: qhat > alpha F(0)
            channel = LINEAR if setting.channel == ORTHOGONAL else setting.channel
            low = math.log(alpha * fisher(0.0, setting.rho, channel, setting.delta, setting.p, setting.width)) - 1e-6
        high, at_low, at_high = y[0], load(low, setting), alphas[0]
        if at_low >= alpha:
            return -math.inf
    elif i == last:
        if end < math.inf:
            return math.inf
        low, at_low, step = y[last], alphas[last], 1.0
        high, at_high = low + step, load(low + step, setting)
        while at_high < alpha:
            step *= 2.0
            low, at_low = high, at_high
            high, at_high = low + step, load(low + step, setting)
    else:
        low, at_low, high, at_high = y[i], alphas[i], y[i + 1], alphas[i + 1]
    bracket = open_bracket(low, math.log(at_low / alpha), high, math.log(at_high / alpha), tolerance)
    while not closed(bracket):
        x = proposal(bracket)
        narrow(bracket, x, math.log(load(x, setting) / alpha))
    return best(bracket)


def state(y: float, setting: Setting) -> tuple[float, float, float]:
    r"""$(\hat q,q,v)$ at $y=\ln\hat q$, which may be -inf ($q=0$) or inf (perfect recovery)."""
    if y == -math.inf:
        return 0.0, 0.0, setting.rho
    if y == math.inf:
        return math.inf, setting.rho, 0.0
    qhat = math.exp(y)
    return qhat, *scalar_overlap(qhat, setting.prior, setting.rho)


def branch_entropy(qhat: float, q: float, v: float, alpha: float, setting: Setting) -> float:
    r"""$\phi$ of a state; at $\hat q=\infty$ $-H(w)+\alpha\,\Psi(v=0)$ for discrete weights, inf for noiseless real outputs."""
    if qhat == math.inf:
        return math.inf if real_output(setting) else -LN_2 + alpha * flip_entropy(setting.p)
    if qhat == 0.0:
        return alpha * entropy(0.0, v, setting.channel, setting.delta, setting.p, setting.width)
    return free_entropy(qhat, q, v, alpha, setting)


class Curve(NamedTuple):
    r"""The curve $\alpha(\hat q)$ of a setting, with its loads at $\hat q=0$ and $\infty$, and its thresholds; nan for those that do not exist."""

    y: np.ndarray
    alphas: np.ndarray
    start: float
    end: float
    alpha_it: float
    alpha_alg: float
    alpha_inf: float

    def fixed_point(self, alpha: float, informed: bool, setting: Setting, tolerance: float = 1e-10) -> float:
        r"""$\ln\hat q$ of the state reached from $q=0^+$, or from perfect knowledge if `informed`."""
        return fixed_point(alpha, informed, self.y, self.alphas, self.start, self.end, tolerance, setting)

    def coexist(self, alpha: float) -> bool:
        """Whether the two are different states."""
        return self.alpha_inf < alpha <= self.alpha_alg

    def advantage(self, alpha: float, setting: Setting) -> float:
        r"""$\phi_{informed}-\phi_{AMP}$, stationary in both states: a coarse root for them is enough."""
        amp, informed = (state(self.fixed_point(alpha, side, setting, 1e-6), setting) for side in (False, True))
        return branch_entropy(*informed, alpha, setting) - branch_entropy(*amp, alpha, setting)


@lru_cache(maxsize=128)
def curve(setting: Setting) -> Curve:
    r"""The curve of `setting`, remembered, since every load shares it; its window with refined extrema, and the load of equal free entropies."""
    y = grid(setting)
    alphas = np.array([load(place, setting) for place in y])
    start, end = recovery_line(setting), perfect_load(setting)
    found = window(alphas, start, end)
    if found is None:
        return Curve(y, alphas, start, end, math.nan, math.nan, math.nan)
    bounds, last = [], len(y) - 1
    places, values = y.tolist(), alphas.tolist()
    for index, sign in zip(found, (1.0, -1.0), strict=True):
        if 0 <= index <= last:
            place, value = extremum(y[max(index - 1, 0)], y[min(index + 1, last)], sign, setting)
            places.append(place)
            values.append(value)
        bounds.append(value if 0 <= index <= last else start if index == -1 else end)
    order = np.argsort(places, kind="stable")
    traced = Curve(np.array(places)[order], np.array(values)[order], start, end, math.nan, *bounds)
    return traced._replace(alpha_it=equal_entropies(traced, setting))


def equal_entropies(traced: Curve, setting: Setting) -> float:
    """The load inside the window at which the two states have the same free entropy."""
    if traced.end < math.inf and real_output(setting):
        return traced.end
    low, high = max(traced.alpha_inf * (1.0 + 1e-12), 1e-9), traced.alpha_alg * (1.0 - 1e-12)
    at_low, at_high = traced.advantage(low, setting), traced.advantage(high, setting)
    if at_low >= 0.0 or at_high <= 0.0:  # a window so narrow that rounding decides
        return 0.5 * (low + high)
    bracket = open_bracket(low, at_low, high, at_high, 1e-10 * high)
    while not closed(bracket):
        alpha = proposal(bracket)
        narrow(bracket, alpha, traced.advantage(alpha, setting))
    return best(bracket)

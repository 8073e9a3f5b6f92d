r"""The states of a perceptron that learns at temperature T: one curve $\alpha(\hat R)$ for each `Setting`, its extrema, and its loads of interest.

The equations are told by `learning_temperature`, the model that uses them.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from engine.numerics.gaussian import cdf, inverse_mills, log_cdf, pdf
from engine.numerics.quadrature import graded_edges, panel_rule
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal

WEIGHTS, OUTPUTS, THEORIES = ("ising", "spherical"), ("boolean", "linear"), ("replica", "annealed", "high-temperature")
ISING, BOOLEAN, REPLICA, ANNEALED = 0, 0, 0, 1
REACH = 7.6  # the Gaussian measure beyond is 3e-14
WIDEST = 3.8
FROZEN = 700.0  # e^-beta underflows
LN_2 = math.log(2.0)
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


class Setting(NamedTuple):
    r"""What the curve of states depends on: numbers of weights, output and theory, $\beta$, $e^{-\beta}$, $1-e^{-\beta}$."""

    weights: int
    output: int
    theory: int
    beta: float
    decay: float
    gain: float


@njit(cache=True, nogil=True)
def spin_rule(rhat, qhat):
    r"""Fields $h=\sqrt{\hat q}z+\hat R$ and weights of $Dz$, both (nodes,), for functions that bend like $\tanh h$ and fall like $1-\tanh h$."""
    root = math.sqrt(qhat)
    centre = -rhat / root
    z, weights = panel_rule(graded_edges(-REACH - min(4.0 * root, -centre), REACH, centre, 2.0 / root), WIDEST)
    for i in range(z.size):
        weights[i] *= pdf(z[i])
        z[i] = root * z[i] + rhat
    return z, weights


@njit(cache=True, nogil=True)
def spin_overlaps(rhat, qhat):
    r"""$(1-q,\;q-R^2,\;1-R,\;R)=\int Dz\,(\mathrm{sech}^2,\;(\tanh-R)^2,\;1-\tanh,\;\tanh)$ of $\sqrt{\hat q}z+\hat R$, none by subtraction where small."""
    if qhat == 0.0:
        decay = math.exp(-2.0 * rhat)
        return 4.0 * decay / (1.0 + decay) ** 2, 0.0, 2.0 * decay / (1.0 + decay), math.tanh(rhat)
    h, weights = spin_rule(rhat, qhat)
    chi = rest = overlap = 0.0
    for i in range(h.size):
        decay = math.exp(-2.0 * abs(h[i]))
        chi += weights[i] * 4.0 * decay / (1.0 + decay) ** 2
        rest += weights[i] * 2.0 * (decay if h[i] > 0.0 else 1.0) / (1.0 + decay)
        overlap += weights[i] * math.tanh(h[i])
    near = overlap > 0.5
    spread = 0.0
    for i in range(h.size):
        distance = 2.0 / (1.0 + math.exp(2.0 * h[i])) - rest if near else math.tanh(h[i]) - overlap
        spread += weights[i] * distance * distance
    return (chi, spread, rest, 1.0 - rest) if near else (chi, spread, 1.0 - overlap, overlap)


@njit(cache=True, nogil=True)
def overlaps(rhat, qhat, setting):
    r"""$(1-q,\;q-R^2,\;1-R,\;R)$ of weights in the fields $\hat R,\hat q$; spherical: $\chi=2/(1+\sqrt{1+4(\hat R^2+\hat q)})$, $R=\hat R\chi$,
    $q-R^2=\hat q\chi^2$, $1-R^2=\chi+\hat q\chi^2$."""
    if setting.weights == ISING:
        return spin_overlaps(rhat, qhat)
    chi = 2.0 / (1.0 + math.sqrt(1.0 + 4.0 * (rhat * rhat + qhat)))
    overlap, spread = rhat * chi, qhat * chi * chi
    return chi, spread, (chi + spread) / (1.0 + overlap), overlap


@njit(cache=True, nogil=True)
def weight_entropy(rhat, qhat, chi, spread, rest, setting):
    r"""$S(q,R)$: Ising $-\frac12\chi\hat q+(1-R)\hat R+\int Dz\ln(1+e^{-2h})$, spherical $\frac12\ln\chi+\frac{q-R^2}{2\chi}$."""
    if setting.weights != ISING:
        return 0.5 * math.log(chi) + 0.5 * spread / chi
    if qhat == 0.0:
        return rest * rhat + math.log1p(math.exp(-2.0 * rhat))
    h, weights = spin_rule(rhat, qhat)
    total = rest * rhat - 0.5 * chi * qhat
    for i in range(h.size):
        total += weights[i] * (max(-2.0 * h[i], 0.0) + math.log1p(math.exp(-2.0 * abs(h[i]))))
    return total


@njit(cache=True, nogil=True)
def label_rule(width, sharp, setting):
    r"""(t, weights of $Dt$), both (nodes,), for functions of $\tau=t/$width that bend where $Z(\tau)$ does, and at $t=0$ over `sharp`.

    $Z=e^{-\beta}+(1-e^{-\beta})\Phi(\tau)$ bends at $\tau=0$, and at low temperature at $-\sqrt{2\beta}$ over $1/\sqrt{2\beta}$.
    """
    edges = graded_edges(-REACH, REACH, 0.0, 3.0 * min(width, sharp))
    if 0.0 < setting.decay < 0.1:
        wall = math.sqrt(2.0 * setting.beta)
        if wall * width < REACH:
            edges = np.sort(np.append(edges, graded_edges(-REACH, 0.0, -wall * width, 4.0 / wall * width)))
    t, weights = panel_rule(edges, WIDEST)
    for i in range(t.size):
        weights[i] *= pdf(t[i])
    return t, weights


@njit(cache=True, nogil=True)
def pull(tau, setting):
    r"""$\sqrt{1-q}\;g=(1-e^{-\beta})\varphi(\tau)/Z(\tau)$."""
    if setting.decay == 0.0:
        return inverse_mills(-tau)
    return setting.gain * pdf(tau) / (setting.decay + setting.gain * cdf(tau))


@njit(cache=True, nogil=True)
def label_mean(chi, spread, setting):
    r"""$\hat R/\alpha=2\int Dt\,\varphi(h_0)\sqrt{q/(q-R^2)}\,g=\sqrt{2/\pi}\int Du\;g$ at $\tau=u\sqrt{(q-R^2)/(1-q)}$."""
    width = math.sqrt(chi / spread) if spread > 0.0 else math.inf
    u, weights = label_rule(width, REACH, setting)
    total = 0.0
    for i in range(u.size):
        total += weights[i] * pull(u[i] / width, setting)
    return math.sqrt(2.0 / (math.pi * chi)) * total


@njit(cache=True, nogil=True)
def label_square(chi, spread, overlap, setting):
    r"""$\hat q/\alpha=2\int Dt\,\Phi(h_0)\,g^2$, $h_0=Rt/\sqrt{q-R^2}$, $\tau=t\sqrt{q/(1-q)}$."""
    width, sharp = math.sqrt(chi / (1.0 - chi)), math.sqrt(spread) / overlap
    t, weights = label_rule(width, sharp, setting)
    total = 0.0
    for i in range(t.size):
        total += weights[i] * cdf(t[i] / sharp) * pull(t[i] / width, setting) ** 2
    return 2.0 * total / chi


@njit(cache=True, nogil=True)
def label_averages(chi, spread, overlap, setting):
    r"""$G=2\int Dt\,\Phi(h_0)\ln Z$ and the training error $2\int Dt\,\Phi(h_0)\,e^{-\beta}\Phi(-\tau)/Z$."""
    width, sharp = math.sqrt(chi / (1.0 - chi)), math.sqrt(spread) / overlap
    t, weights = label_rule(width, sharp, setting)
    log_Z = wrong = 0.0
    for i in range(t.size):
        tau, mass = t[i] / width, 2.0 * weights[i] * cdf(t[i] / sharp)
        if setting.decay == 0.0:
            log_Z += mass * log_cdf(tau)
            continue
        lost = setting.gain * cdf(-tau)
        Z = setting.decay + setting.gain * cdf(tau)
        log_Z += mass * (math.log1p(-lost) if lost < 0.5 else math.log(Z))
        wrong += mass * setting.decay * cdf(-tau) / Z
    return log_Z, wrong


@njit(cache=True, nogil=True)
def rule_error(rest, setting):
    r"""Generalization error: $\arccos(R)/\pi=\frac2\pi\arcsin\sqrt{(1-R)/2}$ of labels, $1-R$ of linear outputs."""
    return 2.0 / math.pi * math.asin(math.sqrt(min(0.5 * rest, 1.0))) if setting.output == BOOLEAN else rest


@njit(cache=True, nogil=True)
def slope(chi, spread, rest, setting):
    r"""$\hat R/\alpha=\partial_RG$ at a state."""
    if setting.output == BOOLEAN:
        if setting.theory == REPLICA:
            return label_mean(chi, spread, setting)
        steep = 1.0 / (math.pi * math.sqrt(rest * (2.0 - rest)))
        return (
            setting.gain * steep / (1.0 - setting.gain * rule_error(rest, setting)) if setting.theory == ANNEALED else setting.beta * steep
        )
    if setting.theory == REPLICA:
        return setting.beta / (1.0 + setting.beta * chi)
    return setting.beta / (1.0 + 2.0 * setting.beta * rest) if setting.theory == ANNEALED else setting.beta


@njit(cache=True, nogil=True)
def channel(chi, spread, rest, overlap, setting):
    r"""$G$ and the training error at a state: replica, annealed ($-G_{an}$, $\partial_\beta G_{an}$) or high-temperature ($-\beta\epsilon$, $\epsilon$)."""
    beta, gain = setting.beta, setting.gain
    if setting.theory == REPLICA:
        if setting.output == BOOLEAN:
            return label_averages(chi, spread, overlap, setting)
        d, m = 1.0 + beta * chi, rest * rest + spread
        return -0.5 * (math.log1p(beta * chi) + beta * m / d), 0.5 * (chi / d + m / (d * d))
    error = rule_error(rest, setting)
    if setting.theory != ANNEALED:
        return -beta * error, error
    if setting.output == BOOLEAN:
        return math.log1p(-gain * error), setting.decay * error / (1.0 - gain * error)
    return -0.5 * math.log1p(2.0 * beta * error), error / (1.0 + 2.0 * beta * error)


@njit(cache=True, nogil=True)
def mismatch(y, x, setting):
    r"""$\ln\frac{\partial_q\text{-equation}}{\partial_R\text{-equation}}-x$ at $y=\ln\hat R$, $x=\ln\hat q/\hat R$: zero on the curve of states."""
    rhat = math.exp(y)
    chi, spread, rest, overlap = overlaps(rhat, rhat * math.exp(x), setting)
    if setting.output == BOOLEAN:
        return math.log(label_square(chi, spread, overlap, setting) / label_mean(chi, spread, setting)) - x
    ratio = setting.beta * (rest * rest + spread) / (1.0 + setting.beta * chi)
    return math.log(max(ratio, 1e-300)) - x


@njit(cache=True, nogil=True)
def nearby_ratio(y, x, setting):
    r"""$x=\ln\hat q/\hat R$ on the curve of states at $y=\ln\hat R$ by secants from a guess, `mismatch` being all but linear; nan without success."""
    at_x = mismatch(y, x, setting)
    after = x + at_x
    for _ in range(15):
        if after == x or abs(at_x) < 1e-14:
            return after
        at_after = mismatch(y, after, setting)
        step = -at_after * (after - x) / (at_after - at_x) if at_after != at_x else 0.0
        x, at_x = after, at_after
        after = x + min(max(step, -50.0), 50.0)
        if abs(step) < 3e-9:  # what is left is about its square
            return after
    return math.nan


@njit(cache=True, nogil=True)
def smallest_ratio(y, setting):
    r"""The smallest $x=\ln\hat q/\hat R$ on the curve of states at $y=\ln\hat R$, of linear output; nan without one."""
    _, _, rest, _ = overlaps(math.exp(y), 0.0, setting)
    low = math.log(max(rest * rest / (1.0 + 1.0 / setting.beta), 1e-300)) - 1.0
    at_low = mismatch(y, low, setting)
    step = 0.1
    high, at_high = low + step, mismatch(y, low + step, setting)
    while at_high > 0.0:
        step *= 1.1
        low, at_low = high, at_high
        high, at_high = low + step, mismatch(y, low + step, setting)
        if low > 50.0:
            return math.nan
    bracket = open_bracket(low, at_low, high, at_high, 1e-13)
    while not closed(bracket):
        x = proposal(bracket)
        narrow(bracket, x, mismatch(y, x, setting))
    return best(bracket)


@njit(cache=True, nogil=True)
def first_ratio(setting):
    r"""$\ln\hat q/\hat R$ for $\alpha\to0$."""
    return math.log(setting.gain / (1.0 + setting.decay)) if setting.output == BOOLEAN else -math.log1p(1.0 / setting.beta)


@njit(cache=True, nogil=True)
def log_load(y, x, setting):
    r"""$\ln\alpha$ and $\ln\hat q/\hat R$ of the state at $y=\ln\hat R$ that continues a neighbouring one with x; ($-\infty$, x) where there is none.

    Only below $T=0.003$, for Ising weights and linear output, does the curve end in y: it folds back just beyond its spinodal.
    """
    rhat, qhat = math.exp(y), 0.0
    if setting.theory == REPLICA:
        if setting.output != BOOLEAN or setting.decay > 0.0:
            found = nearby_ratio(y, x, setting)
            if math.isnan(found):
                found = smallest_ratio(y, setting) if setting.output != BOOLEAN else math.nan
            if math.isnan(found):
                return -math.inf, x
            x = found
        else:
            x = 0.0
        qhat = rhat * math.exp(x)
    chi, spread, rest, _ = overlaps(rhat, qhat, setting)
    return y - math.log(slope(chi, spread, rest, setting)), x


@njit(cache=True, nogil=True)
def state(y, x, alpha, setting):
    r"""$(R,q,\epsilon_g,\epsilon_t,-\beta f,s)$ of the state at $y=\ln\hat R$, $x=\ln\hat q/\hat R$; $s=S+\alpha(G+\beta\epsilon_t)$."""
    rhat = math.exp(y)
    qhat = rhat * math.exp(x) if setting.theory == REPLICA else 0.0
    chi, spread, rest, overlap = overlaps(rhat, qhat, setting)
    volume = weight_entropy(rhat, qhat, chi, spread, rest, setting)
    labels, train = channel(chi, spread, rest, overlap, setting)
    heat = setting.beta * train if train > 0.0 else 0.0
    q = 1.0 - chi if setting.theory == REPLICA else math.nan
    return overlap, q, rule_error(rest, setting), train, volume + alpha * labels, volume + alpha * (labels + heat)


@njit(cache=True, nogil=True)
def turn(y, x, step, setting):
    r"""The first extremum of $\alpha$ that a walk along the curve in steps of `step` from (y, x) meets: a maximum upwards, a minimum downwards.

    Golden section; returns $(y,x,\ln\alpha)$, nan where there is none within $|y|\le4$. Steps are finer where the curve is nearly level.
    """
    sign, full = math.copysign(1.0, step), step
    before, x = log_load(y, x, setting)
    here, x = log_load(y + step, x, setting)
    while sign * (here - before) >= 0.0:
        y += step
        if abs(y) > 4.0:
            return math.nan, math.nan, math.nan
        step = full if abs(here - before) > 0.1 * abs(step) else 0.1 * full
        before = here
        here, x = log_load(y + step, x, setting)
    low, high = y - full, y + step
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, x = log_load(left, x, setting)
    at_right, _ = log_load(right, x, setting)
    while abs(high - low) > 2e-6:
        if sign * (at_left - at_right) > 0.0:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left, x = log_load(left, x, setting)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right, x = log_load(right, x, setting)
    here, x = log_load(left, x, setting)
    return left, x, here


@njit(cache=True, nogil=True)
def criterion(y, x, entropic, setting):
    r"""(entropy if `entropic`, else free entropy; x; $\ln\alpha$) on the curve of states at y."""
    load, x = log_load(y, x, setting)
    found = state(y, x, math.exp(load), setting)
    return found[5 if entropic else 4], x, load


@njit(cache=True, nogil=True)
def vanishing(low, high, x, entropic, setting):
    """The load between low and high at which the entropy or free entropy of the rising part vanishes; nan where it does not."""
    at_low, x, _ = criterion(low, x, entropic, setting)
    at_high, x, _ = criterion(high, x, entropic, setting)
    if at_high > 0.0:
        return math.nan
    bracket = open_bracket(low, at_low, high, at_high, 1e-11)
    while not closed(bracket):
        y = proposal(bracket)
        value, x, _ = criterion(y, x, entropic, setting)
        narrow(bracket, y, value)
    return math.exp(log_load(best(bracket), x, setting)[0])


@njit(cache=True, nogil=True)
def locate(low, x, top, log_alpha, setting):
    r"""(y, x) of the state at load $\alpha$ on a rising part of the curve from `low` on, where x is known, up to `top` (inf: wherever)."""
    at_low, x = log_load(low, x, setting)
    if at_low >= log_alpha:
        return low, x
    step = 1.2 * (log_alpha - at_low) + 1e-9
    high = min(low + step, top)
    at_high, x = log_load(high, x, setting)
    while at_high < log_alpha and high < top:
        if high > 60.0:
            return math.nan, math.nan
        step *= 2.0
        low, at_low = high, at_high
        high = min(low + step, top)
        at_high, x = log_load(high, x, setting)
    bracket = open_bracket(low, at_low - log_alpha, high, at_high - log_alpha, 1e-13)
    while not closed(bracket):
        y = proposal(bracket)
        value, x = log_load(y, x, setting)
        if abs(value - log_alpha) < 2e-14:
            return y, x
        narrow(bracket, y, value - log_alpha)
    return best(bracket), x


@njit(cache=True, nogil=True)
def first_state(log_alpha, setting):
    r"""(y, x) on the curve just below the poor state at $\alpha$, from $\hat R\simeq\alpha\,\partial_RG(0,0)$ down."""
    if setting.output == BOOLEAN:
        rise = 2.0 * setting.gain / (1.0 + setting.decay) if setting.theory < 2 else setting.beta
        rise /= math.pi
    else:
        rise = 1.0 / (1.0 / setting.beta + (1.0, 2.0, 0.0)[setting.theory])
    y, x = log_alpha + math.log(rise) - 1e-6, first_ratio(setting)
    while log_load(y, x, setting)[0] >= log_alpha:
        y -= 0.5
    return y, x


@njit(cache=True, nogil=True)
def equal_states(setting, peak, dip):
    r"""The load between the spinodals, $(y,x,\ln\alpha)$ each, at which poor and good state have the same free entropy."""
    low, high, at_low, at_high = dip[2] + 1e-12, peak[2] - 1e-12, -1.0, 1.0  # only there is one of them not yet, or no longer, a maximum
    bracket = open_bracket(low, at_low, high, at_high, 1e-11)
    while not closed(bracket):
        log_alpha = proposal(bracket)
        alpha = math.exp(log_alpha)
        y, x = first_state(log_alpha, setting)
        poor = state(*locate(y, x, peak[0], log_alpha, setting), alpha, setting)
        good = state(*locate(dip[0], dip[1], math.inf, log_alpha, setting), alpha, setting)
        narrow(bracket, log_alpha, good[4] - poor[4])
    return math.exp(best(bracket))


@njit(cache=True, nogil=True)
def line(alphas, setting, peak, dip):
    r"""Both states at each of `alphas` (points,): (12, points), the rows of `state` in equilibrium and on the poor branch.

    `peak` and `dip`, $(y,x,\ln\alpha)$, are the spinodals of the curve, nan where it only rises; nan for a dip at $R=1$.
    """
    table = np.empty((12, alphas.size))
    discrete = setting.weights == ISING and setting.output == BOOLEAN
    perfect = (1.0, 1.0 if setting.theory == REPLICA else math.nan, 0.0, 0.0, 0.0, 0.0)
    y, x, before = math.nan, math.nan, math.inf  # where to start from: the poor state of the point before, if that has fewer examples
    for i in range(alphas.size):
        alpha = alphas[i]
        log_alpha = math.log(alpha)
        beyond = log_alpha > peak[2]
        if beyond and discrete:
            poor = perfect
        else:
            if log_alpha < before or math.isnan(y) or beyond != (before > peak[2]):
                y, x = (dip[0], dip[1]) if beyond else first_state(log_alpha, setting)
            y, x = locate(y, x, math.inf if beyond or math.isnan(peak[0]) else peak[0], log_alpha, setting)
            before = log_alpha
            poor = state(y, x, alpha, setting)
        other = poor
        if discrete:
            other = perfect
        elif not beyond and log_alpha > dip[2]:
            other = state(*locate(dip[0], dip[1], math.inf, log_alpha, setting), alpha, setting)
        stable = other if other[4] > poor[4] else poor
        for j in range(6):
            table[j, i], table[6 + j, i] = stable[j], poor[j]
    return table


NONE = (math.nan, math.nan, math.nan)


@lru_cache(maxsize=1024)
def spinodals(setting: Setting) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    r"""Where the poor branch ends and where the good one begins, each $(y,x,\ln\alpha)$; nan where there are none."""
    if setting.weights != ISING:
        return NONE, NONE
    peak = turn(-2.0, first_ratio(setting), 0.1, setting)
    good = setting.output != BOOLEAN and not math.isnan(peak[0])
    return peak, turn(3.7, -600.0, -0.1, setting) if good else NONE


@lru_cache(maxsize=1024)
def lines(setting: Setting) -> tuple[float, float, float]:
    """Loads of transition, spinodal and zero entropy; remembered, since all loads share them. nan where they do not exist."""
    if setting.weights != ISING or setting.output != BOOLEAN:
        return NONE
    peak, _ = spinodals(setting)
    transition, zero = (vanishing(-2.0, peak[0], first_ratio(setting), entropic, setting) for entropic in (False, True))
    return transition, math.exp(peak[2]), zero if setting.theory == REPLICA else math.nan


@lru_cache(maxsize=1024)
def jump(setting: Setting) -> tuple[float, float]:
    """Loads at which the equilibrium jumps and at which the poor state ends; nan where there is one state only."""
    peak, dip = spinodals(setting)
    if setting.output == BOOLEAN or math.isnan(peak[0]):
        return lines(setting)[:2]
    return equal_states(setting, peak, dip), math.exp(peak[2])

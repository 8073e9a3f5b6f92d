r"""**Setting.** A teacher $w^*$ and a student $w$ of the same kind, $w\in\{\pm1\}^D$ (`ising`) or $|w|^2=D$ (`spherical`), see $N=\alpha D$ inputs
$x\sim\mathcal N(0,I_D)$ through the fields $h=w\cdot x/\sqrt D$ and $u=w^*\!\cdot x/\sqrt D$. The student is drawn from the Gibbs distribution

$$P(w)\propto\exp\Big(-\beta\sum_\mu e_\mu\Big),\qquad\beta=\frac1T,\qquad e=\Theta(-hu)\ \text{(boolean)},\quad e=\tfrac12(h-u)^2\ \text{(linear)},$$

so that temperature stands for noise in the training. $-\beta f$ is $\frac1D\ln$ of the sum over all $2^D$ Ising weights, or of the normalised
average over the sphere; the entropy is $s=-\beta f+\alpha\beta\epsilon_t$. With $R=w\cdot w^*/D$ the generalization error is
$\epsilon_g=\arccos(R)/\pi$ (boolean), $1-R$ (linear); the training error $\epsilon_t$ is the mean of $e$ over the examples. (Papers that count
$\frac12(\sigma-\sigma_0)^2$ per error have twice this temperature.)

**Replica theory** (Györgyi 1990; Seung, Sompolinsky & Tishby 1992), symmetric, $q$ the overlap of two students:

$$-\beta f=\mathop{\rm extr}_{q,R}\ S(q,R)+\alpha\,G(q,R),\qquad\hat R=\alpha\,\partial_RG,\quad\hat q=-2\alpha\,\partial_qG.$$

Ising weights, $h_z=\sqrt{\hat q}\,z+\hat R$: $S=-\frac12(1-q)\hat q-R\hat R+\int Dz\ln2\cosh h_z$, $R=\int Dz\tanh h_z$, $q=\int Dz\tanh^2h_z$. Spherical:
$S=\frac12\ln(1-q)+\frac{q-R^2}{2(1-q)}$. Boolean output, $\tau=\sqrt{\frac q{1-q}}\,t$, $h_0=\frac{Rt}{\sqrt{q-R^2}}$, $Z=e^{-\beta}+(1-e^{-\beta})\Phi(\tau)$:

$$G=2\int Dt\,\Phi(h_0)\ln Z,\qquad\epsilon_t=2\int Dt\,\Phi(h_0)\,\frac{e^{-\beta}\Phi(-\tau)}Z .$$

Linear output, $d=1+\beta(1-q)$, $m=1-2R+q$: $G=-\frac12\ln d-\frac{\beta m}{2d}$, $\epsilon_t=\frac{1-q}{2d}+\frac m{2d^2}$. At $T=0$ with boolean output
Gibbs learning is posterior sampling: $q=R$, and all is as in `glm-bayes` with channel sign (whose $\phi$ is $\ln2$ lower for Ising weights).

**Two simpler theories.** *Annealed*: $-\beta f=\max_R s_0(R)-\alpha G_{an}(R)$ with $s_0=S(R^2,R)$, and
$G_{an}=-\ln[1-(1-e^{-\beta})\epsilon_g]$ (boolean), $\frac12\ln(1+2\beta\epsilon_g)$ (linear), $\epsilon_t=\partial_\beta G_{an}$. *High temperature*
($\beta\to0$ at fixed $\alpha\beta$, where both others meet it): $-\beta f=\max_Rs_0(R)-\alpha\beta\,\epsilon_g(R)$, $\epsilon_t=\epsilon_g$. Entropy against energy: this one
line contains the whole phenomenon. (`potential` is what is maximized, at R = `overlap`.)

**States.** *Poor* (`..._poor`): the one connected to $\alpha\to0$, which dynamics from random weights finds. Ising weights with boolean output have besides
it the *perfect* state $R=1$, of free entropy 0: it takes over in equilibrium at `alpha_transition`, where $-\beta f_{poor}=0$; at `alpha_spinodal` the
poor state ceases to exist. `alpha_zero_entropy` is where $s_{poor}=0$: beyond it replica symmetry has no meaning (for $T<0.3303$ only;
elsewhere the spinodal comes first). Ising weights with linear output have for $T<0.3746$ (annealed: 0.3993) a poor and a good state of $R<1$ in a window of
$\alpha$, and the equilibrium, the state of larger $-\beta f$, jumps (`alpha_jump`; the poor state ends at `alpha_poor_end`).

**Numerics.** $(\hat R,\hat q)$ determine $1-q$, $q-R^2$, $1-R$ (none by subtraction), these the ratio $\partial_qG/\partial_RG$: at each $\hat R$ one scalar equation
for $\hat q/\hat R$, solved by secants, and then $\alpha=\hat R/\partial_RG$. All states at a temperature thus lie on one curve $\alpha(\hat R)$: a state is a root on
a rising part, spinodals are its extrema, and nothing slows down there. The simpler theories are the same curve at $\hat q=0$. Integrals are Gauss
panels graded towards the bends of $\tanh h_z$, $\Phi(h_0)$ and $Z$.

**Experiment.** Metropolis: flips of single Ising weights, rotations of pairs of spherical ones by an angle in $\pm0.4$; 2000 (Ising) or 4000 sweeps, of which
the first quarter is discarded. Random weights are cooled from $T=1$ meanwhile and measure the poor state; `start=teacher` measures how long the
teacher's own state holds. At $T=0$ the dynamics accepts no rise of the energy and gets trapped above it.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.special import entr

from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Reference, mean_sem
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


COLDEST = 1e-3
NONE = (math.nan, math.nan, math.nan)


def setting_of(T: float, weights: str, output: str, theory: str) -> Setting:
    """What the curve of states depends on. Raises ParameterError where the theory has no such temperature."""
    if T < COLDEST and (output != "boolean" or theory != "replica"):
        raise ParameterError("T", T, f"T must be at least {COLDEST:g}: only the replica theory of boolean output goes down to zero")
    beta = 1.0 / T if T > 0.0 else math.inf
    numbers = WEIGHTS.index(weights), OUTPUTS.index(output), THEORIES.index(theory)
    return Setting(*numbers, beta, math.exp(-beta) if beta < FROZEN else 0.0, -math.expm1(-beta))


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


STATE = ("R", "q", "gen_error", "train_error", "free_entropy", "entropy")
ROWS = STATE + tuple(f"{name}_poor" for name in STATE)
LINES = ("alpha_transition", "alpha_spinodal", "alpha_zero_entropy", "alpha_jump", "alpha_poor_end")


def potential(overlap: np.ndarray, alpha: np.ndarray, setting: Setting) -> np.ndarray:
    r"""$s_0(R)-\alpha G_{an}(R)$, or $s_0-\alpha\beta\epsilon_g$, at R = `overlap`; $-\infty$ at $R=1$ on the sphere, nan in the replica theory."""
    if setting.theory == REPLICA:
        return np.full(np.broadcast(overlap, alpha).shape, math.nan)
    with np.errstate(divide="ignore"):
        if setting.weights == ISING:
            volume = entr(0.5 * (1.0 + overlap)) + entr(0.5 * (1.0 - overlap))
        else:
            volume = 0.5 * (np.log1p(overlap) + np.log1p(-overlap))
    error = np.arccos(overlap) / math.pi if setting.output == BOOLEAN else 1.0 - overlap
    if setting.theory != ANNEALED:
        return volume - alpha * setting.beta * error
    if setting.output == BOOLEAN:
        return volume + alpha * np.log1p(-setting.gain * error)
    return volume - 0.5 * alpha * np.log1p(2.0 * setting.beta * error)


def solve_along(axis: str, values: np.ndarray, **p) -> dict[str, np.ndarray]:
    """A line along alpha (a compiled loop, the lines solved once) or overlap (one state for all).

    Raises ParameterError where the theory has no such temperature, ConvergenceError where no state is found.
    """
    setting = setting_of(p["T"], p["weights"], p["output"], p["theory"])
    alphas = np.asarray(values, float) if axis == "alpha" else np.array([p["alpha"]], float)
    columns = dict(zip(ROWS, line(alphas, setting, *spinodals(setting)), strict=True))
    if np.isnan(columns["free_entropy"]).any():
        raise ConvergenceError(f"no state found at T={p['T']} and some alpha in [{alphas.min()}, {alphas.max()}]")
    columns |= dict(zip(LINES, (*lines(setting), *jump(setting)), strict=True))
    overlap = np.asarray(values, float) if axis == "overlap" else math.nan if p["overlap"] is None else p["overlap"]
    columns["potential"] = potential(np.asarray(overlap, float), alphas, setting)
    return {name: np.array(np.broadcast_to(column, len(values))) for name, column in columns.items()}


def solve(alpha: float, **parameters) -> dict:
    """Equilibrium and poor state, the lines, and the landscape at `overlap`. Errors as in `solve_along`."""
    return {name: column[0].item() for name, column in solve_along("alpha", np.array([alpha]), **parameters).items()}


@njit(cache=True, nogil=True)
def total_energy(fields, boolean):
    r"""$\sum_\mu\Theta(-f_\mu)$ of fields times labels, or $\frac12\sum_\mu f_\mu^2$ of differences of fields."""
    total = 0.0
    for mu in range(fields.size):
        total += (1.0 if fields[mu] < 0.0 else 0.0) if boolean else 0.5 * fields[mu] * fields[mu]
    return total


@njit(cache=True, nogil=True)
def metropolis(X, w, fields, betas, uniform, ising, boolean):
    r"""A sweep of D proposals at each of `betas` (sweeps,): flips of one weight if `ising`, else rotations of two by an angle in $\pm0.4$.

    X (D, N) holds the inputs, times labels if `boolean`, over $\sqrt D$; w (D,) and fields (N,) are updated in place; uniform (sweeps, D, 3)
    random numbers. Returns (sweeps, 2): $w\cdot w^*/D$ with $w^*=(1,\dots,1)$, and the energy.
    """
    size = w.size
    path, change = np.empty((betas.size, 2)), np.empty_like(fields)
    energy = total_energy(fields, boolean)
    for sweep in range(betas.size):
        for i in range(size):
            if ising:
                j, new_i, new_j = i, -w[i], 0.0
                for mu in range(fields.size):
                    change[mu] = fields[mu] + 2.0 * new_i * X[i, mu]
            else:
                j = (i + 1 + int(uniform[sweep, i, 1] * (size - 1))) % size
                angle = 0.8 * uniform[sweep, i, 2] - 0.4
                new_i = math.cos(angle) * w[i] - math.sin(angle) * w[j]
                new_j = math.sin(angle) * w[i] + math.cos(angle) * w[j]
                for mu in range(fields.size):
                    change[mu] = fields[mu] + (new_i - w[i]) * X[i, mu] + (new_j - w[j]) * X[j, mu]
            after = total_energy(change, boolean)
            rise = after - energy
            if rise <= 0.0 or uniform[sweep, i, 0] < math.exp(-betas[sweep] * rise):
                w[j] = new_j
                w[i] = new_i
                energy = after
                fields[:] = change
        path[sweep, 0], path[sweep, 1] = w.sum() / size, energy
    return path


def trial(random: np.random.Generator, rows: int, size: int, T: float, ising: bool, boolean: bool, informed: bool) -> np.ndarray:
    """Time averages of overlap, generalization and training error in one sample, (3,).

    A random start is cooled from T = 1 over the first sweeps; a start at the teacher stays at T.
    """
    X = random.standard_normal((size, rows)) / math.sqrt(size)
    teacher = X.sum(axis=0)
    if boolean:
        X *= np.sign(teacher)
    w = random.standard_normal(size)
    w = np.sign(w) if ising else w * math.sqrt(size) / np.linalg.norm(w)
    if informed:
        w = np.ones(size)
    sweeps, burn = (2000, 500) if ising else (4000, 1000)
    temperatures = np.full(sweeps, T)
    if not informed:
        temperatures[:burn] = np.linspace(max(T, 1.0), T, burn)
    with np.errstate(divide="ignore"):
        betas = 1.0 / temperatures
    parts = []
    for chunk in np.split(betas, sweeps // 100):
        fields = w @ X - (0.0 if boolean else teacher)
        parts.append(metropolis(X, w, fields, chunk, random.random((len(chunk), size, 3)), ising, boolean))
    overlap, energy = np.concatenate(parts)[burn:].T
    error = np.arccos(np.clip(overlap, -1.0, 1.0)) / math.pi if boolean else 1.0 - overlap
    return np.array([overlap.mean(), error.mean(), energy.mean() / rows])


SIZE = Parameter("size", "D", "number of weights", 150, 10, 1000, 1, "log", integer=True)
TRIALS = Parameter("trials", "n", "number of samples", 20, 1, 10_000, 1, "log", integer=True)
ENTRIES = 10**6


def simulate(size, trials, seed, progress, alpha, T, weights, output, theory, start, overlap) -> dict[str, Estimate]:
    """Metropolis from random weights or from the teacher's.

    Raises ParameterError where the sample would be empty or too large, and where the theory has no such temperature.
    """
    setting_of(T, weights, output, theory)
    rows = round(alpha * size)
    if rows < 1:
        raise ParameterError("alpha", alpha, f"there is not one example at size {size}")
    if rows * size > ENTRIES:
        raise ParameterError("size", size, f"{rows} examples of this size are too many; choose a smaller size or alpha")
    samples = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        random = np.random.default_rng(child)
        samples.append(trial(random, rows, size, T, weights == "ising", output == "boolean", start == "teacher"))
        progress((i + 1) / trials)
    return {name: mean_sem(column) for name, column in zip(("R", "gen_error", "train_error"), np.array(samples).T, strict=True)}


CURVE = "states along the replica-symmetric curve, evaluated independently"
LINEAR = {"output": "linear", "alpha": 0.6, "T": 0.2}
ONE_STATE = "nan where there is one state only: spherical weights, and Ising weights with linear output but at low temperature"
BOOLEAN_ONLY = "nan unless Ising weights have boolean output"


def reproduced(parameters: dict, source: str = CURVE, rtol: float = 5e-7, **values: float | None) -> tuple[Landmark, ...]:
    """One landmark per observable."""
    return tuple(Landmark(parameters, name, value, source, rtol) for name, value in values.items())


def branch_observables(suffix: str, mark: str, what: str) -> tuple[Observable, ...]:
    """`STATE` of one branch."""
    return (
        Observable(f"R{suffix}", f"R{mark}", f"overlap of student and teacher, {what}"),
        Observable(f"q{suffix}", f"q{mark}", f"overlap of two students, {what}", "nan unless theory = replica"),
        Observable(f"gen_error{suffix}", rf"\epsilon_g{mark}", f"probability of a wrong label (boolean) or half the squared error, {what}"),
        Observable(f"train_error{suffix}", rf"\epsilon_t{mark}", f"mean energy of a training example, {what}"),
        Observable(f"free_entropy{suffix}", rf"-\beta f{mark}", f"free entropy per weight (nats), {what}"),
        Observable(f"entropy{suffix}", f"s{mark}", f"entropy per weight (nats), {what}"),
    )


MODEL = Model(
    id="learning-temperature",
    title="Learning at temperature",
    chapter="teacher_student",
    question="When does a student that learns with thermal noise understand its teacher, and does it happen smoothly or in a jump?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "examples per weight, N/D", 1.0, 1e-6, 1e6, 0.01, "log"),
        Parameter(
            "T", "T", f"temperature of the training; at least {COLDEST:g} but for boolean output in the replica theory", 0.5, 0.0, 1e4, 0.01
        ),
        Parameter("weights", "w", "plus or minus one, or on a sphere", "ising", choices=WEIGHTS),
        Parameter("output", "e", "labels (sign of the field) or the field itself", "boolean", choices=OUTPUTS),
        Parameter("theory", "", "replica, or one of two simpler theories", "replica", choices=THEORIES),
        Parameter("start", "", "weights from which the experiment starts; nothing to the theory", "random", choices=("random", "teacher")),
        Parameter(
            "overlap", "R", "overlap at which the landscape of a simpler theory is evaluated; nowhere if absent", None, 0.0, 1.0, 0.01
        ),
    ),
    observables=(
        *branch_observables("", "", "in equilibrium"),
        *branch_observables("_poor", "^{poor}", "on the branch connected to few examples (the perfect state beyond the spinodal)"),
        Observable("alpha_transition", r"\alpha_{tr}", "the perfect state takes over at this temperature", BOOLEAN_ONLY),
        Observable("alpha_spinodal", r"\alpha_{sp}", "the poor state ceases to exist at this temperature", BOOLEAN_ONLY),
        Observable(
            "alpha_zero_entropy",
            r"\alpha_{s=0}",
            "the entropy of the poor state vanishes at this temperature",
            BOOLEAN_ONLY + " and theory = replica, and where the spinodal comes first",
        ),
        Observable("alpha_jump", r"\alpha_{jump}", "the equilibrium jumps, be it to the perfect or to a good state", ONE_STATE),
        Observable("alpha_poor_end", r"\alpha_{end}", "the poor state ceases to exist, for any output", ONE_STATE),
        Observable(
            "potential",
            "-\\beta f(R)",
            "free-entropy landscape at `overlap`",
            "nan without `overlap` and in the replica theory, minus infinity at R = 1 on the sphere",
        ),
    ),
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=(
        *reproduced({"T": 0.0}, "Györgyi 1990 (1.245)", 4e-4, alpha_transition=1.245),
        *reproduced({"T": 0.0}, "Seung, Sompolinsky & Tishby 1992 (1.49)", 3e-3, alpha_spinodal=1.49),
        *reproduced(
            {"T": 1.0, "theory": "high-temperature"},
            "Seung, Sompolinsky & Tishby 1992 (1.70 and 2.08)",
            3e-3,
            alpha_transition=1.70,
            alpha_spinodal=2.08,
        ),
        *reproduced({"T": 0.0}, alpha_transition=1.2446840, alpha_zero_entropy=1.2446840, alpha_spinodal=1.4926318),
        *reproduced({"T": 0.2}, alpha_transition=1.263369, alpha_zero_entropy=1.355227, alpha_spinodal=1.516123),
        *reproduced({"T": 1.0}, alpha_transition=2.332777, alpha_zero_entropy=None, alpha_spinodal=2.845620),
        *reproduced({"T": 2.0}, alpha_transition=3.983991, alpha_zero_entropy=None, alpha_spinodal=4.878521),
        *reproduced({"T": 1000.0}, alpha_transition=1696.4795, alpha_spinodal=2082.7365),
        *reproduced({"T": 1.0, "theory": "high-temperature"}, alpha_transition=1.6959326, alpha_spinodal=2.0820699),
        *reproduced({"T": 1.0, "theory": "annealed"}, alpha_transition=2.430695, alpha_spinodal=2.927865),
        *reproduced({"T": 0.02, "theory": "annealed"}, alpha_transition=1.447966, alpha_spinodal=1.730112),
        *reproduced({"T": 0.0, "alpha": 1.0}, R=0.5607147, q=0.5607147, free_entropy=0.1061083, entropy=0.1061083),
        *reproduced(LINEAR, rtol=2e-6, R=0.5551167, train_error=0.0846363, free_entropy=0.0101913, alpha_transition=None),
        *reproduced(
            {"output": "linear", "alpha": 0.4, "T": 0.05, "theory": "annealed"},
            rtol=5e-6,
            gen_error=2.25103e-7,
            R_poor=0.2536168,
            free_entropy_poor=-0.0252294,
        ),
    ),
    references=(
        Reference(
            "G. Györgyi", 1990, "First-order transition to perfect generalization in a neural network with binary synapses", "PRA 41, 7097"
        ),
        Reference("H. S. Seung, H. Sompolinsky & N. Tishby", 1992, "Statistical mechanics of learning from examples", "PRA 45, 6056"),
        Reference("T. L. H. Watkin, A. Rau & M. Biehl", 1993, "The statistical mechanics of learning a rule", "RMP 65, 499"),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "overlap"),
)

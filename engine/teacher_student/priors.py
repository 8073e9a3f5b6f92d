r"""The prior's half of state evolution: a weight $w\sim P_0$ seen through $B=\hat q\,w+\sqrt{\hat q}\,\xi$, and AMP's denoisers.

Priors: $\mathcal N(0,1)$; $\pm1$; $(1-\rho)\delta_0+\rho\,\mathcal N(0,1)$. $v=\mathbb E\,\mathrm{var}(w|B)$, $q=\mathbb Ew^2-v$, and
$J=I(w;B)=\frac12\hat q\,\mathbb Ew^2-\psi_0(\hat q)$ with $\psi_0=\mathbb E\ln\int dP_0(w)e^{-\hat qw^2/2+Bw}$. None of the three is a
difference of larger numbers where it is small ($J$ excepted, which is exact to $10^{-16}$ absolute).
"""

import math

import numpy as np
from numba import njit
from scipy.special import expit

from engine.numerics.quadrature import graded_edges, panel_rule
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal

PRIORS = ("gaussian", "rademacher", "gauss-bernoulli")
GAUSSIAN, RADEMACHER, SPARSE = range(3)
LN_2 = math.log(2.0)
SQRT_2PI = math.sqrt(2.0 * math.pi)
REACH = 9.5
STEP = 0.25  # in b = sqrt(qhat) x: the poles of sech are pi/2 away, 1e-17
LAST = 38.0  # sech(b) is 1e-16 there


def code(prior: str, sparsity: float) -> tuple[int, float]:
    """(number of the prior, second moment of a weight); a dense Gauss-Bernoulli prior is the Gaussian one."""
    if prior == "gauss-bernoulli" and sparsity < 1.0:
        return SPARSE, sparsity
    return (RADEMACHER if prior == "rademacher" else GAUSSIAN), 1.0


@njit(cache=True, nogil=True)
def spin_overlap(qhat):
    r"""$(q,v)$ for $w=\pm1$: $v=e^{-\hat q/2}\int Dx\,\mathrm{sech}(\sqrt{\hat q}x)$, $q=e^{-\hat q/2}\int Dx\,\sinh^2/\cosh$; trapezoid."""
    root = math.sqrt(qhat)
    step = min(0.4, STEP / root)
    count = int(min(REACH, LAST / root) / step)
    scale = 2.0 * step * math.exp(-0.5 * qhat) / SQRT_2PI
    v, q = 0.5 * scale, 0.0
    for k in range(1, count + 1):
        x = k * step
        weight, cosh = scale * math.exp(-0.5 * x * x), math.cosh(root * x)
        v += weight / cosh
        if qhat < 1.0:
            sinh = math.sinh(root * x)
            q += weight * sinh * sinh / cosh
    return (q, v) if qhat < 1.0 else (1.0 - v, v)


@njit(cache=True, nogil=True)
def spin_uncertainty(qhat):
    r"""$\ln2-J=e^{-\hat q/2}\int Dx\,[\cosh b\ln(1+e^{-2b})+be^{-b}]$, $b=\sqrt{\hat q}|x|$, for $w=\pm1$; trapezoid (even and analytic)."""
    root = math.sqrt(qhat)
    step = min(0.4, STEP / root)
    count = int(min(REACH, (LAST + 5.0) / root) / step)
    total = 0.5 * LN_2
    for k in range(1, count + 1):
        x = k * step
        b = root * x
        decay = math.exp(-b)
        total += math.exp(-0.5 * x * x) * (0.5 * (1.0 / decay + decay) * math.log1p(decay * decay) + b * decay)
    return 2.0 * step * math.exp(-0.5 * qhat) / SQRT_2PI * total


@njit(cache=True, nogil=True)
def slab_odds(qhat, rho):
    r"""$\ln\frac\rho{1-\rho}-\frac12\ln(1+\hat q)$: the log-odds of a non-zero weight at $B=0$."""
    return math.log(rho / (1.0 - rho)) - 0.5 * math.log1p(qhat)


@njit(cache=True, nogil=True)
def half_gaussian_rule(odds, curvature, top):
    r"""(g, weights of $2Dg$) on $0<g<$ top for functions of $t=\text{odds}+\frac12\,\text{curvature}\,g^2$ that bend where $t=0$.

    There the width is $1/(\text{curvature}\,g_*)$, and $\ln(1+e^{\pm t})$ has its nearest singularities $\pi$ widths away.
    """
    square = max(-2.0 * odds, 0.0)  # curvature g*^2
    edges = graded_edges(0.0, top, math.sqrt(square / curvature), 4.0 / math.sqrt(curvature * (1.0 + square)))
    g, weights = panel_rule(edges, 2.5)
    for i in range(g.size):
        weights[i] *= 2.0 / SQRT_2PI * math.exp(-0.5 * g[i] * g[i])
    return g, weights


@njit(cache=True, nogil=True)
def sparse_overlap(qhat, rho):
    r"""$(q,v)$: $v=\rho\big[\frac1{1+\hat q}+\frac{\hat q}{1+\hat q}\int Dg\,g^2\frac1{1+e^t}\big]$, $q=\frac{\rho\hat q}{1+\hat q}\int Dg\,\frac{g^2}{1+e^{-t}}$.

    $t=\ln\frac\rho{1-\rho}-\frac12\ln(1+\hat q)+\frac12\hat qg^2$.
    """
    odds = slab_odds(qhat, rho)
    direct = qhat < 100.0
    top = REACH if direct else min(REACH, math.sqrt(2.0 * max(40.0 - odds, 1.0) / qhat))
    g, weights = half_gaussian_rule(odds, qhat, top)
    missed = found = 0.0
    for i in range(g.size):
        ratio = math.exp(-odds - 0.5 * qhat * g[i] * g[i])
        part = weights[i] * g[i] * g[i] / (1.0 + ratio)
        found += part
        missed += part * ratio
    v = rho * (1.0 + qhat * missed) / (1.0 + qhat)
    return (rho * qhat / (1.0 + qhat) * found if direct else rho - v), v


@njit(cache=True, nogil=True)
def log1pexp(t):
    r"""$\ln(1+e^t)$."""
    return max(t, 0.0) + math.log1p(math.exp(-abs(t)))


@njit(cache=True, nogil=True)
def sparse_information(qhat, rho):
    r"""$J=H(\rho)+\frac\rho2\ln(1+\hat q)-\rho\int Dg\ln(1+e^{-t})-(1-\rho)\int Dg\ln(1+e^{t'})$, $t'$ being $t$ with $\hat q\to\frac{\hat q}{1+\hat q}$."""
    odds = slab_odds(qhat, rho)
    total = -rho * math.log(rho) - (1.0 - rho) * math.log1p(-rho) + 0.5 * rho * math.log1p(qhat)
    g, weights = half_gaussian_rule(odds, qhat, REACH)
    for i in range(g.size):
        total -= rho * weights[i] * log1pexp(-odds - 0.5 * qhat * g[i] * g[i])
    curvature = qhat / (1.0 + qhat)
    g, weights = half_gaussian_rule(odds, curvature, 12.0)
    for i in range(g.size):
        total -= (1.0 - rho) * weights[i] * log1pexp(odds + 0.5 * curvature * g[i] * g[i])
    return total


@njit(cache=True, nogil=True)
def scalar_overlap(qhat, prior, rho):
    r"""$(q,v)$ at signal-to-noise ratio $\hat q\in(0,\infty)$."""
    if prior == RADEMACHER:
        return spin_overlap(qhat)
    if prior == SPARSE:
        return sparse_overlap(qhat, rho)
    return qhat / (1.0 + qhat), 1.0 / (1.0 + qhat)


@njit(cache=True, nogil=True)
def scalar_information(qhat, prior, rho):
    r"""$J(\hat q)=I(w;\hat qw+\sqrt{\hat q}\xi)$ in nats; $J'=v/2$ (Guo, Shamai & Verdú 2005)."""
    if prior == RADEMACHER:
        return LN_2 - spin_uncertainty(qhat)
    if prior == SPARSE:
        return sparse_information(qhat, rho)
    return 0.5 * math.log1p(qhat)


@njit(cache=True, nogil=True)
def scalar_field(q, v, prior, rho):
    r"""The $\hat q$ at which the overlap is $q$ (and $v=\mathbb Ew^2-q$), both positive: the root of $\ln(q/v)$, increasing in $\ln\hat q$."""
    target = math.log(q / v)
    if prior == GAUSSIAN:
        return q / v
    low, high = -1.0, 1.0
    while log_odds(low, prior, rho) > target:
        low -= 4.0
    while log_odds(high, prior, rho) < target:
        high += 2.0 if prior == RADEMACHER else 4.0
    bracket = open_bracket(low, log_odds(low, prior, rho) - target, high, log_odds(high, prior, rho) - target, 1e-13)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, log_odds(y, prior, rho) - target)
    return math.exp(best(bracket))


@njit(cache=True, nogil=True)
def log_odds(y, prior, rho):
    r"""$\ln(q/v)$ at $y=\ln\hat q$."""
    q, v = scalar_overlap(math.exp(y), prior, rho)
    return math.log(q / v) if v > 0.0 else math.inf


def draw(prior: int, rho: float, size: int, random: np.random.Generator) -> np.ndarray:
    """Weights (size,) of the prior."""
    if prior == RADEMACHER:
        return random.choice([-1.0, 1.0], size)
    w = random.standard_normal(size)
    return w * (random.random(size) < rho) if prior == SPARSE else w


def denoise(A: float, B: np.ndarray, prior: int, rho: float) -> tuple[np.ndarray, float]:
    r"""Mean (D,) and average variance of $P_0(w)e^{-Aw^2/2+Bw}$ at each field of B (D,)."""
    if prior == RADEMACHER:
        with np.errstate(over="ignore"):
            return np.tanh(B), float(np.mean(1.0 / np.cosh(B) ** 2))
    mean = B / (1.0 + A)
    if prior == GAUSSIAN:
        return mean, 1.0 / (1.0 + A)
    odds = np.log(rho / (1.0 - rho)) - 0.5 * np.log1p(A) + 0.5 * B * mean
    slab, spike = expit(odds), expit(-odds)
    return slab * mean, float(np.mean(slab / (1.0 + A) + slab * spike * mean**2))

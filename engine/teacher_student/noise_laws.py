r"""A random number blurred by Gaussian noise, $r=\epsilon+\sqrt E\,g$: the residual of a sample, or a coordinate of the signal.

Laws of $\epsilon$: $(1-s)\,\mathcal N(0,\Delta)+s\,\mathcal N(0,\Delta_{out})$ or Laplace, $\frac1{2b}e^{-|\epsilon|/b}$ with $b=\sqrt{\Delta/2}$. For the
latter the density of $r\ge0$ is $(A+B)/2b$ with

$$A=e^{E/2b^2-r/b}\,\Phi\Big(\frac{r-E/b}{\sqrt E}\Big),\qquad B(r)=A(-r),\qquad P(|r|<c)=\mathrm{erf}\frac c{\sqrt{2E}}-(A-B)_c .$$

Nothing here is a difference of larger numbers where it is small. All kernels take and return floats.
"""

import math
from collections import namedtuple
from functools import cache

import numpy as np
from numba import njit

from engine.numerics.gaussian import SQRT_2, SQRT_2_OVER_PI, cdf, erfcx, inverse_mills_excess, pdf
from engine.numerics.quadrature import NODES_16, WEIGHTS_16, graded_edges, panel_rule
from engine.teacher_student.priors import half_gaussian_rule, sparse_overlap

Law = namedtuple("Law", "laplace share inner outer")
"""Laplace of variance `inner`, or (1 - share) N(0, inner) + share N(0, outer)."""
REACH = 11.0
"""Standard deviations beyond which r^2 phi(r) is below rounding."""
EDGEWORTH = 25.0
"""sqrt(E)/b beyond which smoothed Laplace noise is Gaussian up to its fourth cumulant."""


@njit(cache=True, nogil=True)
def variance(law):
    r"""$\mathbb E\epsilon^2$."""
    return law.inner if law.laplace else (1.0 - law.share) * law.inner + law.share * law.outer


@njit(cache=True, nogil=True)
def mass_at_zero(law):
    r"""$P(\epsilon=0)$."""
    if law.laplace:
        return 0.0
    return (1.0 - law.share) * (law.inner == 0.0) + law.share * (law.outer == 0.0)


@njit(cache=True, nogil=True)
def gaussian_clip(x):
    r"""$P(|g|>x)$, $P(|g|<x)$, $\mathbb E\min(g^2,x^2)$ and $\mathbb E(|g|-x)_+^2$ of a normal variable, $x\ge0$."""
    tail = cdf(-x)
    inside = 1.0 - 2.0 * tail
    if x < 0.5:  # the moment below x by its series: the terms of the closed form cancel
        inside = math.erf(x / SQRT_2)
        power, moment = x**3, x**3 / 3.0
        for n in range(1, 11):
            power *= -0.5 * x * x / n
            moment += power / (2 * n + 3)
        moment *= SQRT_2_OVER_PI
    else:
        moment = inside - 2.0 * x * pdf(x)
    return 2.0 * tail, inside, moment + 2.0 * x * x * tail, 2.0 * tail * (1.0 - x * inverse_mills_excess(x))


@njit(cache=True, nogil=True)
def wings(r, E, b):
    r"""$A$ and $B$ at $r\ge0$: $A=\frac12e^{-r^2/2E}\mathrm{erfcx}\,u$ with $\sqrt2u=\sqrt E/b-r/\sqrt E$, $B$ with $+r$."""
    root = math.sqrt(E)
    bell = 0.5 * math.exp(-0.5 * r * r / E)
    u = (root / b - r / root) / SQRT_2
    A = bell * erfcx(u) if u > 0.0 else 0.5 * math.exp(0.5 * E / (b * b) - r / b) * math.erfc(u)
    return A, bell * erfcx((root / b + r / root) / SQRT_2)


@njit(cache=True, nogil=True)
def narrow_clip(c, E, b):
    r"""$P(|r|<c)=\int_0^c(A+B)/b$ and $\mathbb E\min(r^2,c^2)=c^2-\int_0^c2rP(|r'|<r)\,dr$ of Laplace noise for $c\ll b$.

    The first panel takes half of a symmetric rule (the integrands are even), later ones leave the bend at $\sqrt E$ behind.
    """
    root = math.sqrt(E)
    edge = min(c, 2.0 * root)
    inside = lost = 0.0
    for j in range(8):
        r, weight = edge * NODES_16[8 + j], edge * WEIGHTS_16[8 + j]
        A, B = wings(r, E, b)
        inside += weight * (A + B)
        lost += weight * r * (math.erf(r / root / SQRT_2) - (A - B))
    low = edge
    for bend in (5.0, 11.0, math.inf):
        high = min(c, bend * root)
        half = 0.5 * (high - low)
        if half <= 0.0:
            break
        for j in range(16):
            r, weight = low + half * (1.0 + NODES_16[j]), half * WEIGHTS_16[j]
            A, B = wings(r, E, b)
            inside += weight * (A + B)
            lost += weight * r * (math.erf(r / root / SQRT_2) - (A - B))
        low = high
    return inside / b, c * c - 2.0 * lost


@njit(cache=True, nogil=True)
def clipped(c, E, law):
    r"""$P(|r|>c)$, $P(|r|<c)$, $\mathbb E\min(r^2,c^2)$ and $\mathbb E(\eta_c(r)-\epsilon)^2$, $\eta_c$ the soft threshold at $c$; $E>0$.

    The last is $\sum_vp_v\,[(v-E)\,\mathbb E\min(g^2,x^2)+E\,\mathbb E(|g|-x)_+^2]$ for Gaussian components of variance $v$ of $r$, $x=c/\sqrt v$.
    """
    if law.laplace:
        b = math.sqrt(0.5 * law.inner)
        if c < 0.1 * b:
            inside, moment = narrow_clip(c, E, b)
            return 1.0 - inside, inside, moment, moment + E * (1.0 - 2.0 * inside)
        outside, inside, moment, soft = gaussian_clip(c / math.sqrt(E))
        A, B = wings(c, E, b)
        inside -= A - B
        rest = 2.0 * b * (b * inside - c * (A + B))
        return outside + (A - B), inside, E * moment + rest, E * (soft + 2.0 * (A - B)) + rest
    outside, inside, moment, soft = 0.0, 0.0, 0.0, 0.0
    for share, delta in ((1.0 - law.share, law.inner), (law.share, law.outer)):
        if share > 0.0:
            v = delta + E
            one = gaussian_clip(c / math.sqrt(v))
            outside += share * one[0]
            inside += share * one[1]
            moment += share * v * one[2]
            soft += share * (delta * one[2] + E * one[3])
    return outside, inside, moment, soft


@njit(cache=True, nogil=True)
def density(r, E, law):
    r"""Density of $\epsilon+\sqrt E\,g$ at $r$; infinite at 0 where $E=0$ and $\epsilon$ is exactly zero with positive probability."""
    if law.laplace:
        b = math.sqrt(0.5 * law.inner)
        if E == 0.0:
            return math.exp(-abs(r) / b) / (2.0 * b)
        A, B = wings(abs(r), E, b)
        return (A + B) / (2.0 * b)
    total = 0.0
    for share, delta in ((1.0 - law.share, law.inner), (law.share, law.outer)):
        v = delta + E
        if share > 0.0 and v > 0.0:
            total += share * pdf(r / math.sqrt(v)) / math.sqrt(v)
        elif share > 0.0 and r == 0.0:
            total = math.inf
    return total


@njit(cache=True, nogil=True)
def mixture_information(E, law):
    r"""Fisher information of a blurred mixture, $v_1J=\sum_cp_c\int Dg\,g^2\big(\pi+\frac{1-\pi}R\big)$, $R=v_2/v_1$, at $r=\sqrt{v_c}\,g$.

    $\pi=1/(1+e^t)$ is the probability, given $r$, of the narrower component 1; $t=\ln\frac{p_2}{p_1}-\frac12\ln R+\frac{r^2}2(\frac1{v_1}-\frac1{v_2})$.
    """
    v1, v2, p1, p2 = law.inner + E, law.outer + E, 1.0 - law.share, law.share
    if v1 > v2:
        v1, v2, p1, p2 = v2, v1, p2, p1
    if p1 == 0.0 or p2 == 0.0 or v1 == v2:
        return 1.0 / (p1 * v1 + p2 * v2)
    ratio = v2 / v1
    odds = math.log(p2 / p1) - 0.5 * math.log(ratio)
    total = 0.0
    for p, curvature in ((p1, 1.0 - 1.0 / ratio), (p2, ratio - 1.0)):
        g, weights = half_gaussian_rule(odds, curvature, REACH)
        for i in range(g.size):
            outlying = 1.0 / (1.0 + math.exp(-odds - 0.5 * curvature * g[i] * g[i]))
            total += p * weights[i] * g[i] * g[i] * (1.0 - outlying + outlying / ratio)
    return total / v1


@njit(cache=True, nogil=True)
def excess_by_quadrature(s):
    r"""$\mathrm{Var}(r)J-1=\mathrm{Var}(r)\int p\,\big(\frac{p'}p+\frac r{\mathrm{Var}(r)}\big)^2$ of Laplace noise, $b=1$, $E=s^2>0$.

    $-p'/p=\frac{A-B}{A+B}$.
    """
    E = s * s
    spread = E + 2.0
    r, weights = panel_rule(graded_edges(0.0, REACH * s + 45.0, s, 0.5 * s), max(s, 1.0))
    total = 0.0
    for i in range(r.size):
        A, B = wings(r[i], E, 1.0)
        if A > 0.0:
            total += weights[i] * (A + B) * ((A - B) / (A + B) - r[i] / spread) ** 2
    return spread * total


@cache
def excess_series() -> np.ndarray:
    r"""Chebyshev coefficients (64,) of the excess in $\frac s{1+s}\in[0,\frac{25}{26}]$, exact to $10^{-14}$; made when first wanted."""
    angles = (np.arange(64) + 0.5) * np.pi / 64
    u = 0.5 * (1.0 + np.cos(angles)) * EDGEWORTH / (1.0 + EDGEWORTH)
    values = np.array([excess_by_quadrature(s) for s in u / (1.0 - u)])
    coefficients = np.cos(np.outer(np.arange(64), angles)) @ values / 32.0
    coefficients[0] *= 0.5
    return coefficients


@njit(cache=True, nogil=True)
def excess(s, series):
    r"""$\mathrm{Var}(r)J-1$ of Laplace noise, $b=1$, $E=s^2$: `series` or, beyond its end, $\kappa_4^2/6\,\mathrm{Var}(r)^4$ with $\kappa_4=12$."""
    if s > EDGEWORTH:
        return 24.0 / (s * s + 2.0) ** 4
    x = 2.0 * s / (1.0 + s) * (1.0 + EDGEWORTH) / EDGEWORTH - 1.0
    last = before = 0.0
    for k in range(series.size - 1, 0, -1):
        last, before = series[k] + 2.0 * x * last - before, last
    return series[0] + x * last - before


@njit(cache=True, nogil=True)
def information(E, law, series):
    r"""Fisher information $J(E)=\int p'^2/p$ of the density of $\epsilon+\sqrt E\,g$, $E>0$."""
    if law.laplace:
        return (1.0 + excess(math.sqrt(2.0 * E / law.inner), series)) / (E + law.inner)
    return mixture_information(E, law)


@njit(cache=True, nogil=True)
def mmse(qhat, law, series):
    r"""Error of the posterior mean of a signal $w$ seen as $w+\xi/\sqrt{\hat q}$: $v-v^2J(v)$, $v=1/\hat q$ (Tweedie).

    `law` is that of the signal: $\mathcal N(0,1)$, Laplace, or $\mathcal N(0,1)$ with a share of zeros.
    """
    if law.laplace:
        v = 1.0 / qhat
        return v * (law.inner - v * excess(math.sqrt(2.0 * v / law.inner), series)) / (v + law.inner)
    if law.share == 0.0:
        return 1.0 / (1.0 + qhat)
    return sparse_overlap(qhat, 1.0 - law.share)[1]

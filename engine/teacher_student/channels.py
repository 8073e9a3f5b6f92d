r"""The output's half of state evolution: labels $y\sim P_{out}(y|z)$ of the field $z\sim\mathcal N(\omega,v)$ with $\omega\sim\mathcal N(0,q)$.

With $Z(y,\omega)=\mathbb E_zP_{out}(y|z)$: $\Psi=\mathbb E_\omega\int dy\,Z\ln Z$ (`entropy_...`: minus the entropy of a label) and
$F=\mathbb E\,(\partial_\omega\ln Z)^2=2\,\partial\Psi/\partial q$ at fixed $q+v$ (`fisher_...`). Both take $q$ and $v$, so that $v$
keeps its digits. $\Delta$ is the variance of the noise, $s^2=v+\Delta$; $p$ the probability that a label is flipped.
"""

import math

import numpy as np
from numba import njit

from engine.numerics.gaussian import cdf, inverse_mills, log_cdf, pdf
from engine.numerics.quadrature import graded_edges, panel_rule
from engine.teacher_student.noisy_outputs import entropy_noisy_abs, entropy_noisy_relu, fisher_noisy_abs, fisher_noisy_relu

CHANNELS = ("linear", "sign", "abs", "relu", "door")
LINEAR, SIGN, ABS, RELU, DOOR = range(5)
ORTHOGONAL = 5  # linear outputs of a row-orthogonal matrix
SQRT_2PI = math.sqrt(2.0 * math.pi)
LOG_2PI_E = math.log(2.0 * math.pi * math.e)
TINY = 1e-30  # stands for q = 0 where a Gaussian of width sqrt(q) is integrated
FAR = 10.0  # widths of a Gaussian


@njit(cache=True, nogil=True)
def flip_entropy(p):
    r"""$p\ln p+(1-p)\ln(1-p)$."""
    return p * math.log(p) + (1.0 - p) * math.log1p(-p) if p > 0.0 else 0.0


@njit(cache=True, nogil=True)
def label_entropy(e, p):
    r"""$\sum_\pm Z_\pm\ln Z_\pm$ minus `flip_entropy`, for the probabilities $p+(1-2p)e$ and its complement; vanishes like $e\ln e$."""
    shift = (1.0 - 2.0 * p) * e
    if shift == 0.0:
        return 0.0
    total = shift * math.log((p + shift) / (1.0 - p - shift)) + (1.0 - p) * math.log1p(-shift / (1.0 - p))
    return total + p * math.log1p(shift / p) if p > 0.0 else total


@njit(cache=True, nogil=True)
def sign_step(p):
    r"""Step of the trapezoid in widths: without flips the zeros of $\Phi$ are 2.8 off the real axis, with flips they come closer."""
    return 0.25 if p == 0.0 else 0.08


@njit(cache=True, nogil=True)
def fisher_sign(q, v, delta, p):
    r"""$F=\frac{(1-2p)^2}{s^2}\,\mathbb E\,\frac{\varphi(u)^2}{Z_+Z_-}$, $u=\omega/s\sim\mathcal N(0,q/s^2)$, $Z_\pm=p+(1-2p)\Phi(\pm u)$; trapezoid."""
    q, square, unit = max(q, TINY), v + delta, sign_step(p)
    step = unit * math.sqrt(q / (q + square))
    total = 0.0
    for k in range(int(FAR / unit) + 1):
        u = k * step
        tail = (1.0 - 2.0 * p) * cdf(-u)
        density = math.exp(-0.5 * u * u * (2.0 + square / q)) / ((p + tail) * (1.0 - p - tail))
        total += density if k > 0 else 0.5 * density
    return (1.0 - 2.0 * p) ** 2 / (math.pi * SQRT_2PI) * unit * total / math.sqrt(square * (q + square))


@njit(cache=True, nogil=True)
def entropy_sign(q, v, delta, p):
    r"""$\Psi=\mathbb E\sum_\pm Z_\pm\ln Z_\pm$; what survives at $|u|\to\infty$, $p\ln p+(1-p)\ln(1-p)$, stays outside the integral."""
    q, square, unit = max(q, TINY), v + delta, sign_step(p)
    step = unit * math.sqrt(q / (q + square))
    total = 0.5 * label_entropy(0.5, p)
    for k in range(1, int(FAR / unit) + 1):
        u = k * step
        total += math.exp(-0.5 * u * u * square / q) * label_entropy(cdf(-u), p)
    return 2.0 * unit / SQRT_2PI * math.sqrt(square / (q + square)) * total + flip_entropy(p)


@njit(cache=True, nogil=True)
def door_rule(q, s, width, place, fine):
    r"""$(x,\omega,\text{weights of }2D\omega)$ on $\omega>0$, $x=(\omega-K)/s$, for integrands that live within $15s$ of the edge $K$ = width.

    Panels of size `fine` and growing start from x = `place`. Where $s\ll K$ positions count from the edge: $x$ is then exact.
    """
    root, edge = math.sqrt(max(q, TINY)), width / s
    local = edge > 15.0
    low, high = (-15.0, min((12.0 * root - width) / s, 15.0)) if local else (0.0, min(12.0 * root / s, edge + 15.0))
    if low >= high:  # no fields near the edge
        return np.empty(0), np.empty(0), np.empty(0)
    y, weights = panel_rule(graded_edges(low, high, place if local else edge + place, fine), min(2.0, 2.0 * root / s))
    omega = s * y + width if local else s * y
    for i in range(y.size):
        weights[i] *= 2.0 * s / root * pdf(omega[i] / root)
    return (y if local else y - edge), omega, weights


@njit(cache=True, nogil=True)
def door_odd(x, edge):
    r"""The rarer of $P_+=\Phi(x)+\Phi(-x-2K/s)$ (outside the door) and $P_-=\Phi(-x)-\Phi(-x-2K/s)$ (inside), and whether it is $P_-$."""
    outside, inside = cdf(x) + cdf(-x - 2.0 * edge), cdf(-x) - cdf(-x - 2.0 * edge)
    return (inside, True) if inside < outside else (outside, False)


@njit(cache=True, nogil=True)
def fisher_door(q, v, delta, p, width):
    r"""$F=\mathbb E\,(\partial_\omega Z_+)^2/(Z_+Z_-)$, $\partial_\omega Z_+=\frac{1-2p}s\varphi(x)[1-e^{-2K\omega/s^2}]$."""
    s = math.sqrt(v + delta)
    x, omega, weights = door_rule(q, s, width, 0.0, 2.0)
    total = 0.0
    for i in range(x.size):
        odd = (1.0 - 2.0 * p) * door_odd(x[i], width / s)[0]
        slope = pdf(x[i]) * math.expm1(-2.0 * (width / s) * (omega[i] / s))
        if slope != 0.0:
            total += weights[i] * slope * slope / ((p + odd) * (1.0 - p - odd))
    return ((1.0 - 2.0 * p) / s) ** 2 * total


@njit(cache=True, nogil=True)
def entropy_door(q, v, delta, p, width):
    r"""$\Psi=\mathbb E\sum_\pm Z_\pm\ln Z_\pm$, as for the sign."""
    s = math.sqrt(v + delta)
    x, _, weights = door_rule(q, s, width, 0.0, 2.0)
    total = flip_entropy(p)
    for i in range(x.size):
        total += weights[i] * label_entropy(door_odd(x[i], width / s)[0], p)
    return total


def _spin_tables(step: float, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""At $b=0,h,2h,\dots$: the Ising $v(b^2)$, $[1-v(b^2)]/b^2$ and $\ln2-J(b^2)$ of `priors`, each (count,)."""
    b = step * np.arange(1, count)[:, None]
    width = np.minimum(0.4, 0.25 / b)
    x = width * np.arange(250)
    weight = 2.0 * width / SQRT_2PI * np.exp(-0.5 * (x * x + b * b))
    weight[:, 0] *= 0.5
    field = b * x
    with np.errstate(over="ignore"):
        cosh = np.cosh(field)
        v = (weight / cosh).sum(axis=1)
        found = np.where(b[:, 0] < 1.0, (weight * (cosh - 1.0 / cosh)).sum(axis=1), 1.0 - v) / b[:, 0] ** 2
        near = np.minimum(field, 300.0)
        uncertain = (weight * (np.cosh(near) * np.log1p(np.exp(-2.0 * near)) + near * np.exp(-near))).sum(axis=1)
    return np.append(1.0, v), np.append(1.0, found), np.append(math.log(2.0), uncertain)


TABLE_STEP = 0.02
SPIN_V, SPIN_FOUND, SPIN_UNCERTAIN = _spin_tables(TABLE_STEP, 730)
BINOMIAL = np.array([math.comb(7, j) * (-1.0) ** j for j in range(8)])


@njit(cache=True, nogil=True)
def interpolate(table, b):
    """An even function at b >= 0 from its values at multiples of TABLE_STEP, by the polynomial through 8 of them (1e-11); 0 beyond."""
    place = b / TABLE_STEP
    first = int(place) - 3
    if first + 8 > table.size:
        return 0.0
    above = below = 0.0
    for j in range(8):
        distance = place - (first + j)
        if distance == 0.0:
            return table[abs(first + j)]
        weight = BINOMIAL[j] / distance
        above += weight * table[abs(first + j)]
        below += weight
    return above / below


@njit(cache=True, nogil=True)
def fisher_abs(q, v):
    r"""Noiseless $|z|$: $F=\frac1v\big[1-\frac{q+v}v\int Dg\,g^2m\big]=\frac1{v^2}\big[(q+v)\int Dg\,g^2(1-m)-q\big]$, $m=v_{Ising}(g^2q/v)$.

    Trapezoid in $g$; the second form, for $q<v$, vanishes like $q$ without cancellation.
    """
    ratio = max(q, TINY) / v
    step = 0.05 / math.sqrt(1.0 + ratio)
    total = 0.0
    for k in range(1, 201):
        g = k * step
        b = g * math.sqrt(ratio)
        weight = math.exp(-0.5 * g * g) * g * g
        total += weight * (interpolate(SPIN_V, b) if q > v else g * g * interpolate(SPIN_FOUND, b))
    total *= 2.0 * step / SQRT_2PI
    return (1.0 - (1.0 + ratio) * total) / v if q > v else ratio * ((1.0 + ratio) * total - 1.0) / v


@njit(cache=True, nogil=True)
def entropy_abs(q, v):
    r"""Noiseless $|z|$: $\Psi=-\frac12\ln2\pi ev+\int Dg\,[\ln2-J_{Ising}(g^2q/v)]$."""
    ratio = max(q, TINY) / v
    step = 0.05 / math.sqrt(1.0 + ratio)
    total = 0.5 * SPIN_UNCERTAIN[0]
    for k in range(1, 201):
        g = k * step
        total += math.exp(-0.5 * g * g) * interpolate(SPIN_UNCERTAIN, g * math.sqrt(ratio))
    return 2.0 * step / SQRT_2PI * total - 0.5 * (LOG_2PI_E + math.log(v))


@njit(cache=True, nogil=True)
def fisher_relu(q, v):
    r"""Noiseless $\max(z,0)$: $F=\frac1v\big[\frac12+\mathbb E\,\varphi(t)^2/\Phi(-t)\big]$, $t=\omega/\sqrt v$ (the odd parts drop out); trapezoid."""
    q = max(q, TINY)
    unit = 0.25
    step = unit * math.sqrt(q / (q + v))
    total = 0.0
    for k in range(-40, 41):
        t = k * step
        total += math.exp(-0.5 * t * t * v / q) * pdf(t) * inverse_mills(t)
    return (0.5 + unit / SQRT_2PI * math.sqrt(v / (q + v)) * total) / v


@njit(cache=True, nogil=True)
def entropy_relu(q, v):
    r"""Noiseless $\max(z,0)$, an atom at 0 and a density: $\Psi=\mathbb E\,\Phi(-t)\ln\Phi(-t)-\frac14\ln2\pi ev$."""
    q = max(q, TINY)
    unit = 0.25
    step = unit * math.sqrt(q / (q + v))
    total = 0.0
    for k in range(-40, 41):
        t = k * step
        total += math.exp(-0.5 * t * t * v / q) * cdf(-t) * log_cdf(-t)
    return unit / SQRT_2PI * math.sqrt(v / (q + v)) * total - 0.25 * (LOG_2PI_E + math.log(v))


@njit(cache=True, nogil=True)
def fisher(q, v, channel, delta, p, width):
    r"""$F=\mathbb E\,g_{out}^2$ of any channel; inf where $v=\Delta=0$."""
    if v + delta == 0.0:
        return math.inf
    if channel == LINEAR:
        return 1.0 / (v + delta)
    if channel == SIGN:
        return fisher_sign(q, v, delta, p)
    if channel == DOOR:
        return fisher_door(q, v, delta, p, width)
    if v == 0.0:
        return (1.0 if channel == ABS else 0.5) / delta
    if channel == ABS:
        return fisher_abs(q, v) if delta == 0.0 else fisher_noisy_abs(q, v, delta)
    return fisher_relu(q, v) if delta == 0.0 else fisher_noisy_relu(q, v, delta)


@njit(cache=True, nogil=True)
def entropy(q, v, channel, delta, p, width):
    r"""$\Psi$ of any channel (relative to Lebesgue measure for real labels); inf where it diverges, at $v=\Delta=0$."""
    if channel in (SIGN, DOOR):
        if v + delta == 0.0:
            return flip_entropy(p)
        return entropy_sign(q, v, delta, p) if channel == SIGN else entropy_door(q, v, delta, p, width)
    if v + delta == 0.0:
        return math.inf
    if channel in (LINEAR, ORTHOGONAL) or v == 0.0:
        return -0.5 * (LOG_2PI_E + math.log(v + delta))
    if channel == ABS:
        return entropy_abs(q, v) if delta == 0.0 else entropy_noisy_abs(q, v, delta)
    return entropy_relu(q, v) if delta == 0.0 else entropy_noisy_relu(q, v, delta)

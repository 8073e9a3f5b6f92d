r"""Fixed points of the committee's state evolution: two units (unspecialized state, specialized branch) and infinitely many.

Two units: $\hat\lambda_\pm=\alpha G_\pm(\lambda_+,\lambda_-)$ with the channel of `committee_channel`, and $\lambda_\pm$ from the prior of
$w_\pm=(w_1\pm w_2)/\sqrt2$ seen at signal-to-noise ratios $\hat\lambda_\pm$. Infinitely many: a perceptron's channel at an effective overlap.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from engine.model import ConvergenceError
from engine.numerics.gaussian import pdf
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal
from engine.teacher_student.committee_channel import diagonal, plane

LN_2 = math.log(2.0)
KNOWN = 1e-30  # stands for p = 0
KNOWN_FROM = 10.0  # binary: from this load on the sum of the units is known to 1e-10 or better
BEYOND = 9.0  # standard deviations


@njit(cache=True, nogil=True)
def spin_sum(snr):
    r"""$(\lambda_+,p_+,\chi,\Psi_P)$ of binary weights at $\hat\lambda_+=$ snr, $\hat\lambda_-=0$; trapezoid in the observed $r_+\ge0$.

    $w_+\in\{\pm\sqrt2,0\}$ has weights $\frac A2,\frac A2,2$ with $A=2e^{-\hat\lambda_+}\cosh ar_+$, $a=\sqrt{2\hat\lambda_+}$, $r_+$ the density
    $\varphi\frac{A+2}4$; $p_+=\mathbb E\,\mathrm{var}\,w_+$, $\chi=\mathbb E\langle w_-^2\rangle^2$.
    """
    a = math.sqrt(2.0 * snr)
    step = min(0.4, 0.5 / a)
    lam = p = chi = information = 0.0
    for j in range(int((a + BEYOND) / step) + 1):
        r = j * step
        decay = math.exp(-2.0 * a * r)
        A = math.exp(a * r - snr) * (1.0 + decay)
        weight = 0.5 * step * pdf(r) * (A + 2.0) * (0.5 if j == 0 else 1.0)
        moving, still = A / (A + 2.0), 2.0 / (A + 2.0)
        tanh = math.tanh(a * r)
        lam += weight * 2.0 * (moving * tanh) ** 2
        p += weight * 2.0 * moving * (still + moving * 4.0 * decay / (1.0 + decay) ** 2)
        chi += weight * 4.0 * still * still
        information += weight * math.log(0.25 * (A + 2.0))
    return lam, p, chi, information


@njit(cache=True, nogil=True)
def spin_pair(plus, minus):
    r"""$(\lambda_+,\lambda_-,\Psi_P)$ of binary weights at $\hat\lambda_\pm$ (moderate); trapezoid over the observed $r_\pm\ge0$.

    $(w_+,w_-)\in\{(\pm\sqrt2,0),(0,\pm\sqrt2)\}$, the pairs weighing $A$ and $B=2e^{-\hat\lambda_-}\cosh br_-$, $b=\sqrt{2\hat\lambda_-}$.
    """
    a, b, step = math.sqrt(2.0 * plus), math.sqrt(2.0 * minus), 0.2
    r_minus = step * np.arange(int((b + BEYOND) / step) + 1)
    density, B = np.exp(-0.5 * r_minus**2) / math.sqrt(2.0 * math.pi), 2.0 * math.exp(-minus) * np.cosh(b * r_minus)
    square = np.tanh(b * r_minus) ** 2
    density[0] *= 0.5
    lam_plus = lam_minus = information = 0.0
    for i in range(int((a + BEYOND) / step) + 1):
        r = i * step
        A = 2.0 * math.exp(-plus) * math.cosh(a * r)
        weight = step * step * pdf(r) * (0.5 if i == 0 else 1.0)
        row_plus = row_minus = row = 0.0
        for j in range(r_minus.size):
            total = A + B[j]
            row_plus += density[j] / total
            row_minus += density[j] * B[j] * B[j] * square[j] / total
            row += density[j] * total * math.log(0.25 * total)
        lam_plus += weight * 2.0 * (A * math.tanh(a * r)) ** 2 * row_plus
        lam_minus += weight * 2.0 * row_minus
        information += weight * row
    return lam_plus, lam_minus, information


@njit(cache=True, nogil=True)
def sum_overlap(y, binary):
    r"""$(\hat\lambda_+,\lambda_+,p_+,\chi)$ at $y=\ln\hat\lambda_+$ and $\hat\lambda_-=0$; $\chi=\partial\lambda_-/\partial\hat\lambda_-$."""
    snr = math.exp(y)
    if binary:
        lam, p, chi, _ = spin_sum(snr)
        return snr, lam, p, chi
    return snr, snr / (1.0 + snr), 1.0 / (1.0 + snr), 1.0


@njit(cache=True, nogil=True)
def log_load(y, binary):
    r"""$\ln\alpha=\ln\hat\lambda_+/G_+$ of the unspecialized state, increasing in $y=\ln\hat\lambda_+$."""
    _, lam, p, _ = sum_overlap(y, binary)
    return y - math.log(diagonal(lam, p)[0])


@njit(cache=True, nogil=True)
def along_unspecialized(y, binary):
    r"""$(\lambda_+,p_+,\alpha,f,\lambda_{spec})$ of the unspecialized state at $y=\ln\hat\lambda_+$; $\lambda_{spec}=\alpha G_-'\chi$."""
    snr, lam, p, chi = sum_overlap(y, binary)
    plus, curvature, labels = diagonal(lam, p)
    alpha = snr / plus
    prior = spin_sum(snr)[3] - 0.5 * lam * snr if binary else 0.5 * (lam - math.log1p(snr))
    return lam, p, alpha, prior + alpha * labels, alpha * curvature * chi


@njit(cache=True, nogil=True)
def unspecialized(alpha, binary):
    r"""$(\lambda_+,p_+,f,\lambda_{spec})$ of the unspecialized state at a load.

    Binary weights: from $\alpha=4\pi$ on $w_1+w_2$ is known exactly; the state is taken to be that one from `KNOWN_FROM` on.
    """
    if alpha == 0.0:
        return 0.0, 1.0, 0.0, 0.0
    if binary and alpha >= KNOWN_FROM:
        return 1.0, 0.0, -1.5 * LN_2 - 0.5 * alpha, 2.0 * alpha * diagonal(1.0, KNOWN)[1]
    target = math.log(alpha)
    low = target + math.log(2.0 / math.pi) - 1e-6  # G_+ grows from 2/pi
    high, at_low = low + 1.0, log_load(low, binary) - target
    at_high = log_load(high, binary) - target
    while at_high < 0.0:
        low, at_low, high = high, at_high, high + 1.0
        at_high = log_load(high, binary) - target
    bracket = open_bracket(low, at_low, high, at_high, 1e-12)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, log_load(y, binary) - target)
    lam, p, _, f, growth = along_unspecialized(best(bracket), binary)
    return lam, p, f, growth


@njit(cache=True, nogil=True)
def criterion(y, binary, growth):
    r"""What changes sign at a threshold of the unspecialized state: $\lambda_{spec}-1$ if `growth`, else $-2\ln2-f$."""
    _, _, _, f, spec = along_unspecialized(y, binary)
    return spec - 1.0 if growth else -2.0 * LN_2 - f


@njit(cache=True, nogil=True)
def threshold(binary, growth):
    r"""$(y,\alpha)$ where `criterion` changes sign: $\alpha_{spec}$, or $\alpha_{IT}$ of binary weights."""
    low, high = -1.0, 3.0
    bracket = open_bracket(low, criterion(low, binary, growth), high, criterion(high, binary, growth), 1e-12)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, criterion(y, binary, growth))
    return best(bracket), math.exp(log_load(best(bracket), binary))


@njit(cache=True, nogil=True)
def pair_overlaps(plus, minus, binary):
    r"""$(\lambda_+,\lambda_-,p_+,p_-)$ at $\hat\lambda_\pm$."""
    if binary:
        lam_plus, lam_minus, _ = spin_pair(plus, minus)
        return lam_plus, lam_minus, 1.0 - lam_plus, 1.0 - lam_minus
    return plus / (1.0 + plus), minus / (1.0 + minus), 1.0 / (1.0 + plus), 1.0 / (1.0 + minus)


@njit(cache=True, nogil=True)
def log_loads(x, y, binary):
    r"""$\ln\hat\lambda_\pm/G_\pm$ at $x=\ln(1+\hat\lambda_-)$, $y=\ln\hat\lambda_+$: equal, and $\ln\alpha$, where both are fixed."""
    minus = math.expm1(x)
    plus, minus_field, _ = plane(*pair_overlaps(math.exp(y), minus, binary))
    return y - math.log(plus), math.log(minus / minus_field)


@njit(cache=True, nogil=True)
def partner(x, y, slope, binary):
    r"""$(y,\ln\alpha)$ of the specialized state at $x=\ln(1+\hat\lambda_-)$ from a guess of $y=\ln\hat\lambda_+$; secant. nan if it fails.

    slope: a guess of the derivative of the difference of the two loads.
    """
    first, second = log_loads(x, y, binary)
    gap = first - second
    for _ in range(25):
        step = -gap / slope
        y += step
        first, second = log_loads(x, y, binary)
        slope, gap = (first - second - gap) / step, first - second
        if abs(gap) < 1e-12 or abs(step) < 1e-12:
            return y, first
    return math.nan, math.nan


@njit(cache=True, nogil=True)
def chebyshev(coefficients, z, end):
    """The Chebyshev series (n,) on [0, end] at z; Clenshaw's recurrence."""
    x = 2.0 * z / end - 1.0
    ahead = further = 0.0
    for k in range(coefficients.size - 1, 0, -1):
        ahead, further = coefficients[k] + 2.0 * x * ahead - further, ahead
    return coefficients[0] + x * ahead - further


class Branch(NamedTuple):
    r"""The specialized branch: series in $z=\sqrt{\ln(1+\hat\lambda_-)}\in[0,\text{end}]$ of $\ln\hat\lambda_+$ and of $\ln\alpha$, which rises up to
    `fold` (the end for Gaussian weights)."""

    end: float
    fields: np.ndarray
    loads: np.ndarray
    fold: float


NODES_OF_BRANCH = 48  # the series add less than 1e-10 to the error of the channel
END = {False: math.sqrt(15.0), True: math.sqrt(math.log(2.3))}  # loads up to 2500; binary: beyond the fold


@lru_cache
def branch(binary: bool) -> Branch:
    """The specialized branch, remembered: each of its points is a root, from alpha_spec upwards. Raises ConvergenceError."""
    end = END[binary]
    nodes = np.polynomial.chebyshev.chebpts1(NODES_OF_BRANCH)
    xs, points = (0.5 * end * (nodes + 1.0)) ** 2, []
    last, y, slope = 0.0, threshold(binary, True)[0], 0.0
    for x in xs.tolist():
        found = partner(x, y + slope * (x - last), 1.0, binary)
        if math.isnan(found[0]):
            raise ConvergenceError(f"the specialized state at ln(1 + field) = {x} was not found")
        slope, y, last = (found[0] - y) / (x - last), found[0], x
        points.append(found)
    fields, loads = (np.polynomial.chebyshev.chebfit(nodes, column, len(nodes) - 1) for column in np.array(points).T)
    if not binary:
        return Branch(end, fields, loads, end)
    rise = np.polynomial.chebyshev.chebder(loads)
    low, high = 0.5 * end, end
    bracket = open_bracket(low, chebyshev(rise, low, end), high, chebyshev(rise, high, end), 1e-14)
    while not closed(bracket):
        z = proposal(bracket)
        narrow(bracket, z, chebyshev(rise, z, end))
    return Branch(end, fields, loads, best(bracket))


def fold_load(found: Branch) -> float:
    r"""$\alpha_{AMP}$, where a branch turns back."""
    return math.exp(chebyshev(found.loads, found.fold, found.end))


@njit(cache=True, nogil=True)
def on_branch(alpha, end, loads, fold):
    r"""$z=\sqrt{\ln(1+\hat\lambda_-)}$ at a load between those of 0 and of the fold; 0 where rounding puts it below."""
    target = math.log(alpha)
    start = chebyshev(loads, 0.0, end) - target
    if start >= 0.0:
        return 0.0
    bracket = open_bracket(0.0, start, fold, max(chebyshev(loads, fold, end) - target, 0.0), 1e-14)
    while not closed(bracket):
        z = proposal(bracket)
        narrow(bracket, z, chebyshev(loads, z, end) - target)
    return best(bracket)


@njit(cache=True, nogil=True)
def specialized(alpha, end, fields, loads, fold, binary):
    r"""$(\lambda_+,\lambda_-,p_+,p_-,f)$ of the specialized state at a load; next to $\alpha_{spec}$, $\lambda_-<10^{-10}$, of the unspecialized one."""
    z = on_branch(alpha, end, loads, fold)
    if z < 1e-5:
        lam, p, f, _ = unspecialized(alpha, binary)
        return lam, 0.0, p, 1.0, f
    plus, minus = math.exp(chebyshev(fields, z, end)), math.expm1(z * z)
    lam_plus, lam_minus, p_plus, p_minus = pair_overlaps(plus, minus, binary)
    if binary:
        prior = spin_pair(plus, minus)[2] - 0.5 * (lam_plus * plus + lam_minus * minus)
    else:
        prior = 0.5 * (lam_plus - math.log1p(plus) + lam_minus - math.log1p(minus))
    return lam_plus, lam_minus, p_plus, p_minus, prior + alpha * plane(lam_plus, lam_minus, p_plus, p_minus)[2]

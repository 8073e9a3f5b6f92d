r"""Generalization errors of a state $(q,v)$: fields of teacher and posterior mean $\omega\sim\mathcal N(0,q)$, $z\sim\mathcal N(\omega,v)$ on a fresh input.

For the posterior-mean predictor $\mathbb E[y|\omega]$: squared error on a noisy label, on the noiseless output; for a posterior draw: on a noisy
label; for $\pm1$ labels also the probability of a wrong sign. All written in $v$ where they vanish with it.
"""

import math

from numba import njit

from engine.numerics.gaussian import cdf
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal
from engine.teacher_student.channels import ABS, DOOR, LINEAR, SIGN, door_odd, door_rule


@njit(cache=True, nogil=True)
def sine_deficit(theta):
    r"""$\sin\theta-\theta\cos\theta$, without cancellation."""
    if theta > 0.1:
        return math.sin(theta) - theta * math.cos(theta)
    square = theta * theta
    return theta * square / 3.0 * (1.0 - square / 10.0 * (1.0 - square / 28.0 * (1.0 - square / 54.0)))


@njit(cache=True, nogil=True)
def real_errors(q, v, channel, delta):
    r"""(noisy label, noiseless output, posterior draw) for real outputs; with $\theta=\arccos\frac q{q+v}$ the second is $v$ (linear),
    $v-\frac2\pi(q+v)(\sin\theta-\theta\cos\theta)$ (abs), half of $v-\frac1\pi(q+v)(\ldots)$ (relu)."""
    deficit = (q + v) * sine_deficit(2.0 * math.asin(math.sqrt(0.5 * v / (q + v)))) / math.pi
    if channel == LINEAR:
        clean = v
    elif channel == ABS:
        clean = v - 2.0 * deficit
    else:
        clean = 0.5 * (v - deficit)
    return clean + delta, clean, 2.0 * clean + delta


@njit(cache=True, nogil=True)
def sign_errors(q, v, delta, p):
    r"""(noisy label, noiseless output, posterior draw, wrong sign, wrong sign of a draw) for $y=\pm\mathrm{sign}(z+\sqrt\Delta\xi)$; arc sines of
    $\frac q{q+v+\Delta}$, $\frac q{q+v}$, $\frac q{\sqrt{(q+v)(q+v+\Delta)}}$ and $\sqrt{\frac q{q+v+\Delta}}$ as complements of arc cosines."""
    rho, true = q + v, 1.0 - 2.0 * p
    noisy = math.asin(math.sqrt(0.5 * (v + delta) / (rho + delta)))
    clean = math.asin(math.sqrt(0.5 * v / rho))
    drawn = math.atan2(math.sqrt(v * (rho + q) + rho * delta), q)
    gibbs = 4.0 * (p + true * drawn / math.pi)
    wrong = p + true / math.pi * math.atan2(math.sqrt(v + delta), math.sqrt(q))
    return 4.0 * p * (1.0 - p) + true * true * 4.0 / math.pi * noisy, 4.0 / math.pi * clean, gibbs, wrong, 0.25 * gibbs


@njit(cache=True, nogil=True)
def even_odds(edge):
    r"""The $x\le0$ at which $\Phi(x)+\Phi(-x-2K/s)=\frac12$; 0 where there is none (edge $=K/s$)."""
    middle = 2.0 * cdf(-edge) - 0.5
    if middle >= 0.0 or edge > 10.0:
        return 0.0
    bracket = open_bracket(-edge, middle, 0.0, cdf(-2.0 * edge), 1e-14)
    while not closed(bracket):
        x = proposal(bracket)
        narrow(bracket, x, cdf(x) + cdf(-x - 2.0 * edge) - 0.5)
    return best(bracket)


@njit(cache=True, nogil=True)
def door_spread(q, s, width):
    r"""$(\mathbb E\,P_+P_-,\ \mathbb E\min(P_+,P_-))$ of the flipless label probabilities given $\omega$, panels broken at the kink of the second."""
    if s == 0.0:
        return 0.0, 0.0
    x, _, weights = door_rule(q, s, width, even_odds(width / s), 2.0)
    product = least = 0.0
    for i in range(x.size):
        odd = door_odd(x[i], width / s)[0]
        product += weights[i] * odd * (1.0 - odd)
        least += weights[i] * odd
    return product, least


@njit(cache=True, nogil=True)
def door_disagreement(q, v, delta, width):
    r"""$\mathbb E\,[P_+P^0_-+P_-P^0_+]$: a label with noise and a draw without it disagree; their edges have widths $s$ and $\sqrt v$."""
    s = math.sqrt(v + delta)
    ratio = max(math.sqrt(v) / s, 1e-13)
    x, _, weights = door_rule(q, s, width, 0.0, 2.0 * ratio)
    total = 0.0
    for i in range(x.size):
        odd, inside = door_odd(x[i], width / s)
        odd0, inside0 = door_odd(x[i] / ratio, width / s / ratio)
        if inside == inside0:
            total += weights[i] * (odd * (1.0 - odd0) + odd0 * (1.0 - odd))
        else:
            total += weights[i] * (odd * odd0 + (1.0 - odd) * (1.0 - odd0))
    return total


@njit(cache=True, nogil=True)
def door_errors(q, v, delta, p, width):
    r"""As `sign_errors`, for $y=\pm\mathrm{sign}(|z+\sqrt\Delta\xi|-K)$: $1-(1-2p)^2(1-4\mathbb EP_+P_-)$ and so on."""
    true = 1.0 - 2.0 * p
    product, least = door_spread(q, math.sqrt(v + delta), width)
    clean = product if delta == 0.0 else door_spread(q, math.sqrt(v), width)[0]
    gibbs = 4.0 * (p + true * (2.0 * product if delta == 0.0 else door_disagreement(q, v, delta, width)))
    return 4.0 * p * (1.0 - p) + 4.0 * true * true * product, 4.0 * clean, gibbs, p + true * least, 0.25 * gibbs


@njit(cache=True, nogil=True)
def generalization(q, v, channel, delta, p, width):
    """(gen_mse, gen_mse_clean, gen_mse_gibbs, gen_error, gen_error_gibbs); the last two nan for real outputs."""
    if channel == SIGN:
        return sign_errors(q, v, delta, p)
    if channel == DOOR:
        return door_errors(q, v, delta, p, width)
    noisy, clean, gibbs = real_errors(q, v, channel, delta)
    return noisy, clean, gibbs, math.nan, math.nan

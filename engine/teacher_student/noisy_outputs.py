r"""$F$ and $\Psi$ (see `channels`) of the noisy real outputs $y=|z|+\sqrt\Delta\xi$ and $y=\max(z,0)+\sqrt\Delta\xi$, $\Delta,v>0$: integrals over $(\omega,y)$.

What remains under each integral lives at $\omega\lesssim\sqrt{vq/(v+q)}$: trapezoid there, Gauss panels in $y$. Uniform in $v$ and $\Delta$.
"""

import math

import numpy as np
from numba import njit

from engine.numerics.gaussian import cdf, log_cdf
from engine.numerics.quadrature import panel_rule

SQRT_2PI = math.sqrt(2.0 * math.pi)
LOG_2PI_E = math.log(2.0 * math.pi * math.e)
STEP = 0.18
COUNT = 48
TINY = 1e-30


@njit(cache=True, nogil=True)
def output_rule(omega, s, delta):
    r"""(y, weights) fine around $y=0$, where the branches of the nonlinearity meet on the scale $\sqrt\Delta$, up to $\omega+10s$."""
    noise = math.sqrt(delta)
    edges = np.array([-8.5 * noise, -3.5 * noise, 0.0, 3.5 * noise, 8.5 * noise, max(8.5 * noise, omega + 9.0 * s)])
    return panel_rule(edges, 6.5 * s)


@njit(cache=True, nogil=True)
def field_rule(q, v):
    r"""(step in $\omega$, factor that turns a sum over $\omega\ge0$ into an average over $\omega\sim\mathcal N(0,q)$ of an even function)."""
    q = max(q, TINY)
    step = STEP * math.sqrt(v) * math.sqrt(q / (q + v))
    return step, 2.0 * step / (SQRT_2PI * math.sqrt(q))


@njit(cache=True, nogil=True)
def fisher_abs_at(omega, v, delta, far):
    r"""The inner integral at one $\omega$: $\int dy\,y^2\frac{4AB}{s^4Z}$ if `far`, else $\int dy\,Zg^2$, $g=\big[y\frac{A-B}Z-\omega\big]/s^2$.

    $A,B=N(y;\pm\omega,s^2)\,\Phi\big(\frac{yv\pm\omega\Delta}{s\sqrt{v\Delta}}\big)$, $Z=A+B$.
    """
    square = v + delta
    s = math.sqrt(square)
    y, weights = output_rule(omega, s, delta)
    slope, shift = math.sqrt(v / delta) / s, omega * math.sqrt(delta / v) / s
    total = 0.0
    for i in range(y.size):
        A = math.exp(-0.5 * ((y[i] - omega) / s) ** 2) * cdf(slope * y[i] + shift)
        B = math.exp(-0.5 * ((y[i] + omega) / s) ** 2) * cdf(slope * y[i] - shift)
        Z = A + B
        if Z == 0.0:
            continue
        if far:
            total += weights[i] * y[i] * y[i] * 4.0 * A * (B / Z)
        else:
            total += weights[i] * Z * (y[i] * (A - B) / Z - omega) ** 2
    return total / (SQRT_2PI * s) / square / square


@njit(cache=True, nogil=True)
def fisher_noisy_abs(q, v, delta):
    r"""$F=\frac1{s^2}-\mathbb E_\omega\int dy\,y^2\frac{4AB}{s^4Z}$ for $q>v$, else $\mathbb E_\omega\int dy\,Zg^2$."""
    step, scale = field_rule(q, v)
    far = q > v
    total = 0.0
    for k in range(COUNT + 1):
        omega = k * step
        weight = (0.5 if k == 0 else 1.0) * math.exp(-0.5 * omega * omega / max(q, TINY))
        total += weight * fisher_abs_at(omega, v, delta, far)
    return 1.0 / (v + delta) - scale * total if far else scale * total


@njit(cache=True, nogil=True)
def entropy_noisy_abs(q, v, delta):
    r"""$\Psi=-\frac12\ln2\pi es^2+\mathbb E_\omega\int dy\,\big[A\ln\frac Z{N_+}+B\ln\frac Z{N_-}\big]$, $N_\pm=N(y;\pm\omega,s^2)$."""
    step, scale = field_rule(q, v)
    s = math.sqrt(v + delta)
    total = 0.0
    for k in range(COUNT + 1):
        omega = k * step
        y, weights = output_rule(omega, s, delta)
        slope, shift = math.sqrt(v / delta) / s, omega * math.sqrt(delta / v) / s
        inner = 0.0
        for i in range(y.size):
            up, down = log_cdf(slope * y[i] + shift), log_cdf(slope * y[i] - shift)
            A = math.exp(-0.5 * ((y[i] - omega) / s) ** 2 + up)
            B = math.exp(-0.5 * ((y[i] + omega) / s) ** 2 + down)
            gap = down - up - 2.0 * (omega / s) * (y[i] / s)  # ln B/A
            more = math.log1p(math.exp(-abs(gap)))
            inner += weights[i] * (A * (up + max(gap, 0.0) + more) + B * (down + max(-gap, 0.0) + more))
        total += (0.5 if k == 0 else 1.0) * math.exp(-0.5 * omega * omega / max(q, TINY)) * inner
    return scale * total / (SQRT_2PI * s) - 0.5 * (LOG_2PI_E + 2.0 * math.log(s))


@njit(cache=True, nogil=True)
def relu_at(omega, v, delta, logarithm):
    r"""The inner integral at one $\omega$ (either sign): $\int dy\,(\partial_\omega Z)^2/Z$, or $\int dy\,Z\ln Z$ if `logarithm`.

    $Z=A+N(y;0,\Delta)\Phi(-\omega/\sqrt v)$, $A=N(y;\omega,s^2)\,\Phi\big(\frac{yv+\omega\Delta}{s\sqrt{v\Delta}}\big)$,
    $\partial_\omega Z=\frac{y-\omega}{s^2}A-\frac v{s^2}N(y;0,\Delta)N(\omega;0,v)$.
    """
    square = v + delta
    s, noise, root = math.sqrt(square), math.sqrt(delta), math.sqrt(v)
    y, weights = output_rule(omega, s, delta)
    slope, shift = math.sqrt(v / delta) / s, omega * math.sqrt(delta / v) / s
    off = cdf(-omega / root) / (SQRT_2PI * noise)
    edge = root / square * math.exp(-0.5 * (omega / root) ** 2) / (2.0 * math.pi * noise)
    total = 0.0
    for i in range(y.size):
        A = math.exp(-0.5 * ((y[i] - omega) / s) ** 2) / (SQRT_2PI * s) * cdf(slope * y[i] + shift)
        noisy = math.exp(-0.5 * (y[i] / noise) ** 2)
        Z = A + off * noisy
        if Z == 0.0:
            continue
        if logarithm:
            total += weights[i] * Z * math.log(Z)
        else:
            slope_of_Z = (y[i] - omega) / square * A - edge * noisy
            total += weights[i] * slope_of_Z * (slope_of_Z / Z)
    return total


@njit(cache=True, nogil=True)
def relu_average(q, v, delta, mean, logarithm):
    r"""mean $+\mathbb E_\omega[\text{relu\_at}(\omega)-\text{mean}]$ on a grid symmetric in $\omega$, on which the odd step cancels."""
    step, scale = field_rule(q, v)
    total = 0.5 * (relu_at(0.0, v, delta, logarithm) - mean)
    for k in range(1, COUNT + 1):
        omega = k * step
        both = 0.5 * (relu_at(omega, v, delta, logarithm) + relu_at(-omega, v, delta, logarithm))
        total += math.exp(-0.5 * omega * omega / max(q, TINY)) * (both - mean)
    return mean + scale * total


@njit(cache=True, nogil=True)
def fisher_noisy_relu(q, v, delta):
    r"""$F=\frac1{2s^2}+\mathbb E_\omega\big[\int dy\,(\partial_\omega Z)^2/Z-\frac1{2s^2}\big]$."""
    return relu_average(q, v, delta, 0.5 / (v + delta), False)


@njit(cache=True, nogil=True)
def entropy_noisy_relu(q, v, delta):
    r"""$\Psi$ around the mean of its two sides, $-\frac12\ln2\pi es^2$ ($\omega\to\infty$) and $-\frac12\ln2\pi e\Delta$."""
    return relu_average(q, v, delta, -0.5 * LOG_2PI_E - 0.25 * (math.log(v + delta) + math.log(delta)), True)

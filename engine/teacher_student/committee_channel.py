r"""The output channel of two hidden units, $y=\mathrm{sign}(\mathrm{sign}z_1+\mathrm{sign}z_2)$, with exchange symmetry.

The fields $z\sim\mathcal N(\omega,V)$ and $\omega\sim\mathcal N(0,q)$ are diagonal on $(1,\pm1)/\sqrt2$: $q$ has eigenvalues $\lambda_\pm$ and
$V=I-q$ has $p_\pm$. With $v=\frac12(p_++p_-)$, $\rho=(p_+-p_-)/2v$, $h=\omega_1/\sqrt v$, $k=\omega_2/\sqrt v$ the labels have probabilities
$Z_1=\Phi_2(h,k;\rho)$, $Z_{-1}=\Phi_2(-h,-k;\rho)$, $Z_0=1-Z_1-Z_{-1}$. Wanted are
$G_\pm=\mathbb E\sum_y(\partial_1Z_y\pm\partial_2Z_y)^2/2Z_y$ and $\Psi=\mathbb E\sum_yZ_y\ln Z_y$ (Aubin et al. 2018).
"""

import math

import numpy as np
from numba import njit

from engine.numerics.gaussian import cdf, pdf

NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
HALF = math.sqrt(0.5)
TINY = 1e-300
RARE = 1e-13  # a label less likely than this has no digits left and no weight
REACH = 8.0  # standard deviations
STEP = 0.25  # of the grid in the plane, in its natural widths
SQUARE = 8.5  # |h| and |k| beyond which, arms subtracted, nothing is left


@njit(cache=True, nogil=True)
def x_log_x(x):
    r"""$x\ln x$, 0 for $x\le0$."""
    return x * math.log(x) if x > 0.0 else 0.0


@njit(cache=True, nogil=True)
def diagonal_labels(h, t):
    r"""$(Z_1,Z_0,Z_{-1})$ at $\omega_1=\omega_2$, $h\ge0$, $t=\sqrt{(1-\rho)/(1+\rho)}\ge1$.

    $Z_{\pm1}=2T(ht,\frac1t)\pm[1-2\Phi(-h)]\Phi(\pm ht)$, $Z_0=4T(h,t)$ with Owen's (1956) $T(h,t)+T(ht,\frac1t)=\frac12P+\frac12Q-PQ$,
    $P=\Phi(-h)$, $Q=\Phi(-ht)$.
    """
    total = 0.0
    for i in range(NODES.size):
        x = 0.5 * (1.0 + NODES[i]) / t
        total += WEIGHTS[i] * math.exp(-0.5 * (h * t) ** 2 * (1.0 + x * x)) / (1.0 + x * x)
    owen = total / (4.0 * math.pi * t)
    P, Q = cdf(-h), cdf(-h * t)
    known = math.erf(HALF * h)
    return 2.0 * owen + known * cdf(h * t), 2.0 * (P + Q) - 4.0 * (P * Q + owen), 2.0 * owen - known * Q


@njit(cache=True, nogil=True)
def diagonal(lam, p):
    r"""$(G_+,G_-',\Psi)$ where $\lambda_-=0$, $\lambda_+=$ lam, $p_+=p$; $G_-'=\partial G_-/\partial\lambda_-=\mathbb E\sum_y(\partial_-^2Z_y)^2/Z_y$.

    $Z_{\pm1}'=\pm\frac{2\varphi(h)}{\sqrt v}\Phi(\pm th)$, $\partial_-^2Z_{\pm1}=-\frac{\varphi(h)}v[\pm h\Phi(\pm th)+\frac1t\varphi(th)]$, those of
    $Z_0$ minus the sum. Trapezoid in $y$, $h=c\sinh y$: the structure at $h\sim1/t=\sqrt p$ is resolved however small it is.
    """
    v, t = 0.5 * (1.0 + p), 1.0 / math.sqrt(p)
    sigma = math.sqrt(max(0.5 * lam, TINY) / v)
    c = min(sigma, 2.0 / t)
    top = math.asinh(REACH * sigma / c)
    count = int(70 + 24 * max(top - 3.0, 0.0))
    plus = curvature = entropy = 0.0
    for j in range(count + 1):
        y = j * top / count
        h = c * math.sinh(y)
        weight = 2.0 * top / count * c * math.cosh(y) * pdf(h / sigma) / sigma * (0.5 if j == 0 else 1.0)
        up, zero, down = diagonal_labels(h, t)
        right, left, edge = cdf(h * t), cdf(-h * t), pdf(h * t) / t
        slope, bend = (right - left) ** 2 / zero, (h * (right - left) + 2.0 * edge) ** 2 / zero
        slope += right**2 / up
        bend += (h * right + edge) ** 2 / up
        if down > RARE:
            slope += left**2 / down
            bend += (edge - h * left) ** 2 / down
        square = pdf(h) ** 2
        plus += weight * 2.0 * square / v * slope
        curvature += weight * square / (v * v) * bend
        entropy += weight * (x_log_x(up) + x_log_x(zero) + x_log_x(down))
    return plus, curvature, entropy


@njit(cache=True, nogil=True)
def arm(variance, v):
    r"""$\mathbb E\,\varphi(h)^2/[v\Phi(h)\Phi(-h)]$ and $\mathbb E[\Phi(h)\ln\Phi(h)+\Phi(-h)\ln\Phi(-h)]$ over $h\sim\mathcal N(0,\text{variance})$; trapezoid.

    What $G_\pm$, and half of what $\Psi$, would be if the other unit were known.
    """
    sigma = math.sqrt(variance)
    step = 0.2 * min(1.0, sigma)
    slope = entropy = 0.0
    for j in range(int(min(REACH * sigma, 9.0) / step) + 1):
        h = j * step
        weight = 2.0 * step * pdf(h / sigma) / sigma * (0.5 if j == 0 else 1.0)
        wrong = cdf(-h)
        slope += weight * pdf(h) ** 2 / (v * wrong * (1.0 - wrong))
        entropy += weight * (x_log_x(wrong) + (1.0 - wrong) * math.log1p(-wrong))
    return slope, entropy


@njit(cache=True, nogil=True)
def sheppard(x, count, step, sign, angle):
    r"""$e^{-x^2/2(1\pm\sin\theta_m)}$ at $x=0,\text{step},\dots$, (count, nodes): with the two coordinates $u,w=(h\pm k)/\sqrt2$

    $\Phi_2(h,k;\rho)=\Phi(h)\Phi(k)+\frac1{2\pi}\int_0^{\arcsin\rho}d\theta\,e^{-u^2/2(1+\sin\theta)}e^{-w^2/2(1-\sin\theta)}$ (Sheppard 1899) is a
    product of two matrices over the whole grid.
    """
    for m in range(NODES.size):
        spread = 1.0 + sign * math.sin(0.5 * angle * (1.0 + NODES[m]))
        for i in range(count):
            x[i, m] = math.exp(-0.5 * (i * step) ** 2 / spread)


@njit(cache=True, nogil=True)
def plane(lam_plus, lam_minus, p_plus, p_minus):
    r"""$(G_+,G_-,\Psi)$ at $\lambda_\pm>0$, $p_\pm=1-\lambda_\pm$, for $|\rho|\le0.9$; trapezoid in $u,w\ge0$, of variances $\lambda_\pm/v$.

    Where these are large, what the channel is for one known unit (`arm`) is taken out and added in closed form; what is left is
    confined to $|h|,|k|\lesssim8$.
    """
    v, t = 0.5 * (p_plus + p_minus), math.sqrt(p_minus / p_plus)
    angle = math.asin((p_plus - p_minus) / (p_plus + p_minus))
    su, sw = math.sqrt(lam_plus / v), math.sqrt(lam_minus / v)
    arms = sw > 1.0
    du, dw = STEP * min(1.0, su), STEP * min(1.0, sw)
    side = SQUARE / HALF if arms else math.inf
    nu, nw = int(min(REACH * su, side) / du) + 1, int(min(REACH * sw, side) / dw) + 1
    U, W = np.empty((nu, NODES.size)), np.empty((nw, NODES.size))
    sheppard(U, nu, du, 1.0, angle)
    sheppard(W, nw, dw, -1.0, angle)
    for m in range(NODES.size):
        U[:, m] *= WEIGHTS[m] * angle / (4.0 * math.pi)
    plus = minus = entropy = 0.0
    for i in range(nu):
        u = i * du
        for j in range(nw):
            w = j * dw
            if (u / su) ** 2 + (w / sw) ** 2 > REACH**2 or u + w > side:
                break
            weight = 4.0 * du * dw * pdf(u / su) * pdf(w / sw) / (su * sw) * (0.5 if i == 0 else 1.0) * (0.5 if j == 0 else 1.0)
            h, k = HALF * (u + w), HALF * (u - w)
            h_below, k_rare = cdf(-h), cdf(-abs(k))
            h_above = 1.0 - h_below
            k_below, k_above = (k_rare, 1.0 - k_rare) if k > 0.0 else (1.0 - k_rare, k_rare)
            joint = 0.0
            for m in range(NODES.size):
                joint += U[i, m] * W[j, m]
            up, down = h_above * k_above + joint, h_below * k_below + joint
            zero = h_above * k_below + h_below * k_above - 2.0 * joint
            first, second = HALF * (u * t - w / t), HALF * (u * t + w / t)
            rare, rarer = cdf(-abs(first)), cdf(-second)
            right, left = (1.0 - rare, rare) if first > 0.0 else (rare, 1.0 - rare)
            dh, dk = pdf(h), pdf(k)
            sum_square = difference_square = 0.0
            if up > RARE:
                sum_square += (dh * right + dk * (1.0 - rarer)) ** 2 / up
                difference_square += (dh * right - dk * (1.0 - rarer)) ** 2 / up
            if down > RARE:
                sum_square += (dh * left + dk * rarer) ** 2 / down
                difference_square += (dh * left - dk * rarer) ** 2 / down
            if zero > RARE:
                sum_square += (dh * (right - left) + dk * (1.0 - 2.0 * rarer)) ** 2 / zero
                difference_square += (dh * (right - left) - dk * (1.0 - 2.0 * rarer)) ** 2 / zero
            labels = x_log_x(up) + x_log_x(down) + x_log_x(zero)
            if arms:
                known = dh * dh / (h_above * h_below) + dk * dk / (k_above * k_below)
                sum_square -= known
                difference_square -= known
                labels -= x_log_x(h_above) + x_log_x(h_below) + x_log_x(k_above) + x_log_x(k_below)
            plus += weight * sum_square
            minus += weight * difference_square
            entropy += weight * labels
    plus, minus = plus / (2.0 * v), minus / (2.0 * v)
    if arms:
        slope, labels = arm(0.5 * (lam_plus + lam_minus) / v, v)
        plus, minus, entropy = plus + slope, minus + slope, entropy + 2.0 * labels
    return plus, minus, entropy

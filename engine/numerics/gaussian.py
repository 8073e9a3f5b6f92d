r"""The normal distribution, compiled: $\varphi(x)=e^{-x^2/2}/\sqrt{2\pi}$, $\Phi(x)=\int_{-\infty}^x\varphi$, $H(x)=\Phi(-x)$.

Everything that would be a ratio of two vanishing tails is built on one stable function, the excess $A(u)-u$ of the inverse Mills
ratio $A=\varphi/H$. All functions take and return floats.
"""

import math

from numba import njit

SQRT_2 = math.sqrt(2.0)
SQRT_2PI = math.sqrt(2.0 * math.pi)
LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)
SQRT_2_OVER_PI = math.sqrt(2.0 / math.pi)


@njit(cache=True, nogil=True)
def pdf(x):
    r"""$\varphi(x)=e^{-x^2/2}/\sqrt{2\pi}$."""
    return math.exp(-0.5 * x * x) / SQRT_2PI


@njit(cache=True, nogil=True)
def cdf(x):
    r"""$\Phi(x)$, with full relative accuracy in the left tail; $H(x)=\Phi(-x)$."""
    return 0.5 * math.erfc(-x / SQRT_2)


@njit(cache=True, nogil=True)
def mills_fraction(u):
    r"""$A(u)-u=\frac1{u+}\,\frac2{u+}\,\frac3{u+}\cdots$ for $u\ge4.5$, to rounding (Abramowitz & Stegun 1964, eq. 26.2.14)."""
    terms = 24 if u < 9.0 else 12
    rest = 0.0
    for n in range(terms, 0, -1):
        rest = n / (u + rest)
    return rest


@njit(cache=True, nogil=True)
def inverse_mills(u):
    r"""$A(u)=\varphi(u)/H(u)$: $\sim u$ on the right, $\sim\varphi(u)$ on the left."""
    if u > 4.5:
        return u + mills_fraction(u)
    return pdf(u) / cdf(-u)


@njit(cache=True, nogil=True)
def inverse_mills_excess(u):
    r"""$A(u)-u>0$ without cancellation: $\sim1/u$ on the right. $A'(u)=A(A-u)$ is the product of the two."""
    if u > 4.5:
        return mills_fraction(u)
    return pdf(u) / cdf(-u) - u


@njit(cache=True, nogil=True)
def erfcx(x):
    r"""$e^{x^2}\mathrm{erfc}(x)=\sqrt{2/\pi}\,/A(\sqrt2x)$; overflows to inf below -26.6."""
    u = SQRT_2 * x
    if u > 4.5:
        return SQRT_2_OVER_PI / (u + mills_fraction(u))
    if x < -26.7:
        return math.inf
    return math.exp(x * x) * math.erfc(x)


@njit(cache=True, nogil=True)
def log_H(x):
    r"""$\ln H(x)$, with full relative accuracy in both tails."""
    if x < 0.0:
        return math.log1p(-cdf(x))
    return -0.5 * x * x - LOG_SQRT_2PI - math.log(inverse_mills(x))


@njit(cache=True, nogil=True)
def log_cdf(x):
    r"""$\ln\Phi(x)=\ln H(-x)$."""
    return log_H(-x)


@njit(cache=True, nogil=True)
def square_integral(a, b, k):
    r"""$\int_a^b Dt\,(k-t)^2=(1+k^2)[\Phi]_a^b-2k[\varphi(a)-\varphi(b)]+a\varphi(a)-b\varphi(b)$ for $a\le b$, either end may be infinite.

    A closed form whose terms cancel when the interval is short and $k$ near it: use a quadrature there.
    """
    mass = cdf(-a) - cdf(-b) if a > 0.0 else cdf(b) - cdf(a)
    edge_a = (a - 2.0 * k) * pdf(a) if math.isfinite(a) else 0.0
    edge_b = (b - 2.0 * k) * pdf(b) if math.isfinite(b) else 0.0
    return (1.0 + k * k) * mass + edge_a - edge_b

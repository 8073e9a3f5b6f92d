r"""Averages of activation functions over jointly Gaussian fields.

Fields $a,b,c,d$ are zero-mean Gaussian with covariance matrix `C`; indices may coincide. For an activation $g$

$$I_2=\mathbb E\,g(a)g(b),\quad J_2=\mathbb E\,g'(a)g'(b),\quad K_2=\mathbb E\,g''(a)g(b),\quad
I_3=\mathbb E\,g'(a)\,b\,g(c),\quad I_4=\mathbb E\,g'(a)g'(b)g(c)g(d).$$

ERF is $g(x)=\mathrm{erf}(x/\sqrt2)$ (Saad & Solla 1995, appendix), RELU is $\max(x,0)$, LINEAR is $x$. ReLU's $I_4$ follows from
Stein's lemma, $\mathbb E\,c\,F=\sum_xC_{cx}\,\mathbb E\,\partial_xF$, where the derivative of a step at $x$ leaves the density
$(2\pi C_{xx})^{-1/2}$ and the other fields conditioned on $x=0$.
"""

import math

import numpy as np
from numba import njit

ERF, RELU, LINEAR = 0, 1, 2

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
GRADED = 1.0 - (0.5 * (1.0 - _NODES)) ** 4  # nodes on [0, 1], crowded towards 1
GRADED_WEIGHTS = 2.0 * (0.5 * (1.0 - _NODES)) ** 3 * _WEIGHTS

COINCIDE = 1.0 - 1e-12  # correlation from which on two fields count as one


@njit(cache=True, nogil=True, error_model="numpy")
def arcsine(x):
    """arcsin of x clipped to [-1, 1]; NaN stays NaN."""
    return math.asin(x) if abs(x) <= 1.0 else math.copysign(0.5 * math.pi, x) + 0.0 * x


@njit(cache=True, nogil=True, error_model="numpy")
def correlation(cab, caa, cbb):
    """C_ab / sqrt(C_aa C_bb), 0 where a variance vanishes."""
    return cab / math.sqrt(caa * cbb) if caa > 0.0 and cbb > 0.0 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def I2(activation, C, a, b):
    """E g(a) g(b)."""
    if activation == ERF:
        return 2.0 / math.pi * arcsine(C[a, b] / math.sqrt((1.0 + C[a, a]) * (1.0 + C[b, b])))
    if activation == RELU:
        return relu_I2(C[a, a], C[b, b], C[a, b])
    return C[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def J2(activation, C, a, b):
    """E g'(a) g'(b)."""
    if activation == ERF:
        return 2.0 / math.pi / math.sqrt((1.0 + C[a, a]) * (1.0 + C[b, b]) - C[a, b] ** 2)
    if activation == RELU:
        return orthant2(correlation(C[a, b], C[a, a], C[b, b]))
    return 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def K2(activation, C, a, b):
    """E g''(a) g(b)."""
    if activation == ERF:
        spread = 1.0 + C[a, a]
        return -2.0 / math.pi * C[a, b] / (spread * math.sqrt(spread * (1.0 + C[b, b]) - C[a, b] ** 2))
    if activation == RELU:
        return math.sqrt(max(C[a, a] * C[b, b] - C[a, b] ** 2, 0.0)) / (2.0 * math.pi * C[a, a])
    return 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def weighted_I3(activation, C, s, a, out):
    """out[b] = sum_c s_c I3(a, b, c) for every field b: E g'(a) b (sum_c s_c g(c)).

    By Stein's lemma I3(a, b, c) = C_ab E g''(a) g(c) + C_bc E g'(a) g'(c).
    """
    out[:] = 0.0
    for c in range(s.size):
        own, other = s[c] * K2(activation, C, a, c), s[c] * J2(activation, C, a, c)
        for b in range(s.size):
            out[b] += own * C[a, b] + other * C[c, b]


@njit(cache=True, nogil=True, error_model="numpy")
def weighted_I4(activation, C, s, a, b):
    """sum_{cd} s_c s_d I4(a, b, c, d), c and d over all fields: E g'(a) g'(b) (sum_c s_c g(c))²."""
    if activation == ERF:
        return erf_weighted_I4(C, s, a, b)
    total = 0.0
    for c in range(s.size):
        if s[c] == 0.0:
            continue
        for d in range(c + 1):
            if s[d] == 0.0:
                continue
            average = relu_I4(C, a, b, c, d) if activation == RELU else C[c, d]
            total += (1.0 if c == d else 2.0) * s[c] * s[d] * average
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def erf_weighted_I4(C, s, a, b):
    """`weighted_I4` for erf: (4/π²) Λ_ab^(-1/2) sum_{cd} s_c s_d arcsin(S_cd / sqrt((1 + S_cc)(1 + S_dd))).

    S is the covariance of the fields under the weight g'(a) g'(b), S_cd = C_cd - u_c G^(-1) u_d with u_c = (C_ac, C_bc) and
    G = 1 + C restricted to (a, b); p and q are the components of G^(-1/2) u.
    """
    n = s.size
    p, q, scale = np.empty(n), np.empty(n), np.empty(n)
    first = math.sqrt(1.0 + C[a, a])
    slope = C[a, b] / first
    second = math.sqrt(1.0 + C[b, b] - slope * slope)
    total = 0.0
    for c in range(n):
        p[c] = C[a, c] / first
        q[c] = (C[b, c] - slope * p[c]) / second
        variance = C[c, c] - p[c] * p[c] - q[c] * q[c]
        scale[c] = 1.0 / math.sqrt(1.0 + variance)
        total += s[c] * s[c] * arcsine(variance / (1.0 + variance))
        for d in range(c):
            total += 2.0 * s[c] * s[d] * arcsine((C[c, d] - p[c] * p[d] - q[c] * q[d]) * scale[c] * scale[d])
    return 4.0 / math.pi**2 / (first * second) * total


@njit(cache=True, nogil=True, error_model="numpy")
def relu_I2(caa, cbb, cab):
    """E a_+ b_+ (Cho & Saul 2009, arc-cosine kernel of degree 1)."""
    r = min(1.0, max(-1.0, correlation(cab, caa, cbb)))
    return math.sqrt(caa * cbb) / (2.0 * math.pi) * (math.sqrt(1.0 - r * r) + r * (0.5 * math.pi + math.asin(r)))


@njit(cache=True, nogil=True, error_model="numpy")
def relu_I4(C, a, b, c, d):
    """E θ(a) θ(b) c_+ d_+. Fields that coincide up to scale count as one, so that no step is conditioned on itself."""
    if a == b or coincide(C, a, b):
        b = a
    keep_a = not (coincide(C, a, c) or coincide(C, a, d))
    keep_b = b != a and not (coincide(C, b, c) or coincide(C, b, d))
    if not keep_a:
        a = b
    if c == d or coincide(C, c, d):
        scale = math.sqrt(C[d, d] / C[c, c]) if c != d else 1.0
        if keep_a and keep_b:
            return scale * two_steps_square(C, a, b, c)
        if keep_a or keep_b:
            return scale * one_step_square(C, a, c)
        return scale * 0.5 * C[c, c]
    if keep_a and keep_b:
        return two_steps_product(C, a, b, c, d)
    if keep_a or keep_b:
        return one_step_product(C, a, c, d)
    return relu_I2(C[c, c], C[d, d], C[c, d])


@njit(cache=True, nogil=True, error_model="numpy")
def coincide(C, a, b):
    """Whether a and b are the same field up to a positive factor."""
    return a == b or C[a, b] > COINCIDE * math.sqrt(C[a, a] * C[b, b])


@njit(cache=True, nogil=True, error_model="numpy")
def one_step_square(C, a, c):
    """E θ(a) c_+²."""
    r = min(1.0, max(-1.0, correlation(C[a, c], C[a, a], C[c, c])))
    return C[c, c] / (2.0 * math.pi) * (0.5 * math.pi + math.asin(r) + r * math.sqrt(1.0 - r * r))


@njit(cache=True, nogil=True, error_model="numpy")
def one_step_product(C, a, c, d):
    """E θ(a) c_+ d_+ by Stein's lemma on c."""
    total = C[c, d] * orthant3(C, a, c, d)
    total += C[c, a] / math.sqrt(2.0 * math.pi * C[a, a]) * step_times_positive(C, a, c, d)
    return total + math.sqrt(C[c, c] / (2.0 * math.pi)) * step_times_positive(C, c, a, d)


@njit(cache=True, nogil=True, error_model="numpy")
def two_steps_square(C, a, b, c):
    """E θ(a) θ(b) c_+² by Stein's lemma on one factor c."""
    total = C[c, c] * orthant3(C, a, b, c)
    total += C[c, a] / math.sqrt(2.0 * math.pi * C[a, a]) * step_times_positive(C, a, b, c)
    return total + C[c, b] / math.sqrt(2.0 * math.pi * C[b, b]) * step_times_positive(C, b, a, c)


@njit(cache=True, nogil=True, error_model="numpy")
def two_steps_product(C, a, b, c, d):
    """E θ(a) θ(b) c_+ d_+, four different fields, by Stein's lemma on c."""
    total = C[c, d] * orthant4(C, a, b, c, d) if C[c, d] != 0.0 else 0.0
    total += C[c, a] / math.sqrt(2.0 * math.pi * C[a, a]) * steps_times_positive(C, a, b, c, d)
    total += C[c, b] / math.sqrt(2.0 * math.pi * C[b, b]) * steps_times_positive(C, b, a, c, d)
    return total + math.sqrt(C[c, c] / (2.0 * math.pi)) * steps_times_positive(C, c, a, b, d)


@njit(cache=True, nogil=True, error_model="numpy")
def given(C, x, y, z):
    """Covariance of y and z given x = 0."""
    return C[y, z] - C[x, y] * C[x, z] / C[x, x]


@njit(cache=True, nogil=True, error_model="numpy")
def step_times_positive(C, x, y, z):
    """E[θ(y) z_+ | x = 0] = sqrt(C_zz / 8π) (1 + r_yz) with the conditioned covariance."""
    variance = max(given(C, x, z, z), 0.0)
    r = min(1.0, max(-1.0, correlation(given(C, x, y, z), given(C, x, y, y), variance)))
    return math.sqrt(variance / (8.0 * math.pi)) * (1.0 + r)


@njit(cache=True, nogil=True, error_model="numpy")
def steps_times_positive(C, x, y, w, z):
    """E[θ(y) θ(w) z_+ | x = 0], by Stein's lemma on z with the conditioned covariance."""
    yy, ww, zz = given(C, x, y, y), given(C, x, w, w), given(C, x, z, z)
    yw, yz, wz = given(C, x, y, w), given(C, x, y, z), given(C, x, w, z)
    total = boundary(yz, yy, wz, ww, zz, yw, yz)
    total += boundary(wz, ww, yz, yy, zz, yw, wz)
    return total + boundary(zz, zz, yw, yy, ww, yz, wz)


@njit(cache=True, nogil=True, error_model="numpy")
def boundary(czx, cxx, cuv, cuu, cvv, cxu, cxv):
    """C_zx E[δ(x) θ(u) θ(v)] = C_zx / sqrt(2π C_xx) P(u, v > 0 | x = 0); 0 where C_xx vanishes (and C_zx with it)."""
    if cxx <= 0.0:
        return 0.0
    r = correlation(cuv - cxu * cxv / cxx, cuu - cxu * cxu / cxx, cvv - cxv * cxv / cxx)
    return czx / math.sqrt(2.0 * math.pi * cxx) * orthant2(r)


@njit(cache=True, nogil=True, error_model="numpy")
def orthant2(r):
    """P(a, b > 0) = 1/4 + arcsin(r) / 2π for correlation r (Sheppard 1899)."""
    return 0.25 + arcsine(r) / (2.0 * math.pi)


@njit(cache=True, nogil=True, error_model="numpy")
def orthant3(C, a, b, c):
    """P(a, b, c > 0) = 1/8 + sum of the three arcsin r / 4π."""
    total = arcsine(correlation(C[a, b], C[a, a], C[b, b]))
    total += arcsine(correlation(C[a, c], C[a, a], C[c, c]))
    total += arcsine(correlation(C[b, c], C[b, b], C[c, c]))
    return 0.125 + total / (4.0 * math.pi)


@njit(cache=True, nogil=True, error_model="numpy")
def orthant4(C, a, b, c, d):
    """P(a, b, c, d > 0), by switching on the correlations of d: r_dj -> τ r_dj (Plackett 1954).

    Each of the three terms is integrated over its own angle θ, sin θ = τ r_dj; the nodes crowd towards τ = 1, where the integrand
    bends sharply when fields nearly coincide.
    """
    ab = correlation(C[a, b], C[a, a], C[b, b])
    ac = correlation(C[a, c], C[a, a], C[c, c])
    bc = correlation(C[b, c], C[b, b], C[c, c])
    da = correlation(C[d, a], C[d, d], C[a, a])
    db = correlation(C[d, b], C[d, d], C[b, b])
    dc = correlation(C[d, c], C[d, d], C[c, c])
    total = switched_on(da, db, dc, ab, ac, bc) + switched_on(db, da, dc, ab, bc, ac) + switched_on(dc, da, db, ac, bc, ab)
    return 0.5 * orthant3(C, a, b, c) + total / (2.0 * math.pi)


@njit(cache=True, nogil=True, error_model="numpy")
def switched_on(dj, dk, dl, jk, jl, kl):
    """∫_0^{arcsin r_dj} dθ P(k, l > 0 | d = j = 0) with the correlations of d scaled by τ = sin θ / r_dj."""
    if dj == 0.0:
        return 0.0
    angle = arcsine(dj)
    total = 0.0
    for i in range(GRADED.size):
        sine = math.sin(angle * GRADED[i])
        tau = sine / dj
        k, l = tau * dk, tau * dl  # noqa: E741
        free = 1.0 - sine * sine
        cov = kl * free - (k * l - sine * (k * jl + l * jk) + jk * jl)
        var_k = free - (k * k - 2.0 * sine * k * jk + jk * jk)
        var_l = free - (l * l - 2.0 * sine * l * jl + jl * jl)
        total += GRADED_WEIGHTS[i] * orthant2(correlation(cov, var_k, var_l))
    return angle * total

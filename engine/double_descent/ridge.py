r"""Square loss in closed form: one monotone scalar equation, then arithmetic in which no two terms cancel.

With $k=\alpha/\gamma$, $c=1-S(x)$ and $e=1-kS(x)$ the resolvent obeys $c\,e=\lambda x$. The smaller of the two is the positive root $s$ of
$\hat k s^2+(1-\hat k)s=\lambda x$, $\hat k=\min(k,1/k)$, and $\max(1,k)S(x)+s(x)=1$ fixes $x$, for $\lambda=0$ too.
"""

import math

import numpy as np
from numba import njit

from engine.double_descent.spectrum import INFINITE, overlaps, susceptibility, unlearned, variance
from engine.numerics.gaussian import SQRT_2_OVER_PI
from engine.numerics.roots import best as root
from engine.numerics.roots import closed, narrow, open_bracket, proposal
from engine.numerics.sign_teacher import training_error

ROWS = (
    "m", "q", "v", "w_norm2", "train_loss", "gen_mse", "gen_error", "train_error",
    "bias", "var_init", "var_samp", "var_noise", "mse_ensemble",
)  # fmt: skip


@njit(cache=True, nogil=True)
def unfitted(x, alpha, gamma, lam):
    r"""The smaller and the larger of $c$ and $e$ given $ce=\lambda x$, and $x\,d/dx$ of the smaller."""
    small, large = min(alpha, gamma), max(alpha, gamma)
    ratio, gap = small / large, (large - small) / large
    if lam == 0.0:
        return 0.0, gap, 0.0
    root = math.sqrt(gap * gap + 4.0 * ratio * lam * x)
    least = 2.0 * lam * x / (gap + root)
    return least, gap + ratio * least, lam * x / root


@njit(cache=True, nogil=True)
def resolvent(alpha, gamma, lam, kappastar_sq, blocks, guess):
    """x by Newton's method in log x, bracketed; `guess` > 0 may be anything. The caller excludes the threshold of lam = 0."""
    if lam == 0.0 and kappastar_sq == 0.0 and min(alpha, gamma) >= 1.0:
        return INFINITE
    scale = max(1.0, alpha / gamma)
    low = math.log(0.25 / max(scale * variance(kappastar_sq, blocks), lam))
    high = -math.log(max(lam, scale * kappastar_sq, 1.0 / INFINITE))
    log_x = min(max(math.log(guess), low), high)
    while high - low > 1e-15 * max(1.0, abs(low)):
        x = math.exp(log_x)
        S, xdS, _ = susceptibility(x, 1.0, alpha, kappastar_sq, blocks)
        least, _, rise = unfitted(x, alpha, gamma, lam)
        total = scale * S + least
        step = -math.log(total) * total / (scale * xdS + rise)
        if abs(step) < 1e-9:
            return math.exp(log_x + step)
        if total > 1.0:
            high = log_x
        else:
            low = log_x
        log_x = log_x + step if low < log_x + step < high else 0.5 * (low + high)
    return math.exp(log_x)


@njit(cache=True, nogil=True)
def residuals(x, alpha, gamma, lam):
    r"""$c=1-S$ and $e=1-\frac\alpha\gamma S$ at the root x."""
    if x == INFINITE:
        return (alpha - 1.0) / alpha, (gamma - 1.0) / gamma
    least, most, _ = unfitted(x, alpha, gamma, lam)
    return (least, most) if alpha <= gamma else (most, least)


@njit(cache=True, nogil=True)
def label_moments(classify, delta, rho):
    r"""$t=E[y\nu]/\rho$ and the variance $E(y-t\nu)^2$ of what is not linear in the teacher's field."""
    if not classify:
        return 1.0, delta
    t = (1.0 - 2.0 * delta) * SQRT_2_OVER_PI / math.sqrt(rho)
    return t, 1.0 - t * t * rho


@njit(cache=True, nogil=True)
def variances(x, c, e, t, noise, alpha, gamma, rho, kappastar_sq, blocks):
    r"""The test error $E(t\nu-h)^2$ in parts: bias, from initialisation, sampling and noise; and the variance r of the residuals over $c^2$.

    With A the gain of r on q, `stability` is 1-A, `shared` the part of A common to two students with independent features and `own` the
    rest. Noise is nested inside initialisation inside sampling (d'Ascoli et al. 2020). x, c, e may be complex, for derivatives.
    """
    _, xdS, shared = susceptibility(x, 1.0, alpha, kappastar_sq, blocks)
    D = e + alpha / gamma * xdS
    own = alpha / gamma * xdS * xdS / D
    stability = (c * e + xdS * (e + alpha / gamma * c)) / D
    bias = t * t * rho * unlearned(x, alpha, blocks)
    offset = xdS / x * overlaps(x, 1.0, e, 0.0, t, alpha, gamma, rho, kappastar_sq, blocks)[2]
    common = bias / (c + xdS)
    r = (bias + noise + offset) / stability
    return bias, (offset + own * common) / stability, shared * common, (shared + own) * noise / stability, r


@njit(cache=True, nogil=True)
def observables(classify, x, alpha, gamma, lam, delta, rho, kappastar_sq, blocks):
    """The values of ROWS at the root x; those of the other task are nan."""
    c, e = residuals(x, alpha, gamma, lam)
    t, noise = label_moments(classify, delta, rho)
    bias, var_init, var_samp, var_noise, r = variances(x, c, e, t, noise, alpha, gamma, rho, kappastar_sq, blocks)
    m, n, w_norm2 = overlaps(x, 1.0, e, r, t, alpha, gamma, rho, kappastar_sq, blocks)
    S, xdS, shared = susceptibility(x, 1.0, alpha, kappastar_sq, blocks)
    q, v, train_loss = n + m * m / rho, S / c if c > 0.0 else math.inf, 0.5 * c * c * r
    none = math.nan
    if classify:
        angle = math.atan2(math.sqrt(n), m / math.sqrt(rho))
        gen_mse = 1.0 - 2.0 * SQRT_2_OVER_PI / math.sqrt(rho) * m + q
        error = training_error(v / math.sqrt(q), angle, delta)
        return m, q, v, w_norm2, train_loss, gen_mse, angle / math.pi, error, none, none, none, none, none
    ensemble = bias + shared * (bias + delta) / (c + xdS)
    gen_mse = bias + var_init + var_samp + var_noise
    return m, q, v, w_norm2, train_loss, gen_mse, none, none, bias, var_init, var_samp, var_noise, ensemble


@njit(cache=True, nogil=True)
def ridge_line(classify, alpha, gamma, lam, delta, rho, kappastar_sq, blocks):
    """ROWS at each point of a line, (13, points); alpha ... kappastar_sq are (points,), blocks (points, number of blocks, 3).

    A point at the threshold of lam = 0 is nan.

    Powers of INFINITE are reported as what they stand for, 0 or infinity.
    """
    table = np.full((13, alpha.size), math.nan)
    x = 1.0
    for i in range(alpha.size):
        threshold = min(gamma[i], 1.0) if kappastar_sq[i] == 0.0 else gamma[i]
        if lam[i] == 0.0 and alpha[i] == threshold:
            continue
        x = resolvent(alpha[i], gamma[i], lam[i], kappastar_sq[i], blocks[i], x)
        values = observables(classify, x, alpha[i], gamma[i], lam[i], delta[i], rho[i], kappastar_sq[i], blocks[i])
        for j in range(13):
            size = abs(values[j])
            table[j, i] = values[j] if 1e-100 < size < 1e100 else (0.0 if size < 1.0 else values[j] * math.inf)
    return table


@njit(cache=True, nogil=True)
def error_slope(classify, log_lam, alpha, gamma, delta, rho, kappastar_sq, blocks):
    r"""$-d\ln E/d\ln x$ at $\lambda=10^{\text{log_lam}}$, of the sign of $dE/d\lambda$, and $E$: the test error, in classification the
    squared tangent of the angle, which orders alike. By a complex step, so that every term keeps its digits.
    """
    lam = 10.0**log_lam
    x = resolvent(alpha, gamma, lam, kappastar_sq, blocks, 1.0)
    c, e = residuals(x, alpha, gamma, lam)
    t, noise = label_moments(classify, delta, rho)
    z = complex(x, 1e-30 * x)
    dS = susceptibility(z, 1.0, alpha, kappastar_sq, blocks)[0].imag
    c, e = complex(c, -dS), complex(e, -alpha / gamma * dS)
    bias, var_init, var_samp, var_noise, r = variances(z, c, e, t, noise, alpha, gamma, rho, kappastar_sq, blocks)
    error = bias + var_init + var_samp + var_noise
    if classify:
        m, n, _ = overlaps(z, 1.0, e, r, t, alpha, gamma, rho, kappastar_sq, blocks)
        error = n / (m * m)
    return -error.imag / error.real * 1e30, error.real


@njit(cache=True, nogil=True)
def optimal_line(classify, alpha, gamma, delta, rho, kappastar_sq, blocks):
    """The ridge of least test error at each point of a line, (points,), to rounding; 0 or inf where it is outside [1e-12, 1e12].

    The error of one block has one minimum along the ridge, and its slope one root; several blocks, each with a ridge that would suit it
    best, can have several, which are looked for between half decades. nan where nothing can be learned.
    """
    best = np.empty(alpha.size)
    cells = 1 if blocks.shape[1] == 1 else 48
    for i in range(alpha.size):
        point = (alpha[i], gamma[i], delta[i], rho[i], kappastar_sq[i], blocks[i])
        best[i] = math.nan
        if blocks[i, 0, 1] == 0.0 or (classify and delta[i] == 0.5):
            continue
        low, least = -12.0, math.inf
        slope_low, error = error_slope(classify, low, *point)
        if slope_low >= 0.0:
            best[i], least = 0.0, error
        for _ in range(cells):
            high = low + 24.0 / cells
            slope_high, error = error_slope(classify, high, *point)
            if slope_low < 0.0 < slope_high:
                bracket = open_bracket(low, slope_low, high, slope_high, 1e-13)
                while not closed(bracket):
                    log_lam = proposal(bracket)
                    narrow(bracket, log_lam, error_slope(classify, log_lam, *point)[0])
                valley = error_slope(classify, root(bracket), *point)[1]
                if valley < least:
                    best[i], least = 10.0 ** root(bracket), valley
            low, slope_low = high, slope_high
        if slope_low <= 0.0 and error < least:
            best[i] = math.inf
    return best


@njit(cache=True, nogil=True)
def explained_line(gamma, kappastar_sq, blocks):
    r"""Share e of the teacher's variance that is linear in the features, and $\sqrt{e/(1-e)}$, (2, points); arguments as in `ridge_line`.

    With ever more samples the resolvent is that of $\alpha=\gamma$, $\lambda=0$ with $\max(1,k)S=1$: then $1-e=\sum_bp_bu_b$.
    """
    table = np.empty((2, gamma.size))
    x = 1.0
    for i in range(gamma.size):
        x = resolvent(gamma[i], gamma[i], 0.0, kappastar_sq[i], blocks[i], x)
        inside, outside = 0.0, 0.0
        for b in range(blocks.shape[1]):
            signal = gamma[i] * blocks[i, b, 1] * x
            inside += blocks[i, b, 2] * signal / (1.0 + signal)
            outside += blocks[i, b, 2] / (1.0 + signal)
        table[0, i] = inside / (inside + outside)
        table[1, i] = math.sqrt(inside / outside) if x < INFINITE else math.inf
    return table

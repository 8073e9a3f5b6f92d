r"""Square loss in closed form: one monotone scalar equation, then arithmetic in which no two terms cancel.

With $k=\alpha/\gamma$, $c=1-S(x)$ and $e=1-kS(x)$ the resolvent obeys $c\,e=\lambda x$. The smaller of the two is the positive root $s$ of
$\hat k s^2+(1-\hat k)s=\lambda x$, $\hat k=\min(k,1/k)$, and $\max(1,k)S(x)+s(x)=1$ fixes $x$, for $\lambda=0$ too.
"""

import math

import numpy as np
from numba import njit

from engine.double_descent.sign_teacher import training_error
from engine.double_descent.spectrum import INFINITE, overlaps, susceptibility, unlearned
from engine.numerics.gaussian import SQRT_2_OVER_PI

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
def resolvent(alpha, gamma, lam, kappa1_sq, kappastar_sq, guess):
    """x by Newton's method in log x, bracketed; `guess` > 0 may be anything. The caller excludes the threshold of lam = 0."""
    if lam == 0.0 and kappastar_sq == 0.0 and min(alpha, gamma) >= 1.0:
        return INFINITE
    scale = max(1.0, alpha / gamma)
    low = math.log(0.25 / max(scale * (kappa1_sq + kappastar_sq), lam))
    high = -math.log(max(lam, scale * kappastar_sq, 1.0 / INFINITE))
    log_x = min(max(math.log(guess), low), high)
    while high - low > 1e-15 * max(1.0, abs(low)):
        x = math.exp(log_x)
        S, xdS, _ = susceptibility(x, 1.0, alpha, kappa1_sq, kappastar_sq)
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
def observables(classify, x, alpha, gamma, lam, delta, rho, kappa1_sq, kappastar_sq):
    """The values of ROWS at the root x; those of the other task are nan.

    With A the gain of the residual variance r on q, `stability` is 1-A and `shared` the part of A common to two students with
    independent features. Noise is nested inside initialisation inside sampling (d'Ascoli et al. 2020).
    """
    S, xdS, shared = susceptibility(x, 1.0, alpha, kappa1_sq, kappastar_sq)
    if x == INFINITE:
        c, e = (alpha - 1.0) / alpha, (gamma - 1.0) / gamma
    else:
        least, most, _ = unfitted(x, alpha, gamma, lam)
        c, e = (least, most) if alpha <= gamma else (most, least)
    D = e + alpha / gamma * xdS
    own = alpha / gamma * xdS * xdS / D
    stability = (c * e + xdS * (e + alpha / gamma * c)) / D

    t = (1.0 - 2.0 * delta) * SQRT_2_OVER_PI / math.sqrt(rho) if classify else 1.0
    signal = t * t * rho
    noise = 1.0 - signal if classify else delta
    bias = signal * unlearned(x, alpha, kappa1_sq)
    offset = overlaps(x, 1.0, e, 0.0, t, alpha, gamma, rho, kappa1_sq, kappastar_sq)[1]
    r = (bias + noise + offset) / stability
    m, n, w_norm2 = overlaps(x, 1.0, e, r, t, alpha, gamma, rho, kappa1_sq, kappastar_sq)
    q, v = n + m * m / rho, S / c if c > 0.0 else math.inf
    train_loss = 0.5 * c * c * r
    none = math.nan
    if classify:
        angle = math.atan2(math.sqrt(n), m / math.sqrt(rho))
        gen_mse = 1.0 - 2.0 * SQRT_2_OVER_PI / math.sqrt(rho) * m + q
        error = training_error(v / math.sqrt(q), angle, delta)
        return m, q, v, w_norm2, train_loss, gen_mse, angle / math.pi, error, none, none, none, none, none
    common = bias / (c + xdS)
    var_samp, var_init, var_noise = shared * common, (offset + own * common) / stability, (shared + own) * delta / stability
    ensemble = bias + shared * (bias + delta) / (c + xdS)
    gen_mse = bias + var_init + var_samp + var_noise
    return m, q, v, w_norm2, train_loss, gen_mse, none, none, bias, var_init, var_samp, var_noise, ensemble


@njit(cache=True, nogil=True)
def ridge_line(classify, alpha, gamma, lam, delta, rho, kappa1_sq, kappastar_sq):
    """ROWS at each point of a line, (13, points); alpha ... rho are (points,). A point at the threshold of lam = 0 is nan.

    Powers of INFINITE are reported as what they stand for, 0 or infinity.
    """
    table = np.full((13, alpha.size), math.nan)
    x = 1.0
    for i in range(alpha.size):
        threshold = min(gamma[i], 1.0) if kappastar_sq == 0.0 else gamma[i]
        if lam[i] == 0.0 and alpha[i] == threshold:
            continue
        x = resolvent(alpha[i], gamma[i], lam[i], kappa1_sq, kappastar_sq, x)
        values = observables(classify, x, alpha[i], gamma[i], lam[i], delta[i], rho[i], kappa1_sq, kappastar_sq)
        for j in range(13):
            size = abs(values[j])
            table[j, i] = values[j] if 1e-100 < size < 1e100 else (0.0 if size < 1.0 else values[j] * math.inf)
    return table


@njit(cache=True, nogil=True)
def explained_line(gamma, kappa1_sq, kappastar_sq):
    r"""Share e of the teacher's variance that is linear in the features, and $\sqrt{e/(1-e)}$, (2, points); gamma is (points,).

    With ever more samples the resolvent is that of $\alpha=\gamma$, $\lambda=0$ with $\max(1,k)S=1$: then $e=1-u$.
    """
    table = np.empty((2, gamma.size))
    x = 1.0
    for i in range(gamma.size):
        x = resolvent(gamma[i], gamma[i], 0.0, kappa1_sq, kappastar_sq, x)
        signal = gamma[i] * kappa1_sq * x if x < INFINITE else math.inf
        table[0, i] = signal / (1.0 + signal) if signal < math.inf else 1.0
        table[1, i] = math.sqrt(signal)
    return table

r"""Logistic and hinge loss with a sign teacher: three order parameters, Newton's method.

State $(\ln V,\ln q,\zeta)$, $\zeta=\mathrm{artanh}(m/\sqrt{\rho q})$: nothing cancels as learning becomes perfect.
"""

import math

import numpy as np
from numba import njit

from engine.double_descent.ridge import observables, resolvent
from engine.double_descent.spectrum import INFINITE, overlaps, susceptibility, variance
from engine.numerics.gaussian import SQRT_2_OVER_PI
from engine.numerics.newton import advance, found, open_search, searching
from engine.numerics.sign_teacher import HARD, HINGE, LOGISTIC, margin_channel, training_error

ROWS = ("m", "q", "v", "w_norm2", "train_loss", "gen_error", "train_error", "margin")
TANGENT = 8
"""The row after these: the tangent of the angle between student and teacher, which orders like the error and keeps more digits."""


@njit(cache=True, nogil=True)
def feedback(c, alpha, gamma, lam, kappastar_sq, blocks):
    r"""Root X of $\lambda X+\frac\alpha\gamma S(cX)=1$, bracketed Newton in log X, and $e=1-\frac\alpha\gamma S$."""
    if lam == 0.0 and kappastar_sq == 0.0 and gamma >= 1.0:
        return INFINITE, (gamma - 1.0) / gamma
    k = alpha / gamma
    low = -math.log(lam + k * c * variance(kappastar_sq, blocks))
    high = -math.log(max(lam, k * c * kappastar_sq, 1.0 / INFINITE))
    log_X = low
    while high - low > 1e-15 * max(1.0, abs(low)):
        X = math.exp(log_X)
        V, XdV, _ = susceptibility(X, c, alpha, kappastar_sq, blocks)
        total = lam * X + k * c * V
        step = -math.log(total) * total / (lam * X + k * c * XdV)
        if abs(step) < 1e-9:
            log_X += step
            break
        if total > 1.0:
            high = log_X
        else:
            low = log_X
        log_X = log_X + step if low < log_X + step < high else 0.5 * (low + high)
    X = math.exp(log_X)
    return X, lam * X


@njit(cache=True, nogil=True)
def support(C, alpha, kappastar_sq, blocks):
    r"""Root x of $S(x)=C$ for the hard margin, C below the supremum of S; bracketed Newton in log x."""
    low = math.log(C / variance(kappastar_sq, blocks))
    high = math.log(min(C / kappastar_sq if kappastar_sq > 0.0 else INFINITE, INFINITE))
    log_x = low
    while high - low > 1e-15 * max(1.0, abs(low)):
        S, xdS, _ = susceptibility(math.exp(log_x), 1.0, alpha, kappastar_sq, blocks)
        step = math.log(C / S) * S / xdS
        if abs(step) < 1e-9:
            log_x += step
            break
        if S > C:
            high = log_x
        else:
            low = log_x
        log_x = log_x + step if low < log_x + step < high else 0.5 * (low + high)
    return math.exp(log_x)


@njit(cache=True, nogil=True)
def mismatch(loss, state, theory, gap):
    r"""Write the image of `state`, $(\ln V,\ln q,\zeta)$, under the self-consistent equations minus `state` into `gap`; both are (3,).

    `theory` is (alpha, gamma, lam, delta, rho, kappastar_sq, blocks). Returns the largest |gap|, $\|w\|^2/P$ and the training loss.
    For the hard margin ln V is idle (its image is 0); an absurd state, or one without
    ridge and support or with more support than features, is infinitely far from its image.
    """
    alpha, gamma, lam, delta, rho, kappastar_sq, blocks = theory
    if not max(abs(state[0]), abs(state[1]), abs(state[2])) < 400.0:
        return math.inf, math.nan, math.nan
    V, q, zeta = math.exp(state[0]), math.exp(state[1]), state[2]
    c, r, t, train_loss = margin_channel(loss, V, q, zeta, delta)
    if loss != HARD and (lam > 0.0 or c > 0.0):
        X, e = feedback(c, alpha, gamma, lam, kappastar_sq, blocks)
    elif loss == HARD and c < (min(gamma, 1.0) if kappastar_sq == 0.0 else gamma) / alpha:
        X, e = support(c, alpha, kappastar_sq, blocks) / c, 1.0 - alpha / gamma * c
    else:
        return math.inf, math.nan, math.nan
    t *= (1.0 - 2.0 * delta) * SQRT_2_OVER_PI / math.sqrt(rho)
    m, n, w_norm2 = overlaps(X, c, e, r, t, alpha, gamma, rho, kappastar_sq, blocks)
    log_V = 0.0 if loss == HARD else math.log(susceptibility(X, c, alpha, kappastar_sq, blocks)[0])
    gap[0] = log_V - state[0]
    gap[1] = math.log(n + m * m / rho) - state[1]
    gap[2] = math.asinh(m / math.sqrt(rho * n)) - state[2]
    return max(abs(gap[0]), abs(gap[1]), abs(gap[2])), w_norm2, train_loss


@njit(cache=True, nogil=True)
def fixed_point(loss, state, theory):
    """Move `state` (3,) to a fixed point; returns whether there is one, and the last two returns of `mismatch`."""
    gap = np.empty(3)
    search, w_norm2, train_loss = open_search(state), math.nan, math.nan
    while searching(search):
        error, w_norm2, train_loss = mismatch(loss, search.point, theory, gap)
        advance(search, gap, error < math.inf)
    state[:] = search.point
    return found(search), w_norm2, train_loss


@njit(cache=True, nogil=True)
def first_guess(loss, state, theory):
    """Write a cold start into `state` (3,): six plain iterations from the square loss at the same, not too small, ridge.

    For the hard margin the angle alone is taken over, and q large enough for the support to be smaller than the features.
    """
    alpha, gamma, lam, delta, rho, kappastar_sq, blocks = theory
    ridge = max(lam, 0.01)
    x = resolvent(alpha, gamma, ridge, kappastar_sq, blocks, 1.0)
    square = observables(True, x, alpha, gamma, ridge, delta, rho, kappastar_sq, blocks)
    state[0] = 0.0 if loss == HARD else math.log(square[2])
    state[1] = math.log(square[1])
    state[2] = math.asinh(1.0 / math.tan(math.pi * square[6]))
    gap = np.empty(3)
    for _ in range(50 if loss == HARD else 6):
        error, _, _ = mismatch(loss, state, (alpha, gamma, ridge, delta, rho, kappastar_sq, blocks), gap)
        if loss != HARD:
            for i in range(3):
                state[i] += gap[i]
        elif error == math.inf:
            state[1] += 0.7


@njit(cache=True, nogil=True)
def margin_line(hinge, alpha, gamma, lam, delta, rho, kappastar_sq, blocks, alpha_sep, warm):
    """ROWS and TANGENT at each point of a line, (9, points), each started from the one before; nan where no solution is found.

    alpha ... kappastar_sq and alpha_sep are (points,), blocks (points, number of blocks, 3). `warm` (2, 3) holds the last states with and
    without ridge (nan: none) and is updated. Separable without ridge, both losses reach the hard margin; the logistic weights then diverge
    along its direction. Within 1e-8 of the threshold, where q diverges, double precision has no solution.
    """
    table = np.full((9, alpha.size), math.nan)
    state = np.empty(3)
    for i in range(alpha.size):
        if lam[i] == 0.0 and abs(alpha[i] - alpha_sep[i]) < 1e-8 * alpha[i]:
            continue
        separable = lam[i] == 0.0 and alpha[i] < alpha_sep[i]
        loss = HARD if separable else (HINGE if hinge else LOGISTIC)
        theory = (alpha[i], gamma[i], lam[i], delta[i], rho[i], kappastar_sq[i], blocks[i])
        solved, w_norm2, train_loss = False, math.nan, math.nan
        for cold in range(2):
            for a in range(3):
                state[a] = warm[int(separable and not math.isnan(warm[1, 0])), a]
            if cold:
                first_guess(loss, state, theory)
            if not solved and not math.isnan(state[0]):
                solved, w_norm2, train_loss = fixed_point(loss, state, theory)
            if solved:
                break
        if not solved:
            continue
        if delta[i] == 0.5 or blocks[i, 0, 1] == 0.0:
            state[2] = 0.0  # nothing is learned, not even by rounding
        for a in range(3):
            warm[int(separable), a] = state[a]
        V, q, zeta = math.exp(state[0]), math.exp(state[1]), state[2]
        angle = math.atan2(1.0, math.sinh(zeta))
        error = 0.0 if separable else training_error((V if hinge else 0.5 * V) / math.sqrt(q), angle, delta[i])
        m, margin = math.sqrt(rho[i] * q) * math.tanh(zeta), math.nan
        if separable:
            V, train_loss, margin = math.inf, 0.0, 1.0 / math.sqrt(q)
            if not hinge:
                m, q, w_norm2 = math.inf if m > 0.0 else 0.0, math.inf, math.inf
        table[0, i], table[1, i], table[2, i], table[3, i] = m, q, V, w_norm2 if w_norm2 < 1e100 else math.inf
        table[4, i], table[5, i], table[6, i], table[7, i] = train_loss, angle / math.pi, error, margin
        table[8, i] = 1.0 / math.sinh(zeta) if zeta > 0.0 else math.inf
    return table


def margin_curve(hinge: bool, alpha, gamma, lam, delta, rho, kappastar_sq, blocks, alpha_sep, warm=None) -> np.ndarray:
    """`margin_line`; where it fails, the solution is followed down from a large ridge (the hard margin along the hinge)."""
    warm = np.full((2, 3), math.nan) if warm is None else warm
    table = margin_line(hinge, alpha, gamma, lam, delta, rho, kappastar_sq, blocks, alpha_sep, warm)
    for i in np.flatnonzero(np.isnan(table[5])):
        bottom = lam[i] if lam[i] > 0.0 else 1e-13
        ridges = np.geomspace(1e12, bottom, 2 + int(math.log(1e12) - math.log(bottom)))
        path = np.full((2, 3), math.nan)
        here = (alpha, gamma, delta, rho, kappastar_sq, blocks, alpha_sep)
        for loss, lams in ((hinge or (lam[i] == 0.0 and alpha[i] < alpha_sep[i]), ridges), (hinge, lam[i : i + 1])):
            a, g, d, r, k, b, s = (np.repeat(values[i : i + 1], lams.size, axis=0) for values in here)
            table[:, i] = margin_line(loss, a, g, lams, d, r, k, b, s, path)[:, -1]
    return table

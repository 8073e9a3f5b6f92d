r"""Learning curves from the moments of the data (`Spectrum`): the self-consistent equations of Loureiro et al. 2021 along a line of points.

The equations and their numerics are told by `gaussian_covariate`, the model that uses them.
"""

import math

import numpy as np
from numba import njit

from engine.double_descent.covariances import Spectrum
from engine.double_descent.separability import separability_line
from engine.numerics.gaussian import SQRT_2_OVER_PI
from engine.numerics.newton import advance, found, open_search, searching
from engine.numerics.optimum import optimal_ridge
from engine.numerics.sign_teacher import HARD, HINGE, LOGISTIC, margin_channel, training_error

ROWS = ("m", "q", "v", "train_loss", "gen_mse", "gen_mse_noisy", "gen_error", "train_error", "margin", "effective_ridge")
TANGENT = 10
"""The row after these: the tangent of the angle between student and teacher, which orders like the error and keeps more digits."""
EDGE = 1e-8
"""Relative distance from the separability threshold within which there is no solution without ridge."""
REACH = (-8, 6)
"""Of the search for the optimal ridge, in decades."""


# ---- kernels: n samples, P features, modes omega and power (modes,) of a Spectrum with rho = 1 unless given -----------------------------


@njit(cache=True, nogil=True)
def resolvent(omega, n, P, lam, target, guess):
    r"""Root x of $\lambda x+S(x)=$ `target`, $S=\frac1P\sum_i\frac{\omega_ix}{1+\alpha\omega_ix}$: bracketed Newton in $\ln x$ from `guess` > 0.

    Infinite where, without ridge, S stays below.
    """
    alpha, most = n / P, omega.size / n
    if lam == 0.0 and most <= target:
        return math.inf
    low = math.log(target / (lam + omega.sum() / P))
    high = math.log(target / lam if lam > 0.0 else target / (most - target) / (alpha * omega[-1]))
    log_x = min(max(math.log(guess), low), high)
    while high - low > 1e-15 * max(1.0, abs(low)):
        x = math.exp(log_x)
        S = slope = 0.0
        for i in range(omega.size):
            u = 1.0 / (1.0 + alpha * omega[i] * x)
            S += omega[i] * u
            slope += omega[i] * u * u
        total = lam * x + S * x / P
        step = math.log(target / total) * total / (lam * x + slope * x / P)
        if abs(step) < 1e-9:
            log_x += step
            break
        if total > target:
            high = log_x
        else:
            low = log_x
        log_x = log_x + step if low < log_x + step < high else 0.5 * (low + high)
    return math.exp(log_x)


@njit(cache=True, nogil=True)
def square_point(classify, omega, power, missing, rho, n, P, lam, delta, x):
    """ROWS and TANGENT of the square loss at the root x; those of the other task are nan."""
    alpha = n / P
    y = np.empty(omega.size)
    S = A = spread = unlearned = mu = 0.0
    for i in range(omega.size):
        z = alpha * omega[i] * x
        u = 1.0 / (1.0 + z)
        y[i] = z * u if z < 1.0 else 1.0 - u
        S += y[i]
        A += y[i] * y[i]
        spread += u * y[i]
        unlearned += power[i] * u * u
        mu += power[i] * y[i]
    variance = missing * mu * mu
    for i in range(omega.size):
        variance += power[i] * (y[i] - mu) ** 2
    c = lam * x if lam > 0.0 else max(0.0, 1.0 - omega.size / n)
    t, noise = 1.0, delta
    if classify:
        t = (1.0 - 2.0 * delta) * SQRT_2_OVER_PI / math.sqrt(rho)
        noise = 1.0 - t * t * rho
    A, stability, bias = A / n, c + spread / n, rho * (missing + unlearned)
    r = (noise + t * t * bias) / stability
    m, rest = t * rho * mu, t * t * rho * variance + A * r
    q, v = rest + m * m / rho, S / n / c if c > 0.0 else math.inf
    ridge, none = 1.0 / (alpha * x), math.nan
    if not classify:
        return m, q, v, 0.5 * c * c * r, (bias + A * noise) / stability, r, none, none, none, ridge, none
    angle = math.atan2(math.sqrt(rest), m / math.sqrt(rho)) if delta < 0.5 else 0.5 * math.pi
    mse = 1.0 - 2.0 * SQRT_2_OVER_PI / math.sqrt(rho) * m + q
    error = training_error(v / math.sqrt(q), angle, delta) if q > 0.0 else none
    tangent = math.sqrt(rest * rho) / m if m > 0.0 else math.inf
    return m, q, v, 0.5 * c * c * r, mse, r, angle / math.pi, error, none, ridge, tangent


@njit(cache=True, nogil=True)
def square_line(classify, omega, power, missing, rho, P, n, lam, delta):
    """ROWS and TANGENT at each point of a line, (11, points); n, lam, delta are (points,). nan at the threshold of lam = 0."""
    table = np.full((11, n.size), math.nan)
    guess = 1.0
    for i in range(n.size):
        if lam[i] == 0.0 and n[i] == omega.size:
            continue
        x = resolvent(omega, n[i], P, lam[i], 1.0, guess)
        guess = x if x < math.inf else 1.0
        values = square_point(classify, omega, power, missing, rho, n[i], P, lam[i], delta[i], x)
        for j in range(11):
            table[j, i] = values[j]
    return table


@njit(cache=True, nogil=True)
def overlaps(omega, power, missing, n, P, lam, c, r, t):
    r"""(V, m, $q-m^2$) from what the loss does, $c$, $r$ and $t$."""
    alpha = n / P
    y = np.empty(omega.size)
    V = mu = norm = 0.0
    for i in range(omega.size):
        y[i] = omega[i] / (lam + alpha * c * omega[i])
        V += y[i]
        mu += power[i] * y[i]
        norm += y[i] * y[i]
    variance = missing * mu * mu
    for i in range(omega.size):
        variance += power[i] * (y[i] - mu) ** 2
    return V / P, alpha * t * mu, (alpha * t) ** 2 * variance + alpha * r * norm / P


@njit(cache=True, nogil=True)
def mismatch(loss, state, omega, power, missing, n, P, lam, delta, gap):
    r"""Write the image of `state`, $(\ln V,\ln q,\zeta)$, $\zeta=\mathrm{artanh}(m/\sqrt q)$, minus `state` into `gap`; both are (3,).

    Returns whether the state is sane, and c, the training loss and the ridge in use. For the hard margin ln V is idle (its image is 0) and
    the ridge is $C/x$ of $S(x)=C$; it has fewer support vectors than modes.
    """
    if not max(abs(state[0]), abs(state[1]), abs(state[2])) < 400.0:
        return False, math.nan, math.nan, lam
    c, r, t, train_loss = margin_channel(loss, math.exp(state[0]), math.exp(state[1]), state[2], delta)
    ridge = lam
    if loss == HARD and 0.0 < c < omega.size / n:
        ridge = c / resolvent(omega, n, P, 0.0, c, 1.0)
    elif loss == HARD or lam + c == 0.0:
        return False, math.nan, math.nan, lam
    V, m, rest = overlaps(omega, power, missing, n, P, ridge, c, r, t * (1.0 - 2.0 * delta) * SQRT_2_OVER_PI)
    if not rest > 0.0:
        return False, math.nan, math.nan, lam
    gap[0] = (0.0 if loss == HARD else math.log(V)) - state[0]
    gap[1] = math.log(rest + m * m) - state[1]
    gap[2] = math.asinh(m / math.sqrt(rest)) - state[2]
    return True, c, train_loss, ridge


@njit(cache=True, nogil=True)
def fixed_point(loss, state, omega, power, missing, n, P, lam, delta):
    """Move `state` (3,) to a fixed point; returns whether there is one, and the last three returns of `mismatch`."""
    gap = np.empty(3)
    search, c, train_loss, ridge = open_search(state), math.nan, math.nan, lam
    while searching(search):
        sane, c, train_loss, ridge = mismatch(loss, search.point, omega, power, missing, n, P, lam, delta, gap)
        advance(search, gap, sane)
    state[:] = search.point
    return found(search), c, train_loss, ridge


@njit(cache=True, nogil=True)
def first_guess(loss, state, omega, power, missing, n, P, lam, delta):
    """Write a cold start into `state` (3,): six plain iterations from the square loss at the same, not too small, ridge.

    For the hard margin the angle alone is taken over, and q large enough for the support to be smaller than the modes.
    """
    ridge = max(lam, 0.01 * omega.sum() / P)
    x = resolvent(omega, n, P, ridge, 1.0, 1.0)
    square = square_point(True, omega, power, missing, 1.0, n, P, ridge, delta, x)
    state[0], state[1] = math.log(square[2]), math.log(square[1])
    state[2] = math.asinh(1.0 / square[10])
    if loss == HARD:
        state[0] = 0.0
    gap = np.empty(3)
    for _ in range(50 if loss == HARD else 6):
        sane = mismatch(loss, state, omega, power, missing, n, P, ridge, delta, gap)[0]
        if loss != HARD and sane:
            for i in range(3):
                state[i] += gap[i]
        elif loss == HARD and not sane:
            state[1] += 0.7


@njit(cache=True, nogil=True)
def margin_line(loss, omega, power, missing, P, n, lam, delta, n_sep, warm):
    """ROWS and TANGENT of a margin loss at each point of a line, (11, points), each started from the one before; nan where none is found.

    n ... n_sep are (points,). `warm` (2, 3) holds the last states with and without ridge (nan: none) and is updated. Separable without
    ridge, both losses reach the hard margin; the logistic weights then diverge along its direction.
    """
    table = np.full((11, n.size), math.nan)
    state = np.empty(3)
    for i in range(n.size):
        if lam[i] == 0.0 and abs(n[i] - n_sep[i]) < EDGE * n[i]:
            continue
        separable = lam[i] == 0.0 and n[i] < n_sep[i]
        kind = HARD if separable else loss
        state[:] = warm[int(separable)]
        solved, c, train_loss, ridge = False, math.nan, math.nan, math.nan
        for cold in range(2):
            if solved:
                break
            if cold:
                first_guess(kind, state, omega, power, missing, n[i], P, lam[i], delta[i])
            if not math.isnan(state[0]):
                solved, c, train_loss, ridge = fixed_point(kind, state, omega, power, missing, n[i], P, lam[i], delta[i])
        if not solved:
            continue
        if delta[i] == 0.5 or missing == 1.0:
            state[2] = 0.0  # nothing is learned, not even by rounding
        warm[int(separable)] = state
        V, q, zeta = math.exp(state[0]), math.exp(state[1]), state[2]
        angle = math.atan2(1.0, math.sinh(zeta))
        table[0, i], table[1, i], table[2, i] = math.sqrt(q) * math.tanh(zeta), q, V
        if separable:
            table[2, i], table[3, i], table[7, i], table[8, i] = math.inf, 0.0, 0.0, 1.0 / math.sqrt(q)
            if loss == LOGISTIC:
                table[0, i], table[1, i] = math.inf if zeta > 0.0 else 0.0, math.inf
        else:
            table[3, i] = train_loss
            table[7, i] = training_error((V if loss == HINGE else 0.5 * V) / math.sqrt(q), angle, delta[i])
        table[6, i] = angle / math.pi
        table[9, i] = ridge * P / (n[i] * c) if c > 0.0 else math.inf
        table[10, i] = 1.0 / math.sinh(zeta) if zeta > 0.0 else math.inf
    return table


# ---- lines -----------------------------------------------------------------------------------------------------------------------


def threshold(of: Spectrum, delta) -> np.ndarray:
    """Number of samples whose labels, flipped with probability delta (points,), are just separable, (points,)."""
    eta = math.sqrt(of.explained / of.missing) if of.missing > 0.0 else math.inf
    return of.omega.size * separability_line(np.full(np.size(delta), eta), np.atleast_1d(delta))


def trained(of: Spectrum, task: str, loss: str, n, lam, delta, n_sep, warm=None) -> np.ndarray:
    """ROWS and TANGENT at each point of a line, (11, points); nan where there is no solution.

    Where Newton's method fails, the solution is followed down from a large ridge, the hard margin along the hinge loss.
    """
    if loss == "square":
        return square_line(task == "classification", of.omega, of.power, of.missing, of.rho, of.P, n, lam, delta)
    number, warm = (HINGE if loss == "hinge" else LOGISTIC), np.full((2, 3), math.nan) if warm is None else warm
    modes = (of.omega, of.power, of.missing, of.P)
    table = margin_line(number, *modes, n, lam, delta, n_sep, warm)
    for i in np.flatnonzero(np.isnan(table[6]) & ~((lam == 0.0) & (np.abs(n - n_sep) < EDGE * n))):
        top = max(1e6 * of.omega.sum() / of.P * n[i], lam[i])
        bottom = lam[i] if lam[i] > 0.0 else 1e-20 * top
        ridges = np.geomspace(top, bottom, 2 + int(math.log(top) - math.log(bottom)))
        a, d, s = (np.full(ridges.size, values[i]) for values in (n, delta, n_sep))
        separable, path = lam[i] == 0.0 and n[i] < n_sep[i], np.full((2, 3), math.nan)
        margin_line(HINGE if separable else number, *modes, a, ridges, d, s, path)
        path[1] = path[0]
        table[:, i] = margin_line(number, *modes, a[:1], lam[i : i + 1], d[:1], s[:1], path)[:, 0]
    table[0] *= math.sqrt(of.rho)
    return table


def optimal_ridges(of: Spectrum, task: str, loss: str, n, delta, n_sep) -> np.ndarray:
    """The lam of least test error in the range of the search at each point of a line; nan where nothing can be learned."""
    row = ROWS.index("gen_mse") if task == "regression" else TANGENT
    best, warm = np.full(n.size, math.nan), np.full((2, 3), math.nan)
    learnable = (of.missing < 1.0) & ((task == "regression") | (delta < 0.5))
    for i in np.flatnonzero(learnable):

        def errors(lams: np.ndarray, i: int = i) -> np.ndarray:
            a, d, s = (np.full(lams.size, values[i]) for values in (n, delta, n_sep))
            return trained(of, task, loss, a, lams, d, s, warm)[row]

        best[i] = optimal_ridge(errors, reaches=(REACH,))
    return np.clip(best, 10.0 ** REACH[0], 10.0 ** REACH[1])


def curve(of: Spectrum, n, lam, delta=0.0, task: str = "regression", loss: str = "square") -> dict[str, np.ndarray]:
    """Every observable at successive points of a line, {name: (points,)}, nan where there is no solution.

    n, lam and delta are numbers or (points,); lam may be the word opt. For data that are no source of the model: measure their Spectrum first.
    """
    opt = np.asarray(lam).dtype.kind == "U"
    n, ridge, delta = (np.array(v) for v in np.broadcast_arrays(*(np.asarray(v, float) for v in (n, 0.0 if opt else lam, delta))))
    n, ridge, delta = (np.atleast_1d(v) for v in (n, ridge, delta))
    valid = np.full(n.size, True)
    n_sep = np.full(n.size, math.nan)
    if task == "classification":
        valid = delta <= 0.5
        delta = np.minimum(delta, 0.5)
        n_sep = threshold(of, delta)
    if opt:
        ridge = optimal_ridges(of, task, loss, n, delta, n_sep)
    valid &= ~np.isnan(ridge)
    table = trained(of, task, loss, n, np.where(valid, ridge, 1.0), delta, n_sep)
    columns = dict(zip(ROWS, table, strict=False))
    valid &= ~np.isnan(columns["q"])
    columns |= {"n_sep": n_sep, "explained": np.full(n.size, of.explained), "lam": ridge}
    return {name: np.where(valid, column, math.nan) for name, column in columns.items()}

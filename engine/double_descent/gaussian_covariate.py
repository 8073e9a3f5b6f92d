r"""**Setting.** Features $u\in R^P$ and a target $\nu$, both centred, enter by their second moments alone: $\Omega=E\,uu^T$ with eigenvalues
$\omega_i$, $\varphi=E\,\nu u$ with components $\varphi_i$ along its eigenvectors, $\rho=E\nu^2$ (Loureiro et al. 2021). The student
$h=w\cdot u/\sqrt P$ minimises $\sum_{\mu\le n}\ell+\frac\lambda2\|w\|^2$ over $n=\alpha P$ samples. Regression: $y=\nu+\sqrt\Delta\,\epsilon$,
$\ell=\frac12(y-h)^2$. Classification: $y=\mathrm{sign}\,\nu$ flipped with probability $\Delta$, and also $\ell=\log(1+e^{-yh})$ or
$\max(0,1-yh)$. `gen_mse` carries no $\frac12$ and is against the target without the extra noise.

Each mode explains a share $p_i=\varphi_i^2/\omega_i\rho$ of the target's variance, all together $e=\sum_ip_i\le1$. For ridge regression nothing
else about the target is needed, which is why real labels can be predicted; for labels $\mathrm{sign}\,\nu$ the target is taken to be
Gaussian: exact for synthetic data, a heuristic for real ones.

**Sources.** `powerlaw`: $\omega_k\propto k^{-a}$ of mean 1, $p_k\propto k^{-a-b}$, $\rho=1$. `digits`: scikit-learn's 1797 images, pixels in
[0, 1] without the constant ones, or random features $\sigma(Fx/\sqrt D)$ of them (pixels centred and scaled to $\|x\|^2=D$ on average); the
target is $\pm1$. `generator`: Gaussian latents through a network of two layers trained to draw the digits; the target is linear in
the latents. `file`: X and y, or `omega` with `phi2` (a matrix with the vector `phi`) and `rho`. With `pool=half` the
moments are those of one half of the points.

**Equations.** With $c=-E\,\partial_\omega f$, $r=Ef^2$, $t=E\,\partial_\nu f$, $f=(\mathrm{prox}-\omega)/V$, of the loss (square: $c=1/(1+V)$)
and $y_i=\omega_i/(\lambda+\alpha c\,\omega_i)$,

$$V=\frac1P\sum_iy_i,\qquad m=\alpha t\rho\,\mu,\quad\mu=\sum_ip_iy_i,\qquad
q-\frac{m^2}\rho=\alpha^2t^2\rho\Big[\sum_ip_i(y_i-\mu)^2+(1-e)\mu^2\Big]+\frac{\alpha r}P\sum_iy_i^2 .$$

**Square loss.** $x=c/\lambda$ solves $\lambda x+\frac1P\sum_i\frac{\omega_ix}{1+\alpha\omega_ix}=1$: kernel ridge regression on the whole
population with the *effective ridge* $\tilde\kappa=1/\alpha x$, which fits the mode $i$ but for the fraction
$u_i=\tilde\kappa/(\tilde\kappa+\omega_i)$. With the variance $\sigma^2$ of the noise ($\Delta$; in classification $1-\frac2\pi(1-2\Delta)^2$, and
$\nu$ counts $t_0=(1-2\Delta)\sqrt{2/\pi\rho}$ times), sums of positive terms:

$$r_0=\frac{\sigma^2+t_0^2\,\mathrm{bias}}{1-A},\quad \mathrm{bias}=\rho\Big[1-e+\sum_ip_iu_i^2\Big],\quad
1-A=c+\frac1n\sum_iu_i(1-u_i),\quad \mathrm{train\_loss}=\tfrac12c^2r_0 .$$

In regression `gen_mse` $=r_0-\Delta$. Without ridge the $p_+$ modes with $\omega_i>0$ are fitted exactly for $n<p_+$ ($c=0$); the error peaks at
$n=p_+$.

**Separability.** Labels are separable for $n<n_{sep}=p_+\max_{t\ge0}1/E[(\xi-t\,yg)_+^2]$, $y=\mathrm{sign}(\sqrt e\,g+\sqrt{1-e}\,z)$ flipped
with probability $\Delta$ (Candès & Sur 2020). There, without ridge, logistic and hinge loss reach the same hard margin; the logistic weights
diverge along it.

**The trap.** Moments measured on a pool of points describe draws from that pool. On fresh data they promise too much: $e$ contains about
$P/n_{pool}$ of chance correlations. `tested=pool` draws training samples from the pool with replacement and tests on all of it;
`tested=held-out` trains and tests on points of their own (of the other half with `pool=half`). `pool=corrected` takes chance off the moments
of the half: $1-e$ grows by $\frac{n_{pool}-1}{n_{pool}-p_+-1}$, and every $p_i$ loses $(1-e)/n_{pool}$.

**Numerics.** Diagonalised once. Square loss: a bracketed Newton iteration in $\ln x$, then one pass. Logistic and hinge: Newton's method on
$(\ln V,\ln q,\mathrm{artanh}\frac m{\sqrt{\rho q}})$, averages over the field by Gauss-Legendre panels. The optimal ridge is searched over
$\log_{10}\lambda\in[-8,6]$.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numba import njit

from engine.double_descent.activations import ACTIVATIONS
from engine.double_descent.covariances import (
    LABELS,
    DataError,
    Generator,
    Pool,
    Spectrum,
    centred,
    digit_features,
    digits,
    from_matrix,
    generated,
    measure,
    power_law,
    spectrum,
    split,
    without_chance,
)
from engine.double_descent.separability import separability_line
from engine.double_descent.tables import LOCAL, parse
from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem
from engine.numerics.fits import fit_hard_margin, fit_hinge, fit_logistic, fit_square
from engine.numerics.gaussian import SQRT_2_OVER_PI
from engine.numerics.newton import advance, found, open_search, searching
from engine.numerics.optimum import optimal_ridge
from engine.numerics.sign_teacher import HARD, HINGE, LOGISTIC, margin_channel, training_error

AXES = ("n", "lam", "delta")
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
    return {observable.name: np.where(valid, columns[observable.name], math.nan) for observable in OBSERVABLES}


# ---- sources -----------------------------------------------------------------------------------------------------------------------


@lru_cache(4)
def file_arrays(path: str, stamp: tuple) -> dict[str, np.ndarray]:
    """The arrays of a file; `stamp` tells apart what it held at different times."""
    return parse(path, Path(path).read_bytes())


def file_data(path: str | None) -> dict[str, np.ndarray]:
    """The arrays of the file at `path`. Raises ParameterError where there is none, or none that can be used."""
    if path is None:
        raise ParameterError("path", path, f"source file needs path={FILE}")
    try:
        status = Path(path).stat()
        if status.st_size > LOCAL.size:
            raise DataError(f"the file has more than {LOCAL.size // 2**20} MB")
        arrays = file_arrays(path, (status.st_mtime_ns, status.st_size))
    except (OSError, ValueError) as error:  # DataError is a ValueError, as is a path with a null character
        raise ParameterError(
            "path", path, str(error) if isinstance(error, DataError) else f"cannot read it; path must be {FILE}"
        ) from error
    if not {"X", "y"} <= arrays.keys() and not ("omega" in arrays and "rho" in arrays and {"phi", "phi2"} & arrays.keys()):
        raise ParameterError("path", path, "the file must hold X and y, or omega, phi2 (or phi) and rho")
    return arrays


def file_spectrum(arrays: dict[str, np.ndarray]) -> Spectrum:
    """The Spectrum of given covariances; DataError where they are inconsistent."""
    omega, rho = arrays["omega"], arrays["rho"]
    if rho.size != 1:
        raise DataError("rho must be one number")
    rho = float(rho.ravel()[0])
    if omega.ndim == 2:
        if "phi" not in arrays:
            raise DataError("a matrix omega needs the vector phi")
        return from_matrix(omega, arrays["phi"], rho)
    phi_sq = arrays["phi2"] if "phi2" in arrays else arrays["phi"] ** 2
    return spectrum(omega.size, omega, phi_sq, rho)


def points(source: str, label: str, features: str, P: int, seed: int, path: str | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Measured points, features (points, P) and targets (points,); None for a source that has moments only."""
    if source == "digits":
        return digit_features(features, P, seed), LABELS[label](digits()[1])
    if source == "file":
        arrays = file_data(path)
        return (arrays["X"], arrays["y"]) if "X" in arrays and "y" in arrays else None
    return None


@lru_cache(2)
def digit_pools(label: str, features: str, P: int, seed: int, pool: str) -> tuple[Pool, Pool]:
    """The points on which moments are measured, and those held out."""
    return pools(*points("digits", label, features, P, seed, None), pool)


def pools(X: np.ndarray, y: np.ndarray, pool: str) -> tuple[Pool, Pool]:
    """The points on which moments are measured, and those on which held-out fits train and test: the same ones, or two halves."""
    if pool != "all":
        return split(X, y)
    everything = centred(X, y)
    return everything, everything


def measured(points: Pool, pool: str) -> Spectrum:
    """The moments of these points, as they are or less what chance adds."""
    return without_chance(measure(points)) if pool == "corrected" else measure(points)


@lru_cache(32)
def digit_spectrum(label: str, features: str, P: int, seed: int, pool: str) -> Spectrum:
    return measured(digit_pools(label, features, P, seed, pool)[0], pool)


@lru_cache(8)
def path_spectrum(path: str, stamp: tuple, pool: str) -> Spectrum:
    arrays = file_arrays(path, stamp)
    return measured(pools(arrays["X"], arrays["y"], pool)[0], pool) if "X" in arrays and "y" in arrays else file_spectrum(arrays)


@lru_cache(64)
def power_law_spectrum(P: int, a: float, b: float, explained: float) -> Spectrum:
    return power_law(P, a, b, explained)


def source_spectrum(
    source: str, P: int, a: float, b: float, explained: float, label: str, features: str, seed: int, path: str | None, pool: str
) -> Spectrum:
    """The moments of a source. Raises ParameterError for a file that cannot be used and for choices that conflict."""
    if source != "file" and path is not None:
        raise ParameterError("path", path, f"path goes with source file only, where it is {FILE}")
    if source == "powerlaw":
        return power_law_spectrum(P, a, b, explained)
    P, seed = (0, 0) if features == "pixels" else (P, seed)  # which do not matter then
    if source == "generator":
        return generated(label, features, P, seed)[0]
    try:
        if source == "digits":
            return digit_spectrum(label, features, P, seed, pool)
        file_data(path)
        status = Path(path).stat()
        return path_spectrum(path, (status.st_mtime_ns, status.st_size), pool)
    except DataError as error:
        name, value = ("path", path) if source == "file" else ("pool", pool)
        raise ParameterError(name, value, str(error)) from error


def solve(n: int, lam: float | str, delta: float, task: str, loss: str, tested: str, **source) -> dict[str, float]:
    """Every observable at one point; `source` has the parameters of `source_spectrum`.

    Raises ParameterError for choices that conflict, data that cannot be used, at the thresholds of lam=0 and where no ridge is
    optimal; ConvergenceError where the iteration fails: without ridge, within about 1e-5 of the separability threshold or beyond 1e4
    samples a feature.
    """
    if task == "regression" and loss != "square":
        raise ParameterError("loss", loss, "loss must be square in regression")
    if task == "classification" and delta > 0.5:
        raise ParameterError("delta", delta, "delta must be in [0, 0.5] in classification, where it is the probability of a flipped label")
    of = source_spectrum(**source)
    solution = {name: float(values[0]) for name, values in curve(of, n, lam, delta, task, loss).items()}
    if not math.isnan(solution["q"]):
        return solution
    if lam == "opt" and math.isnan(solution["lam"]):
        raise ParameterError("lam", lam, "no ridge is optimal: nothing of the target can be learned")
    if loss == "square":
        raise ParameterError("lam", lam, f"interpolation threshold: at n = {n}, the number of modes, the error without ridge is infinite")
    if lam == 0.0 and abs(n - threshold(of, delta)) < EDGE * n:
        raise ParameterError("lam", lam, f"separability threshold: at n = {n} samples the weights without ridge are infinite")
    raise ConvergenceError(f"no solution of the {loss} loss found at n={n}, lam={lam}, delta={delta}")


def solve_along(axis: str, values: np.ndarray, task: str, loss: str, tested: str, **given) -> dict[str, np.ndarray]:
    """Every observable along one of AXES, {name: (values,)}; a point without solution is a row of nan."""
    line = {name: values if name == axis else given.pop(name) for name in AXES}
    if task == "regression" and loss != "square":
        return {observable.name: np.full(len(values), math.nan) for observable in OBSERVABLES}
    return curve(source_spectrum(**given), **line, task=task, loss=loss)


# ---- experiment --------------------------------------------------------------------------------------------------------------------

WORK = 4e9
"""Largest n P min(n, P) of one fit: a few seconds for the square loss, under half a minute for the others."""


@dataclass(frozen=True)
class Fit:
    """What one trial needs to know; `separable` asks for the hard margin, which both margin losses reach without ridge."""

    task: str
    loss: str
    lam: float
    delta: float
    separable: bool


def labels(nu: np.ndarray, fit: Fit, rng: np.random.Generator) -> np.ndarray:
    if fit.task == "regression":
        return nu + math.sqrt(fit.delta) * rng.standard_normal(nu.size)
    return np.sign(nu) * np.where(rng.random(nu.size) < fit.delta, -1.0, 1.0)


def train(U: np.ndarray, y: np.ndarray, fit: Fit) -> tuple[np.ndarray | None, dict[str, float]]:
    """Weights (P,) trained on features U (n, P), already over the root of P, and what is measured on the sample; None where there is no fit."""
    if fit.loss == "square":
        w = fit_square(U, y, fit.lam)
    elif fit.separable:
        w = fit_hard_margin(U, y)
    else:
        w = (fit_hinge if fit.loss == "hinge" else fit_logistic)(U, y, fit.lam)
    if w is None:
        return None, {}
    h = U @ w
    if fit.loss == "square":
        measured = {"train_loss": 0.5 * np.mean((y - h) ** 2)}
    elif fit.separable:
        measured = {"train_loss": 0.0}
    else:
        measured = {"train_loss": np.mean(np.maximum(0.0, 1.0 - y * h) if fit.loss == "hinge" else np.logaddexp(0.0, -y * h))}
    return w, measured | ({"train_error": np.mean(y * h < 0.0)} if fit.task == "classification" else {})


def judged(m: float, q: float, mse: float, error: float, fit: Fit) -> dict[str, float]:
    """What is measured on the population, as far as the theory has it."""
    measured = {"m": m, "q": q} if not (fit.separable and fit.loss == "logistic") else {}
    measured |= {"gen_mse": mse} if fit.loss == "square" else {}
    measured |= {"gen_error": error} if fit.task == "classification" else {}
    return measured | ({"margin": 1.0 / math.sqrt(q)} if fit.separable else {})


def trial_gaussian(of: Spectrum, n: int, fit: Fit, rng: np.random.Generator) -> dict[str, float]:
    """Gaussian features with this Spectrum, in its eigenbasis; a fit, and its test error without sampling."""
    root = np.sqrt(of.omega)
    signal = np.sqrt(of.rho * of.power)  # phi over the root of omega
    z = rng.standard_normal((n, root.size))
    nu = z @ signal + math.sqrt(of.rho * of.missing) * rng.standard_normal(n)
    w, measured = train(z * root / math.sqrt(of.P), labels(nu, fit, rng), fit)
    if w is None:
        return {}
    student = root * w / math.sqrt(of.P)
    m, q = float(signal @ student), float(student @ student)
    rest = float(np.linalg.norm(student - m / of.rho * signal)) ** 2 + (m / of.rho) ** 2 * of.rho * of.missing
    mse = float(np.linalg.norm(signal - student)) ** 2 + of.rho * of.missing
    if fit.task == "classification":
        mse = 1.0 - 2.0 * SQRT_2_OVER_PI / math.sqrt(of.rho) * m + q
    return measured | judged(m, q, mse, math.atan2(math.sqrt(rest), m / math.sqrt(of.rho)) / math.pi, fit)


def trial_points(sample: Pool, test: Pool, fit: Fit, rng: np.random.Generator) -> dict[str, float]:
    """A fit to sampled points, tested on others."""
    scale = math.sqrt(sample.U.shape[1])
    w, measured = train(sample.U / scale, labels(sample.nu, fit, rng), fit)
    if w is None:
        return {}
    h, target = test.U @ w / scale, test.nu if fit.task == "regression" else np.sign(test.nu)
    return measured | judged(np.mean(test.nu * h), np.mean(h**2), np.mean((target - h) ** 2), np.mean(test.nu * h < 0.0), fit)


def draw(pool: Pool, n: int, tested: str, rng: np.random.Generator) -> tuple[Pool, Pool]:
    """A training and a test sample: n draws with replacement and the whole pool, or n points and all the others."""
    if tested == "pool":
        chosen = rng.integers(pool.nu.size, size=n)
        return Pool(pool.U[chosen], pool.nu[chosen]), pool
    order = rng.permutation(pool.nu.size)
    return Pool(pool.U[order[:n]], pool.nu[order[:n]]), Pool(pool.U[order[n:]], pool.nu[order[n:]])


def check_work(n: int, P: int, held: int | None) -> None:
    """Raise ParameterError for a sample that is too large for a fit, or for the points held out (None: without end)."""
    if n * P * min(n, P) > WORK:
        raise ParameterError("n", n, f"a fit of {n} samples and {P} features takes too long")
    if held is not None and n > 0.9 * held:
        raise ParameterError("n", n, f"held-out fits take at most {int(0.9 * held)} of these {held} points")


def simulate_points(
    of: Spectrum,
    pool: Pool,
    n: int,
    tested: str,
    lam: float | str,
    delta: float,
    task: str,
    loss: str,
    trials: int,
    seed: int,
    progress: Progress,
) -> dict[str, Estimate]:
    """Fits to samples of a pool of points against the theory of `of`: the experiment for data that are no source of the model.

    Raises ParameterError for more samples than there are, or than a fit can take.
    """
    check_work(n, pool.U.shape[1], pool.nu.size if tested == "held-out" else None)
    fit = fitted(of, n, lam, delta, task, loss)
    return repeat(lambda rng: trial_points(*draw(pool, n, tested, rng), fit, rng), trials, seed, progress)


def fitted(of: Spectrum, n: int, lam: float | str, delta: float, task: str, loss: str) -> Fit:
    """The fit the theory describes here; lam=opt takes the theory's optimum."""
    theory = curve(of, n, lam, delta, task, loss)
    lam = float(theory["lam"][0])
    return Fit(task, loss, lam, delta, loss != "square" and lam == 0.0 and n < theory["n_sep"][0])


def repeat(trial, trials: int, seed: int, progress: Progress) -> dict[str, Estimate]:
    """Means over independent trials; those without a fit are left out."""
    measured = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        measured.append(trial(np.random.default_rng(child)))
        progress((i + 1) / trials)
    names = dict.fromkeys(name for one in measured for name in one)
    return {name: mean_sem([one.get(name, math.nan) for one in measured]) for name in names}


def simulate(size: int, trials: int, seed: int, progress: Progress, **point) -> dict[str, Estimate]:
    """Fits to samples of the source, under the theory's names: Gaussian ones where only moments are known, else real points.

    The seed also draws the random features. Raises ParameterError where the theory does, and for samples beyond what is held out or what
    a fit can take.
    """
    return experiment(size, trials, seed, seed, progress, **point)


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress: Progress, **point) -> dict[str, Estimate]:
    """`simulate` at each of `values` of one of AXES, with the same random features."""
    found = []
    for i, value in enumerate(values):
        draws = int(np.random.SeedSequence([seed, i]).generate_state(1)[0])
        at = {axis: int(value) if axis == "n" else float(value)}
        found.append(experiment(size, trials, draws, seed, lambda done, i=i: progress((i + done) / len(values)), **point, **at))
    names, absent = dict.fromkeys(name for one in found for name in one), Estimate(math.nan, math.nan)
    return {
        name: Estimate(*(np.array([getattr(one.get(name, absent), part) for one in found]) for part in ("mean", "sem"))) for name in names
    }


def experiment(
    size: int,
    trials: int,
    draws: int,
    seed: int,
    progress,
    n: int,
    lam: float | str,
    delta: float,
    task: str,
    loss: str,
    tested: str,
    **source,
) -> dict[str, Estimate]:
    """`simulate`, samples drawn by the seed `draws` and random features by `seed`."""
    source["seed"] = seed
    solve(n, lam, delta, task, loss, tested, **source)
    of = source_spectrum(**source)
    given = {name: source[name] for name in ("label", "features", "P", "seed")}
    if source["features"] == "pixels":
        given |= {"P": 0, "seed": 0}
    if source["source"] == "generator":
        population: Generator = generated(**given)[1]
        check_work(n, of.P, None)
        fit = fitted(of, n, lam, delta, task, loss)
        return repeat(lambda rng: trial_points(population.draw(rng, n), population.draw(rng, size), fit, rng), trials, draws, progress)
    if source["source"] == "digits":
        measured, held = digit_pools(**given, pool=source["pool"])
    else:
        data = points(source["source"], **given, path=source["path"])
        if data is None:
            check_work(n, of.omega.size, None)
            fit = fitted(of, n, lam, delta, task, loss)
            return repeat(lambda rng: trial_gaussian(of, n, fit, rng), trials, draws, progress)
        measured, held = pools(*data, source["pool"])
    return simulate_points(of, measured if tested == "pool" else held, n, tested, lam, delta, task, loss, trials, draws, progress)


# ---- the model -----------------------------------------------------------------------------------------------------------------------

FILE = "the path of a file csv, npz or json"
PARAMETERS = (
    Parameter("source", "", "where the covariances come from", "powerlaw", choices=("powerlaw", "digits", "generator", "file")),
    Parameter("P", "P", "number of features (power law, and random features)", 200, 1, 5000, scale="log", integer=True),
    Parameter("a", "a", "decay of the features' variance, ω ∝ k^-a (power law)", 1.0, 0.0, 6.0, 0.05),
    Parameter("b", "b", "decay of the target, φ² ∝ ω² k^-b (power law)", 1.0, 0.0, 6.0, 0.05),
    Parameter("explained", "e", "share of the target's variance linear in the features (power law)", 1.0, 0.0, 1.0, 0.01, open_low=True),
    Parameter("label", "", "label of a digit: +1 if even, or if at least 5 (digits, generator)", "parity", choices=tuple(LABELS)),
    Parameter("features", "", "pixels, or the activation of random features of them (digits, generator)", "pixels", choices=("pixels", *ACTIVATIONS)),
    Parameter("seed", "s", "seed of the random features (digits, generator)", 0, 0, 2**32 - 1, integer=True),
    Parameter("path", "", "file: X and y, or omega, phi2 (or phi) and rho", None, text=FILE),
    Parameter("pool", "", "points on which moments are measured (digits, file): all, half of them, or half and what chance adds taken off", "all", choices=("all", "half", "corrected")),
    Parameter("tested", "", "experiment: draws from the pool tested on it, or points of their own (digits, file)", "pool", choices=("pool", "held-out")),
    Parameter("n", "n", "number of training samples", 100, 1, 100_000, scale="log", integer=True),
    Parameter("lam", r"\lambda", "ridge; opt: the one of least test error in [1e-8, 1e6]", 0.1, 0.0, 1e12, scale="log", choices=("opt",)),
    Parameter("delta", r"\Delta", "regression: variance of extra label noise; classification: probability of a flipped label, at most 1/2", 0.0, 0.0, 1e3),
    Parameter("task", "", "what is learned: the target or its sign", "regression", choices=("regression", "classification")),
    Parameter("loss", r"\ell", "training loss; logistic and hinge in classification", "square", choices=("square", "logistic", "hinge")),
)  # fmt: skip

DIVERGES = "infinite for the logistic loss without ridge on separable data"
OBSERVABLES = (
    Observable("gen_mse", r"E(\bar y-h)^2", "test error, squared, against labels without extra noise; without ½", "logistic and hinge loss"),
    Observable("gen_mse_noisy", r"E(y-h)^2", "test error, squared, against labels with extra noise; without ½", "logistic and hinge loss"),
    Observable("gen_error", r"\epsilon_g", "fraction of fresh labels without flips missed, for a Gaussian target", "regression"),
    Observable("train_loss", r"\langle\ell\rangle_{train}", "training loss per sample, without the penalty; the square loss has its ½"),
    Observable("train_error", r"\epsilon_t", "fraction of training labels missed", "regression"),
    Observable("m", "m", "overlap of student and target, E νh", DIVERGES),
    Observable("q", "q", "variance of the student's output, E h²", DIVERGES),
    Observable("v", "V", "scaled variance of the student", "infinite without ridge where the training loss vanishes"),
    Observable("margin", r"\kappa", "margin 1/√q of the separating student", "all but logistic and hinge loss without ridge on separable data"),
    Observable("n_sep", r"n_{sep}", "largest number of samples whose labels are separable", "regression; infinite where they always are"),
    Observable("effective_ridge", r"\tilde\kappa", "ridge on the whole population that shrinks the modes alike, λ/αc", "infinite where c = 0"),
    Observable("explained", "e", "share of the target's variance that is linear in the features"),
    Observable("lam", r"\lambda", "ridge in use"),
)  # fmt: skip

LOUREIRO = "Loureiro et al. 2021: their self-consistent equations, evaluated independently"
HASTIE = "Hastie, Montanari, Rosset & Tibshirani 2022, Theorem 1: least squares below the threshold, Delta / (n/P - 1)"
MARCHENKO = "isotropic features: the fixed point is a quadratic equation (Marchenko & Pastur 1967)"
POWER = {"delta": 0.1}
ISOTROPIC = {"a": 0.0, "b": 0.0, "P": 100}
CLASSIFY = {"task": "classification"}


def printed(parameters: dict, source: str, **values: tuple[float, float]) -> tuple[Landmark, ...]:
    """One landmark per observable: (value, half a unit of its last digit)."""
    return tuple(Landmark(parameters, name, value, source, 0.0, digit) for name, (value, digit) in values.items())


LANDMARKS = (
    *printed(POWER, LOUREIRO, gen_mse=(0.0719057, 6e-8), train_loss=(0.00560517, 6e-9), m=(0.941554, 6e-7), q=(0.955014, 6e-7)),
    *printed(POWER, LOUREIRO, v=(2.91594, 6e-6)),
    *printed({**POWER, "n": 400}, LOUREIRO, gen_mse=(0.0508615, 6e-8), train_loss=(0.0266302, 6e-8)),
    *printed({**POWER, "lam": 0.0}, LOUREIRO, gen_mse=(0.144011, 6e-7), train_loss=(0.0, 0.0)),
    *printed({**POWER, "n": 200, **CLASSIFY, "loss": "logistic"}, LOUREIRO, gen_error=(0.149883, 6e-7), train_loss=(0.227205, 6e-7)),
    *printed({**POWER, "n": 200, **CLASSIFY, "loss": "logistic"}, LOUREIRO, train_error=(0.0511088, 6e-8), q=(5.82685, 6e-6)),
    *printed({"source": "digits"}, LOUREIRO, gen_mse=(0.401075, 6e-7), explained=(0.707704, 6e-7), train_loss=(0.135468, 6e-7)),
    Landmark({**ISOTROPIC, "n": 300, "lam": 0.0, "delta": 0.2}, "gen_mse", 0.1, HASTIE, 1e-12),
    Landmark({**ISOTROPIC, "n": 50, "lam": 0.0, "delta": 0.2}, "gen_mse", 0.5 + 0.2, HASTIE + "; above it, 1 - n/P + Delta / (P/n - 1)", 1e-12),
    Landmark({**ISOTROPIC, "n": 200, "lam": 0.5}, "v", (math.sqrt(4.25) - 1.5) / 1.0, MARCHENKO, 1e-12),
    Landmark({"lam": 1e12}, "gen_mse", 1.0, "infinite ridge: the student predicts 0"),
    Landmark({**CLASSIFY, "loss": "hinge"}, "gen_mse", None, "defined for the square loss"),
)  # fmt: skip

MODEL = Model(
    id="gaussian-covariate",
    title="Gaussian covariates: learning curves from measured moments",
    chapter="double_descent",
    question="Can the learning curve of ridge or logistic regression on real features be predicted from second moments alone?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "n_{test}", "fresh points a fit is tested on (generator); others test on all points, or exactly", 4000, 10, 20_000, integer=True),
    trials=Parameter("trials", "k", "independent samples and fits", 20, 1, 1000, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("B. Loureiro, C. Gerbelot, H. Cui, S. Goldt, F. Krzakala, M. Mézard, L. Zdeborová", 2021, "Learning curves of generic features maps for realistic datasets with a teacher-student model", "NeurIPS 34, 18137", "https://arxiv.org/abs/2102.08127"),
        Reference("S. Goldt, B. Loureiro, G. Reeves, F. Krzakala, M. Mézard, L. Zdeborová", 2020, "The Gaussian equivalence of generative models for learning with shallow neural networks", "arXiv:2006.14709", "https://arxiv.org/abs/2006.14709"),
        Reference("T. Hastie, A. Montanari, S. Rosset, R. J. Tibshirani", 2022, "Surprises in high-dimensional ridgeless least squares interpolation", "Annals of Statistics 50, 949", "https://arxiv.org/abs/1903.08560"),
        Reference("E. J. Candès, P. Sur", 2020, "The phase transition for the existence of the maximum likelihood estimate in high-dimensional logistic regression", "Annals of Statistics 48, 27", "https://arxiv.org/abs/1804.09753"),
    ),
    solve_along=solve_along,
    solve_axes=AXES,
    simulate_along=simulate_along,
    simulate_axes=AXES,
)  # fmt: skip

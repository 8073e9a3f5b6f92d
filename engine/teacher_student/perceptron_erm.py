r"""**Setting.** A teacher $\beta\in\mathbb R^D$, $\|\beta\|^2=\rho D$, labels $N=\alpha D$ Gaussian inputs by $y=\mathrm{sign}(\nu)$,
$\nu=\beta\cdot x/\sqrt D$, flipped with probability $\Delta$. The student $h=w\cdot x/\sqrt D$, without intercept, minimises
$\sum_\mu\ell(y^\mu,h^\mu)+\frac\lambda2\|w\|^2$ with $\ell=\frac12(y-h)^2$, $\log(1+e^{-yh})$ or $\max(0,1-yh)$. Its overlap
$m=\mathbb E\,\nu h$ and norm $q=\|w\|^2/D$ give the test error $\epsilon=\frac1\pi\arccos\frac m{\sqrt{\rho q}}$ against noiseless labels; $\rho$ only
rescales $m$.

**Equations** (Aubin, Krzakala, Lu & Zdeborová 2020). With $f=(\mathrm{prox}-\omega)/V$,
$\mathrm{prox}=\arg\min_h\ell(y,h)+(h-\omega)^2/2V$, $\omega\sim\mathcal N(0,q)$ and the probability
$Z(\omega)=\Delta+(1-2\Delta)\Phi\big(\tfrac{m\omega/q}{\sqrt{\rho-m^2/q}}\big)$ of the label $+1$,

$$c=-2\,\mathbb E[Zf'],\qquad r=2\,\mathbb E[Zf^2],\qquad t=(1-2\Delta)\sqrt{\tfrac2{\pi\rho}}\;\mathbb E_{\omega\sim\mathcal N(0,q-m^2/\rho)}f(\omega),$$
$$V=\frac1{\lambda+\alpha c},\qquad m=\rho\,\alpha tV,\qquad q-\frac{m^2}\rho=\alpha rV^2 .$$

**Square loss.** $c=1/(1+V)$ closes: $1/V$ is the positive root of $u^2-(\lambda+\alpha-1)u-\lambda=0$. The best ridge is
$\frac\pi{2(1-2\Delta)^2}-1$ at every $\alpha$. Without ridge the error peaks at $\alpha=1$, where the student begins to miss labels.

**Separability.** Labels can be fitted below $\alpha_{sep}=\frac\pi{(1-2\Delta)u}$, $u-\arctan u=\frac{\pi\Delta}{1-2\Delta}$ (the threshold of Candès &
Sur 2020, in closed form): 2 for random labels (Cover 1965), infinite without flips. There, as $\lambda\to0$, hinge and logistic loss reach the same
direction, that of the largest margin $1/\sqrt q$ (of the hinge):

$$m=\rho\,\alpha T,\quad q-\frac{m^2}\rho=2\alpha\,\mathbb E[Z(1-\omega)_+^2],\quad
T=(1-2\Delta)\sqrt{\tfrac2{\pi\rho}}\;\mathbb E_{\omega\sim\mathcal N(0,q-m^2/\rho)}(1-\omega)_+ .$$

The logistic weights diverge along it. Above $\alpha_{sep}$ the equations at $\lambda=0$ describe the maximum-likelihood estimate.

**Bayes-optimal student** (Barbier et al. 2019): $\epsilon=\frac1\pi\arctan\frac1{\sqrt x}$, $x=\frac q{1-q}$ (for $\rho=1$),

$$x=\frac{\alpha(1-2\Delta)^2(1+x)}{\pi\sqrt{1+2x}}\;\mathbb E_\xi\frac1{\Delta+(1-2\Delta)\Phi\big(\xi\sqrt{x/(1+2x)}\big)} .$$

Without flips it decays as $0.442/\alpha$, the largest margin as $0.500/\alpha$, the square loss only as $\alpha^{-1/2}$. For $\lambda\to\infty$ every
loss becomes Hebb's rule, $\tan\pi\epsilon=\sqrt{\frac\pi{2\alpha}}/(1-2\Delta)$.

**Numerics.** Newton's method on $(\ln V,\ln q,\mathrm{artanh}\frac m{\sqrt{\rho q}})$, stopped by the size of the correction: where learning is almost
perfect the equations are almost neutral and a small residual proves nothing. Averages by Gauss-Legendre panels in prox (logistic) or in the
distance from the margin (hinge). Where Newton's method fails the solution is followed down from a large ridge.
"""

import math

import numpy as np
from numba import njit

from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem
from engine.numerics.fits import fit_hard_margin, fit_hinge, fit_logistic, fit_square
from engine.numerics.gaussian import SQRT_2_OVER_PI, cdf, pdf
from engine.numerics.newton import advance, found, open_search, searching
from engine.numerics.optimum import RESOLUTION, optimal_ridge
from engine.numerics.sign_teacher import HARD, HINGE, LOGISTIC, margin_channel, training_error

AXES = ("alpha", "lam", "delta", "rho")
ROWS = ("m", "q", "v", "train_loss", "gen_error", "train_error", "margin")
TANGENT = 7
"""The row after these: the tangent of the angle between student and teacher, which orders like the error and keeps more digits."""
EDGE = 1e-8
"""Relative distance from the separability threshold within which there is no solution without ridge."""
LEVEL = np.array([1e4, 1e12])
"""Ridges at which a margin loss may have reached Hebb's rule."""


@njit(cache=True, nogil=True)
def separability(delta):
    r"""$\alpha_{sep}=\pi/(1-2\Delta)u=1/[\Delta+(1-2\Delta)\arctan(u)/\pi]$, $u-\arctan u=\pi\Delta/(1-2\Delta)$, by Newton's method in $u$.

    $u-\arctan u$ is convex; below 1 it is taken from the continued fraction $\arctan u=\frac u{1+}\frac{u^2}{3+}\frac{4u^2}{5+}\cdots$.
    """
    if delta == 0.0:
        return math.inf
    if delta == 0.5:
        return 2.0
    target = math.pi * delta / (1.0 - 2.0 * delta)
    u = max(target, (3.0 * target) ** (1.0 / 3.0))
    for _ in range(50):
        excess = u - math.atan(u)
        if u < 1.0:
            fraction = 0.0
            for n in range(24, 0, -1):
                fraction = n * n * u * u / (2 * n + 1 + fraction)
            excess = u * fraction / (1.0 + fraction)
        step = (target - excess) * (1.0 + u * u) / (u * u)
        u += step
        if abs(step) < 1e-9 * u:
            break
    return 1.0 / (delta + (1.0 - 2.0 * delta) * math.atan(u) / math.pi)


@njit(cache=True, nogil=True)
def posterior_overlap(alpha, delta, guess):
    r"""$x=q/(1-q)$ of the Bayes-optimal student, by Newton's method in $\ln x$ from `guess` > 0 (Barbier et al. 2019).

    Trapezoidal rule over $\xi\in[-12,12]$. In $\ln x$ the right-hand side rises with a slope below one.
    """
    signal = 1.0 - 2.0 * delta
    if signal == 0.0:
        return 0.0
    log_x = math.log(guess)
    for _ in range(100):
        x = math.exp(log_x)
        z = math.sqrt(x / (1.0 + 2.0 * x))
        mean = slope = 0.0
        for j in range(97):
            xi = 0.25 * (j - 48)
            p = delta + signal * cdf(z * xi)
            weight = 0.25 * pdf(xi) / p
            mean += weight
            slope -= weight * signal * xi * pdf(z * xi) / p
        right = alpha * signal * signal * (1.0 + x) / (math.pi * math.sqrt(1.0 + 2.0 * x)) * mean
        rise = x / (1.0 + x) - x / (1.0 + 2.0 * x) + 0.5 * z / (1.0 + 2.0 * x) * slope / mean
        step = (math.log(right) - log_x) / (1.0 - rise)
        log_x += step
        if abs(step) < 1e-8:
            break
    return math.exp(log_x)


@njit(cache=True, nogil=True)
def reference_line(alpha, delta):
    """Separability threshold and the Bayes-optimal q and test error at each point of a line, (3, points)."""
    table = np.empty((3, alpha.size))
    x = 1.0
    for i in range(alpha.size):
        table[0, i] = separability(delta[i])
        x = posterior_overlap(alpha[i], delta[i], x if x > 0.0 else 1.0)
        table[1, i], table[2, i] = x / (1.0 + x), math.atan2(1.0, math.sqrt(x)) / math.pi
    return table


@njit(cache=True, nogil=True)
def ridge(alpha, lam, delta):
    r"""(V, q, angle, training loss) of the square loss; a sum of positive terms each. The caller excludes $\alpha=1$ at $\lambda=0$.

    With $x=V/(1+V)$ and $t_0=(1-2\Delta)\sqrt{2/\pi}$: $m=\alpha t_0x$ (for $\rho=1$), $q-m^2=\alpha x^2r_0$ and
    $r_0=[1-t_0^2+t_0^2(1-\alpha x)^2]/(1-\alpha x^2)$, where $1-\alpha x=\lambda V$.
    """
    B = lam + alpha - 1.0
    root = math.sqrt(B * B + 4.0 * lam)
    inverse = 0.5 * (root + B) if B >= 0.0 else 2.0 * lam / (root - B)
    missed = lam / inverse if B >= 0.0 else 0.5 * (root - B)
    x, c = 1.0 / (1.0 + inverse), inverse / (1.0 + inverse)
    t0 = (1.0 - 2.0 * delta) * SQRT_2_OVER_PI
    r0 = (1.0 - t0 * t0 + (t0 * missed) ** 2) / (c + x * missed)
    m, n = alpha * t0 * x, alpha * x * x * r0
    return 1.0 / inverse if inverse > 0.0 else math.inf, n + m * m, math.atan2(math.sqrt(n), m), 0.5 * r0 * c * c


@njit(cache=True, nogil=True)
def square_line(alpha, lam, delta):
    """ROWS at each point of a line for rho = 1, (7, points); nan at the interpolation threshold."""
    table = np.full((7, alpha.size), math.nan)
    for i in range(alpha.size):
        if lam[i] == 0.0 and alpha[i] == 1.0:
            continue
        V, q, angle, train_loss = ridge(alpha[i], lam[i], delta[i])
        table[0, i], table[1, i], table[2, i], table[3, i] = math.sqrt(q) * math.cos(angle), q, V, train_loss
        table[4, i], table[5, i] = angle / math.pi, training_error(V / math.sqrt(q), angle, delta[i])
        if delta[i] == 0.5:
            table[0, i], table[4, i] = 0.0, 0.5  # not even by rounding
    return table


@njit(cache=True, nogil=True)
def mismatch(loss, state, alpha, lam, delta, gap):
    r"""Write the image of `state`, $(\ln V,\ln q,\zeta)$, under the self-consistent equations minus `state` into `gap`; both are (3,).

    $\zeta=\mathrm{artanh}(m/\sqrt q)$, for $\rho=1$. Returns whether the state is sane, c and the training loss. For the hard margin ln V is
    idle (its image is 0).
    """
    if not max(abs(state[0]), abs(state[1]), abs(state[2])) < 400.0:
        return False, math.nan, math.nan
    c, r, t, train_loss = margin_channel(loss, math.exp(state[0]), math.exp(state[1]), state[2], delta)
    if r == 0.0 or lam + c == 0.0:
        return False, math.nan, math.nan
    V = 1.0 if loss == HARD else 1.0 / (lam + alpha * c)
    m, n = alpha * t * (1.0 - 2.0 * delta) * SQRT_2_OVER_PI * V, alpha * r * V * V
    gap[0] = math.log(V) - state[0]
    gap[1] = math.log(n + m * m) - state[1]
    gap[2] = math.asinh(m / math.sqrt(n)) - state[2]
    return True, c, train_loss


@njit(cache=True, nogil=True)
def fixed_point(loss, state, alpha, lam, delta):
    """Move `state` (3,) to a fixed point; returns whether there is one, and the training loss.

    The hard margin has fewer support vectors than dimensions: alpha c < 1.
    """
    gap = np.empty(3)
    search, c, train_loss = open_search(state), math.nan, math.nan
    while searching(search):
        sane, c, train_loss = mismatch(loss, search.point, alpha, lam, delta, gap)
        advance(search, gap, sane)
    state[:] = search.point
    return found(search) and (loss != HARD or alpha * c < 1.0), train_loss


@njit(cache=True, nogil=True)
def first_guess(loss, state, alpha, lam, delta):
    r"""Write a cold start into `state` (3,): six plain iterations from the square loss at the same, not too small, ridge.

    For the hard margin $\epsilon=\min(0.4,0.5/\alpha)$ and $\sqrt q=(1+\alpha/2)/(1-\alpha/\alpha_{sep})$.
    """
    if loss == HARD:
        angle, size = math.pi * min(0.4, 0.5 / alpha), (1.0 + 0.5 * alpha) / (1.0 - alpha / separability(delta))
        state[0], state[1], state[2] = 0.0, 2.0 * math.log(size), math.asinh(1.0 / math.tan(angle))
        return
    gap = np.empty(3)
    V, q, angle, _ = ridge(alpha, max(lam, 0.01), delta)
    state[0], state[1], state[2] = math.log(V), math.log(q), math.asinh(1.0 / math.tan(angle))
    for _ in range(6):
        if mismatch(loss, state, alpha, max(lam, 0.01), delta, gap)[0]:
            state += gap


@njit(cache=True, nogil=True)
def margin_line(loss, alpha, lam, delta, alpha_sep, warm):
    """ROWS and TANGENT at each point of a line for rho = 1, (8, points), each started from the one before; nan where none is found.

    alpha ... alpha_sep are (points,). `warm` (2, 3) holds the last states with and without ridge (nan: none) and is updated. Separable
    without ridge, both losses reach the hard margin; the logistic weights then diverge along its direction.
    """
    table = np.full((8, alpha.size), math.nan)
    state = np.empty(3)
    for i in range(alpha.size):
        if lam[i] == 0.0 and abs(alpha[i] - alpha_sep[i]) < EDGE * alpha[i]:
            continue
        separable = lam[i] == 0.0 and alpha[i] < alpha_sep[i]
        kind = HARD if separable else loss
        state[:] = warm[int(separable)]
        solved, train_loss = False, math.nan
        if not math.isnan(state[0]):
            solved, train_loss = fixed_point(kind, state, alpha[i], lam[i], delta[i])
        if not solved:
            first_guess(kind, state, alpha[i], lam[i], delta[i])
            solved, train_loss = fixed_point(kind, state, alpha[i], lam[i], delta[i])
        if not solved:
            continue
        if delta[i] == 0.5:
            state[2] = 0.0  # nothing is learned, not even by rounding
        warm[int(separable)] = state
        V, q, zeta = math.exp(state[0]), math.exp(state[1]), state[2]
        angle = math.atan2(1.0, math.sinh(zeta))
        table[4, i] = angle / math.pi
        if separable:
            table[0, i], table[1, i], table[2, i], table[3, i] = math.sqrt(q) * math.tanh(zeta), q, math.inf, 0.0
            table[5, i], table[6, i] = 0.0, 1.0 / math.sqrt(q)
            if loss == LOGISTIC:
                table[0, i], table[1, i] = math.inf if zeta > 0.0 else 0.0, math.inf
        else:
            table[0, i], table[1, i], table[2, i], table[3, i] = math.sqrt(q) * math.tanh(zeta), q, V, train_loss
            table[5, i] = training_error((V if loss == HINGE else 0.5 * V) / math.sqrt(q), angle, delta[i])
        table[7, i] = 1.0 / math.sinh(zeta) if zeta > 0.0 else math.inf
    return table


DIVERGES = "infinite for the logistic loss without ridge on separable data"
OBSERVABLES = (
    Observable("gen_error", r"\epsilon_g", "fraction of fresh noiseless labels missed"),
    Observable("gen_error_noisy", r"\epsilon_g^\Delta", "fraction of fresh noisy labels missed"),
    Observable("train_loss", r"\langle\ell\rangle_{train}", "training loss per sample, without the penalty; the square loss has its ½"),
    Observable("train_error", r"\epsilon_t", "fraction of noisy training labels missed"),
    Observable("m", "m", "overlap of student and teacher, E νh", DIVERGES),
    Observable("q", "q", "squared norm of the student, ‖w‖²/D", DIVERGES),
    Observable("v", "V", "variance of the cavity field", "infinite without ridge where the training loss vanishes"),
    Observable("margin", r"\kappa", "largest margin 1/√q", "nan except for logistic and hinge loss without ridge on separable data"),
    Observable("gen_error_bayes", r"\epsilon_g^{Bayes}", "test error of the Bayes-optimal student"),
    Observable("q_bayes", r"q_{Bayes}/\rho", "overlap of the Bayes-optimal student"),
    Observable("alpha_sep", r"\alpha_{sep}", "largest N/D at which the labels are separable", "infinite without flips: they always are"),
    Observable("lam", r"\lambda", "ridge in use"),
)


def no_minimum(loss: str, alpha, lam, alpha_sep) -> np.ndarray:
    """Where a loss without ridge has no solution: at its threshold."""
    return (lam == 0.0) & ((alpha == 1.0) if loss == "square" else (np.abs(alpha - alpha_sep) < EDGE * alpha))


def trained(loss: str, alpha, lam, delta, alpha_sep, warm=None) -> np.ndarray:
    """ROWS (and TANGENT of a margin loss) at each point of a line for rho = 1, (rows, points); nan where there is no solution.

    Where Newton's method fails, the solution is followed down from a large ridge, the hard margin along the hinge loss.
    """
    if loss == "square":
        return square_line(alpha, lam, delta)
    number, warm = (HINGE if loss == "hinge" else LOGISTIC), np.full((2, 3), math.nan) if warm is None else warm
    table = margin_line(number, alpha, lam, delta, alpha_sep, warm)
    for i in np.flatnonzero(np.isnan(table[4]) & ~no_minimum(loss, alpha, lam, alpha_sep)):
        bottom = lam[i] if lam[i] > 0.0 else 1e-13
        ridges = np.geomspace(1e12, bottom, 2 + int(math.log(1e12) - math.log(bottom)))
        a, d, s = (np.full(ridges.size, values[i]) for values in (alpha, delta, alpha_sep))
        separable, path = lam[i] == 0.0 and alpha[i] < alpha_sep[i], np.full((2, 3), math.nan)
        margin_line(HINGE if separable else number, a, ridges, d, s, path)
        path[1] = path[0]
        table[:, i] = margin_line(number, a[:1], lam[i : i + 1], d[:1], s[:1], path)[:, 0]
    return table


def optimal_ridges(loss: str, alpha, delta, alpha_sep) -> np.ndarray:
    """The lam of least test error at each point of a line; nan for random labels. That of the hinge need not move continuously.

    Where the error goes on falling to that of Hebb's rule, the ridge is one at which it is level.
    """
    if loss == "square":
        with np.errstate(divide="ignore"):
            best = math.pi / (2.0 * (1.0 - 2.0 * delta) ** 2) - 1.0
        return np.where(delta < 0.5, best, math.nan)
    best, warm = np.full(alpha.size, math.nan), np.full((2, 3), math.nan)
    for i in np.flatnonzero(delta < 0.5):

        def tangents(lams: np.ndarray, i: int = i) -> np.ndarray:
            a, d, s = (np.full(lams.size, values[i]) for values in (alpha, delta, alpha_sep))
            return trained(loss, a, lams, d, s, warm)[TANGENT]

        best[i] = optimal_ridge(tangents, best[i - 1] if i and loss == "logistic" else math.nan)
        if not best[i] < math.inf:
            error, limit = tangents(LEVEL)
            best[i] = LEVEL[0 if error <= limit * (1.0 + RESOLUTION) else 1]
    return best


def line(point: dict[str, np.ndarray], loss: str) -> dict[str, np.ndarray]:
    """Every observable at successive points of a line, {name: (points,)}, nan where there is no solution.

    `point` has an array of each of AXES; that of lam may hold the word opt.
    """
    alpha, lam, delta, rho = (point[name] for name in AXES)
    columns = dict(zip(("alpha_sep", "q_bayes", "gen_error_bayes"), reference_line(alpha, delta), strict=True))
    if lam.dtype.kind != "f":
        lam = optimal_ridges(loss, alpha, delta, columns["alpha_sep"])
    solvable = ~np.isnan(lam)
    table = trained(loss, alpha, np.where(solvable, lam, 1.0), delta, columns["alpha_sep"])
    columns |= dict(zip(ROWS, table[: len(ROWS)], strict=True)) | {"lam": lam}
    columns["m"] = np.sqrt(rho) * columns["m"]
    columns["gen_error_noisy"] = delta + (1.0 - 2.0 * delta) * columns["gen_error"]
    solvable &= ~np.isnan(columns["q"])
    return {observable.name: np.where(solvable, columns[observable.name], math.nan) for observable in OBSERVABLES}


def solve(loss: str, **point: float | str) -> dict[str, float]:
    """Every observable at one point; `point` has AXES.

    Raises ParameterError for random labels with lam=opt and, without ridge, at the threshold of the loss; ConvergenceError where the
    iteration fails: without ridge within about 1e-7, for almost no flips 1e-4, of the separability threshold.
    """
    columns = line({name: np.array([value]) for name, value in point.items()}, loss)
    solution = {name: float(values[0]) for name, values in columns.items()}
    if not math.isnan(solution["q"]):
        return solution
    lam = point["lam"]
    if lam == "opt":
        raise ParameterError("lam", lam, "no ridge is optimal: nothing can be learned from labels flipped with probability delta = 0.5")
    if no_minimum(loss, point["alpha"], lam, separability(point["delta"])):
        if loss == "square":
            raise ParameterError("lam", lam, "lam must be positive at the interpolation threshold, alpha = 1, where the error is singular")
        raise ParameterError("lam", lam, "lam must be positive at the separability threshold, alpha = alpha_sep, where q is infinite")
    raise ConvergenceError(f"no solution of the {loss} loss found at " + ", ".join(f"{name}={value}" for name, value in point.items()))


def solve_along(axis: str, values: np.ndarray, loss: str, **fixed: float | str) -> dict[str, np.ndarray]:
    """Every observable along one of AXES, {name: (values,)}; a point without solution is a row of nan."""
    values = np.asarray(values, float)
    return line({name: values if name == axis else np.full(values.size, fixed[name]) for name in AXES}, loss)


FITS = {"square": fit_square, "logistic": fit_logistic, "hinge": fit_hinge}
ENTRIES, WORK = 10_000_000, 4_000_000_000
"""Most N D, the entries of the inputs, and most N D min(N, D), the work of a fit: some seconds for the margin losses."""


def samples(alpha: float, D: int) -> int:
    """N, rounded. Raises ParameterError where there would be none, or more than a visitor may ask for."""
    N, most = round(alpha * D), min(ENTRIES // D, max(WORK // D**2, min(D, math.isqrt(WORK // D))))
    if not 1 <= N <= most:
        raise ParameterError("alpha", alpha, f"alpha must be in [{0.5 / D:g}, {most / D:g}] for an experiment with D={D}")
    return N


def trial(
    random: np.random.Generator, D: int, N: int, lam: float, delta: float, rho: float, loss: str, separable: bool
) -> dict[str, float]:
    """One teacher of norm exactly sqrt(rho D), one sample, one fit; empty where the fit does not exist."""
    beta = random.standard_normal(D)
    beta *= math.sqrt(rho * D) / np.linalg.norm(beta)
    U = random.standard_normal((N, D)) / math.sqrt(D)
    y = np.sign(U @ beta) * np.where(random.random(N) < delta, -1.0, 1.0)
    w = fit_hard_margin(U, y) if separable else FITS[loss](U, y, lam)
    if w is None:
        return {}
    m, q, margins = w @ beta / D, w @ w / D, y * (U @ w)
    error = math.atan2(float(np.linalg.norm(w - m / rho * beta)) / math.sqrt(D), m / math.sqrt(rho)) / math.pi
    measured = {"gen_error": error, "gen_error_noisy": delta + (1.0 - 2.0 * delta) * error, "train_error": np.mean(margins < 0.0)}
    if separable:
        measured |= {"margin": 1.0 / math.sqrt(q), "train_loss": 0.0}
    elif loss == "square":
        measured["train_loss"] = 0.5 * np.mean((1.0 - margins) ** 2)
    else:
        measured["train_loss"] = np.mean(np.logaddexp(0.0, -margins) if loss == "logistic" else np.maximum(0.0, 1.0 - margins))
    return measured if separable and loss == "logistic" else measured | {"m": m, "q": q}


def simulate(size: int, trials: int, seed: int, progress: Progress, loss: str, **point: float | str) -> dict[str, Estimate]:
    """Fits in D = `size` dimensions, under the theory's names, the test error exact for each; lam=opt takes the theory's optimum.

    Trials without a fit (no ridge, and a finite sample that is separable where large ones are not, or the reverse) are left out.
    Raises ParameterError where the theory does, and for more samples than a fit can take.
    """
    N = samples(point["alpha"], size)
    theory = solve(loss, **point)
    separable = loss != "square" and theory["lam"] == 0.0 and point["alpha"] < theory["alpha_sep"]
    measured = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        measured.append(trial(np.random.default_rng(child), size, N, theory["lam"], point["delta"], point["rho"], loss, separable))
        progress((i + 1) / trials)
    names = dict.fromkeys(name for one in measured for name in one)
    return {name: mean_sem([one.get(name, math.nan) for one in measured]) for name in names}


AUBIN = "saddle point of Aubin, Krzakala, Lu & Zdeborová 2020, evaluated independently"
BARBIER = "Barbier, Krzakala, Macris, Miolane & Zdeborová 2019"
HEBB = "Hebb's rule: tan(pi error) = sqrt(pi / (2 alpha)) / (1 - 2 delta)"
CANDES = "Candès & Sur 2020: maximum over the slope, by numerical integration"
OPPER = "Opper, Kinzel, Kleinz & Nehl 1990: maximal stability generalises as 0.5005 / alpha"
GYORGYI = "Györgyi & Tishby 1990: the Bayes-optimal student generalises as 0.442 / alpha"
GARDNER = "Gardner 1988: margin kappa at load 1 / [(1 + kappa^2) Phi(kappa) + kappa phi(kappa)] for random labels"
LEAST_SQUARES = "least squares: (1 - 2/pi) (1 - 1/alpha) / 2"
PEAK = {"loss": "square", "lam": 0.0}


def printed(parameters: dict, source: str, **values: tuple[float, float]) -> tuple[Landmark, ...]:
    """One landmark per observable: (value, half a unit of its last digit)."""
    return tuple(Landmark(parameters, name, value, source, 0.0, digit) for name, (value, digit) in values.items())


LANDMARKS = (
    *printed({"loss": "square"}, AUBIN, gen_error=(0.195533, 6e-7), train_loss=(0.0931083, 6e-8), q=(0.799139, 6e-7)),
    *printed({"loss": "square"}, AUBIN, train_error=(0.0112628, 6e-8)),
    *printed({}, AUBIN, gen_error=(0.179662, 6e-7), train_loss=(0.182150, 6e-7), m=(1.720313, 6e-7), q=(4.145804, 6e-7)),
    *printed({"loss": "hinge", "delta": 0.1}, AUBIN, gen_error=(0.268903, 6e-7), train_loss=(0.133822, 6e-7), q=(3.757459, 6e-7)),
    *printed({"loss": "hinge", "delta": 0.1}, AUBIN, train_error=(0.0520772, 6e-8)),
    *printed({"loss": "hinge", "lam": 0.0}, AUBIN, gen_error=(0.188479, 6e-7), margin=(0.454578, 6e-7)),
    *printed({"lam": 0.0, "alpha": 1.0}, AUBIN, gen_error=(0.265711, 6e-7), margin=(0.786550, 6e-7)),
    *printed({"lam": 0.0, "alpha": 4.0, "delta": 0.1}, AUBIN, gen_error=(0.213364, 6e-7), train_loss=(0.280035, 6e-7), q=(23.1079, 6e-5)),
    *(
        item
        for alpha, value, digit in ((0.5, 0.322395, 6e-7), (1.0, 0.254373, 6e-7), (2.0, 0.174534, 6e-7), (5.0, 0.0839352, 6e-8))
        for item in printed({"alpha": alpha}, BARBIER, gen_error_bayes=(value, digit))
    ),
    *(
        item
        for delta, value in ((0.01, 6.71025), (0.1, 2.99229), (0.2, 2.39133), (0.4, 2.03333))
        for item in printed({"delta": delta}, CANDES, alpha_sep=(value, 6e-6))
    ),
    Landmark({"delta": 0.5}, "alpha_sep", 2.0, "Cover 1965: two random labels per weight", 1e-14),
    Landmark({"loss": "square", "lam": "opt"}, "lam", math.pi / 2 - 1, "optimal ridge at every load", 1e-14),
    Landmark({"alpha": 1e3, "lam": 0.0}, "gen_error", 0.5005e-3, OPPER, 2e-4),
    Landmark({"alpha": 1e3}, "gen_error_bayes", 0.442e-3, GYORGYI, 2e-3),
    Landmark({"alpha": 0.519572229604938, "lam": 0.0, "delta": 0.5}, "margin", 1.0, GARDNER, 1e-9),
    Landmark({"alpha": 3.0, **PEAK}, "train_loss", (1 - 2 / math.pi) / 3, LEAST_SQUARES, 1e-12),
    Landmark({"alpha": 0.5, **PEAK}, "train_error", 0.0, "more weights than labels: least squares fits them all"),
    *(
        Landmark({"alpha": 5.0, "lam": 1e12, "delta": 0.1, "loss": loss}, "gen_error", math.atan(math.sqrt(math.pi / 10) / 0.8) / math.pi, HEBB, 1e-10)
        for loss in FITS
    ),
    Landmark({}, "margin", None, "defined without ridge"),
)  # fmt: skip

MODEL = Model(
    id="perceptron-erm",
    title="Perceptron trained by convex losses",
    chapter="teacher_student",
    question="How close do ridge, logistic and hinge regression come to the Bayes-optimal student of a noisy perceptron?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "samples per input dimension, N/D", 2.0, 1e-4, 1e4, scale="log"),
        Parameter("lam", r"\lambda", "ridge; opt: the one of least test error", 0.1, 0.0, 1e12, scale="log", choices=("opt",)),
        Parameter("delta", r"\Delta", "probability of a flipped label", 0.0, 0.0, 0.5, 0.01),
        Parameter("loss", r"\ell", "training loss", "logistic", choices=tuple(FITS)),
        Parameter("rho", r"\rho", "squared norm of the teacher, ‖β‖²/D; it only rescales m", 1.0, 1e-3, 1e3, scale="log"),
    ),
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension", 300, 10, 2000, 1, "log", integer=True),
    trials=Parameter("trials", "n", "number of teachers, samples and fits", 10, 1, 1000, 1, "log", integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("B. Aubin, F. Krzakala, Y. M. Lu, L. Zdeborová", 2020, "Generalization error in high-dimensional perceptrons: Approaching Bayes error with convex optimization", "NeurIPS 33, 12199", "https://arxiv.org/abs/2006.06560"),
        Reference("E. J. Candès, P. Sur", 2020, "The phase transition for the existence of the maximum likelihood estimate in high-dimensional logistic regression", "Annals of Statistics 48, 27", "https://arxiv.org/abs/1804.09753"),
        Reference("T. M. Cover", 1965, "Geometrical and statistical properties of systems of linear inequalities with applications in pattern recognition", "IEEE Trans. Electron. Comput. EC-14, 326", "https://doi.org/10.1109/PGEC.1965.264137"),
        Reference("M. Opper, W. Kinzel, J. Kleinz, R. Nehl", 1990, "On the ability of the optimal perceptron to generalise", "Journal of Physics A 23, L581"),
        Reference("G. Györgyi, N. Tishby", 1990, "Statistical theory of learning a rule", "in Neural Networks and Spin Glasses, World Scientific, 3"),
        Reference("J. Barbier, F. Krzakala, N. Macris, L. Miolane, L. Zdeborová", 2019, "Optimal errors and phase transitions in high-dimensional generalized linear models", "PNAS 116, 5451", "https://arxiv.org/abs/1708.03395"),
        Reference("E. Gardner", 1988, "The space of interactions in neural network models", "Journal of Physics A 21, 257"),
    ),
    solve_along=solve_along,
    solve_axes=AXES,
)  # fmt: skip

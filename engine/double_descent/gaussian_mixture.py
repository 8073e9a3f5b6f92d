r"""**Setting.** Two Gaussian clouds in $D$ dimensions with opposite, unknown centres: $x=y\,v/\sqrt D+\Sigma^{1/2}z$, $v,z\sim\mathcal N(0,1)^D$,
$P(y=1)=p$, and variances $\Delta_b$ for fractions $\phi_b$ of the coordinates (one $\Delta$, or $\Delta$ and $\Delta_2$). From $N=\alpha D$ samples a student
$h=w\cdot x/\sqrt D+b$ minimises $\sum_\mu\ell(y^\mu h^\mu)+\frac\lambda2\|w\|^2$ with $\ell(u)=\frac12(1-u)^2$, $\log(1+e^{-u})$ or $\max(0,1-u)$; the
intercept is not penalised. Its alignment $m=w\cdot v/D$ and variance $q=\sum_i\Delta_iw_i^2/D$ give the test error
$\epsilon=p\,\Phi(-\frac{m+b}{\sqrt q})+(1-p)\,\Phi(-\frac{m-b}{\sqrt q})$.

**Equations** (Mignacco, Krzakala, Lu, Urbani & Zdeborová 2020). For either class the field $u=yh$ before training is
$\omega\sim\mathcal N(m+yb,q)$. With $f=(\mathrm{prox}-\omega)/V$, $\mathrm{prox}=\arg\min_u\ell(u)+(u-\omega)^2/2V$, and averages over the classes,

$$c=-\mathbb E f',\quad r=\mathbb E f^2,\quad t=\mathbb E f,\qquad \mathbb E\,yf=0\ \text{(intercept)},$$
$$V=\sum_b\frac{\phi_b\Delta_b}{\lambda+\alpha c\Delta_b},\qquad m=\sum_b\frac{\phi_b\,\alpha t}{\lambda+\alpha c\Delta_b},\qquad
q=\sum_b\phi_b\Delta_b\frac{\alpha^2t^2+\alpha r\Delta_b}{(\lambda+\alpha c\Delta_b)^2}.$$

**Square loss.** $c=1/(1+V)$; with $g_b=c/(\lambda+\alpha c\Delta_b)$, $k=\alpha\sum_b\phi_bg_b$ and $A=4p(1-p)$ (1 without intercept),
$m=\frac{kA}{1+kA}$, $b=(2p-1)(1-m)$, and $q$ solves an affine equation. Without ridge the error peaks at $\alpha=1$.

**Collapse of the hinge.** With unequal classes, many samples and a weak signal the minimum is exactly $w=0$, $b=\pm1$: the vote of the majority, at every
$\lambda$. With $p_-<p_+$, $s_0=\sum_b\phi_b/\Delta_b$ and $F=\mathrm{clip}(\frac{\kappa-\xi}u,0,1)$ it is found from
$p_+\mathbb EF=p_-$, $u^2[4\alpha^2p_-^2s_0+\alpha(p_-+p_+\mathbb EF^2)]=1$: it happens where $\alpha p_+P(\kappa-u<\xi<\kappa)\ge1$. Close to it every
sample of the smaller class is inside the margin, and the same unknowns, with $\lambda V$, solve the equations exactly.

**Limits.** Bayes-optimal: $\epsilon=p\,\Phi(-\frac{s+L}{\sqrt s})+(1-p)\,\Phi(-\frac{s-L}{\sqrt s})$, $s=\sum_b\frac{\phi_b\alpha}{(\alpha+\Delta_b)\Delta_b}$,
$L=\frac12\ln\frac p{1-p}$; with known centres $s=s_0$. For equal classes of one variance $\lambda\to\infty$ is Bayes-optimal for every loss. Two clouds can be
separated by a plane up to
$$\alpha_{sep}=\max_{0\le\mu<1,\,b}\frac{1-\mu^2}{p\,k(\mu\sqrt{s_0}+b)+(1-p)\,k(\mu\sqrt{s_0}-b)},\qquad k(z)=\int_z^\infty Dt\,(t-z)^2,$$
which is Cover's 2 for $\Delta\to\infty$.

**Numerics.** Newton's method on $(\ln V,\ln q,\ln\frac m{\sqrt q})$ with the intercept solved inside; averages in closed form (hinge) or by Gauss-Legendre panels
in prox (logistic). Where it fails the solution is followed down from a large ridge.
"""

import math

import numpy as np
from numba import njit

from engine.double_descent.mixture_channel import channel, with_intercept
from engine.double_descent.mixture_collapse import collapses, near_collapse, sums
from engine.double_descent.mixture_separation import separability
from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem
from engine.numerics.fits import fit_hinge, fit_logistic, fit_square
from engine.numerics.gaussian import cdf
from engine.numerics.newton import advance, found, open_search, searching
from engine.numerics.optimum import optimal_ridge
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal
from engine.numerics.sign_teacher import HINGE, LOGISTIC

AXES = ("alpha", "lam", "delta", "prob")
ROWS = ("m", "q", "v", "b", "w_norm2", "train_loss", "train_error", "gen_error", "gen_error_bopt")
SQUARE = -1
LARGEST = 1e6
"""The largest ridge: there it is infinite for the error."""


@njit(cache=True, nogil=True)
def error(m, b, sd, p):
    """Test error of a student of alignment m, intercept b and standard deviation sd of its field."""
    if sd == 0.0:
        return 1.0 - p if b > 0.0 else p
    return p * cdf(-(m + b) / sd) + (1.0 - p) * cdf(-(m - b) / sd)


@njit(cache=True, nogil=True)
def bayes_error(s, p):
    """Error of the best rule at signal-to-noise ratio s."""
    if s == 0.0:
        return min(p, 1.0 - p)
    return error(s, 0.5 * math.log(p / (1.0 - p)), math.sqrt(s), p)


@njit(cache=True, nogil=True)
def square_response(alpha, lam, variances, fractions):
    r"""(V, g), $g_b=c/(\lambda+\alpha c\Delta_b)$ (B,), of the square loss: $V/(1+V)=\sum_b\phi_b\Delta_bg_b$, $c=1/(1+V)$.

    One block: $\lambda V^2+(\lambda+\alpha\Delta-\Delta)V-\Delta=0$. Several: a root in ln x, $x=c/\lambda$, $\lambda x+\sum_b\phi_b\Delta_bx/(1+\alpha\Delta_bx)=1$, whose left side rises. Without ridge x is infinite
    for $\alpha>1$, where $V=1/(\alpha-1)$, and V for $\alpha<1$.
    """
    g = np.empty(variances.size)
    if g.size == 1:
        B = lam + (alpha - 1.0) * variances[0]
        root = math.sqrt(B * B + 4.0 * lam * variances[0])
        inverse = 0.5 * (root + B) / variances[0] if B >= 0.0 else 2.0 * lam / (root - B)
        g[0] = 1.0 / (variances[0] * (1.0 + inverse))
        return 1.0 / inverse if inverse > 0.0 else math.inf, g
    if lam == 0.0 and alpha > 1.0:
        for i in range(g.size):
            g[i] = 1.0 / (alpha * variances[i])
        return 1.0 / (alpha - 1.0), g
    mean = sums(variances, fractions, np.ones(g.size), 1)
    low, high = -math.log(lam + mean), -math.log(lam) if lam > 0.0 else -math.log((1.0 - alpha) * variances.min())
    bracket = open_bracket(low, -1.0, high, 1.0, 1e-14)
    while not closed(bracket):
        log_x = proposal(bracket)
        x = math.exp(log_x)
        for i in range(g.size):
            g[i] = x / (1.0 + alpha * variances[i] * x)
        narrow(bracket, log_x, lam * x + sums(variances, fractions, g, 1) - 1.0)
    x = math.exp(best(bracket))
    for i in range(g.size):
        g[i] = x / (1.0 + alpha * variances[i] * x)
    taken = sums(variances, fractions, g, 1)
    return taken / (lam * x) if lam > 0.0 else math.inf, g


@njit(cache=True, nogil=True)
def square_solution(alpha, lam, variances, fractions, p, shifted):
    r"""(V, m, q, b, ‖w‖²/D, training loss) of the square loss; the caller excludes $\alpha=1$ without ridge.

    With $r_0=A(1-m)^2+q$: $q=\sum_b\phi_b\Delta_bg_b^2[\alpha^2A^2(1-m)^2+\alpha\Delta_br_0]$.
    """
    V, g = square_response(alpha, lam, variances, fractions)
    A = 4.0 * p * (1.0 - p) if shifted else 1.0
    rest = 1.0 / (1.0 + A * alpha * sums(variances, fractions, g, 0))
    m = 1.0 - rest if rest < 0.5 else A * alpha * sums(variances, fractions, g, 0) * rest
    gg = g * g
    zeroth, first, second = sums(variances, fractions, gg, 0), sums(variances, fractions, gg, 1), sums(variances, fractions, gg, 2)
    q = rest * rest * A * alpha * (A * alpha * first + second) / (1.0 - alpha * second)
    r0 = A * rest * rest + q
    norm = (A * alpha * rest) ** 2 * zeroth + alpha * r0 * first
    return V, m, q, (2.0 * p - 1.0) * rest if shifted else 0.0, norm, 0.5 * r0 / (1.0 + V) ** 2


@njit(cache=True, nogil=True)
def mismatch(loss, state, b, alpha, lam, variances, fractions, p, shifted, gap):
    r"""Write the image of `state`, $(\ln V,\ln q,\ln\frac m{\sqrt q})$, minus `state` into `gap`; both (3,).

    Returns whether the state is sane, the intercept (looked for from b where `shifted`), the training loss and ‖w‖²/D.
    """
    if not max(abs(state[0]), abs(state[1]), abs(state[2])) < 300.0:
        return False, b, math.nan, math.nan
    V, sd = math.exp(state[0]), math.exp(0.5 * state[1])
    m = sd * math.exp(state[2])
    if shifted and p != 0.5:
        b, (c, r, t, _, train_loss) = with_intercept(loss, m, b, sd, V, p)
    else:
        b = 0.0
        c, r, t, _, train_loss = channel(loss, m, b, sd, V, p)
    if not (r > 0.0 and t > 0.0 and lam + c > 0.0):
        return False, b, math.nan, math.nan
    weights = 1.0 / (lam + alpha * c * variances)
    ww = weights * weights
    m_next = alpha * t * sums(variances, fractions, weights, 0)
    q_next = (alpha * t) ** 2 * sums(variances, fractions, ww, 1) + alpha * r * sums(variances, fractions, ww, 2)
    norm = (alpha * t) ** 2 * sums(variances, fractions, ww, 0) + alpha * r * sums(variances, fractions, ww, 1)
    gap[0] = math.log(sums(variances, fractions, weights, 1)) - state[0]
    gap[1] = math.log(q_next) - state[1]
    gap[2] = math.log(m_next) - 0.5 * math.log(q_next) - state[2]
    return True, b, train_loss, norm


@njit(cache=True, nogil=True)
def fixed_point(loss, state, alpha, lam, variances, fractions, p, shifted):
    """Move `state`, (ln V, ln q, ln(m/√q), b), to a fixed point; returns whether there is one, the training loss and ‖w‖²/D."""
    gap, b, train_loss, norm = np.empty(3), state[3], math.nan, math.nan
    search = open_search(state[:3])
    while searching(search):
        sane, b, train_loss, norm = mismatch(loss, search.point, b, alpha, lam, variances, fractions, p, shifted, gap)
        advance(search, gap, sane)
    state[:3] = search.point
    if not found(search):
        return False, math.nan, math.nan
    sane, state[3], train_loss, norm = mismatch(loss, search.point, b, alpha, lam, variances, fractions, p, shifted, gap)
    return sane, train_loss, norm


@njit(cache=True, nogil=True)
def first_guess(loss, state, alpha, lam, variances, fractions, p, shifted):
    """Write a cold start into `state` (4,): six plain iterations from the square loss at the same, not too small, ridge."""
    gap, ridge = np.empty(3), max(lam, 0.01)
    V, m, q, state[3], _, _ = square_solution(alpha, ridge, variances, fractions, p, shifted)
    state[0], state[1], state[2] = math.log(V), math.log(q), math.log(m) - 0.5 * math.log(q)
    for _ in range(6):
        sane, b, _, _ = mismatch(loss, state[:3], state[3], alpha, ridge, variances, fractions, p, shifted, gap)
        if sane:
            state[:3] += gap
            state[3] = b


@njit(cache=True, nogil=True)
def trained_line(loss, alpha, lam, variances, fractions, p, shifted, alpha_sep, warm):
    """ROWS at each point of a line, (9, points), a margin loss started from the point before; nan where no solution is found.

    alpha, lam, p, alpha_sep are (points,), the variances (points, B), their fractions (B,); `warm` (4,) holds the last state (nan: none).
    """
    table = np.full((9, alpha.size), math.nan)
    state = np.empty(4)
    for i in range(alpha.size):
        norm = 0.0
        if loss == SQUARE:
            if lam[i] == 0.0 and alpha[i] == 1.0:
                continue
            V, m, q, b, norm, train_loss = square_solution(alpha[i], lam[i], variances[i], fractions, p[i], shifted)
        elif loss == HINGE and shifted and collapses(alpha[i], p[i], variances[i], fractions):
            V, m, q, b, train_loss = math.nan, 0.0, 0.0, math.copysign(1.0, p[i] - 0.5), 2.0 * min(p[i], 1.0 - p[i])
        else:
            if lam[i] == 0.0 and not alpha[i] > alpha_sep[i]:
                continue
            solved = loss == HINGE and shifted and near_collapse(alpha[i], lam[i], p[i], variances[i], fractions, state)
            if solved:
                gap = np.empty(3)
                train_loss, norm = mismatch(loss, state[:3], state[3], alpha[i], lam[i], variances[i], fractions, p[i], shifted, gap)[2:]
            else:
                state[:] = warm
                train_loss = math.nan
                if not math.isnan(state[0]):
                    solved, train_loss, norm = fixed_point(loss, state, alpha[i], lam[i], variances[i], fractions, p[i], shifted)
                if not solved:
                    first_guess(loss, state, alpha[i], lam[i], variances[i], fractions, p[i], shifted)
                    solved, train_loss, norm = fixed_point(loss, state, alpha[i], lam[i], variances[i], fractions, p[i], shifted)
                if not solved:
                    continue
            warm[:] = state
            V, q, b = math.exp(state[0]), math.exp(state[1]), state[3]
            m = math.sqrt(q) * math.exp(state[2])
        sd = math.sqrt(q)
        table[0, i], table[1, i], table[2, i], table[3, i], table[4, i], table[5, i] = m, q, V, b, norm, train_loss
        missed = 0.5 * V if loss == LOGISTIC else V
        table[6, i] = min(p[i], 1.0 - p[i]) if q == 0.0 else error(m + missed, b, sd, p[i])
        table[7, i] = error(m, b, sd, p[i])
        table[8, i] = min(p[i], 1.0 - p[i]) if q == 0.0 else error(m, 0.5 * q / m * math.log(p[i] / (1.0 - p[i])), sd, p[i])
    return table


@njit(cache=True, nogil=True)
def reference_line(alpha, variances, fractions, p, shifted):
    """Separability threshold, Bayes-optimal error and error with known centres at each point of a line, (3, points)."""
    table = np.empty((3, alpha.size))
    for i in range(alpha.size):
        s0 = sums(variances[i], fractions, np.ones(fractions.size), -1)
        again = i > 0 and p[i] == p[i - 1] and np.all(variances[i] == variances[i - 1])
        table[0, i] = table[0, i - 1] if again else separability(s0, p[i], shifted and p[i] != 0.5)
        s = sums(variances[i], fractions, alpha[i] / (alpha[i] + variances[i]), -1)
        table[1, i], table[2, i] = bayes_error(s, p[i]), bayes_error(s0, p[i])
    return table


LOSSES = {"square": SQUARE, "logistic": LOGISTIC, "hinge": HINGE}
OBSERVABLES = (
    Observable("gen_error", r"\epsilon_g", "fraction of fresh samples missed"),
    Observable("train_loss", r"\langle\ell\rangle_{train}", "training loss per sample, without the penalty; the square loss has its ½"),
    Observable("train_error", r"\epsilon_t", "fraction of training samples missed"),
    Observable("m", "m", "alignment with the direction of the centres, w·v/D"),
    Observable("q", "q", "variance of the field within a cluster, Σ Δ w²/D"),
    Observable("v", "V", "variance of the cavity field", "infinite without ridge for N < D, nan where the hinge has collapsed"),
    Observable("b", "b", "intercept"),
    Observable("w_norm2", r"\|w\|^2/D", "squared norm of the student"),
    Observable("gen_error_bopt", r"\epsilon_g^b", "test error of the same student with the best intercept"),
    Observable("gen_error_bayes", r"\epsilon_g^{Bayes}", "test error of the Bayes-optimal student"),
    Observable("gen_error_oracle", r"\epsilon_g^{oracle}", "test error where the centres are known: the limit of infinite data"),
    Observable("alpha_sep", r"\alpha_{sep}", "largest N/D at which the training samples can be separated"),
    Observable("lam", r"\lambda", "ridge in use"),
)


def trained(loss: str, alpha, lam, variances, fractions, p, shifted: bool, alpha_sep, warm=None) -> np.ndarray:
    """ROWS at each point of a line, (9, points); nan where there is no solution.

    Where Newton's method fails the solution is followed down from a large ridge.
    """
    number, warm = LOSSES[loss], np.full(4, math.nan) if warm is None else warm
    table = trained_line(number, alpha, lam, variances, fractions, p, shifted, alpha_sep, warm)
    failed = np.isnan(table[1]) & ~no_minimum(loss, alpha, lam, alpha_sep)
    for i in np.flatnonzero(failed):
        bottom = max(lam[i], 1e-13)
        ridges = np.append(np.geomspace(1e9, bottom, 2 + int(2 * math.log(1e9 / bottom))), lam[i])
        a, pp, s = (np.full(ridges.size, values[i]) for values in (alpha, p, alpha_sep))
        path = trained_line(number, a, ridges, np.tile(variances[i], (ridges.size, 1)), fractions, pp, shifted, s, np.full(4, math.nan))
        table[:, i] = path[:, -1]
    return table


def no_minimum(loss: str, alpha, lam, alpha_sep) -> np.ndarray:
    """Where a loss without ridge has no solution: the square loss at N = D, the others on separable samples."""
    return (lam == 0.0) & ((alpha == 1.0) if loss == "square" else (alpha <= alpha_sep))


def optimal_ridges(loss: str, alpha, variances, fractions, p, shifted: bool, alpha_sep) -> np.ndarray:
    """The ridge of least test error at each point of a line, within [1e-6, 1e6]; the largest where the error is level."""
    best_ridges, warm = np.full(alpha.size, LARGEST), np.full(4, math.nan)
    for i in range(alpha.size):

        def errors(lams: np.ndarray, i: int = i) -> np.ndarray:
            a, pp, s = (np.full(lams.size, values[i]) for values in (alpha, p, alpha_sep))
            columns = trained(loss, a, lams, np.tile(variances[i], (lams.size, 1)), fractions, pp, shifted, s, warm)
            return columns[ROWS.index("gen_error")]

        found_ridge = optimal_ridge(errors)
        best_ridges[i] = LARGEST if math.isnan(found_ridge) else min(max(found_ridge, 1e-6), LARGEST)
    return best_ridges


def line(point: dict[str, np.ndarray], loss: str, bias: str, delta2: float | None, phi1: float) -> dict[str, np.ndarray]:
    """Every observable at successive points of a line, {name: (points,)}, nan where there is no solution.

    `point` has an array of each of AXES; that of lam may hold the word opt.
    """
    alpha, lam, delta, p = (point[name] for name in AXES)
    if delta2 is None or phi1 == 1.0:
        variances, fractions = delta[:, None].copy(), np.ones(1)
    else:
        variances, fractions = np.stack([delta, np.full(delta.size, delta2)], axis=1), np.array([phi1, 1.0 - phi1])
    shifted = bias == "fit"
    names = ("alpha_sep", "gen_error_bayes", "gen_error_oracle")
    columns = dict(zip(names, reference_line(alpha, variances, fractions, p, shifted), strict=True))
    if lam.dtype.kind != "f":
        lam = optimal_ridges(loss, alpha, variances, fractions, p, shifted, columns["alpha_sep"])
    table = trained(loss, alpha, lam, variances, fractions, p, shifted, columns["alpha_sep"])
    columns |= dict(zip(ROWS, table, strict=True)) | {"lam": lam}
    solved = ~np.isnan(columns["q"])
    return {observable.name: np.where(solved, columns[observable.name], math.nan) for observable in OBSERVABLES}


def solve(loss: str, bias: str, delta2: float | None, phi1: float, **point: float | str) -> dict[str, float]:
    """Every observable at one point; `point` has AXES.

    Raises ParameterError without ridge at the interpolation threshold (square) and on separable samples (the other losses);
    ConvergenceError where the iteration fails.
    """
    columns = line({name: np.array([value]) for name, value in point.items()}, loss, bias, delta2, phi1)
    solution = {name: float(values[0]) for name, values in columns.items()}
    if not math.isnan(solution["q"]):
        return solution
    if point["lam"] == 0.0 and loss == "square" and point["alpha"] == 1.0:
        raise ParameterError("lam", 0.0, "lam must be positive at the interpolation threshold, alpha = 1, where the error is singular")
    if point["lam"] == 0.0 and loss != "square":
        raise ParameterError("lam", 0.0, "lam must be positive where the samples can be separated, alpha <= alpha_sep: the weights diverge")
    raise ConvergenceError(f"no solution of the {loss} loss found at " + ", ".join(f"{name}={value}" for name, value in point.items()))


def solve_along(axis: str, values: np.ndarray, loss: str, bias: str, delta2: float | None, phi1: float, **fixed) -> dict[str, np.ndarray]:
    """Every observable along one of AXES, {name: (values,)}; a point without solution is a row of nan."""
    values = np.asarray(values, float)
    return line({name: values if name == axis else np.full(values.size, fixed[name]) for name in AXES}, loss, bias, delta2, phi1)


INTERCEPT = 30.0
"""Value of a constant input, over the root of the ridge if that is large, whose weight is the intercept: its penalty hardly counts."""
ENTRIES = 4_000_000
"""Most N D, the entries of the inputs."""


def fit(loss: str, U: np.ndarray, y: np.ndarray, lam: float, shifted: bool) -> tuple[np.ndarray, float] | None:
    """(w, b) of least loss for inputs U (N, D) over √D; None without ridge on separable samples."""
    if loss == "square":
        centre, mean = (U.mean(axis=0), y.mean()) if shifted else (0.0, 0.0)
        w = fit_square(U - centre, y - mean, lam)
        return w, float(mean - np.sum(centre * w))
    constant = INTERCEPT * max(1.0, math.sqrt(lam))
    w = (fit_hinge if loss == "hinge" else fit_logistic)(np.column_stack([U, np.full(len(y), constant)]) if shifted else U, y, lam)
    if w is None:
        return None
    return (w[:-1], float(constant * w[-1])) if shifted else (w, 0.0)


def trial(random: np.random.Generator, D: int, N: int, lam: float, variances: np.ndarray, p: float, loss: str, shifted: bool) -> dict:
    """One direction of norm exactly √D, one sample, one fit; empty where the fit does not exist. `variances` are (D,).

    The classes have exactly their shares: with random counts an intercept of order 1/√N would drown the weights of a large ridge.
    """
    v = random.standard_normal(D)
    v *= math.sqrt(D) / np.linalg.norm(v)
    y = np.where(np.arange(N) < round(p * N), 1.0, -1.0)
    if shifted and abs(y.sum()) == N:
        return {}
    U = (y[:, None] * v / math.sqrt(D) + np.sqrt(variances) * random.standard_normal((N, D))) / math.sqrt(D)
    fitted = fit(loss, U, y, lam, shifted)
    if fitted is None:
        return {}
    w, b = fitted
    m, q, u = w @ v / D, variances @ (w * w) / D, y * (U @ w + b)
    losses = {"square": 0.5 * (1.0 - u) ** 2, "logistic": np.logaddexp(0.0, -u), "hinge": np.maximum(0.0, 1.0 - u)}[loss]
    best_b = 0.5 * q / m * math.log(p / (1.0 - p)) if p != 0.5 else 0.0
    return {
        "gen_error": error(m, b, math.sqrt(q), p), "gen_error_bopt": error(m, best_b, math.sqrt(q), p), "train_loss": losses.mean(),
        "train_error": np.mean(u < 0.0), "m": m, "q": q, "b": b, "w_norm2": w @ w / D,
    }  # fmt: skip


def simulate(
    size: int, trials: int, seed: int, progress: Progress, loss: str, bias: str, delta2: float | None, phi1: float, **point
) -> dict[str, Estimate]:
    """Fits in D = `size` dimensions, under the theory's names, the test error exact for each; lam=opt takes the theory's optimum.

    Trials without a fit (a sample of one class; no ridge and a separable sample) are left out. Raises ParameterError where the theory does,
    and for more samples than a fit can take.
    """
    N = round(point["alpha"] * size)
    if not 2 <= N <= ENTRIES // size:
        limits = f"[{2 / size:g}, {ENTRIES / size**2:g}]"
        raise ParameterError("alpha", point["alpha"], f"alpha must be in {limits} for an experiment with D={size}")
    lam = solve(loss, bias, delta2, phi1, **point)["lam"]
    variances = np.full(size, point["delta"])
    if delta2 is not None:
        variances[round(phi1 * size) :] = delta2
    measured = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        measured.append(trial(np.random.default_rng(child), size, N, lam, variances, point["prob"], loss, bias == "fit"))
        progress((i + 1) / trials)
    names = dict.fromkeys(name for one in measured for name in one)
    return {name: mean_sem([one.get(name, math.nan) for one in measured]) for name in names}


MIGNACCO = "Mignacco et al. 2020: saddle point, evaluated independently"
COVER = "Cover 1965: two random labels per dimension"


def printed(parameters: dict, **values: tuple[float, float]) -> tuple[Landmark, ...]:
    """One landmark per observable: (value, half a unit of its last digit)."""
    return tuple(Landmark(parameters, name, value, MIGNACCO, 0.0, digit) for name, (value, digit) in values.items())


UNEQUAL = {"loss": "hinge", "prob": 0.3, "delta": 10.0}
LANDMARKS = (
    *printed({"loss": "square"}, gen_error=(0.266876, 6e-7), train_loss=(0.126780, 6e-7), m=(0.477962, 6e-7), q=(0.589935, 6e-7)),
    *printed({"loss": "square"}, v=(0.844289, 6e-7), train_error=(0.0425783, 6e-8)),
    *printed({}, gen_error=(0.232206, 6e-7), train_loss=(0.204316, 6e-7), m=(1.375596, 6e-7), q=(3.535357, 6e-7)),
    *printed({"prob": 0.3}, gen_error=(0.202766, 6e-7), train_loss=(0.177716, 6e-7), b=(-0.985341, 6e-7)),
    *printed({"prob": 0.3}, gen_error_bopt=(0.202538, 6e-7), gen_error_bayes=(0.178513, 6e-7), alpha_sep=(4.10921, 6e-6)),
    *printed({"loss": "hinge"}, gen_error=(0.263971, 6e-7), train_loss=(0.0703298, 6e-8), q=(3.477358, 6e-7)),
    *printed({"lam": 1e4}, gen_error=(0.207108, 6e-7), gen_error_bayes=(0.207108, 6e-7), gen_error_oracle=(0.158655, 6e-7)),
    *printed(
        {"loss": "hinge", "alpha": 0.620204, "delta": 0.5, "delta2": 0.1, "phi1": 0.8},
        gen_error=(0.153050, 6e-7), train_loss=(4.28107e-4, 6e-9), m=(0.714244, 1e-6), q=(0.487046, 1e-6),
    ),
    *(
        item
        for delta, value, digit in ((0.1, 539.07, 6e-3), (1.0, 3.70003, 6e-6), (10.0, 2.13087, 6e-6), (1e4, 2.00013, 6e-6))
        for item in printed({"delta": delta}, alpha_sep=(value, digit))
    ),
    Landmark({"delta": 1e6}, "alpha_sep", 2.0, COVER, 1e-5),
    *printed({**UNEQUAL, "alpha": 14.89938, "lam": 1.0}, b=(-0.982836, 6e-7), q=(0.107281**2, 3e-7)),
    Landmark({**UNEQUAL, "alpha": 15.06}, "q", 0.0, "collapse of the hinge loss to the vote of the majority", 0.0, 0.0),
    Landmark({**UNEQUAL, "alpha": 15.06}, "train_loss", 0.6, "collapse of the hinge loss to the vote of the majority", 1e-12),
)  # fmt: skip

MODEL = Model(
    id="gaussian-mixture",
    title="Two Gaussian clouds",
    chapter="double_descent",
    question="How close does a regularised linear classifier come to the best separation of two Gaussian clouds?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "samples per dimension, N/D", 2.0, 1e-4, 1e4, scale="log"),
        Parameter("lam", r"\lambda", "ridge; opt: the one of least test error", 0.1, 0.0, LARGEST, scale="log", choices=("opt",)),
        Parameter("delta", r"\Delta", "variance of a cloud per coordinate", 1.0, 1e-2, 1e6, scale="log"),
        Parameter("prob", r"\rho", "fraction of samples in the cloud +1", 0.5, 0.01, 0.99, 0.01),
        Parameter("loss", r"\ell", "training loss", "logistic", choices=tuple(LOSSES)),
        Parameter("delta2", r"\Delta_2", "variance of the remaining coordinates; delta where absent", None, 1e-2, 1e6, scale="log"),
        Parameter("phi1", r"\phi_1", "fraction of coordinates of variance delta", 1.0, 1e-3, 1.0, 0.01),
        Parameter("bias", "b", "intercept: of least training loss, or none", "fit", choices=("fit", "zero")),
    ),
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension", 300, 10, 2000, 1, "log", integer=True),
    trials=Parameter("trials", "n", "number of samples and fits", 10, 1, 1000, 1, "log", integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("F. Mignacco, F. Krzakala, Y. M. Lu, P. Urbani, L. Zdeborová", 2020, "The role of regularization in classification of high-dimensional noisy Gaussian mixture", "ICML, PMLR 119, 6874", "https://arxiv.org/abs/2002.11544"),
        Reference("B. Loureiro, G. Sicuro, C. Gerbelot, A. Pacco, F. Krzakala, L. Zdeborová", 2021, "Learning Gaussian mixtures with generalised linear models: Precise asymptotics in high-dimensions", "NeurIPS 34, 10144", "https://arxiv.org/abs/2106.03791"),
        Reference("T. M. Cover", 1965, "Geometrical and statistical properties of systems of linear inequalities with applications in pattern recognition", "IEEE Trans. Electron. Comput. EC-14, 326", "https://doi.org/10.1109/PGEC.1965.264137"),
    ),
    solve_along=solve_along,
    solve_axes=AXES,
)  # fmt: skip

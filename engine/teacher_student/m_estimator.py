r"""**Setting.** $N=\alpha D$ noisy measurements of a signal, $y_\mu=\frac1{\sqrt D}x_\mu\!\cdot w^*+\epsilon_\mu$ with standard normal $x_\mu$, and

$$\hat w=\arg\min_w\sum_\mu\ell\Big(y_\mu-\frac{x_\mu\!\cdot w}{\sqrt D}\Big)+\sum_ir(w_i),\qquad E=\tfrac1D\|\hat w-w^*\|^2 .$$

Losses: square $\frac12r^2$; L1 $|r|$; Huber $\frac12r^2$ up to $|r|=a$, $a|r|-\frac12a^2$ beyond. Penalties: none, $\frac\lambda2w^2$, $\lambda|w|$. Noise:
Gaussian or Laplace of variance $\Delta$, or a Gaussian of variance $\Delta$ of which a fraction of the samples has $\Delta_{out}$ instead.

**Equations** (El Karoui, Bean, Bickel, Lim & Yu 2013; Donoho & Montanari 2016; Advani & Ganguli 2016). A sample left out of the fit has the
residual $r_0=\epsilon+\sqrt E\,g$; in the fit it pulls with $f(r_0)=\ell'(\mathrm{prox}_{V\ell}(r_0))$: $\frac{r_0}{1+V}$ (square),
$\mathrm{clip}(\frac{r_0}V,-1,1)$ (L1), $\mathrm{clip}(\frac{r_0}{1+V},-a,a)$ (Huber). A coordinate of the signal is seen through Gaussian noise of
variance $\sigma^2$:

$$\hat q=\alpha\,\mathbb Ef^2,\quad\hat V=\alpha\,\mathbb Ef',\quad\sigma=\frac{\sqrt{\hat q}}{\hat V},\qquad
E=\mathbb E\big(\eta(w^*+\sigma\xi)-w^*\big)^2,\quad V=\frac{\mathbb E\eta'}{\hat V},$$

where $\eta$ is the identity, the factor $\frac{\hat V}{\hat V+\lambda}$ or the soft threshold at $\lambda/\hat V$. For least squares without penalty
$E=\frac{\mathrm{Var}(\epsilon)}{\alpha-1}$; for $\alpha\to\infty$ the classical asymptotics return.

**The best loss** (Bean, Bickel, El Karoui & Yu 2013). With $J(E)$ the Fisher information of $r_0$, Cauchy and Schwarz give
$\hat q/\hat V^2\ge1/\alpha J(E)$ for every loss: no unpenalised convex loss has an error below the largest root of $\alpha EJ(E)=1$, `mse_bound`. The
bound is reached if the noise is log-concave.

**The best estimate.** The posterior mean, reached by approximate message passing from scratch: the largest root of
$E=\mathrm{mmse}(\alpha J(E))$, `mse_bayes`, with $\mathrm{mmse}(\hat q)$ that of the signal in noise of variance $1/\hat q$.

**Exact recovery.** If a fraction $p$ of the samples has no noise the L1 loss may find the signal exactly. As $E\to0$ then $V=c\sqrt E$, and $c$
solves $\alpha p\,P(|g|<c)=P(\text{a coordinate is not set to zero})$; the signal is recovered if $E$ contracts there, that is
$c^2(\hat q+\lambda^2\mathbb Ew^{*2})<1$ for the square penalty. Without outliers and penalty this is $\alpha>1$.

**Numerics.** All averages are closed forms. Newton's method in $(\ln E,\ln V)$ from least squares; where it fails, damped iteration in
between. The two reference errors are largest fixed points of increasing maps, approached from above by steps that cannot jump over a
root, then bracketed. For Laplace noise $\mathrm{Var}(r_0)J(E)-1$ is a Chebyshev series in $\sqrt E$.
"""

import math
from collections import namedtuple
from functools import lru_cache

import numpy as np
from numba import njit

from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem
from engine.numerics.gaussian import cdf, pdf
from engine.numerics.newton import advance, copy, found, open_search, searching
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal
from engine.teacher_student.noise_laws import (
    Law,
    clipped,
    density,
    excess_series,
    gaussian_clip,
    information,
    mass_at_zero,
    mmse,
    variance,
)
from engine.teacher_student.robust_fit import fit_robust

LOSSES, PENALTIES = ("square", "l1", "huber"), ("none", "l2", "l1")
SQUARE, ABSOLUTE, HUBER = range(3)
NONE, RIDGE, LASSO = range(3)
NOISES, SIGNALS = ("gaussian", "laplace", "contaminated"), ("gaussian", "laplace", "gauss-bernoulli")
BOUND, BAYES = range(2)
Problem = namedtuple("Problem", "loss huber penalty lam alpha noise signal")
FLOOR = 1e-30
"""Of V: a strong L1 penalty sets every coordinate to zero."""
ROUNDS = 12
"""Of damped iteration, each twice as long as the one before, with Newton's method in between."""


@njit(cache=True, nogil=True)
def sample_side(problem, E, V):
    r"""$\hat q=\alpha\mathbb Ef^2$ and $\hat V=\alpha\mathbb Ef'$."""
    if problem.loss == SQUARE:
        width = 1.0 + V
        return problem.alpha * (variance(problem.noise) + E) / (width * width), problem.alpha / width
    width = V if problem.loss == ABSOLUTE else 1.0 + V
    level = V if problem.loss == ABSOLUTE else problem.huber * width
    _, inside, moment, _ = clipped(level, E, problem.noise)
    return problem.alpha * moment / (width * width), problem.alpha * inside / width


@njit(cache=True, nogil=True)
def signal_side(problem, qhat, vhat):
    r"""$E$ and $V$ after the prox of the penalty at width $1/\hat V$."""
    if problem.penalty == LASSO:
        outside, _, _, error = clipped(problem.lam / vhat, qhat / (vhat * vhat), problem.signal)
        return error, outside / vhat
    stiffness = vhat + problem.lam
    return (problem.lam * problem.lam * variance(problem.signal) + qhat) / (stiffness * stiffness), 1.0 / stiffness


@njit(cache=True, nogil=True)
def mismatch(problem, state, gap):
    r"""Write the image of `state`, $(\ln E,\ln V,0)$, under the equations minus `state` into `gap`, both (3,); returns whether it is sane."""
    if not max(abs(state[0]), abs(state[1])) < 300.0:
        return False
    qhat, vhat = sample_side(problem, math.exp(state[0]), math.exp(state[1]))
    if not (0.0 < qhat < math.inf and 0.0 < vhat < math.inf):
        return False
    E, V = signal_side(problem, qhat, vhat)
    if not 0.0 < E < math.inf:
        return False
    gap[0], gap[1], gap[2] = math.log(E) - state[0], math.log(max(V, FLOOR)) - state[1], -state[2]
    return True


@njit(cache=True, nogil=True)
def gaussian_quantile(tail):
    r"""The $x\ge0$ with $H(x)=$ tail $\le\frac12$, to a few digits, by Newton's method: $H$ is convex."""
    x = 0.0
    for _ in range(60):
        step = (cdf(-x) - tail) / pdf(x)
        x += step
        if step < 1e-3 * x:
            break
    return x


@njit(cache=True, nogil=True)
def least_squares(problem, state):
    r"""Write $(\ln E,\ln V,0)$ of the square loss with the same ridge into `state` (3,); for the L1 penalty $E=\mathbb Ew^{*2}$, $V=1/\alpha$.

    $1/V$ is the positive root of $u^2-(\lambda+\alpha-1)u-\lambda=0$; $E=\frac{\lambda^2V^2\mathbb Ew^{*2}+\alpha x^2\mathrm{Var}(\epsilon)}{1-\alpha x^2}$,
    $x=\frac V{1+V}$. For the L1 loss V is the |residual| that a fraction x of them does not exceed, were they Gaussian: exact for $\alpha\to1$.
    """
    alpha, lam, spread, power = problem.alpha, problem.lam, variance(problem.noise), variance(problem.signal)
    if problem.penalty == LASSO:
        state[0], state[1], state[2] = math.log(power), -math.log(alpha), 0.0
        return
    B = lam + alpha - 1.0
    root = math.sqrt(B * B + 4.0 * lam)
    u = 0.5 * (root + B) if B >= 0.0 else 2.0 * lam / (root - B)
    missed = lam / u if B >= 0.0 else 0.5 * (root - B)  # lam V = 1 - alpha x
    x = 1.0 / (1.0 + u)
    E = (missed * missed * power + alpha * x * x * spread) / (u * x + x * missed)
    V = 1.0 / u
    if problem.loss == ABSOLUTE:
        V = math.sqrt(spread + E) * gaussian_quantile(0.5 * u * x)
    state[0], state[1], state[2] = math.log(E), math.log(V), 0.0


@njit(cache=True, nogil=True)
def fixed_point(problem, state):
    """Write the fixed point into `state` (3,); returns whether it was found and evaluations of the equations.

    The weight of the damped iteration: at small alpha with an L1 penalty V would oscillate for ever at 0.7.
    """
    gap = np.empty(3)
    weight = min(0.7, 1.2 / (1.0 + 2.0 * max(0.0, -math.log(problem.alpha))))
    count, length = 0, 4
    least_squares(problem, state)
    if problem.loss == SQUARE and problem.penalty != LASSO:
        return True, count
    for _ in range(ROUNDS):
        for _ in range(length):
            count += 1
            if not mismatch(problem, state, gap):
                return False, count
            for k in range(2):
                state[k] += weight * gap[k]
        length *= 2
        search = open_search(state)
        while searching(search):
            count += 1
            advance(search, gap, mismatch(problem, search.point, gap))
        if found(search):
            copy(search.point, state)
            return True, count
    return False, count


@njit(cache=True, nogil=True)
def not_zero(problem, qhat):
    r"""Probability that a coordinate is not set to zero as $E\to0$, where the threshold is $\lambda/\sqrt{\hat q}$ standard deviations."""
    zeros = mass_at_zero(problem.signal) if problem.penalty == LASSO else 0.0
    return 1.0 - zeros + zeros * gaussian_clip(problem.lam / math.sqrt(qhat))[0] if zeros > 0.0 else 1.0


@njit(cache=True, nogil=True)
def exact_recovery(problem):
    r"""Whether the L1 loss finds the signal exactly, and the limit of $\hat q=\alpha[p\,\mathbb E\min(g^2/c^2,1)+1-p]$; $c=V/\sqrt E$, $p=P(\epsilon=0)$.

    $c$ solves $\alpha p\,P(|g|<c)=k$, the probability that a coordinate is not zero. Then $E'/E=(c/k)^2(\hat q+\lambda^2\mathbb Ew^{*2})$; with an
    L1 penalty the bracket is $\hat q+\lambda^2$ for coordinates that are not zero, $\hat q\,\mathbb E(|g|-\lambda/\sqrt{\hat q})_+^2$ for those that are.
    """
    p = mass_at_zero(problem.noise)
    if problem.loss != ABSOLUTE or problem.alpha * p <= 0.0:
        return False, math.nan
    low, high = math.log(1e-12), math.log(40.0)
    bracket = np.empty(8)
    x, fx = low, 0.0
    for trial in range(200):
        c = math.exp(x)
        _, inside, moment, _ = gaussian_clip(c)
        qhat = problem.alpha * (p * moment / (c * c) + 1.0 - p)
        fx = problem.alpha * p * inside - not_zero(problem, qhat)
        if trial == 0:
            first, x = fx, high
            continue
        if trial == 1:
            if fx <= 0.0:
                return False, math.nan
            bracket = open_bracket(low, first, high, fx, 1e-14)
        else:
            narrow(bracket, x, fx)
        if closed(bracket):
            break
        x = proposal(bracket)
    lam, power, kept = problem.lam, qhat + problem.lam * problem.lam * variance(problem.signal), not_zero(problem, qhat)
    if problem.penalty == LASSO:
        zeros = mass_at_zero(problem.signal)
        power = (1.0 - zeros) * (qhat + lam * lam) + zeros * qhat * gaussian_clip(lam / math.sqrt(qhat))[3]
    growth = power * (c / kept) ** 2
    return growth < 1.0, qhat


@njit(cache=True, nogil=True)
def estimate_line(loss, penalty, huber, lam, alpha, noise, signal, residual):
    r"""(mse, qhat, vhat, gap_v, iterations, density at `residual`) at each point of a line, (6, points), nan where there is none.

    huber, lam, alpha and residual are (points,); noise (4, points) and signal (4, points) hold the fields of their laws.
    """
    table = np.full((6, alpha.size), math.nan)
    state = np.empty(3)
    for i in range(alpha.size):
        if noise[0, i] == 1.0 and noise[2, i] == 0.0:
            continue
        kind = NONE if lam[i] == 0.0 else penalty
        if kind == NONE and alpha[i] <= 1.0:
            continue
        law = Law(noise[0, i] == 1.0, noise[1, i], noise[2, i], noise[3, i])
        source = Law(signal[0, i] == 1.0, signal[1, i], signal[2, i], signal[3, i])
        problem = Problem(loss, huber[i], kind, 0.0 if kind == NONE else lam[i], alpha[i], law, source)
        E, V, qhat, vhat, count = 0.0, 0.0, 0.0, math.inf, 0
        recovered, limit = exact_recovery(problem)
        if recovered:
            qhat = limit
        elif kind == NONE and variance(law) == 0.0:
            vhat, V = alpha[i] - 1.0, 1.0 / (alpha[i] - 1.0)
        else:
            solved, count = fixed_point(problem, state)
            if not solved:
                continue
            E = math.exp(state[0])
            qhat, vhat = sample_side(problem, E, math.exp(state[1]))
            V = signal_side(problem, qhat, vhat)[1]
        table[0, i], table[1, i], table[2, i], table[3, i], table[4, i] = E, qhat, vhat, V, count
        if not math.isnan(residual[i]):
            table[5, i] = density(residual[i], E, law)
    return table


@njit(cache=True, nogil=True)
def image(which, alpha, E, noise, signal, series):
    r"""$1/\alpha J(E)$ (bound) or $\mathrm{mmse}(\alpha J(E))$ (Bayes): both increase with $E$."""
    qhat = alpha * information(E, noise, series)
    return 1.0 / qhat if which == BOUND else mmse(qhat, signal, series)


@njit(cache=True, nogil=True)
def largest_fixed_point(which, alpha, noise, signal, series):
    r"""Largest root of $\ln E=\ln\mathrm{image}(E)$, from above: from $\mathrm{Var}(\epsilon)/(\alpha-1)$ (bound) or $\mathbb Ew^2$ (Bayes).

    A plain iteration never passes the root. It is stretched to the step of the secant method, at most 0.2, which from above does not pass
    a pair of roots about to merge either. Without a root above $10^{-14}$ of the start, and noise that can be exactly zero, 0.
    """
    top = variance(noise) / (alpha - 1.0) if which == BOUND else variance(signal)
    if top == 0.0:
        return 0.0
    y = math.log(top)
    floor = y - 32.3 if mass_at_zero(noise) > 0.0 else -650.0
    d = y - math.log(image(which, alpha, math.exp(y), noise, signal, series))
    step = d
    while d > 1e-15 and y > floor:
        x = y - step
        dx = x - math.log(image(which, alpha, math.exp(x), noise, signal, series))
        if dx <= 0.0:
            bracket = open_bracket(y, d, x, dx, 1e-13)
            while not closed(bracket):
                y = proposal(bracket)
                narrow(bracket, y, y - math.log(image(which, alpha, math.exp(y), noise, signal, series)))
            return math.exp(best(bracket))
        slope = (d - dx) / (y - x)
        y, d = x, dx
        step = max(d, 0.2)
        if slope > 0.0:
            step = max(d, min(step, d / slope))
    return math.exp(y) if y > floor else 0.0


@njit(cache=True, nogil=True)
def reference_line(alpha, noise, signal, series):
    """(mse_bound, mse_bayes) at each point of a line, (2, points); arguments as in `estimate_line`."""
    table = np.full((2, alpha.size), math.nan)
    for i in range(alpha.size):
        if noise[0, i] == 1.0 and noise[2, i] == 0.0:
            continue
        law = Law(noise[0, i] == 1.0, noise[1, i], noise[2, i], noise[3, i])
        source = Law(signal[0, i] == 1.0, signal[1, i], signal[2, i], signal[3, i])
        if alpha[i] > 1.0:
            table[0, i] = largest_fixed_point(BOUND, alpha[i], law, source, series)
        table[1, i] = largest_fixed_point(BAYES, alpha[i], law, source, series)
    return table


AXES = ("alpha", "huber", "lam", "delta", "outlier", "delta_out", "sparsity", "residual")
ROWS = ("mse", "qhat", "vhat", "gap_v", "iterations", "residual_density")


def laws(noise_law: str, signal: str, point: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Fields of the laws of noise and signal, each (4, points); `point` has arrays, all of one length, of delta ... sparsity."""
    one = np.ones(point["delta"].size)
    share = point["outlier"] if noise_law == "contaminated" else 0.0 * one
    zeros = 1.0 - point["sparsity"] if signal == "gauss-bernoulli" else 0.0 * one
    noise = np.array([(noise_law == "laplace") * one, share, point["delta"], point["delta_out"]])
    return noise, np.array([(signal == "laplace") * one, zeros, one, 0.0 * one])


@lru_cache(maxsize=64)
def reference_errors(alpha: bytes, noise: bytes, signal: bytes) -> np.ndarray:
    """`reference_line` of arrays given as bytes, remembered: three losses on one line have the same."""
    alphas, *fields = (np.frombuffer(values) for values in (alpha, noise, signal))
    return reference_line(alphas, *(values.reshape(4, -1) for values in fields), excess_series())


def line(point: dict[str, np.ndarray], loss: str, penalty: str, noise_law: str, signal: str) -> dict[str, np.ndarray]:
    """Every observable at successive points of a line, {name: (points,)}, nan where there is no solution.

    `point` has an array of each of AXES, of length 1 where it is the same everywhere. The references are computed once where neither
    load, noise nor signal change.
    """
    size = max(values.size for values in point.values())
    fixed = ("alpha", "delta", "outlier", "delta_out", "sparsity")
    length = max(point[name].size for name in fixed)
    few = {name: np.array(np.broadcast_to(point[name], length)) for name in fixed}
    references = reference_errors(few["alpha"].tobytes(), *(law.tobytes() for law in laws(noise_law, signal, few)))
    many = {name: np.array(np.broadcast_to(values, size)) for name, values in point.items()}
    noise, source = laws(noise_law, signal, many)
    kinds = LOSSES.index(loss), PENALTIES.index(penalty)
    table = estimate_line(*kinds, many["huber"], many["lam"], many["alpha"], noise, source, many["residual"])
    columns = dict(zip(ROWS, table, strict=True))
    spread = noise[2] if noise_law != "contaminated" else (1.0 - noise[1]) * noise[2] + noise[1] * noise[3]
    columns["gen_error"] = columns["mse"] + spread
    solved = ~np.isnan(columns["mse"])
    for name, values in zip(("mse_bound", "mse_bayes"), references, strict=True):
        columns[name] = np.where(solved, np.broadcast_to(values, size), math.nan)
    return {observable.name: columns[observable.name] for observable in OBSERVABLES}


def solve(residual: float | None, **p: float | str) -> dict[str, float]:
    """Every observable at one point.

    Raises ParameterError for Laplace noise without variance and, without penalty, for alpha <= 1; ConvergenceError where the iteration
    fails: a relative distance below about 1e-7 before exact recovery.
    """
    if p["noise_law"] == "laplace" and p["delta"] == 0.0:
        raise ParameterError("delta", 0.0, "Laplace noise needs delta > 0")
    if (p["penalty"] == "none" or p["lam"] == 0.0) and p["alpha"] <= 1.0:
        raise ParameterError("alpha", p["alpha"], "without penalty the estimate needs alpha > 1: more samples than coordinates")
    columns = solve_along("residual", np.array([math.nan if residual is None else residual]), **p)
    if math.isnan(columns["mse"][0]):
        raise ConvergenceError(
            f"no fixed point of the {p['loss']} loss found at " + ", ".join(f"{name}={value}" for name, value in p.items())
        )
    return {name: float(values[0]) for name, values in columns.items()}


def solve_along(axis: str, values: np.ndarray, loss: str, penalty: str, noise_law: str, signal: str, **fixed) -> dict[str, np.ndarray]:
    """Every observable along one of AXES, {name: (values,)}; a point without solution is a row of nan."""
    point = {name: np.array([fixed.get(name, math.nan)], float) for name in AXES}  # None, an absent residual, becomes nan
    return line(point | {axis: np.asarray(values, float)}, loss, penalty, noise_law, signal)


ENTRIES, WORK = 10_000_000, 4_000_000_000
"""Most N D, the entries of the inputs, and most N D^2, the work of a factorisation."""


def samples(alpha: float, D: int, unpenalised: bool) -> int:
    """N, rounded. Raises ParameterError where there would be too few, or more than a visitor may ask for."""
    N, least, most = round(alpha * D), D + 1 if unpenalised else 1, min(ENTRIES // D, WORK // D**2)
    if not least <= N <= most:
        raise ParameterError("alpha", alpha, f"an experiment with D={D} needs {least} to {most} samples, alpha times D; here {N}")
    return N


def draw_noise(noise_law: str, delta: float, outlier: float, delta_out: float, N: int, random: np.random.Generator) -> np.ndarray:
    """Noise of N samples, (N,)."""
    if noise_law == "laplace":
        return random.laplace(scale=math.sqrt(0.5 * delta), size=N)
    scale = np.sqrt(np.where((noise_law == "contaminated") & (random.random(N) < outlier), delta_out, delta))
    return scale * random.standard_normal(N)


def draw_signal(signal: str, sparsity: float, D: int, random: np.random.Generator) -> np.ndarray:
    """A signal, (D,)."""
    if signal == "laplace":
        return random.laplace(scale=math.sqrt(0.5), size=D)
    return random.standard_normal(D) * (random.random(D) < (sparsity if signal == "gauss-bernoulli" else 1.0))


def simulate(size: int, trials: int, seed: int, progress: Progress, residual: float | None, **p: float | str) -> dict[str, Estimate]:
    """Convex fits in D = `size` dimensions. Raises ParameterError where the theory does, and for sample sizes that a fit cannot take."""
    theory = solve(residual, **p)
    N = samples(p["alpha"], size, p["penalty"] == "none" or p["lam"] == 0.0)
    penalty = "none" if p["lam"] == 0.0 else p["penalty"]
    errors = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        random = np.random.default_rng(child)
        w = draw_signal(p["signal"], p["sparsity"], size, random)
        U = random.standard_normal((N, size)) / math.sqrt(size)
        y = U @ w + draw_noise(p["noise_law"], p["delta"], p["outlier"], p["delta_out"], N, random)
        errors.append(np.mean((fit_robust(U, y, p["loss"], p["huber"], penalty, p["lam"]) - w) ** 2))
        progress((i + 1) / trials)
    mse = mean_sem(errors)
    return {"mse": mse, "gen_error": Estimate(mse.mean + theory["gen_error"] - theory["mse"], mse.sem)}


ADVANI = "equations of Advani & Ganguli 2016, evaluated independently"
CLASSICAL = "least squares: variance of the noise over alpha - 1"
LASSO_POINT = {"alpha": 0.5, "loss": "square", "penalty": "l1", "lam": 0.1, "noise_law": "gaussian", "delta": 1e-3}
SPARSE = {"signal": "gauss-bernoulli", "sparsity": 0.1}
OUTLIERS = {"alpha": 9.0, "noise_law": "contaminated", "delta": 1e-5, "outlier": 0.8, "delta_out": 2.0}
EXACT = {"alpha": 1.8, "loss": "l1", "noise_law": "contaminated", "delta": 0.0}


def printed(parameters: dict, source: str = ADVANI, **values: tuple[float, float] | None) -> tuple[Landmark, ...]:
    """One landmark per observable: (value, half a unit of its last digit), or None where it does not exist."""
    return tuple(
        Landmark(parameters, name, None if value is None else value[0], source, 0.0, 0.0 if value is None else value[1])
        for name, value in values.items()
    )


LANDMARKS = (
    *printed({"loss": "square"}, CLASSICAL, mse=(1.0, 1e-14)),
    *printed({"loss": "square"}, mse_bound=(0.912377, 6e-7), mse_bayes=(0.375920, 6e-7)),
    *printed({"loss": "l1"}, mse=(1.163946, 6e-7)),
    *printed({"alpha": 4.0}, mse=(0.274009, 6e-7), mse_bound=(0.264707, 6e-7), mse_bayes=(0.193022, 6e-7)),
    *printed(
        {"alpha": 1.5, "loss": "l1", "penalty": "l2", "lam": 0.5, "delta": 0.5},
        mse=(0.399228, 6e-7), mse_bound=(0.964264, 6e-7), mse_bayes=(0.344465, 6e-7),
    ),
    *printed(
        {"alpha": 1.0, "loss": "square", "penalty": "l2", "noise_law": "gaussian", "delta": 0.5},
        mse=(0.532624, 6e-7), mse_bound=None, mse_bayes=(0.5, 1e-12),
    ),
    *printed({**LASSO_POINT, **SPARSE}, mse=(0.00688900, 6e-9), mse_bound=None, mse_bayes=(0.00042025, 6e-9)),
    *printed({"alpha": 1000.0, "loss": "l1"}, mse=(5.26014e-4, 6e-10), mse_bound=(5.18423e-4, 6e-10), mse_bayes=(5.18150e-4, 6e-10)),
    *printed({**OUTLIERS, "loss": "l1"}, mse=(0.142243, 6e-7), mse_bound=(0.1172573, 6e-8), mse_bayes=(0.089491, 6e-7)),
    *printed(EXACT, "Candès & Tao 2005: exact recovery", mse=(0.0, 0.0), gap_v=(0.0, 0.0), mse_bound=(0.0, 0.0), mse_bayes=(0.0, 0.0)),
    *printed({**EXACT, "alpha": 1.2}, mse=(3.639, 6e-4)),
    *printed({"alpha": 3.3895, "loss": "l1"}, "least squares and L1 cross, evaluated independently", mse=(1 / 2.3895, 2e-5)),
    *printed({"alpha": 1e5, "loss": "l1"}, "classical asymptotics: 1/(alpha I), Fisher information I = 2", mse=(5e-6, 5e-8)),
)  # fmt: skip

OBSERVABLES = (
    Observable("mse", "E", "squared error per coordinate"),
    Observable("gen_error", r"E+\mathrm{Var}(\epsilon)", "squared error on a fresh noisy label"),
    Observable("gap_v", "V", "response of a fitted residual: the width of the prox"),
    Observable("qhat", r"\hat q", "squared pull of the samples on a coordinate"),
    Observable("vhat", r"\hat V", "stiffness with which the samples hold a coordinate", "infinite where the signal is recovered exactly"),
    Observable("mse_bound", r"E_{bound}", "lower bound on the error over all unpenalised convex losses", "nan for alpha <= 1"),
    Observable("mse_bayes", r"E_{Bayes}", "squared error of the posterior mean, reached by AMP from scratch"),
    Observable("iterations", "t", "evaluations of the equations"),
    Observable(
        "residual_density",
        r"p(r_0)",
        "density of the effective residual at `residual`",
        "nan without `residual`; infinite at 0 where mse = 0 and noise may be exactly zero",
    ),
)

MODEL = Model(
    id="m-estimator",
    title="Robust regression",
    chapter="teacher_student",
    question="Which convex loss survives heavy-tailed noise when there are only a few samples per parameter?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "samples per coordinate, N/D; above 1 without penalty", 2.0, 1e-3, 1e5, scale="log"),
        Parameter("loss", r"\ell", "loss of a residual", "huber", choices=LOSSES),
        Parameter("huber", "a", "residual at which the Huber loss turns linear", 1.0, 1e-6, 1e6, scale="log"),
        Parameter("penalty", "r", "penalty on a coordinate", "none", choices=PENALTIES),
        Parameter("lam", r"\lambda", "strength of the penalty", 1.0, 0.0, 1e6, scale="log"),
        Parameter("noise_law", r"p(\epsilon)", "law of the noise", "laplace", choices=NOISES),
        Parameter("delta", r"\Delta", "variance of the noise, of its clean part if contaminated", 1.0, 0.0, 1e6, scale="log"),
        Parameter("outlier", r"\varepsilon", "fraction of outliers (contaminated)", 0.1, 0.0, 1.0, 0.01),
        Parameter("delta_out", r"\Delta_{out}", "variance of the outliers (contaminated)", 10.0, 0.0, 1e6, scale="log"),
        Parameter("signal", "P_w", "law of a coordinate of the signal", "gaussian", choices=SIGNALS),
        Parameter("sparsity", r"\rho", "fraction of non-zero coordinates (gauss-bernoulli)", 1.0, 1e-4, 1.0, 0.01),
        Parameter("residual", "r_0", "residual at which its density is evaluated; nowhere if absent", None, -1e6, 1e6, 0.1),
    ),
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "number of coordinates", 300, 10, 2000, 1, "log", integer=True),
    trials=Parameter("trials", "n", "number of signals, samples and fits", 10, 1, 1000, 1, "log", integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("M. Advani, S. Ganguli", 2016, "Statistical mechanics of optimal convex inference in high dimensions", "PRX 6, 031034", "https://arxiv.org/abs/1601.04650"),
        Reference("N. El Karoui, D. Bean, P. J. Bickel, C. Lim, B. Yu", 2013, "On robust regression with high-dimensional predictors", "PNAS 110, 14557", "https://doi.org/10.1073/pnas.1307842110"),
        Reference("D. Bean, P. J. Bickel, N. El Karoui, B. Yu", 2013, "Optimal M-estimation in high-dimensional regression", "PNAS 110, 14563", "https://doi.org/10.1073/pnas.1307845110"),
        Reference("D. Donoho, A. Montanari", 2016, "High dimensional robust M-estimation: asymptotic variance via approximate message passing", "Probability Theory and Related Fields 166, 935", "https://arxiv.org/abs/1310.7320"),
        Reference("E. J. Candès, T. Tao", 2005, "Decoding by linear programming", "IEEE Trans. Inf. Theory 51, 4203", "https://arxiv.org/abs/math/0502327"),
    ),
    solve_along=solve_along,
    solve_axes=AXES,
)  # fmt: skip

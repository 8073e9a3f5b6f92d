r"""**Setting.** $N=\alpha D$ inputs $x_\mu=c_\mu v^*/\sqrt D+\sqrt\Delta\,z_\mu$ around clusters along $v^*\in\mathbb R^D$, $\|v^*\|^2=D$, $z$ standard
Gaussian. Two clusters: $y=c=\pm1$. Three: $c=0$ has label $-1$ (half the samples), $c=\pm1$ label $+1$. The classifier answers the sign of
$\varphi(h)$, $h=w\cdot x/\sqrt D$, with $\varphi=h$ or, for three clusters, the door $\varphi=h^2-L^2$. Training on this *fixed* set minimises
$\sum_\mu\ell(y_\mu\varphi(h_\mu))+\frac\lambda2\|w\|^2$ by

$$w^{t+1}=w^t-\eta\Big[\lambda w^t+\sum_\mu s_\mu^t\,\partial_h\ell(y_\mu\varphi(h^t_\mu))\,\frac{x_\mu}{\sqrt D}\Big].$$

The batch indicator $s=0,1$ has mean $b$ and is drawn anew at each step, or it *persists*: it switches on with probability $\eta/\tau$, off
with $\frac{1-b}b\frac\eta\tau$; $\tau=\eta/b$ is again a fresh draw. Nothing is rescaled by $1/b$. Start: $m_0=w\cdot v^*/D$, and variance $R$ across
$v^*$.

**Dynamical mean-field theory** (Mignacco et al. 2020), exact for $D\to\infty$ at *finite* learning rate, step by step. Each sample sees a
random field with the memory of its own past gradients, $g^t=s^t\partial_h\ell$:

$$h^t=cm^t+\sqrt\Delta\Big[\zeta^t+\sum_{s<t}R_w(t,s)g^s\Big],\qquad\zeta\sim\mathcal{GP}(0,C).$$

From its averages $a^t=E[cg^t]$, $C_g(t,s)=E[g^tg^s]$, $R_g(t,s)=E[\partial g^t/\partial\zeta^s]$ follow, with $k=1-\eta\lambda$,

$$m^{t+1}=km^t-\eta\alpha\Big[a^t+\sqrt\Delta\sum_{s\le t}R_g(t,s)m^s\Big],$$
$$R_w(t{+}1,s)=kR_w(t,s)-\eta\sqrt\Delta\Big[\delta_{ts}+\alpha\sum_{s<i\le t}R_g(t,i)R_w(i,s)\Big],$$
$$C(t{+}1,s)=kC(t,s)-\eta\alpha\Big[a^tm^s+\sqrt\Delta\sum_{i<s}R_w(s,i)C_g(t,i)+\sqrt\Delta\sum_{i\le t}R_g(t,i)C(i,s)\Big].$$

Everything at step $t$ needs earlier steps only: one march forward, no self-consistency loop. With $q=C(t,t)$ and
$\sigma=\sqrt{2\Delta q}$ the test error is $\frac12\mathrm{erfc}\frac m\sigma$ (two clusters) or
$\frac12\mathrm{erfc}\frac L\sigma+\frac14\big[\mathrm{erfc}\frac{m-L}\sigma-\mathrm{erfc}\frac{m+L}\sigma\big]$ (three); training error and loss are averages over
the fields $h^t$ of all samples.

**Square loss.** For two clusters and fresh batches $s^t$ is independent of the past, the moments of $h^t-1$ close (Stein's lemma for
$E[g^s\zeta^t]$) and nothing is sampled. Persistent batches do not close.

**End point.** For the full batch and a convex loss descent ends at the static minimum: $\omega=m+\sqrt{\Delta q}\,x$, $h+V\ell'(h)=\omega$,

$$V=\frac\Delta{\lambda+\alpha\Delta E\frac{\ell''}{1+V\ell''}},\qquad m=-\frac{\alpha V}\Delta E\,\ell',\qquad q=m^2+\frac{\alpha V^2}\Delta E\,\ell'^2 .$$

It gets there if $\eta(\lambda+\ell''_{max}e_{max})<2$, with $\ell''_{max}=\frac14$ (logistic) or 1, $e_{max}=(1+\Delta)(\alpha+\Delta)$ for
$\alpha>\Delta^2$ (the cluster direction), else $\Delta(1+\sqrt\alpha)^2$ (the bulk). The Bayes-optimal error is
$\frac12\mathrm{erfc}\sqrt{\alpha/2\Delta(\alpha+\Delta)}$; Hebb's rule, which is the first step from $w=0$, reaches it.

**Numerics.** M paths. Their noise is what the weights are made of: with the memory $\kappa$ of the initial weights (it obeys the equation of
$m$ without $a$), $\zeta^t=m^tz_*+\sqrt R\,\kappa^tz_0+\sqrt\alpha\sum_{s<t}R_w(t,s)\chi^s$, $\chi\sim\mathcal{GP}(0,C_g)$. Gaussians from scrambled Sobol
points, mirrored and whitened; averages over $s^t$ use its probability given the past, only the correlations of $\chi$ are those of the
sampled gradients, which are positive definite; exactly the expected number of paths changes its $s$. Pivots below $10^{-8}$ of the diagonal
are zero: full-batch paths are smooth. With $F_t=s^t\sqrt\Delta\,\partial^2_h\ell$ the responses of a path obey
$D(t,s)=F_s\sum_{s<i\le t}D(t,i)R_w(i,s)$, $D(t,t)=F_t$: no earlier rows are kept, and the work is $MT^3/6$. Where it pays $R_g(t,t)$ is
corrected by $E[g^t\zeta^t]=\sum_sR_g(t,s)C(s,t)$. What remains is statistical: compare two seeds. It grows with $\alpha$, beyond the stable
learning rate, and for losses with a kink.

**Experiment.** Training runs in dimension $D$, the initial overlap exactly $m_0$; the points of a run are correlated in time.
"""

import math
import warnings
from functools import lru_cache

import numpy as np
from scipy.special import erfc, expit

from engine.dynamics.dmft_closed import closed_path
from engine.dynamics.dmft_paths import sampled_path
from engine.dynamics.dmft_static import end_point
from engine.dynamics.dmft_weights import DIVERGED, LOGISTIC, SQHINGE, SQUARE, Path, Problem
from engine.model import Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem

LOSSES = {"logistic": LOGISTIC, "square": SQUARE, "sqhinge": SQHINGE}
LONGEST = 400  # steps
LARGEST = 2**30  # samples · steps²: seconds of work that nobody can interrupt
LEAST_RIDGE = 1e-8  # of the static end point
ENTRIES = 10**8  # of the data matrix of an experiment
MEASURED = ("m", "q", "cosine", "gen_error", "train_error", "train_loss")


def pose(alpha, delta, lam, eta, batch, tau, loss, clusters, L, **_) -> Problem:
    """The equations' parameters; tau = 0 wherever batches are drawn anew. Raises ParameterError where tau is too short."""
    if batch < 1.0 and tau > 0.0:
        least = eta * max(1.0, (1.0 - batch) / batch)
        if tau < least * (1.0 - 1e-12):
            raise ParameterError(
                "tau", tau, f"tau must be 0 or at least eta·max(1, (1-batch)/batch) = {least:.12g}: a probability would exceed 1"
            )
    anew = batch == 1.0 or abs(tau - eta / batch) <= 1e-12 * tau
    return Problem(alpha, delta, lam, eta, batch, 0.0 if anew else float(tau), LOSSES[loss], clusters, L)


def closes(problem: Problem) -> bool:
    """Whether the moments close without sampling."""
    return problem.loss == SQUARE and problem.clusters == 2 and problem.tau == 0.0


def longest(p: dict) -> int:
    """Number of steps that can be computed at the parameters `p`."""
    free = closes(pose(**p)) and p["batch"] == 1.0
    return LONGEST if free else min(LONGEST, math.isqrt(LARGEST // p["samples"]))


def start(clusters: int, m0: float | None, **_) -> float:
    """Initial overlap."""
    return (0.0 if clusters == 2 else 0.1) if m0 is None else m0


@lru_cache(maxsize=32)
def longest_known(*_) -> list[tuple[int, Path]]:
    """Number of steps and path: a shorter path is a prefix of it."""
    return []


def path(problem: Problem, steps: int, m0: float, R: float, samples: int, seed: int) -> Path:
    """The solution at the steps 0..`steps` (or longer, or shorter where it diverges); samples = 0 for the closed form."""
    known = longest_known(problem, m0, R, samples, seed)
    held = list(known)  # another thread may replace it
    if not held or held[0][0] < steps:
        found = sampled_path(problem, steps, m0, R, samples, seed) if samples else closed_path(problem, steps, m0, R)
        held = known[:] = [(steps, found)]
    return held[0][1]


def solution(p: dict, steps: int) -> Path:
    """The path of parameters `p`. Raises ParameterError where they conflict or there would be too much to compute."""
    problem, m0, samples = pose(**p), start(**p), p["samples"]
    closed = closes(problem)
    if samples & (samples - 1):
        raise ParameterError("samples", samples, "samples must be a power of 2")
    if steps > longest(p):
        most = 2 ** int(math.log2(LARGEST / steps**2))
        raise ParameterError(
            "samples", samples, f"samples·steps² = {samples * steps**2:.3g} must be at most 2^30: at steps={steps} at most {most} samples"
        )
    if p["clusters"] == 3 and m0 == 0.0:
        warnings.warn("clusters=3 with m0=0: the overlap stays 0 for ever", stacklevel=3)
    exact = path(problem, steps, m0, p["R"], 0, 0) if closed else None
    if exact and problem.batch == 1.0:
        return exact
    sampled = path(problem, steps, m0, p["R"], samples, p["seed"])
    return exact._replace(train_error=sampled.train_error) if exact else sampled


def gen_error(m: np.ndarray, q: np.ndarray, delta: float, clusters: int, L: float) -> np.ndarray:
    """Probability of a wrong label on a fresh input."""
    spread = np.sqrt(2.0 * delta * q)
    with np.errstate(divide="ignore", invalid="ignore"):
        if clusters == 2:
            return np.where(q == 0.0, 0.5, 0.5 * erfc(m / spread))
        inside = 0.25 * (erfc((m - L) / spread) - erfc((m + L) / spread))
        return 0.5 * erfc(L / spread) + inside


def bayes_error(alpha: float, delta: float) -> float:
    """Two clusters whose direction is unknown: the posterior mean classifies by Hebb's rule."""
    return 0.5 * math.erfc(math.sqrt(alpha / (2.0 * delta * (alpha + delta))))


@lru_cache(maxsize=256)
def static(loss: str, alpha: float, delta: float, lam: float) -> tuple[float, float]:
    """m and q of the minimum; nan without enough ridge."""
    if not (lam >= LEAST_RIDGE or (loss == "square" and (lam > 0.0 or alpha > 1.0))):
        return math.nan, math.nan
    return end_point(loss, LOSSES[loss], alpha, delta, lam)


def largest_rate(problem: Problem) -> float:
    """Learning rate beyond which the full batch oscillates around the minimum: 2 / (λ + largest curvature), two clusters."""
    alpha, delta = problem.alpha, problem.delta
    outlier = (1.0 + delta) * (alpha + delta) if alpha > delta**2 else delta * (1.0 + math.sqrt(alpha)) ** 2
    return 2.0 / (problem.lam + (0.25 if problem.loss == LOGISTIC else 1.0) * outlier)


def trajectory(p: dict, steps: int) -> dict[str, np.ndarray]:
    """Every observable at the steps 0, 1, ... up to at least `steps`, fewer where it diverges. Raises as `solve`."""
    found = solution(p, steps)
    m, q = found.m, np.diagonal(found.C)
    n = min(len(m), len(found.train_error))
    m, q = m[:n], q[:n]
    with np.errstate(invalid="ignore"):
        cosine = m / np.sqrt(q)
    two = p["clusters"] == 2
    m_end, q_end = static(p["loss"], p["alpha"], p["delta"], p["lam"]) if two and p["batch"] == 1.0 else (math.nan, math.nan)
    constants = {
        "gen_error_bayes": bayes_error(p["alpha"], p["delta"]) if two else math.nan,
        "m_static": m_end,
        "q_static": q_end,
        "gen_error_static": float(gen_error(m_end, q_end, p["delta"], 2, 0.0)) if q_end > 0.0 else math.nan,
    }
    return {
        "m": m,
        "q": q,
        "cosine": cosine,
        "gen_error": gen_error(m, q, p["delta"], p["clusters"], p["L"]),
        "train_error": found.train_error[:n],
        "train_loss": found.train_loss[:n],
    } | {name: np.full(n, value) for name, value in constants.items()}


def solve(steps: int, **p) -> dict:
    """Every observable at `steps`. Raises ParameterError where parameters conflict or the learning rate is so large that q diverges,
    ConvergenceError where the static minimum is not found."""
    curves = trajectory(p, steps)
    if len(curves["m"]) <= steps:
        limit = f"; the full batch is stable below about eta={largest_rate(pose(**p)):.3g}" if p["clusters"] == 2 else ""
        raise ParameterError("eta", p["eta"], f"learning rate eta too large: descent diverges at step {len(curves['m'])}{limit}")
    return {name: float(curve[steps]) for name, curve in curves.items()}


def solve_along(axis: str, values: np.ndarray, **p) -> dict[str, np.ndarray]:
    """`solve` at all `values` of steps by one march; nan where it has diverged or is too long. Raises as `solve` otherwise."""
    steps = np.asarray(values, int)
    curves = trajectory(p, min(int(steps.max()), longest(p)))
    inside = steps < min(len(curves["m"]), longest(p) + 1)
    return {name: np.where(inside, curve[np.minimum(steps, len(curve) - 1)], math.nan) for name, curve in curves.items()}


def two_times(steps: int, **p) -> dict[str, np.ndarray]:
    """What training remembers, (t+1, t+1) each up to `steps` (fewer where it diverges): C[t, s] = w^t·w^s/D, and R_w[t, s], what a sample's own
    gradient at step s has left in its field at step t. Takes every parameter, validated; raises ParameterError as `solve`."""
    found = solution(p, steps)
    return {"C": found.C[: steps + 1, : steps + 1].copy(), "R_w": found.R_w[: steps + 1, : steps + 1].copy()}


def scatter(steps: int, seed: int, **p) -> dict[str, np.ndarray]:
    """Statistical error at the steps 0..`steps`: the difference between `seed` and the next one, {observable: (steps+1,)}; nan where one of
    them has diverged. Takes every parameter, validated; raises as `solve`."""
    one, other = (solve_along("steps", np.arange(steps + 1), seed=s, **p) for s in (seed, (seed + 1) % 2**32))
    return {name: np.abs(one[name] - other[name]) for name in MEASURED}


# Experiment


def loss_and_slope(p: dict, c: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Loss, its derivative with respect to the field, and the margin of every sample, (N,) each."""
    y, phi, slope = (1.0, h, 1.0) if p["clusters"] == 2 else (np.where(c == 0.0, -1.0, 1.0), h * h - p["L"] ** 2, 2.0 * h)
    v = y * phi
    if p["loss"] == "logistic":
        loss, first = np.logaddexp(0.0, -v), -expit(-v)
    else:
        gap = 1.0 - v if p["loss"] == "square" else np.maximum(1.0 - v, 0.0)
        loss, first = 0.5 * gap * gap, -gap
    return loss, y * slope * first, v


def next_batch(problem: Problem, active: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The mini-batch of the next step, (N,) of bool."""
    coins = rng.random(active.size)
    if problem.tau == 0.0:
        return coins < problem.batch
    flip = problem.eta / problem.tau
    return np.where(active, coins >= (1.0 - problem.batch) / problem.batch * flip, coins < flip)


def descend(p: dict, steps: int, D: int, rng: np.random.Generator, report: Progress) -> dict[str, np.ndarray]:
    """One run in dimension D: every measured observable at the steps 0..`steps`, nan after divergence."""
    problem, m0, N = pose(**p), start(**p), max(1, round(p["alpha"] * D))
    c = np.ones(N) if p["clusters"] == 2 else rng.integers(0, 2, N) * rng.choice([-1.0, 1.0], N)  # 2 clusters: x → yx
    X = rng.standard_normal((N, D), np.float32)
    X *= np.float32(math.sqrt(p["delta"] / D))
    X += (c / D).astype(np.float32)[:, None]  # rows are x/√D
    w = rng.standard_normal(D)
    w -= w.mean()
    w *= math.sqrt(p["R"]) / math.sqrt(np.mean(w * w))
    w += m0
    active = rng.random(N) < problem.batch
    columns = np.full((len(MEASURED), steps + 1), math.nan)
    for t in range(steps + 1):
        report(t / (steps + 1))
        m, q = w.mean(), np.mean(w * w)
        if not q < DIVERGED:
            break
        h = (X @ w.astype(np.float32)).astype(float)
        loss, slope, margin = loss_and_slope(p, c, h)
        wrong = np.mean(margin < 0.0) + 0.5 * np.mean(margin == 0.0)
        columns[:, t] = (
            m,
            q,
            m / math.sqrt(q) if q > 0.0 else math.nan,
            gen_error(m, q, p["delta"], p["clusters"], p["L"]),
            wrong,
            loss.mean(),
        )
        if t:
            active = next_batch(problem, active, rng)
        w -= p["eta"] * (p["lam"] * w + (slope * active).astype(np.float32) @ X)
    return dict(zip(MEASURED, columns, strict=True))


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress: Progress, **p) -> dict[str, Estimate]:
    """Training runs in dimension `size` with data and initial weights of their own, the initial overlap exactly m0.

    nan where descent diverges. Raises ParameterError where parameters conflict or the data would not fit.
    """
    steps = np.asarray(values, int)
    if p["alpha"] * size * size > ENTRIES:
        raise ParameterError(
            "size",
            size,
            f"size must be at most {math.isqrt(int(ENTRIES / p['alpha']))} at alpha={p['alpha']:g}: the data matrix would not fit",
        )
    runs = []
    for k, rng in enumerate(map(np.random.default_rng, np.random.SeedSequence(seed).spawn(trials))):
        run = descend(p, int(steps.max()), size, rng, lambda fraction, k=k: progress((k + fraction) / trials))
        runs.append({name: column[steps] for name, column in run.items()})
    progress(1.0)
    return {name: mean_sem([run[name] for run in runs]) for name in MEASURED}


def simulate(size: int, trials: int, seed: int, progress: Progress, steps: int, **p) -> dict[str, Estimate]:
    """`simulate_along` at the single step `steps`."""
    estimates = simulate_along("steps", np.array([steps]), size, trials, seed, progress, **p)
    return {name: Estimate(float(e.mean[0]), float(e.sem[0])) for name, e in estimates.items()}


PARAMETERS = (
    Parameter("alpha", r"\alpha", "samples per dimension, N/D", 2.0, 0.01, 100.0, 0.05, "log"),
    Parameter("delta", r"\Delta", "variance of each cluster", 0.5, 0.01, 100.0, 0.05, "log"),
    Parameter("lam", r"\lambda", "ridge; the energy sums over samples and adds λ‖w‖²/2", 0.1, 0.0, 100.0, 0.01, "log"),
    Parameter("eta", r"\eta", "learning rate, which is also the time step", 0.2, 1e-6, 100.0, 0.01, "log"),
    Parameter("steps", "T", "number of updates after which the observables are taken", 50, 0, LONGEST, integer=True),
    Parameter("batch", "b", "probability that a sample is in the mini-batch; 1 is the full batch", 1.0, 0.01, 1.0, 0.05),
    Parameter("tau", r"\tau", "persistence time of the mini-batch; 0 draws it anew at each step; else at least η·max(1, (1-b)/b)", 0.0, 0.0, 1e6),
    Parameter("R", "R", "variance of the initial weights across the cluster direction", 1.0, 0.0, 100.0),
    Parameter("m0", "m_0", "initial overlap with the cluster direction; 0 (2 clusters) or 0.1 (3 clusters) where absent", None, -10.0, 10.0),
    Parameter("loss", r"\ell", "loss of the margin v: logistic ln(1+e^-v), square (1-v)²/2, or sqhinge max(0,1-v)²/2", "logistic", choices=tuple(LOSSES)),
    Parameter("clusters", "", "2: one at v*, one at -v*; 3: one at 0 against these two", 2, 2, 3, integer=True),
    Parameter("L", "L", "width of the door, three clusters only", 0.7, 0.01, 10.0),
    Parameter("samples", "M", "paths of the population, a power of 2", 2048, 256, 65536, scale="log", integer=True),
    Parameter("seed", "", "of the paths' random numbers", 0, 0, 2**32 - 1, integer=True),
)  # fmt: skip

TWO = "three clusters"
FULL = "three clusters, batch < 1, or λ < 1e-8 (square loss: λ = 0 and α <= 1)"
OBSERVABLES = (
    Observable("m", "m", "overlap with the cluster direction, w·v*/D"),
    Observable("q", "q", "squared norm of the weights, |w|²/D"),
    Observable("cosine", r"m/\sqrt q", "cosine of the angle to the cluster direction", "q = 0"),
    Observable("gen_error", r"\epsilon_g", "probability of a wrong label on a fresh input"),
    Observable("train_error", r"\epsilon_t", "fraction of the training set with a wrong label"),
    Observable("train_loss", r"\ell_t", "mean loss per training sample, without the ridge"),
    Observable("gen_error_bayes", r"\epsilon_{Bayes}", "smallest error any algorithm can reach from these data", TWO),
    Observable("m_static", r"m_\infty", "overlap at the minimum of the energy", FULL),
    Observable("q_static", r"q_\infty", "squared norm at the minimum of the energy", FULL),
    Observable("gen_error_static", r"\epsilon_\infty", "test error at the minimum of the energy", FULL),
)  # fmt: skip

MIGNACCO = "Mignacco et al. 2020: equations, "
CLOSED = MIGNACCO + "closed form of the square loss"
SAMPLED = MIGNACCO + "populations of 65536 paths, several seeds"
STATIC = "Mignacco et al. 2020: static minimum"
SGD = {"batch": 0.3, "samples": 16384}


def landmarks(parameters: dict, source: str, rtol: float, **values: float) -> tuple[Landmark, ...]:
    """One landmark per value."""
    return tuple(Landmark(parameters, name, value, source, rtol) for name, value in values.items())


LANDMARKS = (
    *landmarks({"loss": "square", "steps": 40}, CLOSED, 4e-8, m=0.62827266, q=0.75121826, gen_error=0.15265029, train_loss=0.08766019),
    *landmarks({"loss": "square", "steps": 40, "batch": 0.3}, CLOSED, 3e-8, m=0.56422451, q=0.51152513, gen_error=0.13228297, train_loss=0.10808231),
    *landmarks({"samples": 8192}, SAMPLED, 3e-4, m=1.6038, q=3.530, gen_error=0.11368, train_loss=0.18665),
    *landmarks(SGD, SAMPLED, 6e-4, m=0.9310, q=1.1732, gen_error=0.11208, train_loss=0.31313),
    *landmarks(SGD | {"tau": 1.0}, SAMPLED, 2.5e-3, m=0.9285, q=1.177, gen_error=0.1131, train_loss=0.3145),
    *landmarks(
        {"clusters": 3, "alpha": 3.0, "delta": 0.05, "R": 0.01, "m0": 0.2, "steps": 40, "samples": 16384}, SAMPLED, 2e-3,
        m=1.8104, q=3.543, train_loss=0.30912, gen_error=0.0502,
    ),
    *landmarks({"steps": 150}, SAMPLED, 4e-4, m=1.66597, q=3.8997, gen_error=0.116419, train_loss=0.175463),
    *landmarks({"loss": "sqhinge", "samples": 32768}, SAMPLED, 3e-3, m=0.9490, q=1.5284, gen_error=0.13883, train_loss=0.03213),
    *landmarks(SGD | {"loss": "square", "tau": 1.0, "steps": 40}, SAMPLED, 3e-3, m=0.56169, q=0.5148, gen_error=0.13412, train_loss=0.11160),
    *landmarks({"steps": 0}, STATIC, 1e-6, m_static=1.666886, q_static=3.910060, gen_error_static=0.1166022),
    *landmarks({"steps": 0, "loss": "square"}, STATIC, 1e-6, m_static=0.630087, q_static=0.778657, gen_error_static=0.1562917),
    *landmarks({"steps": 0, "loss": "sqhinge"}, STATIC, 1e-6, m_static=0.9594793, q_static=1.6149601, gen_error_static=0.1428166),
    Landmark({"loss": "square", "steps": 400, "delta": 0.5, "lam": 1.0}, "m", 0.46720496707, STATIC + ", reached by descent", 1e-10),
    Landmark({"R": 0.0, "steps": 1}, "gen_error", 0.10295161, "the first step from w = 0 is Hebb's rule, the optimum (Mignacco et al. 2020b)", 1e-7),
    Landmark({}, "gen_error_bayes", 0.10295161, "Mignacco et al. 2020b, Bayes-optimal error", 1e-7),
    Landmark({"steps": 0, "R": 0.0}, "gen_error", 0.5, "weights that are zero guess", 1e-15),
    Landmark({"steps": 0, "R": 0.0}, "cosine", None, "zero weights have no direction"),
    Landmark({"clusters": 3}, "gen_error_bayes", None, "not defined here"),
)  # fmt: skip

MODEL = Model(
    id="dmft-sgd",
    title="Stochastic gradient descent, solved exactly",
    chapter="dynamics",
    question="Does training longer make a classifier better, and what does the noise of mini-batches do?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension", 1000, 20, 10_000, scale="log", integer=True),
    trials=Parameter("trials", "n", "independent runs", 8, 1, 200, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("F. Mignacco, F. Krzakala, P. Urbani, L. Zdeborová", 2020, "Dynamical mean-field theory for stochastic gradient descent in Gaussian mixture classification", "NeurIPS 2020, arXiv:2006.06098", "https://arxiv.org/abs/2006.06098"),
        Reference("F. Mignacco, F. Krzakala, Y. M. Lu, P. Urbani, L. Zdeborová", 2020, "The role of regularization in classification of high-dimensional noisy Gaussian mixture", "ICML 2020, arXiv:2002.11544", "https://arxiv.org/abs/2002.11544"),
    ),
    solve_along=solve_along,
    solve_axes=("steps",),
    simulate_along=simulate_along,
    simulate_axes=("steps",),
)  # fmt: skip

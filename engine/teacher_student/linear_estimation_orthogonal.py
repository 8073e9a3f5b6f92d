r"""**Setting.** $N=\alpha D$ noisy linear measurements $y=Aw+\sqrt\Delta\,\xi$ of weights from a known prior, $\rho=\mathbb Ew^2$. The matrix is either Gaussian
with entries of variance $1/D$, or row-orthogonal and otherwise random: $AA^T=I_N$ for $\alpha\le1$, $A^TA=\alpha I_D$ for $\alpha\ge1$ (the same
signal per measurement).

**Equations.** Seen by one weight, the measurements are a scalar channel of signal-to-noise ratio $\hat q$; $v=\mathrm{mmse}_0(\hat q)$ is its error
and $J(\hat q)$ its information. With $\lambda$ distributed as the eigenvalues of $A^TA/\Delta$ (Takeda, Uda & Kabashima 2006; Barbier, Macris, Maillard &
Krzakala 2018)

$$\frac1DI(w;y)=\mathop{\rm extr}\ J(\hat q)+\tfrac12\Big[\mathbb E\ln(\lambda+s)+\ln v-sv+1\Big]-\tfrac12v\hat q,\qquad
v=\mathbb E\frac1{\lambda+s},\quad \hat q=\frac1v-s ,$$

and the smallest $I$ over all solutions is the true one. Read backwards, the load is an explicit function of $\hat q$,

$$\alpha(\hat q)=\hat q\,[v+\Delta(1-v\hat q)]\ \text{ up to }\ \hat q\Delta=1,\quad \hat q\Delta\ \text{ beyond}\qquad
(\text{Gaussian: }\hat q\,[v+\Delta]),$$

so that orthogonal rows need fewer measurements, by $\hat q\Delta\,v\hat q$ per weight. Without noise the two agree: the thresholds `alpha_alg` (maximum
of the curve), `alpha_inf` (minimum behind it) and `alpha_it` (equal information) are universal.

**Vector AMP** (Rangan, Schniter & Fletcher 2019) alternates the linear and the scalar problem; in state evolution

$$v_2=\mathbb E\frac1{\lambda+s},\quad \hat q=\frac1{v_2}-s=\frac{\alpha s}{1-\alpha+s\Delta}\ (\alpha\le1),\ \frac\alpha\Delta\ (\alpha\ge1),\quad
v=\mathrm{mmse}_0(\hat q),\quad s\leftarrow\frac1v-\hat q,$$

from $s=1/\rho$: the same fixed points as AMP for the same spectrum, on another way. For the Gaussian matrix, AMP iterates $\hat q=\alpha/(v+\Delta)$.

**Numerics.** One curve of 400 values of $\hat q$ per prior, noise and matrix; a load costs two bracketed roots. $v(\lambda+s)=v\lambda+1-v\hat q$
keeps $I$ finite as $v\to0$.

**Experiment.** Vector AMP on Haar-distributed rows, AMP on Gaussian matrices, until they stop or for `iterations` steps.
"""

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.model import Estimate, Landmark, Model, Observable, Parameter, Reference
from engine.teacher_student.channels import LINEAR, ORTHOGONAL, entropy
from engine.teacher_student.equilibrium import Curve, Setting, curve, free_entropy, state
from engine.teacher_student.gamp import at_the_end, experiment, gamp, passed
from engine.teacher_student.priors import PRIORS, code, denoise, draw, scalar_overlap

PHASES = ("easy", "hard")
MATRICES = {"orthogonal": ORTHOGONAL, "gaussian": LINEAR}


def setting_of(prior: str, sparsity: float, delta: float, matrix: str) -> Setting:
    """What the curve depends on."""
    number, rho = code(prior, sparsity)
    return Setting(number, MATRICES[matrix], rho, delta, 0.0, 0.0)


def information(qhat: float, q: float, v: float, alpha: float, setting: Setting) -> float:
    r"""$\frac1DI(w;y)$ of one state (nats)."""
    noise = 0.0 if setting.channel == ORTHOGONAL else alpha * entropy(setting.rho, 0.0, LINEAR, setting.delta, 0.0, 0.0)
    return noise - free_entropy(qhat, q, v, alpha, setting)


def state_evolution(alpha: float, steps: int, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """q and v after 0, 1, ..., steps iterations of vector AMP (orthogonal) or AMP (Gaussian) without prior knowledge, each (steps + 1,)."""
    path, qhat = [(0.0, setting.rho)], 0.0
    while len(path) <= steps:
        v = path[-1][1]
        if setting.channel == LINEAR:
            qhat = alpha / (v + setting.delta)
        elif alpha >= 1.0 or v < 1e-300:
            qhat = alpha / setting.delta
        else:
            s = 1.0 / v - qhat
            qhat = alpha * s / (1.0 - alpha + s * setting.delta)
        path.append(scalar_overlap(qhat, setting.prior, setting.rho))
    q, v = np.array(path).T
    return q, v


def at_load(alpha: float, found: Curve, setting: Setting) -> tuple[float, ...]:
    """What depends on the load, in the order of `LOADS`."""
    amp = state(found.fixed_point(alpha, False, setting), setting)
    bayes = informed = amp
    least = info_amp = info_informed = information(*amp, alpha, setting)
    hard = False
    if found.coexist(alpha):
        informed = state(found.fixed_point(alpha, True, setting), setting)
        info_informed = information(*informed, alpha, setting)
        if alpha > found.alpha_it:
            bayes, least, hard = informed, info_informed, True
    states = [number for qhat, q, v in (bayes, amp, informed) for number in (q, v, qhat)]
    return (*states, least, info_amp, info_informed, hard)


LOADS = (
    *(f"{name}{suffix}" for suffix in ("", "_amp", "_informed") for name in ("q", "mmse", "qhat")),
    *(f"mutual_information{suffix}" for suffix in ("", "_amp", "_informed")),
    "phase",
)


def solve_along(axis: str, values: np.ndarray, alpha: float | None = None, iterations: int | None = None, **p) -> dict[str, np.ndarray]:
    """A line along alpha or iterations: thresholds once, and along the second the states too."""
    setting = setting_of(**p)
    found = curve(setting)
    alphas = values.tolist() if axis == "alpha" else [alpha]
    columns = dict(zip(LOADS, np.array([at_load(load, found, setting) for load in alphas]).T, strict=True))
    columns["phase"] = np.array(PHASES)[columns["phase"].astype(int)]
    columns |= {"alpha_it": found.alpha_it, "alpha_alg": found.alpha_alg, "alpha_inf": found.alpha_inf}
    columns |= {"q_t": columns["q_amp"], "mmse_t": columns["mmse_amp"]}
    if axis == "iterations" or iterations is not None:
        steps = values.astype(int) if axis == "iterations" else np.array([iterations])
        paths = [state_evolution(load, steps.max(), setting) for load in alphas]
        columns |= {name: np.concatenate([path[i][steps] for path in paths]) for i, name in enumerate(("q_t", "mmse_t"))}
    return {name: np.array(np.broadcast_to(column, values.shape)) for name, column in columns.items()}


def solve(alpha: float, **p) -> dict:
    """The true state and that of (vector) AMP, their information, the thresholds, and where asked for the trajectory."""
    return {name: column[0].item() for name, column in solve_along("alpha", np.array([alpha]), **p).items()}


def orthogonal_matrix(N: int, D: int, random: np.random.Generator) -> np.ndarray:
    r"""(N, D) with $AA^T=I$ or, for N > D, $A^TA=\frac NDI$, uniformly distributed: QR of a Gaussian matrix with signs that make it unique."""
    Q, R = np.linalg.qr(random.standard_normal((max(N, D), min(N, D))))
    Q *= np.sign(np.diagonal(R))
    return Q.T if N < D else Q * math.sqrt(N / D)


def vector_amp(A: np.ndarray, y: np.ndarray, setting: Setting) -> Iterator[tuple[np.ndarray, float]]:
    r"""(estimate (D,), average variance) after 0, 1, 2, ... iterations of vector AMP for a row-orthogonal A (N, D).

    $\hat x=r_2+A^T(y-Ar_2)/(1+s\Delta)$, or $v_2(A^Ty/\Delta+sr_2)$ for $\alpha\ge1$; its variance $v_2$; the field $\hat qr_1=\hat x/v_2-sr_2$ goes to
    the scalar denoiser, and what it says beyond that field comes back as $r_2,s$.
    """
    N, D = A.shape
    alpha, delta = N / D, setting.delta
    r2, s = np.zeros(D), 1.0 / setting.rho
    yield r2, setting.rho
    while True:
        if N < D:
            x, v2 = r2 + (y - A @ r2) @ A / (1.0 + s * delta), (1.0 - alpha) / s + alpha * delta / (1.0 + s * delta)
            qhat = alpha * s / (1.0 - alpha + s * delta)
        else:
            v2, qhat = 1.0 / (alpha / delta + s), alpha / delta
            x = v2 * (y @ A / delta + s * r2)
        field = x / v2 - s * r2
        w, v = denoise(qhat, field, setting.prior, setting.rho)
        yield w, v
        s = max(1.0 / v - qhat, 1e-10 * qhat)
        r2 = (w / v - field) / s


def trial(setting: Setting, N: int, D: int, steps: list[int] | None, random: np.random.Generator) -> dict[str, np.ndarray]:
    """What one run ends with (`_amp`) and what it has after each number of `steps` (`_t`; None: when it ends)."""
    teacher = draw(setting.prior, setting.rho, D, random)
    orthogonal = setting.channel == ORTHOGONAL
    A = orthogonal_matrix(N, D, random) if orthogonal else random.standard_normal((N, D)) / math.sqrt(D)
    y = A @ teacher + math.sqrt(setting.delta) * random.standard_normal(N)
    run = passed(vector_amp(A, y, setting) if orthogonal else gamp(A, y, np.zeros(D), setting.rho, setting), setting)
    q, mmse = (np.array(values) for values in zip(*((teacher @ w / D, np.mean((w - teacher) ** 2)) for w, _ in run), strict=True))
    at = [-1] if steps is None else [min(t, len(run) - 1) for t in steps]
    return {"q_amp": q[-1], "mmse_amp": mmse[-1], "q_t": q[at], "mmse_t": mmse[at]}


SIZE = Parameter("size", "D", "number of weights", 1000, 10, 4000, 1, "log", integer=True)
TRIALS = Parameter("trials", "n", "number of matrices, weights and runs", 10, 1, 10_000, 1, "log", integer=True)


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress, alpha: float, **p) -> dict[str, Estimate]:
    """Runs observed after every number of iterations in `values` (None: when they stop); what they end with is the same for all.

    Raises ParameterError where the matrix would be empty or too large.
    """
    return experiment(partial(trial, setting_of(**p)), alpha, values, size, trials, seed, progress)


def simulate(size: int, trials: int, seed: int, progress, iterations: int | None, **p) -> dict[str, Estimate]:
    """(Vector) AMP until it stops, and after `iterations` steps. Raises ParameterError as `simulate_along`."""
    steps = None if iterations is None else np.array([iterations])
    return at_the_end(simulate_along("iterations", steps, size, trials, seed, progress, **p))


NO_HARD = "nan without a hard phase"
SADDLE = "saddle point of Takeda, Uda & Kabashima 2006, evaluated independently"
SPARSE = {"prior": "gauss-bernoulli", "sparsity": 0.2, "delta": 0.01, "alpha": 0.4}
DEFAULT = {"prior": "gauss-bernoulli", "sparsity": 0.3, "delta": 0.01, "alpha": 0.6}
DENSE = {"prior": "gaussian", "delta": 0.1, "alpha": 0.5}
PROJECTION = "Gaussian prior: the measured directions keep Δ/(1+Δ) of their variance, the others all of it"

MODEL = Model(
    id="linear-estimation-orthogonal",
    title="Orthogonal measurements",
    chapter="teacher_student",
    question="How many fewer measurements does compressed sensing need when the rows of its matrix are orthogonal?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "measurements per weight, N/D", 0.6, 1e-6, 1e6, 0.01, "log"),
        Parameter("prior", "P_0", "distribution of the weights", "gauss-bernoulli", choices=PRIORS),
        Parameter("sparsity", r"\rho", "fraction of non-zero weights (gauss-bernoulli)", 0.3, 1e-4, 1.0, 0.01),
        Parameter("delta", r"\Delta", "variance of the noise", 0.01, 1e-8, 100.0, 0.001, "log"),
        Parameter("matrix", "A", "row-orthogonal or Gaussian", "orthogonal", choices=tuple(MATRICES)),
        Parameter("iterations", "t", "iterations of (vector) AMP; until it stops if absent", None, 0, 1000, 1, integer=True),
    ),
    observables=(
        Observable("q", "q", "overlap with the true weights, Bayes-optimal"),
        Observable("mmse", r"\rho-q", "mean squared error, Bayes-optimal"),
        Observable("qhat", r"\hat q", "signal-to-noise ratio per weight, Bayes-optimal"),
        Observable("q_amp", "q_{AMP}", "overlap with the true weights where (vector) AMP stops"),
        Observable("mmse_amp", r"\rho-q_{AMP}", "mean squared error where (vector) AMP stops"),
        Observable("qhat_amp", r"\hat q_{AMP}", "signal-to-noise ratio per weight where (vector) AMP stops"),
        Observable("q_informed", "q_{inf}", "overlap reached from the true weights"),
        Observable("mmse_informed", r"\rho-q_{inf}", "mean squared error reached from the true weights"),
        Observable("qhat_informed", r"\hat q_{inf}", "signal-to-noise ratio per weight reached from the true weights"),
        Observable(
            "mutual_information", "I", "information of the measurements on the weights (nats per weight): the smallest of all states"
        ),
        Observable("mutual_information_amp", "I_{AMP}", "the same functional in the state where (vector) AMP stops"),
        Observable("mutual_information_informed", "I_{inf}", "the same functional in the state reached from the true weights"),
        Observable("phase", "", "easy (AMP is Bayes-optimal) or hard"),
        Observable("alpha_it", r"\alpha_{IT}", "information-theoretic transition", NO_HARD),
        Observable("alpha_alg", r"\alpha_{alg}", "end of the hard phase: beyond, (vector) AMP is Bayes-optimal", NO_HARD),
        Observable("alpha_inf", r"\alpha_{inf}", "beginning of the informed state", NO_HARD),
        Observable("q_t", "q_t", "overlap after `iterations` steps of (vector) AMP"),
        Observable("mmse_t", r"\rho-q_t", "mean squared error after `iterations` steps of (vector) AMP"),
    ),
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=(
        Landmark(SPARSE, "mmse", 0.0433081, SADDLE, rtol=1.2e-6),
        Landmark(SPARSE, "qhat", 8.027018, SADDLE, rtol=1e-7),
        Landmark(SPARSE, "mutual_information", 0.5622739, SADDLE, rtol=1e-7),
        Landmark(DEFAULT, "mmse_amp", 0.02026, SADDLE, rtol=3e-4),
        Landmark({**DEFAULT, "matrix": "gaussian"}, "mmse_amp", 0.0393, SADDLE, rtol=2e-3),
        Landmark(DENSE, "mmse", 0.5 + 0.5 * 0.1 / 1.1, PROJECTION, rtol=1e-10),
        Landmark(DENSE, "mutual_information", 0.25 * math.log(11.0), PROJECTION, rtol=1e-10),
        *(
            Landmark({**DEFAULT, "iterations": t}, "mmse_t", value, "state evolution of vector AMP", rtol=0.0, atol=6e-5)
            for t, value in enumerate((0.0931, 0.0585, 0.0428, 0.0342), 1)
        ),
    ),
    references=(
        Reference(
            "K. Takeda, S. Uda, Y. Kabashima",
            2006,
            "Analysis of CDMA systems that are characterized by eigenvalue spectrum",
            "Europhys. Lett. 76, 1193",
            "https://doi.org/10.1209/epl/i2006-10380-5",
        ),
        Reference(
            "J. Barbier, N. Macris, A. Maillard, F. Krzakala",
            2018,
            "The mutual information in random linear estimation beyond i.i.d. matrices",
            "ISIT",
            "https://arxiv.org/abs/1802.08963",
        ),
        Reference(
            "S. Rangan, P. Schniter, A. K. Fletcher",
            2019,
            "Vector approximate message passing",
            "IEEE Trans. Inf. Theory 65, 6664",
            "https://arxiv.org/abs/1610.03082",
        ),
        Reference("G. Reeves", 2017, "Additivity of information in multilayer networks via additive Gaussian noise transforms", "Allerton"),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "iterations"),
    simulate_along=simulate_along,
    simulate_axes=("iterations",),
)

r"""**Setting.** A teacher $w^*\in\mathbb R^D$ with independent weights from $P_0$, $\rho=\mathbb Ew^2$, labels $N=\alpha D$ Gaussian inputs through the
field $z=w^*\!\cdot x/\sqrt D\sim\mathcal N(0,\rho)$: $y=\phi(z)+\sqrt\Delta\xi$ with $\phi(z)=z,|z|,\max(z,0)$, or $y=\mathrm{sign}(z+\sqrt\Delta\xi)$,
$\mathrm{sign}(|z+\sqrt\Delta\xi|-K)$ flipped with probability $p$. The student knows $P_0$ and the channel, and infers.

**Equations** (Barbier, Krzakala, Macris, Miolane & Zdeborová 2019). The overlap $q=\frac1D\langle w\rangle\cdot w^*$, $v=\rho-q$, maximizes

$$\phi(q)=\alpha\Psi(q)-\tfrac12q\hat q+\psi_0(\hat q),\qquad \Psi(q)=\mathbb E_{\omega\sim\mathcal N(0,q)}\int dy\,Z\ln Z,\quad
Z(y,\omega)=\mathbb E_{z\sim\mathcal N(\omega,v)}P_{out}(y|z),$$

with $\psi_0(\hat q)=\mathbb E\ln\int dP_0(w)\,e^{-\hat qw^2/2+Bw}$, $B=\hat qw^*+\sqrt{\hat q}\,\xi$. AMP follows the same equations as an iteration,

$$\hat q_t=\alpha F(q_t),\quad q_{t+1}=\rho-\mathrm{mmse}_0(\hat q_t),\qquad F=\mathbb E\,(\partial_\omega\ln Z)^2=2\Psi'(q),$$

from $q=0$ (even channels: from a small overlap, $q=0$ being a fixed point for them). It stops at the first maximum it meets; where a higher one
exists the problem is possible but **hard**. The mutual information is $\frac1DI=\alpha\,\mathbb E\!\int\!P\ln P-\phi$.

**Thresholds.** With $\hat q$ as parameter, $v=\mathrm{mmse}_0(\hat q)$ and $\alpha(\hat q)=\hat q/F$ are explicit: every fixed point at every load lies on one
curve. It starts at $\alpha_{wr}$, below which even channels leave AMP blind ($\frac12$ for noiseless $|z|$); its maximum is $\alpha_{alg}$, the
minimum behind it $\alpha_{inf}$, and $\alpha_{it}$ between them has equal free entropies. Noiseless real outputs are exact equations: perfect recovery
from $\alpha=\rho$ on (ReLU $2\rho$, half of its labels being mute); a single one identifies binary weights, $\alpha_{it}=0$.

**Errors.** `gen_mse`: the posterior mean $\mathbb E[y|x]$ against a fresh label; `clean`: against $\phi(z)$; `gibbs`: $\phi$ of a posterior draw
against a fresh label; `gen_error`: wrong signs.

**Numerics.** $v$, not $q$, carries the digits. $\Psi$ and $F$ are trapezoid sums in the natural width of their integrand (two-dimensional only for noisy
$|z|$ and ReLU); extrema by golden section, states by bracketing on the curve, so that nothing slows down at a spinodal.

**Experiment.** Generalized AMP (Rangan 2011) on Gaussian inputs with scalar variances,
$\omega=X\hat w/\sqrt D-Vg$, $g=\partial_\omega\ln Z$, $A=-\alpha\,\overline{\partial_\omega g}$, $B=A\hat w+X^Tg/\sqrt D$, until it stops or for `iterations` steps; errors on fresh inputs.
"""

import math
from functools import partial

import numpy as np
from numba import njit

from engine.model import Estimate, Landmark, Model, Observable, Parameter, ParameterError, Reference
from engine.teacher_student.channels import ABS, CHANNELS, DOOR, SIGN, entropy, fisher
from engine.teacher_student.equilibrium import Curve, Setting, branch_entropy, curve, free_entropy, perfect_load, real_output, state
from engine.teacher_student.errors import generalization
from engine.teacher_student.gamp import at_the_end, experiment, trial
from engine.teacher_student.priors import LN_2, PRIORS, RADEMACHER, code, scalar_field, scalar_overlap

NO_RECOVERY, EASY, HARD = range(3)
PHASES = ("no-recovery", "easy", "hard")
DEFAULT_WIDTH = 0.6744897501960817
THICKEST = 8.0  # a door wider than this many standard deviations of its input has all but constant labels


def noise_entropy(setting: Setting) -> float:
    r"""$\mathbb E_z\int dy\,P_{out}\ln P_{out}$, minus the entropy of a label given the teacher (inf without noise on real outputs)."""
    return entropy(setting.rho, 0.0, setting.channel, setting.delta, setting.p, setting.width)


def mutual_information(phi: float, alpha: float, setting: Setting) -> float:
    r"""$\frac1DI(w;y|X)=\alpha\,\mathbb E\!\int\!P\ln P-\phi$; noiseless real outputs give all of $w$: $\ln2$ for binary weights, inf otherwise."""
    if setting.delta == 0.0 and real_output(setting):
        return LN_2 if setting.prior == RADEMACHER else math.inf
    return alpha * noise_entropy(setting) - phi


@njit(cache=True, nogil=True)
def next_overlap(q, v, alpha, setting):
    r"""One step of state evolution: $(q,v)$ at $\hat q=\alpha F$."""
    qhat = alpha * fisher(q, v, setting.channel, setting.delta, setting.p, setting.width)
    if qhat == math.inf:
        return setting.rho, 0.0
    if qhat == 0.0:
        return 0.0, setting.rho
    return scalar_overlap(qhat, setting.prior, setting.rho)


def state_evolution(alpha: float, q0: float, steps: int, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """q and v after 0, 1, ..., steps iterations from q = q0 rho, each (steps + 1,)."""
    path = [(q0 * setting.rho, (1.0 - q0) * setting.rho)]
    while len(path) <= steps:
        path.append(next_overlap(*path[-1], alpha, setting))
        if path[-1] == path[-2]:
            path += [path[-1]] * (steps + 1 - len(path))
    q, v = np.array(path).T
    return q, v


def potential(overlap: float, alpha: float, setting: Setting) -> float:
    r"""$\phi(q)$ at $q$ = overlap $\rho$, with $\hat q$ the field that the prior needs for it."""
    q, v = overlap * setting.rho, (1.0 - overlap) * setting.rho
    if overlap == 0.0:
        return branch_entropy(0.0, 0.0, v, alpha, setting)
    if v > 0.0:
        return free_entropy(scalar_field(q, v, setting.prior, setting.rho), q, v, alpha, setting)
    if setting.prior == RADEMACHER:
        return alpha * noise_entropy(setting) - LN_2
    return math.inf if alpha > perfect_load(setting) else -math.inf  # ln v of the prior against that of noiseless real labels


def describe(qhat: float, q: float, v: float, alpha: float, setting: Setting) -> tuple[float, ...]:
    """The observables of one state in the order of `BRANCH`."""
    phi = branch_entropy(qhat, q, v, alpha, setting)
    return (q, v, qhat, phi, *generalization(q, v, setting.channel, setting.delta, setting.p, setting.width))


def at_load(alpha: float, found: Curve, setting: Setting) -> tuple[float, ...]:
    """What depends on the load, in the order of `LOADS`: the Bayes-optimal, the AMP and the informed state, information, number of the phase."""
    y = found.fixed_point(alpha, False, setting)
    bayes = informed = amp = describe(*state(y, setting), alpha, setting)
    phase = NO_RECOVERY if y == -math.inf else EASY
    if found.coexist(alpha):
        informed = describe(*state(found.fixed_point(alpha, True, setting), setting), alpha, setting)
        if alpha > found.alpha_it:
            bayes, phase = informed, HARD
    found_informed = dict(zip(BRANCH, informed, strict=True))
    return (*bayes, *amp, *(found_informed[name] for name in INFORMED), mutual_information(bayes[3], alpha, setting), phase)


BRANCH = ("q", "mmse", "qhat", "free_entropy", "gen_mse", "gen_mse_clean", "gen_mse_gibbs", "gen_error", "gen_error_gibbs")
INFORMED = ("q", "mmse", "free_entropy", "gen_mse", "gen_error")
LOADS = (
    *BRANCH,
    *(f"{name}_amp" for name in BRANCH),
    *(f"{name}_informed" for name in INFORMED),
    "mutual_information",
    "phase",
)


def setting_of(prior: str, channel: str, delta: float, flip: float, width: float, sparsity: float) -> Setting:
    """What the curve depends on. Raises ParameterError where parameters conflict."""
    number, rho = code(prior, sparsity)
    kind = CHANNELS.index(channel)
    if flip > 0.0 and kind not in (SIGN, DOOR):
        raise ParameterError("flip", flip, f"only the ±1 labels of sign and door can be flipped, not those of {channel}")
    if kind == DOOR and width > THICKEST * math.sqrt(rho + delta):
        raise ParameterError("width", width, f"labels are all but constant beyond {THICKEST:g} standard deviations of the field")
    return Setting(number, kind, rho, delta, flip, width if kind == DOOR else 0.0)


def seed_overlap(setting: Setting, q0: float) -> float:
    """Where state evolution and AMP start: 0, or q0 where 0 is a fixed point."""
    return q0 if setting.channel in (ABS, DOOR) else 0.0


def solve_along(axis: str, values: np.ndarray, **p) -> dict[str, np.ndarray]:
    """A line along alpha, overlap or iterations: thresholds once, and along the last two the states too.

    Raises ParameterError where flip or width do not go with the channel.
    """
    line = {name: values.tolist() if name == axis else [p[name]] for name in ("alpha", "overlap", "iterations")}
    setting = setting_of(**{name: p[name] for name in ("prior", "channel", "delta", "flip", "width", "sparsity")})
    found = curve(setting)
    columns = dict(zip(LOADS, np.array([at_load(alpha, found, setting) for alpha in line["alpha"]]).T, strict=True))
    columns["phase"] = np.array(PHASES)[columns["phase"].astype(int)]
    columns |= {"alpha_wr": found.start, "alpha_it": found.alpha_it, "alpha_alg": found.alpha_alg, "alpha_inf": found.alpha_inf}

    columns |= {"potential": math.nan, "overlap_next": math.nan}
    if line["overlap"] != [None]:
        points = [(overlap, alpha) for overlap in line["overlap"] for alpha in line["alpha"]]
        columns["potential"] = np.array([potential(m, alpha, setting) for m, alpha in points])
        steps = [next_overlap(m * setting.rho, (1.0 - m) * setting.rho, alpha, setting) for m, alpha in points]
        columns["overlap_next"] = np.array([q for q, _ in steps]) / setting.rho

    q, v = columns["q_amp"], columns["mmse_amp"]
    if line["iterations"] != [None]:
        steps = np.array(line["iterations"], int)
        paths = [state_evolution(alpha, seed_overlap(setting, p["q0"]), steps.max(), setting) for alpha in line["alpha"]]
        q, v = (np.concatenate([path[i][steps] for path in paths]) for i in (0, 1))
    errors = np.array([generalization(*pair, *setting[1:2], *setting[3:]) for pair in zip(q, v, strict=True)])
    columns |= {"q_t": q, "mmse_t": v, "gen_mse_t": errors[:, 0], "gen_error_t": errors[:, 3]}
    return {name: np.array(np.broadcast_to(column, values.shape)) for name, column in columns.items()}


def solve(alpha: float, **p) -> dict:
    """The Bayes-optimal state and AMP's, the thresholds, and where asked for the landscape and the AMP trajectory.

    Raises ParameterError where flip or width do not go with the channel.
    """
    return {name: column[0].item() for name, column in solve_along("alpha", np.array([alpha]), **p).items()}


SIZE = Parameter("size", "D", "number of weights", 1000, 10, 4000, 1, "log", integer=True)
TRIALS = Parameter("trials", "n", "number of teachers, samples and AMP runs", 10, 1, 10_000, 1, "log", integer=True)


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress, alpha: float, q0: float, **p) -> dict:
    """AMP runs observed after every number of iterations in `values` (None: when they stop); what they end with is the same for all.

    Raises ParameterError where parameters conflict and where the sample would be empty or too large.
    """
    setting = setting_of(**{name: p[name] for name in ("prior", "channel", "delta", "flip", "width", "sparsity")})
    run = partial(trial, setting, seed_overlap(setting, q0))
    return experiment(run, alpha, values, size, trials, seed, progress)


def simulate(size: int, trials: int, seed: int, progress, iterations: int | None, **p) -> dict[str, Estimate]:
    """AMP until it stops, and after `iterations` steps. Raises ParameterError as `simulate_along`."""
    steps = None if iterations is None else np.array([iterations])
    return at_the_end(simulate_along("iterations", steps, size, trials, seed, progress, **p))


BARBIER = "Barbier, Krzakala, Macris, Miolane & Zdeborová 2019"
CURVE = "state-evolution curve of Barbier et al. 2019, evaluated independently"
BINARY_SIGN = {"prior": "rademacher", "channel": "sign"}
RETRIEVAL = {"prior": "gaussian", "channel": "abs"}
SPARSE_ABS = {"prior": "gauss-bernoulli", "channel": "abs"}
SPARSE_LINEAR = {"prior": "gauss-bernoulli", "channel": "linear"}
SPARSE_RELU = {"prior": "gauss-bernoulli", "channel": "relu"}
NOISY_SIGN = {"prior": "gaussian", "channel": "sign", "flip": 0.1, "alpha": 2.0}
DOOR_BINARY = {"prior": "rademacher", "channel": "door"}


def reproduced(parameters: dict, source: str = CURVE, rtol: float = 2e-7, **values: float | None) -> tuple[Landmark, ...]:
    """One landmark per observable."""
    return tuple(Landmark(parameters, name, value, source, rtol) for name, value in values.items())


LANDMARKS = (
    *reproduced(BINARY_SIGN, "Györgyi 1990 (1.245)", 4e-4, alpha_it=1.245),
    *reproduced(BINARY_SIGN, f"{BARBIER} (printed 1.249, where the free entropies differ by 0.0017)", 4e-3, alpha_it=1.249),
    *reproduced(BINARY_SIGN, f"{BARBIER} (1.493)", 4e-4, alpha_alg=1.493),
    *reproduced(BINARY_SIGN, alpha_it=1.2446840, alpha_alg=1.4926318, alpha_inf=0.0),
    *reproduced({**BINARY_SIGN, "alpha": 1.0}, q=0.5607147, gen_mse=0.6210529, gen_error=0.2306261, gen_error_gibbs=0.3105264),
    *reproduced({**BINARY_SIGN, "alpha": 1.0}, free_entropy=-0.5870389),
    *reproduced({**BINARY_SIGN, "flip": 0.1}, alpha_it=2.513713, alpha_alg=3.011697),
    *reproduced({**BINARY_SIGN, "delta": 0.05}, alpha_alg=None),
    *reproduced(NOISY_SIGN, q=0.5219825, gen_mse=0.7762465, gen_error=0.2944004, mutual_information=0.6017973),
    *reproduced(RETRIEVAL, f"{BARBIER} (1/2, 1, 1.13)", 2e-3, alpha_wr=0.5, alpha_it=1.0, alpha_alg=1.13),
    *reproduced(RETRIEVAL, alpha_alg=1.1284714),
    *reproduced({**RETRIEVAL, "alpha": 0.9}, q=0.3307725, gen_mse=0.3282253, free_entropy=-0.6485889),
    *reproduced({**RETRIEVAL, "alpha": 0.51}, rtol=2e-3, q_amp=0.00414),
    *(item for rho, value in ((0.3, 0.7042676), (0.9, 1.1187869)) for item in reproduced({**SPARSE_ABS, "sparsity": rho}, alpha_alg=value)),
    *(
        item
        for rho, value in ((0.1, 0.2075591), (0.3, 0.4802095), (0.6, 0.7711552))
        for item in reproduced({**SPARSE_LINEAR, "sparsity": rho}, alpha_alg=value)
    ),
    *(
        item
        for rho, value in ((0.2, 0.5895703), (0.6, 1.3885194), (0.9, 1.8604666))
        for item in reproduced({**SPARSE_RELU, "sparsity": rho}, alpha_alg=value)
    ),
    *reproduced({"prior": "gaussian", "channel": "relu", "delta": 0.01}, q=0.6221260, gen_mse=0.1633796, mutual_information=1.148832),
    *reproduced(DOOR_BINARY, f"{BARBIER} (1.566)", 4e-4, alpha_alg=1.566),
    *reproduced(DOOR_BINARY, alpha_wr=1.3604593, alpha_it=1.0, alpha_alg=1.5664331),
    *reproduced({**DOOR_BINARY, "width": 0.3}, alpha_wr=3.4414685, alpha_alg=3.5312758, alpha_it=1.2689960),
    *reproduced({**SPARSE_LINEAR, "sparsity": 0.25, "delta": 1e-4, "alpha": 0.3}, rtol=4e-7, mmse_amp=0.1332233),
)

PERFECT = "infinite at perfect recovery without noise"
BINARY_ONLY = "nan for real labels, which have no sign"
NO_HARD = "nan without a hard phase"


def branch_observables(suffix: str, mark: str, what: str) -> tuple[Observable, ...]:
    """`BRANCH` for one state."""
    return (
        Observable(f"q{suffix}", f"q{mark}", f"overlap with the teacher, {what}"),
        Observable(f"mmse{suffix}", rf"\rho-q{mark}", f"mean squared error on the weights, {what}"),
        Observable(f"qhat{suffix}", rf"\hat q{mark}", f"signal-to-noise ratio per weight, {what}", PERFECT),
        Observable(f"free_entropy{suffix}", rf"\phi{mark}", f"free entropy per weight (nats), {what}", PERFECT),
        Observable(f"gen_mse{suffix}", f"E{mark}", f"squared error of the posterior mean on a fresh noisy label, {what}"),
        Observable(f"gen_mse_clean{suffix}", f"E^{{clean}}{mark}", f"squared error of the posterior mean on the noiseless output, {what}"),
        Observable(f"gen_mse_gibbs{suffix}", f"E^{{Gibbs}}{mark}", f"squared error of a posterior draw on a fresh noisy label, {what}"),
        Observable(f"gen_error{suffix}", rf"\epsilon{mark}", f"probability of a wrong label, {what}", BINARY_ONLY),
        Observable(
            f"gen_error_gibbs{suffix}", rf"\epsilon^{{Gibbs}}{mark}", f"probability that a posterior draw errs, {what}", BINARY_ONLY
        ),
    )


MODEL = Model(
    id="glm-bayes",
    title="Bayes-optimal learning and the hard phase",
    chapter="teacher_student",
    question="How many labels let a student learn a teacher's rule in principle, and how many does the best algorithm need?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "labels per weight, N/D", 1.0, 1e-6, 1e6, 0.01, "log"),
        Parameter("prior", "P_0", "distribution of the teacher's weights", "rademacher", choices=PRIORS),
        Parameter("channel", "P_{out}", "how the field becomes a label", "sign", choices=CHANNELS),
        Parameter(
            "delta", r"\Delta", "variance of the noise: on the output (linear, abs, relu), on the field (sign, door)", 0.0, 0.0, 100.0, 0.01
        ),
        Parameter("flip", "p", "probability that a ±1 label is flipped (sign, door)", 0.0, 0.0, 0.4999, 0.01),
        Parameter("width", "K", "half-width of the door; the default balances its labels", DEFAULT_WIDTH, 1e-3, 10.0, 0.01),
        Parameter("sparsity", r"\rho", "fraction of non-zero weights (gauss-bernoulli)", 1.0, 1e-4, 1.0, 0.01),
        Parameter("overlap", r"q/\rho", "overlap at which the landscape is evaluated; nowhere if absent", None, 0.0, 1.0, 0.01),
        Parameter("iterations", "t", "iterations of AMP; until it stops if absent", None, 0, 1000, 1, integer=True),
        Parameter("q0", r"q_0/\rho", "overlap from which AMP starts on the even channels abs and door", 0.05, 1e-6, 0.99, 0.01, "log"),
    ),
    observables=(
        *branch_observables("", "", "Bayes-optimal"),
        *branch_observables("_amp", "_{AMP}", "where AMP stops"),
        Observable("q_informed", "q_{inf}", "overlap reached from the teacher itself"),
        Observable("mmse_informed", r"\rho-q_{inf}", "mean squared error reached from the teacher itself"),
        Observable("free_entropy_informed", r"\phi_{inf}", "free entropy of the state reached from the teacher itself", PERFECT),
        Observable("gen_mse_informed", "E_{inf}", "squared error on a fresh noisy label in the state reached from the teacher itself"),
        Observable("gen_error_informed", r"\epsilon_{inf}", "probability of a wrong label in that state", BINARY_ONLY),
        Observable(
            "mutual_information", "I", "information of the labels on the weights (nats per weight)", "infinite for noiseless real labels"
        ),
        Observable("alpha_wr", r"\alpha_{WR}", "weak recovery: below, AMP stays at q = 0 (0 if it never does)"),
        Observable("alpha_it", r"\alpha_{IT}", "information-theoretic transition", NO_HARD),
        Observable("alpha_alg", r"\alpha_{alg}", "end of the hard phase: beyond, AMP is Bayes-optimal", NO_HARD),
        Observable("alpha_inf", r"\alpha_{inf}", "beginning of the informed state", NO_HARD),
        Observable("phase", "", "no-recovery (q = 0), easy (AMP is Bayes-optimal) or hard"),
        Observable("potential", r"\phi(q)", "free-entropy landscape at `overlap`", "nan without `overlap`, infinite at some ends"),
        Observable("overlap_next", r"q_{t+1}/\rho", "overlap after one step of state evolution from `overlap`", "nan without `overlap`"),
        Observable("q_t", "q_t", "overlap after `iterations` steps of AMP"),
        Observable("mmse_t", r"\rho-q_t", "mean squared error on the weights after `iterations` steps of AMP"),
        Observable("gen_mse_t", "E_t", "squared error on a fresh noisy label after `iterations` steps of AMP"),
        Observable("gen_error_t", r"\epsilon_t", "probability of a wrong label after `iterations` steps of AMP", BINARY_ONLY),
    ),
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=LANDMARKS,
    references=(
        Reference(
            "J. Barbier, F. Krzakala, N. Macris, L. Miolane, L. Zdeborová",
            2019,
            "Optimal errors and phase transitions in high-dimensional generalized linear models",
            "PNAS 116, 5451",
            "https://arxiv.org/abs/1708.03395",
        ),
        Reference(
            "G. Györgyi", 1990, "First-order transition to perfect generalization in a neural network with binary synapses", "PRA 41, 7097"
        ),
        Reference(
            "F. Krzakala, M. Mézard, F. Sausset, Y. Sun, L. Zdeborová",
            2012,
            "Statistical-physics-based reconstruction in compressed sensing",
            "PRX 2, 021005",
            "https://arxiv.org/abs/1109.4424",
        ),
        Reference(
            "M. Mondelli, A. Montanari",
            2018,
            "Fundamental limits of weak recovery with applications to phase retrieval",
            "COLT",
            "https://arxiv.org/abs/1708.05932",
        ),
        Reference(
            "S. Rangan",
            2011,
            "Generalized approximate message passing for estimation with random linear mixing",
            "ISIT",
            "https://arxiv.org/abs/1010.5141",
        ),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "overlap", "iterations"),
    simulate_along=simulate_along,
    simulate_axes=("iterations",),
)

r"""**Setting.** A teacher $w^*$ and a student $w$ of the same kind, $w\in\{\pm1\}^D$ (`ising`) or $|w|^2=D$ (`spherical`), see $N=\alpha D$ inputs
$x\sim\mathcal N(0,I_D)$ through the fields $h=w\cdot x/\sqrt D$ and $u=w^*\!\cdot x/\sqrt D$. The student is drawn from the Gibbs distribution

$$P(w)\propto\exp\Big(-\beta\sum_\mu e_\mu\Big),\qquad\beta=\frac1T,\qquad e=\Theta(-hu)\ \text{(boolean)},\quad e=\tfrac12(h-u)^2\ \text{(linear)},$$

so that temperature stands for noise in the training. $-\beta f$ is $\frac1D\ln$ of the sum over all $2^D$ Ising weights, or of the normalised
average over the sphere; the entropy is $s=-\beta f+\alpha\beta\epsilon_t$. With $R=w\cdot w^*/D$ the generalization error is
$\epsilon_g=\arccos(R)/\pi$ (boolean), $1-R$ (linear); the training error $\epsilon_t$ is the mean of $e$ over the examples. (Papers that count
$\frac12(\sigma-\sigma_0)^2$ per error have twice this temperature.)

**Replica theory** (Györgyi 1990; Seung, Sompolinsky & Tishby 1992), symmetric, $q$ the overlap of two students:

$$-\beta f=\mathop{\rm extr}_{q,R}\ S(q,R)+\alpha\,G(q,R),\qquad\hat R=\alpha\,\partial_RG,\quad\hat q=-2\alpha\,\partial_qG.$$

Ising weights, $h_z=\sqrt{\hat q}\,z+\hat R$: $S=-\frac12(1-q)\hat q-R\hat R+\int Dz\ln2\cosh h_z$, $R=\int Dz\tanh h_z$, $q=\int Dz\tanh^2h_z$. Spherical:
$S=\frac12\ln(1-q)+\frac{q-R^2}{2(1-q)}$. Boolean output, $\tau=\sqrt{\frac q{1-q}}\,t$, $h_0=\frac{Rt}{\sqrt{q-R^2}}$, $Z=e^{-\beta}+(1-e^{-\beta})\Phi(\tau)$:

$$G=2\int Dt\,\Phi(h_0)\ln Z,\qquad\epsilon_t=2\int Dt\,\Phi(h_0)\,\frac{e^{-\beta}\Phi(-\tau)}Z .$$

Linear output, $d=1+\beta(1-q)$, $m=1-2R+q$: $G=-\frac12\ln d-\frac{\beta m}{2d}$, $\epsilon_t=\frac{1-q}{2d}+\frac m{2d^2}$. At $T=0$ with boolean output
Gibbs learning is posterior sampling: $q=R$, and all is as in `glm-bayes` with channel sign (whose $\phi$ is $\ln2$ lower for Ising weights).

**Two simpler theories.** *Annealed*: $-\beta f=\max_R s_0(R)-\alpha G_{an}(R)$ with $s_0=S(R^2,R)$, and
$G_{an}=-\ln[1-(1-e^{-\beta})\epsilon_g]$ (boolean), $\frac12\ln(1+2\beta\epsilon_g)$ (linear), $\epsilon_t=\partial_\beta G_{an}$. *High temperature*
($\beta\to0$ at fixed $\alpha\beta$, where both others meet it): $-\beta f=\max_Rs_0(R)-\alpha\beta\,\epsilon_g(R)$, $\epsilon_t=\epsilon_g$. Entropy against energy: this one
line contains the whole phenomenon. (`potential` is what is maximized, at R = `overlap`.)

**States.** *Poor* (`..._poor`): the one connected to $\alpha\to0$, which dynamics from random weights finds. Ising weights with boolean output have besides
it the *perfect* state $R=1$, of free entropy 0: it takes over in equilibrium at `alpha_transition`, where $-\beta f_{poor}=0$; at `alpha_spinodal` the
poor state ceases to exist. `alpha_zero_entropy` is where $s_{poor}=0$: beyond it replica symmetry has no meaning (for $T<0.3303$ only;
elsewhere the spinodal comes first). Ising weights with linear output have for $T<0.3746$ (annealed: 0.3993) a poor and a good state of $R<1$ in a window of
$\alpha$, and the equilibrium, the state of larger $-\beta f$, jumps (`alpha_jump`; the poor state ends at `alpha_poor_end`).

**Numerics.** $(\hat R,\hat q)$ determine $1-q$, $q-R^2$, $1-R$ (none by subtraction), these the ratio $\partial_qG/\partial_RG$: at each $\hat R$ one scalar equation
for $\hat q/\hat R$, solved by secants, and then $\alpha=\hat R/\partial_RG$. All states at a temperature thus lie on one curve $\alpha(\hat R)$: a state is a root on
a rising part, spinodals are its extrema, and nothing slows down there. The simpler theories are the same curve at $\hat q=0$. Integrals are Gauss
panels graded towards the bends of $\tanh h_z$, $\Phi(h_0)$ and $Z$.

**Experiment.** Metropolis: flips of single Ising weights, rotations of pairs of spherical ones by an angle in $\pm0.4$; 2000 (Ising) or 4000 sweeps, of which
the first quarter is discarded. Random weights are cooled from $T=1$ meanwhile and measure the poor state; `start=teacher` measures how long the
teacher's own state holds. At $T=0$ the dynamics accepts no rise of the energy and gets trapped above it.
"""

import math

import numpy as np
from scipy.special import entr

from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Reference, mean_sem
from engine.teacher_student.gibbs_states import (
    ANNEALED,
    BOOLEAN,
    FROZEN,
    ISING,
    OUTPUTS,
    REPLICA,
    THEORIES,
    WEIGHTS,
    Setting,
    jump,
    line,
    lines,
    spinodals,
)
from engine.teacher_student.metropolis import trial

COLDEST = 1e-3
"""Lowest temperature of all but the replica theory of boolean output."""


def setting_of(T: float, weights: str, output: str, theory: str) -> Setting:
    """What the curve of states depends on. Raises ParameterError where the theory has no such temperature."""
    if T < COLDEST and (output != "boolean" or theory != "replica"):
        raise ParameterError("T", T, f"T must be at least {COLDEST:g}: only the replica theory of boolean output goes down to zero")
    beta = 1.0 / T if T > 0.0 else math.inf
    numbers = WEIGHTS.index(weights), OUTPUTS.index(output), THEORIES.index(theory)
    return Setting(*numbers, beta, math.exp(-beta) if beta < FROZEN else 0.0, -math.expm1(-beta))


STATE = ("R", "q", "gen_error", "train_error", "free_entropy", "entropy")
ROWS = STATE + tuple(f"{name}_poor" for name in STATE)
LINES = ("alpha_transition", "alpha_spinodal", "alpha_zero_entropy", "alpha_jump", "alpha_poor_end")


def potential(overlap: np.ndarray, alpha: np.ndarray, setting: Setting) -> np.ndarray:
    r"""$s_0(R)-\alpha G_{an}(R)$, or $s_0-\alpha\beta\epsilon_g$, at R = `overlap`; $-\infty$ at $R=1$ on the sphere, nan in the replica theory."""
    if setting.theory == REPLICA:
        return np.full(np.broadcast(overlap, alpha).shape, math.nan)
    with np.errstate(divide="ignore"):
        if setting.weights == ISING:
            volume = entr(0.5 * (1.0 + overlap)) + entr(0.5 * (1.0 - overlap))
        else:
            volume = 0.5 * (np.log1p(overlap) + np.log1p(-overlap))
    error = np.arccos(overlap) / math.pi if setting.output == BOOLEAN else 1.0 - overlap
    if setting.theory != ANNEALED:
        return volume - alpha * setting.beta * error
    if setting.output == BOOLEAN:
        return volume + alpha * np.log1p(-setting.gain * error)
    return volume - 0.5 * alpha * np.log1p(2.0 * setting.beta * error)


def solve_along(axis: str, values: np.ndarray, **p) -> dict[str, np.ndarray]:
    """A line along alpha (a compiled loop, the lines solved once) or overlap (one state for all).

    Raises ParameterError where the theory has no such temperature, ConvergenceError where no state is found.
    """
    setting = setting_of(p["T"], p["weights"], p["output"], p["theory"])
    alphas = np.asarray(values, float) if axis == "alpha" else np.array([p["alpha"]], float)
    columns = dict(zip(ROWS, line(alphas, setting, *spinodals(setting)), strict=True))
    if np.isnan(columns["free_entropy"]).any():
        raise ConvergenceError(f"no state found at T={p['T']} and some alpha in [{alphas.min()}, {alphas.max()}]")
    columns |= dict(zip(LINES, (*lines(setting), *jump(setting)), strict=True))
    overlap = np.asarray(values, float) if axis == "overlap" else math.nan if p["overlap"] is None else p["overlap"]
    columns["potential"] = potential(np.asarray(overlap, float), alphas, setting)
    return {name: np.array(np.broadcast_to(column, len(values))) for name, column in columns.items()}


def solve(alpha: float, **parameters) -> dict:
    """Equilibrium and poor state, the lines, and the landscape at `overlap`. Errors as in `solve_along`."""
    return {name: column[0].item() for name, column in solve_along("alpha", np.array([alpha]), **parameters).items()}


SIZE = Parameter("size", "D", "number of weights", 150, 10, 1000, 1, "log", integer=True)
TRIALS = Parameter("trials", "n", "number of samples", 20, 1, 10_000, 1, "log", integer=True)
ENTRIES = 10**6


def simulate(size, trials, seed, progress, alpha, T, weights, output, theory, start, overlap) -> dict[str, Estimate]:
    """Metropolis from random weights or from the teacher's.

    Raises ParameterError where the sample would be empty or too large, and where the theory has no such temperature.
    """
    setting_of(T, weights, output, theory)
    rows = round(alpha * size)
    if rows < 1:
        raise ParameterError("alpha", alpha, f"there is not one example at size {size}")
    if rows * size > ENTRIES:
        raise ParameterError("size", size, f"{rows} examples of this size are too many; choose a smaller size or alpha")
    samples = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        random = np.random.default_rng(child)
        samples.append(trial(random, rows, size, T, weights == "ising", output == "boolean", start == "teacher"))
        progress((i + 1) / trials)
    return {name: mean_sem(column) for name, column in zip(("R", "gen_error", "train_error"), np.array(samples).T, strict=True)}


CURVE = "states along the replica-symmetric curve, evaluated independently"
LINEAR = {"output": "linear", "alpha": 0.6, "T": 0.2}
ONE_STATE = "nan where there is one state only: spherical weights, and Ising weights with linear output but at low temperature"
BOOLEAN_ONLY = "nan unless Ising weights have boolean output"


def reproduced(parameters: dict, source: str = CURVE, rtol: float = 5e-7, **values: float | None) -> tuple[Landmark, ...]:
    """One landmark per observable."""
    return tuple(Landmark(parameters, name, value, source, rtol) for name, value in values.items())


def branch_observables(suffix: str, mark: str, what: str) -> tuple[Observable, ...]:
    """`STATE` of one branch."""
    return (
        Observable(f"R{suffix}", f"R{mark}", f"overlap of student and teacher, {what}"),
        Observable(f"q{suffix}", f"q{mark}", f"overlap of two students, {what}", "nan unless theory = replica"),
        Observable(f"gen_error{suffix}", rf"\epsilon_g{mark}", f"probability of a wrong label (boolean) or half the squared error, {what}"),
        Observable(f"train_error{suffix}", rf"\epsilon_t{mark}", f"mean energy of a training example, {what}"),
        Observable(f"free_entropy{suffix}", rf"-\beta f{mark}", f"free entropy per weight (nats), {what}"),
        Observable(f"entropy{suffix}", f"s{mark}", f"entropy per weight (nats), {what}"),
    )


MODEL = Model(
    id="learning-temperature",
    title="Learning at temperature",
    chapter="teacher_student",
    question="When does a student that learns with thermal noise understand its teacher, and does it happen smoothly or in a jump?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "examples per weight, N/D", 1.0, 1e-6, 1e6, 0.01, "log"),
        Parameter(
            "T", "T", f"temperature of the training; at least {COLDEST:g} but for boolean output in the replica theory", 0.5, 0.0, 1e4, 0.01
        ),
        Parameter("weights", "w", "plus or minus one, or on a sphere", "ising", choices=WEIGHTS),
        Parameter("output", "e", "labels (sign of the field) or the field itself", "boolean", choices=OUTPUTS),
        Parameter("theory", "", "replica, or one of two simpler theories", "replica", choices=THEORIES),
        Parameter("start", "", "weights from which the experiment starts; nothing to the theory", "random", choices=("random", "teacher")),
        Parameter(
            "overlap", "R", "overlap at which the landscape of a simpler theory is evaluated; nowhere if absent", None, 0.0, 1.0, 0.01
        ),
    ),
    observables=(
        *branch_observables("", "", "in equilibrium"),
        *branch_observables("_poor", "^{poor}", "on the branch connected to few examples (the perfect state beyond the spinodal)"),
        Observable("alpha_transition", r"\alpha_{tr}", "the perfect state takes over at this temperature", BOOLEAN_ONLY),
        Observable("alpha_spinodal", r"\alpha_{sp}", "the poor state ceases to exist at this temperature", BOOLEAN_ONLY),
        Observable(
            "alpha_zero_entropy",
            r"\alpha_{s=0}",
            "the entropy of the poor state vanishes at this temperature",
            BOOLEAN_ONLY + " and theory = replica, and where the spinodal comes first",
        ),
        Observable("alpha_jump", r"\alpha_{jump}", "the equilibrium jumps, be it to the perfect or to a good state", ONE_STATE),
        Observable("alpha_poor_end", r"\alpha_{end}", "the poor state ceases to exist, for any output", ONE_STATE),
        Observable(
            "potential",
            "-\\beta f(R)",
            "free-entropy landscape at `overlap`",
            "nan without `overlap` and in the replica theory, minus infinity at R = 1 on the sphere",
        ),
    ),
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=(
        *reproduced({"T": 0.0}, "Györgyi 1990 (1.245)", 4e-4, alpha_transition=1.245),
        *reproduced({"T": 0.0}, "Seung, Sompolinsky & Tishby 1992 (1.49)", 3e-3, alpha_spinodal=1.49),
        *reproduced(
            {"T": 1.0, "theory": "high-temperature"},
            "Seung, Sompolinsky & Tishby 1992 (1.70 and 2.08)",
            3e-3,
            alpha_transition=1.70,
            alpha_spinodal=2.08,
        ),
        *reproduced({"T": 0.0}, alpha_transition=1.2446840, alpha_zero_entropy=1.2446840, alpha_spinodal=1.4926318),
        *reproduced({"T": 0.2}, alpha_transition=1.263369, alpha_zero_entropy=1.355227, alpha_spinodal=1.516123),
        *reproduced({"T": 1.0}, alpha_transition=2.332777, alpha_zero_entropy=None, alpha_spinodal=2.845620),
        *reproduced({"T": 2.0}, alpha_transition=3.983991, alpha_zero_entropy=None, alpha_spinodal=4.878521),
        *reproduced({"T": 1000.0}, alpha_transition=1696.4795, alpha_spinodal=2082.7365),
        *reproduced({"T": 1.0, "theory": "high-temperature"}, alpha_transition=1.6959326, alpha_spinodal=2.0820699),
        *reproduced({"T": 1.0, "theory": "annealed"}, alpha_transition=2.430695, alpha_spinodal=2.927865),
        *reproduced({"T": 0.02, "theory": "annealed"}, alpha_transition=1.447966, alpha_spinodal=1.730112),
        *reproduced({"T": 0.0, "alpha": 1.0}, R=0.5607147, q=0.5607147, free_entropy=0.1061083, entropy=0.1061083),
        *reproduced(LINEAR, rtol=2e-6, R=0.5551167, train_error=0.0846363, free_entropy=0.0101913, alpha_transition=None),
        *reproduced(
            {"output": "linear", "alpha": 0.4, "T": 0.05, "theory": "annealed"},
            rtol=5e-6,
            gen_error=2.25103e-7,
            R_poor=0.2536168,
            free_entropy_poor=-0.0252294,
        ),
    ),
    references=(
        Reference(
            "G. Györgyi", 1990, "First-order transition to perfect generalization in a neural network with binary synapses", "PRA 41, 7097"
        ),
        Reference("H. S. Seung, H. Sompolinsky & N. Tishby", 1992, "Statistical mechanics of learning from examples", "PRA 45, 6056"),
        Reference("T. L. H. Watkin, A. Rau & M. Biehl", 1993, "The statistical mechanics of learning a rule", "RMP 65, 499"),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "overlap"),
)

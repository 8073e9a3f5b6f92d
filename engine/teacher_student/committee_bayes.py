r"""**Setting.** A teacher with $K$ hidden units and fixed second layer, $y=\mathrm{sign}\sum_k\mathrm{sign}(w_k^*\!\cdot x)$, $\mathrm{sign}(0)=0$ (two
units that disagree answer 0: three labels), weights independent from $P_0$ (Gaussian or $\pm1$, unit variance), labels $N=\alpha D$ inputs
$x\sim\mathcal N(0,I_D/D)$. The student knows the architecture and $P_0$, and infers. Overlap of its units with the teacher's:
$q=\frac1D\langle W\rangle^TW^*$, $q_{00}$ on and $q_{01}$ off the diagonal. **Specialization**: $q_{00}>q_{01}$.

**Two units** (Aubin, Maillard, Barbier, Krzakala, Macris & Zdeborová 2018). With $\lambda_\pm=q_{00}\pm q_{01}$ on $(1,\pm1)/\sqrt2$, AMP follows

$$\hat\lambda_\pm=\alpha\,G_\pm(\lambda_+,\lambda_-),\qquad\lambda_\pm=2\,\partial\Psi_P/\partial\hat\lambda_\pm$$

from $\lambda_\pm=0^+$ to a stationary point of the free entropy per input dimension

$$f=-\tfrac12(\lambda_+\hat\lambda_++\lambda_-\hat\lambda_-)+\Psi_P(\hat\lambda_\pm)+\alpha\Psi(\lambda_\pm),\qquad
\Psi=\mathbb E_{\omega\sim\mathcal N(0,q)}\sum_yZ_y\ln Z_y,\quad G_\pm=2\,\partial\Psi/\partial\lambda_\pm,$$

$Z_y(\omega)$ being the probability of label $y$ for fields $\mathcal N(\omega,I-q)$. The largest $f$ is the optimum. Half the squared error of the
posterior mean is $\epsilon_g=\frac14-\frac1{2\pi}(\arcsin q_{00}+\arcsin q_{01})$.

- *Unspecialized*, $\lambda_-=0$: one averaged perceptron, $\epsilon_g\ge\frac1{12}$ for ever. It is unstable where
  $\lambda_{spec}=\alpha\,\partial_{\lambda_-}G_-\,\partial_{\hat\lambda_-}\lambda_->1$, from `alpha_spec` on.
- *Specialized*: grows continuously from `alpha_spec`; for binary weights up to a fold, `alpha_amp`, where AMP jumps to
- *perfect* learning (binary), $q=I$, $f=-2\ln2$ at every load, the optimum from `alpha_it` on. Between the two the problem is **hard**.

**One unit**: the Bayes-optimal perceptron, $\epsilon_g=\frac1\pi\arccos q_{00}$ (the 0-1 error $\frac1\pi\arccos\sqrt{q_{00}}$ is `gen_error_01`).

**Infinitely many**: $q=q_dI+\frac{q_a}K11^T$ enters through $\Gamma=\frac2\pi(q_a+\arcsin q_d)$, $\epsilon_g=\frac1\pi\arccos\Gamma$.
At $\alpha=O(1)$ the units are one perceptron, $q_d=0$, $\frac{q_a}{1-q_a}=\frac4\pi\alpha\Psi'(\Gamma)$, and reach the plateau $\Gamma=\frac2\pi$. At
$\tilde\alpha=\alpha/K$ (`alpha_k`), where $q_a+q_d=1$,

$$\hat q_d=\tfrac4\pi\tilde\alpha\,\Psi'(\Gamma)\big[(1-q_d^2)^{-1/2}-1\big],$$

a quadratic start: the plateau $q_d=0$ stays stable for ever, and AMP on it, though beyond `alpha_it` another state (Gaussian: $q_d<1$, from
`alpha_spinodal` on; binary: $q_d=1$) has the larger $f$. `potential` is $f$ at a given $q_d$ (`overlap`): its maxima are these states.

**Numerics.** Trapezoid sums in rotated coordinates, where Sheppard's integral for $Z_y$ factorizes; what a single known unit would give is taken
out in closed form, so that $p_\pm=1-\lambda_\pm\to0$ costs nothing. The unspecialized integrals are one-dimensional and $\alpha$ is an explicit
function along their state. The specialized states form one curve in $\sqrt{\ln(1+\hat\lambda_-)}$, solved once for each prior at 48 Chebyshev
points (to $10^{-9}$); its maximum is the fold, and a load is a bracketed root on it.

**Experiment.** AMP with full $2\times2$ covariances on one teacher per trial, from an uninformed start; overlaps with the teacher after the better
pairing of units. One unit: scalar AMP.
"""

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from engine.model import Estimate, Landmark, Model, Observable, Parameter, ParameterError, Reference
from engine.teacher_student import committee_amp, gamp
from engine.teacher_student.channels import SIGN
from engine.teacher_student.committee_states import LN_2, branch, fold_load, specialized, threshold, unspecialized
from engine.teacher_student.committee_wide import PLATEAU, early, late_potential, late_state, late_thresholds, plateau_entropy
from engine.teacher_student.equilibrium import Setting, branch_entropy, curve, state
from engine.teacher_student.priors import GAUSSIAN, RADEMACHER

NAN = math.nan
PERFECT_PAIR = {"q00": 1.0, "q01": 0.0, "gen_error": 0.0, "free_entropy": -2.0 * LN_2}


class Thresholds(NamedTuple):
    """Loads of one K and prior; nan for those that do not exist. For K = inf in units of alpha / K."""

    alpha_spec: float = NAN
    alpha_it: float = NAN
    alpha_amp: float = NAN
    alpha_spinodal: float = NAN


@lru_cache
def thresholds(K: int | str, binary: bool) -> Thresholds:
    """The thresholds, remembered: every load shares them."""
    if K == "inf":
        _, spinodal, it = late_thresholds(binary)
        return Thresholds(alpha_it=it, alpha_spinodal=spinodal)
    if K == 1:
        found = curve(perceptron(binary))
        return Thresholds(alpha_it=found.alpha_it, alpha_amp=found.alpha_alg)
    spec = threshold(binary, True)[1]
    return Thresholds(spec, threshold(True, False)[1], fold_load(branch(True))) if binary else Thresholds(spec)


def perceptron(binary: bool) -> Setting:
    """The setting of a single unit."""
    return Setting(RADEMACHER if binary else GAUSSIAN, SIGN, 1.0, 0.0, 0.0, 0.0)


def named(suffix: str, values: dict[str, float]) -> dict[str, float]:
    """Observables of one state."""
    return {f"{name}_{suffix}": value for name, value in values.items()}


def phase_of(alpha: float, found: Thresholds) -> str:
    """The pair of AMP and optimal states at a load."""
    if alpha > found.alpha_amp:
        return "perfect"
    if alpha > found.alpha_it:
        return "hard"
    return "specialized" if alpha > found.alpha_spec and math.isnan(found.alpha_it) else "unspecialized"


def perceptron_errors(gap: float) -> dict[str, float]:
    r"""$\frac1\pi\arccos\Gamma$ and $\frac1\pi\arccos\sqrt\Gamma$ at gap $=1-\Gamma$."""
    return {
        "gen_error": min(2.0 / math.pi * math.asin(math.sqrt(0.5 * gap)), 0.5),
        "gen_error_01": math.asin(math.sqrt(gap)) / math.pi,
    }


def one_unit(alpha: float, binary: bool, found: Thresholds) -> dict:
    """The Bayes-optimal perceptron."""
    setting = perceptron(binary)
    perfect = {"q00": 1.0, "gen_error": 0.0, "gen_error_01": 0.0, "free_entropy": -LN_2}
    if alpha > found.alpha_amp:
        amp = perfect
    else:
        qhat, q, v = state(curve(setting).fixed_point(alpha, False, setting), setting) if alpha > 0.0 else (0.0, 0.0, 1.0)
        amp = {"q00": q, **perceptron_errors(v), "free_entropy": min(branch_entropy(qhat, q, v, alpha, setting), 0.0) + 0.0}
    return named("amp", amp) | named("opt", perfect if alpha > found.alpha_it else amp) | {"phase": phase_of(alpha, found)}


def pair(plus: float, minus: float, p_plus: float, p_minus: float, f: float) -> dict[str, float]:
    r"""Two units at $\lambda_\pm$, $p_\pm=1-\lambda_\pm$; $\epsilon_g=\frac1{2\pi}(\arccos q_{00}-\arcsin q_{01})$."""
    q01 = 0.5 * (p_minus - p_plus)
    error = (2.0 * math.asin(math.sqrt(0.25 * (p_plus + p_minus))) - math.asin(q01)) / (2.0 * math.pi)
    return {"q00": 0.5 * (plus + minus), "q01": q01, "gen_error": min(error, 0.25), "free_entropy": f}


def two_units(alpha: float, binary: bool, found: Thresholds) -> dict:
    """The unspecialized state, AMP's and the optimal one."""
    lam, p, f, growth = unspecialized(alpha, binary)
    blind = pair(lam, 0.0, p, 1.0, f) | {"q01": 0.5 * lam}
    if alpha <= found.alpha_spec:
        amp = blind
    elif alpha > found.alpha_amp:
        amp = PERFECT_PAIR
    else:
        amp = pair(*specialized(alpha, *branch(binary), binary))
    observed = named("amp", amp) | named("opt", PERFECT_PAIR if alpha > found.alpha_it else amp)
    blind_too = {"gen_error_unspec": blind["gen_error"], "free_entropy_unspec": f, "lambda_spec": growth}
    return observed | blind_too | {"phase": phase_of(alpha, found)}


def wide_early(alpha: float, binary: bool, found: Thresholds) -> dict:
    r"""$K\to\infty$ at $\alpha=O(1)$: one state, that of an averaged perceptron."""
    qa, f = early(alpha)
    only = {**perceptron_errors(1.0 - PLATEAU * qa), "free_entropy": f}
    return named("amp", only) | named("opt", only) | named("unspec", only) | {"qa_amp": qa, "phase": "unspecialized"}


def wide_late(alpha: float, binary: bool, found: Thresholds) -> dict:
    r"""$K\to\infty$ at $\alpha=\tilde\alpha K$: the plateau and the specialized state."""
    plateau = {"qd": 0.0, **perceptron_errors(1.0 - PLATEAU), "free_entropy": plateau_entropy(alpha)}
    spec = {"qd": NAN, "gen_error": NAN}
    if binary and alpha > 0.0:
        spec = {"qd": 1.0, "gen_error": 0.0, "gen_error_01": 0.0, "free_entropy": -LN_2}
    elif alpha >= found.alpha_spinodal:
        qd, gap, f = late_state(alpha, late_thresholds(binary).y)
        spec = {"qd": qd, **perceptron_errors(gap), "free_entropy": f}
    best, phase = (spec, "hard") if alpha > found.alpha_it else (plateau, "unspecialized")
    states = {"amp": plateau, "unspec": plateau, "opt": best, "spec": spec}
    return {"phase": phase} | {key: value for suffix, values in states.items() for key, value in named(suffix, values).items()}


SOLVERS: dict[tuple[int | str, bool], Callable] = {
    (1, False): one_unit,
    (2, False): two_units,
    ("inf", False): wide_early,
    ("inf", True): wide_late,
}


def regime(K: int | str, alpha: float | None, alpha_k: float | None, overlap: float | None) -> bool:
    """Whether the load is in units of K. Raises ParameterError where parameters conflict."""
    if alpha_k is None:
        if overlap is not None:
            raise ParameterError("overlap", overlap, "the landscape is that of K=inf at a given alpha_k")
        return False
    if K != "inf":
        raise ParameterError("alpha_k", alpha_k, f"alpha_k, the load in units of K, needs K=inf; with K={K} give alpha")
    if alpha is not None:
        raise ParameterError("alpha", alpha, "give alpha or alpha_k, not both: they are different regimes of K=inf")
    return True


def point(K: int | str, prior: str, **p) -> dict:
    """The observables that exist at one point, but for the thresholds. Raises ParameterError where parameters conflict."""
    late, binary = regime(K, **p), prior == "binary"
    load = p["alpha_k"] if late else DEFAULT_LOAD if p["alpha"] is None else p["alpha"]
    found = SOLVERS[K, late](load, binary, thresholds(K, binary))
    return found if p["overlap"] is None else found | {"potential": late_potential(p["overlap"], load, binary)}


def solve_along(axis: str, values: np.ndarray, K: int | str, prior: str, **p) -> dict[str, np.ndarray]:
    """A line along alpha, alpha_k or overlap: thresholds and branch once. Raises ParameterError where parameters conflict."""
    points = [point(K, prior, **p | {axis: value}) for value in values.tolist()]
    columns = {name: np.array([found.get(name, NAN) for found in points]) for name in STATES}
    columns |= {name: np.full(len(values), value) for name, value in thresholds(K, prior == "binary")._asdict().items()}
    return columns | {"phase": np.array([found["phase"] for found in points])}


def solve(**p) -> dict:
    """AMP's and the optimal state and the thresholds. Raises ParameterError where parameters conflict."""
    found = point(**p)
    states = {name: found.get(name, NAN) for name in STATES}
    return states | thresholds(p["K"], p["prior"] == "binary")._asdict() | {"phase": found["phase"]}


SIZE = Parameter("size", "D", "input dimension", 1000, 20, 4000, 1, "log", integer=True)
TRIALS = Parameter("trials", "n", "number of teachers, samples and AMP runs", 5, 1, 1000, 1, "log", integer=True)


def simulate(size: int, trials: int, seed: int, progress, K: int | str, prior: str, **p) -> dict[str, Estimate]:
    """AMP until it stops, for K = 1 and 2. Raises ParameterError where K is infinite, and where the sample would be empty or too large."""
    if K == "inf":
        raise ParameterError("K", K, "the experiment has 1 or 2 hidden units")
    regime(K, **p)
    binary = prior == "binary"
    run = partial(committee_amp.trial, binary) if K == 2 else partial(gamp.trial, perceptron(binary), 0.0)
    load = DEFAULT_LOAD if p["alpha"] is None else p["alpha"]
    found = gamp.at_the_end(gamp.experiment(run, load, None, size, trials, seed, progress))
    if K == 2:
        return found
    return {"q00_amp": found["q_amp"], "gen_error_amp": found["gen_error_gibbs_amp"], "gen_error_01_amp": found["gen_error_amp"]}


DEFAULT_LOAD = 1.0
AUBIN = "Aubin et al. 2018"
STATE = "state evolution of Aubin et al. 2018, evaluated independently"
DIGITS = 5e-8  # of the values below, absolute


def reproduced(K: int | str, prior: str, loads: dict[str, float], atol: float = DIGITS, **values: float | None) -> tuple[Landmark, ...]:
    """One landmark per observable."""
    return tuple(Landmark({"K": K, "prior": prior, **loads}, name, value, STATE, 0.0, atol) for name, value in values.items())


def printed(K: int | str, prior: str, name: str, value: float, source: str, atol: float) -> Landmark:
    """A threshold as quoted."""
    return Landmark({"K": K, "prior": prior}, name, value, source, 0.0, atol)


LANDMARKS = (
    printed(2, "gaussian", "alpha_spec", 2.04, f"{AUBIN} (2.04; their iteration stops at changes of 5e-5)", 0.02),
    printed(2, "binary", "alpha_spec", 1.6, f"{AUBIN} (1.6)", 0.02),
    printed(2, "binary", "alpha_amp", 1.975, f"{AUBIN} (between 1.95 and 2.00)", 0.025),
    printed("inf", "gaussian", "alpha_spinodal", 7.17, f"{AUBIN} (7.17)", 5e-3),
    printed("inf", "gaussian", "alpha_it", 7.65, f"{AUBIN} (7.65, where the plateau still has the larger free entropy, by 0.0035)", 0.04),
    printed(1, "binary", "alpha_it", 1.245, "Györgyi 1990 (1.245)", 5e-4),
    printed(1, "binary", "alpha_amp", 1.493, "Barbier et al. 2019 (1.493)", 5e-4),
    *reproduced(2, "gaussian", {"alpha": 1.0}, q00_amp=0.2399493, q01_amp=0.2399493, gen_error_amp=0.1728692, free_entropy_amp=-0.9440126),
    *reproduced(2, "gaussian", {"alpha": 1.0}, 5e-7, lambda_spec=0.433061, alpha_it=None, alpha_amp=None),
    *reproduced(2, "gaussian", {"alpha": 3.0}, q00_opt=0.6529156, q01_opt=0.1614617, gen_error_opt=0.1109624, free_entropy_opt=-2.4295858),
    *reproduced(2, "gaussian", {"alpha": 3.0}, gen_error_unspec=0.1179759, free_entropy_unspec=-2.4421822),
    *reproduced(2, "gaussian", {"alpha": 4.0}, q00_amp=0.8244488, q01_amp=0.0576222, gen_error_amp=0.0865667),
    *reproduced(2, "gaussian", {"alpha": 100.0}, 5e-7, gen_error_amp=0.003147211, free_entropy_amp=-9.547506, lambda_spec=69.431792),
    *reproduced(2, "gaussian", {"alpha": 100.0}, gen_error_unspec=0.0839560702, free_entropy_unspec=-52.8993976),
    *reproduced(2, "binary", {"alpha": 1.2}, q00_amp=0.2764416, q01_amp=0.2764416, gen_error_amp=0.1608448, gen_error_opt=0.1608448),
    *reproduced(2, "binary", {"alpha": 1.2}, 5e-7, lambda_spec=0.650485),
    *reproduced(2, "binary", {"alpha": 1.8}, 1e-7, q00_amp=0.4585421, q01_amp=0.2432365, gen_error_amp=0.1350814),
    *reproduced(2, "binary", {"alpha": 1.8}, 1e-7, free_entropy_amp=-1.5787274, gen_error_opt=0.0),
    *reproduced("inf", "gaussian", {"alpha": 1.0}, qa_amp=0.3180291, gen_error_amp=0.4351052),
    *reproduced("inf", "gaussian", {"alpha": 5.0}, qa_amp=0.7488564, gen_error_opt=0.3418195),
    *reproduced("inf", "gaussian", {"alpha_k": 10.0}, qd_opt=0.9880310, gen_error_opt=0.1368288, free_entropy_opt=-3.8850047),
    *reproduced("inf", "gaussian", {"alpha_k": 1000.0}, free_entropy_opt=-13.1689892),
    *reproduced("inf", "gaussian", {"alpha_k": 1000.0}, 5e-12, gen_error_opt=0.00124932581),
)

TWO_ONLY = "nan unless K = 2"
NOT_WIDE = "nan for K = inf, whose overlaps are qa and qd"
NOT_ONE = "nan for K = 1"
NOT_TWO = "nan for K = 2, whose labels are three"
LATE_ONLY = "nan unless alpha_k is given"
BINARY_ONLY = "nan for Gaussian weights with K = 1, 2"


def state_observables(suffix: str, mark: str, what: str) -> tuple[Observable, ...]:
    """One state."""
    return (
        Observable(f"q00_{suffix}", f"q_{{00}}^{{{mark}}}", f"overlap of a unit with its teacher unit, {what}", NOT_WIDE),
        Observable(f"q01_{suffix}", f"q_{{01}}^{{{mark}}}", f"overlap of a unit with the other teacher unit, {what}", TWO_ONLY),
        Observable(f"gen_error_{suffix}", rf"\epsilon_g^{{{mark}}}", f"half the squared error of the posterior mean label, {what}"),
        Observable(f"gen_error_01_{suffix}", rf"\epsilon_{{01}}^{{{mark}}}", f"probability of a wrong label, {what}", NOT_TWO),
        Observable(f"free_entropy_{suffix}", f"f^{{{mark}}}", f"free entropy per input dimension (with alpha_k: and unit), nats, {what}"),
    )


OBSERVABLES = (
    *state_observables("amp", "AMP", "AMP"),
    *state_observables("opt", "opt", "optimal"),
    Observable("gen_error_unspec", r"\epsilon_g^{unspec}", "the same error, units not specialized", NOT_ONE),
    Observable("free_entropy_unspec", "f^{unspec}", "free entropy, units not specialized", NOT_ONE),
    Observable(
        "lambda_spec", r"\lambda_{spec}", "growth per iteration of a small specialization; units split where it exceeds 1", TWO_ONLY
    ),
    Observable("alpha_spec", r"\alpha_{spec}", "onset of specialization", TWO_ONLY),
    Observable("alpha_it", r"\alpha_{IT}", "from here on another state than AMP's is optimal (K = inf: in units of K)", BINARY_ONLY),
    Observable("alpha_amp", r"\alpha_{AMP}", "AMP jumps to perfect learning", "nan for Gaussian weights and for K = inf"),
    Observable("alpha_spinodal", r"(\alpha/K)_{sp}", "beginning of the specialized state", "nan unless K = inf and weights are Gaussian"),
    Observable("qa_amp", "q_a", "collective overlap of many units", "nan unless K = inf and alpha is given"),
    Observable("qd_opt", "q_d^{opt}", "overlap of each of many units with its own teacher unit, optimal", LATE_ONLY),
    Observable("qd_spec", "q_d^{spec}", "the same in the specialized state, stable or metastable", f"{LATE_ONLY}, and below its spinodal"),
    Observable("gen_error_spec", r"\epsilon_g^{spec}", "error of the specialized state", f"{LATE_ONLY}, and below its spinodal"),
    Observable("potential", "f(q_d)", "free entropy landscape at `overlap`", "nan without `overlap`; infinite at 1 for Gaussian weights"),
    Observable("phase", "", "unspecialized, specialized, hard (AMP is not optimal) or perfect"),
)
STATES = [o.name for o in OBSERVABLES if o.name not in ("phase", *Thresholds._fields)]

MODEL = Model(
    id="committee-bayes",
    title="Committee machine: specialization of hidden units",
    chapter="teacher_student",
    question="When do hidden units stop doing the same job?",
    equations=__doc__,
    parameters=(
        Parameter("K", "K", "hidden units of teacher and student", 2, 1, 2, 1, choices=("inf",), integer=True),
        Parameter("prior", "P_0", "distribution of the weights, of unit variance", "gaussian", choices=("gaussian", "binary")),
        Parameter("alpha", r"\alpha", "samples per input dimension, N/D (1 where absent, unless alpha_k is given)", None, 0.0, 1e3, 0.01),
        Parameter("alpha_k", r"\alpha/K", "samples per weight, N/(DK), for K = inf only, instead of alpha", None, 0.0, 1e3, 0.01),
        Parameter(
            "overlap", "q_d", "overlap at which the landscape of K = inf at alpha_k is evaluated; nowhere if absent", None, 0.0, 1.0, 0.01
        ),
    ),
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=LANDMARKS,
    references=(
        Reference(
            "B. Aubin, A. Maillard, J. Barbier, F. Krzakala, N. Macris, L. Zdeborová",
            2018,
            "The committee machine: computational to statistical gaps in learning a two-layers neural network",
            "NeurIPS 31; J. Stat. Mech. (2019) 124023",
            "https://arxiv.org/abs/1806.05451",
        ),
        Reference("H. Schwarze, J. Hertz", 1992, "Generalization in a large committee machine", "Europhys. Lett. 20, 375"),
        Reference(
            "G. Györgyi", 1990, "First-order transition to perfect generalization in a neural network with binary synapses", "PRA 41, 7097"
        ),
        Reference(
            "J. Barbier, F. Krzakala, N. Macris, L. Miolane, L. Zdeborová",
            2019,
            "Optimal errors and phase transitions in high-dimensional generalized linear models",
            "PNAS 116, 5451",
            "https://arxiv.org/abs/1708.03395",
        ),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "alpha_k", "overlap"),
)

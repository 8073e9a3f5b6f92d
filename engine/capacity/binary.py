r"""**Setting.** Weights $w_i=\pm1$, $N=\alpha D$ patterns $\xi^\mu\sim\mathcal N(0,I_D)$ that already carry their random sign; a pattern is
stored with margin $\kappa$ when $w\cdot\xi^\mu/\sqrt D\ge\kappa$. $Dt=\varphi(t)\,dt$, $H=1-\Phi$, $A=\varphi/H$, $\epsilon=1-q$,
$u(t)=(\kappa+\sqrt q\,t)/\sqrt\epsilon$.

**Replica-symmetric entropy** (Krauth & Mézard 1989), the logarithm of the number of solutions per weight:

$$s=\mathop{\rm extr}_{q,\hat q}\ -\tfrac12\hat q\,\epsilon+\int Dz\,\ln2\cosh(\sqrt{\hat q}\,z)+\alpha\int Dt\,\ln H(u),$$

$$\epsilon=\int Dz\,\mathrm{sech}^2(\sqrt{\hat q}\,z),\qquad \hat q=\frac\alpha\epsilon\int Dt\,A(u)^2 .$$

**Three different ends.** Solutions are discrete: they are gone when $s=0$, at `alpha_c` (0.833 for $\kappa=0$), while two of them still
differ in a finite fraction of their weights: isolated points, not a shrinking ball. The symmetric saddle stays locally stable beyond,
until `alpha_at`, where

$$\text{replicon}=\frac\alpha{\epsilon^2}\int Dz\,\mathrm{sech}^4(\sqrt{\hat q}\,z)\int Dt\,[A(A-u)]^2$$

reaches 1, and exists until $q\to1$ at `alpha_rs_max` $=\frac2\pi\alpha_c^{\rm spherical}(\kappa)$. The first-moment bound
$\ln2+\alpha\ln H(\kappa)=0$ gives `alpha_ann`, 1 for $\kappa=0$. For the symmetric constraint $|w\cdot\xi|/\sqrt D\le\kappa$ the first moment
is tight (Aubin, Perkins & Zdeborová 2019): `alpha_sbp` $=-\ln2/\ln\mathrm{erf}(\kappa/\sqrt2)$.

**Numerics.** Along the saddle $\alpha$ is an explicit increasing function of $\hat q$, $\alpha(\hat q)=\hat q\,\epsilon/\int Dt\,A^2$: a
point is its root, and the thresholds are the sign changes of $s$ and of replicon $-1$ along it. Close to `alpha_rs_max` the distance
$\ln(\alpha_{rs}/\alpha)$ and $s$ are computed with their leading, cancelling parts taken out in closed form.

**Experiment.** All $2^D$ weights are visited in Gray order, one flip at a time; the index of the first pattern that each violates gives the
number $Z(N)$ of solutions, and their mean, for every $N$ at once. `entropy` is $\langle\ln Z\rangle/D$ over the samples with $Z>0$, `q` the
overlap of two different solutions over those with $Z>1$, `alpha_c` $\langle N_{max}+\frac12\rangle/D$, which drifts to its limit like $1/D$.
"""

import math

import numpy as np
from numba import njit

from engine.capacity.gardner import gaussian_rule, mills_moments, mills_square, mills_square_excess, phi_mean, spherical_capacity
from engine.model import Estimate, Landmark, Model, Observable, Parameter, Reference, mean_sem
from engine.numerics.gaussian import inverse_mills, log_H
from engine.numerics.quadrature import graded_edges
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal

LN_2 = math.log(2.0)
PHI_0 = 1.0 / math.sqrt(2.0 * math.pi)
SATURATED = 5.0  # in sqrt(qhat): beyond, sech^2 has died out well inside the Gaussian
DEEP = 20.0  # sech^2 and exp(-2v) are 1e-17 there
MIDDLE = 1.0  # ln qhat at which the two forms of the saddle meet, q = 0.58


@njit(cache=True, nogil=True)
def spin_rule(root):
    r"""(z, weights of $2Dz$ on $z>0$) for functions of $\sqrt{\hat q}\,z$ that vanish like $\mathrm{sech}^2$; root $=\sqrt{\hat q}$."""
    high = 9.0 if root < SATURATED else DEEP / root
    z, weights = gaussian_rule(graded_edges(0.0, high, 0.0, 1.0 / root if root > 0.1 else 10.0))
    return z, 2.0 * weights


@njit(cache=True, nogil=True)
def overlaps(qhat):
    r"""$(q,\epsilon)=\big(\int Dz\tanh^2,\int Dz\,\mathrm{sech}^2\big)$ of $\sqrt{\hat q}\,z$, neither by subtraction where it is small."""
    root = math.sqrt(qhat)
    z, weights = spin_rule(root)
    q = eps = 0.0
    for i in range(z.size):
        tanh = math.tanh(root * z[i])
        q += weights[i] * tanh * tanh
        eps += weights[i] / math.cosh(root * z[i]) ** 2
    return (q, eps) if root < SATURATED else (1.0 - eps, eps)


@njit(cache=True, nogil=True)
def spin_moments(qhat, eps):
    r"""$\int Dz\,\mathrm{sech}^4$ and $\int Dz\,\ln2\cosh-\hat q\epsilon$ of $\sqrt{\hat q}\,z$.

    For large $\hat q$ the second is $\int Dz\ln(1+e^{-2\sqrt{\hat q}|z|})+\hat q\int dz\,[\varphi(0)-\varphi(z)]\,\mathrm{sech}^2$.
    """
    root = math.sqrt(qhat)
    z, weights = spin_rule(root)
    fourth = log_cosh = 0.0
    for i in range(z.size):
        v = root * z[i]
        sech2 = 1.0 / math.cosh(v) ** 2
        fourth += weights[i] * sech2 * sech2
        log_cosh += weights[i] * math.log1p(math.exp(-2.0 * v))
        if root < SATURATED:
            log_cosh += weights[i] * v
        else:
            log_cosh += weights[i] * qhat * math.expm1(0.5 * z[i] * z[i]) * sech2
    return fourth, log_cosh if root >= SATURATED else log_cosh - qhat * eps


@njit(cache=True, nogil=True)
def log_load(y, kappa):
    r"""$\ln\alpha(\hat q)=\ln\hat q\,\epsilon/\int Dt\,A^2$ at $y=\ln\hat q$."""
    q, eps = overlaps(math.exp(y))
    return y + math.log(eps / mills_square(kappa, q, eps))


@njit(cache=True, nogil=True)
def log_distance(y, kappa):
    r"""$\ln\ln(\alpha_{rs}/\alpha(\hat q))$ at $y=\ln\hat q$, for $q$ above $\frac12$.

    With $\int Dt\,A^2=\frac1\epsilon[\frac1{\alpha_c}-\int_q^1\Phi(\kappa/\sqrt s)ds]+\int Dt\,[A^2-u^2\theta]$, $\alpha_c$ the spherical one, and
    $\sqrt{\pi\hat q/2}\,\epsilon=1-\delta$: $\ln(\alpha_{rs}/\alpha)=\ln(1+\alpha_c\epsilon[\int(A^2-u^2\theta)-\frac1\epsilon\int\Phi])-2\ln(1-\delta)$.
    """
    qhat = math.exp(y)
    root = math.sqrt(qhat)
    q, eps = overlaps(qhat)
    if root < SATURATED:
        log_field = math.log(root * eps / (2.0 * PHI_0))
    else:
        z, weights = spin_rule(root)
        missing = 0.0
        for i in range(z.size):
            missing += weights[i] * math.expm1(0.5 * z[i] * z[i]) / math.cosh(root * z[i]) ** 2
        log_field = math.log1p(-root * missing / (2.0 * PHI_0))
    excess = mills_square_excess(kappa, q, eps) - phi_mean(kappa, eps)
    return math.log(math.log1p(spherical_capacity(kappa) * eps * excess) - 2.0 * log_field)


@njit(cache=True, nogil=True)
def saddle(alpha, kappa):
    r"""$\ln\hat q$ at the saddle, for $0<\alpha<\alpha_{rs}$ (Krauth & Mézard 1989)."""
    target = math.log(alpha)
    middle = target - log_load(MIDDLE, kappa)
    if middle < 0.0:
        low = min(0.0, target + 2.0 * math.log(inverse_mills(kappa))) - 4.0
        bracket = open_bracket(low, target - log_load(low, kappa), MIDDLE, middle, 1e-12)
        while not closed(bracket):
            y = proposal(bracket)
            narrow(bracket, y, target - log_load(y, kappa))
        return best(bracket)
    limit = rs_limit(kappa)
    target = math.log(-math.log1p((alpha - limit) / limit))
    bracket = open_bracket(MIDDLE, log_distance(MIDDLE, kappa) - target, 46.0, log_distance(46.0, kappa) - target, 1e-12)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, log_distance(y, kappa) - target)
    return best(bracket)


@njit(cache=True, nogil=True)
def rs_limit(kappa):
    r"""$\alpha_{rs}=\frac2\pi\alpha_c^{\rm spherical}(\kappa)$, where $q\to1$."""
    return 2.0 / math.pi * spherical_capacity(kappa)


@njit(cache=True, nogil=True)
def along_saddle(y, kappa):
    r"""(q, qhat, alpha, s, replicon) at $y=\ln\hat q$; in $s$, $-\frac12\hat q\epsilon$ is $-\hat q\epsilon+\frac\alpha2\int Dt\,A^2$."""
    qhat = math.exp(y)
    q, eps = overlaps(qhat)
    fourth, spins = spin_moments(qhat, eps)
    _, square, slope, patterns = mills_moments(kappa, q, eps)
    alpha = qhat * eps / square
    return q, qhat, alpha, spins + alpha * patterns, alpha * slope * fourth / (eps * eps)


@njit(cache=True, nogil=True)
def criterion(y, kappa, stability):
    r"""What changes sign at a threshold, positive before it: $1-$ replicon if `stability`, else $s$."""
    _, _, _, entropy, replicon = along_saddle(y, kappa)
    return 1.0 - replicon if stability else entropy


@njit(cache=True, nogil=True)
def threshold(kappa, stability):
    r"""The load at which `criterion` changes sign along the saddle."""
    low, high = -3.0, 7.0  # the roots run from -1.9 at kappa = -2 to 5.9 at kappa = 3
    bracket = open_bracket(low, criterion(low, kappa, stability), high, criterion(high, kappa, stability), 1e-10)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, criterion(y, kappa, stability))
    return math.exp(log_load(best(bracket), kappa))


@njit(cache=True, nogil=True)
def symmetric_capacity(kappa):
    r"""$-\ln2/\ln\mathrm{erf}(\kappa/\sqrt2)$ for $\kappa>0$, else nan (Aubin, Perkins & Zdeborová 2019)."""
    if kappa <= 0.0:
        return math.nan
    x = kappa / math.sqrt(2.0)
    return -LN_2 / (math.log(math.erf(x)) if x < 0.5 else math.log1p(-math.erfc(x)))


@njit(cache=True, nogil=True)
def state(alpha, kappa):
    """(q, qhat, s, replicon) at one point, nan where the saddle has ceased to exist."""
    if alpha == 0.0:
        return 0.0, 0.0, LN_2, 0.0
    if alpha >= (1.0 - 1e-9) * rs_limit(kappa):
        return math.nan, math.nan, math.nan, math.nan
    q, qhat, _, entropy, replicon = along_saddle(saddle(alpha, kappa), kappa)
    return q, qhat, entropy, replicon


@njit(cache=True, nogil=True)
def line(alphas, kappas):
    """Every real observable in the order of `REAL` at each point of two arrays (points,); returns (11, points).

    The thresholds are computed once per run of equal kappa.
    """
    table = np.empty((11, alphas.size))
    capacity = instability = math.nan
    for i in range(alphas.size):
        alpha, kappa = alphas[i], kappas[i]
        if i == 0 or kappas[i - 1] != kappa:
            capacity, instability = threshold(kappa, False), threshold(kappa, True)
        q, qhat, entropy, replicon = state(alpha, kappa)
        table[0, i], table[1, i], table[2, i], table[3, i] = q, qhat, entropy, replicon
        table[4, i] = 1.0 if replicon < 1.0 else 0.0
        table[5, i] = LN_2 + alpha * log_H(kappa)
        table[6, i], table[7, i], table[8, i], table[9, i] = capacity, -LN_2 / log_H(kappa), instability, rs_limit(kappa)
        table[10, i] = symmetric_capacity(kappa)
    return table


REAL = (
    "q", "qhat", "entropy", "replicon", "rs_stable", "entropy_ann", "alpha_c", "alpha_ann", "alpha_at", "alpha_rs_max", "alpha_sbp",
)  # fmt: skip


def solve_along(axis: str, values: np.ndarray, **parameters) -> dict[str, np.ndarray]:
    """A compiled loop along alpha or kappa; along the first the thresholds are solved once."""
    parameters[axis] = np.asarray(values, float)
    alphas, kappas = (np.array(a) for a in np.broadcast_arrays(parameters["alpha"], parameters["kappa"]))
    table = dict(zip(REAL, line(alphas.astype(float), kappas.astype(float)), strict=True))
    table["rs_stable"] = table["rs_stable"].astype(int)
    return table | {"phase": np.where(alphas < table["alpha_c"], "sat", "unsat")}


def solve(alpha: float, kappa: float) -> dict:
    """The replica-symmetric theory and its thresholds at one point."""
    return {name: column[0].item() for name, column in solve_along("alpha", np.array([alpha]), kappa=kappa).items()}


@njit(cache=True, nogil=True)
def first_violations(xi, kappa):
    r"""Visit all $w\in\{\pm1\}^D$ in Gray order; the first pattern n (0 ... N) that each violates, N if none.

    xi (N, D). Returns counts (N + 1,) of weights by n, and the sums (N + 1, D) of those weights.
    """
    count, dimension = xi.shape
    flips = 2.0 * xi.T.copy()
    bound = kappa * math.sqrt(dimension)
    w, fields = np.full(dimension, -1), -xi.sum(axis=1)
    counts, sums = np.zeros(count + 1, np.int64), np.zeros((count + 1, dimension), np.int64)
    for step in range(1, 2**dimension + 1):
        n = 0
        while n < count and fields[n] >= bound:
            n += 1
        counts[n] += 1
        if n > 0:
            for j in range(dimension):
                sums[n, j] += w[j]
        i = 0
        while (step >> i) & 1 == 0:
            i += 1
        if i < dimension:
            w[i] = -w[i]
            for mu in range(count):
                fields[mu] += w[i] * flips[i, mu]
    return counts, sums


def enumerate_solutions(xi_rows, kappa: float, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Z(N) and the squared length of the summed solutions for N = 0, 1, ... until no solution is left, both (points,).

    xi_rows(n) draws n further patterns (n, D).
    """
    xi = xi_rows(math.ceil(-1.3 * LN_2 / log_H(kappa) * dimension) + 2)
    while True:
        counts, sums = first_violations(xi, kappa)
        if counts[-1] == 0:
            break
        xi = np.vstack([xi, xi_rows(len(xi))])
    solutions = counts[::-1].cumsum()[::-1]
    solutions = np.append(solutions[solutions > 0], 0)
    total = sums[::-1].cumsum(axis=0)[::-1][: len(solutions)].astype(float)
    total[0] = 0.0  # every w solves nothing: their sum vanishes
    return solutions, (total**2).sum(axis=1)


SIZE = Parameter("size", "D", "number of weights; all 2^D of them are visited", 16, 4, 22, 1, integer=True)
TRIALS = Parameter("trials", "n", "number of samples", 100, 1, 100_000, 1, "log", integer=True)


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress, kappa: float) -> dict[str, Estimate]:
    r"""The whole curve along alpha from one enumeration per sample, linear between the integers N around $\alpha D$.

    nan where no sample had solutions left (`q`: two of them).
    """
    load = np.asarray(values, float) * size
    random = np.random.default_rng(seed)
    entropy, overlap, reached = [], [], []
    for trial in range(trials):
        progress(trial / trials)
        Z, square = enumerate_solutions(lambda n: random.standard_normal((n, size)), kappa, size)
        reached.append((len(Z) - 1.5) / size)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_Z = np.where(Z > 0, np.log(Z), np.nan)
            pairs = np.where(Z > 1, (square / size - Z) / (Z * (Z - 1.0)), np.nan)
        entropy.append(between_integers(log_Z, load) / size)
        overlap.append(between_integers(pairs, load))
    progress(1.0)
    capacity = mean_sem(reached)
    capacity = Estimate(np.full(len(load), capacity.mean), np.full(len(load), capacity.sem))
    return {"entropy": mean_sem(entropy), "q": mean_sem(overlap), "alpha_c": capacity}


def between_integers(curve: np.ndarray, x: np.ndarray) -> np.ndarray:
    """`curve`, given at 0, 1, 2, ..., linear in between; its last value continues."""
    low, high = np.floor(x + 1e-9).astype(int), np.ceil(x - 1e-9).astype(int)
    left, right = curve[np.minimum(low, len(curve) - 1)], curve[np.minimum(high, len(curve) - 1)]
    return left + (right - left) * (x - low)


def simulate(size: int, trials: int, seed: int, progress, alpha: float, kappa: float) -> dict[str, Estimate]:
    """One point of `simulate_along`."""
    curve = simulate_along("alpha", np.array([alpha]), size, trials, seed, progress, kappa)
    return {name: Estimate(float(estimate.mean[0]), float(estimate.sem[0])) for name, estimate in curve.items()}


KRAUTH = "Krauth & Mézard 1989"
SADDLE = "saddle point of Krauth & Mézard 1989, evaluated independently"
CEASED = "nan from alpha_rs_max on, where the saddle has ceased to exist"

MODEL = Model(
    id="capacity-binary",
    title="Binary weights",
    chapter="capacity",
    question="How many random labels can a perceptron store when every weight is only a sign?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "load: patterns per weight", 0.5, 0.0, 500.0, 0.01),
        Parameter("kappa", r"\kappa", "margin", 0.0, -2.0, 3.0, 0.01),
    ),
    observables=(
        Observable("q", "q", "typical overlap of two solutions", CEASED),
        Observable("qhat", r"\hat q", "its conjugate", CEASED),
        Observable("entropy", "s", "logarithm of the number of solutions per weight (unphysical where negative)", CEASED),
        Observable("replicon", r"\lambda_R", "replica symmetry is locally stable while it is below 1", CEASED),
        Observable("rs_stable", r"\lambda_R<1", "1 where replica symmetry is locally stable"),
        Observable("entropy_ann", r"s_{ann}", "annealed entropy, from the mean number of solutions"),
        Observable("alpha_c", r"\alpha_c", "capacity: the entropy vanishes"),
        Observable("alpha_ann", r"\alpha_{ann}", "first-moment bound: the annealed entropy vanishes"),
        Observable("alpha_at", r"\alpha_{AT}", "replica symmetry becomes locally unstable"),
        Observable("alpha_rs_max", r"\alpha_{q\to1}", "the symmetric saddle ceases to exist"),
        Observable(
            "alpha_sbp", r"\alpha_{SBP}", "capacity of the symmetric binary perceptron", "nan for kappa <= 0: its constraint is empty"
        ),
        Observable("phase", "", "sat below alpha_c, unsat above"),
    ),
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=(
        Landmark({"kappa": 0.0}, "alpha_c", 0.833, KRAUTH, rtol=0.0, atol=5e-4),
        Landmark({"kappa": 0.0}, "alpha_at", 1.015, KRAUTH, rtol=0.0, atol=5e-4),
        Landmark({"kappa": 0.0}, "alpha_rs_max", 4.0 / math.pi, KRAUTH + ", q → 1", rtol=1e-14),
        Landmark({"kappa": 0.0}, "alpha_ann", 1.0, "first moment", rtol=1e-14),
        Landmark({"kappa": 0.0}, "alpha_c", 0.83307860, SADDLE, rtol=6e-9),
        Landmark({"kappa": 0.0}, "alpha_at", 1.01465, SADDLE, rtol=5e-6),
        Landmark({"kappa": 0.5}, "alpha_c", 0.4556646, SADDLE, rtol=2e-7),
        Landmark({"kappa": 0.5}, "alpha_at", 0.5345008, SADDLE, rtol=2e-7),
        Landmark({"kappa": -0.5}, "alpha_c", 1.6788411, SADDLE, rtol=6e-8),
        Landmark({"kappa": -0.5}, "alpha_at", 2.1317281, SADDLE, rtol=6e-8),
        *(
            Landmark({"alpha": alpha, "kappa": kappa}, name, value, SADDLE, rtol=0.0, atol=1e-7)
            for alpha, kappa, row in (
                (0.2, 0.0, (0.1268647, 0.1649302, 0.5501201, 0.0826558)),
                (0.5, 0.0, (0.3223854, 0.6680350, 0.3143901, 0.2335518)),
                (0.8, 0.0, (0.5379422, 2.2153161, 0.0353057, 0.4974965)),
                (0.3, 0.5, (0.3964209, 1.0117612, 0.2889509, 0.2064728)),
                (1.5, -0.5, (0.4170467, 1.1329172, 0.0845832, 0.4887715)),
            )
            for name, value in zip(("q", "qhat", "entropy", "replicon"), row, strict=True)
        ),
    ),
    references=(
        Reference(
            "W. Krauth & M. Mézard",
            1989,
            "Storage capacity of memory networks with binary couplings",
            "J. Phys. France 50, 3057",
            "https://doi.org/10.1051/jphys:0198900500200305700",
        ),
        Reference(
            "J. Ding & N. Sun", 2019, "Capacity lower bound for the Ising perceptron", "STOC 2019", "https://arxiv.org/abs/1809.07742"
        ),
        Reference("B. Huang", 2024, "Capacity threshold for the Ising perceptron", "FOCS 2024", "https://arxiv.org/abs/2404.18902"),
        Reference(
            "B. Aubin, W. Perkins & L. Zdeborová",
            2019,
            "Storage capacity in symmetric binary perceptrons",
            "J. Phys. A 52, 294003",
            "https://arxiv.org/abs/1901.00314",
        ),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "kappa"),
    simulate_along=simulate_along,
    simulate_axes=("alpha",),
)

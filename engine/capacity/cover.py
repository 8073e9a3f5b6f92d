r"""**Setting.** $N$ points in general position in $\mathbb R^D$ carry random labels $\pm1$. A hyperplane through the origin can realise
$C(N,D)$ of the $2^N$ labellings; a bias adds one dimension, $D\to D+1$ in every formula. The load is $\alpha=N/D$.

**Counting** (Cover 1965). A new point splits exactly those dichotomies whose hyperplane can be moved through it, hence
$C(N+1,D)=C(N,D)+C(N,D-1)$ and

$$C(N,D)=2\sum_{k=0}^{D-1}\binom{N-1}{k},\qquad P_{sep}=\frac{C(N,D)}{2^N}=\Pr\big[\mathrm{Bin}(N-1,\tfrac12)\le D-1\big].$$

Up to $N=D$ every labelling is realised ($D$ is the VC dimension); at $N=2D$ exactly half of them, whatever $D$.

**The transition.** For large $D$, $P_{sep}\simeq\Phi\big((2D-N)/\sqrt{N-1}\big)$: a step at $\alpha=2$ of width $2.56\sqrt{2/D}$ between 90 %
and 10 %. Beyond it separability is exponentially rare, with the rate

$$-\lim_{D\to\infty}\frac1D\ln P_{sep}=\alpha\big[\ln2-h(1/\alpha)\big],\qquad h(x)=-x\ln x-(1-x)\ln(1-x).$$

**Levels.** $\alpha_p$ is the load at which $P_{sep}=p$, with $P_{sep}$ interpolated linearly between consecutive integers $N$.

**Numerics.** The smaller of $P_{sep}$ and $1-P_{sep}$ is summed from its largest term outwards; the logarithm of that term comes from the
saddle-point form of the binomial (Loader 2000), so that all digits survive at any $D$; the other one is its complement. The levels are
reached from $P_{sep}(2D)=\frac12$ by the exact recurrence in $N$.

**Experiment.** Gaussian patterns in $\mathbb R^D$; the labelling is separable when the convex hull of the rows $y\,x$ stays away from the
origin, which one non-negative least squares decides.
"""

import math

import numpy as np
from numba import njit

from engine.capacity.margin import fraction, separable
from engine.model import Estimate, Landmark, Model, Observable, Parameter, ParameterError, Reference
from engine.numerics.gaussian import cdf

LN_2 = math.log(2.0)
LN_10 = math.log(10.0)


@njit(cache=True, nogil=True)
def entropy_deficit(d):
    r"""$\ln2-h(\frac{1+d}2)=\frac12[(1+d)\ln(1+d)+(1-d)\ln(1-d)]$ for $|d|\le1$, by its series where the terms cancel."""
    if abs(d) > 0.15:
        both = (1.0 + d) * math.log1p(d) if d > -1.0 else 0.0
        return 0.5 * (both + ((1.0 - d) * math.log1p(-d) if d < 1.0 else 0.0))
    square = d * d
    total, power = 0.0, 1.0
    for j in range(1, 10):
        power *= square
        total += power / (2 * j * (2 * j - 1))
    return total


@njit(cache=True, nogil=True)
def stirling_remainder(n):
    r"""$\ln n!-(n+\frac12)\ln n+n-\frac12\ln2\pi$ for $n\ge1$."""
    if n < 16:
        return math.lgamma(n + 1.0) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2.0 * math.pi)
    v = 1.0 / (float(n) * n)
    return (1.0 / 12.0 - v * (1.0 / 360.0 - v * (1.0 / 1260.0 - v * (1.0 / 1680.0 - v / 1188.0)))) / n


@njit(cache=True, nogil=True)
def log_binomial_pmf(k, n):
    r"""$\ln\binom nk2^{-n}$, to rounding (Loader 2000, with both deviances in one)."""
    if k == 0 or k == n:
        return -n * LN_2
    remainder = stirling_remainder(n) - stirling_remainder(k) - stirling_remainder(n - k)
    return remainder - n * entropy_deficit((2.0 * k - n) / n) - 0.5 * math.log(2.0 * math.pi * k * (n - k) / n)


@njit(cache=True, nogil=True)
def log_binomial_tail(k, n):
    r"""$\ln\Pr[\mathrm{Bin}(n,\frac12)\le k]$ for $0\le k\le n/2$, summed from the largest term down."""
    total, term, j = 1.0, 1.0, k
    while j > 0 and term > 1e-18 * total:
        term *= j / (n - j + 1.0)
        total += term
        j -= 1
    return log_binomial_pmf(k, n) + math.log(total)


@njit(cache=True, nogil=True)
def log_separable(N, D):
    r"""$(\ln P,\ln(1-P))$, $P=C(N,D)/2^N$; the second is -inf for $N\le D$ (Cover 1965)."""
    if N <= D:
        return 0.0, -math.inf
    if N == 2 * D:
        return -LN_2, -LN_2
    if N < 2 * D:
        log_fail = log_binomial_tail(N - 1 - D, N - 1)
        return math.log1p(-math.exp(log_fail)), log_fail
    log_p = log_binomial_tail(D - 1, N - 1)
    return log_p, math.log1p(-math.exp(log_p))


@njit(cache=True, nogil=True)
def crossing(D, p):
    r"""The real $N$ at which $P$, linear between integers, equals $p$: walk from $P(2D)=\frac12$, $P(N)-P(N+1)=\frac12\Pr[\mathrm{Bin}(N-1)=D-1]$."""
    N, here = 2 * D, 0.5
    half_term = 0.5 * math.exp(log_binomial_pmf(D - 1, N - 1))
    while here - half_term >= p:
        here -= half_term
        half_term *= 0.5 * N / (N - D + 1.0)
        N += 1
    while here < p:
        half_term *= 2.0 * (N - D) / (N - 1.0)
        here += half_term
        N -= 1
    return N + (here - p) / half_term


@njit(cache=True, nogil=True)
def p_gauss(N, D):
    r"""$\Phi\big((2D-N)/\sqrt{N-1}\big)$, 1 for $N\le1$."""
    return 1.0 if N <= 1 else cdf((2.0 * D - N) / math.sqrt(N - 1.0))


@njit(cache=True, nogil=True)
def rate(alpha):
    r"""$-\lim\frac1D\ln P=\alpha[\ln2-h(1/\alpha)]$ for $\alpha>2$, else 0."""
    return alpha * entropy_deficit(1.0 - 2.0 / alpha) if alpha > 2.0 else 0.0


@njit(cache=True, nogil=True)
def line(Ds, Ns, bias):
    """Every real observable at each (D, N), both (points,); returns (11, points). Levels are computed once per run of equal D."""
    table = np.empty((11, Ds.size))
    level_90 = level_50 = level_10 = math.nan
    for i in range(Ds.size):
        D, N = Ds[i], Ns[i]
        if i == 0 or Ds[i - 1] != D:
            level_90, level_50, level_10 = crossing(D + bias, 0.9) / D, 2.0 * (D + bias) / D, crossing(D + bias, 0.1) / D
        log_p, log_fail = log_separable(N, D + bias)
        table[0, i] = N / D
        table[1, i] = math.exp(log_p)
        table[2, i] = log_p / LN_10
        table[3, i] = log_fail / LN_10 if D + bias < N else math.nan
        table[4, i] = log_p + N * LN_2
        table[5, i] = log_p / LN_2 + N
        table[6, i] = p_gauss(N, D + bias)
        table[7, i] = rate(N / (D + bias))
        table[8, i], table[9, i], table[10, i] = level_90, level_50, level_10
    return table


REAL = ("alpha", "p_sep", "log10_p_sep", "log10_p_fail", "log_count", "log2_count", "p_gauss", "rate", "alpha_90", "alpha_50", "alpha_10")


def patterns(alpha: float, D: int) -> int:
    r"""$N=\lfloor\alpha D+\frac12\rfloor$."""
    return math.floor(alpha * D + 0.5)


def columns(Ds, Ns, bias: int) -> dict[str, np.ndarray]:
    """{observable: (points,)} at each (D, N)."""
    Ds, Ns = np.asarray(Ds, np.int64), np.asarray(Ns, np.int64)
    table = dict(zip(REAL, line(Ds, Ns, bias) + 0.0, strict=True))  # no -0.0
    return {"N": Ns, **table, "width": table["alpha_10"] - table["alpha_90"]}


def solve(D: int, alpha: float, N: int | None, bias: int) -> dict:
    """The exact count and its limits at one point."""
    return {name: column[0].item() for name, column in columns([D], [patterns(alpha, D) if N is None else N], bias).items()}


def solve_along(axis: str, values: np.ndarray, **parameters) -> dict[str, np.ndarray]:
    """A compiled loop along alpha, N or D; the levels, functions of D alone, are computed once along the first two."""
    points = [{**parameters, axis: value} for value in values.tolist()]
    Ds = [int(point["D"]) for point in points]
    Ns = [patterns(p["alpha"], D) if p.get("N") is None else int(p["N"]) for p, D in zip(points, Ds, strict=True)]
    return columns(Ds, Ns, parameters["bias"])


SIZE = Parameter("size", "D", "input dimension of the patterns drawn (D if absent)", None, 1, 400, 1, "log", integer=True)
TRIALS = Parameter("trials", "n", "number of random labellings", 200, 1, 100_000, 1, "log", integer=True)


def simulate_along(axis: str, values: np.ndarray, size: int | None, trials: int, seed: int, progress, **parameters) -> dict[str, Estimate]:
    """P_sep at each value of alpha or N from the same draws: each trial adds patterns until the labelling is lost, found by bisection.

    Points of one curve share their draws and are correlated; each is unbiased on its own. Raises ParameterError for a D too large.
    """
    D = SIZE.validate(parameters["D"]) if size is None else size
    fixed = None if axis == "N" else parameters["N"]
    Ns = np.array([(int(value) if axis == "N" else patterns(value, D)) if fixed is None else fixed for value in values.tolist()])
    if Ns.max() * D > 4_000_000:
        raise ParameterError("N", int(Ns.max()), f"N must be at most {4_000_000 // D} for an experiment with D={D}")
    counts = np.unique(Ns)
    stored = np.zeros(counts.size)
    random = np.random.default_rng(seed)
    for trial in range(trials):
        progress(trial / trials)
        xi = random.standard_normal((int(counts[-1]), D))
        if parameters["bias"]:
            xi = np.hstack([xi, random.choice([-1.0, 1.0], (len(xi), 1))])
        low, high = 0, counts.size
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if separable(xi[: counts[middle]]) else (low, middle)
        stored[:low] += 1
    progress(1.0)
    return {"p_sep": fraction(stored[np.searchsorted(counts, Ns)], trials)}


def simulate(size: int | None, trials: int, seed: int, progress, **parameters) -> dict[str, Estimate]:
    """The fraction of random labellings that are separable; `trials` draws in dimension `size` (D if None)."""
    alpha = parameters.pop("alpha")
    curve = simulate_along("alpha", np.array([alpha]), size, trials, seed, progress, **parameters)
    return {name: Estimate(float(estimate.mean[0]), float(estimate.sem[0])) for name, estimate in curve.items()}


COVER = "Cover 1965"
EXACT = "rational arithmetic on Cover's count"
NO_FAILURE = "nan for N <= D (N <= D + 1 with bias): every labelling is separable"

MODEL = Model(
    id="capacity-cover",
    title="Cover's counting",
    chapter="capacity",
    question="How many random labels can a hyperplane realise?",
    equations=__doc__,
    parameters=(
        Parameter("D", "D", "input dimension", 50, 1, 100_000, 1, "log", integer=True),
        Parameter("alpha", r"\alpha", r"load: patterns per dimension, N = ⌊αD + ½⌋", 2.0, 0.0, 20.0, 0.01),
        Parameter("N", "N", "number of patterns (from alpha if absent)", None, 0, 2_000_000, 1, integer=True),
        Parameter("bias", "b", "1 allows a bias: one more dimension", 0, 0, 1, 1, integer=True),
    ),
    observables=(
        Observable("N", "N", "number of patterns"),
        Observable("alpha", r"\alpha", "load N/D after rounding N"),
        Observable("p_sep", "P_{sep}", "probability that random labels are separable"),
        Observable("log10_p_sep", r"\log_{10}P_{sep}", "its decimal logarithm"),
        Observable("log10_p_fail", r"\log_{10}(1-P_{sep})", "decimal logarithm of the probability of failure", NO_FAILURE),
        Observable("log_count", r"\ln C(N,D)", "logarithm of the number of dichotomies"),
        Observable("log2_count", r"\log_2C(N,D)", "bits: binary logarithm of the number of dichotomies"),
        Observable("p_gauss", r"\Phi\big(\tfrac{2D-N}{\sqrt{N-1}}\big)", "Gaussian approximation of the probability"),
        Observable("rate", r"-\tfrac1D\ln P_{sep}", "large-deviation rate beyond capacity"),
        Observable("alpha_90", r"\alpha_{90}", "load at which 90 % of labellings are separable"),
        Observable("alpha_50", r"\alpha_{50}", "load at which half of the labellings are separable"),
        Observable("alpha_10", r"\alpha_{10}", "load at which 10 % of labellings are separable"),
        Observable("width", r"\alpha_{10}-\alpha_{90}", "width of the transition"),
    ),
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=(
        Landmark({"D": 50, "alpha": 2.0}, "p_sep", 0.5, COVER, rtol=0.0),
        Landmark({"D": 1000, "alpha": 2.0}, "alpha_50", 2.0, COVER, rtol=0.0),
        Landmark({"D": 100, "N": 100}, "p_sep", 1.0, COVER + ": VC dimension D", rtol=0.0),
        Landmark({"D": 100, "N": 100}, "log10_p_fail", None, COVER + ": VC dimension D"),
        Landmark({"D": 100, "N": 170}, "p_sep", 0.98962948, EXACT, rtol=5e-9),
        Landmark({"D": 100, "N": 170}, "log10_p_fail", -1.9841994586, EXACT, rtol=1e-10),
        Landmark({"D": 100, "N": 170}, "log2_count", 169.98496038, EXACT, rtol=1e-10),
        Landmark({"D": 100, "N": 230}, "p_sep", 0.023595623, EXACT, rtol=2e-8),
        Landmark({"D": 100, "N": 230}, "log10_p_sep", -1.6271685522, EXACT, rtol=1e-10),
        Landmark({"D": 50, "N": 200}, "log10_p_sep", -12.682305403, EXACT, rtol=1e-10),
        Landmark({"D": 50, "N": 200}, "log2_count", 157.87029337, EXACT, rtol=1e-10),
        Landmark({"D": 10, "N": 22}, "p_sep", 0.33181190491, EXACT, rtol=1e-10),
        Landmark({"D": 50}, "alpha_90", 1.76094402, EXACT, rtol=5e-9),
        Landmark({"D": 50}, "alpha_10", 2.27213427, EXACT, rtol=5e-9),
    ),
    references=(
        Reference(
            "T. M. Cover",
            1965,
            "Geometrical and statistical properties of systems of linear inequalities with applications in pattern recognition",
            "IEEE Trans. Electron. Comput. EC-14, 326",
            "https://doi.org/10.1109/PGEC.1965.264137",
        ),
        Reference("C. Loader", 2000, "Fast and accurate computation of binomial probabilities", "Technical report, Bell Laboratories"),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "N", "D"),
    simulate_along=simulate_along,
    simulate_axes=("alpha", "N"),
)

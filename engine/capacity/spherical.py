r"""**Setting.** Weights on the sphere $|w|^2=D$, $N=\alpha D$ patterns $\xi^\mu\sim\mathcal N(0,I_D)$ that already carry their random sign,
stabilities $\Delta^\mu=w\cdot\xi^\mu/\sqrt D$. A pattern is stored with margin $\kappa$ when $\Delta^\mu\ge\kappa$.
$Dt=\varphi(t)\,dt$, $H=1-\Phi$, $A=\varphi/H$, $\epsilon=1-q$, $u(t)=(\kappa+\sqrt q\,t)/\sqrt\epsilon$.

**Below capacity** (Gardner 1988). The solutions fill a fraction $e^{Ds}$ of the sphere, two of them at overlap $q$:

$$s=\mathop{\rm extr}_q\ \tfrac12\ln\epsilon+\frac q{2\epsilon}+\alpha\int Dt\,\ln H(u),\qquad q=\alpha\epsilon\int Dt\,A(u)^2 .$$

At $\alpha_c$ the volume shrinks to a point, $q\to1$, and replica symmetry holds as long as the replicon stays below 1:

$$\alpha_c(\kappa)=\frac1{(1+\kappa^2)\Phi(\kappa)+\kappa\varphi(\kappa)},\qquad \text{replicon}=\alpha\int Dt\,[A(A-u)]^2 .$$

Read as a function of $\alpha$, it is the largest margin $\kappa_{max}$; a fraction $\Phi(\kappa_{max})$ of the patterns lies on it: the
support vectors. The stabilities of a typical solution have the density

$$P(\Delta)=\theta(\Delta-\kappa)\int Dt\ \frac{\varphi\big((\Delta+\sqrt q\,t)/\sqrt\epsilon\big)}{\sqrt\epsilon\,H(u)} .$$

**Above capacity** (Gardner & Derrida 1988; Griniasty & Gutfreund 1991) the cost $\sum_\mu V(\Delta^\mu)$ is minimised:
`count` $\theta(\kappa-\Delta)$, `hinge` $(\kappa-\Delta)_+$, `quad` $\frac12(\kappa-\Delta)_+^2$. A pattern whose cavity field is $t$ ends at

$$\lambda^*(t)=\mathop{\rm argmin}_\lambda\ V(\lambda)+\frac{(\lambda-t)^2}{2x},\qquad \alpha\int Dt\,(\lambda^*-t)^2=1,\qquad
\text{replicon}=\alpha\int Dt\,(\partial_t\lambda^*-1)^2,$$

and $P(\Delta)$ is the law of $\lambda^*$. With `count`, patterns in $\kappa-\sqrt{2x}<t<\kappa$ are pulled up to $\kappa$ and those below are
given up: a gap opens, the replicon is infinite, and the error is a lower bound (Majer, Engel & Zippelius 1993). With `hinge`,
$\lambda^*=t+x$ below $\kappa-x$ and $\kappa$ between $\kappa-x$ and $\kappa$; with `quad`, $\lambda^*=(t+\kappa x)/(1+x)$ below $\kappa$ and
$x/(1+x)=\sqrt{\alpha_c/\alpha}$. For $\kappa<0$ the problem is not convex and $\alpha_c$ is an upper estimate.

**Numerics.** The unknown is $y=\ln(q/\epsilon)$. Below $q=\frac12$ the saddle reads $y=\ln\alpha\int Dt\,A^2$; above it, with the part that
diverges like $1/\epsilon$ integrated in closed form,

$$\frac{1-\alpha/\alpha_c}\epsilon=1-\frac\alpha\epsilon\int_q^1\!\Phi\Big(\frac\kappa{\sqrt s}\Big)ds+\alpha\int Dt\,[A^2-u^2\theta(u)],$$

so that $\epsilon$ keeps its digits down to $10^{-12}$. Panels grow geometrically from the kink at $u=0$.

**Experiment.** Gaussian patterns in dimension $D$: the largest margin and its support vectors by non-negative least squares; below
capacity, two Gibbs chains inside the solution space give $q$ and the stabilities; above, `hinge` and `quad` are minimised on the sphere.
"""

import math

import numpy as np
from numba import njit
from scipy.optimize import minimize

from engine.capacity.gardner import (
    REACH,
    gaussian_rule,
    mills_moments,
    mills_square,
    mills_square_excess,
    phi_mean,
    spherical_capacity,
    square_excess,
)
from engine.capacity.margin import SEPARABLE, fraction, max_margin
from engine.model import Estimate, Landmark, Model, Observable, Parameter, ParameterError, Reference, mean_sem
from engine.numerics.gaussian import cdf, inverse_mills, inverse_mills_excess, pdf, square_integral
from engine.numerics.quadrature import graded_edges
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal

LOSSES = ("count", "hinge", "quad")
COUNT, HINGE, QUAD = range(3)


@njit(cache=True, nogil=True)
def largest_margin(alpha):
    r"""$\kappa_{max}$: the root of $\alpha_c(\kappa)=\alpha$."""
    if alpha < 0.01:  # kappa > 9.9: Phi = 1
        return math.sqrt(1.0 - alpha) / math.sqrt(alpha)
    low, high, log_alpha = -6.0, 10.0, math.log(alpha)
    bracket = open_bracket(low, math.log(square_excess(low)) + log_alpha, high, math.log(square_excess(high)) + log_alpha, 1e-14)
    while not closed(bracket):
        kappa = proposal(bracket)
        narrow(bracket, kappa, math.log(square_excess(kappa)) + log_alpha)
    return best(bracket)


@njit(cache=True, nogil=True)
def from_log_odds(y):
    r"""$(q,\epsilon)$ from $y=\ln(q/\epsilon)$."""
    return 1.0 / (1.0 + math.exp(-y)) if y > 0.0 else math.exp(y) / (1.0 + math.exp(y)), 1.0 / (1.0 + math.exp(y))


@njit(cache=True, nogil=True)
def residual_low(y, alpha, kappa):
    r"""$\ln(\alpha\epsilon\int Dt\,A^2)-\ln q$."""
    q, eps = from_log_odds(y)
    return math.log(alpha * mills_square(kappa, q, eps)) - y


@njit(cache=True, nogil=True)
def residual_high(y, alpha, kappa, distance):
    r"""The saddle for $q>\frac12$ as $\ln\epsilon[1-\frac\alpha\epsilon\int_q^1\Phi(\kappa/\sqrt s)ds+\alpha\int Dt(A^2-u^2\theta)]-\ln(1-\alpha/\alpha_c)$."""
    q, eps = from_log_odds(y)
    return math.log(eps * (1.0 + alpha * (mills_square_excess(kappa, q, eps) - phi_mean(kappa, eps)))) - math.log(distance)


@njit(cache=True, nogil=True)
def overlap(alpha, kappa):
    r"""$y=\ln(q/\epsilon)$ at the saddle, for $\alpha<\alpha_c$ (Gardner 1988, eq. 24)."""
    middle = residual_low(0.0, alpha, kappa)
    if middle < 0.0:
        low = min(0.0, math.log(alpha * inverse_mills(kappa) ** 2)) - 4.0
        bracket = open_bracket(low, residual_low(low, alpha, kappa), 0.0, middle, 1e-12)
        while not closed(bracket):
            y = proposal(bracket)
            narrow(bracket, y, residual_low(y, alpha, kappa))
        return best(bracket)
    capacity = spherical_capacity(kappa)
    distance = (capacity - alpha) / capacity
    high = -math.log(distance) + 4.0
    bracket = open_bracket(0.0, residual_high(0.0, alpha, kappa, distance), high, residual_high(high, alpha, kappa, distance), 1e-12)
    while not closed(bracket):
        y = proposal(bracket)
        narrow(bracket, y, residual_high(y, alpha, kappa, distance))
    return best(bracket)


@njit(cache=True, nogil=True)
def stability_below(delta, kappa, q, eps):
    r"""(density, cdf) of the stabilities of a typical solution at `delta`; with $g=(\Delta-\kappa)/\sqrt\epsilon$,
    $\varphi(u+g)/H(u)=A(u)e^{-gu-g^2/2}$ and $H(u+g)/H(u)=\frac{A(u)}{A(u+g)}e^{-gu-g^2/2}$. Both integrands bend at $u=0$ and at $u+g=0$."""
    if delta < kappa:
        return 0.0, 0.0
    root_q, root_eps = math.sqrt(q), math.sqrt(eps)
    low = min(-REACH, -root_q * delta - REACH * root_eps)
    if q < 1e-3:
        edges = np.array([low, REACH])
    else:
        width = root_eps / root_q
        edges = np.sort(np.append(graded_edges(low, REACH, -kappa / root_q, width), graded_edges(low, REACH, -delta / root_q, width)))
    t, weights = gaussian_rule(edges)
    g = (delta - kappa) / root_eps
    density = cumulative = 0.0
    for i in range(t.size):
        u, shifted = (kappa + root_q * t[i]) / root_eps, (delta + root_q * t[i]) / root_eps
        if u > 0.0:
            mills, decay = inverse_mills(u), -g * (u + 0.5 * g)
            density += weights[i] * mills * math.exp(decay)
            cumulative -= weights[i] * math.expm1(decay + math.log(mills / inverse_mills(shifted)))
        else:
            density += weights[i] * pdf(shifted) / cdf(-u)
            cumulative += weights[i] * (1.0 - cdf(-shifted) / cdf(-u))
    return density / root_eps, min(cumulative, 1.0)


@njit(cache=True, nogil=True)
def first_excess(b):
    r"""$\int_{-\infty}^bDt\,(b-t)=\varphi(b)+b\Phi(b)$, its left tail as $H(u)[A(u)-u]$ with $u=-b$."""
    return cdf(b) * inverse_mills_excess(-b) if b < 0.0 else pdf(b) + b * cdf(b)


@njit(cache=True, nogil=True)
def log_work(step, alpha, kappa, capacity, loss):
    r"""$\ln\alpha\int Dt\,(\lambda^*-t)^2$, increasing in `step`; close to capacity minus the logarithm of what is missing over what must be.

    `step` is the largest force: $\sqrt{2x}$ for `count`, which gives up the patterns below $b=\kappa-$step, $x$ for `hinge`, which pulls
    them by $x$. What `hinge` misses is $\int^bDt[(\kappa-t)^2-x^2]$, what `count` misses has $x^2\Phi(b)$ more.
    """
    b = kappa - step
    if alpha > 2.0 * capacity:
        work = square_integral(b, kappa, kappa) + (step * step * cdf(b) if loss == HINGE else 0.0)
        return math.log(alpha * work)
    missing = square_excess(b) + 2.0 * step * first_excess(b) + (step * step * cdf(b) if loss == COUNT else 0.0)
    return math.log((alpha - capacity) / (alpha * capacity)) - math.log(missing)


@njit(cache=True, nogil=True)
def largest_force(alpha, kappa, capacity, loss):
    r"""The `step` of `log_work` at which $\alpha\int Dt\,(\lambda^*-t)^2=1$ (Griniasty & Gutfreund 1991)."""
    low, high = 0.01, kappa + 12.0
    bracket = open_bracket(low, log_work(low, alpha, kappa, capacity, loss), high, log_work(high, alpha, kappa, capacity, loss), 1e-14)
    while not closed(bracket):
        step = proposal(bracket)
        narrow(bracket, step, log_work(step, alpha, kappa, capacity, loss))
    return best(bracket)


@njit(cache=True, nogil=True)
def critical(capacity):
    """How close to capacity counts as at capacity."""
    return 1e-12 * max(1.0, capacity)


@njit(cache=True, nogil=True)
def ground_state(alpha, kappa, loss):
    r"""(x, err_margin, err_sign, energy, atom, replicon) of the replica-symmetric ground state, for $\alpha\ge\alpha_c$ (x = inf at $\alpha_c$)."""
    capacity = spherical_capacity(kappa)
    if alpha - capacity < critical(capacity):
        replicon = math.nan if loss == COUNT else capacity * cdf(kappa)
        return math.inf, 0.0, 0.5 if kappa < 0.0 else 0.0, 0.0, cdf(kappa), replicon
    if loss == QUAD:
        r = math.sqrt(capacity / alpha)
        complement = (alpha - capacity) / (alpha * (1.0 + r))
        x = r / complement
        return x, cdf(kappa), cdf(-max(kappa, 0.0) * x), complement**2 / (2.0 * capacity), 0.0, capacity * cdf(kappa)
    step = largest_force(alpha, kappa, capacity, loss)
    lost = cdf(kappa - step)
    atom = cdf(kappa) - lost
    if loss == COUNT:
        return 0.5 * step * step, lost, 0.5 if kappa < 0.0 else cdf(min(kappa - step, 0.0)), lost, atom, math.nan
    return step, lost, 0.5 if kappa < 0.0 else cdf(-step), first_excess(kappa - step), atom, alpha * atom


@njit(cache=True, nogil=True)
def stability_above(delta, kappa, x, loss):
    r"""(density, cdf) of $\lambda^*(t)$ at `delta`; the density is that of the regular part, from above at $\kappa$."""
    if delta >= kappa:
        return pdf(delta), cdf(delta)
    if x == math.inf:
        return 0.0, 0.0
    if loss == HINGE:
        return pdf(delta - x), cdf(delta - x)
    if loss == QUAD:
        return (1.0 + x) * pdf((1.0 + x) * delta - kappa * x), cdf((1.0 + x) * delta - kappa * x)
    gap = kappa - math.sqrt(2.0 * x)
    return pdf(delta) if delta < gap else 0.0, cdf(min(delta, gap))


@njit(cache=True, nogil=True)
def point(alpha, kappa, loss):
    """Everything but the stabilities: (sat, q, eps, entropy, replicon, mean, x, err_margin, err_sign, energy, atom)."""
    capacity = spherical_capacity(kappa)
    if capacity - alpha < critical(capacity):
        x, err_margin, err_sign, energy, atom, replicon = ground_state(alpha, kappa, loss)
        return 0, 1.0, 0.0, math.nan, replicon, math.nan, x, err_margin, err_sign, energy, atom
    y = overlap(alpha, kappa)
    q, eps = from_log_odds(y)
    mean, _, slope, entropy = mills_moments(kappa, q, eps)
    log_eps = -y - math.log1p(math.exp(-y)) if y > 0.0 else -math.log1p(math.exp(y))
    err_sign = math.nan if kappa < 0.0 else 0.0
    return 1, q, eps, 0.5 * log_eps + alpha * entropy, alpha * slope, math.sqrt(eps) * mean, math.nan, 0.0, err_sign, 0.0, 0.0


@njit(cache=True, nogil=True)
def line(alphas, kappas, stabilities, loss):
    """Every observable in the order of `NAMES` at each point of three arrays (points,); returns (17, points).

    What does not depend on the parameter that moves is computed once.
    """
    table = np.empty((17, alphas.size))
    kappa_max = math.nan
    state = point(alphas[0], kappas[0], loss)
    for i in range(alphas.size):
        alpha, kappa, delta = alphas[i], kappas[i], stabilities[i]
        same_alpha = i > 0 and alphas[i - 1] == alpha
        if not same_alpha:
            kappa_max = largest_margin(alpha)
        if i > 0 and not (same_alpha and kappas[i - 1] == kappa):
            state = point(alpha, kappa, loss)
        sat, q, eps, entropy, replicon, mean, x, err_margin, err_sign, energy, atom = state
        density, cumulative = stability_below(delta, kappa, q, eps) if sat else stability_above(delta, kappa, x, loss)
        table[0, i], table[1, i], table[2, i], table[3, i] = spherical_capacity(kappa), kappa_max, cdf(kappa_max), sat
        table[4, i], table[5, i], table[6, i] = q, eps, entropy
        table[7, i], table[8, i] = replicon, 1.0 if replicon < 1.0 else 0.0
        table[9, i], table[10, i], table[11, i], table[12, i] = density, cumulative, atom, mean
        table[13, i] = x if x < math.inf else math.nan
        table[14, i], table[15, i], table[16, i] = err_margin, err_sign, energy
    return table


NAMES = (
    "alpha_c", "kappa_max", "sv_frac", "sat", "q", "one_minus_q", "entropy", "replicon", "rs_stable",
    "stab_pdf", "stab_cdf", "stab_atom", "stab_mean", "x", "err_margin", "err_sign", "energy",
)  # fmt: skip


def solve_along(axis: str, values: np.ndarray, **parameters) -> dict[str, np.ndarray]:
    """A compiled loop along alpha, kappa or stability; along the last the saddle is solved once."""
    parameters[axis] = np.asarray(values, float)
    axes = np.broadcast_arrays(*(np.asarray(parameters[name], float) for name in ("alpha", "kappa", "stability")))
    table = dict(zip(NAMES, line(*(np.array(values) for values in axes), LOSSES.index(parameters["loss"])), strict=True))
    return {name: column.astype(int) if name in ("sat", "rs_stable") else column for name, column in table.items()}


def solve(alpha: float, kappa: float, loss: str, stability: float) -> dict:
    """The replica-symmetric theory at one point, on either side of capacity."""
    columns = solve_along("alpha", np.array([alpha]), kappa=kappa, loss=loss, stability=stability)
    return {name: column[0].item() for name, column in columns.items()}


@njit(cache=True, nogil=True)
def room(z, a, c, rest, kappa):
    r"""The interval around the coordinate `z` of w in which every pattern keeps $az+c\ge\kappa\sqrt{z^2+\rho^2}$.

    a, c (N,): the pattern's own coordinate, and what the other coordinates add to its field; rest $=\rho^2$, their squared norm.
    """
    low, high = -math.inf, math.inf
    for mu in range(a.size):
        if kappa == 0.0:
            edge = -c[mu] / a[mu]
            low, high = (max(low, edge), high) if edge < z else (low, min(high, edge))
            continue
        square, product = a[mu] * a[mu] - kappa * kappa, a[mu] * c[mu]
        constant = c[mu] * c[mu] - kappa * kappa * rest
        discriminant = product * product - square * constant
        if discriminant > 0.0:
            stable = -(product + math.copysign(math.sqrt(discriminant), product))
            for edge in (stable / square, constant / stable):
                if (c[mu] + a[mu] * edge) * kappa >= 0.0:  # the other root belongs to the mirrored cone
                    low, high = (max(low, edge), high) if edge < z else (low, min(high, edge))
    return low, high


@njit(cache=True, nogil=True)
def gibbs_chain(xi, w, kappa, stability, sweeps, seed):
    r"""Sample directions uniformly from $\{w:\Delta^\mu(w)\ge\kappa\}$, coordinate by coordinate, from a solution `w`.

    w is Gaussian inside the cone $w\cdot\xi^\mu\ge\kappa|w|$, whose directions are uniform; a coordinate is drawn by slice sampling.
    xi (D, N); the first fifth of the sweeps is discarded. Returns (mean unit vector (D,), mean stability, fraction up to `stability`).
    """
    np.random.seed(seed)
    w = w.copy()
    centre, mean, below, discarded = np.zeros(w.size), 0.0, 0.0, sweeps // 5
    for sweep in range(sweeps):
        fields, square = w @ xi, w @ w
        for i in range(w.size):
            others, rest = fields - xi[i] * w[i], max(square - w[i] * w[i], 0.0)
            low, high = room(w[i], xi[i], others, rest, kappa)
            reach = math.sqrt(w[i] * w[i] - 2.0 * math.log(1.0 - np.random.random()))
            low, high = max(low, -reach), min(high, reach)
            w[i] = low + (high - low) * (1e-9 + (1.0 - 2e-9) * np.random.random())  # inside in spite of rounding
            fields, square = others + xi[i] * w[i], rest + w[i] * w[i]
        if sweep >= discarded:
            norm = math.sqrt(square)
            centre += w / norm
            mean += fields.mean() / norm
            below += (fields <= stability * norm).mean()
    kept = sweeps - discarded
    return centre / kept, mean / kept, below / kept


CORNER = 1e-3
"""Width over which the corner of the hinge is rounded: patterns within it lie on the margin."""


def minimise(xi: np.ndarray, kappa: float, loss: str) -> np.ndarray:
    """Unit vector (D,) at a minimum of the total `hinge` or `quad` cost over the sphere, starting from the Hebb rule; xi (N, D).

    The corner of the hinge is rounded over a width that shrinks to CORNER.
    """

    def cost(w, width):
        norm = np.linalg.norm(w)
        lack = np.maximum(kappa - xi @ w / norm, 0.0)
        force = lack if loss == "quad" else np.minimum(lack / width, 1.0)
        slope = -(force @ xi) / norm
        return force @ (lack - 0.5 * force * width), slope - w * (w @ slope) / norm**2

    w = xi.sum(axis=0)
    for width in (1.0,) if loss == "quad" else (1.0, 0.1, 0.01, CORNER):
        w = minimize(cost, w / np.linalg.norm(w), args=(width,), jac=True, method="L-BFGS-B", options={"maxiter": 1000}).x
    return w / np.linalg.norm(w)


def costs(xi: np.ndarray, kappa: float, loss: str, stability: float) -> dict[str, float]:
    """The observables of one minimum of the `hinge` or `quad` cost; xi (N, D)."""
    stabilities = xi @ minimise(xi, kappa, loss)
    if loss == "hinge":
        stabilities[np.abs(kappa - 0.5 * CORNER - stabilities) < 0.5 * CORNER] = kappa
    lack = np.maximum(kappa - stabilities, 0.0)
    return {
        "energy": np.mean(lack if loss == "hinge" else 0.5 * lack**2),
        "err_margin": np.mean(lack > 0.0),
        "err_sign": np.mean(stabilities < 0.0),
        "stab_cdf": np.mean(stabilities <= stability),
        "stab_atom": np.mean(stabilities == kappa),
    }


def a_solution(xi: np.ndarray, kappa: float, margin: float, weights: np.ndarray) -> np.ndarray | None:
    """A direction with all stabilities above kappa: that of `max_margin` (margin, weights) or, for kappa < 0, one of least cost; or None."""
    if margin > kappa and margin > SEPARABLE * math.sqrt(xi.shape[1]):
        return weights @ xi
    if kappa < 0.0:
        w = minimise(xi, kappa + 0.05, "quad")
        if np.min(xi @ w) > kappa:
            return w
    return None


def sample_solutions(xi: np.ndarray, start: np.ndarray, kappa: float, stability: float, random) -> dict[str, float]:
    """Overlap of two solutions and their stabilities, from two chains of 10 D sweeps each that begin at the solution `start` (D,)."""
    columns, sweeps = np.ascontiguousarray(xi.T), 10 * start.size
    start = start * math.sqrt(start.size) / np.linalg.norm(start)
    chains = [gibbs_chain(columns, start, kappa, stability, sweeps, int(random.integers(2**31))) for _ in range(2)]
    (first, *one), (second, *two) = chains
    return {"q": first @ second, "stab_mean": (one[0] + two[0]) / 2, "stab_cdf": (one[1] + two[1]) / 2}


SIZE = Parameter("size", "D", "input dimension of the patterns drawn", 100, 2, 400, 1, "log", integer=True)
TRIALS = Parameter("trials", "n", "number of samples", 12, 1, 10_000, 1, "log", integer=True)


def simulate(size: int, trials: int, seed: int, progress, alpha: float, kappa: float, loss: str, stability: float) -> dict[str, Estimate]:
    r"""`trials` samples of Gaussian patterns in dimension `size`; what is measured depends on where the parameters lie.

    Always `kappa_max` and `sv_frac`, over the separable samples, and for kappa >= 0 `sat`, the fraction of samples that can be stored
    with margin kappa. Below capacity `q`, `stab_mean` and `stab_cdf`, over the samples in which a solution is found. Above it,
    for `hinge` and `quad`: `energy`, `err_margin`, `err_sign`, `stab_cdf` and `stab_atom` of a minimum.
    Raises ParameterError where alpha is less than one pattern or more than fits.
    """
    count = math.floor(alpha * size + 0.5)
    if not 1 <= count <= 4_000_000 // size:
        raise ParameterError("alpha", alpha, f"alpha must be in [{0.5 / size:g}, {4e6 / size**2:g}] for an experiment with D={size}")
    capacity = spherical_capacity(kappa)
    random = np.random.default_rng(seed)
    samples, stored = [], 0
    for trial in range(trials):
        progress(trial / trials)
        xi = random.standard_normal((count, size))
        margin, weights = max_margin(xi)
        separable = margin > SEPARABLE * math.sqrt(size)
        stored += separable and margin >= kappa
        sample = {"kappa_max": margin, "sv_frac": np.mean(weights > 0.0)} if separable else {}
        if alpha < capacity:
            start = a_solution(xi, kappa, margin, weights)
            sample |= sample_solutions(xi, start, kappa, stability, random) if start is not None else {}
        elif loss != "count":
            sample |= costs(xi, kappa, loss, stability)
        samples.append(sample)
    progress(1.0)
    names = dict.fromkeys(name for sample in samples for name in sample)
    estimates = {name: mean_sem([sample.get(name, math.nan) for sample in samples]) for name in names}
    return estimates | ({"sat": fraction(stored, trials)} if kappa >= 0.0 else {})


SADDLE = "saddle point of Gardner 1988, evaluated independently"
GROUND = "ground state of Griniasty & Gutfreund 1991, evaluated independently"
UNSAT = "nan above capacity"

MODEL = Model(
    id="capacity-spherical",
    title="Gardner's volume",
    chapter="capacity",
    question="How many random labels can a perceptron store, and with what margin?",
    equations=__doc__,
    parameters=(
        Parameter("alpha", r"\alpha", "load: patterns per weight", 1.0, 0.0, 1000.0, 0.01, open_low=True),
        Parameter("kappa", r"\kappa", "margin", 0.0, -3.0, 10.0, 0.01),
        Parameter("loss", "V", "cost minimised above capacity", "count", choices=LOSSES),
        Parameter("stability", r"\Delta", "stability at which the density is evaluated", 1.0, -20.0, 20.0, 0.01),
    ),
    observables=(
        Observable("alpha_c", r"\alpha_c", "replica-symmetric capacity at this margin"),
        Observable("kappa_max", r"\kappa_{max}", "largest margin at this load"),
        Observable("sv_frac", r"\Phi(\kappa_{max})", "fraction of patterns that are support vectors at the largest margin"),
        Observable("sat", r"\alpha<\alpha_c", "1 below capacity"),
        Observable("q", "q", "typical overlap of two solutions (1 above capacity)"),
        Observable("one_minus_q", "1-q", "its distance from 1 (0 above capacity)"),
        Observable("entropy", "s", "logarithm of the fraction of weights that are solutions, per dimension", UNSAT),
        Observable(
            "replicon", "", "replica symmetry is stable while it is below 1", "nan above capacity with the count loss: it is infinite"
        ),
        Observable("rs_stable", r"\lambda_R<1", "1 where replica symmetry is stable"),
        Observable("stab_pdf", r"P(\Delta)", "density of stabilities at the chosen one (regular part, from above at the margin)"),
        Observable("stab_cdf", r"\Pr(\Delta^\mu\le\Delta)", "fraction of stabilities up to the chosen one"),
        Observable("stab_atom", r"\Pr(\Delta^\mu=\kappa)", "fraction of patterns exactly on the margin"),
        Observable("stab_mean", r"\langle\Delta\rangle", "mean stability of a typical solution", UNSAT),
        Observable("x", "x", "susceptibility β(1-q) of the ground state", "nan below capacity and exactly at it, where it diverges"),
        Observable("err_margin", r"\Pr(\Delta<\kappa)", "fraction of patterns below the margin"),
        Observable(
            "err_sign", r"\Pr(\Delta<0)", "fraction of patterns on the wrong side", "nan below capacity for a negative margin: not forced"
        ),
        Observable("energy", "e", "least cost per pattern"),
    ),
    solve=solve,
    simulate=simulate,
    size=SIZE,
    trials=TRIALS,
    landmarks=(
        Landmark({"alpha": 1.0, "kappa": 0.0}, "alpha_c", 2.0, "Gardner 1988; Cover 1965", rtol=1e-15),
        Landmark({"alpha": 2.0}, "kappa_max", 0.0, "Gardner 1988", atol=1e-14),
        Landmark({"kappa": 0.5}, "alpha_c", 0.9612051, "Gardner 1988, evaluated", rtol=6e-8),
        Landmark({"kappa": 1.0}, "alpha_c", 0.5195722, "Gardner 1988, evaluated", rtol=1e-7),
        Landmark({"alpha": 2.0, "loss": "quad"}, "replicon", 1.0, "Griniasty & Gutfreund 1991: marginal at zero margin", rtol=1e-14),
        Landmark({"alpha": 2.5}, "replicon", None, "Majer, Engel & Zippelius 1993: unstable"),
        *(
            Landmark({"alpha": alpha, "kappa": kappa}, name, value, SADDLE, rtol=0.0, atol=6e-8)
            for alpha, kappa, row in (
                (0.2, 0.0, (0.1257522, -0.1430046, 0.0804461, 0.7606675)),
                (1.0, 0.0, (0.5853119, -0.8558206, 0.3975413, 0.6075526)),
                (1.9, 0.0, (0.9708749, -3.1467237, 0.8434762, 0.4257958)),
                (0.5, 0.5, (0.5918207, -0.7567429, 0.2754433, 0.9320429)),
                (0.25, 1.0, (0.5379597, -0.5873694, 0.1689989, 1.3388239)),
            )
            for name, value in zip(("q", "entropy", "replicon", "stab_mean"), row, strict=True)
        ),
        *(
            Landmark({"alpha": 3.0, "kappa": kappa, "loss": loss}, name, value, GROUND, rtol=0.0, atol=6e-8)
            for kappa, loss, row in (
                (0.0, "count", {"x": 1.7023531, "err_margin": 0.03250534, "stab_atom": 0.4674947}),
                (0.5, "count", {"err_margin": 0.1700090}),
                (1.0, "hinge", {"x": 0.6884769, "energy": 0.5739068, "replicon": 0.6571387}),
                (0.5, "quad", {"x": 1.3043617, "energy": 0.0979609}),
            )
            for name, value in row.items()
        ),
    ),
    references=(
        Reference(
            "E. Gardner",
            1988,
            "The space of interactions in neural network models",
            "J. Phys. A 21, 257",
            "https://doi.org/10.1088/0305-4470/21/1/030",
        ),
        Reference(
            "E. Gardner & B. Derrida",
            1988,
            "Optimal storage properties of neural network models",
            "J. Phys. A 21, 271",
            "https://doi.org/10.1088/0305-4470/21/1/031",
        ),
        Reference(
            "M. Griniasty & H. Gutfreund",
            1991,
            "Learning and retrieval in attractor neural networks above saturation",
            "J. Phys. A 24, 715",
        ),
        Reference(
            "P. Majer, A. Engel & A. Zippelius",
            1993,
            "Perceptrons above saturation",
            "J. Phys. A 26, 7405",
        ),
    ),
    solve_along=solve_along,
    solve_axes=("alpha", "kappa", "stability"),
)

r"""**Setting.** A student $J$ sees every example of a teacher $B$, $|B|^2=D$, once. Inputs are standard Gaussian; $b=B\cdot x/\sqrt D$,
$\lambda=J\cdot x/\sqrt D$; the label is $y=\mathrm{sign}(b)$, flipped with probability $\Delta$; one example takes the time $1/D$:

$$J\mathrel{+}=F\,y\,x/\sqrt D,\qquad \epsilon_g=\frac\theta\pi,\quad\theta=\arccos\rho,\quad\rho=\frac{J\cdot B}{|J||B|},\quad Q=|J|^2/D.$$

$\epsilon_g$ is the probability of an error against the clean label. The classic rules differ in $F$ alone:

| rule | $F$ |
|---|---|
| Hebb | $\eta$ |
| perceptron | $\eta$ where $y\lambda<0$ |
| AdaTron (relaxation) | $\eta\lvert\lambda\rvert$ where $y\lambda<0$ |
| optimal (Kinouchi & Caticha 1992) | $\sqrt Q\tan\theta\,\dfrac{\kappa\,\varphi(h)}{\Delta+\kappa\Phi(h)}$, $\;h=\cot\theta\,\dfrac{y\lambda}{\sqrt Q}$ |

$\kappa=1-2\Delta$. The optimal rule knows $\rho$ and $\Delta$; no rule that takes one example at a time gains more from it.

**Order parameters.** For $D\to\infty$, with $F=\eta f$ and $\hat\eta=\eta/\sqrt Q$ (AdaTron: $F=\eta\sqrt Qf$, $\hat\eta=\eta$),

$$\dot\rho=\hat\eta\,(a-\rho c)-\tfrac12\rho\,\hat\eta^2e,\qquad\frac{d\ln Q}{dt}=2\hat\eta c+\hat\eta^2e,$$

$a=\mathbb E[fyb]$, $c=\mathbb E[fy\lambda]/\sqrt Q$, $e=\mathbb E f^2$ (Biehl & Riegler 1994):

| rule | $a-\rho c$ | $c$ | $e$ |
|---|---|---|---|
| Hebb | $\kappa\sqrt{2/\pi}\,\sin^2\theta$ | $\kappa\sqrt{2/\pi}\,\rho$ | 1 |
| perceptron | $\kappa\sin^2\theta/\sqrt{2\pi}$ | $(\kappa\rho-1)/\sqrt{2\pi}$ | $\Delta+\kappa\epsilon_g$ |
| AdaTron | $\kappa\sin^3\theta/\pi$ | $-e$ | $\Delta+\kappa(\theta-\sin\theta\cos\theta)/\pi$ |

**Optimal learning rate.** At each time $\hat\eta^*=(a-\rho c)/\rho e$ is the best (`schedule=optimal`). In $w=\cot^2\theta$

$$\dot w=\frac{(a-\rho c)^2}{e\sin^4\theta},\qquad\text{optimal rule: }\;
\dot w=\frac{\kappa^2}{\pi\sin\theta}W(\theta),\quad W=\int Dz\,\frac{e^{-z^2\cos^2\theta/2}}{\Delta+\kappa\Phi(z\cos\theta)},$$

so that Hebb gains $2\kappa^2/\pi$ per unit of time for ever.

**Late times.** Clean labels:

| rule | constant $\eta$ | optimal schedule |
|---|---|---|
| Hebb | $\dfrac1{\sqrt{2\pi t}}$ | $\dfrac1{\sqrt{2\pi t}}$ |
| perceptron | $\frac1\pi(\frac23)^{1/3}t^{-1/3}=0.278\,t^{-1/3}$ | $\dfrac4{\pi t}$ |
| AdaTron, $\eta<3$ | $\dfrac1{(\eta-\eta^2/3)\,t}$ | $\dfrac4{3t}$ |
| optimal | | $\dfrac{0.883}t$ |

At $\eta=3$ the AdaTron falls as $\frac1\pi(9t/5\pi)^{-1/3}$ only, beyond it stops. Flipped labels: Hebb slows by the factor $1/\kappa$; the
perceptron at constant $\eta$ stops at $\rho=\kappa$, whatever $\eta$; the AdaTron stops where $\kappa\sin^3\theta/\pi=\frac12\eta
e\cos\theta$; the optimal rule still falls as $1/t$, the best schedules as $t^{-1/2}$ (Hebb, perceptron) and $t^{-1/4}$ (AdaTron).

**Numerics.** Hebb is solved in closed form. Otherwise Runge-Kutta 8(5,3) with dense output, at constant $\eta$ for
$(\ln\tan\frac\theta2,\ln Q)$, else for $w$, so that small angles keep their digits. $W$ is interpolated in $\cos\theta$ through 24
Chebyshev nodes. At a plateau the state is kept.

**Experiment.** The same steps in dimension $D$ from exactly the initial $\rho$ and $Q$; where a learning rate depends on $\rho$, it is that
of the run itself, at least $10^{-3}$.
"""

import math

import numpy as np
from numba import njit
from scipy.special import ndtri

from engine.dynamics.online_perceptron import segment
from engine.dynamics.online_runs import COST, draw_weights, run
from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem
from engine.numerics.gaussian import SQRT_2_OVER_PI, SQRT_2PI, cdf, pdf
from engine.numerics.ode import (
    DENSE_STAGES,
    STAGES,
    dense_coefficients,
    error_norm,
    first_step,
    interpolate,
    stage,
    step_factor,
)
from engine.numerics.roots import best, closed, narrow, open_bracket, proposal

HEBB, PERCEPTRON, ADATRON, OPTIMAL = range(4)
RULES = {"hebb": HEBB, "perceptron": PERCEPTRON, "adatron": ADATRON, "optimal": OPTIMAL}
NODES, WEIGHTS = np.polynomial.legendre.leggauss(128)  # of W, on [-10, 10] after scaling
CHEBYSHEV = 24
AT_REST = 1e-9  # distance from a plateau, in ln tan(theta/2) and ln Q, at which the state is kept
BEGINNING = 1e-20  # cot² theta of a student who knows nothing: the optimal flows start as its square root


@njit(cache=True, nogil=True, error_model="numpy")
def averages(rule, flip, angle):
    """(a - ρc) / sin² and e of the perceptron or the AdaTron at the angle between student and teacher (Biehl & Riegler 1994)."""
    kappa = 1.0 - 2.0 * flip
    if rule == PERCEPTRON:
        return kappa / SQRT_2PI, flip + kappa * angle / math.pi
    return kappa * math.sin(angle) / math.pi, flip + kappa * segment(angle) / math.pi


@njit(cache=True, nogil=True, error_model="numpy")
def constant_rates(rule, eta, flip, y, dy):
    """dy/dt for y = (ln tan(theta/2), ln Q) at a constant learning rate."""
    cosine, sine = -math.tanh(y[0]), 1.0 / math.cosh(y[0])
    gain, e = averages(rule, flip, 2.0 * math.atan(math.exp(y[0])))
    if rule == PERCEPTRON:
        eta = eta * math.exp(-0.5 * y[1])
        c = ((1.0 - 2.0 * flip) * cosine - 1.0) / SQRT_2PI
    else:
        c = -e
    dy[0] = -eta * gain + 0.5 * eta * eta * e * cosine / (sine * sine)
    dy[1] = eta * (2.0 * c + eta * e)


@njit(cache=True, nogil=True, error_model="numpy")
def gain_integral(flip, cosine):
    """W: the mean of exp(-z²ρ²/2) / (Δ + κΦ(zρ)) over a standard normal z, by Gauss-Legendre quadrature."""
    kappa, total = 1.0 - 2.0 * flip, 0.0
    for i in range(NODES.size):
        z = 10.0 * NODES[i]
        h = z * cosine
        total += 10.0 * WEIGHTS[i] * pdf(z) * math.exp(-0.5 * h * h) / (flip + kappa * cdf(h))
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def gain_series(flip):
    """Chebyshev coefficients (CHEBYSHEV,) of W as a function of ρ in [0, 1]."""
    values, series = np.empty(CHEBYSHEV), np.zeros(CHEBYSHEV)
    for i in range(CHEBYSHEV):
        values[i] = gain_integral(flip, 0.5 + 0.5 * math.cos(math.pi * (i + 0.5) / CHEBYSHEV))
    for k in range(CHEBYSHEV):
        for i in range(CHEBYSHEV):
            series[k] += (1.0 if k == 0 else 2.0) / CHEBYSHEV * values[i] * math.cos(math.pi * k * (i + 0.5) / CHEBYSHEV)
    return series


@njit(cache=True, nogil=True, error_model="numpy")
def chebyshev_sum(series, x):
    """sum_k series[k] T_k(x) by Clenshaw's recurrence."""
    last = before = 0.0
    for k in range(series.size - 1, 0, -1):
        last, before = series[k] + 2.0 * x * last - before, last
    return series[0] + x * last - before


@njit(cache=True, nogil=True, error_model="numpy")
def optimised_rate(rule, flip, series, w):
    """dw/dt for w = cot² theta, the learning rate being the best at each time, or the rule optimal (`series`: its W)."""
    kappa = 1.0 - 2.0 * flip
    if rule == OPTIMAL:
        cosine = math.sqrt(w / (1.0 + w))
        return kappa * kappa / math.pi * math.sqrt(1.0 + w) * chebyshev_sum(series, 2.0 * cosine - 1.0)
    gain, e = averages(rule, flip, math.atan2(1.0, math.sqrt(w)))
    return gain * gain / e


@njit(cache=True, nogil=True, error_model="numpy")
def rates(rule, eta, flip, series, y, dy):
    """dy/dt for y = (ln tan(theta/2), ln Q), or y = (cot² theta,) where the learning rate is the best at each time."""
    if y.size == 2:
        constant_rates(rule, eta, flip, y, dy)
    else:
        dy[0] = optimised_rate(rule, flip, series, y[0])


@njit(cache=True, nogil=True, error_model="numpy")
def rates_of_stages(rule, eta, flip, series, y, h, k, first, end, z):
    """Runge-Kutta rates k[first:end] of a step h from y; z is left at the last stage."""
    for s in range(first, end):
        stage(y, h, k, s, z)
        rates(rule, eta, flip, series, z, k[s])


@njit(cache=True, nogil=True, error_model="numpy")
def at_rest(rule, y, rest):
    """Whether y, at a constant learning rate, has reached `rest` (nan: there is none); an AdaTron's angle alone may rest."""
    return y.size == 2 and abs(y[0] - rest[0]) < AT_REST and (rule == ADATRON or abs(y[1] - rest[1]) < AT_REST)


@njit(cache=True, nogil=True, error_model="numpy")
def integrate(rule, eta, flip, series, rtol, atol, rest, drift, y, times, states):
    """Solution from y, which is overwritten, at the sorted `times` (n,) into `states` (n, y.size).

    `rest` (2,) is where a constant learning rate ends (nan: nowhere), `drift` the rate of ln Q there. Returns whether the step size stayed
    above rounding.
    """
    t, done = 0.0, 0
    k, F, z, w = np.empty((DENSE_STAGES, y.size)), np.empty((7, y.size)), np.empty(y.size), np.empty(y.size)
    rates(rule, eta, flip, series, y, k[0])
    h = first_step(y, k[0], rtol, atol)
    while done < times.size and not at_rest(rule, y, rest):
        rates_of_stages(rule, eta, flip, series, y, h, k, 1, STAGES + 1, z)
        error = error_norm(y, z, h, k, rtol, atol)
        if not error <= 1.0:
            h *= step_factor(error)
            if h < 1e-14 * t or h < 1e-100:
                return False
            continue
        if times[done] <= t + h:
            rates_of_stages(rule, eta, flip, series, y, h, k, STAGES + 1, DENSE_STAGES, w)
            dense_coefficients(y, z, h, k, F)
            while done < times.size and times[done] <= t + h:
                interpolate(y, F, (times[done] - t) / h, states[done])
                done += 1
        t += h
        h *= step_factor(error)
        for i in range(y.size):
            y[i], k[0, i] = z[i], k[STAGES, i]
    for i in range(done, times.size):
        states[i, 0], states[i, 1] = rest[0], y[1] + drift * (times[i] - t)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def adatron_excess(eta, flip, angle):
    """κ sin³/π - (η/2) e cos, over the second term: positive where the AdaTron's angle shrinks."""
    gain, e = averages(ADATRON, flip, angle)
    return gain * math.sin(angle) ** 2 / (0.5 * eta * e * math.cos(angle)) - 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def adatron_plateau(eta, flip):
    """The angle at which an AdaTron with a constant learning rate stops; 0 if it does not."""
    if flip == 0.0 and eta <= 3.0:
        return 0.0
    if flip == 0.5:
        return 0.5 * math.pi
    low = -240.0
    if flip == 0.0:
        low = -16.0
    high = math.log(0.5 * math.pi) - 1e-9
    at_low, at_high = adatron_excess(eta, flip, math.exp(low)), adatron_excess(eta, flip, math.exp(high))
    if at_low >= 0.0:
        return 0.0
    if at_high <= 0.0:
        return 0.5 * math.pi
    bracket = open_bracket(low, at_low, high, at_high, 1e-15)
    while not closed(bracket):
        x = proposal(bracket)
        narrow(bracket, x, adatron_excess(eta, flip, math.exp(x)))
    return math.exp(best(bracket))


def plateau(rule: str, eta: float, flip: float) -> tuple[float, np.ndarray, float]:
    """Final angle at a constant learning rate, the state (ln tan(theta/2), ln Q) there (nan where the angle vanishes), the rate of ln Q."""
    if rule == "adatron":
        angle = adatron_plateau(eta, flip)
        _, e = averages(ADATRON, flip, angle)
        return angle, np.array([math.log(math.tan(0.5 * angle)) if angle > 0.0 else math.nan, math.nan]), eta * (eta - 2.0) * e
    angle = math.atan2(2.0 * math.sqrt(flip * (1.0 - flip)), 1.0 - 2.0 * flip)
    if angle == 0.0:
        return angle, np.full(2, math.nan), 0.0
    _, e = averages(PERCEPTRON, flip, angle)
    norm = 0.5 * eta * e * SQRT_2PI / (4.0 * flip * (1.0 - flip))  # -η e / 2c at ρ = κ
    return angle, np.array([math.log(math.tan(0.5 * angle)), 2.0 * math.log(norm)]), 0.0


def hebb(times: np.ndarray, eta: float, flip: float, q0: float, rho0: float) -> tuple[np.ndarray, np.ndarray]:
    """Angle and Q of Hebb's rule at `times`, (n,) each: R grows linearly, so does Q - R²."""
    R = rho0 * math.sqrt(q0) + eta * (1.0 - 2.0 * flip) * SQRT_2_OVER_PI * times
    across = np.hypot(math.sqrt(q0 * (1.0 - rho0) * (1.0 + rho0)), eta * np.sqrt(times))
    angle = np.where(across == 0.0, 0.5 * math.pi, np.arctan2(across, R))
    return angle, R * R + across * across


def constant_path(times: np.ndarray, rule: str, eta: float, flip: float, q0: float, rho0: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Angle and Q at the sorted `times`, (n,) each, and the final angle, of perceptron or AdaTron at a constant learning rate.

    Raises ConvergenceError where the step size vanishes.
    """
    final, rest, drift = plateau(rule, eta, flip)
    y, states = np.array([-math.atanh(rho0), math.log(q0)]), np.empty((times.size, 2))
    if not integrate(RULES[rule], eta, flip, np.empty(0), 1e-13, 1e-11, rest, drift, y, times, states):
        raise ConvergenceError(f"the step size of the integration vanishes at eta={eta:g}, q0={q0:g}")
    with np.errstate(over="ignore", under="ignore"):
        return 2.0 * np.arctan(np.exp(states[:, 0])), np.exp(states[:, 1]), final


def optimised_path(times: np.ndarray, rule: str, flip: float, rho0: float) -> np.ndarray:
    """Angle at the sorted `times`, (n,), where the learning rate is the best at each time, or the rule optimal.

    Raises ConvergenceError where the step size vanishes.
    """
    start = rho0**2 / ((1.0 - rho0) * (1.0 + rho0))
    if rule == "hebb":
        w = start + 2.0 / math.pi * (1.0 - 2.0 * flip) ** 2 * times
    else:
        states = np.empty((times.size, 1))
        series = gain_series(flip) if rule == "optimal" else np.empty(0)
        y = np.array([max(start, BEGINNING)])
        if not integrate(RULES[rule], 0.0, flip, series, 1e-11, 0.0, np.full(2, math.nan), 0.0, y, times, states):
            raise ConvergenceError(f"the step size of the integration vanishes at flip={flip:g}, rho0={rho0:g}")
        w = states[:, 0]
    return np.arctan2(1.0, np.sqrt(w))


def conflict(rule: str, schedule: str, eta: float, q0: float, rho0: float, **_) -> None:
    """Raise ParameterError where there is no such start."""
    if rule == "perceptron" and schedule == "constant" and 0.0 < q0 < 1e-40 * eta**2:
        raise ParameterError("q0", q0, "q0 must be at least 1e-40 eta² for rule=perceptron: a single example would efface the start")
    if q0 == 0.0 and rule != "hebb":
        raise ParameterError("q0", 0.0, f"q0 must be above 0 for rule={rule}: the sign of the student's field decides what it learns")
    if rho0 < 0.0 and "optimal" in (rule, schedule):
        raise ParameterError("rho0", rho0, "rho0 must not be negative for an optimal rule or schedule: it would turn the student at once")


def trajectory(times: np.ndarray, rule: str, schedule: str, eta: float, flip: float, q0: float, rho0: float) -> dict[str, np.ndarray]:
    """Every observable at each of `times`, (n,) each. Raises ParameterError and ConvergenceError as `solve`."""
    conflict(rule, schedule, eta, q0, rho0)
    order = np.argsort(times, kind="stable")
    place, sorted_times = np.argsort(order), times[order]
    rho0 = rho0 if q0 > 0.0 or schedule == "optimal" else 0.0
    initial = math.acos(rho0)
    Q = np.full(times.size, math.nan)
    if "optimal" in (rule, schedule):
        if flip == 0.5:
            angle, final = np.full(times.size, initial), initial
        else:
            angle, final = optimised_path(sorted_times, rule, flip, rho0)[place], 0.0
    elif rule == "hebb":
        angle, Q = hebb(times, eta, flip, q0, rho0)
        final = 0.0 if flip < 0.5 else 0.5 * math.pi
        Q[times == 0.0] = q0
    else:
        angle, Q, final = constant_path(sorted_times, rule, eta, flip, q0, rho0)
        angle, Q = angle[place], np.where(np.isfinite(Q), Q, math.nan)[place]
        Q[times == 0.0] = q0
    rho = np.cos(angle)
    angle[times == 0.0], rho[times == 0.0] = initial, rho0
    return {"gen_error": angle / math.pi, "rho": rho, "Q": Q, "gen_error_inf": np.full(times.size, final / math.pi)}


def solve(t: float, **p) -> dict[str, float]:
    """Every observable at time t. Raises ParameterError where parameters conflict, ConvergenceError where the step size vanishes."""
    return {name: column[0].item() for name, column in trajectory(np.array([t]), **p).items()}


def solve_along(axis: str, values: np.ndarray, **p) -> dict[str, np.ndarray]:
    """`solve` at every time in `values` (any order) by one integration. Raises as `solve`."""
    return trajectory(np.asarray(values, float), **p)


@njit(cache=True, nogil=True, error_model="numpy")
def hebb_averages(flip, angle):
    """(a - ρc) / sin² and e of Hebb's rule."""
    return (1.0 - 2.0 * flip) * SQRT_2_OVER_PI, 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def strength(rule, optimised, eta, flip, Q, R, stability):
    """F of the rule at the student's stability y λ; for an optimal rule or schedule from its overlaps Q and R."""
    wrong = stability < 0.0
    if rule == OPTIMAL:
        rho = max(R / math.sqrt(Q), 1e-3)
        cot = rho / math.sqrt(max(1.0 - rho * rho, 1e-30))
        h = cot * stability / math.sqrt(Q)
        kappa = 1.0 - 2.0 * flip
        return math.sqrt(Q) / cot * kappa * pdf(h) / (flip + kappa * cdf(h))
    if optimised:
        rho = max(R / math.sqrt(Q), 1e-3)
        sine = math.sqrt(max(1.0 - rho * rho, 0.0))
        gain, e = hebb_averages(flip, 0.0) if rule == HEBB else averages(rule, flip, math.atan2(sine, rho))
        eta = gain * sine * sine / (rho * e) * (1.0 if rule == ADATRON else math.sqrt(Q))
    if rule == HEBB:
        return eta
    if rule == PERCEPTRON:
        return eta if wrong else 0.0
    return -eta * stability if wrong else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def learn(rule, optimised, eta, flip, threshold, X, B, J):
    """One step of the rule on each example of X (n, D + 1), whose last entry flips the label where below `threshold`; updates J (D,)."""
    D = J.size
    for i in range(X.shape[0]):
        teacher = student = Q = R = 0.0
        for j in range(D):
            teacher += B[j] * X[i, j]
            student += J[j] * X[i, j]
        if optimised:
            for j in range(D):
                Q += J[j] * J[j]
                R += J[j] * B[j]
        label = 1.0 if teacher > 0.0 else -1.0
        if X[i, D] < threshold:
            label = -label
        step = label / math.sqrt(D) * strength(rule, optimised, eta, flip, Q / D, R / D, label * student / math.sqrt(D))
        if step != 0.0:
            for j in range(D):
                J[j] += step * X[i, j]


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress: Progress, **p) -> dict[str, Estimate]:
    """The rule in dimension `size`, `trials` runs: gen_error and rho (at a constant learning rate also Q) at the times `values`.

    Raises ParameterError where parameters conflict or the runs would take too long.
    """
    rule, schedule, flip = p["rule"], p["schedule"], p["flip"]
    conflict(**p)
    optimised = "optimal" in (rule, schedule)
    q0 = p["q0"] or float(optimised)  # Hebb's best learning rate is in units of the norm

    def step(state, X):
        B, J = state[0], state[1].copy()
        learn(RULES[rule], optimised, p["eta"], flip, ndtri(flip), X, B, J)
        return B, J

    def measure(state) -> dict[str, float]:
        B, J = state
        R, Q = B @ J / size, J @ J / size
        angle = math.atan2(np.linalg.norm(J - R * B) / math.sqrt(size), R) if Q > 0.0 else 0.5 * math.pi
        return {"gen_error": angle / math.pi, "rho": math.cos(angle)} | ({} if optimised else {"Q": Q})

    runs = run(values, size, trials, seed, progress, COST, lambda rng: draw_weights(rng, size, q0, p["rho0"]), step, measure)
    return {name: mean_sem([[found[name] for found in measured] for measured in runs]) for name in runs[0][0]}


def simulate(size: int, trials: int, seed: int, progress: Progress, t: float, **p) -> dict[str, Estimate]:
    """`simulate_along` at the single time t."""
    estimates = simulate_along("t", np.array([t]), size, trials, seed, progress, **p)
    return {name: Estimate(float(e.mean[0]), float(e.sem[0])) for name, e in estimates.items()}


PARAMETERS = (
    Parameter("rule", "", "learning rule", "perceptron", choices=tuple(RULES)),
    Parameter("schedule", "", "learning rate: constant, or the best at each time; without meaning for rule=optimal", "constant", choices=("constant", "optimal")),
    Parameter("eta", r"\eta", "learning rate, where constant", 1.0, 0.0, 100.0, scale="log", open_low=True),
    Parameter("flip", r"\Delta", "probability that a label is flipped", 0.0, 0.0, 0.5),
    Parameter("q0", "Q(0)", "initial squared norm; above 0 except for rule=hebb", 1.0, 0.0, 1e6, scale="log"),
    Parameter("rho0", r"\rho(0)", "initial cosine between student and teacher; not negative for an optimal rule or schedule", 0.0, -1.0 + 1e-12, 1.0 - 1e-12, why="strictly between -1 and 1"),
    Parameter("t", "t", "training time, examples per input dimension", 10.0, 0.0, 1e7, scale="log"),
)  # fmt: skip

OBSERVABLES = (
    Observable("gen_error", r"\epsilon_g", "probability of an error against the clean label"),
    Observable("rho", r"\rho", "cosine between student and teacher"),
    Observable("Q", "Q", "squared norm of the student", "optimal rule or schedule: only the direction matters; or Q leaves the range of doubles (adatron with eta > 2)"),
    Observable("gen_error_inf", r"\epsilon_g(\infty)", "error for t → ∞"),
)  # fmt: skip

KINOUCHI = "Kinouchi & Caticha 1992: "
RIEGLER = "Biehl & Riegler 1994: "
WATKIN = "Watkin, Rau & Biehl 1993: "
LATE = {"t": 1e7}
LANDMARKS = (
    Landmark({"rule": "hebb"}, "gen_error", 0.1253974764, WATKIN + "Hebb's rule, closed form", 1e-9),
    Landmark({}, "gen_error", 0.1252878542, RIEGLER + "perceptron, integrated independently", 1e-8),
    Landmark({"flip": 0.05}, "gen_error", 0.1714027466, RIEGLER + "perceptron, integrated independently", 1e-8),
    Landmark({"rule": "adatron", "flip": 0.1, "t": 300.0}, "gen_error", 0.2075847732, RIEGLER + "AdaTron, integrated independently", 1e-8),
    Landmark({"schedule": "optimal"}, "gen_error", 0.0969050687, KINOUCHI + "perceptron, best learning rate", 1e-8),
    Landmark({"rule": "adatron", "schedule": "optimal"}, "gen_error", 0.1054032348, KINOUCHI + "AdaTron, best learning rate", 1e-8),
    Landmark({"rule": "optimal"}, "gen_error", 0.0711655947, KINOUCHI + "optimal rule", 1e-8),
    Landmark({"rule": "optimal", "flip": 0.2}, "gen_error", 0.1667776788, KINOUCHI + "optimal rule", 1e-8),
    Landmark(LATE | {"rule": "optimal"}, "gen_error", 0.8834e-7, KINOUCHI + "0.88/t", 1e-4),
    Landmark(LATE | {"rule": "hebb"}, "gen_error", 1 / math.sqrt(2e7 * math.pi), WATKIN + "1/sqrt(2 pi t)", 1e-6),
    Landmark(LATE, "gen_error", (2 / 3) ** (1 / 3) / math.pi * 1e7 ** (-1 / 3), RIEGLER + "0.28 t^(-1/3)", 2e-3),
    Landmark(LATE | {"schedule": "optimal"}, "gen_error", 4e-7 / math.pi, KINOUCHI + "4/(pi t)", 1e-4),
    Landmark(LATE | {"rule": "adatron"}, "gen_error", 1.5e-7, RIEGLER + "3/2t", 1e-4),
    Landmark(LATE | {"rule": "adatron", "eta": 1.5}, "gen_error", 4e-7 / 3, RIEGLER + "4/3t", 1e-4),
    Landmark({"flip": 0.1}, "gen_error_inf", math.acos(0.8) / math.pi, RIEGLER + "perceptron stops where rho = 1 - 2 flip", 1e-12),
    Landmark({"rule": "adatron", "flip": 0.1}, "gen_error_inf", 0.20758, RIEGLER + "AdaTron stops", 3e-5),
    Landmark({"rule": "adatron", "eta": 3.5}, "gen_error_inf", 0.24929, RIEGLER + "AdaTron stops beyond eta = 3", 3e-5),
)  # fmt: skip

MODEL = Model(
    id="online-classifier",
    title="Online learning of a classification",
    chapter="dynamics",
    question="How fast do the classic rules learn from a stream of labels, and when do they stop?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension", 500, 50, 10_000, scale="log", integer=True),
    trials=Parameter("trials", "n", "independent runs", 8, 1, 100, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("O. Kinouchi, N. Caticha", 1992, "Optimal generalization in perceptrons", "Journal of Physics A 25, 6243"),
        Reference("T. L. H. Watkin, A. Rau, M. Biehl", 1993, "The statistical mechanics of learning a rule", "Reviews of Modern Physics 65, 499"),
        Reference("M. Biehl, P. Riegler", 1994, "On-line learning with a perceptron", "Europhysics Letters 28, 525"),
        Reference("A. Engel, C. Van den Broeck", 2001, "Statistical mechanics of learning, chapter 9", "Cambridge University Press"),
    ),
    solve_along=solve_along,
    solve_axes=("t",),
    simulate_along=simulate_along,
    simulate_axes=("t",),
)  # fmt: skip

r"""**Setting.** One neuron learns from another and sees every example once. Inputs $x\in\mathbb R^D$ are standard Gaussian, the teacher has
$|B|^2=D$; with the fields $\rho=B\cdot x/\sqrt D$ and $\lambda=w\cdot x/\sqrt D$ the label is $y=g(\rho)+\sigma\zeta$, where $g(x)$ is $x$,
$\mathrm{erf}(x/\sqrt2)$ or $\max(x,0)$. One step of gradient descent on $\frac12(y-g(\lambda))^2$ takes the time $1/D$:

$$w\mathrel{+}=\frac\eta{\sqrt D}\,\big(y-g(\lambda)\big)\,g'(\lambda)\,x,\qquad
\epsilon_g=\tfrac12\,\mathbb E\big[g(\rho)-g(\lambda)\big]^2;$$

$\epsilon_g$ leaves the noise $\sigma^2/2$ out. This is the soft committee with $K=M=1$.

**Order parameters.** For $D\to\infty$ the overlap $R=w\cdot B/D$ and the squared norm $Q=|w|^2/D$ obey (Biehl & Schwarze 1995, Saad &
Solla 1995), with $\delta=g(\rho)-g(\lambda)$,

$$\dot R=\eta\,\mathbb E[\delta g'(\lambda)\rho],\qquad
\dot Q=2\eta\,\mathbb E[\delta g'(\lambda)\lambda]+\eta^2\,\mathbb E[\delta^2g'(\lambda)^2]+\eta^2\sigma^2\,\mathbb E[g'(\lambda)^2].$$

Below, $p=1-R$ is the error along the teacher and $V=Q-R^2$ the variance across it.

*Linear*, $\ell=\eta(2-\eta)$: $\;p=p_0e^{-\eta t}$ and

$$V=V_0e^{-\ell t}+p_0^2\,\big(e^{-\ell t}-e^{-2\eta t}\big)+\frac{\eta^2\sigma^2}{\ell}\big(1-e^{-\ell t}\big),\qquad
\epsilon_g=\tfrac12(p^2+V)\to\frac{\eta\sigma^2}{2(2-\eta)}.$$

*Erf*, $L=2(1+Q)-R^2$, $d=1+2Q$:

$$\dot R=\frac{2\eta}{\pi(1+Q)}\Big[\frac{1+Q-R^2}{\sqrt L}-\frac R{\sqrt d}\Big],\qquad
\epsilon_g=\frac16+\frac1\pi\arcsin\frac Q{1+Q}-\frac2\pi\arcsin\frac R{\sqrt{2(1+Q)}},$$
$$\dot Q=\frac{4\eta}{\pi(1+Q)}\Big[\frac R{\sqrt L}-\frac Q{\sqrt d}\Big]+\frac{4\eta^2}{\pi^2\sqrt d}\Big[
\arcsin\frac{d-2R^2}{2(d-R^2)}-2\arcsin\frac R{\sqrt{2(d-R^2)(1+3Q)}}+\arcsin\frac Q{1+3Q}+\frac{\pi\sigma^2}2\Big].$$

*ReLU*, with the angle $\omega$ between student and teacher, $G=\omega-\sin\omega\cos\omega$, $S=\sqrt Q(\sin\omega-\omega\cos\omega)$:

$$\dot p=-\frac\eta2\Big[p-\frac G\pi\Big],\qquad
\dot V=\eta\Big[\frac{S+RG}\pi-V\Big]+\eta^2\Big[2\epsilon_g-\frac G{2\pi}+\frac{\sigma^2}2\Big],\qquad
\epsilon_g=\frac{p^2+V}4-\frac S{2\pi}.$$

**Rates.** Near the solution $p$ decays at the rate $\eta a_\parallel$ and $V$ at $2\eta a_\perp-\eta^2b$, with $a_\parallel=\mathbb
E[g'^2\rho^2]$, $a_\perp=\mathbb E[g'^2]$, $b=\mathbb E[g'^4]$. Hence $\epsilon_g\sim e^{-\text{rate}\,t}$ with

$$\text{rate}=\min(2\eta a_\parallel,\;2\eta a_\perp-\eta^2b),\qquad\eta_c=\frac{2a_\perp}b,\qquad
\eta_{opt}=\max\Big(\frac{a_\perp}b,\;\frac{2(a_\perp-a_\parallel)}b\Big).$$

| | $a_\parallel$ | $a_\perp$ | $b$ | $\eta_c$ | $\eta_{opt}$ |
|---|---|---|---|---|---|
| linear | 1 | 1 | 1 | 2 | 1 |
| erf | $\dfrac2{3\sqrt3\,\pi}$ | $\dfrac2{\sqrt3\,\pi}$ | $\dfrac4{\sqrt5\,\pi^2}$ | $\pi\sqrt{5/3}$ | $\frac23\eta_c$ |
| ReLU | 1/2 | 1/2 | 1/2 | 2 | 1 |

**Late times.** Without noise and up to $\eta_c$ the error vanishes. Otherwise the flow ends in the fixed point on the curve $\dot R=0$:
$R^2=1+Q-\sqrt{(1+Q)/2}$ for erf, $p=G/\pi$ for ReLU. An erf student has one while $\eta(\frac1\pi\arcsin\frac13+\frac{\sigma^2}2)<1$; beyond,
$Q\sim t^{2/3}$ and $\epsilon_g\to\frac16$. A ReLU student has one up to $\eta=2$; a little above, it has two, of which the second bounds the
basin of the first; at larger $\eta$ none, and $Q$ diverges.

**Numerics.** Runge-Kutta 8(5,3) with dense output for $(p,V)$, in which the ReLU rates have no cancellation. Once the state is close to
its fixed point it is set to it after 60 of its slowest relaxation times.

**Experiment.** The same steps in dimension $D$, from exactly the initial overlaps.
"""

import math

import numpy as np
from numba import njit

from engine.dynamics.online_runs import COST, draw_weights, run
from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem
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

LINEAR, ERF, RELU = range(3)
ACTIVATIONS = {"linear": LINEAR, "erf": ERF, "relu": RELU}
ROOT_3, ROOT_5 = math.sqrt(3.0), math.sqrt(5.0)
MOMENTS = {  # E[g'² ρ²], E[g'²], E[g'⁴] where the student is the teacher
    "linear": (1.0, 1.0, 1.0),
    "erf": (2.0 / (3.0 * ROOT_3 * math.pi), 2.0 / (ROOT_3 * math.pi), 4.0 / (ROOT_5 * math.pi**2)),
    "relu": (0.5, 0.5, 0.5),
}
RTOL = 1e-11
ATOL = {"erf": 1e-14, "relu": 1e-25}  # the rates of erf are differences of numbers of order 1
RELAXED = 60.0  # relaxation times after which a state close to its fixed point is there
RUNAWAY = 1e300
LOST = 1e6  # a norm from which a relu student does not come back


@njit(cache=True, nogil=True, error_model="numpy")
def segment(angle):
    """Twice the area of the unit circle's segment of half-angle 0..pi: angle - sin cos, ~ 2/3 angle³, without cancellation."""
    if angle > 0.1:
        return angle - math.sin(angle) * math.cos(angle)
    u = angle * angle
    return 2.0 / 3.0 * angle * u * (1.0 - u / 5.0 * (1.0 - 2.0 * u / 21.0 * (1.0 - u / 18.0)))


@njit(cache=True, nogil=True, error_model="numpy")
def tangent_excess(angle):
    """sin - angle cos, ~ angle³/3, without cancellation."""
    if angle > 0.1:
        return math.sin(angle) - angle * math.cos(angle)
    u = angle * angle
    return angle * u / 3.0 * (1.0 - u / 10.0 * (1.0 - u / 28.0 * (1.0 - u / 54.0)))


@njit(cache=True, nogil=True, error_model="numpy")
def gen_error(activation, p, V):
    """Half the mean squared error against the noise-free teacher, from p = 1 - R and V = Q - R²."""
    if activation == LINEAR:
        return 0.5 * (p * p + V)
    R = 1.0 - p
    Q = R * R + V
    if activation == ERF:
        angles = math.pi / 6.0 + math.asin(Q / (1.0 + Q)) - 2.0 * math.asin(R / math.sqrt(2.0 * (1.0 + Q)))
        return max(angles / math.pi, 0.0)
    return 0.25 * (p * p + V) - math.sqrt(Q) * tangent_excess(math.atan2(math.sqrt(V), R)) / (2.0 * math.pi)


@njit(cache=True, nogil=True, error_model="numpy")
def erf_rates(eta, variance, y, dy):
    """dy/dt for y = (p, V) of erf neurons (Saad & Solla 1995, K = M = 1)."""
    R = 1.0 - y[0]
    Q = R * R + y[1]
    L, d = 2.0 * (1.0 + Q) - R * R, 1.0 + 2.0 * Q
    root_L, root_d = math.sqrt(L), math.sqrt(d)
    along = 2.0 * eta / (math.pi * (1.0 + Q)) * ((1.0 + Q - R * R) / root_L - R / root_d)
    drift = 4.0 * eta / (math.pi * (1.0 + Q)) * (R / root_L - Q / root_d)
    spread = (
        math.asin((d - 2.0 * R * R) / (2.0 * (d - R * R)))
        - 2.0 * math.asin(R / math.sqrt(2.0 * (d - R * R) * (1.0 + 3.0 * Q)))
        + math.asin(Q / (1.0 + 3.0 * Q))
        + 0.5 * math.pi * variance
    )
    dy[0] = -along
    dy[1] = drift + 4.0 * eta * eta / (math.pi * math.pi * root_d) * spread - 2.0 * R * along


@njit(cache=True, nogil=True, error_model="numpy")
def relu_rates(eta, variance, y, dy):
    """dy/dt for y = (p, V) of relu neurons; every difference that vanishes at the solution is taken analytically."""
    p, V = y[0], y[1]
    R = 1.0 - p
    norm = math.sqrt(R * R + V)
    omega = math.atan2(math.sqrt(V), R)
    G, S = segment(omega) / math.pi, norm * tangent_excess(omega) / math.pi
    dy[0] = -0.5 * eta * (p - G)
    dy[1] = eta * (S + R * G - V) + eta * eta * (0.5 * (p * p + V) - S - 0.5 * G + 0.5 * variance)


@njit(cache=True, nogil=True, error_model="numpy")
def rates(activation, eta, variance, y, dy):
    """dy/dt for y = (p, V)."""
    if activation == ERF:
        erf_rates(eta, variance, y, dy)
    else:
        relu_rates(eta, variance, y, dy)


@njit(cache=True, nogil=True, error_model="numpy")
def rates_of_stages(activation, eta, variance, y, h, k, first, end, z):
    """Runge-Kutta rates k[first:end] of a step h from y; z is left at the last stage."""
    for s in range(first, end):
        stage(y, h, k, s, z)
        rates(activation, eta, variance, z, k[s])


@njit(cache=True, nogil=True, error_model="numpy")
def settled(y, rest):
    """Whether y is so close to `rest` that the linearised rates bring it there; False where rest is nan."""
    if rest[1] == 0.0:
        return y[0] * y[0] + y[1] < 1e-6
    return abs(y[1] - rest[1]) < 1e-2 * rest[1] and abs(y[0] - rest[0]) < 1e-2 * (abs(rest[0]) + math.sqrt(rest[1]))


@njit(cache=True, nogil=True, error_model="numpy")
def integrate(activation, eta, variance, atol, rest, slowest, y, times, states):
    """Solution from y = (p, V), which is overwritten, at the sorted `times` (n,), inf among them, into `states` (n, 2).

    `rest` (2,) is the attracting fixed point and `slowest` its rate of relaxation (nan: none). Rows that a relu student who ran away does
    not reach are left alone. Returns whether the step size stayed above rounding.
    """
    t, done, arrival = 0.0, 0, math.inf
    k, F, z, w = np.empty((DENSE_STAGES, 2)), np.empty((7, 2)), np.empty(2), np.empty(2)
    rates(activation, eta, variance, y, k[0])
    h = first_step(y, k[0], RTOL, atol)
    while done < times.size and times[done] <= arrival:
        if math.isinf(arrival) and slowest > 0.0 and settled(y, rest):
            arrival = t + RELAXED / slowest
            continue
        rates_of_stages(activation, eta, variance, y, h, k, 1, STAGES + 1, z)
        error = error_norm(y, z, h, k, RTOL, atol)
        if not error <= 1.0:
            h *= step_factor(error)
            if h < 1e-14 * t or h < 1e-100:
                return False
            continue
        if times[done] <= t + h:
            rates_of_stages(activation, eta, variance, y, h, k, STAGES + 1, DENSE_STAGES, w)
            dense_coefficients(y, z, h, k, F)
            while done < times.size and times[done] <= t + h:
                interpolate(y, F, (times[done] - t) / h, states[done])
                done += 1
        t += h
        h *= step_factor(error)
        for i in range(2):
            y[i], k[0, i] = z[i], k[STAGES, i]
        if y[1] > RUNAWAY or (y[1] > LOST and done < times.size and math.isinf(times[done])):
            return True
    for i in range(done, times.size):
        states[i] = rest
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def erf_nullcline(x, y):
    """y = (p, V) where dR/dt = 0 and Q = 1 + x, for erf: R² = 1 + Q - sqrt((1 + Q) / 2)."""
    y[1] = math.expm1(0.5 * math.log1p(0.5 * x))
    y[0] = -(x - y[1]) / (1.0 + math.sqrt(1.0 + x - y[1]))


@njit(cache=True, nogil=True, error_model="numpy")
def relu_nullcline(x, y):
    """y = (p, V) where dR/dt = 0 and tan(omega) = e^x, for relu: p = G / pi."""
    tangent = math.exp(x)
    y[0] = segment(math.atan(tangent)) / math.pi
    y[1] = ((1.0 - y[0]) * tangent) ** 2


@njit(cache=True, nogil=True, error_model="numpy")
def growth(activation, eta, variance, x, y):
    """Rate of growth of ln V where dR/dt = 0, whose zeros are the fixed points; y is left at that state."""
    dy = np.empty(2)
    if activation == ERF:
        erf_nullcline(math.exp(x), y)
    else:
        relu_nullcline(x, y)
    rates(activation, eta, variance, y, dy)
    return dy[1] / y[1]


@njit(cache=True, nogil=True, error_model="numpy")
def falling_zero(activation, eta, variance, low, high, y):
    """Leave y at the fixed point between `low`, where V grows, and `high`, where it shrinks."""
    bracket = open_bracket(low, 1.0, high, growth(activation, eta, variance, high, y), 1e-14)
    while not closed(bracket):
        x = proposal(bracket)
        narrow(bracket, x, growth(activation, eta, variance, x, y))
    growth(activation, eta, variance, best(bracket), y)


@njit(cache=True, nogil=True, error_model="numpy")
def erf_rest(eta, variance, y):
    """Leave y at the attracting fixed point of an erf student; False where Q grows for ever. For noise, or eta > eta_c."""
    if eta * (math.asin(1.0 / 3.0) / math.pi + 0.5 * variance) >= 1.0 or growth(ERF, eta, variance, 40.0, y) >= 0.0:
        return False
    falling_zero(ERF, eta, variance, -30.0, 40.0, y)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def relu_rest(eta, variance, y):
    """Leave y at the first fixed point of a relu student, seen from the teacher; False where there is none. For noise, or eta > 2."""
    low, high, step = -12.0, 10.0, 0.05  # of ln tan(omega); below, the rates are powers of omega and cross once
    x, least, where = low, math.inf, low
    while x < high:
        value = growth(RELU, eta, variance, x, y)
        if value < 0.0:
            falling_zero(RELU, eta, variance, -300.0 if x == low else x - step, x, y)
            return True
        if value < least:
            least, where = value, x
        x += step
    left, right = where - step, where + step  # two zeros may hide between the points around the least growth
    while right - left > 1e-9:
        a, b = left + 0.382 * (right - left), right - 0.382 * (right - left)
        if growth(RELU, eta, variance, a, y) < growth(RELU, eta, variance, b, y):
            right = b
        else:
            left = a
    if growth(RELU, eta, variance, left, y) >= 0.0:
        return False
    falling_zero(RELU, eta, variance, where - step, left, y)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def slowest_relaxation(activation, eta, variance, rest):
    """The smaller of the two rates at which deviations from `rest` decay (real parts), by central differences."""
    y, up, down = rest.copy(), np.empty(2), np.empty(2)
    J = np.empty((2, 2))
    steps = (1e-3 * math.sqrt(rest[1]), 1e-3 * rest[1]) if activation == RELU else (1e-6, 1e-6 * (1.0 + rest[1]))
    for j in range(2):
        y[j] = rest[j] + steps[j]
        rates(activation, eta, variance, y, up)
        y[j] = rest[j] - steps[j]
        rates(activation, eta, variance, y, down)
        y[j] = rest[j]
        for i in range(2):
            J[i, j] = (up[i] - down[i]) / (2.0 * steps[j])
    middle = 0.5 * (J[0, 0] + J[1, 1])
    split = 0.25 * (J[0, 0] - J[1, 1]) ** 2 + J[0, 1] * J[1, 0]
    return -middle - math.sqrt(max(split, 0.0))


def learning_rates(activation: str, eta: float) -> dict[str, float]:
    """Exponent of the noise-free decay near the solution, the largest learning rate at which there is one, and the fastest."""
    along, across, fourth = MOMENTS[activation]
    return {
        "rate": min(2.0 * eta * along, 2.0 * eta * across - eta**2 * fourth),
        "eta_c": 2.0 * across / fourth,
        "eta_opt": max(across / fourth, 2.0 * (across - along) / fourth),
    }


def linear_states(times: np.ndarray, eta: float, variance: float, p0: float, V0: float) -> np.ndarray:
    """(p, V) of linear neurons at `times`, (n, 2), in closed form; inf where V overflows."""
    decay = eta * (2.0 - eta)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        shrink = np.exp(-decay * times)
        noise = np.where(decay == 0.0, times, -np.expm1(-decay * times) / (decay or 1.0)) * eta**2 * variance
        V = V0 * shrink + p0**2 * shrink * -np.expm1(-(eta**2) * times) + noise
        return np.column_stack([p0 * np.exp(-eta * times), V])


def linear_limit(eta: float, variance: float, e0: float) -> float:
    """e_g of linear neurons for t -> inf; nan where it diverges."""
    if eta < 2.0:
        return 0.5 * eta * variance / (2.0 - eta)
    return e0 if eta == 2.0 and variance == 0.0 else math.nan


def fixed_point(activation: str, eta: float, variance: float) -> tuple[np.ndarray, float]:
    """The attracting fixed point (p, V) and its slowest rate of relaxation; nan where there is none."""
    rates = learning_rates(activation, eta)
    if variance == 0.0 and eta <= rates["eta_c"]:
        along, across, fourth = MOMENTS[activation]
        return np.zeros(2), max(min(eta * along, 2.0 * eta * across - eta**2 * fourth), 0.0)
    rest, slowest = np.empty(2), math.nan
    if (erf_rest if activation == "erf" else relu_rest)(eta, variance, rest):
        slowest = slowest_relaxation(ACTIVATIONS[activation], eta, variance, rest)
    return (rest, slowest) if slowest > 0.0 else (np.full(2, math.nan), math.nan)


def nonlinear_states(times: np.ndarray, activation: str, eta: float, variance: float, p0: float, V0: float) -> tuple[np.ndarray, float]:
    """(p, V) of erf or relu neurons at the sorted `times`, (n, 2), nan once relu ran away, and e_g for t -> inf (nan: diverges).

    Raises ConvergenceError where the step size vanishes.
    """
    code = ACTIVATIONS[activation]
    rest, slowest = fixed_point(activation, eta, variance)
    exists = slowest >= 0.0
    doubtful = activation == "relu" and eta > 2.0 and exists  # the start may lie outside of the basin
    times = np.append(times, math.inf) if doubtful else times
    states = np.full((times.size, 2), math.nan)
    if not integrate(code, eta, variance, ATOL[activation], rest, slowest, np.array([p0, V0]), times, states):
        raise ConvergenceError(f"the step size of the integration vanishes at eta={eta:g}")
    if doubtful:
        return states[:-1], gen_error(code, *states[-1])
    if exists:
        return states, gen_error(code, *rest)
    return states, 1.0 / 6.0 if activation == "erf" else math.nan


def trajectory(times: np.ndarray, activation: str, eta: float, sigma: float, q0: float, rho0: float) -> dict[str, np.ndarray]:
    """Every observable at each of `times`, (n,) each. Raises ParameterError and ConvergenceError as `solve`."""
    if activation == "relu" and q0 == 0.0:
        raise ParameterError("q0", 0.0, "q0 must be above 0 for activation=relu: the direction of the student decides which way it goes")
    variance = sigma**2
    p0, V0 = 1.0 - rho0 * math.sqrt(q0), q0 * (1.0 - rho0) * (1.0 + rho0)
    e0 = gen_error(ACTIVATIONS[activation], p0, V0)
    if p0 == V0 == variance == 0.0:  # the student is the teacher; where the solution is unstable rounding would part them
        states, limit = np.zeros((times.size, 2)), 0.0
    elif activation == "linear":
        states, limit = linear_states(times, eta, variance, p0, V0), linear_limit(eta, variance, e0)
    else:
        order = np.argsort(times, kind="stable")
        states = np.empty((times.size, 2))
        states[order], limit = nonlinear_states(times[order], activation, eta, variance, p0, V0)
    columns = overlaps(ACTIVATIONS[activation], states)
    start = times == 0.0
    columns["R"][start], columns["Q"][start], columns["rho"][start] = rho0 * math.sqrt(q0), q0, rho0 if q0 > 0.0 else math.nan
    constants = learning_rates(activation, eta) | {"gen_error_inf": limit}
    return columns | {name: np.full(times.size, value) for name, value in constants.items()}


def overlaps(activation: int, states: np.ndarray) -> dict[str, np.ndarray]:
    """gen_error, R, Q and rho from (p, V), (n, 2); nan where Q overflowed."""
    p, V = states[:, 0], np.where(np.isfinite(states[:, 1]), states[:, 1], math.nan)
    R = 1.0 - p
    Q = R * R + V
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = np.where(Q > 0.0, np.clip(R / np.sqrt(Q), -1.0, 1.0), math.nan)
    errors = np.array([gen_error(activation, *state) for state in zip(p, V, strict=True)])
    return {"gen_error": errors, "R": R, "Q": Q, "rho": rho}


def solve(t: float, **p) -> dict[str, float]:
    """Every observable at time t. Raises ParameterError for relu with q0 = 0, ConvergenceError where the step size vanishes."""
    return {name: column[0].item() for name, column in trajectory(np.array([t]), **p).items()}


def solve_along(axis: str, values: np.ndarray, **p) -> dict[str, np.ndarray]:
    """`solve` at every time in `values` (any order) by one integration. Raises as `solve`."""
    return trajectory(np.asarray(values, float), **p)


@njit(cache=True, nogil=True, error_model="numpy")
def activate(activation, x):
    """The activation g(x) and its slope."""
    if activation == ERF:
        return math.erf(x / math.sqrt(2.0)), math.sqrt(2.0 / math.pi) * math.exp(-0.5 * x * x)
    if activation == RELU:
        return max(x, 0.0), 1.0 if x > 0.0 else 0.0
    return x, 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def descend(activation, eta, sigma, X, B, w):
    """One step of gradient descent on each example of X (n, D + 1), the last entry its label noise; updates w (D,)."""
    D = w.size
    for i in range(X.shape[0]):
        teacher = student = 0.0
        for j in range(D):
            teacher += B[j] * X[i, j]
            student += w[j] * X[i, j]
        guess, slope = activate(activation, student / math.sqrt(D))
        error = activate(activation, teacher / math.sqrt(D))[0] + sigma * X[i, D] - guess
        step = eta / math.sqrt(D) * error * slope
        if step != 0.0:
            for j in range(D):
                w[j] += step * X[i, j]


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress: Progress, **p) -> dict[str, Estimate]:
    """Gradient descent in dimension `size`, `trials` runs: test error and overlaps at the times `values`; nan where the run overflowed.

    Raises ParameterError for relu with q0 = 0, or where the runs would take too long.
    """
    trajectory(np.zeros(1), **p)  # the same conflicts
    code = ACTIVATIONS[p["activation"]]

    def learn(state, X):
        B, w = state[0], state[1].copy()
        descend(code, p["eta"], p["sigma"], X, B, w)
        return B, w

    def measure(state) -> tuple[float, float]:
        B, w = state
        with np.errstate(over="ignore", invalid="ignore"):
            R = B @ w / size
            return (1.0 - R, max(w @ w / size - R * R, 0.0)) if np.isfinite(w @ w) else (math.nan, math.nan)

    runs = run(values, size, trials, seed, progress, COST, lambda rng: draw_weights(rng, size, p["q0"], p["rho0"]), learn, measure)
    samples = [overlaps(code, np.array(measured)) for measured in runs]
    return {name: mean_sem([sample[name] for sample in samples]) for name in samples[0]}


def simulate(size: int, trials: int, seed: int, progress: Progress, t: float, **p) -> dict[str, Estimate]:
    """`simulate_along` at the single time t."""
    estimates = simulate_along("t", np.array([t]), size, trials, seed, progress, **p)
    return {name: Estimate(float(e.mean[0]), float(e.sem[0])) for name, e in estimates.items()}


PARAMETERS = (
    Parameter("activation", "g", "activation: x, erf(x/√2) or max(x, 0)", "linear", choices=tuple(ACTIVATIONS)),
    Parameter("eta", r"\eta", "learning rate", 0.5, 0.0, 50.0, scale="log", open_low=True),
    Parameter("sigma", r"\sigma", "standard deviation of the label noise", 0.0, 0.0, 10.0),
    Parameter("q0", "Q(0)", "initial squared norm; above 0 for relu", 1.0, 0.0, 100.0),
    Parameter("rho0", r"\rho(0)", "initial cosine between student and teacher", 0.0, -1.0, 1.0),
    Parameter("t", "t", "training time, examples per input dimension", 10.0, 0.0, 1e6, scale="log"),
)  # fmt: skip

OVERFLOW = "relu or linear ran away and left the range of doubles"
OBSERVABLES = (
    Observable("gen_error", r"\epsilon_g", "half the mean squared test error against the noise-free teacher", OVERFLOW),
    Observable("R", "R", "overlap of student and teacher", OVERFLOW),
    Observable("Q", "Q", "squared norm of the student", OVERFLOW),
    Observable("rho", r"\rho", "cosine between student and teacher", f"Q = 0; or {OVERFLOW}"),
    Observable("rate", r"\text{rate}", "exponent of the decay of the noise-free test error near the solution; negative beyond eta_c"),
    Observable("eta_c", r"\eta_c", "learning rate from which the solution is unstable"),
    Observable("eta_opt", r"\eta_{opt}", "learning rate of the fastest decay"),
    Observable("gen_error_inf", r"\epsilon_g(\infty)", "test error for t → ∞ from this start", "it diverges (linear from eta = 2, relu somewhat above)"),
)  # fmt: skip

CLOSED = "Biehl & Schwarze 1995, K = M = 1: "
STRAAT = "Straat & Biehl 2019, K = M = 1: "
LANDMARKS = (
    Landmark({"eta": 1.2, "sigma": 0.4, "t": 2.0}, "gen_error", 0.2490141267, CLOSED + "linear, closed form", 1e-9),
    Landmark({"eta": 1.2, "sigma": 0.4, "t": 2.0}, "gen_error_inf", 0.12, CLOSED + "linear, noise floor", 1e-12),
    Landmark({"eta": 1.2}, "rate", 0.96, CLOSED + "linear", 1e-12),
    Landmark({"activation": "erf", "eta": 1.5, "t": 5.0}, "gen_error", 0.0129684305, CLOSED + "erf, integrated independently", 1e-8),
    Landmark({"activation": "erf", "eta": 1.5}, "rate", 0.3675525969, CLOSED + "erf", 1e-9),
    Landmark({"activation": "erf"}, "eta_c", math.pi * math.sqrt(5.0 / 3.0), "Saad & Solla 1995: largest learning rate, K = 1", 1e-12),
    Landmark({"activation": "erf"}, "eta_opt", 2.7039, CLOSED + "erf", 2e-5),
    Landmark({"activation": "erf", "eta": 4.5}, "gen_error_inf", 0.01706, CLOSED + "erf above eta_c", 3e-4),
    Landmark({"activation": "erf", "eta": 8.0}, "gen_error_inf", 0.13518, CLOSED + "erf above eta_c", 3e-5),
    Landmark({"activation": "erf", "eta": 12.0}, "gen_error_inf", 1 / 6, CLOSED + "erf, the norm grows for ever", 1e-12),
    Landmark(
        {"activation": "erf", "eta": 8.0, "sigma": 1.0, "t": 1e5}, "gen_error", 0.1708, CLOSED + "erf, the norm grows for ever", 3e-4
    ),
    Landmark({"activation": "relu", "sigma": 0.2, "eta": 1.0, "t": 5.0}, "gen_error", 0.0682625454, STRAAT + "integrated independently", 1e-8),
    Landmark({"activation": "relu", "sigma": 0.2, "eta": 1.0}, "gen_error_inf", 0.0099899985, STRAAT + "fixed point", 1e-8),
    Landmark({"activation": "relu", "eta": 2.05}, "gen_error_inf", 0.0115226, STRAAT + "fixed point above eta_c", 5e-6),
    Landmark({"activation": "relu", "eta": 2.1}, "gen_error_inf", 0.0418852, STRAAT + "fixed point above eta_c", 2e-6),
    Landmark({"activation": "relu", "eta": 2.1, "sigma": 0.3}, "gen_error_inf", 0.3768977, STRAAT + "fixed point above eta_c", 3e-7),
    Landmark({"activation": "relu", "eta": 2.1, "q0": 50.0}, "gen_error_inf", None, STRAAT + "beyond the basin of the fixed point"),
    Landmark({"activation": "relu", "eta": 2.25}, "gen_error_inf", None, STRAAT + "no fixed point"),
)  # fmt: skip

MODEL = Model(
    id="online-perceptron",
    title="Online learning of one neuron",
    chapter="dynamics",
    question="How large may the learning rate of a single neuron be, and which one learns fastest?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension", 500, 50, 10_000, scale="log", integer=True),
    trials=Parameter("trials", "n", "independent runs", 8, 1, 100, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("M. Biehl, H. Schwarze", 1995, "Learning by on-line gradient descent", "Journal of Physics A 28, 643"),
        Reference("D. Saad, S. A. Solla", 1995, "On-line learning in soft committee machines", "Physical Review E 52, 4225"),
        Reference("M. Straat, M. Biehl", 2019, "On-line learning dynamics of ReLU neural networks using statistical physics techniques", "ESANN 2019, arXiv:1903.07378", "https://arxiv.org/abs/1903.07378"),
    ),
    solve_along=solve_along,
    solve_axes=("t",),
    simulate_along=simulate_along,
    simulate_axes=("t",),
)  # fmt: skip

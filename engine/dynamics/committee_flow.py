r"""The flow of the order parameters of a soft committee: their rates, their test error, their integration in time.

The equations are those of `soft_committee`; the integration is explicit (Runge-Kutta 8(5,3)) as long as that is the faster way, else
implicit (Radau IIA).
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.integrate import Radau
from scipy.linalg import expm

from engine.dynamics.gaussian_averages import ERF, I2, J2, RELU, weighted_I3, weighted_I4
from engine.model import ConvergenceError
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

SEARCH_END = 1e5  # the escape is searched up to this time
VANISHED = 1e-11  # a shrinking relu unit is dead when its Q_kk is smaller
RUNAWAY = 1e8  # relu and linear ran away when Q_kk or v_k² is larger
EXPLICIT_STEPS, IMPLICIT_STEPS = 1000, 100  # batches of comparable work
PATIENCE = 5  # batches after which the other method is tried
FINISHED, LEARNED, RESTS, DIVERGED, UNFINISHED, STUCK = range(6)


class Problem(NamedTuple):
    """What the rates depend on besides the state.

    The state y is (Q_kl for l <= k row by row, R row by row), followed by v where both layers learn; (Q, C, R) if `symmetric`.
    """

    activation: int
    symmetric: bool  # the subspace Q_kk = Q, Q_kl = C, R_kn = R
    both: bool  # whether v learns
    K: int
    M: int
    A: float
    T: np.ndarray  # (M,) diagonal of the teacher's covariance
    v: np.ndarray  # (K,) the second layer where it does not learn
    copies: np.ndarray  # (K,) how many identical units each student field stands for
    eta: float
    eta_v: float
    variance: float  # of the label noise, σ²


@njit(cache=True, nogil=True, error_model="numpy")
def unpack(problem, y):
    """The fields' covariance C (K+M, K+M), the second layer v (K,) and the fields' weights s = (-v, A) (K+M,) in the error."""
    K, M = problem.K, problem.M
    C = np.zeros((K + M, K + M))
    i = 0
    for k in range(K):
        for l in range(k + 1):  # noqa: E741
            C[k, l] = C[l, k] = (y[0] if k == l else y[1]) if problem.symmetric else y[i]
            i += 1
    for k in range(K):
        for n in range(M):
            C[k, K + n] = C[K + n, k] = y[2] if problem.symmetric else y[i]
            i += 1
    v, s = np.empty(K), np.empty(K + M)
    for k in range(K):
        v[k] = y[i + k] if problem.both else problem.v[k]
        if problem.activation == RELU and C[k, k] == 0.0:
            v[k] = 0.0
        s[k] = -v[k] * problem.copies[k]
    for n in range(M):
        C[K + n, K + n] = problem.T[n]
        s[K + n] = problem.A
    return C, v, s


@njit(cache=True, nogil=True, error_model="numpy")
def gen_error(problem, y):
    """Half the mean squared error against the noise-free teacher, (1/2) sum s_a s_b I2(a, b)."""
    C, _, s = unpack(problem, y)
    total = 0.0
    for a in range(s.size):
        total += 0.5 * s[a] * s[a] * I2(problem.activation, C, a, a)
        for b in range(a):
            total += s[a] * s[b] * I2(problem.activation, C, a, b)
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def rates(problem, y, dy):
    """dy = dy/dt (Saad & Solla 1995; Goldt et al. 2019, eqs. 8-10)."""
    C, v, s = unpack(problem, y)
    rows, columns = (2, 1) if problem.symmetric else (problem.K, problem.M)
    drift = np.zeros((rows, s.size))
    for k in range(rows):
        if v[k] != 0.0:
            weighted_I3(problem.activation, C, s, k, drift[k])
    i = 0
    for k in range(rows):
        for l in range(1 if problem.symmetric else k + 1):  # noqa: E741
            dy[i] = problem.eta * (v[k] * drift[k, l] + v[l] * drift[l, k])
            weight = problem.eta**2 * v[k] * v[l]
            if weight != 0.0:
                dy[i] += weight * (weighted_I4(problem.activation, C, s, k, l) + problem.variance * J2(problem.activation, C, k, l))
            i += 1
    for k in range(1 if problem.symmetric else rows):
        for n in range(columns):
            dy[i] = problem.eta * v[k] * drift[k, problem.K + n]
            i += 1
    if problem.both:
        for k in range(rows):
            dy[i] = 0.0
            for a in range(s.size):
                dy[i] += problem.eta_v * s[a] * I2(problem.activation, C, k, a)
            i += 1


@njit(cache=True, nogil=True, error_model="numpy")
def rates_of_stages(problem, y, h, k, first, end, z):
    """Runge-Kutta rates k[first:end] of a step h from y; z is left at the last stage."""
    for s in range(first, end):
        stage(y, h, k, s, z)
        rates(problem, z, k[s])


@njit(cache=True, nogil=True, error_model="numpy")
def crossing(problem, y, F, threshold, w):
    """Fraction of the step at which e_g falls to the threshold, by bisection."""
    low, high = 0.0, 1.0
    while high - low > 1e-14:
        middle = 0.5 * (low + high)
        interpolate(y, F, middle, w)
        if gen_error(problem, w) < threshold:
            high = middle
        else:
            low = middle
    return high


@njit(cache=True, nogil=True, error_model="numpy")
def bury(problem, y, dy):
    """Set the overlaps of relu units of vanishing and shrinking norm, Q_kk < VANISHED, to exactly 0: their direction would be noise.

    Returns whether it did.
    """
    if problem.symmetric:
        dead = y[0] < VANISHED and dy[0] < 0.0
        if dead:
            y[0] = y[1] = y[2] = 0.0
        return dead
    K, M = problem.K, problem.M
    dead = False
    for k in range(K):
        norm = k * (k + 3) // 2
        if y[norm] < VANISHED and dy[norm] < 0.0:
            dead = True
            for l in range(K):  # noqa: E741
                y[max(k, l) * (max(k, l) + 1) // 2 + min(k, l)] = 0.0
            for n in range(M):
                y[K * (K + 1) // 2 + k * M + n] = 0.0
    return dead


@njit(cache=True, nogil=True, error_model="numpy")
def ran_away(problem, y):
    """Whether relu or linear diverged: Q_kk or v_k² above RUNAWAY."""
    if problem.activation == ERF:
        return False
    if problem.symmetric:
        return y[0] > RUNAWAY
    for k in range(problem.K):  # noqa: SIM110
        if y[k * (k + 3) // 2] > RUNAWAY or (problem.both and y[y.size - problem.K + k] ** 2 > RUNAWAY):
            return True
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def advance(problem, rtol, atol, learned, threshold, times, states, clock, y):
    """Integrate from clock = [t, outputs written, escape time] and y, which are updated; returns why it ended.

    states (n, y.size) receives the solution at the sorted `times` (n,). Goes on to SEARCH_END while e_g has not fallen below
    `threshold` (-1: no search), ends when e_g < `learned` twice in a row. The steps do not depend on `times`.
    """
    t, done, escape = clock[0], int(clock[1]), clock[2]
    k, F = np.empty((DENSE_STAGES, y.size)), np.empty((7, y.size))
    z, w = np.empty(y.size), np.empty(y.size)
    reason = FINISHED
    below = steps = 0
    rates_of_stages(problem, y, 0.0, k, 0, 1, z)
    h = first_step(y, k[0], rtol, atol)
    searching = threshold > 0.0 and math.isnan(escape)
    while done < times.size or (searching and t < SEARCH_END):
        rates_of_stages(problem, y, h, k, 1, STAGES + 1, z)
        error = error_norm(y, z, h, k, rtol, atol)
        if not error <= 1.0:
            h *= step_factor(error)
            if h < 1e-14 * t or h < 1e-100:
                reason = STUCK
                break
            continue
        remains = gen_error(problem, z)
        escapes = searching and remains < threshold
        if escapes or (done < times.size and times[done] <= t + h):
            rates_of_stages(problem, y, h, k, STAGES + 1, DENSE_STAGES, w)
            dense_coefficients(y, z, h, k, F)
            while done < times.size and times[done] <= t + h:
                interpolate(y, F, (times[done] - t) / h, states[done])
                done += 1
            if escapes:
                escape = t + h * crossing(problem, y, F, threshold, w)
                searching = False
        t += h
        h *= step_factor(error)
        for i in range(y.size):
            y[i], k[0, i] = z[i], k[STAGES, i]
        below = below + 1 if remains < learned else 0
        if below == 2:
            reason = LEARNED
            break
        if ran_away(problem, y):
            reason = DIVERGED
            break
        steps += 1
        if steps == EXPLICIT_STEPS or (problem.activation == RELU and bury(problem, y, k[0])):
            reason = UNFINISHED
            break
    clock[0], clock[1], clock[2] = t, done, escape
    return reason


def integrate(problem: Problem, y: np.ndarray, times: np.ndarray, tolerances, learned=-math.inf, threshold=-1.0):
    """The solution from y at the sorted `times`, (n, y.size), and the first time with e_g < threshold (nan: none up to SEARCH_END).

    Rows are nan once relu or linear ran away. Raises ConvergenceError where the step size vanishes.
    """
    y = y.copy()
    states = np.full((times.size, y.size), math.nan)
    clock = np.array([0.0, 0.0, 0.0 if gen_error(problem, y) < threshold else math.nan])
    method, other, covered, batches, reason = advance, advance_implicit, 0.0, 0, UNFINISHED
    while reason == UNFINISHED:
        start, before, batches = clock[0], covered, batches + 1
        reason = method(problem, *tolerances, learned, threshold, times, states, clock, y)
        covered = clock[0] - start
        if covered < 0.5 * before or batches == PATIENCE:
            method, other, batches = other, method, 0
        if reason == UNFINISHED and motion(problem, y, max(times[-1], SEARCH_END) - clock[0]) < 10.0 * tolerances[0]:
            reason = RESTS
    time, done, escape = clock
    if reason == STUCK:
        raise ConvergenceError(f"the step size of the integration vanishes at t={time:g}")
    if reason in (LEARNED, RESTS):
        states[int(done) :] = y
    for state in states:
        if ran_away(problem, state):
            state[:] = math.nan
    return states, escape if escape <= SEARCH_END else math.nan


def advance_implicit(problem: Problem, rtol, atol, learned, threshold, times, states, clock, y) -> int:
    """`advance` by an implicit method (Radau IIA of order 5), for long stays near rest and for learning rates that make the rates stiff."""

    def derivative(_, y):
        dy = np.empty(y.size)
        rates(problem, y, dy)
        return dy

    done = int(clock[1])
    rtol, atol = max(rtol, 1e-10), max(atol, 1e-12)  # below, rounding errors rule its step
    solver = Radau(derivative, clock[0], y, 1e9, rtol=rtol, atol=atol, jac=lambda _, y: jacobian(problem, y))
    solver.newton_tol = 0.01  # of the tolerance: its own choice, sqrt(rtol), asks for more than rounding errors allow
    for _ in range(IMPLICIT_STEPS):
        searching = threshold > 0.0 and math.isnan(clock[2]) and solver.t < SEARCH_END
        if done == times.size and not searching:
            return FINISHED
        solver.step()
        if solver.status == "failed":
            return UNFINISHED
        segment, remains = solver.dense_output(), gen_error(problem, solver.y)
        while done < times.size and times[done] <= solver.t:
            states[done] = segment(times[done])
            done += 1
        if searching and remains < threshold:
            clock[2] = bisect(lambda t, y=segment: gen_error(problem, y(t)) < threshold, solver.t_old, solver.t)
        clock[0], clock[1] = solver.t, done
        y[:] = solver.y
        if remains < learned:
            return LEARNED
        if ran_away(problem, y):
            return DIVERGED
        if problem.activation == RELU and bury(problem, y, solver.f):
            return UNFINISHED
    return UNFINISHED


def motion(problem: Problem, y: np.ndarray, duration: float) -> float:
    """How far the state moves within `duration` by the linearised rates: the largest entry of ∫_0^duration e^(Js) ds dy/dt.

    inf where it is plainly not at rest.
    """
    dy = np.empty(y.size)
    rates(problem, y, dy)
    if not np.abs(dy).max() < 1e-6:
        return math.inf
    generator = np.block([[jacobian(problem, y), dy[:, None]], [np.zeros((1, y.size + 1))]])
    with np.errstate(over="ignore", invalid="ignore"):  # where it runs away
        return float(np.abs(expm(generator * duration)[:-1, -1]).max())


def bisect(reached, low: float, high: float) -> float:
    """Where `reached`, true at `high`, becomes true."""
    while high - low > 1e-14 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def jacobian(problem: Problem, y: np.ndarray) -> np.ndarray:
    """Jacobian (n, n) of the rates at y by central differences; the columns of dead relu units are 0."""
    J = np.zeros((y.size, y.size))
    up, down = np.empty(y.size), np.empty(y.size)
    for j, size in enumerate(1e-5 * scales(problem, y)):
        if size > 0.0:
            step = np.zeros(y.size)
            step[j] = size
            rates(problem, y + step, up)
            rates(problem, y - step, down)
            J[:, j] = (up - down) / (2.0 * size)
    return J


def scales(problem: Problem, y: np.ndarray) -> np.ndarray:
    """Over which changes of each entry of y the rates are smooth: 1, but for overlaps of relu units the product of the norms."""
    if problem.activation != RELU:
        return np.ones(y.size)
    if problem.symmetric:
        return np.array([y[0], y[0], math.sqrt(y[0])])
    K = problem.K
    norms = np.sqrt(y[[k * (k + 3) // 2 for k in range(K)]])
    pairs = np.outer(norms, norms)[np.tril_indices(K)], np.outer(norms, np.sqrt(problem.T)).ravel()
    return np.concatenate([*pairs, np.ones(K if problem.both else 0)])


def newton(problem: Problem, y: np.ndarray) -> np.ndarray | None:
    """The zero of the rates near y, to a residual of 1e-10; None if Newton's iteration does not reach one."""
    dy = np.empty(y.size)
    for _ in range(30):
        rates(problem, y, dy)
        try:
            step = np.linalg.solve(jacobian(problem, y), -dy)
        except np.linalg.LinAlgError:
            return None
        y = y + step
        if not np.abs(y).max() < RUNAWAY:
            return None
        if np.abs(step).max() < 1e-12 * np.abs(y).max():
            break
    rates(problem, y, dy)
    return y if np.abs(dy).max() < 1e-10 else None

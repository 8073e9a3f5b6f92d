r"""**Setting.** A student with $K$ hidden units sees every example of a teacher with $M$ hidden units once. Inputs $x\in\mathbb R^D$ are
standard Gaussian; fields $\lambda_k=w_k\cdot x/\sqrt D$ and $\rho_n=B_n\cdot x/\sqrt D$;

$$\phi=\sum_{k=1}^Kv_kg(\lambda_k),\qquad y=\sum_{n=1}^MA\,g(\rho_n)+\sigma\zeta,\qquad
\epsilon_g=\tfrac12\,\mathbb E\Big[\sum_nA\,g(\rho_n)-\phi\Big]^2,$$

with $g(x)=\mathrm{erf}(x/\sqrt2)$, $\max(x,0)$ or $x$; no factor $1/K$ or $1/\sqrt K$, and $\epsilon_g$ leaves the noise out. One step of
SGD on the loss $\frac12(\phi-y)^2$ takes the time $1/D$:

$$w_k\mathrel{+}=\frac\eta{\sqrt D}\,v_kg'(\lambda_k)(y-\phi)\,x,\qquad
v_k\mathrel{+}=\frac{\eta_v}D\,g(\lambda_k)(y-\phi)\quad(\text{both layers}).$$

**Order parameters.** For $D\to\infty$ the overlaps $Q_{kl}=w_k\cdot w_l/D$ and $R_{kn}=w_k\cdot B_n/D$ follow closed equations (Saad &
Solla 1995, Biehl & Schwarze 1995; $v$: Goldt et al. 2019). Number all fields $f=(\lambda,\rho)$, their covariance
$C=\begin{pmatrix}Q&R\\R^\top&T\end{pmatrix}$, their weights in the error $s=(-v,A)$:

$$\dot R_{kn}=\eta v_k\sum_as_aI_3(k,n,a),\qquad\dot v_k=\eta_v\sum_as_aI_2(k,a),\qquad\epsilon_g=\tfrac12\sum_{ab}s_as_bI_2(a,b),$$
$$\dot Q_{kl}=\eta\sum_as_a\big[v_kI_3(k,l,a)+v_lI_3(l,k,a)\big]+\eta^2v_kv_l\Big[\sum_{ab}s_as_bI_4(k,l,a,b)+\sigma^2J_2(k,l)\Big],$$

$I_2=\mathbb E\,g(a)g(b)$, $J_2=\mathbb E\,g'(a)g'(b)$, $I_3(a,b,c)=\mathbb E\,g'(a)\,b\,g(c)$, $I_4=\mathbb E\,g'(a)g'(b)g(c)g(d)$. The
teacher is isotropic, $T=1$, or graded, $T_{nn}=n$. The averages are elementary but for one, the probability of a four-dimensional orthant
(ReLU).

**Initial overlaps** ($k,n$ from 0, $\varphi=(\sqrt5-1)/2$, $\mathrm{frac}$ the fractional part). `asymmetric`: $Q=q_0$ on the diagonal,
$R_{kn}=\varepsilon\,\mathrm{frac}(\varphi(kM+n+1)^2)$. `diagonal`: $R_{kn}=\varepsilon/(1+\lfloor\max(k,n)/m\rfloor)$ where $k\equiv n$
modulo $m=\min(K,M)$. `informed`: the first $M$ units are the teacher, the others have $Q_{kk}=\varepsilon^2$ (from three on times
$1+\mathrm{frac}(\varphi k^2)$) and $v_k=A$ (first layer) or 0 (both). `denoise`: unit $k$ is a copy of teacher unit $k$ mod $M$ and the
copies share its weight. `random`: Gaussian weights, experiment only.

**Plateau.** In the subspace $Q_{kk}=Q$, $Q_{kl}=C$, $R_{kn}=R$ no unit is special. Its fixed point is the plateau, the largest real part
of the Jacobian there the escape rate; $t_{esc}\simeq t_0+\ln(1/\varepsilon)/\text{rate}$ is when $\epsilon_g$ falls to half the plateau.
For erf, $K=M$, $\eta\to0$: $Q=C=\frac1{2K-1}$, $\epsilon_g=\frac K\pi\big[\frac\pi6-K\arcsin\frac1{2K}\big]$, rate
$=\frac{2\eta}\pi\frac K{(2K-1)^{1/2}(2K+1)^{3/2}}$. At large $\eta$ or noise $Q$ grows for ever and there is no such point.

**Convergence.** Around the solution of erf students with $K=M$ the two sums of $D_{kl}=(w_k-B_k)\cdot(w_l-B_l)/D$ obey linear equations;
they lose stability at $\eta_{max}=\frac\pi2u$, $u$ the least positive root of $ad=(K-1)m^2$ with
$a=-\frac2{\sqrt3}+u\big(\frac1{\sqrt5}+\frac{K-1}3\big)$, $m=-1+u\big(\frac1{\sqrt2}+\frac{K-2}{2\sqrt3}\big)$,
$d=-\frac2{\sqrt3}-(K-2)+u\big(\frac23+\frac{2(K-2)}{\sqrt3}+\frac{(K-2)(K-3)}4\big)$.

**Noise floor.** To first order in $\eta$ label noise leaves $\epsilon_g=\frac{\eta\sigma^2}4\sum_kv_k^2\,\mathbb E\,g'(\lambda_k)^2$ at
the minimum, with $\mathbb E\,g'^2=\frac2\pi(1+2Q_{kk})^{-1/2}$ (erf) or $\frac12$ (ReLU). First layer alone: every idle unit adds
$\eta\sigma^2A^2/2\pi$, until, much later, idle units pair up and cancel. Both layers: $m_n$ copies of a teacher unit share its weight and
the floor falls as $1/m_n$.

**Numerics.** Runge-Kutta 8(5,3) on $(Q_{k\le l},R,v)$ with dense output, one integration for all times; where Radau IIA covers more time
for the same work (stiff rates) it takes over. A state that the linearised rates no longer move is kept. The plateau is reached in the
three-dimensional system and polished by Newton's method. Copies are integrated as one field. A noise-free run ends at
$\epsilon_g<10^{-12}A^2$ (ReLU: $10^{-8}A^2$) and keeps its state; ReLU and linear runs end as `diverged` when $Q_{kk}$ or $v_k^2$ exceeds
$10^8$; a ReLU unit whose $Q_{kk}$ shrinks below $10^{-11}$ is dead.

**Experiment.** SGD in dimension $D$ from exactly the initial overlaps of the theory. Every step stirs in an asymmetry of order
$1/\sqrt D$: unless $\varepsilon\gg1/\sqrt D$ the dots leave the plateau before the curve, which is why $t_{esc}\propto\ln D$.
"""

import math

import numpy as np
from numba import njit

from engine.dynamics.committee_flow import Problem, gen_error, integrate, jacobian, newton, ran_away
from engine.dynamics.gaussian_averages import ERF, LINEAR, RELU
from engine.dynamics.online_runs import run
from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem

ACTIVATIONS = {"erf": ERF, "relu": RELU, "linear": LINEAR}
TOLERANCES = {"erf": (1e-12, 1e-16), "relu": (1e-10, 1e-14), "linear": (1e-13, 1e-15)}  # relative, absolute
COARSE = (1e-8, 1e-12)  # relu without noise: where student and teacher coincide its rates are not smooth
LEARNED = {"erf": 1e-12, "relu": 1e-8, "linear": 1e-12}  # e_g / A² at which a noise-free run ends


def teacher_overlaps(M: int, teacher: str) -> np.ndarray:
    """T_nn, (M,)."""
    return np.arange(1.0, M + 1) if teacher == "graded" else np.ones(M)


def second_layer(A: float, v0: float | None, init: str) -> float:
    """Initial weight of the student units that are not idle."""
    return A if v0 is None or init == "informed" else v0


def initial_overlaps(K, M, A, layers, teacher, v0, init, q0, eps, **_) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Q (K, K), R (K, M) and v (K,) at t = 0. Raises ParameterError where there is no such start."""
    T, k, n = teacher_overlaps(M, teacher), np.arange(K)[:, None], np.arange(M)
    v = np.full(K, second_layer(A, v0, init))
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    if init in ("informed", "denoise") and K < M:
        raise ParameterError("init", init, f"init={init} needs K >= M")
    if init == "denoise" and layers == "first":
        raise ParameterError("init", init, "init=denoise needs layers=both")
    if init == "informed":
        idle = np.arange(M, K)
        if K - M >= 2 and eps < 1e-6:
            raise ParameterError(
                "eps", eps, "eps must be at least 1e-6 for init=informed with K - M >= 2: rounding would part the idle units"
            )
        norms = eps**2 * (1.0 + golden * idle**2 % 1.0) if K - M >= 3 else np.full(K - M, eps**2)
        if layers == "both":
            v[idle] = 0.0
        return np.diag(np.append(T, norms)), np.where(k == n, T, 0.0), v
    if init == "denoise":
        partner = np.arange(K) % M
        same = partner[:, None] == partner
        return np.where(same, T[partner], 0.0), np.where(k % M == n, T, 0.0), A / same.sum(axis=1)
    if init == "asymmetric":
        R = eps * (golden * (k * M + n + 1.0) ** 2 % 1.0)
    else:
        m = min(K, M)
        R = np.where(k % m == n % m, eps / (1 + np.maximum(k, n) // m), 0.0)
    Q = q0 * np.eye(K)
    if np.linalg.eigvalsh(np.block([[Q, R], [R.T, np.diag(T)]]))[0] < -1e-10:
        raise ParameterError("eps", eps, f"no weights have these initial overlaps: at K={K}, M={M}, q0={q0:g} eps must be smaller")
    return Q, R, v


def pack(problem: Problem, Q: np.ndarray, R: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The state vector of `problem`."""
    return np.concatenate([Q[np.tril_indices(len(Q))], R.ravel(), v if problem.both else []])


def overlaps(problem: Problem, states: np.ndarray, units: np.ndarray) -> dict[str, np.ndarray]:
    """R_k_n, Q_k_l and v_k by name, (n,) each, from states (n, ...); student unit k is field units[k] of the problem."""
    K, M = problem.K, problem.M
    rows, columns = np.tril_indices(K)
    Q = np.empty((len(states), K, K))
    Q[:, rows, columns] = Q[:, columns, rows] = states[:, : rows.size]
    R = states[:, rows.size : rows.size + K * M].reshape(-1, K, M)
    v = states[:, rows.size + K * M :] if problem.both else np.where(np.isnan(states[:, :1]), math.nan, problem.v)
    return (
        {f"R_{i}_{n + 1}": R[:, k, n] for i, k in enumerate(units, 1) for n in range(M)}
        | {f"Q_{i}_{j}": Q[:, k, m] for i, k in enumerate(units, 1) for j, m in enumerate(units, 1)}
        | {f"v_{i}": v[:, k] for i, k in enumerate(units, 1)}
    )


def pose(p: dict, v: np.ndarray, copies: np.ndarray) -> Problem:
    """The problem with student fields of second-layer weight v, each standing for so many copies. Raises ParameterError."""
    for name in ("K", "M"):
        if p["activation"] == "relu" and p[name] > 6:
            raise ParameterError(name, p[name], f"{name} must be at most 6 for activation=relu")
    if p["A"] == 0.0:
        raise ParameterError("A", 0.0, "A must not be 0: there would be nothing to learn")
    return Problem(
        activation=ACTIVATIONS[p["activation"]],
        symmetric=False,
        both=p["layers"] == "both",
        K=len(v),
        M=p["M"],
        A=p["A"],
        T=teacher_overlaps(p["M"], p["teacher"]),
        v=v,
        copies=copies,
        eta=p["eta"],
        eta_v=p["eta"] if p["eta_v"] is None else p["eta_v"],
        variance=p["sigma"] ** 2,
    )


def unspecialised(problem: Problem) -> np.ndarray | None:
    """The fixed point (Q, C, R) of equal student units that attracts one who knows nothing; None where Q grows for ever or vanishes."""
    problem = problem._replace(symmetric=True)
    y = np.array([0.2, 0.0, 1e-3])
    for duration in (400.0, 1e6):
        y = integrate(problem, y, np.array([duration / problem.eta]), (1e-6, 1e-8))[0][0]
        if np.isnan(y).any() or y[0] == 0.0:
            return None
        point = newton(problem, y)
        if point is not None and point[0] > point[1] > -point[0] / (problem.K - 1):
            return point
    return None


def plateau(problem: Problem) -> tuple[float, float]:
    """e_g and the largest real part of the Jacobian's spectrum at the unspecialised fixed point; nan where there is none."""
    K, M = problem.K, problem.M
    exists = min(K, M) >= 2 and not problem.both and problem.activation != LINEAR and problem.v[0] != 0.0 and (problem.T == 1.0).all()
    point = unspecialised(problem) if exists else None
    if point is None:
        return math.nan, math.nan
    Q = np.where(np.eye(K, dtype=bool), point[0], point[1])
    y = pack(problem, Q, np.full((K, M), point[2]), problem.v)
    return gen_error(problem, y), float(np.linalg.eigvals(jacobian(problem, y)).real.max())


def noise_floor(K, M, activation, eta, sigma, layers, teacher, A, v0, init, **_) -> float:
    """e_g that label noise leaves, to first order in η; nan where the student cannot be the teacher or idle units do not rest."""
    if K < M or activation == "linear":
        return math.nan
    T = teacher_overlaps(M, teacher)
    slopes = 2.0 / math.pi / np.sqrt(1.0 + 2.0 * T) if activation == "erf" else np.full(M, 0.5)
    if layers == "both":
        total = (slopes / np.bincount(np.arange(K) % M)).sum()
    elif second_layer(A, v0, init) != A or (activation == "relu" and K > M):
        return math.nan
    else:
        total = slopes.sum() + 2.0 / math.pi * (K - M)
    return float(0.25 * eta * (sigma * A) ** 2 * total)


def convergence_limit(K: int) -> float:
    """Largest η at which erf students reach K orthonormal teachers; each linear function of u is (slope, value at 0)."""
    a = (1 / math.sqrt(5) + (K - 1) / 3, -2 / math.sqrt(3))
    m = (1 / math.sqrt(2) + (K - 2) / (2 * math.sqrt(3)), -1)
    d = (2 / 3 + 2 * (K - 2) / math.sqrt(3) + (K - 2) * (K - 3) / 4, -2 / math.sqrt(3) - (K - 2))
    roots = np.roots(np.polysub(np.polymul(a, d), (K - 1) * np.polymul(m, m)))
    return 0.5 * math.pi * float(min(u.real for u in roots if u.imag == 0.0 and u.real > 0.0))


def trajectory(times: np.ndarray, p: dict) -> dict[str, np.ndarray]:
    """Every observable at each of `times`, (len(times),) each. Raises ParameterError and ConvergenceError as `solve`."""
    K, M, A, init = p["K"], p["M"], p["A"], p["init"]
    if init == "random":
        raise ParameterError("init", init, "init=random is for the experiment alone; solve starts from given overlaps")
    Q, R, v = initial_overlaps(**p)
    units, copies = np.arange(K), np.ones(K)
    if init == "denoise":
        units, copies = units % M, np.bincount(units % M).astype(float)
        Q, R, v = Q[:M, :M], R[:M], v[:M]
    problem = pose(p, v, copies)
    start = pack(problem, Q, R, v)
    height, rate = plateau(problem)
    threshold = -1.0 if math.isnan(height) else 0.5 * height
    noiseless = p["sigma"] == 0.0
    if noiseless and (init == "denoise" or (init == "informed" and (problem.both or K == M))):
        # The student is the teacher: nothing moves it, but where the solution is unstable rounding would.
        states, escape = np.tile(start, (times.size, 1)), math.nan if threshold < 0.0 else 0.0
    else:
        order = np.argsort(times, kind="stable")
        states = np.empty((times.size, start.size))
        learned = LEARNED[p["activation"]] * A**2 if noiseless else -math.inf
        tolerances = COARSE if noiseless and p["activation"] == "relu" else TOLERANCES[p["activation"]]
        states[order], escape = integrate(problem, start, times[order], tolerances, learned, threshold)
    standard = p["activation"] == "erf" and K == M and not problem.both and p["teacher"] == "isotropic" and A == v[0] == 1.0
    constants = {
        "gen_error_plateau": height,
        "escape_rate": rate,
        "t_escape": escape,
        "gen_error_noise_floor": noise_floor(**p),
        "eta_max": convergence_limit(K) if standard else math.nan,
    }
    return (
        {"gen_error": np.array([max(gen_error(problem, y), 0.0) for y in states])}
        | overlaps(problem, states, units)
        | {name: np.full(times.size, value) for name, value in constants.items()}
        | {"diverged": np.isnan(states[:, 0])}
    )


def solve(t: float, **p) -> dict:
    """Every observable at time t. Raises ParameterError where parameters conflict, ConvergenceError where the step size vanishes."""
    return {name: column[0].item() for name, column in trajectory(np.array([t]), p).items()}


def solve_along(axis: str, values: np.ndarray, **p) -> dict[str, np.ndarray]:
    """`solve` at every time in `values` (any order) by one integration; rows of nan where `solve` raises."""
    try:
        return trajectory(np.asarray(values, float), p)
    except (ParameterError, ConvergenceError):
        return {name: np.full(len(values), math.nan) for name in MODEL.observable_names(p)}


@njit(cache=True, nogil=True, error_model="numpy")
def g(activation, x):
    """The activation."""
    if activation == ERF:
        return math.erf(x / math.sqrt(2.0))
    return max(x, 0.0) if activation == RELU else x


@njit(cache=True, nogil=True, error_model="numpy")
def slope(activation, x):
    """Its derivative."""
    if activation == ERF:
        return math.sqrt(2.0 / math.pi) * math.exp(-0.5 * x * x)
    return 1.0 if activation == LINEAR or x > 0.0 else 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def field(w, x):
    """w·x / sqrt(D), summed in the same order for every unit: copies must stay identical."""
    total = 0.0
    for i in range(w.size):
        total += w[i] * x[i]
    return total / math.sqrt(w.size)


@njit(cache=True, nogil=True, error_model="numpy")
def descend(problem, X, B, W, v):
    """One SGD step on each example of X (n, D + 1), the last entry its label noise; updates W (K, D) and v (K,).

    Returns whether the error stayed finite.
    """
    D = W.shape[1]
    fields = np.empty(problem.K)
    for i in range(X.shape[0]):
        x = X[i, :D]
        error = math.sqrt(problem.variance) * X[i, D]
        for n in range(problem.M):
            error += problem.A * g(problem.activation, field(B[n], x))
        for k in range(problem.K):
            fields[k] = field(W[k], x)
            error -= v[k] * g(problem.activation, fields[k])
        if not abs(error) < 1e12:
            return False
        for k in range(problem.K):
            step = problem.eta / math.sqrt(D) * v[k] * slope(problem.activation, fields[k]) * error
            for j in range(D):
                W[k, j] += step * x[j]
            if problem.both:
                v[k] += problem.eta_v / D * g(problem.activation, fields[k]) * error
    return True


def draw_weights(rng: np.random.Generator, D: int, p: dict) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Teacher B (M, D), student W (K, D) and v (K,) with exactly the initial overlaps of the theory (random: those of Gaussian W)."""
    K, M, T = p["K"], p["M"], teacher_overlaps(p["M"], p["teacher"])
    Z = rng.standard_normal((M + K, D))
    Z = np.linalg.solve(np.linalg.cholesky(Z @ Z.T / D), Z)
    B = np.sqrt(T)[:, None] * Z[:M]
    if p["init"] == "random":
        return B, math.sqrt(p["q0"]) * rng.standard_normal((K, D)), np.full(K, second_layer(p["A"], p["v0"], p["init"]))
    Q, R, v = initial_overlaps(**p)
    variances, axes = np.linalg.eigh(Q - R / T @ R.T)  # of the student given the teacher
    return B, R / T @ B + (axes * np.sqrt(np.maximum(variances, 0.0))) @ axes.T @ Z[M:], v


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress: Progress, **p) -> dict[str, Estimate]:
    """SGD in dimension `size`, `trials` runs with examples and weights of their own: test error, overlaps and v at the times `values`.

    nan where relu or linear ran away. Raises ParameterError where parameters conflict or the runs would take too long.
    """

    def start(rng: np.random.Generator) -> tuple:
        B, W, v = draw_weights(rng, size, p)
        return pose(p, v.copy(), np.ones(p["K"])), B, W, v, True

    def learn(state: tuple, X: np.ndarray) -> tuple:
        problem, B, W, v, alive = state
        return problem, B, W, v, alive and descend(problem, X, B, W, v)

    def look(state: tuple) -> dict[str, float]:
        """The observables, nan where the run has run away."""
        problem, B, W, v, alive = state
        y = pack(problem, W @ W.T / size, W @ B.T / size, v)
        if not alive or ran_away(problem, y):
            y = np.full(y.size, math.nan)
        return {"gen_error": max(gen_error(problem, y), 0.0)} | {n: c[0] for n, c in overlaps(problem, y[None], np.arange(p["K"])).items()}

    runs = run(values, size, trials, seed, progress, 10.0 + 1.5 * p["K"] + p["M"], start, learn, look)
    order = np.argsort(values, kind="stable")
    samples = []
    for seen in runs:
        gone = np.empty(len(seen), bool)
        gone[order] = np.logical_or.accumulate([math.isnan(seen[i]["gen_error"]) for i in order])
        samples.append({name: np.where(gone, math.nan, [one[name] for one in seen]) for name in seen[0]})
    return {name: mean_sem([sample[name] for sample in samples]) for name in samples[0]}


def simulate(size: int, trials: int, seed: int, progress: Progress, t: float, **p) -> dict[str, Estimate]:
    """`simulate_along` at the single time t."""
    estimates = simulate_along("t", np.array([t]), size, trials, seed, progress, **p)
    return {name: Estimate(float(e.mean[0]), float(e.sem[0])) for name, e in estimates.items()}


PARAMETERS = (
    Parameter("K", "K", "student hidden units; at most 6 for relu", 2, 1, 12, integer=True),
    Parameter("M", "M", "teacher hidden units; at most 6 for relu", 2, 1, 12, integer=True),
    Parameter("activation", "g", "activation: erf(x/√2), max(x, 0) or x", "erf", choices=tuple(ACTIVATIONS)),
    Parameter("eta", r"\eta", "learning rate of the first layer", 0.5, 0.0, 50.0, scale="log", open_low=True),
    Parameter("sigma", r"\sigma", "standard deviation of the label noise", 0.0, 0.0, 10.0),
    Parameter("layers", "", "what learns: the first layer, or both", "first", choices=("first", "both")),
    Parameter("eta_v", r"\eta_v", "learning rate of the second layer; that of the first where absent", None, 0.0, 50.0, scale="log", open_low=True),
    Parameter("teacher", "", "teacher units: orthonormal, or of squared norms 1..M", "isotropic", choices=("isotropic", "graded")),
    Parameter("A", "A", "second-layer weight of every teacher unit, not 0", 1.0, -10.0, 10.0),
    Parameter("v0", "v_0", "initial second-layer weight of every student unit; A where absent", None, -10.0, 10.0),
    Parameter("init", "", "initial overlaps; random in the experiment only", "asymmetric", choices=("asymmetric", "diagonal", "informed", "denoise", "random")),
    Parameter("q0", "q_0", "initial squared norm of a student unit", 0.25, 0.0, 10.0, scale="log", open_low=True, why="without weights all units are the same"),
    Parameter("eps", r"\varepsilon", "initial asymmetry", 1e-3, 1e-10, 0.3, scale="log", why="a student that is exactly symmetric never leaves the plateau; rounding would decide"),
    Parameter("t", "t", "training time, examples per input dimension", 1000.0, 0.0, 1e6, scale="log"),
)  # fmt: skip

AWAY = "relu or linear ran away"
NO_PLATEAU = "second layer learns, graded teacher, linear, K or M is 1, v0 is 0, or no such point"
OBSERVABLES = (
    Observable("gen_error", r"\epsilon_g", "half the mean squared test error against the noise-free teacher", AWAY),
    Observable("R", "R", "overlap of student and teacher unit", AWAY, indices=("K", "M")),
    Observable("Q", "Q", "overlap of two student units", AWAY, indices=("K", "K")),
    Observable("v", "v", "second-layer weight of a student unit", AWAY, indices=("K",)),
    Observable("gen_error_plateau", r"\epsilon_g^{plateau}", "test error at the unspecialised fixed point", NO_PLATEAU),
    Observable("escape_rate", r"\lambda_{esc}", "largest real part of the Jacobian's spectrum there", NO_PLATEAU),
    Observable("t_escape", r"t_{esc}", "first time with a test error below half the plateau", f"{NO_PLATEAU}; or not up to t=1e5"),
    Observable(
        "gen_error_noise_floor", r"\epsilon_g^{noise}", "late test error due to label noise, to first order in η",
        "linear, K < M, and for the first layer alone: v0 is not A, or relu with K > M",
    ),
    Observable("eta_max", r"\eta_{max}", "largest learning rate with perfect learning", "unless erf, K = M, isotropic, A = v0 = 1, first layer"),
    Observable("diverged", "", "whether relu or linear ran away before t"),
)  # fmt: skip

SAAD = "Saad & Solla 1995: equations of motion, integrated independently"
SMALL = "Saad & Solla 1995: plateau for small learning rates"
LIMIT = "linear stability of the solution (Saad & Solla 1995 print a formula within 1 %)"
GOLDT = "Goldt et al. 2019: "
RELU_RUN = {"activation": "relu", "eta": 0.2, "eps": 0.01}


def small_rate(K: int) -> tuple[Landmark, Landmark]:
    """Plateau and escape rate for erf, K = M, at η = 1e-4."""
    p = {"K": K, "M": K, "eta": 1e-4, "t": 0.0}
    height = K / math.pi * (math.pi / 6 - K * math.asin(0.5 / K))
    rate = 2e-4 / math.pi * K / (2 * K - 1) ** 0.5 / (2 * K + 1) ** 1.5
    return Landmark(p, "gen_error_plateau", height, SMALL, 1e-3), Landmark(p, "escape_rate", rate, SMALL, 1e-3)


LANDMARKS = (
    Landmark({"t": 100.0}, "gen_error", 0.0147778627, SAAD),
    Landmark({}, "t_escape", 284.825, SAAD, 5e-6),
    Landmark({}, "gen_error_plateau", 0.01464484974, SAAD, 1e-9),
    Landmark({}, "escape_rate", 0.0316181621, SAAD, 1e-8),
    *small_rate(2), *small_rate(3), *small_rate(4),
    Landmark({"K": 3, "M": 3, "eps": 1e-6}, "t_escape", 725.239, SAAD, 2e-6),
    Landmark({"K": 3, "M": 3, "eps": 1e-6}, "escape_rate", 0.0205263, SAAD, 3e-6),
    Landmark(
        {"K": 4, "M": 2, "eta": 0.4, "sigma": 0.3, "layers": "both", "v0": 0.5, "eps": 0.01, "t": 400.0},
        "gen_error", 0.0152634927, GOLDT + "both layers learn, integrated independently",
    ),
    Landmark({"K": 2, "M": 1, "sigma": 0.2, "init": "informed", "t": 300.0}, "gen_error", 0.0067430519, GOLDT + "integrated independently"),
    Landmark(
        {"K": 4, "M": 2, "sigma": 0.2}, "gen_error_noise_floor", 0.5 * 0.04 / (2 * math.pi) * (2 / math.sqrt(3) + 2),
        GOLDT + "every idle unit costs ησ²/2π", 1e-12,
    ),
    Landmark({**RELU_RUN, "t": 50.0}, "gen_error", 0.0800094037, GOLDT + "relu, integrated independently"),
    Landmark(RELU_RUN, "t_escape", 126.660, GOLDT + "relu, integrated independently", 5e-6),
    Landmark(RELU_RUN, "gen_error_plateau", 0.0800525897, GOLDT + "relu, integrated independently", 1e-8),
    Landmark(
        {"activation": "relu", "K": 3, "M": 3, "eta": 0.5, "eps": 0.01, "t": 150.0}, "gen_error", 3.762e-6,
        GOLDT + "relu, integrated independently: needs the four-dimensional orthant", 2e-4,
    ),
    Landmark({"K": 1, "M": 1}, "eta_max", math.sqrt(3) * math.pi / (3 / math.sqrt(5)), "Saad & Solla 1995: exact for K = 1", 1e-12),
    Landmark({}, "eta_max", math.sqrt(3) * math.pi / (1 + 3 / math.sqrt(5)), "Saad & Solla 1995: an approximation for K = 2", 1e-2),
    Landmark({}, "eta_max", 2.306827696, LIMIT, 1e-9),
    Landmark({"K": 4, "M": 4}, "eta_max", 1.2493928, LIMIT, 1e-7),
    Landmark({"eta": 2.315, "init": "diagonal", "eps": 0.2, "t": 1e4}, "gen_error", 0.00108791, SAAD + ": just above eta_max the error does not vanish", 5e-6),
    *(Landmark({"eta": 4.0}, name, None, SAAD + ": norms grow for ever") for name in ("gen_error_plateau", "escape_rate", "t_escape")),
)  # fmt: skip

MODEL = Model(
    id="soft-committee",
    title="Online learning in two-layer networks",
    chapter="dynamics",
    question="Why does a two-layer network pause on a plateau, and when does it leave?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension", 500, 50, 10_000, scale="log", integer=True),
    trials=Parameter("trials", "n", "independent runs", 4, 1, 100, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("D. Saad, S. A. Solla", 1995, "Exact solution for on-line learning in multilayer neural networks", "Physical Review Letters 74, 4337"),
        Reference("D. Saad, S. A. Solla", 1995, "On-line learning in soft committee machines", "Physical Review E 52, 4225"),
        Reference("M. Biehl, H. Schwarze", 1995, "Learning by on-line gradient descent", "Journal of Physics A 28, 643"),
        Reference("S. Goldt, M. S. Advani, A. M. Saxe, F. Krzakala, L. Zdeborová", 2019, "Dynamics of stochastic gradient descent for two-layer neural networks in the teacher-student setup", "NeurIPS 2019, arXiv:1906.08632", "https://arxiv.org/abs/1906.08632"),
    ),
    solve_along=solve_along,
    solve_axes=("t",),
    simulate_along=simulate_along,
    simulate_axes=("t",),
)  # fmt: skip

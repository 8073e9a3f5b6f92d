r"""The finite-size experiment: generalized approximate message passing (Rangan 2011) on one teacher and one sample per trial.

With inputs X (N, D) over $\sqrt D$ and scalar variances, $\omega=X\hat w-Vg$, $g=\partial_\omega\ln Z(y,\omega,V)$, $A=-\alpha\,\overline{\partial_\omega g}$,
$B=A\hat w+X^Tg$, and $\hat w,V$ are mean and average variance of $P_0(w)e^{-Aw^2/2+Bw}$.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit, log_ndtr, ndtr

from engine.model import Estimate, ParameterError, Progress, mean_sem
from engine.numerics.gaussian import LOG_SQRT_2PI
from engine.teacher_student.channels import ABS, DOOR, LINEAR, RELU, SIGN
from engine.teacher_student.equilibrium import Setting
from engine.teacher_student.priors import denoise, draw

TEST_POINTS = 20_000
ITERATIONS = 200
STILL = 1e-7  # relative change of the estimate at which AMP has arrived
KNOWN = 1e-13  # relative variance at which nothing is left to learn
ENTRIES = 16_000_000  # of the inputs of one sample


def log_mills(u: np.ndarray) -> np.ndarray:
    r"""$\ln\varphi(u)/\Phi(u)$."""
    return -0.5 * u * u - LOG_SQRT_2PI - log_ndtr(u)


def positive_part(mean: np.ndarray, deviation: float) -> tuple[np.ndarray, np.ndarray]:
    r"""Mean and variance of $\mathcal N(\text{mean},\text{deviation}^2)$ restricted to positive numbers."""
    excess = deviation * np.exp(log_mills(mean / deviation))
    return mean + excess, deviation**2 - (mean + excess) * excess


def posterior_field(y: np.ndarray, omega: np.ndarray, V: float, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    r"""Mean and variance of $z\sim\mathcal N(\omega,V)$ given the label $y$ of abs or relu, each (N,): two truncated Gaussians."""
    delta, root = setting.delta, math.sqrt(V)
    if setting.channel == ABS and delta == 0.0:
        tanh = np.tanh(y * omega / V)
        return y * tanh, y * y * (1.0 - tanh * tanh)
    off, spread = positive_part(-omega, root)  # of -z where z < 0
    if setting.channel == RELU and delta == 0.0:
        return np.where(y > 0.0, y, -off), np.where(y > 0.0, 0.0, spread)
    square = V + delta
    tau = math.sqrt(V * delta / square)
    up = (omega * delta + y * V) / square
    log_up = -0.5 * (y - omega) ** 2 / square + log_ndtr(up / tau)
    on, on_spread = positive_part(up, tau)
    if setting.channel == ABS:
        down = (-omega * delta + y * V) / square
        log_down = -0.5 * (y + omega) ** 2 / square + log_ndtr(down / tau)
        off, spread = positive_part(down, tau)
    else:
        log_down = -0.5 * y * y / delta + 0.5 * math.log(square / delta) + log_ndtr(-omega / root)
    right, left = expit(log_up - log_down), expit(log_down - log_up)
    return right * on - left * off, right * on_spread + left * spread + right * left * (on + off) ** 2


def label_probabilities(omega: np.ndarray, variance: float, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    r"""Probabilities of the labels $\pm1$ before flips, for fields $\mathcal N(\omega,\text{variance})$ (points,)."""
    s = math.sqrt(max(variance, 1e-300))
    if setting.channel == SIGN:
        return ndtr(omega / s), ndtr(-omega / s)
    edge = (np.abs(omega) - setting.width) / s
    other = -edge - 2.0 * setting.width / s
    return ndtr(edge) + ndtr(other), ndtr(-edge) - ndtr(other)


def output_score(y: np.ndarray, omega: np.ndarray, V: float, setting: Setting) -> tuple[np.ndarray, float]:
    r"""$g=\partial_\omega\ln Z(y,\omega,V)$ at each label (N,) and the mean of $-\partial_\omega g$.

    For abs and relu $g=(\langle z\rangle-\omega)/V$, $-\partial_\omega g=(1-\mathrm{var}\,z/V)/V$; for labels $\pm1$ $g=\partial Z/Z$. Linear outputs
    measure the $V+\Delta$ of their $g=(y-\omega)/(V+\Delta)$: it is the mean of $(y-\omega)^2$.
    """
    s, true = math.sqrt(V + setting.delta), 1.0 - 2.0 * setting.p
    if setting.channel == LINEAR:
        square = np.mean((y - omega) ** 2)
        return (y - omega) / square, 1.0 / square
    if setting.channel in (ABS, RELU):
        mean, variance = posterior_field(y, omega, V, setting)
        return (mean - omega) / V, float(np.mean(1.0 - variance / V)) / V
    if setting.channel == SIGN and setting.p == 0.0:
        g = y / s * np.exp(log_mills(y * omega / s))
        return g, float(np.mean(g * (g + omega / s**2)))
    plus, minus = label_probabilities(omega, s**2, setting)
    probability = np.maximum(setting.p + true * np.where(y > 0.0, plus, minus), 1e-300)
    if setting.channel == SIGN:
        slope = np.exp(-0.5 * (omega / s) ** 2 - LOG_SQRT_2PI)
        bend = -omega / s * slope
    else:
        near, far = (np.abs(omega) - setting.width) / s, (np.abs(omega) + setting.width) / s
        at_near, at_far = (np.exp(-0.5 * u * u - LOG_SQRT_2PI) for u in (near, far))
        slope, bend = np.sign(omega) * (at_near - at_far), far * at_far - near * at_near
    g = y * true * slope / (s * probability)
    return g, float(np.mean(g * g - y * true * bend / (s**2 * probability)))


def output(z: np.ndarray, setting: Setting) -> np.ndarray:
    """The noiseless output at each field (points,)."""
    if setting.channel == LINEAR:
        return z
    if setting.channel == ABS:
        return np.abs(z)
    if setting.channel == RELU:
        return np.maximum(z, 0.0)
    return np.where((z if setting.channel == SIGN else np.abs(z) - setting.width) >= 0.0, 1.0, -1.0)


def labels(z: np.ndarray, setting: Setting, random: np.random.Generator) -> np.ndarray:
    """Noisy labels at fields z (points,)."""
    noise = math.sqrt(setting.delta) * random.standard_normal(z.shape)
    if setting.channel in (SIGN, DOOR):
        return output(z + noise, setting) * np.where(random.random(z.shape) < setting.p, -1.0, 1.0)
    return output(z, setting) + noise


def predictor(omega: np.ndarray, V: float, delta: float, p: float, setting: Setting) -> np.ndarray:
    r"""$\mathbb E[y|\omega]$ for $z\sim\mathcal N(\omega,V)$ under noise delta and flips p (points,)."""
    if setting.channel in (SIGN, DOOR):
        plus, minus = label_probabilities(omega, V + delta, setting)
        return (1.0 - 2.0 * p) * (plus - minus)
    if setting.channel == LINEAR:
        return omega
    root = math.sqrt(max(V, 1e-300))
    rectified = omega * ndtr(omega / root) + root * np.exp(-0.5 * (omega / root) ** 2 - LOG_SQRT_2PI)
    return 2.0 * rectified - omega if setting.channel == ABS else rectified


def gamp(X: np.ndarray, y: np.ndarray, w: np.ndarray, V: float, setting: Setting) -> Iterator[tuple[np.ndarray, float]]:
    r"""(estimate (D,), average variance) after 0, 1, 2, ... iterations from the given ones; X (N, D) are inputs over $\sqrt D$.

    $\overline{g^2}$ and $-\overline{\partial_\omega g}$ are equal up to fluctuations. As long as little is known those of the second, which may be
    negative, are the larger ones; later the first overreacts to a $V$ that is too small. Of N noiseless labels $\pm1$ the most doubtful lies
    about $1/N$ from a decision boundary: at a smaller $\sqrt V$ none has anything left to say, and the estimate stays.
    """
    g = np.zeros(len(y))
    settled = setting.rho / len(y) ** 2 if setting.channel in (SIGN, DOOR) and setting.delta == 0.0 else 0.0
    while True:
        yield w, V
        if settled > V:
            continue
        g, curvature = output_score(y, X @ w - V * g, V, setting)
        square = np.mean(g * g)
        A = len(y) / len(w) * (square if V / setting.rho > 0.5 else max(curvature, 0.5 * square))
        w, V = denoise(A, A * w + g @ X, setting.prior, setting.rho)


def passed(iterates: Iterator[tuple[np.ndarray, float]], setting: Setting) -> list[tuple[np.ndarray, float]]:
    """What an algorithm passes through until its estimate stands still, or there is nothing left to learn, or it has had its time."""
    run = [next(iterates)]
    for w, V in iterates:
        still = np.linalg.norm(w - run[-1][0]) <= STILL * np.linalg.norm(w)
        run.append((w, V))
        if still or V / setting.rho < KNOWN or len(run) > ITERATIONS:
            return run
    raise AssertionError("these algorithms have no end of their own")


def measured(w: np.ndarray, V: float, teacher: np.ndarray, setting: Setting, random: np.random.Generator) -> dict[str, float]:
    """Overlap and error with the teacher, generalization errors on fresh inputs; even channels leave the sign of w free.

    Fields of teacher and student on a fresh input are Gaussians with the covariance of the weights, and are drawn as such.
    """
    overlap, norm, length = teacher @ w / len(w), w @ w / len(w), teacher @ teacher / len(w)
    if setting.channel in (ABS, DOOR):
        overlap = abs(overlap)
    a, b, xi = random.standard_normal((3, TEST_POINTS))
    z = math.sqrt(length) * a
    omega = overlap / math.sqrt(length) * a + math.sqrt(max(norm - overlap**2 / length, 0.0)) * b
    y, drawn = labels(z, setting, random), output(omega + math.sqrt(V) * xi, setting)
    guess, clean = predictor(omega, V, setting.delta, setting.p, setting), predictor(omega, V, 0.0, 0.0, setting)
    found = {
        "q": overlap,
        "mmse": length - 2.0 * overlap + norm,
        "gen_mse": np.mean((y - guess) ** 2),
        "gen_mse_clean": np.mean((output(z, setting) - clean) ** 2),
        "gen_mse_gibbs": np.mean((y - drawn) ** 2),
    }
    if setting.channel in (SIGN, DOOR):
        found |= {"gen_error": np.mean(np.where(guess >= 0.0, 1.0, -1.0) != y), "gen_error_gibbs": np.mean(drawn != y)}
    return found


def trial(setting: Setting, q0: float, N: int, D: int, steps: list[int] | None, random: np.random.Generator) -> dict[str, np.ndarray]:
    """What one run of AMP ends with (`_amp`) and what it has after each number of `steps` (`_t`; None: when it ends)."""
    teacher = draw(setting.prior, setting.rho, D, random)
    if not teacher.any():  # a sparse teacher of few weights
        teacher[0] = random.standard_normal()
    X = random.standard_normal((N, D)) / math.sqrt(D)
    y = labels(X @ teacher, setting, random)
    start = q0 * teacher + math.sqrt(setting.rho * q0 * (1.0 - q0)) * random.standard_normal(D)
    run = passed(gamp(X, y, start, setting.rho * (1.0 - q0), setting), setting)
    end = measured(*run[-1], teacher, setting, random)
    at = [end] if steps is None else [measured(*run[min(t, len(run) - 1)], teacher, setting, random) for t in steps]
    along = {f"{name}_t": np.array([point[name] for point in at]) for name in ("q", "mmse", "gen_mse", "gen_error") if name in end}
    return {f"{name}_amp": value for name, value in end.items()} | along


def experiment(
    trial: Callable[..., dict[str, np.ndarray]],
    alpha: float,
    steps: np.ndarray | None,
    size: int,
    trials: int,
    seed: int,
    progress: Progress,
) -> dict[str, Estimate]:
    """Means over trials of trial(N, D, steps, random), arrays of len(steps) (1 if None).

    Raises ParameterError where the sample would be empty or too large.
    """
    rows = round(alpha * size)
    if rows < 1:
        raise ParameterError("alpha", alpha, f"there is not one label at size {size}")
    if rows * size > ENTRIES:
        raise ParameterError("size", size, f"{rows} inputs of this size are too many; choose a smaller size or alpha")
    steps = None if steps is None else [int(t) for t in steps]
    results = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        results.append(trial(rows, size, steps, np.random.default_rng(child)))
        progress((i + 1) / trials)
    shape = 1 if steps is None else len(steps)
    return {name: mean_sem([np.broadcast_to(result[name], shape) for result in results]) for name in results[0]}


def at_the_end(curves: dict[str, Estimate]) -> dict[str, Estimate]:
    """The estimates of an experiment at a single number of steps as numbers."""
    return {name: Estimate(float(estimate.mean[0]), float(estimate.sem[0])) for name, estimate in curves.items()}

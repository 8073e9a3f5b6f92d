"""Fits to samples, beside the theory of their moments: Gaussian samples with given moments, or points drawn from a pool."""

import math
from dataclasses import dataclass

import numpy as np

from engine.double_descent.covariances import Pool, Spectrum
from engine.double_descent.covariate_curve import curve
from engine.model import Estimate, ParameterError, Progress, mean_sem
from engine.numerics.fits import fit_hard_margin, fit_hinge, fit_logistic, fit_square
from engine.numerics.gaussian import SQRT_2_OVER_PI

WORK = 4e9
"""Largest n P min(n, P) of one fit: a few seconds for the square loss, under half a minute for the others."""


@dataclass(frozen=True)
class Fit:
    """What one trial needs to know; `separable` asks for the hard margin, which both margin losses reach without ridge."""

    task: str
    loss: str
    lam: float
    delta: float
    separable: bool


def labels(nu: np.ndarray, fit: Fit, rng: np.random.Generator) -> np.ndarray:
    if fit.task == "regression":
        return nu + math.sqrt(fit.delta) * rng.standard_normal(nu.size)
    return np.sign(nu) * np.where(rng.random(nu.size) < fit.delta, -1.0, 1.0)


def train(U: np.ndarray, y: np.ndarray, fit: Fit) -> tuple[np.ndarray | None, dict[str, float]]:
    """Weights (P,) trained on features U (n, P), already over the root of P, and what is measured on the sample; None where there is no fit."""
    if fit.loss == "square":
        w = fit_square(U, y, fit.lam)
    elif fit.separable:
        w = fit_hard_margin(U, y)
    else:
        w = (fit_hinge if fit.loss == "hinge" else fit_logistic)(U, y, fit.lam)
    if w is None:
        return None, {}
    h = U @ w
    if fit.loss == "square":
        measured = {"train_loss": 0.5 * np.mean((y - h) ** 2)}
    elif fit.separable:
        measured = {"train_loss": 0.0}
    else:
        measured = {"train_loss": np.mean(np.maximum(0.0, 1.0 - y * h) if fit.loss == "hinge" else np.logaddexp(0.0, -y * h))}
    return w, measured | ({"train_error": np.mean(y * h < 0.0)} if fit.task == "classification" else {})


def judged(m: float, q: float, mse: float, error: float, fit: Fit) -> dict[str, float]:
    """What is measured on the population, as far as the theory has it."""
    measured = {"m": m, "q": q} if not (fit.separable and fit.loss == "logistic") else {}
    measured |= {"gen_mse": mse} if fit.loss == "square" else {}
    measured |= {"gen_error": error} if fit.task == "classification" else {}
    return measured | ({"margin": 1.0 / math.sqrt(q)} if fit.separable else {})


def trial_gaussian(of: Spectrum, n: int, fit: Fit, rng: np.random.Generator) -> dict[str, float]:
    """Gaussian features with this Spectrum, in its eigenbasis; a fit, and its test error without sampling."""
    root = np.sqrt(of.omega)
    signal = np.sqrt(of.rho * of.power)  # phi over the root of omega
    z = rng.standard_normal((n, root.size))
    nu = z @ signal + math.sqrt(of.rho * of.missing) * rng.standard_normal(n)
    w, measured = train(z * root / math.sqrt(of.P), labels(nu, fit, rng), fit)
    if w is None:
        return {}
    student = root * w / math.sqrt(of.P)
    m, q = float(signal @ student), float(student @ student)
    rest = float(np.linalg.norm(student - m / of.rho * signal)) ** 2 + (m / of.rho) ** 2 * of.rho * of.missing
    mse = float(np.linalg.norm(signal - student)) ** 2 + of.rho * of.missing
    if fit.task == "classification":
        mse = 1.0 - 2.0 * SQRT_2_OVER_PI / math.sqrt(of.rho) * m + q
    return measured | judged(m, q, mse, math.atan2(math.sqrt(rest), m / math.sqrt(of.rho)) / math.pi, fit)


def trial_points(sample: Pool, test: Pool, fit: Fit, rng: np.random.Generator) -> dict[str, float]:
    """A fit to sampled points, tested on others."""
    scale = math.sqrt(sample.U.shape[1])
    w, measured = train(sample.U / scale, labels(sample.nu, fit, rng), fit)
    if w is None:
        return {}
    h, target = test.U @ w / scale, test.nu if fit.task == "regression" else np.sign(test.nu)
    return measured | judged(np.mean(test.nu * h), np.mean(h**2), np.mean((target - h) ** 2), np.mean(test.nu * h < 0.0), fit)


def draw(pool: Pool, n: int, tested: str, rng: np.random.Generator) -> tuple[Pool, Pool]:
    """A training and a test sample: n draws with replacement and the whole pool, or n points and all the others."""
    if tested == "pool":
        chosen = rng.integers(pool.nu.size, size=n)
        return Pool(pool.U[chosen], pool.nu[chosen]), pool
    order = rng.permutation(pool.nu.size)
    return Pool(pool.U[order[:n]], pool.nu[order[:n]]), Pool(pool.U[order[n:]], pool.nu[order[n:]])


def check_work(n: int, P: int, held: int | None) -> None:
    """Raise ParameterError for a sample that is too large for a fit, or for the points held out (None: without end)."""
    if n * P * min(n, P) > WORK:
        raise ParameterError("n", n, f"a fit of {n} samples and {P} features takes too long")
    if held is not None and n > 0.9 * held:
        raise ParameterError("n", n, f"held-out fits take at most {int(0.9 * held)} of these {held} points")


def simulate_points(
    of: Spectrum,
    pool: Pool,
    n: int,
    tested: str,
    lam: float | str,
    delta: float,
    task: str,
    loss: str,
    trials: int,
    seed: int,
    progress: Progress,
) -> dict[str, Estimate]:
    """Fits to samples of a pool of points against the theory of `of`: the experiment for data that are no source of the model.

    Raises ParameterError for more samples than there are, or than a fit can take.
    """
    check_work(n, pool.U.shape[1], pool.nu.size if tested == "held-out" else None)
    fit = fitted(of, n, lam, delta, task, loss)
    return repeat(lambda rng: trial_points(*draw(pool, n, tested, rng), fit, rng), trials, seed, progress)


def fitted(of: Spectrum, n: int, lam: float | str, delta: float, task: str, loss: str) -> Fit:
    """The fit the theory describes here; lam=opt takes the theory's optimum."""
    theory = curve(of, n, lam, delta, task, loss)
    lam = float(theory["lam"][0])
    return Fit(task, loss, lam, delta, loss != "square" and lam == 0.0 and n < theory["n_sep"][0])


def repeat(trial, trials: int, seed: int, progress: Progress) -> dict[str, Estimate]:
    """Means over independent trials; those without a fit are left out."""
    measured = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        measured.append(trial(np.random.default_rng(child)))
        progress((i + 1) / trials)
    names = dict.fromkeys(name for one in measured for name in one)
    return {name: mean_sem([one.get(name, math.nan) for one in measured]) for name in names}

"""The finite-size experiment: random features of Gaussian inputs, labels of a linear teacher, one fit per trial."""

import math
from dataclasses import dataclass

import numpy as np

from engine.double_descent.activations import ACTIVATIONS, MEANS
from engine.model import Estimate, ParameterError, Progress, mean_sem
from engine.numerics.fits import fit_hard_margin, fit_hinge, fit_logistic, fit_square

TEST_POINTS = 4000
LARGEST = 4000
WORK = 4e9
"""Largest N P min(N, P) of one fit: a few seconds for the square loss, under half a minute for the others."""


def sizes(D: int, alpha: float, gamma: float) -> tuple[int, int]:
    """(N, P), rounded. Raises ParameterError where there would be none, or more than a visitor may ask for."""
    N, P = round(alpha * D), round(gamma * D)
    for name, value, count, what in (("alpha", alpha, N, "samples"), ("gamma", gamma, P, "features")):
        if not 1 <= count <= LARGEST:
            raise ParameterError(name, value, f"the experiment needs 1 to {LARGEST} {what}; {name} times size {D} gives {count}")
    if N * P * min(N, P) > WORK:
        raise ParameterError("size", D, f"a fit of {N} samples and {P} features takes too long; choose a smaller size, alpha or gamma")
    return N, P


@dataclass(frozen=True)
class Setting:
    """What one trial needs to know; `separable` asks for the hard margin, which both margin losses reach without ridge.

    `blocks` has (number of directions, variance of the inputs along them, share of the teacher's variance in them) for each block.
    """

    N: int
    P: int
    lam: float
    delta: float
    rho: float
    classify: bool
    loss: str
    separable: bool
    activation: str
    kappas: tuple[float, float]
    blocks: tuple[tuple[int, float, float], ...]

    @property
    def input_variances(self) -> np.ndarray:
        """The variance of the inputs along each direction, (D,)."""
        return np.repeat([variance for _, variance, _ in self.blocks], [count for count, _, _ in self.blocks])


def features(X: np.ndarray, F: np.ndarray, setting: Setting, rng: np.random.Generator) -> np.ndarray:
    r"""Centred features over $\sqrt P$ of inputs X (points, D), (points, P); `custom` ones are their Gaussian equivalent."""
    z = X @ F.T / math.sqrt(X.shape[1])
    if setting.activation == "custom":
        u = setting.kappas[0] * z + setting.kappas[1] * rng.standard_normal(z.shape)
    else:
        mean = MEANS.get(setting.activation, 0.0) * math.sqrt(setting.input_variances.mean())
        u = ACTIVATIONS[setting.activation](z) - mean
    return u / math.sqrt(F.shape[0])


def teacher(setting: Setting, rng: np.random.Generator) -> np.ndarray:
    r"""The teacher's weights over $\sqrt D$, (D,): in each block of random direction, with its share of the variance rho of the field."""
    parts = []
    for count, variance, share in setting.blocks:
        beta = rng.standard_normal(count)
        parts.append(beta * math.sqrt(setting.rho * share / variance) / np.linalg.norm(beta))
    return np.concatenate(parts)


def labels(field: np.ndarray, setting: Setting, rng: np.random.Generator) -> np.ndarray:
    """Noisy labels of the teacher's field, both (points,)."""
    if setting.classify:
        return np.sign(field) * np.where(rng.random(field.size) < setting.delta, -1.0, 1.0)
    return field + math.sqrt(setting.delta) * rng.standard_normal(field.size)


def fit(U: np.ndarray, y: np.ndarray, setting: Setting) -> np.ndarray | None:
    """Trained weights (P,); None where there are none without ridge, because the sample is (or is not) separable."""
    if setting.loss == "square":
        return fit_square(U, y, setting.lam)
    if setting.separable:
        return fit_hard_margin(U, y)
    return (fit_hinge if setting.loss == "hinge" else fit_logistic)(U, y, setting.lam)


def trial(setting: Setting, rng: np.random.Generator) -> dict[str, float]:
    """One sample, one fit, and what is measured on it and on fresh points; empty where the fit does not exist.

    The teacher is rescaled to its share of rho in each block exactly, and the features are centred, as in the theory, which has no
    intercept.
    """
    classify, loss, spread = setting.classify, setting.loss, np.sqrt(setting.input_variances)
    beta = teacher(setting, rng)
    F = rng.standard_normal((setting.P, beta.size))
    X = spread * rng.standard_normal((setting.N, beta.size))
    U = features(X, F, setting, rng)
    y = labels(X @ beta, setting, rng)
    w = fit(U, y, setting)
    if w is None:
        return {}
    h = U @ w
    X = spread * rng.standard_normal((TEST_POINTS, beta.size))
    field, response = X @ beta, np.concatenate([features(part, F, setting, rng) @ w for part in np.split(X, 8)])
    measured = {}
    if not (setting.separable and loss == "logistic"):
        measured |= {"m": np.mean(field * response), "q": np.mean(response**2), "w_norm2": w @ w / setting.P}
    if loss == "square":
        target = np.sign(field) if classify else field
        measured |= {"gen_mse": np.mean((target - response) ** 2), "train_loss": 0.5 * np.mean((y - h) ** 2)}
    else:
        margins = y * h
        losses = np.maximum(0.0, 1.0 - margins) if loss == "hinge" else np.logaddexp(0.0, -margins)
        measured["train_loss"] = 0.0 if setting.separable else np.mean(losses)
    if classify:
        measured |= {"gen_error": np.mean(field * response < 0.0), "train_error": np.mean(y * h < 0.0)}
    if setting.separable:
        measured["margin"] = 1.0 / math.sqrt(np.mean(response**2))
    return measured


def fields(setting: Setting, points: int, seed: int, tails: float) -> tuple[np.ndarray, np.ndarray] | None:
    """The fields of one teacher and its trained student on fresh inputs, both (points,); None where the fit does not exist.

    Inputs are Gaussian times a random scale, multivariate Student with `tails` > 2 degrees of freedom and the variances of the setting;
    inf: Gaussian. Samples of one seed are nested: more features or data are added to those of a smaller one.
    """
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(7)]
    spread = np.sqrt(setting.input_variances)

    def inputs(count: int, directions: np.random.Generator, scales: np.random.Generator) -> np.ndarray:
        X = spread * directions.standard_normal((count, spread.size))
        return X if math.isinf(tails) else X * np.sqrt((tails - 2.0) / scales.chisquare(tails, count))[:, None]

    beta, F = teacher(setting, streams[0]), streams[1].standard_normal((setting.P, spread.size))
    X = inputs(setting.N, streams[2], streams[3])
    w = fit(features(X, F, setting, streams[4]), labels(X @ beta, setting, streams[4]), setting)
    if w is None:
        return None
    X = inputs(points, streams[5], streams[6])
    return X @ beta, features(X, F, setting, streams[4]) @ w


def estimates(setting: Setting, trials: int, seed: int, progress: Progress) -> dict[str, Estimate]:
    """Means and standard errors over independent trials, each with its own teacher, features and data."""
    measured = []
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(trials)):
        measured.append(trial(setting, np.random.default_rng(child)))
        progress((i + 1) / trials)
    names = dict.fromkeys(name for one in measured for name in one)
    return {name: mean_sem([one.get(name, math.nan) for one in measured]) for name in names}

"""A student trained on random features of Gaussian inputs: every observable along a line of points, whatever the blocks of the inputs."""

import math
from typing import NamedTuple

import numpy as np

from engine.double_descent.activations import ACTIVATIONS, coefficients
from engine.double_descent.margin import ROWS as MARGIN_ROWS
from engine.double_descent.margin import TANGENT, margin_curve
from engine.double_descent.ridge import ROWS as SQUARE_ROWS
from engine.double_descent.ridge import explained_line, optimal_line, ridge_line
from engine.double_descent.separability import separability_line
from engine.model import ConvergenceError, Observable, Parameter, ParameterError
from engine.numerics.optimum import optimal_ridge

AXES = ("alpha", "gamma", "lam", "delta", "rho")


class Features(NamedTuple):
    """The Gaussian equivalent of the features at each point: kappa1 and kappastar (points,), blocks (points, number of blocks, 3)."""

    kappa1: np.ndarray
    kappastar: np.ndarray
    blocks: np.ndarray


def feature_coefficients(activation: str, kappa1: float | None, kappastar: float | None, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """kappa_1 and kappa_star in use, both (points,), at inputs of mean variance v (points,).

    Raises ParameterError where they are missing, idle or both zero.
    """
    for name, value in (("kappa1", kappa1), ("kappastar", kappastar)):
        if activation == "custom" and value is None:
            raise ParameterError(name, value, f"activation custom needs a value of {name}")
        if activation != "custom" and value is not None:
            raise ParameterError(name, value, f"{name} goes with activation custom only; {activation} has its own")
    if kappa1 == 0.0 and kappastar == 0.0:
        raise ParameterError("kappastar", kappastar, "kappa1 and kappastar cannot both be 0: there would be no features")
    pairs = [(kappa1, kappastar) if activation == "custom" else coefficients(activation, variance) for variance in v.tolist()]
    return tuple(np.array(pairs, float).reshape(-1, 2).T.copy())


def check(task: str, loss: str, lam: float | str | None, kappa1: np.ndarray) -> None:
    """Raise ParameterError for choices that conflict."""
    if task == "regression" and loss != "square":
        raise ParameterError("loss", loss, "loss must be square in regression")
    if lam == "opt" and not kappa1.any():
        raise ParameterError("lam", lam, "no ridge is optimal: features with kappa1 = 0 learn nothing of a linear teacher")


def trained(loss: str, classify: bool, alpha, gamma, lam, delta, rho, star_sq, blocks, alpha_sep) -> dict[str, np.ndarray]:
    """What the kernels of the loss report along a line, {name: (points,)}."""
    if loss == "square":
        return dict(zip(SQUARE_ROWS, ridge_line(classify, alpha, gamma, lam, delta, rho, star_sq, blocks), strict=True))
    table = margin_curve(loss == "hinge", alpha, gamma, lam, delta, rho, star_sq, blocks, alpha_sep)
    return dict(zip(MARGIN_ROWS, table[:TANGENT], strict=True))


def optimal_ridges(loss: str, classify: bool, alpha, gamma, delta, rho, star_sq, blocks, alpha_sep) -> np.ndarray:
    """The lam of least test error at each point of a line; nan where there is none.

    It need not move continuously with the hinge loss or with several blocks, whose error can have more than one minimum.
    """
    if loss == "square":
        best = optimal_line(classify, alpha, gamma, delta, rho, star_sq, blocks)
        return np.where(np.isinf(best), math.nan, best)
    best, warm = np.full(alpha.size, math.nan), np.full((2, 3), math.nan)
    steady = loss == "logistic" and blocks.shape[1] == 1
    for i in np.flatnonzero(delta < 0.5):

        def tangents(lams: np.ndarray, i: int = i) -> np.ndarray:
            here = (alpha, gamma, delta, rho, star_sq, blocks, alpha_sep)
            a, g, d, r, k, b, s = (np.repeat(values[i : i + 1], lams.size, axis=0) for values in here)
            return margin_curve(loss == "hinge", a, g, lams, d, r, k, b, s, warm)[TANGENT]

        best[i] = optimal_ridge(tangents, best[i - 1] if i and steady else math.nan)
    return np.where(np.isinf(best), math.nan, best)


def line(point: dict[str, np.ndarray], task: str, loss: str, features: Features) -> dict[str, np.ndarray]:
    """Every observable at successive points of a line, {name: (points,)}, nan where there is no solution.

    `point` has an array of each of AXES; that of lam may hold the word opt.
    """
    classify, star_sq, blocks = task == "classification", features.kappastar**2, features.blocks
    alpha, gamma, delta, rho = point["alpha"], point["gamma"], point["delta"], point["rho"]
    absent = np.full(alpha.size, math.nan)
    share, eta = explained_line(gamma, star_sq, blocks)
    alpha_sep = absent
    if classify:
        delta = np.minimum(delta, 0.5)
        alpha_sep = np.where(star_sq == 0.0, np.minimum(gamma, 1.0), gamma) * separability_line(eta, delta)
    lam = point["lam"]
    if lam.dtype.kind != "f":
        lam = optimal_ridges(loss, classify, alpha, gamma, delta, rho, star_sq, blocks, alpha_sep)
    solvable = ~np.isnan(lam) & ~(classify & (point["delta"] > 0.5))
    found = trained(loss, classify, alpha, gamma, np.where(solvable, lam, 1.0), delta, rho, star_sq, blocks, alpha_sep)
    columns = dict.fromkeys((observable.name for observable in OBSERVABLES), absent) | found
    columns |= {"explained": share, "alpha_sep": alpha_sep, "lam": lam, "kappa1": features.kappa1, "kappastar": features.kappastar}
    if not classify:
        columns["gen_mse_noisy"] = columns["gen_mse"] + delta
    else:
        columns["gen_error_noisy"] = delta + (1.0 - 2.0 * delta) * columns["gen_error"]
        if loss == "square":
            agreement = (1.0 - 2.0 * delta) * np.sqrt(2.0 / (math.pi * rho))
            columns["gen_mse_noisy"] = 1.0 - 2.0 * agreement * columns["m"] + columns["q"]
    solvable &= ~np.isnan(columns["q"])
    return columns if solvable.all() else {name: np.where(solvable, values, math.nan) for name, values in columns.items()}


def solution(point: dict[str, float | str], task: str, loss: str, features: Features) -> dict[str, float]:
    """Every observable at one point, which has AXES; `features` are one point too.

    Raises ParameterError for choices that conflict, at the interpolation threshold and where no ridge is optimal; ConvergenceError where
    the iteration fails.
    """
    lam, delta = point["lam"], point["delta"]
    check(task, loss, lam, features.kappa1)
    if task == "classification" and delta > 0.5:
        raise ParameterError("delta", delta, "delta must be in [0, 0.5] in classification, where it is the probability of a flipped label")
    columns = line({name: np.array([point[name]]) for name in AXES}, task, loss, features)
    found = {name: float(values[0]) for name, values in columns.items()}
    if not math.isnan(found["q"]):
        return found
    if math.isnan(found["lam"]) and lam == "opt":
        raise ParameterError("lam", lam, "no ridge is optimal: up to 1e12 the error goes on falling, or it does not depend on the ridge")
    if loss == "square":
        where = "min(gamma, 1)" if features.kappastar[0] == 0.0 else "gamma"
        raise ParameterError("lam", lam, f"interpolation threshold: at alpha = {where} the error without ridge is infinite")
    raise ConvergenceError(f"no solution of the {loss} loss found at " + ", ".join(f"{name}={value}" for name, value in point.items()))


PARAMETERS = (
    Parameter("alpha", r"\alpha", "samples per input dimension, N/D", 2.0, 1e-4, 1e4, scale="log"),
    Parameter("gamma", r"\gamma", "features per input dimension, P/D", 1.0, 1e-4, 1e4, scale="log"),
    Parameter("lam", r"\lambda", "ridge; opt: the one of least test error", 1e-2, 0.0, 1e12, scale="log", choices=("opt",)),
    Parameter("delta", r"\Delta", "regression: variance of the label noise; classification: probability of a flipped label, at most 1/2", 0.0, 0.0, 1e3),
    Parameter("task", "", "what is learned: the teacher's field or its sign", "regression", choices=("regression", "classification")),
    Parameter("loss", r"\ell", "training loss; logistic and hinge in classification", "square", choices=("square", "logistic", "hinge")),
    Parameter("activation", r"\sigma", "activation of the features; custom: given by its coefficients", "relu", choices=(*ACTIVATIONS, "custom")),
    Parameter("rho", r"\rho", "variance of the teacher's field", 1.0, 1e-3, 1e3, scale="log"),
    Parameter("kappa1", r"\kappa_1", "linear coefficient; only, and always, with activation custom", None, -1e3, 1e3),
    Parameter("kappastar", r"\kappa_\star", "nonlinear coefficient; only, and always, with activation custom", None, 0.0, 1e3),
)  # fmt: skip

DIVERGES = "infinite for the logistic loss without ridge on separable data"
OBSERVABLES = (
    Observable("gen_mse", r"E(\bar y-h)^2", "test error, squared, against the noiseless target; without ½", "logistic and hinge loss"),
    Observable("gen_mse_noisy", r"E(y-h)^2", "test error, squared, against fresh noisy labels; without ½", "logistic and hinge loss"),
    Observable("gen_error", r"\epsilon_g", "fraction of fresh noiseless labels missed", "regression"),
    Observable("gen_error_noisy", r"\epsilon_g^\Delta", "fraction of fresh noisy labels missed", "regression"),
    Observable("train_loss", r"\langle\ell\rangle_{train}", "training loss per sample, without the penalty; the square loss has its ½"),
    Observable("train_error", r"\epsilon_t", "fraction of noisy training labels missed", "regression"),
    Observable("m", "m", "overlap of student and teacher, E νh", DIVERGES),
    Observable("q", "q", "variance of the student's output, E h²", DIVERGES),
    Observable("v", "V", "scaled variance of the student", "infinite without ridge where the training loss vanishes"),
    Observable(
        "w_norm2", r"\|w\|^2/P", "squared norm of the weights per feature", DIVERGES + "; for linear features without ridge at P = D < N"
    ),
    Observable("bias", r"\mathrm{bias}", "error of the student averaged over features, data and noise", "classification"),
    Observable("var_init", r"\mathrm{var}_{init}", "variance from the random features", "classification"),
    Observable("var_samp", r"\mathrm{var}_{samp}", "variance from the sampled inputs", "classification"),
    Observable("var_noise", r"\mathrm{var}_{noise}", "variance from the label noise", "classification"),
    Observable(
        "mse_ensemble",
        r"E(\bar y-\langle h\rangle)^2",
        "error of the average of infinitely many students with features of their own",
        "classification",
    ),
    Observable("explained", "e", "share of the teacher's variance that is linear in the features"),
    Observable("alpha_sep", r"\alpha_{sep}", "largest N/D at which the labels are separable", "regression; infinite where they always are"),
    Observable(
        "margin", r"\kappa", "margin 1/√q of the separating student", "all but logistic and hinge loss without ridge on separable data"
    ),
    Observable("kappa1", r"\kappa_1", "linear coefficient of the activation"),
    Observable("kappastar", r"\kappa_\star", "nonlinear coefficient of the activation"),
    Observable("lam", r"\lambda", "ridge in use"),
)

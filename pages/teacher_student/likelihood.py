"""Laplace noise: is the loss of maximum likelihood the best one?"""

from dataclasses import replace

import numpy as np

import cache
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Horizontal, Label, Picture, Vertical
from pages.kit.words import tell
from pages.teacher_student.robust import (
    ALPHA,
    HUBER,
    ID,
    LOOK,
    NAMES,
    RESIDUAL,
    ROLES,
    along,
    at,
    best,
    experiment,
    losses,
    recipe,
    references,
    residuals,
    ring,
    shown,
    thickness,
)

SAMPLES = Axis("α", "samples per coordinate, N/D", 1, 1000, log=True)
RATIO = Axis("E / E_LS", "relative error", 0, 1.6, weight=1.7)
THRESHOLD = Axis("a", "threshold of the Huber loss", *HUBER.bounds, log=True)


def theory(state: dict) -> dict:
    """The model's parameters: Laplace noise of variance 1."""
    return {"alpha": state["alpha"], "huber": state["huber"], "noise_law": "laplace", "delta": 1.0}


def crossing() -> float:
    """The α at which L1 and least squares have the same error."""
    grid = np.geomspace(2, 6, 401)
    ahead = np.log(along({"loss": "l1", "noise_law": "laplace"}, "alpha", grid)["mse"] * (grid - 1))
    return float(np.exp(np.interp(0.0, -ahead, np.log(grid))))


def picture(state: dict, points: int) -> Picture:
    grid = np.geomspace(ALPHA.bounds[0], SAMPLES.high, points)
    found = losses(theory(state), "alpha", grid)
    scale = 1 / found["square"]["mse"]
    curves = [Curve(NAMES[loss], grid, found[loss]["mse"] * scale, role, weight=thickness(state, loss)) for loss, role in ROLES.items()]
    now = at(shown(theory(state), state["look"]))
    return Picture(
        "Error for Laplace noise",
        SAMPLES,
        (RATIO, RESIDUAL),
        (
            *curves,
            *references(grid, found["huber"], "best loss", scale),
            ring(state["alpha"], now["mse"] * (state["alpha"] - 1)),
            *residuals(theory(state), state, points // 2),
        ),
        (
            Vertical(f"L1 = LS: α = {crossing():.3g}", crossing(), panel=0),
            Horizontal("", 0.5),
            Label("classical limit of L1", 90, 0.42),
        ),
        story(state),
        recipe=recipe(shown(theory(state), state["look"]), SAMPLES, "alpha", "mse", "mse_bound", "mse_bayes"),
    )


def story(state: dict) -> str:
    """Whether maximum likelihood is worth it here."""
    errors = {loss: at(shown(theory(state), loss))["mse"] for loss in NAMES}
    gap, start = 100 * (errors["l1"] / errors["square"] - 1), f"At α = {state['alpha']:.4g} maximum likelihood (L1)"
    possible = 100 * (1 - at(shown(theory(state), "l1"))["mse_bound"] / errors["square"])
    if abs(gap) < 0.1:
        return f"{start} is exactly as good as least squares, and the best loss would err {possible:.2g} % less than both."
    if gap > 0:
        return f"{start} errs {gap:.2g} % more than least squares: the residuals it sees are almost Gaussian."
    return f"{start} errs {-gap:.2g} % less than least squares, the best loss would err {possible:.2g} % less; α → ∞ brings 50 %."


def numbers(state: dict) -> list[Number]:
    values = {loss: at(shown(theory(state), loss)) for loss in NAMES}
    tuned = best(shown(theory(state), "huber"), "huber", 0.01, 20)
    bound = values["l1"]["mse_bound"]
    return [
        Number("E_{L1}", "maximum likelihood", values["l1"]["mse"], f"least squares: {tell(values['square']['mse'])}"),
        Number(r"\alpha^*", "least squares wins below", crossing()),
        Number("a_{best}", "best threshold", tuned["huber"], f"E = {tell(tuned['mse'])}"),
        Number("E_{bound}", "best loss", bound, f"best Huber is {100 * (tuned['mse'] / bound - 1):.2g} % above"),
        Number(r"\alpha E_{L1}", "error times α", state["alpha"] * values["l1"]["mse"], "α → ∞: ½"),
    ]


def plane(state: dict) -> Picture:
    """How far the Huber loss is above the best loss, over the (α, a) plane, with its best threshold."""
    alphas, thresholds = np.geomspace(ALPHA.bounds[0], SAMPLES.high, 61), np.geomspace(*HUBER.bounds, 61)
    found = cache.sweep(ID, {"alpha": alphas, "huber": thresholds}, noise_law="laplace", loss="huber")
    fine = np.geomspace(0.01, 20, 301)
    tuned = cache.sweep(ID, {"alpha": alphas, "huber": fine}, noise_law="laplace", loss="huber")["mse"]
    return Picture(
        "How far the Huber loss is above the best loss; the line is the best threshold",
        SAMPLES,
        (THRESHOLD,),
        (Curve("best threshold", alphas, fine[np.argmin(tuned, axis=1)], "experiment"),),
        (Vertical("L1 = least squares", crossing()),),
        heat=Heat(alphas, thresholds, np.clip(100 * (found["mse"] / found["mse_bound"] - 1), 0.1, 100).T, "% above", 0.1, 100, log=True),
    )


VIEW = View(
    id="likelihood",
    name="Maximum likelihood",
    model=ID,
    question="Is maximum likelihood the best loss?",
    controls=(replace(ALPHA, high=1000, ticks=lambda state: [(crossing(), "L1 = LS")]), HUBER, replace(LOOK, default="l1")),
    picture=picture,
    numbers=numbers,
    presets={
        "few samples": {"alpha": 1.3},
        "where they cross": {"alpha": 3.39},
        "many samples": {"alpha": 300.0},
        "a tuned Huber loss": {"look": "huber", "huber": 0.92},
    },
    notice=(
        "For Laplace noise the L1 loss is maximum likelihood, yet below α = 3.39 least squares beats it: the effective residual "
        "(lower panel) has lost its cusp to the Gaussian noise of the estimate itself.",
        "The best loss is neither: it is tuned to the *effective* noise. A Huber loss with the right threshold comes within 1 % of it at all α.",
        "For α → ∞ the classical theory returns: the error of maximum likelihood is 1/(αI) with the Fisher information I = 2, half that of least squares.",
        "The Bayes-optimal error is lower still because it also knows how large the signal is.",
    ),
    map=Map("alpha", "huber", plane),
    experiment=experiment(
        lambda state: ("alpha", [1.3, 1.6, 2.0, 3.0, 5.0, 8.0, 14.0]),
        lambda state: shown(theory(state), state["look"]),
        scale=lambda state, grid: grid - 1.0,
        trials=(2, 10, 100),
    ),
    members=lambda state: 31,
)

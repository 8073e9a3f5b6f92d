"""What the views of two clouds share: the model, its controls, the theory along an axis, words, the experiment and the map."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import cache
import engine
from engine import Estimate
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Map
from pages.kit.picture import Axis, Curve, Heat, Horizontal, Picture, Recipe

ID = "gaussian-mixture"
MODEL = engine.model(ID)
ROLES = {"square": "series-4", "logistic": "series-0", "hinge": "series-3"}
"""The losses and their colours."""
AXES = {
    "alpha": Axis("α", "samples per dimension, N/D", 0.1, 50, log=True),
    "lam": Axis("λ", "ridge", 1e-4, 1e4, log=True),
    "prob": Axis("ρ", "share of the cloud +1", 0.02, 0.98),
}
ERROR = Axis("ε_g", "missed samples", 0, 0.52, weight=1.7)

ALPHA = Control(
    MODEL.parameter("alpha"),
    AXES["alpha"].low,
    AXES["alpha"].high,
    0.025,
    log=True,
    words="samples per dimension, N/D",
    ticks=lambda state: [(1.0, "N=D"), (at(state, lam=1.0)["alpha_sep"], "α_sep")],
)
RIDGE = Control(MODEL.parameter("lam"), AXES["lam"].low, AXES["lam"].high, 0.1, log=True, words="ridge")
SPREAD = Control(MODEL.parameter("delta"), 0.1, 10, 0.05, log=True, words="variance of a cloud: its spread")
SHARE = Control(MODEL.parameter("prob"), 0.02, 0.98, 0.01, words="share of samples in the cloud +1", ticks=lambda state: [(0.5, "½")])
LOSS = Control(replace(MODEL.parameter("loss"), symbol=""), words="loss to look at", live=False)
INTERCEPT = Control(
    replace(MODEL.parameter("bias"), symbol=""),
    words="intercept",
    live=False,
    more=True,
    labels={"fit": "fitted", "zero": "none"},
)


def curve(state: dict, axis: str, grid: Sequence[float], **changes) -> engine.Sweep:
    """The theory along `axis`, the other parameters as in `state` with `changes`."""
    fixed = {name: value for name, value in (state | changes).items() if name != axis}
    return cache.sweep(ID, {axis: grid}, **fixed)


def at(state: dict, **changes) -> dict[str, float]:
    """The observables at one point; all nan where the theory has no answer."""
    values = state | changes
    point = curve(values, "prob", [values["prob"]])
    return {name: column[0] for name, column in point.observables.items()}


def lines(found: engine.Sweep, grid: np.ndarray) -> list[Curve]:
    """The best that can be done: with these samples, and with the centres known."""
    return [
        Curve("Bayes-optimal", grid, found["gen_error_bayes"], "optimum", dash=1),
        Curve("centres known", grid, found["gen_error_oracle"], "threshold", dash=3, weight=0.7),
    ]


def weight(state: dict, loss: str) -> float:
    return 1.4 if loss == state["loss"] else 0.8


def recipe(state: dict, axis: str, *observables: str) -> Recipe:
    """How to draw `observables` along `axis` without these pages."""
    values = {name: value for name, value in state.items() if name != axis}
    return Recipe(ID, axis, AXES[axis].low, AXES[axis].high, 200, AXES[axis].log, values, observables)


def smaller(state: dict) -> float:
    """The error of always answering with the larger class."""
    return min(state["prob"], 1 - state["prob"])


def majority(state: dict) -> Horizontal:
    """That error, as a line."""
    return Horizontal("answering with the majority" if state["prob"] != 0.5 else "guessing", smaller(state))


def experiment(axis: str, values: Sequence[float], panels: Sequence[str]) -> Experiment:
    """Real fits of the loss in view along `axis`: the observables of the picture's panels."""

    def fixed(state: dict) -> dict:
        return {name: value for name, value in state.items() if name != axis}

    def dots(state: dict, values: list[float], found: dict[str, Estimate]) -> list[Curve]:
        return [
            Curve("real fits", np.array(values), found[name].mean, "experiment", "dots", found[name].sem, panel=panel, legend=panel == 0)
            for panel, name in enumerate(panels)
        ]

    words = (
        "Two random clouds in D dimensions; the loss in view is minimised by a convex solver. The weights and the intercept give the error on "
        "fresh samples exactly: no test set. Fitted intercepts are a few percent off at D = 200: the theory is the limit of many dimensions."
    )
    return Experiment(ID, lambda state: (axis, list(values)), fixed, dots, words, size=(50, 200, 500), trials=(3, 8, 50))


def plane(state: dict) -> Picture:
    """The error of the loss in view over samples and ridge, with the exact best ridge."""
    alphas, ridges = np.geomspace(0.1, 50, 61), np.geomspace(1e-4, 1e4, 65)
    fixed = {name: value for name, value in state.items() if name not in ("alpha", "lam")}
    field = cache.sweep(ID, {"lam": ridges, "alpha": alphas}, **fixed)
    few = np.geomspace(0.1, 50, 25)
    best = cache.sweep(ID, {"alpha": few}, lam="opt", **fixed)["lam"]
    return Picture(
        f"Missed samples with {state['loss']} loss; the line is the best ridge",
        AXES["alpha"],
        (AXES["lam"],),
        (Curve("best λ", few, np.where(best < AXES["lam"].high, best, np.nan), "experiment"),),
        heat=Heat(alphas, ridges, field["gen_error"], "missed", 0.0, smaller(state)),
    )


MAP = Map("alpha", "lam", plane)

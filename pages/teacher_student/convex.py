"""What the views of convex losses share: the model, its controls, the three losses beside Bayes, words, the experiment and the map."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

import cache
import engine
from engine import Estimate
from engine.model import Value
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Map
from pages.kit.picture import Axis, Curve, Heat, Picture, Recipe, here

ID = "perceptron-erm"
MODEL = engine.model(ID)
ROLES = {"square": "series-4", "logistic": "series-0", "hinge": "series-3"}
"""The losses and their colours."""
AXES = {
    "alpha": Axis("α", "samples per input dimension, N/D", 0.1, 100, log=True),
    "lam": Axis("λ", "ridge", 1e-5, 1e3, log=True),
    "delta": Axis("Δ", "probability of a flipped label", 0, 0.5),
}
ERROR = Axis("ε_g", "test error", 0.003, 1.0, log=True, weight=1.6)
LEAST, MOST = 0.01, 1000.0
EXCESS = Axis("% above Bayes", "", LEAST, MOST, log=True)


# ---- controls --------------------------------------------------------------------------------------------------------------------


ALPHA = Control(
    MODEL.parameter("alpha"),
    0.1,
    100,
    0.025,
    log=True,
    words="samples per input, N/D",
    ticks=lambda state: [(at(state)["alpha_sep"], "α_sep")],
)
FLIPS = Control(MODEL.parameter("delta"), 0, 0.5, 0.005, words="probability that a label is flipped")
RIDGE = Control(
    MODEL.parameter("lam"),
    AXES["lam"].low,
    AXES["lam"].high,
    0.1,
    log=True,
    words="ridge",
    ticks=lambda state: [(at(state, lam="opt")["lam"], "best")],
)
LOSS = Control(replace(MODEL.parameter("loss"), symbol=""), words="loss to look at", live=False)


# ---- the theory ------------------------------------------------------------------------------------------------------------------


def curve(state: dict, axis: str, grid: Sequence[float], **changes) -> engine.Sweep:
    """The theory along `axis`, the other parameters as in `state` with `changes`."""
    values = state | changes
    return cache.sweep(ID, {axis: grid}, **{p.name: values[p.name] for p in MODEL.parameters if p.name in values and p.name != axis})


def at(state: dict, **changes) -> dict[str, float]:
    """The observables at one point; all nan where the theory has no answer (without ridge at a threshold)."""
    point = curve(state | changes, "rho", [1.0])
    return {name: column[0] for name, column in point.observables.items()}


def excess(error, bayes):
    """Percent by which an error exceeds the optimum, at least what the axis can show."""
    return np.maximum(100 * (error / bayes - 1), LEAST / 10)


def weight(state: dict, loss: str) -> float:
    return 1.4 if loss == state["loss"] else 0.8


def bayes(grid: np.ndarray, found: engine.Sweep, panel: int = 0) -> Curve:
    """The error of the Bayes-optimal student."""
    return Curve("Bayes-optimal", grid, found["gen_error_bayes"], "optimum", dash=1, panel=panel)


def rings(x: float, *heights: float) -> list[Curve]:
    """Where the sliders stand, in each panel from top to bottom."""
    return [here(x, y, panel) for panel, y in enumerate(heights)]


def recipe(state: dict, axis: str, *observables: str, **changes) -> Recipe:
    """How to draw `observables` along `axis` without these pages."""
    values = {name: value for name, value in (state | changes).items() if name != axis}
    return Recipe(ID, axis, AXES[axis].low, AXES[axis].high, 200, AXES[axis].log, values, observables)


# ---- words -----------------------------------------------------------------------------------------------------------------------


COINS = "Every label is a coin flip: nothing can be learned, and any student misses half of the fresh labels."


# ---- experiment and map ----------------------------------------------------------------------------------------------------------


def experiment(
    axis: str, values: Sequence[float], panels: Sequence[str], ridge: Callable[[dict], Value] = lambda state: state["lam"]
) -> Experiment:
    """Real fits of the loss in view along `axis`: the observables of the picture's panels, with the ridge `ridge(state)`."""

    def points(state: dict) -> tuple[str, list[float]]:
        if axis == "alpha" and ridge(state) == 0.0:
            threshold = 1.0 if state["loss"] == "square" else at(state, lam=1.0)["alpha_sep"]
            return axis, [value for value in values if abs(value / threshold - 1) > 0.02]
        if axis == "delta" and ridge(state) == "opt":
            return axis, [value for value in values if value < 0.5]
        return axis, list(values)

    def fixed(state: dict) -> dict:
        return {name: value for name, value in (state | {"lam": ridge(state)}).items() if name != axis}

    def dots(state: dict, values: list[float], found: dict[str, Estimate]) -> list[Curve]:
        return [
            Curve("real fits", np.array(values), found[name].mean, "experiment", "dots", found[name].sem, panel=panel, legend=panel == 0)
            for panel, name in enumerate(panels)
        ]

    words = (
        "A random teacher labels N Gaussian inputs, some labels are flipped, and the student minimises the loss in view by a convex "
        "solver, without intercept. Its angle to the teacher gives the error exactly: no test set, no estimate. The theory is the limit "
        "of many inputs; at D = 300 the dots already fall on it."
    )
    return Experiment(ID, points, fixed, dots, words, size=(50, 300, 500), trials=(3, 8, 50))


def plane(state: dict) -> Picture:
    """How far the loss in view is above Bayes, over the (α, λ) plane, with the exact best ridge."""
    alphas, ridges = np.geomspace(0.1, 100, 61), np.geomspace(AXES["lam"].low, AXES["lam"].high, 65)
    fixed = {"loss": state["loss"], "delta": state["delta"]}
    field = cache.sweep(ID, {"lam": ridges, "alpha": alphas}, **fixed)
    best = np.maximum(curve(fixed, "alpha", alphas, lam="opt")["lam"], AXES["lam"].low / 100)  # 0 lies below the map
    return Picture(
        f"How far {state['loss']} loss is above Bayes; the line is its best ridge",
        AXES["alpha"],
        (AXES["lam"],),
        (Curve("best λ", alphas, best, "experiment"),),
        heat=Heat(
            alphas,
            ridges,
            np.clip(excess(field["gen_error"], field["gen_error_bayes"]), LEAST, MOST),
            "% above Bayes",
            LEAST,
            MOST,
            log=True,
        ),
    )


MAP = Map("alpha", "lam", plane)

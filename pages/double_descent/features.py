"""What the views of random features share: the model, its controls, grids that resolve the peak, the experiment and the map.

Functions that take the id of a model serve that of structured data, too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

import cache
import engine
from engine import Estimate, Parameter
from engine.model import Value
from pages.kit import grids
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Map
from pages.kit.picture import Axis, Curve, Heat, Label, Picture, Recipe
from pages.kit.words import tell

ID = "random-features"
MODEL = engine.model(ID)
LOW, HIGH = 0.1, 20
"""Range of α and of γ on these pages."""
WORK = 1000
"""Largest αγ·min(α, γ) of a fit: a second or so at D = 100."""
AXES = {
    "gamma": Axis("γ", "parameters per input dimension, P/D", LOW, HIGH, log=True),
    "alpha": Axis("α", "samples per input dimension, N/D", LOW, HIGH, log=True),
    "lam": Axis("λ", "ridge", 1e-5, 1e3, log=True),
}
ERROR = {"regression": "gen_mse", "classification": "gen_error"}
TRAIN = {"regression": "train_loss", "classification": "train_error"}
PANELS = {
    "regression": (Axis("test error", "(ν−h)²", 0.05, 30, log=True, weight=2), Axis("training", "½(y−h)²", -0.04, 1.05)),
    "classification": (Axis("test error", "missed labels", 0, 0.6, weight=2), Axis("training", "missed", -0.02, 0.5)),
}


# ---- controls --------------------------------------------------------------------------------------------------------------------


def choice(name: str, words: str, labels: dict[str, str], **rest) -> Control:
    """A control among the options of `labels`, told by its words alone."""
    return Control(replace(MODEL.parameter(name), symbol=""), words=words, options=tuple(labels), labels=labels, live=False, **rest)


def against(**labels: str) -> Control:
    """The choice of the horizontal axis."""
    names = tuple(labels)
    return Control(Parameter("against", "", "horizontal axis", names[0], choices=names), labels=labels, live=False)


def only(task: str) -> Control:
    """The task of a view that has but one; it is never shown."""
    return Control(MODEL.parameter("task"), default=task, options=(task,), live=False, when=lambda state: False)


def custom(state: dict) -> bool:
    return state["activation"] == "custom"


ALPHA = Control(
    MODEL.parameter("alpha"),
    LOW,
    HIGH,
    0.02,
    2.0,
    log=True,
    words="samples per input, N/D",
    ticks=lambda state: [(state["gamma"], "N = P")],
)
GAMMA = Control(
    MODEL.parameter("gamma"),
    LOW,
    HIGH,
    0.02,
    2.0,
    log=True,
    words="parameters per input, P/D",
    ticks=lambda state: [(state["alpha"], "P = N")],
)
NOISE = Control(MODEL.parameter("delta"), 0, 1, 0.01, 0.1, words="variance of the label noise")
FLIPS = Control(MODEL.parameter("delta"), 0, 0.5, 0.005, 0.1, words="probability that a label is flipped")
RIDGE = Control(
    MODEL.parameter("lam"),
    1e-6,
    1e2,
    0.1,
    1e-4,
    log=True,
    words="ridge",
    named={"λ = 0": 0.0, "λ optimal": "opt"},
    ticks=lambda state: [(at(parameters(state), lam="opt")["lam"], "best")],
)
LOSS = choice(
    "loss", "loss", {"square": "square", "logistic": "logistic", "hinge": "hinge"}, when=lambda state: state["task"] == "classification"
)
ACTIVATION = choice(
    "activation",
    "activation of the frozen layer",
    {
        "relu": "ReLU",
        "erf": "erf",
        "tanh": "tanh",
        "sign": "sign",
        "linear": "linear",
        "abs": "|z|, even",
        "custom": "any, by its κ₁ and κ⋆",
    },
)
KAPPAS = (
    Control(MODEL.parameter("kappa1"), 0, 1.5, 0.01, 0.5, words="how linear the activation is", when=custom),
    Control(MODEL.parameter("kappastar"), 0.01, 1.5, 0.01, 0.3, words="its nonlinear rest, which acts as noise", when=custom),
)


# ---- the theory ------------------------------------------------------------------------------------------------------------------


def parameters(state: dict, id: str = ID, **changes) -> dict:
    """The model's parameters in this state, with `changes`.

    The coefficients belong to the custom activation alone, and regression has but the square loss.
    """
    idle = set() if custom(state) else {"kappa1", "kappastar"}
    idle |= {"loss"} if state["task"] == "regression" else set()
    return {p.name: state[p.name] for p in engine.model(id).parameters if p.name in state.keys() - idle} | changes


def curve(values: dict, axis: str, grid: np.ndarray, id: str = ID, **changes) -> engine.Sweep:
    """The theory along `axis`, the other parameters as in `values` with `changes`."""
    return cache.sweep(id, {axis: grid}, **{name: value for name, value in (values | changes).items() if name != axis})


def at(values: dict, id: str = ID, **changes) -> dict[str, float]:
    """The observables at one point; all nan where the theory has no answer there (without ridge at the interpolation threshold)."""
    point = curve(values | changes, "rho", [1.0], id)
    return {name: column[0] for name, column in point.observables.items()}


def square(values: dict) -> bool:
    """Whether everything is in closed form, and cheap."""
    return values.get("loss", "square") == "square"


def learnable(values: dict) -> bool:
    """Whether the features see the teacher at all."""
    return (
        values["activation"] != "abs" and values.get("kappa1") != 0 and not (values["task"] == "classification" and values["delta"] == 0.5)
    )


def other(axis: str) -> str:
    """γ for α and α for γ: where the two are equal, P = N."""
    return "alpha" if axis == "gamma" else "gamma"


def around(peak: float, points: int, width: float = 0.05, low: float = LOW, high: float = HIGH) -> np.ndarray:
    """The axis of α or γ: evenly spaced in the logarithm far from `peak`, ever closer within `width` of it."""
    return grids.around(peak, low, high, points, width)


def separability(values: dict, axis: str) -> float:
    """Where on the axis of α or γ the labels begin or cease to be separable; nan outside the picture and in regression."""
    if values["task"] == "regression":
        return np.nan
    cheap = {"lam": 1.0, "loss": "square"}  # the threshold depends on neither
    if axis == "alpha":
        return at(values, **cheap)["alpha_sep"]
    gammas = np.geomspace(LOW, HIGH, 60)
    return float(np.interp(values["alpha"], curve(values, "gamma", gammas, alpha=1.0, **cheap)["alpha_sep"], gammas, np.nan, np.nan))


def shown(task: str, error: np.ndarray) -> np.ndarray:
    """Test errors as the picture can show them: a mean square of 0 is not on its logarithmic axis."""
    return np.where(error > 0, error, np.nan) if task == "regression" else error


# ---- words -----------------------------------------------------------------------------------------------------------------------


def tell_error(task: str, error: float) -> str:
    """A test error in a sentence: mean square, or percent of labels."""
    return tell(error) if task == "regression" else f"{error:.1%}"


def tell_best(task: str, best: dict) -> str:
    """What the best ridge is and brings."""
    if np.isnan(best["lam"]):
        return "no ridge is too large: the error is least for λ → ∞"
    return f"the best ridge, λ = {tell(best['lam'])}, gives {tell_error(task, best[ERROR[task]])}"


def tell_threshold(task: str) -> str:
    """The error without ridge exactly at the peak, where the theory has none."""
    return "infinite" if task == "regression" else "that of guessing"


def recipe(values: dict, axis: str, *observables: str, id: str = ID, axes: Mapping[str, Axis] = AXES) -> Recipe:
    """How to draw `observables` along `axis` without these pages."""
    fixed = {name: value for name, value in values.items() if name != axis}
    return Recipe(id, axis, axes[axis].low, axes[axis].high, 200, True, fixed, observables)


# ---- experiment and map ----------------------------------------------------------------------------------------------------------


def abscissas(state: dict) -> tuple[str, list[float]]:
    """The axis of the picture, and where on it the fits are done: over its range, and about the peak."""
    axis = state["against"]
    if axis == "lam":
        return axis, [float(f"{value:.3g}") for value in np.geomspace(1e-4, 1e2, 9)]
    peak = state[other(axis)]
    spread = {float(f"{value:.3g}") for value in (*np.geomspace(0.15, 10, 7), peak / 1.5, 1.5 * peak)} | {peak}
    quick = {value for value in spread if LOW <= value <= HIGH and value * peak * min(value, peak) <= WORK}
    return axis, sorted(quick - ({peak} if state["lam"] == 0.0 else set()))


WORDS = (
    "A random first layer, Gaussian inputs, labels of a linear teacher; the second layer is fitted exactly and tested on 4000 fresh "
    "points. The mean feature is subtracted: the theory has no intercept. Close to the peak with little ridge the error has **heavy "
    "tails**: a few samples dominate the mean, and dots and bars jump from seed to seed. More trials, or more ridge, calm them."
)


def experiment(
    panels: Callable[[dict], Sequence[str]],
    changes: Mapping[str, Value] = MappingProxyType({}),
    id: str = ID,
    points: Callable[[dict], tuple[str, list[float]]] = abscissas,
    words: str = WORDS,
    size: tuple[int, int, int] = (50, 100, 150),
) -> Experiment:
    """Real fits along the axis of the picture: the observables of its panels, from top to bottom; parameters as shown, with `changes`."""

    def fixed(state: dict) -> dict:
        values = parameters(state, id, **changes)
        return {name: value for name, value in values.items() if name != state["against"]}

    def dots(state: dict, values: list[float], found: dict[str, Estimate]) -> list[Curve]:
        return [
            Curve("real fits", np.array(values), found[name].mean, "experiment", "dots", found[name].sem, panel=panel, legend=panel == 0)
            for panel, name in enumerate(panels(state))
        ]

    return Experiment(id, points, fixed, dots, words, size=size, trials=(3, 8, 30))


def plane(state: dict) -> Picture:
    """The test error over the (α, γ) plane, with the exact lines."""
    task, values = state["task"], parameters(state)
    slow = values["lam"] == "opt" and not square(values)
    side = np.geomspace(LOW, HIGH, 25 if slow else 81 if square(values) else 61)
    field = cache.sweep(ID, {"gamma": side, "alpha": side}, **{k: v for k, v in values.items() if k not in ("alpha", "gamma")})[ERROR[task]]
    curves = [Curve("P = N", side, side, "here", weight=0.7)]
    if task == "classification":
        separable = curve(values, "gamma", side, alpha=1.0, lam=1.0, loss="square")["alpha_sep"]
        curves.append(Curve("separable on its left", separable, side, "experiment", dash=1))
        heat = Heat(side, side, field, "test error")
    else:
        heat = Heat(side, side, np.clip(field, 0.05, 30), "test error", 0.05, 30, log=True)
    return Picture(
        "Test error for any number of samples and parameters",
        AXES["alpha"],
        (AXES["gamma"],),
        tuple(curves),
        (Label("more parameters than samples", 0.45, 10), Label("more samples than parameters", 4, 0.16), Label("P = N", 0.2, 0.2)),
        heat=heat,
    )


MAP = Map("alpha", "gamma", plane)

"""What the views of structured data share: loud and quiet directions, their controls, the three kinds of data, the experiment."""

from dataclasses import replace
from functools import partial

import numpy as np

import engine
from pages.double_descent import features
from pages.double_descent.features import ALPHA, GAMMA, RIDGE, WORDS, other
from pages.kit.controls import Control
from pages.kit.picture import Axis

ID = "strong-weak-features"
MODEL = engine.model(ID)
LOW, HIGH = 0.01, 10
"""Range of α and γ on these pages: loud directions are few."""
WORK = 10
"""Largest αγ·min(α, γ) of a fit: a second or so at D = 300."""

AXES = {
    "alpha": Axis("α", "samples per input dimension, N/D", LOW, HIGH, log=True),
    "gamma": Axis("γ", "parameters per input dimension, P/D", LOW, HIGH, log=True),
    "rb": Axis("r_β", "teacher: variance on loud over quiet inputs", 1e-3, 1e3, log=True),
    "rx": Axis("r_x", "inputs: variance of loud over quiet ones", 1, 1e3, log=True),
}

ALPHA = replace(ALPHA, low=LOW, high=HIGH, step=0.05, ticks=lambda state: [(state["gamma"], "N = P"), (state["phi1"], "loud")])
GAMMA = replace(GAMMA, low=LOW, high=HIGH, step=0.05, ticks=lambda state: [(state["alpha"], "P = N"), (state["phi1"], "loud")])
RIDGE = replace(RIDGE, named={"λ = 0": 0.0}, ticks=lambda state: ())
LOUD = Control(MODEL.parameter("phi1"), 0.01, 0.5, 0.01, 0.05, words="fraction of loud inputs")
LOUDNESS = Control(MODEL.parameter("rx"), 1, 1e3, 0.1, 100.0, log=True, words="how loud: ratio of input variances")
ALIGNMENT = Control(
    MODEL.parameter("rb"), 1e-3, 1e3, 0.1, 100.0, log=True, words="where the teacher looks: > 1 loud, < 1 quiet",
    ticks=lambda state: [(1.0, "everywhere")],
)  # fmt: skip

parameters = partial(features.parameters, id=ID)
curve = partial(features.curve, id=ID)
at = partial(features.at, id=ID)
recipe = partial(features.recipe, id=ID, axes=AXES)
around = partial(features.around, low=LOW, high=HIGH)

ISOTROPIC = {"rx": 1.0, "rb": 1.0}


def kinds(values: dict) -> dict[str, dict]:
    """The same task with a teacher that looks at the loud directions, at the quiet ones, and without structure."""
    ratio = max(values["rb"], 1 / values["rb"])
    return {"aligned": values | {"rb": ratio}, "misaligned": values | {"rb": 1 / ratio}, "isotropic": values | ISOTROPIC}


def kind(values: dict) -> str:
    """Which of them the sliders show."""
    return "aligned" if values["rb"] >= 1 else "misaligned"


def abscissas(state: dict) -> tuple[str, list[float]]:
    """The axis of the picture, and where on it the fits are done."""
    axis = state["against"]
    if axis in ("rb", "rx"):
        return axis, [float(f"{value:.3g}") for value in np.geomspace(AXES[axis].low, AXES[axis].high, 7)]
    peak = state[other(axis)]
    spread = {float(f"{value:.3g}") for value in (*np.geomspace(0.03, 10, 8), peak / 1.6, 1.6 * peak)}
    return axis, sorted(value for value in spread if LOW <= value <= HIGH and value * peak * min(value, peak) <= WORK)


experiment = partial(
    features.experiment,
    id=ID,
    points=abscissas,
    size=(100, 300, 500),
    words=WORDS
    + " The theory counts on many loud directions; with φ₁D of them the dots lie below or above the curve by about 1/φ₁D: have twenty or more.",
)

"""Square against logistic loss: which of them profits from structure in the data."""

from dataclasses import replace

import numpy as np

import cache
from pages.double_descent.blocks import (
    ALIGNMENT,
    ALPHA,
    AXES,
    GAMMA,
    ID,
    ISOTROPIC,
    LOUD,
    LOUDNESS,
    RIDGE,
    around,
    at,
    curve,
    experiment,
    parameters,
    recipe,
)
from pages.double_descent.errors import UNLEARNABLE
from pages.double_descent.features import ACTIVATION, FLIPS, PANELS, against, learnable, only, other
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Curve, Heat, Horizontal, Label, Picture, Vertical, here

LOSSES = {"square": "theory", "logistic": "second"}
SAME = {"square": "here", "logistic": "experiment"}
"""Colours that show on a map."""
AGAINST = against(rb="turn the teacher", alpha="α: add data", gamma="γ: grow the network")


def picture(state: dict, points: int) -> Picture:
    axis, values = state["against"], parameters(state)
    x = np.geomspace(AXES["rb"].low, AXES["rb"].high, points // 2) if axis == "rb" else around(state[other(axis)], points // 2)
    curves = []
    for loss, role in LOSSES.items():
        for name, chosen, dash in ((loss, values, 0), (f"{loss}, isotropic", values | ISOTROPIC, 1)):
            # without structure there is nothing to turn
            flat = axis == "rb" and dash == 1
            found = at(chosen, loss=loss) if flat else curve(chosen, axis, x, loss=loss)
            for panel, observable in enumerate(("gen_error", "train_error")):
                y = np.full(x.size, found[observable]) if flat else found[observable]
                curves.append(Curve(name, x, y, role, dash=dash, weight=0.7 if dash else 1.2, panel=panel, legend=panel == 0))
        now = at(values, loss=loss)
        curves += [here(state[axis], now["gen_error"]), here(state[axis], now["train_error"], panel=1)]
    marks = (Vertical("teacher indifferent", 1.0),) if axis == "rb" else (
        Vertical("loud: " + ("N" if axis == "alpha" else "P") + " = φ₁D", state["phi1"], role="optimum"),
        Vertical("N = P", state[other(axis)]),
    )  # fmt: skip
    return Picture(
        "Square and logistic loss on data with a few loud directions",
        AXES[axis],
        PANELS["classification"],
        tuple(curves),
        marks,
        story(values),
        recipe=recipe(values | {"loss": "logistic"}, axis, "gen_error", "train_error"),
    )


def errors(values: dict, **changes) -> dict[str, float]:
    """Test error of each loss."""
    return {loss: at(values | changes, loss=loss)["gen_error"] for loss in LOSSES}


def story(values: dict) -> str:
    """What structure brings each loss, and which of them makes fewer mistakes."""
    if not learnable(values):
        return UNLEARNABLE["classification"]
    now, none = errors(values), errors(values, **ISOTROPIC)
    if np.isnan([*now.values(), *none.values()]).any():
        return "Without ridge the square loss has its peak here, and no answer but guessing."
    wrong = f"logistic {now['logistic']:.1%} wrong, square {now['square']:.1%}"
    if values["rx"] == 1:
        return f"All inputs are equally loud (r_x = 1), there is no structure: {wrong}."
    gains = {loss: none[loss] / now[loss] if now[loss] > 0 else np.inf for loss in LOSSES}
    if values["rb"] > 1 and gains["logistic"] > max(1.0, gains["square"]):
        return (
            f"Aligned: {wrong}. Structure divides the mistakes of the logistic loss by {gains['logistic']:.2g}, "
            f"those of the square loss by {gains['square']:.2g}."
        )
    first = "Aligned" if values["rb"] > 1 else "Misaligned" if values["rb"] < 1 else "Indifferent"
    better = "fewer" if now["logistic"] < now["square"] else "more"
    return f"{first} teacher: {wrong}; without structure {none['logistic']:.1%} and {none['square']:.1%}. The logistic loss makes {better} mistakes."


def numbers(state: dict) -> list[Number]:
    values = parameters(state)
    none = errors(values, **ISOTROPIC)
    found = {loss: at(values, loss=loss) for loss in LOSSES}
    return [
        *(
            Number(r"\varepsilon_g", f"{loss}, wrong on test", found[loss]["gen_error"], f"isotropic data {none[loss]:.3g}")
            for loss in LOSSES
        ),
        *(Number(r"\varepsilon_t", f"{loss}, on training", found[loss]["train_error"]) for loss in LOSSES),
        Number(r"\alpha_{sep}", "separable below", found["square"]["alpha_sep"], f"here α = {state['alpha']:.3g}"),
    ]


def plane(state: dict) -> Picture:
    """How many times fewer mistakes the logistic loss makes, over the two ratios."""
    values = parameters(state)
    rx, rb = (np.geomspace(AXES[name].low, AXES[name].high, 41) for name in ("rx", "rb"))
    fixed = {name: value for name, value in values.items() if name not in ("rx", "rb", "loss")}
    square, logistic = (cache.sweep(ID, {"rb": rb, "rx": rx}, loss=loss, **fixed)["gen_error"] for loss in LOSSES)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.clip(square / logistic, 0.5, 4)
    none = errors(values, **ISOTROPIC)
    return Picture(
        "How many times fewer mistakes the logistic loss makes",
        AXES["rx"],
        (AXES["rb"],),
        tuple(
            Curve(f"{loss} as on isotropic data", rx, level(rb, error, none[loss]), role, dash=dash)
            for (loss, role), error, dash in zip(SAME.items(), (square, logistic), (0, 1), strict=True)
        ),
        (Horizontal("teacher indifferent", 1.0, role="here"), Label("aligned", 10, 200), Label("misaligned", 100, 0.004)),
        heat=Heat(rx, rb, ratio, "square / logistic", 0.5, 4, log=True),
    )


def level(rb: np.ndarray, error: np.ndarray, value: float) -> np.ndarray:
    """For each column the r_β at which the error, falling with it, is `value`; nan where it is nowhere."""
    logs = [np.interp(-value, -column, np.log(rb), np.nan, np.nan) if np.ptp(column) > 1e-6 else np.nan for column in error.T]
    return np.exp(logs)


VIEW = View(
    id="losses",
    name="Square or logistic?",
    model=ID,
    question="Which loss profits from structure in the data?",
    controls=(
        replace(ALPHA, default=1.0),
        replace(GAMMA, default=1.0),
        replace(FLIPS, default=0.0),
        replace(RIDGE, low=1e-4, default=0.01),
        replace(LOUD, default=0.1),
        LOUDNESS,
        ALIGNMENT,
        AGAINST,
        replace(ACTIVATION, default="tanh", options=("tanh", "relu", "erf", "sign", "linear"), more=True),
        only("classification"),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "aligned": {},
        "misaligned": {"rb": 0.01},
        "add data": {"against": "alpha"},
        "misaligned, add data": {"against": "alpha", "rb": 0.01},
        "noisy labels": {"delta": 0.2, "lam": 0.1},
    },
    notice=(
        "Turn the teacher towards the loud directions: both losses make fewer mistakes, the logistic loss far fewer.",
        "The square loss also fits the size of its answer: it must bring every label to ±1, and for that it needs the quiet directions.",
        "Turned towards the quiet directions, both are worse than without any structure, and the choice of the loss hardly matters.",
        "The peak of the square loss at N = P stays at N = P; the logistic loss has none there.",
    ),
    map=Map("rx", "rb", plane),
    experiment=experiment(lambda state: ("gen_error", "train_error"), {"loss": "logistic"}),
    members=lambda state: 21,
)

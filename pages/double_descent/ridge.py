"""How much ridge is right, and what it brings."""

from dataclasses import replace

import numpy as np

import cache
from pages.double_descent.errors import members
from pages.double_descent.features import (
    ACTIVATION,
    ALPHA,
    AXES,
    ERROR,
    FLIPS,
    GAMMA,
    HIGH,
    ID,
    KAPPAS,
    LOSS,
    LOW,
    PANELS,
    RIDGE,
    TRAIN,
    against,
    around,
    at,
    choice,
    curve,
    experiment,
    learnable,
    other,
    parameters,
    recipe,
    shown,
    square,
    tell_best,
    tell_error,
    tell_threshold,
)
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Horizontal, Label, Picture, Vertical, here
from pages.kit.words import tell

NOISES = (0.02, 0.4)
BEST = Axis("λ_opt", "best ridge", 1e-3, 100, log=True)


def picture(state: dict, points: int) -> Picture:
    return along_ridge(state, points) if state["against"] == "lam" else along_size(state, points)


def along_ridge(state: dict, points: int) -> Picture:
    """The errors against λ, for networks smaller and larger than the data."""
    task, values = state["task"], parameters(state)
    x = np.geomspace(AXES["lam"].low, AXES["lam"].high, points)
    sizes = [
        (f"P = {name}", state["alpha"] * ratio, f"shade-{i}", 0.7) for i, (name, ratio) in enumerate((("N/4", 0.25), ("N", 1), ("4 N", 4)))
    ]
    curves = []
    for name, gamma, role, weight in [*sizes, ("γ of the slider", state["gamma"], "theory", 1.3)]:
        chosen = curve(values, "lam", x, gamma=gamma)
        curves += [Curve(name, x, shown(task, chosen[ERROR[task]]), role, weight=weight)]
        curves += [Curve(name, x, chosen[TRAIN[task]], role, weight=weight, panel=1, legend=False)]
    now, best, none = at(values), at(values, lam="opt"), at(values, lam=0.0)
    if now["lam"] > 0:
        curves += [here(now["lam"], shown(task, now[ERROR[task]])), here(now["lam"], now[TRAIN[task]], panel=1)]
    return Picture(
        "Test and training error against the ridge",
        AXES["lam"],
        PANELS[task],
        tuple(curves),
        (
            Vertical(f"best λ = {tell(best['lam'])}", float(positive(best["lam"])), role="optimum"),
            Horizontal("without ridge", none[ERROR[task]]),
        ),
        story(state, values),
        branch="lam",
        recipe=recipe(values, "lam", ERROR[task], TRAIN[task]),
    )


def along_size(state: dict, points: int) -> Picture:
    """The error with the best ridge, and that ridge, against α or γ."""
    axis, task, values = state["against"], state["task"], parameters(state)
    equal = state[other(axis)]
    x, few = around(equal, points), np.geomspace(LOW, HIGH, points if square(values) else points // 4)
    now, best = at(values), at(values, lam="opt")
    curves = [Curve("without ridge", x, shown(task, curve(values, axis, x, lam=0.0)[ERROR[task]]), "second", weight=0.7)]
    if state["lam"] not in (0.0, "opt"):
        curves.append(Curve("λ of the slider", x, shown(task, curve(values, axis, x)[ERROR[task]])))
    chosen = curve(values, axis, few, lam="opt")
    curves.append(Curve("best λ", few, shown(task, chosen[ERROR[task]]), "optimum", weight=1.3))
    for i, delta in enumerate(NOISES):
        ridge = curve(values, axis, few, lam="opt", delta=delta)["lam"]
        curves.append(Curve(f"λ_opt, Δ = {delta}", few, positive(ridge), f"shade-{2 * i}", panel=1, weight=0.7))
    curves.append(Curve("λ_opt", few, positive(chosen["lam"]), "optimum", weight=1.3, panel=1, legend=False))
    curves += [here(state[axis], shown(task, now[ERROR[task]])), here(state[axis], positive(best["lam"]), panel=1)]
    return Picture(
        "Test error with the best ridge, and that ridge",
        AXES[axis],
        (PANELS[task][0], BEST),
        tuple(curves),
        (Vertical("P = N", equal),),
        story(state, values),
        branch=axis,
        recipe=recipe(values | {"lam": "opt"}, axis, ERROR[task], "lam"),
    )


def positive(ridge: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return np.where(ridge > 0, ridge, np.nan)


def story(state: dict, values: dict) -> str:
    """What the best ridge is and what it saves."""
    task = state["task"]
    if not learnable(values):
        return "Nothing of the teacher reaches the student: no ridge is better than another."
    best, none, now = at(values, lam="opt"), at(values, lam=0.0)[ERROR[task]], at(values)[ERROR[task]]
    if best["lam"] == 0:
        return f"Here no ridge is best: error {tell_error(task, none)}" + (f"; with this λ {tell_error(task, now)}." if now > none else ".")
    text = tell_best(task, best)
    text = f"{text[0].upper()}{text[1:]}; without ridge it is {tell_threshold(task) if np.isnan(none) else tell_error(task, none)}"
    return text + (f", with this λ {tell_error(task, now)}." if state["lam"] not in (0.0, "opt") else ".")


def numbers(state: dict) -> list[Number]:
    task, values = state["task"], parameters(state)
    now, best, none = at(values), at(values, lam="opt"), at(values, lam=0.0)[ERROR[task]]
    symbol = r"E(\nu-h)^2" if task == "regression" else r"\varepsilon_g"
    return [
        Number(r"\lambda_{opt}", "best ridge", best["lam"]),
        Number(symbol, "with best λ", best[ERROR[task]]),
        Number(symbol, "with this λ", now[ERROR[task]], f"λ = {tell(now['lam'])}" if now["lam"] >= 0 else ""),
        Number(symbol, "without ridge", np.inf if task == "regression" and np.isnan(none) else none),
    ]


def plane(state: dict) -> Picture:
    """The best ridge over the (α, γ) plane."""
    values = parameters(state, lam="opt")
    side = np.geomspace(LOW, HIGH, 61 if square(values) else 17)
    field = cache.sweep(ID, {"gamma": side, "alpha": side}, **{k: v for k, v in values.items() if k not in ("alpha", "gamma")})
    return Picture(
        "The best ridge for any number of samples and parameters",
        AXES["alpha"],
        (AXES["gamma"],),
        (Curve("P = N", side, side, "here", weight=0.7),),
        (Label("P = N", 0.2, 0.2),),
        heat=Heat(side, side, np.clip(field["lam"], 1e-3, 100), "best λ", 1e-3, 100, log=True),
    )


VIEW = View(
    id="ridge",
    name="The right ridge",
    model=ID,
    question="How much ridge is right?",
    controls=(
        ALPHA,
        GAMMA,
        replace(FLIPS, words="label noise: its variance, or the probability of a flip"),
        RIDGE,
        against(lam="λ", gamma="γ", alpha="α"),
        choice("task", "task", {"regression": "regression", "classification": "classification"}),
        LOSS,
        ACTIVATION,
        *KAPPAS,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "at the peak": {},
        "a large network needs none": {"gamma": 16.0},
        "no peak": {"against": "gamma", "lam": 1e-4},
        "more noise": {"against": "alpha", "delta": 0.4},
    },
    notice=(
        "At P = N a little ridge changes everything; far from it, in a large network, almost nothing.",
        "With the best λ the error falls monotonically with parameters and with samples: double descent is a disease of a fixed λ.",
        "More noise asks for more ridge; at small Δ a network with many features needs none, its nonlinear part acts as one.",
    ),
    map=Map("alpha", "gamma", plane),
    experiment=experiment(
        lambda state: (ERROR[state["task"]], TRAIN[state["task"]]) if state["against"] == "lam" else (ERROR[state["task"]],),
        changes={"lam": "opt"},
    ),
    members=members,
)

"""A few loud directions in the data: seen long before the overfitting peak if the teacher looks there, a nuisance if it does not."""

from dataclasses import replace

import numpy as np

import cache
from pages.double_descent.blocks import (
    ALIGNMENT,
    ALPHA,
    AXES,
    GAMMA,
    HIGH,
    ID,
    ISOTROPIC,
    LOUD,
    LOUDNESS,
    LOW,
    RIDGE,
    around,
    at,
    curve,
    experiment,
    kind,
    kinds,
    parameters,
    recipe,
)
from pages.double_descent.errors import UNLEARNABLE
from pages.double_descent.features import (
    ACTIVATION,
    ERROR,
    FLIPS,
    LOSS,
    PANELS,
    TRAIN,
    against,
    choice,
    learnable,
    other,
    shown,
    square,
    tell_error,
    tell_threshold,
)
from pages.kit.explorer import MEMBERS, Map, Number, View
from pages.kit.picture import Curve, Heat, Horizontal, Label, Picture, Vertical, here
from pages.kit.words import tell

ROLES = {"aligned": "theory", "misaligned": "second", "isotropic": "series-5"}
AGAINST = against(alpha="α: add data", gamma="γ: grow the network")


def picture(state: dict, points: int) -> Picture:
    axis, task, values = state["against"], state["task"], parameters(state)
    equal = peak = state[other(axis)]
    if axis == "alpha" and not square(values):
        peak = min(at(values, loss="square", lam=1.0)["alpha_sep"], HIGH)
    x, curves = around(peak, points), []
    for name, chosen in kinds(values).items():
        found, weight = curve(chosen, axis, x), 1.3 if name == kind(values) else 0.9
        curves += [Curve(name, x, shown(task, found[ERROR[task]]), ROLES[name], weight=weight)]
        curves += [Curve(name, x, found[TRAIN[task]], ROLES[name], weight=weight, panel=1, legend=False)]
        if name == kind(values):
            separable = found["alpha_sep"]
    now = at(values)
    curves += [here(state[axis], shown(task, now[ERROR[task]])), here(state[axis], now[TRAIN[task]], panel=1)]
    count = "N" if axis == "alpha" else "P"
    marks = [Vertical(f"loud: {count} = φ₁D", state["phi1"], role="optimum"), Vertical("N = P", equal)]
    if not square(values):
        edge = separable[0] if axis == "alpha" else np.interp(state["alpha"], separable, x, np.nan, np.nan)
        marks.append(Vertical("separable below" if axis == "alpha" else "separable beyond", float(edge), role="experiment"))
    return Picture(
        "Test and training error of data with a few loud directions",
        AXES[axis],
        (replace(PANELS[task][0], low=0.003, high=10), PANELS[task][1]) if task == "regression" else PANELS[task],
        tuple(curves),
        tuple(marks),
        story(state, values, now),
        recipe=recipe(values, axis, ERROR[task], TRAIN[task]),
    )


def story(state: dict, values: dict, now: dict) -> str:
    """Which directions are learned at this size, and what structure gains or costs."""
    axis, task = state["against"], state["task"]
    equal, place, loud, error = state[other(axis)], state[axis], state["phi1"], now[ERROR[task]]
    count, total = ("N", "P") if axis == "alpha" else ("P", "N")
    if not learnable(values):
        return UNLEARNABLE[task]
    if np.isnan(error):
        return f"Without ridge, at the peak, the error is {tell_threshold(task)}, whatever the structure of the data."
    none = at(values | ISOTROPIC)[ERROR[task]]
    costs = f"{tell_wrong(task, error)}, against {tell_error(task, none)} without structure"
    if values["rx"] == 1:
        return f"All inputs are equally loud (r_x = 1): there is no structure to find. {tell_wrong(task, error)}."
    if values["rb"] == 1:
        return f"The teacher weighs all inputs alike: {costs}."
    if kind(values) == "misaligned":
        verdict = "hides" if error > none else "no longer hides"
        return f"Misaligned: the loud directions say little, and their noise {verdict} the quiet ones that matter. {costs}."
    scarce, what, level = (
        ("N", "little data", state["alpha"]) if state["alpha"] < state["gamma"] else ("P", "few parameters", state["gamma"])
    )
    if level < 0.8 * loud:
        return f"{scarce} = {level / loud:.2g} φ₁D: too {what} even for the loud directions. {costs}."
    if not square(values):
        side = "separable" if state["alpha"] < now["alpha_sep"] else "not separable"
        return f"{count} = {place / loud:.2g} φ₁D: the loud directions are learned. {costs}. The labels are {side} (α_sep = {tell(now['alpha_sep'])})."
    if abs(np.log(place / equal)) < 0.1:
        before = curve(values, axis, np.geomspace(LOW, 0.8 * equal, 15))[ERROR[task]].min() if equal > 2 * LOW else np.inf
        peak = "the peak: structure does not remove it" if error > 1.05 * before else "and hardly a peak"
        return f"{count} = {total}, {peak}. {costs}."
    if place < equal:
        return f"{count} = {place / loud:.2g} φ₁D, before the peak at {count} = {total}: the loud directions are learned already. {costs}."
    return f"{count} = {place / equal:.2g} {total}, past the peak: now the quiet directions count. {costs}."


def tell_wrong(task: str, error: float) -> str:
    """A test error as a sentence begins with it."""
    return f"Error {tell(error)}" if task == "regression" else f"{error:.1%} wrong"


def numbers(state: dict) -> list[Number]:
    task, values = state["task"], parameters(state)
    now, none = at(values), at(values | ISOTROPIC)
    mirrored = at(values | {"rb": 1 / values["rb"]})
    best = at(values, lam="opt")
    symbol = r"E(\nu-h)^2" if task == "regression" else r"\varepsilon_g"
    return [
        Number(symbol, "test error", now[ERROR[task]], f"isotropic data {tell(none[ERROR[task]])}"),
        Number(symbol, f"with $r_\\beta$ = {tell(1 / values['rb'])}", mirrored[ERROR[task]], "the teacher mirrored"),
        Number(r"\varepsilon_t" if task == "classification" else r"\frac12(y-h)^2", "training", now[TRAIN[task]]),
        Number(symbol, "with the best ridge", best[ERROR[task]], f"λ = {tell(best['lam'])}"),
        Number("e", "of the teacher seen", now["explained"], f"isotropic data {tell(none['explained'])}"),
    ]


def members(state: dict) -> int:
    return MEMBERS if square(state) else 15


def plane(state: dict) -> Picture:
    """The test error over the (α, γ) plane: where loud directions are known, where labels are fitted."""
    task, values = state["task"], parameters(state)
    side = np.geomspace(LOW, HIGH, 81 if square(values) else 41)
    field = cache.sweep(ID, {"gamma": side, "alpha": side}, **{k: v for k, v in values.items() if k not in ("alpha", "gamma")})[ERROR[task]]
    curves = [Curve("P = N", side, side, "here", weight=0.7)]
    heat = Heat(side, side, field, "test error", 0, 0.5)
    if task == "regression":
        heat = Heat(side, side, np.clip(field, 0.01, 10), "test error", 0.01, 10, log=True)
    else:
        separable = curve(values, "gamma", side, alpha=1.0, lam=1.0, loss="square")["alpha_sep"]
        curves.append(Curve("separable on its left", separable, side, "experiment", dash=1))
    return Picture(
        "Test error for any number of samples and parameters",
        AXES["alpha"],
        (AXES["gamma"],),
        tuple(curves),
        (
            Vertical("N = φ₁D", state["phi1"], role="optimum"),
            Horizontal("P = φ₁D", state["phi1"], role="optimum"),
            Label("P = N", 0.02, 0.02),
        ),
        heat=heat,
    )


VIEW = View(
    id="loud",
    name="Loud directions",
    model=ID,
    question="Are a few loud directions in the data learned before the overfitting peak?",
    controls=(
        replace(ALPHA, default=0.2),
        replace(GAMMA, default=1.0),
        replace(FLIPS, default=0.0, words="label noise: its variance, or the probability of a flip"),
        replace(RIDGE, default=1e-3),
        LOUD,
        LOUDNESS,
        ALIGNMENT,
        AGAINST,
        choice("task", "task", {"classification": "classification", "regression": "regression"}, default="classification"),
        LOSS,
        replace(ACTIVATION, default="tanh", options=("tanh", "relu", "erf", "sign", "linear"), more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "seen before the peak": {},
        "misaligned": {"rb": 0.01},
        "the peak stays": {"alpha": 1.0},
        "grow the network": {"against": "gamma", "alpha": 1.0, "gamma": 0.2},
        "regression": {"task": "regression", "delta": 0.2},
        "logistic: no peak": {"loss": "logistic"},
    },
    notice=(
        "With an aligned teacher the test error falls already at N ≈ φ₁D: the student learns the few loud directions first.",
        "The overfitting peak at N = P remains: there the quiet directions, and label noise, are fitted by force.",
        "A misaligned teacher is worse than no structure: what is loud does not matter, what matters is quiet.",
        "The same in γ: with as many features as there are loud directions an aligned teacher is already represented.",
        "The logistic loss hardly overfits at N = P; its mild peak sits where the labels cease to be separable.",
    ),
    map=Map("alpha", "gamma", plane),
    experiment=experiment(lambda state: (ERROR[state["task"]], TRAIN[state["task"]])),
    members=members,
)

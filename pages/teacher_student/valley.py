"""The error against the ridge: a valley between interpolation and Hebb's rule."""

from dataclasses import replace

import numpy as np

from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Region, Vertical
from pages.kit.words import above, percent, tell
from pages.teacher_student.convex import (
    ALPHA,
    AXES,
    EXCESS,
    FLIPS,
    ID,
    LOSS,
    MAP,
    RIDGE,
    ROLES,
    at,
    bayes,
    curve,
    excess,
    experiment,
    recipe,
    rings,
    weight,
)

LARGE = 1e8
"""A ridge at which every loss has become Hebb's rule."""


def picture(state: dict, points: int) -> Picture:
    grid = np.geomspace(AXES["lam"].low, AXES["lam"].high, points // 2)
    now, best = at(state), at(state, lam="opt")
    curves = []
    for loss, role in ROLES.items():
        found, thickness = curve(state, "lam", grid, loss=loss), weight(state, loss)
        error, optimum = found["gen_error"], found["gen_error_bayes"]
        curves.append(Curve(loss, grid, error, role, weight=thickness))
        curves.append(Curve(loss, grid, excess(error, optimum), role, weight=thickness, panel=1, legend=False))
    ring = rings(state["lam"], now["gen_error"], excess(now["gen_error"], now["gen_error_bayes"]))
    return Picture(
        "Test error against the ridge",
        AXES["lam"],
        (Axis("ε_g", "test error", weight=1.4), EXCESS),
        (*curves, bayes(grid, found), *ring),
        (
            Vertical(f"best λ = {tell(best['lam'])}", best["lam"] if best["lam"] > 0 else np.nan, role="optimum"),
            Region(f"← {left_end(state, now)}", AXES["lam"].low, 3e-3, panel=1, height=0.12),
            Region("Hebb's rule →", 3, AXES["lam"].high, panel=1, height=0.12),
        ),
        story(state, now, best),
        recipe=recipe(state, "lam", "gen_error", "gen_error_bayes"),
    )


def left_end(state: dict, now: dict) -> str:
    """The student of vanishing ridge."""
    if state["loss"] == "square":
        return "least squares"
    if state["alpha"] < now["alpha_sep"]:
        return "widest margin"
    return "maximum likelihood" if state["loss"] == "logistic" else "least hinge loss"


def story(state: dict, now: dict, best: dict) -> str:
    """Which side of the valley the slider is on, and what the best ridge brings."""
    loss, optimum = state["loss"], now["gen_error_bayes"]
    here = f"λ = {tell(state['lam'])}: {percent(now['gen_error'])} missed"
    if best["lam"] == 0:
        return f"{here}. At this α the {loss} loss needs no ridge: its best is {percent(best['gen_error'])}, at λ → 0."
    if now["gen_error"] < 1.002 * best["gen_error"]:
        return f"{here}, the bottom of the valley of the {loss} loss: {above(best['gen_error'], optimum)}."
    gain = f"λ = {tell(best['lam'])} would bring {percent(best['gen_error'])}, {above(best['gen_error'], optimum)}"
    if state["lam"] > best["lam"]:
        return f"{here}, too much ridge: the student only averages the samples. {gain}."
    return f"{here}, too little ridge: the {loss} loss fits its training labels too well. {gain}."


def numbers(state: dict) -> list[Number]:
    now, best, hebb = at(state), at(state, lam="opt"), at(state, lam=LARGE)
    none = at(state, lam=0.0)["gen_error"]
    return [
        Number(r"\varepsilon_g", "test error", now["gen_error"], f"Bayes: {tell(now['gen_error_bayes'])}"),
        Number(r"\lambda_{opt}", "best ridge", best["lam"]),
        Number(r"\varepsilon_g", "with the best ridge", best["gen_error"]),
        Number(r"\varepsilon_g", f"λ = 0, {left_end(state, now)}", none),
        Number(r"\varepsilon_g", "λ → ∞, Hebb's rule", hebb["gen_error"], "the same for every loss"),
    ]


VIEW = View(
    id="valley",
    name="The valley of λ",
    model=ID,
    question="How much ridge does each loss want?",
    controls=(ALPHA, replace(FLIPS, high=0.45), RIDGE, LOSS),
    picture=picture,
    numbers=numbers,
    presets={
        "three valleys": {},
        "few samples": {"alpha": 0.5},
        "much data": {"alpha": 20.0, "lam": 1e-3},
        "flips want more ridge": {"delta": 0.1, "alpha": 2.0},
        "too much: Hebb's rule": {"lam": 100.0},
    },
    notice=(
        "At λ → ∞ all losses become Hebb's rule: the weights are the plain average of label times input.",
        "At λ → 0 on separable data, hinge and logistic reach the same student, that of the widest margin. The logistic loss gets there only "
        "logarithmically: at λ = 10⁻⁵ it still differs, and for the better.",
        "Between the two lies the valley. That of the logistic loss, without flips, almost touches Bayes.",
        "The hinge loss is level at small λ: once every training label is beyond the margin, less ridge changes nothing.",
    ),
    map=MAP,
    experiment=experiment("lam", (1e-4, 1e-3, 0.01, 0.05, 0.2, 1.0, 5.0, 30.0, 200.0), ("gen_error",)),
    members=lambda state: 17,
)

"""The error on two unequal clouds against their shares: what the intercept costs."""

import numpy as np

from pages.double_descent.clouds import (
    ALPHA,
    AXES,
    ERROR,
    ID,
    LOSS,
    RIDGE,
    SHARE,
    SPREAD,
    at,
    curve,
    experiment,
    lines,
    recipe,
    smaller,
)
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Label, Picture, here
from pages.kit.words import above, percent, tell


def picture(state: dict, points: int) -> Picture:
    grid = np.linspace(AXES["prob"].low, AXES["prob"].high, points // 2 * 2 + 1)
    fitted, none = (curve(state, "prob", grid, bias=bias) for bias in ("fit", "zero"))
    now = at(state)
    return Picture(
        f"Test error of {state['loss']} loss on unequal clouds",
        AXES["prob"],
        (ERROR, Axis("b", "intercept", -5, 5)),
        (
            Curve("fitted intercept", grid, fitted["gen_error"], "theory"),
            Curve("its best intercept", grid, fitted["gen_error_bopt"], "theory", dash=1, weight=0.8),
            Curve("no intercept", grid, none["gen_error"], "second"),
            *lines(fitted, grid),
            Curve("the majority", grid, np.minimum(grid, 1 - grid), "threshold", dash=1, weight=0.7, legend=False),
            Curve("intercept", grid, fitted["b"], "theory", panel=1, legend=False),
            here(state["prob"], now["gen_error"]),
            here(state["prob"], now["b"], 1),
        ),
        (Label("majority", 0.33, 0.42),),
        story(state, now),
        recipe=recipe(state, "prob", "gen_error", "gen_error_bopt", "gen_error_bayes"),
    )


def story(state: dict, now: dict) -> str:
    """What the intercept does at these shares."""
    error, optimum = now["gen_error"], now["gen_error_bayes"]
    if now["q"] == 0:
        return f"The hinge loss answers with the majority: {percent(error)} missed. Bayes, who does better, misses {percent(optimum)}."
    if state["prob"] == 0.5:
        return f"Equal clouds: no intercept is needed. {percent(error)} missed, {above(error, optimum)}."
    worse = " The majority alone would do better!" if error > smaller(state) * (1 + 1e-9) else ""
    lost = error / now["gen_error_bopt"] - 1
    cost = f"the fitted intercept costs {100 * lost:.2g} % of it" if lost > 1e-4 else "the fitted intercept is the best there is"
    return f"With {percent(state['prob'])} in one cloud {percent(error)} are missed, {above(error, optimum)}; {cost}.{worse}"


def numbers(state: dict) -> list[Number]:
    now = at(state)
    return [
        Number(r"\varepsilon_g", "test error", now["gen_error"], f"Bayes: {tell(now['gen_error_bayes'])}"),
        Number(r"\varepsilon_g^b", "same plane, best intercept", now["gen_error_bopt"]),
        Number("b", "intercept", now["b"]),
        Number(r"\min(\rho,1-\rho)", "the majority", smaller(state)),
    ]


VIEW = View(
    id="share",
    name="Unequal clouds",
    model=ID,
    question="What if one cloud is much larger than the other?",
    controls=(ALPHA, SPREAD, RIDGE, SHARE, LOSS),
    picture=picture,
    numbers=numbers,
    presets={
        "one in five": {"prob": 0.2},
        "rare": {"prob": 0.05, "alpha": 5.01},
        "much ridge": {"prob": 0.2, "lam": 100.0},
        "few samples": {"prob": 0.3, "alpha": 0.5, "lam": 0.01},
    },
    notice=(
        "The intercept that minimises the training loss is not the one that minimises the error; the dashed line shows the same plane, shifted.",
        "Without an intercept the plane passes midway between the clouds: right for equal ones, wasteful for unequal ones.",
        "Answering with the majority misses min(ρ, 1−ρ). A badly regularised student can do worse than that.",
    ),
    experiment=experiment("prob", (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.85, 0.95), ("gen_error", "b")),
    members=lambda state: 17,
)

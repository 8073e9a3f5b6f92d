"""The error of three losses on two clouds against the number of samples."""

import numpy as np

from pages.double_descent.clouds import (
    ALPHA,
    AXES,
    ERROR,
    ID,
    INTERCEPT,
    LOSS,
    MAP,
    RIDGE,
    ROLES,
    SHARE,
    SPREAD,
    at,
    curve,
    experiment,
    lines,
    majority,
    recipe,
    weight,
)
from pages.kit.explorer import Number, View
from pages.kit.grids import around
from pages.kit.picture import Axis, Curve, Picture, Vertical, here
from pages.kit.words import above, percent, tell


def picture(state: dict, points: int) -> Picture:
    now = at(state)
    threshold, curves = now["alpha_sep"], []
    for loss, role in ROLES.items():
        grid = around(1.0 if loss == "square" else threshold, AXES["alpha"].low, AXES["alpha"].high, points, 0.2)
        found = curve(state, "alpha", grid, loss=loss)
        curves.append(Curve(loss, grid, found["gen_error"], role, weight=weight(state, loss)))
        curves.append(Curve(loss, grid, found["train_error"], role, weight=weight(state, loss), panel=1, legend=False))
    return Picture(
        "Test and training error of three losses on two clouds",
        AXES["alpha"],
        (ERROR, Axis("ε_t", "training", -0.02, 0.52)),
        (*curves, *lines(found, grid), here(state["alpha"], now["gen_error"]), here(state["alpha"], now["train_error"], 1)),
        (Vertical("N = D", 1.0), Vertical(f"α_sep = {threshold:.3g}", threshold), majority(state)),
        story(state, now),
        recipe=recipe(state, "alpha", "gen_error", "train_error", "gen_error_bayes"),
    )


def story(state: dict, now: dict) -> str:
    """How far the loss in view is from the optimum here, and why."""
    loss, alpha, optimum = state["loss"], state["alpha"], now["gen_error_bayes"]
    gap = f"{percent(now['gen_error'])} missed, {above(now['gen_error'], optimum)} ({percent(optimum)})"
    if now["q"] == 0:
        return f"The hinge loss has given up: it answers with the majority, {percent(now['gen_error'])} missed. Bayes: {percent(optimum)}."
    if loss == "square" and state["lam"] < 0.1 and abs(np.log(alpha)) < 0.4:
        return f"Near N = D the square loss just fits every label, and pays for it: {gap}."
    if now["train_error"] < 1e-3 and alpha < now["alpha_sep"]:
        return f"At α = {alpha:.3g} a plane still separates the training samples. Fresh ones: {gap}."
    return f"At α = {alpha:.3g} the {loss} loss: {gap}. With the centres known it would be {percent(now['gen_error_oracle'])}."


def numbers(state: dict) -> list[Number]:
    now = at(state)
    return [
        Number(r"\varepsilon_g", "test error", now["gen_error"], f"Bayes: {tell(now['gen_error_bayes'])}"),
        Number(r"\varepsilon_t", "training error", now["train_error"]),
        Number(r"\varepsilon_{oracle}", "centres known", now["gen_error_oracle"], "α → ∞"),
        Number(r"\alpha_{sep}", "separable below", now["alpha_sep"], "2 for Δ → ∞ (Cover)"),
        Number("b", "intercept", now["b"], "0 for equal clouds"),
    ]


VIEW = View(
    id="samples",
    name="More samples",
    model=ID,
    question="How many samples does it take to tell two clouds apart?",
    controls=(ALPHA, SPREAD, RIDGE, SHARE, LOSS, INTERCEPT),
    picture=picture,
    numbers=numbers,
    presets={
        "three losses": {},
        "hardly any ridge": {"lam": 1e-3, "loss": "square", "alpha": 1.0},
        "much ridge": {"lam": 100.0},
        "unequal clouds": {"prob": 0.2, "lam": 1.0, "alpha": 5.01},
        "narrow clouds": {"delta": 0.2, "lam": 0.01},
    },
    notice=(
        "Even infinitely many samples leave an error: the clouds overlap. That is the line of known centres.",
        "With hardly any ridge the square loss peaks at N = D: it fits every label with the largest weights. The others have no such peak.",
        "A plane can separate the samples up to $α_{sep}$: 2 for clouds so wide that labels are random, as Cover found, more for narrow ones.",
        "With much ridge all losses become one, the difference of the means, and for equal clouds that is Bayes-optimal.",
    ),
    map=MAP,
    experiment=experiment("alpha", (0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 4.0, 6.0, 10.0), ("gen_error", "train_error")),
    members=lambda state: 21,
)

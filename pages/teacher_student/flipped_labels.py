"""The error against the rate of flipped labels, and the rate at which the labels cease to be separable."""

from dataclasses import replace

import numpy as np

from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Label, Picture, Vertical
from pages.kit.words import above, percent, tell
from pages.teacher_student.convex import (
    ALPHA,
    AXES,
    COINS,
    FLIPS,
    ID,
    LOSS,
    RIDGE,
    ROLES,
    at,
    bayes,
    curve,
    experiment,
    recipe,
    rings,
    weight,
)

RATES = 0.5 * np.linspace(0, 1, 121) ** 3
"""Rates of flips, closest where the separability threshold diverges."""


def picture(state: dict, points: int) -> Picture:
    few = state["lam"] == "opt"
    grid = (0.4999 if few else 0.5) * np.linspace(0, 1, 33 if few else points) ** 2
    now, delta = at(state), state["delta"]
    curves = []
    for loss, role in ROLES.items():
        found = curve(state, "delta", grid, loss=loss)
        curves.append(Curve(loss, grid, found["gen_error"], role, weight=weight(state, loss)))
    optimum = curve(state, "delta", RATES, lam=1.0, loss="square")
    threshold = optimum["alpha_sep"]
    most = float(np.interp(1 / state["alpha"], 1 / threshold, np.cbrt(RATES), right=np.nan)) ** 3
    return Picture(
        "Test error against the rate of flipped labels",
        AXES["delta"],
        (Axis("ε_g", "test error", 0, 0.52, weight=1.8), Axis("α_sep", "separable below", 1, 200, log=True)),
        (
            *curves,
            bayes(RATES, optimum),
            Curve("α_sep", RATES, np.where(np.isfinite(threshold), threshold, np.nan), "threshold", panel=1, legend=False),
            *rings(delta, now["gen_error"], state["alpha"]),
        ),
        (
            Vertical("no longer separable", most),
            Horizontal(f"α = {state['alpha']:.3g}", state["alpha"], role="here", panel=1),
            Label("separable", 0.25, 1.35, panel=1),
            Label("not separable", 0.3, 30, panel=1),
        ),
        story(state, now, most),
        branch="opt" if state["lam"] == "opt" else "",
        recipe=recipe(state, "delta", "gen_error", "gen_error_bayes", "alpha_sep"),
    )


def story(state: dict, now: dict, most: float) -> str:
    """What the flips cost, and whether a student could still fit them all."""
    loss, delta, error = state["loss"], state["delta"], now["gen_error"]
    if delta == 0.5:
        return COINS
    if np.isnan(error):
        return "Without ridge there is no solution exactly here: the weights diverge. Any λ > 0 cures it."
    flips = "No flips" if delta == 0 else f"{percent(delta)} of the labels flipped"
    separable = "always separable" if np.isinf(now["alpha_sep"]) else "separable" if state["alpha"] < now["alpha_sep"] else "not separable"
    text = (
        f"{flips}, {separable}: the {loss} loss misses {percent(error)} of fresh noiseless labels, {above(error, now['gen_error_bayes'])}"
    )
    clean = at(state, delta=0.0)["gen_error"]
    if delta > 0 and clean == clean:
        return f"{text}; without flips it would miss {percent(clean)}."
    return f"{text}." if np.isnan(most) else f"{text}. More than {percent(most)} of flips would make the labels inseparable."


def numbers(state: dict) -> list[Number]:
    now = at(state)
    return [
        Number(r"\varepsilon_g", "test error", now["gen_error"], f"Bayes: {tell(at(state, lam=1.0)['gen_error_bayes'])}"),
        Number(r"\varepsilon_g^\Delta", "against noisy labels", now["gen_error_noisy"], f"floor Δ = {tell(state['delta'])}"),
        Number(r"\varepsilon_t", "training error", now["train_error"]),
        Number(r"\alpha_{sep}", "separable below", at(state, lam=1.0)["alpha_sep"], "2 for coin flips"),
        Number(r"\lambda", "ridge in use", now["lam"]),
    ]


VIEW = View(
    id="flips",
    name="Flipped labels",
    model=ID,
    question="What do wrong labels cost?",
    controls=(
        replace(ALPHA, default=3.98),
        replace(FLIPS, default=0.1, ticks=lambda state: ()),
        replace(RIDGE, default=0.0, named={"λ = 0": 0.0, "λ optimal": "opt"}),
        LOSS,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "without ridge": {},
        "few flips": {"delta": 0.02, "alpha": 5.01},
        "a little ridge": {"lam": 0.1},
        "the best ridge": {"lam": "opt"},
        "much data: hinge wins": {"alpha": 20.0, "loss": "hinge"},
    },
    notice=(
        "$α_{sep}$ falls from infinity, without flips, to 2 for coin flips: Cover's random labels. A few flips suffice to make much data inseparable.",
        "Without ridge logistic and hinge err most where separability ends, forced to fit the last flips that can be fitted. Just beyond it more flips make them *better*.",
        "A little ridge removes most of that damage; at many flips, with the best ridge, all losses come close to Bayes.",
        "With flips and much data the hinge loss stays ahead of logistic and square, and all three far behind Bayes.",
    ),
    experiment=experiment("delta", (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5), ("gen_error",)),
    members=lambda state: 7 if state["lam"] == "opt" else 17,
)

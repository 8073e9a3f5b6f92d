"""The error of three losses on two clouds against the ridge: is infinitely much the best?"""

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
    smaller,
    weight,
)
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Vertical, here
from pages.kit.words import above, percent, tell

INFINITE = 1e6


def picture(state: dict, points: int) -> Picture:
    grid, curves = np.geomspace(AXES["lam"].low, AXES["lam"].high, points // 2), []
    now, best = at(state), at(state, lam="opt")
    for loss, role in ROLES.items():
        found = curve(state, "lam", grid, loss=loss)
        curves.append(Curve(loss, grid, found["gen_error"], role, weight=weight(state, loss)))
        curves.append(Curve(loss, grid, found["b"], role, weight=weight(state, loss), panel=1, legend=False))
    inside = AXES["lam"].low < best["lam"] < AXES["lam"].high
    return Picture(
        "Test error and intercept against the ridge",
        AXES["lam"],
        (ERROR, Axis("b", "intercept", -3, 3)),
        (*curves, *lines(found, grid), here(state["lam"], now["gen_error"]), here(state["lam"], now["b"], 1)),
        (Vertical(f"best λ = {tell(best['lam'])}", best["lam"] if inside else np.nan, role="optimum"), majority(state)),
        story(state, now, best),
        recipe=recipe(state, "lam", "gen_error", "b", "gen_error_bayes"),
    )


def story(state: dict, now: dict, best: dict) -> str:
    """Whether more ridge or less would help."""
    optimum, missed = now["gen_error_bayes"], f"λ = {tell(state['lam'])}: {percent(now['gen_error'])} missed"
    if now["q"] == 0:
        return f"{missed}. At every ridge the hinge loss answers with the majority: too little signal to move it."
    if state["prob"] == 0.5:
        return f"{missed}, {above(now['gen_error'], optimum)}. Equal clouds: the more ridge the better, and at λ → ∞ every loss is Bayes-optimal."
    if state["bias"] == "zero" and best["lam"] >= INFINITE:
        return f"{missed}, {above(now['gen_error'], optimum)} ({percent(optimum)}). Without an intercept more ridge always helps, but the plane stays midway."
    if state["bias"] == "fit" and now["gen_error"] > 0.999 * smaller(state):
        return f"{missed}: too much ridge. Only the intercept is left, and it votes with the majority."
    if now["gen_error"] < 1.001 * best["gen_error"]:
        return f"{missed}, the best this loss can do: {above(best['gen_error'], optimum)}. Unequal clouds want a finite ridge."
    return f"{missed}; λ = {tell(best['lam'])} would bring {percent(best['gen_error'])}, {above(best['gen_error'], optimum)} ({percent(optimum)})."


def numbers(state: dict) -> list[Number]:
    now, best = at(state), at(state, lam="opt")
    return [
        Number(r"\varepsilon_g", "test error", now["gen_error"], f"Bayes: {tell(now['gen_error_bayes'])}"),
        Number(r"\lambda_{opt}", "best ridge", best["lam"] if best["lam"] < INFINITE else np.inf, "∞ for equal clouds"),
        Number(r"\varepsilon_g", "with the best ridge", best["gen_error"]),
        Number(r"\varepsilon_g^b", "same plane, best intercept", now["gen_error_bopt"]),
        Number(r"\varepsilon_g", "λ → ∞", at(state, lam=INFINITE)["gen_error"], "the majority, if unequal"),
    ]


VIEW = View(
    id="ridge",
    name="More ridge",
    model=ID,
    question="Can there be too much ridge?",
    controls=(ALPHA, SPREAD, RIDGE, SHARE, LOSS, INTERCEPT),
    picture=picture,
    numbers=numbers,
    presets={
        "equal clouds": {"lam": 100.0},
        "unequal clouds": {"prob": 0.2, "lam": 1.0},
        "too much": {"prob": 0.2, "lam": 1000.0},
        "no intercept": {"prob": 0.2, "bias": "zero", "lam": 1000.0},
        "the hinge gives up": {"prob": 0.1, "delta": 2.0, "alpha": 30.0, "loss": "hinge"},
    },
    notice=(
        "Equal clouds: with λ → ∞ every loss becomes the difference of the means, which is Bayes-optimal: no valley at all. (The dots have "
        "exactly as many samples in one cloud as in the other; a chance surplus of √N would already move the intercept more than the weights.)",
        "Unequal clouds: the ridge pulls on the weights but not on the intercept. Too much of it leaves only the intercept, and everything is "
        "called by the name of the larger cloud. The best ridge is finite.",
        "Without an intercept much ridge is harmless again, but the plane passes midway between the clouds, and that is not optimal.",
        "The hinge loss goes further: with a weak signal its weights are exactly zero, at every ridge, beyond a finite number of samples.",
    ),
    map=MAP,
    experiment=experiment("lam", (1e-3, 0.01, 0.1, 0.5, 2.0, 10.0, 100.0, 1000.0), ("gen_error", "b")),
    members=lambda state: 11,
)

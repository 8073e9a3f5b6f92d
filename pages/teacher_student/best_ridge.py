"""Three losses, each with its best ridge: how close they come to Bayes, and what that ridge is."""

from dataclasses import replace

import numpy as np

from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Vertical
from pages.kit.words import above, percent, tell
from pages.teacher_student.convex import (
    ALPHA,
    AXES,
    ERROR,
    EXCESS,
    FLIPS,
    ID,
    LOSS,
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

SAMPLES = replace(ALPHA, step=0.05)
GRID = np.array(SAMPLES.stops)
FLOOR = 1e-4


def best(state: dict, loss: str) -> dict[str, float]:
    """The observables of `loss` with its best ridge: read off the drawn curve where the slider stands on it, else solved for."""
    stop = np.flatnonzero(state["alpha"] == GRID)
    found = curve(state, "alpha", GRID, loss=loss, lam="opt") if stop.size else None
    return at(state, loss=loss, lam="opt") if found is None else {name: column[stop[0]] for name, column in found.observables.items()}


def drawn(ridge):
    """The ridge as a logarithmic axis can show it: 0 lies below its floor."""
    return np.maximum(ridge, FLOOR / 100)


def picture(state: dict, points: int) -> Picture:
    now, alpha = best(state, state["loss"]), state["alpha"]
    optimum = curve(state, "alpha", GRID, lam=1.0, loss="square")
    curves = []
    for loss, role in ROLES.items():
        found, thickness = curve(state, "alpha", GRID, loss=loss, lam="opt"), weight(state, loss)
        curves.append(Curve(loss, GRID, found["gen_error"], role, weight=thickness))
        curves.append(
            Curve(loss, GRID, excess(found["gen_error"], optimum["gen_error_bayes"]), role, weight=thickness, panel=1, legend=False)
        )
        curves.append(Curve(loss, GRID, drawn(found["lam"]), role, weight=thickness, panel=2, legend=False))
    ring = rings(alpha, now["gen_error"], excess(now["gen_error"], now["gen_error_bayes"]), drawn(now["lam"]))
    return Picture(
        "Three losses, each with its best ridge",
        AXES["alpha"],
        (replace(ERROR, weight=1.1), replace(EXCESS, weight=1.1), Axis("λ_opt", "ridge", FLOOR, 100, log=True)),
        (*curves, bayes(GRID, optimum), *ring),
        (Vertical(f"α_sep = {optimum['alpha_sep'][0]:.3g}", optimum["alpha_sep"][0]),),
        story(state, now),
        recipe=recipe(state, "alpha", "gen_error", "lam", "gen_error_bayes", lam="opt"),
    )


def story(state: dict, now: dict) -> str:
    """How close the loss in view comes, and which loss comes closest."""
    loss, optimum = state["loss"], now["gen_error_bayes"]
    errors = {other: best(state, other)["gen_error"] for other in ROLES}
    first = min(errors, key=errors.get)
    ridge = "best without ridge" if now["lam"] == 0 else f"best ridge λ = {tell(now['lam'])}"
    text = f"At α = {state['alpha']:.3g} the {loss} loss ({ridge}) misses {percent(now['gen_error'])}: {above(now['gen_error'], optimum)}"
    return text + (
        "; no other loss comes closer." if first == loss else f"; the {first} loss comes closest, {above(errors[first], optimum)}."
    )


def numbers(state: dict) -> list[Number]:
    found = {loss: best(state, loss) for loss in ROLES}
    now = found[state["loss"]]
    fixed = f"square: {tell(found['square']['lam'])} at every α"
    return [
        Number(r"\varepsilon_{Bayes}", "the optimum", at(state, lam=1.0)["gen_error_bayes"]),
        *(
            Number(r"\varepsilon_g", f"{loss}, best ridge", one["gen_error"], above(one["gen_error"], one["gen_error_bayes"]))
            for loss, one in found.items()
        ),
        Number(r"\lambda_{opt}", f"best ridge, {state['loss']}", now["lam"], fixed),
    ]


VIEW = View(
    id="best-ridge",
    name="The best ridge",
    model=ID,
    question="How close to the optimum can a convex loss come?",
    controls=(SAMPLES, replace(FLIPS, high=0.45, live=False), LOSS),
    picture=picture,
    numbers=numbers,
    presets={
        "almost Bayes": {},
        "much data, no flips": {"alpha": 100.0},
        "one flip in a hundred": {"delta": 0.01, "alpha": 10.0},
        "hinge resists flips": {"delta": 0.1, "alpha": 10.0, "loss": "hinge"},
        "square: one ridge for all α": {"loss": "square"},
    },
    notice=(
        "Without flips the logistic loss with its best ridge is within 0.07 % of the Bayes-optimal error at every α: a convex problem, solved "
        "in a second, instead of an average over all teachers.",
        "The best ridge of the square loss does not depend on α: $λ = π/2(1-2Δ)^2 - 1$. Those of logistic and hinge shrink as data grow.",
        "Flips break the match: Bayes errs as 1/α even then, convex losses as $α^{-1/2}$. With few data the ridge still makes up for most of it.",
        "With flips and much data the best ridge of logistic and hinge is none at all: the curves leave the lowest panel through its floor.",
    ),
    experiment=experiment("alpha", (0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 4.0, 6.0, 10.0), ("gen_error",), lambda state: "opt"),
    members=lambda state: 25,
)

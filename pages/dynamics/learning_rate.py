"""The error against the learning rate, at any time: plateau, fastest learning, and the rate beyond which it is never perfect."""

from dataclasses import replace

import numpy as np

from pages.dynamics.committee import ASYMMETRY, ID, LEARNED, MODEL, RATE, TIME, course, landscape, map_picture, positive, tell
from pages.kit.controls import Control
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Picture, Recipe, Vertical, here


def network(state: dict) -> dict:
    """A student that matches its teacher."""
    return {"activation": "erf", "M": state["K"]} | state


def story(state: dict, rates: np.ndarray, error: np.ndarray, found) -> str:
    now, height, end, limit = (found[name] for name in ("gen_error", "gen_error_plateau", "t_escape", "eta_max"))
    best = rates[np.nanargmin(error)]
    begin = f"At t = {tell(state['t'])} and η = {tell(state['eta'])}"
    if now < LEARNED:
        return f"{begin} the rule is learned."
    if not np.isfinite(height):
        return f"{begin} the error is {tell(now)}: steps this large have no plateau to wait on, the norms of the weights grow for ever."
    if state["eta"] > limit and not state["t"] < end:
        return f"{begin} the error is {tell(now)}. Above η_max = {tell(limit)} the noise of the steps themselves keeps it from vanishing."
    if now > 0.9 * height:
        return (
            f"{begin} the error is {tell(now)}, on the plateau or still above it. The least error at this time belongs to η = {best:.2g}."
        )
    return f"{begin} the error is {tell(now)}: the plateau is left behind. The least error at this time belongs to η = {best:.2g}."


def picture(state: dict, points: int) -> Picture:
    state = network(state)
    plane = landscape(state)
    rates, i = np.array(plane.axes["eta"]), int(np.argmin(np.abs(np.array(plane.axes["t"]) - state["t"])))
    curve, _, j = course(state)
    error = plane["gen_error"][:, i]
    found = {name: curve[name][j] for name in ("gen_error", "gen_error_plateau", "escape_rate", "t_escape", "eta_max")}
    fastest = rates[np.nanargmax(plane["escape_rate"][:, 0])]
    return Picture(
        "Error at time t, and what decides it, for every learning rate",
        Axis("η", "learning rate", *RATE.bounds, log=True),
        (Axis("ε_g", "error", LEARNED, 1, log=True, weight=1.6), Axis("λ", "escape rate", 1e-3, 1, log=True)),
        (
            Curve("error at time t", rates, positive(error)),
            Curve("height of the plateau", rates, plane["gen_error_plateau"][:, 0], "second", dash=1),
            Curve("growth rate of the escape", rates, positive(plane["escape_rate"][:, 0]), panel=1, legend=False),
            here(state["eta"], max(found["gen_error"], LEARNED)),
            here(state["eta"], found["escape_rate"], panel=1),
        ),
        (Vertical(f"η_max = {found['eta_max']:.4g}", found["eta_max"]), Vertical(f"fastest = {fastest:.2g}", fastest, panel=1)),
        story(state, rates, error, found),
        recipe=Recipe(
            ID, "eta", *RATE.bounds, 41, True, {name: value for name, value in state.items() if name != "eta"}, ("gen_error", "escape_rate")
        ),
    )


def numbers(state: dict) -> list[Number]:
    state = network(state)
    curve, _, i = course(state)
    K = state["K"]
    return [
        Number(r"\varepsilon_g(t)", "error now", curve["gen_error"][i]),
        Number(r"\varepsilon_g^{plateau}", "height of the plateau", curve["gen_error_plateau"][0]),
        Number(r"\lambda", "growth rate of the escape", curve["escape_rate"][0]),
        Number(r"t_{esc}", "escape: half the plateau", curve["t_escape"][0]),
        Number(
            r"\eta_{max}",
            "largest learning rate",
            curve["eta_max"][0],
            f"Saad & Solla print {3**0.5 * np.pi / (K - 1 + 3 / 5**0.5):.4g}",
        ),
    ]


VIEW = View(
    id="rate",
    name="Learning rate",
    model=ID,
    question="Which learning rate learns fastest, and which one never learns?",
    controls=(
        RATE,
        TIME,
        Control(MODEL.parameter("K"), 2, 4, words="units of student and teacher", live=False),
        replace(ASYMMETRY, live=False, more=True),
        Control(MODEL.parameter("sigma"), 0, 1, 0.01, words="label noise, standard deviation", live=False, more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "on the plateau": {"t": 50.1},
        "the first to learn": {"t": 200.0, "eta": 1.58},
        "too large steps": {"t": 1e4, "eta": 2.51},
        "no plateau at all": {"t": 1000.0, "eta": 4.46},
    },
    notice=(
        "Move the time: the curve falls onto the plateau, then learning breaks through at one learning rate first and spreads.",
        "Small steps: the plateau is low but the escape slow, at a rate proportional to η. Large steps: the plateau is high, and the escape slows down again.",
        "Beyond $η_{max}$ the error stays away from zero for ever, though there is no noise in the labels: each example moves the student too far.",
        "The plateau's height climbs with η until, further right, there is no unspecialised state of finite norm at all.",
    ),
    map=Map("t", "eta", lambda state: map_picture(network(state))),
)

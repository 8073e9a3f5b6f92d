"""How long the plateau lasts: the escape against the asymmetry of the start."""

from dataclasses import replace

import numpy as np

import cache
from pages.dynamics.committee import ID, MODEL, RATE, choice, positive, tell
from pages.kit.controls import Control
from pages.kit.experiment import Experiment, spread
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Recipe, Vertical, here

LADDER = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""Asymmetries of the drawn curves: random weights in D = 10² ... 10¹² dimensions."""


def network(state: dict) -> dict:
    return {"K": state["K"], "M": state["K"], "eta": state["eta"], "activation": state["activation"]}


def course(state: dict, times: np.ndarray) -> tuple[np.ndarray, dict[str, float]]:
    """The error at `times`; height of the plateau, growth rate and time of the escape."""
    curve = cache.sweep(ID, {"t": times}, eps=state["eps"], **network(state))
    return positive(curve["gen_error"]), {name: curve[name][0] for name in ("gen_error_plateau", "escape_rate", "t_escape")}


def rounded_up(value: float) -> float:
    """The next half of a power of ten or its multiple: where an axis may end."""
    half = 0.5 * 10 ** np.floor(np.log10(value))
    return float(half * np.ceil(value / half))


def story(state: dict, found: dict) -> str:
    if not np.isfinite(found["gen_error_plateau"]):
        return f"At η = {tell(state['eta'])} there is no plateau to leave: the steps are too large for the units to settle anywhere."
    if not np.isfinite(found["t_escape"]):
        return f"At η = {tell(state['eta'])} the error never falls to half its plateau: the noise of so large a step holds it."
    more = float(f"{np.log(10) / found['escape_rate']:.2g}")
    size = float(f"{state['eps'] ** -2:.2g}")
    return (
        f"With ε = {tell(state['eps'])}, the overlap of random weights in {tell(size)} dimensions, the plateau ends at "
        f"t = {tell(found['t_escape'])}. A hundred times more inputs would add just {tell(more)} or so."
    )


def picture(state: dict, points: int) -> Picture:
    line = cache.sweep(ID, {"eps": LADDER}, t=0.0, **network(state))
    last, exists = line["t_escape"][-1], np.isfinite(line["t_escape"][-1])
    times = np.linspace(0, rounded_up(1.1 * last) if exists else 1000.0, 60 if points < 200 else 120)
    error, found = course(state, times)
    curves = []
    for eps in LADDER:
        name = f"D = {tell(eps**-2)}"
        curves.append(Curve(name, times, course(state | {"eps": eps}, times)[0], "series-5", weight=0.7, legend=False))
    size = np.array(LADDER) ** -2.0
    law = last + np.log(LADDER[-1] / np.array(LADDER)) / found["escape_rate"]
    curves += [
        Curve("error at ε", times, error, legend=False),
        Curve("theory", line["t_escape"], size, panel=1),
        Curve("ln D / 2λ + constant", law, size, "second", panel=1, dash=1),
        here(found["t_escape"], found["gen_error_plateau"] / 2),
        here(found["t_escape"], state["eps"] ** -2.0, panel=1),
    ]
    return Picture(
        "A hundred times more inputs: the same little longer on the plateau",
        Axis("t", "examples per input dimension", 0, times[-1]),
        (Axis("ε_g", "error", 1e-4, 1, log=True, weight=1.3), Axis("D = 1/ε²", "inputs", 10, 1e12, log=True)),
        tuple(curves),
        (Vertical(f"escape = {tell(found['t_escape'])}", found["t_escape"]),) if exists else (),
        takeaway=story(state, found),
        branch="" if exists else "no plateau",
        recipe=Recipe(ID, "eps", 1e-6, 1e-1, 6, True, {**network(state), "t": 0.0}, ("t_escape", "escape_rate")),
    )


def numbers(state: dict) -> list[Number]:
    found = course(state, np.zeros(1))[1]
    rate = found["escape_rate"]
    small = state["activation"] == "erf"
    K = state["K"]
    return [
        Number(r"t_{esc}", "end of the plateau", found["t_escape"]),
        Number(
            r"\lambda",
            "growth rate of the escape",
            rate,
            f"η → 0: {2 / np.pi * state['eta'] * K / ((2 * K - 1) ** 0.5 * (2 * K + 1) ** 1.5):.3g}" if small else "",
        ),
        Number(r"\ln 100/2\lambda", "added by 100 times more inputs", np.log(10) / rate),
        Number(r"\varepsilon_g^{plateau}", "height of the plateau", found["gen_error_plateau"]),
    ]


def sampled(state: dict) -> list[float]:
    """Times of the dots: past the escape of a network of some hundred inputs, at most 500."""
    end = cache.sweep(ID, {"eps": LADDER}, t=0.0, **network(state))["t_escape"][1]
    return spread(5, min(500.0, 1.7 * end) if np.isfinite(end) else 200.0, 25)


def dots(state: dict, values: list, found: dict) -> list[Curve]:
    error = found["gen_error"]
    return [Curve("SGD, random weights", np.array(values), positive(error.mean), "experiment", "dots", error.sem)]


VIEW = View(
    id="escape",
    name="How long it lasts",
    model=ID,
    question="How much longer does a network with more inputs wait on the plateau?",
    controls=(
        Control(MODEL.parameter("eps"), 1e-6, 0.25119, 0.1, 1e-3, log=True, words="asymmetry at the start: about 1/√D for random weights"),
        replace(RATE, ticks=lambda state: (), live=False),
        Control(MODEL.parameter("K"), 2, 4, words="units of student and teacher", live=False),
        choice("activation", "activation", {"erf": "erf", "relu": "ReLU"}, more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "a hundred inputs": {"eps": 0.1},
        "a million inputs": {"eps": 1e-3},
        "a trillion inputs": {"eps": 1e-6},
        "faster steps": {"eta": 1.5},
        "three units": {"K": 3},
        "ReLU": {"activation": "relu", "eta": 0.2},
    },
    notice=(
        "The escapes are evenly spaced: each curve has a hundred times more inputs than the one before and waits the same time longer.",
        "On the plateau differences between units grow as $e^{λt}$. They start at ε and end at order one: $t_{esc}$ ≈ ln(1/ε)/λ, and with ε ≈ 1/√D, ln D/(2λ).",
        "Time t counts examples per input, so the number of examples spent on the plateau is D ln D/(2λ).",
        "The dots are networks of 500 inputs with random weights: they escape between the curves of 10² and 10⁴ inputs.",
        "A larger learning rate shortens every plateau, until the noise of the steps works against it (view “Learning rate”).",
    ),
    experiment=Experiment(
        ID,
        lambda state: ("t", sampled(state)),
        lambda state: network(state) | {"init": "random"},
        dots,
        "Networks of D inputs with random weights, one gradient step per fresh example. Nothing but chance tells their units apart: "
        "whatever ε the slider says, they should escape where the theory with ε ≈ 1/√D does.",
        size=(50, 500, 1000),
        trials=(2, 4, 10),
    ),
    members=lambda state: 28 if state["K"] == 2 and state["activation"] == "erf" else 0,
)

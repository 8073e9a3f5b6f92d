"""Three clusters: a problem that is not convex, whose solution must first be found."""

from dataclasses import replace

import numpy as np

from engine import Sweep
from pages.dynamics.training import (
    BATCH,
    HORIZON,
    ID,
    LOSS,
    MODEL,
    PERSISTENCE,
    RATE,
    RIDGE,
    ROLES,
    SAMPLES,
    STEPS,
    STOP,
    batches,
    best,
    doubt,
    experiment,
    parameters,
    positive,
    reached,
)
from pages.kit.controls import Control
from pages.kit.explorer import EXACT, Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Picture, Recipe, Vertical, here
from pages.kit.words import tell

X = Axis("t", "steps of gradient descent", 0, HORIZON)


def three(state: dict) -> dict:
    return state | {"clusters": 3, "R": 0.01}


def escape(curve: Sweep) -> float:
    """The step at which the overlap reaches half its largest value; nan where it never leaves its beginning."""
    m = curve["m"][: reached(curve) + 1]
    found = np.flatnonzero(m >= 0.5 * m.max())
    return float(found[0]) if m.max() > 0.3 else np.nan


def delay(curve: Sweep) -> float:
    """Steps that each factor of ten in m₀ costs: ln 10 over the growth of ln m half way to the escape."""
    end = escape(curve)
    if not end >= 4:
        return np.nan
    i = int(end / 2)
    growth = np.log(curve["m"][i + 1] / curve["m"][i - 1]) / 2
    return np.log(10) / growth if growth > 0 else np.nan


def story(state: dict, curves: dict[str, Sweep]) -> str:
    """Whether the outer clusters are found yet, and what comes after."""
    name, curve = list(curves.items())[-1]
    stop, (step, least), end = state["steps"], best(curve), escape(curve)
    if reached(curve) < HORIZON:
        return f"η = {tell(state['eta'])} is too large: descent diverges at step {reached(curve) + 1}."
    begin = f"After {stop} step{'s' * (stop > 1)} the {name} misses {tell(100 * curve['gen_error'][stop])} %"
    if np.isnan(end):
        return f"{begin}: in {HORIZON} steps the weights have not found the direction of the outer clusters; m is still {tell(curve['m'][-1])}."
    cost = (
        f"then the error climbs to {tell(100 * curve['gen_error'][-1])} %" if curve["gen_error"][-1] > 1.01 * least else "and stays there"
    )
    if stop < end:
        return f"{begin}: the direction of the outer clusters is still to be found, at step {end:.0f}. The least error, {tell(100 * least)} %, comes at step {step}, {cost}."
    return f"{begin}. The direction was found at step {end:.0f}; the least error, {tell(100 * least)} %, came at step {step}, {cost}."


def picture(state: dict, points: int) -> Picture:
    curves, error = batches(three(state), points)
    t, stop, drawn = np.array(STEPS), state["steps"], []
    for name, curve in curves.items():
        drawn += [
            Curve(f"{name}, test", t, curve["gen_error"], ROLES[name]),
            Curve(f"{name}, training", t, curve["train_error"], ROLES[name], dash=1, weight=0.7),
            Curve(name, t, positive(curve["m"]), ROLES[name], panel=1, legend=False),
        ]
    now = list(curves.values())[-1]
    return Picture(
        f"Error and overlap, three clusters{doubt(error)}",
        X,
        (Axis("ε", "error", 0, 0.55, weight=1.8), Axis("m", "overlap", 1e-4, 100, log=True)),
        (*drawn, here(stop, now["gen_error"][stop]), here(stop, positive(now["m"])[stop], panel=1)),
        (
            Vertical(f"found: step {escape(now):.0f}", escape(now), panel=1),
            Vertical(f"best: step {best(now)[0]}", best(now)[0], panel=0),
            Horizontal("guessing", 0.5),
        ),
        story(state, curves),
        branch="full" if state["batch"] == 1 else "mini",
        recipe=Recipe(ID, "steps", 0, HORIZON, HORIZON + 1, False, parameters(three(state)), ("gen_error", "train_error", "m")),
    )


def numbers(state: dict) -> list[Number]:
    curves, error = batches(three(state), EXACT)
    curve = list(curves.values())[-1]
    stop, (step, least), wait = state["steps"], best(curve), delay(curve)
    return [
        Number(r"\varepsilon_g(t)", f"test error at step {stop}", curve["gen_error"][stop]),
        Number(r"\varepsilon_g^{min}", "least test error", least, f"at step {step}"),
        Number(r"t_{esc}", "step at which m is half its largest", escape(curve)),
        Number(r"\ln10/\text{rate}", "steps per factor of ten in m₀", wait, "none at m₀ = 0: for ever"),
        Number(r"\varepsilon_t(t)", "training error", curve["train_error"][stop]),
        Number(r"\delta\varepsilon_g", "from seed to seed", error),
    ]


def dots(state: dict, t: np.ndarray, found: dict) -> list[Curve]:
    """The training runs in both panels."""
    names = (("gen_error", 0), ("train_error", 0), ("m", 1))
    return [
        Curve(f"training runs {name}" if i else "training runs", t, positive(found[name].mean) if panel else found[name].mean, "experiment", "dots", found[name].sem, panel)
        for i, (name, panel) in enumerate(names)
    ]  # fmt: skip


VIEW = View(
    id="three-clusters",
    name="Three clusters",
    model=ID,
    question="How long until descent finds the way out, and how soon has it gone too far?",
    controls=(
        replace(SAMPLES, low=0.31623, default=3.16),
        Control(MODEL.parameter("delta"), 0.01, 0.31623, 0.05, 0.0501, log=True, words="variance of each cluster"),
        replace(RIDGE, default=0.1),
        Control(MODEL.parameter("m0"), 1e-4, 0.31623, 0.1, 0.01, log=True, words="overlap at the start"),
        replace(STOP, log=False, step=1, default=50),
        replace(BATCH, default=1.0, live=False),
        replace(RATE, default=0.1),
        Control(MODEL.parameter("L"), 0.3, 1.5, 0.05, words="half width of the door", live=False, more=True),
        replace(LOSS, more=True),
        PERSISTENCE,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "a late discovery": {"m0": 1e-4, "steps": 90},
        "a start in the right direction": {"m0": 0.2, "steps": 15},
        "small batches wait longer": {"batch": 0.3, "steps": 120},
        "a strong ridge keeps the error low": {"lam": 1.0, "steps": 150},
        "wide clusters": {"delta": 0.2, "steps": 150},
    },
    notice=(
        "The middle cluster has the label -1, the two outer ones +1, and the answer is whether the field leaves a door of half width $L$. Without a direction ($m=0$) all one can do is guess.",
        "$m = 0$ is a fixed point that is not stable: m grows by the same factor at each step, a straight line below. Each factor of ten in $m_0$ costs the same number of steps.",
        "Right after the escape the error is at its least; then the weights grow beyond what the door asks for, and it rises again while training error and loss still fall.",
        "The dots are training runs at D = 1000. Where $m_0$ is not large beside $1/\\sqrt D$ = 0.03 chance adds an overlap of its own: they escape early, or to the other side.",
    ),
    experiment=experiment(
        dots,
        "Data sets of αD samples, half from the middle cluster, a quarter from each outer one; random weights with overlap exactly $m_0$. "
        "Where m₀ is below 1/√D the runs escape early or to the other side.",
        list(range(0, HORIZON + 1, 6)),
        clusters=3,
        R=0.01,
    ),
    members=lambda state: 13,
)

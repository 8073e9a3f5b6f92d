"""Four learning rules on the same stream of labels: the powers of time with which they learn, and where flipped labels stop them."""

import numpy as np

import cache
import engine
from engine import Estimate
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Label, Picture, Recipe, here
from pages.kit.words import tell

ID = "online-classifier"
MODEL = engine.model(ID)
RULES = {"hebb": "Hebb", "perceptron": "perceptron", "adatron": "AdaTron", "optimal": "optimal"}
ROLES = {"hebb": "second", "perceptron": "theory", "adatron": "algorithm", "optimal": "optimum"}
TIME = Axis("t", "examples per input dimension", 0.1, 1e4, log=True)
ERROR = Axis("ε_g", "probability of an error", 5e-5, 1, log=True, weight=2.2)
FLIPS = Axis("Δ", "flipped labels", 0, 0.5)
LATE = 1e6
"""A time at which every rule follows its power law."""
POWERS = {1 / 4: "1/∜t", 1 / 3: "1/∛t", 1 / 2: "1/√t", 1.0: "1/t"}


def theory(state: dict, **changes) -> dict:
    """The model's parameters; what a rule does not use at its default."""
    state = state | changes
    unused = ("eta", "q0") if "optimal" in (state["rule"], state["schedule"]) else ()
    return {name: value for name, value in state.items() if name not in unused}


def along(state: dict, axis: str, values: np.ndarray, **changes) -> engine.Sweep:
    parameters = theory(state, **changes)
    return cache.sweep(ID, {axis: values}, **{name: value for name, value in parameters.items() if name != axis})


def at(state: dict, **changes) -> dict[str, float]:
    return engine.solve(ID, **theory(state, **changes))


def power(state: dict, rule: str) -> float:
    """The power of 1/t with which the error of a rule vanishes; 0 where it does not."""
    flipped = state["flip"] > 0
    if state["flip"] == 0.5:
        return 0.0
    if rule == "optimal":
        return 1.0
    if rule == "hebb":
        return 1 / 2
    if state["schedule"] == "optimal":
        return {"perceptron": 1 / 2, "adatron": 1 / 4}[rule] if flipped else 1.0
    if flipped or (rule == "adatron" and state["eta"] > 3):
        return 0.0
    return 1 / 3 if rule == "perceptron" or state["eta"] == 3 else 1.0


def guide(state: dict, rule: str, late: float, final: float) -> Curve:
    """The power law a rule follows in the end, or the error at which it stops."""
    x = np.array([TIME.low, TIME.high])
    exponent = power(state, rule)
    y = late * (x / LATE) ** -exponent if exponent else np.full(2, final)
    return Curve(f"{RULES[rule]}, late", x, y, ROLES[rule], dash=1, weight=0.5, legend=False)


def picture(state: dict, points: int) -> Picture:
    times = np.geomspace(TIME.low, TIME.high, points)
    flips = 0.5 * np.sin(np.linspace(0, np.pi / 2, points // 3)) ** 2
    curves, marks = [], []
    for rule, name in RULES.items():
        found = along(state, "t", np.append(times, LATE), rule=rule)
        weight = 1.4 if rule == state["rule"] else 0.8
        curves.append(Curve(name, times, found["gen_error"][:-1], ROLES[rule], weight=weight))
        curves.append(guide(state, rule, found["gen_error"][-1], found["gen_error_inf"][-1]))
        final = along(state, "flip", flips, rule=rule, t=0.0)["gen_error_inf"]
        curves.append(Curve(f"{name}, final", flips, final, ROLES[rule], panel=1, weight=weight, legend=False))
    now = at(state)
    exponent = power(state, state["rule"])
    if exponent:
        marks.append(Label(f"dashed, late: {POWERS[exponent]}", 1.2, 1.5e-4, ROLES[state["rule"]]))
    return Picture(
        "Four rules on the same examples",
        TIME,
        (ERROR, Axis("", "final error", 0, 0.5, x=FLIPS)),
        (*curves, here(state["t"], now["gen_error"]), here(state["flip"], now["gen_error_inf"], 1)),
        tuple(marks),
        story(state, now),
        recipe=Recipe(ID, "t", 0.1, 1e4, 101, True, {k: v for k, v in theory(state).items() if k != "t"}, ("gen_error", "rho")),
    )


def story(state: dict, now: dict) -> str:
    """How well the chosen rule does, and where it is going."""
    rule, flip, final = state["rule"], state["flip"], now["gen_error_inf"]
    name = {"hebb": "Hebb's rule", "perceptron": "the perceptron", "adatron": "the AdaTron", "optimal": "the optimal rule"}[rule]
    begin = f"At t = {tell(state['t'])} {name} errs on {tell(100 * now['gen_error'])} % of new examples"
    if flip == 0.5:
        return f"{begin}: half of the labels are flipped, they say nothing."
    exponent = power(state, rule)
    if not exponent:
        if flip == 0:
            return f"{begin} and ends at {tell(100 * final)} %: with η = {state['eta']:.3g} > 3 it overshoots, though every label is right."
        return f"{begin} and stops at {tell(100 * final)} %: it goes on trusting every label, also the {tell(100 * flip)} % that are wrong."
    least = at(state, rule="optimal")["gen_error"]
    tail = "no rule learns faster from one look at each example" if rule == "optimal" else f"the optimal rule on {tell(100 * least)} %"
    return f"{begin}, {tail}. In the end its error falls as {POWERS[exponent]}."


def numbers(state: dict) -> list[Number]:
    now = at(state)
    late = at(state, t=LATE)["gen_error"]
    exponent = power(state, state["rule"])
    return [
        Number(r"\varepsilon_g(t)", "error now", now["gen_error"], f"optimal rule: {tell(at(state, rule='optimal')['gen_error'])}"),
        Number(r"\rho", "cosine with the teacher", now["rho"]),
        Number("t^{p}\\varepsilon_g", "constant of the late law", late * LATE**exponent if exponent else np.nan, POWERS.get(exponent, "it stops")),
        Number(r"\varepsilon_g(\infty)", "final error", now["gen_error_inf"], f"perceptron: {tell(np.arccos(1 - 2 * state['flip']) / np.pi)}"),
    ]  # fmt: skip


def plane(state: dict) -> Picture:
    """The error of the chosen rule over time and flipped labels."""
    times, flips = np.geomspace(TIME.low, TIME.high, 81), np.linspace(0, 0.5, 51)
    error = cache.sweep(ID, {"flip": flips, "t": times}, **{n: v for n, v in theory(state).items() if n not in ("flip", "t")})["gen_error"]
    return Picture(
        f"Error of the rule: {RULES[state['rule']]}",
        TIME,
        (FLIPS,),
        heat=Heat(times, flips, np.clip(error, 1e-3, 0.5), "error", 1e-3, 0.5, log=True),
    )


def dots(state: dict, values: list, *found: dict[str, Estimate]) -> list[Curve]:
    drawn = []
    for name, estimates in zip(RULES.values(), found, strict=True):
        error = estimates["gen_error"]
        legend = not drawn
        drawn.append(
            Curve(
                f"{name} simulated" if drawn else "simulation", np.array(values), error.mean, "experiment", "dots", error.sem, legend=legend
            )
        )
    return drawn


CONSTANT = dict(when=lambda state: state["schedule"] == "constant", live=True)

VIEW = View(
    id="rules",
    name="The classic rules",
    model=ID,
    question="What is the best use of an example seen once?",
    controls=(
        Control(MODEL.parameter("rule"), words="rule", labels=RULES, live=False),
        Control(MODEL.parameter("flip"), 0, 0.5, 0.005, words="flipped labels"),
        Control(MODEL.parameter("t"), 0.1, 1e4, 0.05, 100.0, log=True, words="time: examples seen, per input dimension"),
        Control(
            MODEL.parameter("schedule"), words="learning rate", labels={"constant": "constant", "optimal": "best at each time"}, live=False
        ),
        Control(
            MODEL.parameter("eta"),
            0.1,
            10,
            0.02,
            log=True,
            words="learning rate",
            ticks=lambda state: [(1.5, "best"), (3.0, "stops")] if state["rule"] == "adatron" and state["flip"] == 0 else [],
            **CONSTANT,
        ),
        Control(MODEL.parameter("rho0"), 0, 0.95, 0.05, words="cosine with the teacher at the start", live=False, more=True),
        Control(
            MODEL.parameter("q0"), 0.01, 100, 0.1, 1.0, log=True, words="squared norm at the start", more=True, **CONSTANT | {"live": False}
        ),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "clean labels": {},
        "10 % flipped": {"flip": 0.1, "t": 1000.0},
        "best schedule": {"schedule": "optimal"},
        "AdaTron too bold": {"rule": "adatron", "eta": 3.47, "t": 1000.0},
        "optimal, 10 % flipped": {"rule": "optimal", "flip": 0.1, "t": 1000.0},
    },
    notice=(
        "Same examples, different powers: Hebb, which learns from every example alike, falls as $t^{-1/2}$; the perceptron, which learns from "
        "its errors, as $t^{-1/3}$; the AdaTron, whose steps shrink with the error, as $1/t$.",
        "The perceptron needs no new rule, only a better schedule: with the best learning rate at each time it falls as $4/πt$.",
        "The optimal rule ends at $0.88/t$: twice the error of the best student who may look at all examples as often as it wants, $0.44/α$.",
        "Flip some labels: at constant η perceptron and AdaTron stop, because they answer every error in full. Hebb averages; the optimal rule "
        "learns to distrust labels that contradict it.",
    ),
    map=Map("t", "flip", plane),
    experiment=Experiment(
        ID,
        lambda state: ("t", [0.3, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 50]),
        lambda state: {name: value for name, value in state.items() if name not in ("t", "rule")},
        dots,
        "The same rules on random examples in dimension $D$, from exactly the same start as the theory. Where a learning rate depends on the "
        "overlap with the teacher it is that of the run itself.",
        size=(100, 500, 2000),
        trials=(2, 6, 20),
        series=tuple({"rule": rule} for rule in RULES),
    ),
)

"""Four rules on the same axes: weights of plus or minus one or real, labels or the field."""

import numpy as np

from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture
from pages.kit.words import tell
from pages.teacher_student.gibbs import GUESSING, ID, MODEL, OUTPUT, RULES, WEIGHTS, at, learning, measured, recipe, ring

LOW, HIGH, FLOOR = 0.05, 20.0, 1e-3
COLDEST, HOTTEST = 0.02, 2.0


def picture(state: dict, points: int) -> Picture:
    T, chosen = state["T"], (state["weights"], state["output"])
    now, unit = at(state), GUESSING[state["output"]]
    curves = []
    for i, ((weights, output), name) in enumerate(RULES.items()):
        values = {"T": T, "weights": weights, "output": output}
        (x, stable), (beyond, poor) = learning(values, LOW, HIGH, points, log=True)
        weight, branch = 1.4 if (weights, output) == chosen else 0.7, "two states" if np.isfinite(poor["R"]).any() else ""
        relative = np.maximum(stable["gen_error"] / GUESSING[output], 0.5 * FLOOR)
        curves.append(Curve(name, x, relative, f"series-{i}", weight=weight, branch=branch))
        curves.append(Curve(name, x, stable["R"], f"series-{i}", weight=weight, panel=1, legend=False, branch=branch))
        if (weights, output) == chosen:
            rest = np.maximum(poor["gen_error"] / GUESSING[output], 0.5 * FLOOR)
            curves.append(Curve("metastable", beyond, rest, f"series-{i}", dash=1, branch=branch, legend=False))
            curves.append(Curve("metastable", beyond, poor["R"], f"series-{i}", dash=1, branch=branch, panel=1, legend=False))
    alpha, relative = state["alpha"], max(now["gen_error"] / unit, 0.5 * FLOOR)
    rings = (ring(now, alpha, relative), ring(now, alpha, now["R"], 1))
    return Picture(
        "Four students, four rules, one temperature",
        Axis("α", "examples per weight, N/D", LOW, HIGH, log=True),
        (Axis("ε_g", "error, guessing = 1", FLOOR, 1.3, log=True, weight=1.5), Axis("R", "overlap", 0, 1.04)),
        (*curves, *rings),
        (),
        story(state, now),
        recipe=recipe(state, LOW, HIGH, True, "gen_error", "R", "R_poor"),
    )


def story(state: dict, now: dict) -> str:
    who, alpha, share = RULES[state["weights"], state["output"]], state["alpha"], now["gen_error"] / GUESSING[state["output"]]
    who = who[0].upper() + who[1:]
    error = f"{who}: at α = {alpha:.3g} the error is {tell(share)} of a guess"
    if state["weights"] == "spherical":
        law = "1/α" if state["output"] == "boolean" else "T/α"
        return f"Smooth. {error}, and it falls like {law}: real weights are never known exactly."
    if state["output"] == "boolean":
        if now["R"] == 1:
            return f"Abrupt. {who}: since the jump at α = {now['alpha_transition']:.3g} every weight is known and the error is zero."
        return f"Abrupt. {error}; at α = {now['alpha_transition']:.3g} it will drop to exactly zero."
    jump = now["alpha_jump"]
    if state["alpha"] < jump:
        return (
            f"Abrupt, at this temperature. {error}; at α = {jump:.3g} it will drop, though not to zero. Above T = 0.375 the drop is smooth."
        )
    if jump > 0:
        return f"Abrupt, at this temperature. {error} since the drop at α = {jump:.3g}. Above T = 0.375 the drop is smooth."
    return f"Smooth, but fast. {error}, and falls exponentially. Below T = 0.375 the same student jumps."


def numbers(state: dict) -> list[Number]:
    now = at(state)
    return [
        Number("R", "overlap with the teacher", now["R"]),
        Number("1-q", "spread of the students", 1 - now["q"], "0: all alike"),
        Number(r"\varepsilon_g", "generalization error", now["gen_error"], f"guessing: {GUESSING[state['output']]:g}"),
        Number(r"\varepsilon_t", "training error", now["train_error"]),
        Number("s", "entropy per weight", now["entropy"], "ln 2 = 0.693 at α = 0" if state["weights"] == "ising" else "0 at α = 0"),
    ]


VIEW = View(
    id="smoothness",
    name="Smooth or abrupt",
    model=ID,
    question="Which students learn smoothly, and which in a jump?",
    controls=(
        Control(MODEL.parameter("alpha"), LOW, HIGH, default=2.0, log=True),
        Control(
            MODEL.parameter("T"),
            COLDEST,
            HOTTEST,
            default=0.2,
            log=True,
            words="temperature: noise in the training",
            ticks=lambda state: [(0.3746, "0.375")] if (state["weights"], state["output"]) == ("ising", "linear") else [],
        ),
        WEIGHTS,
        OUTPUT,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "±1 weights, labels": {"alpha": 1.0},
        "±1 weights, field: a jump": {"output": "linear", "alpha": 0.562},
        "… and smooth": {"output": "linear", "alpha": 0.562, "T": 0.502},
        "real weights, labels": {"weights": "spherical", "alpha": 10.0},
        "real weights, field": {"weights": "spherical", "output": "linear", "alpha": 1.0},
    },
    notice=(
        "Real weights learn smoothly: each new example sharpens all of them a little, and the error falls like 1/α.",
        "Weights of ±1 have only $2^D$ values. Few of them agree with the teacher's labels on much of the input: there is a gap around the teacher "
        "in which no student can live, and equilibrium jumps across it to R = 1.",
        "Shown the field itself instead of its sign, ±1 weights still jump below T = 0.375, but to R < 1; above, the same rise is smooth. "
        "The end of such a line of jumps is a critical point, like that of water and steam.",
        "The error of ±1 weights shown the field falls exponentially: what is left are rare single flips, thermally excited.",
    ),
    experiment=Experiment(
        ID,
        lambda state: ("alpha", [0.1, 0.2, 0.4, 0.7, 1.0, 1.6, 2.5, 4.0]),
        lambda state: {name: state[name] for name in ("T", "weights", "output")},
        measured(("gen_error", "R"), lambda state: GUESSING[state["output"]]),
        "Metropolis Monte Carlo from random weights at temperature T: flips of single ±1 weights (2000 sweeps), rotations of pairs of real "
        "weights (4000 sweeps). It follows the metastable branch where there is one. Few samples: R scatters at small α.",
        size=(50, 100, 300),
        trials=(2, 6, 50),
    ),
    members=lambda state: 15,
)

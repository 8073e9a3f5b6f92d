"""Ising weights and labels: the jump to perfect generalization, and the student that misses it."""

import math

import numpy as np

from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Region, Vertical
from pages.teacher_student.gibbs import ID, MODEL, at, learning, measured, phase_diagram, recipe, ring

LOW, HIGH, HOTTEST = 0.02, 4.0, 1.5
NAMES = ("gen_error", "train_error")


def percent(error: float) -> str:
    return f"{100 * error:.2g} %"


def picture(state: dict, points: int) -> Picture:
    T, alpha = state["T"], state["alpha"]
    now = at(state)
    jump, end, zero = now["alpha_transition"], now["alpha_spinodal"], now["alpha_zero_entropy"]
    (x, stable), (beyond, poor) = learning({"T": T}, LOW, HIGH, points)
    curves = []
    for panel, name in enumerate(NAMES):
        legend = panel == 0
        curves += [
            Curve("equilibrium", x, stable[name], weight=1.3, panel=panel, legend=legend),
            Curve("poor, metastable", beyond, poor[name], dash=1, panel=panel, legend=legend),
            Curve("perfect, metastable", np.array([LOW, jump]), np.zeros(2), "optimum", dash=1, panel=panel, legend=legend),
            ring(now, alpha, now[name], panel),
        ]
    marks = [Vertical(f"jump: {jump:.3f}", jump), Vertical(f"spinodal: {end:.3f}", end, role="second")]
    if zero > jump * (1 + 1e-6):
        marks.append(Vertical(f"zero entropy: {zero:.3f}", zero, role="algorithm", panel=1))
    if not math.isnan(zero):
        marks.append(Region("", min(zero, end), end, shade=True))
    return Picture(
        "Error on fresh and on training examples",
        Axis("α", "examples per weight, N/D", 0, HIGH),
        (Axis("ε_g", "wrong fresh labels", -0.02, 0.52, weight=1.5), Axis("ε_t", "in training", -0.02, 0.42)),
        tuple(curves),
        tuple(marks),
        story(alpha, now),
        recipe=recipe(state, LOW, HIGH, False, "gen_error", "gen_error_poor", "train_error"),
    )


def story(alpha: float, now: dict) -> str:
    jump, end = now["alpha_transition"], now["alpha_spinodal"]
    error = percent(now["gen_error_poor"])
    if alpha < jump:
        return f"At α = {alpha:.3g} the student mislabels {error} of fresh inputs. It will understand all at once, at α = {jump:.3g}."
    if alpha < end:
        doubt = "" if now["entropy_poor"] > 0 else " (an estimate: replica symmetry fails here, its entropy is negative)"
        return (
            f"Equilibrium is perfect: no error at all. But a student that starts from random weights is stuck at {error}{doubt} "
            f"until α = {end:.3g}."
        )
    return f"At α = {alpha:.3g} only the teacher itself is left: every ±1 weight is known, the error is exactly zero."


def numbers(state: dict) -> list[Number]:
    now = at(state)
    return [
        Number(r"\varepsilon_g", "error in equilibrium", now["gen_error"]),
        Number(r"\varepsilon_g^{poor}", "from random weights", now["gen_error_poor"]),
        Number(r"\varepsilon_t^{poor}", "the same, in training", now["train_error_poor"], "0 at T = 0"),
        Number("s^{poor}", "its entropy per weight", now["entropy_poor"], "ln 2 = 0.693 at α = 0"),
        Number(r"\alpha_{tr}", "transition", now["alpha_transition"], "1.245 at T = 0 (Györgyi 1990)"),
        Number(r"\alpha_{sp}", "spinodal", now["alpha_spinodal"], "1.493 at T = 0"),
    ]


def loads(state: dict) -> tuple[str, list[float]]:
    """Fractions of the load at the jump."""
    jump = at(state)["alpha_transition"]
    return "alpha", [float(f"{fraction * jump:.3g}") for fraction in (0.2, 0.5, 0.8, 0.95, 1.1, 1.3, 1.6)]


VIEW = View(
    id="jump",
    name="The jump",
    model=ID,
    question="When does a student suddenly understand?",
    controls=(
        Control(
            MODEL.parameter("alpha"),
            LOW,
            HIGH,
            0.01,
            1.2,
            ticks=lambda state: [(at(state)["alpha_transition"], "jump"), (at(state)["alpha_spinodal"], "")],
        ),
        Control(MODEL.parameter("T"), 0, HOTTEST, 0.01, 0.5, words="temperature: noise in the training"),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "before the jump": {},
        "stuck": {"T": 1.0, "alpha": 2.6},
        "understood": {"T": 1.0, "alpha": 3.0},
        "T = 0 (Györgyi)": {"T": 0.0, "alpha": 1.25},
        "negative entropy": {"T": 0.2, "alpha": 1.45},
    },
    notice=(
        "Teacher and student have D weights of ±1. Up to the jump the student improves smoothly and still errs on a quarter of fresh inputs; "
        "then, without any intermediate stage, it errs on none. The training error jumps with it.",
        "Between jump and spinodal understanding is the equilibrium, but nobody finds it: Monte Carlo from random weights follows the dashed "
        "line, while a student started at the teacher stays there.",
        "The higher the temperature, the more examples are needed: for large T the jump is at α = 1.70 T. In a finite system it is rounded: "
        "close to the spinodal some of the dots (D = 150) have already fallen.",
        "Below T = 0.33 the entropy of the metastable branch becomes negative before it ends (shaded): replica symmetry has no meaning there. "
        "At low temperature Monte Carlo is glassy, and its dots lie above the line: it does not reach equilibrium in 2000 sweeps.",
        "At T = 0 the student is a random one among those that fit all labels: Bayesian sampling, 1.245 and 1.493.",
    ),
    members=lambda state: 21,
    map=phase_diagram((LOW, HIGH), (0.0, HOTTEST)),
    experiment=Experiment(
        ID,
        loads,
        lambda state: {"T": state["T"]},
        measured(NAMES),
        "Metropolis Monte Carlo on the training error at temperature T, single flips of ±1 weights, 2000 sweeps: once from random weights "
        "(cooled from T = 1), once from the teacher's. Dots are means over samples of examples.",
        size=(50, 150, 400),
        trials=(2, 6, 50),
        series=({"start": "random"}, {"start": "teacher"}),
    ),
)

"""Replica, annealed and high-temperature theory on the same axes."""

from dataclasses import replace

import numpy as np

import cache
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Vertical
from pages.kit.words import tell
from pages.teacher_student.gibbs import GUESSING, ID, MODEL, OUTPUT, WEIGHTS, at, learning, measured, recipe, ring

LOW, HIGH = 0.1, 31.6
COLDEST, HOTTEST = 0.01, 10.0
THEORIES = {"replica": "theory", "annealed": "second", "high-temperature": "series-3"}


def picture(state: dict, points: int) -> Picture:
    values = {name: state[name] for name in ("T", "weights", "output")}
    now = at(state)
    curves, marks, overlap, exact = [], [], 1 - np.linspace(1, 0, points) ** 2, at(state)["alpha_transition"]
    for i, (theory, role) in enumerate(THEORIES.items()):
        (x, stable), (beyond, poor) = learning(values | {"theory": theory}, LOW, HIGH, points, log=True)
        branch = "two states" if np.isfinite(poor["R"]).any() else ""
        for panel, name in enumerate(("gen_error", "train_error")):
            legend, weight = panel == 0, 1.3 if i == 0 else 0.9
            curves.append(Curve(theory, x, stable[name], role, panel=panel, legend=legend, weight=weight, branch=branch))
            curves.append(Curve(f"{theory}, poor", beyond, poor[name], role, dash=1, panel=panel, legend=False, weight=0.7, branch=branch))
        jump = at(state, theory=theory)["alpha_transition"]
        if jump < HIGH and (i == 0 or abs(np.log(jump / exact)) > 0.15):
            marks.append(Vertical(f"{theory}: {jump:.3g}" if i < 2 else f"high T: {jump:.3g}", jump, role=role, panel=i % 2))
        if i > 0:
            best = at(state, theory=theory)
            height = cache.sweep(ID, {"overlap": overlap}, **state | {"theory": theory})["potential"] - best["free_entropy"]
            height[~np.isfinite(height)] = np.nan
            curves.append(Curve(f"{theory}, landscape", overlap, height, role, panel=2, legend=False))
            curves.append(replace(ring(best, state["alpha"], 0.0, 2), name=f"{theory}, best", x=np.array([best["R"]])))
    limit = GUESSING[state["output"]]
    return Picture(
        "Three theories of the same student",
        Axis("α", "examples per weight, N/D", LOW, HIGH, log=True),
        (
            Axis("ε_g", "error", -0.04 * limit, 1.04 * limit, weight=1.3),
            Axis("ε_t", "in training", -0.04 * limit, 1.04 * limit),
            Axis("−βΔf", "landscape", -0.45, 0.05, x=Axis("R", "overlap with the teacher", 0, 1.01)),
        ),
        (*curves, *(ring(now, state["alpha"], now[name], panel) for panel, name in enumerate(("gen_error", "train_error")))),
        tuple(marks),
        story(state),
        recipe=recipe(state | {"theory": "replica"}, LOW, HIGH, True, "gen_error", "train_error"),
    )


def story(state: dict) -> str:
    found = {theory: at(state, theory=theory) for theory in THEORIES}
    errors = [found[theory]["gen_error_poor"] for theory in THEORIES]
    where = f"At T = {tell(state['T'])} and α = {state['alpha']:.3g}"
    if max(errors) < 1e-4:
        return f"{where} all three theories agree: the student has learned the rule."
    said = f"the poor student errs by {tell(errors[0])} (replica), {tell(errors[1])} (annealed), {tell(errors[2])} (high temperature)"
    spread = (max(errors) - min(errors)) / max(errors)
    if spread < 0.05:
        return f"{where} {said}: hot enough for the one-line theory of entropy against energy."
    if abs(errors[1] - errors[0]) < 0.05 * max(errors):
        return f"{where} {said}: averaging before the logarithm does little harm here, the limit of high temperature does."
    return f"{where} {said}: too cold for the simple theories, which are right in kind but not in number."


def numbers(state: dict) -> list[Number]:
    found = {theory: at(state, theory=theory) for theory in THEORIES}
    labels = state["weights"] == "ising" and state["output"] == "boolean"
    shown = [
        Number(r"\varepsilon_g", "replica", found["replica"]["gen_error"]),
        Number(r"\varepsilon_g", "annealed", found["annealed"]["gen_error"]),
        Number(r"\varepsilon_g", "high temperature", found["high-temperature"]["gen_error"]),
    ]
    if not labels:
        return shown
    return [
        *shown,
        Number(r"\alpha_{tr}", "transition, replica", found["replica"]["alpha_transition"], "T = 0: 1.245"),
        Number(r"\alpha_{tr}", "annealed", found["annealed"]["alpha_transition"], "T → 0: 1.448"),
        Number(r"\alpha_{tr}", "high temperature", found["high-temperature"]["alpha_transition"], "1.696 T"),
    ]


def loads(state: dict) -> tuple[str, list[float]]:
    """From few examples to where the hot student has learned, at most 8 per weight."""
    return "alpha", [float(f"{alpha:.2g}") for alpha in np.geomspace(0.2, min(8.0, 2 + 2 * state["T"]), 6)]


VIEW = View(
    id="theories",
    name="Three theories",
    model=ID,
    question="How simple may a theory of learning be?",
    controls=(
        Control(MODEL.parameter("alpha"), LOW, HIGH, default=1.0, log=True),
        Control(MODEL.parameter("T"), COLDEST, HOTTEST, default=0.501, log=True, words="temperature: noise in the training"),
        WEIGHTS,
        OUTPUT,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "lukewarm": {},
        "cold": {"T": 0.1, "alpha": 1.0},
        "hot": {"T": 10.0, "alpha": 15.8},
        "cold, shown the field": {"T": 0.1, "output": "linear", "alpha": 0.501},
        "real weights": {"weights": "spherical", "alpha": 3.16},
    },
    notice=(
        "High temperature: the entropy of all students at overlap R, less αβ times their error. This one line (bottom) contains the whole "
        "phenomenon: its highest point is the equilibrium, a second maximum is a metastable student, and the jump is where the two change places.",
        "Annealed: the mean of the partition function instead of that of its logarithm. It knows that training errors are fitted, and is exact "
        "for high temperature; at T → 0 it puts the jump at 1.448 instead of 1.245.",
        "Replicas: the mean of the logarithm. The dots decide: Monte Carlo falls on the replica line, but for the coldest labels, where it is too slow.",
        "The high-temperature theory cannot tell training error from generalization error: a hot student does not overfit.",
    ),
    experiment=Experiment(
        ID,
        loads,
        lambda state: {name: state[name] for name in ("T", "weights", "output")},
        measured(("gen_error", "train_error")),
        "Metropolis Monte Carlo from random weights at temperature T; it follows the metastable branch where there is one.",
        size=(50, 100, 200),
        trials=(2, 6, 50),
    ),
    members=lambda state: 21,
)

"""Infinitely many hidden units: a plateau that AMP never leaves."""

import math

import numpy as np

from pages.kit.controls import Control
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Label, Picture, Recipe, Region, Vertical, here
from pages.kit.words import tell
from pages.teacher_student.committee_units import ID, MODEL, at, lifted, line, ring

END = 12.0
PLATEAU = math.acos(2 / math.pi) / math.pi


def ticks(state: dict) -> list[tuple[float, str]]:
    return [(7.169, "7.17"), (7.68, "7.68")] if state["prior"] == "gaussian" else [(1.6176, "1.62")]


FEW = Axis("α", "samples per input, α of order 1", 0.1, 100, log=True)


def gain(state: dict, overlap: float) -> float:
    """Free entropy at an overlap with the own teacher unit, above that of the plateau; nan where there is none."""
    if math.isnan(overlap):
        return math.nan
    found = at(K="inf", prior=state["prior"], alpha_k=state["alpha_k"], overlap=overlap)
    return found["potential"] - found["free_entropy_unspec"]


def picture(state: dict, points: int) -> Picture:
    load, fixed = state["alpha_k"], {"K": "inf", "prior": state["prior"]}
    now, early = at(alpha_k=load, **fixed), at(alpha=state["alpha"], **fixed)
    wins, spinodal = now["alpha_it"], now["alpha_spinodal"]
    begins = spinodal if math.isfinite(spinodal) else 0.01
    below = begins + (wins - begins) * np.linspace(0, 1, points // 3) ** 2
    grid = np.concatenate([[0.0], below, np.linspace(wins, END, points)[1:]])
    curve = line("alpha_k", grid, **fixed)
    few = np.geomspace(FEW.low, FEW.high, points // 2)
    q = 1 - np.linspace(1, 0, points) ** 3
    landscape = line("overlap", q, alpha_k=load, **fixed)["potential"] - now["free_entropy_unspec"]
    metastable = np.where(grid <= wins, curve["gen_error_spec"], np.nan)
    return Picture(
        "Error of infinitely many hidden units, and the free-entropy landscape behind it",
        Axis("α/K", "samples per weight, N/DK", 0, END),
        (
            Axis("ε_g", "error", -0.01, 0.33, weight=1.3),
            Axis("f", "f(q_d) − f(0)", -0.25, 0.6, x=Axis("q_d", "overlap with own teacher unit", -0.02, 1.02)),
            Axis("ε_g", "error", 0.26, 0.52, weight=0.7, x=FEW),
        ),
        (
            Curve("optimal", grid, lifted(curve["gen_error_opt"], grid, wins), "optimum", weight=2, branch=state["prior"]),
            Curve("AMP", grid, curve["gen_error_amp"], "algorithm", branch=state["prior"]),
            Curve("specialized, not optimal", grid, metastable, "second", dash=1, branch=state["prior"]),
            Curve("landscape", q, np.where(np.isfinite(landscape), landscape, np.nan), panel=1, legend=False, branch=state["prior"]),
            Curve("few samples", few, line("alpha", few, **fixed)["gen_error_amp"], "algorithm", panel=2, legend=False),
            ring(load, now["gen_error_amp"], 0, now["phase"]),
            ring(0.0, 0.0, 1, now["phase"]),
            here(state["alpha"], early["gen_error_amp"], panel=2),
            Curve(
                "best student",
                np.array([now["qd_opt"]]),
                np.array([gain(state, now["qd_opt"])]),
                "optimum",
                "dots",
                panel=1,
                legend=False,
                branch=now["phase"],
            ),
        ),
        (
            Vertical(f"specialized from {spinodal:.4g}", spinodal, role="second", panel=0),
            Vertical(f"it wins: α/K = {wins:.4g}", wins, role="optimum", panel=0),
            Region("hard for ever", wins, END, shade=True, height=0.93),
            Horizontal("plateau 0.280", PLATEAU, role="algorithm", panel=2),
            Label("AMP", 0.05, 0.07, role="algorithm", panel=1),
        ),
        story(load, now),
        branch=state["prior"],
        recipe=Recipe(ID, "alpha_k", 0.1, END, 200, False, fixed, ("gen_error_amp", "gen_error_opt", "gen_error_spec", "qd_opt")),
    )


def story(load: float, now: dict) -> str:
    """What the landscape looks like, and what AMP makes of it."""
    stuck, best, spec = now["gen_error_amp"], now["gen_error_opt"], now["gen_error_spec"]
    if now["phase"] == "hard":
        perfect = "know the teacher" if best == 0 else f"err by {tell(best)}"
        return (
            f"Hard for ever: at α/K = {load:.3g} the best student would {perfect}, but a small specialization dies out again "
            f"at every α/K. AMP stays on the plateau, {tell(stuck)}."
        )
    if math.isnan(spec):
        return (
            f"At α/K = {load:.3g} all units are copies of one averaged perceptron, error {tell(stuck)}; "
            f"specialized students appear at α/K = {now['alpha_spinodal']:.3g}."
        )
    return (
        f"At α/K = {load:.3g} a specialized student (error {tell(spec)}) is a second peak of the landscape, but the lower one: "
        f"the plateau, {tell(stuck)}, is optimal until α/K = {now['alpha_it']:.3g}."
    )


def numbers(state: dict) -> list[Number]:
    now = at(K="inf", prior=state["prior"], alpha_k=state["alpha_k"])
    gaussian = state["prior"] == "gaussian"
    return [
        Number(
            r"\tilde\alpha_{sp}",
            "specialized state appears",
            now["alpha_spinodal"],
            "7.17 (Aubin et al. 2018)" if gaussian else "it always exists",
        ),
        Number(r"\tilde\alpha_{IT}", "it becomes optimal", now["alpha_it"], "7.65 (Aubin et al. 2018)" if gaussian else "ln 2 / 0.4285"),
        Number(r"\varepsilon_g^{AMP}", "plateau, AMP", now["gen_error_amp"], "arccos(2/π)/π"),
        Number(r"\varepsilon_g^{opt}", "optimal", now["gen_error_opt"]),
        Number("q_d", "overlap with own teacher unit", now["qd_opt"], "optimal; AMP: 0"),
        Number(r"\varepsilon_g", "at α of order 1", at(K="inf", prior=state["prior"], alpha=state["alpha"])["gen_error_amp"], "→ 0.280"),
    ]


VIEW = View(
    id="many",
    name="Many units: the plateau",
    model=ID,
    question="What if there are very many hidden units?",
    controls=(
        Control(MODEL.parameter("alpha_k"), 0, END, 0.02, 8.5, words="samples per weight, N/DK", ticks=ticks),
        Control(MODEL.parameter("alpha"), FEW.low, FEW.high, default=5.01, log=True, words="samples per input (lowest panel)"),
        Control(MODEL.parameter("prior"), words="weights", labels={"gaussian": "Gaussian", "binary": "±1"}, live=False),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "one averaged perceptron": {"alpha_k": 5.0},
        "two peaks": {"alpha_k": 7.5},
        "hard for ever": {"alpha_k": 9.5},
        "weights ±1": {"prior": "binary", "alpha_k": 2.2},
    },
    notice=(
        "Two clocks. With α of order 1 (lowest panel) all units together become one averaged perceptron, and the error reaches a plateau, 0.280. "
        "Then nothing happens until there are samples for every weight, α ~ K.",
        "At α/K = 7.17 a second peak appears in the landscape, students whose units each follow a teacher unit. At 7.68 it is the higher one: a first-order transition.",
        "The plateau $q_d$ = 0 stays a peak at every α/K: near it the landscape falls as $q_d^2$ with a slope that no amount of data reverses. AMP never leaves.",
        "Weights ±1: the only rival of the plateau is the teacher itself, $q_d$ = 1. It wins at α/K = 1.62, and is as hard to find.",
    ),
    members=lambda state: 25,
)

"""Infinitely many hidden units: a plateau that AMP never leaves."""

import math

import numpy as np

from engine import Parameter
from pages.kit.controls import Control
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Label, Picture, Recipe, Region, Vertical, here
from pages.kit.words import tell
from pages.teacher_student.committee_units import BEYOND, ID, MODEL, at, behind, lifted, line, ring

END = 10.0
FEW = Axis("α", "samples per input, N/D", 0.1, 100, log=True)
PLATEAU = math.acos(2 / math.pi) / math.pi
HEIGHTS = {"gaussian": (-0.08, 0.42), "binary": (-0.4, 0.6)}
CLOCK = Parameter("clock", "", "how many samples", "many", choices=("few", "many"))


def picture(state: dict, points: int) -> Picture:
    return (few if state["clock"] == "few" else many)(state, points)


def few(state: dict, points: int) -> Picture:
    """The early regime: one averaged perceptron on its way to the plateau."""
    alpha, fixed = state["alpha"], {"K": "inf", "prior": state["prior"]}
    now, grid = at(alpha=alpha, **fixed), np.geomspace(FEW.low, FEW.high, points)
    curve = line("alpha", grid, **fixed)
    return Picture(
        "Error of infinitely many hidden units that have seen few samples",
        FEW,
        (Axis("ε_g", "error", 0.24, 0.51, weight=1.3), Axis("q_a", "collective overlap", -0.02, 1.05)),
        (
            Curve("AMP, optimal", grid, curve["gen_error_amp"], "algorithm"),
            Curve("overlap", grid, curve["qa_amp"], "algorithm", panel=1, legend=False),
            here(alpha, now["gen_error_amp"]),
            here(alpha, now["qa_amp"], panel=1),
        ),
        (
            Horizontal("", PLATEAU),
            Label("plateau, 0.280", 0.35, 0.295),
            Label("one averaged perceptron", 0.6, 0.85, panel=1),
        ),
        f"At α = {alpha:.3g} all units together act as one averaged perceptron (q_a = {tell(now['qa_amp'])}), error "
        f"{tell(now['gen_error_amp'])}. More samples bring it down to the plateau at 0.280, no further, until α is of order K.",
        branch="few",
        recipe=Recipe(ID, "alpha", FEW.low, FEW.high, 200, True, fixed, ("gen_error_amp", "qa_amp")),
    )


def gain(state: dict, overlap: float) -> float:
    """Free entropy at an overlap with the own teacher unit, above that of the plateau."""
    found = at(K="inf", prior=state["prior"], alpha_k=state["alpha_k"], overlap=overlap)
    return found["potential"] - found["free_entropy_unspec"]


def many(state: dict, points: int) -> Picture:
    """The late regime: the plateau and its rival, and the landscape that holds both."""
    load, fixed = state["alpha_k"], {"K": "inf", "prior": state["prior"]}
    now = at(alpha_k=load, **fixed)
    wins, spinodal, best = now["alpha_it"], now["alpha_spinodal"], now["qd_opt"]
    begins = spinodal if math.isfinite(spinodal) else 0.01
    below = begins + (wins - begins) * np.linspace(0, 1, points // 3, endpoint=False) ** 2
    grid = np.concatenate([[0.0], below, [wins - BEYOND], behind(wins, END, points)])
    curve = line("alpha_k", grid, **fixed)
    q = 1 - np.linspace(1, 0, points) ** 3
    landscape = line("overlap", q, alpha_k=load, **fixed)["potential"] - now["free_entropy_unspec"]
    metastable = np.where(grid <= wins, curve["gen_error_spec"], np.nan)
    low, high = HEIGHTS[state["prior"]]
    marks = [
        Vertical(f"it wins: {wins:.4g}", wins, role="optimum", panel=0),
        Region("hard for ever", wins, END, shade=True, height=0.12),
        Label("AMP", 0.07, 0.2 * high, role="algorithm", panel=1),
    ]
    if math.isfinite(spinodal):
        marks += [Vertical("", spinodal, role="second", panel=0), Label(f"spinodal: {spinodal:.4g}", 5.5, 0.2, role="second")]
    return Picture(
        "Error of infinitely many hidden units, and the free-entropy landscape behind it",
        Axis("α/K", "samples per weight, N/DK", 0, END),
        (
            Axis("ε_g", "error", -0.015, 0.42, weight=1.3),
            Axis("f", "above plateau", low, high, x=Axis("q_d", "overlap with own teacher unit", -0.02, 1.02)),
        ),
        (
            Curve("optimal", grid, lifted(curve["gen_error_opt"], grid, wins), "optimum", weight=2),
            Curve("AMP", grid, curve["gen_error_amp"], "algorithm"),
            Curve("metastable", grid, metastable, "second", dash=1),
            Curve("landscape", q, np.where(np.isfinite(landscape), landscape, np.nan), panel=1, legend=False),
            Curve(
                "best student",
                np.array([best]),
                np.array([gain(state, best)]),
                "optimum",
                "dots",
                panel=1,
                branch=now["phase"],
                legend=False,
            ),
            ring(load, now["gen_error_amp"], 0, "plateau"),
            ring(0.0, 0.0, 1, "plateau"),
        ),
        tuple(marks),
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
    if load == 0:
        return f"At α/K = 0 there are still infinitely many samples per input: all units are one averaged perceptron, error {tell(stuck)}."
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
    gaussian, fixed = state["prior"] == "gaussian", {"K": "inf", "prior": state["prior"]}
    if state["clock"] == "few":
        now = at(alpha=state["alpha"], **fixed)
        return [
            Number(r"\varepsilon_g", "error, AMP and optimal", now["gen_error_amp"], "→ arccos(2/π)/π = 0.280"),
            Number(r"\varepsilon_{01}", "wrong labels", now["gen_error_01_amp"]),
            Number("q_a", "collective overlap", now["qa_amp"], "→ 1"),
        ]
    now = at(alpha_k=state["alpha_k"], **fixed)
    return [
        Number(
            r"(\alpha/K)_{sp}", "second peak appears", now["alpha_spinodal"], "7.17 (Aubin et al. 2018)" if gaussian else "it always exists"
        ),
        Number(r"(\alpha/K)_{IT}", "it becomes optimal", now["alpha_it"], "7.65 (Aubin et al. 2018)" if gaussian else "ln 2 / 0.4285"),
        Number(r"\varepsilon_g^{AMP}", "plateau, AMP", now["gen_error_amp"], "arccos(2/π)/π"),
        Number(r"\varepsilon_g^{opt}", "optimal", now["gen_error_opt"]),
        Number("q_d", "overlap, optimal", now["qd_opt"], "AMP: 0"),
    ]


VIEW = View(
    id="many",
    name="Many units: the plateau",
    model=ID,
    question="What if there are very many hidden units?",
    controls=(
        Control(CLOCK, labels={"few": "few: α of order 1", "many": "many: α of order K"}, live=False),
        Control(
            MODEL.parameter("alpha"),
            FEW.low,
            FEW.high,
            default=5.01,
            log=True,
            words="samples per input, N/D",
            when=lambda state: state["clock"] == "few",
        ),
        Control(
            MODEL.parameter("alpha_k"),
            0,
            END,
            0.02,
            8.5,
            words="samples per weight, N/DK",
            ticks=lambda state: [(7.68, "7.68")] if state["prior"] == "gaussian" else [(1.6176, "1.62")],
            when=lambda state: state["clock"] == "many",
        ),
        Control(
            MODEL.parameter("prior"),
            words="weights",
            labels={"gaussian": "Gaussian", "binary": "±1"},
            live=False,
            when=lambda state: state["clock"] == "many",
        ),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "few samples": {"clock": "few"},
        "one averaged perceptron": {"alpha_k": 5.0},
        "two peaks": {"alpha_k": 7.5},
        "hard for ever": {"alpha_k": 9.5},
        "weights ±1": {"prior": "binary", "alpha_k": 2.2},
    },
    notice=(
        "Two clocks. With α of order 1 all units together become one averaged perceptron, and the error reaches a plateau, 0.280. "
        "Then nothing happens until there are samples for every weight, α ~ K.",
        "At α/K = 7.17 a second peak appears in the landscape, students whose units each follow a teacher unit. At 7.68 it is the higher one: a first-order transition.",
        "The plateau $q_d$ = 0 stays a peak at every α/K: near it the prior costs $q_d^2/4$ while data gain only in the order $q_d^3$, however many. AMP never leaves.",
        "Weights ±1: the only rival of the plateau is the teacher itself, $q_d$ = 1. It wins at α/K = 1.62, and is as hard to find.",
    ),
    members=lambda state: 25,
)

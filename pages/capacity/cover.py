"""Cover's counting: how many random labels can a hyperplane realise?"""

import numpy as np

import cache
import engine
from pages.kit.controls import Control
from pages.kit.experiment import Experiment, spread
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Picture, Recipe, Vertical, here

COVER = engine.model("capacity-cover")


def cover_picture(state: dict, points: int) -> Picture:
    dimensions = [D for D in (10, 100, 1000) if state["D"] != D]
    grid = np.linspace(0.02, 4, 2 * points)
    curves = []
    for i, D in enumerate(dimensions):
        curve = cache.sweep("capacity-cover", {"alpha": grid}, D=D, bias=state["bias"])
        curves.append(Curve(f"D = {D}", curve["alpha"], curve["p_sep"], role="series-5", dash=i + 1, weight=0.7))
    curve = cache.sweep("capacity-cover", {"alpha": grid}, D=state["D"], bias=state["bias"])
    now = engine.solve("capacity-cover", **state)
    curves.append(Curve("theory at D", curve["alpha"], curve["p_sep"]))
    curves.append(
        Curve(
            "log₂ of the number of dichotomies, per pattern",
            curve["alpha"],
            curve["log2_count"] / np.where(curve["N"] > 0, curve["N"], np.nan),
            panel=1,
            legend=False,
        )
    )
    curves += [here(now["alpha"], now["p_sep"]), here(now["alpha"], now["log2_count"] / max(now["N"], 1), panel=1)]
    return Picture(
        "Probability that random labels are linearly separable",
        Axis("α", "patterns per dimension, N/D", 0, 4),
        (Axis("P", "separable", -0.03, 1.05, weight=2), Axis("bits", "per pattern", 0, 1.08)),
        tuple(curves),
        (Vertical("α = 2, the capacity", 2.0), Vertical("N = D, the VC dimension", 1.0), Horizontal("one half", 0.5)),
        f"At α = {now['alpha']:.3g} with D = {state['D']} inputs, random labels are separable with probability {now['p_sep']:.3g}. "
        f"The step at 2 is {now['width']:.2g} wide.",
        recipe=Recipe("capacity-cover", "alpha", 0.02, 4, 200, False, {"D": state["D"], "bias": state["bias"]}, ("p_sep",)),
    )


def cover_numbers(state: dict) -> list[Number]:
    now = engine.solve("capacity-cover", **state)
    return [
        Number("P_{sep}", "separable", now["p_sep"], "½ at α = 2 for every D"),
        Number(r"\log_2 C", "dichotomies", now["log2_count"]),
        Number(r"\alpha_{90}", "90 % separable", now["alpha_90"]),
        Number(r"\alpha_{10}", "10 % separable", now["alpha_10"]),
        Number(r"\alpha_{10}-\alpha_{90}", "width", now["width"], f"2.56·√(2/D) = {2.56 * (2 / state['D']) ** 0.5:.3g}"),
    ]


VIEW = View(
    id="cover",
    name="Cover: counting",
    model="capacity-cover",
    question="How many random labels can a hyperplane realise?",
    controls=(
        Control(COVER.parameter("alpha"), 0.02, 4, 0.02, ticks=lambda state: [(2.0, "2")]),
        Control(COVER.parameter("D"), 5, 1000, log=True),
        Control(COVER.parameter("bias"), more=True, live=False),
    ),
    picture=cover_picture,
    numbers=cover_numbers,
    presets={
        "Cover's 2": {"alpha": 2.0, "D": 100},
        "up to N = D: always": {"alpha": 1.0, "D": 20},
        "a step, nearly": {"alpha": 2.05, "D": 1000},
    },
    notice=(
        "Every curve passes through exactly ½ at α = 2, whatever the dimension.",
        "The step is 2.56·√(2/D) wide: a phase transition that sharpens as the system grows.",
        "Up to N = D everything is separable with certainty: the VC dimension is D. The *typical* capacity is twice that.",
        "A bias is one more dimension, nothing else.",
    ),
    experiment=Experiment(
        "capacity-cover",
        lambda state: ("alpha", spread(2 - 4 / state["D"] ** 0.5, 2 + 4 / state["D"] ** 0.5, 13)),
        lambda state: {"D": state["D"], "bias": state["bias"]},
        lambda state, values, found: [
            Curve("linear programs", np.array(values), found["p_sep"].mean, "experiment", "dots", found["p_sep"].sem)
        ],
        "Gaussian points with random labels; one non-negative least squares per draw decides whether a hyperplane separates them.",
        size_of=lambda state: state["D"],
        trials=(10, 100, 1000),
    ),
)

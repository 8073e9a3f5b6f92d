"""What several views of storage share: their controls, and the phase diagram."""

import numpy as np

import cache
import engine
from pages.kit.controls import Control
from pages.kit.explorer import Map
from pages.kit.picture import Axis, Curve, Heat, Label, Picture

SPHERICAL = engine.model("capacity-spherical")
ALPHA = Control(SPHERICAL.parameter("alpha"), 0.02, 4, 0.01, ticks=lambda state: [(2.0, "2")])
KAPPA = Control(SPHERICAL.parameter("kappa"), -1, 2, 0.01, words="margin every pattern must keep", ticks=lambda state: [(0.0, "0")])
LOSS = Control(
    SPHERICAL.parameter("loss"),
    words="cost minimised above capacity",
    labels={"count": "count errors", "hinge": "hinge", "quad": "quadratic"},
    live=False,
)


def phase_diagram(model: str, observable: str, title: str, margins: tuple[float, float], loads: tuple[float, float]) -> Map:
    """The (κ, α) plane of one model below its capacity, with the capacities of both kinds of weights."""

    def picture(state: dict) -> Picture:
        kappa, alpha = np.linspace(*margins, 61), np.linspace(*loads, 61)
        fixed = {"loss": state["loss"]} if "loss" in state else {}
        plane = cache.sweep(model, {"alpha": alpha, "kappa": kappa}, **fixed)
        spherical = cache.sweep("capacity-spherical", {"kappa": kappa})["alpha_c"]
        binary = cache.sweep("capacity-binary", {"kappa": kappa})["alpha_c"]
        return Picture(
            "Storage with a margin",
            Axis("κ", "margin", *margins),
            (Axis("α", "patterns per weight", *loads),),
            (Curve("spherical weights: α_c", kappa, spherical, "threshold"), Curve("binary weights: α_c", kappa, binary, "second", dash=1)),
            (
                Label("SAT", margins[0] + 0.2 * (margins[1] - margins[0]), loads[0] + 0.12 * (loads[1] - loads[0])),
                Label("UNSAT", margins[0] + 0.77 * (margins[1] - margins[0]), loads[0] + 0.7 * (loads[1] - loads[0])),
            ),
            "Below the line solutions exist (SAT); above it there are none (UNSAT). The larger the margin, the fewer patterns fit.",
            heat=Heat(kappa, alpha, np.where(alpha[:, None] < plane["alpha_c"], plane[observable], np.nan), title),
        )

    return Map("kappa", "alpha", picture)

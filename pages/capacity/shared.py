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


def phase_diagram(model: str, observable: str, title: str) -> Map:
    """The (κ, α) plane of one model, with the capacities of both kinds of weights."""

    def picture(state: dict) -> Picture:
        kappa, alpha = np.linspace(-1, 2, 61), np.linspace(0.05, 4, 61)
        fixed = {"loss": state["loss"]} if "loss" in state else {}
        plane = cache.sweep(model, {"alpha": alpha, "kappa": kappa}, **fixed)
        z = np.where(np.isfinite(plane[observable]), plane[observable], np.nan)
        spherical = cache.sweep("capacity-spherical", {"kappa": kappa})["alpha_c"]
        binary = cache.sweep("capacity-binary", {"kappa": kappa})["alpha_c"]
        return Picture(
            "Storage with a margin: solutions below the line, none above",
            Axis("κ", "margin", -1, 2),
            (Axis("α", "patterns per weight", 0.05, 4),),
            (Curve("spherical weights: α_c", kappa, spherical, "threshold"), Curve("binary weights: α_c", kappa, binary, "second", dash=1)),
            (Label("SAT", -0.4, 0.5), Label("UNSAT", 1.3, 2.8)),
            heat=Heat(kappa, alpha, np.maximum(z, 0), title),
        )

    return Map("kappa", "alpha", picture)

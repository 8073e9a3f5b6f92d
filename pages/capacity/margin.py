"""The support-vector machine on random labels."""

import numpy as np

import cache
import engine
from pages.capacity.shared import SPHERICAL
from pages.kit.controls import Control
from pages.kit.experiment import Experiment, spread
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Picture, Recipe, Vertical, here


def margin_picture(state: dict, points: int) -> Picture:
    curve = cache.sweep("capacity-spherical", {"alpha": np.geomspace(0.05, 4, points)})
    alpha = np.array(curve.axes["alpha"])
    now = engine.solve("capacity-spherical", alpha=state["alpha"])
    return Picture(
        "The support-vector machine on random labels",
        Axis("α", "patterns per weight, N/D", 0.05, 4, log=True),
        (Axis("κ", "largest margin", -1, 5, weight=1.6), Axis("Φ(κ)", "support vectors", 0, 1.04)),
        (
            Curve("largest margin", alpha, curve["kappa_max"]),
            Curve("support vectors", alpha, curve["sv_frac"], panel=1, legend=False),
            here(state["alpha"], now["kappa_max"]),
            here(state["alpha"], now["sv_frac"], panel=1),
        ),
        (Vertical("α = 2, margin 0", 2.0), Horizontal("separable above", 0.0)),
        f"At α = {state['alpha']:.3g} the largest margin is κ = {now['kappa_max']:.3g}; {now['sv_frac']:.0%} of the patterns sit exactly on it."
        if state["alpha"] < 2
        else f"At α = {state['alpha']:.3g} labels are not separable: the margin {now['kappa_max']:.3g} is negative, an upper estimate.",
        recipe=Recipe("capacity-spherical", "alpha", 0.05, 4, 200, True, {}, ("kappa_max", "sv_frac")),
    )


def margin_dots(state: dict, values: list, found: dict) -> list[Curve]:
    return [
        Curve("fits", np.array(values), found[name].mean, "experiment", "dots", found[name].sem, panel=i, legend=i == 0)
        for i, name in enumerate(("kappa_max", "sv_frac"))
    ]


VIEW = View(
    id="margin",
    name="The largest margin",
    model="capacity-spherical",
    question="How large a margin can random labels have?",
    controls=(Control(SPHERICAL.parameter("alpha"), 0.05, 4, log=True, ticks=lambda state: [(2.0, "2")]),),
    picture=margin_picture,
    numbers=lambda state: [
        Number(r"\kappa_{max}", "largest margin", engine.solve("capacity-spherical", alpha=state["alpha"])["kappa_max"], "0 at α = 2"),
        Number(r"\Phi(\kappa_{max})", "support vectors", engine.solve("capacity-spherical", alpha=state["alpha"])["sv_frac"]),
    ],
    presets={"few patterns": {"alpha": 0.1}, "as many as weights": {"alpha": 1.0}, "at capacity": {"alpha": 2.0}},
    notice=(
        "The margin closes at α = 2: the same capacity once more.",
        "The solution of largest margin has a fraction Φ(κ) of the patterns exactly on the margin: the support vectors. At α = 2 it is one half.",
        "With few patterns nearly all of them are support vectors.",
    ),
    experiment=Experiment(
        "capacity-spherical",
        lambda state: ("alpha", spread(0.25, 1.75, 7)),
        lambda state: {"kappa": 10.0},
        margin_dots,
        "Random patterns; one non-negative least squares per sample finds the separating direction of largest margin.",
        size=(20, 100, 200),
        trials=(2, 12, 100),
    ),
)

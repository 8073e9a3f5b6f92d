"""Gardner's volume: how many random labels can a perceptron store?"""

import numpy as np

import cache
import engine
from pages.capacity.shared import ALPHA, KAPPA, LOSS, phase_diagram
from pages.kit.experiment import Experiment, spread
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Recipe, Region, Vertical, here


def loads(critical: float, high: float, points: int) -> np.ndarray:
    """Loads from near 0 to `high`, crowding from below at the critical one; always the same number on either side."""
    critical = min(critical, high)
    below = critical * (1 - np.geomspace(1, 1e-5, points))
    return np.concatenate([np.maximum(below, 0.005), np.linspace(critical, high, points // 2)])


def gardner_picture(state: dict, points: int) -> Picture:
    fixed = {"kappa": state["kappa"], "loss": state["loss"]}
    now = engine.solve("capacity-spherical", alpha=state["alpha"], **fixed)
    critical = now["alpha_c"]
    curve = cache.sweep("capacity-spherical", {"alpha": loads(critical, 4, points)}, **fixed)
    alpha = np.array(curve.axes["alpha"])
    beyond = np.where(alpha >= critical, curve["err_margin"], np.nan)
    if now["sat"]:
        takeaway = (
            f"At α = {state['alpha']:.3g} two typical solutions overlap by q = {now['q']:.3g}; "
            f"a fraction exp({now['entropy']:.3g} D) of weight space is left."
        )
    else:
        bound = "" if now["rs_stable"] else " (replica symmetry is broken here: a lower bound)"
        takeaway = (
            f"Beyond α = {critical:.3g} no weights store every pattern; at least {now['err_margin']:.2%} of them miss the margin{bound}."
        )
    return Picture(
        "Overlap of two solutions, the volume they span, and the least error beyond capacity",
        Axis("α", "patterns per weight, N/D", 0, 4),
        (Axis("q", "overlap, fraction", -0.02, 1.06, weight=1.4), Axis("s", "entropy per weight", -6, 0.2)),
        (
            Curve("overlap q of two solutions", alpha, np.where(alpha < critical, curve["q"], np.nan)),
            Curve("patterns that miss the margin", alpha, beyond, role="second", dash=1),
            Curve("entropy", alpha, curve["entropy"], panel=1, legend=False),
            here(state["alpha"], now["q"] if now["sat"] else now["err_margin"]),
            here(state["alpha"], now["entropy"], panel=1),
        ),
        (
            Vertical(f"α_c = {critical:.3g}", critical),
            Region("solutions exist", 0, critical, panel=1, height=0.2),
            Region("none", critical, 4, shade=True, panel=1, height=0.2),
            Region("", critical, 4, shade=True),
        ),
        takeaway,
        recipe=Recipe("capacity-spherical", "alpha", 0.02, 4, 200, False, fixed, ("q", "entropy", "err_margin")),
    )


def gardner_numbers(state: dict) -> list[Number]:
    now = engine.solve("capacity-spherical", alpha=state["alpha"], kappa=state["kappa"], loss=state["loss"])
    return [
        Number(r"\alpha_c", "capacity", now["alpha_c"], "2 at κ = 0 (Gardner 1988)"),
        Number("q", "overlap", now["q"]),
        Number("s", "entropy", now["entropy"]),
        Number(r"\kappa_{max}", "largest margin", now["kappa_max"]),
        Number(r"\lambda_R", "replicon", now["replicon"], "stable below 1"),
    ]


VIEW = View(
    id="gardner",
    name="Gardner: the volume",
    model="capacity-spherical",
    question="How many random labels can a perceptron store?",
    controls=(ALPHA, KAPPA, LOSS),
    picture=gardner_picture,
    numbers=gardner_numbers,
    presets={
        "Gardner's 2": {"alpha": 1.99, "kappa": 0.0},
        "a margin costs capacity": {"alpha": 0.9, "kappa": 0.5},
        "beyond capacity": {"alpha": 3.0, "kappa": 0.0},
        "hinge beyond capacity": {"alpha": 3.0, "kappa": 1.0, "loss": "hinge"},
    },
    notice=(
        "q rises to 1 continuously at α_c: the volume of solutions shrinks to a point. (Binary weights behave differently.)",
        "α_c = 2 at κ = 0 is Cover's 2, found by an entirely different computation.",
        "A margin κ moves α_c down: robustness is paid in capacity.",
        "Above α_c, counting errors sacrifices whole patterns; replica symmetry is then broken and the error shown is a lower bound.",
    ),
    map=phase_diagram("capacity-spherical", "q", "overlap q", (-1, 2), (0.05, 4)),
    experiment=Experiment(
        "capacity-spherical",
        lambda state: ("alpha", spread(0.2, 1.6, 5)),
        lambda state: {"kappa": state["kappa"], "loss": state["loss"]},
        lambda state, values, found: [
            Curve("sampled solutions", np.array(values), found[name].mean, "experiment", "dots", found[name].sem)
            for name in ("q",)
            if name in found
        ],
        "Random patterns; two Gibbs chains wander through the weights that store them, and their mean directions overlap by q. "
        "Where a sample has no solution at this margin it is left out.",
        size=(20, 60, 150),
        trials=(2, 8, 50),
    ),
)

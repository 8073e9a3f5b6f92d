"""Krauth and Mézard: how many random labels can binary weights store?"""

import numpy as np

import cache
import engine
from pages.capacity.shared import phase_diagram
from pages.kit.controls import Control
from pages.kit.experiment import Experiment, spread
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Picture, Recipe, Vertical, here

BINARY = engine.model("capacity-binary")


def binary_picture(state: dict, points: int) -> Picture:
    now = engine.solve("capacity-binary", **state)
    curve = cache.sweep("capacity-binary", {"alpha": np.linspace(0, 1, points) * now["alpha_rs_max"]}, kappa=state["kappa"])
    alpha = np.array(curve.axes["alpha"])
    physical = alpha <= now["alpha_c"]
    critical = now["alpha_c"]
    takeaway = (
        f"At α = {state['alpha']:.3g} there are exp({now['entropy']:.3g} D) binary solutions, overlapping by q = {now['q']:.3g}."
        if now["phase"] == "sat"
        else f"At α = {state['alpha']:.3g} there is no binary solution: the entropy reached zero at α = {critical:.4g}."
    )
    return Picture(
        "Number of binary solutions, and their overlap",
        Axis("α", "patterns per weight, N/D", 0, 2.2),
        (Axis("s", "entropy per weight", -0.35, 0.72, weight=1.6), Axis("q", "overlap", 0, 1.04)),
        (
            Curve("entropy", alpha, np.where(physical, curve["entropy"], np.nan)),
            Curve("continued below zero: no solutions", alpha, np.where(physical, np.nan, curve["entropy"]), dash=3, weight=0.7),
            Curve("naive (annealed) bound", alpha, curve["entropy_ann"], role="second", dash=1),
            Curve("overlap", alpha, np.where(physical, curve["q"], np.nan), panel=1, legend=False),
            Curve("overlap beyond", alpha, np.where(physical, np.nan, curve["q"]), panel=1, legend=False, dash=3, weight=0.7),
            here(state["alpha"], now["entropy"]),
            here(state["alpha"], now["q"], panel=1),
        ),
        (
            Vertical(f"α_c = {critical:.3g}", critical, role="optimum"),
            Vertical(f"naive: {now['alpha_ann']:.3g}", now["alpha_ann"], role="second"),
            Vertical(f"instability: {now['alpha_at']:.3g}", now["alpha_at"]),
            Vertical(f"q → 1: {now['alpha_rs_max']:.3g}", now["alpha_rs_max"]),
            Horizontal("", 0.0),
        ),
        takeaway,
        recipe=Recipe("capacity-binary", "alpha", 0, 1.2, 200, False, {"kappa": state["kappa"]}, ("entropy", "q", "entropy_ann")),
    )


def binary_numbers(state: dict) -> list[Number]:
    now = engine.solve("capacity-binary", **state)
    return [
        Number(r"\alpha_c", "entropy reaches zero", now["alpha_c"], "0.833 (Krauth & Mézard 1989)"),
        Number("s", "entropy", now["entropy"]),
        Number("q", "overlap", now["q"], "0.564 at capacity"),
        Number(r"\alpha_{ann}", "naive bound", now["alpha_ann"], "1 at κ = 0"),
        Number(r"\alpha_{AT}", "instability", now["alpha_at"], "1.015 at κ = 0"),
    ]


VIEW = View(
    id="binary",
    name="Binary weights",
    model="capacity-binary",
    question="How many random labels can binary weights store?",
    controls=(
        Control(BINARY.parameter("alpha"), 0, 2.2, 0.01, ticks=lambda state: [(0.833, "0.833")] if state["kappa"] == 0 else []),
        Control(BINARY.parameter("kappa"), -0.5, 2, 0.01, words="margin every pattern must keep"),
    ),
    picture=binary_picture,
    numbers=binary_numbers,
    presets={
        "Krauth & Mézard's 0.833": {"alpha": 0.83},
        "half full": {"alpha": 0.4},
        "where the naive bound errs": {"alpha": 0.95},
        "with a margin": {"alpha": 0.4, "kappa": 0.5},
    },
    notice=(
        "Solutions disappear while their overlap is only 0.564: they become isolated points, the volume does not shrink to one ball.",
        "The naive bound (log of the mean number) says 1, the point q → 1 says 4/π ≈ 1.27. The entropy says 0.833, and it is right.",
        "Replica symmetry is locally stable up to 1.015: looking for an instability alone would miss the transition.",
        "At capacity each weight stores 0.833 bits.",
    ),
    members=lambda state: 21,
    map=phase_diagram("capacity-binary", "entropy", "entropy per weight", (-0.5, 2), (0.05, 2.2)),
    experiment=Experiment(
        "capacity-binary",
        lambda state: ("alpha", spread(0.1, 0.9, 9)),
        lambda state: {"kappa": state["kappa"]},
        lambda state, values, found: [
            Curve("all weights enumerated", np.array(values), found["entropy"].mean, "experiment", "dots", found["entropy"].sem)
        ],
        "Every one of the 2^D weight vectors is tried; dots are the mean of ln(number of solutions)/D over the samples that have any. "
        "Small systems store a little more than large ones: the dots drift to the curve as 1/D.",
        size=(6, 18, 20),
        trials=(5, 60, 200),
    ),
)

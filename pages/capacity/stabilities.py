"""How safely the patterns are stored."""

import numpy as np

import cache
import engine
from pages.capacity.shared import ALPHA, KAPPA, LOSS
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Recipe, Vertical


def stability_picture(state: dict, points: int) -> Picture:
    kappa = state["kappa"]
    fixed = {name: state[name] for name in ("alpha", "kappa", "loss")}
    now = engine.solve("capacity-spherical", **fixed)
    below, above = np.linspace(-4, kappa - 1e-6, points), np.linspace(kappa, 6, points)
    curve = cache.sweep("capacity-spherical", {"stability": np.concatenate([below, above])}, **fixed)
    atom = now["stab_atom"]
    if now["sat"]:
        takeaway = f"Below capacity (α_c = {now['alpha_c']:.3g}) every pattern keeps the margin; their stability is {now['stab_mean']:.3g} on average."
    else:
        takeaway = f"Above capacity (α_c = {now['alpha_c']:.3g}) {atom:.0%} of the patterns sit exactly on the margin and {now['err_margin']:.1%} miss it."
    return Picture(
        "How safely the patterns are stored",
        Axis("Δ", "stability y w·x/|w| of a pattern", -4, 6),
        (Axis("P(Δ)", "density", 0, 2),),
        (Curve("density of stabilities", np.array(curve.axes["stability"]), curve["stab_pdf"], fill="tozeroy"),),
        (Vertical(f"margin κ, with {atom:.0%} of the patterns on it" if atom else "margin κ", kappa),),
        takeaway,
        recipe=Recipe("capacity-spherical", "stability", -4, 6, 200, False, fixed, ("stab_pdf",)),
    )


VIEW = View(
    id="stabilities",
    name="Stabilities",
    model="capacity-spherical",
    question="How safely are the patterns stored?",
    controls=(ALPHA, KAPPA, LOSS),
    picture=stability_picture,
    numbers=lambda state: [
        Number(symbol, words, engine.solve("capacity-spherical", **state)[name])
        for name, symbol, words in (
            ("stab_atom", r"\Pr(\Delta=\kappa)", "on the margin"),
            ("err_margin", r"\Pr(\Delta<\kappa)", "miss the margin"),
            ("err_sign", r"\Pr(\Delta<0)", "wrong label"),
            ("energy", "e", "cost per pattern"),
        )
    ],
    presets={
        "far below capacity": {"alpha": 0.5},
        "near capacity": {"alpha": 1.9},
        "a gap opens beyond": {"alpha": 3.0, "kappa": 0.5},
        "hinge leaves no gap": {"alpha": 3.0, "kappa": 1.0, "loss": "hinge"},
    },
    notice=(
        "Below capacity the density starts at the margin and nothing lies below it.",
        "Counting errors above capacity opens a gap below the margin: whole patterns are sacrificed, the rest is saved.",
        "The hinge and quadratic costs push the failing patterns up to the margin instead.",
    ),
)

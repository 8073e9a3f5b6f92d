"""Two hidden units with Gaussian weights: they split continuously."""

import numpy as np

from pages.kit.controls import Control
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Label, Picture, Recipe, Region, Vertical, here
from pages.kit.words import tell
from pages.teacher_student.committee_units import ERROR, ID, MODEL, OVERLAPS, at, experiment, line

END = 8.0


def picture(state: dict, points: int) -> Picture:
    alpha, now = state["alpha"], at(alpha=state["alpha"])
    split = now["alpha_spec"]
    grid = np.concatenate([np.linspace(0, split, points // 3), np.linspace(split, END, points - points // 3)[1:]])
    curve = line("alpha", grid)
    beyond = grid >= split
    return Picture(
        "Error of two hidden units, and which teacher unit they follow",
        Axis("α", "samples per input, N/D", 0, END),
        (ERROR, OVERLAPS),
        (
            Curve("optimal", grid, curve["gen_error_opt"], "optimum", weight=2),
            Curve("AMP", grid, curve["gen_error_amp"], "algorithm"),
            Curve("if units did not split", grid, np.where(beyond, curve["gen_error_unspec"], np.nan), "second", dash=1),
            Curve("q₀₀", grid, curve["q00_amp"], "algorithm", panel=1, legend=False),
            Curve("q₀₁", grid, curve["q01_amp"], "algorithm", panel=1, dash=1, legend=False),
            here(alpha, now["gen_error_amp"]),
            here(alpha, now["q00_amp"], panel=1),
            here(alpha, now["q01_amp"], panel=1),
        ),
        (
            Vertical(f"units split: α = {split:.4g}", split),
            Horizontal("", 1 / 12),
            Label("1/12", 0.75, 0.066),
            Region("one shared job", 0, split, panel=1, height=0.9),
            Label("q₀₀ own teacher unit", 6.2, 0.82, role="algorithm", panel=1),
            Label("q₀₁ the other one", 6.2, 0.12, role="algorithm", panel=1),
        ),
        story(alpha, now),
        recipe=Recipe(ID, "alpha", 0, END, 200, False, {}, ("gen_error_amp", "gen_error_unspec", "q00_amp", "q01_amp")),
    )


def story(alpha: float, now: dict) -> str:
    """One job or two, and what it means for the error."""
    error, blind = now["gen_error_amp"], now["gen_error_unspec"]
    if alpha == 0:
        return "Without samples the student knows nothing: no overlap, error 1/4."
    if now["phase"] == "unspecialized":
        return (
            f"At α = {alpha:.3g} both units do the same job: each overlaps equally ({tell(now['q00_amp'])}) with both teacher units. "
            f"They act as one averaged perceptron, error {tell(error)}, until α = {now['alpha_spec']:.3g}."
        )
    if now["q00_amp"] - now["q01_amp"] < 0.25:
        return (
            f"At α = {alpha:.3g} the units are parting: q₀₀ = {tell(now['q00_amp'])}, q₀₁ = {tell(now['q01_amp'])}. "
            f"The error, {tell(error)}, begins to leave the dashed line ({tell(blind)})."
        )
    return (
        f"At α = {alpha:.3g} each unit follows its own teacher unit (q₀₀ = {tell(now['q00_amp'])}, q₀₁ = {tell(now['q01_amp'])}). "
        f"Error {tell(error)}; without the split {tell(blind)}, and never below 1/12."
    )


def numbers(state: dict) -> list[Number]:
    now = at(alpha=state["alpha"])
    return [
        Number(r"\alpha_{spec}", "units split", now["alpha_spec"], "2.04 (Aubin et al. 2018)"),
        Number(r"\varepsilon_g", "error, AMP and optimal", now["gen_error_amp"], "1/4 without samples"),
        Number(r"\varepsilon_g", "without a split", now["gen_error_unspec"], "→ 1/12"),
        Number("q_{00}", "own teacher unit", now["q00_amp"], "→ 1"),
        Number(r"\lambda_{spec}", "growth of a small split", now["lambda_spec"], "per iteration; > 1: it grows"),
    ]


VIEW = View(
    id="split",
    name="Two units: the split",
    model=ID,
    question="When do hidden units stop doing the same job?",
    controls=(
        Control(
            MODEL.parameter("alpha"), 0, END, 0.02, 3.0, words="samples per input dimension, N/D", ticks=lambda state: [(2.0524, "split")]
        ),
    ),
    picture=picture,
    numbers=numbers,
    presets={"one job": {"alpha": 1.0}, "about to split": {"alpha": 2.06}, "two jobs": {"alpha": 3.0}, "much data": {"alpha": 8.0}},
    notice=(
        "The two units of the student are interchangeable. With few samples the best it can do is to use both as one averaged perceptron: $q_{00} = q_{01}$.",
        "At α = 2.05 this symmetry breaks like that of a magnet: $q_{00}$ and $q_{01}$ part like the prongs of a pitchfork. Which unit takes which job is chance.",
        "Without the split the error would stay above 1/12 for ever, however many samples there are. With it, the error falls as 1/α.",
        "Gaussian weights leave no gap between what is possible and what AMP reaches: the two lines lie on each other.",
        "Near the split the dots scatter: AMP takes hundreds of iterations to part the units, and a finite teacher favours one side a little.",
    ),
    experiment=experiment(
        "gaussian",
        (0.5, 1.0, 1.5, 1.9, 2.3, 2.7, 3.2, 4.0, 5.0, 6.5, 7.7),
        "Dots: overlaps after the better pairing of student and teacher units, and the error averaged exactly over fresh inputs.",
    ),
)

"""Two hidden units with binary weights: three thresholds and a hard phase."""

import numpy as np

from pages.kit.controls import Control
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Label, Picture, Recipe, Region, Vertical
from pages.kit.words import tell
from pages.teacher_student.committee_units import BEYOND, ERROR, ID, MODEL, OVERLAPS, approach, at, behind, experiment, lifted, line, ring

START, END = 1.0, 2.4


def picture(state: dict, points: int) -> Picture:
    alpha, now = state["alpha"], at(alpha=state["alpha"], prior="binary")
    possible, split, easy = (now[name] for name in ("alpha_it", "alpha_spec", "alpha_amp"))
    part = points // 4
    grid = np.concatenate(
        [
            np.linspace(START, possible - BEYOND, part),
            behind(possible, split, part // 2),
            approach(split, easy - BEYOND, 2 * part)[1:],
            behind(easy, END, part // 2),
        ]
    )
    curve = line("alpha", grid, prior="binary")

    def drawn(name: str, jump: float) -> np.ndarray:
        return lifted(curve[name], grid, jump)

    blind = np.where(grid >= split, 1.0, np.nan)
    reached = "perfect" if alpha > easy else "not"
    return Picture(
        "Error and overlaps of two hidden units with binary weights",
        Axis("α", "samples per input, N/D", START, END),
        (ERROR, OVERLAPS),
        (
            Curve("optimal", grid, drawn("gen_error_opt", possible), "optimum", weight=2),
            Curve("AMP", grid, drawn("gen_error_amp", easy), "algorithm"),
            Curve("if units did not split", grid, curve["gen_error_unspec"] * blind, "second", dash=1),
            Curve("q₀₀", grid, drawn("q00_amp", easy), "algorithm", panel=1, legend=False),
            Curve("q₀₁", grid, drawn("q01_amp", easy), "algorithm", panel=1, dash=1, legend=False),
            Curve("q₀₀, optimal", grid, np.where(grid > possible, curve["q00_opt"], np.nan), "optimum", panel=1, legend=False),
            Curve("q₀₁, optimal", grid, np.where(grid > possible, curve["q01_opt"], np.nan), "optimum", panel=1, dash=1, legend=False),
            ring(alpha, now["gen_error_amp"], 0, reached),
            ring(alpha, now["q00_amp"], 1, reached),
        ),
        (
            Vertical(f"α_IT = {possible:.4g}", possible, role="optimum"),
            Vertical(f"α_AMP = {easy:.4g}", easy, role="algorithm"),
            Vertical("", split, panel=0),
            Vertical(f"split: α_spec = {split:.4g}", split, panel=1),
            Region("", possible, easy, shade=True),
            Region("", possible, easy, shade=True, panel=1),
            Region("impossible", START, possible, height=0.37),
            Region("hard", possible, easy, height=0.37),
            Region("easy", easy, END, height=0.37),
            Label("q₀₀ = q₀₁", 1.2, 0.42, role="algorithm", panel=1),
            Label("q₀₀ = 1, q₀₁ = 0", 2.2, 0.5, role="optimum", panel=1),
        ),
        story(alpha, now),
        recipe=Recipe(ID, "alpha", START, END, 200, False, {"prior": "binary"}, ("gen_error_amp", "gen_error_opt", "q00_amp", "q01_amp")),
    )


def story(alpha: float, now: dict) -> str:
    """Impossible, hard or easy, and whether the units have split."""
    at_load, error = f"At α = {alpha:.4g}", tell(now["gen_error_amp"])
    if now["phase"] == "unspecialized":
        return (
            f"{at_load} too little is known: the best student, and AMP, treat both units alike and err by {error}. "
            f"From α_IT = {now['alpha_it']:.4g} on perfect learning is possible."
        )
    if now["phase"] == "perfect":
        return f"{at_load} AMP finds every weight of the teacher: the hard phase ended at α_AMP = {now['alpha_amp']:.4g}, by a jump."
    if alpha <= now["alpha_spec"]:
        return f"Hard: at α = {alpha:.4g} the samples determine the teacher (error 0 is possible), but AMP stays at {error}, its units not even split."
    return (
        f"Hard: at α = {alpha:.4g} the samples determine the teacher, but AMP stays at {error}; "
        f"its units have begun to split (q₀₀ = {tell(now['q00_amp'])}, q₀₁ = {tell(now['q01_amp'])}), not enough to get there."
    )


def numbers(state: dict) -> list[Number]:
    now = at(alpha=state["alpha"], prior="binary")
    return [
        Number(r"\alpha_{IT}", "perfect learning possible", now["alpha_it"]),
        Number(r"\alpha_{spec}", "AMP's units split", now["alpha_spec"], "≈ 1.6 (Aubin et al. 2018)"),
        Number(r"\alpha_{AMP}", "AMP perfect", now["alpha_amp"], "≈ 2 (Aubin et al. 2018)"),
        Number(r"\varepsilon_g^{AMP}", "error of AMP", now["gen_error_amp"], f"optimal: {tell(now['gen_error_opt'])}"),
        Number("f^{AMP}", "free entropy, AMP", now["free_entropy_amp"], "perfect: −1.386"),
    ]


VIEW = View(
    id="binary",
    name="Binary weights: hard",
    model=ID,
    question="Can the rule be known before the units have even split?",
    controls=(
        Control(
            MODEL.parameter("alpha"),
            START,
            END,
            0.01,
            1.8,
            words="samples per input dimension, N/D",
            ticks=lambda state: [(1.5461, "IT"), (1.9771, "AMP")],
        ),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "impossible": {"alpha": 1.2},
        "possible, not split": {"alpha": 1.57},
        "hard": {"alpha": 1.8},
        "just before the jump": {"alpha": 1.97},
        "easy": {"alpha": 2.2},
    },
    notice=(
        "Weights that are only signs can be known exactly. From $α_{IT}$ = 1.546 on the samples single out the teacher, before AMP's units have split at all.",
        "$α_{IT}$ is where the free entropy of the state AMP is in (below, in numbers) falls under that of the perfect student, −2 ln 2 at every α.",
        "AMP splits its units continuously at $α_{spec}$, then jumps to zero error at $α_{AMP}$, where its state ceases to exist.",
        "Between $α_{IT}$ and $α_{AMP}$ is the hard phase: the dots of real AMP runs lie on AMP's line, not on the optimal one.",
        "Ties answer 0: there are three labels. Breaking ties at random would be a noisier rule, with other thresholds.",
    ),
    experiment=experiment(
        "binary",
        (1.05, 1.2, 1.35, 1.5, 1.65, 1.8, 1.9, 2.1, 2.2, 2.35),
        "Near its jump a finite AMP may be early, or late: dots between the two branches are averages over trials that did and did not get through.",
    ),
)

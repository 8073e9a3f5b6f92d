"""Orthogonal measurements: what the rows of a matrix gain by not repeating one another."""

from dataclasses import replace

import numpy as np

import cache
import engine
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Recipe, Region, Vertical, here
from pages.kit.words import tell
from pages.teacher_student.inference import PRIOR, SPARSITY

ID = "linear-estimation-orthogonal"
MODEL = engine.model(ID)
MATRIX = {"orthogonal": "theory", "gaussian": "second"}
NAMES = {"orthogonal": "orthogonal rows", "gaussian": "Gaussian matrix"}
LAST = 30
OBSERVED = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30)
HIGH = 1.2


def parameters(state: dict, **changes) -> dict:
    """The model's parameters; sparsity where there is any."""
    values = state | changes
    return values | {"sparsity": values["sparsity"] if values["prior"] == "gauss-bernoulli" else 1.0}


def solved(state: dict, matrix: str) -> dict:
    return engine.solve(ID, **parameters(state, matrix=matrix))


def loads(found: dict, points: int) -> np.ndarray:
    """Values of α, dense at both sides of the thresholds, with the thresholds themselves."""
    cuts = sorted({found[name] for name in ("alpha_it", "alpha_alg") if 0 < found[name] < HIGH})
    ends = zip((0.005, *cuts), (*cuts, HIGH), strict=True)
    bend = 0.5 * (1 - np.cos(np.linspace(0, np.pi, points // (len(cuts) + 1))))
    pieces = [low * (1 + 1e-7) + (high * (1 - 1e-7) - low * (1 + 1e-7)) * bend for low, high in ends]
    return np.sort(np.concatenate([*pieces, cuts]))


def line(state: dict, matrix: str, points: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """α, and the relative errors of the optimum and of (vector) AMP."""
    alpha = loads(solved(state, matrix), points)
    fixed = {name: value for name, value in parameters(state, matrix=matrix).items() if name != "alpha"}
    found = cache.sweep(ID, {"alpha": alpha}, **fixed)
    rho = found["q"] + found["mmse"]
    return alpha, found["mmse"] / rho, found["mmse_amp"] / rho


def learning_curves(state: dict, matrix: str, points: int) -> list[Curve]:
    """The relative error of the optimum, and of (vector) AMP where it is worse."""
    found = solved(state, matrix)
    alpha, best, amp = line(state, matrix, points)
    best = np.where(alpha == found["alpha_it"], np.nan, best)
    amp = np.where((alpha > found["alpha_it"]) & (alpha < found["alpha_alg"]), amp, np.nan)
    branch = "hard" if np.isfinite(found["alpha_alg"]) else "smooth"
    name = NAMES[matrix]
    return [
        Curve(name, alpha, best, MATRIX[matrix], weight=1.3, branch=branch),
        Curve(f"{name}, AMP", alpha, amp, MATRIX[matrix], dash=1, weight=1.3, branch=branch, legend=False),
    ]


def equal(state: dict, error: float) -> float:
    """The α at which AMP on a Gaussian matrix has this error; inf if that is out of sight."""
    alpha, _, amp = line(state, "gaussian", 200)
    below = amp <= error * (1 + 1e-9)
    return float(np.interp(-error, -amp, alpha)) if below.any() else np.inf


def trajectory(state: dict, matrix: str) -> np.ndarray:
    """The relative error after every iteration of vector AMP (orthogonal) or AMP (Gaussian)."""
    found = cache.sweep(ID, {"iterations": np.arange(LAST + 1)}, **parameters(state, matrix=matrix))
    return found["mmse_t"] / (found["q_t"] + found["mmse_t"])


def story(state: dict, found: dict[str, dict], error: float, needed: float) -> str:
    """What orthogonal rows save at this α, and who is stuck."""
    save = 100 * (1 - state["alpha"] / needed)
    text = f"At α = {tell(state['alpha'])} orthogonal rows leave an error of {tell(error)}. "
    if np.isinf(needed):
        text += f"A Gaussian matrix needs more than α = {HIGH:g} for that."
    elif save < 0.5:
        text += "A Gaussian matrix does as well: nothing is saved here."
    else:
        text += f"A Gaussian matrix needs α = {tell(needed)} for that: {save:.0f} % are saved."
    hard = [NAMES[name] for name, each in found.items() if each["phase"] == "hard"]
    return text + (f" Hard phase ({', '.join(hard)}): less error is possible." if hard else "")


def picture(state: dict, points: int) -> Picture:
    found = {matrix: solved(state, matrix) for matrix in MATRIX}
    t = np.arange(LAST + 1.0)
    floor = 10.0 ** np.floor(np.log10(min(each["mmse"] / (each["q"] + each["mmse"]) for each in found.values()) + 1e-6))
    curves = [curve for matrix in MATRIX for curve in learning_curves(state, matrix, points)]
    for matrix, role in MATRIX.items():
        each = found[matrix]
        curves.append(Curve(f"{NAMES[matrix]} in time", t, positive(trajectory(state, matrix), floor), role, panel=1, legend=False))
        curves.append(here(state["alpha"], each["mmse_amp"] / (each["q"] + each["mmse"])))
    marks = [
        Vertical(f"{short}: α_alg = {tell(found[matrix]['alpha_alg'])}", found[matrix]["alpha_alg"], MATRIX[matrix])
        for matrix, short in (("orthogonal", "orthogonal"), ("gaussian", "Gaussian"))
        if np.isfinite(found[matrix]["alpha_alg"])
    ]
    error = found["orthogonal"]["mmse_amp"] / (found["orthogonal"]["q"] + found["orthogonal"]["mmse"])
    needed = equal(state, error)
    gap = np.array([state["alpha"], needed if state["alpha"] < needed < np.inf else np.nan])
    curves.append(Curve("saved", gap, np.array([error, error]), "optimum", weight=1.3))
    chosen = found["orthogonal"]
    marks.append(Region("hard", chosen["alpha_it"], chosen["alpha_alg"], shade=True, height=0.3))
    return Picture(
        "Error of the reconstruction, and how AMP gets there",
        Axis("α", "measurements per unknown, N/D", 0, HIGH),
        (
            Axis("MSE/ρ", "relative error", 0, 1.05, weight=1.3),
            Axis("MSE/ρ", "error", floor, 1.3, log=True, x=Axis("t", "iteration of AMP", 0, LAST)),
        ),
        tuple(curves),
        tuple(marks),
        story(state, found, error, needed),
        branch=" ".join(each["phase"] + str(np.isfinite(each["alpha_alg"])) for each in found.values()),
        recipe=Recipe(
            ID, "alpha", 0.005, HIGH, 200, False, {n: v for n, v in parameters(state).items() if n != "alpha"}, ("mmse", "mmse_amp")
        ),
    )


def positive(error: np.ndarray, floor: float) -> np.ndarray:
    """What the logarithmic axis can show."""
    return np.where(error > 0.1 * floor, error, np.nan)


def numbers(state: dict) -> list[Number]:
    found = {matrix: solved(state, matrix) for matrix in MATRIX}
    return [
        number
        for matrix, each in found.items()
        for number in (
            Number(r"\mathrm{MSE}", f"AMP, {NAMES[matrix]}", each["mmse_amp"], f"best {tell(each['mmse'])}"),
            Number(
                r"\alpha_{alg}",
                f"AMP gets through, {NAMES[matrix]}",
                each["alpha_alg"],
                "no hard phase" if np.isnan(each["alpha_alg"]) else f"possible {tell(each['alpha_it'])}",
            ),
        )
    ]


def dots(state: dict, values: list, *found: dict) -> list[Curve]:
    """One set of dots per matrix, in the order of `MATRIX`."""
    rho, drawn = parameters(state)["sparsity"], []
    for name, estimates in zip(("VAMP runs", "AMP runs"), found, strict=True):
        error = estimates["mmse_t"]
        y = positive(error.mean / rho, 1e-8)
        drawn.append(Curve(name, np.array(values, float), y, "experiment", "dots", error.sem / rho, panel=1, legend=not drawn))
    return drawn


VIEW = View(
    id="orthogonal",
    name="Better measurements",
    model=ID,
    question="How many measurements do orthogonal rows save?",
    controls=(
        Control(MODEL.parameter("alpha"), 0.02, HIGH, 0.01, 0.6, words="measurements per unknown, N/D"),
        Control(MODEL.parameter("delta"), 1e-6, 1, log=True, words="variance of the noise"),
        replace(SPARSITY, words="fraction of non-zero unknowns"),
        Control(MODEL.parameter("prior"), default="gauss-bernoulli", options=tuple(PRIOR), labels=PRIOR, live=False, words="the unknowns"),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "moderate noise": {},
        "little noise: hard phase": {"delta": 1e-4, "sparsity": 0.2, "alpha": 0.33},
        "no noise: universal": {"delta": 1e-6, "sparsity": 0.2, "alpha": 0.34},
        "binary unknowns": {"prior": "rademacher", "delta": 0.1, "alpha": 0.6},
        "as many as unknowns": {"alpha": 1.0, "delta": 0.1},
    },
    notice=(
        "Two random rows overlap by chance, and measure in part the same thing twice. Orthogonal rows never do.",
        "The gain grows with α and with the noise. Without noise there is none: the thresholds are the same for every such matrix.",
        "Vector AMP is AMP for such matrices. Ordinary AMP assumes independent entries, and its corrections would be wrong here.",
        "For α ≥ 1 the columns are orthogonal, and every unknown is measured by itself.",
    ),
    experiment=Experiment(
        ID,
        lambda state: ("iterations", list(OBSERVED)),
        parameters,
        dots,
        "Random unknowns, measured by random orthogonal rows (vector AMP) and by a Gaussian matrix (AMP), observed after every iteration.",
        size=(100, 1000, 2000),
        trials=(2, 5, 20),
        series=tuple({"matrix": matrix} for matrix in MATRIX),
    ),
)

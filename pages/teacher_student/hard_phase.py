"""The learning curve: what the labels allow, what the algorithm finds, and the landscape that decides."""

import numpy as np

from pages.kit.experiment import Experiment, spread
from pages.kit.explorer import MEMBERS, Map, Number, View
from pages.kit.picture import Axis, Curve, Label, Picture, Recipe, here
from pages.kit.words import tell
from pages.teacher_student.inference import (
    ALPHA,
    CHANNELS,
    FLIPS,
    ID,
    NOISE,
    PRIORS,
    SPARSITY,
    WIDTH,
    along,
    error_axis,
    marks,
    measure,
    now,
    parameters,
    reach,
    slow,
    tell_error,
    tell_load,
)
from pages.teacher_student.phase_diagrams import noise_plane

EDGE = 1e-7
"""Relative distance from a threshold at which either side of a jump is drawn."""


def loads(found: dict, high: float, points: int) -> tuple[np.ndarray, str]:
    """Values of α, dense on both sides of every threshold, with the thresholds themselves; and which thresholds those are."""
    inside = {name: found[f"alpha_{name}"] for name in ("wr", "inf", "it", "alg") if 0 < found[f"alpha_{name}"] < high}
    cuts = sorted(set(inside.values()))
    ends = [(1e-3 * high, *cuts), (*cuts, high)]
    bend = 0.5 * (1 - np.cos(np.linspace(0, np.pi, max(9, points // len(ends[0])))))
    pieces = [low * (1 + EDGE) + (high * (1 - EDGE) - low * (1 + EDGE)) * bend for low, high in zip(*ends, strict=True)]
    return np.sort(np.concatenate([*pieces, cuts])), " ".join(inside)


def curves(state: dict, found: dict, high: float, points: int) -> list[Curve]:
    """The error of the optimum, of AMP and of the state next to the teacher, broken where they jump."""
    name = measure(state)
    alpha, branch = loads(found, high, points)
    line = along("alpha", alpha, state)

    def broken(column: str, jump: str) -> np.ndarray:
        return np.where(alpha == found[jump], np.nan, line[column])

    metastable = (alpha > found["alpha_inf"]) & (alpha < found["alpha_it"])
    informed = np.where(metastable, line[f"{name}_informed"], np.nan)
    return [
        Curve("best possible", alpha, broken(name, "alpha_it"), "optimum", weight=1.3, branch=branch),
        Curve("AMP", alpha, broken(f"{name}_amp", "alpha_alg"), "algorithm", dash=1, weight=1.3, branch=branch),
        Curve("metastable", alpha, informed, "optimum", dash=3, weight=0.7, branch=branch),
    ]


def overlaps(points: int) -> np.ndarray:
    """Values of q/ρ, dense near 1, where valleys are narrow."""
    return np.concatenate([np.linspace(0, 0.94, points // 2), 1 - np.geomspace(0.05, 1e-8, points // 2), [1.0]])


BOTTOMLESS = -1e3
"""In place of −∞: a free energy below every picture."""


def landscape(state: dict, found: dict, points: int) -> tuple[list[Curve], list[Label], Axis]:
    """The free energy −φ(q) measured from where AMP stops, the two states in it, and an axis on which they are seen."""
    q = overlaps(points // 3 if slow(state) else points)
    f, rho = -along("overlap", q, state)["potential"], found["q"] + found["mmse"]
    level = f[-2] if np.isinf(found["free_entropy_amp"]) else -found["free_entropy_amp"]
    f = np.where(np.isposinf(f), np.nan, np.maximum(f - level, BOTTOMLESS))
    ball, best, other = (found[f"q{name}"] / rho for name in ("_amp", "", "_informed"))
    hard, two = found["phase"] == "hard", found["alpha_inf"] < state["alpha"] <= found["alpha_alg"]
    barrier = np.nanmax(f[(q > ball) & (q < other)], initial=0.0) if two else 0.5 * f[0]
    depth = -found["free_entropy"] - level if hard else 0.0
    size = max(barrier, 0.4 * f[0], 1e-3) if np.isinf(depth) else max(barrier, -depth, 0.4 * f[0], 1e-3)
    depth = max(depth, -size)
    low, high = depth - 0.3 * size, max(1.6 * barrier, 0.8 * size)
    axis = Axis("f(q)", "free energy", low, high, x=Axis("q/ρ", "overlap with the teacher", -0.02, 1.03))
    drawn = [
        Curve("landscape", q, f, panel=1, legend=False),
        Curve("the best", np.array([best]), np.array([depth]), "optimum", "dots", panel=1, legend=False),
        Curve("where AMP stops", np.array([ball]), np.array([0.0]), "algorithm", "dots", panel=1, legend=False),
    ]

    def above(text: str, x: float, y: float, role: str) -> Label:
        return Label(text, min(max(x, 0.06), 0.92), y + 0.13 * (high - low), role, panel=1)

    words = [above("AMP" if hard or found["phase"] == "no-recovery" else "AMP = best", ball, 0.0, "algorithm")]
    if hard:
        words.append(above("best: −∞" if np.isinf(found["free_entropy"]) else "best", best, depth, "optimum"))
    return drawn, words, axis


def story(state: dict, found: dict) -> str:
    """What the physics is doing where the sliders stand."""
    name = measure(state)
    best, amp, alpha = found[name], found[f"{name}_amp"], state["alpha"]
    wr, it, alg = (found[f"alpha_{mark}"] for mark in ("wr", "it", "alg"))
    at = f"α = {tell(alpha)}"
    if found["phase"] == "hard" and found["q_amp"] == 0:
        return f"Hard: at {at} the labels allow {tell_error(best, state)}, but AMP cannot even start: it learns nothing before α = {tell_load(min(wr, alg))}."
    if found["phase"] == "hard":
        exact = "One label would do in principle (α_IT = 0)" if it == 0 else f"At {at} the labels allow {tell_error(best, state)}"
        return f"Hard: {exact[0].lower()}{exact[1:]}, AMP is stuck at {tell_error(amp, state)} until α = {tell_load(alg)}."
    if found["phase"] == "no-recovery":
        later = f"; the jump comes at α = {tell_load(it)}" if it < wr else f"; it begins at α = {tell_load(wr)}"
        return f"At {at} nothing can be learned, not even by the best of all algorithms{later}."
    if alpha < it:
        return (
            f"Impossible: at {at} nobody can do better than {tell_error(best, state)}. "
            f"The jump comes at α = {tell_load(it)}; AMP finds it only from {tell_load(alg)} on."
        )
    if alpha > alg:
        return f"Easy: at {at}, past α = {tell_load(alg)}, AMP does what is best possible: {tell_error(best, state)}."
    perfect = ": the labels are as many equations as unknowns" if found["mmse"] == 0 else ""
    return f"At {at} the best possible is {tell_error(best, state)}, and AMP reaches it{perfect}. There is no hard phase."


def picture(state: dict, points: int) -> Picture:
    found = now(state)
    high = reach(state, found)
    name = measure(state)
    drawn, words, panel = landscape(state, found, points)
    few = points // 3 if slow(state) and points < 200 else points
    return Picture(
        "Error against the number of examples; below, the landscape at this α",
        Axis("α", "examples per weight, N/D", 0, high),
        (error_axis(state, 1.5), panel),
        (
            *curves(state, found, high, few),
            here(state["alpha"], found[name]),
            here(state["alpha"], found[f"{name}_amp"]),
            *drawn,
        ),
        (*marks(found, high), *words),
        story(state, found),
        branch=found["phase"],
        recipe=Recipe(
            ID, "alpha", 0.02, high, 200, False, {k: v for k, v in parameters(state).items() if k != "alpha"}, (name, f"{name}_amp")
        ),
    )


PRINTED = {
    ("rademacher", "sign"): {"it": "1.245 (Györgyi 1990)", "alg": "1.493 (Barbier et al. 2019)"},
    ("gaussian", "abs"): {"wr": "½ (Mondelli & Montanari)", "it": "1 (Barbier et al. 2019)", "alg": "1.13 (Barbier et al. 2019)"},
    ("rademacher", "door"): {"it": "1 (Barbier et al. 2019)", "alg": "1.566 (Barbier et al. 2019)"},
}


def numbers(state: dict) -> list[Number]:
    found, name, values = now(state), measure(state), parameters(state)
    pure = values["delta"] == values["flip"] == 0 and values == parameters(values, width=WIDTH.start)
    printed = PRINTED.get((values["prior"], values["channel"]), {}) if pure else {}
    symbol = r"\varepsilon_g" if name == "gen_error" else "E"
    words = "wrong labels" if name == "gen_error" else "squared error"
    return [
        Number(r"\alpha_{WR}", "AMP starts", found["alpha_wr"], printed.get("wr", "")),
        Number(r"\alpha_{IT}", "possible", found["alpha_it"], printed.get("it", "no hard phase" if np.isnan(found["alpha_it"]) else "")),
        Number(r"\alpha_{alg}", "AMP gets through", found["alpha_alg"], printed.get("alg", "")),
        Number(symbol, f"{words}, best", found[name]),
        Number(f"{symbol}^{{AMP}}", f"{words}, AMP", found[f"{name}_amp"]),
        Number("q", "overlap, best", found["q"], f"of at most {tell(found['q'] + found['mmse'])}"),
    ]


def dots(state: dict, values: list, found: dict) -> list[Curve]:
    error = found[f"{measure(state)}_amp"]
    return [Curve("AMP runs", np.array(values), error.mean, "experiment", "dots", error.sem)]


VIEW = View(
    id="learning",
    name="The learning curve",
    model=ID,
    question="How many examples does a rule need, in principle and in practice?",
    controls=(ALPHA, NOISE, PRIORS, CHANNELS, SPARSITY, WIDTH, FLIPS),
    picture=picture,
    numbers=numbers,
    presets={
        "binary perceptron": {"alpha": 1.37},
        "phase retrieval": {"prior": "gaussian", "channel": "abs", "alpha": 1.06},
        "compressed sensing": {"prior": "gauss-bernoulli", "channel": "linear", "alpha": 0.39},
        "symmetric door": {"channel": "door", "alpha": 1.45},
        "noise melts it": {"delta": 0.0316, "alpha": 1.6},
        "smooth: Gaussian weights": {"prior": "gaussian", "alpha": 2.0},
    },
    notice=(
        "Same labels, two answers: in the hard phase the best solution exists and is unique, and no known efficient algorithm finds it.",
        "The landscape tells both. AMP comes from the left and stays in the first valley; the deepest valley is the Bayes-optimal answer. "
        "At $α_{IT}$ the two are equally deep, at $α_{alg}$ the first one vanishes.",
        "f = −φ is minus the free entropy per weight. Valley floors are counted from the one AMP is in.",
        "Even rules (|z|, door) do not know the sign of the weights: below $α_{WR}$ AMP starts on a flat top and learns nothing.",
        "Without noise, real-valued labels are equations: $α_{IT}$ is the number of unknowns per weight. A single one identifies binary weights.",
    ),
    map=Map("delta", "alpha", noise_plane),
    experiment=Experiment(
        ID,
        lambda state: ("alpha", spread(0.08 * reach(state, now(state)), 0.96 * reach(state, now(state)), 12)),
        lambda state: {name: value for name, value in parameters(state).items() if name != "alpha"},
        dots,
        "AMP on random teachers and random inputs, run until it stands still; dots are its error on fresh examples. Even rules start from "
        "an overlap of 0.05. Close to $α_{alg}$ a system this small may get through a little early, or late.",
        size=(100, 1000, 2000),
        trials=(2, 6, 20),
    ),
    members=lambda state: 15 if slow(state) else MEMBERS,
)

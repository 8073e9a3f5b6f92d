"""The learning curve of a committee: the plateau, the escape, and the overlaps that explain them."""

from dataclasses import replace

import numpy as np

from engine import Sweep
from pages.dynamics.committee import (
    ASYMMETRY,
    ID,
    LAYERS,
    LEARNED,
    MAP,
    MODEL,
    RATE,
    TIME,
    choice,
    course,
    decade,
    positive,
    tell,
    trajectory,
)
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Label, Picture, Recipe, Vertical, here

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def overlaps(state: dict, curve: Sweep, times: np.ndarray) -> list[Curve]:
    """R (a colour per teacher unit, a dash per student unit), Q (full: norms, dashed: between units) and, where it learns, v."""
    units, drawn = range(1, state["K"] + 1), []

    def draw(name: str, *style, **rest) -> None:
        label = name.replace("_", "").translate(SUBSCRIPTS)
        drawn.append(Curve(label, times, curve[name], *style, **{"weight": 0.7, "legend": False} | rest))

    for k in units:
        for n in range(1, state["M"] + 1):
            draw(f"R_{k}_{n}", f"series-{n - 1}", panel=1, dash=k - 1, weight=0.9, legend=k == 1 or state["K"] * state["M"] <= 4)
        for l in units[:k]:  # noqa: E741
            draw(f"Q_{l}_{k}", "here" if k == l else "threshold", panel=2, dash=int(k != l))
        if state["layers"] == "both":
            draw(f"v_{k}", "here", panel=3, dash=k - 1)
    return drawn


def story(state: dict, curve: Sweep, i: int) -> str:
    """What the physics is doing at the time of `state`."""
    t, error, K, M = state["t"], curve["gen_error"][i], state["K"], state["M"]
    height, escape, floor, limit = (curve[name][0] for name in ("gen_error_plateau", "t_escape", "gen_error_noise_floor", "eta_max"))
    if curve["diverged"][i]:
        return f"The weights have run away: η = {tell(state['eta'])} is too large for this network."
    at = f"At t = {tell(t)}"
    if t < escape or (np.isfinite(height) and not np.isfinite(escape)):
        if error > 1.3 * height and np.isfinite(escape):
            return f"{at} the error is {tell(error)}, still falling towards a plateau at {tell(height)} that will hold it until t = {tell(escape)}."
        if np.isfinite(escape) and error < 0.9 * height:
            return f"{at} the student units begin to part: the error, {tell(error)}, is leaving its plateau at {tell(height)}."
        if np.isfinite(escape):
            return f"{at} all student units still do the same thing: the error waits on its plateau at {tell(height)}, until t = {tell(escape)}."
        if K < M:
            return f"{at} the error is {tell(error)} and will not vanish: {K} student units cannot be {M} different teacher units."
        return f"{at} the error is {tell(error)}: it never falls to half its plateau, {tell(height)}. Noise keeps it there."
    if error < LEARNED:
        return f"{at} the rule is learned" + (
            f": each student unit has become a teacher unit, after the escape at t = {tell(escape)}." if escape > 0 else "."
        )
    escaped = f"; it left its plateau at t = {tell(escape)}" if escape > 0 else ""
    if state["eta"] > limit and state["sigma"] == 0:
        return f"{at} the error is {tell(error)}{escaped}. Beyond η_max = {tell(limit)} it can never vanish, even without noise."
    if state["sigma"] > 0 and error < 3 * floor:
        return (
            f"{at} the units have specialised{escaped}, and label noise keeps the error at {tell(error)} (small-η formula: {tell(floor)})."
        )
    if np.isfinite(escape):
        return f"{at} the units have specialised{escaped}. The error is {tell(error)} and falling."
    if state["activation"] == "linear":
        return f"{at} the error is {tell(error)}. Linear units have no plateau: only their sum matters, not who does what."
    if min(K, M) == 1:
        return f"{at} the error is {tell(error)}. A single unit has nobody to be confused with: no plateau."
    if state["layers"] == "both":
        return f"{at} the error is {tell(error)}. Where both layers learn the plateau has no height of its own; look for the fork in R."
    if state["teacher"] == "graded":
        return f"{at} the error is {tell(error)}. Among unequal teacher units the plateau has no simple height; look for the fork in R."
    return f"{at} the error is {tell(error)}. Steps this large have no plateau: the norms of the weights grow for ever."


def picture(state: dict, points: int) -> Picture:
    curve, times, i = course(state)
    error = positive(curve["gen_error"])
    height, escape, floor = (curve[name][0] for name in ("gen_error_plateau", "t_escape", "gen_error_noise_floor"))
    drawn = overlaps(state, curve, times)

    def reach(panel: int) -> tuple[float, float]:
        values = np.concatenate([c.y[np.isfinite(c.y)] for c in drawn if c.panel == panel] + [np.zeros(1)])
        return min(-0.1, 1.1 * values.min()), max(1.15, 1.1 * values.max())

    panels = [
        Axis("ε_g", "error", LEARNED, decade(error), log=True, weight=2.2),
        Axis("R", "", *reach(1), weight=1.2),
        Axis("Q", "", *reach(2)),
    ]
    if state["layers"] == "both":
        panels.append(Axis("v", "", *reach(3)))
    names = ("", "with the teacher", "among students", "second layer")
    marks = [Label(names[n], 8, (0.82 if n < 3 else 0.2) * reach(n)[1], panel=n) for n in range(1, len(panels))]
    if np.isfinite(height):
        marks.append(Horizontal(f"plateau = {tell(height)}", height))
    if floor > LEARNED:
        drawn.append(Curve("noise floor", times, np.full(times.size, floor), "second", dash=3, weight=0.7))
    if escape > 1:
        marks.append(Vertical(f"escape = {tell(escape)}", escape))
    return Picture(
        "Learning by one gradient step per example: error and overlaps",
        Axis("t", "examples per input dimension", 1, 1e4, log=True),
        tuple(panels),
        (Curve("theory", times, error, legend=bool(floor > LEARNED), weight=1.2), *drawn, here(times[i], error[i])),
        tuple(marks),
        story(state, curve, i),
        branch="both" if state["layers"] == "both" else "",
        recipe=Recipe(
            ID, "t", 1, 1e4, 101, True, {k: v for k, v in state.items() if k != "t" and v is not None}, ("gen_error", "R_1_1", "Q_1_1")
        ),
    )


def numbers(state: dict) -> list[Number]:
    curve, _, i = course(state)
    K = state["K"]
    small = state["activation"] == "erf" and state["M"] == K
    return [
        Number(r"\varepsilon_g(t)", "error now", curve["gen_error"][i]),
        Number(
            r"\varepsilon_g^{plateau}",
            "height of the plateau",
            curve["gen_error_plateau"][0],
            f"η → 0: {K / np.pi * (np.pi / 6 - K * np.arcsin(1 / (2 * K))):.3g}" if small and K > 1 else "",
        ),
        Number(r"\lambda", "growth rate of the escape", curve["escape_rate"][0]),
        Number(
            r"t_{esc}", "escape: half the plateau", curve["t_escape"][0], "none: it never leaves" if np.isnan(curve["t_escape"][0]) else ""
        ),
        Number(r"\varepsilon_g^{noise}", "noise floor", curve["gen_error_noise_floor"][0], "0 without noise"),
        Number(r"\eta_{max}", "largest learning rate", curve["eta_max"][0]),
    ]


def sampled(state: dict) -> list[float]:
    """Times of the dots: from the first moves to well after the escape, at most 500."""
    escape = trajectory(state)["t_escape"][0]
    end = min(500.0, 3 * escape) if escape > 20 else 300.0
    return [float(f"{tell(t)}") for t in np.geomspace(1, end, 19)]


def dots(state: dict, values: list, found: dict) -> list[Curve]:
    times = np.array(values)
    drawn = [Curve("SGD", times, positive(found["gen_error"].mean), "experiment", "dots", found["gen_error"].sem)]
    if state["K"] * state["M"] <= 4 and state["init"] != "random":
        for k in range(1, state["K"] + 1):
            for n in range(1, state["M"] + 1):
                estimate = found[f"R_{k}_{n}"]
                drawn.append(Curve(f"R_{k}_{n} simulated", times, estimate.mean, "experiment", "dots", estimate.sem, panel=1, legend=False))
    return drawn


VIEW = View(
    id="plateau",
    name="Plateau and escape",
    model=ID,
    question="Why does a network learn nothing for so long, and then everything at once?",
    controls=(
        RATE,
        ASYMMETRY,
        replace(TIME, default=20.0),
        Control(MODEL.parameter("K"), 1, 6, words="student units", live=False),
        Control(MODEL.parameter("M"), 1, 6, words="teacher units", live=False),
        Control(MODEL.parameter("sigma"), 0, 1, 0.01, words="label noise, standard deviation", live=False, more=True),
        replace(LAYERS, more=True),
        choice("activation", "activation", {"erf": "erf", "relu": "ReLU", "linear": "linear"}, more=True),
        choice(
            "init",
            "overlaps at the start",
            {"asymmetric": "all different, up to ε", "diagonal": "ε with one's own", "informed": "the teacher's", "denoise": "copies"},
            more=True,
        ),
        choice("teacher", "teacher units", {"isotropic": "equally strong", "graded": "of strength 1, 2, 3 …"}, more=True),
        Control(
            MODEL.parameter("v0"),
            0.1,
            2,
            0.1,
            1.0,
            words="second-layer weights at the start",
            live=False,
            more=True,
            when=lambda s: s["layers"] == "both",
        ),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "the plateau": {"eps": 1e-3, "t": 100.0},
        "almost perfect symmetry": {"eps": 1e-10, "t": 501.0},
        "too large steps": {"eta": 2.51, "t": 1e4},
        "noisy labels": {"sigma": 0.3, "t": 1e4},
        "ReLU": {"activation": "relu", "eta": 0.2, "eps": 0.01, "t": 50.1},
        "too few units": {"K": 2, "M": 4, "t": 1e4},
    },
    notice=(
        "The plateau is a saddle. All student units lean equally towards all teacher units: a compromise from which no small change helps much.",
        "The escape is exponential: the smallest asymmetry grows as $e^{λt}$. Every factor of ten in ε costs the same extra time, ln 10/λ.",
        "A larger η raises the plateau and shortens it, until it stops helping; beyond $η_{max}$ the error never reaches zero.",
        "The dots are real gradient descent at D = 500, from the same overlaps. At small ε they escape early: the randomness of single "
        "examples makes an asymmetry of about 1/√D by itself. The theory is the limit D → ∞; from ε = 0.2 on the two agree.",
    ),
    map=MAP,
    experiment=Experiment(
        ID,
        lambda state: ("t", sampled(state)),
        lambda state: {name: value for name, value in state.items() if name != "t"},
        dots,
        "One network of D inputs, one gradient step per fresh example, starting from exactly the overlaps of the theory. "
        "At the escape the dots come early where ε is not much larger than 1/√D: each step's noise adds asymmetry of its own.",
        size=(50, 500, 1000),
        trials=(2, 3, 10),
    ),
    members=lambda state: (
        25 if state["K"] * state["M"] <= 4 else 11 if state["K"] * state["M"] <= 9 and state["activation"] != "relu" else 0
    ),
)

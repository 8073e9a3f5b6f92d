"""AMP step by step: its error in time, and the map that it iterates."""

from dataclasses import replace

import numpy as np

import cache
from engine import Parameter
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import MEMBERS, Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Label, Picture, Recipe
from pages.kit.words import tell
from pages.teacher_student.inference import (
    ALPHA,
    CHANNELS,
    FLIPS,
    ID,
    MODEL,
    NOISE,
    PRIORS,
    SPARSITY,
    WIDTH,
    along,
    error_axis,
    measure,
    now,
    parameters,
    slow,
    tell_error,
)

LAST = 40
OBSERVED = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 30, 35, 40)
EVEN = ("abs", "door")
START = Control(
    MODEL.parameter("q0"),
    0.001,
    0.5,
    log=True,
    words="overlap from which AMP starts: an even rule gives none away",
    when=lambda state: state["channel"] in EVEN,
    live=False,
)
BELOW = Control(
    Parameter("below", "", "second panel", "gain", choices=("gain", "cobweb")),
    labels={"gain": "gain of one step", "cobweb": "cobweb"},
    live=False,
    more=True,
)


def steps(state: dict):
    """State evolution, iteration by iteration."""
    return cache.sweep(ID, {"iterations": np.arange(LAST + 1)}, **parameters(state), **start(state))


def start(state: dict) -> dict:
    return {"q0": state["q0"]} if state["channel"] in EVEN else {}


def staircase(overlap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The path of the iteration between curve and diagonal."""
    corners = np.repeat(overlap, 2)
    return corners[:-1], np.append(0.0, corners[2:])


def gain(state: dict, points: int, q: np.ndarray, rho: float) -> tuple[Axis, list[Curve], list[Horizontal | Label]]:
    """The share of the missing overlap that one iteration brings, and where the iterations of AMP stand on it."""
    grid = np.concatenate([np.linspace(0, 0.9, points // 2), 1 - np.geomspace(0.09, 1e-5, points // 2)])
    after = along("overlap", grid, state)["overlap_next"]
    missing = 1 - q[:-1] / rho > 1e-6
    share = np.diff(q)[missing] / (rho - q[:-1][missing])
    axis = Axis("gain", "of what is missing", -0.4, 1.05, weight=1.3, x=Axis("q/ρ", "overlap with the teacher", -0.02, 1.02))
    return (
        axis,
        [
            Curve("gain of one step", grid, (after - grid) / (1 - grid), panel=1),
            Curve("steps of AMP", q[:-1][missing] / rho, share, "algorithm", "dots", panel=1, legend=False, branch=str(missing.sum())),
        ],
        [Horizontal("", 0.0, panel=1), Label("no gain: AMP stops", 0.25, -0.28, panel=1)],
    )


def cobweb(state: dict, points: int, q: np.ndarray, rho: float) -> tuple[Axis, list[Curve], list[Horizontal | Label]]:
    """The overlap one step later against the overlap, and the staircase of AMP between that curve and the diagonal."""
    grid = np.concatenate([np.linspace(0, 0.9, points // 2), 1 - np.geomspace(0.09, 1e-4, points // 3), [1.0]])
    after = along("overlap", grid, state)["overlap_next"]
    x, y = staircase(q / rho)
    axis = Axis("q'/ρ", "next overlap", 0, 1.05, weight=1.3, x=Axis("q/ρ", "overlap with the teacher", -0.02, 1.02))
    return (
        axis,
        [
            Curve("next overlap", grid, after, panel=1),
            Curve("no change", grid, grid, "threshold", panel=1, dash=1, weight=0.7, legend=False),
            Curve("staircase", x, y, "algorithm", panel=1, weight=0.8, legend=False),
        ],
        [],
    )


def story(state: dict, found: dict, q: np.ndarray, error: np.ndarray) -> str:
    """Whether AMP arrives, is stuck, or on its way."""
    name, rho = measure(state), found["q"] + found["mmse"]
    final = found[f"{name}_amp"]
    if found["phase"] == "no-recovery" or (found["phase"] == "hard" and found["q_amp"] == 0):
        return "At small overlaps a step loses what little is known: AMP forgets the little it started with and learns nothing."
    if found["q_amp"] - q[-1] > 0.02 * rho:
        return (
            f"A narrow passage, where a step gains next to nothing: after {LAST} steps AMP is at {tell_error(error[-1], state)}, "
            f"still on its way to {tell_error(final, state)}."
        )
    count = int(np.argmax(np.abs(error - final) <= 0.01 * abs(error[0] - final)))
    if found["phase"] == "hard":
        return (
            f"The gain of a step falls to zero on the way: within {count} steps AMP is stuck at {tell_error(final, state)}; "
            f"{tell_error(found[name], state)} would be possible."
        )
    return f"Every step gains: within {count} steps AMP arrives at {tell_error(final, state)}, the best possible."


def picture(state: dict, points: int) -> Picture:
    found, name = now(state), measure(state)
    line = steps(state)
    q, error = line["q_t"], line[f"{name}_t"]
    below = gain if state["below"] == "gain" else cobweb
    panel, drawn, levels = below(state, points // 3 if slow(state) else points, q, found["q"] + found["mmse"])
    levels = [*levels, Horizontal(f"best possible = {tell(found[name])}", found[name], "optimum")]
    if found["phase"] == "hard":
        stuck = found[f"{name}_amp"]
        levels.append(Horizontal(f"AMP ends at {tell(stuck)}", stuck, "algorithm"))
    return Picture(
        "Error of AMP at every iteration; below, what one iteration changes",
        Axis("t", "iteration", 0, LAST),
        (error_axis(state), panel),
        (Curve("state evolution", np.arange(LAST + 1.0), error, "algorithm", weight=1.3), *drawn),
        tuple(levels),
        story(state, found, q, error),
        branch=found["phase"],
        recipe=Recipe(ID, "iterations", 0, LAST, LAST + 1, False, parameters(state) | start(state), (f"{name}_t", "q_t")),
    )


def numbers(state: dict) -> list[Number]:
    found, name, line = now(state), measure(state), steps(state)
    symbol, rho = (r"\varepsilon" if name == "gen_error" else "E"), found["q"] + found["mmse"]
    return [
        Number(f"{symbol}_{{1}}", "error after one step", line[f"{name}_t"][1]),
        Number(f"{symbol}_{{10}}", "after ten steps", line[f"{name}_t"][10]),
        Number(f"{symbol}_{{AMP}}", "where AMP stops", found[f"{name}_amp"]),
        Number(symbol, "best possible", found[name]),
        Number(r"q_{AMP}/\rho", "overlap where AMP stops", found["q_amp"] / rho, f"best {tell(found['q'] / rho)}"),
        Number(r"\alpha_{alg}", "AMP gets through", found["alpha_alg"], "no hard phase" if np.isnan(found["alpha_alg"]) else ""),
    ]


def dots(state: dict, values: list, found: dict) -> list[Curve]:
    error = found[f"{measure(state)}_t"]
    return [Curve("AMP runs", np.array(values, float), error.mean, "experiment", "dots", error.sem)]


VIEW = View(
    id="steps",
    name="Message passing, step by step",
    model=ID,
    question="Why does the best algorithm get stuck?",
    controls=(replace(ALPHA, default=1.4), NOISE, PRIORS, CHANNELS, SPARSITY, WIDTH, FLIPS, START, BELOW),
    picture=picture,
    numbers=numbers,
    presets={
        "stuck": {},
        "a narrow passage": {"alpha": 1.51},
        "the way is free": {"alpha": 1.9},
        "phase retrieval": {"prior": "gaussian", "channel": "abs", "alpha": 1.5},
        "compressed sensing": {"prior": "gauss-bernoulli", "channel": "linear", "alpha": 0.55},
        "a door that stays shut": {"channel": "door", "alpha": 1.2},
    },
    notice=(
        "AMP passes messages between examples and weights. In high dimension one number, the overlap q, tells all about its next step: "
        "the curve below is exact.",
        "Where the gain is zero AMP stops. In the hard phase there are three such points: AMP's, a barrier, and the optimum.",
        "Move α up: the curve rises until it no longer touches zero. At $α_{alg}$ the passage opens, and just beyond it AMP is slow.",
        "An even rule, |z| or a door, gains nothing at zero overlap. Its AMP is given a small overlap to begin with.",
    ),
    experiment=Experiment(
        ID,
        lambda state: ("iterations", list(OBSERVED)),
        lambda state: parameters(state) | start(state),
        dots,
        "AMP on random teachers and random inputs of D weights, observed after every iteration; the line is state evolution, the limit D → ∞.",
        size=(100, 2000, 2000),
        trials=(2, 6, 30),
    ),
    members=lambda state: 21 if slow(state) else MEMBERS,
)

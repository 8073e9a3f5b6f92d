"""Test error against training time on two clusters: where to stop, and what training on costs."""

from dataclasses import replace

import numpy as np

from engine import Sweep
from engine.dynamics.dmft_sgd import bayes_error, largest_rate, pose
from pages.dynamics.training import (
    BATCH,
    BELOW,
    HORIZON,
    ID,
    LOSS,
    LOWER,
    MODEL,
    NOISE,
    PERSISTENCE,
    RATE,
    RIDGE,
    ROLES,
    SAMPLES,
    STEPS,
    STOP,
    batches,
    best,
    doubt,
    experiment,
    parameters,
    reached,
    shown,
)
from pages.kit.controls import Control
from pages.kit.explorer import EXACT, Number, View
from pages.kit.picture import Axis, Curve, Horizontal, Picture, Recipe, Vertical, here
from pages.kit.words import tell

X = Axis("t", "steps of gradient descent", 1, HORIZON, log=True)


def story(state: dict, curves: dict[str, Sweep]) -> str:
    """Where the least error is, and what stopping elsewhere costs."""
    name, curve = list(curves.items())[-1]
    stop, (step, least) = state["steps"], best(curve)
    if reached(curve) < HORIZON:
        limit = largest_rate(pose(**MODEL.validate(parameters(state))))
        return f"η = {tell(state['eta'])} is too large: descent diverges at step {reached(curve) + 1}. The full batch is stable below about η = {tell(limit)}."
    now, end = curve["gen_error"][stop], curve["gen_error"][-1]
    begin = f"After {stop} step{'s' * (stop > 1)} the {name} misses {tell(100 * now)} %"
    if end < 1.002 * least:
        return f"{begin}, after {HORIZON} steps {tell(100 * end)} %: training longer does no harm here."
    cost = f"training on to step {HORIZON} costs {tell(100 * (end / least - 1))} %"
    if stop == step:
        return f"{begin}, the least it will ever miss: {cost}."
    where = "past its best" if stop > step else "still improving"
    return f"{begin}, {where}: the least error, {tell(100 * least)} %, comes at step {step}; {cost}."


def picture(state: dict, points: int) -> Picture:
    curves, error = batches(state, points)
    for curve in curves.values():
        reached(curve)
    now, stop = list(curves.values())[-1], state["steps"]
    bayes, static = (curves["full batch"][name][0] for name in ("gen_error_bayes", "gen_error_static"))
    drawn, t = [], np.array(STEPS[1:])
    for name, curve in curves.items():
        drawn.append(Curve(name, t, curve["gen_error"][1:] / bayes, ROLES[name]))
        drawn.append(Curve(name, t, shown(state, curve[state["below"]][1:]), ROLES[name], panel=1, legend=False))
    marks = [
        Horizontal(f"Bayes-optimal: {tell(100 * bayes)} %", 1.0, "optimum"),
        Vertical(f"best: step {best(now)[0]}", best(now)[0], panel=0),
    ]
    if np.isfinite(static):
        marks.append(Horizontal("where full-batch training ends", static / bayes))
    rings = (here(stop, now["gen_error"][stop] / bayes), here(stop, shown(state, now[state["below"]])[stop], panel=1))
    return Picture(
        f"Test error over the optimum while training{doubt(error)}",
        X,
        (Axis("ε_g/ε_Bayes", "test error", 0.95, 2.0, weight=1.8), LOWER[state["below"]]),
        (*drawn, *rings),
        tuple(marks),
        story(state, curves),
        branch="full" if state["batch"] == 1 else "mini",
        recipe=Recipe(ID, "steps", 0, HORIZON, HORIZON + 1, False, parameters(state), ("gen_error", "train_error", "train_loss", "m")),
    )


def numbers(state: dict) -> list[Number]:
    curves, error = batches(state, EXACT)
    curve = list(curves.values())[-1]
    step, least = best(curve)
    stop, full = state["steps"], curves["full batch"]
    return [
        Number(r"\varepsilon_g(t)", f"test error at step {stop}", curve["gen_error"][stop]),
        Number(r"\varepsilon_g^{min}", "least test error", least, f"at step {step}"),
        Number(r"\varepsilon_g(\infty)", "at the minimum of the loss", full["gen_error_static"][0], "full batch"),
        Number(r"\varepsilon_{Bayes}", "the optimum", full["gen_error_bayes"][0]),
        Number(r"\varepsilon_t(t)", "training error", curve["train_error"][stop]),
        Number(r"\delta\varepsilon_g", "from seed to seed", error, "closed form" if error < 1e-12 else ""),
    ]


def dots(state: dict, t: np.ndarray, found: dict) -> list[Curve]:
    """The training runs in both panels."""
    bayes, below = bayes_error(state["alpha"], state["delta"]), found[state["below"]]
    return [
        Curve("training runs", t, found["gen_error"].mean / bayes, "experiment", "dots", found["gen_error"].sem / bayes),
        Curve("training runs below", t, shown(state, below.mean), "experiment", "dots", below.sem, panel=1),
    ]


VIEW = View(
    id="early-stopping",
    name="Early stopping",
    model=ID,
    question="When should training stop?",
    controls=(
        replace(SAMPLES, default=2.0),
        replace(NOISE, default=1.0),
        replace(RIDGE, default=0.01),
        STOP,
        replace(BATCH, default=0.3),
        RATE,
        LOSS,
        BELOW,
        PERSISTENCE,
        Control(MODEL.parameter("R"), 0, 2, 0.1, words="variance of the weights at the start", live=False, more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "full batch against mini-batch": {},
        "the first step is the best": {"R": 0.0, "batch": 1.0, "delta": 0.5, "steps": 1},
        "ridge instead of stopping": {"lam": 1.0, "batch": 1.0},
        "square loss": {"loss": "square", "steps": 40},
        "too large steps": {"loss": "square", "eta": 1.0, "batch": 1.0},
    },
    notice=(
        "The dots are single training runs, step by step, at D = 1000. The theory has no small-learning-rate limit in it: they fall on it at every step.",
        "Counted in samples seen, full batch and mini-batch stop at the same place: 21 full steps do the work of 73 steps with $b = 0.3$.",
        "Training error and loss only fall. The test error has a minimum: first the direction of the clusters is learned, then the noise of the samples.",
        "From weights that are zero (R = 0) the first full step is Hebb's rule, the sum of all samples: no algorithm does better. Everything after it is overfitting.",
        "With the right ridge nothing is lost by training to the end; early stopping does the work of that ridge.",
    ),
    experiment=experiment(
        dots,
        "Data sets of αD samples from the two clusters, each used over and over: gradient descent from random weights with overlap exactly 0. "
        "Bars: standard error over the runs; the points of one run move together.",
        [1, 2, 3, 4, 6, 8, 11, 16, 22, 32, 45, 64, 90, 125, HORIZON],
    ),
    members=lambda state: 13,
)

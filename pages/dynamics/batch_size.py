"""Small batches against ridge: at the end of training a fraction b of the samples acts like the ridge λ/b."""

from dataclasses import replace

import numpy as np

import cache
from engine import Sweep
from engine.dynamics.dmft_sgd import bayes_error, largest_rate, pose
from pages.dynamics.training import (
    BATCH,
    HORIZON,
    ID,
    LOSS,
    MODEL,
    NOISE,
    RATE,
    RIDGE,
    SAMPLES,
    best,
    course,
    parameters,
    reached,
)
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Label, Picture, Recipe, Region, Vertical, here
from pages.kit.words import tell

PATHS = 512
LAMBDA = replace(RIDGE, low=1e-3, high=10, step=0.2, default=0.1, named={})
GRID = np.array(LAMBDA.stops)
LAST = Control(MODEL.parameter("steps"), 10, HORIZON, 10, HORIZON, words="steps of training", live=False)
X = Axis("λ", "ridge", *LAMBDA.bounds, log=True)
ERROR = Axis("ε_g/ε_Bayes", "test error", 0.95, 2.0, weight=2.2)


def until(state: dict, **changes) -> Sweep:
    """The curve up to the last step."""
    return course(state, list(range(state["steps"] + 1)), **{"samples": PATHS} | changes)


def needed(curve: Sweep) -> int:
    """Steps until the test error is within 1 % of its least."""
    return int(np.argmax(curve["gen_error"] <= 1.01 * best(curve)[1]))


def stable(state: dict) -> float:
    """The ridge beyond which descent overshoots: the learning rate is then too large."""
    return 2 / state["eta"] - 2 / largest_rate(pose(**MODEL.validate(parameters(state, lam=0.0))))


def errors(state: dict, **changes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Test error at the last step, the least one, and the steps it takes to come near it, along GRID."""
    last, least, step = np.full((3, GRID.size), np.nan)
    for i, ridge in enumerate(GRID[stable(state) >= GRID]):
        curve = until(state, **changes | {"lam": ridge})
        if np.isfinite(curve["q"]).all():
            last[i], least[i], step[i] = curve["gen_error"][-1], best(curve)[1], needed(curve)
    return last, least, step


def end_points(state: dict, ridges: np.ndarray) -> np.ndarray:
    """Test error at the minimum of the loss with these ridges."""
    fixed = parameters(state, batch=1.0, samples=PATHS)
    del fixed["lam"]
    inside = np.minimum(ridges, MODEL.parameter("lam").high)
    found = cache.sweep(ID, {"lam": inside}, steps=0, **fixed)["gen_error_static"]
    return np.where(ridges <= inside, found, np.nan)


def least_ridge(values: np.ndarray) -> float:
    """The ridge with the least error."""
    return float(GRID[np.nanargmin(values)]) if np.isfinite(values).any() else np.nan


def story(state: dict, full: np.ndarray, mini: np.ndarray) -> str:
    """Where the best ridge is, with and without small batches."""
    if not np.isfinite(mini).any():
        return f"η = {tell(state['eta'])} is too large: descent diverges with every ridge."
    b, T, now, optimum = state["batch"], state["steps"], until(state)["gen_error"][-1], least_ridge(mini)
    if b == 1:
        return (
            f"At step {T} the full batch misses {tell(100 * now)} %. The more ridge the better: it then adds up all samples, Hebb's rule."
        )
    begin = f"Batches of {100 * b:.3g} % of the samples and λ = {tell(state['lam'])} miss {tell(100 * now)} % at step {T}; the best ridge is {tell(optimum)}."
    if state["lam"] > 2 * optimum:
        memory = 1 / (state["eta"] * state["lam"])
        return f"{begin} Here it is too strong: the weights remember only the last {tell(memory)} batches."
    return f"{begin} With less the samples are overfitted, with more the weights forget all but the last batches."


def picture(state: dict, points: int) -> Picture:
    bayes, b = bayes_error(state["alpha"], state["delta"]), state["batch"]
    full, _, full_step = errors(state, batch=1.0)
    mini, least, step = errors(state) if b < 1 else (full, *errors(state)[1:])
    now = until(state)
    last = now["gen_error"][-1]
    drawn = [
        Curve("full batch", GRID, full / bayes, "theory"),
        Curve("mini-batch", GRID, mini / bayes, "second"),
        Curve("mini-batch, best step", GRID, least / bayes, "second", dash=3, weight=0.7),
        Curve("full batch, ridge λ/b", GRID, end_points(state, GRID / b) / bayes, "optimum", dash=1),
        Curve("full batch", GRID, full_step, "theory", panel=1, legend=False),
        Curve("mini-batch", GRID, step, "second", panel=1, legend=False),
    ]
    rings = (here(state["lam"], last / bayes), here(state["lam"], needed(now) if np.isfinite(last) else np.nan, panel=1))
    return Picture(
        f"Test error at step {state['steps']} over the optimum, for every ridge",
        X,
        (ERROR, Axis("t", "steps needed", 0, HORIZON + 5)),
        (*drawn, *rings),
        (Vertical(f"best: λ = {tell(least_ridge(mini))}", least_ridge(mini), panel=0), Region("unstable", min(max(stable(state), 1e-3), 10.0), 10.0, shade=True)),
        story(state, full, mini),
        recipe=Recipe(ID, "lam", *LAMBDA.bounds, GRID.size, True, {k: v for k, v in parameters(state).items() if k != "lam"} | {"steps": state["steps"]}, ("gen_error", "q")),
    )  # fmt: skip


def numbers(state: dict) -> list[Number]:
    now = until(state)
    reached(now)
    other = until(state, seed=1)
    static, smaller = end_points(state, np.array([state["lam"], state["lam"] / state["batch"]]))
    return [
        Number(r"\varepsilon_g(T)", f"test error at step {state['steps']}", now["gen_error"][-1]),
        Number(r"\varepsilon_g^{min}", "least on the way", best(now)[1], f"within 1 % from step {needed(now)} on"),
        Number(r"\varepsilon_g(\lambda)", "full batch, its end", static),
        Number(r"\varepsilon_g(\lambda/b)", "full batch, ridge λ/b", smaller),
        Number(r"\varepsilon_{Bayes}", "the optimum", bayes_error(state["alpha"], state["delta"])),
        Number(r"\delta\varepsilon_g", "from seed to seed", float(np.abs(now["gen_error"] - other["gen_error"])[-1])),
    ]


SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RIDGES = np.geomspace(1e-3, 10, 13)


def map_picture(state: dict) -> Picture:
    """The error over batch and ridge; above the line the ridge forgets a batch before all samples have had their turn."""
    bayes, steps = bayes_error(state["alpha"], state["delta"]), min(state["steps"], 100)
    short = state | {"steps": steps}
    z = np.array([[until(short, batch=b, lam=ridge, samples=256)["gen_error"][-1] for b in SHARES] for ridge in RIDGES])
    b = np.linspace(SHARES[0], 1, 60)
    return Picture(
        f"Test error over the optimum at step {steps}",
        Axis("b", "share of the samples in each batch", 0.025, 1.05),
        (Axis("λ", "ridge", RIDGES[0], RIDGES[-1], log=True),),
        (Curve("λ = b/η", b, b / state["eta"], "here"),),
        (Label("overfitted", 0.8, 0.004), Label("forgetful", 0.2, 4.5), Label("λ = b/η", 0.9, 0.9 / state["eta"] / 1.6)),
        heat=Heat(np.array(SHARES), RIDGES, z / bayes, "ε_g/ε_Bayes", 1.0, 1.5),
    )


def dots(state: dict, values: list, full: dict, mini: dict) -> list[Curve]:
    bayes = bayes_error(state["alpha"], state["delta"])
    runs = [full, mini] if state["batch"] < 1 else [full]
    return [
        Curve(
            "training runs",
            np.array(values),
            run["gen_error"].mean / bayes,
            "experiment",
            "dots",
            run["gen_error"].sem / bayes,
            legend=not i,
        )
        for i, run in enumerate(runs)
    ]


def conditions(state: dict) -> dict:
    """The experiment's parameters but the ridge."""
    return {name: value for name, value in parameters(state).items() if name != "lam"} | {"steps": state["steps"]}


VIEW = View(
    id="batch-size",
    name="Batch size and ridge",
    model=ID,
    question="Are small batches a kind of ridge?",
    controls=(
        replace(SAMPLES, live=False, default=2.0),
        replace(NOISE, live=False, default=1.0),
        LAMBDA,
        replace(BATCH, default=0.2, live=False),
        LAST,
        replace(RATE, live=False),
        LOSS,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "a fifth of the samples": {},
        "tiny batches": {"batch": 0.05, "lam": 0.1},
        "half the samples": {"batch": 0.5},
        "square loss: noise adds error": {"loss": "square", "batch": 0.1, "eta": 0.3},
        "few samples": {"alpha": 0.501, "batch": 0.2},
    },
    notice=(
        "A step moves the weights by λ times themselves and by b times the gradient of all samples, on average. At rest that is the full batch's minimum with the ridge λ/b: the dashed line.",
        "The mini-batch follows it where training has ended. What separates them at strong ridge is noise: the weights remember 1/(ηλ) batches, and must have seen every sample to know them all.",
        "At weak ridge training has not ended: small batches are slower by the factor b and have not overfitted yet. Stopping early is a ridge, too.",
        "For the full batch more ridge is always better here: two equal clusters are best told apart by Hebb's rule, the limit of strong ridge.",
    ),
    map=Map("batch", "lam", map_picture),
    experiment=Experiment(
        ID,
        lambda state: ("lam", [0.001, 0.01, 0.1, 0.398, 1.0, 3.98]),
        conditions,
        dots,
        "Training runs with every ridge, full batch and mini-batch, to the last step. Bars: standard error over the runs.",
        size=(100, 800, 1500),
        trials=(1, 4, 10),
        series=({"batch": 1.0}, {}),
    ),
    members=lambda state: LAMBDA.slider_bounds()[1] + 1,
)

"""What the views of gradient descent share: the model, its curves over the steps, controls, and the training runs beside them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import cache
import engine
from engine import Parameter, ParameterError, Sweep
from engine.dynamics.dmft_sgd import scatter
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.picture import Axis, Curve
from pages.kit.words import tell

ID = "dmft-sgd"
MODEL = engine.model(ID)
HORIZON = 150
STEPS = list(range(HORIZON + 1))
ENOUGH = 100
"""Points a curve from which on a picture is the exact one, not a preview."""
PREVIEW, LEAST, MOST = 256, 1024, 2048
"""Paths of a preview, and of the exact curve."""
AGREE = 2e-3
"""How well two seeds must agree on m (relative where that exceeds 1) before no more paths are taken."""
ROLES = {"full batch": "theory", "mini-batch": "second"}

SAMPLES = Control(MODEL.parameter("alpha"), 0.1, 10, 0.05, log=True, words="samples per dimension")
NOISE = Control(MODEL.parameter("delta"), 0.31623, 3.1623, 0.05, log=True, words="variance of each cluster")
RIDGE = Control(MODEL.parameter("lam"), 1e-3, 10, 0.1, log=True, words="ridge", named={"λ = 0": 0.0})
RATE = Control(MODEL.parameter("eta"), 0.02, 2, 0.05, log=True, words="learning rate")
STOP = Control(MODEL.parameter("steps"), 1, HORIZON, 0.03, log=True, words="stop after so many steps")
BATCH = Control(MODEL.parameter("batch"), 0.05, 1, 0.05, words="share of the samples in each batch")
PERSISTENCE = Control(
    MODEL.parameter("tau"),
    0.2,
    20,
    0.05,
    0.0,
    log=True,
    words="time a sample stays in the batch",
    named={"a fresh batch each step": 0.0},
    when=lambda state: state["batch"] < 1,
    live=False,
    more=True,
)
LOSS = Control(
    MODEL.parameter("loss"), words="loss", labels={"logistic": "logistic", "square": "square", "sqhinge": "squared hinge"}, live=False
)

LOWER = {
    "train_error": Axis("ε_t", "training error", 0, 0.55),
    "train_loss": Axis("ℓ", "training loss", 1e-3, 2, log=True),
    "cosine": Axis("m/√q", "overlap", -0.05, 1.05),
    "gen_error": Axis("ε_g", "test error", 0, 0.55),
}
BELOW = Control(
    Parameter("below", "", "what the lower panel shows", "train_error", choices=tuple(LOWER)),
    words="below",
    labels={name: axis.words for name, axis in LOWER.items()},
    live=False,
)


def parameters(state: dict, **changes) -> dict:
    """Those of the model, without steps; a persistence time that is too short is the shortest that there is."""
    p = {parameter.name: (state | changes)[parameter.name] for parameter in MODEL.parameters if parameter.name in state | changes}
    p.pop("steps", None)
    if p.get("tau", 0.0) > 0.0:
        p["tau"] = max(p["tau"], p["eta"] * max(1.0, (1.0 - p["batch"]) / p["batch"]))
    return p


def course(state: dict, steps: list[int] | None = None, **changes) -> Sweep:
    """Every observable at `steps` (0..HORIZON): one march. Missing where descent has diverged."""
    return cache.sweep(ID, {"steps": STEPS if steps is None else steps}, **parameters(state, **changes))


def settled(state: dict, points: int, **changes) -> tuple[Sweep, float]:
    """The curve with as many paths as it takes for two seeds to agree (of a preview: few), and by how much their test errors differ."""
    if points < ENOUGH:
        return course(state, samples=PREVIEW, **changes), np.nan
    for samples in (LEAST, MOST):
        p = MODEL.validate(parameters(state, samples=samples, **changes) | {"steps": HORIZON})
        apart = cache.memo(("scatter", ID, tuple(p.items())), lambda p=p: scatter(**p))
        curve = course(state, samples=samples, **changes)
        if np.nanmax(apart["m"] / np.maximum(1.0, np.abs(curve["m"])), initial=0.0) <= AGREE:
            break
    return curve, float(np.nanmax(apart["gen_error"]))


def batches(state: dict, points: int) -> tuple[dict[str, Sweep], float]:
    """The curves of the full batch and, where there is one, of the mini-batch (the last is the one in view), and their seed-to-seed error."""
    found = {"full batch": settled(state, points, batch=1.0, tau=0.0)}
    if state["batch"] < 1:
        found["mini-batch"] = settled(state, points)
    return {name: curve for name, (curve, _) in found.items()}, max(error for _, error in found.values())


def reached(curve: Sweep) -> int:
    """The last step before descent diverges. Raises where it does so at once."""
    present = np.isfinite(curve["q"])
    if present.sum() < 2:
        raise next(iter(curve.failures.values()), ParameterError("eta", curve.parameters["eta"], "descent diverges at the first step"))
    return int(np.flatnonzero(present)[-1])


def best(curve: Sweep) -> tuple[int, float]:
    """The step (from 1 on) at which the test error is least, and that error."""
    i = 1 + int(np.nanargmin(curve["gen_error"][1:]))
    return i, float(curve["gen_error"][i])


def positive(values: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return np.where(values > 0, values, np.nan)


def shown(state: dict, values) -> np.ndarray:
    """What the lower panel can show of its observable."""
    return positive(np.asarray(values)) if LOWER[state["below"]].log else np.asarray(values)


def doubt(error: float) -> str:
    """The statistical error of a curve, in the title of its picture."""
    if np.isnan(error):
        return ""
    return ", in closed form" if error < 1e-12 else f" (± {tell(error)} from seed to seed)"


def experiment(draw: Callable[[dict, np.ndarray, dict], list[Curve]], words: str, steps: list[int], **fixed) -> Experiment:
    """Training runs with the full batch and with the mini-batch of the state, looked at after so many `steps`."""

    def dots(state: dict, values: list, full: dict, mini: dict) -> list[Curve]:
        drawn = draw(state, np.array(values), full) + (draw(state, np.array(values), mini) if state["batch"] < 1 else [])
        return [replace(curve, legend=i == 0) for i, curve in enumerate(drawn)]

    def p(state: dict) -> dict:
        return parameters(state, **fixed)

    return Experiment(
        ID,
        lambda state: ("steps", steps),
        p,
        dots,
        words,
        size=(100, 1000, 2000),
        trials=(1, 4, 10),
        series=({"batch": 1.0}, {}),
    )

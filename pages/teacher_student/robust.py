"""What the views of robust regression share: the model, its controls, the losses and their colours, residuals, words, the experiment."""

from collections.abc import Callable, Sequence

import numpy as np

import cache
import engine
from engine import Estimate
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.picture import Axis, Curve, Recipe, here

ID = "m-estimator"
MODEL = engine.model(ID)
NAMES = {"square": "least squares", "l1": "L1", "huber": "Huber"}
ROLES = {"square": "second", "l1": "series-3", "huber": "theory"}
"""The losses, their names and colours."""
SAMPLES = Axis("α", "samples per coordinate, N/D", 1, 100, log=True)
MSE = Axis("E", "error per coordinate", 0.002, 300, log=True, weight=1.7)
RESIDUAL = Axis("p(r₀)", "density", 1e-4, 2, log=True, x=Axis("r₀", "residual of a sample left out (dotted: its noise)", -8, 8))
FAR = 1e5
"""Samples per coordinate at which the residual is the noise itself."""


def shown(state: dict, loss: str) -> dict:
    """What a loss depends on: only Huber's knows a threshold."""
    return {"loss": loss} | {name: value for name, value in state.items() if loss == "huber" or name != "huber"}


def along(parameters: dict, axis: str, grid: Sequence[float], **changes) -> engine.Sweep:
    """The theory along `axis`; `parameters` and `changes` are the model's."""
    return cache.sweep(ID, {axis: grid}, **{name: value for name, value in (parameters | changes).items() if name != axis})


def at(parameters: dict, **changes) -> dict[str, float]:
    """The observables at one point; all nan where there is no solution."""
    values = parameters | changes
    return {name: column[0] for name, column in along(values, "alpha", [values["alpha"]]).observables.items()}


def positive(values: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return np.where((values > 0) & np.isfinite(values), values, np.nan)


def losses(parameters: dict, axis: str, grid: np.ndarray) -> dict[str, engine.Sweep]:
    """The theory of the three losses along `axis`."""
    return {loss: along(shown(parameters, loss), axis, grid) for loss in NAMES}


def thickness(state: dict, loss: str) -> float:
    return 1.4 if loss == state["look"] else 0.9


def residuals(parameters: dict, state: dict, points: int, panel: int = 1) -> list[Curve]:
    """Density of the residual of a sample left out, for each loss, and of the noise alone."""
    r = np.linspace(RESIDUAL.x.low, RESIDUAL.x.high, points | 1)
    noise = along(shown(parameters, "l1"), "residual", r, alpha=FAR)["residual_density"]
    drawn = [Curve("noise alone", r, positive(noise), "threshold", dash=3, panel=panel, legend=False)]
    for loss, role in ROLES.items():
        found = along(shown(parameters, loss), "residual", r)
        drawn.append(
            Curve(NAMES[loss], r, positive(found["residual_density"]), role, weight=thickness(state, loss), panel=panel, legend=False)
        )
    return drawn


def references(grid: np.ndarray, found: engine.Sweep, bound: str, scale: np.ndarray | float = 1.0) -> list[Curve]:
    """The bound on convex losses, called `bound`, and the best estimate."""
    return [
        Curve(bound, grid, positive(found["mse_bound"] * scale), "threshold", dash=1),
        Curve("Bayes-optimal", grid, positive(found["mse_bayes"] * scale), "optimum", dash=1),
    ]


def least(grid: np.ndarray, values: np.ndarray) -> float:
    """Where on the grid the values are least."""
    return float(grid[np.nanargmin(values)])


def best(parameters: dict, axis: str, low: float, high: float) -> dict[str, float]:
    """The point of least error along a logarithmic `axis`, found on a grid and once more around its minimum."""
    grid = np.geomspace(low, high, 61)
    around, step = least(grid, along(parameters, axis, grid)["mse"]), grid[1] / grid[0]
    grid = np.geomspace(max(low, around / step), min(high, around * step), 61)
    chosen = least(grid, along(parameters, axis, grid)["mse"])
    return at(parameters, **{axis: chosen}) | {axis: chosen}


# ---- controls --------------------------------------------------------------------------------------------------------------------


ALPHA = Control(MODEL.parameter("alpha"), 1.05, 100, 0.02, log=True, words="samples per coordinate, N/D")
HUBER = Control(MODEL.parameter("huber"), 0.01, 10, 0.05, log=True, words="threshold of the Huber loss")
OUTLIERS = Control(MODEL.parameter("outlier"), 0, 0.5, 0.005, words="fraction of outliers")
SIZE = Control(MODEL.parameter("delta_out"), 1, 1000, 0.05, log=True, default=100.0, words="variance of the outliers")


def choice(name: str, words: str, labels: dict[str, str], **rest) -> Control:
    """A choice of the page's own."""
    return Control(engine.Parameter(name, "", words, next(iter(labels)), choices=tuple(labels)), labels=labels, live=False, **rest)


LOOK = choice("look", "loss to look at", {loss: NAMES[loss] for loss in ("huber", "l1", "square")})


# ---- words and experiment --------------------------------------------------------------------------------------------------------


def recipe(parameters: dict, axis: Axis, name: str, *observables: str) -> Recipe:
    """How to draw `observables` along the parameter `name` without these pages."""
    values = {key: value for key, value in parameters.items() if key != name}
    return Recipe(ID, name, axis.low if axis.low != 1 else 1.05, axis.high, 200, axis.log, values, observables)


def experiment(
    points: Callable[[dict], tuple[str, Sequence[float]]],
    parameters: Callable[[dict], dict],
    scale: Callable[[dict, np.ndarray], np.ndarray | float] = lambda state, grid: 1.0,
    size: tuple[int, int, int] = (50, 200, 500),
    trials: tuple[int, int, int] = (2, 8, 100),
) -> Experiment:
    """Real fits at `points(state)` with the model's `parameters(state)`; the dots are drawn times `scale(state, grid)`."""

    def fixed(state: dict) -> dict:
        return {name: value for name, value in parameters(state).items() if name != points(state)[0]}

    def dots(state: dict, grid: Sequence[float], found: dict[str, Estimate]) -> list[Curve]:
        x = np.array(grid)
        factor = scale(state, x)
        return [Curve("real fits", x, positive(factor * found["mse"].mean), "experiment", "dots", factor * found["mse"].sem)]

    words = (
        "A random signal is measured N times with the noise of the sliders, and a convex solver (an interior-point method) finds the "
        "minimum of the loss in view exactly. The theory is the limit of many coordinates; at D = 200 the dots already fall on it. "
        "Where the solver finds the signal exactly, the dot would lie at zero, below the picture."
    )
    return Experiment(ID, points, fixed, dots, words, size=size, trials=trials)


def ring(x: float, y: float) -> Curve:
    """Where the sliders stand; nowhere if the error is zero."""
    return here(x, y if y > 0 else np.nan)

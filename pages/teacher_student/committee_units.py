"""What the views of the committee machine share."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import cache
import engine
from engine import Sweep
from pages.kit.experiment import Experiment
from pages.kit.picture import Axis, Curve, here

ID = "committee-bayes"
MODEL = engine.model(ID)
ERROR = Axis("ε_g", "error", -0.008, 0.26, weight=1.4)
OVERLAPS = Axis("q", "overlap", -0.08, 1.06)


def at(**state) -> dict:
    """Everything the theory says at one point."""
    return engine.solve(ID, **state)


def line(axis: str, grid: np.ndarray, **fixed) -> Sweep:
    return cache.sweep(ID, {axis: grid}, **fixed)


BEYOND = 1e-6
"""Distance of a jump from the points beside it."""


def approach(low: float, high: float, points: int) -> np.ndarray:
    """From low to high, ever more densely, for a curve that ends there vertically."""
    return high - (high - low) * np.linspace(1, 0, points) ** 2


def behind(low: float, high: float, points: int) -> np.ndarray:
    """From low, where a curve jumps, to high; begins with the point to leave out."""
    return np.concatenate([[low + BEYOND], np.linspace(low + 2 * BEYOND, high, points - 1)])


def lifted(values: np.ndarray, grid: np.ndarray, jump: float) -> np.ndarray:
    """A curve with the pen lifted at its jump: the first point beyond is left out."""
    values = np.array(values)
    values[np.flatnonzero(grid > jump)[0]] = np.nan
    return values


def ring(x: float, y: float, panel: int, branch: str) -> Curve:
    """Where the sliders stand; rings of different branches are not blended."""
    return replace(here(x, y, panel), branch=branch)


def amp_dots(state: dict, values: list, found: dict) -> list[Curve]:
    x = np.array(values)
    return [
        Curve("AMP, simulated", x, found["gen_error_amp"].mean, "experiment", "dots", found["gen_error_amp"].sem),
        *(
            Curve(f"{name} simulated", x, found[key].mean, "experiment", "dots", found[key].sem, panel=1, legend=False)
            for name, key in (("q₀₀", "q00_amp"), ("q₀₁", "q01_amp"))
        ),
    ]


def experiment(prior: str, values: Sequence[float], words: str) -> Experiment:
    return Experiment(
        ID,
        lambda state: ("alpha", values),
        lambda state: {"prior": prior},
        amp_dots,
        f"One teacher of two hidden units, αD fresh inputs and one run of approximate message passing per trial, started from nothing. {words}",
        size=(50, 500, 2000),
        trials=(2, 5, 20),
    )

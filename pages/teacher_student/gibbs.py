"""What the views of learning at temperature share: controls, learning curves with their jump, dots, the phase diagram."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

import cache
import engine
from engine import Estimate
from pages.kit.controls import Control
from pages.kit.explorer import Map
from pages.kit.picture import Axis, Curve, Heat, Label, Picture, Recipe, here

ID = "learning-temperature"
MODEL = engine.model(ID)
WEIGHTS = Control(MODEL.parameter("weights"), words="weights", labels={"ising": "±1 (Ising)", "spherical": "real (sphere)"}, live=False)
OUTPUT = Control(
    MODEL.parameter("output"), words="what the student is shown", labels={"boolean": "labels (sign)", "linear": "the field"}, live=False
)
RULES = {
    ("ising", "boolean"): "±1 weights, labels",
    ("ising", "linear"): "±1 weights, field",
    ("spherical", "boolean"): "real weights, labels",
    ("spherical", "linear"): "real weights, field",
}
GUESSING = {"boolean": 0.5, "linear": 1.0}
DRAWN = ("R", "gen_error", "train_error")
Line = tuple[np.ndarray, dict[str, np.ndarray]]


def at(state: dict, **changes) -> dict:
    """The engine's answer at a state of the sliders."""
    return engine.solve(ID, **state | changes)


def learning(values: dict, low: float, high: float, points: int, log: bool = False) -> tuple[Line, Line]:
    """(α, observables) of the equilibrium with its jump, and of the poor branch from there to its end; half of `points` draw it smooth.

    Without a jump the poor branch is a single nan.
    """
    space, points, beside = np.geomspace if log else np.linspace, points // 2, 1e-9
    limits = at(values, alpha=1.0)
    if np.isnan(limits["alpha_jump"]):
        grid = space(low, high, 2 * points)
        found = cache.sweep(ID, {"alpha": grid}, **values)
        return (grid, {name: found[name] for name in DRAWN}), (grid[-1:], dict.fromkeys(DRAWN, np.full(1, np.nan)))
    jump, end = np.clip([limits["alpha_jump"], limits["alpha_poor_end"]], low, high)
    before, after = space(low, jump * (1 - beside), points), space(jump * (1 + beside), high, points)
    poor = np.append(end - (end - jump) * np.linspace(1, 0, points // 2) ** 2, end * (1 + beside))
    poor[-2] *= 1 - beside
    found = cache.sweep(ID, {"alpha": np.concatenate([before, after, poor])}, **values)
    stable = np.concatenate([before, after])
    return (
        (stable, {name: found[name][: stable.size] for name in DRAWN}),
        (poor, {name: found[f"{name}_poor"][stable.size :] for name in DRAWN}),
    )


def ring(now: dict, alpha: float, height: float, panel: int = 0) -> Curve:
    """Where the sliders stand; a preview does not draw it between the two sides of a jump."""
    return replace(here(alpha, height, panel), branch="after the jump" if alpha > now["alpha_jump"] else "")


def measured(names: tuple[str, ...], scale: Callable[[dict], float] = lambda state: 1.0) -> Callable[..., list[Curve]]:
    """Dots of random starts and, where they were run as well, of starts at the teacher; `names` by panel, the first in units of `scale`."""

    def dots(state: dict, values: list, random: dict[str, Estimate], teacher: dict[str, Estimate] | None = None) -> list[Curve]:
        drawn = []
        for label, role, found in (("from random", "experiment", random), ("from the teacher", "algorithm", teacher)):
            for panel, name in enumerate(names if found else ()):
                unit = scale(state) if panel == 0 else 1.0
                drawn.append(
                    Curve(
                        label,
                        np.array(values),
                        found[name].mean / unit,
                        role,
                        "dots",
                        found[name].sem / unit,
                        panel=panel,
                        legend=panel == 0,
                    )
                )
        return drawn

    return dots


def recipe(state: dict, low: float, high: float, log: bool, *observables: str) -> Recipe:
    return Recipe(ID, "alpha", low, high, 200, log, {k: v for k, v in state.items() if k != "alpha"}, observables)


def phase_diagram(loads: tuple[float, float], temperatures: tuple[float, float]) -> Map:
    """The (α, T) plane of Ising weights and labels: the error in equilibrium and the three lines."""

    def picture(state: dict) -> Picture:
        alpha, few, T = np.linspace(*loads, 161), np.linspace(*temperatures, 51), np.linspace(*temperatures, 101)
        error = cache.sweep(ID, {"T": few, "alpha": alpha})["gen_error"]
        lines = cache.sweep(ID, {"T": T}, alpha=1.0)
        transition, spinodal = lines["alpha_transition"], lines["alpha_spinodal"]
        asymptote = engine.solve(ID, T=1.0, theory="high-temperature")["alpha_transition"]
        return Picture(
            "±1 weights and labels: what the student becomes",
            Axis("α", "examples per weight, N/D", *loads),
            (Axis("T", "temperature", *temperatures),),
            (
                Curve("transition", transition, T, "threshold", weight=1.3),
                Curve("spinodal", spinodal, T, "second"),
                Curve("zero entropy", lines["alpha_zero_entropy"], T, "algorithm", dash=1),
                Curve(f"{asymptote:.3g} T (high T)", asymptote * T, T, "threshold", dash=3, weight=0.7),
            ),
            (
                Label("POOR", 0.18 * loads[1], 0.75 * temperatures[1]),
                Label("METASTABLE", np.interp(0.87 * temperatures[1], T, 0.5 * (transition + spinodal)), 0.87 * temperatures[1]),
                Label("PERFECT", 0.8 * loads[1], 0.25 * temperatures[1]),
            ),
            "Left of the transition the student is poor, right of it perfect in equilibrium; up to the spinodal one that starts from random "
            "weights stays poor. More noise in the training costs more examples.",
            heat=Heat(alpha, few, error, "error ε_g in equilibrium", 0.0, 0.5),
        )

    return Map("alpha", "T", picture)

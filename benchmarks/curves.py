"""Warm time of each case: through engine.sweep, through engine.solve, and of the plain reference, which must agree."""

import numpy as np

import engine
from benchmarks.cases import Case
from benchmarks.measure import readable, seconds

HEAD = ["model", "points", "sweep", "per point", "one solve", "plain per point", "ratio", "target", "", "deviation"]


def row(case: Case) -> tuple[list[str], bool]:
    """The row of the table, and whether engine and reference agree."""
    sweep = engine.sweep(case.model, {case.axis: case.values}, **case.parameters)

    def curve():
        case.forget()
        return engine.sweep(case.model, {case.axis: case.values}, **case.parameters)

    whole = seconds(curve)
    middle = {case.axis: case.values[len(case.values) // 2], **case.parameters}

    def one():
        case.forget()
        return engine.solve(case.model, **middle)

    single = seconds(one, budget=0.2)
    per_point = whole / len(case.values)

    chosen = np.unique(np.linspace(0, len(case.values) - 1, case.reference_points).round().astype(int))
    reference = case.reference(case.values[chosen], **case.parameters)  # what it computes once per curve is not counted below
    plain = seconds(lambda: case.reference(case.values[chosen], **case.parameters), budget=0.0) / len(chosen)
    off = max(deviation(sweep[name][chosen], reference[name]) for name in reference)

    reached = whole if case.target_whole else per_point
    verdict = "" if case.target is None else "met" if reached <= case.target else "MISSED"
    target = "" if case.target is None else readable(case.target) + (" in all" if case.target_whole else "")
    cells = [f"{case.model}: {case.title}", str(len(case.values)), *map(readable, (whole, per_point, single, plain))]
    return [*cells, f"{plain / per_point:.0f}", target, verdict, f"{off:.0e}"], off <= case.tolerance


def deviation(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, relative where values exceed 1; where the reference is nan the engine must be, too."""
    if np.any(np.isnan(found) != np.isnan(expected)):
        return np.inf
    return float(np.nanmax(np.abs(found - expected) / np.maximum(1, np.abs(expected)), initial=0.0))

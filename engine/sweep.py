"""Observables over a grid of one, two or more parameters."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product

import numpy as np

from engine.model import ConvergenceError, Model, Parameter, ParameterError, Progress, Value
from engine.processes import share
from engine.registry import model

JOBS = Parameter("jobs", "", "processes that share the work", 1, 1, 1024, integer=True)
STRETCH = 512  # points in one call of a compiled loop: progress and Ctrl-C stay alive in longer lines


@dataclass(frozen=True)
class Sweep:
    """A labelled result: `observables[name]` has one dimension per entry of `axes`, in their order.

    A point without solution holds nan in every observable (an array of labels or flags is then one of objects), and `failures` says
    why: {index tuple: error}.
    """

    model: str
    axes: dict[str, list[Value]]
    parameters: dict[str, Value]
    observables: dict[str, np.ndarray]
    failures: dict[tuple[int, ...], ParameterError | ConvergenceError]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.observables[name]

    @property
    def size(self) -> int:
        """Number of points of the grid."""
        return math.prod(len(values) for values in self.axes.values())

    def to_frame(self):
        """One row per grid point, the last axis fastest (pandas.DataFrame): the axes, then the observables.

        An observable with the name of an axis (`alpha` as asked for and as rounded to whole patterns) is called `<name>_observable`.
        An axis that mixes numbers and named values holds strings.
        """
        import pandas as pd

        columns = zip(*product(*self._coordinates().values()), strict=True)
        axes = {name: pd.Series(column) for name, column in zip(self.axes, columns, strict=True)}
        return pd.DataFrame(axes | {self._label(name): values.ravel() for name, values in self.observables.items()})

    def to_dataset(self):
        """The grid with named dimensions (xarray.Dataset), names as in `to_frame`; model and fixed parameters (as JSON) are attributes."""
        import xarray as xr

        attributes = {"model": self.model, "parameters": json.dumps(self.parameters)}
        variables = {self._label(name): (list(self.axes), values) for name, values in self.observables.items()}
        return xr.Dataset(variables, coords=self._coordinates(), attrs=attributes)

    def _label(self, observable: str) -> str:
        return f"{observable}_observable" if observable in self.axes else observable

    def _coordinates(self) -> dict[str, list[Value]]:
        return {name: values if _all_numbers(values) else [str(value) for value in values] for name, values in self.axes.items()}


def sweep(id: str, axes: Mapping[str, Sequence[Value]], jobs: int = 1, progress: Progress | None = None, **parameters) -> Sweep:
    """Solve model `id` on the grid spanned by `axes` ({parameter: values}), the other parameters fixed.

    Lines of the grid run through the model's compiled loop where it has one. With `jobs` > 1 as many processes share the work (a
    script must then be guarded by ``if __name__ == "__main__"``); the numbers do not depend on it. `progress` cancels by raising.
    Raises ParameterError for bad names or values before anything is computed, WorkerError if a process is killed. Points at which
    valid values conflict, or at which an iteration fails, are nan and listed in `failures`.
    """
    chosen = model(id)
    if not axes:
        raise ParameterError("axes", "none", f"a sweep of {id} needs at least one parameter with several values")
    for name in axes:
        if name in parameters:
            raise ParameterError(name, parameters[name], f"{name} is an axis of the sweep and cannot be fixed as well")
    grid = {name: [chosen.parameter(name).validate(value) for value in values] for name, values in axes.items()}
    for name, values in grid.items():
        if not values:
            raise ParameterError(name, "", f"{name} needs at least one value")
    jobs = JOBS.validate(jobs)
    fixed = chosen.validate(parameters)
    for name in grid:
        del fixed[name]

    inner = next((name for name in reversed(grid) if _compiled(chosen, name, grid[name])), list(grid)[-1])
    stretch = STRETCH if _compiled(chosen, inner, grid[inner]) else 1
    stretches = [grid[inner][i : i + stretch] for i in range(0, len(grid[inner]), stretch)]
    outer = {name: values for name, values in grid.items() if name != inner}
    points = [dict(zip(outer, values, strict=True)) for values in product(*outer.values())]
    tasks = [(id, inner, values, {**fixed, **point}) for point in points for values in stretches]
    parts = []
    with closing(share(_solve_task, tasks, jobs)) as results:
        for part in results:
            parts.append(part)
            if progress:
                progress(len(parts) / len(tasks))
    return _assemble(chosen, grid, fixed, inner, parts)


def _all_numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(value, (int, float)) for value in values)


def _compiled(chosen: Model, axis: str, values: Sequence[Value]) -> bool:
    """Whether the model has a compiled loop along these values."""
    return axis in chosen.solve_axes and _all_numbers(values)


def _solve_task(task: tuple) -> tuple[int, dict[str, np.ndarray], dict[int, Exception]]:
    """Number of points of a stretch of the inner axis, the observables there, and the errors by position."""
    id, axis, values, fixed = task
    chosen = model(id)
    if _compiled(chosen, axis, values):
        try:
            columns = {name: np.asarray(column) for name, column in chosen.solve_along(axis, np.asarray(values), **fixed).items()}
        except (ParameterError, ConvergenceError):
            columns = {}  # the points one by one will say which of them fail, and why
        suspects = np.flatnonzero(np.logical_and.reduce([_blank(column) for column in columns.values()] or [np.full(len(values), True)]))
    else:
        columns, suspects = {}, range(len(values))
    rows, failures = {}, {}
    for i in suspects:
        try:
            rows[i] = chosen.solve(**fixed, **{axis: values[i]})
        except (ParameterError, ConvergenceError) as error:
            rows[i], failures[int(i)] = {}, error
    if not rows:
        return len(values), columns, failures

    def cell(name: str, i: int) -> np.ndarray:
        return np.array([rows[i].get(name, math.nan)]) if i in rows else columns[name][i : i + 1]

    names = dict.fromkeys([*columns, *(name for row in rows.values() for name in row)])
    return len(values), {name: _join([cell(name, i) for i in range(len(values))]) for name in names}, failures


def _blank(column: np.ndarray) -> np.ndarray:
    """Where a column of a compiled loop says nothing: nan, or a label that is empty or nan as text."""
    if column.dtype.kind == "f":
        return np.isnan(column)
    if column.dtype.kind in "OU":
        return np.isin(column.astype(str), ["", "nan"])
    return np.zeros(len(column), bool)


def _join(parts: list[np.ndarray]) -> np.ndarray:
    """The parts one after the other; as objects where nan stands among labels or flags."""
    kinds = {part.dtype.kind for part in parts}
    if len(kinds) > 1 and not kinds <= set("iuf"):
        parts = [part.astype(object) for part in parts]
    return np.concatenate(parts)


def _assemble(chosen: Model, grid: dict, fixed: dict, inner: str, parts: list) -> Sweep:
    """Put the parts together, axes in the order they were asked for."""
    stored = [name for name in grid if name != inner] + [inner]
    shape = [len(grid[name]) for name in stored]
    order = [stored.index(name) for name in grid]
    names = list(dict.fromkeys(name for _, columns, _ in parts for name in columns))
    if not names:  # not one point has a solution
        names = chosen.observable_names(fixed | {name: values[0] for name, values in grid.items()})
    observables = {}
    for name in names:
        column = _join([columns[name] if name in columns else np.full(count, math.nan) for count, columns, _ in parts])
        observables[name] = column.reshape(shape).transpose(order)
    failures, start = {}, 0
    for count, _, errors in parts:
        for i, error in errors.items():
            index = np.unravel_index(start + i, shape)
            failures[tuple(int(index[k]) for k in order)] = error
        start += count
    return Sweep(chosen.id, grid, fixed, observables, failures)

"""Observables over a grid of one, two or more parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context

import numpy as np

from engine.model import ConvergenceError, Model, ParameterError, Progress, Value
from engine.registry import model


@dataclass(frozen=True)
class Sweep:
    """A labelled result: `observables[name]` has one dimension per entry of `axes`, in their order.

    A point without solution holds nan in every observable, and `failures` says why: {index tuple: error}.
    """

    model: str
    axes: dict[str, list[Value]]
    parameters: dict[str, Value]
    observables: dict[str, np.ndarray]
    failures: dict[tuple[int, ...], ParameterError | ConvergenceError]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.observables[name]

    def to_frame(self):
        """One row per grid point (pandas.DataFrame): the axes, the fixed parameters that were given, the observables."""
        import pandas as pd

        rows = pd.DataFrame(product(*self.axes.values()), columns=list(self.axes))
        return pd.concat([rows, pd.DataFrame({name: values.ravel() for name, values in self.observables.items()})], axis=1)

    def to_dataset(self):
        """The grid with named dimensions (xarray.Dataset); model and fixed parameters are attributes."""
        import xarray as xr

        attributes = {"model": self.model} | {name: "" if value is None else value for name, value in self.parameters.items()}
        return xr.Dataset({n: (list(self.axes), v) for n, v in self.observables.items()}, coords=self.axes, attrs=attributes)


def sweep(id: str, axes: Mapping[str, Sequence[Value]], jobs: int = 1, progress: Progress | None = None, **parameters) -> Sweep:
    """Solve model `id` on the grid spanned by `axes` ({parameter: values}), the other parameters fixed.

    Lines of the grid run through the model's compiled loop where it has one; with `jobs` > 1, on that many processes.
    Raises ParameterError for bad names or values before anything is computed. Points at which valid values conflict, or at which an
    iteration fails, are nan and listed in `failures`.
    """
    chosen = model(id)
    if not axes:
        raise ParameterError("axes", "{}", "a sweep needs at least one axis")
    for name in axes:
        if name in parameters:
            raise ParameterError(name, parameters[name], f"{name} is an axis of the sweep and cannot be fixed as well")
    grid = {name: [chosen.parameter(name).validate(value) for value in values] for name, values in axes.items()}
    for name, values in grid.items():
        if not values:
            raise ParameterError(name, "", "an axis of a sweep needs at least one value")
    fixed = chosen.validate(parameters)
    for name in grid:
        del fixed[name]

    inner = next((name for name in reversed(grid) if name in chosen.solve_axes and _all_numbers(grid[name])), list(grid)[-1])
    outer = {name: values for name, values in grid.items() if name != inner}
    points = [dict(zip(outer, values, strict=True)) for values in product(*outer.values())]
    tasks = [(id, inner, grid[inner], {**fixed, **point}) for point in points]
    lines = []
    for line in _run(tasks, jobs):
        lines.append(line)
        if progress:
            progress(len(lines) / len(tasks))
    return _assemble(id, grid, fixed, inner, outer, lines)


def _all_numbers(values: Sequence[Value]) -> bool:
    return all(isinstance(value, (int, float)) for value in values)


def _run(tasks: list[tuple], jobs: int):
    """The lines of the grid, in order, on `jobs` processes."""
    if jobs == 1 or len(tasks) == 1:
        yield from map(_line, tasks)
        return
    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(_line, tasks, chunksize=max(1, len(tasks) // (8 * jobs)))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _line(task: tuple) -> tuple[dict[str, np.ndarray], dict[int, Exception]]:
    """One line of the grid: its observables, and the errors by position."""
    id, axis, values, fixed = task
    chosen = model(id)
    if axis in chosen.solve_axes and _all_numbers(values):
        columns = chosen.solve_along(axis, np.asarray(values), **fixed)
        suspects = [i for i in range(len(values)) if all(_missing(column[i]) for column in columns.values())]
        failures = {i: error for i in suspects if (error := _error(chosen, {**fixed, axis: values[i]}))}
        return columns, failures
    rows, failures = [], {}
    for i, value in enumerate(values):
        try:
            rows.append(chosen.solve(**fixed, **{axis: value}))
        except (ParameterError, ConvergenceError) as error:
            rows.append({})
            failures[i] = error
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row.get(name, math.nan) for row in rows]) for name in names}, failures


def _missing(value: object) -> bool:
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _error(chosen: Model, parameters: dict[str, Value]) -> Exception | None:
    """Why the point has no solution; None if it has one."""
    try:
        chosen.solve(**parameters)
    except (ParameterError, ConvergenceError) as error:
        return error
    return None


def _assemble(id: str, grid: dict, fixed: dict, inner: str, outer: dict, lines: list) -> Sweep:
    """Put the lines together, axes in the order they were asked for."""
    position = list(grid).index(inner)
    shape = [len(values) for values in outer.values()]
    names = dict.fromkeys(name for columns, _ in lines for name in columns)
    missing = np.full(len(grid[inner]), math.nan)
    observables = {}
    for name in names:
        table = np.array([columns.get(name, missing) for columns, _ in lines])
        observables[name] = np.moveaxis(table.reshape(*shape, len(grid[inner])), -1, position)
    failures = {}
    for index, (_, errors) in zip(np.ndindex(*shape), lines, strict=True):
        for i, error in errors.items():
            failures[(*index[:position], i, *index[position:])] = error
    return Sweep(id, grid, fixed, observables, failures)

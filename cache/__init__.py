"""What is kept, under which key, for how long.

The engine's sweeps and experiments, under the engine's own names and signatures, remembered at two levels: in memory (the most
recently used, up to MEMORY_BYTES) and on disk (up to PHASE_ATLAS_CACHE_BYTES in the directory PHASE_ATLAS_CACHE, by default
cache/store/ of the checkout; PHASE_ATLAS_CACHE=off for none). A key is the kind of work, the model, the version of the engine and
the canonical parameters (`cache.keys`); the work is done at those parameters, so a number belongs to its key. Whatever happens to
the disk, the caller gets a computed number, never an error. Results are the caller's own, but their arrays are shared and read-only.

>>> import cache
>>> cache.sweep("capacity-cover", {"alpha": [1.5, 2.0]}, D=50)["p_sep"][1]
0.5
"""

import logging
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import engine
from cache.disk import Disk
from cache.keys import canonical_axis, rounded
from cache.levels import Cache, Status
from engine.experiment import SEED
from engine.model import Estimate, Model, Progress, Value

MEMORY_BYTES = 64 * 2**20
DISK_BYTES = 512 * 2**20
LIBRARIES = tuple(version(name) for name in ("numpy", "scipy", "numba"))  # their random numbers and last digits are part of a result


def _settings(environment: Mapping[str, str]) -> tuple[Path | None, int]:
    """Directory (None: no disk level) and limit in bytes of the store."""
    place = environment.get("PHASE_ATLAS_CACHE") or Path(__file__).with_name("store")
    text = environment.get("PHASE_ATLAS_CACHE_BYTES") or str(DISK_BYTES)
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        logging.getLogger(__name__).warning("PHASE_ATLAS_CACHE_BYTES=%s is not a number of bytes; using %d", text, DISK_BYTES)
        text = str(DISK_BYTES)
    return None if place == "off" else Path(place).absolute(), int(text)


_cache = Cache(Disk(*_settings(os.environ)), MEMORY_BYTES)


def sweep(id: str, axes: Mapping[str, Sequence[Value]], progress: Progress | None = None, **parameters) -> engine.Sweep:
    """`engine.sweep`, remembered. Its `axes` and `parameters` are the canonical ones at which it was computed."""
    chosen = engine.model(id)
    grid = {name: canonical_axis(chosen.parameter(name), values) for name, values in axes.items()}
    fixed = {name: value for name, value in _parameters(chosen, parameters).items() if name not in grid}
    if not grid or not all(grid.values()) or grid.keys() & parameters.keys():
        return engine.sweep(id, grid, **parameters)  # which says what is wrong
    key = (tuple(grid.items()), tuple(fixed.items()))
    return remember("sweep", id, key, lambda report: engine.sweep(id, grid, progress=report, **fixed), progress)


def simulate(
    id: str, size: int | None = None, trials: int | None = None, seed: int = 0, progress: Progress | None = None, **parameters
) -> dict[str, Estimate]:
    """`engine.simulate`, remembered."""
    chosen = engine.model(id)
    protocol = _protocol(chosen, size, trials, seed)
    fixed = _without_protocol(_parameters(chosen, parameters))
    return remember(
        "simulate", id, (protocol, tuple(fixed.items())), lambda report: engine.simulate(id, *protocol, progress=report, **fixed), progress
    )


def simulate_along(
    id: str,
    axis: str,
    values: Sequence[Value],
    size: int | None = None,
    trials: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    **parameters,
) -> dict[str, Estimate]:
    """`engine.simulate_along`, remembered."""
    chosen = engine.model(id)
    protocol = _protocol(chosen, size, trials, seed)
    points = canonical_axis(chosen.parameter(axis), values)
    fixed = _without_protocol(_parameters(chosen, parameters))
    del fixed[axis]
    key = (axis, points, protocol, tuple(fixed.items()))
    return remember(
        "simulate_along", id, key, lambda report: engine.simulate_along(id, axis, points, *protocol, progress=report, **fixed), progress
    )


def remember(kind: str, model: str, parameters: Hashable, compute: Callable[[Progress], Any], progress: Progress | None = None) -> Any:
    """The value of `compute(report)` for this version of the engine and of the libraries it computes with, from memory or disk if it is there, else computed and kept.

    `parameters` are canonical and their `repr` tells them apart; the value can be pickled. Threads that ask for the same key at the same
    time share one computation: one of them computes, `progress` of the others is called every 0.1 s with the fraction it has reached.
    `progress` cancels its own caller by raising, nobody else; if that was the one computing, another takes over. Errors are not kept.
    """
    return _cache.remember((kind, model, engine.SOURCE_HASH, LIBRARIES, parameters), compute, progress)


def memo(key: Hashable, compute: Callable[[], Any]) -> Any:
    """The value of `compute()` from memory if it is there, else computed once and kept in memory alone. The value can be pickled."""
    return _cache.memo(key, compute)


def clear() -> None:
    """Forget everything, in memory and on disk."""
    _cache.clear()


def status() -> Status:
    """How much is kept, how often it served, and whether the disk level is on."""
    return _cache.status()


def _parameters(chosen: Model, parameters: Mapping[str, object]) -> dict[str, Value]:
    """Every parameter of the model, canonical; ParameterError for a bad one."""
    values = chosen.validate(parameters)
    return {parameter.name: rounded(parameter, values[parameter.name]) for parameter in chosen.parameters}


def _protocol(chosen: Model, size: int | None, trials: int | None, seed: int) -> tuple[int, int, int]:
    """Size, trials and seed of an experiment, validated."""
    return (
        chosen.size.validate(chosen.size.default if size is None else size),
        chosen.trials.validate(chosen.trials.default if trials is None else trials),
        SEED.validate(seed),
    )


def _without_protocol(parameters: dict[str, Value]) -> dict[str, Value]:
    """The parameters but for a seed of the theory: in an experiment it is the experiment's."""
    return {name: value for name, value in parameters.items() if name != "seed"}


__all__ = ["Status", "clear", "memo", "remember", "simulate", "simulate_along", "status", "sweep"]

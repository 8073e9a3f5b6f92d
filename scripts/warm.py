"""Compile every kernel before the first visitor, or the first test, asks for it:  python -m scripts.warm

Each model is solved once for every variant it has (defaults, each named choice, the parameters of its landmarks), along its
compiled axes, and in its experiment up to the first sign of progress. A note beside the kernels says when all of this is done.
One process at a time: numba's cache does not survive two that compile one function for different types at the same moment.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from llvmlite import binding
from tqdm import tqdm

import engine
from engine.compiled import closure_hash
from engine.model import ConvergenceError, Model, ParameterError, Value
from engine.registry import MODULES

KERNELS = Path(os.environ["NUMBA_CACHE_DIR"])
NOTE = KERNELS / f"warm-{sys.implementation.cache_tag}-numba-{version('numba')}-{binding.get_host_cpu_name()}"


def label(id: str) -> str:
    """A model in the note, with the version and the place of its source, as the kernels have them."""
    return f"{id}={closure_hash(Path(find_spec(MODULES[id]).origin))}"


class EnoughError(Exception):
    """Raised in an experiment once it is seen to run."""


def warm() -> None:
    """Compile what is not yet compiled, saying on stderr which model is at work and how long each took."""
    done = NOTE.read_text().split() if NOTE.exists() else []
    missing = [id for id in engine.models() if label(id) not in done]
    with tqdm(missing, bar_format="Compiling {desc} {n}/{total} {bar} {elapsed}", leave=False, disable=None if missing else True) as bar:
        for id in bar:
            bar.set_description_str(id)
            start = time.perf_counter()
            run(engine.model(id))
            with NOTE.open("a") as note:
                note.write(f"{label(id)}\n")
            bar.write(f"compiled {id} in {time.perf_counter() - start:.1f} s", file=sys.stderr)


def run(chosen: Model) -> None:
    """Call everything in `chosen` that compiles."""
    for parameters in variants(chosen):
        attempt(chosen.solve, **parameters)
    parameters = chosen.validate({})
    for axis in chosen.solve_axes:
        attempt(chosen.solve_along, axis, along(chosen, axis), **without(parameters, axis))
    protocol = {"size": chosen.size.default, "trials": chosen.trials.default, "seed": 0, "progress": enough}
    attempt(chosen.simulate, **parameters | protocol)
    for axis in chosen.simulate_axes:
        attempt(chosen.simulate_along, axis, along(chosen, axis), **without(parameters, axis) | protocol)


def variants(chosen: Model) -> Iterator[dict[str, Value]]:
    """The defaults, each named choice by itself, and the landmarks' parameters, each set once."""
    choices = [{parameter.name: choice} for parameter in chosen.parameters for choice in parameter.choices]
    seen = []
    for given in [{}, *choices, *(landmark.parameters for landmark in chosen.landmarks)]:
        parameters = chosen.validate(given)
        if parameters not in seen:
            seen.append(parameters)
            yield parameters


def along(chosen: Model, axis: str) -> np.ndarray:
    """A short line along `axis`."""
    parameter = chosen.parameter(axis)
    return np.array([parameter.default if isinstance(parameter.default, (int, float)) else parameter.high])


def without(parameters: dict[str, Value], axis: str) -> dict[str, Value]:
    return {name: value for name, value in parameters.items() if name != axis}


def attempt(function, *arguments, **keywords) -> None:
    """Call for the sake of compiling; a choice that conflicts with the defaults, or has no solution there, compiles nothing more."""
    try:
        function(*arguments, **keywords)
    except (ParameterError, ConvergenceError, EnoughError):
        return


def enough(fraction: float) -> None:
    """A Progress that ends the experiment once something has been done."""
    if fraction > 0:
        raise EnoughError


if __name__ == "__main__":
    try:
        warm()
    except KeyboardInterrupt:
        sys.exit(130)

"""A small model that counts how often it is solved, and caches in temporary directories."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import cache
from cache.disk import Disk
from cache.levels import Cache
from engine import registry
from engine.model import ConvergenceError, Estimate, Model, Observable, Parameter, ParameterError


@pytest.fixture
def toy(monkeypatch):
    """Model `toy`: y = x + n. No solution at x = 2, a conflict at x = 3. `toy.calls` are the parameters it was asked for."""
    calls = []

    def solve(x, n, kind):
        calls.append((x, n, kind))
        if x == 2:
            raise ConvergenceError("no fixed point")
        if x == 3:
            raise ParameterError("x", x, "x must not be 3")
        return {"y": x + n, "phase": "easy" if x < 1 else "hard"}

    def simulate(size, trials, seed, progress, x, n, kind):
        calls.append((size, trials, seed, x, n, kind))
        progress(1.0)
        return {"y": Estimate(x + n + seed, 0.1)}

    def simulate_along(axis, values, size, trials, seed, progress, **fixed):
        calls.append((axis, tuple(values)))
        return {"y": Estimate(np.asarray(values) + seed, np.full(len(values), 0.1))}

    module = ModuleType("toy_model")
    module.MODEL = Model(
        id="toy", title="Toy", chapter="capacity", question="What is x + n?", equations="",
        parameters=(
            Parameter("x", "x", "a real", 1.0, 0, 1 / 3 * 30),
            Parameter("n", "n", "an integer", 4, 0, 10, integer=True),
            Parameter("kind", "k", "a choice", "a", choices=("a", "b")),
        ),
        observables=(Observable("y", "y", "the sum"), Observable("phase", "phase", "a label")),
        solve=solve, simulate=simulate, simulate_along=simulate_along, simulate_axes=("x",),
        size=Parameter("size", "D", "size", 10, 1, 100, integer=True),
        trials=Parameter("trials", "K", "trials", 5, 1, 100, integer=True),
        landmarks=(), references=(),
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "toy_model", module)
    monkeypatch.setitem(registry.MODULES, "toy", "toy_model")
    return SimpleNamespace(calls=calls, model=module.MODEL)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The public functions on a fresh store in a temporary directory; call it again for the memory of a new process."""

    def fresh(limit=2**20, memory=2**20):
        monkeypatch.setattr(cache, "_cache", Cache(Disk(tmp_path / "store", limit), memory))
        return cache._cache

    fresh()
    return fresh

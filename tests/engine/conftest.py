"""Two small models with everything that is awkward: named values, labels, flags, conflicts, points without solution."""

import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from engine import registry
from engine.model import ConvergenceError, Landmark, Model, Observable, Parameter, ParameterError, Reference, mean_sem


def solve(x, K, lam, mode):
    """y = x K. No solution beyond x = 9 if hard, and x may not be a third."""
    if mode == "hard" and x > 9:
        raise ConvergenceError("no fixed point beyond 9")
    if math.isclose(x, 1 / 3):
        raise ParameterError("x", x, "x and K must not meet at a third")
    return {
        "y": x * K,
        "phase": "high" if x > 5 else "low",
        "large": bool(x > 5),
        "K": K,
        "ratio": 1 / x if x else math.inf,
        "rest": math.nan,
    }


def solve_along(axis, values, **fixed):
    """Rows as `solve` gives them; nan, and labels that say nothing, where it gives none."""
    CALLS.append(len(values))
    rows = []
    for value in values:
        try:
            rows.append(solve(**{**fixed, axis: value}))
        except (ParameterError, ConvergenceError):
            rows.append({"y": math.nan, "phase": "", "large": math.nan, "K": math.nan, "ratio": math.nan, "rest": math.nan})
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


CALLS: list[int] = []


def simulate(size, trials, seed, progress, x, K, lam, mode):
    """Samples of x K with noise of variance 1/size."""
    if mode == "hard" and x > 9:
        raise ConvergenceError("no fixed point beyond 9")
    samples = []
    for rng in map(np.random.default_rng, np.random.SeedSequence(seed).spawn(trials)):
        samples.append(x * K + rng.standard_normal() / math.sqrt(size))
        progress(len(samples) / trials)
    return {"y": mean_sem(samples)}


def simulate_along(axis, values, size, trials, seed, progress, **fixed):
    """One noise for the whole curve."""
    noise = np.random.default_rng(seed).standard_normal(trials)
    progress(1.0)
    return {"y": mean_sem([[value + n for value in values] for n in noise])}


def toy(**changes):
    """The model `toy`, pointwise and without compiled loops unless `changes` say so."""
    declared = {
        "id": "toy",
        "title": "A toy",
        "chapter": "foundations",
        "question": "What is x times K?",
        "equations": "$y = xK$",
        "parameters": (
            Parameter("x", "x", "a real", 1.0, 0, 10),
            Parameter("K", "K", "an integer", 2, 1, 4_000_000_000, integer=True),
            Parameter("lam", r"\lambda", "a real, open below, or the best one", "opt", 0, 1, scale="log", choices=("opt",), open_low=True),
            Parameter("mode", "", "a choice", "easy", choices=("easy", "hard")),
        ),
        "observables": (
            Observable("y", "y", "the product"),
            Observable("phase", "", "a label"),
            Observable("large", "", "a flag"),
            Observable("K", "K", "a parameter reported back"),
            Observable("ratio", "1/x", "the inverse", undefined="infinite at x=0"),
            Observable("rest", "", "nothing", undefined="always"),
        ),
        "solve": solve,
        "simulate": simulate,
        "size": Parameter("size", "N", "size", 100, 1, 10_000, integer=True),
        "trials": Parameter("trials", "", "trials", 10, 1, 1000, integer=True),
        "landmarks": (
            Landmark({"x": 3.0}, "y", 6.0, "arithmetic"),
            Landmark({"x": 6.0}, "phase", "high", "definition"),
            Landmark({"x": 6.0}, "rest", None, "definition"),
        ),
        "references": (Reference("A. Author", 1965, "On products", "J. Products 1, 2"),),
    }
    return Model(**(declared | changes))


@pytest.fixture
def install(monkeypatch):
    """Put a model into the registry, alone."""

    def put(chosen):
        monkeypatch.setattr(registry, "MODULES", {chosen.id: "toy_module"})
        monkeypatch.setitem(sys.modules, "toy_module", SimpleNamespace(MODEL=chosen))
        return chosen

    return put


@pytest.fixture
def pointwise(install):
    """A model that knows only single points."""
    return install(toy())


@pytest.fixture
def lined(install):
    """The same model with a loop along x, for theory and experiment; `lengths` of its calls are recorded."""
    CALLS.clear()
    chosen = install(toy(solve_along=solve_along, solve_axes=("x",), simulate_along=simulate_along, simulate_axes=("x",)))
    return SimpleNamespace(model=chosen, lengths=CALLS)

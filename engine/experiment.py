"""Finite-size experiments: means with standard errors, reproducible from a seed, with progress, cancellable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.model import Estimate, Model, Parameter, ParameterError, Progress, Value
from engine.registry import model

SEED = Parameter("seed", "s", "seed of the random numbers", 0, 0, 2**32 - 1, integer=True)


def simulate(
    id: str, size: int | None = None, trials: int | None = None, seed: int = 0, progress: Progress | None = None, **parameters
) -> dict[str, Estimate]:
    """Run the experiment of model `id`: `trials` repetitions at `size` (the model's defaults where None).

    `progress` is called with the fraction done; it cancels by raising. A parameter of the theory that is itself called seed has the
    experiment's. Raises ParameterError for bad parameters, size, trials or seed.
    """
    chosen = model(id)
    return chosen.simulate(**chosen.validate(parameters) | _protocol(chosen, size, trials, seed, progress))


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
    """The experiment of `simulate` at each of `values` of parameter `axis`: estimates hold arrays of len(values).

    Where one run yields the whole curve (`Model.simulate_along`) it does; otherwise each value has trials of its own, and an
    observable that some of the values do not have is nan there. Errors as in `simulate`.
    """
    chosen = model(id)
    if axis in parameters:
        raise ParameterError(axis, parameters[axis], f"{axis} is the axis of the curve and cannot be fixed as well")
    values = [chosen.parameter(axis).validate(value) for value in values]
    if not values:
        raise ParameterError(axis, "", f"{axis} needs at least one value")
    protocol = _protocol(chosen, size, trials, seed, progress)
    fixed = chosen.validate(parameters)
    del fixed[axis]
    if axis in chosen.simulate_axes and all(isinstance(value, (int, float)) for value in values):
        return chosen.simulate_along(axis, np.asarray(values), **fixed | protocol)
    points = []
    for i, value in enumerate(values):
        step = {
            "seed": int(np.random.SeedSequence([protocol["seed"], i]).generate_state(1)[0]),
            "progress": lambda fraction, i=i: protocol["progress"]((i + fraction) / len(values)),
        }
        points.append(chosen.simulate(**fixed | {axis: value} | protocol | step))
    names = dict.fromkeys(name for point in points for name in point)
    absent = Estimate(np.nan, np.nan)
    return {name: Estimate(*(np.array([getattr(p.get(name, absent), part) for p in points]) for part in ("mean", "sem"))) for name in names}


def _protocol(chosen: Model, size: int | None, trials: int | None, seed: int, progress: Progress | None) -> dict:
    """The keyword arguments of a model's experiment, validated."""
    return {
        "size": chosen.size.validate(chosen.size.default if size is None else size),
        "trials": chosen.trials.validate(chosen.trials.default if trials is None else trials),
        "seed": SEED.validate(seed),
        "progress": progress or (lambda fraction: None),
    }

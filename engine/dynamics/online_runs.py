"""Runs of online learning: a stream of fresh Gaussian examples, looked at from time to time."""

import math

import numpy as np

from engine.model import ParameterError, Progress

LONGEST = 1200.0
"""Seconds the largest experiment allowed may take."""
COST = 12.0
"""Nanoseconds per example and input of a single neuron, with the drawing of the example."""


def draw_weights(rng: np.random.Generator, D: int, q0: float, rho0: float) -> tuple[np.ndarray, np.ndarray]:
    """Teacher B (D,), |B|² = D, and student w (D,) with exactly the squared norm q0 D and the cosine rho0."""
    B, w = rng.standard_normal((2, D))
    B *= math.sqrt(D) / np.linalg.norm(B)
    w -= B * (B @ w) / D
    w *= math.sqrt(D) / np.linalg.norm(w)
    return B, math.sqrt(q0) * (rho0 * B + math.sqrt((1.0 - rho0) * (1.0 + rho0)) * w)


def run(values: np.ndarray, size: int, trials: int, seed: int, progress: Progress, cost: float, start, learn, look) -> list[list]:
    """What `look(state)` sees in `trials` runs at the times `values`, in their order: [trial][time].

    A run begins as `start(rng)`; `learn(state, X)` takes examples X (n, size + 1) of standard normal numbers, in about `cost` nanoseconds an
    example and input, and returns the new state. D = `size` examples are the unit of time.

    Raises ParameterError where the runs would take too long.
    """
    order = np.argsort(values, kind="stable")
    ends = np.rint(np.asarray(values, float)[order] * size).astype(int)
    seconds_per_step = 1e-9 * size * cost
    longest = LONGEST / (seconds_per_step * size * trials)
    if ends[-1] > longest * size:
        raise ParameterError(
            "t", float(np.max(values)), f"t must be at most {longest:.3g} in an experiment with size={size}, trials={trials}"
        )
    chunk = math.ceil(0.1 / seconds_per_step)
    X = np.empty((chunk, size + 1))
    done, total = 0, max(1, trials * int(ends[-1]))
    runs = []
    for rng in map(np.random.default_rng, np.random.SeedSequence(seed).spawn(trials)):
        state, step, seen = start(rng), 0, []
        for end in ends:
            while step < end:
                progress(done / total)
                count = min(chunk, end - step)
                state = learn(state, rng.standard_normal(out=X[:count]))
                step, done = step + count, done + count
            seen.append(look(state))
        runs.append([seen[i] for i in np.argsort(order)])
    progress(1.0)
    return runs

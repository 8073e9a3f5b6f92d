"""Experiments run beside the page: one at a time, with progress, cancelled by their visitor or when the visitor has left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import streamlit as st

import cache
import engine
from engine import Estimate
from pages.kit.controls import State, text
from pages.kit.picture import Curve

ABANDONED = 15.0
"""Seconds without a sign of life from the page after which an experiment is dropped."""


@dataclass(frozen=True)
class Experiment:
    """The finite-size experiment of a view.

    `points(state)` gives the axis and its values, `parameters(state)` the model's other parameters, `dots(state, values, estimates)`
    the curves to lay over the theory. `words` say what is simulated; `size` and `trials` bound what a visitor may ask for.
    """

    model: str
    points: Callable[[dict], tuple[str, Sequence[float]]]
    parameters: Callable[[dict], dict]
    dots: Callable[[dict, Sequence[float], dict[str, Estimate]], list[Curve]]
    words: str
    size: tuple[int, int, int]
    trials: tuple[int, int, int]


class CancelledError(Exception):
    """The visitor cancelled the experiment, or left."""


@dataclass
class Job:
    """One experiment under way or done."""

    key: tuple
    fraction: float = 0.0
    cancelled: threading.Event = field(default_factory=threading.Event)
    seen: float = field(default_factory=time.monotonic)
    started: float | None = None
    future: Future | None = None

    def progress(self, fraction: float) -> None:
        self.fraction = fraction
        if self.cancelled.is_set() or time.monotonic() - self.seen > ABANDONED:
            raise CancelledError


@st.cache_resource
def workers() -> ThreadPoolExecutor:
    """One experiment at a time, so that another visitor's slider always finds a free core."""
    return ThreadPoolExecutor(1, thread_name_prefix="experiment")


def submit(experiment: Experiment, key: tuple, axis: str, values: Sequence[float], protocol: dict, parameters: dict) -> Job:
    """Queue the experiment; `key` names what it belongs to."""
    job = Job(key)

    def run() -> dict[str, Estimate]:
        job.started = time.monotonic()
        job.progress(0.0)
        return cache.simulate_along(experiment.model, axis, values, progress=job.progress, **protocol, **parameters)

    job.future = workers().submit(run)
    return job


def belongs(experiment: Experiment, state: dict) -> tuple:
    """What the dots depend on: everything but the position along the axis."""
    axis, values = experiment.points(state)
    return (axis, tuple(values), tuple(sorted((k, text(v)) for k, v in experiment.parameters(state).items())))


def dots(experiment: Experiment, state: State) -> list[Curve]:
    """The dots of the last finished experiment, where they belong to the shown state."""
    job: Job | None = st.session_state.get(f"job/{state.view}")
    if job is None or not job.future.done() or job.future.exception() is not None or job.key != belongs(experiment, state.values):
        return []
    _, values = experiment.points(state.values)
    return experiment.dots(state.values, values, job.future.result())


def draw(experiment: Experiment, state: State) -> None:
    """The experiment's tab: what is simulated, size, trials, seed, run, cancel, progress."""
    st.markdown(experiment.words)
    model = engine.model(experiment.model)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    low, start, high = experiment.size
    size = row.number_input(f"${model.size.symbol}$ — {model.size.meaning}", low, high, start, key=f"size-{state.view}", width=220)
    low, start, high = experiment.trials
    trials = row.number_input(f"${model.trials.symbol}$ — {model.trials.meaning}", low, high, start, key=f"trials-{state.view}", width=220)
    seed = row.number_input("seed", 0, 2**32 - 1, 0, key=f"seed-{state.view}", width=140)
    key = belongs(experiment, state.values)

    def run() -> None:
        axis, values = experiment.points(state.values)
        cancel()
        protocol = {"size": size, "trials": trials, "seed": seed}
        st.session_state[f"job/{state.view}"] = submit(experiment, key, axis, values, protocol, experiment.parameters(state.values))

    def cancel() -> None:
        job: Job | None = st.session_state.get(f"job/{state.view}")
        if job is not None:
            job.cancelled.set()

    row.button("Run", key=f"run-{state.view}", on_click=run, type="primary")
    job: Job | None = st.session_state.get(f"job/{state.view}")
    if job is None:
        st.caption("Nothing run yet. The dots will appear on the curve, with error bars of one standard error.")
    elif not job.future.done():
        row.button("Cancel", key=f"cancel-{state.view}", on_click=cancel)
        _watch(state.view)
    elif isinstance(job.future.exception(), CancelledError):
        st.caption("Cancelled.")
    elif job.future.exception() is not None:
        st.warning(f"The experiment cannot be run: {job.future.exception()}")
    elif job.key != key:
        st.caption("The dots belong to other values of the sliders and are hidden; run again to see them here.")
    else:
        st.caption("The dots on the picture are this experiment; bars are one standard error.")


@st.fragment(run_every=0.5)
def _watch(view: str) -> None:
    """Progress of the running experiment; a sign of life from its visitor."""
    job: Job = st.session_state[f"job/{view}"]
    job.seen = time.monotonic()
    if job.future.done():
        st.rerun()
    elif job.started is None:
        st.progress(0.0, "Waiting for a free core")
    else:
        elapsed = time.monotonic() - job.started
        left = f", about {elapsed * (1 - job.fraction) / job.fraction:.0f} s left" if job.fraction > 0.02 else ""
        st.progress(min(job.fraction, 1.0), f"{job.fraction:.0%}{left}")


def spread(low: float, high: float, count: int) -> list[float]:
    """`count` values from low to high, evenly spaced and rounded to what a reader can retype."""
    return [float(f"{low + (high - low) * i / (count - 1):.4g}") for i in range(count)]

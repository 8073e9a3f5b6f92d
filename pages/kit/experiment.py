"""Experiments run beside the page: one at a time, with progress, cancelled by their visitor or when the visitor has left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

import cache
import engine
from engine import Estimate
from pages.kit.controls import State, text
from pages.kit.picture import Curve

ABANDONED = 6.0
"""Seconds without a sign of life from the page after which an experiment is dropped."""


@dataclass(frozen=True)
class Experiment:
    """The finite-size experiment of a view.

    `points(state)` gives the axis and its values, `parameters(state)` the model's other parameters, `dots(state, values, *estimates)`
    the curves to lay over the theory, of one or several `series` that differ by the parameters named there. `words` say what is simulated;
    `size` and `trials` are (least, usual, most) a visitor may ask for. Where the size is itself a parameter of the theory,
    `size_of(state)` gives it and there is nothing to ask; nor is there for a seed among `parameters`. `own()` gives a function with the
    arguments of `cache.simulate_along` after the model that runs in its place, for data that are the visitor's.
    """

    model: str
    points: Callable[[dict], tuple[str, Sequence[float]]]
    parameters: Callable[[dict], dict]
    dots: Callable[..., list[Curve]]
    words: str
    trials: tuple[int, int, int]
    size: tuple[int, int, int] = (1, 1, 1)
    size_of: Callable[[dict], int] | None = None
    series: Sequence[dict] = ({},)
    own: Callable[[], Callable[..., dict[str, Estimate]]] | None = None


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
    noticed: bool = False  # a picture has been drawn that knows the outcome

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
    simulate = experiment.own() if experiment.own else partial(cache.simulate_along, experiment.model)

    def run() -> list[dict[str, Estimate]]:
        job.started = time.monotonic()
        job.progress(0.0)
        found = []
        for changes in experiment.series:

            def progress(fraction: float) -> None:
                job.progress((len(found) + fraction) / len(experiment.series))

            found.append(simulate(axis, values, progress=progress, **parameters | changes | protocol))
        return found

    job.future = workers().submit(run)
    return job


def belongs(experiment: Experiment, state: dict) -> tuple:
    """What the dots depend on: everything but the position along the axis."""
    axis, values = experiment.points(state)
    size = experiment.size_of(state) if experiment.size_of else None
    return (axis, tuple(values), size, tuple(sorted((k, text(v)) for k, v in experiment.parameters(state).items())))


def usual_size(experiment: Experiment, state: State) -> int:
    return experiment.size_of(state.values) if experiment.size_of else experiment.size[1]


def start(experiment: Experiment, state: State, size: int, trials: int, seed: int) -> Job:
    """Run the experiment at the shown state, in place of what this visitor had running."""
    cancel(state)
    axis, values = experiment.points(state.values)
    parameters = experiment.parameters(state.values)
    protocol = {"size": size, "trials": trials, "seed": parameters.get("seed", seed)}
    job = submit(experiment, belongs(experiment, state.values), axis, values, protocol, parameters)
    st.session_state[f"job/{state.view}"] = job
    return job


def cancel(state: State) -> None:
    """End what this visitor has running."""
    job: Job | None = st.session_state.get(f"job/{state.view}")
    if job is not None:
        job.cancelled.set()


def forget(state: State) -> None:
    """Have the experiment run by itself once more: what it is about is new."""
    cancel(state)
    st.session_state.pop(f"job/{state.view}", None)


def dots(experiment: Experiment, state: State) -> list[Curve]:
    """The dots of the last finished experiment, where they belong to the shown state.

    On a visitor's first look at a view the experiment runs by itself, once; a state that others have opened before is remembered.
    """
    job: Job | None = st.session_state.get(f"job/{state.view}")
    if job is None:
        job = start(experiment, state, usual_size(experiment, state), experiment.trials[1], 0)
        wait([job.future], 0.05)
    job.noticed = job.future.done()
    if not job.noticed or job.future.exception() is not None or job.key != belongs(experiment, state.values):
        return []
    _, values = experiment.points(state.values)
    return experiment.dots(state.values, values, *job.future.result())


def draw(experiment: Experiment, state: State) -> None:
    """The experiment's tab: what is simulated, size, trials, seed, run, cancel."""
    st.markdown(experiment.words)
    model = engine.model(experiment.model)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    size = usual_size(experiment, state)
    if not experiment.size_of:
        low, usual, high = experiment.size
        size = row.number_input(f"${model.size.symbol}$ — {model.size.meaning}", low, high, usual, key=f"size-{state.view}", width=220)
    low, usual, high = experiment.trials
    trials = row.number_input(f"${model.trials.symbol}$ — {model.trials.meaning}", low, high, usual, key=f"trials-{state.view}", width=220)
    seed = 0
    if "seed" not in experiment.parameters(state.values):
        seed = row.number_input("seed", 0, 2**32 - 1, 0, key=f"seed-{state.view}", width=140)
    row.button("Run", key=f"run-{state.view}", on_click=start, args=(experiment, state, size, trials, seed), type="primary")
    job: Job = st.session_state[f"job/{state.view}"]
    if not job.future.done():
        row.button("Cancel", key=f"cancel-{state.view}", on_click=cancel, args=(state,))
    elif isinstance(job.future.exception(), CancelledError):
        st.caption("Cancelled.")
    elif job.future.exception() is not None:
        st.warning(f"The experiment cannot be run: {job.future.exception()}")
    elif job.key != belongs(experiment, state.values):
        st.caption("The dots belong to other values of the sliders and are hidden; run again to see them here.")
    else:
        st.caption("The dots on the picture are this experiment; bars are one standard error.")


def draw_progress(state: State) -> None:
    """A line below the picture while an experiment runs."""
    job: Job = st.session_state[f"job/{state.view}"]
    with st.container(height=36, border=False):
        if not job.noticed:
            _watch(state.view)


@st.fragment(run_every=0.5)
def _watch(view: str) -> None:
    """Progress of the running experiment; a sign of life from its visitor."""
    job: Job = st.session_state[f"job/{view}"]
    job.seen = time.monotonic()
    if job.future.done():
        st.rerun()
    elif job.started is None:
        st.progress(0.0, "Experiment: waiting for a free core")
    else:
        elapsed = time.monotonic() - job.started
        left = f", about {elapsed * (1 - job.fraction) / job.fraction:.0f} s left" if job.fraction > 0.02 else ""
        st.progress(min(job.fraction, 1.0), f"Experiment: {job.fraction:.0%}{left}")


def spread(low: float, high: float, count: int) -> list[float]:
    """`count` values from low to high, evenly spaced and rounded to what a reader can retype."""
    return [float(f"{low + (high - low) * i / (count - 1):.4g}") for i in range(count)]

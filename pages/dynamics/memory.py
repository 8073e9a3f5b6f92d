"""What training remembers: the correlation of the weights at two times, and what is left of a step once made."""

from dataclasses import replace

import numpy as np

import cache
from engine import Parameter
from engine.dynamics.dmft_sgd import two_times
from pages.dynamics.training import BATCH, ID, LOSS, MODEL, NOISE, PERSISTENCE, RATE, RIDGE, SAMPLES, parameters
from pages.kit.controls import Control
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Heat, Label, Picture, here
from pages.kit.words import tell

LENGTH = 100
PATHS = 1024
SOURCE = Control(
    Parameter("s", "s", "the earlier step", 10, 0, LENGTH - 1, integer=True),
    0,
    LENGTH - 10,
    1,
    10,
    words="the earlier step, whose trace is followed",
)
SHOWN = Control(
    Parameter("shown", "", "what is drawn", "response", choices=("response", "correlation")),
    words="what is drawn",
    labels={"response": "what is left of a step", "correlation": "likeness of the weights"},
    live=False,
)
CLUSTERS = Control(MODEL.parameter("clusters"), words="clusters", live=False, more=True)


def planes(state: dict) -> tuple[np.ndarray, np.ndarray]:
    """C(t,s)/√(C(t,t) C(s,s)) and R_w(t,s)/R_w(s+1,s), nan at t <= s; both [t, s] up to where descent diverges."""
    p = MODEL.validate(parameters(state, samples=PATHS) | {"steps": LENGTH})
    found = cache.memo(("two times", ID, tuple(p.items())), lambda: two_times(**p))
    C, R = found["C"], found["R_w"]
    norm = np.sqrt(np.diagonal(C))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = C / np.outer(norm, norm)
    response = R / (-p["eta"] * np.sqrt(p["delta"]))
    return correlation, np.where(np.tri(len(R), k=-1) > 0, response, np.nan)


def half(trace: np.ndarray, s: int) -> float:
    """Steps after s until less than half is left; nan where that does not happen."""
    below = np.flatnonzero(trace[s + 1 :] < 0.5)
    return float(below[0]) if below.size else np.nan


def story(state: dict, correlation: np.ndarray, response: np.ndarray) -> str:
    """What has become of step s."""
    s = min(state["s"], len(response) - 2)
    if len(response) <= LENGTH:
        return f"η = {tell(state['eta'])} is too large: descent diverges at step {len(response)}."
    left, wait = response[-1, s], half(response[:, s], s)
    if state["shown"] == "response":
        lost = f"half of it is undone {wait:.0f} steps later" if np.isfinite(wait) else "more than half of it is never undone"
        return f"Of the step made at s = {s}, {100 * left:.2g} % is left at step {LENGTH}; {lost}. Training corrects its own noise, through the other samples and the ridge."
    return f"The weights at step {LENGTH} have the cosine {tell(correlation[-1, s])} with those at step {s}, and {tell(correlation[-1, 0])} with those at the start."


def picture(state: dict, points: int) -> Picture:
    correlation, response = planes(state)
    likeness = state["shown"] == "correlation"
    plane = correlation if likeness else response
    t = np.arange(len(plane), dtype=float)
    s = min(state["s"], len(plane) - 2)
    trace = plane[:, s]
    later = min(s + 10, len(plane) - 1)
    words = ("cos", "likeness") if likeness else ("r", "what is left")
    return Picture(
        "Likeness of the weights at two steps" if likeness else "What is left at step t of a sample's own gradient step at s",
        Axis("t", "later step", 0, LENGTH),
        (Axis("s", "earlier step", 0, LENGTH, weight=2.0), Axis(*words, min(0.0, 1.1 * np.nanmin(trace, initial=0.0)), 1.05)),
        (Curve("trace of step s", t, trace, "theory", panel=1, legend=False), here(later, s), here(later, trace[later], panel=1)),
        (Label(f"s = {s}", 0.93 * LENGTH, s + 5 if s < 85 else s - 5),),
        story(state, correlation, response),
        heat=Heat(t, t, plane.T, words[1], 0.0, 1.0),
    )


def numbers(state: dict) -> list[Number]:
    correlation, response = planes(state)
    s, last = min(state["s"], len(response) - 2), len(response) - 1
    return [
        Number(r"R_w(T,s)/R_w(s{+}1,s)", f"left of step {s} at step {last}", response[-1, s]),
        Number(r"t_{1/2}", "steps until half is undone", half(response[:, s], s), f"ridge alone: {tell(np.log(2) / (state['eta'] * state['lam']))}" if state["lam"] else ""),
        Number(r"\cos(w^T,w^s)", f"weights at {last} and at {s}", correlation[-1, s]),
        Number(r"\cos(w^T,w^0)", f"weights at {last} and at the start", correlation[-1, 0]),
    ]  # fmt: skip


VIEW = View(
    id="memory",
    name="Memory",
    model=ID,
    question="What does training remember of its own past?",
    controls=(
        replace(SAMPLES, live=False, default=2.0),
        replace(NOISE, live=False, default=0.501),
        replace(RIDGE, live=False, default=0.1),
        SOURCE,
        SHOWN,
        replace(BATCH, live=False, default=1.0),
        replace(RATE, live=False),
        replace(LOSS, more=True),
        PERSISTENCE,
        CLUSTERS,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "what is left of a step": {},
        "likeness of the weights": {"shown": "correlation"},
        "few samples forget little": {"alpha": 0.2, "lam": 0.0},
        "small batches": {"batch": 0.2},
        "three clusters": {"clusters": 3, "alpha": 3.0, "shown": "correlation"},
    },
    notice=(
        "Every sample is used again and again, so its own earlier steps come back to it: the field of a training sample is a random part plus the response to all its past gradients.",
        "These two functions of two times, the correlation and the response, are all the theory needs. They are not sought by iteration: row t follows from the rows before it.",
        "A step leaves a trace that the other samples undo: they pull the weights back where there is curvature. With few samples and no ridge there are directions without any, and the trace stays.",
        "The initial weights are forgotten only as fast as the flattest direction allows. At the ridge λ alone half is gone after ln 2/(ηλ) steps.",
    ),
    members=lambda state: 31,
)

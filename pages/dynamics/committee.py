"""What the views of two-layer networks share: the model, the trajectory, controls, and the map over time and learning rate."""

import numpy as np

import cache
import engine
from engine import Sweep
from pages.kit.controls import Control
from pages.kit.explorer import Map
from pages.kit.picture import Axis, Curve, Heat, Horizontal, Label, Picture

ID = "soft-committee"
MODEL = engine.model(ID)
LEARNED = 1e-6
"""Where the axes of the error end: below it a student has learned."""


def choice(name: str, words: str, labels: dict[str, str], **rest) -> Control:
    """A control among the options of `labels`."""
    return Control(MODEL.parameter(name), words=words, options=tuple(labels), labels=labels, live=False, **rest)


TIME = Control(MODEL.parameter("t"), 1, 1e4, 0.05, 100.0, log=True, words="time: examples seen, per input dimension")
TIMES = np.union1d(TIME.stops, np.geomspace(1, 1e4, 121))
RATE = Control(MODEL.parameter("eta"), 0.05, 5, log=True, words="learning rate", ticks=lambda state: limit(state))
ASYMMETRY = Control(MODEL.parameter("eps"), 1e-10, 0.25119, 0.1, 0.2, log=True, words="asymmetry at the start: what tells the units apart")
LAYERS = choice("layers", "layers that learn", {"first": "only the first", "both": "both"})


def trajectory(state: dict, until: float = 1e4, **changes) -> Sweep:
    """The learning curve at `TIMES`, which hold every stop of the time slider, and at the time of `state`: one integration."""
    state = state | changes
    fixed = {parameter.name: state[parameter.name] for parameter in MODEL.parameters if parameter.name in state}
    del fixed["t"]
    return cache.sweep(ID, {"t": np.union1d(TIMES[until >= TIMES], state["t"])}, **fixed)


def course(state: dict, until: float = 1e4, **changes) -> tuple[Sweep, np.ndarray, int]:
    """`trajectory`, its times, and the position of the present one. Raises what the engine raised."""
    curve = trajectory(state, until, **changes)
    if curve.failures:
        raise next(iter(curve.failures.values()))
    times = np.array(curve.axes["t"])
    return curve, times, int(np.argmin(np.abs(times - state["t"])))


def limit(state: dict) -> list[tuple[float, str]]:
    """The largest learning rate with perfect learning, as a tick."""
    return [(float(trajectory(state)["eta_max"][0]), "η_max")]


def tell(value: float) -> str:
    """A number in a sentence: three digits, or a power of ten."""
    if value == 0 or not np.isfinite(value) or 1e-4 <= abs(value) < 1e5:
        return f"{float(f'{value:.3g}'):g}"
    digit, power = f"{value:.0e}".split("e")
    return ("" if digit == "1" else f"{digit}·") + "10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def positive(error: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return np.where(error > 0, error, np.nan)


def decade(error: np.ndarray, least: float = 1.0) -> float:
    """The power of ten above every finite value, at least `least`."""
    return max(least, 10.0 ** np.ceil(np.log10(np.nanmax(error, initial=least))))


def landscape(state: dict) -> Sweep:
    """The error over learning rate and time, as many rates as can be had in about two seconds."""
    cost = state["K"] * state["M"] * (4 if state["activation"] == "relu" else 1)
    rates = np.geomspace(*RATE.bounds, 41 if cost <= 4 else 21 if cost <= 9 else 11)
    fixed = {parameter.name: state[parameter.name] for parameter in MODEL.parameters if parameter.name in state}
    del fixed["t"], fixed["eta"]
    return cache.sweep(ID, {"eta": rates, "t": TIME.stops}, **fixed)


def map_picture(state: dict) -> Picture:
    plane = landscape(state)
    rates, escape = np.array(plane.axes["eta"]), plane["t_escape"][:, 0]
    limit = plane["eta_max"][0, 0]
    marks = [Label("learned", 2500, 0.8), Label("plateau", 30, 0.09)]
    if np.isfinite(limit):
        marks.append(Horizontal(f"η_max = {limit:.3g}: above, never perfect", limit))
    return Picture(
        "Error over time for every learning rate; the line is the escape from the plateau",
        Axis("t", "examples per input dimension", 1, 1e4, log=True),
        (Axis("η", "learning rate", *RATE.bounds, log=True),),
        (Curve("escape from the plateau", escape, rates, role="here"),),
        tuple(marks),
        heat=Heat(np.array(plane.axes["t"]), rates, np.maximum(plane["gen_error"], LEARNED), "error", LEARNED, 1.0, log=True),
    )


MAP = Map("t", "eta", map_picture)

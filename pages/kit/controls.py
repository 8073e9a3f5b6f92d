"""Controls from Parameters, and the state they share with the link in the address bar.

The state of a view is a plain dict {name: canonical value}, the single truth. Widgets write into it through callbacks and are
set from it before they are drawn; the link is written from it after every run and read once, on arrival.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import streamlit as st

from engine import Parameter, ParameterError
from engine.model import Value

Tick = tuple[float, str]


@dataclass(frozen=True)
class Control:
    """A control of a page: a model's parameter over the range that is worth showing, or a choice of the page's own.

    `low`, `high`, `step` (in decades on a log scale) and `default` override the parameter's. `named` are values offered beside the slider
    ({label: value}, such as {"λ = 0": 0.0}). `ticks(state)` says where on the slider something happens. `live` controls preview while
    dragging. `when(state)` hides the control where it has no meaning.
    """

    parameter: Parameter
    low: float | None = None
    high: float | None = None
    step: float | None = None
    default: Value = None
    log: bool = False
    named: Mapping[str, Value] = field(default_factory=dict)
    words: str = ""
    options: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    ticks: Callable[[dict], Sequence[Tick]] = lambda state: ()
    live: bool = True
    more: bool = False
    when: Callable[[dict], bool] = lambda state: True

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def numeric(self) -> bool:
        return self.parameter.numeric

    @property
    def start(self) -> Value:
        """The value at which the page opens."""
        return self.parameter.default if self.default is None else self.default

    @property
    def choices(self) -> tuple[str, ...]:
        return self.options or self.parameter.choices

    @property
    def bounds(self) -> tuple[float, float]:
        low = self.parameter.low if self.low is None else self.low
        high = self.parameter.high if self.high is None else self.high
        return low, high

    @property
    def allowed(self) -> str:
        """What a link or a typed value may be, in words."""
        if not self.numeric:
            return "one of " + ", ".join(self.choices)
        low, high = self.bounds
        return f"between {low:g} and {high:g}" + "".join(f", or {text(value)}" for value in self.named.values())

    def label(self) -> str:
        words = self.words or self.parameter.meaning
        return f"${self.parameter.symbol}$ — {words}" if self.parameter.symbol else words

    # ---- between the slider's position and the value -----------------------------------------------------------------------
    # A linear slider's position is the value. On a log scale the slider runs over `stops`, its position is an index, and a value
    # between two stops (typed, or from a link) is kept exactly while the thumb stands at the nearest one.

    @cached_property
    def stops(self) -> list[float]:
        """The values of a log slider, evenly spaced in the logarithm and rounded to three digits."""
        low, high = (math.log10(bound) for bound in self.bounds)
        count = round((high - low) / (self.step or 0.05))
        values = [10 ** (low + (high - low) * i / count) for i in range(count + 1)]
        rounded = {round(v) if self.parameter.integer else float(f"{v:.3g}") for v in values}
        return sorted(min(max(v, self.bounds[0]), self.bounds[1]) for v in rounded)

    def position(self, value: float) -> float:
        if not self.log:
            return value
        return min(range(len(self.stops)), key=lambda i: abs(math.log(self.stops[i] / value)))

    def value(self, position: float) -> Value:
        """The value at a slider position, with no more digits than the slider resolves."""
        if self.log:
            return self.stops[round(position)]
        return round(position) if self.parameter.integer else float(f"{position:.10g}")

    def nearest(self, value: float) -> Value:
        """The slider's own value closest to `value`."""
        low, high = self.bounds
        value = min(max(value, low), high)
        if self.log:
            return self.value(self.position(value))
        start, _, step = self.slider_bounds()
        return self.value(min(start + step * round((value - start) / step), high))

    def slider_bounds(self) -> tuple[float, float, float]:
        """Lowest position, highest position, step."""
        if self.log:
            return 0, len(self.stops) - 1, 1
        low, high = self.bounds
        if self.parameter.integer:
            return int(low), int(high), int(self.step or 1)
        return float(low), float(high), float(self.step or self.parameter.step or (high - low) / 200)

    def grid(self, count: int) -> list[float]:
        """Slider positions that span the range: the grid of a preview."""
        low, high, step = self.slider_bounds()
        positions = [low + (high - low) * i / (count - 1) for i in range(count)]
        return sorted({round(p) for p in positions}) if isinstance(step, int) else positions

    # ---- text -------------------------------------------------------------------------------------------------------------

    def parse(self, given: str) -> tuple[Value, str]:
        """The value a link or a person typed, and a sentence where it had to be repaired (else an empty one)."""
        for value in self.named.values():
            if given == text(value) or _number(given) == value:
                return value, ""
        if not self.numeric:
            if given in self.choices:
                return given, ""
            return self.start, f"{self.name}={given} is not {self.allowed}; showing {self.start}."
        low, high = self.bounds
        try:
            value = self.parameter.parse(given)
        except ParameterError:
            value = _number(given)
        if not isinstance(value, (int, float)) or math.isnan(value):
            return self.start, f"{self.name}={given} is not a number {self.allowed}; showing {text(self.start)}."
        nearest = min(max(value, low), high)
        if self.parameter.integer:
            nearest = round(nearest)
        if nearest != value:
            return nearest, f"{self.name}={given} is not {self.allowed}; showing {text(nearest)}."
        return nearest, ""


def _number(given: str) -> float:
    try:
        return float(given)
    except ValueError:
        return math.nan


def text(value: Value) -> str:
    """A value as links and lines of Python write it."""
    return "none" if value is None else str(value) if isinstance(value, (str, int)) else f"{value:.10g}"


class State:
    """The values of one view's controls in this visitor's session."""

    def __init__(self, view: str, controls: Sequence[Control]):
        self.view, self.controls = view, {control.name: control for control in controls}
        self.values: dict[str, Value] = st.session_state.setdefault(f"state/{view}", {c.name: c.start for c in controls})

    def set(self, changes: Mapping[str, Value]) -> None:
        """Change some values; unknown names are a mistake of the page."""
        for name, value in changes.items():
            self.values[self.controls[name].name] = value

    def reset(self, changes: Mapping[str, Value]) -> None:
        """Back to the opening values, then `changes` (a preset)."""
        self.set({name: control.start for name, control in self.controls.items()} | dict(changes))

    def read_link(self, given: Mapping[str, str]) -> list[str]:
        """Take over the values of a link; returns a sentence for everything in it that had to be repaired."""
        problems = []
        for name, value in given.items():
            if name not in self.controls:
                problems.append(f"This page has no {name}; it has {', '.join(self.controls)}.")
                continue
            self.values[name], problem = self.controls[name].parse(value)
            if problem:
                problems.append(problem)
        return problems

    def complain(self, problems: Sequence[str]) -> None:
        """Sentences about what had to be repaired, for as long as the values stay as they are."""
        st.session_state[f"problems/{self.view}"] = (list(problems), dict(self.values))

    def complaint(self) -> str:
        """What there is to complain about the values as they are."""
        problems, values = st.session_state.get(f"problems/{self.view}", ([], {}))
        return " ".join(problems) if values == self.values else ""

    def link(self) -> dict[str, str]:
        """The values that differ from the opening ones, as a link carries them."""
        return {name: text(self.values[name]) for name, control in self.controls.items() if self.values[name] != control.start}

    def without(self, name: str) -> dict[str, Value]:
        return {key: value for key, value in self.values.items() if key != name}


# ---- widgets ---------------------------------------------------------------------------------------------------------------------


def draw_control(state: State, control: Control) -> None:
    """The widget of one control, set from the state and writing into it."""
    value = state.values[control.name]
    with st.container(key=slider_key(state, control)):
        if not control.numeric:
            _draw_choice(state, control, value)
            return
        if control.named:
            _draw_named(state, control, value)
        if isinstance(value, (int, float)) and value not in control.named.values():
            _draw_slider(state, control, value)


def slider_key(state: State, control: Control) -> str:
    return f"{state.view}-{control.name}"


def _widget_key(name: str, shown: object, same: Callable[[object], bool]) -> tuple[str, object]:
    """The key of a widget that shows the state, and its opening value: those it has (so as not to disturb a drag), or new ones where the
    state has moved by itself. A rerun that is then on its way still carries the old value, under a key by which `_by_hand` tells it from
    the visitor's.

    The opening value is an argument of the widget, not set through the session: a run that is cut short would lose it.
    """
    count = st.session_state.setdefault(f"widget/{name}", 0)
    key = f"{name}/{count}"
    if not same(st.session_state.get(key, st.session_state.get(f"opening/{key}", shown))):
        count = st.session_state[f"widget/{name}"] = count + 1
        key = f"{name}/{count}"
    return key, st.session_state.setdefault(f"opening/{key}", shown)


def _by_hand(key: str, change: Callable[[Value], None]) -> Callable[[], None]:
    """The callback of the widget `key`: `change(its value)`, unless another has taken its place since.

    A choice whose first run was cut short by the next reports None once; it is not a choice.
    """

    def changed() -> None:
        name, count = key.rsplit("/", 1)
        if st.session_state[f"widget/{name}"] == int(count) and st.session_state[key] is not None:
            change(st.session_state[key])

    return changed


def _draw_slider(state: State, control: Control, value: float) -> None:
    name = slider_key(state, control)
    help = f"{control.parameter.meaning}; {control.allowed}"
    if control.log:
        shown = control.value(control.position(value))
        key, opening = _widget_key(name, shown, lambda now: now == shown)
    else:
        key, opening = _widget_key(name, value, lambda position: control.value(position) == value)

    moved = _by_hand(key, lambda now: state.set({control.name: now if control.log else control.value(now)}))
    if control.log:
        st.select_slider(control.label(), control.stops, opening, format_func=text, key=key, on_change=moved, help=help)
    else:
        low, high, step = control.slider_bounds()
        st.slider(control.label(), low, high, type(low)(opening), step, key=key, on_change=moved, help=help)


def _draw_choice(state: State, control: Control, value: str) -> None:
    key, opening = _widget_key(slider_key(state, control), value, lambda shown: shown == value)

    chosen = _by_hand(key, lambda option: state.set({control.name: option}))

    def shown(option: str) -> str:
        return control.labels.get(option, option)

    if len(control.choices) <= 4:
        st.segmented_control(control.label(), control.choices, default=opening, key=key, on_change=chosen, format_func=shown, required=True)
    else:
        st.selectbox(control.label(), control.choices, control.choices.index(opening), key=key, on_change=chosen, format_func=shown)


def _draw_named(state: State, control: Control, value: Value) -> None:
    """The choice between a number and the named values."""
    free = f"${control.parameter.symbol}$ by slider"
    labels = {name: label for label, name in control.named.items()}
    current = labels.get(value, free)
    key, opening = _widget_key(f"{slider_key(state, control)}-named", current, lambda shown: shown == current)
    last = f"last/{state.view}/{control.name}"
    if current == free:
        st.session_state[last] = value

    def choose(label: str) -> None:
        number = st.session_state.get(last, _middle(control))
        state.set({control.name: number if label == free else control.named[label]})

    st.segmented_control(
        control.label(),
        [free, *control.named],
        default=opening,
        key=key,
        on_change=_by_hand(key, choose),
        required=True,
        label_visibility="collapsed",
    )


def _middle(control: Control) -> Value:
    low, high, _ = control.slider_bounds()
    start = control.start
    numeric = isinstance(start, (int, float)) and start not in control.named.values()
    return start if numeric else control.value((low + high) / 2)


def draw_typed(state: State) -> None:
    """A text box per numeric control, for values a slider cannot hit."""
    for control in state.controls.values():
        if not control.numeric or not control.when(state.values):
            continue
        value = text(state.values[control.name])
        key, opening = _widget_key(f"typed-{slider_key(state, control)}", value, lambda typed, value=value: typed == value)

        def type_in(typed: str, control: Control = control) -> None:
            value, problem = control.parse(typed.strip())
            state.set({control.name: value})
            state.complain([problem] if problem else [])

        st.text_input(control.label(), opening, key=key, on_change=_by_hand(key, type_in), help=control.allowed)

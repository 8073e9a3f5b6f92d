"""The anatomy of an explorer: question, takeaway, picture, controls, numbers, and the tabs below."""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

import cache
import engine
from engine import ConvergenceError, ParameterError
from pages.kit import experiment as experiments
from pages.kit.controls import Control, State, draw_control, draw_typed, slider_key, text
from pages.kit.experiment import Experiment
from pages.kit.live import encode_family, live_chart
from pages.kit.picture import Axis, Curve, Picture, here

EXACT, PREVIEW = 200, 90
"""Points per curve of the exact picture and of the preview."""
NOTHING = "nothing"
"""The branch of a picture that only says why there is nothing to draw."""
MEMBERS = 41
"""Slider positions of a preview's family."""
PRIVATE = 12
"""Pictures and families of private data that a session keeps."""


@dataclass(frozen=True)
class Number:
    """An observable worth quoting: symbol, words, value, and the landmark beside it."""

    symbol: str
    words: str
    value: float | str
    landmark: str = ""


@dataclass(frozen=True)
class Map:
    """A phase diagram: `picture(state)` over the parameters `x` and `y`, which a click sets."""

    x: str
    y: str
    picture: Callable[[dict], Picture]


@dataclass(frozen=True)
class View:
    """One explorable picture: a model, its controls, what is drawn and what is said.

    `picture(state, points)` draws the state with about `points` points a curve, and serves the exact picture and the preview alike.
    `members(state)` is the number of slider positions of a preview, 0 where a family would take too long. `bring` draws widgets of the
    view's own above the controls, through which visitors bring data; `private()` names the data that the picture then depends on besides
    its state: such pictures are kept in the visitor's session alone.
    """

    id: str
    name: str
    model: str
    question: str
    controls: tuple[Control, ...]
    picture: Callable[[dict, int], Picture]
    numbers: Callable[[dict], Sequence[Number]]
    presets: Mapping[str, Mapping] = field(default_factory=dict)
    notice: tuple[str, ...] = ()
    map: Map | None = None
    experiment: Experiment | None = None
    members: Callable[[dict], int] = lambda state: MEMBERS
    bring: Callable[[State], None] | None = None
    private: Callable[[], str] | None = None


def explore(page: str, views: Sequence[View]) -> None:
    """Draw the explorer `page` (its name in the address) with its views."""
    states = {view.id: State(f"{page}-{view.id}", view.controls) for view in views}
    if st.session_state.get("page") != page:
        st.session_state["page"] = page
        _arrive(page, views, states)
    _body(page, views, states)


def _arrive(page: str, views: Sequence[View], states: dict[str, State]) -> None:
    """Take over the link."""
    given = st.query_params.to_dict()
    chosen = given.pop("view", views[0].id if given else st.session_state.get(f"view/{page}", views[0].id))
    problems = []
    if chosen not in states:
        problems.append(f"This page has no view={chosen}; it has {', '.join(states)}.")
        chosen = views[0].id
    st.session_state[f"view/{page}"] = chosen
    if given:
        states[chosen].reset({})
    problems += states[chosen].read_link(given)
    states[chosen].complain(problems)


@st.fragment
def _body(page: str, views: Sequence[View], states: dict[str, State]) -> None:
    view = next(v for v in views if v.id == st.session_state[f"view/{page}"])
    state = states[view.id]
    heading = st.container()
    if len(views) > 1:
        _choose_view(page, views, view)
    if state.complaint():
        st.warning(state.complaint())
    picture_column, control_column = st.columns([2, 1], gap="medium")
    with control_column, st.container(key=f"controls-{state.view}"):
        _draw_controls(view, state)
    heading.header(view.question, anchor=False)
    with picture_column, st.container(key=f"picture-{state.view}"):
        picture = _draw_picture(view, state)
        if _simulated(view, picture):
            experiments.draw_progress(state)
    _draw_numbers(view, state)
    _draw_tabs(view, state, picture)
    link = ({"view": view.id} if len(views) > 1 else {}) | state.link()
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def _choose_view(page: str, views: Sequence[View], view: View) -> None:
    key = f"choose-{page}"
    st.session_state[key] = view.id

    def chosen() -> None:
        st.session_state[f"view/{page}"] = st.session_state[key]

    names = {v.id: v.name for v in views}
    st.segmented_control("View", list(names), key=key, on_change=chosen, format_func=names.get, required=True, label_visibility="collapsed")


# ---- controls --------------------------------------------------------------------------------------------------------------------


def _draw_controls(view: View, state: State) -> None:
    with st.container(horizontal=True, gap="small"):
        for name, changes in view.presets.items():
            st.button(name, key=f"preset-{state.view}-{name}", on_click=state.reset, args=(changes,), type="secondary")
    if view.bring:
        view.bring(state)
    shown = [control for control in view.controls if control.when(state.values)]
    for control in shown:
        if not control.more:
            draw_control(state, control)
    more = [control for control in shown if control.more]
    if more:
        with st.expander("More", key=f"more-{state.view}", on_change="rerun") as rest:
            if rest.open:
                for control in more:
                    draw_control(state, control)
    with st.container(horizontal=True, gap="small"):
        st.button("Reset", key=f"reset-{state.view}", on_click=state.reset, args=({},))
        with st.popover("Type values", key=f"type-{state.view}", on_change="rerun") as typing:
            if typing.open:
                draw_typed(state)


# ---- picture ---------------------------------------------------------------------------------------------------------------------


def solved(view: View, values: dict, points: int) -> Picture:
    """The picture at `values`; where the theory has no answer, an empty one whose takeaway says why."""
    try:
        return view.picture(values, points)
    except (ParameterError, ConvergenceError) as error:
        reason = error.reason if isinstance(error, ParameterError) else str(error)
        return Picture(view.question, Axis("", ""), (Axis("", ""),), takeaway=f"Nothing to draw here: {reason}.", branch=NOTHING)


def _simulated(view: View, picture: Picture) -> bool:
    """Whether there is an experiment to lay over the picture: none where there is nothing to draw."""
    return view.experiment is not None and picture.branch != NOTHING


def signature(view: View, values: Mapping) -> str:
    """A short name for a set of values."""
    own = view.private() if view.private else ""
    return hashlib.sha1(repr((view.id, view.model, own, sorted(values.items()))).encode(), usedforsecurity=False).hexdigest()[:12]


def _memo(view: View, key: tuple, compute: Callable[[], object]) -> object:
    """`cache.memo`; for a view of private data the last few values in the visitor's session."""
    if not view.private:
        return cache.memo(key, compute)
    kept = st.session_state.setdefault(f"private/{view.id}", {})
    value = kept.pop(key) if key in kept else compute()
    kept[key] = value
    while len(kept) > PRIVATE:
        del kept[next(iter(kept))]
    return value


def fingerprint(curves: Sequence[Curve]) -> str:
    """A short name for what the curves show."""
    return str(zlib.crc32(b"".join(np.asarray(values).tobytes() for c in curves for values in (c.x, c.y))) if curves else "")


def _draw_picture(view: View, state: State, small: bool = False) -> Picture:
    name = signature(view, state.values)
    picture = _memo(view, ("picture", view.model, name), lambda: solved(view, state.values, EXACT))
    dots = experiments.dots(view.experiment, state) if _simulated(view, picture) and not small else []
    live = [c for c in view.controls if c.live and c.numeric and c.when(state.values) and _free(state, c)]
    members = view.members(state.values)
    key = f"chart-{state.view}"

    def want() -> None:
        st.session_state[f"want/{state.view}"] = st.session_state[key].want

    family = None
    wanted = st.session_state.pop(f"want/{state.view}", None)
    if members and wanted in {c.name for c in live}:
        family = _family(view, state, state.controls[wanted], members)
    live_chart(
        key,
        picture.with_curves(dots),
        revision=name + fingerprint(dots),
        sliders=[_slider(state, control) for control in live],
        fixed=[
            f"{_plain(c)} = {text(state.values[c.name])}" for c in view.controls if c.numeric and c.when(state.values) and c not in live
        ],
        signatures={c.name: signature(view, state.without(c.name)) for c in live} if members else {},
        family=family,
        on_want=want,
        filename=f"phase-atlas-{view.id}",
        small=small,
    )
    return picture.with_curves(dots)


@st.fragment
def card(page: str, view: View, name: str) -> None:
    """A small live picture of `view` with the one slider `name`, for the landing page."""
    state = State(f"card-{page}", view.controls)
    with st.container(key=f"card-{page}"):
        _draw_picture(view, state, small=True)
    draw_control(state, state.controls[name])


def _free(state: State, control: Control) -> bool:
    """Whether the control shows its slider now (not a named value)."""
    value = state.values[control.name]
    return isinstance(value, (int, float)) and value not in control.named.values()


def _slider(state: State, control: Control) -> dict:
    """What the chart needs to follow a slider."""
    low, high, step = control.slider_bounds()
    return {
        "name": control.name,
        "key": slider_key(state, control),
        "symbol": _plain(control),
        "low": low,
        "high": high,
        "step": step,
        "text": text(state.values[control.name]),
        "position": control.position(state.values[control.name]),
        "ticks": [
            {"position": control.position(value), "text": words}
            for value, words in control.ticks(state.values)
            if math.isfinite(value) and control.bounds[0] <= value <= control.bounds[1]
        ],
    }


GREEK = {
    r"\alpha": "α",
    r"\gamma": "γ",
    r"\lambda": "λ",
    r"\kappa": "κ",
    r"\Delta": "Δ",
    r"\eta": "η",
    r"\sigma": "σ",
    r"\varepsilon": "ε",
    r"\epsilon": "ε",
    r"\rho": "ρ",
    r"\tau": "τ",
    r"\beta": "β",
    r"\phi": "φ",
}


def _plain(control: Control) -> str:
    """The symbol without TeX."""
    symbol = control.parameter.symbol
    for tex, letter in GREEK.items():
        symbol = symbol.replace(tex, letter)
    return symbol.replace("_", "").replace("{", "").replace("}", "") or control.name


def _family(view: View, state: State, control: Control, members: int) -> dict:
    """The picture on a grid of one slider, encoded for the browser."""
    name = signature(view, state.without(control.name))

    def compute() -> dict:
        positions = control.grid(members)
        pictures = [solved(view, {**state.values, control.name: control.value(position)}, PREVIEW) for position in positions]
        return encode_family(control.name, name, positions, pictures)

    return _memo(view, ("family", view.model, control.name, name), compute)


# ---- numbers and tabs ------------------------------------------------------------------------------------------------------------


def quote(value: float | str) -> str:
    """A number as a physicist would quote it."""
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞"
    return f"{value:.4g}"


def _draw_numbers(view: View, state: State) -> None:
    try:
        numbers = view.numbers(state.values)
    except (ParameterError, ConvergenceError):
        return
    with st.container(horizontal=True, gap="medium", key=f"numbers-{state.view}"):
        for number in numbers:
            st.metric(
                f"${number.symbol}$ — {number.words}",
                quote(number.value),
                number.landmark or None,
                delta_color="off",
                delta_arrow="off",
                width=195,
            )


def displayed(markdown: str) -> str:
    """Formulas between double dollars set on lines of their own: Markdown would read one of several lines as an open fence."""
    return re.sub(r"\$\$(.+?)\$\$", r"\n$$\n\1\n$$\n", markdown, flags=re.DOTALL)


def _draw_tabs(view: View, state: State, picture: Picture) -> None:
    drawn = {
        "Phase diagram": (view.map, lambda: _draw_map(view, state)),
        "Experiment": (_simulated(view, picture), lambda: experiments.draw(view.experiment, state)),
        "Notice": (view.notice, lambda: st.markdown("\n".join(f"- {point}" for point in view.notice))),
        "Equations": (True, lambda: st.markdown(displayed(engine.model(view.model).equations))),
        "Take away": (True, lambda: _draw_take_away(view, state, picture)),
    }
    names = [name for name, (present, _) in drawn.items() if present]
    start = "Notice" if view.notice else names[0]
    tabs = st.tabs(names, key=f"tabs-{state.view}", on_change="rerun", default=start)
    for name, tab in zip(names, tabs, strict=True):
        if tab.open:
            with tab:
                drawn[name][1]()


def _draw_map(view: View, state: State) -> None:
    chosen = view.map
    others = {name: value for name, value in state.values.items() if name not in (chosen.x, chosen.y)}
    picture = cache.memo(("map", view.model, signature(view, others)), lambda: chosen.picture(state.values))
    key = f"map-{state.view}"

    def clicked() -> None:
        point = st.session_state[key].click
        if point:
            state.set({name: state.controls[name].nearest(point[axis]) for name, axis in ((chosen.x, "x"), (chosen.y, "y"))})

    at = [
        max(state.values[name], 1.001 * axis.low) if axis.log else state.values[name]
        for name, axis in zip((chosen.x, chosen.y), (picture.x, picture.panels[0]), strict=True)
    ]
    marked = picture.with_curves([here(*at)])
    st.caption("Click anywhere to move the sliders there.")
    live_chart(key, marked, revision=signature(view, state.values), clickable=True, on_click=clicked, filename=f"phase-atlas-{view.id}-map")


def _draw_take_away(view: View, state: State, picture: Picture) -> None:
    st.download_button("Data (CSV)", picture.csv, f"phase-atlas-{view.id}.csv", "text/csv", on_click="ignore")
    st.caption("The picture itself: the PNG and SVG buttons below it.")
    if picture.recipe:
        st.markdown("**Python**")
        st.code(picture.recipe.python(), language="python")
        st.markdown("**Shell**")
        st.code(picture.recipe.shell(), language="bash")
    st.markdown("**This state as a link**")
    query = "&".join(f"{name}={value}" for name, value in ({"view": view.id} | state.link()).items())
    st.code(f"{st.context.url.split('?')[0]}?{query}", language=None)
    st.markdown("**Sources**")
    for reference in engine.model(view.model).references:
        st.markdown(f"- {reference}")
    st.code("\n\n".join(reference.bibtex() for reference in engine.model(view.model).references), language="bibtex")

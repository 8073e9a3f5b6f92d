"""Controls: between values, slider positions and links."""

import math

import pytest

from engine import Parameter
from pages.kit.controls import Control, State, _by_hand, _widget_key, text

LINEAR = Control(Parameter("alpha", r"\alpha", "load", 1.0, 0.0, 20.0, 0.01), 0, 4, 0.01)
LOG = Control(
    Parameter("lam", r"\lambda", "ridge", 1e-2, 0.0, 1e6, scale="log", choices=("opt",)),
    1e-4,
    1e2,
    log=True,
    named={"0": 0.0, "opt": "opt"},
)
INTEGER = Control(Parameter("K", "K", "units", 2, 1, 12, 1, integer=True))
LOG_INTEGER = Control(Parameter("D", "D", "dimension", 50, 1, 100_000, integer=True), 5, 1000, log=True)
CHOICE = Control(Parameter("loss", r"\ell", "loss", "square", choices=("square", "hinge")))
ALL = (LINEAR, LOG, INTEGER, LOG_INTEGER, CHOICE)


@pytest.mark.parametrize("control", [LINEAR, LOG, INTEGER, LOG_INTEGER], ids=lambda c: c.name)
def test_grid_spans_the_slider(control):
    low, high, _ = control.slider_bounds()
    grid = control.grid(41)
    assert (grid[0], grid[-1]) == (low, high)
    assert grid == sorted(set(grid))
    assert control.value(low) == pytest.approx(control.bounds[0])
    assert control.value(high) == pytest.approx(control.bounds[1])


@pytest.mark.parametrize("control", [LINEAR, LOG, INTEGER, LOG_INTEGER], ids=lambda c: c.name)
def test_every_position_is_its_values_own(control):
    for position in control.grid(23):
        assert control.position(control.value(position)) == pytest.approx(position, abs=1e-9)


def test_a_click_lands_on_the_sliders_own_values():
    assert LINEAR.nearest(1.5141e-8) == 0.0
    assert LINEAR.nearest(1.2345) == 1.23
    assert LINEAR.nearest(9) == 4.0
    assert INTEGER.nearest(3.4) == 3
    assert LOG.nearest(0.00997) in LOG.stops


def test_values_of_integers_are_integers():
    assert all(isinstance(c.value(p), int) for c in (INTEGER, LOG_INTEGER) for p in c.grid(9))


@pytest.mark.parametrize(
    ("control", "given", "value"),
    [(LINEAR, "1.37", 1.37), (LOG, "0.0333", 0.0333), (LOG, "0", 0.0), (LOG, "opt", "opt"), (INTEGER, "3", 3), (CHOICE, "hinge", "hinge")],
)
def test_good_text_is_taken_as_it_is(control, given, value):
    assert control.parse(given) == (value, "")


@pytest.mark.parametrize(
    ("control", "given", "value"),
    [
        (LINEAR, "5", 4.0),
        (LINEAR, "-1", 0.0),
        (LINEAR, "inf", 4.0),
        (LINEAR, "nan", 1.0),
        (LINEAR, "much", 1.0),
        (LOG, "1e9", 1e2),
        (LOG, "1e-9", 1e-4),
        (INTEGER, "2.6", 3),
        (INTEGER, "-inf", 1),
        (CHOICE, "cubic", "square"),
    ],
)
def test_nonsense_gives_the_nearest_value_and_a_sentence(control, given, value):
    found, problem = control.parse(given)
    assert found == value
    assert control.name in problem
    assert given in problem


def test_a_state_survives_its_own_link(monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {})
    state = State("test", ALL)
    assert state.link() == {}
    state.set({"alpha": 1 / 3, "lam": "opt", "K": 5, "D": 123, "loss": "hinge"})
    link = state.link()
    monkeypatch.setattr("streamlit.session_state", {})
    again = State("test", ALL)
    assert again.read_link(link) == []
    assert again.values | {"alpha": 1 / 3} == state.values
    assert again.values["alpha"] == pytest.approx(1 / 3, rel=1e-9)


def test_a_link_with_unknown_names_says_what_there_is(monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {})
    (problem,) = State("test", ALL).read_link({"colour": "red"})
    assert "colour" in problem
    assert "alpha, lam, K, D, loss" in problem


def test_reset_keeps_nothing_but_the_preset(monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {})
    state = State("test", ALL)
    state.set({"alpha": 3.0, "K": 7})
    state.reset({"K": 4})
    assert state.values == {"alpha": 1.0, "lam": 1e-2, "K": 4, "D": 50, "loss": "square"}
    with pytest.raises(KeyError):
        state.reset({"unknown": 1})


def test_text_of_values():
    assert [text(v) for v in (None, "opt", 3, 0.1 + 0.2, 1e-10)] == ["none", "opt", "3", "0.3", "1e-10"]
    assert math.isclose(float(text(math.pi)), math.pi, rel_tol=1e-9)


def test_a_late_rerun_does_not_undo_a_preset(monkeypatch):
    session, wishes = {}, []
    monkeypatch.setattr("streamlit.session_state", session)

    def key(value: float) -> str:
        key, opening = _widget_key("page-alpha", value, lambda shown: shown == value)
        session.setdefault(key, opening)  # as a widget that is drawn does
        return key

    first = key(0.1)
    assert session[first] == 0.1
    session[first] = 0.2  # the visitor's thumb
    _by_hand(first, wishes.append)()
    assert wishes == [0.2]
    assert key(0.2) == first
    second = key(0.4)  # a preset
    assert second != first
    assert session[second] == 0.4
    _by_hand(first, wishes.append)()  # a rerun that had left the browser before
    assert wishes == [0.2]
    assert key(0.4) == second


def test_a_widget_that_was_hidden_comes_back_with_the_state(monkeypatch):
    session = {}
    monkeypatch.setattr("streamlit.session_state", session)

    def drawn(value: float) -> tuple[str, float]:
        return _widget_key("page-alpha", value, lambda shown: shown == value)

    first, opening = drawn(0.1)
    session[first] = 0.1
    del session[first]  # hidden: Streamlit forgets its value
    assert drawn(0.1) == (first, opening)
    second, opening = drawn(0.3)  # changed while it was hidden
    assert second != first
    assert opening == 0.3


def test_a_complaint_lasts_as_long_as_the_values_it_is_about(monkeypatch):
    monkeypatch.setattr("streamlit.session_state", {})
    state = State("test", ALL)
    assert state.complaint() == ""
    state.set({"alpha": 3.0})
    state.complain(["alpha=7 is too much.", "There is no colour."])
    assert state.complaint() == "alpha=7 is too much. There is no colour."
    state.set({"alpha": 2.0})
    assert state.complaint() == ""

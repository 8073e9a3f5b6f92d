"""The explorer of two-layer networks: what it says holds, and its dots lie on its curves."""

import numpy as np
import pytest

import engine
from pages.dynamics import escape, extra_units, learning_rate, plateau
from pages.dynamics.committee import tell
from pages.kit.explorer import NOTHING, solved


def start(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def curve(picture, name: str):
    return next(c for c in picture.curves if c.name == name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"t": 1.0}, "still falling towards a plateau at 0.0146"),
        ({"t": 20.0}, "all student units still do the same thing"),
        ({"t": 90.0}, "begin to part"),
        ({"t": 200.0}, "The error is 0.000194 and falling"),
        ({"t": 1e4}, "each student unit has become a teacher unit"),
        ({"t": 1e4, "eta": 2.51}, "it can never vanish, even without noise"),
        ({"t": 1e4, "sigma": 0.3}, "label noise keeps the error at 0.0103"),
        ({"sigma": 1.0}, "never falls to half its plateau"),
        ({"K": 2, "M": 4}, "2 student units cannot be 4 different teacher units"),
        ({"K": 1, "M": 2}, "nobody to be confused with"),
        ({"layers": "both"}, "no height of its own"),
        ({"teacher": "graded"}, "no simple height"),
        ({"activation": "linear", "t": 3.0}, "only their sum matters"),
        ({"activation": "linear", "eta": 4.0, "t": 1e4}, "have run away"),
        ({"eta": 4.47, "t": 1e4}, "never vanish"),
        ({"init": "denoise"}, "needs layers=both"),
        ({"init": "informed", "M": 4}, "needs K >= M"),
    ],
)
def test_the_sentence_says_what_happens(changes, words):
    assert words in solved(plateau.VIEW, start(plateau.VIEW, **changes), 90).takeaway


def test_every_overlap_of_a_large_network_is_drawn_once():
    picture = solved(plateau.VIEW, start(plateau.VIEW, K=5, M=3, layers="both", v0=0.5), 90)
    names = [c.name for c in picture.curves]
    assert len(names) == len(set(names))
    assert [sum(c.panel == panel for c in picture.curves) for panel in range(4)] == [2, 15, 15, 5]


def test_numbers_are_those_of_the_engine():
    state = start(plateau.VIEW, t=137.0, eps=1e-3)
    exact = engine.solve("soft-committee", **state)
    shown = {number.words: number.value for number in plateau.VIEW.numbers(state)}
    assert shown["error now"] == pytest.approx(exact["gen_error"], rel=1e-9)
    assert shown["escape: half the plateau"] == pytest.approx(exact["t_escape"], rel=1e-9)


def test_each_hundredfold_of_inputs_costs_the_same_time():
    state = start(escape.VIEW)
    picture = solved(escape.VIEW, state, 90)
    waits = np.diff(curve(picture, "theory").x)
    added = next(n.value for n in escape.VIEW.numbers(state) if "100 times" in n.words)
    assert (np.diff(waits) < 0).all()  # the law is the limit of small ε
    assert waits == pytest.approx(np.full(5, added), rel=0.1)
    assert waits[-1] == pytest.approx(added, rel=0.02)


def test_without_a_plateau_the_wait_is_not_drawn_but_explained():
    picture = solved(escape.VIEW, start(escape.VIEW, eta=5.0), 90)
    assert "no plateau to leave" in picture.takeaway
    assert picture.marks == ()


def test_below_the_largest_learning_rate_and_only_there_the_error_vanishes():
    picture = solved(learning_rate.VIEW, start(learning_rate.VIEW, t=1e4), 90)
    error = curve(picture, "error at time t")
    limit = next(n.value for n in learning_rate.VIEW.numbers(start(learning_rate.VIEW)) if "largest" in n.words)
    learned = ~(error.y > 1e-6)
    assert learned[error.x < 0.99 * limit].all()
    assert not learned[error.x > 1.01 * limit].any()


def test_extra_units_cost_with_one_layer_and_pay_with_both():
    picture = solved(extra_units.VIEW, start(extra_units.VIEW), 90)
    first, both = curve(picture, "first layer learns"), curve(picture, "both layers learn")
    assert (np.diff(both.y) < 0).all()
    assert first.y[-1] > 3 * first.y[0]
    formula = curve(picture, "floor, small η")
    assert both.y == pytest.approx(formula.y, rel=0.35)


def test_over_time_the_same_numbers_as_over_units():
    state = start(extra_units.VIEW, layers="both", K=6)
    over_units = curve(solved(extra_units.VIEW, state, 90), "both layers learn")
    over_time = curve(solved(extra_units.VIEW, state | {"against": "t"}, 90), "K = 6")
    assert over_units.y[-1] == over_time.y[np.searchsorted(over_time.x, state["t"])]


@pytest.mark.parametrize(
    ("view", "name", "state"),
    [(plateau.VIEW, "theory", start(plateau.VIEW)), (extra_units.VIEW, "K = 4, first layer", start(extra_units.VIEW, against="t"))],
    ids=["plateau", "width"],
)
def test_dots_lie_on_the_curve(view, name, state):
    axis, values = view.experiment.points(state)
    values = [value for value in values if value < 60]
    found = engine.simulate_along(view.model, axis, values, size=400, trials=3, seed=1, **view.experiment.parameters(state))
    dots = view.experiment.dots(state, values, found)[0]
    theory = curve(solved(view, state, 200), name)
    expected = np.exp(np.interp(np.log(dots.x), np.log(theory.x), np.log(theory.y)))
    assert (np.abs(dots.y - expected) <= 4 * dots.sem + 0.1 * expected).all()


def test_random_weights_wait_as_long_as_the_theory_of_about_their_size():
    state = start(escape.VIEW, eps=0.1)
    found = engine.simulate_along("soft-committee", "t", [60.0, 250.0], size=200, trials=3, **escape.VIEW.experiment.parameters(state))
    plateau_height = escape.course(state, np.zeros(1))[1]["gen_error_plateau"]
    assert found["gen_error"].mean[0] > 0.8 * plateau_height
    assert found["gen_error"].mean[1] < 0.5 * plateau_height


def test_a_state_without_answer_says_why():
    picture = solved(plateau.VIEW, start(plateau.VIEW, init="denoise"), 90)
    assert picture.branch == NOTHING


def test_numbers_in_sentences():
    assert [tell(x) for x in (0.0, 0.0146448, 284.82, 10000.0, 1e6, 2.5e7, 1e-6)] == ["0", "0.0146", "285", "10000", "10⁶", "2·10⁷", "10⁻⁶"]

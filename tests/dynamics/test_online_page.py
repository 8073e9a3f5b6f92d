"""The explorer of one neuron: what it says holds, and its dots lie on its curves."""

import numpy as np
import pytest

import engine
from pages.dynamics import classic_rules, one_rate
from pages.kit.explorer import solved


def start(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def curve(picture, name: str, panel: int = 0):
    return next(c for c in picture.curves if c.name == name and c.panel == panel)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "halves every 0.924 units of time, every 0.693 at η_opt = 1. Larger steps would learn faster"),
        ({"eta": 1.5}, "Smaller steps would forget less"),
        ({"eta": 1.0}, "the fastest learning rate"),
        ({"eta": 2.0}, "exactly critical"),
        ({"eta": 3.0}, "grows without bound"),
        ({"eta": 3.0, "rho0": 1.0}, "no error to correct"),
        ({"eta": 0.5, "sigma": 0.3}, "stops the error at 0.015"),
        ({"eta": 1.0, "sigma": 0.3}, "smaller steps end lower, but later"),
        ({"activation": "erf", "eta": 4.5}, "the noise of its own steps holds the error at 0.0171"),
        ({"activation": "erf", "eta": 10.0}, "the norm grows for ever and the error creeps to 0.167"),
        ({"activation": "relu", "eta": 2.09}, "holds the error at 0.0344"),
        ({"activation": "relu", "eta": 5.0}, "grows without bound"),
    ],
)
def test_the_sentence_about_a_learning_rate(changes, words):
    assert words in solved(one_rate.VIEW, start(one_rate.VIEW, **changes), 90).takeaway


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "the perceptron errs on 5.97 % of new examples, the optimal rule on 0.862 %. In the end its error falls as 1/∛t"),
        ({"rule": "hebb"}, "falls as 1/√t"),
        ({"rule": "adatron"}, "falls as 1/t"),
        ({"rule": "adatron", "eta": 3.47}, "overshoots, though every label is right"),
        ({"flip": 0.1}, "stops at 20.5 %"),
        ({"flip": 0.1, "schedule": "optimal"}, "falls as 1/√t"),
        ({"flip": 0.1, "schedule": "optimal", "rule": "adatron"}, "falls as 1/∜t"),
        ({"rule": "optimal", "flip": 0.1}, "no rule learns faster"),
        ({"flip": 0.5}, "they say nothing"),
    ],
)
def test_the_sentence_about_a_rule(changes, words):
    assert words in solved(classic_rules.VIEW, start(classic_rules.VIEW, **changes), 90).takeaway


@pytest.mark.parametrize("flip", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("schedule", ["constant", "optimal"])
@pytest.mark.parametrize("eta", [1.0, 3.0, 4.0])
def test_each_rule_ends_on_its_dashed_line(flip, schedule, eta):
    state = start(classic_rules.VIEW, flip=flip, schedule=schedule, eta=eta)
    picture = solved(classic_rules.VIEW, state, 90)
    for rule, name in classic_rules.RULES.items():
        late = curve(picture, f"{name}, late")
        exact = engine.solve("online-classifier", **classic_rules.theory(state, rule=rule, t=1e7))["gen_error"]
        extended = np.exp(np.polyval(np.polyfit(np.log(late.x), np.log(late.y), 1), np.log(1e7)))
        assert extended == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize("activation", ["linear", "erf", "relu"])
def test_the_lower_panel_bends_where_the_marks_stand(activation):
    state = start(one_rate.VIEW, activation=activation)
    picture = solved(one_rate.VIEW, state, 200)
    marks = {mark.text: mark.x for mark in picture.marks if mark.panel == 1 and hasattr(mark, "x")}
    rate = curve(picture, "rate", 1)
    assert rate.x[np.argmax(rate.y)] == pytest.approx(marks["η_opt"], rel=1e-9)
    assert ((rate.y > 1e-9) == (rate.x < 0.9999 * marks["η_c"])).all()
    final = curve(solved(one_rate.VIEW, state | {"look": "final"}, 200), "final error", 1)
    assert (final.y[final.x < marks["η_c"]] == 0).all()
    assert not (final.y[final.x > 1.01 * marks["η_c"]] == 0).any()


@pytest.mark.parametrize("activation", ["linear", "erf", "relu"])
def test_paths_end_at_the_teacher_and_keep_above_the_border(activation):
    picture = solved(one_rate.VIEW, start(one_rate.VIEW, activation=activation, look="path", rho0=-0.5, q0=4.0), 90)
    assert curve(picture, "your η", 1).x[0] == pytest.approx(-1.0)
    best = next(c for c in picture.curves if c.panel == 1 and c.name.startswith("η_opt"))
    assert (best.x[-1], best.y[-1]) == pytest.approx((1, 1), abs=0.01)
    for path in (c for c in picture.curves if c.panel == 1 and c.kind == "line" and c.name != "border"):
        known = np.isfinite(path.y)
        assert (path.y[known] >= np.abs(path.x[known]) - 1e-9).all()


def test_numbers_are_those_of_the_engine():
    for view, model in ((one_rate.VIEW, "online-perceptron"), (classic_rules.VIEW, "online-classifier")):
        state = start(view, t=17.0)
        exact = engine.solve(model, **{name: value for name, value in state.items() if name != "look"})
        shown = {number.words: number.value for number in view.numbers(state)}
        assert shown["error now"] == exact["gen_error"]
        assert shown["final error"] == exact["gen_error_inf"]


@pytest.mark.parametrize("changes", [{}, {"activation": "erf", "eta": 5.0}, {"activation": "relu", "sigma": 0.3, "eta": 1.5}])
def test_dots_of_gradient_descent_lie_on_the_curve(changes):
    state = start(one_rate.VIEW, **changes)
    axis, values = one_rate.VIEW.experiment.points(state)
    values = values[:6]
    found = engine.simulate_along(
        "online-perceptron", axis, values, size=300, trials=6, seed=1, **one_rate.VIEW.experiment.parameters(state)
    )
    (dots,) = one_rate.VIEW.experiment.dots(state, values, found)
    theory = curve(solved(one_rate.VIEW, state, 200), "your η")
    expected = np.exp(np.interp(dots.x, theory.x, np.log(theory.y)))
    assert (np.abs(dots.y - expected) <= 4 * dots.sem + 0.03 * expected).all()


def test_dots_beyond_the_axis_are_left_out():
    state = start(one_rate.VIEW, eta=10.0)
    values = [1.0, 30.0]
    found = engine.simulate_along("online-perceptron", "t", values, size=100, trials=2, **one_rate.VIEW.experiment.parameters(state))
    assert np.isnan(one_rate.VIEW.experiment.dots(state, values, found)[0].y).all()


def test_dots_of_every_rule_lie_on_its_curve():
    state, experiment = start(classic_rules.VIEW, flip=0.1), classic_rules.VIEW.experiment
    values = [0.5, 3.0, 10.0]
    found = [
        engine.simulate_along("online-classifier", "t", values, size=300, trials=6, seed=2, **experiment.parameters(state) | changes)
        for changes in experiment.series
    ]
    picture = solved(classic_rules.VIEW, state, 200)
    for name, dots in zip(classic_rules.RULES.values(), experiment.dots(state, values, *found), strict=True):
        theory = curve(picture, name)
        expected = np.exp(np.interp(np.log(dots.x), np.log(theory.x), np.log(theory.y)))
        assert (np.abs(dots.y - expected) <= 4 * dots.sem + 0.03 * expected).all(), name

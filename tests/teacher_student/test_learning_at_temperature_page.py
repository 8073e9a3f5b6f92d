"""The explorer of learning at temperature: its curves are the engine's, jumps stand where they belong, dots fall on the lines."""

import json
import random

import numpy as np
import pytest

import engine
from pages.kit.picture import Vertical
from pages.teacher_student import jump, smoothness, theories
from pages.teacher_student.gibbs import ID, RULES, learning
from pages.teacher_student.learning_at_temperature import VIEWS

EACH_VIEW = pytest.mark.parametrize("view", VIEWS, ids=[view.id for view in VIEWS])


def state(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def line(picture, name: str, panel: int = 0, dash: int = 0):
    return next(c for c in picture.curves if (c.name, c.panel, c.kind, c.dash) == (name, panel, "line", dash))


def anywhere(view, rng: random.Random) -> dict:
    """A random state, often at an end of a range."""
    values = {}
    for control in view.controls:
        if not control.numeric:
            values[control.name] = rng.choice(control.choices)
        elif rng.random() < 0.3:
            values[control.name] = rng.choice(control.bounds)
        else:
            values[control.name] = control.value(rng.uniform(*control.slider_bounds()[:2]))
    return values


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    rng = random.Random(1)
    for _ in range(20):
        values = anywhere(view, rng)
        picture = view.picture(values, 30)
        json.dumps(picture.encode(), allow_nan=False)
        assert len(picture.takeaway) > 20
        assert not {"nan", "inf", "—"} & set(picture.takeaway.split())
        for curve in picture.curves:
            assert len(curve.x) == len(curve.y)
            assert not picture.panels[curve.panel].log or not (curve.y <= 0).any()
            assert np.isfinite(curve.y[:-1]).all() or curve.dash  # only metastable branches, and ln(1 - R) at R = 1, may be absent
        assert all(np.isfinite(mark.x) for mark in picture.marks if isinstance(mark, Vertical))
        assert len(view.numbers(values)) <= 6


@pytest.mark.parametrize("T", [0.0, 0.2, 0.5, 1.5])
def test_the_jump_is_where_the_engine_has_it(T):
    limits = engine.solve(ID, T=T)
    picture = jump.VIEW.picture(state(jump.VIEW, T=T), 90)
    stable, poor = line(picture, "equilibrium"), line(picture, "poor, metastable", dash=1)
    step = int(np.argmin(np.diff(stable.y)))
    assert stable.x[step : step + 2] == pytest.approx(limits["alpha_transition"], rel=1e-8)
    assert stable.y[step] > 0.2
    assert (stable.y[step + 1 :] == 0).all()
    assert poor.x[-1] == pytest.approx(limits["alpha_spinodal"], rel=1e-6)
    assert poor.y[-1] == 0 < poor.y[-2]
    assert poor.y[0] == pytest.approx(stable.y[step], rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alpha": 1.2}, "It will understand all at once, at α = 1.57"),
        ({"alpha": 1.7}, "until α = 1.9"),
        ({"alpha": 2.0}, "only the teacher itself is left"),
        ({"alpha": 1.45, "T": 0.2}, "its entropy is negative"),
    ],
)
def test_the_sentence_says_what_happens(changes, words):
    assert words in jump.VIEW.picture(state(jump.VIEW, **changes), 30).takeaway


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "since the jump at α = 1.26"),
        ({"alpha": 1.0}, "it will drop to exactly zero"),
        ({"output": "linear", "alpha": 0.562}, "at α = 0.609 it will drop, though not to zero"),
        ({"output": "linear", "alpha": 0.631}, "since the drop at α = 0.609"),
        ({"output": "linear", "T": 0.502}, "Smooth, but fast"),
        ({"weights": "spherical"}, "falls like 1/α"),
        ({"weights": "spherical", "output": "linear"}, "falls like T/α"),
    ],
)
def test_smooth_or_abrupt(changes, words):
    assert words in smoothness.VIEW.picture(state(smoothness.VIEW, **changes), 90).takeaway


def test_laws_of_smooth_learning():
    """What the sentence says: 1/α for labels, T/α for the field of real weights at large α."""
    labels, field = (engine.solve(ID, alpha=1e4, T=0.3, weights="spherical", output=output)["gen_error"] for output in RULES_OF_OUTPUT)
    assert engine.solve(ID, alpha=2e4, T=0.3, weights="spherical")["gen_error"] == pytest.approx(labels / 2, rel=1e-2)
    assert field == pytest.approx(0.5 * 0.3 / 1e4, rel=1e-2)


RULES_OF_OUTPUT = [output for weights, output in RULES if weights == "spherical"]


def test_a_drawn_jump_to_a_good_state():
    (x, stable), (beyond, poor) = learning({"T": 0.2, "weights": "ising", "output": "linear"}, 0.05, 20.0, 90, log=True)
    step = int(np.argmax(np.diff(stable["R"])))
    assert x[step : step + 2] == pytest.approx(0.608580, rel=1e-5)
    assert (beyond[0], beyond[-1]) == pytest.approx((0.608580, 0.66272), rel=1e-5)
    assert stable["R"][step] == pytest.approx(poor["R"][0], rel=1e-5)
    assert poor["R"][-1] == pytest.approx(np.interp(beyond[-1], x, stable["R"]), rel=1e-3)


@pytest.mark.parametrize("theory", list(theories.THEORIES))
def test_theories_are_the_engines(theory):
    values = state(theories.VIEW, weights="spherical")
    picture = theories.VIEW.picture(values, 200)
    for name, panel in (("gen_error", 0), ("train_error", 1)):
        curve = line(picture, theory, panel)
        expected = engine.solve(ID, **values | {"theory": theory})[name]
        assert np.interp(values["alpha"], curve.x, curve.y) == pytest.approx(expected, rel=1e-3)


def test_hot_theories_agree():
    assert "hot enough" in theories.VIEW.picture(state(theories.VIEW, T=10.0, alpha=10.0), 30).takeaway
    assert "too cold" in theories.VIEW.picture(state(theories.VIEW, T=0.1, alpha=1.0), 30).takeaway


def run(view, values: dict, loads: list[float], size: int, trials: int) -> list:
    """The curves of dots of the view's experiment at some of its loads."""
    experiment = view.experiment
    found = [
        engine.simulate_along(ID, "alpha", loads, size=size, trials=trials, seed=2, **experiment.parameters(values) | changes)
        for changes in experiment.series
    ]
    return experiment.dots(values, loads, *found)


def test_dots_of_random_starts_lie_on_the_poor_branch_and_those_of_the_teacher_at_zero():
    values = state(jump.VIEW, T=0.7)
    loads = [load for load in jump.VIEW.experiment.points(values)[1] if load < 1.0 or load > 2.5]
    random_start, _, teacher, _ = run(jump.VIEW, values, loads, 100, 12)
    theory = [engine.solve(ID, alpha=load, T=0.7)["gen_error_poor"] for load in loads]
    early = np.array(loads) < 1.0
    assert (np.abs(random_start.y - theory)[early] < 4 * random_start.sem[early] + 0.01).all()
    assert (teacher.y[~early] < 0.01).all()


@pytest.mark.parametrize("view", [smoothness.VIEW, theories.VIEW], ids=["smoothness", "theories"])
def test_dots_lie_on_the_curves(view):
    values = state(view, weights="spherical", T=0.502)
    picture = view.picture(values, 200)
    name = "real weights, labels" if view is smoothness.VIEW else "replica"
    for dots in run(view, values, [0.5, 1.5], 60, 12):
        curve = line(picture, name, dots.panel)
        expected = np.interp(dots.x, curve.x, curve.y)
        assert (np.abs(dots.y - expected) < 4 * dots.sem + 0.015).all()

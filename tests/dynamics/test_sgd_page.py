"""The explorer of gradient descent: what it says holds, and its training runs lie on its curves."""

import numpy as np
import pytest

import engine
from pages.dynamics import batch_size, early_stopping, memory, sgd, three_clusters
from pages.dynamics.training import ID, course, parameters
from pages.kit.explorer import NOTHING, PREVIEW, solved

STATES = []
for one in sgd.VIEWS:
    STATES += [pytest.param(one, changes, id=f"{one.id}, {name}") for name, changes in one.presets.items()]
    for control in one.controls:
        if control.numeric:
            ends = [control.stops[0], control.stops[-1]] if control.log else list(control.bounds)
            STATES += [pytest.param(one, {control.name: end}, id=f"{one.id}, {control.name}={end:g}") for end in ends]
        else:
            STATES += [pytest.param(one, {control.name: option}, id=f"{one.id}, {option}") for option in control.choices]


def start(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def curve(picture, name: str, panel: int = 0):
    return next(c for c in picture.curves if c.name == name and c.panel == panel)


@pytest.mark.parametrize(("view", "changes"), STATES)
def test_every_state_has_a_picture(view, changes):
    state = start(view, **changes)
    picture = solved(view, state, PREVIEW)
    assert picture.branch != NOTHING
    assert len(picture.takeaway) > 40
    assert "nan" not in picture.takeaway
    assert picture.encode()["curves"]
    lines = [c for c in picture.curves if c.kind == "line"]
    assert all(np.isfinite(c.x).all() for c in lines)
    complete = "too large" not in picture.takeaway and view in (early_stopping.VIEW, three_clusters.VIEW)
    in_view = "mini-batch" if state["batch"] < 1 else "full batch"
    for c in lines:
        assert np.isfinite(c.y).any() or "every ridge" in picture.takeaway
        assert not complete or picture.panels[c.panel].log or not c.name.startswith(in_view) or np.isfinite(c.y).all()


@pytest.mark.parametrize("view", sgd.VIEWS, ids=lambda view: view.id)
def test_numbers_exist_at_the_start(view):
    numbers = view.numbers(start(view))
    assert 3 <= len(numbers) <= 6
    assert all(np.isfinite(number.value) for number in numbers if number.words != "at the minimum of the loss")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "%, still improving: the least error, 22.7 %"),
        ({"batch": 1.0}, "past its best"),
        ({"batch": 1.0, "R": 0.0, "steps": 1}, "After 1 step the full batch misses 20.7 %, the least it will ever miss"),
        ({"batch": 1.0, "lam": 1.0}, "training longer does no harm here"),
        ({"batch": 1.0, "loss": "square", "eta": 1.0}, "too large: descent diverges at step 10"),
    ],
)
def test_the_sentence_says_when_to_stop(changes, words):
    assert words in solved(early_stopping.VIEW, start(early_stopping.VIEW, **changes), PREVIEW).takeaway


def test_numbers_are_those_of_the_engine():
    state = start(early_stopping.VIEW, batch=1.0, loss="square", steps=40)
    shown = {number.words: number.value for number in early_stopping.VIEW.numbers(state)}
    exact = engine.solve(ID, **parameters(state), steps=40)
    assert shown["test error at step 40"] == pytest.approx(exact["gen_error"], rel=1e-12)
    assert shown["at the minimum of the loss"] == pytest.approx(exact["gen_error_static"], rel=1e-12)
    assert shown["from seed to seed"] == 0.0


def test_full_batch_and_mini_batch_stop_after_the_same_number_of_samples():
    state = start(early_stopping.VIEW)
    full, mini = (1 + np.nanargmin(course(state, batch=b, samples=2048)["gen_error"][1:]) for b in (1.0, 0.3))
    assert 0.3 * mini == pytest.approx(full, rel=0.15)


def test_a_mini_batch_at_rest_is_the_full_batch_with_a_stronger_ridge():
    """Small steps, for which the noise of the batches is small."""
    p = {"loss": "square", "delta": 1.0, "R": 0.0, "steps": 400, "eta": 0.02, "samples": 256}
    mini, weak, strong = engine.solve(ID, lam=1.0, batch=0.5, **p), engine.solve(ID, lam=1.0, **p), engine.solve(ID, lam=2.0, **p)
    assert mini["m"] == pytest.approx(strong["m_static"], rel=0.01)
    assert abs(mini["q"] - strong["q_static"]) < 0.2 * abs(weak["q_static"] - strong["q_static"])


def test_each_factor_of_ten_in_the_initial_overlap_costs_the_same_time():
    state = start(three_clusters.VIEW)
    shown = {number.words: number.value for number in three_clusters.VIEW.numbers(state)}
    later = {number.words: number.value for number in three_clusters.VIEW.numbers(state | {"m0": 0.001})}
    name = "step at which m is half its largest"
    assert later[name] - shown[name] == pytest.approx(shown["steps per factor of ten in m₀"], abs=1.5)


def test_what_is_left_of_a_step_starts_as_the_whole_step():
    correlation, response = memory.planes(start(memory.VIEW))
    np.testing.assert_allclose(np.diagonal(response, -1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.diagonal(correlation), 1.0, rtol=1e-12)
    np.testing.assert_allclose(correlation, correlation.T, rtol=1e-12)
    assert (np.abs(correlation) <= 1 + 1e-9).all()
    slow = memory.planes(start(memory.VIEW, alpha=0.1, lam=0.0))[1]
    assert slow[100, 10] > 0.8  # few samples leave directions without curvature


@pytest.mark.parametrize("view", [early_stopping.VIEW, three_clusters.VIEW, batch_size.VIEW], ids=lambda view: view.id)
def test_training_runs_lie_on_the_curves(view):
    changes = {"m0": 0.1, "batch": 0.3} if view is three_clusters.VIEW else {}
    state = start(view, **changes)
    axis, values = view.experiment.points(state)
    values = [value for value in values if value <= 60]
    fixed = view.experiment.parameters(state)
    found = [engine.simulate_along(ID, axis, values, size=500, trials=4, seed=2, **fixed | series) for series in view.experiment.series]
    picture = solved(view, state, PREVIEW)
    runs = view.experiment.dots(state, values, *found)
    pairs = list(
        dict.fromkeys((c.panel, c.name) for c in picture.curves if c.kind == "line" and "best" not in c.name and "λ/b" not in c.name)
    )
    for dots in runs:
        low, high = picture.panels[dots.panel].low, picture.panels[dots.panel].high
        near = []
        for panel, name in pairs:
            if panel == dots.panel:
                line = curve(picture, name, panel)
                y = np.interp(dots.x, line.x, line.y)
                near.append(np.abs(dots.y - y) / (4 * dots.sem + 0.02 * (high - low if high < 10 else np.abs(y))))
        shown = np.isfinite(dots.y) & (dots.y < high)
        assert np.nanmax(np.min(near, axis=0)[shown]) < 1.5  # each dot lies on one of the curves of its panel


def test_the_map_shows_valley_and_walls():
    plane = batch_size.map_picture(start(batch_size.VIEW)).heat
    overfitted, valley, forgetful = plane.z[3, -1], plane.z[7, 2], plane.z[-2, 1]
    assert valley < overfitted < forgetful

"""The explorer of robust regression: what it draws is the engine's, in every corner of its sliders, and its dots fall on it."""

import json
import random

import numpy as np
import pytest

import engine
from pages.kit.picture import Vertical
from pages.teacher_student import likelihood, outliers, sparse_signal, tuning
from pages.teacher_student.robust import NAMES, shown
from pages.teacher_student.robust_regression import VIEWS

EACH_VIEW = pytest.mark.parametrize("view", VIEWS, ids=[view.id for view in VIEWS])


def state(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def line(picture, name: str, panel: int = 0):
    return next(c for c in picture.curves if c.name == name and c.panel == panel and c.kind == "line")


def anywhere(view, rng: random.Random) -> dict:
    """A random state, often at an end of a range."""
    values = {}
    for control in view.controls:
        if not control.numeric:
            values[control.name] = rng.choice(control.choices)
        elif rng.random() < 0.4:
            values[control.name] = rng.choice(control.bounds)
        else:
            values[control.name] = control.value(rng.uniform(*control.slider_bounds()[:2]))
    return values


def check(view, values: dict) -> None:
    picture = view.picture(values, 30)
    json.dumps(picture.encode(), allow_nan=False)
    assert 20 < len(picture.takeaway) < 200
    assert not {"nan", "—", "inf"} & set(picture.takeaway.replace("%", " ").replace(";", " ").split())
    for curve in picture.curves:
        assert len(curve.x) == len(curve.y)
        assert not np.isinf(curve.y).any()
        assert not picture.panels[curve.panel].log or not (curve.y <= 0).any()
        assert curve.kind == "here" or np.isfinite(curve.y).any() or values.get("rest") == "perfect", (curve.name, values)
    for number in view.numbers(values):
        assert isinstance(number.value, str) or number.value >= 0
    assert len(view.numbers(values)) <= 6


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    rng = random.Random(0)
    for changes in ({}, *view.presets.values()):
        check(view, state(view, **changes))
    for control in view.controls:
        for value in control.bounds if control.numeric else control.choices:
            check(view, state(view, **{control.name: value}))
    for _ in range(25):
        check(view, anywhere(view, rng))


@EACH_VIEW
def test_the_map_is_the_engines(view):
    values = state(view)
    picture = view.map.picture(values)
    json.dumps(picture.encode(), allow_nan=False)
    assert picture.heat.z.shape == (picture.heat.y.size, picture.heat.x.size)
    assert np.isfinite(picture.heat.z).all()
    assert {view.map.x, view.map.y} <= {control.name for control in view.controls}
    i, j = 30, 20
    point = values | {view.map.x: picture.heat.x[i], view.map.y: picture.heat.y[j]}
    theory = {"outliers": outliers.theory, "likelihood": likelihood.theory, "tuning": tuning.unpenalised, "sparse": sparse_signal.theory}[
        view.id
    ](point)
    if view.id == "sparse":
        found = engine.solve("m-estimator", **theory)
        expected = found["mse"] / found["mse_bayes"]
    else:
        huber = engine.solve("m-estimator", **shown(theory, "huber"))
        square = engine.solve("m-estimator", **shown(theory, "square"))
        expected = square["mse"] / huber["mse"] if view.id == "outliers" else max(0.1, 100 * (huber["mse"] / huber["mse_bound"] - 1))
    assert picture.heat.z[j, i] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("look", list(NAMES))
def test_curves_are_the_engines_and_the_ring_stands_on_them(look):
    for view, module in ((outliers.VIEW, outliers), (likelihood.VIEW, likelihood)):
        values = state(view, look=look, alpha=3.0)
        picture = view.picture(values, 200)
        now = engine.solve("m-estimator", **shown(module.theory(values), look))
        curve, ring = line(picture, NAMES[look]), next(c for c in picture.curves if c.kind == "here")
        expected = now["mse"] * (2.0 if module is likelihood else 1.0)
        assert ring.y[0] == pytest.approx(expected, rel=1e-9)
        assert np.interp(3.0, curve.x, curve.y) == pytest.approx(expected, rel=1e-3)
        density = line(picture, NAMES[look], 1)
        here = engine.solve("m-estimator", **shown(module.theory(values), look), residual=float(density.x[40]))
        assert density.y[40] == pytest.approx(here["residual_density"], rel=1e-6)


def test_the_threshold_of_exact_recovery():
    mark = next(m for m in outliers.VIEW.picture(state(outliers.VIEW, rest="perfect"), 30).marks if isinstance(m, Vertical))
    point = {"loss": "l1", "noise_law": "contaminated", "delta": 0.0, "delta_out": 100.0}
    assert engine.solve("m-estimator", **point, alpha=mark.x * 1.001)["mse"] == 0
    assert engine.solve("m-estimator", **point, alpha=mark.x * 0.999)["mse"] > 0
    assert np.isnan(outliers.recovery(state(outliers.VIEW)))


def test_where_maximum_likelihood_overtakes_least_squares():
    assert likelihood.crossing() == pytest.approx(3.3895, abs=1e-4)


def test_the_best_threshold_is_the_minimum_of_the_curve():
    values = state(tuning.VIEW, alpha=4.0)
    picture = tuning.VIEW.picture(values, 200)
    curve, mark = line(picture, "Huber"), next(m for m in picture.marks if isinstance(m, Vertical))
    assert mark.x == pytest.approx(0.62, abs=0.01)
    assert np.log10(curve.x[np.argmin(curve.y)] / mark.x) == pytest.approx(0, abs=0.02)
    assert curve.y.min() >= line(picture, "best loss").y[0]


def test_gaussian_noise_has_no_best_threshold():
    values = state(tuning.VIEW, law="gaussian", huber=0.1)
    assert tuning.optimal(values)["huber"] == np.inf
    assert "a = ∞" in tuning.VIEW.picture(values, 30).takeaway


def test_the_best_penalty_lies_below_every_other():
    picture = sparse_signal.VIEW.picture(state(sparse_signal.VIEW), 90)
    lasso, least, optimum = line(picture, "LASSO"), line(picture, "LASSO, best λ"), line(picture, "Bayes-optimal")
    at_least = np.interp(np.log(lasso.x), np.log(least.x), np.log(least.y))
    assert (at_least < np.log(lasso.y) + 0.05).all()
    assert (lasso.y >= optimum.y).all()


@pytest.mark.parametrize(
    ("view", "changes", "name"),
    [
        (outliers.VIEW, {}, "Huber"),
        (outliers.VIEW, {"look": "square"}, "least squares"),
        (likelihood.VIEW, {}, "L1"),
        (tuning.VIEW, {"law": "contaminated"}, "Huber"),
        (tuning.VIEW, {"tuned": "lam"}, "Huber"),
        (sparse_signal.VIEW, {"sparsity": 0.3}, "LASSO"),
    ],
)
def test_dots_fall_on_the_drawn_curve(view, changes, name):
    values = state(view, **changes)
    axis, grid = view.experiment.points(values)
    grid = [x for x in grid if x < 4][1::2]
    found = engine.simulate_along("m-estimator", axis, grid, 120, 20, 1, **view.experiment.parameters(values))
    curve = line(view.picture(values, 200), name)
    (dots,) = view.experiment.dots(values, grid, found)
    theory = np.interp(np.log(dots.x), np.log(curve.x), curve.y)
    assert (np.abs(dots.y - theory) <= 4 * dots.sem + 0.03 * theory).all()

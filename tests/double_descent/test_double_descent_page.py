"""The explorer of double descent: what it draws is the engine's, in every corner of its sliders, and its dots fall on it."""

import json
import random

import numpy as np
import pytest

import engine
from pages.double_descent import double_descent, equivalence, errors, ridge, variance
from pages.double_descent.features import ERROR, TRAIN, experiment, parameters
from pages.kit.picture import Vertical

EACH_VIEW = pytest.mark.parametrize("view", double_descent.VIEWS, ids=[view.id for view in double_descent.VIEWS])


def state(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def line(picture, name: str, panel: int = 0):
    return next(c for c in picture.curves if c.name == name and c.panel == panel and c.kind == "line")


def anywhere(view, rng: random.Random) -> dict:
    """A random state, often at an end of a range, at a named value, or at P = N."""
    values = {}
    for control in view.controls:
        if not control.numeric:
            values[control.name] = rng.choice(control.choices)
        elif rng.random() < 0.3:
            values[control.name] = rng.choice([*control.named.values(), *control.bounds])
        else:
            values[control.name] = control.value(rng.uniform(*control.slider_bounds()[:2]))
    return values | ({"gamma": values["alpha"]} if rng.random() < 0.2 else {})


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    rng = random.Random(0)
    for _ in range(40):
        values = anywhere(view, rng)
        picture = view.picture(values, 30)
        json.dumps(picture.encode(), allow_nan=False)
        assert len(picture.takeaway) > 20
        assert not {"nan", "—"} & set(picture.takeaway.replace("%", " ").split())
        for curve in picture.curves:
            assert len(curve.x) == len(curve.y)
            assert not picture.panels[curve.panel].log or not (curve.y <= 0).any()
        assert len(view.numbers(values)) <= 6


@pytest.mark.parametrize("view", [errors.REGRESSION, errors.CLASSIFICATION], ids=lambda view: view.id)
@pytest.mark.parametrize("axis", ["gamma", "alpha"])
def test_curves_are_the_engines_and_the_ring_stands_on_them(view, axis):
    values = state(view, against=axis, alpha=3.0, gamma=1.2, lam=0.01)
    picture = view.picture(values, 200)
    now = engine.solve("random-features", **parameters(values))
    for panel, name in enumerate((ERROR[values["task"]], TRAIN[values["task"]])):
        curve = line(picture, "λ of the slider", panel)
        ring = next(c for c in picture.curves if c.kind == "here" and c.panel == panel)
        assert ring.x[0] == values[axis]
        assert ring.y[0] == pytest.approx(now[name], rel=1e-9)
        assert np.interp(values[axis], curve.x, curve.y) == pytest.approx(now[name], rel=2e-2)


@pytest.mark.parametrize("axis", ["gamma", "alpha"])
def test_the_drawn_peak_is_not_cut(axis):
    values = state(errors.REGRESSION, against=axis, alpha=2.0, gamma=2.0, lam=1e-6)
    curve = line(errors.REGRESSION.picture(values, 90), "λ of the slider")
    at_peak = engine.solve("random-features", **parameters(values))["gen_mse"]
    assert curve.x[np.argmax(curve.y)] == pytest.approx(2.0, rel=5e-3)
    assert curve.y.max() == pytest.approx(at_peak, rel=0.05)


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_the_optimal_ridge_lies_below_all_others_and_has_no_peak(loss):
    values = state(errors.CLASSIFICATION, loss=loss, lam=1e-3)
    picture = errors.CLASSIFICATION.picture(values, 80)
    best = line(picture, "optimal λ")
    assert (np.diff(best.y) < 1e-9).all()
    for name in ("λ = 0.001", "λ = 0.1", "λ of the slider"):
        other = line(picture, name)
        assert (np.interp(np.log(other.x), np.log(best.x), best.y) < other.y + 2e-3).all()


@pytest.mark.parametrize("axis", ["gamma", "alpha"])
def test_the_separability_line_is_the_engines(axis):
    values = state(errors.CLASSIFICATION, against=axis, loss="hinge")
    mark = next(m for m in errors.CLASSIFICATION.picture(values, 30).marks if isinstance(m, Vertical) and m.role == "second")
    at_mark = engine.solve("random-features", **(parameters(values) | {axis: mark.x}))
    assert at_mark["alpha_sep"] == pytest.approx(values["alpha"] if axis == "gamma" else mark.x, rel=2e-3)


def test_the_interpolation_threshold_is_said_in_words():
    for view in (errors.REGRESSION, errors.CLASSIFICATION, variance.VIEW):
        picture = view.picture(state(view, lam=0.0), 90)
        assert "Without ridge" in picture.takeaway
        drawn = line(picture, "sum" if view is variance.VIEW else "λ = 0")
        assert np.isfinite(drawn.y).sum() >= 89


def test_the_parts_add_up():
    picture = variance.VIEW.picture(state(variance.VIEW), 100)
    parts = [c for c in picture.curves if c.stack == "error"]
    shares = [c for c in picture.curves if c.stack == "share"]
    assert len(parts) == len(shares) == 4
    np.testing.assert_allclose(sum(c.y for c in parts), line(picture, "sum").y, rtol=1e-9)
    np.testing.assert_allclose(sum(c.y for c in shares), 1, rtol=1e-9)


def test_the_best_ridge_is_the_minimum_of_the_curve():
    values = state(ridge.VIEW, gamma=3.0, delta=0.3)
    picture = ridge.VIEW.picture(values, 200)
    curve = line(picture, "γ of the slider")
    mark = next(m for m in picture.marks if isinstance(m, Vertical))
    assert np.log10(curve.x[np.argmin(curve.y)] / mark.x) == pytest.approx(0, abs=0.05)


def test_a_large_ridge_best_of_all_is_said_in_words():
    values = state(ridge.VIEW, task="classification", loss="hinge", alpha=0.1, gamma=0.1, delta=0.31, activation="sign")
    assert np.isnan(engine.sweep("random-features", {"rho": [1.0]}, **parameters(values, lam="opt"))["lam"][0])
    assert "no ridge is too large" in ridge.VIEW.picture(values, 30).takeaway.lower()


@pytest.mark.parametrize(
    ("view", "changes", "name"),
    [
        (errors.REGRESSION, {"lam": 0.05}, "λ of the slider"),
        (errors.REGRESSION, {"lam": "opt", "against": "alpha"}, "optimal λ"),
        (errors.CLASSIFICATION, {"lam": 0.05, "loss": "logistic"}, "λ of the slider"),
        (errors.CLASSIFICATION, {"lam": 0.05, "loss": "hinge", "against": "alpha"}, "λ of the slider"),
        (variance.VIEW, {"lam": 0.05}, "sum"),
        (ridge.VIEW, {"against": "lam"}, "γ of the slider"),
        (ridge.VIEW, {"against": "gamma"}, "best λ"),
    ],
)
def test_dots_fall_on_the_drawn_curve(view, changes, name):
    values = state(view, **changes)
    axis, grid = view.experiment.points(values)
    grid = [x for x in grid if axis == "lam" or x <= 5][::2]
    found = engine.simulate_along("random-features", axis, grid, 60, 12, 1, **view.experiment.parameters(values))
    picture = view.picture(values, 200)
    for dots in view.experiment.dots(values, grid, found):
        curve = line(picture, name, dots.panel)
        theory = np.interp(np.log(dots.x), np.log(curve.x), curve.y)
        assert (np.abs(dots.y - theory) <= 4 * dots.sem + 0.03 * theory + 1e-3).all()


def test_fits_at_the_peak_without_ridge_are_not_asked_for():
    values = state(errors.REGRESSION, lam=0.0)
    axis, grid = experiment(lambda state: ()).points(values)
    assert axis == "gamma"
    assert values["alpha"] not in grid
    assert values["alpha"] in errors.REGRESSION.experiment.points(values | {"lam": 0.1})[1]


def test_the_cloud_fills_the_ellipse_of_theory_unless_it_must_not():
    shares, tails = {}, {}
    for name, changes in equivalence.VIEW.presets.items():
        values = state(equivalence.VIEW, **changes)
        nu, h = equivalence.sample(values)
        shares[name] = equivalence.outside(nu, h, equivalence.correlation(engine.solve("random-features", **parameters(values))))
        tails[name] = equivalence.excess(h)
    for name in ("Gaussian after all", "at the peak"):
        assert shares[name] == pytest.approx(np.exp(-2), abs=0.035)
        assert abs(tails[name]) < 0.25
    for name in ("two features", "heavy tails"):
        assert tails[name] > 1


def test_the_ellipse_is_that_of_the_theory():
    values = state(equivalence.VIEW)
    now = engine.solve("random-features", **parameters(values))
    curve = line(equivalence.VIEW.picture(values, 200), "Gaussian theory, 2σ")
    nu, h = curve.x, curve.y * np.sqrt(now["q"])
    distance = (now["q"] * nu**2 - 2 * now["m"] * nu * h + h**2) / (now["q"] - now["m"] ** 2)
    np.testing.assert_allclose(distance, 4, rtol=1e-9)


def test_without_ridge_at_the_peak_there_is_no_ellipse():
    values = state(equivalence.VIEW, lam=0.0)
    assert "Without ridge" in equivalence.VIEW.picture(values, 90).takeaway
    assert equivalence.VIEW.numbers(values) == []

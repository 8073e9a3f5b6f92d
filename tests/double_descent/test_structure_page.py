"""The explorer of structured data: what it draws is the engine's, in every corner of its sliders, and its dots fall on it."""

import json
import random

import numpy as np
import pytest

import engine
from pages.double_descent import loud, structure, two_losses
from pages.double_descent.blocks import ID, kinds, parameters
from pages.double_descent.features import ERROR, TRAIN
from pages.kit.picture import Vertical
from tests.double_descent.test_double_descent_page import anywhere, line, state

EACH_VIEW = pytest.mark.parametrize("view", structure.VIEWS, ids=[view.id for view in structure.VIEWS])


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    rng = random.Random(0)
    for _ in range(40):
        values = anywhere(view, rng)
        picture = view.picture(values, 30)
        json.dumps(picture.encode(), allow_nan=False)
        assert len(picture.takeaway) > 20
        assert not {"nan", "—", "inf"} & set(picture.takeaway.replace("%", " ").split())
        for curve in picture.curves:
            assert len(curve.x) == len(curve.y)
            assert not picture.panels[curve.panel].log or not (curve.y <= 0).any()
        assert len(view.numbers(values)) <= 6


@pytest.mark.parametrize("axis", ["alpha", "gamma"])
@pytest.mark.parametrize(("task", "loss"), [("regression", "square"), ("classification", "square"), ("classification", "logistic")])
@pytest.mark.parametrize("rb", [30.0, 0.02])
def test_curves_are_the_engines_and_the_ring_stands_on_them(axis, task, loss, rb):
    values = state(loud.VIEW, against=axis, alpha=0.3, gamma=0.7, lam=0.01, rb=rb, task=task, loss=loss)
    picture = loud.VIEW.picture(values, 200)
    now = engine.solve(ID, **parameters(values))
    for panel, name in enumerate((ERROR[task], TRAIN[task])):
        for kind, chosen in kinds(parameters(values)).items():
            curve = line(picture, kind, panel)
            place = curve.x[120]
            assert curve.y[120] == pytest.approx(engine.solve(ID, **(chosen | {axis: place}))[name], rel=1e-6, abs=1e-12)
        ring = next(c for c in picture.curves if c.kind == "here" and c.panel == panel)
        assert ring.x[0] == values[axis]
        assert ring.y[0] == pytest.approx(now[name], rel=1e-9)
        mine = line(picture, "aligned" if rb > 1 else "misaligned", panel)
        assert np.interp(np.log(values[axis]), np.log(mine.x), mine.y) == pytest.approx(now[name], rel=1e-2, abs=1e-3)


def test_isotropic_curves_are_those_of_random_features():
    values = state(loud.VIEW)
    curve = line(loud.VIEW.picture(values, 60), "isotropic")
    kept = {name: values[name] for name in ("gamma", "delta", "lam", "task", "activation")}
    np.testing.assert_allclose(curve.y, engine.sweep("random-features", {"alpha": curve.x}, **kept)["gen_error"], rtol=1e-9)


def test_the_aligned_curve_dips_before_the_marked_peak():
    picture = loud.VIEW.picture(state(loud.VIEW), 200)
    loud_mark, peak_mark = sorted((m for m in picture.marks if isinstance(m, Vertical)), key=lambda mark: mark.x)
    curve = line(picture, "aligned")
    dip = np.argmin(np.where(curve.x < peak_mark.x, curve.y, 1.0))
    peak = dip + np.argmax(curve.y[dip:])
    assert loud_mark.x < curve.x[dip] < 0.5 * peak_mark.x
    assert curve.x[peak] == pytest.approx(peak_mark.x, rel=0.02)
    assert "before the peak" in picture.takeaway


@pytest.mark.parametrize("axis", ["rb", "alpha", "gamma"])
def test_both_losses_are_the_engines(axis):
    values = state(two_losses.VIEW, against=axis, gamma=0.6, rb=10.0, delta=0.1)
    picture = two_losses.VIEW.picture(values, 100)
    for loss in ("square", "logistic"):
        for name, ratios in ((loss, {}), (f"{loss}, isotropic", {"rx": 1.0, "rb": 1.0})):
            curve = line(picture, name)
            point = parameters(values) | {axis: curve.x[30]} | ratios | {"loss": loss}
            assert curve.y[30] == pytest.approx(engine.solve(ID, **point)["gen_error"], rel=1e-6)


def test_the_takeaway_counts_what_each_loss_gains():
    assert "logistic 8.2% wrong, square 20.2%" in two_losses.VIEW.picture(state(two_losses.VIEW), 30).takeaway


def test_lines_on_the_map_are_where_structure_neither_helps_nor_hurts():
    values = state(two_losses.VIEW)
    picture = two_losses.VIEW.map.picture(values)
    for curve, loss in zip(picture.curves, ("square", "logistic"), strict=True):
        none = engine.solve(ID, **(parameters(values) | {"loss": loss, "rx": 1.0, "rb": 1.0}))["gen_error"]
        for i in (15, 30):
            found = engine.solve(ID, **(parameters(values) | {"loss": loss, "rx": curve.x[i], "rb": curve.y[i]}))["gen_error"]
            assert found == pytest.approx(none, abs=2e-3)


@pytest.mark.parametrize(
    ("view", "changes", "name"),
    [
        (loud.VIEW, {"phi1": 0.3, "lam": 0.1}, "aligned"),
        (loud.VIEW, {"phi1": 0.3, "rb": 0.05, "lam": 0.1, "task": "regression", "against": "gamma"}, "misaligned"),
        (two_losses.VIEW, {"phi1": 0.3, "lam": 0.1, "rb": 10.0}, "logistic"),
    ],
)
def test_dots_fall_on_the_drawn_curve(view, changes, name):
    """Up to the correction of finite size, some percent at 45 loud directions."""
    values = state(view, rx=10.0, activation="erf", **changes)
    axis, grid = view.experiment.points(values)
    grid = [x for x in grid if axis == "rb" or x <= 3][::2]
    found = engine.simulate_along(ID, axis, grid, 150, 10, 1, **view.experiment.parameters(values))
    picture = view.picture(values, 200)
    for dots in view.experiment.dots(values, grid, found):
        curve = line(picture, name, dots.panel)
        theory = np.interp(np.log(dots.x), np.log(curve.x), curve.y)
        assert (np.abs(dots.y - theory) <= 4 * dots.sem + 0.04 * theory + 2e-3).all()

"""The explorer of convex losses: what it draws is the engine's, in every corner of its sliders, and its dots fall on it."""

import json
import random

import numpy as np
import pytest

import engine
from pages.kit.picture import Vertical
from pages.teacher_student import best_ridge, flipped_labels, learning_curves, losses, valley
from pages.teacher_student.convex import ID, MAP, ROLES

EACH_VIEW = pytest.mark.parametrize("view", losses.VIEWS, ids=[view.id for view in losses.VIEWS])
EACH_LOSS = pytest.mark.parametrize("loss", ROLES)


def state(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def line(picture, name: str, panel: int = 0):
    return next(c for c in picture.curves if c.name == name and c.panel == panel and c.kind == "line")


def mark(picture, start: str):
    return next(m for m in picture.marks if isinstance(m, Vertical) and m.text.startswith(start))


def anywhere(view, rng: random.Random) -> dict:
    """A random state, often at an end of a range or at a named value, sometimes at α = 1."""
    values = {}
    for control in view.controls:
        if not control.numeric:
            values[control.name] = rng.choice(control.choices)
        elif rng.random() < 0.3:
            values[control.name] = rng.choice([*control.named.values(), *control.bounds])
        else:
            values[control.name] = control.value(rng.uniform(*control.slider_bounds()[:2]))
    return values | ({"alpha": 1.0} if rng.random() < 0.2 else {})


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    rng = random.Random(0)
    for _ in range(25):
        values = anywhere(view, rng)
        picture = view.picture(values, 30)
        json.dumps(picture.encode(), allow_nan=False)
        assert len(picture.takeaway) > 20
        assert not {"nan", "inf", "—"} & set(picture.takeaway.replace("%", " ").split())
        for curve in picture.curves:
            assert len(curve.x) == len(curve.y)
            assert not picture.panels[curve.panel].log or not (curve.y <= 0).any()
        assert len(view.numbers(values)) <= 6


@EACH_VIEW
@EACH_LOSS
def test_curves_are_the_engines_and_the_ring_stands_on_them(view, loss):
    values = state(view, alpha=3.0, delta=0.05, loss=loss)
    axis = {"curves": "alpha", "best-ridge": "alpha", "valley": "lam", "flips": "delta"}[view.id]
    picture = view.picture(values, 200)
    now = engine.solve(ID, **({"lam": "opt"} | values))
    for name, expected in ((loss, now["gen_error"]), ("Bayes-optimal", now["gen_error_bayes"])):
        curve = line(picture, name)
        assert np.interp(values[axis], curve.x, curve.y) == pytest.approx(expected, rel=1e-2)
    ring = next(c for c in picture.curves if c.kind == "here" and c.panel == 0)
    assert (ring.x[0], ring.y[0]) == (values[axis], pytest.approx(now["gen_error"], rel=1e-9))


def test_the_drawn_peak_of_the_square_loss_is_not_cut():
    picture = learning_curves.VIEW.picture(state(learning_curves.VIEW, delta=0.1, lam=1e-3), 90)
    square = line(picture, "square")
    before, top, after = np.interp([0.6, 1.0, 1.6], square.x, square.y)
    assert top == pytest.approx(engine.solve(ID, loss="square", alpha=1.0, lam=1e-3, delta=0.1)["gen_error"], rel=2e-3)
    assert top > before > after


@EACH_LOSS
def test_a_threshold_without_ridge_is_said_in_words(loss):
    threshold = 1.0 if loss == "square" else engine.solve(ID, delta=0.1)["alpha_sep"]
    picture = learning_curves.VIEW.picture(state(learning_curves.VIEW, loss=loss, alpha=threshold, delta=0.1, lam=0.0), 60)
    assert "Without ridge there is no solution" in picture.takeaway
    assert np.isfinite(line(picture, loss).y).sum() >= 59


@pytest.mark.parametrize("alpha", [2.2, 4.0, 10.0, 80.0])
def test_the_rate_at_which_separability_ends(alpha):
    at = mark(flipped_labels.VIEW.picture(state(flipped_labels.VIEW, alpha=alpha), 50), "no longer").x
    assert engine.solve(ID, delta=at)["alpha_sep"] == pytest.approx(alpha, rel=1e-3)


def test_few_samples_are_separable_at_any_rate_of_flips():
    assert np.isnan(mark(flipped_labels.VIEW.picture(state(flipped_labels.VIEW, alpha=1.9), 50), "no longer").x)


@EACH_LOSS
def test_the_marked_ridge_is_the_bottom_of_the_valley(loss):
    picture = valley.VIEW.picture(state(valley.VIEW, delta=0.05, loss=loss), 400)
    curve = line(picture, loss)
    assert np.log10(curve.x[np.argmin(curve.y)] / mark(picture, "best").x) == pytest.approx(0, abs=0.05)


def test_the_best_ridge_lies_below_every_other():
    values = state(best_ridge.VIEW, delta=0.05)
    best = best_ridge.VIEW.picture(values, 90)
    for lam in (1e-3, 0.1, 3.0):
        others = learning_curves.VIEW.picture(state(learning_curves.VIEW, delta=0.05, lam=lam), 200)
        for loss in ROLES:
            fixed, least = line(others, loss), line(best, loss)
            assert (np.interp(np.log(least.x), np.log(fixed.x), fixed.y) > least.y * (1 - 2e-3)).all()


def test_no_ridge_is_said_in_words():
    values = state(best_ridge.VIEW, delta=0.1, alpha=50.1, loss="hinge")
    assert "best without ridge" in best_ridge.VIEW.picture(values, 90).takeaway
    assert "needs no ridge" in valley.VIEW.picture(state(valley.VIEW, delta=0.1, alpha=50.1, loss="hinge"), 90).takeaway


def test_the_line_on_the_map_is_its_valley():
    picture = MAP.picture(state(learning_curves.VIEW))
    best, heat = picture.curves[0], picture.heat
    columns = np.log10(heat.y[np.argmin(heat.z, axis=0)])
    inside = (heat.x > 1) & (heat.x < 30)
    at_line = np.interp(np.log(heat.x), np.log(best.x), np.log10(best.y))
    assert np.abs(columns - at_line)[inside].max() < 0.15


@pytest.mark.parametrize(
    ("view", "changes"),
    [
        (learning_curves.VIEW, {"lam": 0.1, "loss": "hinge"}),
        (learning_curves.VIEW, {"lam": 0.0, "delta": 0.1}),
        (best_ridge.VIEW, {"delta": 0.05}),
        (valley.VIEW, {"delta": 0.1, "loss": "square"}),
        (flipped_labels.VIEW, {"lam": 0.1, "loss": "hinge"}),
    ],
)
def test_dots_fall_on_the_drawn_curve(view, changes):
    values = state(view, **changes)
    axis, grid = view.experiment.points(values)
    grid = [x for x in grid if axis != "alpha" or x <= 4][::2]
    found = engine.simulate_along(ID, axis, grid, 100, 8, 1, **view.experiment.parameters(values))
    picture = view.picture(values, 200)
    for dots in view.experiment.dots(values, grid, found):
        curve = line(picture, values["loss"], dots.panel)
        theory = np.interp(dots.x, curve.x, curve.y)
        assert (np.abs(dots.y - theory) <= 4 * dots.sem + 0.03 * theory + 1e-3).all()


def test_fits_without_a_solution_are_not_asked_for():
    values = state(learning_curves.VIEW, loss="square", lam=0.0)
    assert 1.0 not in learning_curves.VIEW.experiment.points(values)[1]
    assert 1.0 in learning_curves.VIEW.experiment.points(values | {"lam": 0.1})[1]
    assert 0.5 not in flipped_labels.VIEW.experiment.points(state(flipped_labels.VIEW, lam="opt"))[1]

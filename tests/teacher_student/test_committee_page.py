"""The explorer of committee machines: what it draws is the engine's, its jumps are gaps, and its dots fall on AMP's line."""

import json

import numpy as np
import pytest

import engine
from pages.kit.picture import Vertical
from pages.teacher_student import binary_units, committee_machine, many_units, units_split
from pages.teacher_student.committee_units import ID

EACH_VIEW = pytest.mark.parametrize("view", committee_machine.VIEWS, ids=[view.id for view in committee_machine.VIEWS])
THRESHOLDS = {"split": [2.0524], "binary": [1.546, 1.589, 1.977], "many": [7.169, 7.68]}


def state(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def line(picture, name: str, panel: int = 0):
    return next(c for c in picture.curves if c.name == name and c.panel == panel and c.kind == "line")


def load(view):
    """The control of the load in the opening state."""
    return next(control for control in view.controls if control.numeric and control.when(state(view)))


def states(view):
    """Every preset, and every control at its ends, at each of its choices, and just beside the thresholds."""
    yield from (state(view, **preset) for preset in view.presets.values())
    for control in view.controls:
        for value in control.bounds if control.numeric else control.choices:
            yield state(view, **{control.name: value})
    yield from (state(view, **{load(view).name: threshold + d}) for threshold in THRESHOLDS[view.id] for d in (-2e-3, 2e-3))
    if view.id == "many":
        yield from (state(view, prior="binary", alpha_k=alpha_k) for alpha_k in (0.0, 1.61, 1.62, 10.0))
        yield from (state(view, clock="few", alpha=alpha) for alpha in (0.1, 100.0))


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    for values in states(view):
        picture = view.picture(values, 45)
        json.dumps(picture.encode(), allow_nan=False)
        assert len(picture.takeaway) > 40
        assert "nan" not in picture.takeaway
        for curve in picture.curves:
            assert len(curve.x) == len(curve.y)
            assert np.isfinite(curve.y).any(), (curve.name, values)
        assert 3 <= len(view.numbers(values)) <= 6


@EACH_VIEW
def test_members_of_a_preview_can_be_blended(view):
    first = load(view)
    shapes = [[(c.name, len(c.x)) for c in view.picture(state(view, **{first.name: value}), 45).curves] for value in first.bounds]
    assert shapes[0] == shapes[1]


@EACH_VIEW
def test_thresholds_are_drawn_and_named(view):
    marks = [m for m in view.picture(state(view), 45).marks if isinstance(m, Vertical)]
    assert sorted({mark.x for mark in marks}) == pytest.approx(THRESHOLDS[view.id], abs=1e-3)


def test_the_pitchfork_is_the_engines():
    picture = units_split.VIEW.picture(state(units_split.VIEW), 200)
    for alpha in (1.0, 2.3, 5.0):
        now = engine.solve(ID, alpha=alpha)
        for name, key, panel in (
            ("optimal", "gen_error_opt", 0),
            ("AMP", "gen_error_amp", 0),
            ("q₀₀", "q00_amp", 1),
            ("q₀₁", "q01_amp", 1),
        ):
            curve = line(picture, name, panel)
            assert np.interp(alpha, curve.x, curve.y) == pytest.approx(now[key], rel=2e-3)
    blind = line(picture, "if units did not split")
    assert np.nanmin(blind.y) > 1 / 12
    assert np.isnan(blind.y[blind.x < 2.05]).all()


def test_binary_jumps_are_gaps():
    picture = binary_units.VIEW.picture(state(binary_units.VIEW), 200)
    many = many_units.VIEW.picture(state(many_units.VIEW, prior="binary"), 200)
    for drawn, name, jump in ((picture, "optimal", 1.5461), (picture, "AMP", 1.9771), (many, "optimal", 1.6176)):
        curve = line(drawn, name)
        gap = np.flatnonzero(np.isnan(curve.y))
        assert len(gap) == 1
        assert curve.x[gap[0] - 1] == pytest.approx(jump, abs=1e-3)
        assert (curve.y[: gap[0]] > 0.1).all()
        assert (curve.y[gap[0] + 1 :] == 0).all()


@pytest.mark.parametrize(("alpha", "reached"), [(1.2, 0.16), (1.976, 0.11), (1.978, 0.0)])
def test_the_ring_jumps_with_amp(alpha, reached):
    picture = binary_units.VIEW.picture(state(binary_units.VIEW, alpha=alpha), 45)
    rings = [c for c in picture.curves if c.kind == "here"]
    assert rings[0].y[0] == pytest.approx(reached, abs=5e-3)
    assert {ring.branch for ring in rings} == {"perfect" if reached == 0 else "not"}


def test_the_best_student_is_the_highest_peak():
    for prior, alpha_k in (("gaussian", 7.0), ("gaussian", 7.5), ("gaussian", 7.8), ("gaussian", 10.0), ("binary", 1.5), ("binary", 2.0)):
        picture = many_units.VIEW.picture(state(many_units.VIEW, prior=prior, alpha_k=alpha_k), 200)
        landscape = line(picture, "landscape", 1)
        best = next(c for c in picture.curves if c.name == "best student")
        highest = np.nanargmax(landscape.y)
        assert landscape.x[highest] == pytest.approx(best.x[0], abs=0.03)
        assert landscape.y[highest] <= best.y[0] + 1e-12
        assert landscape.y[highest] == pytest.approx(best.y[0], abs=5e-3)


def test_dots_fall_on_the_drawn_curve():
    for view, alphas in ((units_split.VIEW, [1.0, 4.0]), (binary_units.VIEW, [1.1, 2.3])):
        values = state(view)
        found = engine.simulate_along(ID, "alpha", alphas, 400, 5, 1, **view.experiment.parameters(values))
        picture = view.picture(values, 200)
        for dots in view.experiment.dots(values, alphas, found):
            curve = line(picture, "AMP" if dots.panel == 0 else dots.name.split()[0], dots.panel)
            theory = np.interp(dots.x, curve.x[np.isfinite(curve.y)], curve.y[np.isfinite(curve.y)])
            assert (np.abs(dots.y - theory) <= 4 * dots.sem + 0.02).all(), (view.id, dots.name)

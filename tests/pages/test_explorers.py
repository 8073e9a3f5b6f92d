"""Every view of every explorer, without a browser: presets, both ends of every control, links, numbers, families."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import engine
from pages.atlas import CHAPTERS, EXPLORERS
from pages.kit.explorer import NOTHING, PREVIEW, displayed, solved
from pages.kit.picture import Picture

VIEWS = [(explorer, view) for explorer in EXPLORERS for view in explorer.views]
EACH_VIEW = pytest.mark.parametrize("view", [v for _, v in VIEWS], ids=[f"{e.address}-{v.id}" for e, v in VIEWS])


def start(view) -> dict:
    return {control.name: control.start for control in view.controls}


def ends(view):
    """The opening state with one control at an end of its range, or at one of its choices."""
    for control in view.controls:
        values = list(control.named.values()) + (list(control.bounds) if control.numeric else list(control.choices))
        for value in values:
            state = start(view) | {control.name: int(value) if control.parameter.integer and isinstance(value, float) else value}
            if control.when(state):
                yield state


def check(view, picture: Picture) -> None:
    """A picture that shows something, on finite axes, with a sentence; arrays of equal length."""
    json.dumps(picture.encode(), allow_nan=False)
    assert picture.takeaway
    assert "nan" not in picture.takeaway
    assert any(np.isfinite(curve.y).any() for curve in picture.curves if curve.kind == "line") or picture.heat is not None
    for curve in picture.curves:
        assert len(curve.x) == len(curve.y)
        assert 0 <= curve.panel < len(picture.panels)
        if picture.panels[curve.panel].log:
            assert not (curve.y <= 0).any(), f"{curve.name} has values a log axis cannot show"


@EACH_VIEW
def test_presets(view):
    assert 3 <= len(view.presets) <= 6
    for changes in view.presets.values():
        state = start(view) | changes
        assert state.keys() == start(view).keys()
        check(view, view.picture(state, PREVIEW))
        assert 1 <= len(view.numbers(state)) <= 6


@EACH_VIEW
def test_both_ends_of_every_control(view):
    for state in ends(view):
        picture = solved(view, state, 30)
        if picture.branch == NOTHING:
            assert len(picture.takeaway) > 20  # the reason, in words
        else:
            check(view, picture)


@EACH_VIEW
def test_a_preview_keeps_the_curves_of_the_picture(view):
    state = start(view)
    if not view.members(state):
        return
    names = [curve.name for curve in view.picture(state, PREVIEW).curves]
    for control in view.controls:
        if control.live and control.numeric and isinstance(state[control.name], (int, float)):
            middle = control.value(control.grid(5)[2])
            assert [curve.name for curve in view.picture(state | {control.name: middle}, PREVIEW).curves] == names


@EACH_VIEW
def test_controls_are_those_of_the_model_or_the_pages_own(view):
    names = {parameter.name for parameter in engine.model(view.model).parameters}
    for control in view.controls:
        assert control.parameter.meaning
        if control.name in names and control.numeric:
            control.parameter.validate(control.bounds[0])
            control.parameter.validate(control.bounds[1])


@EACH_VIEW
def test_maps(view):
    if view.map is None:
        return
    picture = view.map.picture(start(view))
    json.dumps(picture.encode(), allow_nan=False)
    assert picture.heat is not None
    assert {view.map.x, view.map.y} <= start(view).keys()
    assert np.isfinite(picture.heat.z).mean() > 0.05


@EACH_VIEW
def test_the_recipe_names_what_the_engine_has(view):
    picture = view.picture(start(view), 30)
    recipe = picture.recipe
    if picture.heat is not None and recipe is None:
        return  # functions of two variables are no sweep
    model = engine.model(recipe.model)
    known = {name for observable in model.observables for name in [observable.name, *observable.names(model.validate(recipe.parameters))]}
    assert set(recipe.observables) <= known


def test_displayed_formulas_stand_on_lines_of_their_own():
    assert displayed("such that $$a=b,\nc$$ holds").splitlines() == ["such that ", "$$", "a=b,", "c", "$$", " holds"]
    for id in {view.model for _, view in VIEWS}:
        lines = displayed(engine.model(id).equations).splitlines()
        assert all(line == "$$" for line in lines if "$$" in line)
        assert lines.count("$$") % 2 == 0


def test_explorers_belong_to_chapters():
    assert all(explorer.chapter in CHAPTERS for explorer in EXPLORERS)


def test_the_landing_page_runs():
    app = AppTest.from_file("../../app.py", default_timeout=120).run()
    assert not app.exception
    assert app.title[0].value == "Phase Atlas"

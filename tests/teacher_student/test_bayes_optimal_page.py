"""The explorer of Bayes-optimal learning: curves break where they jump, marks stand where the engine says, dots lie on the lines."""

import json
import random

import numpy as np
import pytest

import engine
from pages.kit.picture import Region, Vertical
from pages.teacher_student import bayes_optimal, hard_phase, message_passing, orthogonal, phase_diagrams
from pages.teacher_student.inference import CHANNEL, PRIOR, parameters

EACH_VIEW = pytest.mark.parametrize("view", bayes_optimal.VIEWS, ids=[view.id for view in bayes_optimal.VIEWS])
RETRIEVAL = {"prior": "gaussian", "channel": "abs"}
SENSING = {"prior": "gauss-bernoulli", "channel": "linear"}


def start(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def line(picture, name: str, panel: int = 0):
    return next(c for c in picture.curves if c.name == name and c.panel == panel)


def anywhere(view, rng: random.Random) -> dict:
    """A random state, often at an end of a range."""
    values = {}
    for control in view.controls:
        if not control.numeric:
            values[control.name] = rng.choice(control.choices)
        elif rng.random() < 0.3:
            values[control.name] = rng.choice([*control.named.values(), *control.bounds])
        else:
            values[control.name] = control.value(rng.uniform(*control.slider_bounds()[:2]))
    return values


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    rng = random.Random(0)
    for _ in range(12):
        values = anywhere(view, rng)
        picture = view.picture(values, 30)
        json.dumps(picture.encode(), allow_nan=False)
        assert len(picture.takeaway) > 20
        assert not {"nan", "—"} & set(picture.takeaway.replace("%", " ").split())
        for curve in picture.curves:
            assert len(curve.x) == len(curve.y)
        assert all(panel.low < panel.high for panel in picture.panels)
        assert len(view.numbers(values)) <= 6
        for control in view.controls:
            assert all(np.isfinite(tick) for tick, _ in control.ticks(values))


@pytest.mark.parametrize("prior", PRIOR)
@pytest.mark.parametrize("channel", CHANNEL)
@pytest.mark.parametrize("delta", [0.0, 0.01])
def test_both_rings_stand_on_their_lines(prior, channel, delta):
    state = start(hard_phase.VIEW, prior=prior, channel=channel, delta=delta, alpha=0.9)
    picture = hard_phase.VIEW.picture(state, 90)
    rings = [c for c in picture.curves if c.kind == "here"]
    for ring, name in zip(rings, ("best possible", "AMP"), strict=True):
        curve = line(picture, name)
        low, high = np.interp([0.88, 0.92], curve.x, np.nan_to_num(curve.y))
        assert min(low, high) - 0.02 <= ring.y[0] <= max(low, high) + 0.02
    assert all(picture.panels[0].low <= ring.y[0] < picture.panels[0].high for ring in rings)


@pytest.mark.parametrize("changes", [{}, RETRIEVAL, SENSING, {"channel": "door"}, {"delta": 0.01}])
def test_lines_jump_only_at_thresholds(changes):
    state = start(hard_phase.VIEW, **changes)
    found = engine.solve("glm-bayes", **parameters(state))
    picture = hard_phase.VIEW.picture(state, 400)
    for name, jump in (("best possible", "alpha_it"), ("AMP", "alpha_alg")):
        curve = line(picture, name)
        broken = np.flatnonzero(np.isnan(curve.y))
        np.testing.assert_allclose(curve.x[broken], found[jump], rtol=1e-12)
        i = broken[0]
        assert curve.y[i - 1] - curve.y[i + 1] > 0.01
        assert curve.x[i + 1] - curve.x[i - 1] < 1e-5
        steps = np.delete(np.abs(np.diff(curve.y)), [i - 1, i])
        assert np.nanmax(steps) < 0.5 * (curve.y[i - 1] - curve.y[i + 1]) + 0.02


def test_thresholds_are_marked_and_the_hard_phase_lies_between_them():
    marks = hard_phase.VIEW.picture(start(hard_phase.VIEW), 30).marks
    lines = {mark.text.split(" ")[0]: mark.x for mark in marks if isinstance(mark, Vertical)}
    hard = next(mark for mark in marks if isinstance(mark, Region) and mark.text == "hard")
    assert lines["α_IT"] == hard.x0 == pytest.approx(1.2446840, rel=1e-6)
    assert lines["α_alg"] == hard.x1 == pytest.approx(1.4926318, rel=1e-6)
    smooth = hard_phase.VIEW.picture(start(hard_phase.VIEW, prior="gaussian"), 30).marks
    assert [mark.text for mark in smooth if isinstance(mark, (Vertical, Region))] == ["AMP is optimal"]


@pytest.mark.parametrize(
    "changes", [{}, RETRIEVAL | {"alpha": 1.06}, {"channel": "door"}, {"alpha": 1.0}, {"alpha": 2.0}, RETRIEVAL | {"alpha": 0.8}]
)
def test_amp_rests_in_a_valley_and_the_best_is_the_deepest_point(changes):
    state = start(hard_phase.VIEW, **changes)
    picture = hard_phase.VIEW.picture(state, 400)
    curve, ball, best = (line(picture, name, 1) for name in ("landscape", "where AMP stops", "the best"))
    assert (np.diff(curve.x) > 0).all()
    seen = np.isfinite(curve.y)
    here = np.interp(ball.x[0], curve.x[seen], curve.y[seen])
    assert here == pytest.approx(0.0, abs=2e-3)
    assert (curve.y[seen & (curve.x < ball.x[0])] >= -1e-9).all()
    deepest = curve.y[seen].min()
    assert best.y[0] == pytest.approx(deepest, abs=2e-3) or deepest == hard_phase.BOTTOMLESS
    assert best.y[0] <= ball.y[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "stuck at 15.9 % errors until α = 1.493"),
        ({"alpha": 1.0}, "Impossible: at α = 1"),
        ({"alpha": 2.0}, "Easy: at α = 2"),
        ({"channel": "door", "alpha": 1.2}, "it learns nothing before α = 1.36"),
        ({"channel": "door", "alpha": 0.5}, "the jump comes at α = 1."),
        (RETRIEVAL | {"alpha": 0.4}, "it begins at α = 0.5"),
        ({"channel": "linear", "alpha": 0.3}, "one label would do in principle"),
        ({"prior": "gaussian", "channel": "linear", "alpha": 1.5}, "as many equations as unknowns"),
        ({"prior": "gaussian"}, "There is no hard phase"),
    ],
)
def test_the_sentence_says_what_happens(changes, words):
    assert words in hard_phase.VIEW.picture(start(hard_phase.VIEW, **changes), 30).takeaway


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "stuck at 15.2 %"),
        ({"alpha": 1.51}, "narrow passage"),
        ({"alpha": 2.0}, "Every step gains"),
        ({"channel": "door", "alpha": 1.2}, "forgets"),
    ],
)
def test_the_gain_of_a_step_decides_where_amp_ends(changes, words):
    state = start(message_passing.VIEW, **changes)
    picture = message_passing.VIEW.picture(state, 400)
    assert words in picture.takeaway
    gain, steps = line(picture, "gain of one step", 1), line(picture, "steps of AMP", 1)
    assert steps.y == pytest.approx(np.interp(steps.x, gain.x, gain.y), abs=1e-2)


def test_the_staircase_climbs_between_curve_and_diagonal():
    picture = message_passing.VIEW.picture(start(message_passing.VIEW, below="cobweb"), 400)
    stairs, curve = line(picture, "staircase", 1), line(picture, "next overlap", 1)
    assert stairs.y[0] == 0.0
    assert stairs.y[1:-1:2] == pytest.approx(np.interp(stairs.x[1:-1:2], curve.x, curve.y), abs=1e-3)
    assert stairs.y[2::2] == pytest.approx(stairs.x[2::2])


def test_noise_closes_the_hard_phase_at_a_point():
    lines = phase_diagrams.thresholds("delta", start(phase_diagrams.NOISE_VIEW))
    tip = np.flatnonzero(lines.hard)[-1]
    assert lines.alg[tip] - lines.it[tip] < 0.02
    assert lines.x[tip + 1] / lines.x[tip] < 1.01
    for i in (0, tip // 2, tip):
        exact = engine.solve("glm-bayes", prior="rademacher", channel="sign", delta=float(lines.x[i]))
        assert (lines.it[i], lines.alg[i]) == pytest.approx((exact["alpha_it"], exact["alpha_alg"]), rel=1e-9)


def test_without_noise_recovery_counts_unknowns():
    for channel, factor in (("linear", 1), ("abs", 1), ("relu", 2)):
        lines = phase_diagrams.thresholds("sparsity", start(phase_diagrams.SPARSITY_VIEW, channel=channel))
        assert lines.it[lines.hard] == pytest.approx(factor * lines.x[lines.hard], rel=1e-9)
        assert (lines.alg[lines.hard] > lines.it[lines.hard]).all()


def test_errors_over_noise_break_where_the_boundaries_are_crossed():
    state = start(phase_diagrams.NOISE_VIEW, alpha=1.5)
    picture = phase_diagrams.NOISE_VIEW.picture(state, 90)
    lines = phase_diagrams.thresholds("delta", state)
    for name, boundary in (("best possible", lines.it), ("AMP", lines.alg)):
        curve = line(picture, name, 1)
        (gap,) = curve.x[np.isnan(curve.y)]
        assert np.interp(gap, lines.x[lines.hard], boundary[lines.hard]) == pytest.approx(1.5, abs=0.02)


def test_the_map_shows_amp_under_its_boundary():
    state = start(phase_diagrams.NOISE_VIEW)
    picture = phase_diagrams.NOISE_VIEW.map.picture(state)
    heat, boundary = picture.heat, line(picture, "α_alg: AMP gets through")
    assert heat.z.shape == (len(heat.y), len(heat.x))
    above = heat.y > np.interp(heat.x[0], boundary.x, boundary.y) + 0.05
    assert heat.z[above, 0].max() < 0.02
    assert heat.z[~above, 0][:-1].min() > 0.1


@pytest.mark.parametrize("changes", [{}, {"prior": "rademacher", "delta": 0.1}])
def test_orthogonal_rows_save_what_is_said(changes):
    state = start(orthogonal.VIEW, **changes)
    picture = orthogonal.VIEW.picture(state, 200)
    saved = line(picture, "saved")
    gaussian = engine.solve(orthogonal.ID, **orthogonal.parameters(state, matrix="gaussian", alpha=float(saved.x[1])))
    assert gaussian["mmse_amp"] / (gaussian["q"] + gaussian["mmse"]) == pytest.approx(saved.y[1], rel=0.02)
    assert f"{100 * (1 - saved.x[0] / saved.x[1]):.0f} % are saved" in picture.takeaway


@pytest.mark.parametrize(
    ("view", "name", "changes"),
    [
        (hard_phase.VIEW, "AMP", {}),
        (hard_phase.VIEW, "AMP", SENSING),
        (message_passing.VIEW, "state evolution", {}),
        (message_passing.VIEW, "state evolution", RETRIEVAL | {"alpha": 1.5}),
    ],
)
def test_dots_lie_on_the_line(view, name, changes):
    state = start(view, **changes)
    axis, values = view.experiment.points(state)
    if axis == "alpha":  # finite systems differ next to the spinodal
        alg = engine.solve("glm-bayes", **parameters(state))["alpha_alg"]
        values = [value for value in values if abs(value / alg - 1) > 0.15][::2]
    found = engine.simulate_along(view.model, axis, values, size=1000, trials=5, seed=1, **view.experiment.parameters(state))
    dots = view.experiment.dots(state, values, found)[0]
    curve = line(view.picture(state, 400), name)
    good = np.isfinite(curve.y)
    theory = np.interp(dots.x, curve.x[good], curve.y[good])
    assert (np.abs(dots.y - theory) <= 4 * dots.sem + 0.01).all()


def test_dots_of_both_matrices_lie_on_their_lines():
    state, experiment = start(orthogonal.VIEW), orthogonal.VIEW.experiment
    axis, values = experiment.points(state)
    found = [
        engine.simulate_along(orthogonal.ID, axis, values, size=1000, trials=4, seed=2, **(experiment.parameters(state) | changes))
        for changes in experiment.series
    ]
    picture = orthogonal.VIEW.picture(state, 90)
    for dots, name in zip(experiment.dots(state, values, *found), ("orthogonal rows in time", "Gaussian matrix in time"), strict=True):
        curve = line(picture, name, 1)
        assert (np.abs(dots.y - curve.y[np.array(values)]) <= 4 * dots.sem + 0.05 * curve.y[0]).all()

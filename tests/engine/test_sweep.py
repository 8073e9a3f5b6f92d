import math
import multiprocessing
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

import engine
from engine.model import ConvergenceError, ParameterError
from engine.processes import WorkerError
from engine.sweep import STRETCH, sweep

LONG = {"alpha": np.linspace(1, 19, 400).tolist(), "D": list(range(50_000, 100_000, 100))}


def test_axes_keep_their_order(pointwise):
    result = sweep("toy", {"x": [0.5, 1.0, 2.0], "K": [1, 3]})
    assert result.axes == {"x": [0.5, 1.0, 2.0], "K": [1, 3]}
    assert result.parameters == {"lam": "opt", "mode": "easy"}
    np.testing.assert_array_equal(result["y"], np.outer([0.5, 1.0, 2.0], [1, 3]))
    assert result.size == 6
    assert not result.failures


def test_compiled_axis_may_stand_anywhere(lined):
    axes = {"x": [0.5, 1.0, 7.0], "K": [1, 3], "lam": ["opt", 0.1]}
    along = sweep("toy", axes)
    assert lined.lengths == [3] * 4
    for index in np.ndindex(3, 2, 2):
        point = engine.solve("toy", **{name: axes[name][i] for name, i in zip(axes, index, strict=True)})
        for name, value in point.items():
            np.testing.assert_equal(along[name][index], value)


def test_long_lines_come_in_stretches(lined):
    x = np.linspace(0, 10, 2 * STRETCH + 5).tolist()
    seen = []
    result = sweep("toy", {"x": x}, progress=seen.append)
    assert lined.lengths == [STRETCH, STRETCH, 5]
    np.testing.assert_array_equal(result["y"], 2 * np.array(x))
    assert seen == [1 / 3, 2 / 3, 1.0]


def test_progress_counts_points_where_there_is_no_loop(pointwise):
    seen = []
    sweep("toy", {"x": [1, 2, 3, 4]}, progress=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_progress_cancels(pointwise):
    class Cancelled(Exception):  # noqa: N818
        pass

    def cancel(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        sweep("toy", {"x": [1, 2]}, progress=cancel)


@pytest.mark.parametrize("kind", ["pointwise", "lined"])
def test_points_without_solution(kind, request):
    request.getfixturevalue(kind)
    result = sweep("toy", {"x": [1 / 3, 1.0, 9.5, 9.7], "mode": ["easy", "hard"]}, K=2)
    assert set(result.failures) == {(0, 0), (0, 1), (2, 1), (3, 1)}
    assert isinstance(result.failures[2, 1], ConvergenceError)
    assert result.failures[0, 0].name == "x"
    for index in np.ndindex(4, 2):
        failed = index in result.failures
        assert math.isnan(result["y"][index]) == failed
        for name in ("phase", "large"):
            assert (result[name][index] != result[name][index]) == failed
    assert result["phase"][1, 0] == "low"
    assert result["large"][2, 0] == 1


def test_labels_and_flags_keep_their_type_where_all_is_well(lined):
    result = sweep("toy", {"x": [1.0, 8.0]})
    assert result["large"].dtype == bool
    assert result["phase"].dtype.kind == "U"
    assert result["K"].dtype.kind == "i"


def test_a_row_the_loop_missed_is_solved_by_itself(lined, install):
    def forgetful(axis, values, **fixed):
        return lined.model.solve_along(axis, [values[0], 1 / 3, values[2]], **fixed)

    install(replace(lined.model, solve_along=forgetful))
    result = sweep("toy", {"x": [1.0, 8.0, 9.0]})
    assert result["y"].tolist() == [2.0, 16.0, 18.0]
    assert result["phase"].tolist() == ["low", "high", "high"]
    assert not result.failures


def test_a_loop_that_gives_up_is_done_point_by_point(lined, install):
    def refusing(axis, values, **fixed):
        raise ConvergenceError("lost the branch")

    install(replace(lined.model, solve_along=refusing))
    result = sweep("toy", {"x": [1.0, 9.5]}, mode="hard")
    assert result["y"][0] == 2.0
    assert list(result.failures) == [(1,)]


def test_nothing_has_a_solution(pointwise):
    result = sweep("toy", {"x": [9.5, 9.6]}, mode="hard")
    assert len(result.failures) == 2
    assert set(result.observables) == {"y", "phase", "large", "K", "ratio", "rest"}
    assert np.isnan(result["y"]).all()


@pytest.mark.parametrize(
    ("axes", "fixed", "name"),
    [
        ({}, {}, "axes"), ({"x": []}, {}, "x"), ({"x": [1, 11]}, {}, "x"), ({"z": [1]}, {}, "z"), ({"x": [1]}, {"x": 2}, "x"),
        ({"x": [1]}, {"K": 0}, "K"), ({"x": [1]}, {"z": 0}, "z"), ({"x": [1]}, {"jobs": 0}, "jobs"), ({"x": [1]}, {"jobs": 1.5}, "jobs"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_anything_is_computed(lined, axes, fixed, name):
    with pytest.raises(ParameterError) as caught:
        sweep("toy", axes, **fixed)
    assert caught.value.name == name
    assert lined.lengths == []


def test_unknown_model():
    with pytest.raises(ParameterError, match="model must be one of"):
        sweep("nope", {"x": [1]})


def test_frame(pointwise):
    frame = sweep("toy", {"K": [1, 2], "lam": ["opt", 0.5]}, x=0).to_frame()
    assert list(frame.columns) == ["K", "lam", "y", "phase", "large", "K_observable", "ratio", "rest"]
    assert frame["K"].tolist() == [1, 1, 2, 2]
    assert frame["lam"].tolist() == ["opt", "0.5", "opt", "0.5"]
    assert np.isinf(frame["ratio"]).all()


def test_dataset(pointwise):
    dataset = sweep("toy", {"K": [1, 2], "x": [0.5, 1.0, 6.0]}, lam=0.25).to_dataset()
    assert dataset.sizes == {"K": 2, "x": 3}
    assert float(dataset["y"].sel(K=2, x=6.0)) == 12.0
    assert dataset.attrs == {"model": "toy", "parameters": '{"lam": 0.25, "mode": "easy"}'}


def test_processes_change_nothing():
    axes = {"D": [5, 20, 50], "alpha": np.linspace(0.5, 4, 30).tolist()}
    seen = []
    alone = engine.sweep("capacity-cover", axes)
    shared = engine.sweep("capacity-cover", axes, jobs=2, progress=seen.append)
    assert seen[-1] == 1.0
    assert seen == sorted(seen)
    assert alone.observables.keys() == shared.observables.keys()
    for name, values in alone.observables.items():
        np.testing.assert_array_equal(values, shared[name])


def test_errors_come_home_from_processes():
    result = engine.sweep("capacity-cover", {"D": [10, 20], "alpha": [1.0, 2.0]}, jobs=2)
    assert not result.failures
    with pytest.raises(ParameterError):
        engine.sweep("capacity-cover", {"D": [10, 20], "alpha": [1.0, 21.0]}, jobs=2)


def test_a_killed_process_is_an_error():
    def kill(fraction):
        for child in multiprocessing.active_children():
            os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(WorkerError, match="killed, or out of memory"):
        engine.sweep("capacity-cover", LONG, jobs=2, progress=kill)
    assert not multiprocessing.active_children()


def test_cancelling_ends_the_processes_at_once():
    def cancel(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.sweep("capacity-cover", LONG, jobs=2, progress=cancel)
    assert not multiprocessing.active_children()

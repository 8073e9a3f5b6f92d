"""The public functions over the engine."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cache
import engine
from engine.model import ConvergenceError, Estimate, ParameterError

ROOT = Path(__file__).parents[2]


def test_a_sweep_is_the_engines_and_is_computed_once(toy, store):
    expected = engine.sweep("toy", {"x": [0.5, 2.0, 3.0], "n": [1, 2]}, kind="b")
    toy.calls.clear()
    for level in ("computed", "memory", "disk"):
        if level == "disk":
            store()
        found = cache.sweep("toy", {"x": [0.5, 2.0, 3.0], "n": [1, 2]}, kind="b")
        assert (found.model, found.axes, found.parameters) == (expected.model, expected.axes, expected.parameters)
        assert list(found.observables) == list(expected.observables)
        for name in expected.observables:
            assert repr(found[name].tolist()) == repr(expected[name].tolist())
            assert not found[name].flags.writeable
        assert {index: str(error) for index, error in found.failures.items()} == {
            index: str(error) for index, error in expected.failures.items()
        }
        assert isinstance(found.failures[1, 0], ConvergenceError)
        assert isinstance(found.failures[2, 1], ParameterError)
        assert len(toy.calls) == 6
    assert cache.status().disk_hits == 1
    found.to_frame()
    found.to_dataset()


@pytest.mark.parametrize(
    ("axes", "parameters"),
    [
        ({"x": [0.3, 1.0]}, {"n": 4}),
        ({"x": [0.1 + 0.2, 1]}, {}),
        ({"x": np.array([0.3, 1.0])}, {"n": np.float64(4)}),
        ({"x": (0.3, np.float32(1))}, {"kind": "a", "n": 4.0}),
    ],
)
def test_equal_requests_are_one_key(toy, store, axes, parameters):
    cache.sweep("toy", {"x": [0.3, 1.0]})
    found = cache.sweep("toy", axes, **parameters)
    assert len(toy.calls) == 2
    assert found.axes == {"x": [0.3, 1.0]}
    assert cache.status().hits == 1


def test_the_number_belongs_to_its_key(toy, store):
    found = cache.sweep("toy", {"x": [0.1 + 0.2]}, n=1)
    assert found.axes["x"] == [0.3]
    assert found["y"][0] == 1.3
    assert toy.calls == [(0.3, 1, "a")]
    cache.simulate("toy", x=0.1 + 0.2)
    cache.simulate_along("toy", "x", [0.1 + 0.2])
    assert toy.calls[1:] == [(10, 5, 0, 0.3, 4, "a"), ("x", (0.3,))]


def test_different_requests_are_different_keys(toy, store):
    for axes, parameters in [
        ({"x": [0.5]}, {}), ({"x": [0.5]}, {"n": 1}), ({"x": [0.5]}, {"kind": "b"}), ({"x": [0.5, 0.6]}, {}), ({"x": [0.6, 0.5]}, {}),
        ({"n": [4]}, {"x": 0.5}), ({"x": [0.5], "n": [4]}, {}), ({"n": [4], "x": [0.5]}, {}), ({"x": [0.50000000001]}, {}),
    ]:  # fmt: skip
        found, expected = cache.sweep("toy", axes, **parameters), engine.sweep("toy", axes, **parameters)
        assert list(found.axes) == list(expected.axes)
        np.testing.assert_array_equal(found["y"], expected["y"])
    assert cache.status().hits == 0


def test_another_engine_is_another_key(toy, store, monkeypatch):
    cache.sweep("toy", {"x": [0.5]})
    monkeypatch.setattr(engine, "SOURCE_HASH", "another")
    cache.sweep("toy", {"x": [0.5]})
    monkeypatch.setattr(cache, "LIBRARIES", ("another",))
    cache.sweep("toy", {"x": [0.5]})
    assert len(toy.calls) == 3


BAD = [
    ("no-model", {"x": [0.5]}, {}, "model must be"),
    ("toy", {"z": [0.5]}, {}, "no parameter z"),
    ("toy", {"x": [0.5, 11]}, {}, "x must be"),
    ("toy", {"x": [float("nan")]}, {}, "x must be"),
    ("toy", {"x": [0.5]}, {"n": 2.5}, "n must be"),
    ("toy", {"x": [0.5]}, {"n": True}, "n must be"),
    ("toy", {"x": [0.5]}, {"jobs": 2}, "no parameter jobs"),
    ("toy", {"x": [0.5]}, {"x": 0.5}, "x is an axis"),
    ("toy", {"x": []}, {}, "at least one value"),
    ("toy", {}, {}, "at least one"),
]


@pytest.mark.parametrize(("id", "axes", "parameters", "reason"), BAD)
def test_bad_parameters_raise_before_anything_is_asked(toy, store, id, axes, parameters, reason):
    with pytest.raises(ParameterError, match=reason):
        cache.sweep(id, axes, **parameters)
    assert toy.calls == []
    assert cache.status().misses == 0


@pytest.mark.parametrize("bad", [{"size": 0}, {"trials": 1.5}, {"seed": -1}, {"x": 11}, {"z": 1}])
def test_bad_experiments_raise(toy, store, bad):
    with pytest.raises(ParameterError, match=next(iter(bad))):
        cache.simulate("toy", **bad)
    with pytest.raises(ParameterError, match=next(iter(bad))):
        cache.simulate_along("toy", "n", [1], **bad)
    assert toy.calls == []


def test_experiments_are_the_engines_and_run_once(toy, store):
    for _ in range(2):
        assert cache.simulate("toy", size=20, trials=3, seed=7, x=0.5) == {"y": Estimate(11.5, 0.1)}
        along = cache.simulate_along("toy", "x", [0.5, 1.0], seed=7)
        assert along["y"].mean.tolist() == [7.5, 8.0]
        assert not along["y"].mean.flags.writeable
        pointwise = cache.simulate_along("toy", "n", [1, 2], seed=7)
        np.testing.assert_array_equal(pointwise["y"].mean, engine.simulate_along("toy", "n", [1, 2], seed=7)["y"].mean)
        store()
    assert len([call for call in toy.calls if call[0] == 20]) == 1
    assert cache.status().disk_hits == 0
    cache.simulate("toy", 20, 3, 8, x=0.5)
    assert cache.status().misses == 1


def test_defaults_and_given_defaults_are_one_key(toy, store):
    cache.simulate("toy")
    cache.simulate("toy", size=10, trials=5.0, seed=np.int64(0), x=1, n=4, kind="a")
    assert len(toy.calls) == 1


def test_progress_reports_and_cancels(toy, store):
    seen = []
    cache.sweep("toy", {"x": [0.5], "n": [1, 2]}, progress=seen.append)
    assert seen[-1] == 1.0

    def cancel(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.simulate("toy", progress=cancel)
    assert cache.simulate("toy")["y"].mean == 5.0
    assert cache.status().misses == 3


def test_memo_stays_in_memory(store):
    assert cache.memo(("family", 1), lambda: {"a": 1}) == {"a": 1}
    assert cache.memo(("family", 1), lambda: pytest.fail("it is there")) == {"a": 1}
    assert cache.status().disk_entries == 0


def test_clear_and_status(toy, store):
    cache.sweep("toy", {"x": [0.5]})
    status = cache.status()
    assert (status.disk, status.disk_entries, status.memory_entries, status.hits, status.misses) == (True, 1, 1, 0, 1)
    assert status.disk_bytes > 0
    cache.clear()
    assert (cache.status().disk_entries, cache.status().memory_entries) == (0, 0)


def test_damage_is_computed_again(toy, store, caplog):
    cache.sweep("toy", {"x": [0.5, 0.7]})
    [path] = (store().disk.directory).rglob("output.pkl")
    whole = path.read_bytes()
    for position in range(0, len(whole), 41):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 16]) + whole[position + 1 :])
        store()
        assert cache.sweep("toy", {"x": [0.5, 0.7]})["y"].tolist() == [4.5, 4.7]
        assert path.read_bytes() == whole  # repaired
        assert cache.status().misses == 1


def test_settings():
    place, limit = cache._settings({})
    assert (place, limit) == (ROOT / "cache" / "store", cache.DISK_BYTES)
    assert cache._settings({"PHASE_ATLAS_CACHE": "off"})[0] is None
    assert cache._settings({"PHASE_ATLAS_CACHE": "/somewhere", "PHASE_ATLAS_CACHE_BYTES": "1000"}) == (Path("/somewhere"), 1000)


@pytest.mark.parametrize("bad", ["1e9", "-1", "0", "much", "²"])
def test_a_bad_limit_is_told_and_replaced(bad, caplog):
    assert cache._settings({"PHASE_ATLAS_CACHE_BYTES": bad})[1] == cache.DISK_BYTES
    assert bad in caplog.text


def test_off_and_what_is_imported():
    code = """if True:
        import sys
        import engine
        assert "cache" not in sys.modules and "joblib" not in sys.modules
        import cache
        assert "streamlit" not in sys.modules
        cache.sweep("capacity-cover", {"alpha": [1.0, 2.0]})
        status = cache.status()
        assert (status.disk, status.disk_entries, status.memory_entries) == (False, 0, 1)
        assert "off" in status.disk_problem
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PHASE_ATLAS_CACHE": "off"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=os.sep)


def test_the_environment_chooses_the_place_and_the_next_process_finds_it(tmp_path):
    code = """if True:
        import cache
        assert cache.sweep("capacity-cover", {"alpha": [1.0, 2.0]}, D=50)["p_sep"][1] == 0.5
        print(cache.status().disk_hits, cache.status().disk_limit)
    """
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PHASE_ATLAS_CACHE": str(tmp_path / "a" / "b"),
        "PHASE_ATLAS_CACHE_BYTES": "5000000",
    }
    run = [subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True) for _ in range(2)]
    assert [process.stdout.split() for process in run] == [["0", "5000000"], ["1", "5000000"]]
    assert [process.stderr for process in run] == ["", ""]

import pickle

import numpy as np
import pytest

from cache.entry import decode, encode, own
from engine.model import ConvergenceError, Estimate, ParameterError
from engine.sweep import Sweep

GRID = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize(
    "array",
    [
        GRID, GRID.T, GRID[:, ::2], np.moveaxis(GRID, 0, 1), GRID[::-1], np.array(3.0), np.empty((0, 2)), np.array(["easy", "hard"]),
        np.arange(5), np.array([True, False, True]), np.arange(7.0)[1:], np.broadcast_to(1.0, (2, 3)),
        np.array([["easy", None], ["hard", 1.5]], object), np.array("easy", object), np.array([], object),
    ],
)  # fmt: skip
def test_arrays_come_back_equal_aligned_and_read_only(array):
    found = decode(encode({"a": array, "b": [1, array]}))
    for back in (found["a"], found["b"][1]):
        np.testing.assert_array_equal(back, array)
        assert back.dtype == array.dtype
        assert back.flags.aligned
        assert not back.flags.writeable
        with pytest.raises(ValueError, match="WRITEABLE"):
            back.flags.writeable = True


@pytest.mark.parametrize("value", [None, 1.5, "text", {"a": {"b": [1, 2]}}, (1, 2), b"", b"x" * 1000])
def test_other_values_come_back(value):
    assert decode(encode(value)) == value


def test_errors_survive():
    errors = [ParameterError("x", 2.5, "x must be in [0, 1]"), ConvergenceError("no fixed point")]
    for back in (decode(encode(errors)), pickle.loads(pickle.dumps(errors))):
        assert (back[0].name, back[0].value, back[0].reason) == ("x", 2.5, "x must be in [0, 1]")
        assert [str(error) for error in back] == [str(error) for error in errors]
        assert [type(error) for error in back] == [ParameterError, ConvergenceError]


def test_owners_do_not_spoil_each_other():
    sweep = Sweep("toy", {"x": [1.0, 2.0]}, {"n": 1}, {"y": np.ones(2)}, {(1,): ConvergenceError("none")})
    value = decode(encode({"sweep": sweep, "list": [[1], {"a": [2]}], "estimate": Estimate(1.0, 0.1)}))
    first, second = own(value), own(value)
    first["sweep"].axes["x"].append(3.0)
    first["sweep"].observables.clear()
    first["sweep"].failures.clear()
    first["sweep"].parameters["n"] = 2
    first["list"][0].append(2)
    first["list"][1]["a"].append(3)
    del first["estimate"]
    assert second["sweep"].axes == {"x": [1.0, 2.0]}
    assert second["sweep"].parameters == {"n": 1}
    assert list(second["sweep"].observables) == ["y"]
    assert list(second["sweep"].failures) == [(1,)]
    assert second["list"] == [[1], {"a": [2]}]
    assert second["estimate"] == Estimate(1.0, 0.1)

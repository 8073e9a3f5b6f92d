import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cache.keys import canonical, canonical_axis
from engine.model import Parameter, ParameterError

REAL = Parameter("x", "x", "a real", 1.0, 0, 10, choices=("opt",))
COUNT = Parameter("n", "n", "an integer", 1, 0, 10, integer=True)
THIRD = Parameter("x", "x", "a real between awkward bounds", 0.5, 1 / 3, 2 / 3)
ABOVE_ONE = Parameter("x", "x", "a real above one", 2.0, 1, 10, open_low=True)


@pytest.mark.parametrize("same", [1, 1.0, np.float64(1), np.int64(1), np.float32(1), 1 + 1e-14])
def test_equal_numbers_are_one_value_of_one_type(same):
    assert repr(canonical(REAL, same)) == "1.0"


@pytest.mark.parametrize("same", [4, 4.0, np.float64(4), np.int8(4)])
def test_equal_integers_are_one_value_of_one_type(same):
    assert repr(canonical(COUNT, same)) == "4"


def test_rounding_errors_vanish():
    assert canonical(REAL, 0.1 + 0.2) == canonical(REAL, 0.3) == 0.3
    assert repr(canonical(REAL, -0.0)) == "0.0"
    assert canonical(REAL, 1e-300 / 3) == 3.33333333333e-301


def test_what_can_be_told_apart_stays_apart():
    assert canonical(REAL, 1.0) != canonical(REAL, 1.0 + 1e-11)


def test_rounding_never_leaves_the_range():
    for bound in (1 / 3, 2 / 3):
        assert canonical(THIRD, bound) == pytest.approx(bound, rel=1e-11)
        assert canonical(THIRD, canonical(THIRD, bound)) == canonical(THIRD, bound)
    assert canonical(THIRD, 1 / 3) == 1 / 3
    assert canonical(ABOVE_ONE, 1 + 1e-14) > 1


@given(st.floats(0, 10))
def test_canonical_values_are_close_valid_and_stay_as_they_are(value):
    found = canonical(REAL, value)
    assert abs(found - value) <= 1e-11 * value
    assert canonical(REAL, found) == found


def test_choices_stay():
    assert canonical(REAL, "opt") == "opt"


@pytest.mark.parametrize("bad", [-1, 11, float("nan"), float("inf"), "1", None, True, 1j, [1]])
def test_bad_values_raise(bad):
    with pytest.raises(ParameterError):
        canonical(REAL, bad)
    with pytest.raises(ParameterError):
        canonical_axis(REAL, [1.0, bad])


def test_axes_of_any_kind_are_one_key():
    expected = (0.3, 1.0, 2.0)
    for values in ([0.1 + 0.2, 1, 2], np.array([0.3, 1, 2]), (0.3, np.float64(1), np.int64(2)), iter([0.3, 1.0, 2.0])):
        assert repr(canonical_axis(REAL, values)) == repr(expected)
    assert canonical_axis(REAL, [0.3, "opt"]) == (0.3, "opt")
    assert repr(canonical_axis(COUNT, np.arange(3.0))) == "(0, 1, 2)"


def test_a_flag_is_not_a_number_even_after_an_equal_number():
    assert canonical_axis(COUNT, [1, 0]) == (1, 0)
    with pytest.raises(ParameterError):
        canonical_axis(COUNT, [True, False])
    with pytest.raises(ParameterError):
        canonical_axis(COUNT, np.array([True, False]))

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model import ConvergenceError, Landmark, Observable, Parameter, ParameterError, Reference, mean_sem

REAL = Parameter("alpha", r"\alpha", "load", 1.0, 0.0, 4.0)
OPEN = Parameter("lam", r"\lambda", "ridge", "opt", 0.0, 1.0, choices=("opt",), open_low=True)
INTEGER = Parameter("K", "K", "units", 3, 1, 10, integer=True)
CHOICE = Parameter("loss", r"\ell", "loss", "square", choices=("square", "logistic"))
OPTIONAL = Parameter("N", "N", "patterns", None, 0, 2_000_000, integer=True)


@pytest.mark.parametrize(
    ("parameter", "value", "canonical"),
    [
        (REAL, 0, 0.0), (REAL, 4.0, 4.0), (REAL, np.float32(0.5), 0.5), (REAL, np.int64(3), 3.0),
        (OPEN, "opt", "opt"), (OPEN, 1, 1.0), (OPEN, 5e-324, 5e-324),
        (INTEGER, 3.0, 3), (INTEGER, np.int32(10), 10), (CHOICE, "logistic", "logistic"), (OPTIONAL, None, None), (OPTIONAL, 7, 7),
    ],
)  # fmt: skip
def test_validate_gives_the_canonical_value(parameter, value, canonical):
    found = parameter.validate(value)
    assert found == canonical
    assert type(found) is type(canonical)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (REAL, math.nan), (REAL, math.inf), (REAL, -1e-300), (REAL, 4.0000001), (REAL, "1"), (REAL, True), (REAL, np.True_), (REAL, None),
        (REAL, 1j), (REAL, [1.0]), (REAL, np.array([1.0])), (REAL, 10**400), (REAL, -(10**400)), (OPEN, 0), (OPEN, -0.0), (OPEN, "best"), (OPEN, ""),
        (INTEGER, 2.5), (INTEGER, 0), (INTEGER, 11), (INTEGER, math.nan), (CHOICE, "Square"), (CHOICE, 0), (CHOICE, None), (OPTIONAL, -1),
    ],
)  # fmt: skip
def test_validate_refuses(parameter, value):
    with pytest.raises(ParameterError) as caught:
        parameter.validate(value)
    assert caught.value.name == parameter.name
    assert parameter.allowed in str(caught.value)


def test_no_negative_zero():
    assert math.copysign(1, REAL.validate(-0.0)) == 1


@pytest.mark.parametrize(
    ("parameter", "text", "value"), [(REAL, "1e-3", 1e-3), (INTEGER, "1e1", 10), (OPEN, "opt", "opt"), (CHOICE, "square", "square")]
)
def test_parse_reads_text(parameter, text, value):
    assert parameter.parse(text) == value


@pytest.mark.parametrize(("parameter", "text"), [(REAL, "one"), (REAL, ""), (REAL, "nan"), (REAL, "inf"), (INTEGER, "1.5"), (CHOICE, "1")])
def test_parse_refuses(parameter, text):
    with pytest.raises(ParameterError, match=parameter.name):
        parameter.parse(text)


@given(st.floats(0, 4))
def test_parse_of_printed_number_is_that_number(value):
    assert REAL.parse(str(value)) == value


def test_allowed_in_words():
    assert REAL.allowed == "[0, 4]"
    assert OPEN.allowed == "(0, 1] or opt"
    assert INTEGER.allowed == "integer in [1, 10]"
    assert CHOICE.allowed == "one of square, logistic"
    assert Parameter("seed", "s", "", 0, 0, 2**32 - 1, integer=True).allowed == "integer in [0, 4294967295]"


def test_parameter_error_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(ParameterError("x", 3, "x must be smaller")))
    assert (error.name, error.value, error.reason) == ("x", 3, "x must be smaller")
    assert str(error) == "x=3: x must be smaller"


def test_observable_names_follow_its_indices():
    parameters = {"K": 2, "M": 3}
    assert Observable("q", "q", "overlap").names(parameters) == ["q"]
    assert Observable("R", "R", "overlaps", indices=("K", "M")).names(parameters) == ["R_1_1", "R_1_2", "R_1_3", "R_2_1", "R_2_2", "R_2_3"]


@pytest.mark.parametrize(
    ("landmark", "found", "holds"),
    [
        (Landmark({}, "y", 2.0, "", rtol=1e-3), 2.002, True), (Landmark({}, "y", 2.0, "", rtol=1e-3), 2.0021, False),
        (Landmark({}, "y", 0.0, "", atol=1e-9), -1e-9, True), (Landmark({}, "y", 0.0, "", rtol=0), 0.0, True), (Landmark({}, "y", 0.0, "", rtol=0), 1e-300, False),
        (Landmark({}, "y", 2.0, ""), math.nan, False), (Landmark({}, "y", 2.0, ""), math.inf, False), (Landmark({}, "y", 2.0, ""), None, False),
        (Landmark({}, "y", None, ""), math.nan, True), (Landmark({}, "y", None, ""), 0.0, False), (Landmark({}, "y", None, ""), None, False),
        (Landmark({}, "y", "hard", ""), "hard", True), (Landmark({}, "y", "hard", ""), "easy", False),
    ],
)  # fmt: skip
def test_landmark_holds_within_its_tolerance(landmark, found, holds):
    assert bool(landmark.deviation(found) <= 1) is holds


def test_model_validates_and_names(pointwise):
    assert pointwise.validate({"K": 3.0}) == {"x": 1.0, "K": 3, "lam": "opt", "mode": "easy"}
    assert pointwise.observable_names({}) == ["y", "phase", "large", "K", "ratio", "rest"]
    with pytest.raises(ParameterError, match="toy has no parameter z; it has x, K, lam, mode"):
        pointwise.validate({"z": 1})


def test_convergence_error_is_no_parameter_error():
    assert not issubclass(ConvergenceError, ValueError)


def test_mean_sem_against_the_textbook():
    samples = np.random.default_rng(0).standard_normal((20, 3))
    estimate = mean_sem(samples)
    np.testing.assert_allclose(estimate.mean, samples.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(estimate.sem, samples.std(axis=0, ddof=1) / math.sqrt(20), rtol=1e-13)


def test_mean_sem_leaves_out_what_is_absent():
    estimate = mean_sem([[1.0, math.nan, math.nan], [3.0, 5.0, math.nan]])
    np.testing.assert_array_equal(estimate.mean, [2.0, 5.0, math.nan])
    np.testing.assert_array_equal(estimate.sem, [1.0, math.nan, math.nan])


def test_mean_sem_of_one_trial_has_no_error_bar():
    estimate = mean_sem([2.5])
    assert estimate.mean == 2.5
    assert math.isnan(estimate.sem)
    assert isinstance(estimate.mean, float)


def test_reference_reads_as_a_citation():
    reference = Reference("T. M. Cover", 1965, "Title", "IEEE Trans. 14, 326")
    assert str(reference) == "T. M. Cover (1965). Title. IEEE Trans. 14, 326."
    assert reference.bibtex().startswith("@article{cover1965,")


def test_a_piece_of_text():
    path = Parameter("path", "", "a file", None, text="the path of a file")
    assert not path.numeric
    assert path.allowed == "the path of a file"
    assert path.parse("a,b:c.csv") == path.validate("a,b:c.csv") == "a,b:c.csv"
    assert path.validate(None) is None
    for bad in ("", 1, 1.5, math.nan, True, [], {}):
        with pytest.raises(ParameterError, match="path must be the path of a file"):
            path.validate(bad)

import math

import pytest

from engine.numerics.roots import best, closed, narrow, open_bracket, proposal


def root(f, a, b, tolerance=1e-14):
    bracket, evaluations = open_bracket(a, f(a), b, f(b), tolerance), 2
    while not closed(bracket):
        x = proposal(bracket)
        assert min(bracket[0], bracket[2]) <= x <= max(bracket[0], bracket[2])
        narrow(bracket, x, f(x))
        evaluations += 1
        assert evaluations < 200
    return best(bracket), evaluations


@pytest.mark.parametrize(
    ("f", "a", "b", "expected"),
    [
        (lambda x: x * x - 2, 0.0, 5.0, math.sqrt(2)),
        (lambda x: math.exp(x) - 1e-8, -40.0, 30.0, math.log(1e-8)),
        (lambda x: math.tanh(50 * (x - 0.3)), -40.0, 30.0, 0.3),
        (lambda x: (x - 1) ** 3, -2.0, 5.0, 1.0),
        (lambda x: x, 0.0, 1.0, 0.0),
        (lambda x: 1 - x, 0.0, 1.0, 1.0),
    ],
)
def test_finds_the_root(f, a, b, expected):
    for ends in ((a, b), (b, a)):
        assert root(f, *ends)[0] == pytest.approx(expected, abs=2e-14 if expected == 1.0 else 1e-13)


def test_is_fast_on_a_smooth_function():
    assert root(lambda x: math.atan(x - 1.234), -40.0, 30.0)[1] < 20


def test_bisects_a_step():
    assert root(lambda x: -1.0 if x < 0.7 else 1.0, 0.0, 1.0)[0] == pytest.approx(0.7, abs=1e-13)

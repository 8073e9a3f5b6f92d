"""Canonical parameters: one value, one key.

1, 1.0 and numpy.float64(1) are one value, and so are 0.1 + 0.2 and 0.3: reals are rounded to 12 significant digits, far below
anything that can be seen or typed and far above the rounding errors of a slider.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from engine.model import Parameter, ParameterError, Value


def canonical(parameter: Parameter, value: object) -> Value:
    """`value` in the parameter's canonical form, rounded. Raises ParameterError."""
    return rounded(parameter, parameter.validate(value))


def rounded(parameter: Parameter, value: Value) -> Value:
    """A validated value to 12 significant digits; as it is where rounding would leave the range."""
    if not isinstance(value, float):
        return value
    short = float(f"{value:.12g}")
    if short == value:
        return value
    try:
        return parameter.validate(short)
    except ParameterError:
        return value


def canonical_axis(parameter: Parameter, values: Sequence[object]) -> tuple[Value, ...]:
    """`canonical` of each of `values`. Raises ParameterError."""
    values = tuple(values.tolist() if isinstance(values, np.ndarray) else values)
    if {float, int, str}.issuperset(map(type, values)):  # without bool, values that are equal are also equally valid
        return _canonical_axis(parameter, values)
    return tuple(canonical(parameter, value) for value in values)


@lru_cache(64)
def _canonical_axis(parameter: Parameter, values: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(canonical(parameter, value) for value in values)

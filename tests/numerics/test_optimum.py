import math

import numpy as np
import pytest

from engine.numerics.optimum import optimal_ridge


def valley(at, floor=1.0):
    """An error with its minimum at log10(lam) = `at`, lopsided."""
    return lambda lams: floor + (np.log10(lams) - at) ** 2 / (20 + (np.log10(lams) - at) ** 2) + 1e-3 * np.tanh(np.log10(lams) - at) ** 3


@pytest.mark.parametrize("at", [-9.3, -5.99, -1.234, 0.0, 2.5, 4.02, 11.1])
def test_minimum_is_found_from_anywhere(at):
    for guess in (math.nan, 10 ** (at + 0.2), 10 ** (at - 0.01), 1e-2):
        assert math.log10(optimal_ridge(valley(at), guess)) == pytest.approx(at, abs=1e-6)


def test_ends_and_level_errors():
    assert optimal_ridge(lambda lams: 1 + lams / (1 + lams)) == 0.0
    assert optimal_ridge(lambda lams: 1 + 1 / (1 + lams)) == math.inf
    assert math.isnan(optimal_ridge(lambda lams: np.full(lams.size, 0.5)))
    assert optimal_ridge(lambda lams: np.maximum(1.0, np.log10(lams))) == 0.0


def test_a_dip_beside_a_level_stretch():
    def error(lams):
        x = np.log10(lams)
        return np.maximum(1.0, 1.0 + x) - 1e-4 * np.exp(-((x / 0.1 + 1) ** 2))

    assert math.log10(optimal_ridge(error)) == pytest.approx(-0.1, abs=2e-5)

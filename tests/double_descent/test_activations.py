import math

import numpy as np
import pytest
from scipy.integrate import quad

from engine.double_descent.activations import ACTIVATIONS, COEFFICIENTS, MEANS


def average(f):
    """Over a standard Gaussian, split where activations have their kinks."""
    return 2 * quad(lambda z: (f(z) + f(-z)) / 2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi), 0, 12, epsabs=1e-13, limit=200)[0]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_coefficients_are_gaussian_averages(name):
    sigma = lambda z: float(ACTIVATIONS[name](np.float64(z)))  # noqa: E731
    kappa0, kappa1 = average(sigma), average(lambda z: z * sigma(z))
    assert MEANS.get(name, 0.0) == pytest.approx(kappa0, abs=1e-10)
    assert COEFFICIENTS[name][0] == pytest.approx(kappa1, abs=1e-10)
    rest = average(lambda z: (sigma(z) - kappa0 - kappa1 * z) ** 2)
    assert COEFFICIENTS[name][1] == pytest.approx(math.sqrt(rest), abs=1e-7)

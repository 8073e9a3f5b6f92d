import math

import numpy as np
import pytest
from scipy.integrate import quad

from engine.double_descent.activations import ACTIVATIONS, COEFFICIENTS, MEANS, coefficients


def average(f, v=1.0):
    """Over a Gaussian of variance v, split where activations have their kinks and where they are curved."""
    even = lambda z: (f(math.sqrt(v) * z) + f(-math.sqrt(v) * z)) / 2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)  # noqa: E731
    bend = min(5.0, 3.0 / math.sqrt(v))
    return 2 * sum(quad(even, *ends, epsabs=1e-14, epsrel=1e-12, limit=200)[0] for ends in ((0, bend), (bend, 12)))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("v", [1.0, 0.01, 30.0])
def test_coefficients_are_gaussian_averages(name, v):
    sigma = lambda z: float(ACTIVATIONS[name](np.float64(z)))  # noqa: E731
    kappa0, kappa1 = average(sigma, v), average(lambda z: z * sigma(z), v) / v
    assert math.sqrt(v) * MEANS.get(name, 0.0) == pytest.approx(kappa0, rel=1e-9, abs=1e-12)
    found = coefficients(name, v)
    assert found[0] == pytest.approx(kappa1, rel=1e-9, abs=1e-12)
    rest = average(lambda z: (sigma(z) - kappa0 - kappa1 * z) ** 2, v)
    assert found[1] == pytest.approx(math.sqrt(rest), rel=1e-7, abs=1e-8 * math.sqrt(v))
    assert COEFFICIENTS[name] == coefficients(name, 1.0)


@pytest.mark.parametrize(("name", "third"), [("tanh", 2 / 3), ("erf", 4 / math.sqrt(math.pi) / 3)])
def test_small_inputs_see_the_cubic_term(name, third):
    """sigma = sigma' z - (third/2) z^3 + ...: the nonlinear rest is the third Hermite polynomial, kappa_star^2 = 6 (third/2)^2 v^3 ..."""
    v = 1e-5
    assert coefficients(name, v)[1] ** 2 == pytest.approx(6 * (third / 2) ** 2 * v**3, rel=1e-3)
    assert coefficients(name, v)[0] == pytest.approx({"tanh": 1.0, "erf": 2 / math.sqrt(math.pi)}[name], rel=1e-4)


@pytest.mark.parametrize(("name", "size"), [("tanh", 1.0), ("erf", 1.0)])
def test_large_inputs_see_a_sign(name, size):
    for mine, limit in zip(coefficients(name, 1e8), coefficients("sign", 1e8), strict=True):
        assert mine == pytest.approx(size * limit, rel=1e-3)

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from engine.numerics import gaussian

WIDE = np.concatenate([np.linspace(-25.0, 60.0, 20001), np.geomspace(60.0, 1e8, 500)])


def on(function, points):
    return np.array([function(x) for x in points])


def test_erfcx_is_good_to_rounding():
    np.testing.assert_allclose(on(gaussian.erfcx, WIDE), special.erfcx(WIDE), rtol=4e-15)


def test_erfcx_overflows_to_infinity_far_left():
    assert gaussian.erfcx(-40.0) == math.inf


def test_pdf_and_cdf():
    x = np.linspace(-35.0, 35.0, 5001)
    np.testing.assert_allclose(on(gaussian.pdf, x), stats.norm.pdf(x), rtol=1e-12)
    np.testing.assert_allclose(on(gaussian.cdf, x), special.ndtr(x), rtol=1e-12)


def test_log_tails():
    x = np.concatenate([np.linspace(-35.0, 35.0, 5001), [-1e3, -1e6]])
    np.testing.assert_allclose(on(gaussian.log_cdf, x), special.log_ndtr(x), rtol=1e-12, atol=1e-290)
    np.testing.assert_allclose(on(gaussian.log_H, -x), special.log_ndtr(x), rtol=1e-12, atol=1e-290)


def test_inverse_mills_ratio():
    u = WIDE[WIDE > -20.0]
    np.testing.assert_allclose(on(gaussian.inverse_mills, u), math.sqrt(2 / math.pi) / special.erfcx(u / math.sqrt(2)), rtol=1e-13)


def test_excess_of_the_inverse_mills_ratio_right_of_the_switch():
    u = np.geomspace(30.0, 1e8, 200)
    v = u**-2
    excess = on(gaussian.inverse_mills_excess, u)
    np.testing.assert_allclose(excess, (1 - 2 * v + 10 * v**2 - 74 * v**3 + 706 * v**4) / u, rtol=1e-10)
    np.testing.assert_allclose(excess * on(gaussian.inverse_mills, u), 1 - v + 6 * v**2 - 50 * v**3 + 518 * v**4, rtol=1e-10)


def test_excess_satisfies_its_differential_equation():
    """A' = A (A - u), across the switch between the two forms as well."""
    h = 1e-4
    for u in (-6.0, -1.0, 0.0, 2.0, 4.4999, 4.5, 4.5001, 7.0, 9.0, 20.0):
        slope = (gaussian.inverse_mills(u + h) - gaussian.inverse_mills(u - h)) / (2 * h)
        assert slope == pytest.approx(gaussian.inverse_mills(u) * gaussian.inverse_mills_excess(u), rel=1e-7, abs=1e-11)


@pytest.mark.parametrize(
    ("a", "b", "k"), [(-1.0, 2.0, 0.3), (-math.inf, 0.5, 0.5), (1.0, math.inf, -2.0), (3.0, 6.0, 1.0), (-9.0, -4.0, 2.0)]
)
def test_square_integral(a, b, k):
    expected, _ = integrate.quad(lambda t: stats.norm.pdf(t) * (k - t) ** 2, a, b, epsabs=0, epsrel=1e-12)
    assert gaussian.square_integral(a, b, k) == pytest.approx(expected, rel=1e-11)


def test_square_integral_over_everything():
    assert gaussian.square_integral(-math.inf, math.inf, 3.0) == pytest.approx(10.0, rel=1e-15)

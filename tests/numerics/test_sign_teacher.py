import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, ndtr, owens_t

from engine.numerics.sign_teacher import HARD, HINGE, LOGISTIC, hinge_channel, logistic_channel, margin_channel, training_error


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def logistic_fields(omega, V):
    """(f, -f', loss) of the logistic loss, the proximal point by a root finder."""
    p = brentq(lambda p: p - V * expit(-p) - omega, omega, omega + V, xtol=1e-14, rtol=1e-15)
    s = expit(p) * expit(-p)
    return expit(-p), s / (1 + V * s), np.logaddexp(0, -p)


def hinge_fields(omega, V):
    """The same of the hinge loss."""
    if omega < 1 - V:
        return 1.0, 0.0, 1 - omega - V
    return (0.0, 0.0, 0.0) if omega > 1 else ((1 - omega) / V, 1 / V, 0.0)


@pytest.mark.parametrize("V", [0.05, 1.0, 40.0])
@pytest.mark.parametrize(("q", "zeta"), [(0.09, 0.0), (2.0, 0.7), (300.0, 3.5)])
@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_channel_against_adaptive_quadrature(loss, V, q, zeta):
    delta, fields = 0.07, {"logistic": logistic_fields, "hinge": hinge_fields}[loss]
    sd, slope, sharp = math.sqrt(q), math.sinh(zeta), math.cosh(zeta)
    breaks = {sign * c * scale for sign in (-1, 1) for c in (0, 1, 3, 6, 9) for scale in (1, 1 / sharp)}
    breaks |= {x / sd for x in (1.0, 1.0 - V, -5.0, 5.0, 20.0) if abs(x / sd) < 9}
    breaks = sorted(breaks)

    def average(value):
        return sum(quad(value, a, b, epsabs=1e-12, epsrel=1e-10, limit=100)[0] for a, b in pairwise(breaks))

    def labelled(which, power=1):
        return average(lambda xi: 2 * density(xi) * (delta + (1 - 2 * delta) * ndtr(xi * slope)) * fields(sd * xi, V)[which] ** power)

    expected = (labelled(1), labelled(0, 2), average(lambda xi: sharp * density(sharp * xi) * fields(sd * xi, V)[0]), labelled(2))
    found = {"logistic": logistic_channel, "hinge": hinge_channel}[loss](V, q, zeta, delta)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-11)


def test_each_loss_has_its_channel():
    point = (0.7, 2.0, 0.5, 0.1)
    assert margin_channel(LOGISTIC, *point) == logistic_channel(*point)
    assert margin_channel(HINGE, *point) == hinge_channel(*point)
    assert margin_channel(HARD, *point) == hinge_channel(math.inf, *point[1:])


def test_training_error_is_owen_s_function():
    """Without flips 2 int_{-inf}^{-h} Dxi Phi(xi cot theta) = Phi(-h) - 2 T(h, cot theta)."""
    rng = np.random.default_rng(0)
    for _ in range(3000):
        h = 10 ** rng.uniform(-7, 1.2)
        angle = rng.choice([math.pi / 2, math.pi / 2 * rng.uniform(), 10 ** rng.uniform(-8, 0)])
        expected = ndtr(-h) - 2 * owens_t(h, 1 / math.tan(angle))
        assert training_error(h, angle, 0.0) == pytest.approx(expected, rel=1e-9, abs=3e-15)


def test_training_error_keeps_its_digits_in_the_tail():
    for h, angle in ((6.0, 1.2), (12.0, 0.4), (25.0, 1.0), (1e-5, 1e-6)):
        cotangent = 1 / math.tan(angle)
        scale = min(1 / (h * h * cotangent), 1 / h)
        integral = quad(
            lambda x, h=h, cotangent=cotangent: math.exp(-h * h * (cotangent * x + x * x / 2)) / (1 + (cotangent + x) ** 2),
            0, 60 * scale, points=[scale, 4 * scale], epsabs=0, epsrel=1e-12,
        )[0]  # fmt: skip
        expected = math.exp(-h * h * (1 + cotangent**2) / 2) * integral / math.pi
        assert training_error(h, angle, 0.0) == pytest.approx(expected, rel=1e-8)


def test_training_error_at_its_ends():
    assert training_error(0.0, 0.3 * math.pi, 0.0) == pytest.approx(0.3, rel=1e-12)
    assert training_error(0.0, 0.3 * math.pi, 0.1) == pytest.approx(0.1 + 0.8 * 0.3, rel=1e-12)
    assert training_error(math.inf, 1.0, 0.1) == 0.0
    assert training_error(0.7, 0.0, 0.1) == pytest.approx(0.2 * ndtr(-0.7), rel=1e-12)

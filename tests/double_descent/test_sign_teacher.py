import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linprog, minimize_scalar
from scipy.special import ndtr, owens_t

from engine.double_descent.sign_teacher import separability, separability_line, training_error


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


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


@pytest.mark.parametrize(("eta", "delta"), [(1.0, 0.1), (5.0, 0.1), (30.0, 0.0), (0.1, 0.3), (1000.0, 1e-3)])
def test_separability_against_a_plain_minimum(eta, delta):
    scales = sorted({0.0} | {sign * c * x for sign in (-1, 1) for c in (1, 4, 9) for x in (1.0, 1 / eta)})

    def mean(t):
        def integrand(s):
            z = t * s
            weight = 2 * density(s) * (delta + (1 - 2 * delta) * ndtr(s * eta))
            return weight * ((1 + z * z) * ndtr(-z) - z * density(z))

        return sum(quad(integrand, a, b, epsabs=1e-14, epsrel=1e-11)[0] for a, b in pairwise(scales))

    least = minimize_scalar(lambda log_t: mean(math.exp(log_t)), bracket=(-2, 1), tol=1e-9).fun
    assert separability(eta, delta, 0.0)[0] == pytest.approx(1 / least, rel=1e-9)


def test_separability_does_not_depend_on_the_start_and_knows_its_limits():
    for eta, delta in ((1e-6, 0.0), (1e-3, 0.499), (3.0, 0.2), (1e6, 0.0), (math.inf, 1e-6), (1e8, 1e-8)):
        starts = [separability(eta, delta, t)[0] for t in (0.0, 1e-3, 1.0, 1e3)]
        np.testing.assert_allclose(starts, starts[0], rtol=1e-10)
    assert separability(1e-6, 0.0, 0.0)[0] == pytest.approx(2.0, rel=1e-9)
    assert separability(3.0, 0.5, 0.0)[0] == 2.0
    assert separability(0.0, 0.2, 0.0)[0] == 2.0
    assert separability(math.inf, 0.0, 0.0)[0] == math.inf
    line = separability_line(np.array([1.0, 1.0, 2.0]), np.array([0.1, 0.1, 0.0]))
    np.testing.assert_allclose(line, [separability(1.0, 0.1, 0.0)[0]] * 2 + [separability(2.0, 0.0, 0.0)[0]], rtol=1e-12)


def test_linear_programs_become_infeasible_at_the_threshold():
    """Gaussian features of which the teacher sees the first: feasible at 0.8 and infeasible at 1.25 times the threshold."""
    rng, P, eta, delta = np.random.default_rng(1), 60, 1.5, 0.05
    threshold = separability(eta, delta, 0.0)[0]
    share = eta / math.hypot(1, eta)
    feasible = {}
    for factor in (0.8, 1.25):
        count = 0
        for _ in range(6):
            U = rng.standard_normal((round(factor * threshold * P), P))
            field = share * U[:, 0] + math.sqrt(1 - share**2) * rng.standard_normal(len(U))
            y = np.sign(field) * np.where(rng.random(len(U)) < delta, -1, 1)
            count += linprog(np.zeros(P), A_ub=-y[:, None] * U, b_ub=-np.ones(len(U)), bounds=(None, None)).status == 0
        feasible[factor] = count
    assert feasible == {0.8: 6, 1.25: 0}

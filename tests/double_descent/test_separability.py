import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linprog, minimize_scalar
from scipy.special import ndtr

from engine.double_descent.separability import separability, separability_line


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


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

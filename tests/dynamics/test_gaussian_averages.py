"""Averages over Gaussian fields against quadrature of fields that are independent given one common factor."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf, ndtr
from scipy.stats import multivariate_normal

from engine.dynamics.gaussian_averages import (
    ERF,
    GRADED,
    I2,
    J2,
    LINEAR,
    RELU,
    erf_weighted_I4,
    orthant3,
    orthant4,
    relu_I4,
    weighted_I3,
    weighted_I4,
)

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def pdf(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


class Factor:
    """Fields x_i = l_i z + s_i ξ_i with z, ξ independent standard Gaussian."""

    def __init__(self, loads, spreads):
        self.loads, self.spreads = np.asarray(loads), np.asarray(spreads)
        self.C = np.outer(self.loads, self.loads) + np.diag(self.spreads**2)

    def moment(self, activation, i, slopes, values, raw, z):
        """E[g'(x_i)^slopes g(x_i)^values x_i^raw | z]."""
        mean, spread = self.loads[i] * z, self.spreads[i]
        if activation == RELU:
            if slopes == values == 0:
                return (1.0, mean, mean**2 + spread**2)[raw]
            u = mean / spread
            below = ndtr(u), mean * ndtr(u) + spread * pdf(u), (mean**2 + spread**2) * ndtr(u) + mean * spread * pdf(u)
            below += (mean * below[2] + 2 * spread**2 * below[1],)
            return below[values + raw]
        x = mean + spread * NODES
        return WEIGHTS @ ((math.sqrt(2 / math.pi) * np.exp(-0.5 * x * x)) ** slopes * erf(x / math.sqrt(2)) ** values * x**raw)

    def average(self, activation, slopes=(), values=(), raw=()):
        """E of the product of g' over fields `slopes`, g over `values` and the fields `raw`."""
        fields = set(slopes) | set(values) | set(raw)

        def integrand(z):
            result = pdf(z)
            for i in fields:
                result *= self.moment(activation, i, slopes.count(i), values.count(i), raw.count(i), z)
            return result

        return sum(quad(integrand, *part, epsabs=1e-13, epsrel=1e-12, limit=400)[0] for part in ((-12, -1e-3), (-1e-3, 1e-3), (1e-3, 12)))


GENERAL = Factor([0.7, -0.4, 0.9, 0.3], [0.6, 0.8, 0.5, 1.1])


@pytest.mark.parametrize("activation", [ERF, RELU])
def test_second_and_third_averages(activation):
    C, s = GENERAL.C, np.zeros(4)
    for a, b in product(range(3), repeat=2):
        assert I2(activation, C, a, b) == pytest.approx(GENERAL.average(activation, values=(a, b)), abs=1e-11)
        assert J2(activation, C, a, b) == pytest.approx(GENERAL.average(activation, slopes=(a, b)), abs=1e-11)
        drift = np.empty(4)
        for c in range(3):
            s[:] = 0.0
            s[c] = 1.0
            weighted_I3(activation, C, s, a, drift)
            assert drift[b] == pytest.approx(GENERAL.average(activation, (a,), (c,), (b,)), abs=1e-11)


def test_fourth_averages_of_relu_for_all_patterns_of_indices():
    for a, b, c, d in product(range(4), repeat=4):
        if a <= b and c <= d:
            expected = GENERAL.average(RELU, (a, b), (c, d))
            for pattern in ((a, b, c, d), (b, a, c, d), (a, b, d, c)):
                assert relu_I4(GENERAL.C, *pattern) == pytest.approx(expected, abs=1e-11)


def test_fourth_averages_of_erf():
    for a, b, c in ((0, 1, 2), (0, 0, 1), (2, 3, 2), (1, 1, 1)):
        s = np.zeros(4)
        s[c] += 0.8
        s[3] -= 1.3
        both = 0.64 * GENERAL.average(ERF, (a, b), (c, c)) + 1.69 * GENERAL.average(ERF, (a, b), (3, 3))
        assert weighted_I4(ERF, GENERAL.C, s, a, b) == pytest.approx(both - 2.08 * GENERAL.average(ERF, (a, b), (c, 3)), abs=1e-11)


def test_weighted_averages_of_linear_fields():
    C, s = GENERAL.C, np.array([1.0, -2.0, 0.5, 3.0])
    assert weighted_I4(LINEAR, C, s, 0, 1) == pytest.approx(s @ C @ s, rel=1e-14)
    drift = np.empty(4)
    weighted_I3(LINEAR, C, s, 0, drift)
    np.testing.assert_allclose(drift, C @ s, rtol=1e-14)


def test_weighted_relu_average_is_the_sum_of_its_terms():
    s = np.array([1.0, -2.0, 0.0, 3.0])
    total = sum(s[c] * s[d] * relu_I4(GENERAL.C, 0, 1, c, d) for c, d in product(range(4), repeat=2))
    assert weighted_I4(RELU, GENERAL.C, s, 0, 1) == pytest.approx(total, rel=1e-13)


def correlated(r: float) -> np.ndarray:
    return (1 - r) * np.eye(4) + r


def test_orthants_in_closed_form():
    assert orthant4(correlated(0.0), 0, 1, 2, 3) == pytest.approx(1 / 16, abs=1e-15)
    assert orthant4(correlated(0.5), 0, 1, 2, 3) == pytest.approx(1 / 5, abs=1e-13)
    assert orthant3(correlated(0.5), 0, 1, 2) == pytest.approx(1 / 4, abs=1e-15)
    assert orthant4(np.diag([1.0, 4.0, 0.25, 2.0]), 0, 1, 2, 3) == pytest.approx(1 / 16, abs=1e-15)


@pytest.mark.parametrize(("gap", "error"), [(1e-1, 1e-13), (1e-4, 1e-11), (1e-6, 1e-9), (1e-8, 1e-8)])
def test_orthant_of_two_nearly_coinciding_pairs(gap, error):
    """Two pairs of fields at correlation 1 - gap, independent of each other."""
    one_pair = 0.25 + math.asin(1 - gap) / (2 * math.pi)
    C = np.eye(4)
    C[0, 2] = C[2, 0] = C[1, 3] = C[3, 1] = 1 - gap
    for order in ((0, 1, 2, 3), (3, 0, 1, 2), (2, 1, 0, 3)):
        assert orthant4(C, *order) == pytest.approx(one_pair**2, abs=error)


def test_orthant_of_general_correlations():
    Z = np.random.default_rng(4).standard_normal((4, 7))
    C = Z @ Z.T
    expected = multivariate_normal(np.zeros(4), C).cdf(np.zeros(4), rng=1)
    assert orthant4(C, 0, 1, 2, 3) == pytest.approx(expected, abs=3e-5)
    for order in ((3, 2, 1, 0), (1, 3, 0, 2)):
        assert orthant4(C, *order) == pytest.approx(orthant4(C, 0, 1, 2, 3), abs=1e-13)


def test_near_coincidence_is_continuous():
    """Student fields at correlation 1 - 1e-9 with teacher fields, against fields that coincide."""
    near = np.block([[np.eye(2), (1 - 1e-9) * np.eye(2)], [(1 - 1e-9) * np.eye(2), np.eye(2)]])
    same = np.block([[np.eye(2), np.eye(2)], [np.eye(2), np.eye(2)]])
    for pattern in product(range(4), repeat=4):
        value = relu_I4(same, *pattern)
        assert math.isfinite(value)
        assert value == pytest.approx(relu_I4(np.eye(2), *(i % 2 for i in pattern)), abs=1e-15)
        assert relu_I4(near, *pattern) == pytest.approx(value, abs=3e-5)  # the kink goes as the square root of the gap


def test_scaled_copies_and_opposite_fields():
    C = np.array([[1.0, 2.0, -1.0], [2.0, 4.0, -2.0], [-1.0, -2.0, 1.0]])  # b = 2a, c = -a
    assert relu_I4(C, 0, 1, 0, 1) == pytest.approx(2 * 0.5, rel=1e-15)
    assert relu_I4(C, 0, 0, 1, 1) == pytest.approx(4 * 0.5, rel=1e-15)
    assert relu_I4(C, 0, 2, 1, 1) == pytest.approx(0.0, abs=1e-15)
    assert relu_I4(C, 2, 2, 0, 1) == pytest.approx(0.0, abs=1e-15)
    assert I2(RELU, C, 0, 2) == pytest.approx(0.0, abs=1e-16)


def test_a_covariance_that_is_none_gives_nan():
    C = np.array([[-2.0, 0.0], [0.0, 1.0]])
    assert math.isnan(erf_weighted_I4(C, np.ones(2), 0, 0))
    assert math.isnan(I2(ERF, C, 0, 1))
    assert math.isnan(I2(RELU, C, 0, 1))


def test_nodes_crowd_towards_the_end():
    assert 0 < GRADED.min() < GRADED.max() < 1
    assert (GRADED > 0.99).sum() >= 8

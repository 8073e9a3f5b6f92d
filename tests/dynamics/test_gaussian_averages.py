"""The Gaussian averages of erf and relu units, against quadrature in one dimension, sampling and limits."""

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import erf
from scipy.stats import multivariate_normal

from engine.dynamics.gaussian_averages import ERF, I2, J2, RELU, orthant3, orthant4, weighted_I3, weighted_I4

ACTIVATIONS = {
    ERF: (lambda x: erf(x / np.sqrt(2)), lambda x: np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2)),
    RELU: (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
}


def covariance(fields: int, seed: int) -> np.ndarray:
    root = np.random.default_rng(seed).standard_normal((fields, fields + 2))
    return root @ root.T / fields


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_averages_of_two_fields_against_quadrature(activation):
    g, slope = ACTIVATIONS[activation]
    C = covariance(2, 1)
    law = multivariate_normal([0, 0], C)
    low, high = (0.0, 9.0) if activation == RELU else (-9.0, 9.0)
    expected = {
        f: dblquad(lambda y, x, h=h: h(np.array(x)) * h(np.array(y)) * law.pdf([x, y]), low, high, low, high, epsabs=1e-9)[0]
        for f, h in ((I2, g), (J2, slope))
    }
    for function, value in expected.items():
        assert function(activation, C, 0, 1) == pytest.approx(value, abs=1e-7)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("seed", [2, 3])
def test_averages_of_a_whole_step_against_sampling(activation, seed):
    g, slope = ACTIVATIONS[activation]
    rng = np.random.default_rng(seed)
    C, s = covariance(5, seed), rng.standard_normal(5)
    fields = rng.multivariate_normal(np.zeros(5), C, 400_000)
    error = g(fields) @ s
    drift = np.empty(5)
    weighted_I3(activation, C, s, 1, drift)
    samples = slope(fields[:, 1])[:, None] * fields * error[:, None]
    assert np.all(np.abs(samples.mean(0) - drift) < 5 * samples.std(0) / np.sqrt(len(fields)))
    for a, b in ((0, 1), (2, 2)):
        samples = slope(fields[:, a]) * slope(fields[:, b]) * error**2
        assert abs(samples.mean() - weighted_I4(activation, C, s, a, b)) < 5 * samples.std() / np.sqrt(len(fields))


@pytest.mark.parametrize("seed", range(4))
def test_orthants_against_the_cumulative_distribution(seed):
    C = covariance(4, seed)
    three = multivariate_normal(np.zeros(3), C[:3, :3], abseps=1e-9, releps=1e-9).cdf(np.zeros(3))
    assert orthant3(C, 0, 1, 2) == pytest.approx(three, abs=1e-7)
    four = multivariate_normal(np.zeros(4), C, abseps=1e-6, releps=1e-6, maxpts=4_000_000).cdf(np.zeros(4))
    assert orthant4(C, 0, 1, 2, 3) == pytest.approx(four, abs=3e-5)


@pytest.mark.parametrize("gap", [1e-4, 1e-6, 1e-8])
def test_four_fields_in_two_nearly_equal_pairs(gap):
    """P(a, b, a', b' > 0) tends to P(a, b > 0) like the angle between the twins: sqrt(2 gap)."""
    r = 0.3
    C = np.array([[1, r, 1 - gap, r], [r, 1, r, 1 - gap], [1 - gap, r, 1, r], [r, 1 - gap, r, 1]])
    pair = 0.25 + np.arcsin(r) / (2 * np.pi)
    assert 0 < pair - orthant4(C, 0, 1, 2, 3) < np.sqrt(2 * gap)


def test_independent_fields_factorise():
    assert orthant4(np.eye(4), 0, 1, 2, 3) == pytest.approx(1 / 16, abs=1e-14)
    assert orthant3(np.eye(3), 0, 1, 2) == pytest.approx(1 / 8, abs=1e-14)

import math

import numpy as np
import pytest

from engine.teacher_student.priors import (
    GAUSSIAN,
    RADEMACHER,
    SPARSE,
    code,
    denoise,
    draw,
    log_odds,
    scalar_field,
    scalar_information,
    scalar_overlap,
)

CASES = [(GAUSSIAN, 1.0), (RADEMACHER, 1.0), (SPARSE, 0.3), (SPARSE, 0.01), (SPARSE, 0.99)]


def brute_force(qhat, prior, rho):
    r"""(v, J) from the definitions: moments of $P_0(w)e^{-\hat qw^2/2+Bw}$ on a fine grid of B, averaged over teacher and noise."""
    parts = [(1.0, None)] if prior == RADEMACHER else [(rho, 1.0 + qhat), (1.0 - rho, 1.0)]  # weight, variance of B over qhat
    v = information = 0.0
    for weight, spread in parts:
        if weight <= 0.0:
            continue
        x = np.linspace(-14, 14, 400_001)
        density = np.exp(-x * x / 2) / math.sqrt(2 * math.pi) * (x[1] - x[0]) * weight
        if prior == RADEMACHER:
            B = qhat + math.sqrt(qhat) * x
            variance, log_Z = 1 - np.tanh(B) ** 2, -qhat / 2 + np.logaddexp(B, -B) - math.log(2)
        else:
            B = math.sqrt(qhat * spread) * x
            slab = np.log(rho) - 0.5 * np.log1p(qhat) + B * B / (2 * (1 + qhat))
            spike = np.log(1 - rho) if rho < 1 else -np.inf
            log_Z = np.logaddexp(slab, spike)
            pi, mean = np.exp(slab - log_Z), B / (1 + qhat)
            variance = pi / (1 + qhat) + pi * (1 - pi) * mean**2
        v += np.sum(density * variance)
        information -= np.sum(density * log_Z)
    return v, information + 0.5 * rho * qhat


@pytest.mark.parametrize(("prior", "rho"), CASES)
@pytest.mark.parametrize("qhat", [1e-3, 0.4, 0.999, 1.001, 7.0, 120.0])
def test_overlap_and_information_from_the_definitions(prior, rho, qhat):
    q, v = scalar_overlap(qhat, prior, rho)
    expected, information = brute_force(qhat, prior, rho)
    if not (prior == RADEMACHER and qhat > 20):  # 1 - tanh^2 has no digits left there
        assert v == pytest.approx(expected, rel=1e-8)
    assert q + v == pytest.approx(rho, rel=1e-13)
    assert scalar_information(qhat, prior, rho) == pytest.approx(information, rel=1e-8, abs=1e-11)


@pytest.mark.parametrize(("prior", "rho"), [*CASES, (SPARSE, 1e-4), (SPARSE, 0.9999)])
@pytest.mark.parametrize("qhat", [1e-2, 1.0, 30.0, 1e4, 1e8])
def test_information_grows_by_half_the_error(prior, rho, qhat):
    """J' = v/2 (Guo, Shamai & Verdú)."""
    h = 1e-3 * qhat
    J = [scalar_information(qhat + k * h, prior, rho) for k in (-2, -1, 1, 2)]
    slope = (J[0] - 8 * J[1] + 8 * J[2] - J[3]) / (12 * h)
    assert slope == pytest.approx(0.5 * scalar_overlap(qhat, prior, rho)[1], rel=1e-7, abs=1e-12 / qhat)


def test_small_and_large_fields():
    for prior, rho in CASES:
        assert scalar_overlap(1e-12, prior, rho)[0] == pytest.approx(rho * rho * 1e-12, rel=1e-9)
    v = scalar_overlap(600.0, RADEMACHER, 1.0)[1]
    assert v == pytest.approx(math.sqrt(math.pi / (2 * 600)) * math.exp(-300), rel=3e-3)  # int sech / sqrt(2 pi qhat) e^{-qhat/2}
    assert scalar_overlap(1e5, RADEMACHER, 1.0) == (1.0, 0.0)
    assert scalar_information(1e5, RADEMACHER, 1.0) == math.log(2)
    assert scalar_overlap(1e12, SPARSE, 0.3)[1] * 1e12 == pytest.approx(0.3, rel=1e-4)


@pytest.mark.parametrize(("prior", "rho"), CASES)
def test_field_inverts_overlap(prior, rho):
    for qhat in (1e-6, 0.1, 5.0, 200.0):
        assert scalar_field(*scalar_overlap(qhat, prior, rho), prior, rho) == pytest.approx(qhat, rel=1e-11)
    assert log_odds(math.log(1e5), RADEMACHER, 1.0) == math.inf


def test_a_dense_sparse_prior_is_gaussian():
    assert code("gauss-bernoulli", 1.0) == code("gaussian", 0.3) == (GAUSSIAN, 1.0)
    assert code("rademacher", 0.3) == (RADEMACHER, 1.0)
    almost = scalar_overlap(3.0, SPARSE, 1 - 1e-9)
    np.testing.assert_allclose(almost, scalar_overlap(3.0, GAUSSIAN, 1.0), rtol=1e-7)


@pytest.mark.parametrize(("prior", "rho"), CASES)
def test_denoisers_reach_the_error_of_theory(prior, rho):
    random, qhat, size = np.random.default_rng(3), 2.5, 400_000
    w = draw(prior, rho, size, random)
    assert np.mean(w**2) == pytest.approx(rho, abs=4 * np.std(w**2) / math.sqrt(size) + 1e-12)
    mean, variance = denoise(qhat, qhat * w + math.sqrt(qhat) * random.standard_normal(size), prior, rho)
    q, v = scalar_overlap(qhat, prior, rho)
    error = (w - mean) ** 2
    assert np.mean(error) == pytest.approx(v, abs=4 * np.std(error) / math.sqrt(size))
    assert variance == pytest.approx(v, abs=4 * np.std(error) / math.sqrt(size))
    assert np.mean(mean * w) == pytest.approx(q, abs=4 * np.std(mean * w) / math.sqrt(size))

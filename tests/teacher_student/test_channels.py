import math

import numpy as np
import pytest
from scipy import stats

from engine.teacher_student.channels import ABS, DOOR, LINEAR, RELU, SIGN, SPIN_FOUND, SPIN_UNCERTAIN, SPIN_V, entropy, fisher, interpolate
from engine.teacher_student.errors import generalization
from engine.teacher_student.priors import LN_2, RADEMACHER, scalar_information, scalar_overlap

WIDTH = 0.6744897501960817
CASES = [
    (LINEAR, 0.1, 0.0, 1.0),
    (SIGN, 0.0, 0.0, 1.0),
    (SIGN, 0.2, 0.1, 1.0),
    (SIGN, 0.0, 1e-6, 1.0),
    (DOOR, 0.0, 0.0, WIDTH),
    (DOOR, 0.1, 0.05, 0.3),
    (DOOR, 0.0, 1e-6, 2.0),
    (ABS, 0.0, 0.0, 1.0),
    (ABS, 0.01, 0.0, 1.0),
    (ABS, 2.0, 0.0, 1.0),
    (RELU, 0.0, 0.0, 1.0),
    (RELU, 0.01, 0.0, 1.0),
    (RELU, 2.0, 0.0, 1.0),
]
CHANNEL = ("channel", "delta", "p", "width")


@pytest.mark.parametrize(CHANNEL, CASES)
@pytest.mark.parametrize("rho", [1.0, 0.3])
def test_fisher_is_twice_the_slope_of_the_entropy(channel, delta, p, width, rho):
    """F = 2 dPsi/dq at fixed q + v, in both forms of each channel and across their border."""
    for part in (0.97, 0.7, 0.5, 0.2, 1e-2, 1e-4):
        v = part * rho
        q, h = rho - v, 2e-3 * min(v, rho - v)
        psi = [entropy(q + k * h, v - k * h, channel, delta, p, width) for k in (-3, -2, -1, 1, 2, 3)]
        slope = (-psi[0] + 9 * psi[1] - 45 * psi[2] + 45 * psi[3] - 9 * psi[4] + psi[5]) / (60 * h)
        F = fisher(q, v, channel, delta, p, width)
        rounding = 4e-15 * (abs(psi[2]) + F * q + 1e-2) / h
        assert 2 * slope == pytest.approx(F, rel=2e-8, abs=rounding), part


def likelihood(channel, delta, p, width, omega, v, z):
    """P(y|z) averaged over z ~ N(omega, v) on a grid z: labels y, their weights, and Z(y), for channels with a density or two labels."""
    weight = stats.norm.pdf(z, omega, math.sqrt(v)) * (z[1] - z[0])
    if channel in (SIGN, DOOR):
        if delta == 0.0:
            plus = np.where((z if channel == SIGN else np.abs(z) - width) > 0, 1.0, 0.0)
        elif channel == SIGN:
            plus = stats.norm.cdf(z / math.sqrt(delta))
        else:
            plus = stats.norm.cdf((z - width) / math.sqrt(delta)) + stats.norm.cdf((-z - width) / math.sqrt(delta))
        Z = np.array([np.sum(weight * (p + (1 - 2 * p) * plus)), np.sum(weight * (1 - p - (1 - 2 * p) * plus))])
        return np.ones(2), Z
    clean = {LINEAR: z, ABS: np.abs(z), RELU: np.maximum(z, 0)}[channel]
    y = np.linspace(-8 * math.sqrt(delta) - 8, 8 * math.sqrt(delta) + 8, 401)
    Z = stats.norm.pdf(y[:, None], clean, math.sqrt(delta)) @ weight
    return np.full(len(y), y[1] - y[0]), Z


@pytest.mark.parametrize(CHANNEL, [case for case in CASES if case[1] >= 0.1])
def test_fisher_and_entropy_from_the_definitions(channel, delta, p, width):
    """Every integral done on plain grids, the score by a finite difference."""
    q, v, h = 0.45, 0.55, 1e-3
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    z = np.linspace(-9, 9, 2001)
    F = psi = 0.0
    for x, weight in zip(nodes, weights / weights.sum(), strict=True):
        if weight < 1e-11:
            continue
        (dy, Z), (_, up), (_, down) = (likelihood(channel, delta, p, width, math.sqrt(q) * x + k * h, v, z) for k in (0, 1, -1))
        some = Z > 1e-200
        psi += weight * np.sum((dy * Z * np.log(Z, where=some, out=np.zeros_like(Z)))[some])
        F += weight * np.sum((dy * ((up - down) / (2 * h)) ** 2)[some] / Z[some])
    assert entropy(q, v, channel, delta, p, width) == pytest.approx(psi, rel=5e-6)
    assert fisher(q, v, channel, delta, p, width) == pytest.approx(F, rel=2e-5)


@pytest.mark.parametrize(("noisy", "tolerance"), [(1e-5, 3e-2), (1e-7, 3e-3)])
@pytest.mark.parametrize("channel", [ABS, RELU, SIGN, DOOR])
def test_no_noise_is_the_limit_of_little_noise(channel, noisy, tolerance):
    for v in (0.9, 0.5, 0.1):
        assert fisher(1 - v, v, channel, noisy, 0.0, WIDTH) == pytest.approx(fisher(1 - v, v, channel, 0.0, 0.0, WIDTH), rel=tolerance)


def test_end_of_the_curve_with_noise():
    """At v -> 0 noise alone is left: F = 1/Delta, of which ReLU keeps the half with z > 0."""
    for channel, share in ((LINEAR, 1.0), (ABS, 1.0), (RELU, 0.5)):
        for v in (0.0, 1e-250, 1e-12):
            assert fisher(1 - v, v, channel, 0.03, 0.0, 1.0) == pytest.approx(share / 0.03, rel=1e-4)
            assert entropy(1 - v, v, channel, 0.03, 0.0, 1.0) == pytest.approx(-0.5 * math.log(2 * math.pi * math.e * 0.03), rel=1e-4)
    for channel in (SIGN, DOOR):
        assert fisher(1.0, 1e-250, channel, 0.03, 0.1, WIDTH) == pytest.approx(fisher(1.0, 0.0, channel, 0.03, 0.1, WIDTH), rel=1e-12)
        assert entropy(1.0, 0.0, channel, 0.0, 0.1, WIDTH) == pytest.approx(0.1 * math.log(0.1) + 0.9 * math.log(0.9))
        assert entropy(1 - 1e-260, 1e-260, channel, 0.0, 0.0, WIDTH) == pytest.approx(0.0, abs=1e-120)
        assert fisher(1.0, 1e-260, channel, 0.0, 0.0, WIDTH) > 1e120


def test_even_channels_vanish_linearly_without_steps():
    """F / q is smooth down to q = 0: 2/rho^2 for noiseless abs."""
    for rho in (1.0, 0.2):
        assert fisher(1e-14 * rho, rho, ABS, 0.0, 0.0, 1.0) / (1e-14 * rho) == pytest.approx(2 / rho**2, rel=1e-11)
    for channel, delta in ((ABS, 0.0), (ABS, 0.3), (DOOR, 0.0), (DOOR, 0.3)):
        slope = [fisher(q, 1 - q, channel, delta, 0.0, WIDTH) / q for q in (1e-10, 1e-8, 1e-6, 2e-6)]
        np.testing.assert_allclose(slope, slope[2], rtol=1e-4)
        assert abs(slope[1] - slope[0]) < 1e-6 * slope[0]


def test_interpolated_spin_functions():
    for b in (0.013, 0.5, 0.9999, 1.011, 4.567, 11.3):
        q, v = scalar_overlap(b * b, RADEMACHER, 1.0)
        assert interpolate(SPIN_V, b) == pytest.approx(v, rel=1e-9)
        assert interpolate(SPIN_FOUND, b) == pytest.approx(q / b**2, rel=1e-9)
        uncertain = LN_2 - scalar_information(b * b, RADEMACHER, 1.0)
        assert interpolate(SPIN_UNCERTAIN, b) == pytest.approx(uncertain, rel=1e-9, abs=1e-15)
    assert interpolate(SPIN_V, 0.0) == 1.0
    assert interpolate(SPIN_V, 20.0) == 0.0


def outputs(channel, delta, p, width, z, random):
    """(noisy labels, noiseless outputs) at fields z."""
    noise = math.sqrt(delta) * random.standard_normal(z.shape)
    if channel in (SIGN, DOOR):
        rule = (lambda u: np.where(u > 0, 1.0, -1.0)) if channel == SIGN else lambda u: np.where(np.abs(u) > width, 1.0, -1.0)
        return rule(z + noise) * np.where(random.random(z.shape) < p, -1.0, 1.0), rule(z)
    clean = {LINEAR: z, ABS: np.abs(z), RELU: np.maximum(z, 0)}[channel]
    return clean + noise, clean


@pytest.mark.parametrize(CHANNEL, CASES)
@pytest.mark.parametrize(("q", "v"), [(0.4, 0.6), (0.25, 0.05)])
def test_errors_by_sampling(channel, delta, p, width, q, v):
    """Teacher, posterior mean and posterior draw as Gaussian fields; the predictors by averaging over draws."""
    random = np.random.default_rng(8)
    points, draws = 4000, 1500
    omega = math.sqrt(q) * random.standard_normal(points)
    z = omega[:, None] + math.sqrt(v) * random.standard_normal((points, draws))
    y, clean = outputs(channel, delta, p, width, z, random)
    found = generalization(q, v, channel, delta, p, width)
    label, target = y[:, 0], clean[:, 0]
    guess, clean_guess = y[:, 1:].mean(axis=1), clean[:, 1:].mean(axis=1)
    spread, clean_spread = y[:, 1:].var(axis=1) / draws, clean[:, 1:].var(axis=1) / draws
    samples = [(label - guess) ** 2 - spread, (target - clean_guess) ** 2 - clean_spread, (label - clean[:, 1]) ** 2]
    if channel in (SIGN, DOOR):
        samples += [np.where(guess >= 0, 1.0, -1.0) != label, clean[:, 1] != label]
    else:
        assert math.isnan(found[3])
        assert math.isnan(found[4])
    for value, sample in zip(found, samples, strict=False):
        assert value == pytest.approx(np.mean(sample), abs=4 * np.std(sample) / math.sqrt(points) + 1e-9)


@pytest.mark.parametrize(CHANNEL, CASES)
def test_errors_at_the_ends(channel, delta, p, width):
    """Nothing known: the variance of the label. All known: the noise alone, approached without loss of digits."""
    blind = generalization(0.0, 1.0, channel, delta, p, width)
    if channel in (SIGN, DOOR):
        plus = 0.5 if channel == SIGN else 2 * stats.norm.sf(width / math.sqrt(1 + delta))
        plus = p + (1 - 2 * p) * plus
        assert blind[0] == pytest.approx(4 * plus * (1 - plus), rel=1e-12)
        assert blind[3] == pytest.approx(min(plus, 1 - plus), rel=1e-12)
    else:
        variance = {LINEAR: 1.0, ABS: 1 - 2 / math.pi, RELU: 0.5 - 0.5 / math.pi}[channel]
        assert blind[0] == pytest.approx(variance + delta, rel=1e-12)
    known = generalization(1.0, 0.0, channel, delta, p, width)
    assert known[1] == 0.0
    near, nearer = (generalization(1.0, v, channel, delta, p, width)[1] for v in (1e-40, 1e-44))
    assert near / nearer == pytest.approx(1e4 if channel in (LINEAR, ABS, RELU) else 1e2, rel=1e-9)
    if delta == 0.0:
        assert known[0] == pytest.approx(4 * p * (1 - p) if channel in (SIGN, DOOR) else 0.0, abs=1e-15)

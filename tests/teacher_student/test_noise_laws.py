import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from engine.teacher_student.noise_laws import (
    Law,
    clipped,
    density,
    excess,
    excess_by_quadrature,
    excess_series,
    gaussian_clip,
    information,
    mass_at_zero,
    mmse,
    variance,
)
from engine.teacher_student.priors import SPARSE, scalar_overlap

LAPLACE = Law(True, 0.0, 1.0, 0.0)
LAWS = [
    LAPLACE,
    Law(True, 0.0, 1e-3, 0.0),
    Law(False, 0.0, 0.7, 0.0),
    Law(False, 0.1, 1.0, 10.0),
    Law(False, 0.8, 0.0, 2.0),
    Law(False, 0.3, 4.0, 1e-2),
]


def normal(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def scales(E, law):
    widths = [math.sqrt(E + v) for v in (0.0, law.inner, law.outer)] + [math.sqrt(v) for v in (law.inner, law.outer) if v]
    return {k * s for s in widths for k in (0.3, 1.0, 3.0, 8.0, 20.0, 60.0)}


def integral(f, low, high, breaks=(), epsrel=1e-11):
    edges = sorted({low, high, *(x for x in breaks if low < x < high)})
    return sum(quad(f, a, b, epsabs=1e-300, epsrel=epsrel, limit=200)[0] for a, b in pairwise(edges))


def convolution(r, E, law):
    """Density of the residual from its parts: of the mixture term by term, of Laplace noise by integrating over the Gaussian."""
    if not law.laplace:
        return sum(p * normal(r / math.sqrt(v + E)) / math.sqrt(v + E) for p, v in ((1 - law.share, law.inner), (law.share, law.outer)))
    b, s = math.sqrt(law.inner / 2), math.sqrt(E)
    breaks = [r / s, *(r / s + k * b / s for k in (-8, -1, 1, 8)), -8, -3, 0, 3, 8]
    return integral(lambda g: normal(g) * math.exp(-abs(r - s * g) / b) / (2 * b), -38.0, 38.0, breaks)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("E", [1e-6, 0.02, 1.0, 300.0])
def test_density_is_the_convolution(law, E):
    for r in (0.0, 0.03, -0.4, 2.5):
        assert density(r, E, law) == pytest.approx(convolution(r, E, law), rel=1e-9, abs=1e-200)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("E", [1e-8, 1e-3, 0.7, 50.0, 1e4])
def test_averages_below_a_level(law, E):
    breaks = scales(E, law)
    for c in np.geomspace(1e-4, 30.0, 12):
        inside = 2 * integral(lambda r: density(r, E, law), 0.0, c, breaks)
        outside = 2 * integral(lambda r: density(r, E, law), c, c + 100 * math.sqrt(E + variance(law)), breaks | {c + x for x in breaks})
        moment = 2 * integral(lambda r: r * r * density(r, E, law), 0.0, c, breaks) + c * c * outside
        found = clipped(c, E, law)
        np.testing.assert_allclose(found[1:3], [inside, moment], rtol=1e-9)
        assert found[0] == pytest.approx(outside, rel=1e-8, abs=1e-250)
        assert found[3] == pytest.approx(moment + E * (1 - 2 * inside), rel=1e-8, abs=1e-13 * E)  # Stein's identity


@pytest.mark.parametrize("law", [LAPLACE, Law(False, 0.3, 4.0, 0.0)])
def test_error_of_the_soft_threshold(law):
    random = np.random.default_rng(0)
    n, E, c = 400_000, 0.5, 0.8
    noise = (
        random.laplace(scale=math.sqrt(0.5), size=n) if law.laplace else np.where(random.random(n) < 0.3, 0, 2) * random.standard_normal(n)
    )
    r = noise + math.sqrt(E) * random.standard_normal(n)
    errors = (np.sign(r) * np.maximum(np.abs(r) - c, 0) - noise) ** 2
    assert clipped(c, E, law)[3] == pytest.approx(errors.mean(), abs=4 * errors.std() / math.sqrt(n))


def test_closed_forms_join_their_replacements():
    np.testing.assert_allclose(gaussian_clip(0.5), gaussian_clip(math.nextafter(0.5, 0)), rtol=1e-13)
    b = math.sqrt(0.5)
    for E in np.geomspace(1e-6, 1e2, 17):
        np.testing.assert_allclose(clipped(0.1 * b, E, LAPLACE), clipped(math.nextafter(0.1 * b, 0), E, LAPLACE), rtol=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_fisher_information(law):
    """J against the definition, the score by a difference quotient of the density."""
    series = excess_series()
    for E in (1e-4, 0.05, 1.0, 40.0):
        h = 1e-4 * math.sqrt(E)

        def squared_slope(r, E=E, h=h):
            p = [density(r + k * h, E, law) for k in (-2, -1, 1, 2)]
            middle = density(r, E, law)
            return ((p[0] - 8 * p[1] + 8 * p[2] - p[3]) / (12 * h)) ** 2 / middle if middle > 1e-280 else 0.0

        top = 8 * math.sqrt(E + max(law.inner, law.outer)) + 15 * math.sqrt(law.inner)
        expected = 2 * integral(squared_slope, 0.0, top, scales(E, law), 1e-7)
        assert information(E, law, series) == pytest.approx(expected, rel=1e-6)


def test_fisher_information_by_double_quadrature():
    """Density and slope of smoothed Laplace noise as integrals over the noise, inside the integral over the residual."""
    b, E = 1.0, 0.6
    s = math.sqrt(E)

    def convolved(f, r):
        return quad(lambda e: math.exp(-abs(e) / b) / (2 * b) * f((r - e) / s), r - 12 * s, r + 12 * s, points=[0.0], epsabs=1e-13)[0] / s

    def integrand(r):
        return convolved(lambda g: -g * normal(g) / s, r) ** 2 / convolved(normal, r)

    assert information(E, Law(True, 0.0, 2.0, 0.0), excess_series()) == pytest.approx(2 * quad(integrand, 0, 25, epsabs=1e-9)[0], rel=1e-6)


def test_series_of_the_excess():
    series = excess_series()
    for s in (1e-7, 0.003, 0.3, 1.7, 6.0, 24.9):
        assert excess(s, series) == pytest.approx(excess_by_quadrature(s), rel=1e-10, abs=2e-14)
    assert excess(25.001, series) == pytest.approx(excess(25.0, series), rel=2e-3)  # at 1.5e-10
    assert excess(1e-9, series) == pytest.approx(1.0, abs=1e-8)  # J of Laplace noise is 1/b^2, its variance 2 b^2


def test_information_between_its_limits():
    series = excess_series()
    for law in LAWS:
        for E in np.geomspace(1e-9, 1e9, 19):
            J = information(E, law, series)
            assert 1 / (E + variance(law)) <= J * (1 + 1e-12)
            assert J <= 1 / E
    far = Law(False, 0.2, 1e-10, 1e6)
    assert information(1e-10, far, series) == pytest.approx(0.8 / 2e-10, rel=1e-4)
    assert information(1.0, Law(False, 1.0, 3.0, 5.0), series) == pytest.approx(1 / 6)
    assert information(1.0, Law(False, 0.0, 3.0, 5.0), series) == pytest.approx(1 / 4)


def test_posterior_mean_of_a_signal():
    """Against the sparse prior of the teacher-student models, and Tweedie's formula for the mixture seen as noise."""
    series = excess_series()
    for qhat in (1e-3, 0.4, 7.0, 1e4):
        sparse = Law(False, 0.7, 1.0, 0.0)
        v = mmse(qhat, sparse, series)
        assert v == pytest.approx(scalar_overlap(qhat, SPARSE, 0.3)[1], rel=1e-12)
        assert v == pytest.approx((1 - information(1 / qhat, sparse, series) / qhat) / qhat, rel=1e-9)
        assert mmse(qhat, Law(False, 0.0, 1.0, 0.0), series) == pytest.approx(1 / (1 + qhat), rel=1e-14)
        grid = np.linspace(-30, 30, 6001)
        prior, step = np.exp(-math.sqrt(2) * np.abs(grid)), grid[1] - grid[0]
        seen = np.linspace(-40, 40, 401)
        if 0.1 < qhat < 100:
            weights = prior / math.sqrt(2) * np.exp(-qhat * (seen[:, None] - grid) ** 2 / 2) * math.sqrt(qhat / (2 * math.pi)) * step
            p, first, second = weights.sum(1), weights @ grid, weights @ grid**2
            assert mmse(qhat, LAPLACE, series) == pytest.approx(np.sum(second - first**2 / p) * (seen[1] - seen[0]), rel=1e-3)
    assert mmse(1e-9, LAPLACE, series) == pytest.approx(1.0, rel=1e-8)
    assert mmse(1e9, LAPLACE, series) == pytest.approx(1e-9, rel=1e-3)


def test_mass_at_zero():
    assert [mass_at_zero(law) for law in LAWS] == [0, 0, 0, 0, pytest.approx(0.2), 0]
    assert mass_at_zero(Law(False, 0.3, 0.0, 0.0)) == 1
    assert density(0.0, 0.0, LAWS[4]) == math.inf
    assert density(1.0, 0.0, LAWS[4]) == pytest.approx(0.8 * normal(1 / math.sqrt(2)) / math.sqrt(2))
    assert density(1.0, 0.0, LAPLACE) == pytest.approx(math.exp(-math.sqrt(2)) / math.sqrt(2))

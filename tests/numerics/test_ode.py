"""The Runge-Kutta kernels: order conditions, convergence, dense output, step control."""

import math

import numpy as np
import pytest
from numba import njit
from scipy.integrate import solve_ivp

from engine.numerics import ode


@njit
def pendulum(y, out):
    """y'' = -sin y."""
    out[0] = y[1]
    out[1] = -math.sin(y[0])


def step(y, h):
    """One step with dense output: the end point, its error estimate and the interpolant's coefficients."""
    n = y.size
    k, F, z, w = np.zeros((ode.DENSE_STAGES, n)), np.zeros((7, n)), np.zeros(n), np.zeros(n)
    pendulum(y, k[0])
    for s in range(1, ode.STAGES + 1):
        ode.stage(y, h, k, s, z)
        pendulum(z, k[s])
    for s in range(ode.STAGES + 1, ode.DENSE_STAGES):
        ode.stage(y, h, k, s, w)
        pendulum(w, k[s])
    ode.dense_coefficients(y, z, h, k, F)
    return z, ode.error_norm(y, z, h, k, 1e-10, 1e-12), F


def exact(y, t):
    return solve_ivp(lambda t, y: [y[1], -math.sin(y[0])], (0, t), y, method="DOP853", rtol=3e-14, atol=1e-16).y[:, -1]


START = np.array([1.0, 0.5])


def test_quadrature_conditions_up_to_order_eight():
    nodes = ode.A.sum(axis=1)[: ode.STAGES]
    weights = ode.A[ode.STAGES, : ode.STAGES]
    for power in range(8):
        assert weights @ nodes**power == pytest.approx(1 / (power + 1), abs=1e-14)


def test_embedded_solutions_are_consistent():
    nodes = ode.A.sum(axis=1)[: ode.STAGES]
    for row, order in zip(ode.ERROR[:, : ode.STAGES], (3, 5), strict=True):
        for power in range(order):
            assert row @ nodes**power == pytest.approx(0, abs=1e-13)
        assert abs(row @ nodes**order) > 1e-4


def test_local_error_falls_with_the_ninth_power_of_the_step():
    starts = np.random.default_rng(0).uniform(-1.5, 1.5, (20, 2))
    errors = [np.mean([np.abs(step(y, h)[0] - exact(y, h)).max() for y in starts]) for h in (1.2, 0.6)]
    assert 8.5 < math.log2(errors[0] / errors[1]) < 9.7


def test_dense_output_has_order_seven_inside_and_meets_the_ends():
    errors = []
    for h in (1.6, 0.8):
        z, _, F = step(START, h)
        w = np.empty(2)
        ode.interpolate(START, F, 0.0, w)
        np.testing.assert_allclose(w, START, rtol=1e-15)
        ode.interpolate(START, F, 1.0, w)
        np.testing.assert_allclose(w, z, rtol=1e-15)
        worst = 0.0
        for theta in np.linspace(0.05, 0.95, 19):
            ode.interpolate(START, F, theta, w)
            worst = max(worst, np.abs(w - exact(START, theta * h)).max())
        errors.append(worst)
    assert 7.0 < math.log2(errors[0] / errors[1]) < 9.5


def test_an_adaptive_run_keeps_its_tolerance():
    y, t, h, steps, rejected = START.copy(), 0.0, ode.first_step(START, np.array([0.5, -math.sin(1.0)]), 1e-10, 1e-12), 0, 0
    while t < 50.0:
        h = min(h, 50.0 - t)
        z, error, _ = step(y, h)
        if error <= 1.0:
            y, t, steps = z, t + h, steps + 1
        else:
            rejected += 1
        h *= ode.step_factor(error)
    assert np.abs(y - exact(START, 50.0)).max() < 1e-8
    reference = solve_ivp(lambda t, y: [y[1], -math.sin(y[0])], (0, 50), START, method="DOP853", rtol=1e-10, atol=1e-12)
    assert steps <= 1.2 * reference.t.size
    assert rejected < 0.2 * steps


def test_step_control_limits_and_rejects():
    assert ode.step_factor(0.0) == 6.0
    assert ode.step_factor(1e30) == pytest.approx(1 / 3)
    assert ode.step_factor(math.nan) == 0.1
    assert ode.step_factor(1.0) == 0.9
    z = np.zeros(2)
    assert ode.error_norm(z, z, 1.0, np.zeros((ode.DENSE_STAGES, 2)), 1e-10, 1e-12) == 0.0
    for s in (0, 7, ode.STAGES):  # a rate that does not exist, be it at the end of the step alone
        k = np.ones((ode.DENSE_STAGES, 2))
        k[s, 1] = math.nan
        assert math.isnan(ode.error_norm(z, z, 1.0, k, 1e-10, 1e-12))


def test_first_step_is_a_hundredth_of_the_time_scale():
    assert ode.first_step(np.array([2.0]), np.array([4.0]), 1e-10, 0.0) == pytest.approx(0.005)
    assert ode.first_step(np.zeros(1), np.ones(1), 1e-10, 1e-12) > 0.0
    assert ode.first_step(np.ones(1), np.zeros(1), 1e-10, 1e-12) > 0.0

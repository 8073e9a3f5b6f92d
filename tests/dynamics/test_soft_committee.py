"""Online learning of two-layer networks: an independent integration, closed forms, limits, and real gradient descent."""

import numpy as np
import pytest

import engine
from benchmarks.reference import soft_committee as plain

ID = "soft-committee"


@pytest.mark.parametrize(
    "parameters", [{}, {"K": 3, "M": 2, "sigma": 0.3}, {"K": 1, "M": 2, "eta": 1.5}, {"K": 4, "M": 4, "eps": 0.05, "q0": 0.5}]
)
def test_trajectory_against_a_plain_integration(parameters):
    times = np.geomspace(0.5, 300, 12)
    found = engine.sweep(ID, {"t": times}, **parameters)["gen_error"]
    np.testing.assert_allclose(found, plain.trajectory(times, **parameters)["gen_error"], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("K", [2, 3, 4, 7])
def test_plateau_and_escape_rate_at_small_learning_rate(K):
    """Saad & Solla 1995, to first order in the learning rate."""
    eta = 1e-4
    found = engine.solve(ID, K=K, M=K, eta=eta, t=0.0)
    height = K / np.pi * (np.pi / 6 - K * np.arcsin(1 / (2 * K)))
    rate = eta * 2 / np.pi * K / ((2 * K - 1) ** 0.5 * (2 * K + 1) ** 1.5)
    assert found["gen_error_plateau"] == pytest.approx(height, rel=2e-3)
    assert found["escape_rate"] == pytest.approx(rate, rel=2e-3)


def test_a_smaller_asymmetry_delays_the_escape_logarithmically():
    """Each factor 10 costs ln(10)/rate, the closer the smaller the asymmetry: the plateau is then reached before it is left."""
    delays = [engine.solve(ID, eps=eps, t=0.0) for eps in (1e-9, 1e-8, 1e-5, 1e-4)]
    small, large = (delays[i]["t_escape"] - delays[i + 1]["t_escape"] for i in (0, 2))
    expected = np.log(10) / delays[0]["escape_rate"]
    assert small == pytest.approx(expected, rel=0.01)
    assert abs(small - expected) < abs(large - expected)


def test_linear_unit_has_a_closed_form():
    """K = M = 1: R relaxes to 1 at rate eta, and Q follows; e_g = (1 - 2R + Q)/2."""
    eta, t, q0, eps = 0.4, 3.0, 0.25, 0.1
    found = engine.solve(ID, K=1, M=1, activation="linear", eta=eta, t=t, q0=q0, eps=eps)
    first = engine.solve(ID, K=1, M=1, activation="linear", eta=eta, t=0.0, q0=q0, eps=eps)
    assert found["R_1_1"] == pytest.approx(1 - (1 - first["R_1_1"]) * np.exp(-eta * t), rel=1e-8)
    assert found["gen_error"] == pytest.approx(first["gen_error"] * np.exp(-eta * (2 - eta) * t), rel=1e-8)


@pytest.mark.parametrize(("eta", "learns"), [(2.29, True), (2.33, False)])
def test_perfect_learning_ends_at_the_largest_learning_rate(eta, learns):
    found = engine.solve(ID, eta=eta, init="diagonal", eps=0.2, t=2e4)
    assert found["eta_max"] == pytest.approx(2.306827696, rel=1e-9)
    assert (found["gen_error"] < 1e-6) == learns


def test_noise_floor_is_the_late_error_at_small_learning_rate():
    for layers in ("first", "both"):
        found = engine.solve(ID, eta=0.01, sigma=0.5, K=2, M=2, init="informed", layers=layers, t=3000.0)
        assert found["gen_error"] == pytest.approx(found["gen_error_noise_floor"], rel=0.03)


def test_copies_share_the_noise():
    """Both layers: m copies of a teacher unit lower the error of an informed start by m (Goldt et al. 2019)."""
    one, two = (engine.solve(ID, eta=0.01, sigma=0.5, K=K, M=2, init="denoise", layers="both", t=3000.0)["gen_error"] for K in (2, 4))
    assert two == pytest.approx(one / 2, rel=0.05)


@pytest.mark.parametrize("activation", ["erf", "relu", "linear"])
def test_at_time_zero_the_start_is_returned(activation):
    found = engine.solve(ID, activation=activation, t=0.0, q0=0.3, eps=0.1)
    assert (found["Q_1_1"], found["Q_1_2"], found["v_2"]) == (0.3, 0.0, 1.0)
    assert 0 < found["R_2_1"] < 0.1


def test_what_is_learned_stays_learned():
    found = engine.solve(ID, init="informed", t=1e6)
    assert found["gen_error"] == 0.0
    assert found["R_1_1"] == found["Q_2_2"] == 1.0


def test_a_linear_student_can_run_away():
    found = engine.solve(ID, activation="linear", eta=5.0, t=1e5)
    assert found["diverged"] is True
    assert np.isnan(found["gen_error"])


def test_without_teacher_units_to_tell_apart_there_is_no_plateau():
    found = engine.solve(ID, K=1, M=1, t=1.0)
    assert all(np.isnan(found[name]) for name in ("gen_error_plateau", "escape_rate", "t_escape"))


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"eps": 0.0}, "eps"),
        ({"q0": 0.0}, "q0"),
        ({"A": 0.0}, "A"),
        ({"init": "random"}, "init"),
        ({"init": "informed", "K": 1}, "init"),
        ({"init": "denoise"}, "init"),
        ({"q0": 0.001, "eps": 0.3}, "eps"),
        ({"activation": "relu", "K": 8}, "K"),
    ],
)
def test_impossible_starts_are_refused(parameters, name):
    with pytest.raises(engine.ParameterError) as caught:
        engine.solve(ID, **parameters)
    assert caught.value.name == name


@pytest.mark.parametrize(
    "parameters",
    [
        {"eps": 0.2},
        {"eps": 0.2, "layers": "both", "v0": 0.5, "sigma": 0.3, "K": 3},
        {"eps": 0.2, "activation": "relu", "eta": 0.2},
        {"eps": 0.2, "teacher": "graded", "eta": 0.2},
    ],
)
def test_gradient_descent_follows_the_equations(parameters):
    """Before the escape, within 4 standard errors and the 1/sqrt(D) of a finite system."""
    times = [0.5, 2.0, 8.0]
    dots = engine.simulate_along(ID, "t", times, size=600, trials=6, seed=1, **parameters)
    curve = engine.sweep(ID, {"t": times}, **parameters)
    for name in ("gen_error", "R_1_1", "R_2_1", "Q_1_1", "Q_1_2"):
        allowed = 4 * dots[name].sem + 0.02 * np.abs(curve[name]) + 2e-3
        assert np.all(np.abs(dots[name].mean - curve[name]) < allowed), name

"""One neuron learning from a stream: rates, limits, learning rates, experiment."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import engine
from engine.dynamics import committee_flow as flow
from engine.dynamics import online_perceptron as model
from engine.dynamics import soft_committee
from engine.model import ParameterError

ID = "online-perceptron"


def solve(**p) -> dict:
    return engine.solve(ID, **p)


def rates(activation: str, eta: float, sigma: float, R: float, Q: float) -> tuple[float, float]:
    """dR/dt and dQ/dt."""
    dy = np.empty(2)
    model.rates(model.ACTIVATIONS[activation], eta, sigma**2, np.array([1 - R, Q - R * R]), dy)
    return -dy[0], dy[1] - 2 * R * dy[0]


@pytest.mark.parametrize("activation", ["erf", "relu"])
@pytest.mark.parametrize(("R", "Q"), [(0.3, 0.8), (-1.1, 2.0), (0.99, 1.02), (2.0, 30.0), (0.0, 0.01)])
def test_rates_and_error_are_those_of_the_committee_of_one(activation, R, Q):
    p = engine.model("soft-committee").validate({"K": 1, "M": 1, "activation": activation, "eta": 1.7, "sigma": 0.4})
    problem = soft_committee.pose(p, np.ones(1), np.ones(1))
    y, dy = np.array([Q, R]), np.empty(2)
    flow.rates(problem, y, dy)
    np.testing.assert_allclose(rates(activation, 1.7, 0.4, R, Q), dy[::-1], rtol=1e-10, atol=1e-12)
    assert model.gen_error(model.ACTIVATIONS[activation], 1 - R, Q - R * R) == pytest.approx(flow.gen_error(problem, y), rel=1e-9)


@pytest.mark.parametrize(
    "p",
    [
        {"activation": "linear", "eta": 0.7, "sigma": 0.3},
        {"activation": "erf", "eta": 2.5},
        {"activation": "erf", "eta": 6.0, "sigma": 0.5},
        {"activation": "relu", "eta": 1.3, "sigma": 0.2},
    ],
)
def test_trajectories_are_those_of_the_committee_of_one(p):
    times = np.array([0.0, 0.5, 3.0, 20.0])
    committee = engine.sweep("soft-committee", {"t": times}, K=1, M=1, q0=0.5, eps=0.2, **p)
    found = engine.sweep(ID, {"t": times}, q0=0.5, rho0=committee["R_1_1"][0] / math.sqrt(0.5), **p)
    for name, other in (("gen_error", "gen_error"), ("R", "R_1_1"), ("Q", "Q_1_1")):
        np.testing.assert_allclose(found[name], committee[other], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("activation", ["linear", "erf", "relu"])
def test_rates_are_the_mean_change_per_step(activation):
    """Sampled fields against dR/dt and dQ/dt; for linear neurons those of the closed form."""
    eta, sigma, R, Q = 0.9, 0.6, 0.4, 1.5
    rng = np.random.default_rng(3)
    teacher, z, zeta = rng.standard_normal((3, 400_000))
    student = R * teacher + math.sqrt(Q - R * R) * z
    g = {"linear": lambda x: x, "relu": lambda x: np.maximum(x, 0), "erf": np.vectorize(lambda x: math.erf(x / math.sqrt(2)))}[activation]
    slope = {"linear": 1.0, "relu": student > 0, "erf": math.sqrt(2 / math.pi) * np.exp(-(student**2) / 2)}[activation]
    step = eta * (g(teacher) + sigma * zeta - g(student)) * slope
    changes = np.array([step * teacher, 2 * step * student + step**2])
    if activation == "linear":
        before, after = (solve(eta=eta, sigma=sigma, q0=Q, rho0=R / math.sqrt(Q), t=t) for t in (0.0, 1e-6))
        expected = [(after[name] - before[name]) * 1e6 for name in ("R", "Q")]
    else:
        expected = rates(activation, eta, sigma, R, Q)
    assert (np.abs(changes.mean(axis=1) - expected) < 4 * changes.std(axis=1) / math.sqrt(teacher.size) + 1e-5).all()


@pytest.mark.parametrize(
    "p",
    [
        {"activation": "erf", "eta": 0.05, "t": 60.0},
        {"activation": "erf", "eta": 3.9, "t": 40.0},
        {"activation": "erf", "eta": 50.0, "sigma": 10.0, "t": 30.0},
        {"activation": "relu", "eta": 1.9, "sigma": 0.1, "q0": 20.0, "t": 25.0},
        {"activation": "relu", "eta": 0.3, "rho0": -1.0, "t": 30.0},
        {"activation": "relu", "eta": 3.0, "t": 20.0},
    ],
)
def test_against_an_independent_integrator(p):
    p = {"sigma": 0.0, "q0": 1.0, "rho0": 0.0} | p
    start = [p["rho0"] * math.sqrt(p["q0"]), p["q0"]]
    path = solve_ivp(
        lambda _, y: rates(p["activation"], p["eta"], p["sigma"], y[0], max(y[1], y[0] ** 2)),
        (0, p["t"]),
        start,
        "DOP853",
        rtol=1e-11,
        atol=1e-14,
    )
    found = solve(**p)
    assert found["R"] == pytest.approx(path.y[0, -1], rel=1e-7)
    assert found["Q"] == pytest.approx(path.y[1, -1], rel=1e-7)
    assert found["rho"] == pytest.approx(found["R"] / math.sqrt(found["Q"]), rel=1e-12)


@pytest.mark.parametrize("eta", [0.01, 1.2, 1.999999, 2.0, 2.000001, 5.0])
def test_linear_neurons_in_closed_form(eta):
    sigma, q0, rho0, t = 0.4, 3.0, -0.5, 2.5
    found = solve(eta=eta, sigma=sigma, q0=q0, rho0=rho0, t=t)
    R0 = rho0 * math.sqrt(q0)
    e0, decay = 0.5 * (1 - 2 * R0 + q0), eta * (2 - eta)
    fed = 0.5 * eta**2 * sigma**2 * (t if decay == 0 else -math.expm1(-decay * t) / decay)
    assert found["gen_error"] == pytest.approx(e0 * math.exp(-decay * t) + fed, rel=1e-12)
    assert found["R"] == pytest.approx(1 - (1 - R0) * math.exp(-eta * t), rel=1e-12)
    assert found["Q"] == pytest.approx(2 * found["gen_error"] - 1 + 2 * found["R"], rel=1e-12)


@pytest.mark.parametrize(
    ("activation", "eta"), [("linear", 0.4), ("linear", 1.7), ("erf", 1.0), ("erf", 2.2), ("erf", 3.9), ("relu", 0.4), ("relu", 1.7)]
)
def test_the_rate_is_the_late_decay(activation, eta):
    rate = solve(activation=activation, eta=eta)["rate"]
    late = 12.0 / rate
    first, second = (solve(activation=activation, eta=eta, t=t)["gen_error"] for t in (late, late + 4.0 / rate))
    assert math.log(first / second) / 4.0 == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("activation", ["linear", "erf", "relu"])
def test_the_best_learning_rate_has_the_largest_rate_and_the_critical_one_none(activation):
    best, critical = (solve(activation=activation)[name] for name in ("eta_opt", "eta_c"))
    grid = np.linspace(0.01, 1.3, 200) * critical
    found = np.array([solve(activation=activation, eta=eta, t=0.0)["rate"] for eta in grid])
    assert grid[np.argmax(found)] == pytest.approx(best, abs=0.01 * critical)
    assert found.max() <= solve(activation=activation, eta=best)["rate"] + 1e-12
    assert solve(activation=activation, eta=critical)["rate"] == pytest.approx(0.0, abs=1e-12)
    assert ((found < 0) == (grid > critical)).all()


@pytest.mark.parametrize(
    "p",
    [
        {"activation": "linear", "eta": 1.8, "sigma": 0.5},
        {"activation": "linear", "eta": 2.0, "q0": 2.0},
        {"activation": "erf", "eta": 0.2, "sigma": 0.1},
        {"activation": "erf", "eta": 4.3},
        {"activation": "erf", "eta": 2.0, "sigma": 0.6},
        {"activation": "relu", "eta": 0.02, "sigma": 3.0},
        {"activation": "relu", "eta": 2.0, "sigma": 2.0},
        {"activation": "relu", "eta": 2.2},
        {"activation": "relu", "eta": 2.08, "sigma": 0.2, "q0": 1e-6},
    ],
)
def test_the_limit_is_where_the_flow_ends(p):
    found = solve(**p, t=3000.0)
    assert found["gen_error"] == pytest.approx(found["gen_error_inf"], rel=1e-8)


@pytest.mark.parametrize(("activation", "eta"), [("erf", 1e-3), ("erf", 3.0), ("relu", 1e-3), ("relu", 1.5)])
def test_weak_noise_leaves_an_error_proportional_to_its_variance(activation, eta):
    """To first order V = η²σ² E[g'²] / (2η E[g'²] - η² E[g'⁴])."""
    _, across, fourth = model.MOMENTS[activation]
    sigma = 1e-3
    expected = 0.5 * across * eta * sigma**2 * across / (2 * across - eta * fourth)
    assert solve(activation=activation, eta=eta, sigma=sigma)["gen_error_inf"] == pytest.approx(expected, rel=5e-3)


def test_relu_keeps_a_fixed_point_a_little_above_the_critical_rate():
    assert solve(activation="relu", eta=2.2464)["gen_error_inf"] < 1.0
    assert math.isnan(solve(activation="relu", eta=2.2466)["gen_error_inf"])
    inside, outside = (solve(activation="relu", eta=2.1, q0=q0, t=1000.0) for q0 in (2.0, 50.0))
    assert inside["gen_error"] == pytest.approx(inside["gen_error_inf"], rel=1e-9)
    assert outside["gen_error"] > 1e10
    assert math.isnan(outside["gen_error_inf"])


def test_erf_never_blows_up():
    found = engine.sweep(ID, {"t": [1e4, 1e5, 1e6]}, activation="erf", eta=8.0, sigma=1.0)
    slopes = np.diff(np.log(found["gen_error"] - 1 / 6)) / math.log(10)
    assert slopes == pytest.approx(-1 / 3, abs=0.03)
    assert np.diff(np.log(found["Q"])) / math.log(10) == pytest.approx(2 / 3, abs=0.03)
    assert found["gen_error_inf"] == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    "p", [{}, {"activation": "erf", "eta": 4.5}, {"activation": "relu", "sigma": 0.1}, {"activation": "relu", "eta": 3.0}]
)
def test_a_trajectory_is_its_points_in_any_order(p):
    times = [30.0, 0.0, 1e5, 2.0, 30.0, 1e-7, 400.0]
    line = engine.sweep(ID, {"t": times}, **p)
    for i, t in enumerate(times):
        for name, value in solve(**p, t=t).items():
            assert line[name][i] == value or (math.isnan(line[name][i]) and math.isnan(value)), (name, t)


@pytest.mark.parametrize("activation", ["linear", "erf", "relu"])
def test_the_start_is_the_initial_state(activation):
    found = solve(activation=activation, q0=1e-30, rho0=-0.3, t=0.0)
    assert found["Q"] == 1e-30
    assert found["rho"] == -0.3
    assert solve(activation=activation, q0=4.0, rho0=1.0, t=0.0)["R"] == 2.0


@pytest.mark.parametrize("activation", ["linear", "erf"])
def test_a_student_without_weights_has_no_direction(activation):
    start, later = (solve(activation=activation, q0=0.0, t=t) for t in (0.0, 0.5))
    assert math.isnan(start["rho"])
    assert start["Q"] == start["R"] == 0.0
    assert start["gen_error"] == pytest.approx(0.5 if activation == "linear" else 1 / 6, rel=1e-12)
    assert 0 < later["rho"] < 1


def test_relu_needs_a_direction():
    for call in (solve, lambda **p: engine.simulate(ID, **p)):
        with pytest.raises(ParameterError, match="q0") as caught:
            call(activation="relu", q0=0.0)
        assert caught.value.name == "q0"


@pytest.mark.parametrize(("activation", "eta"), [("linear", 3.0), ("erf", 7.0), ("relu", 2.6)])
def test_who_knows_everything_forgets_nothing_without_noise(activation, eta):
    found = solve(activation=activation, eta=eta, rho0=1.0, t=1e6)
    assert found["gen_error"] == found["gen_error_inf"] == 0.0
    assert found["R"] == found["Q"] == found["rho"] == 1.0


def test_what_overflows_is_absent():
    linear, relu = (solve(activation=activation, eta=3.0, t=1e4) for activation in ("linear", "relu"))
    assert linear["R"] == 1.0
    for found in (linear, relu):
        assert all(math.isnan(found[name]) for name in ("gen_error", "Q", "rho", "gen_error_inf"))


def test_small_errors_keep_their_digits():
    """Linear and relu neurons have e_g = (p² + V)/2 and, near the solution, half of that: no cancellation."""
    for activation, factor in (("linear", 1.0), ("relu", 0.5)):
        rate = solve(activation=activation, eta=0.7 / factor)["rate"]
        found = engine.sweep(ID, {"t": np.array([40.0, 50.0, 60.0]) / rate}, activation=activation, eta=0.7 / factor)["gen_error"]
        assert 0 < found[-1] < 1e-25
        np.testing.assert_allclose(np.diff(np.log(found)), -10.0, rtol=1e-4)


# Experiment


@pytest.mark.parametrize(
    "p",
    [
        {"activation": "linear", "eta": 1.2, "sigma": 0.4, "t": 3.0},
        {"activation": "erf", "eta": 2.0, "sigma": 0.3, "rho0": 0.5, "t": 5.0},
        {"activation": "relu", "eta": 1.0, "sigma": 0.2, "t": 5.0},
        {"activation": "relu", "eta": 2.1, "sigma": 0.3, "t": 30.0},
    ],
)
def test_sgd_agrees_with_the_theory(p):
    theory, dots = solve(**p), engine.simulate(ID, size=400, trials=8, seed=2, **p)
    assert set(dots) == {"gen_error", "R", "Q", "rho"}
    for name, dot in dots.items():
        assert abs(dot.mean - theory[name]) <= 4 * dot.sem + 0.01 * abs(theory[name]), name


def test_sgd_starts_exactly_where_the_theory_does_and_one_run_gives_the_curve():
    p = {"activation": "erf", "q0": 0.7, "rho0": -0.4}
    curve = engine.simulate_along(ID, "t", [2.0, 0.0, 1.0], size=100, trials=3, seed=5, **p)
    for name, value in solve(**p, t=0.0).items():
        if name in curve:
            assert curve[name].mean[1] == pytest.approx(value, rel=1e-12)
    assert curve["Q"].mean[0] == engine.simulate(ID, size=100, trials=3, seed=5, **p, t=2.0)["Q"].mean


def test_a_run_that_overflowed_is_absent_and_one_of_hours_refused():
    dots = engine.simulate_along(ID, "t", [0.0, 300.0], size=60, trials=2, eta=5.0)
    assert np.isfinite(dots["gen_error"].mean[0])
    assert np.isnan(dots["gen_error"].mean[1])
    with pytest.raises(ParameterError, match="t must be at most"):
        engine.simulate(ID, size=10_000, trials=100, t=1e6)

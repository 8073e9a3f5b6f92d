"""The order parameters of two-layer networks: rates, integration, derived quantities, experiment."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import erf

import engine
from engine.dynamics import committee_flow as flow
from engine.dynamics import soft_committee as model
from engine.model import ConvergenceError, ParameterError

ID = "soft-committee"
NAN = pytest.approx(math.nan, nan_ok=True)


def solve(**p) -> dict:
    return engine.solve(ID, **p)


def along(times, **p) -> dict:
    fixed = engine.model(ID).validate(p)
    del fixed["t"]
    return engine.model(ID).solve_along("t", np.asarray(times, float), **fixed)


def problem(**p) -> tuple[flow.Problem, np.ndarray]:
    """Problem and initial state, every student unit a field of its own."""
    p = engine.model(ID).validate(p)
    Q, R, v = model.initial_overlaps(**p)
    posed = model.pose(p, v, np.ones(p["K"]))
    return posed, model.pack(posed, Q, R, v)


def rates(posed, y) -> np.ndarray:
    dy = np.empty(y.size)
    flow.rates(posed, y, dy)
    return dy


def by_scipy(posed, y, t, rtol=1e-12, atol=1e-14) -> np.ndarray:
    return solve_ivp(lambda _, y: rates(posed, y), (0, t), y, method="DOP853", rtol=rtol, atol=atol).y[:, -1]


# Rates


G = {"erf": lambda x: erf(x / math.sqrt(2)), "relu": lambda x: np.maximum(x, 0), "linear": lambda x: x}
SLOPE = {"erf": lambda x: math.sqrt(2 / math.pi) * np.exp(-x * x / 2), "relu": lambda x: x > 0.0, "linear": np.ones_like}


@pytest.mark.parametrize("activation", ["erf", "relu", "linear"])
def test_rates_are_the_mean_change_per_step(activation):
    """Sampled fields, the change of every overlap in one step of SGD to leading order, against the rates."""
    rng = np.random.default_rng(5)
    K, M, eta, eta_v, sigma, A, samples = 3, 2, 0.7, 0.4, 0.6, 1.3, 400_000
    Z = rng.standard_normal((K, K + M + 2))
    Q, R, v = Z @ Z.T / 8, 0.3 * Z[:, :M], np.array([0.8, -0.5, 1.1])
    T = np.array([1.0, 2.0])
    p = {
        "K": K,
        "M": M,
        "activation": activation,
        "eta": eta,
        "eta_v": eta_v,
        "sigma": sigma,
        "A": A,
        "layers": "both",
        "teacher": "graded",
    }
    posed = model.pose(engine.model(ID).validate(p), v, np.ones(K))
    predicted = rates(posed, model.pack(posed, Q, R, v))

    C = np.block([[Q, R], [R.T, np.diag(T)]])
    fields = rng.standard_normal((samples, K + M)) @ np.linalg.cholesky(C).T
    student, teacher = fields[:, :K], fields[:, K:]
    truth = A * G[activation](teacher).sum(axis=1)
    error = truth + sigma * rng.standard_normal(samples) - G[activation](student) @ v
    pull = eta * v * SLOPE[activation](student) * error[:, None]
    change = [pull[:, k] * student[:, m] + pull[:, m] * student[:, k] + pull[:, k] * pull[:, m] for k in range(K) for m in range(k + 1)]
    change += [pull[:, k] * teacher[:, n] for k in range(K) for n in range(M)]
    change += [eta_v * error * G[activation](student[:, k]) for k in range(K)]
    change = np.array(change)
    sem = change.std(axis=1) / math.sqrt(samples)
    assert (np.abs(change.mean(axis=1) - predicted) < 4.5 * sem).all()

    squared = 0.5 * (truth - G[activation](student) @ v) ** 2
    found = flow.gen_error(posed, model.pack(posed, Q, R, v))
    assert abs(squared.mean() - found) < 4.5 * squared.std() / math.sqrt(samples)


@pytest.mark.parametrize("activation", ["erf", "relu", "linear"])
def test_symmetric_rates_are_the_full_ones_in_the_subspace(activation):
    posed, _ = problem(K=4, M=3, activation=activation, sigma=0.3, v0=0.7, eta=0.8)
    y = model.pack(posed, np.where(np.eye(4, dtype=bool), 0.5, 0.2), np.full((4, 3), 0.25), posed.v)
    full, few = rates(posed, y), rates(posed._replace(symmetric=True), np.array([0.5, 0.2, 0.25]))
    np.testing.assert_allclose(full[[0, 2, 5, 9]], few[0], rtol=1e-13)
    np.testing.assert_allclose(full[[1, 3, 4, 6, 7, 8]], few[1], rtol=1e-13)
    np.testing.assert_allclose(full[10:], few[2], rtol=1e-13)


# Integration


@pytest.mark.parametrize(
    "p",
    [
        {"t": 300.0, "eps": 0.1},
        {"K": 3, "M": 2, "layers": "both", "sigma": 0.4, "v0": 0.3, "teacher": "graded", "t": 80.0},
        {"K": 2, "M": 4, "eta": 1.3, "A": -2.0, "q0": 3.0, "t": 50.0},
        {"K": 3, "M": 2, "activation": "linear", "layers": "both", "eta_v": 0.1, "sigma": 0.1, "t": 40.0},
        {"K": 4, "M": 2, "sigma": 0.3, "init": "informed", "t": 60.0},
    ],
)
def test_against_an_independent_integrator(p):
    posed, y = problem(**p)
    expected = by_scipy(posed, y, p["t"])
    found = solve(**p)
    assert found["gen_error"] == pytest.approx(flow.gen_error(posed, expected), rel=1e-7, abs=1e-11)
    assert found["Q_1_1"] == pytest.approx(expected[0], rel=1e-8)
    assert found["Q_2_1"] == found["Q_1_2"] == pytest.approx(expected[1], rel=1e-8)


def test_relu_against_an_independent_integrator():
    p = {"activation": "relu", "K": 3, "M": 2, "eta": 0.4, "eps": 0.05, "sigma": 0.2, "layers": "both", "t": 30.0}
    posed, y = problem(**p)
    assert solve(**p)["gen_error"] == pytest.approx(flow.gen_error(posed, by_scipy(posed, y, 30.0, 1e-10, 1e-13)), rel=2e-7)


@pytest.mark.parametrize("eta", [0.3, 1.2, 1.95])
def test_one_linear_unit_in_closed_form(eta):
    sigma, q0, eps, t = 0.4, 0.5, 0.2, 3.7
    R0 = solve(K=1, M=1, t=0.0, eps=eps)["R_1_1"]
    found = solve(K=1, M=1, activation="linear", eta=eta, sigma=sigma, q0=q0, eps=eps, t=t)
    rest = eta * sigma**2 / (2 * (2 - eta))
    start = 0.5 * (1 - 2 * R0 + q0)
    assert found["R_1_1"] == pytest.approx(1 - (1 - R0) * math.exp(-eta * t), rel=1e-11)
    assert found["gen_error"] == pytest.approx(rest + (start - rest) * math.exp(-eta * (2 - eta) * t), rel=1e-11)


def test_linear_units_act_as_one():
    """Equal second-layer weights: u = sum_k w_k learns the sum of the teacher vectors at the rate K η, its noise also K-fold."""
    K, M, eta, sigma, t = 3, 2, 0.2, 0.3, 4.0
    start, found = (solve(K=K, M=M, activation="linear", eta=eta, sigma=sigma, t=time, eps=0.1) for time in (0.0, t))
    rate = K * eta
    rest = rate * sigma**2 / (2 * (2 - rate))
    decay = math.exp(-rate * (2 - rate) * t)
    assert found["gen_error"] == pytest.approx(rest + (start["gen_error"] - rest) * decay, rel=1e-10)


@pytest.mark.parametrize(
    "p",
    [
        {},
        {"activation": "relu", "eps": 0.01},
        {"sigma": 0.5},
        {"K": 3, "M": 2, "layers": "both", "sigma": 0.2},
        {"activation": "linear", "eta": 5.0},
    ],
)
def test_a_trajectory_is_its_points_in_any_order(p):
    times = [700.0, 0.0, 3.0, 250.0, 3.0, 1e4, 90.0, 2.5e5]
    line = along(times, **p)
    for i, t in enumerate(times):
        point = solve(**p, t=t)
        assert list(line) == list(point)
        for name, value in point.items():
            assert line[name][i] == value or (math.isnan(line[name][i]) and math.isnan(value)), (name, t)


def test_the_start_is_the_initial_state():
    p = {"K": 3, "M": 2, "eps": 0.2, "q0": 0.7, "v0": 0.4, "layers": "both"}
    found = solve(**p, t=0.0)
    golden = (math.sqrt(5) - 1) / 2
    for k in range(3):
        assert found[f"v_{k + 1}"] == 0.4
        for n in range(2):
            assert found[f"R_{k + 1}_{n + 1}"] == pytest.approx(0.2 * math.fmod(golden * (2 * k + n + 1) ** 2, 1.0), rel=1e-13)
        for m in range(3):
            assert found[f"Q_{k + 1}_{m + 1}"] == (0.7 if k == m else 0.0)
    assert math.isfinite(solve(t=0.0)["t_escape"])


@pytest.mark.parametrize(("eta", "layers"), [(1.9, "first"), (30.0, "both"), (0.3, "both")])
def test_stiff_and_plain_method_agree(eta, layers):
    posed, y = problem(K=2, M=2, activation="relu" if eta < 1 else "erf", eta=eta, layers=layers, sigma=0.2, eps=0.1)
    times, runs = np.array([0.5, 4.0, 9.0]), []
    for method in (flow.advance, flow.advance_implicit):
        states, clock, z = np.full((3, y.size), math.nan), np.array([0.0, 0.0, math.nan]), y.copy()
        while (reason := method(posed, 1e-10, 1e-12, -1.0, -1.0, times, states, clock, z)) == flow.UNFINISHED:
            pass
        assert reason == flow.FINISHED
        runs.append(states)
    np.testing.assert_allclose(runs[0], runs[1], rtol=1e-7, atol=1e-9)


def test_the_stiff_method_finds_the_escape_too():
    posed, y = problem(eps=0.05)
    expected, threshold = solve(eps=0.05)["t_escape"], 0.5 * solve()["gen_error_plateau"]
    states, clock = np.empty((0, y.size)), np.array([0.0, 0.0, math.nan])
    while flow.advance_implicit(posed, 1e-10, 1e-12, 1e-12, threshold, np.empty(0), states, clock, y) == flow.UNFINISHED:
        pass
    assert clock[2] == pytest.approx(expected, rel=1e-6)


def test_stiff_rates_are_bridged():
    """Noise drives Q of linear units up without end while v shrinks: the time scales spread to 1e6."""
    p = {"activation": "linear", "layers": "both", "eta": 35.0, "A": 3.5, "teacher": "graded", "sigma": 0.1, "t": 2000.0}
    found = solve(**p)
    assert found["Q_1_1"] > 1e3
    assert 0.0 < found["gen_error"] < 0.1
    assert not found["diverged"]


@pytest.mark.parametrize("p", [{"sigma": 0.5}, {"K": 2, "M": 4}, {"K": 4, "M": 4, "sigma": 0.2}, {"activation": "relu", "sigma": 1.0}])
def test_long_runs_come_to_rest_at_a_fixed_point(p):
    """What stays after t = 1e6 is a zero of the rates, polished here by Newton's method, and it is stable."""
    found = solve(**p, t=1e6)
    posed, _ = problem(**p)
    K, M = posed.K, posed.M
    Q = np.array([[found[f"Q_{k}_{m}"] for m in range(1, K + 1)] for k in range(1, K + 1)])
    R = np.array([[found[f"R_{k}_{n}"] for n in range(1, M + 1)] for k in range(1, K + 1)])
    point = flow.newton(posed, model.pack(posed, Q, R, posed.v))
    assert found["gen_error"] == pytest.approx(flow.gen_error(posed, point), rel=1e-7)
    assert np.linalg.eigvals(flow.jacobian(posed, point)).real.max() < 0.0
    assert math.isnan(found["t_escape"]) == (p["sigma"] > 0.3 if "sigma" in p else True)


def test_overlaps_of_several_students_per_teacher_do_not_depend_on_the_tolerance(monkeypatch):
    p = {"K": 6, "M": 3, "init": "diagonal", "t": 4000.0}
    usual = solve(**p)
    monkeypatch.setitem(model.TOLERANCES, "erf", (1e-11, 1e-14))
    assert solve(**p)["gen_error"] == pytest.approx(usual["gen_error"], rel=1e-3)


# The ends of runs


def test_a_learned_run_ends_and_keeps_its_state():
    found = along([1e3, 1e4, 1e6])
    assert (found["gen_error"] == found["gen_error"][0]).all()
    assert found["gen_error"][0] < 1e-12
    assert {round(found[f"R_1_{n}"][0], 4) for n in (1, 2)} == {0.0, 1.0}


def test_a_learned_relu_run_does_not_climb_again():
    errors = along([320.0, 400.0, 1e4], activation="relu", eta=0.2, eps=0.01)["gen_error"]
    assert errors.max() < 1e-8


@pytest.mark.parametrize(
    "p",
    [
        {"init": "informed", "eta": 3.0},
        {"init": "informed", "K": 3, "M": 2, "layers": "both", "eta": 6.0},
        {"init": "denoise", "K": 5, "M": 2, "layers": "both", "eta": 6.0},
        {"init": "denoise", "K": 3, "M": 2, "layers": "both", "activation": "relu", "eta": 6.0, "teacher": "graded"},
    ],
)
def test_a_student_that_is_the_teacher_stays_it(p):
    start, end = solve(**p, t=0.0), solve(**p, t=1e6)
    assert end["gen_error"] == pytest.approx(0.0, abs=1e-14)
    assert all(end[name] == start[name] for name in end if name[:2] in ("R_", "Q_", "v_"))


def test_escape_is_at_once_for_a_student_that_knows():
    assert solve(init="informed")["t_escape"] == 0.0
    assert solve(init="informed", K=3, sigma=0.1)["t_escape"] == 0.0


@pytest.mark.parametrize(("activation", "eta"), [("linear", 2.5), ("relu", 6.0)])
def test_relu_and_linear_can_run_away(activation, eta):
    p = {"activation": activation, "eta": eta, "sigma": 0.1}
    before, after = solve(**p, t=0.05), solve(**p, t=1e5)
    assert not before["diverged"]
    assert before["gen_error"] > 0.0
    assert after["diverged"]
    assert all(math.isnan(after[name]) for name in ("gen_error", "R_1_1", "Q_1_2", "v_2", "t_escape"))
    assert math.isnan(before["t_escape"])


def test_relu_units_of_the_wrong_sign_can_die():
    """Weights of both layers shrink together; what is left is half the power of four orthogonal rectified fields."""
    found = solve(activation="relu", K=4, M=4, layers="both", v0=2.0, A=-1.0, eta=0.125, sigma=1.0, t=3e3)
    assert found["gen_error"] == pytest.approx(0.5 * (4 * 0.5 + 12 / (2 * math.pi)), rel=1e-9)
    assert found["Q_1_1"] == found["R_1_1"] == 0.0
    assert found["v_1"] == pytest.approx(0.0, abs=1e-4)


def test_relu_units_of_either_sign_learn_where_the_second_layer_can_turn():
    found = solve(activation="relu", v0=-1.0, layers="both", t=3e3)
    assert found["v_1"] > 0.0
    assert found["gen_error"] < 1e-7


# Copies


@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_copies_are_integrated_as_one_field(activation):
    p = {"K": 5, "M": 2, "layers": "both", "init": "denoise", "sigma": 0.5, "activation": activation, "teacher": "graded", "A": 0.8}
    found, t = along([0.0, 0.4], **p), 0.4
    posed, y = problem(**p)
    if activation == "erf":  # relu lets rounding part the copies of the full system
        end = by_scipy(posed, y, t)
        assert found["gen_error"][1] == pytest.approx(flow.gen_error(posed, end), rel=1e-9)
        assert found["v_5"][1] == pytest.approx(end[-1], rel=1e-9)
    for one, other in (("Q_1_1", "Q_1_3"), ("Q_1_1", "Q_5_5"), ("Q_2_2", "Q_4_2"), ("R_1_2", "R_5_2"), ("v_1", "v_3"), ("v_2", "v_4")):
        assert (found[one] == found[other]).all()


def test_averaging_copies_beats_idle_units():
    small = {"M": 2, "eta": 0.05, "sigma": 0.3, "t": 400.0}
    shared = [solve(K=K, layers="both", init="denoise", **small)["gen_error"] for K in (2, 4, 8)]
    idle = [solve(K=K, init="informed", **small)["gen_error"] for K in (2, 3, 4)]
    assert shared[0] > 1.8 * shared[1] > 3.3 * shared[2]
    assert idle[0] < idle[1] < idle[2]


# Plateau, escape, convergence, noise floor


def existing(K: int, eta: float, **p) -> bool:
    return math.isfinite(solve(K=K, M=K, eta=eta, t=0.0, init="informed", **p)["gen_error_plateau"])


@pytest.mark.parametrize(("K", "below", "above"), [(2, 3.6, 3.7), (3, 2.1, 2.2), (4, 1.5, 1.6), (8, 0.73, 0.77)])
def test_the_plateau_exists_up_to_a_learning_rate(K, below, above):
    assert existing(K, below)
    assert not existing(K, above)
    assert not existing(K, below, sigma=1.0)


@pytest.mark.parametrize(
    "p",
    [
        {},
        {"K": 3, "M": 2, "sigma": 0.2},
        {"K": 2, "M": 4, "v0": -0.7},
        {"K": 3, "M": 3, "activation": "relu", "eta": 0.3},
        {"A": -2.0, "eta": 0.1},
    ],
)
def test_the_plateau_is_a_fixed_point_of_the_full_flow(p):
    found = solve(**p, t=0.0)
    posed, _ = problem(**p)
    Q, C, R = model.unspecialised(posed)
    y = model.pack(posed, np.where(np.eye(posed.K, dtype=bool), Q, C), np.full((posed.K, posed.M), R), posed.v)
    assert np.abs(rates(posed, y)).max() < 1e-11
    assert found["gen_error_plateau"] == pytest.approx(flow.gen_error(posed, y), rel=1e-12)
    assert found["escape_rate"] > 0.0


@pytest.mark.parametrize("p", [{"eps": 1e-8}, {"eps": 1e-8, "K": 3, "M": 3, "eta": 0.8}, {"eps": 1e-8, "activation": "relu", "eta": 0.2}])
def test_units_part_at_the_escape_rate(p):
    exact = solve(**p)
    times = exact["t_escape"] - np.array([6.0, 4.0]) / exact["escape_rate"]
    R = along(times, **p)
    parted = np.log(np.abs(R["R_1_1"] - R["R_1_2"]))
    assert (parted[1] - parted[0]) / (times[1] - times[0]) == pytest.approx(exact["escape_rate"], rel=2e-2)


@pytest.mark.parametrize("p", [{}, {"K": 3, "M": 3}, {"activation": "relu", "eta": 0.2}])
def test_the_escape_waits_for_the_logarithm_of_the_asymmetry(p):
    times = [solve(**p, eps=eps)["t_escape"] for eps in (1e-6, 1e-8, 1e-10)]
    wait = math.log(100) / solve(**p)["escape_rate"]
    late, later = np.diff(times) / wait - 1.0  # the plateau itself is reached slowly
    assert abs(late) < 1e-2
    assert abs(later) < max(0.6 * abs(late), 1e-5)


def test_the_escape_is_the_first_time_below_half_the_plateau():
    exact = solve(eps=0.05)
    t = exact["t_escape"]
    before, at, after = along([t * (1 - 1e-7), t, t * (1 + 1e-7)], eps=0.05)["gen_error"]
    assert before > 0.5 * exact["gen_error_plateau"] > after
    assert at == pytest.approx(0.5 * exact["gen_error_plateau"], rel=1e-10)


@pytest.mark.parametrize(
    "p",
    [
        {"layers": "both"},
        {"teacher": "graded"},
        {"activation": "linear"},
        {"K": 1},
        {"M": 1},
        {"v0": 0.0},
        {"eta": 4.0},
        {"K": 12, "M": 12},
    ],
)
def test_there_is_no_plateau(p):
    found = solve(**p, t=0.0)
    assert all(math.isnan(found[name]) for name in ("gen_error_plateau", "escape_rate", "t_escape"))
    assert math.isfinite(found["gen_error"])


@pytest.mark.parametrize("K", [1, 2, 3, 4, 5])
def test_eta_max_is_where_the_solution_loses_stability(K):
    """Sign change of the full Jacobian's spectrum at w = B."""
    limit = solve(K=K, M=K, t=0.0)["eta_max"]

    def growth(eta):
        posed, y = problem(K=K, M=K, eta=eta, init="informed")
        return np.linalg.eigvals(flow.jacobian(posed, y)).real.max()

    assert growth(limit * (1 - 1e-6)) < 0.0 < growth(limit * (1 + 1e-6))


def test_error_decays_at_twice_the_slowest_rate_for_small_eta():
    early, late = along([3.0e4, 4.0e4], eta=0.005, eps=0.2)["gen_error"]
    assert math.log(early / late) / 1e4 / 0.005 == pytest.approx(0.0884, rel=2e-2)


@pytest.mark.parametrize(
    "p",
    [
        {"K": 3, "M": 3, "init": "informed"},
        {"K": 2, "M": 2, "init": "informed", "teacher": "graded", "A": 0.7},
        {"K": 3, "M": 2, "init": "informed"},
        {"K": 2, "M": 2, "init": "informed", "activation": "relu"},
        {"K": 4, "M": 2, "init": "denoise", "layers": "both"},
        {"K": 5, "M": 2, "init": "denoise", "layers": "both", "activation": "relu"},
    ],
)
def test_noise_leaves_the_floor_at_small_eta(p):
    p = {**p, "eta": 0.004, "sigma": 0.3, "t": 4e4}
    found = solve(**p)
    assert found["gen_error"] == pytest.approx(found["gen_error_noise_floor"], rel=0.02)


def test_floor_without_noise_is_zero_and_without_rest_is_absent():
    assert solve(t=0.0)["gen_error_noise_floor"] == 0.0
    for p in ({"K": 1}, {"v0": 0.5}, {"activation": "linear"}, {"activation": "relu", "K": 3}):
        assert math.isnan(solve(**p, sigma=0.2, t=0.0)["gen_error_noise_floor"])
    assert solve(v0=0.5, layers="both", sigma=0.2, t=0.0)["gen_error_noise_floor"] > 0.0
    assert solve(v0=0.5, init="informed", sigma=0.2, t=0.0)["gen_error_noise_floor"] > 0.0


@pytest.mark.parametrize("p", [{"K": 3}, {"activation": "relu"}, {"layers": "both"}, {"teacher": "graded"}, {"A": 2.0}, {"v0": 0.5}])
def test_eta_max_is_absent(p):
    assert solve(**p, t=0.0)["eta_max"] == NAN


def test_idle_units_end_below_the_floor():
    """They part, pair up with opposite signs and cancel: no bug."""
    errors = along([300.0, 1e3, 4e3, 1e5], K=4, M=2, sigma=0.2, init="informed")
    np.testing.assert_allclose(errors["gen_error"], [0.0202, 0.0180, 0.0084, 0.0057], rtol=5e-3)
    assert errors["gen_error"][-1] < errors["gen_error_noise_floor"][-1] < errors["gen_error"][0]


# Errors


@pytest.mark.parametrize(
    ("p", "name"),
    [
        ({"eps": 0.0}, "eps"),
        ({"q0": 0.0}, "q0"),
        ({"A": 0.0}, "A"),
        ({"init": "informed", "K": 1}, "init"),
        ({"init": "denoise", "K": 1, "layers": "both"}, "init"),
        ({"init": "denoise"}, "init"),
        ({"init": "random"}, "init"),
        ({"activation": "relu", "K": 7}, "K"),
        ({"activation": "relu", "M": 7}, "M"),
        ({"eps": 0.3, "q0": 0.01}, "eps"),
        ({"K": 12, "M": 12, "eps": 0.3}, "eps"),
        ({"K": 4, "init": "informed", "eps": 1e-7, "sigma": 0.1}, "eps"),
    ],
)
def test_what_has_no_solution_says_why(p, name):
    with pytest.raises(ParameterError) as caught:
        solve(**p)
    assert caught.value.name == name
    if p not in ({"eps": 0.0}, {"q0": 0.0}):
        assert all(math.isnan(value) for column in along([1.0, 2.0], **p).values() for value in column)
        sweep = engine.sweep(ID, {"t": [1.0, 2.0]}, **p)
        assert [error.name for error in sweep.failures.values()] == [name, name]


def test_exact_symmetry_is_refused_with_its_reason():
    with pytest.raises(ParameterError, match="exactly symmetric never leaves the plateau"):
        solve(eps=0.0)


def test_a_step_size_that_vanishes_is_an_error():
    posed, y = problem()
    with pytest.raises(ConvergenceError, match="step size"):
        flow.integrate(posed._replace(eta=math.nan), y, np.array([1.0]), (1e-10, 1e-12))


# Experiment


def simulate(size, trials, seed=0, **p):
    return engine.simulate(ID, size=size, trials=trials, seed=seed, **p)


@pytest.mark.parametrize(
    "p",
    [
        {"t": 12.0},
        {"t": 10.0, "K": 3, "M": 2, "layers": "both", "eta_v": 0.2, "sigma": 0.3, "teacher": "graded", "v0": 0.5, "eta": 0.3},
        {"t": 8.0, "activation": "relu", "eta": 0.3, "layers": "both", "sigma": 0.2},
        {"t": 5.0, "activation": "linear", "K": 2, "M": 3, "sigma": 0.4, "A": -0.5},
    ],
)
def test_sgd_follows_the_theory(p):
    p = {**p, "eps": 0.2}
    theory, dots = solve(**p), simulate(600, 6, seed=2, **p)
    assert set(dots) == {name for name in theory if name[:2] in ("R_", "Q_", "v_")} | {"gen_error"}
    for name, dot in dots.items():
        assert abs(dot.mean - theory[name]) <= 4.0 * dot.sem + 0.01 * abs(theory[name]) + 1e-12, name


def test_sgd_copies_share_the_noise():
    p = {"K": 4, "M": 2, "init": "denoise", "layers": "both", "sigma": 0.5, "activation": "relu", "eta": 0.3, "t": 6.0}
    theory, dots = solve(**p), simulate(400, 4, **p)
    assert abs(dots["gen_error"].mean - theory["gen_error"]) < 4.0 * dots["gen_error"].sem + 0.02 * theory["gen_error"]
    assert dots["v_1"].mean == dots["v_3"].mean  # to the last bit
    assert dots["Q_2_2"].mean == pytest.approx(dots["Q_2_4"].mean, rel=1e-14)


@pytest.mark.parametrize(
    "p",
    [
        {"K": 3, "M": 2, "eps": 0.2, "teacher": "graded"},
        {"K": 5, "M": 2, "init": "informed"},
        {"K": 4, "M": 2, "init": "denoise", "layers": "both"},
        {"K": 2, "M": 3, "init": "diagonal", "eps": 0.1},
    ],
)
def test_sgd_starts_exactly_where_the_theory_does(p):
    theory, dots = solve(**p, t=0.0), simulate(80, 2, **p, t=0.0)
    for name, dot in dots.items():
        assert dot.mean == pytest.approx(theory[name], abs=1e-12)


def test_random_weights_have_random_overlaps():
    dots = simulate(2000, 8, init="random", t=0.0, q0=0.5)
    assert dots["Q_1_1"].mean == pytest.approx(0.5, abs=4 * dots["Q_1_1"].sem)
    assert abs(dots["R_1_2"].mean) < 4 * dots["R_1_2"].sem
    assert dots["R_1_2"].sem == pytest.approx(math.sqrt(0.5 / 2000 / 8), rel=0.8)


def test_smaller_networks_leave_the_plateau_earlier():
    """Every step stirs in an asymmetry of order 1/sqrt(D), which the equations, started almost symmetric, do not know."""
    p = {"eps": 1e-6, "eta": 1.5, "t": 100.0}
    assert simulate(60, 4, **p)["gen_error"].mean < 0.7 * solve(**p)["gen_error"]


def test_one_run_gives_the_whole_curve():
    times = [20.0, 0.0, 5.0, 20.0]
    curve = engine.simulate_along(ID, "t", times, size=100, trials=3, seed=4, eps=0.2)
    assert curve["gen_error"].mean.shape == curve["gen_error"].sem.shape == (4,)
    assert curve["gen_error"].mean[0] == curve["gen_error"].mean[3]
    alone = engine.simulate(ID, size=100, trials=3, seed=4, eps=0.2, t=20.0)
    assert curve["R_2_1"].mean[0] == alone["R_2_1"].mean
    assert curve["Q_1_1"].mean[1] == pytest.approx(0.25, rel=1e-12)


def test_a_run_that_ran_away_is_absent():
    dots = engine.simulate_along(ID, "t", [0.0, 500.0], size=60, trials=2, activation="linear", eta=5.0)
    assert math.isfinite(dots["gen_error"].mean[0])
    assert math.isnan(dots["gen_error"].mean[1])
    assert math.isnan(dots["R_1_1"].mean[1])


def test_an_experiment_of_hours_is_refused():
    with pytest.raises(ParameterError, match=r"t must be at most .* size=4000, trials=20") as caught:
        simulate(4000, 20, t=1e5)
    assert caught.value.name == "t"


def test_progress_is_reported_often():
    calls = []
    engine.simulate(ID, size=200, trials=2, t=200.0, progress=calls.append)
    assert calls == sorted(calls)
    assert calls[-1] == 1.0
    assert len(calls) > 4

"""The classic rules on a stream of labels: averages, laws, plateaus, experiment."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import norm

import engine
from engine.dynamics import online_classifier as model
from engine.model import ParameterError

ID = "online-classifier"


def solve(**p) -> dict:
    return engine.solve(ID, **p)


def averages(rule: str, flip: float, rho: float) -> tuple[float, float, float]:
    """a, c, e in the field's textbook form (Biehl & Riegler 1994)."""
    kappa, eps, sine = 1 - 2 * flip, math.acos(rho) / math.pi, math.sqrt(1 - rho**2)
    if rule == "hebb":
        a = kappa * math.sqrt(2 / math.pi)
        return a, rho * a, 1.0
    if rule == "perceptron":
        return (kappa - rho) / math.sqrt(2 * math.pi), (kappa * rho - 1) / math.sqrt(2 * math.pi), eps + flip - 2 * flip * eps
    A, G = rho * eps - sine / math.pi, eps - rho * sine / math.pi
    e = (1 - flip) * G + flip * (1 - G)
    return -((1 - flip) * A + flip * (rho - A)), -e, e


def gain(rule: str, flip: float, rho: float) -> float:
    a, c, e = averages(rule, flip, rho)
    return (a - rho * c) ** 2 / e


def W(flip: float, rho: float) -> float:
    """The optimal rule's integral by the trapezoidal rule, spectrally accurate for such an integrand."""
    z = np.linspace(-12, 12, 2401)
    return np.trapezoid(norm.pdf(z) * np.exp(-((z * rho) ** 2) / 2) / (flip + (1 - 2 * flip) * norm.cdf(z * rho)), z)


# Averages


@pytest.mark.parametrize("rule", ["hebb", "perceptron", "adatron", "optimal"])
@pytest.mark.parametrize("flip", [0.0, 0.15])
def test_the_flow_is_the_mean_change_per_step(rule, flip):
    """Sampled fields through the rule itself, against dρ/dt of the equations."""
    rng = np.random.default_rng(8)
    rho, Q, eta, n = 0.6, 1.7, 0.8, 200_000
    b, z = rng.standard_normal((2, n))
    field = math.sqrt(Q) * (rho * b + math.sqrt(1 - rho**2) * z)
    label = np.sign(b) * np.where(rng.random(n) < flip, -1, 1)
    R = rho * math.sqrt(Q)
    F = np.array([model.strength(model.RULES[rule], rule == "optimal", eta, flip, Q, R, s) for s in label * field])
    change = F * label * (b - rho * field / math.sqrt(Q)) / math.sqrt(Q) - 0.5 * rho * F**2 / Q
    if rule == "optimal":
        sine = math.sqrt(1 - rho**2)
        expected = (1 - 2 * flip) ** 2 / math.pi * sine**3 * W(flip, rho) / (2 * rho)
    else:
        a, c, e = averages(rule, flip, rho)
        scaled = eta if rule == "adatron" else eta / math.sqrt(Q)
        expected = scaled * (a - rho * c) - 0.5 * rho * scaled**2 * e
    assert abs(change.mean() - expected) < 4 * change.std() / math.sqrt(n)


@pytest.mark.parametrize("rule", ["hebb", "perceptron", "adatron"])
@pytest.mark.parametrize("flip", [0.0, 0.2])
def test_the_scheduled_step_gains_the_most(rule, flip):
    """The step the experiment takes under schedule=optimal has the mean gain (a - ρc)²/2ρe."""
    rng = np.random.default_rng(4)
    rho, Q, n = 0.5, 2.3, 200_000
    b, z = rng.standard_normal((2, n))
    field = math.sqrt(Q) * (rho * b + math.sqrt(1 - rho**2) * z)
    label = np.sign(b) * np.where(rng.random(n) < flip, -1, 1)
    F = np.array([model.strength(model.RULES[rule], True, math.nan, flip, Q, rho * math.sqrt(Q), s) for s in label * field])
    change = F * label * (b - rho * field / math.sqrt(Q)) / math.sqrt(Q) - 0.5 * rho * F**2 / Q
    assert abs(change.mean() - gain(rule, flip, rho) / (2 * rho)) < 4 * change.std() / math.sqrt(n)


@pytest.mark.parametrize("flip", [0.0, 1e-9, 1e-3, 0.2, 0.5])
def test_the_series_of_the_optimal_gain(flip):
    series = model.gain_series(flip)
    for rho in (0.0, 0.3, 0.77, 0.98, 1.0):
        assert model.chebyshev_sum(series, 2 * rho - 1) == pytest.approx(W(flip, rho), rel=1e-10)


# Flows


@pytest.mark.parametrize(
    "p",
    [
        {"rule": "perceptron", "eta": 0.3, "rho0": -0.9},
        {"rule": "perceptron", "eta": 20.0, "flip": 0.3, "q0": 1e-3},
        {"rule": "adatron", "eta": 2.0, "flip": 0.05},
        {"rule": "adatron", "eta": 0.1, "rho0": 0.4, "q0": 100.0},
        {"rule": "adatron", "eta": 5.0, "rho0": 0.9},
        {"rule": "hebb", "eta": 0.5, "flip": 0.2, "rho0": -0.7},
    ],
)
def test_against_an_independent_integrator(p):
    p = {"flip": 0.0, "q0": 1.0, "rho0": 0.0, "t": 12.0} | p

    def slope(_, y):
        a, c, e = averages(p["rule"], p["flip"], y[0])
        eta = p["eta"] if p["rule"] == "adatron" else p["eta"] * math.exp(-y[1] / 2)
        return eta * (a - y[0] * c) - 0.5 * y[0] * eta**2 * e, 2 * eta * c + eta**2 * e

    path = solve_ivp(slope, (0, p["t"]), [p["rho0"], math.log(p["q0"])], "DOP853", rtol=1e-11, atol=1e-13)
    found = solve(**p)
    assert found["rho"] == pytest.approx(path.y[0, -1], rel=1e-8)
    assert found["Q"] == pytest.approx(math.exp(path.y[1, -1]), rel=1e-8)
    assert found["gen_error"] == pytest.approx(math.acos(path.y[0, -1]) / math.pi, rel=1e-7)


@pytest.mark.parametrize("rule", ["hebb", "perceptron", "adatron", "optimal"])
@pytest.mark.parametrize(("flip", "rho0"), [(0.0, 0.3), (0.25, 0.3), (0.02, 1e-3)])
def test_the_best_learning_rate_against_an_independent_integrator(rule, flip, rho0):
    def slope(_, y):
        rho = math.sqrt(y[0])
        return [(1 - 2 * flip) ** 2 / math.pi * (1 - y[0]) ** 1.5 * W(flip, rho) if rule == "optimal" else gain(rule, flip, rho)]

    path = solve_ivp(slope, (0, 4.0), [rho0**2], "RK45" if rule == "optimal" else "DOP853", rtol=1e-8, atol=1e-10)
    assert solve(rule=rule, schedule="optimal", flip=flip, rho0=rho0, t=4.0)["rho"] == pytest.approx(math.sqrt(path.y[0, -1]), rel=1e-6)


@pytest.mark.parametrize("t", [0.3, 10.0, 1e6])
def test_hebb_in_closed_form(t):
    eta, flip, q0, rho0 = 0.7, 0.1, 2.0, 0.2
    k = (1 - 2 * flip) * math.sqrt(2 / math.pi)
    R0 = rho0 * math.sqrt(q0)
    R, Q = R0 + eta * k * t, q0 + 2 * eta * k * (R0 * t + 0.5 * eta * k * t**2) + eta**2 * t
    found = solve(rule="hebb", eta=eta, flip=flip, q0=q0, rho0=rho0, t=t)
    assert found["Q"] == pytest.approx(Q, rel=1e-12)
    assert found["rho"] == pytest.approx(R / math.sqrt(Q), rel=1e-12)
    best = solve(rule="hebb", schedule="optimal", flip=flip, rho0=rho0, t=t)
    assert 1 / (1 - best["rho"] ** 2) == pytest.approx(1 / (1 - rho0**2) + 2 * (1 - 2 * flip) ** 2 / math.pi * t, rel=1e-6)


@pytest.mark.parametrize("flip", [0.0, 0.1])
def test_nothing_beats_the_optimal_rule_and_no_rate_the_best_one(flip):
    times = np.geomspace(0.1, 1e4, 12)

    def curve(**p):
        return engine.sweep(ID, {"t": times}, flip=flip, rho0=0.1, **p)["gen_error"]

    optimal = curve(rule="optimal")
    for rule in ("hebb", "perceptron", "adatron"):
        best = curve(rule=rule, schedule="optimal")
        assert (optimal <= best * (1 + 1e-12)).all()
        for eta in (0.1, 1.0, 2.0, 7.0):
            assert (best <= curve(rule=rule, eta=eta) * (1 + 1e-12)).all()


@pytest.mark.parametrize("p", [{}, {"flip": 0.1}, {"rule": "adatron", "eta": 3.5}, {"rule": "optimal"}, {"rule": "hebb", "q0": 0.0}])
def test_a_trajectory_is_its_points_in_any_order(p):
    times = [700.0, 0.0, 3.0, 1e6, 3.0, 1e-9, 90.0]
    line = engine.sweep(ID, {"t": times}, **p)
    for i, t in enumerate(times):
        for name, value in solve(**p, t=t).items():
            assert line[name][i] == value or (math.isnan(line[name][i]) and math.isnan(value)), (name, t)


# Late times


@pytest.mark.parametrize(
    ("p", "constant", "power"),
    [
        ({"rule": "hebb", "flip": 0.2}, 1 / math.sqrt(2 * math.pi) / 0.6, 1 / 2),
        ({"rule": "hebb", "schedule": "optimal"}, 1 / math.sqrt(2 * math.pi), 1 / 2),
        ({"rule": "perceptron", "eta": 0.1}, 0.27807, 1 / 3),
        ({"rule": "perceptron", "eta": 30.0}, 0.27807, 1 / 3),
        ({"rule": "perceptron", "schedule": "optimal"}, 4 / math.pi, 1),
        ({"rule": "adatron", "eta": 2.5}, 1 / (2.5 - 2.5**2 / 3), 1),
        ({"rule": "adatron", "eta": 3.0}, (9 / (5 * math.pi)) ** (-1 / 3) / math.pi, 1 / 3),
        ({"rule": "adatron", "schedule": "optimal"}, 4 / 3, 1),
        ({"rule": "optimal"}, 0.8834, 1),
        ({"rule": "optimal", "flip": 0.1}, 1.83, 1),
    ],
)
def test_late_power_laws(p, constant, power):
    assert solve(**p, t=1e7)["gen_error"] == pytest.approx(constant * 1e7**-power, rel=3e-3)


@pytest.mark.parametrize(("rule", "power"), [("hebb", 1 / 2), ("perceptron", 1 / 2), ("adatron", 1 / 4), ("optimal", 1)])
def test_late_powers_of_the_best_learning_rate_with_flipped_labels(rule, power):
    first, second = (solve(rule=rule, schedule="optimal", flip=0.1, t=t)["gen_error"] for t in (1e6, 1e7))
    assert math.log10(first / second) == pytest.approx(power, rel=0.03)


def test_the_best_constant_rate_of_the_adatron():
    etas = np.linspace(0.5, 2.9, 25)
    errors = [solve(rule="adatron", eta=eta, t=1e6)["gen_error"] for eta in etas]
    assert etas[np.argmin(errors)] == pytest.approx(1.5)


@pytest.mark.parametrize(
    "p",
    [
        {"flip": 0.02, "eta": 3.0},
        {"flip": 0.4, "q0": 1e4, "rho0": -0.5},
        {"flip": 0.5},
        {"rule": "adatron", "flip": 1e-3, "eta": 0.3},
        {"rule": "adatron", "flip": 0.5},
        {"rule": "adatron", "eta": 3.01},
        {"rule": "adatron", "eta": 100.0, "rho0": 0.99},
    ],
)
def test_plateaus(p):
    found = solve(**p, t=1e7)
    assert found["gen_error"] == pytest.approx(found["gen_error_inf"], rel=1e-8)
    assert found["gen_error_inf"] > 0.0


def test_the_perceptron_rests_and_the_adatron_drifts():
    first, second = (solve(flip=0.1, eta=2.0, t=t)["Q"] for t in (1e4, 1e7))
    assert first == pytest.approx(second, rel=1e-8)
    kappa, eps = 0.8, math.acos(0.8) / math.pi
    assert second == pytest.approx((2.0 * (0.1 + kappa * eps) * math.sqrt(2 * math.pi) / (2 * (1 - kappa**2))) ** 2, rel=1e-9)
    along = engine.sweep(ID, {"t": [100.0, 200.0, 300.0]}, rule="adatron", flip=0.1)["Q"]
    assert along[1] ** 2 == pytest.approx(along[0] * along[2], rel=1e-9)
    _, _, e = averages("adatron", 0.1, math.cos(math.pi * solve(rule="adatron", flip=0.1)["gen_error_inf"]))
    assert math.log(along[1] / along[0]) == pytest.approx(-100.0 * e, rel=1e-8)
    assert solve(rule="adatron", flip=0.1, t=1e7)["Q"] == 0.0
    assert math.isnan(solve(rule="adatron", flip=0.1, eta=2.5, t=1e7)["Q"])


def test_plateau_near_its_onset():
    """η = 3 + x: κ sin³/π = (η/2) e cos has θ² = 5x/3 + ..., for clean labels."""
    assert solve(rule="adatron", eta=3.0)["gen_error_inf"] == 0.0
    found = math.pi * solve(rule="adatron", eta=3.0 + 1e-6)["gen_error_inf"]
    assert found**2 == pytest.approx(5e-6 / 3, rel=1e-3)


@pytest.mark.parametrize("rule", ["hebb", "perceptron", "adatron", "optimal"])
def test_random_labels_teach_nothing(rule):
    for rho0 in (0.0, 0.6):
        found = solve(rule=rule, schedule="optimal", flip=0.5, rho0=rho0, t=1e5)
        assert found["gen_error"] == found["gen_error_inf"] == pytest.approx(math.acos(rho0) / math.pi, rel=1e-12)
    assert solve(rule="hebb", flip=0.5, rho0=0.6)["gen_error_inf"] == 0.5


# Edges


@pytest.mark.parametrize("p", [{}, {"rule": "adatron"}, {"rule": "hebb"}])
def test_the_start_is_the_initial_state(p):
    found = solve(**p, t=0.0, rho0=-0.3, q0=7.0)
    assert found["Q"] == 7.0
    assert found["rho"] == -0.3
    assert found["gen_error"] == pytest.approx(math.acos(-0.3) / math.pi, rel=1e-15)


def test_hebb_may_start_from_nothing():
    found = solve(rule="hebb", q0=0.0, rho0=0.5, t=0.0)
    assert (found["gen_error"], found["rho"], found["Q"]) == (0.5, 0.0, 0.0)
    assert solve(rule="hebb", q0=0.0, t=1e-6)["gen_error"] < 0.5
    assert solve(rule="hebb", schedule="optimal", q0=0.0, rho0=0.5, t=0.0)["rho"] == 0.5


@pytest.mark.parametrize(
    ("name", "p"),
    [
        ("q0", {"q0": 0.0}),
        ("q0", {"rule": "adatron", "q0": 0.0}),
        ("q0", {"q0": 1e-50}),
        ("rho0", {"rho0": 1.0}),
        ("rho0", {"rho0": -1.0}),
        ("rho0", {"rule": "optimal", "rho0": -0.1}),
        ("rho0", {"rule": "hebb", "schedule": "optimal", "rho0": -0.1}),
        ("eta", {"eta": 0.0}),
        ("flip", {"flip": 0.51}),
    ],
)
def test_conflicts_name_the_parameter(name, p):
    for call in (solve, lambda **p: engine.simulate(ID, size=50, trials=2, **p)):
        with pytest.raises(ParameterError) as caught:
            call(**p)
        assert caught.value.name == name


def test_norms_without_meaning_are_absent():
    assert math.isnan(solve(rule="optimal")["Q"])
    assert math.isnan(solve(schedule="optimal")["Q"])
    assert solve(rule="optimal", schedule="constant") == pytest.approx(solve(rule="optimal", schedule="optimal"), nan_ok=True)


# Experiment


@pytest.mark.parametrize(
    "p",
    [
        {"rule": "hebb", "flip": 0.1},
        {"rule": "perceptron", "flip": 0.1},
        {"rule": "perceptron", "schedule": "optimal", "flip": 0.1, "rho0": 0.1},
        {"rule": "adatron", "flip": 0.05},
        {"rule": "adatron", "eta": 2.0, "rho0": -0.3},
        {"rule": "adatron", "schedule": "optimal", "flip": 0.1, "rho0": 0.1},
        {"rule": "optimal", "flip": 0.1, "rho0": 0.05},
    ],
)
def test_the_rules_in_finite_dimension(p):
    times = [3.0, 10.0]
    theory = engine.sweep(ID, {"t": times}, **p)
    dots = engine.simulate_along(ID, "t", times, size=500, trials=8, seed=3, **p)
    assert set(dots) == {"gen_error", "rho"} | (set() if "optimal" in p.values() else {"Q"})
    for name, dot in dots.items():
        assert (np.abs(dot.mean - theory[name]) <= 4 * dot.sem + 0.01 * np.abs(theory[name])).all(), name


def test_clean_labels_and_the_optimal_rule():
    """In finite dimension it does a few per cent better than the equations, which neglect what a run knows of its own fluctuations."""
    theory = solve(rule="optimal", rho0=0.05)["gen_error"]
    dot = engine.simulate(ID, size=1000, trials=8, seed=1, rule="optimal", rho0=0.05)["gen_error"]
    assert abs(dot.mean - theory) < 4 * dot.sem + 0.03 * theory


def test_runs_start_exactly_where_the_theory_does():
    dots = engine.simulate(ID, size=80, trials=2, t=0.0, rho0=-0.3, q0=2.0)
    assert dots["rho"].mean == pytest.approx(-0.3, rel=1e-12)
    assert dots["Q"].mean == pytest.approx(2.0, rel=1e-12)

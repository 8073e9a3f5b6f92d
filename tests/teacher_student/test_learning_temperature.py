import itertools
import math

import numpy as np
import pytest
from scipy import optimize, special, stats

import engine
from engine.teacher_student import gibbs_states, metropolis
from engine.teacher_student.learning_temperature import setting_of

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
EDGES = np.sort(np.concatenate([np.linspace(-11.0, 11.0, 89), [0.0], np.geomspace(1e-3, 0.2, 12), -np.geomspace(1e-3, 0.2, 12)]))
HALF = np.diff(EDGES)[:, None] / 2
T_NODES = EDGES[:-1, None] + HALF * (1 + NODES)
DT = HALF * WEIGHTS * stats.norm.pdf(T_NODES)


def solve(**parameters):
    return engine.solve("learning-temperature", **parameters)


def channel(q, R, beta, output):
    """(d_q G-equation, d_R G-equation, G, training error), the textbook integrals on a fixed grid."""
    if output == "linear":
        d, m = 1 + beta * (1 - q), 1 - 2 * R + q
        return beta**2 * m / d**2, beta / d, -0.5 * math.log(d) - beta * m / (2 * d), (1 - q) / (2 * d) + m / (2 * d**2)
    tau, h0 = math.sqrt(q / (1 - q)) * T_NODES, R * T_NODES / math.sqrt(q - R**2)
    decay = math.exp(-beta)
    log_Z = np.logaddexp(-beta, math.log1p(-decay) + special.log_ndtr(tau))
    g = np.exp(math.log1p(-decay) + stats.norm.logpdf(tau) - log_Z) / math.sqrt(1 - q)
    known = 2 * DT * special.ndtr(h0)
    pull = 2 * np.sum(DT * stats.norm.pdf(h0) * g) / math.sqrt(1 - R**2 / q)
    return np.sum(known * g**2), pull, np.sum(known * log_Z), np.sum(known * np.exp(-beta + special.log_ndtr(-tau) - log_Z))


def iterate(alpha, T, weights, output, start=1e-3):
    """The state that plain iteration of the replica equations reaches: R, q, free entropy, training error."""
    beta = 1 / T
    q, R = start, start
    for _ in range(3000):
        square, mean, G, train = channel(q, R, beta, output)
        qhat, rhat = alpha * square, alpha * mean
        if weights == "ising":
            h = math.sqrt(qhat) * T_NODES + rhat
            new_q, new_R = np.sum(DT * np.tanh(h) ** 2), np.sum(DT * np.tanh(h))
            S = -0.5 * (1 - q) * qhat - R * rhat + np.sum(DT * np.logaddexp(h, -h))
        else:
            chi = 2 / (1 + math.sqrt(1 + 4 * (rhat**2 + qhat)))
            new_q, new_R = 1 - chi, rhat * chi
            S = 0.5 * math.log(1 - q) + 0.5 * (q - R**2) / (1 - q)
        if abs(new_q - q) + abs(new_R - R) < 1e-13:
            break
        q, R = new_q, new_R
    return R, q, S + alpha * G, train


@pytest.mark.parametrize(
    ("alpha", "T", "weights", "output"),
    [
        (1.0, 0.7, "ising", "boolean"),
        (1.2, 0.3, "ising", "boolean"),
        (0.3, 0.1, "ising", "boolean"),
        (3.0, 2.0, "ising", "boolean"),
        (3.0, 0.5, "spherical", "boolean"),
        (0.2, 0.15, "spherical", "boolean"),
        (20.0, 5.0, "spherical", "boolean"),
        (0.5, 0.5, "ising", "linear"),
        (0.6, 0.2, "ising", "linear"),
        (0.45, 0.02, "ising", "linear"),
        (2.0, 1.0, "ising", "linear"),
        (0.5, 0.2, "spherical", "linear"),
    ],
)
def test_poor_state_by_plain_iteration(alpha, T, weights, output):
    found = solve(alpha=alpha, T=T, weights=weights, output=output)
    for name, value in zip(("R", "q", "free_entropy", "train_error"), iterate(alpha, T, weights, output), strict=True):
        assert found[f"{name}_poor"] == pytest.approx(value, rel=1e-8, abs=1e-11), name


@pytest.mark.parametrize(("alpha", "T"), [(0.6, 0.2), (0.58, 0.2), (0.45, 0.1), (0.5, 0.1), (0.2, 0.02)])
def test_both_states_of_ising_linear(alpha, T):
    """The equilibrium is the higher of what iteration reaches from ignorance and from the teacher."""
    states = [iterate(alpha, T, "ising", "linear", start) for start in (1e-3, 1 - 1e-9)]
    assert states[1][0] - states[0][0] > 0.1
    found = solve(alpha=alpha, T=T, output="linear")
    assert found["R"] == pytest.approx(max(states, key=lambda state: state[2])[0], abs=1e-8)
    assert found["R_poor"] == pytest.approx(states[0][0], abs=1e-8)


@pytest.mark.parametrize(("T", "low", "equal", "high"), [(0.2, 0.54360, 0.608580, 0.66272), (0.1, 0.3168, 0.457632, 0.5714)])
def test_window_of_ising_linear(T, low, equal, high):
    setting = setting_of(T, "ising", "linear", "replica")
    peak, dip = gibbs_states.spinodals(setting)
    assert (math.exp(dip[2]), math.exp(peak[2])) == pytest.approx((low, high), abs=5e-5)
    limits = solve(T=T, output="linear")
    assert (limits["alpha_jump"], limits["alpha_poor_end"]) == pytest.approx((equal, high), abs=5e-5)
    equal = limits["alpha_jump"]
    before, after = (solve(alpha=equal * (1 + step), T=T, output="linear") for step in (-1e-8, 1e-8))
    assert before["R"] == before["R_poor"]
    assert after["R"] > after["R_poor"] + 0.1
    assert after["free_entropy"] == pytest.approx(before["free_entropy"], abs=1e-7)
    beyond = solve(alpha=high + 1e-3, T=T, output="linear")
    assert beyond["R_poor"] == beyond["R"]
    assert beyond["R"] < 1


def test_end_points_of_ising_linear():
    for theory, T in (("replica", 0.3746), ("annealed", 0.3993)):
        present = [math.isfinite(gibbs_states.spinodals(setting_of(T + step, "ising", "linear", theory))[0][0]) for step in (-3e-4, 3e-4)]
        assert present == [True, False]


@pytest.mark.parametrize("weights", ["ising", "spherical"])
@pytest.mark.parametrize("output", ["boolean", "linear"])
@pytest.mark.parametrize("theory", ["replica", "annealed", "high-temperature"])
@pytest.mark.parametrize(("alpha", "T"), [(0.02, 0.4), (0.7, 0.1), (0.9, 0.8), (40.0, 30.0)])
def test_free_entropy_is_stationary_and_generates_the_errors(weights, output, theory, alpha, T):
    r"""Derivatives in alpha and beta see only the explicit dependence: $\partial_\alpha(-\beta f)=(−\beta f-S)/\alpha$, $\partial_\beta=-\alpha\epsilon_t$."""
    given = {"weights": weights, "output": output, "theory": theory}
    h = 1e-3

    def poor(alpha, beta):
        return solve(alpha=alpha, T=1 / beta, **given)["free_entropy_poor"]

    def derivative(function, at):
        step = h * at
        outer = function(at + 2 * step) - function(at - 2 * step)
        return (8 * (function(at + step) - function(at - step)) - outer) / (12 * step)

    found = solve(alpha=alpha, T=T, **given)
    assert derivative(lambda beta: poor(alpha, beta), 1 / T) == pytest.approx(-alpha * found["train_error_poor"], rel=1e-7, abs=1e-10)
    if theory == "replica":
        expected = channel(found["q_poor"], found["R_poor"], 1 / T, output)[2]
    else:
        error, gain = found["gen_error_poor"], -math.expm1(-1 / T)
        annealed = math.log1p(-gain * error) if output == "boolean" else -0.5 * math.log1p(2 / T * error)
        expected = annealed if theory == "annealed" else -error / T
    assert derivative(lambda alpha: poor(alpha, 1 / T), alpha) == pytest.approx(expected, rel=1e-7)
    heat = alpha / T * found["train_error_poor"]
    assert found["entropy_poor"] == pytest.approx(found["free_entropy_poor"] + heat, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(("weights", "prior", "shift"), [("ising", "rademacher", math.log(2)), ("spherical", "gaussian", 0.0)])
@pytest.mark.parametrize("alpha", [0.01, 0.7, 1.3, 1.48, 30.0])
def test_zero_temperature_is_posterior_sampling(weights, prior, shift, alpha):
    bayes = engine.solve("glm-bayes", prior=prior, channel="sign", alpha=alpha)
    found = solve(alpha=alpha, T=0.0, weights=weights)
    for name, suffix, theirs in (("R", "", "q"), ("q", "", "q"), ("R", "_poor", "q_amp"), ("gen_error", "", "gen_error_gibbs")):
        assert found[name + suffix] == pytest.approx(bayes[theirs], rel=1e-8, abs=1e-11), name
    assert found["free_entropy_poor"] == pytest.approx(bayes["free_entropy_amp"] + shift, rel=1e-8)
    assert found["train_error"] == found["train_error_poor"] == 0.0
    if weights == "ising":
        assert found["alpha_transition"] == pytest.approx(bayes["alpha_it"], rel=1e-8)
        assert found["alpha_spinodal"] == pytest.approx(bayes["alpha_alg"], rel=1e-8)


@pytest.mark.parametrize("weights", ["ising", "spherical"])
@pytest.mark.parametrize("output", ["boolean", "linear"])
@pytest.mark.parametrize(("alpha", "T"), [(0.3, 0.1), (0.55, 0.2), (2.5, 1.0), (30.0, 20.0)])
def test_annealed_theories_by_maximization(weights, output, alpha, T):
    """The highest point of the potential over a fine grid of R."""
    R = np.tanh(np.concatenate([np.geomspace(1e-6, 12, 200_000)]))
    s0 = special.entr((1 + R) / 2) + special.entr((1 - R) / 2) if weights == "ising" else 0.5 * np.log1p(-(R**2))
    error = np.arccos(R) / math.pi if output == "boolean" else 1 - R
    gain = -math.expm1(-1 / T)
    cost = -np.log1p(-gain * error) if output == "boolean" else 0.5 * np.log1p(2 / T * error)
    for theory, potential in (("annealed", s0 - alpha * cost), ("high-temperature", s0 - alpha / T * error)):
        found = solve(alpha=alpha, T=T, weights=weights, output=output, theory=theory)
        assert found["free_entropy"] == pytest.approx(potential.max(), rel=1e-6, abs=2e-5)  # R = 1 is just beyond the grid
        if found["R"] < 1:
            assert found["R"] == pytest.approx(R[np.argmax(potential)], abs=1e-3)
        assert math.isnan(found["q"])


@pytest.mark.parametrize("weights", ["ising", "spherical"])
@pytest.mark.parametrize("output", ["boolean", "linear"])
@pytest.mark.parametrize("theory", ["annealed", "high-temperature"])
def test_states_are_maxima_of_the_landscape(weights, output, theory):
    given = {"alpha": 0.7, "T": 0.6, "weights": weights, "output": output, "theory": theory}
    found = solve(**given)
    R = found["R_poor"]
    heights = engine.sweep("learning-temperature", {"overlap": [R - 1e-3, R, R + 1e-3]}, **given)["potential"]
    assert heights[1] == pytest.approx(found["free_entropy_poor"], rel=1e-10)
    assert heights[1] > max(heights[0], heights[2])
    at_one = solve(**given, overlap=1.0)["potential"]
    assert at_one == (0.0 if weights == "ising" else -math.inf)
    assert math.isnan(found["potential"])
    assert math.isnan(solve(**given | {"theory": "replica", "overlap": 0.5})["potential"])


def test_spherical_linear_is_a_quartic():
    r"""$x=\beta(1-q)$ is the smallest root of $(1-Tx)(1+x)^3=\alpha x^2[(\alpha+2-Tx)(1+x)-2\alpha x]$ in $(0,\beta)$, $R=\alpha x/(1+x)$."""
    for alpha, T in itertools.product((0.1, 0.9, 1.0, 3.0), (1e-3, 0.2, 5.0)):

        def quartic(x, alpha=alpha, T=T):
            return (1 - T * x) * (1 + x) ** 3 - alpha * x**2 * ((alpha + 2 - T * x) * (1 + x) - 2 * alpha * x)

        grid = np.linspace(0, 1 / T, 20_001)
        i = np.flatnonzero(quartic(grid) < 0)[0]
        x = optimize.brentq(quartic, grid[i - 1], grid[i], xtol=1e-15, rtol=1e-14)
        found = solve(alpha=alpha, T=T, weights="spherical", output="linear")
        assert found["R"] == pytest.approx(alpha * x / (1 + x), rel=1e-8)
        assert found["q"] == pytest.approx(1 - T * x, rel=1e-8)


@pytest.mark.parametrize("T", [0.0, 0.02, 0.3, 0.6, 4.0, 300.0, 1e4])
def test_lines_are_where_they_say(T):
    limits = solve(T=T)
    transition, spinodal = limits["alpha_transition"], limits["alpha_spinodal"]
    assert transition < spinodal
    assert (limits["alpha_jump"], limits["alpha_poor_end"]) == (transition, spinodal)
    before, after = solve(alpha=transition * (1 - 1e-7), T=T), solve(alpha=transition * (1 + 1e-7), T=T)
    assert before["R"] == before["R_poor"] < 0.9
    assert (after["R"], after["free_entropy"], after["gen_error"], after["entropy"]) == (1.0, 0.0, 0.0, 0.0)
    assert after["free_entropy_poor"] == pytest.approx(0.0, abs=1e-6)
    last, gone = solve(alpha=spinodal * (1 - 1e-9), T=T), solve(alpha=spinodal * (1 + 1e-9), T=T)
    assert last["R_poor"] < 0.95
    assert gone["R_poor"] == gone["R"] == gone["q_poor"] == 1.0
    assert gone["free_entropy_poor"] == gone["train_error_poor"] == 0.0
    zero = limits["alpha_zero_entropy"]
    if T < 0.33:
        assert solve(alpha=zero, T=T)["entropy_poor"] == pytest.approx(0.0, abs=1e-8)
        assert transition * (1 - 1e-9) <= zero < spinodal
    else:
        assert math.isnan(zero)
        assert last["entropy_poor"] > 0


def test_spinodal_is_where_iteration_escapes():
    spinodal = solve(T=0.5)["alpha_spinodal"]
    last = solve(alpha=0.997 * spinodal, T=0.5)["R_poor"]
    assert last == pytest.approx(iterate(0.997 * spinodal, 0.5, "ising", "boolean")[0], abs=1e-6)
    q, R = 1e-3, 1e-3
    for _ in range(150):  # beyond, the iteration passes every R that the poor branch has
        square, mean, _, _ = channel(q, R, 2.0, "boolean")
        h = math.sqrt(1.02 * spinodal * square) * T_NODES + 1.02 * spinodal * mean
        q, R = np.sum(DT * np.tanh(h) ** 2), np.sum(DT * np.tanh(h))
        if R > 0.97:
            break
    assert R > 0.97


def test_zero_entropy_ends_at_the_spinodal():
    """Where the line ends, T = 0.3303, it meets the spinodal."""
    inside, outside = solve(T=0.3302), solve(T=0.3305)
    assert inside["alpha_zero_entropy"] == pytest.approx(inside["alpha_spinodal"], rel=1e-6)
    assert math.isnan(outside["alpha_zero_entropy"])
    R, _, free, train = iterate(outside["alpha_spinodal"] * (1 - 1e-6), 0.3305, "ising", "boolean")
    assert solve(alpha=outside["alpha_spinodal"] * (1 - 1e-6), T=0.3305)["R_poor"] == pytest.approx(R, abs=1e-3)
    assert free + outside["alpha_spinodal"] / 0.3305 * train > 0


def test_only_ising_labels_have_lines():
    for weights, output in (("spherical", "boolean"), ("ising", "linear"), ("spherical", "linear")):
        found = solve(weights=weights, output=output)
        assert all(math.isnan(found[f"alpha_{name}"]) for name in ("transition", "spinodal", "zero_entropy"))
    assert math.isnan(solve(theory="annealed", T=0.1)["alpha_zero_entropy"])


@pytest.mark.parametrize("theory", ["annealed", "replica"])
def test_high_temperature_is_a_limit(theory):
    for weights, output in itertools.product(("ising", "spherical"), ("boolean", "linear")):
        given = {"weights": weights, "output": output, "alpha": 1.2e4, "T": 1e4}
        found, limit = (solve(theory=name, **given) for name in (theory, "high-temperature"))
        for name in ("R", "gen_error", "train_error", "free_entropy_poor"):
            assert found[name] == pytest.approx(limit[name], rel=5e-4, abs=1e-4), name
        scaled = solve(theory="high-temperature", weights=weights, output=output, alpha=1.2, T=1.0)
        assert limit["R"] == pytest.approx(scaled["R"], rel=1e-10)


def test_few_examples():
    """R vanishes, but a single example is partly fitted."""
    for T in (0.3, 2.0):
        beta = 1 / T
        for weights in ("ising", "spherical"):
            labels = solve(alpha=1e-6, T=T, weights=weights)
            assert labels["gen_error"] == pytest.approx(0.5, abs=1e-6)
            assert labels["train_error"] == pytest.approx(math.exp(-beta) / (1 + math.exp(-beta)), rel=1e-5)
            linear = solve(alpha=1e-6, T=T, weights=weights, output="linear")
            assert linear["gen_error"] == pytest.approx(1.0, abs=1e-5)
            assert linear["train_error"] == pytest.approx((1 + 1 / (1 + beta)) / (2 * (1 + beta)), rel=1e-5)
        assert solve(alpha=1e-6, T=T)["free_entropy"] == pytest.approx(math.log(2), abs=2e-6)


def test_limits():
    assert solve(alpha=1.0, T=1e4)["R"] == pytest.approx(1 / math.pi * 1e-4, rel=1e-3)
    frozen, cold = solve(alpha=1.0, T=0.0), solve(alpha=1.0, T=1e-3)  # e^{-1000} underflows
    assert {**cold, "potential": 0.0} == {**frozen, "potential": 0.0}
    assert solve(alpha=1.0, T=0.02)["R"] == pytest.approx(solve(alpha=1.0, T=0.0)["R"], rel=1e-10)
    for alpha in (1e3, 1e6):  # Györgyi & Tishby 1990
        assert alpha * solve(alpha=alpha, T=0.0, weights="spherical")["gen_error"] == pytest.approx(0.625, abs=2e-3)
    assert solve(alpha=1e6, T=1.0, weights="spherical")["R"] < 1.0


@pytest.mark.parametrize(
    "bad",
    [
        {"alpha": 0.0},
        {"alpha": -1.0},
        {"T": -0.1},
        {"T": 0.0, "output": "linear"},
        {"T": 0.0, "theory": "annealed"},
        {"T": 1e-4, "theory": "high-temperature"},
        {"weights": "binary"},
        {"output": "relu"},
        {"theory": "quenched"},
    ],
)
def test_refuses(bad):
    with pytest.raises(engine.ParameterError, match=next(iter(bad))):
        solve(**bad)
    with pytest.raises(engine.ParameterError, match=next(iter(bad))):
        engine.simulate("learning-temperature", size=10, trials=1, **bad)


def test_random_states_are_the_roots_of_their_curve():
    """Anywhere in the declared range: the load on the curve at the state found is the load asked for."""
    random = np.random.default_rng(11)
    for _ in range(150):
        alpha, T = np.exp(random.uniform(np.log([1e-6, 1e-3]), np.log([1e6, 1e4])))
        names = [random.choice(choices) for choices in (gibbs_states.WEIGHTS, gibbs_states.OUTPUTS, gibbs_states.THEORIES)]
        setting = setting_of(T, *names)
        peak, _ = gibbs_states.spinodals(setting)
        if math.log(alpha) > peak[2]:
            continue
        y, x = gibbs_states.first_state(math.log(alpha), setting)
        y, x = gibbs_states.locate(y, x, math.inf if math.isnan(peak[0]) else peak[0], math.log(alpha), setting)
        assert gibbs_states.log_load(y, x, setting)[0] == pytest.approx(math.log(alpha), abs=1e-11), (alpha, T, names)
        if setting.theory == gibbs_states.REPLICA:
            assert abs(gibbs_states.mismatch(y, x, setting)) < 1e-9, (alpha, T, names)


def test_sizes_of_the_experiment_are_checked():
    with pytest.raises(engine.ParameterError, match="not one example"):
        engine.simulate("learning-temperature", alpha=0.01, size=20, trials=1)
    with pytest.raises(engine.ParameterError, match="too many"):
        engine.simulate("learning-temperature", alpha=1e4, size=200, trials=1)


@pytest.mark.parametrize("output", ["boolean", "linear"])
def test_metropolis_against_all_weights(output):
    """Means over the Gibbs distribution of a small sample, by enumeration."""
    random = np.random.default_rng(3)
    X, beta = random.standard_normal((6, 9)) / math.sqrt(6), 2.0
    u = X.sum(axis=0)
    if output == "boolean":
        X *= np.sign(u)
    weights = np.array(list(itertools.product([-1.0, 1.0], repeat=6)))
    fields = weights @ X - (u if output == "linear" else 0.0)
    energies = (fields < 0).sum(axis=1) if output == "boolean" else 0.5 * (fields**2).sum(axis=1)
    p = special.softmax(-beta * energies)
    w = np.ones(6)
    f = w @ X - (u if output == "linear" else 0.0)
    path = metropolis.metropolis(X, w, f, np.full(300_000, beta), random.random((300_000, 6, 3)), True, output == "boolean")
    np.testing.assert_allclose(f, w @ X - (u if output == "linear" else 0.0), atol=1e-10)
    np.testing.assert_allclose(path.mean(axis=0), [p @ weights.mean(axis=1), p @ energies], atol=0.02)
    assert path[-1, 1] == pytest.approx(energies[np.flatnonzero((weights == w).all(axis=1))[0]])


def test_rotations_against_the_sphere():
    """Two weights: the Gibbs distribution on a circle."""
    random = np.random.default_rng(4)
    X, beta = random.standard_normal((2, 3)) / math.sqrt(2), 1.5
    angle = np.linspace(0, 2 * math.pi, 20_001)[:-1]
    circle = math.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    energies = 0.5 * ((circle @ X - X.sum(axis=0)) ** 2).sum(axis=1)
    p = special.softmax(-beta * energies)
    w = np.ones(2)
    path = metropolis.metropolis(X, w, np.zeros(3), np.full(100_000, beta), random.random((100_000, 2, 3)), False, False)
    assert w @ w == pytest.approx(2.0)
    np.testing.assert_allclose(path.mean(axis=0), [p @ circle.mean(axis=1), p @ energies], atol=0.02)


@pytest.mark.parametrize(
    ("given", "size", "trials"),
    [
        ({"alpha": 1.0, "T": 0.7}, 150, 60),
        ({"alpha": 0.5, "T": 0.5, "output": "linear"}, 150, 60),
        ({"alpha": 1.0, "T": 0.5, "weights": "spherical"}, 80, 50),
        ({"alpha": 0.5, "T": 0.2, "weights": "spherical", "output": "linear"}, 80, 50),
    ],
)
def test_experiment_falls_on_the_theory(given, size, trials):
    dots = engine.simulate("learning-temperature", size=size, trials=trials, seed=1, **given)
    theory = solve(**given)
    for name, dot in dots.items():
        assert abs(dot.mean - theory[f"{name}_poor"]) < 4 * dot.sem + 0.01, name
        assert dot.sem < 0.02


def test_experiment_started_at_the_teacher_stays_there():
    given = {"alpha": 3.5, "T": 1.0, "size": 100, "trials": 10}  # beyond the spinodal, 2.85
    assert engine.simulate("learning-temperature", start="teacher", **given)["R"].mean > 0.99
    held = {"alpha": 0.45, "T": 0.1, "output": "linear", "size": 300, "trials": 8}  # two states
    states = {start: engine.simulate("learning-temperature", start=start, **held)["R"].mean for start in ("random", "teacher")}
    good = iterate(0.45, 0.1, "ising", "linear", 1 - 1e-9)[0]
    poor = solve(alpha=0.45, T=0.1, output="linear")["R_poor"]
    assert states["teacher"] == pytest.approx(good, abs=0.02)
    assert states["random"] == pytest.approx(poor, abs=0.08)

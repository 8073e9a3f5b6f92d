import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, linprog, minimize_scalar
from scipy.special import log_ndtr, ndtr

import engine
from engine.teacher_student.perceptron_erm import AXES, MODEL, ROWS, posterior_overlap, separability, trained
from tests.double_descent.state_evolution import channel

LOSSES = ("square", "logistic", "hinge")
MARGIN_LOSSES = ("logistic", "hinge")


def solve(**parameters):
    return engine.solve("perceptron-erm", **parameters)


def density(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def iterate(loss, alpha, lam, delta, rho):
    """(V, q, m) by damped iteration of the self-consistent equations to 1e-11, averages on a grid of the field."""
    V, q, m = 1.0, 0.5, 0.3 * math.sqrt(rho)
    for _ in range(20_000):
        if loss == "square":
            t0 = (1 - 2 * delta) * math.sqrt(2 / (math.pi * rho))
            c, r, t = 1 / (1 + V), (1 - 2 * t0 * m + q) / (1 + V) ** 2, t0 / (1 + V)
        else:
            c, r, t = channel(loss, V, q, m, delta, rho)
        W = 1 / (lam + alpha * c)
        new = W, (rho * alpha**2 * t**2 + alpha * r) * W**2, rho * alpha * t * W
        if max(abs(a - b) / abs(a) for a, b in zip(new, (V, q, m), strict=True)) < 1e-11:
            return new
        V, q, m = (0.5 * (a + b) for a, b in zip(new, (V, q, m), strict=True))
    raise AssertionError("the plain iteration did not converge")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("alpha", "lam", "delta", "rho"), [(2, 0.1, 0.1, 1), (0.3, 2.0, 0.0, 0.5), (8, 0.3, 0.25, 3)])
def test_against_plain_state_evolution(loss, alpha, lam, delta, rho):
    V, q, m = iterate(loss, alpha, lam, delta, rho)
    found = solve(loss=loss, alpha=alpha, lam=lam, delta=delta, rho=rho)
    rtol = 2e-5 if loss == "hinge" else 1e-8  # the grid does not know where the hinge bends
    np.testing.assert_allclose([found["v"], found["q"], found["m"]], [V, q, m], rtol=rtol)
    assert found["gen_error"] == pytest.approx(math.acos(m / math.sqrt(rho * q)) / math.pi, rel=rtol)
    assert found["gen_error_noisy"] == pytest.approx(delta + (1 - 2 * delta) * found["gen_error"], rel=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_isotropic_inputs_are_infinitely_many_linear_features(loss):
    point = {"alpha": 3.0, "delta": 0.1, "lam": 0.2, "loss": loss}
    narrow, gaps = solve(**point), []
    for gamma in (1e3, 1e4):
        wide = engine.solve("random-features", gamma=gamma, task="classification", activation="linear", **point)
        gaps.append([abs(wide[name] / narrow[name] - 1) for name in ("gen_error", "train_loss", "q", "m", "train_error")])
    assert np.max(gaps[1]) < 1e-3
    np.testing.assert_allclose(np.array(gaps[1]) / gaps[0], 0.1, rtol=0.02)


@pytest.mark.parametrize("delta", [1e-3, 0.1, 0.3, 0.49])
def test_separability_against_a_plain_minimum(delta):
    def mean(t):
        def integrand(s):
            z = t * s
            right, wrong = (1 + z * z) * ndtr(-z) - z * density(z), (1 + z * z) * ndtr(z) + z * density(z)
            return 2 * density(s) * ((1 - delta) * right + delta * wrong)

        return quad(integrand, 0, 9, epsabs=1e-14, epsrel=1e-12, limit=200)[0]

    least = minimize_scalar(lambda t: mean(t), bracket=(0, 1), tol=1e-10).fun
    assert separability(delta) == pytest.approx(1 / least, rel=1e-10)


def test_separability_is_smooth_from_end_to_end():
    assert separability(0.0) == math.inf
    assert separability(0.5) == 2.0
    assert separability(math.nextafter(0.5, 0)) == pytest.approx(2.0, rel=1e-12)
    for delta in (1e-14, 1e-9):
        assert separability(delta) == pytest.approx(math.pi / (3 * math.pi * delta) ** (1 / 3), rel=3e-6)
    thresholds = [separability(delta) for delta in np.linspace(1e-4, 0.5, 400)]
    assert np.all(np.diff(thresholds) < 0)


def test_linear_programs_become_infeasible_at_separability():
    rng, D, delta = np.random.default_rng(2), 80, 0.1
    feasible = {}
    for factor in (0.7, 1.4):
        feasible[factor] = 0
        for _ in range(5):
            X = rng.standard_normal((round(factor * separability(delta) * D), D))
            y = np.sign(X[:, 0]) * np.where(rng.random(len(X)) < delta, -1, 1)
            feasible[factor] += linprog(np.zeros(D), A_ub=-y[:, None] * X, b_ub=-np.ones(len(X)), bounds=(None, None)).status == 0
    assert feasible == {0.7: 5, 1.4: 0}


@pytest.mark.parametrize(("alpha", "delta"), [(0.01, 0.0), (1.3, 0.0), (300.0, 0.0), (2.0, 1e-6), (20.0, 1e-3), (500.0, 0.1), (1.0, 0.45)])
def test_posterior_overlap_against_the_textbook_equation(alpha, delta):
    r"""$q/(1-q)=\alpha\,E_\xi\sum_y Z'^2/Z$ at $\omega=\sqrt q\,\xi$, on a fine grid."""

    xi = np.linspace(-14, 14, 60_001)

    def information(x):
        z = math.sqrt(x) * xi
        log_Z = log_ndtr(z) if delta == 0.0 else np.log(delta + (1 - 2 * delta) * ndtr(z))
        integrand = (1 - 2 * delta) ** 2 * np.exp(-0.5 * xi**2 - z**2 - log_Z) / (2 * math.pi) ** 1.5
        return 2 * alpha * (1 + x) * integrand.sum() * (xi[1] - xi[0])

    expected = math.exp(brentq(lambda y: math.log(information(math.exp(y))) - y, -15, 20, xtol=1e-13))
    for guess in (1.0, 1e-6, 1e8):
        assert posterior_overlap(alpha, delta, guess) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_no_student_beats_the_posterior(loss):
    rng = np.random.default_rng(3)
    for _ in range(40):
        alpha, delta = 10 ** rng.uniform(-4, 4), rng.choice([0.0, rng.uniform(0, 0.5)])
        for lam in (0.0, 10 ** rng.uniform(-9, 9)):
            found = solve(alpha=alpha, delta=delta, lam=lam, loss=loss)
            assert found["gen_error_bayes"] < found["gen_error"] < 0.5
            assert 0 <= found["train_error"] <= found["gen_error_noisy"] + 1e-12


@pytest.mark.parametrize("loss", MARGIN_LOSSES)
def test_every_random_point_has_a_solution_that_does_not_depend_on_the_start(loss):
    rng = np.random.default_rng(4)
    alpha = 10 ** rng.uniform(-4, 4, 300)
    lam = np.where(rng.random(300) < 0.3, 0.0, 10 ** rng.uniform(-12, 12, 300))
    delta = rng.choice([0.0, 1e-9, 1e-6, 1e-3, 0.1, 0.3, 0.499, 0.5], 300)
    alpha[:4], lam[:4], delta[:4] = (1e-4, 1e4, 1e-4, 1e4), (1e12, 1e-12, 1e-12, 1e12), (0.0, 0.0, 0.5, 0.5)
    threshold = np.array([separability(d) for d in delta])
    chained = trained(loss, alpha, lam, delta, threshold)
    alone = np.hstack([trained(loss, *(a[i : i + 1] for a in (alpha, lam, delta, threshold))) for i in range(300)])
    assert np.isfinite(chained[4]).all()
    np.testing.assert_allclose(chained[: len(ROWS)], alone[: len(ROWS)], rtol=2e-6, atol=1e-13)


def test_almost_neutral_corner():
    """Without flips, at large alpha and small ridges, a residual of 4e-5 still goes with twice the error."""
    assert solve(alpha=1000.0, lam=1e-6, loss="hinge")["gen_error"] == pytest.approx(0.000489, abs=1e-6)
    assert solve(alpha=1000.0, lam=1e-6, loss="logistic")["gen_error"] == pytest.approx(0.000470, abs=1e-6)


def test_small_ridges_approach_the_hard_margin():
    """The hinge fast, the logistic loss only logarithmically."""
    hard = solve(lam=0.0, loss="hinge")
    soft = solve(lam=1e-9, loss="hinge")
    for name in ("gen_error", "q", "m"):
        assert soft[name] == pytest.approx(hard[name], rel=1e-6)
    logistic = solve(lam=0.0)
    assert (logistic["q"], logistic["m"], logistic["v"]) == (math.inf,) * 3
    assert (logistic["train_loss"], logistic["train_error"]) == (0.0, 0.0)
    assert logistic["gen_error"] == hard["gen_error"]
    assert logistic["margin"] == hard["margin"] == pytest.approx(hard["q"] ** -0.5, rel=1e-12)
    assert solve(lam=1e-7)["gen_error"] == pytest.approx(0.18387, abs=5e-6)


@pytest.mark.parametrize("loss", MARGIN_LOSSES)
def test_zero_ridge_beyond_separability_is_the_limit_of_small_ones(loss):
    exact, near = (solve(alpha=6.0, delta=0.2, lam=lam, loss=loss) for lam in (0.0, 1e-9))
    for name in ("q", "m", "v", "train_loss", "gen_error", "train_error"):
        assert near[name] == pytest.approx(exact[name], rel=1e-6), name


@pytest.mark.parametrize("delta", [1e-6, 0.1, 0.5])
def test_the_margin_closes_at_separability(delta):
    threshold = separability(delta)
    margins = [solve(alpha=threshold * (1 - gap), delta=delta, lam=0.0)["margin"] for gap in (1e-3, 1e-4, 1e-5, 1e-6)]
    np.testing.assert_allclose(np.array(margins[1:]) / margins[:-1], 0.1, rtol=0.03)
    losses = [solve(alpha=threshold * (1 + gap), delta=delta, lam=0.0)["train_loss"] for gap in (1e-2, 1e-3, 1e-4)]
    assert 0 < losses[2] < losses[1] < losses[0]


def test_the_maximum_likelihood_estimate_diverges_smoothly():
    """V (alpha - alpha_sep) has logarithmic corrections, which bend one way."""
    scaled = [solve(alpha=separability(0.1) * (1 + gap), delta=0.1, lam=0.0)["v"] * gap for gap in 10.0 ** np.arange(-4, -7, -0.5)]
    steps = np.diff(scaled)
    assert np.all(steps > 0)
    assert np.all(np.diff(steps) < 0)


def test_how_the_error_decays_without_flips():
    alpha = np.array([1e2, 1e3, 1e4])
    hard = engine.sweep("perceptron-erm", {"alpha": alpha}, lam=0.0)
    square = engine.sweep("perceptron-erm", {"alpha": alpha}, lam="opt", loss="square")
    np.testing.assert_allclose(alpha * hard["gen_error"], 0.5005, rtol=5e-4)
    np.testing.assert_allclose(alpha * hard["gen_error_bayes"], 0.4417, rtol=5e-4)
    np.testing.assert_allclose(np.sqrt(alpha) * square["gen_error"], math.sqrt(math.pi / 2 - 1) / math.pi, rtol=1e-2)


def test_square_loss_peaks_at_interpolation_without_ridge():
    alpha = np.linspace(0.5, 1.6, 110)
    curve = engine.sweep("perceptron-erm", {"alpha": alpha}, lam=0.0, loss="square", delta=0.2)
    peak = alpha[np.nanargmax(curve["gen_error"])]
    assert peak == pytest.approx(1.0, abs=0.011)
    below = alpha < 1
    assert np.all(curve["train_loss"][below] == 0)
    assert np.all(np.isinf(curve["v"][below]))
    assert np.all(np.isfinite(curve["v"][alpha > 1.005]))


@pytest.mark.parametrize(
    ("loss", "alpha", "delta"), [("logistic", 2, 0), ("logistic", 5, 0.1), ("hinge", 2, 0), ("hinge", 2, 0.3), ("square", 3, 0.1)]
)
def test_optimal_ridge(loss, alpha, delta):
    best = solve(lam="opt", alpha=alpha, delta=delta, loss=loss)
    near = engine.sweep("perceptron-erm", {"lam": best["lam"] * np.geomspace(0.01, 100, 101)}, alpha=alpha, delta=delta, loss=loss)
    wide = engine.sweep("perceptron-erm", {"lam": np.geomspace(1e-6, 1e4, 101)}, alpha=alpha, delta=delta, loss=loss)
    assert best["gen_error"] <= min(near["gen_error"].min(), wide["gen_error"].min()) * (1 + 1e-12)
    assert best["gen_error"] == pytest.approx(near["gen_error"][50], rel=1e-10)


def test_optimal_ridges_of_the_losses():
    for alpha in (0.3, 20.0):
        assert solve(lam="opt", alpha=alpha, delta=0.2, loss="square")["lam"] == pytest.approx(math.pi / (2 * 0.36) - 1, rel=1e-14)
    logistic = solve(lam="opt")
    assert logistic["gen_error"] == pytest.approx(logistic["gen_error_bayes"], rel=1e-3)  # almost optimal
    assert solve(lam="opt", alpha=1000.0, delta=0.1)["lam"] == 0.0  # the maximum-likelihood estimate
    for loss in LOSSES:  # almost random labels: Hebb's rule
        found = solve(lam="opt", delta=0.4999999, loss=loss, alpha=1e-4)
        assert found["gen_error"] == pytest.approx(0.5 - math.sqrt(2e-4 / math.pi) * 2e-7 / math.pi, abs=1e-15)
    # an even smaller chance to learn must not be taken for no optimum
    assert 0.0 < solve(lam="opt", alpha=1e-4, delta=0.3, loss="hinge")["lam"] < 1e12


@pytest.mark.parametrize("loss", LOSSES)
def test_random_labels_teach_nothing(loss):
    for lam in (0.0, 0.1):
        found = solve(delta=0.5, alpha=0.7, lam=lam, loss=loss)
        assert (found["m"], found["gen_error"], found["gen_error_bayes"], found["q_bayes"]) == (0.0, 0.5, 0.5, 0.0)
        assert found["gen_error_noisy"] == 0.5


@pytest.mark.parametrize("loss", LOSSES)
def test_rho_rescales_the_overlap_alone(loss):
    one, other = solve(loss=loss, delta=0.1), solve(loss=loss, delta=0.1, rho=9.0)
    assert other.pop("m") == pytest.approx(3 * one.pop("m"), rel=1e-14)
    assert other == pytest.approx(one, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize(
    ("parameters", "name", "words"),
    [
        ({"alpha": 0.0}, "alpha", "alpha must be"),
        ({"lam": -1e-9}, "lam", "lam must be"),
        ({"delta": 0.6}, "delta", "0.5"),
        ({"loss": "perceptron"}, "loss", "logistic"),
        ({"rho": 0.0}, "rho", "rho must be"),
        ({"alpha": 1.0, "lam": 0.0, "loss": "square"}, "lam", "interpolation threshold"),
        *(({"alpha": separability(0.1), "lam": 0.0, "delta": 0.1, "loss": loss}, "lam", "separability threshold") for loss in MARGIN_LOSSES),
        *(({"lam": "opt", "delta": 0.5, "loss": loss}, "lam", "no ridge is optimal") for loss in LOSSES),
    ],
)  # fmt: skip
def test_errors(parameters, name, words):
    with pytest.raises(engine.ParameterError, match=words) as caught:
        solve(**parameters)
    assert caught.value.name == name


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("axis", AXES)
def test_lines_are_their_points(axis, loss):
    values = {"alpha": [0.1, 1, 1.5, 30], "lam": [0, 1e-9, 0.1, 1e5], "delta": [0, 0.2, 0.5], "rho": [0.1, 5]}[axis]
    for lam in (0.0, 0.05, "opt"):
        fixed = {"alpha": 1.5, "lam": lam, "delta": 0.1, "rho": 2.0, "loss": loss}
        del fixed[axis]
        line = MODEL.solve_along(axis, np.array(values, float), **fixed)
        for i, value in enumerate(values):
            try:
                expected = solve(**fixed, **{axis: value})
            except engine.ParameterError:
                assert all(math.isnan(column[i]) for column in line.values())
                continue
            assert {name: column[i] for name, column in line.items()} == pytest.approx(expected, rel=1e-6, nan_ok=True)


MEASURED = {"gen_error", "gen_error_noisy", "train_loss", "train_error", "m", "q"}


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"loss": "square", "delta": 0.1, "rho": 2.0}, MEASURED),
        ({"loss": "square", "lam": 0.0, "alpha": 0.5}, MEASURED),
        ({"loss": "square", "lam": "opt", "alpha": 4.0, "delta": 0.2}, MEASURED),
        ({}, MEASURED),
        ({"delta": 0.2, "lam": "opt", "alpha": 3.0, "rho": 0.5}, MEASURED),
        ({"delta": 0.2, "lam": 0.0, "alpha": 5.0}, MEASURED),
        ({"lam": 0.0}, MEASURED - {"m", "q"} | {"margin"}),
        ({"loss": "hinge", "delta": 0.1}, MEASURED),
        ({"loss": "hinge", "delta": 0.1, "lam": 0.0, "alpha": 1.5}, MEASURED | {"margin"}),
        ({"loss": "hinge", "delta": 0.2, "lam": 0.0, "alpha": 5.0}, MEASURED),
        ({"loss": "hinge", "delta": 0.4, "lam": "opt", "alpha": 0.5}, MEASURED),
    ],
)  # fmt: skip
def test_experiment_falls_on_the_theory(parameters, names):
    found, theory = engine.simulate("perceptron-erm", size=160, trials=16, seed=5, **parameters), solve(**parameters)
    assert set(found) == names
    for name, estimate in found.items():
        assert abs(estimate.mean - theory[name]) <= 4 * estimate.sem + 1e-9, (name, estimate, theory[name])


def test_experiment_refuses_what_cannot_be_fitted():
    for alpha in (1e-3, 1e4):
        with pytest.raises(engine.ParameterError, match="alpha must be in") as caught:
            engine.simulate("perceptron-erm", size=100, trials=2, alpha=alpha)
        assert caught.value.name == "alpha"
    with pytest.raises(engine.ParameterError, match="separability threshold"):
        engine.simulate("perceptron-erm", size=30, trials=1, alpha=separability(0.1), delta=0.1, lam=0.0)

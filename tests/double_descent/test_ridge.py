import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.double_descent.activations import COEFFICIENTS
from engine.double_descent.ridge import ROWS, error_slope, explained_line, optimal_line, resolvent, ridge_line
from engine.double_descent.spectrum import isotropic, susceptibility
from tests.double_descent.state_evolution import iterate, marchenko_pastur

logarithmic = st.floats(-4, 4).map(lambda x: 10.0**x)
ridges = st.floats(-12, 12).map(lambda x: 10.0**x)
activations = st.sampled_from(sorted(COEFFICIENTS))


def features(activation, points=1):
    """kappastar^2 and blocks at each point of a line."""
    kappa1, kappastar = COEFFICIENTS[activation]
    return np.full(points, kappastar**2), isotropic(np.full(points, kappa1))


def feature(activation):
    """The same at one point."""
    star_sq, blocks = features(activation)
    return star_sq[0], blocks[0]


def solve(alpha, gamma, lam, delta, activation, classify=False, rho=1.0):
    point = (np.array([float(value)]) for value in (alpha, gamma, lam, delta, rho))
    return dict(zip(ROWS, ridge_line(classify, *point, *features(activation))[:, 0], strict=True))


@settings(max_examples=300, deadline=None)
@given(logarithmic, logarithmic, ridges, activations, ridges)
def test_resolvent_solves_its_equation_from_any_guess(alpha, gamma, lam, activation, guess):
    x = resolvent(alpha, gamma, lam, *feature(activation), guess)
    S = susceptibility(x, 1.0, alpha, *feature(activation))[0]
    assert S / min(1.0, gamma / alpha) < 1 + 1e-15
    terms = (1.0, (1 + alpha / gamma) * S, alpha / gamma * S * S, lam * x)
    assert abs(terms[0] - terms[1] + terms[2] - terms[3]) <= 1e-13 * max(terms)


@settings(max_examples=300, deadline=None)
@given(logarithmic, logarithmic, ridges, activations, st.floats(0, 10), st.booleans())
def test_laws_of_the_decomposition(alpha, gamma, lam, activation, delta, classify):
    if not classify:
        found = solve(alpha, gamma, lam, delta, activation)
        parts = [found[name] for name in ("bias", "var_init", "var_samp", "var_noise")]
        assert min(parts) >= 0
        assert found["gen_mse"] == pytest.approx(sum(parts), rel=1e-12)
        assert found["gen_mse"] == pytest.approx(1 - 2 * found["m"] + found["q"], rel=1e-9, abs=1e-13 * max(1, found["q"]))
        assert found["bias"] <= found["mse_ensemble"] * (1 + 1e-12) <= found["gen_mse"] * (1 + 2e-12)
        assert found["mse_ensemble"] >= found["bias"] + found["var_samp"] * (1 - 1e-12)
        assert found["train_loss"] <= 0.5 * (1 + delta) * (1 + 1e-12)
    else:
        found = solve(alpha, gamma, lam, min(delta, 0.5), activation, classify=True)
        assert 0 <= found["train_error"] <= found["gen_error"] * (1 - 2 * min(delta, 0.5)) + min(delta, 0.5) + 1e-12
        assert found["m"] <= math.sqrt(found["q"]) * (1 + 1e-12)


def test_lines_of_powers_of_the_teacher():
    """Regression is homogeneous: rho and Delta scale every error; the scale of the features is that of the ridge."""
    one, two = solve(2, 1, 0.1, 0.3, "tanh"), solve(2, 1, 0.1, 0.3 * 7, "tanh", rho=7)
    for name in ("q", "m", "w_norm2", "gen_mse", "bias", "var_init", "mse_ensemble", "train_loss"):
        assert two[name] == pytest.approx(7 * one[name], rel=1e-12)
    point = [np.array([value]) for value in (2.0, 1.0, 0.4, 0.3, 1.0)]
    wide = ridge_line(False, *point, np.array([0.5]), isotropic(np.ones(1)))[:, 0]
    narrow = ridge_line(False, *point[:2], point[2] / 4, *point[3:], np.array([0.125]), isotropic(np.array([0.5])))[:, 0]
    np.testing.assert_allclose(wide[ROWS.index("gen_mse")], narrow[ROWS.index("gen_mse")], rtol=1e-12)


@pytest.mark.parametrize(
    ("alpha", "gamma", "lam", "delta", "activation", "classify"),
    [
        (2, 1, 0.01, 0.1, "relu", False),
        (0.5, 3, 1.0, 0.5, "sign", False),
        (2, 1.5, 0.1, 0.1, "relu", True),
        (3, 0.7, 0.2, 0.3, "linear", True),
    ],
)
def test_against_plain_state_evolution(alpha, gamma, lam, delta, activation, classify):
    V, q, m = iterate("square", alpha, gamma, lam, delta, *COEFFICIENTS[activation], classify=classify)
    found = solve(alpha, gamma, lam, delta, activation, classify)
    np.testing.assert_allclose([found["v"], found["q"], found["m"]], [V, q, m], rtol=1e-8)


def ridgeless(alpha, gamma, delta, activation):
    """Test error of Mei & Montanari 2019, Theorem 3."""
    kappa1, kappastar = COEFFICIENTS[activation]
    z = (kappa1 / kappastar) ** 2
    b = min(alpha, gamma) * z - z - 1
    X = -(math.sqrt(b * b + 4 * z * min(alpha, gamma)) + b) / (2 * z)
    both = alpha * gamma
    common = -(X**5) * z**3 + 3 * X**4 * z**2 - 2 * X**3 * z**2 - 3 * X**3 * z + 2 * X**2 * z + X**2
    E0 = common + (both - alpha - gamma + 1) * X**3 * z**3 + (alpha + gamma - 3 * both + 1) * X**2 * z**2 + 3 * both * X * z - both
    E1 = alpha * X**3 * z**2 - alpha * X**2 * z + both * X * z - both
    E2 = -common + (gamma - 1) * X**3 * z**3 - (gamma + 1) * X**2 * z**2
    return E1 / E0 + delta * E2 / E0


@pytest.mark.parametrize("activation", ["relu", "erf", "tanh", "sign"])
def test_ridgeless_limit_in_closed_form(activation):
    rng = np.random.default_rng(3)
    for alpha, gamma, delta in 10 ** rng.uniform(-1.5, 1.5, (40, 3)):
        assert solve(alpha, gamma, 0, delta, activation)["gen_mse"] == pytest.approx(ridgeless(alpha, gamma, delta, activation), rel=1e-9)


@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
def test_zero_ridge_is_the_limit_of_small_ones(activation):
    for alpha, gamma in ((0.5, 3.0), (3.0, 0.5), (3.0, 2.0), (2.0, 3.0), (0.3, 0.4)):
        exact, near = solve(alpha, gamma, 0, 0.2, activation), solve(alpha, gamma, 1e-11, 0.2, activation)
        for name in ("gen_mse", "q", "m", "w_norm2", "var_init", "train_loss"):
            assert near[name] == pytest.approx(exact[name], rel=1e-7, abs=1e-9), name


def test_many_features_are_kernel_ridge_regression():
    """gamma -> inf: kernel with eigenvalues kappa_1^2 / D (D times) and a flat rest; spectral formula in the inputs alone."""
    alpha, lam, delta = 2.0, 0.3, 0.2
    kappa1, kappastar = COEFFICIENTS["tanh"]
    found = solve(alpha, 1e4, lam, delta, "tanh")
    s, weight = marchenko_pastur(alpha)  # X X^T / D, N x N
    ridge = (lam + kappastar**2) / kappa1**2
    shrink = weight @ (s / (s + ridge)) * alpha  # trace of the smoother per input dimension
    bias_sq = 1 - 2 * shrink + alpha * weight @ (s / (s + ridge)) ** 2
    noise = alpha * weight @ (s / (s + ridge) ** 2)
    linear = bias_sq + delta * noise
    assert found["gen_mse"] == pytest.approx(linear, rel=2e-3)
    assert found["var_init"] < 1e-3


def test_explained_is_the_floor_of_infinite_data():
    for gamma, activation in ((0.3, "relu"), (2.0, "erf"), (0.5, "linear"), (3.0, "linear"), (1.0, "abs")):
        share, ratio = explained_line(np.array([gamma]), *features(activation))[:, 0]
        assert solve(1e6, gamma, 1e-9, 0.0, activation)["gen_mse"] == pytest.approx(1 - share, rel=1e-5, abs=1e-5)
        assert share == pytest.approx(ratio**2 / (1 + ratio**2) if ratio < math.inf else 1.0, rel=1e-12)
    np.testing.assert_allclose(explained_line(np.array([0.3, 1.0, 2.0]), *features("linear", 3))[0], [0.3, 1.0, 1.0], rtol=1e-9)


@pytest.mark.parametrize("classify", [False, True])
def test_optimal_ridge_is_the_lowest_of_a_fine_grid(classify):
    rng = np.random.default_rng(4)
    name = "gen_error" if classify else "gen_mse"
    for alpha, gamma in 10 ** rng.uniform(-2, 2, (10, 2)):
        o = np.ones(1)
        best = optimal_line(classify, alpha * o, gamma * o, 0.1 * o, o, *features("erf"))
        around = np.append(best * 10.0 ** np.linspace(-6, 6, 1201), best)
        points = (np.full(around.size, value) for value in (alpha, gamma))
        errors = ridge_line(classify, *points, around, np.full(1202, 0.1), np.ones(1202), *features("erf", 1202))[ROWS.index(name)]
        assert errors[-1] <= errors.min() * (1 + 1e-14)


def test_error_slope_is_the_derivative():
    for classify, row in ((False, "gen_mse"), (True, "gen_error")):

        def error(log_lam, classify=classify, row=row):
            value = solve(2, 1.3, 10.0**log_lam, 0.2, "relu", classify)[row]
            return math.log(math.tan(math.pi * value)) * 2 if classify else math.log(value)

        def log_x(log_lam):
            return math.log(resolvent(2.0, 1.3, 10.0**log_lam, *feature("relu"), 1.0))

        for log_lam in (-3.0, 0.0, 2.0):
            numeric = (error(log_lam + 1e-4) - error(log_lam - 1e-4)) / (log_x(log_lam + 1e-4) - log_x(log_lam - 1e-4))
            assert error_slope(classify, log_lam, 2.0, 1.3, 0.2, 1.0, *feature("relu"))[0] == pytest.approx(-numeric, rel=1e-5)

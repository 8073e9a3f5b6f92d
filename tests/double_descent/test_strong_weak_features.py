import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.double_descent.activations import ACTIVATIONS, COEFFICIENTS
from engine.double_descent.spectrum import overlaps
from engine.double_descent.strong_weak_features import AXES, MODEL
from tests.double_descent.state_evolution import channel

CLASSIFY = {"task": "classification"}
TANH = {"phi1": 0.1, "activation": "tanh", "alpha": 1.0, "gamma": 1.0}
powers = lambda low, high: st.floats(low, high).map(lambda x: 10.0**x)  # noqa: E731


def solve(**parameters):
    return engine.solve("strong-weak-features", **parameters)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (TANH, {"gen_error": 0.202208, "train_loss": 0.0396145, "m": 0.777202, "q": 0.932314, "alpha_sep": 14.6698}),
        (TANH | {"rb": 0.01}, {"gen_error": 0.399457, "train_loss": 0.0775725, "explained": 0.458085}),
        (TANH | {"loss": "logistic"}, {"gen_error": 0.0821813, "train_loss": 0.0673816, "q": 25.5390}),
        (TANH | {"loss": "logistic", "rb": 0.01}, {"gen_error": 0.387055, "train_error": 0.0475177}),
        (
            TANH | {"alpha": 2.0, "gamma": 0.5, "lam": 1e-3, "delta": 0.3, "task": "regression"},
            {"gen_mse": 0.147939, "bias": 0.00190857, "var_init": 0.0472713, "var_noise": 0.0986250, "mse_ensemble": 0.0231956},
        ),
        (
            {"alpha": 1.0, "gamma": 4.0, "lam": 0.05, "loss": "logistic"},
            {"gen_error": 0.0447166, "q": 21.2963, "sx1": 50.25126, "sb1": 1.970492},
        ),
    ],
)  # fmt: skip
def test_values_of_the_published_theory(parameters, expected):
    found = solve(**parameters)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=3e-6), name


def test_simulation_values_of_the_logistic_loss():
    """Large simulations: |w|^2/P = 1.899 +- 0.014 and error 0.159 +- 0.01 at D = 800, slowly rising to the theory."""
    found = solve(activation="relu", phi1=0.1, rx=50.0, rb=50.0, alpha=1.0, gamma=2.0, lam=0.05, delta=0.1, loss="logistic")
    assert found["w_norm2"] == pytest.approx(1.912, abs=5e-4)
    assert found["gen_error"] == pytest.approx(0.1583, abs=5e-5)


@settings(max_examples=150, deadline=None)
@given(
    powers(-3, 3), powers(-3, 3), powers(-9, 6), st.floats(0, 0.5), powers(-3, 3), st.sampled_from(sorted(ACTIVATIONS)),
    st.sampled_from(["regression", "square", "logistic", "hinge"]), st.floats(1e-6, 1 - 1e-6),
)  # fmt: skip
def test_equal_blocks_are_isotropic(alpha, gamma, lam, delta, rho, activation, loss, phi1):
    task = {"task": "regression"} if loss == "regression" else {"loss": loss, **CLASSIFY}
    point = {"alpha": alpha, "gamma": gamma, "lam": lam, "delta": delta, "rho": rho, "activation": activation, **task}
    one, two = engine.solve("random-features", **point), solve(**point, phi1=phi1, rx=1.0, rb=1.0)
    assert {name: two[name] for name in one} == pytest.approx(one, rel=1e-10, abs=1e-14, nan_ok=True)


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
@pytest.mark.parametrize("lam", [0.0, 0.1])
def test_a_vanishing_block_leaves_isotropic_data(loss, lam):
    point = {"alpha": 0.7, "gamma": 1.5, "lam": lam, "delta": 0.1, "activation": "tanh", "loss": loss, **CLASSIFY}
    isotropic = engine.solve("random-features", **point)
    for phi1 in (1e-9, 1 - 1e-9):
        found = solve(**point, phi1=phi1, rx=3.0, rb=0.5)
        assert {name: found[name] for name in isotropic} == pytest.approx(isotropic, rel=1e-7, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("loss", ["regression", "square", "logistic", "hinge"])
def test_names_of_the_blocks_do_not_matter(loss):
    """phi1, rx, rb -> 1 - phi1, 1/rx, 1/rb exchanges them."""
    task = {"task": "regression"} if loss == "regression" else {"loss": loss, **CLASSIFY}
    point = {"alpha": 1.3, "gamma": 0.6, "delta": 0.2, "activation": "erf", "vx": 3.0, "rho": 0.5, **task}
    for lam in (0.0, 0.05, "opt"):
        one = solve(**point, lam=lam, phi1=0.1, rx=30.0, rb=0.2)
        two = solve(**point, lam=lam, phi1=0.9, rx=1 / 30.0, rb=5.0)
        for name, other in (("sx1", "sx2"), ("sb1", "sb2")):
            one[name], one[other] = one[other], one[name]
        assert two == pytest.approx(one, rel=1e-8, nan_ok=True)


def test_variances_of_the_blocks():
    found = solve(phi1=0.2, rx=7.0, rb=0.3, vx=2.5, rho=1.7)
    assert found["sx1"] / found["sx2"] == pytest.approx(7.0)
    assert found["sb1"] / found["sb2"] == pytest.approx(0.3)
    assert 0.2 * found["sx1"] + 0.8 * found["sx2"] == pytest.approx(2.5)
    assert 0.2 * found["sx1"] * found["sb1"] + 0.8 * found["sx2"] * found["sb2"] == pytest.approx(1.7)


def big_matrix_fixed_point(loss, alpha, gamma, lam, delta, activation, phi1, rx, rb, task, D=900, draws=4):
    """State evolution with the traces of actual matrices F instead of any law for them: (V, q, m), accurate to about 1/D."""
    kappa1, kappastar = COEFFICIENTS[activation]
    rng, P, salient = np.random.default_rng(0), round(gamma * D), round(phi1 * D)
    variances = np.where(np.arange(D) < salient, rx, 1.0) / (phi1 * rx + 1 - phi1)
    teacher = np.where(np.arange(D) < salient, rb, 1.0)
    teacher /= np.mean(variances * teacher)
    values, drawn = [], []
    for _ in range(draws):
        A = rng.standard_normal((P, D)) * np.sqrt(variances / D)
        eigenvalues, vectors = np.linalg.eigh(kappa1**2 * A @ A.T + kappastar**2 * np.eye(P))
        values.append(eigenvalues)
        drawn.append((vectors.T @ A) ** 2 @ (variances * teacher))
    values, seen, k = np.concatenate(values), np.concatenate(drawn), alpha / gamma
    V, q, m = 1.0, 0.5, 0.1
    for _ in range(5000):
        if loss == "square":
            t = 1.0 if task == "regression" else (1 - 2 * delta) * math.sqrt(2 / math.pi)
            r = ((1 + delta if task == "regression" else 1.0) - 2 * t * m + q) / (1 + V) ** 2
            c, t = 1 / (1 + V), t / (1 + V)
        else:
            c, r, t = channel(loss, V, q, m, delta, 1.0)
        inverse = 1 / (lam + k * c * values)
        new = (
            np.mean(values * inverse),
            k * r * np.mean((values * inverse) ** 2) + alpha * k * kappa1**2 * t**2 * np.mean(seen * values * inverse**2),
            alpha * kappa1**2 * t * np.mean(seen * inverse),
        )
        if max(abs(a - b) / abs(a) for a, b in zip(new, (V, q, m), strict=True)) < 1e-8:
            return new
        V, q, m = (0.5 * (a + b) for a, b in zip(new, (V, q, m), strict=True))
    raise AssertionError("the plain iteration did not converge")


@pytest.mark.parametrize(
    "parameters",
    [
        {"alpha": 2.0, "gamma": 0.7, "lam": 0.01, "delta": 0.3, "rb": 100.0, "loss": "square", "task": "regression"},
        {"alpha": 0.6, "gamma": 1.2, "lam": 0.1, "delta": 0.1, "rb": 0.01, "loss": "square", **CLASSIFY},
        {"alpha": 1.0, "gamma": 0.8, "lam": 0.1, "delta": 0.1, "rb": 30.0, "loss": "logistic", **CLASSIFY},
        {"alpha": 1.5, "gamma": 0.5, "lam": 0.3, "delta": 0.0, "rb": 0.05, "loss": "hinge", **CLASSIFY},
    ],
)
def test_against_state_evolution_over_actual_matrices(parameters):
    point = {"activation": "erf", "phi1": 0.1, "rx": 20.0} | parameters
    found = solve(**point)
    np.testing.assert_allclose([found["v"], found["q"], found["m"]], big_matrix_fixed_point(**point), rtol=4e-3)


def test_any_number_of_blocks():
    """A block cut in two is the same, and the spread over three blocks is the variance of s g over the teacher's shares."""
    two = np.array([[0.1, 3.0, 0.7], [0.9, 0.2, 0.3]])
    three = np.array([[0.04, 3.0, 0.25], [0.9, 0.2, 0.3], [0.06, 3.0, 0.45]])
    point = (0.8, 0.6, 0.3, 1.7, 0.4, 2.0, 1.5, 1.2, 0.1)  # X c e r t alpha gamma rho kappastar^2
    np.testing.assert_allclose(overlaps(*point, three), overlaps(*point, two), rtol=1e-13)
    X, c, _, r, t, alpha, _, rho, star_sq = point
    blocks = np.array([[0.2, 5.0, 0.5], [0.3, 0.7, 0.2], [0.5, 0.1, 0.3]])
    phi, s, p = blocks.T
    g = alpha * t * X / (1 + alpha * s * c * X)
    slope = star_sq + np.sum(phi * s / (1 + alpha * s * c * X) ** 2)
    m, n, w_norm2 = overlaps(*point, blocks)
    assert m == pytest.approx(rho * p @ (s * g))
    spread = rho * (p @ (s * g) ** 2 - (p @ (s * g)) ** 2)
    assert n == pytest.approx(slope * w_norm2 + alpha * r * phi @ (s * X / (1 + alpha * s * c * X)) ** 2 + spread)


def test_random_points_obey_the_laws():
    """Over the whole declared range: every term positive, training below test error, m^2 <= rho q."""
    rng = np.random.default_rng(7)
    for _ in range(400):
        loss = rng.choice(["regression", "square", "logistic", "hinge"])
        point = {
            "alpha": 10 ** rng.uniform(-4, 4), "gamma": 10 ** rng.uniform(-4, 4), "rho": 10 ** rng.uniform(-3, 3),
            "lam": 0.0 if rng.random() < 0.3 else 10 ** rng.uniform(-12, 12), "delta": rng.choice([0.0, 1e-6, rng.uniform(0, 0.5), 0.5]),
            "phi1": float(np.clip(rng.choice([10 ** rng.uniform(-9, 0), 1 - 10 ** rng.uniform(-9, 0)]), 1e-9, 0.999999999)),
            "rx": 10 ** rng.uniform(-6, 6), "rb": 10 ** rng.uniform(-6, 6), "vx": 10 ** rng.uniform(-4, 4),
            "activation": rng.choice(sorted(ACTIVATIONS)),
        }  # fmt: skip
        found = solve(**point, **({"task": "regression"} if loss == "regression" else {"loss": loss}))
        assert 0 <= found["explained"] <= 1
        if loss == "regression":
            parts = [found[name] for name in ("bias", "var_init", "var_samp", "var_noise")]
            assert min(parts) >= 0
            scale = max(point["rho"], found["q"])
            assert abs(found["gen_mse"] - point["rho"] + 2 * found["m"] - found["q"]) <= 1e-9 * scale
            assert found["bias"] <= found["mse_ensemble"] * (1 + 1e-12) <= found["gen_mse"] * (1 + 2e-12)
        else:
            assert 0 <= found["train_error"] <= found["gen_error_noisy"] + 1e-9
            assert found["gen_error"] <= 0.5 + 1e-15


def test_aligned_structure_is_found_before_the_peak_and_misaligned_is_worse_than_none():
    alpha = np.geomspace(0.03, 10, 120)
    fixed = {"gamma": 1.0, "lam": 1e-4, "activation": "tanh", "phi1": 0.05, "rx": 100.0}
    aligned, misaligned = (engine.sweep("strong-weak-features", {"alpha": alpha}, rb=rb, **fixed)["gen_error"] for rb in (100.0, 0.01))
    none = engine.sweep("random-features", {"alpha": alpha}, task="classification", **{k: fixed[k] for k in ("gamma", "lam", "activation")})
    early = np.searchsorted(alpha, 0.3)
    dip = np.argmin(aligned[:early])
    assert 0.05 < alpha[dip] < 0.3
    assert aligned[dip] < 0.19
    assert none["gen_error"][dip] > 0.42
    for curve in (aligned, misaligned):
        peak = early + np.argmax(curve[early:])
        assert alpha[peak] == pytest.approx(1.0, rel=0.05)
    assert np.all(aligned < none["gen_error"])
    assert np.all(misaligned[alpha > 0.1] > none["gen_error"][alpha > 0.1])


def test_logistic_gains_more_from_alignment():
    gain = {}
    for loss in ("square", "logistic"):
        easy, hard = (solve(**TANH, rb=rb, loss=loss)["gen_error"] for rb in (100.0, 0.01))
        gain[loss] = hard - easy
    assert gain["logistic"] > 1.5 * gain["square"]


def test_optimal_ridge_is_the_lowest_minimum():
    """Each block has a ridge that suits it best: the error can have two minima, and either can be the lower one."""
    two = {"gamma": 24.0, "alpha": 0.8, "activation": "linear", "phi1": 0.46, "rx": 107.0, "rb": 0.0063, "task": "regression"}
    grid = np.geomspace(1e-9, 1e9, 721)
    found = set()
    for delta in (0.02, 0.08, 0.3, 1.0, 3.0):
        error = engine.sweep("strong-weak-features", {"lam": grid}, delta=delta, **two)["gen_mse"]
        minima = np.flatnonzero((error[1:-1] < error[:-2]) & (error[1:-1] < error[2:])) + 1
        best = solve(lam="opt", delta=delta, **two)
        assert best["gen_mse"] <= error.min() * (1 + 1e-12)
        assert best["lam"] == pytest.approx(grid[np.argmin(error)], rel=0.06)
        found.add((len(minima), int(np.argmin(np.abs(minima - np.argmin(error))))))
    assert {(2, 0), (2, 1)} <= found


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_optimal_ridge_of_a_margin_loss(loss):
    point = {**TANH, "rb": 0.01, "delta": 0.1, "loss": loss}
    best = solve(lam="opt", **point)
    near = engine.sweep("strong-weak-features", {"lam": best["lam"] * np.geomspace(1e-4, 1e4, 321)}, **point)
    assert best["gen_error"] <= near["gen_error"].min() * (1 + 1e-12)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("loss", ["regression", "logistic"])
def test_lines_are_their_points(axis, loss):
    values = {
        "alpha": [0.1, 1, 1.5, 30], "gamma": [30, 2, 1.5, 0.2], "lam": [0, 1e-9, 0.1, 1e5], "delta": [0, 0.2, 0.5, 0.7], "rho": [0.1, 5],
        "phi1": [1e-6, 0.3, 0.9], "rx": [0.01, 1, 1e4], "rb": [0.01, 1, 1e4], "vx": [0.01, 1, 10],
    }  # fmt: skip
    task = {"task": "regression"} if loss == "regression" else {"loss": loss, **CLASSIFY}
    fixed = {"alpha": 1.5, "gamma": 0.7, "lam": 0.05, "delta": 0.1, "rho": 2.0, "phi1": 0.2, "activation": "tanh", **task}
    fixed.pop(axis, None)
    line = MODEL.solve_along(axis, np.array(values[axis], float), **{k: v for k, v in MODEL.validate(fixed).items() if k != axis})
    for i, value in enumerate(values[axis]):
        try:
            expected = solve(**fixed, **{axis: value})
        except engine.ParameterError:
            assert all(math.isnan(column[i]) for column in line.values())
            continue
        assert {name: column[i] for name, column in line.items()} == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_explained_is_the_floor_of_infinite_data():
    for gamma, activation, rb in ((0.3, "tanh", 0.01), (2.0, "erf", 100.0), (0.5, "linear", 0.1), (3.0, "linear", 10.0)):
        point = {"gamma": gamma, "activation": activation, "rb": rb, "phi1": 0.1}
        floor = solve(alpha=1e4, lam=1e-9, task="regression", **point)["gen_mse"]
        assert solve(**point)["explained"] == pytest.approx(1 - floor, abs=2e-4)


def test_linear_features_without_ridge_know_their_rank():
    point = {"lam": 0.0, "delta": 0.2, "activation": "linear", "phi1": 0.1, "rb": 0.01, "task": "regression"}
    assert solve(alpha=3.0, gamma=2.0, **point)["gen_mse"] == pytest.approx(0.1, rel=1e-12)
    for alpha, gamma in ((1.0, 3.0), (0.3, 0.3)):
        with pytest.raises(engine.ParameterError, match="interpolation threshold"):
            solve(alpha=alpha, gamma=gamma, **point)
    assert solve(gamma=3.0, activation="linear", **CLASSIFY)["alpha_sep"] == math.inf


def test_scale_of_the_inputs():
    """Linear features of inputs twice as wide with a ridge twice as strong are the same, and so is the sign of any field."""
    one, two = (solve(activation="linear", alpha=2.0, lam=0.1 * s, vx=s, delta=0.1) for s in (1.0, 2.0))
    assert two["gen_error"] == pytest.approx(one["gen_error"], rel=1e-12)
    one, two = (solve(activation="sign", alpha=2.0, vx=s, delta=0.1) for s in (1.0, 50.0))
    for name in ("gen_error", "q", "v", "w_norm2", "alpha_sep"):
        assert two[name] == pytest.approx(one[name], rel=1e-12), name


@pytest.mark.parametrize(
    ("parameters", "name", "words"),
    [
        ({"phi1": 0.0}, "phi1", "phi1 must be"),
        ({"phi1": 1.0}, "phi1", "phi1 must be"),
        ({"rx": 0.0}, "rx", "rx must be"),
        ({"rb": -1.0}, "rb", "rb must be"),
        ({"vx": 0.0}, "vx", "vx must be"),
        ({"alpha": 0.0}, "alpha", "alpha must be"),
        ({"delta": 0.6}, "delta", "0.5"),
        ({"loss": "logistic", "task": "regression"}, "loss", "square in regression"),
        ({"activation": "custom", "kappa1": 1.0}, "kappastar", "kappastar"),
        ({"alpha": 1.0, "gamma": 1.0, "lam": 0.0}, "lam", "interpolation threshold"),
        ({"activation": "abs", "lam": "opt"}, "lam", "learn nothing"),
        ({"delta": 0.5, "lam": "opt"}, "lam", "no ridge is optimal"),
    ],
)
def test_errors(parameters, name, words):
    with pytest.raises(engine.ParameterError, match=words) as caught:
        solve(**parameters)
    assert caught.value.name == name


def test_experiment_needs_directions_of_both_kinds():
    for phi1 in (1e-3, 0.999):
        with pytest.raises(engine.ParameterError, match="both kinds") as caught:
            engine.simulate("strong-weak-features", size=100, trials=2, phi1=phi1)
        assert caught.value.name == "phi1"


@pytest.mark.parametrize(
    "parameters",
    [
        {"alpha": 2.0, "gamma": 0.5, "lam": 0.05, "delta": 0.3, "task": "regression", "vx": 2.0},
        {"alpha": 0.5, "gamma": 2.0, "lam": 0.0, "delta": 0.1, "rb": 0.1, "task": "regression", "rho": 3.0},
        {"alpha": 1.5, "gamma": 0.8, "lam": 0.1, "delta": 0.1, "rb": 0.1},
        {"alpha": 1.5, "gamma": 0.8, "lam": 0.1, "delta": 0.1, "rb": 10.0, "loss": "logistic"},
        {"alpha": 1.5, "gamma": 0.8, "lam": 0.5, "delta": 0.1, "rb": 0.1, "loss": "hinge"},
        {"alpha": 0.7, "gamma": 1.5, "lam": 0.0, "delta": 0.1, "rb": 10.0, "loss": "hinge", "activation": "linear"},
        {"alpha": 1.0, "gamma": 0.7, "lam": 0.1, "rb": 10.0, "loss": "logistic", "activation": "custom", "kappa1": 0.6, "kappastar": 0.3},
    ],
)
def test_experiment_falls_on_the_theory(parameters):
    """Many salient directions and a weak ratio keep corrections, in 1 over their number, within the noise."""
    point = {"phi1": 0.4, "rx": 10.0, "activation": "erf"} | parameters
    theory = solve(**point)
    for name, estimate in engine.simulate("strong-weak-features", size=150, trials=16, seed=3, **point).items():
        assert abs(estimate.mean - theory[name]) <= 4 * estimate.sem + 1e-9, (name, estimate, theory[name])

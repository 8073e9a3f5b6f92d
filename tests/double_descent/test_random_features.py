import math

import numpy as np
import pytest

import engine
from engine.double_descent.activations import COEFFICIENTS
from engine.double_descent.random_features import MODEL, sample_fields
from engine.double_descent.student import AXES

CLASSIFY = {"task": "classification"}


def solve(**parameters):
    return engine.solve("random-features", **parameters)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            {"delta": 0.1},
            {"gen_mse": 0.910482, "train_loss": 0.137736, "bias": 0.215301, "var_init": 0.574862, "var_samp": 0.036115,
             "var_noise": 0.084205, "mse_ensemble": 0.268190, "explained": 0.552094},
        ),
        (
            {"alpha": 1.0, "gamma": 1.0, "lam": 1e-4, "delta": 0.1},
            {"gen_mse": 12.6364, "var_init": 10.1174},
        ),
        (
            {"alpha": 2.0, "gamma": 1.5, "lam": 0.1, "delta": 0.1, **CLASSIFY},
            {"gen_error": 0.341690, "train_loss": 0.157516, "train_error": 0.057069, "gen_mse": 0.952760, "alpha_sep": 3.81803},
        ),
        (
            {"alpha": 2.0, "gamma": 1.5, "delta": 0.1, "activation": "erf", "loss": "logistic", **CLASSIFY},
            {"gen_error": 0.302125, "train_loss": 0.180771, "train_error": 0.027141},
        ),
        (
            {"alpha": 1.5, "gamma": 1.1, "lam": 5.0, "delta": 0.1, "loss": "hinge", **CLASSIFY},
            {"gen_error": 0.373147, "train_loss": 0.901273, "train_error": 0.203909},
        ),
    ],
)  # fmt: skip
def test_values_checked_by_large_simulations(parameters, expected):
    found = solve(**parameters)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=3e-6, abs=5.1e-7), name


def test_peak_is_at_interpolation_and_is_variance_of_the_initialisation():
    gamma = np.geomspace(0.1, 20, 400)
    curve = engine.sweep("random-features", {"gamma": gamma}, alpha=2.0, lam=1e-6, delta=0.1)
    peak = int(np.argmax(curve["gen_mse"]))
    assert gamma[peak] == pytest.approx(2.0, rel=0.02)
    assert curve["var_init"][peak] > 0.6 * curve["gen_mse"][peak]
    assert curve["mse_ensemble"].max() < 2
    assert np.all(np.diff(curve["gen_mse"][peak:]) < 0)


def test_error_at_the_optimal_ridge_is_monotone():
    for parameters in ({"delta": 0.5}, {"delta": 0.1, **CLASSIFY}):
        for axis in ("gamma", "alpha"):
            curve = engine.sweep("random-features", {axis: np.geomspace(0.1, 10, 60)}, lam="opt", **parameters)
            error = curve["gen_error" if "task" in parameters else "gen_mse"]
            assert np.all(np.diff(error) < 0)


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_optimal_ridge_of_a_margin_loss(loss):
    point = {"alpha": 2.0, "gamma": 2.0, "delta": 0.1, "loss": loss, **CLASSIFY}
    best = solve(lam="opt", **point)
    near = engine.sweep("random-features", {"lam": best["lam"] * np.geomspace(0.01, 100, 201)}, **point)
    assert best["gen_error"] <= near["gen_error"].min() * (1 + 1e-12)
    assert best["gen_error"] == pytest.approx(near["gen_error"][100], rel=1e-10)


def test_optimal_ridge_of_the_square_loss():
    best = solve(alpha=2.0, gamma=2.0, delta=0.2, lam="opt")
    assert best["lam"] == pytest.approx(0.163507, abs=5e-7)
    assert best["gen_mse"] == pytest.approx(0.500478, abs=5e-7)
    assert solve(alpha=3.0, gamma=2.0, activation="linear", lam="opt")["lam"] == 0.0


@pytest.mark.parametrize(
    ("parameters", "name", "words"),
    [
        ({"alpha": 0.0}, "alpha", "alpha must be"),
        ({"gamma": -1.0}, "gamma", "gamma must be"),
        ({"lam": -1e-9}, "lam", "lam must be"),
        ({"lam": "best"}, "lam", "or opt"),
        ({"delta": -0.1}, "delta", "delta must be"),
        ({"delta": 0.6, **CLASSIFY}, "delta", "0.5"),
        ({"loss": "logistic"}, "loss", "square in regression"),
        ({"activation": "swish"}, "activation", "relu"),
        ({"activation": "custom"}, "kappa1", "kappa1"),
        ({"activation": "custom", "kappa1": 1.0}, "kappastar", "kappastar"),
        ({"activation": "custom", "kappa1": 0.0, "kappastar": 0.0}, "kappastar", "both"),
        ({"kappa1": 1.0}, "kappa1", "custom"),
        ({"alpha": 1.0, "gamma": 1.0, "lam": 0.0}, "lam", "interpolation threshold"),
        ({"alpha": 1.0, "gamma": 1.0, "lam": 0.0, **CLASSIFY}, "lam", "interpolation threshold"),
        ({"alpha": 1.0, "gamma": 3.0, "lam": 0.0, "activation": "linear"}, "lam", "interpolation threshold"),
        ({"alpha": 0.3, "gamma": 0.3, "lam": 0.0, "activation": "linear"}, "lam", "interpolation threshold"),
        ({"activation": "abs", "lam": "opt"}, "lam", "learn nothing"),
        ({"delta": 0.5, "lam": "opt", **CLASSIFY}, "lam", "no ridge is optimal"),
        ({"delta": 0.5, "lam": "opt", "loss": "hinge", **CLASSIFY}, "lam", "no ridge is optimal"),
    ],
)
def test_errors(parameters, name, words):
    with pytest.raises(engine.ParameterError, match=words) as caught:
        solve(**parameters)
    assert caught.value.name == name


def test_no_ridge_at_the_separability_threshold_is_no_solution():
    threshold = solve(gamma=1.0, delta=0.1, **CLASSIFY)["alpha_sep"]
    with pytest.raises(engine.ConvergenceError, match="logistic"):
        solve(alpha=threshold, gamma=1.0, delta=0.1, lam=0.0, loss="logistic", **CLASSIFY)


def undefined(found):
    return {name for name, value in found.items() if math.isnan(value)}


def test_what_is_undefined_where():
    decomposition = {"bias", "var_init", "var_samp", "var_noise", "mse_ensemble"}
    assert undefined(solve()) == {"gen_error", "gen_error_noisy", "train_error", "alpha_sep", "margin"}
    assert undefined(solve(**CLASSIFY)) == decomposition | {"margin"}
    for loss in ("logistic", "hinge"):
        assert undefined(solve(loss=loss, **CLASSIFY)) == decomposition | {"margin", "gen_mse", "gen_mse_noisy"}
        assert undefined(solve(loss=loss, lam=0.0, alpha=0.5, **CLASSIFY)) == decomposition | {"gen_mse", "gen_mse_noisy"}
    assert solve(lam=0.0, alpha=0.5)["v"] == math.inf
    assert math.isfinite(solve(lam=0.0, alpha=3.0)["v"])
    assert solve(activation="linear", gamma=2.0, **CLASSIFY)["alpha_sep"] == math.inf
    assert solve(activation="linear", gamma=3.0, delta=0.1, **CLASSIFY)["alpha_sep"] == pytest.approx(
        solve(activation="linear", gamma=1.0, delta=0.1, **CLASSIFY)["alpha_sep"], rel=1e-12
    )


def test_even_features_learn_nothing():
    for loss in ("square", "logistic", "hinge"):
        for lam in (0.0, 0.1):
            found = solve(activation="abs", alpha=0.7, lam=lam, loss=loss, **CLASSIFY)
            assert (found["m"], found["gen_error"], found["explained"]) == (0.0, 0.5, 0.0)
            random = engine.sweep("random-features", {"delta": [0.1, 0.5]}, alpha=0.7, lam=lam, loss=loss, **CLASSIFY)
            assert (random["m"][1], random["gen_error"][1]) == (0.0, 0.5)
    assert solve(activation="abs", lam=0.1)["bias"] == 1.0


def test_linear_features_without_ridge_know_their_rank():
    found = solve(alpha=3.0, gamma=2.0, lam=0.0, delta=0.2, activation="linear")
    expected = {"gen_mse": 0.1, "train_loss": 1 / 15, "q": 1.1, "v": 0.5, "w_norm2": 1.1, "bias": 0.0, "var_init": 0.0, "lam": 0.0}
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12), name
    assert solve(alpha=3.0, gamma=1.0, lam=0.0, delta=0.2, activation="linear")["w_norm2"] == math.inf
    assert solve(alpha=3.0, gamma=0.5, lam=0.0, delta=0.2, activation="linear")["train_loss"] == pytest.approx(0.7 * (1 - 0.5 / 3) / 2)


def test_custom_features_are_those_of_their_coefficients():
    kappa1, kappastar = COEFFICIENTS["tanh"]
    named, custom = solve(activation="tanh"), solve(activation="custom", kappa1=-kappa1, kappastar=kappastar)
    assert custom.pop("kappa1") == -named.pop("kappa1")
    assert custom == pytest.approx(named, rel=1e-12, nan_ok=True)


def test_noisy_errors():
    found = solve(delta=0.2, rho=2.0)
    assert found["gen_mse_noisy"] == pytest.approx(found["gen_mse"] + 0.2, rel=1e-14)
    found = solve(delta=0.2, rho=2.0, **CLASSIFY)
    assert found["gen_error_noisy"] == pytest.approx(0.2 + 0.6 * found["gen_error"], rel=1e-14)
    assert found["gen_mse"] == pytest.approx(1 - 2 * math.sqrt(1 / math.pi) * found["m"] + found["q"], rel=1e-12)
    assert found["gen_mse_noisy"] == pytest.approx(1 - 1.2 * math.sqrt(1 / math.pi) * found["m"] + found["q"], rel=1e-12)
    assert found["gen_error"] == pytest.approx(math.acos(found["m"] / math.sqrt(2 * found["q"])) / math.pi, rel=1e-12)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("loss", ["regression", "square", "logistic", "hinge"])
def test_lines_are_their_points(axis, loss):
    values = {
        "alpha": [0.1, 1, 1.5, 30],
        "gamma": [30, 2, 1.5, 0.2],
        "lam": [0, 1e-9, 0.1, 1e5],
        "delta": [0, 0.2, 0.5, 0.7],
        "rho": [0.1, 5],
    }
    task = {"task": "regression"} if loss == "regression" else {"loss": loss, **CLASSIFY}
    for lam in (0.0, 0.05, "opt"):
        fixed = {"alpha": 1.5, "gamma": 0.7, "lam": lam, "delta": 0.1, "rho": 2.0, "activation": "tanh", **task}
        del fixed[axis]
        line = MODEL.solve_along(axis, np.array(values[axis], float), **{k: v for k, v in MODEL.validate(fixed).items() if k != axis})
        for i, value in enumerate(values[axis]):
            try:
                expected = solve(**fixed, **{axis: value})
            except (engine.ParameterError, engine.ConvergenceError):
                assert all(math.isnan(column[i]) for column in line.values())
                continue
            assert {name: column[i] for name, column in line.items()} == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_lines_of_conflicting_choices_have_no_solution():
    found = engine.sweep("random-features", {"loss": ["square", "hinge"], "gamma": [0.5, 1.0, 2.0]})
    assert np.isfinite(found["q"][0]).all()
    assert np.isnan(found["q"][1]).all()
    assert {index for index in found.failures} == {(1, 0), (1, 1), (1, 2)}


def agree(parameters, names=None, size=100, trials=24, seed=5, sems=4.0):
    """Experiment against theory within `sems` standard errors."""
    found, theory = engine.simulate("random-features", size=size, trials=trials, seed=seed, **parameters), solve(**parameters)
    assert names is None or set(found) == names
    for name, estimate in found.items():
        assert abs(estimate.mean - theory[name]) <= sems * estimate.sem + 1e-9, (name, estimate, theory[name])


SQUARE = {"m", "q", "w_norm2", "gen_mse", "train_loss"}
MARGIN = {"m", "q", "w_norm2", "train_loss", "gen_error", "train_error"}


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"delta": 0.1, "lam": 0.05}, SQUARE),
        ({"alpha": 1.0, "gamma": 3.0, "lam": 0.0, "delta": 0.1, "activation": "tanh"}, SQUARE),
        ({"alpha": 3.0, "gamma": 2.0, "lam": 0.0, "delta": 0.2, "activation": "linear", "rho": 2.0}, SQUARE),
        ({"alpha": 2.0, "gamma": 2.0, "lam": "opt", "delta": 0.2, "activation": "sign"}, SQUARE),
        ({"alpha": 2.0, "gamma": 1.5, "lam": 0.1, "delta": 0.1, **CLASSIFY}, SQUARE | {"gen_error", "train_error"}),
        ({"alpha": 2.0, "gamma": 1.5, "delta": 0.1, "activation": "erf", "loss": "logistic", **CLASSIFY}, MARGIN),
        ({"alpha": 1.5, "gamma": 1.1, "lam": 5.0, "delta": 0.1, "loss": "hinge", **CLASSIFY}, MARGIN),
        ({"alpha": 2.0, "gamma": 0.8, "lam": 0.1, "delta": 0.2, "loss": "hinge", "activation": "custom", "kappa1": 1.0, "kappastar": 0.5,
          **CLASSIFY}, MARGIN),
        ({"alpha": 1.0, "gamma": 2.0, "lam": 0.0, "delta": 0.1, "loss": "hinge", "activation": "erf", **CLASSIFY}, MARGIN | {"margin"}),
        ({"alpha": 1.0, "gamma": 2.0, "lam": 0.0, "delta": 0.1, "loss": "logistic", "activation": "erf", **CLASSIFY},
         {"train_loss", "gen_error", "train_error", "margin"}),
        ({"alpha": 5.0, "gamma": 0.7, "lam": 0.0, "delta": 0.2, "loss": "hinge", "activation": "tanh", **CLASSIFY}, MARGIN),
        ({"alpha": 5.0, "gamma": 0.7, "lam": 0.0, "delta": 0.2, "loss": "logistic", "activation": "tanh", **CLASSIFY}, MARGIN),
    ],
)  # fmt: skip
def test_experiment_falls_on_the_theory(parameters, names):
    agree(parameters, names)


def test_decomposition_against_twin_students():
    """Overlaps of the errors of students that share less and less: noise, then features, then inputs are drawn anew."""
    rng, D, alpha, gamma, lam, delta = np.random.default_rng(8), 80, 1.5, 1.2, 0.02, 0.3
    N, P = round(alpha * D), round(gamma * D)
    X_test = rng.standard_normal((1500, D))
    samples = []
    for _ in range(60):
        beta = rng.standard_normal(D)
        beta *= math.sqrt(D) / np.linalg.norm(beta)
        inputs, layers = rng.standard_normal((2, N, D)), rng.standard_normal((2, P, D))
        labels = [X @ beta / math.sqrt(D) + math.sqrt(delta) * rng.standard_normal((2, N)) for X in inputs]

        def error(x, f, e, inputs=inputs, layers=layers, labels=labels, beta=beta):
            U, T = (np.tanh(points @ layers[f].T / math.sqrt(D)) / math.sqrt(P) for points in (inputs[x], X_test))
            w = np.linalg.solve(U.T @ U + lam * np.eye(P), U.T @ labels[x][e])
            return X_test @ beta / math.sqrt(D) - T @ w

        first = error(0, 0, 0)
        samples.append([np.mean(first * other) for other in (first, error(0, 0, 1), error(0, 1, 0), error(0, 1, 1), error(1, 1, 1))])
    mean, sem = np.mean(samples, axis=0), np.std(samples, axis=0, ddof=1) / math.sqrt(len(samples))
    t = solve(alpha=N / D, gamma=P / D, lam=lam, delta=delta, activation="tanh")
    without_noise = t["bias"] + t["var_samp"] + t["var_init"]
    expected = [t["gen_mse"], without_noise, t["mse_ensemble"], t["bias"] + t["var_samp"], t["bias"]]
    assert np.all(np.abs(mean - expected) <= 4 * sem), (mean, expected, sem)


def test_experiment_refuses_what_would_take_hours():
    for parameters, name in (({"alpha": 100.0}, "alpha"), ({"gamma": 100.0}, "gamma"), ({"alpha": 1e-4}, "alpha")):
        with pytest.raises(engine.ParameterError, match="4000") as caught:
            engine.simulate("random-features", size=200, trials=2, **parameters)
        assert caught.value.name == name
    with pytest.raises(engine.ParameterError, match="takes too long"):
        engine.simulate("random-features", size=2000, trials=1, alpha=2.0, gamma=2.0)
    with pytest.raises(engine.ParameterError, match="interpolation threshold"):
        engine.simulate("random-features", size=30, trials=1, alpha=1.0, gamma=1.0, lam=0.0)


def test_fields_have_the_predicted_covariance_and_gaussian_tails():
    point = {"alpha": 2.0, "gamma": 1.5, "lam": 0.1, "delta": 0.1, "rho": 2.0, "activation": "erf"}
    theory, drawn = solve(**point), np.array([sample_fields(100, 2000, seed, **point) for seed in range(20)])
    for found, expected in ((drawn[:, 0] ** 2, 2.0), (drawn[:, 0] * drawn[:, 1], theory["m"]), (drawn[:, 1] ** 2, theory["q"])):
        each = found.mean(axis=1)
        assert abs(each.mean() - expected) <= 4 * each.std(ddof=1) / math.sqrt(20)
    standard = drawn[:, 1] / drawn[:, 1].std(axis=1, keepdims=True)
    assert abs((standard**4).mean() - 3) < 0.1
    heavy = sample_fields(100, 20_000, 0, tails=5.0, **point | {"activation": "relu"})
    for field in heavy:
        assert (field**4).mean() / (field**2).mean() ** 2 > 4.5
    assert (heavy[0] ** 2).mean() == pytest.approx(2.0, rel=0.1)


def test_samples_of_fields_are_nested():
    """The same teacher and inputs, whatever the number of features: previews blend."""
    one, two = (sample_fields(30, 100, 4, gamma=gamma, lam=0.1) for gamma in (1.0, 2.0))
    np.testing.assert_array_equal(one[0], two[0])
    assert np.corrcoef(one[1], two[1])[0, 1] > 0.5
    separable = {"task": "classification", "loss": "logistic", "lam": 0.0, "alpha": 5.4, "gamma": 2.0, "delta": 0.1, "activation": "tanh"}
    assert any(sample_fields(20, 10, seed, **separable) is None for seed in range(40))

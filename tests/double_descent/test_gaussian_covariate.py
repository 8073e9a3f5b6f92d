import json
import math

import numpy as np
import pytest

import engine
from benchmarks.reference.gaussian_covariate import iterate
from engine.double_descent.covariances import Pool, centred, digit_features, digits, measure, power_law, spectrum, without_chance
from engine.double_descent.covariate_curve import curve, optimal_ridges, trained
from engine.double_descent.covariate_fits import simulate_points

CLASSIFY = {"task": "classification"}


def solve(**parameters):
    return engine.solve("gaussian-covariate", **parameters)


# ---- against other theory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
@pytest.mark.parametrize("lam", [0.0, 1e-3, 0.1, 10.0, "opt"])
def test_isotropic_features_are_the_perceptron(loss, lam):
    for n, delta in ((20, 0.0), (150, 0.1), (400, 0.1), (1000, 0.0)):
        found = solve(P=100, a=0.0, b=0.7, n=n, lam=lam, delta=delta, loss=loss, **CLASSIFY)
        expected = engine.solve("perceptron-erm", alpha=n / 100, lam=lam, delta=delta, loss=loss)
        assert found["n_sep"] == pytest.approx(100 * expected["alpha_sep"], rel=1e-9)
        names = ("gen_error",) if lam == "opt" else ("gen_error", "train_loss", "train_error", "m", "q", "v", "margin")
        for name in names:
            assert found[name] == pytest.approx(expected[name], rel=1e-9, abs=1e-12, nan_ok=True), (name, n, delta)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 30, "lam": 0.01, "delta": 0.2},
        {"n": 100, "lam": 0.1, "delta": 0.1, "a": 2.0, "b": 0.5, "explained": 0.6},
        {"n": 300, "lam": 5.0, "delta": 0.1, "loss": "square", **CLASSIFY},
        {"n": 60, "lam": 0.05, "delta": 0.1, "loss": "logistic", "a": 1.5, "explained": 0.8, **CLASSIFY},
        {"n": 60, "lam": 0.05, "delta": 0.1, "loss": "hinge", "a": 1.5, "b": 0.3, "explained": 0.8, **CLASSIFY},
    ],
)
def test_against_plain_state_evolution(parameters):
    given = {"P": 50, "a": 1.0, "b": 1.0, "explained": 1.0, "task": "regression", "loss": "square"} | parameters
    of = power_law(50, given["a"], given["b"], given["explained"])
    expected = iterate(of.omega, of.omega * of.power, 1.0, given["n"] / 50, given["lam"], given["delta"], given["task"], given["loss"])
    found = solve(**given)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-7), name


def test_the_spectrum_of_random_features_gives_the_closed_form_of_random_features():
    """Teacher averaged: phi_i^2 = (kappa_1 s_i)^2 for the singular values s_i of F / sqrt(D)."""
    D, P, N, lam, delta = 400, 600, 800, 0.01, 0.1
    kappa, star = 0.5, 0.25 - 0.5 / math.pi
    found = []
    for seed in range(3):
        s = np.linalg.svd(np.random.default_rng(seed).standard_normal((P, D)) / math.sqrt(D), compute_uv=False)
        W = np.concatenate((s**2, np.zeros(P - D)))
        of = spectrum(P, kappa**2 * W + star, kappa**2 * W / D, 1.0)
        found.append(curve(of, N, lam, delta)["gen_mse"][0])
    expected = engine.solve("random-features", alpha=N / D, gamma=P / D, lam=lam, delta=delta)["gen_mse"]
    assert np.mean(found) == pytest.approx(expected, rel=3e-3)


def test_effective_ridge():
    """The student's average over samples is kernel ridge regression on the population with the effective ridge."""
    of = power_law(50, 1.2, 0.4, 0.9)
    for n, lam in ((20, 0.1), (200, 1.0)):
        found = curve(of, n, lam)
        u = found["effective_ridge"] / (found["effective_ridge"] + of.omega)
        assert found["m"] == pytest.approx(np.sum(of.power * (1 - u)))
        c = 1 / (1 + found["v"])
        assert found["effective_ridge"] == pytest.approx(lam / (n / 50 * c))
        assert np.sum(1 - u) / n == pytest.approx(found["v"] * c)


# ---- limits and edges --------------------------------------------------------------------------------------------------------------


def test_double_descent_peaks_at_the_number_of_modes():
    n = list(range(1, 121))
    curve_ = engine.sweep("gaussian-covariate", {"n": n}, P=60, lam=1e-6, delta=0.1)
    assert n[int(np.argmax(curve_["gen_mse"]))] == 60
    with pytest.raises(engine.ParameterError, match="interpolation threshold"):
        solve(P=60, n=60, lam=0.0)
    ridgeless = engine.sweep("gaussian-covariate", {"n": n}, P=60, lam=0.0, delta=0.1)
    assert list(ridgeless.failures) == [(59,)]
    assert (ridgeless["train_loss"][:59] == 0).all()
    np.testing.assert_allclose(ridgeless["train_loss"][60:], 0.05 * (1 - 60 / np.array(n[60:])), rtol=1e-9)
    with pytest.raises(engine.ParameterError, match="separability threshold"):
        solve(P=60, n=120, lam=0.0, delta=0.5, loss="hinge", **CLASSIFY)


@pytest.mark.parametrize("a", [0.0, 1.0, 3.0])
def test_ridge_tends_to_its_limits(a):
    for n in (1, 10, 99, 101, 5000):
        small, none = (solve(P=100, a=a, n=n, lam=lam, delta=0.1) for lam in (1e-13, 0.0))
        for name in ("gen_mse", "m", "q", "train_loss"):
            assert small[name] == pytest.approx(none[name], rel=2e-2, abs=1e-9), (name, n)
        large = solve(P=100, a=a, n=n, lam=1e10)
        assert large["gen_mse"] == pytest.approx(1.0, rel=1e-3)
    assert solve(P=100, a=a, explained=0.7, n=100_000, lam=1e-8)["gen_mse"] == pytest.approx(0.3, rel=2e-3)


def test_zero_modes_change_only_the_count_of_features():
    """Features repeated or constant: lam and 1/P are as declared, modes are those of positive variance."""
    of = power_law(30, 1.0, 1.0, 0.8)
    padded = spectrum(60, np.concatenate((2 * of.omega, np.zeros(30))), np.concatenate((4 * of.omega * of.power / 2, np.ones(30))), 1.0)
    assert padded.omega.size == 30
    for lam in (0.0, 0.1):
        one, other = curve(of, [10, 29, 100], lam, 0.2), curve(padded, [10, 29, 100], lam, 0.2)
        for name in ("gen_mse", "m", "q", "train_loss", "effective_ridge"):
            expected = 2 * one[name] if name == "effective_ridge" else one[name]
            np.testing.assert_allclose(other[name], expected, rtol=1e-9, err_msg=name)
    hard, padded_hard = (curve(s, [10, 29], 0.0, 0.1, "classification", "hinge") for s in (of, padded))
    np.testing.assert_allclose(padded_hard["n_sep"], hard["n_sep"], rtol=1e-12)
    np.testing.assert_allclose(padded_hard["margin"], hard["margin"], rtol=1e-7)


def test_scale_of_the_target():
    of, scaled = power_law(40, 1.0, 0.5, 0.9), power_law(40, 1.0, 0.5, 0.9)
    scaled = spectrum(40, scaled.omega, 9 * scaled.power * scaled.omega, 9.0)
    one, nine = curve(of, 50, 0.1, 0.2), curve(scaled, 50, 0.1, 1.8)
    assert nine["gen_mse"] == pytest.approx(9 * one["gen_mse"])
    for loss in ("square", "logistic"):
        one, nine = (curve(s, 50, 0.1, 0.2, "classification", loss) for s in (of, scaled))
        assert nine["gen_error"] == pytest.approx(one["gen_error"])
        assert nine["m"] == pytest.approx(3 * one["m"])


@pytest.mark.parametrize("loss", ["square", "logistic", "hinge"])
def test_optimal_ridge_is_the_least_of_many(loss):
    of, n, delta = power_law(80, 1.3, 0.2, 0.95), np.array([40.0, 200.0]), np.array([0.2, 0.05])
    n_sep = np.full(2, math.nan)
    best = optimal_ridges(of, "classification", loss, n, delta, n_sep)
    at_best = curve(of, n, best, delta, "classification", loss)["gen_error"]
    for factor in (1e-3, 0.1, 0.98, 1.02, 10.0, 1e3):
        assert (curve(of, n, factor * best, delta, "classification", loss)["gen_error"] > at_best).all()
    table = trained(of, "classification", loss, n, best, delta, n_sep)
    assert table.shape == (11, 2)


def test_optimal_ridge_stays_in_its_range():
    assert solve(n=20, lam="opt")["lam"] == 1e-8
    with pytest.raises(engine.ParameterError, match="no ridge is optimal"):
        solve(delta=0.5, lam="opt", **CLASSIFY)


def test_choices_that_conflict():
    for parameters, name in (({"loss": "hinge"}, "loss"), ({"delta": 0.6, **CLASSIFY}, "delta"), ({"source": "file"}, "path")):
        with pytest.raises(engine.ParameterError) as caught:
            solve(**parameters)
        assert caught.value.name == name
    with pytest.raises(engine.ParameterError, match="source file only"):
        solve(path="somewhere.csv")


# ---- digits and other points --------------------------------------------------------------------------------------------------------


def test_moments_of_the_digits():
    images, _ = digits()
    assert images.shape == (1797, 61)
    pool = centred(images, np.where(digits()[1] % 2 == 0, 1.0, -1.0))
    of = measure(pool)
    assert of.omega.sum() == pytest.approx(4.693276, abs=6e-7)
    assert of.rho == pytest.approx(0.999930, abs=6e-7)
    assert of.explained == pytest.approx(0.707704, abs=6e-7)
    expected = solve(source="digits", label="half")
    assert expected["explained"] != pytest.approx(of.explained, abs=0.01)


@pytest.mark.parametrize(("P", "n", "expected", "spread"), [(200, 200, 0.264, 0.012), (600, 400, 0.125, 0.004)])
def test_random_features_of_the_digits(P, n, expected, spread):
    found = [solve(source="digits", features="relu", P=P, n=n, lam=0.01, seed=seed)["gen_mse"] for seed in range(3)]
    assert abs(np.mean(found) - expected) < 2 * spread
    assert np.std(found) > 0


def test_covariance_and_gram_matrix_agree():
    rng = np.random.default_rng(0)
    U, nu = rng.standard_normal((40, 60)), rng.standard_normal(40)
    pool = centred(U, nu)
    primal = measure(Pool(np.vstack((pool.U, pool.U)), np.concatenate((pool.nu, pool.nu))))  # 80 points of 60 features, the same moments
    dual = measure(pool)
    assert dual.omega.size == primal.omega.size == 39
    np.testing.assert_allclose(dual.omega, primal.omega, rtol=1e-9)
    np.testing.assert_allclose(dual.power, primal.power, rtol=1e-6, atol=1e-12)
    assert dual.missing == 0.0


@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 30, "lam": 0.05, "delta": 0.1},
        {"n": 30, "lam": 0.0, "delta": 0.1, "explained": 0.8},
        {"n": 150, "lam": 0.0, "a": 0.5},
        {"n": 80, "lam": "opt", "delta": 0.3},
        {"n": 80, "lam": 0.1, "delta": 0.1, **CLASSIFY},
        {"n": 80, "lam": 0.02, "delta": 0.1, "loss": "logistic", "a": 0.5, **CLASSIFY},
        {"n": 80, "lam": 0.02, "delta": 0.1, "loss": "hinge", "a": 0.5, "explained": 0.8, **CLASSIFY},
        {"n": 60, "lam": 0.0, "delta": 0.1, "loss": "hinge", "a": 0.3, **CLASSIFY},
        {"n": 60, "lam": 0.0, "delta": 0.1, "loss": "logistic", "a": 0.3, **CLASSIFY},
        {"source": "digits", "n": 61},
        {"source": "digits", "n": 300, "features": "relu", "P": 150, "seed": 4},
        {"source": "generator", "n": 150, "lam": 0.01},
        {"source": "generator", "n": 200, "lam": 0.01, "features": "tanh", "P": 150, "seed": 4},
    ],
)
def test_experiment_falls_on_the_theory(parameters):
    given = {"P": 80, "seed": 0} | parameters
    found, theory = engine.simulate("gaussian-covariate", size=4000, trials=40, **given), solve(**given)
    assert {"train_loss"} <= set(found)
    for name, estimate in found.items():
        if name in ("m", "q") and "task" in given and "source" in given:
            continue
        bias = 0.03 if "source" in given or given["n"] < 100 else 0.015  # finite size; real features are not Gaussian
        assert abs(estimate.mean - theory[name]) <= 4 * estimate.sem + bias * abs(theory[name]) + 1e-9, (name, estimate, theory[name])


@pytest.mark.parametrize("n", [30, 120, 300])
def test_held_out_digits_fall_on_the_prediction_of_the_other_half(n):
    theory = solve(source="digits", n=n, pool="half")["gen_mse"]
    found = engine.simulate("gaussian-covariate", trials=40, source="digits", n=n, pool="half", tested="held-out")["gen_mse"]
    assert abs(found.mean - theory) < 4 * found.sem + 0.02 * theory


@pytest.mark.parametrize(("P", "n"), [(100, 200), (200, 400), (400, 400)])
def test_taking_chance_off_the_moments_predicts_fresh_images(P, n):
    given = {"source": "digits", "features": "relu", "P": P, "n": n, "lam": 0.01}
    held = engine.simulate("gaussian-covariate", trials=20, pool="half", tested="held-out", **given)["gen_mse"].mean
    naive, corrected = (solve(pool=pool, **given)["gen_mse"] for pool in ("half", "corrected"))
    assert corrected == pytest.approx(held, rel=0.12)
    assert naive < 0.9 * held


def test_chance_is_taken_off_a_target_that_is_all_noise():
    rng = np.random.default_rng(1)
    of = measure(centred(rng.standard_normal((300, 100)), rng.standard_normal(300)))
    assert of.explained == pytest.approx(1 / 3, abs=0.07)
    corrected = without_chance(of)
    assert corrected.explained < 0.12
    assert corrected.power.sum() == pytest.approx(corrected.explained)
    with pytest.raises(engine.ParameterError, match="chance cannot be told") as caught:
        solve(source="digits", features="relu", P=1000, pool="corrected")
    assert caught.value.name == "pool"


def test_small_pools_promise_too_much():
    given = {"source": "digits", "features": "relu", "P": 600, "n": 400, "lam": 0.01}
    theory = solve(**given)["gen_mse"]
    pool, held = (engine.simulate("gaussian-covariate", trials=10, tested=t, **given)["gen_mse"].mean for t in ("pool", "held-out"))
    assert pool == pytest.approx(theory, rel=0.15)
    assert held > 1.15 * theory


def test_experiment_refuses_what_it_cannot_do():
    for parameters in ({"n": 100_000, "P": 5000}, {"source": "digits", "tested": "held-out", "n": 1700}):
        with pytest.raises(engine.ParameterError) as caught:
            engine.simulate("gaussian-covariate", trials=1, **parameters)
        assert caught.value.name == "n"


def test_data_in_memory():
    """What a page does with a table: measure one half, predict, hold the prediction against fits to the other half."""
    rng = np.random.default_rng(3)
    z = rng.standard_normal((2000, 20)) * np.arange(1, 21) ** -0.5
    y = z @ rng.standard_normal(20) + 0.5 * rng.standard_normal(2000)
    first, second = centred(z[:1000], y[:1000]), centred(z[1000:], y[1000:])
    of = measure(first)
    predicted = curve(of, [10, 40, 200], 0.1)
    for i, n in enumerate((10, 40, 200)):
        found = simulate_points(of, second, n, "held-out", 0.1, 0.0, "regression", "square", 40, 0, lambda fraction: None)["gen_mse"]
        assert abs(found.mean - predicted["gen_mse"][i]) < 4 * found.sem + 0.1 * found.mean
    assert (np.diff(predicted["gen_mse"]) < 0).all()


def test_random_features_are_those_of_the_seed():
    one, same, other = (digit_features("tanh", 30, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1
    values = [50, 100]
    curve_ = engine.simulate_along("gaussian-covariate", "n", values, trials=12, seed=1, source="digits", features="tanh", P=30)["gen_mse"]
    for i, n in enumerate(values):
        theory = solve(source="digits", features="tanh", P=30, n=n, seed=1)["gen_mse"]
        assert abs(curve_.mean[i] - theory) < 4 * curve_.sem[i] + 0.02


# ---- files -------------------------------------------------------------------------------------------------------------------------


def test_a_file_of_points_is_those_points(tmp_path):
    images, digit = digits()
    y = np.where(digit % 2 == 0, 1.0, -1.0)
    np.savez(tmp_path / "points.npz", X=images, y=y)
    header = ",".join([f"pixel {i}" for i in range(61)] + ["y"])
    np.savetxt(tmp_path / "points.csv", np.column_stack((images, y)), delimiter=",", header=header, comments="")
    (tmp_path / "points.json").write_text(json.dumps({"X": images.tolist(), "y": y.tolist()}))
    expected = solve(source="digits", n=77)
    for name in ("points.npz", "points.csv", "points.json"):
        found = solve(source="file", path=str(tmp_path / name), n=77)
        assert found["gen_mse"] == pytest.approx(expected["gen_mse"], rel=1e-9)
    one = engine.simulate("gaussian-covariate", trials=3, source="file", path=str(tmp_path / "points.npz"), n=77)
    other = engine.simulate("gaussian-covariate", trials=3, source="digits", n=77)
    assert one["gen_mse"].mean == pytest.approx(other["gen_mse"].mean, rel=1e-9)


def test_a_file_of_moments(tmp_path):
    of = power_law(40, 1.0, 1.0, 0.9)
    phi_sq = of.omega * of.power
    rotation, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((40, 40)))
    np.savez(tmp_path / "values.npz", omega=of.omega[::-1], phi2=phi_sq[::-1], rho=1.0)
    np.savez(tmp_path / "matrix.npz", omega=rotation * of.omega @ rotation.T, phi=rotation @ np.sqrt(phi_sq), rho=[1.0])
    expected = solve(P=40, explained=0.9, n=30)
    for name in ("values.npz", "matrix.npz"):
        found = solve(source="file", path=str(tmp_path / name), n=30)
        for key, value in found.items():
            assert value == pytest.approx(expected[key], rel=1e-8, nan_ok=True)
    measured = engine.simulate("gaussian-covariate", trials=30, source="file", path=str(tmp_path / "matrix.npz"), n=30)
    assert abs(measured["gen_mse"].mean - expected["gen_mse"]) < 4 * measured["gen_mse"].sem


def test_a_file_that_changes_is_read_again(tmp_path):
    path = tmp_path / "moments.json"
    path.write_text('{"omega": [1, 2, 3], "phi2": [0.1, 0.2, 0.3], "rho": 1}')
    first = solve(source="file", path=str(path))["explained"]
    path.write_text('{"omega": [1, 2, 3, 4], "phi2": [0.1, 0.2, 0.3, 0.4], "rho": 1}')
    assert solve(source="file", path=str(path))["explained"] == pytest.approx(first + 0.1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"omega": [1, 2], "phi2": [1, 2], "rho": 1}', "inconsistent covariances"),
        ('{"omega": [1, 2], "phi2": [1], "rho": 1}', "same length"),
        ('{"omega": [1, -0.1], "phi2": [0.1, 0], "rho": 1}', "semidefinite"),
        ('{"omega": [0, 0], "phi2": [0, 0], "rho": 1}', "semidefinite"),
        ('{"omega": [1, NaN], "phi2": [0.1, 0], "rho": 1}', "missing"),
        ('{"omega": [1, 2], "phi2": [0.1, 0.1], "rho": -1}', "positive"),
        ('{"omega": [1, 2], "phi2": [0.1, 0.1]}', "must hold"),
        ('{"omega": [[1, 0.5], [0, 1]], "phi": [0.1, 0.1], "rho": 1}', "symmetric"),
        ('{"omega": [[1, 2], [2, 1]], "phi": [0.1, 0.1], "rho": 1}', "semidefinite"),
        ('{"omega": [[1, 0], [0, 1]], "phi": [0.1, 0.1, 0.1], "rho": 1}', "square matrix"),
        ('{"omega": [[1, 0], [0, 1]], "phi2": [0.1, 0.1], "rho": 1}', "vector phi"),
        ('{"X": [[1, 2], [3, 4]], "y": [1, 1]}', "all the same"),
        ('{"X": [[1, 2], [1, 2]], "y": [1, 2]}', "constant"),
        ('{"X": [[1, 2], [3, 4]], "y": [1, 2, 3]}', "row for each"),
    ],
)
def test_inconsistent_files(tmp_path, text, reason):
    path = tmp_path / "data.json"
    path.write_text(text)
    with pytest.raises(engine.ParameterError, match=reason) as caught:
        solve(source="file", path=str(path))
    assert caught.value.name == "path"


def test_no_file(tmp_path):
    for path in (tmp_path / "absent.npz", tmp_path, "with a \0 in it"):
        with pytest.raises(engine.ParameterError, match="cannot read"):
            solve(source="file", path=str(path))

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

import engine
from engine.teacher_student.m_estimator import LOSSES, MODEL, NOISES, PENALTIES, SIGNALS, laws
from engine.teacher_student.noise_laws import Law, density, excess_series, information, mmse

CONTAMINATED = {"noise_law": "contaminated", "outlier": 0.1, "delta_out": 10.0}
SPARSE = {"signal": "gauss-bernoulli", "sparsity": 0.1}


def solve(**parameters):
    return engine.solve("m-estimator", **parameters)


def same(one, other):
    return one == pytest.approx(other, rel=1e-15, abs=0, nan_ok=True)


def law_of(which, p):
    """The law of the noise (0) or of the signal (1) at a point."""
    point = {name: np.array([p[name]]) for name in ("delta", "outlier", "delta_out", "sparsity")}
    fields = laws(p["noise_law"], p["signal"], point)[which][:, 0]
    return Law(fields[0] == 1.0, *fields[1:])


def average(f, E, law, *kinks):
    """Average of an even f over the residual, by quad."""
    widths = [math.sqrt(v + E) for v in (0.0, law.inner, law.outer)]
    edges = sorted({0.0, 50 * max(widths), *kinks, *(k * s for s in widths for k in (1, 3, 8))})
    parts = [(a, b) for a, b in pairwise(edges) if b <= 50 * max(widths)]
    return 2 * sum(quad(lambda r: f(r) * density(r, E, law), a, b, epsabs=1e-15)[0] for a, b in parts)


def random_points(seed, count):
    """Settings over many orders of magnitude."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        p = {
            "loss": str(random.choice(LOSSES)), "penalty": str(random.choice(PENALTIES)),
            "noise_law": str(random.choice(NOISES)), "signal": str(random.choice(SIGNALS)),
            "huber": 10 ** random.uniform(-2, 2), "lam": 10 ** random.uniform(-3, 2),
            "delta": 10 ** random.uniform(-4, 2), "outlier": random.random(), "delta_out": 10 ** random.uniform(-3, 4),
            "sparsity": 10 ** random.uniform(-2, 0),
        }  # fmt: skip
        alpha = 10 ** random.uniform(-2, 4)
        yield {**p, "alpha": 1.001 + alpha if p["penalty"] == "none" else alpha}


@pytest.mark.parametrize("p", list(random_points(1, 40)))
def test_the_equations_hold_by_quadrature(p):
    """qhat and vhat from mse and gap_v, and these from those, from the definitions of f and eta."""
    found = solve(**p)
    E, V, qhat, vhat = (found[name] for name in ("mse", "gap_v", "qhat", "vhat"))
    width = V if p["loss"] == "l1" else 1 + V
    level = {"square": math.inf, "l1": V, "huber": p["huber"] * width}[p["loss"]]
    noise = law_of(0, p)
    kinks = () if math.isinf(level) else (level,)
    assert qhat == pytest.approx(p["alpha"] * average(lambda r: (min(r, level) / width) ** 2, E, noise, *kinks), rel=1e-7)
    assert vhat == pytest.approx(p["alpha"] * average(lambda r: float(r < level) / width, E, noise, *kinks), rel=1e-7)
    noisy, signal = qhat / vhat**2, law_of(1, p)
    if p["penalty"] == "l1":
        level = p["lam"] / vhat
        soft = average(lambda x: min(x * x, level**2), noisy, signal, level)
        alive = average(lambda x: float(x > level), noisy, signal, level)
        assert pytest.approx(soft - noisy + 2 * noisy * alive, rel=1e-6, abs=1e-10 * noisy) == E
        assert pytest.approx(alive / vhat, rel=1e-6, abs=1e-13) == V
    else:
        lam, power = (p["lam"] if p["penalty"] == "l2" else 0.0), (p["sparsity"] if p["signal"] == "gauss-bernoulli" else 1.0)
        assert pytest.approx((lam**2 * power + qhat) / (vhat + lam) ** 2, rel=1e-9) == E
        assert pytest.approx(1 / (vhat + lam), rel=1e-9) == V


def test_no_setting_fails_and_no_error_beats_the_bounds():
    for p in random_points(2, 1500):
        found = solve(**p)
        assert found["mse"] >= found["mse_bayes"] * (1 - 1e-9), p
        if p["penalty"] == "none":
            assert found["mse"] >= found["mse_bound"] * (1 - 1e-9), p
            assert found["mse_bound"] >= found["mse_bayes"] * (1 - 1e-9), p


@pytest.mark.parametrize("seed", range(6))
def test_reference_errors_are_the_largest_roots(seed):
    """Against a scan from above in steps of 0.002 in ln E, and plain iteration."""
    random, series = np.random.default_rng(seed), excess_series()
    p = {
        "alpha": 1 + 10 ** random.uniform(-1, 1.5), "noise_law": "contaminated", "delta": 10 ** random.uniform(-6, 0),
        "outlier": random.random(), "delta_out": 10 ** random.uniform(-1, 2), "signal": SIGNALS[seed % 3], "sparsity": 0.1, "loss": "square",
    }  # fmt: skip
    found, noise, signal = solve(**p), law_of(0, p), law_of(1, p)
    y = math.log(found["gen_error"] - found["mse"]) - math.log(p["alpha"] - 1)
    while p["alpha"] * math.exp(y) * information(math.exp(y), noise, series) > 1:
        y -= 0.002
    assert found["mse_bound"] == pytest.approx(math.exp(y), rel=0.003)
    assert p["alpha"] * found["mse_bound"] * information(found["mse_bound"], noise, series) == pytest.approx(1, rel=1e-9)
    E = 0.1 if seed % 3 == 2 else 1.0
    for _ in range(3000):
        E = mmse(p["alpha"] * information(E, noise, series), signal, series)
    assert found["mse_bayes"] == pytest.approx(E, rel=1e-7)


def test_largest_of_three_roots():
    p = {"alpha": 9.0, "noise_law": "contaminated", "delta": 1e-5, "outlier": 0.8, "delta_out": 2.0}
    noise, series = law_of(0, {**p, "signal": "gaussian", "sparsity": 1.0}), excess_series()

    def surplus(y):
        return y + math.log(9.0 * information(math.exp(y), noise, series))

    y = np.linspace(-14, -1, 1000)
    signs = np.sign([surplus(x) for x in y])
    roots = [math.exp(brentq(surplus, y[i], y[i + 1])) for i in np.flatnonzero(np.diff(signs))]
    np.testing.assert_allclose(roots, [1.6e-5, 5.0e-3, 0.1172573], rtol=0.03)
    assert solve(**p)["mse_bound"] == pytest.approx(roots[2], rel=1e-9)
    best = minimize_scalar(lambda a: solve(**p, huber=math.exp(a))["mse"], bounds=(-5, 3), method="bounded").fun
    assert best == pytest.approx(0.1366, abs=1e-4)


@pytest.mark.parametrize("noise", [{"noise_law": "laplace"}, {"noise_law": "gaussian"}, {**CONTAMINATED, "outlier": 0.0}])
@pytest.mark.parametrize("alpha", [1.001, 1.5, 40.0, 1e5])
def test_least_squares(noise, alpha):
    for delta in (1e-3, 2.0):
        found = solve(loss="square", alpha=alpha, delta=delta, **noise)
        assert found["mse"] == pytest.approx(delta / (alpha - 1), rel=1e-12)
        assert found["gap_v"] == pytest.approx(1 / (alpha - 1), rel=1e-9)
        assert found["gen_error"] == pytest.approx(delta * alpha / (alpha - 1), rel=1e-12)
        if noise["noise_law"] != "laplace":
            assert found["mse_bound"] == pytest.approx(found["mse"], rel=1e-9)


def test_least_squares_with_outliers_knows_only_the_variance():
    assert solve(loss="square", **CONTAMINATED)["mse"] == pytest.approx(0.9 + 1.0, rel=1e-13)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("alpha", [1.1, 3.0])
def test_without_ridge_as_the_limit(loss, alpha):
    without = solve(loss=loss, alpha=alpha)
    for lam in (1e-7, 1e-9):
        for penalty in ("l2", "l1"):
            assert solve(loss=loss, alpha=alpha, penalty=penalty, lam=lam)["mse"] == pytest.approx(without["mse"], rel=1e3 * lam)
    for penalty in ("l2", "l1"):
        assert same(solve(loss=loss, alpha=alpha, penalty=penalty, lam=0.0), without)


@pytest.mark.parametrize("noise", [{"noise_law": "laplace"}, CONTAMINATED])
def test_huber_between_square_and_l1(noise):
    square, absolute = (solve(loss=loss, alpha=2.5, **noise)["mse"] for loss in ("square", "l1"))
    assert solve(alpha=2.5, huber=1e6, **noise)["mse"] == pytest.approx(square, rel=1e-12)
    assert solve(alpha=2.5, huber=1e-6, **noise)["mse"] == pytest.approx(absolute, rel=1e-5)
    penalised = solve(alpha=0.7, loss="l1", penalty="l1", lam=0.3, **noise)["mse"]
    assert solve(alpha=0.7, huber=1e-6, penalty="l1", lam=0.3e-6, **noise)["mse"] == pytest.approx(penalised, rel=1e-5)


def test_contaminated_noise_with_one_component():
    for loss in LOSSES:
        alone = solve(loss=loss, noise_law="gaussian", delta=0.5)
        assert solve(loss=loss, noise_law="contaminated", delta=0.5, outlier=0.0) == pytest.approx(alone, nan_ok=True)
        other = solve(loss=loss, noise_law="contaminated", delta=3.0, outlier=1.0, delta_out=0.5)
        np.testing.assert_allclose(
            [other[k] for k in ("mse", "mse_bound", "mse_bayes")], [alone[k] for k in ("mse", "mse_bound", "mse_bayes")]
        )
        assert same(solve(loss=loss, signal="gauss-bernoulli"), solve(loss=loss))


def test_lasso_as_scalar_denoising():
    """Donoho, Maleki & Montanari 2011: sigma^2 = delta / alpha + E(sigma) / alpha with the risk of the soft threshold, lambda by calibration."""
    alpha, delta, rho, theta = 0.5, 0.01, 0.1, 0.4

    def risk(sigma, theta):
        def soft(x):
            return np.sign(x) * max(abs(x) - theta, 0.0)

        def zero(g):
            return soft(sigma * g) ** 2 * math.exp(-g * g / 2) / math.sqrt(2 * math.pi)

        def live(g):  # given x = tau g, w is Gaussian with mean x / tau^2 and variance sigma^2 / tau^2
            tau = math.sqrt(1 + sigma**2)
            x = tau * g
            return ((soft(x) - x / tau**2) ** 2 + sigma**2 / tau**2) * math.exp(-g * g / 2) / math.sqrt(2 * math.pi)

        kink = theta / math.sqrt(1 + sigma**2)
        live_part = 2 * (quad(live, 0, kink)[0] + quad(live, kink, 12)[0])
        return rho * live_part + (1 - rho) * 2 * quad(zero, theta / sigma, theta / sigma + 12)[0]

    sigma = brentq(lambda s: (delta + risk(s, theta)) / alpha - s * s, 0.05, 0.6)
    alive = rho * math.erfc(theta / math.sqrt(2 * (1 + sigma**2))) + (1 - rho) * math.erfc(theta / sigma / math.sqrt(2))
    lam = theta * (alpha - alive)  # vhat = alpha / (1 + V), V = alive / vhat
    found = solve(
        alpha=alpha, loss="square", penalty="l1", lam=lam, noise_law="gaussian", delta=delta, signal="gauss-bernoulli", sparsity=rho
    )
    assert found["mse"] == pytest.approx(risk(sigma, theta), rel=1e-7)
    assert found["vhat"] == pytest.approx(alpha - alive, rel=1e-9)


def test_strong_penalty_returns_nothing():
    for loss in LOSSES:
        found = solve(alpha=0.5, loss=loss, penalty="l1", lam=1e6, **SPARSE)
        assert found["mse"] == pytest.approx(0.1, rel=1e-12)
        assert 0 <= found["gap_v"] < 1e-29
        assert solve(alpha=0.5, loss=loss, penalty="l2", lam=1e6, **SPARSE)["mse"] == pytest.approx(0.1, rel=1e-4)


def test_least_squares_beats_maximum_likelihood_below_3_39_samples():
    """Both have error 1/(alpha - 1) where they cross, for Laplace noise of any variance."""
    crossing = brentq(lambda alpha: solve(loss="l1", alpha=alpha)["mse"] * (alpha - 1) - 1, 2, 6, xtol=1e-10)
    assert crossing == pytest.approx(3.3895, abs=5e-5)
    for delta in (0.01, 30.0):
        assert solve(loss="l1", alpha=crossing, delta=delta)["mse"] == pytest.approx(delta / (crossing - 1), rel=1e-8)


@pytest.mark.parametrize(("alpha", "threshold"), [(1.2, 1.15), (2.0, 0.92), (4.0, 0.62), (8.0, 0.42)])
def test_tuned_huber_loss_is_within_a_percent_of_the_bound(alpha, threshold):
    best = minimize_scalar(lambda a: solve(alpha=alpha, huber=a)["mse"], bounds=(0.05, 4), method="bounded")
    assert best.x == pytest.approx(threshold, abs=0.006)
    assert 1 < best.fun / solve(alpha=alpha)["mse_bound"] < 1.01


def test_without_noise():
    for loss in ("square", "huber"):
        found = solve(loss=loss, noise_law="gaussian", delta=0.0, alpha=3.0)
        assert (found["mse"], found["qhat"], found["vhat"], found["gap_v"], found["mse_bound"]) == (0, 0, 2, 0.5, 0)
    found = solve(loss="l1", noise_law="gaussian", delta=0.0, alpha=3.0)
    assert (found["mse"], found["gap_v"], found["vhat"]) == (0, 0, math.inf)
    little = solve(loss="l1", noise_law="gaussian", delta=1e-14, alpha=3.0)
    assert found["qhat"] == pytest.approx(little["qhat"], rel=1e-5)
    assert little["mse"] < 1e-13


RECOVERIES = [
    {"penalty": "none"}, {"penalty": "l2", "lam": 0.5}, {"penalty": "l1", "lam": 0.4, "signal": "laplace"},
    {"penalty": "l1", "lam": 0.4, **SPARSE}, {"penalty": "l1", "lam": 0.4, **SPARSE, "outlier": 0.0},
]  # fmt: skip


@pytest.mark.parametrize("p", RECOVERIES)
def test_exact_recovery_begins_where_the_error_vanishes(p):
    """Bisection of "mse is 0"; just below, the fixed point of the same equations is small and goes on shrinking; nothing jumps."""
    p = {"loss": "l1", **CONTAMINATED, "delta": 0.0, **p}
    low, high = (1.001 if p["penalty"] == "none" else 0.05), 20.0
    for _ in range(20):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if solve(**p, alpha=middle)["mse"] > 0 else (low, middle)
    below = [solve(**p, alpha=high * (1 - gap)) for gap in (1e-2, 1e-3, 1e-4)]
    errors = [found["mse"] for found in below]
    assert errors[0] > errors[1] > errors[2] > 0
    assert errors[2] < 0.05 * errors[0]
    assert solve(**p, alpha=high * 1.001)["qhat"] == pytest.approx(below[2]["qhat"], rel=0.02)


def test_recovery_in_a_sample():
    assert solve(loss="l1", alpha=1.2, **{**CONTAMINATED, "delta": 0.0})["mse"] == pytest.approx(3.639, abs=6e-4)
    for alpha, recovered in ((1.4, False), (1.9, True)):
        p = {"loss": "l1", "alpha": alpha, **CONTAMINATED, "delta": 0.0}
        measured = engine.simulate("m-estimator", size=150, trials=5, seed=2, **p)["mse"].mean
        assert (solve(**p)["mse"] == 0) == recovered == (measured < 1e-9)


def test_residual_density():
    for p in ({"alpha": 1.3}, {"loss": "l1", **CONTAMINATED}, {"loss": "square", "noise_law": "gaussian"}):
        r = np.linspace(-60, 60, 4001)
        line = engine.sweep("m-estimator", {"residual": r}, **p)
        p_r = line["residual_density"]
        assert np.all(line["mse"] == line["mse"][0])
        assert np.sum(p_r) * (r[1] - r[0]) == pytest.approx(1, rel=1e-6)
        assert np.sum(r**2 * p_r) * (r[1] - r[0]) == pytest.approx(line["gen_error"][0], rel=1e-6)
    assert math.isnan(solve()["residual_density"])


def test_errors():
    for p in ({"alpha": 1.0}, {"alpha": 0.5, "penalty": "l2", "lam": 0.0}, {"alpha": 1.0, "penalty": "l1", "lam": 0.0, "loss": "square"}):
        with pytest.raises(engine.ParameterError, match="alpha > 1"):
            solve(**p)
    with pytest.raises(engine.ParameterError, match="delta"):
        solve(delta=0.0)
    with pytest.raises(engine.ParameterError, match="sparsity"):
        solve(sparsity=0.0)  # checked although the signal is dense
    line = engine.sweep("m-estimator", {"alpha": [0.5, 1.0, 2.0]})
    assert np.isnan(line["mse"]).tolist() == [True, True, False]
    assert set(line.failures) == {(0,), (1,)}
    with pytest.raises(engine.ParameterError, match="samples"):
        engine.simulate("m-estimator", alpha=1.001, size=100)
    with pytest.raises(engine.ParameterError, match="samples"):
        engine.simulate("m-estimator", alpha=1e4, size=1000)


@pytest.mark.parametrize(
    "p",
    [
        {"loss": "square"}, {"loss": "l1", "alpha": 1.6}, {"loss": "huber", "alpha": 3.0}, {"loss": "huber", **CONTAMINATED, "delta_out": 100.0},
        {"loss": "l1", "penalty": "l2", "lam": 0.5, "alpha": 1.5, "delta": 0.5},
        {"loss": "l1", "penalty": "l1", "lam": 0.5, "alpha": 1.2, "signal": "laplace"},
        {"loss": "square", "penalty": "l1", "lam": 0.1, "alpha": 0.5, "noise_law": "gaussian", "delta": 1e-3, **SPARSE, "sparsity": 0.2},
        {"loss": "huber", "huber": 0.5, "penalty": "l1", "lam": 1.0, "alpha": 0.4},
        {"loss": "square", "penalty": "l2", "alpha": 0.8, "noise_law": "gaussian"},
    ],
)  # fmt: skip
def test_fits_fall_on_the_theory(p):
    measured, theory = engine.simulate("m-estimator", size=150, trials=24, seed=3, **p), solve(**p)
    for name, estimate in measured.items():
        assert abs(estimate.mean - theory[name]) < 4 * estimate.sem, (name, theory[name], estimate)
        assert estimate.sem < 0.12 * theory[name]


def test_declared_range():
    p = MODEL.parameter("alpha")
    assert (p.low, p.high) == (1e-3, 1e5)
    for alpha in (1 + 1e-3, 1e5):
        assert all(solve(alpha=alpha, loss=loss)["mse"] > 0 for loss in LOSSES)

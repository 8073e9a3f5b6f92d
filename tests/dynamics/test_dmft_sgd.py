"""Gradient descent by dynamical mean-field theory: the sampled march, the closed form, the end point, the experiment."""

import math
import warnings

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import norm

import engine
from engine.dynamics import dmft_sgd as model
from engine.dynamics.dmft_closed import closed_path
from engine.dynamics.dmft_paths import batches, gaussians, sampled_path
from engine.dynamics.dmft_static import end_point
from engine.dynamics.dmft_weights import LOGISTIC, SQHINGE, SQUARE, Problem
from engine.model import ParameterError

ID = "dmft-sgd"


def solve(**p) -> dict:
    return engine.solve(ID, **p)


def along(steps, **p) -> dict:
    fixed = engine.model(ID).validate(p)
    del fixed["steps"]
    return engine.model(ID).solve_along("steps", np.asarray(steps), **fixed)


def pose(loss=LOGISTIC, alpha=2.0, delta=0.5, lam=0.1, eta=0.2, batch=1.0, tau=0.0, clusters=2, L=0.7) -> Problem:
    return Problem(alpha, delta, lam, eta, batch, tau, loss, clusters, L)


# The march


def loss_and_derivatives(problem, c, h):
    """∂ℓ(yφ(h)) and ∂²ℓ(yφ(h)) by the chain rule."""
    y, phi, slope, bend = (1.0, h, 1.0, 0.0) if problem.clusters == 2 else (2 * c - 1, h**2 - problem.L**2, 2 * h, 2.0)
    v = y * phi
    sigma = 1 / (1 + np.exp(v))
    first, second = {
        LOGISTIC: (-sigma, sigma * (1 - sigma)),
        SQUARE: (v - 1, np.ones_like(v)),
        SQHINGE: (-np.maximum(1 - v, 0), (v < 1) * 1.0),
    }[problem.loss]
    return y * first * slope, second * slope**2 + y * first * bend


def plain_march(problem, steps, m0, variance, c, noise, active):
    """The equations as they are printed, on whole paths (M,), every row of D kept; noise (2 + steps, M). Returns m, C, R_w and ζ."""
    T, (alpha, delta, lam, eta) = steps, problem[:4]
    root, k, pull, samples = math.sqrt(delta), 1 - eta * lam, eta * alpha, noise.shape[1]
    m, kappa, C, R = np.zeros(T + 1), np.zeros(T + 1), np.zeros((T + 1, T + 1)), np.zeros((T + 1, T + 1))
    m[0], kappa[0], C[0, 0] = m0, math.sqrt(variance), variance + m0**2
    g, chi, zeta = np.zeros((T, samples)), np.zeros((T, samples)), np.zeros((T, samples))
    D = np.zeros((T, T, samples))
    for t in range(T):
        zeta[t] = m[t] * noise[0] + kappa[t] * noise[1] + math.sqrt(alpha) * R[t, :t] @ chi[:t]
        h = c * m[t] + root * (zeta[t] + R[t, :t] @ g[:t])
        first, second = loss_and_derivatives(problem, c, h)
        g[t] = active[t] * first
        bare = root * second * np.einsum("i,isj->sj", R[t, :t], D[:t, : t + 1])
        bare[t] += root * second
        D[t, : t + 1] = active[t] * bare
        a, R_g = problem.batch * np.mean(c * first), problem.batch * bare.mean(axis=1)
        C_g = problem.batch * np.append(g[:t] @ first, first @ first) / samples
        gram = g[: t + 1] @ g[: t + 1].T / samples
        chi[t] = math.sqrt(C_g[t] / gram[t, t]) * np.linalg.cholesky(gram)[t] @ noise[2 : t + 3]
        m[t + 1] = k * m[t] - pull * (a + root * R_g @ m[: t + 1])
        kappa[t + 1] = k * kappa[t] - pull * root * R_g @ kappa[: t + 1]
        R[t + 1, : t + 1] = k * R[t, : t + 1] - pull * root * R_g @ R[: t + 1, : t + 1]
        R[t + 1, t] -= eta * root
        for s in range(t + 2):
            before, column = (C[t, s], C[: t + 1, s]) if s <= t else (C[t + 1, t], C[t + 1, : t + 1])
            C[t + 1, s] = C[s, t + 1] = k * before - pull * (a * m[s] + root * R[s, : t + 1] @ C_g + root * R_g @ column)
    return m, C, R, zeta


MARCHES = [
    pose(batch=0.4),
    pose(SQUARE, batch=0.7),
    pose(alpha=3.0, delta=0.05, batch=0.8, clusters=3),
    pose(SQUARE, 0.5, 0.2, batch=0.5, clusters=3, eta=0.1),
]


def paths(blocks: np.ndarray) -> np.ndarray:
    """(blocks, rows, lanes) as (rows, paths)."""
    return blocks.transpose(1, 0, 2).reshape(blocks.shape[1], -1)


@pytest.mark.parametrize("problem", MARCHES)
def test_the_march_follows_the_printed_equations(problem):
    """Responses by the other recursion, every row kept, double precision; and the noise has the covariance it should."""
    steps, samples, strata = 12, 512, problem.clusters - 1
    half = gaussians(3, steps + 2, samples // 2, strata)
    noise = paths(np.concatenate([half, -half], axis=2))
    active = paths(batches(3, steps, samples, strata, problem))
    c = np.ones(samples) if strata == 1 else (np.arange(samples) >= samples // 2).astype(float)
    m, C, R, zeta = plain_march(problem, steps, 0.2, 0.7, c, noise, active)
    found = sampled_path(problem, steps, 0.2, 0.7, samples, 3)
    np.testing.assert_allclose(found.m, m, rtol=2e-6)
    np.testing.assert_allclose(found.C, C, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(found.R_w, R, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(zeta @ zeta.T / samples, C[:steps, :steps], atol=0.03 * C.max())


def test_batches_near_the_full_one_do_no_harm():
    """Paths that are smooth but for little noise: a root of C itself is off by tens of percent here, now and then."""
    ends = [sampled_path(pose(delta=1.0, lam=0.01, batch=0.9), 100, 0.0, 1.0, 256, seed) for seed in range(12)]
    np.testing.assert_allclose([end.m[-1] for end in ends], 2.136, rtol=0.02)
    np.testing.assert_allclose([end.C[-1, -1] for end in ends], 9.16, rtol=0.03)


@pytest.mark.parametrize("clusters", [2, 3])
def test_fewer_steps_are_a_prefix_to_the_last_bit(clusters):
    problem = pose(batch=0.3, tau=1.0, clusters=clusters)
    short, long = (sampled_path(problem, steps, 0.1, 1.0, 512, 5) for steps in (17, 40))
    for name in ("m", "train_error", "train_loss"):
        assert np.array_equal(getattr(short, name), getattr(long, name)[:18])
    assert np.array_equal(short.C, long.C[:18, :18])
    assert np.array_equal(short.R_w, long.R_w[:18, :18])


def test_the_curve_is_its_points_whatever_was_known_before():
    p = {"samples": 512, "seed": 77, "batch": 0.5}
    alone = solve(steps=9, **p)
    curve = along([30, 9, 0], **p)
    again = solve(steps=9, **p)
    for name, value in alone.items():
        assert value == again[name] or math.isnan(value)
        np.testing.assert_equal(curve[name][1], value)


def test_noise_is_white_and_mirrored_batches_have_their_size():
    E = paths(gaussians(1, 60, 512, 1))
    np.testing.assert_allclose(E @ E.T / 512, np.eye(60), atol=1e-12)
    assert abs(np.mean(E**4) - 3) < 0.1
    anew = batches(1, 30, 2048, 1, pose(batch=0.3))
    np.testing.assert_allclose(anew.sum(axis=(0, 2)), 0.3 * 2048, atol=1)
    held = paths(batches(1, 200, 2048, 1, pose(batch=0.3, tau=1.0))).astype(float)
    assert abs(held.mean() - 0.3) < 0.01
    switched_on = np.mean(held[1:][held[:-1] == 0])
    assert abs(switched_on - 0.2) < 0.005


def test_persistence_eta_over_b_is_a_fresh_draw():
    """0.2/0.3 in floating point is not quite the bound either."""
    for loss in ("logistic", "square"):
        fresh, held = (solve(batch=0.3, tau=tau, loss=loss, steps=20) for tau in (0.0, 0.2 / 0.3))
        assert fresh == pytest.approx(held, nan_ok=True)
    # and the equations agree: the persistent rule with this tau, sampled, against the closed form of fresh draws
    sampled = sampled_path(pose(SQUARE, batch=0.3, tau=0.2 / 0.3), 40, 0.0, 1.0, 8192, 0)
    assert sampled.m[-1] == pytest.approx(0.56422451, rel=2e-3)
    assert sampled.C[-1, -1] == pytest.approx(0.51152513, rel=4e-3)
    assert sampled.train_loss[-1] == pytest.approx(0.10808231, rel=1e-2)


# The closed form


def test_sampled_square_loss_of_the_full_batch_is_the_closed_form():
    problem = pose(SQUARE, 0.6, 1.0, 0.01, 0.3)
    exact, sampled = closed_path(problem, 150, 0.0, 1.0), sampled_path(problem, 150, 0.0, 1.0, 1024, 0)
    np.testing.assert_allclose(sampled.m, exact.m, rtol=2e-6, atol=1e-9)
    np.testing.assert_allclose(sampled.C, exact.C, rtol=2e-6, atol=1e-7)
    np.testing.assert_allclose(sampled.train_loss, exact.train_loss, rtol=1e-5)
    np.testing.assert_allclose(sampled.train_error[:20], exact.train_error[:20], atol=0.01)


def test_sampled_square_loss_of_batches_is_the_closed_form():
    problem = pose(SQUARE, batch=0.25, eta=0.3)
    exact, sampled = closed_path(problem, 40, 0.3, 0.5), sampled_path(problem, 40, 0.3, 0.5, 16384, 0)
    np.testing.assert_allclose(sampled.m, exact.m, rtol=2e-3)
    np.testing.assert_allclose(np.diag(sampled.C), np.diag(exact.C), rtol=4e-3)
    np.testing.assert_allclose(sampled.train_loss, exact.train_loss, rtol=1e-2)


def test_square_loss_takes_the_closed_form_but_not_for_persistent_batches():
    assert solve(loss="square", samples=256, seed=1)["q"] == solve(loss="square", samples=256, seed=2)["q"]
    held = solve(loss="square", batch=0.3, tau=1.0, steps=40)
    assert held["gen_error"] > 0.1335
    assert held["q"] != solve(loss="square", batch=0.3, tau=1.0, steps=40, seed=1)["q"]


def test_square_loss_of_many_samples_is_linear_algebra():
    """α → ∞ with η α fixed: the population's quadratic form in the cluster direction, its eigenvalue and the rest by hand."""
    alpha, drift = 100.0, 0.3
    eta = drift / alpha
    curve = along(np.arange(10), alpha=alpha, eta=eta, lam=0.0, loss="square", m0=0.4)
    m = [0.4]
    for _ in range(9):
        m.append(m[-1] - drift * ((m[-1] - 1) + 0.5 * m[-1]))
    np.testing.assert_allclose(curve["m"], m, atol=0.02)


# The end point


@pytest.mark.parametrize(("loss", "steps", "rtol"), [("square", 400, 1e-9), ("logistic", 300, 1e-4), ("sqhinge", 200, 3e-3)])
def test_descent_ends_at_the_static_minimum(loss, steps, rtol):
    found = solve(loss=loss, lam=1.0, steps=steps, samples=1024)
    assert found["m"] == pytest.approx(found["m_static"], rel=rtol)
    assert found["q"] == pytest.approx(found["q_static"], rel=2 * rtol)
    assert found["gen_error"] == pytest.approx(found["gen_error_static"], rel=rtol)


def proximal_averages(loss, V, m, spread):
    """E[ℓ''/(1+Vℓ'')], E ℓ', E ℓ'² by Gauss-Legendre on either side of the kink and bisection for the prox."""
    nodes, weights = np.polynomial.legendre.leggauss(300)
    kink = min(max((1 - m) / spread, -8.9), 8.9)
    pieces = [(-9.0, kink), (kink, 9.0)]
    x = np.concatenate([low + (high - low) * (nodes + 1) / 2 for low, high in pieces])
    w = np.concatenate([(high - low) / 2 * weights for low, high in pieces]) * norm.pdf(x)
    omega = m + spread * x
    if loss == "logistic":
        low, high = omega, omega + V
        for _ in range(80):
            middle = (low + high) / 2
            above = middle - V * expit(-middle) > omega
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        first = -expit(-low)
        second = -first * (1 + first)
    else:
        second = np.ones_like(omega) if loss == "square" else (omega < 1) * 1.0
        first = second * (omega - 1) / (1 + V)
    return w @ (second / (1 + V * second)), w @ first, w @ first**2


@pytest.mark.parametrize(
    ("alpha", "delta", "lam"), [(2.0, 0.5, 0.1), (6.0, 2.0, 0.02), (0.7, 0.1, 1e-3), (0.3, 5.0, 10.0), (0.5, 0.02, 1e-6)]
)
@pytest.mark.parametrize("loss", ["logistic", "square", "sqhinge"])
def test_static_minimum_satisfies_its_equations(loss, alpha, delta, lam):
    m, q = end_point(loss, model.LOSSES[loss], alpha, delta, lam)
    spread = math.sqrt(delta * q)
    V = math.exp(
        brentq(lambda u: m + alpha * math.exp(u) / delta * proximal_averages(loss, math.exp(u), m, spread)[1], -15, 20, xtol=1e-14)
    )
    curvature, _, second = proximal_averages(loss, V, m, spread)
    assert delta / (lam + alpha * delta * curvature) == pytest.approx(V, rel=1e-6)
    assert q - m * m == pytest.approx(alpha * V**2 / delta * second, rel=1e-6)


def test_static_minimum_is_found_over_the_whole_range():
    rng = np.random.default_rng(0)
    for alpha, delta, lam in 10 ** rng.uniform([-2, -2, -8], [2, 2, 2], (60, 3)):
        for loss in ("logistic", "sqhinge"):
            m, q = end_point(loss, model.LOSSES[loss], alpha, delta, lam)
            assert 0 < m * m <= q * (1 + 1e-12)
            assert model.gen_error(m, q, delta, 2, 0.0) >= model.bayes_error(alpha, delta) * (1 - 1e-9)


def test_ridge_regression_of_a_sampled_mixture():
    rng = np.random.default_rng(4)
    D, alpha, delta, lam = 1500, 2.0, 0.5, 0.1
    X = (1 / math.sqrt(D) + math.sqrt(delta) * rng.standard_normal((int(alpha * D), D))) / math.sqrt(D)
    w = np.linalg.solve(X.T @ X + lam * np.eye(D), X.sum(axis=0))
    m, q = end_point("square", SQUARE, alpha, delta, lam)
    assert w.mean() == pytest.approx(m, abs=0.02)
    assert w @ w / D == pytest.approx(q, abs=0.04)


def test_static_values_exist_only_where_descent_from_everywhere_ends_there():
    assert math.isfinite(solve(steps=0, loss="square", lam=0.0, alpha=1.5)["m_static"])
    for p in (
        {"loss": "square", "lam": 0.0, "alpha": 0.9},
        {"lam": 0.0},
        {"batch": 0.5},
        {"clusters": 3},
        {"loss": "sqhinge", "lam": 0.0},
    ):
        assert math.isnan(solve(steps=0, **p)["gen_error_static"])


# Physics


def test_first_step_from_zero_is_optimal_and_training_on_spoils_it():
    curve = along([1, 2, 80], R=0.0, lam=0.0, samples=1024)
    assert curve["gen_error"][0] == pytest.approx(curve["gen_error_bayes"][0], abs=1e-9)
    assert curve["gen_error"][2] == pytest.approx(0.1197, abs=2e-4)
    assert (np.diff(curve["gen_error"]) > 0).all()


def test_three_clusters_stay_where_they_are_without_overlap():
    with pytest.warns(UserWarning, match="stays 0 for ever"):
        found = solve(clusters=3, m0=0.0, batch=0.5, steps=60, alpha=3.0, delta=0.05, samples=256)
    assert found["m"] == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        start = along(np.arange(50), clusters=3, alpha=3.0, delta=0.05, R=0.01, m0=0.01, samples=512)
        late = along(np.arange(50), clusters=3, alpha=3.0, delta=0.05, R=0.01, m0=1e-4, samples=512)
    growth = start["m"][3] / start["m"][2]
    delay = [np.argmax(curve["m"] > 0.5) for curve in (start, late)]
    assert delay[1] - delay[0] == pytest.approx(math.log(100) / math.log(growth), abs=1.5)


def test_probability_of_a_wrong_answer_behind_the_door():
    m, q, delta, L = 0.9, 1.3, 0.2, 0.6
    rng = np.random.default_rng(0)
    c = rng.choice([0, 0, -1, 1], 400_000)
    h = c * m + math.sqrt(delta * q) * rng.standard_normal(c.size)
    wrong = np.mean((h * h > L * L) != (c != 0))
    assert model.gen_error(m, q, delta, 3, L) == pytest.approx(wrong, abs=4 * 0.5 / math.sqrt(c.size))


CASES = {
    "logistic": {"steps": 20},
    "square, batches": {"loss": "square", "batch": 0.25, "steps": 20},
    "sqhinge": {"loss": "sqhinge", "steps": 15, "samples": 8192},
    "batches": {"batch": 0.3, "steps": 25, "samples": 8192},
    "persistent": {"batch": 0.3, "tau": 1.0, "steps": 25, "samples": 8192},
    "three clusters": {"clusters": 3, "alpha": 3.0, "delta": 0.05, "R": 0.01, "m0": 0.2, "steps": 20, "samples": 8192},
    "three clusters, batches": {
        "clusters": 3,
        "alpha": 3.0,
        "delta": 0.05,
        "R": 0.01,
        "m0": 0.2,
        "batch": 0.3,
        "steps": 25,
        "samples": 8192,
    },
}


@pytest.mark.parametrize("p", CASES.values(), ids=CASES)
def test_training_runs_fall_on_the_curve(p):
    steps = [1, 2, 5, 10, p["steps"]]
    fixed = {name: value for name, value in p.items() if name != "steps"}
    found = engine.simulate_along(ID, "steps", steps, size=800, trials=8, seed=1, **fixed)
    curve = along(steps, **fixed)
    for name in model.MEASURED:
        sem = np.hypot(found[name].sem, 1e-3)
        assert (np.abs(found[name].mean - curve[name]) < 4 * sem).all(), name


def test_an_experiment_starts_exactly_at_the_initial_overlap():
    found = engine.simulate(ID, size=100, trials=2, steps=0, m0=0.3, R=0.4)
    assert found["m"].mean == pytest.approx(0.3, abs=1e-12)
    assert found["q"].mean == pytest.approx(0.49, abs=1e-12)


# Edges


def test_at_step_zero_the_initial_condition():
    found = solve(steps=0, R=0.0)
    assert (found["m"], found["q"], found["gen_error"], found["train_error"]) == (0.0, 0.0, 0.5, 0.5)
    assert solve(steps=0, R=0.0, loss="square")["train_error"] == 0.5
    assert math.isnan(found["cosine"])
    assert solve(steps=0, m0=0.5, R=0.75)["gen_error"] == pytest.approx(0.5 * math.erfc(0.5), rel=1e-12)
    assert solve(steps=0, R=0.0, clusters=3, m0=0.2)["cosine"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("p", "name", "text"),
    [
        ({"tau": 0.3, "batch": 0.3}, "tau", "0.466"),
        ({"samples": 1000}, "samples", "power of 2"),
        ({"samples": 65536, "steps": 400}, "samples", "at most 4096"),
        ({"eta": 20.0, "loss": "square"}, "eta", "below about eta=0.519"),
        ({"eta": 1.0, "clusters": 3, "loss": "square", "alpha": 10.0}, "eta", "too large"),
        ({"steps": 401}, "steps", "400"),
        ({"batch": 0.0}, "batch", "1"),
        ({"delta": 0.0}, "delta", "100"),
    ],
)
def test_what_cannot_be_is_refused_by_name(p, name, text):
    with pytest.raises(ParameterError, match=text) as caught:
        solve(**p)
    assert caught.value.name == name


def test_tau_is_ignored_for_the_full_batch():
    assert solve(tau=1e-3, samples=256) == solve(samples=256)


def test_beyond_the_stable_learning_rate_descent_diverges():
    limit = model.largest_rate(pose(SQUARE))
    assert solve(loss="square", eta=0.97 * limit, steps=400)["m"] == pytest.approx(0.630087, abs=1e-4)
    with pytest.raises(ParameterError, match="diverges"):
        solve(loss="square", eta=1.03 * limit, steps=400)
    bulk = {"loss": "square", "alpha": 0.5, "delta": 3.0}
    limit = model.largest_rate(pose(SQUARE, 0.5, 3.0))
    assert solve(eta=0.95 * limit, steps=400, **bulk)["q"] < 1.0
    assert solve(eta=1.1 * limit, steps=100, **bulk)["q"] > 1e3


def test_a_diverging_curve_ends():
    curve = along(np.arange(101), eta=1.0, loss="square")
    reached = np.isfinite(curve["q"]).sum()
    assert 5 < reached < 100
    assert curve["q"][reached - 1] < 1e12
    with pytest.raises(ParameterError, match=f"step {reached}"):
        solve(eta=1.0, loss="square", steps=100)


def test_two_times_and_scatter():
    p = engine.model(ID).validate({"steps": 20, "samples": 512})
    found = model.two_times(**p)
    assert found["C"].shape == found["R_w"].shape == (21, 21)
    assert np.diag(found["C"])[-1] == pytest.approx(solve(steps=20, samples=512)["q"])
    np.testing.assert_allclose(np.diag(found["R_w"], -1), -0.2 * math.sqrt(0.5))
    error = model.scatter(**p)
    assert 0 < error["m"][-1] < 0.01
    assert error["gen_error"].shape == (21,)

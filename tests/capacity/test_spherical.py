import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import erfcx, log_ndtr, ndtr

import engine
from engine.capacity import spherical

SATISFIABLE = [(0.2, 0.0), (1.0, 0.0), (1.9, 0.0), (0.5, 0.5), (0.25, 1.0), (3.0, -0.5), (100.0, -2.0), (0.001, 5.0)]


def solve(alpha, kappa, loss="count", stability=1.0):
    return engine.solve("capacity-spherical", alpha=alpha, kappa=kappa, loss=loss, stability=stability)


def mills(u):
    return math.sqrt(2 / math.pi) / erfcx(np.maximum(u, -30) / math.sqrt(2))


def average(f, q, kappa):
    """int Dt f(t) by adaptive quadrature, told where the kink is."""
    kink = -kappa / math.sqrt(q)
    width = math.sqrt((1 - q) / q)
    points = [kink + s * width for s in (-8, -2, 0, 2, 8, 40) if -12 < kink + s * width < 12]
    return integrate.quad(lambda t: stats.norm.pdf(t) * f(t), -12, 12, points=points, limit=400, epsabs=1e-13, epsrel=1e-11)[0]


@pytest.mark.parametrize(("alpha", "kappa"), SATISFIABLE)
def test_saddle_by_adaptive_quadrature(alpha, kappa):
    found = solve(alpha, kappa)
    q, eps = found["q"], found["one_minus_q"]

    def u(t):
        return (kappa + math.sqrt(q) * t) / math.sqrt(eps)

    assert alpha * eps * average(lambda t: mills(u(t)) ** 2, q, kappa) == pytest.approx(q, rel=1e-8)
    entropy = 0.5 * math.log(eps) + q / (2 * eps) + alpha * average(lambda t: log_ndtr(-u(t)), q, kappa)
    assert found["entropy"] == pytest.approx(entropy, rel=1e-8)
    assert found["replicon"] == pytest.approx(alpha * average(lambda t: (mills(u(t)) * (mills(u(t)) - u(t))) ** 2, q, kappa), rel=1e-8)
    assert found["stab_mean"] == pytest.approx(math.sqrt(eps) * average(lambda t: mills(u(t)), q, kappa), rel=1e-8)


@pytest.mark.parametrize(("alpha", "kappa"), [(0.5, 0.0), (1.5, 0.0), (0.8, 0.3), (5.0, -1.0)])
def test_entropy_falls_by_the_cost_of_a_pattern(alpha, kappa):
    """ds/dalpha = int Dt ln H(u): the entropy is stationary in q."""
    h = 1e-4
    slope = (8 * (solve(alpha + h, kappa)["entropy"] - solve(alpha - h, kappa)["entropy"])
             - solve(alpha + 2 * h, kappa)["entropy"] + solve(alpha - 2 * h, kappa)["entropy"]) / (12 * h)  # fmt: skip
    found = solve(alpha, kappa)
    q, eps = found["q"], found["one_minus_q"]
    expected = average(lambda t: log_ndtr(-(kappa + math.sqrt(q) * t) / math.sqrt(eps)), q, kappa)
    assert slope == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(
    ("alpha", "kappa", "eps"),
    [
        (1.2691261522375825, 0.3, 2.8053011412387595e-6),
        (1.2691324915544095, 0.3, 2.8024510080104560e-9),
        (1.998, 0.0, 5.1045721467485737e-4),
        (13.273199770658513, -1.0, 1.6100122355273587e-9),
    ],
)
def test_distance_from_a_single_solution_next_to_capacity(alpha, kappa, eps):
    """Against the saddle solved in 34-digit arithmetic; the bound is the rounding of alpha/alpha_c over the distance to it."""
    found = solve(alpha, kappa)
    distance = 1 - alpha / found["alpha_c"]
    assert found["one_minus_q"] == pytest.approx(eps, rel=1e-11 + 1e-15 / distance)


def test_overlap_opens_linearly_at_small_load():
    for kappa in (-3.0, 0.0, 2.0):
        found = solve(1e-9, kappa)
        assert found["q"] == pytest.approx(1e-9 * float(mills(kappa)) ** 2, rel=1e-6)
        assert found["entropy"] == pytest.approx(1e-9 * log_ndtr(-kappa), rel=1e-6)
    assert solve(1e-300, 0.0)["q"] == pytest.approx(1e-300 * 2 / math.pi)


def test_overlap_closes_linearly_at_capacity():
    """1 - q -> (1 - alpha/alpha_c) / (1 + alpha_c Phi(kappa))."""
    for kappa in (-1.0, 0.0, 1.0):
        capacity = spherical.spherical_capacity(kappa)
        found = solve(capacity * (1 - 1e-7), kappa)
        assert found["one_minus_q"] == pytest.approx(1e-7 / (1 + capacity * ndtr(kappa)), rel=1e-3)
        assert found["replicon"] == pytest.approx(capacity * ndtr(kappa), rel=2e-3)


def test_largest_margin_inverts_the_capacity():
    for alpha in (1e-300, 1e-4, 0.00999, 0.01001, 0.5, 2.0, 37.0, 1000.0):
        kappa = solve(alpha, 0.0)["kappa_max"]
        if kappa < 1e3:
            assert spherical.spherical_capacity(kappa) == pytest.approx(alpha, rel=1e-12)
        else:
            assert kappa == pytest.approx(alpha**-0.5, rel=1e-4)


@pytest.mark.parametrize(("alpha", "kappa"), [(0.2, 0.0), (1.9, 0.0), (0.5, 0.5), (1.99999, 0.0), (3.0, -0.5), (0.00989, 10.0)])
def test_stabilities_below_capacity_are_a_distribution(alpha, kappa):
    """The density integrates to the cdf and has the mean; both by quadrature in the variable that resolves the peak at the margin."""
    eps = solve(alpha, kappa)["one_minus_q"]
    edges = np.unique(np.concatenate([[kappa], kappa + eps * np.geomspace(0.1, 20.0 / eps, 60), [20.0]]))
    edges = edges[edges <= 20.0]
    x, w = np.polynomial.legendre.leggauss(16)
    half = np.diff(edges)[:, None] / 2
    points = edges[:-1, None] + half * (1 + x)
    line = engine.sweep("capacity-spherical", {"stability": points.ravel()}, alpha=alpha, kappa=kappa)
    mass = np.cumsum((half * w * line["stab_pdf"].reshape(points.shape)).sum(axis=1))
    at_edges = engine.sweep("capacity-spherical", {"stability": edges[1:]}, alpha=alpha, kappa=kappa)["stab_cdf"]
    np.testing.assert_allclose(mass, at_edges, atol=1e-10)
    assert mass[-1] == pytest.approx(1.0, abs=1e-10)
    mean = np.sum(half * w * points * line["stab_pdf"].reshape(points.shape))
    assert mean == pytest.approx(line["stab_mean"][0], abs=1e-9)


def test_stabilities_below_the_margin_do_not_exist_below_capacity():
    found = solve(0.3, 0.5, stability=0.4999)
    assert found["stab_pdf"] == found["stab_cdf"] == 0.0
    found = solve(0.3, 0.5, stability=0.5)
    assert found["stab_pdf"] > 0.0
    assert found["stab_cdf"] == 0.0


def brute_ground_state(alpha, kappa, loss):
    """x by minimising V + (lambda - t)^2/2x on a grid of lambda for each t, and the observables from the law of the minimiser."""
    t, dt = np.linspace(-9, 9, 6001, retstep=True)
    weight = stats.norm.pdf(t) * dt

    def minimiser(x):
        slack = {"hinge": np.minimum(np.maximum(kappa - t, 0), x), "quad": np.maximum(kappa - t, 0) * x / (1 + x)}
        if loss in slack:
            return t + slack[loss]
        stored = (kappa - t) ** 2 / (2 * x) < 1.0
        return np.where((t < kappa) & stored, kappa, t)

    x = optimize.brentq(lambda x: alpha * np.sum(weight * (minimiser(x) - t) ** 2) - 1, 1e-3, 60)
    lam = minimiser(x)
    lack = np.maximum(kappa - lam, 0) * (kappa - lam > 1e-12)
    cost = {"count": lack > 0, "hinge": lack, "quad": lack**2 / 2}[loss]
    return {
        "x": x, "energy": np.sum(weight * cost), "err_margin": np.sum(weight * (lack > 0)), "err_sign": np.sum(weight * (lam < -1e-12)),
        "stab_atom": np.sum(weight * (np.abs(lam - kappa) < 1e-12)), "stab_cdf": np.sum(weight * (lam <= 0.2)),
    }  # fmt: skip


@pytest.mark.parametrize("loss", spherical.LOSSES)
@pytest.mark.parametrize(("alpha", "kappa"), [(3.0, 0.3), (2.05, 0.7), (400.0, 0.6), (14.0, -0.5), (1.0, 2.0)])
def test_ground_state_by_brute_force(alpha, kappa, loss):
    found = solve(alpha, kappa, loss, stability=0.2)
    for name, value in brute_ground_state(alpha, kappa, loss).items():
        assert found[name] == pytest.approx(value, abs=3e-3, rel=3e-3), name


@pytest.mark.parametrize("loss", ["count", "hinge"])
@pytest.mark.parametrize(
    ("alpha", "kappa"),
    [(2.0 + 1e-9, 0.0), (2.1, 0.0), (3.99, 0.0), (4.01, 0.0), (1000.0, 0.0), (1000.0, 10.0), (0.0101, 10.0), (999.0, -2.4)],
)
def test_forces_add_up_by_quadrature(alpha, kappa, loss):
    """alpha int Dt (lambda* - t)^2 = 1."""
    step = solve(alpha, kappa, loss)["x"]
    step = math.sqrt(2 * step) if loss == "count" else step
    work = integrate.quad(lambda t: stats.norm.pdf(t) * (kappa - t) ** 2, kappa - step, kappa, epsabs=0, epsrel=1e-12, limit=200)[0]
    work += step**2 * ndtr(kappa - step) if loss == "hinge" else 0.0
    assert alpha * work == pytest.approx(1.0, rel=1e-10)


@pytest.mark.parametrize("loss", spherical.LOSSES)
def test_stabilities_above_capacity(loss):
    """The cdf is the integral of the density, plus the atom at the margin."""
    kappa, alpha = 0.4, 3.0
    grid = np.unique(np.concatenate([np.linspace(-6, 6, 12001), [kappa]]))
    line = engine.sweep("capacity-spherical", {"stability": grid}, alpha=alpha, kappa=kappa, loss=loss)
    mass = np.append(0.0, np.cumsum(np.diff(grid) * (line["stab_pdf"][1:] + line["stab_pdf"][:-1]) / 2))
    mass += np.where(grid >= kappa, line["stab_atom"], 0.0)
    np.testing.assert_allclose(line["stab_cdf"], mass, atol=1e-3)
    assert line["stab_cdf"][grid < kappa][-1] == pytest.approx(line["err_margin"][0], abs=2e-3)


@pytest.mark.parametrize("loss", spherical.LOSSES)
@pytest.mark.parametrize("kappa", [0.0, 0.7, -0.4])
def test_exactly_at_capacity(kappa, loss):
    found = solve(spherical.spherical_capacity(kappa), kappa, loss, stability=-1.0)
    assert found["sat"] == 0
    assert found["q"] == 1.0
    assert found["one_minus_q"] == found["err_margin"] == found["energy"] == found["stab_pdf"] == found["stab_cdf"] == 0.0
    assert math.isnan(found["x"])
    assert found["stab_atom"] == pytest.approx(ndtr(kappa))
    assert found["err_sign"] == (0.5 if kappa < 0 else 0.0)


@pytest.mark.parametrize("loss", spherical.LOSSES)
@pytest.mark.parametrize("kappa", [0.0, 0.7, -0.4])
def test_ground_state_starts_from_zero_cost(kappa, loss):
    found = solve(spherical.spherical_capacity(kappa) * (1 + 1e-6), kappa, loss)
    assert 0 < found["energy"] < 1e-6
    assert found["x"] > 4


def test_flags():
    below, above = solve(1.0, 0.0), solve(3.0, 0.0)
    assert (below["sat"], below["rs_stable"], above["sat"], above["rs_stable"]) == (1, 1, 0, 0)
    assert math.isnan(below["x"])
    assert below["err_sign"] == 0.0
    assert math.isnan(solve(1.0, -0.5)["err_sign"])
    assert solve(3.0, 0.0, "hinge")["replicon"] == pytest.approx(1.1876432, abs=1e-6)
    assert solve(3.0, 0.0, "hinge")["rs_stable"] == 0
    assert solve(3.0, 0.0, "quad")["rs_stable"] == 0
    assert solve(3.0, 0.1, "quad")["rs_stable"] == 1


@pytest.mark.parametrize("bad", [{"alpha": 0.0}, {"alpha": -1.0}, {"kappa": 10.1}, {"loss": "logistic"}, {"stability": math.nan}])
def test_refuses(bad):
    with pytest.raises(engine.ParameterError, match=next(iter(bad))):
        engine.solve("capacity-spherical", **bad)


def agree(parameters, names, **protocol):
    dots, theory = engine.simulate("capacity-spherical", **protocol, **parameters), engine.solve("capacity-spherical", **parameters)
    for name in names:
        assert abs(dots[name].mean - theory[name]) < 4 * dots[name].sem, name
    return dots


def test_experiment_margin():
    dots = agree({"alpha": 1.0, "loss": "hinge"}, ["kappa_max", "sv_frac"], size=150, trials=12, seed=1)
    assert dots["sat"].mean == 1.0
    assert dots["kappa_max"].sem < 0.03


@pytest.mark.parametrize(("alpha", "kappa"), [(1.0, 0.0), (0.5, 0.5), (0.5, -0.5), (2.5, -1.0)])
def test_experiment_solutions(alpha, kappa):
    dots = agree({"alpha": alpha, "kappa": kappa}, ["q", "stab_mean", "stab_cdf"], size=80, trials=10, seed=2)
    assert dots["q"].sem < 0.02


@pytest.mark.parametrize(("alpha", "kappa", "loss"), [(2.0, 0.5, "quad"), (3.0, 1.0, "hinge")])
def test_experiment_ground_states(alpha, kappa, loss):
    names = ["energy", "err_margin", "err_sign", "stab_cdf"] + (["stab_atom"] if loss == "hinge" else [])
    agree({"alpha": alpha, "kappa": kappa, "loss": loss, "stability": 0.3}, names, size=200, trials=4, seed=3)


def test_gibbs_sampler_of_two_patterns_in_the_plane():
    """Two patterns in D = 2 leave an arc; the mean direction of a uniform law on it is known."""
    xi, kappa = np.array([[1.0, 0.0], [0.0, 1.0]]), 0.25  # w = (cos a, sin a) with both at least kappa
    low, high = math.asin(kappa), math.acos(kappa)
    expected = np.array([math.sin(high) - math.sin(low), math.cos(low) - math.cos(high)]) / (high - low)
    mean, stability, below = spherical.gibbs_chain(xi, np.ones(2), kappa, 0.5, 200_000, 1)
    np.testing.assert_allclose(mean, expected, atol=5e-3)
    assert stability == pytest.approx(expected.mean(), abs=5e-3)
    assert below == pytest.approx((math.asin(0.5) - low) / (high - low), abs=1e-2)


def test_experiment_refuses_less_than_a_pattern_and_too_many():
    for alpha in (1e-3, 999.0):
        with pytest.raises(engine.ParameterError, match="alpha must be in"):
            engine.simulate("capacity-spherical", alpha=alpha)

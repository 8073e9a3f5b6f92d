import math

import numpy as np
import pytest

import engine
from engine.teacher_student.channels import entropy, fisher
from engine.teacher_student.equilibrium import curve
from engine.teacher_student.glm_bayes import next_overlap, potential, setting_of
from engine.teacher_student.priors import scalar_overlap

WIDTH = 0.6744897501960817
NOISY_CASES = [
    {"prior": "rademacher", "channel": "sign", "alpha": 1.1},
    {"prior": "gaussian", "channel": "sign", "flip": 0.1, "alpha": 2.0},
    {"prior": "gauss-bernoulli", "sparsity": 0.2, "channel": "linear", "delta": 0.01, "alpha": 0.3},
    {"prior": "gaussian", "channel": "abs", "delta": 0.05, "alpha": 1.2},
    {"prior": "rademacher", "channel": "relu", "delta": 0.2, "alpha": 1.5},
    {"prior": "gauss-bernoulli", "sparsity": 0.5, "channel": "door", "width": 0.4, "delta": 0.1, "flip": 0.05, "alpha": 20.0},
    {"prior": "rademacher", "channel": "door", "alpha": 1.5},
]
NOISELESS_CASES = [
    {"prior": "gaussian", "channel": "abs", "alpha": 1.06},
    {"prior": "gauss-bernoulli", "sparsity": 0.4, "channel": "relu", "alpha": 0.9},
    {"prior": "gauss-bernoulli", "sparsity": 0.4, "channel": "linear", "alpha": 0.5},
]


def solve(**p):
    return engine.solve("glm-bayes", **p)


def setting(**p):
    full = engine.model("glm-bayes").validate(p)
    return setting_of(**{name: full[name] for name in ("prior", "channel", "delta", "flip", "width", "sparsity")})


@pytest.mark.parametrize("point", NOISY_CASES + NOISELESS_CASES)
def test_free_entropy_is_stationary_where_amp_stops(point):
    found = solve(**point)
    rho = found["q"] + found["mmse"]
    m = found["q_amp"] / rho
    h = 1e-4 * min(m, 1 - m)
    phi = [solve(**point, overlap=m + k * h)["potential"] for k in (-2, -1, 0, 1, 2)]
    slope = (phi[0] - 8 * phi[1] + 8 * phi[3] - phi[4]) / (12 * h)
    assert 0 < m < 1
    assert slope == pytest.approx(0.0, abs=1e-7 + 1e-14 * abs(phi[2]) / h)
    assert phi[2] == pytest.approx(found["free_entropy_amp"], rel=1e-10)
    assert phi[0] + phi[4] < 2 * phi[2]


def test_unstable_state_between_the_two_maxima():
    """Inside the window the landscape has two maxima, the states, with a minimum between them; far from it one."""
    point = {"prior": "gauss-bernoulli", "sparsity": 0.25, "channel": "linear", "delta": 1e-4}
    thresholds = solve(**point)
    grid = np.linspace(1e-3, 1 - 1e-9, 4001)

    def extrema(alpha):
        phi = engine.sweep("glm-bayes", {"overlap": grid}, **point, alpha=alpha)["potential"]
        turns = np.flatnonzero(np.diff(np.sign(np.diff(phi)))) + 1
        return grid[turns], phi[turns]

    alpha = 0.5 * (thresholds["alpha_it"] + thresholds["alpha_alg"])
    places, heights = extrema(alpha)
    found = solve(**point, alpha=alpha)
    assert len(places) == 3
    assert found["phase"] == "hard"
    assert places[0] == pytest.approx(found["q_amp"] / 0.25, abs=1e-3)
    assert places[2] == pytest.approx(found["q"] / 0.25, abs=1e-3)
    assert heights[0] == pytest.approx(found["free_entropy_amp"], abs=1e-5)
    assert heights[2] == pytest.approx(found["free_entropy"], abs=1e-4)
    assert heights[1] < heights[0] < heights[2]
    for alpha in (0.99 * thresholds["alpha_inf"], 1.01 * thresholds["alpha_alg"]):
        assert len(extrema(alpha)[0]) == 1


@pytest.mark.parametrize("point", NOISY_CASES + NOISELESS_CASES)
def test_amp_stops_where_state_evolution_stops(point):
    """The root on the curve is the end of the iteration from nothing (even channels: next to nothing)."""
    s = setting(**point)
    found = solve(**point)
    q, v = (0.0, s.rho) if found["alpha_wr"] == 0 else (1e-4 * s.rho, (1 - 1e-4) * s.rho)
    for _ in range(3000):
        before = v
        q, v = next_overlap(q, v, point["alpha"], s)
        if abs(v - before) < 1e-13 * v:
            break
    assert v == pytest.approx(found["mmse_amp"], rel=1e-8)
    if math.isfinite(found["qhat"]):
        assert scalar_overlap(found["qhat"], s.prior, s.rho)[1] == pytest.approx(found["mmse"], rel=1e-12)


@pytest.mark.parametrize("point", NOISY_CASES)
def test_bayes_state_is_the_highest_maximum_of_the_landscape(point):
    found = solve(**point)
    s = setting(**point)
    heights = [potential(float(m), point["alpha"], s) for m in np.linspace(0, 1, 301)]
    assert max(heights) <= found["free_entropy"] + 1e-9
    assert max(heights) == pytest.approx(found["free_entropy"], abs=3e-3)
    assert found["free_entropy"] == max(found["free_entropy_amp"], found["free_entropy_informed"])


@pytest.mark.parametrize("point", NOISY_CASES)
def test_information_per_further_label(point):
    """d phi/d alpha = Psi(q): the entropy of a fresh label, of which what the noise has is not information."""
    alpha, h = point["alpha"], 1e-4 * point["alpha"]
    below, above = (solve(**{**point, "alpha": alpha + k * h}) for k in (-1, 1))
    s, here = setting(**point), solve(**point)
    psi, noise = (entropy(s.rho - v, v, s.channel, s.delta, s.p, s.width) for v in (here["mmse"], 0.0))
    assert (above["free_entropy"] - below["free_entropy"]) / (2 * h) == pytest.approx(psi, rel=1e-6, abs=1e-9)
    gain = (above["mutual_information"] - below["mutual_information"]) / (2 * h)
    assert gain == pytest.approx(noise - psi, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("prior", ["gaussian", "rademacher", "gauss-bernoulli"])
@pytest.mark.parametrize(("alpha", "delta"), [(0.4, 0.05), (1.5, 1.0)])
def test_information_per_signal_to_noise_ratio(prior, alpha, delta):
    """dI/d(1/Delta) = alpha/2 times the error on the measured fields, v Delta/(v + Delta) (Guo, Shamai & Verdú 2005)."""
    point = {"prior": prior, "sparsity": 0.3, "channel": "linear", "alpha": alpha}
    h = 1e-3 / delta
    info = [solve(**point, delta=1 / (1 / delta + k * h))["mutual_information"] for k in (-2, -1, 1, 2)]
    v = solve(**point, delta=delta)["mmse"]
    assert (info[0] - 8 * info[1] + 8 * info[2] - info[3]) / (12 * h) == pytest.approx(0.5 * alpha * v * delta / (v + delta), rel=1e-8)


def test_nishimori_identities_between_errors():
    """A posterior draw errs twice as much as the mean where the label is the field plus noise, and a quarter of its square is its error."""
    for point in NOISY_CASES + NOISELESS_CASES:
        found = solve(**point)
        delta, flip = point.get("delta", 0.0), point.get("flip", 0.0)
        if point["channel"] in ("linear", "abs", "relu"):
            assert found["gen_mse"] == pytest.approx(found["gen_mse_clean"] + delta, rel=1e-12)
            assert found["gen_mse_gibbs"] == pytest.approx(2 * found["gen_mse_clean"] + delta, rel=1e-12)
        else:
            assert found["gen_error_gibbs"] == pytest.approx(found["gen_mse_gibbs"] / 4)
            assert found["gen_error"] <= found["gen_error_gibbs"]
            assert 4 * found["gen_error"] * (1 - found["gen_error"]) >= found["gen_mse"] - 1e-12
            if delta == flip == 0.0:
                assert found["gen_mse_gibbs"] == pytest.approx(2 * found["gen_mse"], rel=1e-12)


def test_thresholds_are_where_they_say():
    for point in (
        {"prior": "rademacher", "channel": "sign"},
        {"prior": "gauss-bernoulli", "sparsity": 0.25, "channel": "linear", "delta": 1e-4},
    ):
        limits = solve(**point)
        at = [solve(**point, alpha=limits["alpha_it"] * (1 + k * 1e-7)) for k in (-1, 1)]
        assert [one["phase"] for one in at] == ["easy", "hard"]
        assert at[0]["free_entropy_amp"] == pytest.approx(at[0]["free_entropy_informed"], abs=1e-6)
        assert at[0]["q"] == at[0]["q_amp"] < at[1]["q"] == at[1]["q_informed"]
        at = [solve(**point, alpha=limits["alpha_alg"] * (1 + k * 1e-7)) for k in (-1, 1)]
        assert [one["phase"] for one in at] == ["hard", "easy"]
        assert at[1]["q_amp"] > at[0]["q_amp"] + 0.01
        if limits["alpha_inf"] > 0:
            at = [solve(**point, alpha=limits["alpha_inf"] * (1 + k * 1e-7)) for k in (-1, 1)]
            assert at[0]["q_informed"] == at[0]["q_amp"] < at[1]["q_informed"]


def test_a_critical_point_ends_the_hard_phase():
    """Noise closes the window, and the thresholds of little noise tend to those of none."""
    point = {"prior": "gauss-bernoulli", "sparsity": 0.25, "channel": "linear"}
    widths = []
    for delta in (1e-8, 1e-6, 1e-4, 1e-3):
        found = solve(**point, delta=delta)
        widths.append(found["alpha_alg"] - found["alpha_inf"])
    assert widths[0] > widths[1] > widths[2]
    assert math.isnan(widths[3])
    assert solve(**point, delta=1e-12)["alpha_alg"] == pytest.approx(solve(**point)["alpha_alg"], rel=1e-6)
    slow = [(solve(**point, delta=delta)["alpha_it"] - 0.25) * math.log(1 / delta) for delta in (1e-8, 1e-12)]
    assert slow[0] == pytest.approx(slow[1], rel=0.1)  # alpha_it - rho vanishes like 1/ln(1/delta)
    assert 0.25 == solve(**point)["alpha_it"] == solve(**point)["alpha_inf"]


def test_counting_equations():
    """Noiseless real labels: perfect from rho on (ReLU 2 rho), at once for binary weights."""
    for prior, rho in (("gaussian", 1.0), ("gauss-bernoulli", 0.3)):
        for channel, factor in (("linear", 1.0), ("abs", 1.0), ("relu", 2.0)):
            point = {"prior": prior, "sparsity": rho, "channel": channel}
            below, above = (solve(**point, alpha=factor * rho * k) for k in (0.999, 1.001))
            assert below["mmse"] > 0
            assert (above["mmse"], above["qhat"], above["free_entropy"]) == (0.0, math.inf, math.inf)
            assert above["mutual_information"] == math.inf
            assert solve(**point, alpha=1e6)["mmse_amp"] == 0.0
    single = solve(prior="rademacher", channel="abs", alpha=1e-3)
    assert (single["alpha_it"], single["mmse"], single["phase"]) == (0.0, 0.0, "hard")
    assert single["mutual_information"] == math.log(2)
    assert solve(prior="rademacher", channel="abs", alpha=1e-3, delta=1e-30)["mutual_information"] == pytest.approx(0.0354, abs=0.002)


def test_few_labels():
    """Nothing is known, and the label has its prior variance."""
    for channel, variance in (("linear", 1.0), ("sign", 1.0), ("abs", 1 - 2 / math.pi), ("relu", 0.5 - 0.5 / math.pi), ("door", 1.0)):
        found = solve(prior="gaussian", channel=channel, alpha=1e-6)
        assert found["q"] < 2e-6
        assert found["gen_mse"] == pytest.approx(variance, abs=3e-6)
    assert solve(prior="gaussian", channel="sign", alpha=1e-6)["q"] == pytest.approx(2 / math.pi * 1e-6, rel=1e-5)


def test_many_labels():
    """Gaussian weights and sign: errors 0.442/alpha and 0.625/alpha; binary weights: exponentially small with noise, none without."""
    found = solve(prior="gaussian", channel="sign", alpha=1e5)
    assert found["gen_error"] * 1e5 == pytest.approx(0.442, abs=1e-3)
    assert found["gen_error_gibbs"] * 1e5 == pytest.approx(0.625, abs=1e-3)
    found = solve(prior="rademacher", channel="linear", delta=0.001, alpha=2.0)
    assert (found["mmse"], found["qhat"]) == (0.0, pytest.approx(2000.0))
    assert found["mutual_information"] == pytest.approx(math.log(2))
    last = [solve(prior="gaussian", channel="linear", delta=0.5, alpha=alpha)["mmse"] * alpha for alpha in (1e4, 1e6)]
    np.testing.assert_allclose(last, 0.5, rtol=1e-4)


def test_gaussian_linear_in_closed_form():
    """qhat = alpha/(v + Delta) with v = 1/(1 + qhat)."""
    for alpha, delta in ((0.5, 0.1), (1.0, 0.1), (3.0, 2.0)):
        b = alpha - 1 - delta
        qhat = (b + math.sqrt(b * b + 4 * alpha * delta)) / (2 * delta)
        found = solve(prior="gaussian", channel="linear", alpha=alpha, delta=delta)
        assert found["qhat"] == pytest.approx(qhat, rel=1e-9)
        assert found["mmse"] == pytest.approx(1 / (1 + qhat), rel=1e-9)


def test_weak_recovery():
    point = {"prior": "gaussian", "channel": "abs"}
    at, above = solve(**point, alpha=0.5), solve(**point, alpha=0.5 * (1 + 1e-6))
    assert (at["q_amp"], at["phase"], at["qhat"]) == (0.0, "no-recovery", 0.0)
    assert above["q_amp"] == pytest.approx(1e-6 / 5, rel=1e-4)  # alpha/alpha_wr = 1 + 5 q + ...
    assert above["phase"] == "easy"
    for prior, rho in (("rademacher", 1.0), ("gauss-bernoulli", 0.1)):
        assert solve(prior=prior, sparsity=rho, channel="abs")["alpha_wr"] == 0.5
    for delta in (1e-6, 0.3, 5.0):
        found = solve(**point, delta=delta)["alpha_wr"]
        s = setting(**point, delta=delta)
        q = 1e-6
        assert found == pytest.approx(q / fisher(q, 1 - q, s.channel, delta, 0.0, 1.0), rel=1e-5)
    blind = solve(prior="rademacher", channel="door", alpha=1.2)
    assert (blind["q_amp"], blind["phase"], blind["gen_error_amp"]) == (0.0, "hard", pytest.approx(0.5))
    outside = 2 * 0.158655253931457
    wide = solve(prior="gaussian", channel="door", width=1.0, flip=0.1, alpha=0.01)
    assert wide["gen_error"] == pytest.approx(0.1 + 0.8 * outside, rel=1e-9)


def test_sparsity_one_is_gaussian():
    for channel in ("linear", "sign", "abs"):
        assert solve(prior="gauss-bernoulli", sparsity=1.0, channel=channel) == pytest.approx(
            solve(prior="gaussian", channel=channel), nan_ok=True
        )


def test_iterations_of_state_evolution():
    line = engine.sweep("glm-bayes", {"iterations": [0, 1, 2, 3, 200]}, prior="rademacher", channel="sign", alpha=1.0)
    np.testing.assert_allclose(line["mmse_t"][:4], [1.0, 0.5854, 0.4901, 0.4586], atol=5e-5)
    assert line["mmse_t"][4] == pytest.approx(line["mmse_amp"][4], rel=1e-9)
    assert line["gen_mse_t"][0] == pytest.approx(1.0)
    step = solve(prior="rademacher", channel="sign", alpha=1.0, overlap=float(line["q_t"][1]))
    assert step["overlap_next"] == pytest.approx(line["q_t"][2], rel=1e-12)
    even = solve(prior="gaussian", channel="abs", alpha=1.3, iterations=0, q0=0.05)
    assert (even["q_t"], even["mmse_t"]) == (0.05, 0.95)
    absent = solve(prior="rademacher", channel="sign", alpha=1.0)
    assert absent["mmse_t"] == absent["mmse_amp"]
    assert math.isnan(absent["potential"])


def test_ends_of_the_landscape():
    binary = {"prior": "rademacher", "channel": "sign", "alpha": 1.3}
    assert solve(**binary, overlap=0.0)["potential"] == pytest.approx(-1.3 * math.log(2))
    end = solve(**binary, overlap=1.0)
    assert end["potential"] == pytest.approx(-math.log(2))
    assert (end["overlap_next"], end["phase"]) == (1.0, "hard")
    dense = {"prior": "gaussian", "channel": "linear", "overlap": 1.0}
    assert solve(**dense, alpha=0.9)["potential"] == -math.inf
    assert solve(**dense, alpha=1.1)["potential"] == math.inf
    assert solve(**dense, alpha=1.1, delta=0.1)["potential"] == -math.inf


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("delta", {"delta": -1e-9}),
        ("flip", {"flip": -0.1}),
        ("flip", {"flip": 0.5}),
        ("flip", {"flip": 0.1, "channel": "linear"}),
        ("flip", {"flip": 0.1, "channel": "abs"}),
        ("flip", {"flip": 0.1, "channel": "relu"}),
        ("sparsity", {"sparsity": 0.0}),
        ("sparsity", {"sparsity": 1.1}),
        ("alpha", {"alpha": 0.0}),
        ("width", {"width": 8.1, "channel": "door"}),
        ("width", {"width": 0.0}),
    ],
)
def test_refuses(name, bad):
    with pytest.raises(engine.ParameterError, match=name):
        solve(**bad)


def test_wide_door_is_a_number_up_to_its_limit():
    """Nearly constant labels: an enormous weak-recovery line, nothing divided by zero."""
    found = solve(channel="door", width=8.0, prior="gaussian", alpha=10.0)
    assert found["alpha_wr"] > 1e11
    assert found["phase"] == "no-recovery"


def test_curve_is_shared():
    solve(prior="rademacher", channel="sign", alpha=1.0)
    hits = curve.cache_info().hits
    solve(prior="rademacher", channel="sign", alpha=1.1, width=2.0, sparsity=0.5)  # neither matters here
    assert curve.cache_info().hits == hits + 1


@pytest.mark.parametrize(
    ("point", "size", "trials"),
    [
        ({"prior": "rademacher", "channel": "sign", "alpha": 1.0}, 800, 12),
        ({"prior": "gaussian", "channel": "sign", "flip": 0.1, "delta": 0.1, "alpha": 2.0}, 500, 10),
        ({"prior": "gaussian", "channel": "relu", "alpha": 1.0}, 500, 10),
        ({"prior": "gauss-bernoulli", "sparsity": 0.3, "channel": "relu", "delta": 0.01, "alpha": 1.2}, 500, 10),
        ({"prior": "gauss-bernoulli", "sparsity": 0.2, "channel": "linear", "delta": 0.01, "alpha": 0.6}, 500, 10),
    ],
)
def test_amp_falls_on_state_evolution(point, size, trials):
    steps = [1, 2, 3, 5, 8]
    dots = engine.simulate_along("glm-bayes", "iterations", steps, size=size, trials=trials, seed=5, **point)
    theory = engine.sweep("glm-bayes", {"iterations": steps}, **point)
    for name in dots:
        scale = max(1.0, abs(theory[name]).max())
        assert np.all(np.abs(dots[name].mean - theory[name]) < 4 * dots[name].sem + 0.01 * scale), name
        assert np.all(dots[name].sem < 0.05 * scale), name


@pytest.mark.parametrize(
    ("point", "steps"),
    [
        ({"prior": "gaussian", "channel": "abs", "alpha": 1.3, "q0": 0.1}, [0, 1, 2, 3]),
        ({"prior": "gaussian", "channel": "abs", "delta": 0.01, "alpha": 1.5, "q0": 0.1}, [0, 1, 2, 3]),
        ({"prior": "gauss-bernoulli", "sparsity": 0.3, "channel": "abs", "delta": 0.01, "alpha": 1.5}, [0, 1, 2, 3, 4]),
        ({"prior": "rademacher", "channel": "door", "alpha": 2.5, "q0": 0.2}, [0, 1, 2, 3]),
    ],
)
def test_even_channels_start_from_a_small_overlap(point, steps):
    dots = engine.simulate_along("glm-bayes", "iterations", steps, size=1000, trials=10, seed=2, **point)
    theory = engine.sweep("glm-bayes", {"iterations": steps}, **point)
    for name in ("q_t", "mmse_t", "gen_mse_t"):
        assert np.all(np.abs(dots[name].mean - theory[name]) < 4 * dots[name].sem + 0.01), name


def test_amp_recovers_exactly_beyond_its_threshold_and_not_before():
    point = {"prior": "gauss-bernoulli", "sparsity": 0.3, "channel": "linear"}  # alpha_alg = 0.48, possible from 0.3 on
    stuck, found = (engine.simulate("glm-bayes", alpha=alpha, size=800, trials=4, seed=1, **point)["mmse_amp"] for alpha in (0.4, 0.6))
    assert found.mean < 1e-6
    theory = solve(alpha=0.4, **point)
    assert theory["phase"] == "hard"
    assert stuck.mean == pytest.approx(theory["mmse_amp"], abs=4 * stuck.sem + 0.01)


def test_experiment_refuses_what_it_cannot_do():
    with pytest.raises(engine.ParameterError, match="alpha"):
        engine.simulate("glm-bayes", alpha=1e-6, size=100)
    with pytest.raises(engine.ParameterError, match="size"):
        engine.simulate("glm-bayes", alpha=1e4, size=1000)
    with pytest.raises(engine.ParameterError, match="flip"):
        engine.simulate("glm-bayes", flip=0.1, channel="abs")

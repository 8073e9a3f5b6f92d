import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr, owens_t
from scipy.stats import multivariate_normal

import engine
from engine.teacher_student.committee_amp import denoise, generalization, nearest_quadrant, output
from engine.teacher_student.committee_channel import diagonal, diagonal_labels, plane
from engine.teacher_student.committee_states import branch, pair_overlaps, spin_pair, spin_sum

LN_2 = math.log(2.0)
SPEC = {"gaussian": 2.0523824297, "binary": 1.5893224763}


def solve(**p):
    return engine.solve("committee-bayes", **p)


def bivariate(h, k, rho):
    """The bivariate normal distribution through Owen's T (Owen 1956), for h, k != 0."""
    s = np.sqrt(1 - rho**2)
    opposite = np.where((h * k > 0) | ((h * k == 0) & (h + k >= 0)), 0.0, 0.5)
    return 0.5 * (ndtr(h) + ndtr(k)) - owens_t(h, (k - rho * h) / (h * s)) - owens_t(k, (h - rho * k) / (k * s)) - opposite


def label_probabilities(first, second, V):
    """Z of the labels 1, -1, 0 for fields of means (first, second) and covariance V, each of the shape of the means."""
    h, k, rho = first / math.sqrt(V[0, 0]), second / math.sqrt(V[1, 1]), V[0, 1] / math.sqrt(V[0, 0] * V[1, 1])
    both = bivariate(h, k, rho)
    neither = bivariate(-h, -k, rho)
    return both, neither, bivariate(h, -k, -rho) + bivariate(-h, k, -rho)


def matrices(plus, minus):
    q = np.array([[plus + minus, plus - minus], [plus - minus, plus + minus]]) / 2
    return q, np.eye(2) - q


def by_brute_force(plus, minus, points=301, d=1e-4):
    """G_+, G_-, Psi: a dense grid in the eigenbasis of q, derivatives as differences of probabilities."""
    _, V = matrices(plus, minus)
    z = np.linspace(-8, 8, points) + 1e-7
    weight = np.exp(-0.5 * z**2) * (z[1] - z[0]) / math.sqrt(2 * math.pi)
    a, b = math.sqrt(plus) * z[:, None] + 0 * z, math.sqrt(minus) * z + 0 * z[:, None]
    weight = weight[:, None] * weight

    def probabilities(da, db):
        return label_probabilities((a + da + b + db) / math.sqrt(2), (a + da - b - db) / math.sqrt(2), V)

    shifted = [probabilities(d, 0), probabilities(-d, 0), probabilities(0, d), probabilities(0, -d)]
    G_plus = G_minus = Psi = 0.0
    for y, Z in enumerate(probabilities(0.0, 0.0)):
        seen = Z > 1e-10
        safe = np.where(seen, Z, 1.0)
        G_plus += np.sum(weight * seen * ((shifted[0][y] - shifted[1][y]) / (2 * d)) ** 2 / safe)
        G_minus += np.sum(weight * seen * ((shifted[2][y] - shifted[3][y]) / (2 * d)) ** 2 / safe)
        Psi += np.sum(weight * seen * Z * np.log(safe))
    return G_plus, G_minus, Psi


def test_probabilities_of_the_labels():
    _, V = matrices(0.7, 0.3)
    Z = label_probabilities(np.array(0.4), np.array(-0.9), V)
    assert sum(Z) == pytest.approx(1.0, abs=1e-14)
    assert Z[0] == pytest.approx(multivariate_normal.cdf([0.4, -0.9], cov=V), abs=1e-6)
    assert Z[1] == pytest.approx(multivariate_normal.cdf([-0.4, 0.9], cov=V), abs=1e-6)
    for lam in (0.2, 0.9, 0.9999):
        _, V = matrices(lam, 0.0)
        for h in (0.01, 0.3, 2.5):
            field = np.array(h * math.sqrt(V[0, 0]))
            up, down, zero = label_probabilities(field, field, V)
            np.testing.assert_allclose(diagonal_labels(h, 1 / math.sqrt(1 - lam)), (up, zero, down), atol=1e-14, rtol=0)


@pytest.mark.parametrize(
    ("plus", "minus", "printed"),
    [(0.6, 0.2, (1.04915083, 0.09422753, -0.79356707)), (0.9, 0.6, (1.8191762, 0.4888138, -0.5430614)), (0.95, 0.9, None)],
)
def test_channel_of_two_units(plus, minus, printed):
    found = plane(plus, minus, 1 - plus, 1 - minus)
    np.testing.assert_allclose(found, by_brute_force(plus, minus), rtol=2e-7)
    if printed:
        np.testing.assert_allclose(found, printed, rtol=3e-7)


@pytest.mark.parametrize("plus", [1e-6, 0.3, 0.8, 0.95])
def test_unspecialized_channel_is_the_limit(plus):
    small = 1e-7
    G_plus, curvature, Psi = diagonal(plus, 1 - plus)
    near = plane(plus, small, 1 - plus, 1 - small)
    np.testing.assert_allclose((near[0], near[1] / small, near[2]), (G_plus, curvature, Psi), rtol=2e-6)


def test_fields_are_the_gradient_of_the_label_entropy():
    d = 1e-5
    for plus, minus in ((0.5, 0.1), (0.9, 0.7), (0.999, 0.998)):
        h = d * (1 - plus)
        at = [plane(plus + i * h, minus + j * h, 1 - plus - i * h, 1 - minus - j * h)[2] for i, j in ((1, 0), (-1, 0), (0, 1), (0, -1))]
        G_plus, G_minus, _ = plane(plus, minus, 1 - plus, 1 - minus)
        assert (at[0] - at[1]) / h == pytest.approx(G_plus, rel=1e-5)
        assert (at[2] - at[3]) / h == pytest.approx(G_minus, rel=1e-5)


def test_binary_prior():
    """Averages over the two shifted Gaussians, by Gauss-Hermite quadrature."""
    x, w = np.polynomial.hermite_e.hermegauss(120)
    w = np.outer(w, w) / (2 * math.pi)
    plus, minus = 1.7, 0.6
    a, b = math.sqrt(2 * plus), math.sqrt(2 * minus)

    def posterior(r_plus, r_minus):
        A, B = 2 * np.exp(-plus) * np.cosh(a * r_plus), 2 * np.exp(-minus) * np.cosh(b * r_minus)
        return A / (A + B) * np.tanh(a * r_plus), B / (A + B) * np.tanh(b * r_minus), np.log((A + B) / 4)

    moved, other = posterior(a + x[:, None], x + 0 * x[:, None]), posterior(x[:, None] + 0 * x, b + x)
    expected = np.sum(w * moved[0]), np.sum(w * other[1]), 0.5 * np.sum(w * (moved[2] + other[2]))
    np.testing.assert_allclose(spin_pair(plus, minus), expected, rtol=1e-8)
    lam, p, chi, information = spin_sum(plus)
    small = spin_pair(plus, 1e-7)
    assert lam + p == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_allclose((small[0], small[1] / 1e-7, small[2]), (lam, chi, information), rtol=1e-6, atol=0)


@pytest.mark.parametrize(("prior", "alpha"), [("gaussian", 1.5), ("gaussian", 3.0), ("gaussian", 30.0), ("binary", 1.2), ("binary", 1.8)])
def test_state_evolution_ends_there(prior, alpha):
    """Plain iteration from an all but uninformed start, and the free entropy is stationary where it ends."""
    binary = prior == "binary"
    fields = np.array([0.1, 0.01])
    for _ in range(2000):
        before = fields
        fields = alpha * np.array(plane(*pair_overlaps(*fields, binary))[:2])
        if abs(fields - before).max() < 1e-13 or fields[1] < 1e-9:
            break
    plus, minus, _, _ = pair_overlaps(*fields, binary)
    found = solve(prior=prior, alpha=alpha)
    assert found["q00_amp"] == pytest.approx((plus + minus) / 2, abs=2e-9)
    assert found["q01_amp"] == pytest.approx((plus - minus) / 2, abs=2e-9)
    assert found["q00_amp"] + found["q01_amp"] == pytest.approx(plus, abs=1e-8)
    assert found["gen_error_amp"] == pytest.approx(0.25 - (math.asin((plus + minus) / 2) + math.asin((plus - minus) / 2)) / 2 / math.pi)
    if alpha < SPEC[prior]:
        return

    def free_entropy(hats):
        plus, minus, p_plus, p_minus = pair_overlaps(*hats, binary)
        prior_part = spin_pair(*hats)[2] if binary else 0.5 * np.sum(hats - np.log1p(hats))
        return prior_part - 0.5 * (plus * hats[0] + minus * hats[1]) + alpha * plane(plus, minus, p_plus, p_minus)[2]

    assert free_entropy(fields) == pytest.approx(found["free_entropy_amp"], abs=1e-9)
    for i in (0, 1):
        step = np.eye(2)[i] * 1e-3 * fields[i]
        first = free_entropy(fields + step) - free_entropy(fields - step)
        second = free_entropy(fields + step) + free_entropy(fields - step) - 2 * free_entropy(fields)
        assert abs(first) < 1e-7 * alpha
        assert abs(first) < 0.05 * abs(second)


@pytest.mark.parametrize("prior", ["gaussian", "binary"])
def test_every_load_of_the_specialized_branch_is_a_fixed_point(prior):
    binary, random = prior == "binary", np.random.default_rng(5)
    low, high = SPEC[prior] * (1 + 1e-6), solve(prior="binary")["alpha_amp"] * (1 - 1e-9) if binary else 1000.0
    for alpha in [low, high, *np.exp(random.uniform(math.log(low), math.log(high), 12))]:
        found = solve(prior=prior, alpha=alpha)
        plus, minus = found["q00_amp"] + found["q01_amp"], found["q00_amp"] - found["q01_amp"]
        if not binary:  # 1 - lambda, from the exactly inverted error and overlap
            p_minus = 2 * (1 - math.cos(2 * math.pi * found["gen_error_amp"] + math.asin(found["q01_amp"]))) - (1 - plus)
            minus = 1 - p_minus
        fields = alpha * np.array(plane(plus, minus, 1 - plus, 1 - minus)[:2])
        again = pair_overlaps(*fields, binary)
        assert 1 - again[0] == pytest.approx(1 - plus, rel=1e-7, abs=1e-13)
        assert 1 - again[1] == pytest.approx(1 - minus, rel=1e-6)


def slope(name, alpha, axis="alpha", **p):
    h = 1e-3 * alpha
    values = engine.sweep("committee-bayes", {axis: [alpha + k * h for k in (-2, -1, 1, 2)]}, **p)[name]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)


def gaussian_average(f):
    return quad(lambda t: math.exp(-t * t / 2) / math.sqrt(2 * math.pi) * f(t), -12, 12, epsabs=1e-12)[0]


def label_entropy(error):
    """Psi of a perceptron's channel from the error of a posterior draw, arccos(gamma)/pi."""
    gamma = math.cos(math.pi * error)
    x = math.sqrt(gamma / (1 - gamma))
    return gaussian_average(lambda t: 2 * ndtr(x * t) * log_ndtr(x * t))


def test_slope_of_the_free_entropy_is_the_label_entropy():
    """Only at a stationary point does a small change of alpha act through the explicit alpha alone."""
    for prior, alpha in (("gaussian", 3.0), ("gaussian", 200.0), ("binary", 1.8)):
        found = solve(prior=prior, alpha=alpha)
        plus, minus = found["q00_amp"] + found["q01_amp"], found["q00_amp"] - found["q01_amp"]
        assert slope("free_entropy_amp", alpha, prior=prior) == pytest.approx(plane(plus, minus, 1 - plus, 1 - minus)[2], rel=1e-7)
    for prior, alpha in (("gaussian", 0.01), ("gaussian", 300.0), ("binary", 1.0), ("binary", 6.0)):
        blind = solve(prior=prior, alpha=alpha)["gen_error_unspec"]
        q = math.sin(math.pi / 4 - math.pi * blind)
        assert slope("free_entropy_unspec", alpha, prior=prior) == pytest.approx(diagonal(2 * q, 1 - 2 * q)[2], rel=1e-6)
    for p in ({"K": 1}, {"K": 1, "prior": "binary"}, {"K": "inf"}):
        error = solve(**p, alpha=1.1)["gen_error_amp"]
        assert slope("free_entropy_amp", 1.1, **p) == pytest.approx(label_entropy(error), rel=1e-8)
    for name in ("amp", "opt"):
        error = solve(K="inf", alpha_k=9.0)[f"gen_error_{name}"]
        assert slope(f"free_entropy_{name}", 9.0, "alpha_k", K="inf") == pytest.approx(label_entropy(error), rel=1e-8)


@pytest.mark.parametrize("prior", ["gaussian", "binary"])
@pytest.mark.parametrize("alpha", [1e-4, 0.7, 1.3, 1.45, 20.0])
def test_one_unit_is_the_perceptron(prior, alpha):
    found = solve(K=1, prior=prior, alpha=alpha)
    glm = engine.solve("glm-bayes", prior={"binary": "rademacher"}.get(prior, prior), channel="sign", alpha=alpha)
    for suffix, other in (("_amp", "_amp"), ("_opt", "")):
        for name, its in (("q00", "q"), ("gen_error", "gen_error_gibbs"), ("gen_error_01", "gen_error"), ("free_entropy", "free_entropy")):
            assert found[name + suffix] == pytest.approx(glm[its + other], rel=1e-9, abs=1e-9)
    for name, its in (("alpha_it", "alpha_it"), ("alpha_amp", "alpha_alg")):
        assert found[name] == pytest.approx(glm[its], rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("prior", "alpha"), [("gaussian", 2.0), ("binary", 1.2)])
def test_one_unit_by_quadrature(prior, alpha):
    q = solve(K=1, prior=prior, alpha=alpha)["q00_amp"]
    root = math.sqrt(q / (1 - q))
    qhat = alpha / math.pi / (1 - q) * gaussian_average(lambda t: math.exp(-((root * t) ** 2) - log_ndtr(root * t)))
    again = qhat / (1 + qhat) if prior == "gaussian" else gaussian_average(lambda t: math.tanh(qhat + math.sqrt(qhat) * t))
    assert q == pytest.approx(again, rel=1e-8)


@pytest.mark.parametrize("prior", ["gaussian", "binary"])
def test_nothing_is_learned_without_data(prior):
    for K, error in ((1, 0.5), (2, 0.25), ("inf", 0.5)):
        found = solve(K=K, prior=prior, alpha=0.0)
        assert found["gen_error_amp"] == found["gen_error_opt"] == error
        assert found["free_entropy_amp"] == 0.0
        assert found["q00_amp"] == 0.0 or K == "inf"
    found = solve(K=2, prior=prior, alpha=1e-6)
    assert solve(K=2, prior=prior, alpha=0.0)["lambda_spec"] == 0.0
    assert found["q00_amp"] == pytest.approx(1e-6 / math.pi, rel=1e-5)
    assert found["free_entropy_amp"] == pytest.approx(-1.5e-6 * LN_2, rel=1e-5)


def test_much_data():
    """The specialized error falls like 1/alpha, the unspecialized one stays above 1/12."""
    line = engine.sweep("committee-bayes", {"alpha": [10.0, 100.0, 300.0, 1000.0]}, K=2)
    assert line["gen_error_amp"][2] * 300 == pytest.approx(line["gen_error_amp"][3] * 1000, rel=3e-3)
    assert (line["gen_error_unspec"] > 1 / 12).all()
    assert line["gen_error_unspec"][3] == pytest.approx(1 / 12, rel=1e-3)
    assert (line["free_entropy_amp"] > line["free_entropy_unspec"]).all()


def test_the_sum_of_binary_units_is_known_in_the_end():
    last, first = (solve(prior="binary", alpha=alpha) for alpha in (10.0 - 1e-9, 10.0))
    for name in ("gen_error_unspec", "free_entropy_unspec", "lambda_spec"):
        assert last[name] == pytest.approx(first[name], rel=1e-6)
    assert first["gen_error_unspec"] == pytest.approx(1 / 12, rel=1e-12)
    assert first["free_entropy_unspec"] == pytest.approx(-1.5 * LN_2 - 5.0, rel=1e-12)
    assert solve(prior="binary", alpha=1000.0)["lambda_spec"] == pytest.approx(1397.7865179, rel=1e-10)


def test_units_split_like_a_pitchfork():
    found = solve(K=2)
    spec = found["alpha_spec"]
    at = solve(alpha=spec)
    assert at["q00_amp"] == at["q01_amp"]
    assert at["lambda_spec"] == pytest.approx(1.0, abs=1e-10)
    assert at["phase"] == "unspecialized"
    above = [solve(alpha=spec * (1 + d)) for d in (1e-12, 1e-6, 1e-5)]
    assert [point["phase"] for point in above] == ["specialized"] * 3
    difference = [point["q00_amp"] - point["q01_amp"] for point in above]
    assert difference[2] == pytest.approx(10 * difference[1], rel=1e-3)
    assert difference[0] < 1e-9
    assert above[1]["free_entropy_amp"] == pytest.approx(at["free_entropy_amp"], abs=3e-6)


def test_binary_thresholds_and_phases():
    found = solve(prior="binary")
    it, spec, amp = found["alpha_it"], found["alpha_spec"], found["alpha_amp"]
    assert 1.54 < it < spec < amp < 1.98
    expected = {0.5: "unspecialized", it - 1e-6: "unspecialized", it + 1e-6: "hard", 1.7: "hard", amp - 1e-6: "hard", amp + 1e-6: "perfect"}
    line = engine.sweep("committee-bayes", {"alpha": list(expected)}, prior="binary")
    assert list(line["phase"]) == list(expected.values())
    assert list(line["gen_error_opt"][2:]) == [0.0] * 4
    assert line["gen_error_opt"][1] == line["gen_error_amp"][1] > 0.14
    assert line["gen_error_amp"][4] > 0.1
    assert line["gen_error_amp"][5] == 0.0
    assert line["free_entropy_amp"][5] == pytest.approx(-2 * LN_2)
    assert line["free_entropy_unspec"][2] == pytest.approx(-2 * LN_2, abs=3e-6)
    fold = engine.sweep("committee-bayes", {"alpha": [amp - 1e-4, amp - 1e-6, amp]}, prior="binary")["q00_amp"]
    assert fold[2] - fold[1] == pytest.approx(0.1 * (fold[2] - fold[0]), rel=0.05)


def test_the_fold_is_where_the_branch_turns():
    found = branch(True)
    z = np.linspace(0.9, 1.0, 41) * found.end
    loads = np.polynomial.chebyshev.chebval(2 * z / found.end - 1, found.loads)
    assert solve(prior="binary")["alpha_amp"] == pytest.approx(math.exp(loads.max()), rel=1e-5)
    assert math.exp(loads.max()) <= solve(prior="binary")["alpha_amp"]


def test_many_units_stay_on_the_plateau():
    plateau = math.acos(2 / math.pi) / math.pi
    early = solve(K="inf", alpha=1000.0)
    assert early["gen_error_amp"] == pytest.approx(plateau, rel=2e-3)
    assert early["qa_amp"] > 0.998
    for prior in ("gaussian", "binary"):
        line = engine.sweep("committee-bayes", {"alpha_k": [0.0, 1.0, 7.5, 9.0, 1000.0]}, K="inf", prior=prior)
        np.testing.assert_allclose(line["gen_error_amp"], plateau, rtol=1e-12)
        assert list(line["phase"])[-2:] == ["hard"] * 2
        assert line["gen_error_opt"][0] == line["gen_error_amp"][0]
        assert line["gen_error_opt"][-1] < 0.0013
    for prior in ("gaussian", "binary"):
        one, other = solve(K="inf", alpha=3.0, prior=prior), solve(K="inf", alpha_k=3.0, prior=prior)
        assert [one["alpha_it"], one["alpha_spinodal"]] == pytest.approx([other["alpha_it"], other["alpha_spinodal"]], nan_ok=True)


def test_first_order_transition_of_many_units():
    found = solve(K="inf", alpha_k=7.0)
    it, spinodal = found["alpha_it"], found["alpha_spinodal"]
    assert it == pytest.approx(7.680, abs=5e-4)
    assert spinodal == pytest.approx(7.169, abs=5e-4)
    assert math.isnan(found["qd_spec"])
    assert found["phase"] == "unspecialized"
    meta = solve(K="inf", alpha_k=0.5 * (it + spinodal))
    assert meta["qd_opt"] == 0.0 < 0.9 < meta["qd_spec"]
    below, above = solve(K="inf", alpha_k=it * (1 - 1e-9)), solve(K="inf", alpha_k=it * (1 + 1e-9))
    assert below["gen_error_opt"] == below["gen_error_amp"]
    assert above["gen_error_opt"] == above["gen_error_spec"] < 0.2
    assert below["free_entropy_opt"] == pytest.approx(above["free_entropy_opt"], rel=1e-8)
    assert solve(K="inf", prior="binary")["alpha_it"] == pytest.approx(-LN_2 / label_entropy(math.acos(2 / math.pi) / math.pi), rel=1e-9)


@pytest.mark.parametrize(("prior", "alpha_k"), [("gaussian", 7.5), ("gaussian", 9.0), ("binary", 3.0)])
def test_landscape_of_many_units(prior, alpha_k):
    """Its maxima are the states."""
    now = solve(K="inf", prior=prior, alpha_k=alpha_k)
    q = np.append(np.linspace(0, 0.9999, 400), now["qd_spec"])
    f = engine.sweep("committee-bayes", {"overlap": q}, K="inf", prior=prior, alpha_k=alpha_k)["potential"]
    assert f[0] == pytest.approx(now["free_entropy_unspec"], rel=1e-12)
    assert f[1] < f[0]
    turns = np.flatnonzero(np.diff(np.sign(np.diff(f[:-1])))) + 1
    if prior == "gaussian":
        assert len(turns) == 2
        assert q[turns[1]] == pytest.approx(now["qd_spec"], abs=3e-3)
        assert f[-1] >= f[turns[1]]
        assert (f[-1] > f[0]) == (alpha_k > now["alpha_it"])
        assert max(f[-1], f[0]) == pytest.approx(now["free_entropy_opt"], rel=1e-9)
        assert solve(K="inf", alpha_k=alpha_k, overlap=1.0)["potential"] == -math.inf
    else:
        assert len(turns) == 1
        assert f[-1] == -LN_2
        assert solve(K="inf", prior=prior, alpha_k=alpha_k, overlap=1 - 1e-12)["potential"] == pytest.approx(-LN_2, abs=5e-3)


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"K": 3}, "K"),
        ({"K": 0}, "K"),
        ({"prior": "rademacher"}, "prior"),
        ({"alpha": -0.1}, "alpha"),
        ({"alpha": math.nan}, "alpha"),
        ({"alpha": math.inf}, "alpha"),
        ({"K": 2, "alpha_k": 3.0}, "alpha_k"),
        ({"K": "inf", "alpha_k": 3.0, "alpha": 1.0}, "alpha"),
        ({"K": "inf", "alpha": 3.0, "overlap": 0.5}, "overlap"),
        ({"overlap": 0.5}, "overlap"),
    ],
)
def test_errors(bad, named):
    with pytest.raises(engine.ParameterError) as caught:
        solve(**bad)
    assert caught.value.name == named


def test_experiment_has_one_or_two_units():
    with pytest.raises(engine.ParameterError, match="hidden units"):
        engine.simulate("committee-bayes", K="inf", alpha=1.0)
    with pytest.raises(engine.ParameterError, match="alpha"):
        engine.simulate("committee-bayes", size=20, alpha=1e-3)


def test_output_of_amp_is_the_gradient_of_the_log_probability():
    V = np.array([[0.5, -0.2], [-0.2, 0.8]])
    omega = np.array([[0.3, -0.4], [1.1, 0.6], [-0.7, 0.2]])
    d = 1e-5
    for label, which in ((1.0, 0), (-1.0, 1), (0.0, 2)):
        for mu in range(3):
            log_Z = lambda *shift, mu=mu, which=which: math.log(label_probabilities(*(omega[mu] + shift), V)[which])  # noqa: E731
            g = np.empty((1, 2))
            hessian = output(np.array([label]), omega[mu : mu + 1], V, g)
            expected = [(log_Z(d, 0) - log_Z(-d, 0)) / (2 * d), (log_Z(0, d) - log_Z(0, -d)) / (2 * d)]
            np.testing.assert_allclose(g[0], expected, rtol=1e-7, atol=1e-8)
            across = (log_Z(d, d) - log_Z(d, -d) - log_Z(-d, d) + log_Z(-d, -d)) / (4 * d * d)
            assert hessian[0, 1] == pytest.approx(across, rel=1e-4, abs=2e-5)
            assert hessian[1, 1] == pytest.approx((log_Z(0, d) - 2 * log_Z(0, 0) + log_Z(0, -d)) / d**2, rel=1e-4, abs=2e-5)


def test_all_but_impossible_labels_pull_to_where_they_are_possible():
    g = np.empty((1, 2))
    output(np.array([1.0]), np.array([[-30.0, 2.0]]), 0.1 * np.eye(2), g)
    np.testing.assert_allclose(g, [[300.0, 0.0]], rtol=1e-12, atol=1e-12)
    assert nearest_quadrant(-1.0, 2.0, 1.0) == (0.0, 2.0)
    assert nearest_quadrant(3.0, 2.0, 0.0) == (3.0, 0.0)
    assert nearest_quadrant(-3.0, 2.0, 0.0) == (-3.0, 2.0)


def test_binary_estimates_are_averages_over_the_four_states():
    b, precision = np.array([[0.3, -0.8], [2.0, 0.1]]), np.array([[1.1, 0.4], [0.4, 0.9]])
    w, V = denoise(b, precision, True)
    states = np.array([[i, j] for i in (1, -1) for j in (1, -1)], float)
    covariance = np.zeros((2, 2))
    for site in range(2):
        weights = np.exp(states @ b[site] - 0.5 * np.einsum("si,ij,sj->s", states, precision, states))
        weights /= weights.sum()
        np.testing.assert_allclose(w[site], weights @ states, rtol=1e-12)
        centred = states - weights @ states
        covariance += (weights[:, None] * centred).T @ centred / 2
    np.testing.assert_allclose(V, covariance, rtol=1e-12)


def test_error_of_an_estimate_on_fresh_inputs():
    random = np.random.default_rng(0)
    teacher, noise = random.standard_normal((50, 2)), random.standard_normal((50, 2))
    w, V = 0.6 * teacher + 0.3 * noise, np.array([[0.5, 0.1], [0.1, 0.4]])
    x = random.standard_normal((400_000, 50)) / math.sqrt(50)
    y = np.sign(np.sign(x @ teacher).sum(axis=1))
    guess = (ndtr(x @ w / np.sqrt(np.diag(V))) - 0.5).sum(axis=1)
    errors = 0.5 * (guess - y) ** 2
    assert generalization(teacher, w, V) == pytest.approx(errors.mean(), abs=4 * errors.std() / math.sqrt(len(y)))


@pytest.mark.parametrize(("prior", "alpha", "size"), [("gaussian", 1.0, 600), ("gaussian", 5.0, 400), ("binary", 1.2, 800)])
def test_amp_follows_state_evolution(prior, alpha, size):
    theory = solve(prior=prior, alpha=alpha)
    found = engine.simulate("committee-bayes", size=size, trials=6, seed=1, prior=prior, alpha=alpha)
    for name in ("q00_amp", "q01_amp", "gen_error_amp"):
        assert found[name].mean == pytest.approx(theory[name], abs=4 * found[name].sem + 2 / size), name


def test_amp_becomes_perfect():
    found = engine.simulate("committee-bayes", size=500, trials=8, seed=3, prior="binary", alpha=2.4)
    assert found["q00_amp"].mean > 0.85
    assert found["gen_error_amp"].mean < 0.03


def test_amp_with_one_unit():
    theory = solve(K=1, alpha=2.0)
    found = engine.simulate("committee-bayes", size=800, trials=8, seed=2, K=1, alpha=2.0)
    assert set(found) == {"q00_amp", "gen_error_amp", "gen_error_01_amp"}
    for name, estimate in found.items():
        assert estimate.mean == pytest.approx(theory[name], abs=4 * estimate.sem + 2 / 800), name

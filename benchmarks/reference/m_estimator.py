"""High-dimensional M-estimation with Laplace or contaminated noise by quad, hybr and brentq (Advani & Ganguli 2016)."""

import math
from itertools import pairwise

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq, root
from scipy.special import log_ndtr


def density(r, E, noise_law, delta, outlier, delta_out):
    """(p, p') of noise plus a Gaussian variable of variance E."""
    if noise_law == "laplace":
        b, s = math.sqrt(delta / 2), math.sqrt(E)
        right = math.exp(E / (2 * b * b) - r / b + log_ndtr(r / s - s / b))
        left = math.exp(E / (2 * b * b) + r / b + log_ndtr(-r / s - s / b))
        return (right + left) / (2 * b), (left - right) / (2 * b * b)
    parts = [(1.0, delta)] if noise_law == "gaussian" else [(1 - outlier, delta), (outlier, delta_out)]
    bells = [(w * math.exp(-r * r / (2 * (v + E))) / math.sqrt(2 * math.pi * (v + E)), v + E) for w, v in parts]
    return sum(p for p, _ in bells), -sum(r * p / v for p, v in bells)


def average(f, E, noise, *kinks):
    """Average over r >= 0 of an even function of the residual, twice."""
    delta, delta_out = noise[1], noise[3] if noise[0] == "contaminated" else 0.0
    top = 40.0 * math.sqrt(E + max(delta, delta_out)) + 3.0
    scales = [math.sqrt(E), math.sqrt(delta + E), math.sqrt(delta_out + E)]
    edges = sorted({0.0, top, *(x for x in (*kinks, *(k * s for s in scales for k in (1.0, 3.0, 8.0))) if 0.0 < x < top)})
    return 2.0 * sum(
        quad(lambda r: f(r) * density(r, E, *noise)[0], low, high, epsrel=1e-10, epsabs=0.0)[0] for low, high in pairwise(edges)
    )


def information(E, noise):
    """Fisher information of the smoothed noise."""
    return average(lambda r: np.square(np.divide(*density(r, E, *noise)[::-1])) if density(r, E, *noise)[0] > 1e-290 else 0.0, E, noise)


def solve(
    alpha, loss="huber", huber=1.0, noise_law="laplace", delta=1.0, outlier=0.1, delta_out=10.0, penalty="none", lam=0.0
) -> dict[str, float]:
    """mse, gap_v, qhat, vhat (square penalty or none), mse_bound and mse_bayes for a Gaussian signal."""
    noise = (noise_law, delta, outlier, delta_out)
    spread = (1 - outlier) * delta + outlier * delta_out if noise_law == "contaminated" else delta
    ridge = lam if penalty == "l2" else 0.0

    def order(E, V):
        width, level = (V, V) if loss == "l1" else (1 + V, huber * (1 + V) if loss == "huber" else math.inf)
        pull = average(lambda r: (min(r, level) / width) ** 2, E, noise, level)
        return alpha * pull, alpha * average(lambda r: float(r < level), E, noise, level) / width

    def residual(state):
        E, V = np.exp(state)
        qhat, vhat = order(E, V)
        return [math.log((ridge**2 + qhat) / (vhat + ridge) ** 2) - state[0], -math.log(vhat + ridge) - state[1]]

    start = [math.log((spread + ridge) / max(alpha - 1, 0.5)), -math.log(max(alpha - 1, 0.5))]
    E, V = np.exp(root(residual, start, method="hybr", tol=1e-11).x)
    qhat, vhat = order(E, V)
    bound = math.nan
    if alpha > 1:
        top = math.log(spread / (alpha - 1))
        bound = math.exp(brentq(lambda y: y + math.log(alpha * information(math.exp(y), noise)), top - 8.0, top + 1e-9, xtol=1e-11))
    bayes = math.exp(brentq(lambda y: y + math.log1p(alpha * information(math.exp(y), noise)), -25.0, 0.0, xtol=1e-11))
    return {"mse": E, "gap_v": V, "qhat": qhat, "vhat": vhat, "mse_bound": bound, "mse_bayes": bayes}

"""State evolution of the committee of two units (Aubin et al. 2018): grids in the plane, scipy's Owen's T, scipy.optimize.

The specialized state is followed with its load as an unknown, because the branch has a fold.
"""

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq, minimize_scalar, root
from scipy.special import ndtr, owens_t

Z = np.linspace(-8, 8, 129) + 1e-7  # no field is exactly zero
WEIGHT = np.exp(-Z * Z / 2) * (Z[1] - Z[0]) / np.sqrt(2 * np.pi)


def pdf(x):
    return np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def bivariate(h, k, rho):
    """The bivariate normal distribution (Owen 1956)."""
    s = np.sqrt(1 - rho * rho)
    opposite = np.where(h * k < 0, 0.5, 0.0)
    return (ndtr(h) + ndtr(k)) / 2 - owens_t(h, (k - rho * h) / (h * s)) - owens_t(k, (h - rho * k) / (k * s)) - opposite


def channel(plus: float, minus: float) -> tuple[float, float, float]:
    """G_+, G_-, Psi."""
    v, rho = 1 - (plus + minus) / 2, (minus - plus) / (2 - plus - minus)
    s = np.sqrt(1 - rho * rho)
    u, w = np.sqrt(plus / v) * Z[:, None], np.sqrt(minus / v) * Z
    h, k = (u + w) / np.sqrt(2), (u - w) / np.sqrt(2)
    ch, ck = (k - rho * h) / s, (h - rho * k) / s
    up, down = bivariate(h, k, rho), bivariate(-h, -k, rho)
    labels = (up, down, bivariate(h, -k, -rho) + bivariate(-h, k, -rho))
    slopes = ((ndtr(ch), ndtr(ck)), (-ndtr(-ch), -ndtr(-ck)), (ndtr(-ch) - ndtr(ch), ndtr(-ck) - ndtr(ck)))
    total = np.zeros(3)
    for probability, (first, second) in zip(labels, slopes, strict=True):
        seen = probability > 1e-13
        safe = np.where(seen, probability, 1.0)
        for i, sign in enumerate((1, -1)):
            square = (pdf(h) * first + sign * pdf(k) * second) ** 2 / (2 * v * safe)
            total[i] += WEIGHT @ np.where(seen, square, 0.0) @ WEIGHT
        total[2] += WEIGHT @ (safe * np.log(safe)) @ WEIGHT
    return tuple(total)


def prior(plus: float, minus: float, binary: bool) -> tuple[float, float, float]:
    """lambda_+, lambda_-, Psi_P."""
    if not binary:
        return plus / (1 + plus), minus / (1 + minus), (plus - np.log1p(plus) + minus - np.log1p(minus)) / 2
    a, b = np.sqrt(2 * plus), np.sqrt(2 * minus)

    def posterior(r_plus, r_minus):
        A, B = 2 * np.exp(-plus) * np.cosh(a * r_plus), 2 * np.exp(-minus) * np.cosh(b * r_minus)
        return A / (A + B) * np.tanh(a * r_plus), B / (A + B) * np.tanh(b * r_minus), np.log((A + B) / 4)

    first = [WEIGHT @ part @ WEIGHT for part in posterior(a + Z[:, None], Z)]
    second = [WEIGHT @ part @ WEIGHT for part in posterior(Z[:, None], b + Z)]
    return first[0], second[1], (first[2] + second[2]) / 2


def free_entropy(alpha: float, fields: tuple[float, float], binary: bool) -> float:
    plus, minus, log_norm = prior(*fields, binary)
    return log_norm - (plus * fields[0] + minus * fields[1]) / 2 + alpha * channel(plus, minus)[2]


SMALL = 1e-9  # stands for an unspecialized field


def blind_load(log_field: float, binary: bool) -> float:
    plus, minus, _ = prior(np.exp(log_field), SMALL, binary)
    return np.exp(log_field) / channel(plus, minus)[0]


def specialized(minus: float, binary: bool, guess: float) -> tuple[float, float]:
    """(field_+, alpha) at field_-."""

    def gap(log_plus):
        G_plus, G_minus, _ = channel(*prior(np.exp(log_plus[0]), minus, binary)[:2])
        return [log_plus[0] - np.log(G_plus) - np.log(minus / G_minus)]

    plus = np.exp(root(gap, [np.log(guess)], tol=1e-12).x[0])
    return plus, minus / channel(*prior(plus, minus, binary)[:2])[1]


@lru_cache
def thresholds(binary: bool) -> dict[str, float]:
    spec = specialized(1e-7, binary, 2.0)[1]
    if not binary:
        return {"alpha_spec": spec}
    fold = minimize_scalar(lambda x: -specialized(x, True, 2.0)[1], bounds=(0.5, 1.3), method="bounded", options={"xatol": 1e-4})
    it = brentq(lambda y: free_entropy(blind_load(y, True), (np.exp(y), SMALL), True) + 2 * np.log(2), -1, 2, xtol=1e-9)
    return {"alpha_spec": spec, "alpha_amp": -fold.fun, "alpha_it": blind_load(it, True)}


def solve(alpha: float, prior: str = "gaussian") -> dict[str, float]:
    binary = prior == "binary"
    found = thresholds(binary)
    log_field = brentq(lambda y: blind_load(y, binary) - alpha, -6, 3 if binary else 6, xtol=1e-11)
    fields = (np.exp(log_field), SMALL)
    blind = free_entropy(alpha, fields, binary)
    if found["alpha_spec"] < alpha <= found.get("alpha_amp", np.inf):
        high = 1.06 if binary else 4 * alpha * alpha
        log_minus = brentq(lambda x: specialized(np.exp(x), binary, 2.0)[1] - alpha, -12, np.log(high), xtol=1e-11)
        fields = (specialized(np.exp(log_minus), binary, 2.0)[0], np.exp(log_minus))
    amp = overlaps(fields, binary) if alpha <= found.get("alpha_amp", np.inf) else (1.0, 0.0)
    return found | {"q00_amp": amp[0], "q01_amp": amp[1], "free_entropy_unspec": blind}


def overlaps(fields: tuple[float, float], binary: bool) -> tuple[float, float]:
    plus, minus, _ = prior(*fields, binary)
    return (plus + minus) / 2, (plus - minus) / 2

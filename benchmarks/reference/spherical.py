"""Gardner's replica-symmetric saddle below capacity by quad and brentq (Gardner 1988)."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from benchmarks.reference.gaussian import average, log_tail, mills


def solve(alpha: float, kappa: float = 0.0, stability: float = 1.0) -> dict[str, float]:
    def field(t, q, at=kappa):
        return (at + np.sqrt(q) * t) / np.sqrt(1 - q)

    def residual(y):
        q = expit(y)
        return np.log(alpha * (1 - q) * average(lambda t: mills(field(t, q)) ** 2, -kappa / np.sqrt(q))) - np.log(q)

    q = expit(brentq(residual, -12, 12, xtol=1e-12))
    kinks = (-kappa / np.sqrt(q), -stability / np.sqrt(q))

    def ratio(t, log_numerator):
        return np.exp(log_numerator(field(t, q, stability)) - log_tail(field(t, q)))

    return {
        "q": q,
        "entropy": 0.5 * np.log(1 - q) + q / (2 * (1 - q)) + alpha * average(lambda t: log_tail(field(t, q)), *kinks),
        "replicon": alpha * average(lambda t: (mills(u := field(t, q)) * (mills(u) - u)) ** 2, *kinks),
        "stab_mean": np.sqrt(1 - q) * average(lambda t: mills(field(t, q)), *kinks),
        "stab_pdf": average(lambda t: ratio(t, lambda u: -u * u / 2) / np.sqrt(2 * np.pi * (1 - q)), *kinks),
        "stab_cdf": 1 - average(lambda t: ratio(t, log_tail), *kinks),
    }

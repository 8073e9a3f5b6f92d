"""Numbers in sentences."""

import numpy as np


def tell(value: float) -> str:
    """A number in a sentence: three digits, the very large and very small as a power of ten."""
    if value == 0 or 1e-3 <= value < 999.5:  # which would round to 1e+03
        return f"{value:.3g}"
    if not np.isfinite(value):
        return "∞" if value > 0 else "—"
    digits, power = f"{value:.1e}".split("e")
    return ("" if digits == "1.0" else f"{digits}·") + "10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def percent(share: float) -> str:
    """A share in a sentence: three digits."""
    return f"{100 * share:.3g} %"


CLOSE = 0.01
"""Percent above the optimum that no sentence resolves."""


def above(error: float, optimum: float) -> str:
    """How far an error is above that of the Bayes-optimal student."""
    excess = 100 * (error / optimum - 1)
    if excess >= 150:
        return f"{error / optimum:.2g} times Bayes"
    return f"{excess:.2g} % above Bayes" if excess >= CLOSE else f"within {CLOSE} % of Bayes"

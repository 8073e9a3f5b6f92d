"""Power laws: how fast features decay, and where the target lies among them."""

import numpy as np

from pages.double_descent.moments import (
    ERROR,
    ID,
    LOSS,
    MODEL,
    RIDGE,
    draw,
    members,
    sampled,
    samples,
    story,
    theory,
)
from pages.kit.controls import Control
from pages.kit.explorer import Number, View
from pages.kit.picture import Picture
from pages.kit.words import tell

HIGH = 5000


def source(state: dict) -> dict:
    return {"source": "powerlaw"} | {name: state[name] for name in ("P", "a", "b", "explained")}


def picture(state: dict, points: int) -> Picture:
    of = theory(source(state), state, HIGH)
    return draw(
        state,
        points,
        of,
        HIGH,
        1e-4,
        1000,
        tell_rate(state, of.peak, story(state, of)),
        "Features that decay as a power, and a target that lies among the first or the last of them",
    )


def rate(state: dict) -> float:
    """How fast the error falls at this n: −d ln error / d ln n."""
    n = state["n"]
    low, high = (theory(source(state), state, HIGH).at(m)[ERROR[state["loss"]]] for m in (n, n + max(1, n // 20)))
    return -np.log(high / low) / np.log((n + max(1, n // 20)) / n) if min(low, high) > 0 else np.nan


def limit(state: dict) -> float:
    """The rate of n ≪ P without noise and ridge (Cui et al. 2021): the target's decay, as far as the features allow."""
    return min(state["a"] + state["b"] - 1, 2 * state["a"])


def tell_rate(state: dict, modes: int, text: str) -> str:
    """The prediction, and how fast more data would help."""
    power = rate(state)
    if not np.isfinite(power) or state["loss"] != "square" or abs(np.log(state["n"] / modes)) < 0.3:
        return text
    if power < 0:
        return f"{text} More data first make it worse."
    return f"{text} Here it falls as n to the power −{power:.2g}: twice the data, {100 * (1 - 2**-power):.0f} % less error."


def numbers(state: dict) -> list[Number]:
    of = theory(source(state), state, HIGH)
    now, name = of.at(state["n"]), ERROR[state["loss"]]
    best = theory(source(state), state | {"lam": "opt"}, HIGH).at(state["n"])
    clean = state["loss"] == "square" and state["a"] > 1 and limit(state) > 0
    return [
        Number(r"\varepsilon", "predicted test error", now[name], "guessing: 1" if state["loss"] == "square" else "guessing: 0.5"),
        Number(r"\varepsilon", "with the best ridge", best[name], f"λ = {tell(best['lam'])}"),
        Number(r"-\frac{d\ln\varepsilon}{d\ln n}", "learning rate", rate(state), f"no noise, n ≪ P: {limit(state):.2g}" if clean else ""),
        Number(r"\tilde\kappa", "effective ridge", now["effective_ridge"], f"largest ω: {tell(of.of.omega[0])}"),
    ]


VIEW = View(
    id="power",
    name="Power laws",
    model=ID,
    question="What sets the speed of learning: the dimension, or where the target lies?",
    controls=(
        samples(HIGH, 100, lambda state: state["P"]),
        Control(MODEL.parameter("delta"), 0, 0.5, 0.01, 0.0, words="label noise: its variance, or the probability of a flip"),
        RIDGE,
        Control(MODEL.parameter("a"), 0, 3, 0.05, 1.5, words="how fast the features decay"),
        Control(MODEL.parameter("b"), 0, 3, 0.05, 0.5, words="how much the target favours the first"),
        Control(MODEL.parameter("P"), 10, 1000, 0.05, 1000, log=True, words="number of features"),
        LOSS,
        Control(MODEL.parameter("explained"), 0.2, 1, 0.01, 1.0, words="share of the target that is linear", live=False, more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "decaying features": {"lam": 1e-3},
        "all alike: the peak": {"a": 0.0, "b": 0.0, "lam": 1e-4, "delta": 0.1, "P": 100},
        "aligned target": {"b": 2.5, "lam": 1e-3},
        "misaligned target": {"b": 0.0, "a": 0.8, "lam": 1e-3},
        "noise": {"delta": 0.2, "lam": 1e-4, "P": 100},
    },
    notice=(
        "With the same features, a target in the leading ones (large b) is learned from few samples and one in the last from many: "
        "alignment counts, not the dimension P.",
        "Without noise and ridge the error falls as $n^{-\\min(a+b-1,\\,2a)}$ while n ≪ P: the part of the target in modes not yet learned.",
        "With a = 0 all modes are alike: nothing is learned before n reaches the order of P, and there is the peak.",
        "Noise turns the fall into a peak at n = P; the best ridge removes it.",
    ),
    experiment=sampled(
        source,
        (10, 16, 32, 64, 128, 256, 512, 1024),
        "Gaussian features with exactly these covariances, and a fit to each sample; its test error is computed from the weights, without "
        "a test set.",
        trials=(2, 6, 40),
    ),
    members=members,
)

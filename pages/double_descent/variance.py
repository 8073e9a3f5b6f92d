"""What the peak is made of: bias, and the variances of features, data and noise."""

from dataclasses import replace

import numpy as np

from pages.double_descent.errors import AGAINST
from pages.double_descent.features import (
    ACTIVATION,
    ALPHA,
    AXES,
    GAMMA,
    ID,
    KAPPAS,
    NOISE,
    RIDGE,
    around,
    at,
    curve,
    experiment,
    learnable,
    only,
    other,
    parameters,
    recipe,
)
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Vertical, here
from pages.kit.words import tell

PARTS = {
    "bias": ("bias", "series-5", "what no averaging removes"),
    "var_samp": ("data", "series-2", "variance over samples"),
    "var_noise": ("label noise", "series-4", "variance over label noise"),
    "var_init": ("features", "series-3", "variance over first layers"),
}


def picture(state: dict, points: int) -> Picture:
    axis, values = state["against"], parameters(state)
    x = around(state[other(axis)], points)
    found = curve(values, axis, x)
    now = at(values)
    curves = [Curve(name, x, found[part], role, stack="error", weight=0.4) for part, (name, role, _) in PARTS.items()]
    curves += [
        Curve("sum", x, found["gen_mse"], weight=1.2),
        Curve("ensemble", x, found["mse_ensemble"], "here", dash=1),
    ]
    curves += [
        Curve(name, x, found[part] / found["gen_mse"], role, stack="share", weight=0.4, panel=1, legend=False)
        for part, (name, role, _) in PARTS.items()
    ]
    curves.append(here(state[axis], now["gen_mse"]))
    return Picture(
        "The test error and its parts",
        AXES[axis],
        (Axis("test error", "(ν−h)²", 0, 3, weight=2), Axis("share", "of the error", 0, 1)),
        tuple(curves),
        (Vertical("P = N", state[other(axis)]),),
        story(values, now),
        recipe=recipe(values, axis, "gen_mse", *PARTS, "mse_ensemble"),
    )


def story(values: dict, now: dict) -> str:
    """Which part dominates, and what averaging would bring."""
    if not learnable(values):
        return "The features carry nothing of a linear teacher (κ₁ = 0): the bias is all of it, 1, and variance only adds to that."
    if np.isnan(now["gen_mse"]):
        return "Without ridge, at P = N, the variances are infinite; the bias stays finite."
    part = max(PARTS, key=lambda name: now[name])
    share = now[part] / now["gen_mse"]
    of = {
        "bias": "is bias",
        "var_samp": "comes from the data",
        "var_noise": "comes from label noise",
        "var_init": "comes from the random features",
    }
    return (
        f"{share:.0%} of the error, {tell(now['gen_mse'])}, {of[part]}. "
        f"Averaging students with features of their own would leave {tell(now['mse_ensemble'])}."
    )


def numbers(state: dict) -> list[Number]:
    now = at(parameters(state))
    symbols = {"bias": "bias", "var_samp": "V_{samp}", "var_noise": "V_{noise}", "var_init": "V_{init}"}
    return [
        Number(r"E(\nu-h)^2", "test error", now["gen_mse"], "the sum of the four"),
        *(
            Number(symbols[part], words, now[part], f"{now[part] / now['gen_mse']:.0%}" if now["gen_mse"] > 0 else "")
            for part, (_, _, words) in PARTS.items()
        ),
        Number(r"E(\nu-\langle h\rangle)^2", "ensemble of students", now["mse_ensemble"]),
    ]


VIEW = View(
    id="variance",
    name="Bias and variance",
    model=ID,
    question="What is the peak made of?",
    controls=(ALPHA, GAMMA, NOISE, replace(RIDGE, default=1e-3), AGAINST, ACTIVATION, *KAPPAS, only("regression")),
    picture=picture,
    numbers=numbers,
    presets={
        "the peak is variance": {},
        "far from the peak": {"gamma": 12.0},
        "mostly noise": {"delta": 1.0, "activation": "tanh"},
        "λ removes it too": {"lam": "opt"},
    },
    notice=(
        "The bias has no peak: it falls straight through P = N. The peak is variance.",
        "Unless labels are very noisy, most of it comes from the random features themselves: another first layer, the same data, another answer.",
        "An ensemble of many students, each with its own features, is rid of that part and of the peak with it, even at P = N.",
        "The right λ does nearly the same with one student. Parts: noise inside initialisation inside sampling (d'Ascoli et al. 2020).",
    ),
    experiment=experiment(lambda state: ("gen_mse",)),
)

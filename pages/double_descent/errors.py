"""Test and training error of random features: the peak, the second descent, and the ridge that removes it."""

import numpy as np

from pages.double_descent.features import (
    ACTIVATION,
    ALPHA,
    AXES,
    ERROR,
    FLIPS,
    GAMMA,
    ID,
    KAPPAS,
    LOSS,
    MAP,
    NOISE,
    PANELS,
    RIDGE,
    TRAIN,
    against,
    around,
    at,
    curve,
    experiment,
    learnable,
    only,
    other,
    parameters,
    recipe,
    separability,
    shown,
    square,
    tell_best,
    tell_error,
    tell_threshold,
)
from pages.kit.explorer import MEMBERS, Number, View
from pages.kit.picture import Curve, Picture, Vertical, here
from pages.kit.words import tell

RIDGES = (1e-5, 1e-3, 0.1)
AGAINST = against(gamma="γ: grow the network", alpha="α: add data")


def picture(state: dict, points: int) -> Picture:
    axis, task, values = state["against"], state["task"], parameters(state)
    equal, separable = state[other(axis)], separability(values, axis)
    peak = separable if np.isfinite(separable) and not square(values) else equal
    x = around(peak, points)
    ridges = [(f"λ = {tell(ridge)}", ridge, x, f"shade-{i}", 0.7) for i, ridge in enumerate(RIDGES)]
    if learnable(values):
        ridges.append(("optimal λ", "opt", around(peak, points // 4), "optimum", 1.3 if state["lam"] == "opt" else 0.9))
    if state["lam"] != "opt":
        ridges.append(("λ = 0" if state["lam"] == 0 else "λ of the slider", state["lam"], x, "theory", 1.3))
    curves = []
    for name, ridge, places, role, weight in ridges:
        chosen = curve(values, axis, places, lam=ridge)
        curves += [Curve(name, places, shown(task, chosen[ERROR[task]]), role, weight=weight)]
        curves += [Curve(name, places, chosen[TRAIN[task]], role, weight=weight, panel=1, legend=False)]
    now = at(values)
    curves += [here(state[axis], shown(task, now[ERROR[task]])), here(state[axis], now[TRAIN[task]], panel=1)]
    marks = [Vertical("P = N", equal)]
    if task == "classification":
        marks.append(Vertical("separable beyond" if axis == "gamma" else "separable below", separable, role="second"))
    return Picture(
        f"{task.capitalize()} with random features: test and training error",
        AXES[axis],
        PANELS[task],
        tuple(curves),
        tuple(marks),
        story(state, values, now) if square(values) else margin_story(state, values, now),
        recipe=recipe(values, axis, ERROR[task], TRAIN[task]),
    )


def story(state: dict, values: dict, now: dict) -> str:
    """Which side of the peak the square loss is on, and what that costs."""
    axis, task = state["against"], state["task"]
    equal, error = state[other(axis)], now[ERROR[task]]

    def tell_it(value: float) -> str:
        return tell_error(task, value)

    if not learnable(values):
        return UNLEARNABLE[task]
    if np.isnan(error):
        return f"Without ridge, at the peak, the error is {tell_threshold(task)}: weights that fit every label just exist, and they are enormous."
    before = np.geomspace(0.1, 0.8, 15) * equal
    lowest = np.nanmin(curve(values, axis, before)[ERROR[task]])
    top = at(values, **{axis: equal})[ERROR[task]]
    top = (np.inf if task == "regression" else 0.5) if np.isnan(top) else top
    ratio = state[axis] / equal
    what, count, total = ("parameters", "P", "N") if axis == "gamma" else ("samples", "N", "P")
    place = f"{count} = {total}" if abs(np.log(ratio)) < 0.04 else f"{count} = {ratio:.2g} {total}"
    if top < 1.02 * lowest:
        ridge = "optimal ridge" if state["lam"] == "opt" else "this ridge"
        return f"{place}: error {tell_it(error)}. With {ridge} there is no peak: more {what} always help."
    if abs(np.log(ratio)) < 0.04:
        best = tell_best(task, at(values, lam="opt"))
        return f"P = N, the peak: just enough parameters to fit every label, noise and all. Error {tell_it(error)}; {best}."
    if axis == "gamma" and ratio < 1:
        return f"{place}: too few parameters to fit every label. Error {tell_it(error)}; a larger network must first pass the peak, {tell_it(top)} at P = N."
    if axis == "gamma" and error < lowest:
        return f"{place}: more parameters than samples, and better for it. Error {tell_it(error)}; no network well below P = N gets under {tell_it(lowest)}."
    if axis == "gamma":
        return f"{place}: past the peak ({tell_it(top)} at P = N) the error falls again, to {tell_it(error)}; the best smaller network has {tell_it(lowest)}."
    if ratio < 1:
        return f"{place}: every label is fitted. Error {tell_it(error)}; more data first make it worse, up to {tell_it(top)} at N = P."
    return f"{place}: past the peak ({tell_it(top)} at N = P) more data help again. Error {tell_it(error)}."


UNLEARNABLE = {
    "regression": "The features carry nothing of a linear teacher (κ₁ = 0): the error never falls below 1, whatever N and P.",
    "classification": "Nothing of the teacher reaches the student: it guesses, and half of all labels are wrong, whatever N and P.",
}


def margin_story(state: dict, values: dict, now: dict) -> str:
    """Which side of separability logistic and hinge loss are on."""
    error, train, threshold = now["gen_error"], now["train_error"], now["alpha_sep"]
    if not learnable(values):
        return UNLEARNABLE["classification"]
    if np.isnan(error):
        return "Exactly at the separability threshold: the weights without ridge are infinite there."
    separable = state["alpha"] < threshold
    side = f"Separable (α < α_sep = {tell(threshold)})" if separable else f"Not separable (α > α_sep = {tell(threshold)})"
    if state["lam"] == 0 and abs(np.log(state["alpha"] / threshold)) < 0.06:
        side = f"At the separability threshold (α_sep = {tell(threshold)}), where the error peaks"
    elif state["lam"] == 0 and separable:
        return f"{side}: without ridge the student with the widest margin is found. No training error, {error:.1%} wrong on test."
    best = tell_best("classification", at(values, lam="opt"))
    return f"{side}: {train:.1%} wrong on training, {error:.1%} on test; {best}."


def numbers(state: dict) -> list[Number]:
    task, values = state["task"], parameters(state)
    now, best = at(values), at(values, lam="opt")
    least = "" if np.isnan(best["lam"]) else f"{tell(best[ERROR[task]])} with the best ridge"
    shared = [
        Number(r"\lambda_{opt}", "best ridge", best["lam"], f"in use: {tell(now['lam'])}" if now["lam"] >= 0 else ""),
        Number(
            "e",
            "of the teacher seen",
            now["explained"],
            f"1 − e = {tell(1 - now['explained'])}: floor for N → ∞" if task == "regression" else "",
        ),
    ]
    if task == "regression":
        return [
            Number(r"E(\nu-h)^2", "test error", now["gen_mse"], least),
            Number(r"\frac12(y-h)^2", "training loss", now["train_loss"]),
            Number(r"E(\nu-\langle h\rangle)^2", "ensemble of students", now["mse_ensemble"]),
            *shared,
        ]
    return [
        Number(r"\varepsilon_g", "wrong on test", now["gen_error"], least),
        Number(r"\varepsilon_t", "wrong on training", now["train_error"]),
        Number(r"\alpha_{sep}", "separable below", now["alpha_sep"], f"here α = {tell(state['alpha'])}"),
        *shared,
    ]


def members(state: dict) -> int:
    return MEMBERS if square(state) else 13


FITS = experiment(lambda state: (ERROR[state["task"]], TRAIN[state["task"]]))

REGRESSION = View(
    id="regression",
    name="Regression",
    model=ID,
    question="When do more parameters than data help?",
    controls=(ALPHA, GAMMA, NOISE, RIDGE, AGAINST, ACTIVATION, *KAPPAS, only("regression")),
    picture=picture,
    numbers=numbers,
    presets={
        "the peak": {},
        "more parameters than data": {"gamma": 10.0},
        "λ cures it": {"lam": "opt"},
        "more data hurt": {"against": "alpha", "alpha": 1.3, "gamma": 2.0},
        "an even activation": {"activation": "abs", "gamma": 4.0, "lam": 0.1},
    },
    notice=(
        "The peak sits at P = N, where the training error first reaches zero: one solution that fits all labels, and a wild one.",
        "Past it the error falls again, below anything a network with P < N achieves: more parameters than samples help.",
        "The same peak seen against α: for a fixed network, **more data hurt** until N = P.",
        "With the optimal λ there is no peak: the error falls with every parameter and every sample.",
        "An even activation (κ₁ = 0) sees nothing of a linear teacher as long as N is proportional to D.",
    ),
    map=MAP,
    experiment=FITS,
)

CLASSIFICATION = View(
    id="classification",
    name="Classification",
    model=ID,
    question="Where is the peak when labels are classes?",
    controls=(ALPHA, GAMMA, FLIPS, RIDGE, AGAINST, LOSS, ACTIVATION, *KAPPAS, only("classification")),
    picture=picture,
    numbers=numbers,
    presets={
        "square loss: P = N": {},
        "logistic: peak at separability": {"loss": "logistic", "lam": 0.0, "activation": "erf", "alpha": 8.0, "gamma": 2.75},
        "the widest margin": {"loss": "hinge", "lam": 0.0, "gamma": 4.0},
        "λ cures it": {"loss": "logistic", "lam": "opt"},
        "an even activation": {"activation": "abs", "gamma": 4.0, "lam": 0.1},
    },
    notice=(
        "The square loss peaks at P = N even when labels are classes; logistic and hinge peak where the labels become *separable*.",
        "Their peak is far milder: a misclassified point costs them little, an interpolated one costs the square loss everything.",
        "Without ridge, on separable labels, logistic and hinge loss find the same student: the one with the widest margin.",
        "With the optimal λ all three losses are nearly as good, and none has a peak.",
    ),
    map=MAP,
    experiment=FITS,
    members=members,
)

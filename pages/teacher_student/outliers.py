"""Which loss survives outliers: least squares, L1 and Huber against the number of samples."""

import numpy as np

import cache
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Label, Picture, Vertical
from pages.kit.words import tell
from pages.teacher_student.robust import (
    ALPHA,
    HUBER,
    ID,
    LOOK,
    MSE,
    NAMES,
    OUTLIERS,
    RESIDUAL,
    ROLES,
    SAMPLES,
    SIZE,
    along,
    at,
    choice,
    experiment,
    losses,
    positive,
    recipe,
    references,
    residuals,
    ring,
    shown,
    thickness,
)

REST = choice("rest", "the other samples", {"noisy": "noisy, Δ = 1", "perfect": "perfect, Δ = 0"})


def theory(state: dict) -> dict:
    """The model's parameters."""
    return {name: state[name] for name in ("alpha", "outlier", "delta_out", "huber")} | {
        "noise_law": "contaminated",
        "delta": 1.0 if state["rest"] == "noisy" else 0.0,
    }


def recovery(state: dict) -> float:
    """The α from which the L1 loss finds the signal exactly, between two grids; nan if it does not."""
    if state["rest"] == "noisy":
        return np.nan
    grid = np.geomspace(*ALPHA.bounds, 101)
    for _ in range(2):
        found = along(shown(theory(state), "l1"), "alpha", grid)["mse"] == 0
        if not found.any() or found[0]:
            return grid[0] if found.any() else np.nan
        last = int(np.argmax(found))
        grid = np.linspace(grid[last - 1], grid[last], 101)
    return grid[-1] if not found.any() else grid[int(np.argmax(found))]


def picture(state: dict, points: int) -> Picture:
    grid = np.geomspace(*ALPHA.bounds, points)
    found = losses(theory(state), "alpha", grid)
    curves = [Curve(NAMES[loss], grid, positive(found[loss]["mse"]), role, weight=thickness(state, loss)) for loss, role in ROLES.items()]
    now = at(shown(theory(state), state["look"]))
    threshold = recovery(state)
    return Picture(
        "Error with outliers",
        SAMPLES,
        (MSE, RESIDUAL),
        (
            *curves,
            *references(grid, found["huber"], "convex bound"),
            ring(state["alpha"], now["mse"]),
            *residuals(theory(state), state, points // 2),
        ),
        (Vertical(f"L1 is exact: α = {threshold:.3g}", threshold, role=ROLES["l1"]),),
        story(state, threshold),
        branch=state["rest"],
        recipe=recipe(shown(theory(state), state["look"]), SAMPLES, "alpha", "mse", "mse_bound", "mse_bayes"),
    )


def story(state: dict, threshold: float) -> str:
    """Who wins at the state of the sliders, and by how much."""
    errors = {loss: at(shown(theory(state), loss))["mse"] for loss in NAMES}
    bound = at(shown(theory(state), "square"))["mse_bound"]
    start = f"At α = {state['alpha']:.3g}"
    if errors["l1"] == 0:
        lies = f"although {state['outlier']:.0%} of the samples lie" if state["outlier"] > 0 else "as every loss does here"
        rest = f"; least squares misses it by {tell(errors['square'])}" if errors["square"] > 0 else ""
        return f"{start} the L1 loss finds the signal exactly, {lies}{rest}."
    if errors["square"] == 0:
        return f"{start} there is no noise at all, and least squares finds the signal exactly."
    winner = min(errors, key=errors.get)
    others = ", ".join(f"{NAMES[loss]} {tell(error)}" for loss, error in errors.items() if loss != winner)
    text = f"{start} {NAMES[winner]} errs least: {tell(errors[winner])} ({others})"
    if state["rest"] == "perfect" and np.isfinite(threshold):
        return f"{text}. From α = {threshold:.3g} on, L1 will find the signal exactly."
    if errors[winner] < 1.01 * bound:
        return f"{text}: within 1 % of what any convex loss can do."
    return f"{text}. No convex loss gets below {tell(bound)}." if bound > 0 else f"{text}."


def numbers(state: dict) -> list[Number]:
    values = {loss: at(shown(theory(state), loss)) for loss in NAMES}
    now, variance = values["square"], values["square"]["gen_error"] - values["square"]["mse"]
    return [
        Number("E_{LS}", "least squares", now["mse"], f"Var(ε)/(α−1), Var(ε) = {tell(variance)}"),
        Number("E_{L1}", "L1 loss", values["l1"]["mse"]),
        Number("E_{H}", "Huber loss", values["huber"]["mse"]),
        Number("E_{bound}", "no convex loss is below", now["mse_bound"]),
        Number("E_{Bayes}", "posterior mean", now["mse_bayes"], "knows noise and signal"),
    ]


def plane(state: dict) -> Picture:
    """How many times larger the error of least squares is than Huber's, over the (α, ε) plane, and where L1 overtakes least squares."""
    alphas, shares = np.geomspace(*ALPHA.bounds, 61), np.linspace(0, 0.5, 51)
    found = {
        loss: cache.sweep(
            ID,
            {"outlier": shares, "alpha": alphas},
            **{name: value for name, value in shown(theory(state), loss).items() if name not in ("outlier", "alpha")},
        )["mse"]
        for loss in NAMES
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(found["square"] > 0, found["square"] / found["huber"], 1.0)
        ahead = np.log(found["l1"] / found["square"])
    crossing = [float(np.exp(np.interp(0.0, -row, np.log(alphas)))) if row[0] > 0 > row[-1] else np.nan for row in ahead]
    return Picture(
        "How many times worse least squares is than Huber; beyond the line it is worse than L1 too",
        SAMPLES,
        (Axis("ε", "fraction of outliers", 0, 0.5),),
        (Curve("L1 = least squares", np.array(crossing), shares, "experiment"),),
        (Label("L1 beats least squares", 12, 0.42),),
        heat=Heat(alphas, shares, np.clip(gain, 0.1, 300), "E of least squares / Huber", 0.5, 100, log=True),
    )


VIEW = View(
    id="outliers",
    name="Outliers",
    model=ID,
    question="Which loss survives outliers?",
    controls=(ALPHA, OUTLIERS, SIZE, HUBER, LOOK, REST),
    picture=picture,
    numbers=numbers,
    presets={
        "one in ten": {},
        "no outliers": {"outlier": 0.0},
        "half of them": {"outlier": 0.5, "alpha": 5.0},
        "wild outliers": {"delta_out": 1000.0, "huber": 1.0},
        "exact recovery": {"rest": "perfect", "look": "l1", "alpha": 1.6},
    },
    notice=(
        "Least squares only knows the variance of the noise: a few outliers of variance 100 cost it a factor of ten, at every α.",
        "Without outliers least squares *is* the best loss, and its curve lies on the bound. L1 then pays for its caution.",
        "Lower panel: the residual of a sample left out of the fit is the noise plus Gaussian noise of variance E, made by the errors of all "
        "other coordinates. Each loss sees a noise of its own making. Close to α = 1 it is almost Gaussian for all of them.",
        "If all samples but the outliers are perfect, the L1 loss finds the signal exactly beyond a sharp threshold in α: a phase transition.",
    ),
    map=Map("alpha", "outlier", plane),
    experiment=experiment(
        lambda state: ("alpha", [1.3, 1.6, 2.0, 3.0, 5.0, 8.0, 12.0]), lambda state: shown(theory(state), state["look"]), trials=(2, 6, 100)
    ),
    members=lambda state: 31,
)

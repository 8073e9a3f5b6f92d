"""The right threshold of the Huber loss, the right ridge, and how much is left to gain."""

import numpy as np

import cache
from pages.kit.controls import Control
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Picture, Vertical, here
from pages.kit.words import tell
from pages.teacher_student.robust import (
    ALPHA,
    HUBER,
    ID,
    MODEL,
    NAMES,
    OUTLIERS,
    ROLES,
    SAMPLES,
    SIZE,
    along,
    at,
    best,
    choice,
    experiment,
    losses,
    recipe,
    ring,
    shown,
)

LOWEST, HIGHEST = 0.01, 1000.0
EXCESS = Axis("%", "above bound", LOWEST, HIGHEST, log=True, x=SAMPLES)
AXES = {
    "huber": Axis("a", "threshold of the Huber loss", 0.02, 20, log=True),
    "lam": Axis("λ", "ridge", 1e-3, 100, log=True),
}
FINE = np.geomspace(0.01, 50, 121)
LAW = choice("law", "noise", {"laplace": "Laplace", "contaminated": "outliers", "gaussian": "Gaussian"})
TUNED = choice("tuned", "what is tuned", {"huber": "threshold a", "lam": "ridge λ"})
RIDGE = Control(
    MODEL.parameter("lam"),
    AXES["lam"].low,
    AXES["lam"].high,
    0.05,
    log=True,
    default=0.3,
    words="ridge",
    when=lambda state: state["tuned"] == "lam",
)


def theory(state: dict) -> dict:
    """The model's parameters: noise of variance 1 without outliers; a ridge where it is tuned."""
    values = {name: state[name] for name in ("alpha", "huber", "outlier", "delta_out")}
    return values | {"noise_law": state["law"], "delta": 1.0} | ({"penalty": "l2", "lam": state["lam"]} if state["tuned"] == "lam" else {})


def unpenalised(state: dict) -> dict:
    return {name: value for name, value in theory(state).items() if name not in ("penalty", "lam")}


def optimal(state: dict) -> dict[str, float]:
    """The best value of what is tuned, and the error there; an infinite threshold where least squares is the best Huber loss."""
    tuned = state["tuned"]
    found = best(shown(theory(state), "huber"), tuned, AXES[tuned].low, AXES[tuned].high)
    least_squares = at(shown(theory(state), "square"))
    return least_squares | {"huber": np.inf} if tuned == "huber" and least_squares["mse"] < found["mse"] * (1 + 1e-9) else found


def picture(state: dict, points: int) -> Picture:
    tuned = state["tuned"]
    grid = np.geomspace(AXES[tuned].low, AXES[tuned].high, points)
    values, now, optimum = shown(theory(state), "huber"), at(shown(theory(state), "huber")), optimal(state)
    flat = np.ones(points)
    if tuned == "huber":
        found = {loss: flat * at(shown(theory(state), loss))["mse"] for loss in ("l1", "square")}
        reference = Curve(
            "convex bound" if state["law"] == "contaminated" else "best loss", grid, flat * now["mse_bound"], "threshold", dash=1
        )
    else:
        found = {loss: along(shown(theory(state), loss), tuned, grid)["mse"] for loss in ("l1", "square")}
        reference = Curve("Bayes-optimal", grid, flat * now["mse_bayes"], "optimum", dash=1)
    curves = [Curve(NAMES[loss], grid, error, ROLES[loss], weight=0.9) for loss, error in found.items()]
    curves += [Curve("Huber", grid, along(values, tuned, grid)["mse"], ROLES["huber"], weight=1.4), reference]
    low, high = (limit([float(limit(curve.y)) for curve in curves]) for limit in (np.min, np.max))
    return Picture(
        f"Error against the {'threshold' if tuned == 'huber' else 'ridge'}",
        AXES[tuned],
        (Axis("E", "error per coordinate", 0.96 * low, 1.06 * high, log=bool(high > 3 * low), weight=1.5), EXCESS),
        (*curves, ring(state[tuned], now["mse"]), *gains(state, points)),
        (Vertical(f"best {AXES[tuned].symbol} = {tell(optimum[tuned])}", optimum[tuned], role="optimum", panel=0),),
        story(state, now, optimum),
        branch=tuned,
        recipe=recipe(values, AXES[tuned], tuned, "mse", "mse_bound", "mse_bayes"),
    )


def gains(state: dict, points: int) -> list[Curve]:
    """Percent above the best loss against α: least squares, L1, and Huber with the best threshold at every α."""
    alphas = np.geomspace(*ALPHA.bounds, points // 3)
    values = unpenalised(state)
    found = losses(values, "alpha", alphas)
    fixed = {name: value for name, value in values.items() if name not in ("alpha", "huber")}
    tuned = cache.sweep(ID, {"alpha": alphas, "huber": FINE}, loss="huber", **fixed)["mse"].min(axis=1)

    def above(error: np.ndarray) -> np.ndarray:
        return np.maximum(100 * (error / found["huber"]["mse_bound"] - 1), LOWEST / 10)

    drawn = [
        Curve(NAMES[loss], alphas, above(found[loss]["mse"]), ROLES[loss], weight=0.9, panel=1, legend=False) for loss in ("l1", "square")
    ]
    here_now = at(shown(values, "huber"))
    return [
        *drawn,
        Curve("Huber, best a", alphas, above(tuned), ROLES["huber"], weight=1.4, panel=1, legend=False),
        here(state["alpha"], max(100 * (here_now["mse"] / here_now["mse_bound"] - 1), LOWEST), panel=1),
    ]


def story(state: dict, now: dict, optimum: dict) -> str:
    """How far from its best the slider is, and what the best is worth."""
    tuned, symbol = state["tuned"], AXES[state["tuned"]].symbol
    start = f"At {symbol} = {tell(state[tuned])} the Huber loss errs by {tell(now['mse'])}"
    gain = 100 * (now["mse"] / optimum["mse"] - 1)
    compared = "no other choice is better" if gain < 0.05 else f"{symbol} = {tell(optimum[tuned])} would bring {tell(optimum['mse'])}"
    if tuned == "huber":
        over, what = (
            100 * (optimum["mse"] / now["mse_bound"] - 1),
            "the bound on convex losses" if state["law"] == "contaminated" else "the best loss",
        )
    else:
        over, what = 100 * (optimum["mse"] / now["mse_bayes"] - 1), "the Bayes-optimal error"
    return f"{start}; {compared}, {over:.2g} % above {what}." if over >= LOWEST else f"{start}; {compared}: {what} itself."


def numbers(state: dict) -> list[Number]:
    tuned = state["tuned"]
    now, optimum = at(shown(theory(state), "huber")), optimal(state)
    return [
        Number("E_{H}", "Huber loss", now["mse"]),
        Number(f"{MODEL.parameter(tuned).symbol}_{{best}}", "its best value", optimum[tuned], f"E = {tell(optimum['mse'])}"),
        Number("E_{bound}", "bound without ridge", now["mse_bound"]),
        Number("E_{Bayes}", "posterior mean", now["mse_bayes"]),
    ]


def plane(state: dict) -> Picture:
    """How far the Huber loss is above the best loss, over the (α, a) plane, with its best threshold."""
    alphas, thresholds = np.geomspace(*ALPHA.bounds, 61), np.geomspace(*HUBER.bounds, 61)
    fixed = {name: value for name, value in unpenalised(state).items() if name not in ("alpha", "huber")} | {"loss": "huber"}
    found = cache.sweep(ID, {"alpha": alphas, "huber": thresholds}, **fixed)
    tuned = FINE[np.argmin(cache.sweep(ID, {"alpha": alphas, "huber": FINE}, **fixed)["mse"], axis=1)]
    return Picture(
        "How far the Huber loss is above the best loss; the line is the best threshold",
        SAMPLES,
        (Axis("a", "threshold of the Huber loss", *HUBER.bounds, log=True),),
        (Curve("best threshold", alphas, tuned, "experiment"),),
        heat=Heat(alphas, thresholds, np.clip(100 * (found["mse"] / found["mse_bound"] - 1), 0.1, 300).T, "% above", 0.1, 300, log=True),
    )


VIEW = View(
    id="tuning",
    name="The right threshold",
    model=ID,
    question="Where should a robust loss turn linear?",
    controls=(
        ALPHA,
        HUBER,
        RIDGE,
        TUNED,
        LAW,
        *(
            Control(c.parameter, c.low, c.high, c.step, c.default, c.log, words=c.words, when=lambda state: state["law"] == "contaminated")
            for c in (OUTLIERS, SIZE)
        ),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "Laplace noise": {},
        "more samples": {"alpha": 20.0, "huber": 0.3},
        "outliers": {"law": "contaminated", "huber": 1.5},
        "Gaussian noise": {"law": "gaussian", "huber": 3.0},
        "a ridge as well": {"tuned": "lam", "alpha": 1.2},
    },
    notice=(
        "The best threshold falls with α: the more samples, the closer the residuals come to the noise itself, and the more its cusp matters.",
        "A tuned Huber loss is within 1 % of the best of all convex losses for Laplace noise (lower panel). With outliers the bound itself is out of reach: its loss would not be convex.",
        "For Gaussian noise the best threshold is infinite: least squares is maximum likelihood *and* the best loss.",
        "With a ridge the error falls below the bound of all unpenalised losses: knowing that the signal is not large is worth more than the right loss.",
    ),
    map=Map("alpha", "huber", plane),
    experiment=experiment(
        lambda state: (state["tuned"], [0.05, 0.2, 0.5, 1.0, 2.0, 5.0]), lambda state: shown(theory(state), "huber"), trials=(2, 20, 200)
    ),
    members=lambda state: 21,
)

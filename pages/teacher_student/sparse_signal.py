"""The LASSO beside ridge regression and the posterior mean: sparse and Laplace signals."""

import numpy as np

import cache
from pages.kit.controls import Control
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Horizontal, Picture, Vertical
from pages.kit.words import tell
from pages.teacher_student.robust import ID, MODEL, along, at, best, choice, experiment, recipe, ring

SAMPLES = Axis("α", "samples per coordinate, N/D", 0.05, 5, log=True)
PENALTY = Axis("λ", "best", 1e-4, 10, log=True)
RANGE = {"l1": (1e-4, 10.0), "l2": (1e-4, 100.0)}
"""Where the best strength of a penalty is looked for."""
SIGNAL = choice("law", "signal", {"gauss-bernoulli": "sparse", "laplace": "Laplace"})
ALPHA = Control(MODEL.parameter("alpha"), SAMPLES.low, SAMPLES.high, 0.02, log=True, default=0.5, words="samples per coordinate, N/D")
NOISE = Control(MODEL.parameter("delta"), 1e-4, 1, 0.1, log=True, default=1e-3, words="variance of the noise")
STRENGTH = Control(
    MODEL.parameter("lam"),
    1e-4,
    10,
    0.05,
    log=True,
    default=0.1,
    words="strength of the L1 penalty",
    ticks=lambda state: [(tuned(state)["lam"], "best")],
)
DENSITY = Control(
    MODEL.parameter("sparsity"),
    0.02,
    1,
    0.02,
    default=0.1,
    words="fraction of non-zero coordinates",
    when=lambda state: state["law"] == "gauss-bernoulli",
)


def theory(state: dict, penalty: str = "l1") -> dict:
    """The model's parameters: least squares with a penalty, Gaussian noise."""
    values = {"alpha": state["alpha"], "delta": state["delta"], "lam": state["lam"], "signal": state["law"], "penalty": penalty}
    sparsity = {"sparsity": state["sparsity"]} if state["law"] == "gauss-bernoulli" else {}
    return values | sparsity | {"loss": "square", "noise_law": "gaussian"}


def tuned(state: dict, penalty: str = "l1") -> dict[str, float]:
    """The best strength of the penalty and what it brings."""
    return best(theory(state, penalty), "lam", *RANGE[penalty])


def valley(state: dict, alphas: np.ndarray, penalty: str, points: int) -> tuple[np.ndarray, np.ndarray]:
    """The least error over the strength of the penalty, and that strength, at each α."""
    fixed = {name: value for name, value in theory(state, penalty).items() if name not in ("alpha", "lam")}
    strengths = np.geomspace(*RANGE[penalty], points)
    errors = cache.sweep(ID, {"alpha": alphas, "lam": strengths}, **fixed)["mse"]
    return errors.min(axis=1), strengths[np.argmin(errors, axis=1)]


def picture(state: dict, points: int) -> Picture:
    grid, few = np.geomspace(SAMPLES.low, SAMPLES.high, points), np.geomspace(SAMPLES.low, SAMPLES.high, points // 6)
    lasso, now, optimum = along(theory(state), "alpha", grid), at(theory(state)), tuned(state)
    least, strength = valley(state, few, "l1", points)
    ridge, _ = valley(state, few, "l2", points // 3)
    power = now["gen_error"] - state["delta"] - now["mse"] + (state["sparsity"] if state["law"] == "gauss-bernoulli" else 1.0)
    return Picture(
        "Error of the LASSO",
        SAMPLES,
        (Axis("E", "error per coordinate", 1e-5, 3, log=True, weight=1.7), PENALTY),
        (
            Curve("ridge, best λ", few, ridge, "second", weight=0.9),
            Curve("LASSO", grid, lasso["mse"], weight=1.4),
            Curve("LASSO, best λ", few, least, "series-3"),
            Curve("Bayes-optimal", grid, lasso["mse_bayes"], "optimum", dash=1),
            Curve("best λ", few, strength, "series-3", panel=1, legend=False),
            ring(state["alpha"], now["mse"]),
        ),
        (
            Horizontal("nothing learned", power),
            *([Vertical("as many samples as non-zeros", state["sparsity"])] if state["law"] == "gauss-bernoulli" else []),
            Horizontal("λ of the slider", state["lam"], role="theory", panel=1),
        ),
        story(state, now, optimum),
        branch=state["law"],
        recipe=recipe(theory(state), SAMPLES, "alpha", "mse", "mse_bayes"),
    )


def story(state: dict, now: dict, optimum: dict) -> str:
    """What the penalty costs, and what is left to the posterior mean."""
    start = f"At α = {state['alpha']:.3g} the LASSO errs by {tell(now['mse'])}"
    compared = (
        "no other λ does better"
        if now["mse"] < 1.001 * optimum["mse"]
        else f"λ = {tell(optimum['lam'])} would bring {tell(optimum['mse'])}"
    )
    gap = optimum["mse"] / now["mse_bayes"]
    times = f"{gap:.2g} times" if gap >= 2 else f"{100 * (gap - 1):.2g} % above"
    return f"{start}; {compared}, {times} the error of the posterior mean, {tell(now['mse_bayes'])}."


def numbers(state: dict) -> list[Number]:
    now, optimum = at(theory(state)), tuned(state)
    ridge = tuned(state, "l2")
    return [
        Number("E", "LASSO", now["mse"]),
        Number(r"\lambda_{best}", "best strength", optimum["lam"], f"E = {tell(optimum['mse'])}"),
        Number("E_{ridge}", "ridge, best λ", ridge["mse"], f"λ = {tell(ridge['lam'])}"),
        Number("E_{Bayes}", "posterior mean", now["mse_bayes"]),
    ]


def plane(state: dict) -> Picture:
    """How many times the LASSO's error exceeds the posterior mean's, over the (α, λ) plane, with the best λ."""
    alphas, strengths = np.geomspace(SAMPLES.low, SAMPLES.high, 61), np.geomspace(1e-4, 10, 61)
    fixed = {name: value for name, value in theory(state).items() if name not in ("alpha", "lam")}
    found = cache.sweep(ID, {"alpha": alphas, "lam": strengths}, **fixed)
    return Picture(
        "How many times larger the LASSO's error is than the posterior mean's; the line is its best λ",
        SAMPLES,
        (Axis("λ", "strength of the L1 penalty", 1e-4, 10, log=True),),
        (Curve("best λ", alphas, valley(state, alphas, "l1", 201)[1], "experiment"),),
        heat=Heat(alphas, strengths, np.clip(found["mse"] / found["mse_bayes"], 1, 1000).T, "E / E_Bayes", 1, 1000, log=True),
    )


VIEW = View(
    id="sparse",
    name="Sparse signals",
    model=ID,
    question="How good is the LASSO at finding a sparse signal?",
    controls=(ALPHA, NOISE, STRENGTH, DENSITY, SIGNAL),
    picture=picture,
    numbers=numbers,
    presets={
        "one in ten": {},
        "the best λ": {"lam": 0.0166},
        "too few samples": {"alpha": 0.2},
        "much noise": {"delta": 0.3, "lam": 1.0},
        "a Laplace signal": {"law": "laplace", "delta": 0.1, "lam": 0.141, "alpha": 1.0},
    },
    notice=(
        "With fewer samples than coordinates ridge regression is helpless; the L1 penalty finds a sparse signal from far fewer.",
        "At small noise the LASSO's error drops steeply at a definite α: the transition of compressed sensing, rounded by the noise.",
        "The posterior mean, which knows the law of the signal, does it with fewer samples still.",
        "For a Laplace signal the LASSO with λ = √2 Δ is the most probable signal, and is still not the best estimate: the mean is.",
    ),
    map=Map("alpha", "lam", plane),
    experiment=experiment(lambda state: ("alpha", [0.1, 0.2, 0.3, 0.5, 0.8, 1.3, 2.0]), theory, size=(50, 400, 1000), trials=(2, 8, 100)),
    members=lambda state: 11,
)

"""What the views of learning curves predicted from second moments share: controls, curves, the spectrum below them, dots, words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

import cache
import engine
from engine import Estimate, Parameter
from engine.double_descent.covariances import Spectrum
from engine.double_descent.gaussian_covariate import source_spectrum
from pages.kit import grids
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.picture import Axis, Curve, Horizontal, Mark, Picture, Recipe, Vertical, here
from pages.kit.words import tell

ID = "gaussian-covariate"
MODEL = engine.model(ID)
ERROR = {"square": "gen_mse", "logistic": "gen_error", "hinge": "gen_error"}
TRAIN = {"square": "train_loss", "logistic": "train_error", "hinge": "train_error"}
HALF = {"square": 2.0, "logistic": 1.0, "hinge": 1.0}
"""What makes the training loss, which has a ½ for ridge, comparable with the test error."""
MISSED = Axis("errors", "missed labels", -0.01, 0.55, weight=2)

LOSS = Control(
    replace(MODEL.parameter("loss"), symbol=""),
    words="what is minimised",
    labels={"square": "ridge", "logistic": "logistic", "hinge": "hinge"},
    live=False,
)
RIDGE = Control(
    MODEL.parameter("lam"), 1e-5, 1e3, 0.1, 0.1, log=True, words="ridge", named={"λ = 0": 0.0, "λ optimal": "opt"}
)  # fmt: skip
FEATURES = Control(
    replace(MODEL.parameter("features"), symbol=""),
    words="features",
    options=("pixels", "relu", "tanh", "erf", "sign"),
    labels={
        "pixels": "the pixels",
        "relu": "random, ReLU",
        "tanh": "random, tanh",
        "erf": "random, erf",
        "sign": "random, sign",
    },
    live=False,
)
LABEL = Control(
    replace(MODEL.parameter("label"), symbol=""), words="label", labels={"parity": "even or odd", "half": "below 5 or not"}, live=False
)


def random_features(state: dict) -> bool:
    return state["features"] != "pixels"


SEED = Control(MODEL.parameter("seed"), 0, 20, 1, 0, words="which random features", live=False, more=True, when=random_features)


def features(high: int, start: int) -> Control:
    """The number of random features, where they are."""
    return Control(
        MODEL.parameter("P"), 25, high, 0.1, start, log=True, words="number of random features", live=False, when=random_features
    )


def samples(high: int, start: int, peak: Callable[[dict], float]) -> Control:
    """The number of training samples; its tick is where they can just be interpolated."""
    return Control(
        MODEL.parameter("n"), LEAST, high, 0.02, start, log=True, words="training samples", ticks=lambda state: [(peak(state), "n = P")]
    )


LEAST = 10
"""Fewest samples on these pages."""


# ---- the theory ------------------------------------------------------------------------------------------------------------------


def around(peak: float, high: float, points: int, width: float = 0.05) -> list[int]:
    """Numbers of samples, evenly spaced in the logarithm far from `peak`, ever closer near it."""
    return np.clip(np.rint(grids.around(peak, LEAST, high, points, width)), LEAST, high).astype(int).tolist()


def parameters(source: dict, state: dict) -> dict:
    """The model's parameters in this state, but for n: the source's own, and what is done with it."""
    task = "regression" if state["loss"] == "square" else "classification"
    return source | {"lam": state["lam"], "delta": state.get("delta", 0.0), "loss": state["loss"], "task": task}


def moments(source: dict) -> Spectrum:
    """The spectrum of a source; remembered."""
    given = {name: value for name, value in MODEL.validate(source).items() if name in SOURCE}
    return cache.remember("spectrum", ID, tuple(given.items()), lambda report: source_spectrum(**given))


SOURCE = ("source", "P", "a", "b", "explained", "label", "features", "seed", "path", "pool")


@dataclass(frozen=True)
class Theory:
    """What a view draws: observables along n and at the n of the slider, the spectrum, and how errors are measured.

    `along(grid)` and `at` give the observables {name: values}; `peak` is the number of modes, `recipe` how to get them elsewhere.
    """

    along: Callable[[list[int]], dict[str, np.ndarray]]
    of: Spectrum
    recipe: Recipe | None = None

    @property
    def peak(self) -> int:
        return self.of.omega.size

    def at(self, n: int) -> dict[str, float]:
        return {name: values[0] for name, values in self.along([n]).items()}


def theory(source: dict, state: dict, high: int) -> Theory:
    """The theory of one of the model's sources."""
    values = parameters(source, state)
    drawn = (ERROR[state["loss"]], TRAIN[state["loss"]])
    return Theory(
        lambda grid: cache.sweep(ID, {"n": grid}, **values).observables,
        moments(source),
        Recipe(ID, "n", LEAST, high, 60, True, values, drawn, whole=True),
    )


def few(state: dict, points: int) -> int:
    """Fewer points where every one is a search for the best ridge."""
    slow = state["lam"] == "opt"
    return points if not slow else max(12, points // (3 if state["loss"] == "square" else 8))


def members(state: dict) -> int:
    """Slider positions of a preview."""
    if state["lam"] == "opt":
        return 15 if state["loss"] == "square" else 0
    return 41 if state["loss"] == "square" else 15


# ---- the picture -----------------------------------------------------------------------------------------------------------------


def draw(state: dict, points: int, of: Theory, high: int, floor: float, modes: int, takeaway: str, title: str, *marks: Mark) -> Picture:
    """Predicted errors against n, squared ones down to `floor`, and below them what the prediction is made of."""
    spectrum, loss = of.of, state["loss"]
    error = Axis("errors", "squared", floor, 6, log=True, weight=2) if loss == "square" else MISSED
    share = Axis("share", "", 1e-4, 2, log=True, x=Axis("k", "mode, largest variance first", 1, modes, log=True))
    grid = around(min(max(of.peak, LEAST), high), high, few(state, points))
    found, now = of.along(grid), of.at(state["n"])
    x, k = np.array(grid), np.rint(np.geomspace(1, of.peak, points)).astype(int)
    left = 1.0 - np.cumsum(spectrum.power)[k - 1]
    kappa = now["effective_ridge"] / spectrum.omega[0]
    curves = (
        Curve("test", x, shown(error, found[ERROR[loss]])),
        Curve("training", x, shown(error, HALF[loss] * found[TRAIN[loss]]), dash=1, weight=0.7),
        Curve("variance", k, np.maximum(spectrum.omega[k - 1] / spectrum.omega[0], 1e-9), panel=1, role="second"),
        Curve("target left", k, np.maximum(left, 1e-9), panel=1, role="shade-1", dash=1),
        here(state["n"], now[ERROR[loss]]),
    )
    peak = [Vertical("n = P", of.peak)] if LEAST < of.peak <= high else []
    edge = [Horizontal("learned above", kappa, role="theory", panel=1)] if 1e-4 < kappa < 2 else []
    axis = Axis("n", "training samples", LEAST, high, log=True)
    return Picture(title, axis, (error, share), curves, (*peak, *edge, *marks), takeaway, branch=loss, recipe=of.recipe)


def shown(axis: Axis, error: np.ndarray) -> np.ndarray:
    """Errors as the axis can show them."""
    return np.where(error > 0, error, np.nan) if axis.log else error


def story(state: dict, of: Theory) -> str:
    """The prediction at this n in words."""
    now, n, peak, loss = of.at(state["n"]), state["n"], of.peak, state["loss"]
    error = now[ERROR[loss]]
    if np.isnan(now["q"]) and state["lam"] == "opt":
        return "Every label is a coin flip: nothing can be learned, and no ridge is better than another."
    if np.isnan(now["q"]) and loss != "square":
        return f"Without ridge there is no solution at n = {n}: the labels are just about to be inseparable. Any λ > 0 cures it."
    if np.isnan(now["q"]):
        return f"Exactly at n = P = {peak} least squares has no error to predict without ridge: it is infinite. Any λ > 0 cures it."
    if loss != "square":
        return f"Predicted from second moments alone: after {n} samples the {loss} loss misses {100 * error:.3g} % of fresh labels."
    floor = of.of.missing * of.of.rho
    if error > 1.1 * of.of.rho:
        near = f" Close to the peak at n = P = {peak}" if 0.5 < n / peak < 2 else f" At n = {n}"
        return f"{near.strip()} ridge regression is worse than guessing the mean: error {error:.3g} against {of.of.rho:.2f}."
    text = f"Predicted from second moments alone: after {n} samples the error is {tell(error)}; guessing has {of.of.rho:.2f}"
    return text + (f", endless data {tell(float(f'{floor:.2g}'))}." if floor > 1e-6 else ".")


def dots(state: dict, values: Sequence[int], found: dict[str, Estimate], name: str, role: str = "experiment") -> list[Curve]:
    """Measured test errors, and small the training errors; a log axis has no bar that reaches 0."""
    n, test, training, half = np.array(values, float), found[ERROR[state["loss"]]], found[TRAIN[state["loss"]]], HALF[state["loss"]]
    positive = np.where(training.mean > 0, training.mean, np.nan) if half == 2 else training.mean
    return [
        Curve(f"{name}, training", n, half * positive, role, "dots", half * training.sem, weight=0.6, legend=False),
        Curve(name, n, test.mean, role, "dots", test.sem),
    ]


def away(values: Sequence[int], state: dict, peak: int) -> list[int]:
    """The values, but for those too near the peak where fits without ridge scatter wildly."""
    return [n for n in values if state["lam"] != 0.0 or not 0.8 < n / peak < 1.25]


def sampled(
    source: Callable[[dict], dict], values: Sequence[int], words: str, trials: tuple[int, int, int], name: str = "real fits"
) -> Experiment:
    """Fits to samples of a source at some numbers of samples."""

    def points(state: dict) -> tuple[str, list[int]]:
        return "n", away(values, state, moments(source(state)).omega.size)

    return Experiment(
        ID,
        points,
        lambda state: parameters(source(state), state),
        lambda state, values, found: dots(state, values, found, name),
        words,
        trials=trials,
        size_of=lambda state: 4000,
    )


def choice(name: str, words: str, labels: dict[str, str]) -> Control:
    """A choice of the page's own."""
    return Control(Parameter(name, "", words, next(iter(labels)), choices=tuple(labels)), labels=labels, live=False)

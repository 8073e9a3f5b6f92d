"""What the views of learning curves predicted from second moments share: controls, curves, the spectrum below them, dots, words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

import cache
import engine
from engine import Estimate, Parameter
from engine.double_descent.covariances import Spectrum
from engine.double_descent.gaussian_covariate import source_spectrum
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.picture import Axis, Curve, Horizontal, Label, Mark, Picture, Recipe, Vertical, here
from pages.kit.words import tell

ID = "gaussian-covariate"
MODEL = engine.model(ID)
ERROR = {"square": "gen_mse", "logistic": "gen_error", "hinge": "gen_error"}
TRAIN = {"square": "train_loss", "logistic": "train_error", "hinge": "train_error"}
MISSED, MISSED_TRAINING = Axis("missed", "fresh labels", 0, 0.55, weight=2.4), Axis("training", "", -0.02, 0.42)
TRAINING = Axis("training", "", -0.02, 0.52)

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
    low, top = (np.arcsinh(np.log(end / peak) / width) for end in (LEAST, high))
    return np.clip(np.rint(peak * np.exp(width * np.sinh(np.linspace(low, top, points)))), LEAST, high).astype(int).tolist()


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
    return points if not slow else points // 3 if state["loss"] == "square" else points // 8


def members(state: dict) -> int:
    """Slider positions of a preview."""
    if state["lam"] == "opt":
        return 15 if state["loss"] == "square" else 0
    return 41 if state["loss"] == "square" else 15


# ---- the picture -----------------------------------------------------------------------------------------------------------------


def panels(state: dict, error: Axis, modes: int) -> tuple[Axis, ...]:
    """Test error, training error, and the spectrum over an axis of its own."""
    spectrum = Axis("share", "", 1e-4, 2, log=True, weight=1.4, x=Axis("k", "mode, largest variance first", 1, modes, log=True))
    return (error, TRAINING, spectrum) if state["loss"] == "square" else (MISSED, MISSED_TRAINING, spectrum)


def draw(
    state: dict, points: int, of: Theory, high: int, error: Axis, modes: int, takeaway: str, title: str, marks: Sequence[Mark] = ()
) -> Picture:
    """Predicted errors against n, and below them what the prediction is made of."""
    spectrum, loss = of.of, state["loss"]
    grid = around(min(max(of.peak, LEAST), high), high, few(state, points))
    found, now = of.along(grid), of.at(state["n"])
    x, k = np.array(grid), np.arange(1, of.peak + 1)
    left = 1.0 - np.cumsum(spectrum.power)
    kappa = now["effective_ridge"] / spectrum.omega[0]
    curves = [
        Curve("predicted", x, shown(error if loss == "square" else MISSED, found[ERROR[loss]])),
        Curve("predicted", x, found[TRAIN[loss]], panel=1, legend=False),
        Curve("variance ω_k/ω₁", k, np.maximum(spectrum.omega / spectrum.omega[0], 1e-9), panel=2, role="second"),
        Curve("target not yet explained", k, np.maximum(left, 1e-9), panel=2, role="shade-1", dash=1),
        here(state["n"], now[ERROR[loss]]),
        here(state["n"], now[TRAIN[loss]], panel=1),
    ]
    edge = []
    if 1e-4 < kappa < 2:
        words = Label("variance above the line: learned", modes**0.27, kappa / 5 if kappa > 3e-3 else kappa * 4, role="theory", panel=2)
        edge = [Horizontal("", kappa, role="theory", panel=2), words]
    peak = [Vertical("n = P", of.peak)] if LEAST <= of.peak <= high else []
    axis = Axis("n", "training samples", LEAST, high, log=True)
    return Picture(
        title,
        axis,
        panels(state, error, modes),
        tuple(curves),
        (*peak, *edge, *marks),
        takeaway,
        branch=loss,
        recipe=of.recipe,
    )


def shown(axis: Axis, error: np.ndarray) -> np.ndarray:
    """Errors as the axis can show them."""
    return np.where(error > 0, error, np.nan) if axis.log else error


def story(state: dict, of: Theory) -> str:
    """The prediction at this n in words."""
    now, n, peak, loss = of.at(state["n"]), state["n"], of.peak, state["loss"]
    error = now[ERROR[loss]]
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
    """Measured test and training errors."""
    return [
        Curve(name, np.array(values, float), found[key].mean, role, "dots", found[key].sem, panel=panel, legend=panel == 0)
        for panel, key in enumerate((ERROR[state["loss"]], TRAIN[state["loss"]]))
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

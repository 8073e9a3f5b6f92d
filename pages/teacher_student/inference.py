"""What the views of Bayes-optimal learning share: the model, its controls, the error that is drawn, and words for the phases."""

import numpy as np

import cache
import engine
from engine import Sweep
from pages.kit.controls import Control
from pages.kit.picture import Axis, Region, Vertical
from pages.kit.words import tell

ID = "glm-bayes"
MODEL = engine.model(ID)
SIGNS = ("sign", "door")
PRIOR = {"rademacher": "binary ±1", "gaussian": "Gaussian", "gauss-bernoulli": "sparse"}
CHANNEL = {
    "sign": "sign of z: a perceptron",
    "door": "door: −1 where |z| < K, else +1",
    "linear": "z itself: compressed sensing",
    "abs": "|z|: phase retrieval",
    "relu": "max(z, 0): ReLU",
}


def choice(name: str, words: str, labels: dict[str, str], **rest) -> Control:
    """A control among the options of `labels`."""
    return Control(MODEL.parameter(name), words=words, options=tuple(labels), labels=labels, live=False, **rest)


def ticks(state: dict) -> list[tuple[float, str]]:
    """Where something happens on the slider of α; one tick where two would overlap."""
    found = now(state)
    it, alg = found["alpha_it"], found["alpha_alg"]
    return ([(it, "α_IT")] if 0 < it < alg - 0.2 else []) + ([(alg, "α_alg")] if alg > 0 else [])


ALPHA = Control(MODEL.parameter("alpha"), 0.02, 4, 0.01, 1.37, words="examples per weight, N/D", ticks=ticks)
PRIORS = choice("prior", "weights of the teacher", PRIOR)
CHANNELS = choice("channel", "how the field z becomes a label", CHANNEL)
NOISE = Control(
    MODEL.parameter("delta"), 1e-5, 1, log=True, named={"no noise": 0.0}, words="noise: its variance, on z (sign, door) or on the label"
)
SPARSITY = Control(
    MODEL.parameter("sparsity"),
    0.02,
    1,
    0.01,
    0.3,
    words="fraction of non-zero weights",
    when=lambda s: s.get("prior") == "gauss-bernoulli",
)
FLIPS = Control(MODEL.parameter("flip"), 0, 0.4, 0.01, words="probability that a label is flipped", when=lambda s: s["channel"] in SIGNS)
WIDTH = Control(
    MODEL.parameter("width"),
    0.05,
    1.1,
    0.01,
    0.67,
    words="half-width of the door (0.67: balanced labels)",
    when=lambda s: s["channel"] == "door",
)
BALANCED = MODEL.parameter("width").default


def parameters(state: dict, **changes) -> dict:
    """The model's parameters; what has no meaning for this teacher keeps its default."""
    values = {"prior": "gauss-bernoulli", "flip": 0.0, "width": BALANCED} | state | changes
    if values["channel"] not in SIGNS:
        values["flip"] = 0.0
    if values["channel"] != "door" or values["width"] == WIDTH.start:
        values["width"] = BALANCED
    if values["prior"] != "gauss-bernoulli":
        values["sparsity"] = 1.0
    return {name: values[name] for name in ("alpha", "prior", "channel", "delta", "flip", "width", "sparsity")}


def slow(state: dict) -> bool:
    """Whether every state costs a double integral."""
    return state["channel"] in ("abs", "relu") and state["delta"] > 0


def along(axis: str, values: np.ndarray, state: dict, **changes) -> Sweep:
    """The theory along one of its parameters."""
    fixed = parameters(state, **changes)
    fixed.pop(axis, None)
    return cache.sweep(ID, {axis: values}, **fixed)


def now(state: dict) -> dict:
    """Everything at the point where the sliders stand. Raises ParameterError where they conflict."""
    return engine.solve(ID, **parameters(state))


def measure(state: dict) -> str:
    """The observable that is drawn as the error."""
    return "gen_error" if state["channel"] in SIGNS else "gen_mse"


def ignorant(state: dict) -> float:
    """The error of a student that has seen nothing."""
    return engine.solve(ID, **parameters(state, alpha=1e-6))[f"{measure(state)}_amp"]


def error_axis(state: dict, weight: float = 1.0, words: str = "") -> Axis:
    """The axis of `measure`, up to what a student who has seen nothing gets."""
    if state["channel"] in SIGNS:
        return Axis("ε_g", words or "wrong labels", 0, 0.65, weight=weight)
    return Axis("E", words or "squared test error", 0, float(f"{1.3 * ignorant(state):.2g}"), weight=weight)


def tell_error(value: float, state: dict) -> str:
    return f"{tell(100 * value)} % errors" if state["channel"] in SIGNS else f"error {tell(value)}"


def tell_load(value: float) -> str:
    """A threshold, in the four digits by which it is known."""
    return f"{value:.4g}"


def reach(state: dict, found: dict) -> float:
    """Where an axis of α ends: well past the thresholds, and not before the slider."""
    last = max((found[name] for name in ("alpha_alg", "alpha_wr") if found[name] < 4), default=0.0)
    return float(min(4, max(np.ceil(3.2 * last) / 2 if last > 0 else 3, np.ceil(2 * state["alpha"]) / 2)))


def marks(found: dict, high: float, panel: int | None = None) -> list[Vertical | Region]:
    """Thresholds and what they separate."""
    wr, it, alg = (found[f"alpha_{name}"] for name in ("wr", "it", "alg"))
    lines = [("WR", wr, "threshold"), ("IT", it, "optimum"), ("alg", alg, "algorithm")]
    drawn = [Vertical(f"α_{name} = {tell_load(x)}", x, role, panel) for name, x, role in lines if 0 < x < high]
    if np.isnan(alg):
        drawn += [Region("nothing learned", 0, min(wr, high), height=0.13)] if wr > 0 else []
        return [*drawn, Region("AMP is optimal", min(wr, high), high, height=0.7)]
    blind = min(wr, it)
    return [
        *drawn,
        Region("nothing learned", 0, blind, height=0.13),
        Region("impossible", blind, it, height=0.13),
        Region("hard", it, min(alg, high), shade=True, height=0.13),
        Region("easy", min(alg, high), high, height=0.13),
    ]

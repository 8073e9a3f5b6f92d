"""Real digits: a learning curve predicted from the covariances of one half of the images, held against fits to the other half."""

from collections.abc import Sequence
from dataclasses import replace

from engine import Estimate
from pages.double_descent.moments import (
    ERROR,
    FEATURES,
    ID,
    LABEL,
    LOSS,
    MODEL,
    RIDGE,
    SEED,
    away,
    dots,
    draw,
    features,
    members,
    moments,
    parameters,
    random_features,
    samples,
    story,
    theory,
)
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Curve, Picture
from pages.kit.words import tell

HIGH = 2000
FITTED = (10, 16, 30, 45, 60, 90, 150, 300, 600)
"""Numbers of images in the fits; 898 are held out."""


def source(state: dict) -> dict:
    given = {name: state[name] for name in ("P", "seed")} if random_features(state) else {}
    return {"source": "digits", **{name: state[name] for name in ("label", "features", "pool")}, **given}


def picture(state: dict, points: int) -> Picture:
    of = theory(source(state), state, HIGH)
    return draw(
        state,
        points,
        of,
        HIGH,
        0.02,
        of.peak,
        tell_limits(state, of.of.P, of.of.points, story(state, of)),
        "Learning to tell digits apart: predicted errors, and what the prediction is made of",
    )


MOMENTS = Control(
    replace(MODEL.parameter("pool"), symbol=""),
    words="moments of 899 images",
    options=("half", "corrected"),
    labels={"half": "as measured", "corrected": "less chance"},
    default="half",
    live=False,
)


def tell_limits(state: dict, P: int, measured: float, text: str) -> str:
    """The prediction, and where it should not be trusted."""
    if measured < 5 * P and state["pool"] == "half":
        return f"{text} But {P} features measured on {measured:.0f} images promise too much: fresh images lie above."
    if state["loss"] != "square":
        return f"{text} Only a rule of thumb: it takes labels for signs of a Gaussian, and real digits are easier to tell apart."
    return text


def experiment_dots(state: dict, values: Sequence[int], pool: dict[str, Estimate], held: dict[str, Estimate]) -> list[Curve]:
    return dots(state, values, pool, "measured images", "here") + dots(state, values, held, "fresh images")


def numbers(state: dict) -> list[Number]:
    of = theory(source(state), state, HIGH)
    now, name = of.at(state["n"]), ERROR[state["loss"]]
    best = theory(source(state), state | {"lam": "opt"}, HIGH).at(state["n"])
    return [
        Number(r"\varepsilon", "predicted test error", now[name], "guessing: 1" if state["loss"] == "square" else "guessing: 0.5"),
        Number(r"\varepsilon", "with the best ridge", best[name], f"λ = {tell(best['lam'])}"),
        Number("e", "of the labels is linear", now["explained"], "1 − e is the floor of ridge"),
        Number(r"\tilde\kappa", "effective ridge", now["effective_ridge"], f"largest ω: {tell(of.of.omega[0])}"),
        Number("p_+", "features that vary", of.peak, f"measured on {of.of.points:.0f} images"),
    ]


VIEW = View(
    id="digits",
    name="Real digits",
    model=ID,
    question="Can a learning curve on real images be predicted from second moments alone?",
    controls=(
        samples(HIGH, 100, lambda state: moments(source(state)).omega.size),
        RIDGE,
        LOSS,
        FEATURES,
        features(800, 100),
        LABEL,
        MOMENTS,
        SEED,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "ridge on pixels": {},
        "double descent": {"lam": 1e-4, "n": 60},
        "random features": {"features": "relu", "P": 100, "lam": 0.01},
        "too many features": {"features": "relu", "P": 400, "lam": 0.01, "n": 317},
        "chance taken off": {"features": "relu", "P": 400, "lam": 0.01, "n": 317, "pool": "corrected"},
        "logistic loss": {"loss": "logistic", "n": 150},
    },
    notice=(
        "Nothing is fitted to the dots: covariances of the pixels, and of pixels with labels, are measured on 899 images, and ridge "
        "regression is trained and tested on the other 898. Digits are not Gaussian, yet the square loss only sees second moments.",
        "With little ridge the error peaks where the images are as many as the features, from measured covariances as from ideal ones.",
        "Below: every mode above the effective ridge is learned, those below are not. More images push the line down.",
        "The trap: 400 features measured on 899 images promise more than fresh images give, because chance correlates some features with the "
        "labels; the theory then describes draws from the measured images. *Less chance* takes off what chance adds on average.",
        "For logistic and hinge loss it is a rule of thumb: real labels are no sign of a Gaussian.",
    ),
    experiment=Experiment(
        ID,
        lambda state: ("n", away(FITTED, state, moments(source(state)).omega.size)),
        lambda state: parameters(source(state), state),
        experiment_dots,
        "Real fits to the bundled 8 × 8 images of digits, each trial with a new sample. *Fresh images*: trained on n images of the half "
        "that was not measured, tested on the rest of it. *The measured images*: drawn with replacement from the measured half and tested "
        "on it, which is what the theory describes.",
        trials=(5, 20, 60),
        size_of=lambda state: 4000,
        series=({"tested": "pool"}, {"tested": "held-out"}),
    ),
    members=members,
)

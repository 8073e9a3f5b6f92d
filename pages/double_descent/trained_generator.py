"""Images of a trained generator: covariances known to any accuracy, and samples without end to hold the prediction against."""

from pages.double_descent.moments import (
    ERROR,
    FEATURES,
    ID,
    LABEL,
    LOSS,
    RIDGE,
    SEED,
    draw,
    features,
    members,
    moments,
    random_features,
    sampled,
    samples,
    story,
    theory,
)
from pages.kit.explorer import Number, View
from pages.kit.picture import Picture
from pages.kit.words import tell

HIGH = 5000


def source(state: dict) -> dict:
    given = {name: state[name] for name in ("P", "seed")} if random_features(state) else {}
    return {"source": "generator", "label": state["label"], "features": state["features"], **given}


def picture(state: dict, points: int) -> Picture:
    of = theory(source(state), state, HIGH)
    text = story(state, of)
    if state["loss"] != "square" and random_features(state):
        text += " A Gaussian student of only 40 latent dimensions: the true error is somewhat lower."
    return draw(
        state,
        points,
        of,
        HIGH,
        1e-3,
        of.peak,
        text,
        "Learning from images that a network dreams up: predicted errors, and what the prediction is made of",
    )


def numbers(state: dict) -> list[Number]:
    of = theory(source(state), state, HIGH)
    now, name = of.at(state["n"]), ERROR[state["loss"]]
    best = theory(source(state), state | {"lam": "opt"}, HIGH).at(state["n"])
    return [
        Number(r"\varepsilon", "predicted test error", now[name], "guessing: 1" if state["loss"] == "square" else "guessing: 0.5"),
        Number(r"\varepsilon", "with the best ridge", best[name], f"λ = {tell(best['lam'])}"),
        Number("e", "of the target is linear", now["explained"], "1 − e is the floor of ridge"),
        Number("P", "features", of.peak, f"measured on {of.of.points:,.0f} images"),
    ]


VIEW = View(
    id="generator",
    name="Generator",
    model=ID,
    question="Does the prediction hold for images that are far from Gaussian?",
    controls=(
        samples(HIGH, 100, lambda state: moments(source(state)).omega.size),
        RIDGE,
        LOSS,
        FEATURES,
        features(400, 200),
        LABEL,
        SEED,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "pixels": {},
        "random features": {"features": "relu", "P": 200, "lam": 0.01, "n": 200},
        "double descent": {"features": "tanh", "P": 100, "lam": 1e-5, "n": 100},
        "logistic loss": {"loss": "logistic"},
    },
    notice=(
        "A network of two layers is trained on the spot to draw the digits from 40 Gaussian numbers; then it draws as many images as we "
        "like. The target is linear in the 40 numbers, the student only sees the image.",
        "The covariances are measured on 20 000 images, many more than features: no small-pool trap here.",
        "Ridge regression falls on the prediction with pixels and random features alike. The classification losses come close with pixels; "
        "random features of 40 latents are less Gaussian than the theory takes them to be.",
    ),
    experiment=sampled(
        source,
        (10, 20, 40, 61, 100, 200, 400, 800),
        "Every trial draws fresh images from the generator, n to train on and 4000 to test on.",
        trials=(2, 8, 40),
    ),
    members=members,
)

"""Why a Gaussian theory describes a nonlinear network: the fields of teacher and student in a real one, and where that fails."""

import math
from dataclasses import replace

import numpy as np

import cache
from engine import Parameter
from engine.double_descent.random_features import sample_fields
from pages.double_descent.features import ACTIVATION, ALPHA, GAMMA, ID, KAPPAS, NOISE, RIDGE, at, only, parameters, recipe
from pages.kit.controls import Control
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture
from pages.kit.words import tell

POINTS, SHOWN = 3000, 400
TAILS = {"gaussian": math.inf, "scaled": 5.0}
TITLE = "Fields of teacher and student on fresh inputs: one real network and its Gaussian theory"
STUDENT = Axis("h/√q", "student's field", -4.5, 4.5)
FRAME = (
    Axis("ν", "teacher's field", -4.5, 4.5),
    (
        replace(STUDENT, weight=2.2),
        Axis("density", "of h/√q", 3e-4, 1, log=True, x=replace(STUDENT, low=-5, high=5)),
    ),
)
"""The two panels: both fields, and the student's alone."""
BINS = np.linspace(-5.25, 5.25, 43)

SIZE = Control(
    Parameter("size", "D", "input dimension", 100, 10, 100, integer=True), step=10, words="inputs of the real network", live=False
)
INPUTS = Control(
    Parameter("inputs", "", "inputs", "gaussian", choices=tuple(TAILS)),
    labels={"gaussian": "Gaussian", "scaled": "each with its own scale"}, live=False,
)  # fmt: skip


def sample(state: dict) -> tuple[np.ndarray, np.ndarray]:
    """Fields of one real network on fresh inputs, over the square roots of the predicted variances."""
    values = parameters(state)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        nu, h = sample_fields(state["size"], POINTS, tails=TAILS[state["inputs"]], **values)
        return nu, h / math.sqrt(at(values)["q"])

    return cache.memo(("fields", ID, state["size"], state["inputs"], tuple(sorted(values.items()))), draw)


def correlation(now: dict) -> float:
    """Predicted correlation of the two fields."""
    return now["m"] / math.sqrt(now["q"])


def outside(nu: np.ndarray, h: np.ndarray, c: float) -> float:
    """Share of the points outside the ellipse of two standard deviations; exp(-2) if they are Gaussian with correlation c."""
    return float(np.mean((nu - c * h) ** 2 > (4 - h * h) * max(1 - c * c, 1e-12)))


def excess(h: np.ndarray) -> float:
    """Excess kurtosis: 0 for a Gaussian."""
    return float(np.mean(h**4) / np.mean(h**2) ** 2 - 3)


def picture(state: dict, points: int) -> Picture:
    values = parameters(state)
    now, z = at(values), np.linspace(-5, 5, points)
    theory = Curve("theory", z, np.exp(-z * z / 2) / math.sqrt(2 * math.pi), panel=1, legend=False)
    if np.isnan(now["q"]):
        none = "Without ridge, at P = N, the student's variance q is infinite: there is no ellipse."
        return Picture(TITLE, *FRAME, (theory,), takeaway=none, branch="peak")
    nu, h = sample(state)
    c, angle = correlation(now), np.linspace(0, 2 * np.pi, points)
    count, _ = np.histogram(h, BINS)
    density = np.where(count > 0, count / POINTS / (BINS[1] - BINS[0]), np.nan)
    curves = [Curve("a real network", nu[:SHOWN], h[:SHOWN], "experiment", "dots", weight=0.6)]
    for k in (1, 2):
        y = c * np.cos(angle) + math.sqrt(max(1 - c * c, 0)) * np.sin(angle)
        curves.append(Curve(f"Gaussian theory, {k}σ", k * np.cos(angle), k * y, weight=0.4 + 0.4 * k))
    curves += [theory, Curve("network", (BINS[1:] + BINS[:-1]) / 2, density, "experiment", "dots", panel=1, legend=False)]
    return Picture(TITLE, *FRAME, tuple(curves), takeaway=story(state, nu, h, c), recipe=recipe(values, "gamma", "m", "q"))


def story(state: dict, nu: np.ndarray, h: np.ndarray, c: float) -> str:
    """Whether the network is Gaussian, judged by what lies outside the ellipse and by the tails."""
    features = round(state["gamma"] * state["size"])
    share = f"{outside(nu, h, c):.0%} of the points lie outside 2σ (Gaussian: 14%)"
    tails, bend = excess(h), "" if state["activation"] == "linear" else "nonlinear "
    if state["inputs"] == "scaled":
        both = (
            f"and the student's ({tails:.2g}); no Gaussian has them" if tails > 0.5 else "which a bounded activation hides from the student"
        )
        return f"Every input has its own scale: heavy tails in the teacher's field (excess kurtosis {excess(nu):.2g}), {both}. {share}."
    if c * c > 1 - 1e-9:
        return "The student has become the teacher: the two fields are the same, Gaussian like the inputs."
    if abs(tails) > 0.25:
        what = f"Only {features} feature{'s' if features > 1 else ''}" if features < 15 else f"Only {state['size']} inputs"
        return f"{what}: the student's field is still as bent as its parts (excess kurtosis {tails:.2g}). {share}."
    if abs(outside(nu, h, c) - math.exp(-2)) > 0.035:
        return f"Gaussian in shape, but D = {state['size']} is small: the ellipse of this one network is not yet the typical one. {share}."
    return f"{features} features, each a {bend}function of the input, and yet their sum is Gaussian: ρ, m and q say everything. {share}."


def numbers(state: dict) -> list[Number]:
    now = at(parameters(state))
    if np.isnan(now["q"]):
        return []
    nu, h = sample(state)
    scale = math.sqrt(now["q"])
    return [
        Number("m", "overlap in this network", float(np.mean(nu * h)) * scale, f"theory {tell(now['m'])}"),
        Number("q", "student's variance", float(np.mean(h * h)) * now["q"], f"theory {tell(now['q'])}"),
        Number(r"\rho", "teacher's variance", float(np.mean(nu * nu)), "theory 1"),
        Number(r"E(\nu-h)^2", "test error", float(np.mean((nu - h * scale) ** 2)), f"theory {tell(now['gen_mse'])}"),
        Number("", "excess kurtosis of h", excess(h), "Gaussian: 0 ± 0.1"),
    ]


VIEW = View(
    id="equivalence",
    name="Gaussian equivalence",
    model=ID,
    question="Why does a Gaussian theory describe a nonlinear network?",
    controls=(
        replace(ALPHA, high=5.0),
        replace(GAMMA, high=5.0),
        NOISE,
        replace(RIDGE, default=0.1),
        SIZE,
        INPUTS,
        ACTIVATION,
        *KAPPAS,
        only("regression"),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "Gaussian after all": {},
        "two features": {"size": 20, "gamma": 0.1, "alpha": 5.0},
        "heavy tails": {"inputs": "scaled"},
        "sign features": {"activation": "sign", "lam": 1.0},
        "at the peak": {"lam": 1e-4},
    },
    notice=(
        "Each feature is a nonlinear function of the input; the student's field is a sum of very many, each of little weight, and the sum is Gaussian.",
        "So of the network only ρ, m and q matter, the ellipse: every error follows from them. That is the Gaussian equivalence (Goldt et al. 2020).",
        "It fails where single features matter: with two of them the field is as bent as they are.",
        "It fails where each input has a scale of its own: then all features are large or small together, and sums keep heavy tails, however many there are.",
        "A small network is Gaussian but not typical: its m and q are not yet those of theory. Raise D.",
    ),
    members=lambda state: 9,
)

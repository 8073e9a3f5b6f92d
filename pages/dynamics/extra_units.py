"""Students with more units than the teacher, learning from noisy labels: with one layer or with both."""

from dataclasses import replace

import numpy as np

from engine import Parameter
from pages.dynamics.committee import ASYMMETRY, ID, LAYERS, MODEL, RATE, TIME, choice, course, positive, tell
from pages.kit.controls import Control
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Axis, Curve, Picture, Recipe, here

TEACHER, MOST = 2, 6
END = 10**3.5
LAYER = {"first": ("second", "first layer learns"), "both": ("theory", "both layers learn")}


def network(state: dict) -> dict:
    return {"activation": "erf", "M": TEACHER} | state


def against_width(state: dict) -> tuple[Axis, list[Curve]]:
    widths = np.arange(TEACHER, MOST + 1)
    curves = []
    for layers, (role, name) in LAYER.items():
        ends = [course(state, END, K=int(K), layers=layers) for K in widths]
        error, floor = (np.array([curve[name][i] for curve, _, i in ends]) for name in ("gen_error", "gen_error_noise_floor"))
        curves.append(Curve(name, widths, error, role, weight=1.2 if layers == state["layers"] else 0.7))
        formula = "floor, small η" + ("" if layers == "both" else " (first layer)")
        curves.append(Curve(formula, widths, floor, role, dash=1, weight=0.6, legend=layers == "both"))
    return Axis("K", f"student units (the teacher has {TEACHER})", TEACHER - 0.5, MOST + 0.5), curves


def against_time(state: dict) -> tuple[Axis, list[Curve]]:
    curves = []
    for n, K in enumerate((2, 3, 4, 6)):
        for dash, layers in enumerate(("both", "first")):
            curve, times, _ = course(state, END, K=K, layers=layers)
            weight = 1.3 if (K, layers) == (state["K"], state["layers"]) else 0.7
            name = f"K = {K}" + (", first layer" if dash else "")
            curves.append(Curve(name, times, positive(curve["gen_error"]), f"series-{n}", dash=dash, weight=weight, legend=not dash))
    return Axis("t", "examples per input dimension", 1, END, log=True), curves


def errors(state: dict) -> dict[str, tuple[float, float]]:
    """Error now and noise floor, for each choice of the layers that learn."""
    found = {}
    for layers in LAYER:
        curve, _, i = course(state, END, layers=layers)
        found[layers] = curve["gen_error"][i], curve["gen_error_noise_floor"][i]
    return found


def story(state: dict) -> str:
    found, matched = errors(state), errors(state | {"K": TEACHER})
    first, both = found["first"][0], found["both"][0]
    extra = state["K"] - TEACHER
    if not extra:
        return (
            f"A student that matches its teacher: error {tell(first)} with one layer learning, {tell(both)} with both. Give it more units."
        )
    ratio = both / matched["both"][0]
    return (
        f"{'One extra unit multiplies' if extra == 1 else f'{extra} extra units multiply'} the error by {first / matched['first'][0]:.2g} if only the first layer learns "
        f"({tell(first)}) and by {ratio:.2g} if both do ({tell(both)}): "
        + ("units share a teacher unit and average the noise." if ratio < 0.97 else "so far the extra units average nothing.")
    )


def picture(state: dict, points: int) -> Picture:
    state = network(state)
    wide = state["against"] == "K"
    x, curves = against_width(state) if wide else against_time(state)
    error = errors(state)[state["layers"]][0]
    least = errors(state | {"K": MOST})["both"][1]
    return Picture(
        "Students with more units than their teacher, learning from noisy labels"
        if wide
        else "Full: both layers learn; dashed: only the first",
        x,
        (Axis("ε_g", "error", 10.0 ** np.floor(np.log10(0.8 * least)), 1, log=True),),
        (*curves, here(state["K"] if wide else state["t"], error)),
        takeaway=story(state),
        branch=state["layers"],
        recipe=Recipe(
            ID,
            "K",
            TEACHER,
            MOST,
            5,
            False,
            {n: v for n, v in state.items() if n not in ("K", "against")},
            ("gen_error", "gen_error_noise_floor"),
        ),
    )


def numbers(state: dict) -> list[Number]:
    found = errors(network(state))
    return [
        Number(r"\varepsilon_g", "first layer only", found["first"][0], f"small η: {found['first'][1]:.3g}"),
        Number(r"\varepsilon_g", "both layers", found["both"][0], f"small η: {found['both'][1]:.3g}"),
        Number(r"\varepsilon_g/\varepsilon_g", "first layer / both", found["first"][0] / found["both"][0]),
    ]


def dots(state: dict, values: list, found: dict) -> list[Curve]:
    """The learning curve over time; over the width, its last point if that is the time shown."""
    if state["against"] == "t":
        return [Curve("SGD", np.array(values), positive(found["gen_error"].mean), "experiment", "dots", found["gen_error"].sem)]
    near = int(np.argmin(np.abs(np.log(np.array(values) / state["t"]))))
    close = abs(np.log(values[near] / state["t"])) < 0.2
    x = [state["K"]] if close else []
    mean, sem = (getattr(found["gen_error"], part)[near : near + len(x)] for part in ("mean", "sem"))
    return [Curve("SGD", np.array(x, float), mean, "experiment", "dots", sem)]


VIEW = View(
    id="width",
    name="Extra units",
    model=ID,
    question="Do more units than needed help a student, or fit the noise?",
    controls=(
        replace(TIME, high=END, default=1000.0),
        Control(MODEL.parameter("K"), TEACHER, MOST, default=4, words="student units"),
        LAYERS,
        Control(
            Parameter("against", "", "horizontal axis", "K", choices=("K", "t")),
            words="horizontal axis",
            labels={"K": "student units", "t": "time"},
        ),
        Control(MODEL.parameter("sigma"), 0.05, 1, 0.01, 0.3, words="label noise, standard deviation", live=False),
        replace(RATE, high=1.0, live=False, more=True),
        choice(
            "init",
            "overlaps at the start",
            {"diagonal": "ε with one's own", "asymmetric": "all different, up to ε", "informed": "the teacher's"},
            default="diagonal",
            more=True,
        ),
        replace(ASYMMETRY, live=False, more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "both layers average the noise": {"layers": "both", "t": 3160.0, "K": 6},
        "first layer only: every unit costs": {"layers": "first", "t": 1000.0, "K": 6},
        "learning curves": {"against": "t", "K": 6},
        "idle units": {"layers": "first", "init": "informed", "eps": 1e-3, "t": 1000.0, "K": 6},
    },
    notice=(
        "Only the first layer learns: each extra unit has nothing to do, follows the noise, and costs ησ²/2π more. The error grows with K.",
        "Both layers learn: the second layer shares each teacher unit among several student units, which average the noise. The error falls as 1/K.",
        "Over the number of units, dashed lines are the noise floor to first order in η; at finite η the error lies somewhat above.",
        "With two or more idle units the first-layer floor is a long-lived saddle, not the end: idle units slowly pair up, point in opposite "
        "directions and cancel, and the error sinks below the dashed line. An odd one out finds no partner: the zigzag. Move the time to see it.",
    ),
    experiment=Experiment(
        ID,
        lambda state: ("t", [float(f"{t:.3g}") for t in np.geomspace(1, 1000, 20)]),
        lambda state: {n: v for n, v in network(state).items() if n not in ("t", "against")},
        dots,
        "One network of D inputs with K units, one gradient step per fresh noisy example, from exactly the overlaps of the theory.",
        size=(50, 200, 500),
        trials=(2, 3, 10),
    ),
)

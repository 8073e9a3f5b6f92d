"""One neuron, one learning rate: how fast it learns, where it stops, when it fails."""

import numpy as np

import cache
import engine
from engine import Parameter
from pages.kit.controls import Control
from pages.kit.experiment import Experiment, spread
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Horizontal, Label, Picture, Recipe, Vertical, here
from pages.kit.words import tell

ID = "online-perceptron"
MODEL = engine.model(ID)
RATE = Control(
    MODEL.parameter("eta"),
    0.1,
    10,
    0.02,
    log=True,
    words="learning rate",
    ticks=lambda state: [(at(state)[n], s) for n, s in SYMBOLS.items()],
)
SYMBOLS = {"eta_opt": "η_opt", "eta_c": "η_c"}
END = 30.0
TIME = Axis("t", "examples per input dimension", 0, END)
ERROR = Axis("ε_g", "error", 1e-6, 10, log=True, weight=1.6)
RATES = Axis("η", "learning rate", *RATE.bounds, log=True)
LOOK = {"rate": "rate", "final": "final error", "path": "path"}
NEURONS = {"linear": "linear", "erf": "erf", "relu": "ReLU"}


def theory(state: dict) -> dict:
    """The model's parameters."""
    return {name: value for name, value in state.items() if name != "look"}


def at(state: dict, **changes) -> dict[str, float]:
    """The theory at one point."""
    return engine.solve(ID, **theory(state) | changes)


def along(state: dict, axis: str, values: np.ndarray, **changes) -> engine.Sweep:
    return cache.sweep(ID, {axis: values}, **{name: value for name, value in (theory(state) | changes).items() if name != axis})


def positive(error: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show, to far beyond its end."""
    return np.where(error > 0, np.minimum(error, 1e9), np.nan)


def rates(state: dict, points: int) -> tuple[np.ndarray, engine.Sweep]:
    """Rate and final error over the learning rate, close to where they bend and where the error leaves 0 or the page."""
    now = at(state)
    bends = [now["eta_opt"], *(now["eta_c"] * factor for factor in (0.98, 1.0, 1.0 + 1e-6, 1.02))]
    grid = np.sort(np.append(np.geomspace(*RATE.bounds, points), bends))
    return grid, along(state, "eta", grid, t=0.0)


def paths(state: dict, runs: list, now: dict) -> tuple[Axis, list[Curve], list]:
    """The way to the teacher in the plane of overlap and norm; no student lies below the lines |R| = √Q."""
    scale = max(1.0, np.sqrt(state["q0"]) / 1.3)
    border = 2 * scale * np.array([-1.0, 0.0, 1.0])
    axis = Axis("√Q", "norm", 0, 1.6 * scale, x=Axis("R", "overlap with the teacher", -1.3 * scale, 1.6 * scale))
    curves = [Curve("border", border, np.abs(border), "threshold", dash=3, weight=0.5, panel=1, legend=False)]
    curves += [Curve(name, found["R"], np.sqrt(found["Q"]), *style, **rest, panel=1, legend=False) for name, found, style, rest in runs]
    return axis, [*curves, here(now["R"], np.sqrt(now["Q"]), 1)], [Label("teacher", 1.18, 0.8, panel=1)]


def against_rate(state: dict, now: dict, points: int) -> tuple[Axis, list[Curve], list]:
    """The rate of learning, or the final error, for every learning rate."""
    grid, found = rates(state, points)
    name = {"rate": "rate", "final": "gen_error_inf"}[state["look"]]
    top = float(found["rate"].max())
    low, high = (-0.6 * top, 1.3 * top) if state["look"] == "rate" else (0.0, 0.25)
    marks = [Vertical("η_opt", now["eta_opt"], "optimum", 1), Vertical("η_c", now["eta_c"], panel=1), Horizontal("", 0.0, panel=1)]
    curve = Curve(LOOK[state["look"]], grid, found[name], panel=1, legend=False)
    return Axis("", LOOK[state["look"]], low, high, x=RATES), [curve, here(state["eta"], np.clip(now[name], low, high), 1)], marks


def picture(state: dict, points: int) -> Picture:
    now = at(state)
    times = np.linspace(0, END, points)
    shown = [
        (f"η = {0.05 * now['eta_c']:.2g}", 0.05 * now["eta_c"], ("second",), {"dash": 1, "weight": 0.7}),
        (f"η = {1.05 * now['eta_c']:.2g}", 1.05 * now["eta_c"], ("second",), {"dash": 2, "weight": 0.7}),
        (f"η_opt = {now['eta_opt']:.3g}", now["eta_opt"], ("optimum",), {"weight": 0.8}),
        ("your η", state["eta"], ("theory",), {"weight": 1.4}),
    ]
    runs = [(name, along(state, "t", times, eta=eta), style, rest) for name, eta, style, rest in shown]
    axis, below, marks = paths(state, runs, now) if state["look"] == "path" else against_rate(state, now, points // 3)
    if now["gen_error_inf"] > ERROR.low:
        marks.append(Horizontal(f"ends at {tell(now['gen_error_inf'])}", now["gen_error_inf"]))
    return Picture(
        "Error of a neuron that sees every example once",
        TIME,
        (ERROR, axis),
        (
            *(Curve(name, times, positive(found["gen_error"]), *style, **rest) for name, found, style, rest in runs),
            here(state["t"], max(now["gen_error"], ERROR.low)),
            *below,
        ),
        tuple(marks),
        story(state, now),
        branch=state["look"],
        recipe=Recipe(ID, "t", 0, END, 101, False, {k: v for k, v in theory(state).items() if k != "t"}, ("gen_error", "rho")),
    )


def story(state: dict, now: dict) -> str:
    """What this learning rate does."""
    eta, final, best = state["eta"], now["gen_error_inf"], now["eta_opt"]
    given = f"η = {eta:.3g}"
    if state["sigma"] == 0 and at(state, t=0.0)["gen_error"] == 0:
        return "The student starts as its teacher and the labels are clean: there is no error to correct, whatever η."
    if np.isnan(final):
        return f"{given} is too large: every step overshoots by more than it corrects, and the error grows without bound."
    if eta > now["eta_c"]:
        held = "the norm grows for ever and" if state["activation"] == "erf" and np.isclose(final, 1 / 6) else "the noise of its own steps"
        ends = f"{held} {'the error creeps to' if 'norm' in held else 'holds the error at'} {tell(final)}"
        return f"{given} is beyond η_c = {now['eta_c']:.3g}: the solution is unstable, {ends}, however long it learns."
    if state["sigma"] > 0 and final > 0:
        quiet = at(state, eta=best)["gen_error_inf"]
        other = f"η_opt = {best:.3g} would end at {tell(quiet)}" if abs(eta / best - 1) > 0.02 else "smaller steps end lower, but later"
        return f"{given}: label noise stops the error at {tell(final)}, a floor that grows with the step; {other}."
    if now["rate"] < 1e-9:
        return f"{given} is exactly critical: the error falls slower than any exponential."
    pace = f"the error halves every {tell(np.log(2) / now['rate'])} units of time"
    if abs(eta / best - 1) < 0.02:
        return f"{given} is the fastest learning rate: {pace}."
    fastest = f"every {tell(np.log(2) / at(state, eta=best)['rate'])} at η_opt = {best:.3g}"
    return f"{given}: {pace}, {fastest}. " + ("Larger steps would learn faster." if eta < best else "Smaller steps would forget less.")


def numbers(state: dict) -> list[Number]:
    now = at(state)
    best = at(state, eta=now["eta_opt"])
    return [
        Number(r"\varepsilon_g(t)", "error now", now["gen_error"]),
        Number(r"\rho", "cosine with the teacher", now["rho"]),
        Number(r"\text{rate}", "of the noise-free decay", now["rate"], f"at best {best['rate']:.3g}"),
        Number(r"\eta_{opt}", "fastest learning rate", now["eta_opt"]),
        Number(r"\eta_c", "largest learning rate", now["eta_c"]),
        Number(r"\varepsilon_g(\infty)", "final error", now["gen_error_inf"], "" if np.isfinite(now["gen_error_inf"]) else "it diverges"),
    ]


def plane(state: dict) -> Picture:
    """The error over time and learning rate."""
    now = at(state)
    times, grid = np.linspace(0, END, 91), np.array(RATE.stops[::2])
    error = cache.sweep(
        ID, {"eta": grid, "t": times}, **{name: value for name, value in theory(state).items() if name not in ("eta", "t")}
    )["gen_error"]
    return Picture(
        "Error over time for every learning rate",
        TIME,
        (RATES,),
        (),
        tuple(Horizontal(f"{symbol} = {now[name]:.3g}", now[name]) for name, symbol in SYMBOLS.items()),
        heat=Heat(times, grid, np.clip(np.nan_to_num(error, nan=np.inf), 1e-4, 1.0), "error", 1e-4, 1.0, log=True),
    )


def dots(state: dict, values: list, found: dict) -> list[Curve]:
    error = found["gen_error"]
    shown = np.where(error.mean < ERROR.high, positive(error.mean), np.nan)
    return [Curve("SGD", np.array(values), shown, "experiment", "dots", np.where(np.isnan(shown), np.nan, error.sem))]


VIEW = View(
    id="rate",
    name="The learning rate",
    model=ID,
    question="How large a step should a neuron take?",
    controls=(
        RATE,
        Control(MODEL.parameter("t"), 0, END, 0.5, 10.0, words="time: examples seen, per input dimension"),
        Control(MODEL.parameter("sigma"), 0, 1, 0.01, words="label noise, standard deviation"),
        Control(MODEL.parameter("activation"), words="neuron", labels=NEURONS, live=False),
        Control(
            Parameter(
                "look",
                "",
                "what the lower panel shows: rate of learning or final error for every learning rate, or the path of the weights",
                "rate",
                choices=tuple(LOOK),
            ),
            words="lower panel",
            labels=LOOK,
            live=False,
        ),
        Control(MODEL.parameter("rho0"), -1, 1, 0.05, words="cosine with the teacher at the start", live=False, more=True),
        Control(MODEL.parameter("q0"), 0.01, 10, 0.1, 1.0, log=True, words="squared norm at the start", live=False, more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "small steps": {"eta": 0.12, "t": 20.0},
        "fastest": {"eta": 1.0},
        "critical": {"eta": 2.0, "t": 20.0},
        "noisy labels": {"eta": 1.0, "sigma": 0.3, "t": 20.0, "look": "final"},
        "erf, beyond η_c": {"activation": "erf", "eta": 5.01, "t": 20.0, "look": "final"},
        "ReLU, beyond η_c": {"activation": "relu", "eta": 2.09, "t": 30.0, "look": "final"},
    },
    notice=(
        "The rate has a maximum. Small steps learn little from each example; large ones also disturb what is known already, and this grows as η².",
        "At η_c one balances the other. Beyond it a linear neuron blows up, an erf neuron never does: its steps vanish where it saturates. "
        "A ReLU neuron holds a finite error a little above η_c, then blows up too.",
        "With label noise a constant η leaves a final error proportional to ησ²: speed against precision. The cure is to lower η with time.",
        "The best rate of erf is a kink: there the two ways to err, along the teacher and across it, decay equally fast.",
    ),
    map=Map("t", "eta", plane),
    experiment=Experiment(
        ID,
        lambda state: ("t", spread(1.0, END, 15)),
        lambda state: {name: value for name, value in theory(state).items() if name != "t"},
        dots,
        "Gradient descent on one example after the other, in dimension $D$, from exactly the same start as the theory.",
        size=(100, 500, 2000),
        trials=(2, 8, 40),
    ),
)

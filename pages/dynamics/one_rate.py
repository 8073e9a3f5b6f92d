"""One neuron, one learning rate: how fast it learns, where it stops, when it fails."""

import numpy as np

import cache
import engine
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
ERROR = Axis("ε_g", "error", 1e-6, 10, log=True, weight=1.7)
RATES = Axis("η", "learning rate", *RATE.bounds, log=True)
NEURONS = {"linear": "linear", "erf": "erf", "relu": "ReLU"}


def at(state: dict, **changes) -> dict[str, float]:
    """The theory at one point."""
    return engine.solve(ID, **state | changes)


def along(state: dict, axis: str, values: np.ndarray, **changes) -> engine.Sweep:
    return cache.sweep(ID, {axis: values}, **{name: value for name, value in (state | changes).items() if name != axis})


def positive(error: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show, to far beyond its end."""
    return np.where(error > 0, np.minimum(error, 1e9), np.nan)


def rates(state: dict, points: int) -> tuple[np.ndarray, engine.Sweep]:
    """Rate and final error over the learning rate, close to where they bend and where the error leaves 0 or the page."""
    now = at(state)
    bends = [now["eta_opt"], *(now["eta_c"] * factor for factor in (0.98, 1.0, 1.0 + 1e-6, 1.02))]
    grid = np.sort(np.append(np.geomspace(*RATE.bounds, points), bends))
    return grid, along(state, "eta", grid, t=0.0)


def picture(state: dict, points: int) -> Picture:
    now = at(state)
    times = np.linspace(0, END, points)
    others = {f"η = {share * now['eta_c']:.2g}": share * now["eta_c"] for share in (0.05, 0.95)}
    fastest = f"η_opt = {now['eta_opt']:.3g}"
    grid, found = rates(state, points // 2)
    top = float(found["rate"].max())
    curves = [
        *(Curve(name, times, positive(along(state, "t", times, eta=eta)["gen_error"]), "second", dash=n + 1, weight=0.7) for n, (name, eta) in enumerate(others.items())),
        Curve(fastest, times, positive(along(state, "t", times, eta=now["eta_opt"])["gen_error"]), "optimum", weight=0.8),
        Curve("your η", times, positive(along(state, "t", times)["gen_error"]), weight=1.4),
        Curve("rate", grid, found["rate"], panel=1, legend=False),
        Curve("final error", grid, found["gen_error_inf"], panel=2, legend=False),
        here(state["t"], max(now["gen_error"], ERROR.low)),
        here(state["eta"], max(now["rate"], -0.6 * top), 1),
        here(state["eta"], now["gen_error_inf"], 2),
    ]  # fmt: skip
    marks = [
        *(Vertical(f"{symbol} = {now[name]:.3g}", now[name], "optimum" if name == "eta_opt" else "threshold", 1) for name, symbol in SYMBOLS.items()),
        Vertical("", now["eta_c"], panel=2),
        Horizontal("", 0.0, panel=1),
        Label("learns", 0.16, 0.3 * top, panel=1),
        Label("forgets", 7.0, 0.3 * top, panel=1),
    ]  # fmt: skip
    if now["gen_error_inf"] > ERROR.low:
        marks.append(Horizontal(f"never below {tell(now['gen_error_inf'])}", now["gen_error_inf"]))
    return Picture(
        "Error of a neuron that sees every example once",
        TIME,
        (ERROR, Axis("rate", "of learning", -0.6 * top, 1.3 * top, x=RATES), Axis("ε_g(∞)", "final error", 0, 0.25, x=RATES)),
        tuple(curves),
        tuple(marks),
        story(state, now),
        recipe=Recipe(ID, "t", 0, END, 101, False, {k: v for k, v in state.items() if k != "t"}, ("gen_error", "rho")),
    )


def story(state: dict, now: dict) -> str:
    """What this learning rate does."""
    eta, final, best = state["eta"], now["gen_error_inf"], now["eta_opt"]
    given = f"η = {eta:.3g}"
    if np.isnan(final):
        return f"{given} is too large: every step overshoots by more than it corrects, and the error grows without bound."
    if eta > now["eta_c"]:
        held = "the norm grows for ever and" if state["activation"] == "erf" and np.isclose(final, 1 / 6) else "the noise of its own steps"
        ends = f"{held} {'the error creeps to' if 'norm' in held else 'holds the error at'} {tell(final)}"
        return f"{given} is beyond η_c = {now['eta_c']:.3g}: the solution is unstable, {ends}, however long it learns."
    if state["sigma"] > 0 and final > 0:
        quiet = at(state, eta=best)["gen_error_inf"]
        other = f"η_opt = {best:.3g} would end at {tell(quiet)}" if abs(eta / best - 1) > 0.02 else "a smaller η would end lower, but later"
        return f"{given}: label noise stops the error at {tell(final)}, near ½ησ² × a constant of the neuron; {other}."
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
    error = cache.sweep(ID, {"eta": grid, "t": times}, **{name: state[name] for name in state if name not in ("eta", "t")})["gen_error"]
    return Picture(
        "Error over time for every learning rate",
        TIME,
        (RATES,),
        (),
        tuple(Horizontal(f"{symbol} = {now[name]:.3g}", now[name]) for name, symbol in SYMBOLS.items()),
        heat=Heat(times, grid, np.clip(np.nan_to_num(error, nan=np.inf), ERROR.low, 1.0), "error", ERROR.low, 1.0, log=True),
    )


def dots(state: dict, values: list, found: dict) -> list[Curve]:
    return [Curve("SGD", np.array(values), positive(found["gen_error"].mean), "experiment", "dots", found["gen_error"].sem)]


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
        Control(MODEL.parameter("rho0"), -1, 1, 0.05, words="cosine with the teacher at the start", live=False, more=True),
        Control(MODEL.parameter("q0"), 0.01, 10, 0.1, 1.0, log=True, words="squared norm at the start", live=False, more=True),
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "small steps": {"eta": 0.12, "t": 20.0},
        "fastest": {"eta": 1.0},
        "critical": {"eta": 2.0, "t": 20.0},
        "noisy labels": {"eta": 1.0, "sigma": 0.3, "t": 20.0},
        "erf, beyond η_c": {"activation": "erf", "eta": 5.01, "t": 20.0},
        "ReLU, beyond η_c": {"activation": "relu", "eta": 2.09, "t": 30.0},
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
        lambda state: {name: value for name, value in state.items() if name != "t"},
        dots,
        "Gradient descent on one example after the other, in dimension $D$, from exactly the same start as the theory.",
        size=(100, 500, 2000),
        trials=(2, 8, 40),
    ),
)

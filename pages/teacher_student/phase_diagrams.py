"""Phase diagrams: the thresholds against noise or sparsity, as lines and as a map of the error."""

from dataclasses import dataclass, replace

import numpy as np

import cache
from engine import Parameter
from pages.kit.controls import Control
from pages.kit.explorer import Map, Number, View
from pages.kit.picture import Axis, Curve, Heat, Label, Picture, Recipe, here
from pages.kit.words import tell
from pages.teacher_student.inference import (
    ALPHA,
    CHANNELS,
    FLIPS,
    ID,
    NOISE,
    PRIORS,
    SIGNS,
    SPARSITY,
    WIDTH,
    along,
    error_axis,
    measure,
    now,
    parameters,
    slow,
    tell_error,
)

AXES = {
    "delta": Axis("Δ", "variance of the noise", 1e-5, 1, log=True),
    "flip": Axis("p", "fraction of flipped labels", 0, 0.4),
    "sparsity": Axis("ρ", "fraction of non-zero weights", 0, 1),
}


@dataclass(frozen=True)
class Lines:
    """Thresholds (nan where there are none) along x, and where the axis of α may end."""

    x: np.ndarray
    wr: np.ndarray
    it: np.ndarray
    alg: np.ndarray

    @property
    def hard(self) -> np.ndarray:
        return np.isfinite(self.alg)

    def top(self, alpha: float) -> float:
        highest = np.concatenate([self.alg[self.hard], self.wr])
        highest = highest[(highest > 0) & (highest < 3)].max(initial=0.0)
        return float(min(4, max(np.ceil(2.8 * highest) / 2 if highest > 0 else 3, np.ceil(2 * alpha) / 2)))


def stops(axis: str, state: dict) -> np.ndarray:
    """Where thresholds are solved first: about two seconds' worth."""
    noisy = state["channel"] in ("abs", "relu") and (axis == "delta" or state["delta"] > 0)
    count, low, high = (19 if noisy else 49 if state["channel"] == "door" else 81), AXES[axis].low, AXES[axis].high
    return np.geomspace(low, high, count) if axis == "delta" else np.linspace(0.02 if axis == "sparsity" else low, high, count)


def thresholds(axis: str, state: dict) -> Lines:
    """The boundaries along `axis`, with more and more points where the hard phase ends."""
    x = stops(axis, state)
    found = along(axis, x, state, alpha=1.0)
    columns = np.array([found[f"alpha_{name}"] for name in ("wr", "it", "alg")])
    for _ in range(3):
        ends = np.flatnonzero(np.diff(np.isfinite(columns[2])))
        if not ends.size:
            break
        more = np.concatenate([np.linspace(x[i], x[i + 1], 5)[1:-1] for i in ends])
        found = along(axis, more, state, alpha=1.0)
        order = np.argsort(np.append(x, more), kind="stable")
        x = np.append(x, more)[order]
        columns = np.hstack([columns, [found[f"alpha_{name}"] for name in ("wr", "it", "alg")]])[:, order]
    return Lines(x, *columns)


def frame(axis: str, lines: Lines, high: float) -> tuple[list[Curve], list[Label]]:
    """The boundary lines, the hard phase between them, and the names of the regions."""
    x, hard = lines.x, lines.hard
    it, alg = (np.where(hard, y, np.nan) for y in (lines.it, lines.alg))
    outline = []
    for piece in np.split(np.arange(x.size), np.flatnonzero(np.diff(hard)) + 1):
        if hard[piece[0]]:
            outline += [(x[piece], it[piece]), (x[piece[::-1]], alg[piece[::-1]]), ([np.nan], [np.nan])]
    curves = [Curve("α_WR: AMP starts", x, lines.wr, "threshold")] if lines.wr.max() > 0 else []
    if outline:
        curves += [
            Curve(
                "hard", *(np.concatenate(parts) for parts in zip(*outline, strict=True)), "algorithm", weight=0, fill="toself", legend=False
            ),
            Curve("α_IT: possible", x, it, "optimum", weight=1.3),
            Curve("α_alg: AMP gets through", x, alg, "algorithm", weight=1.3),
        ]
    blind, zero, end = np.fmin(lines.wr, it), np.zeros(x.size), np.full(x.size, high)
    regions = (
        ("nothing learned", zero, blind),
        ("impossible", blind, it),
        ("hard", it, alg),
        ("easy", np.fmax(lines.wr, alg) + 0 * alg, end),
        ("AMP is optimal", np.where(hard, np.nan, lines.wr), end),
    )
    return curves, [label for text, low, up in regions for label in named(text, axis, x, low, np.minimum(up, high))]


def named(text: str, axis: str, x: np.ndarray, low: np.ndarray, up: np.ndarray) -> list[Label]:
    """The name of the region between two lines, in the middle of the stretch where it is high enough for words; none if there is none."""
    gap = np.nan_to_num(up - low, nan=-1.0)
    wide = np.flatnonzero(gap > max(0.07 * np.nanmax(up, initial=0.1), 0.5 * gap.max()))
    place = np.log(x) if AXES[axis].log else x
    place = (place - place[0]) / (place[-1] - place[0])
    if not wide.size or place[wide[-1]] - place[wide[0]] < 0.1:
        return []
    middle = np.clip(0.5 * (place[wide[0]] + place[wide[-1]]), 0.15, 0.85)
    i = wide[np.argmin(np.abs(place[wide] - middle))]
    return [Label(text, float(x[i]), float(0.5 * (low[i] + up[i])))]


def blank(axis: str, state: dict, x: np.ndarray) -> np.ndarray:
    """The error of a student that has seen nothing, along `axis`."""
    return along(axis, x, state, alpha=1e-6)[f"{measure(state)}_amp"]


def errors(axis: str, state: dict, lines: Lines) -> list[Curve]:
    """The errors of optimum and AMP at the α of the slider, broken where they jump."""
    x, name = lines.x, measure(state)
    line = along(axis, x, state)
    drawn = [Curve("knows nothing", x, blank(axis, state, x), "threshold", dash=3, weight=0.7, panel=1, legend=False)]
    for label, column, jump, role, dash in (
        ("best possible", name, lines.it, "optimum", 0),
        ("AMP", f"{name}_amp", lines.alg, "algorithm", 1),
    ):
        beyond = state["alpha"] > jump
        breaks = np.flatnonzero((beyond[1:] != beyond[:-1]) & lines.hard[1:] & lines.hard[:-1]) + 1
        pair = np.insert(x, breaks, x[breaks]), np.insert(line[column], breaks, np.nan)
        drawn.append(Curve(label, *pair, role, dash=dash, weight=1.3, panel=1, legend=False, branch=f"{breaks.tolist()}"))
    return drawn


def story(axis: str, state: dict, lines: Lines) -> str:
    """Whether there is a hard phase at this noise or sparsity, where it ends, and how AMP fares at this α."""
    found, name, symbol = now(state), measure(state), AXES[axis].symbol
    best, amp = (tell_error(found[f"{name}{mark}"], state) for mark in ("", "_amp"))
    at = f"At {symbol} = {tell(state[axis])}"
    hard = lines.x[lines.hard]
    if np.isnan(found["alpha_alg"]):
        where = f" There is no hard phase at any {symbol}."
        if (hard < state[axis]).any():
            where = f" The hard phase ends at {symbol} = {tell(hard[hard < state[axis]][-1])}."
        elif hard.size:
            where = f" The hard phase begins at {symbol} = {tell(hard[0])}."
        if found["phase"] == "no-recovery":
            return f"{at} and this α nothing can be learned by anybody.{where}"
        return f"{at} AMP is optimal: {amp}.{where}"
    it, alg = tell(found["alpha_it"]), tell(found["alpha_alg"])
    if axis == "sparsity":
        dense = f" (with dense weights {lines.alg[lines.hard][-1]:.2g})" if hard[-1] > 0.97 else ""
        window = f"{at}, α = {it} would suffice and AMP needs {alg}{dense}. "
    else:
        ends = lines.x[:-1][lines.hard[:-1] & ~lines.hard[1:] & (lines.x[1:] > state[axis])]
        window = f"{at} it is hard from α = {it} to {alg}" + (f"; that ends at {symbol} = {tell(ends[0])}. " if ends.size else ". ")
    if found["phase"] == "hard":
        return f"{window}Possible here: {best}; AMP is stuck at {amp}."
    return f"{window}Here AMP is optimal{': too few examples for anybody' if state['alpha'] < found['alpha_it'] else ''}, {amp}."


def diagram(axis: str, state: dict) -> Picture:
    """Thresholds over the error at this α, both along `axis`."""
    lines, name = thresholds(axis, state), measure(state)
    high = lines.top(state["alpha"])
    curves, names = frame(axis, lines, high)
    found = now(state)
    x = max(state[axis], stops(axis, state)[0])
    error = error_axis(state, words="error at this α")
    if error.symbol == "E":
        error = replace(error, high=float(f"{1.3 * blank(axis, state, lines.x)[lines.x < 0.1 if axis == 'delta' else -1].max():.2g}"))
    return Picture(
        f"Thresholds against {AXES[axis].words}, and the error at this α",
        AXES[axis],
        (Axis("α", "examples per weight", 0, high, weight=1.7), error),
        (
            *curves,
            *errors(axis, state, lines),
            here(x, state["alpha"]),
            here(x, found[name], panel=1),
            here(x, found[f"{name}_amp"], panel=1),
        ),
        tuple(names),
        story(axis, state, lines),
        branch=f"{axis} {found['phase']}",
        recipe=Recipe(
            ID,
            axis,
            stops(axis, state)[0],
            AXES[axis].high,
            49,
            AXES[axis].log,
            {name: value for name, value in parameters(state).items() if name != axis},
            ("alpha_it", "alpha_alg", name, f"{name}_amp"),
        ),
    )


def plane(axis: str, state: dict) -> Picture:
    """The error of AMP over α and `axis`, under the exact boundaries."""
    lines, name = thresholds(axis, state), measure(state)
    high = lines.top(state["alpha"])
    x, alpha = stops(axis, state), np.linspace(0.02, high, 41)
    curves, names = frame(axis, lines, high)
    fixed = {k: v for k, v in parameters(state).items() if k not in ("alpha", axis)}
    heat = cache.sweep(ID, {"alpha": alpha, axis: x}, **fixed)[f"{name}_amp"]
    heat = heat if state["channel"] in SIGNS else heat / blank(axis, state, x)
    return Picture(
        "The error of AMP, and the exact boundaries of what is possible and what is easy",
        AXES[axis],
        (Axis("α", "examples per weight", 0, high),),
        tuple(replace(curve, role="here") if curve.name.startswith("α_WR") else curve for curve in curves if curve.name != "hard"),
        tuple(names),
        heat=Heat(
            x,
            alpha,
            heat,
            "wrong labels" if state["channel"] in SIGNS else "error (1: knows nothing)",
            0,
            0.5 if state["channel"] in SIGNS else 1,
        ),
    )


def numbers(axis: str, state: dict) -> list[Number]:
    found, name, lines = now(state), measure(state), thresholds(axis, state)
    hard = lines.x[lines.hard]
    symbol = r"\varepsilon_g" if name == "gen_error" else "E"
    return [
        Number(r"\alpha_{WR}", "AMP starts", found["alpha_wr"]),
        Number(r"\alpha_{IT}", "possible", found["alpha_it"], "no hard phase" if np.isnan(found["alpha_it"]) else ""),
        Number(r"\alpha_{alg}", "AMP gets through", found["alpha_alg"]),
        Number(rf"{AXES[axis].symbol}_{{max}}", "last with a hard phase", hard[-1] if hard.size else np.nan),
        Number(symbol, "best", found[name]),
        Number(f"{symbol}^{{AMP}}", "AMP", found[f"{name}_amp"]),
    ]


def noise_plane(state: dict) -> Picture:
    return plane("delta", state)


def noisy(state: dict) -> str:
    """The noise on the horizontal axis."""
    return state["against"] if state["channel"] in SIGNS else "delta"


def members(state: dict) -> int:
    return 15 if slow(state) else 28


AGAINST = Control(
    Parameter("against", "", "horizontal axis", "delta", choices=("delta", "flip")),
    labels={"delta": "noise Δ", "flip": "flips p"},
    live=False,
    when=lambda state: state["channel"] in SIGNS,
)

NOISE_VIEW = View(
    id="noise",
    name="Noise",
    model=ID,
    question="How much noise does it take to melt the hard phase?",
    controls=(
        replace(ALPHA, default=1.43),
        replace(NOISE, default=0.001),
        PRIORS,
        CHANNELS,
        AGAINST,
        replace(SPARSITY, live=False),
        replace(WIDTH, live=False),
        replace(FLIPS, live=False),
    ),
    picture=lambda state, points: diagram(noisy(state), state),
    numbers=lambda state: numbers(noisy(state), state),
    presets={
        "binary perceptron": {},
        "flipped labels": {"against": "flip", "delta": 0.0, "flip": 0.05, "alpha": 2.0},
        "phase retrieval": {"prior": "gaussian", "channel": "abs", "delta": 1e-4, "alpha": 1.1},
        "compressed sensing": {"prior": "gauss-bernoulli", "channel": "linear", "sparsity": 0.2, "delta": 1e-4, "alpha": 0.34},
        "binary signal": {"channel": "linear", "delta": 0.01, "alpha": 0.4},
        "symmetric door": {"channel": "door", "alpha": 1.4},
    },
    notice=(
        "The hard phase is a wedge: noise moves what is possible (green) up to what is easy (purple), and where the two meet it ends, in a "
        "critical point, as liquid and gas do. Beyond it learning is gradual.",
        "Left of the picture is no noise at all. For real-valued labels $α_{IT}$ gets there only logarithmically slowly.",
        "Flipped labels are different: the hard phase of the binary perceptron survives every fraction of flips; it only moves to larger α.",
        "Sparse weights behind |z| or a door: the hard phase comes back at strong noise, where AMP starts late and then jumps.",
    ),
    map=Map("delta", "alpha", noise_plane),
    members=members,
)

SPARSITY_VIEW = View(
    id="sparsity",
    name="Sparsity",
    model=ID,
    question="If most weights are zero, how many examples does that save?",
    controls=(
        replace(ALPHA, default=0.39),
        replace(SPARSITY, when=lambda state: True),
        replace(NOISE, live=False),
        replace(CHANNELS, default="linear"),
        replace(WIDTH, live=False, more=True),
        replace(FLIPS, live=False, more=True),
    ),
    picture=lambda state, points: diagram("sparsity", state),
    numbers=lambda state: numbers("sparsity", state),
    presets={
        "compressed sensing": {},
        "with noise": {"delta": 1e-4, "alpha": 0.2, "sparsity": 0.1},
        "phase retrieval": {"channel": "abs", "alpha": 0.6},
        "ReLU": {"channel": "relu", "alpha": 0.7},
        "perceptron": {"channel": "sign", "alpha": 1.0},
    },
    notice=(
        "Without noise the green line is a count of unknowns: ρ non-zero weights per weight, so α = ρ equations. A ReLU mutes half of its "
        "labels: 2ρ.",
        "AMP needs more (purple), yet far less than one equation per weight: that is compressed sensing.",
        "Phase retrieval: below α = ½ AMP learns nothing, however sparse the weights are. For small ρ the hard phase is enormous.",
        "Labels of ±1 hold too little information for a jump: a sparse perceptron learns gradually, and AMP is optimal.",
    ),
    map=Map("sparsity", "alpha", lambda state: plane("sparsity", state)),
    members=lambda state: members(state),
)

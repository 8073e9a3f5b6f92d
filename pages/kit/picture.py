"""What a page draws, said in words of physics: curves, dots, thresholds, regions. Colours and pixels are the chart's business."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Axis:
    """An axis: symbol and words, limits (None: automatic), linear or logarithmic.

    Of a panel: `weight` is its share of the height, `x` its own horizontal axis where it does not share the picture's.
    """

    symbol: str
    words: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    weight: float = 1.0
    x: Axis | None = None

    def encode(self) -> dict:
        return {
            "symbol": self.symbol,
            "title": f"{self.symbol}   {self.words}" if self.symbol else self.words,
            "low": self.low,
            "high": self.high,
            "log": self.log,
            "weight": self.weight,
            "x": None if self.x is None else self.x.encode(),
        }


@dataclass(frozen=True)
class Curve:
    """A curve or a set of dots with error bars.

    `role` gives it its colour (the chart knows the meanings), `kind` is line, dots, or here (the current point). Curves of different
    `branch` are never blended in a preview. `stack` names a pile of filled curves. `weight` scales lines and dots.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    role: str = "theory"
    kind: str = "line"
    sem: np.ndarray | None = None
    panel: int = 0
    dash: int = 0
    weight: float = 1.0
    legend: bool = True
    stack: str = ""
    fill: str = ""
    branch: str = ""

    def encode(self, before: Curve | None = None) -> dict:
        """The curve for the wire; an array is null where the curve `before` has the same."""

        def moved(name: str) -> str | None:
            values = getattr(self, name)
            same = before is not None and np.array_equal(getattr(before, name), values, equal_nan=True)
            return None if same else pack(values)

        plain = ("name", "role", "kind", "panel", "dash", "weight", "legend", "stack", "fill", "branch")
        return {name: getattr(self, name) for name in plain} | {
            "id": f"{self.kind}/{self.panel}/{self.name}",
            "x": moved("x"),
            "y": moved("y"),
            "sem": None if self.sem is None else pack(self.sem),
        }


def here(x: float, y: float, panel: int = 0) -> Curve:
    """The ring that marks where the sliders stand."""
    return Curve("here", np.array([x]), np.array([y]), role="here", kind="here", panel=panel, legend=False)


@dataclass(frozen=True)
class Vertical:
    """A named vertical line, such as a threshold; through every panel that shares the picture's x axis unless one is named."""

    text: str
    x: float
    role: str = "threshold"
    panel: int | None = None


@dataclass(frozen=True)
class Horizontal:
    """A named horizontal line."""

    text: str
    y: float
    role: str = "threshold"
    panel: int = 0


@dataclass(frozen=True)
class Region:
    """A stretch of the x axis with its name written inside, at `height` of the panel."""

    text: str
    x0: float
    x1: float
    shade: bool = False
    panel: int = 0
    height: float = 0.5
    role: str = "threshold"


@dataclass(frozen=True)
class Label:
    """Words at a point, such as the name of a phase."""

    text: str
    x: float
    y: float
    role: str = "threshold"
    panel: int = 0


Mark = Vertical | Horizontal | Region | Label


@dataclass(frozen=True)
class Heat:
    """A map: z has shape (len(y), len(x)); `log` colours by log10."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    title: str
    low: float | None = None
    high: float | None = None
    log: bool = False

    def encode(self) -> dict:
        def scale(value):
            return np.log10(np.maximum(value, 1e-300)) if self.log else value

        shown = scale(self.z)
        bounds = [None if v is None else float(scale(v)) for v in (self.low, self.high)]
        ticks = None
        if self.log:
            low, high = (b if b is not None else float(f(shown[np.isfinite(shown)])) for b, f in zip(bounds, (np.min, np.max), strict=True))
            exponents = np.arange(np.floor(low), np.ceil(high) + 1)
            ticks = [[float(e + np.log10(m)), f"{m * 10.0**e:g}"] for e in exponents for m in (1, 3) if low <= e + np.log10(m) <= high]
        return {
            "x": pack(self.x),
            "y": pack(self.y),
            "z": pack(shown),
            "values": pack(self.z),
            "title": self.title,
            "low": bounds[0],
            "high": bounds[1],
            "ticks": ticks,
        }


@dataclass(frozen=True)
class Recipe:
    """How to get the shown numbers from Python or the shell: a sweep of `model` over `axis`, of `whole` numbers or not, and the observables
    that are drawn.
    """

    model: str
    axis: str
    low: float
    high: float
    points: int
    log: bool
    parameters: dict
    observables: tuple[str, ...]
    whole: bool = False

    def python(self) -> str:
        grid = f"np.{'geomspace' if self.log else 'linspace'}({self.low:g}, {self.high:g}, {self.points})"
        grid = f"np.unique({grid}.round())" if self.whole else grid
        arguments = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        drawn = ", ".join(f'curve["{name}"]' for name in self.observables)
        return (
            "import engine\nimport numpy as np\n\n"
            f"{self.axis} = {grid}\n"
            f'curve = engine.sweep("{self.model}", {{"{self.axis}": {self.axis}}}{arguments})\n'
            f"{drawn}  # arrays, one entry for each {self.axis}"
        )

    def shell(self) -> str:
        grid = f"{self.axis}={self.low:g}:{self.high:g}:{self.points}" + (":log" if self.log else "")
        return f"phase-atlas sweep {self.model} {grid} " + " ".join(f"{name}={value}" for name, value in self.parameters.items())


@dataclass(frozen=True)
class Picture:
    """One picture: an x axis, panels (y axes) from top to bottom (the first shares the picture's x axis), curves and marks, and the sentence to take away.

    Two pictures of different `branch` (such as either side of a first-order jump) are never blended in a preview.
    """

    title: str
    x: Axis
    panels: tuple[Axis, ...]
    curves: tuple[Curve, ...] = ()
    marks: tuple[Mark, ...] = ()
    takeaway: str = ""
    heat: Heat | None = None
    branch: str = ""
    recipe: Recipe | None = None

    def with_curves(self, curves: Sequence[Curve]) -> Picture:
        return replace(self, curves=(*self.curves, *curves))

    def encode(self) -> dict:
        """The picture for the wire."""
        return {
            "title": self.title,
            "x": self.x.encode(),
            "panels": [panel.encode() for panel in self.panels],
            "heat": None if self.heat is None else self.heat.encode(),
            **self.encode_moving(None),
        }

    def encode_moving(self, before: Picture | None) -> dict:
        """What changes while a slider moves; arrays equal to those of the picture `before` are left out."""
        pairs = (
            zip(self.curves, before.curves, strict=False)
            if before is not None and len(before.curves) == len(self.curves)
            else ((c, None) for c in self.curves)
        )
        return {
            "curves": [curve.encode(previous) for curve, previous in pairs],
            "marks": [encode_mark(mark) for mark in self.marks],
            "limits": [[axis.low, axis.high] for axis in (self.x, *self.panels)],
            "takeaway": self.takeaway,
            "branch": self.branch,
        }

    def csv(self) -> str:
        """The shown data in long form: curve, panel, x, y, standard error."""
        frames = [
            pd.DataFrame(
                {
                    "curve": c.name,
                    "panel": self.panels[c.panel].words,
                    (self.panels[c.panel].x or self.x).symbol: c.x,
                    "y": c.y,
                    "standard_error": np.nan if c.sem is None else c.sem,
                }
            )
            for c in self.curves
            if c.kind != "here"
        ]
        if self.heat is not None:
            x, y = np.meshgrid(self.heat.x, self.heat.y)
            frames.append(
                pd.DataFrame(
                    {"curve": self.heat.title, self.x.symbol: x.ravel(), self.panels[0].symbol: y.ravel(), "y": self.heat.z.ravel()}
                )
            )
        text = io.StringIO()
        if frames:
            pd.concat(frames).to_csv(text, index=False)
        return text.getvalue()


KINDS = {Vertical: "vertical", Horizontal: "horizontal", Region: "region", Label: "label"}


def encode_mark(mark: Mark) -> dict:
    """A mark for the wire; numbers that do not exist become null."""
    fields = {name: (None if isinstance(v, (float, np.floating)) and not np.isfinite(v) else v) for name, v in vars(mark).items()}
    fields = {name: float(v) if isinstance(v, np.floating) else v for name, v in fields.items()}
    return fields | {"kind": KINDS[type(mark)], "id": f"{KINDS[type(mark)]}/{mark.panel}/{mark.text.split('=')[0]}"}


def pack(values: np.ndarray) -> str:
    """An array as base64 of little-endian float32: a tenth of the cost of a list, and enough for a screen."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()

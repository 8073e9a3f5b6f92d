"""The contract every model obeys.

A `Model` is one solvable problem: what a person may turn (`Parameter`), what the theory predicts (`Observable`), a `solve`
that computes it, a `simulate` whose dots must fall on it, and the values printed in the literature that it must reproduce
(`Landmark`). Parameters are declared once, here, and serve the sliders, the command line, the links and the tests.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Value = float | int | str | None
Progress = Callable[[float], None]
"""Called with the fraction done, in [0, 1]. It cancels the work by raising; whatever it raises reaches the caller."""


class ParameterError(ValueError):
    """A parameter that is unknown, of the wrong type, out of range, or in conflict with another one.

    `name`, `value` and `reason` are kept apart so that a page can repair the one control it concerns.
    """

    def __init__(self, name: str, value: object, reason: str):
        super().__init__(name, value, reason)
        self.name, self.value, self.reason = name, value, reason

    def __str__(self) -> str:
        return f"{self.name}={self.value}: {self.reason}"


class ConvergenceError(RuntimeError):
    """An iteration did not reach its tolerance; there is no number to report."""


@dataclass(frozen=True)
class Parameter:
    """What a slider moves.

    `low..high` is the range in which `solve` is correct (`open_low` excludes its lower end); both None means a choice among
    `choices` or, where `text` says what it is, a piece of text. A real or integer parameter with `choices` takes these named values besides
    numbers (`lam=opt`). `default` None means "absent unless given"; `meaning` then says what applies instead. `scale` is how grids and
    sliders are spaced. `why` says what is wrong beyond the range, for error messages.
    """

    name: str
    symbol: str
    meaning: str
    default: Value
    low: float | None = None
    high: float | None = None
    step: float | None = None
    scale: str = "linear"
    choices: tuple[str, ...] = ()
    integer: bool = False
    open_low: bool = False
    why: str = ""
    text: str = ""

    @property
    def numeric(self) -> bool:
        """Whether the parameter takes numbers (perhaps besides named values)."""
        return self.low is not None

    @property
    def allowed(self) -> str:
        """The allowed values in words, as error messages and tables print them."""
        if self.text:
            return self.text
        if not self.numeric:
            return "one of " + ", ".join(self.choices)
        text = f"{'integer in ' if self.integer else ''}{'(' if self.open_low else '['}{self.low:.12g}, {self.high:.12g}]"
        return text + "".join(f" or {name}" for name in self.choices)

    def validate(self, value: object) -> Value:
        """The canonical form of `value`: int, float, or one of `choices` (None where that is the default).

        Raises ParameterError for a wrong type, a NaN, an unknown choice, or a number outside the range.
        """
        if value is None and self.default is None:
            return None
        if isinstance(value, str):
            if value in self.choices or (self.text and value):
                return value
            raise self.error(value)
        if not self.numeric or isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
            raise self.error(value)
        try:
            number = float(value) + 0.0  # -0.0 becomes 0.0
        except OverflowError:  # an integer beyond all doubles
            raise self.error(value) from None
        inside = self.low <= number <= self.high and not (self.open_low and number == self.low)
        if not inside or (self.integer and number != math.floor(number)):
            raise self.error(value)
        return int(number) if self.integer else number

    def parse(self, text: str) -> Value:
        """`validate` for text from a command line or a link."""
        if text in self.choices or not self.numeric:
            return self.validate(text)
        try:
            number = float(text)
        except ValueError:
            raise self.error(text) from None
        return self.validate(number)

    def error(self, value: object) -> ParameterError:
        """The error that names this parameter, the value and what is allowed."""
        return ParameterError(self.name, value, f"{self.name} must be {self.allowed}" + (f": {self.why}" if self.why else ""))


@dataclass(frozen=True)
class Observable:
    """What the theory predicts: a number, a flag, or a label (such as a phase).

    `undefined` says when the value is nan (or infinite) and why; empty means it is always finite. `indices` names integer parameters:
    ``Observable("R", indices=("K", "M"))`` stands for R_1_1 ... R_K_M.
    """

    name: str
    symbol: str
    meaning: str
    undefined: str = ""
    indices: tuple[str, ...] = ()

    def names(self, parameters: Mapping[str, Value]) -> list[str]:
        """The keys under which `solve` reports this observable at `parameters`."""
        shape = [range(1, parameters[index] + 1) for index in self.indices]
        names = [self.name]
        for span in shape:
            names = [f"{name}_{i}" for name in names for i in span]
        return names


@dataclass(frozen=True)
class Landmark:
    """A value printed in the literature (or derived in the limit it names) that the engine must reproduce.

    It holds when |solve - value| <= atol + rtol |value|; a `value` of None means that the observable must not exist there.
    """

    parameters: Mapping[str, Value]
    observable: str
    value: float | str | None
    source: str
    rtol: float = 1e-6
    atol: float = 0.0

    def deviation(self, found: object) -> float:
        """|found - value| in units of the tolerance: the landmark holds when this is at most 1."""
        if self.value is None or isinstance(self.value, str):
            absent = isinstance(found, float) and math.isnan(found)
            return 0.0 if (absent if self.value is None else found == self.value) else math.inf
        if not isinstance(found, numbers.Real) or not math.isfinite(found):
            return math.inf
        return abs(found - self.value) / max(self.atol + self.rtol * abs(self.value), np.finfo(float).tiny)


@dataclass(frozen=True)
class Reference:
    """A source: `where` is journal, volume and page or the preprint number."""

    authors: str
    year: int
    title: str
    where: str
    url: str = ""

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}). {self.title}. {self.where}."

    def bibtex(self) -> str:
        """The entry for a bibliography; the key is first author and year."""
        key = self.authors.split(",")[0].split()[-1].lower() + str(self.year)
        fields = {
            "author": self.authors.replace(", ", " and "),
            "title": self.title,
            "year": self.year,
            "note": self.where,
            "url": self.url,
        }
        body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
        return f"@article{{{key},\n{body}}}"


@dataclass(frozen=True)
class Estimate:
    """Mean over trials of an experiment and its standard error; floats, or arrays along an axis. `sem` is nan for a single trial."""

    mean: float | np.ndarray
    sem: float | np.ndarray


@dataclass(frozen=True)
class Model:
    """One solvable problem.

    solve(**parameters) -> {observable: float | int | bool | str}
        Pure, deterministic, thread-safe. Receives every parameter, validated. Raises ParameterError where parameters conflict and
        ConvergenceError where an iteration fails; nan only where an observable says so.
    simulate(size, trials, seed, progress, **parameters) -> {observable: Estimate}
        The finite-size experiment, reproducible from `seed`; `size` and `trials` are declared as parameters.
    solve_along(axis, values, **parameters) -> {observable: array of len(values)}
        A compiled loop along one of `solve_axes`; cheaper than len(values) solves. A point without solution is a row of nan.
    simulate_along(axis, values, size, trials, seed, progress, **parameters) -> {observable: Estimate of arrays}
        One experiment that yields a whole curve along one of `simulate_axes`.
    """

    id: str
    title: str
    chapter: str
    question: str
    equations: str
    parameters: tuple[Parameter, ...]
    observables: tuple[Observable, ...]
    solve: Callable[..., dict]
    simulate: Callable[..., dict[str, Estimate]]
    size: Parameter
    trials: Parameter
    landmarks: tuple[Landmark, ...]
    references: tuple[Reference, ...]
    solve_along: Callable[..., dict[str, np.ndarray]] | None = None
    solve_axes: tuple[str, ...] = ()
    simulate_along: Callable[..., dict[str, Estimate]] | None = None
    simulate_axes: tuple[str, ...] = ()

    def parameter(self, name: str) -> Parameter:
        """The parameter called `name`; ParameterError naming those that exist otherwise."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        known = ", ".join(p.name for p in self.parameters)
        raise ParameterError(name, "?", f"{self.id} has no parameter {name}; it has {known}")

    def validate(self, parameters: Mapping[str, object]) -> dict[str, Value]:
        """Every parameter of the model in canonical form, defaults filled in. Raises ParameterError."""
        for name in parameters:
            self.parameter(name)
        return {p.name: p.validate(parameters.get(p.name, p.default)) for p in self.parameters}

    def observable_names(self, parameters: Mapping[str, Value]) -> list[str]:
        """The keys `solve` reports at validated `parameters`."""
        return [name for observable in self.observables for name in observable.names(parameters)]


def mean_sem(samples: Sequence[float] | np.ndarray) -> Estimate:
    """Mean and standard error over the first axis (trials), nan entries left out; nan where nothing (sem: a single trial) is left."""
    samples = np.asarray(samples, float)
    present = ~np.isnan(samples)
    count = present.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(present, samples, 0.0).sum(axis=0) / count
        variance = np.where(present, (samples - mean) ** 2, 0.0).sum(axis=0) / (count - 1)
        sem = np.sqrt(variance / count)
    sem = np.where(count > 1, sem, np.nan)
    return Estimate(float(mean), float(sem)) if mean.ndim == 0 else Estimate(mean, sem)

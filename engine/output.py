"""What the command line prints and writes: strict JSON, tables on disk, and models in words."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError
from engine.sweep import Sweep


def to_json(value: object) -> str:
    """One line of strict JSON: arrays as lists, estimates as {"mean", "sem"}, nan and infinities as null."""
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: object) -> object:
    if isinstance(value, Estimate):
        return {"mean": _plain(value.mean), "sem": _plain(value.sem)}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_destination(path: Path) -> None:
    """Raise ParameterError unless a table can be written to `path`; called before anything is computed."""
    if path.suffix not in WRITERS:
        raise ParameterError("--out", path, f"--out must end in one of {', '.join(WRITERS)}")
    if path.is_dir():
        raise ParameterError("--out", path, "--out must be a file, this is a directory")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ParameterError("--out", path, f"--out must lie in a directory that can be written ({error.strerror})") from None


def write_table(result: Sweep, path: Path) -> None:
    """Write `result` to `path` whole or not at all, in the format its extension names."""
    path = path.resolve()
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        WRITERS[path.suffix](result, unfinished)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_csv(result: Sweep, file) -> None:
    """Comma-separated values, one row per point, full precision, `nan` where there is no value."""
    result.to_frame().to_csv(file, index=False, na_rep="nan", lineterminator="\n")


def _write_parquet(result: Sweep, path: Path) -> None:
    result.to_frame().to_parquet(path, index=False)


def _write_netcdf(result: Sweep, path: Path) -> None:
    """NetCDF 3, which any reader knows. What it cannot hold: a missing label is empty, flags some of which are missing are 0, 1 or
    nan, and integers beyond 32 bits are doubles."""
    dataset = result.to_dataset()
    for name, array in dataset.variables.items():
        if array.dtype.kind == "O":
            present = [entry for entry in array.values.flat if entry == entry]
            labels = any(isinstance(entry, str) for entry in present)
            dataset[name] = array.where(array == array, "").astype(str) if labels else array.astype(float)
        elif array.dtype.kind == "i" and np.abs(array.values).max() >= 2**31:
            dataset[name] = array.astype(float)
    dataset.to_netcdf(path, engine="scipy")


WRITERS: dict[str, Callable[[Sweep, Path], None]] = {".csv": write_csv, ".parquet": _write_parquet, ".nc": _write_netcdf}


def describe(chosen: Model) -> dict:
    """What `list --json` says of a model."""
    return {
        "id": chosen.id,
        "title": chosen.title,
        "chapter": chosen.chapter,
        "question": chosen.question,
        "parameters": [asdict(parameter) for parameter in chosen.parameters],
        "observables": [asdict(observable) for observable in chosen.observables],
        "experiment": [asdict(parameter) for parameter in (chosen.size, chosen.trials)],
    }


def summary(chosen: Model) -> str:
    """What `list` says of a model."""
    lines = [f"{chosen.id}: {chosen.title}", f"  {chosen.question}"]
    lines += [f"    {parameter.name}: {_words(parameter)}" for parameter in chosen.parameters]
    return "\n".join([*lines, f"  gives {', '.join(observable.name for observable in chosen.observables)}", ""])


def account(chosen: Model) -> str:
    """What `show` says of a model: question, equations, parameters, observables, experiment, landmarks, references."""
    parameters = [f"{p.name}{_symbol(p)}: {_words(p)}" for p in chosen.parameters]
    observables = [f"{o.name}{_symbol(o)}: {o.meaning}{o.undefined and f'; undefined: {o.undefined}'}" for o in chosen.observables]
    landmarks = [f"{m.observable} = {_number(m.value)} at {_point(m)}: {m.source}" for m in chosen.landmarks]
    sections = {
        "Equations": chosen.equations.strip().splitlines(),
        "Parameters": parameters,
        "Observables": observables,
        "Experiment": [f"--{option}: {_words(parameter)}" for option, parameter in (("size", chosen.size), ("trials", chosen.trials))],
        "Landmarks": landmarks,
        "References": [str(reference) for reference in chosen.references],
    }
    head = f"{chosen.id}: {chosen.title}\n{chosen.question}\n"
    return head + "".join(f"\n{title}\n" + "".join(f"  {line}\n" for line in lines) for title, lines in sections.items())


def _symbol(named: Parameter | Observable) -> str:
    return f" (${named.symbol}$)" if named.symbol else ""


def _words(parameter: Parameter) -> str:
    default = "absent" if parameter.default is None else parameter.default
    return f"{parameter.meaning}; {parameter.allowed}; default {default}"


def check(chosen: Model) -> Iterator[tuple[bool, str]]:
    """Each landmark of a model: whether it holds, and a line of the table under `CHECK_HEADER`."""
    solved: dict[str, dict] = {}
    for landmark in chosen.landmarks:
        point = _point(landmark)
        try:
            if point not in solved:
                solved[point] = chosen.solve(**chosen.validate(landmark.parameters))
            found = solved[point].get(landmark.observable)
            holds = landmark.deviation(found) <= 1
        except (ParameterError, ConvergenceError) as error:
            found, holds, point = math.nan, False, f"{point} {type(error).__name__}: {error}"
        compared = isinstance(landmark.value, (int, float)) and isinstance(found, (int, float))
        deviation = f"{abs(found - landmark.value):.1e}" if compared else "-"
        tolerance = f"{landmark.atol + landmark.rtol * abs(landmark.value):.1e}" if compared else "-"
        cells = ("pass" if holds else "FAIL", chosen.id, landmark.observable, _number(found), _number(landmark.value), deviation, tolerance)
        yield holds, _row(*cells, point, landmark.source)


def _row(*cells: str) -> str:
    widths = (4, 24, 18, 20, 20, 9, 9, 30, 0)
    return "  ".join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


CHECK_HEADER = _row("", "model", "observable", "value", "literature", "deviation", "tolerance", "at", "source")


def _point(landmark: Landmark) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(landmark.parameters.items())) or "defaults"


def _number(value: object) -> str:
    if value is None:
        return "undefined"
    return f"{value:.13g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)

"""The command line: a thin skin over the engine. `--help` after it, or after one of its commands, says what there is."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from engine import output
from engine.experiment import SEED, simulate
from engine.model import ConvergenceError, Model, Parameter, ParameterError, Progress, Value
from engine.processes import WorkerError
from engine.registry import model, models
from engine.sweep import JOBS, sweep

LONGEST_GRID = 1_000_000
GRID_HELP = "a:b:n is n points from a to b, a:b:n:log the same on a log axis, a,b,... a list; integers are rounded, without repeats"


class UsageError(Exception):
    """A command line that cannot be read."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        raise UsageError(message)


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 (a landmark fails, a process died), 2 (bad input), 3 (no convergence), 130 (Ctrl-C)."""
    try:
        arguments = _parse(argv)
        status = arguments.command(arguments)
        sys.stdout.flush()
        return status
    except (UsageError, ParameterError) as error:
        return _complain(error, 2)
    except ConvergenceError as error:
        return _complain(error, 3)
    except (WorkerError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # the reader of stdout has gone, as in `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        return _complain(error, 1)
    except KeyboardInterrupt:
        return 130


def _complain(error: object, status: int) -> int:
    print("error:", *str(error).split(), file=sys.stderr)
    return status


def _parse(argv: list[str] | None) -> argparse.Namespace:
    """The command, its options, and the texts of its parameters in `arguments.given` ({name: text})."""
    name = "phase-atlas" if Path(sys.argv[0]).name == "phase-atlas" else "python -m engine"
    parser = _Parser(prog=name, description="The phase transitions of learning, solved.", allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(command, about, **options):
        entry = commands.add_parser(command.__name__.strip("_"), help=about, description=about, allow_abbrev=False, **options)
        entry.set_defaults(command=command)
        return entry

    def add_with_parameters(command, about, **options):
        entry = add(command, about, **options)
        entry.add_argument("model", metavar="MODEL")
        entry.add_argument("given", nargs="*", metavar="name=value")
        return entry

    entry = add(_list, "every model, its parameters with ranges, its observables")
    entry.add_argument("--json", action="store_true", help="as a list of JSON objects")
    add(_show, "one model: question, equations, parameters, landmarks, references").add_argument("model", metavar="MODEL")
    add_with_parameters(_solve, "the observables of a model as one JSON object")
    add(_batch, 'JSON lines {"model": ..., "params": {...}} in, {"observables": {...}} or {"error": ...} out, in the same order')
    entry = add_with_parameters(_sweep, "the observables over a grid, as a table", epilog=GRID_HELP)
    entry.add_argument("--out", type=Path, metavar="FILE", help=f"a file ending in {', '.join(output.WRITERS)} (else CSV on stdout)")
    entry.add_argument("--jobs", default="1", metavar="N", help="processes (1)")
    entry = add_with_parameters(_simulate, "the finite-size experiment, with standard errors, as one JSON object")
    for option, about in (("size", "system size"), ("trials", "repetitions"), ("seed", "of the random numbers")):
        entry.add_argument(f"--{option}", metavar="N", help=about)
    add(_check, "every landmark of the literature against the engine").add_argument("models", nargs="*", metavar="MODEL")

    arguments, rest = parser.parse_known_args(argv)
    if "given" in arguments:  # parameters may also follow options
        arguments.given = _pairs([*arguments.given, *(text for text in rest if not text.startswith("-"))])
        rest = [text for text in rest if text.startswith("-")]
    if rest:
        raise UsageError(f"unrecognized arguments: {' '.join(rest)}")
    return arguments


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text}: parameters are given as name=value")
        if name in pairs:
            raise ParameterError(name, value, f"{name} is given twice")
        pairs[name] = value
    return pairs


def _values(chosen: Model, given: dict[str, str]) -> dict[str, Value]:
    return {name: chosen.parameter(name).parse(text) for name, text in given.items()}


def _axis(parameter: Parameter, text: str) -> list[Value]:
    """The values of a list of numbers, named values and grids a:b:n or a:b:n:log."""
    if parameter.text:
        return [parameter.parse(text)]
    values: list[Value] = []
    for part in text.split(","):
        values += _grid(parameter, part) if ":" in part else [parameter.parse(part)]
    return values


def _grid(parameter: Parameter, text: str) -> list[Value]:
    first, last, count, *log = text.split(":") if text.count(":") in (2, 3) else ("", "", "")
    if not count.isdecimal() or not 1 <= float(count) <= LONGEST_GRID or log not in ([], ["log"]) or not parameter.numeric:
        reason = f"a grid is a:b:n or a:b:n:log with n in [1, {LONGEST_GRID}]; {parameter.error(text).reason}"
        raise ParameterError(parameter.name, text, reason)
    ends = [parameter.parse(first), parameter.parse(last)]
    if log and not all(isinstance(end, (int, float)) and end > 0 for end in ends):
        raise ParameterError(parameter.name, text, f"a log grid needs positive ends; {parameter.error(text).reason}")
    if any(isinstance(end, str) for end in ends):
        raise ParameterError(parameter.name, text, f"a grid goes from number to number; {parameter.error(text).reason}")
    values = (np.geomspace if log else np.linspace)(*ends, int(count)).tolist()
    return list(dict.fromkeys(round(value) for value in values)) if parameter.integer else values


@contextmanager
def _progress(what: str) -> Iterator[Progress]:
    """A bar on stderr, where that is a terminal."""
    from tqdm import tqdm

    with tqdm(total=1.0, desc=what, bar_format="{desc} {percentage:3.0f}% {bar} {elapsed} < {remaining}", leave=False, disable=None) as bar:
        yield lambda fraction: bar.update(fraction - bar.n)


def _list(arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(output.to_json([output.describe(model(id)) for id in models()]))
    else:
        for id in models():
            print(output.summary(model(id)))
    return 0


def _show(arguments: argparse.Namespace) -> int:
    print(output.account(model(arguments.model)), end="")
    return 0


def _solve(arguments: argparse.Namespace) -> int:
    chosen = model(arguments.model)
    print(output.to_json(chosen.solve(**chosen.validate(_values(chosen, arguments.given)))))
    return 0


def _batch(arguments: argparse.Namespace) -> int:
    for line in sys.stdin.buffer:
        print(output.to_json(_answer(line)), flush=True)
    return 0


def _answer(line: bytes) -> dict:
    """The reply to one line of a batch."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"error": f"not a JSON object: {error}"}
    if not isinstance(request, dict):
        return {"error": 'a line is an object {"model": ..., "params": {...}}'}
    id, parameters = request.pop("model", None), request.pop("params", {})
    if not isinstance(id, str) or not isinstance(parameters, dict) or request:
        return {"error": 'a line holds "model" (a name) and "params" (an object), nothing else'}
    try:
        chosen = model(id)
        return {"observables": chosen.solve(**chosen.validate(parameters))}
    except (ParameterError, ConvergenceError) as error:
        return {"error": str(error)}


def _sweep(arguments: argparse.Namespace) -> int:
    chosen = model(arguments.model)
    several = {name: text for name, text in arguments.given.items() if ":" in text or "," in text}
    axes = {name: _axis(chosen.parameter(name), text) for name, text in several.items()}
    fixed = _values(chosen, {name: text for name, text in arguments.given.items() if name not in several})
    jobs = JOBS.parse(arguments.jobs)
    if arguments.out:
        output.check_destination(arguments.out)
    with _progress(chosen.id) as progress:
        result = sweep(chosen.id, axes, jobs=jobs, progress=progress, **fixed)
    if arguments.out:
        output.write_table(result, arguments.out)
    else:
        output.write_csv(result, sys.stdout)
    reasons = Counter(getattr(error, "reason", str(error)) for error in result.failures.values())
    for reason, count in reasons.items():
        print(f"{count} of {result.size} points without solution:", *reason.split(), file=sys.stderr)
    return 3 if any(isinstance(error, ConvergenceError) for error in result.failures.values()) else 0


def _simulate(arguments: argparse.Namespace) -> int:
    chosen = model(arguments.model)
    protocol = {
        name: parameter.parse(text)
        for name, parameter in (("size", chosen.size), ("trials", chosen.trials), ("seed", SEED))
        if (text := getattr(arguments, name)) is not None
    }
    with _progress(chosen.id) as progress:
        estimates = simulate(chosen.id, progress=progress, **_values(chosen, arguments.given) | protocol)
    print(output.to_json(estimates))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    chosen = [model(id) for id in arguments.models or models()]
    verdicts = []
    print(output.CHECK_HEADER)
    for one in chosen:
        for holds, line in output.check(one):
            print(line, flush=True)
            verdicts.append(holds)
    print(f"{len(verdicts)} landmarks, {verdicts.count(False)} fail")
    return 1 if False in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())

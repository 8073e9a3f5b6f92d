"""What every model promises, over all that are registered."""

import math
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import engine
from engine.model import Estimate, Parameter

POINTS = 40
# Where one solve at the upper end of several parameters together takes minutes, points are drawn up to here; each end is still tried by itself.
REACH = {
    "soft-committee": {"K": 5, "M": 5, "t": 10000.0, "eta": 20.0, "eta_v": 20.0},
    "gaussian-covariate": {"P": 600},
    "dmft-sgd": {"steps": 60, "samples": 8192},
}
every_model = pytest.mark.parametrize("id", engine.models())


def generator(id: str, purpose: str) -> np.random.Generator:
    """A stream of random numbers of its own for each model and test, the same in every run."""
    return np.random.default_rng(zlib.crc32(f"{id} {purpose}".encode()))


def ends(parameter: Parameter) -> list:
    """The extreme values of a parameter: the ends of its range (just inside where it is open), its choices, its absence."""
    values = list(parameter.choices) + ([None] if parameter.default is None else [])
    if parameter.numeric:
        low = math.nextafter(parameter.low, math.inf) if parameter.open_low else parameter.low
        values += [int(low), int(parameter.high)] if parameter.integer else [float(low), float(parameter.high)]
    return values


def inside(parameter: Parameter, random: np.random.Generator) -> object:
    """A random value: often the default, else anywhere in the range, evenly or (where that spans decades) evenly in its logarithm."""
    named = list(parameter.choices) + ([None, None] if parameter.default is None else [])
    if not parameter.numeric or (named and random.random() < 0.6):
        return named[random.integers(len(named))]
    if random.random() < 0.25:
        return parameter.default
    low, high = float(parameter.low), float(parameter.high)
    if random.random() < 0.5 and high > 0:
        floor = math.log(max(low, 1e-6 * high))
        value = math.exp(floor + random.random() * (math.log(high) - floor))
    else:
        value = low + random.random() * (high - low)
    value = min(max(value, low), high)
    return round(value) if parameter.integer else value


def drawn_parameters(id: str) -> list[Parameter]:
    """The parameters of a model over the range from which points are drawn."""
    reach = REACH.get(id, {})
    return [replace(p, high=reach[p.name]) if p.name in reach else p for p in engine.model(id).parameters]


def random_point(id: str, random: np.random.Generator) -> dict:
    return {parameter.name: inside(parameter, random) for parameter in drawn_parameters(id)}


def corner(id: str, random: np.random.Generator) -> dict:
    point = {}
    for parameter in drawn_parameters(id):
        values = ends(parameter)
        point[parameter.name] = values[random.integers(len(values))]
    return point


def try_solve(id: str, point: dict) -> dict | None:
    """The solution; None where the parameters conflict or, if `solve` says that this may be, the iteration fails."""
    chosen = engine.model(id)
    try:
        return engine.solve(id, **point)
    except engine.ParameterError as error:
        conflict = chosen.parameter(error.name)  # which names one of the model's parameters
    except engine.ConvergenceError:
        conflict = None
    assert conflict or "ConvergenceError" in chosen.solve.__doc__, point
    return None


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(a == b or (a != a and b != b) for a, b in zip(one.values(), other.values(), strict=True))


def check_solution(id: str, point: dict, found: dict) -> None:
    """Every declared observable, nothing else, of the right type, finite unless it is declared that it need not be."""
    chosen = engine.model(id)
    undefined = {name: bool(o.undefined) for o in chosen.observables for name in o.names(chosen.validate(point))}
    assert set(found) == set(undefined), point
    for name, value in found.items():
        assert isinstance(value, (float, int, bool, str)), (name, type(value))
        if not isinstance(value, str):
            assert math.isfinite(value) or undefined[name], (name, value, point)


@every_model
def test_declaration(id):
    chosen = engine.model(id)
    assert chosen.id == id
    assert chosen.solve.__module__.startswith(f"engine.{chosen.chapter}.")
    assert chosen.question.endswith("?")
    assert "$" in chosen.equations
    assert chosen.references
    assert chosen.landmarks
    for parameters in (chosen.parameters, (chosen.size, chosen.trials)):
        assert len({p.name for p in parameters}) == len(parameters)
        for parameter in parameters:
            assert parameter.validate(parameter.default) == parameter.default
            assert parameter.meaning
            assert parameter.scale in ("linear", "log")
    assert all(chosen.parameter(axis).numeric for axis in chosen.solve_axes + chosen.simulate_axes)
    assert bool(chosen.solve_along) == bool(chosen.solve_axes)
    assert bool(chosen.simulate_along) == bool(chosen.simulate_axes)


@every_model
def test_landmarks_hold(id):
    broken = []
    for landmark in engine.model(id).landmarks:
        assert landmark.source
        found = engine.solve(id, **landmark.parameters)[landmark.observable]
        if landmark.deviation(found) > 1:
            broken.append((landmark, found))
    assert broken == []


@every_model
def test_defaults_have_a_solution(id):
    check_solution(id, {}, engine.solve(id))


def check_solutions(id: str, draw, random: np.random.Generator) -> int:
    """Check solutions at POINTS points drawn; conflicting ones are drawn again, up to 20 times as many. Returns how many were solved."""
    solved = 0
    for _ in range(20 * POINTS):
        point = draw(id, random)
        found = try_solve(id, point)
        if found is not None:
            solved += 1
            check_solution(id, point, found)
        if solved == POINTS:
            break
    return solved


@every_model
def test_random_points(id):
    assert check_solutions(id, random_point, generator(id, "inside")) == POINTS


@every_model
def test_corners_of_the_declared_range(id):
    assert check_solutions(id, corner, generator(id, "corners")) > 0


@every_model
def test_one_extreme_parameter_at_a_time(id):
    for parameter in engine.model(id).parameters:
        for value in ends(parameter):
            found = try_solve(id, {parameter.name: value})
            if found is not None:
                check_solution(id, {parameter.name: value}, found)


def bad_values(parameter: Parameter) -> list:
    values = [math.nan, math.inf, -math.inf, "nonsense", "", True, [1.0], {}, 1j]
    if not parameter.numeric:
        return [*values, 0, *(choice + " " for choice in parameter.choices[:1])]
    values += [math.nextafter(parameter.low, -math.inf), parameter.high * (1 + 1e-9) + 1e-300, 10**400]
    if parameter.open_low:
        values.append(parameter.low)
    if parameter.integer:
        values += [parameter.low + 0.5, parameter.low - 1, parameter.high + 1]
    if parameter.default is not None:
        values.append(None)
    return values


@every_model
def test_bad_values_are_refused(id):
    chosen = engine.model(id)
    for parameter in chosen.parameters:
        for value in bad_values(parameter):
            with pytest.raises(engine.ParameterError) as caught:
                engine.solve(id, **{parameter.name: value})
            assert caught.value.name == parameter.name
            assert parameter.allowed in str(caught.value)
    for parameter in (chosen.size, chosen.trials):
        for value in bad_values(parameter):
            if value is not None:  # None stands for the default
                with pytest.raises(engine.ParameterError, match=parameter.name):
                    engine.simulate(id, **{parameter.name: value})


@every_model
def test_unknown_parameters_are_refused(id):
    first = engine.model(id).parameters[0]
    for call in (engine.solve, engine.simulate, lambda id, **given: engine.sweep(id, {first.name: [first.default]}, **given)):
        with pytest.raises(engine.ParameterError, match="temperature_of_the_sea"):
            call(id, temperature_of_the_sea=1.0)


@every_model
def test_solve_is_pure_and_safe_in_threads(id):
    random = generator(id, "threads")
    points = [{}] + [random_point(id, random) for _ in range(7)]
    alone = [try_solve(id, point) for point in points]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda point: try_solve(id, point), points + points[::-1]))
    for first, second in zip(alone + alone[::-1], together, strict=True):
        assert (first is None) == (second is None)
        assert first is None or same(first, second)


def solve_line(id: str, axis: str, values: np.ndarray, point: dict) -> dict | None:
    fixed = {name: value for name, value in engine.model(id).validate(point).items() if name != axis}
    try:
        return engine.model(id).solve_along(axis, values, **fixed)
    except (engine.ParameterError, engine.ConvergenceError):
        return None


@every_model
def test_a_line_is_its_points(id):
    chosen, random = engine.model(id), generator(id, "lines")
    for axis in chosen.solve_axes:
        parameter = chosen.parameter(axis)
        for point in ({}, random_point(id, random)):
            drawn = sorted({value for _ in range(8) if isinstance(value := inside(parameter, random), (int, float))})
            line = solve_line(id, axis, np.array(drawn), point)
            for i, value in enumerate(drawn):
                found = try_solve(id, {**point, axis: value})
                if found is None or line is None:
                    assert found is None or line is not None
                    assert line is None or all(column[i] != column[i] or column[i] == "" for column in line.values())
                    continue
                assert set(line) == set(found)
                for name, expected in found.items():
                    where = f"{name} at {axis}={value} of {point}"
                    if isinstance(expected, str):
                        assert line[name][i] == expected, where
                    else:
                        np.testing.assert_allclose(line[name][i], expected, rtol=1e-6, atol=1e-9, err_msg=where)


class CancelledError(Exception):
    pass


def quick(id: str) -> dict:
    """A size and a number of trials for an experiment that only has to run."""
    chosen = engine.model(id)
    size = chosen.size.default and max(int(chosen.size.low), min(chosen.size.default, 24))
    return {"size": size, "trials": max(2, int(chosen.trials.low))}


def equal(one: dict[str, Estimate], other: dict[str, Estimate]) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(getattr(one[name], part), getattr(other[name], part), equal_nan=True) for name in one for part in ("mean", "sem")
    )


@every_model
def test_experiment_is_reproducible_and_speaks_the_theory_s_names(id):
    first, second = (engine.simulate(id, seed=1, **quick(id)) for _ in range(2))
    assert equal(first, second)
    assert any(not equal(first, engine.simulate(id, seed=seed, **quick(id))) for seed in range(2, 10))
    assert set(first) <= set(engine.solve(id))
    for estimate in first.values():
        assert isinstance(estimate.mean, float)
        assert isinstance(estimate.sem, float)
        assert math.isnan(estimate.sem) or estimate.sem >= 0


@every_model
def test_experiment_reports_progress_and_can_be_cancelled(id):
    reported = []
    engine.simulate(id, progress=reported.append, **quick(id))
    assert reported == sorted(reported)
    assert reported[0] >= 0.0
    assert reported[-1] == 1.0
    calls = []

    def cancel(fraction):
        calls.append(fraction)
        if len(calls) == 2:
            raise CancelledError

    with pytest.raises(CancelledError):
        engine.simulate(id, progress=cancel, **quick(id))
    assert len(calls) == 2


@every_model
def test_experiment_along_an_axis(id):
    chosen = engine.model(id)
    for axis in chosen.simulate_axes:
        default = chosen.validate({})[axis]
        parameter = chosen.parameter(axis)
        values = [value for value in (default, 1.1 * (default or 0)) if value is not None and parameter.low <= value <= parameter.high]
        values = [int(value) for value in values] if parameter.integer else values
        if values == [0] or not values:
            values = [int(parameter.low) + 1, int(parameter.low) + 2]
        reported = []
        curves = [engine.simulate_along(id, axis, values, seed=3, progress=reported.append, **quick(id)) for _ in range(2)]
        assert equal(*curves)
        assert reported[-1] == 1.0
        assert set(curves[0]) <= set(engine.solve(id))
        for estimate in curves[0].values():
            assert np.shape(estimate.mean) == np.shape(estimate.sem) == (len(values),)

import math

import numpy as np
import pytest

from engine.experiment import simulate, simulate_along
from engine.model import ConvergenceError, Parameter, ParameterError, mean_sem
from tests.engine.conftest import toy


def test_reproducible_from_its_seed(pointwise):
    first, again, other = (simulate("toy", size=50, trials=8, seed=seed, x=2.0)["y"] for seed in (3, 3, 4))
    assert first == again
    assert first != other
    assert abs(first.mean - 4.0) < 4 * first.sem


def test_defaults_are_the_models_own(pointwise):
    assert simulate("toy") == simulate("toy", size=100, trials=10, seed=0, x=1.0, K=2)


@pytest.mark.parametrize(
    ("given", "name"), [({"size": 0}, "size"), ({"trials": 1.5}, "trials"), ({"seed": -1}, "seed"), ({"x": math.nan}, "x"), ({"z": 1}, "z")]
)
def test_bad_input(pointwise, given, name):
    with pytest.raises(ParameterError) as caught:
        simulate("toy", **given)
    assert caught.value.name == name
    with pytest.raises(ParameterError) as caught:
        simulate_along("toy", "K", [1, 2], **given)
    assert caught.value.name == name


def test_progress_and_cancelling(pointwise):
    seen = []

    def until_half(fraction):
        seen.append(fraction)
        if fraction >= 0.5:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        simulate("toy", trials=4, progress=until_half)
    assert seen == [0.25, 0.5]


def test_along_points_have_trials_of_their_own(pointwise):
    seen = []
    curve = simulate_along("toy", "x", [1.0, 1.0, 3.0], size=400, trials=6, seed=5, progress=seen.append)["y"]
    assert curve.mean.shape == curve.sem.shape == (3,)
    assert curve.mean[0] != curve.mean[1]
    np.testing.assert_array_less(np.abs(curve.mean - [2, 2, 6]), 5 * curve.sem)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    again = simulate_along("toy", "x", [1.0, 1.0, 3.0], size=400, trials=6, seed=5)["y"]
    np.testing.assert_array_equal(curve.mean, again.mean)


def test_one_run_yields_the_curve_where_the_model_can(lined):
    curve = simulate_along("toy", "x", [1.0, 2.0, 4.0], trials=6, seed=5)["y"]
    np.testing.assert_allclose(np.diff(curve.mean), [1.0, 2.0], rtol=1e-12)  # one noise for the whole curve


@pytest.mark.parametrize(("values", "fixed"), [([], {}), ([1.0, 11.0], {}), ([1.0], {"x": 2.0})])
def test_bad_axis(lined, values, fixed):
    with pytest.raises(ParameterError, match="x"):
        simulate_along("toy", "x", values, **fixed)


def test_an_experiment_that_fails_says_so(pointwise):
    with pytest.raises(ConvergenceError):
        simulate_along("toy", "x", [1.0, 9.5], mode="hard")


def test_a_seed_of_the_theory_is_that_of_the_experiment(install):
    def seeded(size, trials, seed, progress, **p):
        return {"y": mean_sem([float(seed)] * trials)}

    parameter = Parameter("seed", "s", "seed of the quadrature", 0, 0, 9, integer=True)
    install(toy(parameters=(parameter,), simulate=seeded))
    assert simulate("toy", seed=3)["y"].mean == 3.0
    install(toy(parameters=(Parameter("x", "x", "a real", 1.0, 0, 10), parameter), simulate=seeded))
    assert (simulate_along("toy", "x", [1.0, 2.0], seed=3)["y"].mean > 9).all()  # a seed of its own for every point

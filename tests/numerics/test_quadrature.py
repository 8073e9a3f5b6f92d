import numpy as np
import pytest

from engine.numerics.quadrature import graded_edges, panel_rule


def test_edges_are_sorted_inside_and_graded():
    edges = graded_edges(-10.0, 10.0, 1.0, 1e-3)
    assert edges[0] == -10.0
    assert edges[-1] == 10.0
    assert np.all(np.diff(edges) > 0)
    assert {1.0 - 1e-3, 1.0, 1.0 + 1e-3, 1.0 + 1e-3 * 2**10} <= set(edges)


@pytest.mark.parametrize("centre", [-1e4, -10.0, 10.0, 30.0])
def test_edges_around_a_centre_outside(centre):
    edges = graded_edges(-10.0, 10.0, centre, 0.1)
    assert edges[0] == -10.0
    assert edges[-1] == 10.0
    assert np.all(np.diff(edges) > 0)


def test_rule_is_exact_for_polynomials():
    nodes, weights = panel_rule(np.array([-1.0, 0.3, 0.3, 2.0]), 0.5)
    assert nodes.size == weights.size == 16 * (3 + 4)
    for power in range(20):
        assert np.sum(weights * nodes**power) == pytest.approx((2.0 ** (power + 1) - (-1.0) ** (power + 1)) / (power + 1), rel=1e-13)


@pytest.mark.parametrize("width", [1.0, 1e-3, 1e-6, 1e-9])
def test_rule_resolves_a_kink_of_any_width(width):
    """int 1/(1 + (t/w)^2) and the slow tail int log(1 + (t/w)^2), both in closed form."""
    nodes, weights = panel_rule(graded_edges(-3.0, 5.0, 0.0, width), 1.5)
    assert np.sum(weights / (1 + (nodes / width) ** 2)) == pytest.approx(width * (np.arctan(5 / width) + np.arctan(3 / width)), rel=1e-12)

    def primitive(t):
        return t * np.log1p((t / width) ** 2) - 2 * t + 2 * width * np.arctan(t / width)

    assert np.sum(weights * np.log1p((nodes / width) ** 2)) == pytest.approx(primitive(5.0) - primitive(-3.0), rel=1e-12)

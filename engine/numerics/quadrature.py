"""Composite Gauss-Legendre quadrature for integrands that bend sharply at a known place."""

import math

import numpy as np
from numba import njit

NODES_16, WEIGHTS_16 = np.polynomial.legendre.leggauss(16)  # on [-1, 1]


@njit(cache=True, nogil=True)
def graded_edges(low, high, centre, width):
    """Panel edges on [low, high] fine around `centre`: the ends, centre, and centre +- width 2^k (k = 0, 1, ...) as far as inside.

    Returns a sorted array. For an integrand that changes over `width` (> 0) at `centre`, which may lie outside.
    """
    edges = [low, high]
    if low < centre < high:
        edges.append(centre)
    reach = max(abs(high - centre), abs(low - centre))
    step = width
    while step < reach:
        if low < centre - step < high:
            edges.append(centre - step)
        if low < centre + step < high:
            edges.append(centre + step)
        step *= 2.0
    return np.sort(np.array(edges))


@njit(cache=True, nogil=True)
def panel_rule(edges, widest):
    """Nodes and weights, 16 per panel, of the panels between sorted `edges`, those wider than `widest` cut into equal parts.

    Returns (t, w), both (nodes,): the integral of f over the whole range is sum(w f(t)).
    """
    panels = 0
    for i in range(edges.size - 1):
        panels += math.ceil((edges[i + 1] - edges[i]) / widest)
    nodes, weights = np.empty(16 * panels), np.empty(16 * panels)
    filled = 0
    for i in range(edges.size - 1):
        parts = math.ceil((edges[i + 1] - edges[i]) / widest)
        half = 0.5 * (edges[i + 1] - edges[i]) / max(parts, 1)
        for part in range(parts):
            middle = edges[i] + (2 * part + 1) * half
            for j in range(16):
                nodes[filled] = middle + half * NODES_16[j]
                weights[filled] = half * WEIGHTS_16[j]
                filled += 1
    return nodes, weights

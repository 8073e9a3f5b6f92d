"""Metropolis dynamics of a perceptron that learns at temperature T, from random weights or from its teacher's."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def total_energy(fields, boolean):
    r"""$\sum_\mu\Theta(-f_\mu)$ of fields times labels, or $\frac12\sum_\mu f_\mu^2$ of differences of fields."""
    total = 0.0
    for mu in range(fields.size):
        total += (1.0 if fields[mu] < 0.0 else 0.0) if boolean else 0.5 * fields[mu] * fields[mu]
    return total


@njit(cache=True, nogil=True)
def metropolis(X, w, fields, betas, uniform, ising, boolean):
    r"""A sweep of D proposals at each of `betas` (sweeps,): flips of one weight if `ising`, else rotations of two by an angle in $\pm0.4$.

    X (D, N) holds the inputs, times labels if `boolean`, over $\sqrt D$; w (D,) and fields (N,) are updated in place; uniform (sweeps, D, 3)
    random numbers. Returns (sweeps, 2): $w\cdot w^*/D$ with $w^*=(1,\dots,1)$, and the energy.
    """
    size = w.size
    path, change = np.empty((betas.size, 2)), np.empty_like(fields)
    energy = total_energy(fields, boolean)
    for sweep in range(betas.size):
        for i in range(size):
            if ising:
                j, new_i, new_j = i, -w[i], 0.0
                for mu in range(fields.size):
                    change[mu] = fields[mu] + 2.0 * new_i * X[i, mu]
            else:
                j = (i + 1 + int(uniform[sweep, i, 1] * (size - 1))) % size
                angle = 0.8 * uniform[sweep, i, 2] - 0.4
                new_i = math.cos(angle) * w[i] - math.sin(angle) * w[j]
                new_j = math.sin(angle) * w[i] + math.cos(angle) * w[j]
                for mu in range(fields.size):
                    change[mu] = fields[mu] + (new_i - w[i]) * X[i, mu] + (new_j - w[j]) * X[j, mu]
            after = total_energy(change, boolean)
            rise = after - energy
            if rise <= 0.0 or uniform[sweep, i, 0] < math.exp(-betas[sweep] * rise):
                w[j] = new_j
                w[i] = new_i
                energy = after
                fields[:] = change
        path[sweep, 0], path[sweep, 1] = w.sum() / size, energy
    return path


def trial(random: np.random.Generator, rows: int, size: int, T: float, ising: bool, boolean: bool, informed: bool) -> np.ndarray:
    """Time averages of overlap, generalization and training error in one sample, (3,).

    A random start is cooled from T = 1 over the first sweeps; a start at the teacher stays at T.
    """
    X = random.standard_normal((size, rows)) / math.sqrt(size)
    teacher = X.sum(axis=0)
    if boolean:
        X *= np.sign(teacher)
    w = random.standard_normal(size)
    w = np.sign(w) if ising else w * math.sqrt(size) / np.linalg.norm(w)
    if informed:
        w = np.ones(size)
    sweeps, burn = (2000, 500) if ising else (4000, 1000)
    temperatures = np.full(sweeps, T)
    if not informed:
        temperatures[:burn] = np.linspace(max(T, 1.0), T, burn)
    with np.errstate(divide="ignore"):
        betas = 1.0 / temperatures
    parts = []
    for chunk in np.split(betas, sweeps // 100):
        fields = w @ X - (0.0 if boolean else teacher)
        parts.append(metropolis(X, w, fields, chunk, random.random((len(chunk), size, 3)), ising, boolean))
    overlap, energy = np.concatenate(parts)[burn:].T
    error = np.arccos(np.clip(overlap, -1.0, 1.0)) / math.pi if boolean else 1.0 - overlap
    return np.array([overlap.mean(), error.mean(), energy.mean() / rows])

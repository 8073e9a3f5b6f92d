r"""Gradient descent by dynamical mean-field theory: a population of representative training samples, marched forward in time.

Path $j$ has the field $h^t=cm^t+\sqrt\Delta\,(\zeta^t+\sum_{s<t}R_w(t,s)g^s)$. Its noise is what the weights are made of,
$\zeta^t=m^tz_*+\kappa^tz_0+\sqrt\alpha\sum_{s<t}R_w(t,s)\chi^s$ with the gradients of the others, $\chi\sim\mathcal{GP}(0,C_g)$: its covariance is C.
Averages over the batch indicator $s^t$ use its probability $p^t$ given the past, except in the correlations of $\chi$: those of the sampled
gradients themselves are positive definite whatever the sampling errors. (A root of C, or of $C_g$ averaged over $s$, amplifies those errors by
small pivots: for batches near the full one by far more than they are.) Gaussians come from scrambled Sobol points, mirrored and whitened.
Paths lie in blocks of LANES; those of a block belong to the same cluster, the second half of it mirrors the first.
"""

import math
from functools import lru_cache

import numpy as np
from numba import njit
from scipy.special import ndtri

from engine.dynamics.dmft_weights import LOGISTIC, SQHINGE, SQUARE, Path, advance, root_row

LANES = 64
WORD = 32  # bits of a Sobol coordinate
LONGEST = 402  # rows of noise


@lru_cache(maxsize=1)
def direction_numbers() -> np.ndarray:
    """Direction numbers of Sobol's sequence, (LONGEST, 16) of WORD bits: 2^16 points."""
    from scipy.stats.qmc import Sobol

    sequence, drawn, columns = Sobol(LONGEST, scramble=False), 0, []
    for j in range(16):
        sequence.fast_forward(2**j - drawn)
        columns.append((sequence.random(1)[0] * 2.0**WORD).astype(np.uint64))  # x at 2^j: numbers j and j - 1, by Gray's code
        drawn = 2**j + 1
    return np.bitwise_xor.accumulate(np.array(columns)).T.copy()


@njit(cache=True, nogil=True)
def scrambled_points(numbers, words, points):
    """Write Sobol points with a random linear scrambling and a digital shift (Matoušek 1998) to `points` (dimensions, n), n a power of 2.

    numbers (dimensions, 16) direction numbers, words (dimensions, WORD + 1) random.
    """
    scale = 0.5**WORD
    scrambled = np.empty(numbers.shape[1], np.uint64)
    for d in range(points.shape[0]):
        for j in range(numbers.shape[1]):
            word = np.uint64(0)
            for k in range(WORD):
                bit = np.uint64(1) << np.uint64(k)
                if numbers[d, j] & bit:
                    word ^= bit | (words[d, k] & (bit - np.uint64(1)))
            scrambled[j] = word
        word = words[d, WORD]
        points[d, 0] = (word + 0.5) * scale
        for i in range(1, points.shape[1]):
            j = 0
            while not (i >> j) & 1:
                j += 1
            word ^= scrambled[j]
            points[d, i] = (word + 0.5) * scale


@njit(cache=True, nogil=True)
def whiten(E):
    """Make the rows of E (dimensions, n) orthogonal with mean square 1, one after the other, as long as there are 2 points per row."""
    n = E.shape[1]
    for t in range(min(E.shape[0], n // 2)):
        row = E[t]
        for s in range(t):
            other = E[s]
            p0 = p1 = p2 = p3 = 0.0
            for i in range(0, n, 4):
                p0 += row[i] * other[i]
                p1 += row[i + 1] * other[i + 1]
                p2 += row[i + 2] * other[i + 2]
                p3 += row[i + 3] * other[i + 3]
            overlap = (p0 + p1 + p2 + p3) / n
            for i in range(n):
                row[i] -= overlap * other[i]
        norm = 0.0
        for i in range(n):
            norm += row[i] * row[i]
        scale = math.sqrt(n / norm)
        for i in range(n):
            row[i] *= scale


def gaussians(seed: int, rows: int, pairs: int, strata: int) -> np.ndarray:
    """White noise of half the paths, (blocks, rows, LANES/2), one scrambling per stratum. Fewer rows are a prefix."""
    parts = []
    for stratum in range(strata):
        words = np.random.default_rng([seed, stratum]).integers(0, 2**WORD, (rows, WORD + 1), np.uint64)
        points = np.empty((rows, pairs // strata))
        scrambled_points(direction_numbers()[:rows], words, points)
        ndtri(points, out=points)
        whiten(points)
        parts.append(points.reshape(rows, -1, LANES // 2).transpose(1, 0, 2))
    return np.ascontiguousarray(np.concatenate(parts))


def batches(seed: int, steps: int, paths: int, strata: int, problem) -> np.ndarray:
    """Whether each path is in the mini-batch, (blocks, steps + 1, LANES) of 0 and 1; exactly the expected number changes at each step."""
    if problem.batch == 1.0:
        return np.ones((paths // LANES, steps + 1, LANES), np.uint8)
    parts, n, b = [], paths // strata, problem.batch
    for stratum in range(strata):
        rng = np.random.default_rng([seed, stratum, 1])
        active = np.zeros((steps + 1, n), np.uint8)

        def draw(row, candidates, probability, value, rng=rng):
            count = math.floor(probability * candidates.size + rng.random())
            row[rng.permutation(candidates)[:count]] = value

        for t in range(steps + 1):
            if t and problem.tau:
                active[t] = active[t - 1]
                on, off = np.flatnonzero(active[t - 1]), np.flatnonzero(active[t - 1] == 0)
                draw(active[t], off, problem.eta / problem.tau, 1)
                draw(active[t], on, (1.0 - b) / b * problem.eta / problem.tau, 0)
            else:
                draw(active[t], np.arange(n), b, 1)
        parts.append(active.reshape(steps + 1, -1, LANES).transpose(1, 0, 2))
    return np.ascontiguousarray(np.concatenate(parts))


@njit(cache=True, nogil=True)
def loss_derivatives(loss, v):
    """Loss, its first and its second derivative at the margin v."""
    if loss == LOGISTIC:
        e = math.exp(-abs(v))
        wrong = 1.0 / (1.0 + e) if v < 0.0 else e / (1.0 + e)
        return math.log1p(e) + max(-v, 0.0), -wrong, e / (1.0 + e) ** 2
    gap = 1.0 - v
    if loss == SQUARE or gap > 0.0:
        return 0.5 * gap * gap, -gap, 1.0
    return 0.0, 0.0, 0.0


@njit(cache=True, nogil=True)
def field_derivatives(problem, c, h):
    r"""Loss $\ell(y\varphi(h))$, $\partial_h$, $\partial_h^2$ and the margin, for the cluster c (3 clusters: y = 1 if c else -1)."""
    if problem.clusters == 2:
        value, first, second = loss_derivatives(problem.loss, h)
        return value, first, second, h
    y = 1.0 if c == 1.0 else -1.0
    v = y * (h * h - problem.L * problem.L)
    value, first, second = loss_derivatives(problem.loss, v)
    return value, y * first * 2.0 * h, second * 4.0 * h * h + 2.0 * y * first, v


@njit(cache=True, nogil=True)
def fields(problem, t, c, m, kappa, R_w, E, chi, g, zeta, h):
    r"""Write $\zeta^t=m^tz_*+\kappa^tz_0+\sqrt\alpha\sum_{s<t}R_w(t,s)\chi^s$ and $h^t$ of one block (LANES,).

    E (2 + steps, LANES/2) holds z_* and z_0 in its first rows, chi (steps+1, LANES/2), g (steps+1, LANES).
    """
    half = zeta.size // 2
    for j in range(half):
        zeta[j] = m[t] * E[0, j] + kappa[t] * E[1, j]
    for s in range(t):
        weight = math.sqrt(problem.alpha) * R_w[t, s]
        for j in range(half):
            zeta[j] += weight * chi[s, j]
    for j in range(half):
        zeta[half + j] = -zeta[j]
    h[:] = zeta
    for s in range(t):
        weight = R_w[t, s]
        for j in range(h.size):
            h[j] += weight * g[s, j]
    scale = math.sqrt(problem.delta)
    for j in range(h.size):
        h[j] = c * m[t] + scale * h[j]


@njit(cache=True, nogil=True)
def gradient_noise(t, scale, root, E, chi):
    r"""Write $\chi^t=\sum_{s\le t}\mathrm{root}(t,s)\varepsilon^s$ of every block: E (blocks, 2 + steps, LANES/2), chi (blocks, steps+1, LANES/2)."""
    for block in range(chi.shape[0]):
        row = chi[block, t]
        row[:] = 0.0
        for s in range(t + 1):
            weight = scale * root[t, s]
            for j in range(row.size):
                row[j] += weight * E[block, s + 2, j]


@njit(cache=True, nogil=True)
def response_rows(t, R_t, F, D):
    r"""Fill $D(t,s)=\partial g^t/\partial\zeta^s$, s < t, of one block below D[t] = $D(t,t)$: (steps+1, LANES) each; R_t[s, i] = R_w(i, s).

    With $F_s=s^s\sqrt\Delta\,\partial^2\ell$: $D(t,s)=F_s\sum_{s<i\le t}D(t,i)R_w(i,s)$, the transposed form of
    $D(t,s)=F_t[\delta_{ts}+\sum_{s\le i<t}R_w(t,i)D(i,s)]$: it needs no other rows of D.
    """
    for s in range(t):
        for j in range(D.shape[1]):
            D[s, j] = 0.0
    for s in range(t - 1, -1, -1):
        i = s + 1
        while i + 3 <= t:
            r0, r1, r2, r3 = R_t[s, i], R_t[s, i + 1], R_t[s, i + 2], R_t[s, i + 3]
            for j in range(D.shape[1]):
                D[s, j] += (r0 * D[i, j] + r1 * D[i + 1, j]) + (r2 * D[i + 2, j] + r3 * D[i + 3, j])
            i += 4
        while i <= t:
            for j in range(D.shape[1]):
                D[s, j] += R_t[s, i] * D[i, j]
            i += 1
        for j in range(D.shape[1]):
            D[s, j] *= F[s, j]


@njit(cache=True, nogil=True)
def mean_over_lanes(sums, paths, t, row):
    """row[s] = sum of sums[s] / paths for s <= t."""
    for s in range(t + 1):
        total = 0.0
        for j in range(sums.shape[1]):
            total += sums[s, j]
        row[s] = total / paths


@njit(cache=True, nogil=True)
def sample_averages(problem, correct, t, m, kappa, C, R_w, R_t, E, chi, active, g, F, D, sums, C_g, gram, R_g):
    r"""Row t of g and F for every path, of $C_g$ and $R_g$; returns $E[cg^t]$, training error and loss.

    E, chi (blocks, steps, LANES/2), active, g, F (blocks, steps+1, LANES); D (steps+1, LANES) and sums (3, steps+1, LANES) are work space; `gram` is $C_g$ of the gradients as they are.
    `correct` replaces the sampled $R_g(t,t)$ by what Stein's lemma makes of $E[g^t\zeta^t]$ and the other $R_g(t,s)$.
    """
    blocks, lanes = E.shape[0], g.shape[2]
    paths = blocks * lanes
    zeta, h, pull = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    scale = math.sqrt(problem.delta)
    a = error = loss = stein = 0.0
    sums[:, : t + 1] = 0.0
    for block in range(blocks):
        c = 1.0 if problem.clusters == 2 or 2 * block >= blocks else 0.0
        fields(problem, t, c, m, kappa, R_w, E[block], chi[block], g[block], zeta, h)
        for j in range(lanes):
            value, first, second, margin = field_derivatives(problem, c, h[j])
            p = problem.batch
            if problem.tau > 0.0 and t > 0:
                flip = problem.eta / problem.tau
                p = 1.0 - (1.0 - problem.batch) / problem.batch * flip if active[block, t - 1, j] else flip
            pull[j] = p * first
            D[t, j] = p * scale * second
            g[block, t, j] = active[block, t, j] * first
            F[block, t, j] = active[block, t, j] * scale * second
            a += c * pull[j] if problem.clusters == 2 or m[t] != 0.0 else 0.0
            stein += pull[j] * zeta[j]
            loss += value
            error += 1.0 if margin < 0.0 else (0.5 if margin == 0.0 else 0.0)
            sums[0, t, j] += pull[j] * first
        for s in range(t):
            for j in range(lanes):
                sums[0, s, j] += pull[j] * g[block, s, j]
        for s in range(t + 1):
            for j in range(lanes):
                sums[2, s, j] += g[block, t, j] * g[block, s, j]
        response_rows(t, R_t, F[block], D)
        for s in range(t + 1):
            for j in range(lanes):
                sums[1, s, j] += D[s, j]
    mean_over_lanes(sums[0], paths, t, C_g)
    mean_over_lanes(sums[1], paths, t, R_g)
    mean_over_lanes(sums[2], paths, t, gram)
    if correct and C[t, t] > 0.0:
        rest = stein / paths
        for s in range(t + 1):
            rest -= R_g[s] * C[s, t]
        R_g[t] += rest / C[t, t]
    return a / paths, error / paths, loss / paths


@njit(cache=True, nogil=True)
def march_paths(problem, correct, m0, variance, E, active):
    """m (steps+1,), C, R_w (steps+1, steps+1), training error and loss (steps+1,), and how many of the steps+1 were reached."""
    blocks, n, lanes = active.shape
    m, kappa, error, loss = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    C, R_w, R_t = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n), np.float32)
    C_g, gram, root, R_g = np.zeros(n), np.zeros((n, n)), np.zeros((n, n)), np.zeros(n)
    g, chi, F = np.empty((blocks, n, lanes)), np.empty((blocks, n, lanes // 2)), np.empty((blocks, n, lanes), np.float32)
    D, sums = np.empty((n, lanes), np.float32), np.empty((3, n, lanes))
    m[0], kappa[0], C[0, 0] = m0, math.sqrt(variance), variance + m0 * m0
    for t in range(n):
        a, error[t], loss[t] = sample_averages(problem, correct, t, m, kappa, C, R_w, R_t, E, chi, active, g, F, D, sums, C_g, gram[t], R_g)
        if t + 1 < n:
            if not advance(problem, t, a, C_g, R_g, m, kappa, C, R_w):
                return m, C, R_w, error, loss, t + 1
            R_t[: t + 1, t + 1] = R_w[t + 1, : t + 1]
            root_row(gram, root, t)
            scale = math.sqrt(C_g[t] / gram[t, t]) if gram[t, t] > 0.0 else 0.0
            gradient_noise(t, scale, root, E, chi)
    return m, C, R_w, error, loss, n


def sampled_path(problem, steps: int, m0: float, variance: float, samples: int, seed: int) -> Path:
    """The path from a population of `samples` (a power of 2, at least 256); fewer steps give a prefix of it."""
    strata = problem.clusters - 1
    E = gaussians(seed, steps + 2, samples // 2, strata)
    active = batches(seed, steps, samples, strata, problem)
    correct = problem.clusters == 2 and (problem.loss == SQHINGE or problem.tau > 0.0 or problem.batch == 1.0)
    m, C, R_w, error, loss, n = march_paths(problem, correct, m0, variance, E, active)
    return Path(m[:n], C[:n, :n], R_w[:n, :n], error[:n], loss[:n])

r"""The finite-size experiment of two hidden units: approximate message passing (Aubin et al. 2018, alg. 1), one teacher per trial.

With inputs X (N, D) over $\sqrt D$: $\omega=X\hat w-g_{old}V$, $g=\partial_\omega\ln Z_y(\omega,V)$, $\Lambda=-\frac1D\sum_\mu\nabla\nabla\ln Z$,
$b=X^Tg+\hat w\Lambda$, and $\hat w,V$ are means and average covariance of $P_0(w)e^{b\cdot w-w^T\Lambda w/2}$. What keeps it on the road of
state evolution: the Hessian in $\Lambda$ (not $g^Tg$), a floor under the eigenvalues of $V$, damping of $V$ alone.
"""

import math

import numpy as np
from numba import njit

from engine.numerics.gaussian import cdf, pdf
from engine.teacher_student.committee_channel import NODES, WEIGHTS

ITERATIONS = 300
STILL = 1e-4  # mean change of a weight at which AMP has arrived
FLOOR = 1e-4  # of the eigenvalues of V
NEW = 0.6  # share of the new V
IMPOSSIBLE = 1e-9  # probability of a label below which its gradient has no digits
SIGNS = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])


@njit(cache=True, nogil=True)
def nearest_quadrant(h, k, y):
    r"""The point nearest to (h, k) at which the label is y: both coordinates of its sign, or (y = 0) of opposite signs."""
    if y != 0.0:
        return y * max(y * h, 0.0), y * max(y * k, 0.0)
    if h * k <= 0.0:
        return h, k
    return (0.0, k) if abs(h) < abs(k) else (h, 0.0)


@njit(cache=True, nogil=True)
def output(y, omega, V, g):
    r"""Write $g=\partial_\omega\ln Z_y$ (N, 2) for labels y (N,), fields omega (N, 2), covariance V (2, 2); returns $\sum_\mu\nabla\nabla\ln Z$ (2, 2).

    $\partial_hZ=\varphi(h)R_h$ with $R_h=\Phi(c),-\Phi(-c),\Phi(-c)-\Phi(c)$ for $y=1,-1,0$, $c=(k-\rho h)/\sqrt{1-\rho^2}$, and
    $\partial_h^2Z=-h\varphi(h)R_h-m\rho\varphi_2$, $\partial_h\partial_kZ=m\varphi_2$, $m=1,1,-2$. An all but impossible label pulls
    the field to where it is possible.
    """
    first, second = math.sqrt(V[0, 0]), math.sqrt(V[1, 1])
    rho = V[0, 1] / (first * second)
    s = math.sqrt((1.0 - rho) * (1.0 + rho))
    angle = math.asin(rho)
    sines = np.sin(0.5 * angle * (1.0 + NODES))
    inverse = np.array([[V[1, 1], -V[0, 1]], [-V[0, 1], V[0, 0]]]) / (V[0, 0] * V[1, 1] - V[0, 1] ** 2)
    hessian = np.zeros((2, 2))
    for mu in range(y.size):
        h, k = omega[mu, 0] / first, omega[mu, 1] / second
        plus, minus = 0.25 * (h + k) ** 2, 0.25 * (h - k) ** 2
        joint = 0.0
        for m in range(NODES.size):
            joint += WEIGHTS[m] * math.exp(-plus / (1.0 + sines[m]) - minus / (1.0 - sines[m]))
        joint *= angle / (4.0 * math.pi)
        ch, ck = (k - rho * h) / s, (h - rho * k) / s
        if y[mu] > 0.0:
            Z, Rh, Rk, times = cdf(h) * cdf(k) + joint, cdf(ch), cdf(ck), 1.0
        elif y[mu] < 0.0:
            Z, Rh, Rk, times = cdf(-h) * cdf(-k) + joint, -cdf(-ch), -cdf(-ck), 1.0
        else:
            Z = cdf(h) * cdf(-k) + cdf(-h) * cdf(k) - 2.0 * joint
            Rh, Rk, times = cdf(-ch) - cdf(ch), cdf(-ck) - cdf(ck), -2.0
        if Z < IMPOSSIBLE:
            near = nearest_quadrant(h, k, y[mu])
            pull_h, pull_k = (near[0] - h) * first, (near[1] - k) * second
            g[mu, 0] = inverse[0, 0] * pull_h + inverse[0, 1] * pull_k
            g[mu, 1] = inverse[1, 0] * pull_h + inverse[1, 1] * pull_k
            hessian -= inverse
            continue
        density = times * pdf(h) * pdf(ch) / s / Z
        gh, gk = pdf(h) * Rh / Z, pdf(k) * Rk / Z
        g[mu, 0], g[mu, 1] = gh / first, gk / second
        hessian[0, 0] -= (gh * (h + gh) + rho * density) / V[0, 0]
        hessian[1, 1] -= (gk * (k + gk) + rho * density) / V[1, 1]
        hessian[0, 1] += (density - gh * gk) / (first * second)
    hessian[1, 0] = hessian[0, 1]
    return hessian


def denoise(b: np.ndarray, precision: np.ndarray, binary: bool) -> tuple[np.ndarray, np.ndarray]:
    r"""Means (D, 2) and average covariance (2, 2) of $P_0(w)e^{b\cdot w-w^T\Lambda w/2}$, b (D, 2), precision $\Lambda$ (2, 2)."""
    if not binary:
        V = np.linalg.inv(np.eye(2) + precision)
        return b @ V, V
    exponent = b @ SIGNS.T - precision[0, 1] * SIGNS[:, 0] * SIGNS[:, 1]
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    w = weights @ SIGNS
    product = weights @ (SIGNS[:, 0] * SIGNS[:, 1])
    across = np.mean(product - w[:, 0] * w[:, 1])
    return w, np.array([[np.mean(1.0 - w[:, 0] ** 2), across], [across, np.mean(1.0 - w[:, 1] ** 2)]])


def floored(V: np.ndarray) -> np.ndarray:
    """V (2, 2) with eigenvalues of at least `FLOOR`."""
    values, vectors = np.linalg.eigh(V)
    return vectors * np.maximum(values, FLOOR) @ vectors.T


def amp(X: np.ndarray, y: np.ndarray, w: np.ndarray, binary: bool) -> tuple[np.ndarray, np.ndarray]:
    r"""Estimate (D, 2) and posterior covariance (2, 2) where AMP stops, started at w (D, 2) and $V=I$."""
    V, g = np.eye(2), np.zeros((len(y), 2))
    for _ in range(ITERATIONS):
        omega = X @ w - g @ V
        precision = -output(y, omega, V, g) / len(w)
        before = w
        w, posterior = denoise(X.T @ g + w @ precision, precision, binary)
        V = floored(NEW * posterior + (1.0 - NEW) * V)
        if np.abs(w - before).mean() < STILL:
            break
    return w, posterior


def generalization(teacher: np.ndarray, w: np.ndarray, V: np.ndarray) -> float:
    r"""$\frac12\mathbb E(\hat y-y)^2$ over fresh inputs, teacher and estimate (D, 2): $y=\frac12\sum_i\mathrm{sign}z_i$, $\hat y=\frac12\sum_i
    \mathrm{erf}(\omega_i/\sqrt{2V_{ii}})$, and all products of signs of Gaussians average to $\frac2\pi\arcsin$ of their correlation."""
    both = np.hstack([teacher, w])
    covariance = both.T @ both / len(w)
    length = np.sqrt(np.diag(covariance) + np.append([0.0, 0.0], np.diag(V)))
    products = 2.0 / math.pi * np.arcsin(np.clip(covariance / np.outer(length, length), -1.0, 1.0))
    signs = np.array([0.5, 0.5, -0.5, -0.5])
    return float(0.5 * signs @ products @ signs)


def trial(binary: bool, N: int, D: int, steps: None, random: np.random.Generator) -> dict[str, float]:
    """Overlaps with the teacher, after the better of the two pairings of units, and error where AMP stops."""
    teacher = random.choice([-1.0, 1.0], (D, 2)) if binary else random.standard_normal((D, 2))
    X = random.standard_normal((N, D)) / math.sqrt(D)
    y = np.sign(np.sign(X @ teacher).sum(axis=1))
    w, V = amp(X, y, 0.1 * random.standard_normal((D, 2)), binary)
    overlaps = teacher.T @ w / D
    straight, crossed = 0.5 * np.trace(overlaps), 0.5 * np.trace(overlaps[::-1])
    return {
        "q00_amp": max(straight, crossed),
        "q01_amp": min(straight, crossed),
        "gen_error_amp": generalization(teacher, w, V),
    }

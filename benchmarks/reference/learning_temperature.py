"""Replica-symmetric states of Ising students by plain iteration on a fixed quadrature, their transition by brentq."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

EDGES = np.linspace(-11.0, 11.0, 89)
GAUSS, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(20)
t = (EDGES[:-1, None] + np.diff(EDGES)[:, None] / 2 * (1 + GAUSS)).ravel()
DT = (np.diff(EDGES)[:, None] / 2 * GAUSS_WEIGHTS).ravel() * np.exp(-t * t / 2) / np.sqrt(2 * np.pi)


def labels(q: float, R: float, beta: float) -> tuple[float, float, float, float]:
    """q̂/α, R̂/α, G and the training error of boolean output."""
    tau, h0 = np.sqrt(q / (1 - q)) * t, R * t / np.sqrt(q - R * R)
    gain = -np.expm1(-beta)
    Z = np.logaddexp(-beta, np.log(gain) + log_ndtr(tau))
    g = gain * np.exp(-tau * tau / 2 - Z) / np.sqrt(2 * np.pi * (1 - q))
    known = 2 * DT * ndtr(h0)
    mean = 2 * np.sum(DT * np.exp(-h0 * h0 / 2) * g) / np.sqrt(2 * np.pi * (1 - R * R / q))
    return np.sum(known * g * g), mean, np.sum(known * Z), np.sum(known * np.exp(-beta + log_ndtr(-tau) - Z))


def solve(alpha: float, T: float) -> dict[str, float]:
    q = R = 1e-3
    for _ in range(5000):
        square, mean, G, train = labels(q, R, 1 / T)
        qhat, rhat = alpha * square, alpha * mean
        h = np.sqrt(qhat) * t + rhat
        before = q, R
        q, R = np.sum(DT * np.tanh(h) ** 2), np.sum(DT * np.tanh(h))
        if abs(q - before[0]) + abs(R - before[1]) < 1e-12:
            break
    free = -0.5 * (1 - q) * qhat - R * rhat + np.sum(DT * np.logaddexp(h, -h)) + alpha * G
    return {"R_poor": R, "q_poor": q, "train_error_poor": train, "free_entropy_poor": free}


def transition(T: float) -> dict[str, float]:
    """Where the free entropy vanishes, a little beyond the high-temperature line; for temperatures above 0.2."""
    line = 1.6959326 * T
    return {"alpha_transition": brentq(lambda alpha: solve(alpha, T)["free_entropy_poor"], line + 0.5, line + 0.9, xtol=1e-10)}

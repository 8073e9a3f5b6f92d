"""Online perceptron, AdaTron and optimal rule: the equations in the angle (Biehl & Riegler 1994; Kinouchi & Caticha 1992), scipy's DOP853."""

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import ndtr

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
Z = 10 * NODES
GAUSS = 10 * WEIGHTS * np.exp(-(Z**2) / 2) / np.sqrt(2 * np.pi)


def constant(times, rule: str, eta=1.0, flip=0.0, q0=1.0) -> dict[str, np.ndarray]:
    """Error at `times` of a student who starts across the teacher, at a constant learning rate."""
    kappa = 1 - 2 * flip

    def slope(_, y):
        theta, log_Q = y
        sin, cos = np.sin(theta), np.cos(theta)
        if rule == "perceptron":
            rate, pull = eta * np.exp(-log_Q / 2), kappa * sin**2 / np.sqrt(2 * np.pi)
            c, e = (kappa * cos - 1) / np.sqrt(2 * np.pi), flip + kappa * theta / np.pi
        else:
            rate, pull = eta, kappa * sin**3 / np.pi
            e = flip + kappa * (theta - sin * cos) / np.pi
            c = -e
        return -(rate * pull - cos * rate**2 * e / 2) / sin, 2 * rate * c + rate**2 * e

    path = solve_ivp(slope, (0, times[-1]), [np.pi / 2, np.log(q0)], "DOP853", times, rtol=1e-10, atol=1e-12)
    return {"gen_error": path.y[0] / np.pi}


def optimal(times, flip=0.0) -> dict[str, np.ndarray]:
    """Error at `times` of the optimal rule, for a student who starts across the teacher; the rate in the square of the cosine."""
    kappa = 1 - 2 * flip

    def slope(_, y):
        h = Z * np.sqrt(max(y[0], 0.0))
        return kappa**2 / np.pi * max(1 - y[0], 0.0) ** 1.5 * (GAUSS @ (np.exp(-(h**2) / 2) / (flip + kappa * ndtr(h))))

    path = solve_ivp(slope, (0, times[-1]), [0.0], "DOP853", times, rtol=1e-10, atol=1e-13)
    return {"gen_error": np.arccos(np.sqrt(path.y[0])) / np.pi}

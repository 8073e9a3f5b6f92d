"""Online learning of one erf or relu neuron: the equations in (R, Q) (Saad & Solla 1995; Straat & Biehl 2019), scipy's DOP853."""

import numpy as np
from scipy.integrate import solve_ivp


def erf(R: float, Q: float, eta: float, variance: float) -> tuple[float, float, float]:
    """dR/dt, dQ/dt and the test error."""
    L, d = 2 * (1 + Q) - R**2, 1 + 2 * Q
    rr, rl, ll = 1 - 2 * R**2 / d, R / d, Q / d
    spread = np.arcsin(rr / (1 + rr)) - 2 * np.arcsin(rl / np.sqrt((1 + rr) * (1 + ll))) + np.arcsin(ll / (1 + ll)) + np.pi * variance / 2
    dR = 2 * eta / np.pi / (1 + Q) * ((1 + Q - R**2) / np.sqrt(L) - R / np.sqrt(d))
    dQ = 4 * eta / np.pi / (1 + Q) * (R / np.sqrt(L) - Q / np.sqrt(d)) + 4 * eta**2 / np.pi**2 / np.sqrt(d) * spread
    return dR, dQ, (np.pi / 6 + np.arcsin(Q / (1 + Q)) - 2 * np.arcsin(R / np.sqrt(2 * (1 + Q)))) / np.pi


def relu(R: float, Q: float, eta: float, variance: float) -> tuple[float, float, float]:
    """dR/dt, dQ/dt and the test error."""
    r = np.clip(R / np.sqrt(Q), -1, 1)
    a, s = np.pi / 2 + np.arcsin(r), np.sqrt(1 - r**2)
    both = np.sqrt(Q) * (s + r * a) / (2 * np.pi)
    slope = (r * s + a) / (2 * np.pi)
    return eta * (slope - R / 2), 2 * eta * (both - Q / 2) + eta**2 * (slope - 2 * both + Q / 2 + variance / 2), 0.25 - both + Q / 4


def trajectory(times, activation: str, eta=0.5, sigma=0.0, q0=1.0, rho0=0.0) -> dict[str, np.ndarray]:
    """Test error, R and Q at `times`."""
    flow = {"erf": erf, "relu": relu}[activation]
    y0 = [rho0 * np.sqrt(q0), q0]
    path = solve_ivp(lambda _, y: flow(*y, eta, sigma**2)[:2], (0, times[-1]), y0, "DOP853", times, rtol=1e-10, atol=1e-13)
    return {"gen_error": np.array([flow(*y, eta, sigma**2)[2] for y in path.y.T]), "R": path.y[0], "Q": path.y[1]}

r"""Penalised robust regression on a finite sample: $\min_w\sum_\mu\ell(y^\mu-u^\mu\!\cdot w)+\sum_ir(w_i)$.

Losses $\frac12r^2$, $|r|$, Huber; penalties none, $\frac\lambda2w^2$, $\lambda|w|$. Rows of U (N, D); y (N,).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from engine.model import ConvergenceError
from engine.numerics.fits import fit_square


@dataclass
class Box:
    r"""Duals x of $\max_{|x|\le\text{limit}}xz-\frac\kappa2x^2$ and the slacks of both bounds: $z=\kappa x+\text{above}-\text{below}$ at the optimum."""

    limit: float
    kappa: float
    x: np.ndarray
    above: np.ndarray
    below: np.ndarray

    def gap(self) -> float:
        """Complementarity: what is left between primal and dual objective."""
        return float(self.above @ (self.limit - self.x) + self.below @ (self.limit + self.x))

    def linearise(self, z: np.ndarray, target: float, bend: tuple) -> tuple:
        """(c, h) of dz = c + h dx, and the parts of the slacks' steps that do not follow x. `bend`: second-order terms of both products."""
        left, right = self.limit - self.x, self.limit + self.x
        up, down = (target + bend[0]) / left - self.above, (target - bend[1]) / right - self.below
        rise = self.kappa * self.x + self.above - self.below - z
        return rise + up - down, self.kappa + self.above / left + self.below / right, up, down

    def steps(self, dx: np.ndarray, up: np.ndarray, down: np.ndarray) -> tuple:
        """(dx, steps of the slacks)."""
        return dx, up + self.above / (self.limit - self.x) * dx, down - self.below / (self.limit + self.x) * dx

    def reach(self, steps: tuple) -> float:
        """The longest step, at most 1, that stays inside."""
        dx, up, down = steps
        pairs = ((self.limit - self.x, -dx), (self.limit + self.x, dx), (self.above, up), (self.below, down))
        return min(1.0, *(0.995 / max(float(np.max(-step / room)), 1e-300) for room, step in pairs))

    def moved(self, steps: tuple, size: float) -> "Box":
        """The box after a step."""
        dx, up, down = steps
        return Box(self.limit, self.kappa, self.x + size * dx, self.above + size * up, self.below + size * down)


def fit_robust(U: np.ndarray, y: np.ndarray, loss: str, huber: float, penalty: str, lam: float) -> np.ndarray:
    r"""The minimiser w (D,). Without penalty N > D is needed. Raises ConvergenceError.

    An interior-point method for $\min_w\max_{a,s}a\cdot(y-Uw)-\frac\kappa2a^2+s\cdot w+\frac{\rm ridge}2w^2$ with $|a|\le1$ or the Huber threshold
    and $|s|\le\lambda$ for the L1 penalty: predictor and corrector of Mehrotra 1992, one Cholesky factor (D, D) an iteration.
    """
    if loss == "square" and penalty != "l1":
        return fit_square(U, y, lam if penalty == "l2" else 0.0)
    N, D = U.shape
    size, reachable = float(np.mean(np.abs(y))), 2.0 * float(np.linalg.norm(y))  # no residual of the optimum is larger than |y|
    limit = {"l1": 1.0, "square": reachable, "huber": min(huber, reachable)}[loss]
    boxes = [Box(limit, 0.0 if loss == "l1" else 1.0, np.zeros(N), np.full(N, size), np.full(N, size))]
    if penalty == "l1":
        boxes.append(Box(lam, 0.0, np.zeros(D), np.full(D, size), np.full(D, size)))
    ridge, w = lam if penalty == "l2" else 0.0, np.zeros(D)
    scale = size * N * min(limit, size)
    for _ in range(100):
        values = [y - U @ w, w]
        gap = sum(box.gap() for box in boxes)
        force = U.T @ boxes[0].x - ridge * w - (boxes[1].x if penalty == "l1" else 0.0)
        missed = [np.abs(box.kappa * box.x + box.above - box.below - z).max() for box, z in zip(boxes, values, strict=False)]
        if gap < 1e-10 * scale and max(missed) < 1e-8 * size and np.abs(force).max() < 1e-8 * limit * math.sqrt(N):
            return w
        count = 2 * sum(box.x.size for box in boxes)
        target, bends = 0.0, [(0.0, 0.0)] * len(boxes)
        factor = None
        for corrector in (False, True):
            lines = [box.linearise(z, target, bend) for box, z, bend in zip(boxes, values, bends, strict=False)]
            c, h = lines[0][:2]
            c2, h2 = lines[1][:2] if penalty == "l1" else (0.0, math.inf)
            if factor is None:
                factor = cho_factor(U.T @ (U / h[:, None]) + np.diag(np.broadcast_to(ridge + 1.0 / h2, D)))
            dw = cho_solve(factor, force - U.T @ (c / h) + c2 / h2)
            moves = [(-(U @ dw) - c) / h, (dw - c2) / h2]
            steps = [box.steps(dx, *line[2:]) for box, dx, line in zip(boxes, moves, lines, strict=False)]
            stride = min(box.reach(step) for box, step in zip(boxes, steps, strict=True))
            if not corrector:
                ahead = sum(box.moved(step, stride).gap() for box, step in zip(boxes, steps, strict=True))
                target = (ahead / gap) ** 3 * gap / count
                bends = [(dx * up, dx * down) for dx, up, down in steps]
        boxes, w = [box.moved(step, stride) for box, step in zip(boxes, steps, strict=True)], w + stride * dw
    raise ConvergenceError(f"the {loss} fit did not converge")

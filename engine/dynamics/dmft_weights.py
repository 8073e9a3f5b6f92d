r"""Weight side of the dynamical mean-field equations of gradient descent, and the square root of a covariance (Mignacco et al. 2020).

Kernels that the sampled and the closed march share. All arrays cover the steps 0..T: m (T+1,), C = w·w'/D and the response R_w
(T+1, T+1), R_w strictly lower triangular.
"""

import math
from collections import namedtuple

from numba import njit

LOGISTIC, SQUARE, SQHINGE = 0, 1, 2
PIVOT = 1e-8
"""Pivots below this fraction of the diagonal are noise: a smooth path adds nothing new at such a step. Smaller ones would be amplified."""
DIVERGED = 1e12
"""Norm q beyond which gradient descent counts as diverging."""

Problem = namedtuple("Problem", "alpha delta lam eta batch tau loss clusters L")
"""Parameters of the equations; tau = 0 stands for batches drawn anew at each step."""
Path = namedtuple("Path", "m C R_w train_error train_loss")
"""The solution at the steps 0..T, shorter if it diverges: m, errors and loss (T+1,), C and R_w (T+1, T+1)."""


@njit(cache=True, nogil=True)
def advance(problem, t, a, C_g, R_g, m, kappa, C, R_w):
    r"""Write $m^{t+1}$, what is left of the initial weights $\kappa^{t+1}$, $R_w(t+1,\cdot)$ and $C(t+1,\cdot)$; returns whether m and q are
    below DIVERGED.

    a = E[c g^t]; C_g, R_g (t+1,) are the rows E[g^t g^s] and E[∂g^t/∂ζ^s], s <= t.
    """
    keep = 1.0 - problem.eta * problem.lam
    pull = problem.eta * problem.alpha
    reaction = pull * math.sqrt(problem.delta)
    m[t + 1] = keep * m[t] - pull * a
    kappa[t + 1] = keep * kappa[t]
    for s in range(t + 1):
        m[t + 1] -= reaction * R_g[s] * m[s]
        kappa[t + 1] -= reaction * R_g[s] * kappa[s]
    for s in range(t):
        R_w[t + 1, s] = keep * R_w[t, s]
    for i in range(1, t + 1):
        for s in range(i):
            R_w[t + 1, s] -= reaction * R_g[i] * R_w[i, s]
    R_w[t + 1, t] = -problem.eta * math.sqrt(problem.delta)
    for s in range(t + 1):
        noise = 0.0
        for i in range(s):
            noise += R_w[s, i] * C_g[i]
        C[t + 1, s] = keep * C[t, s] - pull * a * m[s] - reaction * noise
    for i in range(t + 1):
        for s in range(t + 1):
            C[t + 1, s] -= reaction * R_g[i] * C[i, s]
    noise = 0.0
    for s in range(t + 1):
        C[s, t + 1] = C[t + 1, s]
        noise += R_w[t + 1, s] * C_g[s] + R_g[s] * C[t + 1, s]
    C[t + 1, t + 1] = keep * C[t, t + 1] - pull * a * m[t + 1] - reaction * noise
    return abs(m[t + 1]) < DIVERGED and abs(C[t + 1, t + 1]) < DIVERGED


@njit(cache=True, nogil=True)
def root_row(C, root, t):
    r"""Write row t of the lower triangular root of C, $\sum_i\mathrm{root}(t,i)\,\mathrm{root}(s,i)=C(t,s)$, given the rows above.

    A squared pivot below PIVOT C(t, t) is set to 0 and so is the rest of its column.
    """
    for s in range(t):
        rest = C[t, s]
        for i in range(s):
            rest -= root[t, i] * root[s, i]
        root[t, s] = rest / root[s, s] if root[s, s] > 0.0 else 0.0
    rest = C[t, t]
    for i in range(t):
        rest -= root[t, i] * root[t, i]
    root[t, t] = math.sqrt(rest) if rest > PIVOT * C[t, t] else 0.0

r"""What a Gaussian-equivalent feature map does to a response: the resolvent of its random covariance, reduced to scalars.

Features $\kappa_1Fx/\sqrt D+\kappa_\star\xi$ in $R^P$ of inputs in $R^D$, $N=\alpha D$ samples, $P=\gamma D$. The inputs consist of blocks
$b$: a fraction $\phi_b$ of the directions with variance $\sigma_b$, in which lies a share $p_b$ of the teacher's variance $\rho$. With
$s_b=\kappa_1^2\sigma_b$ and $u_b=1/(1+\alpha s_bx)$ the susceptibility
$$S(x)=\kappa_\star^2x+\sum_b\phi_bs_bx\,u_b$$
is all that is left of the resolvent (one block: Mei & Montanari 2019, Goldt et al. 2020; several: d'Ascoli et al. 2021). One number $x$
serves any number of blocks, because with Gaussian F the resolvent of $F^TF$ between the directions of a block depends on $s_b$ alone.

`blocks` is an array (number of blocks, 3) of rows $(\phi_b,s_b,p_b)$; fractions and shares each sum to 1.
"""

import numpy as np
from numba import njit

INFINITE = 1e120
"""Stands for x = infinity, which features of deficient rank reach without ridge: 1/x and u then vanish against everything else."""


def isotropic(kappa1: np.ndarray) -> np.ndarray:
    """One block that holds everything, at points with the linear coefficient `kappa1` (points,): (points, 1, 3)."""
    return np.stack([np.ones_like(kappa1), kappa1**2, np.ones_like(kappa1)], axis=-1)[:, None, :]


@njit(cache=True, nogil=True)
def variance(kappastar_sq, blocks):
    r"""Mean variance of a feature, $\kappa_\star^2+\sum_b\phi_bs_b=S'(0)$."""
    total = kappastar_sq
    for b in range(blocks.shape[0]):
        total += blocks[b, 0] * blocks[b, 1]
    return total


@njit(cache=True, nogil=True)
def susceptibility(X, c, alpha, kappastar_sq, blocks):
    r"""$S(x)/c$ at $x=cX$, regular at $c=0$; its derivative $X\,d/dX$; and the difference of the two."""
    value = slope = kappastar_sq * X
    curvature = 0.0 * X
    for b in range(blocks.shape[0]):
        u = 1.0 / (1.0 + alpha * blocks[b, 1] * c * X)
        linear = blocks[b, 1] * X * u
        value += blocks[b, 0] * linear
        slope += blocks[b, 0] * linear * u
        curvature += blocks[b, 0] * linear * linear
    return value, slope, alpha * c * curvature


@njit(cache=True, nogil=True)
def unlearned(x, alpha, blocks):
    r"""Share $\sum_bp_bu_b^2$ of the teacher's variance that the student averaged over features and data misses."""
    share = 0.0 * x
    for b in range(blocks.shape[0]):
        share += blocks[b, 2] * (1.0 / (1.0 + alpha * blocks[b, 1] * x)) ** 2
    return share


@njit(cache=True, nogil=True)
def overlaps(X, c, e, r, t, alpha, gamma, rho, kappastar_sq, blocks):
    r"""Overlaps of the trained weights: $m=E\nu h$, $n=E h^2-m^2/\rho$ and $\|w\|^2/P$.

    $X=x/c$ is regular at $c=0$; $e=1-\frac\alpha\gamma S(x)$; $r=Ef^2$, $t=E\partial_\nu f$ and $c=-E\partial_\omega f$ describe the
    loss. Sums of positive terms, with $g_b=\alpha tXu_b$ and $S'=\kappa_\star^2+\sum_b\phi_bs_bu_b^2$:
    $$m=\rho\sum_bp_bs_bg_b,\quad \frac{\|w\|^2}P=\frac{\alpha S'rX^2+\rho\sum_bp_bs_bg_b^2}{\gamma e+\alpha xS'},\quad
    n=S'\frac{\|w\|^2}P+\alpha r\sum_b\phi_b(s_bXu_b)^2+\rho\sum_{a<b}p_ap_b(s_ag_a-s_bg_b)^2 .$$
    """
    slope, m, pull, spread = kappastar_sq + 0.0 * X, 0.0 * X, 0.0 * X, 0.0 * X
    for b in range(blocks.shape[0]):
        fraction, s, share = blocks[b, 0], blocks[b, 1], blocks[b, 2]
        u = 1.0 / (1.0 + alpha * s * c * X)
        g = alpha * t * X * u
        slope += fraction * s * u * u
        m += rho * share * s * g
        pull += rho * share * s * g * g
        spread += alpha * r * fraction * (s * X * u) ** 2
        for a in range(b):
            gap = g * (blocks[a, 1] - s) / (1.0 + alpha * blocks[a, 1] * c * X)  # s_a g_a - s_b g_b
            spread += rho * share * blocks[a, 2] * gap * gap
    w_norm2 = (alpha * slope * r * X * X + pull) / (gamma * e + alpha * c * X * slope)
    return m, spread + slope * w_norm2, w_norm2

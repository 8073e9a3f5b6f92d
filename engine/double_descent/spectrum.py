r"""What a Gaussian-equivalent feature map does to a response: the resolvent of its random covariance, reduced to scalars.

Features $\kappa_1Fx/\sqrt D+\kappa_\star\xi$ in $R^P$ of isotropic inputs in $R^D$, $N=\alpha D$ samples, $P=\gamma D$. The susceptibility
$$S(x)=\kappa_\star^2x+\kappa_1^2x\,u,\qquad u=\frac1{1+\alpha\kappa_1^2x},$$
is all that is left of the Marchenko-Pastur law once the resolvent is eliminated (Mei & Montanari 2019; Goldt et al. 2020).
"""

from numba import njit

INFINITE = 1e120
"""Stands for x = infinity, which features of deficient rank reach without ridge: 1/x and u then vanish against everything else."""


@njit(cache=True, nogil=True)
def susceptibility(X, c, alpha, kappa1_sq, kappastar_sq):
    r"""$S(x)/c$ at $x=cX$, regular at $c=0$; its derivative $X\,d/dX$; and the difference of the two."""
    u = 1.0 / (1.0 + alpha * kappa1_sq * c * X)
    noise, linear = kappastar_sq * X, kappa1_sq * X * u
    return noise + linear, noise + linear * u, alpha * c * linear * linear


@njit(cache=True, nogil=True)
def unlearned(x, alpha, kappa1_sq):
    """Share u^2 of the teacher's variance that the student averaged over features and data misses."""
    return (1.0 / (1.0 + alpha * kappa1_sq * x)) ** 2


@njit(cache=True, nogil=True)
def overlaps(X, c, e, r, t, alpha, gamma, rho, kappa1_sq, kappastar_sq):
    r"""Overlaps of the trained weights: $m=E\nu h$, $n=E h^2-m^2/\rho$ and $\|w\|^2/P$.

    $X=x/c$ is regular at $c=0$; $e=1-\frac\alpha\gamma S(x)$; $r=Ef^2$, $t=E\partial_\nu f$ and $c=-E\partial_\omega f$ describe the
    loss. With $T=\frac\alpha\gamma S'r+\frac1\gamma\alpha^2\kappa_1^2\rho u^2t^2$ and $D=1-(axu)^2/\gamma=e+\frac\alpha\gamma xS'$,
    sums of positive terms,
    $$m=t\rho\,\alpha\kappa_1^2Xu,\quad \frac{\|w\|^2}P=X^2\frac TD,\quad n=\alpha\kappa_1^4X^2u^2\,r+S'\frac{\|w\|^2}P.$$
    """
    u = 1.0 / (1.0 + alpha * kappa1_sq * c * X)
    slope = kappastar_sq + kappa1_sq * u * u
    pull = t * alpha * X * u
    m = rho * kappa1_sq * pull
    w_norm2 = (alpha * slope * r * X * X + m * pull) / (gamma * e + alpha * c * X * slope)
    return m, alpha * (kappa1_sq * X * u) ** 2 * r + slope * w_norm2, w_norm2

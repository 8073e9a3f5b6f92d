r"""**Setting.** A teacher $\beta\in\mathbb R^D$, $\|\beta\|^2=\rho D$, labels $N=\alpha D$ Gaussian inputs by $y=\mathrm{sign}(\nu)$,
$\nu=\beta\cdot x/\sqrt D$, flipped with probability $\Delta$. The student $h=w\cdot x/\sqrt D$, without intercept, minimises
$\sum_\mu\ell(y^\mu,h^\mu)+\frac\lambda2\|w\|^2$ with $\ell=\frac12(y-h)^2$, $\log(1+e^{-yh})$ or $\max(0,1-yh)$. Its overlap
$m=\mathbb E\,\nu h$ and norm $q=\|w\|^2/D$ give the test error $\epsilon=\frac1\pi\arccos\frac m{\sqrt{\rho q}}$ against noiseless labels; $\rho$ only
rescales $m$.

**Equations** (Aubin, Krzakala, Lu & Zdeborová 2020). With $f=(\mathrm{prox}-\omega)/V$,
$\mathrm{prox}=\arg\min_h\ell(y,h)+(h-\omega)^2/2V$, $\omega\sim\mathcal N(0,q)$ and the probability
$Z(\omega)=\Delta+(1-2\Delta)\Phi\big(\tfrac{m\omega/q}{\sqrt{\rho-m^2/q}}\big)$ of the label $+1$,

$$c=-2\,\mathbb E[Zf'],\qquad r=2\,\mathbb E[Zf^2],\qquad t=(1-2\Delta)\sqrt{\tfrac2{\pi\rho}}\;\mathbb E_{\omega\sim\mathcal N(0,q-m^2/\rho)}f(\omega),$$
$$V=\frac1{\lambda+\alpha c},\qquad m=\rho\,\alpha tV,\qquad q-\frac{m^2}\rho=\alpha rV^2 .$$

**Square loss.** $c=1/(1+V)$ closes: $1/V$ is the positive root of $u^2-(\lambda+\alpha-1)u-\lambda=0$. The best ridge is
$\frac\pi{2(1-2\Delta)^2}-1$ at every $\alpha$. Without ridge the error peaks at $\alpha=1$, where the student begins to miss labels.

**Separability.** Labels can be fitted below $\alpha_{sep}=\frac\pi{(1-2\Delta)u}$, $u-\arctan u=\frac{\pi\Delta}{1-2\Delta}$ (the threshold of Candès &
Sur 2020, in closed form): 2 for random labels (Cover 1965), infinite without flips. There, as $\lambda\to0$, hinge and logistic loss reach the same
direction, that of the largest margin $1/\sqrt q$ (of the hinge):

$$m=\rho\,\alpha T,\quad q-\frac{m^2}\rho=2\alpha\,\mathbb E[Z(1-\omega)_+^2],\quad
T=(1-2\Delta)\sqrt{\tfrac2{\pi\rho}}\;\mathbb E_{\omega\sim\mathcal N(0,q-m^2/\rho)}(1-\omega)_+ .$$

The logistic weights diverge along it. Above $\alpha_{sep}$ the equations at $\lambda=0$ describe the maximum-likelihood estimate.

**Bayes-optimal student** (Barbier et al. 2019): $\epsilon=\frac1\pi\arctan\frac1{\sqrt x}$, $x=\frac q{1-q}$ (for $\rho=1$),

$$x=\frac{\alpha(1-2\Delta)^2(1+x)}{\pi\sqrt{1+2x}}\;\mathbb E_\xi\frac1{\Delta+(1-2\Delta)\Phi\big(\xi\sqrt{x/(1+2x)}\big)} .$$

Without flips it decays as $0.442/\alpha$, the largest margin as $0.500/\alpha$, the square loss only as $\alpha^{-1/2}$. For $\lambda\to\infty$ every
loss becomes Hebb's rule, $\tan\pi\epsilon=\sqrt{\frac\pi{2\alpha}}/(1-2\Delta)$.

**Numerics.** Newton's method on $(\ln V,\ln q,\mathrm{artanh}\frac m{\sqrt{\rho q}})$, stopped by the size of the correction: where learning is almost
perfect the equations are almost neutral and a small residual proves nothing. Averages by Gauss-Legendre panels in prox (logistic) or in the
distance from the margin (hinge). Where Newton's method fails the solution is followed down from a large ridge.
"""

import math

import numpy as np
from numba import njit

from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference, mean_sem
from engine.numerics.fits import fit_hard_margin, fit_hinge, fit_logistic, fit_square
from engine.numerics.gaussian import SQRT_2_OVER_PI, cdf, pdf
from engine.numerics.newton import advance, found, open_search, searching
from engine.numerics.optimum import optimal_ridge
from engine.numerics.sign_teacher import HARD, HINGE, LOGISTIC, margin_channel, training_error

AXES = ("alpha", "lam", "delta", "rho")
ROWS = ("m", "q", "v", "train_loss", "gen_error", "train_error", "margin")
TANGENT = 7
"""The row after these: the tangent of the angle between student and teacher, which orders like the error and keeps more digits."""
EDGE = 1e-8
"""Relative distance from the separability threshold within which there is no solution without ridge."""


@njit(cache=True, nogil=True)
def separability(delta):
    r"""$\alpha_{sep}=\pi/(1-2\Delta)u=1/[\Delta+(1-2\Delta)\arctan(u)/\pi]$, $u-\arctan u=\pi\Delta/(1-2\Delta)$, by Newton's method in $u$.

    $u-\arctan u$ is convex; below 1 it is taken from the continued fraction $\arctan u=\frac u{1+}\frac{u^2}{3+}\frac{4u^2}{5+}\cdots$.
    """
    if delta == 0.0:
        return math.inf
    if delta == 0.5:
        return 2.0
    target = math.pi * delta / (1.0 - 2.0 * delta)
    u = max(target, (3.0 * target) ** (1.0 / 3.0))
    for _ in range(50):
        excess = u - math.atan(u)
        if u < 1.0:
            fraction = 0.0
            for n in range(24, 0, -1):
                fraction = n * n * u * u / (2 * n + 1 + fraction)
            excess = u * fraction / (1.0 + fraction)
        step = (target - excess) * (1.0 + u * u) / (u * u)
        u += step
        if abs(step) < 1e-9 * u:
            break
    return 1.0 / (delta + (1.0 - 2.0 * delta) * math.atan(u) / math.pi)


@njit(cache=True, nogil=True)
def posterior_overlap(alpha, delta, guess):
    r"""$x=q/(1-q)$ of the Bayes-optimal student, by Newton's method in $\ln x$ from `guess` > 0 (Barbier et al. 2019).

    Trapezoidal rule over $\xi\in[-12,12]$. In $\ln x$ the right-hand side rises with a slope below one.
    """
    signal = 1.0 - 2.0 * delta
    if signal == 0.0:
        return 0.0
    log_x = math.log(guess)
    for _ in range(100):
        x = math.exp(log_x)
        z = math.sqrt(x / (1.0 + 2.0 * x))
        mean = slope = 0.0
        for j in range(97):
            xi = 0.25 * (j - 48)
            p = delta + signal * cdf(z * xi)
            weight = 0.25 * pdf(xi) / p
            mean += weight
            slope -= weight * signal * xi * pdf(z * xi) / p
        right = alpha * signal * signal * (1.0 + x) / (math.pi * math.sqrt(1.0 + 2.0 * x)) * mean
        rise = x / (1.0 + x) - x / (1.0 + 2.0 * x) + 0.5 * z / (1.0 + 2.0 * x) * slope / mean
        step = (math.log(right) - log_x) / (1.0 - rise)
        log_x += step
        if abs(step) < 1e-8:
            break
    return math.exp(log_x)


@njit(cache=True, nogil=True)
def reference_line(alpha, delta):
    """Separability threshold and the Bayes-optimal q and test error at each point of a line, (3, points)."""
    table = np.empty((3, alpha.size))
    x = 1.0
    for i in range(alpha.size):
        table[0, i] = separability(delta[i])
        x = posterior_overlap(alpha[i], delta[i], x if x > 0.0 else 1.0)
        table[1, i], table[2, i] = x / (1.0 + x), math.atan2(1.0, math.sqrt(x)) / math.pi
    return table


@njit(cache=True, nogil=True)
def ridge(alpha, lam, delta):
    r"""(V, q, angle, training loss) of the square loss; a sum of positive terms each. The caller excludes $\alpha=1$ at $\lambda=0$.

    With $x=V/(1+V)$ and $t_0=(1-2\Delta)\sqrt{2/\pi}$: $m=\alpha t_0x$ (for $\rho=1$), $q-m^2=\alpha x^2r_0$ and
    $r_0=[1-t_0^2+t_0^2(1-\alpha x)^2]/(1-\alpha x^2)$, where $1-\alpha x=\lambda V$.
    """
    B = lam + alpha - 1.0
    root = math.sqrt(B * B + 4.0 * lam)
    inverse = 0.5 * (root + B) if B >= 0.0 else 2.0 * lam / (root - B)
    missed = lam / inverse if B >= 0.0 else 0.5 * (root - B)
    x, c = 1.0 / (1.0 + inverse), inverse / (1.0 + inverse)
    t0 = (1.0 - 2.0 * delta) * SQRT_2_OVER_PI
    r0 = (1.0 - t0 * t0 + (t0 * missed) ** 2) / (c + x * missed)
    m, n = alpha * t0 * x, alpha * x * x * r0
    return 1.0 / inverse if inverse > 0.0 else math.inf, n + m * m, math.atan2(math.sqrt(n), m), 0.5 * r0 * c * c


@njit(cache=True, nogil=True)
def square_line(alpha, lam, delta):
    """ROWS at each point of a line for rho = 1, (7, points); nan at the interpolation threshold."""
    table = np.full((7, alpha.size), math.nan)
    for i in range(alpha.size):
        if lam[i] == 0.0 and alpha[i] == 1.0:
            continue
        V, q, angle, train_loss = ridge(alpha[i], lam[i], delta[i])
        table[0, i], table[1, i], table[2, i], table[3, i] = math.sqrt(q) * math.cos(angle), q, V, train_loss
        table[4, i], table[5, i] = angle / math.pi, training_error(V / math.sqrt(q), angle, delta[i])
        if delta[i] == 0.5:
            table[0, i], table[4, i] = 0.0, 0.5  # not even by rounding
    return table


@njit(cache=True, nogil=True)
def mismatch(loss, state, alpha, lam, delta, gap):
    r"""Write the image of `state`, $(\ln V,\ln q,\zeta)$, under the self-consistent equations minus `state` into `gap`; both are (3,).

    $\zeta=\mathrm{artanh}(m/\sqrt q)$, for $\rho=1$. Returns whether the state is sane, and the training loss. For the hard margin ln V is
    idle (its image is 0), and the support cannot exceed the dimension.
    """
    if not max(abs(state[0]), abs(state[1]), abs(state[2])) < 400.0:
        return False, math.nan
    c, r, t, train_loss = margin_channel(loss, math.exp(state[0]), math.exp(state[1]), state[2], delta)
    if r == 0.0 or (loss == HARD and alpha * c >= 1.0) or lam + c == 0.0:
        return False, math.nan
    V = 1.0 if loss == HARD else 1.0 / (lam + alpha * c)
    m, n = alpha * t * (1.0 - 2.0 * delta) * SQRT_2_OVER_PI * V, alpha * r * V * V
    gap[0] = math.log(V) - state[0]
    gap[1] = math.log(n + m * m) - state[1]
    gap[2] = math.asinh(m / math.sqrt(n)) - state[2]
    return True, train_loss


@njit(cache=True, nogil=True)
def fixed_point(loss, state, alpha, lam, delta):
    """Move `state` (3,) to a fixed point; returns whether there is one, and the training loss."""
    gap = np.empty(3)
    search, train_loss = open_search(state), math.nan
    while searching(search):
        sane, train_loss = mismatch(loss, search.point, alpha, lam, delta, gap)
        advance(search, gap, sane)
    state[:] = search.point
    return found(search), train_loss


@njit(cache=True, nogil=True)
def first_guess(loss, state, alpha, lam, delta):
    r"""Write a cold start into `state` (3,): six plain iterations from the square loss at the same, not too small, ridge.

    For the hard margin $\epsilon=\min(0.4,0.5/\alpha)$ and $\sqrt q=(1+\alpha)/(1-\alpha/\alpha_{sep})$, raised until the support is smaller than
    the dimension.
    """
    gap = np.empty(3)
    if loss == HARD:
        angle = math.pi * min(0.4, 0.5 / alpha)
        size = (1.0 + alpha) / (1.0 - alpha / separability(delta))
        state[0], state[1], state[2] = 0.0, 2.0 * math.log(size), math.asinh(1.0 / math.tan(angle))
        while not mismatch(loss, state, alpha, lam, delta, gap)[0] and state[1] < 100.0:
            state[1] += 0.7
        return
    V, q, angle, _ = ridge(alpha, max(lam, 0.01), delta)
    state[0], state[1], state[2] = math.log(V), math.log(q), math.asinh(1.0 / math.tan(angle))
    for _ in range(6):
        if mismatch(loss, state, alpha, max(lam, 0.01), delta, gap)[0]:
            state += gap


@njit(cache=True, nogil=True)
def margin_line(loss, alpha, lam, delta, alpha_sep, warm):
    """ROWS and TANGENT at each point of a line for rho = 1, (8, points), each started from the one before; nan where none is found.

    alpha ... alpha_sep are (points,). `warm` (2, 3) holds the last states with and without ridge (nan: none) and is updated. Separable
    without ridge, both losses reach the hard margin; the logistic weights then diverge along its direction.
    """
    table = np.full((8, alpha.size), math.nan)
    state = np.empty(3)
    for i in range(alpha.size):
        if lam[i] == 0.0 and abs(alpha[i] - alpha_sep[i]) < EDGE * alpha[i]:
            continue
        separable = lam[i] == 0.0 and alpha[i] < alpha_sep[i]
        kind = HARD if separable else loss
        state[:] = warm[int(separable)]
        solved, train_loss = False, math.nan
        if not math.isnan(state[0]):
            solved, train_loss = fixed_point(kind, state, alpha[i], lam[i], delta[i])
        if not solved:
            first_guess(kind, state, alpha[i], lam[i], delta[i])
            solved, train_loss = fixed_point(kind, state, alpha[i], lam[i], delta[i])
        if not solved:
            continue
        if delta[i] == 0.5:
            state[2] = 0.0  # nothing is learned, not even by rounding
        warm[int(separable)] = state
        V, q, zeta = math.exp(state[0]), math.exp(state[1]), state[2]
        angle = math.atan2(1.0, math.sinh(zeta))
        table[4, i] = angle / math.pi
        if separable:
            table[0, i], table[1, i], table[2, i], table[3, i] = math.sqrt(q) * math.tanh(zeta), q, math.inf, 0.0
            table[5, i], table[6, i] = 0.0, 1.0 / math.sqrt(q)
            if loss == LOGISTIC:
                table[0, i], table[1, i] = math.inf if zeta > 0.0 else 0.0, math.inf
        else:
            table[0, i], table[1, i], table[2, i], table[3, i] = math.sqrt(q) * math.tanh(zeta), q, V, train_loss
            table[5, i] = training_error((V if loss == HINGE else 0.5 * V) / math.sqrt(q), angle, delta[i])
        table[7, i] = 1.0 / math.sinh(zeta) if zeta > 0.0 else math.inf
    return table


def margin_curve(loss: int, alpha, lam, delta, alpha_sep, warm=None) -> np.ndarray:
    """`margin_line`; where it fails, the solution is followed down from a large ridge (the hard margin along the hinge)."""
    warm = np.full((2, 3), math.nan) if warm is None else warm
    table = margin_line(loss, alpha, lam, delta, alpha_sep, warm)
    for i in np.flatnonzero(np.isnan(table[4])):
        bottom = lam[i] if lam[i] > 0.0 else 1e-13
        ridges = np.geomspace(1e12, bottom, 2 + int(math.log(1e12) - math.log(bottom)))
        path = np.full((2, 3), math.nan)
        separable = lam[i] == 0.0 and alpha[i] < alpha_sep[i]
        a, d, s = (np.full(ridges.size, values[i]) for values in (alpha, delta, alpha_sep))
        margin_line(HINGE if separable else loss, a, ridges, d, s, path)
        if separable:
            path[1] = path[0]
        table[:, i] = margin_line(loss, a[:1], lam[i : i + 1], d[:1], s[:1], path)[:, 0]
    return table

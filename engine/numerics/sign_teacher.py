r"""A sign teacher whose labels are flipped with probability Δ, and a student trained on a margin loss: averages over the field.

$Z(\xi)=\Delta+(1-2\Delta)\Phi(\xi\cot\theta)$ is the probability of the label +1 at the student's field $\omega=\sqrt q\,\xi$, where
$\theta$, with $\cot\theta=\sinh\zeta$, is the angle between student and teacher. By symmetry only the label +1 is considered and everything
doubled. With $f=(\mathrm{prox}-\omega)/V$, $\mathrm{prox}=\arg\min_h\ell(h)+(h-\omega)^2/2V$, a loss enters by $c=-2E[Zf']$, $r=2E[Zf^2]$
and $t=E\,\partial_\nu f$ (Gerace et al. 2020). The hard margin is the hinge at $V\to\infty$ with $f$ measured in units of $1/V$.
"""

import math

import numpy as np
from numba import njit

from engine.numerics.gaussian import SQRT_2_OVER_PI, cdf, pdf
from engine.numerics.quadrature import NODES_16, WEIGHTS_16, graded_edges, panel_rule

LOGISTIC, HINGE, HARD = 0, 1, 2


@njit(cache=True, nogil=True)
def logistic_prox(omega, V, tolerance):
    r"""Root $p$ of $p-V/(1+e^p)=\omega$ to `tolerance` in $\omega$: Newton's method inside a bracket."""
    low, high = omega, min(omega + V, max(omega, 0.0) + math.log1p(V))
    p = high
    while high - low > 1e-15 * (abs(low) + abs(high)):
        sigma = 1.0 / (1.0 + math.exp(p))
        excess = p - V * sigma - omega
        if abs(excess) < tolerance:
            break
        if excess > 0.0:
            high = p
        else:
            low = p
        p -= excess / (1.0 + V * sigma * (1.0 - sigma))
        if not low < p < high:
            p = 0.5 * (low + high)
    return p


@njit(cache=True, nogil=True)
def logistic_rule(edges, V):
    r"""Nodes and weights in $p=$ prox of the panels between sorted `edges`, cut finer near the poles of $\sigma$ at $\pm i\pi$."""
    rules, size = [], 0
    for low, high, widest in ((-1e300, -36.0, 1e300), (-36.0, -5.0, 5.0), (-5.0, 5.0, 2.5), (5.0, 36.0 + math.log1p(V), 5.0)):
        part = np.empty(edges.size)
        for i in range(edges.size):
            part[i] = min(max(edges[i], low), high)
        rule = panel_rule(part, widest)
        rules.append(rule)
        size += rule[0].size
    nodes, weights = np.empty(size), np.empty(size)
    filled = 0
    for rule in rules:
        nodes[filled : filled + rule[0].size] = rule[0]
        weights[filled : filled + rule[0].size] = rule[1]
        filled += rule[0].size
    return nodes, weights


@njit(cache=True, nogil=True)
def logistic_channel(V, q, zeta, delta):
    r"""$(c,r,\hat t,$ loss$)$ of the logistic loss, $t=(1-2\Delta)\sqrt{2/\pi\rho}\;\hat t$.

    Integrals over $p=$ prox, in which the loss bends on the scale 1 and everything is explicit: $\omega=p-V\sigma(-p)$, $f=\sigma(-p)$,
    $d\omega=(1+Vs)dp$, $s=\sigma(p)\sigma(-p)$. Panels follow $\varphi$ and $\Phi$ in $\xi$.
    """
    sd, slope, sharp = math.sqrt(q), math.sinh(zeta), math.cosh(zeta)
    edges = graded_edges(-8.5, 8.5, 0.0, 2.75 / max(1.0, slope))
    for i in range(edges.size):
        edges[i] = logistic_prox(sd * edges[i], V, 0.05 * sd / max(1.0, slope))
    nodes, weights = logistic_rule(edges, V)
    c = r = t = loss = 0.0
    for i in range(nodes.size):
        p = nodes[i]
        decay = math.exp(-abs(p))
        sigma = (decay if p > 0.0 else 1.0) / (1.0 + decay)
        s = decay / (1.0 + decay) ** 2
        xi = (p - V * sigma) / sd
        weight = weights[i] / sd
        mass = 2.0 * weight * pdf(xi) * (delta + (1.0 - 2.0 * delta) * cdf(xi * slope))
        stretch = 1.0 + V * s
        c += mass * s
        r += mass * stretch * sigma * sigma
        t += weight * stretch * pdf(xi * sharp) * sharp * sigma
        loss += mass * stretch * (math.log1p(decay) + max(-p, 0.0))
    return c, r, t, loss


@njit(cache=True, nogil=True)
def hinge_channel(V, q, zeta, delta):
    r"""$(c,r,\hat t,$ loss$)$ of the hinge loss, $f=\min(d/V,1)$ at the distance $d=1-\omega>0$ inside the margin.

    $V=\infty$ stands for the hard margin: then $f=d$.
    """
    sd, slope, sharp = math.sqrt(q), math.sinh(zeta), math.cosh(zeta)
    if 8.5 * sd < 1.0 - V:
        return 0.0, 1.0, 1.0, 1.0 - V - sd * (1.0 - 2.0 * delta) * SQRT_2_OVER_PI * math.tanh(zeta)
    edges = graded_edges(-8.5, 8.5, 0.0, 2.75 / max(1.0, slope))
    unit = 1.0 if math.isinf(V) else V
    c = r = t = loss = 0.0
    for low, high in ((0.0, V), (V, math.inf)):
        part = np.empty(edges.size)
        for i in range(edges.size):
            part[i] = min(max(1.0 - sd * edges[-1 - i], low), high)
        nodes, weights = panel_rule(part, 1e300)
        for i in range(nodes.size if low < math.inf else 0):
            d = nodes[i]
            xi = (1.0 - d) / sd
            weight = weights[i] / sd
            mass = 2.0 * weight * pdf(xi) * (delta + (1.0 - 2.0 * delta) * cdf(xi * slope))
            f = d / unit if low == 0.0 else 1.0
            if low == 0.0:
                c += mass / unit
            r += mass * f * f
            t += weight * pdf(xi * sharp) * sharp * f
            loss += mass * max(d - V, 0.0)
    return c, r, t, loss


@njit(cache=True, nogil=True)
def margin_channel(loss, V, q, zeta, delta):
    """`logistic_channel` or `hinge_channel`; V does not matter for the hard margin."""
    if loss == LOGISTIC:
        return logistic_channel(V, q, zeta, delta)
    return hinge_channel(math.inf if loss == HARD else V, q, zeta, delta)


@njit(cache=True, nogil=True)
def training_error(h, angle, delta):
    r"""$2\int_{-\infty}^{-h}D\xi\,Z(\xi)$ with $Z(\xi)=\Delta+(1-2\Delta)\Phi(\xi\cot\theta)$ the probability of the label +1.

    $h\ge0$ is how far, in standard deviations of the field, the fit corrects it; $\theta=$ `angle` between student and teacher in
    [0, pi/2]. Craig's form $\int_{-\infty}^{-h}D\xi\,\Phi(\xi\cot\theta)=\frac1{2\pi}\int_0^\theta e^{-h^2/2\sin^2\vartheta}d\vartheta$, cut
    at $e^{-40}$ of the maximum; panels shrink geometrically towards the essential singularity.
    """
    if h > 39.0:
        return 0.0
    sine = math.sin(angle)
    total = 0.0
    high, low = angle, math.asin(min(1.0, sine * h / math.sqrt(h * h + 80.0 * sine * sine))) if sine > 0.0 else angle
    while high > low:
        width = 0.5 * (high - max(low, high / 3.0)) if h > 0.0 else 0.5 * high
        for j in range(16):
            reach = h / math.sin(high - width + width * NODES_16[j])
            total += width * WEIGHTS_16[j] * math.exp(-0.5 * reach * reach)
        high -= 2.0 * width
    return 2.0 * delta * cdf(-h) + (1.0 - 2.0 * delta) * total / math.pi

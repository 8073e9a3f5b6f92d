r"""**Setting.** Data have a few loud directions and many quiet ones. Of the $D$ coordinates of an input a fraction $\phi_1$ is salient,
$x_i\sim N(0,\sigma_{x1})$, the rest, $\phi_2=1-\phi_1$, weak, $x_i\sim N(0,\sigma_{x2})$; the weights of the linear teacher
$\nu=\beta\cdot x/\sqrt D$ have variances $\sigma_{\beta1}$ and $\sigma_{\beta2}$. Given are the ratios of **variances**
$r_x=\sigma_{x1}/\sigma_{x2}$ and $r_\beta=\sigma_{\beta1}/\sigma_{\beta2}$, the mean variance $v=\sum_b\phi_b\sigma_{xb}$ of the inputs and
$\rho=E\nu^2=\sum_b\phi_b\sigma_{xb}\sigma_{\beta b}$. With $r_\beta>1$ the teacher looks where the data are loud (aligned), with
$r_\beta<1$ where they are quiet (misaligned). The student is that of random features: $h=w\cdot\sigma(Fx/\sqrt D)/\sqrt P$ with frozen
$F_{ij}\sim N(0,1)$, whose $P=\gamma D$ weights minimise $\sum_\mu\ell(y^\mu,h^\mu)+\frac\lambda2\|w\|^2$ over $N=\alpha D$ examples.
Regression: $y=\nu+\sqrt\Delta\,\epsilon$, $\ell=\frac12(y-h)^2$. Classification: $y=\mathrm{sign}\,\nu$, flipped with probability
$\Delta$, and also $\ell=\log(1+e^{-yh})$ or $\max(0,1-yh)$. Test errors are against the noiseless target; `gen_mse` carries no
$\frac12$. Isotropic data ($r_x=r_\beta=1$, or $\phi_1\to0$, or $\phi_1\to1$) are the model `random-features`.

**Gaussian equivalence.** A feature sees a field $z\sim N(0,v)$ and acts like $\kappa_0+\kappa_1z+\kappa_\star\xi$:
$\kappa_0=E\sigma$, $\kappa_1=E\,z\sigma/v$, $\kappa_\star^2=E\sigma^2-\kappa_0^2-\kappa_1^2v$. Labels are balanced: $\kappa_0$ drops out.

**Features.** The loss enters by three averages over the student's field, $c=-E\,\partial_\omega f$, $r=Ef^2$, $t=E\,\partial_\nu f$ with
$f=(\mathrm{prox}-\omega)/V$, as in `random-features`. The covariance of the features enters by one number $x=cX$, however many blocks
there are: with $s_b=\kappa_1^2\sigma_{xb}$, $u_b=1/(1+\alpha s_bx)$, the teacher's shares $p_b=\phi_b\sigma_{xb}\sigma_{\beta b}/\rho$ and
$g_b=\alpha tXu_b$,

$$S(x)=\kappa_\star^2x+\sum_b\phi_bs_bx\,u_b,\qquad\frac\lambda cx+\frac\alpha\gamma S(x)=1,\qquad V=\frac{S(x)}c,\qquad
m=\rho\sum_bp_bs_bg_b,$$
$$\frac{\|w\|^2}P=\frac{\alpha S'rX^2+\rho\sum_bp_bs_bg_b^2}{\gamma-\sum_b\phi_b(\alpha s_bxu_b)^2},\qquad
q=\frac{m^2}\rho+S'\frac{\|w\|^2}P+\alpha r\sum_b\phi_b(s_bXu_b)^2+\rho\,p_1p_2(s_1g_1-s_2g_2)^2,$$

$S'=\kappa_\star^2+\sum_b\phi_bs_bu_b^2$ (d'Ascoli, Gabrié, Sagun & Biroli 2021, with the resolvent eliminated). The square loss is closed:
$(1-S)(1-\frac\alpha\gamma S)=\lambda x$. Without ridge it has its peak at $N=P$, where the residuals vanish. Long before, at
$N\approx\phi_1D$, the salient directions are known: $u_1$ becomes small while $u_2\approx1$.

**Bias and variance** (regression). bias $=\rho\sum_bp_bu_b^2$; sampling, initialisation and noise are nested as in `random-features`,
with $A_{10}=\alpha\sum_b\phi_b(s_bxu_b)^2$ the gain that two students with independent features share.

**Separability.** Of the teacher's variance a share $e=\sum_bp_b(1-u_b)$ is linear in the features, $u_b$ taken at infinitely many samples.
Labels are separable below the same $\alpha_{sep}(\gamma,e,\Delta)$ as for isotropic data: a linear map of the features changes nothing.

**Numerics.** The code is that of `random-features`, which is its case of one block. Ratios stretch $x$ over many decades: a bracketed
Newton iteration in $\ln x$. The spread of $s_bg_b$ over the blocks is a difference taken in closed form, $(s_1-s_2)\,\alpha tXu_1u_2$.
The error can have several minima along the ridge, one for each block: $\lambda_{opt}$ is the lowest.

**Experiment.** The teacher is scaled to its share of variance in each block exactly. Dots approach the curve as $1/(\phi_1D)$: have 20
salient directions or more, and prefer a smooth activation (the curvature of relu is partly learned where few directions matter).
"""

import math
from dataclasses import replace

import numpy as np

from engine.double_descent.experiment import Setting, estimates, sizes
from engine.double_descent.student import AXES as SHARED_AXES
from engine.double_descent.student import OBSERVABLES as SHARED_OBSERVABLES
from engine.double_descent.student import PARAMETERS as SHARED_PARAMETERS
from engine.double_descent.student import Features, check, feature_coefficients, line, solution
from engine.model import Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference

AXES = (*SHARED_AXES, "phi1", "rx", "rb", "vx")


def block_variances(rho, phi1, rx, rb, vx) -> dict[str, np.ndarray]:
    """Variances of inputs (sx) and teacher (sb) in both blocks, of the arguments' shape."""
    sx2 = vx / (phi1 * rx + 1.0 - phi1)
    sb2 = rho / (sx2 * (phi1 * rx * rb + 1.0 - phi1))
    return {"sx1": rx * sx2, "sx2": sx2, "sb1": rb * sb2, "sb2": sb2}


def teacher_shares(phi1, rx, rb) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the teacher's variance in the salient and in the weak directions, of the arguments' shape."""
    salient, weak = phi1 * rx * rb, 1.0 - phi1
    return salient / (salient + weak), weak / (salient + weak)


def equivalent(activation: str, kappa1: float | None, kappastar: float | None, point: dict[str, np.ndarray]) -> tuple[Features, dict]:
    """The Gaussian equivalent of the features at each point, and `block_variances`. Raises ParameterError as `feature_coefficients`."""
    rho, phi1, rx, rb, vx = (point[name] for name in ("rho", "phi1", "rx", "rb", "vx"))
    kappas = feature_coefficients(activation, kappa1, kappastar, vx)
    variances = block_variances(rho, phi1, rx, rb, vx)
    strengths = kappas[0] ** 2 * variances["sx1"], kappas[0] ** 2 * variances["sx2"]
    blocks = np.array([(phi1, 1.0 - phi1), strengths, teacher_shares(phi1, rx, rb)])
    return Features(*kappas, np.ascontiguousarray(blocks.transpose(2, 1, 0))), variances


def solve(task: str, loss: str, activation: str, kappa1: float | None, kappastar: float | None, **point: float | str) -> dict[str, float]:
    """Every observable at one point; `point` has AXES.

    Raises ParameterError for choices that conflict, at the interpolation threshold and where no ridge is optimal; ConvergenceError where
    the iteration fails: within about 1e-5 of the separability threshold without ridge, or at absurdly small ones (below 1e-100).
    """
    features, variances = equivalent(activation, kappa1, kappastar, {name: np.array([point[name]]) for name in AXES})
    return solution(point, task, loss, features) | {name: float(values[0]) for name, values in variances.items()}


def solve_along(axis: str, values: np.ndarray, task: str, loss: str, activation: str, kappa1, kappastar, **fixed) -> dict[str, np.ndarray]:
    """Every observable along one of AXES, {name: (values,)}; a point without solution is a row of nan."""
    values = np.asarray(values, float)
    point = {name: values if name == axis else np.full(values.size, fixed[name]) for name in AXES}
    try:
        features, variances = equivalent(activation, kappa1, kappastar, point)
        check(task, loss, fixed.get("lam"), features.kappa1)
    except ParameterError:
        return {observable.name: np.full(values.size, math.nan) for observable in OBSERVABLES}
    columns = line(point, task, loss, features)
    solved = ~np.isnan(columns["lam"])
    return columns | {name: np.where(solved, column, math.nan) for name, column in variances.items()}


def simulate(
    size: int, trials: int, seed: int, progress: Progress, task: str, loss: str, activation: str, kappa1, kappastar, **point: float | str
) -> dict[str, Estimate]:
    """Fits of random features in D = `size` dimensions, under the theory's names; lam=opt takes the theory's optimum.

    The number of salient directions is rounded, and the mean variance of the inputs kept. Trials without a fit (no ridge, and a finite
    sample that is separable where large ones are not, or the reverse) are left out. Raises ParameterError where the theory does, for
    samples or features beyond what a fit can take, and where one of the blocks would be empty.
    """
    N, P = sizes(size, point["alpha"], point["gamma"])
    theory = solve(task, loss, activation, kappa1, kappastar, **point)
    salient = round(point["phi1"] * size)
    if not 1 <= salient < size:
        reason = f"the experiment needs directions of both kinds; phi1 times size {size} makes {salient} of them salient"
        raise ParameterError("phi1", point["phi1"], reason)
    ratios = (salient / size, point["rx"], point["rb"])
    variances, shares = block_variances(point["rho"], *ratios, point["vx"]), teacher_shares(*ratios)
    setting = Setting(
        N=N, P=P, lam=theory["lam"], delta=point["delta"], rho=point["rho"], classify=task == "classification", loss=loss,
        separable=not math.isnan(theory["margin"]), activation=activation, kappas=(theory["kappa1"], theory["kappastar"]),
        blocks=((salient, variances["sx1"], shares[0]), (size - salient, variances["sx2"], shares[1])),
    )  # fmt: skip
    return estimates(setting, trials, seed, progress)


DEFAULTS = {"task": "classification"}
PARAMETERS = (
    *(replace(p, default=DEFAULTS.get(p.name, p.default)) for p in SHARED_PARAMETERS),
    Parameter("phi1", r"\phi_1", "fraction of the input directions that are salient", 0.01, 1e-9, 1.0 - 1e-9, scale="log"),
    Parameter("rx", r"r_x", "variance of salient inputs over that of weak ones", 100.0, 1e-6, 1e6, scale="log"),
    Parameter("rb", r"r_\beta", "variance of the teacher's weights on salient inputs over that on weak ones", 100.0, 1e-6, 1e6, scale="log"),
    Parameter("vx", r"v", "mean variance of the inputs", 1.0, 1e-4, 1e4, scale="log"),
)  # fmt: skip
OBSERVABLES = (
    *SHARED_OBSERVABLES,
    Observable("sx1", r"\sigma_{x1}", "variance of a salient input"),
    Observable("sx2", r"\sigma_{x2}", "variance of a weak input"),
    Observable("sb1", r"\sigma_{\beta1}", "variance of the teacher's weights on salient inputs"),
    Observable("sb2", r"\sigma_{\beta2}", "variance of the teacher's weights on weak inputs"),
)

DASCOLI = "d'Ascoli, Gabrié, Sagun & Biroli 2021: replica theory, checked against the curves they publish"
HASTIE = "Hastie, Montanari, Rosset & Tibshirani 2022: least squares below the threshold, Delta / (alpha - 1) whatever the covariance"
MEI = "Mei & Montanari 2019, Theorem 3: ridgeless limit in closed form"
ALIGNED = {"alpha": 1.0, "gamma": 1.0, "phi1": 0.1, "activation": "tanh"}
MISALIGNED = {**ALIGNED, "rb": 0.01}
DECOMPOSED = {**ALIGNED, "alpha": 2.0, "gamma": 0.5, "lam": 1e-3, "delta": 0.3, "task": "regression"}
DEFAULT = {"gamma": 4.0, "alpha": 1.0, "lam": 0.05, "loss": "logistic"}
ISOTROPIC = {"alpha": 1.0, "gamma": 2.0, "lam": 0.0, "delta": 0.1, "activation": "tanh", "task": "regression", "rx": 1.0, "rb": 1.0}
LANDMARKS = (
    Landmark(ALIGNED, "gen_error", 0.202208, DASCOLI, 3e-6),
    Landmark(ALIGNED, "q", 0.932314, DASCOLI, 1e-6),
    Landmark(ALIGNED, "alpha_sep", 14.6698, DASCOLI, 4e-6),
    Landmark(MISALIGNED, "gen_error", 0.399457, DASCOLI, 2e-6),
    Landmark(MISALIGNED, "explained", 0.458085, DASCOLI, 2e-6),
    Landmark({**ALIGNED, "loss": "logistic"}, "gen_error", 0.0821813, DASCOLI, 1e-6),
    Landmark({**MISALIGNED, "loss": "logistic"}, "gen_error", 0.387055, DASCOLI, 2e-6),
    Landmark(DECOMPOSED, "gen_mse", 0.147939, DASCOLI, 4e-6),
    Landmark(DECOMPOSED, "var_init", 0.0472713, DASCOLI, 2e-6),
    Landmark(DEFAULT, "gen_error", 0.0447166, DASCOLI, 2e-6),
    Landmark(DEFAULT, "sx1", 100.0 / 1.99, "the mean variance of the inputs is 1", 1e-12),
    Landmark({"alpha": 3.0, "gamma": 2.0, "lam": 0.0, "delta": 0.2, "activation": "linear", "task": "regression"}, "gen_mse", 0.1, HASTIE, 1e-12),
    Landmark(ISOTROPIC, "gen_mse", 0.611954825121, MEI, 1e-10),
    Landmark({**ISOTROPIC, "rx": 100.0, "rb": 0.01, "phi1": 1e-9}, "gen_mse", 0.611954825121, MEI, 1e-6),
    Landmark(ALIGNED, "bias", None, "defined in regression"),
)  # fmt: skip

MODEL = Model(
    id="strong-weak-features",
    title="Strong and weak features",
    chapter="double_descent",
    question="How does structure in the data, a few loud directions among many quiet ones, change double descent?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension; the dots need some 20 salient directions", 200, 100, 2000, integer=True),
    trials=Parameter("trials", "n", "independent samples, features and teachers", 10, 1, 100, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("S. d'Ascoli, M. Gabrié, L. Sagun, G. Biroli", 2021, "On the interplay between data structure and loss function in classification problems", "arXiv:2103.05524", "https://arxiv.org/abs/2103.05524"),
        Reference("S. Mei, A. Montanari", 2019, "The generalization error of random features regression: precise asymptotics and double descent curve", "arXiv:1908.05355", "https://arxiv.org/abs/1908.05355"),
        Reference("F. Gerace, B. Loureiro, F. Krzakala, M. Mézard, L. Zdeborová", 2020, "Generalisation error in learning with random features and the hidden manifold model", "arXiv:2002.09339", "https://arxiv.org/abs/2002.09339"),
        Reference("S. Goldt, B. Loureiro, G. Reeves, F. Krzakala, M. Mézard, L. Zdeborová", 2020, "The Gaussian equivalence of generative models for learning with shallow neural networks", "arXiv:2006.14709", "https://arxiv.org/abs/2006.14709"),
        Reference("S. d'Ascoli, M. Refinetti, G. Biroli, F. Krzakala", 2020, "Double trouble in double descent: bias and variance(s) in the lazy regime", "arXiv:2003.01054", "https://arxiv.org/abs/2003.01054"),
        Reference("T. Hastie, A. Montanari, S. Rosset, R. J. Tibshirani", 2022, "Surprises in high-dimensional ridgeless least squares interpolation", "Annals of Statistics 50, 949", "https://arxiv.org/abs/1903.08560"),
    ),
    solve_along=solve_along,
    solve_axes=AXES,
)  # fmt: skip

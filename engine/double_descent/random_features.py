r"""**Setting.** A linear teacher acts on Gaussian inputs, $x\sim N(0,I_D)$, $\nu=\beta\cdot x/\sqrt D$ with $E\nu^2=\rho$. The student is a
two-layer network whose first layer is frozen at random, $h=w\cdot\sigma(Fx/\sqrt D)/\sqrt P$ with $F_{ij}\sim N(0,1)$; its $P=\gamma D$
second-layer weights minimise $\sum_\mu\ell(y^\mu,h^\mu)+\frac\lambda2\|w\|^2$, a sum over $N=\alpha D$ examples. Regression:
$y=\nu+\sqrt\Delta\,\epsilon$ and $\ell=\frac12(y-h)^2$. Classification: $y=\mathrm{sign}\,\nu$, flipped with probability $\Delta$, and also
$\ell=\log(1+e^{-yh})$ or $\max(0,1-yh)$. Test errors are against the noiseless target; `gen_mse` carries no $\frac12$.

**Gaussian equivalence.** The features act like $\kappa_0+\kappa_1Fx/\sqrt D+\kappa_\star\xi$ with independent Gaussian $\xi$ (Goldt et al.
2020, Mei & Montanari 2019): $\kappa_0=E\sigma$, $\kappa_1=E\,z\sigma$, $\kappa_\star^2=E\sigma^2-\kappa_0^2-\kappa_1^2$, $z\sim N(0,1)$. Labels
are balanced, so that $\kappa_0$, a free intercept, drops out.

**Channel.** With $f=(\mathrm{prox}-\omega)/V$, $\mathrm{prox}=\arg\min_h\ell(y,h)+(h-\omega)^2/2V$, a loss enters by three averages:
$c=-E\,\partial_\omega f$, $r=Ef^2$, $t=E\,\partial_\nu f$. For the square loss $c=1/(1+V)$. For a sign teacher, with
$Z(\omega)=\Delta+(1-2\Delta)\Phi\big(\tfrac{m\omega/q}{\sqrt{\rho-m^2/q}}\big)$ and $\omega\sim N(0,q)$,

$$c=-2E[Zf'],\qquad r=2E[Zf^2],\qquad t=(1-2\Delta)\sqrt{\tfrac2{\pi\rho}}\;E_{\omega\sim N(0,q-m^2/\rho)}f(\omega).$$

**Features.** Eliminating the resolvent of the Marchenko-Pastur law leaves one number $x=cX$. With $a=\alpha\kappa_1^2$, $u=1/(1+ax)$,

$$S(x)=\kappa_\star^2x+\kappa_1^2xu,\qquad \frac\lambda cx+\frac\alpha\gamma S(x)=1,\qquad V=\frac{S(x)}c,\qquad m=t\rho\,a Xu,$$
$$\frac{\|w\|^2}P=\frac{X^2}{\gamma}\,\frac{\alpha S'r+(\alpha\kappa_1ut)^2\rho}{1-(axu)^2/\gamma},\qquad
q=\frac{m^2}\rho+\alpha\kappa_1^4X^2u^2\,r+S'(x)\frac{\|w\|^2}P .$$

**Square loss.** $(1-S)(1-\frac\alpha\gamma S)=\lambda x$ fixes $x$; $q=Ar+\dots$ is affine in $r$, which follows from $E(y-h)^2$. Everything is
closed, at $\lambda=0$ too, where only $\alpha=\gamma$ (for $\kappa_\star=0$: $\alpha=\min(\gamma,1)$) is singular, the interpolation peak.

**Bias and variance** (regression; noise inside initialisation inside sampling, d'Ascoli et al. 2020). $A_{10}=\alpha\kappa_1^4x^2u^2$ is the
part of $A$ that two students with independent features share, $B'$ the rest of the teacher's contribution to $q$:

$$\text{bias}=\rho u^2,\quad\text{var}_{samp}=\frac{A_{10}\,\text{bias}}{1-A_{10}},\quad
\text{var}_{init}=\frac{B'+(A-A_{10})\,\text{bias}/(1-A_{10})}{1-A},\quad\text{var}_{noise}=\frac{A\Delta}{1-A}.$$

Averaging infinitely many students removes $\text{var}_{init}$ and most of $\text{var}_{noise}$:
`mse_ensemble` $=\text{bias}+A_{10}(\text{bias}+\Delta)/(1-A_{10})$.

**Separability.** Of the teacher's variance a share $e$ is linear in the features. Labels are separable below
$\alpha_{sep}=\gamma\max_{t\ge0}1/E[(\xi-t\,yg)_+^2]$, $y=\mathrm{sign}(\sqrt e\,g+\sqrt{1-e}\,n)$ flipped with probability $\Delta$ (Candès & Sur
2020). There, without ridge, logistic and hinge loss reach the same hard margin ($V\to\infty$); the logistic weights diverge along it.

**Numerics.** Square loss: one bracketed Newton iteration in $\ln x$, then sums of positive terms. Logistic and hinge: Newton's method on
$(\ln V,\ln q,\mathrm{artanh}\frac m{\sqrt{\rho q}})$; the channel by Gauss-Legendre panels in prox (logistic) or in the distance from the
margin (hinge), so that no root is sought inside an integral. The optimal ridge is searched in $\log_{10}\lambda$.
"""

import math

import numpy as np

from engine.double_descent.experiment import Setting, estimates, fields, sizes
from engine.double_descent.spectrum import isotropic
from engine.double_descent.student import AXES, OBSERVABLES, PARAMETERS, Features, check, feature_coefficients, line, solution
from engine.model import Estimate, Landmark, Model, Parameter, ParameterError, Progress, Reference


def equivalent(activation: str, kappa1: float | None, kappastar: float | None, points: int) -> Features:
    """The Gaussian equivalent of the features, the same at every point. Raises ParameterError as `feature_coefficients`."""
    kappas = feature_coefficients(activation, kappa1, kappastar, np.ones(points))
    return Features(*kappas, isotropic(kappas[0]))


def solve(task: str, loss: str, activation: str, kappa1: float | None, kappastar: float | None, **point: float | str) -> dict[str, float]:
    """Every observable at one point; `point` has AXES.

    Raises ParameterError for choices that conflict, at the interpolation threshold and where no ridge is optimal; ConvergenceError where
    the iteration fails: within about 1e-5 of the separability threshold without ridge, or at absurdly small ones (below 1e-100).
    """
    return solution(point, task, loss, equivalent(activation, kappa1, kappastar, 1))


def solve_along(axis: str, values: np.ndarray, task: str, loss: str, activation: str, kappa1, kappastar, **fixed) -> dict[str, np.ndarray]:
    """Every observable along one of AXES, {name: (values,)}; a point without solution is a row of nan."""
    values = np.asarray(values, float)
    try:
        features = equivalent(activation, kappa1, kappastar, values.size)
        check(task, loss, fixed.get("lam"), features.kappa1)
    except ParameterError:
        return {observable.name: np.full(values.size, math.nan) for observable in OBSERVABLES}
    return line({name: values if name == axis else np.full(values.size, fixed[name]) for name in AXES}, task, loss, features)


def setting(size: int, task: str, loss: str, activation: str, kappa1, kappastar, **point: float | str) -> Setting:
    """What a trial in D = `size` dimensions needs; lam=opt is the theory's optimum. Raises ParameterError as `simulate`."""
    N, P = sizes(size, point["alpha"], point["gamma"])
    theory = solve(task, loss, activation, kappa1, kappastar, **point)
    return Setting(
        N=N, P=P, lam=theory["lam"], delta=point["delta"], rho=point["rho"], classify=task == "classification", loss=loss,
        separable=not math.isnan(theory["margin"]), activation=activation, kappas=(theory["kappa1"], theory["kappastar"]),
        blocks=((size, 1.0, 1.0),),
    )  # fmt: skip


def simulate(size: int, trials: int, seed: int, progress: Progress, **parameters: float | str) -> dict[str, Estimate]:
    """Fits of random features in D = `size` dimensions, under the theory's names; lam=opt takes the theory's optimum.

    Trials without a fit (no ridge, and a finite sample that is separable where large ones are not, or the reverse) are left out.
    Raises ParameterError where the theory does, and for samples or features beyond what a fit can take.
    """
    return estimates(setting(size, **parameters), trials, seed, progress)


def sample_fields(
    size: int, points: int, seed: int = 0, tails: float = math.inf, **parameters: float | str
) -> tuple[np.ndarray, np.ndarray] | None:
    r"""Fields $(\nu,h)$ of one teacher and its trained student on `points` fresh inputs in D = `size` dimensions: what the theory takes
    to be jointly Gaussian, of covariance $\rho,m,q$ (Goldt et al. 2020). None where the fit does not exist.

    `tails` > 2 gives each input a random scale (multivariate Student, that many degrees of freedom, variance 1), for which the
    equivalence fails. Raises ParameterError as `simulate`.
    """
    return fields(setting(size, **MODEL.validate(parameters)), points, seed, tails)


MEI = "Mei & Montanari 2019, Theorem 3: ridgeless limit in closed form"
HASTIE = "Hastie, Montanari, Rosset & Tibshirani 2022, Theorem 1: least squares below the threshold, Delta / (alpha - 1)"
GERACE = "Gerace et al. 2020: their self-consistent equations, iterated with spectral averages over the Marchenko-Pastur law"
GARDNER = "Gardner 1988: margin kappa at load 1 / [(1 + kappa^2) Phi(kappa) + kappa phi(kappa)] for unrelated labels"
OPPER = "Opper, Kinzel, Kleinz & Nehl 1990: maximal stability generalises as 0.5005 / alpha"
COVER = "Cover 1965: two random labels per parameter"
RIDGELESS = {"alpha": 1.0, "gamma": 2.0, "lam": 0.0, "delta": 0.1, "activation": "tanh"}
LINEAR = {"alpha": 3.0, "gamma": 2.0, "lam": 0.0, "delta": 0.2, "activation": "linear"}
RIDGE = {"alpha": 2.0, "gamma": 1.0, "lam": 0.01, "delta": 0.1}
SIGN = {"alpha": 2.0, "gamma": 1.5, "lam": 0.1, "delta": 0.1, "task": "classification"}
LOGISTIC = {"alpha": 2.0, "gamma": 1.5, "lam": 0.01, "delta": 0.1, "activation": "erf", "task": "classification", "loss": "logistic"}
HINGE = {"alpha": 1.5, "gamma": 1.1, "lam": 5.0, "delta": 0.1, "task": "classification", "loss": "hinge"}
NOISE = {"alpha": 0.519572229604938, "gamma": 1.0, "lam": 0.0, "activation": "abs", "task": "classification", "loss": "hinge"}
SEPARABLE = {"gamma": 1e4, "lam": 0.0, "activation": "linear", "task": "classification", "loss": "hinge"}
LANDMARKS = (
    Landmark(RIDGELESS, "gen_mse", 0.611954825121, MEI, 1e-10),
    Landmark(RIDGELESS, "var_noise", 0.237995012839, MEI, 1e-10),
    Landmark({**RIDGELESS, "alpha": 3.0, "gamma": 0.5, "delta": 0.3, "activation": "erf"}, "gen_mse", 0.745263118865, MEI, 1e-10),
    Landmark({**RIDGELESS, "alpha": 0.3, "gamma": 5.0, "delta": 0.0, "activation": "sign"}, "gen_mse", 0.808724258867, MEI, 1e-10),
    Landmark(LINEAR, "gen_mse", 0.1, HASTIE, 1e-12),
    Landmark(LINEAR, "train_loss", 0.2 / 3.0, "least squares: Delta (1 - 1/alpha) / 2", 1e-12),
    Landmark({"lam": 1e12}, "gen_mse", 1.0, "infinite ridge: the student predicts 0"),
    Landmark(RIDGE, "q", 0.9824710902, GERACE, 1e-9),
    Landmark(RIDGE, "m", 0.5359944923, GERACE, 1e-9),
    Landmark(SIGN, "q", 0.4805045725, GERACE, 1e-9),
    Landmark(LOGISTIC, "q", 9.160523693, GERACE, 1e-9),
    Landmark(LOGISTIC, "m", 1.762627896, GERACE, 1e-9),
    Landmark(HINGE, "q", 0.01521924799, GERACE, 1e-9),
    Landmark({**SIGN, "delta": 0.5}, "alpha_sep", 3.0, COVER, 1e-12),
    Landmark(NOISE, "margin", 1.0, GARDNER, 1e-9),
    Landmark(NOISE, "gen_error", 0.5, "even features know nothing of a linear teacher", 1e-12),
    Landmark({**SEPARABLE, "alpha": 1e3}, "gen_error", 0.5005e-3, OPPER, 2e-4),
    Landmark(NOISE, "gen_mse", None, "defined for the square loss"),
    Landmark(SIGN, "bias", None, "defined in regression"),
)  # fmt: skip

MODEL = Model(
    id="random-features",
    title="Random features and double descent",
    chapter="double_descent",
    question="How do test and training error depend on the number of features, of samples, and on the ridge?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "D", "input dimension", 200, 20, 2000, integer=True),
    trials=Parameter("trials", "n", "independent samples, features and teachers", 10, 1, 100, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("S. Mei, A. Montanari", 2019, "The generalization error of random features regression: precise asymptotics and double descent curve", "arXiv:1908.05355", "https://arxiv.org/abs/1908.05355"),
        Reference("F. Gerace, B. Loureiro, F. Krzakala, M. Mézard, L. Zdeborová", 2020, "Generalisation error in learning with random features and the hidden manifold model", "arXiv:2002.09339", "https://arxiv.org/abs/2002.09339"),
        Reference("S. Goldt, B. Loureiro, G. Reeves, F. Krzakala, M. Mézard, L. Zdeborová", 2020, "The Gaussian equivalence of generative models for learning with shallow neural networks", "arXiv:2006.14709", "https://arxiv.org/abs/2006.14709"),
        Reference("S. d'Ascoli, M. Refinetti, G. Biroli, F. Krzakala", 2020, "Double trouble in double descent: bias and variance(s) in the lazy regime", "arXiv:2003.01054", "https://arxiv.org/abs/2003.01054"),
        Reference("T. Hastie, A. Montanari, S. Rosset, R. J. Tibshirani", 2022, "Surprises in high-dimensional ridgeless least squares interpolation", "Annals of Statistics 50, 949", "https://arxiv.org/abs/1903.08560"),
        Reference("E. Gardner", 1988, "The space of interactions in neural network models", "Journal of Physics A 21, 257"),
        Reference("M. Opper, W. Kinzel, J. Kleinz, R. Nehl", 1990, "On the ability of the optimal perceptron to generalise", "Journal of Physics A 23, L581"),
        Reference("E. J. Candès, P. Sur", 2020, "The phase transition for the existence of the maximum likelihood estimate in high-dimensional logistic regression", "Annals of Statistics 48, 27", "https://arxiv.org/abs/1804.09753"),
    ),
    solve_along=solve_along,
    solve_axes=AXES,
)  # fmt: skip

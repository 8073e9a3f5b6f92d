r"""**Setting.** Features $u\in R^P$ and a target $\nu$, both centred, enter by their second moments alone: $\Omega=E\,uu^T$ with eigenvalues
$\omega_i$, $\varphi=E\,\nu u$ with components $\varphi_i$ along its eigenvectors, $\rho=E\nu^2$ (Loureiro et al. 2021). The student
$h=w\cdot u/\sqrt P$ minimises $\sum_{\mu\le n}\ell+\frac\lambda2\|w\|^2$ over $n=\alpha P$ samples. Regression: $y=\nu+\sqrt\Delta\,\epsilon$,
$\ell=\frac12(y-h)^2$. Classification: $y=\mathrm{sign}\,\nu$ flipped with probability $\Delta$, and also $\ell=\log(1+e^{-yh})$ or
$\max(0,1-yh)$. `gen_mse` carries no $\frac12$ and is against the target without the extra noise.

Each mode explains a share $p_i=\varphi_i^2/\omega_i\rho$ of the target's variance, all together $e=\sum_ip_i\le1$. For ridge regression nothing
else about the target is needed, which is why real labels can be predicted; for labels $\mathrm{sign}\,\nu$ the target is taken to be
Gaussian: exact for synthetic data, a heuristic for real ones.

**Sources.** `powerlaw`: $\omega_k\propto k^{-a}$ of mean 1, $p_k\propto k^{-a-b}$, $\rho=1$. `digits`: scikit-learn's 1797 images, pixels in
[0, 1] without the constant ones, or random features $\sigma(Fx/\sqrt D)$ of them (pixels centred and scaled to $\|x\|^2=D$ on average); the
target is $\pm1$. `generator`: Gaussian latents through a network of two layers trained to draw the digits; the target is linear in
the latents. `file`: X and y, or `omega` with `phi2` (a matrix with the vector `phi`) and `rho`. With `pool=half` the
moments are those of one half of the points.

**Equations.** With $c=-E\,\partial_\omega f$, $r=Ef^2$, $t=E\,\partial_\nu f$, $f=(\mathrm{prox}-\omega)/V$, of the loss (square: $c=1/(1+V)$)
and $y_i=\omega_i/(\lambda+\alpha c\,\omega_i)$,

$$V=\frac1P\sum_iy_i,\qquad m=\alpha t\rho\,\mu,\quad\mu=\sum_ip_iy_i,\qquad
q-\frac{m^2}\rho=\alpha^2t^2\rho\Big[\sum_ip_i(y_i-\mu)^2+(1-e)\mu^2\Big]+\frac{\alpha r}P\sum_iy_i^2 .$$

**Square loss.** $x=c/\lambda$ solves $\lambda x+\frac1P\sum_i\frac{\omega_ix}{1+\alpha\omega_ix}=1$: kernel ridge regression on the whole
population with the *effective ridge* $\tilde\kappa=1/\alpha x$, which fits the mode $i$ but for the fraction
$u_i=\tilde\kappa/(\tilde\kappa+\omega_i)$. With the variance $\sigma^2$ of the noise ($\Delta$; in classification $1-\frac2\pi(1-2\Delta)^2$, and
$\nu$ counts $t_0=(1-2\Delta)\sqrt{2/\pi\rho}$ times), sums of positive terms:

$$r_0=\frac{\sigma^2+t_0^2\,\mathrm{bias}}{1-A},\quad \mathrm{bias}=\rho\Big[1-e+\sum_ip_iu_i^2\Big],\quad
1-A=c+\frac1n\sum_iu_i(1-u_i),\quad \mathrm{train\_loss}=\tfrac12c^2r_0 .$$

In regression `gen_mse` $=r_0-\Delta$. Without ridge the $p_+$ modes with $\omega_i>0$ are fitted exactly for $n<p_+$ ($c=0$); the error peaks at
$n=p_+$.

**Separability.** Labels are separable for $n<n_{sep}=p_+\max_{t\ge0}1/E[(\xi-t\,yg)_+^2]$, $y=\mathrm{sign}(\sqrt e\,g+\sqrt{1-e}\,z)$ flipped
with probability $\Delta$ (Candès & Sur 2020). There, without ridge, logistic and hinge loss reach the same hard margin; the logistic weights
diverge along it.

**The trap.** Moments measured on a pool of points describe draws from that pool. On fresh data they promise too much: $e$ contains about
$P/n_{pool}$ of chance correlations. `tested=pool` draws training samples from the pool with replacement and tests on all of it;
`tested=held-out` trains and tests on points of their own (of the other half with `pool=half`). `pool=corrected` takes chance off the moments
of the half: $1-e$ grows by $\frac{n_{pool}-1}{n_{pool}-p_+-1}$, and every $p_i$ loses $(1-e)/n_{pool}$.

**Numerics.** Diagonalised once. Square loss: a bracketed Newton iteration in $\ln x$, then one pass. Logistic and hinge: Newton's method on
$(\ln V,\ln q,\mathrm{artanh}\frac m{\sqrt{\rho q}})$, averages over the field by Gauss-Legendre panels. The optimal ridge is searched over
$\log_{10}\lambda\in[-8,6]$.
"""

import math
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.double_descent.activations import ACTIVATIONS
from engine.double_descent.covariances import (
    LABELS,
    DataError,
    Generator,
    Pool,
    Spectrum,
    centred,
    digit_features,
    digits,
    from_matrix,
    generated,
    measure,
    power_law,
    spectrum,
    split,
    without_chance,
)
from engine.double_descent.covariate_curve import EDGE, curve, threshold
from engine.double_descent.covariate_fits import check_work, fitted, repeat, simulate_points, trial_gaussian, trial_points
from engine.double_descent.tables import LOCAL, parse
from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Progress, Reference

AXES = ("n", "lam", "delta")


# ---- sources -----------------------------------------------------------------------------------------------------------------------


@lru_cache(4)
def file_arrays(path: str, stamp: tuple) -> dict[str, np.ndarray]:
    """The arrays of a file; `stamp` tells apart what it held at different times."""
    return parse(path, Path(path).read_bytes())


def file_data(path: str | None) -> dict[str, np.ndarray]:
    """The arrays of the file at `path`. Raises ParameterError where there is none, or none that can be used."""
    if path is None:
        raise ParameterError("path", path, f"source file needs path={FILE}")
    try:
        status = Path(path).stat()
        if status.st_size > LOCAL.size:
            raise DataError(f"the file has more than {LOCAL.size // 2**20} MB")
        arrays = file_arrays(path, (status.st_mtime_ns, status.st_size))
    except (OSError, ValueError) as error:  # DataError is a ValueError, as is a path with a null character
        raise ParameterError(
            "path", path, str(error) if isinstance(error, DataError) else f"cannot read it; path must be {FILE}"
        ) from error
    if not {"X", "y"} <= arrays.keys() and not ("omega" in arrays and "rho" in arrays and {"phi", "phi2"} & arrays.keys()):
        raise ParameterError("path", path, "the file must hold X and y, or omega, phi2 (or phi) and rho")
    return arrays


def file_spectrum(arrays: dict[str, np.ndarray]) -> Spectrum:
    """The Spectrum of given covariances; DataError where they are inconsistent."""
    omega, rho = arrays["omega"], arrays["rho"]
    if rho.size != 1:
        raise DataError("rho must be one number")
    rho = float(rho.ravel()[0])
    if omega.ndim == 2:
        if "phi" not in arrays:
            raise DataError("a matrix omega needs the vector phi")
        return from_matrix(omega, arrays["phi"], rho)
    phi_sq = arrays["phi2"] if "phi2" in arrays else arrays["phi"] ** 2
    return spectrum(omega.size, omega, phi_sq, rho)


def points(source: str, label: str, features: str, P: int, seed: int, path: str | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Measured points, features (points, P) and targets (points,); None for a source that has moments only."""
    if source == "digits":
        return digit_features(features, P, seed), LABELS[label](digits()[1])
    if source == "file":
        arrays = file_data(path)
        return (arrays["X"], arrays["y"]) if "X" in arrays and "y" in arrays else None
    return None


@lru_cache(2)
def digit_pools(label: str, features: str, P: int, seed: int, pool: str) -> tuple[Pool, Pool]:
    """The points on which moments are measured, and those held out."""
    return pools(*points("digits", label, features, P, seed, None), pool)


def pools(X: np.ndarray, y: np.ndarray, pool: str) -> tuple[Pool, Pool]:
    """The points on which moments are measured, and those on which held-out fits train and test: the same ones, or two halves."""
    if pool != "all":
        return split(X, y)
    everything = centred(X, y)
    return everything, everything


def measured(points: Pool, pool: str) -> Spectrum:
    """The moments of these points, as they are or less what chance adds."""
    return without_chance(measure(points)) if pool == "corrected" else measure(points)


@lru_cache(32)
def digit_spectrum(label: str, features: str, P: int, seed: int, pool: str) -> Spectrum:
    return measured(digit_pools(label, features, P, seed, pool)[0], pool)


@lru_cache(8)
def path_spectrum(path: str, stamp: tuple, pool: str) -> Spectrum:
    arrays = file_arrays(path, stamp)
    return measured(pools(arrays["X"], arrays["y"], pool)[0], pool) if "X" in arrays and "y" in arrays else file_spectrum(arrays)


@lru_cache(64)
def power_law_spectrum(P: int, a: float, b: float, explained: float) -> Spectrum:
    return power_law(P, a, b, explained)


def source_spectrum(
    source: str, P: int, a: float, b: float, explained: float, label: str, features: str, seed: int, path: str | None, pool: str
) -> Spectrum:
    """The moments of a source. Raises ParameterError for a file that cannot be used and for choices that conflict."""
    if source != "file" and path is not None:
        raise ParameterError("path", path, f"path goes with source file only, where it is {FILE}")
    if source == "powerlaw":
        return power_law_spectrum(P, a, b, explained)
    P, seed = (0, 0) if features == "pixels" else (P, seed)  # which do not matter then
    if source == "generator":
        return generated(label, features, P, seed)[0]
    try:
        if source == "digits":
            return digit_spectrum(label, features, P, seed, pool)
        file_data(path)
        status = Path(path).stat()
        return path_spectrum(path, (status.st_mtime_ns, status.st_size), pool)
    except DataError as error:
        name, value = ("path", path) if source == "file" else ("pool", pool)
        raise ParameterError(name, value, str(error)) from error


def solve(n: int, lam: float | str, delta: float, task: str, loss: str, tested: str, **source) -> dict[str, float]:
    """Every observable at one point; `source` has the parameters of `source_spectrum`.

    Raises ParameterError for choices that conflict, data that cannot be used, at the thresholds of lam=0 and where no ridge is
    optimal; ConvergenceError where the iteration fails: without ridge, within about 1e-5 of the separability threshold or beyond 1e3
    samples a feature.
    """
    if task == "regression" and loss != "square":
        raise ParameterError("loss", loss, "loss must be square in regression")
    if task == "classification" and delta > 0.5:
        raise ParameterError("delta", delta, "delta must be in [0, 0.5] in classification, where it is the probability of a flipped label")
    of = source_spectrum(**source)
    solution = {name: float(values[0]) for name, values in curve(of, n, lam, delta, task, loss).items()}
    if not math.isnan(solution["q"]):
        return solution
    if lam == "opt" and math.isnan(solution["lam"]):
        raise ParameterError("lam", lam, "no ridge is optimal: nothing of the target can be learned")
    if loss == "square":
        raise ParameterError("lam", lam, f"interpolation threshold: at n = {n}, the number of modes, the error without ridge is infinite")
    if lam == 0.0 and abs(n - threshold(of, delta)) < EDGE * n:
        raise ParameterError("lam", lam, f"separability threshold: at n = {n} samples the weights without ridge are infinite")
    raise ConvergenceError(f"no solution of the {loss} loss found at n={n}, lam={lam}, delta={delta}")


def solve_along(axis: str, values: np.ndarray, task: str, loss: str, tested: str, **given) -> dict[str, np.ndarray]:
    """Every observable along one of AXES, {name: (values,)}; a point without solution is a row of nan."""
    line = {name: values if name == axis else given.pop(name) for name in AXES}
    if task == "regression" and loss != "square":
        return {observable.name: np.full(len(values), math.nan) for observable in OBSERVABLES}
    return curve(source_spectrum(**given), **line, task=task, loss=loss)


# ---- experiment ----------------------------------------------------------------------------------------------------


def simulate(size: int, trials: int, seed: int, progress: Progress, **point) -> dict[str, Estimate]:
    """Fits to samples of the source, under the theory's names: Gaussian ones where only moments are known, else real points.

    The seed also draws the random features. Raises ParameterError where the theory does, and for samples beyond what is held out or what
    a fit can take.
    """
    return experiment(size, trials, seed, seed, progress, **point)


def simulate_along(axis: str, values: np.ndarray, size: int, trials: int, seed: int, progress: Progress, **point) -> dict[str, Estimate]:
    """`simulate` at each of `values` of one of AXES, with the same random features."""
    found = []
    for i, value in enumerate(values):
        draws = int(np.random.SeedSequence([seed, i]).generate_state(1)[0])
        at = {axis: int(value) if axis == "n" else float(value)}
        found.append(experiment(size, trials, draws, seed, lambda done, i=i: progress((i + done) / len(values)), **point, **at))
    names, absent = dict.fromkeys(name for one in found for name in one), Estimate(math.nan, math.nan)
    return {
        name: Estimate(*(np.array([getattr(one.get(name, absent), part) for one in found]) for part in ("mean", "sem"))) for name in names
    }


def experiment(
    size: int,
    trials: int,
    draws: int,
    seed: int,
    progress,
    n: int,
    lam: float | str,
    delta: float,
    task: str,
    loss: str,
    tested: str,
    **source,
) -> dict[str, Estimate]:
    """`simulate`, samples drawn by the seed `draws` and random features by `seed`."""
    source["seed"] = seed
    solve(n, lam, delta, task, loss, tested, **source)
    of = source_spectrum(**source)
    given = {name: source[name] for name in ("label", "features", "P", "seed")}
    if source["features"] == "pixels":
        given |= {"P": 0, "seed": 0}
    if source["source"] == "generator":
        population: Generator = generated(**given)[1]
        check_work(n, of.P, None)
        fit = fitted(of, n, lam, delta, task, loss)
        return repeat(lambda rng: trial_points(population.draw(rng, n), population.draw(rng, size), fit, rng), trials, draws, progress)
    if source["source"] == "digits":
        measured, held = digit_pools(**given, pool=source["pool"])
    else:
        data = points(source["source"], **given, path=source["path"])
        if data is None:
            check_work(n, of.omega.size, None)
            fit = fitted(of, n, lam, delta, task, loss)
            return repeat(lambda rng: trial_gaussian(of, n, fit, rng), trials, draws, progress)
        measured, held = pools(*data, source["pool"])
    return simulate_points(of, measured if tested == "pool" else held, n, tested, lam, delta, task, loss, trials, draws, progress)


# ---- the model -----------------------------------------------------------------------------------------------------------------------

FILE = "the path of a file csv, npz or json"
PARAMETERS = (
    Parameter("source", "", "where the covariances come from", "powerlaw", choices=("powerlaw", "digits", "generator", "file")),
    Parameter("P", "P", "number of features (power law, and random features)", 200, 1, 5000, scale="log", integer=True),
    Parameter("a", "a", "decay of the features' variance, ω ∝ k^-a (power law)", 1.0, 0.0, 6.0, 0.05),
    Parameter("b", "b", "decay of the target, φ² ∝ ω² k^-b (power law)", 1.0, 0.0, 6.0, 0.05),
    Parameter("explained", "e", "share of the target's variance linear in the features (power law)", 1.0, 0.0, 1.0, 0.01, open_low=True),
    Parameter("label", "", "label of a digit: +1 if even, or if at least 5 (digits, generator)", "parity", choices=tuple(LABELS)),
    Parameter("features", "", "pixels, or the activation of random features of them (digits, generator)", "pixels", choices=("pixels", *ACTIVATIONS)),
    Parameter("seed", "s", "seed of the random features (digits, generator)", 0, 0, 2**32 - 1, integer=True),
    Parameter("path", "", "file: X and y, or omega, phi2 (or phi) and rho", None, text=FILE),
    Parameter("pool", "", "points on which moments are measured (digits, file): all, half of them, or half and what chance adds taken off", "all", choices=("all", "half", "corrected")),
    Parameter("tested", "", "experiment: draws from the pool tested on it, or points of their own (digits, file)", "pool", choices=("pool", "held-out")),
    Parameter("n", "n", "number of training samples", 100, 1, 100_000, scale="log", integer=True),
    Parameter("lam", r"\lambda", "ridge; opt: the one of least test error in [1e-8, 1e6]", 0.1, 0.0, 1e12, scale="log", choices=("opt",)),
    Parameter("delta", r"\Delta", "regression: variance of extra label noise; classification: probability of a flipped label, at most 1/2", 0.0, 0.0, 1e3),
    Parameter("task", "", "what is learned: the target or its sign", "regression", choices=("regression", "classification")),
    Parameter("loss", r"\ell", "training loss; logistic and hinge in classification", "square", choices=("square", "logistic", "hinge")),
)  # fmt: skip

DIVERGES = "infinite for the logistic loss without ridge on separable data"
OBSERVABLES = (
    Observable("gen_mse", r"E(\bar y-h)^2", "test error, squared, against labels without extra noise; without ½", "logistic and hinge loss"),
    Observable("gen_mse_noisy", r"E(y-h)^2", "test error, squared, against labels with extra noise; without ½", "logistic and hinge loss"),
    Observable("gen_error", r"\epsilon_g", "fraction of fresh labels without flips missed, for a Gaussian target", "regression"),
    Observable("train_loss", r"\langle\ell\rangle_{train}", "training loss per sample, without the penalty; the square loss has its ½"),
    Observable("train_error", r"\epsilon_t", "fraction of training labels missed", "regression"),
    Observable("m", "m", "overlap of student and target, E νh", DIVERGES),
    Observable("q", "q", "variance of the student's output, E h²", DIVERGES),
    Observable("v", "V", "scaled variance of the student", "infinite without ridge where the training loss vanishes"),
    Observable("margin", r"\kappa", "margin 1/√q of the separating student", "all but logistic and hinge loss without ridge on separable data"),
    Observable("n_sep", r"n_{sep}", "largest number of samples whose labels are separable", "regression; infinite where they always are"),
    Observable("effective_ridge", r"\tilde\kappa", "ridge on the whole population that shrinks the modes alike, λ/αc", "infinite where c = 0"),
    Observable("explained", "e", "share of the target's variance that is linear in the features"),
    Observable("lam", r"\lambda", "ridge in use"),
)  # fmt: skip

LOUREIRO = "Loureiro et al. 2021: their self-consistent equations, evaluated independently"
HASTIE = "Hastie, Montanari, Rosset & Tibshirani 2022, Theorem 1: least squares below the threshold, Delta / (n/P - 1)"
MARCHENKO = "isotropic features: the fixed point is a quadratic equation (Marchenko & Pastur 1967)"
POWER = {"delta": 0.1}
ISOTROPIC = {"a": 0.0, "b": 0.0, "P": 100}
CLASSIFY = {"task": "classification"}


def printed(parameters: dict, source: str, **values: tuple[float, float]) -> tuple[Landmark, ...]:
    """One landmark per observable: (value, half a unit of its last digit)."""
    return tuple(Landmark(parameters, name, value, source, 0.0, digit) for name, (value, digit) in values.items())


LANDMARKS = (
    *printed(POWER, LOUREIRO, gen_mse=(0.0719057, 6e-8), train_loss=(0.00560517, 6e-9), m=(0.941554, 6e-7), q=(0.955014, 6e-7)),
    *printed(POWER, LOUREIRO, v=(2.91594, 6e-6)),
    *printed({**POWER, "n": 400}, LOUREIRO, gen_mse=(0.0508615, 6e-8), train_loss=(0.0266302, 6e-8)),
    *printed({**POWER, "lam": 0.0}, LOUREIRO, gen_mse=(0.144011, 6e-7), train_loss=(0.0, 0.0)),
    *printed({**POWER, "n": 200, **CLASSIFY, "loss": "logistic"}, LOUREIRO, gen_error=(0.149883, 6e-7), train_loss=(0.227205, 6e-7)),
    *printed({**POWER, "n": 200, **CLASSIFY, "loss": "logistic"}, LOUREIRO, train_error=(0.0511088, 6e-8), q=(5.82685, 6e-6)),
    *printed({"source": "digits"}, LOUREIRO, gen_mse=(0.401075, 6e-7), explained=(0.707704, 6e-7), train_loss=(0.135468, 6e-7)),
    Landmark({**ISOTROPIC, "n": 300, "lam": 0.0, "delta": 0.2}, "gen_mse", 0.1, HASTIE, 1e-12),
    Landmark({**ISOTROPIC, "n": 50, "lam": 0.0, "delta": 0.2}, "gen_mse", 0.5 + 0.2, HASTIE + "; above it, 1 - n/P + Delta / (P/n - 1)", 1e-12),
    Landmark({**ISOTROPIC, "n": 200, "lam": 0.5}, "v", (math.sqrt(4.25) - 1.5) / 1.0, MARCHENKO, 1e-12),
    Landmark({"lam": 1e12}, "gen_mse", 1.0, "infinite ridge: the student predicts 0"),
    Landmark({**CLASSIFY, "loss": "hinge"}, "gen_mse", None, "defined for the square loss"),
)  # fmt: skip

MODEL = Model(
    id="gaussian-covariate",
    title="Gaussian covariates: learning curves from measured moments",
    chapter="double_descent",
    question="Can the learning curve of ridge or logistic regression on real features be predicted from second moments alone?",
    equations=__doc__,
    parameters=PARAMETERS,
    observables=OBSERVABLES,
    solve=solve,
    simulate=simulate,
    size=Parameter("size", "n_{test}", "fresh points a fit is tested on (generator); others test on all points, or exactly", 4000, 10, 20_000, integer=True),
    trials=Parameter("trials", "k", "independent samples and fits", 20, 1, 1000, integer=True),
    landmarks=LANDMARKS,
    references=(
        Reference("B. Loureiro, C. Gerbelot, H. Cui, S. Goldt, F. Krzakala, M. Mézard, L. Zdeborová", 2021, "Learning curves of generic features maps for realistic datasets with a teacher-student model", "NeurIPS 34, 18137", "https://arxiv.org/abs/2102.08127"),
        Reference("S. Goldt, B. Loureiro, G. Reeves, F. Krzakala, M. Mézard, L. Zdeborová", 2020, "The Gaussian equivalence of generative models for learning with shallow neural networks", "arXiv:2006.14709", "https://arxiv.org/abs/2006.14709"),
        Reference("T. Hastie, A. Montanari, S. Rosset, R. J. Tibshirani", 2022, "Surprises in high-dimensional ridgeless least squares interpolation", "Annals of Statistics 50, 949", "https://arxiv.org/abs/1903.08560"),
        Reference("E. J. Candès, P. Sur", 2020, "The phase transition for the existence of the maximum likelihood estimate in high-dimensional logistic regression", "Annals of Statistics 48, 27", "https://arxiv.org/abs/1804.09753"),
    ),
    solve_along=solve_along,
    solve_axes=AXES,
    simulate_along=simulate_along,
    simulate_axes=AXES,
)  # fmt: skip

r"""Second moments of features and of what is to be learned from them: synthetic, of the bundled digits, of samples of a generator
trained on them, or of a person's own data.

Features $u\in R^P$ and a target $\nu$, both centred: $\Omega=E\,uu^T$, $\varphi=E\,\nu u$, $\rho=E\nu^2$. Of these only the eigenvalues
$\omega_i$ of $\Omega$ and the squared components $\varphi_i^2$ of $\varphi$ along its eigenvectors matter.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize

from engine.double_descent.activations import ACTIVATIONS

RANK = 1e-12
"""Modes with a smaller eigenvalue, relative to the largest, are rounding errors of a rank-deficient covariance."""
EXCESS = 1e-6
"""How far measured modes may explain more than all of the target's variance."""
LATENT, HIDDEN, SAMPLES = 40, 80, 20_000
"""Of the generator: latent dimension, hidden units, and the samples on which its moments are measured."""


class DataError(ValueError):
    """Data that cannot be used; the message says why in one sentence."""


@dataclass(frozen=True)
class Spectrum:
    r"""What the theory needs to know: `omega`, the positive eigenvalues in descending order, (modes,); `power`, the share
    $\varphi_i^2/\omega_i\rho$ of the target's variance that each mode explains, (modes,); `missing`, the share that none does; `rho`, that
    variance; `P`, the number of features, and on how many points all this was measured (infinite where it is exact).
    """

    P: int
    omega: np.ndarray
    power: np.ndarray
    missing: float
    rho: float
    points: float = math.inf

    @property
    def explained(self) -> float:
        return 1.0 - self.missing


@dataclass(frozen=True)
class Pool:
    """Measured points: centred features U (points, P) and centred targets nu (points,)."""

    U: np.ndarray
    nu: np.ndarray


def spectrum(P: int, omega: np.ndarray, phi_sq: np.ndarray, rho: float, points: float = math.inf) -> Spectrum:
    """The Spectrum of eigenvalues and squared target components, both (modes,), modes up to P; DataError where they are inconsistent."""
    omega, phi_sq = np.asarray(omega, float), np.asarray(phi_sq, float)
    if omega.ndim != 1 or omega.shape != phi_sq.shape or not omega.size:
        raise DataError("omega and phi2 must be lists of the same length")
    if not (np.isfinite(omega).all() and np.isfinite(phi_sq).all() and math.isfinite(rho)):
        raise DataError("omega, phi2 and rho must be finite numbers")
    if not rho > 0.0:
        raise DataError("rho, the variance of the target, must be positive")
    largest = omega.max()
    if not largest > 0.0 or omega.min() < -1e-8 * largest or phi_sq.min() < 0.0:
        raise DataError("omega must be positive semidefinite, not zero, and phi2 not negative")
    kept = np.flatnonzero(omega > RANK * largest)
    kept = kept[np.argsort(-omega[kept], kind="stable")]
    power = phi_sq[kept] / omega[kept] / rho
    if power.sum() > 1.0 + EXCESS:
        raise DataError(f"inconsistent covariances: the features explain {power.sum():.6g} times the variance rho of the target")
    missing = 1.0 - power.sum()
    return Spectrum(P, omega[kept], power, missing if missing > 1e-12 else 0.0, float(rho), points)


def power_law(P: int, a: float, b: float, explained: float) -> Spectrum:
    r"""$\omega_k\propto k^{-a}$ of mean 1, $\varphi_k^2\propto\omega_k^2k^{-b}$ with a share `explained` of $\rho=1$; every mode is kept."""
    log_k = np.log(np.arange(1, P + 1))
    omega, power = np.exp(-a * log_k), np.exp(-(a + b) * log_k)
    return Spectrum(P, omega / omega.mean(), explained * power / power.sum(), 1.0 - explained, 1.0)


def from_matrix(Omega: np.ndarray, phi: np.ndarray, rho: float, points: float = math.inf) -> Spectrum:
    """The Spectrum of a covariance matrix Omega (P, P) and the vector phi (P,); DataError where they are none."""
    Omega, phi = np.asarray(Omega, float), np.asarray(phi, float)
    if Omega.ndim != 2 or Omega.shape != (phi.size, phi.size) or phi.ndim != 1:
        raise DataError(f"omega must be a square matrix with a row for each entry of phi; it is {Omega.shape}, phi {phi.shape}")
    if not (np.isfinite(Omega).all() and np.isfinite(phi).all()):
        raise DataError("omega and phi must be finite numbers")
    if np.abs(Omega - Omega.T).max(initial=0.0) > 1e-8 * np.abs(Omega).max(initial=0.0):
        raise DataError("omega is not symmetric")
    omega, vectors = eigh(Omega)
    return spectrum(phi.size, omega, (vectors.T @ phi) ** 2, rho, points)


def measure(pool: Pool) -> Spectrum:
    """The Spectrum of a pool of points, from the smaller of the covariance and the Gram matrix.

    Of a pool with fewer points than features the covariance explains every target: the theory then describes draws from this pool alone.
    """
    points, P = pool.U.shape
    rho = float(pool.nu @ pool.nu) / points
    if points >= P:
        return from_matrix(pool.U.T @ pool.U / points, pool.U.T @ pool.nu / points, rho, points)
    omega, vectors = eigh(pool.U @ pool.U.T / points)
    omega = np.maximum(omega, 0.0)
    return spectrum(P, omega, omega * (vectors.T @ pool.nu) ** 2 / points, rho, points)


def without_chance(of: Spectrum) -> Spectrum:
    r"""The Spectrum of measured moments less what chance adds to them.

    Among N points a target that has nothing to do with a mode seems to be explained by it to the share $(1-e)/N$, and all P modes together
    leave only $(1-e)(N-P-1)/(N-1)$ of what they should miss. DataError where the points do not outnumber the modes.
    """
    N, P = of.points, of.omega.size
    if N < P + 2:
        raise DataError(f"chance cannot be told from what {P} modes explain with {N:.0f} points only")
    missing = min(1.0, of.missing * (N - 1) / (N - P - 1))
    power = np.maximum(of.power - missing / N, 0.0)
    total = power.sum()
    return replace(of, power=power * ((1.0 - missing) / total) if total > 0.0 else power, missing=missing if total > 0.0 else 1.0)


def centred(X: np.ndarray, y: np.ndarray, measured: int | None = None) -> Pool:
    """Features X (points, P) and targets y (points,) less their means over the first `measured` points (all); DataError where that is
    nothing to learn from.
    """
    X, y = np.asarray(X, float), np.asarray(y, float)
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise DataError(f"X must have a row for each entry of y; X is {X.shape}, y {y.shape}")
    if len(y) < 2 or not X.shape[1]:
        raise DataError(f"there is nothing to measure in {len(y)} rows of {X.shape[1]} features")
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        raise DataError("X and y must not hold missing or infinite values")
    if np.ptp(y) == 0.0:
        raise DataError("the labels y are all the same: there is nothing to learn")
    if not np.ptp(X, axis=0).any():
        raise DataError("the features X are all constant: there is nothing to learn from")
    U = X - X[:measured].mean(axis=0)
    U[:, np.ptp(X, axis=0) == 0.0] = 0.0  # not even by rounding
    return Pool(U, y - y[:measured].mean())


def halves(points: int) -> tuple[np.ndarray, np.ndarray]:
    """The same random halves of so many points every time."""
    order = np.random.default_rng(0).permutation(points)
    return order[: (points + 1) // 2], order[(points + 1) // 2 :]


def split(X: np.ndarray, y: np.ndarray) -> tuple[Pool, Pool]:
    """Two halves of the data: one to measure, less its means, and one to hold against it, less the same means."""
    first, second = halves(len(y))
    pool = centred(np.asarray(X, float)[np.concatenate((first, second))], np.asarray(y, float)[np.concatenate((first, second))], len(first))
    return Pool(pool.U[: len(first)], pool.nu[: len(first)]), Pool(pool.U[len(first) :], pool.nu[len(first) :])


# ---- digits ----------------------------------------------------------------------------------------------------------------------

LABELS = {"parity": lambda digit: np.where(digit % 2 == 0, 1.0, -1.0), "half": lambda digit: np.where(digit >= 5, 1.0, -1.0)}


@lru_cache(1)
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images of digits, 8 x 8 pixels in [0, 1] less the constant ones, (1797, 61), and which digits they are (1797,)."""
    from sklearn.datasets import load_digits

    images, digit = load_digits(return_X_y=True)
    return images[:, np.ptp(images, axis=0) > 0.0] / 16.0, digit


def feature_map(features: str, P: int, seed: int, centre: np.ndarray, scale: float):
    r"""The map from images to features: pixels as they are, or $\sigma(Fx/\sqrt D)$ of pixels less `centre`, times `scale`; F is Gaussian."""
    if features == "pixels":
        return lambda images: images
    F = scale / math.sqrt(centre.size) * np.random.default_rng(seed).standard_normal((P, centre.size))
    return lambda images: ACTIVATIONS[features]((images - centre) @ F.T)


def digit_features(features: str, P: int, seed: int) -> np.ndarray:
    r"""Features of the digits, (1797, P); random features act on pixels rescaled so that $\|x\|^2=D$ on average."""
    images, _ = digits()
    centre = images.mean(axis=0)
    scale = math.sqrt(centre.size / np.mean(np.sum((images - centre) ** 2, axis=1)))
    return feature_map(features, P, seed, centre, scale)(images)


# ---- a generator trained on the digits -----------------------------------------------------------------------------------------------


def two_layers(weights: np.ndarray, inputs: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """The matrices of a network with HIDDEN tanh units, (inputs + 1, HIDDEN) and (HIDDEN + 1, outputs); the last row is a bias."""
    cut = (inputs + 1) * HIDDEN
    return weights[:cut].reshape(inputs + 1, HIDDEN), weights[cut:].reshape(HIDDEN + 1, outputs)


def response(layers: tuple[np.ndarray, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Output of the network at x (points, inputs), (points, outputs)."""
    first, second = layers
    return np.tanh(x @ first[:-1] + first[-1]) @ second[:-1] + second[-1]


def train(x: np.ndarray, target: np.ndarray, decay: float, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A network of two layers trained on x (points, inputs) and target (points, outputs): least squares with weight decay, L-BFGS."""
    points, inputs = x.shape
    outputs = target.shape[1]
    rng = np.random.default_rng(seed)
    start = np.concatenate(
        (rng.standard_normal((inputs + 1) * HIDDEN) / math.sqrt(inputs), rng.standard_normal((HIDDEN + 1) * outputs) / math.sqrt(HIDDEN))
    )

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        first, second = two_layers(weights, inputs, outputs)
        hidden = np.tanh(x @ first[:-1] + first[-1])
        miss = hidden @ second[:-1] + second[-1] - target
        back = miss @ second[:-1].T * (1.0 - hidden**2)
        gradient = [np.vstack((x.T @ back, back.sum(axis=0))).ravel(), np.vstack((hidden.T @ miss, miss.sum(axis=0))).ravel()]
        value = 0.5 * np.sum(miss**2) + 0.5 * decay * (weights @ weights)
        return value / points, (np.concatenate(gradient) + decay * weights) / points

    return two_layers(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps}).x, inputs, outputs)


def latents() -> np.ndarray:
    """The leading LATENT principal components of the digits, of variance 1, (1797, LATENT)."""
    images, _ = digits()
    left, _, _ = np.linalg.svd(images - images.mean(axis=0), full_matrices=False)
    return left[:, :LATENT] * math.sqrt(len(images))


@lru_cache(1)
def decoder() -> tuple[np.ndarray, np.ndarray]:
    """The generator: two layers trained to draw the digits from their latents."""
    return train(latents(), digits()[0], 1.0, 150, 0)


@lru_cache(2)
def teacher(label: str) -> np.ndarray:
    """What labels the generated images, (LATENT,): the linear function of the latents closest to the labels of the digits, variance 1."""
    theta = latents().T @ LABELS[label](digits()[1])
    return theta / np.linalg.norm(theta)


def generate(rng: np.random.Generator, count: int, label: str) -> tuple[np.ndarray, np.ndarray]:
    """So many images of the generator from Gaussian latents, (count, 61), and their targets (count,)."""
    z = rng.standard_normal((count, LATENT))
    return response(decoder(), z), z @ teacher(label)


@dataclass(frozen=True)
class Generator:
    """Samples without end: features less `mean_u` of images less `centre`, targets less `mean_nu`."""

    label: str
    features: str
    P: int
    seed: int
    centre: np.ndarray
    scale: float
    mean_u: np.ndarray
    mean_nu: float

    def draw(self, rng: np.random.Generator, count: int) -> Pool:
        images, nu = generate(rng, count, self.label)
        return Pool(feature_map(self.features, self.P, self.seed, self.centre, self.scale)(images) - self.mean_u, nu - self.mean_nu)


@lru_cache(16)
def generated(label: str, features: str, P: int, seed: int) -> tuple[Spectrum, Generator]:
    """The moments of SAMPLES samples of the generator, and the generator with its means."""
    images, nu = generate(np.random.default_rng(2), SAMPLES, label)
    centre = images.mean(axis=0)
    scale = math.sqrt(centre.size / np.mean(np.sum((images - centre) ** 2, axis=1)))
    U = feature_map(features, P, seed, centre, scale)(images)
    mean_u, mean_nu = U.mean(axis=0), float(nu.mean())
    U -= mean_u
    return measure(Pool(U, nu - mean_nu)), Generator(label, features, P, seed, centre, scale, mean_u, mean_nu)

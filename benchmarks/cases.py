"""What is timed: a curve of each model, and the plain reference it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from benchmarks.reference import (
    binary,
    committee,
    cover,
    dmft_sgd,
    gaussian_covariate,
    gaussian_mixture,
    glm_bayes,
    learning_temperature,
    m_estimator,
    online_classifier,
    online_perceptron,
    perceptron_erm,
    random_features,
    soft_committee,
    spherical,
    strong_weak_features,
)
from engine.dynamics.dmft_sgd import longest_known
from engine.teacher_student import equilibrium


@dataclass(frozen=True)
class Case:
    """A sweep of `model` over `values` of `axis`, the other parameters fixed.

    reference(values, **parameters) -> {observable: array}
        The same theory in plain NumPy and SciPy; `values` are then about `reference_points` of the curve. The engine must agree within
        `tolerance` (relative, or absolute below 1).
    target
        Seconds per point of the sweep (of the whole curve if `target_whole`).
    forget()
        Called before every run: makes the engine forget what it would otherwise know from the run before.
    """

    model: str
    title: str
    axis: str
    values: np.ndarray
    reference: Callable[..., dict[str, np.ndarray]]
    parameters: dict = field(default_factory=dict)
    reference_points: int = 10
    tolerance: float = 1e-6
    target: float | None = None
    target_whole: bool = False
    forget: Callable[[], None] = lambda: None


def pointwise(solve: Callable[..., dict[str, float]], axis: str) -> Callable[..., dict[str, np.ndarray]]:
    """A reference that solves one point after the other."""

    def along(values, **parameters):
        points = [solve(**{axis: value}, **parameters) for value in values]
        return {name: np.array([point[name] for point in points]) for name in points[0]}

    return along


LEARNING = {"axis": "alpha", "target_whole": True, "forget": equilibrium.curve.cache_clear}
SPARSE = {"prior": "gauss-bernoulli", "sparsity": 0.3}
FEATURES = {"alpha": 2.0, "delta": 0.1}
GAMMAS = np.geomspace(0.1, 10, 1024)
BLOCKS = {"alpha": 2.0, "delta": 0.1, "phi1": 0.1}
SAMPLES = np.unique(np.geomspace(5, 5000, 60).round().astype(int))

CASES = [
    Case("capacity-cover", "D = 1000", "alpha", np.linspace(1.5, 2.5, 501), pointwise(cover.solve, "alpha"), {"D": 1000}),
    Case("capacity-spherical", "κ = 0", "alpha", np.linspace(0.01, 1.98, 200), pointwise(spherical.solve, "alpha"), target=0.3e-3),
    Case("capacity-binary", "κ = 0", "alpha", np.linspace(0.01, 1.1, 200), pointwise(binary.solve, "alpha"), target=0.3e-3),
    *(
        Case(
            "m-estimator", f"{loss}, {noise}, bounds remembered", "alpha", np.geomspace(1.05, 100, 200), pointwise(m_estimator.solve, "alpha"),
            {"loss": loss, "noise_law": noise}, reference_points=2, target=0.4e-3,
        )
        for loss, noise in (("huber", "laplace"), ("l1", "laplace"), ("huber", "contaminated"), ("l1", "gaussian"))
    ),
    Case(
        "committee-bayes", "K = 2, Gaussian", "alpha", np.linspace(0.1, 6, 200), pointwise(committee.solve, "alpha"),
        reference_points=3, target=2.5e-3,
    ),
    Case(
        "committee-bayes", "K = 2, binary", "alpha", np.linspace(0.1, 2.4, 200), pointwise(committee.solve, "alpha"),
        {"prior": "binary"}, reference_points=3, target=2.5e-3,
    ),
    Case(
        "learning-temperature", "T = 0.5", "alpha", np.linspace(0.01, 1.8, 100), pointwise(learning_temperature.solve, "alpha"),
        {"T": 0.5}, reference_points=5, target=3e-3,
    ),
    Case(
        "learning-temperature", "lines", "T", np.linspace(0.3, 3.0, 50), pointwise(learning_temperature.transition, "T"),
        reference_points=2, target=40e-3,
    ),
    Case(
        "random-features", "ridge, regression", "gamma", GAMMAS, pointwise(random_features.solve, "gamma"),
        FEATURES | {"lam": 0.01}, target=2e-6,
    ),
    Case(
        "random-features", "ridge, classification", "gamma", GAMMAS, pointwise(random_features.solve, "gamma"),
        FEATURES | {"lam": 0.01, "task": "classification"},
    ),
    Case(
        "random-features", "logistic", "gamma", np.geomspace(0.2, 5, 100), pointwise(random_features.solve, "gamma"),
        FEATURES | {"lam": 0.01, "task": "classification", "loss": "logistic"}, reference_points=3, target=1e-3,
    ),
    Case(
        "random-features", "hinge", "gamma", np.geomspace(0.2, 5, 100), pointwise(random_features.solve, "gamma"),
        FEATURES | {"lam": 0.1, "task": "classification", "loss": "hinge"}, reference_points=3, target=1e-3,
    ),
    *(
        Case(
            "perceptron-erm", loss, "alpha", np.geomspace(0.2, 20, 200), pointwise(perceptron_erm.solve, "alpha"),
            {"loss": loss, "lam": 0.1, "delta": 0.1}, reference_points=3, target=0.5e-3,
        )
        for loss in ("square", "logistic", "hinge")
    ),
    Case(
        "strong-weak-features", "ridge, regression", "gamma", GAMMAS, pointwise(strong_weak_features.solve, "gamma"),
        BLOCKS | {"lam": 0.01, "task": "regression"}, target=2e-6,
    ),
    Case(
        "strong-weak-features", "logistic", "gamma", np.geomspace(0.2, 5, 100), pointwise(strong_weak_features.solve, "gamma"),
        BLOCKS | {"lam": 0.1, "loss": "logistic", "rb": 0.01}, reference_points=3, target=1e-3,
    ),
    Case(
        "strong-weak-features", "hinge", "gamma", np.geomspace(0.2, 5, 100), pointwise(strong_weak_features.solve, "gamma"),
        BLOCKS | {"lam": 0.1, "loss": "hinge", "rb": 0.01}, reference_points=3, target=1e-3,
    ),
    Case(
        "gaussian-mixture", "square", "alpha", np.geomspace(0.2, 10, 300), pointwise(gaussian_mixture.solve, "alpha"),
        {"loss": "square", "lam": 0.1, "prob": 0.3}, reference_points=5, target=2e-6,
    ),
    Case(
        "gaussian-mixture", "logistic", "alpha", np.geomspace(0.2, 10, 100), pointwise(gaussian_mixture.solve, "alpha"),
        {"lam": 0.1, "prob": 0.3}, reference_points=3, target=1e-3,
    ),
    Case(
        "gaussian-covariate", "ridge, P = 1000", "n", SAMPLES, pointwise(gaussian_covariate.solve, "n"),
        {"P": 1000, "delta": 0.1}, reference_points=4, target=100e-6,
    ),
    Case(
        "gaussian-covariate", "logistic, P = 300", "n", SAMPLES, pointwise(gaussian_covariate.solve, "n"),
        {"P": 300, "delta": 0.1, "task": "classification", "loss": "logistic"}, reference_points=2, target=1e-3,
    ),
    Case(
        "gaussian-covariate", "hinge, P = 300", "n", SAMPLES, pointwise(gaussian_covariate.solve, "n"),
        {"P": 300, "delta": 0.1, "task": "classification", "loss": "hinge"}, reference_points=2, target=1e-3,
    ),
    *(
        Case(
            "online-perceptron", f"trajectory, {activation}, σ = {sigma:g}", "t", np.geomspace(0.01, 30, 200),
            lambda t, **p: online_perceptron.trajectory(t, **p), {"activation": activation, "eta": 1.2, "sigma": sigma},
            reference_points=200, tolerance=1e-8, target=0.5e-3, target_whole=True,
        )
        for activation, sigma in (("erf", 0.0), ("relu", 0.2))
    ),
    *(
        Case(
            "online-classifier", f"trajectory, {rule}", "t", np.geomspace(0.01, 1000, 200),
            lambda t, **p: online_classifier.constant(t, **p), {"rule": rule, "flip": 0.05}, reference_points=200, tolerance=1e-8,
            target=0.5e-3, target_whole=True,
        )
        for rule in ("perceptron", "adatron")
    ),
    Case(
        "online-classifier", "trajectory, optimal", "t", np.geomspace(0.01, 1000, 200), lambda t, rule, **p: online_classifier.optimal(t, **p),
        {"rule": "optimal", "flip": 0.05}, reference_points=200, tolerance=1e-7, target=0.5e-3, target_whole=True,
    ),
    Case(
        "soft-committee", "trajectory, K = M = 2", "t", np.geomspace(0.1, 1000, 300), lambda t: soft_committee.trajectory(t),
        reference_points=300, target=20e-3, target_whole=True,
    ),
    Case(
        "dmft-sgd", "logistic, M = 2048, T = 50", "steps", np.arange(51), lambda steps, **p: dmft_sgd.logistic(steps, **p),
        reference_points=51, tolerance=2e-3, target=25e-3, target_whole=True, forget=longest_known.cache_clear,
    ),
    Case(
        "dmft-sgd", "logistic, M = 2048, T = 150", "steps", np.arange(151), lambda steps, **p: dmft_sgd.logistic(steps, **p),
        reference_points=151, tolerance=2e-3, target=0.5, target_whole=True, forget=longest_known.cache_clear,
    ),
    Case(
        "dmft-sgd", "square loss, closed, T = 100", "steps", np.arange(101), lambda steps, **p: dmft_sgd.square(steps), {"loss": "square"},
        reference_points=101, tolerance=1e-9, target=2e-3, target_whole=True, forget=longest_known.cache_clear,
    ),
    Case(
        "glm-bayes", "binary perceptron, with thresholds", values=np.linspace(0.02, 2, 100), reference=glm_bayes.along,
        parameters={"prior": "rademacher", "channel": "sign"}, target=15e-3, **LEARNING,
    ),
    Case(
        "glm-bayes", "compressed sensing, with thresholds", values=np.linspace(0.02, 1, 100), reference=glm_bayes.along,
        parameters=SPARSE | {"channel": "linear"}, target=15e-3, **LEARNING,
    ),
    Case(
        "glm-bayes", "phase retrieval, with thresholds", values=np.linspace(0.02, 2, 100), reference=glm_bayes.along,
        parameters={"prior": "gaussian", "channel": "abs"}, target=15e-3, **LEARNING,
    ),
    Case(
        "glm-bayes", "sparse ReLU, with thresholds", values=np.linspace(0.02, 2, 100), reference=glm_bayes.along,
        parameters=SPARSE | {"channel": "relu"}, target=15e-3, **LEARNING,
    ),
    Case(
        "glm-bayes", "door, with thresholds", values=np.linspace(0.02, 2, 100), reference=glm_bayes.along,
        parameters={"prior": "rademacher", "channel": "door"}, target=0.5, **LEARNING,
    ),
    Case(
        "glm-bayes", "noisy phase retrieval", values=np.linspace(0.8, 2, 100), reference=glm_bayes.noisy_along,
        parameters={"prior": "gaussian", "channel": "abs", "delta": 0.01}, reference_points=3, target=0.5, **LEARNING,
    ),
    Case(
        "glm-bayes", "noisy ReLU", values=np.linspace(0.2, 2, 100), reference=glm_bayes.noisy_along,
        parameters={"prior": "gaussian", "channel": "relu", "delta": 0.01}, reference_points=3, target=0.5, **LEARNING,
    ),
    Case(
        "linear-estimation-orthogonal", "orthogonal rows, with thresholds", values=np.linspace(0.02, 0.98, 100),
        reference=glm_bayes.orthogonal, parameters=SPARSE | {"delta": 0.01}, target=15e-3, **LEARNING,
    ),
]  # fmt: skip

"""The list of models. A new model is one line here; its module is imported when it is first asked for."""

from importlib import import_module

from engine.model import Model, ParameterError

MODULES = {
    "capacity-cover": "engine.capacity.cover",
    "capacity-spherical": "engine.capacity.spherical",
    "capacity-binary": "engine.capacity.binary",
    "glm-bayes": "engine.teacher_student.glm_bayes",
    "linear-estimation-orthogonal": "engine.teacher_student.linear_estimation_orthogonal",
    "learning-temperature": "engine.teacher_student.learning_temperature",
    "perceptron-erm": "engine.teacher_student.perceptron_erm",
    "m-estimator": "engine.teacher_student.m_estimator",
    "committee-bayes": "engine.teacher_student.committee_bayes",
    "random-features": "engine.double_descent.random_features",
    "strong-weak-features": "engine.double_descent.strong_weak_features",
    "gaussian-mixture": "engine.double_descent.gaussian_mixture",
    "gaussian-covariate": "engine.double_descent.gaussian_covariate",
    "online-perceptron": "engine.dynamics.online_perceptron",
    "online-classifier": "engine.dynamics.online_classifier",
    "soft-committee": "engine.dynamics.soft_committee",
    "dmft-sgd": "engine.dynamics.dmft_sgd",
}


def models() -> list[str]:
    """The ids of all models, in the order of the atlas."""
    return list(MODULES)


def model(id: str) -> Model:
    """The model called `id`. Raises ParameterError naming the models that exist."""
    if id not in MODULES:
        raise ParameterError("model", id, f"model must be one of {', '.join(MODULES)}")
    return import_module(MODULES[id]).MODEL

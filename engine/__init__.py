"""Phase Atlas: the phase transitions of learning, solved.

>>> import engine
>>> engine.solve("capacity-cover", D=50, alpha=2)["p_sep"]
0.5
"""

from engine.compiled import SOURCE_HASH  # first: it says where numba keeps compiled kernels
from engine.experiment import simulate, simulate_along
from engine.model import ConvergenceError, Estimate, Landmark, Model, Observable, Parameter, ParameterError, Reference
from engine.registry import model, models
from engine.sweep import Sweep, sweep


def solve(id: str, **parameters) -> dict:
    """Every observable of model `id` at `parameters` (defaults elsewhere).

    Returns {observable: float | int | bool | str}; nan where an observable does not exist, inf where it diverges.
    Raises ParameterError for an unknown model or bad parameter, ConvergenceError where an iteration fails.
    """
    chosen = model(id)
    return chosen.solve(**chosen.validate(parameters))


__all__ = [
    "SOURCE_HASH", "ConvergenceError", "Estimate", "Landmark", "Model", "Observable", "Parameter", "ParameterError",
    "Reference", "Sweep", "model", "models", "simulate", "simulate_along", "solve", "sweep",
]  # fmt: skip

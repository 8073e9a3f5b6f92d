"""CPU seconds from an empty directory of kernels to the first numbers of a model, and from a full one: each in a process of its own.

python -m benchmarks.cold MODEL    prints the seconds of this process
"""

import os
import subprocess
import sys
import tempfile
import time

from benchmarks.measure import readable

HEAD = ["model", "compiling", "loading"]


def row(model: str) -> list[str]:
    """Compiled from nothing; loaded from what that left."""
    with tempfile.TemporaryDirectory() as kernels:
        return [model, *(readable(_first_numbers(model, kernels)) for _ in range(2))]


def _first_numbers(model: str, kernels: str) -> float:
    environment = {**os.environ, "PHASE_ATLAS_KERNELS": kernels}
    command = [sys.executable, "-m", "benchmarks.cold", model]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main(model: str) -> None:
    """Every case of the model once, by itself and as a short sweep. Imports of libraries are not counted."""
    import numba  # noqa: F401
    import scipy.optimize
    import scipy.stats  # noqa: F401

    import engine
    from benchmarks.cases import CASES

    start = time.process_time()
    for case in CASES:
        if case.model == model:
            engine.solve(model, **{case.axis: case.values[0]}, **case.parameters)
            engine.sweep(model, {case.axis: case.values[:2]}, **case.parameters)
    print(time.process_time() - start)


if __name__ == "__main__":
    main(sys.argv[1])

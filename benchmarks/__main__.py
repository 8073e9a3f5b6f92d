"""python -m benchmarks [MODEL ...]: the tables of all models, or of some. Exit status 1 if engine and reference disagree anywhere."""

import os
import platform
import sys

import numba
import numpy
import scipy

import engine
from benchmarks import cold, curves, hits
from benchmarks.cases import CASES
from benchmarks.measure import table


def main(names: list[str]) -> int:
    models = [engine.model(name).id for name in names] or list(dict.fromkeys(case.model for case in CASES))
    print(f"Python {platform.python_version()}, numba {numba.__version__}, NumPy {numpy.__version__}, SciPy {scipy.__version__};", end=" ")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}. Times are the best of several runs on one core.", flush=True)

    results = [(case, *curves.row(case)) for case in CASES if case.model in models]
    print(table("Warm, beside the same theory in plain NumPy and SciPy", curves.HEAD, [row for _, row, _ in results]), flush=True)
    if not names:
        print(table("A hit in the cache", hits.HEAD, hits.rows()), flush=True)
    print(table("Cold: CPU time to the first numbers of a model", cold.HEAD, [cold.row(model) for model in models]))

    disagreeing = [f"{case.model}: {case.title}" for case, _, agrees in results if not agrees]
    for name in disagreeing:
        print(f"engine and reference disagree: {name}", file=sys.stderr)
    return bool(disagreeing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How numba finds the compiled kernels of the engine: see `engine.compiled`."""

import os
from pathlib import Path

from numba.core.caching import UserProvidedCacheLocator

from engine.compiled import ROOT, closure_hash


class ImportsLocator(UserProvidedCacheLocator):
    """A directory for each version of a source file and of all it imports; other people's files are left to numba."""

    def __init__(self, py_func, py_file):
        super().__init__(py_func, py_file)
        self._cache_path = os.path.join(self._cache_path, f"{Path(py_file).stem}-{closure_hash(Path(py_file))}")

    @classmethod
    def from_function(cls, py_func, py_file):
        return super().from_function(py_func, py_file) if ROOT in Path(py_file).parents else None

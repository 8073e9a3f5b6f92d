"""Where numba keeps compiled kernels.

numba stamps a cached kernel with the source of its own file alone: after an edit to a helper in another file it would serve stale
machine code. The directory of a file's kernels is therefore named by a hash of that file and of every file of the engine it imports,
directly or through others (`engine.kernels` tells numba). It lies in the user's cache directory (PHASE_ATLAS_KERNELS to choose
another); where that cannot be written, a temporary one serves this process and those it starts, and a warning says so once.
"""

import atexit
import hashlib
import os
import re
import shutil
import sys
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parent


def source_hash() -> str:
    """Hash of the engine's source: the version of every number it computes."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


IMPORT = re.compile(r"^\s*(?:from\s+(engine[\w.]*)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+(engine[\w.]*))", re.MULTILINE)


def imported(path: Path) -> set[Path]:
    """The engine's files that the source file `path` names in its import statements."""
    found = set()
    for package, names, whole in IMPORT.findall(path.read_text()):
        modules = [whole or package, *(f"{package}.{name}" for name in re.findall(r"\w+", names))]
        for module in modules:
            place = ROOT.joinpath(*module.split(".")[1:])
            found |= {file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()}
    return found


@lru_cache
def closure_hash(path: Path) -> str:
    """Hash of a source file and of all it imports, directly or through others: the version of what is compiled from it."""
    closure, fresh = set(), {path}
    while fresh:
        closure |= fresh
        fresh = set().union(*map(imported, fresh)) - closure
    digest = hashlib.sha256()
    for file in sorted(closure):
        digest.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def kernel_directory() -> Path:
    """A writable directory for compiled kernels."""
    home = os.environ.get("PHASE_ATLAS_KERNELS")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    directory = Path(home) if home else Path(cache) / "phase-atlas" / "kernels"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError as error:
        fallback = tempfile.mkdtemp(prefix="phase-atlas-kernels-")
        atexit.register(shutil.rmtree, fallback, ignore_errors=True)
        os.environ["PHASE_ATLAS_KERNELS"] = fallback
        warnings.warn(f"compiled kernels cannot be kept in {directory} ({error}); using {fallback} for now", stacklevel=2)
        return Path(fallback)


SOURCE_HASH = source_hash()
os.environ["NUMBA_CACHE_DIR"] = str(kernel_directory())
os.environ["NUMBA_CACHE_LOCATOR_CLASSES"] = "engine.kernels.ImportsLocator,UserProvidedCacheLocator,IPythonCacheLocator"
if "numba" in sys.modules:
    sys.modules["numba"].config.reload_config()

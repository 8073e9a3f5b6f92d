"""Where numba keeps compiled kernels.

numba stamps a cached kernel with the source of its own file alone: after an edit to a helper in another file it would serve stale
machine code. The directory is therefore named by a hash of every source file of the engine. It lies in the user's cache directory
(PHASE_ATLAS_KERNELS to choose another); where that cannot be written, a temporary one serves this process and those it starts, and
a warning says so once.
"""

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).parent


def source_hash() -> str:
    """Hash of the engine's source: the version of every number it computes."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def kernel_directory(version: str) -> Path:
    """A writable directory for the kernels of `version`."""
    home = (
        os.environ.get("PHASE_ATLAS_KERNELS")
        or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phase-atlas" / "kernels"
    )
    directory = Path(home) / version
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError as error:
        fallback = tempfile.mkdtemp(prefix="phase-atlas-kernels-")
        atexit.register(shutil.rmtree, fallback, ignore_errors=True)
        os.environ["PHASE_ATLAS_KERNELS"] = fallback
        warnings.warn(f"compiled kernels cannot be kept in {directory} ({error}); using {fallback} for now", stacklevel=2)
        return kernel_directory(version)


SOURCE_HASH = source_hash()
os.environ["NUMBA_CACHE_DIR"] = str(kernel_directory(SOURCE_HASH))
if "numba" in sys.modules:
    sys.modules["numba"].config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]

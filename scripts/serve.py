"""Serve the atlas with its kernels loaded:  python -m scripts.serve PORT

Kernels come from numba's cache, so that no visitor waits for them; what is loaded then is frozen, out of the garbage collector's way.
"""

import gc
import sys
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web.cli import main

import engine
from scripts.warm import warm

ROOT = Path(__file__).parents[1]


def serve(port: str) -> None:
    """Load the kernels and run the server until it is stopped."""
    warm()
    for id in engine.models():
        engine.solve(id)
    PagesManager.uses_pages_directory = False  # the pages are declared in pages/atlas.py; nothing is to be found by file name
    gc.collect()
    gc.freeze()
    print(f"Phase Atlas: http://localhost:{port}   (Ctrl-C ends it)", flush=True)
    sys.argv = ["streamlit", "run", str(ROOT / "app.py"), "--server.port", port, "--server.headless", "true"]
    main()


if __name__ == "__main__":
    try:
        serve(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)

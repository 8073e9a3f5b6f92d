"""A Chromium for the browser tests: the one that is there, else one installed.

`python -m scripts.chromium` prints the path of the executable; it fails with a sentence that says how to get one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium")
# no calls home; /dev/shm is small in containers; the sandbox refuses to run as root
FLAGS = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage") + (
    ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
)
HELP = """No Chromium was found, and none could be installed. Any of these helps:
  Debian, Ubuntu:  sudo apt install chromium
  macOS:           brew install --cask chromium
  anywhere:        .venv/bin/python -m playwright install --with-deps chromium
  or set CHROMIUM=/path/to/chrome"""


def find() -> str | None:
    """The path of a Chromium or Chrome that starts: $CHROMIUM, the system's, or Playwright's; None if there is none."""
    system = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), *MACOS]
    return next((path for path in system if path and starts(path)), None) or playwright_chromium()


def find_or_install() -> str:
    """As `find`, but installs one if need be: Debian's package for root, else Playwright's download. SystemExit if that fails too."""
    path = find()
    if path is None:
        install()
        path = find()
    if path is None:
        sys.exit(HELP)
    return path


def install() -> None:
    """Try Debian's package, then Playwright's own download; what they print shows."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *arguments], env=quiet, stdout=sys.stderr, check=False)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)


def playwright_chromium() -> str | None:
    """Playwright's own Chromium, if it has been downloaded. Asked in a process of its own: a test may have Playwright at work already."""
    ask = "from playwright.sync_api import sync_playwright as s; p = s().start(); print(p.chromium.executable_path); p.stop()"
    path = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    return path if starts(path) else None


def starts(path: str) -> bool:
    """Whether the browser runs at all (a stub left by a package manager does not)."""
    if not Path(path).exists():
        return False
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    print(find_or_install())

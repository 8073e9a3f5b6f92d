"""A served atlas and a real browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from scripts.chromium import FLAGS, find_or_install

ROOT = Path(__file__).parents[2]
DESKTOP = {"width": 1366, "height": 860}
PHONE = {"width": 390, "height": 844}
READY = ".phase-atlas-chart[data-state=exact] .main-svg"


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """The address of an atlas served as `make app` does, with a cache of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    environment = os.environ | {"PHASE_ATLAS_CACHE": str(tmp_path_factory.mktemp("store") / "store")}
    with log.open("w") as out:
        server = subprocess.Popen([sys.executable, "-m", "scripts.serve", str(port)], cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        for _ in range(1500):
            if server.poll() is not None:
                pytest.fail(f"the server ended: {log.read_text()}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1):
                    break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail(f"the server does not answer: {log.read_text()}")
        yield f"http://127.0.0.1:{port}"
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_or_install(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(address, chromium):
    """visit(path, viewport, **options): a page of a fresh visitor, its picture drawn. Errors in the browser fail the test."""
    contexts, errors = [], []

    def visit(path: str, viewport: dict = DESKTOP, **options) -> Page:
        context = chromium.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/{path}")
        page.wait_for_selector(READY, timeout=60_000)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert errors == []

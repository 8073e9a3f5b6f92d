"""What every test leaves behind as it found it."""

import sys

import pytest


@pytest.fixture(autouse=True)
def main_module():
    """A page that runs in a test becomes `__main__`, which processes started later would run again."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before

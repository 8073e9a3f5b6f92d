import math
import multiprocessing
import operator
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from engine.processes import WorkerError, share

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("jobs", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_results_come_in_order(jobs, count):
    assert list(share(math.sqrt, range(count), jobs)) == [math.sqrt(task) for task in range(count)]
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_exception_comes_home(jobs):
    results = share(math.sqrt, [4, 9, -1, 16], jobs)
    with pytest.raises(ValueError, match="math domain error"):
        list(results)
    assert not multiprocessing.active_children()


def test_it_tells_where_it_was_raised():
    with pytest.raises(TypeError) as caught:
        list(share(operator.neg, ["a", "b"], 2))
    assert "in _work" in caught.value.__notes__[0]


def test_a_process_that_ends_is_an_error():
    with pytest.raises(WorkerError, match="killed, or out of memory"):
        list(share(os._exit, [1, 2], 2))
    assert not multiprocessing.active_children()


def test_closing_early_ends_the_processes_at_once():
    with closing(share(time.sleep, [0.0, 600.0, 600.0], 2)) as results:
        next(results)
        assert len(multiprocessing.active_children()) == 2
    assert not multiprocessing.active_children()


def test_processes_do_not_outlive_a_killed_parent():
    code = "import time, engine.processes as p\nif __name__ == '__main__':\n    for _ in p.share(time.sleep, [0.05] * 120, 2): print('.', flush=True)"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    parent.stdout.readline()
    parent.kill()
    _, complaints = parent.communicate(timeout=60)  # ends when no process holds the pipes any more
    assert b"Traceback" not in complaints
    assert parent.returncode == -signal.SIGKILL

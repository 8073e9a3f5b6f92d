"""Work shared by several processes."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any


class WorkerError(RuntimeError):
    """A process that was at work is gone."""


def share(function: Callable, tasks: Sequence, jobs: int) -> Iterator:
    """function(task) for each task, in order, computed by `jobs` processes (`function` must live at the top of a module); by this one
    if `jobs` is 1.

    They end with the iterator, at once where it is closed early, and never outlive this process by more than a batch. Raises what
    `function` raises, and WorkerError if a process is killed.
    """
    jobs = min(jobs, len(tasks))
    if jobs <= 1:
        yield from map(function, tasks)
        return
    size = max(1, len(tasks) // (32 * jobs))
    batches = enumerate([tasks[i : i + size] for i in range(0, len(tasks), size)])
    at_work: dict[Connection, int] = {}
    done: dict[int, Any] = {}

    def hand_out(connection: Connection) -> None:
        index, batch = next(batches, (None, None))
        if batch is not None:
            at_work[connection] = index
            connection.send(batch)

    with _processes(function, jobs) as connections:
        try:
            for connection in connections:
                hand_out(connection)
            turn = 0
            while at_work:
                for connection in wait(list(at_work)):
                    done[at_work.pop(connection)] = connection.recv()
                    hand_out(connection)
                while turn in done:
                    answer = done.pop(turn)
                    if isinstance(answer, Exception):
                        raise answer
                    yield from answer
                    turn += 1
        except (EOFError, ConnectionError):
            raise WorkerError("a worker process died (killed, or out of memory); try fewer jobs") from None


@contextmanager
def _processes(function: Callable, count: int) -> Iterator[list[Connection]]:
    """The pipes to `count` processes that live as long as the block."""
    context = get_context("spawn")
    processes, connections = [], []
    resource_tracker.ensure_running()  # it resets the signal mask when it starts, so it must not start below
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # what we start inherits it: Ctrl-C is for us alone
    try:
        try:
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(function, theirs), daemon=True)
                process.start()
                theirs.close()
                processes.append(process)
                connections.append(ours)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield connections
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _work(function: Callable, connection: Connection) -> None:
    """The life of a process: batches in, results or an exception out, until the other end of the pipe closes."""
    with suppress(EOFError, ConnectionError):
        while True:
            batch = connection.recv()
            try:
                answer = [function(task) for task in batch]
            except Exception as error:
                error.add_note(traceback.format_exc())
                answer = error
            connection.send(answer)

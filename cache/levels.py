"""The two levels and the single flight between them and the computation."""

import copy
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cache.disk import Disk
from cache.entry import Stored, encode, own
from engine.model import ConvergenceError, ParameterError, Progress

POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Status:
    """What `cache.status` tells. `disk_problem`: why the disk level is off, or the last thing that went wrong with it."""

    disk: bool
    disk_problem: str
    directory: Path | None
    disk_entries: int
    disk_bytes: int
    disk_limit: int
    memory_entries: int
    memory_bytes: int
    memory_limit: int
    memory_hits: int
    disk_hits: int
    misses: int

    @property
    def hits(self) -> int:
        """Answers from either level."""
        return self.memory_hits + self.disk_hits


@dataclass
class Flight:
    """One computation under way. When `done`: a result, or an error of the engine, the same for all, or neither (cancelled)."""

    done: threading.Event = field(default_factory=threading.Event)
    fraction: float = 0.0
    result: Stored | None = None
    error: Exception | None = None

    def follow(self, progress: Progress | None) -> None:
        """Wait for the end, reporting to `progress`, which leaves by raising."""
        while not self.done.wait(POLL_SECONDS if progress else None):
            progress(self.fraction)


class Cache:
    """Remembered values: in memory the most recently used up to `memory_limit` bytes, on `disk` the rest."""

    def __init__(self, disk: Disk, memory_limit: int):
        self.disk, self.memory_limit = disk, memory_limit
        self._lock = threading.Lock()
        self._memory: OrderedDict[Hashable, Stored] = OrderedDict()
        self._memory_bytes = 0
        self._flights: dict[Hashable, Flight] = {}
        self._memory_hits = self._disk_hits = self._misses = 0

    def remember(self, key: Hashable, compute: Callable[[Progress], Any], progress: Progress | None = None) -> Any:
        """See `cache.remember`."""

        def work(report: Progress) -> Stored:
            name = repr(key)
            found = self.disk.read(name)
            with self._lock:
                self._disk_hits += found is not None
                self._misses += found is None
            if found is not None:
                return found
            entry = encode(compute(report))
            self.disk.write(name, entry)
            return Stored.of(entry)

        return own(self._obtain(("disk", key), work, progress))

    def memo(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """See `cache.memo`."""

        def work(report: Progress) -> Stored:
            with self._lock:
                self._misses += 1
            return Stored.of(encode(compute()))

        return own(self._obtain(("memo", key), work, None))

    def clear(self) -> None:
        """Forget both levels. Computations under way are not disturbed."""
        with self._lock:
            self._memory.clear()
            self._memory_bytes = 0
        self.disk.clear()

    def status(self) -> Status:
        """A snapshot."""
        entries, size = self.disk.content()
        with self._lock:
            return Status(
                disk=self.disk.on,
                disk_problem=self.disk.problem,
                directory=self.disk.directory,
                disk_entries=entries,
                disk_bytes=size,
                disk_limit=self.disk.limit,
                memory_entries=len(self._memory),
                memory_bytes=self._memory_bytes,
                memory_limit=self.memory_limit,
                memory_hits=self._memory_hits,
                disk_hits=self._disk_hits,
                misses=self._misses,
            )

    def _obtain(self, key: Hashable, work: Callable[[Progress], Stored], progress: Progress | None) -> Any:
        """The value of `key`: from memory, from another thread's flight, or from `work` in a flight of our own."""
        while True:
            with self._lock:
                found = self._memory.get(key)
                if found is not None:
                    self._memory.move_to_end(key)
                    self._memory_hits += 1
                    return found.value
                flight = self._flights.get(key)
                leading = flight is None
                if leading:
                    flight = self._flights[key] = Flight()
            if leading:
                return self._lead(key, flight, work, progress)
            flight.follow(progress)
            if flight.result is not None:
                with self._lock:
                    self._memory_hits += 1
                return flight.result.value
            if flight.error is not None:
                raise copy.copy(flight.error)

    def _lead(self, key: Hashable, flight: Flight, work: Callable[[Progress], Stored], progress: Progress | None) -> Any:
        """Work for all who wait. They learn the result or an error of the engine; after anything else one of them starts anew."""

        def report(fraction: float) -> None:
            flight.fraction = fraction
            if progress:
                progress(fraction)

        try:
            flight.result = work(report)
            self._keep(key, flight.result)
            return flight.result.value
        except (ParameterError, ConvergenceError) as error:
            flight.error = copy.copy(error)
            raise
        finally:
            with self._lock:
                del self._flights[key]
            flight.done.set()

    def _keep(self, key: Hashable, result: Stored) -> None:
        """Keep the result in memory; the least recently used make room."""
        if result.size > self.memory_limit:
            return
        with self._lock:
            self._memory[key] = result
            self._memory_bytes += result.size
            while self._memory_bytes > self.memory_limit:
                _, oldest = self._memory.popitem(last=False)
                self._memory_bytes -= oldest.size

"""Timing, and units for people."""

import time
from collections.abc import Callable

UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


def seconds(call: Callable[[], object], budget: float = 0.5) -> float:
    """The best time of `call`: repeated for about `budget` seconds, and at least three times, after one call that does not count."""
    call()
    times, end = [], time.perf_counter() + budget
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def readable(duration: float | None) -> str:
    """1.23e-05 as `12.3 µs`."""
    if duration is None:
        return ""
    unit, size = next(((unit, size) for unit, size in UNITS if duration >= size), UNITS[-1])
    return f"{duration / size:.3g} {unit}"


def table(title: str, head: list[str], rows: list[list[str]]) -> str:
    """Columns aligned: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(row: list[str]) -> str:
        return "  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths, strict=True)))

    return "\n".join([f"\n{title}", line(head), "  ".join("-" * width for width in widths), *map(line, rows)])

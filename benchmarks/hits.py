"""What a hit in the cache costs, beside the computation it saves.

python -m benchmarks.hits    prints the rows as JSON; run with PHASE_ATLAS_CACHE in an empty directory
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np

HEAD = ["a curve of 200 points", "memory hit", "disk hit", "computed", "bytes"]
TARGETS = ["target", "20 µs", "500 µs", "", ""]


def rows() -> list[list[str]]:
    """Measured in a process of its own, with a store of its own."""
    with tempfile.TemporaryDirectory() as store:
        environment = {**os.environ, "PHASE_ATLAS_CACHE": store}
        command = [sys.executable, "-m", "benchmarks.hits"]
        found = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    return [*found, TARGETS]


def main() -> None:
    import cache
    import engine
    from benchmarks.measure import readable, seconds
    from cache.disk import Disk
    from cache.levels import Cache

    alpha = np.linspace(0.5, 3.5, 200)

    def ask():
        return cache.sweep("capacity-cover", {"alpha": alpha}, D=1000)

    sweep = ask()
    computed = seconds(lambda: engine.sweep("capacity-cover", {"alpha": alpha}, D=1000))
    memory = seconds(ask)
    status = cache.status()
    without_memory = Cache(Disk(status.directory, status.disk_limit), memory_limit=0)
    cache_of_process, cache._cache = cache._cache, without_memory
    disk = seconds(ask)
    assert without_memory.status().memory_hits == 0
    cache._cache = cache_of_process
    size = cache.status().disk_bytes
    small = {"y": np.zeros(200)}
    cache.remember("benchmark", "-", (1.0, 2.0), lambda report: small)
    level_memory = seconds(lambda: cache.remember("benchmark", "-", (1.0, 2.0), None))
    level_disk = seconds(lambda: without_memory.remember(("benchmark", "-", engine.SOURCE_HASH, cache.LIBRARIES, (1.0, 2.0)), None))
    print(
        json.dumps(
            [
                [f"cache.sweep, {len(sweep.observables)} observables", *map(readable, (memory, disk, computed)), str(size)],
                ["cache.remember, one array", *map(readable, (level_memory, level_disk)), "", str(cache.status().disk_bytes - size)],
            ]
        )
    )


if __name__ == "__main__":
    main()

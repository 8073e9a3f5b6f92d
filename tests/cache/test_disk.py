"""The disk level under damage, bad rights, full disks, kills and company."""

import errno
import io
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cache import disk as disk_module
from cache.disk import Disk, _digest
from cache.entry import encode

ROOT = Path(__file__).parents[2]
VALUE = {"y": np.linspace(0, 1, 50), "z": [1, 2, 3]}
ENTRY = encode(VALUE)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def disk(directory):
    return Disk(directory, 2**20)


def value_of(disk, name="key"):
    stored = disk.read(name)
    return None if stored is None else stored.value["y"].tolist()


def warnings(caplog):
    return [record.message for record in caplog.records if record.levelno == logging.WARNING]


def python(code, *arguments, **options):
    """A Python process of its own that sees the project."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PHASE_ATLAS_CACHE": "off"}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, text=True, **options
    )


def test_an_entry_comes_back_in_another_instance(disk, directory):
    assert disk.read("key") is None
    assert not directory.exists()
    disk.write("key", ENTRY)
    assert value_of(Disk(directory, 2**20)) == VALUE["y"].tolist()
    assert disk.read("other") is None
    assert disk.content() == (1, len(ENTRY) + 32)


def test_nobody_else_can_look_in(disk, directory):
    os.umask(old := os.umask(0))
    os.umask(0)
    try:
        disk.write("key", ENTRY)
    finally:
        os.umask(old)
    for path in (directory, *directory.rglob("*")):
        if path.name != ".gitignore":
            assert path.stat().st_mode & 0o077 == 0, path


def test_every_flipped_bit_is_noticed(disk, caplog):
    disk.write("key", ENTRY)
    path = disk._path("key")
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        assert disk.read("key") is None, position
    path.write_bytes(whole)
    assert value_of(disk) == VALUE["y"].tolist()
    assert len(warnings(caplog)) == 1


def test_every_truncation_and_any_appendix_is_noticed(disk):
    disk.write("key", ENTRY)
    path = disk._path("key")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert disk.read("key") is None, length
    path.write_bytes(whole + b"\0")
    assert disk.read("key") is None
    disk.write("key", ENTRY)
    assert value_of(disk) == VALUE["y"].tolist()


def test_an_entry_under_another_name_is_not_believed(disk):
    disk.write("key", ENTRY)
    disk.write("other", encode({"y": np.zeros(3)}))
    disk._path("other").replace(disk._path("key"))
    assert disk.read("key") is None


class Trap:
    """Unpickling it creates the file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_foreign_pickle_is_not_unpickled(disk, tmp_path):
    disk.write("key", ENTRY)
    for content in (pickle.dumps(Trap(tmp_path / "sprung")), b"\0" * 32 + encode(Trap(tmp_path / "sprung"))):
        disk._path("key").write_bytes(content)
        assert disk.read("key") is None
    assert not (tmp_path / "sprung").exists()


def test_a_file_that_others_can_write_is_not_unpickled(disk, tmp_path, monkeypatch, caplog):
    trap = encode(Trap(tmp_path / "sprung"))
    disk.write("key", ENTRY)
    path = disk._path("key")
    path.write_bytes(_digest("key", trap) + trap)
    for mode in (0o620, 0o602):
        path.chmod(mode)
        assert disk.read("key") is None
    path.chmod(0o600)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert disk.read("key") is None
    path.unlink()
    (tmp_path / "elsewhere").rename(path)
    with monkeypatch.context() as other:
        other.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert disk.read("key") is None
    assert not (tmp_path / "sprung").exists()
    assert len(warnings(caplog)) == 1
    assert disk.read("key") is not None  # the trap works: nothing but the checks kept it shut
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize("where", ["", "joblib"])
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_store_that_others_can_write_is_refused(directory, where, mode, caplog):
    Disk(directory, 2**20).write("key", ENTRY)
    (directory / where).chmod(mode)
    disk = Disk(directory, 2**20)
    assert not disk.on
    assert "can be written by others" in disk.problem
    assert disk.read("key") is None
    disk.write("new", ENTRY)
    disk.clear()
    assert disk.content() == (0, 0)
    assert len(list(directory.rglob("output.pkl"))) == 1
    assert len(warnings(caplog)) == 1


def test_a_store_of_somebody_else_is_refused(directory, monkeypatch):
    directory.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    disk = Disk(directory, 2**20)
    assert not disk.on
    assert "another user" in disk.problem


@pytest.mark.parametrize("where", ["", "joblib"])
def test_a_store_behind_a_link_is_refused(directory, tmp_path, where):
    (tmp_path / "target").mkdir(mode=0o700)
    if where:
        directory.mkdir(mode=0o700)
    (directory / where).symlink_to(tmp_path / "target")
    disk = Disk(directory, 2**20)
    assert not disk.on
    assert "symbolic link" in disk.problem


def test_a_store_opened_to_others_while_in_use_is_refused_at_the_next_write(disk, directory, caplog):
    disk.write("key", ENTRY)
    directory.chmod(0o777)
    disk.write("other", ENTRY)
    assert not disk.on
    assert len(list(directory.rglob("output.pkl"))) == 1
    assert len(warnings(caplog)) == 1


def test_no_store_under_a_file(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    disk = Disk(tmp_path / "file" / "store", 2**20)
    disk.write("key", ENTRY)
    assert disk.read("key") is None
    assert disk.content() == (0, 0)
    disk.clear()
    assert len(warnings(caplog)) == 1


def test_a_store_deleted_while_in_use_grows_again(disk, directory):
    disk.write("key", ENTRY)
    directory.rename(directory.with_name("moved"))
    assert disk.read("key") is None
    disk.write("key", ENTRY)
    assert value_of(disk) == VALUE["y"].tolist()
    assert directory.stat().st_mode & 0o777 == 0o700


class FullDisk(io.FileIO):
    """A file that takes half of what it is given."""

    def write(self, content):
        super().write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_behind(disk, monkeypatch, caplog):
    disk.write("before", ENTRY)
    with monkeypatch.context() as context:
        context.setattr(disk_module, "open", FullDisk, raising=False)
        for name in ("key", "other"):
            disk.write(name, ENTRY)
    assert disk.read("key") is None
    assert len(warnings(caplog)) == 1
    assert os.strerror(errno.ENOSPC) in disk.problem
    assert [path.name for path in disk._root.glob("*/*")] == ["output.pkl"]
    assert value_of(disk, "before") == VALUE["y"].tolist()
    disk.write("key", ENTRY)  # there is room again
    assert value_of(disk) == VALUE["y"].tolist()


def test_a_file_cut_short_by_the_system_is_not_kept(directory):
    code = """if True:
        import resource, sys, logging
        from pathlib import Path
        from cache.disk import Disk
        logging.basicConfig(stream=sys.stdout, format="%(message)s")
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        disk = Disk(Path(sys.argv[1]), 2**30)
        disk.write("key", bytes(1_000_000))
        print(disk.read("key"), list(disk._root.glob("*/*")))
    """
    output, _ = (process := python(code, directory)).communicate()
    assert process.returncode == 0
    assert os.strerror(errno.EFBIG) in output
    assert output.endswith("None []\n")


def test_without_a_janitor_entries_are_kept_all_the_same(disk, monkeypatch, caplog):
    def fail(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    disk.write("key", ENTRY)
    assert value_of(disk) == VALUE["y"].tolist()
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("call", ["iterdir", "rmtree"])
def test_a_store_that_cannot_be_listed_or_emptied(disk, monkeypatch, caplog, call):
    disk.write("key", ENTRY)

    def fail(path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as context:
        context.setattr({"iterdir": Path, "rmtree": disk_module.shutil}[call], call, fail)
        disk.clear()
        assert disk.content()[0] == (call == "rmtree")
    assert value_of(disk) == VALUE["y"].tolist()
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("call", ["mkdir", "mkstemp", "replace"])
@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_store_that_cannot_be_written_serves_what_it_has(disk, monkeypatch, caplog, call, code):
    disk.write("before", ENTRY)

    def fail(*args, **options):
        raise OSError(code, os.strerror(code))

    owner = {"mkdir": Path, "mkstemp": disk_module.tempfile, "replace": os}[call]
    with monkeypatch.context() as context:
        context.setattr(owner, call, fail)
        disk.write("key", ENTRY)
    assert disk.read("key") is None
    assert value_of(disk, "before") == VALUE["y"].tolist()
    assert len(warnings(caplog)) == 1


def test_an_entry_that_cannot_be_read_is_absent(disk, monkeypatch, caplog):
    disk.write("key", ENTRY)

    def fail(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    with monkeypatch.context() as context:
        context.setattr(disk_module, "_open_no_link", fail)
        assert disk.read("key") is None
        assert disk.read("key") is None
    assert len(warnings(caplog)) == 1


def test_a_directory_in_place_of_an_entry_does_no_harm(disk):
    disk._path("key").mkdir(parents=True)
    disk = Disk(disk.directory, disk.limit)
    assert disk.read("key") is None
    disk.write("key", ENTRY)
    assert disk.read("key") is None


def wait_for(condition, seconds=30):
    """Poll; how long it takes does not matter, that it happens does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_thread_keeps_the_size_within_the_limit_and_the_latest_used(directory):
    size = len(ENTRY) + 32
    disk = Disk(directory, 40 * size)
    (directory / ("a" * 32)).mkdir(parents=True, mode=0o700)
    directory.chmod(0o700)
    (directory / ("a" * 32) / "output.pkl").write_bytes(bytes(100 * size))  # not in our part of the store
    threads = threading.active_count()
    for i in range(200):
        disk.write(f"key{i}", ENTRY)
        os.utime(disk._path(f"key{i}"), (1e9 + i, 1e9 + i))
        if i == 20:
            disk.write("early", ENTRY)
        if i > 20 and disk.read("early") is None:
            wait_for(lambda: disk.content()[1] <= disk.limit)
            disk.write("early", ENTRY)
    wait_for(lambda: disk.content()[1] <= disk.limit)
    assert threading.active_count() <= threads + 1
    assert disk.content()[0] > 0
    assert (directory / ("a" * 32) / "output.pkl").stat().st_size == 100 * size


def test_the_least_recently_used_go_first(directory):
    disk = Disk(directory, 10 * (len(ENTRY) + 32))
    disk._janitor = threading.Thread()  # hold the janitor back
    for i in range(20):
        disk.write(f"key{i}", ENTRY)
        os.utime(disk._path(f"key{i}"), (1e9 + i, 1e9 + i))
    assert disk.read("key0") is not None
    disk._janitor = None
    disk._untidied = disk.limit
    disk.write("last", ENTRY)
    wait_for(lambda: disk.content()[1] <= disk.limit)
    assert disk.read("key0") is not None
    assert disk.read("last") is not None
    assert disk.read("key1") is None


def test_an_entry_beyond_the_limit_is_not_kept(directory):
    disk = Disk(directory, len(ENTRY) - 1)
    disk.write("key", ENTRY)
    assert disk.content() == (0, 0)


def test_clear_deletes_entries_and_nothing_else(disk, directory):
    disk.write("key", ENTRY)
    (directory / "notes.txt").write_text("mine")
    disk.clear()
    assert disk.content() == (0, 0)
    assert (directory / "notes.txt").exists()
    disk.write("key", ENTRY)
    assert value_of(disk) == VALUE["y"].tolist()


HALF = """if True:
    import sys, time, builtins
    from pathlib import Path
    from cache import disk as module

    class Slow:
        def __init__(self, file): self.file = file
        def __enter__(self): return self
        def __exit__(self, *error): self.file.close()
        def write(self, content):
            self.file.write(content[: len(content) // 2 or 1])
            self.file.flush()
            if len(content) > 100:
                print("half", flush=True)
                time.sleep(600)
    module.open = lambda *args, **options: Slow(builtins.open(*args, **options))
    module.Disk(Path(sys.argv[1]), 2**30).write("key", bytes(100_000))
"""

REPLACING = """if True:
    import sys, time
    from pathlib import Path
    from cache import disk as module

    def replace(*paths):
        print("whole", flush=True)
        time.sleep(600)
    module.os.replace = replace
    module.Disk(Path(sys.argv[1]), 2**30).write("key", bytes(100_000))
"""


@pytest.mark.parametrize("code", [HALF, REPLACING])
def test_a_process_killed_while_writing_leaves_nothing_to_believe(disk, directory, code, caplog):
    process = python(code, directory)
    assert process.stdout.readline().strip() in ("half", "whole")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert disk.read("key") is None
    assert disk.content() == (0, 0)
    disk.write("key", ENTRY)
    assert value_of(disk) == VALUE["y"].tolist()
    assert warnings(caplog) == []


WRITER = """if True:
    import sys
    from pathlib import Path
    import numpy as np
    from cache.disk import Disk
    from cache.entry import encode
    disk = Disk(Path(sys.argv[1]), int(sys.argv[2]))
    print("started", flush=True)
    served = 0
    for i in range(int(sys.argv[3])):
        key = i * 7 % 97
        stored = disk.read(f"key{key}")
        if stored is not None:
            served += 1
            assert stored.value["y"].tolist() == [key] * 500, key
        disk.write(f"key{key}", encode({"y": np.full(500, float(key))}))
    print(served, disk.problem, flush=True)
"""


def test_killed_at_any_moment(disk, directory):
    for delay in (0.001, 0.01, 0.03, 0.1):
        process = python(WRITER, directory, 2**30, 10**9)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for key in range(97):
            stored = disk.read(f"key{key}")
            assert stored is None or stored.value["y"].tolist() == [key] * 500
    assert disk.problem == ""


@pytest.mark.parametrize("limit", [2**30, 100_000])
def test_two_processes_share_a_store(directory, limit):
    processes = [python(WRITER, directory, limit, 1500) for _ in range(2)]
    for process in processes:
        output, _ = process.communicate()
        assert process.returncode == 0
        _, report = output.splitlines()
        served, *problem = report.split()
        assert int(served) > 0
        assert problem == []

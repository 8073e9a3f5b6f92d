"""The disk level: one file per entry, in the layout of joblib's store, whose size joblib keeps within the limit.

An entry is believed only if it is ours and whole. Entries are pickles, and whoever writes a pickle runs code in its reader: a store that
others can write is refused, and so is a file. A file starts with the SHA-256 of its key and content: damage of any kind, and an entry
under another's name, is noticed before anything is unpickled. Files appear whole or not at all (written aside, then renamed), so that a
killed process leaves nothing to be believed and processes can share a store. Trouble is logged once per kind and costs a computation.
"""

import contextlib
import hashlib
import logging
import os
import shutil
import stat
import tempfile
import threading
from pathlib import Path

from joblib import Memory

from cache.entry import Stored

log = logging.getLogger(__name__)

DIGEST_BYTES = 32


class Disk:
    """Entries by name under `directory` (None: none), at most about `limit` bytes of them."""

    def __init__(self, directory: Path | None, limit: int):
        self.directory, self.limit = directory, limit
        self.on, self.problem = True, ""
        self._warned: set[str] = set()
        self._lock = threading.Lock()
        self._untidied = limit  # bytes written since the store was last brought within its limit; the first write is always due
        self._due = threading.Event()
        self._janitor: threading.Thread | None = None
        if directory is None:
            self.on, self.problem = False, "switched off"
        elif not hasattr(os, "geteuid"):
            self._refuse("this system does not tell who owns a file")
        else:
            self._inspect()

    def read(self, name: str) -> Stored | None:
        """What is kept as `name`; None if it is not there or cannot be trusted."""
        if not self.on:
            return None
        path = self._path(name)
        try:
            with open(path, "rb", buffering=0, opener=_open_no_link) as file:
                reason = _distrust(os.fstat(file.fileno()), stat.S_ISREG)
                if reason:
                    raise PermissionError(f"it {reason}")
                content = file.read()
                with contextlib.suppress(OSError):  # a read-only store; entries then go in the order they came
                    os.utime(file.fileno())
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn("read", f"{path} cannot be used: {error}")
            return None
        entry = content[DIGEST_BYTES:]
        if content[:DIGEST_BYTES] != _digest(name, entry):
            self._warn("damage", f"{path} is damaged and will be replaced")
            return None
        try:
            return Stored.of(entry)
        except Exception as error:
            self._warn("decode", f"{path} cannot be understood: {error!r}")
            return None

    def write(self, name: str, entry: bytes) -> None:
        """Keep the entry if that is possible."""
        if not self.on or len(entry) > self.limit:
            return
        path = self._path(name)
        try:
            self._create()
            if not self.on:  # others can write it by now
                return
            _make_private(path.parent)
            handle, aside = tempfile.mkstemp(dir=path.parent)
            try:
                with open(handle, "wb") as file:
                    file.write(_digest(name, entry))
                    file.write(entry)
                os.replace(aside, path)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(aside)
                raise
            self._tidy_later(DIGEST_BYTES + len(entry))
        except FileNotFoundError:  # another process made room, or cleared the store, at this moment
            pass
        except (OSError, RuntimeError) as error:  # RuntimeError: no thread can be started
            self._warn("write", f"{path} cannot be written: {error}")

    def content(self) -> tuple[int, int]:
        """Number of entries and their size in bytes."""
        sizes = []
        for path in self._entries():
            with contextlib.suppress(FileNotFoundError):  # gone meanwhile
                sizes.append((path / "output.pkl").lstat().st_size)
        return len(sizes), sum(sizes)

    def clear(self) -> None:
        """Delete every entry."""
        for path in self._entries():
            try:
                shutil.rmtree(path)
            except FileNotFoundError:
                pass
            except OSError as error:
                self._warn("clear", f"{path} cannot be deleted: {error}")

    @property
    def _root(self) -> Path:
        """Where joblib keeps its entries: nothing else under the directory is ever touched."""
        return self.directory / "joblib"

    def _path(self, name: str) -> Path:
        return self._root / hashlib.sha256(name.encode()).hexdigest()[:32] / "output.pkl"

    def _entries(self) -> list[Path]:
        try:
            return list(self._root.iterdir()) if self.on else []
        except FileNotFoundError:
            return []
        except OSError as error:
            self._warn("list", f"{self._root} cannot be listed: {error}")
            return []

    def _create(self) -> None:
        """Make the directories where they are missing, readable by nobody else, and look at them again."""
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        for directory in (self.directory, self._root):
            _make_private(directory)
        self._inspect()

    def _inspect(self) -> None:
        """Refuse the store if others can write it, or if it cannot be looked at."""
        for directory in (self.directory, self._root):
            try:
                reason = _distrust(os.lstat(directory), stat.S_ISDIR)
            except FileNotFoundError:
                return
            except OSError as error:
                reason = f"cannot be looked at: {error}"
            if reason:
                return self._refuse(f"{directory} {reason}")

    def _refuse(self, reason: str) -> None:
        self.on = False
        self._warn("refused", f"nothing is kept on disk: {reason}")

    def _warn(self, kind: str, message: str) -> None:
        """Log the first trouble of its kind."""
        with self._lock:
            first = kind not in self._warned
            self._warned.add(kind)
            self.problem = message
        if first:
            log.warning("%s", message)

    def _tidy_later(self, written: int) -> None:
        """Wake the janitor when a twentieth of the limit has been written since its last round."""
        with self._lock:
            self._untidied += written
            if self._untidied < self.limit / 20:
                return
            if self._janitor is None:
                memory = Memory(str(self.directory), verbose=0)  # here, where the directories exist: it would make them for all to see
                janitor = threading.Thread(target=self._tidy, args=(memory,), name="cache-janitor", daemon=True)
                janitor.start()
                self._janitor = janitor
            self._untidied = 0
        self._due.set()

    def _tidy(self, memory: Memory) -> None:
        """Bring the store within nine tenths of its limit whenever that is due: the least recently used entries go."""
        while True:
            self._due.wait()
            self._due.clear()
            try:
                memory.reduce_size(bytes_limit=int(0.9 * self.limit))
            except Exception as error:
                self._warn("tidy", f"{self.directory} cannot be kept within its limit: {error!r}")


def _digest(name: str, entry: bytes) -> bytes:
    digest = hashlib.sha256(name.encode() + b"\0")
    digest.update(entry)
    return digest.digest()


def _distrust(status: os.stat_result, of_type) -> str:
    """Why a file or directory cannot be trusted to hold only what we wrote; empty if it can."""
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link"
    if not of_type(status.st_mode):
        return "is of the wrong type"
    if status.st_uid != os.geteuid():
        return "belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "can be written by others"
    return ""


def _make_private(directory: Path) -> None:
    """Make the directory for this user alone. Whatever else is there already stays; writing to it will tell."""
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)

"""Entries: a value as bytes.

A pickle (protocol 5) whose arrays lie outside it, each frame at a multiple of 16 bytes: count, lengths, pickle, arrays. Reading it back
copies no array: they are read-only views of the entry, so that many can share them.
"""

import io
import pickle
import struct
from typing import Any, NamedTuple, Self

import numpy as np

from engine.sweep import Sweep

ALIGNMENT = 16


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object):
        """Arrays that would otherwise be embedded, and come back writable."""
        if not isinstance(value, np.ndarray) or (value.flags.forc and not value.dtype.hasobject):
            return NotImplemented
        if value.dtype == object:
            return _labels, (value.shape, value.ravel().tolist())
        return np.ascontiguousarray(value).__reduce_ex__(5)


def _labels(shape: tuple[int, ...], values: list) -> np.ndarray:
    """A read-only array of Python objects."""
    array = np.empty(len(values), object)
    array[:] = values
    array.flags.writeable = False
    return array.reshape(shape)  # a view: read-only for good


def _padded(length: int) -> int:
    return -(-length // ALIGNMENT) * ALIGNMENT


def encode(value: Any) -> bytes:
    """The entry of `value`."""
    pickled, buffers = io.BytesIO(), []
    _Pickler(pickled, protocol=5, buffer_callback=buffers.append).dump(value)
    frames = [pickled.getbuffer(), *(buffer.raw() for buffer in buffers)]
    header = struct.pack(f"<{len(frames) + 1}Q", len(frames), *map(len, frames))
    return b"".join(bytes(frame).ljust(_padded(len(frame)), b"\0") for frame in (header, *frames))


def decode(entry: bytes) -> Any:
    """The value of an entry that is known to be whole; its arrays are read-only."""
    (count,) = struct.unpack_from("<Q", entry)
    lengths = struct.unpack_from(f"<{count}Q", entry, 8)
    view, start, frames = memoryview(entry), _padded(8 * (count + 1)), []
    for length in lengths:
        frames.append(view[start : start + length])
        start += _padded(length)
    return pickle.loads(frames[0], buffers=frames[1:])


class Stored(NamedTuple):
    """A decoded value, to be handed out through `own`, and the bytes it takes."""

    value: Any
    size: int

    @classmethod
    def of(cls, entry: bytes) -> Self:
        return cls(decode(entry), len(entry))


def own(value: Any) -> Any:
    """`value` with lists, dictionaries and sweeps of the caller's own around the same arrays, so that nobody spoils another's."""
    kind = type(value)
    if kind is dict:
        return {name: own(part) if type(part) in _CONTAINERS else part for name, part in value.items()}
    if kind is list:
        return [own(part) if type(part) in _CONTAINERS else part for part in value]
    if kind is Sweep:
        axes = {name: list(values) for name, values in value.axes.items()}
        return Sweep(value.model, axes, dict(value.parameters), dict(value.observables), dict(value.failures))
    return value


_CONTAINERS = {dict, list, Sweep}

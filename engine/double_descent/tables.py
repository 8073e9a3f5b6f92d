"""Data that people bring: files and tables, read without trusting them.

Nothing in a file is executed, and nothing is unpacked before its declared size was found acceptable. Whatever is wrong with it raises
DataError with one sentence.
"""

import csv
import io
import json
import lzma
import math
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.double_descent.covariances import DataError

NAMES = ("X", "y", "omega", "phi2", "phi", "rho")
DAMAGED = (ValueError, TypeError, OSError, EOFError, RuntimeError, KeyError, OverflowError, SyntaxError, MemoryError)
DAMAGED += (zipfile.BadZipFile, zlib.error, lzma.LZMAError)
"""What reading a damaged or hostile file may raise."""


@dataclass(frozen=True)
class Limits:
    """Of a file in bytes, of the numbers in a table, and of its columns."""

    size: int
    entries: int
    columns: int


LOCAL = Limits(512 * 2**20, 30_000_000, 5001)
UPLOAD = Limits(20 * 2**20, 4_000_000, 1001)


def parse(name: str, data: bytes, limits: Limits = LOCAL) -> dict[str, np.ndarray]:
    """The arrays X, y, omega, phi2, phi, rho, as far as present, of a file csv, npz or json of this `name`; all finite."""
    check_size(data, limits)
    kind = suffix(name)
    if kind == "csv":
        frame = read_csv(data, limits)
        if "y" not in frame:
            raise DataError("the table has no column y, which holds what is to be learned")
        for column in frame:
            if frame[column].dtype.kind not in "biuf":
                raise DataError(f"column {column} does not hold numbers")
            if not np.isfinite(frame[column].to_numpy(float)).all():
                raise DataError(f"column {column} has missing or infinite values")
        arrays = {"X": frame.drop(columns="y").to_numpy(float), "y": frame["y"].to_numpy(float)}
    elif kind in ("npz", "json"):
        arrays = read_npz(data, limits) if kind == "npz" else read_json(data, limits)
    else:
        raise DataError(f"{name} is not a file csv, npz or json")
    for key, values in arrays.items():
        if not np.isfinite(values).all():
            raise DataError(f"{key} has missing or infinite values")
    return arrays


def suffix(name: str) -> str:
    return name.rsplit(".", 1)[-1].lower()


def check_size(data: bytes, limits: Limits) -> None:
    if not data:
        raise DataError("the file is empty")
    if len(data) > limits.size:
        raise DataError(f"the file has {len(data) / 2**20:.0f} MB; at most {limits.size // 2**20} MB are read")


def check_shape(name: str, shape: tuple[int, ...], limits: Limits) -> None:
    """DataError for an array or table too large to be worked with."""
    if len(shape) > 2 or any(extent < 0 for extent in shape):
        raise DataError(f"{name} is no list and no table: its shape is {shape}")
    if math.prod(shape) > limits.entries or (len(shape) == 2 and shape[1] > limits.columns):
        raise DataError(
            f"{name} has {' x '.join(f'{extent:,}' for extent in shape)} entries; "
            f"at most {limits.entries:,}, and {limits.columns - 1:,} features, are read"
        )


def read_npz(data: bytes, limits: Limits) -> dict[str, np.ndarray]:
    """The known arrays of an npz file. Shape and type are judged by the header before anything is unpacked; pickles are refused."""
    arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in NAMES:
                if f"{name}.npy" not in archive.namelist():
                    continue
                with archive.open(f"{name}.npy") as stream:
                    version = np.lib.format.read_magic(stream)
                    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                    shape, _, dtype = header(stream, max_header_size=10_000)
                if dtype.kind not in "biuf" or dtype.itemsize > 16:
                    raise DataError(f"{name} does not hold numbers (its type is {dtype.kind})")
                check_shape(name, shape, limits)
                with archive.open(f"{name}.npy") as stream:
                    arrays[name] = np.lib.format.read_array(stream, allow_pickle=False).astype(float)
    except DataError:
        raise
    except DAMAGED as error:
        raise DataError("the file is not a readable npz file") from error
    return arrays


def read_json(data: bytes, limits: Limits) -> dict[str, np.ndarray]:
    """The known arrays of a json file {name: numbers}."""
    try:
        given = json.loads(data)
    except (*DAMAGED, RecursionError) as error:
        raise DataError("the file is not a readable json file") from error
    if not isinstance(given, dict):
        raise DataError("the json file is not an object with the entries X and y, or omega, phi2 (or phi) and rho")
    arrays = {}
    for name in NAMES:
        if name in given:
            try:
                values = np.asarray(given[name])
            except (*DAMAGED, RecursionError) as error:
                raise DataError(f"{name} is not a list or table of numbers, of rows of the same length") from error
            if values.dtype.kind not in "biuf":
                raise DataError(f"{name} does not hold numbers")
            check_shape(name, values.shape, limits)
            arrays[name] = values.astype(float)
    return arrays


def read_csv(data: bytes, limits: Limits) -> pd.DataFrame:
    """The table of a csv file with a header."""
    try:
        end = data.find(b"\n")
        header = next(csv.reader([data[: end if end >= 0 else None].decode("utf-8-sig")]))
        check_shape("the table", (data.count(b"\n"), len(header)), limits)
        if len(set(header)) < len(header):
            raise DataError("two columns of the table have the same name")
        frame = pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", index_col=False, skipinitialspace=True)
    except DataError:
        raise
    except (*DAMAGED, csv.Error, StopIteration) as error:
        raise DataError("the file is not a readable csv file with a header line") from error
    if not len(frame):
        raise DataError("the table has no rows")
    return frame


def read_parquet(data: bytes, limits: Limits) -> pd.DataFrame:
    """The columns of numbers, flags and texts of a Parquet file; texts stay coded, so that repeated ones take no room."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        schema = parquet.read_schema(io.BytesIO(data))
        texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
        numbers = [
            field.name
            for field in schema
            if pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or pa.types.is_boolean(field.type)
        ]
        file = parquet.ParquetFile(io.BytesIO(data), read_dictionary=texts)
        check_shape("the table", (file.metadata.num_rows, file.metadata.num_columns), limits)
        groups = range(file.metadata.num_row_groups)
        if sum(file.metadata.row_group(i).total_byte_size for i in groups) > 16 * limits.entries:
            raise DataError("the table unpacks to more than can be read")
        frame = file.read(columns=[*numbers, *texts], use_threads=False).to_pandas(ignore_metadata=True)
    except DataError:
        raise
    except (*DAMAGED, pa.ArrowException) as error:
        raise DataError("the file is not a readable Parquet file") from error
    if not len(frame) or not frame.shape[1]:
        raise DataError("the table has no rows, or no columns of numbers or texts")
    return frame


def table(name: str, data: bytes, limits: Limits = UPLOAD) -> pd.DataFrame:
    """The table of a file csv, parquet or npz (arrays X and y, which become the columns x1, x2, ... and y) of this `name`."""
    check_size(data, limits)
    kind = suffix(name)
    if kind == "csv":
        return read_csv(data, limits)
    if kind == "parquet":
        return read_parquet(data, limits)
    if kind != "npz":
        raise DataError("only tables csv, parquet and npz are read")
    arrays = read_npz(data, limits)
    X, y = arrays.get("X"), arrays.get("y")
    if X is None or y is None or X.ndim != 2 or y.shape != X.shape[:1] or not X.size:
        raise DataError("the npz file must hold a table X and a list y with an entry for each row of X")
    return pd.DataFrame(X, columns=[f"x{i + 1}" for i in range(X.shape[1])]).assign(y=y)


def tidy(frame: pd.DataFrame, label: str, standardise: bool = True) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Features X (points, P), targets y (points,), and a sentence for everything that had to be done to the table to get them.

    A column of numbers is a feature; those of another kind, constant ones, and those that are mostly missing are left out, other gaps are
    filled with the mean. A label of two values becomes -1 and 1, of several texts the commonest against all others. With `standardise`
    features and labels of many values are divided by their standard deviation.
    """
    if label not in frame:
        raise DataError(f"the table has no column {label}")
    notes = []
    column = frame[label]
    gaps = column.isna().to_numpy()
    if column.dtype.kind == "f":
        gaps = gaps | ~np.isfinite(column.to_numpy())
    if gaps.any():
        notes.append(f"{gaps.sum():,} rows without a label are left out.")
        frame, column = frame[~gaps], column[~gaps]
    values = column.unique()
    if len(values) < 2:
        raise DataError(f"the label {label} has {'one value' if len(values) else 'no value'} only: there is nothing to learn")
    if column.dtype.kind in "iuf" and len(values) > 2:
        y = column.to_numpy(float)
        y = y / y.std() if standardise else y
    else:
        common = column.value_counts().index[0]
        plus = max(values) if len(values) == 2 and column.dtype.kind in "biuf" else common
        y = np.where((column == plus).to_numpy(bool), 1.0, -1.0)
        others = "the others" if len(values) > 2 else str(next(value for value in values if value != plus))
        notes.append(f"The label {label} is learned as +1 for {plus} and −1 for {others}.")
    dropped: dict[str, list[str]] = {"not numbers": [], "mostly missing": [], "constant": []}
    kept, filled = [], 0
    for name in frame.columns:
        if name == label:
            continue
        if frame[name].dtype.kind not in "biuf":
            dropped["not numbers"].append(name)
            continue
        x = frame[name].to_numpy(float, copy=True)
        present = np.isfinite(x) & (np.abs(x) < 1e150)
        if present.sum() < 0.5 * len(x):
            dropped["mostly missing"].append(name)
            continue
        filled += int((~present).sum())
        x[~present] = x[present].mean()
        spread = x.std()
        if np.ptp(x) == 0.0 or not spread > 0.0:
            dropped["constant"].append(name)
            continue
        kept.append((x - x.mean()) / spread if standardise else x)
    notes += [f"Left out as {why}: {listed(names)}." for why, names in dropped.items() if names]
    if filled:
        notes.append(f"{filled:,} missing or infinite entries are filled with the mean of their column.")
    if not kept:
        raise DataError("no column of the table can be a feature" + (": " + " ".join(notes) if notes else ""))
    if len(y) < 20:
        raise DataError(f"{len(y)} rows with a label are too few to measure covariances; 20 is the least")
    return np.column_stack(kept), y, notes


def listed(names: list) -> str:
    """The first few of many names."""
    return ", ".join(str(name) for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")

"""Files of people: honest, damaged, hostile."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest

from engine.double_descent.covariances import DataError
from engine.double_descent.tables import Limits, parse, table, tidy

SMALL = Limits(100_000, 1000, 11)


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def npy(shape: tuple, descr: str = "<f8", body: bytes = b"") -> bytes:
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(f"{name}.npy", body)
    return stream.getvalue()


class Payload:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


HOSTILE = {
    "empty.csv": b"",
    "header.csv": b"x,y\n",
    "nothing.csv": b"\n\n\n",
    "text.csv": b"x,y\nred,1\nblue,2\n",
    "gap.csv": b"x,y\n1,1\n,2\n",
    "infinite.csv": b"x,y\n1,1\ninf,2\n",
    "no label.csv": b"x,z\n1,1\n2,2\n",
    "twice.csv": b"x,x,y\n1,2,3\n4,5,6\n",
    "ragged.csv": b"x,y\n1,2\n1,2,3,4,5\n1\n",
    "latin.csv": "größe,y\n1,2\n".encode("latin-1"),
    "null.csv": b"x,y\n\x00\x00,1\n",
    "quote.csv": b'x,y\n"1,2\n3,4\n',
    "image.csv": bytes(range(256)) * 4,
    "wide.csv": b",".join([b"x"] * 100) + b"\n",
    "long.csv": b"x,y\n" + b"1,2\n" * 2000,
    "large.csv": b"x,y\n" + b"1,2\n" * 30_000,
    "not a zip.npz": b"PK\x03\x04 and nonsense",
    "truncated.npz": npz(X=np.ones((5, 2)), y=np.ones(5))[:-40],
    "pickle.npz": npz(X=np.array([Payload(), {}], dtype=object), y=np.ones(2)),
    "raw pickle.npz": pickle.dumps([1, 2]),
    "object.npz": archive(X=npy((2, 2), "|O", pickle.dumps(Payload())), y=npy((2,), body=bytes(16))),
    "text.npz": npz(X=np.array([["a", "b"]]), y=np.ones(1)),
    "complex.npz": npz(X=np.ones((3, 2), complex), y=np.ones(3)),
    "huge shape.npz": archive(X=npy((10**9, 10**6)), y=npy((10**9,))),
    "huger shape.npz": archive(X=npy((2**62, 2**62)), y=npy((1,), body=bytes(8))),
    "negative.npz": archive(X=npy((-5, 2)), y=npy((5,), body=bytes(40))),
    "short.npz": archive(X=npy((5, 2), body=bytes(8)), y=npy((5,), body=bytes(40))),
    "bomb.npz": archive(X=npy((1000, 10), body=bytes(50_000_000)), y=npy((1000,), body=bytes(8000))),
    "cube.npz": npz(X=np.ones((2, 2, 2)), y=np.ones(2)),
    "bad header.npz": archive(X=b"\x93NUMPY\x01\x00\x10\x00__import__('os')", y=b""),
    "missing.npz": npz(X=np.array([[1.0, np.nan], [1, 2]]), y=np.array([1.0, 2])),
    "not.json": b"{",
    "list.json": b"[1, 2]",
    "deep.json": b"[" * 50_000,
    "deep table.json": b'{"X": ' + b"[" * 200 + b"1" + b"]" * 200 + b', "y": [1]}',
    "ragged.json": b'{"X": [[1, 2], [3]], "y": [1, 2]}',
    "text.json": b'{"X": [["1", "2"], ["3", "4"]], "y": [1, 2]}',
    "null.json": b'{"X": [[1, null], [3, 4]], "y": [1, 2]}',
    "large number.json": b'{"X": [[1, 1' + b"0" * 400 + b'], [3, 4]], "y": [1, 2]}',
    "large integer.json": b'{"X": [[1, 1' + b"0" * 30 + b'], [3, 4]], "y": [1, 2]}',
    "infinite.json": b'{"X": [[1, Infinity], [3, 4]], "y": [1, 2]}',
    "script.py": b"print(1)",
    "noname": b"x,y\n1,2\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_sentence_for_what_cannot_be_read(name):
    with pytest.raises(DataError) as caught:
        parse(name, HOSTILE[name], SMALL)
    assert 10 < len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "column"), [("text.csv", "column x"), ("gap.csv", "column x"), ("infinite.csv", "column x"), ("null.json", "X")]
)
def test_the_column_is_named(name, column):
    with pytest.raises(DataError, match=column):
        parse(name, HOSTILE[name], SMALL)


def test_honest_files():
    X, y = np.arange(6.0).reshape(3, 2), np.array([1, -1, 1])
    for name, data in (
        ("a.csv", b"x1,y,x2\n0,1,1\n2,-1,3\n4,1,5"),
        ("a.csv", "\ufeffx1,y,x2\r\n0,1,1\r\n2,-1,3\r\n4,1,5\r\n".encode()),
        ("a.npz", npz(X=X, y=y, other=np.ones(3))),
        ("A.NPZ", npz(X=X.astype(np.float32).T.copy().T, y=y.astype(bool) * 2 - 1)),
        ("a.json", json.dumps({"X": X.tolist(), "y": y.tolist()}).encode()),
    ):
        arrays = parse(name, data)
        np.testing.assert_array_equal(arrays["X"], X)
        assert set(arrays) == {"X", "y"}


def parquet(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return stream.getvalue()


UPLOADS = {name: data for name, data in HOSTILE.items() if name.endswith((".npz", ".csv")) and name not in ("text.csv", "gap.csv")} | {
    "nonsense.parquet": b"PAR1 and nonsense PAR1",
    "truncated.parquet": parquet(pd.DataFrame({"x": np.arange(100.0)}))[:-30],
    "no rows.parquet": parquet(pd.DataFrame({"x": [], "y": []}, dtype=float)),
    "lists only.parquet": parquet(pd.DataFrame({"x": [[1], [2]]})),
    "wide.parquet": parquet(pd.DataFrame(np.ones((2, 50)), columns=[f"x{i}" for i in range(50)])),
    "long.parquet": parquet(pd.DataFrame({"x": np.zeros(100_000), "y": np.zeros(100_000)})),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_one_sentence_for_an_upload_that_cannot_be_used(name):
    def use() -> None:
        tidy(table(name, UPLOADS[name], SMALL), "y")

    with pytest.raises(DataError) as caught:
        use()
    assert 10 < len(str(caught.value)) < 400


def test_repeated_texts_of_a_parquet_file_take_no_room():
    frame = pd.DataFrame({"x": np.arange(400.0), "word": ["a" * 5_000] * 400})
    data = parquet(frame)
    assert len(data) < 20_000
    read = table("words.parquet", data, SMALL)
    assert read["word"].dtype == "category"


def random_table(rows: int = 100) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((rows, 4)), columns=["one", "two", "three", "four"])
    frame["kind"] = np.where(frame["one"] > 0.3, "cat", "dog")
    return frame


def test_a_table_is_tidied_in_words():
    frame = random_table()
    frame["five"] = 1.0
    frame["six"] = np.nan
    frame.loc[3, "two"] = np.nan
    frame.loc[4, "three"] = np.inf
    frame.loc[5, "kind"] = None
    X, y, notes = tidy(frame, "kind")
    assert X.shape == (99, 4)
    assert set(y) == {-1.0, 1.0}
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)
    told = " ".join(notes)
    for words in ("1 rows without a label", "+1 for dog", "mostly missing: six", "constant: five", "2 missing or infinite"):
        assert words in told
    raw, target, notes = tidy(random_table(), "one", standardise=False)
    assert raw.shape == (100, 3)
    np.testing.assert_array_equal(target, random_table()["one"])
    assert "not numbers: kind" in " ".join(notes)
    _, y, _ = tidy(random_table().assign(flag=lambda f: f["one"] > 0), "flag")
    np.testing.assert_array_equal(y, np.where(random_table()["one"] > 0, 1.0, -1.0))
    _, y, notes = tidy(random_table().assign(kind=["a", "b", "c", "a"] * 25), "kind")
    assert (y == 1).sum() == 50
    assert "the others" in " ".join(notes)


@pytest.mark.parametrize(
    ("change", "label", "reason"),
    [
        (lambda f: f, "absent", "no column absent"),
        (lambda f: f.assign(kind="cat"), "kind", "one value only"),
        (lambda f: f.assign(one=np.nan), "one", "no value only"),
        (lambda f: f[["one", "kind"]], "one", "no column of the table can be a feature"),
        (lambda f: f.head(10), "one", "too few"),
    ],
)
def test_tables_that_teach_nothing(change, label, reason):
    with pytest.raises(DataError, match=reason):
        tidy(change(random_table()), label)

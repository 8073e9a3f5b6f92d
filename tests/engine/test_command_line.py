import io
import json
import math
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import engine
from engine import output
from engine.__main__ import main

ROOT = Path(engine.__file__).parent.parent
COMMAND = [sys.executable, "-m", "engine"]


def strict(text):
    """Parse JSON that may not contain NaN or Infinity."""

    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def run(capsys):
    """Run a command in this process; returns status, stdout, stderr."""

    def call(*words):
        status = main(list(words))
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def batch(run, monkeypatch):
    """Run a batch over lines of bytes; returns the parsed replies."""

    def call(*lines):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"".join(line + b"\n" for line in lines))))
        status, out, err = run("batch")
        assert status == 0
        assert err == ""
        return [strict(line) for line in out.splitlines()]

    return call


def test_list(run, pointwise):
    status, out, err = run("list")
    assert status == 0
    assert err == ""
    for word in (
        "toy",
        "What is x times K?",
        "[0, 10]",
        "(0, 1] or opt",
        "one of easy, hard",
        "default opt",
        "y, phase, large, K, ratio, rest",
    ):
        assert word in out


def test_list_json(run, pointwise):
    (described,) = strict(run("list", "--json")[1])
    assert described["id"] == "toy"
    assert described["parameters"][2]["choices"] == ["opt"]
    declared = {"name": "K", "meaning": "an integer", "default": 2, "low": 1, "high": 4_000_000_000, "choices": [], "integer": True}
    assert declared.items() <= described["parameters"][1].items()
    assert [observable["name"] for observable in described["observables"]] == ["y", "phase", "large", "K", "ratio", "rest"]
    assert [parameter["name"] for parameter in described["experiment"]] == ["size", "trials"]


def test_show(run, pointwise):
    status, out, _ = run("show", "toy")
    assert status == 0
    for word in (
        "What is x times K?",
        "$y = xK$",
        "an integer",
        "undefined: infinite at x=0",
        "y = 6 at x=3.0: arithmetic",
        "A. Author (1965)",
    ):
        assert word in out


def test_solve(run, pointwise):
    status, out, err = run("solve", "toy", "x=0", "K=3", "lam=opt", "mode=hard")
    assert status == 0
    assert err == ""
    assert out.count("\n") == 1
    assert strict(out) == {"y": 0.0, "phase": "low", "large": False, "K": 3, "ratio": None, "rest": None}


def test_json_of_arrays_and_numpy_scalars():
    value = {"curve": np.array([1.0, math.nan, -math.inf]), "flag": np.True_, "count": np.int64(3), "label": np.str_("hard")}
    assert strict(output.to_json(value)) == {"curve": [1.0, None, None], "flag": True, "count": 3, "label": "hard"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["solve", "toy", "x=11"], ["x=11", "[0, 10]"]),
        (["solve", "toy", "x=nan"], ["x=nan", "[0, 10]"]),
        (["solve", "toy", "x=a\nb"], ["x=a b", "[0, 10]"]),
        (["solve", "toy", "x="], ["x=", "[0, 10]"]),
        (["solve", "toy", "K=1.5"], ["K=1.5", "integer in [1, 4000000000]"]),
        (["solve", "toy", "lam=0"], ["lam=0", "(0, 1] or opt"]),
        (["solve", "toy", "mode=soft"], ["mode=soft", "easy, hard"]),
        (["solve", "toy", "z=1"], ["z", "x, K, lam, mode"]),
        (["solve", "toy", "id=1"], ["id", "x, K, lam, mode"]),
        (["solve", "toy", "x=1", "x=2"], ["x=2", "twice"]),
        (["solve", "toy", "x"], ["name=value"]),
        (["solve", "toy", "x=0.3333333333333333"], ["x=", "must not meet"]),
        (["solve", "nope"], ["nope", "toy"]),
        (["show", "nope"], ["nope", "toy"]),
        (["check", "toy", "nope"], ["nope", "toy"]),
        (["sweep", "toy"], ["several values"]),
        (["sweep", "toy", "x=1"], ["several values"]),
        (["sweep", "toy", "x=1,11"], ["x=11", "[0, 10]"]),
        (["sweep", "toy", "x=1,"], ["x=", "[0, 10]"]),
        (["sweep", "toy", "x=0:11:3"], ["x=11", "[0, 10]"]),
        (["sweep", "toy", "x=0:1"], ["x=0:1", "a:b:n", "[0, 10]"]),
        (["sweep", "toy", "x=0:1:0"], ["x=0:1:0", "a:b:n"]),
        (["sweep", "toy", "x=0:1:2.5"], ["x=0:1:2.5", "a:b:n"]),
        (["sweep", "toy", "x=0:1:" + "9" * 5000], ["a:b:n"]),
        (["sweep", "toy", "x=0:1:5:lin"], ["x=0:1:5:lin", "a:b:n:log"]),
        (["sweep", "toy", "x=0:1:5:log"], ["x=0:1:5:log", "positive"]),
        (["sweep", "toy", "lam=opt:1:5"], ["lam=opt:1:5", "(0, 1]"]),
        (["sweep", "toy", "mode=easy:hard:2"], ["mode=easy:hard:2", "one of easy, hard"]),
        (["sweep", "toy", "x=1,2", "K=0"], ["K=0", "integer in"]),
        (["sweep", "toy", "x=1,2", "--jobs", "0"], ["jobs=0", "integer in [1,"]),
        (["sweep", "toy", "x=1,2", "--jobs", "two"], ["jobs=two", "integer in [1,"]),
        (["simulate", "toy", "--size", "0"], ["size=0", "integer in [1, 10000]"]),
        (["simulate", "toy", "--trials", "x"], ["trials=x", "integer in"]),
        (["simulate", "toy", "--seed", "-1"], ["seed=-1", "integer in [0, 4294967295]"]),
        (["simulate", "toy", "x=11"], ["x=11", "[0, 10]"]),
        ([], ["COMMAND"]),
        (["solv"], ["solv"]),
        (["solve"], ["MODEL"]),
        (["solve", "toy", "--fast"], ["--fast"]),
        (["list", "toy"], ["toy"]),
        (["sweep", "toy", "x=1,2", "--out"], ["--out"]),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_status_2(run, pointwise, words, says):
    status, out, err = run(*words)
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.endswith("\n")
    for word in says:
        assert word in err


@pytest.mark.parametrize("words", [["solve", "toy"], ["simulate", "toy"]])
def test_no_convergence_is_one_line_and_status_3(run, pointwise, words):
    status, out, err = run(*words, "x=9.5", "mode=hard")
    assert (status, out, err) == (3, "", "error: no fixed point beyond 9\n")


def test_batch_answers_in_order_and_goes_on(batch, pointwise):
    replies = batch(
        b'{"model": "toy", "params": {"x": 2, "lam": "opt", "mode": "hard"}}',
        b'{"model": "toy"}',
        b'{"model": "toy", "params": {"x": 9.5, "mode": "hard"}}',
        b'{"params": {"K": 5}, "model": "toy"}',
    )
    assert [reply.get("observables", {}).get("y") for reply in replies] == [4.0, 2.0, None, 5.0]
    assert replies[2] == {"error": "no fixed point beyond 9"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"", "JSON"), (b"x", "JSON"), (b"{", "JSON"), (b"\xff", "JSON"), (b"[" * 100_000, "JSON"), (b"1" * 5000, "JSON"), (b"[]", "object"), (b"3", "object"),
        (b"{}", "model"), (b'{"model": 3}', "model"), (b'{"model": ["toy"]}', "model"), (b'{"model": "nope"}', "toy"),
        (b'{"model": "toy", "params": []}', "params"), (b'{"model": "toy", "parameters": {"x": 1}}', "params"), (b'{"model": "toy", "params": null}', "params"),
        (b'{"model": "toy", "params": {"x": "1"}}', "[0, 10]"), (b'{"model": "toy", "params": {"x": true}}', "[0, 10]"),
        (b'{"model": "toy", "params": {"x": null}}', "[0, 10]"), (b'{"model": "toy", "params": {"x": NaN}}', "[0, 10]"),
        (b'{"model": "toy", "params": {"x": 1e999}}', "[0, 10]"), (b'{"model": "toy", "params": {"x": 1' + b"0" * 400 + b"}}", "[0, 10]"),
        (b'{"model": "toy", "params": {"x": [1]}}', "[0, 10]"), (b'{"model": "toy", "params": {"z": 1}}', "no parameter z"),
        (b'{"model": "toy", "params": {"id": 1}}', "no parameter id"), (b'{"model": "toy", "params": {"mode": "soft"}}', "easy, hard"),
    ],
)  # fmt: skip
def test_a_bad_line_is_an_error_of_that_line(batch, pointwise, line, says):
    bad, good = batch(line, b'{"model": "toy"}')
    assert set(bad) == {"error"}
    assert says in bad["error"]
    assert good["observables"]["y"] == 2.0


def test_batch_streams():
    with subprocess.Popen([*COMMAND, "batch"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for alpha, p_sep in ((2, 0.5), (0.5, 1.0)):
            process.stdin.write(b'{"model": "capacity-cover", "params": {"alpha": %g}}\n' % alpha)
            process.stdin.flush()
            assert strict(process.stdout.readline())["observables"]["p_sep"] == p_sep  # before the input ends


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x=0:10:5", [0.0, 2.5, 5.0, 7.5, 10.0]), ("x=0.1:0.3:1", [0.1]), ("x=3:1:3", [3.0, 2.0, 1.0]), ("x=0.1:10:3:log", [0.1, 1.0, 10.0]),
        ("x=2,1,0.5", [2.0, 1.0, 0.5]), ("x=1:2:2,5", [1.0, 2.0, 5.0]), ("K=1:9:3", [1, 5, 9]), ("K=1:100:6:log", [1, 3, 6, 16, 40, 100]), ("K=1:3:9", [1, 2, 3]),
        ("lam=opt,0.5", ["opt", "0.5"]), ("mode=hard,easy", ["hard", "easy"]), ("x=1,", None),
    ],
)  # fmt: skip
def test_grids(run, pointwise, text, values):
    status, out, _ = run("sweep", "toy", text)
    if values is None:
        assert status == 2
        return
    assert status == 0
    name = text.partition("=")[0]
    column = pd.read_csv(io.StringIO(out))[name].tolist()
    assert column == values if isinstance(values[0], str) else np.allclose(column, values, rtol=1e-14, atol=0)


def test_grid_ends_are_exact(run, lined):
    table = pd.read_csv(io.StringIO(run("sweep", "toy", "x=0.1:0.7:13:log")[1]))
    assert (table["x"].iloc[0], table["x"].iloc[-1], len(table)) == (0.1, 0.7, 13)


def test_sweep_on_stdout_is_csv(run, pointwise):
    status, out, err = run("sweep", "toy", "x=0.25,6", "mode=easy,hard", "lam=0.5")
    assert status == 0
    assert err == ""
    assert out.splitlines() == [
        "x,mode,y,phase,large,K,ratio,rest",
        "0.25,easy,0.5,low,False,2,4.0,nan",
        "0.25,hard,0.5,low,False,2,4.0,nan",
        "6.0,easy,12.0,high,True,2,0.16666666666666666,nan",
        "6.0,hard,12.0,high,True,2,0.16666666666666666,nan",
    ]


def test_options_may_stand_among_parameters(run, pointwise, tmp_path):
    expected = run("sweep", "toy", "x=1,2", "K=3")[1]
    out = tmp_path / "a.csv"
    for words in (
        ["--out", out, "toy", "x=1,2", "K=3"],
        ["toy", "--out", out, "x=1,2", "K=3"],
        ["toy", "x=1,2", "--out", out, "--jobs", "1", "K=3"],
    ):
        assert run("sweep", *map(str, words)) == (0, "", "")
        assert out.read_text() == expected
        out.unlink()


@pytest.mark.parametrize("ending", output.WRITERS)
def test_every_format_gives_back_what_was_solved(run, lined, tmp_path, ending):
    path = tmp_path / f"table{ending}"
    assert run("sweep", "toy", "x=0,0.1,6", "K=1,3000000000", "lam=0.5", "--out", str(path)) == (0, "", "")
    result = engine.sweep("toy", {"x": [0, 0.1, 6], "K": [1, 3_000_000_000]}, lam=0.5)
    if ending == ".nc":
        with xr.open_dataset(path) as dataset:
            assert dataset.attrs == {"model": "toy", "parameters": '{"lam": 0.5, "mode": "easy"}'}
            table = dataset.load().to_dataframe().reset_index()
            assert dataset["y"].dims == ("x", "K")
    else:
        table = pd.read_csv(path) if ending == ".csv" else pd.read_parquet(path)
    pd.testing.assert_frame_equal(table[list(result.to_frame())], result.to_frame(), check_dtype=False, check_exact=True)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", output.WRITERS)
def test_every_format_holds_points_without_solution(run, lined, tmp_path, ending):
    path = tmp_path / f"table{ending}"
    status, out, err = run("sweep", "toy", "x=1,0.3333333333333333,9.25,9.5,9.75", "mode=hard,easy", "--out", str(path))
    assert (status, out) == (3, "")
    assert sorted(err.splitlines()) == [
        "2 of 10 points without solution: x and K must not meet at a third",
        "3 of 10 points without solution: no fixed point beyond 9",
    ]
    if ending == ".nc":
        with xr.open_dataset(path) as dataset:
            assert dataset["phase"].sel(mode="hard").values.tolist() == ["low", "", "", "", ""]
            assert dataset["phase"].sel(mode="easy").values.tolist() == ["low", "", "high", "high", "high"]
            np.testing.assert_array_equal(dataset["large"].sel(mode="hard"), [0, math.nan, math.nan, math.nan, math.nan])
            np.testing.assert_array_equal(dataset["y"].sel(mode="hard"), [2, math.nan, math.nan, math.nan, math.nan])
        return
    table = pd.read_csv(path) if ending == ".csv" else pd.read_parquet(path)
    hard = table[table["mode"] == "hard"]
    for name in ("y", "phase", "large", "K", "ratio"):
        assert hard[name].isna().tolist() == [False, True, True, True, True]
    assert table["phase"].dropna().tolist() == ["low", "low", "high", "high", "high"]
    if ending == ".csv":
        assert path.read_text().splitlines()[3] == "0.3333333333333333,hard,nan,nan,nan,nan,nan,nan"


def test_conflicts_alone_leave_the_status_at_0(run, pointwise):
    status, out, err = run("sweep", "toy", "x=1,0.3333333333333333")
    assert status == 0
    assert err == "1 of 2 points without solution: x and K must not meet at a third\n"
    assert len(out.splitlines()) == 3


def test_nothing_has_a_solution(run, pointwise):
    status, out, err = run("sweep", "toy", "x=9.5,9.75", "mode=hard")
    assert status == 3
    assert err == "2 of 2 points without solution: no fixed point beyond 9\n"
    assert out.splitlines() == ["x,y,phase,large,K,ratio,rest", "9.5,nan,nan,nan,nan,nan,nan", "9.75,nan,nan,nan,nan,nan,nan"]


@pytest.mark.parametrize("name", ["table.txt", "table", "table.csv.gz", "missing/table.csv", "file/table.csv", "folder.csv"])
def test_a_place_that_cannot_be_written_is_refused_before_computing(run, lined, tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.csv").mkdir()
    status, out, err = run("sweep", "toy", "x=1,2", "--out", str(tmp_path / name))
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "--out" in err
    assert lined.lengths == []
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.csv"]


def test_a_file_is_replaced_whole_or_not_at_all(run, lined, tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    path.write_text("before")

    def half(result, unfinished):
        unfinished.write_text("half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(output.WRITERS, ".csv", half)
        assert run("sweep", "toy", "x=1,2", "--out", str(path)) == (130, "", "")
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["table.csv"]
    assert run("sweep", "toy", "x=1,2", "--out", str(path))[0] == 0
    assert path.read_text().startswith("x,y")


def test_a_full_disk_is_one_line(run, lined, tmp_path, monkeypatch):
    def full(result, unfinished):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(output.WRITERS, ".csv", full)
    status, out, err = run("sweep", "toy", "x=1,2", "--out", str(tmp_path / "table.csv"))
    assert (status, out, err) == (1, "", "error: [Errno 28] No space left on device\n")


def test_simulate(run, pointwise):
    words = ["simulate", "toy", "x=2", "--size", "64", "--trials", "5"]
    status, out, err = run(*words, "--seed", "3", "K=1")
    assert status == 0
    assert err == ""
    estimate = engine.simulate("toy", size=64, trials=5, seed=3, x=2, K=1)["y"]
    assert strict(out) == {"y": {"mean": estimate.mean, "sem": estimate.sem}}
    assert strict(run(*words, "--trials", "1")[1])["y"]["sem"] is None
    assert run("simulate", "toy")[1] == run("simulate", "toy", "--size", "100", "--trials", "10", "--seed", "0")[1]


def test_check_holds(run, pointwise):
    status, out, err = run("check")
    assert status == 0
    assert err == ""
    header, *lines, last = out.splitlines()
    assert re.split(r" {2,}", header.strip()) == ["model", "observable", "value", "literature", "deviation", "tolerance", "at", "source"]
    assert re.split(r" {2,}", lines[0]) == ["pass", "toy", "y", "6", "6", "0.0e+00", "6.0e-06", "x=3.0", "arithmetic"]
    assert [line[:4] for line in lines] == ["pass"] * 3
    assert last == "3 landmarks, 0 fail"


def test_check_fails(run, install, pointwise):
    wrong = [
        engine.Landmark({"x": 3.0}, "y", 6.1, "a misprint"),
        engine.Landmark({"x": 9.5, "mode": "hard"}, "y", 19.0, "no solution"),
        engine.Landmark({"x": 11.0}, "y", 22.0, "out of range"),
        engine.Landmark({}, "z", 1.0, "no such observable"),
        engine.Landmark({"x": 3.0}, "y", 6.0, "right"),
    ]
    install(type(pointwise)(**{**vars(pointwise), "landmarks": tuple(wrong)}))
    status, out, _ = run("check", "toy")
    assert status == 1
    lines = out.splitlines()[1:]
    assert [line[:4] for line in lines] == ["FAIL"] * 4 + ["pass", "5 la"]
    assert "1.0e-01" in lines[0]
    assert "no fixed point beyond 9" in lines[1]
    assert "[0, 10]" in lines[2]
    assert lines[-1] == "5 landmarks, 4 fail"


def test_start_is_light():
    watched = ["pandas", "xarray", "pyarrow", "streamlit", "joblib", "scipy.optimize", "matplotlib"]
    code = f"import sys, engine.__main__; print([name for name in {watched} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_from_a_shell_like_from_python(tmp_path):
    """The whole way: another directory, real processes, the same bytes for any number of jobs."""
    words = ["sweep", "capacity-cover", "alpha=0.5:4:40", "D=10,50"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    tables = [subprocess.run([*COMMAND, *words, "--jobs", n], cwd=tmp_path, env=environment, capture_output=True, check=True) for n in "12"]
    assert tables[0].stdout == tables[1].stdout
    assert tables[0].stderr == tables[1].stderr == b""
    assert len(tables[0].stdout.splitlines()) == 81


def test_usage_error_from_a_shell():
    done = subprocess.run([*COMMAND, "sweep", "capacity-cover", "alpha=1:50:3"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_no_error():
    with subprocess.Popen([*COMMAND, "batch"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(b'{"model": "capacity-cover"}\n' * 500)
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        process.stdin.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_nothing(tmp_path, jobs):
    """Pressed while the bar moves: status 130, no traceback, no file, no process."""
    words = ["sweep", "capacity-cover", "alpha=1:19:1000", "D=50000:100000:1000", "--jobs", jobs, "--out", str(tmp_path / "table.csv")]
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen([*COMMAND, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = b""
    while not re.search(rb"[1-9]\d*%", seen):
        seen += os.read(ours, 1000)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    assert process.wait(60) == 130
    assert process.stdout.read() == b""
    process.stdout.close()
    while True:
        try:
            chunk = os.read(ours, 1000)
        except OSError:  # Linux says so when no process holds the terminal any more
            break
        if not chunk:
            break
        seen += chunk
    os.close(ours)
    assert b"capacity-cover" in seen
    assert b"Traceback" not in seen
    assert b"rror" not in seen
    assert os.listdir(tmp_path) == []
    deadline = time.monotonic() + 30
    while True:  # the helper that tracks shared resources ends a moment after its parent
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)

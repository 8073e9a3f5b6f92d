import subprocess
import sys
from pathlib import Path

from engine import SOURCE_HASH, compiled

ROOT = Path(compiled.__file__).parent
SAY_WHERE = "import os, engine; print(os.environ['NUMBA_CACHE_DIR'])"


def where(environment, code=SAY_WHERE):
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT.parent, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


def test_kernels_lie_under_the_hash_of_their_source(tmp_path):
    solve = "engine.solve('capacity-cover'); from engine.compiled import *; print(closure_hash(ROOT / 'capacity' / 'cover.py'))"
    found, complaints = where({"PHASE_ATLAS_KERNELS": str(tmp_path)}, f"{SAY_WHERE}; {solve}")
    directory, version = found.splitlines()
    assert directory == str(tmp_path)
    assert list(tmp_path.glob(f"*/cover-{version}/*.nbi"))
    assert not list(tmp_path.glob("*/*.nbi"))
    assert complaints == ""


def test_without_a_choice_they_lie_in_the_users_cache(tmp_path):
    assert Path(where({"XDG_CACHE_HOME": str(tmp_path)})[0]) == tmp_path / "phase-atlas" / "kernels"
    assert Path(where({"HOME": str(tmp_path)})[0]) == tmp_path / ".cache" / "phase-atlas" / "kernels"


def test_a_changed_helper_changes_the_hash(tmp_path, monkeypatch):
    (tmp_path / "numerics").mkdir()
    (tmp_path / "model.py").write_text("a = 1\n")
    helper = tmp_path / "numerics" / "helper.py"
    helper.write_text("b = 2\n")
    monkeypatch.setattr(compiled, "ROOT", tmp_path)
    first = compiled.source_hash()
    helper.write_text("b = 3\n")
    changed = compiled.source_hash()
    helper.write_text("b = 2\n")
    assert compiled.source_hash() == first != changed
    helper.rename(tmp_path / "helper.py")
    assert compiled.source_hash() not in (first, changed)


def test_kernels_are_those_of_a_file_and_of_all_it_imports(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "ROOT", tmp_path)
    (tmp_path / "numerics").mkdir()
    model, between, helper, other = (tmp_path / name for name in ("model.py", "between.py", "numerics/helper.py", "other.py"))
    model.write_text("import math\nfrom engine.between import (\n    a,\n    b,\n)\n")
    between.write_text("def load():\n    from engine.numerics import helper\n")
    helper.write_text("import engine.model\n")  # in a circle
    other.write_text("c = 1\n")

    def version() -> str:
        compiled.closure_hash.cache_clear()
        return compiled.closure_hash(model)

    assert compiled.imported(model) == {between}
    first = version()
    other.write_text("c = 2\n")
    assert version() == first
    for path in (helper, between, model):
        path.write_text(path.read_text() + "# changed\n")
        assert version() != first
        first = version()


def test_it_is_the_hash_of_the_whole_engine(tmp_path):
    assert len(SOURCE_HASH) == 16
    assert (ROOT / "numerics" / "gaussian.py").is_file()


def test_where_nothing_can_be_written_a_temporary_directory_serves(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    solve = "import os, engine, pathlib; engine.solve('capacity-cover'); d = pathlib.Path(os.environ['NUMBA_CACHE_DIR'])"
    found, complaints = where({"PHASE_ATLAS_KERNELS": str(blocked)}, f"{solve}; print(d, len(list(d.rglob('*.nbi'))) > 0)")
    directory, compiled_there = found.rsplit(" ", 1)
    assert compiled_there == "True"
    assert complaints.count("compiled kernels cannot be kept in") == 1
    assert not Path(directory).exists()  # and is gone afterwards


def test_processes_share_the_temporary_directory(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    child = f"import subprocess, sys; sys.stdout.flush(); subprocess.run([sys.executable, '-c', {SAY_WHERE!r}], check=True)"
    found, complaints = where({"PHASE_ATLAS_KERNELS": str(blocked)}, f"{SAY_WHERE}; {child}")
    own, childs = found.splitlines()
    assert own == childs
    assert complaints.count("compiled kernels cannot be kept in") == 1

"""A visitor's own table: measured on one half, predicted, held against fits to the other half. It never leaves the visitor's session."""

import io
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import streamlit as st
from starlette.formparsers import MultiPartParser

from engine import Estimate
from engine.double_descent.covariances import DataError, Pool, Spectrum, measure, split, without_chance
from engine.double_descent.covariate_curve import curve
from engine.double_descent.covariate_fits import check_work, simulate_points
from engine.double_descent.tables import UPLOAD, table, tidy
from engine.model import ParameterError
from pages.double_descent.moments import (
    ERROR,
    ID,
    LEAST,
    LOSS,
    RIDGE,
    Theory,
    away,
    choice,
    dots,
    draw,
    members,
    parameters,
    samples,
    story,
)
from pages.kit import experiment as experiments
from pages.kit.controls import Control, State
from pages.kit.experiment import Experiment
from pages.kit.explorer import Number, View
from pages.kit.picture import Picture, Recipe, Vertical
from pages.kit.words import tell

MultiPartParser.spool_max_size = UPLOAD.size + 2**20  # the server would put what is sent, beyond 1 MB, into a temporary file
HIGH = 20_000
OWN = "yours"
KEPT = "your-table"
"""Where the session keeps the measured table."""
EXAMPLES = {"tumours": "load_breast_cancer", "diabetes": "load_diabetes"}


@dataclass(frozen=True)
class Measured:
    """A table after it was measured: the spectrum of one half, the other half, and the sentences about what was done to it."""

    name: str
    of: Spectrum
    held: Pool
    X: np.ndarray
    y: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def stamp(self) -> str:
        """What tells it from others."""
        return f"{self.name}/{self.of.P}/{len(self.y)}/{self.of.explained!r}/{self.of.omega.sum()!r}"


def measured(name: str, frame: pd.DataFrame, label: str, standardise: bool) -> Measured:
    """The table, measured; DataError where it teaches nothing."""
    X, y, notes = tidy(frame, label, standardise)
    first, second = split(X, y)
    of = measure(first)
    if of.points > of.omega.size + 1:
        of = without_chance(of)
    return Measured(name, of, second, X, y, tuple(notes))


@lru_cache(2)
def example(name: str) -> Measured:
    """A table that scikit-learn bundles."""
    from sklearn import datasets

    return measured(name, getattr(datasets, EXAMPLES[name])(as_frame=True).frame, "target", True)


def chosen(state: dict) -> Measured:
    """The table in view; ParameterError where the visitor has not brought one yet."""
    if state["table"] != OWN:
        return example(state["table"])
    if KEPT not in st.session_state:
        raise ParameterError("table", OWN, "no table of yours has been measured yet; choose a file with the button Upload")
    return st.session_state[KEPT]


def private() -> str:
    """Which table of the visitor's the pictures depend on."""
    return st.session_state[KEPT].stamp if KEPT in st.session_state else ""


# ---- bringing a table --------------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Text from a file, its Markdown without effect."""
    return re.sub(r"([\\`*_{}\[\]()#+.!$<>|~:-])", r"\\\1", text)


def bring(state: State) -> None:
    """The widgets through which a table comes in: file, label, scale; what was done to it in sentences."""
    if state.values["table"] != OWN:
        st.session_state.pop(KEPT, None)
        st.session_state.pop("your-frame", None)
        return
    file = st.file_uploader(
        f"A table, at most {UPLOAD.size >> 20} MB, {UPLOAD.columns - 1:,} features and {UPLOAD.entries:,} numbers",
        ["csv", "parquet", "npz"],
        key="your-file",
        max_upload_size=UPLOAD.size >> 20,
        help="CSV with a header line, Parquet, or NPZ with arrays X and y. It stays in this session: nothing is written to disk or shared.",
    )
    if file is None:
        st.session_state.pop(KEPT, None)
        return
    try:
        frame = opened(file)
        names = [str(name) for name in frame.columns]
        label = st.selectbox("What is to be learned: the column", names, index=guess(frame), key="your-label")
        standardise = st.checkbox("every feature of variance 1", True, key="your-scale")
        made = (file.file_id, label, standardise)
        if st.session_state.get("your-choice") != made or KEPT not in st.session_state:
            st.session_state[KEPT] = measured(file.name, frame.set_axis(names, axis=1), label, standardise)
            st.session_state["your-choice"] = made
            experiments.forget(state)
    except DataError as error:
        st.session_state.pop(KEPT, None)
        st.warning(f"This table cannot be used: {plain(str(error))}.")
        return
    table = st.session_state[KEPT]
    st.caption(" ".join([f"{len(table.y):,} rows, {table.of.P:,} features.", *(plain(note) for note in table.notes)]))
    st.download_button("This table as it was measured (NPZ)", lambda: packed(table), "table.npz", on_click="ignore")


def opened(file) -> pd.DataFrame:
    """The table of an uploaded file, read once."""
    if st.session_state.get("your-frame", ("", None))[0] != file.file_id:
        st.session_state.pop("your-frame", None)
        st.session_state["your-frame"] = (file.file_id, table(file.name, file.getvalue()))
    return st.session_state["your-frame"][1]


def guess(frame: pd.DataFrame) -> int:
    """Which column is likely to be the label: one called so, else the last that holds more than one value."""
    names = [str(name).lower() for name in frame.columns]
    likely = [i for i, name in enumerate(names) if name in ("y", "label", "target", "class")]
    return next((i for i in (*likely, *reversed(range(len(names)))) if frame.iloc[:, i].nunique() > 1), 0)


def packed(table: Measured) -> bytes:
    """The tidy table as the engine's source `file` takes it."""
    stream = io.BytesIO()
    np.savez_compressed(stream, X=table.X, y=table.y)
    return stream.getvalue()


# ---- the view ------------------------------------------------------------------------------------------------------------------------


def theory(data: Measured, state: dict) -> Theory:
    """The theory of a measured table."""
    values = parameters({"source": "file", "path": "table.npz", "pool": "corrected"}, state)
    drawn = (ERROR[state["loss"]], "train_loss" if state["loss"] == "square" else "train_error")
    return Theory(
        lambda grid: curve(data.of, np.array(grid, float), state["lam"], 0.0, values["task"], state["loss"]),
        data.of,
        Recipe(ID, "n", LEAST, HIGH, 60, True, values, drawn, whole=True),
    )


def picture(state: dict, points: int) -> Picture:
    data = chosen(state)
    of = theory(data, state)
    return draw(
        state,
        points,
        of,
        HIGH,
        0.02,
        max(10, data.of.P),
        tell_pool(state, data, story(state, of)),
        "A table: predicted errors, and what the prediction is made of",
        Vertical("your rows", len(data.y), role="second"),
    )


def tell_pool(state: dict, data: Measured, text: str) -> str:
    """The prediction, and where it should not be trusted."""
    points, P = data.of.points, data.of.P
    if points < 5 * P:
        return f"{text} But {P} features measured on {points:.0f} rows say little: fresh rows may do worse."
    return text + (" For real labels that is a rule of thumb." if state["loss"] != "square" else "")


def numbers(state: dict) -> list[Number]:
    data = chosen(state)
    of, name = theory(data, state), ERROR[state["loss"]]
    now, rows = of.at(state["n"]), of.at(len(data.y))
    best = theory(data, state | {"lam": "opt"}).at(state["n"])
    return [
        Number(r"\varepsilon", f"predicted at n = {state['n']}", now[name], "guessing: 1" if name == "gen_mse" else "guessing: 0.5"),
        Number(r"\varepsilon", "with the best ridge", best[name], f"λ = {tell(best['lam'])}"),
        Number(r"\varepsilon", "with all your rows", rows[name], f"n = {len(data.y):,}"),
        Number("e", "of the label is linear", now["explained"], "1 − e is the floor of ridge"),
        Number("p_+", "features that vary", of.peak, f"measured on {data.of.points:,.0f} rows"),
    ]


def fitted(state: dict) -> tuple[str, list[int]]:
    """Numbers of rows in the fits: those that leave enough of the other half to test on, within a second a fit."""
    data = chosen(state)
    most = 0.8 * data.held.nu.size
    values = [n for n in (10, 20, 40, 80, 160, 320, 640, 1280) if n <= most and n * n * data.of.P <= 2e9]
    return "n", away(values, state, data.of.omega.size) or values[:1]


def own():
    """Fits to the half of the table in view that was not measured; a function that can run beside the session."""
    mine = st.session_state.get(KEPT)

    def simulate_along(axis, values, size, trials, seed, progress, table, stamp, lam, delta, task, loss) -> dict[str, Estimate]:
        data = mine if table == OWN else example(table)
        found = []
        for i, n in enumerate(values):
            check_work(n, data.of.P, data.held.nu.size)

            def report(done: float, i: int = i) -> None:
                progress((i + done) / len(values))

            found.append(simulate_points(data.of, data.held, n, "held-out", lam, delta, task, loss, trials, seed + i, report))
        names = set.intersection(*(set(one) for one in found))
        return {name: Estimate(np.array([one[name].mean for one in found]), np.array([one[name].sem for one in found])) for name in names}

    return simulate_along


def given(state: dict) -> dict:
    """What the fits depend on."""
    values = parameters({}, state)
    return values | {"table": state["table"], "stamp": private() if state["table"] == OWN else ""}


VIEW = View(
    id="table",
    name="Your table",
    model=ID,
    question="How much better would your model be with more data?",
    controls=(
        choice("table", "table", {"tumours": "tumours (569 × 30)", "diabetes": "diabetes (442 × 10)", OWN: "yours"}),
        samples(HIGH, 100, lambda state: example(state["table"]).of.omega.size if state["table"] != OWN else np.nan),
        Control(RIDGE.parameter, 1e-5, 1e3, 0.1, 1.0, log=True, words="ridge", named=RIDGE.named),
        LOSS,
    ),
    picture=picture,
    numbers=numbers,
    presets={
        "tumours": {},
        "without ridge": {"lam": 0.0, "n": 40},
        "diabetes": {"table": "diabetes", "lam": 1.0, "n": 40},
        "logistic loss": {"loss": "logistic", "lam": 0.1},
    },
    notice=(
        "Covariances are measured on one half of the rows, less what chance adds to them; the dots are fits to the other half. Nothing is "
        "fitted to the dots, and the curve goes on beyond the rows there are: what would more data bring?",
        "A label of numbers is scaled to variance 1, one of two values is ±1: an error of 1 is about as bad as guessing the mean. Below the "
        "floor, what endless data would leave, no linear model can get.",
        "A table stays in this session: it is not written to disk, not shared, and gone when you leave or remove it.",
        "Trust it where rows outnumber features five to one, and for ridge regression; less for a handful of samples, for a few features "
        "with heavy tails, and for logistic and hinge loss, where it is a rule of thumb.",
    ),
    experiment=Experiment(
        ID,
        fitted,
        given,
        lambda state, values, found: dots(state, values, found, "real fits"),
        "Each trial trains on n rows of the half that was not measured and tests on the rest of it.",
        trials=(5, 20, 60),
        size_of=lambda state: 4000,
        own=own,
    ),
    members=lambda state: min(members(state), 21),
    bring=bring,
    private=private,
)

"""The explorer of learning curves from measured moments: what it draws is the engine's, its dots fall on it, uploads are safe."""

import asyncio
import io
import json
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from streamlit.testing.v1 import AppTest

import engine
from engine.double_descent.covariances import DataError
from engine.double_descent.tables import table
from pages.double_descent import power_laws, real_digits, trained_generator, your_data, your_table
from pages.double_descent.moments import ERROR, HALF, TRAIN, around, parameters
from pages.kit.explorer import solved
from tests.double_descent.test_tables import UPLOADS

EACH_VIEW = pytest.mark.parametrize("view", your_data.VIEWS, ids=[view.id for view in your_data.VIEWS])
SOURCED = (real_digits, power_laws, trained_generator)


def state(view, **changes) -> dict:
    return {control.name: control.start for control in view.controls} | changes


def line(picture, name: str):
    return next(c for c in picture.curves if c.name == name and c.kind == "line")


def anywhere(view, rng: random.Random) -> dict:
    """A random state, often at an end of a range or at a named value; few random features, so that it is quick."""
    values = {}
    for control in view.controls:
        if not control.numeric:
            values[control.name] = rng.choice([option for option in control.choices if option != your_table.OWN])
        elif rng.random() < 0.3:
            values[control.name] = rng.choice([*control.named.values(), *control.bounds])
        else:
            values[control.name] = control.value(rng.uniform(*control.slider_bounds()[:2]))
    if "features" in values:
        values |= {"P": min(values["P"], 60)}
    return values


@EACH_VIEW
def test_every_corner_has_a_picture_and_a_sentence(view):
    rng = random.Random(1)
    for _ in range(25):
        values = anywhere(view, rng)
        picture = view.picture(values, 20)
        json.dumps(picture.encode(), allow_nan=False)
        assert len(picture.takeaway) > 20
        assert ("coin flip" in picture.takeaway) == (not np.isfinite(line(picture, "test").y).any())
        assert not {"nan", "—", "inf"} & set(picture.takeaway.replace("%", " ").split())
        for curve in picture.curves:
            assert len(curve.x) == len(curve.y)
            assert curve.kind == "here" or np.isfinite(curve.y).any() or values["lam"] == "opt"
            assert not picture.panels[curve.panel].log or not (curve.y <= 0).any()
        assert len(view.numbers(values)) <= 6


@pytest.mark.parametrize("page", SOURCED, ids=[page.VIEW.id for page in SOURCED])
@pytest.mark.parametrize("loss", ["square", "hinge"])
def test_curves_are_the_engines_and_the_ring_stands_on_them(page, loss):
    values = state(page.VIEW, loss=loss, n=80, lam=0.02)
    picture = page.VIEW.picture(values, 200)
    now = engine.solve("gaussian-covariate", n=80, **parameters(page.source(values), values))
    ring = next(c for c in picture.curves if c.kind == "here")
    assert ring.x[0] == 80
    assert ring.y[0] == pytest.approx(now[ERROR[loss]], rel=1e-9)
    for name, expected in (("test", now[ERROR[loss]]), ("training", HALF[loss] * now[TRAIN[loss]])):
        curve = line(picture, name)
        assert np.interp(80, curve.x, curve.y) == pytest.approx(expected, rel=3e-2)


def test_the_drawn_peak_is_not_cut_and_the_threshold_is_said_in_words():
    values = state(power_laws.VIEW, a=0.0, b=0.0, lam=1e-5, delta=0.3, P=50, n=50)
    curve = line(power_laws.VIEW.picture(values, 90), "test")
    assert curve.x[np.argmax(curve.y)] == pytest.approx(50, abs=1)
    ridgeless = power_laws.VIEW.picture(values | {"lam": 0.0}, 90)
    assert "infinite" in ridgeless.takeaway
    assert np.isfinite(line(ridgeless, "test").y).mean() > 0.8
    assert 50 in around(50, 5000, 90)


def test_the_spectrum_is_what_is_measured():
    values = state(real_digits.VIEW)
    picture = real_digits.VIEW.picture(values, 200)
    now = engine.solve("gaussian-covariate", n=100, source="digits", pool="half")
    assert line(picture, "target left").y[-1] == pytest.approx(1 - now["explained"])
    assert line(picture, "variance").y[0] == 1
    assert line(picture, "variance").x[-1] == 60


def test_too_many_features_are_said_in_words():
    crowded = state(real_digits.VIEW, features="relu", P=200)
    assert "promise too much" in real_digits.VIEW.picture(crowded, 20).takeaway
    assert "promise too much" not in real_digits.VIEW.picture(crowded | {"P": 100}, 20).takeaway
    assert "promise too much" not in real_digits.VIEW.picture(crowded | {"pool": "corrected"}, 20).takeaway


@pytest.mark.parametrize(
    ("view", "changes"),
    [
        (real_digits.VIEW, {}),
        (real_digits.VIEW, {"lam": 1e-3, "label": "half"}),
        (power_laws.VIEW, {"P": 100, "delta": 0.1}),
        (power_laws.VIEW, {"P": 100, "a": 0.5, "loss": "logistic", "lam": 0.01}),
        (trained_generator.VIEW, {}),
        (trained_generator.VIEW, {"features": "relu", "P": 100, "lam": 0.01}),
    ],
)
def test_dots_fall_on_the_drawn_curve(view, changes):
    values = state(view, **changes)
    axis, grid = view.experiment.points(values)
    grid = grid[1:6:2]
    given = view.experiment.parameters(values)
    found = [
        engine.simulate_along("gaussian-covariate", axis, grid, None, 20, **{"seed": 1} | given | series)
        for series in view.experiment.series
    ]
    picture = view.picture(values, 200)
    for dots in view.experiment.dots(values, grid, *found):
        theory = np.interp(
            np.log(dots.x), *(lambda c: (np.log(c.x), c.y))(line(picture, "training" if "training" in dots.name else "test"))
        )
        slack = 0.12 if "images" in dots.name else 0.06
        assert (np.abs(dots.y - theory) <= 4 * dots.sem + slack * theory + 1e-3).all(), dots.name


# ---- uploads -----------------------------------------------------------------------------------------------------------------------


def page() -> None:
    """The view of uploads alone, as a script."""
    from pages.double_descent.your_table import VIEW
    from pages.kit.explorer import explore

    explore("your-data", (VIEW,))


def csv(rows: int = 200) -> bytes:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((rows, 6)), columns=[f"x{i}" for i in range(5)] + ["price"])
    frame["price"] += frame["x0"] + frame["x1"]
    frame["town"] = np.where(np.arange(rows) % 3, "Rome", "Oslo")
    frame["same"] = 1.0
    stream = io.BytesIO()
    frame.to_csv(stream, index=False)
    return stream.getvalue()


@pytest.fixture
def app():
    running = AppTest.from_function(page, default_timeout=120)
    running.query_params["table"] = "yours"
    return running.run()


def test_without_a_table_there_is_a_sentence(app):
    assert not app.exception
    picture = solved(your_table.VIEW, state(your_table.VIEW, table="yours"), 20)
    assert "no table of yours" in picture.takeaway


def test_a_table_is_measured_and_stays_in_the_session(app, monkeypatch):
    import cache

    shared = []
    for name in ("memo", "remember", "sweep", "simulate_along"):
        monkeypatch.setattr(cache, name, lambda *given, **named: shared.append(given))
    app.file_uploader[0].upload("prices.csv", csv(), "text/csv").run()
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="your-label").value == "town"  # the last column that holds more than one value
    app.selectbox(key="your-label").select("price").run()
    told = " ".join(caption.value for caption in app.caption)
    assert "200 rows, 5 features" in told.replace("\\", "")
    assert "town" in told
    assert "same" in told
    kept = app.session_state[your_table.KEPT]
    assert kept.of.points == 100
    assert 0.4 < kept.of.explained < 0.9
    assert shared == []


@pytest.mark.parametrize(
    ("name", "data"), [("bad.csv", UPLOADS["image.csv"]), ("bad.npz", UPLOADS["bomb.npz"]), ("bad.npz", UPLOADS["object.npz"])]
)
def test_a_hostile_table_is_one_sentence(app, name, data):
    app.file_uploader[0].upload(name, data, "application/octet-stream").run()
    assert not app.exception
    assert len(app.warning) == 1
    assert app.warning[0].value.startswith("This table cannot be used: ")
    assert your_table.KEPT not in app.session_state


@pytest.mark.parametrize("name", UPLOADS)
def test_hostile_files_through_the_functions_of_the_page(name):
    def use() -> None:
        your_table.measured(name, table(name, UPLOADS[name]), "y", True)

    with pytest.raises(DataError) as caught:
        use()
    assert "\n" not in str(caught.value)


def test_an_upload_never_touches_the_disk():
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="t.csv"\r\n\r\n' + b"1,2\n" * 2**20 + b"\r\n--b--\r\n"

    async def sent():
        yield body

    async def received():
        parser = MultiPartParser(Headers({"content-type": "multipart/form-data; boundary=b"}), sent())
        return (await parser.parse())["f"]

    with ThreadPoolExecutor(1) as aside:  # a browser that drives other tests keeps a loop running in this thread
        upload = aside.submit(asyncio.run, received()).result()
    assert upload.size == 4 * 2**20
    assert not upload.file._rolled  # still in memory


def test_text_of_a_table_is_no_markup():
    assert your_table.plain("[a](http://b) <script> $x$ **c**").count("\\") >= 12


def test_fits_of_an_example_fall_on_its_curve():
    values = state(your_table.VIEW, table="diabetes")
    axis, grid = your_table.VIEW.experiment.points(values)
    found = your_table.own()(axis, grid, 1, 30, 0, lambda done: None, **your_table.VIEW.experiment.parameters(values))
    picture = your_table.VIEW.picture(values, 200)
    test = your_table.VIEW.experiment.dots(values, grid, found)[1]
    curve = line(picture, "test")
    assert np.interp(np.log(test.x), np.log(curve.x), curve.y) == pytest.approx(test.y, rel=0.1)


def test_the_tidy_table_gives_the_same_curve_on_the_command_line(tmp_path):
    data = your_table.example("tumours")
    (tmp_path / "table.npz").write_bytes(your_table.packed(data))
    of = your_table.theory(data, state(your_table.VIEW))
    given = of.recipe.parameters | {"path": str(tmp_path / "table.npz")}
    assert engine.solve("gaussian-covariate", n=100, **given)["gen_mse"] == pytest.approx(of.at(100)["gen_mse"], rel=1e-9)

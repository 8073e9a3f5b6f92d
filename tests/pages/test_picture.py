"""Pictures: what goes over the wire, and what can be taken away."""

import base64
import csv
import io
import json

import numpy as np

import engine
from pages.kit.picture import Axis, Curve, Heat, Picture, Recipe, Region, Vertical, here

X = np.linspace(0, 1, 5)
PICTURE = Picture(
    "Title",
    Axis("α", "load", 0, 1),
    (Axis("q", "overlap"), Axis("s", "entropy")),
    (Curve("one", X, X**2), Curve("dots", X, X, "experiment", "dots", sem=X / 10), Curve("two", X, -X, panel=1), here(0.5, np.nan)),
    (Vertical("α_c = 2", np.float64(2.0)), Region("none", 2.0, np.inf)),
    "Takeaway.",
)


def unpack(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_the_encoded_picture_is_strict_json():
    json.dumps(PICTURE.encode(), allow_nan=False)


def test_curves_arrive_to_screen_precision():
    curve = PICTURE.encode()["curves"][0]
    np.testing.assert_allclose(unpack(curve["x"]), X, rtol=1e-7)
    np.testing.assert_allclose(unpack(curve["y"]), X**2, rtol=1e-6)


def test_a_member_of_a_family_leaves_out_what_repeats():
    moved = Picture(
        "Title", PICTURE.x, PICTURE.panels, tuple(Curve(c.name, c.x, c.y + 1, c.role, c.kind, panel=c.panel) for c in PICTURE.curves)
    )
    encoded = moved.encode_moving(PICTURE)
    assert [curve["x"] for curve in encoded["curves"]] == [None] * 4
    np.testing.assert_allclose(unpack(encoded["curves"][0]["y"]), X**2 + 1, rtol=1e-6)


def test_curves_have_names_of_their_own():
    names = [curve["id"] for curve in PICTURE.encode()["curves"]]
    assert len(set(names)) == len(names)


def test_a_threshold_keeps_its_name_while_it_moves():
    first, second = (Picture("", Axis("", ""), (Axis("", ""),), marks=(Vertical(f"α_c = {x}", x),)).encode() for x in (2.0, 0.83))
    assert first["marks"][0]["id"] == second["marks"][0]["id"]


def test_csv_holds_the_shown_numbers_in_full_precision():
    rows = list(csv.DictReader(io.StringIO(PICTURE.csv())))
    assert len(rows) == 15
    found = [float(row["y"]) for row in rows if row["curve"] == "one"]
    assert found == list(X**2)
    assert [row["standard_error"] for row in rows if row["curve"] == "two"] == [""] * 5


def test_a_map_is_taken_away_cell_by_cell():
    heat = Heat(np.array([1.0, 2.0]), np.array([10.0, 20.0, 30.0]), np.arange(6.0).reshape(3, 2) + 0.5, "error", log=True)
    picture = Picture("Map", Axis("γ", ""), (Axis("α", ""),), heat=heat)
    rows = list(csv.DictReader(io.StringIO(picture.csv())))
    assert (rows[3]["γ"], rows[3]["α"], rows[3]["y"]) == ("2.0", "20.0", "3.5")
    json.dumps(picture.encode(), allow_nan=False)


def test_the_recipe_reproduces_the_curve():
    recipe = Recipe("capacity-cover", "alpha", 0.5, 3.5, 7, False, {"D": 20, "bias": 1}, ("p_sep",))
    scope: dict = {}
    exec(recipe.python(), scope)
    expected = engine.sweep("capacity-cover", {"alpha": np.linspace(0.5, 3.5, 7)}, D=20, bias=1)["p_sep"]
    np.testing.assert_array_equal(scope["curve"]["p_sep"], expected)
    assert recipe.shell() == "phase-atlas sweep capacity-cover alpha=0.5:3.5:7 D=20 bias=1"


def test_a_panel_can_have_an_x_axis_of_its_own():
    picture = Picture("", Axis("α", "load"), (Axis("ε", "error"), Axis("f", "free entropy", x=Axis("q", "overlap", 0, 1))), PICTURE.curves)
    assert picture.encode()["panels"][1]["x"]["symbol"] == "q"
    assert picture.encode()["panels"][0]["x"] is None
    rows = list(csv.DictReader(io.StringIO(picture.csv())))
    assert [row["q"] for row in rows if row["curve"] == "two"] == [str(x) for x in X]

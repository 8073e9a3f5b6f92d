"""The live chart: a picture that moves while the thumb of a native slider moves (live.js draws and interpolates)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from pages.kit.picture import Picture

HERE = Path(__file__).parent
PLOTLY = "plotly-cartesian-4.1.1.min.js"
HTML = """
<div class="phase-atlas-chart">
  <div class="phase-atlas-head">
    <p data-part="takeaway" aria-live="polite"></p>
    <p><span data-part="values"></span> <span data-part="badge"></span></p>
  </div>
  <div data-part="plot" role="img"></div>
  <div class="phase-atlas-foot">
    <span data-part="title"></span>
    <span><button type="button" data-part="pin" aria-pressed="false" title="keep these curves to compare with">Pin</button>
    <button type="button" data-part="png">PNG</button> <button type="button" data-part="svg">SVG</button></span>
  </div>
</div>
"""


@st.cache_resource
def component():
    """The chart component, registered once per server."""
    return st.components.v2.component(
        "phase_atlas_chart", html=HTML, css=(HERE / "live.css").read_text(), js=(HERE / "live.js").read_text(), isolate_styles=False
    )


def live_chart(
    key: str,
    picture: Picture,
    *,
    revision: str,
    sliders: list[dict] = (),
    fixed: list[str] = (),
    signatures: dict[str, str] | None = None,
    family: dict | None = None,
    on_want: Callable[[], None] = lambda: None,
    clickable: bool = False,
    on_click: Callable[[], None] = lambda: None,
    filename: str = "phase-atlas",
    small: bool = False,
) -> None:
    """Draw `picture`.

    `revision` names the exact picture (a new one replaces a preview). `sliders` describe the native sliders to follow; `signatures[name]`
    names the family that is valid for a slider, `family` is one of them (`encode_family`). `on_want` is called when a slider is about to
    be moved whose family the browser lacks (its name is in ``st.session_state[key].want``), `on_click` when a point of a clickable
    chart was clicked (``st.session_state[key].click`` = {x, y}).
    """
    base = st.get_option("server.baseUrlPath").strip("/")
    component()(
        key=key,
        data={
            "view": key,
            "revision": revision,
            "picture": picture.encode(),
            "sliders": list(sliders),
            "fixed": list(fixed),
            "signatures": signatures or {},
            "family": family,
            "clickable": clickable,
            "filename": filename,
            "small": small,
            "plotly": f"{'/' + base if base else ''}/app/static/{PLOTLY}",
        },
        on_want_change=on_want,
        on_click_change=on_click,
    )


def encode_family(name: str, signature: str, positions: list[float], pictures: list[Picture]) -> dict:
    """The pictures at `positions` of slider `name`, for the wire."""
    members = [picture.encode_moving(before) for picture, before in zip(pictures, [None, *pictures[:-1]], strict=True)]
    return {"name": name, "signature": signature, "positions": positions, "members": members}

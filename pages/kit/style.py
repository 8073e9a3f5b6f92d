"""The look all pages share; colours of curves are in live.js, beside the drawing."""

import streamlit as st

CSS = """
<style>
.block-container { padding-top: 3.2rem; padding-bottom: 3rem; max-width: 1500px; }
h2 { padding-top: 0.2rem; padding-bottom: 0.3rem; }
[data-testid="stMetricValue"] { font-size: 1.5rem; }
[class*="st-key-controls-"] [data-testid="stSlider"] { margin-bottom: 0.35rem; }
@media (max-width: 640px) {
  .block-container { padding: 4.2rem 0.8rem 3rem; }
  [data-testid="stHeading"] h2 { font-size: 1.3rem; padding: 0; }
  /* what is scrolled to comes to stand below the picture */
  [data-testid="stMain"] { scroll-padding-top: 36rem; }
  /* the picture stays in view while the sliders move */
  [data-testid="stColumn"]:has([class*="st-key-picture-"]) { position: sticky; top: 3rem; z-index: 20; background: var(--st-background-color, Canvas); }
}
</style>
"""


def apply() -> None:
    """Put the shared style sheet on the page."""
    st.html(CSS)

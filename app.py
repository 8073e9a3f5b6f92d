"""The atlas: theme and navigation. Nothing else."""

import streamlit as st

from pages.atlas import navigation
from pages.kit.style import apply

st.set_page_config(page_title="Phase Atlas", page_icon="◐", layout="wide", initial_sidebar_state="collapsed")
apply()
navigation().run()

import streamlit as st

st.title("Phase Atlas")

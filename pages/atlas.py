"""The list of explorers, by chapter, and the navigation over them. A new explorer is one line here."""

from dataclasses import dataclass
from functools import partial
from importlib import import_module

import streamlit as st

from pages.kit.explorer import View, card, explore

CHAPTERS = {
    "foundations": ("Foundations", "Boltzmann and Bayes, free energy, fluctuation theorems, spin glasses and Hopfield's memory"),
    "capacity": ("Capacity", "how much a perceptron can store: Cover, Gardner, binary weights, manifolds"),
    "teacher_student": ("Teacher and student", "Bayes-optimal learning, message passing and the hard phase, committee machines"),
    "double_descent": ("Double descent", "random features, structured data, real data: the error beyond interpolation"),
    "dynamics": ("Dynamics", "online learning, plateaus and specialization, stochastic gradient descent solved exactly"),
    "deep": ("Deep networks", "order and chaos in depth, Gaussian processes and tangent kernels, entropies layer by layer"),
    "unsupervised": ("Unsupervised learning", "Boltzmann machines, Thouless–Anderson–Palmer, compressed sensing"),
}


@dataclass(frozen=True)
class Explorer:
    """An explorer: the chapter and file that declare its VIEWS, its title, and the control that moves its picture on the landing page."""

    chapter: str
    address: str
    title: str
    teaser: str

    @property
    def views(self) -> tuple[View, ...]:
        return import_module(f"pages.{self.chapter}.{self.address.replace('-', '_')}").VIEWS

    def show(self) -> None:
        explore(self.address, self.views)

    def page(self):
        return st.Page(self.show, title=self.title, url_path=self.address)


EXPLORERS = (
    Explorer("capacity", "capacity", "Capacity", "alpha"),
    Explorer("teacher_student", "bayes-optimal", "Bayes-optimal learning", "alpha"),
    Explorer("teacher_student", "learning-at-temperature", "Learning at temperature", "T"),
    Explorer("teacher_student", "losses", "Which loss?", "alpha"),
    Explorer("teacher_student", "robust-regression", "Robust regression", "outlier"),
    Explorer("teacher_student", "committee-machine", "Committee machine", "alpha"),
    Explorer("double_descent", "double-descent", "Double descent", "alpha"),
    Explorer("double_descent", "your-data", "Your data", "lam"),
    Explorer("double_descent", "structure", "Data structure", "rb"),
    Explorer("double_descent", "two-clouds", "Two clouds", "alpha"),
    Explorer("dynamics", "online", "One neuron online", "eta"),
    Explorer("dynamics", "specialization", "Specialization", "eps"),
    Explorer("dynamics", "sgd", "SGD, solved exactly", "lam"),
)


def landing(pages: dict) -> None:
    """The atlas: a small live picture of every open explorer, and what the seven chapters hold."""
    st.session_state["page"] = "atlas"
    st.title("Phase Atlas", anchor=False)
    st.markdown(
        "See the phase transitions of machine learning: drag a slider and the exact theory moves with your thumb; "
        "dots from real experiments land on it. Every state is a link, every number can be had from Python and the shell."
    )
    for row in (EXPLORERS[i : i + 3] for i in range(0, len(EXPLORERS), 3)):
        for explorer, column in zip(row, st.columns(3), strict=False):
            with column, st.container(border=True):
                st.page_link(pages[explorer.address], label=f"**{explorer.title}**", icon=":material/arrow_forward:")
                st.markdown(f"*{explorer.views[0].question}*")
                card(explorer.address, explorer.views[0], explorer.teaser)
    st.subheader("The seven chapters", anchor=False)
    for chapter, (title, subject) in CHAPTERS.items():
        explorers = [explorer for explorer in EXPLORERS if explorer.chapter == chapter]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{title}** — {subject}.", width="stretch")
            for explorer in explorers:
                st.page_link(pages[explorer.address], label=f"Open {explorer.title}")
            if not explorers:
                st.caption("in preparation")


def navigation():
    """The pages, grouped by chapter; each is made once a run."""
    pages = {explorer.address: explorer.page() for explorer in EXPLORERS}
    sections: dict[str, list] = {"": [st.Page(partial(landing, pages), title="Atlas", url_path="atlas", default=True)]}
    for explorer in EXPLORERS:
        sections.setdefault(CHAPTERS[explorer.chapter][0], []).append(pages[explorer.address])
    return st.navigation(sections, position="top")

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


EXPLORERS = (Explorer("capacity", "capacity", "Capacity", "alpha"),)


def landing(pages: dict) -> None:
    """The atlas: seven chapters, and a small live picture of every open explorer."""
    st.session_state["page"] = "atlas"
    st.title("Phase Atlas", anchor=False)
    st.markdown("The phase transitions of machine learning: exact theory, drawn while you drag, with experiments that land on it.")
    for chapter, (title, subject) in CHAPTERS.items():
        st.subheader(title, anchor=False)
        st.caption(subject[0].upper() + subject[1:] + ".")
        explorers = [explorer for explorer in EXPLORERS if explorer.chapter == chapter]
        if not explorers:
            st.markdown("*Not open yet.*")
        for explorer, column in zip(explorers, st.columns(max(2, len(explorers))), strict=False):
            with column, st.container(border=True):
                st.page_link(pages[explorer.address], label=f"**{explorer.views[0].question}**", icon=":material/open_in_full:")
                card(explorer.address, explorer.views[0], explorer.teaser)


def navigation():
    """The pages, grouped by chapter; each is made once a run."""
    pages = {explorer.address: explorer.page() for explorer in EXPLORERS}
    sections: dict[str, list] = {"": [st.Page(partial(landing, pages), title="Atlas", url_path="atlas", default=True)]}
    for explorer in EXPLORERS:
        sections.setdefault(CHAPTERS[explorer.chapter][0], []).append(pages[explorer.address])
    return st.navigation(sections, position="top")

"""The list of explorers, by chapter, and the navigation over them. A new explorer is one line here."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Explorer:
    """An explorer: its page, title and the question it answers."""

    chapter: str
    address: str
    title: str
    question: str

    @property
    def page(self):
        return st.Page(f"pages/{self.chapter}/{self.address.replace('-', '_')}.py", title=self.title, url_path=self.address)


CHAPTERS = {
    "foundations": "Foundations",
    "capacity": "Capacity",
    "teacher_student": "Teacher and student",
    "double_descent": "Double descent",
    "dynamics": "Dynamics",
    "deep": "Deep networks",
    "unsupervised": "Unsupervised learning",
}

EXPLORERS = (Explorer("capacity", "capacity", "Capacity", "How many random labels can a perceptron store?"),)


def navigation():
    """The pages, grouped by chapter."""
    sections: dict[str, list] = {"": [st.Page("pages/landing.py", title="Atlas", url_path="atlas", default=True)]}
    for explorer in EXPLORERS:
        sections.setdefault(CHAPTERS[explorer.chapter], []).append(explorer.page)
    return st.navigation(sections, position="top")

"""The pages, as data: sections, and in each the pages with their file, title, address and icon."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from mtl.language import N_, _
from pages.ui import address, language


@dataclass(frozen=True)
class Page:
    """A page: its file in `pages/`, its title before translation, its address and its icon."""

    file: str
    title: str
    address: str
    icon: str


SECTIONS: dict[str, tuple[Page, ...]] = {
    N_("Patients"): (
        Page("overview.py", N_("Overview"), "overview", ":material/home:"),
        Page("patients.py", N_("Patients"), "patients", ":material/groups:"),
        Page("case.py", N_("Case"), "case", ":material/person:"),
        Page("treatment.py", N_("Treatment"), "treatment", ":material/balance:"),
        Page("new_patient.py", N_("New patient"), "new", ":material/person_add:"),
    ),
    N_("Model"): (
        Page("explain.py", N_("Explain"), "explain", ":material/insights:"),
        Page("performance.py", N_("Performance"), "performance", ":material/monitoring:"),
    ),
    N_("Research"): (Page("trial.py", N_("Target trial"), "trial", ":material/balance:"),),
    N_("Your own data"): (
        Page("upload.py", N_("Bring a table"), "upload", ":material/upload_file:"),
        Page("study.py", N_("Study"), "study", ":material/rule:"),
        Page("look.py", N_("Look at the data"), "look", ":material/query_stats:"),
        Page("train.py", N_("Train"), "train", ":material/model_training:"),
        Page("score.py", N_("Score"), "score", ":material/table_chart:"),
    ),
}
START = "overview"


def pages() -> list[Page]:
    """Return every page, in the order of the navigation."""
    return [page for section in SECTIONS.values() for page in section]


def declare() -> StreamlitPage:
    """Declare the pages to Streamlit and return the one that the address asks for.

    They carry no icon here: the browser would be sent to a foreign host for it.
    """
    return st.navigation(
        [
            st.Page(page.file, title=_(page.title), url_path=page.address, default=page.address == START)
            for page in pages()
        ],
        position="hidden",
    )


def show() -> None:
    """Show the sections with a link to each page.

    Streamlit's own menu is not used: with sections it is no valid list for a screen reader.
    """
    with st.container(key="navigation", gap="xxsmall"):
        for section, entries in SECTIONS.items():
            st.caption(_(section))
            for page in entries:
                st.page_link(
                    page.file,
                    label=_(page.title),
                    icon=page.icon,
                    query_params=language.address() | address.last(page.file),
                )

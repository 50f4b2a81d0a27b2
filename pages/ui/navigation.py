"""The pages, as data: sections, and in each the pages with their file, title, address and icon."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from mtl.language import N_, _
from mtl.services.users import User
from pages.ui import address, language


@dataclass(frozen=True)
class Page:
    """A page: its file in `pages/`, its title before translation, its address and its icon."""

    file: str
    title: str
    address: str
    icon: str

    @property
    def permission(self) -> str:
        """What the page asks leave for, as its first line after the imports says."""
        return _asked(self.file)


@lru_cache(maxsize=64)
def _asked(file: str) -> str:
    tree = ast.parse((Path(__file__).parents[1] / file).read_text(encoding="utf-8"))
    calls = [
        node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    asked = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "guard")
    return str(ast.literal_eval(asked.args[0]))


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
        Page("model_card.py", N_("Model card"), "model_card", ":material/assignment:"),
    ),
    N_("Research"): (Page("trial.py", N_("Target trial"), "trial", ":material/science:"),),
    N_("Your own data"): (
        Page("upload.py", N_("Bring a table"), "upload", ":material/upload_file:"),
        Page("study.py", N_("Study"), "study", ":material/rule:"),
        Page("look.py", N_("Look at the data"), "look", ":material/query_stats:"),
        Page("train.py", N_("Train"), "train", ":material/model_training:"),
        Page("score.py", N_("Score"), "score", ":material/table_chart:"),
        Page("access.py", N_("Access"), "access", ":material/lock_open:"),
        Page("audit.py", N_("Audit trail"), "audit", ":material/history:"),
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


def show(user: User) -> None:
    """Show the sections with a link to each page that the user may open.

    Streamlit's own menu is not used: with sections it is no valid list for a screen reader.
    """
    if not user.roles:
        return
    with st.container(key="navigation", gap="xxsmall"):
        for section, entries in SECTIONS.items():
            open_to = [page for page in entries if user.may(page.permission)]
            if open_to:
                st.caption(_(section))
            for page in open_to:
                st.page_link(
                    page.file,
                    label=_(page.title),
                    icon=page.icon,
                    query_params=language.address() | address.last(page.file),
                )

"""The button that prints a case: the sheet for the tumour board, made on the click from what the screen shows."""

from __future__ import annotations

import streamlit as st

from mtl import language
from mtl.language import _
from mtl.services import users
from mtl.services.paper import reports
from mtl.services.patients.cases import Case
from pages.ui import own_estimate


def button(case: Case) -> None:
    """Offer the sheet of a case, unless its numbers wait for the reader's own."""
    if own_estimate.wanted(case):
        return
    reader, code, size = users.current(), language.language(), paper()

    def made() -> bytes:
        # on the click, in a thread that knows neither the reader nor the language
        with users.acting(reader), language.use(code):
            return reports.page_pdf(case, size)

    st.download_button(
        _("Print"), made, file_name=reports.file_name(case), mime="application/pdf", key="report",
        on_click="ignore", icon=":material/print:", help=_("One page for the tumour board, as PDF"),
    )  # fmt: skip


def paper() -> str:
    """Return the paper of the reader's country: Letter in North America, else A4."""
    place, country = st.context.timezone or "", (st.context.locale or "").replace("_", "-").split("-")[-1]
    return "letter" if place.startswith("America/") and country in ("US", "CA") else "a4"

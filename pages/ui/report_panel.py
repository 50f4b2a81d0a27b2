"""The validation report of a cohort: what stands in it, and the files to take away."""

from __future__ import annotations

import streamlit as st

from mtl import language
from mtl.figures.markup import text
from mtl.language import _
from mtl.services import users
from mtl.services.patients.cohorts import CohortSummary
from mtl.services.validation import validation
from pages.ui import theme

LABELS = {"pdf": "PDF", "html": "HTML", "md": "Markdown"}


def show(cohort: CohortSummary) -> None:
    """Say which parts of the evidence are there, and offer the report."""
    found = validation.contents(cohort.key)
    with theme.card("validation_report"):
        head = _("Validation report")
        words = _(
            "Data, participants, outcomes, predictors, missing data, model, every measure with its interval, limits: what "
            "TRIPOD+AI asks of an evaluation, as far as the program knows it. A part that was not computed is named."
        )
        st.html(f'<h2 class="c-title">{text(head)}</h2><p class="quiet">{text(words)}</p>')
        for label, names in ((_("In the report"), found.there), (_("Not computed yet"), found.lacking)):
            if names:
                items = "".join(f"<li>{text(name)}</li>" for name in names)
                st.html(f'<h3 class="c-title">{text(label)}</h3><ul class="quiet t-list">{items}</ul>')
        with st.container(horizontal=True, gap="small"):
            for kind in validation.FORMATS:
                _download(cohort, kind)


def _download(cohort: CohortSummary, kind: str) -> None:
    reader, code, key = users.current(), language.language(), cohort.key

    def made() -> bytes:
        # on the click, in a thread that knows neither the reader nor the language
        with users.acting(reader), language.use(code):
            return validation.of_cohort(key, kind).content

    st.download_button(
        LABELS[kind], made, file_name=validation.name_of(key, kind), mime=validation.FORMATS[kind],
        key=f"validation_{kind}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip

"""What sharing brought to a model that was just trained: the sentences, or how far their computing is."""

from __future__ import annotations

import streamlit as st

from mtl.figures.markup import text
from mtl.language import _
from mtl.services.evidence import sharing as evidence_sharing
from mtl.services.own.training import Result
from mtl.services.patients import cohorts
from pages.ui import address, evidence_part, theme, transfer


def show(found: Result) -> None:
    """Show the audit of a training; it follows it as a job of its own."""
    trained = next((one for one in cohorts.overview() if one.key == found.cohort), None)
    if trained is None or trained.model is None or trained.model.key != found.model.key:
        return
    with theme.card("training_audit"):
        head = _("What sharing brought to each task")
        st.html(f'<h2 class="c-title">{text(head)}</h2>')
        content = evidence_part.found(trained, "transfer", _("Judge what sharing brought"))
        if content is not None:
            st.html(transfer.verdict_list(evidence_sharing.sentences(trained.study, content)))
            if st.button(_("All of the evidence"), key="all_evidence"):
                address.open_evidence(trained.key, "transfer")

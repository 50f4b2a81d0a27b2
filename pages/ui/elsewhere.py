"""Does the model hold in other hospitals and later years?"""

from __future__ import annotations

import streamlit as st

from mtl.language import _
from mtl.services.evidence import elsewhere_sheet, evidence
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, evidence_sheet, evidence_task


def show(cohort: CohortSummary) -> None:
    """Show a task's measures on hospitals and years left out; it is about the training, so only its cohort has it."""
    if not evidence.of_training(cohort.key):
        st.info(
            _(
                "Hospitals and years are left out of the training; choose the cohort that the model was trained on."
            )
        )
        return
    content = evidence_part.found(cohort, "elsewhere", _("Train again without hospitals or later years"))
    if content is None:
        return
    task = evidence_task.choose(cohort)
    if task is not None:
        caption = evidence_sheet.caption(cohort, content)
        evidence_sheet.show(elsewhere_sheet.sheet(cohort.study, task, content, caption), "elsewhere")

"""Would other patients have given the same numbers?"""

from __future__ import annotations

from functools import partial

import streamlit as st

from mtl.language import _
from mtl.services.evidence import intervals, stability_sheet
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, evidence_sheet, evidence_task, job_button


def show(cohort: CohortSummary) -> None:
    """Show the spread of a task's numbers over the refits; offer the refits where there are none."""
    if not refitted(cohort):
        return
    content = evidence_part.found(cohort, "stability", _("Compare the model with its refits"), start=True)
    if content is None:
        return
    task = evidence_task.choose(cohort)
    if task is not None:
        caption = evidence_sheet.caption(cohort, content)
        evidence_sheet.show(stability_sheet.sheet(task, content, caption), "stability")


def refitted(cohort: CohortSummary) -> bool:
    """Whether the refits are there; else say so and offer them."""
    if intervals.there(cohort.key):
        return True
    if intervals.possible(cohort.key):
        st.info(
            _(
                "The model has not been refitted yet. Refits take about as long as the training did, and run in the "
                "background."
            )
        )
        job_button.offer(
            "refits",
            _("Refit the model"),
            partial(intervals.job, cohort.key),
            partial(intervals.begin, cohort.key),
            primary=True,
        )
    else:
        st.info(_("This model cannot be refitted here: the patients it was trained on are not here."))
    return False

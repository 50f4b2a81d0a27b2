"""What does it cost not to know a finding?"""

from __future__ import annotations

from mtl.language import _
from mtl.services.evidence import missing_sheet
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, evidence_sheet, evidence_task


def show(cohort: CohortSummary) -> None:
    """Show how much worse a task is predicted without each finding."""
    content = evidence_part.found(cohort, "missing", _("Leave out one finding after the other"), start=True)
    if content is None:
        return
    task = evidence_task.choose(cohort)
    if task is not None:
        caption = evidence_sheet.caption(cohort, content)
        evidence_sheet.show(missing_sheet.sheet(cohort.study, task, content, caption), "missing")

"""What do small errors of the findings do?"""

from __future__ import annotations

from mtl.language import _
from mtl.services.evidence import robustness_sheet
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, evidence_sheet, evidence_task


def show(cohort: CohortSummary) -> None:
    """Show how a task's numbers move when findings err, and who lies outside what was learnt."""
    content = evidence_part.found(cohort, "robustness", _("Let the findings err"), start=True)
    if content is None:
        return
    task = evidence_task.choose(cohort)
    if task is not None:
        caption = evidence_sheet.caption(cohort, content)
        evidence_sheet.show(robustness_sheet.sheet(cohort.study, task, content, caption), "robustness")

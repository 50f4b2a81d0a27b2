"""Do sets, ranges and intervals hold what they promise?"""

from __future__ import annotations

from mtl.language import _
from mtl.services.evidence import coverage_sheet, evidence
from mtl.services.patients.cohorts import CohortSummary
from pages.ui import evidence_part, evidence_sheet, evidence_task, stability


def show(cohort: CohortSummary) -> None:
    """Show coverage and size of a task's conformal sets, and the widths of the risk intervals."""
    content = evidence_part.found(cohort, "coverage", _("Compute sets and ranges"), start=True)
    if content is None:
        return
    task = evidence_task.choose(cohort)
    if task is None:
        return
    widths = evidence.result(cohort.key, "stability")
    caption = evidence_sheet.caption(cohort, content)
    evidence_sheet.show(coverage_sheet.sheet(cohort.study, task, content, widths, caption), "coverage")
    if widths is None and task.kind != "regression" and stability.refitted(cohort):
        evidence_part.found(cohort, "stability", _("Compute the widths of the risk intervals"))

"""What a line of the worklist shows: which findings and numbers, and what a narrow screen leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mtl.services.patients.cohorts import CohortSummary, Query, Worklist
from pages.ui import filters

FINDINGS, NUMBERS = 4, 6


@dataclass(frozen=True)
class Columns:
    """Findings and output columns, with the names of both."""

    findings: tuple[str, ...]
    outputs: tuple[str, ...]
    names: Mapping[str, str]

    def place(self, index: int, query: Query) -> str:
        """Return what a narrow screen leaves out first."""
        last = len(self.outputs) - 1
        first = self.outputs.index(query.sort) if query.sort in self.outputs else last
        if index == first:
            return ""
        return "second" if index < 3 or index == last else "second third"


def columns_of(cohort: CohortSummary, query: Query, found: Worklist) -> Columns:
    """Return one number a task (the 5-year risk, the last class), the one sorted by before any other of its task."""
    names = filters.outputs(cohort)
    chosen: list[str] = []
    for task in cohort.study.tasks:
        own = [c for c in names if filters.task_of(c, cohort.study) == task.name and c in found.outputs]
        if not own:
            continue
        five = [column for column in own if column.endswith("@5y")]
        default = five[0] if five else own[len(own) // 2] if task.kind == "survival" else own[-1]
        chosen.append(query.sort if query.sort in own else default)
    findings = list(found.features[:FINDINGS])
    if query.sort in found.features and query.sort not in findings:
        findings[-1:] = [query.sort]
    return Columns(tuple(findings), tuple(chosen[:NUMBERS]), names)

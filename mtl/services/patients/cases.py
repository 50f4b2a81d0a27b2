"""One case: every task's number, why, all tasks at once, and what if a value were another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl.expressions import cells
from mtl.services import trail
from mtl.services.patients import edits as editing
from mtl.services.patients import printing, reasons, texts, witness
from mtl.services.patients.answer import Answer, answer
from mtl.services.patients.edits import EditError
from mtl.services.patients.places import CaseError, Place, find
from mtl.services.patients.view import (
    Case,
    Curve,
    Finding,
    Given,
    Heatmap,
    Number,
    OwnOutcome,
    TaskOutput,
    Typical,
    WhatIf,
    Why,
)
from mtl.services.summary import ModelSummary, summary
from mtl.services.users import require
from mtl.study import Study, Task

__all__ = [
    "Case",
    "CaseError",
    "Curve",
    "EditError",
    "Finding",
    "Given",
    "Heatmap",
    "ModelSummary",
    "Number",
    "OwnOutcome",
    "TaskOutput",
    "Typical",
    "WhatIf",
    "Why",
    "case_of",
    "heatmap",
    "open_case",
    "own_outcome",
    "what_if",
    "why",
]

PATHWAY = ("diagnosis", "treatment", "prognosis")


def open_case(
    case_key: str,
    edits: Mapping[str, object] | None = None,
    horizons: Mapping[str, float] | None = None,
) -> Case:
    """One patient with every task's number and its reasons.

    Parameters
    ----------
    case_key
        From a worklist or an address.
    edits
        Feature name -> value instead of the recorded one; None is not measured.
    horizons
        Survival task -> years of its headline, one of the task's; others are ignored.

    Raises
    ------
    CaseError
        No such case.
    EditError
        An edit names no feature, a treatment, or has a value that the feature cannot have.
    """
    require("case:read")
    case = _case(_answer(find(case_key), edits or {}), horizons or {})
    witness.seen(case, "what if" if edits else "open case")
    return case


def case_of(found: Answer, horizons: Mapping[str, float] | None = None) -> Case:
    """A case from an answer that a service has got elsewhere, of a patient who is in no cohort here."""
    require("case:read")
    return _case(found, horizons or {})


def _answer(where: Place, edits: Mapping[str, object]) -> Answer:
    study = where.cohort.study
    understood = editing.checked(study, edits)
    return answer(where, editing.effective(study, where.row(), understood) if understood else None)


def _case(found: Answer, horizons: Mapping[str, float]) -> Case:
    findings = texts.findings(found)
    study, record = found.study, found.record
    return Case(
        key=found.where.key,
        cohort=found.cohort.key,
        cohort_name=found.cohort.name,
        identifier=cells.cell_text(found.cell(study.identifier)) or "",
        study=study,
        model=summary(record),
        findings=findings,
        known=sum(not finding.missing for finding in findings),
        of=len(findings),
        in_training=found.fold >= 0,
        novel=bool(found.reader.predictor.novelty.flag(found.X)[0]),
        treatments=texts.treatments(found),
        outputs=tuple(
            _output(found, task, findings, horizons.get(task.name)) for task in _pathway(study, found)
        ),
        left_out=dict(record.left_out),
        private=found.where.private is not None,
        answer=found,
    )


def _pathway(study: Study, found: Answer) -> list[Task]:
    """The fitted tasks from diagnosis to prognosis, each as it is printed."""
    fitted = [
        printing.with_decimals(task, found.scores) for task in study.tasks if task.name in found.margins
    ]
    return sorted(fitted, key=lambda task: PATHWAY.index(task.role))


def _output(found: Answer, task: Task, findings: tuple[Finding, ...], horizon: float | None) -> TaskOutput:
    numbers = printing.numbers(found, task)
    first = printing.headline(task, numbers, horizon)
    start = printing.reference(found, task, first)
    return TaskOutput(
        task=task,
        kind=task.kind,
        numbers=numbers,
        headline=first,
        reference=start,
        untreated=printing.untreated(found, task),
        curve=printing.curve(found, task),
        story=reasons.story_of(found, task, first, start, findings),
    )


def why(
    case: Case,
    task: str,
    horizon: float | None = None,
    category: str | None = None,
    told_only: bool = False,
) -> Why:
    """Explain one number of a case, edited or not, by the predictor that gave it.

    Parameters
    ----------
    horizon
        Years, one of the task's; the headline's if left out.
    category
        A class's `Level.text`; the headline's if left out.
    told_only
        Predict again at typical values only for the findings of the story, not for every finding of the table.

    Raises
    ------
    CaseError
        The case has no such task, or the task no such horizon or class.
    """
    require("case:read")
    shown = _shown(case, task, horizon, category)
    return reasons.why(case.answer, case.output(task).task, shown, case.findings, told_only)


def _shown(case: Case, task: str, horizon: float | None, category: str | None) -> Number:
    try:
        output = case.output(task)
    except KeyError as error:
        raise CaseError(error.args[0]) from None
    if horizon is None and category is None:
        return output.headline
    for number in output.numbers:
        if number.horizon == horizon and number.category == category:
            return number
    known = ", ".join(number.label for number in output.numbers)
    raise CaseError(f"task {task!r} has no number for that horizon or class; it has {known}")


def heatmap(case: Case) -> Heatmap:
    """Which finding drives which task, over all tasks at once."""
    require("case:read")
    tasks = [(output.task, output.headline) for output in case.outputs]
    return reasons.heatmap(case.answer, tasks, case.findings)


def what_if(
    case_key: str, edits: Mapping[str, object], horizons: Mapping[str, float] | None = None
) -> WhatIf:
    """A case before and after edits, every edit validated here; see :func:`open_case` for the errors."""
    require("case:read")
    where = find(case_key)
    after, before = _answer(where, edits), answer(where)
    changed: dict[str, Any] = after.edits
    warnings = editing.warnings(where.cohort.study, changed, after.X, after.reader.predictor.novelty)
    shown = _case(after, horizons or {})
    witness.seen(shown, "what if" if changed else "open case")
    return WhatIf(before=_case(before, horizons or {}), after=shown, edits=changed, warnings=warnings)


def own_outcome(case_key: str) -> list[OwnOutcome]:
    """What is recorded about the patient's own outcomes; to be shown when asked for, not before."""
    require("case:read")
    where = find(case_key)
    trail.note_view("own outcome", where.cohort.key, case_key=case_key)
    return texts.outcomes(answer(where))

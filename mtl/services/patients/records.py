"""What a user signs about a case: their own estimate before the model's, agreement or override, and the history."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mtl.language import _
from mtl.services.owners import may_see
from mtl.services.patients import cases, printing, witness
from mtl.services.patients.view import Case, TaskOutput
from mtl.services.patients.witness import inputs_of, shown_of, warnings_of
from mtl.services.users import require
from mtl.store import records as store
from mtl.store.database import now
from mtl.store.keys import new_key
from mtl.store.records import Record

__all__ = [
    "AGREE", "ESTIMATE", "OVERRIDE", "Record", "RecordError", "Signed", "decided", "estimate", "estimated", "estimates",
    "history", "shown_of", "sign", "warnings_of",
]  # fmt: skip

ESTIMATE, AGREE, OVERRIDE = "estimate", "agree", "override"
LONGEST = 4000  # characters of a reason or a note
MOST = 1e15  # an estimate in a task's own unit
Own = dict[str, Any]  # of a task: {"value": 0.3, "horizon": 5.0} or {"category": "3"}


class RecordError(ValueError):
    """A record that cannot be signed, in words for the reader; `field` says which part."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Signed:
    """A record as its history shows it.

    Attributes
    ----------
    record : Record
    mine : bool
        The reader signed it.
    current : bool
        It speaks of what the model is given today, by today's model.
    corrected_by : str or None
        Key of the record that corrects it.
    own : dict
        Task -> the signer's own estimate as printed.
    """

    record: Record
    mine: bool
    current: bool
    corrected_by: str | None
    own: dict[str, str]


# The user's own estimate ---------------------------------------------------------------------------------------------


def estimate(
    case_key: str, given: Mapping[str, object], horizons: Mapping[str, float] | None = None
) -> Record | None:
    """Keep the user's own estimates, before the model's numbers are shown.

    Parameters
    ----------
    given
        Task -> a percentage 0 to 100 (binary; survival at the headline's horizon), a class's `Level.text` (multiclass) or a
        value in the task's unit (regression); None where the user has no opinion.
    horizons
        As in :func:`mtl.services.patients.cases.open_case`.

    Returns
    -------
    The record; None where no estimate was given, which leaves none.

    Raises
    ------
    RecordError
        An estimate that cannot be one, or of a task that the case does not have.
    """
    user = require("case:sign")
    with witness.unseen():
        case = cases.open_case(case_key, horizons=horizons)
    own = {
        task: _understood(_output(case, task), value) for task, value in given.items() if value is not None
    }
    if not own:
        return None
    record = _record(case, user.name, None, ESTIMATE, own=own)
    store.append(record, entry=witness.about(case, "estimate", decision=ESTIMATE, detail=_named(record)))
    return record


def estimates(case: Case) -> dict[str, Own]:
    """The user's latest own estimate of each task, for what the model is given now."""
    user, found = require("case:read"), dict[str, Own]()
    for record in store.of_case(case.key):
        if record.user == user.name and record.decision == ESTIMATE and record.inputs == inputs_of(case):
            found |= record.own
    return found


def _output(case: Case, task: object) -> TaskOutput:
    try:
        return case.output(str(task))
    except KeyError:
        text = _("There is no task {task} here.").format(task=str(task)[:80])
        raise RecordError("task", text) from None


def _understood(output: TaskOutput, value: object) -> Own:
    name = output.task.name
    if output.kind == "multiclass":
        if value not in [level.text for level in output.task.classes]:
            raise RecordError(name, _("Choose one of the classes, or none."))
        return {"category": value}
    plain = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < MOST
    number = float(value) if plain else math.nan  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise RecordError(name, _("An estimate is a number; leave it empty where you have none."))
    if output.kind == "regression":
        return {"value": number}
    if not 0 <= number <= 100:
        raise RecordError(name, _("A percentage lies between 0 and 100."))
    own = {"value": number / 100}
    return own | {"horizon": output.headline.horizon} if output.headline.horizon is not None else own


# Signing -------------------------------------------------------------------------------------------------------------


def sign(
    case_key: str,
    decision: str,
    task: str | None = None,
    reason: str = "",
    note: str = "",
    horizons: Mapping[str, float] | None = None,
    corrects: str | None = None,
) -> Record:
    """Sign agreement with the model's numbers, or an override with its reason; it cannot be changed any more.

    What was shown is not taken from the caller: the numbers are the model's at the horizons given, printed here.

    Parameters
    ----------
    task
        One task, or None for all together.
    corrects
        Key of an own earlier record about this case that this one corrects.

    Raises
    ------
    RecordError
        No such decision, task or record; an override without a reason; a text that is too long.
    """
    user = require("case:sign")
    with witness.unseen():
        case = cases.open_case(case_key, horizons=horizons)
    if decision not in (AGREE, OVERRIDE):
        raise RecordError("decision", _("Say whether you agree or decide otherwise."))
    if task is not None:
        _output(case, task)
    reason, note = _written("reason", reason), _written("note", note)
    if decision == OVERRIDE and not reason:
        raise RecordError("reason", _("Give the reason why you decide otherwise."))
    if corrects is not None:
        known = {record.key for record in store.of_case(case_key) if record.user == user.name}
        if corrects not in known:
            raise RecordError("corrects", _("Only a record of your own about this patient can be corrected."))
    own = {name: one for name, one in estimates(case).items() if task in (None, name)}
    record = replace(
        _record(case, user.name, task, decision, own),
        reason=reason,
        note=note,
        shown=shown_of(case, task),
        warnings=warnings_of(case),
        corrects=corrects,
    )
    told = {"shown": record.shown, "decision": decision, "reason": reason, "detail": _named(record)}
    store.append(record, entry=witness.about(case, "sign", **told))
    return record


def _named(record: Record) -> dict[str, str]:
    named = {"record": record.key, "task": record.task, "corrects": record.corrects}
    return {name: value for name, value in named.items() if value is not None}


def _written(field: str, text: object) -> str:
    words = text if isinstance(text, str) else ""
    if len(words) > LONGEST:
        raise RecordError(field, _("Write at most {count} characters.").format(count=LONGEST))
    return "".join(sign for sign in words if sign in "\n\t" or unicodedata.category(sign)[0] != "C").strip()


def _record(case: Case, user: str, task: str | None, decision: str, own: dict[str, Own]) -> Record:
    return Record(
        key=new_key(),
        time=now(),
        user=user,
        case_key=case.key,
        cohort=case.cohort,
        task=task,
        model=case.model.key,
        version=case.model.version,
        inputs=inputs_of(case),
        decision=decision,
        own=own,
        reason="",
        note="",
        shown={},
        warnings=[],
    )


# History -------------------------------------------------------------------------------------------------------------


def history(case: Case) -> list[Signed]:
    """Everything that was signed about a case, the latest first.

    Of others' estimates only those are told that belong to a decision: an estimate is for the one who gave it.
    """
    user = require("case:read")
    every = store.of_case(case.key)
    corrected = {record.corrects: record.key for record in every if record.corrects}
    inputs = inputs_of(case)
    return [
        Signed(
            record,
            record.user == user.name,
            record.inputs == inputs,
            corrected.get(record.key),
            {task: own_text(case, task, own) for task, own in record.own.items()},
        )
        for record in reversed(every)
        if record.decision != ESTIMATE or record.user == user.name
    ]


def own_text(case: Case, task: str, own: Own) -> str:
    """A user's own estimate as the model's number would be printed."""
    output = next((one for one in case.outputs if one.task.name == task), None)
    if output is None:
        return ""
    if "category" in own:
        labels = {one.category: one.label for one in output.numbers}
        return labels.get(own["category"], str(own["category"]))
    text = printing.value_text(output.task, float(own["value"]))
    if own.get("horizon") is None:
        return text
    return _("{number} within {time}").format(number=text, time=printing.years_text(float(own["horizon"])))


def estimated(case_keys: Iterable[str]) -> set[str]:
    """Those of some cases about which the user gave an estimate of their own, of the findings of then or of now."""
    return store.estimated(require("case:read").name, case_keys)


def decided(case_keys: Iterable[str]) -> set[str]:
    """Those of some cases about which somebody signed a decision; for the marks of a worklist."""
    require("case:read")
    return {key for key, cohort in store.decided(case_keys).items() if may_see(cohort)}

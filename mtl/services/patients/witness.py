"""What the audit trail holds of a case: its keys, its printed numbers, what was warned of; never a patient's value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from mtl.services import settings, trail
from mtl.services.patients.view import Case
from mtl.services.users import current
from mtl.store import audit, records
from mtl.store.audit import Entry
from mtl.store.home import secret
from mtl.store.keys import input_digest

_instead: ContextVar[tuple[str, dict[str, Any]] | None] = ContextVar("instead", default=None)
_UNSEEN = ("", dict[str, Any]())


def seen(case: Case, action: str = "open case", **detail: Any) -> None:
    """Write down that a case's numbers were shown, once in ten minutes of a visit while they stay the same."""
    told = _instead.get()
    if told is _UNSEEN:
        return
    if told is not None:
        action, detail = told
    user, shown = current(), shown_of(case, None)
    entry = about(case, action, shown=shown, detail=trail.told(detail))
    if trail.is_new(
        user.name, user.session, action, case.key, entry.model, entry.inputs, repr(shown), repr(entry.detail)
    ):
        first = (
            user.may("case:sign") and settings.get(settings.OWN_ESTIMATE) and not _estimated(case, user.name)
        )
        if first:  # the page holds the numbers back until the reader has given their own, or declined
            entry.detail["own_estimate_first"] = True
        audit.keep(entry)


def printed(case: Case, paper: str) -> None:
    """Write down that a case was printed, each time."""
    audit.keep(about(case, "print", shown=shown_of(case, None), detail={"paper": paper}))


def about(case: Case, action: str, **parts: Any) -> Entry:
    """An entry about a case: its keys, its model, what the model was given, what was warned of."""
    edited = sorted(finding.feature.name for finding in case.findings if finding.edited)
    detail = parts.pop("detail", {}) | ({"edited": edited} if edited else {})
    return Entry(
        current().name, action, cohort=case.cohort, case_key=case.key, model=case.model.key, version=case.model.version,
        inputs=inputs_of(case), warnings=warnings_of(case), detail=detail, **parts,
    )  # fmt: skip


@contextmanager
def instead(action: str, **detail: Any) -> Iterator[None]:
    """Let a case that is opened inside the block count as something else, if as nothing else yet."""
    token = _instead.set(_instead.get() or (action, detail))
    try:
        yield
    finally:
        _instead.reset(token)


@contextmanager
def unseen() -> Iterator[None]:
    """Let a case that is opened inside the block count as not shown: something else is, which says so itself."""
    token = _instead.set(_UNSEEN)
    try:
        yield
    finally:
        _instead.reset(token)


def _estimated(case: Case, user: str) -> bool:
    inputs = inputs_of(case)
    return any(
        one.user == user and one.decision == "estimate" and one.inputs == inputs
        for one in records.of_case(case.key)
    )


# What a case shows -----------------------------------------------------------------------------------------------------


def inputs_of(case: Case) -> str:
    """The keyed digest of what the model was given."""
    found = case.answer
    return input_digest(secret(), case.model.version, found.X, found.given.values())


def shown_of(case: Case, task: str | None) -> dict[str, str]:
    """The printed numbers of the cards: output column -> text; every class of a multiclass task."""
    return {
        number.column: number.text
        for output in case.outputs
        if task in (None, output.task.name)
        for number in (output.numbers if output.kind == "multiclass" else (output.headline,))
    }


def warnings_of(case: Case) -> list[dict[str, str]]:
    """What the case page warns of, as codes."""
    found = [{"code": "out_of_distribution"}] if case.novel else []
    found += [
        {"code": one.unusual, "feature": one.feature.name} for one in case.findings if one.unusual is not None
    ]
    found += [
        {"code": "not_estimable", "column": output.headline.column}
        for output in case.outputs
        if output.headline.value is None
    ]
    return found + ([{"code": "training_patient"}] if case.in_training else [])

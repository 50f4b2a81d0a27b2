"""The audit trail for who may read it: chosen by user, action, case and time; to take away; and whether it is whole."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement

from mtl.language import N_
from mtl.services import trail
from mtl.services.users import require
from mtl.store import audit as store
from mtl.store import shares
from mtl.store.audit import Kept, Verdict
from mtl.store.keys import CASE_KEY

__all__ = [
    "ACTIONS",
    "MOST",
    "Choice",
    "Kept",
    "Page",
    "Verdict",
    "actions",
    "export",
    "page",
    "users_named",
    "verify",
]

PERMISSION = "audit:read"
MOST = 100_000  # entries of an export
#: What can be done, by the name under which it is written down.
ACTIONS = {
    "sign in": N_("signed in"),
    "list": N_("saw a list of patients"),
    "open case": N_("opened a case"),
    "what if": N_("asked what if"),
    "mark case": N_("saw a case among all patients"),
    "treatment": N_("looked at a treatment"),
    "own outcome": N_("looked at the recorded outcome"),
    "print": N_("printed a case"),
    "estimate": N_("gave an own estimate"),
    "sign": N_("signed a record"),
    "new patient": N_("entered a patient"),
    "change patient": N_("changed a patient"),
    "delete patient": N_("deleted a patient"),
    "upload": N_("brought a table"),
    "look": N_("looked at a table"),
    "discard": N_("removed a table"),
    "train": N_("began a training"),
    "score": N_("scored patients"),
    "scores": N_("took scores away"),
    "trial": N_("ran a target trial"),
    "evidence": N_("asked for evidence"),
    "recalibrate": N_("recalibrated a model"),
    "intervals": N_("asked for intervals"),
    "cancel": N_("stopped a job"),
    "register": N_("registered a model"),
    "card": N_("wrote on a model card"),
    "export card": N_("took a model card away"),
    "export report": N_("took a validation report away"),
    "link": N_("asked for the address of a case"),
    "share": N_("shared a cohort"),
    "end sharing": N_("ended a sharing"),
    "forget": N_("deleted a cohort"),
    "export audit": N_("exported the audit trail"),
    "backup": N_("made a backup"),
    "restore": N_("restored a backup"),
}


@dataclass(frozen=True)
class Choice:
    """Which entries: of whom, what, about which case, and on which days (UTC, both included)."""

    user: str | None = None
    action: str | None = None
    case_key: str | None = None
    first: datetime.date | None = None
    last: datetime.date | None = None


@dataclass(frozen=True)
class Page:
    """Some entries, the newest first, of how many; and what people call the users."""

    entries: tuple[Kept, ...]
    total: int
    labels: dict[str, str]


def page(choice: Choice, limit: int = 50, offset: int = 0) -> Page:
    """A page of the entries chosen, the newest first."""
    require(PERMISSION)
    where = _where(choice)
    found = tuple(store.entries(where, newest=True, limit=max(1, min(limit, 500)), offset=max(0, offset)))
    return Page(found, store.count(where), {one.name: one.label for one in shares.people()})


def users_named() -> dict[str, str]:
    """Everybody whom the trail names, with what people call them."""
    require(PERMISSION)
    labels = {one.name: one.label for one in shares.people()}
    return {name: labels.get(name, name) for name in store.values("user")}


def actions() -> list[str]:
    """Every action that the trail names."""
    require(PERMISSION)
    return store.values("action")


def export(choice: Choice) -> pd.DataFrame:
    """The entries chosen, the oldest first, a row each with its place in the chain; the export is written down itself."""
    require(PERMISSION)
    trail.note("export audit", rows=min(MOST, store.count(_where(choice))))
    rows = [
        {
            "number": one.number, "time": one.time, "user": one.entry.user, "action": one.entry.action,
            "cohort": one.entry.cohort, "case": one.entry.case_key, "model": one.entry.model,
            "version": one.entry.version, "inputs": one.entry.inputs, "shown": _text(one.entry.shown),
            "warnings": _text(one.entry.warnings), "decision": one.entry.decision, "reason": one.entry.reason,
            "detail": _text(one.entry.detail), "previous": one.previous, "digest": one.digest,
        }
        for one in store.entries(_where(choice), limit=MOST)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["number"])


def verify(known: tuple[int, str] | None = None) -> Verdict:
    """Whether every entry is as it was written and none is missing; see :func:`mtl.store.audit.verify`."""
    require(PERMISSION)
    return store.verify(known)


def _text(found: object) -> str:
    return json.dumps(found, ensure_ascii=False, sort_keys=True) if found else ""


def _where(choice: Choice) -> ColumnElement[bool]:
    case = choice.case_key
    if case is not None and not CASE_KEY.fullmatch(case):
        case = ""  # nobody's: there is nothing about it
    first = None if choice.first is None else choice.first.isoformat()
    last = None if choice.last is None else (choice.last + datetime.timedelta(days=1)).isoformat()
    return store.chosen(choice.user, choice.action, case, first, last)

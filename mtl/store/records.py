"""What was signed about a case: append-only, each record with what the model was given and what was shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from mtl.store import audit, schema
from mtl.store.audit import Entry
from mtl.store.database import reading

_table = schema.records


@dataclass(frozen=True)
class Record:
    """A signed record; nothing of it changes any more.

    Attributes
    ----------
    key, time, user : str
        Its own name; when (ISO 8601, UTC) and by whom it was signed.
    case_key, cohort : str
    task : str or None
        None: of all tasks together.
    model, version, inputs : str
        Key and version of the model; keyed digest of what it was given (`mtl.store.keys.input_digest`).
    decision : str
        "estimate" (given before the model's number was shown), "agree" or "override".
    own : dict
        Task -> the user's own estimate: {"value": 0.3, "horizon": 5.0}, {"category": "3"}.
    reason, note : str
    shown : dict
        Output column -> as printed when it was signed; empty for an estimate.
    warnings : list of dict
        {"code": "out_of_range", "feature": "er"}.
    corrects : str or None
        Key of the record that this one corrects.
    """

    key: str
    time: str
    user: str
    case_key: str
    cohort: str
    task: str | None
    model: str
    version: str
    inputs: str
    decision: str
    own: dict[str, dict[str, Any]]
    reason: str
    note: str
    shown: dict[str, str]
    warnings: list[dict[str, str]]
    corrects: str | None = None

    def canonical(self) -> bytes:
        """The record as bytes that are the same wherever it is read, for a digest or a chain of them."""
        text = json.dumps(
            asdict(self), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
        )
        return text.encode()


_JSON = ("own", "shown", "warnings")


def append(*records: Record, entry: Entry | None = None) -> None:
    """Keep records and the entry that says so, all or none; there is no way to change or remove one."""

    def write(connection: Connection) -> None:
        for record in records:
            row = {name: getattr(record, name) for name in record.__dataclass_fields__}
            for name in _JSON:
                row[name] = json.dumps(row[name], ensure_ascii=False, allow_nan=False, sort_keys=True)
            connection.execute(insert(_table).values(**row))

    audit.keep(*([] if entry is None else [entry]), also=write)


def of_case(case_key: str) -> list[Record]:
    """All records of a case, in the order of signing."""
    with reading() as connection:
        rows = connection.execute(
            select(_table).where(_table.c.case_key == case_key).order_by(_table.c.number)
        )
        return [_record(row) for row in rows]


def decided(case_keys: Iterable[str]) -> dict[str, str]:
    """Those of some cases about which something was signed, with their cohort; an estimate alone is no decision."""
    wanted = (_table.c.case_key.in_(list(case_keys))) & (_table.c.decision != "estimate")
    with reading() as connection:
        asked = select(_table.c.case_key, _table.c.cohort).where(wanted).distinct()
        return {row.case_key: row.cohort for row in connection.execute(asked)}


def estimated(user: str, case_keys: Iterable[str]) -> set[str]:
    """Those of some cases about which a user gave an estimate of their own."""
    wanted = (
        (_table.c.case_key.in_(list(case_keys))) & (_table.c.decision == "estimate") & (_table.c.user == user)
    )
    with reading() as connection:
        return set(connection.scalars(select(_table.c.case_key).where(wanted).distinct()))


def _record(row: Row[Any]) -> Record:
    cells = {name: getattr(row, name) for name in Record.__dataclass_fields__}
    return Record(**(cells | {name: json.loads(cells[name]) for name in _JSON}))

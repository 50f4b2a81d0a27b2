"""Cases that a user typed in: seen by their owner alone, kept until deleted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mtl.language import _, number
from mtl.store import schema
from mtl.store.database import StoreError, now, reading, writing
from mtl.store.keys import CASE_KEY, new_key

MOST = 500  # cases of one user in one cohort: their numbers are computed whenever they are listed

_table = schema.private_cases


class PrivateCaseError(StoreError):
    """A private case that cannot be kept; the message holds no value of the patient."""


@dataclass(frozen=True, eq=False)
class PrivateCase:
    """A case that its owner typed in.

    `values` are cells as the cohort's table would hold them: a column's name to a number, a text or a truth value; what
    is not there was not measured. `created` and `changed` are ISO 8601 in UTC.
    """

    key: str
    owner: str
    cohort: str
    identifier: str
    values: dict[str, Any]
    created: str
    changed: str


def add(owner: str, cohort: str, identifier: str, values: Mapping[str, Any]) -> PrivateCase:
    """Keep a new case.

    Raises
    ------
    PrivateCaseError
        The owner has a case of that name in the cohort, or too many.
    """
    key, moment = new_key(), now()
    row = {"key": key, "owner": owner, "cohort": cohort, "created": moment, "changed": moment}
    try:
        with writing("private cases") as connection:
            own = (_table.c.owner == owner) & (_table.c.cohort == cohort)
            if (connection.scalar(select(func.count()).where(own)) or 0) >= MOST:
                text = _("You have {count} patients of your own in this cohort; delete one first.")
                raise PrivateCaseError(text.format(count=number(MOST)))
            connection.execute(insert(_table).values(**row, **_content(identifier, values)))
    except IntegrityError:
        raise _taken() from None
    return PrivateCase(identifier=identifier, values=dict(values), **row)


def change(key: str, owner: str, identifier: str, values: Mapping[str, Any]) -> None:
    """Replace name and values of a case; its key stays.

    Raises
    ------
    PrivateCaseError
        The owner has no such case, or another one of that name.
    """
    try:
        with writing() as connection:
            new = update(_table).where(_own(key, owner)).values(changed=now(), **_content(identifier, values))
            if not connection.execute(new).rowcount:
                raise _gone()
    except IntegrityError:
        raise _taken() from None


def remove(key: str, owner: str) -> None:
    """Delete a case; PrivateCaseError when the owner has none of that key."""
    with writing() as connection:
        if not connection.execute(delete(_table).where(_own(key, owner))).rowcount:
            raise _gone()


def find(key: str, owner: str) -> PrivateCase | None:
    """A case of that owner; None where the key is of nobody, or of somebody else."""
    if not CASE_KEY.fullmatch(key):
        return None
    with reading() as connection:
        row = connection.execute(select(_table).where(_own(key, owner))).first()
    return None if row is None else _case(row)


def of(owner: str, cohort: str) -> list[PrivateCase]:
    """An owner's cases in a cohort, the last changed first."""
    chosen = (_table.c.owner == owner) & (_table.c.cohort == cohort)
    with reading() as connection:
        rows = connection.execute(
            select(_table).where(chosen).order_by(_table.c.changed.desc(), _table.c.key)
        ).all()
    return [_case(row) for row in rows]


def _own(key: str, owner: str) -> ColumnElement[bool]:
    # the owner is part of every question: no caller can forget to ask
    return (_table.c.key == key) & (_table.c.owner == owner)


def _content(identifier: str, values: Mapping[str, Any]) -> dict[str, str]:
    return {
        "identifier": identifier,
        "data": json.dumps(dict(values), ensure_ascii=False, allow_nan=False, sort_keys=True),
    }


def _case(row: Row[Any]) -> PrivateCase:
    return PrivateCase(
        row.key, row.owner, row.cohort, row.identifier, json.loads(row.data), row.created, row.changed
    )


def _taken() -> PrivateCaseError:
    text = _("You have a patient of that name in this cohort; open that one, or choose another name.")
    return PrivateCaseError(text)


def _gone() -> PrivateCaseError:
    return PrivateCaseError(_("You have no such patient; it may have been deleted."))

"""Who has signed in, and which cohorts others may see."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select

from mtl.store import schema
from mtl.store.database import now, reading, writing

USER, GROUP = "user", "group"
_shares, _people = schema.shares, schema.people


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in: the provider's name for them, what people call them, roles and groups then."""

    name: str
    label: str
    roles: tuple[str, ...]
    groups: tuple[str, ...]
    seen: str


@dataclass(frozen=True)
class Share:
    """A cohort that a user or a group may see, by whom and when it was shared; `kind` is "user" or "group"."""

    cohort: str
    kind: str
    who: str
    given_by: str
    given: str


def arrived(name: str, label: str, roles: Iterable[str], groups: Iterable[str]) -> None:
    """Remember somebody who signed in."""
    row = {
        "label": label,
        "roles": json.dumps(sorted(roles)),
        "groups": json.dumps(sorted(groups), ensure_ascii=False),
    }
    with writing("people") as connection:
        connection.execute(delete(_people).where(_people.c.name == name))
        connection.execute(insert(_people).values(name=name, seen=now(), **row))


def people() -> list[Person]:
    """Everybody who has signed in, by label."""
    with reading() as connection:
        rows = connection.execute(select(_people)).all()
    found = [
        Person(row.name, row.label, tuple(json.loads(row.roles)), tuple(json.loads(row.groups)), row.seen)
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.label.casefold(), one.name))


def give(cohort: str, kind: str, who: str, given_by: str) -> bool:
    """Let a user or a group see a cohort; whether that is new."""
    same = _is(cohort, kind, who)
    with writing("shares") as connection:
        if connection.execute(select(_shares.c.who).where(same)).first() is not None:
            return False
        values = {"cohort": cohort, "kind": kind, "who": who, "given_by": given_by, "given": now()}
        connection.execute(insert(_shares).values(**values))
    return True


def take_back(cohort: str, kind: str, who: str) -> bool:
    """Let a user or a group see a cohort no longer; whether they could."""
    with writing("shares") as connection:
        return bool(connection.execute(delete(_shares).where(_is(cohort, kind, who))).rowcount)


def of(cohort: str) -> list[Share]:
    """With whom a cohort is shared: groups first, in the order of their names."""
    order = (_shares.c.kind, _shares.c.who)
    with reading() as connection:
        rows = connection.execute(select(_shares).where(_shares.c.cohort == cohort).order_by(*order)).all()
    return [Share(row.cohort, row.kind, row.who, row.given_by, row.given) for row in rows]


def may_see(cohort: str, user: str, groups: Iterable[str]) -> bool:
    """Whether a cohort is shared with a user, or with one of their groups."""
    own = and_(_shares.c.kind == USER, _shares.c.who == user)
    theirs = and_(_shares.c.kind == GROUP, _shares.c.who.in_(list(groups)))
    asked = select(_shares.c.who).where(_shares.c.cohort == cohort, or_(own, theirs)).limit(1)
    with reading() as connection:
        return connection.execute(asked).first() is not None


def _is(cohort: str, kind: str, who: str) -> ColumnElement[bool]:
    return and_(_shares.c.cohort == cohort, _shares.c.kind == kind, _shares.c.who == who)

"""What each user has chosen for themselves, a value a name."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import delete, insert, select

from mtl.store import schema
from mtl.store.database import reading, writing

_table = schema.settings


def get(user: str, name: str) -> Any:
    """A user's value, None where none was chosen."""
    chosen = (_table.c.user == user) & (_table.c.name == name)
    with reading() as connection:
        found = connection.scalar(select(_table.c.value).where(chosen))
    return None if found is None else json.loads(found)


def put(user: str, name: str, value: Any) -> None:
    """Keep a user's value in place of an earlier one."""
    chosen = (_table.c.user == user) & (_table.c.name == name)
    with writing("settings") as connection:
        connection.execute(delete(_table).where(chosen))
        connection.execute(insert(_table).values(user=user, name=name, value=json.dumps(value)))

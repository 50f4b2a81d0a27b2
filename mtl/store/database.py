"""The connection to the database of the home in use: SQLite in WAL mode, one engine a home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, update

from mtl.store import schema
from mtl.store.home import home, locked

FILE = "consilium.db"
BUSY = 20_000  # milliseconds that a writer waits for another

_engines: dict[Path, Engine] = {}
_lock = Lock()


class StoreError(ValueError):
    """State that cannot be used; the message says what to do."""


def engine() -> Engine:
    """The engine of the home in use; its tables are made at the first call, those that an older home lacks too.

    Raises
    ------
    StoreError
        The database was written by another version, which this one cannot bring up to date.
    """
    path = home() / FILE
    with _lock:
        found = _engines.get(path)
        if found is None or not path.exists():
            found = _engines[path] = _open(path)
        return found


def _open(path: Path) -> Engine:
    made = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY / 1000})
    event.listen(made, "connect", _prepare)
    with locked("schema.lock"):
        version = _version(made)
        if version is not None and version not in {schema.VERSION, *schema.LACKING_TABLES}:
            made.dispose()
            raise StoreError(
                f"{path} has schema {version}, this program has {schema.VERSION}; update Consilium or use another home"
            )
        schema.metadata.create_all(made)
        with made.begin() as connection:
            if version is None:
                connection.execute(insert(schema.about).values(name="schema", value=schema.VERSION))
            elif version != schema.VERSION:
                named = schema.about.c.name == "schema"
                connection.execute(update(schema.about).where(named).values(value=schema.VERSION))
    path.chmod(0o600)
    return made


def _version(made: Engine) -> str | None:
    """The version that wrote the database; None for a new one."""
    if not inspect(made).has_table(schema.about.name):
        return None
    with made.connect() as connection:
        found: str | None = connection.scalar(
            select(schema.about.c.value).where(schema.about.c.name == "schema")
        )
    return found


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY}")
    cursor.close()


@contextmanager
def writing() -> Iterator[Connection]:
    """A connection whose changes are kept together when the block ends well."""
    with engine().begin() as connection:
        yield connection


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for questions."""
    with engine().connect() as connection:
        yield connection


def close() -> None:
    """Close every engine of this process."""
    with _lock:
        for made in _engines.values():
            made.dispose()
        _engines.clear()


def now() -> str:
    """The time as the database writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")

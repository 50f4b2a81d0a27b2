"""The database of the home in use: SQLite in WAL mode inside it, or the PostgreSQL of CONSILIUM_DATABASE_URL.

A home has one database and a database one home: case addresses, digests and the audit trail's chain hold with the home's
secret only, so a database opened with another home's secret is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mtl.language import _
from mtl.store import mishaps, schema
from mtl.store.address import Address, AddressError, at_postgresql
from mtl.store.home import RESTORING, home, locked, secret
from mtl.store.mishaps import StoreError, Unanswered, again

__all__ = [
    "FILE", "StoreError", "Unanswered", "again", "begin", "close", "elsewhere", "engine", "now", "prepare", "reached",
    "reading", "settle", "version_of", "writing",
]  # fmt: skip

FILE = "consilium.db"
BUSY = 20_000  # milliseconds that a writer waits for another
_NUMBER = 0x436F6E73  # "Cons": the family of our advisory locks

_engines: dict[Path | str, Engine] = {}
_lock = Lock()


def engine() -> Engine:
    """The engine of the home in use; its tables are made or brought up to date at the first call.

    Raises
    ------
    StoreError
        The database was written by a newer version or belongs to another home, its address is none, or it cannot be used.
    """
    other, path = elsewhere(), home() / FILE
    where = path if other is None else f"{home()}\0{other.key}"
    with _lock:
        found = _engines.get(where)
        if found is None or (other is None and not path.exists()):
            if (home() / RESTORING).exists():
                raise StoreError(f"a restore into {home()} was interrupted; run it again with --replace")
            if other is None:
                made = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY / 1000})
                event.listen(made, "connect", prepare)
                event.listen(made, "begin", begin)
            else:
                made = create_engine(
                    other.url, connect_args=other.options, pool_pre_ping=True, pool_size=10, max_overflow=20,
                )  # fmt: skip
            mishaps.follow(made)
            found = _engines[where] = _ready(made, str(path) if other is None else other.shown)
            if other is None:
                path.chmod(0o600)
        return found


def elsewhere() -> Address | None:
    """The PostgreSQL that the environment names; StoreError where what it says is no address of one."""
    try:
        return at_postgresql()
    except AddressError as error:
        raise StoreError(str(error)) from None


def _ready(made: Engine, shown: str) -> Engine:
    """Bring the tables up to date, whoever else begins at that moment; see that home and database belong together."""
    try:
        with locked("schema.lock"), _connected(made, "schema") as connection:
            version = version_of(connection)
            if version is not None and version not in schema.VERSIONS:
                raise StoreError(
                    f"{shown} has schema {version[:40]}, this program has {schema.VERSION}; "
                    "update Consilium or use another home"
                )
            if version != schema.VERSION:
                from mtl.store import migrating  # Alembic is needed by a new or an old database only

                migrating.upgrade(connection, version)
            _belongs(connection, shown)
    except BaseException:
        made.dispose()
        raise
    return made


def version_of(connection: Connection) -> str | None:
    """The version that wrote a database; None for a new one."""
    known = inspect(connection)
    if known.has_table(schema.revision.name):
        found: str | None = connection.scalar(select(schema.revision.c.version_num))
        if found is not None:
            return found
    if not known.has_table(schema.about.name):
        return None
    return connection.scalar(select(schema.about.c.value).where(schema.about.c.name == "schema"))


def _belongs(connection: Connection, shown: str) -> None:
    mark = hmac.digest(secret(), b"database of this home", hashlib.sha256).hex()[:32]
    about = schema.about
    found = connection.scalar(select(about.c.value).where(about.c.name == "home"))
    if found is None:
        connection.execute(insert(about).values(name="home", value=mark))
    elif found != mark:
        raise StoreError(
            f"{shown} belongs to another home: its secret.key is not the one in {home()}; "
            "set CONSILIUM_HOME to that home, or restore secret.key from a backup"
        )


def prepare(connection: Any, _record: object) -> None:
    """Set up a connection to SQLite."""
    connection.isolation_level = None  # transactions begin where `begin` says so, DDL included
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten, not left in a free page
    cursor.close()


def begin(connection: Connection) -> None:
    """A writer takes its turn before it looks: what it then reads cannot change under it."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _connected(made: Engine, turn: str | None) -> Iterator[Connection]:
    """A connection inside a writing transaction, alone among those of the same `turn`."""
    with reached(made) as connection:
        connection.execution_options(writes=True)
        with connection.begin():
            if turn is not None and connection.dialect.name == "postgresql":
                number = int.from_bytes(hashlib.sha256(turn.encode()).digest()[:4], "big", signed=True)
                take = text("SELECT pg_advisory_xact_lock(:family, :number)")
                take = take.bindparams(bindparam("family", _NUMBER), bindparam("number", number))
                connection.execute(take)
            yield connection


@contextmanager
def reached(made: Engine) -> Iterator[Connection]:
    """A connection; a PostgreSQL that is being restarted is waited for.

    Raises
    ------
    StoreError
        There is none, and why.
    """
    until = time.monotonic() + mishaps.PATIENCE
    while True:
        try:
            connection = made.connect()
            break
        except (DBAPIError, PoolTimeout) as error:
            if made.dialect.name != "postgresql" or isinstance(error, PoolTimeout):
                raise mishaps.refusal(error) or StoreError(_(mishaps.UNUSABLE)) from error
            if time.monotonic() > until:
                raise Unanswered(
                    _(
                        "The database cannot be reached. Nothing was changed; try again in a moment. Should it last, the "
                        "administrator of this server has to see that it runs and that CONSILIUM_DATABASE_URL is right."
                    )
                ) from error
            time.sleep(mishaps.PAUSE)
    with connection:
        yield connection


@contextmanager
def writing(turn: str | None = None) -> Iterator[Connection]:
    """A connection whose changes are kept together when the block ends well.

    Parameters
    ----------
    turn
        What must not be done by two at a time, so that what the block reads still holds when it writes. SQLite has one
        writer anyway; on PostgreSQL those of the same turn wait for each other.
    """
    with _connected(engine(), turn) as connection:
        yield connection


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection for questions; the first is asked again where a restart of PostgreSQL cut it off."""
    with reached(engine()) as connection:
        yield connection.execution_options(**{mishaps.ASKS: mishaps.Asking()})


def settle() -> None:
    """Write SQLite's log into its file and empty it, so that nothing deleted is left there.

    PostgreSQL's own vacuum does so in its time.
    """
    made = engine()
    if made.dialect.name == "sqlite":
        with reached(made) as connection:
            raw = connection.connection.driver_connection
            if raw is not None:
                try:
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
                except sqlite3.Error as error:
                    raise mishaps.refusal(error) or error from error


def close() -> None:
    """Close every engine of this process."""
    with _lock:
        for made in _engines.values():
            made.dispose()
        _engines.clear()


def now() -> str:
    """The time as the database writes it: ISO 8601, UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")

"""What befalls a database, in words: it is gone, busy, full, unwritable, damaged.

SQLAlchemy asks the listeners of :func:`follow` wherever a driver raises, so nothing above the store meets a driver's
error. What a caller made wrong (a value that is there already, a row that may not be changed) stays what it was.
"""

from __future__ import annotations

import logging
import sqlite3
import struct
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.engine import Connection, ExecutionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mtl.language import N_, _

PATIENCE = 10.0  # seconds in which a PostgreSQL that restarts is waited for
PAUSE = 0.2  # seconds between two looks

GONE = N_("The database did not answer. Nothing was changed; try again in a moment.")
UNSURE = N_(
    "The database went away while something was being kept. Nobody can say whether it was: look, before you do it again."
)
BUSY = N_("The database is busy with another change. Nothing was changed; try again in a moment.")
FULL = N_(
    "The disk of the database is full. Nothing was changed; once the administrator of this server has made room, try again."
)
UNUSABLE = N_(
    "The database cannot be read or written on its disk. Nothing was changed; the administrator of this server has to look "
    "at the disk and at whom the files belong to."
)
DAMAGED = N_("The database is damaged. The administrator of this server has to restore it from a backup.")

_SQLITE = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_PROTOCOL: BUSY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: UNUSABLE,
    sqlite3.SQLITE_CANTOPEN: UNUSABLE,
    sqlite3.SQLITE_IOERR: UNUSABLE,
    sqlite3.SQLITE_PERM: UNUSABLE,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
#: By the beginning of PostgreSQL's SQLSTATE, the longest first: https://www.postgresql.org/docs/current/errcodes-appendix.html
_SQLSTATE = {
    "53100": FULL,
    "25006": UNUSABLE,
    "55P03": BUSY,
    "57014": BUSY,
    "57P": GONE,
    "08": GONE,
    "40": BUSY,
    "53": BUSY,
    "58": UNUSABLE,
    "XX00": DAMAGED,
}
ASKS = "asks"  # the option of a connection for questions alone
T = TypeVar("T")


class StoreError(ValueError):
    """State that cannot be used; the message says what to do."""


class Unanswered(StoreError):  # noqa: N818 - as the database is: without an answer
    """The database was not there, or went away; the message says whether anything may have been changed."""


def words(error: BaseException) -> str | None:
    """What befell the database, before translation; None where an error says that the caller was wrong."""
    if isinstance(error, DBAPIError):
        error = error.orig or error
    if isinstance(error, PoolTimeout):
        return BUSY
    if isinstance(error, Unanswered):
        return GONE
    if isinstance(error, sqlite3.Error):
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if isinstance(
        error, OSError | struct.error
    ):  # pg8000 reads a socket that was closed in the middle of an answer
        return GONE
    told = error.args[0] if error.args else ""
    if isinstance(told, dict):
        state = str(told.get("C", ""))
        return next((found for beginning, found in _SQLSTATE.items() if state.startswith(beginning)), None)
    gone = ("network error", "connection is closed", "communication error")
    return (
        GONE if type(error).__name__ == "InterfaceError" and any(one in str(told) for one in gone) else None
    )


def refusal(error: BaseException, unsure: bool = False) -> StoreError | None:
    """The error to raise instead of a driver's; `unsure` where a change was just being kept."""
    found = words(error)
    if found is None:
        return None
    return Unanswered(_(UNSURE if unsure else GONE)) if found is GONE else StoreError(_(found))


def follow(made: Engine) -> None:
    """Let an engine say in words what befell its database, and ask a question again that a restart cut off."""
    event.listen(made, "handle_error", _said)
    if made.dialect.name == "postgresql":
        event.listen(made, "do_execute", _asked)
        # It would print how closing a connection failed that is cut off already.
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


def again(call: Callable[[], T]) -> T:
    """Do something, once more where the database did not answer: for what may be done twice."""
    try:
        return call()
    except Unanswered:
        return call()


def _said(found: ExceptionContext) -> StoreError | None:
    error = found.original_exception
    if not isinstance(error, Exception) or isinstance(error, StoreError):
        return None
    # So that the pool gives this connection, and those older than this moment, to nobody else.
    found.is_disconnect = found.is_disconnect or words(error) is GONE
    if found.is_pre_ping or found.connection is None:
        return None  # who connects waits, and says it
    keeping = found.statement is None and bool(found.connection.get_execution_options().get("writes"))
    return refusal(error, unsure=keeping)


class Asking:
    """A reading transaction: whether it has had an answer. Until then nothing depends on the moment of its questions."""

    answered = False


def _asked(cursor: Any, statement: str, parameters: Any, context: ExecutionContext) -> bool | None:
    """Ask the first question of a reading transaction, and once again over a new connection where the old one was cut."""
    options = context.execution_options
    asking = options.get(ASKS)
    if asking is None or asking.answered or options.get("stream_results") or options.get("yield_per"):
        return None
    asking.answered = True
    try:
        context.dialect.do_execute(cursor, statement, parameters, context)
    except Exception as error:
        if words(error) is not GONE:
            raise
        context.cursor = _over_again(context.root_connection, error)
        context.dialect.do_execute(context.cursor, statement, parameters, context)
    return True


def _over_again(connection: Connection, error: Exception) -> Any:
    """A cursor on a new connection, once there is one."""
    connection.invalidate(error)
    connection.rollback()
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return connection.connection.cursor()
        except Exception as still:
            if words(still) is not GONE or time.monotonic() > until:
                raise error from still
            time.sleep(PAUSE)

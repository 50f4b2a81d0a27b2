"""The audit trail: entries that only grow in number, each bound to the one before by a keyed digest.

The chain is HMAC-SHA256 with a key made of the home's secret: who can write to the database but does not have the home
can neither change an entry nor add one unnoticed. Removing the last entries would leave a chain that holds, so the home
also keeps the head of the chain in a file of its own; an entry of that file must be in the chain.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, select, true

from mtl.store import schema
from mtl.store.database import now, reading, writing
from mtl.store.home import home, new_file, secret

HEAD = "audit.head"
FIRST = "0" * 64  # what the first entry follows
BATCH = 1000
_table = schema.audit
_JSON = ("shown", "warnings", "detail")

log = logging.getLogger("consilium.store")


@dataclass(frozen=True)
class Entry:
    """What was done; never a patient's value.

    Attributes
    ----------
    user, action : str
    cohort, case_key : str or None
        What it was done to.
    model, version, inputs : str or None
        Key and version of the model, and the keyed digest of what it was given (`mtl.store.keys.input_digest`).
    shown : dict
        Output column -> as printed.
    warnings : list of dict
        What was warned of, as codes.
    decision : str or None
        "estimate", "agree" or "override", with its `reason`.
    detail : dict
        Names and keys that say more.
    """

    user: str
    action: str
    cohort: str | None = None
    case_key: str | None = None
    model: str | None = None
    version: str | None = None
    inputs: str | None = None
    shown: dict[str, str] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)
    decision: str | None = None
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """An entry in its place of the chain."""

    number: int
    time: str
    entry: Entry
    previous: str
    digest: str

    def canonical(self) -> bytes:
        """What the digest is of, the same wherever it is read."""
        parts = {"number": self.number, "time": self.time, "previous": self.previous, **asdict(self.entry)}
        text = json.dumps(parts, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
        return text.encode()


@dataclass(frozen=True)
class Verdict:
    """Whether the trail is whole: how many entries, the digest of the last, and what is wrong with the first that is."""

    entries: int
    head: str
    wrong: str | None = None


def keep(*entries: Entry, also: Callable[[Connection], None] | None = None) -> None:
    """Append entries, together with what `also` writes in the same transaction: all or nothing."""
    with writing("audit") as connection:
        if also is not None:
            also(connection)
        last = [_append(connection, entry) for entry in entries][-1:]
    for one in last:
        _note_head(one)


def _append(connection: Connection, entry: Entry) -> Kept:
    asked = select(_table.c.number, _table.c.digest).order_by(_table.c.number.desc()).limit(1)
    before = connection.execute(asked).first()
    number, previous = (1, FIRST) if before is None else (before.number + 1, before.digest)
    plain = json.loads(json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False))  # as it will be read
    bare = Kept(number, now(), Entry(**plain), previous, "")
    kept = Kept(number, bare.time, bare.entry, previous, _digest(_key(), bare))
    row: dict[str, Any] = {
        "number": number,
        "time": kept.time,
        "previous": previous,
        "digest": kept.digest,
        **plain,
    }
    for name in _JSON:
        row[name] = json.dumps(row[name], ensure_ascii=False, allow_nan=False, sort_keys=True)
    connection.execute(insert(_table).values(**row))
    return kept


def _key() -> bytes:
    return hashlib.blake2b(secret(), digest_size=32, person=b"audit chain").digest()


def _digest(key: bytes, kept: Kept) -> str:
    return hmac.digest(key, kept.canonical(), "sha256").hex()


# The head --------------------------------------------------------------------------------------------------------------


def _note_head(last: Kept) -> None:
    """Keep the head in the home. Of two at a time an older one may win: it is in the chain as well.

    So is the one that stays where the disk has no room: the entry is kept, and whoever made it must not be told
    otherwise.
    """
    try:
        with new_file(home() / HEAD) as work:
            work.write_text(f"{last.number} {last.digest}\n", encoding="ascii")
    except OSError as error:
        why = errno.errorcode.get(error.errno or 0, "")
        log.warning("the head of the audit trail was not noted", extra={"facts": {"error": why}})


def head() -> tuple[int, str] | None:
    """Number and digest that the home knows to be in the chain; None where it knows none."""
    try:
        number, digest = (home() / HEAD).read_text(encoding="ascii").split()
        return int(number), digest
    except FileNotFoundError:
        return None
    except ValueError:
        return 0, "unreadable"


def renew_head() -> None:
    """Let the home know the chain as it is; for a home that was restored."""
    for kept in entries(true(), newest=True, limit=1):
        _note_head(kept)


# Reading ---------------------------------------------------------------------------------------------------------------


def verify(known: tuple[int, str] | None = None) -> Verdict:
    """Follow the whole chain.

    Parameters
    ----------
    known
        Number and digest of an entry, noted elsewhere earlier on, that must still be there.
    """
    key, previous, number = _key(), FIRST, 0
    wanted = [one for one in (head(), known) if one is not None]
    for kept in entries():
        number += 1
        if kept.number != number:
            return Verdict(number - 1, previous, f"entry {number} is missing")
        if kept.previous != previous:
            return Verdict(number - 1, previous, f"entry {number} does not follow the one before it")
        if not hmac.compare_digest(kept.digest, _digest(key, kept)):
            return Verdict(number - 1, previous, f"entry {number} was changed")
        if any(place == number and digest != kept.digest for place, digest in wanted):
            return Verdict(number - 1, previous, f"entry {number} is not the one that was here before")
        previous = kept.digest
    for place, digest in wanted:
        if place > number:
            return Verdict(number, previous, f"entries {number + 1} to {place} are gone from the end")
        if place < 1:
            return Verdict(number, previous, f"the head that the home keeps is {digest}")
    if number and head() is None:
        return Verdict(
            number, previous, f"{HEAD} is gone from the home: nobody can say whether entries are missing"
        )
    return Verdict(number, previous)


def entries(
    where: ColumnElement[bool] | None = None, newest: bool = False, limit: int | None = None, offset: int = 0
) -> Iterator[Kept]:
    """Entries in their order, or the newest first, read a batch at a time."""
    order = _table.c.number.desc() if newest else _table.c.number
    asked = select(_table).where(true() if where is None else where).order_by(order).offset(offset)
    with reading() as connection:
        rows = connection.execution_options(yield_per=BATCH).execute(
            asked if limit is None else asked.limit(limit)
        )
        for row in rows:
            yield _kept(row)


def count(where: ColumnElement[bool]) -> int:
    """How many entries there are."""
    with reading() as connection:
        return connection.scalar(select(func.count()).select_from(_table).where(where)) or 0


def values(column: str) -> list[str]:
    """The different users, or actions, that entries name."""
    with reading() as connection:
        return sorted(connection.scalars(select(_table.c[column]).distinct()))


def chosen(
    user: str | None = None, action: str | None = None, case_key: str | None = None,
    first: str | None = None, last: str | None = None,
) -> ColumnElement[bool]:  # fmt: skip
    """A condition: who, what, which case, and from and until when (ISO 8601 in UTC, the end left out)."""
    told = [
        _table.c[name] == value
        for name, value in {"user": user, "action": action, "case_key": case_key}.items()
        if value is not None
    ]
    told += [] if first is None else [_table.c.time >= first]
    told += [] if last is None else [_table.c.time < last]
    return and_(true(), *told)


def _kept(row: Row[Any]) -> Kept:
    cells = {name: getattr(row, name) for name in Entry.__dataclass_fields__}
    entry = Entry(**(cells | {name: json.loads(cells[name]) for name in _JSON}))
    return Kept(row.number, row.time, entry, row.previous, row.digest)

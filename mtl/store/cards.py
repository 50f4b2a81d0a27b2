"""What authors wrote on a model's card: a file a version, appended and never changed."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mtl.store.database import StoreError, now
from mtl.store.home import WORK, room
from mtl.study.entries import Entry, Plain

ROOM = "cards"
LONGEST = 20_000  # characters of an answer
_FILE = re.compile(r"(\d{6})\.json")
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,120}")


class CardConflict(StoreError):  # noqa: N818 - it is the store's answer, as StoreError is
    """Somebody else saved a version meanwhile."""


class CardVersion(Entry):
    """What the authors had written at one moment: by item, "tripod 5a" or "hti (B)(1)(i)", their words.

    Attributes
    ----------
    number : int
        From 1.
    who, when : str
        Name of the user; ISO 8601 in UTC.
    answers : dict
        Every item with words of an author, not only those that this version changed.
    """

    number: Annotated[int, Field(ge=1)]
    who: str
    when: str
    answers: dict[str, Plain]


def versions(model: str) -> list[CardVersion]:
    """All versions of a model's card, the oldest first.

    Raises
    ------
    StoreError
        One of them cannot be read.
    """
    folder = _folder(model)
    if not folder.is_dir():
        return []
    return [_read(path) for path in sorted(folder.iterdir()) if _FILE.fullmatch(path.name)]


def latest(model: str) -> CardVersion | None:
    """The newest version, None while nobody has written anything."""
    found = versions(model)
    return found[-1] if found else None


def append(model: str, base: int, who: str, answers: dict[str, str]) -> CardVersion:
    """Keep a new version, whole or not at all.

    Parameters
    ----------
    base
        Number of the version that the author had before them, 0 for none.

    Raises
    ------
    CardConflict
        There is a newer one.
    ValueError
        An answer is too long, or holds control characters.
    """
    made = CardVersion(number=base + 1, who=who, when=now(), answers=answers)
    folder = _folder(model)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{made.number:06d}.json"
    newest = max((int(m[1]) for path in folder.iterdir() if (m := _FILE.fullmatch(path.name))), default=0)
    if newest != base:
        raise _conflict(newest)
    work = folder / f"{WORK}{target.name}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        with work.open("x", encoding="utf-8") as file:
            file.write(made.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(work, target)  # unlike a rename it fails where the name is taken
        except FileExistsError:
            raise _conflict(made.number) from None
    finally:
        work.unlink(missing_ok=True)
    return made


def _conflict(newest: int) -> CardConflict:
    return CardConflict(
        f"version {newest} of this card was saved meanwhile; copy your words, load the page again, and save them there"
    )


def _folder(model: str) -> Path:
    if not _KEY.fullmatch(model):
        raise StoreError(f"{model[:80]!r} is no model's key")
    return room(ROOM) / model


def _read(path: Path) -> CardVersion:
    try:
        return CardVersion.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise StoreError(
            f"version {path.stem} of the card of model {path.parent.name} cannot be read; restore it from a backup"
        ) from error

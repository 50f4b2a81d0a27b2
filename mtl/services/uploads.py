"""The table that the user brought: read, cleaned, asked about; private to the user, and safe from a bad next one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd

from mtl.language import _
from mtl.limits import limit
from mtl.services import trail
from mtl.services.users import current as user
from mtl.services.users import require
from mtl.store import uploads as store
from mtl.store.uploads import Stored
from mtl.tables import Answers, Cleaned, Limits, Question, RawTable, TableError, clean, read_raw
from mtl.tables.log import RULES

__all__ = [
    "RULES",
    "Answers",
    "Question",
    "TableError",
    "Upload",
    "answer",
    "bring",
    "current",
    "discard",
    "owner",
    "reread",
]

PERMISSION = "model:write"
_KEPT = 4
_OPTIONS = ("sheet", "delimiter", "encoding", "header")


@dataclass(frozen=True, eq=False)
class Upload:
    """What the user brought, read and cleaned.

    Attributes
    ----------
    key : str
        Opaque; another reading or other answers give another.
    name : str
        What the file was called.
    raw, cleaned
        The table as found, and clean; see :mod:`mtl.tables`.
    answers : Answers
    options : dict
        How to read the file, where the user said it: sheet, delimiter, encoding, header.
    """

    stored: Stored
    name: str
    raw: RawTable
    cleaned: Cleaned
    answers: Answers
    options: dict[str, Any]

    @property
    def key(self) -> str:
        """Opaque; another reading or other answers give another."""
        return self.stored.key

    @property
    def table(self) -> pd.DataFrame:
        """The clean table."""
        return self.cleaned.table

    def refused(self) -> pd.DataFrame:
        """The lines that are no rows, with the reason in the reader's language."""
        lines = [{"line": one.line, "reason": one.reason} for one in self.cleaned.refused]
        return pd.DataFrame(lines, columns=["line", "reason"])


def owner() -> str:
    """The folder of the user who asks."""
    return store.owner_of(user().name)


def bring(data: bytes, name: str, **options: Any) -> Upload:
    """Read and clean a file; it becomes the current one. What was there before stays where this fails.

    Raises
    ------
    TableError
        The file is no table, or beyond the limits.
    """
    require(PERMISSION)
    upload = _keep(data, data, _short(name), _checked(options), Answers())
    trail.note("upload", upload=upload.key, rows=len(upload.table), columns=len(upload.table.columns))
    return upload


def reread(**options: Any) -> Upload:
    """Read the current file in another way: sheet, delimiter, encoding, header. Answers are asked anew."""
    require(PERMISSION)
    found = _current()
    return _keep(found, found.original(), str(found.meta["name"]), _checked(options), Answers())


def answer(answers: Answers) -> Upload:
    """Clean the current table again with a person's answers."""
    require(PERMISSION)
    found = _current()
    meta = found.meta
    upload = _opened(found)
    cleaned = clean(upload.raw, answers)
    kept = store.keep(found.owner, found, meta | {"answers": answers.to_dict()}, cleaned.table, found.study())
    return _remember(Upload(kept, upload.name, upload.raw, cleaned, answers, upload.options))


def current() -> Upload | None:
    """What the user brought last; None while there is nothing."""
    require(PERMISSION)
    found = store.current(owner())
    return None if found is None else _opened(found)


def discard() -> None:
    """Remove what the user brought."""
    require(PERMISSION)
    store.forget(owner())
    trail.note("discard")


def _limits() -> Limits:
    """What the server takes in one upload; the command line takes more."""
    return Limits(megabytes=limit("upload_mb"))


def _current() -> Stored:
    found = store.current(owner())
    if found is None:
        raise TableError(_("There is no table yet. Bring one first."))
    return found


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    strangers = set(options) - set(_OPTIONS)
    if strangers:
        raise ValueError(f"unknown option {sorted(strangers)[0]!r}; use {', '.join(_OPTIONS)}")
    return {name: value for name, value in options.items() if value is not None}


def _short(name: str) -> str:
    plain = "".join(character for character in Path(name).name if character.isprintable()).strip()
    return plain[-120:] or "table"


def _keep(
    original: bytes | Stored, data: bytes, name: str, options: dict[str, Any], answers: Answers
) -> Upload:
    raw = read_raw(data, name=name, limits=_limits(), **options)
    cleaned = clean(raw, answers)
    meta = {"name": name, "options": options, "answers": answers.to_dict()}
    kept = store.keep(owner(), original, meta, cleaned.table, None)
    return _remember(Upload(kept, name, raw, cleaned, answers, options))


# One user's table, kept while it is looked at: the key is of the user's own folder, and nobody else's.
_uploads: OrderedDict[Path, Upload] = OrderedDict()
_guard = Lock()


def _remember(upload: Upload) -> Upload:
    with _guard:
        _uploads[upload.stored.folder] = upload
        while len(_uploads) > _KEPT:
            _uploads.popitem(last=False)
    return upload


def forget_memory() -> None:
    """Keep no table in memory any more; each is read again when it is asked for."""
    with _guard:
        _uploads.clear()


def _opened(found: Stored) -> Upload:
    with _guard:
        kept = _uploads.get(found.folder)
    if kept is not None:
        return kept
    meta = found.meta
    answers = Answers.from_dict(meta["answers"])
    raw = read_raw(found.original(), name=meta["name"], limits=_limits(), **_checked(meta["options"]))
    return _remember(Upload(found, meta["name"], raw, clean(raw, answers), answers, dict(meta["options"])))

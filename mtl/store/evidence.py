"""Evidence on a model and a cohort, a file a part: computed once, kept whole or not at all, gone with either of them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from mtl.store.cohorts import Cohort
from mtl.store.database import StoreError, now
from mtl.store.home import new_file, room
from mtl.store.models import ModelRecord

PART = re.compile(r"[a-z][a-z0-9_]{0,40}")
ROOM = "evidence"


def folder_of(record: ModelRecord, cohort: Cohort) -> Path:
    """Where the evidence of a model on a cohort's present rows lies or would lie."""
    return room(ROOM) / record.key / f"{cohort.key}-{cohort.data}"


def keep(record: ModelRecord, cohort: Cohort, part: str, version: int, content: dict[str, Any]) -> None:
    """Write a part down, and when; JSON values only, no patient's row. What it was computed from piece by piece goes."""
    text = json.dumps({"finished": now(), **content}, ensure_ascii=False, allow_nan=False)
    _write(_file(record, cohort, part, version), text)
    shutil.rmtree(_pieces(record, cohort, part, version), ignore_errors=True)
    _file(record, cohort, part, version).with_suffix(".began").unlink(missing_ok=True)


def find(record: ModelRecord, cohort: Cohort, part: str, version: int) -> dict[str, Any] | None:
    """A part, None while there is none.

    Raises
    ------
    StoreError
        The file cannot be read.
    """
    path = _file(record, cohort, part, version)
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise StoreError(
            f"{path.name} of model {record.key} cannot be read; remove it and compute it again"
        ) from error
    return found


def note_beginning(record: ModelRecord, cohort: Cohort, part: str, version: int, share: float) -> None:
    """Write down that a part is being computed from now on, and how much of it was done already."""
    text = json.dumps({"began": now(), "share": share})
    _write(_file(record, cohort, part, version).with_suffix(".began"), text)


def beginning(record: ModelRecord, cohort: Cohort, part: str, version: int) -> tuple[str, float] | None:
    """When the computing of a part began last, ISO 8601 in UTC, and the share done then; None where it never did."""
    path = _file(record, cohort, part, version).with_suffix(".began")
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return str(found["began"]), float(found["share"])


class Pieces(MutableMapping[str, Any]):
    """Finished pieces of a part that is being computed, JSON values by name, on disk: a killed job goes on from them."""

    def __init__(self, record: ModelRecord, cohort: Cohort, part: str, version: int) -> None:
        self._folder = _pieces(record, cohort, part, version)

    def __getitem__(self, name: str) -> Any:
        path = self._path(name)
        if not path.is_file():
            raise KeyError(name)
        return json.loads(path.read_bytes())

    def __setitem__(self, name: str, value: Any) -> None:
        _write(self._path(name), json.dumps(value, ensure_ascii=False, allow_nan=False))

    def __delitem__(self, name: str) -> None:
        self._path(name).unlink()

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path.stem for path in self._folder.glob("*.json")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _path(self, name: str) -> Path:
        if not re.fullmatch(r"[A-Za-z0-9_.@=-]{1,120}", name):
            raise ValueError(f"a piece is called {name[:40]!r}: use letters, digits and _.@=-")
        return self._folder / f"{name}.json"


def _file(record: ModelRecord, cohort: Cohort, part: str, version: int) -> Path:
    if not PART.fullmatch(part):
        raise ValueError(f"a part is called {part[:40]!r}: use small letters, digits and _")
    return folder_of(record, cohort) / f"{part}-{version}.json"


def _pieces(record: ModelRecord, cohort: Cohort, part: str, version: int) -> Path:
    return _file(record, cohort, part, version).with_suffix(".pieces")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with new_file(path) as work:
        work.write_text(text, encoding="utf-8")

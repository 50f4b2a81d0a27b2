"""What a user brought: the file, how it was read, the clean table and the study, in a folder of that user alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mtl.store.damage import whole
from mtl.store.database import StoreError
from mtl.store.home import REMOVING, locked, new_file, new_folder, room, secret

KEPT = 3  # folders of a user; a running job may still read the last but one
_KEY = re.compile(r"[a-z2-7]{16}")
_ORIGINAL, _META, _TABLE, _STUDY, _POINTER = "original", "meta.json", "table.parquet", "study.toml", "current"


def owner_of(user: str) -> str:
    """The plain, opaque name of a user's folder: it says nothing about the user."""
    digest = hmac.new(secret(), b"owner\0" + user.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:16]


@dataclass(frozen=True)
class Stored:
    """One state of what a user brought. Its folder never changes, except for the study and what jobs leave beside it."""

    owner: str
    key: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return room("uploads") / self.owner / self.key

    @property
    def meta(self) -> dict[str, Any]:
        """What was said about the file: its name, how to read it, the answers."""
        with whole(self.folder / _META):
            found: dict[str, Any] = json.loads((self.folder / _META).read_text(encoding="utf-8"))
        return found

    def original(self) -> bytes:
        """The file as it came."""
        return (self.folder / _ORIGINAL).read_bytes()

    def table(self) -> pd.DataFrame:
        """The clean table."""
        with whole(self.folder / _TABLE):
            return pd.read_parquet(self.folder / _TABLE)

    @property
    def rows(self) -> int:
        """Rows of the clean table."""
        with whole(self.folder / _TABLE):
            return int(pq.ParquetFile(self.folder / _TABLE).metadata.num_rows)

    def chunks(self, rows: int) -> Iterator[pd.DataFrame]:
        """The clean table, some rows at a time."""
        with whole(self.folder / _TABLE), pq.ParquetFile(self.folder / _TABLE, pre_buffer=False) as file:
            for batch in file.iter_batches(rows):
                yield pa.Table.from_batches([batch]).to_pandas()

    def study(self) -> str | None:
        """The study as the user left it, in TOML; None while nobody changed the guess."""
        path = self.folder / _STUDY
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def keep_study(self, toml: str) -> None:
        """Replace the study."""
        self.write(_STUDY, toml.encode())

    def write(self, name: str, content: bytes) -> None:
        """A file of the folder, whole or not at all."""
        _replace(self.folder / name, content)

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A file to write, which takes the name when the block ends well, and vanishes when it does not."""
        with new_file(self.folder / name) as work:
            yield work

    def read(self, name: str) -> bytes | None:
        """A file of the folder, None where there is none."""
        path = self.folder / name
        return path.read_bytes() if path.is_file() else None


def keep(
    owner: str, original: bytes | Stored, meta: dict[str, Any], table: pd.DataFrame, study: str | None
) -> Stored:
    """Keep a new state, which becomes the current one; what was there before stays until it is whole."""
    stored = Stored(owner, base64.b32encode(secrets.token_bytes(10)).decode().lower())
    with new_folder(stored.folder) as folder:
        if isinstance(original, Stored):
            os.link(original.folder / _ORIGINAL, folder / _ORIGINAL)
        else:
            (folder / _ORIGINAL).write_bytes(original)
        (folder / _META).write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
        table.to_parquet(folder / _TABLE, index=False)
        if study is not None:
            (folder / _STUDY).write_text(study, encoding="utf-8")
    _replace(stored.folder.parent / _POINTER, stored.key.encode())
    _tidy(stored)
    return stored


def current(owner: str) -> Stored | None:
    """What the user brought last."""
    try:
        key = (room("uploads") / owner / _POINTER).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    return find(owner, key)


def find(owner: str, key: str) -> Stored | None:
    """One state by its key, None where it is gone."""
    if not (_KEY.fullmatch(owner) and _KEY.fullmatch(key)):
        return None
    stored = Stored(owner, key)
    return stored if (stored.folder / _META).is_file() else None


def every(owner: str) -> list[Stored]:
    """Every state that a user's folder still has."""
    folder = room("uploads") / owner
    if not (_KEY.fullmatch(owner) and folder.is_dir()):
        return []
    return [found for path in folder.iterdir() if (found := find(owner, path.name)) is not None]


def get(owner: str, key: str) -> Stored:
    """One state by its key; StoreError when it is gone."""
    found = find(owner, key)
    if found is None:
        raise StoreError("the table that was brought is not there any more; bring it again")
    return found


def forget(owner: str) -> None:
    """Remove everything that a user brought."""
    if _KEY.fullmatch(owner):
        with locked(REMOVING):
            shutil.rmtree(room("uploads") / owner, ignore_errors=True)


def _tidy(stored: Stored) -> None:
    with locked(REMOVING, wait=False) as alone:
        if not alone:
            return  # a backup is being made; the next table tidies up
        folders = [path for path in stored.folder.parent.iterdir() if _KEY.fullmatch(path.name)]
        for old in sorted(folders, key=lambda path: path.stat().st_mtime_ns, reverse=True)[KEPT:]:
            if old != stored.folder:
                shutil.rmtree(old, ignore_errors=True)


def _replace(path: Path, content: bytes) -> None:
    with new_file(path) as work:
        work.write_bytes(content)

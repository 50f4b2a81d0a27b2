"""Cohorts: a table of patients as Parquet, its study, and the opaque keys of its cases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sqlalchemy import Row, delete, insert, select, update

from mtl.expressions import cells
from mtl.store import schema
from mtl.store.damage import whole
from mtl.store.database import StoreError, now, reading, writing
from mtl.store.home import new_folder, room, secret
from mtl.store.keys import CASE_KEY, CASE_KEY_LENGTH, case_key, content_digest
from mtl.study import Study

PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
ROW_GROUP = 8192
BATCH = 65_536
_KEY = f"S{CASE_KEY_LENGTH}"


class CohortError(StoreError):
    """A cohort that is not there or cannot be taken; the message holds no patient's value."""


@dataclass(frozen=True, eq=False)  # one object a content: see _made
class Cohort:
    """A registered cohort.

    `model` and `scores` name what its numbers come from, None while there are none. `folder` is where its rows lie; its
    name carries a digest of the content, so it never changes.
    """

    key: str
    name: str
    data: str
    n: int
    study: Study
    sample: bool
    model: str | None
    scores: str | None
    folder: Path

    @property
    def rows_file(self) -> Path:
        """All columns as they were recorded."""
        return self.folder / "rows.parquet"

    @property
    def scores_folder(self) -> Path:
        """The predictions; CohortError while there are none."""
        if self.scores is None:
            raise CohortError(
                f"cohort {self.name!r} has no predictions yet; wait for its model or choose another cohort"
            )
        return self.folder / self.scores

    @cached_property
    def case_keys(self) -> NDArray[np.bytes_]:
        """(n,) keys in the order of the rows."""
        with whole(self.folder / "case_keys.npy"):
            return np.asarray(np.load(self.folder / "case_keys.npy", mmap_mode="r", allow_pickle=False))

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        with whole(self.folder / "order.npy"):
            return np.asarray(np.load(self.folder / "order.npy", mmap_mode="r", allow_pickle=False))

    def place(self, key: str) -> int | None:
        """Row of a case, None when it is not of this cohort."""
        wanted = np.array(key.encode("ascii", "replace"), dtype=_KEY)
        found = int(np.searchsorted(self.case_keys, wanted, sorter=self._order))
        if found == self.n:
            return None
        row = int(self._order[found])
        return row if self.case_keys[row] == wanted else None

    def row(self, place: int) -> pd.DataFrame:
        """One patient's row, as recorded."""
        group, inside = divmod(place, ROW_GROUP)
        return _row_group(str(self.rows_file), group).iloc[[inside]].reset_index(drop=True)

    def batches(self, size: int = BATCH) -> Iterator[pa.Table]:
        """The rows from the first to the last, `size` at a time."""
        with whole(self.rows_file), pq.ParquetFile(self.rows_file, pre_buffer=False) as file:
            for batch in file.iter_batches(size):
                yield pa.Table.from_batches([batch])

    def table(self) -> pd.DataFrame:
        """All rows, as recorded."""
        with whole(self.rows_file):
            table: pd.DataFrame = pq.read_table(self.rows_file, partitioning=None).to_pandas()
        return table

    def identifiers(self) -> list[str]:
        """Every patient's identifier as text, in the order of the rows."""
        with whole(self.rows_file):
            read = pq.read_table(self.rows_file, columns=[self.study.identifier], partitioning=None)
        column = read.to_pandas()
        return [str(text) for text in cells.texts(column[self.study.identifier])]


@lru_cache(maxsize=32)
def _row_group(file: str, group: int) -> pd.DataFrame:
    with whole(Path(file)), pq.ParquetFile(file) as parquet:
        frame: pd.DataFrame = parquet.read_row_group(group).to_pandas()
    return frame


# Registering ---------------------------------------------------------------------------------------------------------


def register(key: str, name: str, study: Study, table: pd.DataFrame, sample: bool = False) -> Cohort:
    """Keep a table as a cohort; the same rows under the same key are kept once.

    Raises
    ------
    CohortError
        No rows, no identifier column, or an identifier that is missing or occurs twice.
    """
    if not PLAIN.fullmatch(key):
        raise CohortError(f"cohort key {key[:80]!r}: use small letters, digits, - and _")
    identifiers = _identifiers(study, table)
    plain = _plain(table)
    data = _digest(study, plain)
    target = room("cohorts") / key / data
    if not target.exists():
        with new_folder(target) as folder:
            arrow = pa.Table.from_pandas(plain, preserve_index=False)
            pq.write_table(arrow, folder / "rows.parquet", row_group_size=ROW_GROUP, compression="zstd")
            sign = secret()
            keys = np.array([case_key(sign, key, identifier) for identifier in identifiers], dtype=_KEY)
            np.save(folder / "case_keys.npy", keys, allow_pickle=False)
            np.save(folder / "order.npy", np.argsort(keys, kind="stable"), allow_pickle=False)
    values = {"name": name, "data": data, "n": len(table), "study": study.to_toml(), "sample": sample}
    with writing("cohorts") as connection:
        old = connection.execute(select(schema.cohorts).where(schema.cohorts.c.key == key)).first()
        if old is None:
            connection.execute(insert(schema.cohorts).values(key=key, registered=now(), **values))
        elif old.data != data:
            changed = update(schema.cohorts).where(schema.cohorts.c.key == key)
            connection.execute(changed.values(model=None, scores=None, **values))
            # Other patients: whoever was let see the earlier ones has not been let see these.
            connection.execute(delete(schema.shares).where(schema.shares.c.cohort == key))
    return get(key)


def use_scores(key: str, data: str, model: str, scores: str) -> None:
    """Let a cohort show the numbers of a model, if it still has those rows."""
    with writing() as connection:
        chosen = (schema.cohorts.c.key == key) & (schema.cohorts.c.data == data)
        connection.execute(update(schema.cohorts).where(chosen).values(model=model, scores=scores))


def forget(key: str) -> None:
    """Take a cohort out of the database; its folder goes with `Cohort.folder`."""
    with writing() as connection:
        connection.execute(delete(schema.cohorts).where(schema.cohorts.c.key == key))


def _identifiers(study: Study, table: pd.DataFrame) -> list[str]:
    if not len(table):
        raise CohortError("the table has no rows; a cohort needs at least one patient")
    if study.identifier not in table.columns:
        raise CohortError(
            f"the table has no column {study.identifier!r}, the study's identifier; add or rename it"
        )
    texts = cells.texts(table[study.identifier])
    lacking = int(cells.absent(texts).sum())
    if lacking:
        raise CohortError(
            f"column {study.identifier!r}: {lacking} rows have no identifier; give every row one"
        )
    twice = len(texts) - len(set(texts.tolist()))
    if twice:
        raise CohortError(
            f"column {study.identifier!r}: {twice} rows repeat an identifier; give every row its own"
        )
    return [str(text) for text in texts]


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Columns that Parquet can hold: objects of several types become text."""
    plain = table.reset_index(drop=True)
    for name in plain.columns[plain.dtypes.map(pd.api.types.is_object_dtype)]:
        if pd.api.types.infer_dtype(plain[name], skipna=True) not in ("string", "empty"):
            plain[name] = pd.Series(cells.texts(plain[name]), dtype="string")
    return plain


def _digest(study: Study, table: pd.DataFrame) -> str:
    hashes = pd.util.hash_pandas_object(table, index=False).to_numpy()
    heading = [f"{name}\0{dtype}".encode() for name, dtype in table.dtypes.items()]
    content = hashlib.sha256(np.ascontiguousarray(hashes).tobytes()).digest()
    return content_digest([study.to_toml().encode(), *heading, content])


# Finding -------------------------------------------------------------------------------------------------------------


def get(key: str) -> Cohort:
    """A cohort by its key; CohortError when there is none."""
    with reading() as connection:
        row = connection.execute(select(schema.cohorts).where(schema.cohorts.c.key == key)).first()
    if row is None:
        raise CohortError(f"there is no cohort {key[:80]!r}; choose one from the overview")
    return _cohort(row)


def every() -> list[Cohort]:
    """All cohorts, samples first, then in the order of their names."""
    with reading() as connection:
        rows = connection.execute(select(schema.cohorts)).all()
    return [
        _cohort(row)
        for row in sorted(rows, key=lambda r: (not r.sample, r.registered if r.sample else r.name))
    ]


def find_case(key: str) -> tuple[Cohort, int]:
    """The cohort and the row of a case.

    Raises
    ------
    CohortError
        The key is not of a case here; the message does not repeat it.
    """
    if CASE_KEY.fullmatch(key):
        for cohort in every():
            place = cohort.place(key)
            if place is not None:
                return cohort, place
    raise CohortError("there is no such case here; open it from the list of patients")


@lru_cache(maxsize=64)
def _study(toml: str) -> Study:
    return Study.from_toml(toml)


@lru_cache(maxsize=64)
def _made(
    root: Path,
    key: str,
    name: str,
    data: str,
    n: int,
    toml: str,
    sample: bool,
    model: str | None,
    scores: str | None,
) -> Cohort:
    # one object a content, so that its files are opened once
    return Cohort(key, name, data, n, _study(toml), sample, model, scores, root / key / data)


def _cohort(row: Row[tuple[object, ...]]) -> Cohort:
    return _made(
        room("cohorts"), row.key, row.name, row.data, row.n, row.study, row.sample, row.model, row.scores
    )

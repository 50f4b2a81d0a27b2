"""Tables as commands take them: whole, or a chunk of rows at a time when they may be larger than memory."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mtl.commands.console import CommandError, Console
from mtl.data import DataError, Note, read_table
from mtl.expressions import cells, parse
from mtl.multitask import describe
from mtl.study import Study

CHUNK_ROWS = 20_000
_READ_AT_ONCE = 1 << 20  # bytes of a column
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PARQUET = (".parquet", ".pq")


def read_whole(path: str, study: Study) -> pd.DataFrame:
    """A table of the study's patients; see :func:`mtl.data.read_table` for the errors."""
    names = (study.identifier,) if study.patient is None else (study.identifier, study.patient)
    table = read_table(path, text=names)
    if not len(table):
        raise DataError(f"{Path(path).name}: no rows; give a table with one row a patient")
    return table


def columns_of(study: Study) -> frozenset[str]:
    """Every column that a prediction of the study may read, and the identifier."""
    conditions = [study.given(column) for column in study.treatment_columns]
    for treatment in study.treatments:
        for trial in treatment.trials:
            conditions += [text for text in (trial.applies, trial.no_effect) if text]
    read = frozenset(name for text in conditions for name in parse(text).columns)
    return read | {study.identifier} | {f.name for f in study.features} | set(study.treatment_columns)


def identifiers(table: pd.DataFrame, study: Study, first: int = 1) -> NDArray[np.object_]:
    """The identifier of every row as text, None where missing; row numbers from `first` where there is no such column."""
    if study.identifier not in table.columns:
        return np.array([str(row) for row in range(first, first + len(table))], dtype=object)
    return cells.texts(table[study.identifier])


@dataclass
class Notes:
    """Notes on a table gathered over its chunks, each once with the sum of its counts."""

    found: dict[tuple[str, str], Note] = field(default_factory=dict)

    def add(self, notes: Iterable[Note]) -> None:
        """Take the notes of one more chunk; several tasks may have found the same in one column."""
        for key, note in {(note.column, note.kind): note for note in notes}.items():
            before = self.found.get(key)
            count = note.count + (before.count if before else 0)
            self.found[key] = Note(note.column, note.kind, count, before.example if before else note.example)

    def tell(self, console: Console, where: str = "") -> None:
        """Warn of each; `where` says which table is meant."""
        for note in self.found.values():
            console.warn(where + describe(note))


class Chunks:
    """A table file read a chunk of rows at a time, each cell as it would be read with the whole file.

    A CSV file is read twice: pandas chooses a column's type from all its cells, so one word among the numbers
    decides how the numbers before it are read. The first reading finds the types, the second gives the rows.

    Parameters
    ----------
    path
        A .csv, .tsv or .parquet file.
    study
        Columns that no prediction of the study reads are left out.

    Raises
    ------
    DataError
        As :func:`mtl.data.read_table`; a fault far down the file is found on construction.
    """

    def __init__(self, path: str, study: Study) -> None:
        self._path, self._study = Path(path), study
        self._wanted = columns_of(study)
        suffix = self._path.suffix.lower()
        if suffix in _PARQUET:
            self._parquet = True
            self.rows = _guarded_parquet(self._path).metadata.num_rows
            return
        self._parquet = False
        self._separator = _SEPARATORS.get(suffix, "")
        read_header(self._path, self._separator)
        self._used: list[str] = []
        self._types, self.rows = self._find_types()

    def __iter__(self) -> Iterator[pd.DataFrame]:
        chunks = self._parquet_chunks() if self._parquet else self._csv_chunks(self._types)
        for chunk in chunks:
            yield chunk[[name for name in chunk.columns if name in self._wanted]]

    def _parquet_chunks(self) -> Iterator[pd.DataFrame]:
        file = _guarded_parquet(self._path)
        names = [name for name in file.schema_arrow.names if name in self._wanted]
        try:
            for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=names):
                yield pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)
        except (pa.ArrowException, OSError) as error:
            raise DataError(
                f"{self._path.name}: not a readable Parquet file ({str(error)[:80]}); write it again"
            ) from None

    def _csv_chunks(self, types: dict[str, str], every: bool = False) -> Iterator[pd.DataFrame]:
        """The rows; without `every` only the columns that are wanted, which is faster where others are long."""
        # The parser tells of rows with too many cells only where it reads every column: the first reading does.
        chosen = None if every or not self._used else self._used
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                reader = pd.read_csv(
                    self._path, sep=self._separator, encoding="utf-8-sig", low_memory=False, index_col=False,
                    dtype={name: types[name] for name in types}, float_precision="round_trip", chunksize=CHUNK_ROWS,
                    usecols=chosen,
                )  # fmt: skip
            with reader:
                while True:
                    with warnings.catch_warnings():
                        warnings.simplefilter("error", pd.errors.ParserWarning)
                        chunk = next(reader, None)
                    if chunk is None:
                        return
                    yield chunk
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self._path.name}: not UTF-8 text ({error.reason}); save it as CSV UTF-8"
            ) from None
        except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
            why = str(error).strip().removeprefix("Error tokenizing data. C error: ")
            raise DataError(f"{self._path.name}: {why}; give every row as many cells as the header") from None

    def _find_types(self) -> tuple[dict[str, str], int]:
        """The type of every column over the whole file, and the number of rows."""
        header = read_header(self._path, self._separator)
        kept = {name: "string" for name in header if name == self._study.identifier}
        unread = {name: "object" for name in header if name not in self._wanted}
        kinds: dict[str, set[str]] = {
            name: set() for name in header if name not in kept and name not in unread
        }
        rows = 0
        self._used = [name for name in header if name in self._wanted]
        for chunk in self._csv_chunks({**kept, **unread}, every=True):
            rows += len(chunk)
            for name, seen in kinds.items():
                seen.add(_kind(chunk[name]))
        types = {name: _type(seen - {"nothing"}) for name, seen in kinds.items()}
        return {**kept, **unread, **types}, rows


def _kind(column: pd.Series) -> str:
    """What the cells of a chunk are, as pandas reads them: nothing, numbers, truths or words."""
    if column.isna().all():
        return "nothing"
    if pd.api.types.is_bool_dtype(column.dtype):
        return "truths"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "numbers"
    return "truths" if all(isinstance(cell, bool) for cell in column.dropna()) else "words"


def _type(kinds: set[str]) -> str:
    if kinds == {"truths"}:
        return "boolean"
    return "float64" if kinds <= {"numbers"} else "object"


def _guarded_parquet(path: Path) -> pq.ParquetFile:
    if not path.is_file():
        raise DataError(f"{path.name}: no such file; check the path")
    try:
        # Read ahead, it would keep every row group that it has passed until the file is closed: a whole large table.
        file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_READ_AT_ONCE)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path.name}: not a readable Parquet file ({str(error)[:80]}); write it again"
        ) from None
    _no_name_twice(path, list(file.schema_arrow.names))
    return file


def read_header(path: Path, separator: str) -> list[str]:
    """The column names of a CSV or TSV file; DataError where there are none."""
    if not separator:
        raise DataError(
            f"{path.name}: unknown type {path.suffix.lower() or 'without ending'!r}; save it as .csv, .tsv or .parquet"
        )
    if not path.is_file():
        raise DataError(f"{path.name}: no such file; check the path")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = next(islice(csv.reader(lines, delimiter=separator), 1), [])
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8 text; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path.name}: the header cannot be read ({error}); correct the first line") from None
    if not any(name.strip() for name in header):
        raise DataError(f"{path.name}: no header; put the column names in the first row")
    _no_name_twice(path, header)
    return header


def _no_name_twice(path: Path, names: list[str]) -> None:
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise DataError(f"{path.name}: column {twice[0]!r} occurs twice; rename one of them")


def the_row(chunks: Iterable[pd.DataFrame], path: str, study: Study, identifier: str) -> pd.DataFrame:
    """The one row whose identifier is `identifier`, found a chunk at a time.

    Raises
    ------
    CommandError
        No row has it, or several have, or the table has no identifier column.
    """
    wanted = identifier.strip()
    found: list[pd.DataFrame] = []
    for chunk in chunks:
        if study.identifier not in chunk.columns:
            raise CommandError(
                f"{Path(path).name}: no column {study.identifier!r}, the study's identifier; add it"
            )
        hit = np.asarray(identifiers(chunk, study) == wanted, dtype=bool)
        if hit.any():
            found.append(chunk[hit])
    rows = sum(map(len, found))
    shown = wanted if len(wanted) <= 60 else wanted[:57] + "..."
    if not rows:
        raise CommandError(
            f"{Path(path).name}: no row with {study.identifier} {shown!r}; check the identifier"
        )
    if rows > 1:
        raise CommandError(
            f"{Path(path).name}: {rows} rows have {study.identifier} {shown!r}; keep the one that is meant"
        )
    return found[0]

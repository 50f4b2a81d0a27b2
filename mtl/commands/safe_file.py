"""Predictions as a file that appears whole or not at all, and that no spreadsheet takes for a program."""

from __future__ import annotations

import csv
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

ENDINGS = (".csv", ".parquet")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


Names = NDArray[np.object_]
Piece: TypeAlias = Any  # bytes of a text file, a pyarrow.Table of a Parquet file


class Writer(Protocol):
    """Takes a table's rows in chunks: identifiers (n,) as text or None, and float columns of the same names each time."""

    def write(self, identifiers: Names, numbers: pd.DataFrame) -> None:
        """Append rows."""

    def put(self, piece: Piece, columns: Sequence[str]) -> None:
        """Append rows that :func:`piece` has made, and whose numbers have these columns."""


def piece(ending: str, identifier: str, identifiers: Names, numbers: pd.DataFrame) -> Piece:
    """Rows as a file of that ending holds them: text without a header, or a table; made apart from the file."""
    return _lines(identifiers, numbers) if ending == ".csv" else _rows(identifier, identifiers, numbers)


@contextmanager
def predictions_file(path: Path, identifier: str) -> Iterator[Writer]:
    """A writer for `path` (.csv or .parquet), whose first column is `identifier`.

    The file is written beside `path` under a temporary name and takes its place at the end; after an error there is
    no trace of it.
    """
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:
            if path.suffix.lower() == ".csv":
                yield _CsvWriter(file, identifier)
            else:
                with _ParquetWriter(file, identifier) as writer:
                    yield writer
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def safe_text(text: str) -> str:
    """Text that a spreadsheet shows instead of running it; numbers stay as they are.

    >>> safe_text("=HYPERLINK(1)"), safe_text("-7"), safe_text("a=b")
    ("'=HYPERLINK(1)", '-7', 'a=b')
    """
    return "'" + text if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def _cell(text: str | None) -> str:
    if text is None:
        return ""
    text = safe_text(text)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text


def _lines(identifiers: Names, numbers: pd.DataFrame) -> bytes:
    rows = numbers.to_numpy(dtype=np.float64).tolist()
    lines = [
        ",".join([_cell(name), *("" if value != value else repr(value) for value in row)])
        for name, row in zip(identifiers, rows, strict=True)
    ]
    return ("\n".join(lines) + "\n" if lines else "").encode("utf-8", "backslashreplace")


def _rows(identifier: str, identifiers: Names, numbers: pd.DataFrame) -> pa.Table:
    fields = [
        pa.field(identifier, pa.string()),
        *(pa.field(name, pa.float64()) for name in numbers.columns),
    ]
    columns = [
        pa.array(identifiers, pa.string()),
        *(pa.array(numbers[c].to_numpy(), from_pandas=True) for c in numbers),
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


class _CsvWriter:
    def __init__(self, file: IO[bytes], identifier: str) -> None:
        self._file, self._identifier, self._begun = file, identifier, False

    def write(self, identifiers: Names, numbers: pd.DataFrame) -> None:
        self.put(_lines(identifiers, numbers), list(numbers.columns))

    def put(self, piece: Piece, columns: Sequence[str]) -> None:
        if not self._begun:
            header = ",".join(map(_cell, [self._identifier, *columns])) + "\n"
            self._file.write(header.encode("utf-8", "backslashreplace"))
            self._begun = True
        self._file.write(piece)


class _ParquetWriter:
    def __init__(self, file: IO[bytes], identifier: str) -> None:
        self._file, self._identifier = file, identifier
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> _ParquetWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, identifiers: Names, numbers: pd.DataFrame) -> None:
        self.put(_rows(self._identifier, identifiers, numbers), list(numbers.columns))

    def put(self, piece: Piece, _columns: Sequence[str]) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, piece.schema)
        self._writer.write_table(piece)


def safe_table(path: Path, table: pd.DataFrame) -> None:
    """Write texts as CSV, whole or not at all; a text that begins like a formula gets an apostrophe."""
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}")
    try:
        with temporary.open("x", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.columns)
            for row in table.itertuples(index=False):
                writer.writerow(["" if cell is None else safe_text(str(cell)) for cell in row])
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

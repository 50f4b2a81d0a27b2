"""How a tidy table file (CSV, TSV or Parquet) becomes a data frame, or a clear error."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import pandas as pd
import pyarrow as pa

from mtl.data.notes import DataError

_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_PARQUET = (".parquet", ".pq")


def read_table(path: str | Path, text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a table with a header row, one patient a row.

    Parameters
    ----------
    path
        A .csv (comma), .tsv (tab) or .parquet file; text files in UTF-8.
    text
        Columns to keep as text, such as an identifier with leading zeros.

    Raises
    ------
    DataError
        The file is absent, of another type, empty, not UTF-8, has a row with too many cells or a column
        name twice.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (*_SEPARATORS, *_PARQUET):
        raise DataError(
            f"{path.name}: unknown type {suffix or 'without ending'!r}; save it as .csv, .tsv or .parquet"
        )
    if not path.is_file():
        raise DataError(f"{path.name}: no such file; check the path")
    table = _parquet(path, text) if suffix in _PARQUET else _delimited(path, _SEPARATORS[suffix], text)
    table.columns = table.columns.map(str)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(f"{path.name}: column {twice[0]!r} occurs twice; rename one of them")
    return table


def _parquet(path: Path, text: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path.name}: not a readable Parquet file ({str(error)[:80]}); write it again"
        ) from None
    return table.astype({name: "string" for name in text if name in table.columns})


def _delimited(path: Path, separator: str, text: tuple[str, ...]) -> pd.DataFrame:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            header = next(csv.reader(lines, delimiter=separator), [])
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8 text; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path.name}: the header cannot be read ({error}); correct the first line") from None
    if not any(name.strip() for name in header):
        raise DataError(f"{path.name}: no header; put the column names in the first row")
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    if twice:
        raise DataError(f"{path.name}: column {twice[0]!r} occurs twice; rename one of them")
    kept = [name for name in text if name in header]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table: pd.DataFrame = pd.read_csv(
                path, sep=separator, encoding="utf-8-sig", low_memory=False, index_col=False,
                dtype=dict.fromkeys(kept, "string"), float_precision="round_trip",
            )  # fmt: skip
            return table
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name}: not UTF-8 text at byte {error.start}; save it as CSV UTF-8") from None
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        reason = str(error).strip().removeprefix("Error tokenizing data. C error: ")
        raise DataError(f"{path.name}: {reason}; give every row as many cells as the header") from None

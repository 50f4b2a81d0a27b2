"""A table as it was found: every cell as text, where each row stood in the file, and what could not be a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mtl.language import _, ngettext, number

Format = Literal["delimited", "xlsx", "parquet"]
RefusedKind = Literal["too_few_cells", "too_many_cells", "no_value"]
RemarkKind = Literal[
    "content_not_ending",
    "blank_lines",
    "titles",
    "no_header",
    "several_header_lines",
    "renamed",
    "empty_columns",
    "one_row",
    "sheets",
    "merged",
]


@dataclass(frozen=True)
class RawColumn:
    """A column: a unique clean name, the heading as found (lines joined by " / ") and the unit it names, if any."""

    name: str
    heading: str
    unit: str | None = None


@dataclass(frozen=True)
class Refused:
    """A line of the file that is no row of the table: how many cells it has, and how many were expected."""

    line: int
    kind: RefusedKind
    cells: int
    expected: int

    @property
    def reason(self) -> str:
        """Why, in the reader's language."""
        if self.kind == "no_value":
            return _("no value in any cell")
        return _("{found} cells, where the header has {expected}").format(
            found=number(self.cells), expected=number(self.expected)
        )


@dataclass(frozen=True)
class Remark:
    """Something about the file that a person should know; `text` says it in the reader's language."""

    kind: RemarkKind
    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The remark as a sentence."""
        names = ", ".join(name[:40] for name in self.names[:5]) + (", …" if len(self.names) > 5 else "")
        return _sentence(self.kind, self.count).format(count=number(self.count), names=names)


def _sentence(kind: RemarkKind, count: int) -> str:
    return {
        "content_not_ending": _("The content is not what the file's ending says; it was read by its content: {names}."),
        "blank_lines": ngettext("{count} blank line was passed over.", "{count} blank lines were passed over.", count),
        "titles": ngettext(
            "{count} line above the header is a title or comment: {names}",
            "{count} lines above the header are titles or comments: {names}",
            count,
        ),
        "no_header": _("The first line looks like values, not names: the columns were numbered."),
        "several_header_lines": _("{count} lines make the header."),
        "renamed": _("Columns with an empty or repeated heading were given names: {names}."),
        "empty_columns": ngettext(
            "{count} column without heading and value was left out.",
            "{count} columns without heading and value were left out.",
            count,
        ),
        "one_row": _("The table has a single row: enough to score, too few to learn from."),
        "sheets": _("The workbook has {count} sheets ({names}); choose another where this is the wrong one."),
        "merged": ngettext(
            "{count} merged area: its value stands in its first cell only.",
            "{count} merged areas: the value stands in the first cell only.",
            count,
        ),
    }[kind]  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """How the file was read.

    Attributes
    ----------
    format : str
        "delimited", "xlsx" or "parquet".
    encoding, delimiter, sheet : str or None
        As found or chosen; None where the format has none.
    decimal : str or None
        "." or ",": the mark that the numbers of the first thousand rows show; None when they show none.
    sheets : tuple of str
        The workbook's sheets.
    header_lines : int
        Lines that make the header; 0 when there was none.
    titles : tuple of str
        Lines above the header, as found.
    """

    format: Format
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    header_lines: int = 1
    titles: tuple[str, ...] = ()


@dataclass(frozen=True)
class RawTable:
    """A table as found.

    Attributes
    ----------
    texts : pyarrow.Table
        One string column a `RawColumn`; null where a cell holds nothing at all.
    columns : tuple of RawColumn
    lines : int array (rows,)
        Line of the file, or row of the sheet, on which each row begins; 1 is the first.
    refused : tuple of Refused
        Every line after the header, other than a blank one, is a row or is here.
    origin : Origin
    notes : tuple of Remark
    """

    texts: pa.Table
    columns: tuple[RawColumn, ...]
    lines: NDArray[np.int64]
    refused: tuple[Refused, ...]
    origin: Origin
    notes: tuple[Remark, ...] = ()

    def __len__(self) -> int:
        return int(self.texts.num_rows)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """Every cell as str, None where it holds nothing; object columns, made on first use."""
        return self.head(len(self))

    def head(self, rows: int = 10) -> pd.DataFrame:
        """The first rows of `cells`."""
        return pd.DataFrame(
            {
                column.name: self.texts.column(place).slice(0, rows).to_numpy(zero_copy_only=False)
                for place, column in enumerate(self.columns)
            },
            dtype=object,
        )

"""How much of a table is taken, and the error that says what is wrong with a file."""

from __future__ import annotations

from dataclasses import dataclass, field

from mtl.data.notes import DataError
from mtl.language import _, number
from mtl.limits import MEGABYTE, limit


class TableError(DataError):
    """A file that cannot be read as a table; the message, in the reader's language, says where and what to do."""


@dataclass(frozen=True)
class Limits:
    """The most that is taken of a file; beyond, a :class:`TableError` says which limit and by how much.

    What is left out is :mod:`mtl.limits`'.

    Attributes
    ----------
    megabytes : int
        Size of the file, and of what a compressed file unpacks to, in millions of bytes.
    rows, columns : int
        Size of the table.
    cell : int
        Characters of one cell; the default is a spreadsheet's own limit.
    """

    megabytes: int = field(default_factory=lambda: limit("table_mb"))
    rows: int = field(default_factory=lambda: limit("rows"))
    columns: int = field(default_factory=lambda: limit("columns"))
    cell: int = field(default_factory=lambda: limit("cell"))

    def check_bytes(self, found: int) -> None:
        """Raise TableError for a file that is too large."""
        if found > self.megabytes * MEGABYTE:
            raise TableError(
                _(
                    "The file has {found} MB; at most {most} MB are read. "
                    "Leave out columns or rows that the study does not need."
                ).format(found=number(found / MEGABYTE, 0), most=number(self.megabytes))
            )

    def check_unpacked(self, found: int) -> None:
        """Raise TableError for a compressed file that unpacks to too much."""
        if found > self.megabytes * MEGABYTE:
            raise TableError(
                _(
                    "The file unpacks to {found} MB or more; at most {most} MB are read. Save the sheet alone, or as CSV."
                ).format(found=number(found / MEGABYTE, 0), most=number(self.megabytes))
            )

    def check_rows(self, found: int) -> None:
        """Raise TableError for a table that is too long."""
        if found > self.rows:
            raise TableError(
                _("The table has {found} rows; at most {most} are read. Divide it.").format(
                    found=number(found), most=number(self.rows)
                )
            )

    def check_columns(self, found: int) -> None:
        """Raise TableError for a table that is too wide."""
        if found > self.columns:
            raise TableError(
                _(
                    "The table has {found} columns; at most {most} are read. Leave out columns that the study does not need."
                ).format(found=number(found), most=number(self.columns))
            )

    def check_cell(self, found: int, line: int | None, column: str) -> None:
        """Raise TableError for a cell that is too long."""
        if found <= self.cell:
            return
        message = (
            _(
                "Column {column}: a cell has {found} characters; at most {most} are read. "
                "Shorten it, or leave out the column."
            )
            if line is None
            else _(
                "Line {line}, column {column}: a cell has {found} characters; at most {most} are read. "
                "Is a quotation mark before it not closed?"
            )
        )
        raise TableError(
            message.format(line=line, column=column[:60], found=number(found), most=number(self.cell))
        )

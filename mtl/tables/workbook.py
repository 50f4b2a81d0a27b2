"""How a sheet of an .xlsx workbook becomes rows of text, after a look at what it would unpack to."""

from __future__ import annotations

import datetime
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import python_calamine
from python_calamine import CalamineWorkbook

from mtl.language import _
from mtl.tables.limits import Limits, TableError

_PIECE = 1 << 20
_MOST_PARTS = 10_000
_CELL = re.compile(rb'<(?:\w+:)?c [^>]*?r="([A-Z]{1,3})(\d{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row [^>]*?r="(\d{1,7})"')


@dataclass(frozen=True)
class Sheet:
    """One sheet: its rows as text, None where a cell is empty; the row number of the first."""

    name: str
    names: tuple[str, ...]
    rows: list[list[str | None]]
    first: int
    merged: int


def read_sheet(data: bytes, sheet: str | None, limits: Limits) -> Sheet:
    """Read one sheet; the first that is visible and holds anything unless one is named.

    Formulas are not computed: their last value, as the workbook has it, counts. Days and moments are written as
    ISO 8601 has them.

    Raises
    ------
    TableError
        No workbook, no such sheet, nothing in it, or beyond the limits.
    """
    _guard(data, limits)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = tuple(
            meta.name for meta in book.sheets_metadata
            if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
        )  # fmt: skip
        visible = [
            meta.name for meta in book.sheets_metadata
            if meta.name in names and meta.visible == python_calamine.SheetVisibleEnum.Visible
        ]  # fmt: skip
        if sheet is not None and sheet not in names:
            raise TableError(
                _("There is no sheet {name}; the workbook has {names}.").format(
                    name=repr(sheet[:60]), names=", ".join(name[:40] for name in names[:10])
                )
            )
        candidates = [sheet] if sheet is not None else [*visible, *names]
        for name in candidates:
            found = book.get_sheet_by_name(name)
            if found.height:
                break
        else:
            raise TableError(_("The workbook is empty."))
        limits.check_columns(found.width)
        limits.check_rows(found.height)
        rows = [[_text(value) for value in row] for row in found.to_python(skip_empty_area=True)]
        merged = len(found.merged_cell_ranges or ())
        start = found.start[0] + 1 if found.start else 1
    except python_calamine.PasswordError:
        raise TableError(_("The workbook has a password. Save it without one.")) from None
    except (python_calamine.CalamineError, zipfile.BadZipFile) as error:
        raise TableError(
            _(
                "The workbook cannot be read ({reason}). Open it in a spreadsheet program and save it again."
            ).format(reason=str(error)[:80])
        ) from None
    return Sheet(name, names, rows, start, merged)


# What the library says of an archive whose directory or parts are damaged.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, struct.error,
)  # fmt: skip


def _guard(data: bytes, limits: Limits) -> None:
    """Unpack the workbook piece by piece without keeping it, and see how large it and its sheets are.

    What the archive says of itself is not believed: a part is read to its end, and a cell far down or far right,
    for which a reader would set aside the whole rectangle, is found by its address.
    """
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names and "xl/workbook.bin" not in names:
                raise TableError(
                    _(
                        "This is a compressed file, not a workbook. Unpack it and bring the table that is in it."
                    )
                )
            if len(parts) > _MOST_PARTS:
                limits.check_unpacked(limits.megabytes * 1_000_001)
            limits.check_unpacked(sum(part.file_size for part in parts))
            for part in parts:
                with archive.open(part) as file:
                    unpacked += _look(file, part.filename, limits, unpacked)
    except TableError:
        raise
    except _DAMAGED as error:
        raise TableError(
            _(
                "The workbook cannot be read ({reason}). Open it in a spreadsheet program and save it again."
            ).format(reason=str(error)[:80])
        ) from None


def _look(file: IO[bytes], name: str, limits: Limits, before: int) -> int:
    size, rest = 0, b""
    is_sheet = name.startswith("xl/worksheets/") and name.endswith(".xml")
    while piece := file.read(_PIECE):
        size += len(piece)
        limits.check_unpacked(before + size)
        if is_sheet:
            text = rest + piece
            rows = max((int(row) for row in _ROW.findall(text)), default=0)
            for letters, row in _CELL.findall(text):
                limits.check_columns(_column(letters))
                rows = max(rows, int(row))
            limits.check_rows(rows)
            rest = text[-256:]
    return size


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, datetime.datetime):
        return _day_or_moment(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return None if value is None else str(value)


def _day_or_moment(value: datetime.datetime) -> str:
    if value.time() == datetime.time():
        return value.date().isoformat()
    return value.isoformat(sep=" ")


def as_strings(rows: Sequence[Sequence[str | None]]) -> list[list[str]]:
    """Rows with "" where a cell is empty, for the search for a header."""
    return [[cell or "" for cell in row] for row in rows]

"""How a file of any of the known forms becomes a raw table: every cell as found, nothing believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mtl.language import _
from mtl.tables.columnar import read_parquet
from mtl.tables.delimited import read_delimited
from mtl.tables.encodings import content, find_encoding, to_utf8
from mtl.tables.headings import find_header, name_columns
from mtl.tables.limits import Limits, TableError
from mtl.tables.raw import Origin, RawColumn, RawTable, Refused, Remark
from mtl.tables.values import read_number
from mtl.tables.words import plain
from mtl.tables.workbook import as_strings, read_sheet

_MARK_ROWS = 1_000
_ENDINGS = {
    "zip": (".xlsx", ".xlsm"),
    "parquet": (".parquet", ".pq"),
    "text": (".csv", ".tsv", ".txt", ".tab", ".dat", ".psv"),
}
_NAMES = {"zip": "xlsx", "parquet": "Parquet", "text": "CSV"}
_HEADER_LOOK = 500


def read_raw(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    sheet: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    header: int | None = None,
    limits: Limits | None = None,
    careful: bool = False,
) -> RawTable:
    """Read a delimited text, a sheet of an .xlsx workbook or a Parquet file; what it is, its content says.

    Parameters
    ----------
    source
        A path, or the bytes of a file.
    name
        What the file is called; its ending is compared with the content. A path's own unless given.
    sheet
        The sheet of a workbook; the first with anything in it unless given.
    delimiter, encoding, header
        The character between cells, the name of the encoding, and the number of header lines (0: none), where what
        is found by itself would be wrong.
    limits
        How much is taken.
    careful
        Read a delimited text record by record even where it is regular: slower, with the same result.

    Raises
    ------
    TableError
        The file is not there, is no table, is empty, is beyond a limit, or cannot be read as said.

    Examples
    --------
    >>> text = "编号;肿瘤大小/mm;日期\\n1;１２,5;2020-01-31\\n2;<1;未知\\n3;9\\n"
    >>> raw = read_raw(text.encode("gb18030"), name="export.csv")
    >>> raw.origin.encoding, raw.origin.delimiter, raw.origin.decimal
    ('gb18030', ';', ',')
    >>> [(column.name, column.unit) for column in raw.columns]
    [('编号', None), ('肿瘤大小', 'mm'), ('日期', None)]
    >>> raw.cells.values.tolist()
    [['1', '１２,5', '2020-01-31'], ['2', '<1', '未知']]
    >>> [(refused.line, refused.reason) for refused in raw.refused]
    [(4, '2 cells, where the header has 3')]
    """
    limits = limits or Limits()
    data, name = _bytes(source, name, limits)
    what = content(data)
    suffix = Path(name).suffix.lower()
    notes = []
    if suffix and suffix not in _ENDINGS[what] and any(suffix in endings for endings in _ENDINGS.values()):
        notes.append(Remark("content_not_ending", names=(_NAMES[what],)))
    if what == "zip":
        return _from_sheet(data, sheet, header, limits, notes)
    if what == "parquet":
        return _from_parquet(data, limits, notes)
    encoding = encoding or find_encoding(data)
    body, delimiter = read_delimited(to_utf8(data, encoding), delimiter, header, limits, careful)
    if body.blank:
        notes.append(Remark("blank_lines", body.blank))
    origin = Origin(
        "delimited", encoding=encoding, delimiter=delimiter, header_lines=len(body.header), titles=body.titles
    )
    return _finish(body.texts, body.header, body.lines, body.refused, origin, notes, limits)


def _bytes(source: str | Path | bytes, name: str | None, limits: Limits) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        limits.check_bytes(len(source))
        return source, name or ""
    path = Path(source)
    if not path.is_file():
        raise TableError(_("{name}: there is no such file.").format(name=path.name[:80]))
    limits.check_bytes(path.stat().st_size)
    return path.read_bytes(), name or path.name


def _from_sheet(
    data: bytes, sheet: str | None, header: int | None, limits: Limits, notes: list[Remark]
) -> RawTable:
    found = read_sheet(data, sheet, limits)
    if len(found.names) > 1:
        notes.append(Remark("sheets", len(found.names), found.names))
    if found.merged:
        notes.append(Remark("merged", found.merged))
    rows = found.rows
    width = max(map(len, rows), default=0)
    first = [(place + found.first, cells) for place, cells in enumerate(as_strings(rows[:_HEADER_LOOK]))]
    place = find_header(first, header)
    titles = tuple(filter(None, (_words(cells) for _line, cells in first[: place.titles])))
    taken = place.titles
    lines: list[tuple[str, ...]] = []
    while len(lines) < place.lines:
        if any(map(str.strip, first[taken][1])):
            lines.append(tuple(first[taken][1]))
        taken += 1
    kept = [
        number for number in range(taken, len(rows)) if any(cell and cell.strip() for cell in rows[number])
    ]
    blank = len(rows) - taken - len(kept)
    if not kept:
        raise TableError(_("The table has a header and no rows."))
    if blank:
        notes.append(Remark("blank_lines", blank))
    texts = pa.table(
        {str(c): pa.array([rows[number][c] for number in kept], pa.string()) for c in range(width)}
    )
    numbers = np.array(kept, dtype=np.int64) + found.first
    origin = Origin("xlsx", sheet=found.name, sheets=found.names, header_lines=len(lines), titles=titles)
    return _finish(texts, lines, numbers, (), origin, notes, limits)


def _words(cells: Sequence[str]) -> str:
    return " ".join(filter(None, map(str.strip, cells)))


def _from_parquet(data: bytes, limits: Limits, notes: list[Remark]) -> RawTable:
    table = read_parquet(data, limits)
    if not table.num_rows:
        raise TableError(_("The table has a header and no rows."))
    headings = tuple(pq.ParquetFile(pa.BufferReader(data)).schema_arrow.names)
    lines = np.arange(1, table.num_rows + 1, dtype=np.int64)
    return _finish(table, (headings,), lines, (), Origin("parquet"), notes, limits)


def _finish(
    texts: pa.Table,
    header: Sequence[Sequence[str]],
    lines: NDArray[np.int64],
    refused: tuple[Refused, ...],
    origin: Origin,
    notes: list[Remark],
    limits: Limits,
) -> RawTable:
    """Name the columns, leave out those without heading and value, and look for what a person should know."""
    width = texts.num_columns
    if not width:
        raise TableError(_("The file is empty."))
    limits.check_columns(width)
    columns, made = name_columns([list(line) for line in header], width)
    kept = [
        place
        for place in range(width)
        if columns[place].heading.strip() or texts.column(place).null_count < len(texts)
    ]
    if not kept:
        raise TableError(_("The file is empty."))
    if len(kept) < width:
        notes.append(Remark("empty_columns", width - len(kept)))
        texts = texts.select(kept)
        columns = tuple(columns[place] for place in kept)
        made = tuple(name for name in made if name in {column.name for column in columns})
    if not origin.header_lines:
        notes.append(Remark("no_header"))
    elif made:
        notes.append(Remark("renamed", len(made), made))
    if origin.header_lines > 1:
        notes.append(Remark("several_header_lines", origin.header_lines))
    if origin.titles:
        notes.append(Remark("titles", len(origin.titles), origin.titles))
    if len(texts) == 1:
        notes.append(Remark("one_row"))
    _check_cells(texts, columns, lines, limits)
    mark = _mark(texts)
    return RawTable(
        texts.rename_columns([column.name for column in columns]), columns, lines, refused,
        Origin(**{**origin.__dict__, "decimal": mark}), tuple(notes),
    )  # fmt: skip


def _check_cells(
    texts: pa.Table, columns: Sequence[RawColumn], lines: NDArray[np.int64], limits: Limits
) -> None:
    for place, column in enumerate(columns):
        lengths = pc.utf8_length(texts.column(place))
        longest = pc.max(lengths).as_py() or 0
        if longest > limits.cell:
            row = pc.index(lengths, longest).as_py()
            limits.check_cell(longest, int(lines[row]), column.name)


def _mark(texts: pa.Table) -> str | None:
    """The decimal mark that more columns show in the first rows."""
    shown = {".": 0, ",": 0}
    for column in texts.columns:
        words = {
            plain(word)
            for word in column.slice(0, _MARK_ROWS).to_pylist()
            if word is not None and len(word) <= 40
        }
        readings = [reading for word in words if (reading := read_number(word)) is not None]
        if 2 * len(readings) < len(words):
            continue
        comma = sum(reading.point is None for reading in readings)
        point = sum(reading.comma is None for reading in readings)
        if comma != point:
            shown["," if comma > point else "."] += 1
    if shown["."] == shown[","]:
        return None if not shown["."] else "."
    return "," if shown[","] > shown["."] else "."

"""How delimited text becomes a raw table: by a fast parser where the file is regular, record by record elsewhere."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from mtl.language import _, number
from mtl.tables.dialect import SNIFFED_CHARACTERS, Record, find_delimiter, first_records, records
from mtl.tables.headings import Header, find_header
from mtl.tables.limits import Limits, TableError
from mtl.tables.raw import Refused

_CHUNK = 20_000


@dataclass(frozen=True)
class Body:
    """The rows of a table as string columns, with what stood above and beside them."""

    texts: pa.Table
    lines: NDArray[np.int64]
    refused: tuple[Refused, ...]
    header: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]
    blank: int
    width: int


def read_delimited(
    data: bytes, delimiter: str | None, header: int | None, limits: Limits, careful: bool = False
) -> tuple[Body, str]:
    """Read UTF-8 text without a mark; the body and the delimiter.

    Parameters
    ----------
    data
        The text.
    delimiter, header
        As a person said; None: as found.
    careful
        Read record by record even where the file is regular: slower, with the same result.

    Raises
    ------
    TableError
        A limit, an open quotation mark, no rows.
    """
    head = data[:SNIFFED_CHARACTERS].decode("utf-8", "ignore")
    whole = len(data) <= SNIFFED_CHARACTERS
    if delimiter is None:
        delimiter = find_delimiter(head, whole)
    elif len(delimiter) != 1 or delimiter in '"\r\n':
        raise TableError(
            _("{found} cannot divide cells; give one character.").format(found=repr(delimiter[:20]))
        )
    first = first_records(head, delimiter, whole)
    place = find_header(first, header)
    limits.check_columns(max((len(cells) for _line, cells in first), default=0))
    limits.check_rows(data.count(b"\n") - place.titles - place.lines)
    above = _above(first, place)
    body = None if careful else _fast(data, delimiter, place, above)
    if body is None:
        body = _careful(data, delimiter, place, above, limits)
    if not body.texts.num_rows:
        raise TableError(_no_rows(body))
    return body, delimiter


def _no_rows(body: Body) -> str:
    if not body.refused:
        return _("The table has a header and no rows.")
    first = body.refused[0]
    return _("No line is a row. Line {line}: {reason}. Is the delimiter right?").format(
        line=number(first.line), reason=first.reason
    )


@dataclass(frozen=True)
class _Above:
    """What stands above the rows: titles, header lines, how many records and physical lines they take."""

    header: tuple[tuple[str, ...], ...]
    titles: tuple[str, ...]
    records: int
    lines: int
    blank: int


def _above(first: Sequence[Record], place: Header) -> _Above:
    titles = tuple(
        "" if cells and cells[0].lower().startswith("sep=") else " ".join(filter(None, map(str.strip, cells)))
        for _line, cells in first[: place.titles]
    )
    header: list[tuple[str, ...]] = []
    taken, blank = place.titles, sum(not any(map(str.strip, cells)) for _line, cells in first[: place.titles])
    while len(header) < place.lines:
        cells = first[taken][1]
        taken += 1
        if any(map(str.strip, cells)):
            header.append(tuple(cells))
        else:
            blank += 1
    if taken < len(first):
        lines = first[taken][0] - 1
    else:
        last = first[-1] if first else (1, [])
        lines = last[0] + sum(cell.count("\n") for cell in last[1]) if first else 0
    return _Above(tuple(header), tuple(filter(None, titles)), taken, lines, blank)


def _fast(data: bytes, delimiter: str, place: Header, above: _Above) -> Body | None:
    """Read by Arrow; None where a line is ragged, blank or goes over several lines, so that care is needed."""
    if delimiter in ("\\", " ") or not delimiter.isascii() or data.count(b"\r") != data.count(b"\r\n"):
        return None
    physical = data.count(b"\n") + (not data.endswith(b"\n"))
    if physical <= above.lines:
        return None
    names = [str(column) for column in range(place.width)]
    irregular: list[int] = []

    def refuse(row: pa.csv.InvalidRow) -> str:
        irregular.append(row.actual_columns)
        return "error"

    try:
        texts = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(column_names=names, skip_rows=above.lines, block_size=1 << 24),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in data, ignore_empty_lines=False, invalid_row_handler=refuse
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:
        return None
    if texts.num_rows != physical - above.lines or _any_empty_row(texts):
        return None
    last = texts.column(place.width - 1)[-1].as_py()
    if last is not None and ("\n" in last or "\r" in last):
        return None  # a quotation mark that is never closed, perhaps
    lines = np.arange(above.lines + 1, physical + 1, dtype=np.int64)
    return Body(texts, lines, (), above.header, above.titles, above.blank, place.width)


def _any_empty_row(texts: pa.Table) -> bool:
    empty: NDArray[np.bool_] | None = None
    for column in texts.columns:
        blank = pc.equal(pc.utf8_trim_whitespace(pc.fill_null(column, "")), "").to_numpy()
        empty = blank if empty is None else empty & blank
        if not empty.any():
            return False
    return empty is None or bool(empty.any())


def _careful(data: bytes, delimiter: str, place: Header, above: _Above, limits: Limits) -> Body:
    """Read record by record: every record with another number of cells, or with none filled, is refused."""
    width = place.width
    columns: list[list[pa.Array]] = [[] for _column in range(width)]
    rows: list[list[str]] = []
    lines: list[int] = []
    refused: list[Refused] = []
    blank = above.blank
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    last: Record = (0, [])
    for count, (line, cells) in enumerate(records(text, delimiter)):
        last = (line, cells)
        if count < above.records:
            continue
        if not cells or (len(cells) == 1 and not cells[0].strip()):
            blank += 1
            continue
        if not any(cell and not cell.isspace() for cell in cells):
            refused.append(Refused(line, "no_value", len(cells), width))
            continue
        if len(cells) > width and not any(map(str.strip, cells[width:])):
            cells = cells[:width]  # a line may end in delimiters
        if len(cells) != width:
            limits.check_columns(len(cells))
            refused.append(
                Refused(line, "too_few_cells" if len(cells) < width else "too_many_cells", len(cells), width)
            )
            continue
        rows.append(cells)
        lines.append(line)
        if len(rows) == _CHUNK:
            _store(rows, columns)
            limits.check_rows(len(lines))
    _check_closed(data, last)
    _store(rows, columns)
    names = [str(column) for column in range(width)]
    texts = pa.table(
        {name: pa.chunked_array(parts, pa.string()) for name, parts in zip(names, columns, strict=True)}
    )
    return Body(
        texts, np.array(lines, dtype=np.int64), tuple(refused), above.header, above.titles, blank, width
    )


def _store(rows: list[list[str]], columns: list[list[pa.Array]]) -> None:
    if not rows:
        return
    for place, cells in enumerate(zip(*rows, strict=True)):
        columns[place].append(pa.array([cell or None for cell in cells], pa.string()))
    rows.clear()


def _check_closed(data: bytes, last: Record) -> None:
    """An opened quotation mark that never closes takes all the rest of the file for one cell."""
    line, cells = last
    if not any("\n" in cell or "\r" in cell for cell in cells[-1:]):
        return
    tail = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n", line - 1)[-1]
    if tail.count(b'"') % 2:
        raise TableError(
            _("Line {line}: a quotation mark opens a cell and is never closed. Close or remove it.").format(
                line=number(line)
            )
        )

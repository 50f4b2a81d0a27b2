"""Which character divides the cells of a text, from its first lines."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from mtl.language import _, number
from mtl.tables.limits import TableError

DELIMITERS = (",", ";", "\t", "|")
SNIFFED_CHARACTERS, SNIFFED_RECORDS = 1 << 18, 500
_SEP_LINE = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[<>≤≥]?\s*[+-]?[\d.,' ]*\d\s*\S{0,6}\s*")

#: A line of the file, 1 the first, and the cells of the record that begins on it.
Record = tuple[int, list[str]]


def records(text: io.TextIOBase, delimiter: str) -> Iterator[Record]:
    """Every record with the line on which it begins; a record may go over several lines inside quotes."""
    reader = csv.reader(text, delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise TableError(
            _(
                "Line {line}: a cell is too long, or a quotation mark opens it and is not closed. Close or remove the mark."
            ).format(line=number(line))
        ) from None


def first_records(head: str, delimiter: str, whole: bool) -> list[Record]:
    """The records of the beginning of a text; the last, which may be cut, only if `head` is all there is."""
    found = list(islice(records(io.StringIO(head, newline=""), delimiter), SNIFFED_RECORDS + 1))
    return found[:SNIFFED_RECORDS] if whole or len(found) < 2 else found[:-1][:SNIFFED_RECORDS]


def find_delimiter(head: str, whole: bool) -> str:
    """The delimiter under which most lines have the same number of cells, and the cells look whole.

    A first line "sep=;", which spreadsheets write, decides. One column is a comma's.

    Examples
    --------
    >>> find_delimiter("size;er\\n1,5;2,25\\n3,5;7,1\\n", True)
    ';'
    """
    stated = _SEP_LINE.fullmatch(head.split("\n", 1)[0])
    if stated:
        return stated[1]
    scores = {delimiter: _score(head, delimiter, whole) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > 0 else ","


def _score(head: str, delimiter: str, whole: bool) -> float:
    """Share of records of the commonest width above 1, times the share of their cells that look whole."""
    if delimiter not in head:
        return 0.0
    found = [cells for _line, cells in first_records(head, delimiter, whole) if any(map(str.strip, cells))]
    widths = Counter(len(cells) for cells in found if len(cells) > 1)
    if not widths:
        return 0.0
    width, _count = max(widths.items(), key=lambda item: (item[1], item[0]))
    same = [cells for cells in found if len(cells) == width]
    # One record too many cells or too few speaks for little; one cell in a record less than others for a title.
    others = [other for other in DELIMITERS if other != delimiter]
    cells = [cell for record in same for cell in record if cell.strip()]
    broken = sum(
        any(other in cell and not _follows(cell, other) for other in others) and not _NUMBER.fullmatch(cell)
        for cell in cells
    )
    return len(same) / len(found) * (1 - broken / max(1, len(cells))) + width * 1e-6


def _follows(cell: str, other: str) -> bool:
    """Whether the character stands as in prose: a space after it each time."""
    return all(part.startswith(" ") for part in cell.split(other)[1:])

"""Where the header of a table is, how many lines it has, and what each column is called."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mtl.tables.dialect import Record
from mtl.tables.raw import RawColumn
from mtl.tables.units import unit_named
from mtl.tables.values import looks_like_value
from mtl.tables.words import is_missing, plain

LONGEST_NAME = 120
MOST_HEADER_LINES = 4
_LOOKED_AT = 200
_IN_BRACKETS = re.compile(r"^(?P<name>.*\S)\s*(?:\((?P<a>[^()]*)\)|\[(?P<b>[^\[\]]*)\])$")
_AFTER_SLASH = re.compile(r"^(?P<name>[^/]*[^/\s])\s*/\s*(?P<unit>.+)$")
_AFTER_COMMA = re.compile(r"^(?P<name>.*[^,\s])\s*,\s*(?P<unit>.+)$")
_AFTER_HASH = re.compile(r"^#(?=\w)")
_AFTER_LOW_LINE = re.compile(r"^.+_(?P<unit>[^_]+)$")


@dataclass(frozen=True)
class Header:
    """Where a table begins: its width, how many of the first records are titles, how many are header lines."""

    width: int
    titles: int
    lines: int


def find_header(found: Sequence[Record], asked: int | None = None) -> Header:
    """Look for the header among the first records.

    Above it stand comments (`#`), a spreadsheet's `sep=;`, titles with one cell, and lines less than half full
    that hold a value. A further line belongs to the header when it holds no number or date, but words over at
    least half of the columns that hold numbers or dates below. A first line of values is no header.

    Parameters
    ----------
    found
        The first records of the file, blank ones among them.
    asked
        The number of header lines, where a person has said it.
    """
    width = _width(found)
    titles = 0
    while titles < len(found) and _is_title(found, titles, width):
        titles += 1
    rest = [cells for _line, cells in found[titles:] if any(map(str.strip, cells))]
    if asked is not None or not rest:
        return Header(width, titles, min(asked or 0, len(rest)) if asked is not None else 0)
    if _mostly_values(rest[0]):
        return Header(width, titles, 0)
    lines = 1
    while lines < MOST_HEADER_LINES and _goes_on(rest[lines:], width):
        lines += 1
    return Header(width, titles, lines)


def _width(found: Sequence[Record]) -> int:
    filled = [cells for _line, cells in found if any(map(str.strip, cells))]
    widths = Counter(map(len, filled))
    if not widths:
        return 0
    return max(widths.items(), key=lambda item: (item[1], item[0]))[0]


def _is_title(found: Sequence[Record], place: int, width: int) -> bool:
    cells = found[place][1]
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        return True
    if cells[0].lower().startswith("sep=") and len(filled) <= 2:
        return True
    if cells[0].startswith("#"):
        # "#id,age" may be the header itself: as wide as the table, all filled, with values below.
        below = next((other for _line, other in found[place + 1 :] if any(map(str.strip, other))), [])
        whole = len(filled) == len(cells) == width > 1
        return not (whole and below[:1] != ["#"] and any(map(looks_like_value, below)))
    if width == 1:
        return False
    if len(filled) == 1:
        return True
    return 2 * len(filled) < width and (len(cells) != width or any(map(looks_like_value, filled)))


def _mostly_values(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return 2 * sum(map(looks_like_value, filled)) > len(filled)


def _goes_on(rest: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the first of these records still belongs to the header."""
    if len(rest) < 4:
        return False
    line, below = rest[0], rest[1 : 1 + _LOOKED_AT]
    if len(line) != width or any(looks_like_value(cell) for cell in line):
        return False
    valued = [place for place in range(width) if _holds_values(below, place)]
    words = [place for place in valued if line[place].strip() and not is_missing(line[place])]
    return bool(words) and 2 * len(words) >= len(valued)


def _holds_values(below: Sequence[Sequence[str]], place: int) -> bool:
    cells = [record[place] for record in below if len(record) > place and not is_missing(record[place])]
    return len(cells) >= 2 and sum(map(looks_like_value, cells)) >= 0.8 * len(cells)


def name_columns(lines: Sequence[Sequence[str]], width: int) -> tuple[tuple[RawColumn, ...], tuple[str, ...]]:
    """A column's unique name, heading and unit from the header lines; and the names that had to be made.

    A name is the heading in its usual form (full-width letters made narrow, spaces single) without its unit.
    Of several header lines the lowest names the column, with those above where that alone is not unique; a
    heading over several columns counts for each. A last line of units gives units.

    Examples
    --------
    >>> columns, made = name_columns([["id", "size (mm)", "肿瘤大小/mm", "", "id"]], 5)
    >>> [(column.name, column.unit) for column in columns], made
    ([('id', None), ('size', 'mm'), ('肿瘤大小', 'mm'), ('column_4', None), ('id_2', None)], ('column_4', 'id_2'))
    """
    rows = [[*line[:width], *[""] * (width - len(line))] for line in lines]
    # The names of rows: R writes a header that is one short.
    rows = [["", *row[:-1]] if len(line) == width - 1 else row for line, row in zip(lines, rows, strict=True)]
    rows = [[_AFTER_HASH.sub("", row[0]), *row[1:]] for row in rows]
    units: list[str | None] = [None] * width
    if len(rows) > 1 and _is_unit_line(rows[-1]):
        units = [unit_named(cell) for cell in rows[-1]]
        rows = rows[:-1]
    for row, next_row in pairwise(rows):
        _spread(row, next_row)
    columns: list[RawColumn] = []
    made: list[str] = []
    lowest = [_lowest(rows, place) for place in range(width)]
    repeated = {name for name, count in Counter(lowest).items() if count > 1}
    taken: set[str] = set()
    for place in range(width):
        parts = list(dict.fromkeys(tidy(row[place]) for row in rows if row[place].strip()))
        whole = " ".join(parts) if lowest[place] in repeated else lowest[place]
        name, unit = split_unit(whole)
        name = name[:LONGEST_NAME].strip() or f"column_{place + 1}"
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        if unique != name or not whole:
            made.append(unique)
        taken.add(unique)
        heading = " / ".join(line[place] for line in rows if line[place].strip())
        columns.append(RawColumn(unique, heading, units[place] or unit))
    return tuple(columns), tuple(made)


def _is_unit_line(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell.strip()]
    return bool(filled) and 2 * sum(unit_named(cell) is not None for cell in filled) > len(filled)


def _spread(row: list[str], below: Sequence[str]) -> None:
    """A merged heading stands in its first cell: write it over the cells to its right that have a name below."""
    current = ""
    for place, cell in enumerate(row):
        if cell.strip():
            current = cell
        elif below[place].strip():
            row[place] = current


def _lowest(rows: Sequence[Sequence[str]], place: int) -> str:
    return next((tidy(row[place]) for row in reversed(rows) if row[place].strip()), "")


def tidy(text: str) -> str:
    """A heading in its usual form: full-width forms made narrow, control characters away, spaces single."""
    seen = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in plain(text) if _is_seen(c)
    )
    return " ".join(seen.replace("`", "'").split())


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in ("Cf", "Co", "Cs")


def split_unit(heading: str) -> tuple[str, str | None]:
    """A heading without its unit, and the unit.

    Only what is a known unit is taken for one; after a low line it stays in the name as well.

    Examples
    --------
    >>> split_unit("CEA (ng/mL)"), split_unit("Sex (1=male)"), split_unit("age_years"), split_unit("T/N")
    (('CEA', 'ng/mL'), ('Sex (1=male)', None), ('age_years', 'years'), ('T/N', None))
    """
    bracketed = _IN_BRACKETS.match(heading)
    if bracketed:
        inside = bracketed["a"] or bracketed["b"] or ""
        unit = unit_named(inside)
        # "Drug(s)" is a plural.
        if unit is not None and not (inside == "s" and heading.endswith(bracketed["name"][-1] + "(s)")):
            return bracketed["name"], unit
    for pattern in (_AFTER_SLASH, _AFTER_COMMA):
        after = pattern.match(heading)
        unit = unit_named(after["unit"]) if after else None
        if after and unit is not None:
            return after["name"], unit
    last = _AFTER_LOW_LINE.match(heading)
    unit = unit_named(last["unit"]) if last else None
    return heading, unit if unit is not None and len(unit) > 1 else None

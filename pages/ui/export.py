"""Tables to take away: CSV that a spreadsheet reads as words and numbers, never as a formula."""

from __future__ import annotations

import csv
import io

import pandas as pd

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(cell: object) -> object:
    """Return a cell that no spreadsheet runs: a text that begins like a formula gets an apostrophe.

    Examples
    --------
    >>> safe("=1+1"), safe("  @x"), safe(-2.5), safe("grade 3")
    ("'=1+1", "'  @x", -2.5, 'grade 3')
    """
    if isinstance(cell, str) and (cell.lstrip(" ").startswith(_STARTS)):
        return "'" + cell
    return cell


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8 with the mark that spreadsheets need to read 中文."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([safe(str(name)) for name in table.columns])
    for row in table.itertuples(index=False):
        writer.writerow(["" if cell is None or cell != cell else safe(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")

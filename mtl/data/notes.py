"""What was found in a table on the way: an error that stops, or a note that tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NoteKind = Literal[
    "missing_column", "unseen_level", "not_a_number", "not_true_or_false", "out_of_range", "time_of_zero"
]
MAX_EXAMPLE = 60


class DataError(ValueError):
    """A table that cannot be used; the message says where and what to do."""


@dataclass(frozen=True)
class Note:
    """Something in a column that a person should know.

    `missing_column`: the table lacks it, all its values count as missing. `unseen_level`, `not_a_number`,
    `not_true_or_false`: cells that cannot be read, which count as missing. `out_of_range`: values outside the
    feature's valid range, which are kept. `time_of_zero`: survival times of 0, which became half a day.
    `example` is one such cell as text, at most 60 characters.
    """

    column: str
    kind: NoteKind
    count: int
    example: str = ""


def note_cells(name: str, kind: NoteKind, cells: pd.Series, where: NDArray[np.bool_]) -> list[Note]:
    """A note on the cells of column `name` where `where` holds; none when it holds nowhere."""
    count = int(where.sum())
    if not count:
        return []
    return [Note(name, kind, count, shorten(cells.iloc[int(where.argmax())]))]


def shorten(cell: Any) -> str:
    """A cell as text of at most 60 characters, for a message."""
    try:
        text = str(cell)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a list that contains itself
        text = type(cell).__name__
    return text if len(text) <= MAX_EXAMPLE else text[: MAX_EXAMPLE - 3] + "..."


def require_single(table: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise DataError where one of `names` heads two columns."""
    headings = table.columns
    if headings.is_unique:
        return
    twice = set(headings[headings.duplicated()])
    for name in names:
        if name in twice:
            raise DataError(f"column {name!r}: the table has it twice; rename or remove one")

"""A raw table made clean: typed columns, a log of every change, and questions where only a person knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.tables.column import CleanColumn, clean_column
from mtl.tables.limits import TableError
from mtl.tables.log import Changes, log_frame
from mtl.tables.questions import Answers, Question
from mtl.tables.raw import RawTable, Refused

Progress = Callable[[str, float], None]
FLAGS = ("row", "line", "column", "sign", "limit")


@dataclass(frozen=True)
class Cleaned:
    """A clean table and everything that was done to make it.

    Attributes
    ----------
    table : DataFrame
        Columns of type float64, Int64, boolean, string or datetime64[us]; missing is missing. Row i is row i of the raw
        table: cleaning refuses none.
    lines : int array (rows,)
        Line of the file on which each row begins.
    changes : tuple of Changes
        A column's changed cells, compactly; `log` spells them out.
    refused : tuple of Refused
        The lines that are no rows, from reading.
    questions : tuple of Question
        What remains to be answered. A column with an open question of date order or decimal mark stays text.
    limits : tuple of (column, rows, signs, values)
        The cells that hold a limit; `flags` spells them out.
    units : dict
        The unit of each column that has one.
    pending : tuple of str
        The columns that stay text until their question is answered.
    """

    table: pd.DataFrame
    lines: NDArray[np.int64]
    changes: tuple[Changes, ...]
    refused: tuple[Refused, ...]
    questions: tuple[Question, ...]
    limits: tuple[tuple[str, NDArray[np.int32], NDArray[np.object_], NDArray[np.float64]], ...]
    units: dict[str, str]
    pending: tuple[str, ...] = ()

    @cached_property
    def log(self) -> pd.DataFrame:
        """Every changed cell: row (from 1), line, column, before, after ("" where missing) and rule."""
        return log_frame(self.changes, self.lines)

    @property
    def n_changes(self) -> int:
        """How many lines the log has."""
        return sum(len(change.rows) for change in self.changes)

    def rule_counts(self) -> dict[str, dict[str, int]]:
        """For every column with a change, how many cells each rule changed."""
        return {change.column: change.counts() for change in self.changes if len(change.rows)}

    @property
    def flags(self) -> pd.DataFrame:
        """Every cell that holds a limit: row (from 1), line, column, sign and limit."""
        parts = [
            pd.DataFrame(
                {
                    "row": rows.astype(np.int64) + 1,
                    "line": self.lines[rows],
                    "column": column,
                    "sign": signs,
                    "limit": values,
                }
            )
            for column, rows, signs, values in self.limits
        ]
        if not parts:
            return pd.DataFrame({name: pd.Series(dtype=object) for name in FLAGS})
        return pd.concat(parts, ignore_index=True)


def clean(raw: RawTable, answers: Answers | None = None, progress: Progress | None = None) -> Cleaned:
    """Give every column its type, and log each change on the way.

    What belongs to the model (scaling, encoding, filling in) is not done here. See `docs/data.md` for the rules.

    Parameters
    ----------
    raw
        A table from :func:`mtl.tables.read_raw`.
    answers
        What a person has said; answered questions are not asked again.
    progress
        Called with a column's name and the share done.

    Raises
    ------
    TableError
        An answer is about a column that is not there.

    Examples
    --------
    >>> from mtl.tables import read_raw
    >>> raw = read_raw(b"id;size (mm);er\\nA;1,5 cm;yes\\nB;12 mm;no\\nC;20;no\\nD;<3 mm;?\\n", name="export.csv")
    >>> cleaned = clean(raw)
    >>> cleaned.table["size"].tolist(), cleaned.units["size"], len(cleaned.log)
    ([15.0, 12.0, 20.0, 3.0], 'mm', 7)
    >>> cleaned.flags[["row", "column", "sign", "limit"]].values.tolist()
    [[4, 'size', '<', 3.0]]
    """
    answers = answers or Answers()
    names = [column.name for column in raw.columns]
    for part in (answers.sentinels, answers.dates, answers.units, answers.decimals, answers.kinds):
        strangers = sorted(set(part) - set(names))
        if strangers:
            raise TableError(
                f"answers: no column {strangers[0][:60]!r}; the table has {', '.join(names[:8])[:200]} ..."
            )
    done: list[CleanColumn] = []
    for place, column in enumerate(raw.columns):
        if progress is not None:
            progress(column.name, place / len(raw.columns))
        done.append(clean_column(raw.texts.column(place), column, answers, raw.origin.decimal))
    return Cleaned(
        table=pd.DataFrame({column.name: column.values for column in done}, copy=False),
        lines=raw.lines,
        changes=tuple(column.changes for column in done),
        refused=raw.refused,
        questions=tuple(question for column in done for question in column.questions),
        limits=tuple(column.limits for column in done if column.limits is not None),
        units={column.name: column.unit for column in done if column.unit is not None},
        pending=tuple(column.name for column in done if column.pending),
    )

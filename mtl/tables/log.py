"""Every change of a cell: its row, its line in the file, its column, what it was, what it became, and by which rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.language import N_

#: What each rule does, for people; translated where it is shown.
RULES = {
    "spaces": N_("stray spaces or invisible characters taken away"),
    "full_width": N_("full-width characters made narrow"),
    "missing_code": N_("a word for “no value” made missing"),
    "sheet_error": N_("a spreadsheet's error made missing"),
    "sentinel": N_("a number that was said to mean “no value” made missing"),
    "decimal_comma": N_("decimal comma read"),
    "thousands": N_("thousands separators taken away"),
    "unit": N_("unit beside the number taken away, and the value converted where needed"),
    "percent": N_("percent sign taken away"),
    "limit": N_("a limit such as <0.1 read as the limit, and flagged"),
    "yes_no": N_("a word for yes or no read"),
    "date": N_("a date written in the usual form"),
    "day_first": N_("a date with the day first read"),
    "month_first": N_("a date with the month first read"),
    "unreadable": N_("not readable beside the column's other values: made missing"),
}
COLUMNS = ("row", "line", "column", "before", "after", "rule")


@dataclass(frozen=True)
class Changes:
    """The changed cells of one column, each distinct text once.

    Attributes
    ----------
    column : str
    rows : int array (m,)
        Places in the table, 0 the first, ascending.
    codes : int array (m,)
        For each, the place in the following.
    before, after, rules : sequences of str
        What a distinct text was, what it became ("" where missing), and by which rule.
    """

    column: str
    rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    before: Sequence[str]
    after: Sequence[str]
    rules: Sequence[str]

    def counts(self) -> dict[str, int]:
        """How many cells each rule changed."""
        rules = np.array(self.rules, dtype=object)[self.codes]
        names, counts = np.unique(rules.astype(str), return_counts=True)
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def log_frame(changes: Sequence[Changes], lines: NDArray[np.int64]) -> pd.DataFrame:
    """All changes as a table with the columns of :data:`COLUMNS`, by row and then by column; `row` counts from 1."""
    parts = [
        pd.DataFrame(
            {
                "row": change.rows.astype(np.int64) + 1,
                "line": lines[change.rows],
                "place": np.full(len(change.rows), place, dtype=np.int32),
                "column": change.column,
                "before": np.array(change.before, dtype=object)[change.codes],
                "after": np.array(change.after, dtype=object)[change.codes],
                "rule": np.array(change.rules, dtype=object)[change.codes],
            }
        )
        for place, change in enumerate(changes)
        if len(change.rows)
    ]
    if not parts:
        empty = {"row": np.int64, "line": np.int64}
        return pd.DataFrame({name: pd.Series(dtype=empty.get(name, object)) for name in COLUMNS})
    whole = pd.concat(parts, ignore_index=True).sort_values(["row", "place"], kind="stable")
    return whole[list(COLUMNS)].reset_index(drop=True)

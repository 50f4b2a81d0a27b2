"""How one column becomes clean: what it is, decided over its distinct texts, and what each of them becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mtl.tables import moments, numeric
from mtl.tables.log import Changes
from mtl.tables.questions import Answers, Question
from mtl.tables.raw import RawColumn
from mtl.tables.texts import Outcome, Texts
from mtl.tables.words import truth_words

_MOST_TRUTH_WORDS = 20


@dataclass(frozen=True)
class CleanColumn:
    """A clean column: typed values, and what was found and done on the way."""

    name: str
    values: Any
    unit: str | None
    changes: Changes
    questions: tuple[Question, ...]
    limits: tuple[str, NDArray[np.int32], NDArray[np.object_], NDArray[np.float64]] | None
    pending: bool


def clean_column(
    cells: pa.ChunkedArray, column: RawColumn, answers: Answers, mark: str | None
) -> CleanColumn:
    """One column as the type that its texts show or a person named; each distinct text is read once.

    Parameters
    ----------
    cells
        Strings, null where a cell holds nothing.
    column
        Its name and the unit of its heading.
    answers
        What a person has said.
    mark
        The decimal mark that the file shows elsewhere, if any.
    """
    found = Texts.of(cells, answers.missing)
    outcome = _outcome(found, column, answers, mark)
    values = _assemble(found, outcome)
    return CleanColumn(
        column.name,
        values,
        outcome.unit or (column.unit if outcome.kind == "number" else None),
        _changes(found, outcome, column.name),
        outcome.questions,
        _limits(found, outcome, column.name),
        outcome.pending,
    )


def _outcome(found: Texts, column: RawColumn, answers: Answers, mark: str | None) -> Outcome:
    asked = answers.kinds.get(column.name)
    if asked is None:
        if not found.n_values:
            return Outcome.nothing(found)
        truths = _truths(found)
        if truths is not None:
            return truths
        read = numeric.read(found, column, answers, mark) or moments.read(found, column, answers)
        return read or Outcome.text(found)
    if asked == "number":
        return numeric.read(found, column, answers, mark, sure=True) or Outcome.text(found)
    if asked == "date":
        return moments.read(found, column, answers, sure=True) or Outcome.text(found)
    if asked == "yes_no":
        return _truths(found) or Outcome.text(found)
    return Outcome.text(found)


def _truths(found: Texts) -> Outcome | None:
    """The column as yes and no. "-" beside "+" is no, elsewhere it is nothing."""
    if len(found.words) > _MOST_TRUTH_WORDS:
        return None
    usual = [found.usual(place).casefold() for place in range(len(found.words))]
    signs = {"+", "(+)"} & set(usual)
    is_value = [found.is_value[place] or (bool(signs) and word == "-") for place, word in enumerate(usual)]
    meaning = truth_words({word for word, valued in zip(usual, is_value, strict=True) if valued})
    if meaning is None:
        return None
    values = np.array([float(meaning[w]) if v else np.nan for w, v in zip(usual, is_value, strict=True)])
    outcome = Outcome.start(found, "boolean")
    outcome.numbers[:] = values
    for place, word in enumerate(usual):
        if is_value[place]:
            written = "true" if meaning[word] else "false"
            is_same = found.words[place] in (written, written.upper(), written.title())
            outcome.become(place, written, "" if is_same else "yes_no")
    return outcome


def _assemble(found: Texts, outcome: Outcome) -> Any:
    """The typed array: what each distinct text became, put where the text stands."""
    codes = found.codes
    if outcome.kind == "text":
        texts = np.array([*outcome.texts, None], dtype=object)
        return pd.Series(texts[codes], dtype="string")
    if outcome.kind == "date":
        return pd.Series(np.append(outcome.moments, np.datetime64("NaT", "us"))[codes])
    numbers = np.append(outcome.numbers, np.nan)[codes]
    if outcome.kind == "number" and not outcome.whole:
        return numbers
    missing = np.isnan(numbers)
    if outcome.kind == "boolean":
        return pd.arrays.BooleanArray(np.where(missing, 0, numbers).astype(bool), missing)
    return pd.arrays.IntegerArray(np.where(missing, 0, numbers).astype(np.int64), missing)


def _rows(found: Texts, chosen: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.flatnonzero(np.append(chosen, False)[found.codes]).astype(np.int32)


def _changes(found: Texts, outcome: Outcome, name: str) -> Changes:
    changed = outcome.rules != ""
    rows = _rows(found, changed)
    places = np.flatnonzero(changed)
    new = np.full(len(changed), -1, dtype=np.int32)
    new[places] = np.arange(len(places), dtype=np.int32)
    return Changes(
        name,
        rows,
        new[found.codes[rows]],
        [found.words[place] for place in places],
        _filled(outcome.after[places]),
        outcome.rules[places].tolist(),
    )


def _filled(after: NDArray[np.object_]) -> Sequence[str]:
    return ["" if text is None else text for text in after]


def _limits(
    found: Texts, outcome: Outcome, name: str
) -> tuple[str, NDArray[np.int32], NDArray[np.object_], NDArray[np.float64]] | None:
    if outcome.kind != "number" or not (outcome.signs != "").any():
        return None
    rows = _rows(found, outcome.signs != "")
    codes = found.codes[rows]
    return name, rows, outcome.signs[codes], outcome.numbers[codes]

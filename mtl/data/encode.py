"""How a study's features become columns of numbers, with a note on every cell that could not be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.notes import Note, note_cells, require_single
from mtl.expressions import cells
from mtl.study import Feature, Study


@dataclass(frozen=True)
class Encoded:
    """Features as numbers: `X` float64 (n, p) in C order, NaN where missing; `names` (p,); notes."""

    X: NDArray[np.float64]
    names: list[str]
    notes: list[Note]


def encode(study: Study, table: pd.DataFrame) -> Encoded:
    """One column per study feature, in study order; columns of `table` are matched by name.

    numeric: the value. boolean: 0 or 1. ordinal: the level's number when all levels are numbers, else its
    place 0, 1, ... categorical: the level's place. What is absent, unreadable or not among the levels is NaN,
    with a note; values outside the valid range are kept, with a note. No content of a cell raises.

    Raises
    ------
    DataError
        Two columns of the table have the name of one feature.

    Examples
    --------
    >>> from mtl.data import load_sample
    >>> study, table = load_sample("rotterdam")
    >>> encoded = encode(study, table.head(2).drop(columns="year"))
    >>> encoded.X.shape == (2, len(study.features)), encoded.notes
    (True, [Note(column='year', kind='missing_column', count=2, example='')])
    """
    names = [feature.name for feature in study.features]
    require_single(table, names)
    X = np.full((len(table), len(names)), np.nan)
    notes: list[Note] = []
    for place, feature in enumerate(study.features):
        if feature.name not in table.columns:
            notes.append(Note(feature.name, "missing_column", len(table)))
            continue
        X[:, place], found = encode_column(feature, table[feature.name])
        notes += found
    return Encoded(X, names, notes)


def encode_column(feature: Feature, column: pd.Series) -> tuple[NDArray[np.float64], list[Note]]:
    """One feature's cells as float64 (n,), with the notes on them; see `encode`."""
    if feature.kind == "boolean":
        values = cells.truths(column)
        return values, _unread(feature.name, "not_true_or_false", column, values)
    if feature.kind == "numeric":
        values = cells.numbers(column)
        notes = _unread(feature.name, "not_a_number", column, values)
        if feature.valid is not None:
            low, high = feature.valid
            outside = (values < low) | (values > high)
            notes += note_cells(feature.name, "out_of_range", column, outside)
        return values, notes
    keys = {level.text: place for place, level in enumerate(feature.levels)}
    places, unseen = cells.levels(column, keys)
    numbers = np.append(np.array(feature.level_numbers), np.nan)
    values = numbers[np.where(np.isnan(places), len(keys), places).astype(np.intp)]
    return values, note_cells(feature.name, "unseen_level", column, unseen)


def _unread(name: str, kind: str, column: pd.Series, values: NDArray[np.float64]) -> list[Note]:
    unread = np.isnan(values)
    if not unread.any():
        return []
    where = unread & ~cells.missing(column)
    return note_cells(name, "not_a_number" if kind == "not_a_number" else "not_true_or_false", column, where)

"""One chunk of a large table through a model: a step that can be done here, or on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mtl.commands.models import Opened, Rows
from mtl.commands.safe_file import Piece, piece
from mtl.commands.tables import identifiers
from mtl.data import Note, encode
from mtl.evidence.subject import NEW
from mtl.jobs.executor import in_order
from mtl.model.outputs import predictions
from mtl.model.pool import at_hand


@dataclass(frozen=True)
class Scored:
    """The numbers of a chunk as the file will hold them, and what there is to say about its rows."""

    piece: Piece
    columns: tuple[str, ...]
    rows: int
    out_of_fold: int
    has_identifier: bool
    notes: tuple[Note, ...]
    doubts: tuple[str, ...]


def scored(opened: Opened, chunks: Iterable[pd.DataFrame], out: Path, pool: Executor) -> Iterator[Scored]:
    """Every chunk of a table in its order, a few of them at a time in memory."""
    given, ending = at_hand(pool, opened.travelling()), out.suffix.lower()
    return in_order(pool, score, _parts(opened, chunks, given, ending))


def _parts(
    opened: Opened, chunks: Iterable[pd.DataFrame], given: Opened, ending: str
) -> Iterator[tuple[Opened, pd.DataFrame, Rows, int, str]]:
    first = 1
    for chunk in chunks:
        yield given, chunk, opened.fold(chunk), first, ending
        first += len(chunk)


def score(opened: Opened, chunk: pd.DataFrame, fold: Rows, first: int, ending: str) -> Scored:
    """The numbers of a chunk whose rows are numbered from `first`, every row by the predictor that has not seen it."""
    study = opened.model.study
    encoded = encode(study, chunk)
    numbers, doubts = [], []
    for part in opened.parts(chunk, fold):
        table, model = chunk.iloc[part.rows], part.model
        found = predictions(study, model.predictor_, encoded.X[part.rows], table, model.uncertainty_)
        numbers.append(found.set_axis(part.rows))
        doubts += model.doubts(table)
    joined = pd.concat(numbers).sort_index()
    return Scored(
        piece(ending, study.identifier, identifiers(chunk, study, first), joined),
        tuple(joined.columns),
        len(chunk),
        int(np.count_nonzero(fold != NEW)),
        study.identifier in chunk.columns,
        tuple(note for note in encoded.notes if note.kind != "out_of_range"),
        tuple(dict.fromkeys(doubts)),
    )

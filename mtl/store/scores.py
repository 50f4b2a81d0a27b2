"""A model's numbers for every patient of a cohort, computed once: out of fold for those it was trained on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mtl.data.encode import encode
from mtl.expressions import cells
from mtl.model.outputs import predictions
from mtl.model.predictor import Predictor
from mtl.store import cohorts, models
from mtl.store.cohorts import ROW_GROUP, Cohort
from mtl.store.damage import whole
from mtl.store.database import StoreError
from mtl.store.home import new_folder, room
from mtl.store.models import ModelRecord

LAYOUT = 1  # of the files; part of the folder's name
GRID = 10_001  # points of a column's distribution that are kept
Floats = NDArray[np.float64]
Report = Callable[[str, float], None]


WITH_INTERVALS = "-intervals"
MOST_INTERVALS = (
    50_000  # patients above whom a list goes without: a second a thousand is too long to wait for
)


def scores_name(model: str, intervals: bool = False) -> str:
    """Name of the folder with a model's numbers, inside a cohort's folder."""
    return f"scores-{model}-{LAYOUT}{WITH_INTERVALS if intervals else ''}"


def shows_intervals(cohort: Cohort) -> bool:
    """Whether the numbers that a cohort shows carry intervals."""
    return cohort.scores is not None and cohort.scores.endswith(WITH_INTERVALS)


@dataclass(frozen=True)
class Scores:
    """The stored numbers of a cohort.

    In `file` columns have plain names, so that no heading of a table ever becomes SQL: "row", "case_key",
    "identifier", "search", "id_rank", "f0".. (features as recorded), "x0".. (encoded), "o0".. (outputs), "known",
    "out_of_range", "unseen", "novel", "fold".
    """

    folder: Path

    @property
    def file(self) -> Path:
        """The Parquet file."""
        return self.folder / "scores.parquet"

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Names of the columns "o0", "o1", ..."""
        return tuple(self._summary["outputs"])

    @cached_property
    def _summary(self) -> dict[str, Any]:
        with whole(self.folder / "summary.json"):
            summary: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return summary

    @property
    def in_training(self) -> int:
        """Patients who were in the model's training."""
        return int(self._summary["in_training"])

    @property
    def typical(self) -> dict[str, Any]:
        """Per feature the median (numeric, ordinal) or commonest cell of the cohort, None where it has no value."""
        return dict(self._summary["typical"])

    @property
    def spread(self) -> dict[str, list[float]]:
        """Per task the standard deviation of each of its margins."""
        return dict(self._summary["spread"])

    @cached_property
    def folds(self) -> NDArray[np.int16]:
        """(n,) the fold in which each patient was held out, -1 for those not in training."""
        with whole(self.folder / "folds.npy"):
            return np.asarray(np.load(self.folder / "folds.npy", mmap_mode="r", allow_pickle=False))

    @cached_property
    def distributions(self) -> dict[str, Floats]:
        """Per output column its sorted values, or 10,001 quantiles where there are more."""
        path = self.folder / "distributions.npz"
        with whole(path), path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return {name: saved[f"o{j}"] for j, name in enumerate(self.outputs)}

    def median(self, column: str) -> float | None:
        """Median of an output column; None where it has no value."""
        values = self.distributions[column]  # sorted
        middle = values[(len(values) - 1) // 2 : len(values) // 2 + 1]
        return float(middle.mean()) if len(values) else None

    def share_below(self, column: str, value: float) -> float | None:
        """Share of the cohort with a smaller number in an output column, 0 to 1."""
        values = self.distributions[column]
        # what differs by less than a computation's error is the same number
        return (
            float(np.searchsorted(values, value - 1e-12, side="left") / len(values)) if len(values) else None
        )


@lru_cache(maxsize=64)
def _opened(folder: Path) -> Scores:
    return Scores(folder)


def scores_of(cohort: Cohort) -> Scores:
    """The stored numbers of a cohort; CohortError while there are none."""
    return _opened(cohort.scores_folder)


# Computing -----------------------------------------------------------------------------------------------------------


def score(cohort: Cohort, record: ModelRecord, report: Report) -> Scores:
    """Compute a model's numbers for a cohort, unless they are there, and let the cohort show them.

    `report` is told the share done and may raise to stop; nothing half-written stays.
    """
    name = scores_name(record.key, record.has_intervals)
    target = cohort.folder / name
    if not target.exists():
        with new_folder(target) as folder:
            _Scorer(cohort, record).write(folder, report)
    cohorts.use_scores(cohort.key, cohort.data, record.key, name)
    return _opened(target)


class _Scorer:
    def __init__(self, cohort: Cohort, record: ModelRecord) -> None:
        self.cohort, self.record, self.study = cohort, record, cohort.study
        self.model = models.load(record)
        names = [feature.name for feature in self.study.features]
        if names != list(self.model.predictor_.features):
            raise StoreError(
                f"model {record.key} and cohort {cohort.name!r} have other features; use the study it was trained with"
            )
        # A spread is that of the patients a model was trained on; where their numbers are not kept, of these.
        trained_here = (cohort.key, cohort.data) == (record.cohort, record.data)
        self.borrowed = None if trained_here else scores_of_training(record)
        self.uncertainty = self.model.uncertainty_ if cohort.n <= MOST_INTERVALS else None
        self._folds: dict[int, Predictor] = {}
        self.margins: dict[str, list[Floats]] = {}
        self.fold: list[NDArray[np.int16]] = []
        self.names: list[str] = []

    def predictor(self, fold: int) -> Predictor:
        if fold < 0:
            return self.model.predictor_
        if fold not in self._folds:
            self._folds[fold] = models.load_fold(self.record, fold)
        return self._folds[fold]

    def write(self, folder: Path, report: Report) -> None:
        ranks, first = _ranks(self.cohort.identifiers()), 0
        file = folder / "scores.parquet"
        writer: pq.ParquetWriter | None = None
        try:
            for batch in self.cohort.batches():
                made = self._batch(batch, first, ranks)
                if writer is None:
                    writer = pq.ParquetWriter(file, made.schema, compression="zstd")
                writer.write_table(made, row_group_size=ROW_GROUP)
                first += len(made)
                report("scoring", first / self.cohort.n)
        finally:
            if writer is not None:
                writer.close()
        np.save(folder / "folds.npy", np.concatenate(self.fold), allow_pickle=False)
        distributions = {f"o{j}": _distribution(_column(file, f"o{j}")) for j in range(len(self.names))}
        np.savez_compressed(folder / "distributions.npz", **distributions)  # type: ignore[arg-type]
        summary = {
            "outputs": self.names,
            "in_training": int((np.concatenate(self.fold) >= 0).sum()),
            "typical": {f.name: _typical(file, j, f.kind) for j, f in enumerate(self.study.features)},
            "spread": self._spread(),
        }
        text = json.dumps(summary, ensure_ascii=False, allow_nan=False)
        (folder / "summary.json").write_text(text, encoding="utf-8")

    def _batch(self, batch: pa.Table, first: int, ranks: NDArray[np.int64]) -> pa.Table:
        table: pd.DataFrame = batch.to_pandas()
        X = encode(self.study, table).X
        identifiers = [str(text) for text in cells.texts(table[self.study.identifier])]
        fold = models.fold_of(self.record, self.cohort, X, identifiers, first)
        self.fold.append(fold)
        numbers = self._numbers(X, table, fold)
        self.names = [str(name) for name in numbers.columns]
        n = len(table)
        columns: dict[str, pa.Array] = {
            "row": pa.array(np.arange(first, first + n)),
            "case_key": pa.array([key.decode() for key in self.cohort.case_keys[first : first + n].tolist()]),
            "identifier": pa.array(identifiers),
            "search": pa.array([text.casefold() for text in identifiers]),
            "id_rank": pa.array(ranks[first : first + n]),
        }
        unseen, outside = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
        for j, feature in enumerate(self.study.features):
            x = X[:, j]
            if feature.name in batch.column_names:
                columns[f"f{j}"] = batch.column(feature.name)
                unseen += np.isnan(x) & ~cells.missing(table[feature.name])
            else:
                columns[f"f{j}"] = pa.nulls(n, pa.string())
            columns[f"x{j}"] = pa.array(x, from_pandas=True)
            if feature.valid is not None:
                outside += (x < feature.valid[0]) | (x > feature.valid[1])
        for j, name in enumerate(self.names):
            columns[f"o{j}"] = pa.array(numbers[name].to_numpy(dtype=np.float64), from_pandas=True)
        columns["known"] = pa.array((~np.isnan(X)).sum(axis=1).astype(np.int32))
        columns["out_of_range"], columns["unseen"] = pa.array(outside), pa.array(unseen)
        columns["novel"] = pa.array(self._novel(X, fold))
        columns["fold"] = pa.array(fold)
        return pa.table(columns)

    def _numbers(self, X: Floats, table: pd.DataFrame, fold: NDArray[np.int16]) -> pd.DataFrame:
        parts = []
        for f in np.unique(fold).tolist():
            rows = np.flatnonzero(fold == f)
            chosen = table.iloc[rows]
            parts.append(predictions(self.study, self.predictor(f), X[rows], chosen, self.uncertainty))
            if self.borrowed is None:
                for task, margin in self.predictor(f).margins(X[rows]).items():
                    self.margins.setdefault(task, []).append(margin)
        return pd.concat(parts).sort_index()

    def _novel(self, X: Floats, fold: NDArray[np.int16]) -> NDArray[np.bool_]:
        novel = np.zeros(len(X), dtype=bool)
        for f in np.unique(fold).tolist():
            novel[fold == f] = self.predictor(f).novelty.flag(X[fold == f])
        return novel

    def _spread(self) -> dict[str, list[float]]:
        if self.borrowed is not None:
            return self.borrowed.spread
        return {task: np.concatenate(parts).std(axis=0).tolist() for task, parts in self.margins.items()}


def scores_of_training(record: ModelRecord) -> Scores | None:
    """The numbers of a model for the cohort it was trained on, where they are kept."""
    if record.cohort is None or record.data is None:
        return None
    for name in (scores_name(record.key, intervals=True), scores_name(record.key)):
        folder = room("cohorts") / record.cohort / record.data / name
        if folder.exists():
            return _opened(folder)
    return None


def _ranks(identifiers: list[str]) -> NDArray[np.int64]:
    """Place of each identifier in their order: by number where all are numbers, else by text."""
    numbers = cells.numbers(pd.Series(identifiers, dtype=object))
    keys = np.array(identifiers, dtype=object) if np.isnan(numbers).any() else numbers
    ranks = np.empty(len(identifiers), dtype=np.int64)
    ranks[np.argsort(keys, kind="stable")] = np.arange(len(identifiers))
    return ranks


def _column(file: Path, name: str) -> Floats:
    column = pq.read_table(file, columns=[name], partitioning=None)[name]
    values: Floats = column.to_numpy().astype(np.float64)
    return values


def _distribution(values: Floats) -> Floats:
    known = np.sort(values[~np.isnan(values)])
    return known if len(known) <= GRID else np.quantile(known, np.linspace(0, 1, GRID))


def _typical(file: Path, j: int, kind: str) -> Any:
    """A cell that somebody has: the lower median, or the commonest value."""
    x = _column(file, f"x{j}")
    known = x[~np.isnan(x)]
    if not len(known):
        return None
    if kind in ("numeric", "ordinal"):
        middle = np.quantile(known, 0.5, method="lower")
    else:
        values, counts = np.unique(known, return_counts=True)
        middle = values[counts.argmax()]
    where = int(np.flatnonzero(x == middle)[0])
    cell = pq.read_table(file, columns=[f"f{j}"], partitioning=None)[f"f{j}"][where]
    return pc.cast(cell, pa.string()).as_py() if pa.types.is_temporal(cell.type) else cell.as_py()

"""The job that scores what a user brought by a registered model: numbers, intervals, reasons, flags.

A patient of the training, known by identifier and findings, is scored by the predictor that never saw them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Lock

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mtl.data.encode import encode
from mtl.explain.explainer import Explainer
from mtl.expressions import cells
from mtl.jobs.executor import executor, in_order
from mtl.jobs.queue import Payload
from mtl.model.outputs import predictions
from mtl.model.pool import at_hand
from mtl.model.predictor import Predictor
from mtl.store import models, uploads
from mtl.store.home import secret
from mtl.store.keys import row_digests
from mtl.study import Study
from mtl.tables.infer import with_identifier

CHUNK, FINAL = 5_000, -1
REASONS = 3
Report = Callable[[str, float], None]


def result_name(model: str) -> str:
    """File beside the upload that holds the numbers of a model."""
    return f"scored-{model}.parquet"


def score_table(payload: Payload, report: Report) -> None:
    """Score the upload `upload` of `owner` by the model `model`; the numbers appear beside the upload, whole."""
    stored = uploads.get(str(payload["owner"]), str(payload["upload"]))
    record = models.get(str(payload["model"]))
    model = models.load(record)
    names = dict(stored.meta.get("renamed", {}))
    held: dict[object, int] = models.held_out(record)
    folds = {fold: models.load_fold(record, fold) for fold in sorted(set(held.values()))}
    rows, done = stored.rows, 0
    with executor() as pool, stored.writing(result_name(record.key)) as path, ExitStack() as stack:
        given = at_hand(pool, Predictors(model.study, {FINAL: model.predictor_, **folds}))

        def parts() -> Iterator[tuple[Predictors, pd.DataFrame, NDArray[np.int64]]]:
            first = 1
            for chunk in stored.chunks(CHUNK):
                table = with_identifier(model.study, renamed(chunk, names), first)
                first += len(table)
                yield given, table, _folds(model.study, held, table)

        writer: pq.ParquetWriter | None = None
        for part in in_order(pool, score_part, parts()):
            if writer is None:
                writer = stack.enter_context(pq.ParquetWriter(path, part.schema))
            writer.write_table(part)
            done += len(part)
            report("scoring", done / rows)


class Predictors:
    """The final predictor and those of the folds, each with its explainer where somebody has asked for it."""

    def __init__(self, study: Study, predictors: dict[int, Predictor]) -> None:
        self.study, self._predictors = study, predictors
        self._begin()

    def _begin(self) -> None:
        self._explainers: dict[int, Explainer] = {}
        self._guard = Lock()

    def __getstate__(self) -> tuple[Study, dict[int, Predictor]]:
        return self.study, self._predictors

    def __setstate__(self, state: tuple[Study, dict[int, Predictor]]) -> None:
        self.study, self._predictors = state
        self._begin()

    def of(self, fold: int) -> tuple[Predictor, Explainer]:
        """The predictor of a fold."""
        with self._guard:
            if fold not in self._explainers:
                self._explainers[fold] = Explainer(self._predictors[fold])
        return self._predictors[fold], self._explainers[fold]


def _folds(study: Study, held: dict[object, int], table: pd.DataFrame) -> NDArray[np.int64]:
    """(n,) the fold in which each row was held out, -1 for one who was not in training."""
    if not held:
        return np.full(len(table), FINAL, dtype=np.int64)
    identifiers = pd.Series(cells.texts(table[study.identifier]), dtype="string").fillna("").tolist()
    digests = row_digests(secret(), identifiers, encode(study, table).X)
    return np.array([held.get(digest, FINAL) for digest in digests], dtype=np.int64)


def renamed(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The table with columns called as the model's study calls them."""
    return table.rename(columns={old: new for old, new in names.items() if old in table.columns})


def score_part(asked: Predictors, table: pd.DataFrame, fold: NDArray[np.int64]) -> pa.Table:
    """What the file says of some rows, each by the predictor of its fold: a step that can be done elsewhere."""
    study, X = asked.study, encode(asked.study, table).X
    identifier = pd.DataFrame({study.identifier: cells.texts(table[study.identifier])}, dtype="string")
    features = np.array([feature.name for feature in study.features], dtype=object)
    parts = []
    for which in np.unique(fold).tolist():
        rows = np.flatnonzero(fold == which)
        parts.append(_numbers(study, *asked.of(which), X[rows], table.iloc[rows], features).set_axis(rows))
    numbers = pd.concat(parts).sort_index()
    numbers["in_training"] = fold != FINAL
    numbers["known_findings"] = (~np.isnan(X)).sum(axis=1)
    numbers["out_of_range"] = _outside(study, X, features)
    numbers["unseen"] = _unseen(study, X, table, features)
    return pa.Table.from_pandas(pd.concat([identifier, numbers], axis=1), preserve_index=False)


def _numbers(
    study: Study, predictor: Predictor, explainer: Explainer, X: NDArray[np.float64], table: pd.DataFrame,
    features: NDArray[np.object_],
) -> pd.DataFrame:  # fmt: skip
    numbers = predictions(study, predictor, X, table)
    numbers = numbers[[name for name in numbers.columns if not name.endswith(".log_hazard")]].copy()
    for name, (_base, values) in explainer.contributions(X).items():
        numbers[f"{name}.reasons"] = pd.Series(_top(features, values), index=numbers.index, dtype="string")
    numbers["unlike_training"] = predictor.novelty.flag(X)
    return numbers


def _top(features: NDArray[np.object_], values: NDArray[np.float64]) -> list[str]:
    """The features that move each row's margin most, with the sign of the way they move it; of classes the largest."""
    strongest = np.abs(values).argmax(axis=2)
    signed = np.take_along_axis(values, strongest[:, :, None], axis=2)[:, :, 0]
    order = np.argsort(-np.abs(signed), axis=1, kind="stable")[:, :REASONS]
    return [
        "; ".join(
            f"{'+' if signed[row, f] > 0 else '-'} {features[f]}" for f in chosen if signed[row, f] != 0
        )
        for row, chosen in enumerate(order)
    ]


def _outside(study: Study, X: NDArray[np.float64], features: NDArray[np.object_]) -> list[str]:
    low = np.array([-np.inf if f.valid is None else f.valid[0] for f in study.features])
    high = np.array([np.inf if f.valid is None else f.valid[1] for f in study.features])
    return ["; ".join(features[row]) for row in (low > X) | (high < X)]


def _unseen(
    study: Study, X: NDArray[np.float64], table: pd.DataFrame, features: NDArray[np.object_]
) -> list[str]:
    """Findings that are recorded but that the study cannot read: a category it does not have, a word for a number."""
    lost = np.zeros(X.shape, dtype=bool)
    for place, feature in enumerate(study.features):
        if feature.name in table.columns:
            lost[:, place] = np.isnan(X[:, place]) & ~cells.missing(table[feature.name])
    return ["; ".join(features[row]) for row in lost]

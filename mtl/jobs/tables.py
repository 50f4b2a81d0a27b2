"""The job that scores what a user brought by a registered model: numbers, intervals, reasons, flags.

A patient of the training, known by identifier and findings, is scored by the predictor that never saw them.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.encode import encode
from mtl.explain.explainer import Explainer
from mtl.expressions import cells
from mtl.jobs.queue import Payload
from mtl.model.outputs import predictions
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
    table = with_identifier(model.study, renamed(stored.table(), dict(stored.meta.get("renamed", {}))))
    asked = _Predictors(record, model.predictor_)
    parts = []
    for first in range(0, len(table), CHUNK):
        chunk = table.iloc[first : first + CHUNK].reset_index(drop=True)
        parts.append(_part(model.study, asked, chunk))
        report("scoring", min(1.0, (first + CHUNK) / len(table)))
    out = io.BytesIO()
    pd.concat(parts, ignore_index=True).to_parquet(out, index=False)
    stored.write(result_name(record.key), out.getvalue())


class _Predictors:
    """The final predictor and those of the folds, each with its explainer, and who was held out in which fold."""

    def __init__(self, record: models.ModelRecord, final: Predictor) -> None:
        self._record = record
        self._held = models.held_out(record)
        self._kept = {FINAL: (final, Explainer(final))}

    def fold(self, identifiers: list[str], X: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n,) the fold in which each row was held out, -1 for one who was not in training."""
        if not self._held:
            return np.full(len(X), FINAL, dtype=np.int64)
        return np.array(
            [self._held.get(digest, FINAL) for digest in row_digests(secret(), identifiers, X)],
            dtype=np.int64,
        )

    def of(self, fold: int) -> tuple[Predictor, Explainer]:
        """The predictor of a fold."""
        if fold not in self._kept:
            found = models.load_fold(self._record, fold)
            self._kept[fold] = (found, Explainer(found))
        return self._kept[fold]


def renamed(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The table with columns called as the model's study calls them."""
    return table.rename(columns={old: new for old, new in names.items() if old in table.columns})


def _part(study: Study, asked: _Predictors, table: pd.DataFrame) -> pd.DataFrame:
    X = encode(study, table).X
    identifier = pd.DataFrame({study.identifier: cells.texts(table[study.identifier])}, dtype="string")
    fold = asked.fold(identifier[study.identifier].fillna("").tolist(), X)
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
    return pd.concat([identifier, numbers], axis=1)


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

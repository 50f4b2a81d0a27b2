"""The job that scores what a user brought by a registered model: numbers, intervals, reasons, flags."""

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
from mtl.study import Study
from mtl.tables.infer import with_identifier

CHUNK = 5_000
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
    explainer = Explainer(model.predictor_)
    parts = []
    for first in range(0, len(table), CHUNK):
        parts.append(_part(model.study, model.predictor_, explainer, table.iloc[first : first + CHUNK]))
        report("scoring", min(1.0, (first + CHUNK) / len(table)))
    out = io.BytesIO()
    pd.concat(parts, ignore_index=True).to_parquet(out, index=False)
    stored.write(result_name(record.key), out.getvalue())


def renamed(table: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """The table with columns called as the model's study calls them."""
    return table.rename(columns={old: new for old, new in names.items() if old in table.columns})


def _part(study: Study, predictor: Predictor, explainer: Explainer, table: pd.DataFrame) -> pd.DataFrame:
    X = encode(study, table).X
    identifier = pd.DataFrame({study.identifier: cells.texts(table[study.identifier])}, dtype="string")
    numbers = predictions(study, predictor, X, table).reset_index(drop=True)
    numbers = numbers[[name for name in numbers.columns if not name.endswith(".log_hazard")]]
    features = np.array([feature.name for feature in study.features], dtype=object)
    reasons = {}
    for name, (_base, values) in explainer.contributions(X).items():
        reasons[f"{name}.reasons"] = _top(features, values)
    flags = pd.DataFrame({"unlike_training": predictor.novelty.flag(X), "known_findings": (~np.isnan(X)).sum(axis=1)})
    flags["out_of_range"] = _outside(study, X, features)
    flags["unseen"] = _unseen(study, X, table, features)
    return pd.concat([identifier, numbers, pd.DataFrame(reasons, dtype="string"), flags], axis=1)


def _top(features: NDArray[np.object_], values: NDArray[np.float64]) -> list[str]:
    """The features that move each row's margin most, with the sign of the way they move it; of classes the largest."""
    strongest = np.abs(values).argmax(axis=2)
    signed = np.take_along_axis(values, strongest[:, :, None], axis=2)[:, :, 0]
    order = np.argsort(-np.abs(signed), axis=1, kind="stable")[:, :REASONS]
    return [
        "; ".join(f"{'+' if signed[row, f] > 0 else '-'} {features[f]}" for f in chosen if signed[row, f] != 0)
        for row, chosen in enumerate(order)
    ]


def _outside(study: Study, X: NDArray[np.float64], features: NDArray[np.object_]) -> list[str]:
    low = np.array([-np.inf if f.valid is None else f.valid[0] for f in study.features])
    high = np.array([np.inf if f.valid is None else f.valid[1] for f in study.features])
    return ["; ".join(features[row]) for row in (low > X) | (high < X)]


def _unseen(study: Study, X: NDArray[np.float64], table: pd.DataFrame, features: NDArray[np.object_]) -> list[str]:
    """Findings that are recorded but that the study cannot read: a category it does not have, a word for a number."""
    lost = np.zeros(X.shape, dtype=bool)
    for place, feature in enumerate(study.features):
        if feature.name in table.columns:
            lost[:, place] = np.isnan(X[:, place]) & ~cells.missing(table[feature.name])
    return ["; ".join(features[row]) for row in lost]

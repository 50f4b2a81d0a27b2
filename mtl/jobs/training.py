"""The job that trains a model on what a user brought: cohort, model, numbers, and how well it does on held-out patients."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, softmax

from mtl.data import Target, targets
from mtl.evaluate import NotEstimable, evaluate_task
from mtl.evaluate.concordance import harrell_c
from mtl.evaluate.intervals import percentile_interval, replicates
from mtl.jobs import audits
from mtl.jobs.executor import executor
from mtl.jobs.queue import Payload
from mtl.model.train import TaskFit
from mtl.multitask import MultiTaskModel
from mtl.store import cohorts, models, scores, uploads
from mtl.store.database import StoreError
from mtl.store.keys import content_digest
from mtl.study import Study
from mtl.tables.infer import with_identifier
from mtl.tables.questions import Answers

Report = Callable[[str, float], None]
LOG, SUMMARY = "training.log", "training.json"
HEADLINE = {"binary": "auroc", "multiclass": "macro_auroc", "regression": "r2", "survival": "harrell_c"}
_FITTED, _JUDGED = 0.85, 0.93


def train_model(payload: Payload, report: Report) -> None:
    """Train on the upload `upload` of `owner`; keep cohort and model; leave a summary beside the upload."""
    stored = uploads.get(str(payload["owner"]), str(payload["upload"]))
    toml = stored.read("training.toml")
    if toml is None:
        raise StoreError("the study of this training is not there any more; begin it again")
    study = Study.from_toml(toml.decode() + "\n")
    log = _Log(stored, report)
    log("cohort", 0.01)
    table = with_identifier(study, stored.table())
    cohort = cohorts.register(str(payload["cohort"]), str(payload["name"]), study, table)
    model = MultiTaskModel(study, effort=str(payload["effort"]), random_state=int(payload["seed"] or 0))
    with executor() as pool:
        model.fit(table, lambda what, share: log(f"training: {what}", _FITTED * share), pool)
    log("judging", _FITTED)
    validation = [
        _judge(study, name, fit, found, _folds(model)) for name, fit, found in _fits(model, study, table)
    ]
    log("saving", _JUDGED)
    key = f"{cohort.key}-{content_digest([model.version_.encode(), cohort.data.encode()])}"
    answers = Answers.from_dict(stored.meta["answers"])
    record = models.register_trained(key, str(payload["name"]), model, cohort, table, answers)
    scores.score(cohort, record, lambda what, share: log(what, _JUDGED + (1 - _JUDGED) * share))
    summary = {
        "cohort": cohort.key,
        "model": key,
        "rows": len(table),
        "tasks": validation,
        "left_out": model.left_out_,
    }
    stored.write(SUMMARY, json.dumps(summary, ensure_ascii=False, allow_nan=False).encode())
    audits.follow(cohort.key, key)


class _Log:
    """Reports a step, and writes it down with its time; a step's name holds no patient's value."""

    def __init__(self, stored: uploads.Stored, report: Report) -> None:
        self._path, self._report, self._last = stored.folder / LOG, report, ""
        self._path.write_text("", encoding="utf-8")

    def __call__(self, stage: str, share: float) -> None:
        if stage != self._last:
            self._last = stage
            moment = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{moment} {stage}\n")
        self._report(stage, share)


def _folds(model: MultiTaskModel) -> NDArray[np.int64]:
    """(n,) the fold in which each training row was held out."""
    return np.asarray(model.trained_.fold, dtype=np.int64)


def _fits(model: MultiTaskModel, study: Study, table: pd.DataFrame) -> list[tuple[str, TaskFit, Target]]:
    truths = targets(study, table, model.tasks_)
    return [(name, model.out_of_fold_[name], truths[name]) for name in model.tasks_]


def _judge(study: Study, name: str, fit: TaskFit, truth: Target, fold: NDArray[np.int64]) -> dict[str, Any]:
    """One task: its headline metric out of fold, of the blend with an interval and of each expert alone."""
    rows = np.flatnonzero(truth.labelled)
    metric = HEADLINE[truth.kind]
    value, low, high, reason = _metric(truth, rows, fit.honest, fold, True)
    alone = {}
    for place, expert in enumerate(fit.used):
        alone[expert] = _metric(truth, rows, fit.experts[:, place], fold, False)[0]
    return {
        "task": name, "kind": truth.kind, "n": len(rows), "metric": metric, "value": value, "low": low, "high": high,
        "reason": reason, "alone": alone, "used": list(fit.used),
        "title": {"en": study.task(name).title("en"), "zh": study.task(name).title("zh")},
    }  # fmt: skip


def _metric(
    truth: Target,
    rows: NDArray[np.intp],
    margin: NDArray[np.float64],
    fold: NDArray[np.int64],
    interval: bool,
) -> tuple[float | None, float | None, float | None, str | None]:
    """Value and interval of the headline metric of out-of-fold margins (labelled, c)."""
    if truth.kind == "survival":
        return _concordance(truth, rows, margin[:, 0], fold[rows], interval)
    said = margin[:, 0]
    if truth.kind == "regression":  # the experts' target is standardised
        said = truth.y[rows].mean() + truth.y[rows].std() * said
    if truth.kind == "binary":
        said = expit(said)
    elif truth.kind == "multiclass":
        said = softmax(margin, axis=1)
    found = evaluate_task(truth.kind, truth.y[rows], said, intervals=interval)[HEADLINE[truth.kind]]
    return found.value, found.low, found.high, found.reason


def _concordance(
    truth: Target,
    rows: NDArray[np.intp],
    margin: NDArray[np.float64],
    fold: NDArray[np.int64],
    interval: bool,
) -> tuple[float | None, float | None, float | None, str | None]:
    """Harrell's C within the folds, averaged: the margins of different folds have no common origin."""
    time_, event = truth.time[rows], truth.event[rows]

    def average(chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        values = []
        for which in np.unique(fold[chosen]):
            inside = chosen[fold[chosen] == which]
            try:
                values.append(harrell_c(time_[inside], event[inside], margin[inside]))
            except NotEstimable:
                continue
        return np.array([np.mean(values) if values else np.nan])

    whole = float(average(np.arange(len(rows)))[0])
    if np.isnan(whole):
        return None, None, None, "no fold has comparable patients"
    low, high = percentile_interval(replicates(average, len(rows))[:, 0]) if interval else (None, None)
    return whole, low, high, None

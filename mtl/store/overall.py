"""A cohort's fixed sample with every task's contributions, computed once for a cohort and model, beside its numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mtl.explain.global_importance import expert_shares, importance, that_matter
from mtl.explain.global_sharing import Sharing, sharing
from mtl.explain.global_values import explained
from mtl.model.predictor import Predictor
from mtl.store import models
from mtl.store.cohorts import Cohort
from mtl.store.damage import whole
from mtl.store.home import new_folder
from mtl.store.models import ModelRecord
from mtl.store.scores import Scores, scores_of

LAYOUT = 1  # of the files; part of the folder's name
MOST = 1000  # patients of the sample
SEED = 20_240_607
Floats = NDArray[np.float64]

_making = Lock()


@dataclass(frozen=True, eq=False)
class Overall:
    """A sample of a cohort, explained: training patients by the predictor that did not see them."""

    folder: Path

    @cached_property
    def _summary(self) -> dict[str, Any]:
        with whole(self.folder / "summary.json"):
            summary: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return summary

    @cached_property
    def _arrays(self) -> dict[str, Floats]:
        path = self.folder / "sample.npz"
        with whole(path), path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return {name: saved[name] for name in saved.files}

    @property
    def tasks(self) -> tuple[str, ...]:
        """The fitted tasks, in study order."""
        return tuple(self._summary["tasks"])

    @property
    def rows(self) -> NDArray[np.int64]:
        """(m,) rows of the cohort, ascending."""
        return self._arrays["rows"].astype(np.int64)

    @property
    def folds(self) -> NDArray[np.int64]:
        """(m,) fold in which each was held out, -1 for those not in training."""
        return self._arrays["folds"].astype(np.int64)

    @property
    def X(self) -> Floats:  # noqa: N802
        """(m, p) encoded findings."""
        return self._arrays["X"]

    def values(self, task: str) -> Floats:
        """(m, p, c) contributions to a task's margin."""
        return self._arrays[f"values{self.tasks.index(task)}"]

    def experts(self, task: str) -> Floats:
        """(3,) share of linear, own and shared in the absolute contributions."""
        return np.array(self._summary["experts"][task])

    def importance(self, task: str) -> Floats:
        """(p,) mean absolute contributions in units of the task's spread."""
        return np.array(self._summary["importance"][task])

    @property
    def matter(self) -> tuple[int, ...]:
        """Places of the features that are decisive for at least one task."""
        return tuple(self._summary["matter"])

    @cached_property
    def sharing(self) -> Sharing:
        """How alike the tasks are in the leaves of the final model."""
        held = self._summary["sharing"]
        return Sharing(
            tuple((str(name), int(c)) for name, c in held["outputs"]),
            np.array([[np.nan if v is None else v for v in line] for line in held["likeness"]]),
            np.array(held["trees"], dtype=np.int64),
            np.array(held["forest"], dtype=np.int64),
        )


@lru_cache(maxsize=32)
def _opened(folder: Path) -> Overall:
    return Overall(folder)


def folder_of(cohort: Cohort, record: ModelRecord) -> Path:
    """Where it lies or would lie."""
    return cohort.folder / f"overall-{record.key}-{LAYOUT}"


def overall(cohort: Cohort, record: ModelRecord) -> Overall:
    """The sample of a scored cohort, explained; made where it lacks, which takes seconds. CohortError without scores."""
    folder = folder_of(cohort, record)
    if not folder.exists():
        with _making:
            if not folder.exists():
                with new_folder(folder) as work:
                    _write(cohort, record, work)
    return _opened(folder)


def _write(cohort: Cohort, record: ModelRecord, work: Path) -> None:
    scores = scores_of(cohort)
    rows = np.arange(cohort.n)
    if cohort.n > MOST:
        rows = np.sort(np.random.default_rng(SEED).choice(cohort.n, MOST, replace=False))
    final = models.load(record).predictor_
    X, folds = _encoded(scores, rows, len(final.features)), np.asarray(scores.folds[rows])
    values = {t.name: np.zeros((len(X), X.shape[1], t.n_outputs)) for t in final.tasks}
    experts = {t.name: np.zeros((len(X), 3)) for t in final.tasks}
    for fold in np.unique(folds).tolist():
        predictor: Predictor = final if fold < 0 else models.load_fold(record, int(fold))
        here = folds == fold
        found = explained(predictor, X[here])
        for name in values:
            values[name][here], experts[name][here] = found.values[name], found.experts[name]
    arrays = {f"values{i}": values[t.name] for i, t in enumerate(final.tasks)}
    np.savez_compressed(work / "sample.npz", rows=rows, folds=folds, X=X, **arrays)  # type: ignore[arg-type]
    spread = scores.spread
    weights = {name: importance(value, spread.get(name)) for name, value in values.items()}
    likeness = sharing(final)
    summary = {
        "tasks": [t.name for t in final.tasks],
        "experts": {name: expert_shares(part).tolist() for name, part in experts.items()},
        "importance": {name: weight.tolist() for name, weight in weights.items()},
        "matter": that_matter(weights),
        "sharing": {
            "outputs": likeness.outputs,
            "likeness": [[None if np.isnan(v) else v for v in line] for line in likeness.likeness.tolist()],
            "trees": likeness.trees.tolist(),
            "forest": likeness.forest.tolist(),
        },
    }
    text = json.dumps(summary, ensure_ascii=False, allow_nan=False)
    (work / "summary.json").write_text(text, encoding="utf-8")


def _encoded(scores: Scores, rows: NDArray[np.int64], n_features: int) -> Floats:
    """Encoded findings of some rows, read by the groups of rows that hold them."""
    names = [f"x{j}" for j in range(n_features)]
    parts = []
    with whole(scores.file), pq.ParquetFile(scores.file) as file:
        group, first = 0, 0
        while group < file.num_row_groups:
            n = file.metadata.row_group(group).num_rows
            inside = rows[(rows >= first) & (rows < first + n)] - first
            if len(inside):
                frame = file.read_row_group(group, columns=names).to_pandas()
                parts.append(frame.to_numpy(dtype=np.float64)[inside])
            group, first = group + 1, first + n
    return np.concatenate(parts)

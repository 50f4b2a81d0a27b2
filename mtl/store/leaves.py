"""The patients among whom similar ones are sought, and the leaves in which each predictor puts them.

Both are made once, beside the cohort's numbers, by the scoring job or by the first question. A cohort of more than
20,000 rows is represented by a fixed random sample of that many, so that a question costs the same in any cohort.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mtl.data.encode import encode
from mtl.data.targets import Target, targets
from mtl.explain.similar import LINEAR, Codes, Standing, Terms, forest_of, grounds, leaf_codes
from mtl.expressions import cells
from mtl.model.offsets import holds
from mtl.model.predictor import Predictor
from mtl.store import cohorts, models
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.damage import whole
from mtl.store.home import new_folder
from mtl.store.models import ModelRecord
from mtl.study import Study

LAYOUT = 1  # of the files; part of the folders' names
MOST = 20_000  # patients among whom similar ones are sought
SEED = 20_130_101  # of the sample; a constant, so that it is the same sample every time
Floats = NDArray[np.float64]

_making = Lock()


@dataclass(frozen=True, eq=False)
class Candidates:
    """Patients among whom similar ones are sought.

    Attributes
    ----------
    rows : (m,)
        Their rows in the cohort, ascending.
    identifiers, patients : (m,) text
        As recorded; rows of one patient have the same `patients`.
    X : (m, p)
        Encoded findings.
    outcomes : dict
        Task -> Target of the m.
    given : dict
        Treatment column -> int8 (m,): 1 given, 0 not, -1 not recorded.
    total : int
        Rows of the cohort.
    """

    rows: NDArray[np.int64]
    identifiers: NDArray[np.object_]
    patients: NDArray[np.object_]
    X: Floats
    outcomes: dict[str, Target]
    given: dict[str, NDArray[np.int8]]
    total: int
    levels: NDArray[np.bool_]

    @cached_property
    def standing(self) -> Standing:
        """Where a value stands among theirs."""
        return Standing.of(self.X, self.levels)


def training_cohort(record: ModelRecord) -> Cohort | None:
    """The cohort that a model was trained on, where those very rows are still in the store."""
    if record.cohort is None or record.data is None:
        return None
    try:
        cohort = cohorts.get(record.cohort)
    except CohortError:
        return None
    return cohort if cohort.data == record.data else None


def patient_of(study: Study, row: pd.DataFrame) -> str:
    """Who a row of a table (1, columns) is about, as `Candidates.patients` writes it."""
    return str(_patients(study, row)[0])


def _patients(study: Study, table: pd.DataFrame) -> NDArray[np.object_]:
    own = cells.texts(table[study.identifier]).astype(object)
    if study.patient is None or study.patient not in table.columns:
        return own
    named = cells.texts(table[study.patient]).astype(object)
    return np.where(cells.absent(named), own, named)


# The candidates --------------------------------------------------------------------------------------------------------


def candidates(cohort: Cohort) -> Candidates:
    """The patients of a cohort, or a fixed sample where there are more than 20,000."""
    folder = cohort.folder / f"candidates-{LAYOUT}"
    if not folder.exists():
        with _making, new_folder(folder) as work:
            _write(cohort, work / "patients.parquet")
    return _candidates(folder, cohort)


def _write(cohort: Cohort, file: Path) -> None:
    rows = np.arange(cohort.n)
    if cohort.n > MOST:
        rows = np.sort(np.random.default_rng(SEED).choice(cohort.n, MOST, replace=False))
    parts, first = [], 0
    for batch in cohort.batches():
        inside = rows[(rows >= first) & (rows < first + len(batch))] - first
        parts.append(batch.take(pa.array(inside)).to_pandas())
        first += len(batch)
    table, study = pd.concat(parts, ignore_index=True), cohort.study
    columns: dict[str, Any] = {
        "row": rows,
        "identifier": [str(text) for text in cells.texts(table[study.identifier])],
        "patient": [str(text) for text in _patients(study, table)],
    }
    columns |= {f"x{j}": x for j, x in enumerate(encode(study, table).X.T)}
    for j, target in enumerate(targets(study, table).values()):
        columns |= (
            {f"time{j}": target.time, f"event{j}": target.event}
            if target.kind == "survival"
            else {f"y{j}": target.y}
        )
    columns |= {f"given{j}": holds(study.given(t.column), table) for j, t in enumerate(study.treatments)}
    pq.write_table(pa.table(columns), file, compression="zstd")


@lru_cache(maxsize=8)
def _candidates(folder: Path, cohort: Cohort) -> Candidates:
    study = cohort.study
    with whole(folder / "patients.parquet"):
        table: pd.DataFrame = pq.read_table(folder / "patients.parquet", partitioning=None).to_pandas()

    def column(name: str) -> Floats:
        return table[name].to_numpy(dtype=np.float64)

    outcomes = {}
    for j, task in enumerate(study.tasks):
        classes = tuple(level.text for level in task.classes)
        outcomes[task.name] = (
            Target(task.name, task.kind, classes, time=column(f"time{j}"), event=column(f"event{j}"))
            if task.kind == "survival"
            else Target(task.name, task.kind, classes, y=column(f"y{j}"))
        )
    return Candidates(
        rows=table["row"].to_numpy(dtype=np.int64),
        identifiers=table["identifier"].to_numpy(dtype=object),
        patients=table["patient"].to_numpy(dtype=object),
        X=np.column_stack([column(f"x{j}") for j in range(len(study.features))]),
        outcomes=outcomes,
        given={t.column: table[f"given{j}"].to_numpy(dtype=np.int8) for j, t in enumerate(study.treatments)},
        total=cohort.n,
        levels=np.array([f.kind in ("categorical", "boolean") for f in study.features]),
    )


# Their leaves ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Leaves:
    """Where one predictor puts a cohort's candidates, by the name of the ground."""

    folder: Path

    @lru_cache(maxsize=16)  # noqa: B019 - one object a folder lives as long as the process
    def codes(self, name: str) -> Codes:
        """uint8 (trees, m) of a ground of trees."""
        with whole(self.folder / f"{name}.npy"):
            return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False))

    @lru_cache(maxsize=16)  # noqa: B019
    def terms(self, name: str) -> Terms:
        """The standardised terms of a linear ground."""
        path = self.folder / f"{name}.npz"
        with whole(path), path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return Terms(saved["values"], saved["centre"], saved["scale"])


@lru_cache(maxsize=64)
def _leaves(folder: Path) -> Leaves:
    return Leaves(folder)


def leaves(cohort: Cohort, record: ModelRecord, fold: int, predictor: Predictor) -> Leaves:
    """The leaves of a cohort's candidates by the predictor of a fold (-1: the final one), made where they lack."""
    folder = _folder(cohort, record, fold)
    if not folder.exists():
        known = candidates(cohort)
        with _making, new_folder(folder) as work:
            for name, (here, task) in grounds(predictor).items():
                if here.kind == LINEAR:
                    terms = Terms.of(predictor.task(task).linear, known.X)
                    np.savez(
                        work / f"{name}.npz", values=terms.values, centre=terms.centre, scale=terms.scale
                    )
                else:
                    codes = leaf_codes(forest_of(predictor, task), known.X)
                    np.save(work / f"{name}.npy", codes, allow_pickle=False)
    return _leaves(folder)


def _folder(cohort: Cohort, record: ModelRecord, fold: int) -> Path:
    return cohort.folder / f"leaves-{record.key}-{'final' if fold < 0 else fold}-{LAYOUT}"


def prepare(record: ModelRecord) -> None:
    """Make the leaves of a model's training cohort by every predictor it has, where that cohort is in the store."""
    cohort = training_cohort(record)
    if cohort is None:
        return
    for fold in range(-1, record.folds):
        if not _folder(cohort, record, fold).exists():
            predictor = models.load(record).predictor_ if fold < 0 else models.load_fold(record, fold)
            leaves(cohort, record, fold, predictor)

"""Looking at data before anything is learnt from them: the user's own table, or a cohort that the user may see.

What was counted is kept with the table it was counted on, for as long as that table is in memory: a user's table is opened
for that user alone (:mod:`mtl.services.uploads`), so nobody is ever shown what was counted on somebody else's.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from mtl.data import targets
from mtl.expressions import cells
from mtl.language import language, study_language
from mtl.services import owners, trail, uploads
from mtl.services.own import studies
from mtl.services.own.look_words import group_labels
from mtl.services.patients import cohorts
from mtl.services.uploads import PERMISSION, Upload
from mtl.services.users import current, require
from mtl.store.cohorts import Cohort, CohortError
from mtl.study import Study, Text
from mtl.tables.infer import with_identifier
from mtl.tables.look import Look, Outliers
from mtl.tables.look import look as look_at
from mtl.tables.look_drift import Drift, drift
from mtl.tables.look_missing import groups_of
from mtl.tables.table_one import Numeric, TableOne, table_one

__all__ = [
    "UPLOAD",
    "CohortError",
    "Drift",
    "Look",
    "Numeric",
    "Outliers",
    "Subject",
    "described",
    "drifted",
    "look",
    "named",
    "others",
    "subjects",
]

UPLOAD = "upload"  # the key of what the user brought; cohorts have their own
LEAST_SHARED = 0.5  # of the features, for a comparison to be one
_KEPT = 8  # counts on one table: studies, groupings, languages
Made = TypeVar("Made")


@dataclass(frozen=True)
class Subject:
    """A table that can be looked at: the key, what it is called, its rows, and the study by which it is read."""

    key: str
    title: Text
    n: int
    study: Study


def subjects() -> list[Subject]:
    """What the user may look at: the table that they brought, where a study of it can be had, then every cohort."""
    user = require("cohort:read")
    found = []
    if user.may(PERMISSION) and (upload := uploads.current()) is not None:
        try:
            study = studies.draft(upload).study
        except studies.DataError:
            study = None
        if study is not None:
            found.append(Subject(UPLOAD, Text(en=upload.name), len(upload.table), study))
    return found + [Subject(one.key, one.title, one.n, one.study) for one in cohorts.overview()]


def look(key: str) -> Look:
    """Everything but Table 1 by a chosen grouping, and drift; see :func:`mtl.tables.look.look`.

    Raises
    ------
    CohortError
        There is nothing of that key that the user may see.
    """
    held, study = _opened(key)
    if isinstance(held, Cohort):
        trail.note_view("look", key)
    else:
        trail.note_view("look", upload=held.key)
    return _once(held, study, "look", lambda: look_at(study, _table(held, study)))


def described(key: str, by: str = "") -> TableOne:
    """Table 1, its groups those of the task `by` under the names that a reader sees; of all patients where it is "".

    Raises
    ------
    CohortError
        There is nothing of that key, or its study has no such task.
    """
    held, study = _opened(key)
    if by and by not in {task.name for task in study.tasks}:
        raise CohortError(f"there is no task {by[:80]!r}; choose one of the study's")

    def counted() -> TableOne:
        table = _table(held, study)
        groups = {}
        if by:
            found = groups_of(targets(study, table, [by])[by])
            names = group_labels(study.task(by), list(found))
            groups = {names[label]: rows for label, rows in found.items()}
        return table_one(study, table, groups)

    return _once(held, study, f"table one\0{by}", counted)


def others(key: str) -> list[Subject]:
    """What the table can be compared with: all else that has at least half of its study's features as columns."""
    _held, study = _opened(key)
    features = {feature.name for feature in study.features}
    found = []
    for one in subjects():
        if one.key == key:
            continue
        shared = len(features & set(_columns(_opened(one.key)[0])))
        if features and shared >= LEAST_SHARED * len(features):
            found.append(one)
    return found


def drifted(key: str, other: str) -> tuple[Drift, ...]:
    """How each feature differs in another table, the most shifted first; read by the study of the first.

    Raises
    ------
    CohortError
        There is nothing of these keys that the user may see, or they cannot be compared.
    """
    if other not in {one.key for one in others(key)}:
        raise CohortError(f"there is no cohort {other[:80]!r} to compare with; choose one of those offered")
    held, study = _opened(key)
    second, _study = _opened(other)
    what = f"drift\0{other}\0{second.key}\0{second.data if isinstance(second, Cohort) else ''}"
    return _once(held, study, what, lambda: drift(study, _table(held, study), _table(second, study)))


def named(key: str, rows: tuple[int, ...]) -> list[str]:
    """What the rows at some places are called: their identifiers, the number of the row where one has none."""
    held, study = _opened(key)
    if isinstance(held, Cohort):
        every = held.identifiers()
        return [every[place] for place in rows]
    column = with_identifier(study, held.table)[study.identifier]
    found = cells.texts(column.iloc[np.array(rows, dtype=np.intp)])
    return [str(place + 1) if name is None else str(name) for name, place in zip(found, rows, strict=True)]


def _opened(key: str) -> tuple[Upload | Cohort, Study]:
    """The table of a key and the study by which it is read."""
    require("cohort:read")
    if key != UPLOAD:
        cohort = owners.cohort(key)
        return cohort, cohort.study
    upload = uploads.current() if current().may(PERMISSION) else None
    if upload is None:
        raise CohortError("there is no table yet; bring one first")
    return upload, studies.draft(upload).study


def _table(held: Upload | Cohort, study: Study) -> pd.DataFrame:
    return with_identifier(study, held.table if isinstance(held, Upload) else held.table())


def _columns(held: Upload | Cohort) -> list[str]:
    return list(map(str, (held.table if isinstance(held, Upload) else held.row(0)).columns))


_counts: WeakKeyDictionary[Upload | Cohort, OrderedDict[bytes, Any]] = WeakKeyDictionary()
_guard = Lock()


def _once(held: Upload | Cohort, study: Study, what: str, count: Callable[[], Made]) -> Made:
    """What was counted on a table, counted where it was not yet; some of it is words of a language."""
    told = "\0".join([what, language(), study_language(), study.to_toml()])
    key = hashlib.sha256(told.encode()).digest()
    with _guard:
        kept = _counts.setdefault(held, OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            found: Made = kept[key]
            return found
    made = count()
    with _guard:
        kept[key] = made
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    return made

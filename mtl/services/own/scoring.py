"""A new table through a registered model: what differs, the numbers, their reasons and flags."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from mtl import jobs
from mtl.data import encode
from mtl.jobs.queue import Job
from mtl.jobs.tables import renamed, result_name
from mtl.language import _, number
from mtl.services import owners, trail
from mtl.services.summary import ModelSummary, summary
from mtl.services.uploads import PERMISSION, Upload, owner
from mtl.services.users import require
from mtl.store import models
from mtl.store.database import StoreError
from mtl.study import Study
from mtl.tables.units import differ

__all__ = [
    "Difference",
    "Job",
    "begin",
    "differences",
    "models_here",
    "numbers",
    "parquet",
    "rename",
    "state",
]

MOST_NAMED = 8


@dataclass(frozen=True)
class Difference:
    """How a table differs from what a model's study expects.

    `kind`: "missing" (a feature's column is absent), "renamed" (`other` may be it), "extra" (not used),
    "unit" (another unit), "unseen" (values the study cannot read), "out_of_range" (values outside the valid range).
    """

    kind: str
    column: str
    count: int
    text: str
    other: str = ""


def models_here() -> list[ModelSummary]:
    """The registered models that the user may ask, the newest first."""
    require(PERMISSION)
    return [summary(record) for record in models.every() if owners.may_see(record.key)]


def title(model: str, language: str) -> str:
    """What a person calls a model: its study's title and version. StoreError where the user may not know of it."""
    require(PERMISSION)
    study, record = _study(model), models.get(model)
    return f"{study.title.get(language) or study.name} · {record.version}"


def _study(model: str) -> Study:
    if not owners.may_see(model):
        raise StoreError(f"there is no model {model[:80]!r}; train one or choose another")
    return models.load(models.get(model)).study


def differences(upload: Upload, model: str) -> list[Difference]:
    """How the upload differs from what the model knows, most important first. Columns are matched by name."""
    require(PERMISSION)
    study = _study(model)
    table = renamed(upload.table, _names(upload))
    columns = list(map(str, table.columns))
    needed = [feature.name for feature in study.features]
    told = {
        study.identifier,
        study.patient,
        study.site,
        study.date,
        *needed,
        *study.outcome_columns,
        *study.treatment_columns,
    }
    extra = [name for name in columns if name not in told]
    found = []
    for name in needed:
        if name in columns:
            continue
        near = get_close_matches(name.casefold(), [column.casefold() for column in extra], 1, 0.8)
        other = next((column for column in extra if near and column.casefold() == near[0]), "")
        text = (
            _("{name} is not there; {other} may be it.").format(name=name, other=other)
            if other
            else _("{name} is not there; it counts as missing for every row.").format(name=name)
        )
        found.append(Difference("renamed" if other else "missing", name, len(table), text, other))
    found += _units(study, upload, columns)
    for note in encode(study, table.iloc[:0] if not len(table) else table).notes:
        if note.kind == "missing_column":
            continue
        kind = "out_of_range" if note.kind == "out_of_range" else "unseen"
        words = (
            _(
                "{name}: {count} values are outside the range that the study calls valid, such as {example}; "
                "they are used as they are."
            )
            if kind == "out_of_range"
            else _(
                "{name}: {count} values cannot be read by the study, such as {example}; they count as missing."
            )
        )
        text = words.format(name=note.column, count=number(note.count), example=note.example)
        found.append(Difference(kind, note.column, note.count, text))
    if extra:
        names = ", ".join(extra[:MOST_NAMED]) + (", …" if len(extra) > MOST_NAMED else "")
        found.append(
            Difference(
                "extra",
                "",
                len(extra),
                _("Columns that the model does not use: {names}").format(names=names),
            )
        )
    return found


def _units(study: Study, upload: Upload, columns: list[str]) -> list[Difference]:
    found = []
    names = {new: old for old, new in _names(upload).items()}
    for feature in study.features:
        own = upload.cleaned.units.get(names.get(feature.name, feature.name))
        wanted = feature.unit.get("en")
        if feature.name not in columns or not differ(own, wanted):
            continue
        text = _("{name} is in {own} here, and in {wanted} in the study. Convert it before scoring.").format(
            name=feature.name, own=own, wanted=wanted
        )
        found.append(Difference("unit", feature.name, len(upload.table), text))
    return found


def _names(upload: Upload) -> dict[str, str]:
    return {str(old): str(new) for old, new in upload.stored.meta.get("renamed", {}).items()}


def rename(upload: Upload, names: Mapping[str, str]) -> None:
    """Say which column of the table (key) is which of the study (value)."""
    require(PERMISSION)
    meta = upload.stored.meta | {"renamed": _names(upload) | dict(names)}
    upload.stored.write("meta.json", json.dumps(meta, ensure_ascii=False).encode())


def begin(upload: Upload, model: str) -> str:
    """Score the upload: the key of the job that does it."""
    require(PERMISSION)
    _study(model)
    payload = {"owner": owner(), "upload": upload.key, "model": model}
    trail.note("score", model=model, upload=upload.key, rows=len(upload.table))
    return jobs.submit("score_table", payload, topic=_topic(upload, model))


def _topic(upload: Upload, model: str) -> str:
    return f"table:{upload.key}:{model}"[:200]


def state(upload: Upload, model: str) -> Job | None:
    """How the scoring is; None while there was none."""
    require(PERMISSION)
    return jobs.latest(_topic(upload, model))


def numbers(upload: Upload, model: str) -> pd.DataFrame | None:
    """The numbers, a row a row of the table; None while there are none.

    The identifier, every output with its interval where there is one, `TASK.reasons` (the findings that move the number
    most, with + or -), `unlike_training`, `in_training` (scored by the predictor that never saw them),
    `known_findings`, `out_of_range` and `unseen` (names of findings).
    """
    content = parquet(upload, model)
    return None if content is None else pd.read_parquet(io.BytesIO(content))


def parquet(upload: Upload, model: str) -> bytes | None:
    """The numbers as a Parquet file; None while there are none."""
    require(PERMISSION)
    _study(model)
    found = upload.stored.read(result_name(model))
    if found is not None:
        trail.note_view("scores", model=model, upload=upload.key)
    return found

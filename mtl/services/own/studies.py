"""The study of the table that the user brought: guessed with reasons, changed by the user, checked at every change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import pandas as pd

from mtl.data import DataError
from mtl.language import _, study_language
from mtl.services.uploads import PERMISSION, Upload
from mtl.services.users import require
from mtl.study import Feature, Study, StudyError, Task, Text
from mtl.tables.infer import Inferred, infer, with_identifier
from mtl.tables.infer_features import feature_of
from mtl.tables.kinds import column_of
from mtl.tables.suspicion import Suspicion

__all__ = [
    "ColumnChoice", "DataError", "Draft", "NewTask", "StudyError", "Suspicion", "TaskChoice", "change",
    "column_choices", "draft", "remove_task", "replace_toml", "restore", "task_choices",
]  # fmt: skip

USES = ("feature", "treatment", "left_out")
KINDS = ("numeric", "ordinal", "categorical", "boolean")
MOST_LEVELS = 50


@dataclass(frozen=True)
class Draft:
    """A study on its way: guessed, or as the user left it.

    Attributes
    ----------
    study : Study
    edited : bool
        Whether the user changed it.
    reasons : dict
        (entry, field) -> why it was guessed; entries are "feature age", "task death", "column x".
    suspicions : tuple of Suspicion
    warnings : tuple of str
        What fits the table badly: columns that are not there.
    """

    study: Study
    edited: bool
    reasons: dict[tuple[str, str], str]
    suspicions: tuple[Suspicion, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnChoice:
    """A column of the table as the editor has it; `reason` is why it was guessed so."""

    column: str
    use: str
    kind: str
    stage: str
    label: str
    unit: str
    reason: str = ""


@dataclass(frozen=True)
class TaskChoice:
    """A task as the editor has it; `asks` says what it reads and is not changed here."""

    name: str
    kept: bool
    kind: str
    role: str
    stage: str
    label: str
    asks: str
    excludes: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class NewTask:
    """A task to be added: an expression as target, or a time, its unit and an event."""

    name: str
    kind: str
    role: str
    stage: str
    target: str = ""
    time: str = ""
    event: str = ""
    time_unit: str = "months"
    horizons: tuple[float, ...] = field(default=(1.0, 3.0, 5.0))


def draft(upload: Upload) -> Draft:
    """The study as it stands.

    Raises
    ------
    DataError
        Nothing can be guessed: no outcome, too few rows. A study can still be uploaded.
    """
    require(PERMISSION)
    kept = upload.stored.study()
    if kept is None:
        found = _inferred(upload)
        return Draft(found.study, False, _reasons(found), found.suspicions)
    study = Study.from_toml(kept + "\n")
    try:
        found = _inferred(upload)
    except DataError:
        return Draft(study, True, {}, (), _absent(study, upload.table))
    return Draft(study, True, _reasons(found), found.suspicions, _absent(study, upload.table))


def column_choices(upload: Upload, shown: Draft) -> list[ColumnChoice]:
    """Every column of the table, with what the study makes of it."""
    study, given = shown.study, set(shown.study.treatment_columns)
    features = {feature.name: feature for feature in study.features}
    choices = []
    for name in map(str, upload.table.columns):
        feature = features.get(name)
        guess = shown.reasons.get((f"column {name}", "use"), "")
        if feature is None:
            use = "treatment" if name in given else "left_out"
            choices.append(
                ColumnChoice(
                    name, use, "", "", "", upload.cleaned.units.get(name, ""), guess or _role(study, name)
                )
            )
        else:
            why = "; ".join(
                text
                for what in ("kind", "stage", "unit")
                if (text := shown.reasons.get((f"feature {name}", what)))
            )
            choices.append(
                ColumnChoice(
                    name,
                    "feature",
                    feature.kind,
                    feature.stage,
                    feature.label.get(study_language()),
                    feature.unit.get("en"),
                    why,
                )
            )
    return choices


def _role(study: Study, name: str) -> str:
    if name == study.identifier:
        return _("the identifier")
    if name in study.outcome_columns:
        return _("an outcome")
    return ""


def task_choices(shown: Draft) -> list[TaskChoice]:
    """Every task of the study."""
    return [
        TaskChoice(
            task.name, True, task.kind, task.role, task.stage, task.label.get(study_language()), _asks(task),
            tuple(task.excludes),
            _why(shown, f"task {task.name}", ("kind", "role", "horizons")),
        )
        for task in shown.study.tasks
    ]  # fmt: skip


def _why(shown: Draft, entry: str, fields: Sequence[str]) -> str:
    return "; ".join(text for what in fields if (text := shown.reasons.get((entry, what))))


def _asks(task: Task) -> str:
    return task.target if task.target is not None else f"{task.time} ({task.time_unit}), {task.event}"


def change(
    upload: Upload,
    shown: Draft,
    columns: Sequence[ColumnChoice],
    tasks: Sequence[TaskChoice],
    added: NewTask | None = None,
    keep: bool = True,
) -> Study:
    """The study with the editor's choices; kept where it is valid.

    Raises
    ------
    StudyError
        The choices make no study: all problems at once, each with its entry and the remedy. Nothing is kept then.
    """
    require(PERMISSION)
    study = shown.study
    own = {feature.name: feature for feature in study.features}
    features = [
        _feature(upload, choice, own.get(choice.column)) for choice in columns if choice.use == "feature"
    ]
    names = {str(feature["name"]) for feature in features}
    entries = [_task(study, choice, names) for choice in tasks if choice.kept]
    if added is not None:
        entries.append(_added(upload, added))
    given = [choice.column for choice in columns if choice.use == "treatment"]
    known = {entry.column: entry for entry in study.treatments}
    kept_tasks = {str(entry["name"]) for entry in entries}
    treatments = []
    for column in given:
        entry = (
            known[column].model_dump(mode="json", exclude_defaults=True)
            if column in known
            else {"column": column}
        )
        if entry.get("task") not in kept_tasks:
            entry.pop("task", None)
        treatments.append(entry)
    plain = study.model_dump(mode="json", exclude_defaults=True)
    made = Study(**{**plain, "features": features, "tasks": entries, "treatments": treatments})
    if keep and made != study:
        upload.stored.keep_study(made.to_toml())
    return made


def _feature(upload: Upload, choice: ColumnChoice, before: Feature | None) -> dict[str, Any]:
    if choice.kind and choice.kind not in KINDS:
        raise StudyError(f"column {choice.column!r}: no kind {choice.kind[:40]!r}; use {', '.join(KINDS)}")
    if before is None:
        column = column_of(choice.column, upload.table[choice.column])
        guessed, _why = feature_of(_usable(column), upload.cleaned.units.get(choice.column, ""))
        entry = Feature.model_validate(guessed).model_dump(mode="json", exclude_defaults=True)
    else:
        entry = before.model_dump(mode="json", exclude_defaults=True)
    if choice.kind and choice.kind != entry["kind"]:
        entry = {
            name: value
            for name, value in entry.items()
            if name not in ("levels", "valid", "typical", "decimals")
        }
        entry["kind"] = choice.kind
        if choice.kind in ("ordinal", "categorical"):
            entry["levels"] = _levels(upload.table[choice.column], choice.column)
    if choice.stage:
        entry["stage"] = choice.stage
    known = before.label if before else Text()
    if choice.label and choice.label != known.get(study_language()):
        entry["label"] = _relabelled(known, choice.label)
    if before is None or choice.unit != before.unit.get("en"):
        entry["unit"] = {"en": choice.unit}
    return entry


def _usable(column: Any) -> Any:
    """A column left out as text or constant may still be asked for: it is one of categories then."""
    return column if column.form in KINDS else replace(column, form="categorical")


def _levels(cells: pd.Series, name: str) -> list[float | str]:
    known = cells.dropna()
    if pd.api.types.is_bool_dtype(known.dtype):
        known = known.astype("string").str.lower()
    levels = sorted(known.unique().tolist())
    if len(levels) > MOST_LEVELS:
        raise StudyError(
            _("column {name}: {count} different values; at most {most} can be categories").format(
                name=repr(name[:60]), count=len(levels), most=MOST_LEVELS
            )
        )
    return [str(level) if isinstance(level, str) else float(level) for level in levels]


def _task(study: Study, choice: TaskChoice, features: set[str]) -> dict[str, Any]:
    before = study.task(choice.name)
    entry = before.model_dump(mode="json", exclude_defaults=True)
    entry |= {
        "role": choice.role,
        "stage": choice.stage,
        "excludes": [name for name in choice.excludes if name in features],
    }
    if choice.label and choice.label != before.label.get(study_language()):
        entry["label"] = _relabelled(before.label, choice.label)
    return entry


def _relabelled(before: Text, label: str) -> dict[str, str]:
    """A label said anew in the reader's language; the other language keeps its own."""
    return {"en": before.en, "zh": before.zh} | {study_language(): label}


def _added(upload: Upload, new: NewTask) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": new.name, "kind": new.kind, "role": new.role, "stage": new.stage}
    if new.kind == "survival":
        return entry | {
            "time": new.time,
            "event": new.event,
            "time_unit": new.time_unit,
            "horizons": list(new.horizons),
        }
    entry["target"] = new.target
    if new.kind == "multiclass" and new.target in upload.table.columns:
        entry["classes"] = _levels(upload.table[new.target], new.target)
    return entry


def remove_task(upload: Upload, shown: Draft, name: str) -> Study:
    """The study without a task."""
    kept = [replace(choice, kept=choice.name != name) for choice in task_choices(shown)]
    return change(upload, shown, column_choices(upload, shown), kept)


def replace_toml(upload: Upload, toml: str) -> Study:
    """Take a study from a file.

    Raises
    ------
    StudyError
        The text is no study, or none of its features is a column of the table. Nothing is kept then.
    """
    require(PERMISSION)
    study = Study.from_toml(toml + "\n")
    columns = set(map(str, upload.table.columns))
    if study.features and not columns & {feature.name for feature in study.features}:
        raise StudyError(
            _("None of the study's features is a column of the table. Is it the study of another table?")
        )
    upload.stored.keep_study(study.to_toml())
    return study


def restore(upload: Upload) -> None:
    """Go back to the guess."""
    require(PERMISSION)
    (upload.stored.folder / "study.toml").unlink(missing_ok=True)


def _absent(study: Study, table: pd.DataFrame) -> tuple[str, ...]:
    columns = set(map(str, table.columns))
    missing = [feature.name for feature in study.features if feature.name not in columns]
    asked = [name for name in study.outcome_columns if name not in columns]
    found = []
    if missing:
        found.append(
            _("The table lacks features of the study, which then count as missing: {names}.").format(
                names=", ".join(missing[:8])
            )
        )
    if asked:
        found.append(
            _("The table lacks columns of outcomes, which then cannot be learnt: {names}.").format(
                names=", ".join(asked[:8])
            )
        )
    return tuple(found)


def _reasons(found: Inferred) -> dict[tuple[str, str], str]:
    return {(guess.entry, guess.field): guess.reason for guess in found.guesses}


_guesses: OrderedDict[tuple[str, str], Inferred] = OrderedDict()
_guard = Lock()


def _inferred(upload: Upload) -> Inferred:
    """The guess for one state of one user's table, in one language; reasons are words."""
    from mtl.language import language

    key = (upload.key, language())
    with _guard:
        kept = _guesses.get(key)
    if kept is None:
        name = upload.name.rsplit(".", 1)[0].strip()[:200] or "table"
        kept = infer(upload.table, upload.cleaned.units, name=name)
        with _guard:
            _guesses[key] = kept
            while len(_guesses) > 8:
                _guesses.popitem(last=False)
    return kept


def training_table(upload_table: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The table with the study's identifier, a number a row where it has none."""
    return with_identifier(study, upload_table)

"""From a table to a study: what identifies a row, what is known, what was given, what may be predicted, and what leaks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from mtl.data import DataError
from mtl.expressions import quote_column
from mtl.language import gettext as _
from mtl.study import Study, Text
from mtl.study.entries import Name
from mtl.tables import infer_tasks
from mtl.tables.infer_features import STAGES, feature_of
from mtl.tables.infer_labels import label
from mtl.tables.infer_tasks import Candidate
from mtl.tables.kinds import Column, column_of
from mtl.tables.suspicion import Suspicion, leaks, near_duplicates
from mtl.tables.survival_pairs import quote_text, survival_pairs
from pydantic import TypeAdapter, ValidationError

MOST_COLUMNS = 2_000
FEWEST_ROWS = 20
ROW = "row"  # the identifier where the table has none
UNIQUE = 0.98
MOST_TREATMENT_TASKS = 4

_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True)
class Guess:
    """One thing that was inferred: which entry of the study, which field of it, its value, and why."""

    entry: str
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class Inferred:
    """A study that fits a table, how each part of it was guessed, and what in the table looks wrong."""

    study: Study
    guesses: tuple[Guess, ...]
    suspicions: tuple[Suspicion, ...]


@dataclass
class _Draft:
    """A study in the making."""

    name: str
    units: dict[str, str]
    columns: dict[str, Column]
    guesses: list[Guess] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)
    out: set[str] = field(default_factory=set)
    fields: dict[str, Any] = field(default_factory=dict)
    treatments: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)

    def guess(self, entry: str, what: str, value: object, reason: str) -> None:
        self.guesses.append(Guess(entry, what, str(value), reason))

    def leave_out(self, column: str, reason: str) -> None:
        """Take a column out of what may become a feature."""
        self.out.add(column)
        self.guess(f"column {column}", "use", "left out", reason)

    @property
    def free(self) -> list[Column]:
        """Columns of which nothing has been decided."""
        return [column for name, column in self.columns.items() if name not in self.out]


def infer(table: pd.DataFrame, units: Mapping[str, str] | None = None, name: str = "table") -> Inferred:
    """A study for a table that has none.

    Parameters
    ----------
    table
        One row a patient (n rows): numbers, booleans, text, dates.
    units
        The unit of a column, where its header gave one.
    name
        The name of the study.

    Returns
    -------
    Inferred
        A study that `MultiTaskModel` can be trained with as it stands; every guess with its reason; what is suspicious.
        Suspected leaks are left out of the features.

    Raises
    ------
    DataError
        The table has too few rows, too many columns, no outcome that could be learnt, or nothing to learn it from.

    Examples
    --------
    >>> from mtl.data import load_sample
    >>> found = infer(load_sample("rotterdam")[1], name="rotterdam")
    >>> found.study.identifier, [(task.name, task.kind) for task in found.study.tasks if task.role == "prognosis"]
    ('pid', [('recurrence', 'survival'), ('death', 'survival')])
    """
    _check(table)
    draft = _Draft(name, dict(units or {}), {str(c): column_of(str(c), table[c]) for c in table.columns if _fits(str(c))})
    for column in map(str, table.columns):
        if column not in draft.columns:
            draft.leave_out(column, _("its name cannot be used in a study; rename it"))
    _unusable(draft)
    _identifiers(draft)
    pairs = survival_pairs(draft.free, draft.units)
    candidates = [infer_tasks.of_pair(pair) for pair in pairs]
    for pair in pairs:
        draft.out |= {pair.time, pair.column}
    given = _treatments(draft, {pair.column for pair in pairs})
    from_names, outcomes = infer_tasks.of_names(draft.free, bool(pairs))
    for column, why in outcomes.items():
        draft.leave_out(column, why)
        draft.suspicions.append(Suspicion(column, "leakage", why, 1.0))
    candidates += from_names
    if not any(not c.problem and not c.finding for c in candidates):
        candidates += [c for c in [infer_tasks.fallback([c for c in draft.free if c.name not in _targets(candidates)])] if c]
    candidates += given
    usable = _choose(draft, candidates)
    _dates_and_text(draft)
    _suspect(draft, usable)
    return _assemble(draft, usable)


def with_identifier(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the study's identifier: the number of the row where the table has no such column."""
    if study.identifier in table.columns:
        return table
    return table.assign(**{study.identifier: [str(i) for i in range(1, len(table) + 1)]})


def _check(table: pd.DataFrame) -> None:
    if table.shape[1] > MOST_COLUMNS:
        raise DataError(
            _("{n} columns; at most {most} can be looked through: keep those that matter").format(
                n=table.shape[1], most=MOST_COLUMNS
            )
        )
    if len(table) < FEWEST_ROWS:
        raise DataError(
            _("{n} rows; at least {least} patients are needed to learn from").format(n=len(table), least=FEWEST_ROWS)
        )
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(_("column {name} occurs twice; rename one of them").format(name=repr(str(twice[0]))))


def _fits(name: str) -> bool:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        return False
    return True


def _unusable(draft: _Draft) -> None:
    for column in draft.free:
        if column.form == "empty" and not {"outcome", "event"} & column.says.flags:
            draft.suspicions.append(Suspicion(column.name, "constant", _("no cell holds a value"), 0.0))
            draft.leave_out(column.name, _("no cell holds a value"))
        elif column.form == "constant" and not {"outcome", "event", "arm", "therapy"} & column.says.flags:
            why = _("every known cell holds {value}").format(value=column.levels[0] if column.levels else "")
            draft.suspicions.append(Suspicion(column.name, "constant", why, 1.0))
            draft.leave_out(column.name, why)


def _identifiers(draft: _Draft) -> None:
    """The identifier, the patient where one has several rows, the site; other such columns are left out."""
    named = [c for c in draft.free if "identifier" in c.says and c.form in ("numeric", "text", "categorical")]
    whole = [c for c in draft.free if _counts_rows(c)]
    unique = [c for c in [*named, *whole] if c.distinct == c.rows]
    index = [c for c in unique if c.says.compact in _INDEX]
    chosen = next((c for c in unique if c not in index), None) or next(iter(index), None)
    repeated = [c for c in named if c.unique < 1 and c.distinct > max(20, 0.02 * c.rows) and c.known > 0.9 * c.rows]
    if chosen is not None:
        draft.fields["identifier"] = chosen.name
        draft.guess("study", "identifier", chosen.name, _("no value occurs twice"))
    else:
        free_name = ROW if ROW not in draft.columns else "row_number"
        draft.fields["identifier"] = free_name
        draft.guess("study", "identifier", free_name, _("no column tells the rows apart, so they are numbered"))
    if repeated and (chosen is None or chosen in index):
        draft.fields["patient"] = repeated[0].name
        share = 1 - repeated[0].unique
        draft.guess(
            "study", "patient", repeated[0].name, _("{share} of its values come again, so a patient may have several rows").format(share=f"{100 * share:.0f} %")
        )  # fmt: skip
    for column in {c.name: c for c in [*unique, *repeated, *named]}.values():
        if column.unique > 0.5 or column in repeated:
            draft.suspicions.append(
                Suspicion(column.name, "identifier", _("it tells rows or patients apart"), round(column.unique, 4))
            )
            draft.leave_out(column.name, _("it identifies the row or the patient"))
    for column in draft.free:
        if "person" in column.says and "site" not in column.says and column.form in ("text", "categorical"):
            draft.suspicions.append(Suspicion(column.name, "identifier", _("it names a person; remove it"), round(column.unique, 4)))
            draft.leave_out(column.name, _("it names a person"))
        elif "site" in column.says and column.form in ("categorical", "text", "numeric", "ordinal"):
            if "site" not in draft.fields:
                draft.fields["site"] = column.name
                draft.guess("study", "site", column.name, _("its name says hospital or centre"))
            draft.leave_out(column.name, _("the hospital is no finding about a patient"))


_INDEX = ("rownames", "row", "index", "unnamed0", "obs", "rowid", "rowno", "rownumber", "rowname", "x")


def _counts_rows(column: Column) -> bool:
    """Whole numbers that never repeat and leave few out: the number of the row or of the patient."""
    if column.form != "numeric" or not column.whole or column.distinct != column.rows or column.rows < FEWEST_ROWS:
        return False
    return bool(np.ptp(column.numbers) <= 3 * column.rows)


def _treatments(draft: _Draft, events: set[str]) -> list[Candidate]:
    """Columns that say what was given: no feature of an outcome; a task of their own where a choice was made."""
    tasks = []
    for column in draft.free:
        says = column.says
        named = bool({"arm", "therapy"} & says.flags) or ("group" in says and _arms(column))
        if not named or says.flags & {"history", "outcome", "event", "diagnosis", "calendar", "time", "after"} or "time" in says.words:
            continue
        if column.form not in ("boolean", "categorical", "ordinal", "constant") and not (column.form == "numeric" and _dose(column)):
            continue
        entry: dict[str, Any] = {"column": column.name, "label": label(column.name)}
        if column.form != "numeric" and column.levels:
            entry["levels"] = [level if column.words else float(level) for level in column.levels]
        why = _("its name says treatment; what was given is no finding")
        draft.guess(f"treatment {column.name}", "column", column.name, why)
        draft.out.add(column.name)
        candidate = infer_tasks.of_column(column, "treatment", _("what was usually given, by its name"))
        by_lot = "arm" in says
        if candidate and candidate.kind == "binary" and not candidate.problem and not by_lot and len(tasks) < MOST_TREATMENT_TASKS:
            entry["task"] = candidate.name
            tasks.append(candidate)
        draft.treatments.append(entry)
    return tasks


_GIVEN = re.compile(
    r"(?i).*(placebo|control|standard|usual|treat|therap|patch|combin|drug|mg\b|dose|surg|chemo|radi|intervention|对照|治疗|试验|安慰)"
)


def _arms(column: Column) -> bool:
    """Whether the values of a column called group are what patients were given."""
    return column.words and column.distinct <= 8 and any(_GIVEN.match(level) for level in column.levels)


def _dose(column: Column) -> bool:
    return bool({"dose", "doses", "dosage", "mg", "gy", "cycles"} & set(column.says.words)) or "剂量" in column.name or "arm" in column.says


def _targets(candidates: list[Candidate]) -> set[str]:
    return {name for candidate in candidates for name in candidate.columns}


def _choose(draft: _Draft, candidates: list[Candidate]) -> list[Candidate]:
    """The tasks that can be trained, at most `MOST_TASKS`; the others are named with their reason."""
    usable: list[Candidate] = []
    refused: list[Candidate] = []
    for candidate in candidates:
        if candidate.problem:
            refused.append(candidate)
            draft.guess(f"task {candidate.name}", "use", "left out", candidate.problem)
        elif len(usable) >= infer_tasks.MOST_TASKS:
            draft.guess(f"task {candidate.name}", "use", "left out", _("there are {n} tasks already").format(n=len(usable)))
        else:
            names = {c.name for c in usable}
            fresh = candidate.name if candidate.name not in names else f"{candidate.name}_{len(usable) + 1}"
            usable.append(_renamed(candidate, fresh))
        for column in candidate.columns:
            if not candidate.finding:
                draft.out.add(column)
    for entry in draft.treatments:
        if entry.get("task") not in {c.name for c in usable}:
            entry.pop("task", None)
    if not usable:
        if refused:
            said = "; ".join(f"{c.name}: {c.problem}" for c in refused[:5])
            raise DataError(_("no outcome can be learnt: {reasons}").format(reasons=said))
        raise DataError(_("no column can be an outcome; name one, or bring a study"))
    return usable


def _renamed(candidate: Candidate, name: str) -> Candidate:
    if name == candidate.name:
        return candidate
    return replace(candidate, name=name, entry={**candidate.entry, "name": name}, goal=replace(candidate.goal, name=name))


def _dates_and_text(draft: _Draft) -> None:
    for column in draft.free:
        if column.form == "date":
            if "date" not in draft.fields and not {"after", "outcome"} & column.says.flags:
                draft.fields["date"] = column.name
                draft.guess("study", "date", column.name, _("the first column of dates"))
            draft.suspicions.append(Suspicion(column.name, "date", _("a date is no finding; make a duration of it"), round(column.unique, 4)))
            draft.leave_out(column.name, _("a date is no finding about a patient"))
        elif column.form == "text":
            why = _("free text, or too many categories: {n} different values").format(n=column.distinct)
            kind = "identifier" if column.unique > UNIQUE and column.known > 0.5 * column.rows else "free_text"
            draft.suspicions.append(Suspicion(column.name, "identifier" if kind == "identifier" else "free_text", why, round(column.unique, 4)))
            draft.leave_out(column.name, why)
        elif column.form in ("empty", "constant"):
            why = _("no cell holds a value") if column.form == "empty" else _("every known cell holds the same value")
            draft.suspicions.append(Suspicion(column.name, "constant", why, 1.0))
            draft.leave_out(column.name, why)


def _suspect(draft: _Draft, tasks: list[Candidate]) -> None:
    """Leave out what knows an outcome; from a finding that is also a task, hide what knows that finding."""
    asked = [task for task in tasks if task.entry["role"] != "treatment"]
    excludes: dict[str, list[str]] = {task.name: [] for task in tasks}
    for found in leaks(draft.free, [task.goal for task in asked]):
        task = next(task for task in asked if task.name == found.task)
        if found.column in task.columns:
            continue
        draft.suspicions.append(found)
        if task.finding:
            excludes[task.name].append(found.column)
            draft.guess(f"task {task.name}", "excludes", found.column, found.reason)
        elif found.column not in draft.out:
            draft.leave_out(found.column, _("suspected to know {task}: {reason}").format(task=task.name, reason=found.reason))
    targets = _targets(tasks)
    for found in near_duplicates([column for column in draft.free if column.name not in targets]):
        draft.suspicions.append(found)
        draft.leave_out(found.column, found.reason)
    for task in tasks:
        hidden = [column for column in excludes[task.name] if column not in draft.out or column in targets]
        draft.tasks.append({**task.entry, "excludes": hidden})


def _assemble(draft: _Draft, tasks: list[Candidate]) -> Inferred:
    features = []
    if not draft.free and draft.treatments:
        for treatment in draft.treatments:
            column = draft.columns[treatment["column"]]
            if column.form not in ("constant", "empty"):
                draft.out.discard(column.name)
                draft.guess(f"feature {column.name}", "use", "feature", _("there is nothing else to predict from"))
        draft.treatments = []
        draft.tasks, tasks = _without_treatments(draft.tasks, tasks)
    for column in draft.free:
        entry, reasons = feature_of(column, draft.units.get(column.name, ""))
        features.append(entry)
        for what, why in reasons.items():
            draft.guess(f"feature {column.name}", what, _plain(entry[what]), why)
    names = {entry["name"] for entry in features}
    if not names:
        raise DataError(
            _("no column is left to learn from: all identify, are outcomes, treatments, dates, text, constant or suspected leaks")
        )
    for entry, task in zip(draft.tasks, tasks, strict=True):
        entry["stage"] = {"prognosis": "treatment", "treatment": "treatment", "diagnosis": "investigation"}[entry["role"]]
        entry["excludes"] = [column for column in entry["excludes"] if column in names]
        if task.kind in ("regression",):
            unit = draft.units.get(task.columns[0], "")
            entry.update({"unit": unit} if unit else {})
        start = f"task {entry['name']}"
        draft.guess(start, "kind", entry["kind"], task.reason)
        draft.guess(start, "role", entry["role"], _("by the words of its name; please check"))
        for what, why in task.reasons.items():
            draft.guess(start, what, _plain(entry.get(what, "")), why)
    seeing = []
    for entry, task in zip(draft.tasks, tasks, strict=True):
        hidden = {*entry["excludes"], *task.columns}
        if names - hidden:
            seeing.append(entry)
        else:
            draft.guess(f"task {entry['name']}", "use", "left out", _("no feature is left for it to see"))
    if not seeing:
        raise DataError(_("no column is left to learn from: all identify, are outcomes, treatments, dates, text, constant or suspected leaks"))
    kept = {entry["name"] for entry in seeing}
    for treatment in draft.treatments:
        if treatment.get("task") not in kept:
            treatment.pop("task", None)
    study = Study(
        name=draft.name, title=Text(en=draft.name), stages=STAGES, features=features, tasks=seeing, treatments=draft.treatments,
        description=Text(en="Inferred from a table; every entry is a guess.", zh="由数据表推断；每一项均为推测。"), **draft.fields,
    )  # fmt: skip
    return Inferred(study, tuple(draft.guesses), tuple(draft.suspicions))


def _without_treatments(
    entries: list[dict[str, Any]], tasks: list[Candidate]
) -> tuple[list[dict[str, Any]], list[Candidate]]:
    kept = [(entry, task) for entry, task in zip(entries, tasks, strict=True) if entry["role"] != "treatment"]
    return [entry for entry, _task in kept], [task for _entry, task in kept]


def _plain(value: object) -> str:
    if isinstance(value, Text):
        return value.en
    if isinstance(value, (list, tuple)):
        return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value)
    return str(value)

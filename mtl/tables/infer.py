"""From a table to a study: what identifies a row, what is known, what was given, what may be predicted, and what leaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from mtl.data import DataError
from mtl.language import gettext as _
from mtl.study import Study, Text
from mtl.study.entries import Name
from mtl.tables import infer_roles, infer_tasks
from mtl.tables.infer_draft import Draft, Guess
from mtl.tables.infer_features import STAGES, feature_of
from mtl.tables.infer_repeats import near_duplicates
from mtl.tables.infer_roles import FEWEST_ROWS
from mtl.tables.infer_tasks import Candidate
from mtl.tables.kinds import column_of
from mtl.tables.survival_pairs import survival_pairs
from mtl.tables.suspicion import Suspicion, leaks

MOST_COLUMNS = 2_000

_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True)
class Inferred:
    """A study that fits a table, how each part of it was guessed, and what in the table looks wrong."""

    study: Study
    guesses: tuple[Guess, ...]
    suspicions: tuple[Suspicion, ...]


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
    draft = Draft(
        name, dict(units or {}), {str(c): column_of(str(c), table[c]) for c in table.columns if _fits(str(c))}
    )
    for column in map(str, table.columns):
        if column not in draft.columns:
            draft.leave_out(column, _("its name cannot be used in a study; rename it"))
    infer_roles.unusable(draft)
    infer_roles.identifiers(draft)
    pairs = survival_pairs(draft.free, draft.units)
    candidates = [infer_tasks.of_pair(pair) for pair in pairs]
    for pair in pairs:
        draft.out |= {pair.time, pair.column}
    given = infer_roles.treatments(draft)
    from_names, outcomes = infer_tasks.of_names(draft.free, bool(pairs))
    for column, why in outcomes.items():
        draft.leave_out(column, why)
        draft.suspicions.append(Suspicion(column, "leakage", why, 1.0))
    candidates += from_names
    if not any(
        not c.finding for c in candidates
    ):  # one that cannot be learnt is said, not replaced by a guess
        candidates += [
            c
            for c in [infer_tasks.fallback([c for c in draft.free if c.name not in _targets(candidates)])]
            if c
        ]
    candidates += given
    usable = _choose(draft, candidates)
    infer_roles.dates_and_text(draft)
    _suspect(draft, usable)
    return _assemble(draft, usable)


def with_identifier(study: Study, table: pd.DataFrame, first: int = 1) -> pd.DataFrame:
    """The table with the study's identifier: the number of the row, from `first` on, where there is no such column."""
    if study.identifier in table.columns:
        return table
    return table.assign(**{study.identifier: [str(i) for i in range(first, first + len(table))]})


def _check(table: pd.DataFrame) -> None:
    if table.shape[1] > MOST_COLUMNS:
        raise DataError(
            _("{n} columns; at most {most} can be looked through: keep those that matter").format(
                n=table.shape[1], most=MOST_COLUMNS
            )
        )
    if len(table) < FEWEST_ROWS:
        raise DataError(
            _("{n} rows; at least {least} patients are needed to learn from").format(
                n=len(table), least=FEWEST_ROWS
            )
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


def _targets(candidates: list[Candidate]) -> set[str]:
    return {name for candidate in candidates for name in candidate.columns}


def _choose(draft: Draft, candidates: list[Candidate]) -> list[Candidate]:
    """The tasks that can be trained, at most `MOST_TASKS`; the others are named with their reason."""
    usable: list[Candidate] = []
    refused: list[Candidate] = []
    for candidate in candidates:
        if candidate.problem:
            refused.append(candidate)
            draft.guess(f"task {candidate.name}", "use", "left out", candidate.problem)
        elif len(usable) >= infer_tasks.MOST_TASKS:
            draft.guess(
                f"task {candidate.name}",
                "use",
                "left out",
                _("there are {n} tasks already").format(n=len(usable)),
            )
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
    return replace(
        candidate, name=name, entry={**candidate.entry, "name": name}, goal=replace(candidate.goal, name=name)
    )


def _suspect(draft: Draft, tasks: list[Candidate]) -> None:
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
            draft.leave_out(
                found.column,
                _("suspected to know {task}: {reason}").format(task=task.name, reason=found.reason),
            )
    targets = _targets(tasks)
    for found in near_duplicates([column for column in draft.free if column.name not in targets]):
        draft.suspicions.append(found)
        draft.leave_out(found.column, found.reason)
    for task in tasks:
        hidden = [column for column in excludes[task.name] if column not in draft.out or column in targets]
        draft.tasks.append({**task.entry, "excludes": hidden})


def _assemble(draft: Draft, tasks: list[Candidate]) -> Inferred:
    features = []
    if not draft.free and draft.treatments:
        for treatment in draft.treatments:
            column = draft.columns[treatment["column"]]
            if column.form not in ("constant", "empty"):
                draft.out.discard(column.name)
                draft.guess(
                    f"feature {column.name}", "use", "feature", _("there is nothing else to predict from")
                )
        draft.treatments = []
        draft.tasks, tasks = _without_treatments(draft.tasks, tasks)
    for column in draft.free:
        entry, reasons = feature_of(column, draft.units.get(column.name, ""))
        features.append(entry)
        for what, why in reasons.items():
            draft.guess(f"feature {column.name}", what, _plain(entry[what]), why)
    names = {entry["name"] for entry in features}
    if not names:
        raise DataError(_nothing_left())
    for entry, task in zip(draft.tasks, tasks, strict=True):
        entry["stage"] = {"prognosis": "treatment", "treatment": "treatment", "diagnosis": "investigation"}[
            entry["role"]
        ]
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
        raise DataError(_nothing_left())
    kept = {entry["name"] for entry in seeing}
    for treatment in draft.treatments:
        if treatment.get("task") not in kept:
            treatment.pop("task", None)
    study = Study(
        name=draft.name,
        title=Text(en=draft.name),
        description=Text(
            en="Inferred from a table; every entry is a guess.", zh="由数据表推断；每一项均为推测。"
        ),
        stages=STAGES,
        features=features,
        tasks=seeing,
        treatments=draft.treatments,
        **draft.fields,
    )
    return Inferred(study, tuple(draft.guesses), tuple(draft.suspicions))


def _without_treatments(
    entries: list[dict[str, Any]], tasks: list[Candidate]
) -> tuple[list[dict[str, Any]], list[Candidate]]:
    kept = [(entry, task) for entry, task in zip(entries, tasks, strict=True) if entry["role"] != "treatment"]
    return [entry for entry, _task in kept], [task for _entry, task in kept]


def _nothing_left() -> str:
    return _(
        "no column is left to learn from: all identify, are outcomes, treatments, dates, text, "
        "constant or suspected leaks"
    )


def _plain(value: object) -> str:
    if isinstance(value, Text):
        return value.en
    if isinstance(value, (list, tuple)):
        return ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in value)
    return str(value)

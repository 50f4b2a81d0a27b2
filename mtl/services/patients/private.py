"""Patients whom a user types in: checked by the study, kept for their owner, listed with every task's number."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mtl.data.encode import encode
from mtl.data.notes import MAX_EXAMPLE, shorten
from mtl.expressions import cells
from mtl.language import _, listed, study_language
from mtl.model.outputs import predictions
from mtl.services import owners, trail
from mtl.services.loaded import reader, record, uncertainty
from mtl.services.patients import edits
from mtl.services.patients.edits import EditError
from mtl.services.patients.places import CaseError, private_row
from mtl.services.patients.worklist import Neighbours, Worklist, columns_of
from mtl.services.users import require
from mtl.store import private_cases as store
from mtl.store.cohorts import Cohort, CohortError
from mtl.store.database import settle
from mtl.store.private_cases import PrivateCase, PrivateCaseError
from mtl.store.scores import shows_intervals
from mtl.study import Feature, Study, Treatment

__all__ = [
    "CaseError", "Checked", "CohortError", "Draft", "Feature", "FormError", "PrivateCaseError",
    "Problem", "Treatment", "change", "check", "create", "draft", "mine", "neighbours", "remove",
]  # fmt: skip

LONGEST = 100  # characters of an identifier


@dataclass(frozen=True)
class Problem:
    """What cannot be kept: the field (a column's name), and in words for the reader what to do."""

    field: str
    message: str


class FormError(ValueError):
    """A form that cannot be kept, with all its problems."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Checked:
    """A form that can be kept: cells as they would be recorded, and what the user should look at again."""

    identifier: str
    values: dict[str, Any]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A private case to be edited."""

    key: str
    cohort: str
    identifier: str
    values: dict[str, Any]
    changed: str


# Checking ------------------------------------------------------------------------------------------------------------


def check(cohort: str, identifier: object, values: Mapping[str, object]) -> Checked:
    """What a form holds, as it would be kept.

    A value outside its valid range, or unlike those of the training patients, is kept and warned of. None, or a column
    that is not named, is not measured (of a treatment: not known).

    Parameters
    ----------
    values
        Feature or treatment column -> a number, a level's value, a truth value, a text that says one of these, or None.

    Raises
    ------
    FormError
        An identifier or a value that cannot be, or a column that the study does not have; all problems at once.
    CohortError
        There is no such cohort, or it has no model yet.
    """
    require("case:write")
    return _check(_cohort(cohort), identifier, values)


def _check(cohort: Cohort, identifier: object, values: Mapping[str, object]) -> Checked:
    study, problems, kept = cohort.study, list[Problem](), dict[str, Any]()
    name, wrong = _name(identifier)
    if wrong:
        problems.append(Problem(study.identifier, wrong))
    for column, value in values.items():
        try:
            cell = _value(study, column, value)
        except EditError as error:
            text = _("{problem} (given: {value})")
            problems.append(Problem(error.field, text.format(problem=error, value=shorten(value))))
            continue
        if cell is not None:
            kept[str(column)] = cell
    if problems:
        raise FormError(tuple(problems))
    draft = PrivateCase("", "", cohort.key, name, kept, "", "")
    X = encode(study, private_row(cohort, draft)).X
    novelty = reader(record(str(cohort.model))).predictor.novelty
    return Checked(name, kept, edits.warnings(study, kept, X, novelty))


def _name(identifier: object) -> tuple[str, str]:
    """An identifier as it is kept, and what is wrong with it."""
    name = identifier.strip() if isinstance(identifier, str) else ""
    if not name:
        return name, _("Give the patient a name or number that you will recognise; nobody else sees it.")
    if len(name) > LONGEST or any(unicodedata.category(sign)[0] == "C" for sign in name):
        return name, _("Use at most {count} visible characters for the identifier.").format(count=LONGEST)
    return name, ""


def _value(study: Study, column: object, value: object) -> Any:
    if column in study.treatment_columns:
        return _given(study.treatment(str(column)), value)
    feature = next((one for one in study.features if one.name == column), None)
    if feature is None:
        shown = str(column)[:80]
        raise EditError(shown, _("{field}: the study has no such finding").format(field=shown))
    cell = edits.cell(feature, value)
    if _impossible(feature, cell):
        text = _("{field}: cannot be below zero; correct it, or leave it as not measured")
        raise EditError(feature.name, text.format(field=feature.title(study_language())))
    return cell


def _impossible(feature: Feature, cell: Any) -> bool:
    """A count, an amount or an age below zero; elsewhere a range may have been drawn too narrow."""
    return (
        feature.kind == "numeric"
        and cell is not None
        and feature.valid is not None
        and cell < 0 <= feature.valid[0]
    )


def _given(treatment: Treatment, value: object) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    known = [level.value for level in treatment.levels] or [0.0, 1.0]
    keys = {cells.cell_text(one) or "": at for at, one in enumerate(known)}
    given = int(value) if isinstance(value, bool) else value
    plain = isinstance(given, (str, int, float)) and len(shorten(given)) < MAX_EXAMPLE
    found = cells.levels(pd.Series([given if plain else None], dtype=object), keys)[0][0]
    if not np.isnan(found):
        return known[int(found)]
    levels = listed(level.get(study_language()) for level in treatment.levels) or "0, 1"
    words = _("{field}: choose one of {levels}, or leave it as not known")
    raise EditError(treatment.column, words.format(field=treatment.title(study_language()), levels=levels))


# Keeping -------------------------------------------------------------------------------------------------------------


def create(cohort: str, identifier: object, values: Mapping[str, object]) -> str:
    """Keep a new case of the current user: its key. The errors of :func:`check`, and PrivateCaseError."""
    user = require("case:write")
    checked = check(cohort, identifier, values)
    key = store.add(user.name, cohort, checked.identifier, checked.values).key
    trail.note("new patient", cohort, key)
    return key


def change(case_key: str, identifier: object, values: Mapping[str, object]) -> None:
    """Replace what is kept of a case; its key, and so its address, stays. Errors as in :func:`create`."""
    user = require("case:write")
    cohort = _own(case_key).cohort
    checked = check(cohort, identifier, values)
    store.change(case_key, user.name, checked.identifier, checked.values)
    trail.note("change patient", cohort, case_key)


def remove(case_key: str) -> None:
    """Delete a case of the current user; PrivateCaseError when there is none. What was signed about it stays."""
    store.remove(case_key, require("case:write").name)
    settle()
    trail.note("delete patient", case_key=case_key)


def draft(case_key: str) -> Draft:
    """A case of the current user as it was typed in; CaseError when it is nobody's or somebody else's."""
    require("case:write")
    found = _own(case_key)
    return Draft(found.key, found.cohort, found.identifier, dict(found.values), found.changed)


def _own(case_key: str) -> PrivateCase:
    found = store.find(case_key, require("case:read").name)
    if found is None:
        raise CaseError("you have no such case; open one from the list of patients")
    return found


def _cohort(key: str) -> Cohort:
    cohort = owners.cohort(key)
    if cohort.model is None or cohort.scores is None:
        raise CohortError(f"cohort {cohort.name!r} has no predictions yet; wait for its model")
    return cohort


# Listing -------------------------------------------------------------------------------------------------------------


def mine(cohort: str, search: str = "") -> Worklist:
    """The current user's cases in a cohort, the last changed first, in the shape of the cohort's worklist.

    Their numbers are the final model's, computed here. `search` is part of an identifier, capitals ignored.
    """
    user = require("case:read")
    of = _cohort(cohort)
    every = store.of(user.name, of.key)
    found = [one for one in every if search.strip().casefold() in one.identifier.casefold()]
    features, recorded, outputs = columns_of(of)
    rows = _rows(of, found, recorded, outputs) if found else pd.DataFrame()
    return Worklist(rows, features, recorded, outputs, len(found), len(every))


def _rows(
    cohort: Cohort, found: list[PrivateCase], recorded: Mapping[str, str], outputs: tuple[str, ...]
) -> pd.DataFrame:
    model = record(str(cohort.model))
    study, predictor = cohort.study, reader(model).predictor
    sure = uncertainty(model) if shows_intervals(cohort) else None
    table = pd.concat([private_row(cohort, one).astype(object) for one in found], ignore_index=True)
    X = encode(study, table).X
    numbers = predictions(study, predictor, X, table, sure)
    columns: dict[str, Any] = {
        "case_key": [one.key for one in found],
        "identifier": [one.identifier for one in found],
    }
    columns |= {recorded[feature.name]: table[feature.name] for feature in study.features}
    limits = [f"{name}.{end}" for name in outputs for end in ("low", "high")]
    columns |= {name: numbers[name] for name in (*outputs, *limits) if name in numbers.columns}
    rows = pd.DataFrame(columns)
    rows["known"], rows["of"], rows["in_training"] = (~np.isnan(X)).sum(axis=1), len(study.features), False
    novel = predictor.novelty.flag(X)
    rows["flags"] = pd.Series(
        [_flags(study, x, bool(flag)) for x, flag in zip(X, novel, strict=True)], dtype=object
    )
    return rows


def _flags(study: Study, x: Any, novel: bool) -> tuple[str, ...]:
    outside = any(
        feature.valid is not None and (value < feature.valid[0] or value > feature.valid[1])
        for feature, value in zip(study.features, x, strict=True)
    )
    return (*(("out_of_distribution",) if novel else ()), *(("out_of_range",) if outside else ()))


def neighbours(cohort: str, case_key: str) -> Neighbours | None:
    """The cases before and after one of the current user's own; None where it is none of theirs."""
    keys = [one.key for one in store.of(require("case:read").name, cohort)]
    if case_key not in keys:
        return None
    at = keys.index(case_key)
    before, after = keys[at - 1] if at else None, keys[at + 1] if at + 1 < len(keys) else None
    return Neighbours(before, after, at + 1, len(keys))

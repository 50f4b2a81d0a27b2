"""Columns that are no finding: constants, identifiers, sites, treatments, dates, free text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from mtl.language import gettext as _
from mtl.language import percent
from mtl.tables import infer_tasks
from mtl.tables.infer_draft import Draft
from mtl.tables.infer_labels import label
from mtl.tables.infer_tasks import Candidate
from mtl.tables.kinds import Column
from mtl.tables.suspicion import Suspicion

FEWEST_ROWS = 20
ROW = "row"  # the identifier where the table has none
MOST_TREATMENT_TASKS = 4


def unusable(draft: Draft) -> None:
    """Leave out columns without a value, or with only one; an outcome without one is said later."""
    for column in draft.free:
        named = {"outcome", "event", "diagnosis"} & column.says.flags and "history" not in column.says
        if column.form == "empty" and not named:
            draft.suspicions.append(Suspicion(column.name, "constant", _("no cell holds a value"), 0.0))
            draft.leave_out(column.name, _("no cell holds a value"))
        elif column.form == "constant" and not named and not {"arm", "therapy"} & column.says.flags:
            why = _("every known cell holds {value}").format(value=column.levels[0] if column.levels else "")
            draft.suspicions.append(Suspicion(column.name, "constant", why, 1.0))
            draft.leave_out(column.name, why)


def identifiers(draft: Draft) -> None:
    """The identifier, the patient where one has several rows, the site; other such columns are left out."""
    named = [c for c in draft.free if "identifier" in c.says and c.form in ("numeric", "text", "categorical")]
    whole = [c for c in draft.free if _counts_rows(c)]
    unique = [c for c in [*named, *whole] if c.distinct == c.rows]
    index = [c for c in unique if c.says.compact in _INDEX]
    chosen = next((c for c in unique if c not in index), None) or next(iter(index), None)
    repeated = [
        c for c in named if c.unique < 1 and c.distinct > max(20, 0.02 * c.rows) and c.known > 0.9 * c.rows
    ]
    if chosen is not None:
        draft.fields["identifier"] = chosen.name
        draft.guess("study", "identifier", chosen.name, _("no value occurs twice"))
    else:
        free_name = ROW if ROW not in draft.columns else "row_number"
        draft.fields["identifier"] = free_name
        draft.guess(
            "study", "identifier", free_name, _("no column tells the rows apart, so they are numbered")
        )
    if repeated and (chosen is None or chosen in index):
        draft.fields["patient"] = repeated[0].name
        again = percent(1 - repeated[0].unique)
        why = _("{share} of its values come again, so a patient may have several rows").format(share=again)
        draft.guess("study", "patient", repeated[0].name, why)
    for column in {c.name: c for c in [*unique, *repeated, *named]}.values():
        if column.unique > 0.5 or column in repeated:
            draft.suspicions.append(
                Suspicion(
                    column.name, "identifier", _("it tells rows or patients apart"), round(column.unique, 4)
                )
            )
            draft.leave_out(column.name, _("it identifies the row or the patient"))
    for column in draft.free:
        if "person" in column.says and "site" not in column.says and column.form in ("text", "categorical"):
            draft.suspicions.append(
                Suspicion(
                    column.name, "identifier", _("it names a person; remove it"), round(column.unique, 4)
                )
            )
            draft.leave_out(column.name, _("it names a person"))
        elif "site" in column.says and column.form in ("categorical", "text", "numeric", "ordinal"):
            if "site" not in draft.fields:
                draft.fields["site"] = column.name
                draft.guess("study", "site", column.name, _("its name says hospital or centre"))
            draft.leave_out(column.name, _("the hospital is no finding about a patient"))


_INDEX = ("rownames", "row", "index", "unnamed0", "obs", "rowid", "rowno", "rownumber", "rowname", "x")


def _counts_rows(column: Column) -> bool:
    """Whole numbers that never repeat and leave few out: the number of the row or of the patient."""
    if (
        column.form != "numeric"
        or not column.whole
        or column.distinct != column.rows
        or column.rows < FEWEST_ROWS
    ):
        return False
    return bool(np.ptp(column.numbers) <= 3 * column.rows)


def treatments(draft: Draft) -> list[Candidate]:
    """Columns that say what was given: no feature of an outcome; a task of their own where a choice was made."""
    tasks: list[Candidate] = []
    for column in draft.free:
        says = column.says
        named = bool({"arm", "therapy"} & says.flags) or ("group" in says and _arms(column))
        if (
            not named
            or says.flags & {"history", "outcome", "event", "diagnosis", "calendar", "time", "after"}
            or "time" in says.words
        ):
            continue
        if column.form not in ("boolean", "categorical", "ordinal", "constant") and not (
            column.form == "numeric" and _dose(column)
        ):
            continue
        entry: dict[str, Any] = {"column": column.name, "label": label(column.name)}
        if column.form != "numeric" and column.levels:
            entry["levels"] = [level if column.words else float(level) for level in column.levels]
        why = _("its name says treatment; what was given is no finding")
        draft.guess(f"treatment {column.name}", "column", column.name, why)
        draft.out.add(column.name)
        candidate = infer_tasks.of_column(column, "treatment", _("what was usually given, by its name"))
        by_lot = "arm" in says
        if (
            candidate
            and candidate.kind == "binary"
            and not candidate.problem
            and not by_lot
            and len(tasks) < MOST_TREATMENT_TASKS
        ):
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
    return (
        bool({"dose", "doses", "dosage", "mg", "gy", "cycles"} & set(column.says.words))
        or "剂量" in column.name
        or "arm" in column.says
    )


def dates_and_text(draft: Draft) -> None:
    """Leave out what is still free and no feature can be made of; the first dates are the study's."""
    for column in draft.free:
        if column.form == "date":
            if "date" not in draft.fields and not {"after", "outcome"} & column.says.flags:
                draft.fields["date"] = column.name
                draft.guess("study", "date", column.name, _("the first column of dates"))
            draft.suspicions.append(
                Suspicion(
                    column.name,
                    "date",
                    _("a date is no finding; make a duration of it"),
                    round(column.unique, 4),
                )
            )
            draft.leave_out(column.name, _("a date is no finding about a patient"))
        elif column.form == "text" or ("remark" in column.says and column.words):
            why = _("free text, or too many categories: {n} different values").format(n=column.distinct)
            if "remark" in column.says:
                why = _("remarks by its name: text that was written once cannot be learnt from")
            draft.suspicions.append(Suspicion(column.name, "free_text", why, round(column.unique, 4)))
            draft.leave_out(column.name, why)
        elif column.form in ("empty", "constant"):
            why = (
                _("no cell holds a value")
                if column.form == "empty"
                else _("every known cell holds the same value")
            )
            draft.suspicions.append(Suspicion(column.name, "constant", why, 1.0))
            draft.leave_out(column.name, why)

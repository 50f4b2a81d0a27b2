"""Items of a model card that the data answer: dates, flow, sample size, characteristics, missing values, comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mtl.language import _, listed, ngettext, number, percent, study_language
from mtl.report.document import Block, Points, Table, Words
from mtl.services.documents.facts import Facts, Known, Lacking
from mtl.services.patients.wording import title, years
from mtl.study import Study, Task
from mtl.tables.look import labels
from mtl.tables.look_drift import drift
from mtl.tables.table_one import TableOne, table_one


def not_here() -> Lacking:
    """The training cohort's rows are not here."""
    return Lacking(
        _(
            "The training cohort is not here. Register the table the model was trained on, and train or "
            "choose the model there."
        )
    )


def dates(facts: Facts) -> Known | Lacking | None:
    """First and last year of the study's date column; whole years, so that no patient's day is told."""
    column = facts.study.date
    if column is None:
        return None
    if facts.table is None:
        return not_here()
    found = _years(facts.table[column]) if column in facts.table.columns else None
    if found is None:
        return None
    told = _("Dates of the training patients, from the column {column}: {first} to {last}.").format(
        column=column, first=found[0], last=found[1]
    )
    return Known((Words(told), *_followed(facts)), _("which moment the date is, and the end of follow-up"))


def _years(cells: pd.Series) -> tuple[int, int] | None:
    """First and last year of a column of years or dates; None where it is neither."""
    numbers = pd.to_numeric(cells, errors="coerce").dropna()
    if len(numbers) and numbers.between(1800, 2200).all():
        return int(numbers.min()), int(numbers.max())
    moments = pd.to_datetime(cells.astype("string"), errors="coerce", format="ISO8601").dropna()
    return (int(moments.min().year), int(moments.max().year)) if len(moments) else None


def _followed(facts: Facts) -> tuple[Block, ...]:
    lines = []
    for task in facts.tasks:
        if task.kind != "survival" or task.name not in facts.truths:
            continue
        median = labels(facts.study, task.name, facts.truths[task.name]).followed
        if median is not None:
            told = _("{task}: median follow-up {time} (reverse Kaplan-Meier).")
            lines.append(told.format(task=title(task), time=years(round(median, 1))))
    return (Points(tuple(lines)),) if lines else ()


def flow(facts: Facts) -> Known:
    """From the rows of the training table to the labelled ones of each task, and the tasks that were left out."""
    training = facts.training
    told = _("{count} patients in the training table; nobody was left out of it by the program.").format(
        count=number(training["rows"])
    )
    rest = _("how the patients of the table were found, and who was not in it")
    return Known((Words(told), counted(facts), *_left_out(facts), *_followed(facts)), rest)


def counted(facts: Facts) -> Table:
    """Rows with an outcome, with and without the event, a line a task."""
    head = (_("Outcome"), _("Patients with a known outcome"), _("Events, or the classes"))
    return Table(_("Participants and outcomes"), head, tuple(_counted(facts, task) for task in facts.tasks))


def _counted(facts: Facts, task: Task) -> tuple[str, str, str]:
    count, informative = facts.patients_of(task)
    if task.name not in facts.truths:
        told = "–"
        if informative is not None:
            told = number(informative)
            if task.kind != "survival":
                told = _("{count} outside the commonest class").format(count=told)
        return title(task), number(count), told
    found = labels(facts.study, task.name, facts.truths[task.name]).counts
    if task.kind == "survival":
        told = number(found["event"])
    elif task.kind == "binary":
        told = _("{events} with, {others} without").format(
            events=number(found["1"]), others=number(found["0"])
        )
    elif task.kind == "multiclass":
        words = {level.text: level.get(study_language()) for level in task.classes}
        told = listed([
            _("{label}: {value}").format(label=words.get(name, name), value=number(n)) for name, n in found.items()
        ])  # fmt: skip
    else:
        told = "–"
    return title(task), number(count), told


def _left_out(facts: Facts) -> tuple[Block, ...]:
    left_out = facts.training["left_out"]
    if not left_out:
        return ()
    line = _("{task} is left out: {reason}")
    lines = [line.format(task=title(facts.study.task(name)), reason=why) for name, why in left_out.items()]
    return (Points(tuple(lines)),)


def sample_size(facts: Facts) -> Known:
    """How many there are for how many inputs; the program makes no calculation of sample size, and says so."""
    blocks: list[Block] = [
        Words(_("All patients of the table were used. The program makes no calculation of sample size.")),
        counted(facts),
    ]
    few = [
        _("{label}: {value}").format(label=title(task), value=told)
        for task in facts.tasks
        if task.name in facts.truths and (told := labels(facts.study, task.name, facts.truths[task.name]).few)
    ]
    if few:
        blocks.append(Points(tuple(few)))
    for one in facts.external:
        told = ngettext("{cohort}: {count} patient.", "{cohort}: {count} patients.", one.n)
        blocks.append(Words(told.format(cohort=one.title, count=number(one.n))))
    return Known(tuple(blocks), _("why this size suffices"))


def characteristics(facts: Facts) -> Known | Lacking:
    """Table 1 of the training cohort."""
    if facts.table is None:
        return not_here()
    caption = _("The {count} training patients").format(count=number(len(facts.table)))
    frame = (
        table_one(facts.study, facts.table).frame().drop(columns=[_("Difference"), _("p")], errors="ignore")
    )
    rows = tuple(tuple(str(cell) for cell in row) for row in frame.itertuples(index=False))
    found = Table(caption, tuple(str(name) for name in frame.columns), rows)
    return Known((found, counted(facts), *_followed(facts)), _("differences across key demographic groups"))


def missing(facts: Facts) -> Known:
    """How missing inputs are handled, in training and in use, and how many there are."""
    if facts.table is None:
        return Known(_handled(), _("how many values were missing: the training cohort is not here"))
    return Known(missing_of(facts.study, facts.table, _("Training patients")))


def _handled() -> tuple[Block, ...]:
    return (
        Words(
            _(
                "No patient is left out for a missing input, and none is imputed beforehand. Every expert is trained on a "
                "copy of the table in which each input is missing in about a tenth of the rows: trees learn a direction "
                "for missing values, the linear expert has a missing indicator and a regression on the other inputs that "
                "stands in."
            )
        ),
        Words(_("A patient without an outcome takes no part in that task, and stays in the others.")),
    )


def missing_of(study: Study, table: pd.DataFrame, who: str) -> tuple[Block, ...]:
    """How missing inputs are handled, and how many a table has."""
    rows = tuple(
        (title(row.feature), number(row.missing), percent(row.missing / max(len(table), 1)))
        for row in table_one(study, table).rows
        if row.missing
    )
    if not rows:
        return (*_handled(), Words(_("{who}: no input is missing in anybody.").format(who=who)))
    head = (_("Input"), _("Missing"), _("Share"))
    return (*_handled(), Table(_("{who}: missing inputs").format(who=who), head, rows))


def compared(facts: Facts) -> Known | Lacking:
    """Inputs in the training cohort and in each external one."""
    if not facts.external:
        return no_external()
    if facts.table is None:
        return not_here()
    return Known(tuple(comparison(facts.study, facts.table, one.table, one.title) for one in facts.external))


def comparison(study: Study, table: pd.DataFrame, other: pd.DataFrame, name: str) -> Table:
    """Table 1 of two cohorts side by side, with what the drift of each input comes to."""
    verdicts = {
        "stable": _("no notable difference"), "some": _("some difference"),
        "shifted": _("shifted"), "absent": _("absent"),
    }  # fmt: skip
    both = pd.concat([table, other], ignore_index=True)
    first = np.arange(len(both)) < len(table)
    here, there = _("Training"), name if name != _("Training") else f"{name} (2)"
    found = {one.column: verdicts[one.verdict] for one in drift(study, table, other)}
    described = table_one(study, both, {here: first, there: ~first})
    rows = []
    for one in described.rows:
        for place, row in enumerate(
            TableOne(described.n, described.groups, (one,)).frame().to_dict("records")
        ):
            verdict = found[one.feature.name] if place == 0 else ""
            rows.append((row[_("Feature")], row[_("Level")], row[here], row[there], verdict))
    head = (_("Feature"), _("Level"), here, there, _("Shift"))
    return Table(_("Training patients and {cohort}").format(cohort=name), head, tuple(rows))


def no_external() -> Lacking:
    """There is no cohort of other patients."""
    return Lacking(
        _(
            "There is no cohort of other patients. Bring one with the study's columns, and let it be scored by this model; "
            "then compute the evidence on the page Performance."
        )
    )


def analysed(facts: Facts) -> Known:
    """Participants and events in every analysis: development, internal validation, external evaluation."""
    folds = int(facts.training["folds"])
    blocks: list[Block] = [
        counted(facts),
        Words(
            _(
                "Development and tuning use all of these; internal validation predicts each once, by one of {folds} models "
                "that did not see that patient."
            ).format(folds=number(folds))
        ),
    ]
    for one in facts.external:
        accuracy = one.parts.get("accuracy")
        if accuracy is None:
            continue
        rows = tuple(
            (title(facts.study.task(name)), number(found["n"])) for name, found in accuracy["tasks"].items()
        )
        caption = _("Evaluation in {cohort}").format(cohort=one.title)
        blocks.append(Table(caption, (_("Outcome"), _("Patients with a known outcome")), rows))
    return Known(tuple(blocks))


def representativeness(facts: Facts) -> Known | Lacking:
    """How the inputs are distributed, in the training data."""
    found = characteristics(facts)
    if isinstance(found, Lacking):
        return found
    return Known(found.blocks[:1], _("variables that are no inputs, and whom the patients are to stand for"))


def external_representativeness(facts: Facts) -> Known | Lacking:
    """How the inputs are distributed in each external cohort."""
    if not facts.external:
        return no_external()
    blocks = []
    for one in facts.external:
        frame = (
            table_one(facts.study, one.table).frame().drop(columns=[_("Difference"), _("p")], errors="ignore")
        )
        rows = tuple(tuple(str(cell) for cell in row) for row in frame.itertuples(index=False))
        blocks.append(Table(one.title, tuple(str(name) for name in frame.columns), rows))
    return Known(tuple(blocks), _("variables that are no inputs"))

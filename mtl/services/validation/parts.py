"""The parts of the evidence as sections of the validation report: one way of showing each part that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mtl.jobs.evidence import PARTS
from mtl.language import N_, _, number
from mtl.report.document import Block, Part, Points, Table, Words
from mtl.services.documents import data as card_data
from mtl.services.documents import sheets as validation_sheet
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.patients.wording import title
from mtl.services.validation import accuracy as validation_accuracy
from mtl.services.validation import curves as validation_curves
from mtl.services.validation import groups as validation_groups
from mtl.services.validation import sharing as validation_sharing
from mtl.tables.table_one import table_one

#: By part: its heading before translation, and what shows it, given what was found and the names of the tasks asked for.
Show = Callable[[Facts, Evidence, dict[str, Any], Sequence[str]], tuple[Part, ...]]
SECTIONS: dict[str, tuple[str, Show]] = {
    "accuracy": (N_("Accuracy"), validation_accuracy.accuracy),
    "side_by_side": (N_("Beside simpler models"), validation_accuracy.side_by_side),
    "calibration": (N_("Calibration"), validation_curves.calibration),
    "cutoff": (N_("Decision curves and cut-offs"), validation_curves.cutoff),
    "risk_groups": (N_("Risk groups"), validation_curves.risk_groups),
    "subgroups": (N_("Subgroups"), validation_groups.subgroups),
    "transfer": (N_("What sharing brought"), validation_sharing.transfer),
    "techniques": (N_("Related techniques"), validation_sharing.techniques),
    "pairs": (N_("Which task helps which"), validation_sharing.pairs),
    "learning": (N_("Learning curve"), validation_sharing.learning),
    "elsewhere": (N_("Other hospitals and years"), validation_sheet.elsewhere),
    "shift": (N_("Shift"), validation_sheet.shift),
    "recalibration": (N_("Recalibration"), validation_sheet.recalibration),
    "missing": (N_("Missing inputs"), validation_sheet.missing),
    "stability": (N_("Stability"), validation_sheet.stability),
    "coverage": (N_("Sets and intervals"), validation_sheet.coverage),
    "robustness": (N_("Small errors"), validation_sheet.robustness),
}


def heading(name: str) -> str:
    """What a part is called."""
    return _(SECTIONS[name][0]) if name in SECTIONS else name


def found(facts: Facts, evidence: Evidence) -> dict[str, dict[str, Any]]:
    """The parts that are there and that there is a way of showing; what is about the training comes from its own cohort."""
    own = {} if facts.internal is None else facts.internal.parts
    of = {name: own if PARTS[name].training_only else evidence.parts for name in SECTIONS}
    return {name: of[name][name] for name in SECTIONS if name in of[name]}


def absent(facts: Facts, evidence: Evidence) -> list[str]:
    """The parts that could be gathered on these patients or on those of the training, and were not."""
    known = found(facts, evidence)
    able = {name for name, part in PARTS.items() if not part.training_only or facts.internal is not None}
    return [name for name in SECTIONS if name in able and name not in known and _fits(name, evidence)]


def _fits(name: str, evidence: Evidence) -> bool:
    """Whether a part has something to say on these patients: a shift is that of others than the training's."""
    return name not in ("shift", "recalibration") or not evidence.internal


def parts(facts: Facts, evidence: Evidence, tasks: Sequence[str]) -> list[Part]:
    """A section for every part that is there."""
    return [
        Part(heading(name), (), SECTIONS[name][1](facts, evidence, part, tasks))
        for name, part in found(facts, evidence).items()
    ]


def lacking(facts: Facts, evidence: Evidence) -> Part | None:
    """What could have been in the report, and how it is got; None where nothing is wanting."""
    names = tuple(heading(name) for name in absent(facts, evidence))
    if not names:
        return None
    told = _("These parts of the evidence are not in this report, because they were not computed:")
    how = _("Open the page Performance, choose this cohort, and begin them there.")
    return Part(_("Not in this report"), (Words(told), Points(names), Words(how)))


def participants(facts: Facts, evidence: Evidence) -> tuple[Block, ...]:
    """Who was judged: how many have each outcome, and Table 1 of them, beside the training's where they differ."""
    blocks: list[Block] = []
    accuracy = evidence.parts.get("accuracy")
    if accuracy is not None:
        wanted = {task.name for task in facts.tasks}
        rows = tuple(
            (title(facts.study.task(name)), number(found["n"]))
            for name, found in accuracy["tasks"].items()
            if name in wanted
        )
        blocks.append(Table(_("Patients with a known outcome"), (_("Outcome"), _("Patients")), rows))
    if facts.table is not None and evidence.cohort is not facts.cohort:
        return (*blocks, card_data.comparison(facts.study, facts.table, evidence.table, evidence.title))
    frame = (
        table_one(facts.study, evidence.table)
        .frame()
        .drop(columns=[_("Difference"), _("p")], errors="ignore")
    )
    cells = tuple(tuple(str(cell) for cell in row) for row in frame.itertuples(index=False))
    return (*blocks, Table(evidence.title, tuple(str(name) for name in frame.columns), cells))

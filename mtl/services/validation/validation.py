"""The validation report: what is known of a model's numbers on the patients of one cohort, as PDF, HTML or Markdown."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

import mtl
from mtl.language import _, language, listed, number, study_language
from mtl.report.document import Block, Document, Part, Table, Words, pdf
from mtl.report.document_html import page
from mtl.report.document_markdown import markdown
from mtl.services import owners, trail
from mtl.services.card import evidence as card_evidence
from mtl.services.card import method as card_method
from mtl.services.card import study as card_study
from mtl.services.card.card import words_of
from mtl.services.documents import data as card_data
from mtl.services.documents import facts as card_facts
from mtl.services.documents.facts import Evidence, Facts, Filler, Known
from mtl.services.loaded import record
from mtl.services.patients.wording import caution, day, title
from mtl.services.treatment.trial_document import Document as File
from mtl.services.users import require
from mtl.services.validation import parts as validation_parts
from mtl.store.cohorts import CohortError
from mtl.study import StudyError

__all__ = ["FORMATS", "Contents", "contents", "document", "file", "file_name", "name_of", "of_cohort"]

READ = "model:read"
FORMATS = {"pdf": "application/pdf", "html": "text/html", "md": "text/markdown"}


@dataclass(frozen=True)
class Contents:
    """What stands in a report, and what could: headings of the parts of the evidence."""

    there: tuple[str, ...]
    lacking: tuple[str, ...]


def contents(cohort: str) -> Contents:
    """What the report on a cohort's own model would hold. Raises as `of_cohort`."""
    require(READ)
    facts, evidence = _own(cohort)
    return Contents(
        tuple(validation_parts.heading(name) for name in validation_parts.found(facts, evidence)),
        tuple(validation_parts.heading(name) for name in validation_parts.absent(facts, evidence)),
    )


def name_of(cohort: str, kind: str) -> str:
    """What the report on a cohort's own model is called. Raises as `of_cohort`."""
    require(READ)
    facts, evidence = _own(cohort)
    return file_name(facts.version, evidence, kind)


def of_cohort(cohort: str, kind: str, today: datetime.date | None = None) -> File:
    """The report on a cohort's own model, in the language in use.

    Raises
    ------
    CohortError
        No such cohort, or it has no model.
    ValueError
        There is no such kind of file.
    """
    require(READ)
    return file(*_own(cohort), kind, today)


def _own(cohort: str) -> tuple[Facts, Evidence]:
    found = owners.cohort(cohort)
    if found.model is None:
        raise CohortError(f"cohort {found.name!r} has no model yet; wait for it or choose another cohort")
    own = record(found.model)
    return card_facts.of_record(own), card_facts.gathered(own, found)


def file(
    facts: Facts,
    evidence: Evidence,
    kind: str,
    today: datetime.date | None = None,
    tasks: Sequence[str] = (),
) -> File:
    """The report as a file: "pdf" (PDF/UA-1, A4), "html" (one page that stands alone) or "md"."""
    require(READ)
    if kind not in FORMATS:
        raise ValueError(f"kind {kind[:20]!r}: choose {', '.join(FORMATS)}")
    made = document(facts, evidence, today or datetime.date.today(), tasks)
    content = _rendered(made, kind)
    if facts.record is not None:
        cohort = None if evidence.cohort is None else evidence.cohort.key
        trail.note(
            "export report", cohort, model=facts.record.key, version=facts.version, parts=list(evidence.parts),
            rows=evidence.n, kind=kind,
        )  # fmt: skip
    return File(file_name(facts.version, evidence, kind), FORMATS[kind], content)


def _rendered(made: Document, kind: str) -> bytes:
    if kind == "pdf":
        return pdf(made)
    return (page(made) if kind == "html" else markdown(made)).encode("utf-8")


def file_name(version: str, evidence: Evidence, kind: str) -> str:
    """What the file is called: by the model's version and the cohort's key, and the language in use."""
    code = "" if language() == "en" else f"-{study_language()}"
    about = f"-{evidence.cohort.key}" if evidence.cohort is not None else ""
    return f"consilium-validation-{version}{about}{code}.{kind}"


def document(facts: Facts, evidence: Evidence, today: datetime.date, tasks: Sequence[str] = ()) -> Document:
    """What stands in the report; `tasks` limits it to some, all that were learnt if left out.

    Raises
    ------
    StudyError
        A task is not one of the model's.
    """
    require(READ)
    facts = _limited(facts, tasks)
    named = [task.name for task in facts.tasks]
    badges = [_("for demonstration only")] if facts.study.demonstration else []
    badges.append(
        _("training patients, out of fold")
        if evidence.internal
        else _("other patients than those of the training")
    )
    parts = [
        _summary(facts, evidence),
        _described(facts, evidence),
        _modelled(facts),
        *validation_parts.parts(facts, evidence, named),
        Part(_("Limits"), _of(facts, card_evidence.limitations)),
        validation_parts.lacking(facts, evidence),
    ]
    return Document(
        language=study_language(),
        title=_("Validation report"),
        about=f"{card_study.shown(facts.study)} · {evidence.title}",
        facts=(
            _("model {version}").format(version=facts.version),
            _("trained {date}").format(date=day(facts.trained)) if facts.trained else _("date of training not recorded"),
            _("{count} patients").format(count=number(evidence.n)),
        ),
        parts=tuple(part for part in parts if part is not None),
        words=words_of(" · ".join(("Consilium", _("Validation report"), facts.version, evidence.title)), today),
        printed=today,
        badges=tuple(badges),
    )  # fmt: skip


def _limited(facts: Facts, tasks: Sequence[str]) -> Facts:
    """The same facts, with the tasks that are not asked for left out of the study's list."""
    if not tasks:
        return facts
    known = {task.name for task in facts.tasks}
    strange = [name for name in tasks if name not in known]
    if strange:
        raise StudyError(f"the model has no task {strange[0][:60]!r}; it has: {', '.join(sorted(known))}")
    return replace(facts, only=tuple(tasks))


def _summary(facts: Facts, evidence: Evidence) -> Part:
    rows = [
        (_("Study"), card_study.shown(facts.study)),
        (_("Cohort"), evidence.title),
        (_("Selection"), _("all {count} patients of the cohort").format(count=number(evidence.n))),
        (_("Tasks"), listed([title(task) for task in facts.tasks])),
        (_("Rows"), evidence.data or _("a table that the app does not keep")),
        (_("Model"), facts.version),
        (_("Trained"), day(facts.trained) if facts.trained else _("date not recorded")),
        (_("Training patients"), number(facts.training["rows"])),
        (_("Program"), f"Consilium {mtl.__version__}"),
    ]
    computed = [
        _computed(name, part["finished"]) for name, part in evidence.parts.items() if "finished" in part
    ]
    if computed:
        rows.append((_("Evidence computed"), listed(computed)))
    return Part(_("What was judged"), (Table("", (), tuple(rows)), Words(caution(), Words.QUIET)))


def _computed(name: str, moment: str) -> str:
    return _("{label}: {value}").format(label=validation_parts.heading(name), value=day(moment))


def _of(facts: Facts, *fillers: Filler) -> tuple[Block, ...]:
    """What some fillers of the model card know."""
    out: list[Block] = []
    for filler in fillers:
        found = filler(facts)
        if isinstance(found, Known):
            out += found.blocks
    return tuple(out)


def _described(facts: Facts, evidence: Evidence) -> Part:
    inner = [
        Part(_("Source of the data"), _of(facts, card_study.sources)),
        Part(_("Participants"), validation_parts.participants(facts, evidence)),
        Part(_("Outcomes"), _of(facts, card_study.outcomes)),
        Part(_("Predictors"), _of(facts, card_study.predictors)),
        Part(_("Treatments"), _of(facts, card_study.treatments)),
        Part(_("Missing data"), card_data.missing_of(facts.study, evidence.table, evidence.title)),
    ]
    return Part(_("Data"), (), tuple(part for part in inner if part.blocks))


def _modelled(facts: Facts) -> Part:
    inner = (
        Part(_("How it was built"), _of(facts, card_method.modelling)),
        Part(_("Use of the data"), _of(facts, card_method.use_of_data)),
        Part(_("Output"), _of(facts, card_study.output)),
    )
    return Part(_("Model"), (), inner)

"""What the sheet says beside the numbers: usual practice, what a trial promises, and patients like this one."""

from __future__ import annotations

from mtl.figures import benefit
from mtl.language import _, clauses, listed, ngettext, number, study_language
from mtl.report import SimilarNote, TreatmentNote
from mtl.services.patients import similar, wording
from mtl.services.patients.similar import GroupOutcome
from mtl.services.patients.view import Case
from mtl.services.treatment import comparable, treatments
from mtl.services.treatment.treatments import Expected, Promise, TreatmentView
from mtl.study import Treatment


def treatment_notes(case: Case) -> tuple[TreatmentNote, ...]:
    """A note a treatment; none for a patient whom nobody here can be compared with."""
    if not comparable.has_company(case.answer):
        return ()
    return tuple(_treatment(case, treatment) for treatment in case.study.treatments)


def _treatment(case: Case, treatment: Treatment) -> TreatmentNote:
    view = treatments.of_case(case, treatment.column)
    promises = [(e, e.shown) for e in view.expected if e.shown is not None]
    refused = None if promises else _refused(view)
    harms = {harm.get(study_language()): None for _e, p in promises for harm in p.trial.harms}
    return TreatmentNote(
        title=wording.title(treatment),
        usual=_usual(view),
        benefit=(
            *(_promise(expected, promise) for expected, promise in promises),
            *([_("{label}: {value}").format(label=_("Not shown"), value=refused)] if refused else []),
        ),
        harms=_("Harms: {harms}.").format(harms=clauses(harms)) if harms else "",
        citation=" ".join(dict.fromkeys(p.trial.citation for _e, p in promises)),
    )


def _usual(view: TreatmentView) -> str:
    practice = view.practice
    if practice.output is None:
        return ""
    return _("Comparable patients ({cohort}): {given} were given it, {others} were not.").format(
        cohort=practice.where, given=number(practice.given), others=number(practice.not_given)
    )


def _promise(expected: Expected, promise: Promise) -> str:
    """The 5-year benefit in a sentence, with what its interval holds."""
    event = expected.task.event_label.get(study_language()) or wording.title(expected.task)
    words = [benefit.sentence(promise.at(None), benefit.Outcome(event))]
    words.append(_("{trial}: hazard ratio {ratio}.").format(trial=promise.trial.name, ratio=promise.ratio))
    return ("" if study_language() == "zh" else " ").join([*words, *promise.notes])


def _refused(view: TreatmentView) -> str:
    """Why nothing is promised: in the outcome that some trial measured, else in the first."""
    measured = [e for e in view.expected if any(e.task.name in p.trial.tasks for p in e.promises)]
    told = [e.refused.sentence for e in (*measured, *view.expected) if e.refused is not None]
    return told[0] if told else ""


def similar_note(case: Case) -> SimilarNote | None:
    """What became of the patients most like this one, as the outlook's first task sees them; None where nobody can tell."""
    outlook = [output for output in case.outputs if output.task.role == "prognosis"]
    if not case.outputs or not comparable.has_company(case.answer):
        return None
    task = (outlook or list(case.outputs))[0].task
    found = similar.similar(case, task.name)
    if found is None or not found.n_group:
        return None
    about = ngettext(
        "The patient of {cohort} most like this one, as the task {task} sees patients.",
        "The {count} patients of {cohort} most like this one, as the task {task} sees patients.",
        found.n_group,
    ).format(count=number(found.n_group), cohort=found.cohort_name, task=wording.title(task))
    labels = list(
        dict.fromkeys(one.label for o in found.outcomes if o.curve is not None for one in o.numbers)
    )
    rows = [_row(outcome, labels) for outcome in found.outcomes if outcome.curve is not None]
    others = [line for outcome in found.outcomes if outcome.curve is None for line in _line(outcome)]
    said = [about, *([_("This patient is left out.")] if case.key else [])]
    said += [f"{listed(others)}{_sentence_end()}"] if others else []
    said.append(_("What was seen among others is no prediction: they also differ in what nobody recorded."))
    return SimilarNote(tuple(said), (_("Seen in the group"), *labels) if rows else (), tuple(rows))


def _sentence_end() -> str:
    return "。" if study_language() == "zh" else "."


def _row(outcome: GroupOutcome, labels: list[str]) -> tuple[str, ...]:
    """The share with the event by each time, with its interval."""
    cells = {}
    for one in outcome.numbers:
        words = _("{value} ({interval})").format(value=one.text, interval=one.interval)
        cells[one.label] = words if one.interval else one.text
    return (wording.title(outcome.task), *(cells.get(label, "–") for label in labels))


def _line(outcome: GroupOutcome) -> list[str]:
    """A task without a time, or each of its classes."""
    name, many = wording.title(outcome.task), len(outcome.numbers) > 1
    label = _("{label}: {value}")
    return [
        label.format(label=label.format(label=name, value=one.label) if many else name, value=one.text)
        for one in outcome.numbers
    ]

"""Items of a model card that the study answers: purpose, sources, outcomes, predictors, treatments."""

from __future__ import annotations

import re

from mtl.language import N_, _, listed, measured, number, percent, study_language
from mtl.model.offsets import TRUE, UNKNOWN, holds
from mtl.report.document import Points, Table, Words
from mtl.services.documents.facts import Facts, Known
from mtl.services.patients.wording import title, years
from mtl.study import Feature, Study, Task

KINDS = {
    "binary": N_("yes or no"),
    "multiclass": N_("one of several classes"),
    "regression": N_("an amount"),
    "survival": N_("time to an event"),
    "numeric": N_("number"),
    "ordinal": N_("ordered levels"),
    "categorical": N_("categories"),
    "boolean": N_("yes or no"),
}
ROLES = {
    "diagnosis": N_("diagnostic"),
    "treatment": N_("treatment, as it was given"),
    "prognosis": N_("prognostic"),
}
#: Names that say a demographic variable of 45 CFR 170.315(b)(11)(iv)(A)(5)-(13); whole words only.
_DEMOGRAPHIC = re.compile(
    r"(?i)(?<![a-z])(age|sex|gender|race|racial|ethnic\w*|language|sexual\w*|birth\w*|income|education|deprivation|"
    r"insurance|marital|occupation|housing|smok\w*)(?![a-z])|年龄|性别|种族|民族|语言|性取向|出生|收入|教育|学历|婚姻|职业|吸烟"
)


def shown(study: Study) -> str:
    """What a study is called."""
    return study.title.get(study_language()) or study.name


def names(entries: object) -> str:
    """Features, tasks or treatments in a row."""
    return listed([title(one) for one in entries])  # type: ignore[attr-defined]


def identity(facts: Facts) -> Known:
    """The title: development, in whom, of what; and the evaluation, where there was one."""
    said = [
        _(
            "Development and internal validation of a multi-task prediction model. {study}. Predicted: {tasks}."
        ).format(study=shown(facts.study), tasks=names(facts.tasks))
    ]
    if facts.external:
        where = listed([one.title for one in facts.external])
        said.append(_("Evaluated in other patients: {cohorts}.").format(cohorts=where))
    return Known((Words(" ".join(said)),))


def context(facts: Facts) -> Known:
    """Which tasks are diagnostic and which prognostic; the rest of the context is the author's."""
    lines = []
    for role, words in ROLES.items():
        tasks = [task for task in facts.tasks if task.role == role]
        if tasks:
            lines.append(_("{label}: {value}").format(label=_(words), value=names(tasks)))
    return Known((Points(tuple(lines)),), _("the rationale, and references to existing models"))


def purpose(facts: Facts) -> Known | None:
    """The intended use, and the moment of care at which each task is asked."""
    said = facts.study.intended_use.get(study_language())
    if not said:
        return None
    moments = [
        _("{label}: {value}").format(
            label=title(task),
            value=facts.study.stage(task.stage).label.get(study_language()) or task.stage,
        )
        for task in facts.tasks
    ]
    lines = (Words(said), Words(_("Moment of care at which each is predicted:")), Points(tuple(moments)))
    return Known(lines, _("the intended users"))


def use(facts: Facts) -> Known | None:
    """The intended use, as the study has it."""
    said = facts.study.intended_use.get(study_language())
    return Known((Words(said),)) if said else None


def patients(facts: Facts) -> Known | None:
    """Whom the study describes."""
    said = facts.study.description.get(study_language())
    if not said:
        return None
    return Known((Words(said),), _("whether these are also the patients in whom it is to be used"))


def cautions(facts: Facts) -> Known | None:
    """What the study says it is not for."""
    said = facts.study.not_for.get(study_language())
    if not said:
        return None
    blocks = [Words(said)]
    if facts.study.demonstration:
        blocks.append(Words(_("For demonstration only.")))
    return Known(tuple(blocks))


def sources(facts: Facts) -> Known | None:
    """Source, citation, licence and description, as the study has them."""
    study = facts.study
    said = [
        (_("Source"), study.source),
        (_("Citation"), study.citation),
        (_("Licence"), study.licence),
        (_("Description"), study.description.get(study_language())),
    ]
    lines = [_("{label}: {value}").format(label=label, value=text) for label, text in said if text]
    if not lines:
        return None
    if facts.external:
        where = listed([one.title for one in facts.external])
        lines.append(_("{label}: {value}").format(label=_("Data of the evaluation"), value=where))
    return Known((Points(tuple(lines)),), _("why these data, and how representative they are"))


def data_sharing(facts: Facts) -> Known | None:
    """Source and licence; where the data can be had is the author's to say."""
    study = facts.study
    if not (study.source or study.licence):
        return None
    told = " · ".join(filter(None, (study.source, study.licence)))
    return Known((Words(told),), _("whether and where the data can be had"))


def setting(facts: Facts) -> Known | None:
    """How many sites there are, where the study names a column of sites and the cohort is here."""
    site = facts.study.site
    if site is None or facts.table is None or site not in facts.table.columns:
        return None
    count = int(facts.table[site].nunique())
    told = _("{count} sites, in the column {column}.").format(count=number(count), column=site)
    return Known((Words(told),), _("the kind of setting, and where the sites are"))


def eligibility(facts: Facts) -> Known | None:
    """What the study says of its patients; criteria are the author's."""
    said = facts.study.description.get(study_language())
    return Known((Words(said),), _("the criteria of inclusion and exclusion")) if said else None


def treatments(facts: Facts) -> Known | None:
    """Treatment columns, how many had each, and what the analysis did with them."""
    study = facts.study
    if not study.treatments:
        return None
    lines = []
    for treatment in study.treatments:
        trials = [
            trial.name for trial in treatment.trials if set(trial.tasks) & {t.name for t in facts.tasks}
        ]
        told = _("{treatment}: no input of any outcome.").format(treatment=title(treatment))
        if trials:
            told += " " + _(
                "Where a trial applies, treated training patients carry its log hazard ratio as an offset: {trials}."
            ).format(trials=listed(trials))
        given = _given(facts, treatment.column)
        if given is not None:
            told += " " + _("Given to {count} of {all} training patients ({share}).").format(
                count=number(given[0]), all=number(given[1]), share=percent(given[0] / given[1])
            )
        lines.append(told)
    return Known((Points(tuple(lines)),))


def _given(facts: Facts, column: str) -> tuple[int, int] | None:
    """Training patients known to have had a treatment, and all of whom it is known; None where nobody can tell."""
    if facts.table is None:
        return None
    held = holds(facts.study.given(column), facts.table)
    known = int((held != UNKNOWN).sum())
    return (int((held == TRUE).sum()), known) if known else None


def outcomes(facts: Facts) -> Known:
    """Every task with its definition, event and horizons."""
    rows = tuple(
        (title(task), _(KINDS[task.kind]), defined(task), horizons(facts, task)) for task in facts.tasks
    )
    head = (_("Outcome"), _("Kind"), _("Definition in the data"), _("Predicted by"))
    told = [task.description.get(study_language()) for task in facts.tasks if task.description]
    notes = (Points(tuple(filter(None, told))),) if any(told) else ()
    rest = _("how and when it was assessed, and why this outcome")
    return Known((Table(_("What is predicted"), head, rows), *notes), rest)


def defined(task: Task) -> str:
    """The expression, or time and event with their unit."""
    event = task.event_label.get(study_language())
    if task.kind == "survival":
        told = _("time {time} ({unit}), event {event}").format(
            time=task.time, unit=_(UNITS[task.time_unit or "years"]), event=task.event
        )
    else:
        told = str(task.target)
    return f"{told}: {event}" if event else told


UNITS = {"days": N_("days"), "weeks": N_("weeks"), "months": N_("months"), "years": N_("years")}


def horizons(facts: Facts, task: Task) -> str:
    """The horizons that have a number; those that are not estimable are named as such."""
    if task.kind != "survival":
        return "–"
    known = facts.estimable.get(task.name, ())
    told = [years(h) for h in task.horizons if h in known]
    told += [_("{time}: not estimable").format(time=years(h)) for h in task.horizons if h not in known]
    return listed(told)


def chosen(facts: Facts) -> Known:
    """How many inputs there are, and which each task may see."""
    lines = [
        _("{label}: {value}").format(label=title(task), value=_("{count} of {all} inputs").format(
            count=number(len(facts.study.visible(task.name))), all=number(len(facts.study.features))
        ))
        for task in facts.tasks
    ]  # fmt: skip
    told = _(
        "Every input of the study that is known at the moment of care is offered to a task, less those that define its own "
        "outcome; none is selected by its relation to the outcome before modelling."
    )
    return Known((Words(told), Points(tuple(lines))), _("why these inputs are in the study"))


def predictors(facts: Facts) -> Known:
    """Every input: its kind, unit, levels, valid range, moment of care and codes."""
    study = facts.study
    head = (_("Input"), _("Kind"), _("Values"), _("Moment of care"), _("Codes"))
    rows = tuple(
        (
            title(feature),
            _(KINDS[feature.kind]),
            _values(feature),
            study.stage(feature.stage).label.get(study_language()) or feature.stage,
            " ".join(f"{system} {code}" for system, code in feature.codes.items()) or "–",
        )
        for feature in study.features
    )
    return Known((Table(_("Inputs"), head, rows),), _("how each was measured, and whether blind"))


def _values(feature: Feature) -> str:
    words, unit = study_language(), feature.unit.get(study_language())
    if feature.levels:
        told = listed([level.get(words) for level in feature.levels])
        return f"{told} ({unit})" if unit else told
    if feature.valid is None:
        return unit or "–"
    low, high = (measured(limit) for limit in feature.valid)
    told = _("{low} to {high}").format(low=low, high=high)
    return f"{told} {unit}" if unit else told


def output(facts: Facts) -> Known:
    """What each task gives, and the cut-offs that the study names."""
    kinds = {task.kind for task in facts.tasks}
    lines = [_(OUTPUTS[kind]) for kind in OUTPUTS if kind in kinds]
    lines.append(_("The model divides nobody into classes: a cut-off is chosen by the reader."))
    cut = [task for task in facts.tasks if task.cutoffs]
    lines += [
        _("Cut-offs that the study offers for reading, {task}: {values}.").format(
            task=title(task),
            values=listed([percent(c) if task.kind != "regression" else number(c) for c in task.cutoffs]),
        )
        for task in cut
    ]
    return Known((Points(tuple(lines)),), _("where the cut-offs come from") if cut else "")


OUTPUTS = {
    "binary": N_("Yes-or-no tasks: the probability of the event, from 0 to 1."),
    "multiclass": N_("Tasks with classes: a probability for each class; they sum to 1."),
    "regression": N_("Amounts: the expected value in the task's own unit."),
    "survival": N_(
        "Times to an event: the probability of the event by each horizon, as treated in these data."
    ),
}


def output_type(facts: Facts) -> Known:
    """The type of output in the words of the rule."""
    return Known((Words(_("Prediction: probabilities and expected values.")),))


def demographic(facts: Facts) -> Known:
    """The inputs that are called like a demographic variable; whether that is all is the author's to confirm."""
    found = [
        feature
        for feature in facts.study.features
        if _DEMOGRAPHIC.search(" ".join((feature.name.replace("_", " "), feature.label.en, feature.label.zh)))
    ]
    if found:
        told = _("By their names, these inputs are demographic: {names}.").format(names=names(found))
    else:
        told = _("By their names, none of the {count} inputs is demographic.").format(
            count=number(len(facts.study.features))
        )
    return Known((Words(told),), _("confirm, with a look at the list of inputs (TRIPOD+AI 9b)"))

"""Items of a model card that the evidence answers: measures, performance, limits, external validation."""

from __future__ import annotations

from mtl.language import _, listed, number, study_language
from mtl.report.document import Block, Points, Table, Words
from mtl.services.card.method import selected_once
from mtl.services.documents import data as card_data
from mtl.services.documents.facts import Evidence, Facts, Known, Lacking
from mtl.services.evidence import metric_words
from mtl.services.patients.wording import title, years
from mtl.tables.look import labels


def not_gathered(where: str) -> Lacking:
    """The evidence can be computed, and was not."""
    return Lacking(
        _(
            "Not computed yet in {cohort}. Open the page Performance, choose this cohort, and begin the part "
            "Accuracy."
        ).format(
            cohort=where
        )
    )  # fmt: skip


def nobody() -> Lacking:
    """There are no patients here to gather evidence on."""
    return Lacking(
        _(
            "The patients of the training are not known here. Judge the model on a table of other patients: "
            "python -m mtl validate."
        )
    )  # fmt: skip


def measures(facts: Facts) -> Known | Lacking:
    """Every measure that was computed, and how its interval was."""
    found = [one for one in (facts.internal, *facts.external) if one is not None and "accuracy" in one.parts]
    if not found:
        return validity(facts) if facts.internal is not None else nobody()
    used: dict[str, None] = {}
    for one in found:
        for task in one.parts["accuracy"]["tasks"].values():
            used |= {name.partition("@")[0]: None for name in task["metrics"]}
    return Known(
        (
            Points(
                (
                    _("Measures: {names}.").format(names=listed([metric_words.title(name) for name in used])),
                    _("Intervals: 95 %, bootstrap over patients (percentiles)."),
                    _(
                        "Discrimination says whether those with the event have the higher numbers, "
                        "calibration whether the numbers are "
                        "right; proper scores judge both. Accuracy at a cut-off is shown because it is "
                        "asked for, and ranks nothing."
                    ),
                )
            ),
        )
    )


def main_table(facts: Facts, one: Evidence) -> Table:
    """The main measures of every task on one cohort, printed as the page Performance prints them."""
    accuracy = one.parts["accuracy"]
    rows: list[tuple[str, ...]] = []
    for name, found in accuracy["tasks"].items():
        task = facts.study.task(name)
        named = metric_words.main(found["kind"], found["metrics"], facts.horizon(task))
        lines = [
            (metric_words.title(metric), metric_words.value(found["metrics"][metric]))
            for metric in named
            if found["metrics"][metric]["value"] is not None
        ]
        lines = lines or [(_("none can be estimated"), "–")]
        for place, line in enumerate(lines):
            rows.append((*((title(task), number(found["n"])) if place == 0 else ("", "")), *line))
    caption = (
        _("{cohort}: out of fold, every patient predicted by a model that did not see them")
        if accuracy["internal"]
        else _("{cohort}: other patients than those of the training")
    ).format(cohort=one.title)
    return Table(
        caption, (_("Outcome"), _("Patients"), _("Measure"), _("Value (95 % interval)")), tuple(rows)
    )


def performance(facts: Facts) -> Known | Lacking:
    """The main measures in every cohort with evidence; what is not there is named."""
    every = [one for one in (facts.internal, *facts.external) if one is not None]
    if not every:
        return nobody()
    there = [one for one in every if "accuracy" in one.parts]
    if not there:
        return not_gathered(every[0].title)
    blocks: list[Block] = [main_table(facts, one) for one in there]
    lacking = [one.title for one in every if one not in there]
    lacking = [] if not lacking else [not_gathered(listed(lacking)).how]
    rest = _("performance in key subgroups, and what it means")
    return Known((*blocks, *(Words(how, Words.LACKING) for how in lacking)), rest)


def validity(facts: Facts) -> Known | Lacking:
    """Performance in patients of the training's own source, out of fold."""
    if facts.internal is None:
        return nobody()
    if "accuracy" not in facts.internal.parts:
        return not_gathered(facts.internal.title)
    return Known((main_table(facts, facts.internal),))


def validity_elsewhere(facts: Facts) -> Known | Lacking:
    """Performance in patients of other sources."""
    if not facts.external:
        return card_data.no_external()
    there = [one for one in facts.external if "accuracy" in one.parts]
    if not there:
        return not_gathered(listed([one.title for one in facts.external]))
    return Known(tuple(main_table(facts, one) for one in there))


def differences(facts: Facts) -> Known | Lacking:
    """What differs between the data of development and evaluation, as far as the tables say it."""
    if not facts.external:
        return card_data.no_external()
    lines = []
    for one in facts.external:
        columns = set(one.table.columns)
        absent = [title(feature) for feature in facts.study.features if feature.name not in columns]
        told = (
            _("{cohort} ({count} patients) lacks these inputs: {names}.").format(
                cohort=one.title, count=number(one.n), names=listed(absent)
            )
            if absent
            else _("{cohort} ({count} patients) has all inputs.").format(
                cohort=one.title, count=number(one.n)
            )
        )
        unlabelled = _unlabelled(facts, one)
        if unlabelled:
            told += " " + _("No known outcome there: {tasks}.").format(tasks=listed(unlabelled))
        lines.append(told)
    lines.append(
        _("The distributions are compared under item 20c; outcomes are defined by the same expressions.")
    )
    return Known((Points(tuple(lines)),), _("differences in setting and eligibility"))


def _unlabelled(facts: Facts, one: Evidence) -> list[str]:
    accuracy = one.parts.get("accuracy")
    if accuracy is None:
        return []
    return [title(facts.study.task(name)) for name, found in accuracy["tasks"].items() if not found["n"]]


def external_data(facts: Facts) -> Known | Lacking:
    """Which cohorts of other patients the model was judged in."""
    if not facts.external:
        return card_data.no_external()
    lines = [
        _("{cohort}: {count} patients").format(cohort=one.title, count=number(one.n))
        for one in facts.external
    ]
    return Known((Points(tuple(lines)),), _("the setting, and whether fairness was assessed"))


def external_process(facts: Facts) -> Known | Lacking:
    """How the model was judged in other patients."""
    if not facts.external:
        return card_data.no_external()
    return Known(
        (
            Points(
                (
                    _("The saved model predicts every patient; nothing is fitted again or recalibrated."),
                    _(
                        "Patients who were in the training, by identifier and inputs together, would be "
                        "predicted out of fold; there are none."
                    ),
                    _("Measures with 95 % bootstrap intervals, as listed under TRIPOD+AI 12e."),
                )
            ),
        ),
        _("who selected the cohort, and how"),
    )  # fmt: skip


def limitations(facts: Facts) -> Known:
    """Limits that the program knows of; what they do to bias and use elsewhere is the author's."""
    lines = []
    if facts.study.demonstration:
        lines.append(_("For demonstration only."))
    for task in facts.tasks:
        known = facts.estimable.get(task.name)
        lost = [years(h) for h in task.horizons if known is not None and h not in known]
        if lost:
            told = _(
                "{task}: {times} cannot be estimated, fewer than 20 training patients were still at risk."
            )
            lines.append(told.format(task=title(task), times=listed(lost)))
        if task.name in facts.truths:
            few = labels(facts.study, task.name, facts.truths[task.name]).few
            if few:
                lines.append(_("{label}: {value}").format(label=title(task), value=few))
    for name, why in facts.training["left_out"].items():
        told = _("{task} is left out: {reason}")
        lines.append(told.format(task=title(facts.study.task(name)), reason=why))
    if not facts.intervals:
        lines.append(_("Risks carry no intervals yet: the refits were not made."))
    lines.append(selected_once())
    if not facts.external:
        lines.append(_("The model was not judged in patients from elsewhere."))
    if facts.internal is not None and "accuracy" not in facts.internal.parts:
        lines.append(not_gathered(facts.internal.title).how)
    if facts.study.treatments:
        lines.append(
            _(
                "Risks are those of patients treated as in these data; they say nothing of what a treatment would change."
            )
        )
    lines.append(_("Reasons shown beside a number are associations in the training cohort, not causes."))
    return Known(
        (Points(tuple(lines)),), _("what these and other limits do to bias, uncertainty and use elsewhere")
    )


def risks(facts: Facts) -> Known:
    """Known risks and limits: those of the study and those of the program."""
    said = limitations(facts)
    caution = [Words(text) for text in (facts.study.not_for.get(study_language()),) if text]
    return Known((*caution, *said.blocks), _("other known risks and unsuitable settings"))


def abstract(facts: Facts) -> Known:
    """Objective, data, inputs, outcomes, method and main results, from the other items."""
    study = facts.study
    lines = [
        _("Objective: to predict {tasks}.").format(tasks=listed([title(task) for task in facts.tasks])),
        _("Data: {source}; {count} patients.").format(
            source=study.source or study.description.get(study_language()) or study.name,
            count=number(facts.training["rows"]),
        ),
        _("Inputs: {count}.").format(count=number(len(study.features))),
        _(
            "Model: a blend of a ridge regression, own and shared gradient-boosted trees for each task, "
            "validated by {folds}-fold resampling."
        ).format(
            folds=number(int(facts.training["folds"]))
        ),
    ]  # fmt: skip
    for one in (facts.internal, *facts.external):
        if one is None or "accuracy" not in one.parts:
            continue
        for name, found in one.parts["accuracy"]["tasks"].items():
            shown = metric_words.main(found["kind"], found["metrics"], None)[:1]
            if shown and found["metrics"][shown[0]]["value"] is not None:
                told = _("Result, {cohort}, {task}: {measure} {value}.").format(
                    cohort=one.title,
                    task=title(study.task(name)),
                    measure=metric_words.title(shown[0]),
                    value=metric_words.value(found["metrics"][shown[0]]),
                )
                lines.append(told)
    return Known((Points(tuple(lines)),), _("interpretation, funding and registration"))


def objectives(facts: Facts) -> Known:
    """Development with internal validation, and evaluation where there was one."""
    told = _("Development with internal validation of a prediction model for {tasks}.").format(
        tasks=listed([title(task) for task in facts.tasks])
    )
    if facts.external:
        where = listed([one.title for one in facts.external])
        told += " " + _("Evaluation in other patients: {cohorts}.").format(cohorts=where)
    return Known((Words(told),))

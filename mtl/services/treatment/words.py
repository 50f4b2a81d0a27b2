"""The sentences of the treatment view: why a box is refused, who was in a trial, what an interval holds."""

from __future__ import annotations

from collections.abc import Sequence

from mtl.expressions import parse
from mtl.language import _, clauses, listed, ngettext, number, percent, span, study_language
from mtl.services.patients.printing import years_text
from mtl.services.patients.view import Case, Finding
from mtl.study import Task, Treatment
from mtl.study.trials import HazardRatio, Trial
from mtl.treatment.refusal import FEWEST, HIGHEST, LOWEST, Facts, Reason

RATIO_DECIMALS = 2


def decisive(case: Case, *conditions: str | None) -> tuple[Finding, ...]:
    """The findings that conditions rest on, in study order."""
    columns = frozenset().union(*(columns_of(text) for text in conditions if text is not None))
    return tuple(finding for finding in case.findings if finding.feature.name in columns)


def _told(case: Case, condition: str | None) -> str:
    return listed([finding_text(finding) for finding in decisive(case, condition)])


def columns_of(condition: str) -> frozenset[str]:
    """The columns that a condition reads."""
    return parse(condition).columns


def finding_text(finding: Finding) -> str:
    """A finding: "Positive lymph nodes: 4"."""
    return _("{label}: {value}").format(label=finding.feature.title(study_language()), value=finding.text)


def ratio_text(ratio: HazardRatio) -> str:
    """A hazard ratio with its interval."""
    value = number(ratio.value, RATIO_DECIMALS)
    if ratio.low is None or ratio.high is None:
        return value
    return _("{value} ({interval})").format(value=value, interval=span(ratio.low, ratio.high, RATIO_DECIMALS))


def ratios_text(trial: Trial) -> str:
    """All ratios of a trial, by period where there are several."""
    if len(trial.hazard_ratios) == 1:
        return ratio_text(trial.hazard_ratios[0])
    parts = []
    for ratio in trial.hazard_ratios:
        start, end = number(ratio.start), None if ratio.end is None else number(ratio.end)
        when = (
            _("from year {start}").format(start=start)
            if end is None
            else _("years {start} to {end}").format(start=start, end=end)
        )
        parts.append(_("{value}, {when}").format(value=ratio_text(ratio), when=when))
    return clauses(parts)


def refused_promise(
    reason: Reason, facts: Facts, case: Case, trial: Trial, task: Task, treatments: Sequence[Treatment]
) -> str:
    """Why a trial's ratio is not applied, in one sentence."""
    language = study_language()
    found = decisive(case, trial.applies, trial.no_effect)
    if reason is Reason.OTHER_OUTCOME:
        words = _("“{trial}” measured {measured}, not {outcome}: its ratio is not applied.")
        measured = trial.outcome.get(language)
        return words.format(trial=trial.name, measured=measured, outcome=_lower(task.title(language)))
    if reason is Reason.NO_EFFECT:
        told = _told(case, trial.no_effect)
        if not told:
            return _("Trials showed no effect of this treatment.")
        return _("Trials showed no effect in patients like this one ({findings}).").format(findings=told)
    if reason is Reason.NOT_APPLICABLE:
        told = _told(case, trial.applies)
        if not told:
            return _("{trial} did not have patients like this one.").format(trial=trial.name)
        words = _("{trial} did not have patients like this one ({findings}).")
        return words.format(trial=trial.name, findings=told)
    if reason is Reason.UNKNOWN:
        lacking = listed([one.feature.title(language) for one in found if one.missing])
        if not lacking:
            return _("Whether {trial} applies cannot be said: the record lacks what it rests on.").format(
                trial=trial.name
            )
        words = _("Whether {trial} applies cannot be said without: {findings}.")
        return words.format(trial=trial.name, findings=lacking)
    if reason is Reason.NOT_ESTIMABLE:
        return _("Too few patients were followed long enough to estimate the risk without the treatment.")
    if reason is Reason.NOVEL:
        return _(
            "No training patient had findings that go together like these: the risk without the treatment is too uncertain."
        )
    return refused_either(reason, facts, treatments)


def refused_either(reason: Reason, facts: Facts, treatments: Sequence[Treatment]) -> str:
    """Why comparable patients cannot be shown, or stand behind nothing, in one sentence."""
    if reason is Reason.COMBINATION:
        names = listed([treatment.title(study_language()) for treatment in treatments])
        words = _(
            "There is no trial here of these together: {treatments}. Ratios of separate trials are not multiplied."
        )
        return words.format(treatments=names)
    if reason is Reason.UNCOUNTED:
        return _("No task of this study predicts the treatment, so comparable patients cannot be counted.")
    if reason is Reason.PROPENSITY:
        words = _(
            "{share} of such patients were given it: outside {low} to {high}, given and not given cannot be compared."
        )
        limits = {"low": percent(LOWEST), "high": percent(HIGHEST)}
        return words.format(share=percent(facts.propensity or 0.0), **limits)
    if reason is Reason.FEW_GIVEN:
        words = ngettext(
            "Only {count} comparable patient was given it; a comparison needs {least}.",
            "Only {count} comparable patients were given it; a comparison needs {least}.",
            facts.given,
        )
        return words.format(count=number(facts.given), least=number(FEWEST))
    words = ngettext(
        "Only {count} comparable patient was not given it; the risk without it needs {least} to rest on.",
        "Only {count} comparable patients were not given it; the risk without it needs {least} to rest on.",
        facts.not_given,
    )
    return words.format(count=number(facts.not_given), least=number(FEWEST))


def no_trial(task: Task) -> str:
    """Why nothing is promised where the study names no trial of a treatment."""
    words = _("This study names no trial of the treatment, so no difference in {outcome} can be promised.")
    return words.format(outcome=_lower(task.title(study_language())))


def membership(member: bool | None, no_effect: bool | None) -> str:
    """Whether the trial speaks for the patient: whether they would have been among its patients."""
    if no_effect is True:
        return _("For patients like this one trials showed no effect.")
    if member is None or no_effect is None:
        return _("Whether this patient would have been among them cannot be said.")
    if member:
        return _("By the conditions named in the study, this patient would have been among them.")
    return _("By the conditions named in the study, this patient would not have been among them.")


def notes(trial: Trial, longest: float, whole: bool, interval: bool) -> tuple[str, ...]:
    """What the interval of a promise holds, and what the promise assumes."""
    if not interval:
        first = _("The source gives no interval of the ratio, so none is given here.")
    elif whole:
        first = _("95 % interval: of the trial's ratio and of the risk without the treatment.")
    else:
        first = _("95 % interval of the trial's ratio only.")
    told = [first]
    if len(trial.hazard_ratios) == 1:
        words = _("Assumes that the ratio is the same over all {time}.")
    else:
        words = _("Assumes that the ratios of the periods hold up to {time}.")
    told.append(words.format(time=years_text(longest)))
    told.append(_("Other treatments as they were usual in these data."))
    return tuple(told)


def _lower(title: str) -> str:
    """A title inside a sentence; an abbreviation keeps its capitals."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]

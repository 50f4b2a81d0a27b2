"""How a number, a name, a place in the cohort are said: one way each, on the screen and on paper."""

from __future__ import annotations

import datetime
from typing import Protocol

from mtl.explain.sentences import Contribution
from mtl.language import N_, _, date, ngettext, number, percent, span, study_language
from mtl.services.patients.view import Case, Curve, Finding, Number, TaskOutput
from mtl.study import Task

_NO_BREAK = "\u00a0"

#: Roles of a task in the order of care, and what a section of such tasks is called.
ROLES = {
    "diagnosis": N_("Diagnosis"),
    "treatment": N_("Treatment, as it was given"),
    "prognosis": N_("Outlook"),
}

REASONS = 3  # of a number, at first sight


class Titled(Protocol):
    """A feature, a task or a treatment."""

    def title(self, language: str = "en") -> str:
        """Its name in a language."""
        ...


def title(entry: Titled) -> str:
    """Return the name of a feature, task or treatment, in the reader's language."""
    return entry.title(study_language())


def of_hundred(value: float) -> str:
    """Return the figure of a percentage without its sign: "58", "<1"; the two can never differ."""
    return percent(value).rstrip("%").rstrip(_NO_BREAK)


def amount(task: Task, value: float) -> str:
    """Say a number of a task: a percentage, or a value in the task's unit."""
    if task.kind != "regression":
        return percent(value)
    unit = task.unit.get(study_language())
    written = number(value, task.decimals)
    return f"{written} {unit}" if unit else written


def interval(kind: str, shown: Number, decimals: int | None = None) -> str:
    """Say the interval of a number, or that it is not there yet."""
    if shown.value is None:
        return ""
    if shown.low is None or shown.high is None:
        return _("interval pending")
    if kind == "regression":
        return span(shown.low, shown.high, decimals or 0)
    return (
        _("{low} to {high}").format(low=of_hundred(shown.low), high=of_hundred(shown.high))
        if _odd(shown)
        else span(100 * shown.low, 100 * shown.high)
    )


def _odd(shown: Number) -> bool:
    return any(mark in percent(end) for end in (shown.low or 0.0, shown.high or 0.0) for mark in "<>")


def years(count: float) -> str:
    """Say a number of years.

    Examples
    --------
    >>> years(1), years(5)
    ('1 year', '5 years')
    """
    return ngettext("{count} year", "{count} years", 1 if count == 1 else 2).format(count=number(count))


def question(output: TaskOutput, shown: Number) -> str:
    """Say what a number answers: "Recurrence or death within 5 years"."""
    if shown.horizon is None:
        return title(output.task)
    return _("{outcome} within {time}").format(outcome=title(output.task), time=years(shown.horizon))


def at(output: TaskOutput, category: str | None = None) -> Number:
    """Return a task's number for a class, its headline where it has no such class or none is asked for."""
    return next((one for one in output.numbers if category and one.category == category), output.headline)


def like_this(output: TaskOutput, shown: Number) -> str:
    """Say a probability as a count of patients."""
    if shown.value is None:
        return shown.reason
    figure = of_hundred(shown.value)
    if output.task.role == "treatment":
        return _("{count} of 100 such patients were given it").format(count=figure)
    if output.kind == "multiclass":
        return _("{count} of 100 patients like this: {event}").format(count=figure, event=shown.label)
    event = output.task.event_label.get(study_language())
    if not event:
        return _("{count} of 100 patients like this").format(count=figure)
    return _("{count} of 100 patients like this: {event}").format(count=figure, event=event)


def how_sure(shown: Number) -> str:
    """Say from how large a sample a risk would be known as well; nothing where that is not known."""
    if shown.n_eff is None:
        return ""
    # Below one patient the words would be absurd, and the interval is as wide as it can be.
    count = max(1, round(shown.n_eff))
    return _("As sure as from counting {count} such patients.").format(count=number(count))


def place(shown: Number) -> str:
    """Say where a number lies in its cohort; nothing where that is not known."""
    if shown.cohort_share_below is None:
        return ""
    return _("higher than {share} of the cohort").format(share=percent(shown.cohort_share_below))


def cohort_median(output: TaskOutput, shown: Number) -> str:
    """Say the cohort's median of a number; nothing where that is not known."""
    if shown.cohort_median is None:
        return ""
    return _("cohort median {number}").format(number=amount(output.task, shown.cohort_median))


def shown_until(output: TaskOutput, found: Curve) -> float:
    """Return the end of a curve's time axis, in years: the last horizon with a number, as far as the curve goes."""
    until = max([one.horizon or 0.0 for one in output.numbers if one.value is not None], default=0.0)
    until = max(until, output.headline.horizon or 0.0) if until else found.estimable_until
    return min(until, found.estimable_until)


def half_by(found: Curve, until: float) -> str:
    """Say by when half of such patients have the event, or that fewer have it within the time shown."""
    if found.median is not None and found.median <= until:
        return _("half of such patients by {time}").format(time=years(round(found.median, 1)))
    return _("fewer than half within {time}").format(time=years(round(until, 1)))


def reasons(output: TaskOutput) -> list[Contribution]:
    """Return the strongest reasons for a task's number, those that move it in print."""
    if output.story is None:
        return []
    return [one for one in output.story.contributions[:REASONS] if one.points]


def no_reason(output: TaskOutput) -> str:
    """Say that nothing moves a number in print; nothing where something does, or there is no number."""
    if output.story is None or reasons(output) or output.kind == "regression":
        return ""
    return _("As for the reference patient: no finding moves it by a whole point.")


def unusual(finding: Finding) -> str:
    """Say what is unusual about a finding; nothing where nothing is."""
    words = {"out_of_range": _("out of range"), "unseen": _("not understood")}
    return words.get(finding.unusual or "", "")


def known(case: Case) -> str:
    """Say how many findings of a case are known."""
    return _("{known} of {count} findings known").format(known=number(case.known), count=number(case.of))


def standing(case: Case) -> str:
    """Say whose patient it is: the reader's own, or one of the training set, whose numbers are honest all the same."""
    if case.private:
        return _("your own patient: nobody else sees it")
    if case.in_training:
        return _("training patient: numbers from a model that did not see this patient")
    return ""


def novel(case: Case) -> str:
    """Say that a patient is out of distribution; nothing for the others."""
    return _("unlike the training patients") if case.novel else ""


def given(case: Case) -> list[str]:
    """Say what is recorded about each treatment."""
    return [
        _("{label}: {value}").format(label=title(one.treatment), value=one.text) for one in case.treatments
    ]


def trained(case: Case) -> str:
    """Say which model gave the numbers and of when it is; a model that came as a folder has no date."""
    if not case.model.trained:
        return _("model {version}").format(version=case.model.version)
    return _("model {version}, {date}").format(version=case.model.version, date=day(case.model.trained))


def day(moment: str) -> str:
    """Write the day of an ISO time stamp."""
    return date(datetime.datetime.fromisoformat(moment).date())


def caution() -> str:
    """Say what the numbers are not."""
    return _(
        "For research and education. Not a medical device: the numbers describe patients of the cohort, "
        "they are no advice for a person in treatment."
    )

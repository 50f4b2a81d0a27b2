"""How the pages say a number, a name, a place in the cohort: one way each, in the reader's language."""

from __future__ import annotations

import re
from typing import Protocol

from mtl.language import _, ngettext, number, percent, span, study_language
from mtl.services.case_view import Number, Task, TaskOutput

_NO_BREAK = "\u00a0"


class Titled(Protocol):
    """A feature, a task or a treatment."""

    def title(self, language: str = "en") -> str: ...


def title(entry: Titled) -> str:
    """Return the name of a feature, task or treatment, in the reader's language."""
    return entry.title(study_language())


def markdown(text: object) -> str:
    """Return words that come from a file so that Markdown shows them as they are: no link, no image.

    Examples
    --------
    >>> print(markdown("![x](http://a) *b*"))
    \\!\\[x\\]\\(http\\:\\/\\/a\\) \\*b\\*
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text).split()))


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
        f"{of_hundred(shown.low)}–{of_hundred(shown.high)}"
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


def place(shown: Number) -> str:
    """Say where a number lies in its cohort; nothing where that is not known."""
    if shown.cohort_share_below is None:
        return ""
    return _("higher than {share} of the cohort").format(share=percent(shown.cohort_share_below))

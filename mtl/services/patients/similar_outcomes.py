"""What became of a group of patients, task by task, beside what the model says of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.data.targets import Target
from mtl.evaluate.group import Share, quartiles, share
from mtl.evaluate.kaplan_meier import KaplanMeier, kaplan_meier
from mtl.language import _, number, percent, study_language
from mtl.services.patients.printing import value_text, years_text
from mtl.services.patients.view import Floats, Number, TaskOutput
from mtl.study import Task

FEWEST_AT_RISK = 5  # of the group, below which its curve ends
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class GroupCurve:
    """Kaplan-Meier of a group as risk, 1 - S, in steps.

    Attributes
    ----------
    years, risk, low, high : (m,)
        From 0, up to the last time with at least five of the group still followed; pointwise 95 % limits.
    until : float
        That last time.
    at_risk : tuple of (float, int)
        Patients still followed, at the task's horizons.
    """

    years: Floats
    risk: Floats
    low: Floats
    high: Floats
    until: float
    at_risk: tuple[tuple[float, int], ...]


@dataclass(frozen=True)
class GroupNumber:
    """One number of the group beside the model's: a class, a horizon, or the task itself.

    `text` says what was seen ("12 of 48", "median 640"), `interval` its limits or quartiles, `n` those it rests on;
    `share` is None for a regression task, and `value` (0 to 1) where the group is silent.
    """

    label: str
    text: str
    interval: str
    n: int
    value: float | None
    share: Share | None
    model: Number


@dataclass(frozen=True, eq=False)
class GroupOutcome:
    """What became of the group in one task. `labelled` of the group have an outcome; `curve` is for survival."""

    task: Task
    labelled: int
    numbers: tuple[GroupNumber, ...]
    curve: GroupCurve | None


def group_outcome(output: TaskOutput, target: Target, chosen: NDArray[np.intp]) -> GroupOutcome:
    """Summarise the group `chosen` (places among a cohort's candidates, whose outcomes `target` holds)."""
    own = target.subset(chosen)
    own = own.subset(own.labelled)
    task, n = output.task, len(own)
    if target.kind == "survival":
        return _survival(output, own)
    if target.kind == "regression":
        low, middle, high = (float(q) for q in quartiles(own.y))
        limits = (
            ""
            if not n
            else _("{low} to {high}").format(low=value_text(task, low), high=value_text(task, high))
        )
        text = value_text(task, middle if n else None)
        return GroupOutcome(
            task, n, (GroupNumber(output.headline.label, text, limits, n, None, None, output.headline),), None
        )
    if target.kind == "binary":
        return GroupOutcome(task, n, (_share(output.headline, share(int(own.y.sum()), n)),), None)
    counts = np.bincount(own.y.astype(np.intp), minlength=len(task.classes))
    numbers = tuple(
        _share(shown, share(int(count), n)) for shown, count in zip(output.numbers, counts, strict=True)
    )
    return GroupOutcome(task, n, numbers, None)


def _share(shown: Number, found: Share) -> GroupNumber:
    if not found.n:
        return GroupNumber(shown.label, percent(float("nan")), "", 0, None, found, shown)
    words = _("{count} of {n} ({share})").format(
        count=number(found.count), n=number(found.n), share=percent(found.share)
    )
    return GroupNumber(
        shown.label, words, limits_text(found.low, found.high), found.n, found.share, found, shown
    )


def limits_text(low: float, high: float) -> str:
    """An interval of a proportion: "25 % to 41 %"."""
    return _("{low} to {high}").format(low=percent(low), high=percent(high))


def _survival(output: TaskOutput, own: Target) -> GroupOutcome:
    n = len(own)
    if not n:
        empty = tuple(
            GroupNumber(shown.label, percent(float("nan")), "", 0, None, None, shown)
            for shown in output.numbers
        )
        return GroupOutcome(output.task, 0, empty, None)
    found = kaplan_meier(own.time, own.event, LEVEL)
    until = float(found.followed[-min(FEWEST_AT_RISK, n)])
    numbers = tuple(_risk(shown, found, until) for shown in output.numbers)
    return GroupOutcome(output.task, n, numbers, _curve(found, until, output.task.horizons))


def _risk(shown: Number, found: KaplanMeier, until: float) -> GroupNumber:
    years = shown.horizon or 0.0
    at_risk = int(found.n_at_risk(years))
    if years > until:
        words = _("fewer than {count} still followed").format(count=number(FEWEST_AT_RISK))
        return GroupNumber(shown.label, words, "", at_risk, None, None, shown)
    risk = 1.0 - float(found.at(years))
    low, high = (1.0 - float(limit) for limit in found.interval_at(years))
    limits = _("no event seen") if risk == 0 else "" if np.isnan(low) else limits_text(high, low)
    return GroupNumber(shown.label, percent(risk), limits, at_risk, risk, None, shown)


def _curve(found: KaplanMeier, until: float, horizons: list[float]) -> GroupCurve:
    inside = (found.times <= until) & (found.events > 0)
    years = np.concatenate([[0.0], found.times[inside], [until]])
    survival = found.at(years)
    low, high = found.interval_at(years)
    at_risk = tuple((float(h), int(found.n_at_risk(h))) for h in (0.0, *horizons))
    return GroupCurve(years, 1.0 - survival, 1.0 - high, 1.0 - low, until, at_risk)


def outcome_text(task: Task, target: Target, place: int) -> tuple[str, bool]:
    """What is recorded of one patient's outcome in words, and whether anything is."""
    if not target.labelled[place]:
        return _("not recorded"), False
    if task.kind == "survival":
        years = years_text(round(float(target.time[place]), 1))
        if target.event[place] != 1:
            return _("no event in {years}").format(years=years), True
        event = task.event_label.get(study_language()) or task.title(study_language())
        return _("{event} after {time}").format(event=event, time=years), True
    value = float(target.y[place])
    if task.kind == "multiclass":
        return task.classes[int(value)].get(study_language()), True
    if task.kind == "binary":
        return _("yes") if value == 1 else _("no"), True
    return value_text(task, value), True

"""Related techniques beside ours, in words: which comes first for each task, and what each took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mtl.language import N_, _, clauses, listed, ngettext, number
from mtl.services.evidence.sharing import DIGITS, Gap, metric, printed
from mtl.services.patients import wording
from mtl.study import Study

OURS = "blend"
NAMES = {
    "blend": N_("multi-task blend (this model)"),
    "single": N_("single-task trees (LightGBM, tuned)"),
    "linear": N_("linear or Cox (ridge, splines)"),
    "chain": N_("classifier chain (LightGBM)"),
    "perceptron": N_("perceptron with a shared layer"),
}
REASONS = {
    "no_survival": N_("it knows no censored follow-up"),
    "other_kinds": N_("it takes yes/no tasks only"),
    "alone": N_("no other yes/no task sees the same findings"),
    "few": N_("too few patients have every label"),
}


@dataclass(frozen=True)
class Row:
    """A technique on one task: name, metric, loss, calibration slope in print, and its difference from ours."""

    name: str
    ours: bool
    metric: str
    loss: str
    slope: str
    over: Gap | None


@dataclass(frozen=True)
class Cost:
    """What a technique took: seconds of processor to fit without one fold, parameters, the tasks it cannot do."""

    name: str
    seconds: str
    parameters: str
    cannot: str


def first(content: dict[str, Any], task: str) -> str:
    """Say which technique comes first for a task, and how far ours is from it."""
    found = content["tasks"][task]
    ranked = sorted(
        (one["metric"], name) for name, one in found["techniques"].items() if one["metric"] is not None
    )[::-1]
    if len(ranked) < 2 or OURS not in [name for _value, name in ranked]:
        return _("There is nothing to compare with.")
    place = [name for _value, name in ranked].index(OURS)
    other = ranked[1][1] if place == 0 else ranked[0][1]
    gap = found["techniques"][other]["over"]["metric"]
    facts = {
        "measure": metric(found["metric"]),
        "ours": number(ranked[place][0], DIGITS),
        "other": _(NAMES[other]),
        "theirs": number(dict((name, value) for value, name in ranked)[other], DIGITS),
        "gap": printed(gap),
        "place": number(place + 1),
    }
    if place == 0:
        words = _("Ours comes first: {measure} {ours}. Next is {other} with {theirs}, difference {gap}.")
    else:
        words = _(
            "First is {other}: {measure} {theirs}. Ours is number {place} with {ours}, difference {gap}."
        )
    sure = gap["low"] is not None and (gap["low"] > 0 or gap["high"] < 0)
    if not sure:
        words += " " + _("That may be chance.")
    return words.format(**facts)


def rows(content: dict[str, Any], task: str) -> list[Row]:
    """Every technique that can do a task, the best first."""
    found = content["tasks"][task]["techniques"]
    order = sorted(
        found, key=lambda name: -(found[name]["metric"] if found[name]["metric"] is not None else -9.0)
    )
    rows = []
    for name in order:
        one = found[name]
        over = None if one["over"] is None else one["over"]["metric"]
        gap = (
            None
            if over is None
            else Gap(_(NAMES[name]), over["value"], over["low"], over["high"], printed(over))
        )
        shown = (_number(one["metric"], DIGITS), _number(one["loss"], DIGITS), _number(one["slope"], 2))
        rows.append(Row(_(NAMES[name]), name == OURS, shown[0], shown[1], shown[2], gap))
    return rows


def _number(value: float | None, decimals: int) -> str:
    return "–" if value is None else number(value, decimals)


def costs(study: Study, content: dict[str, Any]) -> list[Cost]:
    """What each technique took over all tasks that it can do."""
    rows = []
    for name, one in content["techniques"].items():
        by_reason: dict[str, list[str]] = {}
        for task, why in one["left_out"].items():
            by_reason.setdefault(why, []).append(wording.title(study.task(task)))
        cannot = clauses(
            _("{label}: {value}").format(label=listed(tasks), value=_(REASONS[why]))
            for why, tasks in by_reason.items()
        )
        done = bool(one["parameters"])
        seconds = number(one["seconds"], 1) if done else "–"
        rows.append(Cost(_(NAMES[name]), seconds, number(one["parameters"]) if done else "–", cannot))
    return rows


def summary(study: Study, content: dict[str, Any]) -> str:
    """Say for how many tasks ours comes first."""
    firsts = 0
    for one in content["tasks"].values():
        known = {name: t["metric"] for name, t in one["techniques"].items() if t["metric"] is not None}
        firsts += bool(known) and max(known, key=lambda name: known[name]) == OURS
    count = len(content["tasks"])
    return ngettext(
        "Ours comes first for {firsts} of {count} task.",
        "Ours comes first for {firsts} of {count} tasks.",
        count,
    ).format(firsts=number(firsts), count=number(count))

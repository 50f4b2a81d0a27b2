"""How often conformal sets and ranges hold the truth, and how wide the risk intervals are, in words and charts."""

from __future__ import annotations

from typing import Any

from mtl.figures.plane import Axis, Grid, Layer, Plane
from mtl.figures.ranges import Range, Ranges
from mtl.language import _, clauses, number, percent
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.evidence.trust_words import (
    EN_DASH,
    asked,
    distance,
    finding,
    group,
    output,
    share_with_interval,
)
from mtl.study import Study, Task


def sheet(
    study: Study, task: Task, content: dict[str, Any], widths: dict[str, Any] | None, caption: str
) -> Sheet:
    """What the part "coverage" found of a task.

    Parameters
    ----------
    widths
        What the part "stability" found, for the widths of the risk intervals; None while it is not there.
    """
    found, level = content["tasks"][task.name], content["level"]
    sections = []
    if "methods" not in found:
        lead = _("Too few patients with a known outcome ({count}) for a set or range.").format(
            count=number(found["n"])
        )
    else:
        lead = _lead(task, found, level)
        sections = [_methods(study, task, found, level), _groups(study, task, found, level, caption)]
    if widths is not None and task.kind != "regression":
        wide = _widths(task, widths["tasks"][task.name], caption)
        sections += [wide] if wide is not None else []
    return Sheet([lead], sections, _notes(task, content))


def _lead(task: Task, found: dict[str, Any], level: float) -> str:
    one = found["methods"]["marginal"]
    if task.kind == "regression":
        words = _(
            "Ranges made to hold {level} of the values hold {share} of {count}; a range is {width} wide."
        ).format(
            level=percent(level),
            share=share_with_interval(one["coverage"], one["low"], one["high"]),
            count=number(found["n"]),
            width=distance(task, one["size"] or 0.0),
        )
    else:
        words = _(
            "Sets made to hold the truth in {level} of the patients hold it in {share} of {count}; "
            "{single} of the sets name one answer alone."
        ).format(
            level=percent(level),
            share=share_with_interval(one["coverage"], one["low"], one["high"]),
            count=number(found["n"]),
            single=percent(one["sizes"]["1"]),
        )
    if one["high"] < level:
        return (
            words
            + " "
            + _("That is less often than asked for: these patients are not like those of the training.")
        )
    if one["low"] > level and one.get("sizes", {}).get("1") == 1:
        return words + " " + _("That is more often than asked for, because a set is never empty.")
    if one["low"] > level:
        return words + " " + _("That is more often than asked for: the sets could be smaller.")
    return words


def _outcomes(task: Task, count: int) -> list[str]:
    if task.classes:
        return [output(task, f"{task.name}={level.text}") for level in task.classes]
    return [_("no event"), _("event")][:count]


def _methods(study: Study, task: Task, found: dict[str, Any], level: float) -> Section:
    names = {
        "marginal": _("one threshold for everybody"),
        "by_class": _("a threshold for each outcome"),
    }
    rows = []
    for key, method in found["methods"].items():
        coverage = share_with_interval(method["coverage"], method["low"], method["high"])
        if task.kind == "regression":
            rows.append([names[key], coverage, distance(task, method["size"] or 0.0)])
            continue
        by_class = clauses(
            f"{name}: {EN_DASH if one['coverage'] is None else percent(one['coverage'])}"
            for name, one in zip(_outcomes(task, 2), method["classes"], strict=True)
        )
        rows.append(
            [names[key], coverage, number(method["size"], 2), percent(method["sizes"]["1"]), by_class]
        )
    if task.kind == "regression":
        heads = [_("Range"), _("holds the truth"), _("mean width")]
        return Section(_("Ranges of values"), [], grids=[Grid(_("Ranges of values"), heads, rows)])
    heads = [
        _("Set"),
        _("holds the truth"),
        _("answers in it, mean"),
        _("one answer alone"),
        _("holds the truth, by true outcome"),
    ]
    words = _(
        "One threshold gives the smallest sets, and may hold the truth rarely where the outcome is rare; a threshold for "
        "each outcome holds it as often for every outcome, with larger sets."
    )
    title = _("Sets of answers: {outcome}").format(outcome=asked(task, found["horizon"]))
    return Section(title, [words], grids=[Grid(title, heads, rows)])


def _groups(study: Study, task: Task, found: dict[str, Any], level: float, caption: str) -> Section:
    rows: list[Range] = []
    small: list[str] = []
    for one in found["groups"]:
        feature = study.feature(one["feature"])
        shown = [part for part in one["parts"] if part["coverage"] is not None]
        small += [
            f"{finding(study, one['feature'])} {group(feature, part)} ({number(part['n'])})"
            for part in one["parts"]
            if part["coverage"] is None
        ]
        if not shown:
            continue
        rows.append(Range(finding(study, one["feature"]), None, None, None, [], head=True))
        for part in shown:
            coverage = share_with_interval(part["coverage"], part["low"], part["high"])
            words = [number(part["n"]), coverage, _size(task, part["size"])]
            rows.append(Range(group(feature, part), part["coverage"], part["low"], part["high"], words))
    lowest = min([0.7, *(row.low for row in rows if row.low is not None)])
    size = _("mean width") if task.kind == "regression" else _("answers in a set, mean")
    ranges = Ranges(
        _("Coverage by groups of patients"),
        Axis(_("holds the truth"), lowest, 1.0, True),
        [_("Group"), _("patients"), _("coverage (95 % interval)"), size],
        rows,
        level,
        _("asked for: {level}").format(level=percent(level)),
    )  # fmt: skip
    words = [caption]
    if small:
        words.append(_("Too few patients to say (fewer than 20): {groups}.").format(groups=clauses(small)))
    return Section(_("By groups of patients"), words, ranges=[ranges])


def _size(task: Task, size: float | None) -> str:
    if size is None:
        return EN_DASH
    return distance(task, size) if task.kind == "regression" else number(size, 2)


def _widths(task: Task, found: dict[str, Any], caption: str) -> Section | None:
    if not found["outputs"]:
        return None
    widest = max(found["outputs"], key=lambda one: float(one["width"]["mean"]))
    width = widest["width"]
    low, lower, middle, upper, high = width["quantiles"]
    edges, counts = width["edges"], [*width["counts"], 0]
    total = max(sum(counts), 1)
    grid = Grid(
        _("Width of the risk intervals"),
        [_("Patients"), _("width of the 90 % interval, points")],
        [
            [_("one patient in twenty below"), number(100 * low, 1)],
            [_("a quarter below"), number(100 * lower, 1)],
            [_("half below"), number(100 * middle, 1)],
            [_("a quarter above"), number(100 * upper, 1)],
            [_("one patient in twenty above"), number(100 * high, 1)],
        ],
    )
    name = asked(task, found["horizon"])
    if task.classes:
        name = _("{outcome}: {value}").format(outcome=name, value=output(task, widest["column"]))
    plane = Plane(
        Axis(_("width of the 90 % interval of the risk"), 0.0, max(edges[-1], 0.01), True),
        Axis(_("share of the patients"), 0.0, 1.1 * max(counts) / total, True),
        [Layer("bars", [(edge, count / total) for edge, count in zip(edges, counts, strict=True)])],
        _("Width of the risk intervals: {outcome}. Half of them are narrower than {width} points.").format(
            outcome=name, width=number(100 * middle, 1)
        ),
        grid,
        caption,
    )
    words = _(
        "Half of the 90 % intervals of {outcome} are narrower than {width} points. They are about the risk, which nobody "
        "sees; that they hold it was checked on simulated patients, whose risk is known."
    ).format(outcome=name, width=number(100 * middle, 1))
    return Section(_("Width of the risk intervals"), [words], [plane])


def _notes(task: Task, content: dict[str, Any]) -> list[str]:
    whose = (
        _("The thresholds come from the patients of the training, each predicted without their fold.")
        if content["calibrated_on"] == "training"
        else _(
            "The patients of the training are not here, so the thresholds come from these patients, in five parts: each "
            "is judged by the other four."
        )
    )
    notes = [
        whose
        + " "
        + _(
            "Sets: least ambiguous set-valued classifiers (Sadinle, Lei and Wasserman 2019), cross-conformal (Vovk 2015); "
            "one that would be empty names the likeliest answer. Intervals: Wilson's. The promise is about patients as a "
            "whole, not about one of them."
        )
    ]
    if task.kind == "survival":
        notes.append(
            _(
                "Whether it happens by the horizon is known for some patients only; thresholds and shares are weighted by "
                "the inverse probability of censoring, which supposes that censoring says nothing of the outcome. A range "
                "for the time itself is not given: for many patients it would end after the last follow-up."
            )
        )
    return notes

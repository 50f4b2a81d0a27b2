"""What was counted on a table, in words: the groups of a task, the labels it has, and Table 1 as a file to take away."""

from __future__ import annotations

from collections.abc import Sequence

from mtl.language import _, listed, ngettext, number, study_language
from mtl.study import Study, Task
from mtl.tables.look import Labels
from mtl.tables.look_missing import MissingPattern
from mtl.tables.table_one import TableOne

__all__ = ["column_title", "group_labels", "label_counts", "lacking", "markdown", "of_horizons"]


def group_labels(task: Task, labels: Sequence[str]) -> dict[str, str]:
    """What the groups of a task's patients are called, no two alike; see :func:`mtl.tables.look_missing.groups_of`."""
    taken = {
        _("All"),
        _("Feature"),
        _("Level"),
        _("Missing"),
        _("Difference"),
        _("p"),
    }  # other heads of Table 1
    found: dict[str, str] = {}
    for label in labels:
        name = _group(task, label)
        found[label] = f"{name} ({label})" if name in taken else name
        taken.add(found[label])
    return found


def _group(task: Task, label: str) -> str:
    words = study_language()
    if task.kind == "survival":
        return (task.event_label.get(words) or _("event")) if label == "event" else _("censored")
    if task.kind == "regression":
        return _("lower half") if label == "lower" else _("upper half")
    if task.kind == "multiclass":
        return next((level.get(words) for level in task.classes if level.text == label), label)
    return _("yes") if label == "1" else _("no")


def column_title(study: Study, column: str) -> str:
    """What a feature is called, with its unit."""
    words = study_language()
    feature = next(one for one in study.features if one.name == column)
    unit = feature.unit.get(words)
    title = feature.title(words)
    return _("{label} ({unit})").format(label=title, unit=unit) if unit else title


def label_counts(task: Task, found: Labels) -> str:
    """How many patients a task has of each kind."""
    survival = task.kind == "survival"
    named = (
        {"event": _("events"), "censored": _("censored")}
        if survival
        else group_labels(task, list(found.counts))
    )
    pair = _("{label}: {value}")
    counted = [pair.format(label=named[label], value=number(count)) for label, count in found.counts.items()]
    return listed(counted)


def of_horizons(found: Labels) -> str:
    """How many events came by each horizon, and how many patients are followed beyond it."""
    words = _("{years} y: {events} events, {left} followed on")
    return ("；" if study_language() == "zh" else "; ").join(
        words.format(years=number(years), events=number(events), left=number(left))
        for years, events, left in found.by_horizon
    )


def lacking(study: Study, pattern: MissingPattern, most: int = 6) -> str:
    """What the patients of a pattern lack."""
    if not pattern.columns:
        return _("nothing is missing")
    words = study_language()
    titles = {feature.name: feature.title(words) for feature in study.features}
    shown = listed([titles[name] for name in pattern.columns[:most]])
    rest = len(pattern.columns) - most
    if rest <= 0:
        return shown
    more = ngettext("and {count} more", "and {count} more", rest).format(count=number(rest))
    return f"{shown} {more}"


def markdown(found: TableOne) -> str:
    """Table 1 as a Markdown table; nothing that came from a file is markup in it."""
    frame = found.frame()
    groups = dict.fromkeys(frame.columns, 0) | {_("All"): found.n} | found.groups
    heads = [f"{name} (n = {number(groups[name])})" if groups[name] else name for name in frame.columns]
    lines = [heads, ["---"] * len(heads), *frame.astype(str).to_numpy().tolist()]
    return "".join(
        "| " + " | ".join(line if line == "---" else _plain(line) for line in row) + " |\n" for row in lines
    )


def _plain(words: str) -> str:
    return "".join("\\" + sign if sign in "\\`*_{}[]<>#|~!" else sign for sign in " ".join(words.split()))

"""Subgroups in the validation report: the measures by the levels or bands of every input, small groups named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtl.language import _, number
from mtl.report.document import Part, Table, Words
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.evidence import metric_words, words
from mtl.services.evidence import subgroup_words as groups
from mtl.services.patients.wording import title

SHOWN = 2  # measures, the first of the part's


def subgroups(
    facts: Facts, evidence: Evidence, found: dict[str, Any], tasks: Sequence[str]
) -> tuple[Part, ...]:
    """A table a task."""
    out = []
    for name, one in found["tasks"].items():
        if name not in tasks:
            continue
        head = title(facts.study.task(name))
        if "reason" in one:
            out.append(Part(head, (Words(words.reason(one["reason"])),)))
            continue
        if all("few" in group for entry in one["features"].values() for group in entry["groups"]):
            out.append(Part(head, (Words(_("Every group: {reason}.").format(reason=groups.few())),)))
            continue
        caution = _(
            "Intervals are not corrected for the number of groups looked at: of twenty equal groups one differs by chance."
        )
        out.append(Part(head, (table(facts, one), Words(caution, Words.QUIET))))
    return tuple(out)


def table(facts: Facts, one: dict[str, Any]) -> Table:
    """Every group of every input, with its size; those that are too small are named without a number."""
    shown = list(one["metrics"])[:SHOWN]
    rows: list[tuple[str, ...]] = []
    everybody = [_plain(one["metrics"][metric]) for metric in shown]
    rows.append((_("all patients"), "", number(one["n"]), "", *everybody))
    for by, entry in one["features"].items():
        for place, found in enumerate(entry["groups"]):
            label = groups.feature(facts.study, by) if place == 0 else ""
            name = groups.group(facts.study, by, entry["kind"], found["name"])
            events = "–" if found["events"] is None else number(found["events"])
            values = ["–" if "few" in found else _marked(found, metric) for metric in shown]
            rows.append((label, name, number(found["n"]), events, *values))
    head = (
        _("Input"),
        _("Group"),
        _("Patients"),
        _("Events"),
        *(metric_words.title(metric) for metric in shown),
    )
    caption = _("{event}; * the interval of the difference from the rest leaves out 0; – {few}").format(
        event=words.event(facts.study, one["key"]), few=groups.few()
    )
    return Table(caption, head, tuple(rows))


def _plain(value: float | None) -> str:
    return "–" if value is None else metric_words.value({"value": value})


def _marked(found: dict[str, Any], metric: str) -> str:
    value = metric_words.value(found["metrics"].get(metric, {}))
    return f"{value} *" if groups.notable(found["less_rest"].get(metric)) else value

"""The part "accuracy" in the validation report: every measure of every task, and a picture of the main ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtl.figures import svg
from mtl.language import _, number
from mtl.report.document import Block, Part, Picture, Points, Table, Words
from mtl.services import metric_words
from mtl.services.card_facts import Evidence, Facts
from mtl.services.wording import title

DISCRIMINATION = {"binary": "auroc", "multiclass": "macro_auroc", "survival": "harrell_c"}


def show(facts: Facts, evidence: Evidence, found: dict[str, Any], tasks: Sequence[str]) -> tuple[Part, ...]:
    """First discrimination of all tasks side by side, then a part a task."""
    out = []
    picture = side_by_side(facts, found, tasks)
    if picture is not None:
        out.append(Part(_("Discrimination of all tasks"), (picture,)))
    for name, one in found["tasks"].items():
        if name in tasks:
            out.append(Part(title(facts.study.task(name)), metrics(one, found["internal"])))
    return tuple(out)


def metrics(one: dict[str, Any], internal: bool) -> tuple[Block, ...]:
    """Every measure of a task with its interval, and why those that are not there cannot be estimated."""
    told = (
        _("{count} patients with a known outcome, each predicted by a model that did not see them.")
        if internal
        else _("{count} patients with a known outcome; none was in the training.")
    )
    blocks: list[Block] = [Words(told.format(count=number(one["n"])))]
    known = {name: metric for name, metric in one["metrics"].items() if metric["value"] is not None}
    rows = tuple(
        (metric_words.title(name), metric_words.value(metric))
        for name, metric in known.items()
        if "@" not in name
    )
    if rows:
        blocks.append(Table(_("Measures"), (_("Measure"), _("Value (95 % interval)")), rows))
    at = _at(known)
    if at is not None:
        blocks.append(at)
    blocks += _reasons(one["metrics"], bool(known))
    return tuple(blocks)


def _at(known: dict[str, Any]) -> Table | None:
    """Measures at a horizon or of a class, a line a measure and a column a horizon or class; None where there are none."""
    places = list(dict.fromkeys(name.partition("@")[2] for name in known if "@" in name))
    bases = list(dict.fromkeys(name.partition("@")[0] for name in known if "@" in name))
    if not places:
        return None
    rows = tuple(
        (metric_words.title(base), *(metric_words.value(known.get(f"{base}@{at}", {})) for at in places))
        for base in bases
    )
    head = (_("Measure"), *(metric_words.place(at) for at in places))
    return Table(_("Measures by horizon or class, with 95 % intervals"), head, rows)


def _reasons(found: dict[str, Any], any_known: bool) -> tuple[Block, ...]:
    by_reason: dict[str, list[str]] = {}
    for name, metric in found.items():
        if metric["value"] is None:
            by_reason.setdefault(metric.get("reason") or "", []).append(metric_words.title(name))
    if not any_known and len(by_reason) == 1:
        why = next(iter(by_reason))
        return (Words(_("No measure can be estimated: {reason}.").format(reason=why.rstrip("."))),)
    told = _("Not estimable: {names} ({reason}).")
    lines = [told.format(names=", ".join(names), reason=why.rstrip(".")) for why, names in by_reason.items()]
    return (Points(tuple(lines)),) if lines else ()


def side_by_side(facts: Facts, found: dict[str, Any], tasks: Sequence[str]) -> Picture | None:
    """AUROC or Harrell's C of every task with its interval; None where there is none."""
    rows = []
    for name, one in found["tasks"].items():
        metric = one["metrics"].get(DISCRIMINATION.get(one["kind"], ""), {})
        if name in tasks and metric.get("value") is not None:
            task = facts.study.task(name)
            rows.append(
                svg.Row(
                    title(task), metric_words.value(metric), metric["value"], metric["low"], metric["high"]
                )
            )
    if not rows:
        return None
    ends = svg.around([v for r in rows for v in (r.value, r.low, r.high) if v is not None], 0.5)
    axis = svg.Axis(_("AUROC or Harrell's C"), ends[0], min(ends[1], 1.0))
    alt = "; ".join(_("{label}: {value}").format(label=row.label, value=row.printed) for row in rows)
    drawn = svg.forest(rows, axis, alt, none=0.5)
    return Picture(drawn.svg, drawn.alt, _("With 95 % intervals; 0.5 is what chance gives"), drawn.width)

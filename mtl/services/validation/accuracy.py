"""The parts "accuracy" and "side_by_side" in the validation report: every measure, and simpler models beside the blend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtl.figures import svg
from mtl.language import _, clauses, listed, number
from mtl.report.document import Block, Part, Picture, Points, Table, Words
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.evidence import metric_words, words
from mtl.services.patients.wording import title, years
from mtl.study import Task

DISCRIMINATION = ("auroc", "macro_auroc", "harrell_c")
#: What the comparison with simpler models shows, by kind: how well patients are told apart, and the whole error.
COMPARED = {
    "binary": ("auroc", "brier"),
    "multiclass": ("macro_auroc", "log_loss"),
    "regression": ("r2", "rmse"),
    "survival": ("harrell_c", "calibration_slope"),
}


def accuracy(
    facts: Facts, evidence: Evidence, found: dict[str, Any], tasks: Sequence[str]
) -> tuple[Part, ...]:
    """First discrimination of all tasks side by side, then a part a task."""
    out = []
    picture = discrimination(facts, found, tasks)
    if picture is not None:
        out.append(Part(_("Discrimination of all tasks"), (picture,)))
    for name, one in found["tasks"].items():
        if name in tasks:
            task = facts.study.task(name)
            out.append(Part(title(task), metrics(task, one, found["internal"])))
    return tuple(out)


def metrics(task: Task, one: dict[str, Any], internal: bool) -> tuple[Block, ...]:
    """Every measure of a task with its interval, and why those that are not there cannot be estimated."""
    told = (
        _("{count} patients with a known outcome, each predicted by a model that did not see them.")
        if internal
        else _("{count} patients with a known outcome; none was in the training.")
    )
    blocks: list[Block] = [Words(told.format(count=number(one["n"])))]
    known = {name: metric for name, metric in one["metrics"].items() if metric["value"] is not None}
    if known:
        blocks.append(
            Words(" ".join(filter(None, (words.headline(one["kind"], one["metrics"]), words.slope(known)))))
        )
    rows = tuple(
        (metric_words.title(name, task), metric_words.value(metric))
        for name, metric in known.items()
        if words.parts(name)[2] is None
    )
    if rows:
        blocks.append(Table(_("Measures"), (_("Measure"), _("Value (95 % interval)")), rows))
    at = _at(known)
    if at is not None:
        blocks.append(at)
    return (*blocks, *_reasons(task, one["metrics"], bool(known)))


def _at(known: dict[str, Any]) -> Table | None:
    """Measures at a horizon, a line a measure and a column a horizon; None where there are none."""
    at = {name: words.parts(name)[2] for name in known}
    horizons = sorted({horizon for horizon in at.values() if horizon is not None})
    heads = list(dict.fromkeys(name.partition("@")[0] for name, horizon in at.items() if horizon is not None))
    if not horizons:
        return None
    rows = tuple(
        (metric_words.title(head), *(metric_words.value(known.get(f"{head}@{h:g}y", {})) for h in horizons))
        for head in heads
    )
    return Table(
        _("Measures by horizon, with 95 % intervals"), (_("Measure"), *(years(h) for h in horizons)), rows
    )


def _reasons(task: Task, found: dict[str, Any], any_known: bool) -> tuple[Block, ...]:
    by_reason: dict[str, list[str]] = {}
    for name, metric in found.items():
        if metric["value"] is None:
            why = words.reason(str(metric.get("reason") or ""))
            by_reason.setdefault(why, []).append(metric_words.title(name, task))
    if not any_known and len(by_reason) == 1:
        return (
            Words(
                _("No measure can be estimated: {reason}.").format(reason=next(iter(by_reason)).rstrip("."))
            ),
        )
    told = _("Not estimable: {names} ({reason}).")
    lines = [told.format(names=listed(names), reason=why.rstrip(".")) for why, names in by_reason.items()]
    return (Points(tuple(lines)),) if lines else ()


def discrimination(facts: Facts, found: dict[str, Any], tasks: Sequence[str]) -> Picture | None:
    """AUROC or Harrell's C of every task with its interval; None where there is none."""
    rows = []
    for name, one in found["tasks"].items():
        metric: dict[str, Any] = next((one["metrics"][m] for m in DISCRIMINATION if m in one["metrics"]), {})
        if name in tasks and metric.get("value") is not None:
            label = title(facts.study.task(name))
            rows.append(
                svg.Row(label, metric_words.value(metric), metric["value"], metric["low"], metric["high"])
            )
    if not rows:
        return None
    return picture(
        rows, _("AUROC or Harrell's C"), _("With 95 % intervals; 0.5 is what chance gives"), 0.5, 1.0
    )


def picture(
    rows: Sequence[svg.Row], axis: str, caption: str, none: float | None = None, most: float | None = None
) -> Picture:
    """Rows of numbers with their intervals; `none` is where there is no effect, `most` the largest number there can be."""
    seen = [v for row in rows for v in (row.value, row.low, row.high) if v is not None]
    low, high = svg.around(seen, *([] if none is None else [none]))
    alt = clauses(_("{label}: {value}").format(label=row.label, value=row.printed) for row in rows)
    drawn = svg.forest(rows, svg.Axis(axis, low, high if most is None else min(high, most)), alt, none)
    return Picture(drawn.svg, drawn.alt, caption, drawn.width)


def side_by_side(
    facts: Facts, evidence: Evidence, found: dict[str, Any], tasks: Sequence[str]
) -> tuple[Part, ...]:
    """Each task's blend beside its experts alone and a Cox model on log features."""
    if not found["known"]:
        told = _(
            "The patients that this model was trained on are not here, so its parts cannot be judged alone."
        )
        return (Part(_("Beside simpler models"), (Words(told),)),)
    out = []
    for name, one in found["tasks"].items():
        if name in tasks and one["n"]:
            out.append(Part(title(facts.study.task(name)), (_techniques(one),)))
    return tuple(out)


def _techniques(one: dict[str, Any]) -> Table:
    shown = [m for m in COMPARED[one["kind"]] if m in one["techniques"]["blend"]["metrics"]]
    head = [_("Technique")]
    for metric in shown:
        head += [metric_words.title(metric), _("The blend less this one")]
    rows = []
    for technique, values in one["techniques"].items():
        row = [_(words.TECHNIQUES.get(technique, technique))]
        for metric in shown:
            less = values.get("less", {}).get(metric, {})
            row += [metric_words.value(values["metrics"].get(metric, {})), metric_words.value(less)]
        rows.append(tuple(row))
    return Table(
        _("With 95 % intervals; differences are paired, on the same resamples"), tuple(head), tuple(rows)
    )

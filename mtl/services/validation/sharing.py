"""What sharing brought, in the validation report: the audit's verdicts, related techniques, pairs of tasks, curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mtl.figures import svg
from mtl.language import _, clauses, number, percent
from mtl.report.document import Block, Part, Picture, Points, Table, Words
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.evidence import sharing
from mtl.services.evidence import techniques as techniques_words
from mtl.services.patients.wording import title
from mtl.services.validation.accuracy import picture

Found = dict[str, Any]


def _limited(found: Found, tasks: Sequence[str]) -> Found:
    return {**found, "tasks": {name: one for name, one in found["tasks"].items() if name in tasks}}


def transfer(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """One sentence a task, the differences it rests on, and the measure of every model out of fold."""
    found = _limited(found, tasks)
    told = _(
        "About the training of the model, on its own patients: {folds} folds, shuffled {deals} times."
    ).format(folds=number(found["folds"]), deals=number(found["permutations"]))
    lines = [
        _("{task}: {verdict}. {words}").format(task=one.title, verdict=one.head, words=one.words)
        for one in sharing.sentences(facts.study, found)
    ]
    out = [Part(_("What sharing brought to each task"), (Words(told, Words.QUIET), Points(tuple(lines))))]
    gaps = _gaps(facts, found)
    if gaps:
        out.append(Part(_("How much better all three parts together are"), gaps))
    rows = tuple((one.title, one.metric, *one.cells) for one in sharing.scores(facts.study, found))
    if rows:
        head = (_("Task"), _("Measure"), *sharing.score_heads())
        out.append(Part(_("Every model out of fold"), (Table("", head, rows),)))
    return tuple(out)


def _gaps(facts: Facts, found: Found) -> tuple[Block, ...]:
    rows, drawn = [], []
    for name, metric, own in sharing.gaps(facts.study, found):
        for place, gap in enumerate(own):
            rows.append((name if place == 0 else "", metric if place == 0 else "", gap.label, gap.printed))
            if place == 0:
                drawn.append(svg.Row(name, gap.printed, gap.value, gap.low, gap.high))
    if not rows:
        return ()
    caption = _(
        "Differences from linear and own trees alone; right of the line is better. Intervals after Nadeau and Bengio."
    )
    head = (_("Task"), _("Measure"), _("Better"), _("Difference (95 % interval)"))
    shown = picture(drawn, _("difference of the measure"), caption, 0.0)
    return (shown, Table(_("Differences, all three parts together"), head, tuple(rows)))


def techniques(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """Related techniques on the same resamples: what comes first for each task, and what each took."""
    out = [Part(_("On the whole"), (Words(techniques_words.summary(facts.study, found)),))]
    for name in tasks:
        if name not in found["tasks"]:
            continue
        rows = tuple(
            (one.name, one.metric, one.loss, one.slope, "–" if one.over is None else one.over.printed)
            for one in techniques_words.rows(found, name)
        )
        metric = sharing.metric(found["tasks"][name]["metric"])
        head = (_("Technique"), metric, _("Loss"), _("Calibration slope"), _("Less ours"))
        words = Words(techniques_words.first(found, name))
        out.append(Part(title(facts.study.task(name)), (words, Table("", head, rows))))
    costs = tuple(
        (one.name, one.seconds, one.parameters, one.cannot)
        for one in techniques_words.costs(facts.study, found)
    )
    heads = (_("Technique"), _("Seconds of processor"), _("Parameters"), _("Cannot do"))
    out.append(Part(_("What each took"), (Table("", heads, costs),)))
    return tuple(out)


def pairs(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """Which task helps which."""
    told = sharing.pairs(facts.study, found)
    beyond = told.beyond or (_("no pair helps beyond chance and beyond shuffled labels"),)
    head = (_("Task"), _("Helper"), _("Gain"), _("Gain over shuffled labels"))
    blocks: list[Block] = [Points(tuple(beyond))]
    if told.table:
        blocks.append(Table(_("Every pair"), head, told.table))
    return (Part(_("Which task helps which"), tuple(blocks)),)


def learning(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """With fewer labels of a task's own: the blend beside linear and own trees."""
    out = []
    for name in tasks:
        points = sharing.curve(found, name)
        if not points:
            continue
        rows = tuple(
            (percent(p.share), number(p.labels), _number(p.blend), _number(p.without), p.gain) for p in points
        )
        head = (
            _("Share of the labels"),
            _("Labels"),
            _("With sharing"),
            _("Without"),
            _("Gain (95 % interval)"),
        )
        blocks: list[Block] = [Table(sharing.metric(found["tasks"][name]["metric"]), head, rows)]
        drawn = _curve(facts, found, name, points)
        out.append(Part(title(facts.study.task(name)), (*([drawn] if drawn else []), *blocks)))
    return tuple(out)


def _curve(facts: Facts, found: Found, name: str, points: Sequence[sharing.CurvePoint]) -> Picture | None:
    told = [p for p in points if p.blend is not None and p.without is not None]
    if len(told) < 2:
        return None
    x = tuple(p.share for p in told)
    low, high = svg.around([v for p in told for v in (p.blend, p.without) if v is not None])
    series = [
        svg.Series(_("with sharing"), x, tuple(p.blend or 0.0 for p in told)),
        svg.Series(_("without"), x, tuple(p.without or 0.0 for p in told)),
    ]
    metric = sharing.metric(found["tasks"][name]["metric"])
    alt = clauses(_("{label}: {value}").format(label=percent(p.share), value=p.gain) for p in points)
    drawn = svg.chart(
        series, svg.Axis(_("share of the task's labels"), 0.0, 1.0, True), svg.Axis(metric, low, high), alt
    )
    return Picture(drawn.svg, drawn.alt, _("Learning curve"), drawn.width)


def _number(value: float | None) -> str:
    return "–" if value is None else number(value, sharing.DIGITS)

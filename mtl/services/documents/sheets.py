"""Sheets of evidence, as the pages show them, in the validation report: the same words, charts and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mtl.figures import svg
from mtl.figures.plane import Grid, Plane
from mtl.figures.ranges import Ranges
from mtl.language import _, clauses, number
from mtl.report.document import Block, Part, Picture, Table, Words
from mtl.services.documents.facts import Evidence, Facts
from mtl.services.evidence import (
    coverage_sheet,
    elsewhere_sheet,
    missing_sheet,
    robustness_sheet,
    shift_sheet,
    stability_sheet,
)
from mtl.services.evidence.sheet import Section, Sheet
from mtl.services.patients.wording import day, title
from mtl.study import Task

NARROW = 0.62  # share of the page's width of a chart of two axes
MOST_ROWS = 16  # of a drawing of intervals; the table has all
STYLES = {"solid": "line", "dashed": "line", "thin": "reference", "dots": "points", "band": "line"}

Found = dict[str, Any]
Of = Callable[[Facts, Evidence, Found, Task, str], Sheet]


def stability(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """The spread of the numbers over refits."""
    return _by_task(
        facts, evidence, found, tasks, lambda f, e, c, task, said: stability_sheet.sheet(task, c, said)
    )


def coverage(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """Coverage and size of conformal sets and ranges, and the widths of the risk intervals."""
    widths = evidence.parts.get("stability")
    return _by_task(
        facts,
        evidence,
        found,
        tasks,
        lambda f, e, c, task, said: coverage_sheet.sheet(f.study, task, c, widths, said),
    )


def missing(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """What it costs not to know an input."""
    return _by_task(
        facts, evidence, found, tasks, lambda f, e, c, task, said: missing_sheet.sheet(f.study, task, c, said)
    )


def robustness(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """What small errors of the inputs do."""
    return _by_task(
        facts,
        evidence,
        found,
        tasks,
        lambda f, e, c, task, said: robustness_sheet.sheet(f.study, task, c, said),
    )


def elsewhere(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """Without one site, and on later patients."""
    return _by_task(
        facts,
        evidence,
        found,
        tasks,
        lambda f, e, c, task, said: elsewhere_sheet.sheet(f.study, task, c, said),
    )


def shift(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """How these patients differ from those of the training."""
    return parts(shift_sheet.sheet(facts.study, list(tasks), found, caption(facts, found)))


def recalibration(facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str]) -> tuple[Part, ...]:
    """What a recalibration on these patients would bring."""
    limited = {**found, "tasks": {name: one for name, one in found["tasks"].items() if name in tasks}}
    return parts(shift_sheet.recalibration(facts.study, limited))


def caption(facts: Facts, found: Found) -> str:
    """Whose numbers a chart shows."""
    return _("{count} patients · model {version} · {date}").format(
        count=number(found["n"]),
        version=facts.version,
        date=day(found["finished"]) if "finished" in found else "–",
    )


def _by_task(
    facts: Facts, evidence: Evidence, found: Found, tasks: Sequence[str], of: Of
) -> tuple[Part, ...]:
    out, said = [], set[str]()
    known: dict[str, Any] = found["tasks"] if "tasks" in found else found["whole"]
    for name in tasks:
        if name in known:
            task = facts.study.task(name)
            made = _once(of(facts, evidence, found, task, caption(facts, found)), said)
            out.append(Part(title(task), tuple(_lead(made)), parts(made, lead=False)))
    return tuple(out)


def _once(sheet: Sheet, said: set[str]) -> Sheet:
    """A task's sheet without the sections and notes that those of earlier tasks had word for word."""
    sections = [one for one in sheet.sections if repr(one) not in said]
    notes = [words for words in sheet.notes if words not in said]
    said |= {*map(repr, sections), *notes}
    return Sheet(sheet.lead, sections, notes)


def parts(sheet: Sheet, lead: bool = True) -> tuple[Part, ...]:
    """A sheet's sections; what is said first and last stands in parts of their own where `lead`."""
    out = [Part(section.title, blocks(section)) for section in sheet.sections]
    if lead and (sheet.lead or sheet.notes):
        out.insert(0, Part(_("On the whole"), tuple(_lead(sheet))))
    return tuple(out)


def _lead(sheet: Sheet) -> list[Block]:
    return [*(Words(words) for words in sheet.lead), *(Words(words, Words.QUIET) for words in sheet.notes)]


def blocks(section: Section) -> tuple[Block, ...]:
    """What stands under a section's heading."""
    out: list[Block] = [Words(words) for words in section.words]
    out += [plane(one) for one in section.planes]
    for one in section.ranges:
        out += ranges(one)
    out += [grid(one) for one in section.grids]
    return tuple(out)


def plane(drawn: Plane) -> Picture:
    """A chart of two axes."""
    series = [
        svg.Series(
            layer.name,
            tuple(x for x, _y in layer.points),
            tuple((y + u) / 2 for (_x, y), (_v, u) in zip(layer.points, layer.upper, strict=True))
            if layer.style == "band"
            else tuple(y for _x, y in layer.points),
            tuple(y for _x, y in layer.points) if layer.style == "band" else (),
            tuple(y for _x, y in layer.upper) if layer.style == "band" else (),
            "band" if layer.style == "band" else STYLES[layer.style],
        )
        for layer in drawn.layers
        if layer.style != "bars"
    ]
    series += [
        svg.Series(layer.name, *_outline(layer.points), style="steps")
        for layer in drawn.layers
        if layer.style == "bars"
    ]
    if drawn.diagonal:
        low, high = max(drawn.x.low, drawn.y.low), min(drawn.x.high, drawn.y.high)
        series.insert(0, svg.Series(drawn.diagonal, (low, high), (low, high), style="reference"))
    made = svg.chart(
        series,
        svg.Axis(drawn.x.label, drawn.x.low, drawn.x.high, drawn.x.percent),
        svg.Axis(drawn.y.label, drawn.y.low, drawn.y.high, drawn.y.percent),
        drawn.alt,
    )
    return Picture(made.svg, made.alt, drawn.caption, NARROW)


def _outline(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Bars as steps: each is as high from its left edge to the next one's."""
    heights = [y for _x, y in points]
    return tuple(x for x, _y in points), (heights[0], *heights[:-1]) if heights else ()


def ranges(drawn: Ranges) -> list[Block]:
    """Rows of intervals: their table, and where they are few a drawing above it."""
    told = [row for row in drawn.rows if not row.head]
    out: list[Block] = []
    if 1 < len(told) <= MOST_ROWS and any(row.value is not None for row in told):
        rows = [svg.Row(row.name, _value(row.words), row.value, row.low, row.high) for row in told]
        alt = clauses(_("{label}: {value}").format(label=row.label, value=row.printed) for row in rows)
        low, high = svg.around(
            [v for row in told for v in (row.value, row.low, row.high) if v is not None],
            *([] if drawn.line is None else [drawn.line]),
        )
        made = svg.forest(rows, svg.Axis(drawn.axis.label, low, high, drawn.axis.percent), alt, drawn.line)
        out.append(Picture(made.svg, made.alt, drawn.line_name, made.width))
    cells = tuple((row.name, *row.words) for row in drawn.rows)
    out.append(Table(drawn.caption, tuple(drawn.heads), cells))
    return out


def _value(words: Sequence[str]) -> str:
    """Which of a row's words is the number that is drawn: the one with an interval, else the first."""
    return next((one for one in words if "(" in one or "（" in one), words[0] if words else "")


def grid(drawn: Grid) -> Table:
    """A table."""
    return Table(drawn.caption, tuple(drawn.heads), tuple(tuple(row) for row in drawn.rows))

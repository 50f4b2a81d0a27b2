"""Numbers with their intervals, a row each, on one scale: the figure is the table of the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtl.figures.markup import Drawing, Scale, text
from mtl.figures.plane import Axis


@dataclass(frozen=True)
class Range:
    """A row: its name, the number with its limits (None where there is none), and the words of the columns."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    words: Sequence[str]
    head: bool = False


@dataclass(frozen=True)
class Ranges:
    """Rows on one axis; `heads` name the first column and those of the words, `line` is drawn across all rows."""

    caption: str
    axis: Axis
    heads: Sequence[str]
    rows: Sequence[Range]
    line: float | None = None
    line_name: str = ""


def draw(ranges: Ranges) -> Drawing:
    """Draw rows with their intervals; a row that is a head names the group of those below."""
    scale = Scale(ranges.axis.low, ranges.axis.high)
    line = "" if ranges.line is None else f'<s style="left:{scale.at(ranges.line)}"></s>'
    body = []
    for row in ranges.rows:
        if row.head:
            body.append(
                f'<tr class="r-head"><th scope="rowgroup" colspan="{len(ranges.heads) + 1}">{text(row.name)}</th></tr>'
            )
            continue
        mark = ""
        if row.value is not None:
            reach = ""
            if row.low is not None and row.high is not None:
                reach = f'<u style="left:{scale.at(row.low)};width:{scale.width(row.low, row.high)}"></u>'
            mark = f'{reach}<b style="left:{scale.at(row.value)}"></b>'
        cells = "".join(f"<td>{text(words)}</td>" for words in row.words)
        body.append(
            f'<tr><th scope="row">{text(row.name)}</th><td class="r-bar" aria-hidden="true"><div>{line}{mark}</div></td>'
            f"{cells}</tr>"
        )
    ticks = "".join(
        f'<span style="left:{scale.at(tick)}">{text(ranges.axis.write(tick))}</span>'
        for tick in scale.ticks(5)
    )
    first, *others = ranges.heads
    heads = (
        f'<th scope="col">{text(first)}</th><td class="r-axis" aria-hidden="true"><em>{text(ranges.axis.label)}</em>'
        f"<div>{ticks}</div></td>" + "".join(f'<th scope="col">{text(head)}</th>' for head in others)
    )
    key = f'<p class="quiet r-key"><i></i>{text(ranges.line_name)}</p>' if ranges.line_name else ""
    return Drawing(
        f'<div class="plain-table ranges" tabindex="0" role="region" aria-label="{text(ranges.caption)}"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table></div>{key}",
        ranges.caption,
    )

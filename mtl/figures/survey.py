"""Pictures of a table before anything is learnt from it: bars, distributions by group, levels by group.

Bars stand inside the table of the same numbers; a distribution has its table beside it. Classes: see :data:`STYLE`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.figures.numbers import beside
from mtl.language import _, measured, number, percent, span

STYLE = Path(__file__).with_name("survey.css").read_text(encoding="utf-8")
FILLS = ("one", "two", "three", "four", "five", "six")


@dataclass(frozen=True)
class Bar:
    """A line of a table with bars: its name, the length of the bar (0 to 1), the other cells in print."""

    label: str
    share: float
    cells: tuple[str, ...]
    note: str = ""
    notable: bool = False


def bars(lines: Sequence[Bar], heads: Sequence[str], caption: str, most: int = 12) -> Drawing:
    """Draw a table of bars; lines beyond the first `most` open with a click.

    Parameters
    ----------
    lines
        In the order to be shown.
    heads
        Of the name and of the other cells.
    caption
        What the table says, for a person who hears it.
    """
    top = "".join(f'<th scope="col">{text(head)}</th>' for head in heads[1:])
    head = f'<thead><tr><th scope="col">{text(heads[0])}</th><td></td>{top}</tr></thead>'
    rows = [_bar(line) for line in lines]
    shown = rows if len(rows) <= most + 1 else rows[:most]
    body = _table(head, shown, caption)
    if len(shown) < len(rows):
        rest = _("The other {count}").format(count=number(len(rows) - len(shown)))
        body += f'<details class="more"><summary>{text(rest)}</summary>{_table(head, rows[len(shown) :], rest)}</details>'
    return Drawing(body, caption)


def _table(head: str, rows: Sequence[str], caption: str) -> str:
    return (
        f'<div class="plain-table u-bars" tabindex="0" role="region" aria-label="{text(caption)}">'
        f"<table>{head}<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _bar(line: Bar) -> str:
    note = f"<small>{text(line.note)}</small>" if line.note else ""
    cells = "".join(f'<td class="amount">{text(cell)}</td>' for cell in line.cells)
    kind = ' class="notable"' if line.notable else ""
    return (
        f'<tr{kind}><th scope="row">{text(line.label)}{note}</th>'
        f'<td class="u-track" aria-hidden="true"><i style="width:{css_share(line.share)}"></i></td>{cells}</tr>'
    )


@dataclass(frozen=True)
class Group:
    """The patients of one group: what it is called, the count in each bin or level, and the quartiles of numbers."""

    name: str
    counts: tuple[int, ...]
    quartiles: tuple[float, float, float] | None = None

    @property
    def n(self) -> int:
        """Patients with a value."""
        return sum(self.counts)


def histograms(title: str, edges: Sequence[float], groups: Sequence[Group], decimals: int) -> Drawing:
    """Draw a number in every group, one below the other on one axis: heights are shares of the group.

    Parameters
    ----------
    title
        The number and its unit.
    edges : k + 1
        Ends of the bins; the outer ones hold what lies beyond.
    groups
        With k counts each.
    """
    most = max((count / group.n for group in groups if group.n for count in group.counts), default=1.0)
    lines, told = [], []
    for place, group in enumerate(groups):
        heights = (css_share(count / group.n / most if group.n else 0.0) for count in group.counts)
        columns = "".join(f'<i style="height:{height}"></i>' for height in heights)
        words = _middle(group, decimals)
        told.append(_("{label}: {value}").format(label=group.name, value=words))
        lines.append(
            f'<li class="{FILLS[place % len(FILLS)]}"><span>{text(group.name)}<small>{text(words)}</small></span>'
            f'<span class="u-hist" aria-hidden="true">{columns}</span></li>'
        )
    axis = Scale(edges[0], edges[-1])
    marks = "".join(
        f'<span style="left:{axis.at(tick)}">{text(measured(tick))}</span>' for tick in axis.ticks(6)
    )
    alt = f"{title}. {'; '.join(told)}"
    bins = [span_of(edges, place) for place in range(len(edges) - 1)]
    rows = [
        (bins[place], *(_of(group.counts[place], group.n) for group in groups)) for place in range(len(bins))
    ]
    return Drawing(
        f'<ul class="u-groups" aria-label="{text(title)}">{"".join(lines)}</ul>'
        f'<div class="u-ticks" aria-hidden="true"><div>{marks}</div></div>'
        + beside((_("Range"), *(group.name for group in groups)), rows, title),
        alt,
    )


def span_of(edges: Sequence[float], place: int) -> str:
    """Say which numbers a bin holds; the outer ones hold all beyond."""
    digits = next((d for d in range(6) if edges[1] - edges[0] >= 2 * 10.0**-d), 6)
    low, high = number(edges[place], digits), number(edges[place + 1], digits)
    if place == 0:
        return _("below {value}").format(value=high)
    if place == len(edges) - 2:
        return _("{value} and above").format(value=low)
    return span(edges[place], edges[place + 1], digits)


def _middle(group: Group, decimals: int) -> str:
    if group.quartiles is None:
        return _("no value")
    low, middle, high = (measured(value, decimals) for value in group.quartiles)
    return _("{n} patients, median {middle} ({low} to {high})").format(
        n=number(group.n), middle=middle, low=low, high=high
    )


def _of(count: int, n: int) -> str:
    return f"{number(count)} ({percent(count / n, 1)})" if n else "–"


def levels(title: str, names: Sequence[str], groups: Sequence[Group]) -> Drawing:
    """Draw how often each level occurs in every group; the table of the same numbers is the figure itself."""
    heads = "".join(f'<th scope="col">{text(group.name)}</th>' for group in groups)
    rows = []
    for level, name in enumerate(names):
        cells = "".join(_level(group, level, place) for place, group in enumerate(groups))
        rows.append(f'<tr><th scope="row">{text(name)}</th>{cells}</tr>')
    what = _("Level")
    return Drawing(
        f'<div class="plain-table u-levels" tabindex="0" role="region" aria-label="{text(title)}"><table>'
        f'<thead><tr><th scope="col">{text(what)}</th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>',
        title,
    )


def _level(group: Group, level: int, place: int) -> str:
    count = group.counts[level]
    bar = f'<i aria-hidden="true" style="width:{css_share(count / group.n)}"></i>' if count else ""
    return f'<td class="{FILLS[place % len(FILLS)]}">{text(_of(count, group.n))}{bar}</td>'

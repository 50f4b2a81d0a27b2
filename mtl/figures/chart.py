"""A chart in the house's colours: axes with units, quiet lines, words for who does not see it, its numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from mtl.figures.markup import text
from mtl.figures.palette import Palette
from mtl.language import _, percent

FONT = "Inter, 'Noto Sans SC', sans-serif"
HEIGHT = 360
#: How a browser shows it: no toolbar, no button that sends it anywhere.
CONFIG = {"displayModeBar": False, "showSendToCloud": False, "displaylogo": False, "responsive": True}


@dataclass(frozen=True)
class Axis:
    """What an axis measures, in words with the unit; its ends; whether its numbers are shares, written in percent."""

    label: str
    low: float | None = None
    high: float | None = None
    percent: bool = False
    log: bool = False


@dataclass(frozen=True)
class Table:
    """The numbers of a chart: heads, rows of words whose first is the row's name."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def html(self, caption: str) -> str:
        """Return the table's markup; it can be reached and moved by keyboard where it is wide."""
        heads = "".join(f'<th scope="col">{text(head)}</th>' for head in self.heads)
        body = "".join(
            f'<tr><th scope="row">{text(row[0])}</th>'
            + "".join(f"<td>{text(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self.rows
        )
        return (
            f'<div class="plain-table wide" tabindex="0" role="region" aria-label="{text(caption)}"><table>'
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def folded(self, caption: str) -> str:
        """Return the table behind a line that opens it."""
        head = _("The numbers")
        return f'<details class="more"><summary>{text(head)}</summary>{self.html(caption)}</details>'


@dataclass(frozen=True)
class Chart:
    """A figure, the same in words, and its numbers."""

    figure: go.Figure
    alt: str
    table: Table


def plot(
    traces: Sequence[go.Scatter | go.Bar],
    x: Axis,
    y: Axis,
    colours: Palette,
    height: int = HEIGHT,
    legend: bool = True,
) -> go.Figure:
    """Return traces on two axes, in the reader's colours.

    Names of traces are words from files too: they must have been escaped by :func:`plain`.
    """
    figure = go.Figure(list(traces))
    figure.update_layout(
        template=go.layout.Template(),  # the library's own weighs more than a chart
        height=height,
        margin={"l": 8, "r": 28, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": colours.text},
        showlegend=legend,
        legend={
            "orientation": "h", "y": -64 / (height - 90), "yanchor": "top", "x": 0,
            "traceorder": "normal",  # the library turns it round where areas are filled
            "font": {"size": 12.5, "color": colours.text},
        },
        hoverlabel={
            "bgcolor": colours.surface, "bordercolor": colours.border, "font": {"family": FONT, "color": colours.text},
        },
        hovermode="closest",
        dragmode=False,
        bargap=0.04,
        separators=".,",
    )  # fmt: skip
    figure.update_xaxes(**_axis(x, colours))
    figure.update_yaxes(**_axis(y, colours))
    return figure


def _axis(axis: Axis, colours: Palette) -> dict[str, object]:
    bounded = axis.low is not None and axis.high is not None
    return {
        "title": {"text": plain(axis.label), "font": {"size": 12.5, "color": colours.muted}, "standoff": 8},
        "range": [axis.low, axis.high] if bounded else None,
        "tickformat": ".0%" if axis.percent else None,
        "labelalias": _percentages() if axis.percent else None,
        "tickfont": {"size": 12, "color": colours.muted},
        "gridcolor": colours.grid,
        "linecolor": colours.neutral,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "nticks": 7,
    }


def _percentages() -> dict[str, str]:
    """How the library writes whole percentages, and how the reader's language does."""
    return {f"{whole}%": percent(whole / 100) for whole in range(101)}


def plain(words: object) -> str:
    """Return words as plotly shows them literally: it reads a few tags of HTML.

    >>> plain("<b>x & y")
    '&lt;b&gt;x &amp; y'
    """
    return text(words)


def line(
    x: Sequence[float], y: Sequence[float | None], name: str, colour: str, dash: str = "solid", width: float = 2.5,
    hover: str | None = None, step: bool = False, legend: bool = True,
) -> go.Scatter:  # fmt: skip
    """Return a line; `hover` is plotly's template of what is said at a point."""
    return go.Scatter(
        x=list(x), y=list(y), mode="lines", name=plain(name), showlegend=legend,
        line={"color": colour, "width": width, "dash": dash, "shape": "hv" if step else "linear"},
        hovertemplate=(hover + "<extra></extra>") if hover else None, hoverinfo=None if hover else "skip",
    )  # fmt: skip


def band(
    x: Sequence[float], low: Sequence[float | None], high: Sequence[float | None], name: str, colour: str,
    step: bool = False, legend: bool = True,
) -> list[go.Scatter]:  # fmt: skip
    """Return the area between two lines, where both are known."""
    known = [(a, b, c) for a, b, c in zip(x, low, high, strict=True) if b is not None and c is not None]
    if not known:
        return []
    xs, lows, highs = (list(part) for part in zip(*known, strict=True))
    shape = {"width": 0, "shape": "hv" if step else "linear"}
    return [
        go.Scatter(x=xs, y=highs, mode="lines", line=shape, showlegend=False, hoverinfo="skip"),
        go.Scatter(
            x=xs, y=lows, mode="lines", line=shape, fill="tonexty", fillcolor=faint(colour), name=plain(name),
            showlegend=legend and bool(name), hoverinfo="skip",
        ),
    ]  # fmt: skip


def faint(colour: str, share: float = 0.18) -> str:
    """Return a hexadecimal colour, let through.

    >>> faint("#0d6e66")
    'rgba(13,110,102,0.18)'
    """
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"

"""One number of several things below one another, each with its interval: techniques, or groups of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from mtl.figures.chart import Axis, Chart, Table, plain, plot
from mtl.figures.palette import Palette
from mtl.language import _


@dataclass(frozen=True)
class Dot:
    """A row: its name, its number with its limits, the number in print; None where there is none."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    printed: str
    chosen: bool = False


def dots(
    rows: Sequence[Dot],
    label: str,
    table: Table,
    colours: Palette,
    rule: float | None = None,
    rule_name: str = "",
) -> Chart:
    """Draw rows, the first at the top; `rule` is a line across all of them, such as where there is no difference."""
    known = [row for row in rows if row.value is not None]
    traces = []
    for chosen in (False, True):
        own = [row for row in known if row.chosen == chosen]
        if not own:
            continue
        sure = [row.low is not None and row.high is not None for row in own]
        up = [(r.high or 0) - (r.value or 0) if s else 0 for r, s in zip(own, sure, strict=True)]
        down = [(r.value or 0) - (r.low or 0) if s else 0 for r, s in zip(own, sure, strict=True)]
        colour = colours.primary if chosen else colours.muted
        traces.append(
            go.Scatter(
                x=[r.value for r in own],
                y=[plain(r.name) for r in own],
                mode="markers",
                showlegend=False,
                marker={"color": colour, "size": 11, "symbol": "diamond" if chosen else "circle"},
                error_x={
                    "type": "data",
                    "array": up,
                    "arrayminus": down,
                    "color": colour,
                    "thickness": 2,
                    "width": 5,
                },
                customdata=[r.printed for r in own],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    ends = [v for row in known for v in (row.low, row.high, row.value) if v is not None] + (
        [] if rule is None else [rule]
    )
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = 0.08 * (high - low or 1.0)
    figure = plot(traces, Axis(label, low - room, high + room), Axis(""), colours, 70 + 38 * len(rows), False)
    figure.update_yaxes(
        categoryorder="array", categoryarray=[plain(row.name) for row in reversed(rows)], showgrid=False,
        range=[-0.6, len(rows) - 0.4], tickfont={"size": 13, "color": colours.text}, nticks=None, tickmode="array",
        tickvals=[plain(row.name) for row in rows], ticktext=[_short(plain(row.name)) for row in rows],
    )  # fmt: skip
    if rule is not None:
        figure.add_vline(x=rule, line={"color": colours.text, "width": 1.25, "dash": "dot"})
        if rule_name:
            figure.add_annotation(
                x=rule, y=1, yref="paper", yanchor="bottom", text=plain(rule_name), showarrow=False,
                font={"size": 12, "color": colours.muted},
            )  # fmt: skip
            figure.update_layout(margin={"t": 26})
    alt = "; ".join(_("{label}: {value}").format(label=row.name, value=row.printed) for row in rows)
    return Chart(figure, alt, table)


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"

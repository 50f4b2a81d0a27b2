"""What became of groups of like predicted risk, and whether it was what was predicted for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from mtl.figures.chart import Axis, Chart, Table, band, line, plain, plot
from mtl.figures.palette import Palette
from mtl.language import _, number, percent, span

DASHES = ("solid", "dash", "dashdot", "dot")


def survival(division: dict[str, Any], names: Sequence[str], event: str, colours: Palette) -> Chart:
    """Draw Kaplan-Meier curves of the groups, the lowest risk first, each with its band and its own stroke."""
    years = division["years"]
    traces: list[Any] = []
    for place, (group, name) in enumerate(zip(division["groups"], names, strict=True)):
        colour = colours.series[place]
        traces += band(years, group["low"], group["high"], "", colour, step=True)
        traces.append(
            line(years, group["survival"], name, colour, DASHES[place], hover="%{x:.1f}: %{y:.1%}", step=True)
        )
    x = Axis(_("Years of follow-up"), 0, years[-1])
    y = Axis(_("Share still free of: {event}").format(event=event), 0, 1.01, percent=True)
    last = max(len(group["at_risk"]) for group in division["groups"])
    step = max(1, -(-last // 9))  # nine columns fit beside the names
    shown = range(0, last, step)
    heads = [_("Still followed"), *(_("{year} y").format(year=year) for year in shown)]
    rows = [
        [name, *(number(group["at_risk"][year]) for year in shown)]
        for group, name in zip(division["groups"], names, strict=True)
    ]
    ends = "; ".join(
        _("{group}: {share} at {year} years").format(
            group=name, share=percent(_last(group["survival"])), year=number(round(years[-1], 1))
        )
        for group, name in zip(division["groups"], names, strict=True)
    )
    alt = _("Share still free of the event by group of predicted risk. {groups}.").format(groups=ends)
    return Chart(plot(traces, x, y, colours, 400), alt, Table(heads, rows))


def _last(values: Sequence[float | None]) -> float:
    return next((value for value in reversed(values) if value is not None), float("nan"))


def predicted(division: dict[str, Any], names: Sequence[str], horizon: float, colours: Palette) -> Chart:
    """Draw predicted beside observed risk of each group by a horizon."""
    at = [next(h for h in group["horizons"] if h["horizon"] == horizon) for group in division["groups"]]
    seen = [(name, h) for name, h in zip(names, at, strict=True) if h["observed"] is not None]
    sure = [h["low"] is not None for _name, h in seen]
    traces = [
        go.Bar(
            x=[plain(name) for name in names], y=[h["predicted"] for h in at], name=_("predicted"),
            marker={"color": colours.neutral}, hovertemplate="%{y:.1%}<extra></extra>", width=0.55,
        ),
        go.Scatter(
            x=[plain(name) for name, _h in seen], y=[h["observed"] for _name, h in seen], mode="markers",
            name=_("observed, 95 % interval"), marker={"color": colours.primary, "size": 11},
            error_y={
                "type": "data", "color": colours.primary, "thickness": 2, "width": 6,
                "array": [h["high"] - h["observed"] if s else 0 for (_n, h), s in zip(seen, sure, strict=True)],
                "arrayminus": [h["observed"] - h["low"] if s else 0 for (_n, h), s in zip(seen, sure, strict=True)],
            },
            hovertemplate="%{y:.1%}<extra></extra>",
        ),
    ]  # fmt: skip
    y = Axis(_("Risk by {year} years").format(year=number(horizon)), 0, 1, percent=True)
    rows = [
        [
            name, number(group["n"]), percent(h["predicted"]),
            "–" if h["observed"] is None else percent(h["observed"]),
            "–" if h["low"] is None else span(100 * h["low"], 100 * h["high"]),
            number(h["at_risk"]),
        ]
        for name, group, h in zip(names, division["groups"], at, strict=True)
    ]  # fmt: skip
    heads = [
        _("Group"), _("Patients"), _("Mean predicted"), _("Observed"), _("95 % interval"), _("Still followed"),
    ]  # fmt: skip
    told = "; ".join(
        _("{group}: predicted {predicted}, observed {observed}").format(
            group=r[0], predicted=r[2], observed=r[3]
        )
        for r in rows
    )
    return Chart(plot(traces, Axis(""), y, colours, 400), told, Table(heads, rows))

"""Predicted against observed: smooth curve with its band, groups with their intervals, and how the predictions lie."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from mtl.figures.chart import Axis, Chart, Table, band, line, plot
from mtl.figures.palette import Palette
from mtl.language import _, number, percent, span


def calibration(entry: dict[str, Any], event: str, unit: str | None, colours: Palette) -> Chart:
    """Draw an entry of the evidence's part "calibration".

    Parameters
    ----------
    event
        What is predicted, in words.
    unit
        Of a predicted amount; None for a probability.
    """
    risk = unit is None
    curve, groups = entry["curve"], entry["groups"]
    ends = _ends(curve, groups, risk)
    traces = [line(ends, ends, _("perfect"), colours.muted, "dot", 1.5)]
    if curve is not None:
        traces += band(curve["at"], curve["low"], curve["high"], _("95 % interval"), colours.primary)
        form = "%{x:.1%}: %{y:.1%}" if risk else "%{x:.3g}: %{y:.3g}"
        traces.append(line(curve["at"], curve["observed"], _("smooth curve"), colours.primary, hover=form))
    traces.append(_points(groups, risk, colours))
    what = _("Predicted: {event}") if risk else _("Predicted {event}")
    seen = _("Observed share") if risk else _("Measured {event}")
    label = event if risk or not unit else _("{event}, {unit}").format(event=event, unit=unit)
    figure = plot(
        traces,
        Axis(what.format(event=label), ends[0], ends[1], risk),
        Axis(seen.format(event=label), ends[0], ends[1], risk),
        colours,
        height=430,
    )
    write = percent if risk else number
    rows = [
        [
            number(place + 1),
            number(point["n"]),
            write(point["predicted"]),
            "–" if point["observed"] is None else write(point["observed"]),
            _interval(point, risk),
        ]
        for place, point in enumerate(groups)
    ]
    heads = [_("Group"), _("Patients"), _("Mean predicted"), _("Observed"), _("95 % interval")]
    told = "; ".join(
        _("predicted {predicted}, observed {observed}").format(predicted=row[2], observed=row[3])
        for row in rows
    )
    alt = _("Calibration of {event}: {groups}.").format(event=event, groups=told)
    return Chart(figure, alt, Table(heads, rows))


def _ends(curve: dict[str, Any] | None, groups: list[dict[str, Any]], risk: bool) -> list[float]:
    shown = [
        value
        for point in groups
        for value in (point["predicted"], point["high"], point["low"])
        if value is not None
    ]
    if curve is not None:
        shown += curve["at"]
    if not risk:
        room = 0.04 * (max(shown) - min(shown) or 1.0)
        return [min(shown) - room, max(shown) + room]
    return [0.0, min(1.0, 1.06 * max(shown))]


def _points(groups: list[dict[str, Any]], risk: bool, colours: Palette) -> go.Scatter:
    known = [point for point in groups if point["observed"] is not None]
    sure = [point["high"] is not None for point in known]
    up = [p["high"] - p["observed"] if s else 0.0 for p, s in zip(known, sure, strict=True)]
    down = [p["observed"] - p["low"] if s else 0.0 for p, s in zip(known, sure, strict=True)]
    form = "%{x:.1%}: %{y:.1%}" if risk else "%{x:.3g}: %{y:.3g}"
    return go.Scatter(
        x=[p["predicted"] for p in known], y=[p["observed"] for p in known], mode="markers", name=_("groups of patients"),
        marker={"color": colours.surface, "size": 8, "line": {"color": colours.text, "width": 1.75}},
        error_y={"type": "data", "array": up, "arrayminus": down, "color": colours.text, "thickness": 1.25, "width": 0},
        customdata=[[number(p["n"])] for p in known],
        hovertemplate=form + " (n = %{customdata[0]})<extra></extra>",
    )  # fmt: skip


def _interval(point: dict[str, Any], risk: bool) -> str:
    if point["low"] is None:
        return "–"
    return span(100 * point["low"], 100 * point["high"]) if risk else span(point["low"], point["high"], 1)


def _unsigned(counts: dict[str, Any]) -> dict[str, str]:
    """How the axis writes counts below its zero line: without their sign."""
    deepest = max([a + b for a, b in zip(counts["others"], counts["unknown"], strict=True)], default=0)
    step = max(1, 10 ** (len(str(deepest)) - 2))
    return {f"−{n:,}": f"{n:,}" for n in range(0, 2 * deepest + step, step)}


def spread(counts: dict[str, Any], event: str, colours: Palette, cutoff: float | None = None) -> Chart:
    """Draw how predictions lie, of patients with the event upwards, without it downwards; a rug marks where any lie."""
    bins = counts["bins"]
    middles = [(i + 0.5) / bins for i in range(bins)]
    names = (_("with the event"), _("without it"), _("followed too briefly"))
    colour = (colours.raises, colours.lowers, colours.neutral)
    most = max([*counts["events"], *counts["others"], 1])
    traces: list[Any] = []
    for name, key, sign, shade in (
        (names[0], "events", 1, colour[0]), (names[1], "others", -1, colour[1]), (names[2], "unknown", -1, colour[2]),
    ):  # fmt: skip
        if any(counts[key]):
            traces.append(
                go.Bar(
                    x=middles,
                    y=[sign * n for n in counts[key]],
                    name=name,
                    marker={"color": shade},
                    customdata=counts[key],
                    hovertemplate="%{x:.0%}: %{customdata}<extra></extra>",
                )
            )
    some = [
        m for i, m in enumerate(middles) if any(counts[key][i] for key in ("events", "others", "unknown"))
    ]
    traces.append(
        go.Scatter(
            x=some,
            y=[0] * len(some),
            mode="markers",
            showlegend=False,
            hoverinfo="skip",
            marker={"symbol": "line-ns", "size": 9, "line": {"width": 1.25, "color": colours.text}},
        )
    )
    if cutoff is not None:
        traces.append(line([cutoff, cutoff], [-most, most], _("cut-off"), colours.text, "dash", 1.5))
    figure = plot(
        traces,
        Axis(_("Predicted: {event}").format(event=event), 0, 1, percent=True),
        Axis(_("Patients")),
        colours,
        300,
    )
    figure.update_layout(barmode="relative")
    figure.update_yaxes(tickformat=",d", labelalias=_unsigned(counts))
    groups = range(0, bins, bins // 10)
    rows = []
    for first in groups:
        last = first + bins // 10
        rows.append(
            [span(100 * first / bins, 100 * last / bins) + " %"]
            + [number(sum(counts[key][first:last])) for key in ("events", "others", "unknown")]
        )
    alt = _("Predictions of {events} patients with the event and {others} without it.").format(
        events=number(sum(counts["events"])), others=number(sum(counts["others"]))
    )
    return Chart(figure, alt, Table([_("Predicted"), *names], rows))

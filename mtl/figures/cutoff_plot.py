"""Curves on which one cut-off is marked: ROC, precision and recall, decision curve; the mark is no point of the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from mtl.figures.chart import Axis, Chart, Table, band, line, plot
from mtl.figures.palette import Palette
from mtl.language import _, number, percent


@dataclass(frozen=True)
class Mark:
    """Where the chosen cut-off lies on a curve, and what it is called."""

    x: float | None
    y: float | None
    label: str


def _marked(mark: Mark, colours: Palette) -> list[go.Scatter]:
    if mark.x is None or mark.y is None:
        return []
    return [
        go.Scatter(
            x=[mark.x],
            y=[mark.y],
            mode="markers",
            name=mark.label,
            hovertemplate="%{x:.1%}, %{y:.1%}<extra></extra>",
            marker={
                "symbol": "diamond",
                "size": 13,
                "color": colours.raises,
                "line": {"color": colours.surface, "width": 2},
            },
        )
    ]


def roc(points: Sequence[Sequence[float]], mark: Mark, area: str, table: Table, colours: Palette) -> Chart:
    """Draw sensitivity against false positives; `area` says the AUROC with its interval."""
    traces = [
        line([0, 1], [0, 1], _("a coin"), colours.muted, "dot", 1.5),
        line([0, *points[0]], [0, *points[1]], _("this model"), colours.primary),
        *_marked(mark, colours),
    ]
    x = Axis(_("False positives: flagged of those without the event"), 0, 1, percent=True)
    y = Axis(_("Sensitivity: flagged of those with it"), 0, 1.01, percent=True)
    alt = _(
        "ROC curve, area {area}. {mark}: sensitivity {sensitivity}, false positives {false_positives}."
    ).format(area=area, mark=mark.label, sensitivity=_share(mark.y), false_positives=_share(mark.x))
    return Chart(plot(traces, x, y, colours), alt, table)


def precision(
    points: Sequence[Sequence[float]], mark: Mark, prevalence: float | None, table: Table, colours: Palette
) -> Chart:
    """Draw precision against sensitivity; a coin's precision is the prevalence."""
    traces = [
        line(points[0], points[1], _("this model"), colours.primary),
        *_marked(mark, colours),
    ]
    if prevalence is not None:
        traces.insert(0, line([0, 1], [prevalence] * 2, _("a coin"), colours.muted, "dot", 1.5))
    x = Axis(_("Sensitivity: flagged of those with the event"), 0, 1.01, percent=True)
    y = Axis(_("Precision: with the event of those flagged"), 0, 1.01, percent=True)
    alt = _("Precision and recall. {mark}: precision {precision} at sensitivity {sensitivity}.").format(
        mark=mark.label, precision=_share(mark.y), sensitivity=_share(mark.x)
    )
    return Chart(plot(traces, x, y, colours), alt, table)


@dataclass(frozen=True)
class Decision:
    """Net benefit at each cut-off: of the model with its limits, and of flagging everybody; that of nobody is 0."""

    cutoffs: Sequence[float]
    model: Sequence[float | None]
    low: Sequence[float | None]
    high: Sequence[float | None]
    everybody: Sequence[float | None]


def decision(curve: Decision, mark: Mark, table: Table, colours: Palette) -> Chart:
    """Draw net benefit by cut-off, against treating all and treating none."""
    top = max([v for v in (*curve.model, *curve.everybody) if v is not None] + [0.02])
    until = max(
        [c for c, v in zip(curve.cutoffs, curve.model, strict=True) if v is not None and v > 0.002 * top],
        default=0.5,
    )
    until = min(0.99, until + 0.05)
    traces = [
        *band(curve.cutoffs, curve.low, curve.high, _("95 % interval"), colours.primary),
        line(curve.cutoffs, curve.everybody, _("treat all"), colours.lowers, "dash", 2, "%{x:.1%}: %{y:.3f}"),
        line([0, 1], [0, 0], _("treat none"), colours.muted, "dot", 2),
        line(curve.cutoffs, curve.model, _("this model"), colours.primary, hover="%{x:.1%}: %{y:.3f}"),
        *_marked(mark, colours),
    ]
    x = Axis(_("Cut-off: the risk at which one would act"), 0, until, percent=True)
    y = Axis(_("Net benefit, true positives per patient"), -0.25 * top, 1.1 * top)
    alt = _("Decision curve. {mark}: net benefit {benefit}.").format(
        mark=mark.label, benefit="–" if mark.y is None else number(mark.y, 3)
    )
    return Chart(plot(traces, x, y, colours), alt, table)


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)

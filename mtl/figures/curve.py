"""The risk over time: one patient's curve beside the reference patient's.

The lines are an image inside the markup, so they carry the colours of the theme themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np

from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.figures.numbers import beside
from mtl.figures.palette import Palette
from mtl.language import _, number, percent

LONG = 13  # years from which the table keeps to the ticks of the axis
WIDTH, HEIGHT = 300.0, 100.0  # of the drawing; the page stretches it, its lines keep their thickness


@dataclass(frozen=True)
class Curve:
    """Risk (0 to 1) at times in years, from 0; `low` and `high` bound it where there is an interval."""

    years: Sequence[float]
    risk: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None


def risk_curve(
    patient: Curve, reference: Curve | None, horizon: float | None, until: float, event: str, colours: Palette
) -> Drawing:
    """Draw the risk by time.

    Parameters
    ----------
    patient, reference : Curve
    horizon : float or None
        The time asked about; a dot marks it.
    until : float
        Right end of the axis, in years.
    event : str
        What happens to the patient, for the words.
    colours : Palette
        Of the reader's theme.
    """
    across, up = Scale(0.0, until), Scale(0.0, 1.0)
    shapes = []
    if patient.low is not None and patient.high is not None:
        upper = _points(patient.years, patient.high, across, up)
        lower = _points(patient.years, patient.low, across, up)
        shapes.append(
            f'<polygon points="{" ".join([*upper, *reversed(lower)])}" fill="{colours.primary_soft}"/>'
        )
    if reference is not None:
        shapes.append(
            _line(reference, across, up, colours.muted, 'stroke-width="1.5" stroke-dasharray="5 4"')
        )
    shapes.append(_line(patient, across, up, colours.primary, 'stroke-width="2.5"'))
    alt = _words(patient, reference, horizon, event)
    grid = "".join(f'<i style="bottom:{css_share(share)}"></i>' for share in (0.25, 0.5, 0.75))
    image = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'preserveAspectRatio="none" fill="none">{"".join(shapes)}</svg>'
    )
    drawing = (
        f'<div class="k-plot">{grid}<img alt="{text(alt)}" src="data:image/svg+xml,{quote(image)}">'
        f"{_dot(patient, horizon, across)}</div>"
    )
    levels = "".join(f"<span>{text(percent(level))}</span>" for level in (1.0, 0.5, 0.0))
    return Drawing(
        f'<div class="curve"><div class="k-levels">{levels}</div>{drawing}{_times(across)}</div>', alt
    )


def numbers(patient: Curve, reference: Curve | None, until: float, event: str) -> str:
    """Return the table beside the curves: the risk at every year, or where the axis is long at its ticks."""
    whole = tuple(float(year) for year in range(1, math.floor(until) + 1))
    years = whole if until < LONG else Scale(0.0, until).ticks(6)[1:]
    banded = patient.low is not None and patient.high is not None
    heads = [_("Years"), _("this patient")]
    heads += [_("90 % interval")] if banded else []
    heads += [_("reference patient")] if reference is not None else []
    rows = []
    for year in years or (until,):
        cells = [number(year), _printed(patient, year)]
        if patient.low is not None and patient.high is not None:
            low, high = (_printed(Curve(patient.years, line), year) for line in (patient.low, patient.high))
            cells.append(_("{low} to {high}").format(low=low, high=high))
        rows.append([*cells, *([_printed(reference, year)] if reference is not None else [])])
    return beside(heads, rows, _("Risk over time: {event}.").format(event=event))


def _printed(curve: Curve, year: float) -> str:
    risk = at(curve, year)
    return "–" if risk is None else percent(risk)


def _line(curve: Curve, across: Scale, up: Scale, colour: str, stroke: str) -> str:
    points = " ".join(_points(curve.years, curve.risk, across, up))
    return f'<polyline points="{points}" stroke="{colour}" {stroke} vector-effect="non-scaling-stroke"/>'


def _points(years: Sequence[float], risk: Sequence[float], across: Scale, up: Scale) -> list[str]:
    width, height = across.high - across.low or 1.0, up.high - up.low
    x = WIDTH * np.clip((np.asarray(years) - across.low) / width, 0.0, 1.0)
    y = HEIGHT * (1 - np.clip((np.asarray(risk, dtype=np.float64) - up.low) / height, 0.0, 1.0))
    return [f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True) if not math.isnan(b)]


def at(curve: Curve, year: float) -> float | None:
    """Return the risk by a time: the last step at or before it; None where the curve has ended."""
    reached = [risk for time, risk in zip(curve.years, curve.risk, strict=True) if time <= year + 1e-9]
    if not reached or math.isnan(reached[-1]) or curve.years[-1] < year - 1e-9:
        return None
    return reached[-1]


def _dot(patient: Curve, horizon: float | None, across: Scale) -> str:
    risk = None if horizon is None else at(patient, horizon)
    if horizon is None or risk is None:
        return ""
    return (
        f'<span class="k-when" style="left:{across.at(horizon)}"></span>'
        f'<span class="k-dot" style="left:{across.at(horizon)};bottom:{css_share(risk)}"></span>'
    )


def _times(across: Scale) -> str:
    ticks = [tick for tick in across.ticks(6) if tick > 0]
    marks = "".join(
        f'<span style="left:{across.at(tick)}">{text(number(tick))}</span>'
        for tick in ticks
        if across.share(tick) < 0.8
    )
    last = _("{count} years").format(count=number(round(across.high, 1)))
    return f'<div class="k-times"><span style="left:0">0</span>{marks}<em>{text(last)}</em></div>'


def _words(patient: Curve, reference: Curve | None, horizon: float | None, event: str) -> str:
    words = _("Risk over time: {event}.").format(event=event)
    if horizon is None:
        return words
    years = number(horizon)
    for curve, sentence in (
        (patient, _("This patient by {years} years: {risk}.")),
        (reference, _("Reference patient by {years} years: {risk}.")),
    ):
        risk = None if curve is None else at(curve, horizon)
        if risk is not None:
            words += " " + sentence.format(years=years, risk=percent(risk))
    return words

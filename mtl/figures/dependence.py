"""The contribution of one feature against its value, patient by patient, with the medians along the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl.figures import dots
from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.figures.palette import Palette
from mtl.language import _, number

WIDTH, HEIGHT = 600.0, 200.0
EDGE = 0.005  # share of the values at each end that is drawn at the edge
GAP = 0.1  # of the width, for the patients without a value
BREADTH = 0.4  # of a level's room that its points take


@dataclass(frozen=True)
class Step:
    """The median contribution between two values; NaN values are the patients in whom it is missing."""

    low: float
    high: float
    median: float


@dataclass(frozen=True)
class Patient:
    """The patient to mark: value (NaN where missing), contribution, and both in words."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class _Across:
    """Where a value lies across the drawing, 0 to 1: missing ones have a place of their own at the end."""

    scale: Scale
    room: float  # for the known ones
    levels: int  # 0 for a number

    def at(self, value: float) -> float:
        return 1 - GAP / 2 if math.isnan(value) else self.room * self.scale.share(value)

    def half(self, value: float) -> float:
        """Half the breadth over which the points of a level, or those without a value, are spread."""
        if math.isnan(value):
            return GAP * BREADTH / 2
        return self.room * BREADTH / 2 / self.levels if self.levels else 0.0


def dependence(
    x: Sequence[float],
    y: Sequence[float],
    steps: Sequence[Step],
    ticks: Sequence[tuple[float, str]],
    labels: tuple[str, str],
    alt: str,
    patient: Patient | None,
    colours: Palette,
) -> Drawing:
    """Draw contributions by value.

    Parameters
    ----------
    x, y
        A patient's value (NaN where missing) and contribution.
    steps
        Medians, drawn as lines over the values they stand for.
    ticks
        The levels, for a feature that has few; else the axis has round numbers.
    labels
        What the two axes measure.
    alt : str
        The figure in words.
    patient
        The current one: a diamond.
    """
    ends = [*y, 0.0] + ([patient.y] if patient is not None else [])
    margin = 0.06 * (max(ends) - min(ends) or 1.0)
    up = Scale(min(ends) - margin, max(ends) + margin)
    across = _across(x, [tick for tick, _words in ticks], patient)
    points = []
    for place, (value, worth) in enumerate(zip(x, y, strict=True)):
        spread = ((place * 7919) % 101 / 50 - 1) * across.half(value)  # the same at every look
        points.append((WIDTH * (across.at(value) + spread), HEIGHT * (1 - up.share(worth))))
    picture = dots.image(
        points, [None if math.isnan(value) else 0 for value in x], colours, (WIDTH, HEIGHT), alt,
        "".join(_median(step, across, up, colours) for step in steps), (colours.lowers,) * 5,
    )  # fmt: skip
    levels = "".join(
        f'<span style="bottom:{css_share(up.share(tick))}">{text(words)}</span>'
        for tick, words in up.signed_ticks()
    )
    mark = told = ""
    if patient is not None:
        where = f"left:{css_share(across.at(patient.x))};bottom:{css_share(up.share(patient.y))}"
        mark = f'<span class="y-mark" style="{where}"></span>'
        told = f'<span class="y-patient"><i></i>{text(patient.words)}</span>'
    zero, median = f'<i style="bottom:{css_share(up.share(0.0))}"></i>', _("median")
    return Drawing(
        f'<div class="depend"><p class="b-scale top">{text(labels[1])}</p><div class="y-levels">{levels}</div>'
        f'<div class="y-plot">{zero}{picture}{mark}</div><div class="y-ticks">{_ticks(across, ticks)}</div>'
        f'<p class="b-scale">{text(labels[0])}</p></div>'
        f'<p class="d-key"><span class="y-median">{text(median)}</span>{told}</p>',
        alt,
    )


def _across(x: Sequence[float], ticks: Sequence[float], patient: Patient | None) -> _Across:
    known = np.array([v for v in x if not math.isnan(v)])
    missing = len(known) < len(x) or (patient is not None and math.isnan(patient.x))
    room = 1.0 - GAP if missing else 1.0
    if len(ticks):
        low, high = min(ticks), max(ticks)
        half = 0.5 * (high - low) / max(len(ticks) - 1, 1) or 0.5
        return _Across(Scale(low - half, high + half), room, len(ticks))
    if not len(known):
        return _Across(Scale(0.0, 1.0), room, 0)
    low, high = (float(q) for q in np.quantile(known, [EDGE, 1 - EDGE]))
    if patient is not None and not math.isnan(patient.x):
        low, high = min(low, patient.x), max(high, patient.x)
    margin = 0.02 * (high - low) or 0.5
    return _Across(Scale(low - margin, high + margin), room, 0)


def _median(step: Step, across: _Across, up: Scale, colours: Palette) -> str:
    left, right = across.at(step.low), across.at(step.high)
    wide = 1.6 * across.half(step.low)
    y = HEIGHT * (1 - up.share(step.median))
    return (
        f'<path d="M{WIDTH * (left - wide):.1f},{y:.1f}H{WIDTH * (right + wide):.1f}" stroke="{colours.text}" '
        'stroke-width="2.5" stroke-linecap="round" vector-effect="non-scaling-stroke"/>'
    )


def _ticks(across: _Across, levels: Sequence[tuple[float, str]]) -> str:
    shown = levels or [(tick, number(tick)) for tick in across.scale.ticks(7)]
    marks = [
        f'<span style="left:{css_share(across.at(value))}">{text(words)}</span>' for value, words in shown
    ]
    if across.room < 1:
        none = _("not measured")
        marks.append(f'<span style="left:{css_share(across.at(math.nan))}">{text(none)}</span>')
    return "".join(marks)

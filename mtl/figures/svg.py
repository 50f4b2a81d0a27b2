"""Charts as SVG that needs nothing around it, for documents: numbers in, marks and words out; no statistic is computed.

Each has its own white ground and fixed colours, so that it is the same on paper and in a page. Meaning does not rest on
colour: lines differ in their dashes too, and every one is named in the legend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtl.figures.markup import Scale, text
from mtl.figures.palette import LIGHT
from mtl.language import number, percent

WIDTH, HEIGHT = 640.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 16.0, 12.0, 44.0
ROW = 26.0  # a line of a forest
FONT = "font-family='Inter, Noto Sans CJK SC, Noto Sans SC, sans-serif'"
DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 4", "1 4")
LONGEST = 46  # characters of a label, wide ones counted twice


@dataclass(frozen=True)
class Image:
    """An SVG image, the same in words, and how much of a page's width it wants."""

    svg: str
    alt: str
    width: float = 1.0


@dataclass(frozen=True)
class Series:
    """Points (x, y) of one line, in order of x.

    Attributes
    ----------
    low, high
        The band round it, where there is one: as many as points.
    style
        "line", "steps" (right, then up or down), "points", "band" (its edges alone), or "reference": a thin grey line.
    """

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    style: str = "line"


@dataclass(frozen=True)
class Axis:
    """What an axis shows, from where to where; `share` writes its numbers as percentages."""

    label: str
    low: float
    high: float
    share: bool = False

    def printed(self, value: float) -> str:
        """A number of the axis as it stands beside its mark."""
        return percent(value) if self.share and 0 <= value <= 1 else number(value)


@dataclass(frozen=True)
class Bars:
    """Counts in equal bins between the ends of the horizontal axis, drawn at its foot; `below` hangs under the line."""

    label: str
    counts: tuple[int, ...]
    below: tuple[int, ...] = ()


@dataclass(frozen=True)
class Row:
    """A line of a forest: a value with its interval, as numbers and in print; None where there is none."""

    label: str
    printed: str
    value: float | None
    low: float | None = None
    high: float | None = None


def chart(
    series: Sequence[Series], across: Axis, up: Axis, alt: str, bars: Bars | None = None, square: bool = False
) -> Image:
    """Draw lines over two axes, with a legend below.

    Parameters
    ----------
    series
        Lines, bands, points; points outside the axes are not drawn.
    bars
        A histogram along the horizontal axis: how many patients stand behind which part of a line.
    square
        As high as wide: for receiver operating curves and calibration.
    """
    size = 380.0 if square else WIDTH
    height = 340.0 if square else HEIGHT
    x, y = Scale(across.low, across.high), Scale(up.low, up.high)
    plot_w, plot_h = size - LEFT - RIGHT, height - TOP - BOTTOM

    def at(a: float, b: float) -> tuple[float, float]:
        return LEFT + x.share(a) * plot_w, TOP + (1 - y.share(b)) * plot_h

    body = [_grid(across, up, x, y, size, height)]
    if bars is not None:
        body.append(_bars(bars, plot_w, plot_h, height))
    places = _places(series)
    for one, place in zip(series, places, strict=True):
        body.append(_series(one, place, at, across, up))
    legend, deep = _legend(series, places, size, height)
    return Image(_svg(size, height + deep, "".join(body) + legend, alt), alt, 0.5 if square else 0.85)


def forest(rows: Sequence[Row], across: Axis, alt: str, none: float | None = None) -> Image:
    """Draw values with intervals below one another; `none` is where there is no effect."""
    left, right = 215.0, 185.0
    height = TOP + ROW * len(rows) + BOTTOM
    x = Scale(across.low, across.high)
    wide = WIDTH - left - right

    def at(value: float) -> float:
        return left + x.share(value) * wide

    body = []
    foot = TOP + ROW * len(rows)
    for tick in x.ticks(6):
        body.append(_line(at(tick), TOP, at(tick), foot, LIGHT.grid))
        body.append(_words(at(tick), foot + 15, across.printed(tick), "middle", LIGHT.muted))
    if none is not None:
        body.append(_line(at(none), TOP, at(none), foot, LIGHT.muted, dash="4 3"))
    body.append(_words(left + wide / 2, foot + 33, across.label, "middle", LIGHT.muted))
    for place, row in enumerate(rows):
        middle = TOP + ROW * (place + 0.5)
        body.append(_words(left - 10, middle + 4, _cut(row.label, 34), "end", LIGHT.text))
        body.append(_words(WIDTH - right + 10, middle + 4, _cut(row.printed, 30), "start", LIGHT.text))
        if row.value is None:
            continue
        if row.low is not None and row.high is not None:
            body.append(_line(at(row.low), middle, at(row.high), middle, LIGHT.primary, 2))
        body.append(f'<circle cx="{at(row.value):.1f}" cy="{middle:.1f}" r="4" fill="{LIGHT.primary}"/>')
    return Image(_svg(WIDTH, height, "".join(body), alt), alt)


def around(values: Sequence[float], *always: float, room: float = 0.05) -> tuple[float, float]:
    """The ends of an axis that holds all values.

    >>> around([0.6, 0.8], room=0.5)
    (0.5, 0.9)
    """
    known = [v for v in (*values, *always) if math.isfinite(v)] or [0.0, 1.0]
    low, high = min(known), max(known)
    extra = room * (high - low) or abs(low) * room or room
    return round(low - extra, 10), round(high + extra, 10)


# Marks ---------------------------------------------------------------------------------------------------------------


def _grid(across: Axis, up: Axis, x: Scale, y: Scale, size: float, height: float) -> str:
    plot_w, plot_h = size - LEFT - RIGHT, height - TOP - BOTTOM
    foot = TOP + plot_h
    out = []
    for tick in y.ticks(6):
        level = TOP + (1 - y.share(tick)) * plot_h
        out.append(_line(LEFT, level, LEFT + plot_w, level, LIGHT.grid))
        out.append(_words(LEFT - 7, level + 4, up.printed(tick), "end", LIGHT.muted))
    for tick in x.ticks(7):
        place = LEFT + x.share(tick) * plot_w
        out.append(_line(place, foot, place, foot + 4, LIGHT.muted))
        out.append(_words(place, foot + 17, across.printed(tick), "middle", LIGHT.muted))
    out.append(_line(LEFT, foot, LEFT + plot_w, foot, LIGHT.muted))
    out.append(_words(LEFT + plot_w / 2, foot + 36, across.label, "middle", LIGHT.muted))
    turned = f'transform="rotate(-90 14 {TOP + plot_h / 2:.1f})"'
    out.append(_words(14, TOP + plot_h / 2, up.label, "middle", LIGHT.muted, turned))
    return "".join(out)


def _bars(bars: Bars, plot_w: float, plot_h: float, height: float) -> str:
    most = max([*bars.counts, *bars.below, 1])
    step = plot_w / max(len(bars.counts), 1)
    foot = height - BOTTOM
    tall = plot_h * 0.16
    out = []
    for place, count in enumerate(bars.counts):
        high = tall * count / most
        out.append(_rect(LEFT + place * step + 0.5, foot - high, step - 1, high, LIGHT.neutral))
    for place, count in enumerate(bars.below):
        high = tall * count / most
        out.append(_rect(LEFT + place * step + 0.5, foot - tall * 2 - 2, step - 1, high, LIGHT.neutral))
    return "".join(out)


def _places(series: Sequence[Series]) -> list[int]:
    """Which colour and dash each has; references have none."""
    count, out = 0, []
    for one in series:
        out.append(-1 if one.style == "reference" else count)
        count += one.style != "reference"
    return out


def _colour(place: int) -> str:
    return LIGHT.muted if place < 0 else LIGHT.series[place % len(LIGHT.series)]


def _dash(place: int) -> str:
    return "3 3" if place < 0 else DASHES[place % len(DASHES)]


def _series(one: Series, place: int, at, across: Axis, up: Axis) -> str:  # type: ignore[no-untyped-def]
    inside = [(a, b) for a, b in zip(one.x, one.y, strict=True) if across.low <= a <= across.high and b == b]
    colour = _colour(place)
    out = ""
    if one.low and one.high:
        edge = [at(a, b) for a, b in zip(one.x, one.high, strict=True) if across.low <= a <= across.high]
        edge += [
            at(a, b)
            for a, b in zip(reversed(one.x), reversed(one.low), strict=True)
            if across.low <= a <= across.high
        ]
        out += f'<polygon points="{_points(edge)}" fill="{colour}" fill-opacity="0.15"/>'
    if one.style == "band":
        return out
    if one.style == "points":
        return out + "".join(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.6" fill="{colour}" fill-opacity="0.65"/>'
            for a, b in (at(*pair) for pair in inside)
        )
    if one.style == "steps":
        inside = [
            pair
            for before, now in zip([inside[0], *inside], inside, strict=False)
            for pair in ((now[0], before[1]), now)
        ] if inside else []  # fmt: skip
    inside = [(a, min(max(b, up.low), up.high)) for a, b in inside]
    dash = _dash(place)
    stroke = f' stroke-dasharray="{dash}"' if dash else ""
    width = 1.2 if place < 0 else 2
    return (
        f'{out}<polyline points="{_points([at(*pair) for pair in inside])}" fill="none" '
        f'stroke="{colour}" stroke-width="{width}"{stroke}/>'
    )


def _legend(series: Sequence[Series], places: Sequence[int], size: float, height: float) -> tuple[str, float]:
    """One line a series that has a name; how high it is."""
    named = [(one, place) for one, place in zip(series, places, strict=True) if one.label]
    out = []
    for row, (one, place) in enumerate(named):
        level = height + 8 + 18 * row
        if one.style == "points":
            out.append(f'<circle cx="{LEFT + 12}" cy="{level:.1f}" r="3" fill="{_colour(place)}"/>')
        elif one.style == "band":
            box = _rect(LEFT, level - 5, 26, 10, _colour(place))
            out.append(box.replace("/>", ' fill-opacity="0.15"/>'))
        else:
            width = 1.2 if place < 0 else 2
            out.append(_line(LEFT, level, LEFT + 26, level, _colour(place), width, _dash(place)))
        longest = LONGEST if size < WIDTH else 2 * LONGEST
        out.append(_words(LEFT + 34, level + 4, _cut(one.label, longest), "start", LIGHT.text))
    return "".join(out), 18.0 * len(named) + (8.0 if named else 0.0)


def _svg(width: float, height: float, body: str, alt: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{text(alt)}" {FONT} font-size="12">'
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>{body}</svg>'
    )


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in pairs)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1, dash: str = "") -> str:
    stroke = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"{stroke}/>'
    )


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{colour}"/>'


def _words(x: float, y: float, words: str, anchor: str, colour: str, extra: str = "") -> str:
    more = f" {extra}" if extra else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{more}>{text(words)}</text>'


def _cut(words: str, longest: int = LONGEST) -> str:
    """A label that fits: its beginning, with an ellipsis; East Asian characters are as wide as two.

    >>> _cut("abcdef", 4), _cut("无复发生存", 6)
    ('abc…', '无复…')
    """
    width, out = 0, ""
    for sign in words:
        width += 2 if ord(sign) >= 0x2E80 else 1
        if width > longest:
            # the ellipsis takes the place of what no longer fits
            return out[:-1] + "…" if out else "…"
        out += sign
    return out

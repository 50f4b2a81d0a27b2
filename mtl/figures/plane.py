"""A chart of two axes: points, lines, bands and bars, its words beside it and its numbers in a table below."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal
from urllib.parse import quote

from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.figures.palette import Palette
from mtl.language import _, number, percent

WIDTH, HEIGHT = 600.0, 260.0
Style = Literal["solid", "dashed", "thin", "dots", "band", "bars"]


@dataclass(frozen=True)
class Layer:
    """Something drawn, and its name in the key; no name, no entry.

    `upper` is the other edge of a band. The points of bars are their upper left corners, the last one the end.
    """

    style: Style
    points: Sequence[tuple[float, float]]
    name: str = ""
    upper: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Axis:
    """What an axis measures, its ends, and whether its numbers are shares, to be written in percent."""

    label: str
    low: float
    high: float
    percent: bool = False

    @property
    def write(self) -> Callable[[float], str]:
        """How its numbers are written."""
        return percent if self.percent else number


@dataclass(frozen=True)
class Grid:
    """A table: heads, rows of words (the first is the row's name), and what it says for a person who hears it."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Plane:
    """A chart. `alt` is the figure in words; `table` the same in numbers."""

    x: Axis
    y: Axis
    layers: Sequence[Layer]
    alt: str
    table: Grid
    caption: str = ""
    diagonal: str = ""


def draw(plane: Plane, colours: Palette) -> Drawing:
    """Draw a chart; the diagonal, where it has a name, is where both axes agree."""
    across, up = Scale(plane.x.low, plane.x.high), Scale(plane.y.low, plane.y.high)
    shapes = []
    if plane.diagonal:
        low, high = max(plane.x.low, plane.y.low), min(plane.x.high, plane.y.high)
        ends = [(low, low), (high, high)]
        shapes.append(_line(ends, across, up, colours.muted, 'stroke-width="1.5" stroke-dasharray="2 4"'))
    shapes += [_shape(layer, across, up, colours) for layer in plane.layers]
    image = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        f'preserveAspectRatio="none" fill="none">{"".join(shapes)}</svg>'
    )
    levels = "".join(
        f'<span style="bottom:{css_share(up.share(tick))}">{text(plane.y.write(tick))}</span>'
        for tick in up.ticks(6)
    )
    ticks = "".join(
        f'<span style="left:{css_share(across.share(tick))}">{text(plane.x.write(tick))}</span>'
        for tick in across.ticks(7)
    )
    grid = "".join(f'<i style="bottom:{css_share(up.share(tick))}"></i>' for tick in up.ticks(6))
    grid += "".join(f'<u style="left:{css_share(across.share(tick))}"></u>' for tick in across.ticks(7))
    caption = f'<p class="quiet">{text(plane.caption)}</p>' if plane.caption else ""
    return Drawing(
        f'<figure class="plane"><div class="depend"><p class="b-scale top">{text(plane.y.label)}</p>'
        f'<div class="y-levels">{levels}</div><div class="y-plot">{grid}<img alt="{text(plane.alt)}" '
        f'src="data:image/svg+xml,{quote(image, safe=" ,=/:")}"></div><div class="y-ticks">{ticks}</div>'
        f'<p class="b-scale">{text(plane.x.label)}</p></div>{_key(plane)}{caption}</figure>{folded(plane.table)}',
        plane.alt,
    )


def folded(grid: Grid) -> str:
    """Return a table that a reader opens."""
    head = _("The numbers")
    return f'<details class="more"><summary>{text(head)}</summary>{table(grid)}</details>'


def table(grid: Grid) -> str:
    """Return a table's markup."""
    heads = "".join(f'<th scope="col">{text(head)}</th>' for head in grid.heads)
    body = "".join(
        f'<tr><th scope="row">{text(row[0])}</th>'
        + "".join(f"<td>{text(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in grid.rows
    )
    return (
        f'<div class="plain-table" tabindex="0" role="region" aria-label="{text(grid.caption)}"><table><thead><tr>{heads}'
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _key(plane: Plane) -> str:
    named = [(layer.style, layer.name) for layer in plane.layers if layer.name]
    if plane.diagonal:
        named.append(("dashed", plane.diagonal))
    entries = "".join(f'<span class="p-{style}"><i></i>{text(name)}</span>' for style, name in named)
    return f'<p class="plane-key">{entries}</p>' if entries else ""


def _shape(layer: Layer, across: Scale, up: Scale, colours: Palette) -> str:
    if layer.style == "band":
        edge = [*_places(layer.points, across, up), *reversed(_places(layer.upper, across, up))]
        return f'<polygon points="{" ".join(edge)}" fill="{colours.primary_soft}"/>'
    if layer.style == "dots":
        path = "".join(f"M{place}h0" for place in dict.fromkeys(_places(layer.points, across, up)))
        return (
            f'<path d="{path}" stroke="{colours.lowers}" stroke-width="4" stroke-linecap="round" stroke-opacity=".5" '
            'vector-effect="non-scaling-stroke"/>'
        )
    if layer.style == "bars":
        return _bars(layer.points, across, up, colours)
    strokes = {
        "solid": (colours.primary, 'stroke-width="2.5"'),
        "dashed": (colours.muted, 'stroke-width="1.75" stroke-dasharray="6 4"'),
        "thin": (colours.neutral, 'stroke-width="1"'),
    }
    return _line(layer.points, across, up, *strokes[layer.style])


def _bars(points: Sequence[tuple[float, float]], across: Scale, up: Scale, colours: Palette) -> str:
    found = []
    for (left, height), (right, _height) in pairwise(points):
        x, wide = WIDTH * across.share(left), WIDTH * (across.share(right) - across.share(left))
        tall = HEIGHT * up.share(height)
        if tall > 0:
            found.append(
                f'<rect x="{x:.1f}" y="{HEIGHT - tall:.1f}" width="{max(wide - 1, 0.5):.1f}" height="{tall:.1f}" '
                f'fill="{colours.primary}"/>'
            )
    return "".join(found)


def _line(points: Sequence[tuple[float, float]], across: Scale, up: Scale, colour: str, stroke: str) -> str:
    places = " ".join(_places(points, across, up))
    return f'<polyline points="{places}" stroke="{colour}" {stroke} vector-effect="non-scaling-stroke"/>'


def _places(points: Sequence[tuple[float, float]], across: Scale, up: Scale) -> list[str]:
    return [
        f"{WIDTH * across.share(x):.1f},{HEIGHT * (1 - up.share(y)):.1f}"
        for x, y in points
        if not (math.isnan(x) or math.isnan(y))
    ]

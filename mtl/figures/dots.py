"""Points coloured by a value: the colours, and marks that stay round however the drawing is stretched."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import quote

from mtl.figures.markup import text
from mtl.figures.palette import LIGHT, Palette
from mtl.language import _

# From a low value to a high one: amber to navy, each darker (by day) than the one before, so that the order can be
# seen without colour; all at least 3 : 1 on a card.
BY_DAY = ("#b97a08", "#7f7f3a", "#4a7f73", "#2a6592", "#1e3a75")
BY_NIGHT = ("#f7d774", "#cfcf86", "#94c6b0", "#63a9dd", "#4a86e0")


def ramp(colours: Palette) -> tuple[str, ...]:
    """Return five colours from low to high for the reader's theme."""
    return BY_DAY if colours.background == LIGHT.background else BY_NIGHT


def shade(rank: float) -> int | None:
    """Return which of the five colours a rank (0 to 1) has; None for a missing value.

    Examples
    --------
    >>> [shade(r) for r in (0.0, 0.5, 1.0, float("nan"))]
    [0, 2, 4, None]
    """
    return None if math.isnan(rank) else min(int(rank * 5), 4)


def image(
    points: Sequence[tuple[float, float]],
    shades: Sequence[int | None],
    colours: Palette,
    size: tuple[float, float],
    alt: str,
    lines: str = "",
    known: tuple[str, ...] | None = None,
) -> str:
    """Return an image of points: one path a colour; a missing value is an upright stroke, so its form tells it too.

    Parameters
    ----------
    points
        Places in `size`; equal ones are drawn once.
    shades
        Of each point, see :func:`shade`.
    lines
        More SVG, drawn on top.
    known
        Other five colours than those of :func:`ramp`.
    """
    paths = []
    known = known or ramp(colours)
    for which in (None, *range(5)):
        places = dict.fromkeys(
            f"M{x:.1f},{y:.1f}" for (x, y), one in zip(points, shades, strict=True) if one == which
        )
        if not places:
            continue
        mark, colour = ("v5", colours.muted) if which is None else ("h0", known[which])
        path = "".join(place + mark for place in places)
        cap = "butt" if which is None else "round"
        paths.append(
            f'<path d="{path}" stroke="{colour}" stroke-width="{1.5 if which is None else 4.5:g}" '
            f'stroke-linecap="{cap}" stroke-opacity=".8" vector-effect="non-scaling-stroke"/>'
        )
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]:g} {size[1]:g}" '
        f'preserveAspectRatio="none" fill="none">{"".join(paths)}{lines}</svg>'
    )
    return f'<img alt="{text(alt)}" src="data:image/svg+xml,{quote(drawn, safe=" ,=/:")}">'


def key(colours: Palette, with_missing: bool) -> str:
    """Return what the colours say, in words and colours."""
    low, high, none = _("low value"), _("high value"), _("not measured")
    steps = "".join(f'<i style="background:{colour}"></i>' for colour in ramp(colours))
    gap = f'<span class="d-none">{text(none)}</span>' if with_missing else ""
    return f'<p class="d-key"><span>{text(low)}</span><span class="d-ramp">{steps}</span><span>{text(high)}</span>{gap}</p>'

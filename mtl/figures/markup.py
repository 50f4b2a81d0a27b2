"""How a figure becomes markup: everything escaped, positions as shares of the width, colours by their names.

The figures of a case are HTML and inline SVG rather than charts: they are there with the page, their words
are words (selectable, spoken, translated), and a server draws one in a fraction of a millisecond. Colours are
the variables that `variables` declares, so one markup serves light and dark.
"""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, fields

from mtl.figures.palette import Palette
from mtl.language import number, signed


@dataclass(frozen=True)
class Drawing:
    """A figure: its markup, and the same in words for a person who does not see it."""

    html: str
    alt: str


def text(value: object) -> str:
    """Escape anything that is to appear as words, also inside an attribute.

    Examples
    --------
    >>> text('<b>"A" & B</b>')
    '&lt;b&gt;&quot;A&quot; &amp; B&lt;/b&gt;'
    """
    return html.escape(str(value), quote=True)


def variables(colours: Palette, dark: Palette | None = None) -> str:
    """Return the colours as CSS declarations: ``--raises:#b04f27;`` and so on.

    With those for a dark page too, the browser takes the one that the scheme of its place asks for.
    """
    if dark is None:
        return "".join(f"--{name}:{colour};" for name, colour in _named(colours))
    pairs = zip(_named(colours), _named(dark), strict=True)
    return "".join(f"--{name}:light-dark({light},{night});" for (name, light), (_same, night) in pairs)


def _named(colours: Palette) -> list[tuple[str, str]]:
    single = (field.name for field in fields(colours) if field.name != "series")
    named = [(name.replace("_", "-"), str(getattr(colours, name))) for name in single]
    return named + [(f"series-{i}", colour) for i, colour in enumerate(colours.series)]


@dataclass(frozen=True)
class Scale:
    """Where a number lies between the ends of an axis.

    Examples
    --------
    >>> Scale(0, 50).at(25), Scale(0, 50).at(80), Scale(0, 50).width(10, 20)
    ('50%', '100%', '20%')
    """

    low: float
    high: float

    def share(self, value: float) -> float:
        """Return the place of a number, from 0 at the low end to 1 at the high end."""
        if self.high <= self.low or math.isnan(value):
            return 0.0
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def at(self, value: float) -> str:
        """Return the place of a number as CSS."""
        return css_share(self.share(value))

    def width(self, one: float, other: float) -> str:
        """Return the distance of two numbers as CSS."""
        return css_share(abs(self.share(one) - self.share(other)))

    def ticks(self, most: int = 5) -> tuple[float, ...]:
        """Return round numbers along the axis, at most `most` of them.

        Examples
        --------
        >>> Scale(3, 61).ticks()
        (20.0, 40.0, 60.0)
        """
        extent = self.high - self.low
        if not (extent > 0 and math.isfinite(extent)):
            return ()
        power = 10.0 ** math.floor(math.log10(extent / most))
        step = next(power * k for k in (1, 2, 5, 10, 20) if extent / (power * k) <= most - 1 + 1e-9)
        first = math.ceil(self.low / step - 1e-9)
        return tuple(k * step for k in range(first, math.floor(self.high / step + 1e-9) + 1))

    def signed_ticks(self, most: int = 6) -> tuple[tuple[float, str], ...]:
        """Return round numbers along the axis with their signs, each with the digits that tell it from the next.

        Examples
        --------
        >>> [words.replace(chr(160), " ") for _, words in Scale(-0.5, 0.5).signed_ticks()]
        ['−0.4', '−0.2', '0', '+0.2', '+0.4']
        """
        found = self.ticks(most)
        step = found[1] - found[0] if len(found) > 1 else 1.0
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        return tuple((tick, signed(tick, digits) if round(tick, digits) else number(0)) for tick in found)


def css_share(share: float) -> str:
    """Write a share as a percentage for CSS, in which no reader's language plays a part."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"

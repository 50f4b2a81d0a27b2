"""Where one number lies between nothing and everything, with its interval and the cohort's middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtl.figures.markup import Drawing, Scale, text
from mtl.language import _


def gauge(
    value: float,
    low: float | None = None,
    high: float | None = None,
    middle: float | None = None,
    ends: tuple[str, str] = ("", ""),
    words: str = "",
    scale: Scale | None = None,
) -> Drawing:
    """Draw a number on a line from 0 to 1.

    Parameters
    ----------
    value, low, high, middle
        The patient's number, its interval, the cohort's median; what is None is not drawn.
    ends
        What is printed under the two ends.
    words
        The figure in words, also printed under the line.
    scale
        Another axis than 0 to 1.
    """
    axis = scale or Scale(0.0, 1.0)
    parts = ['<span class="g-track">']
    if low is not None and high is not None:
        parts.append(
            f'<span class="g-band" style="left:{axis.at(low)};width:{axis.width(low, high)}"></span>'
        )
    if middle is not None:
        parts.append(f'<span class="g-middle" style="left:{axis.at(middle)}"></span>')
    parts.append(f'<span class="g-mark" style="left:{axis.at(value)}"></span></span>')
    start, end = (text(word) for word in ends)
    legend = f'<span class="g-ends"><span>{start}</span><span>{text(words)}</span><span>{end}</span></span>'
    return Drawing(
        f'<div class="gauge">{"".join(parts)}{legend if words or start or end else ""}</div>', words
    )


@dataclass(frozen=True)
class Share:
    """One class: its name, its probability, the probability in print, and whether it is the one chosen."""

    label: str
    value: float
    printed: str
    chosen: bool = False


def shares(classes: Sequence[Share]) -> Drawing:
    """Draw the probability of every class, one line each, in the study's order."""
    rows = "".join(
        f'<li class="{"chosen" if one.chosen else ""}"><span>{text(one.label)}</span>'
        f'<span class="s-track"><span style="width:{Scale(0, 1).at(one.value)}"></span></span>'
        f"<b>{text(one.printed)}</b></li>"
        for one in classes
    )
    alt = "; ".join(_("{label}: {value}").format(label=one.label, value=one.printed) for one in classes)
    return Drawing(f'<ul class="shares">{rows}</ul>', alt)

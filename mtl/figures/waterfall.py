"""From the reference patient's number to the patient's, one finding after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtl.figures.markup import Drawing, Scale, css_share, text
from mtl.language import _

_ROOM = 0.2  # share of the axis left free at both ends, for the numbers beside the bars
_TEXT = 0.14  # share of the axis that such a number takes on a narrow screen


@dataclass(frozen=True)
class Step:
    """One finding: what it adds, how that is printed, and the prediction if its value were typical.

    Attributes
    ----------
    label : str
        "Positive nodes: 4".
    worth : float
        Before rounding, in the unit of the axis.
    printed : str
        "+13".
    note : str
        A sentence below the finding.
    typical : float or None
        Where the prediction would be at the typical value, on the axis.
    """

    label: str
    worth: float
    printed: str
    note: str = ""
    typical: float | None = None


def waterfall(
    start: tuple[str, float, str], steps: Sequence[Step], end: tuple[str, float, str], ticks: str = "{}"
) -> Drawing:
    """Draw the way from `start` to `end`, each a name, a number and the number in print.

    The lengths are those of the numbers before rounding; the words are the printed ones. `ticks` is how a
    number of the axis is written, "{} %" for instance.
    """
    axis = _axis(start[1], steps, end[1])
    rows = [_end(start, axis, "start")]
    level = start[1]
    for step in steps:
        rows.append(_step(step, level, axis))
        level += step.worth
    rows.append(_end(end, axis, "end"))
    alt = _words(start, steps, end)
    # the rows are read out one by one; the list needs a name only
    name = _("Contributions, from the reference patient to this patient")
    return Drawing(
        f'<ol class="fall" aria-label="{text(name)}">{"".join(rows)}</ol>{_ticks(axis, ticks)}', alt
    )


def _axis(start: float, steps: Sequence[Step], end: float) -> Scale:
    levels, level = [start, end], start
    for step in steps:
        level += step.worth
        levels.append(level)
    levels += [step.typical for step in steps if step.typical is not None]
    extent = (max(levels) - min(levels)) or max(abs(start), 1.0) * 0.1
    return Scale(min(levels) - _ROOM * extent, max(levels) + _ROOM * extent)


def _end(end: tuple[str, float, str], axis: Scale, which: str) -> str:
    label, value, printed = end
    return (
        f'<li class="f-{which}"><div class="f-label"><b>{text(label)}</b></div><div class="f-track">'
        f'<span class="f-point" style="left:{axis.at(value)}"></span>'
        f"{_beside(printed, value, value, axis)}</div></li>"
    )


def _step(step: Step, level: float, axis: Scale) -> str:
    low, high = sorted((level, level + step.worth))
    way = "up" if step.worth > 0 else "down"
    typical = ""
    if step.typical is not None:
        typical = f'<span class="f-typical" style="left:{axis.at(step.typical)}"></span>'
    note = f"<small>{text(step.note)}</small>" if step.note else ""
    bar = f'<span class="f-bar {way}" style="left:{axis.at(low)};width:{axis.width(low, high)}"></span>'
    return (
        f'<li><div class="f-label">{text(step.label)}{note}</div><div class="f-track">'
        f"{bar}{typical}{_beside(step.printed, low, high, axis, way, step.typical)}</div></li>"
    )


def _beside(
    printed: str, low: float, high: float, axis: Scale, way: str = "", typical: float | None = None
) -> str:
    """Put a number right of its bar, or left of it where the right is full."""
    start, end = axis.share(low), axis.share(high)
    mark = -1.0 if typical is None else axis.share(typical)
    right = end < 1 - _TEXT and not end - 0.02 < mark < end + _TEXT
    left = start > _TEXT and not start - _TEXT < mark < start + 0.02
    if right or not left:
        # past the mark where neither side is free
        place = max(end, mark + 0.015) if not right and end - 0.02 < mark < end + _TEXT else end
        return f'<span class="f-number {way}" style="left:{css_share(min(place, 1 - _TEXT))}">{text(printed)}</span>'
    return f'<span class="f-number before {way}" style="right:{css_share(1 - start)}">{text(printed)}</span>'


def _ticks(axis: Scale, written: str) -> str:
    marks = "".join(
        f'<span style="left:{axis.at(tick)}">{text(written.format(_tick(tick)))}</span>'
        for tick in axis.ticks(6)
        if 0.02 < axis.share(tick) < 0.98
    )
    return f'<div class="f-axis" aria-hidden="true"><div></div><div class="f-ticks">{marks}</div></div>'


def _tick(value: float) -> str:
    return f"{value + 0.0:g}".replace("-", "−")


def _words(start: tuple[str, float, str], steps: Sequence[Step], end: tuple[str, float, str]) -> str:
    pair = _("{label}: {value}")
    parts = [pair.format(label=start[0], value=start[2])]
    parts += [pair.format(label=step.label, value=step.printed) for step in steps]
    return "; ".join([*parts, pair.format(label=end[0], value=end[2])])

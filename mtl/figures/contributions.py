"""The steps of a waterfall from an explanation: in the points a person reads, or on the additive scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtl.explain.rounding import printed
from mtl.explain.sentences import Story
from mtl.figures.waterfall import Step
from mtl.language import signed

MARGIN_DECIMALS = 2


def in_points(story: Story, notes: Mapping[str, str], typical: Mapping[str, float]) -> list[Step]:
    """Return one step a told contribution, and the others together.

    Parameters
    ----------
    notes, typical
        For a feature's name, the sentence below it and the second prediction, in the unit of the story.
    """
    told = list(story.contributions) + ([story.others] if story.others else [])
    return [
        Step(
            label=one.finding,
            worth=one.exact,
            printed=signed(one.points, max(story.decimals, 0)),
            note=notes.get(one.feature or "", ""),
            typical=typical.get(one.feature or ""),
        )
        for one in told
    ]


def on_margin(
    labels: Sequence[str], margins: Sequence[float], base: float, end: float
) -> tuple[float, list[Step], float]:
    """Return the steps on the additive scale with its two ends as printed: they add up to the digit.

    Parameters
    ----------
    labels, margins
        Of each contribution; ``base + sum(margins) == end``.

    Examples
    --------
    >>> on_margin(["a", "b"], [0.4144, 0.1041], 0.1, 0.6185)[1][0].printed.replace(chr(160), " ")
    '+0.42'
    """
    shown = printed(np.asarray(margins, dtype=float), base, end, MARGIN_DECIMALS)
    steps = [
        Step(label, float(worth), signed(float(points), MARGIN_DECIMALS))
        for label, worth, points in zip(labels, margins, shown.points, strict=True)
    ]
    return shown.start, steps, shown.end

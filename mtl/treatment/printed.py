"""What every form of a benefit prints at one time: the same whole numbers of a hundred, written once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mtl.language import _, percent, signed, span
from mtl.treatment.icons import People, people

_NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Printed:
    """One time of a benefit, in numbers and as printed.

    Attributes
    ----------
    years : float
    label : str
        "5 years".
    untreated, treated : float
        Survival without and with the treatment, 0 to 1.
    people : People
        The same of a hundred; what is printed.
    untreated_text, treated_text : str
        "70 %", "78 %".
    difference_text : str
        "+8" of a hundred; "<1" where it is not nothing but rounds to it.
    interval_text : str
        "3 to 13", empty where the source gives no interval.
    whole : bool
        The interval carries the uncertainty of the risk without treatment too.
    """

    years: float
    label: str
    untreated: float
    treated: float
    people: People
    untreated_text: str
    treated_text: str
    difference_text: str
    interval_text: str
    whole: bool


def printed(
    years: float, label: str, untreated: float, treated: float, low: float, high: float, whole: bool
) -> Printed:
    """Write one time of a benefit; `low` and `high` bound the difference, NaN where there is no interval.

    >>> shown = printed(10, "10 years", 0.70, 0.7790, 0.031, 0.128, True)
    >>> [t.replace(chr(160), " ") for t in (shown.untreated_text, shown.treated_text, shown.difference_text)]
    ['70 %', '78 %', '+8']
    >>> shown.interval_text
    '3 to 13'
    """
    found = people(untreated, treated)
    change = found.treated - found.untreated
    exact = treated - untreated
    difference = signed(change) if change or exact == 0 else _less_than_one()
    interval = ""
    if not (math.isnan(low) or math.isnan(high)):
        # the limits are rounded on their own and never leave the printed difference outside
        bottom, top = min(round(100 * low), change), max(round(100 * high), change)
        interval = _range(bottom, top)
    return Printed(
        years, label, untreated, treated, found,
        _share(found.untreated, untreated), _share(found.treated, treated), difference, interval, whole,
    )  # fmt: skip


def _share(count: int, exact: float) -> str:
    """A whole percentage; nothing between is written as certain."""
    if count in (0, 100) and 0 < exact < 1:
        return percent(1e-9 if count == 0 else 1 - 1e-9)
    return percent(count / 100)


def _less_than_one() -> str:
    return percent(1e-9).rstrip("%").rstrip(_NO_BREAK)


def _range(low: int, high: int) -> str:
    """An interval of whole numbers; where it reaches below 0, both ends carry their sign."""
    if low >= 0:
        return span(low, high)
    return _("{low} to {high}").format(low=signed(low), high=signed(high))

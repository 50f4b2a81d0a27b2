"""A hundred people: how many are spared either way, how many more (or fewer) with a treatment, how many are not.

Every form of a benefit prints these whole numbers, so that table, curve, bars, words and icons agree to the digit, with
each other and with the risk on the case page. They sum to a hundred because the difference is that of the whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

PEOPLE = 100


@dataclass(frozen=True)
class People:
    """Of a hundred people like this one: `either` are spared with or without the treatment, `more` only with it,
    `fewer` only without it (one of the two is 0), and the others of `affected` not in either case."""

    either: int
    more: int
    fewer: int
    affected: int

    @property
    def untreated(self) -> int:
        """Spared without the treatment."""
        return self.either + self.fewer

    @property
    def treated(self) -> int:
        """Spared with the treatment."""
        return self.either + self.more


def people(untreated: float, treated: float) -> People:
    """A hundred people from survival without and with a treatment.

    >>> people(0.70, 0.7790)
    People(either=70, more=8, fewer=0, affected=22)
    >>> people(0.70, 0.68)
    People(either=68, more=0, fewer=2, affected=30)

    Raises
    ------
    ValueError
        A survival is no share.
    """
    without, given = _spared(untreated), _spared(treated)
    return People(
        min(without, given), max(given - without, 0), max(without - given, 0), PEOPLE - max(without, given)
    )


def _spared(survival: float) -> int:
    """Of a hundred, those free of the event: what the risk leaves when it is rounded as every other page rounds it."""
    if not 0 <= survival <= 1:
        raise ValueError(f"a survival of {survival}: give a share from 0 to 1")
    return PEOPLE - round(PEOPLE * (1 - survival))

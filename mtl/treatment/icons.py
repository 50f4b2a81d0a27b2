"""A hundred people: how many are spared either way, how many more (or fewer) with a treatment, how many are not.

Every form of a benefit prints these whole numbers, so that table, curve, bars, words and icons agree to the digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PEOPLE = 100


def largest_remainder(shares: Sequence[float], total: int = PEOPLE) -> NDArray[np.int64]:
    """Whole numbers that sum to `total`, each the share rounded down or up.

    Everybody first gets the whole part; what is left goes to the largest remainders, among equals to the earlier.

    Raises
    ------
    ValueError
        A share is negative or not finite, or they do not sum to 1.

    Examples
    --------
    >>> largest_remainder([0.696, 0.078, 0.226]).tolist()
    [70, 8, 22]
    """
    parts = np.asarray(shares, dtype=float)
    if not (np.isfinite(parts).all() and (parts >= -1e-12).all() and abs(parts.sum() - 1) < 1e-9):
        raise ValueError(f"shares {parts.tolist()} are not parts of a whole")
    exact = np.maximum(parts, 0.0) / np.maximum(parts, 0.0).sum() * total
    whole: NDArray[np.int64] = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(whole.sum())
    whole[np.argsort(-(exact - whole), kind="stable")[:left]] += 1
    return whole


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
    >>> people(0.70, 0.685)
    People(either=69, more=0, fewer=1, affected=30)
    """
    both = min(untreated, treated)
    change = abs(treated - untreated)
    either, changed, affected = largest_remainder([both, change, 1 - both - change]).tolist()
    return (
        People(either, changed, 0, affected) if treated >= untreated else People(either, 0, changed, affected)
    )

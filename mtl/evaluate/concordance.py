"""How often the patient with the higher score has the event first: Harrell's and Uno's C."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import FloatArray, IntArray, follow_up, numbers
from mtl.evaluate.kaplan_meier import KaplanMeier, censoring_kaplan_meier
from mtl.evaluate.metric import NotEstimable


@dataclass(frozen=True)
class Pairs:
    """For each event, at `time`: patients who outlast it, and how many of them score lower or the same."""

    time: FloatArray
    outlasting: IntArray
    lower: IntArray
    same: IntArray

    def concordance(self, weight: FloatArray | None = None) -> float:
        """Return the weighted share of pairs in the right order, equal scores counting half."""
        w = np.ones(len(self.time)) if weight is None else weight
        total = float(np.sum(w * self.outlasting))
        if total <= 0:
            raise NotEstimable("no pair of patients can be compared: nobody is followed beyond an event")
        return float(np.sum(w * (self.lower + 0.5 * self.same))) / total


def harrell_c(time: ArrayLike, event: ArrayLike, log_hazard: ArrayLike) -> float:
    """Return Harrell's C in O(n log n).

    time (n,) years; event (n,) 0/1; log_hazard (n,): higher means earlier. Two patients with events at the
    same time are not compared; a patient censored at the time of an event outlasts it.

    >>> harrell_c([1, 2, 3, 4], [1, 1, 0, 1], [4, 2, 3, 1])
    0.8
    """
    return pairs(time, event, log_hazard).concordance()


def uno_c(time: ArrayLike, event: ArrayLike, log_hazard: ArrayLike, tau: float | None = None) -> float:
    """Return Uno's C (Statistics in Medicine 2011): Harrell's freed from the censoring, for events before
    `tau`.

    Events weigh 1 / G(t-)^2, with G the reverse Kaplan-Meier of these rows. `tau` in years, None: all events,
    which lets a few late ones decide where few patients are left.

    >>> round(uno_c([1, 2, 3, 4], [1, 1, 0, 1], [4, 2, 3, 1]), 4)
    0.8
    """
    return weighted_concordance(pairs(time, event, log_hazard), censoring_kaplan_meier(time, event), tau)


def weighted_concordance(found: Pairs, censoring: KaplanMeier, tau: float | None) -> float:
    """Return Uno's C from pairs already counted."""
    weight = 1.0 / censoring.before(found.time) ** 2
    return found.concordance(weight if tau is None else np.where(found.time < tau, weight, 0.0))


def pairs(time: ArrayLike, event: ArrayLike, score: ArrayLike) -> Pairs:
    """Count the comparable pairs of each event; raises NotEstimable without events."""
    t, d = follow_up(time, event)
    s = numbers(score, "log_hazard", (len(t),))
    if not d.any():
        raise NotEstimable(f"no events among the {len(t)} rows")
    # Events at one time lie together with rising scores, so none of them counts a later one of them as lower.
    order = np.lexsort((s, ~d, t))
    t, d = t[order], d[order]
    rank = np.unique(s[order], return_inverse=True)[1].astype(np.int64)
    instant = np.cumsum(np.concatenate(([True], (t[1:] != t[:-1]) | (d[1:] != d[:-1]))))
    outlasting = len(t) - np.searchsorted(instant, instant, "right")
    same = _later_and_equal(rank) - _later_and_equal(
        np.unique(instant * np.int64(len(t)) + rank, return_inverse=True)[1]
    )
    return Pairs(t[d], outlasting[d], _later_and_lower(rank)[d], same[d])


def _later_and_equal(rank: IntArray) -> IntArray:
    """Return how many later entries equal each entry."""
    order = np.argsort(rank, kind="stable")
    last = np.searchsorted(rank[order], rank[order], "right")
    count = np.empty(len(rank), dtype=np.int64)
    count[order] = last - 1 - np.arange(len(rank))
    return count


def _later_and_lower(rank: IntArray) -> IntArray:
    """Return how many later entries are lower than each entry, in O(n log n) without a Python loop over rows.

    Two ranks first differ in some bit. Bit by bit from the top, entries that agree in all higher bits form a
    group that keeps its order; those with the bit set count the later ones without it.
    """
    count = np.zeros(len(rank), dtype=np.int64)
    top = int(rank.max())
    # 16-bit keys are sorted by radix, several times faster.
    value = rank.astype(np.uint16) if top < 2**16 else rank.copy()
    place = np.arange(len(rank))
    for bit in range(top.bit_length() - 1, -1, -1):
        group = value >> (bit + 1)
        upper = ((value >> bit) & 1).astype(bool)
        below = np.cumsum(~upper)
        edge = np.flatnonzero(group[1:] != group[:-1])
        size = np.diff(np.concatenate(([-1], edge, [len(rank) - 1])))
        total = np.repeat(below[np.append(edge, len(rank) - 1)], size)
        count[place[upper]] += (total - below)[upper]
        order = np.argsort(value >> bit, kind="stable")
        place, value = place[order], value[order]
    return count

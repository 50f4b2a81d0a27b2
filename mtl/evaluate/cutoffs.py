"""What follows from acting at a cut-off: rates, predictive values, net benefit, all from the raw predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    follow_up,
    numbers,
    probabilities,
    zeros_and_ones,
)
from mtl.evaluate.intervals import LEVEL, RESAMPLES, percentile_interval, replicates

RATES = ("flagged", "sensitivity", "specificity", "ppv", "npv", "net_benefit", "treat_all")
COUNTS = ("true_positive", "false_positive", "false_negative", "true_negative")


@dataclass(frozen=True)
class Rates:
    """For each cut-off (k,): flagged are those whose risk is at least the cut-off. NaN where there is no answer.

    Attributes
    ----------
    cutoff : (k,)
    true_positive, false_positive, false_negative, true_negative : (k,)
        Shares of all patients; the four sum to 1.
    treat_all : (k,)
        Net benefit of flagging everybody; that of flagging nobody is 0.
    """

    cutoff: FloatArray
    true_positive: FloatArray
    false_positive: FloatArray
    false_negative: FloatArray
    true_negative: FloatArray
    treat_all: FloatArray

    @property
    def flagged(self) -> FloatArray:
        """Share of the patients at or above the cut-off."""
        return self.true_positive + self.false_positive

    @property
    def sensitivity(self) -> FloatArray:
        """Share of those with the event who are flagged."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> FloatArray:
        """Share of those without the event who are not flagged."""
        return _ratio(self.true_negative, self.true_negative + self.false_positive)

    @property
    def ppv(self) -> FloatArray:
        """Share of the flagged who have the event."""
        return _ratio(self.true_positive, self.flagged)

    @property
    def npv(self) -> FloatArray:
        """Share of those not flagged who do not have the event."""
        return _ratio(self.true_negative, self.true_negative + self.false_negative)

    @property
    def net_benefit(self) -> FloatArray:
        """True positives less false positives at the odds of the cut-off, as a share of all patients."""
        return self.true_positive - self.false_positive * _odds(self.cutoff)


def rates(truth: ArrayLike, probability: ArrayLike, cutoffs: ArrayLike) -> Rates:
    """Return the rates at cut-offs (k,): truth (n,) 0/1, probability (n,).

    Net benefit after Vickers and Elkin, Medical Decision Making 2006;26:565.

    >>> found = rates([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], [0.35])
    >>> found.sensitivity.item(), found.specificity.item(), found.ppv.round(3).item()
    (1.0, 0.5, 0.667)
    """
    y = zeros_and_ones(truth, "truth")
    at = numbers(cutoffs, "cutoffs")
    return _of_labels(
        y, _places(probabilities(probability, "probability", (len(y),)), at), at, np.ones(len(y))
    )


def rates_at(time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, cutoffs: ArrayLike) -> Rates:
    """Return the rates at cut-offs (k,) of a risk of the event by `horizon` (years), censoring taken into account.

    The events among the flagged are the Kaplan-Meier risk in them times their share, and so below the cut-off (Vickers,
    Cronin, Elkin and Gonen, BMC Med Inform Decis Mak 2008;8:53); NaN where nobody of a group is followed so long.
    """
    t, d = follow_up(time, event)
    at = numbers(cutoffs, "cutoffs")
    table = _Followed.of(t, d, horizon)
    return table.rates(_places(probabilities(risk, "risk", (len(t),)), at), at, np.ones(len(t)))


def rate_intervals(
    truth: ArrayLike, probability: ArrayLike, cutoffs: ArrayLike, groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
) -> dict[str, list[tuple[float | None, float | None]]]:  # fmt: skip
    """Return 95 % bootstrap limits of every rate of :func:`rates` at each cut-off, by the rate's name."""
    y = zeros_and_ones(truth, "truth")
    at = numbers(cutoffs, "cutoffs")
    places = _places(probabilities(probability, "probability", (len(y),)), at)

    def drawn(rows: IntArray) -> FloatArray:
        return _stacked(_of_labels(y, places, at, np.bincount(rows, minlength=len(y)).astype(float)))

    return _limits(replicates(drawn, len(y), resamples, groups=groups), len(at))


def rate_intervals_at(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, cutoffs: ArrayLike,
    groups: ArrayLike | None = None, resamples: int = RESAMPLES,
) -> dict[str, list[tuple[float | None, float | None]]]:  # fmt: skip
    """Return 95 % bootstrap limits of every rate of :func:`rates_at` at each cut-off, by the rate's name."""
    t, d = follow_up(time, event)
    at = numbers(cutoffs, "cutoffs")
    places = _places(probabilities(risk, "risk", (len(t),)), at)
    table = _Followed.of(t, d, horizon)

    def drawn(rows: IntArray) -> FloatArray:
        return _stacked(table.rates(places, at, np.bincount(rows, minlength=len(t)).astype(float)))

    return _limits(replicates(drawn, len(t), resamples, groups=groups), len(at))


def _stacked(found: Rates) -> FloatArray:
    return np.concatenate([getattr(found, name) for name in RATES])


def _limits(values: FloatArray, k: int) -> dict[str, list[tuple[float | None, float | None]]]:
    return {
        name: [percentile_interval(values[:, i * k + j], LEVEL) for j in range(k)]
        for i, name in enumerate(RATES)
    }


def _places(risk: FloatArray, cutoffs: FloatArray) -> IntArray:
    """(n,) how many of the cut-offs, which must rise, a risk reaches."""
    if (np.diff(cutoffs) <= 0).any() or cutoffs[0] <= 0 or cutoffs[-1] >= 1:
        raise ValueError(f"cut-offs are {cutoffs.tolist()}: give rising ones between 0 and 1")
    # A risk that prints as the cut-off is the cut-off, whatever its last bit: else nobody could reproduce the count.
    return np.searchsorted(cutoffs, risk + 1e-12, side="right").astype(np.int64)


def _of_labels(y: BoolArray, places: IntArray, cutoffs: FloatArray, weight: FloatArray) -> Rates:
    def reached(of: BoolArray) -> FloatArray:
        counts = np.bincount(places[of], weights=weight[of], minlength=len(cutoffs) + 1)
        return np.cumsum(counts[::-1])[::-1].astype(np.float64)

    events, others, n = reached(y), reached(~y), weight.sum()
    share = events[0] / n
    return Rates(
        cutoffs, events[1:] / n, others[1:] / n, (events[0] - events[1:]) / n, (others[0] - others[1:]) / n,
        share - (1 - share) * _odds(cutoffs),
    )  # fmt: skip


@dataclass(frozen=True)
class _Followed:
    """Who leaves, and how, by the distinct event times up to the horizon: Kaplan-Meier for many groups at once."""

    still: IntArray
    """(n,) how many of the event times a patient is still at risk at."""
    falls: IntArray
    """(n,) at which event time a patient has the event; the number of times for the others."""
    m: int
    after: BoolArray
    """(n,) followed to the horizon or longer."""

    @classmethod
    def of(cls, time: FloatArray, event: BoolArray, horizon: float) -> _Followed:
        times = np.unique(time[event & (time <= horizon)])
        falls = np.full(len(time), len(times), dtype=np.int64)
        seen = event & (time <= horizon)
        falls[seen] = np.searchsorted(times, time[seen], "left")
        return cls(np.searchsorted(times, time, "right").astype(np.int64), falls, len(times), time >= horizon)

    def rates(self, places: IntArray, cutoffs: FloatArray, weight: FloatArray) -> Rates:
        k, m = len(cutoffs) + 1, self.m
        at_risk = np.bincount(self.still * k + places, weights=weight, minlength=(m + 1) * k).reshape(
            m + 1, k
        )
        at_risk = np.cumsum(at_risk[::-1], axis=0)[::-1][
            1:
        ]  # at the first event time are those still at 1 or more
        deaths = np.bincount(self.falls * k + places, weights=weight, minlength=(m + 1) * k).reshape(
            m + 1, k
        )[:m]
        total = np.bincount(places, weights=weight, minlength=k)
        seen = np.bincount(places, weights=weight * self.after, minlength=k)
        upper = [
            np.cumsum(a[..., ::-1], axis=-1)[..., ::-1].astype(np.float64)
            for a in (at_risk, deaths, total, seen)
        ]
        above = _risk(*(a[..., 1:] for a in upper))
        below = _risk(*(a[..., :1] - a[..., 1:] for a in upper))
        everybody = _risk(*(a[..., :1] for a in upper))
        share = upper[2][1:] / weight.sum()
        tp, fn = share * above, (1 - share) * below
        return Rates(
            cutoffs, np.where(share > 0, tp, 0.0), np.where(share > 0, share - tp, 0.0),
            np.where(share < 1, fn, 0.0), np.where(share < 1, 1 - share - fn, 0.0),
            everybody - (1 - everybody) * _odds(cutoffs),
        )  # fmt: skip


def _risk(at_risk: FloatArray, deaths: FloatArray, total: FloatArray, seen: FloatArray) -> FloatArray:
    """Kaplan-Meier risk by the horizon of each group (columns); NaN of an empty group, or one that is not followed."""
    steps = np.divide(deaths, at_risk, out=np.zeros_like(deaths), where=at_risk > 0.5)
    survival = np.prod(1.0 - steps, axis=0)
    silent = (total < 0.5) | ((seen < 0.5) & (survival > 1e-12))
    return np.asarray(np.where(silent, np.nan, 1.0 - survival), dtype=np.float64)


def _odds(cutoffs: FloatArray) -> FloatArray:
    return np.asarray(cutoffs / (1.0 - cutoffs), dtype=np.float64)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """part / whole, NaN where the whole is empty."""
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 1e-12)

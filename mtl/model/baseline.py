"""Breslow's cumulative baseline hazard, with offsets that may change by period, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mtl.model.forest import Floats

GRID_POINTS = 400
HIGHEST = 600.0  # log hazard beyond which the event is certain; its exponential does not overflow
FEWEST_AT_RISK = 20  # patients still at risk below which a horizon is not estimable


def breslow(
    time: Floats,
    event: Floats,
    log_hazard: Floats,
    boundaries: tuple[float, ...] = (),
    weight: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Breslow's estimator of the cumulative baseline hazard.

    Parameters
    ----------
    time, event
        (n,): years, and 1 where the event was seen.
    log_hazard
        (n, Q): log relative hazard of each row in each of the Q periods that `boundaries` (Q - 1 years) separate.
    weight
        (n,): row weights, 1 if left out.

    Returns
    -------
    The distinct event times (m,), and the cumulative hazard just after each (m,).

    References
    ----------
    Breslow, discussion of Cox (1972), J R Stat Soc B 34:216.
    """
    weight = np.ones(len(time)) if weight is None else weight
    order = np.argsort(time, kind="stable")
    sorted_time = time[order]
    seen = (event > 0) & (weight > 0)
    times, which = np.unique(time[seen], return_inverse=True)
    deaths = np.bincount(which, weights=weight[seen], minlength=len(times))
    relative = np.exp(log_hazard[order]) * weight[order, None]
    at_risk = np.cumsum(relative[::-1], axis=0)[::-1]  # (n, Q): sum over everybody from this row on
    period = np.searchsorted(np.asarray(boundaries), times, side="left")
    first = np.searchsorted(sorted_time, times, side="left")
    increments = deaths / at_risk[first, period] if len(times) else np.zeros(0)
    return times, np.cumsum(increments)


@dataclass(frozen=True)
class Baseline:
    """Cumulative baseline hazard on a regular grid: no patient's own time can be read from it.

    Parameters
    ----------
    times
        (m,): years, from 0 to the last time with enough patients at risk.
    hazard
        (m,): cumulative hazard at those times, for a log hazard of 0.
    at_risk
        (m,): training patients still at risk.
    boundaries
        Inner limits of the treatment periods, in years.
    """

    times: Floats
    hazard: Floats
    at_risk: Floats
    boundaries: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        time: Floats,
        event: Floats,
        log_hazard: Floats,
        boundaries: tuple[float, ...],
        horizons: tuple[float, ...],
        weight: Floats | None = None,
    ) -> Baseline:
        """Breslow on a grid that holds the horizons and the limits of the periods; see :func:`breslow`."""
        times, hazard = breslow(time, event, log_hazard, boundaries, weight)
        last = float(np.sort(time)[-min(FEWEST_AT_RISK, len(time))])
        shown = np.floor(100 * last) / 100  # the last time itself is a patient's own
        grid = np.unique(
            np.concatenate(
                [np.linspace(0.0, shown, GRID_POINTS), [t for t in (*horizons, *boundaries) if t <= last]]
            )
        )
        index = np.searchsorted(times, grid, side="right")
        cumulative = np.concatenate([[0.0], hazard])[index]
        at_risk = len(time) - np.searchsorted(np.sort(time), grid, side="left")
        return cls(grid, cumulative, at_risk.astype(float), tuple(boundaries))

    def estimable(self, horizon: float) -> bool:
        """Whether at least 20 training patients were still at risk at the horizon."""
        return bool(horizon <= self.times[-1])

    def at(self, years: Floats) -> Floats:
        """Cumulative baseline hazard at these times; NaN beyond the last estimable one."""
        years = np.asarray(years, dtype=float)
        index = np.searchsorted(self.times, years, side="right") - 1
        return np.where(years <= self.times[-1], self.hazard[np.maximum(index, 0)], np.nan)

    def increments(self, years: Floats) -> Floats:
        """(len(years), Q): baseline hazard gathered in each period up to each time."""
        limits = np.concatenate([[0.0], self.boundaries, [np.inf]])
        years = np.asarray(years, dtype=float)
        upto = np.minimum(years[:, None], limits[None, 1:])
        since = np.minimum(years[:, None], limits[None, :-1])
        return self.at(upto) - self.at(since)

    def risk(self, margin: Floats, offset: Floats, years: Floats) -> Floats:
        """Probability of the event by each time: (n, len(years)).

        `margin` (n,) is the log hazard without treatment, `offset` (n, Q) what the treatment given adds by period.
        """
        cumulative = np.zeros((len(margin), len(years)))
        for period, gathered in enumerate(
            self.increments(years).T
        ):  # no BLAS: a row has the same bits in any table
            cumulative += np.exp(np.minimum(margin + offset[:, period], HIGHEST))[:, None] * gathered
        return np.asarray(-np.expm1(-cumulative))

    def mean_offset(self, offset: Floats) -> Floats:
        """(n,): the one offset that gives the same cumulative hazard at the end of the grid as the offsets by period."""
        gathered = self.increments(self.times[-1:])[0]
        total = gathered.sum()
        if total <= 0:
            return np.asarray(offset.mean(axis=1))
        return np.asarray(np.log((np.exp(offset) * (gathered / total)).cumsum(axis=1)[:, -1]))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists; floats survive JSON bit for bit."""
        return {
            "times": self.times.tolist(), "hazard": self.hazard.tolist(), "at_risk": self.at_risk.tolist(),
            "boundaries": list(self.boundaries),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Baseline:
        """The inverse of :meth:`to_dict`; ValueError where it cannot be one."""
        times, hazard, at_risk, boundaries = (
            np.array(data[key], float) for key in ("times", "hazard", "at_risk", "boundaries")
        )
        if (
            not times.ndim == boundaries.ndim == 1
            or not len(times)
            or not times.shape == hazard.shape == at_risk.shape
        ):
            raise ValueError("baseline hazard: lists of different lengths")
        for values in (times, hazard, at_risk, boundaries):
            if not np.isfinite(values).all() or (values < 0).any():
                raise ValueError("baseline hazard: a number is negative or not finite")
        if (
            times[0] != 0
            or (np.diff(times) <= 0).any()
            or (np.diff(boundaries) <= 0).any()
            or (np.diff(hazard) < 0).any()
        ):
            raise ValueError("baseline hazard: times must ascend from 0, and the hazard may not fall")
        return cls(times, hazard, at_risk, tuple(boundaries.tolist()))

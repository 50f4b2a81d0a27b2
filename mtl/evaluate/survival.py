"""How well a risk by a horizon separates and is calibrated, when some are censored before the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import BoolArray, FloatArray, follow_up, numbers, probabilities
from mtl.evaluate.binary import separation
from mtl.evaluate.kaplan_meier import KaplanMeier, censoring_kaplan_meier, kaplan_meier
from mtl.evaluate.metric import NotEstimable


@dataclass(frozen=True)
class KnownBy:
    """Who had the event by a horizon, who is free of it, and what each weighs (0: censored before it)."""

    horizon: float
    case: BoolArray
    control: BoolArray
    weight: FloatArray


def known_by(
    time: FloatArray, event: BoolArray, horizon: float, censoring: KaplanMeier | None = None
) -> KnownBy:
    """Return status and inverse-probability-of-censoring weights at `horizon`.

    The status by H of a patient with event time T is known if censoring C >= min(T, H), so the weight is 1 /
    P(C >= min(T, H)) = 1 / G(min(T, H)-), with G the reverse Kaplan-Meier. Hence someone censored exactly at
    H, as all are where follow-up was cut there, counts as free of the event. (scikit-survival takes G(t) in
    place of G(t-): the same, unless an event and a censoring share a time.)
    """
    if censoring is None:
        censoring = censoring_kaplan_meier(time, event)
    case = event & (time <= horizon)
    control = (time > horizon) | ((time == horizon) & ~event)
    known = case | control
    weight = np.zeros(len(time))
    weight[known] = 1.0 / censoring.before(np.minimum(time[known], horizon))
    return KnownBy(float(horizon), case, control, weight)


def auroc_at(
    time: ArrayLike, event: ArrayLike, score: ArrayLike, horizon: float, censoring: KaplanMeier | None = None
) -> float:
    """Return the cumulative/dynamic AUROC: events by `horizon` (years) against those still free of it.

    time, event, score (n,): score is the risk or any monotone scale. Cases carry
    inverse-probability-of-censoring weights (Uno 2007; Hung and Chiang 2010). Raises NotEstimable without
    cases or without controls.

    >>> auroc_at([1, 2, 3, 4], [1, 0, 1, 0], [0.9, 0.2, 0.5, 0.6], horizon=3)
    0.4
    """
    t, d = follow_up(time, event)
    s = numbers(score, "score", (len(t),))
    status = known_by(t, d, horizon, censoring)
    if not status.case.any():
        raise NotEstimable(f"no events by {horizon:g} years")
    if not status.control.any():
        raise NotEstimable(f"nobody is known to be free of the event at {horizon:g} years")
    return separation(s[status.case], s[status.control], status.weight[status.case])


def brier_at(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float, censoring: KaplanMeier | None = None
) -> float:
    """Return the Brier score of the risk by `horizon`, years (Graf 1999).

    Weighted by the inverse probability of censoring, see `known_by`.

    >>> brier_at([1, 2, 3, 4], [1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5], horizon=2)
    0.25
    """
    t, d = follow_up(time, event)
    p = probabilities(risk, "risk", (len(t),))
    status = known_by(t, d, horizon, censoring)
    if not (status.case | status.control).any():
        raise NotEstimable(f"everybody is censored before {horizon:g} years")
    return float(np.mean(status.weight * (status.case - p) ** 2))


def integrated_brier(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, times: ArrayLike, censoring: KaplanMeier | None = None
) -> float:
    """Return the mean Brier score over [times[0], times[-1]], by the trapezium rule.

    risk (n, T): probability of the event by each of `times` (T,), years, increasing, at least two.

    >>> integrated_brier([1, 2, 3, 4], [1, 1, 0, 0], [[0.5, 0.5]] * 4, times=[1, 2])
    0.25
    """
    t, d = follow_up(time, event)
    grid = numbers(times, "times")
    p = probabilities(risk, "risk", (len(t), len(grid)))
    if len(grid) < 2:
        raise NotEstimable("risks at two or more estimable times are needed to integrate over time")
    if (np.diff(grid) <= 0).any():
        raise ValueError(f"times are {grid.tolist()}: they must increase")
    if censoring is None:
        censoring = censoring_kaplan_meier(t, d)
    scores = np.array([brier_at(t, d, p[:, k], at, censoring) for k, at in enumerate(grid.tolist())])
    return float(np.trapezoid(scores, grid) / (grid[-1] - grid[0]))


def observed_expected(time: ArrayLike, event: ArrayLike, risk: ArrayLike, horizon: float) -> float:
    """Return observed (1 - Kaplan-Meier) over expected (mean risk) events by `horizon`: above 1, risks are
    too low.

    >>> observed_expected([1, 2, 3, 4], [1, 1, 0, 0], [0.25] * 4, horizon=2)
    2.0
    """
    t, d = follow_up(time, event)
    p = probabilities(risk, "risk", (len(t),))
    observed = 1.0 - float(kaplan_meier(t, d).at(horizon))
    if np.isnan(observed):
        raise NotEstimable(f"nobody is followed to {horizon:g} years")
    expected = float(np.mean(p))
    if expected <= 0:
        raise NotEstimable("the predicted risk is 0 for everybody")
    return observed / expected

"""The expected difference: a trial's hazard ratio on the risk without treatment, with the uncertainty of both.

    S1(t) = exp(-sum over periods q of HR_q * H0_q(t)),

where H0_q(t) is the cumulative hazard without treatment that gathers in period q up to time t. With one period this is
S0(t) ** HR; with two it is S0(5) ** HR1 * (S0(10) / S0(5)) ** HR2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from mtl.study.trials import HazardRatio

Floats = NDArray[np.float64]
LEVEL = 0.95  # of every interval here, as trials report theirs
BASELINE_LEVEL = 0.90  # of the interval of the risk without treatment, as the model reports it
POINTS = 1 << 14  # of the integration; the limits of an interval are then right to about 1e-4


@dataclass(frozen=True, eq=False)
class Benefit:
    """Survival without and with a treatment at m times; every array is (m,), shares from 0 to 1.

    `low` and `high` bound the difference, `treated_low` and `treated_high` survival with the treatment, at 95 %; all NaN
    where the trial's ratio has no interval. `whole` (m,): the uncertainty of the risk without treatment is in them too.
    """

    untreated: Floats
    treated: Floats
    low: Floats
    high: Floats
    treated_low: Floats
    treated_high: Floats
    whole: NDArray[np.bool_]

    @property
    def difference(self) -> Floats:
        """Survival with the treatment less survival without it."""
        return self.treated - self.untreated


def survival_with(hazard: ArrayLike, ratios: ArrayLike) -> Floats:
    """Survival with a treatment at each time, (m,).

    Parameters
    ----------
    hazard
        (m, Q): cumulative hazard without the treatment gathered in each of Q periods up to each of m times.
    ratios
        (Q,): the hazard ratio of each period.

    Examples
    --------
    S0 = .70 at 10 years, HR = .70; then two periods, S0 = .80 at 5 and .60 at 10 years, HR .5 and .8:

    >>> survival_with([[-np.log(0.70)]], [0.70]).round(4).tolist()
    [0.7791]
    >>> survival_with([[-np.log(0.8), -np.log(0.6 / 0.8)]], [0.5, 0.8]).round(4).tolist()
    [0.7105]
    """
    return np.asarray(np.exp(-(np.asarray(hazard, float) * np.asarray(ratios, float)).sum(axis=1)))


def log_hazard_spread(risk_low: float, risk_high: float, level: float = BASELINE_LEVEL) -> float:
    """Standard deviation of the log cumulative hazard behind an interval of a risk.

    The limits are taken as normal quantiles on the complementary log-log scale, on which a margin is additive.

    >>> round(log_hazard_spread(1 - 0.8 ** np.exp(-0.2 * 1.6449), 1 - 0.8 ** np.exp(0.2 * 1.6449)), 3)
    0.2

    Raises
    ------
    ValueError
        The limits are not two probabilities in order, or are 0 or 1.
    """
    if not 0 < risk_low <= risk_high < 1:
        raise ValueError(
            f"interval of a risk from {risk_low} to {risk_high}: give limits between 0 and 1, in order"
        )
    width = math.log(-math.log1p(-risk_high)) - math.log(-math.log1p(-risk_low))
    return float(width / (2 * ndtri((1 + level) / 2)))


def ratio_of_period(ratios: Sequence[HazardRatio], boundaries: Sequence[float]) -> NDArray[np.int64]:
    """Which of a trial's ratios holds in each of the Q periods that `boundaries` (Q - 1 years) separate, (Q,).

    Raises
    ------
    ValueError
        The trial has no ratio for one of the periods.
    """
    found = []
    for start in (0.0, *boundaries):
        holds = [i for i, r in enumerate(ratios) if r.start <= start and (r.end is None or start < r.end)]
        if not holds:
            raise ValueError(
                f"the trial gives no hazard ratio for the time from {start:g} years; add one that covers it"
            )
        found.append(holds[0])
    return np.array(found, dtype=np.int64)


def benefit(
    hazard: ArrayLike,
    ratios: Sequence[HazardRatio],
    boundaries: Sequence[float] = (),
    spread: ArrayLike | None = None,
) -> Benefit:
    """Survival without and with a treatment, and the interval of their difference.

    Parameters
    ----------
    hazard
        (m, Q): cumulative hazard without the treatment, by period, up to each of m times.
    ratios
        The trial's, by its own periods.
    boundaries
        Q - 1 inner limits of the periods of `hazard`, years.
    spread
        (m,): standard deviation of the log cumulative hazard without treatment; NaN or absent: not known, and the
        interval is that of the trial's ratio only.

    Notes
    -----
    Independent normal errors: of each period's log ratio (width of its 95 % interval / 3.92), and of the log cumulative
    hazard, one error for all periods, since it is the patient's margin that is uncertain. The limits are quantiles over
    an additive recurrence of 16,384 points (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences"), so
    the same question always gets the same answer.
    """
    gathered = np.asarray(hazard, dtype=float)
    which = ratio_of_period(ratios, boundaries)
    if gathered.ndim != 2 or gathered.shape[1] != len(which):
        raise ValueError(
            f"hazard has shape {gathered.shape}; expected (times, {len(which)}), a column a period"
        )
    m = len(gathered)
    known = np.full(m, np.nan) if spread is None else np.asarray(spread, dtype=float)
    logs = np.log([r.value for r in ratios])
    untreated = np.exp(-gathered.sum(axis=1))
    treated = survival_with(gathered, np.exp(logs)[which])
    widths = [_width(r) for r in ratios]
    whole = ~np.isnan(known)
    limits = np.full((4, m), np.nan)
    if all(width is not None for width in widths):
        normal = _normal(1 + len(ratios))
        draws = np.exp(logs + normal[:, 1:] * np.array(widths, dtype=float))[:, which]
        for i in range(m):
            scale = np.exp(normal[:, 0] * (known[i] if whole[i] else 0.0))
            with_it = np.exp(-scale * (draws * gathered[i]).sum(axis=1))
            gain = with_it - np.exp(-scale * gathered[i].sum())
            tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
            limits[:2, i], limits[2:, i] = np.quantile(gain, tails), np.quantile(with_it, tails)
    low, high, treated_low, treated_high = limits
    carried = whole & ~np.isnan(low)
    return Benefit(untreated, treated, low, high, treated_low, treated_high, carried)


def _width(ratio: HazardRatio) -> float | None:
    """Standard error of the log ratio, from the width of its interval."""
    if ratio.low is None or ratio.high is None:
        return None
    return float((math.log(ratio.high) - math.log(ratio.low)) / (2 * ndtri((1 + LEVEL) / 2)))


def _normal(d: int) -> Floats:
    """(POINTS, d) evenly spread normal deviates."""
    root = 2.0
    for _ in range(64):  # the positive root of x ** (d + 1) = x + 1
        root = (1 + root) ** (1 / (d + 1))
    steps = root ** -np.arange(1.0, d + 1)
    return np.asarray(ndtri((0.5 + np.arange(1, POINTS + 1)[:, None] * steps) % 1.0))

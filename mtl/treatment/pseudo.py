"""Pseudo-values: what each patient adds to a survival curve, so that censored outcomes can be regressed like numbers.

The jackknife pseudo-value of patient i for an estimate t is n * t - (n - 1) * t(-i), with t(-i) the estimate without i
(Andersen, Klein and Rosthoj, Biometrika 2003; restricted mean: Andersen, Hansen and Klein, Lifetime Data Analysis 2004).
Leaving one patient out changes a product-limit curve only up to the patient's own time, so all n curves come from one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def pseudo_survival(time: Floats, event: Bools, at: float, arm: Bools | None = None) -> Floats:
    """Pseudo-values (n,) of the survival probability by time `at`, years.

    With `arm`, each arm has its own curve: censoring may then differ between the arms.

    >>> event = np.array([True, True, True])
    >>> pseudo_survival(np.array([1.0, 2.0, 3.0]), event, 1.5).round(9).tolist()  # no censoring: who is alive
    [0.0, 1.0, 1.0]
    """
    return _by_arm(time, event, at, arm, 0)


def pseudo_restricted_mean(time: Floats, event: Bools, at: float, arm: Bools | None = None) -> Floats:
    """Pseudo-values (n,) of the mean time without the event up to `at`, years; see :func:`pseudo_survival`.

    >>> event = np.array([True, True, True])
    >>> pseudo_restricted_mean(np.array([1.0, 2.0, 3.0]), event, 1.5).round(9).tolist()  # min(time, 1.5)
    [1.0, 1.5, 1.5]
    """
    return _by_arm(time, event, at, arm, 1)


def _by_arm(time: Floats, event: Bools, at: float, arm: Bools | None, which: int) -> Floats:
    out = np.empty(len(time))
    for chosen in [np.ones(len(time), dtype=bool)] if arm is None else [arm, ~arm]:
        n = int(chosen.sum())
        if n:
            whole, without = _leave_one_out(time[chosen], event[chosen], at)
            out[chosen] = n * whole[which] - (n - 1) * without[which] if n > 1 else whole[which]
    return out


def _leave_one_out(
    time: Floats, event: Bools, at: float
) -> tuple[tuple[float, float], tuple[Floats, Floats]]:
    """Survival at `at` and restricted mean, of all patients and without each in turn."""
    times, group, leaving = np.unique(time, return_inverse=True, return_counts=True)
    deaths = np.bincount(group[event], minlength=len(times)).astype(np.float64)
    at_risk = len(time) - np.cumsum(leaving) + leaving.astype(np.float64)
    step = np.where(times <= at, 1.0, 0.0)  # what happens after `at` changes nothing
    whole = 1.0 - step * deaths / at_risk
    # Somebody who leaves later is missing from this risk set.
    one_less = 1.0 - step * np.divide(deaths, at_risk - 1, out=np.zeros_like(deaths), where=at_risk > 1)
    ends = np.append(np.minimum(times, at), at)
    width = np.diff(ends)  # of the interval that begins at each time
    first = float(ends[0])
    before = np.concatenate(
        [[1.0], np.cumprod(one_less)[:-1]]
    )  # just before each time, somebody later left out
    area_before = first + np.concatenate([[0.0], np.cumsum(np.cumprod(one_less) * width)[:-1]])
    # Survival and area from each time on, given survival to just after it: unchanged by who left then.
    ahead = np.concatenate([np.cumprod(whole[::-1])[::-1][1:], [1.0]])
    area_ahead = np.empty(len(times))
    area_ahead[-1] = width[-1]
    for k in range(len(times) - 2, -1, -1):
        area_ahead[k] = width[k] + whole[k + 1] * area_ahead[k + 1]
    # At the patient's own time the patient is missing too, and with an event the event as well.
    rest = at_risk[group] - 1
    own_deaths = step[group] * (deaths[group] - event)
    own = 1.0 - np.divide(own_deaths, rest, out=np.zeros(len(time)), where=rest > 0)
    at_own = before[group] * own
    total = float(np.prod(whole))
    area = first + float(np.sum(np.cumprod(whole) * width))
    return (total, area), (at_own * ahead[group], area_before[group] + at_own * area_ahead[group])

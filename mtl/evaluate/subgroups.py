"""Metrics of one task in groups of patients, each against all the others, with intervals on the same resamples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtl.evaluate.arrays import FloatArray, IntArray
from mtl.evaluate.intervals import RESAMPLES, percentile_interval, resampled_rows
from mtl.evaluate.metric import Metric

Statistics = Callable[[IntArray], FloatArray]


@dataclass(frozen=True)
class Group:
    """One group: its rows, each metric in it, and each metric in it less that of everybody else."""

    n: int
    metrics: dict[str, Metric]
    less_rest: dict[str, Metric]


def by_group(
    statistics: Statistics, names: Sequence[str], group: ArrayLike, chosen: Sequence[int],
    groups: ArrayLike | None = None, resamples: int = RESAMPLES,
) -> dict[int, Group]:  # fmt: skip
    """Return the metrics of the groups numbered `chosen`, with 95 % bootstrap intervals.

    Parameters
    ----------
    statistics
        From rows to the metrics `names` (k,), NaN where one cannot be estimated.
    group
        (n,) the number of each row's group.
    groups
        (n,) whose row each is, where a patient may have several: their rows are drawn together.

    The grouping is that of fairlearn's MetricFrame (Bird et al. 2020), asked for every metric at once; a resample draws
    from all rows, and a group's difference to the rest is taken within it.
    """
    from fairlearn.metrics import MetricFrame  # by the job that computes it alone

    which = np.asarray(group, dtype=np.int64)
    rows = np.arange(len(which))

    def at(place: int) -> Callable[[NDArray[np.int64], NDArray[np.int64]], float]:
        return lambda of, _same: float(statistics(np.asarray(of, dtype=np.int64))[place])

    frame = MetricFrame(
        metrics={name: at(place) for place, name in enumerate(names)},
        y_true=rows, y_pred=rows, sensitive_features=which,
    )  # fmt: skip
    inside = {g: np.full((resamples, len(names)), np.nan) for g in chosen}
    beyond = {g: np.full((resamples, len(names)), np.nan) for g in chosen}
    for b, drawn in enumerate(resampled_rows(len(which), resamples, groups=groups)):
        of = which[drawn]
        for g in chosen:
            own, rest = drawn[of == g], drawn[of != g]
            if len(own) and len(rest):
                inside[g][b], beyond[g][b] = statistics(own), statistics(rest)
    found = {}
    for g in chosen:
        value = frame.by_group.loc[g].to_numpy(dtype=np.float64)
        rest = rows[which != g]
        other = statistics(rest) if len(rest) else np.full(len(names), np.nan)
        found[g] = Group(
            int((which == g).sum()),
            {name: _metric(value[k], inside[g][:, k]) for k, name in enumerate(names)},
            {
                name: _metric(value[k] - other[k], inside[g][:, k] - beyond[g][:, k])
                for k, name in enumerate(names)
            },
        )
    return found


def _metric(value: float, drawn: FloatArray) -> Metric:
    if not np.isfinite(value):
        return Metric(None, reason="not estimable in this group")
    return Metric(float(value), *percentile_interval(drawn))

"""Which findings matter to which task, over many patients: mean absolute contributions and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.model.forest import Floats

MAJORITY = 0.5  # of a task's summed importance that the features which matter make up together
THIRDS = 3


def importance(values: Floats, spread: Sequence[float] | Floats | None = None) -> Floats:
    """Mean absolute contribution of each feature, (p,).

    Parameters
    ----------
    values : (n, p, c)
        Contributions to each output's margin.
    spread : (c,), optional
        Standard deviation of each output's margin: contributions are then counted in units of it. An output that does
        not vary counts 0.

    Returns
    -------
    The mean over patients and, for a multiclass task, over its classes.

    Examples
    --------
    >>> importance(np.array([[[1.0], [0.0]], [[-3.0], [1.0]]])).tolist()
    [2.0, 0.5]
    """
    size = np.abs(values).mean(axis=0)
    if spread is not None:
        unit = np.asarray(spread, dtype=np.float64)
        size = size * np.divide(1.0, unit, out=np.zeros_like(unit), where=unit > 0)
    mean: Floats = size.mean(axis=1)
    return mean


def decisive(weights: Floats, share: float = MAJORITY) -> NDArray[np.intp]:
    """The fewest features that make up a share of a task's importance together, the most important first.

    Examples
    --------
    >>> decisive(np.array([0.1, 0.4, 0.3, 0.0])).tolist(), decisive(np.zeros(3)).tolist()
    ([1], [])
    """
    total = weights.sum()
    if not total > 0:
        return np.zeros(0, dtype=np.intp)
    order = np.argsort(-weights, kind="stable")
    reached = np.cumsum(weights[order]) / total
    return order[: int(np.searchsorted(reached, share - 1e-12)) + 1]


def that_matter(importances: Mapping[str, Floats]) -> tuple[int, ...]:
    """Features that are decisive for at least one task, in the order of the table."""
    chosen = {int(j) for weights in importances.values() for j in decisive(weights)}
    return tuple(sorted(chosen))


def expert_shares(experts: Floats) -> Floats:
    """Share of linear, own and shared in a task's mean absolute contributions, (3,); zeros where it has none.

    Parameters
    ----------
    experts : (n, 3)
        Of `Explained.experts`. The shares are of absolute values before the experts are added, so opposite
        contributions of two experts count for both.
    """
    size = experts.mean(axis=0)
    total = size.sum()
    return np.asarray(size / total if total > 0 else np.zeros(len(size)))


@dataclass(frozen=True)
class Band:
    """Contributions of one feature at some of its values.

    `low` and `high` bound the values (equal for a level); both are NaN for patients in whom it is missing. `n`
    patients; lower quartile, median and upper quartile of their contributions.
    """

    low: float
    high: float
    n: int
    quartiles: tuple[float, float, float]


def bands(x: Floats, contribution: Floats, levels: bool, most: int = THIRDS) -> tuple[Band, ...]:
    """Contributions by value: each level, or up to `most` groups of equal size, then the patients without a value.

    Parameters
    ----------
    x, contribution : (n,)
        A feature's encoded value, NaN where missing, and its contribution.
    levels
        The feature has few values that each deserve a group of their own.
    """
    known = ~np.isnan(x)
    groups: list[NDArray[np.bool_]] = []
    if known.any():
        distinct = np.unique(x[known])
        if levels or len(distinct) <= most:
            groups = [x == value for value in distinct]
        else:
            edges = np.unique(np.quantile(x[known], np.linspace(0, 1, most + 1)))
            place = np.searchsorted(edges[1:-1], x, side="left")
            groups = [known & (place == k) for k in range(len(edges) - 1)]
    made = [_band(x, contribution, group) for group in groups if group.any()]
    return tuple(made + ([_band(x, contribution, ~known)] if not known.all() else []))


def _band(x: Floats, contribution: Floats, group: NDArray[np.bool_]) -> Band:
    low, middle, high = (float(q) for q in np.quantile(contribution[group], [0.25, 0.5, 0.75]))
    return Band(float(x[group].min()), float(x[group].max()), int(group.sum()), (low, middle, high))


def ranks(x: Floats) -> Floats:
    """Mid-rank of each value among the known ones, 0 to 1; NaN where missing.

    Examples
    --------
    >>> ranks(np.array([10.0, 30.0, np.nan, 20.0])).round(2).tolist()
    [0.17, 0.83, nan, 0.5]
    """
    known = np.sort(x[~np.isnan(x)])
    if not len(known):
        return np.full(len(x), np.nan)
    middle = (np.searchsorted(known, x, "left") + np.searchsorted(known, x, "right")) / (2.0 * len(known))
    return np.where(np.isnan(x), np.nan, middle)

"""What a table holds before anything is learnt from it: gaps, distributions, outliers, repeats, labels, Table 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from mtl.data import Target, encode, targets
from mtl.language import gettext as _
from mtl.study import Feature, Study
from mtl.tables.look_drift import Drift, drift
from mtl.tables.look_missing import Missingness, groups_of, missingness
from mtl.tables.table_one import TableOne, describe, places

__all__ = ["Drift", "Look", "TableOne", "drift", "look"]

Floats = NDArray[np.float64]

BINS = 20
FAR = 3.0  # interquartile ranges beyond the quartiles: Tukey's "far out"
CORRELATION_ROWS = 20_000
STRONG = 0.7
FEW_LABELLED = 20
FEW_OF_A_KIND = 5
SPARSE_PER_FEATURE = 10  # events, or rows of the rarer class, a feature: Peduzzi 1996
MOST_ROWS_NAMED = 20


@dataclass(frozen=True)
class Distribution:
    """A feature in the groups of one task.

    Numbers: `edges` (k+1,) and `counts` (k,) a group, with `quartiles`. Levels: `levels` and a count for each.
    """

    column: str
    task: str
    edges: tuple[float, ...]
    levels: tuple[str, ...]
    counts: dict[str, tuple[int, ...]]
    quartiles: dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Outliers:
    """Values far from the rest: below `low` or above `high`, and how many lie outside the study's valid range.

    On the logarithm where the values are positive and long-tailed (`log`). `rows` are places in the table, the furthest
    first, `MOST_ROWS_NAMED` at most.
    """

    column: str
    low: float
    high: float
    log: bool
    count: int
    invalid: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Correlations:
    """Spearman's coefficient of every two features with an order, (q, q); `rows` of the table were used."""

    names: tuple[str, ...]
    values: Floats
    rows: int

    def strongest(self, least: float = STRONG) -> list[tuple[str, str, float]]:
        """Pairs of features at least so strongly correlated, the strongest first."""
        i, j = np.triu_indices(len(self.names), 1)
        found = [(self.names[a], self.names[b], float(self.values[a, b])) for a, b in zip(i, j, strict=True)]
        return sorted((f for f in found if abs(f[2]) >= least), key=lambda f: -abs(f[2]))


@dataclass(frozen=True)
class Duplicates:
    """Rows that repeat an earlier one in every column but the identifier, and identifiers that occur more than once."""

    rows: tuple[int, ...]
    n_rows: int
    n_identifiers: int
    identifier: str


@dataclass(frozen=True)
class Labels:
    """What one task can learn from: rows with an outcome, and of each class; events, and by each horizon.

    `few` says what is too little, "" where nothing is.
    """

    task: str
    kind: str
    rows: int
    labelled: int
    counts: dict[str, int]
    few: str = ""
    followed: float | None = None
    by_horizon: tuple[tuple[float, int, int], ...] = ()


@dataclass(frozen=True)
class Look:
    """Everything `look` found; nothing in it names a patient but for places of rows."""

    rows: int
    missing: Missingness
    distributions: tuple[Distribution, ...]
    outliers: tuple[Outliers, ...]
    correlations: Correlations
    duplicates: Duplicates
    labels: tuple[Labels, ...]
    table_one: TableOne
    grouped_by: str


def look(study: Study, table: pd.DataFrame, by: str | None = None) -> Look:
    """Look at a table as a study reads it.

    Parameters
    ----------
    study, table
        Cells are read as the model reads them; what it cannot read counts as missing.
    by
        The task whose groups Table 1 compares: the first that has two or more, if left out.

    Notes
    -----
    Everything counts all rows but the correlations, which take at most `CORRELATION_ROWS` at random.

    Examples
    --------
    >>> from mtl.data import load_sample
    >>> found = look(*load_sample("pbc"))
    >>> found.labels[0].counts, found.missing.by_feature[7].missing
    ({'0': 288, '1': 24}, 134)
    """
    encoded = encode(study, table)
    every = targets(study, table)
    features = study.features
    groups = {name: groups_of(target) for name, target in every.items()}
    chosen = by or next((name for name, found in groups.items() if len(found) > 1), "")
    masks = groups.get(chosen, {})
    distributions = tuple(
        found
        for j, feature in enumerate(features)
        for found in _distributions(feature, encoded.X[:, j], {t: g for t, g in groups.items() if len(g) > 1})
    )
    rows = tuple(describe(feature, encoded.X[:, j], masks) for j, feature in enumerate(features))
    return Look(
        len(table),
        missingness(encoded.X, encoded.names, every),
        distributions,
        tuple(found for j, f in enumerate(features) if (found := _outliers(f, encoded.X[:, j])) is not None),
        _correlations(features, encoded.X),
        duplicates(study, table),
        tuple(labels(study, name, target) for name, target in every.items()),
        TableOne(len(table), {name: int(mask.sum()) for name, mask in masks.items()}, rows),
        chosen,
    )


def _distributions(
    feature: Feature, values: Floats, groups: dict[str, dict[str, NDArray[np.bool_]]]
) -> list[Distribution]:
    """One feature in the groups of every task."""
    known = np.isfinite(values)
    if feature.kind != "numeric":
        levels = ("0", "1") if feature.kind == "boolean" else tuple(level.text for level in feature.levels)
        place = places(feature, values)
        return [
            Distribution(feature.name, task, (), levels, _counted(place, known, masks, len(levels)), {})
            for task, masks in groups.items()
        ]
    if not known.any():
        return [Distribution(feature.name, task, (), (), {}, {}) for task in groups]
    low, high = np.quantile(values[known], [0.005, 0.995])
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    width = edges[1] - edges[0]  # the ends take what lies beyond
    place = np.clip(np.floor((np.where(known, values, low) - low) / width), 0, BINS - 1).astype(np.intp)
    found = []
    for task, masks in groups.items():
        quartiles = {}
        for label, mask in masks.items():
            own = values[mask & known]
            if len(own):
                a, b, c = np.quantile(own, [0.25, 0.5, 0.75])
                quartiles[label] = (float(a), float(b), float(c))
        counts = _counted(place, known, masks, BINS)
        found.append(Distribution(feature.name, task, tuple(edges.tolist()), (), counts, quartiles))
    return found


def _counted(
    place: NDArray[np.intp], known: NDArray[np.bool_], masks: dict[str, NDArray[np.bool_]], n: int
) -> dict[str, tuple[int, ...]]:
    return {
        label: tuple(np.bincount(place[mask & known], minlength=n).tolist()) for label, mask in masks.items()
    }


def _outliers(feature: Feature, values: Floats) -> Outliers | None:
    if feature.kind != "numeric":
        return None
    places = np.flatnonzero(np.isfinite(values))
    known = values[places]
    if len(known) < FEW_LABELLED:
        return None
    invalid = 0
    if feature.valid is not None:
        invalid = int(((known < feature.valid[0]) | (known > feature.valid[1])).sum())
    q1, q2, q3 = np.quantile(known, [0.25, 0.5, 0.75])
    log = bool(known.min() > 0 and q3 - q2 > 1.5 * (q2 - q1))
    scaled = np.log(known) if log else known
    if log:
        q1, q3 = np.log(q1), np.log(q3)
    width = q3 - q1
    low, high = q1 - FAR * width, q3 + FAR * width
    far = (scaled < low) | (scaled > high) if width > 0 else np.zeros(len(known), dtype=bool)
    if not far.any() and not invalid:
        return None
    distance = np.maximum(low - scaled, scaled - high)
    order = np.flatnonzero(far)[np.argsort(-distance[far], kind="stable")][:MOST_ROWS_NAMED]
    ends = (float(np.exp(low)), float(np.exp(high))) if log else (float(low), float(high))
    return Outliers(feature.name, *ends, log, int(far.sum()), invalid, tuple(int(places[i]) for i in order))


def _correlations(features: Sequence[Feature], X: Floats) -> Correlations:
    ordered = [j for j, feature in enumerate(features) if feature.kind != "categorical"]
    names = tuple(features[j].name for j in ordered)
    rows = np.arange(len(X))
    if len(X) > CORRELATION_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(len(X), CORRELATION_ROWS, replace=False))
    Z = X[rows][:, ordered]
    known = np.isfinite(Z)
    ranks = np.zeros_like(Z)
    for j in range(Z.shape[1]):
        own = known[:, j]
        ranks[own, j] = rankdata(Z[own, j])
    weight = known.astype(float)
    n = weight.T @ weight
    total = ranks.T @ weight  # sums of j's ranks over the rows that k knows too
    square = (ranks**2).T @ weight
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = ranks.T @ ranks - total * total.T / n
        spread = square - total**2 / n
        values = cross / np.sqrt(spread * spread.T)
    values = np.where(n >= 10, np.clip(values, -1, 1), np.nan)
    np.fill_diagonal(values, 1.0)
    return Correlations(names, values, len(rows))


def duplicates(study: Study, table: pd.DataFrame) -> Duplicates:
    """Rows that are the same but for the identifier, and identifiers that occur again."""
    others = [name for name in table.columns if name != study.identifier]
    repeated = np.zeros(len(table), dtype=bool)
    if others:
        keys = np.zeros(len(table), dtype=np.uint64)
        for place, name in enumerate(others):  # column by column: a copy of the table would double its memory
            keys = keys * np.uint64(1_000_003) + _hashed(table[name]) + np.uint64(place)
        repeated = pd.Series(keys).duplicated().to_numpy()
    again = 0
    if study.identifier in table.columns:
        again = int(table[study.identifier].dropna().duplicated(keep=False).sum())
    found = tuple(int(i) for i in np.flatnonzero(repeated)[:MOST_ROWS_NAMED])
    return Duplicates(found, int(repeated.sum()), again, study.identifier)


def _hashed(column: pd.Series) -> NDArray[np.uint64]:
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype):
        return np.asarray(pd.util.hash_array(column.to_numpy(dtype=np.float64, na_value=np.nan)))
    return np.asarray(pd.util.hash_array(pd.factorize(column)[0]))


def labels(study: Study, name: str, target: Target) -> Labels:
    """What one task has to learn from, and what of it is too little."""
    task = study.task(name)
    labelled = int(target.labelled.sum())
    features = len(study.visible(name))
    if target.kind == "survival":
        events = int(np.nansum(target.event))
        counts = {"event": events, "censored": labelled - events}
        horizons = tuple(
            (h, int(np.nansum((target.event == 1) & (target.time <= h))), int(np.nansum(target.time > h)))
            for h in task.horizons
        )
        few = _few(labelled, events, features, _("events"))
        return Labels(name, target.kind, len(target), labelled, counts, few, followed(target), horizons)
    if target.kind == "regression":
        return Labels(
            name, target.kind, len(target), labelled, {}, _few(labelled, labelled, features, _("rows"))
        )
    classes = target.classes if target.kind == "multiclass" else ("0", "1")
    counts = {label: int((target.y == place).sum()) for place, label in enumerate(classes)}
    rest = labelled - max(counts.values(), default=0)
    few = _few(labelled, rest, features, _("rows outside the commonest class"))
    rare = [label for label, count in counts.items() if 0 < count < FEW_OF_A_KIND]
    if not few and rare:
        few = _("fewer than {n} rows of {classes}").format(n=FEW_OF_A_KIND, classes=", ".join(rare))
    return Labels(name, target.kind, len(target), labelled, counts, few)


def _few(labelled: int, of_a_kind: int, features: int, what: str) -> str:
    if labelled < FEW_LABELLED:
        return _("too few to train: {n} labelled rows, at least {least} are needed").format(
            n=labelled, least=FEW_LABELLED
        )
    if of_a_kind < FEW_OF_A_KIND:
        return _("too few to train: {n} {what}, at least {least} are needed").format(
            n=of_a_kind, what=what, least=FEW_OF_A_KIND
        )
    if of_a_kind < SPARSE_PER_FEATURE * features:
        return _("few: {n} {what} for {features} features; expect wide intervals").format(
            n=of_a_kind, what=what, features=features
        )
    return ""


def followed(target: Target) -> float | None:
    """Median follow-up in years by the reverse Kaplan-Meier method (Schemper and Smith 1996); None where not reached."""
    known = target.labelled
    time, censored = target.time[known], target.event[known] == 0
    order = np.argsort(time, kind="stable")
    time, censored = time[order], censored[order]
    times, first = np.unique(time, return_index=True)
    left = np.add.reduceat(censored.astype(float), first) if len(times) else np.zeros(0)
    at_risk = len(time) - first
    survival = np.cumprod(1 - left / np.maximum(at_risk, 1))
    below = np.flatnonzero(survival <= 0.5)
    return float(times[below[0]]) if len(below) else None

"""Table 1: every feature described, for all patients and by group, with standardised differences and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from mtl.data import encode
from mtl.language import gettext as _
from mtl.language import measured, number, percent, study_language
from mtl.study import Feature, Study

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Numeric:
    """A numeric feature in one group."""

    n: int
    mean: float
    sd: float
    median: float
    low_quartile: float
    high_quartile: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Counts:
    """A feature with levels in one group: patients with each level, of those with a value."""

    n: int
    levels: dict[str, int]


@dataclass(frozen=True)
class Row:
    """One feature: `overall` and `groups` describe it, `difference` is the largest standardised difference of two groups.

    `p` is of Welch's t test or one-way analysis of variance (numbers), of the chi-squared test without correction
    (levels); None where there are fewer than two groups or nothing to test.
    """

    feature: Feature
    missing: int
    overall: Numeric | Counts
    groups: dict[str, Numeric | Counts]
    difference: float | None = None
    p: float | None = None


@dataclass(frozen=True)
class TableOne:
    """A description of a cohort: `n` patients, of whom `groups` counts those in each group."""

    n: int
    groups: dict[str, int]
    rows: tuple[Row, ...]

    def frame(self) -> pd.DataFrame:
        """The table as texts in the language in use: a row a feature or level, a column for all and for each group."""
        words = study_language()
        lines: list[dict[str, str]] = []
        heads = {_("All"): None, **{label: label for label in self.groups}}
        for row in self.rows:
            title = row.feature.title(words)
            unit = row.feature.unit.get(words)
            described = {
                head: row.overall if key is None else row.groups.get(key) for head, key in heads.items()
            }
            last = {
                _("Missing"): number(row.missing),
                _("Difference"): _apart(row.difference),
                _("p"): "" if row.p is None else ("<0.001" if row.p < 0.001 else number(row.p, 3)),
            }
            if isinstance(row.overall, Numeric):
                lines.append(
                    {
                        _("Feature"): f"{title}, {unit}" if unit else title,
                        _("Level"): _("median (quartiles)"),
                        **_texts(described, row.feature, None),
                        **last,
                    }
                )
                lines.append(
                    {_("Feature"): "", _("Level"): _("mean (SD)"), **_texts(described, row.feature, "mean")}
                )
                continue
            for place, level in enumerate(row.overall.levels):
                first = {_("Feature"): title if place == 0 else ""}
                lines.append(
                    {
                        **first,
                        _("Level"): _shown(row.feature, level),
                        **_texts(described, row.feature, level),
                        **(last if place == 0 else {}),
                    }
                )
        return pd.DataFrame(lines).fillna("")


def _apart(difference: float | None) -> str:
    if difference is None:
        return ""
    return number(difference, 2) if np.isfinite(difference) else "∞"


def _texts(
    described: Mapping[str, Numeric | Counts | None], feature: Feature, level: str | None
) -> dict[str, str]:
    texts = {}
    quartiles = [part for part in described.values() if isinstance(part, Numeric) and part.n]
    decimals = _decimals(
        [v for part in quartiles for v in (part.median, part.low_quartile, part.high_quartile)], feature
    )
    for head, part in described.items():
        if part is None or part.n == 0:
            texts[head] = ""
        elif isinstance(part, Counts):
            count = part.levels.get(level or "", 0)
            texts[head] = f"{number(count)} ({percent(count / part.n, 1)})"
        elif level == "mean":
            texts[head] = f"{_figure(part.mean, feature)} ({_figure(part.sd, feature)})"
        else:
            between = _("{low} to {high}").format(
                low=measured(part.low_quartile, decimals), high=measured(part.high_quartile, decimals)
            )
            texts[head] = f"{measured(part.median, decimals)} ({between})"
    return texts


def _figure(value: float, feature: Feature) -> str:
    return measured(value, min((feature.decimals or 0) + 1, 6))


def _decimals(quartiles: list[float], feature: Feature) -> int:
    """As patients' values have them; a place more, for the whole row, where one lies between those of two patients."""
    recorded = feature.decimals or 0
    between = any(abs(value - round(value, recorded)) > 1e-9 for value in quartiles)
    return min(recorded + 1, 6) if between else recorded


def _shown(feature: Feature, level: str) -> str:
    words = study_language()
    if feature.kind == "boolean":
        return _("yes") if level == "1" else _("no")
    return next((found.get(words) for found in feature.levels if found.text == level), level)


def table_one(
    study: Study, table: pd.DataFrame, groups: Mapping[str, NDArray[np.bool_]] | None = None
) -> TableOne:
    """Describe every feature of a study, as clinical papers do in their first table.

    Parameters
    ----------
    study, table
        Cells are read as the model reads them; what it cannot read counts as missing.
    groups
        Masks (n,) by the name of the group; rows in no group are described among all only.

    Examples
    --------
    >>> from mtl.data import load_sample
    >>> study, table = load_sample("pbc")
    >>> found = table_one(study, table, {"placebo": (table["trt"] == 2).to_numpy(), "drug": (table["trt"] == 1).to_numpy()})
    >>> found.groups, round(found.rows[0].overall.mean, 1)
    ({'placebo': 154, 'drug': 158}, 50.7)
    """
    encoded = encode(study, table)
    masks = {name: np.asarray(rows, dtype=bool) for name, rows in (groups or {}).items()}
    rows = tuple(
        describe(feature, encoded.X[:, place], masks) for place, feature in enumerate(study.features)
    )
    return TableOne(len(table), {name: int(mask.sum()) for name, mask in masks.items()}, rows)


def describe(feature: Feature, values: Floats, masks: Mapping[str, NDArray[np.bool_]]) -> Row:
    """One feature of Table 1, from its encoded values (n,) and the masks of the groups."""
    known = np.isfinite(values)
    missing = int((~known).sum())
    difference = p = None
    if feature.kind == "numeric":
        split = {name: values[mask & known] for name, mask in masks.items()}
        filled = [part for part in split.values() if len(part)]
        if len(filled) > 1:
            difference, p = _numbers_differ(filled)
        described = {name: _numeric(part) for name, part in split.items()}
        return Row(feature, missing, _numeric(values[known]), dict(described), difference, p)
    names = ("0", "1") if feature.kind == "boolean" else tuple(level.text for level in feature.levels)
    place = places(feature, values)
    counts = {name: np.bincount(place[mask & known], minlength=len(names)) for name, mask in masks.items()}
    table = np.array([count for count in counts.values() if count.sum()], dtype=float)
    if len(table) > 1:
        difference, p = _levels_differ(table)
    overall = _counted(np.bincount(place[known], minlength=len(names)), names)
    return Row(
        feature, missing, overall, {n: _counted(count, names) for n, count in counts.items()}, difference, p
    )


def places(feature: Feature, values: Floats) -> NDArray[np.intp]:
    """The place among its levels of each encoded value (n,) of a feature that has levels; 0 where missing."""
    codes = np.array([0.0, 1.0] if feature.kind == "boolean" else feature.level_numbers)
    place = np.searchsorted(codes, np.where(np.isfinite(values), values, codes[0]))
    return np.minimum(place, len(codes) - 1)


def _counted(counts: NDArray[np.intp], names: tuple[str, ...]) -> Counts:
    return Counts(int(counts.sum()), dict(zip(names, counts.tolist(), strict=True)))


def _numeric(values: Floats) -> Numeric:
    if not len(values):
        return Numeric(0, *[float("nan")] * 7)
    low, middle, high = (float(v) for v in np.quantile(values, [0.25, 0.5, 0.75]))
    sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return Numeric(
        len(values), float(values.mean()), sd, middle, low, high, float(values.min()), float(values.max())
    )


def _numbers_differ(split: list[Floats]) -> tuple[float | None, float | None]:
    """Cohen's d of the two groups furthest apart; Welch's t test, or analysis of variance for more than two."""
    gaps = []
    for a, b in combinations(split, 2):
        if len(a) > 1 and len(b) > 1:
            pooled = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
            gaps.append(abs(float(a.mean() - b.mean())) / float(pooled) if pooled > 0 else 0.0)
    if any(len(part) < 2 for part in split) or all(np.ptp(part) == 0 for part in split):
        return (max(gaps) if gaps else None), None
    if len(split) == 2:
        p = float(stats.ttest_ind(split[0], split[1], equal_var=False).pvalue)
    else:
        p = float(stats.f_oneway(*split).pvalue)
    return (max(gaps) if gaps else None), p if np.isfinite(p) else None


def _levels_differ(table: Floats) -> tuple[float | None, float | None]:
    """The multinomial standardised difference of the two groups furthest apart (Yang and Dalton 2012); chi-squared."""
    share = table / table.sum(axis=1, keepdims=True)
    gaps = []
    for a, b in combinations(share, 2):
        keep = a + b > 0
        keep[np.flatnonzero(keep)[0]] = False  # one level follows from the others
        d = (a - b)[keep]
        if not len(d):
            gaps.append(0.0)
            continue
        if not ((a > 0) & (b > 0)).any():  # no level in common
            gaps.append(float("inf"))
            continue
        spread = (
            np.diag(a[keep]) - np.outer(a[keep], a[keep]) + np.diag(b[keep]) - np.outer(b[keep], b[keep])
        ) / 2
        gaps.append(float(np.sqrt(max(d @ np.linalg.pinv(spread) @ d, 0.0))))
    filled = table[:, table.sum(axis=0) > 0]
    if filled.shape[1] < 2:
        return max(gaps), None
    return max(gaps), float(stats.chi2_contingency(filled, correction=False).pvalue)

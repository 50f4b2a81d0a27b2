"""Which columns know an outcome that they could not know when the question is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from mtl.language import gettext as _
from mtl.language import number, percent
from mtl.tables.infer_measures import (
    agreement_of,
    auc,
    auc_low,
    binned,
    determined,
    kappa,
    kappa_low,
    linear_r2,
    out_of_half,
    spearman,
    xi,
)
from mtl.tables.kinds import Column

Floats = NDArray[np.float64]
SuspicionKind = Literal["leakage", "identifier", "constant", "near_duplicate", "free_text", "date"]

# Each threshold with its reason in docs/inference.md.
AUC, AUC_AT_LEAST = 0.98, 0.97  # estimate, and its lower confidence limit
AGREEMENT, AGREEMENT_AT_LEAST = (
    0.85,
    0.65,
)  # Cohen's kappa with the outcome, for columns of few values; its lower limit
FUNCTION = 0.8  # Chatterjee's xi: how far one is a function of the other
RANK = 0.98  # Spearman, with a regression target
TIME_RANK = 0.95  # Spearman, with a follow-up time
PURE = 0.98  # of one outcome, among the rows where the column is known
COPY = 0.85  # squared correlation with two classes: the best of cytology has .63
JOINT_AUC, JOINT_AUC_AT_LEAST = 0.998, 0.985  # two columns together
JOINT_R2 = 0.98
LIKELY = 1e-6  # a chance result is less likely than this
FEWEST = 20
FEWEST_OF_A_KIND = 5
SINGLE_ROWS = 5_000
JOINT_ROWS = 3_000
JOINT_COLUMNS = 120


@dataclass(frozen=True)
class Goal:
    """An outcome as the search sees it: `y` (n,) codes of classes or numbers, or `years` and `occurred`; NaN unknown."""

    name: str
    kind: Literal["binary", "multiclass", "regression", "survival"]
    y: Floats = field(repr=False)
    years: Floats | None = field(default=None, repr=False)

    def subset(self, rows: NDArray[np.intp]) -> Goal:
        """The same outcome for some rows."""
        return Goal(self.name, self.kind, self.y[rows], None if self.years is None else self.years[rows])


@dataclass(frozen=True)
class Suspicion:
    """Something about a column a researcher should judge; `evidence` is the number that `reason` speaks of."""

    column: str
    kind: SuspicionKind
    reason: str
    evidence: float
    task: str = ""


@dataclass(frozen=True)
class Seen:
    """A column as numbers (n,), NaN unknown; codes of categories where `nominal`."""

    name: str
    values: Floats
    nominal: bool
    few: bool
    spared: bool

    def subset(self, rows: NDArray[np.intp]) -> Seen:
        """The same column for some rows."""
        return Seen(self.name, self.values[rows], self.nominal, self.few, self.spared)


def seen(column: Column) -> Seen:
    """A column as the search sees it."""
    nominal = column.form in ("categorical", "text")
    values = np.where(column.codes < 0, np.nan, column.codes.astype(float)) if nominal else column.numbers
    spared = "background" in column.says or "laboratory" in column.says or "pathology" in column.says
    return Seen(column.name, values, nominal, column.distinct <= 12, spared)


def leaks(columns: Sequence[Column], goals: Sequence[Goal], seed: int = 0) -> list[Suspicion]:
    """Columns that know an outcome alone, by being missing, or two together; the strongest reason a column and outcome.

    Large tables are judged by a random sample of `SINGLE_ROWS` rows, pairs of columns by `JOINT_ROWS`.
    """
    if not columns or not goals:
        return []
    rng = np.random.default_rng(seed)
    rows = some_rows(len(goals[0].y), SINGLE_ROWS, rng)
    shown = [seen(column).subset(rows) for column in columns]
    shortened = [goal.subset(rows) for goal in goals]
    found: dict[tuple[str, str], Suspicion] = {}
    for goal in shortened:
        for column in shown:
            why = _alone(column, goal, rng) or _by_missing(column, goal)
            if why:
                found[column.name, goal.name] = Suspicion(column.name, "leakage", why[0], why[1], goal.name)
    caught = {name for name, _goal in found}
    few = some_rows(len(rows), JOINT_ROWS, rng)
    rest = [column.subset(few) for column in shown if column.name not in caught][:JOINT_COLUMNS]
    for goal in shortened:
        for name, why in _together(rest, goal.subset(few)):
            found.setdefault((name, goal.name), Suspicion(name, "leakage", why[0], why[1], goal.name))
    return list(found.values())


def some_rows(n: int, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """At most so many of n rows, at random, in order."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


Why = tuple[str, float]


def _alone(column: Seen, goal: Goal, rng: np.random.Generator) -> Why | None:
    known = np.isfinite(column.values) & np.isfinite(goal.y)
    if goal.years is not None:
        known &= np.isfinite(goal.years)
    if known.sum() < FEWEST or len(np.unique(column.values[known])) < 2:
        return None
    x, y = column.values[known], goal.y[known]
    if goal.kind == "regression":
        return _of_numbers(x, y, column, rng, RANK)
    if goal.kind == "survival" and goal.years is not None:
        return _of_survival(x, y, goal.years[known], column, rng)
    if goal.kind == "multiclass" and len(np.unique(y)) > 2:
        return _of_classes(x, y, column, rng)
    return _of_two(x, y, column, rng)


def _of_two(x: Floats, y: Floats, column: Seen, rng: np.random.Generator) -> Why | None:
    """Alone it tells two classes apart."""
    positive = y == y.max()
    n, m = int(positive.sum()), int((~positive).sum())
    if min(n, m) < FEWEST_OF_A_KIND:
        return None
    area = 0.5
    if not column.nominal:
        area = auc(x, positive)
        area = max(area, 1 - area)
    if area <= AUC and (column.nominal or len(np.unique(x)) > 2):
        area = max(area, auc(out_of_half(x, positive.astype(float), column.nominal, rng), positive))
    # of few patients even a perfect separation is no proof, unless the column is the outcome, a little blurred
    sure = auc_low(area, n, m) > AUC_AT_LEAST or (
        not column.nominal and linear_r2(x, positive.astype(float)) > COPY
    )
    if area > AUC and sure:
        return _("alone it tells the outcome apart: AUC {auc}").format(auc=number(area, 3)), area
    if column.few:
        agreement = agreement_of(x, positive.astype(float), rng)
        if agreement > AGREEMENT and kappa_low(agreement, positive.astype(float)) > AGREEMENT_AT_LEAST:
            return _("it agrees with the outcome: kappa {kappa}").format(
                kappa=number(agreement, 2)
            ), agreement
    return None


def _of_classes(x: Floats, y: Floats, column: Seen, rng: np.random.Generator) -> Why | None:
    agreement = agreement_of(binned(x, column.nominal), y, rng)
    if agreement > AGREEMENT and kappa_low(agreement, y) > AGREEMENT_AT_LEAST:
        return _("it tells the class: kappa {kappa}").format(kappa=number(agreement, 2)), agreement
    return None


def _of_numbers(x: Floats, y: Floats, column: Seen, rng: np.random.Generator, rank: float) -> Why | None:
    """It is a function of the target, or the target of it."""
    if not column.nominal:
        rho = abs(spearman(x, y))
        if rho > rank and not column.few:
            return _("its ranks are those of the outcome: Spearman {rho}").format(rho=number(rho, 3)), rho
    forwards = determined(x, y, column.nominal, rng)
    if forwards > FUNCTION and min(np.unique(x, return_counts=True)[1].max(), len(x)) < len(x) - 7:
        return _("it is a function of the outcome: xi {xi}").format(xi=number(forwards, 2)), forwards
    if not column.nominal and not column.few:
        back = xi(x, y, rng)
        if back > FUNCTION:
            return _("the outcome is a function of it: xi {xi}").format(xi=number(back, 2)), back
    return None


def _of_survival(
    x: Floats, occurred: Floats, years: Floats, column: Seen, rng: np.random.Generator
) -> Why | None:
    why = _of_two(x, occurred, column, rng)
    if why:
        return why
    # not among the censored: how long they were followed is the calendar's doing, so their year of entry would be accused
    for rows in (np.ones(len(x), dtype=bool), occurred == 1):
        if (
            rows.sum() >= FEWEST
            and len(np.unique(x[rows])) > 1
            and len(np.unique(years[rows])) > FEWEST_OF_A_KIND
        ):
            why = _of_numbers(x[rows], years[rows], column, rng, TIME_RANK)
            if why:
                return why
    # its own order within the event: a function of time and event together
    place = np.lexsort((rng.random(len(x)), years, occurred))
    rank = np.empty(len(x))
    rank[place] = np.arange(len(x))
    both = determined(x, rank, column.nominal, rng)
    if both > FUNCTION and np.unique(x, return_counts=True)[1].max() < len(x) - 7:
        return _("it is a function of time and event: xi {xi}").format(xi=number(both, 2)), both
    for cut in np.unique([*np.quantile(years, [0.25, 0.5, 0.75]), 1, 5]):
        status = np.where(years > cut, 0.0, np.where(occurred == 1, 1.0, np.nan))
        known = np.isfinite(status)
        if known.sum() >= FEWEST and len(np.unique(x[known])) > 1:
            why = _of_two(x[known], status[known], column, rng) if len(np.unique(status[known])) > 1 else None
            if why:
                return why
    return None


def _by_missing(column: Seen, goal: Goal) -> Why | None:
    """Being missing tells the outcome: recorded only for those with it, or only for those without."""
    judged = np.isfinite(goal.y)
    gone = ~np.isfinite(column.values[judged])
    y = goal.y[judged]
    if goal.kind == "regression" or min(gone.sum(), (~gone).sum()) < FEWEST_OF_A_KIND:
        return None
    for value in np.unique(y):
        with_it = y == value
        base = float(with_it.mean())
        agreement = abs(kappa(with_it.astype(float), (~gone).astype(float)))
        if agreement > AGREEMENT and kappa_low(agreement, with_it.astype(float)) > AGREEMENT_AT_LEAST:
            return _("whether it is recorded tells the outcome: kappa {kappa}").format(
                kappa=number(agreement, 2)
            ), agreement
        recorded = with_it[~gone]
        share = float(recorded.mean())
        chance = float(binom.sf(recorded.sum() - 1, len(recorded), base))
        two = goal.kind != "multiclass" or len(np.unique(y)) == 2
        if share >= PURE and two and base <= 0.9 and chance < LIKELY:
            return _("it is recorded only where the outcome is the same: {share} of those rows").format(
                share=percent(share)
            ), share
    return None


# Two columns together --------------------------------------------------------------------------------------------------


def _together(columns: list[Seen], goal: Goal) -> list[tuple[str, Why]]:
    """Columns of which two give the outcome that neither gives alone: a sum, a difference, a ratio, an exclusive or."""
    usable = [c for c in columns if not c.nominal or len(np.unique(c.values[np.isfinite(c.values)])) == 2]
    if len(usable) < 2:
        return []
    X = np.column_stack([column.values for column in usable])
    outcomes: list[tuple[Floats, bool]] = []
    if goal.kind == "survival" and goal.years is not None:
        outcomes = [(goal.years, True), (np.where(goal.y == 1, goal.years, np.nan), True), (goal.y, False)]
    elif goal.kind == "regression":
        outcomes = [(goal.y, True)]
    else:
        codes = np.unique(goal.y[np.isfinite(goal.y)])
        outcomes = [
            (np.where(np.isfinite(goal.y), (goal.y == code).astype(float), np.nan), False)
            for code in (codes[-1:] if len(codes) == 2 else codes[:6])
        ]
    hits: list[tuple[int, int, float, bool]] = []
    for y, numeric in outcomes:
        hits += _pairs(X, y, numeric)
    return _blamed(usable, hits)


def _pairs(X: Floats, y: Floats, numeric: bool) -> list[tuple[int, int, float, bool]]:
    rows = np.isfinite(y)
    if rows.sum() < 2 * FEWEST:
        return []
    X, y = X[rows], y[rows]
    if not numeric and min(y.sum(), len(y) - y.sum()) < 2 * FEWEST_OF_A_KIND:
        return []
    known = np.isfinite(X)
    hits: list[tuple[int, int, float, bool]] = []
    scales = [X]
    if numeric and (y > 0).all():
        scales.append(np.where(known & (X > 0), np.log(np.where(X > 0, X, 1.0)), np.nan))
    for place, Z in enumerate(scales):
        target = np.log(y) if place else y
        shown = np.isfinite(Z)
        mean = np.where(
            shown.any(axis=0),
            np.nansum(np.where(shown, Z, 0), axis=0) / np.maximum(shown.sum(axis=0), 1),
            0.0,
        )
        filled = np.where(shown, Z, mean) - mean
        for j in range(Z.shape[1]):
            own = shown[:, j]
            if own.sum() < 2 * FEWEST or np.ptp(filled[own, j]) == 0:
                continue
            hits += [
                (j, int(k), score, numeric)
                for k, score in _with_others(filled[own], target[own], j, numeric)
                if k > j or place
            ]
    return hits


def _with_others(Z: Floats, y: Floats, j: int, numeric: bool) -> list[tuple[int, float]]:
    Z = Z - Z.mean(axis=0)
    y0 = y - y.mean()
    spread = np.sqrt((Z**2).mean(axis=0))
    tall = np.sqrt((y0**2).mean())
    alive = spread > 1e-12 * np.maximum(np.abs(Z).max(axis=0), 1e-300)
    if tall == 0 or not alive[j]:
        return []
    S = np.where(alive, spread, 1.0)
    rjk = Z.T @ Z[:, j] / len(Z) / S / S[j]
    ry = Z.T @ y0 / len(Z) / S / tall
    free = 1 - rjk**2
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = (ry**2 + ry[j] ** 2 - 2 * ry * ry[j] * rjk) / free
    good = alive & (free > 1e-6)
    good[j] = False
    if numeric:
        return [(int(k), float(r2[k])) for k in np.flatnonzero(good & (np.nan_to_num(r2) > JOINT_R2))]
    product = Z * Z[:, [j]]
    product = product - product.mean(axis=0)
    wide = np.sqrt((product**2).mean(axis=0))
    crossed = np.abs(product.T @ y0 / len(Z)) / np.where(wide > 0, wide, 1.0) / tall
    found = []
    for k in np.flatnonzero(good & ((np.nan_to_num(r2) > 0.45) | (crossed > 0.7))):
        # weights of the least squares discriminant, and of the product where that is the stronger
        a = (ry[j] - ry[k] * rjk[k]) / S[j]
        b = (ry[k] - ry[j] * rjk[k]) / S[k]
        score = product[:, k] if crossed[k] > 0.7 else a * Z[:, j] + b * Z[:, k]
        area = auc(score, y > 0.5)
        area = max(area, 1 - area)
        sure = max(float(np.nan_to_num(r2)[k]), float(crossed[k]) ** 2) > JOINT_R2
        if area > JOINT_AUC and (
            sure or auc_low(area, int(y.sum()), int(len(y) - y.sum())) > JOINT_AUC_AT_LEAST
        ):
            found.append((int(k), float(area)))
    return found


def _blamed(columns: list[Seen], hits: list[tuple[int, int, float, bool]]) -> list[tuple[str, Why]]:
    """Of each pair the one that is no ordinary finding; both where neither or both are."""
    often: dict[int, set[int]] = {}
    for j, k, _score, _numeric in hits:
        often.setdefault(j, set()).add(k)
        often.setdefault(k, set()).add(j)
    blamed: dict[str, Why] = {}
    for j, k, score, numeric in sorted(hits, key=lambda hit: -hit[2]):
        pair = [j, k]
        if columns[j].spared != columns[k].spared:
            pair = [k if columns[j].spared else j]
        elif len(often[j]) != len(often[k]):
            pair = [j if len(often[j]) > len(often[k]) else k]
        for one in pair:
            other = columns[k if one == j else j].name
            text = (
                _("together with {other} it gives the outcome: R² {score}")
                if numeric
                else _("together with {other} it gives the outcome: AUC {score}")
            )
            blamed.setdefault(columns[one].name, (text.format(other=other, score=number(score, 3)), score))
    return list(blamed.items())

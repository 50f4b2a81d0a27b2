"""How strongly one column tells another: areas, agreement, ranks, and how far one is a function of the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def auc(score: Floats, positive: NDArray[np.bool_]) -> float:
    """The chance that a positive has the higher score; ties count half.

    >>> auc(np.array([1.0, 2.0, 3.0]), np.array([False, False, True]))
    1.0
    """
    n = int(positive.sum())
    m = len(score) - n
    if not n or not m:
        return 0.5
    return float((rankdata(score)[positive].sum() - n * (n + 1) / 2) / (n * m))


def xi(x: Floats, y: Floats, rng: np.random.Generator) -> float:
    """Chatterjee's coefficient: 0 where y is independent of x, 1 where y is a function of x (JASA 2021;116:2009).

    >>> x = np.linspace(-1, 1, 200)
    >>> rng = np.random.default_rng(0)
    >>> xi(x, x**2, rng) > 0.9, abs(xi(x, rng.random(200), rng)) < 0.2
    (True, True)
    """
    order = np.lexsort((rng.random(len(x)), x))
    r = rankdata(y[order], method="max")
    upper = len(y) + 1 - rankdata(y[order], method="min")
    scale = 2 * float((upper * (len(y) - upper)).sum())
    return 1 - len(y) * float(np.abs(np.diff(r)).sum()) / scale if scale else 0.0


def determined(x: Floats, by: Floats, nominal: bool, rng: np.random.Generator) -> float:
    """How far x is a function of `by`: xi, and for the names of categories the agreement of neighbours beyond chance."""
    if not nominal or len(np.unique(x)) == 2:
        return xi(by, x, rng)
    order = np.lexsort((rng.random(len(x)), by))
    same = float((np.diff(x[order]) == 0).mean())
    share = np.unique(x, return_counts=True)[1] / len(x)
    chance = float((share**2).sum())
    return (same - chance) / (1 - chance) if chance < 1 else 0.0


def spearman(x: Floats, y: Floats) -> float:
    """Spearman's rank correlation; 0 where one of the two does not vary."""
    a, b = rankdata(x), rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / size if size else 0.0


def binned(x: Floats, nominal: bool, most: int = 20) -> Floats:
    """The bin of each number, of at most so many of equal size; names and few numbers as they are."""
    if nominal or len(np.unique(x)) <= most:
        return x
    edges = np.unique(np.quantile(x, np.linspace(0, 1, most + 1)[1:-1]))
    return np.searchsorted(edges, x, side="right").astype(float)


def _halves(n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    half: NDArray[np.bool_] = rng.permutation(n) % 2 == 0
    return half


def out_of_half(x: Floats, y: Floats, nominal: bool, rng: np.random.Generator) -> Floats:
    """The mean outcome of each cell's bin, from the other half of the rows."""
    codes = np.unique(binned(x, nominal), return_inverse=True)[1]
    half = _halves(len(x), rng)
    score = np.full(len(x), y.mean())
    for side in (half, ~half):
        n = np.bincount(codes[side], minlength=codes.max() + 1)
        total = np.bincount(codes[side], weights=y[side], minlength=codes.max() + 1)
        score[~side] = ((total + y.mean()) / (n + 1))[codes[~side]]
    return score


def agreement_of(x: Floats, y: Floats, rng: np.random.Generator) -> float:
    """Kappa between the outcome and what is commonest for each value of x in the other half of the rows."""
    xs, ys = np.unique(x, return_inverse=True)[1], np.unique(y, return_inverse=True)[1]
    half = _halves(len(x), rng)
    told = np.full(len(x), np.bincount(ys).argmax())
    for side in (half, ~half):
        table = np.zeros((xs.max() + 1, ys.max() + 1))
        np.add.at(table, (xs[side], ys[side]), 1)
        best = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), np.bincount(ys).argmax())
        told[~side] = best[xs[~side]]
    return kappa(told.astype(float), ys.astype(float))


def kappa(a: Floats, b: Floats) -> float:
    """Cohen's kappa: agreement of two codings of the same rows beyond chance."""
    values = np.unique([*np.unique(a), *np.unique(b)])
    observed = float((a == b).mean())
    chance = float(sum((a == v).mean() * (b == v).mean() for v in values))
    return (observed - chance) / (1 - chance) if chance < 1 else 0.0


def kappa_low(value: float, y: Floats, z: float = 1.645) -> float:
    """Lower one-sided confidence limit (95 % by default) of a kappa with the codes y: Wilson's of the rows that agree.

    >>> y = np.repeat([0.0, 1.0], [145, 5])
    >>> round(kappa_low(1.0, y), 2), round(kappa_low(1.0, np.tile([0.0, 1.0], 75)), 2)
    (0.73, 0.96)
    """
    n = len(y)
    chance = float((np.unique(y, return_counts=True)[1] ** 2).sum()) / n**2
    agree = value * (1 - chance) + chance
    middle = agree + z**2 / (2 * n)
    width = z * np.sqrt(max(agree * (1 - agree), 0.0) / n + z**2 / (4 * n**2))
    return float(((middle - width) / (1 + z**2 / n) - chance) / (1 - chance)) if chance < 1 else 0.0


def auc_low(area: float, n: int, m: int, z: float = 1.645) -> float:
    """Lower one-sided confidence limit (95 % by default) of an AUC of n and m patients (Newcombe, Stat Med 2006;25:559).

    His fifth method: the error is that of the limit, not of the estimate, so that a perfect separation of few patients
    is not taken for a certain one.

    >>> round(auc_low(1.0, 20, 20), 2), round(auc_low(1.0, 200, 200), 3), round(auc_low(0.9, 50, 50), 2)
    (0.93, 0.993, 0.83)
    """
    half = (n + m) / 2 - 1
    low, high = 0.5, area
    for _step in range(40):
        middle = (low + high) / 2
        inner = 1 + half * (1 - middle) / (2 - middle) + half * middle / (1 + middle)
        error = np.sqrt(middle * (1 - middle) * inner / (n * m))
        low, high = (middle, high) if area - middle > z * error else (low, middle)
    return float(low)


def linear_r2(x: Floats, y: Floats) -> float:
    """The squared correlation of two columns; 0 where one of the two does not vary."""
    a, b = _centred(x), _centred(y)
    size = float((a**2).sum() * (b**2).sum())
    return float((a * b).sum()) ** 2 / size if size else 0.0


def _centred(x: Floats) -> Floats:
    """Distances from the mean, the largest of them 1, so that no square leaves what a float can hold."""
    scaled = x / max(float(np.abs(x).max()), 1e-300)
    apart = scaled - scaled.mean()
    largest = float(np.abs(apart).max())
    return np.asarray(apart / largest) if largest else np.asarray(apart)

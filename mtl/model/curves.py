"""How one number becomes a few columns: its transform, its knots, its restricted cubic spline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

FloatArray = npt.NDArray[np.float64]
Transform = Literal["raw", "log", "score"]

MAX_KNOTS = 5
# The atoms of which every column of a number is a weighted sum, in this order. All but the first are 0 where
# the value is missing. CUBES are relu(v - knot)^3 with v held at the last knot; PAST is relu(v - last knot).
MISSING, PRESENT, VALUE, PAST, CUBES = 0, 1, 2, 3, 4
N_ATOMS = CUBES + MAX_KNOTS - 1

# Where knots stand (Harrell, Regression Modeling Strategies, 2nd ed., table 2.3).
_KNOT_QUANTILES = {3: (0.1, 0.5, 0.9), 4: (0.05, 0.35, 0.65, 0.95), 5: (0.05, 0.275, 0.5, 0.725, 0.95)}
_SCORE_QUANTILES = np.array([0.005, 0.02, *np.linspace(0.05, 0.95, 19), 0.98, 0.995])
# What a transform must gain in the score statistic (twice a log likelihood) before raw values give way.
_LOG_PREFERENCE = 1.0
_SCORE_PREFERENCE = 6.0
_SCORE_RELATIVE = 1.05
# A 0/1 column is divided by at least this, or ridge would leave rare levels almost unpenalised.
INDICATOR_SCALE = 0.3
_FLAT = 1e-9


@dataclass(frozen=True)
class Curve:
    """A number's reading: transform, centre and scale, knots, and its columns as weights on the atoms.

    `points` holds the normal score's (value, score) pairs; `scale` is that of the signed log. `mean` and `sd`
    are of the transformed value, `knots` in its standard units. Each of `columns` has `N_ATOMS` weights;
    `nonlinear` says which of them go beyond a straight line.
    """

    feature: int
    transform: Transform
    scale: float
    points: tuple[tuple[float, float], ...]
    mean: float
    sd: float
    knots: tuple[float, ...]
    columns: tuple[tuple[float, ...], ...]
    nonlinear: tuple[bool, ...]


@dataclass(frozen=True)
class Reading:
    """Which transforms of a number may be chosen (raw always), and how many knots its spline may have."""

    transforms: tuple[Transform, ...] = ("raw", "log", "score")
    most_knots: int = MAX_KNOTS


def signed_log(x: FloatArray, scale: float | FloatArray) -> FloatArray:
    """Return sign(x) * log(1 + |x| / scale)."""
    return np.asarray(np.copysign(np.log1p(np.abs(x) / scale), x))


def log_scale(x: FloatArray) -> float:
    """Return the scale of the signed log: 1 for whole numbers (counts, receptor values), else a low quantile.

    >>> log_scale(np.array([0.0, 3.0, 20.0]))
    1.0
    """
    size = np.abs(x[x != 0])
    if size.size == 0 or (x == np.floor(x)).all():
        return 1.0
    # With both signs the value 0 lies amid the data; a small scale would make a step of it.
    two_sided = min((x < 0).mean(), (x > 0).mean()) > 0.05
    return float(np.quantile(size, 0.5 if two_sided else 0.05))


def normal_score_points(x: FloatArray) -> tuple[tuple[float, float], ...]:
    """Return pairs (value, normal score of its mid-rank) at quantiles of `x`; distinct values only."""
    ordered = np.sort(x)
    values = np.unique(ordered[np.round(_SCORE_QUANTILES * (ordered.size - 1)).astype(int)])
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    scores = ndtri((below + upto) / (2 * ordered.size))
    return tuple(zip(values.tolist(), scores.tolist(), strict=True))


def score_table(points: tuple[tuple[float, float], ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return anchor, score at the anchor, and slope of each interval; the first and the last are the tails.

    A tail goes on with the flatter of the slopes over its outermost one and two intervals, so that two
    nearly equal values at the edge cannot make a cliff.
    """
    x, y = np.array(points).T
    slopes = np.diff(y) / np.diff(x)
    wide = (y[2:] - y[:-2]) / (x[2:] - x[:-2]) if x.size > 2 else slopes
    left, right = min(slopes[0], wide[0]), min(slopes[-1], wide[-1])
    return np.r_[x[0], x[:-1], x[-1]], np.r_[y[0], y[:-1], y[-1]], np.r_[left, slopes, right]


def apply_score(x: FloatArray, points: tuple[tuple[float, float], ...]) -> FloatArray:
    """Return the normal score, piecewise linear through `points` and on beyond them."""
    anchor, score, slope = score_table(points)
    interval = np.searchsorted([p[0] for p in points], x, side="left")
    return np.asarray(score[interval] + slope[interval] * (x - anchor[interval]))


def score_statistic(u: FloatArray, gradient: FloatArray, curvature: FloatArray) -> float:
    """Return Rao's score statistic of adding `u` (n,) to the null model, summed over outputs.

    `gradient` and `curvature` are the null model's, `(n, c)`. A constant `u` has 0.
    """
    weight = curvature.sum(axis=0)
    weight[weight <= 0] = 1.0
    centred = u[:, None] - (u @ curvature) / weight
    variance = (centred * centred * curvature).sum(axis=0)
    slope = (centred * gradient).sum(axis=0)
    usable = variance > 0
    return float((slope[usable] ** 2 / variance[usable]).sum())


def choose_transform(
    x: FloatArray,
    gradient: FloatArray,
    curvature: FloatArray,
    allowed: tuple[Transform, ...] = Reading.transforms,
) -> tuple[Transform, float, tuple[tuple[float, float], ...]]:
    """Return the transform of `x` (n,), its log scale and its normal score points.

    The score statistic against the null model decides, without any fit; raw is kept unless log is better
    by 1, and the winner unless the normal score is better by 5 % and 6.
    """
    best: Transform = "raw"
    top = score_statistic(x, gradient, curvature)
    scale = log_scale(x)
    logged = score_statistic(signed_log(x, scale), gradient, curvature) if "log" in allowed else 0.0
    if logged > top + _LOG_PREFERENCE:
        best, top = "log", logged
    points = normal_score_points(x) if "score" in allowed else ()
    if len(points) >= 8:
        scored = score_statistic(apply_score(x, points), gradient, curvature)
        if scored > _SCORE_RELATIVE * top + _SCORE_PREFERENCE:
            return "score", 1.0, points
    return best, scale if best == "log" else 1.0, ()


def choose_knots(v: FloatArray, distinct: FloatArray, most: int = MAX_KNOTS) -> tuple[float, ...]:
    """Return 3 to 5 knots, `most` at most, for the standardised values `v`, or none for fewer than 4 distinct values."""
    if distinct.size < 4:
        return ()
    wanted = 3 if v.size < 200 else 4 if v.size < 1000 else 5
    wanted = min(wanted, distinct.size - 1, most)
    for values in (v, distinct):  # quantiles that coincide: heavy ties, so spread the knots over the values
        knots = np.quantile(values, _KNOT_QUANTILES[wanted])
        kept = [float(knots[0])]
        for knot in knots[1:]:
            if knot - kept[-1] > 0.05:
                kept.append(float(knot))
        if len(kept) >= 3:
            return tuple(kept)
    return ()


def cubes(v: FloatArray, knots: tuple[float, ...]) -> FloatArray:
    """Return the atoms PAST and CUBES of standardised values `v` (n,), `(n, MAX_KNOTS)`."""
    atoms = np.zeros((v.size, MAX_KNOTS))
    held = np.minimum(v, knots[-1])
    atoms[:, 0] = np.maximum(v - knots[-1], 0.0)
    for j, knot in enumerate(knots[:-1]):
        atoms[:, 1 + j] = np.maximum(held - knot, 0.0) ** 3
    return atoms


def spline_weights(knots: tuple[float, ...]) -> FloatArray:
    """Return the restricted cubic spline as weights on PAST and CUBES, `(len(knots) - 2, MAX_KNOTS)`.

    This is the truncated power basis of Stone and Koo (1985), written so that it is exactly linear beyond
    the last knot: cubes stop there and the slope at that knot goes on.
    """
    t = np.array(knots)
    k = t.size
    weights = np.zeros((k - 2, MAX_KNOTS))
    unit = (t[-1] - t[0]) ** 2
    for j in range(k - 2):
        weights[j, 0] = 3.0 * (t[-1] - t[j]) * (t[-2] - t[j]) / unit
        weights[j, 1 + j] = 1.0 / unit
        weights[j, 1 + k - 2] = -(t[-1] - t[j]) / (t[-1] - t[-2]) / unit
    return weights


def spline_columns(v: FloatArray, knots: tuple[float, ...]) -> list[FloatArray]:
    """Return spline columns as atom weights: mean 0, variance 1, orthogonal to the value and each other."""
    atoms = cubes(v, knots)
    base = [(v - v.mean(), _atom(VALUE) - v.mean() * _atom(PRESENT))]
    result = []
    for weights in spline_weights(knots):
        column = atoms @ weights
        size = column.std()
        recipe = np.zeros(N_ATOMS)
        recipe[PAST:] = weights
        recipe -= column.mean() * _atom(PRESENT)
        column = column - column.mean()
        for earlier, earlier_recipe in base:
            share = (column @ earlier) / (earlier @ earlier)
            column = column - share * earlier
            recipe = recipe - share * earlier_recipe
        sd = column.std()
        if sd <= 1e-3 * size:
            continue
        column, recipe = column / sd, recipe / sd
        base.append((column, recipe))
        result.append(recipe)
    return result


def fit_curve(
    feature: int,
    x: FloatArray,
    kind: str,
    gradient: FloatArray,
    curvature: FloatArray,
    sample: npt.NDArray[np.intp],
    reading: Reading = Reading(),
) -> Curve | None:
    """Fit the reading of one numeric, ordinal or boolean feature.

    Parameters
    ----------
    feature : its index in the study.
    x : (n,) values, NaN or infinite where missing.
    gradient, curvature : (n, c) of the null model.
    sample : rows that choose the transform.
    reading : what may be chosen.

    Returns
    -------
    The curve, or None for a feature that is constant or wholly missing.
    """
    present = np.isfinite(x)
    values = x[present]
    distinct = np.unique(values)
    if distinct.size < 2:
        return None
    transform: Transform = "raw"
    scale = 1.0
    points: tuple[tuple[float, float], ...] = ()
    chosen = sample[present[sample]]
    if kind == "numeric" and distinct.size > 2 and chosen.size > 1:
        transform, scale, points = choose_transform(
            x[chosen], gradient[chosen], curvature[chosen], reading.transforms
        )
    if transform == "log":
        values, distinct = signed_log(values, scale), signed_log(distinct, scale)
    elif transform == "score":
        values, distinct = apply_score(values, points), apply_score(distinct, points)
    mean, sd = float(values.mean()), float(values.std())
    if not sd > max(_FLAT * np.abs(values).max(), 1e-100):
        return None
    if distinct.size == 2:
        sd = max(sd, INDICATOR_SCALE * float(distinct[1] - distinct[0]))
    v, levels = (values - mean) / sd, (distinct - mean) / sd
    columns, nonlinear = [_atom(VALUE)], [False]
    knots: tuple[float, ...] = ()
    if kind == "numeric":
        knots = choose_knots(v, levels, reading.most_knots)
    elif kind == "ordinal" and levels.size >= 4:
        knots = (float(levels[0]), float(levels[levels.size // 2]), float(levels[-1]))
    if knots:
        bends = spline_columns(v, knots)
        columns += bends
        nonlinear += [True] * len(bends)
    if not present.all():
        share = float(present.mean())
        columns.append(_atom(MISSING) / max(np.sqrt(share * (1 - share)), INDICATOR_SCALE))
        nonlinear.append(True)
    rows = tuple(tuple(c.tolist()) for c in columns)
    return Curve(feature, transform, scale, points, mean, sd, knots, rows, tuple(nonlinear))


def _atom(index: int) -> FloatArray:
    weights = np.zeros(N_ATOMS)
    weights[index] = 1.0
    return weights

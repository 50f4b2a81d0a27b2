"""The automatic basis of the linear expert: which columns stand for which feature, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mtl.model import curves
from mtl.model.curves import (
    CUBES,
    INDICATOR_SCALE,
    MAX_KNOTS,
    MISSING,
    N_ATOMS,
    PAST,
    PRESENT,
    VALUE,
    Curve,
    Reading,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

_SAMPLE = 20_000
_CHUNK = 4096
# No measurement is this large; the limit only keeps arithmetic with absurd numbers from overflowing.
_LARGEST = 1e100
_MOST_LEVELS = 100_000


class BasisError(ValueError):
    """A table or a file that the basis cannot use."""


@dataclass(frozen=True)
class Category:
    """A categorical feature's reading: a 0/1 column for each level seen, each divided by its scale.

    `missing_scale` is that of the indicator of a missing or unseen level, 0 where there is none.
    """

    feature: int
    levels: tuple[int, ...]
    scales: tuple[float, ...]
    missing_scale: float


@dataclass(frozen=True)
class _Compiled:
    """The curves side by side, as arrays, so that one row costs a few vector operations."""

    features: IntArray  # (f,) study feature of each curve
    logs: IntArray  # positions of curves with a signed log
    log_scale: FloatArray
    scores: IntArray  # positions of curves with a normal score
    score_values: FloatArray  # (s, m) limits of the intervals, padded with inf
    score_first: IntArray  # (s,) where each curve's intervals begin in the next three
    anchor: FloatArray
    score: FloatArray
    slope: FloatArray
    mean: FloatArray  # (f,)
    sd: FloatArray
    last: FloatArray  # (f,) last knot, inf without a spline
    knots: FloatArray  # (f, MAX_KNOTS - 1), padded with inf
    categorical: IntArray  # (k,) study feature of each category
    lookup_size: int  # largest level + 2: the last entry is missing


@dataclass(frozen=True)
class Atoms:
    """What every column is a weighted sum of; arrays are `(n, f)`, cubes `(n, f, MAX_KNOTS - 1)`."""

    missing: FloatArray
    present: FloatArray
    value: FloatArray
    past: FloatArray
    cubes: FloatArray
    level: IntArray  # (n, k) level of each category, the last entry where missing or unseen


@dataclass(frozen=True)
class Basis:
    """Columns for a linear predictor: linear, spline, one-hot and missing indicators of each visible feature.

    A missing value reads 0, the mean of its training values, and switches on its indicator; a feature that
    was never missing in training has no indicator and reads its mean. A level never seen in training counts
    as missing. Splines and normal scores go on as straight lines beyond the training data, and so do
    ordinals beyond their levels. An infinite value is no measurement and counts as missing; finite ones
    extrapolate as they are up to 1e100, which keeps every sum finite.

    `nonlinear` marks the columns beyond a plain reading (splines, missing indicators); they may carry a
    larger penalty.
    """

    n_features: int
    curves: tuple[Curve, ...]
    categories: tuple[Category, ...]

    @classmethod
    def fit(
        cls,
        X: FloatArray,
        kinds: Sequence[str],
        features: Sequence[int],
        gradient: FloatArray,
        curvature: FloatArray,
        rng: np.random.Generator | None = None,
        reading: Reading = Reading(),  # noqa: B008 - frozen
    ) -> Basis:
        """Choose transforms and knots.

        Parameters
        ----------
        X : (n, p) encoded features of the labelled training rows, NaN where missing.
        kinds : p kinds: numeric, ordinal, categorical, boolean.
        features : indices of the features the task may see; others get no column.
        gradient, curvature : (n, c) of the null model's loss; they choose between transforms.
        rng : draws the rows that choose, above 20,000 rows; without it every k-th row is taken.
        reading : transforms and knots that may be chosen.

        Raises
        ------
        BasisError
            For shapes that do not fit together or an unknown kind.

        Examples
        --------
        >>> x = np.arange(8.0)[:, None]
        >>> gradient = np.where(x > 3, -0.5, 0.5)
        >>> basis = Basis.fit(x, ["numeric"], [0], gradient, np.full((8, 1), 0.25))
        >>> basis.curves[0].transform, basis.owner.tolist()
        ('raw', [0, 0])
        """
        n, p = X.shape
        if len(kinds) != p:
            raise BasisError(f"{len(kinds)} kinds for {p} features")
        if gradient.shape != curvature.shape or gradient.ndim != 2 or gradient.shape[0] != n:
            raise BasisError(f"gradient {gradient.shape} and curvature {curvature.shape} need {n} rows each")
        sample = np.arange(n)
        if n > _SAMPLE:
            step = n // _SAMPLE + 1
            sample = sample[::step] if rng is None else np.sort(rng.choice(n, _SAMPLE, replace=False))
        found, categories = [], []
        for j in sorted(set(features)):
            if not 0 <= j < p:
                raise BasisError(f"feature {j} does not exist; there are {p}")
            x = np.where(np.isfinite(X[:, j]), np.clip(X[:, j], -_LARGEST, _LARGEST), np.nan)
            if kinds[j] == "categorical":
                category = _fit_category(j, x)
                if category is not None:
                    categories.append(category)
            elif kinds[j] in ("numeric", "ordinal", "boolean"):
                curve = curves.fit_curve(j, x, kinds[j], gradient, curvature, sample, reading)
                if curve is not None:
                    found.append(curve)
            else:
                raise BasisError(f"feature {j} has the unknown kind {kinds[j]!r}")
        return cls(p, tuple(found), tuple(categories))

    @cached_property
    def owner(self) -> IntArray:
        """(q,) study feature of each column: all curves' columns, then all categories'."""
        owners = [c.feature for c in self.curves for _ in c.columns]
        owners += [c.feature for c in self.categories for _ in range(_width(c))]
        return np.array(owners, dtype=np.intp)

    @cached_property
    def nonlinear(self) -> npt.NDArray[np.bool_]:
        """(q,) whether a column is a spline or a missing indicator."""
        marks = [mark for c in self.curves for mark in c.nonlinear]
        for c in self.categories:
            marks += [False] * len(c.levels) + [True] * (c.missing_scale > 0)
        return np.array(marks, dtype=bool)

    def transform(self, X: FloatArray, ones: int = 0) -> FloatArray:
        """Return the columns `(n, ones + q)` of encoded features `X` `(n, p)`, columns of 1 first; always finite."""
        Z = np.zeros((X.shape[0], ones + self.owner.size))
        Z[:, :ones] = 1.0
        for begin in range(0, X.shape[0], _CHUNK):
            self._fill(Z[begin : begin + _CHUNK, ones:], self.atoms(X[begin : begin + _CHUNK]))
        return Z

    def _fill(self, Z: FloatArray, atoms: Atoms) -> None:
        column = 0
        for position, curve in enumerate(self.curves):
            weights = np.array(curve.columns).T
            stacked = np.empty((Z.shape[0], N_ATOMS))
            stacked[:, MISSING] = atoms.missing[:, position]
            stacked[:, PRESENT] = atoms.present[:, position]
            stacked[:, VALUE] = atoms.value[:, position]
            stacked[:, PAST] = atoms.past[:, position]
            stacked[:, CUBES:] = atoms.cubes[:, position]
            Z[:, column : column + weights.shape[1]] = stacked @ weights
            column += weights.shape[1]
        for position, category in enumerate(self.categories):
            level = atoms.level[:, position]
            for value, scale in zip(category.levels, category.scales, strict=True):
                Z[:, column] = (level == value) / scale
                column += 1
            if category.missing_scale:
                Z[:, column] = ~np.isin(level, category.levels) / category.missing_scale
                column += 1

    def atoms(self, X: FloatArray) -> Atoms:
        """Return the atoms of encoded features `X` `(n, p)`."""
        compiled = self.compiled
        if X.ndim != 2 or X.shape[1] != self.n_features:
            raise BasisError(f"features have shape {X.shape}, expected (n, {self.n_features})")
        x = X[:, compiled.features]
        present = np.isfinite(x)
        absent = ~present
        x[absent] = 0.0
        np.minimum(x, _LARGEST, out=x)
        np.maximum(x, -_LARGEST, out=x)
        if compiled.logs.size:
            x[:, compiled.logs] = curves.signed_log(x[:, compiled.logs], compiled.log_scale)
        if compiled.scores.size:
            raw = x[:, compiled.scores]
            interval = (raw[:, :, None] > compiled.score_values).sum(axis=2)
            interval += compiled.score_first
            raw -= compiled.anchor[interval]
            raw *= compiled.slope[interval]
            raw += compiled.score[interval]
            x[:, compiled.scores] = raw
        x -= compiled.mean
        x /= compiled.sd
        x[absent] = -np.inf  # so that the spline atoms of a missing value are 0
        past = np.maximum(x - compiled.last, 0.0)
        lifted = np.minimum(x, compiled.last)[:, :, None] - compiled.knots
        np.maximum(lifted, 0.0, out=lifted)
        cubed = lifted * lifted * lifted
        x[absent] = 0.0
        return Atoms(absent.astype(float), present.astype(float), x, past, cubed, self._levels(X))

    def _levels(self, X: FloatArray) -> IntArray:
        compiled = self.compiled
        if not compiled.categorical.size:
            return np.zeros((X.shape[0], 0), dtype=np.intp)
        codes = X[:, compiled.categorical]
        unseen = compiled.lookup_size - 1
        known = (codes >= 0) & (codes < unseen)
        return np.where(known, codes, unseen).astype(np.intp)

    @cached_property
    def compiled(self) -> _Compiled:
        """The curves as arrays."""
        found = self.curves
        logs = [i for i, c in enumerate(found) if c.transform == "log"]
        scores = [i for i, c in enumerate(found) if c.transform == "score"]
        tables = [curves.score_table(found[i].points) for i in scores]
        width = max((len(found[i].points) for i in scores), default=0)
        limits = np.full((len(scores), width), np.inf)
        for row, i in enumerate(scores):
            limits[row, : len(found[i].points)] = [value for value, _ in found[i].points]
        first = np.cumsum([0] + [t[0].size for t in tables])[: len(scores)]
        anchor, score, slope = (np.concatenate([np.zeros(0), *(t[k] for t in tables)]) for k in range(3))
        knots = np.full((len(found), MAX_KNOTS - 1), np.inf)
        for i, curve in enumerate(found):
            knots[i, : max(len(curve.knots) - 1, 0)] = curve.knots[:-1]
        return _Compiled(
            features=np.array([c.feature for c in found], dtype=np.intp),
            logs=np.array(logs, dtype=np.intp),
            log_scale=np.array([found[i].scale for i in logs]),
            scores=np.array(scores, dtype=np.intp),
            score_values=limits,
            score_first=first.astype(np.intp),
            anchor=anchor,
            score=score,
            slope=slope,
            mean=np.array([c.mean for c in found]),
            sd=np.array([c.sd for c in found]),
            last=np.array([c.knots[-1] if c.knots else np.inf for c in found]),
            knots=knots,
            categorical=np.array([c.feature for c in self.categories], dtype=np.intp),
            lookup_size=max((max(c.levels) for c in self.categories), default=-1) + 2,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers; JSON keeps every bit of them."""
        return {
            "n_features": self.n_features,
            "curves": [asdict(c) for c in self.curves],
            "categories": [asdict(c) for c in self.categories],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Basis:
        """Read what `to_dict` wrote, also after JSON.

        Raises
        ------
        BasisError
            For an entry that is missing or has the wrong shape.
        """
        try:
            found = tuple(_curve(c) for c in data["curves"])
            categories = tuple(_category(c) for c in data["categories"])
            n_features = int(data["n_features"])
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
            raise BasisError(f"not a linear basis: {error}") from error
        for c in found:
            if any(len(weights) != N_ATOMS for weights in c.columns) or len(c.nonlinear) != len(c.columns):
                raise BasisError(f"feature {c.feature}: each column needs {N_ATOMS} weights and one mark")
            if len(c.knots) > MAX_KNOTS or c.transform not in ("raw", "log", "score"):
                raise BasisError(f"feature {c.feature}: unknown transform or more than {MAX_KNOTS} knots")
        owners = [c.feature for c in found] + [c.feature for c in categories]
        if any(not 0 <= owner < n_features for owner in owners):
            raise BasisError(f"a column belongs to no feature 0 .. {n_features - 1}")
        if any(not 0 <= level < _MOST_LEVELS for c in categories for level in c.levels):
            raise BasisError(f"a level lies outside 0 .. {_MOST_LEVELS - 1}")
        return cls(n_features, found, categories)


def _width(category: Category) -> int:
    return len(category.levels) + (category.missing_scale > 0)


def _fit_category(feature: int, x: FloatArray) -> Category | None:
    present = (x >= 0) & (x < _MOST_LEVELS)
    levels, counts = np.unique(x[present].astype(np.intp), return_counts=True)
    if levels.size < 2:
        return None
    shares = counts / x.size
    scales = np.maximum(np.sqrt(shares * (1 - shares)), INDICATOR_SCALE)
    gone = 1.0 - float(present.mean())
    missing_scale = max(float(np.sqrt(gone * (1 - gone))), INDICATOR_SCALE) if gone > 0 else 0.0
    return Category(feature, tuple(levels.tolist()), tuple(scales.tolist()), missing_scale)


def _curve(data: Mapping[str, Any]) -> Curve:
    points = tuple((_finite(value), _finite(score)) for value, score in data["points"])
    curve = Curve(
        feature=int(data["feature"]),
        transform=data["transform"],
        scale=_finite(data["scale"]),
        points=points,
        mean=_finite(data["mean"]),
        sd=_finite(data["sd"]),
        knots=tuple(_finite(knot) for knot in data["knots"]),
        columns=tuple(tuple(_finite(weight) for weight in column) for column in data["columns"]),
        nonlinear=tuple(bool(mark) for mark in data["nonlinear"]),
    )
    if curve.sd <= 0 or curve.scale <= 0 or (curve.transform == "score") != (len(points) > 1):
        raise BasisError(f"feature {curve.feature}: its scale, or what its transform needs, is not there")
    if any(a >= b for a, b in pairwise(curve.knots)) or any(a >= b for (a, _), (b, _) in pairwise(points)):
        raise BasisError(f"feature {curve.feature}: knots and points must ascend")
    return curve


def _category(data: Mapping[str, Any]) -> Category:
    levels, scales = tuple(int(v) for v in data["levels"]), tuple(_finite(v) for v in data["scales"])
    category = Category(int(data["feature"]), levels, scales, _finite(data["missing_scale"]))
    if len(levels) != len(scales) or any(s <= 0 for s in scales) or category.missing_scale < 0:
        raise BasisError(f"feature {category.feature}: each level needs a scale above 0")
    return category


def _finite(value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{value!r:.40} is not a finite number")
    return number

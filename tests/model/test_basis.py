"""The automatic basis: transforms, splines, missing values, extrapolation."""

from __future__ import annotations

import json

import numpy as np
import pytest
from patsy import cr, dmatrix
from scipy.stats import norm

from mtl.model.basis import Basis, BasisError
from mtl.model.curves import (
    apply_score,
    choose_knots,
    choose_transform,
    cubes,
    log_scale,
    normal_score_points,
    score_statistic,
    signed_log,
    spline_weights,
)
from mtl.model.losses import BinaryLoss, SquaredLoss


def null(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    loss = SquaredLoss(y)
    return loss.gradient(np.tile(loss.start(), (loss.rows, 1)))


def mixed(n: int = 600, seed: int = 0, missing: float = 0.1) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return a table with every kind, its kinds and a target."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [
            rng.normal(60, 10, n),
            np.floor(rng.lognormal(3, 2, n)),
            rng.integers(1, 5, n),
            rng.integers(0, 2, n),
            rng.integers(0, 4, n),
            np.exp(rng.normal(size=n)),
        ]
    ).astype(float)
    y = 0.05 * X[:, 0] + np.log1p(X[:, 1]) + X[:, 2] ** 2 / 5 + X[:, 3] + (X[:, 4] == 2) + rng.normal(size=n)
    X[rng.random(X.shape) < missing] = np.nan
    return X, ["numeric", "numeric", "ordinal", "boolean", "categorical", "numeric"], y


def fit(X: np.ndarray, kinds: list[str], y: np.ndarray, features: list[int] | None = None) -> Basis:
    return Basis.fit(X, kinds, list(range(X.shape[1])) if features is None else features, *null(y))


def test_score_statistic_is_the_squared_correlation() -> None:
    """With squared loss of unit variance Rao's statistic is n r^2."""
    rng = np.random.default_rng(0)
    u = rng.normal(size=300)
    y = u + rng.normal(size=300)
    y /= y.std()
    assert score_statistic(u, *null(y)) == pytest.approx(300 * np.corrcoef(u, y)[0, 1] ** 2)
    loss = BinaryLoss(y > 0)
    start = np.tile(loss.start(), (300, 1))
    assert score_statistic(u, *loss.gradient(start)) == pytest.approx(300 * np.corrcoef(u, y > 0)[0, 1] ** 2)


@pytest.mark.parametrize("truth", ["raw", "log", "score"])
def test_the_right_transform_is_chosen(truth: str) -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=2000)
    x, signal = {
        "raw": (60 + 10 * z, z),
        "log": (np.floor(np.exp(2 + 1.5 * z)), np.log1p(np.floor(np.exp(2 + 1.5 * z)))),
        "score": (norm.cdf(z) ** 9 * 1000 + norm.cdf(z) / 50, z),
    }[truth]
    transform, scale, points = choose_transform(x, *null(signal + rng.normal(size=2000)))
    assert transform == truth
    assert bool(points) == (truth == "score")
    assert scale == 1.0


def test_noise_keeps_raw() -> None:
    rng = np.random.default_rng(2)
    kept = [
        choose_transform(np.exp(rng.normal(size=300)), *null(rng.normal(size=300)))[0] == "raw"
        for _ in range(40)
    ]
    assert sum(kept) >= 30


def test_log_scale_follows_the_unit() -> None:
    counts = np.array([0.0, 1.0, 500.0])
    assert log_scale(counts) == 1.0
    fine = np.linspace(0.3, 28, 500)
    assert log_scale(fine * 1000) == pytest.approx(1000 * log_scale(fine))
    np.testing.assert_allclose(signed_log(np.array([-3.0, 0.0, 3.0]), 1.0), [-np.log(4), 0, np.log(4)])


def test_normal_scores_are_those_of_the_ranks() -> None:
    x = np.random.default_rng(3).exponential(size=5001)
    points = normal_score_points(x)
    ranks = (np.argsort(np.argsort(x)) + 0.5) / x.size
    middle = (ranks > 0.01) & (ranks < 0.99)
    np.testing.assert_allclose(apply_score(x, points)[middle], norm.ppf(ranks)[middle], atol=0.15)
    values = [p[0] for p in points]
    assert values == sorted(set(values)) and all(np.diff([p[1] for p in points]) > 0)


def test_spline_spans_the_natural_cubic_spline_of_patsy() -> None:
    x = np.sort(np.random.default_rng(4).normal(size=400))
    knots = choose_knots(x, x)
    inside = x[(x >= knots[0]) & (x <= knots[-1])]
    ours = np.column_stack([np.ones_like(inside), inside, cubes(inside, knots) @ spline_weights(knots).T])
    theirs = np.asarray(
        dmatrix("cr(x, knots=k, lower_bound=a, upper_bound=b) - 1", {"cr": cr, "x": inside, "k": knots[1:-1],
                "a": knots[0], "b": knots[-1]})
    )  # fmt: skip
    target = np.sin(2 * inside)
    fits = [m @ np.linalg.lstsq(m, target)[0] for m in (ours, theirs)]
    np.testing.assert_allclose(fits[0], fits[1], atol=1e-8)


@pytest.mark.parametrize("distinct, knots", [(3, 0), (4, 3), (5, 4), (1000, 5)])
def test_number_of_knots(distinct: int, knots: int) -> None:
    v = np.arange(2000) % distinct / distinct * 3
    assert len(choose_knots(v, np.unique(v))) == knots


def test_heavy_ties_still_get_knots() -> None:
    v = np.r_[np.zeros(900), np.linspace(1, 5, 100)]
    assert len(choose_knots(v, np.unique(v))) >= 3


def test_columns_are_standardised_and_orthogonal() -> None:
    X, kinds, y = mixed(missing=0.0)
    basis = fit(X, kinds, y)
    Z = basis.transform(X)
    for j in (0, 1, 5):
        block = Z[:, basis.owner == j]
        assert block.shape[1] >= 2
        np.testing.assert_allclose(block.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(block.T @ block / len(Z), np.eye(block.shape[1]), atol=1e-7)
    assert (basis.owner == 2).sum() == 2  # ordinal: linear and one bend
    assert (basis.owner == 3).sum() == 1  # boolean
    assert (basis.owner == 4).sum() == 4  # one column a level


def test_missing_reads_zero_and_has_an_indicator() -> None:
    X, kinds, y = mixed()
    basis = fit(X, kinds, y)
    Z = basis.transform(X)
    assert np.isfinite(Z).all()
    for j in range(6):
        block = Z[:, basis.owner == j]
        gone = np.isnan(X[:, j])
        assert not block[gone][:, :-1].any()
        assert (block[gone][:, -1] > 1).all() and not block[~gone][:, -1].any()
        assert basis.nonlinear[basis.owner == j][-1]


def test_never_missing_in_training_reads_the_mean() -> None:
    X, kinds, y = mixed(missing=0.0)
    basis = fit(X, kinds, y)
    assert not basis.transform(np.full((1, 6), np.nan)).any()


def test_splines_and_scores_extrapolate_linearly() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=2000)
    X = np.column_stack([z, norm.cdf(z) ** 9 * 1000 + norm.cdf(z) / 50, np.arange(2000) % 4 + 1.0])
    y = 2 * z + z**2 / 2 + X[:, 2] + rng.normal(size=2000)
    basis = fit(X, ["numeric", "numeric", "ordinal"], y)
    assert [c.transform for c in basis.curves] == ["raw", "score", "raw"]
    for j, (low, high) in enumerate([(-9.0, 9.0), (-500.0, 5000.0), (-3.0, 8.0)]):
        for start in (low, high):
            row = np.tile(X.mean(axis=0), (3, 1))
            row[:, j] = start + np.arange(3) * np.sign(start) * 100
            Z = basis.transform(row)
            first, second = np.diff(Z, axis=0)
            np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-9)
            assert np.abs(first).max() > 0


def test_splines_are_smooth_at_the_knots() -> None:
    X, kinds, y = mixed(missing=0.0)
    basis = fit(X, kinds, y)
    knots = np.array(basis.curves[0].knots) * basis.curves[0].sd + basis.curves[0].mean
    h = 1e-4
    for knot in knots:
        row = np.tile(X.mean(axis=0), (5, 1))
        row[:, 0] = knot + h * np.arange(-2, 3)
        z = basis.transform(row)[:, basis.owner == 0]
        left, right = z[2] - z[1], z[3] - z[2]
        np.testing.assert_allclose(left, right, atol=1e-9)


def test_absurd_values_stay_finite_and_infinite_ones_are_missing() -> None:
    X, kinds, y = mixed()
    basis = fit(X, kinds, y)
    with np.errstate(all="raise"):
        for value in (1e300, -1e300, 1e-300):
            assert np.isfinite(basis.transform(np.full((1, 6), value))).all()
        missing = basis.transform(np.full((1, 6), np.nan))
        for value in (np.inf, -np.inf):
            assert (basis.transform(np.full((1, 6), value)) == missing).all()
    X[0, 0], X[1, 1] = np.inf, 1e300
    assert np.isfinite(fit(X, kinds, y).transform(X)).all()


def test_unseen_levels_count_as_missing() -> None:
    X, kinds, y = mixed()
    X[X[:, 4] == 1, 4] = 0
    basis = fit(X, kinds, y)
    rows = np.tile(X[:1], (4, 1))
    rows[:, 4] = [1, 7, -1, np.nan]
    Z = basis.transform(rows)
    assert not (Z - Z[3]).any()


def test_hidden_constant_and_empty_features_have_no_columns() -> None:
    X, kinds, y = mixed()
    X[:, 0], X[:, 5] = 3.0, np.nan
    basis = fit(X, kinds, y, [0, 1, 4, 5])
    assert set(basis.owner) == {1, 4}
    changed = X.copy()
    changed[:, [0, 2, 3, 5]] = 99.0
    assert (basis.transform(X) == basis.transform(changed)).all()
    assert fit(X, kinds, y, []).transform(X).shape == (len(X), 0)


def test_round_trip_through_json_keeps_every_bit() -> None:
    X, kinds, y = mixed()
    basis = fit(X, kinds, y)
    again = Basis.from_dict(json.loads(json.dumps(basis.to_dict())))
    assert again == basis
    assert (again.transform(X) == basis.transform(X)).all()


def test_a_large_table_is_chosen_from_a_sample() -> None:
    X, kinds, y = mixed(n=25_000)
    first, second = (Basis.fit(X, kinds, range(6), *null(y), np.random.default_rng(7)) for _ in range(2))
    assert first == second
    assert [c.transform for c in first.curves] == [c.transform for c in fit(X, kinds, y).curves]


def test_errors() -> None:
    X, kinds, y = mixed()
    with pytest.raises(BasisError, match="5 kinds for 6 features"):
        fit(X, kinds[:5], y)
    with pytest.raises(BasisError, match="unknown kind 'free text'"):
        fit(X, ["free text"] * 6, y)
    with pytest.raises(BasisError, match=r"expected \(n, 6\)"):
        fit(X, kinds, y).transform(X[:, :3])
    with pytest.raises(BasisError, match="not a linear basis"):
        Basis.from_dict({"n_features": 3})

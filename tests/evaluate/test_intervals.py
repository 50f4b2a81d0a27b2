"""Bootstrap intervals: deterministic, of the right width, paired."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.evaluate.intervals import paired_difference, percentile_interval, replicates, resampled_rows
from mtl.evaluate.regression import mae, rmse


def test_same_seed_same_rows() -> None:
    first, again, other = (np.stack(list(resampled_rows(50, 20, seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.min() >= 0 and first.max() < 50


def test_interval_of_a_mean_has_the_textbook_width() -> None:
    x = np.random.default_rng(0).normal(10, 2, 400)
    low, high = percentile_interval(replicates(lambda rows: np.array([x[rows].mean()]), 400, 2000)[:, 0])
    error = 1.96 * x.std() / 20
    np.testing.assert_allclose([low, high], [x.mean() - error, x.mean() + error], atol=0.04)


def test_patients_are_drawn_whole() -> None:
    groups = np.array(["a", "b", "b", "c", "c", "c"])
    for rows in resampled_rows(6, 50, 0, groups):
        counts = np.bincount(rows, minlength=6)
        assert counts[1] == counts[2] and counts[3] == counts[4] == counts[5]
        assert counts[0] + counts[1] + counts[3] == 3


def test_too_few_usable_resamples_give_no_interval() -> None:
    assert percentile_interval([1.0, np.nan, np.nan]) == (None, None)
    assert percentile_interval([1.0, 1.0, np.nan]) == (1.0, 1.0)


def test_paired_difference_is_narrower_than_two_intervals() -> None:
    rng = np.random.default_rng(1)
    y = rng.normal(size=500)
    noise = rng.normal(size=500)
    value, low, high = paired_difference(rmse, y, y + noise, y + 0.95 * noise)
    assert 0 < low < value < high < 0.1
    assert paired_difference(rmse, y, y + noise, y + noise) == (0, 0, 0)


def test_wrong_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="they must be the same rows"):
        paired_difference(mae, [1.0], [1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="groups has shape"):
        next(resampled_rows(3, 1, 0, groups=["a"]))
    with pytest.raises(ValueError, match="cannot draw"):
        next(resampled_rows(0))

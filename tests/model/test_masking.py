"""Masking: every feature is missing somewhere, what was missing stays so, nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.model.masking import RATE, mask_at_random


@pytest.mark.parametrize("n", [1, 2, 5, 25, 400])
def test_every_feature_is_missing_in_its_share(n: int) -> None:
    X = np.arange(n * 3, dtype=float).reshape(n, 3)
    masked = mask_at_random(X, np.random.default_rng(0))
    wanted = max(round(RATE * n), min(3, n // 2))
    assert np.isnan(masked).sum(axis=0).tolist() == [wanted] * 3
    kept = ~np.isnan(masked)
    np.testing.assert_array_equal(masked[kept], X[kept])
    assert not np.isnan(X).any()


def test_what_is_missing_already_counts() -> None:
    X = np.ones((200, 3))
    X[:10, 0] = X[:60, 1] = np.nan
    X[:, 2] = np.nan
    masked = mask_at_random(X, np.random.default_rng(0))
    assert np.isnan(masked).sum(axis=0).tolist() == [20, 60, 200]


def test_features_are_masked_independently_and_by_the_seed() -> None:
    X = np.ones((5000, 2))
    masked = np.isnan(mask_at_random(X, np.random.default_rng(0)))
    assert masked.all(axis=1).mean() == pytest.approx(RATE**2, abs=0.005)
    np.testing.assert_array_equal(masked, np.isnan(mask_at_random(X, np.random.default_rng(0))))


def test_no_rows() -> None:
    assert mask_at_random(np.zeros((0, 3)), np.random.default_rng(0)).shape == (0, 3)

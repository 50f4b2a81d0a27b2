"""The guard: shared trees that hurt a task leave its blend, and the user is told."""

from __future__ import annotations

import numpy as np
from scipy.stats import ttest_1samp

from mtl.model.guard import compare, corrected_interval
from mtl.model.losses import SquaredLoss


def test_without_overlap_it_is_the_t_interval() -> None:
    d = np.random.default_rng(0).normal(size=8)
    plain = ttest_1samp(d, 0).confidence_interval(0.95)
    mean, low, high = corrected_interval(d, 0.95)
    stretch = np.sqrt((1 / 8 + 1 / 7) / (1 / 8))
    np.testing.assert_allclose([low - mean, high - mean], stretch * (np.array(plain) - d.mean()))


def test_what_hurts_in_every_fold_hurts() -> None:
    rng = np.random.default_rng(1)
    y, fold = rng.normal(size=500), np.arange(500) % 5
    good = (y + rng.normal(size=500) * 0.1)[:, None]
    bad = (y + rng.normal(size=500))[:, None]

    def loss_of(rows: np.ndarray) -> SquaredLoss:
        return SquaredLoss(y[rows])

    assert compare(loss_of, fold, good, bad).hurts
    helped = compare(loss_of, fold, bad, good)
    assert not helped.hurts and helped.low > 0
    assert not compare(loss_of, fold, good, good).hurts
    assert not compare(loss_of, np.zeros(500, int), good, bad).hurts  # a single fold tells nothing

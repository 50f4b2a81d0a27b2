"""Held-out rows followed tree by tree: the forest's own bits."""

from __future__ import annotations

import numpy as np
import pytest

from mtl.evidence.held_out import HeldOut
from mtl.model.forest import SMALL
from mtl.model.grow import Growth, GrowthTask, TreeConfig
from mtl.model.losses import BinaryLoss, MulticlassLoss
from mtl.model.trees import FittedTrees


def grown(rng: np.random.Generator) -> Growth:
    """A binary task and one of three classes, with a category and missing cells."""
    X = rng.normal(size=(300, 4))
    X[:, 3] = rng.integers(0, 5, 300)
    X[rng.random(X.shape) < 0.1] = np.nan
    y = (np.nan_to_num(X[:, 0]) + rng.normal(size=300) > 0).astype(float)
    kind = np.nan_to_num(X[:, 3]).astype(int) % 3
    tasks = [
        GrowthTask(BinaryLoss(y[:200]), np.arange(200)),
        GrowthTask(MulticlassLoss(kind, 3), np.arange(300)),
    ]
    return Growth(X, range(4), [3], tasks, TreeConfig(max_rounds=30), 5)


@pytest.mark.parametrize("n", [7, SMALL + 60])
@pytest.mark.parametrize("place", [0, 1])
def test_margins_are_the_bits_of_the_forest_that_ends_there(n: int, place: int) -> None:
    rng = np.random.default_rng(1)
    growth = grown(rng)
    X = rng.normal(size=(n, 4))
    X[:, 3] = rng.integers(0, 7, n)  # two levels were never seen
    X[rng.random(X.shape) < 0.2] = np.nan
    y = rng.integers(0, 2 + place, n)
    loss = MulticlassLoss(y, 3) if place else BinaryLoss(y)
    outputs = growth.slices[place]
    follower = HeldOut(growth, X, loss, outputs)
    for _ in range(3):
        growth.extend(7)
        follower.follow()
    assert len(follower.curve) == 22 and follower.total == n
    rounds = [21, 0, 5, 5]
    for limit, found in zip(rounds, follower.margins(rounds), strict=True):
        places = range(outputs.start, outputs.stop)
        forest = growth.forest([limit] * len(places), places)
        margin = FittedTrees(forest, growth.start[outputs]).margin(X)
        np.testing.assert_array_equal(found, margin)
        assert follower.curve[limit] == pytest.approx(loss.value(margin), rel=1e-12)


def test_nobody_held_out_is_no_loss() -> None:
    growth = grown(np.random.default_rng(2))
    follower = HeldOut(growth, np.zeros((0, 4)), None, growth.slices[1])
    growth.extend(2)
    follower.follow()
    assert follower.total == 0.0 and follower.curve == [0.0, 0.0, 0.0]
    assert follower.margins([2])[0].shape == (0, 3)

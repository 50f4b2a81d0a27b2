"""What the shared trees share: how alike two tasks are in the values that they give to the same leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl.model.forest import Floats, Forest
from mtl.model.predictor import Predictor

FEWEST_TREES = 5  # in which both take steps, below which no likeness is told


@dataclass(frozen=True, eq=False)
class Sharing:
    """Likeness of outputs by their leaf values.

    Attributes
    ----------
    outputs : tuple of (str, int)
        Task and which of its outputs (0, or the place of a class), k of them.
    likeness : (k, k)
        Correlation, -1 to 1; NaN where the two share no forest, or fewer than five trees in which both take steps.
    trees : int (k, k)
        Trees in which both take steps; 0 where they share no forest.
    forest : int (k,)
        Which shared forest the output reads.
    """

    outputs: tuple[tuple[str, int], ...]
    likeness: Floats
    trees: NDArray[np.int64]
    forest: NDArray[np.int64]


def sharing(predictor: Predictor) -> Sharing:
    """Likeness of every pair of outputs of a predictor."""
    outputs = [(task.name, c) for task in predictor.tasks for c in range(task.n_outputs)]
    forest = np.array([predictor.task(name).shared for name, _ in outputs], dtype=np.int64)
    column = [predictor.task(name).shared_outputs[c] for name, c in outputs]
    k = len(outputs)
    likeness, trees = np.full((k, k), np.nan), np.zeros((k, k), dtype=np.int64)
    for a in range(k):
        for b in range(a, k):
            if forest[a] != forest[b]:
                continue
            value, count = likeness_of(predictor.shared[forest[a]], column[a], column[b])
            likeness[a, b] = likeness[b, a] = value
            trees[a, b] = trees[b, a] = count
    return Sharing(tuple(outputs), likeness, trees, forest)


def likeness_of(forest: Forest, a: int, b: int) -> tuple[float, int]:
    """Weighted correlation of two outputs' leaf values, and the trees it rests on.

    Over the leaves of the trees in which both outputs take a step (each task stops after rounds of its own), a leaf
    counting by the geometric mean of its labelled rows of the two. NaN where the trees are fewer than five or a value
    never varies.
    """
    tree = np.repeat(np.arange(forest.n_trees), np.diff(forest.leaf_start))
    steps = np.zeros((forest.n_trees, 2), dtype=bool)
    np.logical_or.at(steps, tree, forest.value[:, [a, b]] != 0)
    both = steps[:, 0] & steps[:, 1]
    n_trees = int(both.sum())
    if n_trees < FEWEST_TREES:
        return float("nan"), n_trees
    inside = both[tree]
    weight = np.sqrt(forest.count[inside, a].astype(float) * forest.count[inside, b])
    return weighted_correlation(forest.value[inside, a], forest.value[inside, b], weight), n_trees


def weighted_correlation(x: Floats, y: Floats, weight: Floats) -> float:
    """Pearson's correlation with weights; NaN where one does not vary.

    Examples
    --------
    >>> round(weighted_correlation(np.array([0.0, 1, 2]), np.array([0.0, 2, 4]), np.ones(3)), 9)
    1.0
    """
    total = weight.sum()
    if not total > 0:
        return float("nan")
    dx, dy = x - (weight * x).sum() / total, y - (weight * y).sum() / total
    size = np.sqrt((weight * dx * dx).sum() * (weight * dy * dy).sum())
    return float((weight * dx * dy).sum() / size) if size > 0 else float("nan")

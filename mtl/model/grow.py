"""Grows trees whose structure is shared by several outputs, each output with its own Newton leaf values.

Every round the tasks' gradients, scaled to unit size, are projected onto one random direction and LightGBM grows one
tree on that projection (a fixed sum would cancel tasks that oppose each other). Each output then takes its own Newton
step in every leaf. With a single output this is ordinary gradient boosting: LightGBM gets the true gradient and
Hessian. The margins are kept here, never in LightGBM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from mtl.model.blocks import blocks
from mtl.model.forest import Floats, Forest, TreeShape, columns_of
from mtl.model.lightgbm_text import tree_blocks, tree_shape
from mtl.model.losses import Loss

SMALL_TABLE = 200  # rows below which every distinct value may be a threshold
IDLE_ROUNDS = 10  # rounds without a split after which growing ends


def _varies(column: Floats) -> bool:
    """Whether a column has two different states, a missing value being one."""
    missing = np.isnan(column)
    known = column[~missing]
    return bool(len(known) and (missing.any() or known.min() < known.max()))


@dataclass(frozen=True)
class TreeConfig:
    """Shape and pace of the trees.

    ``min_leaf`` is the smallest number of rows in a leaf; None takes a twenty-fifth of the rows, between 5 and 20.
    ``min_labelled`` is the number of labelled rows below which an output leaves a leaf alone.
    """

    leaves: int = 6
    learning_rate: float = 0.05
    l2: float = 1.0
    bagging: float = 0.7
    feature_fraction: float = 0.7
    min_leaf: int | None = None
    min_labelled: int = 5
    max_rounds: int = 400


@dataclass(frozen=True)
class GrowthTask:
    """One task in a growth: its loss on its labelled rows, and where these stand in the table."""

    loss: Loss
    rows: NDArray[np.intp]
    weight: float = 1.0


class Growth:
    """Trees growing on one table; call :meth:`extend`, then :meth:`forest`.

    Parameters
    ----------
    X
        (n, p) encoded features, some cells masked, so that every feature knows where missing values go. In Fortran
        order its columns are used as they stand; otherwise each is copied.
    features
        Columns of X the trees may see.
    categorical
        Those of them whose values are codes of categories.
    tasks
        What the trees predict; outputs stand in the order of the tasks, a multiclass task's classes side by side.
    threads
        Threads for LightGBM; the result does not depend on it.
    """

    def __init__(
        self,
        X: Floats,
        features: Sequence[int],
        categorical: Sequence[int],
        tasks: Sequence[GrowthTask],
        config: TreeConfig,
        seed: int,
        threads: int = 1,
    ) -> None:
        self.config, self.tasks = config, list(tasks)
        n = len(X)
        # LightGBM aborts a table in which nothing can be split
        self.features = [f for f in features if n and _varies(X[:, f])]
        ends = np.cumsum([0] + [t.loss.n_outputs for t in self.tasks])
        self.slices = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        self.n_outputs = int(ends[-1])
        self._whole = [len(t.rows) == n and bool((t.rows == np.arange(n)).all()) for t in self.tasks]
        self._margin = np.zeros((self.n_outputs, n))
        self._derived = np.zeros((2 * self.n_outputs, n))
        self._gradient, self._hessian = self._derived[: self.n_outputs], self._derived[self.n_outputs :]
        self._scale = np.empty(self.n_outputs)
        self._size = np.empty(self.n_outputs)
        for task, outputs in zip(self.tasks, self.slices, strict=True):
            self._margin[outputs] = np.asarray(task.loss.start())[:, None]
            self._scale[outputs] = np.sqrt(task.weight / task.loss.n_outputs)
            self._size[outputs] = max(len(task.rows), 1)
        self.start = self._margin[:, 0].copy() if n else np.zeros(self.n_outputs)
        self._columns, self._missing = columns_of(X)
        self._random = np.random.default_rng([seed, 1])
        self.shapes: list[TreeShape] = []
        self.values: list[Floats] = []
        self.counts: list[NDArray[np.int64]] = []
        self._ones = np.ones(n)
        min_leaf = config.min_leaf if config.min_leaf is not None else min(20, max(5, n // 25))
        self.finished = not self.features or not self.tasks or n < 2 * min_leaf  # no split leaves that many
        if not self.finished:
            self._booster = self._new_booster(X, categorical, min_leaf, seed, threads)

    def _new_booster(
        self, X: Floats, categorical: Sequence[int], min_leaf: int, seed: int, threads: int
    ) -> lgb.Booster:
        c, n = self.config, len(X)
        params = {
            "objective": "none", "boosting": "gbdt", "verbosity": -1, "learning_rate": c.learning_rate,
            "num_leaves": c.leaves, "min_data_in_leaf": min_leaf, "min_sum_hessian_in_leaf": 1e-3, "lambda_l2": c.l2,
            "bagging_fraction": c.bagging, "bagging_freq": 1, "feature_fraction_bynode": c.feature_fraction,
            "min_data_per_group": min_leaf, "deterministic": True, "force_col_wise": True, "num_threads": threads,
            "min_data_in_bin": 3 if n >= SMALL_TABLE else 1,
            "feature_pre_filter": False, "linear_tree": False, "seed": int(seed % (2**31 - 1)),
        }  # fmt: skip
        kept = set(categorical)
        # LightGBM reads whole columns as they stand and drops them once they are binned
        seen = X if len(self.features) == X.shape[1] else X.T[self.features].T
        data = lgb.Dataset(
            seen,
            label=np.zeros(n),
            categorical_feature=[i for i, f in enumerate(self.features) if f in kept],
            params=params,
            free_raw_data=True,
        )
        return lgb.Booster(params, data)

    def extend(self, rounds: int) -> None:
        """Grow up to `rounds` more trees; sets ``finished`` when no split is found any more."""
        idle = 0
        for _ in range(rounds):
            if self.finished:
                return
            shape = self._structure()
            if shape is None:
                idle += 1
                self.finished = idle >= IDLE_ROUNDS
                continue
            idle = 0
            self._newton_step(shape)

    def _structure(self) -> TreeShape | None:
        self._derivatives()
        if self.n_outputs == 1:
            direction, curvature = self._gradient[0], self._hessian[0]
        else:
            size = np.sqrt(np.einsum("kn,kn->k", self._gradient, self._gradient) / self._size)
            mix = self._random.standard_normal(self.n_outputs) * self._scale / np.maximum(size, 1e-12)
            direction, curvature = mix @ self._gradient, self._ones
        trees = self._booster.num_trees()
        self._booster.update(fobj=lambda *_: (direction, curvature))
        if self._booster.num_trees() == trees:
            return None
        text = self._booster.model_to_string(num_iteration=1, start_iteration=trees)
        return tree_shape(tree_blocks(text)[0], self.features)

    def _derivatives(self) -> None:
        for task, outputs, whole in zip(self.tasks, self.slices, self._whole, strict=True):
            if whole:
                g, h = task.loss.gradient(self._margin[outputs].T)
                self._gradient[outputs], self._hessian[outputs] = g.T, h.T
            else:
                g, h = task.loss.gradient(self._margin[outputs][:, task.rows].T)
                self._gradient[outputs, task.rows], self._hessian[outputs, task.rows] = g.T, h.T

    def _newton_step(self, shape: TreeShape) -> None:
        leaf = shape.leaves(self._columns, self._missing)
        sums = _leaf_sums(self._derived, leaf, shape.n_leaves)
        gradient, hessian = sums[: self.n_outputs], sums[self.n_outputs :]
        labelled = self._labelled(leaf, shape.n_leaves)
        value = -self.config.learning_rate * gradient / (np.maximum(hessian, 0.0) + self.config.l2)
        value[labelled < self.config.min_labelled] = 0.0
        for rows in blocks(len(leaf)):
            self._margin[:, rows] += value.take(leaf[rows], axis=1)
        self.shapes.append(shape)
        self.values.append(np.ascontiguousarray(value.T))
        self.counts.append(np.ascontiguousarray(labelled.T))

    def _labelled(self, leaf: NDArray[np.uint8], n_leaves: int) -> NDArray[np.int64]:
        """Labelled rows of each output in each leaf: (outputs, leaves)."""
        everybody = np.bincount(leaf, minlength=n_leaves)
        counts = np.empty((self.n_outputs, n_leaves), dtype=np.int64)
        for task, outputs, whole in zip(self.tasks, self.slices, self._whole, strict=True):
            counts[outputs] = everybody if whole else np.bincount(leaf[task.rows], minlength=n_leaves)
        return counts

    def forest(
        self, rounds: Sequence[int] | None = None, outputs: Sequence[int] | None = None, first: int = 0
    ) -> Forest:
        """Trees from number `first` on; each chosen output keeps its first ``rounds[output]`` trees, zeros after."""
        chosen = list(range(self.n_outputs)) if outputs is None else list(outputs)
        limits = np.full(len(chosen), len(self.shapes)) if rounds is None else np.asarray(rounds)
        last = min(int(limits.max(initial=0)), len(self.shapes))
        values = [np.where(t < limits, self.values[t][:, chosen], 0.0) for t in range(first, last)]
        counts = [self.counts[t][:, chosen] for t in range(first, last)]
        return Forest.from_trees(self.shapes[first:last], values, counts, len(chosen))


def _leaf_sums(values: Floats, leaf: NDArray[np.uint8], n_leaves: int) -> Floats:
    """Sums of `values` (k, n) over the rows in each leaf: (k, leaves)."""
    numbers = np.arange(n_leaves, dtype=np.uint8)
    parts = (values[:, rows] @ (leaf[rows, None] == numbers).astype(float) for rows in blocks(len(leaf)))
    return reduce(np.add, parts)

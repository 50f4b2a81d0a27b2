"""What each feature adds to a forest's margin: interventional Shapley values by decision-pattern tables.

A tree with at most seven decisions sends a row to a leaf by its *pattern*, one bit per decision, so a tree
has at most 128 different explanations. They are worked out once, for every output at once; a row then costs
one look-up per tree and feature. The game is the interventional one: a coalition of features takes the row's
values, the others those of a background row, and the value of a coalition is the mean margin over the
background. Only the background's patterns matter, so an exported model carries their counts and no patient's
row.

Method. A leaf's path asks some features some questions. For a (row, background row) pair let A be the path's
features whose questions only the row passes, B those only the background row passes. If some feature is
passed by neither, the leaf is out of reach of every coalition. Otherwise a coalition reaches it iff it holds
all of A and nothing of B, and the Shapley value of that unanimity-like game is (|A|-1)! |B|! / (|A|+|B|)!
for a feature in A and -|A|! (|B|-1)! / (|A|+|B|)! for one in B (Lundberg et al., Nature Machine Intelligence
2020, interventional TreeSHAP; Laberge and Pequignot, 2022, give the same closed form).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import factorial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtl.model.background import BackgroundCounts, BackgroundError
from mtl.model.forest import MAX_DECISIONS, Forest

Floats = NDArray[np.float64]

ROWS_AT_A_TIME = 128  # keeps a chunk's look-up indices within a processor's cache


@dataclass(frozen=True, eq=False)
class TreeTables:
    """Shapley values of every pattern of every tree, for all outputs.

    An *entry* is one feature of one tree; entries are sorted by feature. Entry e's value for pattern a is
    ``values[offset[e] + a]``.

    Attributes
    ----------
    base : (K,)
        Mean of each output's scaled margin over its background.
    values : (rows, K)
    tree, offset : int32 (E,)
        Tree and first row of each entry.
    feature_start : int32 (p + 1,)
        Feature f's entries are ``feature_start[f]:feature_start[f + 1]``.
    """

    base: Floats
    values: Floats
    tree: NDArray[np.int32]
    offset: NDArray[np.int32]
    feature_start: NDArray[np.int32]
    n_trees: int

    @property
    def n_features(self) -> int:
        """Number of features of the study, used by the forest or not."""
        return len(self.feature_start) - 1

    @property
    def n_outputs(self) -> int:
        """Number of outputs K."""
        return len(self.base)

    @classmethod
    def build(
        cls,
        forest: Forest,
        counts: Sequence[BackgroundCounts],
        n_features: int,
        scale: Sequence[float] | Floats | None = None,
    ) -> TreeTables:
        """Work out the tables of a forest.

        Parameters
        ----------
        forest : Forest
            T trees of at most 7 decisions, K outputs.
        counts : K BackgroundCounts
            Each output's own background; outputs of one task share the same object.
        n_features : int
            p, the width of the encoded table.
        scale : (K,), optional
            Factor of each output's margin (its weight in the blend); 1 by default.

        Raises
        ------
        BackgroundError
            If counts, scale or features do not fit the forest.
        """
        factor = np.ones(forest.n_outputs) if scale is None else np.asarray(scale, dtype=np.float64)
        _check(forest, counts, n_features, factor)
        different = {id(own): own.dense() for own in counts}
        shares = np.stack([different[id(own)] for own in counts], axis=2)
        leaves = _LeafPaths.of(forest)
        tree, feature, row_of = _entries(forest, leaves)
        offset = row_of[tree, feature]
        patterns = 1 << np.diff(forest.start).astype(np.int64)
        n_rows = int(patterns[tree].sum())
        weighted = forest.value * factor
        base = np.zeros(forest.n_outputs)
        targets: list[NDArray[np.int64]] = []
        sources: list[NDArray[np.int64]] = []
        parts: list[Floats] = []
        filled = 0
        for some, width, decisions in leaves.alike():
            mask = leaves.mask(some, width, decisions)  # (m, 2**decisions)
            share = _by_mask(mask, shares[leaves.tree[some], : 1 << decisions], width)
            share *= weighted[some, None, :]
            base += share[:, -1].sum(axis=0)  # background rows that pass every question are in the leaf
            if width == 0:
                continue
            # each pattern of the tree takes, for each path feature, the leaf's value at the pattern's mask
            here = row_of[leaves.tree[some, None], leaves.feature[some, :width]]  # (m, width)
            targets.append((here[:, None, :] + np.arange(1 << decisions)[:, None]).ravel())
            first = filled + np.arange(len(some)) * (width << width)
            sources.append((first[:, None, None] + mask[:, :, None] * width + np.arange(width)).ravel())
            parts.append(_leaf_values(share, width))
            filled += len(some) * (width << width)
        values = np.zeros((n_rows, forest.n_outputs))
        if parts:
            at, of = np.concatenate(targets), np.concatenate(sources)
            gather = sparse.coo_array((np.ones(len(at)), (at, of)), shape=(n_rows, filled)).tocsr()
            values = gather @ np.concatenate(parts)
        feature_start = np.searchsorted(feature, np.arange(n_features + 1)).astype(np.int32)
        return cls(
            base, values, tree.astype(np.int32), offset.astype(np.int32), feature_start, forest.n_trees
        )

    def contributions(self, patterns: NDArray[np.uint8]) -> Floats:
        """Shapley values of many rows.

        Parameters
        ----------
        patterns : uint8 (n, T)
            `Forest.patterns` of the rows.

        Returns
        -------
        float64 (n, p, K)
            ``base + sum over features`` is the scaled margin of each row.
        """
        if patterns.ndim != 2 or patterns.shape[1] != self.n_trees:
            raise BackgroundError(f"patterns: shape {patterns.shape}, expected (rows, {self.n_trees} trees)")
        n, p, entries = len(patterns), self.n_features, len(self.tree)
        out = np.zeros((n, p, self.n_outputs))
        if n == 0 or entries == 0:
            return out
        if n == 1:  # building a sparse matrix would cost more than one row's sums
            np.add.at(
                out[0], self._feature, self.values.take(self.offset + patterns[0].take(self.tree), axis=0)
            )
            return out
        step = min(n, ROWS_AT_A_TIME)
        ones = np.ones(step * entries)
        ends = np.arange(step, dtype=np.int32)[:, None] * np.int32(entries) + self.feature_start[1:]
        indptr = np.concatenate([np.zeros(1, np.int32), ends.ravel()])
        for begin in range(0, n, step):
            some = patterns[begin : begin + step]
            m = len(some)
            index = self.offset + some.take(self.tree, axis=1)
            lookup = sparse.csr_array(
                (ones[: m * entries], index.ravel(), indptr[: m * p + 1]),
                shape=(m * p, len(self.values)),
                copy=False,
            )
            out[begin : begin + m] = (lookup @ self.values).reshape(m, p, self.n_outputs)
        return out

    def only(self, outputs: Sequence[int]) -> TreeTables:
        """The tables of some outputs: one task's explanation of many rows costs that task's share."""
        keep = list(outputs)
        values = np.ascontiguousarray(self.values[:, keep])
        return TreeTables(self.base[keep], values, self.tree, self.offset, self.feature_start, self.n_trees)

    @property
    def _feature(self) -> NDArray[np.int64]:
        return np.repeat(np.arange(self.n_features), np.diff(self.feature_start))


@dataclass(frozen=True, eq=False)
class _LeafPaths:
    """The questions on the way to each leaf, grouped by feature."""

    tree: NDArray[np.int64]  # (leaves,)
    decisions: NDArray[np.int64]  # (leaves,) of the leaf's tree
    width: NDArray[np.int64]  # (leaves,) number of different features on the path
    feature: NDArray[np.int64]  # (leaves, 7); -1 beyond `width`
    care: NDArray[np.int64]  # (leaves, 7) decisions on the path that ask this feature
    want: NDArray[np.int64]  # (leaves, 7) their answers

    @classmethod
    def of(cls, forest: Forest) -> _LeafPaths:
        n_leaves = len(forest.care)
        tree = np.repeat(np.arange(forest.n_trees), np.diff(forest.leaf_start))
        decisions = np.diff(forest.start).astype(np.int64)[tree]
        shape = (n_leaves, MAX_DECISIONS)
        feature, care, want = np.full(shape, -1), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        width = np.zeros(n_leaves, np.int64)
        for bit in range(MAX_DECISIONS):
            asked = np.flatnonzero((bit < decisions) & ((forest.care.astype(np.int64) >> bit) & 1 == 1))
            asks = forest.feature[forest.start[tree[asked]] + bit]
            known = feature[asked] == asks[:, None]
            slot = np.where(known.any(axis=1), known.argmax(axis=1), width[asked])
            width[asked] = np.maximum(width[asked], slot + 1)
            feature[asked, slot] = asks
            care[asked, slot] |= 1 << bit
            want[asked, slot] |= forest.want[asked].astype(np.int64) & (1 << bit)
        return cls(tree, decisions, width, feature, care, want)

    def alike(self) -> Iterator[tuple[NDArray[np.intp], int, int]]:
        """Leaves that share the shapes of their tables, with their width and their trees' decisions."""
        for decisions, width in np.unique(np.stack([self.decisions, self.width]), axis=1).T.tolist():
            yield np.flatnonzero((self.decisions == decisions) & (self.width == width)), width, decisions

    def mask(self, leaves: NDArray[np.int64], width: int, decisions: int) -> NDArray[np.int64]:
        """Which of a leaf's path features each pattern passes: (leaves, 2**decisions), one bit a feature."""
        pattern = np.arange(1 << decisions)[None, :]
        mask = np.zeros((len(leaves), 1 << decisions), np.int64)
        for slot in range(width):
            care, want = self.care[leaves, slot, None], self.want[leaves, slot, None]
            mask |= ((pattern & care) == want).astype(np.int64) << slot
        return mask


def _entries(
    forest: Forest, leaves: _LeafPaths
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Tree and feature of each entry, sorted by feature, and the first table row of each (tree, feature)."""
    tree = np.repeat(np.arange(forest.n_trees), np.diff(forest.start))
    pairs = np.unique(np.stack([forest.feature.astype(np.int64), tree]), axis=1)
    feature, of_tree = pairs[0], pairs[1]
    size = 1 << np.diff(forest.start).astype(np.int64)[of_tree]
    row_of = np.full((forest.n_trees, int(feature.max(initial=-1)) + 1), -1, np.int64)
    row_of[of_tree, feature] = np.cumsum(size) - size
    return of_tree, feature, row_of


def _by_mask(mask: NDArray[np.int64], share: Floats, width: int) -> Floats:
    """Background share of each mask of each leaf, (leaves, 2**width, K), from that of each pattern."""
    n_leaves, n_patterns = mask.shape
    rows = (np.arange(n_leaves)[:, None] << width) + mask
    columns = np.arange(n_leaves * n_patterns)
    shape = (n_leaves << width, n_leaves * n_patterns)
    fold = sparse.coo_array((np.ones(columns.size), (rows.ravel(), columns)), shape=shape).tocsr()
    folded: Floats = fold @ share.reshape(n_leaves * n_patterns, -1)
    return folded.reshape(n_leaves, 1 << width, -1)


def _leaf_values(share: Floats, width: int) -> Floats:
    """Shapley values at leaves, (leaves * 2**width * width, K): by row mask, then feature of the path."""
    n_leaves, n_masks, n_outputs = share.shape
    side_by_side = share.transpose(1, 0, 2).reshape(n_masks, n_leaves * n_outputs)
    values: Floats = _pair_weights(width) @ side_by_side  # (2**width * width, leaves * K)
    return values.reshape(n_masks * width, n_leaves, n_outputs).transpose(1, 0, 2).reshape(-1, n_outputs)


@cache
def _pair_weights(width: int) -> sparse.csr_array:
    """Shapley value of each path feature by row mask and background mask: (2**width * width, 2**width)."""
    full = (1 << width) - 1
    cells, masks, weights = [], [], []
    for row_mask in range(full + 1):
        for background_mask in range(full + 1):
            if row_mask | background_mask != full:
                continue
            a = (row_mask & ~background_mask).bit_count()
            b = (background_mask & ~row_mask).bit_count()
            for slot in range(width):
                in_row, in_background = row_mask >> slot & 1, background_mask >> slot & 1
                if in_row == in_background:
                    continue
                cells.append(row_mask * width + slot)
                masks.append(background_mask)
                weights.append(
                    factorial(a - 1) * factorial(b) / factorial(a + b)
                    if in_row
                    else -factorial(a) * factorial(b - 1) / factorial(a + b)
                )
    return sparse.coo_array((weights, (cells, masks)), shape=((full + 1) * width, full + 1)).tocsr()


def _check(forest: Forest, counts: Sequence[BackgroundCounts], n_features: int, scale: Floats) -> None:
    deepest = int(np.diff(forest.start).max(initial=0))
    if deepest > MAX_DECISIONS:
        raise BackgroundError(
            f"forest: a tree has {deepest} decisions; at most {MAX_DECISIONS} (8 leaves) fit"
        )
    if len(counts) != forest.n_outputs or scale.shape != (forest.n_outputs,):
        raise BackgroundError(
            f"{len(counts)} backgrounds and scale of shape {scale.shape} "
            f"for {forest.n_outputs} outputs: give one each"
        )
    for output, own in enumerate(counts):
        if own.n_trees != forest.n_trees:
            raise BackgroundError(
                f"background of output {output}: {own.n_trees} trees, the forest has {forest.n_trees}"
            )
        decisions = np.diff(forest.start)[np.repeat(np.arange(own.n_trees), np.diff(own.start))]
        if np.any(own.pattern.astype(np.int64) >> decisions):
            raise BackgroundError(f"background of output {output}: counted on another forest; count it again")
    if len(forest.feature) and int(forest.feature.max()) >= n_features:
        raise BackgroundError(f"forest: asks feature {forest.feature.max()}, the table has {n_features}")

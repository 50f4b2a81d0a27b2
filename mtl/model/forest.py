"""A forest whose trees carry one value per leaf and output, routed by decision patterns.

A tree with L leaves takes L - 1 decisions; a row is the pattern of their outcomes, one bit a decision. Everything that
is asked of a forest (a margin, a leaf, an exact Shapley value) is a table over those patterns, so trees are kept to
eight leaves: seven bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mtl.model.blocks import UNDIVIDED, blocks

MAX_DECISIONS = 7
SMALL = 64  # rows below which one vectorised pass over all decisions beats a pass a tree
CHUNK = 8192  # rows routed at once: the bins of a chunk stay in cache

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TreeShape:
    """The decisions of one tree and the paths to its leaves, without values."""

    feature: NDArray[np.int32]
    threshold: Floats
    missing_left: NDArray[np.bool_]
    categories: tuple[frozenset[int] | None, ...]
    care: NDArray[np.uint8]
    want: NDArray[np.uint8]

    @property
    def n_leaves(self) -> int:
        """Number of leaves, one more than the decisions."""
        return len(self.care)

    @cached_property
    def leaf_of_pattern(self) -> NDArray[np.uint8]:
        """Leaf index of each of the 2^decisions patterns."""
        return leaf_of_pattern(self.care, self.want, len(self.feature))

    def leaves(
        self, columns: Sequence[Floats], missing: Sequence[NDArray[np.bool_] | None]
    ) -> NDArray[np.uint8]:
        """Leaf of each row; `columns[j]` is feature j as a contiguous array, `missing[j]` where it is NaN (or None)."""
        pattern: NDArray[np.uint8] | None = None
        for bit, feature in enumerate(self.feature):
            went = decide(
                columns[feature],
                missing[feature],
                self.threshold[bit],
                self.missing_left[bit],
                self.categories[bit],
            )
            shifted = np.left_shift(went.view(np.uint8), np.uint8(bit))
            pattern = shifted if pattern is None else np.bitwise_or(pattern, shifted, out=pattern)
        if pattern is None:
            raise ValueError("a tree without a decision routes nothing")
        leaf: NDArray[np.uint8] = self.leaf_of_pattern[pattern]
        return leaf


def columns_of(X: Floats) -> tuple[list[Floats], list[NDArray[np.bool_] | None]]:
    """What :meth:`TreeShape.leaves` asks for: a table's columns, copied unless in Fortran order, and where each is NaN."""
    columns = [np.ascontiguousarray(X[:, j]) for j in range(X.shape[1])]
    return columns, [m if m.any() else None for m in (np.isnan(c) for c in columns)]


def decide(
    column: Floats,
    missing: NDArray[np.bool_] | None,
    threshold: float,
    missing_left: bool,
    categories: frozenset[int] | None,
) -> NDArray[np.bool_]:
    """Which rows one decision sends left."""
    if categories is not None:
        return np.asarray(np.isin(column, np.fromiter(categories, dtype=float, count=len(categories))))
    went: NDArray[np.bool_] = column <= threshold
    if missing_left and missing is not None:
        went |= missing
    return went


def leaf_of_pattern(care: NDArray[np.uint8], want: NDArray[np.uint8], decisions: int) -> NDArray[np.uint8]:
    """Leaf reached by every pattern of `decisions` bits; `care` and `want` are (leaves,) bit masks."""
    patterns = np.arange(2**decisions, dtype=np.uint8)
    reached: NDArray[np.bool_] = (patterns[:, None] & care[None, :]) == want[None, :]
    leaf: NDArray[np.uint8] = reached.argmax(axis=1).astype(np.uint8)
    return leaf


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees with a shared structure and one leaf value per output.

    Parameters
    ----------
    feature, threshold, missing_left, categories
        One entry a decision, all trees after each other. A row goes left where ``x <= threshold``, or where the whole
        number x is in the decision's set of categories. A missing value goes where `missing_left` says; in a
        categorical decision it goes right.
    start, leaf_start
        (trees + 1,): decisions and leaves of tree t are ``start[t]:start[t + 1]`` and ``leaf_start[t]:leaf_start[t + 1]``.
    care, want
        (leaves,): a leaf is reached by pattern a when ``a & care == want``.
    value
        (leaves, outputs): what the leaf adds to each margin.
    count
        (leaves, outputs): labelled training rows of each output in the leaf.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    missing_left: NDArray[np.bool_]
    categories: tuple[frozenset[int] | None, ...]
    start: NDArray[np.int32]
    leaf_start: NDArray[np.int32]
    care: NDArray[np.uint8]
    want: NDArray[np.uint8]
    value: Floats
    count: NDArray[np.int64]

    @classmethod
    def from_trees(
        cls,
        shapes: Sequence[TreeShape],
        values: Sequence[Floats],
        counts: Sequence[NDArray[np.int64]],
        n_outputs: int,
    ) -> Forest:
        """Join trees of one decision or more; `values[t]` and `counts[t]` are (leaves of t, outputs)."""

        def joined(
            parts: Sequence[NDArray[np.generic]], dtype: type, columns: int | None = None
        ) -> NDArray[np.generic]:
            shape = (0,) if columns is None else (0, columns)
            return np.concatenate(parts).astype(dtype) if len(parts) else np.zeros(shape, dtype)

        return cls(
            feature=joined([s.feature for s in shapes], np.int32),  # type: ignore[arg-type]
            threshold=joined([s.threshold for s in shapes], np.float64),  # type: ignore[arg-type]
            missing_left=joined([s.missing_left for s in shapes], np.bool_),  # type: ignore[arg-type]
            categories=tuple(c for s in shapes for c in s.categories),
            start=np.cumsum([0] + [len(s.feature) for s in shapes]).astype(np.int32),
            leaf_start=np.cumsum([0] + [s.n_leaves for s in shapes]).astype(np.int32),
            care=joined([s.care for s in shapes], np.uint8),  # type: ignore[arg-type]
            want=joined([s.want for s in shapes], np.uint8),  # type: ignore[arg-type]
            value=joined(values, np.float64, n_outputs),  # type: ignore[arg-type]
            count=joined(counts, np.int64, n_outputs),  # type: ignore[arg-type]
        )

    def __post_init__(self) -> None:
        if (np.diff(self.start) < 1).any():
            raise ValueError(
                "a tree without a decision routes nothing: add its value to the constant margin instead"
            )

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.start) - 1

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return int(self.value.shape[1])

    def depth(self, tree: int) -> int:
        """Number of decisions of one tree."""
        return int(self.start[tree + 1] - self.start[tree])

    def shape(self, tree: int) -> TreeShape:
        """The structure of one tree."""
        d = slice(self.start[tree], self.start[tree + 1])
        leaves = slice(self.leaf_start[tree], self.leaf_start[tree + 1])
        return TreeShape(
            self.feature[d],
            self.threshold[d],
            self.missing_left[d],
            self.categories[d],
            self.care[leaves],
            self.want[leaves],
        )

    def outputs(self, columns: Sequence[int]) -> Forest:
        """The same trees with these outputs only."""
        keep = list(columns)
        return Forest(
            **{k: getattr(self, k) for k in self.__dataclass_fields__ if k not in ("value", "count")},
            value=np.ascontiguousarray(self.value[:, keep]),
            count=np.ascontiguousarray(self.count[:, keep]),
        )

    # Routing --------------------------------------------------------------------------------------

    @cached_property
    def _bit(self) -> NDArray[np.uint8]:
        return (np.arange(len(self.feature)) - np.repeat(self.start[:-1], np.diff(self.start))).astype(
            np.uint8
        )

    @cached_property
    def _categorical(self) -> NDArray[np.intp]:
        return np.array([i for i, c in enumerate(self.categories) if c is not None], dtype=np.intp)

    @cached_property
    def _members(self) -> NDArray[np.bool_]:
        """(categorical decisions, codes + 1): which codes go left; the last column is every other value, NaN too."""
        sets = [self.categories[i] or frozenset() for i in self._categorical]
        members = np.zeros((len(sets), max((max(s, default=0) for s in sets), default=0) + 2), dtype=bool)
        for i, codes in enumerate(sets):
            members[i, list(codes)] = True
        return members

    def _codes(self, x: Floats) -> NDArray[np.intp]:
        """Column of `_members` for each value."""
        other = self._members.shape[1] - 1
        with np.errstate(invalid="ignore"):
            known = (x >= 0) & (x < other)
        return np.where(known, np.nan_to_num(x, nan=other, posinf=other, neginf=other), other).astype(np.intp)

    @cached_property
    def _edges(self) -> dict[int, tuple[Floats, NDArray[np.int32]]]:
        """For each feature: its sorted thresholds, and the rank of each decision's threshold among them."""
        rank = np.zeros(len(self.feature), dtype=np.int32)
        numeric = np.array([c is None for c in self.categories], dtype=bool)
        edges: dict[int, tuple[Floats, NDArray[np.int32]]] = {}
        for feature in np.unique(self.feature[numeric]):
            here = numeric & (self.feature == feature)
            cuts, inverse = np.unique(self.threshold[here], return_inverse=True)
            rank[here] = inverse
            edges[int(feature)] = (cuts, rank)
        return edges

    @cached_property
    def _pattern_values(self) -> Floats:
        """(trees, 2^most decisions, outputs): what each pattern adds."""
        return self.value[self.leaf_table]

    @cached_property
    def leaf_table(self) -> NDArray[np.int32]:
        """(trees, 2^most decisions): global leaf index of each pattern."""
        most = int(np.diff(self.start).max()) if self.n_trees else 0
        table = np.zeros((self.n_trees, 2**most), dtype=np.int32)
        for tree in range(self.n_trees):
            leaves = slice(self.leaf_start[tree], self.leaf_start[tree + 1])
            table[tree] = self.leaf_start[tree] + leaf_of_pattern(self.care[leaves], self.want[leaves], most)
        return table

    def patterns(self, X: Floats) -> NDArray[np.uint8]:
        """Decision pattern of each row in each tree: (n, trees), bit d set where decision d went left."""
        if not self.n_trees:
            return np.zeros((len(X), 0), dtype=np.uint8)
        if len(X) <= SMALL:
            return self._patterns_small(X)
        out = np.empty((len(X), self.n_trees), dtype=np.uint8)
        for first in range(0, len(X), CHUNK):
            rows = slice(first, first + CHUNK)
            self._patterns_chunk(X[rows], out[rows])
        return out

    def _patterns_small(self, X: Floats) -> NDArray[np.uint8]:
        x = X[:, self.feature]
        went = (x <= self.threshold) | (np.isnan(x) & self.missing_left)
        if len(self._categorical):
            codes = self._codes(x[:, self._categorical])
            went[:, self._categorical] = self._members[np.arange(len(self._categorical)), codes]
        bits = np.left_shift(went.view(np.uint8), self._bit)
        summed: NDArray[np.uint8] = np.bitwise_or.reduceat(bits, self.start[:-1].astype(np.intp), axis=1)
        return summed

    def _patterns_chunk(self, X: Floats, out: NDArray[np.uint8]) -> None:
        low: dict[int, NDArray[np.int32]] = {}  # bin of the value, missing below every threshold
        high: dict[int, NDArray[np.int32]] = {}  # bin of the value, missing above every threshold
        rank = np.zeros(0, dtype=np.int32)
        for feature, (cuts, rank) in self._edges.items():  # noqa: B007 - one rank array is shared by all features
            column = np.ascontiguousarray(X[:, feature])
            binned = np.searchsorted(cuts, column, side="left").astype(np.int32)  # NaN sorts above every cut
            missing = np.isnan(column)
            high[feature] = binned
            low[feature] = np.where(missing, np.int32(-1), binned) if missing.any() else binned
        codes = {f: self._codes(X[:, f]) for f in np.unique(self.feature[self._categorical]).tolist()}
        members = iter(self._members)
        columns = np.empty((self.n_trees, len(X)), dtype=np.uint8)
        for tree in range(self.n_trees):
            pattern = columns[tree]
            pattern.fill(0)
            for bit, d in enumerate(range(self.start[tree], self.start[tree + 1])):
                feature = int(self.feature[d])
                if self.categories[d] is not None:
                    went = next(members)[codes[feature]]
                else:
                    went = (low if self.missing_left[d] else high)[feature] <= rank[d]
                pattern |= np.left_shift(went.view(np.uint8), np.uint8(bit))
        out[:] = columns.T

    def leaves(self, patterns: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Global leaf index of each row in each tree: (n, trees)."""
        found: NDArray[np.int32] = self.leaf_table[np.arange(self.n_trees), patterns]
        return found

    def margin(self, X: Floats, patterns: NDArray[np.uint8] | None = None) -> Floats:
        """Sum of leaf values: (n, outputs). A row gets the same bits alone and in any table."""
        if patterns is None and len(X) > UNDIVIDED:
            return np.concatenate([self.margin(X[rows]) for rows in blocks(len(X))])
        patterns = self.patterns(X) if patterns is None else patterns
        out = np.zeros((len(patterns), self.n_outputs))
        if not self.n_trees:
            return out
        if len(patterns) <= SMALL:  # cumsum adds in tree order, as the loop below does
            added = self._pattern_values[np.arange(self.n_trees), patterns]
            return np.ascontiguousarray(np.cumsum(added, axis=1)[:, -1])
        columns = np.ascontiguousarray(patterns.T)
        for tree in range(self.n_trees):
            out += self._pattern_values[tree].take(columns[tree], axis=0)
        return out

    def staged(self, X: Floats) -> Floats:
        """Margin after each tree: (trees, n, outputs)."""
        patterns = self.patterns(X)
        added = self._pattern_values[np.arange(self.n_trees), patterns]
        return np.cumsum(np.swapaxes(added, 0, 1), axis=0)

"""What an explanation needs of the background: counts of decision patterns, and no patient's row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl.model.forest import MAX_DECISIONS, Forest

Floats = NDArray[np.float64]


class BackgroundError(ValueError):
    """A forest, background or table of patterns that cannot be explained as given."""


@dataclass(frozen=True, eq=False)
class BackgroundCounts:
    """How many background rows show each decision pattern of each tree.

    Attributes
    ----------
    rows : int
        Number of background rows.
    start : int32 (T + 1,)
        Tree t's patterns are ``pattern[start[t]:start[t + 1]]``, ascending.
    pattern : uint8 (m,)
    count : int32 (m,)
        At least 1; they sum to `rows` within every tree.
    """

    rows: int
    start: NDArray[np.int32]
    pattern: NDArray[np.uint8]
    count: NDArray[np.int32]

    @property
    def n_trees(self) -> int:
        """Number of trees counted."""
        return len(self.start) - 1

    def dense(self) -> Floats:
        """Share of the background rows with each pattern, (T, 128); each tree's row sums to 1."""
        share = np.zeros((self.n_trees, 1 << MAX_DECISIONS))
        tree = np.repeat(np.arange(self.n_trees), np.diff(self.start))
        share[tree, self.pattern] = self.count / self.rows
        return share

    def to_dict(self) -> dict[str, Any]:
        """Plain integers and lists, for JSON."""
        return {
            "rows": self.rows,
            "start": self.start.tolist(),
            "pattern": self.pattern.tolist(),
            "count": self.count.tolist(),
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> BackgroundCounts:
        """Read what `to_dict` wrote; BackgroundError when the counts contradict each other."""
        try:
            rows = int(saved["rows"])
            start = np.asarray(saved["start"], dtype=np.int32)
            pattern = np.asarray(saved["pattern"], dtype=np.int64)
            count = np.asarray(saved["count"], dtype=np.int32)
        except (TypeError, ValueError, OverflowError) as error:
            raise BackgroundError(f"background counts: {error}: save them again") from error
        if not start.ndim == pattern.ndim == count.ndim == 1:
            raise BackgroundError("background counts: not lists of numbers: save them again")
        if rows < 1 or start.ndim != 1 or start.size == 0 or start[0] != 0 or np.any(np.diff(start) < 1):
            raise BackgroundError(
                f"background counts: {rows} rows, tree starts {start[:5]}...: save them again"
            )
        if not len(pattern) == len(count) == start[-1]:
            raise BackgroundError(
                f"background counts: {len(pattern)} patterns, {len(count)} counts, "
                f"{start[-1]} expected: save them again"
            )
        if np.any((pattern < 0) | (pattern >= 1 << MAX_DECISIONS)) or np.any(count < 1):
            raise BackgroundError("background counts: a pattern or a count is out of range: save them again")
        if len(start) > 1 and np.any(np.add.reduceat(count, start[:-1]) != rows):
            raise BackgroundError(
                f"background counts: a tree's counts do not sum to {rows} rows: save them again"
            )
        return cls(rows, start, pattern.astype(np.uint8), count)


def background_counts(forest: Forest, X_background: Floats) -> BackgroundCounts:
    """Count the decision patterns of a background sample.

    Parameters
    ----------
    forest : Forest
    X_background : float64 (rows, p)
        Encoded features; NaN is missing.

    Returns
    -------
    BackgroundCounts
        All that explanations need of the background.

    Raises
    ------
    BackgroundError
        If there is no row.
    """
    rows = len(X_background)
    if rows == 0:
        raise BackgroundError("background: 0 rows; give at least one labelled training row")
    size = 1 << MAX_DECISIONS
    tree = np.arange(forest.n_trees, dtype=np.int64)
    codes = forest.patterns(X_background) + tree * size
    counts = np.bincount(codes.ravel(), minlength=forest.n_trees * size).reshape(forest.n_trees, size)
    of_tree, pattern = np.nonzero(counts)
    start = np.searchsorted(of_tree, np.arange(forest.n_trees + 1))
    return BackgroundCounts(
        rows, start.astype(np.int32), pattern.astype(np.uint8), counts[of_tree, pattern].astype(np.int32)
    )

"""What growing trees say of rows that they have not seen: the loss after every tree, the margins after any number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtl.model.forest import Floats
from mtl.model.grow import Growth
from mtl.model.losses import Loss


class HeldOut:
    """Follows one task of a growth on held-out rows.

    Each row's leaf in each tree is kept, a byte, so that nothing is routed twice.

    Parameters
    ----------
    X
        (n, p) encoded features of the rows.
    loss
        The task's loss on them; None where none has its label.
    outputs
        The task's outputs among the growth's.
    """

    def __init__(self, growth: Growth, X: Floats, loss: Loss | None, outputs: slice) -> None:
        self.growth, self.outputs = growth, outputs
        self.total = 0.0 if loss is None else float(loss.total)
        self._loss = loss if self.total else None
        self._columns = [np.ascontiguousarray(X[:, j]) for j in range(X.shape[1])]
        self._missing = [m if m.any() else None for m in (np.isnan(c) for c in self._columns)]
        self._margin = np.tile(growth.start[outputs], (len(X), 1))
        self._leaves: list[NDArray[np.uint8]] = []
        self.curve = [self._value()]

    def _value(self) -> float:
        return self._loss.value(self._margin) if self._loss is not None else 0.0

    def follow(self) -> None:
        """Look at the trees grown since the last look."""
        for tree in range(len(self._leaves), len(self.growth.shapes)):
            self._leaves.append(self.growth.shapes[tree].leaves(self._columns, self._missing))
            self._margin += self._added(tree)
            self.curve.append(self._value())

    def _added(self, tree: int) -> Floats:
        """(n, c): what a tree adds."""
        return self.growth.values[tree][:, self.outputs].take(self._leaves[tree], axis=0)

    def margins(self, rounds: Sequence[int]) -> list[Floats]:
        """(n, c) after each of these numbers of trees: the bits of the forest that ends there."""
        found: dict[int, Floats] = {}
        start, total = self.growth.start[self.outputs], np.zeros_like(self._margin)
        for tree in range(max(rounds, default=0) + 1):
            if tree in rounds:
                found[tree] = start + total
            if tree < len(self._leaves):
                total += self._added(tree)
        return [found[limit] for limit in rounds]

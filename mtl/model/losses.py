"""The loss of each task kind: its value, its gradient and its curvature on the margin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mtl.model.blocks import blocks
from mtl.model.cox import CoxLoss

__all__ = [
    "BinaryLoss",
    "CoxLoss",
    "LabelledTarget",
    "Loss",
    "LossError",
    "MulticlassLoss",
    "SquaredLoss",
    "loss_for",
]

FloatArray = npt.NDArray[np.float64]


class LossError(ValueError):
    """A label or a weight that the loss cannot use."""


class Loss(Protocol):
    """What every fitting routine asks of a task.

    Margins are `(rows, n_outputs)`. `value` is a mean per row (per event for Cox); `gradient` and `hessian`
    are those of the sum, so the gradient of `value` is `gradient` divided by `total`.
    """

    @property
    def n_outputs(self) -> int:
        """Number of margins of a row."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def total(self) -> float:
        """What `value` is a mean over: the sum of the weights (Cox: of the events' weights)."""

    @property
    def has_intercept(self) -> bool:
        """Whether a constant added to the margin changes the loss."""

    def start(self) -> FloatArray:
        """Return the best constant margin, `(n_outputs,)`."""

    def value(self, margin: FloatArray) -> float:
        """Return the mean loss."""

    def gradient(self, margin: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first and diagonal second derivative of the summed loss, each `(rows, n_outputs)`."""

    def evaluate(self, margin: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return `value` and `gradient` from one forward pass."""

    def hessian(self, margin: FloatArray, design: FloatArray) -> FloatArray:
        """Return the exact second derivative by coefficients of `design @ coef`.

        `design` is `(rows, q)`; the result is `(c * q, c * q)`, output by output.
        """


class LabelledTarget(Protocol):
    """The part of `mtl.data.targets.Target` that a loss needs; every row is labelled."""

    @property
    def kind(self) -> str:
        """One of binary, multiclass, regression, survival."""

    @property
    def n_outputs(self) -> int:
        """Number of margins of a row."""

    @property
    def y(self) -> FloatArray | None:
        """Label (0/1, class index or value); None for survival."""

    @property
    def time(self) -> FloatArray | None:
        """Years; None unless survival."""

    @property
    def event(self) -> FloatArray | None:
        """1 for the event, 0 for censoring; None unless survival."""


def _labels(y: npt.ArrayLike, name: str) -> FloatArray:
    labels = np.ascontiguousarray(y, dtype=np.float64)
    if labels.ndim != 1 or labels.size == 0:
        raise LossError(f"{name}: labels must be one value per row and not empty, got shape {labels.shape}")
    bad = np.flatnonzero(~np.isfinite(labels))
    if bad.size:
        raise LossError(f"{name}: row {bad[0]} has the label {labels[bad[0]]}; keep labelled rows only")
    return labels


def _weights(weight: npt.ArrayLike | None, rows: int, name: str) -> FloatArray | None:
    if weight is None:
        return None
    weights = np.ascontiguousarray(weight, dtype=np.float64)
    if weights.shape != (rows,):
        raise LossError(f"{name}: weight has shape {weights.shape}, expected ({rows},)")
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if bad.size:
        raise LossError(f"{name}: row {bad[0]} has the weight {weights[bad[0]]}; weights are finite and >= 0")
    if not weights.any():
        raise LossError(f"{name}: all weights are 0")
    return weights


class _RowLoss(ABC):
    """What losses made of independent rows share."""

    has_intercept = True
    n_outputs = 1

    def __init__(self, y: npt.ArrayLike, weight: npt.ArrayLike | None) -> None:
        name = type(self).__name__
        self.y = _labels(y, name)
        self.rows = int(self.y.size)
        self.weight = _weights(weight, self.rows, name)
        self.total = float(self.rows if self.weight is None else self.weight.sum())

    def _mean(self, losses: FloatArray) -> float:
        summed = losses.sum() if self.weight is None else losses @ self.weight
        return float(summed) / self.total

    def _weighted(self, rows: FloatArray) -> FloatArray:
        return rows if self.weight is None else rows * self.weight[:, None]

    @abstractmethod
    def evaluate(self, margin: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the mean loss, gradient and Hessian."""

    def value(self, margin: FloatArray) -> float:
        """Return the mean loss per row."""
        return self.evaluate(margin)[0]

    def gradient(self, margin: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of the summed loss, each `(rows, c)`."""
        return self.evaluate(margin)[1:]

    def hessian(self, margin: FloatArray, design: FloatArray) -> FloatArray:
        """Return the second derivative by the coefficients of `design`, `(q, q)`."""
        root = np.sqrt(self.gradient(margin)[1])
        return reduce(np.add, (_square(design[rows] * root[rows]) for rows in blocks(len(design))))


def _square(scaled: FloatArray) -> FloatArray:
    """Return `scaled.T @ scaled`: a symmetric product, which BLAS does at half the cost."""
    return np.asarray(scaled.T @ scaled)


def _tail(f: FloatArray) -> FloatArray:
    """exp(-|f|), which never overflows, whatever the margin."""
    return np.asarray(np.exp(-np.abs(f)))


class BinaryLoss(_RowLoss):
    """Log loss of 0/1 labels; the margin is the log-odds.

    Parameters
    ----------
    y : (n,) labels, 0 or 1.
    weight : (n,) optional row weights, not negative.

    Raises
    ------
    LossError
        For a label other than 0 and 1, or an unusable weight.

    Examples
    --------
    >>> loss = BinaryLoss([0, 1, 1, 1])
    >>> round(float(loss.start()[0]), 4)
    1.0986
    >>> round(loss.value(np.zeros((4, 1))), 4)
    0.6931
    """

    def __init__(self, y: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> None:
        super().__init__(y, weight)
        bad = np.flatnonzero((self.y != 0) & (self.y != 1))
        if bad.size:
            raise LossError(f"BinaryLoss: row {bad[0]} has the label {self.y[bad[0]]}; labels are 0 or 1")

    def start(self) -> FloatArray:
        """Return the log-odds of the event rate, kept finite by half a row when all labels agree."""
        rate = self._mean(self.y)
        edge = 0.5 / max(self.total, 1.0)
        rate = min(max(rate, edge), 1 - edge)
        return np.array([np.log(rate / (1 - rate))])

    def value(self, margin: FloatArray) -> float:
        """Return the mean log loss."""
        return self._value(margin[:, 0], _tail(margin[:, 0]))

    def gradient(self, margin: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient and Hessian."""
        return self._gradient(margin[:, 0], _tail(margin[:, 0]))

    def evaluate(self, margin: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the mean log loss, gradient and Hessian."""
        f = margin[:, 0]
        tail = _tail(f)
        return self._value(f, tail), *self._gradient(f, tail)

    def _value(self, f: FloatArray, tail: FloatArray) -> float:
        return self._mean(np.maximum(f, 0.0) - self.y * f + np.log1p(tail))

    def _gradient(self, f: FloatArray, tail: FloatArray) -> tuple[FloatArray, FloatArray]:
        inverse = 1.0 / (1.0 + tail)
        p = np.where(f >= 0, inverse, tail * inverse)
        gradient = (p - self.y)[:, None]
        hessian = (tail * inverse * inverse)[:, None]
        return self._weighted(gradient), self._weighted(hessian)


class MulticlassLoss(_RowLoss):
    """Log loss of the softmax of `n_classes` margins.

    Parameters
    ----------
    y : (n,) class indices, 0 .. n_classes - 1.
    n_classes : number of classes, at least 2; a class may have no rows.
    weight : (n,) optional row weights, not negative.

    Raises
    ------
    LossError
        For a label that is no class index, or an unusable weight.
    """

    def __init__(self, y: npt.ArrayLike, n_classes: int, weight: npt.ArrayLike | None = None) -> None:
        super().__init__(y, weight)
        if n_classes < 2:
            raise LossError(f"MulticlassLoss: n_classes is {n_classes}; at least 2 are needed")
        bad = np.flatnonzero((self.y != np.floor(self.y)) | (self.y < 0) | (self.y >= n_classes))
        if bad.size:
            row, last = bad[0], n_classes - 1
            raise LossError(f"MulticlassLoss: row {row} has the label {self.y[row]}; labels are 0 .. {last}")
        self.n_outputs = n_classes
        self._class = self.y.astype(np.intp)
        self._row = np.arange(self.rows)

    def start(self) -> FloatArray:
        """Return the centred log class frequencies, an empty class counting as half a row."""
        counts = np.bincount(self._class, weights=self.weight, minlength=self.n_outputs)
        logs = np.log(np.maximum(counts, 0.5))
        return np.asarray(logs - logs.mean())

    def _probabilities(self, margin: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the margins less each row's largest, their softmax, and what it was divided by."""
        shifted = margin - margin.max(axis=1, keepdims=True)
        p = np.exp(shifted)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        return shifted, p, total[:, 0]

    def value(self, margin: FloatArray) -> float:
        """Return the mean log loss."""
        shifted, _, total = self._probabilities(margin)
        return self._value(shifted, total)

    def gradient(self, margin: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient and diagonal Hessian."""
        return self._gradient(self._probabilities(margin)[1])

    def evaluate(self, margin: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the mean log loss, gradient and diagonal Hessian."""
        shifted, p, total = self._probabilities(margin)
        return self._value(shifted, total), *self._gradient(p)

    def _value(self, shifted: FloatArray, total: FloatArray) -> float:
        return self._mean(np.log(total) - shifted[self._row, self._class])

    def _gradient(self, p: FloatArray) -> tuple[FloatArray, FloatArray]:
        hessian = p * (1.0 - p)
        p[self._row, self._class] -= 1.0
        return self._weighted(p), self._weighted(hessian)

    def hessian(self, margin: FloatArray, design: FloatArray) -> FloatArray:
        """Return the second derivative by the coefficients of `design`, `(c * q, c * q)`, class by class."""
        _, p, _ = self._probabilities(margin)
        c, q = self.n_outputs, design.shape[1]
        result = np.empty((c * q, c * q))
        for a in range(c):
            for b in range(a + 1):
                curvature = p[:, a] * (1.0 - p[:, a]) if a == b else -p[:, a] * p[:, b]
                if self.weight is not None:
                    curvature = curvature * self.weight
                block = reduce(
                    np.add,
                    ((design[r] * curvature[r, None]).T @ design[r] for r in blocks(len(design))),
                )
                result[a * q : (a + 1) * q, b * q : (b + 1) * q] = block
                result[b * q : (b + 1) * q, a * q : (a + 1) * q] = block.T
        return result


class SquaredLoss(_RowLoss):
    """Half the squared error; the margin is in the target's own unit.

    Parameters
    ----------
    y : (n,) values.
    weight : (n,) optional row weights, not negative.
    """

    def __init__(self, y: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> None:
        super().__init__(y, weight)

    def start(self) -> FloatArray:
        """Return the mean."""
        return np.array([self._mean(self.y)])

    def evaluate(self, margin: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return half the mean squared error, gradient and Hessian."""
        residual = margin[:, 0] - self.y
        value = 0.5 * self._mean(residual * residual)
        return value, self._weighted(residual[:, None]), self._weighted(np.ones((self.rows, 1)))


def loss_for(
    target: LabelledTarget,
    offsets: npt.ArrayLike | None = None,
    boundaries: Sequence[float] = (),
    strata: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> Loss:
    """Return the loss of a task on its labelled rows.

    Parameters
    ----------
    target : a target whose rows are all labelled.
    offsets : (n, Q) added to the margin in each of Q periods; survival only.
    boundaries : Q - 1 inner period limits in years; survival only.
    strata : (n,) separate risk sets; survival only.
    weight : (n,) optional row weights, not negative.

    Raises
    ------
    LossError
        For an unknown kind, offsets or strata of another kind than survival, or labels the kind forbids.
    """
    if target.kind == "survival":
        if target.time is None or target.event is None:
            raise LossError("survival target without time or event")
        return CoxLoss(target.time, target.event, offsets, boundaries, strata, weight)
    if offsets is not None or strata is not None or len(boundaries):
        raise LossError(f"offsets, boundaries and strata are for survival tasks; this one is {target.kind}")
    if target.y is None:
        raise LossError(f"{target.kind} target without labels y")
    if target.kind == "binary":
        return BinaryLoss(target.y, weight)
    if target.kind == "multiclass":
        return MulticlassLoss(target.y, target.n_outputs, weight)
    if target.kind == "regression":
        return SquaredLoss(target.y, weight)
    raise LossError(f"unknown task kind {target.kind!r}: use binary, multiclass, regression or survival")

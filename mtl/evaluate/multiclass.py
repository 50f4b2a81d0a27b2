"""How well the probabilities of several classes separate and how far they are from what happened."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl.evaluate.arrays import SMALLEST, FloatArray, IntArray, numbers, probabilities
from mtl.evaluate.binary import separation
from mtl.evaluate.metric import NotEstimable


def macro_auroc(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean over classes of the AUROC of that class against the rest.

    truth (n,) class numbers 0..C-1; probability (n, C). Raises NotEstimable when a class does not occur.

    >>> macro_auroc([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]])
    1.0
    """
    y, p = _pair(truth, probability)
    counts = np.bincount(y, minlength=p.shape[1])
    if (counts == 0).any():
        raise NotEstimable(
            f"class number {int(np.argmax(counts == 0))} does not occur among the {len(y)} labelled rows"
        )
    if len(counts) < 2:
        raise NotEstimable("there is only one class")
    return float(np.mean([separation(p[y == c, c], p[y != c, c]) for c in range(p.shape[1])]))


def class_auroc(truth: ArrayLike, probability: ArrayLike, which: int) -> float:
    """Return the AUROC of class number `which` against the rest.

    >>> class_auroc([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]], 1)
    1.0
    """
    y, p = _pair(truth, probability)
    inside = y == which
    if inside.all() or not inside.any():
        raise NotEstimable(f"{'every' if inside.all() else 'no'} labelled row is of this class")
    return separation(p[inside, which], p[~inside, which])


def log_loss(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean negative log probability of the class that occurred.

    >>> round(log_loss([0, 1], [[0.5, 0.5], [0.5, 0.5]]), 4)
    0.6931
    """
    y, p = _pair(truth, probability)
    return float(-np.mean(np.log(np.clip(p[np.arange(len(y)), y], SMALLEST, 1.0))))


def accuracy(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the share of rows whose most probable class (the first of equals) occurred.

    >>> accuracy([0, 1], [[0.9, 0.1], [0.6, 0.4]])
    0.5
    """
    y, p = _pair(truth, probability)
    return float(np.mean(p.argmax(axis=1) == y))


def brier(truth: ArrayLike, probability: ArrayLike) -> float:
    """Return the mean over rows of the squared distances summed over classes: 0 is perfect, 2 the worst
    (Brier 1950).

    >>> brier([0, 1], [[0.5, 0.5], [0.5, 0.5]])
    0.5
    """
    y, p = _pair(truth, probability)
    return float(np.mean(((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1)))


def confusion(truth: ArrayLike, probability: ArrayLike) -> IntArray:
    """Return counts (C, C): row = the class that occurred, column = the most probable class.

    >>> confusion([0, 1], [[0.9, 0.1], [0.6, 0.4]]).tolist()
    [[1, 0], [1, 0]]
    """
    y, p = _pair(truth, probability)
    n_classes = p.shape[1]
    counts = np.bincount(y * n_classes + p.argmax(axis=1), minlength=n_classes * n_classes)
    return counts.astype(np.int64).reshape(n_classes, n_classes)


def _pair(truth: ArrayLike, probability: ArrayLike) -> tuple[IntArray, FloatArray]:
    labels = numbers(truth, "truth")
    p = probabilities(probability, "probability", (len(labels), None))
    wrong = (labels != np.floor(labels)) | (labels < 0) | (labels >= p.shape[1])
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"truth is {labels[row]:g} in row {row}: give class numbers from 0 to {p.shape[1] - 1}"
        )
    off = np.abs(p.sum(axis=1) - 1.0) > 1e-6
    if off.any():
        row = int(np.argmax(off))
        raise ValueError(f"the probabilities of row {row} sum to {p[row].sum():g}: they must sum to 1")
    return labels.astype(np.int64), p

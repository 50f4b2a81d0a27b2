"""Class labels to codes and back, for one task or several, and how several tasks' results are handed over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

Floats = NDArray[np.float64]


class TaskClasses(list):  # type: ignore[type-arg]
    """The classes of each task: a list of arrays, that also turns codes (n, tasks) into labels.

    Examples
    --------
    >>> classes = TaskClasses([np.array(["no", "yes"]), np.array([1, 2, 3])])
    >>> classes[1].tolist()
    [1, 2, 3]
    >>> classes[np.array([[0, 2], [1, 0]])].tolist()
    [['no', 3], ['yes', 1]]
    """

    def __getitem__(self, place: Any) -> Any:
        if not isinstance(place, np.ndarray):
            return super().__getitem__(place)
        columns = [classes[codes] for classes, codes in zip(self, place.T, strict=True)]
        kinds = {
            "text" if c.dtype.kind in "US" else "number" if c.dtype.kind in "iufb" else "other"
            for c in columns
        }
        labels = np.empty(place.shape, dtype=np.result_type(*columns) if len(kinds) == 1 else object)
        for t, column in enumerate(columns):
            labels[:, t] = column
        return labels


class TaskProbabilities(list):  # type: ignore[type-arg]
    """The probabilities of each task: ``[t]`` is task t's (n, classes), ``[:, t]`` those of its last class, (n,).

    The first is how scikit-learn's multi-output forests answer, the second how its multi-label classifiers do.

    Examples
    --------
    >>> found = TaskProbabilities([np.array([[0.9, 0.1]]), np.array([[0.2, 0.3, 0.5]])])
    >>> found[1].shape, found[:, 1].tolist()
    ((1, 3), [0.5])
    """

    def __getitem__(self, place: Any) -> Any:
        if not isinstance(place, tuple):
            return super().__getitem__(place)
        rows, tasks = place
        return np.column_stack([p[:, -1] for p in self])[rows, tasks]


def columns_of(y: Any) -> tuple[list[NDArray[Any]], bool]:
    """The columns of y, and whether y has two dimensions; ValueError for any other number."""
    if isinstance(y, pd.DataFrame):
        return [_plain(y.iloc[:, t]) for t in range(y.shape[1])], True
    if hasattr(y, "toarray"):
        raise TypeError("y is sparse, and an entry that is not stored is no missing label: pass y.toarray()")
    values = _plain(y) if isinstance(y, pd.Series) else np.asarray(y)
    if values.ndim not in (1, 2):
        raise ValueError(f"y has shape {values.shape}: give (n,), or (n, tasks)")
    if values.ndim == 2 and values.shape[1]:
        return [_plain(pd.Series(column)) if column.dtype == object else column for column in values.T], True
    return [np.asarray(column_or_1d(values))], False


def _plain(column: pd.Series) -> NDArray[Any]:
    """A column as an array; one of pandas' own nullable types becomes an object array with None or NaN."""
    return np.asarray(column.to_numpy())


def missing(column: NDArray[Any]) -> NDArray[np.bool_]:
    """(n,): where a label is None or NaN."""
    return np.asarray(pd.isna(column))


def encode_column(
    column: NDArray[Any], counted: NDArray[np.bool_], where: str
) -> tuple[Floats, NDArray[Any]]:
    """Codes (n,), NaN where the label is missing or the row does not count, and the classes in order.

    Raises
    ------
    ValueError
        The labels are no classes, or all counted rows have the same.
    """
    use = counted & ~missing(column)
    values = column[use]
    if values.dtype == object:
        values = pd.Series(values).infer_objects().to_numpy()
    if values.dtype.kind == "f" and np.isinf(values).any():
        raise ValueError(f"{where}: Input y contains infinity or a value too large for dtype('float64').")
    check_classification_targets(values)
    classes, codes = np.unique(values, return_inverse=True)
    if len(classes) < 2:
        had = f"only one class: {classes[0]!r}" if len(classes) else "no class at all"
        raise ValueError(
            f"{where} has {had} among the labelled rows of weight above 0; at least 2 classes are needed"
        )
    out = np.full(len(column), np.nan)
    out[use] = codes
    return out, classes

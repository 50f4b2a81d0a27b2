"""Classification of one label or of several at once, on arrays."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin

from mtl.estimators.base import Column, MultiTaskEstimator, where
from mtl.estimators.labels import TaskClasses, TaskProbabilities, columns_of, encode_column, missing
from mtl.model.forest import Floats


class MultiTaskClassifier(ClassifierMixin, MultiTaskEstimator):  # type: ignore[misc]
    """Classifier of one or several labels, by a blend of a linear model, own trees and trees that the labels share.

    Parameters
    ----------
    effort
        "quick" takes fixed tree configurations; "thorough" chooses among several by held-out loss.
    random_state
        A number, a `numpy.random.RandomState`, or None for another model at every fit.
    background
        Labelled training rows, at most, from which `explain` measures.
    n_jobs
        Threads while fitting; None is 1, -1 is every processor. The model does not depend on it.
    cv
        Folds by which rounds, penalties and weights of the blend are chosen: a number (fewer are taken when there are
        fewer rows), or splits that test every row once, such as ``list(GroupKFold(5).split(X, y, patient))``.

    Attributes
    ----------
    classes_ : array, or a list of one array a column of a 2-D y
    n_outputs_ : int
        Columns of y.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Notes
    -----
    X may hold NaN: a missing value, also in columns that had none in training. The order of the rows does not matter.
    A whole-number `sample_weight` is the same as repeating the row and 0 the same as leaving it out; weights that are
    not whole are relative, so that twice all of them is the same.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from mtl import MultiTaskClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = MultiTaskClassifier(random_state=0, cv=3).fit(X[::2, :6], y[::2])
    >>> bool(model.score(X[1::2, :6], y[1::2]) > 0.9)
    True

    Several labels at once, some of them missing:

    >>> both = np.column_stack([y, X[:, 0] > 14]).astype(float)
    >>> both[::3, 1] = np.nan
    >>> model = MultiTaskClassifier(random_state=0, cv=3).fit(X[::2, 1:6], both[::2])
    >>> risk = model.predict_proba(X[:3, 1:6])
    >>> len(risk), risk[0].shape, model.decision_function(X[:3, 1:6]).shape
    (2, (3, 2), (3, 2))
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit all labels.

        Parameters
        ----------
        X
            (n, p) numbers, NaN where missing.
        y
            (n,) or (n, tasks) classes, two or more a column. In two dimensions NaN or None is a missing label.
        sample_weight
            (n,), not negative.

        Raises
        ------
        ValueError
            Of one class only, of unusable shapes or values, or of missing labels in one dimension.
        """
        values = self._features(X)
        counted, weight = self._weights(values, y, sample_weight)
        labels, several = columns_of(y)
        columns, classes = [], []
        for t, column in enumerate(labels):
            name = where(t, len(labels))
            if not several and missing(column).any():
                raise ValueError("Input y contains NaN.")
            codes, found = encode_column(column, counted, name)
            columns.append(Column("binary" if len(found) == 2 else "multiclass", codes, len(found)))
            classes.append(found)
        self._fit(values, columns, weight)
        self.classes_: Any = TaskClasses(classes) if several else classes[0]
        return self

    def decision_function(self, X: Any) -> Any:
        """The margins of rows X (n, p).

        Returns
        -------
        For one label (n,) log-odds of the second class, or (n, classes) logits of three classes and more. For several
        labels (n, tasks) log-odds when each has two classes, else a list of what each alone would give.
        """
        margins = [m if m.shape[1] > 1 else m[:, 0] for m in self._margins(X)]
        if not self._several:
            return margins[0]
        return np.column_stack(margins) if all(m.ndim == 1 for m in margins) else margins

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class: (n, classes), or for a 2-D y a list with one such array a column.

        The list also answers ``[:, t]``: the probability of the last class of task t, (n,).
        """
        found = TaskProbabilities(_probabilities(margin) for margin in self._margins(X))
        return found if self._several else found[0]

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class: (n,), or (n, tasks) for a 2-D y."""
        margins = self._margins(X)
        codes = np.column_stack(
            [m.argmax(axis=1) if m.shape[1] > 1 else m[:, 0] > 0 for m in margins]
        ).astype(np.intp)
        return np.asarray(self.classes_[codes] if self._several else self.classes_[codes[:, 0]])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy; for a 2-D y the mean of the tasks' accuracies, each on the rows that have its label."""
        from sklearn.metrics import accuracy_score

        labels, several = columns_of(y)
        predicted = self.predict(X)
        if not several:
            return float(accuracy_score(labels[0], predicted, sample_weight=sample_weight))
        weight = np.ones(len(predicted)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        scores = []
        for t, column in enumerate(labels):
            known = ~missing(column)
            if weight[known].any():
                scores.append(np.average(column[known] == predicted[known, t], weights=weight[known]))
        return float(np.mean(scores))

    @property
    def _several(self) -> bool:
        return isinstance(self.classes_, TaskClasses)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _probabilities(margin: Floats) -> Floats:
    if margin.shape[1] > 1:
        return np.asarray(softmax(margin, axis=1))
    return np.column_stack([expit(-margin[:, 0]), expit(margin[:, 0])])

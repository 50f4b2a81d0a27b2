"""What evidence is gathered on: a model, a cohort, and for every patient the predictor that may judge them."""

from __future__ import annotations

import copy
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data import Target, encode, targets
from mtl.evidence.honest import Curves, Predicted, curves
from mtl.model.outputs import predictions
from mtl.model.predictor import Predictor
from mtl.multitask import MultiTaskModel
from mtl.study import Study

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
NEW = -1  # the fold of a patient who was not in training

Report = Callable[[str, float], None]
Checkpoint = MutableMapping[str, Any]
"""Finished pieces of a long computation, JSON values by name: one that was interrupted finds them again."""


class NotComputedError(ValueError):
    """A part has nothing to compute from; the message, which names no patient's value, says what is lacking."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A model and the patients of a cohort.

    Attributes
    ----------
    study : Study
    table : DataFrame
        One row a patient, as recorded.
    model : MultiTaskModel
        Fitted on all its training rows: it judges patients who were not among them.
    fold : (n,)
        The fold in which a patient was held out; `NEW` for one who was not in training.
    predictors : dict
        By fold, the predictor that never saw its patients.
    find_training : callable or None
        Finds the patients of the training, where the program still has them.
    """

    study: Study
    table: pd.DataFrame
    model: MultiTaskModel
    fold: Rows
    predictors: dict[int, Predictor] = field(default_factory=dict)
    find_training: Callable[[], Subject] | None = None

    @cached_property
    def training(self) -> Subject | None:
        """The patients of the training, each with the fold in which they were held out; None where they are not known."""
        if bool((self.fold != NEW).all()):
            return self
        return None if self.find_training is None else self.find_training()

    @property
    def internal(self) -> bool:
        """Whether any of the patients was in training: then what is said is out of fold."""
        return bool((self.fold != NEW).any())

    @property
    def tasks(self) -> tuple[str, ...]:
        """The fitted tasks, in study order."""
        return tuple(self.model.tasks_)

    @cached_property
    def X(self) -> Floats:  # noqa: N802
        """(n, p) encoded findings."""
        return encode(self.study, self.table).X

    @cached_property
    def truths(self) -> dict[str, Target]:
        """Each fitted task's outcomes."""
        return targets(self.study, self.table, self.tasks)

    def predictor(self, fold: int) -> Predictor:
        """Who judges the patients of a fold."""
        return self.model.predictor_ if fold == NEW else self.predictors[fold]

    def margins(self, X: Floats | None = None) -> dict[str, Floats]:
        """Each task's margin, (n, c), every patient by their own judge; of other findings (n, p) where they are given."""
        found = self.X if X is None else X
        out: dict[str, Floats] = {}
        for f in np.unique(self.fold).tolist():
            rows = np.flatnonzero(self.fold == f)
            for task, margin in self.predictor(f).margins(found[rows]).items():
                out.setdefault(task, np.empty((len(found), margin.shape[1])))[rows] = margin
        return out

    def numbers(self, X: Floats | None = None) -> pd.DataFrame:
        """The columns of `MultiTaskModel.predict`, without intervals of risks, every patient by their own judge."""
        found = self.X if X is None else X
        parts = []
        for f in np.unique(self.fold).tolist():
            rows = np.flatnonzero(self.fold == f)
            own = self.table.iloc[rows]
            parts.append(predictions(self.study, self.predictor(f), found[rows], own).set_axis(rows))
        return pd.concat(parts).sort_index().set_axis(self.table.index)

    @cached_property
    def predicted(self) -> Predicted:
        """The numbers and survival curves that metrics are computed from."""
        folds = np.unique(self.fold).tolist()
        if folds == [NEW]:
            return Predicted(self.numbers(), curves(self.model, self.table))
        rows = [np.flatnonzero(self.fold == f) for f in folds]
        judges = {f: with_predictor(self.model, self.predictor(f)) for f in folds}
        parts = [curves(judges[f], self.table.iloc[own]) for f, own in zip(folds, rows, strict=True)]
        order = np.argsort(np.concatenate(rows), kind="stable")
        joined = {
            name: Curves(first.years, np.concatenate([part[name].risk for part in parts])[order])
            for name, first in parts[0].items()
        }
        return Predicted(self.numbers(), joined, self.fold)


def with_predictor(model: MultiTaskModel, predictor: Predictor) -> MultiTaskModel:
    """The same model with another predictor, such as that of a fold."""
    other = copy.copy(model)
    other.__dict__.pop("explainer_", None)
    other.predictor_ = predictor
    return other

"""What the classifier and the regressor share: parameters, the problem made from arrays, margins and explanations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from mtl.data.targets import Target
from mtl.estimators.rows import Floats, Places, TrainingRows, chosen_folds
from mtl.explain.attribution import Attribution
from mtl.explain.explainer import Explainer
from mtl.model.blend import FEW_ROWS
from mtl.model.predictor import Predictor
from mtl.model.problem import Problem, TaskData
from mtl.model.train import EFFORTS, Effort, train
from mtl.study import Feature, Level, Stage, Study, Task

FEWEST_ROUNDS = 40  # of trees, however few the rows

Kind = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Column:
    """One column of y, encoded: its kind, labels (n,) with NaN where missing, and the number of its classes."""

    kind: Kind
    y: Floats
    n_classes: int = 0


class MultiTaskEstimator(BaseEstimator):  # type: ignore[misc]
    """Base of :class:`MultiTaskClassifier` and :class:`MultiTaskRegressor`."""

    def __init__(
        self,
        effort: str = "quick",
        random_state: Any = None,
        background: int = 500,
        n_jobs: int | None = None,
        cv: Any = 5,
    ) -> None:
        self.effort = effort
        self.random_state = random_state
        self.background = background
        self.n_jobs = n_jobs
        self.cv = cv

    # Fitting --------------------------------------------------------------------------------------

    def _features(self, X: Any) -> Floats:
        """X checked for training."""
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2)
        )

    def _weights(self, X: Floats, y: Any, sample_weight: Any) -> tuple[NDArray[np.bool_], Floats | None]:
        """Which rows count, and the weights."""
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None."
            )
        check_consistent_length(X, y)
        if sample_weight is None:
            return np.ones(len(X), dtype=bool), None
        weight = np.asarray(
            _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        )
        if not weight.any():
            raise ValueError("Sample weights must contain at least one non-zero number.")
        return weight > 0, weight

    def _fit(self, X: Floats, columns: Sequence[Column], weight: Floats | None) -> Self:
        if self.effort not in EFFORTS:
            raise ValueError(f"effort={self.effort!r}: choose {' or '.join(map(repr, EFFORTS))}")
        background: Any = self.background
        if not isinstance(background, Integral) or background < 1:
            raise ValueError(f"background={background!r}: give a whole number of 1 or more")
        if isinstance(self.cv, Integral) and self.cv < 2:
            raise ValueError(f"cv={self.cv!r}: give a whole number of 2 or more, or splits")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        Y = np.column_stack([column.y for column in columns])
        rows = TrainingRows.of(X, Y, weight, self._chosen_folds(X, columns))
        problem = _problem(rows, columns, int(self.cv) if isinstance(self.cv, Integral) else 0, seed)
        threads = effective_n_jobs(self.n_jobs)
        trained = train(
            problem,
            _paced(EFFORTS[self.effort], len(rows)),
            self.background,
            threads,
            lambda what, share: None,
            novelty=False,
        )
        self.predictor_: Predictor = trained.predictor
        self.n_outputs_ = len(columns)
        self.__dict__.pop("_explainer", None)
        return self

    def _chosen_folds(self, X: Floats, columns: Sequence[Column]) -> Places | None:
        if isinstance(self.cv, Integral):
            return None
        from sklearn.model_selection import check_cv  # heavy, and needed for splits of one's own only

        y = columns[0].y if len(columns) == 1 else np.column_stack([column.y for column in columns])
        return chosen_folds(check_cv(self.cv).split(X, y), len(X))

    # Asking ---------------------------------------------------------------------------------------

    def _margins(self, X: Any) -> list[Floats]:
        """The margin of each task, (n, c)."""
        values = self._checked(X)
        margins = self.predictor_.margins(values)
        return [margins[task.name] for task in self.predictor_.tasks]

    def _checked(self, X: Any) -> Floats:
        check_is_fitted(self)
        return np.asarray(
            validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False, order="C")
        )

    def explain(self, X: Any, output: int = 0) -> Attribution:
        """What each feature adds to the margin of one task: exact interventional Shapley values.

        Parameters
        ----------
        X
            (n, p), as for `predict`.
        output
            Column of y.

        Returns
        -------
        Attribution
            ``values`` (n, p), or (n, p, classes) for three classes and more; base plus their sum is the margin, which
            is `decision_function` for a classifier and the prediction for a regression.
        """
        names = getattr(self, "feature_names_in_", None)
        values = self._checked(X)
        if not -self.n_outputs_ <= output < self.n_outputs_:
            raise ValueError(
                f"output={output}: y had {self.n_outputs_} columns, choose 0 to {self.n_outputs_ - 1}"
            )
        task = self.predictor_.tasks[output]
        base, found = self._explainer.contributions(values, (task.name,))[task.name]
        features = list(self.predictor_.features) if names is None else [str(name) for name in names]
        data = pd.DataFrame(values, columns=features)
        if task.kind == "multiclass":
            return Attribution(task.name, found, base, features, data)
        return Attribution(task.name, found[:, :, 0], float(base[0]), features, data)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.predictor_)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_explainer", None)  # it holds a lock
        return state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags


def _paced(effort: Effort, n: int) -> Effort:
    """On few rows, steps twice as long and half as many rounds as rows: more only cost time there."""
    if n >= FEW_ROWS:
        return effort
    most = max(FEWEST_ROUNDS, n // 2)
    return Effort(
        tuple(
            replace(c, learning_rate=2 * c.learning_rate, max_rounds=min(c.max_rounds, most))
            for c in effort.trees
        )
    )


def _problem(rows: TrainingRows, columns: Sequence[Column], n_folds: int, seed: int) -> Problem:
    """The engine's problem: every task sees every feature, whatever the number of its labels."""
    p = rows.X.shape[1]
    study = _study(p, columns)
    every: dict[str, Target] = {}
    tasks = []
    for t, (task, column) in enumerate(zip(study.tasks, columns, strict=True)):
        classes = tuple(level.text for level in task.classes)
        target = Target(task.name, column.kind, classes, y=rows.Y[:, t])
        labelled = np.flatnonzero(target.labelled)
        if len(labelled) < 2:
            raise ValueError(
                f"{where(t, len(columns))} has fewer than 2 labelled rows (1 sample or none) of weight above 0"
            )
        every[task.name] = target
        weight = None if rows.weight is None else rows.weight[labelled]
        labels = target.subset(labelled)
        location, scale = 0.0, 1.0
        if column.kind == "regression":
            location = float(np.average(labels.y, weights=weight))
            scale = float(np.sqrt(np.average((labels.y - location) ** 2, weights=weight))) or 1.0
        data = TaskData(task, tuple(range(p)), labelled, labels, location=location, scale=scale)
        tasks.append(replace(data, weight=weight))
    fold = rows.deal(every, n_folds, seed)
    return Problem(study, rows.X, ("numeric",) * p, tuple(tasks), fold, {}, seed)


def _study(p: int, columns: Sequence[Column]) -> Study:
    return Study(
        name="arrays",
        identifier="row",
        stages=[Stage(name="known")],
        features=[Feature(name=f"x{j}", kind="numeric", stage="known") for j in range(p)],
        tasks=[
            Task(
                name="y" if len(columns) == 1 else f"y{t}",
                kind=column.kind,
                role="diagnosis",
                stage="known",
                target=f"y{t}",
                classes=[Level(value=c) for c in range(column.n_classes)]
                if column.kind == "multiclass"
                else [],
            )
            for t, column in enumerate(columns)
        ],
    )


def where(t: int, n: int) -> str:
    """How an error names a column of y."""
    return "y" if n == 1 else f"y, column {t},"

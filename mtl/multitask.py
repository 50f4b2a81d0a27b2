"""The model as Python users meet it: fit, predict, explain, save."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import Executor
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.encode import Encoded, encode
from mtl.data.notes import Note
from mtl.explain.attribution import Attribution
from mtl.explain.explainer import Explainer
from mtl.model import files
from mtl.model.forest import Floats
from mtl.model.guard import Sharing
from mtl.model.intervals import Uncertainty
from mtl.model.offsets import periods, treatment_offsets, trials_of
from mtl.model.outputs import predictions
from mtl.model.plan import Plan
from mtl.model.pool import Progress
from mtl.model.predictor import Predictor
from mtl.model.problem import Problem, TrainingError
from mtl.model.refit_files import refits_from_text, refits_to_text
from mtl.model.refits import REFITS, Refits, fit_refits
from mtl.model.train import EFFORTS, TaskFit, Trained, train
from mtl.study import Study

FOLDS = 5
REFITS_FILE = "refits.json"


class TableWarning(UserWarning):
    """Something in a table that the model could not read as the study defines it."""


class NotFittedError(ValueError):
    """The model was asked before it was fitted."""


class MultiTaskModel:
    """All tasks of a study, predicted together and explained exactly.

    Parameters
    ----------
    study
        What to predict from what.
    effort
        "quick" takes fixed tree configurations; "thorough" chooses among several by held-out loss.
    random_state
        The same number gives the same model, on any number of threads.
    background
        Labelled training rows, at most, that stand for the reference patient of each task.
    threads
        Threads while fitting; the processor's number if left out.

    Examples
    --------
    >>> from mtl import MultiTaskModel, load_sample
    >>> study, table = load_sample("cytology")
    >>> model = MultiTaskModel(study, random_state=0).fit(table)
    >>> held_out = load_sample("cytology", part="test")[1]
    >>> risk = model.predict(held_out)["malignant"]
    >>> bool(((risk > 0.5) == (held_out["diagnosis"] == "malignant")).mean() > 0.94)
    True
    >>> why = model.explain(held_out, task="malignant")
    >>> bool(np.allclose(why.margin, model.margin(held_out, task="malignant"), atol=1e-9))
    True
    """

    def __init__(
        self,
        study: Study,
        effort: str = "quick",
        random_state: int = 0,
        background: int = 500,
        threads: int | None = None,
    ) -> None:
        self.study = study
        self.effort = effort
        self.random_state = random_state
        self.background = background
        self.threads = threads

    # Fitting --------------------------------------------------------------------------------------

    def fit(
        self, table: pd.DataFrame, progress: Progress | None = None, pool: Executor | None = None
    ) -> MultiTaskModel:
        """Fit every task that has labels.

        Parameters
        ----------
        table
            One row a patient; columns are found by name, others ignored.
        progress
            Called with what was just done and the share of the work done; what it raises ends the training.
        pool
            Who fits the experts: threads of this process if left out, else an executor such as
            :func:`mtl.jobs.executor.executor` gives. The model is the same, bit for bit.

        Raises
        ------
        TrainingError
            No task has enough labels.
        """
        if self.effort not in EFFORTS:
            raise ValueError(f"effort={self.effort!r}: choose {' or '.join(map(repr, EFFORTS))}")
        if not isinstance(self.random_state, int | np.integer) or self.random_state < 0:
            raise ValueError(f"random_state={self.random_state!r}: give a whole number of 0 or more")
        problem = Problem.from_table(self.study, table, FOLDS, int(self.random_state))
        for name, reason in problem.left_out.items():
            warnings.warn(f"task {name} is left out: {reason}", TableWarning, stacklevel=2)
        threads = self.threads or min(os.cpu_count() or 1, 8)
        quiet: Progress = lambda what, share: None  # noqa: E731
        effort = EFFORTS[self.effort]
        trained = train(problem, effort, self.background, threads, progress or quiet, pool=pool)
        self._take(trained, problem)
        return self

    def _take(self, trained: Trained, problem: Problem) -> None:
        self.trained_: Trained = trained
        self.predictor_: Predictor = trained.predictor
        self.left_out_: dict[str, str] = problem.left_out
        self.training_: dict[str, Any] = {
            "rows": len(problem.X),
            "labelled": {t.name: len(t.rows) for t in problem.tasks},
            "informative": {t.name: t.informative for t in problem.tasks},
            "left_out": problem.left_out,
            "effort": self.effort,
            "random_state": int(self.random_state),
            "folds": FOLDS,
            "blend": {name: _blend_summary(fit) for name, fit in trained.fits.items()},
            "plan": trained.plan.to_dict(),
        }
        self._sure: Uncertainty | None = None
        for stale in ("explainer_", "_version"):
            self.__dict__.pop(stale, None)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "explainer_"}  # it holds a lock

    @property
    def out_of_fold_(self) -> dict[str, TaskFit]:
        """What the experts and the blend said about training rows they had not seen; not part of a saved model."""
        self._check_fitted()
        return self.trained_.fits

    @property
    def tasks_(self) -> list[str]:
        """The tasks that were fitted, in the study's order."""
        self._check_fitted()
        return [task.name for task in self.predictor_.tasks]

    @cached_property
    def explainer_(self) -> Explainer:
        """Explains the fitted predictor."""
        self._check_fitted()
        return Explainer(self.predictor_)

    def _check_fitted(self) -> None:
        if not hasattr(self, "predictor_"):
            raise NotFittedError("this model is not fitted yet: call fit(table) or MultiTaskModel.load(path)")

    def fit_intervals(
        self,
        table: pd.DataFrame,
        refits: int = REFITS,
        progress: Progress | None = None,
        pool: Executor | None = None,
    ) -> MultiTaskModel:
        """Learn how sure the probabilities and risks are: refit on drawn labels, :mod:`mtl.model.refits`.

        `predict` then gives limits beside every number. It takes about as long as `fit` does, and may come after
        `load`, with the table that the model was trained on. `pool` as for `fit`.

        Raises
        ------
        TrainingError
            The table is not the one of the training, or drawn labels leave a task without events or classes.
        """
        self._check_fitted()
        if refits < 2:
            raise ValueError(f"refits={refits}: a spread needs 2 or more")
        problem = Problem.from_table(self.study, table, FOLDS, int(self.random_state))
        labelled = {t.name: len(t.rows) for t in problem.tasks}
        if labelled != self.training_["labelled"] or len(problem.X) != self.training_["rows"]:
            raise TrainingError("intervals need the table that the model was trained on; this is another")
        threads = self.threads or min(os.cpu_count() or 1, 8)
        plan = Plan.from_dict(self.training_["plan"])
        quiet: Progress = lambda what, share: None  # noqa: E731
        found = fit_refits(problem, self.predictor_, plan, refits, threads, progress or quiet, pool)
        self._sure = Uncertainty(self.predictor_, found)
        return self

    @property
    def intervals_(self) -> Refits | None:
        """The refits behind the intervals, where `fit_intervals` has made them."""
        return None if self._sure is None else self._sure.refits

    @property
    def uncertainty_(self) -> Uncertainty | None:
        """How sure the predictor that was fitted on all rows is, also where another one stands in for it."""
        return self._sure

    def standing_in(
        self, predictor: Predictor, training: dict[str, Any], uncertainty: Uncertainty | None
    ) -> MultiTaskModel:
        """A model of the same study and tasks with another predictor, training record and uncertainty: another version."""
        self._check_fitted()
        other = MultiTaskModel(self.study, self.effort, self.random_state, self.background, self.threads)
        other.predictor_, other.training_, other._sure = predictor, training, uncertainty
        other.left_out_ = dict(self.left_out_)
        return other

    # Asking ---------------------------------------------------------------------------------------

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Every task's numbers, a row a patient: see :func:`mtl.model.outputs.predictions` for the columns."""
        self._check_fitted()
        encoded = self._encode(table)
        for doubt in self.doubts(table):
            warnings.warn(doubt, TableWarning, stacklevel=2)
        return predictions(self.study, self.predictor_, encoded.X, table, self.uncertainty_)

    def margin(self, table: pd.DataFrame, task: str) -> Floats:
        """The additive scale of a task, (n,) or (n, classes): log-odds, logits, log hazard ratio, the target's unit.

        For survival it is the log hazard without the treatments whose effect a trial gives.
        """
        self._check_fitted()
        margin = self.predictor_.margins(self._encode(table).X, (self._known(task),))[task]
        return margin if self.predictor_.task(task).kind == "multiclass" else margin[:, 0]

    def explain(self, table: pd.DataFrame, task: str) -> Attribution:
        """Contributions of every feature to the margin of one task; zero for features it may not see."""
        self._check_fitted()
        return explain(self.explainer_, self._known(task), self._encode(table).X, table)

    def novel(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        """(n,): whether a patient is unlike those of the training; see :mod:`mtl.model.novelty`."""
        self._check_fitted()
        return self.predictor_.novelty.flag(self._encode(table).X)

    def _known(self, task: str) -> str:
        self.study.task(task)
        if task in self.left_out_:
            raise ValueError(f"task {task!r} was not fitted: {self.left_out_[task]}")
        return task

    def _encode(self, table: pd.DataFrame) -> Encoded:
        encoded = encode(self.study, table)
        for note in encoded.notes:
            if note.kind != "out_of_range":
                warnings.warn(describe(note), TableWarning, stacklevel=3)
        return encoded

    def doubts(self, table: pd.DataFrame) -> list[str]:
        """What was given and the table does not say for every row, a sentence a column and task."""
        return [
            f"column {column!r} does not say for every row what was given; {task} is then predicted without it"
            for task in self.tasks_
            if trials_of(self.study, task)
            for column in treatment_offsets(self.study, table, task).unknown
        ]

    # Files ----------------------------------------------------------------------------------------

    def files(self) -> dict[str, str]:
        """The files of the exported model, by name. They hold no patient row."""
        self._check_fitted()
        found = {
            **files.predictor_files(self.predictor_),
            "study.toml": self.study.to_toml(),
            "training.json": files.dump_json(self.training_),
        }
        return found if self.intervals_ is None else found | {REFITS_FILE: refits_to_text(self.intervals_)}

    @property
    def version_(self) -> str:
        """Short name of the fitted content: the same files, the same version, with intervals or without."""
        if not hasattr(self, "_version"):
            self._version = _version(self.files())
        return self._version

    def save(self, path: str | Path) -> None:
        """Write the model as a folder; see :mod:`mtl.model.files`."""
        files.write_folder(path, self.files())

    @classmethod
    def load(cls, path: str | Path) -> MultiTaskModel:
        """Read a saved model.

        Raises
        ------
        ModelFileError
            The folder cannot be trusted or read.
        """
        found = files.read_folder(path)
        predictor = files.predictor_from_files(found)
        try:
            study = Study.from_toml(found["study.toml"])
            training = files.read_json(found["training.json"])
            model = cls(study, training["effort"], training["random_state"])
            model.left_out_ = dict(training["left_out"])
        except (KeyError, TypeError, ValueError, OSError, RecursionError) as error:
            raise files.ModelFileError(
                f"{path}: its study or training record cannot be read: {error}"
            ) from error
        asked = [
            (t.name, t.kind, tuple(level.text for level in t.classes))
            for t in study.tasks
            if t.name not in model.left_out_
        ]
        answered = [(t.name, t.kind, t.classes) for t in predictor.tasks]
        features = [f.name for f in study.features]
        periods_fit = all(
            t.baseline is None or t.baseline.boundaries == periods(study, t.name)
            for t in predictor.tasks
            if t.name in [a[0] for a in asked]
        )
        if features != list(predictor.features) or asked != answered or not periods_fit:
            raise files.ModelFileError(
                f"{path}: the study's features or tasks are not the predictor's; copy the whole model folder again"
            )
        model.predictor_, model.training_ = predictor, training
        model._version = _version(found)
        model._sure = None
        if REFITS_FILE in found:
            model._sure = Uncertainty(predictor, refits_from_text(found[REFITS_FILE], predictor))
        return model


def _version(found: dict[str, str]) -> str:
    return files.version_of({name: text for name, text in found.items() if name != REFITS_FILE})


def explain(explainer: Explainer, task: str, X: Floats, table: pd.DataFrame) -> Attribution:
    """Attribution of one task for encoded rows X of a table."""
    base, values = explainer.contributions(X, (task,))[task]
    features = list(explainer.predictor.features)
    data = table[[name for name in features if name in table.columns]].reindex(columns=features)
    if explainer.predictor.task(task).kind == "multiclass":
        return Attribution(task, values, base, features, data)
    return Attribution(task, values[:, :, 0], float(base[0]), features, data)


def describe(note: Note) -> str:
    """A note on a table in one sentence."""
    texts = {
        "missing_column": "column {c!r} is not in the table; it counts as missing for every row",
        "unseen_level": "column {c!r}: {n} values are not among the study's levels and count as missing, for instance {e!r}",
        "not_a_number": "column {c!r}: {n} values are not numbers and count as missing, for instance {e!r}",
        "not_true_or_false": "column {c!r}: {n} values are neither true nor false and count as missing, for instance {e!r}",
        "out_of_range": "column {c!r}: {n} values lie outside the valid range, for instance {e!r}",
        "time_of_zero": "column {c!r}: {n} times of 0 became half a day",
    }
    return texts[note.kind].format(c=note.column, n=note.count, e=note.example)


def _blend_summary(fit: TaskFit) -> dict[str, Any]:
    strength = fit.blend.strength
    return {
        "experts": list(fit.used),
        "weights": fit.blend.weights.tolist(),
        "strength": None if np.isinf(strength) else strength,
        "rounds": fit.rounds,
        "penalty": asdict(fit.penalty),
        "sharing": None if fit.sharing is None else _sharing_summary(fit.sharing),
    }


def _sharing_summary(sharing: Sharing) -> dict[str, Any]:
    """The shared trees' gain in held-out loss, its limits where there are any, and whether they were left out."""
    low, high = (limit if np.isfinite(limit) else None for limit in (sharing.low, sharing.high))
    return {"gain": sharing.gain, "low": low, "high": high, "left_out": sharing.hurts}

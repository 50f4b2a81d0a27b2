"""Ours and the tuned baseline, each fitted on one training table and judged on patients it has not seen."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from bench.comparison.alone import EXPERTS, alone
from bench.comparison.data import Cohort
from bench.comparison.scores import score
from bench.comparison.tuned import GRID, SHORT_GRID, tune
from mtl import MultiTaskModel
from mtl.data.encode import encode
from mtl.data.targets import Target, targets
from mtl.model.offsets import treatment_offsets


@dataclass(frozen=True)
class Case:
    """One training table and its held-out patients; `tasks` are those to be judged."""

    cohort: Cohort
    train: pd.DataFrame
    test: pd.DataFrame
    tasks: tuple[str, ...]
    seed: int = 0
    short: bool = False

    @cached_property
    def truth(self) -> dict[str, Target]:
        """The held-out outcomes."""
        return targets(self.cohort.study, self.test, self.tasks)

    @cached_property
    def labels(self) -> dict[str, Target]:
        """The training outcomes."""
        return targets(self.cohort.study, self.train)

    @cached_property
    def X(self) -> tuple[np.ndarray, np.ndarray]:  # noqa: N802
        """Encoded features of the training and the held-out patients, all of the study's."""
        return encode(self.cohort.study, self.train).X, encode(self.cohort.study, self.test).X

    def visible(self, task: str) -> list[int]:
        """Columns of X a task may see."""
        seen = set(self.cohort.study.visible(task))
        return [j for j, feature in enumerate(self.cohort.study.features) if feature.name in seen]

    def score(self, task: str, prediction: np.ndarray) -> float:
        """The score of a task on the held-out patients."""
        return score(self.truth[task], prediction)


@dataclass(frozen=True)
class Outcome:
    """One method's score of every task, its seconds of fitting (choosing included) and bytes when saved."""

    method: str
    scores: dict[str, float]
    seconds: float
    size: int
    chosen: dict[str, str] = field(default_factory=dict)


def predicted(model: MultiTaskModel, table: pd.DataFrame, task: str) -> np.ndarray:
    """A task's prediction: a probability, probabilities (n, classes), a value, or the log hazard as treated."""
    numbers = model.predict(table)
    kind = model.study.task(task).kind
    if kind == "multiclass":
        return numbers[[f"{task}={level.text}" for level in model.study.task(task).classes]].to_numpy()
    return numbers[f"{task}.log_hazard" if kind == "survival" else task].to_numpy()


def fitted(case: Case, effort: str, training: pd.DataFrame) -> tuple[MultiTaskModel, float]:
    """A model on one thread, and the seconds it took."""
    begin = time.perf_counter()
    model = MultiTaskModel(case.cohort.study, effort, case.seed, threads=1).fit(training)
    return model, time.perf_counter() - begin


def ours(case: Case, effort: str = "quick") -> list[Outcome]:
    """The blend and each of its experts alone, from one fit."""
    model, seconds = fitted(case, effort, case.train)
    size = sum(len(text.encode()) for text in model.files().values())
    blend, experts = {}, {name: {} for name in EXPERTS}
    chosen = {}
    for task in case.tasks:
        if task in model.left_out_:
            raise ValueError(f"{case.cohort.name}, {task}: {model.left_out_[task]}")
        blend[task] = case.score(task, predicted(model, case.test, task))
        for name, prediction in alone(model, case.train, case.test, task).items():
            experts[name][task] = case.score(task, prediction)
        chosen[task] = " ".join(f"{w:.2f}" for w in model.training_["blend"][task]["weights"])
    prefix = "" if effort == "quick" else f"{effort} "
    found = [Outcome(f"{prefix}blend", blend, seconds, size, chosen)]
    return found + [Outcome(f"{prefix}{name}", scores, seconds, size) for name, scores in experts.items()]


def thorough(case: Case) -> list[Outcome]:
    """The blend that tunes its experts."""
    return ours(case, "thorough")


def lightgbm(case: Case) -> list[Outcome]:
    """The baseline: one tuned LightGBM a task; see :mod:`bench.comparison.tuned`."""
    scores, chosen, size = {}, {}, 0
    begin = time.perf_counter()
    for task in case.tasks:
        columns, target = case.visible(task), case.labels[task]
        rows = np.flatnonzero(target.labelled)
        kinds = [case.cohort.study.features[j].kind for j in columns]
        known = given = None
        if target.kind == "survival":
            known = treatment_offsets(case.cohort.study, case.train.iloc[rows], task).values
            given = treatment_offsets(case.cohort.study, case.test, task).values
            if known.shape[1] != 1:
                raise ValueError(f"{task}: the baseline knows no hazard ratios that change with time")
            known, given = known[:, 0], given[:, 0]
        train, test = case.X
        found = tune(
            train[np.ix_(rows, columns)],
            target.subset(rows),
            [place for place, kind in enumerate(kinds) if kind == "categorical"],
            SHORT_GRID if case.short else GRID,
            known,
            case.seed,
        )
        scores[task] = case.score(task, found.predict(test[:, columns], given))
        config = ", ".join(f"{name} {value}" for name, value in found.config.items())
        chosen[task] = f"{config}, {found.rounds} rounds"
        size += found.size
    return [Outcome("tuned LightGBM", scores, time.perf_counter() - begin, size, chosen)]

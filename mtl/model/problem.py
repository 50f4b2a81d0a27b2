"""A study's table made ready for fitting: encoded features, each task's labelled rows, who helps whom, the folds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl.data.encode import encode
from mtl.data.split import folds
from mtl.data.targets import Target, targets
from mtl.model.forest import Floats
from mtl.model.losses import Loss, SquaredLoss, loss_for
from mtl.model.masking import mask_at_random
from mtl.model.offsets import treatment_offsets
from mtl.study import Study
from mtl.study.entries import Task

Rows = NDArray[np.intp]

FEWEST_LABELLED = 20  # labelled rows a task needs
FEWEST_OF_A_KIND = 5  # rows of the rarer class, or events


class TrainingError(ValueError):
    """The table cannot train this study."""


@dataclass(frozen=True)
class TaskData:
    """One task's labels on its labelled rows.

    ``rows`` are their places in the table; ``visible`` the columns of X the task may see; ``offsets`` (labelled, Q)
    what the treatment given adds to the log hazard by period. A regression target is fitted as
    ``(y - location) / scale``.
    """

    task: Task
    visible: tuple[int, ...]
    rows: Rows
    target: Target
    offsets: Floats | None = None
    boundaries: tuple[float, ...] = ()
    location: float = 0.0
    scale: float = 1.0
    weight: Floats | None = None

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name

    @property
    def n_outputs(self) -> int:
        """Margins of a row."""
        return self.target.n_outputs

    def loss(self, chosen: Rows | None = None, strata: NDArray[np.intp] | None = None) -> Loss:
        """The task's loss on chosen labelled rows, all of them if left out; `strata` separates risk sets."""
        pick = slice(None) if chosen is None else chosen
        weight = None if self.weight is None else self.weight[pick]
        target = self.target if chosen is None else self.target.subset(chosen)
        if target.kind == "regression":
            return SquaredLoss((np.asarray(target.y) - self.location) / self.scale, weight)
        if target.kind == "survival":
            offsets = None if self.offsets is None else self.offsets[pick]
            return loss_for(target, offsets, self.boundaries, strata, weight)
        return loss_for(target, weight=weight)

    @property
    def period_offsets(self) -> Floats:
        """(labelled, Q): offsets by period, 0 where no trial gives any."""
        if self.offsets is not None:
            return self.offsets
        return np.zeros((len(self.rows), len(self.boundaries) + 1))

    @cached_property
    def informative(self) -> int:
        """What there is to learn from: rows of the rarer class, rows not of the commonest, events, or rows."""
        if self.target.kind == "regression":
            return len(self.rows)
        if self.target.kind == "survival":
            return int(np.nansum(np.asarray(self.target.event)))
        counts = np.bincount(np.asarray(self.target.y).astype(int), minlength=2)
        return int(counts.sum() - counts.max())


@dataclass(frozen=True)
class Group:
    """Tasks that see the same features and therefore share one structure, and the tasks that help them.

    A helper may itself see every feature of the group: otherwise its labels would pull the trees towards something
    that it must not know.
    """

    features: tuple[int, ...]
    members: tuple[int, ...]
    helpers: tuple[int, ...]


@dataclass(frozen=True)
class Split:
    """Training and held-out rows, and the training features with some cells masked."""

    train: Rows
    test: Rows
    masked: Floats

    def labelled(self, task: TaskData) -> tuple[Rows, Rows, Rows]:
        """Of a task's labelled rows: those in training, their places in `masked`, and those held out."""
        inside = np.isin(task.rows, self.train, assume_unique=True)
        chosen = np.flatnonzero(inside)
        return chosen, np.searchsorted(self.train, task.rows[chosen]), np.flatnonzero(~inside)


@dataclass(frozen=True)
class Problem:
    """Everything that fitting needs.

    `left_out` names tasks that cannot be trained, with the reason; `patient` (n,) whose row each is, where a patient
    may have several.
    """

    study: Study
    X: Floats
    kinds: tuple[str, ...]
    tasks: tuple[TaskData, ...]
    fold: NDArray[np.intp]
    left_out: dict[str, str]
    seed: int
    patient: NDArray[np.generic] | None = None

    @classmethod
    def from_table(cls, study: Study, table: pd.DataFrame, n_folds: int, seed: int) -> Problem:
        """Encode a table.

        Raises
        ------
        TrainingError
            No task has enough labels; the message says what each lacks.
        """
        encoded = encode(study, table)
        every = targets(study, table)
        place = {name: j for j, name in enumerate(encoded.names)}
        tasks, left_out = [], {}
        for task in study.tasks:
            target = every[task.name]
            rows = np.flatnonzero(target.labelled)
            lacking = _lacking(target, rows)
            if lacking:
                left_out[task.name] = lacking
                continue
            labelled = target.subset(rows)
            offsets: Floats | None = None
            boundaries: tuple[float, ...] = ()
            if task.kind == "survival":
                found = treatment_offsets(study, table.iloc[rows], task.name)
                offsets, boundaries = found.values, found.boundaries
            location, scale = 0.0, 1.0
            if task.kind == "regression":
                y = np.asarray(labelled.y)
                location, scale = float(y.mean()), float(y.std())
            visible = tuple(place[name] for name in study.visible(task.name))
            tasks.append(TaskData(task, visible, rows, labelled, offsets, boundaries, location, scale))
        _require(tasks, left_out)
        patient = None
        if study.patient is not None and study.patient in table:
            known = table[study.patient].notna().to_numpy()
            # a row whose patient is missing is one of its own
            alone = [f"(row {i})" for i in range(len(table))]
            patient = np.where(known, table[study.patient].astype(str).to_numpy(dtype=object), alone)
        kept = {t.name: every[t.name] for t in tasks}
        fold = np.asarray(folds(kept, n_folds, seed, patient), dtype=np.intp)
        kinds = tuple(feature.kind for feature in study.features)
        for fitted in list(tasks):
            if any(
                _lacking(fitted.target, np.flatnonzero(fold[fitted.rows] != f), least=2)
                for f in range(n_folds)
            ):
                left_out[fitted.name] = (
                    "all its labels, or all of one class, belong to too few patients to hold any out"
                )
                tasks.remove(fitted)
        _require(tasks, left_out)
        return cls(study, encoded.X, kinds, tuple(tasks), fold, left_out, seed, patient)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """One group a visibility mask; see :class:`Group`."""
        masks: dict[tuple[int, ...], list[int]] = {}
        for i, task in enumerate(self.tasks):
            masks.setdefault(task.visible, []).append(i)
        return tuple(
            Group(
                mask,
                tuple(members),
                tuple(
                    i for i, t in enumerate(self.tasks) if i not in members and set(mask) <= set(t.visible)
                ),
            )
            for mask, members in masks.items()
        )

    @cached_property
    def categorical(self) -> tuple[int, ...]:
        """Columns of X that hold codes of categories."""
        return tuple(j for j, kind in enumerate(self.kinds) if kind == "categorical")

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """One split a fold, then one that trains on every row."""
        return (*(self._split(f) for f in range(int(self.fold.max()) + 1)), self._split(None))

    def _split(self, held: int | None) -> Split:
        test = np.flatnonzero(self.fold == held) if held is not None else np.zeros(0, dtype=np.intp)
        train = np.flatnonzero(self.fold != held) if held is not None else np.arange(len(self.X))
        rng = np.random.default_rng([self.seed, 2, 0 if held is None else held + 1])
        return Split(train, test, mask_at_random(self.X[train], rng))


def _require(tasks: list[TaskData], left_out: dict[str, str]) -> None:
    if not tasks:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise TrainingError(f"no task can be trained. {reasons}")


def _lacking(target: Target, rows: Rows, least: int | None = None) -> str:
    """What a task lacks to be trained, or nothing; `least` rows and one of a kind are enough for a fold."""
    of_a_kind = FEWEST_OF_A_KIND if least is None else 1
    if len(rows) < (least or FEWEST_LABELLED):
        return f"{len(rows)} labelled rows, at least {FEWEST_LABELLED} are needed"
    if target.kind == "regression":
        return "" if np.nanstd(np.asarray(target.y)[rows]) > 0 else "every labelled row has the same value"
    if target.kind == "survival":
        events = int(np.nansum(np.asarray(target.event)[rows]))
        return "" if events >= of_a_kind else f"{events} events, at least {FEWEST_OF_A_KIND} are needed"
    counts = np.bincount(np.asarray(target.y)[rows].astype(int), minlength=2)
    rest = int(counts.sum() - counts.max())
    if rest == 0:
        return "every labelled row has the same class"
    return (
        ""
        if rest >= of_a_kind
        else f"{rest} rows outside the commonest class, at least {FEWEST_OF_A_KIND} are needed"
    )

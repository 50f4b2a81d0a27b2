"""The control of the audit: the helpers' labels dealt to other patients, so that they say nothing about anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtl.model.problem import Problem, Rows, TaskData


def deal(problem: Problem, helpers: Sequence[TaskData], seed: Sequence[int]) -> Rows:
    """(n,): whose labels each patient gets.

    One permutation for all helpers, so that they stay related to each other. Patients exchange within a fold, which keeps
    its counts of events and classes, and among those for whom the same helpers are labelled, which keeps what is missing.
    """
    known = np.zeros((len(problem.X), len(helpers)), dtype=bool)
    for k, task in enumerate(helpers):
        known[task.rows, k] = True
    rng = np.random.default_rng(seed)
    source = np.arange(len(problem.X))
    together = np.unique(np.column_stack([problem.fold, known]), axis=0, return_inverse=True)[1].ravel()
    for group in range(int(together.max()) + 1):
        rows = np.flatnonzero(together == group)
        source[rows] = rng.permutation(rows)
    return source


def dealt(task: TaskData, source: Rows) -> TaskData:
    """A helper whose patients have the labels of those in `source`.

    Time travels with event, and with them the offset of the treatment that was given, which is part of what is known of
    them: what is left of a helper is then independent of every finding.
    """
    place = np.searchsorted(task.rows, source[task.rows])
    return replace(
        task,
        target=task.target.subset(place),
        offsets=None if task.offsets is None else task.offsets[place],
        weight=None if task.weight is None else task.weight[place],
    )

"""The linear expert, fold by fold and on all rows: its columns and its penalty are chosen by held-out loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mtl.model.basis import Basis
from mtl.model.blocks import give_back
from mtl.model.curves import Reading
from mtl.model.forest import Floats
from mtl.model.linear import LinearExpert, LinearPath, Penalty
from mtl.model.problem import Problem, TaskData


@dataclass(frozen=True)
class CrossFittedLinear:
    """`folds[f]` never saw fold f; `whole` saw every labelled row; the penalty and its held-out loss."""

    folds: tuple[LinearExpert, ...]
    whole: LinearExpert
    penalty: Penalty
    loss: float


def cross_fit_linear(
    problem: Problem,
    task: TaskData,
    readings: Sequence[Reading],
    grid: Sequence[Penalty],
    seed: int,
    tick: Callable[[], None],
) -> CrossFittedLinear:
    """Fit every reading at every penalty and keep the pair with the smallest held-out loss; `tick` is called a step."""
    tried = []
    for reading in readings:
        paths = []
        for which in range(len(problem.splits)):
            paths.append(_path(problem, task, reading, grid, which, seed))
            give_back(len(problem.X))
            tick()
        tried.append((paths, _held_out_losses(problem, task, paths)))
    paths, losses = min(tried, key=lambda one: float(one[1].min()))
    best = int(losses.argmin())
    labelled = [task.rows[split.labelled(task)[0]] for split in problem.splits]
    experts = [
        path.expert(best).with_stand_ins(problem.X[rows]) for path, rows in zip(paths, labelled, strict=True)
    ]
    return CrossFittedLinear(tuple(experts[:-1]), experts[-1], grid[best], float(losses[best]))


def _path(
    problem: Problem, task: TaskData, reading: Reading, grid: Sequence[Penalty], which: int, seed: int
) -> LinearPath:
    """The path of penalties on the training rows of split number `which`."""
    split = problem.splits[which]
    chosen, places, _ = split.labelled(task)
    loss, X = task.loss(chosen), split.masked
    if len(places) < len(X):
        X = X[places]
    null = loss.gradient(np.tile(loss.start(), (len(X), 1)))
    rng = np.random.default_rng([seed, which])
    basis = Basis.fit(X, problem.kinds, task.visible, *null, rng, reading)
    return LinearPath.fit(X, loss, basis, grid)


def _held_out_losses(problem: Problem, task: TaskData, paths: list[LinearPath]) -> Floats:
    """(penalties,): mean held-out loss over the folds."""
    total, weight = np.zeros(len(paths[0].grid)), 0.0
    for split, path in zip(problem.splits[:-1], paths[:-1], strict=True):
        held = split.labelled(task)[2]
        unseen = task.loss(held) if len(held) else None
        if unseen is not None and unseen.total:
            margins = path.margins(problem.X[task.rows[held]])
            total += unseen.total * np.array([unseen.value(m) for m in margins])
            weight += unseen.total
    return np.asarray(total / max(weight, 1e-12))

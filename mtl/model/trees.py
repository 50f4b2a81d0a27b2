"""The tree experts: rounds chosen out of fold, one forest a fold for honest margins and one on all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mtl.model.blocks import give_back
from mtl.model.forest import Floats, Forest, columns_of
from mtl.model.grow import Growth, GrowthTask, TreeConfig
from mtl.model.losses import Loss
from mtl.model.problem import Group, Problem, Split, TaskData

STEP = 20  # rounds grown between two looks at the held-out losses
PATIENCE = 60  # rounds without improvement, in every task, after which growing stops


@dataclass(frozen=True)
class FittedTrees:
    """A forest with the constant margins it starts from; outputs are those of the group's members."""

    forest: Forest
    start: Floats

    def margin(self, X: Floats) -> Floats:
        """(n, outputs)."""
        return np.asarray(self.start + self.forest.margin(X))


@dataclass(frozen=True)
class CrossFittedTrees:
    """`folds[f]` never saw fold f; `whole` saw every row; `rounds` and `loss` (held-out, mean) by member task."""

    config: TreeConfig
    folds: tuple[FittedTrees, ...]
    whole: FittedTrees
    rounds: tuple[int, ...]
    loss: tuple[float, ...]


class HeldOut:
    """Follows a growing forest on held-out rows and keeps the loss after every round."""

    def __init__(
        self, growth: Growth, X: Floats, losses: Sequence[Loss | None], rows: Sequence[np.ndarray]
    ) -> None:
        self.growth, self.task_losses, self.rows = growth, losses, rows
        self._columns, self._missing = columns_of(X)
        self._margin = np.tile(growth.start, (len(X), 1))
        self._seen = 0
        self.totals = np.array([loss.total if loss is not None else 0.0 for loss in losses])
        self.curve = [self._losses()]

    def _losses(self) -> list[float]:
        values = []
        for loss, rows, outputs in zip(self.task_losses, self.rows, self.growth.slices, strict=False):
            values.append(loss.value(self._margin[rows, outputs]) if loss is not None and loss.total else 0.0)
        return values

    def follow(self) -> None:
        """Look at the trees grown since the last look."""
        for tree in range(self._seen, len(self.growth.shapes)):
            leaf = self.growth.shapes[tree].leaves(self._columns, self._missing)
            self._margin += self.growth.values[tree].take(leaf, axis=0)
            self.curve.append(self._losses())
        self._seen = len(self.growth.shapes)


@dataclass(frozen=True)
class Structure:
    """Which tasks shape one structure: `members` read it, `helpers` only lend it their gradients."""

    members: tuple[TaskData, ...]
    helpers: tuple[TaskData, ...]
    features: tuple[int, ...]
    categorical: tuple[int, ...]

    def growth(self, split: Split, config: TreeConfig, seed: int) -> Growth:
        """Trees that have not grown yet, on a split's training rows."""
        tasks = []
        for task in (*self.members, *self.helpers):
            chosen, places, _ = split.labelled(task)
            tasks.append(GrowthTask(task.loss(chosen), places, task.task.weight))
        return Growth(split.masked, self.features, self.categorical, tasks, config, seed)

    def grown(self, growth: Growth, rounds: Sequence[int]) -> FittedTrees:
        """The members' outputs of a growth; each member keeps its first `rounds` trees."""
        slices = growth.slices[: len(self.members)]
        limits = [r for s, r in zip(slices, rounds, strict=True) for _ in range(s.stop - s.start)]
        return FittedTrees(growth.forest(limits, range(len(limits))), growth.start[: len(limits)])

    def fit(self, split: Split, config: TreeConfig, rounds: Sequence[int], seed: int) -> FittedTrees:
        """Grow a given number of rounds a member."""
        growth = self.growth(split, config, seed)
        growth.extend(max(rounds, default=0))
        return self.grown(growth, rounds)


def shared_structure(problem: Problem, group: Group) -> Structure:
    """The structure that a group's tasks share."""
    members = tuple(problem.tasks[i] for i in group.members)
    helpers = tuple(problem.tasks[i] for i in group.helpers)
    return Structure(members, helpers, group.features, problem.categorical)


def own_structure(problem: Problem, task: TaskData) -> Structure:
    """The structure of a task's own trees."""
    return Structure((task,), (), task.visible, problem.categorical)


def cross_fit_trees(
    problem: Problem, structure: Structure, config: TreeConfig, seed: int, tick: Callable[[], None]
) -> CrossFittedTrees:
    """Choose each member's rounds by held-out loss and fit the folds and the whole table; `tick` is called a step."""
    folds, rounds, loss = _choose_rounds(problem, structure, config, seed, tick)
    whole = structure.fit(problem.splits[-1], config, rounds, seed)
    give_back(len(problem.X))
    tick()
    return CrossFittedTrees(config, folds, whole, rounds, loss)


def _choose_rounds(
    problem: Problem, structure: Structure, config: TreeConfig, seed: int, tick: Callable[[], None]
) -> tuple[tuple[FittedTrees, ...], tuple[int, ...], tuple[float, ...]]:
    """The folds' trees, and each member's rounds and held-out loss; what they grew from is freed on the way out."""
    *fold_splits, _ = problem.splits
    growths = [structure.growth(split, config, seed + f + 1) for f, split in enumerate(fold_splits)]
    followers = [
        _held_out(problem, g, s, structure.members) for g, s in zip(growths, fold_splits, strict=True)
    ]
    while True:
        for growth, follower in zip(growths, followers, strict=True):
            growth.extend(min(STEP, config.max_rounds - len(growth.shapes)))
            follower.follow()
        tick()
        curve = _mean_curve(followers)
        best = curve.argmin(axis=0)
        done = all(g.finished or len(g.shapes) >= config.max_rounds for g in growths)
        if done or (len(curve) - 1 - best >= PATIENCE).all():
            break
    rounds = tuple(int(b) for b in best)
    folds = tuple(structure.grown(g, rounds) for g in growths)
    return folds, rounds, tuple(float(curve[b, i]) for i, b in enumerate(best))


def _held_out(problem: Problem, growth: Growth, split: Split, members: Sequence[TaskData]) -> HeldOut:
    losses: list[Loss | None] = []
    rows = []
    for task in members:
        held = split.labelled(task)[2]
        losses.append(task.loss(held) if len(held) else None)
        rows.append(np.searchsorted(split.test, task.rows[held]))
    return HeldOut(growth, problem.X[split.test], losses, rows)


def _mean_curve(followers: Sequence[HeldOut]) -> Floats:
    """(rounds + 1, members): held-out loss over all folds; a fold that stopped growing keeps its last value."""
    longest = max(len(f.curve) for f in followers)
    curves = np.array([f.curve + [f.curve[-1]] * (longest - len(f.curve)) for f in followers])
    totals = np.array([f.totals for f in followers])
    return np.asarray((curves * totals[:, None, :]).sum(axis=0) / np.maximum(totals.sum(axis=0), 1e-12))

"""Nested cross-validation of the experts: what each says of patients whom no choice about it has seen.

The outer folds are the model's own. Rounds, penalty and weights for fold f are chosen on the other folds g, by models
that were trained without f and g. One such model serves twice, for the choices about f and for those about g: K (K - 1) / 2
of them and K more for the margins do what K separate cross-validations would take K * K fits for.

Without ``nested`` the models of the folds themselves serve: fold f's choices are made by what the models without g say of
fold g. Such a model has seen f's labels, the choice by it has not; that is the product's own cross-fitting, at a third of
the work, and it is used where two models are compared that are both treated so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mtl.evaluate import NotEstimable
from mtl.evidence.held_out import HeldOut
from mtl.model.basis import Basis
from mtl.model.blend import FEW_EVENTS, FEW_ROWS, fit_blend
from mtl.model.curves import Reading
from mtl.model.forest import Floats
from mtl.model.grow import Growth, TreeConfig
from mtl.model.linear import LinearPath, Penalty
from mtl.model.losses import Loss
from mtl.model.masking import mask_at_random
from mtl.model.problem import Problem, Rows, Split, TaskData
from mtl.model.trees import FittedTrees, Structure

Tick = Callable[[], None]
Key = tuple[int, ...]  # the folds that a model has not seen


@dataclass(frozen=True)
class Asked:
    """A task as it is learnt, and as it is judged, where more labels are known than are learnt from."""

    learnt: TaskData
    judged: TaskData

    @classmethod
    def whole(cls, task: TaskData) -> Asked:
        """All labels for both."""
        return cls(task, task)


@dataclass(frozen=True, eq=False)
class Margins:
    """One expert's margins.

    Attributes
    ----------
    outer : (judged, c)
        Of each row, by a model that has seen neither its fold nor a choice made by it.
    inner : (folds, learnt, c)
        For fold f, of the rows outside it: what its blend is fitted to. NaN in f.
    chosen : tuple
        Rounds or penalty, a fold each.
    loss : (folds,)
        The held-out loss by which they were chosen.
    """

    outer: Floats
    inner: Floats
    chosen: tuple[int, ...] | tuple[Penalty, ...]
    loss: Floats


class Resamples:
    """The splits of a problem's cross-validation, nested or not, by the folds that are left out; see the module."""

    def __init__(self, problem: Problem, nested: bool) -> None:
        self.problem, self.nested = problem, nested
        self.n = int(problem.fold.max()) + 1
        self.splits: dict[Key, Split] = {(f,): problem.splits[f] for f in range(self.n)}
        if nested:
            self.splits |= {(f, g): self._pair(f, g) for f in range(self.n) for g in range(f + 1, self.n)}

    def _pair(self, f: int, g: int) -> Split:
        fold, rng = self.problem.fold, np.random.default_rng([self.problem.seed, 4, f, g])
        train = np.flatnonzero((fold != f) & (fold != g))
        test = np.flatnonzero((fold == f) | (fold == g))
        return Split(train, test, mask_at_random(self.problem.X[train], rng))

    def key(self, f: int, g: int) -> Key:
        """Of the model that is judged on fold g for the choices about fold f."""
        return (min(f, g), max(f, g)) if self.nested else (g,)

    @cached_property
    def choosers(self) -> tuple[Key, ...]:
        """Of all models that choices are made by."""
        return tuple(sorted({self.key(f, g) for f in range(self.n) for g in range(self.n) if f != g}))

    def inside(self, task: TaskData, fold: int) -> Rows:
        """Which of a task's labelled rows are in a fold."""
        return np.flatnonzero(self.problem.fold[task.rows] == fold)

    def require(self, task: TaskData) -> None:
        """Raise NotEstimable where a model would have nothing to learn from, or no class to tell from another."""
        for split in self.splits.values():
            chosen = split.labelled(task)[0]
            if len(chosen) < 2 or part(task, chosen).informative < 1:
                raise NotEstimable("too few labels to leave out two folds at a time")

    def allow(self, task: TaskData) -> bool:
        """Whether a task can be judged so; see :meth:`require`."""
        try:
            self.require(task)
        except NotEstimable:
            return False
        return True


def part(task: TaskData, chosen: Rows) -> TaskData:
    """The same task with some of its labels."""
    return replace(
        task,
        rows=task.rows[chosen],
        target=task.target.subset(chosen),
        offsets=None if task.offsets is None else task.offsets[chosen],
        weight=None if task.weight is None else task.weight[chosen],
    )


def trees(
    resamples: Resamples, structure: Structure, asked: Asked, config: TreeConfig, seed: int, tick: Tick
) -> Margins:
    """Margins of one of a structure's members; the number of rounds is chosen by its held-out loss alone.

    `asked.learnt` is that member. Growing stops when no fold's loss has become smaller for a while: as many rounds as in
    training at its pace, fewer where the trees learn faster.
    """
    place = next(k for k, task in enumerate(structure.members) if task is asked.learnt)
    grown = {
        key: structure.growth(resamples.splits[key], config, seed + 1000 * (k + 1))
        for k, key in enumerate(resamples.choosers)
    }
    outputs = grown[resamples.choosers[0]].slices[place]
    followers = {
        (key, g): _follower(resamples, grown[key], asked.learnt, outputs, g)
        for key in resamples.choosers
        for g in key
    }
    step, patience = (max(1, round(k * 0.05 / config.learning_rate)) for k in (20, 60))
    while True:
        for growth in grown.values():
            growth.extend(min(step, config.max_rounds - len(growth.shapes)))
        for follower in followers.values():
            follower.follow()
        tick()
        curves = [
            _mean_curve([followers[resamples.key(f, g), g] for g in range(resamples.n) if g != f])
            for f in range(resamples.n)
        ]
        over = all(g.finished or len(g.shapes) >= config.max_rounds for g in grown.values())
        if over or all(len(curve) - 1 - int(curve.argmin()) >= patience for curve in curves):
            break
    rounds = [int(curve.argmin()) for curve in curves]
    # what is said of fold g after as many rounds as the choice about fold f asks for, by the model that serves for both
    said: dict[tuple[int, int], Floats] = {}
    for (key, g), follower in followers.items():
        askers = [f for f in range(resamples.n) if resamples.key(f, g) == key]
        margins = follower.margins([rounds[f] for f in askers])
        said |= {(f, g): margin for f, margin in zip(askers, margins, strict=True)}

    def outer(f: int, rows: Rows) -> Floats:
        if not resamples.nested and asked.judged is asked.learnt:
            return said[f, f]
        growth = grown.get((f,))
        if growth is None:
            growth = structure.growth(resamples.splits[(f,)], config, seed + f + 1)
            growth.extend(rounds[f])
            tick()
        places = range(outputs.start, outputs.stop)
        forest = growth.forest([rounds[f]] * len(places), places)
        return FittedTrees(forest, growth.start[outputs]).margin(resamples.problem.X[rows])

    return _margins(
        resamples,
        asked,
        tuple(rounds),
        np.array([curve.min() for curve in curves]),
        outer,
        lambda f, g, rows: said[f, g],
    )


def best_trees(
    resamples: Resamples,
    structure: Structure,
    asked: Asked,
    configs: Sequence[TreeConfig],
    seed: int,
    tick: Tick,
) -> Margins:
    """Margins of :func:`trees` whose configuration, too, is chosen for each fold by the others."""
    tried = [trees(resamples, structure, asked, config, seed, tick) for config in configs]
    best = [int(which) for which in np.array([one.loss for one in tried]).argmin(axis=0)]
    fold = resamples.problem.fold[asked.judged.rows]
    outer = np.full_like(tried[0].outer, np.nan)
    for f, which in enumerate(best):
        outer[fold == f] = tried[which].outer[fold == f]
    inner = np.stack([tried[which].inner[f] for f, which in enumerate(best)])
    rounds = tuple(int(tried[which].chosen[f]) for f, which in enumerate(best))  # type: ignore[arg-type]
    return Margins(outer, inner, rounds, np.array([tried[which].loss[f] for f, which in enumerate(best)]))


def _follower(resamples: Resamples, growth: Growth, task: TaskData, outputs: slice, g: int) -> HeldOut:
    held = resamples.inside(task, g)
    loss = task.loss(held) if len(held) else None
    return HeldOut(growth, resamples.problem.X[task.rows[held]], loss, outputs)


def _mean_curve(followers: Sequence[HeldOut]) -> Floats:
    """(rounds + 1,): held-out loss over some folds; a model that stopped growing keeps its last value."""
    longest = max(len(f.curve) for f in followers)
    total, weight = np.zeros(longest), 0.0
    for follower in followers:
        own = np.array(follower.curve)
        own = np.concatenate([own, np.full(longest - len(own), own[-1])])
        total, weight = total + follower.total * own, weight + follower.total
    return total / max(weight, 1e-12)


def linear(
    resamples: Resamples,
    asked: Asked,
    readings: Sequence[Reading],
    grid: Sequence[Penalty],
    seed: int,
    tick: Tick,
) -> Margins:
    """Margins of the linear expert; columns and penalty are chosen by held-out loss."""
    problem, task = resamples.problem, asked.learnt
    paths: dict[tuple[int, Key], LinearPath] = {}

    def path(reading: int, key: Key) -> LinearPath:
        if (reading, key) not in paths:
            split = resamples.splits[key]
            chosen, places, _ = split.labelled(task)
            loss, X = task.loss(chosen), split.masked[places]
            null = loss.gradient(np.tile(loss.start(), (len(X), 1)))
            rng = np.random.default_rng([seed, reading, *key])
            basis = Basis.fit(X, problem.kinds, task.visible, *null, rng, readings[reading])
            paths[reading, key] = LinearPath.fit(X, loss, basis, grid)
            tick()
        return paths[reading, key]

    losses = np.zeros((resamples.n, len(readings), len(grid)))
    for g in range(resamples.n):
        held = resamples.inside(task, g)
        unseen = task.loss(held) if len(held) else None
        if unseen is None or not unseen.total:
            continue
        X = problem.X[task.rows[held]]
        for reading in range(len(readings)):
            seen: dict[Key, Floats] = {}
            for f in (f for f in range(resamples.n) if f != g):
                key = resamples.key(f, g)
                if key not in seen:
                    seen[key] = unseen.total * np.array(
                        [unseen.value(m) for m in path(reading, key).margins(X)]
                    )
                losses[f, reading] += seen[key]
    best = [divmod(int(own.argmin()), len(grid)) for own in losses]

    def said(f: int, key: Key, rows: Rows) -> Floats:
        reading, penalty = best[f]
        learnt = problem.X[task.rows[resamples.splits[key].labelled(task)[0]]]
        return path(reading, key).expert(penalty).with_stand_ins(learnt).margin(problem.X[rows])

    return _margins(
        resamples,
        asked,
        tuple(grid[penalty] for _, penalty in best),
        losses.reshape(resamples.n, -1).min(axis=1),
        lambda f, rows: said(f, (f,), rows),
        lambda f, g, rows: said(f, resamples.key(f, g), rows),
    )


def _margins(
    resamples: Resamples,
    asked: Asked,
    chosen: tuple[int, ...] | tuple[Penalty, ...],
    loss: Floats,
    outer: Callable[[int, Rows], Floats],
    inner: Callable[[int, int, Rows], Floats],
) -> Margins:
    c, survival = asked.learnt.n_outputs, asked.learnt.target.kind == "survival"
    seen = np.full((len(asked.judged.rows), c), np.nan)
    within = np.full((resamples.n, len(asked.learnt.rows), c), np.nan)
    for f in range(resamples.n):
        rows = resamples.inside(asked.judged, f)
        if len(rows):
            seen[rows] = outer(f, asked.judged.rows[rows])
        for g in range(resamples.n):
            held = resamples.inside(asked.learnt, g)
            if g == f or not len(held):
                continue
            margin = inner(f, g, asked.learnt.rows[held])
            # log hazards of different models have no common origin
            within[f, held] = margin - margin.mean(axis=0) if survival else margin
    return Margins(seen, within, chosen, loss)


@dataclass(frozen=True, eq=False)
class Blended:
    """Margins (judged, c) of a blend, and its weights, (folds, experts)."""

    outer: Floats
    weights: Floats


def blended(resamples: Resamples, asked: Asked, experts: Sequence[Margins]) -> Blended:
    """Blend experts; weights, intercept and pull towards equal weights for fold f come from the other folds."""
    task, fold = asked.learnt, resamples.problem.fold
    outer = np.full(experts[0].outer.shape, np.nan)
    weights = np.zeros((resamples.n, len(experts)))
    survival = task.target.kind == "survival"
    for f in range(resamples.n):
        own = np.flatnonzero(fold[task.rows] != f)
        strata = fold[task.rows[own]]
        few = part(task, own).informative < FEW_EVENTS or len(own) < FEW_ROWS

        def loss_of(rows: Rows, own: Rows = own, strata: Rows = strata) -> Loss:
            return task.loss(own[rows], strata=strata[rows] if survival else None)

        fitted = fit_blend(loss_of, np.stack([e.inner[f][own] for e in experts], axis=1), strata, few)
        weights[f] = fitted.weights
        rows = resamples.inside(asked.judged, f)
        outer[rows] = fitted.margin(np.stack([e.outer[rows] for e in experts], axis=1))
    return Blended(outer, weights)

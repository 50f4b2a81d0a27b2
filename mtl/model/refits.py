"""Refits of a fitted predictor on labels drawn from it: how far its numbers would stray if its patients were drawn anew.

This is the parametric bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 6.5). Unlike
resampled patients it also shows the bias of penalties and early stopping: the refits' mean lies on the far side of the
fit from the truth, about as far as the fit does.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mtl.model.baseline import breslow
from mtl.model.forest import SMALL, Floats, Forest
from mtl.model.linear import LinearPath
from mtl.model.masking import mask_at_random
from mtl.model.plan import Plan
from mtl.model.pool import Step, Tick, at_hand, outcomes
from mtl.model.predictor import Predictor, TaskPredictor
from mtl.model.problem import Problem, Rows, Split, TaskData, TrainingError
from mtl.model.simulate import draw_labels
from mtl.model.trees import own_structure, shared_structure

REFITS = 30
FEWEST_INFORMATIVE = 2  # events, or rows of the rarer class, that drawn labels must hold
MOST_DRAWS = 50
CHUNK = 2048  # rows looked at once: a refit has hundreds of trees, and there are dozens of refits


@dataclass(frozen=True)
class ManyForests:
    """One forest a refit, their trees after each other; refit b has the trees ``first[b]:first[b + 1]``.

    Values are float32 numbers: half the file, and far finer than what they measure.
    """

    forest: Forest
    first: Rows

    @classmethod
    def join(cls, forests: list[Forest]) -> ManyForests:
        """Put forests with the same outputs behind each other."""
        trees = [
            (f.shape(t), f.value[f.leaf_start[t] : f.leaf_start[t + 1]])
            for f in forests
            for t in range(f.n_trees)
        ]
        values = [value.astype(np.float32).astype(float) for _, value in trees]
        counts = [np.zeros(value.shape, dtype=np.int64) for value in values]
        joined = Forest.from_trees([shape for shape, _ in trees], values, counts, forests[0].n_outputs)
        return cls(joined, np.cumsum([0] + [f.n_trees for f in forests]).astype(np.intp))

    def margins(self, X: Floats) -> Floats:
        """(refits, n, outputs)."""
        out = np.zeros((len(self.first) - 1, len(X), self.forest.n_outputs))
        for begin in range(0, len(X) if self.forest.n_trees else 0, CHUNK):
            rows = slice(begin, begin + CHUNK)
            self._add(self.forest.patterns(X[rows]), out[:, rows])
        return out

    def _add(self, patterns: NDArray[np.uint8], out: Floats) -> None:
        """Add every tree's values in the order of the trees, so that a row has the same bits in any table."""
        if len(patterns) <= SMALL:
            values = self.forest.value[self.forest.leaves(patterns)]  # (n, trees, outputs)
            for b in range(len(out)):
                chosen = values[:, self.first[b] : self.first[b + 1]]
                if chosen.shape[1]:
                    out[b] = chosen.cumsum(axis=1)[:, -1]
            return
        columns = np.ascontiguousarray(patterns.T)
        for b in range(len(out)):
            for tree in range(self.first[b], self.first[b + 1]):
                out[b] += self.forest.value[self.forest.leaf_table[tree]].take(columns[tree], axis=0)


@dataclass(frozen=True)
class TaskRefits:
    """A task's refits: linear coefficients (B, q, c) on the fitted basis, own trees, constants (B, c), for survival the
    baseline hazard gathered by each horizon in each period, (B, H, Q), and the fitted experts' mean over the training
    rows, (experts, c)."""

    linear: Floats
    own: ManyForests
    constant: Floats
    increments: Floats | None
    centre: Floats


@dataclass(frozen=True)
class Refits:
    """Refits of a predictor; tasks and shared forests in the predictor's order."""

    tasks: tuple[TaskRefits, ...]
    shared: tuple[ManyForests, ...]

    @property
    def count(self) -> int:
        """Number of refits."""
        return len(self.tasks[0].constant)

    def margins(self, predictor: Predictor, X: Floats) -> dict[str, Floats]:
        """Margin of each task in every refit, (B, n, c), for the predictor without stand-ins."""
        needed = {t.shared for t in predictor.tasks if t.weights[2] > 0}
        shared = {which: self.shared[which].margins(X) for which in needed}
        out = {}
        for task, refits in zip(predictor.tasks, self.tasks, strict=True):
            total = np.zeros((self.count, len(X), task.n_outputs))
            if task.weights[0] > 0:
                columns = task.linear.basis.transform(X)
                total += task.weights[0] * np.einsum("nq,bqc->bnc", columns, refits.linear)
            if task.weights[1] > 0:
                total += task.weights[1] * refits.own.margins(X)
            if task.weights[2] > 0:
                total += task.weights[2] * shared[task.shared][:, :, list(task.shared_outputs)]
            out[task.name] = refits.constant[:, None, :] + task.scale * total
        return out


def without_stand_ins(predictor: Predictor) -> Predictor:
    """The predictor as refits know it: what stands in for missing findings is not refitted."""
    tasks = tuple(replace(t, linear=replace(t.linear, stand_ins=None)) for t in predictor.tasks)
    return replace(predictor, tasks=tasks)


@dataclass(frozen=True)
class _Given:
    """What every refit starts from; `truth` are the predictor's margins of the training rows, by task."""

    problem: Problem
    predictor: Predictor
    plan: Plan
    truth: dict[str, Floats]


@dataclass(frozen=True)
class _One:
    """One refit: by task its coefficients, trees, constant and baseline; the shared forests by group."""

    linear: list[Floats]
    own: list[Forest]
    shared: list[Forest]
    constant: list[Floats]
    increments: list[Floats | None]


def fit_refits(
    problem: Problem,
    predictor: Predictor,
    plan: Plan,
    count: int,
    threads: int,
    progress: Callable[[str, float], None],
    pool: Executor | None = None,
) -> Refits:
    """Refit a predictor on `count` draws of its training labels; deterministic for the problem's seed.

    Parameters
    ----------
    problem
        The one that the predictor was trained on.
    plan
        What its training chose; refits take the same shapes, rounds, penalties and weights.
    progress
        Called with what was just done and the share of the work; what it raises ends the refitting.
    pool
        Who refits; threads of this process, `threads` of them, if left out.

    Raises
    ------
    TrainingError
        Drawn labels leave a task without events or without a class, time and again.
    """
    plain = without_stand_ins(predictor)
    given = at_hand(pool, _Given(problem, plain, plan, plain.margins(problem.X)))
    steps = [Step("refits", _refit, (given, number)) for number in range(count)]
    with threadpool_limits(limits=1):
        ones: list[_One] = outcomes(steps, threads, pool, progress)
    tasks = []
    for i, fitted in enumerate(plain.tasks):
        increments = [one.increments[i] for one in ones]
        tasks.append(
            TaskRefits(
                _short(np.stack([one.linear[i] for one in ones])),
                ManyForests.join([one.own[i] for one in ones]),
                np.stack([one.constant[i] for one in ones]),
                None if increments[0] is None else np.stack([x for x in increments if x is not None]),
                _centre(problem, plain, fitted, problem.tasks[i]),
            )
        )
    shared = tuple(ManyForests.join([one.shared[g] for one in ones]) for g in range(len(problem.groups)))
    return Refits(tuple(tasks), shared)


def _short(values: Floats) -> Floats:
    return values.astype(np.float32).astype(float)


def _centre(problem: Problem, predictor: Predictor, fitted: TaskPredictor, task: TaskData) -> Floats:
    X = problem.X[task.rows]
    shared = predictor.shared[fitted.shared].margin(X)[:, list(fitted.shared_outputs)]
    return np.stack([e.mean(axis=0) for e in (fitted.linear.margin(X), fitted.own.margin(X), shared)])


def _drawn(
    problem: Problem, predictor: Predictor, truth: dict[str, Floats], rng: np.random.Generator
) -> tuple[TaskData, ...]:
    """Every task with new labels, enough of them to learn from."""
    for _ in range(MOST_DRAWS):
        tasks = []
        for task in problem.tasks:
            margin = truth[task.name][task.rows]
            if task.target.kind == "survival":
                margin = margin - margin.mean(axis=0)
            tasks.append(draw_labels(task, margin, predictor.task(task.name).half_width, rng))
        if all(task.informative >= FEWEST_INFORMATIVE for task in tasks):
            return tuple(tasks)
    raise TrainingError(
        f"{MOST_DRAWS} draws of labels in a row left a task without events or without a class; more labels are needed"
    )


def _refit(given: _Given, number: int, _tick: Tick) -> _One:
    problem, predictor, plan, truth = given.problem, given.predictor, given.plan, given.truth
    rng = np.random.default_rng([problem.seed, 4, number])
    tasks = _drawn(problem, predictor, truth, rng)
    sample = replace(problem, tasks=tasks)
    split = Split(np.arange(len(problem.X)), np.zeros(0, dtype=np.intp), mask_at_random(problem.X, rng))
    seed = int(rng.integers(2**31 - 1))
    own = [
        own_structure(sample, task).fit(split, chosen.config, chosen.rounds, seed + i)
        for i, (task, chosen) in enumerate(zip(tasks, plan.own, strict=True))
    ]
    shared = [
        shared_structure(sample, group).fit(split, chosen.config, chosen.rounds, seed + 1000 + g)
        for g, (group, chosen) in enumerate(zip(sample.groups, plan.shared, strict=True))
    ]
    linear, constants = [], []
    increments: list[Floats | None] = []
    for task, fitted, penalty, trees in zip(tasks, predictor.tasks, plan.penalties, own, strict=True):
        basis, place = fitted.linear.basis, list(fitted.shared_outputs)
        path = LinearPath.fit(split.masked[task.rows], task.loss(), basis, [penalty])
        coefs, intercepts = path.coefs, path.intercepts
        linear.append(coefs[0])
        X = sample.X[task.rows]
        drawn_trees = shared[fitted.shared]
        raw = fitted.weights[0] * (basis.transform(X) @ coefs[0]) + fitted.weights[1] * trees.forest.margin(X)
        raw += fitted.weights[2] * drawn_trees.forest.margin(X)[:, place]
        if task.target.kind == "survival":
            known = truth[task.name][task.rows]
            constants.append(known.mean(axis=0) - raw.mean(axis=0))  # margins have no origin: the fit's mean
            increments.append(_increments(task, known - known.mean(axis=0)))
        else:
            starts = fitted.weights[0] * intercepts[0] + fitted.weights[1] * trees.start
            starts = starts + fitted.weights[2] * drawn_trees.start[place] + plan.intercepts[task.name]
            # The predictor's trees and columns are on its own scale, whatever the drawn labels' is.
            constants.append(task.location + fitted.scale * starts)
            increments.append(None)
    return _One(linear, [o.forest for o in own], [s.forest for s in shared], constants, increments)


def _increments(task: TaskData, margin: Floats) -> Floats:
    """(horizons, Q): Breslow's hazard of the drawn times for the margins they were drawn from, at the study's horizons.

    Not for the refit's own margins: in-sample ones overstate the spread, and with it understate the baseline.
    """
    times, hazard = breslow(
        task.target.time, task.target.event, margin + task.period_offsets, task.boundaries, task.weight
    )
    cumulative = np.concatenate([[0.0], hazard])

    def at(years: Floats) -> Floats:
        return np.asarray(cumulative[np.searchsorted(times, years, side="right")])

    horizons = np.array(task.task.horizons, dtype=float)[:, None]
    limits = np.concatenate([[0.0], task.boundaries, [np.inf]])
    return np.asarray(
        at(np.minimum(horizons, limits[None, 1:])) - at(np.minimum(horizons, limits[None, :-1]))
    )

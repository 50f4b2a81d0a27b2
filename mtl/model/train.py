"""Fits every expert, fold by fold and on all rows, and blends them by what they said about rows they had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mtl.model.background import background_counts
from mtl.model.baseline import Baseline
from mtl.model.blend import FEW_EVENTS, FEW_ROWS, Blend, cross_fit_blend, fit_blend
from mtl.model.curves import Reading
from mtl.model.forest import Floats
from mtl.model.grow import TreeConfig
from mtl.model.guard import Sharing, compare
from mtl.model.linear import DEFAULT_GRID, WIDE_GRID, LinearExpert, Penalty
from mtl.model.linear_fit import CrossFittedLinear, cross_fit_linear
from mtl.model.losses import Loss
from mtl.model.novelty import Novelty, fit_novelty
from mtl.model.plan import ChosenTrees, Plan
from mtl.model.pool import Progress, Step, Tick, at_hand, outcomes
from mtl.model.predictor import EXPERTS, Background, Predictor, TaskPredictor
from mtl.model.problem import Group, Problem, Rows, TaskData
from mtl.model.trees import (
    CrossFittedTrees,
    FittedTrees,
    Structure,
    cross_fit_trees,
    own_structure,
    shared_structure,
)

LEVEL = 0.90  # of every interval that the product shows


@dataclass(frozen=True)
class Effort:
    """How much is tried; held-out loss chooses.

    `trees` are configurations of the tree experts, `readings` ways to make the linear expert's columns, `grid` its
    penalties.
    """

    trees: tuple[TreeConfig, ...]
    readings: tuple[Reading, ...] = (Reading(),)
    grid: tuple[Penalty, ...] = DEFAULT_GRID


EFFORTS = {
    "quick": Effort((TreeConfig(),)),
    "thorough": Effort(
        (
            TreeConfig(),
            TreeConfig(leaves=3),
            TreeConfig(leaves=3, l2=10.0, feature_fraction=0.4),
            TreeConfig(leaves=4, feature_fraction=0.4),
            TreeConfig(leaves=8, learning_rate=0.03, l2=10.0),
            TreeConfig(leaves=8, feature_fraction=0.4, bagging=0.5),
        ),
        (Reading(), Reading(most_knots=3), Reading(transforms=("raw",))),
        WIDE_GRID,
    ),
}


@dataclass(frozen=True)
class TaskFit:
    """What fitting a task found out, all of it out of fold.

    ``experts`` (labelled, experts, c) are their margins, for survival centred within the fold; ``margin``
    (labelled, c) is the blend of them, and ``honest`` the same with weights and intercept that never saw the row's fold
    either, from which the conformal interval comes. ``sharing`` says what the shared trees bring, None where no other
    task shapes them; where they hurt they are not among those ``used``, and ``experts`` are without them.
    """

    task: str
    experts: Floats
    margin: Floats
    honest: Floats
    blend: Blend
    used: tuple[str, ...]
    rounds: dict[str, int]
    penalty: Penalty
    sharing: Sharing | None


@dataclass(frozen=True)
class Trained:
    """A predictor for new patients, one a fold for the patients it was trained on, and what fitting found out."""

    predictor: Predictor
    fold_predictors: tuple[Predictor, ...]
    fold: NDArray[np.intp]
    fits: dict[str, TaskFit]
    plan: Plan


def train(
    problem: Problem,
    effort: Effort,
    background: int,
    threads: int,
    progress: Progress,
    novelty: bool = True,
    pool: Executor | None = None,
) -> Trained:
    """Fit a problem; see the module. The result depends on the problem's seed, never on who does the work.

    Parameters
    ----------
    background
        Labelled training rows, at most, from which a task's contributions are measured.
    progress
        Called with what was just done and the share of the work done; an exception it raises ends the training.
    novelty
        Whether the model learns to tell patients unlike those of the training; without it nobody is.
    pool
        Who fits the experts; threads of this process, `threads` of them, if left out.
    """
    with threadpool_limits(limits=1):  # sums in BLAS must not depend on the number of threads
        experts = _fit_experts(problem, effort, threads, progress, novelty, pool)
        with ThreadPoolExecutor(threads) as own:
            centres = list(own.map(partial(_centres, problem, experts), range(len(problem.tasks))))
            blended = list(own.map(partial(_blend, problem, experts, centres), range(len(problem.tasks))))
        fits = {fit.task: fit for fit in blended}
        assembled = [
            _assemble(problem, experts, fits, centres, which, background)
            for which in range(len(problem.splits))
        ]
        progress("blend", 1.0)
    widths = {t.name: _half_width(t, fits[t.name]) for t in problem.tasks if t.target.kind == "regression"}
    baselines = {t.name: _baseline(t, fits[t.name]) for t in problem.tasks if t.target.kind == "survival"}
    *folds, whole = [p.calibrated(baselines, widths) for p in assembled]
    plan = Plan(
        tuple(ChosenTrees(trees.config, trees.rounds) for trees in experts.own),
        tuple(ChosenTrees(trees.config, trees.rounds) for trees in experts.shared),
        tuple(linear.penalty for linear in experts.linear),
        {name: fit.blend.intercept for name, fit in fits.items()},
    )
    return Trained(whole, tuple(folds), problem.fold, fits, plan)


@dataclass(frozen=True)
class _Experts:
    linear: tuple[CrossFittedLinear, ...]
    own: tuple[CrossFittedTrees, ...]
    shared: tuple[CrossFittedTrees, ...]
    novelty: tuple[Novelty, ...]


def _fit_experts(
    problem: Problem, effort: Effort, threads: int, progress: Progress, novelty: bool, pool: Executor | None
) -> _Experts:
    given = at_hand(pool, problem)
    steps = [
        Step("shared trees", _shared, (given, group, effort, _seed(problem, 11, g)))
        for g, group in enumerate(problem.groups)
    ]
    for i, task in enumerate(problem.tasks):
        steps.append(Step(f"own trees: {task.name}", _own, (given, task, effort, _seed(problem, 12, i))))
        choices = (effort.readings, effort.grid, _seed(problem, 13, i))
        steps.append(Step(f"linear: {task.name}", cross_fit_linear, (given, task, *choices)))
    if novelty:
        steps.append(Step("who is unlike them", _novelty, (given,)))
    results = outcomes(steps, threads, pool, progress, 0.95)
    n = len(problem.groups)
    fitted = results[: n + 2 * len(problem.tasks)]
    unlike = results[-1] if novelty else (Novelty.nobody(problem.X.shape[1]),) * len(problem.splits)
    return _Experts(tuple(fitted[n + 1 :: 2]), tuple(fitted[n::2]), tuple(fitted[:n]), unlike)


def _seed(problem: Problem, *place: int) -> int:
    return int(np.random.SeedSequence([problem.seed, *place]).generate_state(1)[0] % (2**31 - 1000))


def _shared(problem: Problem, group: Group, effort: Effort, seed: int, tick: Tick) -> CrossFittedTrees:
    structure = shared_structure(problem, group)
    if _alone(group):  # its trees would be nobody's
        effort = Effort((replace(effort.trees[0], max_rounds=0),))
    return _best_trees(problem, structure, effort, seed, tick)


def _novelty(problem: Problem, _tick: Tick) -> tuple[Novelty, ...]:
    return fit_novelty(problem)


def _own(problem: Problem, task: TaskData, effort: Effort, seed: int, tick: Tick) -> CrossFittedTrees:
    return _best_trees(problem, own_structure(problem, task), effort, seed, tick)


def _best_trees(
    problem: Problem, structure: Structure, effort: Effort, seed: int, tick: Tick
) -> CrossFittedTrees:
    """The configuration with the smallest held-out loss, each task measured against the first configuration."""
    tried = [cross_fit_trees(problem, structure, config, seed, tick) for config in effort.trees]
    reference = np.maximum(np.abs(np.array(tried[0].loss)), 1e-12)
    return min(tried, key=lambda fit: float((np.array(fit.loss) / reference).mean()))


# Blending -----------------------------------------------------------------------------------------


def _shared_place(problem: Problem, i: int) -> tuple[int, tuple[int, ...]]:
    """Which shared forest task i reads, and which of its outputs."""
    for g, group in enumerate(problem.groups):
        if i in group.members:
            before = sum(problem.tasks[j].n_outputs for j in group.members if j < i)
            return g, tuple(range(before, before + problem.tasks[i].n_outputs))
    raise KeyError(problem.tasks[i].name)


def _used(problem: Problem, i: int) -> tuple[str, ...]:
    """The experts of a task; a structure that nobody else shapes is no shared one."""
    return EXPERTS[:2] if _alone(problem.groups[_shared_place(problem, i)[0]]) else EXPERTS


def _alone(group: Group) -> bool:
    return len(group.members) + len(group.helpers) == 1


def _pieces(
    problem: Problem, experts: _Experts, i: int, which: int
) -> tuple[LinearExpert, FittedTrees, FittedTrees, tuple[int, ...]]:
    """The experts of task i that were trained on split number `which`."""
    g, outputs = _shared_place(problem, i)
    linear, own, shared = experts.linear[i], experts.own[i], experts.shared[g]
    return (
        (*linear.folds, linear.whole)[which],
        (*own.folds, own.whole)[which],
        (*shared.folds, shared.whole)[which],
        outputs,
    )


def _expert_margins(problem: Problem, experts: _Experts, i: int, which: int, X: Floats) -> Floats:
    """(n, experts used, c)."""
    linear, own, shared, outputs = _pieces(problem, experts, i, which)
    margins = [linear.margin(X), own.margin(X)]
    if len(_used(problem, i)) == len(EXPERTS):
        margins.append(shared.margin(X)[:, list(outputs)])
    return np.stack(margins, axis=1)


def _centres(problem: Problem, experts: _Experts, i: int) -> Floats:
    """(splits, experts used, c): for survival, whose margins have no origin, their mean over the training rows; else 0."""
    task = problem.tasks[i]
    out = np.zeros((len(problem.splits), len(_used(problem, i)), task.n_outputs))
    if task.target.kind == "survival":
        for which, split in enumerate(problem.splits):
            X = problem.X[task.rows[split.labelled(task)[0]]]
            out[which] = _expert_margins(problem, experts, i, which, X).mean(axis=0)
    return out


def _blend(problem: Problem, experts: _Experts, centres: Sequence[Floats], i: int) -> TaskFit:
    task = problem.tasks[i]
    used = _used(problem, i)
    margins = np.zeros((len(task.rows), len(used), task.n_outputs))
    for which, split in enumerate(problem.splits[:-1]):
        held = split.labelled(task)[2]
        if len(held):
            seen = _expert_margins(problem, experts, i, which, problem.X[task.rows[held]])
            margins[held] = seen - centres[i][which]
    fold = problem.fold[task.rows]

    def loss_of(rows: Rows) -> Loss:
        return task.loss(rows, strata=fold[rows] if task.target.kind == "survival" else None)

    few = task.informative < FEW_EVENTS or len(task.rows) < FEW_ROWS
    blend = fit_blend(loss_of, margins, fold, few)
    honest = cross_fit_blend(loss_of, margins, fold, blend.strength)
    sharing = None
    if len(used) == len(EXPERTS):
        alone = fit_blend(loss_of, margins[:, :2], fold, few)
        apart = cross_fit_blend(loss_of, margins[:, :2], fold, alone.strength)
        sharing = compare(loss_of, fold, apart, honest)
        if sharing.hurts:
            used, margins, blend, honest = EXPERTS[:2], margins[:, :2], alone, apart
    g, _ = _shared_place(problem, i)
    place = problem.groups[g].members.index(i)
    rounds = {"own": experts.own[i].rounds[0], "shared": experts.shared[g].rounds[place]}
    penalty = experts.linear[i].penalty
    return TaskFit(task.name, margins, blend.margin(margins), honest, blend, used, rounds, penalty, sharing)


def _baseline(task: TaskData, fit: TaskFit) -> Baseline:
    """Breslow from the centred out-of-fold margins: in-sample ones overstate the spread."""
    horizons = tuple(float(h) for h in task.task.horizons)
    return Baseline.fit(
        task.target.time,
        task.target.event,
        fit.margin + task.period_offsets,
        task.boundaries,
        horizons,
        task.weight,
    )


def _half_width(task: TaskData, fit: TaskFit) -> float:
    """Half the width of the 90 % interval of a new patient's value, in the target's unit.

    The conformal quantile of the absolute out-of-fold residuals: cross-conformal prediction (Vovk, Ann Math Artif
    Intell 2015; Barber et al., Ann Statist 2021, CV+).
    """
    residuals = np.sort(np.abs(np.asarray(task.target.y) - task.location - task.scale * fit.honest[:, 0]))
    rank = int(np.ceil(LEVEL * (len(residuals) + 1)))
    return float(residuals[min(rank, len(residuals)) - 1])


# Assembling ---------------------------------------------------------------------------------------


def _assemble(
    problem: Problem,
    experts: _Experts,
    fits: dict[str, TaskFit],
    centres: Sequence[Floats],
    which: int,
    background: int,
) -> Predictor:
    shared = tuple((*s.folds, s.whole)[which].forest for s in experts.shared)
    tasks = tuple(
        _task_predictor(problem, experts, fits[t.name], centres[i][which], i, which, background)
        for i, t in enumerate(problem.tasks)
    )
    names = tuple(feature.name for feature in problem.study.features)
    return Predictor(names, tasks, shared, experts.novelty[which])


def _task_predictor(
    problem: Problem, experts: _Experts, fit: TaskFit, centre: Floats, i: int, which: int, background: int
) -> TaskPredictor:
    task = problem.tasks[i]
    linear, own, shared, outputs = _pieces(problem, experts, i, which)
    weights = np.zeros(len(EXPERTS))
    weights[: len(fit.used)] = fit.blend.weights
    inner = fit.blend.intercept - fit.blend.weights @ centre[: len(fit.used)] + weights[1] * own.start
    if weights[2] > 0:
        inner = inner + weights[2] * shared.start[list(outputs)]
    rows = _background_rows(problem, task, i, which, background)
    X = problem.X[rows]
    return TaskPredictor(
        name=task.name,
        kind=task.target.kind,
        classes=task.target.classes,
        weights=weights,
        constant=np.asarray(task.location + task.scale * inner, dtype=float),
        scale=task.scale,
        linear=linear,
        own=own.forest,
        shared=_shared_place(problem, i)[0],
        shared_outputs=outputs,
        background=Background(
            linear.parts(X).mean(axis=0),
            None if linear.stand_ins is None else linear.stand_ins.background(linear.basis, X),
            background_counts(own.forest, X),
            background_counts(shared.forest, X),
        ),
    )


def _background_rows(problem: Problem, task: TaskData, i: int, which: int, background: int) -> Rows:
    """A fixed sample of the labelled training rows of a task."""
    chosen = problem.splits[which].labelled(task)[0]
    if len(chosen) > background:
        rng = np.random.default_rng([problem.seed, 3, i, which])
        chosen = np.sort(rng.choice(chosen, size=background, replace=False))
    return task.rows[chosen]

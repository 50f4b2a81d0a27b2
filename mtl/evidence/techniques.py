"""Related techniques, side by side on the same resamples: each learns without a fold and is judged by it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mtl.evidence import boosted, perceptron
from mtl.evidence.learner import Learner, about
from mtl.evidence.paired import HEADLINE, Scores, fold_scores, gain, mean, plain
from mtl.evidence.pieces import Piece, Pieces, Tick
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.evidence.training_part import TrainingPart, complete
from mtl.model.blend import fit_blend
from mtl.model.forest import Floats
from mtl.model.linear_fit import cross_fit_linear
from mtl.model.pool import Elsewhere
from mtl.model.predictor import Predictor
from mtl.model.problem import TaskData
from mtl.model.train import EFFORTS, Effort, train

OURS = "blend"
REFERENCE_PATIENTS = 20  # of an explanation, which nobody asks for here
FEWEST, FEWEST_EVENTS = 20, 10  # rows and rows of the rarer class, or events, for a slope
NO_SURVIVAL = "no_survival"
OTHER_KINDS = "other_kinds"
ALONE = "alone"
FEW = "few"

Said = dict[str, Floats]  # by task, (held, c) margins as the task's loss reads them


@dataclass(frozen=True)
class Fitted:
    """What a technique says of the patients left out, what it took, and which tasks it cannot do."""

    said: Said
    parameters: int
    left_out: dict[str, str]


Technique = Callable[[TrainingPart, Effort, Tick], Fitted]


def _blend(part: TrainingPart, effort: Effort, tick: Tick) -> Fitted:
    """This program's model: all tasks at once, guard and all."""
    fitted = train(part.problem, effort, REFERENCE_PATIENTS, 1, lambda what, share: tick(), novelty=False)
    predictor, said = fitted.predictor, {}
    for task in part.whole.tasks:
        margin = predictor.margins(part.unseen(task.name), (task.name,))[task.name]
        said[task.name] = (margin - task.location) / task.scale
    return Fitted(said, parameters(predictor), {})


def parameters(predictor: Predictor) -> int:
    """Coefficients, weights, and the decisions and leaf values of every tree; a shared decision counts once."""
    count = sum(forest.threshold.size + forest.value.size for forest in predictor.shared)
    for task in predictor.tasks:
        count += task.linear.coef.size + task.own.threshold.size + task.own.value.size
        count += task.constant.size + task.weights.size
    return int(count)


def _linear(part: TrainingPart, effort: Effort, tick: Tick) -> Fitted:
    """Ridge regression with splines, logistic or Cox: this program's linear part alone."""
    said, count = {}, 0
    for task in part.problem.tasks:
        found = cross_fit_linear(part.problem, task, effort.readings, effort.grid, part.problem.seed, tick)
        said[task.name] = found.whole.margin(part.unseen(task.name))
        count += found.whole.coef.size + found.whole.intercept.size
    return Fitted(said, count, {})


def _single(part: TrainingPart, effort: Effort, tick: Tick) -> Fitted:
    """One tuned LightGBM a task; for survival with a Cox objective."""
    said, count = {}, 0
    for task in part.problem.tasks:
        found = boosted.single(part, task, part.problem.seed)
        said[task.name] = found.margin(part.unseen(task.name)[:, list(task.visible)])
        count += found.parameters
        tick()
    return Fitted(said, count, {})


def _chain(part: TrainingPart, effort: Effort, tick: Tick) -> Fitted:
    """A classifier chain over LightGBM: yes/no tasks that see the same findings."""
    left_out = {task.name: OTHER_KINDS for task in part.problem.tasks if task.target.kind != "binary"}
    said: Said = {}
    count = 0
    for tasks in part.together(("binary",)):
        if len(tasks) < 2:
            left_out[tasks[0].name] = ALONE
        elif _enough(tasks, part):
            found, size = boosted.chain(part, tasks, part.problem.seed)
            said |= found
            count += size
        else:
            left_out |= {task.name: FEW for task in tasks}
        tick()
    return Fitted(said, count, left_out)


def _perceptron(part: TrainingPart, effort: Effort, tick: Tick) -> Fitted:
    """A network with one hidden layer for all tasks of a kind that see the same findings."""
    left_out = {task.name: NO_SURVIVAL for task in part.problem.tasks if task.target.kind == "survival"}
    said: Said = {}
    count = 0
    groups = part.together(("binary", "regression"))
    groups += [[task] for task in part.problem.tasks if task.target.kind == "multiclass"]
    for tasks in groups:
        if _enough(tasks, part):
            found, size = perceptron.network(part, tasks, part.problem.seed)
            said |= found
            count += size
        else:
            left_out |= {task.name: FEW for task in tasks}
        tick()
    return Fitted(said, count, left_out)


TECHNIQUES: dict[str, Technique] = {
    OURS: _blend,
    "single": _single,
    "linear": _linear,
    "chain": _chain,
    "perceptron": _perceptron,
}


def _enough(tasks: list[TaskData], part: TrainingPart) -> bool:
    """Whether the patients with every label are enough to leave out an inner fold and still have each class."""
    rows, labels = complete(tasks)
    inner = part.problem.fold[rows]
    if len(rows) < FEWEST:
        return False
    return all(
        len(np.unique(labels[inner != f, k])) == len(np.unique(np.asarray(task.target.y)))
        and (inner == f).any()
        for k, task in enumerate(tasks)
        for f in np.unique(inner)
        if task.target.kind != "regression"
    )


def compute(
    subject: Subject, report: Report, checkpoint: Checkpoint, pool: Elsewhere | None = None
) -> dict[str, Any]:
    """Every technique on every fold: accuracy, loss, calibration slope, parameters and seconds of processor."""
    learner = Learner.of(subject)
    with threadpool_limits(limits=1):
        return compare(learner, EFFORTS[subject.model.effort], report, checkpoint, pool)


def compare(
    learner: Learner, effort: Effort, report: Report, checkpoint: Checkpoint, pool: Elsewhere | None = None
) -> dict[str, Any]:
    """The comparison on a training's folds; one thread a process, so that seconds of processor are the technique's own."""
    problem, resamples = learner.problem, learner.crossed
    work = {
        f"{name}.{f}": Piece(name, learnt, (effort, name, f), 3.0 if name == OURS else 1.0)
        for f in range(resamples.n)
        for name in TECHNIQUES
    }
    judged = {task.name: task for task in problem.tasks if learner.nested.allow(task)}
    done = Pieces(learner, work, report, checkpoint, pool=pool).run()
    every = {name: [done[f"{name}.{f}"] for f in range(resamples.n)] for name in TECHNIQUES}
    found = {name: folds for name, folds in every.items() if any(fold["tasks"] for fold in folds)}
    return {
        "folds": resamples.n,
        "techniques": {
            name: {
                "seconds": float(np.mean([fold["seconds"] for fold in folds])),
                "parameters": round(float(np.mean([fold["parameters"] for fold in folds]))),
                "left_out": {task: why for fold in folds for task, why in fold["left_out"].items()},
            }
            for name, folds in every.items()
        },
        "tasks": {name: {**about(task), **_task(name, task, found)} for name, task in judged.items()},
    }


def learnt(learner: Learner, effort: Effort, name: str, f: int, tick: Tick) -> dict[str, Any]:
    """A piece: one technique without one fold."""
    part = TrainingPart.of(learner.problem, f)
    begin = time.process_time()
    fitted = TECHNIQUES[name](part, effort, tick)
    seconds = time.process_time() - begin
    tasks = {}
    for task in learner.problem.tasks:
        if task.name not in fitted.said:
            continue
        margin = np.full((len(task.rows), task.n_outputs), np.nan)
        margin[part.held(task.name)] = fitted.said[task.name]
        scores = fold_scores(learner.crossed, task, margin, (f,))
        tasks[task.name] = {
            "metric": plain(scores.metric)[f],
            "loss": plain(scores.loss)[f],
            "slope": slope(task, part, fitted.said[task.name]),
        }
    return {
        "seconds": seconds,
        "parameters": fitted.parameters,
        "left_out": fitted.left_out,
        "tasks": tasks,
    }


def slope(task: TaskData, part: TrainingPart, margin: Floats) -> float | None:
    """By what the margins of the patients left out would have to be multiplied to be right; 1 is perfect.

    Maximum likelihood with a free intercept, on the task's own loss: the calibration slope of Cox (1958), for several
    classes with one slope for all. None where there is little to go by.
    """
    held = part.held(part.judged(task.name).name)
    if len(held) < FEWEST or _events(task, held) < FEWEST_EVENTS or np.ptp(margin, axis=0).max() == 0:
        return None
    fold = np.zeros(len(held), dtype=np.intp)
    found = fit_blend(lambda rows: task.loss(held[rows]), margin[:, None, :], fold, False)
    return float(found.weights[0])


def _events(task: TaskData, rows: np.ndarray[Any, Any]) -> int:
    target = task.target.subset(rows)
    if target.kind == "regression":
        return len(rows)
    if target.kind == "survival":
        return int(np.nansum(target.event))
    counts = np.bincount(np.asarray(target.y).astype(int), minlength=2)
    return int(counts.sum() - counts.max())


def _task(name: str, task: TaskData, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """One task: every technique's numbers, and what ours has over it."""
    columns = {}
    for technique, folds in found.items():
        if all(name in fold["tasks"] for fold in folds):
            own = {
                what: np.array([fold["tasks"][name][what] for fold in folds], dtype=float)
                for what in ("metric", "loss", "slope")
            }
            columns[technique] = Scores(own["metric"], own["loss"]), own["slope"]
    ours = columns[OURS][0]
    return {
        "metric": HEADLINE[task.target.kind],
        "techniques": {
            technique: {
                **scores.to_dict(),
                "slope": mean(slopes),
                "over": None if technique == OURS else gain(scores, ours),
            }
            for technique, (scores, slopes) in columns.items()
        },
    }

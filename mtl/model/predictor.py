"""The fitted model: the experts, their weights, and the margins they give. Nothing here trains, and no patient is in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from mtl.model.background import BackgroundCounts
from mtl.model.baseline import Baseline
from mtl.model.forest import Floats, Forest
from mtl.model.linear import LinearExpert
from mtl.model.novelty import Novelty
from mtl.model.stand_ins import Crossed

EXPERTS = ("linear", "own", "shared")


@dataclass(frozen=True)
class Background:
    """What a task's explanation needs of its reference patients: mean linear parts (p, c), means of what
    its stand-ins multiply, and counts of patterns."""

    linear: Floats
    crossed: Crossed | None
    own: BackgroundCounts
    shared: BackgroundCounts


@dataclass(frozen=True)
class TaskPredictor:
    """One task's experts and blend.

    ``margin = constant + scale * sum of weights * experts``; `weights` follow :data:`EXPERTS`. `shared` says which of
    the predictor's shared forests the task reads, and `shared_outputs` which of its outputs. `half_width` is that of a
    regression's 90 % conformal interval.
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    weights: Floats
    constant: Floats
    scale: float
    linear: LinearExpert
    own: Forest
    shared: int
    shared_outputs: tuple[int, ...]
    background: Background
    baseline: Baseline | None = None
    half_width: float | None = None

    @property
    def n_outputs(self) -> int:
        """Margins of a row: one, or one a class."""
        return len(self.constant)


@dataclass(frozen=True)
class Predictor:
    """All tasks of a study on encoded features (n, p).

    Parameters
    ----------
    features
        Names of the p columns.
    tasks
        One predictor a task.
    shared
        The forests that several tasks share, one a visibility mask.
    novelty
        Tells patients unlike those of the training.
    """

    features: tuple[str, ...]
    tasks: tuple[TaskPredictor, ...]
    shared: tuple[Forest, ...]
    novelty: Novelty
    _place: dict[str, int] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {task.name: i for i, task in enumerate(self.tasks)})

    def task(self, name: str) -> TaskPredictor:
        """The predictor of one task; KeyError names those there are."""
        if name not in self._place:
            raise KeyError(f"the model has no task {name!r}; it has {', '.join(self._place)}")
        return self.tasks[self._place[name]]

    def margins(self, X: Floats, tasks: tuple[str, ...] | None = None) -> dict[str, Floats]:
        """Margin of each task, (n, c), in the target's unit for regression."""
        chosen = [self.task(name) for name in tasks] if tasks is not None else list(self.tasks)
        shared = {
            which: self.shared[which].margin(X) for which in {t.shared for t in chosen if t.weights[2] > 0}
        }
        out = {}
        for task in chosen:
            blended = np.zeros((len(X), task.n_outputs))
            if task.weights[0] > 0:
                blended += task.weights[0] * task.linear.margin(X)
            if task.weights[1] > 0:
                blended += task.weights[1] * task.own.margin(X)
            if task.weights[2] > 0:
                blended += task.weights[2] * shared[task.shared][:, list(task.shared_outputs)]
            out[task.name] = task.constant + task.scale * blended
        return out

    def calibrated(self, baselines: dict[str, Baseline], half_widths: dict[str, float]) -> Predictor:
        """The same predictor with these baseline hazards and conformal half widths."""
        tasks = tuple(
            replace(t, baseline=baselines.get(t.name), half_width=half_widths.get(t.name)) for t in self.tasks
        )
        return replace(self, tasks=tasks)

"""The experts of a training, one task at a time, as the audits of sharing learn them again."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from mtl.evidence.nested import Asked, Margins, Resamples, Tick, best_trees, blended, linear, trees
from mtl.evidence.paired import Scores, fold_scores
from mtl.evidence.shuffled import dealt
from mtl.evidence.subject import Subject
from mtl.model.grow import TreeConfig
from mtl.model.plan import Plan
from mtl.model.problem import Group, Problem, Rows, TaskData
from mtl.model.train import EFFORTS, Effort
from mtl.model.trees import Structure, own_structure
from mtl.multitask import FOLDS

FASTER = 3.0  # a quick look's trees learn so many times faster, and as many times fewer grow


def threads() -> int:
    """As many as a training job takes: one processor is left for the pages."""
    return max(1, (os.cpu_count() or 1) - 1)


@dataclass(eq=False)
class Learner:
    """Learns a task's experts on chosen resamples.

    Attributes
    ----------
    problem : Problem
    effort : Effort
        What is tried, and chosen inside.
    own_config, shared_config : dict
        By task, the trees of the model itself: those of a quick look. The effort's first where a task has none.
    """

    problem: Problem
    effort: Effort
    own_config: dict[str, TreeConfig] = field(default_factory=dict)
    shared_config: dict[str, TreeConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._apart: dict[str, tuple[Margins, Margins]] = {}
        self._lock = Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travels without what can be made of it again."""
        return Learner, (replace(self.problem), self.effort, self.own_config, self.shared_config)

    @cached_property
    def nested(self) -> Resamples:
        """All choices inside."""
        return Resamples(self.problem, True)

    @cached_property
    def crossed(self) -> Resamples:
        """The models of the folds themselves."""
        return Resamples(self.problem, False)

    @classmethod
    def of(cls, subject: Subject) -> Learner:
        """The training of the subject's model, as it was: the same rows, folds, seed and effort."""
        model = subject.model
        problem = Problem.from_table(subject.study, subject.table, FOLDS, int(model.random_state))
        plan = Plan.from_dict(model.training_["plan"])
        own = {task.name: plan.own[i].config for i, task in enumerate(problem.tasks)}
        shared = {
            problem.tasks[i].name: plan.shared[g].config
            for g, group in enumerate(problem.groups)
            for i in group.members
        }
        return cls(problem, EFFORTS[model.effort], own, shared)

    # Who is who ---------------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """All tasks."""
        return tuple(task.name for task in self.problem.tasks)

    def place(self, name: str) -> int:
        """Which task it is."""
        return self.names.index(name)

    def task(self, name: str) -> TaskData:
        """Its labels."""
        return self.problem.tasks[self.place(name)]

    def _group(self, name: str) -> Group:
        return next(g for g in self.problem.groups if self.place(name) in g.members)

    def helpers(self, name: str) -> tuple[TaskData, ...]:
        """The other tasks that shape its shared trees."""
        group, own = self._group(name), self.place(name)
        return tuple(self.problem.tasks[i] for i in (*group.members, *group.helpers) if i != own)

    def structure(self, learnt: TaskData, source: Rows | None = None) -> Structure:
        """A task's shared trees, to grow; `source` says whose labels each patient's helpers have."""
        group = self._group(learnt.name)

        def tasks(places: tuple[int, ...]) -> tuple[TaskData, ...]:
            every = (self.problem.tasks[i] for i in places)
            return tuple(
                learnt if t.name == learnt.name else t if source is None else dealt(t, source) for t in every
            )

        return Structure(tasks(group.members), tasks(group.helpers), group.features, self.problem.categorical)

    def alone(self, learnt: TaskData) -> Structure:
        """A task's own trees, to grow."""
        return own_structure(self.problem, learnt)

    def beside(self, learnt: TaskData, helper: TaskData) -> Structure:
        """Trees that one other task shapes too."""
        group = self._group(learnt.name)
        return Structure((learnt,), (helper,), group.features, self.problem.categorical)

    # Experts ------------------------------------------------------------------------------------------------------

    def seed(self, *place: int) -> int:
        """A seed of its own for every place."""
        state = np.random.SeedSequence([self.problem.seed, *place]).generate_state(1)
        return int(state[0] % (2**31 - 1_000_000))

    def linear(self, resamples: Resamples, asked: Asked, tick: Tick) -> Margins:
        """The linear expert."""
        seed = self.seed(20, self.place(asked.learnt.name))
        return linear(resamples, asked, self.effort.readings, self.effort.grid, seed, tick)

    def trees(self, resamples: Resamples, structure: Structure, asked: Asked, tick: Tick) -> Margins:
        """Trees as the model's effort grows them, all choices made inside."""
        seed = self.seed(21, self.place(asked.learnt.name))
        return best_trees(resamples, structure, asked, self.effort.trees, seed, tick)

    def quick_trees(self, resamples: Resamples, structure: Structure, asked: Asked, tick: Tick) -> Margins:
        """Trees of the model's own configuration that learn `FASTER`; only the rounds are chosen."""
        name = asked.learnt.name
        single = len(structure.members) + len(structure.helpers) == 1
        config = (self.own_config if single else self.shared_config).get(name, self.effort.trees[0])
        fast = replace(
            config,
            learning_rate=FASTER * config.learning_rate,
            max_rounds=max(1, round(config.max_rounds / FASTER)),
        )
        return trees(resamples, structure, asked, fast, self.seed(22, self.place(name)), tick)

    def apart(self, task: TaskData, tick: Tick) -> tuple[Margins, Margins]:
        """Linear and own trees of a task beside a quick look's shared ones; learnt once for all of them."""
        with self._lock:
            if task.name not in self._apart:
                asked = Asked.whole(task)
                own = self.quick_trees(self.crossed, self.alone(task), asked, tick)
                self._apart[task.name] = self.linear(self.crossed, asked, tick), own
            return self._apart[task.name]


def scored(
    resamples: Resamples, asked: Asked, experts: dict[str, Margins]
) -> tuple[dict[str, Scores], dict[str, list[list[float]]]]:
    """Scores of each expert, of linear and own trees together, and, with shared ones, of all three.

    The weights of the two blends come with them, a list a fold.
    """
    blends = {"linear_own": blended(resamples, asked, [experts["linear"], experts["own"]])}
    if "shared" in experts:
        every = [experts[name] for name in ("linear", "own", "shared")]
        blends["blend"] = blended(resamples, asked, every)
    margins = {name: found.outer for name, found in (experts | blends).items()}
    scores = {name: fold_scores(resamples, asked.judged, margin) for name, margin in margins.items()}
    return scores, {name: found.weights.tolist() for name, found in blends.items()}


def about(task: TaskData) -> dict[str, Any]:
    """What kind of task it is and how much there is to learn from."""
    return {"kind": task.target.kind, "n": len(task.rows), "informative": task.informative}

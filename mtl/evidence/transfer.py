"""The transfer audit: what the other tasks brought to each, out of fold, beside a control with shuffled labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mtl.evaluate import NotEstimable
from mtl.evidence.learner import Learner, about, scored, threads
from mtl.evidence.nested import Asked, Margins, Tick, blended
from mtl.evidence.paired import HEADLINE, Scores, fold_scores, gain, mean
from mtl.evidence.pieces import Piece, Pieces
from mtl.evidence.shuffled import deal
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.evidence.verdict import MARGIN, PERMUTATIONS, verdict
from mtl.multitask import MultiTaskModel


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """The audit of every task, with the verdict on each; see :class:`Audit`."""
    return audit(subject.model, Audit(Learner.of(subject)), report, checkpoint)


def audit(model: MultiTaskModel, wanted: Audit, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """An audit of a model's training, as JSON values: how it was made, and by task what it found."""
    with threadpool_limits(limits=1):  # sums in BLAS must not depend on the number of threads
        found = wanted.run(report, checkpoint)
    return {
        "folds": wanted.learner.nested.n,
        "permutations": wanted.permutations,
        "margin": MARGIN,
        "tasks": {name: judged(model, name, one) for name, one in found.items()},
    }


def judged(model: MultiTaskModel, task: str, found: dict[str, Any]) -> dict[str, Any]:
    """A task's audit with its verdict, and what the fitted model's blend is made of."""
    blend = model.training_["blend"][task]
    sharing = blend["sharing"]
    left_out = sharing is not None and bool(sharing["left_out"])
    return {
        "verdict": verdict_on(found, left_out),
        "left_out": left_out,
        **found,
        "guard": sharing,
        "model_weights": dict(zip(blend["experts"], blend["weights"], strict=True)),
    }


def verdict_on(found: dict[str, Any], left_out: bool = False) -> str:
    """The verdict that a task's audit comes to."""
    against = None if found["gain"] is None else found["gain"]["linear_own"]["metric"]
    control = found["control"]
    enough = control is not None and len(control["runs"]) >= PERMUTATIONS
    over = control["gain"]["metric"] if enough else None
    return verdict(bool(found["helpers"]), against, over, left_out)


@dataclass(eq=False)
class Audit:
    """The audit of a training.

    For each task linear, own and shared trees, the blend of the first two and that of all three are judged by nested
    cross-validation on the model's folds. The control repeats the blend with its helpers' labels dealt to other patients;
    linear and own trees do not depend on helpers and stay. It is made, like the blend that it is compared with, by
    the models of the folds and by trees that learn three times as fast (:mod:`mtl.evidence.nested`).
    """

    learner: Learner
    permutations: int = PERMUTATIONS
    tasks: tuple[str, ...] = ()
    threads: int = field(default_factory=threads)

    def __post_init__(self) -> None:
        self.tasks = self.tasks or self.learner.names
        self._known: dict[str, tuple[Margins, Margins]] = {}
        self._lock = Lock()

    def run(self, report: Report, checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
        """Every task's audit by name; what `checkpoint` has of it is taken from there."""
        place = self.learner.place
        base = {f"{place(name)}.experts": name for name in self.tasks}
        control = {
            name: {f"{place(name)}.control.{k}": k for k in range(self.permutations + 1)}
            for name in self.tasks
            if self.learner.helpers(name)
        }
        cost = dict.fromkeys(base, 5.0) | {piece: 1.0 for own in control.values() for piece in own}
        pieces = Pieces(cost, report, checkpoint, self.threads)
        experts = pieces.run("experts", {piece: self._experts(name) for piece, name in base.items()})
        found = {name: {**experts[piece], "control": None} for piece, name in base.items()}
        for name, own in control.items():
            if found[name]["reason"] is None:
                work = {piece: self._control(name, k) for piece, k in own.items()}
                found[name]["control"] = self._contrast(list(pieces.run(f"control: {name}", work).values()))
                self._known.pop(name, None)
        return found

    def _experts(self, name: str) -> Piece:
        def work(tick: Tick) -> dict[str, Any]:
            learner = self.learner
            task = learner.task(name)
            helpers = [t.name for t in learner.helpers(name)]
            head = {**about(task), "metric": HEADLINE[task.target.kind], "helpers": helpers}
            asked = Asked.whole(task)
            try:
                learner.nested.require(task)
            except NotEstimable as why:
                return {**head, "reason": str(why), "scores": {}, "gain": None, "weights": {}, "rounds": {}}
            experts = {
                "linear": learner.linear(learner.nested, asked, tick),
                "own": learner.trees(learner.nested, learner.alone(task), asked, tick),
            }
            if helpers:
                experts["shared"] = learner.trees(learner.nested, learner.structure(task), asked, tick)
            scores, weights = scored(learner.nested, asked, experts)
            versus = (
                {one: gain(scores["blend"], scores[one]) for one in scores if one != "blend"}
                if helpers
                else None
            )
            return {
                **head,
                "reason": None,
                "scores": {one: found.to_dict() for one, found in scores.items()},
                "gain": versus,
                "weights": weights,
                "rounds": {one: list(experts[one].chosen) for one in ("own", "shared") if one in experts},
            }

        return work

    def _control(self, name: str, which: int) -> Piece:
        """The blend with the helpers' labels as they are (0), or dealt anew."""

        def work(tick: Tick) -> dict[str, Any]:
            learner, resamples = self.learner, self.learner.crossed
            task, place = learner.task(name), learner.place(name)
            source = None
            if which:
                source = deal(
                    learner.problem, learner.helpers(name), [learner.problem.seed, 23, place, which]
                )
            asked = Asked.whole(task)
            known = self._without(asked, tick)
            shared = learner.quick_trees(resamples, learner.structure(task, source), asked, tick)
            blend = blended(resamples, asked, [*known, shared])
            return {
                "blend": fold_scores(resamples, task, blend.outer).to_dict(),
                "shared": fold_scores(resamples, task, shared.outer).to_dict(),
                "weight": float(blend.weights[:, 2].mean()),
                "moved": 0.0 if source is None else float((source != np.arange(len(source))).mean()),
            }

        return work

    def _without(self, asked: Asked, tick: Tick) -> tuple[Margins, Margins]:
        """Linear and own trees of a task as the control has them."""
        with self._lock:
            name, learner = asked.learnt.name, self.learner
            if name not in self._known:
                own = learner.quick_trees(learner.crossed, learner.alone(asked.learnt), asked, tick)
                self._known[name] = learner.linear(learner.crossed, asked, tick), own
            return self._known[name]

    def _contrast(self, runs: list[dict[str, Any]]) -> dict[str, Any]:
        """The real helpers against the mean of the shuffled ones, fold by fold."""
        scores = {what: [Scores.from_dict(run[what]) for run in runs] for what in ("blend", "shared")}
        shuffled = {what: Scores.averaged(own[1:]) for what, own in scores.items()}
        return {
            "real": scores["blend"][0].to_dict(),
            "shuffled": shuffled["blend"].to_dict(),
            "runs": [mean(one.metric) for one in scores["blend"][1:]],
            "gain": gain(scores["blend"][0], shuffled["blend"]),
            "shared_gain": gain(scores["shared"][0], shuffled["shared"]),
            "weight": runs[0]["weight"],
            "shuffled_weight": float(np.mean([run["weight"] for run in runs[1:]])),
            "moved": float(np.mean([run["moved"] for run in runs[1:]])),
        }

"""The transfer audit: what the other tasks brought to each, out of fold, beside a control with shuffled labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mtl.evaluate import NotEstimable
from mtl.evidence.learner import Learner, about, scored, threads
from mtl.evidence.nested import Asked, Tick, blended
from mtl.evidence.paired import HEADLINE, Scores, fold_scores, gain, mean
from mtl.evidence.pieces import Piece, Pieces
from mtl.evidence.shuffled import deal
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.evidence.verdict import MARGIN, PERMUTATIONS, verdict
from mtl.model.pool import Elsewhere
from mtl.multitask import MultiTaskModel


def compute(
    subject: Subject, report: Report, checkpoint: Checkpoint, pool: Elsewhere | None = None
) -> dict[str, Any]:
    """The audit of every task, with the verdict on each; see :class:`Audit`. `pool` shares the work."""
    return audit(subject.model, Audit(Learner.of(subject), pool=pool), report, checkpoint)


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
    pool: Elsewhere | None = None

    def __post_init__(self) -> None:
        self.tasks = self.tasks or self.learner.names

    def run(self, report: Report, checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
        """Every task's audit by name; what `checkpoint` has of it is taken from there."""
        learner = self.learner
        base = {f"{learner.place(name)}.experts": name for name in self.tasks}
        work = {piece: Piece("experts", experts, (name,), 5.0) for piece, name in base.items()}
        controls: dict[str, list[str]] = {}
        for name in self.tasks:
            if learner.helpers(name) and learner.nested.allow(learner.task(name)):
                own = {f"{learner.place(name)}.control.{k}": k for k in range(self.permutations + 1)}
                work |= {piece: Piece(f"control: {name}", control, (name, k)) for piece, k in own.items()}
                controls[name] = list(own)
        done = Pieces(learner, work, report, checkpoint, self.threads, self.pool).run()
        found = {name: {**done[piece], "control": None} for piece, name in base.items()}
        for name, runs in controls.items():
            found[name]["control"] = contrast([done[piece] for piece in runs])
        return found


def experts(learner: Learner, name: str, tick: Tick) -> dict[str, Any]:
    """A piece: a task's experts and blends, nested."""
    task = learner.task(name)
    helpers = [t.name for t in learner.helpers(name)]
    head = {**about(task), "metric": HEADLINE[task.target.kind], "helpers": helpers}
    asked = Asked.whole(task)
    try:
        learner.nested.require(task)
    except NotEstimable as why:
        return {**head, "reason": str(why), "scores": {}, "gain": None, "weights": {}, "rounds": {}}
    found = {
        "linear": learner.linear(learner.nested, asked, tick),
        "own": learner.trees(learner.nested, learner.alone(task), asked, tick),
    }
    if helpers:
        found["shared"] = learner.trees(learner.nested, learner.structure(task), asked, tick)
    scores, weights = scored(learner.nested, asked, found)
    versus = (
        {one: gain(scores["blend"], scores[one]) for one in scores if one != "blend"} if helpers else None
    )
    return {
        **head,
        "reason": None,
        "scores": {one: score.to_dict() for one, score in scores.items()},
        "gain": versus,
        "weights": weights,
        "rounds": {one: list(found[one].chosen) for one in ("own", "shared") if one in found},
    }


def control(learner: Learner, name: str, which: int, tick: Tick) -> dict[str, Any]:
    """A piece: the blend with the helpers' labels as they are (0), or dealt anew."""
    resamples, task, place = learner.crossed, learner.task(name), learner.place(name)
    source = None
    if which:
        source = deal(learner.problem, learner.helpers(name), [learner.problem.seed, 23, place, which])
    asked = Asked.whole(task)
    known = learner.apart(task, tick)
    shared = learner.quick_trees(resamples, learner.structure(task, source), asked, tick)
    blend = blended(resamples, asked, [*known, shared])
    return {
        "blend": fold_scores(resamples, task, blend.outer).to_dict(),
        "shared": fold_scores(resamples, task, shared.outer).to_dict(),
        "weight": float(blend.weights[:, 2].mean()),
        "moved": 0.0 if source is None else float((source != np.arange(len(source))).mean()),
    }


def contrast(runs: list[dict[str, Any]]) -> dict[str, Any]:
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

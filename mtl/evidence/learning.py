"""The learning curve: with fewer of a task's own labels, and all of the others', what does sharing bring?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from mtl.evaluate import NotEstimable
from mtl.evidence.learner import Learner, scored, threads
from mtl.evidence.nested import Asked, Resamples, Tick, part
from mtl.evidence.paired import HEADLINE, Scores, gain
from mtl.evidence.pieces import Piece, Pieces
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.model.pool import Elsewhere
from mtl.model.problem import Rows, TaskData

SHARES = (1.0, 0.5, 0.25, 0.1)
DRAWS = 3  # of each share below 1


def compute(
    subject: Subject, report: Report, checkpoint: Checkpoint, pool: Elsewhere | None = None
) -> dict[str, Any]:
    """The learning curve of every task that others help; see :class:`Curve`. `pool` shares the work."""
    curve = Curve(Learner.of(subject), pool=pool)
    with threadpool_limits(limits=1):
        return {"folds": curve.learner.crossed.n, "draws": DRAWS, "tasks": curve.run(report, checkpoint)}


def thin(resamples: Resamples, task: TaskData, share: float, seed: list[int]) -> Rows:
    """Which labels are kept, (fewer,): a share of each fold's, and in it of each class, or of events and censored.

    At least one of each, so that every fold can be learnt from.
    """
    target, fold = task.target, resamples.problem.fold[task.rows]
    strata = np.zeros(len(task.rows)) if target.kind == "regression" else np.asarray(target.y)
    if target.kind == "survival":
        strata = np.asarray(target.event)
    rng = np.random.default_rng(seed)
    kept = []
    for f in range(resamples.n):
        for value in np.unique(strata[fold == f]):
            rows = np.flatnonzero((fold == f) & (strata == value))
            kept.append(rng.permutation(rows)[: max(1, round(share * len(rows)))])
    return np.sort(np.concatenate(kept))


@dataclass(eq=False)
class Curve:
    """Blend and linear + own trees at `SHARES` of a task's labels, judged on all labels of the fold left out.

    Cross-fitted, with trees that learn three times as fast.
    """

    learner: Learner
    threads: int = field(default_factory=threads)
    pool: Elsewhere | None = None

    def run(self, report: Report, checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
        """The curve of every task that has helpers."""
        learner = self.learner
        asked = {
            f"{learner.place(name)}.{share:g}.{draw}": (name, share, draw)
            for name in learner.names
            if learner.helpers(name)
            for share in SHARES
            for draw in range(DRAWS if share < 1 else 1)
        }
        work = {piece: Piece(f"learning curve: {one[0]}", drawn, one) for piece, one in asked.items()}
        done = Pieces(learner, work, report, checkpoint, self.threads, self.pool).run()
        return {
            name: {
                "kind": learner.task(name).target.kind,
                "metric": HEADLINE[learner.task(name).target.kind],
                "shares": [
                    point(share, [done[piece] for piece, one in asked.items() if one[:2] == (name, share)])
                    for share in SHARES
                ],
            }
            for name in dict.fromkeys(one[0] for one in asked.values())
        }


def drawn(learner: Learner, name: str, share: float, draw: int, tick: Tick) -> dict[str, Any]:
    """A piece: blend and linear + own trees of a task that keeps a share of its labels."""
    resamples, judged = learner.crossed, learner.task(name)
    learnt = judged
    if share < 1:
        seed = [learner.problem.seed, 27, learner.place(name), round(100 * share), draw]
        learnt = part(judged, thin(resamples, judged, share, seed))
    asked = Asked(learnt, judged)
    head = {"labels": len(learnt.rows), "informative": learnt.informative}
    try:
        resamples.require(learnt)
    except NotEstimable as why:
        return {**head, "reason": str(why)}
    experts = {
        "linear": learner.linear(resamples, asked, tick),
        "own": learner.quick_trees(resamples, learner.alone(learnt), asked, tick),
        "shared": learner.quick_trees(resamples, learner.structure(learnt), asked, tick),
    }
    scores, _ = scored(resamples, asked, experts)
    return {
        **head, "reason": None,
        "blend": scores["blend"].to_dict(), "linear_own": scores["linear_own"].to_dict(),
    }  # fmt: skip


def point(share: float, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """A share's mean over its draws, fold by fold, then compared."""
    head = {"share": share, "labels": runs[0]["labels"], "informative": runs[0]["informative"]}
    reasons = [run["reason"] for run in runs if run["reason"] is not None]
    if reasons:
        return {**head, "reason": reasons[0]}
    mean = {}
    for what in ("blend", "linear_own"):
        every = [Scores.from_dict(run[what]) for run in runs]
        mean[what] = Scores.averaged(every)
    return {
        **head,
        "reason": None,
        **{what: found.to_dict() for what, found in mean.items()},
        "gain": gain(mean["blend"], mean["linear_own"]),
    }

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
from mtl.model.problem import Rows, TaskData

SHARES = (1.0, 0.5, 0.25, 0.1)
DRAWS = 3  # of each share below 1


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """The learning curve of every task that others help; see :class:`Curve`."""
    curve = Curve(Learner.of(subject))
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

    def run(self, report: Report, checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
        """The curve of every task that has helpers."""
        names = [name for name in self.learner.names if self.learner.helpers(name)]
        work = {
            name: {
                f"{self.learner.place(name)}.{share:g}.{draw}": (share, draw)
                for share in SHARES
                for draw in range(DRAWS if share < 1 else 1)
            }
            for name in names
        }
        cost = {piece: 1.0 for own in work.values() for piece in own}
        pieces = Pieces(cost, report, checkpoint, self.threads)
        found = {}
        for name, own in work.items():
            runs = {piece: self._drawn(name, *asked) for piece, asked in own.items()}
            done = pieces.run(f"learning curve: {name}", runs)
            found[name] = {
                "kind": self.learner.task(name).target.kind,
                "metric": HEADLINE[self.learner.task(name).target.kind],
                "shares": [
                    self._point(share, [done[p] for p, asked in own.items() if asked[0] == share])
                    for share in SHARES
                ],
            }
        return found

    def _drawn(self, name: str, share: float, draw: int) -> Piece:
        def work(tick: Tick) -> dict[str, Any]:
            learner, resamples = self.learner, self.learner.crossed
            judged = learner.task(name)
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

        return work

    def _point(self, share: float, runs: list[dict[str, Any]]) -> dict[str, Any]:
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

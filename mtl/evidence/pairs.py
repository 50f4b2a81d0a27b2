"""Which task helps which: each target with one helper at a time, beside no helper and beside that helper shuffled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from threadpoolctl import threadpool_limits

from mtl.evidence.learner import Learner, about, scored, threads
from mtl.evidence.nested import Asked, Tick, blended
from mtl.evidence.paired import HEADLINE, Scores, fold_scores, gain
from mtl.evidence.pieces import Piece, Pieces
from mtl.evidence.shuffled import deal, dealt
from mtl.evidence.subject import Checkpoint, Report, Subject
from mtl.model.pool import Elsewhere

DEALS = 5


def compute(
    subject: Subject, report: Report, checkpoint: Checkpoint, pool: Elsewhere | None = None
) -> dict[str, Any]:
    """The gain of every task with every single helper; see :class:`Pairs`. `pool` shares the work."""
    pairs = Pairs(Learner.of(subject), pool=pool)
    with threadpool_limits(limits=1):
        return {
            "folds": pairs.learner.crossed.n,
            "deals": pairs.deals,
            "tasks": pairs.run(report, checkpoint),
        }


@dataclass(eq=False)
class Pairs:
    """Blends whose shared trees one other task shapes, cross-fitted, with trees that learn three times as fast.

    Only tasks that may help are tried: those that see all that the target sees.
    """

    learner: Learner
    deals: int = DEALS
    threads: int = field(default_factory=threads)
    pool: Elsewhere | None = None

    def run(self, report: Report, checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
        """Every task's gains, by helper."""
        learner = self.learner
        names = {
            f"{learner.place(target)}.{learner.place(helper.name)}": (target, helper.name)
            for target in learner.names
            for helper in learner.helpers(target)
            if learner.crossed.allow(learner.task(target))
        }
        work = {
            piece: Piece(f"pairs: {target}", pair, (target, helper, self.deals))
            for piece, (target, helper) in names.items()
        }
        found: dict[str, dict[str, Any]] = {
            name: {**about(task), "metric": HEADLINE[task.target.kind], "helpers": {}}
            for name, task in zip(learner.names, learner.problem.tasks, strict=True)
        }
        done = Pieces(learner, work, report, checkpoint, self.threads, self.pool).run()
        for piece, (target, helper) in names.items():
            found[target]["helpers"][helper] = done[piece]
        return found


def pair(learner: Learner, target: str, helper: str, deals: int, tick: Tick) -> dict[str, Any]:
    """A piece: a task's gains with one helper."""
    resamples, task, other = learner.crossed, learner.task(target), learner.task(helper)
    asked = Asked.whole(task)
    known = learner.apart(task, tick)
    alone, _ = scored(resamples, asked, dict(zip(("linear", "own"), known, strict=True)))
    blends, shared = [], []
    for which in range(deals + 1):
        lent = other
        if which:
            seed = [learner.problem.seed, 26, learner.place(target), learner.place(helper), which]
            lent = dealt(other, deal(learner.problem, [other], seed))
        trees = learner.quick_trees(resamples, learner.beside(task, lent), asked, tick)
        blends.append(fold_scores(resamples, task, blended(resamples, asked, [*known, trees]).outer))
        shared.append(fold_scores(resamples, task, trees.outer))
    shuffled = Scores.averaged(blends[1:])
    return {
        "gain": gain(blends[0], alone["linear_own"]),
        "trees": gain(shared[0], alone["own"]),
        "over_shuffled": gain(blends[0], shuffled),
    }

"""Which task helps which: each target with one helper at a time, beside no helper and beside that helper shuffled."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from threadpoolctl import threadpool_limits

from mtl.evaluate import NotEstimable
from mtl.evidence.learner import Learner, about, scored, threads
from mtl.evidence.nested import Asked, Margins, Tick, blended
from mtl.evidence.paired import HEADLINE, Scores, fold_scores, gain
from mtl.evidence.pieces import Piece, Pieces
from mtl.evidence.shuffled import deal, dealt
from mtl.evidence.subject import Checkpoint, Report, Subject

DEALS = 5


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """The gain of every task with every single helper; see :class:`Pairs`."""
    pairs = Pairs(Learner.of(subject))
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

    def __post_init__(self) -> None:
        self._known: dict[str, tuple[Margins, Margins]] = {}
        self._lock = Lock()

    def run(self, report: Report, checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
        """Every task's gains, by helper."""
        names = [
            (target, helper.name)
            for target in self.learner.names
            for helper in self.learner.helpers(target)
            if self._enough(target)
        ]
        place = self.learner.place
        work = {f"{place(target)}.{place(helper)}": (target, helper) for target, helper in names}
        pieces = Pieces(dict.fromkeys(work, 1.0), report, checkpoint, self.threads)
        found: dict[str, dict[str, Any]] = {
            name: {**about(task), "metric": HEADLINE[task.target.kind], "helpers": {}}
            for name, task in zip(self.learner.names, self.learner.problem.tasks, strict=True)
        }
        for target in self.learner.names:
            own = {piece: names for piece, names in work.items() if names[0] == target}
            if own:
                done = pieces.run(f"pairs: {target}", {p: self._pair(*names) for p, names in own.items()})
                found[target]["helpers"] = {own[p][1]: result for p, result in done.items()}
                self._known.pop(target, None)
        return found

    def _enough(self, target: str) -> bool:
        try:
            self.learner.crossed.require(self.learner.task(target))
        except NotEstimable:
            return False
        return True

    def _pair(self, target: str, helper: str) -> Piece:
        def work(tick: Tick) -> dict[str, Any]:
            learner, resamples = self.learner, self.learner.crossed
            task, other = learner.task(target), learner.task(helper)
            asked = Asked.whole(task)
            known = self._without(asked, tick)
            alone, _ = scored(resamples, asked, dict(zip(("linear", "own"), known, strict=True)))
            blends, shared = [], []
            for which in range(self.deals + 1):
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

        return work

    def _without(self, asked: Asked, tick: Tick) -> tuple[Margins, Margins]:
        with self._lock:
            name, learner = asked.learnt.name, self.learner
            if name not in self._known:
                own = learner.quick_trees(learner.crossed, learner.alone(asked.learnt), asked, tick)
                self._known[name] = learner.linear(learner.crossed, asked, tick), own
            return self._known[name]

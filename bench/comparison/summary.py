"""From the outcomes of all cells to the numbers that are claimed, and whether each claim holds."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bench.comparison.alone import EXPERTS
from bench.comparison.cells import FOLDS, SCARCE, Cell, Scarce, loaded
from bench.comparison.data import PUBLISHED
from bench.comparison.intervals import Difference, paired
from bench.comparison.methods import Outcome

BASELINE = "tuned LightGBM"
NEAR, LEAST_GAIN, LARGE = 0.005, 0.010, 1000


@dataclass
class Sheet:
    """Scores of one set or one scarce target: `scores[method][task]` lists one score a fold and draw."""

    scores: dict[str, dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sizes: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, outcome: Outcome) -> None:
        for task, score in outcome.scores.items():
            self.scores[outcome.method][task].append(score)
        self.seconds[outcome.method].append(outcome.seconds)
        self.sizes[outcome.method].append(outcome.size)

    def tasks(self, method: str) -> list[str]:
        return list(self.scores[method])

    def mean(self, method: str, task: str) -> float:
        return float(np.mean(self.scores[method][task]))

    def overall(self, method: str, tasks: list[str] | None = None) -> float:
        return float(np.mean([self.mean(method, t) for t in tasks or self.tasks(method)]))

    def difference(self, method: str, tasks: list[str] | None = None, base: str = BASELINE) -> Difference:
        """Method minus base, averaged over the tasks both have, one number a fold."""
        names = tasks or [t for t in self.tasks(method) if t in self.scores[base]]
        both = [np.array(self.scores[method][t]) - np.array(self.scores[base][t]) for t in names]
        return paired(np.mean(both, axis=0), FOLDS)

    def worst(self, method: str, base: str = BASELINE) -> tuple[str, float]:
        """The task where the method falls furthest behind the base."""
        gaps = {t: self.mean(method, t) - self.mean(base, t) for t in self.tasks(method)}
        task = min(gaps, key=lambda t: gaps[t])
        return task, gaps[task]

    def worst_against_best(self, method: str) -> tuple[str, float]:
        """The task where the method falls furthest behind the best of linear, own and shared, known with hindsight."""
        prefix = method.removesuffix("blend")
        gaps = {
            t: self.mean(method, t) - max(self.mean(prefix + e, t) for e in EXPERTS)
            for t in self.tasks(method)
        }
        task = min(gaps, key=lambda t: gaps[t])
        return task, gaps[task]


@dataclass
class Findings:
    """The sheet of every set, and of every scarce target."""

    sets: dict[str, Sheet]
    scarce: dict[Scarce, Sheet]

    @classmethod
    def of(cls, outcomes: dict[Cell, list[Outcome]]) -> Findings:
        sets: dict[str, Sheet] = defaultdict(Sheet)
        scarce: dict[Scarce, Sheet] = defaultdict(Sheet)
        for cell, found in sorted(outcomes.items(), key=lambda pair: (pair[0].draw, pair[0].fold)):
            for outcome in found:
                if cell.target:
                    scarce[Scarce(cell.cohort, cell.target, cell.share)].add(outcome)
                else:
                    sets[cell.cohort].add(outcome)
        return cls(
            {name: sets[name] for name in dict.fromkeys(c.cohort for c in outcomes if not c.target)},
            {target: scarce[target] for target in SCARCE if target in scarce},
        )

    def scarce_gain(self, method: str, base: str = BASELINE) -> Difference | None:
        """Mean gain over all scarce targets, one number a fold and draw."""
        gains = []
        for target, sheet in self.scarce.items():
            if method not in sheet.scores or base not in sheet.scores:
                return None
            gains.append(
                np.array(sheet.scores[method][target.task]) - np.array(sheet.scores[base][target.task])
            )
        return paired(np.mean(gains, axis=0), FOLDS) if gains else None

    def claims(self) -> list[dict[str, Any]]:
        """Every claim with the number it rests on."""
        found: list[dict[str, Any]] = []

        def claim(text: str, value: float, held: bool) -> None:
            found.append({"claim": text, "value": round(value, 5), "held": bool(held)})

        for name, sheet in self.sets.items():
            if BASELINE in sheet.scores and name in PUBLISHED:
                mean = sheet.overall(BASELINE)
                near = abs(mean - PUBLISHED[name]) <= NEAR
                claim(f"{name}: tuned LightGBM within {NEAR} of {PUBLISHED[name]}", mean, near)
            for method in ("blend", "thorough blend"):
                if method not in sheet.scores:
                    continue
                if BASELINE in sheet.scores:
                    mean = sheet.difference(method).mean
                    claim(f"{name}: {method} minus tuned LightGBM not below 0", mean, mean >= 0)
                if len(loaded(name).table) >= LARGE:
                    task, gap = sheet.worst_against_best(method)
                    claim(f"{name}: {method} within {NEAR} of its best expert ({task})", gap, gap >= -NEAR)
                    if BASELINE in sheet.scores:
                        task, gap = sheet.worst(method)
                        claim(f"{name}: {method}, worst task above -{NEAR} ({task})", gap, gap > -NEAR)
        gain = self.scarce_gain("blend")
        if gain is not None and len(self.scarce) == len(SCARCE):
            text = f"{len(self.scarce)} scarce targets: mean gain at least +{LEAST_GAIN:.3f}"
            claim(text, gain.mean, gain.mean >= LEAST_GAIN)
        return found

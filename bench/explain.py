"""Explaining a whole cohort and one patient: pattern tables beside LightGBM's own contributions, in one run.

    python bench/explain.py [--json] [--short]

Eight tasks, 30 features, one thread. The peer is what a user of LightGBM would do: one booster a task,
``predict(pred_contrib=True)``. Its values are path-dependent and ours interventional, so the numbers differ
by design; both sum to the margin, which is checked here. Routing the rows is part of our time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import lightgbm
import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl.explain.patterns import TreeTables
from mtl.model.background import background_counts
from mtl.model.forest import Forest
from mtl.model.lightgbm_text import forest_from_text

FEATURES, TASKS, BACKGROUND = 30, 8, 1000


@dataclass(frozen=True)
class Result:
    """Times in milliseconds, smallest of the repetitions."""

    trees: int
    leaves: int
    rows: int
    tasks: int
    build_ms: float
    tables_ms: float
    pred_contrib_ms: float
    one_patient_ms: float
    one_patient_pred_contrib_ms: float
    additivity_error: float

    @property
    def times_faster(self) -> float:
        """How many times faster the cohort is explained."""
        return self.pred_contrib_ms / self.tables_ms


def fastest(run: Callable[[], object], repetitions: int) -> float:
    """Smallest time of a call, in milliseconds."""
    times = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)


def boosters(X: np.ndarray, trees: int, leaves: int, rng: np.random.Generator) -> list[lightgbm.Booster]:
    """The tasks' boosters on one structure, as the model keeps it: all refit the first one's leaves."""
    signal = X[:, :6] @ rng.normal(size=(6, TASKS)) + np.sin(2 * X[:, 6:14])
    y = (signal + rng.normal(size=signal.shape) > 0).astype(float)
    fixed = {
        "objective": "binary", "num_leaves": leaves, "learning_rate": 0.05, "num_threads": 1, "verbosity": -1,
        "feature_fraction_bynode": 0.7, "bagging_fraction": 0.7, "bagging_freq": 1, "seed": 0,
        "deterministic": True, "force_col_wise": True,
    }  # fmt: skip
    grown = lightgbm.train(fixed, lightgbm.Dataset(X, y[:, 0]), trees)
    return [grown] + [grown.refit(X, y[:, k], decay_rate=0.0) for k in range(1, TASKS)]


def joined(models: list[lightgbm.Booster]) -> Forest:
    """One forest with an output a task, from boosters that share their structure."""
    forests = [forest_from_text(m.model_to_string()) for m in models]
    first = forests[0]
    return Forest(
        first.feature, first.threshold, first.missing_left, first.categories, first.start, first.leaf_start,
        first.care, first.want,
        np.concatenate([f.value for f in forests], axis=1),
        np.concatenate([f.count for f in forests], axis=1),
    )  # fmt: skip


def measure(rows: int, trees: int, leaves: int, repetitions: int) -> Result:
    """One configuration; every task has its own background of 1,000 rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, FEATURES))
    models = boosters(X[: min(rows, 3000)], trees, leaves, rng)
    forest = joined(models)
    counts = [background_counts(forest, X[rng.integers(rows, size=BACKGROUND)]) for _ in range(TASKS)]
    tables = TreeTables.build(forest, counts, FEATURES)
    margin = np.stack([m.predict(X, raw_score=True) for m in models], axis=1)
    explained = tables.base + tables.contributions(forest.patterns(X)).sum(axis=1)
    one = X[:1]
    return Result(
        trees=trees,
        leaves=leaves,
        rows=rows,
        tasks=TASKS,
        build_ms=fastest(lambda: TreeTables.build(forest, counts, FEATURES), 3),
        tables_ms=fastest(lambda: tables.contributions(forest.patterns(X)), max(3, repetitions)),
        pred_contrib_ms=fastest(lambda: [m.predict(X, pred_contrib=True) for m in models], repetitions),
        one_patient_ms=fastest(lambda: tables.contributions(forest.patterns(one)), 50),
        one_patient_pred_contrib_ms=fastest(lambda: [m.predict(one, pred_contrib=True) for m in models], 20),
        additivity_error=float(np.abs(explained - margin).max()),
    )


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="a tenth of the rows, one repetition")
    options = parser.parse_args()
    rows, repetitions = (1000, 1) if options.short else (10_000, 2)
    with threadpool_limits(limits=1):
        results = [measure(rows, trees, leaves, repetitions) for trees, leaves in ((100, 3), (200, 6))]
    if options.json:
        print(json.dumps({"explain": [asdict(r) | {"times_faster": r.times_faster} for r in results]}))
        return
    print(f"{rows:,} rows, {FEATURES} features, {TASKS} tasks, one thread; milliseconds")
    print(f"{'':<34}" + "".join(f"{f'{r.trees} trees x {r.leaves} leaves':>22}" for r in results))
    lines = {
        "8 x LightGBM pred_contrib": "pred_contrib_ms",
        "pattern tables": "tables_ms",
        "  times faster": "times_faster",
        "building the tables, once": "build_ms",
        "one patient, 8 x pred_contrib": "one_patient_pred_contrib_ms",
        "one patient, pattern tables": "one_patient_ms",
    }
    for label, name in lines.items():
        print(f"{label:<34}" + "".join(f"{getattr(r, name):>22.2f}" for r in results))
    print(f"{'base + sum - margin, at most':<34}" + "".join(f"{r.additivity_error:>22.1e}" for r in results))


if __name__ == "__main__":
    main()

"""How long training takes: shared trees beside one LightGBM fit a task, and the six tasks of Rotterdam.

    python bench/train.py [--json] [--short]

One thread, 100 rounds, 30 features, binary tasks. The peer is what a user of LightGBM would do: T fits.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import lightgbm
import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, load_sample
from mtl.model.grow import Growth, GrowthTask, TreeConfig
from mtl.model.losses import BinaryLoss
from mtl.multitask import TableWarning

FEATURES, ROUNDS = 30, 100
TARGETS = {8: 0.35, 32: 0.20}


@dataclass(frozen=True)
class Result:
    """Seconds of one size."""

    rows: int
    tasks: int
    lightgbm_s: float
    shared_s: float

    @property
    def ratio(self) -> float:
        """Time of the shared trees over that of the separate fits."""
        return self.shared_s / self.lightgbm_s


def measure(rows: int, tasks: int) -> Result:
    """Both on the same table, each with its own copy of the data to bin."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, FEATURES))
    signal = X[:, :6] @ rng.normal(size=(6, tasks)) + np.sin(2 * X[:, 6:7])
    y = (signal + rng.normal(size=signal.shape) > 0).astype(float)
    config = TreeConfig()
    params = {
        "objective": "binary", "num_leaves": config.leaves, "learning_rate": config.learning_rate,
        "lambda_l2": config.l2, "bagging_fraction": config.bagging, "bagging_freq": 1, "num_threads": 1,
        "feature_fraction_bynode": config.feature_fraction, "verbosity": -1, "deterministic": True,
        "force_col_wise": True, "seed": 0,
    }  # fmt: skip
    begin = time.perf_counter()
    for k in range(tasks):
        lightgbm.train(params, lightgbm.Dataset(X, y[:, k]), ROUNDS)
    separate = time.perf_counter() - begin
    begin = time.perf_counter()
    everybody = np.arange(rows)
    growth = Growth(
        X, range(FEATURES), [], [GrowthTask(BinaryLoss(column), everybody) for column in y.T], config, 0
    )
    growth.extend(ROUNDS)
    growth.forest()
    return Result(rows, tasks, separate, time.perf_counter() - begin)


def rotterdam(threads: int) -> float:
    """Seconds of quick training of the six tasks."""
    study, table = load_sample("rotterdam")
    begin = time.perf_counter()
    MultiTaskModel(study, threads=threads).fit(table)
    return time.perf_counter() - begin


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="a tenth of the rows, no training of Rotterdam")
    options = parser.parse_args()
    warnings.simplefilter("ignore", TableWarning)
    with threadpool_limits(limits=1):
        results = [measure(10_000 if options.short else 100_000, tasks) for tasks in TARGETS]
    seconds = None if options.short else rotterdam(threads=2)
    if options.json:
        found = [asdict(r) | {"ratio": r.ratio, "target": TARGETS[r.tasks]} for r in results]
        print(json.dumps({"train": found, "rotterdam_s": seconds}))
        return
    print(f"{ROUNDS} rounds, {FEATURES} features, binary tasks, one thread; seconds")
    print(f"{'rows':>9}{'tasks':>7}{'LightGBM':>10}{'shared':>8}{'ratio':>7}{'target':>8}")
    for r in results:
        target = TARGETS[r.tasks]
        print(f"{r.rows:>9,}{r.tasks:>7}{r.lightgbm_s:>10.2f}{r.shared_s:>8.2f}{r.ratio:>7.2f}{target:>8.2f}")
    if seconds is not None:
        print(f"Rotterdam, six tasks, quick, two threads: {seconds:.1f} s")


if __name__ == "__main__":
    main()

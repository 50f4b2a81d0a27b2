"""Does the transfer audit say what is true? Simulated patients, of whom it is known whether sharing can help.

    python bench/transfer.py [--runs 50]

- helper: another task's label is the target's own, and the target is labelled in a tenth of the rows: "helped".
- coins: two helpers are coin flips: "helped" in at most 5 of 50 runs.
- elsewhere: one helper is labelled everywhere and depends on other findings: the shared trees' weight is smaller than
  with the helper that determines the target, and no more than .005 of the AUC is lost against linear and own trees.

Prints a Markdown table, of seconds of processor too; one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import Study
from mtl.evidence.learner import Learner
from mtl.evidence.transfer import Audit, verdict_on
from mtl.model.grow import TreeConfig
from mtl.model.problem import Problem
from mtl.model.train import Effort

FINDINGS, FOLDS = 8, 5
EFFORT = Effort((TreeConfig(learning_rate=0.1, max_rounds=200),))  # as "quick", in half the rounds


def study(tasks: list[str], findings: int) -> Study:
    """Yes/no tasks from numbers."""
    return Study.from_dict(
        {
            "study": {"name": "simulated", "identifier": "id"},
            "stage": [{"name": "visit"}],
            "feature": [{"name": f"x{j}", "kind": "numeric", "stage": "visit"} for j in range(findings)],
            "task": [
                {
                    "name": name,
                    "kind": "binary",
                    "role": "diagnosis",
                    "stage": "visit",
                    "target": f"{name} == 1",
                }
                for name in tasks
            ],
        }
    )


def _surface(X: np.ndarray, first: int) -> np.ndarray:
    """A rule of three findings that no single one tells: who is ill depends on where two others lie."""
    a, b, c = X[:, first], X[:, first + 1], X[:, first + 2]
    return np.where((a > 0) ^ (b > 0.2), 1.4, -1.4) + 0.8 * c


def _flip(rng: np.random.Generator, margin: np.ndarray) -> np.ndarray:
    return (rng.random(len(margin)) < 1 / (1 + np.exp(-margin))).astype(float)


def determined(seed: int, n: int = 4000, share: float = 0.1) -> pd.DataFrame:
    """`target`, labelled in a tenth of the rows, is what `helper` is: a rule of twelve findings among twenty."""
    rng = np.random.default_rng([seed, 1])
    X = rng.normal(size=(n, 20))
    products = X[:, 0] * X[:, 1] + X[:, 2] * X[:, 3]
    far = np.sign(np.abs(X[:, 4:12]) - 0.67).sum(axis=1)  # being far from the middle, on either side
    helper = _flip(rng, 3 * products + 2.4 * far)
    return _table(X, target=np.where(rng.random(n) < share, helper, np.nan), helper=helper)


def coins(seed: int, n: int = 500) -> pd.DataFrame:
    """`target` depends on the findings, two helpers on nothing."""
    rng = np.random.default_rng([seed, 2])
    X = rng.normal(size=(n, FINDINGS))
    flips = {f"coin{k}": rng.integers(0, 2, n).astype(float) for k in range(2)}
    return _table(X, target=_flip(rng, _surface(X, 0)), **flips)


def elsewhere(seed: int, n: int = 3000, share: float = 0.2) -> pd.DataFrame:
    """`helper` is labelled everywhere and depends on other findings than `target`, labelled in a fifth of the rows."""
    rng = np.random.default_rng([seed, 3])
    X = rng.normal(size=(n, FINDINGS))
    target = _flip(rng, 2.0 * _surface(X, 0))
    return _table(
        X, target=np.where(rng.random(n) < share, target, np.nan), helper=_flip(rng, 3 * _surface(X, 4))
    )


def _table(X: np.ndarray, **labels: np.ndarray) -> pd.DataFrame:
    found = pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
    return found.assign(id=np.arange(len(X)), **labels)


def audited(table: pd.DataFrame, seed: int, permutations: int = 10) -> dict[str, Any]:
    """The audit of `target`, with its verdict and the mean weight of its shared trees."""
    tasks = [name for name in table.columns if not name.startswith("x") and name != "id"]
    findings = sum(name.startswith("x") for name in table.columns)
    problem = Problem.from_table(study(tasks, findings), table, FOLDS, seed)
    audit = Audit(Learner(problem, EFFORT), permutations, ("target",), threads=1)
    with threadpool_limits(limits=1):
        found = audit.run(lambda stage, share: None, {})["target"]
    found["verdict"] = verdict_on(found)
    found["weight"] = float(np.mean([fold[2] for fold in found["weights"]["blend"]]))
    return found


def _line(name: str, runs: list[dict[str, Any]], seconds: float) -> str:
    said = Counter(run["verdict"] for run in runs)
    gains = [run["gain"]["linear_own"]["metric"]["value"] for run in runs]
    over = [run["control"]["gain"]["metric"]["value"] for run in runs]
    cells = [
        name, str(len(runs)), ", ".join(f"{word} {count}" for word, count in said.most_common()),
        f"{np.mean(gains):+.4f}", f"{min(gains):+.4f}", f"{np.mean(over):+.4f}",
        f"{np.mean([run['weight'] for run in runs]):.2f}", f"{seconds / len(runs):.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=50, help="of coins; a tenth as many of the others")
    parser.add_argument("--only", choices=("helper", "coins", "elsewhere"))
    args = parser.parse_args()
    few = max(1, args.runs // 10)
    made = {"helper": (determined, few), "coins": (coins, args.runs), "elsewhere": (elsewhere, few)}
    heads = (
        "truth", "runs", "verdicts", "mean gain over linear + own (AUC)", "worst", "mean gain over shuffled",
        "weight of shared trees", "CPU s a run",
    )  # fmt: skip
    print(f"| {' | '.join(heads)} |\n| {' | '.join('---' for _ in heads)} |")
    for name, (simulated, count) in made.items():
        if args.only in (None, name):
            begin = time.process_time()
            runs = [audited(simulated(seed), seed) for seed in range(count)]
            print(_line(name, runs, time.process_time() - begin), flush=True)


if __name__ == "__main__":
    main()

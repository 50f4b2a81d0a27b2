"""What a helper that knows nothing costs: an abundant task on other features than those of a scarce one.

    python bench/helper.py [--json] [--short]

Simulated patients with ten features. The scarce task, with few labels, depends on the last five; the helper, with every
label, on the first five. The same scarce labels are learnt with the helper in the study and without it, and judged on
20,000 fresh patients. The promise: on average over the repetitions no more than .005 of AUC is lost.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.comparison.intervals import Difference
from mtl import MultiTaskModel, Study
from mtl.evaluate.binary import auroc
from mtl.multitask import TableWarning

ROWS, FEATURES, MOST_LOST = 3_000, 10, 0.005
LABELS, REPETITIONS = (150, 400), 10


def study(with_helper: bool) -> Study:
    """The scarce task, alone or beside its helper."""
    tasks = ["scarce", *(["helper"] if with_helper else [])]
    return Study.from_dict(
        {
            "study": {"name": "helper", "identifier": "id"},
            "stage": [{"name": "now"}],
            "feature": [{"name": f"x{j}", "kind": "numeric", "stage": "now"} for j in range(FEATURES)],
            "task": [
                {"name": t, "kind": "binary", "role": "diagnosis", "stage": "now", "target": f"{t} == 1"}
                for t in tasks
            ],
        }
    )


def patients(n: int, labels: int | None, rng: np.random.Generator) -> pd.DataFrame:
    """A table; `labels` of the scarce task are kept, all if None."""
    X = rng.normal(size=(n, FEATURES))
    effects = np.array([1.0, -0.8, 0.6, 0.5, 0.0])

    def drawn(part: np.ndarray) -> np.ndarray:
        signal = part @ effects + 0.8 * np.sin(2 * part[:, 4])
        return (rng.random(n) < 1 / (1 + np.exp(-signal))).astype(float)

    table = pd.DataFrame({f"x{j}": X[:, j] for j in range(FEATURES)})
    table["id"], table["helper"], table["scarce"] = np.arange(n), drawn(X[:, :5]), drawn(X[:, 5:])
    if labels is not None:
        table.loc[rng.permutation(n)[labels:], "scarce"] = np.nan
    return table


def lost(labels: int, seed: int) -> float:
    """AUC without the helper minus AUC with it."""
    rng = np.random.default_rng([seed, labels])
    table, fresh = patients(ROWS, labels, rng), patients(20_000, None, rng)
    found = []
    for with_helper in (False, True):
        model = MultiTaskModel(study(with_helper), random_state=seed, threads=1).fit(table)
        found.append(auroc(fresh["scarce"], model.predict(fresh)["scarce"]))
    return found[0] - found[1]


def summary(values: list[float]) -> Difference:
    """Mean over independent repetitions with its 95 % t interval."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Difference(mean, None, None)
    half = float(t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return Difference(mean, mean - half, mean + half)


def main() -> int:
    """Print a table, or one JSON object; 1 when too much is lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="two repetitions")
    options = parser.parse_args()
    warnings.simplefilter("ignore", TableWarning)
    repetitions = 2 if options.short else REPETITIONS
    found = {labels: summary([lost(labels, seed) for seed in range(repetitions)]) for labels in LABELS}
    held = all(d.mean <= MOST_LOST for d in found.values())
    if options.json:
        print(json.dumps({"helper": {str(n): vars(d) for n, d in found.items()}, "held": held}))
    else:
        print(f"AUC lost to a helper on other features, {repetitions} repetitions")
        for labels, difference in found.items():
            print(f"{labels:>5} labels: {difference}")
        print(f"at most {MOST_LOST} lost: {held}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())

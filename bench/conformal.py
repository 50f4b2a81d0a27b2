"""Do conformal sets and ranges hold the truth nine times in ten, and are they small? Simulated patients, every kind.

    python bench/conformal.py [--json] [--short] [--rows N] [--repeats R] [--seed S]

Each repeat draws a training table of every kind of task (`bench/coverage.py`; its three truths in turn), fits a model
(effort "quick"), takes the thresholds from its out-of-fold numbers as the performance page does, and asks of 1,000 new
patients how many have the truth in their set or range. ``coverage`` is the mean over the data sets; ``size`` the mean
number of classes, or width; ``oracle`` that of the smallest sets or ranges with 90 % coverage for somebody who knows
every patient's true risk (classes above one threshold; the noise's own quantiles); ``ratio`` is ours against it. A
survival task asks who has the event by three years; thresholds are weighted for censoring, new patients are followed
to the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.coverage import CLASSES, FEATURES, HAZARD, TRUTHS, risks, scores, study, table
from mtl import MultiTaskModel
from mtl.evidence.conformal import LEVEL, sets
from mtl.evidence.coverage import Told
from mtl.evidence.headline import Headline
from mtl.evidence.subject import Subject
from mtl.multitask import TableWarning

NEW, HORIZON = 1000, 3.0
TASKS = {"ill": "binary", "kind": "multiclass", "death": "survival", "amount": "regression"}


def one(rows: int, truth: str, seed: int) -> dict[str, tuple[float, float, float]]:
    """Coverage, size and the oracle's size, by task, on one data set."""
    rng = np.random.default_rng([seed, 7])
    drawn = table(rng.normal(size=(rows, FEATURES)), truth, rng)
    model = MultiTaskModel(study(), random_state=seed, threads=1).fit(drawn)
    fold = np.asarray(model.trained_.fold, dtype=np.int64)
    subject = Subject(model.study, drawn, model, fold, dict(enumerate(model.trained_.fold_predictors)))
    X = rng.normal(size=(NEW, FEATURES))
    new = table(X, truth, rng)
    numbers, known = model.predict(new), risks(X, truth)
    f, g = scores(X, truth)
    time = rng.exponential(size=NEW) / (HAZARD * np.exp(0.7 * f + 0.3 * g))  # not censored
    outcome = {
        "ill": new["ill"].to_numpy(),
        "kind": np.array([CLASSES.index(c) for c in new["kind"]]),
        "death": (time <= HORIZON).astype(int),
    }
    risk = {
        "ill": _two(known["ill"]),
        "kind": np.column_stack([known[f"kind={c}"] for c in CLASSES]),
        "death": _two(known[f"death@{HORIZON:g}y"]),
    }
    ours = {
        "ill": _two(numbers["ill"].to_numpy()),
        "kind": numbers[[f"kind={c}" for c in CLASSES]].to_numpy(),
        "death": _two(numbers[f"death@{HORIZON:g}y"].to_numpy()),
    }
    found = {}
    for task in TASKS:
        head = Headline.of(subject, task)
        told = Told.of(subject, head)
        assert told is not None and head.horizon in (None, HORIZON)
        limit = told.calibration().limits(None, None)
        if task == "amount":
            inside = np.abs(new["amount"] - numbers["amount"]) <= limit[0]
            found[task] = (float(inside.mean()), 2 * float(limit[0]), 2 * float(norm.ppf(0.5 + LEVEL / 2)))
            continue
        chosen = sets(ours[task], limit)
        covered = chosen[np.arange(NEW), outcome[task]].mean()
        found[task] = (float(covered), float(chosen.sum(axis=1).mean()), oracle(risk[task]))
    return found


def oracle(risk: np.ndarray) -> float:
    """Mean size of the smallest sets with 90 % coverage, true risks known: a threshold on them, ties aside."""
    order = np.sort(risk.ravel())[::-1]
    expected = np.cumsum(order) / len(risk)  # a class in a set holds the truth as often as its risk says
    return float((np.searchsorted(expected, LEVEL) + 1) / len(risk))


def _two(p: np.ndarray) -> np.ndarray:
    return np.column_stack([1 - p, p])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--short", action="store_true", help="3 data sets")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.short:
        chosen.repeats = 3
    warnings.simplefilter("ignore", TableWarning)
    drawn = []
    for repeat in range(chosen.repeats):
        drawn.append(one(chosen.rows, TRUTHS[repeat % len(TRUTHS)], chosen.seed + repeat))
        print(f"{repeat + 1}/{chosen.repeats}", file=sys.stderr)
    lines: list[dict[str, object]] = []
    for task, kind in TASKS.items():
        covered, size, best = np.array([found[task] for found in drawn]).T
        lines.append(
            {
                "kind": kind, "rows": chosen.rows, "data_sets": chosen.repeats, "coverage": float(covered.mean()),
                "coverage_sd": float(covered.std()), "size": float(size.mean()), "oracle": float(best.mean()),
                "ratio": float(size.mean() / best.mean()),
            }
        )  # fmt: skip
    if chosen.json:
        print(json.dumps(lines))
        return
    print(
        f"{'kind':<11} {'rows':>5} {'data sets':>9} {'coverage':>8} {'sd':>6} {'size':>6} {'oracle':>6} {'ratio':>5}"
    )
    for line in lines:
        print(
            f"{line['kind']:<11} {line['rows']:>5} {line['data_sets']:>9} {line['coverage']:>8.3f} "
            f"{line['coverage_sd']:>6.3f} {line['size']:>6.3f} {line['oracle']:>6.3f} {line['ratio']:>5.2f}"
        )


if __name__ == "__main__":
    main()

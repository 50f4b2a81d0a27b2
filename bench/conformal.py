"""Do conformal sets and ranges hold the truth nine times in ten, and are they small? Simulated patients, every kind.

    python bench/conformal.py [--json] [--short] [--predictor plain|ours] [--rows N] [--repeats R] [--seed S]

Each repeat draws a training table of every kind of task (`bench/coverage.py`; its three truths in turn), predicts it fold
by fold, takes the thresholds from those numbers as the performance page does, and asks of 1,000 new patients how many
have the truth in their set or range. ``plain`` predicts by textbook regressions on the raw findings (logistic,
multinomial, linear, Cox), wrong for two of the three truths; ``ours`` by a model of effort "quick", seven times as
slow. ``coverage`` is the mean over the data sets; ``size`` the mean number of classes, or width; ``oracle`` that of the
smallest sets or ranges with 90 % coverage for somebody who knows every patient's true risk (classes above one
threshold; the noise's own quantiles); ``ratio`` is ours against it. A survival task asks who has the event by three
years; its thresholds are weighted for censoring, new patients are followed to the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.linear_model import LinearRegression, LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.coverage import CLASSES, FEATURES, HAZARD, TRUTHS, risks, scores, study, table
from mtl import MultiTaskModel
from mtl.evaluate.cox import cox_regression
from mtl.evaluate.survival import known_by
from mtl.evidence.conformal import LEVEL, sets
from mtl.evidence.coverage import Told
from mtl.evidence.headline import Headline
from mtl.evidence.subject import Subject
from mtl.multitask import TableWarning

NEW, HORIZON, FOLDS = 1000, 3.0, 5
TASKS = {"ill": "binary", "kind": "multiclass", "death": "survival", "amount": "regression"}


def one(rows: int, truth: str, seed: int, predictor: str) -> dict[str, tuple[float, float, float]]:
    """Coverage, size and the oracle's size, by task, on one data set."""
    rng = np.random.default_rng([seed, 7])
    drawn = table(rng.normal(size=(rows, FEATURES)), truth, rng)
    X = rng.normal(size=(NEW, FEATURES))
    new, known = table(X, truth, rng), risks(X, truth)
    f, g = scores(X, truth)
    time = rng.exponential(size=NEW) / (HAZARD * np.exp(0.7 * f + 0.3 * g))  # not censored
    outcome = {
        "ill": new["ill"].to_numpy(),
        "kind": np.array([CLASSES.index(c) for c in new["kind"]]),
        "death": (time <= HORIZON).astype(int),
        "amount": new["amount"].to_numpy(),
    }
    risk = {
        "ill": _two(known["ill"]),
        "kind": np.column_stack([known[f"kind={c}"] for c in CLASSES]),
        "death": _two(known[f"death@{HORIZON:g}y"]),
    }
    told, said = (_ours if predictor == "ours" else _plain)(drawn, new, seed)
    found = {}
    for task in TASKS:
        limit = told[task].calibration().limits(None, None)
        if task == "amount":
            inside = np.abs(outcome[task] - said[task][:, 0]) <= limit[0]
            found[task] = (float(inside.mean()), 2 * float(limit[0]), 2 * float(norm.ppf(0.5 + LEVEL / 2)))
            continue
        chosen = sets(said[task], limit)
        covered = chosen[np.arange(NEW), outcome[task]].mean()
        found[task] = (float(covered), float(chosen.sum(axis=1).mean()), oracle(risk[task]))
    return found


def _ours(drawn: pd.DataFrame, new: pd.DataFrame, seed: int) -> tuple[dict[str, Told], dict[str, np.ndarray]]:
    """Out-of-fold numbers of the training, and the model's numbers of new patients."""
    model = MultiTaskModel(study(), random_state=seed, threads=1).fit(drawn)
    fold = np.asarray(model.trained_.fold, dtype=np.int64)
    subject = Subject(model.study, drawn, model, fold, dict(enumerate(model.trained_.fold_predictors)))
    numbers = model.predict(new)
    said = {
        "ill": _two(numbers["ill"].to_numpy()),
        "kind": numbers[[f"kind={c}" for c in CLASSES]].to_numpy(),
        "death": _two(numbers[f"death@{HORIZON:g}y"].to_numpy()),
        "amount": numbers[["amount"]].to_numpy(),
    }
    told = {task: Told.of(subject, Headline.of(subject, task)) for task in TASKS}
    return {task: one for task, one in told.items() if one is not None}, said


def _plain(
    drawn: pd.DataFrame, new: pd.DataFrame, seed: int
) -> tuple[dict[str, Told], dict[str, np.ndarray]]:
    """The same of regressions on the findings as they are."""
    fold = np.random.default_rng(seed).permutation(np.arange(len(drawn)) % FOLDS)
    held = {task: np.empty((len(drawn), 3 if task == "kind" else 1 + (task != "amount"))) for task in TASKS}
    for f in range(FOLDS):
        for task, numbers in _regressions(drawn[fold != f], drawn[fold == f]).items():
            held[task][fold == f] = numbers
    everybody, once = np.arange(len(drawn)), np.ones(len(drawn))
    label = {
        "ill": drawn["ill"].to_numpy(dtype=float),
        "kind": np.array([float(CLASSES.index(c)) for c in drawn["kind"]]),
        "amount": drawn["amount"].to_numpy(),
    }
    told = {
        task: Told(everybody, held[task], y, fold, once, None if task == "amount" else held[task].shape[1])
        for task, y in label.items()
    }
    status = known_by(drawn["years"].to_numpy(), drawn["dead"].to_numpy() > 0, HORIZON)
    kept = np.flatnonzero(status.weight > 0)
    told["death"] = Told(
        kept, held["death"][kept], status.case[kept].astype(float), fold[kept], status.weight[kept], 2
    )
    return told, _regressions(drawn, new)


def _regressions(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, np.ndarray]:
    columns = [f"x{j}" for j in range(FEATURES)]
    X, Z = train[columns].to_numpy(), test[columns].to_numpy()
    cox = cox_regression(train["years"], train["dead"], X)
    classes = LogisticRegression(C=1e3, max_iter=500).fit(X, train["kind"])  # in the order of CLASSES
    return {
        "ill": LogisticRegression(C=1e3).fit(X, train["ill"]).predict_proba(Z),
        "kind": classes.predict_proba(Z),
        "death": _two(-np.expm1(-cox.hazard_by(HORIZON) * np.exp(Z @ cox.coefficients))),
        "amount": LinearRegression().fit(X, train["amount"]).predict(Z)[:, None],
    }


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
    parser.add_argument("--predictor", choices=["plain", "ours"], default="plain")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.short:
        chosen.repeats = 3
    warnings.simplefilter("ignore", TableWarning)
    drawn = []
    for repeat in range(chosen.repeats):
        drawn.append(one(chosen.rows, TRUTHS[repeat % len(TRUTHS)], chosen.seed + repeat, chosen.predictor))
        print(f"{repeat + 1}/{chosen.repeats} {json.dumps(drawn[-1])}", file=sys.stderr, flush=True)
    lines: list[dict[str, object]] = []
    for task, kind in TASKS.items():
        covered, size, best = np.array([found[task] for found in drawn]).T
        lines.append(
            {
                "kind": kind, "predictor": chosen.predictor, "rows": chosen.rows, "data_sets": chosen.repeats,
                "coverage": float(covered.mean()),
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

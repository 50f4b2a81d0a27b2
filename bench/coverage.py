"""Do the 90 % intervals cover? Simulated patients whose true risk is known, every kind of task.

    python bench/coverage.py [--json] [--short] [--truths linear,curved] [--rows N] [--repeats R] [--refits B] [--seed S]

Three truths: ``linear`` (sums of findings), ``curved`` (one finding works by its size, another by its square) and
``interaction`` (half of the patients react to a finding, the others do not). Each repeat draws a training table, fits,
refits, and asks how many of 500 new patients have their true risk inside the interval. ``oracle`` is the width of the
interval that somebody would give who knew each patient's root mean squared error over the repeats, on the same scale;
``ratio`` is ours against it. A regression's interval is one of new values; its column counts those. The promise: 86-94 %
of the risks (88-92 % of new values) covered, at most 1.3 times the oracle's width.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, softmax
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, Study
from mtl.multitask import TableWarning

FEATURES, NEW, HORIZONS = 6, 500, (1.0, 3.0)
HAZARD = 0.15  # events a year at a log hazard of 0
CLASSES = ("a", "b", "c")
TRUTHS = ("linear", "curved", "interaction")
COLUMNS = ["ill", *(f"kind={c}" for c in CLASSES), *(f"death@{h:g}y" for h in HORIZONS)]
MOST_WIDTH = 1.3
KIND_OF = {"ill": "binary", "kind": "multiclass", "death": "survival", "amount": "regression"}


def study() -> Study:
    """One task of each kind on the same findings."""
    return Study.from_dict(
        {
            "study": {"name": "simulated", "identifier": "id"},
            "stage": [{"name": "visit"}],
            "feature": [{"name": f"x{j}", "kind": "numeric", "stage": "visit"} for j in range(FEATURES)],
            "task": [
                {"name": "ill", "kind": "binary", "role": "diagnosis", "stage": "visit", "target": "ill"},
                {"name": "kind", "kind": "multiclass", "role": "diagnosis", "stage": "visit", "target": "kind",
                 "classes": list(CLASSES)},
                {"name": "death", "kind": "survival", "role": "prognosis", "stage": "visit", "time": "years",
                 "event": "dead", "time_unit": "years", "horizons": list(HORIZONS)},
                {"name": "amount", "kind": "regression", "role": "diagnosis", "stage": "visit", "target": "amount"},
            ],
        }
    )  # fmt: skip


def scores(X: np.ndarray, truth: str) -> tuple[np.ndarray, np.ndarray]:
    """Two scores of every patient, (n,) each; every task is made of them."""
    a, b, c, d, e, _ = X.T
    if truth == "linear":
        return 0.8 * a - 0.6 * b + 0.4 * c, 0.7 * a + 0.5 * d
    if truth == "curved":
        return 0.8 * a + 0.7 * np.abs(b) - 0.5 - 0.4 * c, 0.7 * a + 0.25 * (d**2 - 1)
    return 0.8 * a - 0.6 * b + 0.4 * c * (d > 0), 0.7 * a * (e > 0) + 0.5 * d


def risks(X: np.ndarray, truth: str) -> dict[str, np.ndarray]:
    """The true risk of every patient, by output column."""
    f, g = scores(X, truth)
    classes = softmax(np.column_stack([f, g, np.zeros(len(X))]), axis=1)
    found = {"ill": expit(f - 0.3)} | {f"kind={c}": classes[:, k] for k, c in enumerate(CLASSES)}
    hazard = HAZARD * np.exp(0.7 * f + 0.3 * g)
    return found | {f"death@{h:g}y": -np.expm1(-hazard * h) for h in HORIZONS}


def table(X: np.ndarray, truth: str, rng: np.random.Generator) -> pd.DataFrame:
    """Patients with findings X and outcomes drawn from their risks; follow-up ends between one year and eight."""
    n, known = len(X), risks(X, truth)
    f, g = scores(X, truth)
    upto = np.cumsum(np.column_stack([known[f"kind={c}"] for c in CLASSES]), axis=1)
    time = rng.exponential(size=n) / (HAZARD * np.exp(0.7 * f + 0.3 * g))
    end = rng.uniform(1, 8, n)
    return pd.DataFrame(X, columns=[f"x{j}" for j in range(FEATURES)]).assign(
        id=np.arange(n),
        ill=(rng.random(n) < known["ill"]).astype(int),
        kind=np.array(CLASSES)[(rng.random(n)[:, None] > upto[:, :-1]).sum(axis=1)],
        years=np.minimum(time, end),
        dead=(time <= end).astype(int),
        amount=f + g + rng.normal(size=n),
    )


def scale(column: str, p: np.ndarray) -> np.ndarray:
    """The scale on which the intervals are symmetric."""
    return np.log(-np.log1p(-p)) if column.startswith("death") else np.log(p) - np.log1p(-p)


def measure(truth: str, rows: int, repeats: int, refits: int, seed: int) -> list[dict[str, Any]]:
    """Coverage and width by kind of task."""
    rng = np.random.default_rng([seed, TRUTHS.index(truth)])
    new = rng.normal(size=(NEW, FEATURES))
    known = risks(new, truth)
    drawn = []
    for repeat in range(repeats):
        train = table(rng.normal(size=(rows, FEATURES)), truth, rng)
        test = table(new, truth, rng)
        model = MultiTaskModel(study(), random_state=repeat).fit(train).fit_intervals(train, refits)
        drawn.append(model.predict(test).assign(amount_seen=test["amount"]))
        print(f"{truth} {repeat + 1}/{repeats}", file=sys.stderr)
    lines = []
    for kind in ("binary", "multiclass", "survival"):
        inside, width, oracle = [], [], []
        for column in [c for c in COLUMNS if KIND_OF[c.split("=")[0].split("@")[0]] == kind]:
            p, low, high = (
                np.stack([found[f"{column}{end}"] for found in drawn]) for end in ("", ".low", ".high")
            )
            inside.append((low <= known[column]) & (known[column] <= high))
            width.append(scale(column, high) - scale(column, low))
            error = scale(column, p) - scale(column, known[column])
            oracle.append(2 * norm.ppf(0.95) * np.sqrt((error**2).mean(axis=0)))
        lines.append(
            {
                "truth": truth, "kind": kind, "rows": rows, "repeats": repeats,
                "covers": float(np.mean(inside)), "width": float(np.mean(width)),
                "oracle": float(np.mean(oracle)), "ratio": float(np.mean(width) / np.mean(oracle)),
            }
        )  # fmt: skip
    seen = np.stack([found["amount_seen"] for found in drawn])
    low, high = (np.stack([found[f"amount.{end}"] for found in drawn]) for end in ("low", "high"))
    lines.append(
        {
            "truth": truth, "kind": "regression", "rows": rows, "repeats": repeats,
            "covers": float(((low <= seen) & (seen <= high)).mean()), "width": float((high - low).mean()),
            "oracle": float(2 * norm.ppf(0.95)), "ratio": float((high - low).mean() / (2 * norm.ppf(0.95))),
        }
    )  # fmt: skip
    return lines


def held(line: dict[str, Any]) -> bool:
    """Whether a line keeps the promise."""
    low, high = (0.88, 0.92) if line["kind"] == "regression" else (0.86, 0.94)
    return bool(low <= line["covers"] <= high and line["ratio"] <= MOST_WIDTH)


def main() -> int:
    """Print a line a truth and kind as they are found; 1 when a promise is not kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--short", action="store_true", help="2 repeats of 500 rows, 10 refits")
    parser.add_argument("--truths", default=",".join(TRUTHS))
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--refits", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    truths = chosen.truths.split(",")
    if unknown := sorted(set(truths) - set(TRUTHS)):
        parser.error(f"no truth {', '.join(unknown)}; there are {', '.join(TRUTHS)}")
    if chosen.short:
        chosen.rows, chosen.repeats, chosen.refits = 500, 2, 10
    warnings.simplefilter("ignore", TableWarning)
    if not chosen.json:
        print("| truth | kind | rows | repeats | covers | width | oracle | ratio | held |")
        print("|---|---|---:|---:|---:|---:|---:|---:|---|")
    lines = []
    for truth in truths:
        for line in measure(truth, chosen.rows, chosen.repeats, chosen.refits, chosen.seed):
            lines.append(line | {"held": held(line)})
            if not chosen.json:
                print(
                    f"| {truth} | {line['kind']} | {line['rows']:,} | {line['repeats']} | {line['covers']:.3f} | "
                    f"{line['width']:.2f} | {line['oracle']:.2f} | {line['ratio']:.2f} | "
                    f"{'yes' if held(line) else '**no**'} |",
                    flush=True,
                )
    if chosen.json:
        print(json.dumps(lines))
    return 0 if all(line["held"] for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Rotterdam's model on another cohort: recurrence in GBSG, beside a hand-made Cox model, in one run.

    python bench/external.py [--json] [--short]

Trained on Rotterdam without ``year``, which GBSG lacks, with the quick effort; judged on GBSG as treated. The peer is
the Cox model a statistician would write: log nodes, receptors, size classes, grade, a quadratic age, and the same
offset for hormone therapy. GBSG is in the repository, so this shows that nothing is broken, not how good the model is.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, Study, load_sample
from mtl.data.encode import encode
from mtl.data.targets import targets
from mtl.evaluate import SurvivalPrediction, SurvivalTruth, evaluate_task
from mtl.model.linear import Penalty, fit_path
from mtl.model.losses import CoxLoss
from mtl.model.offsets import treatment_offsets
from mtl.multitask import TableWarning

TASK = "recurrence"
FEWEST_C, FURTHEST_BELOW, SLOPES = 0.680, 0.010, (0.85, 1.35)


@dataclass(frozen=True)
class Result:
    """Harrell's C and the calibration slope of one log hazard on GBSG."""

    name: str
    seed: int | None
    harrell_c: float
    slope: float


def harmonised() -> tuple[Study, pd.DataFrame, pd.DataFrame]:
    """Rotterdam's study without the year, its table, and GBSG's."""
    study, table = load_sample("rotterdam")
    entries = study.to_dict()
    entries["feature"] = [f for f in entries["feature"] if f["name"] != "year"]
    for task in entries["task"]:
        task["excludes"] = [name for name in task.get("excludes", []) if name != "year"]
    return Study.from_dict(entries), table, load_sample("gbsg")[1]


def judged(name: str, seed: int | None, study: Study, gbsg: pd.DataFrame, log_hazard: np.ndarray) -> Result:
    """C and slope of a log hazard, as treated."""
    outcome = targets(study, gbsg, [TASK])[TASK]
    truth = SurvivalTruth(outcome.time, outcome.event)
    prediction = SurvivalPrediction(log_hazard, np.zeros((len(gbsg), 0)), ())
    metrics = evaluate_task("survival", truth, prediction, intervals=False)
    return Result(name, seed, float(metrics["harrell_c"].value), float(metrics["calibration_slope"].value))


def log_features(table: pd.DataFrame) -> np.ndarray:
    """(n, q): what the hand-made Cox model reads."""
    columns = [np.log1p(table[name]) for name in ("nodes", "pgr", "er")]
    columns += [table["size"] == "20-50", table["size"] == ">50", table["grade"]]
    columns += [table["age"] / 10, (table["age"] / 10) ** 2]
    return np.column_stack([np.asarray(c, dtype=float) for c in columns])


def hand_made_cox(study: Study, table: pd.DataFrame, gbsg: pd.DataFrame) -> np.ndarray:
    """Log hazard of GBSG's patients, as treated."""
    outcome = targets(study, table, [TASK])[TASK]
    offsets = treatment_offsets(study, table, TASK)
    Z = log_features(table)
    centre = Z.mean(axis=0)
    loss = CoxLoss(outcome.time, outcome.event, offsets.values, offsets.boundaries)
    coef, _ = fit_path(Z - centre, loss, np.zeros(Z.shape[1], dtype=bool), [Penalty(0.0)])
    return (log_features(gbsg) - centre) @ coef[0, :, 0] + treatment_offsets(study, gbsg, TASK).values[:, 0]


def fitted(study: Study, table: pd.DataFrame, gbsg: pd.DataFrame, seed: int) -> list[Result]:
    """The blend and each of its experts alone."""
    model = MultiTaskModel(study, random_state=seed, threads=1).fit(table)
    X = encode(study, gbsg).X
    task = model.predictor_.task(TASK)
    given = task.baseline.mean_offset(treatment_offsets(study, gbsg, TASK).values)
    alone = {
        "linear alone": task.linear.margin(X)[:, 0],
        "own trees alone": task.own.margin(X)[:, 0],
        "shared trees alone": model.predictor_.shared[task.shared].margin(X)[:, task.shared_outputs[0]],
    }
    blend = model.predict(gbsg)[f"{TASK}.log_hazard"].to_numpy()
    found = [judged("blend", seed, study, gbsg, blend)]
    return found + [judged(name, seed, study, gbsg, margin + given) for name, margin in alone.items()]


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="one seed instead of five")
    options = parser.parse_args()
    warnings.simplefilter("ignore", TableWarning)
    study, table, gbsg = harmonised()
    cox = judged("hand-made Cox", None, study, gbsg, hand_made_cox(study, table, gbsg))
    results = [r for seed in range(1 if options.short else 5) for r in fitted(study, table, gbsg, seed)]
    blends = [r for r in results if r.name == "blend"]
    held = all(
        r.harrell_c >= max(FEWEST_C, cox.harrell_c - FURTHEST_BELOW) and SLOPES[0] <= r.slope <= SLOPES[1]
        for r in blends
    )
    if options.json:
        print(json.dumps({"external": [asdict(r) for r in [cox, *results]], "held": held}))
        return
    print(f"{TASK}, Rotterdam ({len(table):,}) -> GBSG ({len(gbsg)}), as treated")
    print(f"{'':<20}{'seed':>6}{'Harrell C':>11}{'slope':>8}")
    for r in [cox, *sorted(results, key=lambda r: r.name)]:
        print(f"{r.name:<20}{'' if r.seed is None else r.seed:>6}{r.harrell_c:>11.4f}{r.slope:>8.2f}")
    print(f"C at least {FEWEST_C} and {FURTHEST_BELOW} below Cox, slope {SLOPES[0]}-{SLOPES[1]}: {held}")


if __name__ == "__main__":
    main()

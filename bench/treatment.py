"""Whether target trials find a known effect: simulated confounded cohorts, and simulated trial data.

    python bench/treatment.py [--json] [--short] [--runs N] [--patients N] [--seed N]

Part 1. Cohorts in which the sicker are treated more often and treatment has a known effect. Each is emulated as a target
trial from beginning to end (the model's treatment task cross-fitted, pseudo-values, DoubleML). Printed: how often the 95 %
doubly robust interval holds the true difference of survival and of restricted mean survival time, in the overlap and in
everybody, beside the crude difference. Truths come from both potential outcomes of a million patients. 300 runs.

Part 2. A study whose treatment has a trial, and cohorts in which that treatment was drawn by lot, or chosen by prognosis.
The model is fitted on half of the patients; on the other half its untreated risk is compared with what happened to the
untreated, its as-treated risk with what happened to the treated, and the untreated risk of the treated with the true one.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, Study
from mtl.evaluate.cox import cox_regression
from mtl.evaluate.kaplan_meier import kaplan_meier
from mtl.treatment.emulate import emulate
from mtl.treatment.protocol import Protocol

HORIZON = 3.0
FEATURES = ("age", "grade", "nodes", "receptor", "size")
TRIAL_RATIO = 0.6
Columns = dict[str, np.ndarray]


def study(trial: bool) -> Study:
    """Five findings, a treatment and a survival outcome; with `trial` its hazard ratio is known."""
    known = {
        "name": "trial", "tasks": ["relapse"], "outcome": "relapse", "applies": "true", "population": "all",
        "citation": "simulated", "hazard_ratio": [{"value": TRIAL_RATIO}],
    }  # fmt: skip
    return Study.from_dict(
        {
            "study": {"name": "simulated", "identifier": "id"},
            "stage": [{"name": "start"}, {"name": "later"}],
            "feature": [{"name": name, "kind": "numeric", "stage": "start"} for name in FEATURES],
            "task": [
                {"name": "drug", "kind": "binary", "role": "treatment", "stage": "start", "target": "given == 1"},
                {
                    "name": "relapse", "kind": "survival", "role": "prognosis", "stage": "later", "time": "time",
                    "event": "event", "time_unit": "years", "horizons": [1, HORIZON],
                },
            ],
            "treatment": [{"column": "given", "task": "drug"} | ({"trial": [known]} if trial else {})],
        }
    )  # fmt: skip


def findings(n: int, rng: np.random.Generator) -> Columns:
    """Findings of n patients."""
    return {name: rng.normal(size=n) for name in FEATURES}


def severity(x: Columns) -> np.ndarray:
    """Log hazard without treatment, not linear in the findings."""
    return (
        0.6 * x["nodes"]
        + 0.4 * x["age"] * (x["age"] > 0)
        + 0.3 * x["grade"]
        - 0.25 * x["receptor"] * x["grade"]
        - 1.3
    )


def chance(x: Columns) -> np.ndarray:
    """Propensity: the sicker and the receptor-rich are treated more often."""
    return 1 / (1 + np.exp(-(0.7 * x["nodes"] + 0.4 * x["receptor"] + 0.4 * x["grade"] - 0.3 * x["size"])))


def log_ratio(x: Columns) -> np.ndarray:
    """Log hazard ratio of the treatment: it helps more where the receptor is high."""
    return -0.5 - 0.25 * np.tanh(x["receptor"])


def event_time(log_hazard: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Weibull times, shape 1.2, by inversion of exponential noise."""
    return (noise / np.exp(log_hazard)) ** (1 / 1.2)


def truths(seed: int, n: int = 1_000_000) -> dict[tuple[str, str], float]:
    """True differences by quantity and population."""
    rng = np.random.default_rng([seed, 99])
    x = findings(n, rng)
    noise, e = rng.exponential(size=n), chance(x)
    without, given = event_time(severity(x), noise), event_time(severity(x) + log_ratio(x), noise)
    effects = {
        "survival": (given > HORIZON).astype(float) - (without > HORIZON),
        "restricted_mean": np.minimum(given, HORIZON) - np.minimum(without, HORIZON),
    }
    weights = {"overlap": e * (1 - e), "everybody": np.ones(n)}
    return {(q, p): float(np.average(v, weights=w)) for q, v in effects.items() for p, w in weights.items()}


def cohort(
    n: int, rng: np.random.Generator, treated: np.ndarray, x: Columns, ratio: np.ndarray
) -> pd.DataFrame:
    """A table of patients, censored by dropping out and by the end of the study at 6 years."""
    time = event_time(severity(x) + treated * ratio, rng.exponential(size=n))
    censored = np.minimum(rng.exponential(8.0, n), 6.0)
    return pd.DataFrame(x).assign(
        id=np.arange(n),
        given=treated.astype(int),
        time=np.minimum(time, censored),
        event=(time <= censored).astype(int),
    )


def crude(table: pd.DataFrame) -> tuple[float, float, float]:
    """Difference of the two Kaplan-Meier curves at the horizon, with Greenwood's interval."""
    value, variance = 0.0, 0.0
    for arm, sign in ((1, 1), (0, -1)):
        rows = table[table["given"] == arm]
        found = kaplan_meier(rows["time"], rows["event"])
        survival = float(found.at([HORIZON])[0])
        before = found.times <= HORIZON
        at_risk, events = found.at_risk[before].astype(float), found.events[before].astype(float)
        variance += survival**2 * float(np.sum(events / (at_risk * (at_risk - events))))
        value += sign * survival
    return value, value - 1.96 * variance**0.5, value + 1.96 * variance**0.5


def coverage(runs: int, n: int, seed: int) -> dict[str, dict[str, float]]:
    """Part 1: by estimate the truth, the mean estimate, and the share of intervals that hold the truth."""
    asked = Protocol(treatment="given", outcome="relapse", horizon=HORIZON)
    truth, definition = truths(seed), study(trial=False)
    found: dict[str, list[tuple[float, float, float, float]]] = {}
    for run in range(runs):
        rng = np.random.default_rng([seed, 1, run])
        x = findings(n, rng)
        treated = rng.random(n) < chance(x)
        table = cohort(n, rng, treated, x, log_ratio(x))
        result = emulate(definition, table, asked)
        for one in result.differences:
            name = f"doubly robust {one.quantity} {one.population}"
            found.setdefault(name, []).append(
                (truth[one.quantity, one.population], one.value, one.low, one.high)
            )
        for population in ("overlap", "everybody"):
            found.setdefault(f"crude survival {population}", []).append(
                (truth["survival", population], *crude(table))
            )
        if (run + 1) % 10 == 0:
            print(f"{run + 1} of {runs} runs", file=sys.stderr)
    out = {}
    for name, rows in found.items():
        true, value, low, high = np.array(rows).T
        held = (low <= true) & (true <= high)
        sure = binomtest(int(held.sum()), len(held)).proportion_ci()
        out[name] = {
            "truth": float(true[0]),
            "mean": float(value.mean()),
            "bias": float((value - true).mean()),
            "spread": float(value.std(ddof=1)),
            "mean_half_width": float((high - low).mean() / 2),
            "coverage": float(held.mean()),
            "coverage_low": float(sure.low),
            "coverage_high": float(sure.high),
        }
    return out


def calibration(n: int, seed: int) -> list[dict[str, object]]:
    """Part 2: predicted and observed risk at the horizon on patients left out, by arm and by how treatment came about."""
    definition, column = study(trial=True), f"relapse@{HORIZON:g}y"
    out: list[dict[str, object]] = []
    for how in ("by lot", "by prognosis"):
        rng = np.random.default_rng([seed, 2, how == "by lot"])
        x = findings(2 * n, rng)
        treated = rng.random(2 * n) < (0.5 if how == "by lot" else chance(x))
        table = cohort(2 * n, rng, treated, x, np.full(2 * n, np.log(TRIAL_RATIO)))
        model = MultiTaskModel(definition, random_state=seed, threads=1).fit(table.iloc[:n])
        held = table.iloc[n:].reset_index(drop=True)
        said = model.predict(held)
        true = 1 - np.exp(-np.exp(severity(x)[n:]) * HORIZON**1.2)
        for arm, name, risk in (
            (0, "untreated patients, untreated risk", said[f"{column}.untreated"]),
            (1, "treated patients, risk as treated", said[column]),
        ):
            rows = (held["given"] == arm).to_numpy()
            seen = kaplan_meier(held["time"][rows], held["event"][rows])
            low, high = (1 - float(v[0]) for v in reversed(seen.interval_at([HORIZON])))
            margin = np.log(-np.log1p(-risk.to_numpy()[rows]))
            slope = cox_regression(held["time"][rows], held["event"][rows], margin[:, None]).coefficients[0]
            out.append(
                {
                    "treatment": how, "what": name, "n": int(rows.sum()), "predicted": float(risk[rows].mean()),
                    "observed": 1 - float(seen.at([HORIZON])[0]), "low": low, "high": high, "slope": float(slope),
                }
            )  # fmt: skip
        rows = (held["given"] == 1).to_numpy()
        predicted = said[f"{column}.untreated"].to_numpy()[rows]
        both = np.log(-np.log1p(-predicted)), np.log(-np.log1p(-true[rows]))
        out.append(
            {
                "treatment": how, "what": "treated patients, untreated risk (truth known)", "n": int(rows.sum()),
                "predicted": float(predicted.mean()), "observed": float(true[rows].mean()), "low": None, "high": None,
                "slope": float(np.polyfit(*both, 1)[0]),
            }
        )  # fmt: skip
    return out


def main() -> None:
    """Print two tables, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="20 runs instead of 300, and smaller trial data")
    parser.add_argument("--runs", type=int, help="how many cohorts")
    parser.add_argument("--patients", type=int, default=1000, help="patients of a cohort")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    runs = options.runs or (20 if options.short else 300)
    first = coverage(runs, options.patients, options.seed)
    second = calibration(1500 if options.short else 4000, options.seed)
    if options.json:
        print(
            json.dumps({"runs": runs, "patients": options.patients, "coverage": first, "calibration": second})
        )
        return
    print(
        f"{runs} cohorts of {options.patients} patients, difference at {HORIZON:g} years, treated less untreated"
    )
    print(
        f"{'estimate':<44}{'truth':>8}{'mean':>8}{'bias':>8}{'spread':>8}{'half':>8}{'holds':>8}  95 % interval"
    )
    for name, r in first.items():
        print(
            f"{name:<44}{r['truth']:>8.3f}{r['mean']:>8.3f}{r['bias']:>+8.3f}{r['spread']:>8.3f}"
            f"{r['mean_half_width']:>8.3f}{r['coverage']:>8.1%}  {r['coverage_low']:.0%}-{r['coverage_high']:.0%}"
        )
    print(f"\nrisk of relapse by {HORIZON:g} years on patients left out; trial hazard ratio {TRIAL_RATIO}")
    print(f"{'treatment':<14}{'what':<50}{'n':>6}{'said':>8}{'seen':>8}{'interval':>16}{'slope':>8}")
    for row in second:
        interval = "" if row["low"] is None else f"{row['low']:.3f}-{row['high']:.3f}"
        print(
            f"{row['treatment']:<14}{row['what']:<50}{row['n']:>6}{row['predicted']:>8.3f}{row['observed']:>8.3f}"
            f"{interval:>16}{row['slope']:>8.2f}"
        )


if __name__ == "__main__":
    main()

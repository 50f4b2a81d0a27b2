"""What a blanked input costs: predictions without it beside a model refitted without it.

    python bench/missing.py [--json] [--short] [--study NAME]

Of each sample cohort 200 patients are held out. Each input in turn is blanked in them, and the loss of every task that
may see it is compared with that of a model trained without the input. Losses: log loss for classes; for survival the
log loss of the risk by the middle horizon among patients whose state is known then; for amounts half the squared error
in units of the variance. ``noise`` is the change that another seed alone makes.
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
from mtl.model.outputs import predictions
from mtl.multitask import TableWarning

LIMIT = 0.01
HELD_OUT = 200


@dataclass(frozen=True)
class Result:
    """One input blanked, one task: losses, and the largest change of a prediction against the value 0."""

    study: str
    task: str
    feature: str
    loss: float
    blanked: float
    refitted: float
    noise: float
    differs_from_zero: float

    @property
    def excess(self) -> float:
        """What blanking costs above a refit."""
        return self.blanked - self.refitted


def without(study: Study, feature: str) -> Study:
    """The same study, but no task may see the feature."""
    entries = study.to_dict()
    for task in entries["task"]:
        task["excludes"] = list(dict.fromkeys([*task.get("excludes", []), feature]))
    return Study.from_dict(entries)


def predicted(model: MultiTaskModel, table: pd.DataFrame, feature: str, value: float) -> pd.DataFrame:
    """Predictions with one input replaced; what was given, and to whom trials apply, stays as it is."""
    X = encode(model.study, table).X
    X[:, [f.name for f in model.study.features].index(feature)] = value
    return predictions(model.study, model.predictor_, X, table)


def zero(study: Study, feature: str) -> float:
    """What 0 would be read as: NaN where 0 is no level."""
    entry = study.feature(feature)
    return 0.0 if entry.kind in ("numeric", "boolean") or 0.0 in entry.level_numbers else np.nan


def losses(study: Study, table: pd.DataFrame, found: pd.DataFrame) -> dict[str, float]:
    """Mean loss of every predicted task on a table."""
    every, out = targets(study, table), {}
    for task in study.tasks:
        target = every[task.name]
        kept = target.labelled
        if task.kind == "survival":
            horizon = task.horizons[len(task.horizons) // 2]
            risk = found[f"{task.name}@{horizon:g}y"].to_numpy()
            known = kept & ((target.time >= horizon) | (target.event == 1)) & ~np.isnan(risk)
            y = ((target.time <= horizon) & (target.event == 1))[known]
            p = np.clip(risk[known], 1e-9, 1 - 1e-9)
            out[task.name] = float(-np.mean(np.where(y, np.log(p), np.log1p(-p))))
        elif task.kind == "binary":
            p = np.clip(found[task.name].to_numpy()[kept], 1e-12, 1 - 1e-12)
            out[task.name] = float(-np.mean(np.where(target.y[kept] == 1, np.log(p), np.log1p(-p))))
        elif task.kind == "multiclass":
            columns = [f"{task.name}={level.text}" for level in task.classes]
            p = found[columns].to_numpy()[np.flatnonzero(kept), target.y[kept].astype(int)]
            out[task.name] = float(-np.mean(np.log(np.clip(p, 1e-12, 1))))
        else:
            error = found[task.name].to_numpy()[kept] - target.y[kept]
            out[task.name] = float(0.5 * np.mean(error**2) / np.var(target.y[kept]))
    return out


def measure(name: str, features: list[str] | None, seed: int = 0) -> list[Result]:
    """Every input of one sample, or those named."""
    study, table = load_sample(name)  # type: ignore[arg-type]
    order = np.random.default_rng(seed).permutation(len(table))
    test, train = table.iloc[order[:HELD_OUT]], table.iloc[order[HELD_OUT:]]
    model = MultiTaskModel(study, random_state=seed, threads=1).fit(train)
    whole = losses(study, test, model.predict(test))
    again = MultiTaskModel(study, random_state=seed + 1, threads=1).fit(train)
    other = losses(study, test, again.predict(test))
    results = []
    for feature in features or [f.name for f in study.features]:
        seeing = [t.name for t in study.tasks if feature in study.visible(t.name)]
        if not seeing:
            continue
        smaller = without(study, feature)
        refitted = losses(
            study, test, MultiTaskModel(smaller, random_state=seed, threads=1).fit(train).predict(test)
        )
        blank = predicted(model, test, feature, np.nan)
        blanked = losses(study, test, blank)
        at_zero = predicted(model, test, feature, zero(study, feature))
        for task in seeing:
            columns = [name for name in blank if name.split("@")[0].split("=")[0].split(".")[0] == task]
            gap = float(np.nanmax(np.abs(blank[columns] - at_zero[columns]).to_numpy()))
            noise = abs(whole[task] - other[task])
            gap = np.nan if np.isnan(zero(study, feature)) else gap
            results.append(
                Result(name, task, feature, whole[task], blanked[task], refitted[task], noise, gap)
            )
    return results


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="three inputs of Rotterdam")
    parser.add_argument(
        "--study", choices=["rotterdam", "pbc", "cytology"], help="one sample instead of three"
    )
    parser.add_argument("--seed", type=int, default=0, help="which patients are held out")
    options = parser.parse_args()
    warnings.simplefilter("ignore", TableWarning)
    chosen = (
        ["rotterdam"]
        if options.short
        else [options.study]
        if options.study
        else ["rotterdam", "pbc", "cytology"]
    )
    features = ["nodes", "er", "size"] if options.short else None
    results = [r for name in chosen for r in measure(name, features, options.seed)]
    failed = [r for r in results if r.excess > LIMIT or r.differs_from_zero == 0]
    if options.json:
        print(
            json.dumps(
                {
                    "missing": [
                        asdict(r)
                        | {
                            "excess": r.excess,
                            "differs_from_zero": None
                            if np.isnan(r.differs_from_zero)
                            else r.differs_from_zero,
                        }
                        for r in results
                    ],
                    "failed": len(failed),
                }
            )
        )
        return
    print(f"{HELD_OUT} patients held out of each; loss with the input, blanked, and refitted without it")
    heading = f"{'study':<10}{'task':<20}{'input':<26}{'loss':>8}{'blank':>8}{'refit':>8}"
    print(heading + f"{'excess':>9}{'noise':>8}{'vs 0':>8}")
    for r in sorted(results, key=lambda r: -r.excess):
        print(
            f"{r.study:<10}{r.task:<20}{r.feature:<26}{r.loss:>8.4f}{r.blanked:>8.4f}{r.refitted:>8.4f}"
            f"{r.excess:>+9.4f}{r.noise:>8.4f}{r.differs_from_zero:>8.2g}{'  *' if r in failed else ''}"
        )
    print(f"{len(failed)} of {len(results)} cost more than {LIMIT} (or equal the value 0), marked *")


if __name__ == "__main__":
    main()

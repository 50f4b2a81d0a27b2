"""The cytology sample, ten times five folds: AUROC and accuracy of the diagnosis beside logistic regression.

python bench/cytology.py [--json] [--short]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mtl import MultiTaskModel, load_sample
from mtl.data.encode import encode
from mtl.multitask import TableWarning


def main() -> None:
    """Print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="one repetition instead of ten")
    options = parser.parse_args()
    warnings.simplefilter("ignore", TableWarning)
    study, first = load_sample("cytology")
    table = pd.concat([first, load_sample("cytology", part="test")[1]], ignore_index=True)
    y = (table["diagnosis"] == "malignant").to_numpy().astype(int)
    X = encode(study, table).X
    rows, begin = [], time.perf_counter()
    for repetition in range(1 if options.short else 10):
        folds = StratifiedKFold(5, shuffle=True, random_state=repetition)
        for fold, (train, test) in enumerate(folds.split(X, y)):
            model = MultiTaskModel(study, random_state=5 * repetition + fold, threads=1).fit(
                table.iloc[train]
            )
            found = model.predict(table.iloc[test])
            risk = found["malignant"].to_numpy()
            peer = make_pipeline(
                StandardScaler(),
                LogisticRegressionCV(
                    Cs=6, scoring="neg_log_loss", l1_ratios=(0.0,), use_legacy_attributes=False
                ),
            )
            other = peer.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
            rows.append(
                {
                    "auroc": roc_auc_score(y[test], risk),
                    "accuracy": accuracy_score(y[test], risk > 0.5),
                    "r2_worst_area": r2_score(table["worst_area"].iloc[test], found["worst_area"]),
                    "logistic_auroc": roc_auc_score(y[test], other),
                    "logistic_accuracy": accuracy_score(y[test], other > 0.5),
                }
            )
    means = pd.DataFrame(rows).mean().to_dict()
    means["held"] = bool(means["auroc"] >= 0.99 and means["accuracy"] >= 0.96)
    if options.json:
        print(json.dumps({"cytology": means}))
        return
    print(
        f"{len(table)} aspirates, {len(rows)} fits in {time.perf_counter() - begin:.0f} s; means over the folds"
    )
    for name, value in means.items():
        print(f"{name:<20}{value:>8}" if isinstance(value, bool) else f"{name:<20}{np.round(value, 4):>8}")


if __name__ == "__main__":
    main()

"""How do these patients differ from those of the training: finding by finding, all at once, and in what happened to them?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, ks_2samp
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from mtl.data import Target
from mtl.evaluate.binary import auroc
from mtl.evaluate.intervals import percentile_interval, replicates
from mtl.evaluate.kaplan_meier import kaplan_meier
from mtl.evidence.coverage import wilson
from mtl.evidence.headline import Headline
from mtl.evidence.robustness import out_of_distribution
from mtl.evidence.subject import Checkpoint, NotComputedError, Report, Subject
from mtl.study import Feature
from mtl.tables.look_drift import Drift, drift

Floats = NDArray[np.float64]

FOLDS = 5
MOST = 10_000  # patients of either cohort whom the classifier sees
FEWEST = 20  # patients of either cohort


class SameCohortError(NotComputedError):
    """There is no other cohort to compare with."""


def compute(subject: Subject, report: Report, checkpoint: Checkpoint) -> dict[str, Any]:
    """{"n", "n_training", "features": [...], "absent": [...], "together", "novel", "outcomes": {task: ...}}.

    Raises
    ------
    SameCohortError
        These are the patients of the training, or the training's table is not here.
    """
    training = subject.training
    if training is None:
        raise SameCohortError("there is nothing to compare with: the patients of the training are not here")
    if training.table.equals(subject.table):
        raise SameCohortError("these are the patients of the training; a shift is that of another cohort")
    report("findings", 0.1)
    found = {one.column: one for one in drift(subject.study, training.table, subject.table)}
    features = []
    for j, feature in enumerate(subject.study.features):
        features.append(_feature(feature, found[feature.name], training.X[:, j], subject.X[:, j]))
    features.sort(key=lambda one: -(one["psi"] if one["psi"] is not None else float("inf")))
    report("together", 0.3)
    usable = [j for j, f in enumerate(subject.study.features) if found[f.name].verdict != "absent"]
    together = two_samples(training.X[:, usable], subject.X[:, usable])
    report("outcomes", 0.8)
    return {
        "n": len(subject.table),
        "n_training": len(training.table),
        "features": [one for one in features if one["verdict"] != "absent"],
        "absent": [one["feature"] for one in features if one["verdict"] == "absent"],
        "together": together,
        "novel": {
            "here": float(out_of_distribution(subject).mean()),
            "training": float(out_of_distribution(training).mean()),
        },
        "outcomes": {name: _outcome(subject, training, name) for name in subject.tasks},
    }


def _feature(feature: Feature, found: Drift, a: Floats, b: Floats) -> dict[str, Any]:
    known_a, known_b = a[np.isfinite(a)], b[np.isfinite(b)]
    difference, p = None, None
    if len(known_a) and len(known_b):
        difference = standardised_difference(feature, known_a, known_b)
        p = p_value(feature, known_a, known_b)
    return {
        "feature": feature.name,
        "verdict": found.verdict,
        "psi": found.psi if np.isfinite(found.psi) else None,
        "chance": found.chance,
        "largest": found.largest if np.isfinite(found.largest) else None,
        "difference": difference,
        "p": p,
        "missing": list(found.missing),
        "typical": [value if np.isfinite(value) else None for value in found.typical],
    }


def standardised_difference(feature: Feature, a: Floats, b: Floats) -> float | None:
    """Mean of b less mean of a over their pooled standard deviation; of categories the multivariate distance.

    Austin, Statistics in Medicine 2009; for several categories Yang and Dalton, SAS Global Forum 2012, which has no sign.

    >>> from mtl.study import Feature
    >>> age = Feature(name="age", kind="numeric", stage="a")
    >>> standardised_difference(age, np.array([0.0, 2.0]), np.array([1.0, 3.0]))
    0.7071067811865475
    """
    if feature.kind != "categorical":
        spread = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2) if min(len(a), len(b)) > 1 else 0.0
        return float((b.mean() - a.mean()) / spread) if spread > 0 else None
    codes = np.union1d(a, b)[1:]
    if not len(codes):
        return None
    p, q = (np.array([(values == code).mean() for code in codes]) for values in (a, b))
    covariance = sum(np.diag(share) - np.outer(share, share) for share in (p, q)) / 2
    return float(np.sqrt(max(float((q - p) @ np.linalg.pinv(covariance) @ (q - p)), 0.0)))


def p_value(feature: Feature, a: Floats, b: Floats) -> float:
    """Of no difference: Kolmogorov and Smirnov's for numbers, Pearson's chi-squared for levels."""
    if feature.kind == "numeric":
        return float(ks_2samp(a, b, method="asymp").pvalue)
    codes = np.union1d(a, b)
    if len(codes) < 2:
        return 1.0
    counts = np.array([[np.sum(values == code) for code in codes] for values in (a, b)])
    return float(chi2_contingency(counts, correction=False).pvalue)


def two_samples(a: Floats, b: Floats) -> dict[str, Any] | None:
    """How well a classifier that never saw a patient tells of which cohort they are: AUROC .5 is "not at all".

    The classifier two-sample test (Lopez-Paz and Oquab, ICLR 2017), boosted trees in five folds; None for fewer than 20
    patients in either.
    """
    rng = np.random.default_rng(0)
    a, b = (x if len(x) <= MOST else x[rng.choice(len(x), MOST, replace=False)] for x in (a, b))
    if min(len(a), len(b)) < FEWEST or not a.shape[1]:
        return None
    X, y = np.concatenate([a, b]), np.repeat([0.0, 1.0], [len(a), len(b)])
    score = np.empty(len(X))
    with threadpool_limits(limits=1):
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(X, y):
            trees = HistGradientBoostingClassifier(
                max_iter=100, max_leaf_nodes=8, learning_rate=0.1, early_stopping=False, random_state=0
            )
            score[test] = trees.fit(X[train], y[train]).predict_proba(X[test])[:, 1]

    def area(rows: NDArray[np.int64]) -> Floats:
        return np.array([auroc(y[rows], score[rows]) if 0 < y[rows].sum() < len(rows) else np.nan])

    low, high = percentile_interval(replicates(area, len(X))[:, 0])
    return {"auroc": auroc(y, score), "low": low, "high": high}


def _outcome(subject: Subject, training: Subject, name: str) -> dict[str, Any]:
    """How often it happened there and here, and how often the model says it would here."""
    head = Headline.of(subject, name)
    here, there = subject.truths[name], training.truths[name]
    said = head.said(subject.predicted.numbers)[head.rows]
    predicted = said.mean(axis=0).tolist() if len(head.rows) else []
    return {
        "kind": head.task.kind,
        "horizon": head.horizon,
        "training": _rates(there, head),
        "here": _rates(here, head),
        "predicted": predicted,
    }


def _rates(truth: Target, head: Headline) -> dict[str, Any]:
    rows = truth.labelled
    n = int(rows.sum())
    if n < FEWEST or (truth.kind == "survival" and head.horizon is None):
        return {"n": n, "rates": []}
    if truth.kind == "survival":
        curve = kaplan_meier(truth.time[rows], truth.event[rows])
        at = np.array([head.horizon])
        low, high = curve.interval_at(at)
        rates = [1.0 - float(curve.at(at)[0]), 1.0 - float(high[0]), 1.0 - float(low[0])]
        return {"n": n, "rates": [[r if np.isfinite(r) else None for r in rates]]}
    y = truth.y[rows]
    if truth.kind == "regression":
        reach = 1.959963984540054 * float(y.std(ddof=1)) / np.sqrt(n)
        return {"n": n, "rates": [[float(y.mean()), float(y.mean() - reach), float(y.mean() + reach)]]}
    shares = [float((y == k).mean()) for k in ([1.0] if truth.kind == "binary" else range(truth.n_outputs))]
    return {"n": n, "rates": [[share, *wilson(share, n)] for share in shares]}

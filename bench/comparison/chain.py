"""scikit-learn's ClassifierChain over the baseline; it refuses missing values, so they are filled in before it."""

from __future__ import annotations

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import make_pipeline

from bench.comparison.methods import Case, Outcome
from bench.comparison.peers import Group, TunedClassifier, outcome
from bench.comparison.tuned import CHAIN_GRID, INNER, SHORT_GRID


def fit(group: Group, seed: int, short: bool) -> tuple[np.ndarray, int]:
    """Probabilities of the group's classes, (n, tasks), and the bytes of all links."""
    link = TunedClassifier(SHORT_GRID[:1] if short else CHAIN_GRID, seed)
    links = ClassifierChain(link, cv=INNER, random_state=seed)
    model = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), links).fit(group.X, group.Y)
    return model.predict_proba(group.unseen), sum(fitted.tuned_.size for fitted in links.estimators_)


def chain(case: Case) -> list[Outcome]:
    """Three configurations a link, earlier links out of fold."""
    return outcome(case, "ClassifierChain over LightGBM", fit, ("binary",))

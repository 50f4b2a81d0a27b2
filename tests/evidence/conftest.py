"""A model of two hospitals, trained once for all tests of the evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mtl.evidence.subject import NEW, Subject
from mtl.multitask import MultiTaskModel
from tests import two_hospitals


def subject_of(model: MultiTaskModel, table: object) -> Subject:
    fold = np.asarray(model.trained_.fold, dtype=np.int64)
    return Subject(model.study, table, model, fold, dict(enumerate(model.trained_.fold_predictors)))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def internal() -> Subject:
    """The patients of the training, and the model with its refits."""
    model, table = two_hospitals.fitted()
    return subject_of(model.fit_intervals(table, 4), table)


@pytest.fixture(scope="session")
def external(internal: Subject) -> Subject:
    """Later patients, in whom everything happens more often."""
    table = two_hospitals.table(420, level=0.8, seed=1, first=10_000)
    fold = np.full(len(table), NEW, dtype=np.int64)
    return Subject(internal.study, table, internal.model, fold, {}, lambda: internal)


@pytest.fixture
def home(in_hospitals: Path) -> Path:
    return in_hospitals

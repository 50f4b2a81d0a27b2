"""What stands beside the blend: the same experts that make the blend, and a Cox model that lifelines fits too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from mtl.evidence import beside, side_by_side
from mtl.evidence.log_cox import columns_of, fit_log_cox
from mtl.evidence.subject import Subject
from mtl.jobs.evidence import subject
from mtl.model.losses import CoxLoss
from mtl.model.predictor import EXPERTS
from mtl.store import cohorts, database, models


@pytest.fixture
def home(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def judged(name: str) -> Subject:
    cohort = cohorts.get(name)
    return subject(models.get(str(cohort.model)), cohort)


@pytest.mark.parametrize("name", ["pbc", "cytology"])
def test_the_experts_are_those_of_the_blend(home: Path, name: str) -> None:
    of = judged(name)
    predictor = of.model.predictor_
    for task in of.tasks:
        fitted = predictor.task(task)
        parts = [beside.expert_margin(predictor, task, expert, of.X) for expert in EXPERTS]
        blended = fitted.constant + fitted.scale * sum(
            w * p for w, p in zip(fitted.weights, parts, strict=True)
        )
        np.testing.assert_allclose(blended, predictor.margins(of.X, (task,))[task], atol=1e-9)


def test_out_of_fold_an_expert_is_that_of_the_fold(home: Path) -> None:
    """Changing what the fold's predictor has not seen changes nothing: here, against the fold's own linear expert."""
    of = judged("cytology")
    assert of.internal and of.training is of
    found = beside.others(of, lambda share: None)
    fold = int(of.fold[0])
    rows = np.flatnonzero(of.fold == fold)
    margin = of.predictors[fold].task("malignant").linear.margin(of.X[rows])[:, 0]
    expected = 1 / (1 + np.exp(-margin))
    np.testing.assert_allclose(found["linear"].numbers["malignant"].to_numpy()[rows], expected, atol=1e-12)
    assert found["linear"].fold is not None


def test_an_expert_alone_is_right_in_the_large(home: Path) -> None:
    """Its constant is that of its training rows: probabilities and amounts are not off on the whole."""
    of = judged("cytology")
    found = beside.others(of, lambda share: None)
    for name in EXPERTS:
        if "malignant" in found[name].numbers:
            assert found[name].numbers["malignant"].mean() == pytest.approx(
                of.truths["malignant"].y.mean(), abs=0.03
            )
        if "worst_area" in found[name].numbers:
            spread = of.truths["worst_area"].y.std()
            assert found[name].numbers["worst_area"].mean() == pytest.approx(
                of.truths["worst_area"].y.mean(), abs=0.1 * spread
            )


def test_the_log_feature_cox_is_lifelines(home: Path) -> None:
    of = judged("pbc")
    task, truth = "death_or_transplant", of.truths["death_or_transplant"]
    rows = np.flatnonzero(truth.labelled)
    recorded = np.ones(of.X.shape[1], dtype=bool)
    columns = columns_of(of.study, task, of.X[rows], recorded)
    ways = {of.study.features[column.place].name: column.how for column in columns if column.how != "missing"}
    assert ways["bili"] == "log" and ways["albumin"] == "square"
    fit = fit_log_cox(of.study, task, of.X, recorded, CoxLoss(truth.time[rows], truth.event[rows]), rows)
    assert fit is not None
    table = pd.DataFrame({f"c{i}": column.of(of.X[rows]) for i, column in enumerate(columns)})
    table["time"], table["event"] = truth.time[rows], truth.event[rows]
    theirs = CoxPHFitter().fit(table, "time", "event", fit_options={"precision": 1e-9})
    np.testing.assert_allclose(fit.coefficients, theirs.params_.to_numpy(), atol=2e-3)
    assert fit.margin(of.X[rows]) @ np.ones(len(rows)) == pytest.approx(
        float((table[theirs.params_.index] @ theirs.params_).sum()), rel=1e-3
    )


def test_a_feature_that_the_cohort_lacks_is_not_read(home: Path) -> None:
    of = judged("rotterdam")
    recorded = np.array([feature.name != "year" for feature in of.study.features])
    columns = columns_of(of.study, "recurrence", of.X, recorded)
    names = {of.study.features[column.place].name for column in columns}
    assert "year" not in names and {"nodes", "pgr", "size"} <= names


def test_without_the_training_patients_nothing_stands_beside(home: Path) -> None:
    of = judged("gbsg")
    alone = Subject(of.study, of.table, of.model, of.fold)
    found = side_by_side.compute(alone, lambda stage, share: None, {})
    assert found["known"] is False
    assert {name for one in found["tasks"].values() for name in one["techniques"]} == {"blend"}

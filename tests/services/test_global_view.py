"""A model as a whole: what is stored is what the explainer says, out of fold, and flags follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mtl.data.encode import encode
from mtl.explain.explainer import Explainer
from mtl.explain.global_values import only
from mtl.services import users
from mtl.services.patients import cases, cohorts, global_view
from mtl.services.patients.cohorts import Query, QueryError
from mtl.services.patients.global_view import AskError
from mtl.store import cohorts as store
from mtl.store import database, models
from mtl.store.overall import overall
from mtl.store.scores import scores_of


@pytest.fixture
def samples(sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    yield sample_home
    database.close()


def test_the_sample_is_explained_as_each_case_is(samples: Path) -> None:
    cohort = store.get("pbc")
    made = overall(cohort, models.get(str(cohort.model)))
    assert len(made.rows) == cohort.n  # fewer than a thousand: all of them
    np.testing.assert_array_equal(made.X, encode(cohort.study, cohort.table()).X)
    np.testing.assert_array_equal(made.folds, scores_of(cohort).folds)
    for place in (0, 11, 200):
        case = cases.open_case(cohort.case_keys[place].decode())
        for task in made.tasks:
            np.testing.assert_allclose(made.values(task)[place], case.answer.values[task], atol=1e-9)


def test_importances_and_shares_of_experts_are_those_of_a_direct_explanation(samples: Path) -> None:
    cohort = store.get("pbc")
    record = models.get(str(cohort.model))
    made, found = overall(cohort, record), global_view.importances("pbc")
    X, folds = encode(cohort.study, cohort.table()).X, scores_of(cohort).folds
    total: dict[str, np.ndarray] = {}
    for fold in range(record.folds):
        explainer = Explainer(models.load_fold(record, fold))
        for task, (_, values) in explainer.contributions(X[folds == fold]).items():
            total[task] = total.get(task, 0.0) + np.abs(values).sum(axis=0)
    for t, task in enumerate(found.tasks):
        expected = (total[task.name] / cohort.n / np.array(scores_of(cohort).spread[task.name])).mean(axis=1)
        shown = dict(zip((f.name for f in found.features), found.values[:, t], strict=True))
        for feature, worth in zip(cohort.study.features, expected, strict=True):
            assert shown[feature.name] == pytest.approx(worth, abs=1e-9)
            if feature.name not in cohort.study.visible(task.name):
                assert worth == 0
    predictor = models.load_fold(record, 0)
    whole, parts = predictor.margins(X), [only(predictor, e).margins(X) for e in range(3)]
    for task in found.tasks:
        assert made.experts(task.name).sum() == pytest.approx(1)
        added = predictor.task(task.name).constant + sum(part[task.name] for part in parts)
        np.testing.assert_allclose(added, whole[task.name], atol=1e-9)


def test_a_large_cohort_is_sampled_and_an_external_one_is_not_held_out(samples: Path) -> None:
    found = global_view.importances("rotterdam")
    assert (found.n, found.n_cohort, found.n_held_out) == (1000, 2982, 1000)
    assert global_view.importances("gbsg").n_held_out == 0


def test_tasks_alike_in_the_leaves(samples: Path) -> None:
    found = global_view.shares("rotterdam")
    names = [task.name for task in found.tasks]
    a, b = names.index("recurrence"), names.index("death")
    assert found.likeness[a, b] > 0.8  # dying and recurring or dying go together
    assert found.likeness[a, b] == found.likeness[b, a]
    assert found.apart[names.index("nodal_metastasis"), a]
    np.testing.assert_allclose(np.diag(found.likeness), 1.0)


def test_dependence_marks_a_patient_of_the_same_model(samples: Path) -> None:
    cohort = store.get("rotterdam")
    key = cohort.case_keys[5].decode()
    found = global_view.dependence("rotterdam", "recurrence", "nodes", case=key)
    case = cases.open_case(key)
    place = [f.name for f in cohort.study.features].index("nodes")
    assert found.mark is not None and found.mark.identifier == case.identifier
    assert found.mark.contribution == float(case.answer.values["recurrence"][place, 0])
    assert sum(band.n for _, band in found.bands) == len(found.x)
    other = store.get("pbc").case_keys[0].decode()
    assert global_view.dependence("rotterdam", "recurrence", "nodes", case=other).mark is None
    assert global_view.dependence("rotterdam", "recurrence", "nodes", case="x" * 20).mark is None
    with users.acting(users.User("v", frozenset({"viewer"}))):
        assert global_view.dependence("rotterdam", "recurrence", "nodes", case=key).mark is None


def test_what_the_model_does_not_have_is_said(samples: Path) -> None:
    with pytest.raises(AskError, match="no task"):
        global_view.swarm("pbc", "nothing")
    with pytest.raises(AskError, match="sees no feature"):
        global_view.dependence("rotterdam", "nodal_metastasis", "nodes")
    assert global_view.swarm("pbc", "oedema", "no such class").category == "0"
    with users.acting(users.User("n", frozenset())), pytest.raises(users.Forbidden):
        global_view.importances("pbc")


@pytest.mark.parametrize("name", ["pbc", "gbsg", "rotterdam"])
def test_flags_can_be_filtered_and_are_those_of_pandas(samples: Path, name: str) -> None:
    matter = [feature.name for feature in cohorts.that_matter(name)]
    assert matter
    table = store.get(name).table().reindex(columns=[f.name for f in store.get(name).study.features])
    lacking = table[matter].isna().any(axis=1)
    found = cohorts.worklist(name, Query(flags=("missing_that_matters",), limit=1000))
    assert found.n_subset == lacking.sum()
    assert all("missing_that_matters" in flags for flags in found.rows["flags"])
    whole = cohorts.worklist(name, Query(limit=1000)).rows
    for flag in cohorts.FLAGS:
        expected = whole["case_key"][[flag in flags for flags in whole["flags"]]]
        marked = cohorts.worklist(name, Query(flags=(flag,), limit=1000)).rows["case_key"]
        if len(whole) < 1000:
            assert marked.tolist() == expected.tolist()
    with pytest.raises(QueryError, match="there is no flag"):
        cohorts.worklist(name, Query(flags=("1=1) --",)))

"""The worklist: the same rows as pandas would give, and nothing a table holds becomes SQL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl.multitask import MultiTaskModel
from mtl.services.patients import cohorts
from mtl.services.patients.cohorts import CohortError, Filter, Query, QueryError
from mtl.store import cohorts as store
from mtl.store import models, scores
from mtl.study import Study

EVERYTHING = Query(limit=1000)


def test_rows_are_the_cohort_as_recorded_with_its_numbers(home: Path) -> None:
    found = cohorts.worklist("pbc", EVERYTHING)
    table = store.get("pbc").table()
    assert found.n_subset == found.n_total == len(table) == len(found.rows)
    assert found.rows["identifier"].tolist() == table["id"].astype(str).tolist()
    assert found.rows.columns.is_unique
    for feature, column in found.recorded.items():
        own, recorded = found.rows[column], table[feature]
        assert (own.notna() == recorded.notna()).all()
        assert own.dropna().tolist() == recorded.dropna().tolist()
    assert list(found.rows.columns[:2]) == ["case_key", "identifier"]
    assert not [name for name in found.rows if name.endswith("log_hazard")]
    assert found.rows["in_training"].all()
    assert set(found.outputs) <= set(found.rows.columns)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", ["death_or_transplant@5y", "ascites", "chol", "known", "id"])
def test_sorting_paging_and_neighbours_agree(home: Path, sort: str, descending: bool) -> None:
    query = Query(sort=sort, descending=descending, limit=1000)
    whole = cohorts.worklist("pbc", query).rows
    values = whole["identifier"].astype(float) if sort == "id" else whole[sort].astype(float)
    known = values[values.notna()].to_numpy()
    step = np.diff(known)
    assert (step <= 0).all() if descending else (step >= 0).all()
    assert values.isna().to_numpy()[: len(known)].sum() == 0
    order = whole["case_key"].tolist()
    for offset in (0, 100, len(order) - 3):
        page = cohorts.worklist("pbc", Query(sort=sort, descending=descending, offset=offset, limit=7))
        assert page.rows["case_key"].tolist() == order[offset : offset + 7]
    for place in (0, 1, 200, len(order) - 20, len(order) - 1):
        around = cohorts.neighbours("pbc", query, order[place])
        assert around.position == place + 1
        assert around.previous == (order[place - 1] if place else None)
        assert around.next == (order[place + 1] if place + 1 < len(order) else None)


def test_filters_are_those_of_pandas(home: Path) -> None:
    table = store.get("pbc").table()
    found = cohorts.worklist(
        "pbc", Query(filters=(Filter("bili", 2, 5), Filter("sex", values=("f",))), limit=1000)
    )
    expected = table[(table["bili"] >= 2) & (table["bili"] <= 5) & (table["sex"] == "f")]
    assert found.rows["identifier"].tolist() == expected["id"].astype(str).tolist()
    assert found.n_subset == len(expected)
    missing = cohorts.worklist("pbc", Query(filters=(Filter("chol", missing=True),)))
    assert missing.n_subset == table["chol"].isna().sum()
    known = cohorts.worklist("pbc", Query(filters=(Filter("chol", missing=False),)))
    assert known.n_subset == table["chol"].notna().sum()
    risk = cohorts.worklist("pbc", Query(filters=(Filter("ascites", low=0.2),), limit=1000))
    assert (risk.rows["ascites"] >= 0.2).all() and risk.n_subset == len(risk.rows)
    assert cohorts.worklist("pbc", Query(filters=(Filter("sex", values=("no such",)),))).n_subset == 0


def test_a_name_that_is_a_feature_and_a_task(home: Path) -> None:
    """pbc has a finding and a task called ascites: the plain name is the task's, the finding has an address of its own."""
    found = cohorts.worklist("pbc", EVERYTHING)
    assert found.recorded["ascites"] == "recorded:ascites" and "ascites" not in found.features
    table = store.get("pbc").table()
    for query in (
        Query(filters=(Filter("ascites", values=("true",)),)),
        Query(filters=(Filter("recorded:ascites", values=("true",)),)),
        Query(filters=(Filter("recorded:ascites", low=1.0),)),
    ):
        assert cohorts.worklist("pbc", query).n_subset == (table["ascites"] == 1).sum()


def test_random_case_lies_in_the_range(home: Path) -> None:
    rows = cohorts.worklist("pbc", EVERYTHING).rows.set_index("case_key")
    for seed in range(5):
        key = cohorts.random_case("pbc", "ascites", 0.1, 0.3, seed)
        assert 0.1 <= rows.loc[key, "ascites"] <= 0.3
    assert cohorts.random_case("pbc", "ascites", 2, 3) is None


HOSTILE = ["' OR 1=1 --", '"; DROP TABLE x; --', "%", "_", "x'||(SELECT 1)||'", "?", "$1", "\\", "Ⅷ\u202e"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_search_filter_and_sort(home: Path, text: str) -> None:
    assert cohorts.worklist("pbc", Query(search=text)).n_subset == 0
    for query in (Query(sort=text), Query(filters=(Filter(text, low=1),))):
        with pytest.raises(QueryError):
            cohorts.worklist("pbc", query)
    assert cohorts.worklist("pbc", Query(filters=(Filter("sex", values=(text,)),))).n_subset == 0
    assert cohorts.worklist("pbc", EVERYTHING).n_subset == store.get("pbc").n
    assert cohorts.neighbours("pbc", EVERYTHING, text).position is None


@pytest.mark.parametrize(
    "query",
    [
        Query(filters=(Filter("bili", low="1; DROP"),)),  # type: ignore[arg-type]
        Query(filters=(Filter("bili", low=float("nan")),)),
        Query(filters=(Filter("ascites", values=("1",)),), sort="no"),
        Query(limit="5; DROP"),  # type: ignore[arg-type]
        Query(offset=-1),
        Query(search="x" * 1000),
    ],
)
def test_forged_queries_are_refused(home: Path, query: Query) -> None:
    with pytest.raises(QueryError):
        cohorts.worklist("pbc", query)


def test_no_such_cohort(home: Path) -> None:
    with pytest.raises(CohortError):
        cohorts.worklist("../pbc", EVERYTHING)


NAMES = [
    "age; DROP TABLE x",
    'say "hi"',
    "Age",
    "AGE",
    "case_key",
    "row",
    "o0",
    "f0",
    "x'1",
    "identifier",
    "known",
]


def test_hostile_columns_and_identifiers(home: Path) -> None:
    """Headings that are SQL, differ by capitals only, or are names of ours; identifiers that are SQL."""
    rng = np.random.default_rng(0)
    n = 80
    table = pd.DataFrame(rng.normal(size=(n, len(NAMES))), columns=NAMES)
    table.insert(
        0, "the 'id'", [f"p{i}'; DROP TABLE y; --" if i % 2 else f"<b>{i}</b>,=1+1" for i in range(n)]
    )
    table["ill"] = (table["Age"] > 0).astype(int)
    features = [{"name": name, "kind": "numeric", "stage": "s"} for name in NAMES]
    task = {"name": "ill?", "kind": "binary", "role": "diagnosis", "stage": "s", "target": "ill"}
    study = Study(
        name="hostile", identifier="the 'id'", stages=[{"name": "s"}], features=features, tasks=[task]
    )
    cohort = store.register("hostile", "hostile", study, table)
    model = MultiTaskModel(study).fit(table)
    record = models.register_trained("hostile-model", "hostile", model, cohort, table)
    scores.score(cohort, record, lambda stage, share: None)
    whole = cohorts.worklist("hostile", EVERYTHING)
    assert whole.rows.columns.is_unique
    assert whole.rows[whole.recorded["case_key"]].tolist() == table["case_key"].tolist()
    assert whole.rows["identifier"].tolist() == table["the 'id'"].tolist()
    for name in NAMES:
        found = cohorts.worklist("hostile", Query(sort=name, limit=1000, filters=(Filter(name, low=0.0),)))
        expected = table[table[name] >= 0].sort_values(name, ascending=False)
        assert found.rows["identifier"].tolist() == expected["the 'id'"].tolist()
    assert cohorts.worklist("hostile", Query(search="DROP table")).n_subset == n // 2


def test_overview(home: Path) -> None:
    found = {one.key: one for one in cohorts.overview()}
    assert found["pbc"].n == 418
    assert found["cytology"].demonstration
    model = found["pbc"].model
    assert model is not None and model.n_training == 418 and "ascites" in model.tasks
    assert not found["pbc"].external

"""Patients of a user's own: the same numbers as a table gives, checked values, and nobody else's business."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from mtl.services import users
from mtl.services.patients import cases, cohorts
from mtl.services.patients import private as private_cases
from mtl.services.patients.private import CaseError, FormError, PrivateCaseError
from mtl.store import cohorts as stored
from mtl.store import database, models
from mtl.store import private_cases as store

ADA, BEN = (users.User(name, frozenset({"clinician"})) for name in ("ada", "ben"))
VALUES: dict[str, object] = {
    "age": "58",
    "sex": "f",
    "bili": 3.4,
    "albumin": 3.1,
    "ascites": "true",
    "edema": 0.5,
}


@pytest.fixture
def ada(home: Path) -> Iterator[users.User]:
    with users.acting(ADA) as user:
        yield user
        for name in ("pbc", "cytology"):
            for one in store.of(user.name, name):
                store.remove(one.key, user.name)
    database.close()


@pytest.mark.parametrize("name", ["pbc", "cytology"])
def test_a_typed_in_copy_of_a_row_has_the_final_models_numbers(ada: users.User, name: str) -> None:
    cohort = stored.get(name)
    row = cohort.table().iloc[[11]].reset_index(drop=True)
    columns = [f.name for f in cohort.study.features] + cohort.study.treatment_columns
    typed = {c: None if pd.isna(row[c].iloc[0]) else str(row[c].iloc[0]) for c in columns if c in row}
    key = private_cases.create(name, "copy", typed)
    case = cases.open_case(key)
    assert case.private and not case.in_training and case.identifier == "copy"
    expected = models.load(models.get(str(cohort.model))).predict(row).iloc[0]
    listed = private_cases.mine(name).rows.iloc[0]
    for output in case.outputs:
        for number in output.numbers:
            if number.value is not None:
                assert number.value == pytest.approx(expected[number.column], abs=1e-12)
                assert listed[number.column] == pytest.approx(number.value, abs=1e-12)
        found = cases.why(case, output.task.name)
        assert found.base + found.table["margin"].sum() == pytest.approx(found.margin, abs=1e-9)
        points = found.table["points"].sum()
        assert found.reference.value + points == pytest.approx(found.number.value, abs=1e-9)


def test_everything_that_takes_a_key_takes_it(ada: users.User) -> None:
    key = private_cases.create("pbc", "one", VALUES)
    other = private_cases.create("pbc", "another", {})
    case = cases.open_case(key)
    assert cases.heatmap(case).values.shape == (len(case.findings), len(case.outputs))
    answer = cases.what_if(key, {"bili": 12, "ascites": None})
    assert answer.before.private and answer.edits["bili"] == 12
    assert answer.after.output("death_or_transplant").headline.value > (
        answer.before.output("death_or_transplant").headline.value or 0
    )
    assert not any(one.recorded for one in cases.own_outcome(other))
    around = cohorts.neighbours("pbc", cohorts.Query(), key)
    assert (around.previous, around.next, around.position) == (other, None, 2)  # the last changed first
    assert private_cases.mine("pbc").rows["case_key"].tolist() == [other, key]
    assert private_cases.mine("pbc", "ANOTH").n_subset == 1
    assert private_cases.mine("pbc", "nobody").n_subset == 0
    assert set(cohorts.worklist("pbc", cohorts.Query(limit=1)).rows.columns) == {
        *private_cases.mine("pbc").rows.columns
    }
    empty = cases.open_case(other)
    assert empty.known == 0 and all(output.headline.text for output in empty.outputs)


def test_an_edited_case_keeps_its_address(ada: users.User) -> None:
    key = private_cases.create("pbc", "one", VALUES)
    before = cases.open_case(key).output("death_or_transplant").headline.value
    private_cases.change(key, "renamed", VALUES | {"bili": 20})
    case = cases.open_case(key)
    assert case.identifier == "renamed"
    assert case.output("death_or_transplant").headline.value > (before or 0)
    assert private_cases.draft(key).values["bili"] == 20
    private_cases.remove(key)
    with pytest.raises(CaseError):
        cases.open_case(key)


def test_somebody_elses_case_is_no_case(ada: users.User) -> None:
    key = private_cases.create("pbc", "one", VALUES)
    unknown: str | None = None
    for user in (BEN, users.LOCAL):
        with users.acting(user):
            assert private_cases.mine("pbc").n_total == 0
            for ask in (cases.open_case, cases.own_outcome, private_cases.draft):
                with pytest.raises(CaseError) as refused:
                    ask(key)
                with pytest.raises(CaseError) as none:
                    ask("a" * 20)
                assert str(refused.value) == str(none.value)  # not told apart
            with pytest.raises(CaseError):
                cases.what_if(key, {"bili": 1})
            with pytest.raises(CaseError):
                private_cases.change(key, "mine now", {})
            with pytest.raises(PrivateCaseError):
                private_cases.remove(key)
            assert cohorts.neighbours("pbc", cohorts.Query(), key).position is unknown
    assert cases.open_case(key).identifier == "one"


def test_who_may_not_is_told_so(ada: users.User) -> None:
    key = private_cases.create("pbc", "one", VALUES)
    with users.acting(users.User("ada", frozenset({"viewer"}))):
        for ask in (
            lambda: private_cases.create("pbc", "two", {}),
            lambda: private_cases.check("pbc", "two", {}),
            lambda: private_cases.change(key, "two", {}),
            lambda: private_cases.remove(key),
            lambda: private_cases.draft(key),
            lambda: private_cases.mine("pbc"),
        ):
            with pytest.raises(users.Forbidden):
                ask()


def test_all_problems_are_told_at_once_with_column_value_and_remedy(ada: users.User) -> None:
    wrong: dict[str, object] = {
        "age": "old", "bili": -1, "sex": "x", "edema": 7, "ascites": "perhaps", "trt": 9, "<b>": 1, "time": 3, "id": 4
    }  # fmt: skip
    with pytest.raises(FormError) as found:
        private_cases.create("pbc", " ", wrong)
    told = {problem.field: problem.message for problem in found.value.problems}
    assert set(told) == {"id", *wrong}
    assert "give a number" in told["age"] and "'old'" not in told["age"] and "old" in told["age"]
    assert "below zero" in told["bili"] and "−1" not in told["bili"] and "-1" in told["bili"]
    assert "choose one of" in told["sex"]
    assert private_cases.mine("pbc").n_total == 0


@pytest.mark.parametrize("name", [None, 7, "", "x" * 101, "a\nb", "a\u202eb", "\0"])
def test_names_that_cannot_be(ada: users.User, name: object) -> None:
    with pytest.raises(FormError) as found:
        private_cases.check("pbc", name, {})
    assert [problem.field for problem in found.value.problems] == ["id"]


def test_out_of_range_is_a_warning(ada: users.User) -> None:
    checked = private_cases.check("pbc", "a", {"bili": 900, "age": 150})
    assert checked.values == {"bili": 900.0, "age": 150.0}
    assert len([words for words in checked.warnings if "valid range" in words]) == 2
    key = private_cases.create("pbc", "a", {"bili": 900})
    assert cases.open_case(key).finding("bili").unusual == "out_of_range"
    assert "out_of_range" in private_cases.mine("pbc").rows["flags"].iloc[0]


def test_unknown_is_always_legal(ada: users.User) -> None:
    study = stored.get("pbc").study
    names = [f.name for f in study.features] + study.treatment_columns
    for nothing in (None, "", "  ", float("nan")):
        given = {
            name: nothing for name in names if not (nothing != nothing and name in study.treatment_columns)
        }
        assert private_cases.check("pbc", "a", given).values == {}


@effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.one_of(
        st.floats(), st.integers(), st.text(max_size=20), st.booleans(), st.binary(), st.lists(st.none())
    )
)
def test_whatever_is_given_is_kept_as_plain_cells_or_refused(ada: users.User, value: Any) -> None:
    study = stored.get("pbc").study
    for name in ("bili", "sex", "ascites", "edema", "trt"):
        try:
            kept = private_cases.check("pbc", "a", {name: value}).values
        except FormError as error:
            assert error.problems[0].field == name
            continue
        for cell in kept.values():
            assert isinstance(cell, (str, float, bool)) and cell == cell
            if name == "sex":
                assert cell in [level.value for level in study.feature("sex").levels]


def test_no_such_cohort(ada: users.User) -> None:
    with pytest.raises(private_cases.CohortError):
        private_cases.create("../pbc", "a", {})

"""One case: honest numbers, reasons that add up, edits that cannot do harm."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl.data.encode import encode
from mtl.model.baseline import Baseline
from mtl.model.outputs import predictions
from mtl.multitask import MultiTaskModel
from mtl.services import users
from mtl.services.patients import cases
from mtl.services.patients.cases import CaseError, EditError
from mtl.store import cohorts, models, scores
from mtl.store.scores import scores_of

SAMPLES = ("cytology", "pbc")


def keys(name: str, *places: int) -> list[str]:
    return [cohorts.get(name).case_keys[place].decode() for place in places]


def shown(case: cases.Case) -> dict[str, float]:
    return {
        number.column: np.nan if number.value is None else number.value
        for output in case.outputs
        for number in (*output.numbers, *output.untreated)
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_a_training_patient_gets_the_number_of_the_fold_that_did_not_see_them(home: Path, name: str) -> None:
    cohort = cohorts.get(name)
    record = models.get(str(cohort.model))
    final = models.load(record)
    differences = []
    for place in (0, 7, 100, cohort.n - 1):
        row = cohort.table().iloc[[place]].reset_index(drop=True)
        case = cases.open_case(keys(name, place)[0])
        assert case.in_training
        fold = int(scores_of(cohort).folds[place])
        held_out = models.load_fold(record, fold)
        own = predictions(cohort.study, held_out, encode(cohort.study, row).X, row).iloc[0]
        for column, value in shown(case).items():
            np.testing.assert_allclose(value, own[column], atol=1e-12)
        other = predictions(cohort.study, final.predictor_, encode(cohort.study, row).X, row).iloc[0]
        differences.append(
            max(abs(value - other[column]) for column, value in shown(case).items() if value == value)
        )
        assert (
            case.answer.reader.predictor.task(final.tasks_[0]).constant
            == held_out.task(final.tasks_[0]).constant
        )
    assert min(differences) > 1e-6


def test_folds_are_those_of_the_training(home: Path) -> None:
    """Trained again in the same way, each fold's margins are those that training itself kept as out of fold."""
    cohort = cohorts.get("cytology")
    table = cohort.table()
    model = MultiTaskModel(cohort.study).fit(table)
    assert (model.trained_.fold == scores_of(cohort).folds).all()
    place = 11
    case = cases.open_case(keys("cytology", place)[0])
    own = model.trained_.fold_predictors[model.trained_.fold[place]].margins(
        encode(cohort.study, table).X[[place]]
    )
    for task, margin in own.items():
        np.testing.assert_allclose(case.answer.margins[task], margin[0], atol=1e-12)


@pytest.mark.parametrize("name", SAMPLES)
def test_story_and_table_lead_from_the_reference_to_the_number(home: Path, name: str) -> None:
    for key in keys(name, 0, 3, 50, 200):
        case = cases.open_case(key)
        for output in case.outputs:
            story = output.story
            assert story is not None
            points = sum(c.points for c in story.contributions) + (story.others.points if story.others else 0)
            assert story.start + points == pytest.approx(story.end, abs=1e-9)
            scale = 1 if output.kind == "regression" else 100
            assert story.end == round(scale * output.headline.value, story.decimals)
            assert story.start == round(scale * output.reference.value, story.decimals)
            for number in output.numbers:
                found = cases.why(case, output.task.name, number.horizon, number.category)
                assert found.base + found.table["margin"].sum() == pytest.approx(found.margin, abs=1e-9)
                gap = number.value - found.reference.value
                assert found.table["points"].sum() == pytest.approx(gap, abs=1e-9 * scale)
                assert set(found.table["feature"]) == set(case.study.visible(output.task.name))


@pytest.mark.parametrize("name", SAMPLES)
def test_if_typical_is_a_second_prediction_by_the_same_predictor(home: Path, name: str) -> None:
    key = keys(name, 5)[0]
    case = cases.open_case(key)
    for output in case.outputs:
        found = cases.why(case, output.task.name)
        for typical in list(found.typical.values())[:6]:
            edited = cases.what_if(key, {typical.feature: typical.value}).after.output(output.task.name)
            same = next(n for n in edited.numbers if n.column == found.number.column)
            assert typical.number == pytest.approx(same.value, abs=1e-12)
            assert typical.number_text == same.text


def test_typical_values_are_the_cohorts_median_and_mode(home: Path) -> None:
    cohort = cohorts.get("pbc")
    table, typical = cohort.table(), scores_of(cohort).typical
    assert typical["bili"] == table["bili"].quantile(0.5, interpolation="lower")
    assert typical["sex"] == table["sex"].mode()[0]


def test_place_in_the_cohort(home: Path) -> None:
    case = cases.open_case(keys("cytology", 9)[0])
    stored = scores_of(cohorts.get("cytology")).distributions["malignant"]
    number = case.output("malignant").headline
    assert number.cohort_median == np.median(stored)
    assert number.cohort_share_below == pytest.approx((stored < number.value - 1e-12).mean())


def test_what_if_before_is_the_case_itself_and_hidden_features_move_nothing(home: Path) -> None:
    key = keys("pbc", 20)[0]
    found = cases.what_if(key, {"bili": 20.0, "ascites": None})
    assert shown(found.before) == shown(cases.open_case(key))
    assert found.edits["bili"] == 20.0
    moved = cases.what_if(key, {"edema": 1.0})
    before, after = shown(moved.before), shown(moved.after)
    hidden = [
        task.name for task in moved.before.study.tasks if "edema" not in moved.before.study.visible(task.name)
    ]
    assert hidden
    for column in before:
        if re.split("[=@]", column)[0] in hidden:
            assert before[column] == after[column]


def test_an_edit_that_changes_nothing_is_none(home: Path) -> None:
    key = keys("pbc", 20)[0]
    case = cases.open_case(key)
    same = {f.feature.name: f.value for f in case.findings}
    found = cases.what_if(key, same)
    assert found.edits == {} and found.warnings == ()


@pytest.mark.parametrize(
    ("edits", "field"),
    [
        ({"bili": "much"}, "bili"),
        ({"bili": [1]}, "bili"),
        ({"bili": {"a": 1}}, "bili"),
        ({"bili": True}, "bili"),
        ({"bili": float("inf")}, "bili"),
        ({"bili": "9" * 5000}, "bili"),
        ({"bili": 10**400}, "bili"),
        ({"sex": "x"}, "sex"),
        ({"trt": 2}, "trt"),
        ({"id": 7}, "id"),
        ({"time": 10}, "time"),
        ({"'; DROP TABLE cohorts; --": 1}, "'; DROP"),
    ],
)
def test_edits_that_cannot_be_are_refused_by_name(home: Path, edits: dict[str, object], field: str) -> None:
    with pytest.raises(EditError) as found:
        cases.what_if(keys("pbc", 3)[0], edits)
    assert found.value.field.startswith(field)
    assert "999" not in str(found.value)


def test_values_outside_the_range_are_taken_with_a_warning(home: Path) -> None:
    found = cases.what_if(keys("pbc", 3)[0], {"bili": "900"})
    assert found.after.finding("bili").unusual == "out_of_range"
    assert any("valid range" in text for text in found.warnings)


def test_every_edit_of_a_forged_widget_is_answered_or_refused(home: Path) -> None:
    key = keys("pbc", 3)[0]
    study = cohorts.get("pbc").study
    weird: list[object] = [
        None,
        "",
        " ",
        float("nan"),
        np.float64(1),
        np.int64(1),
        pd.NA,
        "1e3",
        b"1",
        object(),
        -1,
    ]
    for feature in study.features:
        for value in weird:
            try:
                cases.open_case(key, {feature.name: value})
            except EditError as error:
                assert error.field in (feature.name, *study.treatment_columns)


@pytest.mark.parametrize(
    "key", ["", "x" * 20, "a" * 20, "../../etc/passwd", "a" * 5000, "é" * 20, "' OR 1=1 --"]
)
def test_no_such_case(home: Path, key: str) -> None:
    with pytest.raises(CaseError) as found:
        cases.open_case(key)
    assert not key or key not in str(found.value)


def test_the_key_says_nothing_and_another_home_has_others(home: Path, tmp_path: Path) -> None:
    pbc = [key.decode() for key in cohorts.get("pbc").case_keys]
    assert len(set(pbc)) == len(pbc)
    assert all(re.fullmatch("[a-z2-7]{20}", key) for key in pbc)
    assert (home / "secret.key").stat().st_mode & 0o777 == 0o600


def test_heatmap_counts_in_each_tasks_own_spread(home: Path) -> None:
    case = cases.open_case(keys("pbc", 12)[0])
    found = cases.heatmap(case)
    assert found.values.shape == found.hidden.shape == (len(case.findings), len(case.outputs))
    assert (found.values[found.hidden] == 0).all()
    t = [task.name for task in found.tasks].index("death_or_transplant")
    spread = scores_of(cohorts.get("pbc")).spread["death_or_transplant"][0]
    margin, base = case.answer.margins["death_or_transplant"][0], case.answer.base["death_or_transplant"][0]
    assert found.values[:, t].sum() * spread == pytest.approx(margin - base, abs=1e-9)


def test_pathway_goes_from_diagnosis_to_prognosis(home: Path) -> None:
    case = cases.open_case(keys("pbc", 12)[0])
    roles = [output.task.role for output in case.outputs]
    assert roles == sorted(roles, key=["diagnosis", "treatment", "prognosis"].index)


def test_own_outcome_is_only_told_when_asked(home: Path) -> None:
    cohort = cohorts.get("pbc")
    place = int(np.flatnonzero(cohort.table()["status"].to_numpy() == 2)[0])
    key = keys("pbc", place)[0]
    told = {one.task.name: one.text for one in cases.own_outcome(key)}
    assert "after" in told["death_or_transplant"]


def test_who_may_not_is_told_so(home: Path) -> None:
    key = keys("pbc", 1)[0]
    case = cases.open_case(key)
    with users.acting(users.User("guest", frozenset({"viewer"}))):
        for ask in (
            lambda: cases.open_case(key),
            lambda: cases.what_if(key, {}),
            lambda: cases.own_outcome(key),
            lambda: cases.why(case, "ascites"),
            lambda: cases.heatmap(case),
        ):
            with pytest.raises(users.Forbidden):
                ask()


def test_a_copy_of_a_training_patient_is_recognised_in_another_cohort(home: Path) -> None:
    original = cohorts.get("cytology")
    table = original.table().iloc[:40].copy()
    table.loc[3, "mean_radius"] += 1.0  # the same identifier, another patient
    copy = cohorts.register("copy", "copy", original.study, table)
    scores.score(copy, models.get(str(original.model)), lambda stage, share: None)
    first, changed = (cases.open_case(key) for key in keys("copy", 0, 3))
    assert first.in_training and not changed.in_training
    assert shown(first) == shown(cases.open_case(keys("cytology", 0)[0]))


def test_a_horizon_that_cannot_be_estimated_has_a_reason_and_no_story(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Baseline, "estimable", lambda self, years: False)
    case = cases.open_case(keys("pbc", 30)[0])
    output = case.output("death_or_transplant")
    assert {number.value for number in output.numbers} == {None}
    assert "cannot be estimated" in output.headline.reason and output.story is None
    found = cases.why(case, "death_or_transplant")
    assert found.story is None and found.table["points"].isna().all()
    assert found.base + found.table["margin"].sum() == pytest.approx(found.margin, abs=1e-9)

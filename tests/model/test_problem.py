"""The table made ready: who sees what, who helps whom, who stays in a fold, and which tasks are left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mtl import Study, load_sample
from mtl.model.problem import Problem, TrainingError
from tests import synthetic


def names(problem: Problem, columns: tuple[int, ...]) -> set[str]:
    return {problem.study.features[j].name for j in columns}


@pytest.fixture(scope="module")
def problem() -> Problem:
    return Problem.from_table(synthetic.study(), synthetic.table(300), 5, 0)


def test_nobody_sees_the_target_the_future_or_the_treatment(problem: Problem) -> None:
    for task in problem.tasks:
        seen = names(problem, task.visible)
        assert not seen & task.task.target_columns
        assert not seen & {"days", "dead", "drug", "id"}
        if task.task.stage == "early":
            assert not seen & {"late", "dose"}
    assert names(problem, next(t for t in problem.tasks if t.name == "amount").visible).isdisjoint(
        {"colour", "dose"}
    )


@pytest.mark.parametrize("sample", ["rotterdam", "pbc", "cytology"])
def test_the_samples_groups_hide_what_their_tasks_hide(sample: str) -> None:
    study, table = load_sample(sample)  # type: ignore[arg-type]
    problem = Problem.from_table(study, table, 5, 0)
    seen_by: set[int] = set()
    for group in problem.groups:
        for i in group.members:
            assert names(problem, group.features) == set(study.visible(problem.tasks[i].name))
            seen_by.add(i)
        for i in group.helpers:
            assert not names(problem, group.features) & problem.tasks[i].task.target_columns
            assert set(group.features) <= set(problem.tasks[i].visible)
    assert seen_by == set(range(len(problem.tasks)))


def test_rows_of_one_patient_share_a_fold() -> None:
    entries = synthetic.entries()
    entries["study"]["patient"] = "person"
    table = synthetic.table(300)
    table["person"] = np.random.default_rng(0).integers(0, 90, 300)
    table.index = table.index[::-1] * 7
    problem = Problem.from_table(Study.from_dict(entries), table, 5, 0)
    assert table.groupby("person")["id"].count().max() > 1
    assert (pd.Series(problem.fold).groupby(table["person"].to_numpy()).nunique() == 1).all()
    for split in problem.splits[:-1]:
        train, test = (set(table["person"].to_numpy()[rows]) for rows in (split.train, split.test))
        assert not train & test


def test_a_split_keeps_places(problem: Problem) -> None:
    for split in problem.splits:
        for task in problem.tasks:
            chosen, places, held = split.labelled(task)
            np.testing.assert_array_equal(split.train[places], task.rows[chosen])
            assert sorted([*chosen, *held]) == list(range(len(task.rows)))
            assert np.isin(task.rows[held], split.test).all()
        seen = ~np.isnan(split.masked)
        np.testing.assert_array_equal(split.masked[seen], problem.X[split.train][seen])


@pytest.mark.parametrize(
    ("column", "values", "task", "reason"),
    [
        ("late", np.ones(100), "ill", "same class"),
        ("late", [None] * 100, "ill", "0 labelled"),
        ("late", [1.0] * 97 + [0.0] * 3, "ill", "3 rows outside"),
        ("dose", np.full(100, 5.0), "amount", "same value"),
        ("dose", [1.0, 2.0] * 9 + [None] * 82, "amount", "18 labelled"),
        ("dead", np.zeros(100), "death", "0 events"),
        ("kind", ["low"] * 100, "kind", "same class"),
    ],
)
def test_a_task_with_too_little_is_left_out(column: str, values: object, task: str, reason: str) -> None:
    table = synthetic.table(100, unlabelled=0, missing=0)
    table[column] = values
    problem = Problem.from_table(synthetic.study(), table, 5, 0)
    assert reason in problem.left_out[task]
    assert task not in [t.name for t in problem.tasks]


def test_nothing_to_train_says_what_each_task_lacks() -> None:
    table = synthetic.table(30)[["id", "x0"]]
    with pytest.raises(TrainingError, match=r"ill: .*kind: .*death: "):
        Problem.from_table(synthetic.study(), table, 5, 0)


def test_all_labels_of_a_task_in_one_patient() -> None:
    """No fold can be trained without that patient: the task cannot be trained, the others can."""
    entries = synthetic.entries()
    entries["study"]["patient"] = "person"
    table = synthetic.table(200)
    table["person"] = [0] * 60 + list(range(1, 141))
    table.loc[60:, "dose"] = None
    problem = Problem.from_table(Study.from_dict(entries), table, 5, 0)
    assert "amount" in problem.left_out


def test_infinite_and_huge_outcomes() -> None:
    table = synthetic.table(200)
    table.loc[3, "dose"] = np.inf
    problem = Problem.from_table(synthetic.study(), table, 5, 0)
    amount = next(t for t in problem.tasks if t.name == "amount")
    assert 3 not in amount.rows and np.isfinite([amount.location, amount.scale]).all()
    table.loc[3, "days"] = np.inf
    death = next(t for t in Problem.from_table(synthetic.study(), table, 5, 0).tasks if t.name == "death")
    assert 3 not in death.rows


@pytest.mark.parametrize("task", ["ill", "death"])
def test_five_of_a_kind_are_enough(task: str) -> None:
    table = synthetic.table(100, unlabelled=0, missing=0)
    table["late"] = [1.0] * 5 + [0.0] * 95
    table["dead"] = [1.0] * 5 + [0.0] * 95
    assert task not in Problem.from_table(synthetic.study(), table, 5, 0).left_out


def test_rows_without_a_patient_are_patients_of_their_own() -> None:
    entries = synthetic.entries()
    entries["study"]["patient"] = "person"
    table = synthetic.table(200)
    table["person"] = [None] * 150 + [f"p{i // 2}" for i in range(50)]
    problem = Problem.from_table(Study.from_dict(entries), table, 5, 0)
    assert np.bincount(problem.fold).max() < 60

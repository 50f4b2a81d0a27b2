"""Outcomes of each kind, missing labels, units of time, and errors that name the row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl.data import DataError, Note, load_sample, targets
from mtl.study import Study, StudyError


def study(unit: str = "days") -> Study:
    head = {"role": "diagnosis", "stage": "now"}
    tasks: list[dict[str, Any]] = [
        {"name": "b", "kind": "binary", "target": "nodes > 0", **head},
        {"name": "flag", "kind": "binary", "target": "flag", **head},
        {"name": "m", "kind": "multiclass", "target": "stage", "classes": [1, 2, "late"], **head},
        {"name": "r", "kind": "regression", "target": "a + b", **head},
        {
            "name": "s",
            "kind": "survival",
            "time": "time",
            "event": "status == 2",
            "time_unit": unit,
            "horizons": [1],
            **head,
        },
    ]
    return Study.from_dict(
        {
            "study": {"name": "s", "identifier": "id"},
            "stage": [{"name": "now"}],
            "feature": [{"name": "x", "kind": "numeric", "stage": "now"}],
            "task": tasks,
        }
    )


TABLE = pd.DataFrame(
    {
        "id": ["p1", "p2", "p3"],
        "nodes": [3, 0, None],
        "flag": ["yes", "no", "perhaps"],
        "stage": ["late", 2, 7],
        "a": [1.0, 2.0, None],
        "b": [1.0, 1.0, 1.0],
        "time": [730.5, 0, None],
        "status": [2, 1, 2],
    }
)


def test_every_kind() -> None:
    found = targets(study(), TABLE)
    np.testing.assert_array_equal(found["b"].y, [1, 0, np.nan])
    np.testing.assert_array_equal(found["flag"].y, [1, 0, np.nan])
    assert found["flag"].notes == (Note("flag", "not_true_or_false", 1, "perhaps"),)
    np.testing.assert_array_equal(found["m"].y, [2, 1, np.nan])
    assert found["m"].classes == ("1", "2", "late") and found["m"].n_outputs == 3
    assert found["m"].notes == (Note("stage", "unseen_level", 1, "7"),)
    np.testing.assert_array_equal(found["r"].y, [2, 3, np.nan])
    survival = found["s"]
    np.testing.assert_allclose(survival.time, [2, 0.5 / 365.25, np.nan])
    np.testing.assert_array_equal(survival.event, [1, 0, np.nan])
    assert survival.notes == (Note("time", "time_of_zero", 1, "0"),) and survival.n_outputs == 1
    for target in found.values():
        assert target.labelled.tolist() == [True, True, False] and len(target) == 3


@pytest.mark.parametrize(
    ("unit", "years"), [("days", 1 / 365.25), ("weeks", 7 / 365.25), ("months", 1 / 12), ("years", 1)]
)
def test_units_of_time(unit: str, years: float) -> None:
    found = targets(study(unit), TABLE.assign(time=[12, 24, 0]))
    np.testing.assert_allclose(found["s"].time, [12 * years, 24 * years, 0.5 / 365.25])


def test_a_negative_time_names_the_row() -> None:
    with pytest.raises(DataError, match=r"task 's', row 2, id 'p2': time time is -1"):
        targets(study(), TABLE.assign(time=[1, -1, 2]))


def test_absent_columns_leave_the_task_unlabelled() -> None:
    found = targets(study(), TABLE.drop(columns=["a", "time"]))
    assert not found["r"].labelled.any() and not found["s"].labelled.any() and len(found["s"]) == 3
    assert found["r"].notes == (Note("a", "missing_column", 3),)
    assert found["b"].labelled.any()


def test_subset_and_choice() -> None:
    found = targets(study(), TABLE, ["s", "b"])
    assert list(found) == ["s", "b"]
    assert found["b"].subset(np.array([True, False, True])).y[0] == 1
    assert len(found["s"].subset(np.array([1, 0]))) == 2 and found["s"].subset(
        slice(0, 1)
    ).event.tolist() == [1]
    with pytest.raises(StudyError, match="no task 'x'"):
        targets(study(), TABLE, ["x"])


def test_recurrence_free_survival_of_rotterdam() -> None:
    """1,713 patients recurred or died; 43 of the deaths came after follow-up for recurrence had ended."""
    definition, table = load_sample("rotterdam")
    recurrence = targets(definition, table)["recurrence"]
    assert int(recurrence.event.sum()) == 1713 - 43
    assert int(targets(definition, table)["death"].event.sum()) == 1272

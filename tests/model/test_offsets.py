"""Treatment offsets in three-valued logic: who carries a trial's hazard ratio, and for whom none is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mtl import Study
from mtl.data.notes import DataError
from mtl.model.offsets import periods, treatment_offsets, trials_of
from tests import synthetic

STUDY = synthetic.study()


def offsets(grade: object, drug: object, study: Study = STUDY):
    return treatment_offsets(study, pd.DataFrame({"grade": [grade], "drug": [drug]}), "death")


@pytest.mark.parametrize(
    ("grade", "drug", "values", "known", "unknown"),
    [
        (2, 1, np.log([0.5, 0.8]), True, ()),
        (2, 0, [0.0, 0.0], True, ()),
        (1, 1, [0.0, 0.0], True, ()),  # the trials say: no effect
        (None, 1, [0.0, 0.0], False, ()),  # cannot say whether the trial applies
        (None, 0, [0.0, 0.0], True, ()),
        (2, None, [0.0, 0.0], True, ("drug",)),
    ],
)
def test_one_row(grade: object, drug: object, values: object, known: bool, unknown: tuple[str, ...]) -> None:
    found = offsets(grade, drug)
    np.testing.assert_allclose(found.values, [values])
    assert (found.untreated_known.tolist(), found.unknown, found.boundaries) == ([known], unknown, (2.0,))


def test_a_trial_for_another_outcome_is_never_applied() -> None:
    entries = synthetic.entries()
    entries["treatment"][0]["trial"][0]["tasks"] = []
    study = Study.from_dict(entries)
    assert trials_of(study, "death") == [] and periods(study, "death") == ()
    found = offsets(2, 1, study)
    assert found.values.tolist() == [[0.0]] and found.untreated_known.tolist() == [True]


def test_the_first_trial_that_applies_and_treatments_add_up() -> None:
    entries = synthetic.entries()
    trial = entries["treatment"][0]["trial"][0]
    entries["treatment"][0]["trial"].append(
        {**trial, "name": "second", "applies": "true", "hazard_ratio": [{"value": 0.9}], "no_effect": "false"}
    )
    other = {
        **trial,
        "name": "third",
        "applies": "true",
        "hazard_ratio": [{"value": 0.7, "end": 5}, {"value": 1.0, "start": 5}],
    }
    other.pop("no_effect")
    entries["treatment"].append({"column": "surgery", "trial": [other]})
    study = Study.from_dict(entries)
    table = pd.DataFrame({"grade": [2, None, 1, 2], "drug": [1, 1, 1, 0], "surgery": [1, 0, 1, 1]})
    found = treatment_offsets(study, table, "death")
    assert found.boundaries == (2.0, 5.0)
    wanted = [[0.5 * 0.7, 0.8 * 0.7, 0.8], [0.9] * 3, [0.7, 0.7, 1.0], [0.7, 0.7, 1.0]]
    np.testing.assert_allclose(np.exp(found.values), wanted)
    assert found.untreated_known.all()


def test_absent_columns_are_unknown_and_others_may_repeat() -> None:
    table = pd.DataFrame([[1, 2, 3]], columns=["note", "note", "grade"])
    found = treatment_offsets(STUDY, table, "death")
    assert found.unknown == ("drug",) and found.values.tolist() == [[0.0, 0.0]]


def test_a_treatment_column_given_twice_is_an_error() -> None:
    table = pd.DataFrame([[1, 0, 3]], columns=["drug", "drug", "grade"])
    with pytest.raises(DataError, match="drug"):
        treatment_offsets(STUDY, table, "death")


def test_no_rows() -> None:
    assert treatment_offsets(STUDY, pd.DataFrame({"grade": [], "drug": []}), "death").values.shape == (0, 2)

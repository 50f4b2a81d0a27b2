"""Hospitals and years left out: who is trained on, who judges, and a computation that goes on where it stopped."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel
from mtl.evidence import elsewhere
from mtl.evidence.elsewhere import splits, years
from mtl.evidence.honest import Predicted, curves, score
from mtl.evidence.subject import Subject
from mtl.multitask import TableWarning
from tests import two_hospitals


def test_dates_and_years_are_read() -> None:
    column = pd.Series(["1990-01-01", "1990-07-02", "1991", "never", None])
    np.testing.assert_allclose(years(column), [1990, 1990 + 182 / 365.25, 1991, np.nan, np.nan])
    assert years(pd.Series([1992.0, np.nan])).tolist()[0] == 1992
    assert years(pd.Series(pd.to_datetime(["2001-01-01"]))).tolist() == [2001]


def test_nobody_judges_a_model_that_saw_them(internal: Subject) -> None:
    found, small = splits(internal)
    assert [one["site"] for one in small] == ["Small"] and small[0]["n"] == 18
    assert {one.site for one in found} == {two_hospitals.MARKUP, "South", None}
    hospital, when = internal.table["hospital"].to_numpy(), years(internal.table["when"])
    for one in found:
        assert not (one.train & one.left_out).any()
        if one.site is not None:
            assert set(hospital[one.left_out]) == {one.site} and one.site not in set(hospital[one.train])
        else:
            assert when[one.train].max() <= one.after < when[one.left_out].min()


def test_a_part_goes_on_where_it_stopped(internal: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = splits(internal)[0]
    pieces: dict[str, Any] = {one.name: {"kept": one.name, "tasks": {}} for one in chosen[1:]}
    found = elsewhere.compute(internal, lambda stage, share: None, pieces)
    json.dumps(found, allow_nan=False)
    assert [one.get("kept") for one in found["splits"]] == [None, *(one.name for one in chosen[1:])]
    # by hand: the same procedure without the hospital
    one = found["splits"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TableWarning)
        model = MultiTaskModel(internal.study, internal.model.effort, 0).fit(internal.table[chosen[0].train])
        test = internal.table[chosen[0].left_out]
        scores = score(
            model, test, Predicted(model.predict(test), curves(model, test)), True, lambda task: None
        )
    assert one["tasks"]["ill"] == scores["ill"].to_dict() and one["n"] == len(test)
    # everything is there: nothing is trained
    monkeypatch.setattr(MultiTaskModel, "fit", lambda *args, **kwargs: pytest.fail("trained again"))
    again = elsewhere.compute(internal, lambda stage, share: None, pieces)
    assert again["splits"] == found["splits"] and again["date_is_input"] is False


def test_a_study_that_names_neither_has_nothing(internal: Subject) -> None:
    table = internal.table.drop(columns=["hospital", "when"])
    found = elsewhere.compute(
        Subject(internal.study, table, internal.model, internal.fold), lambda *a: None, {}
    )
    assert found["splits"] == [] and found["site"] is None and found["date"] is None

"""What cleaning asks, what the answers do, and what the log says."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl.tables import Answers, Cleaned, TableError, clean, read_raw
from mtl.tables.log import RULES
from mtl.tables.units import _SIZES, factor, unit_named


def cleaned(text: str, **answers: Any) -> Cleaned:
    return clean(read_raw(text.encode(), name="a.csv"), Answers(**answers))


def cells(column: pd.Series) -> list[Any]:
    return [None if pd.isna(value) else value for value in column]


AGES = "id,age\n" + "".join(f"P{i},{age}\n" for i, age in enumerate((61, 47, 70, 999, 55, 999)))
DAYS = "id,seen\nP1,03/04/2020\nP2,01/02/2020\nP3,11/12/2020\n"


def test_a_sentinel_is_proposed_and_only_an_answer_makes_it_missing() -> None:
    asked = cleaned(AGES)
    (question,) = asked.questions
    assert (question.proposals, question.count, question.other) == (("999", "value"), 2, 70)
    assert question.evidence == "999 stands in 2 cells; the nearest other value is 70."
    assert cells(asked.table["age"]) == [61, 47, 70, 999, 55, 999]
    answered = cleaned(AGES, sentinels={"age": ("999",)})
    assert answered.questions == ()
    assert cells(answered.table["age"]) == [61, 47, 70, None, 55, None]
    assert answered.log[["row", "line", "before", "after", "rule"]].values.tolist() == [
        [4, 5, "999", "", "sentinel"], [6, 7, "999", "", "sentinel"],
    ]  # fmt: skip
    real = cleaned(AGES, sentinels={"age": ()})
    assert real.questions == () and cells(real.table["age"]) == [61, 47, 70, 999, 55, 999]


def test_day_and_month_are_asked_and_then_read() -> None:
    assert cleaned(DAYS).pending == ("seen",)
    day = cleaned(DAYS, dates={"seen": "day_first"}).table["seen"]
    month = cleaned(DAYS, dates={"seen": "month_first"}).table["seen"]
    assert day.dt.strftime("%Y-%m-%d").tolist() == ["2020-04-03", "2020-02-01", "2020-12-11"]
    assert month.dt.strftime("%Y-%m-%d").tolist() == ["2020-03-04", "2020-01-02", "2020-11-12"]


def test_dates_of_both_orders_are_asked() -> None:
    """13/04 shows the day first and 04/13 the month: nobody can know what 03/04 is."""
    both = "id,seen\nP1,13/04/2020\nP2,04/13/2020\nP3,03/04/2020\n"
    assert cleaned(both).pending == ("seen",)
    answered = cleaned(both, dates={"seen": "day_first"})
    assert answered.table["seen"].dt.strftime("%d.%m.").tolist()[0::2] == ["13.04.", "03.04."]
    assert answered.rule_counts() == {"seen": {"day_first": 2, "unreadable": 1}}


@pytest.mark.parametrize(
    ("day", "asked"), [("1900-01-01", True), ("9999-12-31", True), ("1950-05-05", False)]
)
def test_days_that_mean_nothing(day: str, asked: bool) -> None:
    text = f"id,born\nP1,1961-05-07\nP2,{day}\nP3,1970-02-03\n"
    assert [question.proposals[0] for question in cleaned(text).questions] == ([day] if asked else [])
    assert cells(cleaned(text, sentinels={"born": (day,)}).table["born"])[1] is None


@pytest.mark.parametrize(("mark", "first"), [(".", 1234.0), (",", 1.234)])
def test_a_decimal_mark_is_answered(mark: str, first: float) -> None:
    text = 'id,er\nP1,"1,234"\nP2,"2,345"\nP3,17\n'
    assert cleaned(text, decimals={"er": mark}).table["er"].iloc[0] == first


def test_other_columns_tell_the_decimal_mark() -> None:
    """1,234 beside columns of 0,5 is a number with three decimals."""
    found = cleaned("id;er;size\nP1;1,234;0,5\nP2;2,345;12,25\nP3;17;3,0\n").table
    assert found["er"].tolist() == [1.234, 2.345, 17]
    points = cleaned('id,er,size\nP1,"1,234",0.5\nP2,"2,345",12.25\nP3,17,3.0\n').table
    assert points["er"].tolist() == [1234, 2345, 17]


@pytest.mark.parametrize(
    ("answer", "unit", "values"), [("mm", "mm", [12, 34, 7]), ("cm", "mm", [12, 34, 70]), (None, None, None)]
)
def test_the_unit_of_bare_numbers(answer: str | None, unit: str | None, values: list[float] | None) -> None:
    text = "id,size\nP1,12 mm\nP2,3.4 cm\nP3,7\nP4,15 mm\n"
    found = cleaned(text, units={"size": answer} if answer else {})
    assert found.units.get("size") == unit
    if values is None:
        assert found.pending == ("size",)
        assert [(question.kind, question.proposals) for question in found.questions] == [
            ("unit", ("mm", "cm"))
        ]
    else:
        assert found.table["size"].tolist() == [*values, 15]


def test_shares_and_percentages() -> None:
    text = "id,pr\nP1,0.3\nP2,80%\nP3,20%\n"
    assert cleaned(text, units={"pr": "fraction"}).table["pr"].tolist() == [30, 80, 20]
    assert cleaned(text, units={"pr": "%"}).table["pr"].tolist() == [0.3, 80, 20]


@pytest.mark.parametrize(
    ("kind", "dtype", "values"),
    [
        ("text", "string", ["1", "0", "x"]), ("number", "Int64", [1, 0, None]), ("date", "string", ["1", "0", "x"]),
        ("yes_no", "string", ["1", "0", "x"]),
    ],
)  # fmt: skip
def test_a_person_says_what_a_column_is(kind: str, dtype: str, values: list[Any]) -> None:
    found = cleaned("id,a\nP1,1\nP2,0\nP3,x\n", kinds={"a": kind}).table["a"]
    assert (str(found.dtype), cells(found)) == (dtype, values)


def test_further_words_for_nothing() -> None:
    found = cleaned("id,a\nP1,1\nP2,Not Done\nP3,-1\n", missing=("not done", "-1"))
    assert cells(found.table["a"]) == [1, None, None]
    assert found.rule_counts() == {"a": {"missing_code": 2}}


def test_few_words_among_grades_keep_the_column_one_of_words() -> None:
    text = "id,grade\n" + "".join(f"P{i},{g}\n" for i, g in enumerate("123123123123123123X123"))
    assert set(cleaned(text).table["grade"]) == {"1", "2", "3", "X"}


def test_a_minus_beside_a_plus_is_no() -> None:
    assert cells(cleaned("id,er\nP1,+\nP2,-\nP3,\n").table["er"]) == [True, False, None]
    assert cells(cleaned("id,er\nP1,5\nP2,-\nP3,6\n").table["er"]) == [5, None, 6]


@pytest.mark.parametrize("text", ["id,a\nP1,y\nP2,f\n", "id,a\nP1,yes\nP2,yes\n", "id,a\nP1,F\nP2,M\n"])
def test_what_is_no_answer_stays_a_word(text: str) -> None:
    assert cleaned(text).table["a"].dtype == "string"


def test_a_column_without_a_value() -> None:
    found = cleaned("id,a,b\nP1,,NA\nP2,,.\n").table
    assert found[["a", "b"]].isna().all().all()


def test_numbers_too_large_and_raised_digits() -> None:
    found = cleaned("id,a,b\nP1,1e400,10²\nP2,1,5\nP3,2,6\n").table
    assert found["a"].tolist() == ["1e400", "1", "2"]
    assert found["b"].tolist() == ["10²", "5", "6"]


def test_answers_are_checked_and_kept() -> None:
    answers = Answers(
        {"age": ("999",)}, {"seen": "day_first"}, {"size": "mm"}, {"er": ","}, {"id": "text"}, ("x",)
    )
    assert Answers.from_dict(json.loads(json.dumps(answers.to_dict()))) == answers
    with pytest.raises(TableError, match="use one of day_first, month_first"):
        Answers(dates={"seen": "year_first"})
    with pytest.raises(TableError, match="no column 'x'"):
        cleaned(AGES, sentinels={"x": ()})
    for bad in ({"dates": 3}, {"sentinels": {"a": 3}}, {"missing": 3}):
        with pytest.raises(TableError, match="answers"):
            Answers.from_dict(bad)


def test_every_rule_has_words() -> None:
    rules = {"spaces", "full_width", "missing_code", "sheet_error", "sentinel", "decimal_comma", "thousands", "unit",
             "percent", "limit", "yes_no", "date", "day_first", "month_first", "unreadable"}  # fmt: skip
    assert set(RULES) == rules


@pytest.mark.parametrize("dimension", _SIZES)
def test_units_of_a_dimension_become_one_another(dimension: str) -> None:
    units = [spellings[0] for spellings in _SIZES[dimension]]
    for one in units:
        assert unit_named(one) == one
        for other in units:
            there, back = factor(one, other), factor(other, one)
            assert there is not None and back is not None
            assert there * back == pytest.approx(1)


@pytest.mark.parametrize(
    ("one", "other", "times"),
    [
        ("cm", "mm", 10), ("g/dL", "g/L", 10), ("mg/dL", "mg/L", 10), ("K/µL", "10⁹/L", 1), ("/mm³", "10⁹/L", 1e-3),
        ("U/mL", "U/L", 1000), ("mIU/mL", "U/L", 1), ("µIU/mL", "mIU/L", 1), ("kPa", "mmHg", 7.50062), ("年", "月", 12),
        ("µg/mL", "ng/mL", 1000), ("inch", "cm", 2.54), ("mM", "µmol/L", 1000),
    ],
)  # fmt: skip
def test_units_against_textbook(one: str, other: str, times: float) -> None:
    assert factor(one, other) == pytest.approx(times, rel=1e-5)


KNOWN = st.sampled_from(["NA", "1,5", "<2", "3 cm", "45%", "是", "2020-01-31", "x"])


@given(st.lists(st.one_of(st.none(), st.text(max_size=8), KNOWN), min_size=1, max_size=12))
def test_cleaning_any_cells_keeps_every_row(found: list[str | None]) -> None:
    rows = [["id", "a"], *[[f"P{i}", (cell or "").replace("\x00", "")] for i, cell in enumerate(found)]]
    text = "\n".join('"' + '","'.join(c.replace('"', '""') for c in row) + '"' for row in rows)
    if re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ud800-\udfff]", text):
        return
    raw = read_raw(text.encode(), name="a.csv", header=1)
    table = clean(raw)
    assert len(table.table) == len(found)
    assert np.isin(table.log["rule"], list(RULES)).all()
    again = clean(read_raw(text.encode(), name="a.csv", header=1, careful=True))
    pd.testing.assert_frame_equal(again.table, table.table)

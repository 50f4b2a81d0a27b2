"""Expressions against brute force in Python, and against hostile input."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl.expressions import ExpressionError, parse, quote_column

Row = dict[str, Any]
Rule = Callable[[Row], Any]  # a value, or None for "cannot say"


@dataclass
class Case:
    """An expression as text, and the same in plain Python."""

    text: str
    rule: Rule


def _lift(function: Callable[[Any, Any], Any], left: Case, sign: str, right: Case) -> Case:
    def rule(row: Row) -> Any:
        a, b = left.rule(row), right.rule(row)
        return None if a is None or b is None else function(a, b)

    return Case(f"({left.text}) {sign} ({right.text})", rule)


def _finite(function: Callable[[float, float], float]) -> Callable[[float, float], float | None]:
    def safe(a: float, b: float) -> float | None:
        try:
            result = function(a, b)
        except (ZeroDivisionError, OverflowError):
            return None
        return result if math.isfinite(result) else None

    return safe


NUMBERS = {
    "+": _finite(operator.add),
    "-": _finite(operator.sub),
    "*": _finite(operator.mul),
    "/": _finite(operator.truediv),
}
COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _kleene(word: str, left: Case, right: Case) -> Case:
    stops = word == "or"  # the value that decides alone

    def rule(row: Row) -> bool | None:
        values = (left.rule(row), right.rule(row))
        if stops in values:
            return stops
        return None if None in values else not stops

    return Case(f"({left.text}) {word} ({right.text})", rule)


def _not(of: Case) -> Case:
    return Case(f"not ({of.text})", lambda row: None if of.rule(row) is None else not of.rule(row))


def _missing(of: Case, negated: bool) -> Case:
    word = "is not missing" if negated else "is missing"
    return Case(f"({of.text}) {word}", lambda row: (of.rule(row) is None) != negated)


def _member(column: str, items: list[str]) -> Case:
    listed = ", ".join(f'"{item}"' for item in items)
    return Case(f"{column} in [{listed}]", lambda row: None if row[column] is None else row[column] in items)


TOKENS = [
    "a",
    "1",
    "(",
    ")",
    "[",
    "]",
    "and",
    "or",
    "not",
    "in",
    "is",
    "missing",
    "<",
    "==",
    "+",
    "-",
    "'",
    "`",
]

column = st.sampled_from(["a", "b"]).map(lambda name: Case(name, lambda row: row[name]))
literal = st.integers(0, 3).map(lambda value: Case(str(value), lambda row: float(value)))
number = st.recursive(
    column | literal,
    lambda inner: st.builds(
        lambda a, sign, b: _lift(NUMBERS[sign], a, sign, b), inner, st.sampled_from(list(NUMBERS)), inner
    ),
    max_leaves=4,
)
simple = (
    st.builds(
        lambda a, sign, b: _lift(COMPARISONS[sign], a, sign, b),
        number,
        st.sampled_from(list(COMPARISONS)),
        number,
    )
    | st.builds(_missing, number, st.booleans())
    | st.builds(_member, st.just("word"), st.lists(st.sampled_from(["x", "<=20", ">50"]), min_size=1))
    | st.booleans().map(lambda value: Case(str(value).lower(), lambda row: value))
)
condition = st.recursive(
    simple,
    lambda inner: st.builds(_kleene, st.sampled_from(["and", "or"]), inner, inner) | inner.map(_not),
    max_leaves=8,
)
row = st.fixed_dictionaries(
    {
        "a": st.none() | st.sampled_from([0.0, 1.0, 2.0, -1.5]),
        "b": st.none() | st.sampled_from([0.0, 1.0, 3.0]),
        "word": st.none() | st.sampled_from(["x", "<=20", ">50", "other"]),
    }
)


@settings(max_examples=200, deadline=None)
@given(case=condition, rows=st.lists(row, min_size=1, max_size=8))
def test_conditions_equal_brute_force_in_kleene_logic(case: Case, rows: list[Row]) -> None:
    table = pd.DataFrame(rows).astype({"a": "float64", "b": "float64", "word": "object"})
    answer = parse(case.text).evaluate(table)
    assert answer.dtype == "boolean"
    assert [None if value is pd.NA else bool(value) for value in answer] == [case.rule(row) for row in rows]


@settings(max_examples=100, deadline=None)
@given(case=number, rows=st.lists(row, min_size=1, max_size=8))
def test_arithmetic_equals_brute_force(case: Case, rows: list[Row]) -> None:
    table = pd.DataFrame(rows).astype({"a": "float64", "b": "float64", "word": "object"})
    answer = parse(case.text).evaluate(table)
    assert answer.dtype == "Float64"
    assert [None if value is pd.NA else value for value in answer] == [case.rule(row) for row in rows]


@pytest.mark.parametrize(
    ("loose", "strict"),
    [
        ("a > 1 or b > 1 and a > 2", "(a > 1) or ((b > 1) and (a > 2))"),
        ("not a > 1 and b > 1", "(not (a > 1)) and (b > 1)"),
        ("a + b * 2 > 3", "(a + (b * 2)) > 3"),
        ("a - b - 1 == 0", "((a - b) - 1) == 0"),
        ("-a * 2 < b", "((-a) * 2) < b"),
        ("not a in [1, -2]", "a not in [1, -2]"),
    ],
)
def test_precedence(loose: str, strict: str) -> None:
    values = [0.0, 1.0, 2.0, 3.0, None]
    table = pd.DataFrame([(a, b) for a in values for b in values], columns=["a", "b"], dtype="float64")
    pd.testing.assert_series_equal(parse(loose).evaluate(table), parse(strict).evaluate(table))


def test_unreadable_cells_cannot_be_compared_with_numbers() -> None:
    table = pd.DataFrame({"er": ["12", "high", "", None, " 3 "]})
    assert parse("er >= 10").evaluate(table).tolist() == [True, pd.NA, pd.NA, pd.NA, False]
    assert parse("er is missing").evaluate(table).tolist() == [False, False, True, True, False]


def test_text_equals_text_and_numbers_equal_numbers() -> None:
    table = pd.DataFrame({"a": ["1.0", "x", None], "b": [1, 2, 3]})
    assert parse("a == b").evaluate(table).tolist() == [True, False, pd.NA]
    assert parse("a == '1'").evaluate(table).tolist() == [True, False, pd.NA]
    assert parse("a != 'x'").evaluate(table).tolist() == [True, False, pd.NA]


def test_columns_in_backticks_and_hostile_names() -> None:
    table = pd.DataFrame({"worst area": [1.0], "__import__": [2.0], "os.system('x')": [3.0], "a`b": [4.0]})
    for name in table:
        expression = parse(f"{quote_column(str(name))} > 0")
        assert expression.columns == {name}
        assert expression.evaluate(table).tolist() == [True]
    assert parse("__import__ > 1").columns == {"__import__"}


@pytest.mark.parametrize(
    "text", ["__import__('os')", "a.b.c", "a; b", "lambda: 0", "a[0]", "{a}", "a if b else c"]
)
def test_code_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "position", "remedy"),
    [
        ("grade = 3", 7, "write =="),
        ("a && b", 3, "write and"),
        ("1 < a < 3", 7, "join two comparisons with and"),
        ("a >", 4, "put a column"),
        ("(a > 1", 7, "write ')'"),
        ("a and 3", 7, "compare the value"),
        ("size > '20'", 6, "name the levels"),
        ("a in []", 7, "a list holds"),
        ("a ≥ 3", 3, "write >="),
        ("1e999 > a", 1, "smaller"),
        ("worst area > 1", 7, "backticks"),
    ],
)
def test_errors_give_text_position_and_remedy(text: str, position: int, remedy: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    message = str(caught.value)
    assert text in message and f"character {position}:" in message and remedy in message


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "(" * 3000 + "a" + ")" * 900,
        "not " * 900 + "a",
        "-" * 3900 + "a",
        "a or " * 100_000 + "a",
        "a in [" + "1, " * 1200 + "1]",
        "'" * 3001,
        "`" * 3001,
        "",
        " \n",
    ],
)
def test_deep_and_huge_input_is_refused_quickly(text: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert time.perf_counter() - begin < 1 and len(str(caught.value)) < 400


def test_long_chains_and_the_deepest_allowed_are_read() -> None:
    table = pd.DataFrame({"a": [1.0]})
    assert parse(" + ".join(["a"] * 900)).evaluate(table).tolist() == [900.0]
    assert parse(" and ".join(["a > 0"] * 400)).evaluate(table).tolist() == [True]
    assert parse("(" * 25 + "a" + ")" * 25).evaluate(table).tolist() == [1.0]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(TOKENS)).map(" ".join))
def test_any_text_parses_or_raises_its_own_error(text: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError:
        return
    table = pd.DataFrame({name: [1.0] for name in expression.columns}, index=[0])
    assert len(expression.evaluate(table)) == 1


def test_missing_and_doubled_columns_are_named() -> None:
    with pytest.raises(ExpressionError, match="no column 'er'"):
        parse("er > 1 and nodes > 0").evaluate(pd.DataFrame({"nodes": [1]}))
    doubled = pd.DataFrame(np.ones((1, 2)), columns=["er", "er"])
    with pytest.raises(ExpressionError, match="twice"):
        parse("er > 1").evaluate(doubled)


def test_bare_columns_keep_their_kind() -> None:
    table = pd.DataFrame({"n": [1, 2], "f": [True, False], "t": ["x", None]}, index=[7, 9])
    kinds = {name: str(parse(name).evaluate(table).dtype) for name in table}
    assert kinds == {"n": "Float64", "f": "boolean", "t": "string"}
    assert parse("n").evaluate(table).index.tolist() == [7, 9] and parse("n").column == "n"

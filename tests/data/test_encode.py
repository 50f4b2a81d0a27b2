"""Encoding by name, kind and level, and that no cell can break it."""

# Tables of cases read better in long lines.

from __future__ import annotations

import datetime
import time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl.data import DataError, Note, encode, load_sample, targets
from mtl.study import Study

STUDY = Study.from_dict(
    {
        "study": {"name": "s", "identifier": "id"},
        "stage": [{"name": "now"}],
        "feature": [
            {"name": "age", "kind": "numeric", "stage": "now", "valid": [18, 100]},
            {"name": "meno", "kind": "boolean", "stage": "now"},
            {"name": "size", "kind": "ordinal", "stage": "now", "levels": ["<=20", "20-50", ">50"]},
            {"name": "grade", "kind": "ordinal", "stage": "now", "levels": [1, 2, 3]},
            {"name": "site", "kind": "categorical", "stage": "now", "levels": ["left", "right", 3]},
        ],
        "task": [
            {"name": "b", "kind": "binary", "role": "diagnosis", "stage": "now", "target": "y"},
            {"name": "c", "kind": "multiclass", "role": "diagnosis", "stage": "now", "target": "y",
             "classes": [0, 1, "x"]},
            {"name": "r", "kind": "regression", "role": "diagnosis", "stage": "now", "target": "y"},
            {"name": "e", "kind": "binary", "role": "diagnosis", "stage": "now",
             "target": "y == 1 or y in ['x', 2] and y is not missing"},
        ],
    }
)  # fmt: skip
NAMES = ["age", "meno", "size", "grade", "site"]


def test_values_by_kind_in_study_order() -> None:
    table = pd.DataFrame(
        {
            "site": ["right", "left", "3", None],
            "grade": ["1", 2, 3.0, ""],
            "size": [">50", " <=20 ", "20-50", None],
            "meno": [True, "no", 1, "是"],
            "age": ["50", 61.5, None, np.nan],
            "other": 1,
        }
    )
    encoded = encode(STUDY, table)
    expected = [
        [50, 1, 2, 1, 1],
        [61.5, 0, 0, 2, 0],
        [np.nan, 1, 1, 3, 2],
        [np.nan, 1, np.nan, np.nan, np.nan],
    ]
    np.testing.assert_array_equal(encoded.X, np.array(expected))
    assert encoded.names == NAMES and encoded.notes == []
    assert encoded.X.dtype == np.float64 and encoded.X.flags["C_CONTIGUOUS"]


def test_levels_that_are_numbers_are_equal_as_numbers() -> None:
    entry = {"kind": "categorical", "stage": "now", "levels": ["01", "2.0", "x"]}
    study = STUDY.to_dict() | {"feature": [{"name": "code", **entry}]}
    encoded = encode(
        Study.from_dict(study), pd.DataFrame({"code": [1, "1.0", 2, "02", "x", 3]}, dtype=object)
    )
    np.testing.assert_array_equal(encoded.X[:, 0], [0, 0, 1, 1, 2, np.nan])


def test_notes_say_what_could_not_be_read() -> None:
    table = pd.DataFrame(
        {
            "age": ["old", 17, 200, np.inf],
            "meno": [2, "maybe", 1, 0],
            "size": ["huge", ">50", "", None],
            "grade": [2.5, 1, 2, 3],
        }
    )
    encoded = encode(STUDY, table)
    assert encoded.notes == [
        Note("age", "not_a_number", 2, "old"),
        Note("age", "out_of_range", 2, "17"),
        Note("meno", "not_true_or_false", 2, "2"),
        Note("size", "unseen_level", 1, "huge"),
        Note("grade", "unseen_level", 1, "2.5"),
        Note("site", "missing_column", 4),
    ]
    np.testing.assert_array_equal(encoded.X[:, 0], [np.nan, 17, 200, np.nan])  # out of range is kept
    assert np.isnan(encoded.X[:, 4]).all()


def test_a_doubled_column_is_an_error() -> None:
    table = pd.DataFrame([[1, 2]], columns=["age", "age"])
    with pytest.raises(DataError, match=r"'age'.*twice"):
        encode(STUDY, table)
    assert encode(STUDY, pd.DataFrame([[1, 2, 3]], columns=["age", "x", "x"])).X[0, 0] == 1


class Odd:
    """A cell whose text cannot be had."""

    def __str__(self) -> str:
        raise ValueError("no text")


ODD: list[Any] = [
    None, pd.NA, pd.NaT, np.nan, [1, [2]], {"a": 1}, {1}, (1, 2), 10**400, 10**5000, -(10**25), "9" * 5000, Decimal("NaN"),
    Decimal("sNaN"), Decimal("2"), 1 + 2j, np.float32(3), np.int8(1), np.bool_(True), pd.Timestamp("2020-01-01"),
    datetime.date(2020, 1, 1), datetime.timedelta(1), b"1", "\x00", "\ud800", "inf", "-inf", "1e400", "1_000", "0x10", "１",
    np.array([1, 2]), np.array("x"), pd.Interval(0, 1), pd.Series([1]), object(), type, Odd(), "=1+1", "x" * 10_000, "1,5",
]  # fmt: skip
cell = st.sampled_from(ODD) | st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(cell, cell), min_size=0, max_size=6))
def test_no_cell_breaks_encoding_or_targets(rows: list[tuple[Any, Any]]) -> None:
    columns: dict[str, pd.Series] = {}
    for name, values in zip([*NAMES, "y"], [[row[i % 2] for row in rows] for i in range(6)], strict=True):
        cells = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            cells[place] = value
        columns[name] = pd.Series(cells, dtype=object)
    table = pd.DataFrame(columns)
    encoded = encode(STUDY, table)
    assert encoded.X.shape == (len(rows), 5) and not np.isinf(encoded.X).any()
    assert all(len(note.example) <= 60 for note in encoded.notes)
    assert all(len(target) == len(rows) for target in targets(STUDY, table).values())


@pytest.mark.parametrize("odd", ODD, ids=lambda value: type(value).__name__)
def test_each_odd_cell_alone(odd: Any) -> None:
    cells = np.empty(2, dtype=object)
    cells[0], cells[1] = odd, "1"
    table = pd.DataFrame({name: pd.Series(cells, dtype=object) for name in [*NAMES, "y"]})
    encoded = encode(STUDY, table)
    assert encoded.X[1, 0] == 1 and encoded.X[1, 3] == 1
    targets(STUDY, table)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["1", None], dtype="string"),
        pd.Series([1, None], dtype="Int64"),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([1.0, None], dtype="Float64"),
        pd.Series(["1", None], dtype="category"),
        pd.Series([1, None], dtype="category"),
        pd.Series(["1", None], dtype="string[pyarrow]"),
        pd.Series([1, None], dtype="int64[pyarrow]"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_every_dtype_reads_alike(column: pd.Series) -> None:
    encoded = encode(STUDY, pd.DataFrame({"age": column, "meno": column, "grade": column}))
    if not pd.api.types.is_bool_dtype(column.dtype):
        np.testing.assert_array_equal(encoded.X[:, 3], [1, np.nan])
    np.testing.assert_array_equal(encoded.X[:, :2], [[1, 1], [np.nan, np.nan]])


@pytest.mark.parametrize("dtype", ["datetime64[ns]", "timedelta64[ns]", "complex128", "datetime64[ns, UTC]"])
def test_dates_and_complex_numbers_are_unreadable_not_numbers(dtype: str) -> None:
    column = pd.Series([1, 2]).astype(dtype)
    encoded = encode(STUDY, pd.DataFrame({name: column for name in NAMES}))
    assert np.isnan(encoded.X[:, :2]).all() and len(encoded.notes) == 5


def test_many_rows_are_quick() -> None:
    study, table = load_sample("rotterdam")
    large = pd.concat([table] * 100, ignore_index=True)
    begin = time.perf_counter()
    encoded = encode(study, large)
    assert time.perf_counter() - begin < 3  # about .25 s on an idle machine
    np.testing.assert_array_equal(encoded.X[:2982], encode(study, table).X)
    hostile = pd.DataFrame(
        {name: np.arange(200_000).astype(str) for name in ("size", "grade", "meno", "age")}
    )
    begin = time.perf_counter()
    encode(study, hostile + "x")
    assert time.perf_counter() - begin < 6  # about 1 s: every cell another word

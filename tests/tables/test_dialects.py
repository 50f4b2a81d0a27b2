"""A table written in any dialect reads back equal, and the fast reader agrees with the careful one."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from mtl.tables import TableError, clean, read_raw

# Real words: an encoding without a mark is known by how its letters are spread, which random bytes have not.
WORDS = {
    "utf-8": ["grade two", "Größe", "肿瘤", "x", "a, b", "a; b", "say \"no\"", "two\nlines", "1st", "C50.4",
              "œuvre", "=1+1"],
    "gb18030": ["肿瘤", "浸润性导管癌", "左侧", "grade two", "a，b", "两\n行", "C50.4"],
    "latin-1": ["Größe", "très", "Köln", "grade two", "señal", "C50.4", "two\nlines"],
    "cp1252": ["5 € fée", "“quoted”", "grade two", "œuvre"],
}  # fmt: skip
WORDS |= {"utf-8-sig": WORDS["utf-8"], "utf-16": WORDS["utf-8"]}


@st.composite
def written_tables(draw: DrawFn) -> tuple[bytes, list[str], list[list[Any]], str, str]:
    """The bytes of a table in some dialect, its headings, its columns of values, its encoding and its delimiter."""
    encoding = draw(st.sampled_from(sorted(WORDS)))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    mark = draw(st.sampled_from([".", ","])) if delimiter != "," else "."
    rows = draw(st.integers(4, 12))
    kinds = [
        "word",
        *draw(st.lists(st.sampled_from(["number", "whole", "day", "truth", "word"]), min_size=1, max_size=4)),
    ]
    names = [f"{kind} {place}" for place, kind in enumerate(kinds)]
    columns = [draw(st.lists(cells(kind, encoding), min_size=rows, max_size=rows)) for kind in kinds]
    # The first word column is never empty: a row without any value is refused, which is another property.
    columns[0] = [f"{cell or 'x'}" for cell in columns[0]]
    texts = [[as_text(cell, mark) for cell in column] for column in columns]
    out = io.StringIO(newline="")
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    if draw(st.booleans()):
        out.write(f"# a comment{end}")
    # Python's writer leaves a line feed unquoted where lines end otherwise.
    quoting = draw(st.sampled_from([csv.QUOTE_ALL] if end == "\r" else [csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerow(names)
    writer.writerows(zip(*texts, strict=True))
    return out.getvalue().encode(encoding), names, columns, encoding, delimiter


def cells(kind: str, encoding: str) -> st.SearchStrategy[Any]:
    value: st.SearchStrategy[Any] = {
        "number": st.integers(-99_999, 99_999).map(lambda n: n / 100),
        "whole": st.integers(-10_000, 10_000),
        "day": st.dates(datetime.date(1901, 1, 2), datetime.date(2090, 1, 1)),
        "truth": st.booleans(),
        "word": st.sampled_from(WORDS[encoding]),
    }[kind]
    return value if kind == "word" else st.none() | value


def as_text(cell: Any, mark: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.2f}".replace(".", mark)  # two digits: three could be thousands
    return str(cell)


@settings(max_examples=120, deadline=None)
@given(written_tables())
def test_a_table_reads_back_equal(written: tuple[bytes, list[str], list[list[Any]], str, str]) -> None:
    data, names, columns, encoding, delimiter = written
    raw = read_raw(data, name="table.txt")
    assert raw.origin.delimiter == delimiter
    assert [column.name for column in raw.columns] == names
    assert not raw.refused
    table = clean(raw).table
    for name, column in zip(names, columns, strict=True):
        assert same(table[name], column), (encoding, name)
    careful = read_raw(data, name="table.txt", careful=True)
    pd.testing.assert_frame_equal(raw.cells, careful.cells)
    assert raw.lines.tolist() == careful.lines.tolist()
    assert raw.notes == careful.notes


def same(found: pd.Series, wanted: Sequence[Any]) -> bool:
    known = [value for value in wanted if value is not None]
    if not known:
        return bool(found.isna().all())
    if isinstance(known[0], bool) and len(set(known)) == 1:
        return [None if pd.isna(v) else v for v in found] == [
            None if v is None else as_text(v, ".") for v in wanted
        ]
    if isinstance(known[0], datetime.date):
        return [None if pd.isna(v) else v.date() for v in found] == list(wanted)
    if isinstance(known[0], str):
        return found.tolist() == [" ".join(word.split()) for word in wanted]
    return [None if pd.isna(v) else v for v in found] == list(wanted)


LINES = st.lists(
    st.text(st.sampled_from(list('ab1.,;"\n\r\t x是#')), max_size=12), min_size=1, max_size=8
).map("\n".join)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(LINES)
@example('a,b\n"1\n2",3\n4,5\n')
@example("a,b\n1,2\n\n3,4")
@example("a,b\r1,2\r3,4")
@example('a,b\n1,2\n3,"')
@example('a,b\n1,"open\n')
def test_anything_is_read_or_refused_alike(text: str) -> None:
    """The two readers give the same table or the same message, and every line is accounted for."""
    answers = []
    for careful in (False, True):
        try:
            raw = read_raw(text.encode(), name="x.csv", careful=careful)
        except TableError as error:
            answers.append(str(error))
            continue
        cleaned = clean(raw)
        assert len(cleaned.table) == len(raw)
        assert len(set(cleaned.table.columns)) == len(raw.columns)
        answers.append(
            (raw.cells.to_dict(), raw.columns, raw.lines.tolist(), raw.refused, raw.origin, raw.notes)
        )
    assert answers[0] == answers[1]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_a_table_or_a_message(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"PAR1", b"\xff\xfe"):
        try:
            raw = read_raw(start + data, name="x")
        except TableError:
            continue
        assert len(clean(raw).table) == len(raw)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_the_fast_reader_is_used_and_agrees_on_many_rows(delimiter: str) -> None:
    """More rows than one block of either reader."""
    rng = np.random.default_rng(0)
    size = 45_000
    table = pd.DataFrame(
        {
            "id": [f"P{i}" for i in range(size)],
            "x": np.round(rng.normal(size=size), 3),
            "er": rng.choice(["yes", "no", "NA", ""], size),
            "note": rng.choice(['with "quotes"', "with, comma", "plain", "肿瘤"], size),
        }
    )
    data = table.to_csv(index=False, sep=delimiter).encode()
    fast, careful = read_raw(data, name="a.csv"), read_raw(data, name="a.csv", careful=True)
    assert fast.texts.equals(careful.texts)
    assert fast.lines.tolist() == careful.lines.tolist() == list(range(2, size + 2))
    one, other = clean(fast), clean(careful)
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.log, other.log)
    np.testing.assert_array_equal(one.table["x"], table["x"])
    assert one.table["er"].map({True: "yes", False: "no"}).fillna("").eq(table["er"].replace("NA", "")).all()

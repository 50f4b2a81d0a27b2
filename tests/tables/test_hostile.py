"""Every hostile file, with what becomes of it: the table, or a message that says what is wrong."""

from __future__ import annotations

import importlib.util
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from mtl import language
from mtl.tables import Cleaned, Limits, RawTable, TableError, clean, read_raw
from mtl.tables.infer import infer

FOLDER = Path(__file__).parents[1] / "data" / "hostile"
NA = None


@dataclass(frozen=True)
class Good:
    """What a file gives: some columns' values, and what was noticed. Values of None are missing."""

    columns: dict[str, list[Any]]
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    units: dict[str, str] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    questions: set[tuple[str, str]] = field(default_factory=set)
    rules: dict[str, dict[str, int]] = field(default_factory=dict)
    flags: list[list[Any]] = field(default_factory=list)


IDS = ["P1", "P2", "P3"]
PLAIN = {"id": IDS, "age": [61, 47, 70], "size": [22, 13, 40]}
CHINESE = {"编号": IDS, "年龄": [61, 47, 70], "肿瘤大小": [22, 13, 40], "绝经": [True, False, NA]}
CHINESE_UNITS = {"年龄": "years", "肿瘤大小": "mm"}
CHINESE_RULES = {"绝经": {"missing_code": 1, "yes_no": 2}}
DAYS = ["2020-01-31", "2020-02-01", "2020-12-24"]
REGISTRY: dict[str, list[Any]] = {
    "编号": [1, 2, 3, 4], "年龄": [61, 47.5, NA, 58], "手术日期": [*DAYS, NA], "大小": [1.2, 3.4, NA, NA],
    "Ki-67": [45, 12, 20, 35],
}  # fmt: skip
REGISTRY_UNITS = {"年龄": "years", "大小": "cm", "Ki-67": "%"}
REGISTRY_RULES = {"大小": {"missing_code": 1, "unit": 2}, "Ki-67": {"percent": 2}}
REGISTRY_NOTES = {"sheets", "merged", "empty_columns", "titles"}

EXPECTED: dict[str, Good | str] = {
    "plain.csv": Good(PLAIN, "utf-8", ","),
    "tabs.tsv": Good(PLAIN, "utf-8", "\t"),
    "pipes.txt": Good(PLAIN, "utf-8", "|"),
    "semicolons_decimal_comma.csv": Good(
        {"size": [22.5, 13.25, 40], "er": [1234.5, 12.5, 900]}, "utf-8", ";", ",",
        rules={"size": {"decimal_comma": 3}, "er": {"decimal_comma": 1, "thousands": 1}},
    ),
    "sep_line.csv": Good({"id": IDS, "size": [2.5, 3.5, 4.5]}, "utf-8", ";", ",", rules={"size": {"decimal_comma": 3}}),
    "utf8_bom.csv": Good(CHINESE, "utf-8-sig", ",", units=CHINESE_UNITS, rules=CHINESE_RULES),
    "utf16_bom.csv": Good(CHINESE, "utf-16", ",", units=CHINESE_UNITS, rules=CHINESE_RULES),
    "utf16_le_no_bom.csv": Good(PLAIN, "utf-16-le", ","),
    "utf16_be_no_bom.csv": Good(PLAIN, "utf-16-be", ","),
    "gb18030.csv": Good(CHINESE, "gb18030", ",", units=CHINESE_UNITS, rules=CHINESE_RULES),
    "latin1.csv": Good({"größe": [22, 13, 40], "städte": ["Köln", "Würzburg", "Zürich"]}, "latin-1", ","),
    "windows1252.csv": Good({"note": ["“très” bien – 5 €", "déjà vu", "œuvre"]}, "cp1252", ","),
    "thousands.csv": Good({"er": [1234, 12345.5, 7.25]}, "utf-8", ",", ".", rules={"er": {"thousands": 2}}),
    "thousands_ambiguous.csv": Good({"er": ["1,234", "2,345", "17"]}, "utf-8", ",", questions={("er", "decimal")}),
    "thousands_space.csv": Good(
        {"er": [1234.5, 12345, 7.25]}, "utf-8", ";", ",", rules={"er": {"thousands": 2, "decimal_comma": 1}}
    ),
    "quoted_newlines.csv": Good(
        {"id": IDS, "note": ['two lines, with "quotes"', "one", "x"], "size": [5, 6, 7]}, "utf-8", ",",
        rules={"note": {"spaces": 1}},
    ),
    "open_quote.csv": "Line 2: a quotation mark opens a cell and is never closed. Close or remove it.",
    "quotes_inside.csv": Good({"note": ['5" nail', "ab", "x"], "size": [5, 6, 7]}, "utf-8", ","),
    "comments_and_titles.csv": Good(
        {"id": ["P1", "P2"], "age": [61, 47], "size": [22, 13]}, "utf-8", ",", notes={"titles", "blank_lines"}
    ),
    "hash_header.tsv": Good({"id": ["P1", "P2"], "age": [61, 47], "size": [22, 13]}, "utf-8", "\t"),
    "two_header_lines.csv": Good(
        {"编号": IDS, "年龄": [61, 47, 70], "肿瘤 大小": [22, 13, 40], "肿瘤 大小_2": [3, 4, 5]}, "utf-8", ",",
        notes={"several_header_lines", "renamed"},
    ),
    "unit_line.csv": Good(
        {"id": IDS, "age": [61, 47, 70], "size": [22, 13, 40], "cea": [3.1, 4, 5]}, "utf-8", ",", ".",
        units={"age": "years", "size": "mm", "cea": "ng/mL"}, notes={"several_header_lines"},
    ),
    "no_header.csv": Good(
        {"column_1": [1, 2, 3], "column_2": [61, 47, 70], "column_3": [22.5, 13.1, 40]}, "utf-8", ",", ".",
        notes={"no_header"},
    ),
    "bad_headers.csv": Good(
        {"id": IDS, "size": [22, 13, 40], "size_2": [23, 14, 41], "column_4": ["x", "y", "z"], "age": [61, 47, 70]},
        "utf-8", ",", units={"size": "mm", "size_2": "mm", "age": "years"}, notes={"empty_columns", "renamed"},
    ),
    "ragged.csv": Good(
        {"id": ["P1", "P4"], "age": [61, 55], "size": [22, 10]}, "utf-8", ",", refused=[3, 4, 5], notes={"blank_lines"}
    ),
    "trailing_delimiters.csv": Good(PLAIN, "utf-8", ","),
    "mac_lines.csv": Good(PLAIN, "utf-8", ","),
    "missing_codes.csv": Good(
        {"size": [22, NA, NA, NA, NA, NA, NA, 13, NA], "kind": [NA, NA, NA, NA, "a", "b", NA, NA, "a"]}, "utf-8", ",",
        rules={"size": {"missing_code": 6, "sheet_error": 1}, "kind": {"missing_code": 5}},
    ),
    "sentinels.csv": Good(
        {"age": [61, 47, 70, 999, 55, 66, 999, 39], "nodes": [0, 2, -9, 1, 3, 0, -9, 4], "site": [1, 2, 3, 1, 2, 9, 1, 2]},
        "utf-8", ",", questions={("age", "sentinel"), ("nodes", "sentinel"), ("site", "sentinel")},
    ),
    "mixed_units.csv": Good({"size": [1.2, 3.4, 0.5]}, "utf-8", ",", units={"size": "cm"}, rules={"size": {"unit": 3}}),
    "unit_against_heading.csv": Good(
        {"size": [12, 34, 15]}, "utf-8", ",", ".", units={"size": "mm"}, rules={"size": {"unit": 1}}
    ),
    "unit_unknown.csv": Good(
        {"glucose": ["90 mg/dL", "5.1 mmol/L", "100 mg/dL"]}, "utf-8", ",", ".", questions={("glucose", "unit")}
    ),
    "limits.csv": Good(
        {"psa": [0.1, 3.5, 100, 0.2, 7, 8.25]}, "utf-8", ",", ".", rules={"psa": {"limit": 3}},
        flags=[[1, 2, "psa", "<", 0.1], [3, 4, "psa", ">", 100], [4, 5, "psa", "<=", 0.2]],
    ),
    "bands.csv": Good({"size": ["<=20", "20-50", ">50", "<=20"]}, "utf-8", ","),
    "percent.csv": Good(
        {"ki67": [45, 12, 100], "pr": ["0.3", "80%", "20%"]}, "utf-8", ",", ".", units={"ki67": "%"},
        rules={"ki67": {"percent": 3}}, questions={("pr", "unit")},
    ),
    "yes_no.csv": Good(
        {
            "a": [True, False, True, False], "b": [True, False, True, NA], "c": [True, False, NA, True],
            "d": [True, False, False, True], "sex": ["F", "M", "F", "F"],
        },
        "utf-8", ",",
        rules={
            "a": {"yes_no": 4}, "b": {"yes_no": 3, "missing_code": 1}, "c": {"yes_no": 3}, "d": {"yes_no": 4},
        },
    ),
    "dates_iso.csv": Good({"seen": ["2020-01-31", "2020-02-01 13:45", "2020-12-24"]}, "utf-8", ","),
    "dates_day_first.csv": Good({"seen": DAYS}, "utf-8", ",", rules={"seen": {"day_first": 3}}),
    "dates_ambiguous.csv": Good(
        {"seen": ["03/04/2020", "01/02/2020", "11/12/2020"]}, "utf-8", ",", questions={("seen", "date_order")}
    ),
    "dates_chinese.csv": Good(
        {"seen": ["2020-01-31", "2020-02-01", "2020-03-12"]}, "utf-8", ",", rules={"seen": {"date": 3}}
    ),
    "full_width.csv": Good(
        {"size": [22.5, 13, 40], "grade": ["Ⅱ级", "Ⅲ级", "Ⅱ级"]}, "utf-8", ",", ".",
        rules={"size": {"full_width": 2, "spaces": 1}, "grade": {"spaces": 3}},
    ),
    "codes.csv": Good(
        {"id": ["0001", "0002", "0003"], "zip": ["01234", "99999", "04711"],
         "long": ["123456789012345678", "123456789012345679", "1"]}, "utf-8", ",",
    ),
    "outliers_of_type.csv": Good(
        {"size": [*(i + 0.5 for i in range(30)), NA]}, "utf-8", ",", ".", rules={"size": {"unreadable": 1}}
    ),
    "one_row.csv": Good({"id": ["P1"], "age": [61], "size": [22]}, "utf-8", ",", notes={"one_row"}),
    "one_column.csv": Good({"age": [61, 47, 70]}, "utf-8", ",", notes={"blank_lines"}),
    "formula.csv": Good({"note": ['=HYPERLINK("http://x")', "+1+cmd|calc", "@SUM(A1)"]}, "utf-8", ","),
    "header_only.csv": "The table has a header and no rows.",
    "empty.csv": "The file is empty.",
    "blank.csv": "The file is empty.",
    "picture.csv": "This is a picture, not a table. Save the table as CSV, .xlsx or Parquet.",
    "control_characters.csv": "The file is not text: it holds control characters",
    "old_workbook.xls": "This is an old .xls workbook, or one with a password, not a table",
    "pickle.csv": "This is a Python pickle, which is never opened, not a table",
    "truncated.parquet": "The Parquet file cannot be read",
    "truncated.xlsx": "The workbook cannot be read",
    "registry.xlsx": Good(
        REGISTRY, decimal=".", units=REGISTRY_UNITS, notes=REGISTRY_NOTES, rules=REGISTRY_RULES
    ),
    "workbook_named.csv": Good(
        REGISTRY, decimal=".", units=REGISTRY_UNITS, rules=REGISTRY_RULES,
        notes=REGISTRY_NOTES | {"content_not_ending"},
    ),
    "typed.parquet": Good(
        {"id": IDS, "age": [61, NA, 70], "size": [22.5, NA, 40], "er": [True, False, NA], "grade": ["I", "II", "I"],
         "seen": ["2020-01-31", NA, "2020-02-01"]}, decimal=".",
    ),
}  # fmt: skip


def recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hostile_make", FOLDER / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def values(column: pd.Series) -> list[Any]:
    if column.dtype.kind == "M":
        return [
            NA if pd.isna(v) else v.isoformat(sep=" ").removesuffix(":00").removesuffix(" 00:00")
            for v in column
        ]
    return [NA if pd.isna(v) else v for v in column]


def test_the_files_are_what_the_recipe_makes() -> None:
    made = recipe().files()
    assert (
        {path.name for path in FOLDER.iterdir() if path.suffix not in (".py", "")}
        == set(made)
        == set(EXPECTED)
    )
    for name, data in made.items():
        if name != "typed.parquet":  # a Parquet file names the version that wrote it
            assert (FOLDER / name).read_bytes() == data, name


@pytest.mark.parametrize("name", EXPECTED)
def test_hostile_file(name: str) -> None:
    wanted = EXPECTED[name]
    if isinstance(wanted, str):
        with pytest.raises(TableError, match=re.escape(wanted)):
            read_raw(FOLDER / name)
        with language.use("zh_Hans"), pytest.raises(TableError) as told:
            read_raw(FOLDER / name)
        assert is_chinese(str(told.value))
        return
    raw = read_raw(FOLDER / name)
    cleaned = clean(raw)
    assert {name: values(cleaned.table[name]) for name in wanted.columns} == wanted.columns
    assert (raw.origin.encoding, raw.origin.delimiter, raw.origin.decimal) == (
        wanted.encoding, wanted.delimiter, wanted.decimal,
    )  # fmt: skip
    assert [refused.line for refused in raw.refused] == wanted.refused
    assert {note.kind for note in raw.notes} == wanted.notes
    assert {(question.column, question.kind) for question in cleaned.questions} == wanted.questions
    assert cleaned.units == wanted.units
    assert cleaned.rule_counts() == wanted.rules
    assert cleaned.flags.values.tolist() == wanted.flags
    keeps_the_books(raw, cleaned)
    for code in language.LANGUAGES:
        with language.use(code):
            words = [note.text for note in raw.notes] + [refused.reason for refused in raw.refused]
            assert all(words + [question.evidence for question in cleaned.questions])


def keeps_the_books(raw: RawTable, cleaned: Cleaned) -> None:
    """Every row is there; a cell differs from what was found only where the log says so, and then as it says."""
    assert len(cleaned.table) == len(raw) == len(raw.lines)
    logged = {(entry.row, entry.column): entry for entry in cleaned.log.itertuples()}
    assert len(logged) == len(cleaned.log) == cleaned.n_changes
    for column in raw.columns:
        for row, (before, after) in enumerate(
            zip(raw.cells[column.name], values(cleaned.table[column.name]), strict=True)
        ):
            entry = logged.get((row + 1, column.name))
            if entry is None:
                assert same(before, after), (before, after)
                continue
            assert entry.line == raw.lines[row]
            assert entry.before == before
            assert same(entry.after or None, after), (entry, after)


def same(text: str | None, value: Any) -> bool:
    if text is None or value is None:
        return text is None and value is None
    if isinstance(value, bool | np.bool_):
        return text.lower() == str(value).lower()
    if isinstance(value, str):
        return text.replace("T", " ").removesuffix(":00") == value or text == value
    return float(text) == value


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def bomb() -> bytes:
    """30 MB of one character in 30 kB, as the strings of a workbook."""
    return zipped({"xl/workbook.xml": b"<workbook/>", "xl/sharedStrings.xml": b"<a>" + b"x" * 30_000_000})


def lying_bomb() -> bytes:
    """The archive says that the part is small."""
    data = bytearray(bomb())
    size = (30_000_003).to_bytes(4, "little")
    while size in data:
        place = data.index(size)
        data[place : place + 4] = (3).to_bytes(4, "little")
    return bytes(data)


def far_cell() -> bytes:
    """One cell in the last corner: a reader that sets aside the rectangle would need terabytes."""
    book = openpyxl.Workbook()
    book.active["A1"] = "id"
    book.active.cell(1_048_576, 16_384, 1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def wide() -> bytes:
    return ",".join(f"c{i}" for i in range(10_000)).encode() + b"\n" + b"1," * 9_999 + b"1\n"


def is_chinese(message: str) -> bool:
    """Whether a message is in Chinese; names in it, and what a library said, need not be."""
    return len(re.findall(r"[\u4e00-\u9fff]", message)) >= 4


LIMITS = Limits(megabytes=20, rows=100_000, columns=2_000, cell=1_000)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (bomb, "The file unpacks to 30 MB or more; at most 20 MB are read."),
        (lying_bomb, "The workbook cannot be read"),
        (far_cell, "at most 2,000 are read"),
        (lambda: zipped({"readme.txt": b"hello"}), "This is a compressed file, not a workbook."),
        (lambda: b"id,x\n" + b"1,2\n" * 6_000_000, "The file has 24 MB; at most 20 MB are read."),
        (lambda: b"id,x\n" + b"1,2\n" * 100_001, "The table has 100,001 rows; at most 100,000 are read."),
        (wide, "The table has 10,000 columns; at most 2,000 are read."),
        (lambda: b"id,note\n1," + b"x" * 1_001 + b"\n2,y\n", "Line 2, column note: a cell has 1,001 characters"),
        (lambda: b"id,note\n1," + b"x" * 200_000 + b'\n"2\n",y\n3\n', "Line 2: a cell is too long"),
        (lambda: b"a,b\n" + "\ud7ff,\u4e00\n".encode("utf-16"), "The file is not text"),
    ],
    ids=["bomb", "lying_bomb", "far_cell", "archive", "bytes", "rows", "columns", "cell", "long_cell", "two_encodings"],
)  # fmt: skip
def test_beyond_the_limits(make: Callable[[], bytes], message: str) -> None:
    data = make()
    with pytest.raises(TableError, match=re.escape(message)):
        read_raw(data, name="table.csv", limits=LIMITS)
    with language.use("zh_Hans"), pytest.raises(TableError) as told:
        read_raw(data, name="table.csv", limits=LIMITS)
    assert is_chinese(str(told.value))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"encoding": "rot13"}, "There is no encoding 'rot13'."),
        ({"encoding": "no such"}, "There is no encoding 'no such'."),
        ({"encoding": "ascii"}, "Line 1: a byte does not fit the encoding ascii."),
        ({"delimiter": "\n"}, "cannot divide cells"),
        ({"delimiter": "ab"}, "cannot divide cells"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, str], message: str) -> None:
    with pytest.raises(TableError, match=re.escape(message)):
        read_raw("größe,b\n1,2\n".encode(), name="a.csv", **options)  # type: ignore[arg-type]


def test_a_sheet_is_chosen_by_name() -> None:
    found = read_raw(FOLDER / "registry.xlsx", sheet="数据")
    assert found.origin.sheets == ("cover", "数据", "other")
    with pytest.raises(TableError, match="There is no sheet 'x'; the workbook has cover, 数据, other"):
        read_raw(FOLDER / "registry.xlsx", sheet="x")


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="there is no such file"):
        read_raw(tmp_path / "none.csv")


def test_a_workbook_whose_directory_points_nowhere() -> None:
    """Found by bench/fuzz.py: an archive cut near its end sends the library to a place before the file's first byte."""
    whole = zipped({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b"<sheetData/>"})
    end = whole.rindex(b"PK\x05\x06")
    wrong = whole[: end + 12] + (len(whole) * 2).to_bytes(4, "little") + whole[end + 16 :]
    for data in (wrong, whole[:40] + whole[60:]):
        with pytest.raises(TableError, match=r"cannot be read|compressed file"):
            read_raw(data, name="table.xlsx", limits=LIMITS)


def test_a_word_with_signs_that_nobody_sees_becomes_a_level_without_them() -> None:
    """Found by bench/fuzz.py: a level with a control character was no name that a study takes."""
    rows = [
        f"P{n},{word},{n * 7 % 31},{n % 3 % 2}"
        for n, word in enumerate(["low", "mid\x17dle", "hi\u00adgh\x9b", "low"] * 10)
    ]
    cleaned = clean(read_raw("\n".join(["id,grade,size,relapse", *rows]).encode("utf-16"), name="table.csv"))
    assert sorted(set(cleaned.table["grade"])) == ["high", "low", "mid dle"]
    assert set(cleaned.log["rule"]) == {"spaces"} and len(cleaned.log) == 20
    study = infer(cleaned.table, cleaned.units).study
    grade = next(feature for feature in study.features if feature.name == "grade")
    assert sorted(str(level.value) for level in grade.levels) == ["high", "low", "mid dle"]


def test_a_word_longer_than_a_name_may_be_makes_its_column_a_text() -> None:
    """Found by bench/fuzz.py: a level of more than 200 signs was no name that a study takes."""
    rows = [f"P{n},{['low', 'high', 'x' * 201][n % 3]},{n * 7 % 31},{n % 3 % 2}" for n in range(40)]
    cleaned = clean(read_raw("\n".join(["id,grade,size,relapse", *rows]).encode(), name="table.csv"))
    found = infer(cleaned.table, cleaned.units)
    assert "grade" not in {feature.name for feature in found.study.features}
    assert "grade" in {suspicion.column for suspicion in found.suspicions if suspicion.kind == "free_text"}

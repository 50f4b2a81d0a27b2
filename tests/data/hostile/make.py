"""Writes the hostile files beside it: tables as they really come, and files that are no tables.

Run from anywhere: python tests/data/hostile/make.py. The result is the same on every run.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).resolve().parent
ROWS = "id,age,size\nP1,61,22\nP2,47,13\nP3,70,40\n"
CHINESE = "编号,年龄(岁),肿瘤大小/mm,绝经\nP1,61,22,是\nP2,47,13,否\nP3,70,40,未知\n"
MOMENT = datetime.datetime(2024, 1, 1)


def texts() -> dict[str, bytes]:
    """Delimited files."""
    return {
        "plain.csv": ROWS.encode(),
        "tabs.tsv": ROWS.replace(",", "\t").encode(),
        "pipes.txt": ROWS.replace(",", "|").encode(),
        "semicolons_decimal_comma.csv": b"id;size;er\nP1;22,5;1.234,5\nP2;13,25;12,5\nP3;40,0;900\n",
        "sep_line.csv": b"sep=;\r\nid;size\r\nP1;2,5\r\nP2;3,5\r\nP3;4,5\r\n",
        "utf8_bom.csv": b"\xef\xbb\xbf" + CHINESE.encode(),
        "utf16_bom.csv": CHINESE.encode("utf-16"),
        "utf16_le_no_bom.csv": ROWS.encode("utf-16-le"),
        "utf16_be_no_bom.csv": ROWS.encode("utf-16-be"),
        "gb18030.csv": CHINESE.encode("gb18030"),
        "latin1.csv": "id,größe,städte\nP1,22,Köln\nP2,13,Würzburg\nP3,40,Zürich\n".encode("latin-1"),
        "windows1252.csv": "id,note\nP1,“très” bien – 5 €\nP2,déjà vu\nP3,œuvre\n".encode("cp1252"),
        "thousands.csv": b'id,er\nP1,"1,234"\nP2,"12,345.5"\nP3,7.25\n',
        "thousands_ambiguous.csv": b'id,er\nP1,"1,234"\nP2,"2,345"\nP3,17\n',
        "thousands_space.csv": "id;er\nP1;1 234,5\nP2;12\u00a0345\nP3;7,25\n".encode(),
        "quoted_newlines.csv": b'id,note,size\nP1,"two\nlines, with ""quotes""",5\nP2,one,6\nP3,x,7\n',
        "open_quote.csv": b'id,note,size\nP1,"never closed,5\nP2,one,6\nP3,x,7\n',
        "quotes_inside.csv": b'id,note,size\nP1,5" nail,5\nP2,"a"b,6\nP3,x,7\n',
        "comments_and_titles.csv": (
            b"# exported 2024-05-01\n# by the registry\nBreast cancer registry,,\n,,\nid,age,size\nP1,61,22\nP2,47,13\n"
        ),
        "hash_header.tsv": b"#id\tage\tsize\nP1\t61\t22\nP2\t47\t13\n",
        "two_header_lines.csv": (
            "基本信息,,肿瘤,\n编号,年龄,大小,大小\nP1,61,22,3\nP2,47,13,4\nP3,70,40,5\n"
        ).encode(),
        "unit_line.csv": b"id,age,size,cea\n,years,mm,ng/mL\nP1,61,22,3.1\nP2,47,13,4\nP3,70,40,5\n",
        "no_header.csv": b"1,61,22.5\n2,47,13.1\n3,70,40.0\n",
        "bad_headers.csv": (
            b' id ,size (mm),size (mm),,"age,\n years",,\nP1,22,23,x,61,,\nP2,13,14,y,47,,\nP3,40,41,z,70,,\n'
        ),
        "ragged.csv": b"id,age,size\nP1,61,22\nP2,47\nP3,70,40,9\n,,\n\nP4,55,10\n",
        "trailing_delimiters.csv": b"id,age,size\nP1,61,22,,\nP2,47,13,\nP3,70,40\n",
        "mac_lines.csv": ROWS.replace("\n", "\r").encode(),
        "missing_codes.csv": (
            "id,size,kind\nP1,22,NA\nP2,N/A,null\nP3,null,未知\nP4,.,unknown\nP5,?,a\nP6,-,b\nP7,nan,\nP8,13,#N/A\nP9,#DIV/0!,a\n"
        ).encode(),
        "sentinels.csv": b"id,age,nodes,site\n" + b"".join(
            f"P{i},{a},{n},{s}\n".encode() for i, (a, n, s) in enumerate(
                [(61, 0, 1), (47, 2, 2), (70, -9, 3), (999, 1, 1), (55, 3, 2), (66, 0, 9), (999, -9, 1), (39, 4, 2)]
            )
        ),
        "mixed_units.csv": "id,size\nP1,12 mm\nP2,3.4 cm\nP3,0,5cm\n".replace("0,5cm", '"0,5cm"').encode(),
        "unit_against_heading.csv": b"id,size (mm)\nP1,12\nP2,3.4 cm\nP3,15\n",
        "unit_unknown.csv": b"id,glucose\nP1,90 mg/dL\nP2,5.1 mmol/L\nP3,100 mg/dL\n",
        "limits.csv": "id,psa\nP1,<0.1\nP2,3.5\nP3,>100\nP4,≤ 0.2\nP5,7\nP6,8.25\n".encode(),
        "bands.csv": b"id,size\nP1,<=20\nP2,20-50\nP3,>50\nP4,<=20\n",
        "percent.csv": "id,ki67,pr\nP1,45%,0.3\nP2,12 %,80%\nP3,100％,20%\n".encode(),
        "yes_no.csv": "id,a,b,c,d,sex\nP1,yes,是,Y,1,F\nP2,no,否,N,0,M\nP3,YES,是,,no,F\nP4,No,未知,Y,yes,F\n".encode(),
        "dates_iso.csv": b"id,seen\nP1,2020-01-31\nP2,2020-02-01 13:45\nP3,2020-12-24\n",
        "dates_day_first.csv": b"id,seen\nP1,31/01/2020\nP2,01/02/2020\nP3,24.12.2020\n",
        "dates_ambiguous.csv": b"id,seen\nP1,03/04/2020\nP2,01/02/2020\nP3,11/12/2020\n",
        "dates_chinese.csv": "id,seen\nP1,2020年1月31日\nP2,2020/2/1\nP3,12 Mar 2020\n".encode(),
        "full_width.csv": "id,size,grade\nP1,２２．５,Ⅱ 级\nP2,１３,Ⅲ  级\nP3,　40 ,Ⅱ 级\n".encode(),
        "codes.csv": b"id,zip,long\n0001,01234,123456789012345678\n0002,99999,123456789012345679\n0003,04711,1\n",
        "outliers_of_type.csv": b"id,size\n" + b"".join(f"P{i},{i + 0.5}\n".encode() for i in range(30)) + b"P30,see note\n",
        "one_row.csv": b"id,age,size\nP1,61,22\n",
        "one_column.csv": b"age\n61\n\n47\n70\n",
        "formula.csv": b'id,note\nP1,"=HYPERLINK(""http://x"")"\nP2,+1+cmd|calc\nP3,@SUM(A1)\n',
        "header_only.csv": b"id,age,size\n",
        "empty.csv": b"",
        "blank.csv": b"\xef\xbb\xbf \r\n\r\n",
        "picture.csv": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
        "control_characters.csv": b"id,age\nP1,\x01\x02\x03\nP2,5\n",
        "old_workbook.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
        "pickle.csv": b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix",
        "truncated.parquet": b"PAR1" + bytes(100),
        "truncated.xlsx": b"PK\x03\x04" + bytes(100),
    }  # fmt: skip


def workbook() -> bytes:
    """Two sheets, the first empty; a title, days, a formula, a percentage, an error and a merged heading."""
    book = openpyxl.Workbook()
    book.active.title = "cover"
    sheet = book.create_sheet("数据")
    sheet.append(["肿瘤登记 2024"])
    sheet.append([])
    sheet.append(["编号", "年龄(岁)", "手术日期", "大小", None, "Ki-67/%"])
    sheet.append([1, 61, datetime.date(2020, 1, 31), "12 mm", None, "45%"])
    sheet.append([2, 47.5, datetime.datetime(2020, 2, 1), "3.4 cm", None, "12%"])
    sheet.append([3, "=1+1", datetime.date(2020, 12, 24), "未知", None, 20])
    sheet.append([4, 58, None, "#DIV/0!", None, 35])
    sheet.merge_cells("A1:F1")
    book.create_sheet("other").append(["x", "y"])
    return _settled(book)


def _settled(book: openpyxl.Workbook) -> bytes:
    """The same bytes on every run: the parts in a zip with one time."""
    book.properties.created = book.properties.modified = MOMENT
    stream = io.BytesIO()
    book.save(stream)
    out = io.BytesIO()
    with zipfile.ZipFile(stream) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.namelist():
            content = before.read(part)
            if part == "docProps/core.xml":  # openpyxl writes the time of saving
                content = _without_modified(content)
            after.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _without_modified(content: bytes) -> bytes:
    start, end = content.index(b"<dcterms:modified"), content.index(b"</dcterms:modified>")
    return content[:start] + content[end + len(b"</dcterms:modified>") :]


def parquet() -> bytes:
    """Typed columns, one of categories, one of moments."""
    table = pa.table(
        {
            "id": ["P1", "P2", "P3"],
            "age": pa.array([61, None, 70], pa.int64()),
            "size": pa.array([22.5, float("nan"), 40.0], pa.float64()),
            "er": pa.array([True, False, None], pa.bool_()),
            "grade": pa.array(["I", "II", "I"]).dictionary_encode(),
            "seen": pa.array(
                [datetime.datetime(2020, 1, 31), None, datetime.datetime(2020, 2, 1)], pa.timestamp("ns")
            ),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def files() -> dict[str, bytes]:
    """Every file by its name."""
    return texts() | {
        "registry.xlsx": workbook(),
        "typed.parquet": parquet(),
        "workbook_named.csv": workbook(),
    }


if __name__ == "__main__":
    for name, data in files().items():
        (HERE / name).write_bytes(data)
    print(f"{len(files())} files")

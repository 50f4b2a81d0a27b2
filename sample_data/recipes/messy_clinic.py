"""A hospital export that nobody tidied: invented patients, and every mess that real exports have."""

from __future__ import annotations

import datetime
import io
import zipfile
from dataclasses import dataclass

import numpy as np
import openpyxl
import pandas as pd
from numpy.random import Generator

ROWS = 420
_MOMENT = datetime.datetime(2026, 1, 1)
_FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")

#: Columns as the export has them: group, heading, name after cleaning.
COLUMNS = (
    ("基本信息", "病案号", "病案号"),
    ("", "年龄(岁)", "年龄"),
    ("", "绝经", "绝经"),
    ("", "身高/cm", "身高"),
    ("", "手术日期", "手术日期"),
    ("肿瘤", "肿瘤大小", "肿瘤大小"),
    ("", "阳性淋巴结数", "阳性淋巴结数"),
    ("", "组织学分级", "组织学分级"),
    ("", "ER（%）", "ER"),
    ("", "HER2", "HER2"),
    ("", "Ki-67/%", "Ki-67"),
    ("化验", "CEA (ng/mL)", "CEA"),
    ("", "CA15-3 (U/mL)", "CA15-3"),
    ("", "白蛋白", "白蛋白"),
    ("治疗与随访", "化疗", "化疗"),
    ("", "内分泌治疗", "内分泌治疗"),
    ("", "随访时间/月", "随访时间"),
    ("", "复发", "复发"),
    ("", "备注", "备注"),
)


@dataclass(frozen=True)
class MessyClinic:
    """The truth about the patients, and the two files that a hospital would send."""

    truth: pd.DataFrame
    csv: bytes
    xlsx: bytes


def messy_clinic() -> MessyClinic:
    """Made anew with a fixed seed; the same on every run."""
    rng = np.random.default_rng(20_260)
    truth = patients(rng)
    mess = written(truth, rng)
    return MessyClinic(truth, as_csv(mess, rng), as_xlsx(mess, truth))


def patients(rng: Generator) -> pd.DataFrame:
    """Invented patients with breast cancer; what depends on what is stated here and nowhere else."""
    age = np.clip(np.round(rng.normal(54, 11, ROWS)), 25, 88)
    menopause = rng.random(ROWS) < 1 / (1 + np.exp(-(age - 50) / 2.5))
    size = np.round(np.clip(rng.lognormal(3.05, 0.45, ROWS), 4, 90))
    grade = 1 + (rng.random(ROWS) < 0.75).astype(int) + (rng.random(ROWS) < 0.15 + 0.006 * size)
    nodes = rng.poisson(np.exp(-1.1 + 0.045 * size + rng.normal(0, 0.8, ROWS))).clip(0, 30)
    negative = rng.random(ROWS) < 0.02 + 0.13 * grade
    receptor = np.where(negative, 0, np.clip(10 * np.round(10 * rng.beta(4, 1.2, ROWS)), 10, 100))
    her2 = rng.random(ROWS) < 0.12 + 0.06 * (grade - 1)
    ki67 = np.clip(np.round(rng.gamma(2.0, 5.0 + 5.0 * (grade - 1))), 1, 95)
    cea = np.round(np.clip(rng.lognormal(0.55 + 0.03 * nodes, 0.6), 0.2, None), 2)
    ca153 = np.round(np.clip(rng.lognormal(2.6 + 0.08 * nodes, 0.5), 3, None), 1)
    albumin = np.round(rng.normal(42 - 0.05 * (age - 54), 3.5), 1)
    chemotherapy = rng.random(ROWS) < 1 / (
        1 + np.exp(-(-1.0 + 0.5 * nodes + 0.8 * (grade - 2) - 0.05 * (age - 54)))
    )
    endocrine = rng.random(ROWS) < np.where(receptor >= 10, 0.85, 0.04)
    risk = 0.17 * np.minimum(nodes, 12) + 0.025 * size + 0.6 * (grade - 2) - 0.8 * endocrine + 0.5 * her2
    hazard = np.exp(-5.9 + risk)
    recurrence, censoring = rng.exponential(1 / hazard), rng.uniform(12, 110, ROWS)
    days = np.sort(rng.integers(0, 2_900, ROWS))
    first = np.datetime64("2014-01-06")
    table = pd.DataFrame(
        {
            "病案号": [f"{number:07d}" for number in 40_000 + 13 * np.arange(ROWS) + rng.integers(0, 13, ROWS)],
            "年龄": age, "绝经": menopause, "身高": np.round(rng.normal(160, 6, ROWS)), "手术日期": first + days,
            "肿瘤大小": size, "阳性淋巴结数": nodes, "组织学分级": np.array(["", "Ⅰ", "Ⅱ", "Ⅲ"])[grade],
            "ER": receptor, "HER2": her2, "Ki-67": ki67, "CEA": cea, "CA15-3": ca153, "白蛋白": albumin,
            "化疗": chemotherapy, "内分泌治疗": endocrine,
            "随访时间": np.maximum(np.round(np.minimum(recurrence, censoring), 1), 0.5),
            "复发": (recurrence <= censoring).astype(int),
            "备注": rng.choice(["", "", "", "外院手术", "双侧", "家族史"], ROWS),
        }
    )  # fmt: skip
    for name, share in (
        ("绝经", 0.03),
        ("身高", 0.15),
        ("肿瘤大小", 0.03),
        ("HER2", 0.08),
        ("Ki-67", 0.12),
        ("白蛋白", 0.1),
    ):
        table[name] = table[name].astype(object).mask(rng.random(ROWS) < share, None)
    # A number that nobody measured, written as a code.
    table["阳性淋巴结数"] = table["阳性淋巴结数"].astype(object).mask(rng.random(ROWS) < 0.05, None)
    table["年龄"] = table["年龄"].astype(object).mask(rng.random(ROWS) < 0.015, None)
    return table


def written(truth: pd.DataFrame, rng: Generator) -> pd.DataFrame:
    """The truth as several hands typed it, all as text."""
    mess = pd.DataFrame(index=truth.index)
    mess["病案号"] = truth["病案号"]
    mess["年龄"] = ["999" if pd.isna(x) else f"{x:.0f}" for x in truth["年龄"]]
    mess["绝经"] = [
        _choice(rng, {True: ["是", "是", "是 "], False: ["否", "否", "否"]}, x, ["未知", ""])
        for x in truth["绝经"]
    ]
    mess["身高"] = [_choice(rng, {}, x, ["", "NA", "."]) if pd.isna(x) else f"{x:.0f}" for x in truth["身高"]]
    mess["手术日期"] = [
        f"{d.year}/{d.month}/{d.day}" if rng.random() < 0.8 else f"{d.year}年{d.month}月{d.day}日"
        for d in truth["手术日期"]
    ]
    mess["肿瘤大小"] = [_size(rng, x) for x in truth["肿瘤大小"]]
    mess["阳性淋巴结数"] = ["99" if pd.isna(x) else f"{x:.0f}" for x in truth["阳性淋巴结数"]]
    mess["组织学分级"] = [x + rng.choice(["级", "级", " 级"]) for x in truth["组织学分级"]]
    mess["ER"] = [f"{x:.0f}%" if rng.random() < 0.7 else f"{x:.0f}" for x in truth["ER"]]
    mess["HER2"] = [_choice(rng, {True: ["阳性"], False: ["阴性"]}, x, ["未知", "?"]) for x in truth["HER2"]]
    mess["Ki-67"] = [_choice(rng, {}, x, ["", "-"]) if pd.isna(x) else f"{x:.0f}" for x in truth["Ki-67"]]
    mess["CEA"] = ["<0,5" if x < 0.5 else _comma(x) for x in truth["CEA"]]
    mess["CA15-3"] = [_comma(x) for x in truth["CA15-3"]]
    mess["白蛋白"] = [_albumin(rng, x) for x in truth["白蛋白"]]
    mess["化疗"] = ["有" if x else "无" for x in truth["化疗"]]
    mess["内分泌治疗"] = ["Y" if x else "N" for x in truth["内分泌治疗"]]
    mess["随访时间"] = [_comma(x) for x in truth["随访时间"]]
    mess["复发"] = [str(x) for x in truth["复发"]]
    mess["备注"] = [f"{x}\n复核；已归档" if x and rng.random() < 0.3 else x for x in truth["备注"]]
    return mess


def _choice(rng: Generator, words: dict[object, list[str]], value: object, nothing: list[str]) -> str:
    return str(rng.choice(nothing if value is None or value is pd.NA else words[value]))


def _comma(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _size(rng: Generator, value: float | None) -> str:
    if value is None or pd.isna(value):
        return str(rng.choice(["", "不详"]))
    if rng.random() < 0.35:
        return f"{value / 10:g} cm".replace(".", ",")
    return f"{value:.0f} mm" if rng.random() < 0.9 else f"{value:.0f}mm"


def _albumin(rng: Generator, value: float | None) -> str:
    if value is None or pd.isna(value):
        return ""
    text = f"{value:.1f}"
    draw = rng.random()
    if draw < 0.1:
        return text.translate(_FULL_WIDTH) + " g/L"
    # Another laboratory writes grams in a decilitre.
    return f"{_comma(round(value / 10, 2))} g/dL" if draw < 0.25 else f"{text.replace('.', ',')} g/L"


def as_csv(mess: pd.DataFrame, rng: Generator) -> bytes:
    """GB 18030, semicolons, a title, two header lines; three broken lines and an empty one at the end."""
    lines = [
        "乳腺癌病例登记表　导出时间：2026-01-01 08:00",
        ";".join(group for group, _heading, _name in COLUMNS),
    ]
    lines.append(";".join(heading for _group, heading, _name in COLUMNS))
    broken = set(rng.choice(np.arange(20, ROWS - 20), 3, replace=False).tolist())
    for place, row in enumerate(mess.itertuples(index=False)):
        cells = [f'"{cell}"' if any(mark in cell for mark in ';"\n') else cell for cell in row]
        lines.append(";".join(cells))
        if place in broken:
            lines.append(f"小计;{place + 1}")
    lines.append(";" * (len(COLUMNS) - 1))
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


def as_xlsx(mess: pd.DataFrame, truth: pd.DataFrame) -> bytes:
    """A merged title, merged groups, days as days, and a sheet of words that is no table."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "病例"
    sheet.append(["乳腺癌病例登记表"])
    sheet.append([group or None for group, _heading, _name in COLUMNS])
    sheet.append([heading for _group, heading, _name in COLUMNS])
    whole = {"年龄", "身高", "阳性淋巴结数", "Ki-67", "复发"}
    for place, row in enumerate(mess.itertuples(index=False)):
        cells: list[object] = []
        for (_group, _heading, name), text in zip(COLUMNS, row, strict=True):
            if name == "手术日期":
                cells.append(truth[name].iloc[place].date())
            elif name in whole and text.isdigit():
                cells.append(int(text))
            else:
                cells.append(text or None)
        sheet.append(cells)
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(COLUMNS))
    starts = [place for place, (group, _heading, _name) in enumerate(COLUMNS, 1) if group]
    for start, end in zip(starts, [*starts[1:], len(COLUMNS) + 1], strict=True):
        sheet.merge_cells(start_row=2, start_column=start, end_row=2, end_column=end - 1)
    book.create_sheet("说明").append(["99 = 未检查；999 = 不详。本表为合成数据。"])
    return _settled(book)


def _settled(book: openpyxl.Workbook) -> bytes:
    """The same bytes on every run: no time of writing, neither in the parts nor in the archive."""
    book.properties.created = _MOMENT
    stream, out = io.BytesIO(), io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.namelist():
            content = before.read(part)
            if part == "docProps/core.xml":
                start, end = content.index(b"<dcterms:modified"), content.index(b"</dcterms:modified>")
                content = content[:start] + content[end + len(b"</dcterms:modified>") :]
            after.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


PROVENANCE = """
# messy_clinic

`messy_clinic.csv` and `messy_clinic.xlsx` are **synthetic**: 420 invented patients with breast cancer, made by
`recipes/messy_clinic.py` from random numbers with a fixed seed. No patient, hospital or register stands behind
them, and nothing clinical may be learnt from them. They show what a real export looks like, and what reading and
cleaning make of it. Free of any licence (CC0).

The mess, on purpose:

- the CSV is in GB 18030, divided by semicolons, with decimal commas, a title and two header lines (groups, then
  headings with units in brackets or after a slash), cells that go over two lines, three subtotals between the rows,
  and an empty row at the end;
- the workbook has merged titles and groups, days as days, numbers as numbers or text, and a second sheet of words;
- tumour size in mm and cm in one column; albumin in g/L and g/dL, some of it in full-width digits; ER with and
  without a percent sign;
- 99 nodes and 999 years mean "unknown"; 未知, 不详, NA, ?, - and . mean nothing; CEA below 0.5 is written <0,5;
- yes and no as 是/否, 有/无, 阳性/阴性 and Y/N; days as 2018/3/5 and 2018年3月5日; record numbers with leading
  zeros; stray spaces.
"""

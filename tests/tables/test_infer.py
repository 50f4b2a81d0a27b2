"""What is inferred: kinds, names, pairs, events, units, horizons, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel, Study, load_sample
from mtl.data import DataError, targets
from mtl.tables.infer import infer, with_identifier
from mtl.tables.infer_names import meaning, time_unit
from mtl.tables.kinds import column_of


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        ([0, 1, 1, 0], "boolean"),
        (["yes", "no", None], "boolean"),
        (["是", "否", "是"], "boolean"),
        ([1, 2, 2, 1], "categorical"),
        ([1, 2, 3] * 8, "ordinal"),
        (["轻度", "重度", "中度"], "ordinal"),
        (["T1c", "T2", "T1ab"], "ordinal"),
        (["Ⅱ级", "Ⅲ级", "Ⅰ级"], "ordinal"),
        (["<=20", "20-50", ">50"], "ordinal"),
        (["A", "B", "AB", "O"], "categorical"),
        (["2020-01-31", "2021-12-01"], "date"),
        (["12-03-1984", "28-11-1990"], "date"),
        ([f"patient complained of pain {i}" for i in range(40)], "text"),
        ([3.0, 3.0], "constant"),
        ([None, None], "empty"),
        (np.linspace(0, 1, 50), "numeric"),
    ],
)
def test_forms(cells: list[object], form: str) -> None:
    assert column_of("v", pd.Series(cells)).form == form


@pytest.mark.parametrize("dtype", ["Int64", "boolean", "Float64", "string", "category", "datetime64[us]"])
def test_forms_of_typed_columns(dtype: str) -> None:
    cells = {
        "Int64": [1, 2, None],
        "boolean": [True, None, False],
        "Float64": [1.5, None, 2.5],
        "string": ["a", None, "b"],
        "category": ["a", None, "b"],
        "datetime64[us]": ["2020-01-01", None, "2021-01-01"],
    }[dtype]
    column = column_of("v", pd.Series(cells, dtype=dtype))
    assert column.known == 2
    assert column.form == {"boolean": "boolean", "Float64": "numeric", "datetime64[us]": "date"}.get(
        dtype, "categorical"
    )


@pytest.mark.parametrize(
    ("name", "flag", "says"),
    [
        ("survival_time", "time", True),
        ("protime", "time", False),
        ("time_since_diagnosis", "time", False),
        ("prior_relapse", "event", False),
        ("是否死亡", "event", True),
        ("绝经状态", "event", False),
        ("既往史", "history", True),
        ("住院号", "identifier", True),
        ("horTh", "therapy", True),
        ("随访时间(月)", "time", True),
        ("死亡原因", "after", True),
        ("performance_status", "event", False),
        ("fustat", "event", True),
    ],
)
def test_names(name: str, flag: str, says: bool) -> None:
    assert (flag in meaning(name)) is says


def test_units_of_time() -> None:
    assert [time_unit(n) for n in ("OS.months", "随访天数", "days_to_last", "futime", "生存时间/年")] == [
        "months",
        "days",
        "days",
        None,
        "years",
    ]


@pytest.mark.parametrize("name", ["rotterdam", "pbc"])
def test_pairs_are_found_without_names(name: str) -> None:
    """Columns called x0, x1, ...: the follow-up is found by what it does."""
    table = load_sample(name)[1]
    wanted = {"rotterdam": {("rfs_time", "rfs_event"), ("dtime", "death")}, "pbc": {("time", "status > 0")}}[
        name
    ]
    to = {column: f"x{i}" for i, column in enumerate(table)}
    found = infer(table.rename(columns=to)).study
    back = {new: old for old, new in to.items()}
    pairs = set()
    for task in found.tasks:
        if task.kind == "survival":
            event = task.event or ""
            pairs.add((back[task.time or ""], event.replace(event.split()[0], back[event.split()[0]], 1)))
    assert pairs == wanted


@pytest.mark.parametrize(
    ("codes", "event"),
    [
        ({0: 0, 1: 1}, "status"),
        ({0: 1, 1: 2}, "status == 2"),
        ({0: "alive", 1: "dead"}, 'status == "dead"'),
        ({0: "0:LIVING", 1: "1:DECEASED"}, 'status == "1:DECEASED"'),
        ({0: "存活", 1: "死亡"}, 'status == "死亡"'),
        ({0: "censored", 1: "event"}, 'status == "event"'),
        ({0: "否", 1: "是"}, "status"),
    ],
)
def test_codings_of_the_event_give_the_same_labels(codes: dict[int, object], event: str) -> None:
    table = load_sample("pbc")[1]
    occurred = (table["status"] > 0).astype(int)
    found = infer(table.assign(status=occurred.map(codes))).study
    task = next(task for task in found.tasks if task.kind == "survival")
    assert task.event == event
    target = targets(found, table.assign(status=occurred.map(codes)), [task.name])[task.name]
    np.testing.assert_array_equal(target.event, occurred)


def test_a_column_called_cens_may_mean_either() -> None:
    table = load_sample("pbc")[1]
    event = (table["status"] > 0).astype(int)
    for cells, text in ((event, "cens"), (1 - event, "cens == 0")):
        found = infer(table.drop(columns="status").assign(cens=cells)).study
        assert next(task.event for task in found.tasks if task.kind == "survival") == text


def test_a_chinese_export() -> None:
    study, table = load_sample("rotterdam")
    names = {
        "pid": "住院号",
        "year": "手术年份",
        "age": "年龄",
        "meno": "绝经状态",
        "size": "肿瘤大小",
        "grade": "组织学分级",
        "nodes": "阳性淋巴结数",
        "pgr": "孕激素受体",
        "er": "雌激素受体",
        "hormon": "内分泌治疗",
        "chemo": "化疗",
        "rfs_time": "无病生存时间（天）",
        "rfs_event": "是否复发",
        "dtime": "总生存期（天）",
        "death": "生存状态",
    }
    dirty = table.rename(columns=names)
    dirty["是否复发"] = dirty["是否复发"].map({0: "否", 1: "是"})
    dirty["生存状态"] = dirty["生存状态"].map({0: "存活", 1: "死亡"})
    found = infer(dirty).study
    tasks = {
        task.name: (task.kind, task.time, task.event, task.time_unit)
        for task in found.tasks
        if task.role == "prognosis"
    }
    assert tasks == {
        "recurrence": ("survival", "`无病生存时间（天）`", "是否复发", "days"),
        "death": ("survival", "`总生存期（天）`", '生存状态 == "死亡"', "days"),
    }
    assert found.identifier == "住院号"
    assert set(found.treatment_columns) == {"内分泌治疗", "化疗"}
    assert found.feature("年龄").label.en == "Age"
    assert {feature.name for feature in found.features} == {names[feature.name] for feature in study.features}


def test_the_study_is_whole_and_comes_back() -> None:
    found = infer(load_sample("rotterdam")[1], {"pgr": "fmol/mg"}, name="rotterdam")
    assert Study.from_toml(found.study.to_toml()) == found.study
    assert found.study.feature("pgr").unit.en == "fmol/mg"
    assert found.study.feature("age").valid == (0, 120)
    entries = {guess.entry for guess in found.guesses}
    assert {f"feature {feature.name}" for feature in found.study.features} <= entries
    assert {f"task {task.name}" for task in found.study.tasks} <= entries


def test_rows_of_one_patient_are_seen() -> None:
    table = load_sample("cytology")[1]
    twice = pd.concat([table, table.assign(mean_area=lambda t: t["mean_area"] + 1)], ignore_index=True)
    found = infer(twice).study
    assert found.patient == "id"
    assert with_identifier(found, twice)[found.identifier].is_unique


def test_columns_that_are_no_findings() -> None:
    table = load_sample("cytology")[1]
    rng = np.random.default_rng(0)
    found = infer(
        table.assign(
            visit=pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, len(table)), "D"),
            remarks=[f"seen by nurse {i}" for i in rng.integers(0, 300, len(table))],
            machine="A",
            name=[f"P {i}" for i in range(len(table))],
            hospital=rng.choice(["North", "South"], len(table)),
            radius_cm=table["mean_radius"] / 10,
            empty=None,
        )
    )
    kinds = {s.column: s.kind for s in found.suspicions}
    assert kinds == {
        "id": "identifier",
        "visit": "date",
        "remarks": "free_text",
        "machine": "constant",
        "name": "identifier",
        "radius_cm": "near_duplicate",
        "empty": "constant",
    }
    assert (found.study.site, found.study.date) == ("hospital", "visit")
    assert len(found.study.features) == 30


def test_refusals_are_in_both_languages() -> None:
    from mtl.language import use

    table = load_sample("cytology")[1]
    wide = pd.DataFrame(np.zeros((50, 10_000)), columns=[f"c{i}" for i in range(10_000)])
    for broken in (
        table.head(1),
        wide,
        table[["id", "diagnosis"]],
        table[["id"]],
        table.assign(diagnosis="benign")[["id", "diagnosis"]],
    ):
        with pytest.raises(DataError):
            infer(broken)
        with use("zh_Hans"), pytest.raises(DataError):
            infer(broken)


def test_names_that_a_study_cannot_have() -> None:
    table = load_sample("cytology")[1].rename(
        columns={"mean_radius": " mean_radius", "mean_area": "in", "diagnosis": "Diagnosis: B/M = ?"}
    )
    found = infer(table)
    assert [task.name for task in found.study.tasks] == ["Diagnosis: B/M _ ?"]
    assert "in" in {feature.name for feature in found.study.features}
    model = MultiTaskModel(found.study, background=50).fit(table.head(80))
    assert model.predict(table.head(3)).shape[0] == 3

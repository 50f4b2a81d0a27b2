"""`explain`: contributions that add up to the model's own numbers, and identifiers of every sort."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel
from mtl.commands import tables
from mtl.data import read_table
from mtl.multitask import TableWarning

from .conftest import CYTOLOGY, PBC, Call


@pytest.mark.parametrize("identifier", ["1", "7", "400"])
def test_everything_adds_up_in_every_kind(mtl: Call, pbc: Path, identifier: str) -> None:
    answer = mtl("explain", pbc, PBC / "cohort.csv", "--id", identifier, "--json").json
    model = MultiTaskModel.load(pbc)
    table = read_table(PBC / "cohort.csv")
    row = table[table["id"] == int(identifier)]
    with pytest.warns(TableWarning) if identifier == "400" else np.errstate():
        predicted = model.predict(row).iloc[0]
    assert list(answer["tasks"]) == model.tasks_
    for name, task in answer["tasks"].items():
        margin = np.ravel(model.margin(row, name))
        visible = model.study.visible(name)
        assert task["headline"] in task["explained"]
        for k, (column, one) in enumerate(task["explained"].items()):
            assert one["value"] == pytest.approx(predicted[column], abs=1e-12)
            assert one["value"] == pytest.approx(task["values"][column]["value"], abs=1e-12)
            contributions = one["contributions"]
            assert {c["feature"] for c in contributions} == set(visible)
            assert one["base"] + sum(c["margin"] for c in contributions) == pytest.approx(
                one["margin"], abs=1e-9
            )
            assert one["start"] + sum(c["points"] for c in contributions) == pytest.approx(
                one["value"], abs=1e-9
            )
            assert one["margin"] == pytest.approx(margin[k if len(margin) > 1 else 0], abs=1e-9)
            sizes = [abs(c["margin"]) for c in contributions]
            assert sizes == sorted(sizes, reverse=True)
            assert 1 <= len(one["sentences"]) <= 6


def test_contributions_are_the_models(mtl: Call, cytology: Path) -> None:
    answer = mtl(
        "explain", cytology, CYTOLOGY / "test.csv", "--id", "4", "--task", "worst_area", "--json"
    ).json
    table = read_table(CYTOLOGY / "test.csv")
    found = MultiTaskModel.load(cytology).explain(table[table["id"] == 4], "worst_area")
    one = answer["tasks"]["worst_area"]["explained"]["worst_area"]
    assert one["base"] == found.base
    for c in one["contributions"]:
        assert c["margin"] == c["points"] == found.values[0, found.features.index(c["feature"])]
    assert list(answer["tasks"]) == ["worst_area"]
    assert (answer["id"], answer["out_of_fold"]) == ("4", False)


def test_for_people(mtl: Call, pbc: Path) -> None:
    result = mtl("explain", pbc, PBC / "cohort.csv", "--id", "4", "--task", "death_or_transplant")
    assert result.code == 0
    assert "why death_or_transplant@5y, from" in result.out
    assert "points" in result.out
    assert result.err == ""


AWKWARD = ["-7", "--json", "007", "7", "a b", "病人", "=1+1", "-", "x" * 3000]


@pytest.fixture
def awkward(tmp_path: Path) -> Path:
    table = pd.read_csv(CYTOLOGY / "test.csv").head(len(AWKWARD)).assign(id=AWKWARD)
    table.to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


@pytest.mark.parametrize("identifier", AWKWARD, ids=lambda text: text[:5])
def test_awkward_identifiers(
    mtl: Call, cytology: Path, awkward: Path, identifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CHUNK_ROWS", 2)
    answer = mtl("explain", cytology, awkward, "--id", identifier, "--task", "malignant", "--json").json
    row = AWKWARD.index(identifier)
    expected = (
        MultiTaskModel.load(cytology)
        .predict(read_table(CYTOLOGY / "test.csv").iloc[[row]])["malignant"]
        .iloc[0]
    )
    assert answer["id"] == identifier
    assert answer["tasks"]["malignant"]["values"]["malignant"]["value"] == expected


def test_who_is_not_there(mtl: Call, cytology: Path, awkward: Path) -> None:
    assert "no row with id '8'" in mtl("explain", cytology, awkward, "--id", "8").failed
    assert len(mtl("explain", cytology, awkward, "--id", "y" * 100_000).failed) < 200
    assert "\x1b" not in mtl("explain", cytology, awkward, "--id", "\x1b[2J").failed
    table = pd.concat([pd.read_csv(CYTOLOGY / "test.csv").head(3)] * 2)
    table.to_csv(awkward, index=False)
    assert "2 rows have id '4'" in mtl("explain", cytology, awkward, "--id", "4").failed
    table.drop(columns="id").to_csv(awkward, index=False)
    assert "no column 'id'" in mtl("explain", cytology, awkward, "--id", "4").failed
    assert mtl("explain", cytology, awkward, "--id", "a\0b").code == 2
    assert mtl("explain", cytology, awkward, "--id").code == 2
    assert mtl("explain", cytology, awkward).code == 2


def test_tasks_that_are_not_there(mtl: Call, cytology: Path) -> None:
    failed = mtl("explain", cytology, CYTOLOGY / "test.csv", "--id", "4", "--task", "cure").failed
    assert failed == "the model has no task 'cure'; it has malignant, worst_area"


def test_a_table_cannot_write_to_the_terminal(mtl: Call, pbc: Path, tmp_path: Path) -> None:
    table = pd.read_csv(PBC / "cohort.csv", dtype=str).head(3)
    table.loc[0, "bili"] = "\x1b[31mred\x07"
    table.to_parquet(tmp_path / "t.parquet")
    result = mtl("explain", pbc, tmp_path / "t.parquet", "--id", "1")
    assert result.code == 0
    assert not {"\x1b", "\x07"} & set(result.out + result.err)


# One case ------------------------------------------------------------------------------------------------------------


def test_a_case_is_explained_as_its_row(mtl: Call, pbc: Path) -> None:
    table = read_table(PBC / "cohort.csv")
    case = {name: None if pd.isna(value) else value for name, value in table.iloc[4].items()}
    given = json.dumps(case, default=lambda value: value.item()).encode()
    one = mtl("explain", pbc, "-", "--json", stdin=given).json
    row = mtl("explain", pbc, PBC / "cohort.csv", "--id", "5", "--json").json
    assert one["id"] == row["id"] == "5"
    for task, found in row["tasks"].items():
        assert one["tasks"][task]["headline"] == found["headline"]
        for column, explained in found["explained"].items():
            same = one["tasks"][task]["explained"][column]
            assert same["value"] == pytest.approx(explained["value"], abs=1e-12)
            assert [c["feature"] for c in same["contributions"]] == [
                c["feature"] for c in explained["contributions"]
            ]


def test_a_case_without_a_name_and_one_with_an_id_beside_it(mtl: Call, cytology: Path) -> None:
    result = mtl("explain", cytology, "-", "--task", "malignant", "--json", stdin=b'{"mean_area": 386.1}')
    assert result.json["id"] is None
    assert "1 of 30 findings known" in result.err
    assert mtl("explain", cytology, "-", "--id", "4", stdin=b"{}").code == 2
    assert "not JSON" in mtl("explain", cytology, "-", stdin=b"").failed

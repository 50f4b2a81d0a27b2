"""`profile`, and `train` without a study: what they answer, and what they refuse, in both languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel, Study, load_sample
from mtl.language import use

from .conftest import CYTOLOGY, PBC, Call


def test_what_is_said_of_every_column(mtl: Call, tmp_path: Path) -> None:
    answer = mtl("profile", PBC / "cohort.csv", "--json").json
    table = load_sample("pbc")[1]
    assert list(answer["columns"]) == list(table.columns)
    assert answer["columns"]["copper"]["missing"] == int(table["copper"].isna().sum())
    assert answer["columns"]["time"]["use"] == "outcome"
    assert answer["columns"]["trt"]["use"] == "treatment"
    assert answer["tasks"]["event"]["counts"] == {"event": 186, "censored": 232}
    assert answer["study"]["path"] is None


def test_the_study_written_is_the_one_told(mtl: Call, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    result = mtl("profile", CYTOLOGY / "train.csv", "--study-out", path)
    assert "study written" in result.err
    study = Study.from_toml(path)
    assert [task.name for task in study.tasks] == ["diagnosis"]
    assert len(study.features) == 30
    assert "diagnosis: binary, diagnosis" in result.out


def test_a_leak_is_said_in_text_and_left_out(mtl: Call, tmp_path: Path) -> None:
    table = pd.read_csv(CYTOLOGY / "train.csv").assign(
        lab_code=lambda t: np.where(t["diagnosis"] == "benign", "A7", "B2")
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    result = mtl("profile", tmp_path / "t.csv", "--study-out", tmp_path / "s.toml")
    assert "lab_code: leakage: alone it tells the outcome apart: AUC 1.000" in result.out
    assert "lab_code" not in {feature.name for feature in Study.from_toml(tmp_path / "s.toml").features}


def test_train_without_a_study_says_so(mtl: Call, tmp_path: Path) -> None:
    table = pd.read_csv(CYTOLOGY / "train.csv").head(80)
    table = table[["id", "mean_radius", "mean_texture", "mean_area", "diagnosis"]].assign(
        copy=table["diagnosis"].str.upper()
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    result = mtl("train", tmp_path / "t.csv", "--out", tmp_path / "m", "--no-intervals", "--json")
    assert list(result.json["tasks"]) == ["diagnosis"]
    assert any(
        line.startswith("no study was given, so one was inferred: diagnosis (binary) from 3 features")
        for line in result.warned
    )
    assert any("'copy' is left out, a suspected leak" in line for line in result.warned)
    assert MultiTaskModel.load(tmp_path / "m").study.identifier == "id"


HOSTILE = {
    "one row": (lambda t: t.head(1), "1 rows; at least 20", "1行"),
    "no row": (lambda t: t.head(0), "row", ""),
    "one class": (lambda t: t.assign(diagnosis="benign"), "every row has the same value", "所有行"),
    "no label": (lambda t: t.assign(diagnosis=None), "no row has it", "没有任何行"),
    "nothing to learn from": (lambda t: t[["id", "diagnosis"]], "no column is left to learn from", "没有可供学习的列"),
    "too many columns": (
        lambda t: pd.concat([t, pd.DataFrame(np.zeros((len(t), 10_000)), columns=[f"c{i}" for i in range(10_000)])], axis=1),
        "columns", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(HOSTILE))
@pytest.mark.parametrize("command", ["profile", "train"])
def test_refusals(mtl: Call, tmp_path: Path, case: str, command: str) -> None:
    change, english, _chinese = HOSTILE[case]
    change(pd.read_csv(CYTOLOGY / "train.csv").head(60)).to_csv(tmp_path / "t.csv", index=False)
    more = ["--out", tmp_path / "m"] if command == "train" else ["--study-out", tmp_path / "s.toml"]
    assert english in mtl(command, tmp_path / "t.csv", *more).failed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]
    with use("zh_Hans"):
        assert mtl(command, tmp_path / "t.csv", *more).failed

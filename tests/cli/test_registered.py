"""Models by name: training patients of a registered model get the numbers of the predictor that did not see them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel, load_sample
from mtl.commands import scoring
from mtl.store import cohorts, models

from .conftest import CYTOLOGY, Call

KEY = "tried"


@pytest.fixture(scope="module")
def fitted() -> MultiTaskModel:
    study, table = load_sample("cytology")
    return MultiTaskModel(study).fit(table.head(150))


@pytest.fixture
def registered(fitted: MultiTaskModel, private_home: Path) -> pd.DataFrame:
    """Numbers that the store's model should give its training patients, out of fold."""
    study, table = load_sample("cytology")
    table = table.head(150)
    cohort = cohorts.register("c1", "tried", study, table)
    models.register_trained(KEY, "tried", fitted, cohort, table)
    return scoring.out_of_fold(fitted, table).numbers


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Twenty training patients, ten others, and one with a training patient's identifier but other findings."""
    train, test = (pd.read_csv(CYTOLOGY / f"{part}.csv") for part in ("train", "test"))
    table = pd.concat([train.head(20), test.head(10), test.iloc[10:11].assign(id=train["id"][0])])
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "t.csv", index=False)
    return tmp_path / "t.csv"


def test_predict(
    mtl: Call, registered: pd.DataFrame, fitted: MultiTaskModel, mixed: Path, tmp_path: Path
) -> None:
    answer = mtl("predict", KEY, mixed, "--out", tmp_path / "p.parquet", "--json").json
    assert (answer["rows"], answer["out_of_fold"]) == (31, 20)
    table = pd.read_csv(mixed)
    found = pd.read_parquet(tmp_path / "p.parquet")
    expected = fitted.predict(table)
    train = pd.read_csv(CYTOLOGY / "train.csv").head(20)
    for row, patient in table.iterrows():
        place = np.flatnonzero((train["id"] == patient["id"]) & (train["mean_area"] == patient["mean_area"]))
        source = registered.iloc[place[0]] if len(place) else expected.loc[row]
        assert found["malignant"][row] == pytest.approx(source["malignant"], abs=1e-12)


def test_explain(mtl: Call, registered: pd.DataFrame) -> None:
    answer = mtl("explain", KEY, CYTOLOGY / "train.csv", "--id", "3", "--json").json
    assert answer["out_of_fold"] is True
    row = int(np.flatnonzero(pd.read_csv(CYTOLOGY / "train.csv")["id"] == 3)[0])
    for name, task in answer["tasks"].items():
        one = task["explained"][name]
        assert one["value"] == pytest.approx(registered[name].iloc[row], abs=1e-9)
        total = one["base"] + sum(c["margin"] for c in one["contributions"])
        assert total == pytest.approx(one["margin"], abs=1e-9)
    assert mtl("explain", KEY, CYTOLOGY / "test.csv", "--id", "4", "--json").json["out_of_fold"] is False


def test_a_case(mtl: Call, registered: pd.DataFrame) -> None:
    row = json.loads(
        pd.read_csv(CYTOLOGY / "train.csv").iloc[[5]].to_json(orient="records", double_precision=15)
    )[0]
    answer = mtl("predict", KEY, "-", "--json", stdin=json.dumps(row).encode()).json
    assert answer["out_of_fold"] is True
    value = answer["tasks"]["malignant"]["values"]["malignant"]["value"]
    assert value == pytest.approx(registered["malignant"].iloc[5], abs=1e-12)
    del row["id"]
    answer = mtl("predict", KEY, "-", "--json", stdin=json.dumps(row).encode()).json
    assert answer["out_of_fold"] is False


def test_evaluate(mtl: Call, registered: pd.DataFrame, fitted: MultiTaskModel, tmp_path: Path) -> None:
    table = pd.read_csv(CYTOLOGY / "train.csv").head(150)
    table.to_csv(tmp_path / "t.csv", index=False)
    answer = mtl("evaluate", KEY, tmp_path / "t.csv", "--json", "--no-intervals").json
    assert answer["out_of_fold"] == 150
    own = scoring.score(fitted, table, scoring.out_of_fold(fitted, table), False, lambda task: None)
    expected = scoring.without_fitted(fitted, own)["malignant"].to_dict()
    assert answer["tasks"]["malignant"]["metrics"].keys() == expected["metrics"].keys()
    for name, metric in expected["metrics"].items():
        assert answer["tasks"]["malignant"]["metrics"][name]["value"] == pytest.approx(
            metric["value"], abs=1e-9
        )


def test_a_name_nobody_knows(mtl: Call, registered: pd.DataFrame) -> None:
    failed = mtl("evaluate", "leiden", CYTOLOGY / "test.csv").failed
    assert failed == "'leiden' is neither a model's folder nor a registered model; registered: tried"

"""`evaluate`: the contract's JSON, and numbers that somebody else computes from `predict`'s file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score
from sksurv.metrics import concordance_index_censored

from .conftest import CYTOLOGY, PBC, Call

PER_KIND = {
    "binary": {"auroc", "average_precision", "log_loss", "brier", "calibration_slope", "calibration_intercept", "accuracy"},
    "multiclass": {"macro_auroc", "log_loss", "accuracy"},
    "regression": {"r2", "rmse"},
    "survival": {"harrell_c", "uno_c", "integrated_brier", "ici@5y", "auroc@5y"},
}  # fmt: skip


def test_the_contract(mtl: Call, cytology: Path) -> None:
    answer = mtl("evaluate", cytology, CYTOLOGY / "test.csv", "--json").json
    assert set(answer["tasks"]) == {"malignant", "worst_area"}
    for task in answer["tasks"].values():
        assert set(task) == {"kind", "n", "metrics"}
        assert task["n"] == 143
        assert PER_KIND[task["kind"]] <= set(task["metrics"])
        for metric in task["metrics"].values():
            assert set(metric) == {"value", "low", "high"}
            assert metric["low"] <= metric["high"]


def test_every_kind_agrees_with_others_on_the_written_predictions(
    mtl: Call, pbc: Path, tmp_path: Path
) -> None:
    tasks = mtl("evaluate", pbc, PBC / "cohort.csv", "--json", "--no-intervals").json["tasks"]
    assert {task["kind"] for task in tasks.values()} == {"binary", "multiclass", "survival"}
    assert all(PER_KIND[task["kind"]] <= set(task["metrics"]) for task in tasks.values())
    mtl("predict", pbc, PBC / "cohort.csv", "--out", tmp_path / "p.csv")
    table, predicted = pd.read_csv(PBC / "cohort.csv"), pd.read_csv(tmp_path / "p.csv")
    value = {name: {k: m["value"] for k, m in task["metrics"].items()} for name, task in tasks.items()}
    known = table["ascites"].notna()
    assert tasks["ascites"]["n"] == known.sum()
    assert value["ascites"]["auroc"] == pytest.approx(
        roc_auc_score(table["ascites"][known], predicted["ascites"][known]), abs=1e-12
    )
    stages = table["stage"].notna()
    columns = [f"histologic_stage={k}" for k in (1, 2, 3, 4)]
    probabilities = predicted.loc[stages, columns].to_numpy()
    assert value["histologic_stage"]["log_loss"] == pytest.approx(
        log_loss(table["stage"][stages], probabilities), abs=1e-9
    )
    assert value["histologic_stage"]["accuracy"] == pytest.approx(
        accuracy_score(table["stage"][stages], 1 + probabilities.argmax(axis=1)), abs=1e-12
    )
    harrell = concordance_index_censored(
        (table["status"] > 0).to_numpy(), table["time"].to_numpy(), predicted["death_or_transplant.log_hazard"].to_numpy()
    )[0]  # fmt: skip
    assert value["death_or_transplant"]["harrell_c"] == pytest.approx(harrell, abs=1e-9)


def test_cytology_agrees_with_scikit_learn(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    tasks = mtl("evaluate", cytology, CYTOLOGY / "test.csv", "--json", "--no-intervals").json["tasks"]
    mtl("predict", cytology, CYTOLOGY / "test.csv", "--out", tmp_path / "p.csv")
    table, predicted = pd.read_csv(CYTOLOGY / "test.csv"), pd.read_csv(tmp_path / "p.csv")
    auroc = roc_auc_score(table["diagnosis"] == "malignant", predicted["malignant"])
    assert tasks["malignant"]["metrics"]["auroc"]["value"] == pytest.approx(auroc, abs=1e-12)
    assert tasks["worst_area"]["metrics"]["r2"]["value"] == pytest.approx(
        r2_score(table["worst_area"], predicted["worst_area"]), abs=1e-9
    )


def test_what_cannot_be_estimated_is_null_with_a_reason(mtl: Call, pbc: Path, tmp_path: Path) -> None:
    table = pd.read_csv(PBC / "cohort.csv").head(30).drop(columns="ascites")
    table.to_csv(tmp_path / "t.csv", index=False)
    result = mtl("evaluate", pbc, tmp_path / "t.csv", "--json", "--no-intervals")
    tasks = result.json["tasks"]
    assert tasks["ascites"]["n"] == 0
    for metric in tasks["ascites"]["metrics"].values():
        assert metric == {"value": None, "low": None, "high": None, "reason": "no labelled rows"}
    late = tasks["death_or_transplant"]["metrics"]["auroc@10y"]
    assert late["value"] is None
    assert "fewer than 20 still at risk" in late["reason"]
    assert any("'ascites'" in line for line in result.warned)
    text = mtl("evaluate", pbc, tmp_path / "t.csv", "--no-intervals").out
    assert "– this table: no labelled rows" in text


def test_a_horizon_that_the_model_does_not_estimate(mtl: Call, tmp_path: Path) -> None:
    study = (
        (PBC / "study.toml")
        .read_text(encoding="utf-8")
        .replace("horizons = [1, 3, 5, 10]", "horizons = [1, 5, 12.5]")
    )
    (tmp_path / "study.toml").write_text(study, encoding="utf-8")
    table = pd.read_csv(PBC / "cohort.csv")
    table.loc[table["time"] > 4300, "time"] = 4300
    table.to_csv(tmp_path / "t.csv", index=False)
    mtl("train", tmp_path / "t.csv", "--out", tmp_path / "m", "--no-intervals")
    tasks = mtl("evaluate", tmp_path / "m", PBC / "cohort.csv", "--json", "--no-intervals").json["tasks"]
    metrics = tasks["death_or_transplant"]["metrics"]
    assert metrics["auroc@5y"]["value"] > 0.7
    assert "does not estimate 12.5 years" in metrics["auroc@12.5y"]["reason"]
    case = mtl("predict", tmp_path / "m", "-", "--json", stdin=b'{"trt": 0}').json
    late = case["tasks"]["death_or_transplant"]["values"]["death_or_transplant@12.5y"]
    assert late["value"] is None
    assert "not estimable" in late["reason"]


def test_patients_with_several_rows_are_drawn_whole(mtl: Call, tmp_path: Path) -> None:
    """Every row twice, as one patient: the interval is that of the single rows, not a narrower one."""
    single = pd.read_csv(CYTOLOGY / "train.csv").assign(person=lambda t: t["id"])
    double = pd.concat([single, single.assign(id=single["id"] + 10_000)])
    study = (CYTOLOGY / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(
        study.replace('identifier = "id"', 'identifier = "id"\npatient = "person"'), encoding="utf-8"
    )
    single.head(200).to_csv(tmp_path / "t.csv", index=False)
    assert mtl("train", tmp_path / "t.csv", "--out", tmp_path / "m", "--no-intervals").code == 0
    widths = []
    for name, table in {"single": single, "double": double}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        rmse = mtl("evaluate", tmp_path / "m", tmp_path / f"{name}.csv", "--json").json["tasks"][
            "worst_area"
        ]["metrics"]["rmse"]
        widths.append(rmse["high"] - rmse["low"])
    assert widths[1] == pytest.approx(widths[0], rel=0.25)


def test_no_nan_in_json(mtl: Call, pbc: Path) -> None:
    def refuse(text: str) -> float:
        raise AssertionError(text)

    result = mtl("evaluate", pbc, PBC / "cohort.csv", "--json", "--no-intervals")
    tasks = json.loads(result.out, parse_constant=refuse)["tasks"]
    assert np.isfinite(
        [m["value"] for t in tasks.values() for m in t["metrics"].values() if m["value"] is not None]
    ).all()


def test_what_stands_beside_needs_the_training_patients(mtl: Call, cytology: Path) -> None:
    said = mtl("evaluate", cytology, CYTOLOGY / "test.csv", "--beside").failed
    assert "give its name instead of a folder" in said

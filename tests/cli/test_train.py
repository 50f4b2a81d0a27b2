"""`train`: honest numbers, the model folder, and what is refused before the work begins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl import MultiTaskModel, Study, load_sample
from mtl.__main__ import main
from mtl.commands import scoring
from mtl.evaluate.concordance import harrell_c
from mtl.evidence import honest
from mtl.multitask import TableWarning

from .conftest import CYTOLOGY, PBC, Call


def test_the_seeds_walk(mtl: Call, tmp_path: Path) -> None:
    result = mtl(
        "train", CYTOLOGY / "train.csv", "--study", CYTOLOGY / "study.toml", "--test", CYTOLOGY / "test.csv",
        "--out", tmp_path / "x",
    )  # fmt: skip
    assert result.code == 0, result.err
    heading, accuracy = (
        next(line for line in result.out.splitlines() if word in line) for word in ("[malignant", "accuracy")
    )
    assert heading.split("   ")[-1].strip() == "test, n = 143"
    model = MultiTaskModel.load(tmp_path / "x")
    _study, held_out = load_sample("cytology", part="test")
    right = ((model.predict(held_out)["malignant"] > 0.5) == (held_out["diagnosis"] == "malignant")).mean()
    assert f"{right:.3f}" in accuracy
    assert "100%" in result.err
    assert result.warned == []


def test_json_has_both_tables(mtl: Call, tmp_path: Path) -> None:
    answer = mtl(
        "train", CYTOLOGY / "train.csv", "--test", CYTOLOGY / "test.csv", "--out", tmp_path / "x", "--json",
        "--no-intervals", "--seed", "3",
    ).json  # fmt: skip
    assert answer["seed"] == 3
    assert answer["rows"] == 426
    assert answer["tasks"]["malignant"]["n"] == 426
    assert answer["tasks"]["malignant"]["metrics"]["auroc"]["value"] > 0.98
    assert answer["test"]["tasks"]["malignant"]["metrics"]["accuracy"]["value"] > 0.94
    assert answer["test"]["tasks"] == mtl(
        "evaluate", tmp_path / "x", CYTOLOGY / "test.csv", "--json", "--no-intervals"
    ).json["tasks"]  # fmt: skip
    for task in answer["tasks"].values():
        assert all(("reason" in m) == (m["value"] is None) for m in task["metrics"].values())


@pytest.fixture(scope="module")
def fitted() -> tuple[MultiTaskModel, pd.DataFrame]:
    study, table = load_sample("pbc")
    return MultiTaskModel(study).fit(table), table


def test_out_of_fold_numbers_are_the_kept_margins(fitted: tuple[MultiTaskModel, pd.DataFrame]) -> None:
    """The fold predictors, asked again, say what the blend was fitted to, in every kind."""
    model, table = fitted
    given = scoring.out_of_fold(model, table)
    assert list(given.numbers.index) == list(table.index)
    known = table["ascites"].notna().to_numpy()
    kept = model.out_of_fold_["ascites"].margin[:, 0]
    np.testing.assert_allclose(given.numbers["ascites"][known], 1 / (1 + np.exp(-kept)), atol=1e-9)
    baseline = model.predictor_.task("death_or_transplant").baseline
    assert baseline is not None
    risk = given.numbers["death_or_transplant@5y.untreated"].to_numpy()
    expected = baseline.risk(
        model.out_of_fold_["death_or_transplant"].margin[:, 0], np.zeros((len(table), 1)), np.array([5.0])
    )[:, 0]
    np.testing.assert_allclose(risk, expected, atol=1e-9)
    with pytest.warns(TableWarning, match="'trt'"):
        in_sample = model.predict(table)
    assert np.abs(given.numbers["ascites"] - in_sample["ascites"]).mean() > 0.005


def test_survival_is_compared_within_folds(fitted: tuple[MultiTaskModel, pd.DataFrame]) -> None:
    model, table = fitted
    given = scoring.out_of_fold(model, table)
    found = scoring.score(model, table, given, False, lambda task: None)["death_or_transplant"]
    assert given.fold is not None
    of = given.fold
    time, event = table["time"].to_numpy(), (table["status"] > 0).to_numpy()
    scores = given.numbers["death_or_transplant.log_hazard"].to_numpy()
    by_fold = [harrell_c(time[of == f], event[of == f], scores[of == f]) for f in np.unique(of)]
    assert len(by_fold) == 5
    assert found.metrics["harrell_c"].value == pytest.approx(np.mean(by_fold), abs=1e-12)


def test_what_was_fitted_to_the_rows_is_not_shown_as_a_finding(
    fitted: tuple[MultiTaskModel, pd.DataFrame],
) -> None:
    model, table = fitted
    scores = scoring.score(model, table, scoring.out_of_fold(model, table), False, lambda task: None)
    shown = scoring.without_fitted(model, scores)["ascites"].metrics
    assert shown["calibration_intercept"].reason == honest.BY_CONSTRUCTION
    assert shown["auroc"] == scores["ascites"].metrics["auroc"]


def small(tmp_path: Path, rows: int = 60, **changes: object) -> Path:
    """The beginning of the training table beside its study."""
    table = pd.read_csv(CYTOLOGY / "train.csv").head(rows)
    for name, values in changes.items():
        table[name] = values
    table.to_csv(tmp_path / "table.csv", index=False)
    shutil.copy(CYTOLOGY / "study.toml", tmp_path / "study.toml")
    return tmp_path / "table.csv"


def test_a_task_left_out_is_said(mtl: Call, tmp_path: Path) -> None:
    result = mtl(
        "train", small(tmp_path, diagnosis="benign"), "--out", tmp_path / "x", "--json", "--no-intervals"
    )
    assert list(result.json["tasks"]) == ["worst_area"]
    assert result.json["left_out"] == {"malignant": "every labelled row has the same class"}
    assert result.warned == ["task malignant is left out: every labelled row has the same class"]
    assert result.json["warnings"] == result.warned
    text = mtl("train", tmp_path / "table.csv", "--out", tmp_path / "x", "--no-intervals").out
    assert "Left out: malignant: every labelled row has the same class" in text


def test_unreadable_cells_and_repeated_identifiers_are_said(mtl: Call, tmp_path: Path) -> None:
    path = small(
        tmp_path,
        mean_radius=["huge", *[12.0] * 59],
        diagnosis=["?", *["benign", "malignant"] * 29, "benign"],
        id=7,
    )
    result = mtl("train", path, "--out", tmp_path / "x", "--no-intervals")
    assert result.code == 0
    assert any(line.startswith("column 'mean_radius': 1 values are not numbers") for line in result.warned)
    assert any(line.startswith("60 rows share their id") for line in result.warned)


def test_test_patients_who_were_trained_on_are_said(mtl: Call, tmp_path: Path) -> None:
    path = small(tmp_path)
    result = mtl("train", path, "--test", path, "--out", tmp_path / "x", "--no-intervals")
    assert result.warned == [
        "test table: 60 rows are also in the training table, with identifier and findings"
    ]


def test_refusals_come_first(mtl: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MultiTaskModel, "fit", lambda *_: pytest.fail("training began"))
    path = small(tmp_path)
    there = tmp_path / "there"
    there.mkdir()
    (there / "thesis.txt").write_text("years of work")
    assert "'thesis.txt'" in mtl("train", path, "--out", there).failed
    (there / "manifest.json").write_text('{"name": "a browser extension"}')
    assert "not part of a model" in mtl("train", path, "--out", there).failed
    assert (there / "thesis.txt").read_text() == "years of work"
    assert "not a folder" in mtl("train", path, "--out", path).failed
    assert "is not a folder" in mtl("train", path, "--out", path / "model").failed
    assert "t.csv" in mtl("train", PBC / "none" / "t.csv", "--out", there / "a").failed
    assert "check the path" in mtl("train", path, "--study", there / "s.toml", "--out", there / "a").failed
    assert "no such file" in mtl("train", tmp_path / "t.csv", "--out", there / "a").failed
    (tmp_path / "study.toml").write_text("[study]\nname = 1\n")
    assert "\n" not in mtl("train", path, "--out", there / "a").failed


def test_files_beside_a_model_are_never_replaced_with_it(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    shutil.copytree(cytology, tmp_path / "m")
    (tmp_path / "m" / "predictions.csv").write_text("mine")
    assert "'predictions.csv'" in mtl("train", small(tmp_path), "--out", tmp_path / "m").failed


@pytest.mark.parametrize(
    "wrong",
    [["--effort", "huge"], ["--seed", "-1"], ["--seed", "1.5"], ["--eff", "quick"], ["--out"], ["--json=1"]],
)
def test_usage(mtl: Call, tmp_path: Path, wrong: list[str]) -> None:
    result = mtl("train", CYTOLOGY / "train.csv", "--out", tmp_path / "x", *wrong)
    assert (result.code, result.out) == (2, "")
    assert "Traceback" not in result.err


def test_a_warning_is_a_line_without_a_path(mtl: Call, tmp_path: Path) -> None:
    with pytest.warns(TableWarning):
        _study, table = load_sample("cytology")
        MultiTaskModel(Study.from_toml(CYTOLOGY / "study.toml")).fit(
            table.head(60).drop(columns="id").assign(diagnosis="")
        )
    result = mtl("train", small(tmp_path, diagnosis=""), "--out", tmp_path / "x", "--no-intervals")
    assert "TableWarning" not in result.err
    assert ".py" not in result.err


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    path = small(tmp_path)
    for name in ("a", "b"):
        assert main(["train", str(path), "--out", str(tmp_path / name), "--no-intervals"]) == 0
    manifests = [json.loads((tmp_path / name / "manifest.json").read_text()) for name in ("a", "b")]
    assert manifests[0] == manifests[1]

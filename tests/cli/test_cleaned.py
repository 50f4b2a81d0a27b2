"""A model of a table that needed cleaning reads what it is asked in the same way, and says the page's numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl.__main__ import main
from mtl.commands.reading import remembered
from mtl.jobs import process
from mtl.jobs.worker import Worker
from mtl.model.files import ModelFileError, read_folder
from mtl.services import models, uploads
from mtl.services.own import scoring
from mtl.store import database
from mtl.tables import Answers

from .conftest import SAMPLES, Call

MESSY = SAMPLES / "messy_clinic.csv"
SAID = {"sentinels": {"年龄": ["999"], "阳性淋巴结数": ["99"]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cleaned")
    (place / "answers.json").write_text(json.dumps(SAID), encoding="utf-8")
    asked = ["train", MESSY, "--answers", place / "answers.json", "--no-intervals", "--out", place / "model"]
    assert main(list(map(str, asked))) == 0
    return place / "model"


def numbers(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path)


def test_the_command_line_and_the_page_say_the_same(
    folder: Path, mtl: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = mtl("predict", folder, MESSY, "--out", tmp_path / "told.parquet")
    assert result.code == 0 and "cleaned in the same way" in result.err
    told = numbers(tmp_path / "told.parquet")
    monkeypatch.setattr(process, "ensure", lambda: None)
    key = models.register(folder, "messy").key
    uploads.bring(MESSY.read_bytes(), MESSY.name)
    upload = uploads.answer(Answers.from_dict(SAID))
    scoring.begin(upload, key)
    Worker().run()
    page = scoring.numbers(upload, key)
    database.close()
    assert page is not None and len(page) == len(told)
    shared = [name for name in told.columns if name in page.columns]
    assert len(shared) > 6
    assert told[shared[0]].astype(str).tolist() == page[shared[0]].astype(str).tolist()
    for name in shared[1:]:
        np.testing.assert_array_equal(told[name].to_numpy(float), page[name].to_numpy(float), name)
    again = mtl("predict", key, MESSY, "--out", tmp_path / "registered.parquet")
    assert again.code == 0
    pd.testing.assert_frame_equal(numbers(tmp_path / "registered.parquet"), told)
    database.close()


def test_the_workbook_of_the_same_patients_gives_the_same(folder: Path, mtl: Call, tmp_path: Path) -> None:
    for name in ("messy_clinic.csv", "messy_clinic.xlsx"):
        assert mtl("predict", folder, SAMPLES / name, "--out", tmp_path / f"{name}.parquet").code == 0
    one, other = (numbers(tmp_path / f"messy_clinic.{form}.parquet") for form in ("csv", "xlsx"))
    pd.testing.assert_frame_equal(one, other)


def test_plainly_it_would_be_refused_and_the_way_out_is_told(folder: Path, mtl: Call, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    assert "--clean" in mtl("predict", folder, MESSY, "--plain", "--out", out).failed
    assert not out.exists()
    assert "--clean" in mtl("evaluate", folder, SAMPLES / "messy_clinic.xlsx", "--plain").failed
    assert "no such file" in mtl("predict", folder, tmp_path / "none.csv", "--out", out).failed
    assert mtl("predict", folder, MESSY, "--plain", "--clean", "--out", out).code == 2
    answers = tmp_path / "a.json"
    answers.write_text("{}", encoding="utf-8")
    assert (
        "give one of them"
        in mtl("predict", folder, MESSY, "--plain", "--answers", answers, "--out", out).failed
    )


def test_evaluating_and_explaining_read_it_too(folder: Path, mtl: Call) -> None:
    judged = mtl("evaluate", folder, MESSY, "--no-intervals", "--json").json
    assert judged["rows"] == 420 and all(found["n"] for found in judged["tasks"].values())
    told = mtl("explain", folder, MESSY, "--id", "0040037", "--json")  # a code, not the number 40037
    assert told.code == 0 and told.json["id"] == "0040037"


def test_a_chunk_at_a_time_gives_the_same(
    folder: Path, mtl: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mtl("predict", folder, MESSY, "--out", tmp_path / "one.parquet")
    monkeypatch.setattr("mtl.commands.reading.CHUNK_ROWS", 50)
    mtl("predict", folder, MESSY, "--out", tmp_path / "many.parquet")
    pd.testing.assert_frame_equal(numbers(tmp_path / "one.parquet"), numbers(tmp_path / "many.parquet"))


def test_answers_about_other_columns_are_passed_over(folder: Path, mtl: Call, tmp_path: Path) -> None:
    lines = MESSY.read_bytes().decode("gb18030")
    (tmp_path / "few.csv").write_text(lines.replace("阳性淋巴结数", "别的"), encoding="utf-8")
    result = mtl("predict", folder, tmp_path / "few.csv", "--out", tmp_path / "x.csv")
    assert result.code == 0 and any("阳性淋巴结数" in line for line in result.warned)


def test_another_unit_is_warned_of(folder: Path, mtl: Call, tmp_path: Path) -> None:
    study = read_folder(folder)["study.toml"]
    assert "mm" in study
    rows = [f"P{i},{1 + i % 4}.{i % 10} cm" for i in range(40)]
    (tmp_path / "cm.csv").write_text("\n".join(["住院号,肿瘤大小 (cm)", *rows]), encoding="utf-8")
    result = mtl("predict", folder, tmp_path / "cm.csv", "--out", tmp_path / "x.csv")
    assert any("is in cm here and in mm in the study" in line for line in result.warned), result.err


def test_a_model_of_a_plain_table_reads_plainly(cytology: Path, mtl: Call, tmp_path: Path) -> None:
    assert "cleaning.json" not in read_folder(cytology)
    rows = SAMPLES / "cytology" / "test.csv"
    result = mtl("predict", cytology, rows, "--out", tmp_path / "plain.parquet")
    assert "cleaned" not in result.err
    asked = mtl("predict", cytology, rows, "--clean", "--out", tmp_path / "clean.parquet")
    assert asked.code == 0
    pd.testing.assert_frame_equal(numbers(tmp_path / "plain.parquet"), numbers(tmp_path / "clean.parquet"))


def test_what_is_remembered_is_checked(folder: Path, mtl: Call, tmp_path: Path) -> None:
    kept = remembered(read_folder(folder)["cleaning.json"])
    assert kept == Answers.from_dict(SAID)
    for bad in ("[]", "{", '{"dates": {"x": "sideways"}}'):
        with pytest.raises(ModelFileError, match="do not use this model"):
            remembered(bad)
    (folder / "cleaning.json").write_text("{}", encoding="utf-8")  # changed behind the manifest
    try:
        assert "cleaning.json" in mtl("predict", folder, MESSY, "--out", tmp_path / "x.csv").failed
    finally:
        (folder / "cleaning.json").write_text(kept.to_json(), encoding="utf-8")  # type: ignore[union-attr]

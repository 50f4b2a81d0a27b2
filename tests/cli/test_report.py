"""`report`: the page of one patient, from the command line."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from mtl.services.paper import notes as report_notes
from mtl.services.patients import cases, cohorts
from mtl.store import database

from .conftest import CYTOLOGY, PBC, Call

ROTTERDAM = CYTOLOGY.parent / "rotterdam"


def text(path: Path) -> str:
    return " ".join(
        "".join(page.extract_text() for page in PdfReader(io.BytesIO(path.read_bytes())).pages).split()
    )


@pytest.mark.parametrize(("lang", "words"), [("en", "Patient 4"), ("zh", "患者4")])
def test_the_page_has_the_numbers_of_the_answer(
    mtl: Call, pbc: Path, tmp_path: Path, lang: str, words: str
) -> None:
    out = tmp_path / "case.pdf"
    call = (
        "report",
        pbc,
        PBC / "cohort.csv",
        "--id",
        "4",
        "--out",
        out,
        "--lang",
        lang,
        "--paper",
        "letter",
        "--json",
    )
    answer = mtl(*call).json
    sheet = text(out)
    assert words.replace(" ", "") in sheet.replace(" ", "")
    assert answer["pages"] == 1
    for task in answer["tasks"].values():
        for number in task["printed"].values():
            assert number.replace("\u00a0", "") in sheet.replace(" ", "")
    assert PdfReader(out).pages[0].mediabox.width == 612


def test_it_agrees_with_predict(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    table = CYTOLOGY / "test.csv"
    printed = mtl("report", cytology, table, "--id", "4", "--out", tmp_path / "a.pdf", "--json").json["tasks"]
    values = mtl("explain", cytology, table, "--id", "4", "--json").json["tasks"]
    assert printed["worst_area"]["printed"]["worst_area"].startswith(
        f"{values['worst_area']['values']['worst_area']['value']:,.0f}"
    )


def test_a_registered_model_prints_what_the_app_shows(
    mtl: Call, sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    try:
        row = cohorts.worklist("rotterdam", cohorts.Query(offset=3, limit=1)).rows.iloc[0]
        case = cases.open_case(str(row["case_key"]))
        call = (
            "report",
            "rotterdam",
            ROTTERDAM / "cohort.csv",
            "--id",
            row["identifier"],
            "--out",
            tmp_path / "a.pdf",
        )
        answer = mtl(*call, "--json").json
        assert answer["out_of_fold"] is True
        assert {task: found["printed"] for task, found in answer["tasks"].items()} == {
            output.task.name: {one.column: one.text for one in output.numbers} for output in case.outputs
        }
    finally:
        database.close()


def test_a_patient_new_to_a_registered_model_is_laid_beside_its_training_patients(
    mtl: Call, sample_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """GBSG's patient is in no training set: the same notes as the app has for the same patient of its cohort."""
    monkeypatch.setenv("CONSILIUM_HOME", str(sample_home))
    try:
        row = cohorts.worklist("gbsg", cohorts.Query(offset=5, limit=1)).rows.iloc[0]
        case = cases.open_case(str(row["case_key"]))
        table = ROTTERDAM.parent / "gbsg" / "cohort.csv"
        call = (
            "report",
            "rotterdam",
            table,
            "--id",
            row["identifier"],
            "--out",
            tmp_path / "a.pdf",
            "--json",
        )
        assert mtl(*call).json["out_of_fold"] is False
        sheet = text(tmp_path / "a.pdf").replace(" ", "")
        similar, notes = report_notes.similar_note(case), report_notes.treatment_notes(case)
        assert similar is not None and len(notes) == 2
        assert similar.sentences[0].replace(" ", "") in sheet
        for note in notes:
            assert note.usual and note.usual.replace(" ", "") in sheet
            assert all(one.replace(" ", "").replace("\u00a0", "") in sheet for one in note.benefit)
    finally:
        database.close()


def test_usage(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    table = CYTOLOGY / "test.csv"
    assert mtl("report", cytology, table, "--id", "4").code == 2
    assert mtl("report", cytology, table, "--id", "4", "--out", tmp_path / "a.txt").code == 2
    assert mtl("report", cytology, table, "--id", "4", "--out", tmp_path / "a.pdf", "--paper", "a3").code == 2
    assert mtl("report", cytology, table, "--id", "4", "--out", tmp_path / "a.pdf", "--lang", "fr").code == 2


def test_nothing_is_written_where_there_is_no_such_patient(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    failed = mtl(
        "report", cytology, CYTOLOGY / "test.csv", "--id", "nobody", "--out", tmp_path / "a.pdf"
    ).failed
    assert "no row with id 'nobody'" in failed
    assert not list(tmp_path.iterdir())
    missing = mtl(
        "report", cytology, CYTOLOGY / "test.csv", "--id", "4", "--out", tmp_path / "no" / "a.pdf"
    ).failed
    assert "No such file or directory" in missing


def test_markup_in_an_identifier_is_printed_as_words(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    table = pd.read_csv(CYTOLOGY / "test.csv", dtype=str).head(1).assign(id="#panic() ] *x* `y` 😀 \u202e=1")
    table.to_csv(tmp_path / "t.csv", index=False)
    name = table["id"].iloc[0]
    assert mtl("report", cytology, tmp_path / "t.csv", "--id", name, "--out", tmp_path / "a.pdf").code == 0
    assert "Patient #panic() ] *x* `y` [U+1F600] [U+202E]=1" in text(tmp_path / "a.pdf")

"""`card` and `validate`: documents of a model from the command line."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from mtl.services.evidence import words as evidence_words
from mtl.store import database

from .conftest import CYTOLOGY, Call

TEST = CYTOLOGY / "test.csv"


def close(words: str) -> str:
    return "".join(words.replace("\u200b", "").split())


def sheet(path: Path) -> str:
    return close("".join(page.extract_text() for page in PdfReader(io.BytesIO(path.read_bytes())).pages))


@pytest.mark.parametrize(("lang", "words"), [("en", "Model card"), ("zh", "模型卡")])
def test_a_folder_has_a_card(mtl: Call, cytology: Path, tmp_path: Path, lang: str, words: str) -> None:
    answer = mtl("card", cytology, "--out", tmp_path / "c.pdf", "--lang", lang, "--json").json
    assert close(words) in sheet(tmp_path / "c.pdf")
    assert answer["model"]["version"] in sheet(tmp_path / "c.pdf")
    assert {name: (one["items"], one["entries"]) for name, one in answer["lists"].items()} == {
        "tripod": (27, 52),
        "hti": (31, 31),
    }
    for one in answer["lists"].values():
        assert sum(one["states"].values()) == one["entries"]


def test_the_report_of_a_table_has_the_numbers_of_evaluate(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    answer = mtl("validate", cytology, TEST, "--out", tmp_path / "r.html", "--json").json
    assert answer["parts"] == ["accuracy"] and answer["rows"] == 143 and not answer["out_of_fold"]
    text = close(re.sub(r"<[^>]*>", "", (tmp_path / "r.html").read_text(encoding="utf-8")))
    for task in mtl("evaluate", cytology, TEST, "--json").json["tasks"].values():
        for metric in task["metrics"].values():
            assert close(evidence_words.value(metric)) in text


def test_a_part_more_and_a_task_less(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    call = (
        "validate",
        cytology,
        TEST,
        "--out",
        tmp_path / "r.md",
        "--compute",
        "cutoff",
        "--task",
        "malignant",
    )
    assert mtl(*call, "--json").json["parts"] == ["accuracy", "cutoff"]
    text = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert "Decision curve" in text and "Malignant" in text
    assert "What sharing brought" not in text  # its patients are not here


def test_a_registered_model_on_a_registered_cohort(
    mtl: Call, judged_home: Path, private_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONSILIUM_HOME", str(judged_home))
    try:
        answer = mtl("validate", "rotterdam", "gbsg", "--out", tmp_path / "r.pdf", "--json").json
        assert answer["rows"] == 686 and "accuracy" in answer["parts"]
        assert "0.301(0.291to0.311)" in sheet(tmp_path / "r.pdf")  # what was kept, not computed anew
        card = mtl("card", "rotterdam", "--out", tmp_path / "c.md", "--json").json
        assert card["lists"]["tripod"]["states"]["known"] > 10
        assert "0.501 (0.491 to 0.511)" in (tmp_path / "c.md").read_text(encoding="utf-8")
        assert "no cohort" in mtl("validate", "rotterdam", "nothing", "--out", tmp_path / "n.pdf").failed
        assert "is neither a model's folder" in mtl("card", "nothing", "--out", tmp_path / "n.md").failed
    finally:
        database.close()
    assert not (tmp_path / "n.pdf").exists() and not (tmp_path / "n.md").exists()


def test_usage(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    assert mtl("card", cytology, "--out", tmp_path / "c.docx").code == 2
    assert mtl("validate", cytology, TEST, "--out", tmp_path / "r.docx").code == 2
    assert mtl("validate", cytology, TEST, "--out", tmp_path / "r.pdf", "--compute", "nothing").code == 2
    assert mtl("validate", cytology, TEST).code == 2
    assert "no task 'x'" in mtl("validate", cytology, TEST, "--out", tmp_path / "r.md", "--task", "x").failed
    assert "is a folder" in mtl("validate", cytology, "gbsg", "--out", tmp_path / "r.md").failed
    assert not list(tmp_path.iterdir())


def test_a_hostile_table_name_is_words(mtl: Call, cytology: Path, tmp_path: Path) -> None:
    path = tmp_path / "<img src=x> #panic() ![a](b).csv"
    pd.read_csv(TEST, dtype=str).head(60).to_csv(path, index=False)
    for kind in ("html", "md", "pdf"):
        assert mtl("validate", cytology, path, "--out", tmp_path / f"r.{kind}").code == 0
    assert "<img" not in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert not re.search(r"(?<!\\)<img", (tmp_path / "r.md").read_text(encoding="utf-8"))
    assert close(path.name) in sheet(tmp_path / "r.pdf")

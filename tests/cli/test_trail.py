"""Every command that shows or takes away what the app keeps leaves its entry; what lies outside the home leaves none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from mtl import MultiTaskModel, load_sample
from mtl.__main__ import COMMANDS
from mtl.services.owners import prefix
from mtl.services.patients import cases
from mtl.store import audit, cohorts, database, models, scores
from mtl.store.audit import Entry
from mtl.store.home import secret
from mtl.store.keys import case_key

from .conftest import CYTOLOGY, Call

TRAIN, KEY, ID = CYTOLOGY / "train.csv", "tried", "3"
Arguments = tuple[object, ...]
#: The entries that tell of what each command did with the app's state; none where it shows nothing of the home.
LEAVES: dict[str, tuple[str, ...]] = {
    "profile": (),  # a table of the caller's
    "train": (),  # a table of the caller's, into a folder of theirs
    "evaluate": ("evidence",),
    "transfer": ("evidence",),
    "predict": ("score",),
    "explain": ("open case",),
    "report": ("open case", "print"),
    "card": ("export card",),
    "validate": ("export report",),
    "link": ("link",),
    "serve": (),  # the app, which writes down what it shows
    "backup": ("backup",),
    "restore": ("restore",),
    "forget": ("forget",),
    "audit": ("export audit",),
}


@pytest.fixture(scope="module")
def fitted() -> MultiTaskModel:
    study, table = load_sample("cytology")
    few = study.model_copy(update={"tasks": study.tasks[:1]})
    return MultiTaskModel(few).fit(table.head(150))


@pytest.fixture
def registered(fitted: MultiTaskModel, private_home: Path) -> Iterator[Path]:
    """A home with a cohort, its model and its numbers."""
    _, table = load_sample("cytology")
    cohort = cohorts.register(f"{prefix()}c1", "tried", fitted.study, table.head(150))
    record = models.register_trained(f"{prefix()}{KEY}", "tried", fitted, cohort, table.head(150))
    scores.score(cohort, record, lambda stage, share: None)
    yield private_home
    database.close()


@pytest.fixture
def loose(fitted: MultiTaskModel, tmp_path: Path) -> Path:
    fitted.save(tmp_path / "loose")
    return tmp_path / "loose"


def calls(folder: Path, model: object, cohort: str) -> dict[str, Arguments]:
    """How each command is called on a model."""
    pd.read_csv(TRAIN).head(150).to_csv(folder / "t.csv", index=False)
    return {
        "evaluate": (model, folder / "t.csv", "--no-intervals"),
        "transfer": (model, folder / "t.csv", "--permutations", "1"),
        "predict": (model, folder / "t.csv", "--out", folder / "p.csv"),
        "explain": (model, folder / "t.csv", "--id", ID),
        "report": (model, folder / "t.csv", "--id", ID, "--out", folder / "r.pdf"),
        "card": (model, "--out", folder / "c.md"),
        "validate": (model, cohort, "--out", folder / "v.md"),
        "link": (cohort, "--id", ID),
        "backup": (folder / "b.tar",),
        "audit": ("export", folder / "a.csv"),
        "forget": (cohort, "--yes"),
    }


def entries() -> list[Entry]:
    return [kept.entry for kept in audit.entries()]


def test_the_table_names_every_command() -> None:
    assert set(LEAVES) == set(COMMANDS)


def test_what_is_shown_of_the_home_is_written_down(
    mtl: Call, registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: MultiTaskModel
) -> None:
    cohort, model = f"{prefix()}c1", f"{prefix()}{KEY}"
    monkeypatch.setattr(
        "mtl.commands.transfer.audit", lambda *_: {"tasks": {}}
    )  # trains again: not what is asked here
    monkeypatch.setattr("mtl.commands.transfer._text", lambda *_: "")
    every = calls(tmp_path, model, cohort)
    assert {name for name, left in LEAVES.items() if left} == {*every, "restore"}
    for name, arguments in every.items():
        before = len(entries())
        assert mtl(name, *arguments).code == 0, name
        new = entries()[before:]
        assert tuple(one.action for one in new) == LEAVES[name], name
        told = json.dumps([one.__dict__ for one in new])
        if name in ("evaluate", "transfer", "predict", "explain", "report", "card", "validate"):
            assert model in told and fitted.version_ in told, name
        if name in ("explain", "report", "link"):
            assert new[0].case_key == case_key(secret(), cohort, ID), name
        assert audit.verify().wrong is None
    before = len(entries())
    for arguments in (("audit", "verify"), ("profile", tmp_path / "t.csv"), ("forget", cohort)):
        mtl(*arguments)
    assert len(entries()) == before
    database.close()
    monkeypatch.setenv("CONSILIUM_HOME", str(tmp_path / "new"))
    assert mtl("restore", tmp_path / "b.tar").code == 0
    assert (entries()[-1].action,) == LEAVES["restore"]


def test_an_explained_patient_is_told_of_as_on_the_screen(
    mtl: Call, registered: Path, tmp_path: Path
) -> None:
    cohort, model = f"{prefix()}c1", f"{prefix()}{KEY}"
    arguments = calls(tmp_path, model, cohort)
    assert mtl("explain", *arguments["explain"]).code == 0
    case = json.loads(pd.read_csv(TRAIN).iloc[[150]].to_json(orient="records", double_precision=15))[0]
    assert mtl("predict", model, "-", stdin=json.dumps(case).encode()).code == 0
    cases.open_case(case_key(secret(), cohort, ID))
    explained, asked, opened = entries()
    assert explained.inputs == opened.inputs and explained.case_key == opened.case_key
    assert (explained.model, explained.version) == (opened.model, opened.version)
    assert explained.detail == {"command": "explain"} and explained.shown
    assert (
        asked.case_key is None and asked.cohort is None and asked.inputs != explained.inputs and asked.shown
    )
    assert str(case["mean_area"]) not in json.dumps(asked.__dict__)


def test_what_lies_outside_the_home_leaves_nothing(
    mtl: Call, private_home: Path, loose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtl.commands.transfer.audit", lambda *_: {"tasks": {}})
    monkeypatch.setattr("mtl.commands.transfer._text", lambda *_: "")
    every = calls(tmp_path, loose, "")
    every["validate"] = (loose, tmp_path / "t.csv", "--out", tmp_path / "v.md")
    for name in ("evaluate", "transfer", "predict", "explain", "report", "card", "validate"):
        assert mtl(name, *every[name]).code == 0, name
    assert mtl("profile", tmp_path / "t.csv").code == 0
    assert not (private_home / database.FILE).exists()


def test_nothing_is_shown_where_it_cannot_be_written_down(
    mtl: Call, registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise database.StoreError("the disk of the database is full")

    every = calls(tmp_path, f"{prefix()}{KEY}", f"{prefix()}c1")
    monkeypatch.setattr(audit, "keep", full)
    for name in ("evaluate", "predict", "explain", "report", "card", "validate", "link"):
        assert "the disk of the database is full" in mtl(name, *every[name]).failed, name
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".pdf", ".md") or path.name == "p.csv"]

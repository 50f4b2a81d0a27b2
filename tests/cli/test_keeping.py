"""`backup`, `restore`, `forget` and `audit` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from sqlalchemy import text

from mtl.data.samples import load_sample
from mtl.services import trail
from mtl.services.owners import prefix
from mtl.store import cohorts, database, home

from .conftest import Call
from .test_docs import EXAMPLES, same_shape


@pytest.fixture(autouse=True)
def closed(private_home: Path) -> object:
    yield
    database.close()


def test_a_backup_there_and_back(mtl: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trail.note("discard", upload="=x")
    file = tmp_path / "b.tar"
    made = mtl("backup", file, "--json").json
    same_shape(EXAMPLES["backup"] | {"rows": made["rows"]}, made)
    assert "exists already" in mtl("backup", file).failed
    database.close()
    monkeypatch.setenv("CONSILIUM_HOME", str(tmp_path / "new"))
    found = mtl("restore", file, "--json").json
    same_shape(EXAMPLES["restore"] | {"rows": found["rows"]}, found)
    assert mtl("audit", "verify", "--json").json["entries"] == 2  # the restore is the second
    assert "--replace" in mtl("restore", file).failed
    home.serve()
    assert "the app runs" in mtl("restore", file, "--replace").failed
    home._held.popitem()[1].close()
    assert "is as it was" in mtl("restore", file, "--replace").out
    file.write_bytes(file.read_bytes()[:5000])
    assert "nothing was changed" in mtl("restore", file, "--replace").failed


def test_forget_says_what_goes_before_it_does(mtl: Call) -> None:
    study, table = load_sample("pbc")
    key = f"{prefix()}liver"
    cohorts.register(key, "liver", study, table.iloc[:20])
    assert "would delete liver: 20 patients" in mtl("forget", "liver").out
    assert mtl("forget", key, "--json").json["deleted"] is False
    found = mtl("forget", "liver", "--yes", "--json").json
    same_shape(EXAMPLES["forget"] | {"models": []}, found)
    assert found["deleted"] is True and cohorts.every() == []
    assert "no cohort" in mtl("forget", "liver").failed


def test_the_trail_is_verified_and_taken_away(mtl: Call, tmp_path: Path) -> None:
    for name in ("=HYPERLINK(1)", "plain"):
        trail.note("share", who=name, kind="user")
    same_shape(EXAMPLES["audit"], mtl("audit", "verify", "--json").json)
    known = mtl("audit", "verify", "--json").json["head"]
    assert mtl("audit", "verify", "--known", known).code == 0
    assert mtl("audit", "export", tmp_path / "t.csv").code == 0
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [row["action"] for row in rows] == ["share", "share", "export audit"]
    assert json.loads(rows[0]["detail"])["who"] == "=HYPERLINK(1)" and not rows[0]["detail"].startswith("=")
    assert ".csv" in mtl("audit", "export", tmp_path / "t.txt").failed
    with database.writing() as connection:
        connection.execute(text("DROP TRIGGER audit_no_delete"))
        connection.execute(text("DELETE FROM audit WHERE number = 2"))
    assert "not whole: entry 2 is missing" in mtl("audit", "verify").failed


@pytest.mark.parametrize(
    "call",
    [("audit", "export"), ("audit", "verify", "x"), ("audit", "burn"), ("audit", "verify", "--known", "7")],
)
def test_what_does_not_go_together(mtl: Call, call: tuple[str, ...]) -> None:
    assert mtl(*call).code == 2

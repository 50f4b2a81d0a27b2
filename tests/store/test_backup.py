"""Backups: whole or refused whole, between both databases, from older versions; what is deleted is gone."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from mtl.data.samples import load_sample
from mtl.store import audit, backup, cohorts, database, private_cases, records, settings, uploads
from mtl.store.audit import Entry
from mtl.store.database import StoreError
from mtl.store.home import RESTORING, ROOMS
from mtl.store.records import Record
from tests import postgresql

OLD = Path(__file__).with_name("old")


def fill() -> str:
    """A little of everything; the key of a case."""
    study, table = load_sample("pbc")
    made = cohorts.register("pbc", "pbc", study, table, sample=True)
    key = made.case_keys[3].decode()
    private_cases.add("ada", "pbc", "床 4", {"age": 51.5, "hepatomegaly": True, "note": None})
    signed = Record(
        "a" * 20, database.now(), "ada", key, "pbc", None, "m", "1", "00", "agree", {}, "", "好", {}, []
    )
    records.append(signed, entry=Entry("ada", "sign", case_key=key))
    settings.put("ada", "own_estimate", True)
    uploads.keep(uploads.owner_of("ada"), b"id\n1\n", {"name": "x"}, table.iloc[:3], None)
    audit.keep(Entry("ada", "list"))
    return key


def state() -> dict[str, object]:
    """Everything that the store says."""
    return {
        "cohorts": [(one.key, one.data, one.n) for one in cohorts.every()],
        "table": cohorts.get("pbc").table().to_json(),
        "private": [(one.key, one.identifier, one.values) for one in private_cases.of("ada", "pbc")],
        "settings": settings.get("ada", "own_estimate"),
        "upload": getattr(uploads.current(uploads.owner_of("ada")), "key", None),
        "trail": [one.canonical() for one in audit.entries()],
    }


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], Path]]:
    """Go to a new home, with SQLite or at an address."""

    def go(url: str | None = None) -> Path:
        database.close()
        home = tmp_path / f"home{len(list(tmp_path.iterdir()))}"
        monkeypatch.setenv("CONSILIUM_HOME", str(home))
        if url is None:
            monkeypatch.delenv("CONSILIUM_DATABASE_URL", raising=False)
        else:
            monkeypatch.setenv("CONSILIUM_DATABASE_URL", url)
        return home

    yield go
    database.close()


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_a_backup_comes_back_on_either_database(
    either: str, to: str, tmp_path: Path, elsewhere: Callable[..., Path], request: pytest.FixtureRequest
) -> None:
    key, file = fill(), tmp_path / "b.tar"
    before = state()
    made = backup.make(file)
    assert file.stat().st_mode & 0o077 == 0 and made.rows["private_cases"] == 1
    with pytest.raises(StoreError, match="exists already"):
        backup.make(file)
    with postgresql.Server.database(request.getfixturevalue("postgresql_server")) as url:
        elsewhere(url if to == "postgresql" else None)
        assert backup.restore(file) == made
        assert state() == before and cohorts.find_case(key)[1] == 3
        assert audit.verify().wrong is None
        records.append(
            Record("b" * 20, "", "ada", key, "pbc", None, "m", "1", "0", "agree", {}, "", "", {}, [])
        )
        audit.keep(Entry("ada", "list"))
        with pytest.raises(Exception, match="only grows"), database.writing() as connection:
            connection.execute(text("DELETE FROM audit"))
        assert audit.verify().entries == made.rows["audit"] + 1
        with pytest.raises(StoreError, match=r"holds .* already"):
            backup.restore(file)
        backup.restore(file, replace=True)
        assert state() == before
        database.close()


def test_a_home_that_is_replaced_is_put_aside(
    private_home: Path, tmp_path: Path, elsewhere: Callable[..., Path]
) -> None:
    fill()
    backup.make(tmp_path / "b.tar")
    other = elsewhere()
    settings.put("ben", "own_estimate", True)
    backup.restore(tmp_path / "b.tar", replace=True)
    assert settings.get("ben", "own_estimate") is None and settings.get("ada", "own_estimate") is True
    aside = next(other.glob("before-restore-*"))
    with closing(sqlite3.connect(aside / database.FILE)) as old:
        assert old.execute("SELECT user FROM settings").fetchall() == [("ben",)]
    assert not (other / RESTORING).exists() and not list(other.rglob(".work-*"))


def torn(data: bytes, rng: int) -> bytes:
    return data[: len(data) * rng // 10 // 512 * 512]


def changed(data: bytes) -> bytes:
    at = data.index(b"own_estimate")
    return data[:at] + b"oWn_estimate" + data[at + 12 :]


def with_member(name: str, link: bool = False) -> Callable[[bytes], bytes]:
    def made(_data: bytes) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            info = tarfile.TarInfo(name)
            if link:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(info)
            else:
                info.size = 2
                archive.addfile(info, io.BytesIO(b"{}"))
        return out.getvalue()

    return made


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        *[(lambda data, n=n: torn(data, n), "torn|damaged|no backup") for n in (0, 3, 6)],
        (lambda data: data[: data.index(b'"sha256"')], "torn"),
        (changed, r"damaged: database/settings.jsonl"),
        (with_member("../evil"), "does not belong"),
        (with_member("/etc/evil"), "does not belong"),
        (with_member("cohorts/../../evil"), "does not belong"),
        (with_member("cohorts/x", link=True), "does not belong"),
        (with_member("consilium.db"), "does not belong"),
        (with_member("database/about.jsonl"), "its end is missing"),
        (lambda data: b"not a tar", "torn or no backup"),
    ],
)  # fmt: skip
def test_a_backup_that_is_not_whole_changes_nothing(
    private_home: Path,
    tmp_path: Path,
    elsewhere: Callable[..., Path],
    spoil: Callable[[bytes], bytes],
    message: str,
) -> None:
    settings.put("ada", "own_estimate", True)
    file = tmp_path / "b.tar"
    backup.make(file)
    file.write_bytes(spoil(file.read_bytes()))
    home = elsewhere()
    settings.put("ben", "own_estimate", True)
    before = {
        path: path.stat().st_size for path in home.rglob("*") if path.name in (database.FILE, "secret.key")
    }
    with pytest.raises(StoreError, match=message):
        backup.restore(file, replace=True)
    assert {
        path: path.stat().st_size for path in home.rglob("*") if path.name in (database.FILE, "secret.key")
    } == before
    assert settings.get("ben", "own_estimate") is True and not list(home.rglob(".work-*"))


def test_a_newer_backup_is_refused(
    private_home: Path, tmp_path: Path, elsewhere: Callable[..., Path]
) -> None:
    settings.put("ada", "own_estimate", True)
    backup.make(tmp_path / "b.tar")
    out = io.BytesIO()
    with tarfile.open(tmp_path / "b.tar") as old, tarfile.open(fileobj=out, mode="w") as new:
        for member in old:
            content = old.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == backup.MANIFEST:
                content = json.dumps(json.loads(content) | {"schema": "99"}).encode()
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    (tmp_path / "new.tar").write_bytes(out.getvalue())
    elsewhere()
    with pytest.raises(StoreError, match="newer version"):
        backup.restore(tmp_path / "new.tar")


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    private_home: Path, tmp_path: Path, elsewhere: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the code of schema 2 would have made it: the same rows under the older name."""
    with closing(sqlite3.connect(private_home / database.FILE)) as made:
        made.executescript((OLD / "schema_2.sql").read_text(encoding="utf-8"))
    backup.make(tmp_path / "now.tar")
    out = io.BytesIO()
    with tarfile.open(tmp_path / "now.tar") as now, tarfile.open(fileobj=out, mode="w") as old:
        for member in now:
            content = now.extractfile(member).read()  # type: ignore[union-attr]
            if member.name == backup.MANIFEST:
                told = json.loads(content)
                lacking = {f"database/{name}.jsonl" for name in ("audit", "people", "shares")}
                sums = {name: value for name, value in told["sha256"].items() if name not in lacking}
                content = json.dumps(told | {"schema": "2", "sha256": sums}).encode()
                member.size = len(content)
            if member.name not in ("database/audit.jsonl", "database/people.jsonl", "database/shares.jsonl"):
                old.addfile(member, io.BytesIO(content))
    (tmp_path / "old.tar").write_bytes(out.getvalue())
    elsewhere()
    backup.restore(tmp_path / "old.tar")
    assert [one.decision for one in records.of_case("k" * 20)] == ["agree", "override"]
    audit.keep(Entry("ada", "list"))


def test_an_interrupted_restore_is_not_mistaken_for_a_home(
    private_home: Path, tmp_path: Path, elsewhere: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    before = state()
    backup.make(tmp_path / "b.tar")
    home = elsewhere()
    settings.put("ben", "own_estimate", True)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(backup, "sync", dies)
        backup.restore(tmp_path / "b.tar", replace=True)
    database.close()
    assert (home / RESTORING).exists()
    with pytest.raises(StoreError, match="interrupted; run it again"):
        settings.get("ben", "own_estimate")
    backup.restore(tmp_path / "b.tar", replace=True)
    assert state() == before


def test_every_folder_of_a_home_is_in_a_backup(private_home: Path) -> None:
    """A new room would be forgotten: what the code makes in a home is named in ROOMS."""
    import re

    root = Path(backup.__file__).parents[1]
    texts = [path.read_text(encoding="utf-8") for path in root.rglob("*.py")]
    named = {name for words in texts for name in re.findall(r"\broom\(\"([a-z]+)\"\)", words)}
    named |= {
        name for words in texts for name in re.findall(r"^ROOM = \"([a-z]+)\"", words, flags=re.MULTILINE)
    }
    assert len(named) >= 5 and named <= set(ROOMS)

"""The audit trail: it only grows, for many at once, and every tampering is found and placed."""

from __future__ import annotations

import errno
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mtl.store import audit, database
from mtl.store.audit import Entry
from mtl.store.home import home

ROOT = Path(__file__).parents[2]


def some(count: int = 5) -> None:
    for place in range(count):
        detail = {"n": [1, None]}
        audit.keep(
            Entry(
                "ada",
                "open case",
                case_key="k" * 20,
                shown={"t": f"{place} %"},
                reason="“因为”",
                detail=detail,
            )
        )


def test_entries_come_back_and_the_chain_holds(either: str) -> None:
    assert audit.verify() == audit.Verdict(0, audit.FIRST)
    some()
    found = list(audit.entries())
    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert found[2].entry.shown == {"t": "2 %"} and found[2].previous == found[1].digest
    assert audit.verify() == audit.Verdict(5, found[-1].digest)
    assert audit.head() == (5, found[-1].digest)
    assert [one.number for one in audit.entries(newest=True, limit=2, offset=1)] == [4, 3]


def test_the_database_refuses_a_change(either: str) -> None:
    some(2)
    last = {"sqlite": "REPLACE INTO audit SELECT * FROM audit", "postgresql": "TRUNCATE audit"}
    for change in ("UPDATE audit SET reason = 'x'", "DELETE FROM audit WHERE number = 2", last[either]):
        with pytest.raises(DBAPIError, match="only grows"), database.writing() as connection:
            connection.execute(text(change))


def tamper(either: str, *statements: str) -> None:
    """What somebody does who owns the database, triggers and all."""
    names = {"sqlite": ("update", "delete", "replace"), "postgresql": ("change", "empty")}[either]
    with database.writing() as connection:
        for name in names:
            connection.execute(
                text(f"DROP TRIGGER audit_no_{name}" + (" ON audit" if either == "postgresql" else ""))
            )
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statements", "wrong", "good"),
    [
        (("UPDATE audit SET reason = 'x' WHERE number = 3",), "entry 3 was changed", 2),
        (("UPDATE audit SET \"user\" = 'eve' WHERE number = 1",), "entry 1 was changed", 0),
        (("UPDATE audit SET time = '2020' WHERE number = 5",), "entry 5 was changed", 4),
        (("UPDATE audit SET shown = '{\"t\": \"99 %\"}' WHERE number = 2",), "entry 2 was changed", 1),
        (("DELETE FROM audit WHERE number = 4",), "entry 4 is missing", 3),
        (("DELETE FROM audit WHERE number = 1",), "entry 1 is missing", 0),
        (("DELETE FROM audit WHERE number > 3",), "entries 4 to 5 are gone from the end", 3),
        (("DELETE FROM audit",), "entries 1 to 5 are gone from the end", 0),
        (
            ("DELETE FROM audit WHERE number = 2", "UPDATE audit SET number = number - 1 WHERE number > 2"),
            "entry 2 does not follow",
            1,
        ),
        (
            tuple(f"UPDATE audit SET number = {to} WHERE number = {at}" for at, to in ((2, 9), (3, 2), (9, 3))),
            "entry 2 does not follow",
            1,
        ),
        (("UPDATE audit SET digest = 'f' WHERE number = 3",), "entry 3 was changed", 2),
    ],
)  # fmt: skip
def test_every_tampering_is_found(either: str, statements: tuple[str, ...], wrong: str, good: int) -> None:
    some()
    tamper(either, *statements)
    found = audit.verify()
    assert found.wrong is not None and found.wrong.startswith(wrong)
    assert found.entries == good


def test_a_chain_made_anew_without_the_homes_secret_is_found(either: str, private_home: Path) -> None:
    """Somebody who knows how it is done, and has the database but not the home."""
    some(3)
    forged = [one for one in audit.entries()]
    made = audit.Kept(3, forged[2].time, Entry("eve", "open case"), forged[1].digest, "")
    digest = audit._digest(b"another key" + b"\0" * 21, made)
    changes = {
        "\"user\"": "'eve'", "case_key": "NULL", "shown": "'{}'", "reason": "''", "detail": "'{}'", "digest": f"'{digest}'",
    }  # fmt: skip
    told = ", ".join(f"{name} = {value}" for name, value in changes.items())
    tamper(either, f"UPDATE audit SET {told} WHERE number = 3")
    assert audit.verify().wrong == "entry 3 was changed"


def test_an_earlier_head_that_was_noted_elsewhere_is_found_again(either: str) -> None:
    some(2)
    noted = audit.head()
    some(2)
    assert noted is not None and audit.verify(noted).wrong is None
    (home() / audit.HEAD).unlink()
    assert "gone from the home" in str(audit.verify().wrong)
    tamper(either, "DELETE FROM audit WHERE number > 1")
    assert audit.verify(noted).wrong == "entries 2 to 2 are gone from the end"


WRITER = """
from mtl.store import audit
for n in range(15):
    audit.keep(audit.Entry("other", "list", detail={"n": n}))
"""


def test_many_threads_and_processes_make_one_chain(either: str) -> None:
    database.engine()
    other = subprocess.Popen([sys.executable, "-c", WRITER], cwd=ROOT)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: audit.keep(Entry("ada", "list", detail={"n": n})), range(40)))
    assert other.wait(60) == 0
    assert audit.verify().wrong is None and audit.verify().entries == 55


def test_an_entry_that_cannot_be_kept_keeps_nothing(either: str) -> None:
    def fails(_connection: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        audit.keep(Entry("ada", "sign"), also=fails)
    with pytest.raises(ValueError, match="compliant"):
        audit.keep(Entry("ada", "sign", detail={"x": float("nan")}))
    assert audit.verify().entries == 0


def test_a_full_disk_leaves_the_entry_the_chain_and_nothing_half_written(
    private_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    audit.keep(Entry("ada", "sign"))
    noted = audit.head()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr("mtl.store.home.os.fsync", full)
        audit.keep(Entry("ada", "print"))  # the person is not told that nothing was kept: it was
    assert [kept.entry.action for kept in audit.entries()] == ["sign", "print"]
    assert audit.head() == noted and audit.verify().wrong is None
    assert list(private_home.glob(".work-*")) == []
    assert [record.facts for record in caplog.records if record.name == "consilium.store"] == [
        {"error": "ENOSPC"}
    ]
    audit.keep(Entry("ada", "sign"))
    assert audit.head() != noted and audit.verify().wrong is None

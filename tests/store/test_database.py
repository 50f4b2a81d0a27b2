"""The database: brought up to date from every version, refused where newer or of another home, safe for many at once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from mtl.jobs import process, queue
from mtl.store import (
    address,
    cohorts,
    database,
    home,
    migrating,
    mishaps,
    models,
    private_cases,
    records,
    schema,
    settings,
)
from mtl.store.database import StoreError
from tests import postgresql

ROOT = Path(__file__).parents[2]
OLD = Path(__file__).with_name("old")


def old_home(private_home: Path, version: str) -> None:
    """Make the database that the code of that version made (`schema_1.sql`, `schema_2.sql` are its dumps)."""
    with closing(sqlite3.connect(private_home / database.FILE)) as made:
        made.executescript((OLD / f"schema_{version}.sql").read_text(encoding="utf-8"))


def test_the_versions_are_those_of_the_scripts() -> None:
    scripts = [one.revision for one in ScriptDirectory(str(migrating.SCRIPTS)).walk_revisions()]
    assert tuple(reversed(scripts)) == schema.VERSIONS


def test_the_scripts_make_the_tables_that_the_program_asks_for(either: str) -> None:
    with database.reading() as connection:
        options = {"compare_type": True, "include_object": lambda o, name, *_: name != "alembic_version"}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, schema.metadata) == []
        assert database.version_of(connection) == schema.VERSION


@pytest.mark.parametrize("version", sorted(schema.UNMARKED))
def test_a_home_of_an_earlier_version_is_brought_up_to_date(private_home: Path, version: str) -> None:
    old_home(private_home, version)
    assert [one.key for one in cohorts.every()] == ["pbc"] and cohorts.get("pbc").n == 418
    assert models.get("pbc-0123456789abcdef").folds == 5
    done, waiting = (
        queue._first(queue.jobs.c.topic == "sample:pbc"),
        queue._first(queue.jobs.c.state == "waiting"),
    )
    assert done is not None and done.state == "done" and waiting is not None
    if version == "2":
        assert [one.identifier for one in private_cases.of("ada", "pbc")] == ["bed 4 · 王"]
        assert [one.decision for one in records.of_case("k" * 20)] == ["agree", "override"]
        assert settings.get("ada", "own_estimate") is True
    fresh = private_home.parent / f"fresh-{version}"
    fresh.mkdir(exist_ok=True)
    database.close()
    assert tables(private_home / database.FILE) == tables(made_new(fresh))
    one = records.Record(
        "n" * 20, database.now(), "a", "c" * 20, "pbc", None, "m", "1", "00", "agree", {}, "", "", {}, []
    )
    records.append(one)
    with pytest.raises(DBAPIError, match="cannot be changed"), database.writing() as connection:
        connection.execute(text("DELETE FROM records"))
    database.close()


def made_new(folder: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONSILIUM_HOME", str(folder))
        database.engine()
        database.close()
    return folder / database.FILE


def tables(path: Path) -> dict[str, str]:
    """Every table, index and trigger with its definition, but for the way it is set."""
    with closing(sqlite3.connect(path)) as made:
        rows = made.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: "".join(sql.split()).replace('"', "") for name, sql in rows}


@pytest.mark.parametrize("statement", ["UPDATE alembic_version SET version_num = '99'", None])
def test_a_newer_database_is_left_as_it_is(either: str, statement: str | None) -> None:
    with database.writing() as connection:
        connection.execute(text(statement or "DROP TABLE alembic_version"))
        if statement is None:
            connection.execute(text("UPDATE about SET value = '99' WHERE name = 'schema'"))
    database.close()
    with pytest.raises(StoreError, match="schema 99, this program has"):
        database.engine()


def test_a_failing_script_leaves_the_old_database(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_home(private_home, "2")
    before = tables(private_home / database.FILE)
    monkeypatch.setattr(schema, "about", schema.settings)  # the last step fails
    with pytest.raises(Exception, match="name"):
        database.engine()
    assert tables(private_home / database.FILE) == before


def test_a_database_is_of_one_home(either: str, private_home: Path) -> None:
    database.engine()
    database.close()
    (private_home / "secret.key").write_bytes(b"x" * home.SECRET_BYTES)
    with pytest.raises(StoreError, match=r"belongs to another home.*restore secret.key"):
        database.engine()


STARTER = """
from mtl.store import database, settings
settings.put("ada", "x", 1)
print(settings.get("ada", "x"))
"""


def test_two_processes_that_start_at_once_make_one_database(either: str) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [starter.communicate(timeout=60)[0].strip() for starter in starters] == ["1"] * 2
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
        assert "audit" in inspect(connection).get_table_names()


def test_every_job_is_taken_once_by_many_workers(either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ensure", lambda: None)
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda n: queue.submit("prepare_sample", {"name": str(n)}), range(24)))
        same = set(pool.map(lambda _: queue.submit("prepare_sample", {"name": "x"}, topic="t"), range(8)))
        taken = list(pool.map(lambda _: queue.take(), range(30)))
    assert len(set(keys)) == 24 and len(same) == 1
    found = [job.key for job in taken if job is not None]
    assert len(found) == 25 and set(found) == {*keys, *same}


def test_a_full_queue_is_full_for_all_at_once(either: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ensure", lambda: None)
    monkeypatch.setenv("CONSILIUM_LIMIT_QUEUE", "5")

    def ask(n: int) -> bool:
        try:
            queue.submit("prepare_sample", {"name": str(n)})
        except queue.JobError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(16))) == 5


def test_a_postgresql_that_is_restarted_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with postgresql.running() as server, server.database() as url:
        monkeypatch.setenv("CONSILIUM_DATABASE_URL", url)
        settings.put("ada", "x", 1)
        server.stop()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(settings.get, "ada", "x")
            server.start()
            assert answer.result(timeout=30) == 1
        server.stop()
        monkeypatch.setattr(mishaps, "PATIENCE", 0.1)
        with pytest.raises(StoreError, match="cannot be reached"):
            settings.get("ada", "x")
        server.start()
        database.close()


@pytest.mark.parametrize(
    "told",
    [
        "postgresql://host",
        "sqlite:///x.db",
        "not an address",
        "postgresql://a:pw@h/d?sslmode=maybe",
        "mysql://h/d",
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSILIUM_DATABASE_URL", told)
    with pytest.raises(StoreError, match="CONSILIUM_DATABASE_URL") as refused:
        database.engine()
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize(
    ("told", "checked"),
    [
        ("postgres://ada@db.example/x", True),
        ("postgresql://ada@db.example/x?sslmode=require", False),
        ("postgresql://ada@db.example/x?sslmode=disable", None),
        ("postgresql+pg8000://ada@127.0.0.1:5433/x", None),
        ("postgresql://ada@localhost/x?sslmode=verify-full", True),
        ("postgresql://ada@/x?unix_sock=/run/s", None),
    ],
)
def test_another_machine_is_asked_for_its_certificate(told: str, checked: bool | None) -> None:
    found = address.parsed(told)
    context = found.options.get("ssl_context")
    assert (None if context is None else context.check_hostname) is checked
    assert found.url.drivername == "postgresql+pg8000" and "sslmode" not in found.url.query

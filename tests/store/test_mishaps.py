"""The database goes away, is busy, full, damaged: words instead of a driver's error, and the next action works."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from mtl.jobs import queue, worker
from mtl.language import use
from mtl.store import audit, database, mishaps, schema, settings
from mtl.store.audit import Entry
from mtl.store.database import StoreError, Unanswered, reading, writing
from tests import postgresql

SLOW = select(func.pg_sleep(1.0), 7)


# pg8000 leaves its socket to the collector where the server goes before it has answered who asks.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a test left is collected in it, not in one that knows nothing of it."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    """A server of these tests alone: they restart it."""
    with postgresql.running() as found:
        yield found


@pytest.fixture
def there(server: postgresql.Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[postgresql.Server]:
    with server.database() as url:
        monkeypatch.setenv("CONSILIUM_DATABASE_URL", url)
        settings.put("ada", "x", 1)
        yield server
        database.close()


def restart(server: postgresql.Server, how: signal.Signals) -> None:
    server.stop(how)
    server.start()


def connections(many: int) -> None:
    """Fill the pool, so that a restart leaves several connections that lead nowhere."""
    with ThreadPoolExecutor(many) as pool:
        list(pool.map(lambda n: settings.get("ada", "x"), range(4 * many)))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_between_two_actions_nobody_notices(there: postgresql.Server, how: signal.Signals) -> None:
    connections(6)
    restart(there, how)
    assert settings.get("ada", "x") == 1
    restart(there, how)
    settings.put("ada", "x", 2)
    assert [settings.get("ada", "x") for _ in range(8)] == [2] * 8


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_question_is_asked_again(there: postgresql.Server, how: signal.Signals) -> None:
    asked = Event()

    def ask() -> int:
        with reading() as connection:
            asked.set()
            return int(connection.execute(SLOW).one()[1])

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        assert asked.wait(10)
        time.sleep(0.3)
        restart(there, how)
        assert answer.result(30) == 7


def test_a_second_question_is_not_since_the_first_was_of_another_moment(there: postgresql.Server) -> None:
    with pytest.raises(Unanswered, match="Nothing was changed; try again"), reading() as connection:
        assert connection.scalar(select(1)) == 1
        restart(there, signal.SIGINT)
        connection.scalar(select(2))
    assert settings.get("ada", "x") == 1


def test_a_change_that_is_cut_off_is_none_and_can_be_made_again(there: postgresql.Server) -> None:
    with pytest.raises(Unanswered, match="Nothing was changed; try again"), writing() as connection:
        connection.execute(schema.settings.update().values(value="5"))
        restart(there, signal.SIGQUIT)
        connection.execute(schema.settings.update().values(value="6"))
    assert settings.get("ada", "x") == 1
    settings.put("ada", "x", 3)
    assert settings.get("ada", "x") == 3


def test_a_change_that_is_cut_off_as_it_is_kept_is_told_as_such(there: postgresql.Server) -> None:
    with use("zh_Hans"), pytest.raises(Unanswered, match="是否已保存"), writing() as connection:
        connection.execute(schema.settings.update().values(value="5"))
        restart(there, signal.SIGINT)
    assert settings.get("ada", "x") == 1


def test_while_it_is_away_it_is_said_and_then_forgotten(
    there: postgresql.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.stop()
    with monkeypatch.context() as patch:
        patch.setattr(mishaps, "PATIENCE", 0.1)
        with pytest.raises(Unanswered, match="cannot be reached"):
            audit.keep(Entry("ada", "list"))
        with pytest.raises(Unanswered, match="cannot be reached"):
            settings.get("ada", "x")
    there.start()
    audit.keep(Entry("ada", "list"))
    assert audit.verify().entries == 1


def test_a_job_outlives_a_restart(there: postgresql.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue.process, "ensure", lambda: None)
    monkeypatch.setattr(worker, "EVERY", 0.0)
    told: list[str] = []

    def work(_payload: dict[str, object], report: object) -> None:
        report("begun", 0.1)  # type: ignore[operator]
        there.stop(signal.SIGQUIT)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mishaps, "PATIENCE", 0.0)
            report("nobody listens", 0.5)  # type: ignore[operator]
        there.start()
        report("again", 0.9)  # type: ignore[operator]
        told.append("done")

    monkeypatch.setitem(worker.KINDS, "prepare_sample", work)
    key = queue.submit("prepare_sample", {})
    worker.Worker().run()
    assert told == ["done"] and queue._first(queue.jobs.c.key == key).state == "done"  # type: ignore[union-attr]


def test_a_job_that_nobody_knows_to_be_taken_is_taken_again(
    either: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.process, "ensure", lambda: None)
    ran: list[int] = []
    monkeypatch.setitem(worker.KINDS, "prepare_sample", lambda payload, report: ran.append(1))
    key, take, failures = queue.submit("prepare_sample", {}), queue.take, [1]

    def taken() -> queue.Job | None:
        found = take()
        if failures:
            failures.pop()
            raise Unanswered("the commit was made, its answer was lost")
        return found

    monkeypatch.setattr(queue, "take", taken)
    worker.Worker().run()
    assert ran == [1] and queue.state(key).state == "done"


# SQLite ---------------------------------------------------------------------------------------------------------------


def test_a_database_that_another_holds(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY", 50)
    settings.put("ada", "x", 1)
    with closing(sqlite3.connect(private_home / database.FILE)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"busy with another change. Nothing was changed"):
            settings.put("ada", "x", 2)
        assert settings.get("ada", "x") == 1
        other.rollback()
    settings.put("ada", "x", 2)
    assert settings.get("ada", "x") == 2


def test_a_disk_that_is_full(private_home: Path) -> None:
    settings.put("ada", "x", 1)
    with (
        pytest.raises(StoreError, match=r"disk of the database is full. Nothing was changed"),
        writing() as one,
    ):
        pages = one.exec_driver_sql("PRAGMA page_count").scalar()
        one.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # SQLite's own way to have no room
        one.execute(schema.settings.update().values(value="x" * 500_000))
    database.close()
    settings.put("ada", "y", 2)
    assert (settings.get("ada", "x"), settings.get("ada", "y")) == (1, 2)


def test_a_file_that_is_no_database(private_home: Path) -> None:
    settings.put("ada", "x", 1)
    database.close()
    for end in ("-wal", "-shm"):
        (private_home / f"{database.FILE}{end}").unlink(missing_ok=True)
    (private_home / database.FILE).write_bytes(b"no database at all " * 500)
    with pytest.raises(StoreError, match=r"damaged.*restore it from a backup"):
        settings.get("ada", "x")
    (private_home / database.FILE).unlink()
    settings.put("ada", "x", 1)


def test_a_folder_that_cannot_be_entered(private_home: Path, tmp_path: Path) -> None:
    if os.getuid() == 0:  # root enters everywhere: a folder in the file's place is closed to root, too
        (private_home / database.FILE).mkdir()
    else:
        private_home.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be read or written on its disk"):
        settings.get("ada", "x")
    private_home.chmod(0o700)


def test_what_a_caller_made_wrong_stays_so(either: str) -> None:
    settings.put("ada", "x", 1)
    row = {"user": "ada", "name": "x", "value": "1"}
    with pytest.raises(IntegrityError), writing() as connection:
        connection.execute(schema.settings.insert().values(**row))
    with pytest.raises(DBAPIError), reading() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("57P01", mishaps.GONE), ("57P03", mishaps.GONE), ("08006", mishaps.GONE), ("53100", mishaps.FULL),
        ("53300", mishaps.BUSY), ("40P01", mishaps.BUSY), ("57014", mishaps.BUSY), ("25006", mishaps.UNUSABLE),
        ("58030", mishaps.UNUSABLE), ("XX001", mishaps.DAMAGED), ("23505", None), ("42P01", None), ("P0001", None),
    ],
)  # fmt: skip
def test_every_class_of_postgresql_has_its_words(state: str, said: str | None) -> None:
    import pg8000

    assert mishaps.words(pg8000.DatabaseError({"S": "FATAL", "C": state, "M": "a value: 17"})) == said

"""Limits: one place, overridden by the environment, refused with a message in both languages."""

from __future__ import annotations

import pytest

from mtl import jobs, limits
from mtl.__main__ import main
from mtl.jobs import process, queue
from mtl.language import use
from mtl.services import limits as spoken
from mtl.services import uploads
from mtl.tables import Limits, TableError, read_raw

BEYOND = {
    "upload_mb": ("1", b"id,x\n" + b"1,2\n" * 300_000, "1 MB"),
    "rows": ("50", b"id,x\n" + b"1,2\n" * 51, "51"),
    "columns": ("3", b"a,b,c,d\n1,2,3,4\n5,6,7,8\n", "4"),
    "cell": ("20", b"id,x\n1,2\n2," + b"x" * 21 + b"\n", "21"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_a_table_beyond_a_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    most, data, told = BEYOND[name]
    uploads.bring(b"id,x\n1,2\n3,4\n", "before.csv")
    monkeypatch.setenv(f"CONSILIUM_LIMIT_{name.upper()}", most)
    messages = []
    for language in ("en", "zh_Hans"):
        with use(language), pytest.raises(TableError, match=told) as error:
            uploads.bring(data, "table.csv")
        messages.append(str(error.value))
    assert messages[0] != messages[1]
    kept = uploads.current()
    assert kept is not None and kept.name == "before.csv"


def test_the_command_line_takes_more_than_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSILIUM_LIMIT_TABLE_MB", "1")
    with pytest.raises(TableError, match="1 MB"):
        read_raw(b"id,x\n" + b"1,2\n" * 300_000, name="table.csv")
    assert Limits().rows == limits.LIMITS["rows"].default


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ROWS", "0", "whole number above 0"),
        ("ROWS", "-5", "whole number above 0"),
        ("ROWS", "1e6", "whole number above 0"),
        ("ROW", "10", "there is no such limit"),
    ],
)
def test_a_limit_that_is_none_stops_the_server_at_the_start(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"CONSILIUM_LIMIT_{name}", value)
    assert main(["serve"]) == 1
    assert message in capsys.readouterr().err


def test_no_user_fills_the_queue_alone(private_home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ensure", lambda: None)
    monkeypatch.setenv("CONSILIUM_LIMIT_QUEUE", "7")
    monkeypatch.setenv("CONSILIUM_LIMIT_QUEUE_USER", "3")
    monkeypatch.setattr(queue, "_whose", [lambda: "ada"])
    keys = [jobs.submit("prepare_sample", {"name": "pbc"}) for _ in range(3)]
    for language, words in (("en", "3 of your jobs"), ("zh_Hans", "您已有3个任务")):
        with use(language), pytest.raises(jobs.JobError, match=words):
            jobs.submit("prepare_sample", {"name": "pbc"})
    monkeypatch.setattr(queue, "_whose", [lambda: "ben"])
    jobs.submit("prepare_sample", {"name": "pbc"})
    for _ in range(3):
        jobs.submit("prepare_sample", {"name": "pbc"}, by="")  # the server's own
    for language, words in (("en", "7 jobs wait already"), ("zh_Hans", "已有7个任务")):
        with use(language), pytest.raises(jobs.JobError, match=words):
            jobs.submit("prepare_sample", {"name": "pbc"}, by="")
    jobs.cancel(keys[0])
    monkeypatch.setattr(queue, "_whose", [lambda: "ada"])
    jobs.submit("prepare_sample", {"name": "pbc"})


def test_a_full_server_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSILIUM_LIMIT_SESSIONS", "2")
    assert spoken.full(1) is None
    english = spoken.full(2)
    with use("zh_Hans"):
        chinese = spoken.full(2)
    assert english and chinese and "2 open tabs" in english and "2个" in chinese


def test_memory_of_a_job_is_that_of_the_machine_unless_somebody_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < limits.job_memory() < limits._memory()
    monkeypatch.setenv("CONSILIUM_LIMIT_JOB_MEMORY_MB", "512")
    assert limits.job_memory() == 512_000_000

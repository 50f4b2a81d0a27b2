"""Jobs: one worker, whose death is reported and leaves nothing behind; each sample trained once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mtl import jobs, language
from mtl.jobs import process, queue
from mtl.jobs.samples import is_ready
from mtl.services import samples, work
from mtl.store import cohorts, database, models

ROOT = Path(__file__).resolve().parents[2]
LONG = 90.0  # seconds that a training may take on a busy machine


@pytest.fixture(autouse=True)
def ended(private_home: Path) -> Iterator[None]:
    yield
    process.stop()
    database.close()


def until(holds: Callable[[], bool], seconds: float = LONG) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def begin(name: str = "cytology") -> str:
    return jobs.submit("prepare_sample", {"name": name}, topic=f"sample:{name}")


def unfinished(home: Path) -> list[str]:
    return [path.name for path in home.rglob(".work-*")]


def test_a_killed_worker_is_reported_leaves_nothing_half_written_and_the_job_can_run_again(
    private_home: Path,
) -> None:
    key = begin()
    until(lambda: jobs.state(key).state == "running" and jobs.state(key).share > 0)
    worker = process.pid()
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    until(lambda: jobs.state(key).state == "interrupted", 10)
    assert "run it again" in (jobs.state(key).error or "")
    assert models.every() == [] and not is_ready("cytology")
    again = jobs.retry(key)
    assert again != key
    until(lambda: not jobs.state(again).open)
    assert jobs.state(again).state == "done"
    assert is_ready("cytology") and unfinished(private_home) == []


def test_killed_while_writing_leaves_no_model(private_home: Path) -> None:
    """Whatever is on disk when the worker dies, only whole folders have a name, and the next worker clears the rest."""
    target = private_home / "models" / "x"
    code = (
        "import os, signal, pathlib\n"
        "from mtl.store.home import new_folder, room\n"
        "with new_folder(room('models') / 'x') as folder:\n"
        "    (folder / 'part').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ}, check=False)
    assert died.returncode == -signal.SIGKILL
    assert not target.exists() and unfinished(private_home)
    key = jobs.submit("score_cohort", {"cohort": "none", "model": "none"})
    until(lambda: not jobs.state(key).open)
    assert unfinished(private_home) == []
    failed = jobs.state(key)
    assert failed.state == "failed" and "no cohort" in (failed.error or "")


def test_cancel(private_home: Path) -> None:
    first, second = begin("cytology"), begin("pbc")
    jobs.cancel(second)
    assert jobs.state(second).state == "cancelled"
    until(lambda: jobs.state(first).state == "running")
    jobs.cancel(first)
    until(lambda: jobs.state(first).state == "cancelled")
    assert models.every() == [] and unfinished(private_home) == []


STARTER = """
import sys, time
from mtl.services import samples, work
samples.SAMPLES.pop("rotterdam"), samples.SAMPLES.pop("gbsg"), samples.SAMPLES.pop("pbc")
begin = time.monotonic()
samples.start()
assert time.monotonic() - begin < 5
while not samples.ready():
    time.sleep(0.1)
    assert not any(step.error for step in samples.progress()), samples.progress()
"""


def test_two_that_start_at_once_train_each_sample_once(private_home: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", STARTER], cwd=ROOT, env={**os.environ}) for _ in range(3)
    ]
    assert [starter.wait(timeout=LONG) for starter in starters] == [0, 0, 0]
    begun = [line for line in (private_home / "worker.log").read_text().splitlines() if "begins" in line]
    assert len(begun) == 1
    assert len(models.every()) == 1


def test_when_the_server_is_killed_its_worker_leaves_and_the_job_waits_for_the_next(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "ensure", lambda: None)
    server = subprocess.Popen([sys.executable, "-c", STARTER], cwd=ROOT, env={**os.environ})
    until(lambda: _now("sample:cytology") == "running", 30)
    server.kill()
    server.wait()
    until(lambda: not process.working(), 10)
    assert _now("sample:cytology") == "waiting"


def test_a_job_that_takes_too_much_memory_fails_alone_and_says_so(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSILIUM_LIMIT_JOB_MEMORY_MB", "50")  # less than an interpreter with numpy takes
    key = begin()
    until(lambda: not jobs.state(key).open)
    failed = jobs.state(key)
    assert failed.state == "failed" and "more memory" in (failed.error or "")
    with language.use("zh_Hans"):
        assert "内存" in (jobs.state(key).error or "")
    until(lambda: not process.working(), 10)
    monkeypatch.delenv("CONSILIUM_LIMIT_JOB_MEMORY_MB")
    again = jobs.submit("score_cohort", {"cohort": "none", "model": "none"})
    until(lambda: not jobs.state(again).open)
    assert "no cohort" in (jobs.state(again).error or "")
    assert models.every() == []
    jobs.retry(key)
    process.stop()
    assert unfinished(private_home) == []


def test_jobs_are_looked_after_while_nobody_asks(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker and everybody who asked are gone; the server's own look reports the job, and starts what waits."""
    first, second = begin("cytology"), jobs.submit("score_cohort", {"cohort": "none", "model": "none"})
    until(lambda: jobs.state(first).state == "running")
    worker = process.pid()
    assert worker is not None
    os.kill(worker, signal.SIGKILL)

    def stored() -> dict[str, str]:
        with database.reading() as connection:
            rows = connection.execute(queue.select(queue.jobs.c.key, queue.jobs.c.state))
            return {row[0]: row[1] for row in rows}

    until(lambda: not process.working(), 10)
    end = time.monotonic() + LONG
    while stored()[second] != "failed":
        assert time.monotonic() < end, stored()
        work.look_after()
        time.sleep(0.1)
    assert stored()[first] == "interrupted"


def test_a_stop_loses_no_job_even_if_the_worker_hangs(
    private_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = begin()
    until(lambda: jobs.state(key).state == "running")
    worker = process.pid()
    assert worker is not None
    os.kill(worker, signal.SIGSTOP)
    monkeypatch.setattr(process, "PATIENCE", 0.5)
    work.stop()
    monkeypatch.setattr(process, "ensure", lambda: None)
    assert jobs.state(key).state == "waiting"


def _now(topic: str) -> str | None:
    job = jobs.latest(topic)
    return None if job is None else job.state


def test_no_patient_value_in_state_or_log(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table whose error quotes a patient: the database and the log keep the place, not the words."""
    study, table = mtl_sample()
    table = table.assign(time=table["time"].astype(float))
    table.loc[5, "time"] = -777123.0
    table["id"] = table["id"].map(lambda number: f"secret-{number}")
    cohort = cohorts.register("bad", "bad", study, table)
    model = fitted_elsewhere(study)
    record = models.register_exported("m", "m", model)
    key = jobs.submit("score_cohort", {"cohort": cohort.key, "model": record.key})
    until(lambda: not jobs.state(key).open)
    kept = (private_home / "worker.log").read_text()
    with database.reading() as connection:
        kept += str(connection.execute(queue.select(queue.jobs)).all())
    assert key in kept
    assert "secret-" not in kept and "777123" not in kept


def mtl_sample():  # type: ignore[no-untyped-def]
    from mtl.data.samples import load_sample

    return load_sample("pbc")


def fitted_elsewhere(study):  # type: ignore[no-untyped-def]
    from mtl.data.samples import load_sample
    from mtl.multitask import MultiTaskModel

    few = study.model_copy(update={"tasks": [study.task("ascites")]})
    return MultiTaskModel(few).fit(load_sample("pbc")[1])


def test_one_open_job_a_topic_and_a_short_queue(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ensure", lambda: None)
    monkeypatch.setenv("CONSILIUM_LIMIT_QUEUE", "5")
    assert begin() == begin()
    for _ in range(4):
        jobs.submit("prepare_sample", {"name": "pbc"})
    with pytest.raises(jobs.JobError, match="wait already"):
        jobs.submit("prepare_sample", {"name": "pbc"})


def test_progress_before_and_after(private_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ensure", lambda: None)
    assert not samples.ready()
    samples.start()
    steps = samples.progress()
    assert [step.name for step in steps] == ["rotterdam", "gbsg", "cytology", "pbc"]
    assert {step.stage for step in steps} == {"waiting"} and not any(step.error for step in steps)

"""The queue in the database: jobs wait, run, and end; a reload, or another process, sees the same."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Row, Update, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mtl.jobs import process
from mtl.language import N_, _, number
from mtl.limits import limit
from mtl.store.database import StoreError, again, now, reading, writing
from mtl.store.schema import jobs

Payload = Mapping[str, str | int | float | bool | None]

WAITING, RUNNING = "waiting", "running"
DONE, FAILED, CANCELLED, INTERRUPTED = "done", "failed", "cancelled", "interrupted"
OPEN = (WAITING, RUNNING)
BY = "by"  # in the payload: an opaque name of who asked
STOPPED = N_("the worker was stopped before the job ended; run it again")

_whose: list[Callable[[], str]] = []


def follow(whose: Callable[[], str]) -> None:
    """Ask a function for the opaque name of who submits a job, so that nobody fills the queue alone."""
    _whose[:] = [whose]


class JobError(StoreError):
    """A job that is not there or cannot be taken."""


@dataclass(frozen=True)
class Job:
    """A job as the database has it.

    Attributes
    ----------
    key, kind : str
    topic : str or None
        What it is about; one job a topic waits or runs.
    state : str
        "waiting", "running", "done", "failed", "cancelled", or "interrupted": its worker was killed.
    stage : str
        What was just done.
    share : float
        Share of the work done, 0 to 1.
    error : str or None
        Why it failed or was interrupted; never a patient's value.
    attempts : int
        How often it was begun.
    """

    key: str
    kind: str
    topic: str | None
    state: str
    stage: str
    share: float
    error: str | None
    attempts: int
    payload: dict[str, str | int | float | bool | None]

    @property
    def open(self) -> bool:
        """Waiting or running."""
        return self.state in OPEN


def submit(kind: str, payload: Payload, topic: str | None = None, by: str | None = None) -> str:
    """Put a job into the queue and see that a worker runs; its key, or that of the open job on the same topic.

    Parameters
    ----------
    kind
        A name in :data:`mtl.jobs.registry.KINDS`.
    payload
        Names and keys that say what to do; never a patient's value.
    by
        An opaque name of who asks; what `follow` was given says it if left out. "" is nobody: the server itself.

    Raises
    ------
    JobError
        The queue is full, or holds as many jobs of that user as it may.
    """
    key = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    if by is None:
        by = _whose[0]() if _whose else ""
    told = {**payload, BY: by} if by else dict(payload)
    try:
        with writing("jobs") as connection:
            _see_room(connection, by)
            last = select(func.coalesce(func.max(jobs.c.number), 0) + 1).scalar_subquery()
            connection.execute(
                insert(jobs).values(
                    key=key, number=last, kind=kind, topic=topic, payload=json.dumps(told),
                    state=WAITING, stage="", share=0.0, cancel=False, attempts=0, created=now(), changed=now(),
                )
            )  # fmt: skip
    except IntegrityError:
        found = None if topic is None else latest(topic)
        if found is None or not found.open:  # it ended between the two looks
            return submit(kind, payload, topic, by)
        key = found.key
    process.ensure()
    return key


def _see_room(connection: Connection, by: str) -> None:
    """Raise JobError where the queue takes no more, of anybody or of this user."""
    found = connection.scalars(select(jobs.c.payload).where(jobs.c.state.in_(OPEN))).all()
    if len(found) >= limit("queue"):
        raise JobError(
            _("{count} jobs wait already. Try again when some have ended.").format(count=number(len(found)))
        )
    own = sum(json.loads(payload).get(BY) == by for payload in found) if by else 0
    if own >= limit("queue_user"):
        raise JobError(
            _("{count} of your jobs wait already. Try again when some have ended, or stop one.").format(
                count=number(own)
            )
        )


def state(key: str) -> Job:
    """How a job is; one whose worker was killed is "interrupted". JobError when there is none."""
    found = _first(jobs.c.key == key)
    if found is None:
        raise JobError(f"there is no job {key[:40]!r}")
    return _true_state(found)


def latest(topic: str) -> Job | None:
    """The newest job on a topic."""
    found = _first(jobs.c.topic == topic)
    return None if found is None else _true_state(found)


def cancel(key: str) -> None:
    """Ask a job to stop: at once if it waits, else at its next step. Ended jobs stay as they are."""
    with writing() as connection:
        waits = (jobs.c.key == key) & (jobs.c.state == WAITING)
        connection.execute(update(jobs).where(waits).values(state=CANCELLED, changed=now()))
        runs = (jobs.c.key == key) & (jobs.c.state == RUNNING)
        connection.execute(update(jobs).where(runs).values(cancel=True))


def retry(key: str) -> str:
    """Run an ended job again, as a new one on the same topic; its key."""
    found = state(key)
    if found.open:
        return key
    return submit(found.kind, found.payload, found.topic)


# The worker's side ---------------------------------------------------------------------------------------------------


def take() -> Job | None:
    """The next waiting job, now running; only the one worker asks."""
    with writing("jobs") as connection:
        following = select(func.min(jobs.c.number)).where(jobs.c.state == WAITING).scalar_subquery()
        claim = update(jobs).where(jobs.c.number == following, jobs.c.state == WAITING)
        values = {"state": RUNNING, "attempts": jobs.c.attempts + 1, "changed": now(), "error": None}
        row = connection.execute(claim.values(**values).returning(*jobs.c)).first()
    return None if row is None else _job(row)


def anything_waits() -> bool:
    """Whether a job waits."""
    return _first(jobs.c.state == WAITING) is not None


def note(key: str, stage: str, share: float) -> bool:
    """Write down how far a running job is; whether it has been asked to stop."""
    with writing() as connection:
        running = (jobs.c.key == key) & (jobs.c.state == RUNNING)
        connection.execute(update(jobs).where(running).values(stage=stage[:200], share=share, changed=now()))
        return bool(connection.scalar(select(jobs.c.cancel).where(jobs.c.key == key)))


def end(key: str, how: str, error: str | None = None) -> None:
    """Write down how a running job ended."""
    share = {"share": 1.0} if how == DONE else {}
    _change(update(jobs).where(jobs.c.key == key, jobs.c.state == RUNNING), state=how, error=error, **share)


def hand_back(key: str) -> None:
    """Let a running job wait again: its server ended, not the job."""
    _change(
        update(jobs).where(jobs.c.key == key, jobs.c.state == RUNNING), state=WAITING, share=0.0, stage=""
    )


def hand_back_left() -> None:
    """Let what a killed worker left running wait again: the server that killed it is ending."""
    with process.alone() as alone:
        if alone:
            hand_back_taken()


def hand_back_taken() -> None:
    """Let what is said to run wait again; who calls this holds the worker's lock, and knows that nothing runs."""
    _change(update(jobs).where(jobs.c.state == RUNNING), state=WAITING, share=0.0, stage="")


def recover() -> None:
    """Mark what a killed worker left running; only a worker that holds the lock, or nobody's, may say so."""
    _change(
        update(jobs).where(jobs.c.state == RUNNING),
        state=INTERRUPTED,
        error=STOPPED,
    )


def look_after() -> None:
    """What the database says made true where a worker was killed and nobody asks after its job."""
    found = _first(jobs.c.state == RUNNING) or _first(jobs.c.state == WAITING)
    if found is not None:
        _true_state(found)


def counts() -> dict[tuple[str, str], int]:
    """How many jobs there are of each kind in each state."""
    with reading() as connection:
        rows = connection.execute(
            select(jobs.c.kind, jobs.c.state, func.count()).group_by(jobs.c.kind, jobs.c.state)
        )
        return {(row[0], row[1]): int(row[2]) for row in rows}


def _change(statement: Update, **values: object) -> None:
    def change() -> None:
        with writing() as connection:
            connection.execute(statement.values(changed=now(), **values))

    again(change)  # to say twice how a job is does no harm


def _first(condition: object) -> Job | None:
    with reading() as connection:
        row = connection.execute(select(jobs).where(condition).order_by(jobs.c.number.desc())).first()  # type: ignore[arg-type]
    return None if row is None else _job(row)


def _true_state(found: Job) -> Job:
    """What the database says, unless the worker is gone: then what waits gets a new one, what ran was interrupted."""
    if found.state == WAITING:
        process.ensure()
    if found.state != RUNNING or process.working():
        return found
    with process.alone() as alone:  # no worker can begin meanwhile
        if alone:
            recover()
    return _first(jobs.c.key == found.key) or found


def _job(row: Row[tuple[object, ...]]) -> Job:
    return Job(
        row.key,
        row.kind,
        row.topic,
        row.state,
        row.stage,
        row.share,
        None if row.error is None else _(row.error),
        row.attempts,
        json.loads(row.payload),
    )

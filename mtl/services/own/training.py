"""Training on what the user brought: begun, followed, stopped, run again; and what came of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mtl import jobs
from mtl.data import DataError, encode, targets
from mtl.jobs.training import LOG, SUMMARY
from mtl.language import _, number
from mtl.model.train import EFFORTS
from mtl.multitask import describe
from mtl.services import owners, steps, trail
from mtl.services.summary import ModelSummary, summary
from mtl.services.uploads import PERMISSION, Upload, owner
from mtl.services.users import require
from mtl.store import cohorts, models
from mtl.store.database import StoreError
from mtl.study import Study, Text
from mtl.tables.infer import with_identifier

__all__ = [
    "EFFORTS", "Judged", "Line", "Result", "TrainingState", "again", "begin", "cancel", 
    "problems", "result", "state", "use",
]  # fmt: skip

FEWEST = 20


@dataclass(frozen=True)
class Line:
    """A step of the log: when (UTC) and what, in the reader's language."""

    moment: datetime
    text: str


@dataclass(frozen=True)
class TrainingState:
    """How a training is.

    Attributes
    ----------
    key : str
        Of the job.
    state : str
        "waiting", "running", "done", "failed", "cancelled" or "interrupted".
    stage : str
        What is being done, in the reader's language.
    share, remaining : float, float or None
        Share of the work done, and about how many seconds are left; None while that cannot be told.
    error : str or None
    log : tuple of Line
    """

    key: str
    state: str
    stage: str
    share: float
    remaining: float | None
    error: str | None
    log: tuple[Line, ...]

    @property
    def open(self) -> bool:
        """Waiting or running."""
        return self.state in ("waiting", "running")


@dataclass(frozen=True)
class Judged:
    """One task: its headline metric on held-out patients, of the blend and of each expert alone."""

    task: str
    title: Text
    kind: str
    n: int
    metric: str
    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    alone: dict[str, float | None]
    used: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What came of a training."""

    cohort: str
    model: ModelSummary
    rows: int
    tasks: tuple[Judged, ...]
    left_out: dict[str, str]


def problems(upload: Upload, study: Study) -> tuple[str, ...]:
    """What stands against training: few rows, cells that cannot be read, labels that repeat, identifiers that do.

    Only what begins with the task "cannot be learnt" stops a task; the others are told.
    """
    require(PERMISSION)
    table = with_identifier(study, upload.table)
    found = []
    if len(table) < FEWEST:
        found.append(
            _("The table has {count} rows; at least {least} patients are needed to learn from.").format(
                count=number(len(table)), least=FEWEST
            )
        )
    try:
        labels = targets(study, table)
    except DataError as error:
        return (*found, str(error))
    notes = {note for label in labels.values() for note in label.notes} | set(encode(study, table).notes)
    found += [
        describe(note)
        for note in sorted(notes, key=lambda note: (note.column, note.kind))
        if note.kind != "out_of_range"
    ]
    repeated = int(table[study.identifier].dropna().duplicated().sum())
    lacking = int(table[study.identifier].isna().sum())
    if repeated or lacking:
        found.append(
            _(
                "Column {column}: {repeated} rows repeat an identifier and {lacking} have none; every row needs its own."
            ).format(column=study.identifier, repeated=number(repeated), lacking=number(lacking))
        )
    return tuple(found)


def begin(upload: Upload, study: Study, effort: str = "quick", seed: int = 0) -> str:
    """Put a training into the queue; the key of its job. The study is kept as it is now.

    Raises
    ------
    DataError
        Nothing can be learnt from the table as it is.
    """
    require(PERMISSION)
    if effort not in EFFORTS:
        raise ValueError(f"effort {effort!r}: choose {' or '.join(EFFORTS)}")
    table = with_identifier(study, upload.table)
    if len(table) < FEWEST:
        raise DataError(problems(upload, study)[0])
    identifiers = table[study.identifier]
    if identifiers.isna().any() or identifiers.duplicated().any():
        raise DataError(problems(upload, study)[-1])
    labels = targets(study, table)
    if not any(label.labelled.any() for label in labels.values()):
        raise DataError(_("No task has a label in this table: there is nothing to learn."))
    upload.stored.write("training.toml", study.to_toml().encode())
    name = re.sub(r"[^a-z0-9]+", "_", study.name.lower()).strip("_")[:24] or "table"
    payload: dict[str, str | int | float | bool | None] = {
        "owner": owner(),
        "upload": upload.key,
        "cohort": f"{owners.prefix()}{name}",
        "name": study.name[:80],
        "effort": effort,
        "seed": seed,
    }
    key = jobs.submit("train_model", payload, topic=_topic(upload))
    trail.note("train", str(payload["cohort"]), job=key, upload=upload.key, effort=effort, seed=seed)
    return key


def _topic(upload: Upload) -> str:
    return f"train:{upload.stored.owner}:{upload.key}"


def state(upload: Upload) -> TrainingState | None:
    """How the upload's training is; None while there was none. A reload, or another browser, sees the same."""
    require(PERMISSION)
    job = jobs.latest(_topic(upload))
    if job is None:
        return None
    log = _log(upload)
    remaining = None
    if job.state == "running" and log and job.share > 0.05:
        gone = (datetime.now(UTC) - log[0].moment).total_seconds()
        remaining = gone * (1 - job.share) / job.share
    return TrainingState(job.key, job.state, steps.said(job.stage), job.share, remaining, job.error, log)


def cancel(upload: Upload) -> None:
    """Ask the training to stop."""
    require(PERMISSION)
    job = jobs.latest(_topic(upload))
    if job is not None and job.open:
        jobs.cancel(job.key)
        trail.note("cancel", job=job.key)


def again(upload: Upload) -> None:
    """Run an ended training again, as it was."""
    require(PERMISSION)
    job = jobs.latest(_topic(upload))
    if job is not None:
        trail.note("train", str(job.payload.get("cohort")), job=jobs.retry(job.key), upload=upload.key)


def result(upload: Upload) -> Result | None:
    """What came of the last training that ended well; None while there is none."""
    require(PERMISSION)
    content = upload.stored.read(SUMMARY)
    return None if content is None else _result(json.loads(content))


def _result(found: dict[str, Any]) -> Result | None:
    record = models.find(found["model"])
    if record is None:
        return None
    judged = tuple(
        Judged(
            one["task"], Text(**one["title"]), one["kind"], one["n"], one["metric"], one["value"], one["low"], one["high"],
            one["reason"], one["alone"], tuple(one["used"]),
        )
        for one in found["tasks"]
    )  # fmt: skip
    return Result(found["cohort"], summary(record), found["rows"], judged, found["left_out"])


def use(upload: Upload) -> str:
    """Let the cohort of the upload show the numbers of its newest model; the cohort's key."""
    require(PERMISSION)
    found = result(upload)
    if found is None:
        raise StoreError(_("There is no trained model yet."))
    cohort = cohorts.get(found.cohort)
    if cohort.model != found.model.key:
        jobs.submit(
            "score_cohort", {"cohort": cohort.key, "model": found.model.key}, topic=f"score:{cohort.key}"
        )
        trail.note("score", cohort.key, model=found.model.key)
    return cohort.key


def _log(upload: Upload) -> tuple[Line, ...]:
    content = upload.stored.read(LOG) or b""
    lines = []
    for line in content.decode("utf-8").splitlines():
        moment, _space, stage = line.partition(" ")
        lines.append(Line(datetime.fromisoformat(moment), steps.said(stage)))
    return tuple(lines)

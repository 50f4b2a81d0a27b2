"""Deleting a cohort and everything that was derived from it.

What was signed, and the audit trail, stay: they name the case by its opaque key and hold no finding of the patient, but
what somebody wrote by hand as a reason or a note stays as it was written.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, select, update

from mtl.store import schema
from mtl.store.cohorts import CohortError
from mtl.store.database import StoreError, now, reading, settle, writing
from mtl.store.home import REMOVING, ROOMS, home, locked, new_file
from mtl.store.models import is_derived

_JOURNAL = "forgetting"
_OPEN = ("waiting", "running")
cohorts, models, jobs = schema.cohorts, schema.models, schema.jobs


@dataclass(frozen=True)
class Derived:
    """What a cohort's deletion takes with it.

    Attributes
    ----------
    cohort, name : str
    patients : int
    models : tuple of str
        Those trained on it, recalibrated on it, or made of one of those.
    others : tuple of str
        Cohorts that lose the numbers of those models.
    private_cases, jobs : int
    kept_records : int
        Signed records about its cases, which stay.
    paths : tuple of Path
        Files and folders.
    """

    cohort: str
    name: str
    patients: int
    models: tuple[str, ...]
    others: tuple[str, ...]
    private_cases: int
    jobs: int
    kept_records: int
    paths: tuple[Path, ...]


def derived(key: str) -> Derived:
    """What was derived from a cohort; CohortError when there is none, StoreError for a sample."""
    with reading() as connection:
        return _derived(connection, key)


def _derived(connection: Connection, key: str) -> Derived:
    row = connection.execute(select(cohorts).where(cohorts.c.key == key)).first()
    if row is None:
        raise CohortError(f"there is no cohort {key[:80]!r}; choose one from the overview")
    if row.sample:
        raise StoreError(f"{row.name} is a public sample: the next start of the app would bring it back")
    trained = _models(connection, key)
    shown = select(cohorts.c.key).where(cohorts.c.model.in_(trained), cohorts.c.key != key)
    return Derived(
        cohort=key,
        name=row.name,
        patients=row.n,
        models=trained,
        others=tuple(sorted(connection.scalars(shown))),
        private_cases=_count(connection, schema.private_cases, key),
        jobs=len(_jobs(connection, key, trained)),
        kept_records=_count(connection, schema.records, key),
        paths=tuple(sorted(_paths(key, trained))),
    )


def _models(connection: Connection, key: str) -> tuple[str, ...]:
    """Models that were trained on a cohort, recalibrated on it, or made of one of those."""
    rows = {path.name for path in (home() / "cohorts" / key).glob("*")}
    every = {row.key: row.cohort for row in connection.execute(select(models.c.key, models.c.cohort))}
    first = {one for one, cohort in every.items() if cohort == key or _recalibrated_on(one) in rows}
    return tuple(
        sorted(one for one in every if one in first or any(is_derived(one, parent) for parent in first))
    )


def _recalibrated_on(model: str) -> str | None:
    """The rows that a model was recalibrated on, as its training record says."""
    file = home() / "models" / model / "model" / "training.json"
    told = json.loads(file.read_bytes()).get("recalibrated") if file.is_file() else None
    return told.get("data") if isinstance(told, dict) else None


def _count(connection: Connection, table: Table, key: str) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(table.c.cohort == key)) or 0


def _jobs(connection: Connection, key: str, trained: tuple[str, ...]) -> dict[str, str]:
    """Jobs that name the cohort, one of its models, or a table that it was made from: key -> state."""
    names = {key, *trained, *(path.name for path in _uploads(key))}
    found = {}
    for row in connection.execute(select(jobs.c.key, jobs.c.state, jobs.c.payload)):
        if names & {str(value) for value in json.loads(row.payload).values()}:
            found[row.key] = row.state
    return found


# Files -----------------------------------------------------------------------------------------------------------------


def _paths(key: str, trained: tuple[str, ...]) -> Iterator[Path]:
    rooms = {name: home() / name for name in ROOMS}
    yield from _there(rooms["cohorts"] / key)
    for model in trained:
        yield from _there(*(rooms[name] / model for name in ("models", "evidence", "cards")))
        # beside other cohorts' rows: the numbers, leaves and explanations by this model
        yield from rooms["cohorts"].glob(f"*/*/*-{model}*")
        yield from rooms["uploads"].glob(f"*/*/scored-{model}.parquet")
    # its name is the cohort's key and a digest; another cohort's key may begin like this one
    yield from (path for path in rooms["evidence"].glob(f"*/{key}-*") if path.name.rpartition("-")[0] == key)
    for path in rooms["trials"].glob("*/trial.json"):
        told = json.loads(path.read_bytes())
        if told.get("cohort") == key or told.get("model") in trained:
            yield path.parent
    yield from _uploads(key)


def _there(*paths: Path) -> Iterator[Path]:
    yield from (path for path in paths if path.exists())


def _uploads(key: str) -> set[Path]:
    """The states of a user's table from which the cohort was made, and all others of the same file."""
    every = {path.parent for path in (home() / "uploads").glob("*/*/original")}
    made = {path for path in every if _summary(path).get("cohort") == key}
    sources = {(path.parent, _sum(path / "original")) for path in made}
    return made | {path for path in every if sources and (path.parent, _sum(path / "original")) in sources}


def _summary(path: Path) -> dict[str, object]:
    file = path / "training.json"
    found: dict[str, object] = json.loads(file.read_bytes()) if file.is_file() else {}
    return found


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# Forgetting ------------------------------------------------------------------------------------------------------------


def forget(key: str) -> Derived:
    """Delete a cohort, the models trained on it, and everything derived from either; what that was.

    A kill in between leaves a note of what is still to be removed; :func:`finish` removes it.

    Raises
    ------
    CohortError
        There is no such cohort.
    StoreError
        It is a sample, or a job works on it at the moment.
    """
    with locked(REMOVING):
        with writing("jobs") as connection:
            found = _derived(connection, key)
            named = _jobs(connection, key, found.models)
            if "running" in named.values():
                raise StoreError(f"a job works on {found.name} at the moment; stop it, then try again")
            _write_journal(found)
            ended = update(jobs).where(jobs.c.key.in_(list(named)), jobs.c.state.in_(_OPEN))
            connection.execute(ended.values(state="cancelled", changed=now()))
            bare = update(jobs).where(jobs.c.key.in_(list(named)))
            connection.execute(bare.values(payload="{}", topic=None, error=None, stage=""))
            shows = update(cohorts).where(cohorts.c.model.in_(found.models))
            connection.execute(shows.values(model=None, scores=None))
            connection.execute(delete(schema.private_cases).where(schema.private_cases.c.cohort == key))
            connection.execute(delete(schema.shares).where(schema.shares.c.cohort == key))
            connection.execute(delete(models).where(models.c.key.in_(found.models)))
            connection.execute(delete(cohorts).where(cohorts.c.key == key))
        _remove(found.cohort)
    settle()
    return found


def finish() -> int:
    """Remove what an interrupted deletion left; of how many cohorts."""
    with locked(REMOVING, wait=False) as alone:
        if not alone:
            return 0
        left = [path.stem for path in (home() / _JOURNAL).glob("*.json")]
        for key in left:
            with reading() as connection:
                there = connection.execute(select(cohorts.c.key).where(cohorts.c.key == key)).first()
            if there is None:
                _remove(key)
            else:  # the deletion itself was not kept
                _journal(key).unlink(missing_ok=True)
        return len(left)


def _journal(key: str) -> Path:
    return home() / _JOURNAL / f"{key}.json"


def _write_journal(found: Derived) -> None:
    _journal(found.cohort).parent.mkdir(exist_ok=True, mode=0o700)
    paths = [path.relative_to(home()).as_posix() for path in found.paths]
    with new_file(_journal(found.cohort)) as work:
        work.write_text(json.dumps(paths), encoding="utf-8")


def _remove(key: str) -> None:
    for name in json.loads(_journal(key).read_bytes()):
        path = home() / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    _journal(key).unlink()

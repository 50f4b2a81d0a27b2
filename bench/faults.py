"""What is left after the server or its worker is killed, the disk is full, a file is torn, PostgreSQL is restarted.

    python bench/faults.py [--short] [--json] [--seed 0] [--kills 60] [--home DIR]

A process does what the pages do, by the same services: it brings a table, trains on it, scores it, signs a case; its worker
is its own. At a random moment of such an action one of these befalls it:

- server, worker, both: SIGKILL
- serve, serve worker, serve both: SIGKILL of the real `python -m mtl serve`, of its worker, of both, while a person does the
  same through its pages (`bench/person.py`); what a page said is the acknowledgement, and /ready must be back afterwards.
  `--home` names a home with trained samples to copy for these, and spares their training
- disk: the file system of the home is filled to the last byte for a second (a small tmpfs where this may mount one, else
  the worker's files may grow no further), then emptied
- torn: a file of the home loses its end, as after a power cut without the order of writes; it is put back afterwards
- database: PostgreSQL stops, at once or as in a crash, and starts again; the home's database is there for these

Then another such process starts, everything that was interrupted is run again, and these must hold: whatever was
acknowledged is there (records word for word, the table last brought, a model that was said to be trained, numbers that were
said to be scored); nothing half-written is there, by name or by content; every job ended or ends when run again; what is
asked of a torn file is refused in words. Exits with 1 where one does not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

ROOT = Path(__file__).resolve().parents[1]
ACTIONS = ("upload", "train", "score", "sign")
LONG = 180.0  # seconds in which an action must end; neighbours may be busy
DISK = 192  # MB of the home's file system
FULL = 1.0  # seconds that it stays full
ROWS = 240
#: Of 60 faults, how many of each kind.
MIX = {
    "server": 8, "worker": 8, "both": 4, "serve": 8, "serve worker": 4, "serve both": 4, "disk": 10, "torn": 6,
    "database": 8,
}  # fmt: skip
SERVED = ("serve", "serve worker", "serve both")


# The process that plays the server ------------------------------------------------------------------------------------


def play(commands: IO[str], answers: IO[str]) -> None:
    """Do what is asked on stdin, one action a line, and acknowledge it on stdout when a page would say that it is done."""
    from mtl.services import work

    work.look_after()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in commands:
        asked = json.loads(line)
        try:
            answer = {"done": getattr(_Actions, asked["action"])(**asked.get("with", {}))}
        except Exception as error:
            answer = {"refused": type(error).__name__, "words": str(error)[:300]}
        print(json.dumps(answer), file=answers, flush=True)


def table_of(number: int) -> bytes:
    """A ward's table: what relapse depends on, and an outcome."""
    rng = np.random.default_rng(number)
    age, size = rng.normal(60, 10, ROWS).round(), rng.gamma(4, 6, ROWS).round(1)
    relapse = rng.random(ROWS) < 1 / (1 + np.exp(-(size - 24) / 8))
    frame = pd.DataFrame(
        {
            "patient_id": [f"P{i:04d}" for i in range(ROWS)],
            "age": age,
            "size_mm": size,
            "relapse": np.where(relapse, "yes", "no"),
        }
    )
    return frame.to_csv(index=False).encode()


class _Actions:
    @staticmethod
    def upload(number: int) -> dict[str, Any]:
        from mtl.services import uploads

        found = uploads.bring(table_of(number), f"ward-{number}.csv")
        return {"upload": found.key, "digest": _digest(found.table)}

    @staticmethod
    def train(number: int) -> dict[str, Any]:
        from mtl.services import uploads
        from mtl.services.own import studies, training

        upload = uploads.current()
        assert upload is not None
        training.begin(upload, studies.draft(upload).study, seed=number)
        return _Actions._followed(lambda: training.state(upload)) | {"upload": upload.key}

    @staticmethod
    def score(number: int) -> dict[str, Any]:
        from mtl.services import uploads
        from mtl.services.own import scoring, training

        upload = uploads.current()
        assert upload is not None
        found = training.result(upload)
        model = found.model.key if found is not None else scoring.models_here()[number % 2].key
        scoring.begin(upload, model)
        return _Actions._followed(lambda: scoring.state(upload, model)) | {
            "upload": upload.key,
            "model": model,
        }

    @staticmethod
    def sign(number: int) -> dict[str, Any]:
        from mtl.services.patients import cohorts, records

        keys = cohorts.worklist("ward", cohorts.Query(limit=50)).rows["case_key"]
        record = records.sign(str(keys[number % len(keys)]), "agree", note=f"note {number}")
        return {
            "record": record.key,
            "words": hashlib.sha256(record.canonical()).hexdigest(),
            "case": record.case_key,
        }

    @staticmethod
    def rest(jobs: list[str]) -> dict[str, Any]:
        """Run again what did not end well, as a user would, and wait until nothing waits or runs."""
        from mtl import jobs as queue
        from mtl.services import work

        until, again = time.monotonic() + LONG, dict.fromkeys(jobs)
        for key in list(again):
            again[key] = queue.retry(key) if queue.state(key).state in ("interrupted", "failed") else key
        while any(queue.state(str(key)).open for key in again.values()) and time.monotonic() < until:
            work.look_after()
            time.sleep(0.1)
        return {"ended": {key: queue.state(str(now)).state for key, now in again.items()},
                "why": {key: queue.state(str(now)).error for key, now in again.items()}}  # fmt: skip

    @staticmethod
    def _followed(state: Callable[[], Any]) -> dict[str, Any]:
        until = time.monotonic() + LONG
        while (found := state()) is not None and found.open and time.monotonic() < until:
            time.sleep(0.05)
        assert found is not None
        return {"job": found.key, "state": found.state, "error": found.error}


def _digest(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()


class Played:
    """The process, from outside: asked, waited for, killed."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "--play"], cwd=ROOT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=(home.parent / "played.log").open("ab"), text=True, start_new_session=True,
            env={**os.environ, "CONSILIUM_HOME": str(home), "CONSILIUM_REFITS": "0", **env},
        )  # fmt: skip
        self.answer()

    def ask(self, action: str, **given: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"action": action, "with": given}) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any] | None:
        """What it says next; None where it has died before it could say anything."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith("\n"):
            return None
        found: dict[str, Any] = json.loads(line)
        return found

    def kill(self, server: bool, worker: bool) -> bool:
        """SIGKILL; whether there was somebody to kill."""
        return _kill(self._process.pid, server, worker)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _workers(server: int) -> list[int]:
    """The process numbers of a server's workers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == server and b"mtl.jobs.worker" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def _kill(process: int, server: bool, worker: bool) -> bool:
    chosen = [*([process] if server else []), *(_workers(process) if worker else [])]
    for pid in chosen:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(chosen)


class Served:
    """`python -m mtl serve`, and a person at its pages: asked, waited for and killed as :class:`Played` is."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        from bench.app import READY

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._url = f"http://127.0.0.1:{(port := probe.getsockname()[1])}"
        begin = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mtl", "serve", "--port", str(port)], cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=(home.parent / "served.log").open("ab"), start_new_session=True,
            env={**os.environ, "CONSILIUM_HOME": str(home), "CONSILIUM_REFITS": "0", **env},
        )  # fmt: skip
        while not _is_ready(self._url):
            if self._process.poll() is not None or time.monotonic() - begin > READY:
                raise SystemExit(f"the server is not ready; see {home.parent / 'served.log'}")
            time.sleep(0.2)
        self.ready_after = time.monotonic() - begin
        self._doing: Future[dict[str, Any] | None] | None = None
        self._pool = ThreadPoolExecutor(1)

    def ask(self, action: str, **given: Any) -> None:
        self._doing = self._pool.submit(self._do, action, given)

    def answer(self) -> dict[str, Any] | None:
        """What the person saw; None where the server was gone before its page could say anything."""
        assert self._doing is not None
        return self._doing.result()

    def _do(self, action: str, given: dict[str, Any]) -> dict[str, Any] | None:
        from websockets.exceptions import WebSocketException  # closed, or not even opened

        from bench.person import PageError

        try:
            return {"done": getattr(self, f"_{action}")(**given)}
        except PageError as error:
            return {"refused": "on the page", "words": str(error)}
        except (WebSocketException, OSError, EOFError) as error:
            if self._process.poll() is None:
                time.sleep(1.0)  # a kill is not seen at once
            if self._process.poll() is None:
                return {"refused": type(error).__name__, "words": "though the server lives"}
            return None

    def _through(self, act: Callable[[Any], Any]) -> None:
        from bench.person import Person

        async def visit() -> None:
            person = Person(self._url)
            await person.open()
            try:
                await act(person)
            finally:
                await person.socket.close()

        asyncio.run(visit())

    def _upload(self, number: int) -> dict[str, Any]:
        from mtl.services import uploads

        self._through(lambda person: person.upload(table_of(number), f"ward-{number}.csv"))
        found = uploads.current()
        assert found is not None
        return {"upload": found.key, "digest": _digest(found.table)}

    def _train(self, number: int) -> dict[str, Any]:
        from mtl.services import uploads

        self._through(lambda person: person.train(LONG))
        found = uploads.current()
        assert found is not None
        return {"upload": found.key, "state": "done"}

    def _score(self, number: int) -> dict[str, Any]:
        from mtl.services import uploads
        from mtl.services.own import scoring

        model = scoring.models_here()[0].key
        self._through(lambda person: person.score(LONG))
        found = uploads.current()
        assert found is not None
        return {"upload": found.key, "model": model, "state": "done"}

    def _sign(self, number: int) -> dict[str, Any]:
        from mtl.services.patients import cohorts
        from mtl.store import records

        keys = cohorts.worklist("ward", cohorts.Query(limit=50)).rows["case_key"]
        case, note = str(keys[number % len(keys)]), f"note {number}."
        self._through(lambda person: person.sign(case, note))
        (record,) = [one for one in records.of_case(case) if one.note == note]
        words = hashlib.sha256(record.canonical()).hexdigest()
        return {"record": record.key, "words": words, "case": case}

    @staticmethod
    def _rest(jobs: list[str]) -> dict[str, Any]:
        """Put again what did not end well, and wait until the server has seen to everything."""
        from mtl.jobs import queue

        until, again = time.monotonic() + LONG, dict.fromkeys(jobs, "")
        for key in again:
            again[key] = queue.retry(key) if queue.state(key).state in ("interrupted", "failed") else key
        while any(queue.state(key).open for key in again.values()) and time.monotonic() < until:
            time.sleep(0.2)
        return {"ended": {key: queue.state(now).state for key, now in again.items()},
                "why": {key: queue.state(now).error for key, now in again.items()}}  # fmt: skip

    def kill(self, server: bool, worker: bool) -> bool:
        """SIGKILL; whether there was somebody to kill."""
        return _kill(self._process.pid, server, worker)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._pool.shutdown()


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


# Faults ---------------------------------------------------------------------------------------------------------------


@dataclass
class Disk:
    """The file system of a home, which can be filled."""

    folder: Path
    mounted: bool

    def full(self) -> None:
        """Take every byte that is left, for a while."""
        if not self.mounted:
            return
        filler = self.folder / "filler"
        number = os.open(filler, os.O_WRONLY | os.O_CREAT)
        for size in (1 << 20, 1 << 12, 1):  # to the last byte
            with contextlib.suppress(OSError):
                while True:
                    os.write(number, b"\0" * size)
        os.close(number)
        time.sleep(FULL)
        filler.unlink()


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """A small file system, where this process may mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}M,mode=700", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield Disk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


KEPT_FILES = ("*.parquet", "*.json", "*.txt", "*.toml", "*.npz", "*.npy", "manifest*")


def tear(home: Path, rng: random.Random) -> tuple[Path, bytes] | None:
    """Cut the end off a file that is not the database's: the file and what it held."""
    files = [
        path
        for room in ("cohorts", "models", "uploads")
        for pattern in KEPT_FILES
        for path in (home / room).rglob(pattern)
        if path.is_file() and path.stat().st_size > 1 and path.name != "training.log"
    ]
    if not files:
        return None
    path = rng.choice(sorted(set(files)))
    before = path.read_bytes()
    path.write_bytes(before[: rng.randrange(len(before))])
    return path, before


# What must hold -------------------------------------------------------------------------------------------------------

#: Errors by which what cannot be read is refused in words.
WORDS = {"CohortError", "DataError", "ModelFileError", "StoreError", "StudyError", "TableError"}


@dataclass
class Known:
    """What was acknowledged so far."""

    records: dict[str, tuple[str, str]] = field(default_factory=dict)
    upload: tuple[str, str] | None = None
    models: set[str] = field(default_factory=set)
    scored: set[tuple[str, str]] = field(default_factory=set)


def broken(home: Path, known: Known) -> list[str]:
    """What does not hold in a home: nothing, where all is well. Called where nothing runs any more."""
    from mtl.model.files import ModelFileError
    from mtl.services import uploads
    from mtl.store import cohorts, models, records
    from mtl.store import uploads as stored
    from mtl.store.database import StoreError

    wrong = [f"half-written: {path.relative_to(home)}" for path in home.rglob(".work-*")]
    for key, (case, words) in known.records.items():
        found = [one for one in records.of_case(case) if one.key == key]
        if not found or hashlib.sha256(found[0].canonical()).hexdigest() != words:
            wrong.append(f"record {key} is {'another' if found else 'lost'}")
    if known.upload is not None:
        current = stored.current(uploads.owner())
        keys = {one.key for one in stored.every(uploads.owner())}
        if current is None:
            wrong.append("the table last brought is lost")
        elif known.upload[0] not in keys:
            wrong.append(f"upload {known.upload[0]} is lost")
        elif _digest(stored.get(uploads.owner(), known.upload[0]).table()) != known.upload[1]:
            wrong.append(f"upload {known.upload[0]} is another table")
    for key in known.models:
        if models.find(key) is None:
            wrong.append(f"model {key} is lost")
    for record in models.every():
        try:
            models.load(record)
            for fold in range(record.folds):
                models.load_fold(record, fold)
        except (ModelFileError, StoreError, OSError) as error:
            wrong.append(f"model {record.key}: {error}")
    for cohort in cohorts.every():
        try:
            if len(cohort.table()) != cohort.n:
                wrong.append(f"cohort {cohort.key} has other rows than it says")
            if cohort.scores is not None:
                pd.read_parquet(cohort.scores_folder / "scores.parquet")
        except Exception as error:
            wrong.append(f"cohort {cohort.key}: {type(error).__name__}: {error}")
    for upload, model in known.scored:
        found_upload = stored.find(uploads.owner(), upload)
        if found_upload is not None:  # only the last three of a user are kept
            content = found_upload.folder / f"scored-{model}.parquet"
            if not content.is_file() or len(pd.read_parquet(content)) != ROWS:
                wrong.append(f"numbers of {upload} by {model} are lost")
    return wrong


def sound(home: Path) -> list[str]:
    """Whether the database's own check finds nothing."""
    import sqlite3

    file = home / "consilium.db"
    if not file.is_file():
        return []
    with contextlib.closing(sqlite3.connect(file)) as connection:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    return [] if found == ["ok"] else [f"database: {line}" for line in found[:3]]


# A round --------------------------------------------------------------------------------------------------------------


@dataclass
class Told:
    """Counts for the end."""

    faults: Counter[str] = field(default_factory=Counter)
    during: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    jobs: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    said: int = 0


class Rounds:
    """One home, and one fault after the other."""

    def __init__(
        self, home: Path, disk: Disk, env: dict[str, str], rng: random.Random, told: Told,
        process: type[Played] | type[Served] = Played,
    ) -> None:  # fmt: skip
        self.process = process
        self.home, self.disk, self.env, self.rng, self.told = home, disk, env, rng, told
        self.known, self.number = Known(), 0
        self.usual: dict[str, list[float]] = defaultdict(list)
        self.played = process(home, env)
        for action in ACTIONS:  # once undisturbed: how long each takes
            self.one(action, None)

    def one(self, action: str, fault: Callable[[], None] | None, after: float = 0.0) -> dict[str, Any] | None:
        """Ask for an action, let something befall it after some seconds, and take note of what was acknowledged."""
        self.number += 1
        begin = time.monotonic()
        self.played.ask(action, number=self.number)
        if fault is not None:
            time.sleep(after)
            fault()
        answer = self.played.answer()
        if fault is None:
            self.usual[action].append(time.monotonic() - begin)
        if answer is None:
            return None
        if "refused" in answer:
            self.told.refused[f"{answer['refused']}: {answer['words']}"[:160]] += 1
            return answer
        self.note(action, answer["done"])
        return answer

    def note(self, action: str, done: dict[str, Any]) -> None:
        """What was said to be done is from now on to be there."""
        self.told.acknowledged[action] += 1
        if action == "upload":
            self.known.upload = (done["upload"], done["digest"])
        elif action == "sign":
            self.known.records[done["record"]] = (done["case"], done["words"])
        elif action == "score" and done["state"] == "done":
            self.known.scored.add((done["upload"], done["model"]))
        elif action == "train" and done["state"] == "done":
            from mtl.services import uploads
            from mtl.services.own import training

            upload = uploads.current()
            found = training.result(upload) if upload is not None and upload.key == done["upload"] else None
            if found is not None:
                self.known.models.add(found.model.key)

    def round(self, kind: str, action: str, server: Any = None) -> None:
        """One fault at a random moment of an action, and what must hold afterwards."""
        self.told.faults[kind] += 1
        self.told.during[f"{kind} while {action}"] += 1
        after = self.rng.uniform(0.0, 1.1 * float(np.median(self.usual[action])))
        torn: tuple[Path, bytes] | None = None
        if kind == "torn":
            torn = tear(self.home, self.rng)
            self.one(action, None)
            if torn is not None:
                self.ask_all(torn[0])
                torn[0].write_bytes(torn[1])
        else:
            self.one(action, self.fault(kind, server), after)
        self.recover(f"{kind} while {action}")

    def fault(self, kind: str, server: Any) -> Callable[[], None]:
        if kind == "disk":
            return self.disk.full
        if kind == "database":
            how = self.rng.choice([signal.SIGINT, signal.SIGQUIT])
            return lambda: (server.stop(how), server.start(), None)[-1]
        both = kind.endswith("both")
        server, worker = both or kind in ("server", "serve"), both or kind.endswith("worker")
        return lambda: (self.played.kill(server, worker), None)[-1]

    def ask_all(self, torn: Path) -> None:
        """What reads the home must refuse a torn file in words, or not need it."""
        from mtl.services import uploads
        from mtl.store import cohorts, models

        readers: list[Callable[[], object]] = [uploads.current]
        for record in models.every():
            readers.append(lambda record=record: models.load(record))
            readers += [
                lambda record=record, fold=fold: models.load_fold(record, fold)
                for fold in range(record.folds)
            ]
        readers += [lambda cohort=cohort: cohort.table() for cohort in cohorts.every()]
        for read in readers:
            try:
                read()
            except Exception as error:
                self.told.refused[f"{type(error).__name__} (torn)"] += 1
                if type(error).__name__ not in WORDS:
                    where = torn.relative_to(self.home).parts[0]
                    self.told.wrong.append(
                        f"torn {where}/…/{torn.name}: {type(error).__name__}: {error}"[:300]
                    )

    def recover(self, what: str) -> None:
        """Another server starts, runs again what was interrupted, and finds everything that was acknowledged."""
        from mtl.store import database

        self.played.end()
        time.sleep(0.1)
        self.played = self.process(self.home, self.env)
        if isinstance(self.played, Served):
            self.told.ready.append(self.played.ready_after)
        open_ = unended(self.home)
        self.played.ask("rest", jobs=open_)
        answer = self.played.answer()
        ended = (answer or {}).get("done", {})
        for key in open_:
            state = ended.get("ended", {}).get(key, "unknown")
            self.told.jobs[state] += 1
            if state not in ("done", "cancelled"):
                self.told.wrong.append(f"{what}: job {key} {state}: {ended.get('why', {}).get(key)}")
        self.told.wrong += [f"{what}: {line}" for line in (*broken(self.home, self.known), *sound(self.home))]
        database.close()


def unended(home: Path) -> list[str]:
    """Jobs that are neither done nor cancelled, the newest of each topic."""
    from sqlalchemy import select

    from mtl.store.database import reading
    from mtl.store.schema import jobs

    newest: dict[str, tuple[str, str]] = {}
    with reading() as connection:
        for row in connection.execute(select(jobs).order_by(jobs.c.number)):
            newest[row.topic or row.key] = (row.key, row.state)
    return [key for key, state in newest.values() if state not in ("done", "cancelled")]


def prepare(home: Path, env: dict[str, str]) -> None:
    """A cohort with a model, whose cases can be signed."""
    from mtl.multitask import MultiTaskModel
    from mtl.services import uploads
    from mtl.services.own import studies
    from mtl.store import cohorts, database, models, scores

    os.environ.update({"CONSILIUM_HOME": str(home), "CONSILIUM_REFITS": "0", **env})
    upload = uploads.bring(table_of(0), "ward.csv")
    study = studies.draft(upload).study
    cohort = cohorts.register("ward", "ward", study, upload.table)
    model = MultiTaskModel(study, threads=1).fit(upload.table)
    record = models.register_trained("ward-model", "ward", model, cohort, upload.table)
    scores.score(cohort, record, lambda stage, share: None)
    database.close()


def run(kills: int, seed: int, folder: Path, samples: Path | None = None) -> tuple[Told, bool]:
    """Every fault in its share, on homes with SQLite and one with PostgreSQL: the counts, whether a disk was mounted."""
    from mtl.jobs import process

    rng, told = random.Random(seed), Told()
    faults = [
        kind for kind, count in MIX.items() for _ in range(max(1, round(count * kills / sum(MIX.values()))))
    ]
    rng.shuffle(faults)
    faults = faults[:kills]
    with disk(folder / "disk") as small:
        home = small.folder / "home"
        prepare(home, {})
        rounds = Rounds(home, small, {}, rng, told)
        here = [one for one in faults if one not in ("database", *SERVED)]
        for place, kind in enumerate(here):
            busy = ("train", "score") if kind in ("worker", "both") else ACTIONS
            rounds.round(kind, busy[place % len(busy)])
            say(told, kills)
        rounds.played.end()
        end_worker(home)
    if any(one in SERVED for one in faults):
        home = folder / "served"
        if samples is not None:
            shutil.copytree(samples, home)
        prepare(home, {})
        process.ensure = lambda: None  # the server alone starts workers here
        rounds = Rounds(home, Disk(home, False), {}, rng, told, Served)
        for place, kind in enumerate(one for one in faults if one in SERVED):
            busy = ("train", "score") if kind != "serve" else ACTIONS
            rounds.round(kind, busy[place % len(busy)])
            say(told, kills)
        rounds.played.end()
        end_worker(home)
    if "database" in faults:
        with postgresql().running() as server, server.database() as url:
            home, env = folder / "home", {"CONSILIUM_DATABASE_URL": url}
            prepare(home, env)
            rounds = Rounds(home, Disk(home, False), env, rng, told)
            for place in range(faults.count("database")):
                rounds.round("database", ("train", "sign", "score", "upload")[place % 4], server)
                say(told, kills)
            rounds.played.end()
            end_worker(home)
            os.environ.pop("CONSILIUM_DATABASE_URL")
    return told, small.mounted


def postgresql() -> Any:
    """The tests' module that starts Debian's PostgreSQL."""
    path = ROOT / "tests" / "postgresql.py"
    found = importlib.util.spec_from_file_location("postgresql", path)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def end_worker(home: Path) -> None:
    """Wait until the last worker has left the home: it follows its server."""
    from mtl.jobs import process

    until = time.monotonic() + 30
    while process.working() and time.monotonic() < until:
        time.sleep(0.1)


def say(told: Told, kills: int) -> None:
    print(f"{sum(told.faults.values())} of {kills}, {len(told.wrong)} wrong", file=sys.stderr, flush=True)
    for line in told.wrong[told.said :]:
        print(f"WRONG {line}", file=sys.stderr, flush=True)
    told.said = len(told.wrong)


def main() -> int:
    """Print the counts, or one JSON object; 1 where something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--short", action="store_true", help="8 faults")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--home", type=Path, help="a home with trained samples, copied for `python -m mtl serve`"
    )
    parser.add_argument("--play", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.play:
        play(sys.stdin, sys.stdout)
        return 0
    begin = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="consilium-faults-"))
    try:
        told, mounted = run(8 if options.short else options.kills, options.seed, folder, options.home)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = {
        "faults": dict(told.faults), "during": dict(told.during), "acknowledged": dict(told.acknowledged),
        "jobs_run_again": dict(told.jobs), "refused": dict(told.refused), "wrong": told.wrong, "disk_mounted": mounted,
        "ready_after_s": sorted(round(one, 1) for one in told.ready),
        "seconds": round(time.monotonic() - begin),
    }  # fmt: skip
    if options.json:
        print(json.dumps({"faults": found}))
    else:
        for name, value in found.items():
            print(f"{name}: {value if name != 'wrong' else len(told.wrong)}")
        for line in told.wrong:
            print(f"WRONG {line}")
    return 1 if told.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

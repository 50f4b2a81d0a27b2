"""The folder that holds all state, and how a file or folder appears in it whole or not at all."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ENVIRONMENT = "CONSILIUM_HOME"
WORK = ".work-"  # prefix of what is being written
SECRET_BYTES = 32
#: Folders that hold state; what else lies in a home can be made again.
ROOMS = ("cards", "cohorts", "evidence", "models", "trials", "uploads")
REMOVING = "removing.lock"  # held while something is removed, and while a backup must find everything
SERVING = "server.lock"  # shared by every server of a home while it runs
RESTORING = "restoring"  # there while a restore is under way, or was interrupted


def home() -> Path:
    """The state's folder, made if absent: CONSILIUM_HOME, else ~/.consilium; for its owner only."""
    path = Path(os.environ.get(ENVIRONMENT) or Path.home() / ".consilium").expanduser().absolute()
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def room(name: str) -> Path:
    """A folder of the home, made if absent: "cohorts", "models"."""
    path = home() / name
    path.mkdir(exist_ok=True, mode=0o700)
    return path


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which takes the name `target` when the block ends well, and vanishes when it does not.

    Where `target` already exists, it stays and the new one vanishes: names carry the content's key.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.parent / f"{WORK}{target.name}-{os.getpid()}-{secrets.token_hex(4)}"
    work.mkdir(mode=0o700)
    try:
        yield work
        sync(work)
        if not target.exists():
            os.rename(work, target)
            sync(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """A file to fill, for its owner only, which takes the place of `target` when the block ends well, else vanishes."""
    work = target.with_name(f"{WORK}{target.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        work.touch(mode=0o600, exist_ok=False)
        yield work
        with work.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(work, target)
    finally:
        work.unlink(missing_ok=True)


def sync(folder: Path) -> None:
    """Make sure that a folder and the files below it survive a power cut."""
    for path in [folder, *folder.rglob("*")]:
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def clear_unfinished() -> int:
    """Remove what a killed process left half-written; how many there were. Only the one worker may call it."""
    left = [path for name in ROOMS for path in room(name).rglob(f"{WORK}*")]
    left += [
        path for path in home().glob(f"{WORK}*") if path.is_file()
    ]  # folders there are a backup's under way
    dead = [path for path in left if not _alive(path)]
    for path in dead:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(dead)


def _alive(path: Path) -> bool:
    try:
        os.kill(int(path.name.rsplit("-", 2)[1]), 0)
    except (ProcessLookupError, ValueError, IndexError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def locked(name: str, wait: bool = True) -> Iterator[bool]:
    """Hold a lock file of the home inside the block; other processes wait. A kill releases it.

    Without `wait` the block runs at once; whether it holds the lock is what it is told.
    """
    with (home() / name).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


_held: dict[Path, IO[str]] = {}


def serve() -> None:
    """Say that a server of the home runs, for as long as this process lives."""
    path = home() / SERVING
    if path not in _held:
        file = path.open("a")
        fcntl.flock(file, fcntl.LOCK_SH)
        _held[path] = file


def served() -> bool:
    """Whether a server of the home runs, this process's own included."""
    with (home() / SERVING).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def secret() -> bytes:
    """The home's secret, made at the first call; its file is for the owner only."""
    path = home() / "secret.key"
    if not path.is_file():
        with locked("secret.lock"):
            if not path.is_file():
                with new_file(path) as work:
                    work.write_bytes(secrets.token_bytes(SECRET_BYTES))
    content = path.read_bytes()
    if len(content) != SECRET_BYTES:
        raise ValueError(f"{path} is damaged; restore it from a backup: without it no case address is valid")
    return content

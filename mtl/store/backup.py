"""A home as one file, and back: database, folders and secret as they were at one moment, each file with its sha256.

The database goes as rows, so that a backup of SQLite can be restored to PostgreSQL and the other way round, and one of an
older version is brought up to date.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, insert, inspect, select, text

import mtl
from mtl.store import database, migrating, schema
from mtl.store.audit import HEAD
from mtl.store.database import StoreError, now
from mtl.store.home import REMOVING, RESTORING, ROOMS, WORK, home, locked, sync

MANIFEST = "manifest.json"
FORMAT = 1
SECRET = "secret.key"
_TABLES = "database"
_BEFORE = "before-restore-"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Contents:
    """What a backup holds: when it was made, by which version, how many files, bytes and rows."""

    made: str
    version: str
    schema: str
    files: int
    bytes: int
    rows: dict[str, int]


# Making ----------------------------------------------------------------------------------------------------------------


def make(target: Path) -> Contents:
    """Write the home in use to a file, which appears whole or not at all and is for its owner only.

    Nothing is removed from the home meanwhile, so whatever the database names is there.

    Raises
    ------
    StoreError
        The file exists already, or cannot be written.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; choose another name")
    database.engine()
    work = target.with_name(f"{WORK}{target.name}-{os.getpid()}-{secrets.token_hex(4)}")
    sums: dict[str, str] = {}
    try:
        with locked(REMOVING), tempfile.TemporaryDirectory(dir=home(), prefix=WORK) as folder:
            # The chain's head first: one that is newer than the rows would say that rows are gone.
            for name in (HEAD, SECRET):
                if (home() / name).is_file():
                    shutil.copy(home() / name, Path(folder) / name)
            rows = _dump(Path(folder) / _TABLES)
            with os.fdopen(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                    for path in sorted(Path(folder).rglob("*")):
                        _add(archive, path, path.relative_to(folder).as_posix(), sums)
                    for path in _files():
                        # Pieces of a computation may go while they are listed; nothing else is removed now.
                        with contextlib.suppress(FileNotFoundError):
                            _add(archive, path, path.relative_to(home()).as_posix(), sums)
                    contents = Contents(now(), mtl.__version__, schema.VERSION, len(sums), file.tell(), rows)
                    told = {"format": FORMAT, **contents.__dict__, "sha256": sums}
                    manifest = json.dumps(told, indent=1).encode()
                    info = tarfile.TarInfo(MANIFEST)
                    info.size, info.mode = len(manifest), 0o600
                    archive.addfile(info, io.BytesIO(manifest))
                file.flush()
                os.fsync(file.fileno())
        os.link(work, target)  # not over a file that came meanwhile
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror or error}; choose another place") from error
    finally:
        work.unlink(missing_ok=True)
    return contents


def _files() -> Iterator[Path]:
    for name in ROOMS:
        for path in sorted((home() / name).rglob("*")):
            if path.is_file() and not path.is_symlink() and not any(p.startswith(WORK) for p in path.parts):
                yield path


def _add(archive: tarfile.TarFile, path: Path, name: str, sums: dict[str, str]) -> None:
    if path.is_dir():
        return
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size, info.mode = os.fstat(file.fileno()).st_size, 0o600
        reader = _Summing(file)
        archive.addfile(info, reader)
    sums[name] = reader.sum.hexdigest()


class _Summing:
    """A file that is read with its sha256."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        found = self._file.read(size)
        self.sum.update(found)
        return found


def _dump(folder: Path) -> dict[str, int]:
    """Write every table as lines of JSON, all of one moment."""
    folder.mkdir()
    rows = {}
    with database.reached(database.engine()) as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            for table in schema.metadata.sorted_tables:
                count = 0
                with (folder / f"{table.name}.jsonl").open("w", encoding="utf-8") as file:
                    found = connection.execution_options(yield_per=1000).execute(select(table))
                    for row in found.mappings():
                        file.write(json.dumps(dict(row), ensure_ascii=False) + "\n")
                        count += 1
                rows[table.name] = count
    return rows


# Restoring -------------------------------------------------------------------------------------------------------------


def restore(source: Path, replace: bool = False) -> Contents:
    """Make the home in use what it was in a backup; all of it, or nothing where the backup is not whole.

    What the home held before is moved into `before-restore-TIME/` inside it. A database of PostgreSQL is emptied first;
    what it held is then only in a backup.

    Raises
    ------
    StoreError
        The backup is torn, changed or of a newer version; or the home holds something and `replace` is not said.
    """
    place = home()
    if not replace and (holds := _holds()):
        raise StoreError(f"{place} holds {holds} already; use another CONSILIUM_HOME, or say --replace")
    work = place / f"{WORK}restore-{os.getpid()}-{secrets.token_hex(4)}"
    work.mkdir(mode=0o700)
    try:
        contents = _unpack(source, work)
        tables = work / _TABLES
        (place / RESTORING).write_text(now(), encoding="ascii")
        _fill(tables, contents.schema, work / database.FILE)
        shutil.rmtree(tables)
        sync(work)
        aside = place / f"{_BEFORE}{contents.made[:19].replace(':', '')}-{secrets.token_hex(2)}"
        aside.mkdir(mode=0o700)
        database.close()
        for name in _names(place):
            os.rename(place / name, aside / name)
        for path in list(work.iterdir()):
            os.rename(path, place / path.name)
        sync(place)
        if not any(aside.iterdir()):
            aside.rmdir()
        (place / RESTORING).unlink()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return contents


def _names(place: Path) -> list[str]:
    """What of a home a restore replaces."""
    own = {*ROOMS, SECRET, HEAD, *(database.FILE + end for end in ("", "-wal", "-shm"))}
    return sorted(path.name for path in place.iterdir() if path.name in own)


def _holds() -> str | None:
    """What a home, or its database, holds already."""
    for name in _names(home()):
        path = home() / name
        if path.is_file() or any(path.iterdir()):
            return name
    if database.elsewhere() is not None:
        made = _engine(None)
        try:
            with made.connect() as connection:
                if inspect(connection).has_table(schema.about.name):
                    return "tables in its database"
        finally:
            made.dispose()
    return None


def _engine(file: Path | None) -> Engine:
    """The PostgreSQL in use, or a SQLite file; nothing is made in it yet."""
    elsewhere = database.elsewhere()
    if elsewhere is not None:
        return create_engine(elsewhere.url, connect_args=elsewhere.options)
    made = create_engine(f"sqlite:///{file}")
    event.listen(made, "connect", database.prepare)
    event.listen(made, "begin", database.begin)
    return made


def _unpack(source: Path, work: Path) -> Contents:
    """Write every file of a backup below `work`, and see that they are what the manifest says."""
    sums: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(source, mode="r:") as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                plain = member.isreg() and not name.is_absolute() and ".." not in name.parts
                if not plain or member.name in sums or manifest is not None or not _expected(name):
                    raise StoreError(
                        f"{source} is no backup of Consilium: {member.name[:80]!r} does not belong in one"
                    )
                stream = archive.extractfile(member)
                if stream is None:
                    raise StoreError(f"{source} is no backup of Consilium")
                if member.name == MANIFEST:
                    manifest = json.loads(stream.read())
                    continue
                target = work / name
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                digest = hashlib.sha256()
                with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    while chunk := stream.read(_CHUNK):
                        digest.update(chunk)
                        file.write(chunk)
                sums[member.name] = digest.hexdigest()
    except FileNotFoundError:
        raise StoreError(f"{source}: there is no such file") from None
    except (tarfile.TarError, EOFError, ValueError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{source} is torn or no backup of Consilium; nothing was changed") from None
    except OSError as error:
        raise StoreError(f"{source}: {error.strerror or error}; nothing was changed") from error
    if manifest is None:
        raise StoreError(f"{source} is torn: its end is missing; nothing was changed")
    if manifest.get("format") != FORMAT or manifest.get("schema") not in schema.VERSIONS:
        raise StoreError(
            f"{source} was made by a newer version ({str(manifest.get('version'))[:20]}); update Consilium"
        )
    wrong = {name for name in {*sums, *manifest["sha256"]} if sums.get(name) != manifest["sha256"].get(name)}
    if wrong:
        raise StoreError(f"{source} is damaged: {sorted(wrong)[0]} is not what it was; nothing was changed")
    names = ("made", "version", "schema", "files", "bytes", "rows")
    return Contents(**{name: manifest[name] for name in names})


def _expected(name: PurePosixPath) -> bool:
    first = name.parts[0] if name.parts else ""
    return str(name) in (MANIFEST, SECRET, HEAD) or (len(name.parts) > 1 and first in (*ROOMS, _TABLES))


def _fill(tables: Path, version: str, file: Path) -> None:
    """Make the tables as they were in that version, with the rows of the backup, then bring them up to date."""
    made = _engine(file)
    try:
        with made.connect().execution_options(writes=True) as connection, connection.begin():
            if made.dialect.name == "postgresql":
                _empty(connection)
            migrating.upgrade(connection, None, version)
            held = MetaData()
            held.reflect(connection)
            connection.execute(held.tables["about"].delete())
            for path in sorted(tables.glob("*.jsonl")):
                table = held.tables[path.stem]
                with path.open(encoding="utf-8") as lines:
                    for line in lines:
                        connection.execute(insert(table).values(**json.loads(line)))
            if made.dialect.name == "postgresql" and "records" in held.tables:
                connection.execute(
                    text(
                        "SELECT setval(pg_get_serial_sequence('records', 'number'), "
                        "coalesce(max(number), 1), count(*) > 0) FROM records"
                    )
                )
            if version != schema.VERSION:
                migrating.upgrade(connection, version)
    finally:
        made.dispose()


def _empty(connection: Connection) -> None:
    """Take our tables out of a database, with what guards them."""
    held = MetaData()
    held.reflect(connection)
    known = {*schema.metadata.tables, schema.revision.name}
    held.drop_all(connection, tables=[table for name, table in held.tables.items() if name in known])
    for table in ("records", "audit"):
        connection.execute(text(f"DROP FUNCTION IF EXISTS {table}_refuse()"))

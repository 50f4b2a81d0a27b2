"""Debian's PostgreSQL in a temporary folder, reached by a socket; it refuses to run as root, so root lends it a user."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

PATIENCE = 60.0


class Server:
    """A running server; its databases live as long as a test wants them."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not found:
            pytest.fail("PostgreSQL is missing: run `make system`.")
        self._programs, self._folder = found[-1].parent, folder
        self._data = folder / "data"
        self._lent = self._user() if os.getuid() == 0 else []
        options = (
            "--pgdata",
            str(self._data),
            "--username=ada",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        )
        self._run("initdb", *options, "--locale=C")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def _user(self) -> list[str]:
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                user = pwd.getpwnam(name)
                os.chown(self._folder, user.pw_uid, user.pw_gid)
                return [
                    "setpriv",
                    f"--reuid={user.pw_uid}",
                    f"--regid={user.pw_gid}",
                    "--clear-groups",
                    "env",
                    f"HOME={self._folder}",
                ]
        pytest.fail("there is no user to run PostgreSQL as")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._lent, str(self._programs / program), *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = {
            "unix_socket_directories": str(self._folder),
            "listen_addresses": "",
            "fsync": "off",  # the tests kill the server, not the machine: what was committed is kept
            "shared_buffers": "16MB",
            "max_connections": "60",
        }
        options = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._lent, str(self._programs / "postgres"), "-D", str(self._data), *options],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._ask("SELECT 1")
                return
            except Exception:  # whatever a server says that is not there yet
                if time.monotonic() > until or self._process.poll() is not None:
                    pytest.fail((self._folder / "log").read_text())
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop at once, as SIGINT asks for; what is connected is cut off."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)

    def url(self, database: str) -> str:
        """The address of a database, as somebody would set it."""
        return f"postgresql://ada@/{database}?unix_sock={self._folder}/.s.PGSQL.5432"

    def _ask(self, words: str) -> None:
        made = create_engine(
            self.url("postgres").replace("postgresql:", "postgresql+pg8000:", 1),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
        )
        with made.connect() as connection:
            connection.execute(text(words))

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """A new database: its address."""
        name = f"t{uuid.uuid4().hex}"
        self._ask(f"CREATE DATABASE {name} STRATEGY file_copy")
        yield self.url(name)
        self._ask(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server with no database of ours; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="consilium-postgresql-"))
    server = None
    try:
        server = Server(folder)
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)

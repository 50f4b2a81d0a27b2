"""Where PostgreSQL is, from CONSILIUM_DATABASE_URL: its address, and whether what goes over the wire is encrypted."""

from __future__ import annotations

import ipaddress
import os
import ssl
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ENVIRONMENT = "CONSILIUM_DATABASE_URL"
DRIVER = "postgresql+pg8000"
_NAMES = ("postgres", "postgresql", DRIVER)
_MODES = ("disable", "require", "verify-full")


class AddressError(ValueError):
    """The setting names no PostgreSQL; the message holds no password."""


@dataclass(frozen=True)
class Address:
    """A PostgreSQL: its address for SQLAlchemy, what the driver is told, and how it is called without its password."""

    url: URL
    options: dict[str, Any]
    shown: str

    @property
    def key(self) -> str:
        """The address, password included: never to be shown."""
        return self.url.render_as_string(hide_password=False)


def at_postgresql() -> Address | None:
    """What the environment says; None where SQLite is used."""
    told = os.environ.get(ENVIRONMENT, "").strip()
    return parsed(told) if told else None


def parsed(told: str) -> Address:
    """Read `postgresql://user:password@host:port/database?sslmode=MODE`; `unix_sock=PATH` for a socket.

    A host that is not this machine is asked for a valid certificate unless `sslmode` says otherwise: "disable" (in the
    clear), "require" (encrypted, whoever answers), "verify-full".

    Raises
    ------
    AddressError
        It is no address of a PostgreSQL.

    Examples
    --------
    >>> parsed("postgres://ada:secret@db.example/consilium").shown
    'postgresql://db.example/consilium'
    >>> parsed("mysql://a/b")
    Traceback (most recent call last):
    mtl.store.address.AddressError: CONSILIUM_DATABASE_URL: give postgresql://user:password@host/database
    """
    wanted = f"{ENVIRONMENT}: give postgresql://user:password@host/database"
    try:
        url = make_url(told)
    except (ArgumentError, ValueError):
        raise AddressError(wanted) from None
    if url.drivername not in _NAMES or not url.database:
        raise AddressError(wanted)
    query = dict(url.query)
    mode, root = query.pop("sslmode", None), query.pop("sslrootcert", None)
    if mode is not None and mode not in _MODES:
        raise AddressError(f"{ENVIRONMENT}: sslmode is one of {', '.join(_MODES)}")
    options: dict[str, Any] = {"timeout": 10}
    if mode != "disable" and (mode is not None or not _here(url)):
        options["ssl_context"] = _context(mode, root)
    shown = f"postgresql://{url.host or 'local'}/{url.database}"
    return Address(url.set(drivername=DRIVER, query=query), options, shown)


def _here(url: URL) -> bool:
    """Whether the other end is on this machine."""
    if "unix_sock" in url.query or url.host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(url.host)).is_loopback
    except ValueError:
        return False


def _context(mode: str | None, root: object) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(root) if root else None)
    except OSError:
        raise AddressError(f"{ENVIRONMENT}: the file of sslrootcert cannot be read") from None
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context

"""Bringing a database up to date by the scripts in migrations/, all of them or none."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, update

from mtl.store import schema

SCRIPTS = Path(__file__).with_name("migrations")


def config(connection: Connection) -> Config:
    """Alembic's settings for a connection that is already open."""
    made = Config()
    made.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection, version: str | None, to: str = schema.VERSION) -> None:
    """Run the scripts after `version` (None: a new database) up to `to`, inside the caller's transaction.

    Databases of versions 1 and 2 were made without Alembic: they are what those scripts make, so they are marked so.
    """
    made = config(connection)
    if version in schema.UNMARKED and not connection.dialect.has_table(connection, schema.revision.name):
        command.stamp(made, str(version))
    command.upgrade(made, to)
    # Programs from before Alembic look here, and leave alone what is newer than they are.
    about = schema.about
    changed = connection.execute(update(about).where(about.c.name == "schema").values(value=to))
    if not changed.rowcount:
        connection.execute(insert(about).values(name="schema", value=to))

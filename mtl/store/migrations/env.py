"""Alembic's entry: it runs the scripts on the connection that it is given, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from mtl.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()

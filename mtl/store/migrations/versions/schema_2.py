"""Private cases, signed records, users' settings."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, String, Text, UniqueConstraint

from mtl.store.migrations.append_only import refuse_changes

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Make the tables, and let a signed record stay as it was."""
    op.create_table(
        "private_cases",
        Column("key", String(40), primary_key=True),
        Column("owner", String(200), nullable=False),
        Column("cohort", String(80), nullable=False),
        Column("identifier", String(200), nullable=False),
        Column("data", Text, nullable=False),
        Column("created", String(40), nullable=False),
        Column("changed", String(40), nullable=False),
        UniqueConstraint("owner", "cohort", "identifier"),
    )
    op.create_table(
        "records",
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("key", String(40), nullable=False, unique=True),
        Column("time", String(40), nullable=False),
        Column("user", String(200), nullable=False),
        Column("case_key", String(40), nullable=False),
        Column("cohort", String(80), nullable=False),
        Column("task", String(200)),
        Column("model", String(80), nullable=False),
        Column("version", String(40), nullable=False),
        Column("inputs", String(80), nullable=False),
        Column("decision", String(20), nullable=False),
        Column("own", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("note", Text, nullable=False),
        Column("shown", Text, nullable=False),
        Column("warnings", Text, nullable=False),
        Column("corrects", String(40)),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_records_case_key", "records", ["case_key"])
    refuse_changes("records", "a signed record cannot be changed; sign a correction", "number", "key")
    op.create_table(
        "settings",
        Column("user", String(200), primary_key=True),
        Column("name", String(80), primary_key=True),
        Column("value", Text, nullable=False),
    )

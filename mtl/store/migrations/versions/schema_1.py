"""Cohorts, models and jobs."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, String, Text, text

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "about",
        Column("name", String(40), primary_key=True),
        Column("value", Text, nullable=False),
    )
    op.create_table(
        "cohorts",
        Column("key", String(80), primary_key=True),
        Column("name", String(200), nullable=False),
        Column("data", String(64), nullable=False),
        Column("n", Integer, nullable=False),
        Column("study", Text, nullable=False),
        Column("sample", Boolean, nullable=False),
        Column("model", String(80)),
        Column("scores", String(80)),
        Column("registered", String(40), nullable=False),
    )
    op.create_table(
        "models",
        Column("key", String(80), primary_key=True),
        Column("name", String(200), nullable=False),
        Column("version", String(40), nullable=False),
        Column("cohort", String(80)),
        Column("data", String(64)),
        Column("effort", String(20), nullable=False),
        Column("n_training", Integer, nullable=False),
        Column("tasks", Text, nullable=False),
        Column("left_out", Text, nullable=False),
        Column("folds", Integer, nullable=False),
        Column("trained", String(40), nullable=False),
    )
    op.create_table(
        "jobs",
        Column("key", String(40), primary_key=True),
        Column("number", Integer, nullable=False, unique=True),
        Column("kind", String(40), nullable=False),
        Column("topic", String(200)),
        Column("payload", Text, nullable=False),
        Column("state", String(20), nullable=False),
        Column("stage", String(200), nullable=False),
        Column("share", Float, nullable=False),
        Column("error", Text),
        Column("cancel", Boolean, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("created", String(40), nullable=False),
        Column("changed", String(40), nullable=False),
    )
    still_open = text("state IN ('waiting', 'running')")
    op.create_index(
        "jobs_topic", "jobs", ["topic"], unique=True, sqlite_where=still_open, postgresql_where=still_open
    )

"""The audit trail, the people who have signed in, and what is shared with whom."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, String, Text

from mtl.store.migrations.append_only import refuse_changes

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Make the tables, and let the trail only grow."""
    op.create_table(
        "audit",
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("time", String(40), nullable=False),
        Column("user", String(200), nullable=False),
        Column("action", String(40), nullable=False),
        Column("cohort", String(80)),
        Column("case_key", String(40)),
        Column("model", String(80)),
        Column("version", String(40)),
        Column("inputs", String(80)),
        Column("shown", Text, nullable=False),
        Column("warnings", Text, nullable=False),
        Column("decision", String(20)),
        Column("reason", Text, nullable=False),
        Column("detail", Text, nullable=False),
        Column("previous", String(64), nullable=False),
        Column("digest", String(64), nullable=False, unique=True),
    )
    op.create_index("audit_case", "audit", ["case_key", "number"])
    op.create_index("audit_user", "audit", ["user", "number"])
    refuse_changes("audit", "the audit trail only grows", "number", "digest")
    op.create_table(
        "people",
        Column("name", String(200), primary_key=True),
        Column("label", String(200), nullable=False),
        Column("roles", Text, nullable=False),
        Column("groups", Text, nullable=False),
        Column("seen", String(40), nullable=False),
    )
    op.create_table(
        "shares",
        Column("cohort", String(80), primary_key=True),
        Column("kind", String(8), primary_key=True),
        Column("who", String(200), primary_key=True),
        Column("given_by", String(200), nullable=False),
        Column("given", String(40), nullable=False),
    )

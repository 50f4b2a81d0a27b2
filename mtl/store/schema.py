"""The tables of the database, and their version."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text, text

VERSION = "1"

metadata = MetaData()

about = Table(
    "about",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

cohorts = Table(
    "cohorts",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("data", String(64), nullable=False),  # digest of its rows: the folder's name
    Column("n", Integer, nullable=False),
    Column("study", Text, nullable=False),  # TOML
    Column("sample", Boolean, nullable=False),
    Column("model", String(80)),  # the model whose numbers it shows
    Column("scores", String(80)),  # the folder that holds them
    Column("registered", String(40), nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("key", String(80), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("version", String(40), nullable=False),
    Column("cohort", String(80)),  # trained on
    Column("data", String(64)),
    Column("effort", String(20), nullable=False),
    Column("n_training", Integer, nullable=False),
    Column("tasks", Text, nullable=False),  # JSON list
    Column("left_out", Text, nullable=False),  # JSON object
    Column("folds", Integer, nullable=False),  # 0: registered from a folder, no out-of-fold predictors
    Column("trained", String(40), nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),  # the order of the queue
    Column("kind", String(40), nullable=False),
    Column("topic", String(200)),  # one waiting or running job a topic
    Column("payload", Text, nullable=False),  # JSON; names and keys, never a patient's value
    Column("state", String(20), nullable=False),
    Column("stage", String(200), nullable=False),
    Column("share", Float, nullable=False),
    Column("error", Text),
    Column("cancel", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created", String(40), nullable=False),
    Column("changed", String(40), nullable=False),
)

OPEN = text("state IN ('waiting', 'running')")
Index("jobs_topic", jobs.c.topic, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)

"""The tables of the database, and their version."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

VERSION = "2"
#: Older versions that differ only by tables which they lack: making those brings such a database up to date.
LACKING_TABLES = frozenset({"1"})

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

private_cases = Table(
    "private_cases",
    metadata,
    Column("key", String(40), primary_key=True),  # opaque; what an address holds
    Column("owner", String(200), nullable=False),
    Column("cohort", String(80), nullable=False),
    Column("identifier", String(200), nullable=False),  # as the owner calls the patient
    Column("data", Text, nullable=False),  # JSON object: column -> value as it would be recorded
    Column("created", String(40), nullable=False),
    Column("changed", String(40), nullable=False),
    UniqueConstraint("owner", "cohort", "identifier"),
)

records = Table(
    "records",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),  # the order of signing
    Column("key", String(40), nullable=False, unique=True),
    Column("time", String(40), nullable=False),
    Column("user", String(200), nullable=False),
    Column("case_key", String(40), nullable=False, index=True),
    Column("cohort", String(80), nullable=False),
    Column("task", String(200)),  # None: of all tasks together
    Column("model", String(80), nullable=False),
    Column("version", String(40), nullable=False),  # of the model
    Column("inputs", String(80), nullable=False),  # keyed digest of what the model was given
    Column("decision", String(20), nullable=False),
    Column("own", Text, nullable=False),  # JSON object: task -> the user's own estimate
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("shown", Text, nullable=False),  # JSON object: output column -> as printed
    Column("warnings", Text, nullable=False),  # JSON list
    Column("corrects", String(40)),  # key of an earlier record
    sqlite_autoincrement=True,  # a number is never used twice
)

# What was signed stays as it was: the database itself refuses a change, also one by REPLACE.
for name, condition in (
    ("records_no_update", "BEFORE UPDATE ON records"),
    ("records_no_delete", "BEFORE DELETE ON records"),
    (
        "records_no_replace",
        "BEFORE INSERT ON records WHEN EXISTS "
        "(SELECT 1 FROM records WHERE number = NEW.number OR key = NEW.key)",
    ),
):
    refuse = DDL(  # type: ignore[no-untyped-call]
        f"CREATE TRIGGER {name} {condition} "
        "BEGIN SELECT RAISE(ABORT, 'a signed record cannot be changed; sign a correction'); END"
    )
    event.listen(records, "after_create", refuse.execute_if(dialect="sqlite"))

settings = Table(
    "settings",
    metadata,
    Column("user", String(200), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

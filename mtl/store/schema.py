"""The tables of the database as they are now, and their version; migrations/ makes them."""

from __future__ import annotations

from sqlalchemy import (
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
    text,
)

#: Every version that this program can read or bring up to date, the oldest first: the scripts in migrations/versions.
VERSIONS = ("1", "2", "3")
VERSION = VERSIONS[-1]
UNMARKED = frozenset({"1", "2"})  # made before Alembic kept the version

metadata = MetaData()

#: Alembic's own table: which script ran last.
revision = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))

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

settings = Table(
    "settings",
    metadata,
    Column("user", String(200), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("value", Text, nullable=False),  # JSON
)

#: What was done, by whom, to what, and what was shown; rows are chained, see :mod:`mtl.store.audit`.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1, without a gap
    Column("time", String(40), nullable=False),
    Column("user", String(200), nullable=False),
    Column("action", String(40), nullable=False),
    Column("cohort", String(80)),
    Column("case_key", String(40)),
    Column("model", String(80)),
    Column("version", String(40)),  # of the model
    Column("inputs", String(80)),  # keyed digest of what the model was given
    Column("shown", Text, nullable=False),  # JSON object: output column -> as printed
    Column("warnings", Text, nullable=False),  # JSON list
    Column("decision", String(20)),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON object; names and keys, never a patient's value
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
)
Index("audit_case", audit.c.case_key, audit.c.number)
Index("audit_user", audit.c.user, audit.c.number)

#: Who has signed in: the provider's name for the person, and how people call them.
people = Table(
    "people",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("label", String(200), nullable=False),
    Column("roles", Text, nullable=False),  # JSON list
    Column("groups", Text, nullable=False),  # JSON list
    Column("seen", String(40), nullable=False),
)

#: Cohorts that their owner, or an administrator, lets others see.
shares = Table(
    "shares",
    metadata,
    Column("cohort", String(80), primary_key=True),
    Column("kind", String(8), primary_key=True),  # "user" or "group"
    Column("who", String(200), primary_key=True),
    Column("given_by", String(200), nullable=False),
    Column("given", String(40), nullable=False),
)

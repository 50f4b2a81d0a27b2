"""Triggers by which the database itself refuses to change or remove a row, on SQLite and PostgreSQL."""

from __future__ import annotations

from alembic import op


def refuse_changes(table: str, message: str, *unique: str) -> None:
    """Let rows of a table be added only.

    Parameters
    ----------
    message
        What somebody is told who tries; without quotes.
    unique
        Columns by which SQLite's REPLACE would find a row to remove. PostgreSQL has no REPLACE, and its ON CONFLICT is an
        UPDATE; it has TRUNCATE instead.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        for name, when in {
            "change": "UPDATE OR DELETE ON {} FOR EACH ROW",
            "empty": "TRUNCATE ON {}",
        }.items():
            op.execute(
                f"CREATE TRIGGER {table}_no_{name} BEFORE {when.format(table)} EXECUTE FUNCTION {table}_refuse()"
            )
        return
    same = " OR ".join(f"{column} = NEW.{column}" for column in unique)
    for name, when in {
        "update": f"UPDATE ON {table}",
        "delete": f"DELETE ON {table}",
        "replace": f"INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})",
    }.items():
        op.execute(
            f"CREATE TRIGGER {table}_no_{name} BEFORE {when} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )

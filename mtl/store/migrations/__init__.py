"""How a database came to its present tables: one script a version, run by Alembic, on SQLite and PostgreSQL."""

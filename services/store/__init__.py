"""The database: tables, engine and migrations, on SQLite and PostgreSQL alike."""

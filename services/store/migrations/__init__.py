"""Schema history, applied by `migrate`: safe to call from several processes at once."""

from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from services.store.engine import Store

LOCK = 0x48415144
"""Number of the PostgreSQL advisory lock that lets one process migrate at a time ("HAQD")."""


def migrate(store: Store) -> None:
    """Bring the database to the newest schema. Raises `StoreUnavailable`."""

    def work(connection: Connection) -> None:
        if not store.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    store.run_now(work)


def current(store: Store) -> str | None:
    """Revision of the database, None for an empty one. Raises `StoreUnavailable`."""
    return store.read_now(lambda c: MigrationContext.configure(c).get_current_revision())


def newest() -> str | None:
    """Revision of this code."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("services.store.migrations")))
    return config

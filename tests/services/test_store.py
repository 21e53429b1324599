"""The database underneath: migrations, transactions, and what happens while it is away."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from services.store.engine import Store, StoreUnavailable, open_store
from services.store.migrations import current, migrate, newest
from services.store.tables import about, metadata

ONE = sa.insert(about).values(name="x", value="1")


def test_the_migrations_make_the_tables_that_the_code_knows(empty_url: str) -> None:
    store = open_store(empty_url)
    assert current(store) is None
    migrate(store)
    assert current(store) == newest()
    migrate(store)

    def differences(connection: Any) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert store.read_now(differences) == []
    store.close()


def test_ready(store: Store) -> None:
    assert asyncio.run(store.ready())


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    def stumble(connection: Any) -> None:
        connection.execute(ONE)
        raise KeyError

    with pytest.raises(KeyError):
        store.run_now(stumble)
    assert store.read_now(lambda c: c.execute(sa.select(about)).all()) == []
    store.run_now(lambda c: c.execute(ONE))
    assert len(store.read_now(lambda c: c.execute(sa.select(about)).all())) == 1


def test_what_went_wrong_is_told_without_the_statement() -> None:
    store = open_store("sqlite:////nowhere/at/all.db")
    with pytest.raises(StoreUnavailable) as fault:
        store.run_now(lambda c: c.execute(ONE))
    assert "INSERT" not in str(fault.value)
    assert not asyncio.run(store.ready())


def test_many_at_once(store: Store) -> None:
    async def write(number: int) -> None:
        await store.run(lambda c: c.execute(sa.insert(about).values(name=str(number), value="1")))

    async def together() -> None:
        await asyncio.gather(*(write(number) for number in range(20)))

    asyncio.run(together())
    assert len(store.read_now(lambda c: c.execute(sa.select(about)).all())) == 20


def test_an_integrity_fault_is_a_bug_not_an_outage(store: Store) -> None:
    store.run_now(lambda c: c.execute(ONE))
    with pytest.raises(sa.exc.IntegrityError):
        store.run_now(lambda c: c.execute(ONE))

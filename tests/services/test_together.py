"""Transactions that share a commit on SQLite, and the statements that go to its driver directly."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.store.engine import Store, StoreUnavailable, open_store
from services.store.prepared import Prepared
from services.store.tables import about, metadata, payment_point

PATIENCE = 0.3


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shared.db"


@pytest.fixture
def lite(file: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{file}", patience=PATIENCE)
    store.run_now(metadata.create_all)
    yield store
    store.close()


@contextmanager
def another_writer(file: Path) -> Iterator[None]:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def put(name: str) -> Any:
    return lambda connection: connection.execute(sa.insert(about).values(name=name, value="1"))


def names(store: Store) -> set[str]:
    return set(store.read_now(lambda c: c.execute(sa.select(about.c.name)).scalars().all()))


async def _together(store: Store, *works: Any) -> list[Any]:
    return await asyncio.gather(*(store.run(work) for work in works), return_exceptions=True)


def test_what_is_ready_at_once_is_committed_once(lite: Store) -> None:
    commits = []
    sa.event.listen(lite.engine, "commit", commits.append)
    asyncio.run(_together(lite, put("a"), put("b"), put("c")))
    assert names(lite) == {"a", "b", "c"}
    assert len(commits) == 1


def test_only_the_work_that_fails_is_undone(lite: Store) -> None:
    first, second, third = asyncio.run(_together(lite, put("a"), put("a"), put("b")))
    assert not isinstance(first, Exception)
    assert isinstance(second, sa.exc.IntegrityError)
    assert not isinstance(third, Exception)
    assert names(lite) == {"a", "b"}


def test_work_of_a_cancelled_task_is_not_written(lite: Store) -> None:
    async def give_up() -> None:
        tasks = [asyncio.create_task(lite.run(put(name))) for name in "ab"]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(give_up())
    assert names(lite) == {"b"}


def test_another_process_is_waited_for_without_standing_still(lite: Store, file: Path) -> None:
    async def meanwhile() -> int:
        turns = 0
        with another_writer(file):
            task = asyncio.create_task(lite.run(put("a")))
            for _ in range(20):
                await asyncio.sleep(0.001)
                turns += 1
            assert not task.done()
        await task
        return turns

    assert asyncio.run(meanwhile()) == 20
    assert names(lite) == {"a"}


def test_patience_ends(lite: Store, file: Path) -> None:
    with another_writer(file):
        outcomes = asyncio.run(_together(lite, put("a"), put("b")))
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert names(lite) == set()
    asyncio.run(_together(lite, put("c")))
    assert names(lite) == {"c"}


POINT = {
    "id": 1,
    "district": "kech",
    "kind": "camp",
    "name": "A",
    "name_ur": "ا",
    "open_from": date(2026, 7, 1),
}
ADD = Prepared(sa.insert(payment_point), tuple(POINT))
OPEN = Prepared(
    sa.select(payment_point.c.name, payment_point.c.open_from, payment_point.c.open_until)
    .where(payment_point.c.open_from <= sa.bindparam("day"))
    .where(payment_point.c.kind == "camp")
)


def test_a_prepared_statement_says_what_the_long_way_says(store: Store) -> None:
    store.run_now(lambda c: ADD.run(c, POINT))
    asked = {"day": date(2026, 7, 2)}
    row = store.read_now(lambda c: OPEN.first(c, asked))
    assert (row.name, row.open_from, row.open_until) == ("A", date(2026, 7, 1), None)
    assert [tuple(row)] == [tuple(one) for one in store.read_now(lambda c: OPEN.all(c, asked))]
    assert store.read_now(lambda c: OPEN.first(c, {"day": date(2026, 6, 1)})) is None


def test_a_prepared_statement_names_its_fault_as_the_long_way_does(store: Store) -> None:
    store.run_now(lambda c: ADD.run(c, POINT))
    with pytest.raises(sa.exc.IntegrityError):
        store.run_now(lambda c: ADD.run(c, POINT))

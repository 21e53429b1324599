"""A beneficiary's own look-up, with all that surrounds it, against the bare driver.

HAQDAR_BENCH_BENEFICIARIES sets among how many (100 thousand unless told otherwise; two million take some
ten minutes and 3 GB).
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection

from benchmarks.turns import make_room
from services.enquiry import Asker, Desk, enquire
from services.privacy import audit
from services.privacy.guard import Block, make_guard
from services.privacy.identifiers import Keys
from services.privacy.limits import load_limits
from services.privacy.pulse import Alarm
from services.registry import Scope
from services.registry.copies import StoredCopies
from services.registry.lookup import Connected, Lookup
from services.registry.sql import SqlRegistry
from services.store.engine import Store, open_store
from services.store.migrations import migrate
from services.store.prepared import Prepared
from services.store.tables import enrolment, household, member, payment
from tests import databases

BENEFICIARIES = int(os.environ.get("HAQDAR_BENCH_BENEFICIARIES", 100_000))
ROUNDS, LOOKUPS = 20, 50
BATCH = 50_000
OVERHEAD = 6.0
"""Most times as long as the driver takes for the same statements and the same commit, in the lower quarter,
where what else the machine does tells least. Where a commit costs nothing (a disk in memory) it is 4 to 5:
each statement takes some ten microseconds, and hashing, opening, sealing and judging take longer."""

BARE, SAME = "bare query and one row committed", "driver alone with the same statements"
OWN, REFUSAL = "own look-up", "refusal"
TOLD: frozenset[Scope] = frozenset({"enrolment.status", "payment.timeline"})
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def run(kind: str, beneficiaries: int = BENEFICIARIES) -> bool:
    """Print the times on one kind of database; whether the overhead keeps its limit."""
    folder = Path(tempfile.mkdtemp(prefix="haqdar-bench-"))
    keys = Keys.from_secret(b"0" * 32)
    try:
        with _store(kind, folder) as store:
            began = time.perf_counter()
            _fill(store, keys, beneficiaries)
            filled = time.perf_counter() - began
            times = asyncio.run(_measure(store, keys, beneficiaries))
    finally:
        shutil.rmtree(folder)
    ratio, whole = (_at(times[OWN], 0.25) / _at(times[than], 0.25) for than in (SAME, BARE))
    told = "; ".join(
        f"{name} p50 {_at(each, 0.5):.2f} ms, p99 {_at(each, 0.99):.2f} ms" for name, each in times.items()
    )
    print(  # noqa: T201
        f"look-up on {kind} among {beneficiaries:,} beneficiaries (filled in {filled:.0f} s): {told}; "
        f"an own one takes {ratio:.1f} times as long as its statements alone (at most {OVERHEAD:.0f}), "
        f"{whole:.1f} times as long as the bare query"
    )
    return ratio <= OVERHEAD


def _at(times: list[float], share: float) -> float:
    return sorted(times)[int(len(times) * share)] * 1000


def _cnic(number: int) -> str:
    return f"9{number:012d}"


def _phone(number: int) -> str:
    return f"+92399{number:07d}"


@contextmanager
def _store(kind: str, folder: Path) -> Iterator[Store]:
    if kind == "sqlite":
        store = open_store(f"sqlite:///{folder / 'bench.db'}")
        migrate(store)
        yield store
        store.close()
        return
    databases.begin_run()
    try:
        address = databases.postgresql_server()
        with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET fsync")  # as in production
            connection.execute("SELECT pg_reload_conf()")
        with databases.postgresql_database(address) as name:
            store = open_store(databases.postgresql_url(address, name))
            migrate(store)
            yield store
            store.close()
    finally:
        databases.end_run()


def _fill(store: Store, keys: Keys, beneficiaries: int) -> None:
    """A household of one woman each, enrolled, with two payments."""
    name = keys.seal("Amina Bibi")
    day = date(2026, 10, 1)
    tables: tuple[tuple[sa.Table, Callable[[int], list[tuple[Any, ...]]]], ...] = (
        (household, lambda n: [(n, None, "kech", keys.hash("phone", _phone(n)), None, 20, day)]),
        (
            member,
            lambda n: [
                (n, n, keys.hash("cnic", _cnic(n)), "0000", None, name, "f", date(1990, 1, 1), "head")
            ],
        ),
        (enrolment, lambda n: [(n, n, "kafaalat", "enrolled", None, day, None)]),
        (
            payment,
            lambda n: [
                (2 * n, n, "2026-Q4", 13500, "ready", None, day, None, None, None),
                (2 * n + 1, n, "2026-Q3", 13500, "withdrawn", None, day, None, None, None),
            ],
        ),
    )
    for first in range(1, beneficiaries + 1, BATCH):
        numbers = range(first, min(first + BATCH, beneficiaries + 1))
        for table, rows in tables:
            written = [row for number in numbers for row in rows(number)]
            store.run_now(lambda c, t=table, w=written: _write(c, t, w))
    store.run_now(lambda c: c.exec_driver_sql("ANALYZE"))
    # What filling has left to be written must not be waited for by those who are measured.
    store.read_now(
        lambda c: c.exec_driver_sql(
            "PRAGMA wal_checkpoint(TRUNCATE)" if store.is_sqlite else "CHECKPOINT"
        ).close()
    )
    os.sync()


def _write(connection: Connection, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in table.columns)
        plain = [tuple(str(v) if isinstance(v, date) else v for v in row) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", plain)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


QUERY = """
SELECT m.id, h.district, h.phone, e.programme, e.status, p.cycle, p.amount, p.status
FROM member m JOIN household h ON h.id = m.household
JOIN enrolment e ON e.member = m.id LEFT JOIN payment p ON p.enrolment = e.id
WHERE m.cnic = {mark}
"""

KEPT = "INSERT INTO partner_message (sender, id, at) VALUES ({mark}, {mark}, {mark})"


async def _measure(store: Store, keys: Keys, beneficiaries: int) -> dict[str, list[float]]:
    """Seconds of each way, in turn for numbers that are drawn: so all meet the same disk and processor."""
    desk = _desk(store, keys)
    # Listeners slow an engine down for good, so what is told of statements is told by another one.
    heard = open_store(store.engine.url.render_as_string(hide_password=False))
    recorded = _desk(heard, keys)
    times: dict[str, list[float]] = {name: [] for name in (BARE, SAME, OWN, REFUSAL)}
    random = Random(1)
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for round in range(ROUNDS):
            numbers = (random.choices(range(1, beneficiaries), k=LOOKUPS) for _ in range(4))
            bare, same, own, other = numbers
            for turn, number in enumerate(bare):
                hashed = keys.hash("cnic", _cnic(number))
                times[BARE].append(_bare(store, driver, hashed, f"{round}.{turn}"))
            with _told(heard) as told:
                for number in same:
                    await _whole(recorded, _cnic(number), _phone(number), "own")
            store.run_now(lambda c: make_room(c, keys))
            times[SAME] += _same(driver, told)
            times[OWN] += [await _whole(desk, _cnic(one), _phone(one), "own") for one in own]
            times[REFUSAL] += [await _whole(desk, _cnic(one), _phone(one + 1), "none") for one in other]
    heard.close()
    return times


def _desk(store: Store, keys: Keys) -> Desk:
    registry = SqlRegistry(store, keys, lambda: NOW.date())
    lookup = Lookup([Connected(registry)], StoredCopies(store, keys, lambda: NOW))
    return Desk(store, keys, lookup, make_guard(load_limits(), _nobody))


def _bare(store: Store, driver: Any, hashed: bytes, id: str) -> float:
    """The same facts read without any question who asks, and one row committed."""
    mark, at = ("?", NOW.isoformat()) if store.is_sqlite else ("%s", NOW)
    read, write = QUERY.format(mark=mark), KEPT.format(mark=mark)
    began = time.perf_counter()
    found = driver.execute(read, (hashed,)).fetchall()
    if store.is_sqlite:
        driver.execute("BEGIN IMMEDIATE")
    driver.execute(write, ("bench", id, at))
    driver.commit()
    took = time.perf_counter() - began
    assert len(found) == 2
    return took


@contextmanager
def _told(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """All statements that the store is told meanwhile, in order, and COMMIT."""
    told: list[tuple[str, Any]] = []
    listeners: tuple[tuple[str, Any], ...] = (
        ("before_cursor_execute", lambda c, cursor, sql, bound, x, many: told.append((sql, bound))),
        ("commit", lambda c: told.append(("COMMIT", None))),
    )
    for name, listener in listeners:
        sa.event.listen(store.engine, name, listener)
    Prepared.told = lambda sql, bound: told.append((sql, bound))  # what goes to the driver directly
    yield told
    Prepared.told = None
    for name, listener in listeners:
        sa.event.remove(store.engine, name, listener)


def _same(driver: Any, told: list[tuple[str, Any]]) -> list[float]:
    times, began = [], time.perf_counter()
    for sql, bound in told:
        if sql == "COMMIT":
            driver.commit()
            times.append(time.perf_counter() - began)
            began = time.perf_counter()
            continue
        done = driver.execute(sql, bound or ())
        if done.description:
            done.fetchall()
    return times


async def _whole(desk: Desk, cnic: str, sender: str, level: str) -> float:
    phone = desk.keys.hash("phone", sender)
    began = time.perf_counter()
    asker = Asker("sms", phone, phone, Block(), NOW, asyncio.get_running_loop().time() + 3)
    found = await enquire(desk, asker, cnic, TOLD, purpose="registry.status")
    await desk.store.run(lambda c: _commit(c, desk.keys, asker))
    took = time.perf_counter() - began
    assert found.grant.level == level
    return took


def _commit(connection: Connection, keys: Keys, asker: Asker) -> None:
    for effect in asker.effects:
        effect(connection)
    audit.append(connection, keys, asker.audits)


async def _nobody(alarm: Alarm) -> None:
    """The staff of a benchmark."""


if __name__ == "__main__":
    kept = [run(kind) for kind in ("sqlite", "postgresql")]
    sys.exit(not all(kept))

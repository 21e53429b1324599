"""The database connection: one synchronous transaction at a time, on SQLite or PostgreSQL.

On SQLite work runs in the caller's thread: a statement costs less than a thread switch, and what is to
be written at the same moment is committed together. On PostgreSQL it runs in a bounded pool of threads,
one a connection.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from services.store.together import Busy, StoreUnavailable, Together

__all__ = ["Store", "StoreUnavailable", "open_store"]

T = TypeVar("T")

_ONE = sa.select(sa.literal(1))

PATIENCE = 5.0
"""Seconds to wait for a connection or for another writer before the store counts as unavailable."""


class Store:
    """An open database. `reading` is the same one for single statements that see what is committed."""

    def __init__(
        self, engine: Engine, reading: Engine, threads: ThreadPoolExecutor | None, patience: float
    ) -> None:
        self.engine = engine
        self._reading = reading
        self._threads = threads
        self._together = Together(partial(self._guarded, self._impatient), patience)
        self._reader: Connection | None = None
        self._writer: Connection | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction: committed when this returns. Raises `StoreUnavailable`."""
        if self._threads is None:
            return await self._together.run(work)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.run_now, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` that writes nothing, each statement by itself. Raises `StoreUnavailable`."""
        if self._threads is None:
            return self._guarded(self._kept, work)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, work)

    async def ready(self) -> bool:
        """Whether the database answers."""
        try:
            return await self.read(lambda connection: connection.execute(_ONE).scalar() == 1)
        except StoreUnavailable:
            return False

    def run_now(self, work: Callable[[Connection], T]) -> T:
        """`run` for callers without an event loop."""
        return self._guarded(self._writing, work)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """`read` for callers without an event loop."""
        return self._guarded(self._reading.connect, work, again=True)

    def close(self) -> None:
        """Release connections and threads."""
        if self._threads:
            self._threads.shutdown(wait=True)
        for kept in (self._reader, self._writer):
            if kept:
                kept.close()
        self.engine.dispose()

    @contextmanager
    def _kept(self) -> Iterator[Connection]:
        """The event loop's own connection for reads: to take one from the pool costs more than to read."""
        if self._reader is None:
            self._reader = self._reading.connect()
        yield self._reader

    @contextmanager
    def _impatient(self) -> Iterator[Connection]:
        """The event loop's own transaction: it fails at once where another process is writing."""
        if self._writer is None:
            self._writer = self.engine.connect()
            driver = self._writer.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute("PRAGMA busy_timeout=0")
        with self._writer.begin():
            self._writer.exec_driver_sql("BEGIN IMMEDIATE")
            yield self._writer

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            if self.is_sqlite:  # where nothing begins by itself; here, because listeners slow every statement
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def _guarded(self, begin: Callable[[], Any], work: Callable[[Connection], T], again: bool = False) -> T:
        try:
            with begin() as connection:
                return work(connection)
        except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as fault:
            # A kept connection that the server has closed meanwhile: a read, which may be repeated, finds
            # that out, and with it all others are renewed. Cheaper than a ping before each piece of work.
            if getattr(fault.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise Busy from None
            if not (again and getattr(fault, "connection_invalidated", False)):
                # Only the kind of fault: its text would carry statements with people's data.
                cause = fault.__cause__ or fault
                raise StoreUnavailable(getattr(cause, "sqlite_errorname", type(cause).__name__)) from None
        return self._guarded(begin, work)


def open_store(url: str, *, pool: int = 8, patience: float = PATIENCE) -> Store:
    """Open `sqlite:///path` or `postgresql://...`. Connects only when first used."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": patience, "check_same_thread": False})
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return Store(engine, engine.execution_options(isolation_level="AUTOCOMMIT"), None, patience)
    engine = sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=patience,
        connect_args={
            "connect_timeout": max(2, round(patience)),
            "keepalives_idle": 30,
            "options": f"-c timezone=UTC -c lock_timeout={round(patience * 1000)}",
        },
    )
    # Reads without BEGIN and COMMIT: two journeys to the server less for each.
    reading = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Store(engine, reading, ThreadPoolExecutor(pool, thread_name_prefix="store"), patience)


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # The driver must not begin transactions of its own: a read takes none, so that it never waits for a
    # writer, and a write takes the one writer's place before it reads.
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: a turn that was acknowledged to a provider survives a power cut.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()

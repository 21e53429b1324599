"""Rows into the tables of the store, a part at once: new ones are added, others changed if they differ.

First the ids of what the rows belong to are found, each once. Then the rows go where they belong by the
driver's own bulk way. SQLite changes those that are there already in the same statement. PostgreSQL's COPY
can not: where it comes upon one, the part goes through a temporary table instead, and the next ones do so
at once as long as there are such rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from typing import Any, TypeAlias

import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection

from services.imports.kinds import BEFORE, Kind, Parent, Step
from services.imports.prepare import Prepared
from services.store.engine import Store, StoreUnavailable

CACHE = 64 << 10
"""Kilobytes of the file that SQLite keeps in memory: its own 2 MB are too few for indexes of hashes."""

LOG = 64 << 10
"""Pages that may lie in SQLite's log before they are brought home (256 MB): hashes touch most pages of an
index again and again, and each would be written once for each part."""

MARKS = 32_766
"""Values of one SQLite statement: many rows in one cost less than one by one."""

LOCK = 0x48415149
"""Number of the PostgreSQL advisory lock by which one part is written at a time ("HAQI")."""


Columns: TypeAlias = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a part; `orphans` are the numbers of rows and what is not here of theirs."""

    added: int
    changed: int
    orphans: list[tuple[int, Step]]


@contextmanager
def hurried(store: Store) -> Iterator[None]:
    """Let commits not wait for the disk: a power cut may take the last ones, each whole and in order.

    How far the import has come is written in the same commits, so it then goes on from there. The first
    commit afterwards waits for the disk again, and all before it are safe with it.
    """
    if not store.is_sqlite:
        yield
        return
    usual = {"synchronous": "FULL", "wal_autocheckpoint": "1000", "cache_size": "-2000"}
    quick = {"synchronous": "NORMAL", "wal_autocheckpoint": str(LOG), "cache_size": f"-{CACHE}"}

    def begin(driver: Any, *_: object) -> None:
        _set(driver, quick)

    def end(driver: Any, *_: object) -> None:
        _set(driver, usual)

    events = (("checkout", begin), ("checkin", end))
    for event in events:
        sa.event.listen(store.engine, *event)
    try:
        yield
    finally:
        for event in events:
            sa.event.remove(store.engine, *event)


def _set(driver: Any, pragmas: Mapping[str, str]) -> None:
    for name, value in pragmas.items():
        driver.execute(f"PRAGMA {name} = {value}")


class Writer:
    """Writes parts of one kind that have these columns."""

    def __init__(self, kind: Kind, columns: Sequence[str]) -> None:
        self._table, self._parents = kind.table, [one for one in kind.parents if {*one.sought} <= {*columns}]
        given = {*columns, *(parent.name for parent in self._parents)}
        self._names = [column.name for column in kind.table.c if column.name in given]
        self._match = kind.match
        self._changing = [name for name in self._names if name not in (*kind.match, *kind.once)]
        self._sought = {parent.name: _sought(parent) for parent in self._parents}
        self._staged = _temporary("staged", [kind.table.c[name] for name in self._names])
        self._all_new = True

    def write(self, connection: Connection, part: Prepared) -> Written:
        """Write a part in the transaction that is open."""
        lite = connection.dialect.name == "sqlite"
        if not lite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")  # as in `hurried`
            # Nothing has counted the rows of this run yet: a plan for few rows would read whole tables.
            connection.exec_driver_sql("SET LOCAL enable_hashjoin = off")
            connection.exec_driver_sql("SET LOCAL enable_mergejoin = off")
        columns = dict(part.columns)
        lost: dict[int, Step] = {}
        found: dict[Any, dict[Any, int | None]] = {}
        for parent in self._parents:
            same = found.setdefault(tuple(step.table.name for step in parent.steps), {})
            columns[parent.name] = self._ids(connection, parent, columns, same, lost)
        written = [columns[name] for name in self._names]
        if lost:
            here = [place not in lost for place in range(len(part.numbers))]
            written = [list(compress(column, here)) for column in written]
        added, changed = (self._into_sqlite if lite else self._into_postgresql)(connection, written)
        return Written(added, changed, [(part.numbers[place], step) for place, step in sorted(lost.items())])

    def _ids(
        self,
        connection: Connection,
        parent: Parent,
        columns: Mapping[str, Sequence[Any]],
        found: dict[Any, int | None],
        lost: dict[int, Step],
    ) -> list[int | None]:
        """The ids of the parents of all rows. `found` has those that were looked for before: the id, None
        where no parent is named, or below zero the number of the step that found none.

        `lost` gets the places of rows whose parent is not here.
        """
        names = parent.sought
        single = len(names) == 1
        # One value is the same object in all rows, which knows its hash; tuples are made only if need be.
        keys = columns[names[0]] if single else list(zip(*(columns[name] for name in names), strict=True))
        distinct = dict.fromkeys(keys)
        found[None if single else (None,) * len(names)] = None
        missing = [key for key in distinct if key not in found]
        if missing:
            sought, select = self._sought[parent.name]
            sought.create(connection)
            looked_for = [missing] if single else list(zip(*missing, strict=True))
            _pour(connection, sought, [range(len(missing)), *looked_for])
            for place, *ids in connection.execute(select).cursor.fetchall():
                found[missing[place]] = ids[-1] or ids.index(None) - len(ids)
            sought.drop(connection)
        gone = {key: step for key in distinct if (step := found[key] or 0) < 0}
        for place, key in enumerate(keys) if gone else ():
            if key in gone:
                lost.setdefault(place, parent.steps[gone[key]])
        return list(map(found.__getitem__, keys))

    def _into_sqlite(self, connection: Connection, columns: Columns) -> tuple[int, int]:
        driver: Any = connection.connection.driver_connection
        last = f"SELECT coalesce(max(rowid), 0) FROM {self._table.name}"
        before, touched = connection.exec_driver_sql(last).scalar_one(), driver.total_changes
        _pour(connection, self._table, columns, self._names, self._or_change())
        added = connection.exec_driver_sql(last).scalar_one() - before  # rows are numbered without gaps
        return added, driver.total_changes - touched - added

    def _or_change(self) -> str:
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in self._changing)
        table = self._table.name
        differs = " OR ".join(f'{table}."{name}" IS NOT excluded."{name}"' for name in self._changing)
        return f"ON CONFLICT ({', '.join(self._match)}) DO UPDATE SET {sets} WHERE {differs}"

    def _into_postgresql(self, connection: Connection, columns: Columns) -> tuple[int, int]:
        if self._all_new:
            try:
                with connection.begin_nested():
                    _pour(connection, self._table, columns, self._names)
                return len(columns[0]), 0
            except psycopg.errors.UniqueViolation:
                self._all_new = False
        self._staged.create(connection)
        _pour(connection, self._staged, columns)
        table, staged = self._table, self._staged
        same = sa.and_(*(table.c[name] == staged.c[name] for name in self._match))
        differs = sa.or_(*(table.c[name].is_distinct_from(staged.c[name]) for name in self._changing))
        change = sa.update(table).where(same, differs)
        changed = connection.execute(
            change.values({table.c[name]: staged.c[name] for name in self._changing})
        ).rowcount
        new = sa.select(*staged.c).where(~sa.exists().where(same))
        add = sa.insert(table).from_select(self._names, new, include_defaults=False)
        added = connection.execute(add, execution_options={"preserve_rowcount": True}).rowcount
        staged.drop(connection)
        self._all_new = added == len(columns[0])
        return added, changed


def _sought(parent: Parent) -> tuple[sa.Table, sa.Select[Any]]:
    """A table for what is looked for, and what looks: its place, and the id that each step has found."""
    types = {ours: step.table.c[theirs].type for step in parent.steps for theirs, ours in step.on.items()}
    columns = [sa.Column(name, types[name]) for name in parent.sought]
    sought = _temporary("sought", [sa.Column("place", sa.Integer), *columns])
    rows: sa.FromClause = sought
    ids: list[sa.ColumnElement[Any]] = []
    for place, step in enumerate(parent.steps):
        table = step.table.alias(f"step{place}")
        on = [
            table.c[one] == (ids[-1] if ours == BEFORE else sought.c[ours]) for one, ours in step.on.items()
        ]
        rows = rows.outerjoin(table, sa.and_(*on))
        ids.append(table.c.id)
    named = [one.label(f"id{place}") for place, one in enumerate(ids)]
    return sought, sa.select(sought.c.place, *named).select_from(rows)


def _temporary(name: str, columns: Sequence[sa.Column[Any]]) -> sa.Table:
    copies = [sa.Column(column.name, column.type) for column in columns]
    return sa.Table(name, sa.MetaData(), *copies, prefixes=["TEMPORARY"])


def _pour(
    connection: Connection,
    table: sa.Table,
    columns: Columns,
    names: Sequence[str] | None = None,
    otherwise: str = "",
) -> None:
    """Write rows by the driver's bulk way; `otherwise` is what SQLite does instead where one is there."""
    names = names or [column.name for column in table.c]
    quoted = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "sqlite":
        width, rows = len(names), len(columns[0])
        marks = f"({', '.join('?' * width)})"
        for start in range(0, rows, MARKS // width):
            end = min(start + MARKS // width, rows)
            flat: list[Any] = [None] * (width * (end - start))
            for place, column in enumerate(columns):
                flat[place::width] = column[start:end]
            every = ", ".join([marks] * (end - start))
            statement = f"INSERT INTO {table.name} ({quoted}) VALUES {every} {otherwise}"
            connection.exec_driver_sql(statement, tuple(flat))
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({quoted}) FROM STDIN") as copy:
            for row in zip(*columns, strict=True):
                copy.write_row(row)
    except psycopg.OperationalError as fault:  # which nobody translates for us
        raise StoreUnavailable(type(fault).__name__) from None


def mend_sequence(kind: Kind, connection: Connection) -> None:
    """Let new rows have ids after those that were written with ids of their own (PostgreSQL)."""
    if connection.dialect.name == "sqlite" or not isinstance(kind.table.c.id.type, sa.Integer):
        return
    sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence(kind.table.name, "id"))).scalar()
    last = sa.select(sa.func.max(kind.table.c.id)).scalar_subquery()
    known = sa.select(sa.column("last_value")).select_from(sa.text(str(sequence))).scalar_subquery()
    connection.execute(sa.select(sa.func.setval(sequence, last)).where(last > known))

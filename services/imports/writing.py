"""Rows into the tables of the store, a part at once: new ones are added, others changed if they differ.

First the ids of what the rows belong to are found, each once. Then the rows go where they belong by the
driver's own bulk way. SQLite changes those that are there already in the same statement. PostgreSQL's COPY
can not: where it comes upon one, the part goes through a temporary table instead, and the next ones do so
at once as long as there are such rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection

from services.imports.kinds import BEFORE, Kind, Parent, Step
from services.imports.prepare import Prepared
from services.store.engine import StoreUnavailable

CACHE = 64 << 10
"""Kilobytes of the file that SQLite keeps in memory: its own 2 MB are too few for indexes of hashes."""

MARKS = 32_766
"""Values of one SQLite statement: many rows in one cost less than one by one."""

LOCK = 0x48415149
"""Number of the PostgreSQL advisory lock by which one part is written at a time ("HAQI")."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a part; `orphans` are the numbers of rows and what is not here of theirs."""

    added: int
    changed: int
    orphans: list[tuple[int, Step]]


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
        if lite:
            connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE}")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
            # Nothing has counted the rows of this run yet: a plan for few rows would read whole tables.
            connection.exec_driver_sql("SET LOCAL enable_hashjoin = off")
            connection.exec_driver_sql("SET LOCAL enable_mergejoin = off")
        columns = dict(part.columns)
        lost: dict[int, Step] = {}
        found: dict[Any, dict[Any, int | None]] = {}
        for parent in self._parents:
            same = found.setdefault(tuple(step.table.name for step in parent.steps), {})
            columns[parent.name] = self._ids(connection, parent, columns, same, lost)
        rows: Iterable[Sequence[Any]] = zip(*(columns[name] for name in self._names), strict=True)
        if lost:
            rows = (row for place, row in enumerate(rows) if place not in lost)
        added, changed = (self._into_sqlite if lite else self._into_postgresql)(connection, list(rows))
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
        sought, select = self._sought[parent.name]
        sought.create(connection)
        _pour(
            connection,
            sought,
            list(enumerate(missing)) if single else [(n, *k) for n, k in enumerate(missing)],
        )
        for place, *ids in connection.execute(select).cursor.fetchall():
            found[missing[place]] = ids[-1] or ids.index(None) - len(ids)
        sought.drop(connection)
        gone = {key: step for key in distinct if (step := found[key] or 0) < 0}
        for place, key in enumerate(keys) if gone else ():
            if key in gone:
                lost.setdefault(place, parent.steps[gone[key]])
        return list(map(found.__getitem__, keys))

    def _into_sqlite(self, connection: Connection, rows: list[Sequence[Any]]) -> tuple[int, int]:
        driver: Any = connection.connection.driver_connection
        last = f"SELECT coalesce(max(rowid), 0) FROM {self._table.name}"
        before, touched = connection.exec_driver_sql(last).scalar_one(), driver.total_changes
        _pour(connection, self._table, rows, self._names, self._or_change())
        added = connection.exec_driver_sql(last).scalar_one() - before  # rows are numbered without gaps
        return added, driver.total_changes - touched - added

    def _or_change(self) -> str:
        sets = ", ".join(f'"{name}" = excluded."{name}"' for name in self._changing)
        table = self._table.name
        differs = " OR ".join(f'{table}."{name}" IS NOT excluded."{name}"' for name in self._changing)
        return f"ON CONFLICT ({', '.join(self._match)}) DO UPDATE SET {sets} WHERE {differs}"

    def _into_postgresql(self, connection: Connection, rows: list[Sequence[Any]]) -> tuple[int, int]:
        if self._all_new:
            try:
                with connection.begin_nested():
                    _pour(connection, self._table, rows, self._names)
                return len(rows), 0
            except psycopg.errors.UniqueViolation:
                self._all_new = False
        self._staged.create(connection)
        _pour(connection, self._staged, rows)
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
        self._all_new = added == len(rows)
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
    rows: Sequence[Sequence[Any]],
    names: Sequence[str] | None = None,
    otherwise: str = "",
) -> None:
    """Write rows by the driver's bulk way; `otherwise` is what SQLite does instead where one is there."""
    names = names or [column.name for column in table.c]
    quoted = ", ".join(f'"{name}"' for name in names)
    if connection.dialect.name == "sqlite":
        size = MARKS // len(names)
        marks = f"({', '.join('?' * len(names))})"
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            every = ", ".join([marks] * len(some))
            statement = f"INSERT INTO {table.name} ({quoted}) VALUES {every} {otherwise}"
            connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({quoted}) FROM STDIN") as copy:
            for row in rows:
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

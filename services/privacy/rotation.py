"""A new secret takes over: hashes are hashed again in one transaction, then texts are sealed anew.

1. The new secret goes before the old ones, which are kept (`haqdar keys new`, or the settings).
2. The service is stopped, and `haqdar keys rotate` run: `adopt` brings every hash up to the new secret,
   all or nothing. From then on only processes that have the new secret can serve, and others refuse to start.
3. The same command seals texts anew (`reseal`), some rows at a time: the service may run meanwhile, and the
   command may be stopped and run again.

The audit may not be changed: a new row begins each chain's time under the new secret, and who is looked for
is looked for by all secrets. Its older rows keep their hashes, against which the old secret still serves.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from services.privacy import audit
from services.privacy.identifiers import HASH_BYTES, Keys, WrongKey, known_check, verify_key
from services.store.engine import Store
from services.store.tables import Id, about, audit_cut, metadata
from services.store.tables import audit as audit_rows

ROWS = 500
"""Rows that are sealed anew in one transaction."""

PURPOSE = "key rotation"


def hashed_columns() -> list[sa.Column[Any]]:
    """Columns of keyed hashes, but the audit's."""
    return [column for column in _bytes(HASH_BYTES) if column.table is not audit_rows]


def sealed_columns() -> dict[sa.Table, list[sa.Column[Any]]]:
    """Columns of sealed text, by table."""
    found: dict[sa.Table, list[sa.Column[Any]]] = {}
    for column in _bytes(None):
        found.setdefault(column.table, []).append(column)
    return found


def adopt(connection: Connection, keys: Keys, at: datetime) -> int:
    """Bring all hashes up to the newest secret; how many different ones, 0 where they are already.

    Raises `WrongKey` if the database was made with other secrets. No process may use the database
    meanwhile, nor one with the old secrets afterwards.
    """
    known = known_check(connection)
    if known is None:
        verify_key(connection, keys)
        return 0
    if known not in keys.checks:
        raise WrongKey("these secret keys are not those that this database was made with")
    generation = keys.checks.index(known) + 1
    if generation == keys.generation:
        return 0
    count = sum(_hash_again(connection, keys, column, generation) for column in hashed_columns())
    for row in connection.execute(sa.select(audit_cut)).all():
        audit.write_cut(connection, keys, row.chain, row.number, row.hash)
    audit.append(connection, keys, [_mark(chain, at) for chain in range(audit.CHAINS)])
    mine = sa.update(about).where(about.c.name == "key_check")
    connection.execute(mine.values(value=keys.checks[-1]))
    return count


def reseal(store: Store, keys: Keys, *, tell: Callable[[str, int], None] = lambda table, rows: None) -> int:
    """Seal with the newest secret what an older one sealed; how many rows. `tell` hears so by table."""
    total = 0
    for table, columns in sealed_columns().items():
        after: tuple[Any, ...] | None = ()
        done = 0
        while after is not None:
            rows, after = store.run_now(partial(_reseal_some, keys, table, columns, after))
            done += rows
            tell(table.name, done)
        total += done
    return total


def _hash_again(connection: Connection, keys: Keys, column: sa.Column[Any], generation: int) -> int:
    made = sa.Table(
        "hashed_again",
        sa.MetaData(),
        sa.Column("old", Id, primary_key=True),
        sa.Column("new", Id, nullable=False),
        prefixes=["TEMPORARY"],
    )
    made.create(connection)
    wanted = sa.select(column).distinct().where(column.is_not(None)).execution_options(yield_per=10_000)
    count = 0
    for part in connection.execute(wanted).scalars().partitions():
        pairs = [{"old": old, "new": keys.hash_again(old, generation)} for old in part]
        connection.execute(sa.insert(made), pairs)
        count += len(pairs)
    new = sa.select(made.c.new).where(made.c.old == column).scalar_subquery()
    connection.execute(sa.update(column.table).where(column.is_not(None)).values({column: new}))
    made.drop(connection)
    return count


def _mark(chain: int, at: datetime) -> audit.Entry:
    """A row under the new secret, so that none under an older one can be added to its chain."""
    return audit.Entry(
        at=at,
        actor=bytes(HASH_BYTES),
        by="staff",
        channel="keys",
        purpose=PURPOSE,
        subject=bytes([chain]) + bytes(HASH_BYTES - 1),
        asked=frozenset(),
        given=frozenset(),
        decision="rotated",
    )


def _reseal_some(
    keys: Keys,
    table: sa.Table,
    columns: list[sa.Column[Any]],
    after: tuple[Any, ...],
    connection: Connection,
) -> tuple[int, tuple[Any, ...] | None]:
    key = list(table.primary_key.columns)
    mark = bytes([keys.generation])
    old = [
        sa.and_(sa.func.length(column) > 0, sa.func.substr(column, 1, 1, type_=sa.LargeBinary) != mark)
        for column in columns
    ]
    wanted = sa.select(*key, *columns).where(sa.or_(*old)).order_by(*key).limit(ROWS)
    if after:
        pairs = zip(key, after, strict=True)
        here = sa.tuple_(*(sa.bindparam(None, value, type_=column.type) for column, value in pairs))
        wanted = wanted.where(sa.tuple_(*key) > here)
    rows = connection.execute(wanted).all()
    for row in rows:
        values = dict(_resealed(keys, columns, row))
        # Where a turn wrote meanwhile, what it wrote is sealed already.
        same = [column == row._mapping[column] for column in (*key, *values)]
        connection.execute(sa.update(table).where(*same).values(values))
    return len(rows), tuple(rows[-1][: len(key)]) if len(rows) == ROWS else None


def _resealed(keys: Keys, columns: list[sa.Column[Any]], row: Any) -> Iterator[tuple[sa.Column[Any], bytes]]:
    for column in columns:
        if blob := row._mapping[column]:
            yield column, keys.seal(keys.open(blob))


def _bytes(length: int | None) -> Iterator[sa.Column[Any]]:
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, sa.LargeBinary) and column.type.length == length:
                yield column

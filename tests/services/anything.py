"""Rows of any table, for tests that care for a few of their columns."""

from itertools import count
from typing import Any

import sqlalchemy as sa

from services.store.engine import Store
from services.store.tables import Moment, metadata
from tests.services.deployment import NOW, rows

_numbers = count(1)


def put(store: Store, name: str, **fields: Any) -> None:
    """A row of a table, unlike all others; what is not said is something that fits."""
    table = metadata.tables[name]
    number = next(_numbers)
    values = {column.name: _something(column, number) for column in table.columns if not column.nullable}
    store.run_now(lambda c: c.execute(sa.insert(table).values({**values, **fields})))


def kept(store: Store, name: str) -> list[Any]:
    """Everything in a table."""
    return rows(store, metadata.tables[name])


def _something(column: sa.Column[Any], number: int) -> Any:
    match column.type:
        case Moment():
            return NOW
        case sa.Date():
            return NOW.date()
        case sa.LargeBinary(length=length):
            return number.to_bytes(length or 4)
        case sa.Boolean():
            return False
        case sa.String():
            return str(number)
        case _:
            return number

"""Messages of partner systems that were taken: each once, and no more of them than was agreed."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from services.store.tables import partner_message

Taken: TypeAlias = Literal["taken", "repeated", "too_many"]

KEPT = timedelta(days=1)
"""Far longer than a signature is good for, and as long as the daily allowance looks back."""

LONGEST_ID = 100
TRANSACTION = "txn "
"""How the key of a transaction begins, which is kept beside the messages."""


def take(
    connection: Connection, sender: str, id: str, *, at: datetime, per_minute: int, per_day: int
) -> Taken:
    """Note a message; what was taken once is not taken again, nor more than the allowance."""
    rows = partner_message.c
    connection.execute(sa.delete(partner_message).where(rows.at < at - KEPT))
    minute = sa.func.sum(sa.case((rows.at > at - timedelta(minutes=1), 1), else_=0))
    ours = rows.id.not_like(f"{TRANSACTION}%")
    counts = sa.select(sa.func.count(), minute).where(rows.sender == sender, ours)
    day, last_minute = connection.execute(counts).one()
    if day >= per_day or (last_minute or 0) >= per_minute:
        return "too_many"
    return "taken" if _note(connection, sender, id, at) else "repeated"


def answered(connection: Connection, sender: str, transaction: str, at: datetime) -> None:
    """Note that a transaction was answered."""
    _note(connection, sender, _key(transaction), at)


def was_answered(connection: Connection, sender: str, transaction: str) -> bool:
    """Whether a transaction of this sender was answered within the last day."""
    rows = partner_message.c
    known = sa.select(rows.id).where(rows.sender == sender, rows.id == _key(transaction))
    return connection.execute(known).first() is not None


def _note(connection: Connection, sender: str, id: str, at: datetime) -> bool:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(partner_message).values(sender=sender, id=id, at=at).on_conflict_do_nothing()
    return connection.execute(row.returning(partner_message.c.id)).first() is not None


def _key(transaction: str) -> str:
    return TRANSACTION + hashlib.sha256(transaction.encode()).hexdigest()

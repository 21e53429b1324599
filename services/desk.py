"""The queue of people who wait for a member of the staff, and notes that staff read later."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from services.store.tables import desk_item, note


def queue(connection: Connection, call: str, *, conversation: bytes, reason: str, at: datetime) -> None:
    """Put a conversation into the queue, once however often it asks while it waits."""
    waiting = connection.execute(
        sa.select(desk_item.c.id)
        .where(desk_item.c.conversation == conversation)
        .where(desk_item.c.status == "waiting")
    ).first()
    if waiting is None:
        connection.execute(
            sa.insert(desk_item).values(
                id=call, conversation=conversation, reason=reason, status="waiting", at=at
            )
        )


def keep(
    connection: Connection, call: str, *, name: str, conversation: bytes, data: bytes, at: datetime
) -> None:
    """Keep a note (feedback, a reported message): `data` is sealed JSON."""
    connection.execute(
        sa.insert(note).values(id=call, name=name, conversation=conversation, data=data, at=at)
    )

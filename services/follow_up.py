"""Calls that are answered after the turn: a source was late, or a turn must not tell by its length."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Call, Json
from services.privacy.identifiers import Keys
from services.store.tables import follow_up

FIRST_PAUSE = timedelta(seconds=30)
PAUSES = (timedelta(minutes=5), timedelta(hours=1))
"""When it is tried again. What has not come by then is asked for by whoever still wants it."""


@dataclass(frozen=True, slots=True)
class Owed:
    """An answer that somebody waits for. `told` are the payments that were told already."""

    id: str
    conversation: bytes
    call: Call
    told: Json
    attempts: int


def owe(
    connection: Connection,
    keys: Keys,
    call: Call,
    conversation: bytes,
    *,
    at: datetime,
    told: Json = None,
) -> None:
    """Note that this call is to be answered at `at`; `told` is what was told of its answer already."""
    kept = {"name": call.name, "args": dict(call.args), "told": told}
    connection.execute(
        sa.insert(follow_up).values(
            id=call.id,
            conversation=conversation,
            call=keys.seal(json.dumps(kept, ensure_ascii=False)),
            attempts=0,
            due_at=at,
        )
    )


def claim(connection: Connection, keys: Keys, now: datetime) -> Owed | None:
    """The one due longest, put off so that no other process takes it meanwhile."""
    due = (
        sa.select(follow_up.c.id)
        .where(follow_up.c.due_at <= now)
        .order_by(follow_up.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(
        sa.update(follow_up)
        .where(follow_up.c.id == due.scalar_subquery(), follow_up.c.due_at <= now)
        .values(attempts=follow_up.c.attempts + 1, due_at=now + PAUSES[0])
        .returning(follow_up.c.id, follow_up.c.conversation, follow_up.c.call, follow_up.c.attempts)
    ).first()
    if row is None:
        return None
    kept = json.loads(keys.open(row.call))
    call = Call(kept["name"], kept["args"], id=row.id)
    return Owed(row.id, row.conversation, call, kept["told"], row.attempts)


def put_off(connection: Connection, owed: Owed, now: datetime) -> None:
    """Try once more later, or no more where it was tried often enough."""
    if owed.attempts > len(PAUSES):
        settle(connection, owed)
        return
    later = now + PAUSES[owed.attempts - 1]
    connection.execute(sa.update(follow_up).where(follow_up.c.id == owed.id).values(due_at=later))


def settle(connection: Connection, owed: Owed) -> None:
    """Nothing is owed any more."""
    connection.execute(sa.delete(follow_up).where(follow_up.c.id == owed.id))

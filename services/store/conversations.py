"""Conversations with what was heard and said in them: owner of `conversation`, `inbound`, `outbound`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from services.store.prepared import Prepared
from services.store.tables import Id, conversation, inbound, outbound


class Overtaken(Exception):
    """Another message of the same person, or the same message again, was committed meanwhile."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds before a turn. `reply` is what was said to this very message before.

    `session` is None where nobody was heard yet, and empty where the person was forgotten.
    """

    version: int = 0
    session: bytes | None = None
    phone: bytes | None = None
    reply: bytes | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a conversation besides what was said."""

    channel: str
    phone: bytes | None
    language: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One line of a conversation's history, sealed: `said` is true for the bot's."""

    text: bytes
    at: datetime
    said: bool


_load = Prepared(
    sa.select(conversation.c.version, conversation.c.session, conversation.c.phone, outbound.c.message)
    .select_from(conversation.outerjoin(outbound, outbound.c.id == sa.bindparam("reply")))
    .where(conversation.c.id == sa.bindparam("key"))
)
_update = Prepared(
    sa.update(conversation)
    .where(conversation.c.id == sa.bindparam("key"))
    .where(conversation.c.version == sa.bindparam("seen"))
    .values(
        address=sa.bindparam("new_address"),  # a person who was forgotten, and is back
        session=sa.bindparam("new_session"),
        phone=sa.bindparam("new_phone"),
        language=sa.bindparam("new_language"),
        heard_at=sa.bindparam("new_heard_at"),
        version=sa.bindparam("seen") + 1,
    )
)
_begin = Prepared(
    sa.insert(conversation),
    ("id", "channel", "address", "phone", "session", "version", "language", "heard_at"),
)
_hear = Prepared(
    sa.insert(inbound),
    ("channel", "id", "conversation", "text", "intent", "confidence", "language", "at"),
)
_say = Prepared(
    sa.insert(outbound),
    ("id", "conversation", "channel", "message", "about", "segments", "status", "due_at", "at"),
)


def load(connection: Connection, key: bytes, reply: str) -> Found:
    """State of a conversation and, in the same statement, the reply of that id if it was made before."""
    row = _load.first(connection, {"key": key, "reply": reply})
    return Found(*row) if row else Found()


def save(
    connection: Connection,
    key: bytes,
    *,
    found: Found,
    address: bytes,
    session: bytes,
    phone: bytes | None,
    language: str,
    heard: Mapping[str, object],
    said: Mapping[str, object],
) -> None:
    """Write one turn. Raises `Overtaken`, leaving the transaction to be rolled back."""
    try:
        if found.session is None:
            new = {
                "id": key,
                "channel": heard["channel"],
                "address": address,
                "phone": phone,
                "session": session,
                "version": 1,
                "language": language,
                "heard_at": heard["at"],
            }
            _begin.run(connection, new)
        else:
            changed = {
                "key": key,
                "seen": found.version,
                "new_address": address,
                "new_session": session,
                "new_phone": phone,
                "new_language": language,
                "new_heard_at": heard["at"],
            }
            if _update.run(connection, changed) != 1:
                raise Overtaken
        _hear.run(connection, {**heard, "conversation": key})
        _say.run(connection, {**said, "conversation": key})
    except sa.exc.IntegrityError as clash:
        raise Overtaken from clash


def of_person(who: bytes, phone: bytes | None) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Ids of the conversations of whoever writes in this one: it, and any other of the same proven phone."""
    own = sa.select(sa.literal(who, Id))
    if phone is None:
        return own
    return sa.union_all(own, sa.select(conversation.c.id).where(conversation.c.phone == phone))


@dataclass(frozen=True, slots=True)
class Reached:
    """What is needed to speak first: where to, in which language, and the session it is said in."""

    channel: str
    address: bytes
    session: bytes
    version: int
    language: str
    heard_at: datetime


def reach(connection: Connection, key: bytes) -> Reached | None:
    """A conversation that may be spoken to."""
    columns = (
        conversation.c.channel,
        conversation.c.address,
        conversation.c.session,
        conversation.c.version,
        conversation.c.language,
        conversation.c.heard_at,
    )
    row = connection.execute(sa.select(*columns).where(conversation.c.id == key)).first()
    return Reached(*row) if row else None


def speak_first(
    connection: Connection, key: bytes, *, seen: int, session: bytes | None, said: Mapping[str, object]
) -> None:
    """Put a message into the outbox that answers none, with the session that awaits its answer, if any.

    Raises `Overtaken` if a turn was committed since version `seen`: what it opened must not be closed.
    """
    if session is not None:
        changed = connection.execute(
            sa.update(conversation)
            .where(conversation.c.id == key, conversation.c.version == seen)
            .values(session=session, version=seen + 1)
        )
        if changed.rowcount != 1:
            raise Overtaken
    _say.run(connection, {**said, "conversation": key})


def opt_out(connection: Connection, key: bytes, at: datetime | None) -> None:
    """Record that unasked messages are unwelcome since `at`; None makes them welcome again."""
    connection.execute(sa.update(conversation).where(conversation.c.id == key).values(opted_out_at=at))


def known(connection: Connection, key: bytes) -> Known | None:
    """Channel, proven phone and language of a conversation, None where there is none."""
    columns = (conversation.c.channel, conversation.c.phone, conversation.c.language)
    row = connection.execute(sa.select(*columns).where(conversation.c.id == key)).first()
    return Known(*row) if row else None


def history(connection: Connection, key: bytes, *, last: int) -> list[Sentence]:
    """The newest `last` messages of each side, oldest first; the bot's are sealed `Outbound` JSON."""
    heard = connection.execute(
        sa.select(inbound.c.text, inbound.c.at)
        .where(inbound.c.conversation == key)
        .order_by(inbound.c.at.desc())
        .limit(last)
    )
    said = connection.execute(
        sa.select(outbound.c.message, outbound.c.at)
        .where(outbound.c.conversation == key)
        .order_by(outbound.c.at.desc())
        .limit(last)
    )
    lines = [Sentence(row.text, row.at, False) for row in heard]
    lines += [Sentence(row.message, row.at, True) for row in said]
    return sorted(lines, key=lambda line: (line.at, line.said))

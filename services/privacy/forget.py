"""*Forget me*: what is erased at once, what must stay, and why.

Erased: what was heard and said, the session, notes, the place in the staff's queue, answers that are
owed, texts that were not understood, closed complaints' words, changes that are done, what links the
phone to a person, and what sources said of that person. Codes and consents given to this phone end.

Stays, and the bot says so (`Stays`): open complaints and changes, with the address to answer to, until
they are closed. Of all else only keyed hashes: that the person said STOP, because it must hold; who asked
after whom (audit, and the guard against guessing), because it protects others; that consents were given,
because others relied on them. The registry's facts are the programme's. The reply itself goes in two days:
a provider may ask for it again. `retention.toml` ends all of it but the registry and the STOP.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from services.privacy.retention import blank, open_cases, plan
from services.store.tables import (
    change_request,
    consent,
    conversation,
    desk_item,
    follow_up,
    grievance,
    grievance_event,
    inbound,
    note,
    one_time_code,
    outbound,
    phone_link,
    source_copy,
    unanswered,
)


@dataclass(frozen=True, slots=True)
class Stays:
    """What is not erased yet: open complaints and changes of data; `stopped`: no unasked messages."""

    complaints: int
    changes: int
    stopped: bool


def staying(connection: Connection, *, conversation: bytes, phone: bytes | None) -> Stays:
    """What `forget` would leave, to be told in the same turn: that is before it is done."""
    these = _conversations(connection, conversation, phone)
    return Stays(
        complaints=_open(connection, grievance, these),
        changes=_open(connection, change_request, these),
        stopped=_stopped(connection, these),
    )


def forget(
    connection: Connection, *, conversation: bytes, phone: bytes | None, reply: str, at: datetime
) -> None:
    """Forget a person: this conversation, and any other of the same proven `phone` (its keyed hash).

    An effect of the turn, run after the turn's own rows are written: the words heard go too, and of what
    was said only the `reply` (its id in `outbound`) is left.
    """
    these = _conversations(connection, conversation, phone)
    _erase_texts(connection, these, reply)
    _erase_ended_cases(connection, these)
    _let_go(connection, [*these, phone] if phone else these, at)
    _clear(connection, these, at)


def _conversations(connection: Connection, id: bytes, phone: bytes | None) -> list[bytes]:
    if phone is None:
        return [id]
    same = sa.select(conversation.c.id).where(conversation.c.phone == phone, conversation.c.id != id)
    return [id, *connection.execute(same.order_by(conversation.c.id)).scalars()]


def _open(connection: Connection, table: sa.Table, these: Collection[bytes]) -> int:
    unended = table.c.status.not_in(plan().ended[table.name])
    wanted = sa.select(sa.func.count()).select_from(table).where(table.c.conversation.in_(these), unended)
    return connection.execute(wanted).scalar_one()


def _stopped(connection: Connection, these: Collection[bytes]) -> bool:
    stopped = conversation.c.opted_out_at.is_not(None)
    wanted = sa.select(conversation.c.id).where(conversation.c.id.in_(these), stopped)
    return connection.execute(wanted).first() is not None


def _erase_texts(connection: Connection, these: Collection[bytes], reply: str) -> None:
    heard = sa.select(inbound.c.channel + ":" + inbound.c.id).where(inbound.c.conversation.in_(these))
    connection.execute(sa.delete(unanswered).where(unanswered.c.id.in_(heard)))
    for table in (inbound, note, desk_item, follow_up):
        connection.execute(sa.delete(table).where(table.c.conversation.in_(these)))
    connection.execute(sa.delete(outbound).where(outbound.c.conversation.in_(these), outbound.c.id != reply))


def _erase_ended_cases(connection: Connection, these: Collection[bytes]) -> None:
    ended = plan().ended
    closed = sa.and_(grievance.c.conversation.in_(these), grievance.c.status.in_(ended["grievance"]))
    theirs = grievance_event.c.grievance.in_(sa.select(grievance.c.id).where(closed))
    connection.execute(sa.update(grievance_event).where(theirs).values(note=None))
    names = next(rule.clear for rule in plan().rules if rule.table is grievance)
    blanks = {name: blank(grievance.c[name]) for name in names}
    connection.execute(sa.update(grievance).where(closed).values(blanks))
    done = change_request.c.status.in_(ended["change_request"])
    connection.execute(sa.delete(change_request).where(change_request.c.conversation.in_(these), done))


def _let_go(connection: Connection, holders: Collection[bytes], at: datetime) -> None:
    linked = sa.select(phone_link.c.subject).where(phone_link.c.holder.in_(holders))
    connection.execute(sa.delete(source_copy).where(source_copy.c.subject.in_(linked)))
    connection.execute(sa.delete(phone_link).where(phone_link.c.holder.in_(holders)))
    # Void, but still counted: else who guesses codes would begin anew by being forgotten.
    mine = one_time_code.c.holder.in_(holders)
    connection.execute(sa.update(one_time_code).where(mine).values(code=None))
    connection.execute(sa.update(one_time_code).where(mine, one_time_code.c.until > at).values(until=at))
    given = sa.and_(consent.c.recipient.in_(holders), consent.c.withdrawn_at.is_(None), consent.c.until > at)
    connection.execute(sa.update(consent).where(given).values(withdrawn_at=at))


def _clear(connection: Connection, these: Collection[bytes], at: datetime) -> None:
    answer_to = sa.case((open_cases(conversation.c.id), conversation.c.address), else_=b"")
    connection.execute(
        sa.update(conversation)
        .where(conversation.c.id.in_(these))
        .values(
            address=answer_to,
            phone=None,
            session=b"",
            forgotten_at=at,
            version=conversation.c.version + 1,  # so that a turn that is under way there begins anew
        )
    )

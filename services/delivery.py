"""The outbox: what a provider's response could not carry is claimed, sent, and recorded.

A row is marked `sending` in its own commit before the wire is touched and gets its outcome after. A
row left `sending` by a crash becomes `unknown`: it may have gone out, so it is never sent again by
itself but waits for its receipt.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Outbound
from channels import STATUS_ORDER, Channel, Failed, Receipt, Sent, Status
from services.privacy.identifiers import Keys
from services.store import conversations
from services.store.engine import Store, StoreUnavailable
from services.store.tables import early_receipt, outbound

log = logging.getLogger("haqdar.delivery")

MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=5)
"""Doubled at each further attempt, so the last is about five minutes after the first."""

OPTED_OUT = "opted_out"
"""The reason by which a provider tells that a person has unsubscribed there."""

ABANDONED = timedelta(minutes=2)
"""A row that is `sending` for longer than any send may take belongs to a process that died."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What sending is done with."""

    store: Store
    keys: Keys
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    idle: float = 1.0
    chores: tuple[Callable[[datetime], Awaitable[object]], ...] = ()
    """What features have done again and again, told the time: each is safe to repeat, and in any process."""


async def deliver_forever(delivery: Delivery) -> None:
    """Send what is due until cancelled. A database that is away is waited for.

    A message that trips over a bug stays `sending`, becomes `unknown`, and holds nobody else up.
    """
    while True:
        try:
            await delivery.store.run(lambda c: give_up_abandoned(c, delivery.clock()))
            await _do_chores(delivery)
            while await deliver_one(delivery):
                pass
        except StoreUnavailable:
            log.warning("delivery waits: the database is away")
        except Exception:  # a bug that one message meets must not keep the others from being sent
            log.exception("a message could not be sent")
        await asyncio.sleep(delivery.idle)


async def _do_chores(delivery: Delivery) -> None:
    for chore in delivery.chores:
        try:
            await chore(delivery.clock())
        except StoreUnavailable:
            raise
        except Exception:  # a bug in one must not keep messages from being sent
            log.exception("a chore could not be done")


async def deliver_one(delivery: Delivery) -> bool:
    """Send the message that is due longest; false if none is."""
    names = tuple(delivery.channels)
    claimed = await delivery.store.run(lambda c: claim(c, names, delivery.clock()))
    if claimed is None:
        return False
    message = Outbound.from_json(delivery.keys.open(claimed.message))
    outcome = await delivery.channels[message.channel].send(message)
    await delivery.store.run(lambda c: record(c, claimed, outcome, delivery.clock()))
    return True


@dataclass(frozen=True, slots=True)
class Claimed:
    """An outbox row that this process alone may send."""

    id: str
    channel: str
    conversation: bytes
    message: bytes
    attempts: int


def claim(connection: Connection, channels: tuple[str, ...], now: datetime) -> Claimed | None:
    """Mark the row due longest as `sending`."""
    due = (
        sa.select(outbound.c.id)
        .where(outbound.c.status == "queued", outbound.c.due_at <= now)
        .where(outbound.c.channel.in_(channels))
        .order_by(outbound.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(
        sa.update(outbound)
        .where(outbound.c.id == due.scalar_subquery(), outbound.c.status == "queued")
        .values(status="sending", attempts=outbound.c.attempts + 1, due_at=now)
        .returning(
            outbound.c.id,
            outbound.c.channel,
            outbound.c.conversation,
            outbound.c.message,
            outbound.c.attempts,
        )
    ).first()
    return Claimed(*row) if row else None


def record(connection: Connection, claimed: Claimed, outcome: Sent | Failed, now: datetime) -> None:
    """Write what became of a send, and apply a receipt that was faster than we."""
    here = sa.update(outbound).where(outbound.c.id == claimed.id)
    match outcome:
        case Sent(reference):
            connection.execute(here.values(reference=reference))
            _raise(connection, outbound.c.id == claimed.id, "sent", "")
            _apply_early(connection, claimed.channel, reference)
        case Failed(retry=True, after=after) if claimed.attempts < MOST_ATTEMPTS:
            pause = FIRST_PAUSE * 2 ** (claimed.attempts - 1)
            due = now + max(pause, timedelta(seconds=after or 0))
            connection.execute(
                here.where(outbound.c.status == "sending").values(
                    status="queued", due_at=due, error=outcome.reason
                )
            )
        case Failed(reason="unknown"):
            _raise(connection, outbound.c.id == claimed.id, "unknown", outcome.code)
        case Failed(reason=reason):
            _raise(connection, outbound.c.id == claimed.id, "failed", outcome.code or reason)
            if reason == OPTED_OUT:
                conversations.opt_out(connection, claimed.conversation, now)


def record_receipt(connection: Connection, channel: str, receipt: Receipt) -> None:
    """Raise the status of the message that a receipt is about; keep it if the message is not known yet."""
    if receipt.outbound:
        where = outbound.c.id == receipt.outbound
    else:
        where = sa.and_(outbound.c.channel == channel, outbound.c.reference == receipt.reference)
    found = connection.execute(sa.select(outbound.c.conversation).where(where)).first()
    if found:
        _raise(connection, where, receipt.status, receipt.error)
        if receipt.error == OPTED_OUT:
            conversations.opt_out(connection, found.conversation, receipt.at)
    elif receipt.reference:
        row = {"channel": channel, "reference": receipt.reference, "status": receipt.status}
        same = [early_receipt.c[name] == value for name, value in row.items()]
        if not connection.execute(sa.select(early_receipt.c.status).where(*same)).first():
            connection.execute(sa.insert(early_receipt).values(**row, error=receipt.error, at=receipt.at))


def give_up_abandoned(connection: Connection, now: datetime) -> int:
    """Mark rows left `sending` by a dead process as `unknown`; how many there were."""
    return connection.execute(
        sa.update(outbound)
        .where(outbound.c.status == "sending", outbound.c.due_at < now - ABANDONED)
        .values(status="unknown")
    ).rowcount


def _apply_early(connection: Connection, channel: str, reference: str) -> None:
    where = sa.and_(early_receipt.c.channel == channel, early_receipt.c.reference == reference)
    for row in connection.execute(sa.select(early_receipt).where(where)).all():
        this = sa.and_(outbound.c.channel == channel, outbound.c.reference == reference)
        _raise(connection, this, row.status, row.error)
    connection.execute(sa.delete(early_receipt).where(where))


def _raise(connection: Connection, where: sa.ColumnElement[bool], status: Status, error: str) -> None:
    lower = STATUS_ORDER[: STATUS_ORDER.index(status)]
    connection.execute(
        sa.update(outbound).where(where, outbound.c.status.in_(lower)).values(status=status, error=error)
    )

"""The outbox: what a provider's response could not carry is claimed, sent, and recorded.

A row is marked `sending` in its own commit before the wire is touched and gets its outcome after. A
row left `sending` by a crash becomes `unknown`: it may have gone out, so it is never sent again by
itself but waits for its receipt.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Outbound
from channels import STATUS_ORDER, Channel, Failed, Receipt, Sent, Status
from services.privacy.identifiers import Keys
from services.store import conversations
from services.store.engine import Store, StoreUnavailable
from services.store.prepared import Prepared
from services.store.tables import early_receipt, outbound

log = logging.getLogger("haqdar.delivery")

Chore: TypeAlias = Callable[[datetime], Awaitable[object]]

MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=5)
"""Doubled at each further attempt, so the last is about five minutes after the first."""

OPTED_OUT = "opted_out"
"""The reason by which a provider tells that a person has unsubscribed there."""

ABANDONED = timedelta(minutes=2)
"""A row that is `sending` for longer than any send may take belongs to a process that died."""


LAST_WAIT = 5.0
"""Seconds that a message on its way has when the service stops."""


_of_reference = Prepared(
    sa.select(outbound.c.id, outbound.c.conversation).where(
        outbound.c.channel == sa.bindparam("channel"), outbound.c.reference == sa.bindparam("reference")
    )
)
_early = Prepared(
    sa.select(early_receipt.c.status, early_receipt.c.error).where(
        early_receipt.c.channel == sa.bindparam("channel"),
        early_receipt.c.reference == sa.bindparam("reference"),
    )
)
_lost = Prepared(
    sa.select(outbound.c.id, outbound.c.status)
    .where(outbound.c.conversation == sa.bindparam("to"), outbound.c.channel == sa.bindparam("channel"))
    .where(outbound.c.status.in_(("unknown", "sending")), outbound.c.reference.is_(None))
    .limit(2)
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What sending is done with."""

    store: Store
    keys: Keys
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    idle: float = 1.0
    chores: Sequence[Chore] = ()
    """What features have done again and again, told the time: each is safe to repeat, and in any process."""
    lanes: int = 1
    """Messages that may be on their way to providers at the same time."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever put something into the outbox that should not wait `idle` seconds."""
    again: Callable[[Outbound], bool] = lambda outbound: False
    """Whether a message may be sent again though it may have gone out."""


async def deliver_forever(delivery: Delivery) -> None:
    """Send what is due until cancelled. A database that is away is waited for.

    A message that trips over a bug stays `sending`, becomes `unknown`, and holds nobody else up.
    """
    sending = _Sending(delivery.lanes)
    try:
        await _deliver_forever(delivery, sending)
    finally:
        await sending.finish()


async def _deliver_forever(delivery: Delivery, sending: "_Sending") -> None:
    clock, looked = asyncio.get_running_loop().time, -math.inf
    while True:
        try:
            if clock() - looked >= delivery.idle:
                looked = clock()
                await delivery.store.run(partial(_settle_abandoned, delivery))
                await _do_chores(delivery)
            await _send_all(delivery, sending)
        except StoreUnavailable:
            log.warning("delivery waits: the database is away")
        except Exception:  # a bug that one message meets must not keep the others from being sent
            log.exception("a message could not be sent")
        with suppress(TimeoutError):
            async with asyncio.timeout(delivery.idle):
                await delivery.wake.wait()
        delivery.wake.clear()


class _Sending:
    """Messages on their way, as many as there are lanes."""

    def __init__(self, lanes: int) -> None:
        self.room = asyncio.Semaphore(lanes)
        self.tasks: set[asyncio.Task[None]] = set()

    def begin(self, delivery: Delivery, claimed: "Claimed") -> None:
        """Send one; it takes a lane that the caller has."""
        task = asyncio.create_task(_send(delivery, claimed))
        self.tasks.add(task)
        task.add_done_callback(self._end)

    async def finish(self) -> None:
        """Let what is on its way arrive, but not for ever."""
        if self.tasks:
            _, late = await asyncio.wait(self.tasks, timeout=LAST_WAIT)
            for task in late:
                task.cancel()

    def _end(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.room.release()
        if not task.cancelled() and isinstance(task.exception(), StoreUnavailable):
            log.warning("delivery waits: the database is away")
        elif not task.cancelled() and task.exception():
            log.error("a message could not be sent", exc_info=task.exception())


async def _send_all(delivery: Delivery, sending: _Sending) -> None:
    while True:
        await sending.room.acquire()
        try:
            claimed = await _claim(delivery)
        except BaseException:
            sending.room.release()
            raise
        if claimed is None:
            sending.room.release()
            return
        sending.begin(delivery, claimed)


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
    claimed = await _claim(delivery)
    if claimed is None:
        return False
    await _send(delivery, claimed)
    return True


async def _claim(delivery: Delivery) -> "Claimed | None":
    names = tuple(delivery.channels)
    return await delivery.store.run(lambda c: claim(c, names, delivery.clock()))


async def _send(delivery: Delivery, claimed: "Claimed") -> None:
    message = Outbound.from_json(delivery.keys.open(claimed.message))
    outcome = await delivery.channels[message.channel].send(message)
    await delivery.store.run(lambda c: record(c, claimed, outcome, delivery.clock()))


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
            _alone_with(connection, claimed.channel, reference)
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
        mine = sa.select(outbound.c.id, outbound.c.conversation).where(outbound.c.id == receipt.outbound)
        found = connection.execute(mine).first()
    else:
        _alone_with(connection, channel, receipt.reference)
        found = _of_reference.first(connection, {"channel": channel, "reference": receipt.reference})
    if found:
        _raise(connection, outbound.c.id == found.id, receipt.status, receipt.error)
        if receipt.error == OPTED_OUT:
            conversations.opt_out(connection, found.conversation, receipt.at)
    elif receipt.reference:
        row = {"channel": channel, "reference": receipt.reference, "status": receipt.status}
        same = [early_receipt.c[name] == value for name, value in row.items()]
        if not connection.execute(sa.select(early_receipt.c.status).where(*same)).first():
            connection.execute(sa.insert(early_receipt).values(**row, error=receipt.error, at=receipt.at))


def adopt(connection: Connection, channel: str, receipt: Receipt, to: bytes) -> None:
    """Give a receipt's reference to the one message to this conversation whose own never came.

    It was sent and nobody said under which id; where it is not certain which message that was, none is.
    """
    if _of_reference.first(connection, {"channel": channel, "reference": receipt.reference}):
        return
    rows = _lost.all(connection, {"channel": channel, "to": to})
    if len(rows) == 1 and rows[0].status == "unknown":
        here = sa.update(outbound).where(outbound.c.id == rows[0].id)
        connection.execute(here.values(reference=receipt.reference))


def _settle_abandoned(delivery: Delivery, connection: Connection) -> None:
    """Send again what may be; all else that a dead process left is `unknown`."""
    now = delivery.clock()
    left = sa.select(outbound.c.id, outbound.c.message).where(_abandoned(now))
    for row in connection.execute(left).all():
        if delivery.again(Outbound.from_json(delivery.keys.open(row.message))):
            here = sa.update(outbound).where(outbound.c.id == row.id, outbound.c.status == "sending")
            connection.execute(here.values(status="queued"))
    give_up_abandoned(connection, now)


def _abandoned(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(outbound.c.status == "sending", outbound.c.due_at < now - ABANDONED)


def give_up_abandoned(connection: Connection, now: datetime) -> int:
    """Mark rows left `sending` by a dead process as `unknown`; how many there were."""
    return connection.execute(sa.update(outbound).where(_abandoned(now)).values(status="unknown")).rowcount


def _alone_with(connection: Connection, channel: str, reference: str) -> None:
    """Wait until nobody else writes of this reference: a receipt and the send that it is of come together.

    On SQLite whoever writes is alone.
    """
    if connection.dialect.name == "postgresql":
        name = sa.func.hashtext(f"{channel}:{reference}")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(name)))


def _apply_early(connection: Connection, channel: str, reference: str) -> None:
    rows = _early.all(connection, {"channel": channel, "reference": reference})
    for row in rows:
        this = sa.and_(outbound.c.channel == channel, outbound.c.reference == reference)
        _raise(connection, this, row.status, row.error)
    if rows:
        where = sa.and_(early_receipt.c.channel == channel, early_receipt.c.reference == reference)
        connection.execute(sa.delete(early_receipt).where(where))


def _raise(connection: Connection, where: sa.ColumnElement[bool], status: Status, error: str) -> None:
    lower = STATUS_ORDER[: STATUS_ORDER.index(status)]
    connection.execute(
        sa.update(outbound).where(where, outbound.c.status.in_(lower)).values(status=status, error=error)
    )

"""From a bind to a turn: a text is acknowledged once its turn is committed, and answered once.

`haqdar serve` runs it in one of its processes, because an operator counts binds.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

import sqlalchemy as sa
from sqlalchemy import Connection

from bot.messages import Inbound
from channels import Channel, Receipt
from channels.smpp import addresses, codes
from channels.smpp.channel import NAME, Long, SmsSmpp, came
from channels.smpp.pdu import Message, Pdu
from channels.smpp.peer import Peer
from channels.smpp.ussd import Typed
from services import delivery, turns
from services.smpp import long_texts
from services.smpp.only import held
from services.smpp.repeats import Repeats
from services.store.engine import StoreUnavailable
from services.store.prepared import Prepared
from services.store.tables import inbound as inbound_rows
from services.turns import Parts

log = logging.getLogger("haqdar.smpp")

LOOK = 0.5
"""Seconds between two looks at whether a bind stands, or another process has given up the line."""


_heard = Prepared(
    sa.select(inbound_rows.c.id).where(
        inbound_rows.c.channel == sa.bindparam("channel"),
        sa.or_(inbound_rows.c.id == sa.bindparam("before"), inbound_rows.c.id == sa.bindparam("now")),
    )
)


@dataclass(frozen=True, slots=True)
class Listener:
    """What hearing is done with. `answered` is called after each turn, whose reply waits to be sent."""

    parts: Parts
    channel: SmsSmpp
    answered: Callable[[], None]
    repeats: Repeats = field(default_factory=Repeats)
    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)


async def run(listener: Listener, lock: Path, sending: MutableMapping[str, Channel]) -> None:
    """Keep the line until cancelled, once no other process does.

    While a bind stands the channel is in `sending`, for `delivery` to send by.
    """
    channel = listener.channel
    channel.hear = partial(hear, listener)
    ours: dict[str, Channel] = {NAME: channel}
    if channel.ussd:
        ours[channel.ussd.name] = channel.ussd
    while not (hold := held(lock)):
        await asyncio.sleep(LOOK)
    with hold:
        await channel.start()
        try:
            while True:
                if any(line.bound for line in channel.lines.values()):
                    sending.update(ours)
                else:  # what is to be sent waits where it is, and no attempt is spent
                    _take_away(sending, ours)
                await asyncio.sleep(LOOK)
        finally:
            _take_away(sending, ours)
            await channel.stop()


def _take_away(sending: MutableMapping[str, Channel], ours: Mapping[str, Channel]) -> None:
    for name in ours:
        sending.pop(name, None)


async def hear(listener: Listener, name: str, peer: Peer, pdu: Pdu) -> int:
    """Take what an operator delivers; the status that it is acknowledged with."""
    message = pdu.body
    assert isinstance(message, Message)
    profile = listener.channel.profiles[name]
    what = came(profile, pdu, message, listener.parts.clock())
    try:
        match what:
            case Receipt():
                phone = addresses.phone(message.source, country=profile.country) or ""
                await _take_receipt(listener, what, phone)
            case Inbound():
                async with _in_order(listener, what.sender):
                    await _take_text(listener, f"{name}:{message.destination.number}", what, message, peer)
            case Typed(inbound=typed):
                async with _in_order(listener, typed.sender):
                    assert listener.channel.ussd
                    listener.channel.ussd.opened(what)
                    step = f"{name}:ussd:{(what.session or b'').hex()}"
                    await _take_text(listener, step, typed, message, peer)
            case Long():
                async with _in_order(listener, what.inbound.sender):
                    await _take_part(listener, what)
    except StoreUnavailable:
        log.error("not acknowledged: the database is away")
        return codes.TRY_LATER
    return codes.OK


async def take_overdue(listener: Listener, now: datetime) -> None:
    """Hear long texts of which no more has come for too long. Safe to repeat, in any process."""
    store = listener.parts.store
    for message, round in await store.read(lambda c: long_texts.overdue(c, now)):
        await _take_round(listener, message, round)


def _in_order(listener: Listener, sender: str) -> asyncio.Lock:
    """One person's texts are heard one after another; the lock is forgotten when nobody waits."""
    lock = listener.locks.get(sender)
    if lock is None:
        lock = listener.locks[sender] = asyncio.Lock()
    return lock


async def _take_text(listener: Listener, to: str, inbound: Inbound, message: Message, peer: Peer) -> None:
    loop = asyncio.get_running_loop()
    if inbound.id:
        await turns.take(listener.parts, inbound)
    else:
        said = f"{to}:{inbound.sender}:{message.coding}:{message.text.hex()}:{inbound.text}"
        key = listener.parts.keys.hash("address", said).hex()
        quick = inbound.channel != NAME
        ids = listener.repeats.candidates(key, at=inbound.at.timestamp(), now=loop.time(), quick=quick)
        id = ids[-1]
        if len(ids) > 1:
            heard = await listener.parts.store.read(lambda c: _heard_before(c, inbound.channel, ids))
            id = heard or id
        listener.repeats.begin(key, id, now=loop.time())
        await turns.take(listener.parts, replace(inbound, id=id))
        listener.repeats.answered(key, peer, now=loop.time())
    listener.answered()


def _heard_before(connection: Connection, channel: str, ids: list[str]) -> str | None:
    before, now = ids
    rows = _heard.all(connection, {"channel": channel, "before": before, "now": now})
    return max((row.id for row in rows), default=None)


async def _take_part(listener: Listener, long: Long) -> None:
    parts = listener.parts
    message, round = await parts.store.run(lambda c: long_texts.keep(c, parts.keys, long))
    # Read after the commit: of two parts that come at once by two binds, one sees both.
    await _take_round(listener, message, round)


async def _take_round(listener: Listener, message: bytes, round: int) -> None:
    parts = listener.parts
    found = await parts.store.read(lambda c: long_texts.find(c, parts.keys, message, round))
    now = parts.clock()
    if found and found.is_due(now):
        await turns.take(parts, found.inbound(now))
        await parts.store.run(lambda c: long_texts.mark_taken(c, found))
        listener.answered()


async def _take_receipt(listener: Listener, receipt: Receipt, phone: str) -> None:
    address = listener.parts.keys.hash("address", f"{NAME}:{phone}")

    def write(connection: Connection) -> None:
        delivery.adopt(connection, NAME, receipt, address)
        delivery.record_receipt(connection, NAME, receipt)

    await listener.parts.store.run(write)

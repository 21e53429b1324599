"""Answers calls after their turn: what a late source had to say, a code to a registered phone."""

import asyncio
import logging
from dataclasses import replace

from sqlalchemy import Connection

from bot.dialogue import respond
from bot.messages import Result, Say, Session
from services import follow_up
from services.answers import LATER
from services.asking import Context
from services.privacy import audit
from services.store import conversations
from services.store.engine import StoreUnavailable
from services.turns import Parts

TELLS = frozenset({"own", "helper"})
"""Grants that still hold: who is linked is found out anew."""

log = logging.getLogger("haqdar.afterwards")


async def follow_forever(parts: Parts, *, idle: float = 1.0) -> None:
    """Settle what is owed until cancelled. A database that is away is waited for."""
    while True:
        try:
            while await follow_one(parts):
                pass
        except StoreUnavailable:
            log.warning("what is owed waits: the database is away")
        except Exception:  # a bug that one answer meets must not keep the others from being sent
            log.exception("an answer that was owed could not be sent")
        await asyncio.sleep(idle)


async def follow_one(parts: Parts) -> bool:
    """Answer the call that is due longest; false if none is."""
    owed = await parts.store.run(lambda c: follow_up.claim(c, parts.keys, parts.clock()))
    if owed is None:
        return False
    known = await parts.store.read(lambda c: conversations.known(c, owed.conversation))
    if known is None:
        await parts.store.run(lambda c: follow_up.settle(c, owed))
        return True
    now = parts.clock()
    context = Context(
        conversation=owed.conversation,
        channel=known.channel,
        message=owed.id,
        reply="",
        phone=known.phone,
        provable=False,
        at=now,
        ends=asyncio.get_running_loop().time() + parts.deadline,
        sources=parts.sources,
        again=True,
    )
    call = replace(owed.call, id=f"{owed.id}:{owed.attempts}")
    result = await LATER[call.name](call, context)
    late = not result.ok or bool(result.data.get("late"))
    last = owed.attempts > len(follow_up.PAUSES)
    says = _news(result, owed, known.language) if last or not late else ()

    def write(connection: Connection) -> None:
        for effect in context.effects:
            effect(connection)
        audit.append(connection, parts.keys, context.audits)
        if says:
            parts.sources.notices.to_conversation(connection, owed.id, owed.conversation, says, now)
        if late:
            follow_up.put_off(connection, owed, now)
        else:
            follow_up.settle(connection, owed)

    await parts.store.run(write)
    return True


def _news(result: Result, owed: follow_up.Owed, language: str) -> tuple[Say, ...]:
    """What is said of an answer: nothing where it is no more than was told already."""
    payments = result.data.get("payments")
    if result.data.get("disclosure") not in TELLS or not payments or payments == owed.told:
        return ()
    whole = replace(result, data={**result.data, "late": False})
    turn = respond(Session(language=language, topic="status", step="got_status"), whole)
    # Nobody waits for a choice: it would be read as the answer to what was asked meanwhile.
    return (Say("status.follow_up"), *(replace(say, choices=()) for say in turn.says))

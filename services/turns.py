"""One inbound message, from receipt to commit.

Nothing is acknowledged to a provider before the turn is committed, so whatever was acknowledged is
answered, and whatever was not comes again and is answered then, once.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from bot.dialogue import respond
from bot.messages import Call, Heard, Inbound, Outbound, Result, Say, Session
from bot.render import Rendered, labelled, render
from bot.screens import goes_on, screen, turned, wants_menu
from bot.segments import count
from bot.texts import Catalogue
from bot.understand import Expects, Words, understand
from channels import Channel, Response
from services import unanswered
from services.answers import ANSWERS
from services.asking import Context, Sources
from services.privacy import audit
from services.privacy.evenly import leave_evenly
from services.privacy.guard import block_of
from services.privacy.identifiers import Keys
from services.store import conversations
from services.store.conversations import Found, Overtaken
from services.store.engine import Store, StoreUnavailable

MOST_CALLS = 5
"""A turn that wants to find out more than this is a bug in a topic."""

MOST_TRIES = 5
"""How often a turn is begun anew because another message of the person was committed meanwhile."""

LONGEST_TEXT = 4000
"""Characters of an inbound text that are kept; no citizen's question is longer."""

TURNING = "screen"
"""What a message is for, and its reply about, that only turns a screen."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a turn is made with. `at` is told the name of each step: tests make it fail there."""

    store: Store
    keys: Keys
    words: Words
    catalogue: Catalogue
    sources: Sources
    channels: Mapping[str, Channel]
    clock: Callable[[], datetime]
    default_language: str = "ur"
    deadline: float = 3.0
    at: Callable[[str], None] = lambda step: None


@dataclass(frozen=True, slots=True)
class Taken:
    """A committed turn: what is said, how the message was understood, and the provider's response.

    `response` is None where the reply is in the outbox, to be sent by `delivery`.
    """

    outbound: Outbound
    response: Response | None
    heard: Heard | None = None


async def take(parts: Parts, inbound: Inbound) -> Taken:
    """Answer one message. Raises `StoreUnavailable` if nothing could be saved: do not acknowledge."""
    for _ in range(MOST_TRIES):
        try:
            return await _attempt(parts, inbound)
        except Overtaken:
            await asyncio.sleep(0)
    raise StoreUnavailable("the conversation was busy; the provider will try again")


async def _attempt(parts: Parts, inbound: Inbound) -> Taken:
    keys, channel = parts.keys, parts.channels[inbound.channel]
    key = keys.hash("address", f"{inbound.channel}:{inbound.sender}")
    reply = keys.hash("reply", f"{inbound.channel}:{inbound.id}").hex()
    parts.at("received")
    found = await parts.store.read(lambda connection: conversations.load(connection, key, reply))
    parts.at("loaded")
    if found.reply is not None:
        again = Outbound.from_json(keys.open(found.reply))
        return Taken(again, channel.answer((again,)))

    session = _session(parts, inbound, found)
    paged = turned(session, inbound.text)
    if channel.limits.alphabet == "ussd" and not paged and wants_menu(session, inbound.text):
        inbound = replace(inbound, choice="menu")
    heard = _turning(inbound) if paged else hear(parts.words, session, inbound)
    phone = keys.hash("phone", inbound.contact) if inbound.contact else found.phone
    context = Context(
        conversation=key,
        channel=inbound.channel,
        message=inbound.id,
        reply=reply,
        phone=phone,
        provable=channel.proves_phone,
        at=inbound.at,
        ends=asyncio.get_running_loop().time() + parts.deadline,
        sources=parts.sources,
        block=block_of(inbound.sender, inbound.network, parts.sources.desk.guard.limits.blocks),
    )
    if unanswered.worth_keeping(heard, session.expects):
        name = f"{inbound.channel}:{inbound.id}"
        context.effects.append(lambda connection: unanswered.keep(connection, keys, name, heard))
    parts.at("understood")
    if paged:
        session, about, rendered = paged, TURNING, Rendered(())
    else:
        session, says = await _think(parts, session, heard, context, inbound.id)
        about = ",".join(say.key for say in says)[:80]
        rendered = render(says, session.language, channel.limits, parts.catalogue)
        session = labelled(session, rendered)
    parts.at("answered")
    if session.screens:  # the one in view; its choices are lines of it
        rendered = Rendered((screen(session, channel.limits, parts.catalogue),))

    out = Outbound(
        id=reply,
        channel=inbound.channel,
        recipient=inbound.sender,
        parts=rendered.parts,
        choices=rendered.choices,
        language=session.language,
        about=about,
        ends=not goes_on(session),
    )
    response = channel.answer((out,))
    parts.at("rendered")
    write = _write(parts, inbound, found, session, heard, context, out, inline=response is not None)
    await parts.store.run(write)
    parts.at("committed")
    for held in context.held:
        await leave_evenly(held)
    return Taken(out, response, heard)


def hear(words: Words, session: Session, inbound: Inbound) -> Heard:
    """What an inbound means in this session; a button's choice needs no understanding."""
    if inbound.choice is not None:
        return Heard(at=inbound.at, slots={"choice": inbound.choice}, confidence=1.0)
    heard = understand(inbound.text[:LONGEST_TEXT], Expects.of(session), words, at=inbound.at)
    media = inbound.media or ("other" if inbound.location else None)
    if inbound.contact and not inbound.text and not media:
        return replace(heard, slots={**heard.slots, "proven": True})
    return replace(heard, media=media)


def _turning(inbound: Inbound) -> Heard:
    return Heard(at=inbound.at, text=inbound.text, intent=TURNING, confidence=1.0)


async def _think(
    parts: Parts, session: Session, heard: Heard, context: Context, message: str
) -> tuple[Session, tuple[Say, ...]]:
    turn = respond(session, heard)
    says = turn.says
    for number in range(MOST_CALLS):
        if turn.call is None:
            return turn.session, says
        call = replace(turn.call, id=f"{message}:{number}")
        turn = respond(turn.session, await _answer(parts, call, context))
        says += turn.says
    raise RuntimeError(f"more than {MOST_CALLS} calls in a turn of {turn.session.topic}")


async def _answer(parts: Parts, call: Call, context: Context) -> Result:
    try:
        async with asyncio.timeout_at(context.ends):
            return await ANSWERS[call.name](call, context)
    except TimeoutError:
        return Result(call, parts.clock(), ok=False, error="late")


def _session(parts: Parts, inbound: Inbound, found: Found) -> Session:
    if not found.session and inbound.language_chosen:
        return Session(language=inbound.language or parts.default_language, heard_at=inbound.at)
    if not found.session:
        hinted = inbound.language if inbound.language in parts.catalogue.languages else None
        return Session(language=hinted or parts.default_language)
    session = Session.from_json(parts.keys.open(found.session))
    if inbound.language_chosen and inbound.language and inbound.language != session.language:
        return replace(session, language=inbound.language)
    return session


def _write(
    parts: Parts,
    inbound: Inbound,
    found: Found,
    session: Session,
    heard: Heard,
    context: Context,
    out: Outbound,
    *,
    inline: bool,
) -> Callable[[Connection], None]:
    seal, tables = parts.keys.seal, parts.channels[out.channel].limits.tables
    heard_row = {
        "channel": inbound.channel,
        "id": inbound.id,
        "text": seal(inbound.text[:LONGEST_TEXT] or inbound.choice or ""),
        "intent": heard.intent,
        "confidence": heard.confidence,
        "language": heard.language,
        "at": inbound.at,
    }
    said_row = {
        "id": out.id,
        "channel": out.channel,
        "message": seal(out.to_json()),
        "about": out.about,
        "segments": sum(count(part, tables=tables).segments for part in out.parts),
        "status": "answered" if inline else "queued",
        "due_at": inbound.at,
        "at": parts.clock(),
    }
    sealed_session, sealed_address = seal(session.to_json()), seal(inbound.sender)

    def write(connection: Connection) -> None:
        conversations.save(
            connection,
            context.conversation,
            found=found,
            address=sealed_address,
            session=sealed_session,
            phone=context.phone,
            language=session.language,
            heard=heard_row,
            said=said_row,
        )
        for effect in context.effects:
            effect(connection)
        audit.append(connection, parts.keys, context.audits)
        parts.at("written")

    return write

"""*Forget me*: what goes at once, what stays and is said so, and what a person meets who writes again."""

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.messages import Call, Result
from services.answers import ANSWERS, Context
from services.privacy import retention
from services.privacy.forget import Stays, forget, staying
from services.privacy.identifiers import Keys
from services.privacy.retention import enforce
from services.store import conversations
from services.store.engine import Store
from services.store.tables import metadata
from tests.services.anything import kept, put
from tests.services.deployment import NOW, deploy, inbound, settle
from tests.services.test_turns import taken

ME, PHONE, OTHER = b"m" * 16, b"p" * 16, b"o" * 16
DAY = timedelta(days=1)


def go(store: Store, phone: bytes | None = PHONE, conversation: bytes = ME) -> None:
    store.run_now(lambda c: forget(c, conversation=conversation, phone=phone, reply="reply", at=NOW))


def stays(store: Store, phone: bytes | None = PHONE) -> Stays:
    return store.read_now(lambda c: staying(c, conversation=ME, phone=phone))


def counted(store: Store) -> dict[str, int]:
    """Rows of each table that has any, but for what every database has."""
    found = {name: len(kept(store, name)) for name in metadata.tables}
    return {name: rows for name, rows in found.items() if rows and name != "audit_head"}


def test_texts_and_links_go(store: Store) -> None:
    put(store, "conversation", id=ME, phone=PHONE)
    put(store, "inbound", channel="sms", id="1", conversation=ME)
    put(store, "unanswered", id="sms:1")
    put(store, "outbound", id="reply", conversation=ME)
    for name in ("outbound", "note", "desk_item", "follow_up"):
        put(store, name, conversation=ME)
    put(store, "phone_link", holder=PHONE, subject=b"s" * 16)
    put(store, "phone_link", holder=ME)
    put(store, "source_copy", subject=b"s" * 16)
    go(store)
    assert counted(store) == {"conversation": 1, "outbound": 1}
    (row,) = kept(store, "conversation")
    assert (row.address, row.session, row.phone, row.forgotten_at) == (b"", b"", None, NOW)
    assert [row.id for row in kept(store, "outbound")] == ["reply"]


def test_nobody_else_is_forgotten(store: Store) -> None:
    put(store, "conversation", id=ME, phone=PHONE)
    put(store, "conversation", id=OTHER, phone=b"q" * 16, address=b"sealed")
    put(store, "inbound", channel="sms", id="1", conversation=OTHER)
    put(store, "unanswered", id="sms:1")
    for name in ("outbound", "note", "desk_item", "follow_up"):
        put(store, name, conversation=OTHER)
    put(store, "change_request", conversation=OTHER, status="done")
    put(store, "grievance", conversation=OTHER, status="closed")
    put(store, "phone_link", holder=b"q" * 16, subject=b"s" * 16)
    put(store, "source_copy", subject=b"s" * 16)
    put(store, "one_time_code", holder=OTHER, code=b"c" * 16, until=NOW + DAY)
    put(store, "consent", recipient=b"q" * 16, until=NOW + DAY)
    before = [kept(store, name) for name in metadata.tables if name != "conversation"]
    go(store)
    assert [kept(store, name) for name in metadata.tables if name != "conversation"] == before
    assert {row.id: row.address for row in kept(store, "conversation")} == {ME: b"", OTHER: b"sealed"}


def test_other_conversations_of_the_same_proven_phone_go_too(store: Store) -> None:
    put(store, "conversation", id=ME, phone=PHONE, version=3)
    put(store, "conversation", id=OTHER, phone=PHONE, version=7)
    put(store, "inbound", conversation=OTHER)
    go(store)
    assert kept(store, "inbound") == []
    versions = {row.id: row.version for row in kept(store, "conversation")}
    assert versions == {ME: 4, OTHER: 8}, "so a turn that is under way there begins anew"


def test_a_phone_that_nobody_proved_reaches_no_other_conversation(store: Store) -> None:
    put(store, "conversation", id=ME)
    put(store, "conversation", id=OTHER)
    go(store, phone=None)
    assert {row.id for row in kept(store, "conversation") if row.forgotten_at} == {ME}


def test_open_cases_stay_with_the_address_to_answer_to(store: Store) -> None:
    put(store, "conversation", id=ME, phone=PHONE, address=b"sealed")
    put(store, "grievance", id="open", conversation=ME, status="new", facts=b"sealed")
    put(store, "grievance", id="closed", conversation=ME, status="closed", facts=b"sealed", cnic=b"c" * 16)
    for id in ("open", "closed"):
        put(store, "grievance_event", grievance=id, note=b"sealed")
    put(store, "change_request", id="open", conversation=ME, status="exported")
    put(store, "change_request", conversation=ME, status="done")
    assert stays(store) == Stays(complaints=1, changes=1, stopped=False)
    go(store)
    complaints = {row.id: (row.facts, row.cnic, row.conversation) for row in kept(store, "grievance")}
    assert complaints == {"open": (b"sealed", None, ME), "closed": (b"", None, bytes(16))}
    assert {row.grievance: row.note for row in kept(store, "grievance_event")} == {
        "open": b"sealed",
        "closed": None,
    }
    assert [row.id for row in kept(store, "change_request")] == ["open"]
    assert kept(store, "conversation")[0].address == b"sealed"


def test_stop_still_holds(store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0)
    put(store, "conversation", id=ME, phone=PHONE, opted_out_at=NOW - DAY)
    assert stays(store).stopped
    go(store)
    asyncio.run(enforce(store, keys, NOW + 1000 * DAY))
    (row,) = kept(store, "conversation")
    assert (row.id, row.opted_out_at, row.address, row.session) == (ME, NOW - DAY, b"", b"")


def test_codes_are_void_but_still_counted(store: Store) -> None:
    put(store, "conversation", id=ME, phone=PHONE)
    put(store, "one_time_code", id="1", holder=PHONE, code=b"c" * 16, until=NOW + DAY)
    put(store, "one_time_code", id="2", holder=ME, code=b"c" * 16, until=NOW - DAY)
    go(store)
    found = {row.id: (row.code, row.until) for row in kept(store, "one_time_code")}
    assert found == {"1": (None, NOW), "2": (None, NOW - DAY)}


def test_consents_given_to_this_phone_end(store: Store) -> None:
    put(store, "conversation", id=ME, phone=PHONE)
    put(store, "consent", id="on", recipient=PHONE, until=NOW + DAY)
    put(store, "consent", id="over", recipient=PHONE, until=NOW - DAY)
    put(store, "consent", id="withdrawn", recipient=PHONE, until=NOW + DAY, withdrawn_at=NOW - DAY)
    put(store, "consent", id="another's", until=NOW + DAY)
    go(store)
    ended = {row.id: row.withdrawn_at for row in kept(store, "consent")}
    assert ended == {"on": NOW, "over": None, "withdrawn": NOW - DAY, "another's": None}


async def forget_me(call: Call, context: Context) -> Result:
    """As an answerer would have it: says what stays, and leaves the rest to the commit."""
    store, keys = context.sources.store, context.sources.keys
    phone, me = context.phone, context.conversation
    found = await store.read(lambda c: staying(c, conversation=me, phone=phone))
    reply = keys.hash("reply", f"sms:{call.id.rpartition(':')[0]}").hex()
    context.effects.append(partial(forget, conversation=me, phone=phone, reply=reply, at=context.at))
    return Result(call, context.at, data={"complaints": found.complaints})


def test_a_turn_that_forgets(store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(store, keys)
    parts = deploy(store, keys)
    monkeypatch.setitem(ANSWERS, "consent.stop", forget_me)  # type: ignore[arg-type]
    sender = "+923990000077"
    said: Any = partial(inbound, sender=sender)
    _, first, again, afterwards = taken(
        parts, said("wvxq plugh", id="1"), said("stop", id="2"), said("stop", id="2"), said("hello", id="3")
    )
    assert again.outbound == first.outbound, "a provider that asks again gets the same words"
    assert [row.id for row in kept(store, "inbound")] == ["3"]
    assert kept(store, "unanswered") == []
    assert {row.id for row in kept(store, "outbound")} == {first.outbound.id, afterwards.outbound.id}
    (row,) = kept(store, "conversation")
    assert keys.open(row.address) == sender, "who is back can be answered"
    assert keys.open(row.session)
    key = keys.hash("address", f"sms:{sender}")
    assert len(store.read_now(lambda c: conversations.history(c, key, last=9))) == 3

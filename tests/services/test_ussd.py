"""A dialogue by USSD through the shell: one screen at a time, and word on whether the line is kept."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.messages import Limits, Outbound, Say
from bot.segments import count
from channels.terminal import Terminal
from channels.ussd import LIMITS, NAME
from services.notices import Notices, Posted
from services.privacy.identifiers import Keys
from services.store.engine import Store
from services.store.tables import conversation, unanswered
from services.store.tables import inbound as inbound_table
from services.store.tables import outbound as outbound_table
from services.turns import Parts, Taken, take
from tests.services.deployment import NOW, deploy, inbound, rows, sample, settle

CARRIED = Limits(alphabet="sms", units=10, parts=2, tables=("urdu",))


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    settle(store, keys)
    played = {NAME: Terminal(LIMITS, NAME), "carried": Terminal(CARRIED, "carried")}
    return deploy(store, keys, channels=played, default_language="en")


def typed(parts: Parts, *texts: str, sender: str) -> list[Taken]:
    async def session() -> list[Taken]:
        found = []
        for number, text in enumerate(texts):
            message = inbound(text, id=f"{number}", channel=NAME, sender=sender, contact=sender)
            found.append(await take(parts, message))
        return found

    return asyncio.run(session())


def test_a_session_from_the_dial_to_the_payment(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    shown = typed(parts, "", "9", "0", "1", ready.cnic, sender=ready.phone)
    screens = ["\n".join(one.outbound.parts) for one in shown]
    assert screens[0].endswith("4 Register\n9 More")
    assert screens[1] == "5 Complaint\n6 Is a message real?\n7 Talk to a person\n0 Back"
    assert screens[2] == screens[0]
    assert "13,500" in screens[4]
    assert all(len(one.outbound.parts) == 1 and count(one.outbound.parts[0]).units <= 182 for one in shown)
    assert [one.outbound.choices for one in shown] == [()] * 5, "there are no buttons"
    assert [one.outbound.ends for one in shown[:4]] == [False] * 4
    turning = [one.outbound.about for one in shown]
    assert turning[1:3] == ["screen", "screen"]
    assert [row.intent for row in rows(parts.store, inbound_table)][1:3] == ["screen", "screen"]
    assert not rows(parts.store, unanswered)
    (kept,) = rows(parts.store, conversation)
    assert kept.version == 5


def test_the_line_is_released_where_nothing_is_left_to_type(parts: Parts) -> None:
    (thanks,) = typed(parts, "thank you", sender="+923990000009")
    assert thanks.outbound.ends


def test_a_screen_that_is_turned_twice_by_a_retry_is_turned_once(parts: Parts) -> None:
    sender = "+923990000009"
    first, second = typed(parts, "", "9", sender=sender)
    again = inbound("9", id="1", channel=NAME, sender=sender, contact=sender)
    assert asyncio.run(take(parts, again)).outbound == second.outbound != first.outbound


def test_a_dial_while_a_question_is_open_asks_it_again(parts: Parts) -> None:
    asked, again = typed(parts, "when will my money come", "", sender="+923990000009")
    assert "13" in asked.outbound.parts[0]
    assert "13" in again.outbound.parts[0]
    assert not again.outbound.ends


def test_what_comes_after_the_session_comes_by_sms(parts: Parts) -> None:
    typed(parts, "", sender="+923990000009")
    (kept,) = rows(parts.store, conversation)
    later = NOW + timedelta(seconds=1)

    def post(notices: Notices) -> Posted:
        says = [Say("thanks.welcome")]
        return parts.store.run_now(lambda c: notices.to_conversation(c, "x", kept.id, says, later))

    by_sms = {**parts.channels, "sms": Terminal(CARRIED, "sms")}
    posted = post(Notices(parts.keys, parts.catalogue, by_sms))
    (queued,) = [row for row in rows(parts.store, outbound_table) if row.id == posted.outbound]
    sent = Outbound.from_json(parts.keys.open(queued.message))
    assert (sent.channel, sent.recipient, queued.status) == ("sms", "+923990000009", "queued")
    alone = {NAME: parts.channels[NAME]}
    assert post(Notices(parts.keys, parts.catalogue, alone)).unsent == "window_closed"


def test_what_an_operator_carries_saves_segments(parts: Parts) -> None:
    plain = replace(inbound("مینو", channel="carried", sender="+923990000008"), language="ur")
    asyncio.run(take(parts, plain))
    (said,) = rows(parts.store, outbound_table)
    (text,) = asyncio.run(take(parts, plain)).outbound.parts
    assert (said.segments, count(text).segments) == (1, 2)

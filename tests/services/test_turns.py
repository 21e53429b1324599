"""One message, from receipt to commit: answered once, saved before it is acknowledged."""

import asyncio
from datetime import date
from typing import Any

import pytest

from bot.messages import Call
from channels import Response
from services import turns
from services.privacy.identifiers import Keys
from services.registry import SCOPES, PaymentPoint, Record, Unavailable
from services.store.conversations import Overtaken
from services.store.engine import Store, StoreUnavailable
from services.store.tables import conversation, desk_item, note
from services.store.tables import inbound as inbound_table
from services.store.tables import outbound as outbound_table
from services.turns import Parts, Taken, take
from tests.services.deployment import NOW, deploy, inbound, rows, sample, settle


def taken(parts: Parts, *messages: Any) -> list[Taken]:
    async def all_of_them() -> list[Taken]:
        return [await take(parts, message) for message in messages]

    return asyncio.run(all_of_them())


def texts(found: list[Taken]) -> list[str]:
    return ["\n".join(one.outbound.parts) for one in found]


@pytest.fixture
def parts(store: Store, keys: Keys) -> Parts:
    settle(store, keys)
    return deploy(store, keys)


def test_a_turn_is_saved_and_answered(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    (first,) = taken(parts, inbound(ready.cnic, sender=ready.phone))
    assert "13,500" in first.outbound.parts[0]
    assert isinstance(first.response, Response)
    assert b"<Message action=" in first.response.body
    (heard,) = rows(parts.store, inbound_table)
    (said,) = rows(parts.store, outbound_table)
    assert (heard.id, heard.intent, said.status, said.segments) == ("SM1", "payment_status", "answered", 3)
    (kept,) = rows(parts.store, conversation)
    assert kept.version == 1
    assert parts.keys.open(kept.address) == ready.phone
    for row in (heard, said, kept):
        assert ready.cnic.encode() not in repr(row).encode()
        assert ready.phone.encode() not in repr(row).encode()


def test_the_label_that_was_shown_may_be_typed(parts: Parts) -> None:
    asked, typed = taken(parts, inbound("main ahl hun?"), inbound("hamein kya milega", id="SM2"))
    assert "1 Hamein kya milega?" in texts([asked])[0]
    assert "soobe" in texts([typed])[0]


def test_the_same_message_again_gets_the_stored_answer(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    message = inbound(ready.cnic, sender=ready.phone)
    first, again = taken(parts, message, message)
    assert again.outbound == first.outbound
    assert again.response == first.response
    assert again.heard is None
    assert len(rows(parts.store, outbound_table)) == len(rows(parts.store, inbound_table)) == 1


def test_the_same_message_twice_at_once(parts: Parts) -> None:
    async def both() -> list[Taken]:
        return list(await asyncio.gather(*(take(parts, inbound("salam")) for _ in range(4))))

    found = asyncio.run(both())
    assert len({one.outbound.id for one in found}) == 1
    assert len({one.outbound.parts for one in found}) == 1
    assert len(rows(parts.store, outbound_table)) == 1


def test_several_messages_of_one_person_at_once(parts: Parts) -> None:
    async def together() -> list[Taken]:
        return list(await asyncio.gather(*(take(parts, inbound("salam", id=f"SM{n}")) for n in range(4))))

    assert len(asyncio.run(together())) == 4
    (kept,) = rows(parts.store, conversation)
    assert kept.version == len(rows(parts.store, outbound_table)) == 4


def test_a_conversation_that_is_always_overtaken_is_not_acknowledged(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*args: Any, **rest: Any) -> None:
        raise Overtaken

    monkeypatch.setattr(turns.conversations, "save", overtaken)
    with pytest.raises(StoreUnavailable):
        taken(parts, inbound("salam"))
    assert not rows(parts.store, outbound_table)


class SlowRegistry:
    """A source that does not answer, or not in time."""

    name = "slow"
    scopes = SCOPES

    def __init__(self, wait: float) -> None:
        self.wait = wait

    async def find(self, cnic: str, scopes: frozenset[Any]) -> Record | None:
        return await self._fail()

    async def payment_points(self, district: str, on: date) -> tuple[PaymentPoint, ...]:
        return await self._fail()

    async def _fail(self) -> Any:
        await asyncio.sleep(self.wait)
        raise Unavailable


@pytest.mark.parametrize("wait", [0, 30])
def test_a_source_that_does_not_answer_is_never_a_no(store: Store, keys: Keys, wait: float) -> None:
    parts = deploy(store, keys, registry=SlowRegistry(wait), deadline=0.05)
    cnic = "9000000000012"
    said = texts(
        taken(
            parts,
            inbound("am i eligible", id="1"),
            inbound(cnic, id="2"),
            inbound("where do I collect my money", id="3"),
            inbound("Kech", id="4"),
        )
    )
    assert "not a no" in said[1]
    assert "cannot be reached" in said[3]


def test_a_topic_that_asks_for_ever_is_a_bug_and_loud(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(session: Any, event: Any) -> Any:
        from bot.messages import Turn

        return Turn(session, call=Call("consent.start"))

    monkeypatch.setattr(turns, "respond", again)
    with pytest.raises(RuntimeError, match="calls"):
        taken(parts, inbound("salam"))


def test_a_record_is_shown_to_its_own_phone_only(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    missing = "9000000000012"
    own, stranger, nobody = texts(
        taken(
            parts,
            inbound(ready.cnic, id="1", sender=ready.phone),
            inbound(ready.cnic, id="2", sender="+923990000001"),
            inbound(missing, id="3", sender="+923990000002"),
        )
    )
    assert "13,500" in own
    assert stranger.replace(ready.cnic[-4:], "") == nobody.replace(missing[-4:], ""), (
        "what exists is not told"
    )


def test_anyone_learns_the_bare_word_where_the_deployment_says_so(store: Store, keys: Keys) -> None:
    settle(store, keys)
    parts = deploy(store, keys, disclosure="anyone")
    ready = sample("enrolled, payment ready")
    word, none = texts(
        taken(parts, inbound(f"status {ready.cnic}", id="1"), inbound("9000000000012", id="2"))
    )
    assert "13,500" not in word
    assert word != none


def test_every_fate_of_the_sample_registry_can_be_told(parts: Parts) -> None:
    from services.registry import demo

    for number, one in enumerate(demo.samples(40)):
        for question in ("am i eligible", "when will my money come"):
            said = texts(
                taken(parts, inbound(f"{question} {one.cnic}", id=f"{number}{question}", sender=one.phone))
            )
            assert one.cnic not in said[0]
            assert said[0]


def test_a_proven_phone_is_remembered(parts: Parts) -> None:
    ready = sample("enrolled, payment ready")
    asked, shown, later = taken(
        parts,
        inbound(ready.cnic, id="1", channel="telegram", sender="77"),
        inbound("", id="2", channel="telegram", sender="77", contact=ready.phone),
        inbound(ready.cnic, id="3", channel="telegram", sender="77"),
    )
    assert asked.outbound.choices[0].id == "share_phone"
    assert "13,500" in shown.outbound.parts[0]
    assert "13,500" in later.outbound.parts[0]


def test_people_wait_for_the_staff_once(parts: Parts) -> None:
    taken(
        parts,
        inbound("human", id="1"),
        inbound("human", id="2"),
        inbound("human", id="3", sender="+923990000002"),
    )
    assert [item.status for item in rows(parts.store, desk_item)] == ["waiting", "waiting"]


def test_notes_are_kept_sealed(parts: Parts) -> None:
    taken(
        parts,
        inbound("I got a message from 0399 1234567 saying I won 25000", id="1"),
        inbound("I want to give feedback", id="2"),
        inbound("clear and short", id="3"),
    )
    report, feedback = sorted(rows(parts.store, note), key=lambda row: row.id)
    assert (report.name, feedback.name) == ("scam.report", "feedback.record")
    assert b"1234567" not in report.data
    assert "+923991234567" in parts.keys.open(report.data)


def test_stop_and_start(parts: Parts) -> None:
    taken(parts, inbound("STOP", id="1"))
    assert rows(parts.store, conversation)[0].opted_out_at == NOW
    said = texts(taken(parts, inbound("mera paisa kab aye ga", id="2")))
    assert said[0], "whoever said stop is still answered"
    taken(parts, inbound("START", id="3"))
    assert rows(parts.store, conversation)[0].opted_out_at is None


def test_the_language_of_the_first_message_and_of_a_hint(parts: Parts) -> None:
    first, hinted, unknown = taken(
        parts,
        inbound("mera paisa kab aye ga", id="1"),
        inbound(id="2", sender="+923990000002", choice="menu", language="en"),
        inbound(id="3", sender="+923990000003", choice="menu", language="tlh"),
    )
    assert (first.outbound.language, hinted.outbound.language, unknown.outbound.language) == (
        "ur-Latn",
        "en",
        "ur",
    )


def test_the_page_s_language_is_a_choice(parts: Parts) -> None:
    _, second = taken(
        parts,
        inbound("قسط", id="1", channel="web", sender="a", language="ur", language_chosen=True),
        inbound(id="2", channel="web", sender="a", language="en", language_chosen=True, choice="menu"),
    )
    assert second.outbound.language == "en"


def test_a_longer_reply_than_a_response_carries_goes_to_the_outbox(store: Store, keys: Keys) -> None:
    from dataclasses import replace as changed

    from bot.messages import Limits
    from channels.telegram import Telegram
    from tests.channels.doubles import SECRET, TelegramWire

    telegram = Telegram(token="1:a", secret=SECRET, request=TelegramWire())
    telegram.limits = changed(telegram.limits, units=30) if isinstance(telegram.limits, Limits) else None  # type: ignore[misc]
    parts = deploy(store, keys, channels={"telegram": telegram})
    (one,) = taken(parts, inbound("salam", channel="telegram", sender="77"))
    assert len(one.outbound.parts) > 1
    assert one.response is None
    assert rows(store, outbound_table)[0].status == "queued"

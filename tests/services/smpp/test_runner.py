"""From a bind to a turn and back: acknowledged when committed, answered once, receipts where they belong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from channels.smpp import codes
from channels.smpp.channel import SmsSmpp
from channels.smpp.parts import WAIT
from services.delivery import Delivery, deliver_forever
from services.privacy.identifiers import Keys
from services.smpp import runner
from services.smpp.only import held
from services.smpp.runner import Listener, take_overdue
from services.store.engine import Store, StoreUnavailable
from services.store.tables import outbound, sms_part
from tests.channels.smpp.doubles import profile, smsc, until
from tests.services.deployment import deploy, rows
from tests.services.smpp.desks import PHONE, Clock, Desk, OtherEnd


def part(number: int, total: int, text: str, *, reference: int = 7) -> bytes:
    return bytes((5, 0, 3, reference, total, number)) + text.encode()


def test_a_text_is_a_turn_and_its_reply_waits_to_be_sent(desk: Desk, keys: Keys) -> None:
    assert asyncio.run(desk.deliver(b"salam")) == codes.OK
    (row,) = desk.said()
    assert (row.status, row.channel) == ("queued", "sms")
    assert desk.texts(keys) == ["salam"]
    assert desk.woken == [1]
    assert PHONE[2:] not in str(desk.heard())


def test_a_text_that_comes_again_is_answered_once(desk: Desk) -> None:
    async def work() -> None:
        await asyncio.gather(*(desk.deliver(b"salam") for _ in range(3)))
        await desk.deliver(b"salam")

    asyncio.run(work())
    assert len(desk.heard()) == len(desk.said()) == 1


def test_by_the_operator_s_own_id_also_days_later(desk: Desk) -> None:
    async def work() -> None:
        for _ in range(2):
            await desk.deliver(b"salam", tlvs=((codes.RECEIPTED_ID, b"4F\0"),))
            desk.clock.now += timedelta(days=2)
        await desk.deliver(b"salam", tlvs=((codes.RECEIPTED_ID, b"50\0"),))

    asyncio.run(work())
    assert [row.id for row in desk.heard()] == ["one:4F", "one:50"]


def test_the_same_words_after_an_acknowledgement_that_arrived_are_new(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.smpp.repeats.CROSSED", 0.0)

    async def work() -> None:
        for _ in range(3):
            await desk.deliver(b"1")

    asyncio.run(work())
    assert len(desk.heard()) == 3, "a person answers three menus with the same number"


def test_a_line_that_broke_right_after_the_acknowledgement_may_have_swallowed_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.smpp.repeats.CROSSED", 0.0)

    async def work() -> None:
        now = asyncio.get_running_loop().time()
        broken = OtherEnd()
        await desk.deliver(b"1", peer=broken)
        broken.lost_at = now + 1
        await desk.deliver(b"1", peer=OtherEnd())
        assert len(desk.heard()) == 1
        calm = OtherEnd()
        await desk.deliver(b"2", peer=calm)
        calm.lost_at = now + 60
        await desk.deliver(b"2", peer=OtherEnd())
        assert len(desk.heard()) == 3

    asyncio.run(work())


@pytest.mark.parametrize(("later", "turns"), [(0, 1), (61, 1), (200, 2)])
def test_another_process_knows_for_a_minute_what_was_heard(desk: Desk, later: int, turns: int) -> None:
    async def work() -> None:
        await desk.deliver(b"salam")
        desk.clock.now += timedelta(seconds=later)
        desk.listener = Listener(desk.listener.parts, desk.listener.channel, lambda: None)
        await desk.deliver(b"salam")

    asyncio.run(work())
    assert len(desk.heard()) == turns


def test_while_the_database_is_away_nothing_is_acknowledged(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    async def work() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(runner.turns, "take", away)
            assert await desk.deliver(b"salam") == codes.TRY_LATER
        assert await desk.deliver(b"salam") == codes.OK

    asyncio.run(work())
    assert len(desk.said()) == 1


def test_one_person_s_texts_are_heard_in_order(desk: Desk, keys: Keys) -> None:
    texts = [str(number) for number in range(8)]

    async def work() -> None:
        await asyncio.gather(*(desk.deliver(text.encode()) for text in texts))

    asyncio.run(work())
    assert sorted(desk.texts(keys)) == texts
    ids = {keys.open(row.text): row.id for row in desk.heard()}
    assert len(set(ids.values())) == len(texts)
    assert not desk.listener.locks, "and nothing is kept of it"


def test_a_long_text_is_one_turn_in_any_order_and_however_often(desk: Desk, keys: Keys) -> None:
    async def work() -> None:
        for number, text in ((2, "ka"), (1, "mera "), (2, "ka"), (3, " paisa"), (3, " paisa"), (1, "mera ")):
            assert await desk.deliver(part(number, 3, text), esm_class=0x40) == codes.OK
            if number == 1 and not rows(desk.store, sms_part)[0].taken:
                assert not desk.heard(), "acknowledged, kept, and not heard yet"

    asyncio.run(work())
    assert desk.texts(keys) == ["mera ka paisa"]
    assert [row.taken for row in rows(desk.store, sms_part)] == [True] * 3
    assert b"mera" not in b"".join(row.part for row in rows(desk.store, sms_part))


def test_parts_by_two_binds_at_once_are_one_text(desk: Desk, keys: Keys) -> None:
    async def work() -> None:
        # Two processes know nothing of one another's locks.
        other = Listener(desk.listener.parts, desk.listener.channel, lambda: None)
        ours, desk.listener = desk.listener, other
        first = asyncio.create_task(desk.deliver(part(1, 2, "salam "), esm_class=0x40))
        await asyncio.sleep(0)
        desk.listener = ours
        await asyncio.gather(first, desk.deliver(part(2, 2, "alaikum"), esm_class=0x40))

    asyncio.run(work())
    assert desk.texts(keys) == ["salam alaikum"]


def test_a_text_that_never_gets_whole_is_heard_after_a_while_and_marked(desk: Desk, keys: Keys) -> None:
    async def work() -> None:
        await desk.deliver(part(1, 3, "mera "), esm_class=0x40)
        await take_overdue(desk.listener, desk.clock.now)
        assert not desk.heard()
        desk.clock.now += WAIT
        for _ in range(2):
            await take_overdue(desk.listener, desk.clock.now)
        assert desk.texts(keys) == ["mera …"]
        desk.clock.now += timedelta(seconds=10)
        for number, text in ((3, "aya"), (2, "paisa nahi ")):
            await desk.deliver(part(number, 3, text), esm_class=0x40)
        assert desk.texts(keys)[1:] == ["mera paisa nahi aya"], "and once it does, as a whole"

    asyncio.run(work())


def test_a_crash_between_the_last_part_and_the_turn_costs_nothing(
    desk: Desk, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object) -> None:
        raise StoreUnavailable("killed")

    async def work() -> None:
        await desk.deliver(part(1, 2, "salam "), esm_class=0x40)
        with monkeypatch.context() as patch:
            patch.setattr(runner.turns, "take", killed)
            assert await desk.deliver(part(2, 2, "ji"), esm_class=0x40) == codes.TRY_LATER
        assert len(rows(desk.store, sms_part)) == 2
        assert await desk.deliver(part(2, 2, "ji"), esm_class=0x40) == codes.OK
        desk.clock.now += WAIT
        await take_overdue(desk.listener, desk.clock.now)

    asyncio.run(work())
    assert desk.texts(keys) == ["salam ji"]


def test_a_phone_that_uses_one_number_for_all_its_texts(desk: Desk, keys: Keys) -> None:
    async def work() -> None:
        for text in ("one", "two"):
            for number in (1, 2):
                await desk.deliver(part(number, 2, f"{text}{number} "), esm_class=0x40)

    asyncio.run(work())
    assert sorted(desk.texts(keys)) == ["one1 one2 ", "two1 two2 "]


def test_what_became_of_a_text_that_is_gone_is_nothing(desk: Desk) -> None:
    asyncio.run(runner._take_round(desk.listener, b"x" * 16, 0))
    assert not desk.heard()


def receipt(id: str, state: str = "DELIVRD") -> bytes:
    return f"id:{id} sub:001 dlvrd:001 stat:{state} err:000 text:".encode()


def put(store: Store, values: dict[str, Any]) -> None:
    store.run_now(lambda c: c.execute(sa.update(outbound).values(**values)))


@pytest.mark.parametrize(
    ("before", "id", "after"),
    [
        ({"status": "sent", "reference": "one:4f"}, "004F", "delivered"),
        ({"status": "unknown", "reference": None}, "99", "delivered"),
        ({"status": "sending", "reference": None}, "99", "sending"),
        ({"status": "sent", "reference": "one:4f"}, "99", "sent"),
        ({"status": "sent", "reference": "two:99"}, "99", "sent"),
    ],
)
def test_receipts_find_their_message(desk: Desk, before: dict[str, Any], id: str, after: str) -> None:
    async def work() -> None:
        await desk.deliver(b"salam")
        put(desk.store, before)
        assert await desk.deliver(receipt(id), esm_class=4) == codes.OK

    asyncio.run(work())
    (row,) = desk.said()
    assert row.status == after


def test_of_two_messages_that_may_be_meant_neither_is(desk: Desk) -> None:
    async def work() -> None:
        await desk.deliver(b"salam")
        await desk.deliver(b"shukria")
        put(desk.store, {"status": "unknown"})
        await desk.deliver(receipt("99"), esm_class=4)

    asyncio.run(work())
    assert {row.status for row in desk.said()} == {"unknown"}


@asynccontextmanager
async def served(
    desk: Desk, port: int, keys: Keys, lock: Path, **fields: Any
) -> AsyncIterator[dict[str, Any]]:
    """The listener at work: lines, outbox, all but the web."""
    channel = SmsSmpp((profile(port, **fields),), jitter=lambda: 0.5)
    parts = deploy(desk.store, keys, channels={"sms": channel}, clock=desk.clock)
    sending: dict[str, Any] = {}
    delivery = Delivery(desk.store, keys, sending, desk.clock, idle=0.05, lanes=8)
    listener = Listener(parts, channel, delivery.wake.set)
    tasks = [
        asyncio.create_task(runner.run(listener, lock, sending)),
        asyncio.create_task(deliver_forever(delivery)),
    ]
    try:
        yield sending
    finally:
        for task in tasks:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


@pytest.mark.parametrize("receipts", ["early", "at once", "late", "never"])
def test_a_citizen_writes_and_reads_the_answer(
    desk: Desk, keys: Keys, tmp_path: Path, receipts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOOK", 0.01)
    shown: list[tuple[str, str]] = []

    async def work() -> None:
        async with (
            smsc(
                tell=lambda *one: shown.append(one),
                receipts=receipts,
                late=0.05,
                double_every=1,
                throttle_every=4,
                response_ids="hex",
                receipt_ids="decimal",
            ) as (them, port),
            served(desk, port, keys, tmp_path / "lock", response_ids="hex", receipt_ids="decimal") as sending,
        ):
            them.text("+923990000001", "salam")
            them.text("+923990000002", "قسط کب آئے گی " * 9)
            ended = "sent" if receipts == "never" else "delivered"
            await until(lambda: [row.status for row in desk.said()] == [ended] * 2)
            assert list(sending) == ["sms"]
            await until(lambda: not them.waiting)
            await them.stop()
            await until(lambda: not sending)

    asyncio.run(work())
    assert sorted(number for number, _ in shown) == ["+923990000001", "+923990000002"]
    assert len(desk.heard()) == 2, "each was delivered twice"


def test_one_process_keeps_the_line(
    desk: Desk, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LOOK", 0.01)

    async def work() -> None:
        async with smsc() as (them, port):
            hold = held(tmp_path / "lock")
            assert hold
            assert held(tmp_path / "lock") is None
            async with served(desk, port, keys, tmp_path / "lock"):
                await asyncio.sleep(0.05)
                assert not them.bound
                hold.close()
                await until(lambda: them.bound)

    asyncio.run(work())


def test_a_menu_by_ussd_over_the_same_bind(store: Store, keys: Keys) -> None:
    channel = SmsSmpp((profile(1, ussd=True),), jitter=lambda: 0.5)
    assert channel.ussd
    parts = deploy(store, keys, channels={"sms": channel, "ussd": channel.ussd}, clock=Clock())
    desk = Desk(Listener(parts, channel, lambda: None), store, Clock())

    async def work() -> None:
        for step, text in enumerate((b"*8171#", b"9", b"9", b"9")):
            session = bytes((1, 2 * step))
            operation = bytes((18 if step else 1,))
            tlvs = ((codes.USSD_OPERATION, operation), (codes.ITS_SESSION, session))
            assert await desk.deliver(text, tlvs=tlvs, service="USSD") == codes.OK

    asyncio.run(work())
    assert len(desk.heard()) == 4, "each step is a turn, also where the same is typed"
    assert {row.channel for row in desk.said()} == {"ussd"}
    assert not rows(store, sms_part)

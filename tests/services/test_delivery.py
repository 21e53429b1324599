"""The outbox: claimed once, sent once, receipts only ever raise a status."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from bot.messages import Outbound
from channels import STATUS_ORDER, Failed, Receipt, Sent
from services import delivery
from services.delivery import Delivery, deliver_forever, deliver_one, record_receipt
from services.privacy.identifiers import Keys
from services.store.engine import Store, StoreUnavailable
from services.store.tables import conversation, early_receipt, outbound
from tests.services.deployment import NOW, rows

OUT = Outbound("out-1", "sms", "+923990000001", ("text",))


class Wire:
    """A channel that sends as told."""

    name = "sms"
    limits = None
    proves_phone = False

    def __init__(self, *outcomes: Sent | Failed) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[Outbound] = []

    async def send(self, message: Outbound) -> Sent | Failed:
        self.sent.append(message)
        return self.outcomes.pop(0) if self.outcomes else Sent("SM9")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def queued(store: Store, keys: Keys, **fields: Any) -> None:
    """A message that waits to be sent."""

    def write(connection: Any) -> None:
        connection.execute(
            conversation.insert().values(
                id=b"c" * 16,
                channel="sms",
                address=b"a",
                session=b"s",
                version=1,
                language="en",
                heard_at=NOW,
            )
        )
        values = {
            "id": OUT.id, "channel": "sms", "conversation": b"c" * 16, "message": keys.seal(OUT.to_json()),
            "about": "x", "segments": 1, "status": "queued", "due_at": NOW, "at": NOW, **fields,
        }  # fmt: skip
        connection.execute(outbound.insert().values(**values))

    store.run_now(write)


def desk(store: Store, keys: Keys, wire: Wire, clock: Clock | None = None) -> Delivery:
    return Delivery(store, keys, {"sms": wire}, clock or Clock(), idle=0.01)  # type: ignore[dict-item]


def row(store: Store) -> Any:
    return rows(store, outbound)[0]


def test_a_queued_message_is_sent_once(store: Store, keys: Keys) -> None:
    queued(store, keys)
    wire = Wire()

    async def two_at_once() -> list[bool]:
        return list(await asyncio.gather(*(deliver_one(desk(store, keys, wire)) for _ in range(3))))

    assert sorted(asyncio.run(two_at_once())) == [False, False, True]
    assert wire.sent == [OUT]
    assert (row(store).status, row(store).reference, row(store).attempts) == ("sent", "SM9", 1)


def test_a_failure_that_may_pass_is_tried_again_later_and_in_the_end_given_up(
    store: Store, keys: Keys
) -> None:
    queued(store, keys)
    clock = Clock()
    wire = Wire(*[Failed("unavailable", retry=True, code="x")] * delivery.MOST_ATTEMPTS)
    pauses = []
    for _ in range(delivery.MOST_ATTEMPTS):
        assert asyncio.run(deliver_one(desk(store, keys, wire, clock)))
        assert not asyncio.run(deliver_one(desk(store, keys, wire, clock))), "not before its time"
        pauses.append((row(store).due_at - clock.now).total_seconds())
        clock.now = max(row(store).due_at, clock.now) + timedelta(milliseconds=1)
    assert pauses[:5] == [5, 10, 20, 40, 80]
    assert row(store).status == "failed"
    assert row(store).error


def test_the_provider_s_own_pause_is_kept(store: Store, keys: Keys) -> None:
    queued(store, keys)
    asyncio.run(deliver_one(desk(store, keys, Wire(Failed("throttled", retry=True, after=77.0)))))
    assert (row(store).status, (row(store).due_at - NOW).total_seconds()) == ("queued", 77)


@pytest.mark.parametrize(
    ("outcome", "status", "opted_out"),
    [
        (Failed("unknown"), "unknown", False),
        (Failed("opted_out", code="21610"), "failed", True),
        (Failed("blocked"), "failed", False),
    ],
)
def test_final_failures(store: Store, keys: Keys, outcome: Failed, status: str, opted_out: bool) -> None:
    queued(store, keys)
    asyncio.run(deliver_one(desk(store, keys, Wire(outcome))))
    assert row(store).status == status
    assert bool(rows(store, conversation)[0].opted_out_at) == opted_out
    assert not asyncio.run(deliver_one(desk(store, keys, Wire()))), "never sent again by itself"


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "failed"])))
def test_receipts_in_any_order_end_the_same(store: Store, keys: Keys, order: tuple[Any, ...]) -> None:
    queued(store, keys, status="answered")
    for status in (*order, *order):
        receipt = Receipt(status, NOW, outbound="out-1")
        store.run_now(lambda c, r=receipt: record_receipt(c, "sms", r))
    assert row(store).status == "delivered"


def test_a_receipt_never_lowers_a_status(store: Store, keys: Keys) -> None:
    for number, high in enumerate(STATUS_ORDER):
        if number == 0:
            queued(store, keys)
        store.run_now(lambda c, s=high: c.execute(outbound.update().values(status=s)))
        for low in STATUS_ORDER[:number]:
            store.run_now(lambda c, s=low: record_receipt(c, "sms", Receipt(s, NOW, outbound="out-1")))
            assert row(store).status == high


def test_a_receipt_that_is_faster_than_we_is_kept(store: Store, keys: Keys) -> None:
    queued(store, keys)
    early = Receipt("delivered", NOW, reference="SM9")
    for _ in range(2):
        store.run_now(lambda c: record_receipt(c, "sms", early))
    assert len(rows(store, early_receipt)) == 1
    asyncio.run(deliver_one(desk(store, keys, Wire())))
    assert row(store).status == "delivered"
    assert not rows(store, early_receipt)


def test_a_receipt_by_reference_and_one_that_tells_of_an_opt_out(store: Store, keys: Keys) -> None:
    queued(store, keys, status="sent", reference="SM9")
    told = Receipt("failed", NOW, reference="SM9", error="opted_out")
    store.run_now(lambda c: record_receipt(c, "sms", told))
    assert (row(store).status, row(store).error) == ("failed", "opted_out")
    assert rows(store, conversation)[0].opted_out_at == NOW


def test_a_receipt_of_nothing_that_we_know(store: Store) -> None:
    store.run_now(lambda c: record_receipt(c, "sms", Receipt("sent", NOW, outbound="never")))
    assert not rows(store, early_receipt)


def test_what_a_dead_process_left_may_have_gone_out(store: Store, keys: Keys) -> None:
    queued(store, keys, status="sending")
    clock = Clock()
    assert store.run_now(lambda c: delivery.give_up_abandoned(c, clock.now)) == 0
    clock.now += delivery.ABANDONED + timedelta(seconds=1)
    assert store.run_now(lambda c: delivery.give_up_abandoned(c, clock.now)) == 1
    assert row(store).status == "unknown"


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), RuntimeError("a bug")])
def test_it_goes_on_after_an_outage_or_a_bug(
    store: Store, keys: Keys, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    queued(store, keys)
    wire = Wire()
    calls = iter([True])
    honest = delivery.claim

    def claim(*args: Any) -> Any:
        if next(calls, False):
            raise fault
        return honest(*args)

    monkeypatch.setattr(delivery, "claim", claim)

    async def run() -> None:
        task = asyncio.create_task(deliver_forever(desk(store, keys, wire)))
        async with asyncio.timeout(5):
            while not wire.sent:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert wire.sent == [OUT]


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), RuntimeError("a bug")])
def test_chores_are_done_and_hold_nothing_up(store: Store, keys: Keys, fault: Exception) -> None:
    queued(store, keys)
    wire, told = Wire(), []

    async def fails_once(now: datetime) -> None:
        told.append(now)
        if len(told) == 1:
            raise fault

    async def other(now: datetime) -> None:
        told.append(now)

    async def run() -> None:
        chores = replace(desk(store, keys, wire), chores=(fails_once, other))
        task = asyncio.create_task(deliver_forever(chores))
        async with asyncio.timeout(5):
            while not wire.sent or len(told) < 3:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert set(told) == {NOW}

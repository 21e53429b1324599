"""A line over real TCP: window, rate, timers, back-off, binds that break, TLS."""

import asyncio
import logging
import ssl
from collections.abc import Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvloop

from channels.smpp import codes
from channels.smpp import line as line_module
from channels.smpp.line import Line, Lost
from channels.smpp.pdu import Message, Pdu, encode
from channels.smpp.peer import Peer
from tests.channels.smpp.doubles import (
    PATIENCE,
    SALAM,
    certificate,
    line,
    profile,
    smsc,
    told,
    until,
)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test that must end."""

    async def bounded() -> None:
        async with asyncio.timeout(2 * PATIENCE):
            await work

    asyncio.run(bounded())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of hundredths of a second in place of halves."""
    monkeypatch.setattr(line_module, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(line_module, "FIRST_RETRY", 0.01)


def ids(answers: list[Pdu | Lost]) -> list[Any]:
    return [each.body if isinstance(each, Pdu) else each for each in answers]


async def sent(made: Line, number: int) -> list[Any]:
    return ids(await asyncio.gather(*(made.submit(SALAM) for _ in range(number))))


async def _there_and_back() -> None:
    heard: list[bytes] = []

    async def hear(peer: Peer, pdu: Pdu) -> int:
        assert isinstance(pdu.body, Message)
        heard.append(pdu.body.text)
        return codes.TRY_LATER if len(heard) == 1 else codes.OK

    shown: list[tuple[str, str]] = []
    async with (
        smsc(tell=lambda *one: shown.append(one), receipts="never") as (them, port),
        line(port, hear) as us,
    ):
        assert await sent(us, 3) == ["00000001", "00000002", "00000003"]
        them.text("+923990000001", "sawal")
        await until(lambda: them.counts.acknowledged)
    assert shown == [("+923990000001", "salam")] * 3
    assert heard == [b"sawal", b"sawal"], "what was not acknowledged comes again"


def test_messages_go_out_and_texts_come_in() -> None:
    run(_there_and_back())


def test_the_same_on_the_loop_that_serves() -> None:
    uvloop.run(_there_and_back())


def test_a_window_is_kept_and_responses_may_come_in_any_order() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port, window=3) as us:
            answers = [asyncio.create_task(us.submit(SALAM)) for _ in range(7)]
            for expected in (3, 6, 7):
                await until(lambda n=expected: len(them.heard) == 1 + n)
                await asyncio.sleep(0.02)
                assert len(them.heard) == 1 + expected, "no more than the window"
                for pdu in reversed(them.heard[1 + expected - (3 if expected < 7 else 1) :]):
                    them.peers[0].answer(pdu, codes.OK, f"id-{pdu.sequence}")
            found = ids(await asyncio.gather(*answers))
            assert found == [f"id-{sequence}" for sequence in range(2, 9)]

    run(work())


def test_a_rate_is_kept() -> None:
    async def work() -> None:
        async with smsc() as (_, port), line(port, rate=100, window=50) as us:
            loop = asyncio.get_running_loop()
            began = loop.time()
            await sent(us, 31)
            assert loop.time() - began >= 0.19, "ten at once, the others one each hundredth of a second"

    run(work())


def test_a_throttled_message_is_sent_again_after_a_pause_that_doubles(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        async with smsc(throttle_every=3) as (them, port), line(port, window=2) as us:
            assert Lost.UNSENT not in await sent(us, 12)
            assert them.counts.throttled >= 4
            assert us._pause >= 0.04

    with caplog.at_level(logging.WARNING):
        run(work())
    assert "too much for the operator" in caplog.text


def test_a_whole_window_that_is_too_much_is_one_reason_to_pause() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port, window=3) as us:
            answers = [asyncio.create_task(us.submit(SALAM)) for _ in range(3)]
            await until(lambda: len(them.heard) == 4)
            for pdu in them.heard[1:]:
                them.peers[0].answer(pdu, codes.QUEUE_FULL)
            await until(lambda: len(them.heard) == 7)
            assert us._pause == 0.02
            for pdu in them.heard[4:]:
                them.peers[0].answer(pdu, codes.OK, "id")
            assert ids(await asyncio.gather(*answers)) == ["id"] * 3

    run(work())


def test_the_pause_begins_small_again_after_a_calm_time() -> None:
    async def work() -> None:
        async with smsc(throttle_every=2) as (_, port), line(port) as us:
            us._pause, us._paused_until = 5.0, us._loop.time() - 11
            await sent(us, 2)
            assert us._pause == 0.02

    run(work())


def test_a_message_that_is_never_answered_is_not_known_to_have_gone() -> None:
    async def work() -> None:
        async with smsc(silent_every=2) as (_, port), line(port, response_timeout=0.1) as us:
            assert await sent(us, 2) == ["00000001", Lost.UNANSWERED]
            assert await sent(us, 1) == ["00000003"], "its place in the window is free again"

    run(work())


def test_a_line_that_is_cut_is_bound_again() -> None:
    async def work() -> None:
        async with smsc(cut_every=3, delay=0.05) as (them, port), line(port, window=5) as us:
            assert await sent(us, 3) == [Lost.UNANSWERED] * 3, "they were on their way"
            await until(lambda: us.bound)
            assert await sent(us, 2) == ["00000004", "00000005"]
            assert them.bound == 1

    run(work())


def test_what_finds_no_bind_or_no_place_was_never_sent() -> None:
    async def work() -> None:
        async with line(1, wait=False, waiting=0.05, queue=2) as us:
            assert await sent(us, 3) == [Lost.UNSENT] * 3
            assert not us.bound
        assert await us.submit(SALAM) is Lost.UNSENT, "after the end"

    run(work())


def test_what_waits_when_the_line_stops_was_never_sent_and_what_is_under_way_arrives() -> None:
    async def work() -> None:
        async with smsc(delay=0.1) as (them, port):
            async with line(port, window=1) as us:
                under_way, waiting = (asyncio.create_task(us.submit(SALAM)) for _ in range(2))
                await until(lambda: them.counts.submitted)
            assert ids([await under_way, await waiting]) == ["00000001", Lost.UNSENT]
            assert them.bound == 0, "unbound"

    run(work())


def test_who_asked_may_go() -> None:
    async def work() -> None:
        async with smsc(delay=0.05) as (them, port), line(port, window=1) as us:
            tasks = [asyncio.create_task(us.submit(SALAM)) for _ in range(2)]
            await until(lambda: them.counts.submitted == 1)
            for task in tasks:
                task.cancel()
            assert await sent(us, 1) == ["00000003"]

    run(work())


def test_a_refused_bind_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with smsc(password="right") as (them, port):
            async with line(port, wait=False, password="wrong") as us:
                await until(lambda: caplog.text.count("bind refused: status 0xe") >= 2)
                assert not us.bound
            assert not them.bound
            async with line(port, password="right"):
                assert them.bound == 1

    with caplog.at_level(logging.WARNING):
        run(work())
    assert "wrong" not in caplog.text


def test_a_bind_that_is_never_answered_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        async with told(accept=False) as (them, port), line(port, wait=False, response_timeout=0.05):
            await until(lambda: len(them.heard) >= 2)
            assert "no answer" in caplog.text

    with caplog.at_level(logging.WARNING):
        run(work())


def test_a_line_stops_in_the_middle_of_a_bind() -> None:
    async def work() -> None:
        async with told(accept=False) as (them, port), line(port, wait=False):
            await until(lambda: them.heard)

    run(work())


def test_separate_binds_for_either_way() -> None:
    async def work() -> None:
        heard: list[Pdu] = []

        async def hear(peer: Peer, pdu: Pdu) -> int:
            heard.append(pdu)
            return codes.OK

        binds = ("receiver", "transmitter", "transmitter")
        async with smsc(receipts="never") as (them, port), line(port, hear, binds=binds, window=1) as us:
            assert them.bound == us.bound == 3
            await sent(us, 4)
            them.text("+923990000001", "sawal")
            await until(lambda: heard)

    run(work())


def test_a_peer_that_unbinds_is_answered_and_bound_to_again() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port) as us:
            answer = await them.peers[0].ask(codes.UNBIND)
            assert answer
            assert answer.command == codes.UNBIND | codes.RESPONSE
            await until(lambda: len(them.peers) == 2 and us.bound)

    run(work())


def test_a_silent_line_is_tried_and_a_dead_one_is_bound_anew() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port, keepalive=0.05, response_timeout=0.1) as us:
            await asyncio.sleep(0.3)
            assert len(them.peers) == 1, "it answers enquire_link"
            them.peers[0]._transport.pause_reading()
            await until(lambda: len(them.peers) == 2 and us.bound)

    run(work())


@pytest.mark.parametrize("command", [codes.DELIVER_SM, codes.DATA_SM])
def test_a_bug_in_hearing_is_loud_and_costs_only_its_text(
    command: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async def hear(peer: Peer, pdu: Pdu) -> int:
            if pdu.sequence == 1:
                raise RuntimeError("a bug")
            return codes.OK

        async with told() as (them, port), line(port, hear):
            body = encode(Pdu(command, 0, 0, Message(SALAM.destination, SALAM.source)))[16:]
            answers = [await them.peers[0].ask(command, body) for _ in range(2)]
            assert [each and each.status for each in answers] == [codes.TRY_LATER, codes.OK]

    run(work())
    assert "a bug" in caplog.text


def test_more_texts_than_can_be_heard_come_again_later() -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def hear(peer: Peer, pdu: Pdu) -> int:
            await gate.wait()
            return codes.OK

        async with told() as (them, port), line(port, hear, inbound=1):
            body = encode(Pdu(codes.DELIVER_SM, 0, 0, Message(SALAM.destination, SALAM.source)))[16:]
            first, second = (asyncio.create_task(them.peers[0].ask(codes.DELIVER_SM, body)) for _ in range(2))
            late = await second
            assert late
            assert late.status == codes.TRY_LATER
            gate.set()
            heard = await first
            assert heard
            assert heard.status == codes.OK

    run(work())


def test_an_acknowledgement_for_a_line_that_is_gone_is_not_sent() -> None:
    async def work() -> None:
        gate = asyncio.Event()

        async def hear(peer: Peer, pdu: Pdu) -> int:
            await gate.wait()
            return codes.OK

        async with told() as (them, port), line(port, hear) as us:
            body = encode(Pdu(codes.DELIVER_SM, 0, 0, Message(SALAM.destination, SALAM.source)))[16:]
            answer = asyncio.create_task(them.peers[0].ask(codes.DELIVER_SM, body))
            await until(lambda: us._hearing)
            them.peers[0].abort()
            assert await answer is None
            await until(lambda: us.bound and len(them.peers) == 2)
            gate.set()
            await until(lambda: not us._hearing)

    run(work())


def test_what_an_operator_may_not_ask_of_us() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port):
            body = encode(Pdu(codes.SUBMIT_SM, 0, 0, SALAM))[16:]
            answer = await them.peers[0].ask(codes.SUBMIT_SM, body)
            assert answer
            assert answer.status == codes.INVALID_BIND_STATE

    run(work())


def test_tls_with_the_right_name_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pem = certificate(tmp_path, "smsc.example")
    other = certificate(tmp_path, "other.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def work() -> None:
        async with smsc(encryption=context) as (them, port):
            async with line(port, tls=True, ca=pem, tls_name="smsc.example") as us:
                assert await sent(us, 1) == ["00000001"]
            for number, wrong in enumerate(
                (
                    {"ca": pem, "tls_name": "another.example"},
                    {"ca": pem},  # the name is then the address
                    {"ca": other, "tls_name": "smsc.example"},
                    {"tls_name": "smsc.example"},
                ),
                1,
            ):
                async with line(port, wait=False, tls=True, reconnect=1000, **wrong) as us:
                    faults = "no connection: SSLCertVerificationError"
                    await until(lambda n=number, f=faults: caplog.text.count(f) >= n)
                    assert not us.bound
            async with line(port, wait=False, tls=True, ca=tmp_path / "none.pem"):
                await until(lambda: "FileNotFoundError" in caplog.text)
            assert them.bound == 0

    with caplog.at_level(logging.WARNING):
        run(work())


def test_the_wait_before_a_bind_is_tried_again_grows() -> None:
    async def work() -> None:
        tries: list[float] = []

        def jitter() -> float:
            tries.append(loop.time())
            return 1.0

        loop = asyncio.get_running_loop()
        made = Line(profile(1, reconnect=0.04), lambda p, d: asyncio.sleep(0, codes.OK), jitter=jitter)
        await made.start()
        await until(lambda: len(tries) >= 5)
        await made.stop()
        waits = [after - before for before, after in pairwise(tries)]
        assert waits[0] >= 0.01
        assert waits[1] >= 0.02
        assert min(waits[2:]) >= 0.04

    run(work())

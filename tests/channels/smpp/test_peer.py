"""A connection that is told nonsense: it answers or ends, and never hangs."""

import asyncio
import random

import pytest

from channels.smpp import codes
from channels.smpp.pdu import Address, BadPdu, Bind, Framer, Message, Pdu, decode, encode
from channels.smpp.peer import LAST_SEQUENCE, Peer
from tests.channels.smpp.doubles import PATIENCE, line, smsc, told, until
from tests.channels.smpp.test_line import run

BIND = encode(Pdu(codes.BIND_TRANSCEIVER, 1, 0, Bind("x", "y")))
MESSAGE = encode(Pdu(codes.SUBMIT_SM, 7, 0, Message(Address("1"), Address("2"), b"abc")))


async def told_bytes(port: int, *chunks: bytes) -> list[Pdu]:
    """What is answered to these bytes, until the connection is closed or an enquire_link is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for chunk in (*chunks, encode(Pdu(codes.ENQUIRE_LINK, 99))):
        writer.write(chunk)
    framer, found = Framer(), []
    async with asyncio.timeout(PATIENCE):
        while data := await reader.read(65536):
            found += [decode(frame) for frame in framer.feed(data)]
            if found[-1].sequence == 99:
                break
    writer.close()
    return found


def test_what_is_not_known_and_what_cannot_be_read_is_said_to_be_so() -> None:
    unknown = encode(Pdu(0x777, 5, 0, b"abc"))
    alert = encode(Pdu(codes.ALERT_NOTIFICATION, 6, 0, b"\0"))
    broken = MESSAGE[:16] + b"\0" + MESSAGE[17:-2]
    late = encode(Pdu(codes.SUBMIT_SM | codes.RESPONSE, 1000, 0, "nobody asked"))
    unread = late[:-1] + b"\1\0\1"

    async def work() -> None:
        async with smsc() as (_, port):
            answers = await told_bytes(
                port,
                BIND,
                unknown,
                alert,
                len(broken).to_bytes(4) + broken[4:],
                late,
                len(unread).to_bytes(4) + unread[4:],
                BIND,
            )
            assert [(each.command, each.sequence, each.status) for each in answers] == [
                (codes.BIND_TRANSCEIVER | codes.RESPONSE, 1, codes.OK),
                (codes.GENERIC_NACK, 5, codes.INVALID_COMMAND),
                (codes.GENERIC_NACK, 7, codes.INVALID_LENGTH),
                (codes.BIND_TRANSCEIVER | codes.RESPONSE, 1, codes.ALREADY_BOUND),
                (codes.ENQUIRE_LINK | codes.RESPONSE, 99, codes.OK),
            ]

    run(work())


def test_a_length_that_cannot_be_is_answered_and_ends_the_line() -> None:
    async def work() -> None:
        async with smsc() as (_, port):
            (answer,) = await told_bytes(port, b"\xff\xff\xff\xff")
            assert (answer.command, answer.status) == (codes.GENERIC_NACK, codes.INVALID_LENGTH)

    run(work())


def test_before_a_bind_nothing_is_taken() -> None:
    async def work() -> None:
        async with smsc() as (them, port):
            refused, *_ = await told_bytes(port, MESSAGE)
            assert refused.status == codes.INVALID_BIND_STATE
            receiver = encode(Pdu(codes.BIND_RECEIVER, 1, 0, Bind("x", "y")))
            _, refused, *_ = await told_bytes(port, receiver, MESSAGE)
            assert refused.status == codes.INVALID_BIND_STATE
            assert not them.counts.submitted

    run(work())


def test_fuzzed_bytes_never_hang_or_crash_a_session() -> None:
    dice = random.Random(6)

    async def work() -> None:
        async with smsc() as (them, port):
            for _ in range(150):
                junk = bytearray(BIND + MESSAGE * 2)
                for _ in range(dice.randrange(1, 8)):
                    junk[dice.randrange(len(junk))] = dice.randrange(256)
                cut = dice.randrange(len(junk))
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(bytes(junk[:cut]))
                writer.write(bytes(junk[cut:]))
                writer.write_eof()
                async with asyncio.timeout(PATIENCE):
                    while await reader.read(65536):
                        pass
                writer.close()
            async with line(port) as us:
                assert us.bound, "and others are served as before"
            await until(lambda: not them.bound)

    run(work())


def test_bytes_that_an_operator_garbles_end_in_a_new_bind() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port) as us:
            them.peers[0]._transport.write(b"\0\0\0\1")
            await until(lambda: len(them.peers) == 2 and us.bound)

    run(work())


def test_a_side_that_does_not_read_is_not_listened_to() -> None:
    async def work() -> None:
        rooms: list[int] = []
        async with told() as (them, port):
            peer = Peer(lambda peer, pdu: None, room=lambda: rooms.append(1))
            await asyncio.get_running_loop().create_connection(lambda: peer, "127.0.0.1", port)
            await peer.ask(codes.BIND_TRANSCEIVER, BIND[16:])
            them.peers[0]._transport.pause_reading()
            while not peer.clogged:
                peer.send(Pdu(codes.ALERT_NOTIFICATION, 1, 0, bytes(60_000)))
                await asyncio.sleep(0)
            them.peers[0]._transport.resume_reading()
            await until(lambda: rooms)
            assert not peer.clogged
            peer.abort()
            await until(lambda: peer.lost_at)
            assert await peer.ask(codes.ENQUIRE_LINK) is None
            peer.close()

    run(work())


def test_sequence_numbers_begin_again() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port) as us:
            peer = us._links[0].peer
            assert peer
            peer._sequence = LAST_SEQUENCE - 1
            for _ in range(2):
                peer.request(codes.SUBMIT_SM, MESSAGE[16:], lambda pdu: None)
            await until(lambda: len(them.heard) == 3)
            assert [pdu.sequence for pdu in them.heard[1:]] == [LAST_SEQUENCE, 1]
            for pdu in them.heard[1:]:
                them.peers[0].answer(pdu, codes.OK, "x")

    run(work())


def test_an_answer_is_taken_once() -> None:
    async def work() -> None:
        async with told() as (them, port), line(port) as us:
            asked = asyncio.create_task(us.submit(Message(Address("1"), Address("2"))))
            await until(lambda: len(them.heard) == 2)
            for id in ("first", "second"):
                them.peers[0].answer(them.heard[1], codes.OK, id)
            answer = await asked
            assert isinstance(answer, Pdu)
            assert answer.body == "first"

    run(work())


def test_a_bad_pdu_says_what_is_wrong() -> None:
    with pytest.raises(BadPdu, match="status 0x2"):
        decode(b"")

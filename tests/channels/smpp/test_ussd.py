"""Menus over the binds of a short code: what operators send, and what they want to have back."""

import asyncio
from dataclasses import replace

import pytest

from bot.messages import Inbound, Outbound
from channels import Failed, Received, Refused, Request, Response, Sent
from channels.smpp import codes, ussd
from channels.smpp.channel import SmsSmpp, came
from channels.smpp.pdu import Address, Message, Pdu, Tlvs, encode
from channels.smpp.profile import Profile
from channels.smpp.ussd import Typed, UssdSmpp, is_ussd, screen
from tests.channels.doubles import NOW
from tests.channels.smpp.doubles import profile, told, until
from tests.channels.smpp.node import node_smsc
from tests.channels.smpp.test_line import run

PROFILE = Profile(name="one", host="127.0.0.1", system_id="us", ussd=True)
PHONE = "+923990000001"
OUT = Outbound("out-1", "ussd", PHONE, ("1 Paisa\n2 Shikayat",))


def typed(text: str, operation: int | None = 18, session: str = "", service: str = "USSD") -> Pdu:
    tlvs: Tlvs = ((codes.USSD_OPERATION, bytes((operation,))),) if operation is not None else ()
    if session:
        tlvs += ((codes.ITS_SESSION, bytes.fromhex(session)),)
    message = Message(Address(PHONE[1:], 1, 1), Address("8171"), text.encode(), 0x0F, service=service)
    return Pdu(codes.DELIVER_SM, 1, 0, message, tlvs)


@pytest.mark.parametrize(
    ("pdu", "text"),
    [
        (typed("*8171#", 1, "0102"), ""),
        (typed("*8171#", 0), ""),
        (typed("*8171*1#", None), ""),
        (typed("1", 18, "0104"), "1"),
        (typed("9", None), "9"),
        (typed("1", 18, "0105"), None),
        (typed("", 3), None),
        (typed("1", 18, service=""), "1"),
    ],
)
def test_what_was_dialled_and_what_was_typed(pdu: Pdu, text: str | None) -> None:
    assert isinstance(pdu.body, Message)
    assert is_ussd(pdu, pdu.body)
    found = came(PROFILE, pdu, pdu.body, NOW)
    if text is None:
        assert found is None
    else:
        inbound = Inbound("", "ussd", PHONE, NOW, text, contact=PHONE)
        assert found == Typed(inbound, "one", pdu.tlv(codes.ITS_SESSION))
        channel = SmsSmpp((PROFILE,), jitter=lambda: 0.5)
        assert channel.receive(Request("deliver_sm", "/one", {}, encode(pdu), NOW)) == Received((inbound,))


def test_where_a_profile_carries_no_menus_they_are_left_alone() -> None:
    pdu = typed("1")
    assert isinstance(pdu.body, Message)
    assert came(replace_ussd(False), pdu, pdu.body, NOW) is None
    assert SmsSmpp((replace_ussd(False),), jitter=lambda: 0.5).ussd is None


def replace_ussd(carried: bool) -> Profile:
    return PROFILE.model_copy(update={"ussd": carried})


def test_a_screen_says_whether_the_line_is_kept() -> None:
    address = Address(PHONE[1:], 1, 1)
    message, tlvs = screen(PROFILE, OUT, address, b"\1\4")
    assert (message.service, message.coding, message.text) == ("USSD", 0x0F, b"1 Paisa\n2 Shikayat")
    assert tlvs == ((codes.USSD_OPERATION, b"\2"), (codes.ITS_SESSION, b"\1\4"))
    message, tlvs = screen(PROFILE, replace(OUT, parts=("شکریہ",), ends=True), address, b"\1\4")
    assert (message.coding, message.text) == (0x48, "شکریہ".encode("utf-16-be"))
    assert tlvs == ((codes.USSD_OPERATION, b"\x11"), (codes.ITS_SESSION, b"\1\5"))
    packing = PROFILE.model_copy(update={"default_alphabet": "packed"})
    message, tlvs = screen(packing, replace(OUT, parts=("a" * 182,)), address, None)
    assert len(message.text) == 160
    assert tlvs == ((codes.USSD_OPERATION, b"\2"),)


def test_a_question_has_one_answer_and_nobody_is_answered_after_the_session() -> None:
    async def work() -> None:
        async with told() as (them, port):
            channel = SmsSmpp((profile(port, ussd=True),), jitter=lambda: 0.5)
            menus = channel.ussd
            assert menus
            await channel.start()
            await until(lambda: them.peers)
            inbound = Inbound("", "ussd", PHONE, NOW, "", contact=PHONE)
            menus.opened(Typed(inbound, "one", b"\1\2"))
            sending = asyncio.create_task(menus.send(OUT))
            await until(lambda: len(them.heard) == 2)
            assert them.heard[1].tlv(codes.USSD_OPERATION) == b"\2"
            them.peers[0].answer(them.heard[1], codes.OK, "4F")
            assert await sending == Sent("one:4f")
            assert await menus.send(OUT) == Failed("window_closed")
            await channel.stop()

    run(work())


def test_it_keeps_no_more_sessions_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ussd, "MOST_SESSIONS", 2)
    menus = UssdSmpp({}, {})
    for number in range(3):
        menus.opened(Typed(Inbound("", "ussd", f"+92399000000{number}", NOW), "one", None))
    assert list(menus._sessions) == ["+923990000001", "+923990000002"]


def test_it_is_reached_by_the_binds_only() -> None:
    menus = UssdSmpp({}, {})
    assert isinstance(menus.receive(Request("POST", "/in/ussd", {}, b"", NOW)), Refused)
    assert menus.answer(()) == Response()
    assert menus.answer((OUT,)) is None


def test_node_carries_a_session() -> None:
    dial = {
        "source_addr": PHONE[1:], "source_addr_ton": 1, "destination_addr": "8171", "short_message": "*8171#",
        "service_type": "USSD", "ussd_service_op": 1, "its_session_info": "0102",
    }  # fmt: skip

    async def work() -> None:
        async with node_smsc(texts=[dial]) as node:
            channel = SmsSmpp((profile(node.port, ussd=True, receipts=False),), jitter=lambda: 0.5)
            heard: list[Typed] = []

            async def hear(name: str, peer: object, pdu: Pdu) -> int:
                assert isinstance(pdu.body, Message)
                found = came(PROFILE, pdu, pdu.body, NOW)
                assert isinstance(found, Typed)
                heard.append(found)
                return codes.OK

            channel.hear = hear
            await channel.start()
            await until(lambda: heard)
            assert heard[0].inbound.text == ""
            assert channel.ussd
            channel.ussd.opened(heard[0])
            assert isinstance(await channel.ussd.send(OUT), Sent)
            await until(lambda: [said for said in node.seen if said.get("service") == "USSD"])
            await channel.stop()

    run(work())

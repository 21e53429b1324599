"""The short code as the rest of the service sees it: profiles, routes, segments, outcomes."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.messages import Outbound
from channels import Failed, Received, Refused, Request, Sent
from channels.smpp import codes
from channels.smpp.addresses import phone, recipient
from channels.smpp.channel import SmsSmpp, routes, submits
from channels.smpp.line import Lost
from channels.smpp.outcomes import outcome
from channels.smpp.pdu import Address, Message, Pdu
from channels.smpp.profile import Profile
from channels.smpp.receipts import reference
from tests.channels.doubles import NOW, OperatorLine, Reply, delivered
from tests.channels.smpp.doubles import certificate, smsc, until
from tests.channels.smpp.test_line import run

OUT = Outbound("out-1", "sms", "+923990000001", ("text",))
URDU = "قسط " * 50


def profile(name: str = "one", **fields: Any) -> Profile:
    return Profile(**{"name": name, "host": "127.0.0.1", "system_id": "us", **fields})


def two(**second: Any) -> tuple[SmsSmpp, OperatorLine, OperatorLine]:
    """A channel of two operators, the first for +92399..., and what stands for their lines."""
    channel = SmsSmpp((profile("two", **second), profile("one", prefixes=("+92399",))), jitter=lambda: 0.5)
    lines = {"one": OperatorLine(), "two": OperatorLine()}
    channel.lines = lines  # type: ignore[assignment]
    return channel, lines["one"], lines["two"]


def test_the_longest_prefix_goes_first_and_who_names_none_before_who_names_another() -> None:
    wide, narrow = profile("wide", prefixes=("+92",)), profile("narrow", prefixes=("+92300", "+92399"))
    everybody, elsewhere = profile("everybody"), profile("elsewhere", prefixes=("+93",))
    given = (elsewhere, everybody, wide, narrow)
    assert routes(given, "+923990000001") == [narrow, wide, everybody, elsewhere]
    assert routes(given, "+441234567890") == [everybody, elsewhere, wide, narrow]


@pytest.mark.parametrize("first", [Reply(codes.INVALID_DESTINATION), Reply(raises="refused"), Reply(0x45)])
def test_what_one_operator_does_not_take_the_other_does(first: Reply) -> None:
    channel, one, other = two()
    one.replies = [first]
    assert asyncio.run(channel.send(OUT)) == Sent("two:id")
    assert len(one.posted) == len(other.posted) == 1


def test_what_may_have_gone_out_is_not_given_to_the_other() -> None:
    channel, one, other = two()
    one.replies = [Reply(raises="reset")]
    assert asyncio.run(channel.send(OUT)) == Failed("unknown")
    assert not other.posted


def test_of_two_failures_the_one_that_may_pass_counts() -> None:
    channel, one, other = two()
    one.replies, other.replies = [Reply(0x400)], [Reply(raises="refused")]
    assert asyncio.run(channel.send(OUT)) == Failed("unavailable", retry=True)
    one.replies, other.replies = [Reply(0x400)], [Reply(0x0B)]
    assert asyncio.run(channel.send(OUT)) == Failed("refused", code="0x400")


def test_an_operator_without_a_bind_is_tried_last() -> None:
    channel, one, _ = two()
    one.bound = 0
    assert asyncio.run(channel.send(OUT)) == Sent("two:id")
    assert not one.posted


def test_nobody_writes_to_what_is_no_number() -> None:
    channel, one, _ = two()
    assert asyncio.run(channel.send(replace(OUT, recipient="Bank"))) == Failed("unknown_number")
    assert not one.posted


def test_segments_ask_for_one_receipt_and_have_one_number_whenever_they_are_sent() -> None:
    given = profile(source="8171", source_ton=3, source_npi=1, service_type="CMT")
    out = replace(OUT, parts=(URDU, "ok"))
    address = Address("923990000001", 1, 1)
    messages = submits(given, out, address)
    assert [message.registered for message in messages] == [0, 0, 0, 1]
    assert {message.source for message in messages} == {Address("8171", 3, 1)}
    assert {message.destination for message in messages} == {address}
    assert [message.coding for message in messages] == [8, 8, 8, 0]
    assert messages == submits(given, out, address)
    assert messages[0].text[3] != submits(given, replace(out, id="out-2"), address)[0].text[3]
    (silent,) = submits(profile(receipts=False), OUT, address)
    assert not silent.registered


def accepted(id: str = "A1", status: int = codes.OK) -> Pdu:
    return Pdu(codes.SUBMIT_SM | codes.RESPONSE, 1, status, id)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([accepted("a"), accepted("00B")], Sent("one:b")),
        ([accepted(), accepted("", 0x45)], Failed("unknown")),
        ([accepted(), Lost.UNSENT], Failed("unknown")),
        ([Lost.UNSENT, Lost.UNANSWERED], Failed("unknown")),
        ([Lost.UNSENT, Lost.UNSENT], Failed("unavailable", retry=True)),
        ([Lost.UNSENT, accepted("", 0x0B)], Failed("unknown_number", code="0xb")),
    ],
)
def test_what_became_of_several_segments(answers: list[Pdu | Lost], expected: Sent | Failed) -> None:
    assert outcome(profile(), OUT, answers) == expected


def test_only_what_may_arrive_twice_is_sent_again_without_knowing() -> None:
    given = profile(repeatable=("reply",))
    assert outcome(given, OUT, [Lost.UNANSWERED]) == Failed("unavailable", retry=True)
    notice = replace(OUT, priority="notice")
    channel = SmsSmpp((given,), jitter=lambda: 0.5)
    assert channel.may_repeat(OUT)
    assert not channel.may_repeat(notice)
    assert outcome(given, notice, [Lost.UNANSWERED]) == Failed("unknown")


def test_ids_that_responses_have_in_hex_and_receipts_in_decimal() -> None:
    given = profile(response_ids="hex", receipt_ids="decimal")
    sent = outcome(given, OUT, [accepted("000001AF")])
    assert sent == Sent("one:431")
    assert reference("0000431", "decimal") == "431"


@pytest.mark.parametrize(
    ("number", "ton", "found"),
    [
        ("923990000001", 1, "+923990000001"),
        ("+923990000001", 1, "+923990000001"),
        ("00923990000001", 0, "+923990000001"),
        ("03990000001", 0, "+923990000001"),
        ("03990000001", 1, "+923990000001"),
        ("3990000001", 2, "+923990000001"),
        ("3990000001", 0, "+923990000001"),
        ("923990000001", 0, "+923990000001"),
        ("447700900123", 1, "+447700900123"),
        ("8171", 3, None),
        ("Bank", 5, None),
        ("1234567", 5, None),
        ("", 0, None),
        ("9" * 17, 1, None),
        ("٣٩٩٠٠٠٠٠٠١", 2, None),
    ],
)
def test_numbers_in_all_their_types(number: str, ton: int, found: str | None) -> None:
    assert phone(Address(number, ton, 1), country="92") == found


def test_who_can_be_written_to() -> None:
    assert recipient("+923990000001") == Address("923990000001", 1, 1)
    assert recipient("8000") == Address("8000", 0, 1)
    assert recipient("923990000001") is recipient("Bank") is recipient("") is None


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"tables": ("klingon",)}, "no tables are called klingon"),
        ({"tables": ("urdu",), "default_alphabet": "latin1"}, "need septets"),
        ({"binds": ("receiver",)}, "must be able to send"),
        ({"window": 0}, "greater than or equal to 1"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_profiles_that_cannot_be(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        profile(**wrong)


def test_profiles_say_how_they_are_encrypted_and_no_password(tmp_path: Path) -> None:
    assert profile().encryption is profile().server_name is None
    assert profile(tls=True).server_name == "127.0.0.1"
    given = profile(tls=True, tls_name="smsc.example", ca=certificate(tmp_path, "x"), password="hidden")
    context = given.encryption
    assert context
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert given.server_name == "smsc.example"
    assert "hidden" not in repr(given)


def test_two_profiles_need_two_names_and_tables_count_only_where_all_carry_them() -> None:
    with pytest.raises(ValueError, match="same name"):
        SmsSmpp((profile(), profile()), jitter=lambda: 0.5)
    carrying = profile("one", tables=("urdu",))
    for second, carried in ((profile("two", tables=("urdu",)), ("urdu",)), (profile("two"), ())):
        channel = SmsSmpp((carrying, second), jitter=lambda: 0.5)
        assert channel.limits.tables == carried


def test_what_is_received_for_an_operator_that_is_not_ours() -> None:
    channel, _, _ = two()
    body = delivered({"source": "923990000001", "ton": 1, "text": "x"})
    assert isinstance(channel.receive(Request("deliver_sm", "/one", {}, body, NOW)), Received)
    assert isinstance(channel.receive(Request("deliver_sm", "/three", {}, body, NOW)), Refused)


def test_a_message_goes_out_and_until_somebody_listens_nothing_is_acknowledged() -> None:
    async def work() -> None:
        shown: list[tuple[str, str]] = []
        async with smsc(tell=lambda *one: shown.append(one)) as (them, port):
            channel = SmsSmpp((profile(port=port),), jitter=lambda: 0.5)
            await channel.start()
            sent = await channel.send(replace(OUT, parts=(URDU,)))
            assert sent == Sent("one:3")
            await until(lambda: them.counts.again)
            heard: list[str] = []

            async def hear(name: str, peer: object, pdu: Pdu) -> int:
                assert isinstance(pdu.body, Message)
                heard.append(name)
                return codes.OK

            channel.hear = hear
            await until(lambda: them.counts.acknowledged)
            assert heard == ["one"]
            await channel.stop()
        assert shown == [("+923990000001", URDU)]

    run(work())

"""Every channel keeps the same contract. The cases are data: `cases/<channel>.toml`."""

import asyncio
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.messages import Button, Outbound
from channels import Failed, Receipt, Received, Refused, Request, Sent
from tests.channels.doubles import NOW, Reply, bench

CASES = {
    file.stem: tomllib.loads(file.read_text("utf-8")) for file in Path(__file__).parent.glob("cases/*.toml")
}
CHANNELS = sorted(CASES)
RECEIVED = [(name, case) for name in CHANNELS for case in CASES[name]["receive"]]
SENT = [(name, case) for name in CHANNELS for case in CASES[name]["send"]]
TEXT = Outbound("out-1", "any", "+923990000001", ("text",))


def _name(value: object) -> str:
    return value["name"] if isinstance(value, dict) else str(value)


@pytest.mark.parametrize(("name", "case"), RECEIVED, ids=_name)
def test_receive(name: str, case: dict[str, Any]) -> None:
    desk = bench(name)
    got = desk.channel.receive(desk.request(case))
    if "refused" in case:
        assert isinstance(got, Refused)
        assert got.status == case["refused"]
        assert got.reason
        return
    assert isinstance(got, Received)
    if "receipt" in case:
        assert got.receipts == (Receipt(at=NOW, **case["receipt"]),)
        assert not got.inbounds
    elif "inbound" in case:
        (inbound,) = got.inbounds
        expected = dict(case["inbound"])
        if "location" in expected:
            expected["location"] = tuple(expected["location"])
        plain = type(inbound)(id="", channel=desk.channel.name, sender="", at=NOW)
        assert inbound == replace(plain, **expected)
    else:
        assert got == Received()


@pytest.mark.parametrize(("name", "case"), SENT, ids=_name)
def test_send(name: str, case: dict[str, Any]) -> None:
    desk = bench(name)
    if desk.wire:
        desk.wire.replies = [Reply(case.get("status", 0), case.get("json", ""), case.get("raises", ""))]
    outcome = asyncio.run(desk.channel.send(TEXT))
    if "sent" in case:
        assert outcome == Sent(case["sent"])
    else:
        assert outcome == Failed(**case["failed"])
    for field, value in case.get("posted", {}).items():
        assert str(desk.wire.posted[-1][field]) == value


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"{}", b"null", b"a=b", b"[" * 5000, b"=&" * 3000, b"x" * 300_000]
)
def test_garbage_is_refused_and_never_raises(name: str, body: bytes) -> None:
    desk = bench(name)
    for headers in ({}, {"content-type": "application/x-www-form-urlencoded"}):
        got = desk.channel.receive(Request("POST", f"/in/{name}", headers, body, NOW))
        assert isinstance(got, Refused)


@pytest.mark.parametrize("name", ["sms", "whatsapp", "telegram"])
def test_what_was_not_signed_by_the_provider_is_refused(name: str) -> None:
    desk = bench(name)
    request = desk.request(CASES[name]["receive"][0])
    assert isinstance(desk.channel.receive(request), Received)
    for headers in (
        {},
        dict.fromkeys(request.headers, "wrong"),
        dict.fromkeys(request.headers, ""),
        dict.fromkeys(request.headers, "�ا"),
    ):
        refused = desk.channel.receive(replace(request, headers=headers))
        assert isinstance(refused, Refused)
        assert refused.status == 403
    if name != "telegram":
        for changed in (
            replace(request, body=request.body + b"&x=y"),
            replace(request, target=request.target + "?x=y"),
        ):
            assert isinstance(desk.channel.receive(changed), Refused)


@pytest.mark.parametrize("name", CHANNELS)
def test_the_plain_acknowledgement(name: str) -> None:
    response = bench(name).channel.answer(())
    assert response
    assert response.status in (200, 204)


@pytest.mark.parametrize("name", CHANNELS)
def test_an_answer_carries_the_text_or_is_left_to_send(name: str) -> None:
    channel = bench(name).channel
    reply = replace(TEXT, parts=('سلام <b> & "x" 😀',), choices=(Button("menu", "مینو"),))
    response = channel.answer((reply,))
    if name == "smpp":
        assert response is None
        return
    assert response
    if name in ("sms", "whatsapp"):
        assert 'سلام &lt;b&gt; &amp; "x" 😀'.encode() in response.body
        assert b'action="https://haqdar.example/in/' in response.body
        assert b"ref=out-1" in response.body
    elif name == "telegram":
        assert "سلام <b>".encode() in response.body
        assert b'"callback_data": "menu"' in response.body
    else:
        assert response.headers["Location"] == "/ur/#last"


@pytest.mark.parametrize("name", ["sms", "whatsapp", "telegram", "smpp"])
def test_after_one_part_went_out_no_failure_is_safe_to_repeat(name: str) -> None:
    desk = bench(name)
    fine = (
        Reply(201, '{"sid": "SM1"}')
        if name != "telegram"
        else Reply(
            200, '{"ok": true, "result": {"message_id": 9, "date": 1, "chat": {"id": 77, "type": "private"}}}'
        )
    )
    if name == "smpp":
        fine = Reply(0, "id")
    desk.wire.replies = [fine, Reply(raises="refused")]
    outcome = asyncio.run(desk.channel.send(replace(TEXT, parts=("one", "two"))))
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.retry) == ("unknown", False)


def test_a_messaging_service_sends_by_its_own_field() -> None:
    from channels.sms_twilio import SmsTwilio
    from tests.channels.doubles import PUBLIC_URL, TOKEN, TwilioWire

    wire = TwilioWire()
    sms = SmsTwilio(account_sid="AC0", auth_token=TOKEN, sender="MG1", public_url=PUBLIC_URL, transport=wire)
    asyncio.run(sms.send(TEXT))
    assert wire.posted[0]["MessagingServiceSid"] == "MG1"
    assert wire.posted[0]["StatusCallback"] == "https://haqdar.example/in/sms?ref=out-1"


def test_secrets_are_in_no_representation() -> None:
    from tests.channels.doubles import SECRET, TOKEN

    for name in CHANNELS:
        channel = bench(name).channel
        assert TOKEN not in repr(channel)
        assert SECRET not in repr(channel)

"""The terminal plays another channel."""

import asyncio

import pytest

from bot.messages import Limits, Outbound
from channels import Received, Request, Sent
from channels.terminal import Terminal
from tests.channels.doubles import NOW

LIMITS = Limits("sms", 10)


@pytest.mark.parametrize(
    ("name", "sender", "contact"),
    [
        ("sms", "+923990000001", "+923990000001"),
        ("ussd", "+923990000001", "+923990000001"),
        ("sms", "nobody", None),
        ("web", "+923990000001", None),
    ],
)
def test_it_vouches_for_a_phone_as_the_channel_that_it_plays(
    name: str, sender: str, contact: str | None
) -> None:
    got = Terminal(LIMITS, name).receive(Request("POST", sender, {"id": "1"}, "قسط\n".encode(), NOW))
    assert isinstance(got, Received)
    (inbound,) = got.inbounds
    assert (inbound.text, inbound.channel, inbound.sender, inbound.contact) == ("قسط", name, sender, contact)


def test_it_shows_the_parts() -> None:
    out = Outbound("1", "sms", "x", ("a", "b"))
    assert Terminal(LIMITS).answer((out,)).body == b"a\n\nb"
    assert asyncio.run(Terminal(LIMITS).send(out)) == Sent("1")

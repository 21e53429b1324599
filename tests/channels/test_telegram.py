"""Telegram beyond the common contract: keyboards, commands, the webhook, polling without a response."""

import asyncio
import json
from dataclasses import replace

from bot.messages import Button, Outbound
from channels import Failed, Refused, Request
from channels.telegram import LARGEST_UPDATE, SECRET_HEADER, Telegram
from tests.channels.doubles import NOW, SECRET, Reply, TelegramWire, bench

TEXT = Outbound("out-1", "telegram", "77", ("text",))


def answered(outbound: Outbound) -> dict[str, object]:
    response = bench("telegram").channel.answer((outbound,))
    assert response
    return dict(json.loads(response.body))


def test_the_button_that_proves_a_phone() -> None:
    markup = answered(replace(TEXT, choices=(Button("share_phone", "Show"),)))["reply_markup"]
    assert markup["keyboard"] == [[{"text": "Show", "request_contact": True}]]  # type: ignore[index]


def test_without_choices_an_old_keyboard_goes_away() -> None:
    assert answered(TEXT)["reply_markup"] == {"remove_keyboard": True}


def test_several_parts_or_messages_are_left_to_send() -> None:
    channel = bench("telegram").channel
    assert channel.answer((replace(TEXT, parts=("a", "b")),)) is None
    assert channel.answer((TEXT, TEXT)) is None


def test_buttons_are_under_the_last_part() -> None:
    desk = bench("telegram")
    asyncio.run(desk.channel.send(replace(TEXT, parts=("a", "b"), choices=(Button("menu", "M"),))))
    first, last = desk.wire.posted
    assert "inline_keyboard" not in str(first["reply_markup"])
    assert "inline_keyboard" in str(last["reply_markup"])


def test_without_a_secret_no_webhook_is_trusted_and_replies_are_sent() -> None:
    polling = Telegram(token="1:a", secret="", request=TelegramWire())
    request = Request("POST", "/in/telegram", {SECRET_HEADER: ""}, b'{"update_id": 1}', NOW)
    assert isinstance(polling.receive(request), Refused)
    assert polling.answer((TEXT,)) is None


def test_with_its_own_network_it_is_built_but_does_not_call() -> None:
    assert Telegram(token="1:a", secret=SECRET).bot.token == "1:a"


def test_an_update_that_is_larger_than_any() -> None:
    request = Request("POST", "/in/telegram", {SECRET_HEADER: SECRET}, b" " * (LARGEST_UPDATE + 1), NOW)
    refused = bench("telegram").channel.receive(request)
    assert isinstance(refused, Refused)
    assert refused.status == 413


def test_commands_and_webhook_are_set() -> None:
    wire = TelegramWire()
    telegram = Telegram(token="1:a", secret=SECRET, request=wire)
    assert asyncio.run(telegram.set_commands({"": {"menu": "Menu"}, "ur": {"menu": "مینو"}})) is None
    assert asyncio.run(telegram.set_webhook("https://haqdar.example/in/telegram")) is None
    assert [posted["method"] for posted in wire.posted] == ["setMyCommands", "setMyCommands", "setWebhook"]
    assert wire.posted[1]["language_code"] == "ur"
    assert wire.posted[2]["secret_token"] == SECRET


def test_what_cannot_be_set_is_said() -> None:
    wire = TelegramWire()
    telegram = Telegram(token="1:a", secret=SECRET, request=wire)
    wire.replies = [Reply(raises="refused")]
    assert asyncio.run(telegram.set_commands({"": {"menu": "Menu"}})) == Failed("unavailable", retry=True)


def test_start_and_stop() -> None:
    telegram = Telegram(token="1:a", secret=SECRET, request=TelegramWire())

    async def both() -> Failed | None:
        failed = await telegram.start()
        await telegram.stop()
        return failed

    assert asyncio.run(both()) is None


def test_a_pressed_button_stops_waiting() -> None:
    wire = TelegramWire()
    telegram = Telegram(token="1:a", secret=SECRET, request=wire)
    pressed = {
        "update_id": 6,
        "callback_query": {
            "id": "9", "chat_instance": "1", "data": "menu",
            "from": {"id": 77, "is_bot": False, "first_name": "A"},
            "message": {"message_id": 5, "date": 1, "chat": {"id": 77, "type": "private"}},
        },
    }  # fmt: skip
    request = Request("POST", "/in/telegram", {}, json.dumps(pressed).encode(), NOW)
    asyncio.run(telegram.settle(request))
    assert wire.posted[0]["method"] == "answerCallbackQuery"
    wire.replies = [Reply(raises="refused")]
    asyncio.run(telegram.settle(request))
    asyncio.run(telegram.settle(replace(request, body=b'{"update_id": 1}')))
    assert len(wire.posted) == 2

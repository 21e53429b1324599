"""Telegram without a public address."""

import asyncio
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.messages import Inbound
from channels.telegram import Telegram
from services import telegram_polling
from services.store.engine import StoreUnavailable
from services.telegram_polling import poll
from tests.channels.doubles import TelegramWire


def update(number: int) -> dict[str, Any]:
    person = {"id": 77, "is_bot": False, "first_name": "A"}
    chat = {"id": 77, "type": "private"}
    message = {"message_id": number, "date": 1, "chat": chat, "from": person, "text": f"text {number}"}
    return {"update_id": number, "message": message}


def test_an_update_is_fetched_until_its_turn_is_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_polling, "PAUSE", 0)
    wire = TelegramWire()
    group = {"update_id": 3, "edited_message": update(3)["message"]}
    wire.updates = [[update(1)], NetworkError("away"), [update(1)], [update(2), group], []]
    seen: list[str] = []

    async def take(inbound: Inbound) -> None:
        seen.append(inbound.text)
        if seen == ["text 1"]:
            raise StoreUnavailable("away")

    async def run() -> None:
        task = asyncio.create_task(poll(Telegram(token="1:a", secret="", request=wire), take))
        async with asyncio.timeout(5):
            while wire.updates:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert seen == ["text 1", "text 1", "text 2"]
    offsets = [posted.get("offset") for posted in wire.posted if posted["method"] == "getUpdates"]
    assert offsets[:5] == [None, None, None, 2, 4], "an update that was not committed is asked for again"

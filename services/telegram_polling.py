"""Telegram without a public address: updates are fetched, one after another, for development."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from telegram.error import TelegramError

from bot.messages import Inbound
from channels.telegram import UPDATES, Telegram, read
from services.store.engine import StoreUnavailable

WAIT = 30
"""Seconds that Telegram holds a request open while there is nothing new."""

PAUSE = 3.0
"""Seconds after a fault of the network or of the database."""

log = logging.getLogger("haqdar.telegram")


async def poll(telegram: Telegram, take: Callable[[Inbound], Awaitable[object]]) -> None:
    """Fetch and answer until cancelled. An update counts as fetched only once its turn is committed."""
    await telegram.start()
    offset: int | None = None
    try:
        while True:
            try:
                offset = await _fetch(telegram, take, offset)
            except (TelegramError, StoreUnavailable) as fault:
                log.warning("polling paused: %s", type(fault).__name__)
                await asyncio.sleep(PAUSE)
    finally:
        await telegram.stop()


async def _fetch(
    telegram: Telegram, take: Callable[[Inbound], Awaitable[object]], offset: int | None
) -> int | None:
    updates = await telegram.bot.get_updates(offset, timeout=WAIT, allowed_updates=UPDATES)
    for update in updates:
        inbound = read(update, at=datetime.now(UTC))
        if inbound:
            await take(inbound)
        offset = update.update_id + 1
    return offset

"""The engine."""

import asyncio

from services.store.engine import Store


def test_ready(store: Store) -> None:
    assert asyncio.run(store.ready())


def test_ready2(store: Store) -> None:
    assert asyncio.run(store.ready())

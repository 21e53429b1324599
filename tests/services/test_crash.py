"""A process that dies between any two steps: after the provider's retry there is exactly one answer."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from services.privacy.identifiers import Keys
from services.store.engine import Store, open_store
from services.store.tables import conversation, grievance, grievance_event
from services.store.tables import inbound as inbound_table
from services.store.tables import outbound as outbound_table
from services.turns import take
from tests.services.deployment import deploy, inbound, rows, words

STEPS = ("received", "loaded", "understood", "answered", "rendered", "written", "committed")


def killed_at(step: str, url: str, keys: Keys, messages: list[str]) -> int:
    """Answer these messages in a process that kills itself at a step of the last; how it ended."""
    words()  # loaded before the fork, so that the child has little to do
    child = os.fork()
    if child == 0:
        status = 1
        try:
            asyncio.run(_answer(url, keys, messages, step))
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def _answer(url: str, keys: Keys, messages: list[str], step: str) -> None:
    store = open_store(url, pool=2)
    reached: Callable[[str], None] = lambda name: None  # noqa: E731
    for number, text in enumerate(messages):
        last = number == len(messages) - 1
        if last:
            reached = lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == step else None  # noqa: E731
        await take(deploy(store, keys, at=reached), inbound(text, id=f"SM{number}"))


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step(step: str, database_url: str, keys: Keys, store: Store) -> None:
    messages = ["the office staff asked for a bribe", "the clerk in Multan, on Monday, 1000 rupees"]
    assert killed_at(step, database_url, keys, messages) == -signal.SIGKILL

    again = asyncio.run(take(deploy(store, keys), inbound(messages[-1], id="SM1")))

    assert "Complaint" in again.outbound.parts[0]
    assert len(rows(store, inbound_table)) == len(rows(store, outbound_table)) == 2
    assert len(rows(store, grievance)) == 1, "and what the turn did was done once"
    assert len(rows(store, grievance_event)) == 1
    (kept,) = rows(store, conversation)
    assert kept.version == 2
    assert keys.open(rows(store, grievance)[0].facts).count("Monday") == 1


def test_the_killer_kills_only_at_the_step_it_is_told(database_url: str, keys: Keys, store: Store) -> None:
    assert killed_at("no such step", database_url, keys, ["salam"]) == 0
    assert (
        store.read_now(lambda c: c.execute(sa.select(sa.func.count()).select_from(outbound_table)).scalar())
        == 1
    )

"""`kill -9` under load: nobody is left without an answer, and who got two is counted.

An answer is doubled only where nobody can tell whether it left: the process died after it began to send it
and before it wrote down the response. Replies are marked as safe to be sent again here.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from channels.smpp.channel import SmsSmpp
from services import delivery, turns
from services.delivery import Delivery, deliver_forever
from services.privacy.identifiers import Keys
from services.smpp import runner
from services.smpp.runner import Listener
from services.smsc.simulator import Habits, Smsc
from services.store.engine import Store, open_store
from services.store.tables import outbound
from tests.channels.smpp.doubles import free_port, profile
from tests.services.deployment import deploy, rows, words

PEOPLE = 120
RATE = 60
KILLS = 4
PATIENCE = 120.0


def forked(work: Callable[[], None]) -> int:
    """A child that does this and no more; its process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


async def _operate(port: int, shown: Path) -> None:
    with shown.open("a", buffering=1) as file:
        simulated = Smsc(
            Habits(double_every=10, again=0.05), lambda number, text: file.write(f"{number}\n") and None
        )
        await simulated.start("127.0.0.1", port)
        for person in range(PEOPLE):
            simulated.text(f"+92399{person:07d}", "salam" if person % 3 else "mera paisa " * 20)
            await asyncio.sleep(1 / RATE)
        await asyncio.sleep(PATIENCE)


async def _serve(url: str, keys: Keys, port: int, lock: Path) -> None:
    delivery.ABANDONED = timedelta(seconds=3)
    runner.LOOK = 0.02
    store = open_store(url, pool=4)
    channel = SmsSmpp((profile(port, repeatable=("reply",)),), jitter=lambda: 0.5)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
    parts = deploy(store, keys, channels={"sms": channel}, clock=clock)
    sending: dict[str, turns.Channel] = {}
    desk = Delivery(store, keys, sending, clock, idle=0.1, lanes=8, again=channel.may_repeat)
    listener = Listener(parts, channel, desk.wake.set)
    await asyncio.gather(runner.run(listener, lock, sending), deliver_forever(desk), _sweep(listener))


async def _sweep(listener: Listener) -> None:
    while True:
        await runner.take_overdue(listener, datetime.now(UTC))
        await asyncio.sleep(0.2)


def test_killed_under_load(
    database_url: str, keys: Keys, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words()  # before the forks, so that children have little to do
    shown, lock, port, dice = tmp_path / "shown", tmp_path / "lock", free_port(), random.Random(8171)
    alive = [forked(lambda: asyncio.run(_operate(port, shown)))]
    try:
        for _ in range(KILLS):
            alive.append(forked(lambda: asyncio.run(_serve(database_url, keys, port, lock))))
            time.sleep(dice.uniform(0.4, 1.2))
            _kill(alive.pop())
        alive.append(forked(lambda: asyncio.run(_serve(database_url, keys, port, lock))))
        ends = time.monotonic() + PATIENCE
        everybody = {f"+92399{person:07d}" for person in range(PEOPLE)}
        while set(shown.read_text().split()) != everybody or _open(store):
            assert time.monotonic() < ends, (everybody - set(shown.read_text().split()), _open(store))
            time.sleep(0.1)
    finally:
        for child in alive:
            _kill(child)
    answers = Counter(shown.read_text().split())
    doubled = sum(count - 1 for count in answers.values())
    again = sum(row.attempts - 1 for row in rows(store, outbound))
    with capsys.disabled():
        told = f"\n{PEOPLE} people, {KILLS} kills: lost 0, doubled {doubled} of {again} sent again\n"
        sys.stdout.write(told)
    assert len(rows(store, outbound)) == PEOPLE, "each was thought about once"
    assert doubled <= again, "only what was under way when the process died"


def _kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _open(store: Store) -> int:
    """Messages that are not at their end."""
    waiting = sa.select(sa.func.count()).where(outbound.c.status.in_(("queued", "sending")))
    found = store.read_now(lambda connection: connection.execute(waiting).scalar())
    assert found is not None
    return found

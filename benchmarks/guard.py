"""Ten thousand CNICs in a row, asked for by fifty phones: what is learnt from the words and from the time."""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import sqlalchemy as sa
import uvloop

from benchmarks.apart import Apart, compare
from bot.messages import Inbound, Say
from bot.render import render
from bot.segments import count as cost_of
from bot.steps import SEND_CODE
from bot.texts import Catalogue
from channels.sms_twilio import LIMITS as SMS
from services.privacy import guard
from services.privacy.guard import Block, asking_of, make_guard
from services.privacy.identifiers import Keys
from services.privacy.limits import REASONS, Budget, Limits
from services.privacy.pulse import Alarm
from services.registry import Record, Registry, Scope
from services.registry.sql import SqlRegistry
from services.store.engine import Store, open_store
from services.store.migrations import migrate
from services.store.tables import enrolment, household, member, payment
from services.turns import Parts, Taken, take
from tests import databases
from tests.services.deployment import LIMITS, NOW, deploy

Fate = Literal["none", "enrolled", "paid", "blocked", "not_eligible"]
FATES: tuple[Fate, ...] = ("enrolled", "paid", "blocked", "not_eligible")

FIRST = 9_203_456_000_000
"""A CNIC that cannot exist, and so cannot those after it."""

NUMBERS, SENDERS, ALPHA = 10_000, 50, 1e-4
BUCKET = {"sqlite": 0.005, "postgresql": 0.01}
"""Seconds. Far shorter than a deployment's, so that a run takes a minute; a longer one hides more."""

LEAK = 0.002

Turn = Callable[[Inbound], Awaitable[Taken]]
"""What is under test: a message in, its committed reply out."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question; `fate` is what the registry holds, which the asker must not learn."""

    cnic: str
    sender: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Reply:
    """What the asker of an `Ask` can see: the words, their length and price, and how long they took."""

    ask: Ask
    text: str
    segments: int
    seconds: float

    @property
    def words(self) -> str:
        """The text without the four digits that the asker typed."""
        return self.text.replace(self.ask.cnic[-4:], "****", 1)


def asks(numbers: int, senders: int, *, seed: int = 1) -> list[Ask]:
    """Numbers in a row, the phones taking turns; every other one exists, in an order that is drawn."""
    random = np.random.default_rng(seed)
    return [
        Ask(
            str(FIRST + number),
            f"+92399{number % senders:07d}",
            "none" if random.random() < 0.5 else FATES[random.integers(len(FATES))],
        )
        for number in range(numbers)
    ]


def fill(store: Store, keys: Keys, questions: Sequence[Ask]) -> None:
    """A registry in which the numbers have their fates; each family has a phone, none of the askers'."""
    known = [(id, ask) for id, ask in enumerate(questions, 1) if ask.fate != "none"]
    day = NOW.date()

    def work(connection: sa.Connection) -> None:
        rows: dict[sa.Table, list[dict[str, Any]]] = {household: [], member: [], enrolment: [], payment: []}
        for id, ask in known:
            phone = f"+923990{id:06d}9"
            rows[household].append(
                {
                    "id": id,
                    "district": "kech",
                    "phone": keys.hash("phone", phone),
                    "phone_sealed": keys.seal(phone),
                }
            )
            rows[member].append(
                {
                    "id": id,
                    "household": id,
                    "cnic": keys.hash("cnic", ask.cnic),
                    "name": keys.seal("Zarina Bibi"),
                    "sex": "f",
                    "born_on": date(1980, 1, 1),
                    "role": "head",
                }
            )
            status = "not_eligible" if ask.fate == "not_eligible" else "enrolled"
            rows[enrolment].append(
                {"id": id, "member": id, "programme": "kafaalat", "status": status, "since": day}
            )
            if ask.fate in ("paid", "blocked"):
                outcome = "ready" if ask.fate == "paid" else "blocked"
                rows[payment].append(
                    {
                        "id": id,
                        "enrolment": id,
                        "cycle": "2026-Q4",
                        "amount": 1,
                        "status": outcome,
                        "on": day,
                    }
                )
        for table, each in rows.items():
            connection.execute(sa.insert(table), each)

    store.run_now(work)


async def drive(turn: Turn, questions: Sequence[Ask]) -> list[Reply]:
    """Ask one after another, as patiently as somebody who measures would."""
    replies = []
    for number, ask in enumerate(questions):
        message = Inbound(f"SM{number}", "sms", ask.sender, NOW, ask.cnic, contact=ask.sender)
        began = time.perf_counter()
        taken = await turn(message)
        took = time.perf_counter() - began
        text = "\n".join(taken.outbound.parts)
        replies.append(Reply(ask, text, sum(cost_of(part).segments for part in taken.outbound.parts), took))
    return replies


def neutral(catalogue: Catalogue, language: str = "ur") -> set[str]:
    """All that strangers are ever told of numbers, as `Reply.words` gives it."""
    says = Say("privacy.neutral", {"last4": "****"}, (SEND_CODE,)), Say("privacy.too_many")
    return {"\n".join(render([say], language, SMS, catalogue).parts) for say in says}


def times(replies: Sequence[Reply]) -> Apart:
    """Whether the time of an answer tells numbers that exist from those that do not."""
    exist = np.array([reply.ask.fate != "none" for reply in replies])
    seconds = np.array([reply.seconds for reply in replies])
    return compare(seconds[~exist], seconds[exist])


async def silent(alarm: Alarm) -> None:
    """Nobody is told."""


def lax(limits: Limits = LIMITS) -> Limits:
    """Limits that nobody reaches, so that every number is looked up: the most that time could tell."""
    return replace(limits, budgets=dict.fromkeys(REASONS, Budget()))


@dataclass(frozen=True, slots=True)
class Leaky:
    """A source that takes `LEAK` seconds longer where it finds somebody: what must be noticed."""

    registry: Registry

    @property
    def name(self) -> str:
        """As the source's own."""
        return self.registry.name

    @property
    def scopes(self) -> frozenset[Scope]:
        """As the source's own."""
        return self.registry.scopes

    async def find(self, cnic: str, scopes: frozenset[Scope]) -> Record | None:
        """The source's answer, late if there is one."""
        record = await self.registry.find(cnic, scopes)
        if record:
            await asyncio.sleep(LEAK)
        return record


def deployment(
    store: Store, keys: Keys, *, bucket: float, limits: Limits = LIMITS, leaky: bool = False
) -> Parts:
    """Everything that turns need, over the registry in the store."""
    registry: Any = SqlRegistry(store, keys, lambda: NOW.date())
    return deploy(
        store,
        keys,
        registry=Leaky(registry) if leaky else registry,
        guard=make_guard(limits, silent, bucket=bucket),
    )


def asked(parts: Parts, questions: Sequence[Ask]) -> list[Reply]:
    """The replies of this deployment, by its real turns, on the event loop that serves."""
    return uvloop.run(drive(lambda message: take(parts, message), questions))


def run(kind: str, numbers: int = NUMBERS) -> bool:
    """Print what is learnt on one kind of database, and what the guard costs; whether it is nothing."""
    keys = Keys.from_secret(b"a secret that is only for the measuring")
    questions = asks(numbers, SENDERS)
    with _store(kind) as store:
        unknown = asked(deployment(store, keys, bucket=0), questions)
    with _store(kind) as store:
        fill(store, keys, questions)
        parts = deployment(store, keys, bucket=0)
        replies = asked(parts, questions)
        words = Counter(reply.words for reply in replies)
        same = [reply.text for reply in replies] == [reply.text for reply in unknown]
        only = set(words) <= neutral(parts.catalogue)
        price = {(reply.words, len(reply.text), reply.segments) for reply in replies}
        known = sum(ask.fate != "none" for ask in questions)
        print(  # noqa: T201
            f"guard, {kind}: {numbers} numbers in a row from {SENDERS} phones, {known} exist: "
            f"{len(words)} different replies {sorted(words.values())}, {len(price)} of length and price; "
            f"{'only neutral ones' if only else 'MORE THAN NEUTRAL ONES'}, "
            f"{'the same' if same else 'NOT THE SAME'} as of an empty registry"
        )
        usual, worst, writes = _cost(store, keys)
        print(  # noqa: T201
            f"guard, {kind}: to count {usual:.0f} us, at worst {worst:.0f} us (thousands ask from one block, "
            f"for near numbers and for the same one); to remember {writes:.0f} us"
        )
        hidden = _timed(store, keys, questions, "with the bucket", bucket=BUCKET[kind])
        _timed(store, keys, questions, "without it", bucket=0)
        few = questions[: numbers // 5]
        later = f"without it, {LEAK * 1000:.0f} ms later on a hit"
        leak = _timed(store, keys, few, later, bucket=0, leaky=True)
    return same and only and len(price) == len(words) and not hidden.told(ALPHA) and leak.told(ALPHA)


def _timed(
    store: Store, keys: Keys, questions: Sequence[Ask], what: str, *, bucket: float, leaky: bool = False
) -> Apart:
    """Every number looked up, by phones that have not asked before."""
    forget(store)
    replies = asked(deployment(store, keys, bucket=bucket, limits=lax(), leaky=leaky), questions)
    found = times(replies)
    middle = np.median([reply.seconds for reply in replies]) * 1000
    print(  # noqa: T201
        f"guard, {store.engine.dialect.name}: time of an answer {what} ({middle:.1f} ms): {found}; "
        f"{'told apart' if found.told(ALPHA) else 'not told apart'} "
        f"(an AUC {found.seen:.3f} from a coin would be)"
    )
    return found


def forget(store: Store) -> None:
    """Nobody has asked or been answered yet."""
    from services.store.tables import asked as rows
    from services.store.tables import conversation, inbound, outbound

    def work(connection: sa.Connection) -> None:
        for table in (rows, conversation, inbound, outbound):
            connection.execute(sa.delete(table))

    store.run_now(work)


def _cost(store: Store, keys: Keys, rounds: int = 500) -> tuple[float, float, float]:
    """Microseconds to count for somebody who asks little, for one in the thick of it, and to remember."""

    def asking(number: int, sender: int, block: str = "9.9.9.0/24") -> guard.Asking:
        at = Block("network", block)
        return asking_of(keys, str(FIRST + number), sender=sender.to_bytes(16), block=at, day=NOW.date())

    busy = [asking(0, n) for n in range(5000)] + [asking(n, 0) for n in range(300)]
    busy += [asking(n % 1000, 10_000 + n) for n in range(5000)]
    store.run_now(lambda c: [guard.remember(c, each, known=False) for each in busy])

    async def reads(one: guard.Asking) -> float:
        began = time.perf_counter()
        for _ in range(rounds):
            await store.read(lambda c: guard.count(c, one, LIMITS))
        return (time.perf_counter() - began) / rounds * 1e6

    def writes(connection: sa.Connection) -> float:
        began = time.perf_counter()
        for number in range(rounds):
            guard.remember(connection, asking(number, 99_999), known=False)
        return (time.perf_counter() - began) / rounds * 1e6

    quiet = asking(50_000, 88_888, "9.9.8.0/24")
    return uvloop.run(reads(quiet)), uvloop.run(reads(asking(0, 0))), store.run_now(writes)


@contextmanager
def _store(kind: str) -> Iterator[Store]:
    """An empty database of a kind, thrown away at the end."""
    folder = Path(tempfile.mkdtemp(prefix="haqdar-guard-"))
    databases.begin_run()
    try:
        if kind == "sqlite":
            store = open_store(f"sqlite:///{folder / 'haqdar.db'}")
            migrate(store)
            yield store
            store.close()
            return
        server = databases.postgresql_server()
        with databases.postgresql_database(server) as name:
            store = open_store(databases.postgresql_url(server, name))
            migrate(store)
            yield store
            store.close()
    finally:
        databases.end_run()
        shutil.rmtree(folder)

"""One question to every source at once, under one deadline.

A source that hangs, breaks or answers nonsense costs its own part of the answer and nothing else: the
view says that this part is not known now.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.registry import Record, Refused, Registry, Scope, Unavailable
from services.registry.breaker import Breaker
from services.registry.view import Outcome, Reading, View, consolidate

log = logging.getLogger("haqdar.registry")

NEVER_KEPT: frozenset[Scope] = frozenset({"person.link"})
"""Who may ask is found out anew each time."""

CLOSING = 2.0
"""Seconds that a source may take to say goodbye."""


@dataclass(frozen=True, slots=True)
class Connected:
    """A source as this deployment uses it.

    `timeout` in seconds. `fresh` seconds long its last answer is taken instead of asking again; `kept`
    seconds long it stands in when the source does not answer (0: never). `authority`: see `Reading`.
    """

    registry: Registry
    timeout: float = 2.5
    fresh: float = 0.0
    kept: float = 0.0
    authority: int = 0
    breaker: Breaker = field(default_factory=Breaker)
    close: Callable[[], Awaitable[None]] | None = None
    """How its connections are let go of, None for our own tables."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a source said before, `age` seconds ago."""

    record: Record
    age: float


class Copies(Protocol):
    """Where last answers are kept."""

    async def find(self, source: str, cnic: str, scopes: frozenset[Scope]) -> Copy | None:
        """What this source last said of this number in these scopes, None where nothing is kept."""
        ...


@dataclass(frozen=True, slots=True)
class Lookup:
    """The sources of a deployment, asked as one."""

    sources: Sequence[Connected]
    copies: Copies

    async def find(self, cnic: str, scopes: frozenset[Scope], *, ends: float) -> View:
        """What all sources say by `ends`, a time of the running event loop. Never raises for a source."""
        asked = [(source, source.registry.scopes & scopes) for source in self.sources]
        asked = [(source, part) for source, part in asked if part]
        if len(asked) == 1:  # a task costs more than to ask our own tables
            readings = [await self._read(*asked[0], cnic, ends)]
        else:
            readings = await asyncio.gather(*(self._read(*each, cnic, ends) for each in asked))
        return consolidate(readings)

    async def close(self) -> None:
        """Let go of all connections. A source that fails or hangs at it is logged and hinders no other."""
        await asyncio.gather(*(_close(source) for source in self.sources))

    async def _read(self, source: Connected, scopes: frozenset[Scope], cnic: str, ends: float) -> Reading:
        began = asyncio.get_running_loop().time()
        name, kept = source.registry.name, scopes - NEVER_KEPT
        if source.fresh and kept == scopes:
            copy = await self.copies.find(name, cnic, scopes)
            if copy and copy.age <= source.fresh:
                return _reading(source, scopes, "found", copy.record, began, copy.age)
        outcome, record = await _ask(source, scopes, cnic, began, min(ends, began + source.timeout))
        if outcome in ("late", "refused") and source.kept and kept == scopes:
            copy = await self.copies.find(name, cnic, scopes)
            if copy and copy.age <= source.kept:
                return _reading(source, scopes, "stale", copy.record, began, copy.age)
        return _reading(source, scopes, outcome, record, began)


async def _close(source: Connected) -> None:
    if source.close is None:
        return
    try:
        async with asyncio.timeout(CLOSING):
            await source.close()
    except Exception as fault:  # the process ends: whatever it is, the others are still to be closed
        log.error("source %s could not be closed: %s", source.registry.name, type(fault).__name__)


def _reading(
    source: Connected,
    scopes: frozenset[Scope],
    outcome: Outcome,
    record: Record | None,
    began: float,
    age: float = 0.0,
) -> Reading:
    return Reading(
        source=source.registry.name,
        scopes=scopes,
        outcome=outcome,
        record=record,
        took=asyncio.get_running_loop().time() - began,
        age=age,
        authority=source.authority,
        worth_keeping=outcome == "found" and not age and bool(source.kept) and not scopes & NEVER_KEPT,
    )


async def _ask(
    source: Connected, scopes: frozenset[Scope], cnic: str, began: float, ends: float
) -> tuple[Outcome, Record | None]:
    if not source.breaker.lets_through(began):
        return "late", None
    try:
        async with asyncio.timeout_at(ends):
            record = await source.registry.find(cnic, scopes)
    except Refused:
        outcome: Outcome = "refused"
    except (Unavailable, TimeoutError):
        outcome = "late"
    except Exception as bug:  # of one connector: it must not take the other sources' facts from a citizen
        log.error("source %s failed: %s", source.registry.name, type(bug).__name__)
        outcome = "refused"
    else:
        source.breaker.note(True, began)
        return ("found", cut(record, scopes)) if record else ("empty", None)
    source.breaker.note(False, asyncio.get_running_loop().time())
    return outcome, None


def cut(record: Record, scopes: frozenset[Scope]) -> Record:
    """The record without what was not asked for, whatever a source sends."""
    return Record(
        as_of=record.as_of,
        person=record.person if "person.link" in scopes else None,
        enrolments=record.enrolments if "enrolment.status" in scopes else None,
        payments=record.payments if "payment.timeline" in scopes else None,
        surveyed_on=record.surveyed_on if "survey.recency" in scopes else None,
        card_expires_on=record.card_expires_on if "card.validity" in scopes else None,
    )

"""One enquiry about one CNIC: who asks, what they may learn, what the sources say, and the trace it leaves.

The order is the point. Who is linked is found out first; only what the grant allows is asked of any source;
and for a stranger the way is the same, and as long, whether the number exists or not.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from services.privacy import audit, links
from services.privacy.audit import Entry
from services.privacy.disclosure import REFUSAL, Grant, Level, Links, Policy, decide
from services.privacy.evenly import Held, leave_evenly
from services.privacy.guard import Asking, Block, Guard, Verdict, asking_of, count, judge, remember
from services.privacy.identifiers import Keys
from services.registry import Scope
from services.registry.copies import keep
from services.registry.lookup import Lookup
from services.registry.view import Reading, View
from services.store.engine import Store

ITS_OWN: frozenset[Level] = frozenset({"own", "helper"})
"""Grants by which an asker turns out to be linked to the number."""

LINK: frozenset[Scope] = frozenset({"person.link"})

MARGIN = 0.15
"""Seconds before the turn's deadline by which sources must have answered: it is still to be told."""

SOONER = 0.1
"""Seconds before that by which it must be known who is linked: a refusal leaves at the end at the latest,
so that a source that was waited for until then would show in its time."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What enquiries are made with."""

    store: Store
    keys: Keys
    lookup: Lookup
    guard: Guard
    policy: Policy = "registered_phone"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, by which channel: `holder` is the keyed hash of a proven phone or the conversation.

    `ends` is loop time. What an enquiry leaves to be written is added to the lists.
    """

    channel: str
    holder: bytes
    phone: bytes | None
    block: Block
    at: datetime
    ends: float
    effects: list[Callable[[Connection], None]] = field(default_factory=list)
    proven: set[bytes] = field(default_factory=set)
    held: list[Held] = field(default_factory=list)
    audits: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """What an enquiry came to.

    `unknown`: it could not be found out who is linked; that is not a refusal. `closed`: this asker asked
    about too many numbers today, and nothing was looked up.
    """

    grant: Grant
    view: View
    who: View
    unknown: bool = False
    closed: bool = False


async def enquire(desk: Desk, asker: Asker, cnic: str, scopes: frozenset[Scope], *, purpose: str) -> Found:
    """Look a number up as far as this asker may: what is written for it waits in the asker's lists."""
    found = await _enquire(desk, asker, cnic, scopes)
    asker.audits.append(_entry(desk.keys, asker, cnic, scopes, purpose, found))
    return found


async def admitted(desk: Desk, asker: Asker, cnic: str) -> bool:
    """Whether this asker may have something done about a number that shows no record, such as a code sent.

    It counts as an enquiry does, and nothing is looked up: so the answer is the same, and leaves at the
    same moments, whether the number exists or not.
    """
    began = time.monotonic()
    counted = await _count(desk, asker, cnic, began)
    if counted.verdict.answer != "closed":
        asker.effects.append(lambda c: remember(c, counted.asking, known=counted.linked))
    await _leave_evenly(desk.guard, counted.verdict, asker, began)
    return counted.verdict.answer != "closed"


@dataclass(frozen=True, slots=True)
class _Counted:
    """An asker and a number before anything is looked up; `links` and `remembered` as of `links.of`."""

    asking: Asking
    verdict: Verdict
    links: Links
    remembered: bool
    linked: bool


async def _count(desk: Desk, asker: Asker, cnic: str, began: float) -> _Counted:
    keys, guard = desk.keys, desk.guard
    asking = asking_of(
        keys,
        cnic,
        sender=asker.holder,
        block=asker.block,
        day=asker.at.date(),
        near_digits=guard.limits.near_digits,
    )
    everyone = guard.pulse.numbers(began)
    counts, known, remembered = await desk.store.read(
        lambda c: (
            count(c, asking, guard.limits, everyone=everyone),
            *links.of(c, asker.holder, asking.subject, asker.at),
        )
    )
    if asking.subject in asker.proven:
        known = replace(known, code=True)
    linked = known.code or known.consent is not None or remembered
    return _Counted(asking, judge(counts, guard.limits, linked=linked), known, remembered, linked)


async def _enquire(desk: Desk, asker: Asker, cnic: str, scopes: frozenset[Scope]) -> Found:
    keys, guard, ends = desk.keys, desk.guard, asker.ends - MARGIN
    began = time.monotonic()
    counted = await _count(desk, asker, cnic, began)
    asking, verdict = counted.asking, counted.verdict
    if verdict.answer == "closed":
        await _leave_evenly(guard, verdict, asker, began)
        return Found(REFUSAL, View(), View(), closed=True)
    who = await desk.lookup.find(cnic, LINK, ends=ends - SOONER)
    policy = desk.policy if verdict.word else "registered_phone"
    grant = decide([told.value for told in who.persons], asker.phone, counted.links, policy)
    its_own = grant.level in ITS_OWN
    asker.effects.append(lambda c: remember(c, asking, known=its_own))
    if not its_own and not who.missing("person.link"):  # a source that is away is nobody's counting
        guard.pulse.note(asking.subject, began, missed=not who.persons)
    if not its_own or verdict != Verdict():
        await _leave_evenly(guard, verdict, asker, began)
    if grant == REFUSAL:
        return Found(grant, View(), who, unknown=bool(who.missing("person.link")))
    view = await desk.lookup.find(cnic, grant.scopes & scopes, ends=ends)
    for reading in view.readings:
        if reading.worth_keeping:
            asker.effects.append(partial(_keep, keys, asking.subject, reading, asker.at))
    if grant.level == "own" and who.person and not counted.remembered:
        first_name = who.person.first_name
        asker.effects.append(
            lambda c: links.remember(
                c,
                keys,
                holder=asker.holder,
                cnic=cnic,
                first_name=first_name,
                how="code" if grant.ground == "code" else "registry",
                now=asker.at,
            )
        )
    return Found(grant, view, who)


def _entry(
    keys: Keys, asker: Asker, cnic: str, scopes: frozenset[Scope], purpose: str, found: Found
) -> Entry:
    grant = found.grant
    refused = "closed" if found.closed else "unknown" if found.unknown else grant.level
    return Entry(
        at=asker.at,
        actor=audit.actor_of(keys, asker.holder),
        by=grant.level if grant.level in ITS_OWN else "other",  # type: ignore[arg-type]
        channel=asker.channel,
        purpose=purpose,
        subject=audit.subject_of(keys, cnic),
        asked=scopes | LINK,
        given=grant.scopes & scopes,
        decision=refused if grant == REFUSAL else f"{grant.level} by {grant.ground}",
        sources=tuple(
            (reading.source, reading.outcome, round(reading.took * 1000))
            for reading in (*found.who.readings, *found.view.readings)
        ),
        consent=grant.consent,
    )


def _keep(keys: Keys, subject: bytes, reading: Reading, at: datetime, connection: Connection) -> None:
    keep(connection, keys, subject, reading, at)


async def _leave_evenly(guard: Guard, verdict: Verdict, asker: Asker, began: float) -> None:
    """Raise what alarms are due, and wait until the time of the answer tells nothing."""
    for alarm in guard.pulse.alarms(verdict.alarms, began):
        await guard.alert(alarm)
    held = Held(began, guard.bucket, verdict.seconds, asker.ends - MARGIN)
    asker.held.append(held)
    await leave_evenly(held)

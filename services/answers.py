"""The table of what the bot may ask of the shell: one function a name.

A function finds out, and leaves what must be written as effects that are committed with the turn. So
each may be repeated: a turn that is begun anew leaves nothing behind.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection

from bot.messages import Call, Json, Result
from services import complaints, desk
from services.eligibility.facts import Statement
from services.privacy.disclosure import Policy, granted
from services.privacy.evenly import Held, leave_evenly
from services.privacy.guard import Block, Guard, Verdict, asking_of, count, judge, remember
from services.privacy.identifiers import Keys
from services.programmes.advice import Advice
from services.programmes.programme import Programmes
from services.registry import (
    REASONS_THAT_ARE_FACTS,
    Enrolment,
    Payment,
    PaymentPoint,
    PaymentPoints,
    Registry,
    Scope,
    Unavailable,
)
from services.store import conversations
from services.store.engine import Store

SCOPES: frozenset[Scope] = frozenset({"person.link", "enrolment.status", "payment.timeline"})

URGENCY = ("ready", "blocked", "returned", "on_the_way", "withdrawn", "not_released")
"""Payments are said in this order: money that waits for its owner first."""

MOST_PAYMENTS = 6

MARGIN = 0.15
"""Seconds before the turn's deadline by which an answer that was held back leaves."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where answers come from."""

    store: Store
    keys: Keys
    registry: Registry
    points: PaymentPoints
    programmes: Programmes
    advice: Advice
    guard: Guard
    disclosure: Policy = "registered_phone"


@dataclass(frozen=True, slots=True)
class Context:
    """Who is asking, and when. `effects` are run in the turn's own transaction. `ends`: loop time.

    `held`: how the answer is to be held back once more when all is written, so that not even that it is
    written faster by a processor that has just been busy tells anything.
    """

    conversation: bytes
    phone: bytes | None
    provable: bool
    at: datetime
    sources: Sources
    block: Block
    ends: float
    effects: list[Callable[[Connection], None]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)


Answerer: TypeAlias = Callable[[Call, Context], Awaitable[Result]]


async def registry_status(call: Call, context: Context) -> Result:
    """`cnic` -> `disclosure`, `last4` and, as far as that is granted, `enrolments` and `payments`.

    `closed`: the asker asked about too many different numbers today, and nothing was looked up.
    """
    sources, guard, cnic = context.sources, context.sources.guard, str(call.args["cnic"])
    began, limits = time.monotonic(), guard.limits
    asking = asking_of(
        sources.keys,
        cnic,
        sender=context.phone or context.conversation,
        block=context.block,
        day=context.at.date(),
        near_digits=limits.near_digits,
    )
    everyone = guard.pulse.numbers(began)
    counts = await sources.store.read(lambda c: count(c, asking, limits, everyone=everyone))
    verdict = judge(counts, limits)
    if verdict.answer == "closed":
        await _leave_evenly(guard, verdict, context, began)
        return Result(call, context.at, data={"disclosure": "none", "closed": True})
    try:
        record = await sources.registry.find(cnic, SCOPES)
    except Unavailable:
        await _leave_evenly(guard, verdict, context, began)
        return Result(call, context.at, ok=False, error="unavailable")
    policy = sources.disclosure if verdict.word else "registered_phone"
    level = granted(record.person if record else None, context.phone, policy)
    context.effects.append(lambda connection: remember(connection, asking, known=level == "own"))
    if level != "own":
        guard.pulse.note(asking.subject, began, missed=record is None)
    if level != "own" or verdict != Verdict():
        await _leave_evenly(guard, verdict, context, began)
    data: dict[str, Json] = {"disclosure": level, "last4": cnic[-4:]}
    if level == "none":
        data["provable"] = context.provable and context.phone is None
    elif level == "word":
        standing = (record and record.enrolments) or ()
        data["enrolments"] = [{"status": enrolment.status} for enrolment in standing]
    elif record is not None and record.person is not None:
        data["enrolments"] = [_enrolment(e, context) for e in record.enrolments or ()]
        said = _said_first(record.payments or ())
        data["payments"] = [_payment(p, record.person.district) for p in said]
    return Result(call, context.at, data=data)


async def programme_facts(call: Call, context: Context) -> Result:
    """`programme` -> its facts on this day, as `Programmes.facts` gives them."""
    facts = context.sources.programmes.facts(str(call.args["programme"]), context.at.date())
    if facts is None:
        return Result(call, context.at, ok=False, error="unknown_programme")
    return Result(call, context.at, data=facts)


async def eligibility_next(call: Call, context: Context) -> Result:
    """`programme` (None: all), `said`, `asked`, `cnic` -> the next question, or how each programme stands.

    What the registry knows need not be asked, where the asker may learn it anyway.
    """
    known: dict[str, Statement] = {}
    if call.args.get("cnic"):
        known = await _known(str(call.args["cnic"]), context)
    data = context.sources.advice.next(
        call.args["said"],
        call.args["asked"],
        context.at.date(),
        programme=call.args["programme"],
        known=known,
    )
    return Result(call, context.at, data=data)


async def payment_points_find(call: Call, context: Context) -> Result:
    """`district` -> `points` open on this day: each `kind` and `name` (in both scripts)."""
    district = str(call.args["district"])
    try:
        points = await context.sources.points.payment_points(district, context.at.date())
    except Unavailable:
        return Result(call, context.at, ok=False, error="unavailable")
    found = [{"kind": point.kind, "name": _name(point)} for point in points]
    return Result(call, context.at, data={"district": district, "points": found})


async def complaint_file(call: Call, context: Context) -> Result:
    """`category` and facts in the person's own words -> `reference`."""
    facts = dict(call.args)
    cnic = facts.pop("cnic", None)
    keys = context.sources.keys
    reference = await context.sources.store.read(
        lambda connection: complaints.free_reference(connection, call.id)
    )
    context.effects.append(
        lambda connection: complaints.file(
            connection,
            call.id,
            reference=reference,
            conversation=context.conversation,
            category=str(facts["category"]),
            cnic=keys.hash("cnic", str(cnic)) if cnic else None,
            facts=_sealed(keys, facts),
            at=context.at,
        )
    )
    return Result(call, context.at, data={"reference": reference})


async def complaint_status(call: Call, context: Context) -> Result:
    """`reference`, or None for the newest -> `reference`, `status`, `on`; nothing if not the asker's."""
    found = await context.sources.store.read(
        lambda connection: complaints.standing(connection, context.conversation, call.args.get("reference"))
    )
    if found is None:
        return Result(call, context.at)
    data = {"reference": found.reference, "status": found.status, "on": found.on.isoformat()}
    return Result(call, context.at, data=data)


async def desk_open(call: Call, context: Context) -> Result:
    """`reason` -> the conversation is in the queue of the staff."""
    context.effects.append(
        lambda connection: desk.queue(
            connection,
            call.id,
            conversation=context.conversation,
            reason=str(call.args["reason"]),
            at=context.at,
        )
    )
    return Result(call, context.at)


async def keep_note(call: Call, context: Context) -> Result:
    """Keep what a person wrote (feedback, a reported message) for the staff."""
    sealed = _sealed(context.sources.keys, call.args)
    context.effects.append(
        lambda connection: desk.keep(
            connection,
            call.id,
            name=call.name,
            conversation=context.conversation,
            data=sealed,
            at=context.at,
        )
    )
    return Result(call, context.at)


async def consent_stop(call: Call, context: Context) -> Result:
    """Unasked messages are unwelcome from now on."""
    context.effects.append(lambda c: conversations.opt_out(c, context.conversation, context.at))
    return Result(call, context.at)


async def consent_start(call: Call, context: Context) -> Result:
    """Unasked messages are welcome again."""
    context.effects.append(lambda c: conversations.opt_out(c, context.conversation, None))
    return Result(call, context.at)


ANSWERS: Mapping[str, Answerer] = {
    "registry.status": registry_status,
    "programme.facts": programme_facts,
    "eligibility.next": eligibility_next,
    "payment_points.find": payment_points_find,
    "complaint.file": complaint_file,
    "complaint.status": complaint_status,
    "desk.open": desk_open,
    "scam.report": keep_note,
    "feedback.record": keep_note,
    "consent.stop": consent_stop,
    "consent.start": consent_start,
}


async def _leave_evenly(guard: Guard, verdict: Verdict, context: Context, began: float) -> None:
    """Raise what alarms are due, and wait until the time of the answer tells nothing."""
    for alarm in guard.pulse.alarms(verdict.alarms, began):
        await guard.alert(alarm)
    held = Held(began, guard.bucket, verdict.seconds, context.ends - MARGIN)
    context.held.append(held)
    await leave_evenly(held)


async def _known(cnic: str, context: Context) -> dict[str, Statement]:
    """Facts of the asker's own record that rules speak of; none where it is not theirs, or not to be had."""
    try:
        record = await context.sources.registry.find(cnic, SCOPES)
    except Unavailable:
        return {}
    person = record and record.person
    if not (record and person) or granted(person, context.phone, context.sources.disclosure) != "own":
        return {}
    told: dict[str, Statement] = {}
    for enrolment in record.enrolments or ():
        if enrolment.programme == "kafaalat":
            told["kafaalat_beneficiary"] = Statement(enrolment.status == "enrolled", "registry", record.as_of)
        if enrolment.reason in REASONS_THAT_ARE_FACTS:
            told[str(enrolment.reason)] = Statement(True, "registry", enrolment.since)
    if person.sex == "x":
        told["transgender_member"] = Statement(True, "registry", record.as_of)
    return told


def _said_first(payments: tuple[Payment, ...]) -> list[Payment]:
    newest = max((payment.cycle for payment in payments), default="")
    said = [p for p in payments if p.cycle == newest or URGENCY.index(p.status) < 3]
    said.sort(key=lambda p: (URGENCY.index(p.status), -p.amount))
    return said[:MOST_PAYMENTS]


def _payment(payment: Payment, district: str) -> dict[str, Any]:
    return {
        "programme": payment.programme,
        "cycle": payment.cycle,
        "amount": payment.amount,
        "status": payment.status,
        "reason": payment.reason,
        "on": payment.on.isoformat() if payment.on else None,
        "point": _name(payment.point) if payment.point else None,
        "district": payment.point.district if payment.point else district,
    }


def _enrolment(enrolment: Enrolment, context: Context) -> dict[str, Any]:
    programmes = context.sources.programmes
    return {
        "programme": enrolment.programme,
        "status": enrolment.status,
        "reason": enrolment.reason,
        "since": enrolment.since.isoformat(),
        **programmes.rule(enrolment.programme, enrolment.reason),
    }


def _name(point: PaymentPoint) -> dict[str, str]:
    return {"en": point.name, "ur": point.name_ur}


def _sealed(keys: Keys, data: Mapping[str, Json]) -> bytes:
    return keys.seal(json.dumps(data, ensure_ascii=False))

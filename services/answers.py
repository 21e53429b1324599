"""The table of what the bot may ask of the shell: one function a name.

A function finds out, and leaves what must be written as effects that are committed with the turn. So
each may be repeated: a turn that is begun anew leaves nothing behind.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection

from bot.messages import Call, Json, Result
from services import complaints, desk
from services.eligibility.facts import Statement
from services.privacy.disclosure import Policy, granted
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


@dataclass(frozen=True, slots=True)
class Sources:
    """Where answers come from."""

    store: Store
    keys: Keys
    registry: Registry
    points: PaymentPoints
    programmes: Programmes
    advice: Advice
    disclosure: Policy = "registered_phone"
    categories: complaints.Categories = field(default_factory=complaints.load_categories)


@dataclass(frozen=True, slots=True)
class Context:
    """Who is asking, and when. `effects` are run in the turn's own transaction."""

    conversation: bytes
    phone: bytes | None
    provable: bool
    at: datetime
    sources: Sources
    effects: list[Callable[[Connection], None]] = field(default_factory=list)


Answerer: TypeAlias = Callable[[Call, Context], Awaitable[Result]]


async def registry_status(call: Call, context: Context) -> Result:
    """`cnic` -> `disclosure`, `last4` and, as far as that is granted, `enrolments` and `payments`."""
    sources, cnic = context.sources, str(call.args["cnic"])
    try:
        record = await sources.registry.find(cnic, SCOPES)
    except Unavailable:
        return Result(call, context.at, ok=False, error="unavailable")
    level = granted(record.person if record else None, context.phone, sources.disclosure)
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


async def complaint_asks(call: Call, context: Context) -> Result:
    """`category` -> the evidence to `ask` for, and what of it is `required`."""
    category = context.sources.categories.by_id.get(str(call.args["category"]))
    if category is None:
        return Result(call, context.at, ok=False, error="unknown_category")
    return Result(call, context.at, data={"ask": list(category.ask), "required": list(category.required)})


async def complaint_file(call: Call, context: Context) -> Result:
    """`category` and its evidence -> `reference`, whether it was told `already`; else how it goes on."""
    sources, facts = context.sources, dict(call.args)
    keys, terms = sources.keys, sources.categories
    category = terms.by_id[str(facts.pop("category"))]
    filing = complaints.Filing(call.id, context.conversation, context.phone, category, facts, context.at)
    before = await sources.store.read(lambda c: complaints.same_matter(c, keys, filing, terms))
    if before:
        context.effects.append(lambda c: complaints.add(c, keys, before, filing))
        return Result(call, context.at, data={"reference": before.reference, "already": True})
    reference = await sources.store.read(lambda c: complaints.free_reference(c, call.id))
    context.effects.append(lambda c: complaints.file(c, keys, filing, reference))
    return Result(call, context.at, data=complaints.promised(filing, reference))


async def complaint_status(call: Call, context: Context) -> Result:
    """`reference`, or None for the newest -> how it stands; nothing if it is not the asker's."""
    found = await context.sources.store.read(
        lambda connection: complaints.standing(connection, **_owner(call, context))
    )
    return Result(call, context.at, data=found)


async def complaint_confirm(call: Call, context: Context) -> Result:
    """`reference` (None: the one that waits for a word), `solved` -> how it stands by this word."""
    solved = bool(call.args["solved"])
    told, effect = await context.sources.store.read(
        lambda connection: complaints.confirm(connection, solved=solved, **_owner(call, context))
    )
    if effect:
        context.effects.append(effect)
    return Result(call, context.at, data=told)


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
    "complaint.asks": complaint_asks,
    "complaint.file": complaint_file,
    "complaint.status": complaint_status,
    "complaint.confirm": complaint_confirm,
    "desk.open": desk_open,
    "scam.report": keep_note,
    "feedback.record": keep_note,
    "consent.stop": consent_stop,
    "consent.start": consent_start,
}


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


def _owner(call: Call, context: Context) -> dict[str, Any]:
    """Whose complaint, and which."""
    return {
        "keys": context.sources.keys,
        "terms": context.sources.categories,
        "who": context.conversation,
        "phone": context.phone,
        "reference": call.args["reference"],
        "at": context.at,
    }


def _sealed(keys: Keys, data: Mapping[str, Json]) -> bytes:
    return keys.seal(json.dumps(data, ensure_ascii=False))

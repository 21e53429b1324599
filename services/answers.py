"""The table of what the bot may ask of the shell: one function a name.

A function finds out, and leaves what must be written as effects that are committed with the turn. So
each may be repeated: a turn that is begun anew leaves nothing behind.
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.messages import Call, Json, Result
from services import complaints, desk, linking, references
from services.asking import Answerer, Context, Sources
from services.eligibility.facts import Statement
from services.enquiry import enquire
from services.privacy.disclosure import REFUSAL, Grant
from services.privacy.identifiers import Keys
from services.registry import REASONS_THAT_ARE_FACTS, Scope, Unavailable
from services.status import local, registry_mine, registry_status
from services.store import conversations
from services.updates import requests
from services.updates.kinds import load_kinds

__all__ = ["ANSWERS", "Context", "Sources"]

NOTHING: frozenset[Scope] = frozenset()
KNOWN: frozenset[Scope] = frozenset({"enrolment.status"})
"""What a registry tells of a family that rules ask about."""


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
    found = [{"kind": point.kind, "name": local(point)} for point in points]
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
    """`reference`, or None for the newest -> how it stands; nothing if it is not the asker's.

    Where that is a request to change a record, its kind is `change`; `reason` tells why it was refused,
    `papers` what is still to be shown.
    """
    store, keys = context.sources.store, context.sources.keys
    found = await store.read(lambda connection: complaints.standing(connection, **_owner(call, context)))
    if not found:
        mine = (context.conversation, call.args.get("reference"))
        asked = await store.read(lambda connection: requests.of_reference(connection, keys, *mine))
        if asked:
            found = {"reference": asked.reference, "status": asked.status, "on": asked.on.isoformat()}
            found["change"] = asked.kind
            if asked.status == "refused":
                found["reason"] = asked.reason
            if asked.status == "evidence":
                found["papers"] = load_kinds()[asked.kind].told()
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


async def update_fields(call: Call, context: Context) -> Result:
    """`kind` of change -> the `fields` that are asked for it."""
    kind = load_kinds().get(str(call.args["kind"]))
    if kind is None:
        return Result(call, context.at, ok=False, error="unknown_change")
    return Result(call, context.at, data={"fields": [field.asked() for field in kind.fields]})


async def update_propose(call: Call, context: Context) -> Result:
    """`kind`, `cnic` or None, what was `said` -> `reference`, the `papers` to bring, how it is `verified`.

    It is a request and no more. Whether the phone is the registered one is noted, and told to it alone. That
    one must agree to a new phone: `by_this_phone`, or `by_code`, where a code goes to it or to nobody.
    """
    keys, kind, cnic = context.sources.keys, str(call.args["kind"]), call.args["cnic"]
    known = load_kinds().get(kind)
    if known is None:
        return Result(call, context.at, ok=False, error="unknown_change")
    reference = await context.sources.store.read(
        lambda connection: references.free_reference(connection, call.id)
    )
    grant, may_ask = await _granted(cnic, context)
    proven, verified = grant.level == "own", str(known.verified)
    if verified == "old_phone":
        proven = grant.ground == "registry"  # a code that was read once is no word on a new phone
        if proven:
            verified = "by_this_phone"
        elif cnic and may_ask and context.sources.notices.reach_phones:
            verified = "by_code"
            new4 = str(call.args["said"]["new_phone"]["value"])[-4:]
            linking.have_sent(call, context, cnic, about=reference, new4=new4)
    context.effects.append(
        lambda connection: requests.propose(
            connection,
            call.id,
            reference=reference,
            conversation=context.conversation,
            kind=kind,
            subject=keys.hash("cnic", cnic) if cnic else None,
            facts=_sealed(keys, {"cnic": cnic, "said": call.args["said"]}),
            proven=proven,
            at=context.at,
        )
    )
    data = {"reference": reference, "papers": known.told(), "verified": verified}
    return Result(call, context.at, data=data)


async def update_confirm(call: Call, context: Context) -> Result:
    """`reference`, `cnic`, `code` -> `right`, `over`: a right one is the registered phone's yes."""
    reference = str(call.args["reference"])
    right, over = await linking.tried(call, context, about=reference)
    if right:
        context.effects.append(
            lambda connection: requests.confirm(connection, context.conversation, reference, context.at)
        )
    return Result(call, context.at, data={"right": right, "over": over})


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
    "registry.mine": registry_mine,
    "link.send_code": linking.send_code,
    "link.check_code": linking.check_code,
    "audit.mine": linking.audit_mine,
    "privacy.forget": linking.forget_me,
    "helper.list": linking.helper_list,
    "helper.give": linking.helper_give,
    "helper.end": linking.helper_end,
    "programme.facts": programme_facts,
    "eligibility.next": eligibility_next,
    "payment_points.find": payment_points_find,
    "complaint.asks": complaint_asks,
    "complaint.file": complaint_file,
    "complaint.status": complaint_status,
    "update.fields": update_fields,
    "update.propose": update_propose,
    "update.confirm": update_confirm,
    "complaint.confirm": complaint_confirm,
    "desk.open": desk_open,
    "scam.report": keep_note,
    "feedback.record": keep_note,
    "consent.stop": consent_stop,
    "consent.start": consent_start,
}

LATER: Mapping[str, Answerer] = {
    "registry.status": registry_status,
    "link.deliver_code": linking.deliver_code,
}
"""What may be owed, and is answered after the turn."""


async def _known(cnic: str, context: Context) -> dict[str, Statement]:
    """Facts of the asker's own record that rules speak of; none where it is not theirs, or not to be had."""
    found = await enquire(context.sources.desk, context.asker, cnic, KNOWN, purpose="eligibility.next")
    if found.grant.level != "own":
        return {}
    told: dict[str, Statement] = {}
    for fact in found.view.enrolments:
        enrolment, as_of = fact.value, fact.as_of
        if enrolment.programme == "kafaalat":
            told["kafaalat_beneficiary"] = Statement(enrolment.status == "enrolled", "registry", as_of)
        if enrolment.reason in REASONS_THAT_ARE_FACTS:
            told[str(enrolment.reason)] = Statement(True, "registry", enrolment.since)
    if found.who.person and found.who.person.sex == "x":
        told["transgender_member"] = Statement(True, "registry", found.who.persons[0].as_of)
    return told


async def _granted(cnic: str | None, context: Context) -> tuple[Grant, bool]:
    """What the asker is to that CNIC, and whether they may go on asking about it today."""
    if not cnic:
        return REFUSAL, False
    found = await enquire(context.sources.desk, context.asker, cnic, NOTHING, purpose="update.propose")
    return found.grant, not found.closed


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

"""Something has changed at home: it is asked about piece by piece, read back, and handed on as a request.

Nothing on record is changed here. Until the request is made the session keeps `update`: the `kind` of change,
the `fields` that belong to it, what was `said` of each, and the field `asked` about last. Who breaks off and
comes back to the same change soon goes on with what is still open. While a code from the old phone is waited
for, it keeps `confirms`: the `reference` of the request, its `cnic` and `papers`.
"""

from dataclasses import replace
from typing import TypeAlias

from bot import standing
from bot.changes import CNIC, EXPECTS, SILENT, UNKNOWN, Field, Said, question, read_back, told, value_of
from bot.messages import Choice, Event, Heard, Json, Result, Say, Session, Turn
from bot.steps import ask, look_up, remember_cnic, reply, slot

Draft: TypeAlias = dict[str, Json]

TOPIC = "update"

CHANGES = ("phone", "moved", "marriage", "birth", "death", "school", "name", "other")
MARRIAGE = ("wedding", "divorce", "widowed")
KINDS = frozenset({*CHANGES, *MARRIAGE}) - {"marriage"}

SAD = frozenset({"death", "widowed"})
"""Changes before which a kind word is due."""

AGAIN = (Choice("yes", "update.choice.again"),)
FORGET = Choice("forget", "update.choice.forget")
TYPED = ("phone", "district", "date", "cnic")
"""Slots that put something right by themselves where all was read back."""

CHECKED = ("yes_no", *TYPED)

NO_OLD_PHONE = Choice("dont_know", "update.none.cnic")
CODE = ("code", "dont_know")

PUT_RIGHT = frozenset({"phone", "place", "date"})
"""What fields take that those slots are for; a number is always that of the CNIC."""


def open(session: Session, event: Event) -> Turn:
    """The person tells of a change, or asks after the request of one."""
    if reference := slot(event, "reference"):
        return look_up(session, "complaint.status", reference=reference, then=got_standing)
    draft = session.slots.get("update")
    if draft and session.topic == TOPIC and not slot(event, "change"):
        return _go_on(replace(session, misses=1), draft)  # about the same change, but no answer
    return got_change(session, event)


def got_change(session: Session, event: Event) -> Turn:
    """What is asked for that kind of change; what the text told already is not asked again."""
    kind = slot(event, "choice") or slot(event, "change")
    if kind in KINDS:
        heard, begun = told(event), session.slots.get("update") or {}
        if number := heard.pop(CNIC["takes"], None):
            session = remember_cnic(session, number["value"])
        said = begun.get("said", {}) if begun.get("kind") == kind else {}
        draft = {"kind": kind, "heard": heard, "said": said}
        return look_up(session.with_slots(update=draft), "update.fields", kind=kind, then=got_fields)
    if kind == "marriage":
        return ask(session, Say("update.which_marriage", choices=_choices(MARRIAGE)), then=got_change)
    return ask(session, Say("update.which", choices=_choices(CHANGES)), then=got_change, expects=("choice",))


def got_fields(session: Session, event: Event) -> Turn:
    """The first question, after a kind word where one is due."""
    draft, cnic = session.slots["update"], session.slots.get("cnic")
    match event:
        case Result(ok=True, data={"fields": fields}):
            kind, heard = draft["kind"], draft["heard"]
            said = draft["said"] | {f["name"]: heard[f["takes"]] for f in fields if f["takes"] in heard}
            if cnic:
                said[CNIC["name"]] = {"how": "number", "value": cnic}
            before = (Say("update.sorry"),) if kind in SAD else ()
            return _go_on(session, {"kind": kind, "fields": [*fields, CNIC], "said": said}, *before)
    return reply(session.with_slots(update=None), Say("update.not_kept"))


def got_answer(session: Session, event: Event) -> Turn:
    """Take one answer and go on with what is still open; without what the request is about there is none."""
    draft: Draft = session.slots["update"]
    field = next(field for field in draft["fields"] if field["name"] == draft["asked"])
    value = value_of(field, event)
    if value is None and field == CNIC and session.misses > 1:
        value = UNKNOWN  # a request without it is better than none
    if value is None:
        return _ask(session, draft, field)
    if value == UNKNOWN and field.get("needed"):
        return _forget(session)
    if field == CNIC and value != UNKNOWN:
        session = remember_cnic(session, value["value"])
    return _go_on(session, {**draft, "said": {**draft["said"], field["name"]: value}})


def got_check(session: Session, event: Event) -> Turn:
    """Hand the request on once it is right; what is not is put right first."""
    draft: Draft = session.slots["update"]
    if corrected := _corrected(draft, event):
        return _go_on(session, corrected)
    answer = slot(event, "choice") or (event.intent if isinstance(event, Heard) else None)
    if answer == "yes":
        said = dict(draft["said"])
        cnic = said.pop(CNIC["name"])["value"]
        return look_up(
            session, "update.propose", kind=draft["kind"], cnic=cnic, said=said, then=got_reference
        )
    return _ask_part(session, draft) if answer == "no" else _go_on(session, draft)


def got_part(session: Session, event: Event) -> Turn:
    """Ask again for the part that is wrong, or forget all of it."""
    draft, part = session.slots["update"], slot(event, "choice")
    if part == FORGET.id:
        return _forget(session)
    if corrected := _corrected(draft, event):
        return _go_on(session, corrected)
    for field in draft["fields"]:
        if field["name"] == part:
            return _ask(session, draft, field)
    return _ask_part(session, draft)


def got_reference(session: Session, event: Event) -> Turn:
    """Say what the request is worth: nothing on record changes before the office has seen the papers."""
    match event:
        case Result(ok=True, data={"verified": "by_code", **facts}, call=call):
            waits = session.with_slots(update=None, confirms={**facts, "cnic": call.args["cnic"]})
            say = Say("update.taken.by_code", facts, (NO_OLD_PHONE,))
            return ask(waits, say, then=got_code, expects=CODE)
        case Result(ok=True, data={"verified": verified, **facts}):
            return reply(session.with_slots(update=None), Say(f"update.taken.{verified}", facts))
    return ask(session, Say("update.not_kept", choices=AGAIN), then=got_check, expects=CHECKED)


def got_code(session: Session, event: Event) -> Turn:
    """The code that went to the old phone; who has that phone no more goes to the office."""
    request, code = session.slots["confirms"], slot(event, "code")
    if code:
        return look_up(
            session,
            "update.confirm",
            reference=request["reference"],
            cnic=request["cnic"],
            code=code,
            then=got_confirmed,
        )
    if slot(event, "choice") == NO_OLD_PHONE.id or (isinstance(event, Heard) and event.intent in SILENT):
        return _by_office(session)
    return ask(session, Say("privacy.code_ask_again", choices=(NO_OLD_PHONE,)), then=got_code, expects=CODE)


def got_confirmed(session: Session, event: Event) -> Turn:
    """With the old phone's yes the request is worth more; it is still one."""
    match event:
        case Result(ok=True, data={"right": True}):
            told = Say("update.confirmed", session.slots["confirms"])
            return reply(session.with_slots(confirms=None), told)
        case Result(ok=True, data={"over": True}):
            return _by_office(session)
        case Result(ok=True):
            say = Say("privacy.code_wrong", choices=(NO_OLD_PHONE,))
            return ask(session, say, then=got_code, expects=CODE)
    return ask(session, Say("privacy.not_now"), then=got_code, expects=CODE)


def got_standing(session: Session, event: Event) -> Turn:
    """Say how a request stands: only to the one who made it."""
    match event:
        case Result(ok=True, data={"reference": _} as data):
            return reply(session, standing.of_reference(data))
        case Result(ok=True):
            return reply(session, Say("update.none_found"))
    return reply(session, Say("update.not_known_now"))


def _go_on(session: Session, draft: Draft, *before: Say) -> Turn:
    said: dict[str, Said] = draft["said"]
    for field in draft["fields"]:
        if field["name"] not in said:
            return _ask(session, draft, field, *before)
    all_of_it = read_back(draft["kind"], draft["fields"], said)
    return ask(session.with_slots(update=draft), *before, *all_of_it, then=got_check, expects=CHECKED)


def _ask(session: Session, draft: Draft, field: Field, *before: Say) -> Turn:
    kept = session.with_slots(update={**draft, "asked": field["name"]})
    say = question(field, again=bool(session.misses))
    return ask(kept, *before, say, then=got_answer, expects=EXPECTS[field["takes"]])


def _ask_part(session: Session, draft: Draft) -> Turn:
    parts = [Choice(field["name"], f"update.part.{field['name']}") for field in draft["fields"]]
    say = Say("update.which_part", choices=(*parts, FORGET))
    return ask(session, say, then=got_part, expects=TYPED)


def _corrected(draft: Draft, event: Event) -> Draft | None:
    """With what a text puts right by itself ("no, the number is ..."); None where it changes nothing."""
    heard = told(event)
    said = {f["name"]: heard[f["takes"]] for f in draft["fields"] if f["takes"] in PUT_RIGHT & heard.keys()}
    if number := heard.get(CNIC["takes"]):
        said[CNIC["name"]] = number
    corrected = {**draft["said"], **said}
    return {**draft, "said": corrected} if corrected != draft["said"] else None


def _forget(session: Session) -> Turn:
    return reply(session.with_slots(update=None), Say("update.forgotten"))


def _by_office(session: Session) -> Turn:
    say = Say("update.taken.old_phone", session.slots["confirms"])
    return reply(session.with_slots(confirms=None), say)


def _choices(ids: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(id, f"update.choice.{id}") for id in ids)

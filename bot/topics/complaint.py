"""A complaint: its kind, its evidence one thing a message, a reference; later how it stands, and its end.

The shell says what evidence a kind needs. Until it is filed the session keeps `complaint`: the `category`,
what was said as `facts`, what is still to `ask`, and what of it is `required`. Afterwards it keeps the
reference that waits for the person's word, as `to_confirm`, or that may be opened again, as `closed_one`.
"""

from collections.abc import Mapping
from dataclasses import replace

from bot import standing
from bot.evidence import FEW_WORDS, FIELDS, SKIPPED, expected, taken, told
from bot.messages import Choice, Event, Heard, Json, Result, Say, Session, Turn
from bot.steps import ask, ask_cnic, cnic_of, look_up, reply, slot

FIRST = ("short_payment", "not_received", "unauthorised_withdrawal", "staff", "appeal")
ELSE = ("biometric", "wallet", "stipend", "survey_error", "identity", "deceased", "fraud_message")
"""Kinds of complaints, in the two menus that they are offered in."""

TOLD = {"appeal": "refused", "unauthorised_withdrawal": "withdrawn"}
"""Slots of the session that hold what was told from a record, by the kind that objects to it."""

STATUS, OTHER = (
    Choice("complaint_status", "complaint.choice.status"),
    Choice("other", "complaint.choice.other"),
)
SOLVED = (
    Choice("complaint_solved", "complaint.choice.solved"),
    Choice("complaint_unsolved", "complaint.choice.unsolved"),
)


def open(session: Session, event: Event) -> Turn:
    """Something is complained about: a kind that was named, which one?, or else money that was cut."""
    if _asks_after(event):
        return open_status(session, event)
    category = slot(event, "category")
    unnamed = slot(event, "choice") or slot(event, "asks") == "complaint"
    if unnamed and not (category or slot(event, "amount")):
        return _which(session, event)
    return _begin(session, event, str(category or "short_payment"))


def open_staff(session: Session, event: Event) -> Turn:
    """Somebody behaved badly or asked for a bribe."""
    return open_status(session, event) if _asks_after(event) else _begin(session, event, "staff")


def open_not_received(session: Session, event: Event) -> Turn:
    """Records say that money was withdrawn, the person says it was not she."""
    return _begin(session, event, "unauthorised_withdrawal")


def open_appeal(session: Session, event: Event) -> Turn:
    """The family was found not eligible and thinks that this is wrong."""
    return _begin(session, event, "appeal")


def open_drop(session: Session, event: Event) -> Turn:
    """It was no complaint, or shall be none any more: nothing is filed."""
    return reply(session.with_slots(complaint=None), Say("complaint.dropped"))


def got_category(session: Session, event: Event) -> Turn:
    """The kind was picked from a menu, or named."""
    picked = slot(event, "choice") or slot(event, "category")
    if picked in FIRST or picked in ELSE:
        return _begin(session, event, str(picked))
    if picked == "other":
        choices = tuple(Choice(kind, f"complaint.choice.{kind}") for kind in ELSE)
        say = Say("complaint.which_else", choices=choices)
        return ask(session, say, then=got_category, expects=("category",))
    return _which(session, event)


def got_asks(session: Session, event: Event) -> Turn:
    """What evidence this kind needs."""
    match event:
        case Result(ok=True, data={"ask": fields, "required": required}):
            draft = {**_draft(session), "ask": fields, "required": required}
            if "cnic" in fields and session.slots.get("cnic"):
                draft["facts"] = {"cnic": session.slots["cnic"], **draft["facts"]}
            return _next(session, draft)
    return reply(session.with_slots(complaint=None), Say("complaint.not_filed"))


def got_evidence(session: Session, event: Event) -> Turn:
    """One answer as it was meant. What is none is kept as words, and nothing is asked for twice."""
    draft = _draft(session)
    if not draft["ask"]:
        return _which(session, event)
    name, *rest = draft["ask"]
    draft["facts"] = facts = {**told(event), **draft["facts"]}
    value, text = taken(name, event), event.text if isinstance(event, Heard) else ""
    if name == "cnic" and value is None:
        value = cnic_of(session, event)
        if value is None and (slot(event, "cnic_wrong") or slot(event, "cnics")):
            turn = ask_cnic(session.with_slots(complaint=draft), event, then=got_evidence)
            return replace(turn, session=replace(turn.session, expects=expected(name, required=False)))
    if value is None and (not text or FIELDS[name].slot == "text"):
        return _ask(session, draft, in_words=bool(text) and not slot(event, "cnic"))
    if value == SKIPPED and name in draft["required"]:
        return reply(session.with_slots(complaint=None), Say("complaint.needed"))
    if value not in (None, SKIPPED):
        facts[name] = value
    if FIELDS[name].slot != "text" and (value is None or len(text.split()) > FEW_WORDS):
        facts["also"] = [*facts.get("also", ()), text]
    return _next(session, {**draft, "ask": rest})


def got_reference(session: Session, event: Event) -> Turn:
    """Give the reference, and say what happens next and by when."""
    done = session.with_slots(complaint=None)
    match event:
        case Result(ok=True, data={"reference": reference, "already": True}):
            return reply(done, Say("complaint.already", {"reference": reference}))
        case Result(ok=True, data={"reference": reference, **data}):
            key = "complaint.filed_quietly" if data.get("sensitive") else "complaint.filed"
            return reply(done, Say(key, {"reference": reference}), *_by(data))
    return reply(done, Say("complaint.not_filed"))


def open_status(session: Session, event: Event) -> Turn:
    """How a complaint stands: the one named, the one that waits for a word, otherwise the newest."""
    reference = slot(event, "reference")
    if reference is None and slot(event, "choice") is None:
        reference = session.slots.get("to_confirm")
    return look_up(session, "complaint.status", reference=reference, then=got_standing)


def got_standing(session: Session, event: Event) -> Turn:
    """Say how the complaint stands: only to the one who made it."""
    session = session.with_slots(to_confirm=None, closed_one=None)
    match event:
        case Result(ok=True, data={"change": _} as data):
            return reply(session, standing.of_reference(data))
        case Result(ok=True, data={"reference": reference, "status": "for_approval", "answer": answer}):
            return ask_solved(session, str(reference), str(answer))
        case Result(ok=True, data={"reference": reference, "status": "closed"} as data):
            how = "closed_unanswered" if data.get("unanswered") else "closed"
            say = Say(f"complaint.status.{how}", data, SOLVED[1:] if data.get("reopen") else ())
            return reply(session.with_slots(closed_one=reference), say)
        case Result(ok=True, data={"reference": _, "status": status} as data):
            return reply(session, Say(f"complaint.status.{status}", data), *_by(data))
        case Result(ok=True):
            return reply(session, Say("complaint.none_found"))
    return reply(session, Say("complaint.not_known_now"))


def ask_solved(session: Session, reference: str, answer: str) -> Turn:
    """Tell the answer of the staff, and ask whether that solves it."""
    says = (
        Say("complaint.answer", {"reference": reference, "answer": answer}),
        Say("complaint.solved", choices=SOLVED),
    )
    return ask(session.with_slots(to_confirm=reference), *says, then=got_solved, expects=("yes_no",))


def got_solved(session: Session, event: Event) -> Turn:
    """A yes or a no in words; anything else has the question put again."""
    intent = event.intent if isinstance(event, Heard) else None
    answers = {"yes": open_solved, "no": open_unsolved}
    return answers.get(str(intent), open_status)(session, event)


def open_solved(session: Session, event: Event) -> Turn:
    """It is solved: only now is it closed."""
    return _confirm(session, solved=True)


def open_unsolved(session: Session, event: Event) -> Turn:
    """It is not solved: it goes on, one office up."""
    return _confirm(session, solved=False)


def got_confirmed(session: Session, event: Event) -> Turn:
    """Say what became of it."""
    match event:
        case Result(ok=False):
            return reply(session, Say("complaint.not_known_now"))
        case Result(data={"status": "closed", "late": True} as data):
            says: tuple[Say, ...] = (Say("complaint.too_late", data),)
        case Result(data={"status": "closed"} as data):
            says = (Say("complaint.closed", data),)
        case Result(data={"status": _} as data):
            says = told_of(data)
        case _:
            says = (Say("complaint.none_found"),)
    return reply(session.with_slots(to_confirm=None, closed_one=None), *says)


def told_of(data: Mapping[str, Json]) -> tuple[Say, ...]:
    """A complaint goes on: with which office, by when; or that only the Ombudsman is above."""
    if data["level"] == "ombudsman":
        return (Say("complaint.ombudsman", data),)
    return Say("complaint.reopened", data), *_by(data)


def _asks_after(event: Event) -> bool:
    """Whether a complaint that was made before is meant."""
    return bool(slot(event, "reference")) or slot(event, "asks") == "status"


def _which(session: Session, event: Event) -> Turn:
    kinds = tuple(Choice(kind, f"complaint.choice.{kind}") for kind in FIRST)
    say = Say("complaint.which", choices=(*kinds, STATUS, OTHER))
    noted = session.with_slots(complaint={"facts": _noted(session, event)})
    return ask(noted, say, then=got_category, expects=("category",))


def _begin(session: Session, event: Event, category: str) -> Turn:
    facts = _noted(session, event)
    told_before = session.slots.get(TOLD.get(category, ""))
    if told_before:
        place = {"district": told_before["district"]} if told_before.get("district") else {}
        facts = {"told": told_before, **place, **facts}
    begun = session.with_slots(complaint={"category": category, "facts": facts})
    return look_up(begun, "complaint.asks", category=category, then=got_asks)


def _noted(session: Session, event: Event) -> dict[str, Json]:
    """What was said before any evidence was asked for. An older draft is another complaint's."""
    before = _draft(session)["facts"] if session.step == got_category.__name__ else {}
    own = {}
    if isinstance(event, Heard) and event.text and event.confidence < 1.0:  # more than a bare "complaint"
        own["first_words"] = event.text
    return {**own, **told(event), **before}


def _draft(session: Session) -> dict[str, Json]:
    return {"facts": {}, "ask": [], "required": [], **(session.slots.get("complaint") or {})}


def _next(session: Session, draft: dict[str, Json]) -> Turn:
    """Ask what is still open, or file what was said."""
    facts = draft["facts"]
    waiting = [name for name in draft["ask"] if facts.get(name) is None]
    if waiting:
        return _ask(replace(session, misses=0), {**draft, "ask": waiting})
    filed = session.with_slots(complaint=draft)
    return look_up(filed, "complaint.file", category=draft["category"], **facts, then=got_reference)


def _ask(session: Session, draft: dict[str, Json], *, in_words: bool = False) -> Turn:
    name = draft["ask"][0]
    field, expects = FIELDS[name], expected(name, required=name in draft["required"])
    return ask(
        session.with_slots(complaint=draft),
        Say("complaint.in_words" if in_words else field.key, choices=field.choices),
        then=got_evidence,
        expects=expects,
    )


def _confirm(session: Session, *, solved: bool) -> Turn:
    reference = session.slots.get("to_confirm") or session.slots.get("closed_one")
    return look_up(session, "complaint.confirm", reference=reference, solved=solved, then=got_confirmed)


def _by(data: Mapping[str, Json]) -> tuple[Say, ...]:
    """By when somebody answers, and what happens if nobody does."""
    if not data.get("due"):
        return ()
    last = data["next"] == "ombudsman"
    return (Say("complaint.by_last" if last else "complaint.by", {"due": data["due"], "next": data["next"]}),)

"""Has my money come, where do I collect it, and if not, why not."""

from bot import standing
from bot.messages import Event, Json, Result, Say, Session, Turn
from bot.steps import (
    ask,
    ask_cnic,
    ask_whose,
    cnic_of,
    given_cnic,
    look_up,
    number_unclear,
    remember_cnic,
    reply,
    slot,
    withheld,
)


def open(session: Session, event: Event) -> Turn:
    """The person asks about a payment, perhaps with the CNIC in the same text."""
    return got_cnic(session.with_slots(payments=None), event)


def got_cnic(session: Session, event: Event) -> Turn:
    """Look up once the CNIC is known: given, or one that this phone has asked about before."""
    cnic = given_cnic(session, event)
    if cnic:
        return _look_up(session, cnic)
    if session.misses or number_unclear(event) or slot(event, "refuses") or slot(event, "no_card"):
        return ask_cnic(session, event, then=got_cnic)
    return look_up(session, "registry.mine", then=got_people)


def got_people(session: Session, event: Event) -> Turn:
    """Of several people on this phone one is chosen; otherwise the one last spoken of, or the only one."""
    people = event.data.get("people", []) if isinstance(event, Result) else []
    if len(people) > 1:
        return ask_whose(session, people, then=got_cnic)
    cnic = cnic_of(session, event) or (people[0]["cnic"] if people else None)
    return _look_up(session, cnic) if cnic else ask_cnic(session, event, then=got_cnic)


def got_status(session: Session, event: Event) -> Turn:
    """Say the payments, or how the family stands where there is none."""
    match event:
        case Result(ok=False):
            return reply(session, Say("status.not_known_now"))
        case Result(data={"disclosure": "none"}):
            return withheld(session, event, then=got_cnic)
        case Result(data={"disclosure": "word", "enrolments": enrolments, "last4": last4}):
            return reply(session, standing.of_word(enrolments, last4))
        case Result(data={"payments": [first, *others], "last4": last4} as data):
            before = (Say("status.of_person", data),) if "name" in data else ()
            after = (Say("status.more_to_come"),) if data.get("late") else ()
            return _say_payment(session, first, others, before, after)
        case Result(data={"enrolments": [first, *_], "last4": last4}):
            told = session.with_slots(refused=standing.refusal(first))
            return reply(told, standing.of_enrolment(first, last4))
    return reply(session, Say("status.no_payment"))


def after_payment(session: Session, event: Event) -> Turn:
    """The other payments in full, one a message."""
    waiting = session.slots.get("payments") or []
    if not waiting:
        return reply(session, Say("menu.anything_else"))
    return _say_payment(session, waiting[0], waiting[1:])


def _look_up(session: Session, cnic: str) -> Turn:
    return look_up(remember_cnic(session, cnic), "registry.status", cnic=cnic, then=got_status)


def _say_payment(
    session: Session,
    first: Json,
    others: list[Json],
    before: tuple[Say, ...] = (),
    after: tuple[Say, ...] = (),
) -> Turn:
    says = (*before, *standing.of_payment(first, others), *after)
    session = session.with_slots(withdrawn=standing.withdrawal(first))
    if not others:
        return reply(session.with_slots(payments=None), *says)
    return ask(session.with_slots(payments=list(others)), *says, then=after_payment)
